//! Sessions for nodes and missions that need a law of their own.

use agentcity_abi::IAssembly::{self as wire, SessionKind as Kind};
use agentcity_domain::machine::{MissionState, NodeState, SessionState};
use alloy_primitives::{Address, B256};

use crate::city::*;

const FUNDER: Address = Address::repeat_byte(0xf1);

/// A mission's number begins with its sponsor.
fn mission() -> B256 {
    let mut id = B256::repeat_byte(0x99);
    id[..20].copy_from_slice(FUNDER.as_slice());
    id
}

const OWN_LAW: B256 = B256::repeat_byte(0x1a);
const OWN_SESSION: B256 = B256::repeat_byte(0x5e);

/// A city with a mission in this state and a node in that.
pub(crate) fn city(mission_state: MissionState, node: NodeState) -> City {
    let city = City::new();
    {
        let mut affairs = city.affairs.borrow_mut();
        let state = (mission_state as u8, OWN_SESSION);
        affairs.missions.insert(mission(), state);
        affairs.nodes.insert((mission(), 4), (node as u8, 2));
        affairs.laws.insert(OWN_SESSION, (OWN_LAW, DOMAIN));
    }
    city
}

pub(crate) fn opening(kind: Kind) -> wire::openDerivedSessionCall {
    wire::openDerivedSessionCall {
        kind,
        missionId: mission(),
        node: 4,
    }
}

#[test]
fn a_partial_session_needs_no_ballot_and_carries_the_missions_law() {
    let city = city(MissionState::Executing, NodeState::Failed);
    let session = city.call(STRANGER, opening(Kind::Partial)).unwrap();
    let opened = city.world.take_events::<wire::SessionOpened>();
    assert_eq!(
        (opened[0].kind, opened[0].origin, opened[0].node),
        (Kind::Partial, mission(), 4)
    );
    city.at(session, Step::Skipped);
    let outcome = city.outcome(session);
    let until = city.world.now() + OPENING;
    assert_eq!(
        outcome,
        wire::Outcome {
            decided: true,
            kind: Kind::Partial,
            epoch: EPOCH,
            legislativeEpoch: 1,
            expiresAt: u40(until),
            node: 4,
            missionId: mission(),
            winner: B256::ZERO,
            statuteHash: OWN_LAW,
            sponsor: FUNDER,
            domain: DOMAIN,
        }
    );
    let late = wire::WrongStep {
        sessionId: session,
        step: Step::Skipped,
    };
    city.refused(agent(0), proposing(session, 0), late);
    city.world.warp(OPENING + 1);
    assert!(!city.outcome(session).decided, "the registrar is late");
}

/// A derived session ends with its mission's sponsor and under its domain, whoever proposed what won.
#[test]
fn a_childs_law_is_funded_and_bound_as_its_parents() {
    for (kind, state, node) in [
        (Kind::Child, MissionState::Executing, NodeState::Eligible),
        (Kind::Full, MissionState::Failed, NodeState::Failed),
    ] {
        let city = city(state, node);
        let session = city.call(STRANGER, opening(kind)).unwrap();
        let other = wire::proposeCall {
            domain: B256::repeat_byte(0xd1),
            ..proposing(session, 0)
        };
        let mismatch = wire::Mismatch {
            sessionId: session,
            expected: DOMAIN,
            found: B256::repeat_byte(0xd1),
        };
        city.refused(agent(0), other, mismatch);
        let proposal = city.propose(session, 0, 0);
        city.sponsor(proposal, 5);
        city.expire(session);
        city.expire(session);
        for i in 0..6 {
            city.commit(session, i, &[0]);
        }
        city.expire(session);
        city.reveal(session, 0, &[0]);
        city.expire(session);
        city.tally(session, 1);
        let outcome = city.outcome(session);
        assert!(outcome.decided);
        assert_eq!((outcome.kind, outcome.missionId), (kind, mission()));
        let node = if kind == Kind::Full { 0 } else { 4 };
        assert_eq!((outcome.node, outcome.winner), (node, proposal));
        assert_eq!((outcome.sponsor, outcome.domain), (FUNDER, DOMAIN));
        assert_eq!(outcome.statuteHash, law_of(0));
    }
}

#[test]
fn a_session_is_derived_from_what_needs_a_law_and_from_nothing_else() {
    use MissionState as M;
    use NodeState as N;
    for (kind, state, node, needed, found) in [
        (
            Kind::Child,
            M::Executing,
            N::Executing,
            N::Eligible as u8,
            N::Executing as u8,
        ),
        (
            Kind::Child,
            M::Executing,
            N::Failed,
            N::Eligible as u8,
            N::Failed as u8,
        ),
        (
            Kind::Partial,
            M::Executing,
            N::Eligible,
            N::Failed as u8,
            N::Eligible as u8,
        ),
        (
            Kind::Full,
            M::Executing,
            N::Failed,
            M::Failed as u8,
            M::Executing as u8,
        ),
    ] {
        let city = city(state, node);
        let mismatch = wire::Mismatch {
            sessionId: mission(),
            expected: number(needed),
            found: number(found),
        };
        city.refused(STRANGER, opening(kind), mismatch);
    }
    let city = city(M::Executing, N::Failed);
    city.refused(STRANGER, opening(Kind::Mission), wire::MalformedCall {});
    city.refused(STRANGER, opening(Kind::None), wire::MalformedCall {});
}

/// A statute at fault is legislated anew although its mission has not failed.
#[test]
fn a_fault_of_the_law_opens_a_full_session() {
    let city = city(MissionState::Executing, NodeState::Failed);
    city.affairs.borrow_mut().faults.insert((mission(), 4), 2);
    let session = city.call(STRANGER, opening(Kind::Full)).unwrap();
    assert_eq!(city.election(session).node, 4);
}

/// One session at a time; what came to nothing, here or in the procedure after, is opened again, and so is the next attempt.
#[test]
fn an_attempt_has_one_session_at_a_time() {
    let city = city(MissionState::Executing, NodeState::Failed);
    let first = city.call(STRANGER, opening(Kind::Partial)).unwrap();
    let done = |id| wire::AlreadyDone { id, who: STRANGER };
    city.refused(STRANGER, opening(Kind::Partial), done(first));
    // The registrar is silent.
    city.expire(first);
    let second = city.call(STRANGER, opening(Kind::Partial)).unwrap();
    assert_ne!(first, second);
    // The legislature has it, then it fails there.
    let say = |state: SessionState| {
        let state = state as u8;
        city.affairs.borrow_mut().sessions.insert(second, state);
    };
    say(SessionState::Codification);
    city.refused(STRANGER, opening(Kind::Partial), done(second));
    say(SessionState::Deployed);
    city.refused(STRANGER, opening(Kind::Partial), done(second));
    say(SessionState::Failed);
    let third = city.call(STRANGER, opening(Kind::Partial)).unwrap();
    city.refused(STRANGER, opening(Kind::Partial), done(third));
    // It succeeded, and the next attempt fails.
    let next = (NodeState::Failed as u8, 3);
    city.affairs.borrow_mut().nodes.insert((mission(), 4), next);
    city.call(STRANGER, opening(Kind::Partial)).unwrap();
}
