//! Asks ArbWasm how long programs live.

use agentcity_abi::{
    ARB_WASM,
    IArbWasm::{self, IArbWasmErrors as ArbWasmError},
};
use agentcity_domain::time::Seconds;
use alloy::{
    primitives::{Address, Bytes},
    providers::Provider,
    sol_types::SolInterface,
    transports::{RpcError, TransportErrorKind},
};

use crate::event::{Event, Life};

/// One question about one program. Never fails: an answer that cannot be had is an event too.
pub async fn observe<P: Provider>(provider: &P, program: Address) -> Event {
    let arb_wasm = IArbWasm::new(ARB_WASM, provider);
    match arb_wasm.programTimeLeft(program).call().await {
        Ok(left) => Event::Observed {
            program,
            life: Life::Active {
                left: Seconds::new(left),
            },
        },
        Err(alloy::contract::Error::TransportError(error)) => refused(program, &error),
        Err(error) => Event::Unreachable {
            program,
            cause: error.to_string(),
        },
    }
}

fn refused(program: Address, error: &RpcError<TransportErrorKind>) -> Event {
    let revert = error
        .as_error_resp()
        .and_then(|payload| payload.as_revert_data());
    match revert.as_ref().and_then(decode) {
        Some(life) => Event::Observed { program, life },
        None => Event::Unreachable {
            program,
            cause: error.to_string(),
        },
    }
}

fn decode(revert: &Bytes) -> Option<Life> {
    match ArbWasmError::abi_decode(revert).ok()? {
        ArbWasmError::ProgramExpired(_) => Some(Life::Expired),
        ArbWasmError::ProgramNeedsUpgrade(_) => Some(Life::Outdated),
        ArbWasmError::ProgramNotActivated(_) => Some(Life::NotActivated),
        ArbWasmError::ProgramUpToDate(_)
        | ArbWasmError::ProgramNotWasm(_)
        | ArbWasmError::ProgramKeepaliveTooSoon(_)
        | ArbWasmError::ProgramInsufficientValue(_) => None,
    }
}
