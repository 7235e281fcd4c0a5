//! Hostile predicates at the gate. Each is asked once, by a static call with its own gas; what it does with that is its answer, and
//! harms nobody: the others are asked, the panel may overrule a soft one, and the money goes where it belongs.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, Reason},
    IGuardian as guardian,
    IRoster::{self as roster, ProgramKind},
    IStatute as statute,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Predicate};
use agentcity_test_fixtures::{
    city::{Person, Refusal},
    mission::{Charter, Law, Plan, Scene, Task, seconds, stage::GAS, told},
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol,
    sol_types::{SolCall, SolValue},
};

sol! {
    /// As compiled from `sol/HostilePredicates.sol`.
    interface IHostile {
        function attest(bytes32 missionId, bytes32 outputRoot) external;
        function touch() external;
        function upgrade(address implementation) external;
        function perform(bytes32 salt) external returns (address vanished);
    }
}

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;

fn one(name: &str, predicates: Vec<Predicate>) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![Task::proved(name, PRICE)],
        edges: Vec::new(),
        predicates,
    }
}

/// An approved program as a predicate.
#[track_caller]
fn approved(scene: &mut Scene, target: Address, hard: bool) -> Predicate {
    Predicate {
        human: false,
        hard,
        target,
        codehash: scene.approve(target, ProgramKind::Predicate),
    }
}

/// The roster does not take a program with the code that it has, whoever signed that.
#[track_caller]
fn not_approved(scene: &mut Scene, program: Address) {
    let codehash = scene.stage.city.client.codehash(program).unwrap();
    not_approved_with(scene, program, codehash, codehash);
}

/// The same with this code, while it has another or none.
#[track_caller]
fn not_approved_with(scene: &mut Scene, program: Address, codehash: B256, found: B256) {
    let call = roster::approvePredicateCall { program, codehash };
    let wrong = roster::WrongProgram {
        account: program,
        expected: codehash,
        found,
        needed: seconds(P::ProgramLifeMinSecs),
    };
    scene.overruled(Peer::Roster, &call, &wrong);
}

/// A mission whose one task is done.
#[track_caller]
fn done(scene: &mut Scene, plan: &Plan) -> Law {
    let law = scene.enact(plan, STAKE);
    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    assert_eq!(scene.state(&law), MissionState::Verification);
    law
}

fn filter(law: &Law) -> guardian::filterOutputCall {
    guardian::filterOutputCall {
        missionId: law.mission,
    }
}

#[track_caller]
fn gate(scene: &mut Scene, law: &Law) -> (u8, u8, u8) {
    let call = guardian::gateOfCall {
        missionId: law.mission,
    };
    let gate = scene.ask(Peer::Guardian, &call);
    (gate.passed, gate.failed, gate.cleared)
}

/// The mission ends, and everybody has his money.
#[track_caller]
fn ends(scene: &mut Scene, laws: &[&Law]) {
    for law in laws {
        scene.clear(law);
    }
    scene.leave(&[]);
}

#[test]
fn a10_p04_burners_writers_and_babblers_have_refused_and_the_panel_overrules_them() {
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let author = scene.person("author");
    let hostile = [
        ("BurningPredicate", vec![]),
        ("EndlessPredicate", vec![]),
        ("WritingPredicate", vec![]),
        ("VanishingPredicate", vec![]),
        // Manners: two, a hundred kilobytes, yes by revert.
        ("GarbagePredicate", U256::from(1).abi_encode()),
        ("GarbagePredicate", U256::from(4).abi_encode()),
        ("GarbagePredicate", U256::from(5).abi_encode()),
    ];
    let mut predicates: Vec<Predicate> = Vec::new();
    for (artifact, arguments) in &hostile {
        let program = scene.create(&author, artifact, arguments);
        predicates.push(approved(&mut scene, program, false));
    }
    let attested = scene.create(&author, "AttestedPredicate", &author.address().abi_encode());
    predicates.push(approved(&mut scene, attested, true));
    let law = done(&mut scene, &one("hostile predicates", predicates.clone()));

    // The honest one looks at what its principal attested of this very output.
    let root = work::completionDigestCall {
        missionId: law.mission,
    };
    let root = scene.ask(Peer::Collaboration, &root);
    let attest = IHostile::attestCall {
        missionId: law.mission,
        outputRoot: root,
    };
    scene
        .stage
        .city
        .client
        .send(&author, attested, &attest)
        .unwrap();

    // Whoever calls pays for what all of them may burn, and no more: two hundred thousand gas each, and the margin.
    let stranger = scene.stranger.clone();
    let asked = scene.send(&stranger, Peer::Guardian, &filter(&law));
    let answers: Vec<(Address, bool)> = told::<guardian::PredicateEvaluated>(&asked)
        .iter()
        .map(|said| (said.target, said.passed))
        .collect();
    let expected: Vec<(Address, bool)> = predicates
        .iter()
        .map(|predicate| (predicate.target, predicate.hard))
        .collect();
    assert_eq!(answers, expected, "the honest one alone said yes");
    assert_eq!(gate(&mut scene, &law), (0b1000_0000, 0b0111_1111, 0));
    println!("{} gas to ask eight, two of which burn all", asked.gas_used);
    assert!(asked.gas_used < 8 * 220_000);
    // What was written by them is nothing, and who vanished is there.
    let codehash = scene.stage.city.client.codehash(predicates[3].target);
    assert_eq!(codehash.unwrap(), predicates[3].codehash);
    // Nobody is asked a second time.
    let waits = guardian::AwaitsPanel {
        missionId: law.mission,
        waiting: 0b0111_1111,
    };
    scene.refused(&stranger, Peer::Guardian, &filter(&law), &waits);
    let release = guardian::releaseOutputCall {
        missionId: law.mission,
    };
    let released = scene.rule(Peer::Guardian, &release);
    let left = told::<guardian::OutputReleased>(&released);
    assert_eq!((left[0].digest, left[0].byPanel), (root, true));
    assert_eq!(scene.state(&law), MissionState::Completed);
    ends(&mut scene, &[&law]);
}

