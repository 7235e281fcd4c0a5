//! What extends a program's life, and whether that is still to be done.

use agentcity_abi::{
    ARB_WASM,
    IArbWasm::{self, IArbWasmErrors as ArbWasmError},
};
use agentcity_domain::time::Timestamp;
use alloy::{
    eips::BlockId,
    primitives::{Address, U256, keccak256},
    providers::Provider,
    sol_types::SolCall,
};

use super::endpoint::Call;
use crate::{
    event::{Head, Life},
    source::programs,
};

/// What is added to the data fee, in percent: it may rise until the transaction runs. The chain returns what it does not take.
const FEE_MARGIN_PERCENT: u64 = 20;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// This call.
    Call(Call),
    /// Nothing: it expires later already.
    Satisfied,
    /// Nothing can be: the chain refuses.
    Refused(String),
}

/// What the life of `program` needs as of `at`, if it is to end after `expires`, as one endpoint says.
///
/// Errors: why it could not be asked.
pub async fn need<P: Provider>(
    provider: &P,
    program: Address,
    expires: Timestamp,
    payer: Address,
    at: Head,
) -> Result<Need, String> {
    let life = programs::life(provider, program, at).await?;
    match life {
        Life::Active { left } => {
            let ends = at
                .time
                .checked_add(left)
                .map_err(|error| error.to_string())?;
            if ends > expires {
                return Ok(Need::Satisfied);
            }
        }
        Life::Expired | Life::Outdated | Life::NotActivated => {
            return Ok(Need::Refused(format!("it is not active: {life:?}")));
        }
    }
    let block = BlockId::hash(at.hash);
    let code = provider.get_code_at(program).block_id(block).await;
    let codehash = keccak256(code.map_err(|error| error.to_string())?);
    let wasm = IArbWasm::new(ARB_WASM, provider);
    let call = wasm.codehashKeepalive(codehash).from(payer).block(block);
    // Without value the chain says what it wants.
    let fee = match call.call().await {
        Ok(_) => U256::ZERO,
        Err(error) => match error.as_decoded_interface_error::<ArbWasmError>() {
            Some(ArbWasmError::ProgramInsufficientValue(wanted)) => wanted.want,
            Some(refusal) => return Ok(Need::Refused(format!("{refusal:?}"))),
            None => return Err(error.to_string()),
        },
    };
    let margin = fee / U256::from(100) * U256::from(FEE_MARGIN_PERCENT);
    Ok(Need::Call(Call {
        to: ARB_WASM,
        value: fee.saturating_add(margin),
        input: IArbWasm::codehashKeepaliveCall { codehash }
            .abi_encode()
            .into(),
    }))
}
