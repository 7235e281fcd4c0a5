//! Everybody falls silent. In each state that a mission or a node can be in, nobody who should act does: a stranger takes the ways out
//! of docs/exits.md, each refused up to the last second of its deadline and open in the next, until the mission has ended; then everybody
//! withdraws, and nothing is left in the treasury but its funds (DESIGN §1, both laws).
//!
//! One city, one mission for each state, one after another.

use agentcity_abi::{
    IAssembly::SessionKind,
    ICollaboration::{self as work, MissionState, NodeState, Reason},
    IConstitution as constitution, IGuardian as guardian, IRoster as roster, IStatute as statute,
    ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Mode, Predicate, deployment::Requirement},
};
use agentcity_test_fixtures::{
    city::Person,
    mission::{Charter, Law, Plan, Scene, Task, seconds, stage::DEPOSIT, told},
    sender::Outcome,
};
use alloy::primitives::{Address, B256, U256, keccak256};

/// A seat's price and stake, in base units: 300 and 200 units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// What missed deadlines and failed nodes cost of such a stake: a third of it, and a hundred units (S-15).
const LATE: u128 = STAKE * 33 / 100;
const FAILED: u128 = 100_000_000_000_000;
/// Life of a mission that is to outlive every halt.
const LONG: u64 = 30 * 86_400;

