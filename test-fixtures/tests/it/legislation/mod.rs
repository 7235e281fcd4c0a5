//! Laws on a strict devnode, made by transactions alone with the compiled programs.

mod city;
mod crowd;
mod nobodies;
mod silence;
mod vectors;

use agentcity_abi::{
    IAssembly::Deliberation,
    ICollaboration::{self as work, MissionState, NodeState},
    IEnactment as enactment,
    ILegislature::SessionState,
    IStatute as statute,
};
use agentcity_domain::{peer::Peer, statute::encode};
use agentcity_test_fixtures::{
    gas::missions::ten,
    mission::{Charter, Law, Plan, Stage, plan},
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolError},
};

/// What each executor stakes on a seat, in base units.
const STAKE: u128 = 200_000_000_000_000;

fn stage() -> Stage {
    Stage::raise(&Charter::default(), 4, 2).unwrap_or_else(|e| panic!("{e}"))
}

/// A plan as people legislate it: what it became, and its law.
fn legislated(stage: &mut Stage, plan: &Plan) -> (Plan, Law) {
    let bill = stage.deliberate(plan).unwrap_or_else(|e| panic!("{e}"));
    let election = stage.election(bill.session).unwrap();
    assert_eq!(election.step, Deliberation::Decided);
    assert_eq!(election.winner, bill.proposal);
    let bids = bill.plan.seats(&stage.executors, STAKE);
    let law = stage.carry(&bill, &bids).unwrap_or_else(|e| panic!("{e}"));
    let session = stage.session(bill.session).unwrap();
    assert_eq!(session.state, SessionState::Deployed);
    (bill.plan, law)
}

fn ask<C: SolCall>(stage: &mut Stage, peer: Peer, call: &C) -> C::Return {
    let to = stage.city.address(peer);
    stage
        .city
        .client
        .ask(to, call)
        .unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_wish_becomes_a_law_and_the_law_a_mission_whose_first_task_is_done() {
    let mut stage = stage();
    let (plan, mut law) = legislated(&mut stage, &ten());
    assert!(law.answer.approved);
    assert_eq!(law.answer.sponsor, stage.sponsor.address());
    assert_eq!(law.answer.budget, plan.budget());
    assert_eq!(law.answer.statuteHash, law.written.statute_hash());
    assert_eq!(law.answer.assignmentsHash, law.written.assignments_hash());
    stage.make_law(&mut law).unwrap_or_else(|e| panic!("{e}"));
    let mission = work::missionCall {
        missionId: law.mission,
    };
    let found = ask(&mut stage, Peer::Collaboration, &mission);
    assert_eq!(found.state, MissionState::Active);
    let job = stage.job(&law, 0);
    let steps = vec![stage.routes(&job, job.agent(0)), stage.submits(&job)];
    stage
        .perform(&mut law, steps)
        .unwrap_or_else(|e| panic!("{e}"));
    let node = work::nodeCall {
        missionId: law.mission,
        index: 0,
    };
    let node = ask(&mut stage, Peer::Collaboration, &node);
    assert_eq!(node.state, NodeState::Completed);
    let books = stage.books().unwrap_or_else(|e| panic!("{e}"));
    assert!(books.balance(), "{books:?}");
}

/// Pages of a statute with one thing changed, for everything that a page says of a node or its edges.
fn other_statutes(plan: &Plan) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    type Change = fn(&mut Plan);
    let changes: [(&str, Change); 11] = [
        ("digest", |p| p.tasks[3].node.digest = keccak256("other")),
        ("tier", |p| p.tasks[6].node.tier = 1),
        ("risk", |p| p.tasks[3].node.risk = 1),
        ("redundancy", |p| p.tasks[2].node.redundancy = 4),
        ("threshold", |p| p.tasks[2].node.threshold = 3),
        ("mode", |p| p.tasks[4].node.mode = 0),
        ("time", |p| p.tasks[3].node.timeout_ms -= 1),
        ("budget", |p| p.tasks[3].node.budget += 1),
        ("tokens", |p| p.tasks[3].node.tokens += 1),
        ("an edge less", |p| {
            p.edges.retain(|edge| *edge != (2, 5));
        }),
        ("an edge elsewhere", |p| {
            p.edges.retain(|edge| *edge != (2, 5));
            p.edges.push((2, 6));
        }),
    ];
    let changed = changes.iter().map(|(what, change)| {
        let mut plan = plan.clone();
        change(&mut plan);
        let pages = encode::statute(&plan.drafts(), &plan.predicates);
        (*what, pages.expect("it can be written"))
    });
    changed.collect()
}

