//! Short words for what people do in a mission. A scene is a stage whose every verb must succeed, or be refused with exactly the error
//! that is named; it panics otherwise, because the story cannot go on.

use super::{
    Law, Plan, Stage,
    result::{self, Sealed},
};
use crate::{
    city::{CallError, Charter, Person, life::GOOD_UNTIL},
    gas,
    sender::Outcome,
};
use agentcity_abi::{
    IAgent, ICollaboration as work, IEnactment as enactment, IGuardian as guardian,
    ILegislature as legislature,
    IRoster::ProgramKind,
    IService, ISettlementToken, IStatute, ITreasury,
    IVerification::{self as results, NodeResult},
};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    signed::{
        identity::{PrincipalAcceptance, PrincipalRelease},
        work::{MonitorReport, SeatAcceptance},
    },
    statute::Seat,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolError, SolEvent},
};
use std::{fmt::Debug, time::Duration};

/// A stage, and short words for what happens on it.
#[derive(Debug)]
pub struct Scene {
    /// The city and its people.
    pub stage: Stage,
    /// Somebody who is nobody: neither an agent nor a principal.
    pub stranger: Person,
}

/// What a refused call says.
#[track_caller]
pub(super) fn said(error: &CallError) -> Bytes {
    match error.refusal() {
        Some(refusal) => refusal.0.clone(),
        None => panic!("{error}"),
    }
}

/// What an outcome tells of one event, in order.
pub fn told<E: SolEvent>(outcome: &Outcome) -> Vec<E> {
    let logs = outcome.logs.iter();
    logs.filter_map(|log| E::decode_log(log).ok())
        .map(|log| log.data)
        .collect()
}

/// A parameter's default, in seconds: milliseconds are rounded up, as contracts do.
pub fn seconds(id: P) -> u64 {
    let row = id.row();
    let value = u64::from(row.default);
    if format!("{id:?}").ends_with("Ms") {
        value.div_ceil(1_000)
    } else {
        value
    }
}

impl Scene {
    /// Raises a stage with its programs in the cache.
    #[track_caller]
    pub fn raise(charter: &Charter, principals: usize, agents_each: usize) -> Self {
        let stage = Stage::raise(charter, principals, agents_each);
        let mut stage = stage.unwrap_or_else(|e| panic!("{e}"));
        gas::cache_city(&stage.city).unwrap_or_else(|e| panic!("{e}"));
        let stranger = stage.city.person("stranger");
        let stranger = stranger.unwrap_or_else(|e| panic!("{e}"));
        Self { stage, stranger }
    }

    /// Somebody new, with coins, and tokens where the city pays in them.
    #[track_caller]
    pub fn person(&mut self, name: &str) -> Person {
        let person = self.stage.city.person(name);
        let person = person.unwrap_or_else(|e| panic!("{e}"));
        let given = self.stage.city.give_tokens(std::slice::from_ref(&person));
        given.unwrap_or_else(|e| panic!("{e}"));
        person
    }

    /// An executor's agent.
    pub fn agent(&self, executor: usize) -> Person {
        self.stage.executors[executor].agent.clone()
    }

    /// Address of a member.
    pub fn at(&self, peer: Peer) -> Address {
        self.stage.city.address(peer)
    }

