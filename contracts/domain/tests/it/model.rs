//! One mission through the tables, event by event: claims, and random histories.

use std::collections::BTreeMap;

use agentcity_domain::{
    exit::Halt,
    machine::{
        Command, MissionState, NodeState,
        model::{Event, Mission, Node, Proof, Refused, Tier},
    },
};
use proptest::prelude::*;

const TWO_OF_THREE: Tier = Tier::Two {
    seats: 3,
    threshold: 2,
};

/// Diamond: 0 before 1 and 2, both before 3.
const EDGES: [(usize, usize); 4] = [(0, 1), (0, 2), (1, 3), (2, 3)];

fn nodes() -> [Node; 4] {
    [Tier::One, TWO_OF_THREE, Tier::Three, Tier::One].map(Node::new)
}

/// Applies what must succeed.
fn play(mission: &mut Mission<'_>, events: &[Event]) {
    for event in events {
        assert_eq!(mission.apply(*event), Ok(()), "{event:?}");
    }
}

fn states(mission: &Mission<'_>) -> Vec<NodeState> {
    mission.nodes().iter().map(Node::state).collect()
}

const BEGIN: [Event; 3] = [
    Event::Finalize,
    Event::Route(0),
    Event::Submit(0, Proof::Holds),
];

#[test]
fn a_mission_ends_well_when_every_node_does() {
    let mut nodes = nodes();
    let mut mission = Mission::new(&mut nodes, &EDGES, 3);
    play(&mut mission, &BEGIN);
    assert_eq!(
        states(&mission),
        [
            NodeState::Completed,
            NodeState::Eligible,
            NodeState::Eligible,
            NodeState::Waiting
        ]
    );
    play(
        &mut mission,
        &[
            Event::Route(1),
            Event::Commit(1, 0),
            Event::Commit(1, 1),
            Event::Commit(1, 2),
            Event::Reveal(1, 2, 7),
            Event::Reveal(1, 0, 9),
            Event::Reveal(1, 1, 7),
            Event::Route(2),
            Event::SubmitForReview(2),
        ],
    );
    assert_eq!(mission.nodes()[3].state(), NodeState::Waiting);
    play(&mut mission, &[Event::Approve(2), Event::Route(3)]);
    assert_eq!(mission.state(), MissionState::Executing);
    play(&mut mission, &[Event::Submit(3, Proof::Holds)]);
    assert_eq!(mission.state(), MissionState::Verification);
    play(&mut mission, &[Event::Pass]);
    assert_eq!(mission.state(), MissionState::Completed);
    assert_eq!(
        mission.apply(Event::Abort),
        Err(Refused::Mission {
            state: MissionState::Completed
        })
    );
}

#[test]
fn tier_two_needs_agreement_of_the_threshold_whoever_is_silent() {
    for (reveals, outcome) in [
        (&[(0, 1), (1, 1)][..], NodeState::Completed),
        (&[(0, 1), (1, 2)], NodeState::Failed),
        (&[(1, 5)], NodeState::Failed),
        (&[], NodeState::Failed),
    ] {
        let mut nodes = nodes();
        let mut mission = Mission::new(&mut nodes, &EDGES, 3);
        play(&mut mission, &BEGIN);
        play(
            &mut mission,
            &[Event::Route(1), Event::Commit(1, 0), Event::Commit(1, 1)],
        );
        assert_eq!(
            mission.apply(Event::Reveal(1, 0, 1)),
            Err(Refused::Seat { seat: 0 }),
            "no reveal before the commits are closed"
        );
        play(&mut mission, &[Event::CloseCommit(1)]);
        assert_eq!(
            mission.apply(Event::Commit(1, 2)),
            Err(Refused::Node {
                state: NodeState::PendingVerification
            }),
            "no commit after"
        );
        assert_eq!(
            mission.apply(Event::Reveal(1, 2, 1)),
            Err(Refused::Seat { seat: 2 }),
            "who did not commit has nothing to show"
        );
        for (seat, value) in reveals {
            play(&mut mission, &[Event::Reveal(1, *seat, *value)]);
        }
        if reveals.len() < 2 {
            play(&mut mission, &[Event::CloseReveal(1)]);
        }
        assert_eq!(mission.nodes()[1].state(), outcome, "{reveals:?}");
    }
}

