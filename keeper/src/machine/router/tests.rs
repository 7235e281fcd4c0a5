//! The router against a small world that says what the chain and the executors would.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::time::Timestamp;

use super::*;
use crate::{
    action::Outcome,
    clock::Moment,
    event::{Event, Head},
};

const MISSION: B256 = B256::repeat_byte(0xee);

fn agent(number: u8) -> Address {
    Address::repeat_byte(number)
}

fn place(number: u8) -> Place {
    Place::new(number).expect("a seat")
}

fn seat(number: u8) -> SeatSight {
    SeatSight {
        agent: agent(number),
        taken: false,
        committed: false,
        opened: false,
        job: JobSight::Missing,
    }
}

fn node(number: u16, tier: u8, state: NodeState, agents: &[u8]) -> NodeSight {
    NodeSight {
        node: number,
        state,
        attempt: 0,
        since: 1,
        tier,
        threshold: agents.len() as u8 / 2 + 1,
        seats_close: 100,
        ends: 0,
        has_inputs: true,
        phase: None,
        is_of_sets: false,
        runner_up: None,
        seats: agents.iter().map(|number| seat(*number)).collect(),
    }
}

fn sight(nodes: Vec<NodeSight>) -> Sight {
    Sight {
        mission: MISSION,
        at: Head {
            number: 1,
            hash: B256::ZERO,
            time: Timestamp::new(50),
        },
        asked: Moment::new(1),
        state: MissionState::Executing,
        since: 1,
        deadline: 0,
        halt: Halted::Not,
        nodes,
        staked: Vec::new(),
    }
}

fn serving(agents: &[u8]) -> Router {
    Router::new(Served {
        agents: agents.iter().map(|number| agent(*number)).collect(),
    })
}

fn see(router: &mut Router, sight: &Sight) -> Vec<Action> {
    let wanted = router.step(&Event::Router(sight.clone()));
    let own = wanted.into_iter().map(|action| match action {
        action::Action::Router(action) => action,
        other => panic!("{other:?}"),
    });
    own.collect()
}

fn end(router: &mut Router, action: &Action, outcome: Outcome) -> Vec<action::Action> {
    router.step(&Event::Ended {
        action: action::Action::Router(action.clone()),
        outcome,
    })
}

fn steps(actions: &[Action]) -> Vec<Step> {
    let of = |action: &Action| match action {
        Action::Do { steps } => steps.iter().map(|(step, _)| *step).collect(),
        Action::Tell { .. } => Vec::new(),
    };
    actions.iter().flat_map(of).collect()
}

fn refused() -> Outcome {
    Outcome::Refused {
        cause: "no".to_owned(),
    }
}

fn job(number: u16, seat: u8) -> JobId {
    JobId {
        mission: MISSION,
        node: number,
        attempt: 0,
        seat: place(seat),
    }
}

const ROUTE: Step = Step::Route {
    mission: MISSION,
    node: 0,
    attempt: 0,
};

