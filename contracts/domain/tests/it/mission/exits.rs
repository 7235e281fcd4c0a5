//! Exits and halts of records, against the tables that docs/exits.md is printed from (INV-MISSION-03, INV-MISSION-04).

use agentcity_domain::{
    exit::{Deadline, EVERY, EXITS, Halt, Halts, forbidders},
    machine::{Command, Machine, MissionState, NodeState},
    mission::{
        Reason, Refused, Why,
        exit::{self, Limits, NodeExit},
        halt::{Lying, PAUSE, STOP},
        node::{BACKUP, CHILD, Eligible, Node},
        record::{Clock, Mission, States},
    },
};
use alloy_primitives::B256;

const LIMITS: Limits = [10_000, 20_000, 30_000, 3];

fn mission(state: MissionState) -> Mission {
    let mut mission = Mission::default();
    mission.set_state(state.number());
    mission.set_nodes(3);
    mission.set_deadline(1_000);
    mission.set_since(100);
    mission
}

fn at(state: NodeState) -> States {
    let mut word = B256::ZERO;
    word[0] = state.number();
    States(word)
}

fn why<T>(said: Result<T, Refused>) -> Result<T, Why> {
    said.map_err(Refused::why)
}

/// What each halt of the tables is on a record; none for those that no record of a mission holds.
fn lying(halt: Halt) -> Option<Lying> {
    let calm = Lying::default();
    match halt {
        Halt::EmergencyStop => Some(Lying {
            own: (STOP, 500),
            ..calm
        }),
        Halt::Pause => Some(Lying {
            own: (PAUSE, 500),
            ..calm
        }),
        Halt::CityHalt => Some(Lying {
            city: (STOP, 500),
            ..calm
        }),
        Halt::WatchdogFreeze => Some(Lying {
            watchdog: 500,
            ..calm
        }),
        Halt::Degraded | Halt::NormStruck => None,
    }
}

#[test]
fn a_halt_forbids_on_a_record_what_it_forbids_in_the_tables() {
    for command in Command::ALL {
        for halt in Halt::ALL {
            assert_eq!(forbidders(*command).has(halt), halt.forbids(*command));
            if let Some(lying) = lying(halt) {
                assert_eq!(lying.halts(), Halts::only(halt));
                let said = why(lying.permit(forbidders(*command)));
                assert_eq!(
                    said.is_err(),
                    halt.forbids(*command),
                    "{halt:?} {command:?}"
                );
            }
        }
        assert_eq!(why(Lying::default().permit(forbidders(*command))), Ok(()));
    }
    let both = Lying {
        own: (PAUSE, 7),
        city: (STOP, 9),
        watchdog: 11,
    };
    let names = |command| why(both.permit(forbidders(command)));
    assert_eq!(
        names(Command::RouteTask),
        Err(Why::Halted {
            halt: PAUSE,
            until: 7
        })
    );
    assert_eq!(
        names(Command::SubmitResult),
        Err(Why::Halted {
            halt: STOP,
            until: 9
        })
    );
    let frozen = Lying {
        watchdog: 11,
        ..Lying::default()
    };
    assert_eq!(
        why(frozen.permit(forbidders(Command::OpenChild))),
        Err(Why::Halted {
            halt: STOP,
            until: 11
        })
    );
}

#[test]
fn the_first_overdue_halt_counts_whatever_else_lies_there() {
    let all = Lying {
        own: (PAUSE, 900),
        city: (STOP, 500),
        watchdog: 700,
    };
    assert_eq!(all.overdue_at(), 500);
    assert!(!all.is_overdue(500) && all.is_overdue(501));
    assert_eq!(all.shown(), (STOP, 500), "a stop before a pause");
    assert_eq!(
        Lying {
            own: (STOP, 900),
            ..all
        }
        .shown(),
        (STOP, 900)
    );
    assert_eq!(
        Lying {
            city: (0, 0),
            ..all
        }
        .shown(),
        (PAUSE, 900)
    );
    assert_eq!(Lying::default().overdue_at(), u64::MAX);
    assert!(!Lying::default().is_overdue(u64::MAX));
    for (lying, bars) in [
        (
            Lying {
                own: (PAUSE, 1),
                ..Lying::default()
            },
            true,
        ),
        (
            Lying {
                watchdog: 1,
                ..Lying::default()
            },
            true,
        ),
        (
            Lying {
                own: (STOP, 1),
                ..Lying::default()
            },
            false,
        ),
        (Lying::default(), false),
    ] {
        assert_eq!(lying.bars_routing(), bars);
    }
}

