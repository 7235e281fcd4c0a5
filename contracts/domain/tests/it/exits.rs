//! Nobody is stuck: the proof that runs while compiling, repeated by other means, and broken on purpose.

use agentcity_domain::{
    exit::{
        Deadline, EVERY, EXITS, Exit, Fault, Halt, Halts, NEVER_FORBIDDEN, Reach, Target, Term,
        Who, Why, forbidding, is_possible, prove, stuck, stuck_under,
    },
    machine::{ClerkState, Command, Graph, Kind, MACHINES, Machine, NodeState, Row, State},
    parameter::ParameterId,
};

/// Every combination of halts, the empty one first.
fn combinations() -> impl Iterator<Item = Halts> {
    (0_u32..1 << Halt::ALL.len()).map(|bits| {
        Halt::ALL
            .into_iter()
            .filter(|halt| bits >> *halt as u32 & 1 == 1)
            .fold(Halts::NONE, Halts::and)
    })
}

/// The exits that anyone may surely take, found without the proof's functions.
fn sure<'a>(graph: &'a Graph, state: &'a State, halts: Halts) -> impl Iterator<Item = &'a Exit> {
    graph.exits.iter().filter(move |exit| {
        let here = exit.from == state.number || exit.from == EVERY && state.kind == Kind::Open;
        let lie: Vec<Halt> = Halt::ALL.into_iter().filter(|h| halts.has(*h)).collect();
        let offered = if lie.is_empty() {
            exit.when.includes_calm()
        } else {
            lie.iter().any(|halt| exit.when.has(*halt))
        };
        let beyond = matches!(exit.deadline, Deadline::Ended(_));
        let forbidden = !beyond
            && exit
                .command
                .is_some_and(|command| lie.iter().any(|h| h.forbidden().contains(&command)));
        here && offered
            && !forbidden
            && exit.who == Who::Anyone
            && !matches!(exit.deadline, Deadline::When(_))
    })
}

/// The most steps that anyone's exits take from `state` to an end; none if there is a hole or a circle.
fn steps(graph: &Graph, state: &State, halts: Halts, patience: usize) -> Option<usize> {
    if matches!(state.kind, Kind::Terminal | Kind::Resting) {
        return Some(0);
    }
    let patience = patience.checked_sub(1)?;
    let mut most = None;
    for exit in sure(graph, state, halts) {
        let after = match exit.to {
            Target::Subsumed => 0,
            Target::State(to) => steps(graph, graph.state(to)?, halts, patience)?,
        };
        most = most.max(Some(after + 1));
    }
    most
}

#[test]
fn inv_exit_01_from_every_open_state_anyone_reaches_an_end_under_every_combination_of_halts() {
    // INV-EXIT-01
    let (mut checked, mut longest) = (0, 0);
    for graph in &MACHINES {
        for halts in combinations() {
            assert_eq!(stuck_under(graph, halts), None);
            for state in graph.states.iter().filter(|s| s.kind == Kind::Open) {
                if !is_possible(graph, state, halts) {
                    continue;
                }
                let steps = steps(graph, state, halts, graph.states.len() + 1);
                let steps = steps.unwrap_or_else(|| {
                    panic!("{} {} under {halts:?}", graph.name, state.name);
                });
                longest = longest.max(steps);
                checked += 1;
            }
        }
    }
    println!("{checked} states and combinations of halts, at most {longest} steps to an end");
    assert!(checked > 2_000 && (2..=7).contains(&longest));
}