#[test]
fn each_state_of_a_node_wants_its_step() {
    let base = || node(0, 2, NodeState::Executing, &[1, 2, 3]);
    let with = |change: &dyn Fn(&mut NodeSight)| {
        let mut node = base();
        node.seats.iter_mut().for_each(|seat| seat.taken = true);
        change(&mut node);
        node
    };
    let tier = |tier: u8, state: NodeState, job: JobSight| {
        let mut node = node(0, tier, state, &[1]);
        node.seats[0].taken = true;
        node.seats[0].job = job;
        node
    };
    let result = |kind| vec![Step::Result(job(0, 0), kind)];
    let cases: Vec<(&str, NodeSight, Vec<Step>)> = vec![
        (
            "a seat that nobody took",
            node(0, 2, NodeState::Eligible, &[1, 2]),
            vec![Step::Accept(job(0, 0))],
        ),
        (
            "all seats taken",
            with(&|node| node.state = NodeState::Eligible),
            vec![ROUTE],
        ),
        (
            "work not begun",
            with(&|_| {}),
            vec![Step::Invoke(job(0, 0))],
        ),
        (
            "inputs not at hand",
            with(&|node| node.has_inputs = false),
            vec![],
        ),
        (
            "an executor that is silent",
            with(&|node| node.seats[0].job = JobSight::Silent),
            vec![],
        ),
        (
            "a job that failed",
            with(&|node| node.seats[0].job = JobSight::Failed),
            vec![],
        ),
        (
            "a seat that did not begin",
            with(&|node| node.seats[0].taken = false),
            vec![],
        ),
        (
            "a proof",
            tier(1, NodeState::Executing, JobSight::Delivered),
            result(Kind::Proof),
        ),
        (
            "a review",
            tier(3, NodeState::Executing, JobSight::Committed),
            result(Kind::Review),
        ),
        (
            "a review that waits",
            tier(3, NodeState::PendingReview, JobSight::Committed),
            vec![],
        ),
        (
            "a review that ended",
            tier(3, NodeState::Completed, JobSight::Committed),
            vec![Step::Open(job(0, 0))],
        ),
        (
            "an output at hand",
            tier(3, NodeState::Completed, JobSight::Delivered),
            vec![],
        ),
    ];
    for (what, node, wanted) in cases {
        let found = see(&mut serving(&[1]), &sight(vec![node]));
        assert_eq!(steps(&found), wanted, "{what}");
    }
}

#[test]
fn values_are_sealed_opened_and_closed_in_their_windows_only() {
    let close = Step::Close {
        mission: MISSION,
        node: 0,
        attempt: 0,
    };
    let result = |kind| vec![Step::Result(job(0, 0), kind)];
    let cases = [
        (Phase::Commits, false, false, result(Kind::Commit)),
        (Phase::Commits, true, false, vec![]),
        (Phase::Reveals, false, false, vec![]),
        (Phase::Reveals, true, false, result(Kind::Reveal)),
        (Phase::Reveals, true, true, vec![]),
        (Phase::Disputes, true, true, vec![]),
        (Phase::Short, true, false, vec![close]),
        (Phase::Over, true, true, vec![close]),
    ];
    for (phase, committed, opened, wanted) in cases {
        let mut node = node(0, 2, NodeState::PendingVerification, &[1, 2]);
        node.phase = Some(phase);
        node.seats[0] = SeatSight {
            taken: true,
            committed,
            opened,
            job: JobSight::Committed,
            ..node.seats[0]
        };
        let found = see(&mut serving(&[1]), &sight(vec![node]));
        assert_eq!(steps(&found), wanted, "{phase:?}, {committed}, {opened}");
    }
}

#[test]
fn halts_and_ends_forbid_what_they_must() {
    let mut running = node(0, 1, NodeState::Executing, &[1]);
    running.seats[0].taken = true;
    let eligible = node(1, 1, NodeState::Eligible, &[1]);
    let accept = Step::Accept(job(1, 0));
    let invoke = Step::Invoke(job(0, 0));
    let cases = [
        (MissionState::Executing, Halted::Not, vec![invoke, accept]),
        (MissionState::Executing, Halted::NewWork, vec![invoke]),
        (MissionState::Executing, Halted::AllWork, vec![]),
        (MissionState::Degraded, Halted::Not, vec![]),
        (MissionState::Failed, Halted::Not, vec![]),
        (MissionState::Pending, Halted::Not, vec![]),
    ];
    for (state, halt, wanted) in cases {
        let shown = Sight {
            state,
            halt,
            ..sight(vec![running.clone(), eligible.clone()])
        };
        assert_eq!(
            steps(&see(&mut serving(&[1]), &shown)),
            wanted,
            "{state:?} {halt:?}"
        );
    }
}

