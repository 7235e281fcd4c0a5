//! Seats: accepted, silent, passed on, left out; and routing (INV-MISSION-02, INV-MISSION-05).

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolError;

use crate::city::*;

fn committee() -> (City, B256) {
    let city = City::new();
    let mission = city.active(&Plan::of(&[2, 1], &[(0, 1)]));
    (city, mission)
}

/// What a silent seat pays: a third of its stake, since that is more than fifty units.
const SILENT: u128 = STAKE * 33 / 100;

#[test]
fn a_seat_is_taken_once_and_by_its_own_executor() {
    let (city, mission) = committee();
    let call = wire::acceptSeatCall {
        missionId: mission,
        node: 0,
    };
    let stranger = wire::NotSeated {
        missionId: mission,
        node: 0,
        agent: STRANGER,
    };
    city.refused(STRANGER, call.clone(), stranger);
    city.call(agent(2), call.clone()).expect("taken");
    let done = wire::AlreadyDone {
        missionId: mission,
        node: 0,
        agent: agent(2),
    };
    city.refused(agent(2), call, done);
    let waiting = wire::acceptSeatCall {
        missionId: mission,
        node: 1,
    };
    let state = wire::WrongNodeState {
        missionId: mission,
        node: 1,
        state: wire::NodeState::Waiting,
        attempt: 0,
    };
    city.refused(agent(1), waiting, state);
    let beyond = wire::acceptSeatCall {
        missionId: mission,
        node: 2,
    };
    city.refused(
        agent(1),
        beyond,
        wire::UnknownNode {
            missionId: mission,
            node: 2,
            nodes: 2,
        },
    );
    let nowhere = wire::acceptSeatCall {
        missionId: B256::repeat_byte(9),
        node: 0,
    };
    city.refused(
        agent(1),
        nowhere,
        wire::UnknownMission {
            missionId: B256::repeat_byte(9),
        },
    );
    let other = wire::acceptSeatForCall {
        missionId: mission,
        node: 0,
        attempt: 1,
        executor: agent(1),
    };
    let state = wire::WrongNodeState {
        missionId: mission,
        node: 0,
        state: wire::NodeState::Eligible,
        attempt: 0,
    };
    city.refused(member(Peer::Statute), other, state);
    assert_eq!(city.node(mission, 0).accepted, 1);
}

#[test]
fn every_seat_is_needed_until_the_window_closes_and_as_many_as_agree_afterwards() {
    let (city, mission) = committee();
    for number in [1, 3] {
        city.accept(mission, 0, agent(number)).expect("taken");
    }
    city.warp(CLOSES);
    let few = |accepted, needed| wire::SeatsUnaccepted {
        missionId: mission,
        node: 0,
        accepted,
        needed,
    };
    city.refused(STRANGER, city.routing(mission, 0), few(2, 3));
    city.warp(1);
    city.world.take_logs();
    city.route(mission, 0, STRANGER)
        .expect("two of three agree");
    let told = city.told();
    let slashed = Told::Slashed(mission, 0, agent(2), 1, SILENT);
    assert_eq!(
        told,
        [slashed, Told::Penalised(agent(2), 50)],
        "the silent one alone"
    );
    let seats = city.assignment(mission, 0).agents;
    assert_eq!(
        seats[..4],
        [agent(1), Address::ZERO, agent(3), Address::ZERO]
    );
    // It cannot be part of the verdict any more.
    let late = city.verdict(
        mission,
        0,
        NodeState::PendingVerification,
        1 << 38,
        vec![outcome(1, 1)],
    );
    city.refused(member(Peer::Verification), late, wire::MalformedCall {});
}

#[test]
fn one_who_accepted_is_not_enough_of_three_whenever() {
    let (city, mission) = committee();
    city.accept(mission, 0, agent(1)).expect("taken");
    city.warp(CLOSES + 1);
    let few = wire::SeatsUnaccepted {
        missionId: mission,
        node: 0,
        accepted: 1,
        needed: 2,
    };
    city.refused(STRANGER, city.routing(mission, 0), few);
}