#[test]
fn the_build_would_fail_for_every_row_that_some_state_depends_on() {
    let (mut needed, mut spare) = (0, 0);
    for graph in &MACHINES {
        for gone in 0..graph.exits.len() {
            let mut exits = graph.exits.to_vec();
            exits.remove(gone);
            let lone = graph.states.iter().any(|state| {
                let holds = |halts: Halts| {
                    is_possible(graph, state, halts)
                        && graph
                            .exits
                            .iter()
                            .filter(|exit| counts(exit, state, halts))
                            .count()
                            == 1
                        && counts(&graph.exits[gone], state, halts)
                };
                holds(Halts::NONE) || Halt::ALL.into_iter().any(|halt| holds(Halts::only(halt)))
            });
            let broken = Graph {
                exits: exits.leak(),
                ..*graph
            };
            if lone {
                needed += 1;
                let found = stuck(&broken).unwrap_or_else(|| {
                    panic!("{} without {:?}", graph.name, graph.exits[gone]);
                });
                assert_eq!((found.machine, found.why), (graph.name, Why::NoExit));
            } else {
                spare += 1;
                assert_eq!(stuck(&broken), None, "{:?}", graph.exits[gone]);
            }
        }
    }
    println!("{needed} rows are needed, {spare} give a second way");
    assert!(needed > 40 && spare > 10);
}

/// Whether the proof counts this exit for this state.
fn counts(exit: &Exit, state: &State, halts: Halts) -> bool {
    let open = state.kind == Kind::Open;
    (open || state.kind == Kind::Resting)
        && exit.leaves(state.number, open)
        && exit.is_available(halts)
        && exit.is_certain()
        && (!open || exit.who == Who::Anyone)
}

#[test]
fn a_hole_is_named_by_machine_state_and_halt() {
    for graph in &MACHINES {
        for state in graph.states.iter().filter(|s| s.kind == Kind::Open) {
            for halts in combinations().filter(|h| is_possible(graph, state, *h)) {
                let exits: Vec<Exit> = graph
                    .exits
                    .iter()
                    .filter(|exit| !(exit.leaves(state.number, true) && exit.is_available(halts)))
                    .copied()
                    .collect();
                let broken = Graph {
                    exits: exits.leak(),
                    ..*graph
                };
                let found = stuck_under(&broken, halts).expect("a hole");
                assert_eq!(found.machine, graph.name);
                assert_eq!(found.halts, halts);
                assert_eq!(found.why, Why::NoExit);
            }
        }
    }
}

/// The node machine with one exit more, or with other states.
fn node_with(exit: Exit) -> Graph {
    let mut exits = NodeState::GRAPH.exits.to_vec();
    exits.push(exit);
    Graph {
        exits: exits.leak(),
        ..NodeState::GRAPH
    }
}

/// An exit of failed nodes that contradicts nothing.
const REASSIGN: Exit = Exit {
    from: NodeState::Failed as u8,
    when: Halts::CALM,
    who: Who::Anyone,
    deadline: Deadline::AtOnce,
    command: Some(Command::ReassignNode),
    to: Target::State(NodeState::Eligible as u8),
    fault: Fault::None,
    note: "",
    source: "",
};

fn why(graph: &Graph) -> Option<(&'static str, Why)> {
    stuck(graph).map(|found| (found.state, found.why))
}

