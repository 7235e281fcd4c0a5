//! Start-up time and memory.

use super::{
    BenchError, Plan,
    goals::{Goal, Outcome},
    workload,
};
use crate::node::{Kind, Mining};
use std::time::Instant;

const MIB: f64 = 1_048_576.0;

/// Milliseconds from exec to the first answer, alternating.
pub(super) fn start_up(plan: &Plan, goal: &'static Goal) -> Result<Outcome, BenchError> {
    let kinds = plan.kinds();
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for start in 0..plan.starts {
        for turn in 0..2 {
            let side = (start + turn) % 2;
            times[side].push(one_start(plan, kinds[side])?);
        }
    }
    let [rival, ours] = times;
    Ok(Outcome::rates(goal, "ms", rival, ours))
}

fn one_start(plan: &Plan, kind: Kind) -> Result<f64, BenchError> {
    let begin = Instant::now();
    let node = plan.start(kind, Mining::Auto)?;
    node.rpc()
        .block_number()
        .map_err(|source| BenchError::Refused {
            what: "the first question",
            kind,
            source,
        })?;
    Ok(begin.elapsed().as_secs_f64() * 1_000.0)
}

/// Resident memory after many transfers, once for each.
pub(super) fn memory(
    plan: &Plan,
    goal: &'static Goal,
    say: &mut dyn FnMut(&str),
) -> Result<Outcome, BenchError> {
    let mut sizes: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for (side, kind) in plan.kinds().into_iter().enumerate() {
        let node = plan.start(kind, Mining::Interval(1.0))?;
        let empty = node.resident_bytes().unwrap_or_default() as f64 / MIB;
        workload::fill(&node, plan.memory_transactions)?;
        let full = node.resident_bytes().unwrap_or_default() as f64 / MIB;
        say(&format!(
            "  {kind:?}: {empty:.0} MiB empty, {full:.0} MiB after {} transfers",
            plan.memory_transactions
        ));
        sizes[side].push(full);
    }
    let [rival, ours] = sizes;
    Ok(Outcome::rates(goal, "MiB", rival, ours))
}
