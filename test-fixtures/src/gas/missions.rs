//! What missions cost, from the receipts of everybody's transactions. Each row of a ceiling stands twice: in a fresh city, where the
//! first of everything writes slots for the first time, and in the steady state behind it.
//!
//! | city | what happens in it |
//! |---|---|
//! | first | ten tasks are deployed; a mission of all tiers is worked off round by round: first use, steady state, relayed; two of its nodes are frozen and let go, it is aborted, and the panel pays |
//! | second | eight tasks by transactions of their executors alone, then again, then relayed at four checkpoints; an executor leaves, others pool their stakes |
//! | third | the same eight tasks, relayed from the beginning |
//! | fourth | 500 tasks are deployed in one tranche |

use super::{
    GasError, Taken, funds,
    whole::{Bill, Shape, batched, one_by_one},
};
use crate::{
    city::{City, Person},
    mission::{Job, Law, MissionError, Plan, Share, Stage, Step, Task, deploy::share},
    sender::Outcome,
};
use agentcity_abi::{
    IAgent, ICollaboration as work,
    IGuardian::{self as guardian, UnfreezeKind},
    ITreasury as treasury,
    IVerification::ResultKind,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Mode};
use alloy::{
    primitives::{U256, keccak256},
    sol_types::{SolCall, SolEvent},
};
use std::time::Duration;

/// Executors of different principals: as many as a round of the first mission has seats.
const EXECUTORS: usize = 5;
/// A seat's price and stake, in base units.
pub(super) const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// Nodes of the mission that the specification prices, and how many are done between two checkpoints (seed B.11.6).
const EIGHT: u16 = 8;
const AT_CHECKPOINT: u16 = 2;
/// Nodes of the tranche that the specification prices, and edges in the ratio of its largest mission.
const TRANCHE: (u16, usize) = (500, 600);
/// Owners of those who work on it, and how many agents each has: none is to be seated too often.
const MANY: (usize, usize) = (12, 4);

/// Set, it has every transaction of a row printed with what each contract spent in it.
pub(super) const BREAKDOWN_VARIABLE: &str = "AGENTCITY_GAS_BREAKDOWN";

/// A city of programs in which missions can run, all programs in the chain's cache or none.
pub fn raise(is_cached: bool) -> Result<Stage, GasError> {
    settled(is_cached, (EXECUTORS, 1))
}

fn settled(is_cached: bool, (principals, agents_each): (usize, usize)) -> Result<Stage, GasError> {
    let stage = Stage::raise(&super::charter(), principals, agents_each)?;
    if is_cached {
        super::cache_city(&stage.city)?;
    }
    Ok(stage)
}

/// Gas of each operation, and the last city, whose programs are those of all.
pub fn measure(is_cached: bool) -> Result<(Taken, City), GasError> {
    let mut taken = Taken::new();
    let mut stage = raise(is_cached)?;
    deployment(&mut stage, &mut taken)?;
    tiers(&mut stage, &mut taken)?;
    drop(stage);

    let mut stage = raise(is_cached)?;
    let (gas, _) = eight(&mut stage, "eight tasks", false)?;
    taken.push(("mission8.first", gas));
    let (gas, law) = eight(&mut stage, "eight tasks again", false)?;
    taken.push(("mission8", gas));
    let (gas, _) = eight(&mut stage, "eight tasks at checkpoints", true)?;
    taken.push(("mission8.batched", gas));
    farewell(&mut stage, law, &mut taken)?;
    funds::pools(&mut stage, &mut taken)?;
    drop(stage);

    taken.push(("deploy.tranche500", tranche(is_cached)?));

    let mut stage = raise(is_cached)?;
    let (gas, _) = eight(&mut stage, "eight tasks at checkpoints", true)?;
    taken.push(("mission8.batched.first", gas));
    Ok((taken, stage.city))
}

/// Ten tasks and twelve edges: a fan, a merge, a chain.
pub fn ten() -> Plan {
    let proved = |name: &str| Task::proved(name, PRICE);
    let agreed = |name: &str, mode: Mode| Task::agreed(name, 3 * PRICE, 3, 2, mode);
    Plan {
        name: "ten tasks".to_owned(),
        tasks: vec![
            proved("fetch"),
            proved("parse"),
            agreed("classify", Mode::Exact),
            proved("index"),
            agreed("estimate", Mode::Numeric),
            proved("join"),
            Task::reviewed("judge", PRICE),
            proved("draft"),
            proved("format"),
            Task::reviewed("sign off", PRICE),
        ],
        edges: vec![
            (0, 1),
            (0, 2),
            (0, 3),
            (1, 4),
            (2, 4),
            (2, 5),
            (3, 5),
            (4, 6),
            (5, 6),
            (6, 7),
            (7, 8),
            (8, 9),
        ],
        predicates: Vec::new(),
    }
}