#[test]
fn every_kind_of_contradiction_is_found() {
    let panel = Exit {
        who: Who::Panel,
        ..REASSIGN
    };
    assert_eq!(why(&node_with(panel)), None, "the panel may always do more");
    assert_eq!(
        why(&node_with(REASSIGN)),
        Some(("ELIGIBLE", Why::Circle)),
        "eligible, expired, reassigned, eligible, ..."
    );
    for parent in [Machine::Node, Machine::Session] {
        let waits = Exit {
            deadline: Deadline::Ended(parent),
            ..panel
        };
        assert_eq!(why(&node_with(waits)), Some(("FAILED", Why::WaitsForLater)));
    }
    let other_command = Exit {
        command: Some(Command::RouteTask),
        ..panel
    };
    assert_eq!(
        why(&node_with(other_command)),
        Some(("FAILED", Why::NoSuchStep))
    );
    let by_time = Exit {
        command: None,
        ..panel
    };
    assert_eq!(why(&node_with(by_time)), Some(("FAILED", Why::NoSuchStep)));
    for halt in [
        Halt::EmergencyStop,
        Halt::Pause,
        Halt::CityHalt,
        Halt::Degraded,
    ] {
        let forbidden = Exit {
            when: Halts::CALM.and(halt),
            ..panel
        };
        assert_eq!(why(&node_with(forbidden)), Some(("FAILED", Why::Forbidden)));
    }
    let allowed = Exit {
        when: Halts::CALM.and(Halt::WatchdogFreeze).and(Halt::NormStruck),
        ..panel
    };
    assert_eq!(why(&node_with(allowed)), None);
    let back = Exit {
        from: NodeState::Completed as u8,
        ..panel
    };
    assert_eq!(
        why(&node_with(back)),
        Some(("COMPLETED", Why::LeavesTheEnd))
    );
    let reserved = Exit {
        from: NodeState::PendingFinalization as u8,
        ..panel
    };
    assert_eq!(
        why(&node_with(reserved)),
        Some(("PENDING_FINALIZATION", Why::TouchesReserved))
    );
}

#[test]
fn tables_that_contradict_their_states_are_found() {
    let with = |change: fn(&mut Vec<State>)| {
        let mut states = NodeState::GRAPH.states.to_vec();
        change(&mut states);
        Graph {
            states: states.leak(),
            ..NodeState::GRAPH
        }
    };
    assert_eq!(
        why(&with(|states| states[6].kind = Kind::Terminal)),
        Some(("FAILED", Why::LeavesTheEnd))
    );
    assert_eq!(
        why(&with(|states| states[7].kind = Kind::Reserved)),
        Some(("FROZEN", Why::TouchesReserved))
    );
    assert_eq!(
        why(&with(|states| states[8].kind = Kind::Open)),
        Some(("PENDING_FINALIZATION", Why::Unreachable))
    );
    assert_eq!(
        why(&with(|states| states.swap(0, 1))),
        Some(("ELIGIBLE", Why::Misnumbered))
    );
    let nobody = Graph {
        initial: &[NodeState::Completed as u8],
        ..NodeState::GRAPH
    };
    assert_eq!(why(&nobody), Some(("WAITING", Why::Unreachable)));
    let resting = with(|states| states[0].kind = Kind::Resting);
    assert_eq!(why(&resting), None, "what may end with another may rest");
}

#[test]
fn a_resting_state_needs_a_way_out_too_though_only_its_owners() {
    for graph in &MACHINES {
        let owned: Vec<Exit> = graph
            .exits
            .iter()
            .filter(|exit| exit.who == Who::Anyone)
            .copied()
            .collect();
        let rests = graph.states.iter().find(|state| {
            state.kind == Kind::Resting
                && !owned
                    .iter()
                    .any(|exit| exit.from == state.number && exit.is_certain())
        });
        let broken = Graph {
            exits: owned.leak(),
            ..*graph
        };
        assert_eq!(
            why(&broken),
            rests.map(|state| (state.name, Why::NoExit)),
            "{}",
            graph.name
        );
    }
}

#[test]
fn inv_halt_01_money_and_ways_of_leaving_are_forbidden_by_nothing() {
    // INV-HALT-01
    for command in NEVER_FORBIDDEN {
        assert_eq!(forbidding(Halts::ALL, *command), None, "{command:?}");
    }
    for command in [
        Command::Withdraw,
        Command::AbortMission,
        Command::AbortHalted,
        Command::CloseEscrow,
        Command::ReleaseStake,
        Command::ReleaseReserve,
        Command::LeavePool,
        Command::ReturnBond,
    ] {
        assert!(NEVER_FORBIDDEN.contains(&command), "{command:?}");
    }
}

