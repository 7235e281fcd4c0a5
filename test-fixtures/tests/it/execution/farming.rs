//! Attacks that live on the rules themselves: hiring oneself, working for dust, being silent at no cost, crying wolf (RULINGS A2, A3,
//! A7).

use agentcity_abi::{
    IAgent, ICollaboration as work, ICollaboration::Reason, IGuardian as guardian,
    ILegislature as legislature, IStatute as statute, ITreasury as treasury,
};
use agentcity_domain::{
    legislation::bid::Rule, parameter::ParameterId as P, peer::Peer, statute::Mode,
};
use agentcity_test_fixtures::{
    city::life::{AgentType, Registration},
    mission::{Charter, Executor, Law, MissionError, Plan, Scene, Task, seconds, told},
    sender::Outcome,
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolError,
};

/// Base units of a unit.
const UNIT: u128 = 1_000_000_000_000;
const STAKE: u128 = 200 * UNIT;

fn tasks(name: &str, count: u16, budget: u128) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: (0..count)
            .map(|task| Task::proved(&format!("{name} {task}"), budget))
            .collect(),
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// An executor does all tasks of a plan; what was settled.
#[track_caller]
fn all_by(scene: &mut Scene, plan: &Plan, executor: usize) -> (Law, Vec<treasury::Settled>) {
    let seats = scene.seats(plan, &vec![executor; plan.tasks.len()], STAKE);
    let law = scene.enact_with(plan, &seats);
    let mut settled = Vec::new();
    for node in 0..law.written.nodes {
        scene.route(&law, node, &[executor]);
        let done = scene.submit(&law, node, executor);
        settled.extend(told::<treasury::Settled>(&done));
    }
    assert_eq!(settled.len(), plan.tasks.len());
    (law, settled)
}

#[test]
fn a2_dust_raises_no_reputation_and_a_pair_raises_it_eight_times_in_a_window() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let agent = scene.agent(0).address();
    let start = scene.reputation(agent);
    assert_eq!(start, 500_000);
    // Ten tasks of nine tenths of the least price that counts.
    let (dust, paid) = all_by(&mut scene, &tasks("dust", 10, UNIT * 9 / 10), 0);
    assert_eq!(scene.reputation(agent), start);
    // Ten tasks of the price from which outcomes count in full: eight of them do.
    let full = u128::from(P::RepFullWeight.row().default) * UNIT;
    let (friends, of_friends) = all_by(&mut scene, &tasks("friends", 10, full), 0);
    let cap = P::RepPairCap.row().default;
    let eight = (0..cap).fold(start, |score, _| (900 * score + 100_000_000 + 500) / 1_000);
    assert_eq!(scene.reputation(agent), eight);
    // No settlement pays more than it cost: the subsidy is within the same settlement's fee (R20).
    for settled in paid.iter().chain(&of_friends) {
        assert!(settled.subsidy <= settled.fee, "{settled:?}");
        assert!(
            settled.base + settled.subsidy < settled.share,
            "{settled:?}"
        );
        let parts = settled.base + settled.fee + settled.reserve + settled.residual;
        assert_eq!(parts, settled.share);
    }
    let monitor = scene.monitor("monitor");
    for law in [&dust, &friends] {
        release(&mut scene, law, &monitor);
        scene.clear(law);
    }
    scene.leave(&[]);
}

/// The gate opens for a mission that is done.
#[track_caller]
fn release(scene: &mut Scene, law: &Law, monitor: &agentcity_test_fixtures::city::Person) {
    let reconcile = guardian::reconcileCall {
        missionId: law.mission,
        logRoot: keccak256("log"),
    };
    scene.send(monitor, Peer::Guardian, &reconcile);
    let filter = guardian::filterOutputCall {
        missionId: law.mission,
    };
    scene.send(monitor, Peer::Guardian, &filter);
    assert_eq!(scene.state(law), work::MissionState::Completed);
}

