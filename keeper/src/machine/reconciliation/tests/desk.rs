//! What the machine makes of what is found, restarted after every event.

use super::*;

/// A machine that is restarted after every event.
#[derive(Default)]
struct Desk(Reconciliation);

impl Desk {
    fn step(&mut self, event: &event::Event) -> Vec<Action> {
        let actions = self.0.step(event);
        self.0 = Reconciliation::resume(&Machine::state(&self.0)).expect("its own state");
        let ours = actions.into_iter().map(|action| match action {
            action::Action::Reconciliation(action) => action,
            other => panic!("{other:?}"),
        });
        ours.collect()
    }

    fn stands(&mut self, state: MissionState, paused: bool, block: u64) -> Vec<Action> {
        self.step(&event::Event::Reconciliation(Event::Stood {
            mission: MISSION,
            at: head(block),
            state,
            paused,
            reconciled: false,
            asked: Moment::new(block),
        }))
    }

    fn ends(&mut self, action: &Action, outcome: Outcome) -> Vec<Action> {
        self.step(&event::Event::Ended {
            action: action::Action::Reconciliation(action.clone()),
            outcome,
        })
    }

    /// What follows from a comparison, and from that it is in the log.
    fn finds(&mut self, compare: &Action, breaks: impl FnOnce(&mut Record)) -> Vec<Action> {
        let mut actions = self.compares(compare, breaks);
        let enter = actions
            .iter()
            .find(|one| matches!(one, Action::Enter { .. }));
        if let Some(enter) = enter.cloned() {
            actions.extend(self.ends(&enter, Outcome::Satisfied));
        }
        actions
    }

    fn compares(&mut self, compare: &Action, breaks: impl FnOnce(&mut Record)) -> Vec<Action> {
        let Action::Compare { phase, .. } = compare else {
            panic!("{compare:?}");
        };
        let (mut record, chain) = agreeing(3, &[0, 1, 2]);
        breaks(&mut record);
        let finding = found(*phase, &record, &chain);
        let report = serde_json::to_string(&finding).expect("JSON");
        self.ends(compare, Outcome::Reported { report })
    }
}

fn wrong(record: &mut Record) {
    record.completed[1].said.output = B256::ZERO;
}

fn report_of(actions: &[Action]) -> Option<&Action> {
    actions
        .iter()
        .find(|action| matches!(action, Action::Report { .. }))
}

fn compare_of(actions: &[Action]) -> (Phase, Action) {
    let compare = actions.iter().find_map(|action| match action {
        Action::Compare { phase, .. } => Some((*phase, action.clone())),
        _ => None,
    });
    compare.unwrap_or_else(|| panic!("nothing is compared: {actions:?}"))
}

const DONE: fn(u64) -> Outcome = |block| Outcome::Done {
    hash: B256::ZERO,
    block,
};

#[test]
fn a_mission_whose_record_is_right_is_compared_thrice_and_has_a_word_at_its_gate() {
    let mut desk = Desk::default();
    assert_eq!(desk.stands(MissionState::Pending, false, 1), []);
    let (phase, first) = compare_of(&desk.stands(MissionState::Active, false, 2));
    assert_eq!(phase, Phase::Legislation);
    assert_eq!(
        desk.stands(MissionState::Executing, false, 3),
        [],
        "it is under way"
    );
    let entered = desk.finds(&first, |_| {});
    assert!(
        matches!(&entered[..], [Action::Enter { .. }]),
        "{entered:?}"
    );
    assert_eq!(desk.stands(MissionState::Executing, false, 4), []);
    let (phase, second) = compare_of(&desk.stands(MissionState::Verification, false, 5));
    assert_eq!(phase, Phase::Orchestration);
    // What passes there is compared again before it leaves.
    let (phase, third) = compare_of(&desk.finds(&second, |_| {}));
    assert_eq!(phase, Phase::Release);
    let last = desk.finds(&third, |_| {});
    let [
        Action::Enter { finding, .. },
        anchor @ Action::Anchor { root, .. },
    ] = &last[..]
    else {
        panic!("{last:?}");
    };
    assert_eq!(finding.root, *root);
    assert_eq!(desk.ends(anchor, DONE(6)), []);
    assert_eq!(desk.stands(MissionState::Verification, false, 7), []);
    assert_eq!(desk.stands(MissionState::Completed, false, 8), []);
    assert_eq!(desk.0.worst(), Some(Level::Fine));
}

