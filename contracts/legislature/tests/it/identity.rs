//! MSG_TYPE_1 and 2, L-09, A1: who takes part.

use agentcity_abi::ILegislature as wire;
use agentcity_domain::{clerk::ClerkRole, parameter::ParameterId as P, peer::Peer};
use agentcity_sessions::{
    City, DOMAIN, EPOCH, IDENTITY, Kind, REGULATORS, SPONSOR, State, agent, clerk,
    clerks_principal, principal,
    steps::{Case, node},
};
use alloy_primitives::{Address, B256, aliases::U40};

fn requested() -> (City, Case) {
    let city = City::new();
    let case = city.decided("known", &[node(1)]);
    city.law(city.request(&case)).unwrap();
    city.world.take_logs();
    (city, case)
}

/// The principal for which somebody takes part.
fn attested(city: &City, case: &Case, account: Address) -> Address {
    let call = wire::attestedAsCall {
        sessionId: case.id,
        agent: account,
    };
    city.law(call).unwrap()
}

#[test]
fn the_registrar_takes_over_what_the_assembly_decided() {
    let city = City::new();
    let mission = B256::repeat_byte(0x31);
    let case = city.decided_as("taken", &[node(1), node(1)], Kind::Child, (mission, 3));
    city.law(city.request(&case)).unwrap();
    let session = city.session(case.id);
    let expected = wire::Session {
        state: State::IdentityVerification,
        kind: wire::SessionKind::Child,
        epoch: EPOCH,
        legislativeEpoch: 9,
        expiresAt: U40::from(city.world.now() + IDENTITY),
        reproposals: 0,
        bids: 0,
        nodes: 0,
        node: 3,
        roles: 0,
        regulators: 0,
        tokenBudget: 0,
        missionBudget: 0,
        missionDeadline: U40::ZERO,
        awardsFrom: U40::ZERO,
        missionId: mission,
        winner: case.winner(),
        statuteHash: case.statute(),
        sponsor: SPONSOR,
        domain: DOMAIN,
    };
    assert_eq!(session, expected.clone());
    let mut again = city.request(&case);
    again.message.deadline -= 1;
    again.signature = city.sign(
        Peer::Legislature,
        &clerk(ClerkRole::Registrar, 0),
        &again.message,
    );
    let refused = wire::WrongSessionState {
        sessionId: case.id,
        state: State::IdentityVerification,
    };
    city.refuses(Peer::Legislature, again, refused);
}

#[test]
fn what_is_not_decided_or_waited_too_long_is_not_taken_over() {
    let city = City::new();
    let case = city.decided("stale", &[node(1)]);
    let undecided = wire::NotDecided { sessionId: case.id };
    city.world.warp(601);
    city.refuses(Peer::Legislature, city.request(&case), undecided.clone());
    let case = city.decided("fresh", &[node(1)]);
    city.world.warp(600);
    city.law(city.request(&case))
        .expect("the last second is in time");
    let case = city.decided("open", &[node(1)]);
    city.facts_mut().outcomes.get_mut(&case.id).unwrap().decided = false;
    let undecided = wire::NotDecided { sessionId: case.id };
    city.refuses(Peer::Legislature, city.request(&case), undecided);
}

#[test]
fn all_offices_must_be_there_and_any_clerk_of_one_fills_it() {
    let (city, case) = requested();
    let confirm = || wire::confirmRosterCall { sessionId: case.id };
    for (role, have) in ClerkRole::ALL.iter().zip(0..) {
        let missing = wire::QuorumMissing {
            id: case.id,
            have,
            need: 4,
        };
        city.refuses(Peer::Legislature, confirm(), missing);
        city.law(city.attesting(&case, &[clerk(*role, 0)])).unwrap();
    }
    city.law(confirm()).unwrap();
    city.is_in(case.id, State::ProposalOpen);
}

#[test]
fn a_clerk_that_holds_no_office_any_more_fills_none() {
    let (city, case) = requested();
    let account = clerk(ClerkRole::Speaker, 0);
    city.facts_mut().clerks.get_mut(&account.address).unwrap().1 = false;
    city.law(city.attesting(&case, &[account])).unwrap();
    assert_eq!(city.session(case.id).roles, 0);
}

#[test]
fn regulators_of_one_principal_count_once() {
    let (city, case) = requested();
    let own = clerks_principal(ClerkRole::Regulator, 0);
    city.change(clerk(ClerkRole::Regulator, 1).address, |person| {
        person.principal = own
    });
    let all: Vec<_> = (0..REGULATORS)
        .map(|i| clerk(ClerkRole::Regulator, i))
        .collect();
    city.law(city.attesting(&case, &all)).unwrap();
    assert_eq!(city.session(case.id).regulators, 2);
    // Once more, they change nothing.
    city.law(city.attesting(&case, &all)).unwrap();
    assert_eq!(city.session(case.id).regulators, 2);
}

