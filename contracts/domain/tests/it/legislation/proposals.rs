//! Proposals: places on the ballot against a sorted list, reintroduction, and states that step as their machine does.

use agentcity_domain::{
    legislation::{
        election::{Election, Kind, Terms},
        proposal::{Admission, CANDIDATES_MAX, Proposal, another, weakest},
        refused::Refused,
    },
    machine::{ElectionState, ProposalState},
};
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

use super::elections::terms;

fn proposal(index: u16) -> Proposal {
    Proposal::new(index, &Address::repeat_byte(0xbb))
}

#[test]
fn a_proposal_keeps_who_made_it_beside_its_parts() {
    let mut one = proposal(u16::MAX);
    one.set_place(16);
    one.set_times(5);
    one.set_sponsors(u32::MAX);
    one.set_returned(1);
    one.set_minorities(0xff_ffff);
    assert_eq!(one.proposer(), Address::repeat_byte(0xbb));
    assert_eq!((one.index(), one.place(), one.times()), (u16::MAX, 16, 5));
    assert_eq!((one.returned(), one.minorities()), (1, 0xff_ffff));
}

#[test]
fn each_minority_position_is_counted_beside_it() {
    let mut one = proposal(0);
    one.dissent();
    one.dissent();
    assert_eq!((one.minorities(), one.sponsors()), (2, 0));
}

#[test]
fn the_needed_sponsor_gives_a_place_and_those_before_and_after_do_not() {
    let mut one = proposal(0);
    assert_eq!(one.sponsor(3, 4), Admission::None);
    assert_eq!(one.sponsor(3, 4), Admission::None);
    assert!(!one.is_placed());
    assert_eq!(one.sponsor(3, 4), Admission::Next(4));
    assert_eq!((one.place(), one.sponsors()), (5, 3));
    assert_eq!(one.sponsor(3, 5), Admission::None, "it has one");
    assert_eq!(one.place(), 5);
    let mut late = proposal(1);
    late.set_sponsors(2);
    assert_eq!(late.sponsor(3, CANDIDATES_MAX), Admission::Contest);
    assert!(!late.is_placed());
    assert_eq!(
        late.sponsor(3, CANDIDATES_MAX),
        Admission::Contest,
        "with each"
    );
}

#[test]
fn a_place_is_taken_by_more_sponsors_and_not_by_as_many() {
    let (mut strong, mut weak) = (proposal(1), proposal(0));
    weak.set_place(7);
    weak.set_sponsors(5);
    strong.set_sponsors(5);
    assert!(!strong.displace(&mut weak));
    assert_eq!((strong.place(), weak.place()), (0, 7));
    strong.set_sponsors(6);
    assert!(strong.displace(&mut weak));
    assert_eq!((strong.place(), weak.place()), (7, 0));
}

/// A city of proposals and sponsors, as the contract carries it.
#[derive(Default)]
struct Ballot {
    proposals: Vec<Proposal>,
    places: Vec<usize>,
}

impl Ballot {
    fn sponsor(&mut self, which: usize, needed: u32) {
        match self.proposals[which].sponsor(needed, self.places.len() as u8) {
            Admission::None => {}
            Admission::Next(place) => {
                assert_eq!(usize::from(place), self.places.len());
                self.places.push(which);
            }
            Admission::Contest => {
                let placed: Vec<Proposal> =
                    self.places.iter().map(|at| self.proposals[*at]).collect();
                let at = weakest(&placed).unwrap();
                let mut other = placed[at];
                if self.proposals[which].displace(&mut other) {
                    self.proposals[self.places[at]] = other;
                    self.places[at] = which;
                }
            }
        }
    }
}

proptest! {
    /// INV-ASSEMBLY-06: however sponsors come, those on the ballot have at least as many as anybody who is not.
    #[test]
    fn those_with_most_sponsors_are_on_the_ballot(
        calls in prop::collection::vec(0..24usize, 0..400), needed in 3..6u32,
    ) {
        let mut ballot = Ballot {
            proposals: (0..24).map(proposal).collect(),
            ..Ballot::default()
        };
        for which in calls {
            ballot.sponsor(which, needed);
            for (place, at) in ballot.places.iter().enumerate() {
                prop_assert_eq!(usize::from(ballot.proposals[*at].place()), place + 1);
            }
        }
        let mut counts: Vec<u32> = ballot.proposals.iter().map(Proposal::sponsors).filter(|n| *n >= needed).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.truncate(16);
        let mut placed: Vec<u32> = ballot.places.iter().map(|at| ballot.proposals[*at].sponsors()).collect();
        placed.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(placed, counts);
        let places = ballot.proposals.iter().filter(|one| one.is_placed()).count();
        prop_assert_eq!(places, ballot.places.len());
    }
}

