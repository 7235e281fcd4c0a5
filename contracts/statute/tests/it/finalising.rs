//! Making a mission law: everything it needs, one after another missing; and all of it there.

use agentcity_abi::{ARB_WASM, ICollaboration as work, IStatute as wire, ITreasury as treasury};
use agentcity_domain::{parameter::ParameterId, peer::Peer, statute::Predicate};
use agentcity_world::Answer;
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::city::*;

const PREDICATE: Address = address!("0x9000000000000000000000000000000000000009");
const LIFE: u64 = 2_592_000;

#[test]
fn a_mission_that_lacks_nothing_is_funded_and_becomes_active() {
    let city = City::new();
    let case = city.chain("whole", 20);
    city.deploy(&case);
    city.world.take_logs();
    city.call(case.finalise()).unwrap();
    let logs = city.world.take_logs();
    let told: Vec<(Address, Vec<u8>)> = logs[1..]
        .iter()
        .map(|log| (log.address, log.data.data.to_vec()))
        .collect();
    let budget = treasury::allocateBudgetCall {
        missionId: case.mission,
        allocated: U256::from(20 * 300),
    };
    let activation = work::activateMissionCall {
        missionId: case.mission,
        epoch: EPOCH,
    };
    assert_eq!(
        told,
        [
            (member(Peer::Treasury), budget.abi_encode()),
            (member(Peer::Collaboration), activation.abi_encode()),
        ],
        "the budget first: no mission is active without it"
    );
    // It is law now, once.
    let wrong = wire::WrongMissionState {
        missionId: case.mission,
        state: wire::MissionState::Active,
    };
    city.refused(case.finalise(), wrong);
}

#[test]
fn a_mission_that_fits_a_transaction_becomes_law_in_one_call() {
    let city = City::new();
    let case = city.chain("at once", 300);
    city.call(case.whole()).unwrap();
    let logs = city.world.take_logs();
    let tranche = wire::TrancheDeployed::decode_log_validate(&logs[0]).unwrap();
    let accounts = |range: std::ops::Range<u64>| range.map(|ordinal| here().create(ordinal));
    assert_eq!(tranche.pages, accounts(1..4).collect::<Vec<_>>());
    let told = |at: usize| (logs[at].address, logs[at].data.data.to_vec());
    let last = logs.len() - 1;
    let activation = work::activateMissionCall {
        missionId: case.mission,
        epoch: EPOCH,
    };
    let activation = (member(Peer::Collaboration), activation.abi_encode());
    assert_eq!(told(last), activation);
    let budget = treasury::allocateBudgetCall {
        missionId: case.mission,
        allocated: U256::from(300 * 300),
    };
    assert_eq!(
        told(last - 1),
        (member(Peer::Treasury), budget.abi_encode())
    );
    let found = city.deployment(&case);
    assert_eq!((found.tranches, found.seatPages, found.nodes), (3, 19, 300));
    assert_eq!((found.budget, found.tokens), (0, 0), "it is law");
    let wrong = || wire::WrongMissionState {
        missionId: case.mission,
        state: wire::MissionState::Active,
    };
    city.refused(case.whole(), wrong());
}

#[test]
fn what_is_missing_of_a_whole_mission_leaves_nothing_of_it() {
    let city = City::new();
    let case = city.chain("in part", 40);
    let mut call = case.whole();
    call.seatPages.pop();
    let awaited = hash(&case.seats);
    let found = hash(&case.seats[..2]);
    city.refused(call, case.unapproved(awaited, found));
    let mut call = case.whole();
    call.pages.clear();
    city.refused(call, case.broken(0, 0, 2));
    city.facts_mut().active = 6;
    city.refused(case.whole(), case.unmet(2, 7, 6));
    city.facts_mut().active = 7;
    let poor = treasury::InsufficientEscrow {
        missionId: case.mission,
        available: U256::ZERO,
        needed: U256::from(40 * 300),
    };
    city.call(case.tranche(0, 1)).unwrap();
    let begun = wire::WrongTranche {
        missionId: case.mission,
        expected: 1,
        given: 0,
    };
    city.refused(case.whole(), begun);
    city.call(case.seating(0, 3)).unwrap();
    let treasury = Peer::Treasury as u8;
    city.facts_mut()
        .refusing
        .insert(treasury, poor.abi_encode());
    city.refused(case.finalise(), poor);
    city.facts_mut().refusing.clear();
    city.call(case.finalise()).unwrap();
}

