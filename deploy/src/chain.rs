//! What differs from chain to chain, in one place, and what a chain is asked.

use std::time::Duration;

use agentcity_abi::{
    ARB_WASM,
    IArbWasm::{self, IArbWasmErrors as ArbWasmError},
    STYLUS_DEPLOYER,
};
use alloy::{
    contract::{CallBuilder, CallDecoder},
    network::Ethereum,
    primitives::{Address, B256, U256},
    providers::{PendingTransactionBuilder, Provider},
    transports::{RpcError, TransportErrorKind},
};

/// What of a chain the rest of this crate must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// What people call it.
    pub name: &'static str,
    /// Where ArbWasm is.
    pub arb_wasm: Address,
    /// Where the StylusDeployer is: the factory by which addresses are known beforehand.
    pub deployer: Address,
    /// Blocks, its own included, after which a transaction counts as done.
    pub confirmations: u64,
    /// Longest wait for a transaction: a hundred times what the chain takes, so that only a lost one is given up.
    pub receipt_limit: Duration,
    /// Sent on top of a quoted data fee, in percent: the fee may rise until the transaction is mined. The rest comes back.
    pub data_fee_margin_percent: u64,
    /// Offered on top of estimated gas, in percent: see [`Self::gas_limit`].
    pub gas_margin_percent: u64,
    /// Offered on top of estimated gas at least.
    pub gas_margin_least: u64,
    /// How many times the present gas price a transaction offers at most. Arbitrum takes the base fee and no tip.
    pub price_headroom: u128,
}

/// An Arbitrum chain that we know nothing special of.
const ARBITRUM: Traits = Traits {
    name: "an Arbitrum chain",
    arb_wasm: ARB_WASM,
    deployer: STYLUS_DEPLOYER,
    confirmations: 1,
    receipt_limit: Duration::from_secs(60),
    data_fee_margin_percent: 20,
    gas_margin_percent: 20,
    // structural: more than the ways of one contract differ by the second, and a thousandth of a cent on a chain of this kind
    gas_margin_least: 100_000,
    price_headroom: 2,
};

/// Those we know, by their ids. The sequencer's word is final for as long as it lives; on a chain whose money is real a few
/// blocks more cost nothing.
const KNOWN: [(u64, Traits); 4] = [
    (
        42_161,
        Traits {
            name: "Arbitrum One",
            confirmations: 4,
            ..ARBITRUM
        },
    ),
    (
        42_170,
        Traits {
            name: "Arbitrum Nova",
            confirmations: 4,
            ..ARBITRUM
        },
    ),
    (
        421_614,
        Traits {
            name: "Arbitrum Sepolia",
            ..ARBITRUM
        },
    ),
    (
        412_346,
        Traits {
            name: "a development chain",
            ..ARBITRUM
        },
    ),
];

impl Traits {
    /// Those of a chain; of an unknown one, those of an Arbitrum chain.
    pub fn of(chain_id: u64) -> Self {
        KNOWN
            .iter()
            .find(|(id, _)| *id == chain_id)
            .map_or(ARBITRUM, |(_, traits)| *traits)
    }

    /// Those of the chain that answers.
    pub async fn ask<P: Provider>(provider: &P) -> Result<Self, RpcError<TransportErrorKind>> {
        Ok(Self::of(provider.get_chain_id().await?))
    }

    /// Gas that a transaction offers of which so much was estimated; what it does not use is not paid.
    ///
    /// An estimate is the exact least for the newest block's second and state. The transaction runs in a later block: code
    /// that compares with the time or walks a list that grew meanwhile takes another way, and with the exact estimate
    /// runs out of gas, is mined with status 0 and paid. Whatever this workspace sends is sent with this limit.
    pub fn gas_limit(&self, estimated: u64) -> u64 {
        let share = (estimated / 100).saturating_mul(self.gas_margin_percent); // structural: percent
        estimated.saturating_add(share.max(self.gas_margin_least))
    }

    /// A data fee with what is sent on top.
    pub fn with_margin(&self, fee: U256) -> U256 {
        let margin = fee / U256::from(100) * U256::from(self.data_fee_margin_percent);
        fee.saturating_add(margin + U256::ONE)
    }
}