fn deployment(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let law = stage.enact(&ten(), STAKE)?;
    let (create, deploy, finalise) = (
        law.gas_of("createMission"),
        law.gas_of("deployTranche"),
        law.gas_of("finaliseDeployment"),
    );
    taken.push(("deploy", create + deploy + finalise));
    taken.push(("deploy.createMission", create));
    taken.push(("deploy.deployTranche", deploy));
    taken.push(("deploy.finaliseDeployment", finalise));
    taken.push(("deploy.seats", law.gas_of("deploySeats")));
    taken.push(("deploy.fundMission", law.gas_of("fundMission")));
    let selector = treasury::allocateBudgetCall::SELECTOR;
    let allocated = latest(stage, &law, Peer::Treasury, selector, "allocateBudget")?;
    taken.push(("deploy.allocateBudget", allocated.all));
    Ok(())
}

/// The largest transaction that brings the pages of 500 tasks of all tiers.
fn tranche(is_cached: bool) -> Result<u64, GasError> {
    let mut stage = settled(is_cached, MANY)?;
    let (nodes, edges) = TRANCHE;
    let seed = stage.city.seed;
    let plan = Plan::random("a random graph", seed, nodes, edges, PRICE / 10);
    let law = stage.enact(&plan, STAKE)?;
    let deployed = law.charges.iter();
    let tranches = deployed.filter(|charge| charge.what.starts_with("deployTranche"));
    let what = "deployTranche";
    let largest = tranches.map(|charge| charge.gas).max();
    Ok(largest.ok_or(MissionError::Silent { what })?)
}

/// What a member spent on a function in the latest of a mission's transactions in which it was called.
fn latest(
    stage: &mut Stage,
    law: &Law,
    at: Peer,
    selector: [u8; 4],
    what: &'static str,
) -> Result<Share, MissionError> {
    let contract = stage.city.address(at);
    for charge in law.charges.iter().rev() {
        let frames = stage.breakdown(charge)?;
        if let Some(found) = share(&frames, contract, selector) {
            return Ok(found.clone());
        }
    }
    Err(MissionError::Silent { what })
}

/// A mission under way, and what was spent since somebody looked last.
pub(super) struct Watched<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) law: Law,
    seen: usize,
}

impl<'a> Watched<'a> {
    /// From a plan to an active mission.
    pub(super) fn enact(stage: &'a mut Stage, plan: &Plan) -> Result<Self, MissionError> {
        let law = stage.enact(plan, STAKE)?;
        let seen = law.charges.len();
        Ok(Self { stage, law, seen })
    }

    fn job(&self, node: u16) -> Job {
        self.stage.job(&self.law, node)
    }

    fn perform(&mut self, steps: Vec<Step>) -> Result<Vec<Outcome>, MissionError> {
        self.stage.perform(&mut self.law, steps)
    }

    /// Gas of a ruling of the panel, and what came of it.
    fn ruled<C: SolCall>(&mut self, at: Peer, call: &C) -> Result<(u64, Vec<Outcome>), GasError> {
        let step = self.stage.ruling(at, call)?;
        let outcomes = self.perform(vec![step])?;
        Ok((self.spent()?, outcomes))
    }

    /// Gas since the last time.
    fn spent(&mut self) -> Result<u64, MissionError> {
        let new = self.law.charges[self.seen..].to_vec();
        self.seen = self.law.charges.len();
        if std::env::var_os(BREAKDOWN_VARIABLE).is_some() {
            for charge in &new {
                self.stage.print_breakdown(charge)?;
            }
        }
        Ok(new.iter().map(|charge| charge.gas).sum())
    }

    /// One node by transactions of its executors, one for everything that each does. Reviewed ones wait for their ruling then.
    pub(super) fn alone(&mut self, node: u16) -> Result<u64, MissionError> {
        let steps = self.stage.works_off(&self.job(node));
        self.perform(steps)?;
        self.spent()
    }

