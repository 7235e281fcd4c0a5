//! Calls that change nothing: run, estimate, list what is touched.

use super::{
    Context, RpcError,
    args::Args,
    block_id::block_id,
    envelope::{Answer, json},
};
use agentcity_devnode_chain::{CallOverrides, engine::Trace};
use alloy::{
    eips::BlockId,
    primitives::{Bytes, U64},
    rpc::types::TransactionRequest,
};
use revm::context::result::{ExecutionResult, HaltReason};
use serde_json::json as value;

pub(super) fn call(context: &Context, args: &Args<'_>) -> Answer {
    let (request, at, overrides) = read(args)?;
    let executed = context.node.call(&request, at, &overrides, Trace::Off)?;
    json(&output(executed.result)?)
}

pub(super) fn estimate_gas(context: &Context, args: &Args<'_>) -> Answer {
    let (request, at, overrides) = read(args)?;
    json(&U64::from(
        context.node.estimate_gas(&request, at, &overrides)?,
    ))
}

pub(super) fn create_access_list(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let made = context
        .node
        .create_access_list(&args.get(0, "call")?, block_id(args, 1)?)?;
    let mut answer =
        value!({ "accessList": made.access_list, "gasUsed": U64::from(made.gas_used) });
    if let Some(error) = made.error {
        answer["error"] = error.into();
    }
    json(&answer)
}

fn read(args: &Args<'_>) -> Result<(TransactionRequest, BlockId, CallOverrides), RpcError> {
    args.at_most(4)?;
    let overrides = CallOverrides {
        state: args.opt(2, "state overrides")?,
        block: args.opt(3, "block overrides")?,
    };
    Ok((args.get(0, "call")?, block_id(args, 1)?, overrides))
}

/// What a call returned, or why it did not.
pub(super) fn output(result: ExecutionResult) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::refused(halt(&reason))),
    }
}

/// Why execution stopped, in geth's words where it has some.
pub(super) fn halt(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".to_owned(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode".to_owned(),
        HaltReason::InvalidJump => "invalid jump destination".to_owned(),
        HaltReason::StackUnderflow => "stack underflow".to_owned(),
        HaltReason::StackOverflow => "stack limit reached".to_owned(),
        HaltReason::CreateCollision => "contract address collision".to_owned(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".to_owned(),
        HaltReason::CallTooDeep => "max call depth exceeded".to_owned(),
        other => format!("execution stopped: {other}"),
    }
}
