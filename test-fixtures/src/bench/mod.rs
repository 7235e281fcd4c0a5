//! The comparison with the rival: the same workloads over HTTP against anvil and against the devnode, in one run.
//!
//! How it is kept fair: both nodes get the same settings and the same signed bytes; rounds of the two alternate; every
//! round starts fresh processes; the median counts and the spread is shown; the client is raw HTTP over kept-alive
//! connections with prepared requests ([`crate::http`]). It ends by itself: every wait has a deadline.
//!
//! Reading order: [`goals`] (what is promised), [`workload`] (what is sent), [`load`] (how it is sent), [`report`].

pub mod goals;
pub mod load;
pub mod report;
pub mod resources;
pub mod workload;

use crate::{
    node::{Kind, Mining, Node, Settings},
    tool::ToolMissing,
};
use goals::{Goal, Measure, Outcome};
use std::path::PathBuf;
use workload::Workload;

/// What one run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rounds of each workload on each node.
    pub rounds: usize,
    /// Scale of every workload: 1.0 is the full size.
    pub scale: f64,
    /// Starts whose median is the start-up time.
    pub starts: usize,
    /// Transactions before memory is read.
    pub memory_transactions: usize,
    /// Executable of the devnode, when not the one beside this one.
    pub devnode: Option<PathBuf>,
    /// Compare anvil with itself: the noise of the method.
    pub self_check: bool,
    /// Only workloads whose id contains this.
    pub only: Option<String>,
}

impl Plan {
    /// The full comparison.
    pub fn full() -> Self {
        Self {
            rounds: 5,
            scale: 1.0,
            starts: 10,
            memory_transactions: 100_000,
            devnode: None,
            self_check: false,
            only: None,
        }
    }

    /// A smoke test of the comparison: the numbers mean nothing.
    pub fn quick() -> Self {
        Self {
            rounds: 1,
            scale: 0.05,
            starts: 2,
            memory_transactions: 2_000,
            ..Self::full()
        }
    }

    /// The kinds compared, the rival first.
    pub const fn kinds(&self) -> [Kind; 2] {
        if self.self_check {
            [Kind::Anvil, Kind::Anvil]
        } else {
            [Kind::Anvil, Kind::Devnode]
        }
    }

    fn wants(&self, id: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| id.contains(only.as_str()))
    }

    /// Starts a node for a round.
    pub fn start(&self, kind: Kind, mining: Mining) -> Result<Node, BenchError> {
        let settings = Settings {
            executable: self.devnode.clone().filter(|_| kind != Kind::Anvil),
            // Costly work must fit: the storage loop and the logs.
            gas_limit: 1_000_000_000,
            balance: 1_000_000,
            strict: false,
            mining,
            ..Settings::default()
        };
        Ok(Node::start(kind, &settings)?)
    }
}

/// Why a run could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// An executable is missing.
    #[error(transparent)]
    Missing(#[from] ToolMissing),
    /// A node did not start.
    #[error(transparent)]
    Start(#[from] crate::node::StartError),
    /// A node refused what the workload needs.
    #[error("{what} on {kind:?}: {source}")]
    Refused {
        /// What was attempted.
        what: &'static str,
        /// On which node.
        kind: Kind,
        /// Its words.
        source: crate::http::RpcError,
    },
    /// A node gave an answer that the workload does not expect.
    #[error("{what} on {kind:?}: {answer}")]
    Unexpected {
        /// What was attempted.
        what: &'static str,
        /// On which node.
        kind: Kind,
        /// The answer.
        answer: String,
    },
    /// The connection broke or a deadline passed.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// Something that was built before is not there.
    #[error("{0}")]
    Fixture(String),
}

/// Runs the whole comparison and returns what it found, in the order of [`goals::GOALS`].
pub fn run(plan: &Plan, say: &mut dyn FnMut(&str)) -> Result<Vec<Outcome>, BenchError> {
    let mut outcomes = Vec::new();
    for goal in goals::GOALS {
        if !plan.wants(goal.id) {
            continue;
        }
        say(&format!("{}: {}", goal.id, goal.what));
        outcomes.push(match goal.measure {
            Measure::Throughput(workload) => compare(plan, goal, workload, say)?,
            Measure::Twin if plan.self_check => continue,
            Measure::Twin => twin(plan, goal, say)?,
            Measure::StartUp => resources::start_up(plan, goal)?,
            Measure::Memory => resources::memory(plan, goal, say)?,
        });
    }
    Ok(outcomes)
}

/// One workload on both nodes, in alternating rounds.
fn compare(
    plan: &Plan,
    goal: &'static Goal,
    workload: Workload,
    say: &mut dyn FnMut(&str),
) -> Result<Outcome, BenchError> {
    let kinds = plan.kinds();
    let mut rates: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for round in 0..plan.rounds {
        // Who goes first changes, so that a machine that slows down slows both.
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let rate = workload.round(plan, kinds[side])?;
            say(&format!(
                "  round {} {:?}: {rate:.0} {}",
                round + 1,
                kinds[side],
                workload.unit()
            ));
            rates[side].push(rate);
        }
    }
    let [rival, ours] = rates;
    Ok(Outcome::rates(goal, workload.unit(), rival, ours))
}

/// The Stylus token against its Solidity twin, both on our node.
fn twin(
    plan: &Plan,
    goal: &'static Goal,
    say: &mut dyn FnMut(&str),
) -> Result<Outcome, BenchError> {
    let mut rates: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for round in 0..plan.rounds {
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let workload = [Workload::Token, Workload::StylusToken][side];
            let rate = workload.round(plan, Kind::Devnode)?;
            say(&format!(
                "  round {} {}: {rate:.0} {}",
                round + 1,
                ["Solidity", "Stylus"][side],
                workload.unit()
            ));
            rates[side].push(rate);
        }
    }
    let [solidity, stylus] = rates;
    Ok(Outcome::rates(
        goal,
        Workload::Token.unit(),
        solidity,
        stylus,
    ))
}