#[test]
fn pages_and_seats_are_all_there() {
    let city = City::new();
    let case = city.chain("partial", 130);
    city.refused(case.finalise(), case.unmet(1, 130, 0));
    city.call(case.tranche(0, 1)).unwrap();
    city.refused(case.finalise(), case.unmet(1, 130, 128));
    city.call(case.tranche(1, 2)).unwrap();
    city.refused(case.finalise(), case.unmet(7, 9, 0));
    city.call(case.seating(0, 8)).unwrap();
    city.refused(case.finalise(), case.unmet(7, 9, 8));
    city.call(case.seating(8, 9)).unwrap();
    city.call(case.finalise()).unwrap();
}

/// A deployed mission whose second node is of high risk.
fn risky(city: &City) -> Case {
    let mut nodes = chain(2);
    nodes[1].node.risk = 2;
    let case = city.case("risky", &nodes, &[], &seats_of(&nodes));
    city.deploy(&case);
    case
}

#[test]
fn high_risk_asks_for_an_audited_codification() {
    let city = City::new();
    let case = risky(&city);
    city.refused(case.finalise(), case.unmet(4, 1, 0));
    city.facts_mut()
        .laws
        .get_mut(&case.session)
        .unwrap()
        .audited = true;
    city.call(case.finalise()).unwrap();
}

#[test]
fn the_budget_is_within_the_laws() {
    let city = City::new();
    let case = city.chain("dear", 2);
    city.deploy(&case);
    let budget = |budget| city.facts_mut().laws.get_mut(&case.session).unwrap().budget = budget;
    budget(599);
    city.refused(case.finalise(), case.unmet(8, 600, 599));
    budget(600);
    city.call(case.finalise()).unwrap();
}

#[test]
fn enough_adjudicators_are_active_as_the_parameter_is_now() {
    let city = City::new();
    let case = city.chain("judged", 2);
    city.deploy(&case);
    let id = ParameterId::AdjudicatorQuorum as u8;
    city.facts_mut().active = 6;
    city.refused(case.finalise(), case.unmet(2, 7, 6));
    // That of the law's epoch does not count: a city cannot be without judges because of an old law.
    city.facts_mut().of_law.insert(id, 5);
    city.refused(case.finalise(), case.unmet(2, 7, 6));
    city.facts_mut().in_force.insert(id, 6);
    city.call(case.finalise()).unwrap();
}

#[test]
fn a_law_is_fair_or_its_unfairness_waived() {
    let city = City::new();
    let case = city.chain("fair", 2);
    city.deploy(&case);
    let id = ParameterId::MinFairnessScore as u8;
    city.facts_mut().of_law.insert(id, 601);
    city.facts_mut().in_force.insert(id, 0);
    city.refused(case.finalise(), case.unmet(3, 601, 600));
    city.facts_mut()
        .laws
        .get_mut(&case.session)
        .unwrap()
        .fairnessWaived = true;
    city.call(case.finalise()).unwrap();
}

#[test]
fn nothing_becomes_law_in_a_city_that_the_watchdog_freezes() {
    let city = City::new();
    let case = city.chain("frozen", 2);
    city.deploy(&case);
    city.facts_mut().frozen_until = 1_800_000_000;
    city.refused(case.finalise(), case.unmet(5, 1_800_000_000, 0));
    city.facts_mut().frozen_until = 0;
    city.call(case.finalise()).unwrap();
}

#[test]
fn nothing_becomes_law_in_a_domain_with_a_struck_norm() {
    let city = City::new();
    let case = city.chain("struck", 2);
    city.deploy(&case);
    city.facts_mut().struck.insert(keccak256("medicine"));
    city.refused(case.finalise(), case.unmet(9, 1, 0));
    city.facts_mut().struck = [keccak256("traffic")].into();
    city.call(case.finalise()).unwrap();
}

