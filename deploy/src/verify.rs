//! Compares the chain with a plan, or tells what a program at an address is.

use agentcity_abi::IArbWasm;
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::Provider,
    transports::{RpcError, TransportErrorKind},
};
use serde::Serialize;

use crate::{
    chain::{self, Activation, Traits},
    plan::Plan,
};

/// Why the chain does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The node did not answer, or refused.
    #[error("asking the node failed: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
    /// ArbWasm reverted.
    #[error("the chain does not answer about {address}: {source}")]
    Call {
        /// The program.
        address: Address,
        /// What came back.
        source: alloy::contract::Error,
    },
    /// There is no code.
    #[error("there is no code at {address}: deploy it first")]
    NoCode {
        /// Where it was looked for.
        address: Address,
    },
    /// There is other code.
    #[error(
        "{address} holds code with hash {found}, this build has {expected}: another version is deployed there"
    )]
    OtherCode {
        /// The program.
        address: Address,
        /// Hash of the plan's code.
        expected: B256,
        /// Hash of the code there.
        found: B256,
    },
    /// The code may not be called.
    #[error("{address} is deployed and not active ({activation:?}): activate it, anyone may")]
    NotActive {
        /// The program.
        address: Address,
        /// Why not.
        activation: Activation,
    },
}

/// A program that is there and may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Where it is.
    pub address: Address,
    /// Hash of its code.
    pub codehash: B256,
    /// Version of Stylus it is active under.
    pub version: u16,
    /// Gas for entering it.
    pub init_gas: u64,
    /// The same while it is in the chain's cache.
    pub cached_init_gas: u64,
    /// Pages of memory each call pays at least.
    pub memory_pages: u16,
    /// Seconds until someone must keep it alive or activate it again.
    pub time_left_secs: u64,
}

/// The plan's program, if the chain holds exactly its code and lets it be called.
pub async fn verify<P: Provider>(provider: &P, plan: &Plan) -> Result<Verified, VerifyError> {
    let status = status(provider, plan.address).await;
    match status {
        Ok(found) if found.codehash != plan.codehash => Err(VerifyError::OtherCode {
            address: plan.address,
            expected: plan.codehash,
            found: found.codehash,
        }),
        other => other,
    }
}

/// Whatever program is at `address`.
pub async fn status<P: Provider>(provider: &P, address: Address) -> Result<Verified, VerifyError> {
    let code = provider.get_code_at(address).await?;
    if code.is_empty() {
        return Err(VerifyError::NoCode { address });
    }
    let codehash = keccak256(&code);
    let refused = |source| VerifyError::Call { address, source };
    let traits = Traits::ask(provider).await?;
    let activation = chain::activation(provider, &traits, codehash)
        .await
        .map_err(refused)?;
    let Activation::Active { version } = activation else {
        return Err(VerifyError::NotActive {
            address,
            activation,
        });
    };
    let wasm = IArbWasm::new(traits.arb_wasm, provider);
    let init = wasm.programInitGas(address).call().await.map_err(refused)?;
    Ok(Verified {
        address,
        codehash,
        version,
        init_gas: init.gas,
        cached_init_gas: init.gasWhenCached,
        memory_pages: wasm
            .programMemoryFootprint(address)
            .call()
            .await
            .map_err(refused)?,
        time_left_secs: wasm
            .programTimeLeft(address)
            .call()
            .await
            .map_err(refused)?,
    })
}
