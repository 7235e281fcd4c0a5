//! `debug_*`: what a transaction did, frame by frame.
//!
//! Tracers: none named (struct logs), `callTracer`, `noopTracer`, and the host calls of Stylus frames as
//! `stylusTracer`, `hostCallTracer`, or any JavaScript tracer that defines `hostio`: cargo-stylus sends such a one, and
//! gets what it would compute without anybody running JavaScript.

use super::{
    Context, RpcError,
    args::Args,
    block_id::{block_id, block_tag},
    envelope::{Answer, json},
    hostio,
};
use crate::limits;
use agentcity_devnode_chain::{
    CallOverrides,
    engine::{Executed, Trace},
};
use alloy::{
    eips::BlockId,
    primitives::{B256, Bytes},
    rpc::types::{
        TransactionRequest,
        trace::geth::{
            CallConfig, CallFrame, DefaultFrame, GethDebugBuiltInTracerType as BuiltIn,
            GethDebugTracerType, GethDebugTracingCallOptions, GethDebugTracingOptions,
            GethDefaultTracingOptions, NoopFrame,
        },
    },
};
use revm_inspectors::tracing::TracingInspectorConfig;
use serde::Serialize;

/// What is wanted of a trace.
#[derive(Clone, Copy, Debug)]
enum Tracer {
    Steps(GethDefaultTracingOptions),
    Calls(CallConfig),
    HostCalls,
    Nothing,
}

/// What a trace shows.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Traced {
    Steps(Box<DefaultFrame>),
    Calls(Box<CallFrame>),
    HostCalls(Vec<hostio::Step>),
    Nothing(NoopFrame),
}

pub(super) fn trace_transaction(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let hash: B256 = args.get(0, "transaction hash")?;
    let tracer = Tracer::read(args.opt(1, "options")?.unwrap_or_default())?;
    if let Some(located) = context.node.tx(hash) {
        tracer.afford(located.tx().gas_used)?;
    }
    let (_, executed) = context.node.trace_tx(hash, tracer.config())?;
    json(&tracer.show(executed)?)
}

pub(super) fn trace_call(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(3)?;
    let options: GethDebugTracingCallOptions = args.opt(2, "options")?.unwrap_or_default();
    if options.tx_index.is_some() {
        return Err(RpcError::params(
            "invalid params: txIndex is not supported; the call runs after its block",
        ));
    }
    let tracer = Tracer::read(options.tracing_options)?;
    let overrides = CallOverrides {
        state: options.state_overrides,
        block: options.block_overrides,
    };
    let mut request: TransactionRequest = args.get(0, "call")?;
    if let Tracer::Steps(_) = tracer {
        let gas = request.gas.unwrap_or(limits::TRACE_GAS);
        tracer.afford(gas)?;
        request.gas = Some(gas);
    }
    let executed = context.node.call(
        &request,
        block_id(args, 1)?,
        &overrides,
        Trace::On(tracer.config()),
    )?;
    json(&tracer.show(executed)?)
}

pub(super) fn trace_block_by_number(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    trace_block(context, block_tag(args, 0)?, args)
}

pub(super) fn trace_block_by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    trace_block(context, args.get::<B256>(0, "block hash")?.into(), args)
}

fn trace_block(context: &Context, at: BlockId, args: &Args<'_>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct One {
        tx_hash: B256,
        result: Traced,
    }
    let tracer = Tracer::read(args.opt(1, "options")?.unwrap_or_default())?;
    if let Some(block) = context.node.block(at) {
        tracer.afford(block.header.gas_used)?;
    }
    let (block, executed) = context.node.trace_block(at, tracer.config())?;
    let shown: Result<Vec<One>, RpcError> = block
        .transactions
        .iter()
        .zip(executed)
        .map(|(tx, executed)| {
            Ok(One {
                tx_hash: tx.hash(),
                result: tracer.show(executed)?,
            })
        })
        .collect();
    json(&shown?)
}

impl Tracer {
    fn read(options: GethDebugTracingOptions) -> Result<Self, RpcError> {
        match options.tracer {
            None => Ok(Self::Steps(options.config)),
            Some(GethDebugTracerType::BuiltInTracer(BuiltIn::CallTracer)) => {
                let config = options.tracer_config.into_call_config().map_err(|error| {
                    RpcError::params(format!("invalid params: tracerConfig: {error}"))
                })?;
                Ok(Self::Calls(config))
            }
            Some(GethDebugTracerType::BuiltInTracer(BuiltIn::NoopTracer)) => Ok(Self::Nothing),
            Some(GethDebugTracerType::BuiltInTracer(other)) => Err(unsupported(
                &serde_json::to_string(&other).unwrap_or_default(),
            )),
            Some(GethDebugTracerType::JsTracer(code)) => match code.as_str() {
                "stylusTracer" | "hostCallTracer" => Ok(Self::HostCalls),
                script if script.contains('{') && script.contains("hostio") => Ok(Self::HostCalls),
                other => Err(unsupported(other)),
            },
        }
    }

    fn config(&self) -> TracingInspectorConfig {
        match self {
            Self::Steps(options) => TracingInspectorConfig::from_geth_config(options),
            Self::Calls(config) => TracingInspectorConfig::from_geth_call_config(config),
            Self::HostCalls | Self::Nothing => TracingInspectorConfig::none(),
        }
    }

    /// Refuses to record the steps of more gas than memory can hold.
    fn afford(&self, gas: u64) -> Result<(), RpcError> {
        match self {
            Self::Steps(_) if gas > limits::TRACE_GAS => Err(RpcError::limit(format!(
                "steps are recorded up to {} gas, this may use {gas}; give less gas or use callTracer",
                limits::TRACE_GAS
            ))),
            _ => Ok(()),
        }
    }

    fn show(&self, executed: Executed) -> Result<Traced, RpcError> {
        let trace = executed
            .trace
            .ok_or_else(|| RpcError::internal("the engine returned no trace"))?;
        if trace.inspector.limit_exceeded()
            || trace.inspector.recorded_bytes() > limits::TRACE_BYTES
        {
            return Err(RpcError::limit(
                "the trace is too large; switch off memory, stack or storage, or use callTracer",
            ));
        }
        let gas = executed.result.tx_gas_used();
        let output: Bytes = executed.result.output().cloned().unwrap_or_default();
        Ok(match self {
            Self::Steps(options) => Traced::Steps(Box::new(
                trace
                    .inspector
                    .geth_builder()
                    .geth_traces(gas, output, *options),
            )),
            Self::Calls(config) => Traced::Calls(Box::new(
                trace
                    .inspector
                    .geth_builder()
                    .geth_call_traces(*config, gas),
            )),
            Self::HostCalls => Traced::HostCalls(hostio::steps(
                trace.inspector.traces().nodes(),
                &trace.host_calls,
            )),
            Self::Nothing => Traced::Nothing(NoopFrame::default()),
        })
    }
}

fn unsupported(name: &str) -> RpcError {
    let shown: String = name
        .trim_matches('"')
        .chars()
        .take(limits::ECHO_CHARS)
        .collect();
    RpcError::params(format!(
        "invalid params: the tracer {shown:?} is not supported; there are callTracer, noopTracer, stylusTracer and, \
         without a name, struct logs; of JavaScript only tracers of `hostio` are understood"
    ))
}