#[test]
fn a2_r20_a_sponsor_cannot_hire_an_agent_of_its_own() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let sponsor = scene.stage.sponsor.clone();
    let own = scene.person("an agent of the sponsor");
    let city = &mut scene.stage.city;
    let registration = Registration {
        agent: own.clone(),
        kind: AgentType::Producer,
        principal: sponsor.clone(),
    };
    city.register(&[registration]).unwrap();
    let published = city.publish(std::slice::from_ref(&own)).unwrap();
    let service = told::<agentcity_abi::IService::ServiceRegistered>(&published[0]);
    scene.deposit(&own, 10 * STAKE);
    scene.stage.executors.push(Executor {
        agent: own.clone(),
        principal: sponsor.clone(),
        service: service[0].service,
    });
    let plan = tasks("self-dealing", 1, 300 * UNIT);
    // Its bid is refused for whose it is.
    let own_seat = scene.seats(&plan, &[3], STAKE);
    let bid = scene.stage.legislate_with(&plan, &own_seat).unwrap_err();
    let refused = legislature::BidRefused {
        node: 0,
        rule: Rule::Sponsor as u8,
        need: U256::ZERO,
        have: U256::from(1),
    };
    let MissionError::Call(bid) = bid else {
        panic!("{bid}");
    };
    let said = bid.refusal().map(|refusal| refusal.0.to_vec());
    assert_eq!(said, Some(refused.abi_encode()));

    // Nor by another way round: one that won as somebody else's agent, and passes to the sponsor before its seat is brought.
    let seats = scene.seats(&plan, &[0], STAKE);
    let mut law = scene.legislate_with(&plan, &seats);
    let bought = scene.stage.executors[0].clone();
    scene.passes_to(&bought.agent, &bought.principal, &sponsor);
    let stage = &mut scene.stage;
    stage.create(&mut law).unwrap();
    stage.fund(&mut law).unwrap();
    stage.deploy(&mut law, &sponsor, 1).unwrap();
    let bring = statute::deploySeatsCall {
        missionId: law.mission,
        tranche: 0,
        pages: vec![law.written.seat_pages[0].clone().into()],
        rest: B256::ZERO,
    };
    let refused = treasury::SelfDealing {
        missionId: law.mission,
        agent: bought.agent.address(),
    };
    scene.refused(&sponsor, Peer::Statute, &bring, &refused);
    // The mission ends at its deadline, the money is the sponsor's, the agent's stake its own again.
    let over = work::expireMissionCall {
        missionId: law.mission,
    };
    let deadline = law.answer.missionDeadline.to();
    scene.out_after(deadline, Peer::Collaboration, &over);
    scene.clear(&law);
    let (taken, funds) = scene.leave(&[]);
    let deposits = 3 * agentcity_test_fixtures::mission::stage::DEPOSIT + 10 * STAKE;
    assert_eq!(taken + funds, deposits + law.written.budget);
}

#[test]
fn a3_a_silent_winner_pays_and_the_runner_up_takes_its_seat_without_an_iteration() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let plan = tasks("a silent winner", 1, 300 * UNIT);
    // The earlier of two equal bids wins, the other stands behind it.
    let bids = [0, 1].map(|executor| scene.seats(&plan, &[executor], STAKE)[0]);
    let law = scene.enact_with(&plan, &bids);
    let (silent, next) = (scene.agent(0), scene.stage.executors[1].clone());
    assert_eq!(law.written.seats, bids[..1]);
    let before = scene.reputation(silent.address());
    let substitute = work::substituteRunnerUpCall {
        missionId: law.mission,
        node: 0,
        seat: 0,
    };
    let closes = scene.now() + seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs);
    let passed = scene.out_after(closes, Peer::Collaboration, &substitute);
    let faults = told::<work::FaultSignal>(&passed);
    assert_eq!(
        (faults[0].executor, faults[0].fault),
        (silent.address(), Reason::SeatNotAccepted)
    );
    assert_eq!(taken(&passed), [(silent.address(), STAKE * 33 / 100)]);
    let points = P::RepTimeout.row().default * 1_000;
    assert_eq!(scene.reputation(silent.address()), before - points);
    // The same attempt, and no iteration is used up.
    let (node, mission) = (scene.node(&law, 0), scene.mission(&law));
    assert_eq!((node.attempt, mission.refinements), (0, 0));
    scene.route(&law, 0, &[1]);
    let done = scene.submit(&law, 0, 1);
    let settled = told::<treasury::Settled>(&done);
    assert_eq!(settled[0].agent, next.agent.address());
    let monitor = scene.monitor("monitor");
    release(&mut scene, &law, &monitor);
    let mut cleared = law.clone();
    cleared.written.seats.push(bids[1]);
    scene.clear(&cleared);
    scene.leave(&[]);
}

fn taken(outcome: &Outcome) -> Vec<(Address, u128)> {
    let slashes = told::<treasury::StakeSlashed>(outcome);
    slashes.iter().map(|s| (s.agent, s.amount.to())).collect()
}

