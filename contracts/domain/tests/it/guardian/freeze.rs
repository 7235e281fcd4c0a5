//! Claims about freezes: every pair of states of mission and node, every decision in every state.

use agentcity_domain::{
    guardian::{
        Refused,
        freeze::{Cause, Freeze, Lift, is_freezable, require_freezable},
    },
    machine::{FreezeState, MissionState, NodeState},
};
use alloy_primitives::Address;

fn missions() -> impl Iterator<Item = MissionState> {
    (0..=u8::MAX).filter_map(MissionState::from_u8)
}

fn nodes() -> impl Iterator<Item = NodeState> {
    (0..=u8::MAX).filter_map(NodeState::from_u8)
}

fn freeze(cause: Cause) -> Freeze {
    Freeze::new(Address::repeat_byte(7), (3, 2), cause, 100, 1_000)
}

#[test]
fn g06_only_eligible_and_executing_nodes_of_a_mission_at_work_are_frozen() {
    use MissionState as M;
    use NodeState as N;
    let mut allowed = 0;
    for mission in missions() {
        for node in nodes() {
            let works = [M::Active, M::Executing, M::Degraded].contains(&mission);
            let runs = [N::Eligible, N::Executing].contains(&node);
            assert_eq!(
                is_freezable(mission, node),
                works && runs,
                "{mission:?} {node:?}"
            );
            let expected = if !works {
                Err(Refused::WrongMission { state: mission })
            } else if !runs {
                Err(Refused::WrongNode {
                    state: node,
                    attempt: 4,
                })
            } else {
                allowed += 1;
                Ok(())
            };
            assert_eq!(require_freezable(mission, node, 4, 4), expected);
        }
    }
    assert_eq!(allowed, 6);
}

#[test]
fn a_freeze_names_the_attempt_that_runs() {
    let of = |given| require_freezable(MissionState::Active, NodeState::Eligible, 4, given);
    assert_eq!(of(4), Ok(()));
    for given in [3, 5] {
        assert_eq!(of(given), Err(Refused::WrongAttempt { found: 4, given }));
    }
}

#[test]
fn it_begins_open_and_says_when_it_ends() {
    let begun = freeze(Cause::ToolLimit);
    assert!(begun.is_open() && begun.counts());
    assert!(!begun.confirm().unwrap().is_open(), "decided");
    assert_eq!(begun.expires_at(), 1_100);
    let endless = Freeze {
        secs: u64::MAX,
        ..begun
    };
    assert_eq!(endless.expires_at(), u64::MAX);
}

#[test]
fn an_adjudicators_freeze_counts_towards_no_stop() {
    for cause in [
        Cause::Deviation,
        Cause::ToolLimit,
        Cause::MessageLimit,
        Cause::DeploymentSubstitution,
    ] {
        assert!(freeze(cause).counts(), "{cause:?}");
    }
    assert!(!freeze(Cause::Manual).counts());
}

#[test]
fn k8_a_lifted_freeze_was_false_or_is_a_warning() {
    assert_eq!(Lift::at(1), Some(Lift::FalsePositive));
    assert_eq!(Lift::at(2), Some(Lift::Warning));
    assert_eq!((Lift::at(0), Lift::at(3)), (None, None));
    let lifted = |lift| freeze(Cause::Deviation).lift(lift).unwrap();
    let was_false = lifted(Lift::FalsePositive);
    assert_eq!(was_false.state, FreezeState::Lifted);
    assert!(was_false.is_false && !was_false.counts());
    let warned = lifted(Lift::Warning);
    assert_eq!(warned.state, FreezeState::Lifted);
    assert!(!warned.is_false && warned.counts());
}

#[test]
fn people_decide_once() {
    let open = freeze(Cause::Deviation);
    let lifted = open.lift(Lift::Warning).unwrap();
    let upheld = open.confirm().unwrap();
    for decided in [lifted, upheld] {
        let refused = Err(Refused::FreezeDecided {
            state: decided.state,
        });
        assert_eq!(decided.lift(Lift::Warning), refused);
        assert_eq!(decided.lift(Lift::FalsePositive), refused);
        assert_eq!(decided.confirm(), refused);
    }
}

#[test]
fn a_freeze_is_classified_false_once_and_not_after_it_was_confirmed() {
    let open = freeze(Cause::Deviation);
    let upheld = open.confirm().unwrap();
    let state = FreezeState::Upheld;
    assert_eq!(upheld.classify(), Err(Refused::FreezeDecided { state }));
    for past in [
        open,
        open.lift(Lift::Warning).unwrap(),
        open.lift(Lift::FalsePositive).unwrap(),
    ] {
        let found_false = past.classify().unwrap();
        assert!(found_false.is_false && found_false.is_charged && !found_false.counts());
        assert_eq!(found_false.state, past.state);
        assert_eq!(found_false.classify(), Err(Refused::AlreadyClassified));
    }
    // What was found false is nobody's fault, and can still be lifted.
    let found_false = open.classify().unwrap();
    let state = FreezeState::Open;
    assert_eq!(found_false.confirm(), Err(Refused::FreezeDecided { state }));
    let lifted = found_false.lift(Lift::Warning).unwrap();
    assert!(lifted.is_false);
}
