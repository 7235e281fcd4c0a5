//! Whose the gas of a node is, by its tier: what beginning it, handing its result in and deciding on it cost, and what of each is spent by
//! the contract that verifies, by those that write states and settle, and by the transactions themselves.

use super::{
    GasError,
    missions::{PRICE, Watched},
};
use crate::mission::{Charge, MissionError, Plan, Stage, Task};
use agentcity_domain::{peer::Peer, statute::Mode};
use alloy::primitives::Address;

/// What every transaction costs before its data.
const TRANSACTION: u64 = 21_000;
/// Contracts of the chain have addresses below this.
const PRECOMPILES: u8 = 20;

/// Gas of a node of one tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Whose results are verified how.
    pub tier: u8,
    /// Executors that do the same work.
    pub executions: u8,
    /// All transactions.
    pub transactions: u64,
    /// Their receipts.
    pub gas: u64,
    /// Of it: until the work begins, seats and routing.
    pub begin: u64,
    /// Of it: results handed in, sealed and opened; the last of them settles.
    pub results: u64,
    /// Of it: what people decide.
    pub ruling: u64,
    /// Of it, by another division: the contract *verification* on its own, with the transactions' data where it is called first.
    pub verification: u64,
    /// *collaboration* on its own: states, seats, completion.
    pub collaboration: u64,
    /// *treasury* and *agent*: money and reputation.
    pub settlement: u64,
    /// *adjudication* and *roster*: who may decide.
    pub panel: u64,
    /// Signatures and hashes by contracts of the chain.
    pub signatures: u64,
    /// 21,000 each.
    pub base: u64,
    /// All others: parameters, services, statutes.
    pub rest: u64,
}

/// A node of each tier, in the steady state: the second of its kind by the same executors.
pub fn by_tier(stage: &mut Stage) -> Result<[Shares; 3], GasError> {
    let tasks = ["first", "second"].iter().flat_map(|round| {
        [
            Task::proved(&format!("{round} fetch"), PRICE),
            Task::agreed(&format!("{round} classify"), 3 * PRICE, 3, 2, Mode::Exact),
            Task::reviewed(&format!("{round} report"), PRICE),
        ]
    });
    let plan = Plan {
        name: "shares".to_owned(),
        tasks: tasks.collect(),
        edges: (0..5).map(|node| (node, node + 1)).collect(),
        predicates: Vec::new(),
    };
    let mut all = Watched::enact(stage, &plan)?;
    let mut found = [Shares::default(); 3];
    for node in 0..6 {
        let first = all.law.charges.len();
        all.alone(node)?;
        let task = all.law.plan.tasks[usize::from(node)].node;
        if task.tier == 3 {
            all.approve(node)?;
        }
        let charges = all.law.charges[first..].to_vec();
        let mut shares = Shares {
            tier: task.tier,
            executions: task.redundancy,
            ..Shares::default()
        };
        for charge in &charges {
            shares.add(all.stage, charge)?;
        }
        found[usize::from(task.tier - 1)] = shares;
    }
    Ok(found)
}

impl Shares {
    fn add(&mut self, stage: &mut Stage, charge: &Charge) -> Result<(), MissionError> {
        self.transactions += 1;
        self.gas += charge.gas;
        self.base += TRANSACTION;
        *match charge.what.split(' ').next() {
            Some("acceptSeat" | "routeTask") => &mut self.begin,
            Some("decideReview") => &mut self.ruling,
            _ => &mut self.results,
        } += charge.gas;
        let members = Peer::ALL.map(|peer| (peer, stage.city.address(peer)));
        let (mut left, base) = (charge.gas, TRANSACTION);
        for share in stage.breakdown(charge)? {
            // The transaction itself is the first frame's.
            let own = match share.depth {
                0 => share.own.saturating_sub(base),
                _ => share.own,
            };
            left = left.saturating_sub(own);
            let of = members.iter().find(|member| member.1 == share.contract);
            *match of.map(|member| member.0) {
                Some(Peer::Verification) => &mut self.verification,
                Some(Peer::Collaboration) => &mut self.collaboration,
                Some(Peer::Treasury | Peer::Agent) => &mut self.settlement,
                Some(Peer::Adjudication | Peer::Roster) => &mut self.panel,
                None if is_of_the_chain(share.contract) => &mut self.signatures,
                Some(_) | None => &mut self.rest,
            } += own;
        }
        // What no frame shows: refunds are taken off, and data that is dearer than its work is charged beside it.
        self.rest += left.saturating_sub(base);
        Ok(())
    }
}

fn is_of_the_chain(account: Address) -> bool {
    let [rest @ .., last] = account.into_array();
    rest.iter().all(|byte| *byte == 0) && last <= PRECOMPILES
}
