//! Missions as their role table (`abi/roles/Collaboration.toml`) says it.

use agentcity_abi::{
    ICollaboration as wire,
    ICollaboration::{ICollaborationCalls, ICollaborationEvents},
    roles::Caller,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};

use crate::{city::*, recursion};

/// A mission that waits for its deployment, and what it is to consist of.
fn pending(city: &City) -> (B256, Plan) {
    let plan = Plan::of(&[1], &[]);
    let mission = city.create("waiting", city.root_law(1)).expect("created");
    (mission, plan)
}

/// What the statute does, in a mission of its own.
fn deploying(function: &str) -> Prepared<City> {
    let city = City::new();
    let (mission, plan) = pending(&city);
    let tranche = city.tranche(mission, &plan);
    if function == "admitTranche" {
        return Prepared::new(city, tranche.abi_encode());
    }
    let progress = tranche.progress;
    city.call(member(Peer::Statute), tranche).expect("admitted");
    let seats = city.seating(mission, &plan, progress);
    if function == "admitSeats" {
        return Prepared::new(city, seats.abi_encode());
    }
    city.call(member(Peer::Statute), seats).expect("seated");
    let call = wire::activateMissionCall {
        missionId: mission,
        epoch: EPOCH,
    };
    Prepared::new(city, call.abi_encode())
}

/// What makes a mission of a node or of a failed mission.
fn recursive(function: &str) -> Prepared<City> {
    if function == "relegislate" {
        let (city, mission, next) = recursion::succession();
        let call = recursion::replace(mission, next, vec![[0, 0]]);
        return Prepared::new(city, call.abi_encode()).of([SPONSOR]);
    }
    if function == "openChild" {
        let city = City::new();
        let mission = city.active(&Plan::of(&[1, 1], &[(0, 1)]));
        let law = recursion::child_law(&city, mission, 0);
        let child = city.create("child", law).expect("created");
        return Prepared::new(city, recursion::open(mission, child).abi_encode());
    }
    let (city, _, child) = recursion::family();
    city.route(child, 0, agent(1)).expect("routed");
    city.complete(child, 0).expect("done");
    city.order(order(wire::Order::Release, child)).expect("out");
    Prepared::new(city, recursion::close(child).abi_encode())
}

/// A mission of one proof whose node failed, and which failed by it.
fn failed() -> (City, B256) {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1], &[]));
    city.begin(mission, 0).expect("begun");
    let fault = vec![outcome(0, 3)];
    city.judge(mission, 0, NodeState::Failed, 0, fault)
        .expect("failed");
    city.set(P::MaxRefinementIterations, 0);
    city.expire_mission(mission).expect("exhausted");
    city.set(P::MaxRefinementIterations, 3);
    (city, mission)
}

