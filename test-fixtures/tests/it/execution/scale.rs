//! A random graph of tasks of all tiers, from law to everybody's money: every node routed, proved or agreed on or reviewed,
//! settled; every stake and credit taken out; the books compared to the unit. By transactions alone, with the compiled programs.
//!
//! 500 tasks in the quick run; `AGENTCITY_MISSION_NODES` asks for more, which `cargo xtask deep scale` does. `AGENTCITY_SEED` draws
//! another graph.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    ITreasury::{self as treasury, EscrowState},
    IVerification::ResultKind,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    city::Person,
    gas,
    mission::{Charge, Charter, Job, Law, Plan, Signed, Stage, Step, stage},
};
use alloy::primitives::U256;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::support::setting;

/// Tasks of the quick run.
const NODES: u16 = 500;
/// Draws graph and choices unless another is asked for.
const SEED: u64 = 20_261_128;
/// Who answers for executors, and how many each.
const PRINCIPALS: usize = 12;
const AGENTS_EACH: usize = 2;
/// A node's budget, which no number of seats divides, and a seat's stake, in base units.
const BUDGET: u128 = 30_000_000_000_059;
const STAKE: u128 = 200_000_000_000_000;
/// What each executor deposited, in base units.
const DEPOSIT: u128 = 5_000_000_000_000_000_000;
/// Nodes that are worked on at a time: far fewer than their time to execute leaves room for.
const AT_ONCE: usize = 48;
/// Results, and acceptances, of one relayed transaction.
const BATCH: usize = 64;
/// Tranches in which the largest statutes of the specification must fit.
const TRANCHES: usize = 10;
/// States of nodes in one word.
const STATES: u16 = 32;

/// A mission and those who work on it.
struct Work {
    stage: Stage,
    law: Law,
    rng: StdRng,
    /// Who relays, begins and finds out.
    courier: Person,
    /// Predecessors that are not done, by node.
    awaits: Vec<usize>,
    after: Vec<Vec<u16>>,
    ready: VecDeque<u16>,
}

impl Work {
    fn new(stage: Stage, law: Law, seed: u64, courier: Person) -> Self {
        let nodes = law.plan.tasks.len();
        let (mut awaits, mut after) = (vec![0; nodes], vec![Vec::new(); nodes]);
        for (from, to) in &law.plan.edges {
            awaits[usize::from(*to)] += 1;
            after[usize::from(*from)].push(*to);
        }
        let roots = (0..nodes as u16).filter(|node| awaits[usize::from(*node)] == 0);
        Self {
            stage,
            law,
            rng: StdRng::seed_from_u64(seed),
            courier,
            ready: roots.collect(),
            awaits,
            after,
        }
    }

    fn perform(&mut self, steps: Vec<Step>) {
        let performed = self.stage.perform(&mut self.law, steps);
        performed.unwrap_or_else(|e| panic!("{e}"));
    }

    /// Works on some of the nodes that wait for nothing. A quarter of them is done by transactions of the executors' own, of the others
    /// everything but the beginning is relayed.
    fn wave(&mut self) {
        let nodes: Vec<u16> = self.ready.drain(..AT_ONCE.min(self.ready.len())).collect();
        let jobs: Vec<(Job, bool)> = nodes
            .iter()
            .map(|node| {
                let job = self.stage.job(&self.law, *node);
                (job, self.rng.random_ratio(1, 4))
            })
            .collect();
        let alone = || jobs.iter().filter(|(_, alone)| *alone).map(|(job, _)| job);
        let relayed = || jobs.iter().filter(|(_, alone)| !alone).map(|(job, _)| job);
        let stage = &self.stage;
        let courier = &self.courier;

        // Who begins its own node takes its seat by that.
        let own = alone().flat_map(|job| job.seats().skip(1).map(move |seat| (job, seat)));
        let mut seats: Vec<Step> = own.map(|(job, seat)| stage.accepts(job, seat)).collect();
        let promised: Vec<(&Job, u8)> = relayed()
            .flat_map(|job| job.seats().map(move |seat| (job, seat)))
            .collect();
        let calls = promised.chunks(BATCH);
        seats.extend(calls.map(|seats| stage.relays_acceptances(courier, seats)));

        let begun = alone().map(|job| stage.routes(job, job.agent(0)));
        let begun = begun.chain(relayed().map(|job| stage.routes(job, courier)));
        let begun: Vec<Step> = begun.collect();

        let batches = |signed: Vec<Signed>| -> Vec<Step> {
            let calls = signed.chunks(BATCH);
            calls
                .map(|signed| stage.relays(courier, signed.to_vec()))
                .collect()
        };
        let mut handed_in = Vec::new();
        for job in alone() {
            if job.task.node.tier == 2 {
                handed_in.extend(job.seats().map(|seat| stage.commits(job, seat)));
            } else {
                handed_in.push(stage.submits(job));
            }
        }
        let signed = relayed().flat_map(|job| {
            let kind = match job.task.node.tier {
                1 => ResultKind::Proof,
                2 => ResultKind::Commit,
                _ => ResultKind::Review,
            };
            job.seats().map(move |seat| stage.signs(job, seat, kind))
        });
        handed_in.extend(batches(signed.collect()));

        let agreed = |job: &&Job| job.task.node.tier == 2;
        let opened = alone().filter(agreed).flat_map(|job| {
            let seats = job.seats();
            seats.map(move |seat| stage.reveals(job, seat))
        });
        let mut opened: Vec<Step> = opened.collect();
        let signed = relayed().filter(agreed).flat_map(|job| {
            let seats = job.seats();
            seats.map(move |seat| stage.signs(job, seat, ResultKind::Reveal))
        });
        opened.extend(batches(signed.collect()));

        let reviewed = jobs.iter().filter(|(job, _)| job.task.node.tier == 3);
        let approvals: Vec<_> = reviewed.map(|(job, _)| Stage::approval(job)).collect();
        let rulings = approvals
            .iter()
            .map(|call| self.stage.ruling(Peer::Verification, call).unwrap());
        let rulings: Vec<Step> = rulings.collect();

        for steps in [seats, begun, handed_in, opened, rulings] {
            self.perform(steps);
        }
        for node in nodes {
            for to in &self.after[usize::from(node)] {
                let awaits = &mut self.awaits[usize::from(*to)];
                *awaits -= 1;
                if *awaits == 0 {
                    self.ready.push_back(*to);
                }
            }
        }
    }