#[test]
fn r24_who_sends_little_gas_makes_no_predicate_fail() {
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let author = scene.person("author");
    let hungry = scene.create(&author, "SecondTimePredicate", &[]);
    let predicate = approved(&mut scene, hungry, true);
    let law = done(&mut scene, &one("little gas", vec![predicate]));
    let touch = IHostile::touchCall {};
    scene
        .stage
        .city
        .client
        .send(&author, hungry, &touch)
        .unwrap();
    let stranger = scene.stranger.clone();
    let least = u64::from(P::PredicateGasLimit.row().default) * 64 / 63;
    // Enough to come there, not enough to ask: refused with both numbers, and nothing is noted.
    let mut floors = 0;
    for gas in [150_000, 200_000, 250_000, 300_000] {
        scene.stage.city.client.allow_gas(gas);
        let (to, call) = (scene.at(Peer::Guardian), filter(&law));
        let sent = scene.stage.city.client.send(&stranger, to, &call);
        scene.stage.city.client.allow_gas(GAS);
        let Err(error) = sent else {
            panic!("{gas} are enough");
        };
        let typed = error.refusal().and_then(Refusal::typed);
        if let Some(guardian::IGuardianErrors::GasFloor(floor)) = typed {
            floors += 1;
            assert!(floor.needed > U256::from(least) && floor.available < floor.needed);
        }
        assert_eq!(gate(&mut scene, &law), (0, 0, 0), "{gas}");
    }
    assert!(floors > 0, "none came as far as the floor");
    scene.send(&stranger, Peer::Guardian, &filter(&law));
    assert_eq!(gate(&mut scene, &law), (1, 0, 0));
}

#[test]
fn p05_a_predicate_that_changes_after_its_approval_is_asked_once_or_not_at_all() {
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let author = scene.person("author");
    let client = |scene: &mut Scene, by: &Person, to: Address, call: Vec<u8>| {
        let client = &mut scene.stage.city.client;
        let value = U256::ZERO;
        client
            .pay(by.signer(), to, value, call.into(), "a call")
            .unwrap();
    };
    // One that runs other code as its own is not approved (P-05).
    let yes = scene.create(&author, "YesPredicate", &[]);
    let proxy = scene.create(&author, "ProxyPredicate", &yes.abi_encode());
    not_approved(&mut scene, proxy);
    // One that asks another: whoever stands behind it when the gate opens answers, once. Its change of mind is not heard.
    let no = scene.create(&author, "GarbagePredicate", &U256::from(1).abi_encode());
    let asking = scene.create(&author, "AskingPredicate", &yes.abi_encode());
    let predicate = approved(&mut scene, asking, true);
    let soft = Predicate {
        hard: false,
        ..predicate
    };
    let law = done(&mut scene, &one("one that asks", vec![soft]));
    let upgrade = |to| IHostile::upgradeCall { implementation: to }.abi_encode();
    client(&mut scene, &author, asking, upgrade(no));
    let stranger = scene.stranger.clone();
    let asked = scene.send(&stranger, Peer::Guardian, &filter(&law));
    let said = told::<guardian::PredicateEvaluated>(&asked);
    assert_eq!((said[0].target, said[0].passed), (asking, false));
    client(&mut scene, &author, asking, upgrade(yes));
    let waits = guardian::AwaitsPanel {
        missionId: law.mission,
        waiting: 1,
    };
    scene.refused(&stranger, Peer::Guardian, &filter(&law), &waits);
    assert_eq!(gate(&mut scene, &law), (0, 1, 0));
    let veto = guardian::vetoOutputCall {
        missionId: law.mission,
        justificationHash: keccak256("it refused"),
    };
    let vetoed = scene.rule(Peer::Guardian, &veto);
    let moves = told::<work::MissionStateChanged>(&vetoed);
    assert_eq!(
        (moves[0].to, moves[0].reason),
        (MissionState::Failed, Reason::OutputVetoed)
    );

    // One that agrees only the second time it is asked was asked already, and as a hard one ends the mission.
    let second = scene.create(&author, "SecondTimePredicate", &[]);
    let predicate = approved(&mut scene, second, true);
    let late = done(&mut scene, &one("a second time", vec![predicate]));
    let refused = scene.send(&stranger, Peer::Guardian, &filter(&late));
    let moves = told::<work::MissionStateChanged>(&refused);
    assert_eq!(
        (moves[0].to, moves[0].reason),
        (MissionState::Failed, Reason::PredicateFailed)
    );
    client(
        &mut scene,
        &author,
        second,
        IHostile::touchCall {}.abi_encode(),
    );
    let over = guardian::WrongMissionState {
        missionId: late.mission,
        state: guardian::MissionState::Failed,
    };
    scene.refused(&stranger, Peer::Guardian, &filter(&late), &over);

    // Approved and revoked: it is not called at all.
    let revoked = scene.create(&author, "YesPredicate", &[]);
    let predicate = approved(&mut scene, revoked, true);
    let law_of_revoked = done(&mut scene, &one("revoked", vec![predicate]));
    scene.revoke(revoked, ProgramKind::Predicate);
    let asked = scene.send(&stranger, Peer::Guardian, &filter(&law_of_revoked));
    assert!(!told::<guardian::PredicateEvaluated>(&asked)[0].passed);

    // The failed ones end as failed missions do, and their executors were paid for what they did.
    for law in [&law, &late, &law_of_revoked] {
        let since = scene.mission(law).since.to::<u64>();
        let until = since + seconds(P::RecoveryGraceMs);
        if scene.now() <= until {
            scene.until(until + 1);
        }
        let over = work::expireMissionCall {
            missionId: law.mission,
        };
        scene.send(&stranger, Peer::Collaboration, &over);
    }
    ends(&mut scene, &[&law, &late, &law_of_revoked]);
}