#[test]
fn who_begins_its_own_work_accepts_it_by_that() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1], &[]));
    let few = wire::SeatsUnaccepted {
        missionId: mission,
        node: 0,
        accepted: 0,
        needed: 1,
    };
    city.refused(STRANGER, city.routing(mission, 0), few);
    city.route(mission, 0, agent(1))
        .expect("routed in one call");
    assert_eq!(city.world.take_events::<wire::SeatAccepted>().len(), 1);
    assert_eq!(city.states(mission), (3, vec![3]));
}

#[test]
fn other_code_than_registered_blocks_the_route_and_costs_nobody() {
    let (city, mission) = committee();
    for number in 1..=3 {
        city.accept(mission, 0, agent(number)).expect("taken");
    }
    let mut call = city.routing(mission, 0);
    let other = B256::repeat_byte(1);
    call.liveCodeHashes[1] = other;
    let mismatch = wire::CodeHashMismatch {
        serviceId: service(agent(2)),
        registered: code(agent(2)),
        live: other,
    };
    city.refused(STRANGER, call.clone(), mismatch);
    call.liveCodeHashes.pop();
    city.refused(STRANGER, call, wire::MalformedCall {});
    city.route(mission, 0, STRANGER).expect("as registered");
    assert!(city.told().is_empty(), "nobody was slashed");
}

#[test]
fn a_seat_that_may_not_work_blocks_until_the_window_closes_and_stays_out_then() {
    for (bar, change) in [
        (16u8, (|w: &mut Worker| w.bars = 16) as fn(&mut Worker)),
        (32, |w| w.score = 99),
        (64, |w| w.enrolled_at = u64::MAX >> 24),
        (128, |w| w.principal = SPONSOR),
        (128, |w| w.previous = SPONSOR),
        (128, |w| w.principal = principal(1)),
    ] {
        let (city, mission) = committee();
        for number in 1..=3 {
            city.accept(mission, 0, agent(number)).expect("taken");
        }
        change(city.peers.borrow_mut().workers.get_mut(&agent(2)).unwrap());
        let refused = wire::AgentRefused {
            agent: agent(2),
            rule: bar,
        };
        city.refused(STRANGER, city.routing(mission, 0), refused);
        city.warp(CLOSES + 1);
        city.route(mission, 0, STRANGER).expect("without it");
        assert!(city.told().is_empty(), "{bar}: it pays nothing");
        assert_eq!(city.assignment(mission, 0).agents[1], Address::ZERO);
    }
}

/// Pages cost whoever reads them: seats and law are told to whoever asks, and the state to everybody, without a page.
#[test]
fn an_assignment_tells_what_is_asked_and_reads_no_more() {
    let (city, mission) = committee();
    city.begin(mission, 0).expect("begun");
    let ask = |mission, agents, law_in| {
        let call = wire::assignmentCall {
            missionId: mission,
            index: 0,
            agents,
            lawIn: law_in,
        };
        city.call(STRANGER, call)
    };
    let all = ask(mission, true, u16::MAX).expect("told");
    assert_eq!((all.seats, all.tier, all.threshold), (0b111, 2, 2));
    assert_eq!(all.agents[..3], [agent(1), agent(2), agent(3)]);
    assert_ne!(all.digest, B256::ZERO);
    let state = wire::Assignment {
        threshold: 0,
        mode: 0,
        budget: 0,
        digest: B256::ZERO,
        agents: [Address::ZERO; 7],
        ..all.clone()
    };
    let executing = 1 << NodeState::Executing as u16;
    let cases = [
        (false, 0, state.clone()),
        (false, !executing, state.clone()),
        (
            true,
            0,
            wire::Assignment {
                agents: all.agents,
                ..state.clone()
            },
        ),
        (
            false,
            executing,
            wire::Assignment {
                agents: [Address::ZERO; 7],
                ..all.clone()
            },
        ),
        (true, executing, all),
    ];
    for (agents, law_in, expected) in cases {
        let told = ask(mission, agents, law_in).expect("told");
        assert_eq!(told, expected, "{agents} {law_in:b}");
    }

    // A mission without a page.
    let bare = city.create("bare", city.root_law(2)).expect("created");
    let nothing = ask(bare, false, 0).expect("its state is told");
    assert_eq!((nothing.seats, nothing.attempt), (0, 0));
    for (agents, law_in) in [(true, 0), (false, 1)] {
        let refusal = ask(bare, agents, law_in).expect_err("refused");
        let expected = wire::WrongMissionState {
            missionId: bare,
            state: wire::MissionState::Pending,
        };
        assert_eq!(refusal, expected.abi_encode());
    }
}

