//! ArbSys: block numbers, chain id, and what concerns a parent chain, which a devnode does not have.

use alloy_primitives::{Address, B256, U160, U256, address};
use alloy_sol_types::SolCall;
use revm::context::JournalTr;

use super::{
    ARBOS_VERSION,
    abi::ArbSys::{self as S, ArbSysCalls as Calls},
    call::{Answer, Call, error, sentence},
};

/// Added to the ArbOS version by `arbOSVersion`.
const VERSION_OFFSET: u64 = 55;
/// Blocks whose hashes are known.
const HASHES: u64 = 256;
/// Added to the address of a parent-chain contract.
const ALIAS_OFFSET: Address = address!("1111000000000000000000000000000000001111");

/// Answers a call of ArbSys.
pub(crate) fn sys(call: &mut Call<'_, '_>) -> Answer {
    let method: Calls = call.decode()?;
    if !matches!(method, Calls::withdrawEth(_) | Calls::sendTxToL1(_)) {
        call.unpaid()?;
    }
    let number = call.ctx.chain.block.number;
    Ok(match method {
        Calls::arbBlockNumber(_) => S::arbBlockNumberCall::abi_encode_returns(&U256::from(number)),
        Calls::arbBlockHash(c) => {
            let requested = c.arbBlockNum;
            let known = u64::try_from(requested)
                .ok()
                .filter(|asked| *asked < number && number - asked <= HASHES);
            let Some(asked) = known else {
                let current = U256::from(number);
                return error(S::InvalidBlockNumber { requested, current });
            };
            let hash: B256 = call.ctx.journaled_state.db().l2_hash(asked)?;
            S::arbBlockHashCall::abi_encode_returns(&hash)
        }
        Calls::arbChainID(_) => {
            S::arbChainIDCall::abi_encode_returns(&U256::from(call.ctx.cfg.chain_id))
        }
        Calls::arbOSVersion(_) => {
            S::arbOSVersionCall::abi_encode_returns(&U256::from(VERSION_OFFSET + ARBOS_VERSION))
        }
        Calls::getStorageGasAvailable(_) => {
            S::getStorageGasAvailableCall::abi_encode_returns(&U256::ZERO)
        }
        Calls::isTopLevelCall(_) => {
            let top = call.ctx.journaled_state.depth() <= 2;
            S::isTopLevelCallCall::abi_encode_returns(&top)
        }
        Calls::mapL1SenderContractAddressToL2Alias(c) => {
            let alias = U160::from_be_bytes(c.sender.into_array())
                .wrapping_add(U160::from_be_bytes(ALIAS_OFFSET.into_array()));
            S::mapL1SenderContractAddressToL2AliasCall::abi_encode_returns(&Address::from(
                alias.to_be_bytes::<20>(),
            ))
        }
        // Only messages of the parent chain are aliased.
        Calls::wasMyCallersAddressAliased(_) => {
            S::wasMyCallersAddressAliasedCall::abi_encode_returns(&false)
        }
        Calls::withdrawEth(_) | Calls::sendTxToL1(_) => {
            return sentence("the devnode has no parent chain to send messages or value to");
        }
    })
}
