//! Accounts every chain starts with.
//!
//! The contracts that deployment tools expect stand at the addresses they have on Arbitrum's own devnet; see
//! `data/README.md` for the origin of their code.

use alloy_primitives::{Address, Bytes, U256, address, hex};

use crate::{arbos, types::EngineConfig};

/// Deterministic deployment proxy.
pub const CREATE2_FACTORY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
/// Deploys, activates and initialises a Stylus program in one transaction.
pub const STYLUS_DEPLOYER: Address = address!("cEcba2F1DC234f70Dd89F2041029807F8D03A990");
/// Cache manager of Arbitrum's devnet; may cache programs.
pub const CACHE_MANAGER: Address = address!("2F8Bd4EaB69764c105aDd7dE7CB0402557a44E6f");
/// Chain owner: the development account of Arbitrum's devnet, whose key is public.
pub const CHAIN_OWNER: Address = address!("3f1Eae7D46d88F08fc2F8ed27FCb2AB183EB2d0E");

/// Length of the code that the published constructor of the cache manager deploys, all of it zeros.
const CACHE_MANAGER_BYTES: usize = 0x1d1c;

/// An account at block 0.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GenesisAccount {
    /// Wei.
    pub balance: U256,
    /// Nonce; 1 for contracts (EIP-161).
    pub nonce: u64,
    /// Code.
    pub code: Bytes,
    /// Storage slots that are not zero.
    pub storage: Vec<(U256, U256)>,
}

/// Genesis accounts of a chain with this configuration, in ascending order of addresses.
pub(crate) fn accounts(config: &EngineConfig) -> Vec<(Address, GenesisAccount)> {
    let contract = |code: Bytes| GenesisAccount {
        nonce: 1,
        code,
        ..GenesisAccount::default()
    };
    let mut accounts = vec![(
        CREATE2_FACTORY,
        contract(decode(include_str!("../data/create2_factory.hex"))),
    )];
    if config.stylus {
        accounts.push((
            STYLUS_DEPLOYER,
            contract(decode(include_str!("../data/stylus_deployer.hex"))),
        ));
        accounts.push((CACHE_MANAGER, contract(vec![0; CACHE_MANAGER_BYTES].into())));
        // Solidity checks EXTCODESIZE before it calls a precompile.
        accounts.extend(arbos::ADDRESSES.map(|at| (at, contract(Bytes::from_static(&[0xfe])))));
        // Nonce 1, or the account and its storage would be deleted as empty (EIP-161).
        accounts.push((arbos::ARBOS_STATE, contract(Bytes::new())));
    }
    accounts.sort_by_key(|(address, _)| *address);
    accounts
}

fn decode(file: &str) -> Bytes {
    let digits: String = file.split_whitespace().collect();
    hex::decode(digits)
        .expect("the files in data/ are hexadecimal; a test decodes them")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genesis_holds_the_contracts_deployment_tools_call() {
        let accounts = accounts(&EngineConfig::default());
        let code = |at: Address| {
            let (_, account) = accounts
                .iter()
                .find(|(address, _)| *address == at)
                .expect("listed");
            assert_eq!(account.nonce, 1, "{at} would be deleted as empty");
            account.code.clone()
        };
        assert_eq!(code(STYLUS_DEPLOYER).len(), 2_269);
        assert_eq!(code(CREATE2_FACTORY).len(), 69);
        assert_eq!(code(CACHE_MANAGER).len(), 7_452);
        for precompile in arbos::ADDRESSES {
            assert_eq!(code(precompile), Bytes::from_static(&[0xfe]));
        }
        assert!(code(arbos::ARBOS_STATE).is_empty());
    }

    #[test]
    fn an_ethereum_engine_has_the_create2_factory_alone() {
        let config = EngineConfig {
            stylus: false,
            ..EngineConfig::default()
        };
        let addresses: Vec<_> = accounts(&config).into_iter().map(|(a, _)| a).collect();
        assert_eq!(addresses, [CREATE2_FACTORY]);
    }
}