/// Each row of docs/exits.md for missions, under each halt, found on records: at its instant and not before.
#[test]
fn inv_exit_every_row_for_missions_holds_on_records_halted_or_not() {
    let rows = EXITS
        .iter()
        .find(|(machine, _)| *machine == Machine::Mission)
        .unwrap()
        .1;
    let mut seen = 0;
    for state in MissionState::ALL
        .iter()
        .filter(|state| !state.is_terminal())
    {
        for halt in [
            None,
            Some(Halt::EmergencyStop),
            Some(Halt::Pause),
            Some(Halt::CityHalt),
            Some(Halt::WatchdogFreeze),
        ] {
            let lies = halt.map_or(Some(Lying::default()), lying).unwrap();
            let halts = halt.map_or(Halts::NONE, Halts::only);
            for row in rows.iter().filter(|row| row.leaves(state.number(), true)) {
                let from = match (row.command, row.deadline) {
                    (Some(Command::AbortHalted), _) => 500,
                    (_, Deadline::When(_)) => continue,
                    (Some(Command::AbortUndeployed | Command::FailOverdue), _) => 1_000,
                    (Some(Command::AbortFailed), _) => 110,
                    (Some(Command::TimeoutVerification), _) => 120,
                    (Some(Command::AbortDegraded), _) => 130,
                    other => panic!("{other:?} is no exit of a mission"),
                };
                if !row.is_available(halts) {
                    continue;
                }
                let try_at = |now| {
                    let (mut own, mut reason) = (mission(*state), Reason::None);
                    let of = (&mut own, &Clock::default(), &Mission::default());
                    why(exit::expire_mission(
                        of,
                        &lies,
                        false,
                        LIMITS,
                        now,
                        &mut reason,
                    ))
                    .map(|()| own.state())
                };
                assert!(try_at(from + 1).is_ok(), "{state:?} {halt:?} {row:?}");
                if row.from != EVERY {
                    let early = from.min(lies.overdue_at());
                    assert_eq!(
                        try_at(early),
                        Err(Why::TooEarly { from: early }),
                        "{state:?} {halt:?}"
                    );
                }
                seen += 1;
            }
        }
    }
    assert!(seen >= 40, "{seen} rows");
}

#[test]
fn what_a_halt_forbids_of_a_missions_exits_is_refused_until_it_is_overdue() {
    for (state, halt, forbidden) in [
        (MissionState::Executing, Halt::EmergencyStop, true),
        (MissionState::Executing, Halt::CityHalt, true),
        (MissionState::Executing, Halt::Pause, false),
        (MissionState::Verification, Halt::EmergencyStop, true),
        (MissionState::Failed, Halt::EmergencyStop, false),
        (MissionState::Pending, Halt::CityHalt, false),
    ] {
        let mut lies = lying(halt).unwrap();
        if lies.own.0 != 0 {
            lies.own.1 = 9_000;
        } else {
            lies.city.1 = 9_000;
        }
        let mut own = mission(state);
        let of = (&mut own, &Clock::default(), &Mission::default());
        let said = exit::expire_mission(of, &lies, false, LIMITS, 5_000, &mut Reason::None);
        assert_eq!(said.is_err(), forbidden, "{state:?} {halt:?}");
    }
}