    /// Somebody calls a member.
    #[track_caller]
    pub fn send<C: SolCall>(&mut self, by: &Person, peer: Peer, call: &C) -> Outcome {
        let to = self.at(peer);
        let sent = self.stage.city.client.send(by, to, call);
        sent.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Somebody pays a member with a call: coins go along, tokens are taken.
    #[track_caller]
    pub fn pay<C: SolCall>(&mut self, by: &Person, peer: Peer, amount: u128, call: &C) -> Outcome {
        let (to, value) = (self.at(peer), self.stage.city.value_of(U256::from(amount)));
        let what = format!("{} by {}", C::SIGNATURE, by.name);
        let input = call.abi_encode().into();
        let client = &mut self.stage.city.client;
        let paid = client.pay(by.signer(), to, value, input, what);
        paid.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Somebody calls a member and is refused with exactly this.
    #[track_caller]
    pub fn refused<C: SolCall, E: SolError + Debug>(
        &mut self,
        by: &Person,
        peer: Peer,
        call: &C,
        expected: &E,
    ) {
        let to = self.at(peer);
        self.refused_at(by, to, call, expected);
    }

    /// The same of any contract.
    #[track_caller]
    pub fn refused_at<C: SolCall, E: SolError + Debug>(
        &mut self,
        by: &Person,
        to: Address,
        call: &C,
        expected: &E,
    ) {
        let sent = self.stage.city.client.send(by, to, call);
        let Err(error) = sent else {
            panic!("{} by {} passed", C::SIGNATURE, by.name);
        };
        let (found, bytes) = (said(&error), expected.abi_encode());
        let known = E::abi_decode(&found);
        assert_eq!(found, bytes, "{expected:?} expected, {known:?} said");
    }

    /// Asks a member.
    #[track_caller]
    pub fn ask<C: SolCall>(&mut self, peer: Peer, call: &C) -> C::Return {
        let to = self.at(peer);
        let answer = self.stage.city.client.ask(to, call);
        answer.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The panel rules.
    #[track_caller]
    pub fn rule<C: SolCall>(&mut self, at: Peer, call: &C) -> Outcome {
        let ruled = self.stage.rule(at, call);
        ruled.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The panel rules, and is refused with exactly this.
    #[track_caller]
    pub fn overruled<C: SolCall, E: SolError + Debug>(&mut self, at: Peer, call: &C, expected: &E) {
        let Err(error) = self.stage.rule(at, call) else {
            panic!("{} by the panel passed", C::SIGNATURE);
        };
        assert_eq!(said(&error), expected.abi_encode(), "{expected:?} expected");
    }

    /// The panel approves a program as it is.
    #[track_caller]
    pub fn approve(&mut self, program: Address, kind: ProgramKind) -> B256 {
        let approved = self.stage.approve(program, kind);
        approved.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The panel takes back what it approved.
    #[track_caller]
    pub fn revoke(&mut self, program: Address, kind: ProgramKind) {
        let revoked = self.stage.revoke(program, kind);
        revoked.unwrap_or_else(|e| panic!("{e}"));
    }

    /// Creates a contract of the fixtures.
    #[track_caller]
    pub fn create(&mut self, by: &Person, artifact: &str, arguments: &[u8]) -> Address {
        let created = self.stage.city.contract(by, artifact, arguments);
        created.unwrap_or_else(|e| panic!("{artifact}: {e}"))
    }

    // ------------------------------------------------------------------ time

    /// Time of the newest block.
    #[track_caller]
    pub fn now(&mut self) -> u64 {
        let now = self.stage.city.client.now();
        now.unwrap_or_else(|e| panic!("{e}"))
    }

    /// So many seconds pass.
    #[track_caller]
    pub fn pass(&mut self, secs: u64) {
        let warped = self.stage.city.client.warp(Duration::from_secs(secs));
        warped.unwrap_or_else(|e| panic!("{e}"));
    }

    /// It becomes this instant: the newest block has it.
    #[track_caller]
    pub fn until(&mut self, instant: u64) {
        let reached = self.stage.city.client.warp_to(instant);
        reached.unwrap_or_else(|e| panic!("{e}"));
    }

    /// A way out that is open from the second after `from` on: a stranger is refused until then, and goes out then.
    #[track_caller]
    pub fn out_after<C: SolCall>(&mut self, from: u64, peer: Peer, call: &C) -> Outcome {
        self.until(from);
        let to = self.at(peer);
        let (stranger, client) = (self.stranger.address(), &mut self.stage.city.client);
        let early = client.try_call(stranger, to, U256::ZERO, &call.abi_encode());
        let Err(error) = early else {
            panic!("{} is open at {from}", C::SIGNATURE);
        };
        let found = said(&error);
        let expected = work::TooEarly {
            from: U256::from(from + 1).to(),
        };
        let known = work::TooEarly::abi_decode(&found);
        assert_eq!(found, expected.abi_encode(), "{expected:?}, {known:?} said");
        self.until(from + 1);
        let stranger = self.stranger.clone();
        self.send(&stranger, peer, call)
    }

    // ------------------------------------------------------------------ missions

    /// Takes a plan through its session.
    #[track_caller]
    pub fn legislate(&mut self, plan: &Plan, stake: u128) -> Law {
        let law = self.stage.legislate(plan, stake);
        law.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The same with these bids.
    #[track_caller]
    pub fn legislate_with(&mut self, plan: &Plan, bids: &[Seat]) -> Law {
        let law = self.stage.legislate_with(plan, bids);
        law.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Takes a plan to an active mission.
    #[track_caller]
    pub fn enact(&mut self, plan: &Plan, stake: u128) -> Law {
        let law = self.stage.enact(plan, stake);
        law.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The same with these bids.
    #[track_caller]
    pub fn enact_with(&mut self, plan: &Plan, bids: &[Seat]) -> Law {
        let mut law = self.legislate_with(plan, bids);
        let made = self.stage.make_law(&mut law);
        made.unwrap_or_else(|e| panic!("{e}"));
        law
    }

    /// Seats of single executors: for each task one of the stage's, by number.
    pub fn seats(&self, plan: &Plan, executors: &[usize], stake: u128) -> Vec<Seat> {
        let places = plan.tasks.iter().zip(executors).zip(0u16..);
        let seats = places.map(|((task, executor), node)| {
            let executor = &self.stage.executors[*executor];
            let agent = executor.agent.address();
            Seat {
                node,
                seat: 0,
                agent,
                price: task.node.share(),
                stake: plan.stake(node, stake),
                source: agent.into_word(),
                service: executor.service,
            }
        });
        seats.collect()
    }

    /// Where a mission stands.
    #[track_caller]
    pub fn mission(&mut self, law: &Law) -> work::Mission {
        let call = work::missionCall {
            missionId: law.mission,
        };
        self.ask(Peer::Collaboration, &call)
    }

    /// Its state.
    #[track_caller]
    pub fn state(&mut self, law: &Law) -> work::MissionState {
        self.mission(law).state
    }

    /// Where a node stands.
    #[track_caller]
    pub fn node(&mut self, law: &Law, index: u16) -> work::Node {
        let call = work::nodeCall {
            missionId: law.mission,
            index,
        };
        self.ask(Peer::Collaboration, &call)
    }

    /// The call that routes a node whose seats these executors have, in the order of the seats.
    #[track_caller]
    pub fn routing(&mut self, law: &Law, node: u16, executors: &[usize]) -> work::routeTaskCall {
        let hashes = executors.iter().map(|executor| {
            let service = self.stage.executors[*executor].service;
            let call = IService::standingCall { service };
            self.ask(Peer::Service, &call).codeHash
        });
        let hashes = hashes.collect();
        work::routeTaskCall {
            missionId: law.mission,
            node,
            liveCodeHashes: hashes,
        }
    }

    /// An executor takes its seat.
    #[track_caller]
    pub fn accept(&mut self, law: &Law, node: u16, executor: usize) -> Outcome {
        let call = work::acceptSeatCall {
            missionId: law.mission,
            node,
        };
        let agent = self.agent(executor);
        self.send(&agent, Peer::Collaboration, &call)
    }

    /// Executors take their seats; the last one begins the work, which takes its own.
    #[track_caller]
    pub fn route(&mut self, law: &Law, node: u16, executors: &[usize]) -> Outcome {
        let routing = self.routing(law, node, executors);
        let (last, others) = executors.split_last().expect("a seat");
        for executor in others {
            self.accept(law, node, *executor);
        }
        let agent = self.agent(*last);
        let routed = self.send(&agent, Peer::Collaboration, &routing);
        assert_eq!(self.node(law, node).state, work::NodeState::Executing);
        routed
    }

    /// An executor hands in its result of a node of tier 1 or 3, which holds.
    #[track_caller]
    pub fn submit(&mut self, law: &Law, node: u16, executor: usize) -> Outcome {
        let terms = &law.plan.tasks[usize::from(node)].terms;
        let call = result::submission(law.mission, node, terms, result::proof());
        let agent = self.agent(executor);
        self.send(&agent, Peer::Verification, &call)
    }

    /// An executor seals a label.
    #[track_caller]
    pub fn seal(&mut self, law: &Law, node: u16, executor: usize, label: &str) -> Sealed {
        let attempt = self.node(law, node).attempt;
        let agent = self.agent(executor);
        let sealed = Sealed::of(agent.address(), label);
        let call = sealed.commit(law.mission, node, attempt);
        self.send(&agent, Peer::Verification, &call);
        sealed
    }

    /// A stranger opens what was sealed, as anybody may who knows it.
    #[track_caller]
    pub fn open(&mut self, law: &Law, node: u16, sealed: &Sealed) -> Outcome {
        let by = self.stranger.clone();
        let call = sealed.reveal(law.mission, node);
        self.send(&by, Peer::Verification, &call)
    }

    /// A monitor with a principal and a scorer of its own.
    #[track_caller]
    pub fn monitor(&mut self, name: &str) -> Person {
        let monitor = self.stage.bring_monitor(name);
        monitor.unwrap_or_else(|e| panic!("{e}"))
    }

    /// A monitor of this principal, with a scorer of its own.
    #[track_caller]
    pub fn monitor_of(&mut self, name: &str, principal: &Person) -> Person {
        let monitor = self.stage.bring_monitor_of(name, principal);
        monitor.unwrap_or_else(|e| panic!("{e}"))
    }

    /// A failed node of one seat goes to another executor, by a session of its own.
    #[track_caller]
    pub fn reassign(
        &mut self,
        law: &Law,
        node: u16,
        executor: usize,
        (price, stake): (u128, u128),
    ) -> Seat {
        let executor = self.stage.executors[executor].clone();
        let agent = executor.agent.address();
        let seat = Seat {
            node,
            seat: 0,
            agent,
            price,
            stake,
            source: agent.into_word(),
            service: executor.service,
        };
        let session = self.stage.legislate_anew(law, node, &[seat]);
        let call = enactment::applyReassignmentCall {
            sessionId: session.unwrap_or_else(|e| panic!("{e}")),
        };
        let stranger = self.stranger.clone();
        self.send(&stranger, Peer::Enactment, &call);
        seat
    }

    /// An agent that is bound to nothing passes to another principal, as both agree.
    #[track_caller]
    pub fn passes_to(&mut self, agent: &Person, from: &Person, to: &Person) {
        let account = agent.address();
        let record = self.ask(Peer::Agent, &IAgent::agentRecordCall { agent: account });
        let nonce = |scene: &mut Self, signer: &Person| {
            let principal = signer.address();
            let call = IAgent::principalRecordCall { principal };
            let own = u64::from(scene.ask(Peer::Agent, &call).nonce);
            let [registrations, changes] = [record.registrations, record.changes].map(u64::from);
            own << 48 | registrations << 32 | changes << 16 | u64::from(record.releases)
        };
        let release = PrincipalRelease {
            agent: account,
            from: from.address(),
            to: to.address(),
            nonce: nonce(self, from),
            deadline: GOOD_UNTIL,
        };
        let call = IAgent::proposePrincipalCall {
            agent: account,
            to: to.address(),
            deadline: GOOD_UNTIL,
            consent: self.signature(from, Peer::Agent, &release.words()),
        };
        self.send(agent, Peer::Agent, &call);
        let acceptance = PrincipalAcceptance {
            agent: account,
            from: from.address(),
            to: to.address(),
            max_sub_agents: 0,
            nonce: nonce(self, to),
            deadline: GOOD_UNTIL,
        };
        let call = IAgent::acceptPrincipalCall {
            agent: account,
            maxSubAgents: 0,
            deadline: GOOD_UNTIL,
            consent: self.signature(to, Peer::Agent, &acceptance.words()),
        };
        self.send(agent, Peer::Agent, &call);
    }

    // ------------------------------------------------------------------ what is signed

    /// What a monitor counted of an agent's first attempt at a node.
    pub fn counters(
        &self,
        law: &Law,
        (node, agent): (u16, Address),
        monitor: &Person,
        (sequence, tools): (u64, u32),
    ) -> guardian::MonitorReport {
        guardian::MonitorReport {
            missionId: law.mission,
            node,
            attempt: 0,
            agent,
            kind: guardian::ReportKind::Counters,
            deviation: 0,
            toolInvocations: tools,
            messageVolume: 0,
            evidenceHash: keccak256("evidence"),
            sequence,
            deadline: GOOD_UNTIL,
            monitor: monitor.address(),
        }
    }

    /// The call that relays reports, each signed by whom it stands beside.
    pub fn reporting(
        &self,
        reports: &[(&guardian::MonitorReport, &Person)],
    ) -> guardian::reportCall {
        let signatures = reports.iter().map(|(report, by)| {
            let words = MonitorReport {
                mission_id: report.missionId,
                node: report.node,
                attempt: report.attempt,
                agent: report.agent,
                kind: report.kind as u8,
                deviation: report.deviation,
                tool_invocations: report.toolInvocations,
                message_volume: report.messageVolume,
                evidence_hash: report.evidenceHash,
                sequence: report.sequence,
                deadline: report.deadline,
                monitor: report.monitor,
            }
            .words();
            self.signature(by, Peer::Guardian, &words)
        });
        guardian::reportCall {
            signatures: signatures.collect(),
            reports: reports
                .iter()
                .map(|(report, _)| (*report).clone())
                .collect(),
        }
    }

    /// A stranger relays reports.
    #[track_caller]
    pub fn relay(&mut self, reports: &[(&guardian::MonitorReport, &Person)]) -> Outcome {
        let (stranger, call) = (self.stranger.clone(), self.reporting(reports));
        self.send(&stranger, Peer::Guardian, &call)
    }

    /// What somebody signs for a member.
    pub fn signature(&self, by: &Person, peer: Peer, words: &[B256]) -> Bytes {
        by.sign(self.stage.city.digest(peer, words))
    }

    /// A result as its executor signs it.
    pub fn signed_result(&self, by: &Person, result: &NodeResult) -> Bytes {
        self.signature(by, Peer::Verification, &result::signed(result))
    }

    /// The words of an acceptance that are signed.
    pub fn acceptance(of: &IStatute::SeatAcceptance) -> Vec<B256> {
        let words = SeatAcceptance {
            mission_id: of.missionId,
            node: of.node,
            attempt: of.attempt,
            executor: of.executor,
            deadline: of.deadline,
        }
        .words();
        words.to_vec()
    }

    // ------------------------------------------------------------------ money

    /// What the treasury owes an account.
    #[track_caller]
    pub fn credit(&mut self, account: Address) -> u128 {
        let call = ITreasury::creditsCall { account };
        self.ask(Peer::Treasury, &call).to()
    }

    /// What an agent has at stake in a mission.
    #[track_caller]
    pub fn staked(&mut self, law: &Law, agent: Address) -> u128 {
        let call = ITreasury::lockedStakeCall {
            missionId: law.mission,
            agent,
        };
        self.ask(Peer::Treasury, &call).amount.to()
    }

    /// An agent's reputation, in thousandths of a point.
    #[track_caller]
    pub fn reputation(&mut self, agent: Address) -> u32 {
        let call = IAgent::agentRecordCall { agent };
        self.ask(Peer::Agent, &call).reputation
    }

    /// Somebody pays into its own credit.
    #[track_caller]
    pub fn deposit(&mut self, by: &Person, amount: u128) -> Outcome {
        let call = ITreasury::depositCall {
            account: by.address(),
            amount: U256::from(amount),
        };
        self.pay(by, Peer::Treasury, amount, &call)
    }

    /// What an account holds of what the city pays in.
    #[track_caller]
    pub fn purse(&mut self, account: Address) -> u128 {
        let client = &mut self.stage.city.client;
        let held = match self.stage.city.genesis.asset {
            None => client.balance(account).unwrap_or_else(|e| panic!("{e}")),
            Some(token) => {
                let call = ISettlementToken::balanceOfCall { account };
                client.ask(token, &call).unwrap_or_else(|e| panic!("{e}"))
            }
        };
        held.to()
    }

    /// The parts of the treasury's books, which add up to what is booked, which it holds (INV-TREASURY-01).
    #[track_caller]
    pub fn books(&mut self) -> ITreasury::Parts {
        let parts = self.ask(Peer::Treasury, &ITreasury::partsCall {});
        let booked = self.ask(Peer::Treasury, &ITreasury::bookedCall {});
        let sum = [
            parts.escrows,
            parts.reservedStakes,
            parts.lockedStakes,
            parts.bonds,
            parts.treasury,
            parts.subsidyBudget,
            parts.insurance,
            parts.pools,
            parts.credits,
        ];
        let sum: U256 = sum.into_iter().sum();
        assert_eq!(sum, booked, "the parts are what is booked");
        let treasury = self.at(Peer::Treasury);
        assert_eq!(
            U256::from(self.purse(treasury)),
            booked,
            "all of it is there"
        );
        parts
    }

    /// Whoever comes along clears an ended mission away: stakes once they may go, obligations, the rest of the escrow, and what is
    /// reserved for seats that were never brought. Nothing of it is left.
    #[track_caller]
    pub fn clear(&mut self, law: &Law) {
        let call = ITreasury::escrowCall {
            missionId: law.mission,
        };
        let release_at = self.ask(Peer::Treasury, &call).releaseAt.to::<u64>();
        if self.now() <= release_at {
            self.until(release_at + 1);
        }
        let stranger = self.stranger.clone();
        let mut agents: Vec<Address> = law.written.seats.iter().map(|seat| seat.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        for agent in agents {
            let call = work::releaseAgentCall {
                missionId: law.mission,
                agent,
            };
            let to = self.at(Peer::Collaboration);
            let client = &mut self.stage.city.client;
            match client.send(&stranger, to, &call) {
                Ok(_) => {}
                // Seats that were never brought have nobody.
                Err(error) if work::NotSeated::abi_decode(&said(&error)).is_ok() => {}
                Err(error) => panic!("{error}"),
            }
            assert_eq!(self.staked(law, agent), 0);
        }
        let close = ITreasury::closeEscrowCall {
            missionId: law.mission,
        };
        self.send(&stranger, Peer::Treasury, &close);
        let escrow = self.ask(Peer::Treasury, &call);
        assert_eq!(escrow.state, ITreasury::EscrowState::Closed);
        assert_eq!(escrow.deposited, escrow.settled + escrow.refunded);
        self.free_bids(law);
    }

    /// Whoever comes along frees what a session's bids still reserve.
    #[track_caller]
    pub fn free_bids(&mut self, law: &Law) {
        let mut reserved = false;
        for seat in &law.written.seats {
            let call = ITreasury::reservedStakeCall {
                sessionId: law.session,
                source: seat.source,
                agent: seat.agent,
            };
            reserved |= !self.ask(Peer::Treasury, &call).is_zero();
        }
        if reserved {
            let call = legislature::releaseBidsCall {
                sessionId: law.session,
                bids: (0..law.bids).collect(),
            };
            let stranger = self.stranger.clone();
            self.send(&stranger, Peer::Legislature, &call);
        }
    }

    /// Somebody takes what it is owed; how much that was. What it holds grows by exactly that, beside what the transaction costs.
    #[track_caller]
    pub fn withdraw(&mut self, by: &Person) -> u128 {
        let owed = self.credit(by.address());
        if owed == 0 {
            return 0;
        }
        let before = self.purse(by.address());
        let outcome = self.send(by, Peer::Treasury, &ITreasury::withdrawCall {});
        let paid = told::<ITreasury::Withdrawn>(&outcome);
        assert_eq!(paid.len(), 1);
        assert_eq!(
            (paid[0].to, paid[0].amount),
            (by.address(), U256::from(owed))
        );
        let fee = if self.stage.city.pays_in_token() {
            0
        } else {
            outcome.fee()
        };
        assert_eq!(self.purse(by.address()), before + owed - fee);
        assert_eq!(self.credit(by.address()), 0);
        owed
    }

    /// The executors, the sponsor, the monitors and whoever else is named take what they are owed, and nothing is left in the treasury
    /// but its funds. How much they took beyond the bonds that monitors had put up, and how much the funds hold.
    #[track_caller]
    pub fn leave(&mut self, others: &[&Person]) -> (u128, u128) {
        let watchers = self.stage.watchers.clone();
        let bonds = self.stage.release_monitors();
        let bonds: u128 = bonds.unwrap_or_else(|e| panic!("{e}")).to();
        let agents = self.stage.executors.iter();
        let mut people: Vec<Person> = agents.map(|executor| executor.agent.clone()).collect();
        people.push(self.stage.sponsor.clone());
        people.extend(watchers.into_iter().map(|watcher| watcher.monitor));
        people.extend(others.iter().map(|person| (*person).clone()));
        let taken: u128 = people.iter().map(|person| self.withdraw(person)).sum();
        let parts = self.books();
        let nobodys = [
            parts.escrows,
            parts.reservedStakes,
            parts.lockedStakes,
            parts.bonds,
            parts.pools,
            parts.credits,
        ];
        assert_eq!(nobodys, [U256::ZERO; 6], "nothing is left but the funds");
        let funds = parts.treasury + parts.subsidyBudget + parts.insurance;
        (taken - bonds, funds.to())
    }
}

/// The result of the first executor's proof, for a batch.
pub fn result_of(law: &Law, node: u16, attempt: u8, executor: Address, until: u64) -> NodeResult {
    NodeResult {
        missionId: law.mission,
        node,
        attempt,
        kind: results::ResultKind::Proof,
        executor,
        outputHash: result::output(),
        trailRoot: result::trail(),
        proof: result::proof(),
        deadline: until,
    }
}