    fn mission(&mut self) -> work::Mission {
        let (to, id) = (
            self.stage.city.address(Peer::Collaboration),
            self.law.mission,
        );
        let call = work::missionCall { missionId: id };
        self.stage.city.client.ask(to, &call).unwrap()
    }

    fn require_all_completed(&mut self) {
        let nodes = self.law.written.nodes;
        let to = self.stage.city.address(Peer::Collaboration);
        for word in 0..nodes.div_ceil(STATES) {
            let call = work::nodeStatesCall {
                missionId: self.law.mission,
                word,
            };
            let states = self.stage.city.client.ask(to, &call).unwrap();
            let first = word * STATES;
            for node in first..nodes.min(first + STATES) {
                let state = states[usize::from(node - first)];
                assert_eq!(state, NodeState::Completed as u8, "node {node}");
            }
        }
    }

    /// Everybody takes what is theirs. Nothing stays but what subsidies may be paid from.
    fn leave(&mut self) {
        let everybody: Vec<Person> = {
            let executors = self.stage.executors.iter();
            executors.map(|executor| executor.agent.clone()).collect()
        };
        let heir = self.stage.city.person("heir").unwrap();
        let (sponsor, courier) = (self.stage.sponsor.clone(), self.courier.clone());
        let (law, stage) = (&self.law, &self.stage);
        let mut steps: Vec<Step> = everybody
            .iter()
            .map(|agent| stage.releases(law, &courier, agent.address()))
            .collect();
        steps.push(stage.closes(law, &courier));
        steps.extend(everybody.iter().map(|agent| stage.withdraws(agent)));
        steps.push(stage.withdraws(&sponsor));
        self.perform(steps);
        let watchers = self.stage.watchers.clone();
        self.stage.release_monitors().unwrap();
        let takes = watchers.iter();
        let takes = takes.map(|watcher| self.stage.withdraws(&watcher.monitor));
        let takes = takes.collect();
        self.perform(takes);
        let paid = self.stage.pays_out(&mut self.law, &heir);
        paid.unwrap_or_else(|e| panic!("{e}"));

        let to = self.stage.city.address(Peer::Treasury);
        let client = &mut self.stage.city.client;
        for who in everybody.iter().chain([&sponsor, &heir]) {
            let account = who.address();
            let credit = treasury::creditsCall { account };
            assert_eq!(client.ask(to, &credit).unwrap(), U256::ZERO, "{}", who.name);
            let stake = treasury::lockedStakeCall {
                missionId: self.law.mission,
                agent: account,
            };
            let stake = client.ask(to, &stake).unwrap().amount;
            assert_eq!(stake, U256::ZERO, "{}", who.name);
        }
        let escrow = treasury::escrowCall {
            missionId: self.law.mission,
        };
        let escrow = client.ask(to, &escrow).unwrap();
        assert_eq!(escrow.state, EscrowState::Closed);
        assert_eq!(escrow.deposited, escrow.settled + escrow.refunded);
    }
}