/// A state by its name, and how a mission gets there and stays alone.
type Silent = (&'static str, fn(&mut Silence) -> Law);

/// What is spent on the missions and not with their parties any more, as the story goes.
#[derive(Debug)]
struct Silence {
    scene: Scene,
    monitors: [Person; 2],
    /// Put into missions by the sponsor.
    funded: u128,
}

fn one(name: &str, task: Task) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![task],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

fn proved(name: &str) -> Plan {
    one(name, Task::proved(name, PRICE))
}

fn agreed(name: &str) -> Plan {
    one(name, Task::agreed(name, 3 * PRICE, 3, 2, Mode::Exact))
}

fn expire_node(law: &Law) -> work::expireNodeCall {
    work::expireNodeCall {
        missionId: law.mission,
        node: 0,
    }
}

fn expire_mission(law: &Law) -> work::expireMissionCall {
    work::expireMissionCall {
        missionId: law.mission,
    }
}

fn close(law: &Law) -> results::closeVerificationCall {
    results::closeVerificationCall {
        missionId: law.mission,
        node: 0,
        elements: Vec::new(),
    }
}

/// What an outcome says of a mission's state.
#[track_caller]
fn moved(outcome: &Outcome, from: MissionState, to: MissionState, reason: Reason) {
    let moves = told::<work::MissionStateChanged>(outcome);
    let moves: Vec<_> = moves.iter().map(|m| (m.from, m.to, m.reason)).collect();
    assert_eq!(moves, [(from, to, reason)]);
}

/// Why an outcome says that the only node failed, and who was at fault for what.
#[track_caller]
fn failed(outcome: &Outcome, reason: Reason, faults: &[(Address, Reason)]) {
    let nodes = told::<work::NodeFailed>(outcome);
    assert_eq!(nodes.len(), 1);
    assert_eq!((nodes[0].node, nodes[0].reason), (0, reason));
    let signals = told::<work::FaultSignal>(outcome);
    let found: Vec<_> = signals.iter().map(|s| (s.executor, s.fault)).collect();
    assert_eq!(found, faults);
}

/// What an outcome says was taken of stakes.
#[track_caller]
fn slashed(outcome: &Outcome, expected: &[(Address, u128)]) {
    let slashes = told::<treasury::StakeSlashed>(outcome);
    let found: Vec<_> = slashes.iter().map(|s| (s.agent, s.amount.to())).collect();
    assert_eq!(found, expected);
}

impl Silence {
    fn agent(&self, executor: usize) -> Address {
        self.scene.stage.executors[executor].agent.address()
    }

    /// A mission that is active.
    fn active(&mut self, plan: &Plan) -> Law {
        let law = self.scene.enact(plan, STAKE);
        self.funded += law.written.budget;
        assert_eq!(self.scene.state(&law), MissionState::Active);
        law
    }

    /// A mission whose one proof is under way.
    fn executing(&mut self, name: &str) -> Law {
        let law = self.active(&proved(name));
        self.scene.route(&law, 0, &[0]);
        law
    }

    /// A mission at the gate.
    fn at_the_gate(&mut self, plan: &Plan) -> Law {
        let law = self.active(plan);
        self.scene.route(&law, 0, &[0]);
        self.scene.submit(&law, 0, 0);
        assert_eq!(self.scene.state(&law), MissionState::Verification);
        law
    }

    /// The mission's deadline passes, then the time in which it could have been recovered.
    #[track_caller]
    fn deadline_and_recovery(&mut self, law: &Law, from: MissionState) {
        let deadline = self.scene.mission(law).deadline.to::<u64>();
        let (stranger, scene) = (self.scene.stranger.clone(), &mut self.scene);
        let call = expire_mission(law);
        // What waited for longer than its mission may last finds the deadline passed.
        let over = if scene.now() > deadline {
            scene.send(&stranger, Peer::Collaboration, &call)
        } else {
            scene.out_after(deadline, Peer::Collaboration, &call)
        };
        moved(&over, from, MissionState::Failed, Reason::MissionDeadline);
        self.recovery(law);
    }

    /// Nobody recovers a failed mission.
    #[track_caller]
    fn recovery(&mut self, law: &Law) {
        let since = self.scene.mission(law).since.to::<u64>();
        let until = since + seconds(P::RecoveryGraceMs);
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_mission(law));
        let (from, to) = (MissionState::Failed, MissionState::Aborted);
        moved(&over, from, to, Reason::Unfinished);
    }

    /// A halt lasts too long.
    #[track_caller]
    fn halted_until(&mut self, law: &Law, until: u64, from: MissionState) {
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_mission(law));
        moved(&over, from, MissionState::Aborted, Reason::HaltExpired);
    }

    /// Seconds from a node's activation until anyone may fail it unrouted.
    fn unrouted() -> u64 {
        let accepting = seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs);
        accepting + seconds(P::RouteTimeoutMs)
    }

    // ------------------------------------------------------------------ the states of missions

    fn pending(&mut self) -> Law {
        let plan = proved("a deployment that nobody finishes");
        let mut law = self.scene.legislate(&plan, STAKE);
        let stage = &mut self.scene.stage;
        let anybody = stage.sponsor.clone();
        stage.create(&mut law).unwrap();
        stage.fund(&mut law).unwrap();
        stage.deploy(&mut law, &anybody, 1).unwrap();
        stage.seat(&mut law, &anybody, 1).unwrap();
        self.funded += law.written.budget;
        assert_eq!(self.scene.staked(&law, self.agent(0)), STAKE);
        let deadline = law.answer.missionDeadline.to();
        let scene = &mut self.scene;
        let over = scene.out_after(deadline, Peer::Collaboration, &expire_mission(&law));
        let (from, to) = (MissionState::Pending, MissionState::Aborted);
        moved(&over, from, to, Reason::MissionDeadline);
        law
    }

    fn struck(&mut self) -> Law {
        let plan = proved("a deployment whose norm was struck");
        let (norm, domain) = (keccak256("a norm"), keccak256("research"));
        let enact = constitution::enactNormCall { id: norm, domain };
        self.scene.rule(Peer::Constitution, &enact);
        let mut law = self.scene.legislate(&plan, STAKE);
        let stage = &mut self.scene.stage;
        let anybody = stage.sponsor.clone();
        stage.create(&mut law).unwrap();
        stage.fund(&mut law).unwrap();
        stage.deploy(&mut law, &anybody, 1).unwrap();
        stage.seat(&mut law, &anybody, 1).unwrap();
        self.funded += law.written.budget;
        let strike = constitution::strikeNormCall { id: norm };
        self.scene.rule(Peer::Constitution, &strike);
        let finalise = statute::finaliseDeploymentCall {
            missionId: law.mission,
        };
        let unmet = statute::RequirementUnmet {
            missionId: law.mission,
            rule: Requirement::Norm as u8,
            need: U256::from(1),
            have: U256::ZERO,
        };
        self.scene
            .refused(&anybody, Peer::Statute, &finalise, &unmet);
        let deadline = law.answer.missionDeadline.to();
        let scene = &mut self.scene;
        let over = scene.out_after(deadline, Peer::Collaboration, &expire_mission(&law));
        let (from, to) = (MissionState::Pending, MissionState::Aborted);
        moved(&over, from, to, Reason::MissionDeadline);
        let restore = constitution::restoreNormCall { id: norm };
        self.scene.rule(Peer::Constitution, &restore);
        law
    }

    fn degraded(&mut self) -> Law {
        let law = self.executing("a mission behind an outage");
        let from = self.scene.mission(&law).since.to::<u64>();
        self.scene.pass(seconds(P::DegradedModeThresholdMs) + 60);
        let until = self.scene.now();
        let enter = self
            .scene
            .stage
            .outage_words(law.mission, (from, until), &self.monitors);
        let stranger = self.scene.stranger.clone();
        let entered = self.scene.send(&stranger, Peer::Guardian, &enter);
        let (from, to) = (MissionState::Executing, MissionState::Degraded);
        moved(&entered, from, to, Reason::None);
        let since = self.scene.mission(&law).since.to::<u64>();
        let until = since + seconds(P::DegradedAdjudicatorTimeoutMs);
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_mission(&law));
        let (from, to) = (MissionState::Degraded, MissionState::Aborted);
        moved(&over, from, to, Reason::HumanSilence);
        law
    }

    fn stopped(&mut self) -> Law {
        let law = self.executing("a mission that was stopped");
        let stop = guardian::triggerStopCall {
            missionId: law.mission,
            evidenceHash: keccak256("evidence"),
        };
        self.scene.rule(Peer::Guardian, &stop);
        let until = self.scene.mission(&law).haltedUntil.to();
        let now = self.scene.now();
        assert_eq!(until, now + seconds(P::StopMaxSecs));
        self.halted_until(&law, until, MissionState::Executing);
        law
    }

    fn paused(&mut self) -> Law {
        let law = self.executing("a mission that was paused");
        let monitor = self.monitors[0].clone();
        let before = self.scene.credit(monitor.address());
        let diverge = guardian::reportDivergenceCall {
            missionId: law.mission,
            evidenceHash: keccak256("the log differs"),
        };
        self.scene.send(&monitor, Peer::Guardian, &diverge);
        let bond = u128::from(P::DivergenceBond.row().default) * 1_000_000_000_000;
        assert_eq!(self.scene.credit(monitor.address()), before - bond);
        let until = self.scene.mission(&law).haltedUntil.to();
        self.halted_until(&law, until, MissionState::Executing);
        let release = guardian::releaseBondCall {
            missionId: law.mission,
        };
        let stranger = self.scene.stranger.clone();
        self.scene.send(&stranger, Peer::Guardian, &release);
        assert_eq!(self.scene.credit(monitor.address()), before);
        law
    }

    fn under_the_watchdog(&mut self) -> Law {
        let law = self.active(&proved("a mission under the watchdog's freeze"));
        let until = self.scene.stage.city.provoke_watchdog().unwrap();
        let hours = u64::from(P::WatchdogMaxFreezeDuration.row().default);
        assert_eq!(until, self.scene.now() + hours * 3_600);
        self.halted_until(&law, until, MissionState::Active);
        // The freeze itself stays: nothing resumes without the panel (R9) while somebody of it could release it.
        let stranger = self.scene.stranger.clone();
        let expire = roster::expireWatchdogCall {};
        let panels = roster::NotAdjudicator {
            signer: Address::ZERO,
        };
        self.scene
            .refused(&stranger, Peer::Roster, &expire, &panels);
        let ended = self.scene.stage.city.release_watchdog().unwrap();
        assert!(told::<roster::WatchdogReleased>(&ended)[0].byPanel);
        law
    }

    fn in_a_halted_city(&mut self) -> Law {
        let law = self.active(&proved("a mission in a city that was halted"));
        let stop = guardian::triggerStopCall {
            missionId: B256::ZERO,
            evidenceHash: keccak256("evidence"),
        };
        self.scene.rule(Peer::Guardian, &stop);
        let until = self.scene.now() + seconds(P::StopMaxSecs);
        self.halted_until(&law, until, MissionState::Active);
        let clear = guardian::clearStopCall {
            missionId: B256::ZERO,
        };
        self.scene.rule(Peer::Guardian, &clear);
        law
    }

    fn unreconciled(&mut self) -> Law {
        let law = self.at_the_gate(&proved("an output that nobody reconciles"));
        let since = self.scene.mission(&law).since.to::<u64>();
        let until = since + seconds(P::ReconcileTimeoutSecs);
        let filter = guardian::filterOutputCall {
            missionId: law.mission,
        };
        let over = self.scene.out_after(until, Peer::Guardian, &filter);
        let (from, to) = (MissionState::Verification, MissionState::Completed);
        moved(&over, from, to, Reason::Succeeded);
        let missed = told::<guardian::ReconciliationMissed>(&over);
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0].since.to::<u64>(), since);
        law
    }

    fn unanswered(&mut self) -> Law {
        let human = Predicate {
            human: true,
            hard: true,
            target: Address::ZERO,
            codehash: B256::ZERO,
        };
        let plan = Plan {
            predicates: vec![human],
            ..proved("a question that no panel answers")
        };
        let law = self.at_the_gate(&plan);
        let filter = guardian::filterOutputCall {
            missionId: law.mission,
        };
        let stranger = self.scene.stranger.clone();
        let asked = self.scene.send(&stranger, Peer::Guardian, &filter);
        assert_eq!(told::<guardian::HumanFilterRequired>(&asked).len(), 1);
        let waits = guardian::AwaitsPanel {
            missionId: law.mission,
            waiting: 1,
        };
        self.scene
            .refused(&stranger, Peer::Guardian, &filter, &waits);
        let since = self.scene.mission(&law).since.to::<u64>();
        let until = since + seconds(P::GateTimeoutMs);
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_mission(&law));
        let (from, to) = (MissionState::Verification, MissionState::Failed);
        moved(&over, from, to, Reason::HumanSilence);
        self.recovery(&law);
        law
    }

    // ------------------------------------------------------------------ the states of nodes

    fn eligible(&mut self) -> Law {
        let law = self.active(&proved("a seat that nobody takes"));
        let until = self.scene.now() + Self::unrouted();
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_node(&law));
        let agent = self.agent(0);
        let fault = Reason::SeatNotAccepted;
        failed(&over, fault, &[(agent, fault)]);
        slashed(&over, &[(agent, LATE)]);
        self.deadline_and_recovery(&law, MissionState::Active);
        law
    }

    fn accepted(&mut self) -> Law {
        let law = self.active(&proved("a seat that was taken and not routed"));
        let until = self.scene.now() + Self::unrouted();
        self.scene.accept(&law, 0, 0);
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_node(&law));
        // Who accepted could not do more.
        failed(&over, Reason::SeatNotAccepted, &[]);
        slashed(&over, &[]);
        self.deadline_and_recovery(&law, MissionState::Active);
        law
    }

    fn working(&mut self) -> Law {
        let law = self.executing("a proof that is not handed in");
        let node = self.scene.node(&law, 0);
        let timeout = u64::from(law.plan.tasks[0].node.timeout_ms) / 1_000;
        let until = self.scene.now()
            + timeout
            + seconds(P::FinalizationGraceMs)
            + seconds(P::TimeoutGraceMs);
        assert_eq!(node.expiresAt.to::<u64>(), until);
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_node(&law));
        let (agent, fault) = (self.agent(0), Reason::TimeoutExceeded);
        failed(&over, fault, &[(agent, fault)]);
        slashed(&over, &[(agent, LATE)]);
        self.deadline_and_recovery(&law, MissionState::Executing);
        law
    }

    /// A consensus of three that is under way.
    fn consensus(&mut self, name: &str) -> Law {
        let law = self.active(&agreed(name));
        self.scene.route(&law, 0, &[0, 1, 2]);
        law
    }

    fn one_sealed(&mut self) -> Law {
        let law = self.consensus("a consensus that only one seals");
        self.scene.seal(&law, 0, 1, "label");
        let node = self.scene.node(&law, 0);
        assert_eq!(node.state, NodeState::PendingVerification);
        let until = node.expiresAt.to();
        let over = self
            .scene
            .out_after(until, Peer::Verification, &close(&law));
        let late = [0, 2].map(|executor| self.agent(executor));
        let faults = late.map(|agent| (agent, Reason::TimeoutExceeded));
        failed(&over, Reason::ConsensusFailed, &faults);
        slashed(&over, &late.map(|agent| (agent, LATE)));
        self.deadline_and_recovery(&law, MissionState::Executing);
        law
    }

    fn all_sealed(&mut self) -> Law {
        let law = self.consensus("a consensus that nobody opens");
        for executor in 0..3 {
            self.scene.seal(&law, 0, executor, "label");
        }
        let node = self.scene.node(&law, 0);
        let until = self.scene.now() + seconds(P::FinalizationGraceMs);
        assert_eq!(node.expiresAt.to::<u64>(), until);
        let over = self
            .scene
            .out_after(until, Peer::Verification, &close(&law));
        let silent = [0, 1, 2].map(|executor| self.agent(executor));
        let faults = silent.map(|agent| (agent, Reason::ConsensusFailed));
        failed(&over, Reason::ConsensusFailed, &faults);
        slashed(&over, &silent.map(|agent| (agent, FAILED)));
        self.deadline_and_recovery(&law, MissionState::Executing);
        law
    }

    fn reviewed(&mut self) -> Law {
        let law = self.active(&one("a review", Task::reviewed("a review", PRICE)));
        self.scene.route(&law, 0, &[0]);
        self.scene.submit(&law, 0, 0);
        let node = self.scene.node(&law, 0);
        assert_eq!(node.state, NodeState::PendingReview);
        let review = seconds(P::MaxHumanReviewTimeoutMs);
        let until = self.scene.now() + review;
        assert_eq!(node.expiresAt.to::<u64>(), until);
        let scene = &mut self.scene;
        let opened = scene.out_after(until, Peer::Collaboration, &expire_node(&law));
        assert_eq!(told::<work::BackupOpened>(&opened).len(), 1);
        let over = scene.out_after(until + review, Peer::Collaboration, &expire_node(&law));
        failed(&over, Reason::HumanSilence, &[]);
        slashed(&over, &[]);
        self.deadline_and_recovery(&law, MissionState::Executing);
        law
    }

    fn disputed(&mut self) -> Law {
        let law = self.consensus("a dispute that nobody decides");
        let labels = ["spam", "spam", "ham"];
        let sealed: Vec<_> = (0..3)
            .map(|executor| self.scene.seal(&law, 0, executor, labels[executor]))
            .collect();
        for sealed in &sealed {
            self.scene.open(&law, 0, sealed);
        }
        let dissenter = self.scene.agent(2);
        let before = self.scene.credit(dissenter.address());
        let dispute = results::disputeCall {
            missionId: law.mission,
            node: 0,
            groundsHash: keccak256("it is ham"),
        };
        self.scene.send(&dissenter, Peer::Verification, &dispute);
        let bond = 3 * PRICE / 10;
        assert_eq!(self.scene.credit(dissenter.address()), before - bond);
        let review = seconds(P::MaxHumanReviewTimeoutMs);
        let until = self.scene.now() + review;
        let scene = &mut self.scene;
        let opened = scene.out_after(until, Peer::Collaboration, &expire_node(&law));
        assert_eq!(told::<work::BackupOpened>(&opened).len(), 1);
        let over = scene.out_after(until + review, Peer::Verification, &close(&law));
        let done = told::<work::NodeCompleted>(&over);
        assert_eq!(done[0].outputHash, keccak256(sealed[0].value));
        let paid = told::<treasury::Settled>(&over);
        let paid: Vec<_> = paid.iter().map(|settled| settled.agent).collect();
        assert_eq!(paid, [self.agent(0), self.agent(1)]);
        assert_eq!(self.scene.credit(dissenter.address()), before);
        let since = self.scene.mission(&law).since.to::<u64>();
        let until = since + seconds(P::ReconcileTimeoutSecs);
        let filter = guardian::filterOutputCall {
            missionId: law.mission,
        };
        let over = self.scene.out_after(until, Peer::Guardian, &filter);
        let (from, to) = (MissionState::Verification, MissionState::Completed);
        moved(&over, from, to, Reason::Succeeded);
        law
    }

    fn frozen(&mut self) -> Law {
        let law = self.executing("a freeze that nobody decides");
        let (monitor, agent) = (self.monitors[0].clone(), self.agent(0));
        let report = self.scene.counters(&law, (0, agent), &monitor, (1, 41));
        self.scene.relay(&[(&report, &monitor)]);
        assert_eq!(self.scene.node(&law, 0).state, NodeState::Frozen);
        let until = self.scene.now() + seconds(P::FreezeMaxSecs);
        let scene = &mut self.scene;
        let over = scene.out_after(until, Peer::Collaboration, &expire_node(&law));
        failed(&over, Reason::FreezeExpired, &[]);
        slashed(&over, &[]);
        self.deadline_and_recovery(&law, MissionState::Executing);
        law
    }

    fn exhausted(&mut self) -> Law {
        let mut law = self.executing("a node that is given anew until nobody may");
        let most = P::MaxRefinementIterations.row().default as usize;
        for round in 0..=most {
            let scene = &mut self.scene;
            let until = scene.node(&law, 0).expiresAt.to();
            scene.out_after(until, Peer::Collaboration, &expire_node(&law));
            if round == most {
                break;
            }
            // Another one whose seat a session of its own approved.
            let executor = round + 1;
            let seat = scene.reassign(&law, 0, executor, (PRICE, STAKE));
            law.written.seats.push(seat);
            scene.route(&law, 0, &[executor]);
        }
        // At once: no deadline is left to be waited for.
        let stranger = self.scene.stranger.clone();
        let scene = &mut self.scene;
        let over = scene.send(&stranger, Peer::Collaboration, &expire_mission(&law));
        let (from, to) = (MissionState::Executing, MissionState::Failed);
        moved(&over, from, to, Reason::RefinementExhausted);
        self.recovery(&law);
        law
    }

    fn childless(&mut self) -> Law {
        let law = self.active(&proved("a task whose child nobody deploys"));
        let plan = proved("a child that nobody deploys");
        let parents = self.scene.mission(&law).deadline.to::<u64>();
        let stage = &mut self.scene.stage;
        let session = stage.convene(SessionKind::Child, law.mission, 0).unwrap();
        let bill = stage.propose(session, &plan).unwrap();
        stage.agree(session).unwrap();
        // Earlier than its parent's, so that the parent's node is what fails first.
        let day = stage.life;
        stage.life = parents - 3_600 - stage.city.client.now().unwrap();
        let bids = plan.seats(&stage.executors, STAKE);
        let mut child = stage.carry(&bill, &bids).unwrap();
        stage.life = day;
        stage.create(&mut child).unwrap();
        let open = work::openChildCall {
            missionId: law.mission,
            node: 0,
            child: child.mission,
        };
        let stranger = self.scene.stranger.clone();
        self.scene.send(&stranger, Peer::Collaboration, &open);
        assert_eq!(self.scene.node(&law, 0).state, NodeState::Executing);
        let deadline = child.answer.missionDeadline.to();
        let scene = &mut self.scene;
        let over = scene.out_after(deadline, Peer::Collaboration, &expire_mission(&child));
        let (from, to) = (MissionState::Pending, MissionState::Aborted);
        moved(&over, from, to, Reason::MissionDeadline);
        let back = told::<treasury::EscrowMoved>(&over);
        assert_eq!(
            (back[0].to, back[0].amount),
            (law.mission, U256::from(PRICE))
        );
        let close = work::closeChildCall {
            child: child.mission,
        };
        let over = scene.send(&stranger, Peer::Collaboration, &close);
        failed(&over, Reason::ChildFailed, &[]);
        // Seats of the child were never brought: what was reserved for them is freed.
        self.scene.clear(&child);
        self.deadline_and_recovery(&law, MissionState::Executing);
        law
    }
}