#[test]
fn a_law_whose_approval_is_gone_binds_nobody() {
    let city = City::new();
    let case = city.chain("revoked", 2);
    city.deploy(&case);
    city.facts_mut()
        .laws
        .get_mut(&case.session)
        .unwrap()
        .approved = false;
    let statute = hash(&case.pages);
    city.refused(case.finalise(), case.unapproved(statute, B256::ZERO));
}

#[test]
fn an_empty_escrow_and_a_halted_city_refuse_and_leave_the_mission_pending() {
    let city = City::new();
    let case = city.chain("halted", 2);
    city.deploy(&case);
    let poor = treasury::InsufficientEscrow {
        missionId: case.mission,
        available: U256::ZERO,
        needed: U256::from(600),
    };
    let refusing = |peer: Peer, refusal: Vec<u8>| {
        city.facts_mut().refusing = [(peer as u8, refusal)].into();
    };
    refusing(Peer::Treasury, poor.abi_encode());
    city.refused(case.finalise(), poor);
    let halted = work::Halted {
        missionId: B256::ZERO,
        halt: work::Halt::EmergencyStop,
        until: U256::from(1_800_000_000u64).to(),
    };
    refusing(Peer::Collaboration, halted.abi_encode());
    // The budget was allocated before, and is not any more.
    city.refused(case.finalise(), halted);
    city.facts_mut().refusing.clear();
    city.call(case.finalise()).unwrap();
}

/// A deployed mission whose gate asks `target`, pinned to the code that stands there.
fn gated(city: &City, target: Address, codehash: B256) -> Case {
    let nodes = chain(2);
    let asked = Predicate {
        human: false,
        hard: true,
        target,
        codehash,
    };
    let human = Predicate {
        human: true,
        hard: false,
        target: Address::ZERO,
        codehash: B256::ZERO,
    };
    let case = city.case("gated", &nodes, &[human, asked], &seats_of(&nodes));
    city.deploy(&case);
    case
}

fn refused(target: Address, codehash: B256) -> wire::PredicateRefused {
    wire::PredicateRefused { target, codehash }
}

#[test]
fn a_predicate_has_the_code_that_the_panel_approved() {
    let city = City::new();
    city.world.data(PREDICATE, b"an answer");
    let codehash = keccak256(b"an answer");
    let case = gated(&city, PREDICATE, codehash);
    city.refused(case.finalise(), refused(PREDICATE, codehash));
    city.facts_mut()
        .approved
        .insert(PREDICATE, keccak256(b"another answer"));
    city.refused(case.finalise(), refused(PREDICATE, codehash));
    city.facts_mut().approved.insert(PREDICATE, codehash);
    // Approved, but no longer what stands there.
    city.world.data(PREDICATE, b"a changed answer");
    city.refused(case.finalise(), refused(PREDICATE, codehash));
    city.world.data(PREDICATE, b"an answer");
    city.call(case.finalise()).unwrap();
}

#[test]
fn a_predicate_that_is_a_program_outlives_what_the_table_says() {
    let city = City::new();
    let answers = |_: &agentcity_world::Frame, _: &[u8]| -> Answer { Ok(Vec::new()) };
    let codehash = keccak256("a program");
    city.world.install(PREDICATE, codehash, answers);
    let case = gated(&city, PREDICATE, codehash);
    city.facts_mut().approved.insert(PREDICATE, codehash);
    let least = u128::from(LIFE);
    // ArbWasm refuses to say how long what expired will live.
    city.refused(case.finalise(), case.unmet(10, least, 0));
    city.facts_mut().lives.insert(PREDICATE, LIFE - 1);
    city.refused(case.finalise(), case.unmet(10, least, least - 1));
    city.facts_mut().lives.insert(PREDICATE, LIFE);
    city.call(case.finalise()).unwrap();
    assert_ne!(ARB_WASM, PREDICATE);
}