#[test]
fn a_seat_alone_needs_no_age() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1], &[]));
    city.peers
        .borrow_mut()
        .workers
        .get_mut(&agent(1))
        .unwrap()
        .enrolled_at = u64::MAX >> 24;
    city.route(mission, 0, agent(1))
        .expect("old enough to work");
}

#[test]
fn equal_code_is_flagged_and_no_refusal() {
    let city = City::new();
    let mut plan = Plan::of(&[2], &[]);
    plan.seats[2].service = service(agent(1));
    let mission = city.active(&plan);
    for number in 1..=3 {
        city.accept(mission, 0, agent(number)).expect("taken");
    }
    let mut call = city.routing(mission, 0);
    call.liveCodeHashes[2] = code(agent(1));
    city.call(STRANGER, call).expect("routed");
    let flags = city.world.take_events::<wire::EqualCode>();
    assert_eq!(flags.len(), 1);
    assert_eq!(flags[0].codeHash, code(agent(1)));
}

#[test]
fn attack_a3_a_winner_who_never_accepts_is_at_fault_and_the_runner_up_takes_its_seat() {
    let (city, mission) = committee();
    let session = city.mission(mission).sessionId;
    let call = |seat| wire::substituteRunnerUpCall {
        missionId: mission,
        node: 0,
        seat,
    };
    city.accept(mission, 0, agent(1)).expect("taken");
    let now = city.world.now();
    let early = wire::TooEarly {
        from: (now + CLOSES + 1).try_into().unwrap(),
    };
    city.peers
        .borrow_mut()
        .runners_up
        .insert((session, 0), agent(7));
    city.refused(STRANGER, call(1), early);
    city.warp(CLOSES + 1);
    city.refused(
        STRANGER,
        call(0),
        wire::AlreadyDone {
            missionId: mission,
            node: 0,
            agent: agent(1),
        },
    );
    city.refused(
        STRANGER,
        call(3),
        wire::NotSeated {
            missionId: mission,
            node: 0,
            agent: Address::ZERO,
        },
    );
    let before = city.mission(mission).refinements;
    city.call(STRANGER, call(1)).expect("passed on");
    let told = city.told();
    assert!(told.contains(&Told::Slashed(mission, 0, agent(2), 1, SILENT)));
    assert!(told.contains(&Told::Locked(
        mission,
        session,
        agent(7),
        agent(7).into_word(),
        (STAKE, PRICE)
    )));
    assert!(told.contains(&Told::Obliged(agent(7))));
    assert_eq!(city.mission(mission).refinements, before, "no iteration");
    assert_eq!(city.assignment(mission, 0).agents[1], agent(7));
    // The windows begin anew, for the one who is left too; nobody is substituted twice by the same bid.
    let early = wire::TooEarly {
        from: (city.world.now() + CLOSES + 1).try_into().unwrap(),
    };
    city.peers
        .borrow_mut()
        .runners_up
        .insert((session, 0), agent(8));
    city.refused(STRANGER, call(2), early);
    city.warp(CLOSES + 1);
    city.peers
        .borrow_mut()
        .runners_up
        .insert((session, 0), agent(7));
    city.refused(
        STRANGER,
        call(2),
        wire::NotSeated {
            missionId: mission,
            node: 0,
            agent: agent(7),
        },
    );
    city.peers.borrow_mut().runners_up.remove(&(session, 0));
    city.refused(
        STRANGER,
        call(2),
        wire::NotSeated {
            missionId: mission,
            node: 0,
            agent: Address::ZERO,
        },
    );
}