    /// What a settlement spends on one outcome more: *agent*'s share of the last one in the latest transaction that settled several.
    fn one_outcome_more(&mut self) -> Result<u64, MissionError> {
        let agents = self.stage.city.address(Peer::Agent);
        for charge in self.law.charges.clone().iter().rev() {
            let shares = self.stage.breakdown(charge)?;
            let mut outcomes = shares.iter().filter(|share| {
                let selector = IAgent::updateReputationCall::SELECTOR;
                share.contract == agents && share.selector == selector
            });
            if let (Some(_), Some(last)) = (outcomes.next(), outcomes.next_back()) {
                return Ok(last.all);
            }
        }
        let what = "settlement of several outcomes";
        Err(MissionError::Silent { what })
    }

    /// Some nodes of tier 1 or 2 whose executors only sign: seats, results and values in one transaction each, and the nodes begun by
    /// a contract, as anybody may.
    pub(super) fn relayed(&mut self, nodes: &[u16], by: &Person) -> Result<u64, MissionError> {
        let jobs: Vec<Job> = nodes.iter().map(|node| self.job(*node)).collect();
        let contract = match jobs.len() {
            1 => None,
            _ => Some(self.stage.contract_of(by)?),
        };
        let stage = &self.stage;
        let seats: Vec<(&Job, u8)> = jobs
            .iter()
            .flat_map(|job| job.seats().map(move |seat| (job, seat)))
            .collect();
        let mut steps = vec![stage.relays_acceptances(by, &seats)];
        if let Some(contract) = contract {
            let calls: Vec<_> = jobs.iter().map(|job| stage.routing(job)).collect();
            steps.push(stage.together(&contract, Peer::Collaboration, &calls));
        } else {
            steps.extend(jobs.iter().map(|job| stage.routes(job, by)));
        }
        let is_agreed = |job: &Job| job.task.node.tier == 2;
        let handed_in = seats.iter().map(|(job, seat)| {
            let kind = if is_agreed(job) {
                ResultKind::Commit
            } else {
                ResultKind::Proof
            };
            stage.signs(job, *seat, kind)
        });
        steps.push(stage.relays(by, handed_in.collect()));
        let agreed = seats.iter().filter(|(job, _)| is_agreed(job));
        let opened: Vec<_> = agreed
            .map(|(job, seat)| stage.signs(job, *seat, ResultKind::Reveal))
            .collect();
        if !opened.is_empty() {
            steps.push(stage.relays(by, opened));
        }
        self.perform(steps)?;
        self.spent()
    }

    /// The panel approves what waits for review.
    pub(super) fn approve(&mut self, node: u16) -> Result<u64, MissionError> {
        let call = Stage::approval(&self.job(node));
        let step = self.stage.ruling(Peer::Verification, &call)?;
        self.perform(vec![step])?;
        self.spent()
    }

    /// What completes a mission whose nodes are done.
    pub(super) fn open_gate(&mut self) -> Result<u64, MissionError> {
        let monitor = self.stage.bring_monitor("monitor")?;
        let steps = self.stage.opens_gate(&self.law, &monitor);
        self.perform(steps)?;
        self.spent()
    }
}

/// A mission of four rounds of a proof, a consensus of three and a review. The same executors have the same seats in every round.
fn tiers(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let rounds = ["first", "second", "third", "last"];
    let tasks = rounds.iter().flat_map(|round| {
        [
            Task::proved(&format!("{round} fetch"), PRICE),
            Task::agreed(&format!("{round} classify"), 3 * PRICE, 3, 2, Mode::Exact),
            Task::reviewed(&format!("{round} report"), PRICE),
        ]
    });
    let plan = Plan {
        name: "all tiers".to_owned(),
        tasks: tasks.collect(),
        // One after another, but the last ones all at once: they are frozen.
        edges: (0..8)
            .map(|node| (node, node + 1))
            .chain([(8, 9), (8, 10), (8, 11)])
            .collect(),
        predicates: Vec::new(),
    };
    let courier = stage.city.person("courier")?;
    let mut all = Watched::enact(stage, &plan)?;
    taken.push(("tier1.first", all.alone(0)?));
    taken.push(("tier2.first", all.alone(1)?));
    let (handed_in, ruled) = (all.alone(2)?, all.approve(2)?);
    taken.push(("tier3.first", handed_in + ruled));
    taken.push(("tier1", all.alone(3)?));
    let selector = work::applyVerdictCall::SELECTOR;
    let advanced = latest(
        all.stage,
        &all.law,
        Peer::Collaboration,
        selector,
        "applyVerdict",
    )?;
    taken.push(("applyVerdict.own", advanced.own));
    taken.push(("tier2", all.alone(4)?));
    taken.push(("updateReputation.marginal", all.one_outcome_more()?));
    let (handed_in, ruled) = (all.alone(5)?, all.approve(5)?);
    taken.push(("tier3", handed_in + ruled));
    taken.push(("tier3.ruling", ruled));
    taken.push(("tier1.relayed", all.relayed(&[6], &courier)?));
    taken.push(("tier2.relayed", all.relayed(&[7], &courier)?));
    all.alone(8)?;
    all.approve(8)?;
    freezes(&mut all, taken)
}

