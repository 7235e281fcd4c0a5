//! Asks ArbWasm how long programs live.

use agentcity_abi::{
    ARB_WASM,
    IArbWasm::{self, IArbWasmErrors as ArbWasmError},
};
use agentcity_domain::time::{Seconds, Timestamp};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, Bytes},
    providers::Provider,
    sol_types::SolInterface,
    transports::{RpcError, TransportErrorKind},
};

use super::agreed::Agreed;
use crate::{
    clock::Moment,
    event::{Event, Head, Life},
};

/// The newest block, to ask everything of one round as of it.
///
/// Errors: why there is none, for the operator.
pub async fn head<P: Provider>(provider: &P) -> Result<Head, String> {
    let newest = block(provider, BlockNumberOrTag::Latest).await?;
    newest.ok_or_else(|| "the endpoint knows no newest block".to_owned())
}

/// The newest block, and the one so many below it, which counts as settled; the same twice where that is none.
///
/// Errors: as [`head`].
pub async fn heads<P: Provider>(provider: &P, depth_blocks: u64) -> Result<[Head; 2], String> {
    let newest = head(provider).await?;
    let depth = newest.number.saturating_sub(depth_blocks);
    if depth == newest.number {
        return Ok([newest, newest]);
    }
    let settled = block(provider, BlockNumberOrTag::Number(depth)).await?;
    let settled = settled.ok_or_else(|| format!("there is no block {depth}"))?;
    Ok([newest, settled])
}

async fn block<P: Provider>(provider: &P, at: BlockNumberOrTag) -> Result<Option<Head>, String> {
    let block = provider.get_block(at.into()).await;
    let block = block.map_err(|error| error.to_string())?;
    Ok(block.map(|block| Head {
        number: block.header.number,
        hash: block.header.hash,
        time: Timestamp::new(block.header.timestamp),
    }))
}

/// One question about one program, as of `at`. Never fails: an answer that cannot be had is an event too.
pub async fn observe<P: Provider>(
    provider: &P,
    program: Address,
    at: Head,
    asked: Moment,
) -> Event {
    observed(life(provider, program, at).await, program, at, asked)
}

/// The same question, answered by enough endpoints alike.
pub async fn agreed<P: Provider>(
    endpoints: &Agreed<P>,
    program: Address,
    at: Head,
    asked: Moment,
) -> Event {
    let ask = |provider| life(provider, program, at);
    let life = endpoints.vote("how long a program lives", ask).await;
    observed(life.map_err(|error| error.to_string()), program, at, asked)
}

fn observed(life: Result<Life, String>, program: Address, at: Head, asked: Moment) -> Event {
    match life {
        Ok(life) => Event::Observed { program, life, at },
        Err(cause) => Event::Unreachable {
            program,
            cause,
            asked,
        },
    }
}

/// How long a program lives as of a block.
///
/// Errors: why that is not known, for the operator.
pub async fn life<P: Provider>(provider: &P, program: Address, at: Head) -> Result<Life, String> {
    let arb_wasm = IArbWasm::new(ARB_WASM, provider);
    let question = arb_wasm
        .programTimeLeft(program)
        .block(BlockId::hash(at.hash));
    match question.call().await {
        Ok(left) => Ok(Life::Active {
            left: Seconds::new(left),
        }),
        Err(alloy::contract::Error::TransportError(error)) => refused(&error),
        Err(error) => Err(error.to_string()),
    }
}

fn refused(error: &RpcError<TransportErrorKind>) -> Result<Life, String> {
    let revert = error
        .as_error_resp()
        .and_then(|payload| payload.as_revert_data());
    revert
        .as_ref()
        .and_then(decode)
        .ok_or_else(|| error.to_string())
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
