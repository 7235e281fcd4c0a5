//! `devnode_*`: faults on command, and what only this node can tell.

use super::{
    Context,
    args::Args,
    envelope::{Answer, json, null},
    methods,
};
use crate::{
    events::{FaultCounts, LogFaults},
    limits,
};
use agentcity_devnode_chain::Pause;
use alloy::primitives::U64;
use serde::{Deserialize, Serialize};

/// What a client may do while production is paused.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Meanwhile {
    /// Transactions are refused.
    #[default]
    Refuse,
    /// Transactions wait.
    Queue,
}

/// `devnode_pauseProduction(meanwhile?)`: an outage of the sequencer.
pub(super) fn pause(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let meanwhile: Option<Meanwhile> = args.opt(0, "\"refuse\" or \"queue\"")?;
    context.node.pause(match meanwhile.unwrap_or_default() {
        Meanwhile::Refuse => Pause::Refuse,
        Meanwhile::Queue => Pause::Queue,
    });
    null()
}

pub(super) fn resume(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(0)?;
    context.node.resume()?;
    null()
}

/// `devnode_setLogFaults({delayMs, dropEvery, duplicateEvery})`: sets all three; what is missing is off.
pub(super) fn set_log_faults(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let faults: LogFaults = args.opt(0, "faults")?.unwrap_or_default();
    context.hub.set_faults(faults, context.now())?;
    null()
}

pub(super) fn faults(context: &Context, _: &Args<'_>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Faults {
        production_paused: bool,
        logs: LogFaults,
        counts: FaultCounts,
    }
    let (logs, counts) = context.hub.faults();
    json(&Faults {
        production_paused: context.node.info().paused.is_some(),
        logs,
        counts,
    })
}

pub(super) fn state_root(context: &Context, _: &Args<'_>) -> Answer {
    json(&context.node.state_root())
}

pub(super) fn stats(context: &Context, _: &Args<'_>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Stats {
        requests: u64,
        errors: u64,
        connections: u64,
        heavy_running: usize,
        heavy_max: usize,
        filters: usize,
        subscriptions: usize,
        pending_transactions: usize,
        block_number: U64,
    }
    let (requests, errors, connections) = context.stats.read();
    let (filters, subscriptions) = context.hub.counts();
    let info = context.node.info();
    json(&Stats {
        requests,
        errors,
        connections,
        heavy_running: context.heavy_running(),
        heavy_max: limits::HEAVY,
        filters,
        subscriptions,
        pending_transactions: info.pool_len,
        block_number: U64::from(info.head_number),
    })
}

pub(super) fn method_list(_: &Context, _: &Args<'_>) -> Answer {
    json(&methods::names().collect::<Vec<_>>())
}
