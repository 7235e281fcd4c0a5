//! Three tasks, as in the specification's example: a proof, a consensus of three principals, a review; then a second proof and a second
//! consensus by the same executors, whose cost is that of the steady state, and a third one that a stranger relays in batches. From law
//! to everybody's money, by transactions alone and with the compiled programs.

use std::time::Duration;

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    IGuardian as guardian, IService as services, IStatute as statute, ITreasury as treasury,
    IVerification::{self as results, ResultKind},
};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    signed::work::{NodeResult, SeatAcceptance},
    statute::Mode,
    verification::consensus,
};
use agentcity_test_fixtures::{
    city::Person,
    gas,
    mission::{Charge, Charter, Law, Plan, Stage, Task},
};
use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::{SolCall, SolValue},
};

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// What each executor had deposited, in base units.
const DEPOSIT: u128 = 5_000_000_000_000_000_000;
/// What DESIGN §3 gives one node of tier 1 and one of tier 2, all transactions together.
const TIER_1_CEILING: u64 = 220_000;
const TIER_2_CEILING: u64 = 450_000;

fn word(of: &str) -> B256 {
    keccak256(of)
}

/// The stage, the law, and what was spent on each node.
struct Story {
    stage: Stage,
    law: Law,
    spent: [u64; 6],
    /// Every transaction, in order.
    charges: Vec<Charge>,
}

impl Story {
    fn send<C: SolCall>(&mut self, by: &Person, peer: Peer, call: &C) -> u64 {
        let to = self.stage.city.address(peer);
        let outcome = self.stage.city.client.send(by, to, call);
        let outcome = outcome.unwrap_or_else(|e| panic!("{}: {e}", C::SIGNATURE));
        self.charges.push(Charge {
            what: C::SIGNATURE.to_owned(),
            gas: outcome.gas_used,
            hash: outcome.hash,
        });
        outcome.gas_used
    }

    fn ask<C: SolCall>(&mut self, peer: Peer, call: &C) -> C::Return {
        let to = self.stage.city.address(peer);
        let answer = self.stage.city.client.ask(to, call);
        answer.unwrap_or_else(|e| panic!("{}: {e}", C::SIGNATURE))
    }

    fn rule<C: SolCall>(&mut self, at: Peer, call: &C) -> u64 {
        let ruled = self.stage.rule(at, call);
        ruled
            .unwrap_or_else(|e| panic!("{}: {e}", C::SIGNATURE))
            .gas_used
    }

    fn node(&mut self, index: u16) -> work::Node {
        let mission_id = self.law.mission;
        self.ask(
            Peer::Collaboration,
            &work::nodeCall {
                missionId: mission_id,
                index,
            },
        )
    }

    fn state(&mut self) -> MissionState {
        let call = work::missionCall {
            missionId: self.law.mission,
        };
        self.ask(Peer::Collaboration, &call).state
    }

    fn agent(&self, executor: usize) -> Person {
        self.stage.executors[executor].agent.clone()
    }

    /// Executors take their seats; the last one begins the work, which takes its own.
    fn route(&mut self, node: u16, executors: &[usize]) {
        let mission_id = self.law.mission;
        let hashes = self.hashes(executors);
        let (last, others) = executors.split_last().expect("a seat");
        for executor in others {
            let by = self.agent(*executor);
            let call = work::acceptSeatCall {
                missionId: mission_id,
                node,
            };
            self.spent[usize::from(node)] += self.send(&by, Peer::Collaboration, &call);
        }
        let call = work::routeTaskCall {
            missionId: mission_id,
            node,
            liveCodeHashes: hashes,
        };
        let by = self.agent(*last);
        self.spent[usize::from(node)] += self.send(&by, Peer::Collaboration, &call);
        assert_eq!(self.node(node).state, NodeState::Executing);
    }

    fn submit(&mut self, node: u16, executor: usize) {
        let terms = &self.law.plan.tasks[usize::from(node)].terms;
        let call = results::submitResultCall {
            missionId: self.law.mission,
            node,
            terms: terms.clone(),
            outputHash: word("output"),
            trailRoot: word("trail"),
            proof: (word("input"), word("salt")).abi_encode().into(),
        };
        let by = self.agent(executor);
        self.spent[usize::from(node)] += self.send(&by, Peer::Verification, &call);
    }

    fn agree(&mut self, node: u16, executors: &[usize]) {
        let value = word("label");
        for executor in executors {
            let by = self.agent(*executor);
            let commitment = self.seal(node, &by, value);
            let call = results::commitResultCall {
                missionId: self.law.mission,
                node,
                commitment,
                trailRoot: word("trail"),
            };
            self.spent[usize::from(node)] += self.send(&by, Peer::Verification, &call);
        }
        for executor in executors {
            let by = self.agent(*executor);
            let call = results::revealResultCall {
                missionId: self.law.mission,
                node,
                executor: by.address(),
                value: value.to_vec().into(),
                salt: word(&by.name),
            };
            self.spent[usize::from(node)] += self.send(&by, Peer::Verification, &call);
        }
    }