#[test]
fn what_was_found_is_in_the_log_or_refused_before_the_next_comparison_reads_it() {
    let why = Outcome::Refused {
        cause: "no".to_owned(),
    };
    for (outcome, told) in [(Outcome::Satisfied, 0), (why, 1)] {
        let mut desk = Desk::default();
        let (_, compare) = compare_of(&desk.stands(MissionState::Verification, false, 5));
        let found = desk.compares(&compare, |_| {});
        let [enter @ Action::Enter { .. }] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(desk.stands(MissionState::Completed, false, 6), []);
        let entered = desk.ends(enter, outcome);
        assert_eq!(entered.len(), told + 1, "{entered:?}");
        assert_eq!(compare_of(&entered).0, Phase::Release);
    }
}

/// INV-RECONCILE-01.
#[test]
fn a_difference_is_reported_once_and_after_people_decided_not_again() {
    let mut desk = Desk::default();
    let (_, compare) = compare_of(&desk.stands(MissionState::Verification, false, 5));
    let follows = desk.finds(&compare, wrong);
    let [
        Action::Enter { finding, .. },
        Action::Tell { text, .. },
        report,
    ] = &follows[..]
    else {
        panic!("{follows:?}");
    };
    let evidence = finding.evidence();
    assert!(
        text.contains(&evidence.to_string()) && text.contains("output hash mismatch"),
        "{text}"
    );
    assert!(matches!(report, Action::Report { evidence: of, attempt: 0, .. } if *of == evidence));
    // Nothing is compared for the release while it is on its way, or while the mission is paused by it.
    assert_eq!(desk.stands(MissionState::Verification, false, 6), []);
    assert_eq!(desk.ends(report, DONE(9)), []);
    let older = desk.stands(MissionState::Verification, false, 8);
    assert_eq!(older, [], "block 8 is older than the report");
    assert_eq!(desk.stands(MissionState::Verification, true, 9), []);
    assert_eq!(desk.stands(MissionState::Verification, true, 20), []);
    assert_eq!(desk.0.worst(), Some(Level::Urgent));
    // The pause is over.
    let lifted = desk.stands(MissionState::Verification, false, 30);
    assert!(
        matches!(&lifted[..], [Action::Tell { text, .. }, Action::Compare { .. }] if text.contains("people decided"))
    );
    let (phase, compare) = compare_of(&lifted);
    assert_eq!(phase, Phase::Release);
    let again = desk.finds(&compare, wrong);
    assert_eq!(report_of(&again), None, "{again:?}");
    assert!(
        matches!(&again[..], [Action::Enter { .. }, Action::Tell { .. }]),
        "{again:?}"
    );
    assert_eq!(desk.0.worst(), Some(Level::Fine));
    // No word at the gate either: it does not say that nothing differs.
    assert_eq!(desk.stands(MissionState::Verification, false, 40), []);
}

#[test]
fn another_difference_is_another_report() {
    let mut desk = Desk::default();
    let (_, compare) = compare_of(&desk.stands(MissionState::Executing, false, 5));
    let first = desk.finds(&compare, wrong);
    let first = report_of(&first).expect("a report").clone();
    desk.ends(&first, DONE(9));
    desk.stands(MissionState::Executing, true, 10);
    desk.stands(MissionState::Executing, false, 20);
    let (_, compare) = compare_of(&desk.stands(MissionState::Verification, false, 30));
    let second = desk.finds(&compare, |record| {
        record.completed.remove(0);
    });
    let second = report_of(&second).expect("another report");
    assert_ne!(first.name(), second.name());
}

