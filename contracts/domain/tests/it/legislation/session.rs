//! INV-SESSION-01: how a session moves, over every pair of states.

use std::collections::BTreeSet;

use agentcity_domain::{
    clerk::ClerkRole,
    exit::{Deadline, EXITS, Term},
    legislation::session::{Kind, OFFICES, Refused, SILENT, Session, Terms, states, window},
    machine::{Machine, SessionState as S},
    parameter::ParameterId as P,
};
use alloy_primitives::B256;

const NOW: u64 = 1_000;

fn at(state: S) -> Session {
    let mut session = Session::default();
    session.set_state(state.number());
    session.set_kind(Kind::Mission as u8);
    session.set_expires(NOW);
    session.set_nodes(3);
    session
}

fn all() -> impl Iterator<Item = S> {
    (1..=u8::MAX).map_while(S::from_u8)
}

#[test]
fn a_session_moves_along_the_machine_only() {
    let mut legal = 0;
    for from in all() {
        for to in all() {
            let mut session = at(from);
            let moved = session.step(to, NOW, Some(1_500));
            if S::transition(from, to).is_ok() {
                legal += 1;
                assert_eq!(moved, Ok(()));
                assert_eq!((session.state(), session.expires()), (to.number(), NOW + 2));
            } else {
                let no = Refused::Transition {
                    from: from.number(),
                    to: to.number(),
                };
                assert_eq!(moved, Err(no));
                assert_eq!(session, at(from), "nothing has changed");
            }
        }
    }
    assert_eq!(
        legal, 15,
        "thirteen of the seed, and two that only extensions have"
    );
    let nothing = Session::default().step(S::IdentityVerification, NOW, None);
    assert!(nothing.is_err(), "what does not exist does not move");
}

#[test]
fn the_enactment_moves_what_it_decides_and_nothing_else() {
    let mut allowed = Vec::new();
    for from in all() {
        for to in 0..=u8::MAX {
            if let Ok(target) = at(from).enacts(to) {
                assert_eq!(target.number(), to);
                assert!(S::transition(from, target).is_ok(), "{from:?} {to}");
                allowed.push((from, target));
            }
        }
    }
    assert_eq!(
        allowed,
        [
            (S::RegulatoryReview, S::ProposalOpen),
            (S::RegulatoryReview, S::Codification),
            (S::RegulatoryReview, S::Failed),
            (S::Codification, S::AwaitingApproval),
            (S::Codification, S::Failed),
            (S::AwaitingApproval, S::Deployed),
        ]
    );
}

#[test]
fn another_round_begins_without_bids() {
    let mut session = at(S::RegulatoryReview);
    session.set_bids(7);
    session.set_covered(3);
    session.set_sealed(2);
    session
        .step(S::ProposalOpen, NOW, Some(0))
        .expect("sent back");
    assert_eq!(
        (session.round(), session.covered(), session.sealed()),
        (1, 0, 0)
    );
    assert_eq!(session.bids(), 7, "numbers of bids are not given twice");
    session.set_covered(1);
    session
        .step(S::BiddingOpen, NOW, Some(0))
        .expect("proposed");
    assert_eq!((session.round(), session.covered()), (1, 1));
}

/// Only what is sent back begins anew: bids of a round are not forgotten on another way.
#[test]
fn no_other_step_begins_another_round() {
    for from in all() {
        for to in all() {
            let mut session = at(from);
            session.set_covered(3);
            session.set_sealed(2);
            let is_back = from == S::RegulatoryReview && to == S::ProposalOpen;
            if session.step(to, NOW, Some(0)).is_ok() && !is_back {
                let kept = (session.round(), session.covered(), session.sealed());
                assert_eq!(kept, (0, 3, 2), "{from:?} {to:?}");
            }
        }
    }
}

/// Every state against every set of one and of two.
#[test]
fn a_session_is_in_a_set_that_names_its_state() {
    for state in all() {
        for one in all() {
            for other in all() {
                let expected = if state == one || state == other {
                    Ok(())
                } else {
                    Err(Refused::State(state.number()))
                };
                let found = at(state).must_be(states(&[one, other]));
                assert_eq!(found, expected, "{state:?} in {one:?}, {other:?}");
            }
        }
    }
    let mut unknown = at(S::Failed);
    unknown.set_state(16);
    assert_eq!(unknown.must_be(u16::MAX), Err(Refused::State(16)));
}

#[test]
fn the_last_second_of_a_state_is_in_time_and_the_next_is_over() {
    let open = states(&[S::BiddingOpen]);
    let session = at(S::BiddingOpen);
    assert_eq!(session.in_time(open, NOW), Ok(()));
    assert_eq!(session.over(open, NOW), Err(Refused::TooEarly(NOW + 1)));
    assert_eq!(session.in_time(open, NOW + 1), Err(Refused::TooLate(NOW)));
    assert_eq!(session.over(open, NOW + 1), Ok(()));
    let other = states(&[S::Codification]);
    assert_eq!(
        session.in_time(other, NOW),
        Err(Refused::State(S::BiddingOpen.number()))
    );
    assert_eq!(Session::default().must_be(u16::MAX), Err(Refused::Unknown));
}