/// Transactions, gas and the largest of each kind.
fn print_tally(charges: &[Charge]) {
    let mut kinds = BTreeMap::<&str, (u64, u64, u64)>::new();
    for charge in charges {
        let kind = charge.what.split(' ').next().unwrap_or_default();
        let (count, sum, most) = kinds.entry(kind).or_default();
        *count += 1;
        *sum += charge.gas;
        *most = charge.gas.max(*most);
    }
    println!(
        "{:<20}{:>8}{:>16}{:>12}",
        "transaction", "count", "gas", "largest"
    );
    let mut all = (0, 0, 0);
    for (kind, (count, sum, most)) in kinds {
        println!("{kind:<20}{count:>8}{sum:>16}{most:>12}");
        all = (all.0 + count, all.1 + sum, all.2.max(most));
    }
    println!("{:<20}{:>8}{:>16}{:>12}", "all", all.0, all.1, all.2);
}

#[test]
fn a_random_graph_of_all_tiers_is_worked_off_settled_and_withdrawn() {
    let start = Instant::now();
    let nodes = setting("AGENTCITY_MISSION_NODES", NODES);
    let seed = setting("AGENTCITY_SEED", SEED);
    println!("AGENTCITY_SEED={seed} AGENTCITY_MISSION_NODES={nodes}");
    let mut stage = Stage::raise(&Charter::default(), PRINCIPALS, AGENTS_EACH)
        .unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
    let edges = usize::from(nodes) * 6 / 5;
    let plan = Plan::random("work for many", seed, nodes, edges, BUDGET);
    let raised = start.elapsed();
    let law = stage.legislate(&plan, STAKE);
    let mut law = law.unwrap_or_else(|e| panic!("{e}"));
    let legislated = start.elapsed();
    stage.make_law(&mut law).unwrap_or_else(|e| panic!("{e}"));
    let foretold = stage.foretell(law.session);
    assert_eq!(law.mission, foretold, "its number was foretold");
    let deployed = start.elapsed();
    let tiers = [1, 2, 3].map(|tier| plan.tasks.iter().filter(|t| t.node.tier == tier).count());
    println!(
        "{nodes} nodes ({} proved, {} agreed on, {} reviewed), {} edges, {} seats of {} agents of {PRINCIPALS} principals",
        tiers[0],
        tiers[1],
        tiers[2],
        plan.edges.len(),
        law.written.seats.len(),
        stage.executors.len(),
    );
    assert!(plan.edges.len() >= edges && tiers.iter().all(|count| *count > 0));
    let tranches = law
        .charges
        .iter()
        .filter(|c| c.what.starts_with("deployTranche"));
    assert!(tranches.clone().count() <= TRANCHES);
    let largest = tranches.map(|charge| charge.gas).max();
    let locked: u128 = law.written.seats.iter().map(|seat| seat.stake).sum();
    let books = stage.books().unwrap_or_else(|e| panic!("{e}"));
    assert!(books.balance(), "{books:?}");
    assert_eq!(books.parts.lockedStakes, U256::from(locked));
    assert_eq!(books.parts.escrows, U256::from(law.written.budget));

    let courier = stage.city.person("courier").unwrap();
    let mut all = Work::new(stage, law, seed, courier);
    let mut waves = 0;
    while !all.ready.is_empty() {
        all.wave();
        waves += 1;
    }
    let worked = start.elapsed();
    all.require_all_completed();
    let after = all.mission();
    assert_eq!((after.completed, after.failed), (nodes, 0));
    assert_eq!(after.state, MissionState::Verification);
    let monitor = all.stage.bring_monitor("monitor").unwrap();
    let bond = all.stage.watchers[0].bond;
    let gate = all.stage.opens_gate(&all.law, &monitor);
    all.perform(gate);
    assert_eq!(all.mission().state, MissionState::Completed);

    let window = Duration::from_secs(u64::from(P::SanctionWindowSecs.row().default) + 1);
    all.stage.city.client.warp(window).unwrap();
    all.leave();
    let books = all.stage.books().unwrap_or_else(|e| panic!("{e}"));
    books.print();
    assert!(books.balance(), "{books:?}");
    assert_eq!(
        books.settled,
        all.law.written.seats.len(),
        "every seat was paid"
    );
    let executors = all.stage.executors.len() as u128;
    assert_eq!(books.deposited, U256::from(executors * DEPOSIT) + bond);
    assert_eq!(books.funded, U256::from(all.law.written.budget));
    assert_eq!(
        books.deposited + books.funded,
        books.withdrawn + books.parts.subsidyBudget,
        "all that was paid in came out again, but for what subsidies may be paid from"
    );
    assert_eq!(books.booked, books.parts.subsidyBudget);

    print_tally(&all.law.legislated);
    print_tally(&all.law.charges);
    let every = all.law.legislated.iter().chain(&all.law.charges);
    let most = every.map(|charge| charge.gas).max();
    assert!(most < Some(stage::GAS), "{most:?}");
    println!("{} gas: the largest tranche", largest.unwrap_or_default());
    println!(
        "{waves} waves; raised in {raised:.1?}, legislated in {:.1?}, deployed in {:.1?}, worked off in {:.1?}, withdrawn in {:.1?}",
        legislated - raised,
        deployed - legislated,
        worked - deployed,
        start.elapsed() - worked
    );
}