#[test]
fn what_lies_beyond_its_time_expires_and_what_failed_is_legislated_anew_by_every_keeper_of_the_mission()
 {
    let (mission, attempt) = (MISSION, 0);
    let expire = Step::Expire {
        mission,
        node: 0,
        attempt,
    };
    let reopen = Step::Reopen {
        mission,
        node: 0,
        attempt,
    };
    let cases = [
        (NodeState::Eligible, 49, Some(expire)),
        (NodeState::Executing, 49, Some(expire)),
        (NodeState::Executing, 50, None),
        (NodeState::Executing, 0, None),
        (NodeState::PendingReview, 49, Some(expire)),
        (NodeState::Frozen, 49, Some(expire)),
        (NodeState::PendingVerification, 49, None),
        (NodeState::Completed, 49, None),
        (NodeState::Failed, 49, Some(reopen)),
        (NodeState::Failed, 0, Some(reopen)),
    ];
    for (state, ends, wanted) in cases {
        let mut late = node(0, 1, state, &[1]);
        late.ends = ends;
        // Its own executor's keeper may be as dead as the executor: another of the mission does it.
        let shown = sight(vec![late, node(1, 1, NodeState::Completed, &[2])]);
        let found = steps(&see(&mut serving(&[2]), &shown));
        assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{state:?}");
        assert_eq!(see(&mut serving(&[3]), &shown), [], "no business of its");
        let over = Sight {
            state: MissionState::Aborted,
            ..shown
        };
        let of_node = |step: &Step| [expire, reopen].contains(step);
        let found = steps(&see(&mut serving(&[2]), &over));
        assert!(!found.iter().any(of_node), "{state:?}");
    }
}

#[test]
fn a_silent_seat_passes_to_the_runner_up_where_the_node_cannot_begin_without_it() {
    let substitute = |seat| Step::Substitute {
        mission: MISSION,
        node: 0,
        attempt: 0,
        seat: place(seat),
    };
    let expire = Step::Expire {
        mission: MISSION,
        node: 0,
        attempt: 0,
    };
    let late = |taken: [bool; 3], ends: u64| {
        let mut node = node(0, 2, NodeState::Eligible, &[1, 2, 3]);
        for (seat, taken) in node.seats.iter_mut().zip(taken) {
            seat.taken = taken;
        }
        node.ends = ends;
        node.runner_up = Some(agent(9));
        let mut shown = sight(vec![node]);
        shown.at.time = Timestamp::new(101);
        shown
    };
    // Whoever has a seat does it, and whoever would get one; nobody else.
    let alone = late([true, false, false], 200);
    for (served, wanted) in [
        (1, vec![substitute(1)]),
        (9, vec![substitute(1)]),
        (8, vec![]),
    ] {
        assert_eq!(
            steps(&see(&mut serving(&[served]), &alone)),
            wanted,
            "{served}"
        );
    }
    // Not where enough are there, not before the window closed, not while nothing may be begun, not where nobody stands behind.
    let routes = steps(&see(&mut serving(&[1]), &late([true, true, false], 200)));
    assert_eq!(routes, [ROUTE]);
    let mut early = alone.clone();
    early.at.time = Timestamp::new(100);
    let mut halted = alone.clone();
    halted.halt = Halted::NewWork;
    let mut nobody = alone.clone();
    nobody.nodes[0].runner_up = None;
    for shown in [early, halted, nobody] {
        assert_eq!(steps(&see(&mut serving(&[1]), &shown)), [], "{shown:?}");
    }
    // Time ends the node only when the runner-up cannot have the seat.
    let mut router = serving(&[1]);
    let over = late([true, false, false], 100);
    for _ in 0..TRIES_MAX {
        let wanted = see(&mut router, &over);
        assert_eq!(steps(&wanted), [substitute(1)]);
        end(&mut router, &wanted[0], refused());
    }
    assert_eq!(steps(&see(&mut router, &over)), [expire]);
    // In the windows that begin anew with a substitution it may be tried again.
    let mut anew = over;
    anew.nodes[0].since = 2;
    assert_eq!(steps(&see(&mut serving(&[1]), &anew)), [substitute(1)]);
}