/// RESOLUTIONS L-09: every state but the final ones has a window, and is ended by whoever comes.
#[test]
fn no_state_waits_for_ever() {
    for state in all() {
        for kind in [Kind::Mission, Kind::Child, Kind::Partial, Kind::Full] {
            let timed = !matches!(state, S::SessionInit | S::Deployed | S::Failed);
            assert_eq!(window(state, kind as u8).is_some(), timed, "{state:?}");
        }
        let silent = SILENT >> state.number() & 1 == 1;
        let timed = window(state, Kind::Mission as u8).is_some();
        assert_eq!(silent, timed && state != S::BiddingOpen, "{state:?}");
    }
    let partial = Kind::Partial as u8;
    assert_eq!(
        window(S::BiddingOpen, partial),
        Some(P::PartialRelegBiddingTimeoutMs)
    );
    assert_eq!(
        window(S::RegulatoryReview, partial),
        Some(P::ExpeditedRegulatoryWindowMs)
    );
    assert_eq!(window(S::BiddingOpen, 1), Some(P::BiddingWindowMs));
}

/// What docs/exits.md promises is what the programs keep to, for every kind of session.
#[test]
fn the_table_of_exits_names_the_windows_of_every_kind() {
    for state in all() {
        let kept: BTreeSet<P> = [Kind::Mission, Kind::Child, Kind::Partial, Kind::Full]
            .into_iter()
            .filter_map(|kind| window(state, kind as u8))
            .collect();
        let promised: BTreeSet<P> = EXITS[Machine::Session as usize]
            .1
            .iter()
            .filter(|exit| exit.from == state.number())
            .filter_map(|exit| match exit.deadline {
                Deadline::After([Term::Parameter(id)]) => Some(*id),
                // The opening counts from windows of its election.
                _ => None,
            })
            .collect();
        assert_eq!(promised, kept, "{state:?}");
    }
}

#[test]
fn bidding_ends_in_review_if_every_node_that_needs_one_has_a_bid() {
    for (kind, covered, to) in [
        (Kind::Mission, 2, S::Failed),
        (Kind::Mission, 3, S::RegulatoryReview),
        (Kind::Child, 2, S::Failed),
        (Kind::Partial, 0, S::Failed),
        (Kind::Partial, 1, S::RegulatoryReview),
        // Nodes that are done already need nobody: their award finds which do.
        (Kind::Full, 0, S::RegulatoryReview),
    ] {
        let mut session = at(S::BiddingOpen);
        session.set_kind(kind as u8);
        session.set_covered(covered);
        assert_eq!(session.after_bidding(), to, "{kind:?} {covered}");
    }
    let mut session = at(S::BiddingOpen);
    session.set_node(7);
    assert!(session.is_bid_on(2) && !session.is_bid_on(3) && !session.is_bid_on(7));
    session.set_kind(Kind::Partial as u8);
    assert!(session.is_bid_on(7) && !session.is_bid_on(2));
}

#[test]
fn where_bids_are_sealed_the_award_waits_for_their_opening() {
    let mut session = at(S::RegulatoryReview);
    session.set_expires(NOW + 300);
    assert_eq!(session.awards_from(300_000, 60_000), 0);
    session.set_sealed(1);
    assert_eq!(session.awards_from(300_000, 60_000), NOW + 61);
}

#[test]
fn offices_are_filled_once_and_regulators_are_counted() {
    let mut session = at(S::IdentityVerification);
    for (role, filled) in ClerkRole::ALL.iter().zip(1..) {
        session.fill(role.number());
        session.fill(role.number());
        assert_eq!(session.offices_filled(), (filled, 4));
    }
    assert_eq!(session.offices(), OFFICES);
    assert_eq!(session.regulators(), 2);
    session.fill(200);
    assert_eq!(session.offices(), OFFICES, "no such office");
}

#[test]
fn parts_of_a_session_do_not_overlap_and_come_back() {
    let mut taken = B256::ZERO;
    for (name, at, bytes) in Session::LAYOUT {
        for byte in &mut taken[*at..at + bytes] {
            assert_eq!(*byte, 0, "{name} overlaps");
            *byte = 1;
        }
    }
    let mut terms = Terms::default();
    terms.set_budget(u128::MAX - 5);
    terms.set_deadline((1 << 40) - 1);
    terms.set_tokens(u32::MAX);
    assert_eq!(terms.budget(), u128::MAX - 5);
    assert_eq!(
        (terms.deadline(), terms.tokens()),
        ((1 << 40) - 1, u32::MAX)
    );
}