#[test]
fn a_stop_lets_through_what_the_specification_says_and_what_the_rulings_add() {
    let work: Vec<Command> = Command::ALL
        .iter()
        .copied()
        .filter(|command| *command <= Command::CloseChild)
        .filter(|command| !Halt::EmergencyStop.forbids(*command))
        .collect();
    assert_eq!(
        work,
        [
            Command::AcceptSeat,
            Command::VetoOutput,
            Command::EnterDegraded,
            Command::ExitDegraded,
            Command::AbortDegraded,
            Command::AbortMission,
            Command::AbortUndeployed,
            Command::AbortFailed,
            Command::AbortHalted,
            Command::AbortOrphan,
            Command::FreezeNode,
            Command::UnfreezeNode,
            Command::ConfirmFreeze,
            Command::ExpireFreeze,
        ]
    );
    assert!(Halt::EmergencyStop.forbids(Command::Settle));
    assert_eq!(Halt::CityHalt.forbidden(), Halt::EmergencyStop.forbidden());
}

#[test]
fn a_watchdog_freeze_forbids_finalise_and_route_and_not_submit_reveal_close_or_settle() {
    assert_eq!(
        Halt::WatchdogFreeze.forbidden(),
        [
            Command::FinalizeMission,
            Command::RouteTask,
            Command::OpenChild
        ]
    );
    for command in [
        Command::SubmitResult,
        Command::CommitResult,
        Command::RevealResult,
        Command::CloseCommit,
        Command::CloseReveal,
        Command::Settle,
    ] {
        assert!(!Halt::WatchdogFreeze.forbids(command), "{command:?}");
    }
}

#[test]
fn each_halt_forbids_exactly_its_list_and_a_refusal_names_the_first_that_does() {
    for halt in Halt::ALL {
        for command in Command::ALL {
            let listed = halt.forbidden().contains(command);
            assert_eq!(halt.forbids(*command), listed, "{halt:?} {command:?}");
            let named = forbidding(Halts::only(halt), *command);
            assert_eq!(named, listed.then_some(halt));
        }
        assert!(
            halt.forbidden()
                .iter()
                .all(|c| !NEVER_FORBIDDEN.contains(c))
        );
    }
    let both = Halts::only(Halt::Degraded).and(Halt::Pause);
    assert_eq!(forbidding(both, Command::RouteTask), Some(Halt::Pause));
    assert_eq!(forbidding(both, Command::VetoOutput), Some(Halt::Degraded));
    assert_eq!(forbidding(both, Command::Settle), None);
    assert_eq!(forbidding(Halts::ALWAYS, Command::Withdraw), None);
}

#[test]
fn clocks_stand_still_exactly_while_nobody_may_act() {
    for halt in Halt::ALL {
        assert_eq!(
            halt.pauses_deadlines(),
            halt.forbids(Command::SubmitResult),
            "{halt:?}"
        );
    }
}

#[test]
fn a_set_of_halts_holds_what_was_put_in() {
    let set = Halts::only(Halt::Pause).and(Halt::NormStruck);
    for halt in Halt::ALL {
        let inside = matches!(halt, Halt::Pause | Halt::NormStruck);
        assert_eq!(set.has(halt), inside);
        assert!(Halts::ALL.has(halt) && Halts::ALWAYS.has(halt) && !Halts::NONE.has(halt));
        assert_eq!(set.meets(Halts::only(halt)), inside);
        assert!(!Halts::ALL.without(halt).has(halt));
    }
    assert!(Halts::NONE.is_empty() && Halts::CALM.is_empty() && !set.is_empty());
    assert!(Halts::CALM.includes_calm() && Halts::ALWAYS.includes_calm());
    assert!(!Halts::ALL.includes_calm() && !Halts::NONE.includes_calm());
    assert!(!Halts::CALM.meets(Halts::CALM) && !Halts::NONE.meets(Halts::ALL));
    assert!(Halts::ALWAYS.meets(Halts::only(Halt::Pause)));
    assert_eq!(set.without(Halt::Pause), Halts::only(Halt::NormStruck));
}