#[test]
fn sets_and_what_people_decided_are_closed_by_whoever_asks_in_time() {
    let close = Step::Close {
        mission: MISSION,
        node: 0,
        attempt: 0,
    };
    let verification = NodeState::PendingVerification;
    let cases = [
        (verification, Some(Phase::Reveals), true, vec![]),
        (verification, Some(Phase::Disputes), true, vec![close]),
        (verification, Some(Phase::Disputes), false, vec![]),
        (verification, Some(Phase::Over), true, vec![close]),
        (NodeState::PendingReview, None, true, vec![close]),
        (NodeState::PendingReview, None, false, vec![close]),
    ];
    for (state, phase, is_of_sets, wanted) in cases {
        let mut node = node(0, 2, state, &[1, 2]);
        (node.phase, node.is_of_sets) = (phase, is_of_sets);
        let mut shown = sight(vec![node]);
        assert_eq!(
            steps(&see(&mut serving(&[1]), &shown)),
            wanted,
            "{state:?} {phase:?}"
        );
        assert_eq!(see(&mut serving(&[3]), &shown), [], "no seat of its");
        shown.halt = Halted::AllWork;
        assert_eq!(steps(&see(&mut serving(&[1]), &shown)), []);
    }
}

#[test]
fn a_mission_that_lives_beyond_its_deadline_is_ended_once_in_each_state() {
    let finish = Step::End { mission: MISSION };
    let waiting = node(0, 1, NodeState::Executing, &[1]);
    let mut router = serving(&[1]);
    let mut shown = Sight {
        deadline: 49,
        ..sight(vec![waiting])
    };
    let of = |wanted: &[Action]| steps(wanted).into_iter().filter(|s| *s == finish).count();
    let wanted = see(&mut router, &shown);
    assert_eq!(of(&wanted), 1);
    assert_eq!(of(&see(&mut router, &shown)), 0, "it is under way");
    let ends = wanted
        .iter()
        .find(|action| steps(&[(*action).clone()]) == [finish]);
    end(&mut router, ends.expect("it is wanted"), Outcome::Satisfied);
    (shown.state, shown.since) = (MissionState::Failed, 50);
    let again = see(&mut router, &shown);
    assert_eq!(of(&again), 1, "the next state has an exit of its own");
    assert_ne!(
        again.iter().map(Action::name).collect::<Vec<_>>(),
        wanted.iter().map(Action::name).collect::<Vec<_>>()
    );
    for (state, deadline) in [
        (MissionState::Executing, 50),
        (MissionState::Executing, 0),
        (MissionState::Verification, 49),
        (MissionState::Completed, 49),
    ] {
        (shown.state, shown.deadline) = (state, deadline);
        assert_eq!(of(&see(&mut serving(&[1]), &shown)), 0, "{state:?}");
    }
}

#[test]
fn the_stake_of_an_agent_that_lost_its_seat_is_released_too() {
    let shown = Sight {
        state: MissionState::Completed,
        staked: vec![agent(1), agent(2)],
        ..sight(vec![node(0, 1, NodeState::Completed, &[3])])
    };
    let wanted = steps(&see(&mut serving(&[1]), &shown));
    let (mission, agent) = (MISSION, agent(1));
    let released = [
        Step::Release { mission, agent },
        Step::CloseEscrow { mission },
    ];
    assert_eq!(wanted, released);
    assert_eq!(see(&mut serving(&[4]), &shown), []);
}

#[test]
fn the_gate_is_asked_when_all_nodes_are_complete() {
    let shown = Sight {
        state: MissionState::Verification,
        ..sight(vec![node(0, 1, NodeState::Completed, &[1])])
    };
    let filter = Step::Filter { mission: MISSION };
    assert_eq!(steps(&see(&mut serving(&[1]), &shown)), [filter]);
    assert_eq!(see(&mut serving(&[2]), &shown), []);
}

