//! Signatures that somebody else carries: each is good for what it says, where it says, while it says, once (RULINGS A10, R23).

use agentcity_abi::{
    ICollaboration as work, IGuardian as guardian, IStatute as statute,
    IVerification::{self as results, NodeResult, NodeTerms},
};
use agentcity_domain::{peer::Peer, statute::Mode, verification::consensus};
use agentcity_test_fixtures::{
    city::{Person, life::GOOD_UNTIL},
    mission::{
        Charter, Law, Plan, Scene, Task,
        result::{self, Sealed},
        scene::result_of,
    },
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolError,
};

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;

fn two(name: &str) -> Plan {
    let task = |number| Task::proved(&format!("{name} {number}"), PRICE);
    Plan {
        name: name.to_owned(),
        tasks: vec![task(0), task(1)],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// A batch of one.
fn batch(result: NodeResult, terms: &NodeTerms, signature: Bytes) -> results::submitBatchCall {
    let judged = result.kind == results::ResultKind::Proof;
    results::submitBatchCall {
        results: vec![result],
        terms: judged.then(|| terms.clone()).into_iter().collect(),
        signatures: vec![signature],
    }
}

/// A batch's refusal because of its first result.
fn first(reason: &impl SolError) -> results::ResultRefused {
    results::ResultRefused {
        index: U256::ZERO,
        reason: reason.abi_encode().into(),
    }
}

/// Two missions of one executor, whose two nodes both run.
struct Two {
    scene: Scene,
    law: Law,
    other: Law,
    agent: Person,
}

impl Two {
    fn new() -> Self {
        let mut scene = Scene::raise(&Charter::default(), 2, 1);
        // Both are law before the first begins: a session lasts longer than any task.
        let mut laws = ["here", "elsewhere"].map(|name| {
            let plan = two(name);
            let seats = scene.seats(&plan, &[0, 0], STAKE);
            scene.legislate_with(&plan, &seats)
        });
        for law in &mut laws {
            let made = scene.stage.make_law(law);
            made.unwrap_or_else(|e| panic!("{e}"));
            for node in 0..2 {
                scene.route(law, node, &[0]);
            }
        }
        let [law, other] = laws;
        let agent = scene.agent(0);
        Self {
            scene,
            law,
            other,
            agent,
        }
    }

    /// A stranger relays a result under a signature, and is refused for this reason.
    #[track_caller]
    fn refused(&mut self, result: NodeResult, signature: &Bytes, reason: &impl SolError) {
        let terms = self.law.plan.tasks[usize::from(result.node)].terms.clone();
        let call = batch(result, &terms, signature.clone());
        let stranger = self.scene.stranger.clone();
        let refusal = first(reason);
        self.scene
            .refused(&stranger, Peer::Verification, &call, &refusal);
    }
}

#[test]
fn a10_a_signed_result_is_good_for_its_mission_node_attempt_and_chain_and_once() {
    let mut two = Two::new();
    let executor = two.agent.address();
    let result = result_of(&two.law, 0, 0, executor, GOOD_UNTIL);
    let signature = two.scene.signed_result(&two.agent, &result);
    let forged = results::InvalidSignature { signer: executor };
    // Each field changed under the same signature.
    let mission = two.other.mission;
    let changes: [fn(&mut NodeResult, B256); 8] = [
        |r, mission| r.missionId = mission,
        |r, _| r.node = 1,
        |r, _| r.attempt = 1,
        |r, _| r.kind = results::ResultKind::Review,
        |r, _| r.outputHash = keccak256("another output"),
        |r, _| r.trailRoot = keccak256("another trail"),
        |r, _| r.proof = Bytes::from_static(b"another proof"),
        |r, _| r.deadline += 1,
    ];
    for change in changes {
        let mut changed = result.clone();
        change(&mut changed, mission);
        two.refused(changed, &signature, &forged);
    }
    let stranger = two.scene.stranger.clone();
    let mut stolen = result.clone();
    stolen.executor = stranger.address();
    let not_its = results::InvalidSignature {
        signer: stranger.address(),
    };
    two.refused(stolen, &signature, &not_its);
    // What was signed for another contract, or by another, is none of this.
    let words = result::signed(&result);
    let elsewhere = two.scene.signature(&two.agent, Peer::Statute, &words);
    two.refused(result.clone(), &elsewhere, &forged);
    let other = two.scene.agent(1);
    let by_other = two.scene.signed_result(&other, &result);
    two.refused(result.clone(), &by_other, &forged);
    // An attempt that is not this one, as the executor signed it.
    let later = result_of(&two.law, 0, 1, executor, GOOD_UNTIL);
    let signed = two.scene.signed_result(&two.agent, &later);
    let wrong = results::WrongAttempt {
        missionId: two.law.mission,
        node: 0,
        found: 0,
        given: 1,
    };
    two.refused(later, &signed, &wrong);
    // After its deadline.
    let now = two.scene.now();
    let short = result_of(&two.law, 0, 0, executor, now);
    let signed = two.scene.signed_result(&two.agent, &short);
    two.scene.pass(2);
    two.refused(short, &signed, &results::DeadlinePassed { deadline: now });
    // Once.
    let terms = two.law.plan.tasks[0].terms.clone();
    let call = batch(result.clone(), &terms, signature.clone());
    two.scene.send(&stranger, Peer::Verification, &call);
    assert_eq!(
        two.scene.node(&two.law, 0).state,
        work::NodeState::Completed
    );
    let done = results::WrongNodeState {
        missionId: two.law.mission,
        node: 0,
        state: results::NodeState::Completed,
        attempt: 0,
    };
    two.refused(result, &signature, &done);
    two.scene.books();
}

#[test]
fn a10_a_signed_seal_is_not_carried_into_the_next_attempt() {
    let mut scene = Scene::raise(&Charter::default(), 4, 1);
    let plan = Plan {
        tasks: vec![Task::agreed("sealed", 3 * PRICE, 3, 2, Mode::Exact)],
        ..two("sealed")
    };
    let law = scene.enact(&plan, STAKE);
    scene.route(&law, 0, &[0, 1, 2]);
    let (agent, stranger) = (scene.agent(0), scene.stranger.clone());
    let sealed = Sealed::of(agent.address(), "label");
    let result = NodeResult {
        kind: results::ResultKind::Commit,
        outputHash: sealed.commitment(law.mission, 0, 0),
        proof: Bytes::new(),
        ..result_of(&law, 0, 0, agent.address(), GOOD_UNTIL)
    };
    let signature = scene.signed_result(&agent, &result);
    let terms = plan.tasks[0].terms.clone();
    let call = batch(result, &terms, signature);
    scene.send(&stranger, Peer::Verification, &call);
    let done = results::AlreadyDone {
        missionId: law.mission,
        node: 0,
        agent: agent.address(),
    };
    scene.refused(&stranger, Peer::Verification, &call, &first(&done));
    // Who copies the seal opens nothing with it: it holds its executor's name.
    let other = scene.agent(1);
    let copied = results::commitResultCall {
        missionId: law.mission,
        node: 0,
        commitment: sealed.commitment(law.mission, 0, 0),
        trailRoot: result::trail(),
    };
    scene.send(&other, Peer::Verification, &copied);
    let third = scene.seal(&law, 0, 2, "label");
    scene.open(&law, 0, &sealed);
    let stolen = results::revealResultCall {
        executor: other.address(),
        ..sealed.reveal(law.mission, 0)
    };
    let preimage = results::WrongPreimage {
        digest: keccak256(consensus::kept(&copied.commitment, other.address()).concat()),
    };
    scene.refused(&stranger, Peer::Verification, &stolen, &preimage);
    // Whoever knows every salt decides the moment and nothing else (A10).
    let changed = results::revealResultCall {
        value: keccak256("another").to_vec().into(),
        ..third.reveal(law.mission, 0)
    };
    let commitment = third.commitment(law.mission, 0, 0);
    let preimage = results::WrongPreimage {
        digest: keccak256(consensus::kept(&commitment, third.executor).concat()),
    };
    scene.refused(&stranger, Peer::Verification, &changed, &preimage);
    scene.open(&law, 0, &third);
    // The copier is silent: the node completes without it. Its seal is of this attempt for ever.
    let until = scene.node(&law, 0).expiresAt.to();
    let close = results::closeVerificationCall {
        missionId: law.mission,
        node: 0,
        elements: Vec::new(),
    };
    scene.out_after(until, Peer::Verification, &close);
    let over = results::WrongMissionState {
        missionId: law.mission,
        state: results::MissionState::Verification,
    };
    scene.refused(&stranger, Peer::Verification, &call, &first(&over));
}

#[test]
fn a10_a_signed_seal_of_a_failed_attempt_is_refused_at_the_next() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let plan = two("a later attempt");
    let seats = scene.seats(&plan, &[0, 1], STAKE);
    let law = scene.enact_with(&plan, &seats);
    scene.route(&law, 0, &[0]);
    let (agent, stranger) = (scene.agent(0), scene.stranger.clone());
    let result = result_of(&law, 0, 0, agent.address(), GOOD_UNTIL);
    let signature = scene.signed_result(&agent, &result);
    let until = scene.node(&law, 0).expiresAt.to();
    let expire = work::expireNodeCall {
        missionId: law.mission,
        node: 0,
    };
    scene.out_after(until, Peer::Collaboration, &expire);
    // Another is given the seat, and then the first again: what it signed for its first attempt stays there.
    scene.reassign(&law, 0, 2, (PRICE, STAKE));
    scene.route(&law, 0, &[2]);
    let until = scene.node(&law, 0).expiresAt.to();
    scene.out_after(until, Peer::Collaboration, &expire);
    scene.reassign(&law, 0, 0, (PRICE, STAKE));
    scene.route(&law, 0, &[0]);
    let wrong = results::WrongAttempt {
        missionId: law.mission,
        node: 0,
        found: 2,
        given: 0,
    };
    let call = batch(result, &law.plan.tasks[0].terms, signature);
    scene.refused(&stranger, Peer::Verification, &call, &first(&wrong));
}

#[test]
fn a10_a_signed_acceptance_takes_one_seat_of_one_attempt_until_its_deadline() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let mut laws = Vec::new();
    for name in ["one mission", "another"] {
        let plan = two(name);
        let seats = scene.seats(&plan, &[0, 0], STAKE);
        laws.push(scene.enact_with(&plan, &seats));
    }
    let (agent, stranger) = (scene.agent(0), scene.stranger.clone());
    let acceptance = statute::SeatAcceptance {
        missionId: laws[0].mission,
        node: 0,
        attempt: 0,
        executor: agent.address(),
        deadline: GOOD_UNTIL,
    };
    let sign = |scene: &Scene, of: &statute::SeatAcceptance| {
        scene.signature(&agent, Peer::Statute, &Scene::acceptance(of))
    };
    let call = |of: &statute::SeatAcceptance, signature: &Bytes| statute::acceptSeatsCall {
        acceptances: vec![of.clone()],
        signatures: vec![signature.clone()],
    };
    let signature = sign(&scene, &acceptance);
    let forged = |signer: Address| statute::InvalidSignature { signer };
    let changes: [fn(&mut statute::SeatAcceptance, B256); 4] = [
        |a, other| a.missionId = other,
        |a, _| a.node = 1,
        |a, _| a.attempt = 1,
        |a, _| a.deadline += 1,
    ];
    for change in changes {
        let mut changed = acceptance.clone();
        change(&mut changed, laws[1].mission);
        let refused = forged(agent.address());
        scene.refused(
            &stranger,
            Peer::Statute,
            &call(&changed, &signature),
            &refused,
        );
    }
    let now = scene.now();
    let short = statute::SeatAcceptance {
        deadline: now,
        ..acceptance.clone()
    };
    let signed = sign(&scene, &short);
    scene.pass(2);
    let passed = statute::DeadlinePassed { deadline: now };
    scene.refused(&stranger, Peer::Statute, &call(&short, &signed), &passed);
    scene.send(&stranger, Peer::Statute, &call(&acceptance, &signature));
    let done = work::AlreadyDone {
        missionId: laws[0].mission,
        node: 0,
        agent: agent.address(),
    };
    scene.refused(
        &stranger,
        Peer::Statute,
        &call(&acceptance, &signature),
        &done,
    );
}