#[test]
fn under_anothers_pause_it_waits_and_compares_anew_when_that_is_over() {
    let mut desk = Desk::default();
    let (_, compare) = compare_of(&desk.stands(MissionState::Verification, false, 5));
    let follows = desk.finds(&compare, wrong);
    let report = report_of(&follows).expect("a report").clone();
    let covered = || Outcome::Reported {
        report: COVERED.to_owned(),
    };
    assert_eq!(desk.ends(&report, covered()), []);
    assert_eq!(desk.stands(MissionState::Verification, true, 9), []);
    let lifted = desk.stands(MissionState::Verification, false, 30);
    let (phase, again) = compare_of(&lifted);
    assert_eq!(phase, Phase::Orchestration);
    assert_ne!(again.name(), compare.name());
    // It differs still, and nobody decided on that.
    let follows = desk.finds(&again, wrong);
    let second = report_of(&follows).expect("its own report");
    assert_eq!(second.name(), report.name(), "the same evidence");
}

#[test]
fn what_a_reorganisation_took_away_is_compared_anew_and_not_reported() {
    let mut desk = Desk::default();
    let (_, compare) = compare_of(&desk.stands(MissionState::Verification, false, 5));
    let follows = desk.finds(&compare, wrong);
    let report = report_of(&follows).expect("a report").clone();
    let gone = Outcome::Reported {
        report: GONE.to_owned(),
    };
    let (phase, again) = compare_of(&desk.ends(&report, gone));
    assert_eq!(phase, Phase::Orchestration);
    assert_ne!(again.name(), compare.name());
    let follows = desk.finds(&again, |_| {});
    assert_eq!(report_of(&follows), None);
    assert_eq!(compare_of(&follows).0, Phase::Release);
    // And a mission that went back to work comes to its boundaries again.
    let (mut desk, mut names) = (Desk::default(), Vec::new());
    for block in [5, 7] {
        let (_, compare) = compare_of(&desk.stands(MissionState::Verification, false, block));
        names.push(compare.name());
        let (_, release) = compare_of(&desk.finds(&compare, |_| {}));
        names.push(release.name());
        desk.finds(&release, |_| {});
        let back = desk.stands(MissionState::Executing, false, block + 1);
        let (phase, law) = match back.is_empty() {
            true => continue,
            false => compare_of(&back),
        };
        assert_eq!(phase, Phase::Legislation);
        desk.finds(&law, |_| {});
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4, "no two of them are one action");
}

#[test]
fn what_the_chain_refuses_is_tried_thrice_and_then_told() {
    let mut desk = Desk::default();
    let (_, compare) = compare_of(&desk.stands(MissionState::Executing, false, 5));
    let mut follows = desk.finds(&compare, wrong);
    let mut names = Vec::new();
    for _ in 0..3 {
        let report = report_of(&follows).expect("a try").clone();
        names.push(report.name());
        let cause = "no credit".to_owned();
        follows = desk.ends(&report, Outcome::Refused { cause });
    }
    assert!(
        matches!(&follows[..], [Action::Tell { text, .. }] if text.contains("no credit")),
        "{follows:?}"
    );
    names.dedup();
    assert_eq!(names.len(), 3);
}

#[test]
fn an_ended_mission_is_compared_and_suspended_no_more() {
    let mut desk = Desk::default();
    let (phase, compare) = compare_of(&desk.stands(MissionState::Completed, false, 5));
    assert_eq!(phase, Phase::Release);
    let follows = desk.finds(&compare, wrong);
    assert!(
        matches!(&follows[..], [Action::Enter { .. }, Action::Tell { text, .. }] if text.contains("cannot be suspended")),
        "{follows:?}"
    );
    for state in [MissionState::Failed, MissionState::Aborted] {
        let mut desk = Desk::default();
        let (phase, compare) = compare_of(&desk.stands(state, false, 5));
        assert_eq!(phase, Phase::Failure);
        assert_eq!(report_of(&desk.finds(&compare, wrong)), None);
    }
}

#[test]
fn only_who_has_compared_says_a_word_at_the_gate_and_only_when_none_stands() {
    let mut desk = Desk::default();
    let stood = Event::Stood {
        mission: MISSION,
        at: head(5),
        state: MissionState::Verification,
        paused: false,
        reconciled: true,
        asked: Moment::new(5),
    };
    let (_, compare) = compare_of(&desk.step(&event::Event::Reconciliation(stood)));
    let (_, release) = compare_of(&desk.finds(&compare, |_| {}));
    let last = desk.finds(&release, |_| {});
    assert!(matches!(&last[..], [Action::Enter { .. }]), "{last:?}");
}