#[test]
fn a6_a_predicate_that_vanished_is_not_approved_and_no_law() {
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let author = scene.person("author");
    let act = scene.create(&author, "VanishingAct", &[]);
    let salt = keccak256("salt");
    let code = agentcity_solidity::load("VanishingPredicate").unwrap();
    let target = act.create2(salt, keccak256(code.creation_code().unwrap()));
    // The panel would approve the code that was shown to it, which is created and gone in one transaction: there is none to be seen,
    // neither before nor behind it.
    let codehash = keccak256(code.deployed_code().unwrap());
    not_approved_with(&mut scene, target, codehash, B256::ZERO);
    let perform = IHostile::performCall { salt };
    scene
        .stage
        .city
        .client
        .send(&author, act, &perform)
        .unwrap();
    not_approved_with(&mut scene, target, codehash, B256::ZERO);
    let predicate = Predicate {
        human: false,
        hard: false,
        target,
        codehash,
    };
    let stage = &mut scene.stage;
    let plan = one("vanished", vec![predicate]);
    let mut law = stage.legislate(&plan, STAKE).unwrap();
    let anybody = stage.sponsor.clone();
    stage.create(&mut law).unwrap();
    stage.fund(&mut law).unwrap();
    stage.deploy(&mut law, &anybody, 1).unwrap();
    stage.seat(&mut law, &anybody, 1).unwrap();
    let finalise = statute::finaliseDeploymentCall {
        missionId: law.mission,
    };
    let refused = statute::PredicateRefused { target, codehash };
    let stranger = scene.stranger.clone();
    scene.refused(&stranger, Peer::Statute, &finalise, &refused);
    // The mission ends at its deadline; nobody lost anything.
    let deadline = law.answer.missionDeadline.to();
    let over = work::expireMissionCall {
        missionId: law.mission,
    };
    scene.out_after(deadline, Peer::Collaboration, &over);
    ends(&mut scene, &[&law]);
}

#[test]
fn a_predicate_that_has_the_gate_asked_again_gets_a_refusal_and_one_answer() {
    let mut scene = Scene::raise(&Charter::default(), 5, 1);
    let author = scene.person("author");
    let again = scene.create(&author, "ReenteringPredicate", &[]);
    let predicate = approved(&mut scene, again, true);
    let law = done(&mut scene, &one("re-entering", vec![predicate]));
    let monitor = scene.monitor("monitor");
    let reconcile = guardian::reconcileCall {
        missionId: law.mission,
        logRoot: keccak256("log"),
    };
    scene.send(&monitor, Peer::Guardian, &reconcile);
    let stranger = scene.stranger.clone();
    let asked = scene.send(&stranger, Peer::Guardian, &filter(&law));
    // It says yes because it was refused, and once.
    let said = told::<guardian::PredicateEvaluated>(&asked);
    let said: Vec<_> = said.iter().map(|s| (s.target, s.passed)).collect();
    assert_eq!(said, [(again, true)]);
    assert_eq!(told::<guardian::OutputReleased>(&asked).len(), 1);
    assert_eq!(scene.state(&law), MissionState::Completed);
    ends(&mut scene, &[&law]);
}