#[test]
fn a10_a_signed_report_counts_once_for_the_attempt_it_names() {
    let mut two = Two::new();
    let (agent, monitor) = (two.agent.address(), two.scene.monitor("monitor"));
    let report = two.scene.counters(&two.law, (0, agent), &monitor, (1, 3));
    let call = two.scene.reporting(&[(&report, &monitor)]);
    let stranger = two.scene.stranger.clone();
    let forged = guardian::InvalidSignature {
        signer: monitor.address(),
    };
    let changes: [fn(&mut guardian::MonitorReport, B256); 6] = [
        |r, other| r.missionId = other,
        |r, _| r.node = 1,
        |r, _| r.attempt = 1,
        |r, _| r.toolInvocations = 41,
        |r, _| r.sequence = 2,
        |r, _| r.deadline += 1,
    ];
    for change in changes {
        let mut changed = call.clone();
        change(&mut changed.reports[0], two.other.mission);
        two.scene
            .refused(&stranger, Peer::Guardian, &changed, &forged);
    }
    let now = two.scene.now();
    let short = guardian::MonitorReport {
        deadline: now,
        ..report.clone()
    };
    let late = two.scene.reporting(&[(&short, &monitor)]);
    two.scene.pass(2);
    let passed = guardian::DeadlinePassed { deadline: now };
    two.scene.refused(&stranger, Peer::Guardian, &late, &passed);
    two.scene.send(&stranger, Peer::Guardian, &call);
    let stale = guardian::StaleReport {
        sequence: 1,
        last: 1,
    };
    two.scene.refused(&stranger, Peer::Guardian, &call, &stale);
    assert_eq!(
        two.scene.node(&two.law, 0).state,
        work::NodeState::Executing
    );
}