/// Two nodes at work are frozen, by a monitor's report of counters beyond their limits and by the panel, which lets both go on; then it
/// aborts the mission, and pays who lost by that and who decided.
fn freezes(all: &mut Watched<'_>, taken: &mut Taken) -> Result<(), GasError> {
    let monitor = all.stage.bring_monitor("monitor")?;
    let (reported, named) = (all.job(9), all.job(11));
    let begun = [&reported, &named].map(|job| all.stage.routes(job, job.agent(0)));
    all.perform(begun.into())?;
    all.spent()?;

    let step = all.stage.accuses(&monitor, &reported, 1);
    let relayed = all.perform(vec![step])?;
    taken.push(("freeze.report", all.spent()?));

    let call = guardian::freezeNodeCall {
        missionId: named.mission,
        node: named.node,
        attempt: 0,
        agent: named.agent(0).address(),
    };
    let (gas, decided) = all.ruled(Peer::Guardian, &call)?;
    taken.push(("freeze.panel", gas));

    for (id, job, frozen, kind) in [
        ("unfreeze", &reported, relayed, UnfreezeKind::FalsePositive),
        ("unfreeze.warning", &named, decided, UnfreezeKind::Warning),
    ] {
        let call = guardian::unfreezeNodeCall {
            missionId: job.mission,
            node: job.node,
            freezeId: freeze_of(&frozen)?,
            kind,
        };
        taken.push((id, all.ruled(Peer::Guardian, &call)?.0));
    }

    let call = work::abortMissionCall {
        missionId: named.mission,
        justificationHash: keccak256("nobody needs it any more"),
    };
    taken.push(("abort", all.ruled(Peer::Collaboration, &call)?.0));
    let loser = reported.agent(0).address();
    funds::payments(all.stage, &mut all.law, loser, taken)
}

/// The freeze that some transaction put.
fn freeze_of(outcomes: &[Outcome]) -> Result<u64, MissionError> {
    let mut logs = outcomes.iter().flat_map(|outcome| &outcome.logs);
    let frozen = logs.find_map(|log| guardian::NodeFrozen::decode_log(log).ok());
    let what = "a freeze";
    Ok(frozen.ok_or(MissionError::Silent { what })?.freezeId)
}

/// Eight tasks that are proved, in ranks of two: everything from the deployed mission to the completed one.
fn eight(stage: &mut Stage, name: &str, is_batched: bool) -> Result<(u64, Law), GasError> {
    let shape = Shape {
        nodes: EIGHT,
        at_checkpoint: AT_CHECKPOINT,
    };
    let law = match is_batched {
        true => batched(stage, name, shape)?,
        false => one_by_one(stage, name, shape)?,
    };
    Ok((Bill::of_work(&law).gas, law))
}

/// An executor leaves a mission with its stake and all it earned.
fn farewell(stage: &mut Stage, mut law: Law, taken: &mut Taken) -> Result<(), GasError> {
    let window = Duration::from_secs(u64::from(P::SanctionWindowSecs.row().default) + 1);
    stage.city.client.warp(window)?;
    let agent = stage.executors[0].agent.clone();
    let steps = vec![
        stage.releases(&law, &agent, agent.address()),
        stage.withdraws(&agent),
        stage.closes(&law, &agent),
    ];
    let outcomes = stage.perform(&mut law, steps)?;
    let ids = ["releaseAgent", "withdraw", "closeEscrow"];
    taken.extend(
        ids.into_iter()
            .zip(outcomes.iter().map(|outcome| outcome.gas_used)),
    );
    // A credit that is not emptied keeps its slot.
    let part = treasury::withdrawToCall {
        to: agent.address(),
        amount: U256::from(1),
    };
    let deposit = treasury::depositCall {
        account: agent.address(),
        amount: U256::from(2),
    };
    let to = stage.city.address(Peer::Treasury);
    let client = &mut stage.city.client;
    let paid = client.pay(
        agent.signer(),
        to,
        U256::from(2),
        deposit.abi_encode().into(),
        "deposit",
    )?;
    taken.push(("deposit", paid.gas_used));
    let outcome = client.send(&agent, to, &part)?;
    taken.push(("withdrawTo", outcome.gas_used));
    Ok(())
}
