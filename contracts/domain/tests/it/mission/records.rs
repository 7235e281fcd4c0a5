//! What is stored: parts that never meet, and states that move by the tables alone (INV-MISSION-01).

use agentcity_domain::{
    machine::{MissionState, NodeState},
    mission::{
        Refused, Why,
        node::Node,
        record::{Clock, LAW, Link, Mission, NODES_PER_STATES, Pages, States, bit},
        word::{get, set},
    },
};
use alloy_primitives::B256;
use proptest::prelude::*;

type Layout = &'static [(&'static str, usize, usize)];
const LAYOUTS: [Layout; 5] = [
    Mission::LAYOUT,
    Pages::LAYOUT,
    Clock::LAYOUT,
    Link::LAYOUT,
    Node::LAYOUT,
];

#[test]
fn no_two_parts_of_a_word_meet() {
    for layout in LAYOUTS {
        let mut owner = [None; 32];
        for (name, at, bytes) in layout {
            for (place, taken) in owner.iter_mut().enumerate().skip(*at).take(*bytes) {
                assert_eq!(*taken, None, "{name} at {place}");
                *taken = Some(*name);
            }
            assert!(at + bytes <= 32, "{name}");
        }
    }
    // Reputations stand behind a node's parts.
    let end = Node::LAYOUT.iter().map(|(_, at, bytes)| at + bytes).max();
    assert_eq!(end, Some(18));
}

#[test]
fn every_part_is_read_where_it_was_written_and_its_neighbours_stay() {
    let full = B256::repeat_byte(0xff);
    for layout in LAYOUTS {
        for (name, at, bytes) in layout {
            let mut word = full;
            set(&mut word, *at, *bytes, 1);
            assert_eq!(get(&word, *at, *bytes), 1, "{name}");
            let others = word
                .iter()
                .enumerate()
                .filter(|(i, _)| i < at || *i >= at + bytes);
            assert!(
                others.map(|(_, byte)| *byte).all(|byte| byte == 0xff),
                "{name}"
            );
        }
    }
    let mut node = Node::default();
    for seat in 0..7 {
        node.set_score(seat, 900 + u16::from(seat));
    }
    node.set_score(7, 1);
    assert_eq!(node.attempt(), 0);
    for seat in 0..7 {
        assert_eq!(node.score(seat), 900 + u16::from(seat));
    }
    assert_eq!(node.score(7), 0, "there is no eighth seat");
    let mut link = Link::default();
    link.set_returned(u128::MAX - 5);
    assert_eq!((link.returned(), link.node()), (u128::MAX - 5, 0));
}

#[test]
fn a_mission_makes_every_step_of_the_tables_and_no_other() {
    for from in 0..16u8 {
        for to in MissionState::ALL {
            let mut mission = Mission::default();
            mission.set_state(from);
            let before = mission;
            let legal = MissionState::from_u8(from)
                .is_some_and(|from| MissionState::transition(from, *to).is_ok());
            let said = mission.step(*to, 9);
            if legal {
                assert_eq!(said, Ok(()));
                assert_eq!((mission.state(), mission.since()), (to.number(), 9));
            } else {
                assert_eq!(
                    said.map_err(Refused::why),
                    Err(Why::MissionState { state: from })
                );
                assert_eq!(mission, before);
            }
        }
    }
}

#[test]
fn a_node_makes_every_step_of_the_tables_and_no_other_wherever_it_stands() {
    for number in [0, 1, 30, 31, 32, 4_999] {
        for from in NodeState::ALL {
            for to in NodeState::ALL {
                let mut states = States(B256::ZERO);
                let at = usize::from(number % NODES_PER_STATES);
                set(&mut states.0, at, 1, from.number().into());
                assert_eq!(states.of(number), from.number());
                let legal = NodeState::transition(*from, *to).is_ok();
                let said = states.step(number, *to, 3).map_err(Refused::why);
                let no = Why::NodeState {
                    state: from.number(),
                    attempt: 3,
                };
                assert_eq!(said, if legal { Ok(()) } else { Err(no) });
                let now = if legal { to } else { from };
                assert_eq!(states.of(number), now.number());
            }
        }
    }
}

#[test]
fn a_node_begins_once_waiting_or_taken_over() {
    for imported in [false, true] {
        let mut states = States::default();
        states.begin(5, imported).expect("begun");
        let first = if imported {
            NodeState::Completed
        } else {
            NodeState::Waiting
        };
        assert_eq!(states.of(5), first.number());
        let again = states.begin(5, false).map_err(Refused::why);
        assert_eq!(
            again,
            Err(Why::NodeState {
                state: first.number(),
                attempt: 0
            })
        );
        assert_eq!(
            (states.of(4), states.of(6)),
            (0, 0),
            "its neighbours are none"
        );
    }
}