#[test]
fn too_few_commits_fail_at_once_and_seats_commit_once() {
    let mut nodes = nodes();
    let mut mission = Mission::new(&mut nodes, &EDGES, 3);
    play(&mut mission, &BEGIN);
    play(&mut mission, &[Event::Route(1)]);
    for premature in [Event::CloseCommit(1), Event::CloseReveal(1)] {
        assert_eq!(
            mission.apply(premature),
            Err(Refused::Node {
                state: NodeState::Executing
            })
        );
    }
    play(&mut mission, &[Event::Commit(1, 0)]);
    for seat in [0, 3, 200] {
        assert_eq!(
            mission.apply(Event::Commit(1, seat)),
            Err(Refused::Seat { seat })
        );
    }
    assert!(mission.apply(Event::CloseReveal(1)).is_err());
    play(&mut mission, &[Event::CloseCommit(1)]);
    assert_eq!(mission.nodes()[1].state(), NodeState::Failed);
    // A new attempt starts with empty seats.
    play(
        &mut mission,
        &[
            Event::Reassign(1),
            Event::Route(1),
            Event::Commit(1, 0),
            Event::Commit(1, 1),
        ],
    );
    assert_eq!(
        mission.apply(Event::Commit(1, 1)),
        Err(Refused::Seat { seat: 1 }),
        "once each"
    );
    play(&mut mission, &[Event::CloseCommit(1)]);
    assert!(mission.apply(Event::CloseCommit(1)).is_err());
    for seat in [7, 200] {
        assert_eq!(
            mission.apply(Event::Reveal(1, seat, 1)),
            Err(Refused::Seat { seat })
        );
    }
}

/// Seven are the most there may be; a node that names more is refused its eighth, and nothing is reached for beyond.
#[test]
fn a_seat_beyond_the_most_there_may_be_shows_nothing() {
    let mut nodes = [Node::new(Tier::Two {
        seats: 8,
        threshold: 5,
    })];
    let mut mission = Mission::new(&mut nodes, &[], 3);
    play(&mut mission, &[Event::Finalize, Event::Route(0)]);
    for seat in 0..8 {
        play(&mut mission, &[Event::Commit(0, seat)]);
    }
    assert_eq!(
        mission.apply(Event::Reveal(0, 7, 1)),
        Err(Refused::Seat { seat: 7 })
    );
    for seat in 0..7 {
        play(&mut mission, &[Event::Reveal(0, seat, 1)]);
    }
    play(&mut mission, &[Event::CloseReveal(0)]);
    assert_eq!(mission.nodes()[0].state(), NodeState::Completed);
}

#[test]
fn a_result_of_another_tier_is_refused() {
    let mut nodes = nodes();
    let mut mission = Mission::new(&mut nodes, &EDGES, 3);
    play(&mut mission, &BEGIN);
    play(&mut mission, &[Event::Route(1), Event::Route(2)]);
    let busy = Err(Refused::Node {
        state: NodeState::Executing,
    });
    for event in [
        Event::Submit(1, Proof::Holds),
        Event::SubmitForReview(1),
        Event::Submit(2, Proof::Holds),
        Event::Commit(2, 0),
        Event::Approve(1),
    ] {
        assert_eq!(mission.apply(event), busy, "{event:?}");
    }
    assert_eq!(
        mission.apply(Event::Route(4)),
        Err(Refused::UnknownNode { node: 4 })
    );
}