#[test]
fn every_halt_with_a_maximum_lets_anyone_abort_after_it() {
    for halt in Halt::ALL {
        let aborts = |exit: &&Exit| {
            matches!(
                exit.command,
                Some(Command::AbortHalted | Command::AbortDegraded)
            ) && exit.when.has(halt)
                && (exit.from == EVERY || halt == Halt::Degraded)
        };
        let terms: Vec<_> = EXITS[Machine::Mission as usize]
            .1
            .iter()
            .filter(aborts)
            .map(|exit| exit.deadline)
            .collect();
        let wanted: Vec<_> = halt
            .maximum()
            .into_iter()
            .map(|id| Deadline::After(vec![Term::Parameter(id)].leak()))
            .collect();
        // A mission that is degraded may be under other halts too, and then its own way stays.
        if halt == Halt::Degraded || halt == Halt::NormStruck {
            assert!(wanted.iter().all(|deadline| terms.contains(deadline)));
        } else {
            assert_eq!(terms, wanted, "{halt:?}");
        }
    }
}

#[test]
fn every_deadline_is_a_time() {
    let is_time = |id: ParameterId| {
        let name = id.described().name;
        assert!(
            name.ends_with("Ms") || name.ends_with("Secs") || name == "watchdogMaxFreezeDuration",
            "{name} is no time"
        );
        assert!(id.row().max > 0);
    };
    let mut named = 0;
    for (_, exits) in EXITS {
        for exit in exits {
            let Deadline::After(terms) = exit.deadline else {
                continue;
            };
            assert!(!terms.is_empty());
            for term in terms {
                named += 1;
                match term {
                    Term::Parameter(id) => is_time(*id),
                    Term::Longer(left, right) => {
                        is_time(*left);
                        is_time(*right);
                    }
                    Term::Product(left, right) => {
                        assert_eq!(
                            [left, right]
                                .into_iter()
                                .filter(|id| id.described().name.ends_with("Ms"))
                                .count(),
                            1
                        );
                    }
                    Term::Field(what) => assert!(!what.is_empty()),
                }
            }
        }
    }
    assert!(named > 30, "{named}");
}

#[test]
fn silence_of_people_is_never_anybodys_fault() {
    for (machine, exits) in EXITS {
        for exit in exits {
            let human = matches!(
                exit.command,
                Some(
                    Command::TimeoutReview
                        | Command::CloseDispute
                        | Command::ExpireFreeze
                        | Command::TimeoutVerification
                        | Command::AbortHalted
                        | Command::AbortDegraded
                        | Command::FailDeliberation
                        | Command::ExpireSession
                        | Command::ExpireOverride
                )
            );
            if human {
                assert_eq!(exit.fault, Fault::None, "{machine:?} {exit:?}");
            }
        }
    }
}

#[test]
fn an_expired_freeze_never_makes_a_node_eligible() {
    for (_, exits) in EXITS {
        for exit in exits.iter().filter(|e| e.who == Who::Anyone) {
            assert_ne!(exit.command, Some(Command::UnfreezeNode));
        }
    }
    assert!(!NodeState::GRAPH.permits(
        Command::ExpireFreeze,
        NodeState::Frozen as u8,
        NodeState::Eligible as u8
    ));
}

#[test]
fn texts_differ_where_meanings_do() {
    let distinct = |texts: &[&str]| {
        let set: std::collections::BTreeSet<_> = texts.iter().collect();
        assert_eq!(set.len(), texts.len(), "{texts:?}");
        assert!(texts.iter().all(|text| !text.is_empty()));
    };
    distinct(&Halt::ALL.map(Halt::name));
    distinct(&Halt::ALL.map(Halt::raised_by)[..3]);
    distinct(&Halt::ALL.map(Halt::lifted_by));
    distinct(&[Who::Anyone, Who::Owner, Who::Panel].map(Who::name));
    let faults = [
        Fault::None,
        Fault::TimeoutExceeded,
        Fault::NodeFailure,
        Fault::WholeStake,
    ];
    distinct(&faults.map(Fault::name));
    let contradictions = [
        Why::NoExit,
        Why::Circle,
        Why::WaitsForLater,
        Why::NoSuchStep,
        Why::Forbidden,
        Why::LeavesTheEnd,
        Why::TouchesReserved,
        Why::Unreachable,
        Why::Misnumbered,
    ];
    distinct(&contradictions.map(Why::text));
    assert_eq!(
        Halt::ALL.map(Halt::reach),
        [
            Reach::Mission,
            Reach::Mission,
            Reach::City,
            Reach::City,
            Reach::Mission,
            Reach::Domain
        ]
    );
}

