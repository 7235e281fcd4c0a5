//! A mission is stopped, and everybody leaves it alone.

use agentcity_abi::{
    IAgent as agents,
    ICollaboration::{self as work, MissionState, Reason},
    IGuardian as guardian, IRoster as roster, ITreasury as treasury,
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_test_fixtures::mission::{Charter, Scene, seconds, stage::DEPOSIT, told};
use alloy::primitives::{U256, keccak256};

use super::{STAKE, proofs};

/// Life of a mission that is to outlive its stop.
const LONG: u64 = 30 * 86_400;

/// What every contract that holds coins books, and what it holds, at the end of a block.
#[track_caller]
fn holds_what_it_books(scene: &mut Scene, block: u64) {
    let [treasury_at, roster_at, agent_at] =
        [Peer::Treasury, Peer::Roster, Peer::Agent].map(|peer| scene.at(peer));
    let client = &mut scene.stage.city.client;
    let parts = client.ask_at(treasury_at, &treasury::partsCall {}, block);
    let parts = parts.unwrap();
    let sum: U256 = [
        parts.escrows,
        parts.reservedStakes,
        parts.lockedStakes,
        parts.bonds,
        parts.treasury,
        parts.subsidyBudget,
        parts.insurance,
        parts.pools,
        parts.credits,
    ]
    .into_iter()
    .sum();
    let booked = client.ask_at(treasury_at, &treasury::bookedCall {}, block);
    assert_eq!(booked.unwrap(), sum, "parts of block {block}");
    let stakes = client.ask_at(roster_at, &roster::bookedCall {}, block);
    let enrolled = client.ask_at(agent_at, &agents::bookedCall {}, block);
    for (at, booked) in [
        (treasury_at, sum),
        (roster_at, stakes.unwrap()),
        (agent_at, enrolled.unwrap()),
    ] {
        let held = client.balance_at(at, block).unwrap();
        assert_eq!(held, booked, "{at} in block {block}");
    }
}

#[test]
fn a_mission_that_was_stopped_and_left_alone_is_aborted_by_a_stranger_and_everybody_is_paid_out() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    scene.stage.life = LONG;
    let city = &mut scene.stage.city;
    let begins = city
        .client
        .rpc()
        .quantity("eth_blockNumber", serde_json::json!([]));
    let begins = begins.unwrap() as u64;
    let plan = proofs("left alone", 3);
    let seats = scene.seats(&plan, &[0, 1, 2], STAKE);
    let law = scene.enact_with(&plan, &seats);
    // One is done, one is under way, one was never begun.
    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    scene.route(&law, 1, &[1]);
    let stop = guardian::triggerStopCall {
        missionId: law.mission,
        evidenceHash: keccak256("evidence"),
    };
    let act = scene.act(Peer::Guardian, &stop);
    scene.decide(&act, &[3]);
    let until = scene.mission(&law).haltedUntil.to::<u64>();
    assert_eq!(until, scene.now() + seconds(P::StopMaxSecs));
    assert_eq!(seconds(P::StopMaxSecs), 72 * 3_600);

    // While it is stopped nothing goes on, and nobody comes.
    let stranger = scene.stranger.clone();
    let halted = work::Halted {
        missionId: law.mission,
        halt: work::Halt::EmergencyStop,
        until: U256::from(until).to(),
    };
    let routing = scene.routing(&law, 2, &[2]);
    let third = scene.agent(2);
    scene.refused(&third, Peer::Collaboration, &routing, &halted);
    let over = work::expireMissionCall {
        missionId: law.mission,
    };
    let ended = scene.out_after(until, Peer::Collaboration, &over);
    let moved = &told::<work::MissionStateChanged>(&ended)[0];
    assert_eq!(
        (moved.to, moved.reason),
        (MissionState::Aborted, Reason::HaltExpired)
    );
    assert!(
        told::<work::FaultSignal>(&ended).is_empty(),
        "nobody's fault"
    );
    scene.clear(&law);
    let (taken, funds) = scene.leave(&[&stranger]);
    assert_eq!(taken + funds, 3 * DEPOSIT + law.written.budget);

    // Both laws, at every block since before it was law.
    let client = &mut scene.stage.city.client;
    let last = client
        .rpc()
        .quantity("eth_blockNumber", serde_json::json!([]));
    let last = last.unwrap() as u64;
    for block in begins..=last {
        holds_what_it_books(&mut scene, block);
    }
    println!("{} blocks, every unit in each", last - begins + 1);
    assert!(last > begins + 40);
}