#[test]
fn a_principal_makes_no_more_proposals_than_a_ballot_has_places() {
    let mut made = 0;
    while let Ok(more) = another(made) {
        assert_eq!(more, made + 1);
        made = more;
    }
    assert_eq!(made, 16);
    assert_eq!(another(made), Err(Refused::TooMany(16)));
    assert_eq!(another(u8::MAX), Err(Refused::TooMany(16)));
}

#[test]
fn of_equals_the_latest_place_is_the_weakest() {
    let with = |sponsors| {
        let mut one = proposal(0);
        one.set_sponsors(sponsors);
        one
    };
    assert_eq!(weakest(&[with(5), with(4), with(4), with(9)]), Some(2));
    assert_eq!(weakest(&[]), None);
}

#[test]
fn what_lost_comes_back_once_amended_and_by_whose_it_was() {
    use ProposalState as S;
    let (law, other) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let back = |one: &mut Proposal, state, to: &B256, same, most| {
        one.come_back(state, (&law, to), same, most)
    };
    for state in [S::Defeated, S::Lapsed] {
        let mut lost = proposal(0);
        assert_eq!(
            back(&mut lost, state, &law, true, 1),
            Err(Refused::NotAmended),
            "the same law"
        );
        assert_eq!(
            back(&mut lost, state, &other, false, 1),
            Err(Refused::NotAmended),
            "another's"
        );
        assert_eq!(
            back(&mut lost, state, &other, true, 0),
            Err(Refused::NotAmended),
            "never"
        );
        assert_eq!(back(&mut lost, state, &other, true, 1), Ok(1));
        assert_eq!(
            back(&mut lost, state, &other, true, 9),
            Err(Refused::NotAmended),
            "once"
        );
    }
    for state in [S::Sponsoring, S::Admitted, S::Adopted] {
        let refused = back(&mut proposal(0), state, &other, true, 1);
        assert_eq!(refused, Err(Refused::NotAmended), "{state:?} has not lost");
    }
    let mut second = proposal(0);
    second.set_times(1);
    assert_eq!(
        back(&mut second, S::Defeated, &other, true, 1),
        Err(Refused::NotAmended)
    );
    assert_eq!(
        back(&mut second, S::Defeated, &other, true, 2),
        Ok(2),
        "in a line"
    );
}

/// As its election goes on, a proposal makes steps of its machine and no other.
#[test]
fn a_proposals_state_steps_as_its_machine_does() {
    let at = |step: ElectionState, failed: u8| {
        let mut election = Election::open(Kind::Mission, 9, 0, 1, &terms(), 0);
        election.set_step(step as u8);
        election.set_failed(failed);
        election
    };
    let mut lines: Vec<Vec<Election>> = Vec::new();
    use ElectionState as S;
    let whole = [
        S::Proposing,
        S::Debating,
        S::Committing,
        S::Revealing,
        S::Tallying,
        S::Delayed,
        S::Decided,
    ];
    for end in 1..=whole.len() {
        let mut line: Vec<Election> = whole[..end].iter().map(|step| at(*step, 0)).collect();
        line.push(at(whole[end - 1], 1));
        lines.push(line);
    }
    for placed in [false, true] {
        // A session fails while proposals are made only if none has a place.
        let lines = &lines[usize::from(placed)..];
        for wins in [false, true] {
            let mut one = proposal(0);
            one.set_place(u8::from(placed));
            for line in lines {
                let mut before = ProposalState::Sponsoring;
                for election in line {
                    let decided = election.step() == S::Decided as u8;
                    let state = one.state(election, wins && decided && placed);
                    let legal = state == before || ProposalState::transition(before, state).is_ok();
                    assert!(legal, "{before:?} to {state:?} in {election:?}");
                    before = state;
                }
                assert!(before.is_terminal(), "{before:?}");
            }
        }
    }
    let _: Terms = terms();
}