#[test]
fn a_missions_exit_counts_what_halts_moved() {
    let (mut city, mut clock) = (Mission::default(), Clock::default());
    city.set_moved(50);
    clock.set_moved_before(20);
    let own = mission(MissionState::Executing);
    let found = exit::of_mission((&own, &clock, &city), LIMITS).unwrap();
    assert_eq!(
        found.from, 1_030,
        "by the city's halts since it was created"
    );
    clock.set_moved_at_gate(45);
    let gate = exit::of_mission(
        (&mission(MissionState::Verification), &clock, &city),
        LIMITS,
    )
    .unwrap();
    assert_eq!(gate.from, 125);
    for state in [MissionState::Completed, MissionState::Aborted] {
        assert_eq!(
            exit::of_mission((&mission(state), &clock, &city), LIMITS),
            None
        );
    }
    let mut spent = own;
    spent.set_failed(1);
    spent.set_refinements(3);
    let fails = exit::of_mission((&spent, &clock, &city), LIMITS).unwrap();
    assert_eq!(
        (fails.from, fails.to, fails.reason),
        (0, MissionState::Failed, Reason::RefinementExhausted)
    );
}

#[test]
fn an_orphan_ends_at_once_whatever_lies_on_it() {
    for state in MissionState::ALL {
        let (mut own, mut reason) = (mission(*state), Reason::None);
        let lies = Lying {
            own: (STOP, 9_000),
            ..Lying::default()
        };
        let of = (&mut own, &Clock::default(), &Mission::default());
        let said = exit::expire_mission(of, &lies, true, LIMITS, 101, &mut reason);
        assert_eq!(said.is_ok(), !state.is_terminal(), "{state:?}");
        if said.is_ok() {
            assert_eq!(
                (own.state(), reason),
                (MissionState::Aborted.number(), Reason::AncestorEnded)
            );
        }
    }
}

#[test]
fn a_node_leaves_each_state_by_its_own_exit_alone() {
    let windows = Eligible {
        closes: 150,
        expires: 200,
    };
    let calm = Lying::default();
    let own = mission(MissionState::Executing);
    for state in NodeState::ALL {
        let mut node = Node::default();
        node.set_kind(3);
        node.set_taken(1);
        node.expire_at(200, 0);
        let mut exit = NodeExit::NONE;
        let all = [
            exit::expire_eligible(
                &own,
                &calm,
                &mut at(*state),
                (0, &node),
                (&windows, 1, 0),
                201,
                &mut exit,
            )
            .is_ok(),
            exit::time_out(
                &own,
                &calm,
                &mut at(*state),
                (0, &node),
                (201, 0),
                &mut exit,
            )
            .is_ok(),
            exit::expire_review(
                &own,
                &calm,
                &mut at(*state),
                (0, &mut node.clone()),
                [1, 1],
                (201, 0),
                &mut exit,
            )
            .is_ok(),
            exit::expire_freeze(&own, &mut at(*state), (0, &node), 201, &mut exit).is_ok(),
        ];
        let expected = [
            NodeState::Eligible,
            NodeState::Executing,
            NodeState::PendingReview,
            NodeState::Frozen,
        ]
        .map(|s| s == *state);
        assert_eq!(all, expected, "{state:?}");
    }
    let mut node = Node::default();
    node.expire_at(200, 0);
    for (now, said) in [(200, Err(Why::TooEarly { from: 200 })), (201, Ok(()))] {
        let mut exit = NodeExit::NONE;
        let found =
            exit::expire_freeze(&own, &mut at(NodeState::Frozen), (0, &node), now, &mut exit);
        assert_eq!(why(found), said);
        let found = exit::time_out(
            &own,
            &calm,
            &mut at(NodeState::Executing),
            (0, &node),
            (now, 0),
            &mut exit,
        );
        assert_eq!(why(found), said);
        let found = exit::expire_eligible(
            &own,
            &calm,
            &mut at(NodeState::Eligible),
            (0, &node),
            (&windows, 1, 0),
            now,
            &mut exit,
        );
        assert_eq!(why(found), said);
    }
}