    /// The commitment of an executor to a value.
    fn seal(&mut self, node: u16, executor: &Person, value: B256) -> B256 {
        let sealed = (
            self.law.mission,
            U256::from(node),
            U256::from(self.node(node).attempt),
            executor.address(),
            keccak256(value),
            word(&executor.name),
        );
        keccak256(sealed.abi_encode())
    }

    /// The same life of a node, relayed by a stranger: acceptances, route, commitments and reveals in a transaction each.
    fn relay(&mut self, node: u16, executors: &[usize], relay: &Person) {
        let (mission, value) = (self.law.mission, word("label"));
        let attempt = self.node(node).attempt;
        let people: Vec<Person> = executors.iter().map(|one| self.agent(*one)).collect();
        let deadline = self.stage.city.client.now().unwrap() + 600;
        let mut accept = statute::acceptSeatsCall {
            acceptances: Vec::new(),
            signatures: Vec::new(),
        };
        for person in &people {
            let signed = SeatAcceptance {
                mission_id: mission,
                node,
                attempt,
                executor: person.address(),
                deadline,
            };
            let digest = self.stage.city.digest(Peer::Statute, &signed.words());
            accept.signatures.push(person.sign(digest));
            accept.acceptances.push(statute::SeatAcceptance {
                missionId: mission,
                node,
                attempt,
                executor: person.address(),
                deadline,
            });
        }
        let accepted = self.send(relay, Peer::Statute, &accept);
        let route = work::routeTaskCall {
            missionId: mission,
            node,
            liveCodeHashes: self.hashes(executors),
        };
        let routed = self.send(relay, Peer::Collaboration, &route);
        let mut trails = B256::ZERO;
        let mut commits = Vec::new();
        for (seat, person) in (0..).zip(&people) {
            let sealed = self.seal(node, person, value);
            let trail = word(&format!("trail of {}", person.name));
            trails = keccak256(consensus::trails(&trails, seat, &trail).concat());
            commits.push((ResultKind::Commit, sealed, trail, Vec::new()));
        }
        let committed = self.batch((node, attempt), &people, commits, deadline, relay);
        let open = |person: &Person| {
            let proof = (value, word(&person.name)).abi_encode();
            (ResultKind::Reveal, keccak256(value), trails, proof)
        };
        let reveals = people.iter().map(open).collect();
        let revealed = self.batch((node, attempt), &people, reveals, deadline, relay);
        println!(
            "relayed: {accepted} accepted, {routed} routed, {committed} committed, {revealed} revealed"
        );
        self.spent[usize::from(node)] = accepted + routed + committed + revealed;
    }

    /// Results of one kind, one of each executor.
    fn batch(
        &mut self,
        (node, attempt): (u16, u8),
        people: &[Person],
        results: Vec<(ResultKind, B256, B256, Vec<u8>)>,
        deadline: u64,
        relay: &Person,
    ) -> u64 {
        let mut call = results::submitBatchCall {
            results: Vec::new(),
            terms: Vec::new(),
            signatures: Vec::new(),
        };
        for (person, (kind, output_hash, trail_root, proof)) in people.iter().zip(results) {
            let signed = NodeResult {
                mission_id: self.law.mission,
                node,
                attempt,
                kind: kind as u8,
                executor: person.address(),
                output_hash,
                trail_root,
                proof: keccak256(&proof),
                deadline,
            };
            let digest = self.stage.city.digest(Peer::Verification, &signed.words());
            call.signatures.push(person.sign(digest));
            call.results.push(results::NodeResult {
                missionId: self.law.mission,
                node,
                attempt,
                kind,
                executor: person.address(),
                outputHash: output_hash,
                trailRoot: trail_root,
                proof: proof.into(),
                deadline,
            });
        }
        self.send(relay, Peer::Verification, &call)
    }

    fn hashes(&mut self, executors: &[usize]) -> Vec<B256> {
        let mut hashes = Vec::with_capacity(executors.len());
        for executor in executors {
            let service = self.stage.executors[*executor].service;
            let call = services::standingCall { service };
            hashes.push(self.ask(Peer::Service, &call).codeHash);
        }
        hashes
    }

