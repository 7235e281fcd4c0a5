//! Elections: parts that never meet, every step beside its refusals, and silence from everywhere.

use agentcity_domain::{
    legislation::{
        collusion::Bounds,
        debate::Debate,
        election::{
            COMMITTING, DEBATING, Election, Ended, Kind, OVER, PROPOSING, REVEALING, TALLYING,
            Terms,
        },
        petition::Petition,
        proposal::Proposal,
        refused::Refused,
    },
    machine::ElectionState as Step,
    parameter::{ParameterId as P, derived},
};
use proptest::prelude::*;

/// The terms at the defaults.
pub(crate) fn terms() -> Terms {
    Terms::of(Terms::PARAMETERS.map(|id| id.row().default.into()))
}

fn bounds() -> Bounds {
    Bounds::of(Bounds::PARAMETERS.map(|id| id.row().default.into()))
}

const NOW: u64 = 1_700_000_000;
/// Windows at the defaults, in seconds.
const SPONSORS: u64 = 3_600;
const DEBATE: u64 = 4 * 900;
const COMMITS: u64 = 900;
const REVEALS: u64 = 600;
const DELAY: u64 = 900;
const OPENING: u64 = 600;

fn opened(kind: Kind) -> Election {
    Election::open(kind, 25, 7, 3, &terms(), NOW)
}

/// An election at a step since `NOW`, with a place taken, the quorum there, everybody's ballot opened.
fn at(step: Step) -> Election {
    let mut election = opened(Kind::Mission);
    election.set_step(step as u8);
    election.set_candidates(8);
    election.set_commits(25);
    election.set_reveals(25);
    election.set_expires(NOW);
    election
}

#[test]
fn no_two_parts_of_a_word_meet() {
    for layout in [
        Election::LAYOUT,
        Debate::LAYOUT,
        Petition::LAYOUT,
        Proposal::LAYOUT,
    ] {
        let mut taken = [None; 32];
        for (name, at, bytes) in layout {
            for byte in &mut taken[*at..at + bytes] {
                assert_eq!(*byte, None, "{name}");
                *byte = Some(name);
            }
        }
    }
    let proposal = Proposal::LAYOUT
        .iter()
        .map(|(_, at, bytes)| at + bytes)
        .max();
    assert_eq!(proposal, Some(12), "an address stands behind it");
}

#[test]
fn a_session_opens_with_what_it_is_about() {
    let election = opened(Kind::Child);
    assert_eq!(election.state(), Some(Step::Proposing));
    assert_eq!(election.expires(), NOW + SPONSORS);
    assert_eq!(
        (
            election.enrolled(),
            election.epoch(),
            election.legislative_epoch()
        ),
        (25, 7, 3)
    );
    assert_eq!(Kind::of(election.kind()), Some(Kind::Child));
    let partial = opened(Kind::Partial);
    assert_eq!(
        (partial.state(), partial.expires()),
        (Some(Step::Skipped), NOW + OPENING)
    );
    for (number, kind) in [
        (0, None),
        (1, Some(Kind::Mission)),
        (4, Some(Kind::Full)),
        (5, None),
    ] {
        assert_eq!(Kind::of(number), kind);
    }
}