#[test]
fn a3_who_seals_and_does_not_open_pays_for_a_failed_node_and_the_others_are_paid() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let plan = Plan {
        tasks: vec![Task::agreed("withheld", 900 * UNIT, 3, 2, Mode::Exact)],
        ..tasks("withheld", 0, 0)
    };
    let law = scene.enact(&plan, STAKE);
    scene.route(&law, 0, &[0, 1, 2]);
    let sealed: Vec<_> = (0..3).map(|e| scene.seal(&law, 0, e, "label")).collect();
    for open in &sealed[..2] {
        scene.open(&law, 0, open);
    }
    let silent = scene.agent(2).address();
    let before = scene.reputation(silent);
    let until = scene.node(&law, 0).expiresAt.to();
    let close = agentcity_abi::IVerification::closeVerificationCall {
        missionId: law.mission,
        node: 0,
        elements: Vec::new(),
    };
    let over = scene.out_after(until, Peer::Verification, &close);
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Completed);
    let faults = told::<work::FaultSignal>(&over);
    let faults: Vec<_> = faults.iter().map(|f| (f.executor, f.fault)).collect();
    assert_eq!(faults, [(silent, Reason::ConsensusFailed)]);
    assert_eq!(taken(&over), [(silent, 100 * UNIT)]);
    let points = P::RepNodeFailure.row().default * 1_000;
    // It is scored nought, too, with the weight of 300 units of 1,000.
    assert_eq!(scene.reputation(silent), before * 97 / 100 - points);
    let paid = told::<treasury::Settled>(&over);
    let paid: Vec<_> = paid
        .iter()
        .map(|s| (s.agent, s.share.to::<u128>()))
        .collect();
    let honest = [0, 1].map(|e| (scene.agent(e).address(), 300 * UNIT));
    assert_eq!(
        paid, honest,
        "its own price each, and nothing of the silent one's"
    );
    let monitor = scene.monitor("monitor");
    release(&mut scene, &law, &monitor);
    scene.clear(&law);
    let (taken, funds) = scene.leave(&[]);
    let deposits = 3 * agentcity_test_fixtures::mission::stage::DEPOSIT;
    assert_eq!(taken + funds, deposits + law.written.budget);
}

// INV-GUARD-05.
#[test]
fn a7_one_principals_monitors_freeze_whatever_they_like_and_stop_nothing() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let plan = tasks("crying wolf", 10, 300 * UNIT);
    let seats = scene.seats(&plan, &[0; 10], STAKE);
    let law = scene.enact_with(&plan, &seats);
    let agent = scene.agent(0).address();
    let owner = scene.person("the wolves' owner");
    let [wolf, friend] =
        ["wolf", "the owner's other wolf"].map(|name| scene.monitor_of(name, &owner));
    let liars = [&wolf, &friend];
    // Nine freezes of one agent in one window: four would stop for its score of 500, nine for anybody's, if others said so, too.
    for node in 0..9u16 {
        let liar = liars[usize::from(node) % 2];
        let report = scene.counters(&law, (node, agent), liar, (1, 41));
        let relayed = scene.relay(&[(&report, liar)]);
        assert_eq!(told::<guardian::NodeFrozen>(&relayed).len(), 1);
        assert!(told::<guardian::MissionHalted>(&relayed).is_empty());
    }
    assert_eq!(scene.mission(&law).halt, work::Halt::None);
    // An honest word of another principal about the tenth is what was missing.
    let honest = scene.monitor("honest");
    let report = scene.counters(&law, (9, agent), &honest, (1, 41));
    let relayed = scene.relay(&[(&report, &honest)]);
    let halted = told::<guardian::MissionHalted>(&relayed);
    assert_eq!(halted.len(), 1);
    assert_eq!(
        (halted[0].halt, halted[0].agent),
        (guardian::Halt::EmergencyStop, agent)
    );
    // A second stop prolongs nothing: not even the panel's.
    let until = scene.mission(&law).haltedUntil;
    scene.pass(3_600);
    let stop = guardian::triggerStopCall {
        missionId: law.mission,
        evidenceHash: keccak256("again"),
    };
    let lasts = guardian::Halted {
        missionId: law.mission,
        halt: guardian::Halt::EmergencyStop,
        until,
    };
    scene.overruled(Peer::Guardian, &stop, &lasts);
    // When it is over, anyone ends the mission without fault, and the money goes home.
    let over = work::expireMissionCall {
        missionId: law.mission,
    };
    let stranger = scene.stranger.clone();
    scene.until(until.to::<u64>() + 1);
    let ended = scene.send(&stranger, Peer::Collaboration, &over);
    assert!(told::<work::FaultSignal>(&ended).is_empty());
    assert_eq!(scene.state(&law), work::MissionState::Aborted);
    scene.clear(&law);
    let record = IAgent::agentRecordCall { agent };
    assert_eq!(scene.ask(Peer::Agent, &record).reputation, 500_000);
    scene.leave(&[]);
}