    fn warp(&mut self, by: P) {
        let seconds = u64::from(by.row().default) + 1;
        let warped = self.stage.city.client.warp(Duration::from_secs(seconds));
        warped.unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn three_tasks_are_legislated_done_paid_and_withdrawn() {
    let mut stage = Stage::raise(&Charter::default(), 5, 1).unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
    let plan = Plan {
        name: "three tasks".to_owned(),
        tasks: vec![
            Task::proved("fetch and parse", PRICE),
            Task::agreed("classify", 3 * PRICE, 3, 2, Mode::Exact),
            Task::reviewed("report", PRICE),
            Task::proved("fetch and parse again", PRICE),
            Task::agreed("classify again", 3 * PRICE, 3, 2, Mode::Exact),
            Task::agreed("classify in batches", 3 * PRICE, 3, 2, Mode::Exact),
        ],
        edges: vec![(0, 1), (0, 3), (1, 2), (3, 4), (2, 5)],
        predicates: Vec::new(),
    };
    let law = stage.enact(&plan, STAKE).unwrap_or_else(|e| panic!("{e}"));
    let mission = law.mission;
    assert_eq!(
        mission,
        stage.foretell(law.session),
        "its number was foretold"
    );
    let mut story = Story {
        stage,
        law,
        spent: [0; 6],
        charges: Vec::new(),
    };
    assert_eq!(story.state(), MissionState::Active);

    story.route(0, &[0]);
    story.submit(0, 0);
    assert_eq!(story.node(0).state, NodeState::Completed);

    story.route(1, &[1, 2, 3]);
    story.agree(1, &[1, 2, 3]);
    assert_eq!(
        story.node(1).state,
        NodeState::Completed,
        "the last reveal settles"
    );

    story.route(2, &[4]);
    story.submit(2, 4);
    assert_eq!(story.node(2).state, NodeState::PendingReview);
    let decision = results::decideReviewCall {
        missionId: mission,
        node: 2,
        attempt: story.node(2).attempt,
        approved: true,
        score: 900,
        seat: 0,
    };
    story.rule(Peer::Verification, &decision);
    story.route(3, &[0]);
    story.submit(3, 0);
    story.route(4, &[1, 2, 3]);
    story.agree(4, &[1, 2, 3]);
    let relay = story.stage.city.person("relay").unwrap();
    story.relay(5, &[4, 0, 1], &relay);
    assert_eq!(story.state(), MissionState::Verification);

    // A monitor compares its log with the chain, and the gate opens.
    let monitor = story.stage.bring_monitor("monitor");
    let monitor = monitor.unwrap_or_else(|e| panic!("{e}"));
    let reconcile = guardian::reconcileCall {
        missionId: mission,
        logRoot: word("log"),
    };
    story.send(&monitor, Peer::Guardian, &reconcile);
    let filter = guardian::filterOutputCall { missionId: mission };
    story.send(&monitor, Peer::Guardian, &filter);
    assert_eq!(story.state(), MissionState::Completed);

    story.warp(P::SanctionWindowSecs);
    let mut paid_out = 0;
    // Who reviews stakes more.
    let review = story.law.plan.stake(2, STAKE);
    for (executor, stake) in [3 * STAKE, 3 * STAKE, 2 * STAKE, 2 * STAKE, review + STAKE]
        .into_iter()
        .enumerate()
    {
        let agent = story.agent(executor);
        let account = agent.address();
        let credit = |story: &mut Story| {
            let call = treasury::creditsCall { account };
            story.ask(Peer::Treasury, &call).to::<u128>()
        };
        let paid = credit(&mut story);
        let release = work::releaseAgentCall {
            missionId: mission,
            agent: account,
        };
        story.send(&monitor, Peer::Collaboration, &release);
        assert_eq!(credit(&mut story) - paid, stake, "the stake came back");
        paid_out += credit(&mut story);
        story.send(&agent, Peer::Treasury, &treasury::withdrawCall {});
        assert_eq!(credit(&mut story), 0);
    }
    let close = treasury::closeEscrowCall { missionId: mission };
    story.send(&monitor, Peer::Treasury, &close);
    let parts = story.ask(Peer::Treasury, &treasury::partsCall {});
    assert_eq!(
        (parts.escrows, parts.lockedStakes),
        (U256::ZERO, U256::ZERO)
    );
    assert_eq!(parts.bonds, story.stage.watchers[0].bond);
    // What the sponsor paid is with the executors, beside what they had deposited, and with the funds.
    let kept = (parts.treasury + parts.subsidyBudget + parts.insurance).to::<u128>();
    assert_eq!(paid_out + kept, 5 * DEPOSIT + 12 * PRICE);
    assert!(
        kept > 0 && kept <= 12 * PRICE * 3 / 100,
        "fees and reserves, less subsidies"
    );
    let booked = story.ask(Peer::Treasury, &treasury::bookedCall {});
    let sponsor = story.stage.sponsor.address();
    let rest = story.ask(Peer::Treasury, &treasury::creditsCall { account: sponsor });
    assert_eq!(
        booked,
        U256::from(kept) + rest + parts.bonds,
        "nothing is left but the funds and the monitor's bond"
    );

    for (spent, ceiling, what) in [
        (story.spent[0], TIER_1_CEILING, "tier 1, first of its kind"),
        (story.spent[3], TIER_1_CEILING, "tier 1, steady state"),
        (
            story.spent[1],
            TIER_2_CEILING,
            "tier 2 of three, first of its kind",
        ),
        (
            story.spent[4],
            TIER_2_CEILING,
            "tier 2 of three, steady state",
        ),
        (
            story.spent[5],
            TIER_2_CEILING,
            "tier 2 of three, relayed in batches",
        ),
    ] {
        let judged = if spent > ceiling { "above" } else { "within" };
        println!("{spent:>9} gas  {what}: {judged} {ceiling}");
    }
    for charge in std::mem::take(&mut story.charges) {
        story
            .stage
            .print_breakdown(&charge)
            .unwrap_or_else(|e| panic!("{e}"));
    }
    println!("{:>9} gas  tier 3, without the ruling", story.spent[2]);
}