#[test]
fn stops_hold_nodes_and_pauses_do_not_and_freezes_end_regardless() {
    let windows = Eligible {
        closes: 150,
        expires: 200,
    };
    for halt in [
        Halt::EmergencyStop,
        Halt::Pause,
        Halt::CityHalt,
        Halt::WatchdogFreeze,
    ] {
        let lies = lying(halt).unwrap();
        let own = mission(MissionState::Executing);
        let mut node = Node::default();
        node.set_kind(3);
        node.expire_at(200, 0);
        let mut exit = NodeExit::NONE;
        let stops = halt.pauses_deadlines();
        let eligible = exit::expire_eligible(
            &own,
            &lies,
            &mut at(NodeState::Eligible),
            (0, &node),
            (&windows, 3, 0),
            201,
            &mut exit,
        );
        assert_eq!(eligible.is_err(), stops, "{halt:?}");
        assert_eq!(exit.silent, 0, "nobody could route, so nobody is at fault");
        assert_eq!(
            exit::time_out(
                &own,
                &lies,
                &mut at(NodeState::Executing),
                (0, &node),
                (201, 0),
                &mut exit
            )
            .is_err(),
            stops
        );
        assert_eq!(
            exit::expire_review(
                &own,
                &lies,
                &mut at(NodeState::PendingReview),
                (0, &mut node),
                [1, 1],
                (201, 0),
                &mut exit
            )
            .is_err(),
            stops
        );
    }
}

#[test]
fn the_silent_and_the_deprecated_are_at_fault_and_nobody_else() {
    let windows = Eligible {
        closes: 150,
        expires: 200,
    };
    let own = mission(MissionState::Active);
    for (taken, ended, silent, deprecated, reason) in [
        (0b000, 0b000, 0b111, 0b000, Reason::SeatNotAccepted),
        (0b101, 0b000, 0b010, 0b000, Reason::SeatNotAccepted),
        (0b111, 0b000, 0b000, 0b000, Reason::SeatNotAccepted),
        (0b111, 0b100, 0b000, 0b100, Reason::ServiceDeprecated),
        (0b011, 0b110, 0b100, 0b010, Reason::SeatNotAccepted),
    ] {
        let mut node = Node::default();
        node.set_taken(taken);
        let mut exit = NodeExit::NONE;
        exit::expire_eligible(
            &own,
            &Lying::default(),
            &mut at(NodeState::Eligible),
            (0, &node),
            (&windows, 3, ended),
            201,
            &mut exit,
        )
        .expect("expired");
        assert_eq!(
            (exit.silent, exit.deprecated, exit.reason),
            (silent, deprecated, reason)
        );
    }
    let mut node = Node::default();
    node.set_kind(2);
    node.set_taken(0b101);
    node.expire_at(200, 0);
    let mut exit = NodeExit::NONE;
    let executing = mission(MissionState::Executing);
    exit::time_out(
        &executing,
        &Lying::default(),
        &mut at(NodeState::Executing),
        (0, &node),
        (201, 0),
        &mut exit,
    )
    .expect("late");
    assert_eq!((exit.silent, exit.reason), (0b101, Reason::TimeoutExceeded));
    node.set_kind(CHILD);
    let child = exit::time_out(
        &executing,
        &Lying::default(),
        &mut at(NodeState::Executing),
        (0, &node),
        (201, 0),
        &mut exit,
    );
    assert_eq!(
        why(child),
        Err(Why::NodeState {
            state: 3,
            attempt: 0
        }),
        "it ends with its child"
    );
}

#[test]
fn what_runs_ends_in_every_mission_that_works_and_in_no_other() {
    for state in MissionState::ALL {
        let (own, calm) = (mission(*state), Lying::default());
        let works = [MissionState::Active, MissionState::Executing].contains(state);
        let mut node = Node::default();
        node.set_kind(3);
        node.set_taken(1);
        node.expire_at(200, 0);
        let mut exit = NodeExit::NONE;
        let mut executing = at(NodeState::Executing);
        let of = (0, &node);
        let late = exit::time_out(&own, &calm, &mut executing, of, (201, 0), &mut exit);
        assert_eq!(late.is_ok(), works, "{state:?}");
        let mut reviewed = at(NodeState::PendingReview);
        let of = (0, &mut node);
        let clock = (201, 0);
        let silent = exit::expire_review(&own, &calm, &mut reviewed, of, [1, 1], clock, &mut exit);
        assert_eq!(silent.is_ok(), works, "{state:?}");
    }
}