#[test]
fn a_runner_up_of_the_sponsor_or_of_another_seat_is_refused() {
    for who in [SPONSOR, principal(1)] {
        let (city, mission) = committee();
        let session = city.mission(mission).sessionId;
        city.peers
            .borrow_mut()
            .runners_up
            .insert((session, 0), agent(7));
        city.peers
            .borrow_mut()
            .workers
            .get_mut(&agent(7))
            .unwrap()
            .principal = who;
        city.warp(CLOSES + 1);
        let call = wire::substituteRunnerUpCall {
            missionId: mission,
            node: 0,
            seat: 1,
        };
        city.refused(
            STRANGER,
            call,
            wire::AgentRefused {
                agent: agent(7),
                rule: 128,
            },
        );
    }
}

#[test]
fn attack_r28_a_deprecated_service_does_not_hold_its_node_back() {
    // Among three, the seat is left out at its owner's fault.
    let (city, mission) = committee();
    for number in 1..=3 {
        city.accept(mission, 0, agent(number)).expect("taken");
    }
    city.peers
        .borrow_mut()
        .deprecated
        .insert(service(agent(2)), 5);
    let ended = wire::ServiceDeprecated {
        serviceId: service(agent(2)),
        deprecatedAt: 5,
    };
    city.refused(STRANGER, city.routing(mission, 0), ended);
    city.warp(CLOSES + 1);
    city.route(mission, 0, STRANGER).expect("without it");
    assert_eq!(
        city.told()[0],
        Told::Slashed(mission, 0, agent(2), 1, SILENT)
    );
    // Alone, its node expires at its owner's fault, and nobody else's.
    let city = City::new();
    let mission = city.active(&Plan::of(&[1], &[]));
    city.accept(mission, 0, agent(1)).expect("taken");
    city.peers
        .borrow_mut()
        .deprecated
        .insert(service(agent(1)), 5);
    city.warp(CLOSES + ROUTE + 1);
    city.expire_node(mission, 0).expect("expired");
    assert_eq!(
        city.told(),
        [
            Told::Slashed(mission, 0, agent(1), 1, SILENT),
            Told::Penalised(agent(1), 50)
        ]
    );
}

#[test]
fn a_failed_node_runs_again_with_the_seats_of_a_partial_session() {
    let (city, mission) = committee();
    city.warp(CLOSES + ROUTE + 1);
    let state = wire::WrongNodeState {
        missionId: mission,
        node: 0,
        state: wire::NodeState::Eligible,
        attempt: 0,
    };
    let agents = [agent(4), agent(5), agent(6)];
    city.refused(
        member(Peer::Enactment),
        city.reassigning(mission, 0, &agents),
        state,
    );
    city.expire_node(mission, 0).expect("expired");
    city.told();
    city.refused(
        member(Peer::Enactment),
        city.reassigning(mission, 0, &agents[..2]),
        wire::MalformedCall {},
    );
    let twice = [agent(4), agent(4), agent(6)];
    let done = wire::AlreadyDone {
        missionId: mission,
        node: 0,
        agent: agent(4),
    };
    city.refused(
        member(Peer::Enactment),
        city.reassigning(mission, 0, &twice),
        done,
    );
    city.reassign(mission, 0, &agents).expect("reassigned");
    let partial = keccak256("partial");
    let told = city.told();
    assert!(told.contains(&Told::Locked(
        mission,
        partial,
        agent(5),
        agent(5).into_word(),
        (STAKE, PRICE)
    )));
    let found = city.node(mission, 0);
    assert_eq!((found.state as u8, found.attempt), (2, 1));
    let mission_found = city.mission(mission);
    assert_eq!((mission_found.refinements, mission_found.failed), (1, 0));
    city.begin(mission, 0).expect("routed");
    city.complete(mission, 0).expect("done");
    let found = city.node(mission, 0);
    assert_eq!(
        (found.attempt, found.outputHash),
        (1, output(0)),
        "what is not the first is kept"
    );
    let seat = wire::seatCall {
        missionId: mission,
        index: 0,
        place: 1,
    };
    assert_eq!(city.call(STRANGER, seat).unwrap().agent, agent(5));
}