#[test]
fn a_node_begins_without_silent_seats_once_their_window_closed() {
    let mut node = node(0, 2, NodeState::Eligible, &[1, 2, 3]);
    node.seats[0].taken = true;
    node.seats[1].taken = true;
    let mut shown = sight(vec![node]);
    assert_eq!(steps(&see(&mut serving(&[1]), &shown)), []);
    shown.at.time = Timestamp::new(101);
    assert_eq!(steps(&see(&mut serving(&[1]), &shown)), [ROUTE]);
    shown.nodes[0].seats[1].taken = false;
    assert_eq!(steps(&see(&mut serving(&[1]), &shown)), []);
}

/// INV-ROUTER-01.
#[test]
fn of_two_seats_of_one_node_the_first_is_served_and_the_second_told_once() {
    let mut router = serving(&[2, 3]);
    let shown = sight(vec![node(0, 2, NodeState::Eligible, &[1, 2, 3])]);
    let found = see(&mut router, &shown);
    assert_eq!(steps(&found), [Step::Accept(job(0, 1))]);
    let told = |actions: &[Action]| {
        let tells = actions
            .iter()
            .filter(|action| matches!(action, Action::Tell { .. }));
        tells.count()
    };
    assert_eq!(told(&found), 1);
    assert_eq!(told(&see(&mut router, &shown)), 0);
}

#[test]
fn what_is_under_way_is_not_wanted_again_and_what_is_refused_thrice_is_told() {
    let mut router = serving(&[1]);
    let shown = sight(vec![node(0, 1, NodeState::Eligible, &[1])]);
    let mut keys = BTreeSet::new();
    for tries in 1..=TRIES_MAX {
        let wanted = see(&mut router, &shown);
        assert_eq!(steps(&wanted), [Step::Accept(job(0, 0))]);
        assert!(
            keys.insert(wanted[0].name()),
            "a refused action is another than the next"
        );
        assert_eq!(see(&mut router, &shown), [], "it is under way");
        let told = end(&mut router, &wanted[0], refused());
        assert_eq!(told.len(), usize::from(tries == TRIES_MAX));
    }
    assert_eq!(see(&mut router, &shown), []);
}

#[test]
fn a_freeze_stops_the_work_and_its_end_begins_the_same_attempt_anew() {
    let mut router = serving(&[1]);
    let eligible = node(0, 1, NodeState::Eligible, &[1]);
    let first = see(&mut router, &sight(vec![eligible.clone()]));
    end(&mut router, &first[0], Outcome::Satisfied);
    let mut running = node(0, 1, NodeState::Executing, &[1]);
    running.seats[0].taken = true;
    let work = see(&mut router, &sight(vec![running.clone()]));
    end(&mut router, &work[0], Outcome::Satisfied);
    running.state = NodeState::Frozen;
    let stop = see(&mut router, &sight(vec![running.clone()]));
    assert_eq!(steps(&stop), [Step::Stop(job(0, 0))]);
    end(&mut router, &stop[0], Outcome::Satisfied);
    assert_eq!(see(&mut router, &sight(vec![running.clone()])), [], "once");
    let mut again = eligible;
    again.since = 9;
    let second = see(&mut router, &sight(vec![again]));
    assert_eq!(steps(&second), steps(&first));
    assert_ne!(
        second[0].name(),
        first[0].name(),
        "the journal knows the first as done"
    );
    running.state = NodeState::Executing;
    running.since = 10;
    running.seats[0].job = JobSight::Stopped;
    let anew = see(&mut router, &sight(vec![running]));
    assert_eq!(steps(&anew), [Step::Invoke(job(0, 0))]);
}

