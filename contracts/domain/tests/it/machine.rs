//! Every ordered pair of states of every machine, legal or not.

use agentcity_domain::machine::{
    AmendmentState, BallotState, BondState, ClerkState, Command, CreditState, DelegationState,
    ElectionState, EscrowState, FreezeState, HaltState, ImpeachmentState, Kind, MACHINES, Machine,
    MissionState, NodeState, NormState, OverrideState, Pairs, PetitionState, PoolState,
    PrincipalChangeState, PrincipalState, ProposalState, Refused, RegistrationState, SeatState,
    SessionState, StakeState, Status, Table,
};

/// Asks the machine about every ordered pair, and compares with a drawing: a row per state left, a column per state
/// entered; `b` stands in the base table, `x` among the extensions, `.` is refused.
macro_rules! pairs {
    ($States:ident: $($row:literal)+) => {
        let drawing: Vec<&str> = vec![$($row),+];
        let states = $States::ALL;
        let mut drawn = Vec::new();
        for from in states {
            let mut row = String::new();
            for to in states {
                row.push(match $States::transition(*from, *to) {
                    Ok(edge) => {
                        assert_eq!((edge.from, edge.to), (*from, *to));
                        match edge.table {
                            Table::Base => 'b',
                            Table::Extensions => 'x',
                        }
                    }
                    Err(Refused { from: left, to: entered }) => {
                        assert_eq!((left, entered), (*from, *to));
                        '.'
                    }
                });
            }
            drawn.push(row);
        }
        assert_eq!(drawn, drawing, "{}", $States::GRAPH.name);
        // A 4-bit field holds it; zero and strangers are nothing (INV-STATE-02).
        assert!(states.len() <= 15);
        assert_eq!($States::from_u8(0), None);
        for (i, state) in states.iter().enumerate() {
            assert_eq!(usize::from(state.number()), i + 1);
            assert_eq!($States::from_u8(state.number()), Some(*state));
            let row = $States::GRAPH.state(state.number()).unwrap();
            assert_eq!(state.name(), row.name);
            assert_eq!(state.is_terminal(), row.kind == Kind::Terminal);
        }
        for stranger in states.len() + 1..=255 {
            assert_eq!($States::from_u8(stranger as u8), None);
        }
    };
}

#[test]
fn inv_state_01_nodes_step_as_drawn_and_no_other_way() {
    // INV-STATE-01, INV-STATE-02
    pairs!(NodeState:
        ".b......."
        "..b...xb."
        "...bb.bb."
        "....xbb.."
        ".....bb.."
        "........."
        ".b......."
        ".b....b.."
        "........."
    );
}

#[test]
fn inv_state_01_missions_step_as_drawn_and_no_other_way() {
    pairs!(MissionState:
        ".b....b."
        "..b..xb."
        "...b.bbb"
        "....bbb."
        "........"
        ".b....b."
        "........"
        "..b...b."
    );
}

#[test]
fn inv_state_01_sessions_step_as_drawn_and_no_other_way() {
    pairs!(SessionState:
        ".b......x"
        "..b.....b"
        "...b....b"
        "....b...b"
        "..b..b..x"
        "......b.b"
        ".......bb"
        "........."
        "........."
    );
}

#[test]
fn the_smaller_machines_step_as_drawn_and_no_other_way() {
    pairs!(PetitionState: ".bx" "..." "...");
    pairs!(ElectionState:
        ".b......" "..b....." "...b...." "....bx.." ".....bb." "....x.b." "........" "........");
    pairs!(ProposalState: ".b..x" "..bb." "....." "....." ".....");
    pairs!(BallotState: ".bx" "..." "...");
    pairs!(EscrowState: ".bx" "..b" "...");
    pairs!(StakeState: ".b.b." "..xbb" "...xx" "....." ".....");
    pairs!(BondState: "...bb" "..b.b" "...bb" "....." ".....");
    pairs!(PoolState: ".b." "b.b" "...");
    pairs!(CreditState: ".b" "..");
    pairs!(PrincipalState: ".bx.b." "b.x.b." "...xb." "......" "b.x..b" "......");
    pairs!(RegistrationState: ".b.b." "..bb." "....." "bx..b" ".....");
    pairs!(PrincipalChangeState: ".bx" "..." "...");
    pairs!(SeatState: ".bb.." "..bb." "...bx" "....." ".....");
    pairs!(FreezeState: ".bbxx" "....." "....." "..x.x" ".....");
    pairs!(OverrideState: ".bbx" "...." "...." "....");
    pairs!(AmendmentState: ".bbx" "...." "...." "....");
    pairs!(ImpeachmentState: ".bx" "..." "...");
    pairs!(HaltState: ".xbb" "..xx" "...." "....");
    pairs!(DelegationState: ".bx" "..." "...");
    pairs!(NormState: ".b" "b.");
    pairs!(ClerkState: ".b" "b.");
}

