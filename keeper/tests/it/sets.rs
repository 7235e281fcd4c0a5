//! Nodes of tier 2 whose values are sets that differ: no keeper holds all of them, and they are closed all the same.

use agentcity_abi::{ICollaboration as work, ITreasury::Settled, IVerification as results};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Mode};
use agentcity_executor::{protocol::JobRequest, server::Work};
use agentcity_test_fixtures::mission::{Plan, Task};
use alloy::primitives::{Address, B256, keccak256};
use std::time::Duration;

use crate::mission::{PRICE, Scene};

/// Elements of a set: two that share all but one have nine tenths in common, of which eight must be.
const ELEMENTS: usize = 20;
/// The node on whose sets nobody but the third executor differs by much.
const DISSENTED: u16 = 1;

fn set(of: impl Iterator<Item = String>) -> Vec<u8> {
    let mut elements: Vec<B256> = of.map(keccak256).collect();
    elements.sort_unstable();
    elements.concat()
}

/// All find nearly the same, each with an element of its own; at one node the third finds something else altogether.
fn finds(place: usize, request: &JobRequest) -> Work {
    let name = |part: usize| match (place, request.job.node, part) {
        (2, DISSENTED, _) | (_, _, 0) => format!("element {part} that only {place} finds"),
        _ => format!("element {part}"),
    };
    Work {
        output: set((0..ELEMENTS).map(name)),
        proof: Vec::new(),
    }
}

fn paid(scene: &mut Scene, node: u16) -> Vec<Address> {
    let settled = scene.stage.events::<Settled>(Peer::Treasury).expect("logs");
    let of_node = settled.iter().filter(|one| one.node == node);
    of_node.map(|one| one.agent).collect()
}

#[test]
fn sets_that_differ_are_closed_with_elements_from_executors_and_from_the_chains_own_calls() {
    let plan = Plan {
        name: "sets".to_owned(),
        tasks: vec![
            Task::agreed("collect", 3 * PRICE, 3, 2, Mode::Set),
            Task::agreed("collect more", 3 * PRICE, 3, 2, Mode::Set),
        ],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let mut scene = Scene::of(&plan, 3, finds);
    let addresses = scene.addresses.clone();
    // The third executor is known to its own keeper alone: to the others nobody answers in its place.
    let mut others = addresses.clone();
    others[2].1 = "http://127.0.0.1:1".to_owned();
    for (name, served, known) in [
        ("a", [0], &others),
        ("b", [1], &others),
        ("c", [2], &addresses),
    ] {
        let keeper = scene.keeper(name, &served, known);
        scene.keepers.push(keeper);
    }
    // The third keeper alone can ask all three for their code, and it comes last to route.
    scene.until(|scene| (0..2).all(|node| scene.node(node).accepted == 3));
    scene.look();
    scene.rest(Duration::from_secs(16));
    // Where all agree nobody waits for disputes, of which there can be none.
    scene.until(|scene| scene.node(0).state == work::NodeState::Completed);
    let revealed = |scene: &mut Scene| {
        let call = results::recordOfCall {
            missionId: scene.law.mission,
            node: DISSENTED,
            attempt: 0,
        };
        let to = scene.stage.city.address(Peer::Verification);
        let record = scene.stage.city.client.ask(to, &call).expect("a record");
        record.revealed.count_ones()
    };
    scene.until(|scene| revealed(scene) == 3);
    for _ in 0..3 {
        scene.look();
    }
    let node = scene.node(DISSENTED);
    assert_eq!(
        node.state,
        work::NodeState::PendingVerification,
        "who dissents may dispute"
    );
    assert_eq!(paid(&mut scene, 0).len(), 3);

    // The keeper of the dissenter is gone, and its executor answers nobody: its set is in the call that opened it.
    scene.keepers.pop();
    let disputes = u64::from(P::VerificationRevealMs.row().default).div_ceil(1_000) + 1;
    let warped = scene.stage.city.client.warp(Duration::from_secs(disputes));
    warped.expect("time passes");
    scene.until(|scene| scene.node(DISSENTED).state == work::NodeState::Completed);
    let agents: Vec<Address> = addresses.iter().map(|(agent, _)| *agent).collect();
    let mut honest = paid(&mut scene, DISSENTED);
    honest.sort_unstable();
    let mut wanted = agents[..2].to_vec();
    wanted.sort_unstable();
    assert_eq!(honest, wanted, "who dissents is not paid");
    let reached = scene
        .stage
        .events::<results::ConsensusReached>(Peer::Verification)
        .expect("logs");
    let reached = reached
        .iter()
        .map(|one| (one.node, one.agreeing, one.revealed));
    let reached: Vec<_> = reached.collect();
    assert_eq!(reached, [(0, 3, 3), (DISSENTED, 2, 3)]);
    assert_eq!(scene.state(), work::MissionState::Verification);
}