#[test]
fn a_table_with_a_hole_says_which_when_it_stops_the_build() {
    let broken = Graph {
        exits: &[],
        ..NodeState::GRAPH
    };
    let said = std::panic::catch_unwind(|| prove(&broken)).unwrap_err();
    assert_eq!(
        said.downcast_ref::<String>().map(String::as_str),
        Some("INV-EXIT-01: node WAITING has no exit that is sure to open, without a halt")
    );
    let exits: Vec<Exit> = NodeState::GRAPH
        .exits
        .iter()
        .filter(|exit| exit.from != NodeState::Eligible as u8 || exit.when.includes_calm())
        .copied()
        .collect();
    let broken = Graph {
        exits: exits.leak(),
        ..NodeState::GRAPH
    };
    let said = std::panic::catch_unwind(|| prove(&broken)).unwrap_err();
    assert_eq!(
        said.downcast_ref::<String>().map(String::as_str),
        Some("INV-EXIT-01: node ELIGIBLE has no exit that is sure to open, under emergency stop")
    );
    prove(&NodeState::GRAPH);
}

#[test]
fn an_exit_is_there_exactly_when_a_halt_offers_it_and_none_forbids_it() {
    let (mut there, mut away) = (0, 0);
    for graph in &MACHINES {
        for exit in graph.exits {
            assert_eq!(
                exit.is_certain(),
                !matches!(exit.deadline, Deadline::When(_))
            );
            for halts in combinations() {
                let lie: Vec<Halt> = Halt::ALL.into_iter().filter(|h| halts.has(*h)).collect();
                let offered = match lie.as_slice() {
                    [] => exit.when.includes_calm(),
                    some => some.iter().any(|halt| exit.when.has(*halt)),
                };
                let beyond = exit.command.is_none() || matches!(exit.deadline, Deadline::Ended(_));
                let forbidden = !beyond
                    && lie
                        .iter()
                        .any(|h| exit.command.is_some_and(|c| h.forbidden().contains(&c)));
                assert_eq!(exit.is_forbidden(halts), forbidden, "{exit:?} {halts:?}");
                let expected = offered && !forbidden;
                assert_eq!(exit.is_available(halts), expected, "{exit:?} {halts:?}");
                if expected {
                    there += 1;
                } else {
                    away += 1;
                }
            }
        }
    }
    assert!(there > 1_000 && away > 500, "{there} {away}");
}

#[test]
fn a_halt_is_put_in_once_however_often_and_taken_out_only_if_it_was_there() {
    for halt in Halt::ALL {
        for set in combinations() {
            assert!(set.and(halt).has(halt) && !set.without(halt).has(halt));
            assert_eq!(set.and(halt).and(halt), set.and(halt));
            assert_eq!(set.without(halt).without(halt), set.without(halt));
            let changed = if set.has(halt) {
                set.without(halt).and(halt)
            } else {
                set.and(halt).without(halt)
            };
            assert_eq!(changed, set);
        }
        // The condition of an exit keeps what it says of calm.
        assert!(Halts::CALM.and(halt).includes_calm());
        assert!(Halts::ALWAYS.without(halt).includes_calm());
        assert!(!Halts::ALL.without(halt).includes_calm());
    }
}

