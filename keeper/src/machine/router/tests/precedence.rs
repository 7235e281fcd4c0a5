//! Who comes first to route.

use super::*;

/// What a keeper wants of a node of these seats, taken or not, at a second of its clock.
fn wants(router: &mut Router, seats: &[(u8, bool)], second: u64) -> Vec<Step> {
    let agents: Vec<u8> = seats.iter().map(|(agent, _)| *agent).collect();
    let mut shown = node(0, 2, NodeState::Eligible, &agents);
    for (seat, (_, taken)) in shown.seats.iter_mut().zip(seats) {
        seat.taken = *taken;
    }
    routed(router, shown, second, 50)
}

fn routed(router: &mut Router, shown: NodeSight, second: u64, time: u64) -> Vec<Step> {
    let mut shown = sight(vec![shown]);
    shown.asked = Moment::new(1_000 * second);
    shown.at.time = Timestamp::new(time);
    let actions = see(router, &shown);
    let wanted = steps(&actions);
    // What is wanted is refused, so that it is wanted again.
    for action in actions {
        end(router, &action, refused());
    }
    wanted.into_iter().filter(|step| *step == ROUTE).collect()
}

const ALL: [(u8, bool); 3] = [(1, true), (2, true), (3, true)];

#[test]
fn the_keeper_of_the_first_seat_routes_at_once_and_each_other_eight_seconds_after_the_one_before() {
    for (agent, first) in [(1, 0), (2, 8), (3, 16)] {
        let mut router = serving(&[agent]);
        let seconds = (0..20).filter(|second| !wants(&mut router, &ALL, 100 + second).is_empty());
        assert_eq!(seconds.min(), Some(first), "agent {agent}");
    }
}

#[test]
fn who_comes_later_waits_from_when_the_node_is_seen_to_be_ready_and_also_after_a_restart() {
    let mut router = serving(&[2]);
    // Seats are silent for an hour.
    assert!(wants(&mut router, &[(1, false), (2, true), (3, true)], 0).is_empty());
    assert!(wants(&mut router, &ALL, 3_600).is_empty());
    let mut resumed = Router::resume(router.served.clone(), &router.state()).expect("its own");
    for router in [&mut router, &mut resumed] {
        assert!(wants(router, &ALL, 3_607).is_empty());
        assert_eq!(wants(router, &ALL, 3_608), [ROUTE]);
    }
}

#[test]
fn what_was_routed_and_comes_back_is_waited_for_anew() {
    let mut router = serving(&[2]);
    assert!(wants(&mut router, &ALL, 0).is_empty());
    let running = node(0, 2, NodeState::Executing, &[1, 2, 3]);
    assert!(routed(&mut router, running, 4, 50).is_empty());
    assert!(wants(&mut router, &ALL, 9).is_empty());
    assert_eq!(wants(&mut router, &ALL, 17), [ROUTE]);
}

#[test]
fn by_a_clock_that_is_set_back_it_is_waited_for_anew() {
    let mut router = serving(&[2]);
    assert!(wants(&mut router, &ALL, 1_000).is_empty());
    assert!(wants(&mut router, &ALL, 10).is_empty());
    assert_eq!(wants(&mut router, &ALL, 18), [ROUTE]);
}

#[test]
fn after_the_seats_close_those_who_took_theirs_come_before_those_who_did_not() {
    let late = |agent, second| {
        let mut router = serving(&[agent]);
        let seats = [(1, false), (2, true), (3, true)];
        let mut shown = node(0, 2, NodeState::Eligible, &[1, 2, 3]);
        for (seat, (_, taken)) in shown.seats.iter_mut().zip(seats) {
            seat.taken = taken;
        }
        shown.ends = 700;
        assert!(second == 0 || routed(&mut router, shown.clone(), 0, 101).is_empty());
        !routed(&mut router, shown, second, 101).is_empty()
    };
    assert!(late(2, 0));
    assert!(!late(3, 7) && late(3, 8));
    assert!(!late(1, 15) && late(1, 16));
}

#[test]
fn who_would_come_after_the_nodes_time_does_not_wait() {
    for (time, waits) in [(691, true), (692, false), (699, false)] {
        let mut shown = node(0, 2, NodeState::Eligible, &[1, 2]);
        shown.seats.iter_mut().for_each(|seat| seat.taken = true);
        shown.ends = 700;
        let wanted = routed(&mut serving(&[2]), shown, 0, time);
        assert_eq!(wanted.is_empty(), waits, "at {time}");
    }
}