fn prepared(function: &str) -> Prepared<City> {
    match function {
        "wire" => return Prepared::new(City::constructed(), wire::wireCall {}.abi_encode()),
        "admitTranche" | "admitSeats" | "activateMission" => return deploying(function),
        "relegislate" | "openChild" | "closeChild" => return recursive(function),
        "reassignNode" => {
            let (city, mission) = failed();
            let call = city.reassigning(mission, 0, &[agent(9)]);
            return Prepared::new(city, call.abi_encode());
        }
        _ => {}
    }
    let city = City::new();
    let mission = city.active(&Plan::of(&[2, 1], &[(0, 1)]));
    let (node, index, justification) = (0, 0, B256::repeat_byte(3));
    let panel_of = [agent(1), agent(2), agent(3)];
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "createMission" => {
            let law = city.root_law(1);
            let call = wire::createMissionCall {
                deadline: law.deadline.try_into().expect("40 bits"),
                sessionId: city.law("another", law),
            };
            return Prepared::new(city, call.abi_encode()).of([SPONSOR]);
        }
        "acceptSeat" => {
            let call = wire::acceptSeatCall {
                missionId: mission,
                node,
            };
            return Prepared::new(city, call.abi_encode()).of(panel_of);
        }
        "acceptSeatFor" => wire::acceptSeatForCall {
            missionId: mission,
            node,
            attempt: 0,
            executor: agent(1),
        }
        .abi_encode(),
        "substituteRunnerUp" => {
            let session = city.mission(mission).sessionId;
            let key = (session, node);
            city.peers.borrow_mut().runners_up.insert(key, agent(7));
            city.accept(mission, node, agent(1)).expect("taken");
            city.warp(CLOSES + 1);
            wire::substituteRunnerUpCall {
                missionId: mission,
                node,
                seat: 1,
            }
            .abi_encode()
        }
        "routeTask" => {
            for agent in panel_of {
                city.accept(mission, node, agent).expect("taken");
            }
            city.routing(mission, node).abi_encode()
        }
        "applyVerdict" => {
            city.begin(mission, node).expect("begun");
            let step = NodeState::PendingVerification;
            let later = city.world.now() + 1_000;
            city.judge(mission, node, step, later, Vec::new())
                .expect("sealed");
            let outcomes = [0, 1, 2].map(|seat| outcome(seat, 0)).to_vec();
            city.verdict(mission, node, NodeState::Completed, 0, outcomes)
                .abi_encode()
        }
        "intervene" => {
            city.begin(mission, 0).expect("begun");
            city.complete(mission, 0).expect("done");
            city.begin(mission, 1).expect("begun");
            city.complete(mission, 1).expect("done");
            let intervention = order(wire::Order::Release, mission);
            wire::interveneCall { intervention }.abi_encode()
        }
        "expireNode" => {
            city.begin(mission, node).expect("begun");
            let until = city.expires_at(mission, node);
            city.warp(until + 1 - city.world.now());
            wire::expireNodeCall {
                missionId: mission,
                node,
            }
            .abi_encode()
        }
        "expireMission" => {
            city.warp(DURATION + 1);
            wire::expireMissionCall { missionId: mission }.abi_encode()
        }
        "abortMission" => wire::abortMissionCall {
            missionId: mission,
            justificationHash: justification,
        }
        .abi_encode(),
        "abortForFault" => wire::abortForFaultCall {
            missionId: mission,
            agents: vec![agent(1)],
            justificationHash: justification,
        }
        .abi_encode(),
        "releaseAgent" => {
            city.accept(mission, node, agent(1)).expect("taken");
            city.warp(DURATION + 1);
            city.expire_mission(mission).expect("overdue");
            city.warp(RECOVERY + 1);
            city.expire_mission(mission).expect("ended");
            wire::releaseAgentCall {
                missionId: mission,
                agent: agent(1),
            }
            .abi_encode()
        }
        "mission" => wire::missionCall { missionId: mission }.abi_encode(),
        "deployment" => wire::deploymentCall { missionId: mission }.abi_encode(),
        "pageOrdinals" => wire::pageOrdinalsCall {
            missionId: mission,
            seats: false,
            word: 0,
        }
        .abi_encode(),
        "node" => wire::nodeCall {
            missionId: mission,
            index,
        }
        .abi_encode(),
        "assignment" => wire::assignmentCall {
            missionId: mission,
            index,
            agents: true,
            lawIn: u16::MAX,
        }
        .abi_encode(),
        "nodeStates" => wire::nodeStatesCall {
            missionId: mission,
            word: 0,
        }
        .abi_encode(),
        "seat" => wire::seatCall {
            missionId: mission,
            index,
            place: 0,
        }
        .abi_encode(),
        "completionDigest" => wire::completionDigestCall { missionId: mission }.abi_encode(),
        "isInterested" => wire::isInterestedCall {
            missionId: mission,
            principal: principal(1),
        }
        .abi_encode(),
        "expiresAt" => wire::expiresAtCall {
            missionId: mission,
            index,
        }
        .abi_encode(),
        other => panic!("no call of {other} here"),
    };
    Prepared::new(city, input)
}

struct Work;

impl Roles for Work {
    const CONTRACT: &'static str = "Collaboration";
    const FUNCTION: Signature<4> = ICollaborationCalls::signature_by_selector;
    const EVENT: Signature<32> = ICollaborationEvents::signature_by_selector;
    const FUNCTIONS: usize = ICollaborationCalls::VARIANT_NAMES.len();
    // The statute says what it deployed; treasury and agent say what they released.
    const SPOKEN_FOR: &'static [&'static str] = &["admitSeats", "admitTranche", "releaseAgent"];
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("applyVerdict", "NodeFailed"),
        ("applyVerdict", "MissionStateChanged"),
        ("applyVerdict", "FaultSignal"),
        ("closeChild", "NodeFailed"),
        ("closeChild", "MissionStateChanged"),
        ("expireNode", "BackupOpened"),
        ("intervene", "NodeFailed"),
        ("intervene", "NodeEligible"),
        ("intervene", "FaultSignal"),
        ("routeTask", "SeatAccepted"),
        ("routeTask", "EqualCode"),
        ("routeTask", "FaultSignal"),
    ];
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("sponsor", SPONSOR),
            ("executor", agent(1)),
            ("another agent", agent(9)),
            ("stranger", STRANGER),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }

    fn not_own(_city: &City, function: &str, caller: Address, input: &[u8]) -> Vec<u8> {
        match function {
            "acceptSeat" => wire::NotSeated {
                missionId: B256::from_slice(&input[4..36]),
                node: 0,
                agent: caller,
            }
            .abi_encode(),
            _ => wire::Unauthorized { caller }.abi_encode(),
        }
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Work>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Work>();
}