#[test]
fn whoever_is_not_fit_is_dropped_and_the_others_are_not() {
    let (city, case) = requested();
    city.change(agent(1).address, |person| person.score = 399);
    city.change(agent(2).address, |person| person.bars = 4);
    let all: Vec<_> = (0..4).map(agent).collect();
    let mut call = city.attesting(&case, &all);
    call.messages[3].principal = principal(0);
    call.signatures[3] = city.sign(Peer::Legislature, &agent(3), &call.messages[3]);
    city.law(call).unwrap();
    let dropped = city.world.take_events::<wire::AgentDropped>();
    let dropped: Vec<_> = dropped.iter().map(|it| (it.agent, it.rule)).collect();
    let expected = [(1, 3), (2, 2), (3, 1)].map(|(i, rule)| (agent(i).address, rule));
    assert_eq!(dropped, expected);
    assert_eq!(attested(&city, &case, agent(0).address), principal(0));
    for i in 1..4 {
        assert_eq!(attested(&city, &case, agent(i).address), Address::ZERO);
    }
}

/// A1, D-29: a clerk is barred by nothing for being one, and by everything else.
#[test]
fn a_clerk_whose_principal_is_banned_or_frozen_or_free_takes_no_part() {
    for bars in [2 | 1, 2 | 4, 2 | 8, 2 | 16] {
        let (city, case) = requested();
        let account = clerk(ClerkRole::Regulator, 0);
        city.change(account.address, |person| person.bars = bars);
        city.law(city.attesting(&case, std::slice::from_ref(&account)))
            .unwrap();
        let [dropped] = &city.world.take_events::<wire::AgentDropped>()[..] else {
            panic!("dropped");
        };
        assert_eq!((dropped.agent, dropped.rule), (account.address, 2));
        assert_eq!(city.session(case.id).regulators, 0);
    }
    let (city, case) = requested();
    city.change(agent(0).address, |person| person.bars = 2);
    city.law(city.attesting(&case, &[agent(0)])).unwrap();
    assert_eq!(
        attested(&city, &case, agent(0).address),
        Address::ZERO,
        "no producer, and no clerk"
    );
}

/// a session asks for more than the city does, never for less.
#[test]
fn the_least_reputation_is_the_greater_of_the_two() {
    for (asked, citys, score, fits) in [
        (400, 100, 400, true),
        (400, 100, 399, false),
        (100, 450, 449, false),
        (100, 450, 450, true),
    ] {
        let city = City::new();
        city.set(P::ReputationFloor, citys);
        city.change(agent(0).address, |person| person.score = score);
        let case = city.decided("floor", &[node(1)]);
        let mut call = city.request(&case);
        call.message.minimumReputation = asked;
        call.signature = city.sign(
            Peer::Legislature,
            &clerk(ClerkRole::Registrar, 0),
            &call.message,
        );
        city.law(call).unwrap();
        city.law(city.attesting(&case, &[agent(0)])).unwrap();
        let found = attested(&city, &case, agent(0).address);
        assert_eq!(found != Address::ZERO, fits, "{asked} {citys} {score}");
    }
}

#[test]
fn an_attestation_answers_this_sessions_challenge_in_time() {
    let (city, case) = requested();
    let mut call = city.attesting(&case, &[agent(0)]);
    call.messages[0].challenge = B256::repeat_byte(1);
    call.signatures[0] = city.sign(Peer::Legislature, &agent(0), &call.messages[0]);
    let mismatch = wire::Mismatch {
        sessionId: case.id,
        expected: case.challenge(),
        found: B256::repeat_byte(1),
    };
    city.refuses(Peer::Legislature, call, mismatch);
    let until = city.session(case.id).expiresAt;
    city.world.warp(IDENTITY + 1);
    let call = city.attesting(&case, &[agent(0)]);
    city.refuses(Peer::Legislature, call, wire::TooLate { until });
    let call = wire::confirmRosterCall { sessionId: case.id };
    city.refuses(Peer::Legislature, call, wire::TooLate { until });
}

#[test]
fn signatures_and_messages_are_as_many() {
    let (city, case) = requested();
    let mut call = city.attesting(&case, &[agent(0), agent(1)]);
    call.signatures.pop();
    city.refuses(Peer::Legislature, call, wire::MalformedCall {});
    let none = city.attesting(&case, &[]);
    city.law(none).expect("nothing is nothing");
}

/// Whoever confirms the roster as soon as the offices are filled would otherwise be the only one who bids.
#[test]
fn who_comes_after_the_roster_attests_until_bidding_ends() {
    let (city, case) = requested();
    let offices: Vec<_> = ClerkRole::ALL.iter().map(|role| clerk(*role, 0)).collect();
    city.law(city.attesting(&case, &offices)).unwrap();
    let confirm = wire::confirmRosterCall { sessionId: case.id };
    city.law(confirm).unwrap();
    city.law(city.attesting(&case, &[agent(0)])).unwrap();
    city.law(city.proposing(city.proposal(&case))).unwrap();
    city.law(city.attesting(&case, &[agent(1), clerk(ClerkRole::Regulator, 1)]))
        .unwrap();
    city.bids(&case, 0, &[(0, 5), (1, 6)]);
    assert_eq!(
        city.session(case.id).regulators,
        2,
        "a majority is of all who came"
    );
    city.close(&case);
    let late = city.attesting(&case, &[agent(2)]);
    let state = wire::WrongSessionState {
        sessionId: case.id,
        state: State::RegulatoryReview,
    };
    city.refuses(Peer::Legislature, late, state);
}
