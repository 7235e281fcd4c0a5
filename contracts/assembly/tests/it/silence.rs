//! INV-ASSEMBLY-01: silence from every step. Whoever falls silent, anyone ends it, and nothing waits for ever.

use agentcity_abi::IAssembly as wire;
use agentcity_domain::machine::SessionState;

use crate::city::*;

/// Ends what can be ended, as often as it takes; how many calls.
fn wait_out(city: &City, session: alloy_primitives::B256) -> usize {
    for calls in 0..8 {
        let election = city.election(session);
        if election.failed {
            return calls;
        }
        let until: u64 = election.expiresAt.to();
        city.world
            .warp((until + 1).saturating_sub(city.world.now()));
        if election.step == Step::Tallying {
            city.tally(session, u32::MAX);
        } else {
            city.call(STRANGER, expiring(session)).expect("expired");
        }
    }
    panic!("it did not end");
}

#[test]
fn a_petition_that_nobody_signs_expires() {
    let city = City::new();
    let petition = city.call(principal(0), opening_petition()).unwrap();
    let call = wire::expirePetitionCall {
        petitionId: petition,
    };
    let end = city.world.now() + SPONSORING;
    city.refused(
        STRANGER,
        call.clone(),
        wire::TooEarly { from: u40(end + 1) },
    );
    city.world.warp(SPONSORING + 1);
    city.call(STRANGER, call.clone()).unwrap();
    let expected = wire::PetitionExpired {
        petitionId: petition,
        signatures: 1,
        needed: 2,
    };
    assert_eq!(
        city.world.take_events::<wire::PetitionExpired>(),
        [expected]
    );
    city.refused(STRANGER, call, wire::TooLate { until: u40(end) });
}

#[test]
fn a_session_without_proposals_fails() {
    let city = City::new();
    let session = city.session();
    assert_eq!(wait_out(&city, session), 1);
}

#[test]
fn a_session_whose_proposals_find_no_sponsors_fails() {
    let city = City::new();
    let session = city.session();
    let proposal = city.propose(session, 0, 0);
    city.sponsor(proposal, 4);
    assert_eq!(wait_out(&city, session), 1);
    assert_eq!(city.proposal(proposal).state, wire::ProposalState::Lapsed);
}

#[test]
fn a_debate_without_regulator_and_speakers_goes_on_to_the_ballot() {
    let city = City::new();
    let session = city.debating(2);
    city.expire(session);
    city.at(session, Step::Committing);
}

#[test]
fn a_ballot_that_nobody_casts_fails_its_session() {
    let city = City::new();
    let session = city.committing(2);
    assert_eq!(wait_out(&city, session), 1);
}

#[test]
fn ballots_that_nobody_opens_decide_nothing() {
    let city = City::new();
    let session = city.revealing(&alike(2, 10));
    assert_eq!(wait_out(&city, session), 1);
    let outcome = city.outcome(session);
    assert!(!outcome.decided);
    assert!(outcome.winner.is_zero());
}

#[test]
fn a_tally_that_its_voters_forget_is_finished_by_anyone() {
    let city = City::new();
    let session = city.tallying(&alike(2, 10));
    city.tally(session, 3);
    city.at(session, Step::Tallying);
    city.world.warp(1 << 30);
    city.tally(session, 7);
    city.at(session, Step::Decided);
}

#[test]
fn a_delay_ends_with_its_window() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    let session = city.tallying(&alike(8, 10));
    city.claim(STRANGER, session, &[0, 1, 2, 3]);
    city.at(session, Step::Delayed);
    city.expire(session);
    city.at(session, Step::Tallying);
    city.tally(session, u32::MAX);
    city.at(session, Step::Decided);
}

#[test]
fn what_no_registrar_takes_up_fails_and_what_one_took_up_does_not() {
    let city = City::new();
    let session = city.decided(&alike(2, 10));
    city.affairs
        .borrow_mut()
        .sessions
        .insert(session, SessionState::SessionInit as u8);
    city.world.warp(OPENING + 1);
    let taken = wire::WrongStep {
        sessionId: session,
        step: Step::Decided,
    };
    city.refused(STRANGER, expiring(session), taken);
    city.affairs.borrow_mut().sessions.clear();
    city.call(STRANGER, expiring(session)).unwrap();
    city.failed(session);
}

#[test]
fn what_is_not_there_has_no_end() {
    let city = City::new();
    let unknown = wire::Unknown { id: salt(1) };
    city.refused(STRANGER, expiring(salt(1)), unknown.clone());
    city.refused(STRANGER, claiming(salt(1), &[0]), unknown.clone());
    let call = wire::tallyCall {
        sessionId: salt(1),
        ballots: 1,
    };
    city.refused(STRANGER, call, unknown.clone());
    let call = wire::expirePetitionCall {
        petitionId: salt(1),
    };
    city.refused(STRANGER, call, unknown);
}

#[test]
fn from_the_beginning_on_waiting_alone_ends_it() {
    let city = City::new();
    city.credit(STRANGER, BOND);
    for (step, session) in [
        (1, city.session()),
        (2, City::debating(&city, 2)),
        (3, City::committing(&city, 2)),
        (4, City::revealing(&city, &alike(8, 10))),
    ] {
        assert!(wait_out(&city, session) <= 3, "from step {step}");
    }
    // Everybody voted and showed; then everybody, registrar included, is silent.
    let session = city.tallying(&alike(8, 10));
    assert_eq!(wait_out(&city, session), 2);
    let session = city.revealing(&alike(8, 10));
    for i in 0..10 {
        city.reveal(session, i, &alike(8, 1)[0]);
    }
    city.claim(STRANGER, session, &[0, 1, 2, 3]);
    city.at(session, Step::Revealing);
    assert_eq!(
        wait_out(&city, session),
        4,
        "reveals, delay, tally, opening"
    );
}
