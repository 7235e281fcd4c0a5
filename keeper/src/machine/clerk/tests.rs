use agentcity_domain::{legislation::session::Kind, time::Timestamp};

use super::*;
use crate::{
    action::Action as Any,
    docket::{Election, Own},
    event::Head,
};

const SESSION: B256 = B256::repeat_byte(0x5e);
const OPEN_UNTIL: u64 = 10_000;

fn head(number: u64, time: u64) -> Head {
    Head {
        number,
        hash: B256::from(alloy::primitives::U256::from(number)),
        time: Timestamp::new(time),
    }
}

fn election(step: Step) -> Election {
    Election {
        step: step.number(),
        kind: 1,
        expires_at: OPEN_UNTIL,
        rounds: 2,
        round_secs: 100,
        ..Election::default()
    }
}

fn docket(election: Election, procedure: Option<Procedure>, now: u64) -> Docket {
    Docket {
        session: SESSION,
        at: head(now, now),
        election,
        procedure,
        statute_hash: B256::repeat_byte(7),
        document: true,
        own: Own::default(),
    }
}

fn procedure(state: State) -> Procedure {
    Procedure {
        state: state.number(),
        kind: 1,
        expires_at: OPEN_UNTIL,
        review_secs: 900,
        fairness_min: 600,
        template: true,
        ..Procedure::default()
    }
}

fn in_state(state: State, now: u64) -> Docket {
    docket(election(Step::Decided), Some(procedure(state)), now)
}

fn attested(mut docket: Docket) -> Docket {
    docket.own.attested = true;
    docket
}

fn due_of_all(docket: &Docket) -> Vec<(&'static str, Vec<Act>)> {
    ClerkRole::ALL
        .iter()
        .map(|role| (role.name(), due(*role, docket)))
        .filter(|(_, acts)| !acts.is_empty())
        .collect()
}

/// What each office has to do at each step of a deliberation, in time and a second too late.
#[test]
fn a_deliberation_is_led_by_the_regulators_evidence_and_the_clock() {
    let end = |step: Step| Act::EndStep {
        step: step.number(),
        expires_at: OPEN_UNTIL,
    };
    for step in [
        Step::Proposing,
        Step::Debating,
        Step::Committing,
        Step::Revealing,
        Step::Delayed,
        Step::Decided,
        Step::Skipped,
    ] {
        let late = docket(election(step), None, OPEN_UNTIL + 1);
        for role in ClerkRole::ALL {
            assert_eq!(due(*role, &late), [end(step)], "{step:?} {role:?}");
        }
    }
    let debating = docket(election(Step::Debating), None, 9_000);
    assert_eq!(
        due_of_all(&debating),
        [("Regulator", vec![Act::RecordEvidence])]
    );
    // Two rounds of 100 s are the last of the debate: the poll ends with second 9,800.
    for (now, voters, speakers, drawn) in [
        (9_800, 3, 0, false),
        (9_801, 3, 0, true),
        (9_801, 0, 0, false),
        (9_801, 3, 2, false),
    ] {
        let mut debate = election(Step::Debating);
        debate.evidence = true;
        (debate.straw_voters, debate.speakers) = (voters, speakers);
        let acts = due(ClerkRole::Codifier, &docket(debate, None, now));
        assert_eq!(acts.contains(&Act::DrawOrder), drawn, "{now} {voters}");
    }
}

#[test]
fn ballots_are_counted_and_then_claims_have_their_time() {
    let tally = |counted, now| {
        let mut counting = election(Step::Tallying);
        (counting.reveals, counting.counted) = (5, counted);
        due(ClerkRole::Speaker, &docket(counting, None, now)) == [Act::Tally]
    };
    assert!(tally(3, 9_000));
    assert!(!tally(5, 9_000), "claims of collusion may come");
    assert!(tally(5, OPEN_UNTIL + 1));
}