#[test]
fn each_step_ends_where_its_facts_say() {
    use Step as S;
    let change = |step, change: fn(&mut Election)| {
        let mut election = at(step);
        change(&mut election);
        election
    };
    for (name, mut election, counted, expected) in [
        ("proposals", at(S::Proposing), 0, Ok((S::Debating, DEBATE))),
        (
            "no proposal",
            change(S::Proposing, |e| e.set_candidates(0)),
            0,
            Err(()),
        ),
        ("debate", at(S::Debating), 0, Ok((S::Committing, COMMITS))),
        (
            "quorum",
            change(S::Committing, |e| e.set_commits(15)),
            0,
            Ok((S::Revealing, REVEALS)),
        ),
        (
            "one too few",
            change(S::Committing, |e| e.set_commits(14)),
            0,
            Err(()),
        ),
        ("reveals", at(S::Revealing), 0, Ok((S::Tallying, REVEALS))),
        (
            "one reveal",
            change(S::Revealing, |e| e.set_reveals(1)),
            0,
            Ok((S::Tallying, REVEALS)),
        ),
        (
            "none revealed",
            change(S::Revealing, |e| e.set_reveals(0)),
            0,
            Err(()),
        ),
        (
            "a clique",
            change(S::Revealing, |e| e.set_delays(1)),
            0,
            Ok((S::Delayed, DELAY)),
        ),
        (
            "ballots left",
            at(S::Delayed),
            24,
            Ok((S::Tallying, REVEALS)),
        ),
        ("nobody took it up", at(S::Decided), 25, Err(())),
        ("nor that", at(S::Skipped), 0, Err(())),
    ] {
        let before = election;
        let early = Err(Refused::TooEarly(NOW + 1));
        assert_eq!(election.expire(&terms(), 25, counted, NOW), early, "{name}");
        assert_eq!(election, before, "{name}: nothing moves");
        let later = NOW + 1;
        match expected {
            Ok((step, window)) => {
                assert_eq!(
                    election.expire(&terms(), 25, counted, later),
                    Ok(Ended::Moved),
                    "{name}"
                );
                assert_eq!(
                    (election.state(), election.expires()),
                    (Some(step), later + window),
                    "{name}"
                );
            }
            Err(()) => {
                assert_eq!(
                    election.expire(&terms(), 25, counted, later),
                    Ok(Ended::Failed),
                    "{name}"
                );
                assert!(election.has_failed(), "{name}");
                let again = election.expire(&terms(), 25, counted, later);
                assert_eq!(again, Err(Refused::Failed), "{name}");
            }
        }
    }
    let mut counted = at(S::Delayed);
    assert_eq!(
        counted.expire(&terms(), 25, 25, NOW + 1),
        Ok(Ended::Counted)
    );
    let tally = Err(Refused::Step(S::Tallying as u8));
    assert_eq!(at(S::Tallying).expire(&terms(), 25, 25, NOW + 1), tally);
    let nothing = Election::default().expire(&terms(), 25, 0, NOW);
    assert_eq!(nothing, Err(Refused::Unknown));
}

#[test]
fn the_quorum_counts_against_those_who_could_vote_when_the_ballot_opened() {
    let mut election = at(Step::Debating);
    election.expire(&terms(), 40, 0, NOW + 1).unwrap();
    assert_eq!(election.enrolled(), 40);
    for commits in 0..=40u32 {
        let mut end = election;
        end.set_commits(commits);
        let ended = end.expire(&terms(), 1, 0, NOW + 2 + COMMITS).unwrap();
        assert_eq!(
            ended == Ended::Moved,
            derived::is_quorum(commits, 40, 60),
            "{commits}"
        );
    }
}

#[test]
fn a_step_is_refused_by_its_number_its_end_and_its_failure() {
    let election = at(Step::Debating);
    assert_eq!(election.must_be_in(DEBATING, NOW), Ok(()));
    assert_eq!(election.must_be_in(PROPOSING | DEBATING, NOW), Ok(()));
    assert_eq!(
        election.must_be_in(DEBATING, NOW + 1),
        Err(Refused::TooLate(NOW))
    );
    assert_eq!(election.must_be_at(DEBATING), Ok(()), "whenever");
    for others in [PROPOSING, COMMITTING, REVEALING, TALLYING, OVER] {
        assert_eq!(election.must_be_in(others, NOW), Err(Refused::Step(2)));
    }
    let mut failed = election;
    failed.set_failed(1);
    assert_eq!(failed.must_be_in(DEBATING, NOW), Err(Refused::Failed));
    assert_eq!(
        Election::default().must_be_at(u16::MAX),
        Err(Refused::Unknown)
    );
}

/// Every state and every target: only steps of the tables are made.
#[test]
fn an_election_makes_no_step_beside_its_tables() {
    for from in Step::ALL {
        let mut election = at(*from);
        let decided = election.decide(&terms(), NOW);
        let legal = Step::transition(*from, Step::Decided).is_ok();
        assert_eq!(decided.is_ok(), legal, "{from:?}");
        assert_eq!(
            election.state(),
            Some(if legal { Step::Decided } else { *from })
        );
    }
}