#[test]
fn the_counts_are_those_of_the_specification() {
    let counts = |machine: Machine| machine.graph().pairs();
    for (machine, ordered, printed, base, legal) in [
        (Machine::Node, 72, 17, 14, 16),
        (Machine::Mission, 56, 16, 15, 16),
        (Machine::Session, 72, 13, 13, 15),
    ] {
        assert_eq!(
            counts(machine),
            Pairs {
                ordered,
                printed,
                base,
                legal
            },
            "{machine:?}"
        );
    }
}

#[test]
fn a_command_causes_only_steps_that_some_row_gives_it() {
    for graph in &MACHINES {
        for from in graph.states {
            for to in graph.states {
                let legal = graph.has_step(from.number, to.number);
                assert_eq!(
                    legal,
                    graph.is_base(from.number, to.number)
                        || graph.is_extension(from.number, to.number)
                );
                let caused = Command::ALL.iter().any(|command| {
                    let permits = graph.permits(*command, from.number, to.number);
                    let listed = graph.base.iter().chain(graph.extensions).any(|row| {
                        row.status.is_law()
                            && (row.from, row.to) == (from.number, to.number)
                            && row.commands.contains(command)
                    });
                    assert_eq!(permits, listed, "{command:?} {} {}", from.name, to.name);
                    permits
                });
                let passes = graph.passes(from.number, to.number);
                assert_eq!(legal, caused || passes, "{} {}", from.name, to.name);
            }
        }
    }
}

#[test]
fn every_command_moves_something_or_is_forbidden_by_something() {
    for command in Command::ALL {
        let moves = MACHINES.iter().any(|graph| {
            let rows = graph.base.iter().chain(graph.extensions);
            rows.clone().any(|row| row.commands.contains(command))
                || graph
                    .exits
                    .iter()
                    .any(|exit| exit.command == Some(*command))
        });
        let halted = agentcity_domain::exit::Halt::ALL
            .iter()
            .any(|halt| halt.forbids(*command));
        let raises = matches!(
            command,
            Command::TriggerStop
                | Command::ReportDivergence
                | Command::FreezeCity
                | Command::AcceptSeat
                | Command::JoinPool
        );
        assert_eq!(moves || halted, !raises, "{command:?}");
        assert!(!command.means().is_empty() && !command.function().is_empty());
    }
}

#[test]
fn rows_say_what_became_of_them() {
    let mut seen = [0; 5];
    for graph in &MACHINES {
        assert!(!graph.initial.is_empty());
        for row in graph.base {
            assert_ne!(row.status, Status::Extension);
            assert_eq!(row.status.is_law(), !row.commands.is_empty(), "{row:?}");
            seen[row.status as usize] += 1;
        }
        for row in graph.extensions {
            assert_eq!(row.status, Status::Extension);
            assert!(row.status.is_law() && !row.source.is_empty());
            seen[row.status as usize] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    assert_eq!(
        [
            Status::OnChain,
            Status::OffChain,
            Status::PaperOnly,
            Status::Paper,
            Status::Extension
        ]
        .map(Status::name),
        ["onchain", "offchain", "paper_only", "paper", "extension"]
    );
}

#[test]
fn names_and_numbers_find_their_state() {
    let graph = Machine::Node.graph();
    assert_eq!(graph.named("FROZEN").map(|s| s.number), Some(8));
    assert!(graph.named("frozen").is_none() && graph.state(0).is_none());
    assert!(graph.state(9).is_some() && graph.state(10).is_none());
    for (i, machine) in Machine::ALL.into_iter().enumerate() {
        assert_eq!(machine as usize, i);
        assert_eq!(machine.graph().machine, machine);
    }
}