#[test]
fn each_message_is_its_offices_and_nobody_elses() {
    let mut decided = election(Step::Decided);
    decided.decided = true;
    assert_eq!(
        due_of_all(&docket(decided, None, 9_000)),
        [("Registrar", vec![Act::RequestIdentity])]
    );
    let proposal = attested(in_state(State::ProposalOpen, 9_000));
    assert_eq!(
        due_of_all(&proposal),
        [("Speaker", vec![Act::PublishProposal { round: 0 }])]
    );
    let mut coding = attested(in_state(State::Codification, 9_000));
    assert_eq!(
        due_of_all(&coding),
        [("Codifier", vec![Act::Codify { failures: 0 }])]
    );
    if let Some(procedure) = &mut coding.procedure {
        procedure.template = false;
    }
    assert_eq!(
        due_of_all(&coding),
        [("Codifier", vec![Act::PublishTemplate])]
    );
    let approval = attested(in_state(State::AwaitingApproval, 9_000));
    assert_eq!(
        due_of_all(&approval),
        [
            ("Speaker", vec![Act::Approve]),
            ("Regulator", vec![Act::Approve])
        ]
    );
    let identity = in_state(State::IdentityVerification, 9_000);
    assert_eq!(due_of_all(&identity).len(), 4, "all identify themselves");
}

#[test]
fn a_regulator_decides_at_once_for_what_holds_and_late_for_what_does_not() {
    let decides = |now, awarded, fairness, waived, decided| {
        let mut review = attested(in_state(State::RegulatoryReview, now));
        review.own.decided = decided;
        if let Some(procedure) = &mut review.procedure {
            (procedure.awarded, procedure.fairness) = (awarded, fairness);
            procedure.waived = waived;
        }
        due(ClerkRole::Regulator, &review).contains(&Act::Decide { round: 0 })
    };
    assert!(decides(9_200, true, 600, false, false));
    assert!(!decides(9_200, true, 600, false, true), "once");
    assert!(
        !decides(9_200, true, 599, false, false),
        "the panel may waive"
    );
    assert!(decides(9_200, true, 599, true, false));
    assert!(!decides(9_200, false, 0, false, false));
    // The last 300 of 900 seconds begin behind second 9,700.
    assert!(!decides(9_700, true, 599, false, false));
    assert!(decides(9_701, true, 599, false, false));
    assert!(decides(9_701, false, 0, false, false));
}

#[test]
fn what_time_ends_is_ended_by_whoever_looks() {
    for (state, act) in [
        (State::BiddingOpen, Act::CloseBidding { round: 0 }),
        (
            State::RegulatoryReview,
            Act::EndSession {
                state: State::RegulatoryReview.number(),
                expires_at: OPEN_UNTIL,
            },
        ),
        (
            State::AwaitingApproval,
            Act::EndSession {
                state: State::AwaitingApproval.number(),
                expires_at: OPEN_UNTIL,
            },
        ),
    ] {
        let late = attested(in_state(state, OPEN_UNTIL + 1));
        assert!(due(ClerkRole::Codifier, &late).contains(&act), "{state:?}");
        let early = attested(in_state(state, OPEN_UNTIL));
        assert!(
            !due(ClerkRole::Codifier, &early).contains(&act),
            "{state:?}"
        );
    }
}

#[test]
fn the_law_about_one_node_is_carried_out_and_then_the_session_is_over() {
    let with = |kind, applied| {
        let mut law = in_state(State::Deployed, 9_000);
        if let Some(procedure) = &mut law.procedure {
            (procedure.kind, procedure.applied) = (kind, applied);
        }
        law
    };
    let partial = Kind::Partial as u8;
    let due_of = |docket: &Docket| due(ClerkRole::Codifier, docket);
    assert_eq!(due_of(&with(partial, false)), [Act::Reassign]);
    assert!(!with(partial, false).is_over());
    assert_eq!(due_of(&with(partial, true)), []);
    assert!(with(partial, true).is_over());
    assert_eq!(due_of(&with(1, false)), []);
    assert!(with(1, false).is_over());
}

fn seen(docket: Docket) -> event::Event {
    event::Event::Clerk(Event::Seen(Box::new(docket)))
}

fn acts(actions: &[Any]) -> Vec<(Act, u32)> {
    actions
        .iter()
        .filter_map(|action| match action {
            Any::Clerk(Action::Do { act, attempt, .. }) => Some((*act, *attempt)),
            _ => None,
        })
        .collect()
}

