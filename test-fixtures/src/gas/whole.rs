//! Missions of proved tasks as wholes: what they cost one transaction at a time, and what they cost at checkpoints (RULINGS R4).

use super::{
    GasError,
    missions::{PRICE, Watched},
};
use crate::mission::{Law, Plan, Stage, Task};

/// A mission of tasks that are proved, in ranks of as many as are done between two checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many tasks.
    pub nodes: u16,
    /// How many of them at a checkpoint: a divisor.
    pub at_checkpoint: u16,
}

impl Shape {
    fn plan(self, name: &str) -> Plan {
        let ranks = self.at_checkpoint..self.nodes;
        Plan {
            name: name.to_owned(),
            tasks: (0..self.nodes)
                .map(|node| Task::proved(&format!("task {node} of {name}"), PRICE))
                .collect(),
            edges: ranks
                .map(|node| (node - self.at_checkpoint, node))
                .collect(),
            predicates: Vec::new(),
        }
    }
}

/// Such a mission, completed by a transaction for everything that anybody does.
pub fn one_by_one(stage: &mut Stage, name: &str, shape: Shape) -> Result<Law, GasError> {
    let mut all = Watched::enact(stage, &shape.plan(name))?;
    for node in 0..shape.nodes {
        all.alone(node)?;
    }
    all.open_gate()?;
    Ok(all.law)
}

/// The same, completed at its checkpoints: seats, the beginning of the work and results of a rank in one transaction each.
pub fn batched(stage: &mut Stage, name: &str, shape: Shape) -> Result<Law, GasError> {
    let courier = stage.city.person("courier")?;
    let mut all = Watched::enact(stage, &shape.plan(name))?;
    for first in (0..shape.nodes).step_by(shape.at_checkpoint.into()) {
        let rank: Vec<u16> = (first..first + shape.at_checkpoint).collect();
        all.relayed(&rank, &courier)?;
    }
    all.open_gate()?;
    Ok(all.law)
}

/// What some of a mission's transactions cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Gas of their receipts.
    pub gas: u64,
    /// How many they are.
    pub transactions: usize,
}

/// What brings a law into force: pages and states, its seats, its money.
const DEPLOYMENT: [&str; 3] = ["createMission", "deployTranche", "finaliseDeployment"];
const SEATS: [&str; 1] = ["deploySeats"];
const MONEY: [&str; 1] = ["fundMission"];

impl Bill {
    /// Of those whose function is one of these.
    pub fn of(law: &Law, functions: &[&str]) -> Self {
        Self::sum(law, |what| functions.contains(&what))
    }

    /// Of the deployment, without seats and money.
    pub fn of_deployment(law: &Law) -> Self {
        Self::of(law, &DEPLOYMENT)
    }

    /// Of the pages of seats.
    pub fn of_seats(law: &Law) -> Self {
        Self::of(law, &SEATS)
    }

    /// Of everything from the deployed mission on.
    pub fn of_work(law: &Law) -> Self {
        let before = [&DEPLOYMENT[..], &SEATS, &MONEY].concat();
        Self::sum(law, |what| !before.contains(&what))
    }

    fn sum(law: &Law, counts: impl Fn(&str) -> bool) -> Self {
        let function = |what: &str| counts(what.split(' ').next().unwrap_or(what));
        let of = law.charges.iter().filter(|charge| function(&charge.what));
        of.fold(Self::default(), |bill, charge| Self {
            gas: bill.gas + charge.gas,
            transactions: bill.transactions + 1,
        })
    }
}