#[test]
fn a_tally_waits_for_claims_where_one_could_come_and_nowhere_else() {
    for (candidates, delays, waits) in [(8, 0, true), (16, 0, true), (7, 0, false), (8, 1, false)] {
        let mut election = at(if delays == 0 {
            Step::Revealing
        } else {
            Step::Delayed
        });
        election.set_candidates(candidates);
        election.set_delays(delays);
        election.expire(&terms(), 0, 0, NOW + 1).unwrap();
        let until = if waits { NOW + 1 + REVEALS } else { 0 };
        assert_eq!(
            (election.state(), election.expires()),
            (Some(Step::Tallying), until)
        );
        assert!(!election.is_counted(24, u64::MAX), "a ballot is left");
        assert_eq!(election.must_wait(24), Refused::Missing(24, 25));
        assert!(election.is_counted(25, until + 1));
        assert!(!election.is_counted(25, until));
        assert_eq!(election.must_wait(25), Refused::TooEarly(until + 1));
    }
}

#[test]
fn a_claim_is_heard_while_ballots_are_opened_or_counted_and_until_one_held() {
    let claim = |election: &Election, named, now| election.admit_claim(&bounds(), named, now);
    for step in Step::ALL {
        let expected = match step {
            Step::Revealing | Step::Tallying => Ok(()),
            other => Err(Refused::Step(*other as u8)),
        };
        assert_eq!(claim(&at(*step), 4, NOW), expected);
    }
    let mut small = at(Step::Tallying);
    small.set_candidates(7);
    assert_eq!(claim(&small, 25, NOW), Err(Refused::SmallClique(7, 8)));
    assert_eq!(
        claim(&at(Step::Tallying), 4, NOW + 1),
        Err(Refused::TooLate(NOW))
    );
    assert_eq!(
        claim(&at(Step::Tallying), 3, NOW),
        Err(Refused::SmallClique(3, 4))
    );
    let mut delayed = at(Step::Tallying);
    assert_eq!(delayed.prove(&terms(), NOW), Ok(true));
    assert_eq!(
        (delayed.state(), delayed.expires()),
        (Some(Step::Delayed), NOW + DELAY)
    );
    delayed.expire(&terms(), 0, 0, NOW + DELAY + 1).unwrap();
    assert_eq!(
        claim(&delayed, 25, 0),
        Err(Refused::Done),
        "at most one delay"
    );
}

/// While ballots are being opened a clique counts against all that are sealed: a few who open first are no bloc.
#[test]
fn early_ballots_are_no_share_of_themselves() {
    let mut early = at(Step::Revealing);
    early.set_commits(100);
    early.set_reveals(4);
    assert_eq!(
        early.admit_claim(&bounds(), 4, NOW),
        Err(Refused::SmallClique(4, 15))
    );
    assert_eq!(early.admit_claim(&bounds(), 15, NOW), Ok(()));
    let mut late = early;
    late.set_step(Step::Tallying as u8);
    late.set_reveals(40);
    assert_eq!(
        late.admit_claim(&bounds(), 5, NOW),
        Err(Refused::SmallClique(5, 6))
    );
    assert_eq!(late.admit_claim(&bounds(), 6, NOW), Ok(()));
}

/// Whoever proves a clique early cuts nobody's reveal short: the delay begins when the reveals are over.
#[test]
fn a_clique_proved_among_reveals_waits_for_their_end() {
    let mut election = at(Step::Revealing);
    assert_eq!(election.prove(&terms(), NOW), Ok(false));
    assert_eq!(
        (election.state(), election.expires()),
        (Some(Step::Revealing), NOW)
    );
    assert_eq!(election.must_be_in(REVEALING, NOW), Ok(()));
    assert_eq!(election.admit_claim(&bounds(), 25, NOW), Err(Refused::Done));
    election.expire(&terms(), 0, 0, NOW + 1).unwrap();
    assert_eq!(
        (election.state(), election.expires()),
        (Some(Step::Delayed), NOW + 1 + DELAY)
    );
}

/// What a session legislates is read from a number that anybody hands in.
#[test]
fn the_numbers_of_the_interface_are_the_kinds_and_no_others() {
    let kinds = [Kind::Mission, Kind::Child, Kind::Partial, Kind::Full];
    for number in 0..=u8::MAX {
        let kind = kinds.into_iter().find(|kind| *kind as u8 == number);
        assert_eq!(Kind::of(number), kind, "{number}");
    }
    assert_eq!(kinds.map(|kind| kind as u8), [1, 2, 3, 4]);
}

#[test]
fn the_legislature_takes_a_session_up_when_it_is_decided_or_was_never_to_be_voted_on() {
    for step in Step::ALL {
        let is_over = matches!(step, Step::Decided | Step::Skipped);
        assert_eq!(OVER >> *step as u8 & 1 == 1, is_over, "{step:?}");
    }
}