/// Whether code of a hash may be called, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// It may, under this version of Stylus.
    Active {
        /// Version of its activation.
        version: u16,
    },
    /// It never was activated.
    Never,
    /// Its activation is older than a year.
    Expired {
        /// Age of the activation.
        age_secs: u64,
    },
    /// The chain has moved to another version of Stylus.
    Outdated {
        /// Version of its activation.
        version: u16,
        /// Version of the chain.
        chain: u16,
    },
}

impl Activation {
    /// Whether it may be called.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// The first block in which an account has code, found by halving; `None` where it has none, or where the node does not keep
/// the states of old blocks.
///
/// Errors: whatever the transport says; a node's refusal is the answer that it does not know.
pub async fn first_block<P: Provider>(
    provider: &P,
    account: Address,
) -> Result<Option<u64>, RpcError<TransportErrorKind>> {
    let (mut first, mut last) = (0, provider.get_block_number().await?);
    if !has_code(provider, account, last).await?.unwrap_or(false) {
        return Ok(None);
    }
    // At most 64 questions: the range halves.
    while first < last {
        let middle = first + (last - first) / 2;
        match has_code(provider, account, middle).await? {
            Some(true) => last = middle,
            Some(false) => first = middle + 1,
            None => return Ok(None),
        }
    }
    Ok(Some(first))
}

/// Whether an account has code after a block; `None` where the node does not say.
async fn has_code<P: Provider>(
    provider: &P,
    account: Address,
    block: u64,
) -> Result<Option<bool>, RpcError<TransportErrorKind>> {
    match provider.get_code_at(account).number(block).await {
        Ok(code) => Ok(Some(!code.is_empty())),
        Err(RpcError::ErrorResp(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends a call of a contract with the gas that this workspace offers.
pub(crate) async fn send<P: Provider, D: CallDecoder>(
    traits: &Traits,
    call: CallBuilder<P, D>,
) -> Result<PendingTransactionBuilder<Ethereum>, alloy::contract::Error> {
    let estimated = call.estimate_gas().await?;
    call.gas(traits.gas_limit(estimated)).send().await
}

/// The activation of code with this hash.
pub async fn activation<P: Provider>(
    provider: &P,
    traits: &Traits,
    codehash: B256,
) -> Result<Activation, alloy::contract::Error> {
    match IArbWasm::new(traits.arb_wasm, provider)
        .codehashVersion(codehash)
        .call()
        .await
    {
        Ok(version) => Ok(Activation::Active { version }),
        Err(error) => match error.as_decoded_interface_error::<ArbWasmError>() {
            Some(ArbWasmError::ProgramNotActivated(_)) => Ok(Activation::Never),
            Some(ArbWasmError::ProgramExpired(e)) => Ok(Activation::Expired {
                age_secs: e.ageInSeconds,
            }),
            Some(ArbWasmError::ProgramNeedsUpgrade(e)) => Ok(Activation::Outdated {
                version: e.version,
                chain: e.stylusVersion,
            }),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_a_fifth_and_never_nothing() {
        let traits = Traits::of(412_346);
        assert_eq!(traits.with_margin(U256::from(1000)), U256::from(1201));
        assert!(traits.with_margin(U256::ZERO) > U256::ZERO);
        assert_eq!(traits.with_margin(U256::MAX), U256::MAX);
    }

    #[test]
    fn gas_is_offered_beyond_the_estimate_by_a_fifth_and_by_a_tenth_of_a_million_at_least() {
        let traits = Traits::of(412_346);
        let offered = [0, 21_000, 499_999, 500_100, 10_000_000, u64::MAX];
        let offered = offered.map(|estimated| traits.gas_limit(estimated));
        assert_eq!(
            offered,
            [100_000, 121_000, 599_999, 600_120, 12_000_000, u64::MAX]
        );
    }

    #[test]
    fn an_unknown_chain_is_taken_for_an_arbitrum_chain() {
        assert_eq!(Traits::of(1), ARBITRUM);
        assert_eq!(Traits::of(42_161).name, "Arbitrum One");
        for (_, traits) in KNOWN {
            assert_eq!(traits.deployer, STYLUS_DEPLOYER, "addresses would differ");
        }
    }
}
