//! What an attempt is, and whether anything may be done about it.

use agentcity_domain::{
    exit::{Halt, Halts, forbidding},
    machine::{Command, MissionState, NodeState},
    reputation::Points,
    verification::{
        Refused,
        case::{Case, Law, Record, STOPPED, Seats, Stage},
        consensus::Tolerances,
        review::Ruling,
        window::Windows,
    },
};
use alloy_primitives::Address;
use proptest::prelude::*;

use super::{agent, routed};

fn ruling() -> impl Strategy<Value = Option<Ruling>> {
    let some = (any::<bool>(), 0..=1_000u64, 0..7u8).prop_map(|(approved, score, seat)| Ruling {
        approved,
        score: Points::new(score).unwrap(),
        seat,
    });
    prop::option::of(some)
}

/// Windows as long as a parameter can be, in milliseconds.
fn law() -> impl Strategy<Value = Option<Law>> {
    let some = (0..8u8, 0..4u8, any::<[u32; 3]>(), any::<[u8; 2]>()).prop_map(
        |(threshold, mode, millis, near)| Law {
            threshold,
            mode,
            windows: Windows::of(millis.map(u64::from)),
            near: Tolerances::of(near.map(u64::from)),
        },
    );
    prop::option::of(some)
}

fn record() -> impl Strategy<Value = Record> {
    let stages = [Stage::Commit, Stage::Reveal, Stage::Dispute];
    let masks = (0..128u8, 0..128u8, 0..128u8);
    (
        any::<bool>(),
        prop::sample::select(stages.to_vec()),
        masks,
        prop::option::of(0..7u8),
        ruling(),
        law(),
    )
        .prop_map(
            |(announced, stage, (committed, revealed, excluded), disputant, ruling, law)| Record {
                announced,
                stage,
                committed: Seats::of(committed),
                revealed: Seats::of(revealed),
                excluded: Seats::of(excluded),
                disputant,
                ruling,
                law,
            },
        )
}

proptest! {
    #[test]
    fn a_record_is_read_back_from_its_word(record in record()) {
        prop_assert_eq!(Record::unpack(&record.pack()), record);
    }

    #[test]
    fn seats_are_sets(ours in 0..128u8, theirs in 0..128u8, seat in any::<u8>()) {
        let (a, b) = (Seats::of(ours), Seats::of(theirs));
        let naive = |seats: Seats| (0..=255u8).filter(|seat| seats.has(*seat)).collect::<Vec<_>>();
        prop_assert_eq!(naive(a).len(), usize::from(a.count()));
        prop_assert_eq!(a.is_empty(), naive(a).is_empty());
        let left: Vec<u8> = naive(a).into_iter().filter(|seat| !b.has(*seat)).collect();
        prop_assert_eq!(naive(a.without(b)), left);
        let mut more = naive(a);
        if seat < 7 && !more.contains(&seat) {
            more.push(seat);
            more.sort_unstable();
        }
        prop_assert_eq!(naive(a.with(seat)), more);
    }
}

#[test]
fn there_is_no_seat_beyond_the_seventh() {
    let has: Vec<bool> = (5..9).map(|seat| Seats::of(u8::MAX).has(seat)).collect();
    assert_eq!(has, [true, true, false, false]);
}

#[test]
fn an_empty_word_is_an_untouched_record() {
    assert_eq!(Record::unpack(&[0; 32]), Record::default());
    assert_eq!(Record::default().pack(), [0; 32]);
}

#[test]
fn what_counts_is_revealed_and_not_excluded_and_what_is_awaited_is_neither() {
    let record = Record {
        committed: Seats::of(0b1111),
        revealed: Seats::of(0b0110),
        excluded: Seats::of(0b1010),
        ..Record::default()
    };
    assert_eq!(record.counting(), Seats::of(0b0100));
    assert_eq!(record.awaited(), Seats::of(0b0001));
}

/// Every mission state, every halt, every node state, against the states that a command needs.
#[test]
fn results_are_taken_while_the_mission_works_unstopped_and_the_node_is_where_it_should_be() {
    let needed = [NodeState::PendingVerification, NodeState::PendingReview];
    for mission in 0..=9u8 {
        for halt in 0..=3u8 {
            for state in 0..=10u8 {
                let case = Case {
                    mission,
                    halt,
                    state,
                    ..routed(3, 2)
                };
                let works = mission == MissionState::Active as u8
                    || mission == MissionState::Executing as u8;
                let expected = if !works {
                    Err(Refused::MissionState(mission))
                } else if halt == 1 {
                    Err(Refused::Halted(1))
                } else if !needed.iter().any(|at| *at as u8 == state) {
                    Err(Refused::NodeState(state, 3))
                } else {
                    Ok(())
                };
                assert_eq!(case.open(&needed), expected, "{mission} {halt} {state}");
            }
        }
    }
}

/// The list of halts says the same of each command of verification: stops forbid it, the others do not.
#[test]
fn the_halts_that_forbid_results_are_stops_and_outages() {
    let commands = [
        Command::AnnounceResult,
        Command::SubmitResult,
        Command::CommitResult,
        Command::RevealResult,
        Command::CloseCommit,
        Command::CloseReveal,
        Command::CloseDispute,
        Command::DisputeResult,
        Command::ApproveReview,
        Command::RejectReview,
        Command::Disqualify,
    ];
    for halt in Halt::ALL {
        let stops = [Halt::EmergencyStop, Halt::CityHalt, Halt::Degraded].contains(&halt);
        for command in commands {
            let forbidden = forbidding(Halts::only(halt), command).is_some();
            assert_eq!(forbidden, stops, "{halt:?} {command:?}");
        }
        let returned = forbidding(Halts::only(halt), Command::ReturnBond);
        assert_eq!(returned, None, "{halt:?}");
    }
    assert_eq!(STOPPED, 1);
}

#[test]
fn an_agent_has_the_seat_that_it_sits_at_and_nobody_has_none() {
    let mut case = routed(5, 3);
    case.agents[1] = Address::ZERO;
    for seat in [0, 2, 3, 4] {
        assert_eq!(case.seat_of(agent(seat)), Ok(seat));
        assert_eq!(case.agent_of(seat), agent(seat));
    }
    for stranger in [Address::ZERO, agent(1), agent(5)] {
        assert_eq!(case.seat_of(stranger), Err(Refused::NotSeated(stranger)));
    }
    assert_eq!(case.agent_of(200), Address::ZERO);
}

#[test]
fn a_command_is_for_the_attempt_that_runs_and_for_its_tier() {
    let case = routed(3, 2);
    assert_eq!(case.at(3), Ok(()));
    for other in [0, 2, 4, 255] {
        assert_eq!(case.at(other), Err(Refused::Attempt(3, other)));
    }
    for tier in 0..=4 {
        let case = Case { tier, ..case };
        let expected = if tier == 2 {
            Ok(())
        } else {
            Err(Refused::Tier(tier))
        };
        assert_eq!(case.by_consensus(), expected);
    }
}
