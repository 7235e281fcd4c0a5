//! What is promised, and whether it was kept.

use super::workload::Workload;
use std::path::Path;

/// How a goal is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Rate of a workload, ours over the rival's.
    Throughput(Workload),
    /// Rate of the Stylus token over that of its Solidity twin, both ours.
    Twin,
    /// Milliseconds from exec to the first answer.
    StartUp,
    /// Resident bytes after many transactions; stated, not judged.
    Memory,
}

/// What a measured value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Ours over the rival's, at least.
    RatioAtLeast(f64),
    /// Ours, at most.
    AtMost(f64),
    /// Stated only.
    None,
}

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Name under which `docs/misses.md` may excuse it.
    pub id: &'static str,
    /// What is measured, in words.
    pub what: &'static str,
    /// How.
    pub measure: Measure,
    /// What it must be.
    pub limit: Limit,
}

/// Every promise, in the order of measuring.
pub const GOALS: &[Goal] = &[
    Goal {
        id: "devnode.transfers",
        what: "ETH transfers, a block per transaction",
        measure: Measure::Throughput(Workload::Transfers),
        limit: Limit::RatioAtLeast(1.0),
    },
    Goal {
        id: "devnode.transfers-interval",
        what: "ETH transfers, a block per second",
        measure: Measure::Throughput(Workload::TransfersInterval),
        limit: Limit::RatioAtLeast(1.0),
    },
    Goal {
        id: "devnode.erc20",
        what: "ERC-20 transfers (Solidity), a block per transaction",
        measure: Measure::Throughput(Workload::Token),
        limit: Limit::RatioAtLeast(1.0),
    },
    Goal {
        id: "devnode.storage",
        what: "loops over 300 storage slots, a block per transaction",
        measure: Measure::Throughput(Workload::Storage),
        limit: Limit::RatioAtLeast(1.0),
    },
    Goal {
        id: "devnode.logs",
        what: "eth_getLogs answering 10,000 logs",
        measure: Measure::Throughput(Workload::Logs),
        limit: Limit::RatioAtLeast(1.0),
    },
    Goal {
        id: "devnode.stylus-twin",
        what: "ERC-20 transfers on our node: Stylus over Solidity",
        measure: Measure::Twin,
        limit: Limit::RatioAtLeast(0.5),
    },
    Goal {
        id: "devnode.startup",
        what: "milliseconds from exec to the first answer",
        measure: Measure::StartUp,
        limit: Limit::AtMost(100.0),
    },
    Goal {
        id: "devnode.memory",
        what: "resident MiB after many transfers",
        measure: Measure::Memory,
        limit: Limit::None,
    },
];

/// What was measured for one goal.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The promise.
    pub goal: &'static Goal,
    /// Unit of the values.
    pub unit: &'static str,
    /// Values of the rival (of Solidity, for the twin).
    pub rival: Vec<f64>,
    /// Values of ours (of Stylus, for the twin).
    pub ours: Vec<f64>,
}

impl Outcome {
    pub(super) const fn rates(
        goal: &'static Goal,
        unit: &'static str,
        rival: Vec<f64>,
        ours: Vec<f64>,
    ) -> Self {
        Self {
            goal,
            unit,
            rival,
            ours,
        }
    }

    /// Ours over the rival's, of medians.
    pub fn ratio(&self) -> f64 {
        median(&self.ours) / median(&self.rival)
    }

    /// Whether the promise was kept.
    pub fn kept(&self) -> bool {
        match self.goal.limit {
            Limit::RatioAtLeast(least) => self.ratio() >= least,
            Limit::AtMost(most) => median(&self.ours) <= most,
            Limit::None => true,
        }
    }
}

/// Median; NaN of nothing, which keeps no promise.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => sorted[len / 2],
        len => (sorted[len / 2 - 1] + sorted[len / 2]) / 2.0,
    }
}

/// Whether `docs/misses.md` names the goal, in backticks: the only excuse there is.
pub fn excused(misses: &str, id: &str) -> bool {
    misses.contains(&format!("`{id}`"))
}

/// Text of the list of misses; empty when there is none.
pub fn misses(workspace: &Path) -> String {
    std::fs::read_to_string(workspace.join("docs/misses.md")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(index: usize, rival: &[f64], ours: &[f64]) -> Outcome {
        Outcome::rates(&GOALS[index], "x", rival.to_vec(), ours.to_vec())
    }

    #[test]
    fn a_ratio_is_of_medians_and_an_outlier_does_not_decide() {
        let outcome = outcome(0, &[100.0, 100.0, 1.0], &[101.0, 101.0, 5_000.0]);
        assert!((outcome.ratio() - 1.01).abs() < 1e-9 && outcome.kept());
        assert!((median(&[1.0, 2.0, 3.0, 10.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_miss_is_a_miss_also_when_nothing_was_measured() {
        assert!(!outcome(0, &[100.0], &[99.0]).kept());
        assert!(!outcome(0, &[], &[]).kept());
        let start_up = GOALS
            .iter()
            .position(|goal| goal.id == "devnode.startup")
            .unwrap();
        assert!(outcome(start_up, &[1.0], &[100.0]).kept());
        assert!(!outcome(start_up, &[500.0], &[100.1]).kept());
    }

    #[test]
    fn only_the_named_goal_is_excused() {
        let misses = "| `devnode.erc20` | 0.9 | profile … |";
        assert!(excused(misses, "devnode.erc20") && !excused(misses, "devnode.erc2"));
        assert!(!excused("devnode.erc20", "devnode.erc20"));
    }

    #[test]
    fn goal_ids_are_unique() {
        let ids: std::collections::BTreeSet<_> = GOALS.iter().map(|goal| goal.id).collect();
        assert_eq!(ids.len(), GOALS.len());
    }
}