#[test]
fn a_stop_ends_what_runs_and_leaves_what_is_sealed_on_chain_or_before_people() {
    let shown = |tier: u8, state: NodeState, committed: bool| {
        let mut router = serving(&[1]);
        let mut running = node(0, tier, NodeState::Executing, &[1]);
        running.seats[0].taken = true;
        let work = see(&mut router, &sight(vec![running.clone()]));
        assert_eq!(steps(&work), [Step::Invoke(job(0, 0))]);
        end(&mut router, &work[0], Outcome::Satisfied);
        running.state = state;
        running.seats[0].committed = committed;
        running.seats[0].job = JobSight::Committed;
        let stopped = Sight {
            halt: Halted::AllWork,
            ..sight(vec![running])
        };
        steps(&see(&mut router, &stopped))
    };
    let stops = [Step::Stop(job(0, 0))];
    for (tier, state) in [
        (1, NodeState::Executing),
        (2, NodeState::Executing),
        (2, NodeState::PendingVerification),
        (3, NodeState::Executing),
    ] {
        assert_eq!(shown(tier, state, false), stops, "{tier} {state:?}");
    }
    for (tier, state, committed) in [
        (2, NodeState::Executing, true),
        (2, NodeState::PendingVerification, true),
        (2, NodeState::PendingReview, true),
        (3, NodeState::PendingReview, false),
        (3, NodeState::Completed, false),
    ] {
        let wanted = shown(tier, state, committed);
        assert!(!wanted.contains(&stops[0]), "{tier} {state:?} {wanted:?}");
    }
    // What is frozen is ended, sealed or not: its node is begun anew.
    assert_eq!(shown(2, NodeState::Frozen, true), stops);
}

#[test]
fn work_that_was_stopped_while_its_node_stayed_as_it_was_is_asked_for_anew() {
    let mut router = serving(&[1]);
    let mut running = node(0, 1, NodeState::Executing, &[1]);
    running.seats[0].taken = true;
    let first = see(&mut router, &sight(vec![running.clone()]));
    end(&mut router, &first[0], Outcome::Satisfied);
    running.seats[0].job = JobSight::Stopped;
    let second = see(&mut router, &sight(vec![running]));
    assert_eq!(steps(&second), steps(&first));
    assert_ne!(
        second[0].name(),
        first[0].name(),
        "the journal knows the first as done"
    );
}

#[test]
fn many_results_share_a_transaction_and_no_more_than_it_carries() {
    let nodes = (0..130).map(|number| node(number, 1, NodeState::Eligible, &[1]));
    let wanted = see(&mut serving(&[1]), &sight(nodes.collect()));
    let sizes: Vec<usize> = wanted
        .iter()
        .map(|action| steps(std::slice::from_ref(action)).len())
        .collect();
    assert_eq!(sizes, [64, 64, 2]);
}

#[test]
fn an_ended_mission_is_settled_and_forgotten() {
    let mut router = serving(&[1]);
    let shown = Sight {
        state: MissionState::Completed,
        ..sight(vec![node(0, 1, NodeState::Completed, &[1])])
    };
    let wanted = see(&mut router, &shown);
    let release = Step::Release {
        mission: MISSION,
        agent: agent(1),
    };
    assert_eq!(
        steps(&wanted),
        [release, Step::CloseEscrow { mission: MISSION }]
    );
    for action in &wanted {
        end(&mut router, action, Outcome::Satisfied);
    }
    assert_eq!(see(&mut router, &shown), []);
    assert_eq!(router.state.known, BTreeMap::new());
    assert_eq!(see(&mut router, &shown), [], "and stays so");
    let mut stranger = serving(&[9]);
    assert_eq!(
        see(&mut stranger, &shown),
        [],
        "who serves nobody here settles nothing"
    );
}

#[test]
fn what_ends_after_its_mission_was_forgotten_is_not_remembered() {
    let mut router = serving(&[1]);
    let mut running = node(0, 1, NodeState::Executing, &[1]);
    running.seats[0].taken = true;
    let wanted = see(&mut router, &sight(vec![running.clone()]));
    assert_eq!(steps(&wanted), [Step::Invoke(job(0, 0))]);
    let ended = Sight {
        state: MissionState::Aborted,
        ..sight(vec![running])
    };
    for action in see(&mut router, &ended) {
        end(&mut router, &action, Outcome::Satisfied);
    }
    assert_eq!(see(&mut router, &ended), []);
    let forgotten = router.state();
    assert_eq!(end(&mut router, &wanted[0], refused()), []);
    assert_eq!(router.state(), forgotten);
}

mod precedence;
mod world;