#[test]
fn refinements_are_counted_and_their_end_fails_the_mission() {
    let mut nodes = nodes();
    let mut mission = Mission::new(&mut nodes, &EDGES, 2);
    play(&mut mission, &[Event::Finalize, Event::Route(0)]);
    for used in 0..2 {
        play(&mut mission, &[Event::TimeoutNode(0)]);
        assert_eq!(
            mission.apply(Event::FailMission),
            Err(Refused::Refinements { used, max: 2 })
        );
        play(&mut mission, &[Event::Reassign(0), Event::Route(0)]);
    }
    assert_eq!(
        mission.apply(Event::FailMission),
        Err(Refused::Mission {
            state: MissionState::Executing
        }),
        "no node failed"
    );
    play(&mut mission, &[Event::Submit(0, Proof::Fails)]);
    assert_eq!(
        mission.apply(Event::Reassign(0)),
        Err(Refused::Refinements { used: 2, max: 2 })
    );
    play(&mut mission, &[Event::FailMission]);
    assert_eq!(mission.state(), MissionState::Failed);
    assert_eq!(mission.refinements(), 2);
    assert!(
        mission.apply(Event::Finalize).is_err(),
        "no second deployment"
    );
    play(&mut mission, &[Event::Abort]);
}

#[test]
fn a_frozen_node_waits_for_the_panel_and_its_first_attempt_is_forgotten() {
    let mut nodes = nodes();
    let mut mission = Mission::new(&mut nodes, &EDGES, 3);
    play(&mut mission, &BEGIN);
    play(&mut mission, &[Event::Freeze(1), Event::Unfreeze(1)]);
    play(&mut mission, &[Event::Route(1), Event::Freeze(1)]);
    for event in [Event::Commit(1, 0), Event::TimeoutNode(1), Event::Route(1)] {
        assert!(mission.apply(event).is_err(), "{event:?}");
    }
    play(&mut mission, &[Event::ConfirmFreeze(1)]);
    for event in [
        Event::ConfirmFreeze(1),
        Event::Unfreeze(1),
        Event::Freeze(0),
    ] {
        assert!(mission.apply(event).is_err(), "{event:?}");
    }
    assert_eq!(mission.nodes()[1].state(), NodeState::Failed);
}

#[test]
fn under_a_stop_evidence_and_abortion_go_on_and_work_does_not() {
    let mut nodes = nodes();
    let mut mission = Mission::new(&mut nodes, &EDGES, 3);
    play(&mut mission, &BEGIN);
    assert_eq!(mission.apply(Event::ClearStop), Err(Refused::Stop));
    play(&mut mission, &[Event::Stop]);
    assert_eq!(mission.apply(Event::Stop), Err(Refused::Stop));
    assert_eq!(
        mission.apply(Event::Route(1)),
        Err(Refused::Halted {
            halt: Halt::EmergencyStop,
            command: Command::RouteTask
        })
    );
    play(
        &mut mission,
        &[
            Event::Freeze(1),
            Event::Unfreeze(1),
            Event::Freeze(1),
            Event::ConfirmFreeze(1),
        ],
    );
    assert!(mission.apply(Event::Reassign(1)).is_err());
    play(&mut mission, &[Event::ClearStop, Event::Reassign(1)]);
    play(&mut mission, &[Event::Stop, Event::Abort]);
    assert!(mission.apply(Event::Stop).is_err(), "it has ended");
}

#[test]
fn an_outage_holds_everything_until_the_panel_or_the_clock() {
    for (end, state) in [
        (Event::ExitDegraded, MissionState::Executing),
        (Event::TimeoutDegraded, MissionState::Aborted),
        (Event::Abort, MissionState::Aborted),
    ] {
        let mut nodes = nodes();
        let mut mission = Mission::new(&mut nodes, &EDGES, 3);
        play(&mut mission, &[Event::Finalize]);
        for early in [
            Event::EnterDegraded,
            Event::ExitDegraded,
            Event::TimeoutDegraded,
        ] {
            assert!(mission.apply(early).is_err(), "{early:?}");
        }
        play(&mut mission, &[Event::Route(0), Event::EnterDegraded]);
        for work in [
            Event::Submit(0, Proof::Holds),
            Event::TimeoutNode(0),
            Event::Freeze(0),
            Event::FailMission,
        ] {
            assert_eq!(
                mission.apply(work),
                Err(Refused::Mission {
                    state: MissionState::Degraded
                })
            );
        }
        play(&mut mission, &[end]);
        assert_eq!(mission.state(), state);
    }
}