#[test]
fn a_halts_list_names_each_command_once() {
    for halt in Halt::ALL {
        let list = halt.forbidden();
        let set: std::collections::BTreeSet<_> = list.iter().collect();
        assert_eq!(set.len(), list.len(), "{halt:?}");
    }
    let set: std::collections::BTreeSet<_> = NEVER_FORBIDDEN.iter().collect();
    assert_eq!(set.len(), NEVER_FORBIDDEN.len());
}

/// A state's number fits four bits: the sixteenth is refused, the fifteenth is not.
#[test]
fn a_machine_has_at_most_fifteen_states() {
    let numbered = |count: u8| {
        let mut states = NodeState::GRAPH.states.to_vec();
        for number in states.len() as u8 + 1..=count {
            states.push(State {
                number,
                name: "MORE",
                kind: Kind::Reserved,
                means: "A number kept.",
            });
        }
        Graph {
            states: states.leak(),
            ..NodeState::GRAPH
        }
    };
    assert_eq!(why(&numbered(15)), None);
    assert_eq!(why(&numbered(16)), Some(("MORE", Why::Misnumbered)));
}

#[test]
fn a_message_that_does_not_fit_is_cut_and_not_lost() {
    let name: &str = "x".repeat(200).leak();
    let broken = Graph {
        name,
        exits: &[],
        ..NodeState::GRAPH
    };
    let said = std::panic::catch_unwind(|| prove(&broken)).unwrap_err();
    let whole = format!("INV-EXIT-01: {name}");
    assert_eq!(
        said.downcast_ref::<String>().map(String::as_str),
        Some(&whole[..160])
    );
}

/// A mission is degraded exactly in its state of that name; every other halt may lie on anything.
#[test]
fn what_cannot_lie_on_a_thing_is_a_degradation_of_a_mission_that_is_not_degraded() {
    for graph in &MACHINES {
        for state in graph.states {
            for halts in combinations() {
                let mission = graph.machine == Machine::Mission && state.name != "DEGRADED";
                let expected = !(mission && halts.has(Halt::Degraded));
                let possible = is_possible(graph, state, halts);
                assert_eq!(possible, expected, "{} {}", graph.name, state.name);
            }
        }
    }
}

#[test]
fn one_step_in_or_out_of_a_reserved_state_is_one_too_many() {
    let (failed, reserved) = (
        NodeState::Failed as u8,
        NodeState::PendingFinalization as u8,
    );
    for (from, to) in [(failed, reserved), (reserved, failed)] {
        let mut base = NodeState::GRAPH.base.to_vec();
        let first = base[0];
        base.push(Row { from, to, ..first });
        let touched = Graph {
            base: base.leak(),
            ..NodeState::GRAPH
        };
        let expected = Some(("PENDING_FINALIZATION", Why::TouchesReserved));
        assert_eq!(why(&touched), expected, "{from} {to}");
    }
}

#[test]
fn nobody_waits_for_what_may_rest() {
    let (mut waits, mut refused) = (0, 0);
    for parent in &MACHINES {
        let mut exits = ClerkState::GRAPH.exits.to_vec();
        exits.push(Exit {
            from: ClerkState::Held as u8,
            when: Halts::ALWAYS,
            who: Who::Anyone,
            deadline: Deadline::Ended(parent.machine),
            command: None,
            to: Target::Subsumed,
            fault: Fault::None,
            note: "",
            source: "",
        });
        let waiting = Graph {
            exits: exits.leak(),
            ..ClerkState::GRAPH
        };
        // The office is the last of the machines, so that all others are listed before it.
        if parent
            .states
            .iter()
            .any(|state| state.kind == Kind::Resting)
        {
            refused += 1;
            assert_eq!(why(&waiting), Some(("HELD", Why::WaitsForLater)));
        } else {
            waits += 1;
            assert_eq!(why(&waiting), None, "{}", parent.name);
        }
    }
    assert!(waits > 5 && refused > 5, "{waits} {refused}");
}
