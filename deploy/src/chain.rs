//! What the chain is asked: ArbWasm and the StylusDeployer.

use std::time::Duration;

use agentcity_abi::{
    ARB_WASM,
    IArbWasm::{self, IArbWasmErrors as ArbWasmError},
};
use alloy::{primitives::B256, providers::Provider};

/// Longest wait for a transaction: a hundred times what an Arbitrum chain takes, so that only a lost one is given up.
pub const RECEIPT_LIMIT: Duration = Duration::from_secs(60);

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

/// The activation of code with this hash.
pub async fn activation<P: Provider>(
    provider: &P,
    codehash: B256,
) -> Result<Activation, alloy::contract::Error> {
    match IArbWasm::new(ARB_WASM, provider)
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