#[test]
fn the_gate_is_asked_only_at_the_end() {
    for (verdict, state) in [
        (Event::Pass, MissionState::Completed),
        (Event::Fail, MissionState::Failed),
        (Event::Veto, MissionState::Failed),
    ] {
        let mut nodes = [Node::new(Tier::Three)];
        let mut mission = Mission::new(&mut nodes, &[], 3);
        play(&mut mission, &[Event::Finalize, Event::Route(0)]);
        assert!(mission.apply(verdict).is_err());
        play(
            &mut mission,
            &[Event::SubmitForReview(0), Event::Approve(0), verdict],
        );
        assert_eq!(mission.state(), state);
    }
    for silence in [Event::Reject(0), Event::TimeoutReview(0)] {
        let mut nodes = [Node::new(Tier::Three)];
        let mut mission = Mission::new(&mut nodes, &[], 3);
        play(
            &mut mission,
            &[
                Event::Finalize,
                Event::Route(0),
                Event::SubmitForReview(0),
                silence,
            ],
        );
        assert_eq!(mission.nodes()[0].state(), NodeState::Failed);
    }
}

/// Any event about the diamond, work more often than trouble.
fn event() -> impl Strategy<Value = Event> {
    let node = 0..4_usize;
    prop_oneof![
        8 => node.clone().prop_map(Event::Route),
        6 => node.clone().prop_map(|n| Event::Submit(n, Proof::Holds)),
        1 => node.clone().prop_map(|n| Event::Submit(n, Proof::Fails)),
        5 => node.clone().prop_map(Event::SubmitForReview),
        12 => (0..4_u8).prop_map(|seat| Event::Commit(1, seat)),
        12 => (0..4_u8, 0..2_u32).prop_map(|(seat, value)| Event::Reveal(1, seat, value)),
        2 => node.clone().prop_map(Event::CloseCommit),
        2 => node.clone().prop_map(Event::CloseReveal),
        1 => node.clone().prop_map(Event::TimeoutNode),
        5 => node.clone().prop_map(Event::Approve),
        1 => node.clone().prop_map(Event::Reject),
        1 => node.clone().prop_map(Event::TimeoutReview),
        1 => node.clone().prop_map(Event::Freeze),
        2 => node.clone().prop_map(Event::Unfreeze),
        1 => node.clone().prop_map(Event::ConfirmFreeze),
        3 => node.prop_map(Event::Reassign),
        2 => Just(Event::FailMission),
        3 => Just(Event::Pass),
        1 => Just(Event::Veto),
        1 => Just(Event::EnterDegraded),
        2 => Just(Event::ExitDegraded),
        1 => Just(Event::Stop),
        2 => Just(Event::ClearStop),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_tables_hold(events in prop::collection::vec(event(), 0..120)) {
        let mut nodes = nodes();
        let mut mission = Mission::new(&mut nodes, &EDGES, 3);
        prop_assert_eq!(mission.apply(Event::Finalize), Ok(()));
        let mut reached: BTreeMap<NodeState, u32> = BTreeMap::new();
        for event in events {
            let before = (mission.state(), states(&mission), mission.refinements());
            let accepted = mission.apply(event).is_ok();
            let after = (mission.state(), states(&mission), mission.refinements());
            if !accepted {
                prop_assert_eq!(&before, &after, "refused, and yet {:?} changed something", event);
            }
            let done = after.1.iter().filter(|s| **s == NodeState::Completed).count();
            if matches!(after.0, MissionState::Verification | MissionState::Completed) {
                prop_assert_eq!(done, 4);
            }
            prop_assert_ne!(after.1[3] != NodeState::Waiting, done < 3, "node 3 waits for all others");
            prop_assert!(after.2 <= 3);
            for (from, to) in before.1.iter().zip(&after.1) {
                let through = NodeState::PendingVerification;
                prop_assert!(
                    from == to
                        || NodeState::transition(*from, *to).is_ok()
                        || NodeState::transition(*from, through).is_ok()
                            && NodeState::transition(through, *to).is_ok(),
                    "{:?} took {:?} to {:?}", event, from, to
                );
                *reached.entry(*to).or_default() += 1;
            }
        }
        prop_assert!(!reached.contains_key(&NodeState::PendingFinalization));
    }
}