#[test]
fn wherever_everybody_falls_silent_a_stranger_ends_it_and_everybody_is_paid_out() {
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let monitors = ["monitor", "other monitor"].map(|name| scene.monitor(name));
    for monitor in &monitors {
        scene.deposit(monitor, DEPOSIT);
    }
    let mut silence = Silence {
        scene,
        monitors,
        funded: 0,
    };
    let day = silence.scene.stage.life;
    let short: [Silent; 15] = [
        ("pending", Silence::pending),
        ("pending, its norm struck", Silence::struck),
        ("eligible", Silence::eligible),
        ("eligible, accepted", Silence::accepted),
        ("executing", Silence::working),
        ("executing, as a child", Silence::childless),
        ("pending verification, one sealed", Silence::one_sealed),
        ("pending verification, all sealed", Silence::all_sealed),
        ("pending review", Silence::reviewed),
        ("pending review, disputed", Silence::disputed),
        ("failed, exhausted", Silence::exhausted),
        ("at the gate, unreconciled", Silence::unreconciled),
        ("at the gate, unanswered", Silence::unanswered),
        ("frozen", Silence::frozen),
        ("degraded", Silence::degraded),
    ];
    let halts: [Silent; 4] = [
        ("paused", Silence::paused),
        ("stopped", Silence::stopped),
        ("under the watchdog", Silence::under_the_watchdog),
        ("in a halted city", Silence::in_a_halted_city),
    ];
    for (lives, stories) in [(day, &short[..]), (LONG, &halts[..])] {
        silence.scene.stage.life = lives;
        for (name, story) in stories {
            println!("{name}");
            let law = story(&mut silence);
            let state = silence.scene.state(&law);
            assert!(
                [MissionState::Completed, MissionState::Aborted].contains(&state),
                "{name}: {state:?}"
            );
            silence.scene.clear(&law);
            let parts = silence.scene.books();
            let held = [parts.escrows, parts.lockedStakes];
            assert_eq!(held, [U256::ZERO; 2], "{name}");
            let watchers = silence.scene.stage.watchers.iter();
            let bonds: U256 = watchers.map(|watcher| watcher.bond).sum();
            assert_eq!(parts.bonds, bonds, "{name}");
        }
    }
    let monitors = silence.monitors.clone();
    let (taken, funds) = silence.scene.leave(&monitors.each_ref());
    let paid_in = 7 * DEPOSIT + silence.funded;
    assert_eq!(taken + funds, paid_in, "every unit is somebody's");
    for executor in silence.scene.stage.executors.clone() {
        let record = silence.scene.ask(
            Peer::Agent,
            &agentcity_abi::IAgent::agentRecordCall {
                agent: executor.agent.address(),
            },
        );
        assert_eq!(record.obligations, 0, "{}", executor.agent.name);
    }
}