/// Pages of seats with one thing changed, for everything that they say.
fn other_seats(law: &Law) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    type Change = fn(&mut Vec<agentcity_domain::statute::Seat>);
    let changes: [(&str, Change); 6] = [
        ("agent", |s| s[0].agent = Address::repeat_byte(9)),
        ("service", |s| s[0].service = keccak256("other")),
        ("price", |s| s[0].price -= 1),
        ("stake", |s| s[0].stake -= 1),
        ("source", |s| s[0].source = keccak256("a pool")),
        ("another's seat", |s| {
            let (first, second) = (s[0].agent, s[1].agent);
            s[0].agent = second;
            s[1].agent = first;
        }),
    ];
    let changed = changes.iter().map(|(what, change)| {
        let mut seats = law.written.seats.clone();
        change(&mut seats);
        let pages = encode::seats(law.written.nodes, &seats);
        (*what, pages.expect("they can be written"))
    });
    changed.collect()
}

#[test]
fn nothing_becomes_law_but_exactly_what_was_approved() {
    let mut stage = stage();
    let (plan, mut law) = legislated(&mut stage, &ten());
    let stranger = stage.city.person("stranger").unwrap();
    stage.create(&mut law).unwrap();
    stage.fund(&mut law).unwrap();
    let to = stage.city.address(Peer::Statute);
    let refused = |stage: &mut Stage, input: &[u8], hashes: (B256, B256), what: &str| {
        let said = stage
            .city
            .client
            .try_call(stranger.address(), to, U256::ZERO, input);
        let refusal = said.expect_err(what);
        let refusal = refusal.refusal().unwrap_or_else(|| panic!("{what}"));
        let expected = statute::NotApproved {
            missionId: law_of(input),
            expected: hashes.0,
            found: hashes.1,
        };
        assert_eq!(refusal.0, Bytes::from(expected.abi_encode()), "{what}");
    };
    let approved = law.written.statute_hash();
    for (what, pages) in other_statutes(&plan) {
        let found = plan::hash(&pages);
        assert_ne!(found, approved, "{what}");
        let call = statute::deployTrancheCall {
            missionId: law.mission,
            tranche: 0,
            pages: pages.into_iter().map(Bytes::from).collect(),
            rest: B256::ZERO,
        };
        refused(&mut stage, &call.abi_encode(), (approved, found), what);
    }
    stage.deploy(&mut law, &stranger, 4).unwrap();
    let approved = law.written.assignments_hash();
    for (what, pages) in other_seats(&law) {
        let found = plan::hash(&pages);
        assert_ne!(found, approved, "{what}");
        let call = statute::deploySeatsCall {
            missionId: law.mission,
            tranche: 0,
            pages: pages.into_iter().map(Bytes::from).collect(),
            rest: B256::ZERO,
        };
        refused(&mut stage, &call.abi_encode(), (approved, found), what);
    }
    stage.seat(&mut law, &stranger, 4).unwrap();
    stage.finalise(&mut law, &stranger).unwrap();
    let again = enactment::lawOfCall {
        sessionId: law.session,
    };
    assert_eq!(ask(&mut stage, Peer::Enactment, &again), law.answer);
}

/// The mission that a call of statute is about.
fn law_of(input: &[u8]) -> B256 {
    B256::from_slice(&input[4..36])
}