#[test]
fn attack_r20_nobody_of_the_sponsors_principal_or_twice_of_one_is_seated_anew() {
    for (who, whose) in [(5, SPONSOR), (5, principal(4))] {
        let (city, mission) = committee();
        city.warp(CLOSES + ROUTE + 1);
        city.expire_node(mission, 0).expect("expired");
        city.peers
            .borrow_mut()
            .workers
            .get_mut(&agent(who))
            .unwrap()
            .principal = whose;
        let call = city.reassigning(mission, 0, &[agent(4), agent(5), agent(6)]);
        city.refused(
            member(Peer::Enactment),
            call,
            wire::AgentRefused {
                agent: agent(5),
                rule: 128,
            },
        );
    }
    let (city, mission) = committee();
    city.warp(CLOSES + ROUTE + 1);
    city.expire_node(mission, 0).expect("expired");
    city.peers
        .borrow_mut()
        .workers
        .get_mut(&agent(5))
        .unwrap()
        .bars = 1;
    let call = city.reassigning(mission, 0, &[agent(4), agent(5), agent(6)]);
    city.refused(
        member(Peer::Enactment),
        call,
        wire::AgentRefused {
            agent: agent(5),
            rule: 1,
        },
    );
}

#[test]
fn refinement_ends_for_a_node_and_for_its_mission() {
    let city = City::new();
    city.set(P::MaxRefinementIterations, 2);
    let mission = city.active(&Plan::of(&[1], &[]));
    city.route(mission, 0, agent(1)).expect("routed");
    for _ in 0..2 {
        city.warp(TIMEOUT + 1);
        city.expire_node(mission, 0).expect("late");
        city.reassign(mission, 0, &[agent(2)]).expect("reassigned");
        city.route(mission, 0, agent(2)).expect("routed");
    }
    city.warp(TIMEOUT + 1);
    city.expire_node(mission, 0).expect("late");
    let spent = wire::RefinementExhausted {
        missionId: mission,
        used: 3,
        limit: 2,
    };
    city.refused(
        member(Peer::Enactment),
        city.reassigning(mission, 0, &[agent(3)]),
        spent,
    );
    city.expire_mission(mission).expect("exhausted");
    assert_eq!(city.states(mission).0, MissionState::Failed.number());
}

#[test]
fn attack_a_winner_who_leaves_does_not_stop_the_deployment() {
    let city = City::new();
    city.peers
        .borrow_mut()
        .workers
        .get_mut(&agent(1))
        .unwrap()
        .bars = 1;
    let mission = city.create("root", city.root_law(1)).expect("created");
    city.admit(mission, &Plan::of(&[1], &[]));
    assert!(
        !city.told().contains(&Told::Obliged(agent(1))),
        "it takes on nothing more"
    );
    city.activate(mission).expect("active");
    city.accept(mission, 0, agent(1)).expect("taken");
    city.refused(
        STRANGER,
        city.routing(mission, 0),
        wire::AgentRefused {
            agent: agent(1),
            rule: 1,
        },
    );
    city.warp(CLOSES + ROUTE + 1);
    city.expire_node(mission, 0).expect("expired");
    city.call(
        member(Peer::Adjudication),
        wire::abortMissionCall {
            missionId: mission,
            justificationHash: B256::ZERO,
        },
    )
    .expect("ended");
    city.told();
    let release = wire::releaseAgentCall {
        missionId: mission,
        agent: agent(1),
    };
    city.call(STRANGER, release).expect("released");
    assert_eq!(
        city.told(),
        [Told::Released(mission, agent(1))],
        "and closes nothing that was not open"
    );
}