#[test]
fn a_mission_that_failed_is_compared_once_and_again_when_it_fails_anew() {
    let mut desk = Desk::default();
    let (_, first) = compare_of(&desk.stands(MissionState::Executing, false, 1));
    desk.finds(&first, |_| {});
    let (phase, failed) = compare_of(&desk.stands(MissionState::Failed, false, 2));
    assert_eq!(phase, Phase::Failure);
    let follows = desk.finds(&failed, wrong);
    assert_eq!(report_of(&follows), None, "nothing of it can be suspended");
    let told = follows.iter().any(|action| {
        matches!(action, Action::Tell { text, .. } if text.contains("cannot be suspended any more"))
    });
    assert!(told, "{follows:?}");
    assert_eq!(desk.0.worst(), Some(Level::Urgent));
    assert_eq!(desk.stands(MissionState::Failed, false, 3), []);
    assert_eq!(
        desk.stands(MissionState::Aborted, false, 4),
        [],
        "the same failure"
    );
    // One that lives on after all, and one that fails at its gate.
    assert_eq!(desk.stands(MissionState::Executing, false, 5), []);
    let (phase, again) = compare_of(&desk.stands(MissionState::Failed, false, 6));
    assert_eq!(phase, Phase::Failure);
    desk.finds(&again, |_| {});
    let (_, gate) = compare_of(&desk.stands(MissionState::Verification, false, 7));
    let (_, release) = compare_of(&desk.finds(&gate, |_| {}));
    desk.finds(&release, |_| {});
    let (phase, _) = compare_of(&desk.stands(MissionState::Failed, false, 8));
    assert_eq!(phase, Phase::Failure);
}

#[test]
fn missions_that_logs_tell_of_are_looked_at_until_nothing_is_due_of_them() {
    use agentcity_abi::ICollaboration::{self, MissionState as Wire, Reason};
    use alloy::{primitives::Address, sol_types::SolEvent};

    use crate::source::log::{Contract, Log};

    let at = Address::repeat_byte(0xc0);
    let contracts = City::new([(Contract::Collaboration, at)]);
    let log = |block: u64, event: alloy::primitives::LogData| Log {
        address: at,
        topics: event.topics().to_vec(),
        data: event.data.clone(),
        at: head(block),
        transaction: B256::ZERO,
        index: 0,
    };
    let created = ICollaboration::MissionCreated {
        missionId: MISSION,
        sponsor: Address::ZERO,
        sessionId: B256::ZERO,
        statuteHash: B256::ZERO,
        nodes: 3,
    };
    let ended = ICollaboration::MissionStateChanged {
        missionId: MISSION,
        from: Wire::Failed,
        to: Wire::Aborted,
        reason: Reason::None,
    };
    let mut machine = Reconciliation::default().following(contracts);
    let tells = |machine: &mut Reconciliation, log: Log| {
        let told = event::Event::Chain(chain::Event::Added(log));
        assert_eq!(machine.step(&told), []);
    };
    assert_eq!(machine.watched(), []);
    tells(&mut machine, log(1, created.encode_log_data()));
    assert_eq!(machine.watched().len(), 1);
    tells(&mut machine, log(5, ended.encode_log_data()));
    let mut desk = Desk(machine);
    let (phase, failed) = compare_of(&desk.stands(MissionState::Aborted, false, 6));
    assert_eq!(phase, Phase::Failure);
    assert_eq!(desk.0.watched().len(), 1, "it is compared first");
    desk.finds(&failed, |_| {});
    assert_eq!(desk.stands(MissionState::Aborted, false, 7), []);
    assert_eq!(desk.0.watched(), [], "nothing of it is due");
    assert_eq!(desk.stands(MissionState::Aborted, false, 8), []);
    assert!(desk.0.state.cases.is_empty());
}
