//! Hostile verifiers: whatever one does with its gas is its answer, and fails the node that named it and nothing else (RULINGS R24, R25).

use agentcity_abi::{
    ICollaboration::{self as work, Reason},
    IRoster::{self as roster, ProgramKind},
    ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::{
    city::{Person, Refusal, life::GOOD_UNTIL},
    mission::{
        Charter, Law, Plan, Scene, Task, result, scene::result_of, seconds, stage::GAS, told,
    },
};
use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::{SolCall, SolValue},
};

sol! {
    /// As compiled from `sol/HostileVerifiers.sol` and `sol/HostilePredicates.sol`.
    interface IHostile {
        function arm(address target, bytes calldata payload) external;
        function upgrade(address implementation) external;
    }
}

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// What a failed node takes of it.
const FAILED: u128 = 100_000_000_000_000;

/// A task that an approved verifier judges.
#[track_caller]
fn judged(scene: &mut Scene, name: &str, verifier: Address) -> Task {
    let pinned = scene.approve(verifier, ProgramKind::Verifier);
    let task = Task::proved(name, PRICE);
    let terms = results::NodeTerms {
        verifier,
        verifierCodehash: pinned,
        ..task.terms.clone()
    };
    task.under(terms)
}

fn plan(tasks: Vec<Task>) -> Plan {
    Plan {
        name: "hostile verifiers".to_owned(),
        tasks,
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// What an executor hands in for a verifier that wants the output.
fn handed(law: &Law, plan: &Plan, node: u16) -> results::submitResultCall {
    let terms = &plan.tasks[usize::from(node)].terms;
    result::submission(law.mission, node, terms, Bytes::from_static(b"output"))
}

/// The re-entering verifier relays the very result that it is asked about, which its executor signed. It says yes because that is
/// refused, and so the node is done, once.
#[track_caller]
fn arm(scene: &mut Scene, author: &Person, verifier: Address, law: &Law, plan: &Plan) {
    let (node, agent) = (6, scene.agent(6));
    let result = results::NodeResult {
        proof: Bytes::from_static(b"output"),
        ..result_of(law, node, 0, agent.address(), GOOD_UNTIL)
    };
    let batch = results::submitBatchCall {
        signatures: vec![scene.signed_result(&agent, &result)],
        results: vec![result],
        terms: vec![plan.tasks[usize::from(node)].terms.clone()],
    };
    let arm = IHostile::armCall {
        target: scene.at(Peer::Verification),
        payload: batch.abi_encode().into(),
    };
    let client = &mut scene.stage.city.client;
    client.send(author, verifier, &arm).unwrap();
}

#[test]
fn r24_verifiers_that_burn_and_babble_fail_their_own_nodes_and_nothing_else() {
    let mut scene = Scene::raise(&Charter::default(), 5, 2);
    let author = scene.person("author");
    let two = U256::from(1).abi_encode();
    let babble = U256::from(4).abi_encode();
    let by_revert = U256::from(5).abi_encode();
    let hostile = [
        ("BurningVerifier", &[][..]),
        ("GarbagePredicate", &two),
        ("GarbagePredicate", &babble),
        ("GarbagePredicate", &by_revert),
        // An account that is none of a verifier's: its fallback is missing.
        ("YesPredicate", &[]),
    ];
    let mut tasks = Vec::new();
    for (number, (artifact, arguments)) in hostile.iter().enumerate() {
        let verifier = scene.create(&author, artifact, arguments);
        tasks.push(judged(&mut scene, &format!("hostile {number}"), verifier));
    }
    let honest = scene.create(&author, "PreimageVerifier", &[]);
    tasks.push(judged(&mut scene, "honest", honest));
    let again = scene.create(&author, "ReenteringVerifier", &[]);
    tasks.push(judged(&mut scene, "re-entering", again));
    let plan = plan(tasks);
    let law = scene.enact(&plan, STAKE);
    for node in 0..5u16 {
        let executor = usize::from(node);
        scene.route(&law, node, &[executor]);
        let agent = scene.agent(executor);
        let failed = scene.send(&agent, Peer::Verification, &handed(&law, &plan, node));
        let nodes = told::<work::NodeFailed>(&failed);
        assert_eq!(
            (nodes[0].node, nodes[0].reason),
            (node, Reason::ProofRejected)
        );
        let slashes = told::<treasury::StakeSlashed>(&failed);
        assert_eq!(
            (slashes[0].agent, slashes[0].amount),
            (agent.address(), U256::from(FAILED))
        );
        // A million for the verifier, and what everything beside it takes.
        println!("{:>9} gas  hostile {node}", failed.gas_used);
        assert!(failed.gas_used < 1_900_000);
    }
    for node in [5u16, 6] {
        let executor = usize::from(node);
        scene.route(&law, node, &[executor]);
        let agent = scene.agent(executor);
        if node == 6 {
            arm(&mut scene, &author, again, &law, &plan);
        }
        let done = scene.send(&agent, Peer::Verification, &handed(&law, &plan, node));
        assert_eq!(told::<work::NodeCompleted>(&done).len(), 1, "{node}");
        let settled = told::<treasury::Settled>(&done);
        let settled: Vec<_> = settled.iter().map(|s| (s.node, s.agent)).collect();
        assert_eq!(settled, [(node, agent.address())]);
    }
    let mission = scene.mission(&law);
    assert_eq!((mission.completed, mission.failed), (2, 5));
    scene.books();
}

#[test]
fn r24_who_hands_in_with_little_gas_fails_nothing() {
    let mut scene = Scene::raise(&Charter::default(), 2, 1);
    let author = scene.person("author");
    let honest = scene.create(&author, "PreimageVerifier", &[]);
    let task = judged(&mut scene, "honest", honest);
    let plan = plan(vec![task]);
    let law = scene.enact(&plan, STAKE);
    scene.route(&law, 0, &[0]);
    let (agent, to) = (scene.agent(0), scene.at(Peer::Verification));
    let least = U256::from(P::VerifierGasLimit.row().default);
    for gas in [600_000, 900_000, 1_000_000] {
        let client = &mut scene.stage.city.client;
        client.allow_gas(gas);
        let sent = client.send(&agent, to, &handed(&law, &plan, 0));
        client.allow_gas(GAS);
        let error = sent.unwrap_err();
        let floor = error.refusal().and_then(Refusal::typed);
        let Some(results::IVerificationErrors::GasFloor(floor)) = floor else {
            panic!("{error}");
        };
        assert!(floor.needed > least && floor.available < floor.needed);
        assert_eq!(scene.node(&law, 0).state, work::NodeState::Executing);
    }
    scene.send(&agent, Peer::Verification, &handed(&law, &plan, 0));
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Completed);
}

#[test]
fn p05_a_verifier_judges_by_whom_it_asks_none_that_delegates_is_approved_and_a_revoked_one_is_not_asked()
 {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let author = scene.person("author");
    let honest = scene.create(&author, "PreimageVerifier", &[]);
    let yes = scene.create(&author, "YesVerifier", &[]);
    let proxy = scene.create(&author, "ProxyPredicate", &honest.abi_encode());
    let codehash = scene.stage.city.client.codehash(proxy).unwrap();
    let call = roster::approveVerifierCall {
        program: proxy,
        codehash,
    };
    let wrong = roster::WrongProgram {
        account: proxy,
        expected: codehash,
        found: codehash,
        needed: seconds(P::ProgramLifeMinSecs),
    };
    scene.overruled(Peer::Roster, &call, &wrong);
    let asking = scene.create(&author, "AskingPredicate", &honest.abi_encode());
    let direct = scene.create(&author, "PreimageVerifier", &[]);
    let tasks = vec![
        judged(&mut scene, "one that asks", asking),
        judged(&mut scene, "revoked", direct),
    ];
    let plan = plan(tasks);
    let law = scene.enact(&plan, STAKE);
    scene.route(&law, 0, &[0]);
    scene.route(&law, 1, &[1]);
    // What the panel approved is its own code, which does not change; whoever says whom it asks decides. That is why signers look at
    // what approved code calls: here a proof of nothing passes.
    let upgrade = IHostile::upgradeCall {
        implementation: yes,
    };
    let client = &mut scene.stage.city.client;
    client.send(&author, asking, &upgrade).unwrap();
    let nothing = results::submitResultCall {
        proof: Bytes::from_static(b"nothing"),
        ..handed(&law, &plan, 0)
    };
    let agent = scene.agent(0);
    scene.send(&agent, Peer::Verification, &nothing);
    assert_eq!(scene.node(&law, 0).state, work::NodeState::Completed);

    // Revoked by the panel: not asked, and nothing fails.
    let other: Person = scene.agent(1);
    scene.revoke(direct, ProgramKind::Verifier);
    let refused = results::VerifierChanged {
        verifier: direct,
        expected: plan.tasks[1].terms.verifierCodehash,
        found: B256::ZERO,
    };
    scene.refused(
        &other,
        Peer::Verification,
        &handed(&law, &plan, 1),
        &refused,
    );
    assert_eq!(scene.node(&law, 1).state, work::NodeState::Executing);
    // Approved again, it judges.
    scene.approve(direct, ProgramKind::Verifier);
    scene.send(&other, Peer::Verification, &handed(&law, &plan, 1));
    assert_eq!(scene.node(&law, 1).state, work::NodeState::Completed);
}
