//! ArbOwnerPublic: who owns the chain, and its settings.

use agentcity_devnode_program::pack::MAX_FRAGMENTS;
use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use revm::primitives::hardfork::SpecId;

use super::{
    NETWORK_FEE_ACCOUNT,
    abi::ArbOwnerPublic::{self as P, ArbOwnerPublicCalls as Calls},
    call::{Answer, Call},
};
use crate::genesis::CHAIN_OWNER;

/// Compression level of batches; there are none.
const BROTLI_LEVEL: u64 = 1;

/// Answers a call of ArbOwnerPublic.
pub(crate) fn public(call: &mut Call<'_, '_>) -> Answer {
    call.unpaid()?;
    let method: Calls = call.decode()?;
    Ok(match method {
        Calls::isChainOwner(c) => P::isChainOwnerCall::abi_encode_returns(&(c.addr == CHAIN_OWNER)),
        Calls::getAllChainOwners(_) => {
            P::getAllChainOwnersCall::abi_encode_returns(&vec![CHAIN_OWNER])
        }
        Calls::getNetworkFeeAccount(_) => {
            P::getNetworkFeeAccountCall::abi_encode_returns(&NETWORK_FEE_ACCOUNT)
        }
        // No infrastructure fee is taken.
        Calls::getInfraFeeAccount(_) => {
            P::getInfraFeeAccountCall::abi_encode_returns(&Address::ZERO)
        }
        Calls::getBrotliCompressionLevel(_) => {
            P::getBrotliCompressionLevelCall::abi_encode_returns(&BROTLI_LEVEL)
        }
        Calls::getScheduledUpgrade(_) => {
            P::getScheduledUpgradeCall::abi_encode_returns(&P::getScheduledUpgradeReturn {
                arbosVersion: 0,
                scheduledForTimestamp: 0,
            })
        }
        Calls::isCalldataPriceIncreaseEnabled(_) => {
            let floor = call.ctx.cfg.spec.is_enabled_in(SpecId::PRAGUE);
            P::isCalldataPriceIncreaseEnabledCall::abi_encode_returns(&floor)
        }
        Calls::getMaxStylusContractFragments(_) => {
            P::getMaxStylusContractFragmentsCall::abi_encode_returns(&(MAX_FRAGMENTS as u8))
        }
    })
}