fn clerk(role: ClerkRole) -> Clerk {
    Clerk::new(role, Address::repeat_byte(1))
}

fn ended(action: &Any, outcome: Outcome) -> event::Event {
    event::Event::Ended {
        action: action.clone(),
        outcome,
    }
}

#[test]
fn an_errand_is_left_to_its_office_for_a_minute() {
    let late = |now| seen(docket(election(Step::Committing), None, now));
    let errand = Act::EndStep {
        step: Step::Committing.number(),
        expires_at: OPEN_UNTIL,
    };
    let mut speaker = clerk(ClerkRole::Speaker);
    assert_eq!(acts(&speaker.step(&late(10_001))), [(errand, 0)]);
    let mut codifier = clerk(ClerkRole::Codifier);
    assert_eq!(acts(&codifier.step(&late(10_001))), []);
    assert_eq!(acts(&codifier.step(&late(10_000 + GRACE_SECS))), []);
    assert_eq!(
        acts(&codifier.step(&late(10_001 + GRACE_SECS))),
        [(errand, 0)],
        "a speaker that is silent holds up nothing"
    );
}

#[test]
fn an_act_is_wanted_once_told_when_refused_and_tried_three_times() {
    let mut codifier = clerk(ClerkRole::Codifier);
    let codify = Act::Codify { failures: 0 };
    let mut now = 9_000;
    let look = |codifier: &mut Clerk, now| {
        codifier.step(&seen(attested(in_state(State::Codification, now))))
    };
    for attempt in 0..REFUSED_MAX {
        let wanted = look(&mut codifier, now);
        assert_eq!(acts(&wanted), [(codify, attempt)]);
        assert_eq!(acts(&look(&mut codifier, now + 1)), [], "it is open");
        let refused = Outcome::Refused {
            cause: "TooLate".into(),
        };
        let told = codifier.step(&ended(&wanted[0], refused));
        assert!(
            matches!(&told[..], [Any::Clerk(Action::Tell { text, .. })] if text.contains("TooLate"))
        );
        now += 10;
    }
    assert_eq!(acts(&look(&mut codifier, now)), []);
}

#[test]
fn what_is_due_after_it_was_done_is_done_again_but_not_by_an_older_look() {
    let mut speaker = clerk(ClerkRole::Speaker);
    let counting = |now| {
        let mut of = election(Step::Tallying);
        of.reveals = 9_000;
        seen(docket(of, None, now))
    };
    let wanted = speaker.step(&counting(9_000));
    assert_eq!(acts(&wanted), [(Act::Tally, 0)]);
    let done = Outcome::Done {
        hash: B256::ZERO,
        block: 9_005,
    };
    speaker.step(&ended(&wanted[0], done));
    assert_eq!(acts(&speaker.step(&counting(9_004))), []);
    assert_eq!(acts(&speaker.step(&counting(9_005))), [(Act::Tally, 1)]);
}

#[test]
fn a_session_that_is_over_is_forgotten_and_a_checkpoint_is_the_whole_machine() {
    let mut regulator = clerk(ClerkRole::Regulator);
    regulator.step(&seen(docket(election(Step::Debating), None, 9_000)));
    let mut again = Clerk::resume(
        ClerkRole::Regulator,
        Address::repeat_byte(1),
        &regulator.state(),
    )
    .expect("its own");
    assert_eq!(again.memory, regulator.memory);
    let next = seen(docket(election(Step::Debating), None, 9_001));
    assert_eq!(again.step(&next), regulator.step(&next));
    regulator.step(&seen(in_state(State::Deployed, 9_002)));
    assert!(regulator.memory.sessions.is_empty());
    assert!(Clerk::resume(ClerkRole::Speaker, Address::ZERO, "{}").is_err());
}

#[test]
fn a_missing_document_is_told_once() {
    let mut speaker = clerk(ClerkRole::Speaker);
    let missing = |now| {
        let mut docket = attested(in_state(State::ProposalOpen, now));
        docket.document = false;
        seen(docket)
    };
    let told = speaker.step(&missing(9_000));
    assert!(
        matches!(&told[..], [Any::Clerk(Action::Tell { text, .. })] if text.contains("document"))
    );
    assert_eq!(speaker.step(&missing(9_001)), []);
}