#[test]
fn a_review_has_its_window_and_its_backups_and_no_more() {
    let own = mission(MissionState::Executing);
    let run = |node: &mut Node, states: &mut States, multiple, now| {
        let mut exit = NodeExit::NONE;
        let said = exit::expire_review(
            &own,
            &Lying::default(),
            states,
            (0, node),
            [60_000, multiple],
            (now, 0),
            &mut exit,
        );
        why(said).map(|()| (exit.opened, exit.reason != Reason::None))
    };
    let begun = |tier| {
        let mut node = Node::default();
        node.set_kind(tier);
        node.expire_at(160, 0);
        (node, at(NodeState::PendingReview))
    };
    let (mut node, mut states) = begun(3);
    assert_eq!(
        run(&mut node, &mut states, 2, 160),
        Err(Why::TooEarly { from: 160 })
    );
    assert_eq!(run(&mut node, &mut states, 2, 161), Ok((true, false)));
    assert_eq!(
        (node.has_backup(), node.tier(), node.expires()),
        (true, 3, 220)
    );
    assert_eq!(
        run(&mut node, &mut states, 2, 220),
        Err(Why::TooEarly { from: 220 })
    );
    assert_eq!(run(&mut node, &mut states, 2, 221), Ok((false, true)));
    let (mut node, mut states) = begun(3);
    assert_eq!(
        run(&mut node, &mut states, 2, 220),
        Ok((true, false)),
        "the last instant of the backups, of which nobody knew"
    );
    let (mut node, mut states) = begun(3);
    assert_eq!(
        run(&mut node, &mut states, 2, 221),
        Ok((true, true)),
        "both passed before anybody called"
    );
    let (mut node, mut states) = begun(3);
    assert_eq!(
        run(&mut node, &mut states, 1, 161),
        Ok((true, true)),
        "no backups"
    );
    let (mut node, mut states) = begun(2);
    assert_eq!(run(&mut node, &mut states, 2, 300), Ok((true, false)));
    assert_eq!(node.kind(), 2 | BACKUP);
    assert_eq!(run(&mut node, &mut states, 2, 300), Err(Why::Disputed));
}

#[test]
fn a_halt_is_laid_on_what_has_none_or_over_a_pause_and_lifted_by_its_name() {
    for is_city in [false, true] {
        for found in 0..=3u8 {
            for halt in 0..=4u8 {
                let mut own = mission(MissionState::Executing);
                own.set_halt(found);
                let said = why(own.lay(halt, 77, is_city));
                let exists = halt == STOP || halt == PAUSE && !is_city;
                let expected = if !exists {
                    Err(Why::Order)
                } else if found == 0 || found == PAUSE && halt == STOP {
                    Ok(())
                } else {
                    Err(Why::Halted {
                        halt: found,
                        until: 77,
                    })
                };
                assert_eq!(said, expected, "{found} {halt}");
                assert_eq!(own.halt(), if said.is_ok() { halt } else { found });
            }
        }
    }
    let mut own = mission(MissionState::Executing);
    own.set_halt(STOP);
    assert_eq!(
        why(own.lift(PAUSE, 5, 77)),
        Err(Why::Halted {
            halt: STOP,
            until: 77
        })
    );
    assert_eq!(why(own.lift(STOP, 5, 77)), Ok(()));
    assert_eq!((own.halt(), own.deadline(), own.moved()), (0, 1_005, 5));
    assert_eq!(
        why(own.lift(0, 5, 77)),
        Err(Why::Halted { halt: 0, until: 77 }),
        "nothing lies there"
    );
}