/// A clique is proved among ballots that were opened. A word that claims one where none was is no election of ours, and ends.
#[test]
fn nothing_revealed_is_nothing_to_wait_for() {
    let mut election = at(Step::Revealing);
    election.set_reveals(0);
    election.set_delays(1);
    election.expire(&terms(), 25, 0, NOW + 1).unwrap();
    assert!(election.has_failed());
}

#[test]
fn counters_count_and_the_last_number_of_a_proposal_is_not_given_twice() {
    let mut election = opened(Kind::Mission);
    assert_eq!((election.propose(), election.propose()), (Ok(0), Ok(1)));
    election.set_proposals(u16::MAX - 1);
    assert_eq!(election.propose(), Ok(u16::MAX - 1));
    assert_eq!(election.propose(), Err(Refused::TooMany(u16::MAX.into())));
    election.seal();
    assert_eq!((election.reveal(), election.reveal()), (0, 1));
    assert_eq!((election.commits(), election.reveals()), (1, 2));
    for (voters, needed) in [(1, 3), (4, 4), (5, 5), (900, 5)] {
        election.set_enrolled(voters);
        assert_eq!(election.sponsors_needed(5), needed, "{voters}");
    }
}

proptest! {
    /// INV-ASSEMBLY-01: whatever everybody did or left undone, waiting ends it, in fewer steps than there are.
    #[test]
    fn silence_ends_every_election(
        step in prop::sample::select(Step::ALL), candidates in 0..=16u8, commits in 0..30u32,
        reveals in 0..30u32, delays in 0..=1u8, enrolled in 0..30u32,
    ) {
        let mut election = at(step);
        election.set_candidates(candidates);
        election.set_commits(commits);
        election.set_reveals(reveals);
        election.set_delays(delays);
        let mut counted = 0;
        for _ in 0..Step::ALL.len() {
            if election.has_failed() || election.state() == Some(Step::Decided) {
                return Ok(());
            }
            let now = election.expires() + 1;
            if election.state() == Some(Step::Tallying) {
                counted = election.reveals();
                prop_assert!(election.is_counted(counted, now));
                election.decide(&terms(), now).unwrap();
                continue;
            }
            if election.expire(&terms(), enrolled, counted, now).unwrap() == Ended::Counted {
                election.decide(&terms(), now).unwrap();
            }
        }
        prop_assert!(election.has_failed() || election.state() == Some(Step::Decided));
    }
}

#[test]
fn terms_are_read_in_the_order_in_which_they_are_asked_for() {
    let ids = Terms::PARAMETERS;
    assert_eq!(ids[0], P::SponsorshipWindowMs);
    assert_eq!(terms().delay(), DELAY);
    // Each window by the step that has it: one parameter changed, one step longer.
    for (id, step, times) in [
        (P::SponsorshipWindowMs, Step::Proposing, 1),
        (P::DeliberationRoundMs, Step::Debating, 4),
        (P::BallotCommitMs, Step::Committing, 1),
        (P::BallotRevealMs, Step::Revealing, 1),
        (P::BiddingWindowMs, Step::Delayed, 1),
        (P::SessionOpeningTimeoutMs, Step::Decided, 1),
    ] {
        let values = |more: u64| {
            Terms::of(
                ids.map(|own| u64::from(own.row().default) + if own == id { more } else { 0 }),
            )
        };
        let window = |terms: &Terms| match step {
            Step::Proposing => Election::open(Kind::Mission, 9, 0, 1, terms, 0).expires(),
            Step::Decided => {
                let mut election = at(Step::Tallying);
                election.decide(terms, 0).unwrap();
                election.expires()
            }
            _ => {
                let before = match step {
                    Step::Debating => Step::Proposing,
                    Step::Committing => Step::Debating,
                    Step::Revealing => Step::Committing,
                    _ => Step::Revealing,
                };
                let mut election = at(before);
                election.set_expires(0);
                election.set_delays(u8::from(step == Step::Delayed));
                election.expire(terms, 25, 0, 1).unwrap();
                assert_eq!(election.state(), Some(step));
                election.expires()
            }
        };
        // A started second counts as a whole one.
        assert_eq!(window(&values(1)) - window(&values(0)), times, "{id:?}");
    }
}