#[test]
fn a_node_waits_for_its_last_open_edge_and_knows_no_other_nodes() {
    let mut states = States(B256::ZERO);
    states.begin(6, true).expect("imported");
    assert_eq!(states.lead_into(5, 9), Ok(()));
    assert_eq!(states.lead_into(5, 7), Ok(()));
    assert_eq!(states.lead_into(5, 1), Err(17), "sixteen at most");
    assert_eq!(states.lead_into(5, 255), Err(255));
    assert_eq!((states.of(5), states.edges(5)), (0, 16), "not begun");
    assert!(!states.release(5), "what has not begun does not wait");
    states.begin(5, false).expect("begun");
    assert_eq!((states.of(5), states.edges(5)), (1, 15));
    for left in (1..15).rev() {
        assert!(!states.release(5));
        assert_eq!((states.of(5), states.edges(5)), (1, left));
    }
    assert!(states.release(5), "the last");
    assert_eq!((states.of(5), states.edges(5)), (1, 0));
    assert!(!states.release(5), "none is left");
    states.step(5, NodeState::Eligible, 0).expect("eligible");
    let mut alone = States(B256::ZERO);
    set(&mut alone.0, 5, 1, NodeState::Eligible as u64);
    set(&mut alone.0, 6, 1, NodeState::Completed as u64);
    assert_eq!(states, alone, "its neighbours are as they were");
    // Edges into what began, or was taken over, count for nothing.
    for node in [5, 6] {
        let before = states;
        assert_eq!(states.lead_into(node, 3), Ok(()));
        assert!(!states.release(node));
        assert_eq!(states, before);
    }
    // A node whose edges were all closed before it began is a root.
    states.lead_into(7, 1).expect("an edge");
    assert!(!states.release(7));
    states.begin(7, false).expect("begun");
    assert_eq!((states.of(7), states.edges(7)), (1, 0));
    // One that a successor takes over while edges lead into it is completed.
    states.lead_into(8, 2).expect("edges");
    states.begin(8, true).expect("imported");
    assert_eq!((states.of(8), states.edges(8)), (6, 0));
}

#[test]
fn pages_become_law_and_keep_where_they_are() {
    let mut pages = Pages(B256::repeat_byte(0x7f));
    assert!(!pages.are_law());
    pages.set_first_page(7);
    pages.set_first_seats(9);
    pages.become_law(1_700_000_000, 60);
    assert!(pages.are_law());
    let mut expected = Pages(B256::ZERO);
    expected.set_activated(1_700_000_000);
    expected.set_moved_then(60);
    expected.set_first_page(7);
    expected.set_first_seats(9);
    expected.set_mark(LAW);
    assert_eq!(pages, expected);
}

#[test]
fn a_refusal_says_in_one_number_what_it_said_in_many() {
    let all = [
        Why::UnknownMission,
        Why::UnknownNode { nodes: 5_000 },
        Why::MissionState { state: 8 },
        Why::NodeState {
            state: 9,
            attempt: 10,
        },
        Why::Halted {
            halt: 2,
            until: (1 << 40) - 1,
        },
        Why::TooEarly {
            from: 1_700_000_000,
        },
        Why::TooLate { until: 0 },
        Why::Done,
        Why::Seats {
            accepted: 2,
            needed: 7,
        },
        Why::Refinements {
            used: 65_535,
            limit: 800,
        },
        Why::Depth { depth: 5, limit: 4 },
        Why::Disputed,
        Why::Order,
    ];
    for (i, why) in all.iter().enumerate() {
        assert_eq!(why.pack().why(), *why);
        assert_eq!(usize::from(why.pack().parts().0), i + 1);
        assert!(why.pack() == *why);
        assert!(all.iter().skip(i + 1).all(|other| why.pack() != *other));
        assert_eq!(format!("{:?}", why.pack()), format!("{why:?}"));
    }
    // The second begins where the bits of an instant end.
    for from in [u64::MAX, 1 << 40] {
        let beyond = Why::TooEarly { from }.pack().why();
        assert_eq!(
            beyond,
            Why::TooEarly {
                from: (1 << 40) - 1
            },
            "instants have 40 bits"
        );
    }
}

#[test]
fn a_set_of_states_has_sixteen_places() {
    assert_eq!((bit(0), bit(15), bit(16)), (1, 0x8000, 0));
}

#[test]
fn a_node_began_as_late_as_halts_moved_it_or_never() {
    let mut node = Node::default();
    assert_eq!(node.began(50), 0, "no instant stays none");
    node.renew(1, 100, 10);
    assert_eq!((node.began(10), node.began(25)), (100, 115));
}

#[test]
fn a_completed_nodes_word_is_kept_for_its_attempt_and_for_whom_it_replaced() {
    assert!(!Node::default().must_be_kept());
    let (mut again, mut replaced) = (Node::default(), Node::default());
    again.set_attempt(1);
    replaced.set_replaced(1);
    assert!(again.must_be_kept() && replaced.must_be_kept());
}

proptest! {
    #[test]
    fn states_of_a_word_do_not_touch_each_other(
        picks in prop::collection::vec((0..NODES_PER_STATES, 1usize..9), 0..200)
    ) {
        let mut states = States::default();
        let mut model = [0u8; NODES_PER_STATES as usize];
        for (node, to) in picks {
            let to = NodeState::ALL[to - 1];
            let legal = match NodeState::from_u8(model[usize::from(node)]) {
                Some(from) => NodeState::transition(from, to).is_ok(),
                None => false,
            };
            if model[usize::from(node)] == 0 {
                states.begin(node, false).expect("begins");
                model[usize::from(node)] = NodeState::Waiting.number();
            } else {
                prop_assert_eq!(states.step(node, to, 0).is_ok(), legal);
                if legal {
                    model[usize::from(node)] = to.number();
                }
            }
            for other in 0..NODES_PER_STATES {
                prop_assert_eq!(states.of(other), model[usize::from(other)]);
            }
        }
    }

    #[test]
    fn a_part_keeps_what_it_is_given(value in any::<u64>(), at in 0usize..25, bytes in 1usize..9) {
        let mut word = B256::ZERO;
        set(&mut word, at, bytes, value);
        let kept = if bytes == 8 { value } else { value & ((1 << (8 * bytes)) - 1) };
        prop_assert_eq!(get(&word, at, bytes), kept);
    }
}
