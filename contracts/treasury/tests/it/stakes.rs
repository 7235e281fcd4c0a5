//! Stakes: set aside, locked, slashed, released.

use agentcity_abi::ITreasury as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{B256, U256, aliases::U40};

use crate::city::*;

fn short(source: B256, available: u128, needed: u128) -> wire::InsufficientStake {
    wire::InsufficientStake {
        source,
        available: wide(available),
        needed: wide(needed),
    }
}

#[test]
fn a_bids_stake_is_its_sessions_and_comes_back_or_goes_into_its_mission() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let (own, law) = (agent.into_word(), member(Peer::Legislature));
    city.world.take_logs();
    city.call(law, reserve(1, own, agent, 200)).unwrap();
    let reserved = wire::StakeReserved {
        sessionId: session(1),
        source: own,
        agent,
        amount: wide(200),
    };
    assert_eq!(city.world.take_events::<wire::StakeReserved>(), [reserved]);
    city.call(law, reserve(1, own, agent, 100)).unwrap();
    city.call(law, reserve(2, own, agent, 50)).unwrap();
    city.refused(law, reserve(2, own, agent, 151), short(own, 150, 151));
    assert_eq!(city.credit(agent), 150);
    let held = |number| {
        let asked = wire::reservedStakeCall {
            sessionId: session(number),
            source: own,
            agent,
        };
        city.call(STRANGER, asked).unwrap().to::<u128>()
    };
    assert_eq!((held(1), held(2), held(3)), (300, 50, 0));

    // A mission of one session takes nothing of another's (docs/adr/0005).
    let mission = city.mission("sponsor", 10);
    city.refused(
        member(Peer::Statute),
        lock(mission, 2, own, agent, 51),
        short(own, 50, 51),
    );
    city.refused(
        member(Peer::Statute),
        lock(mission, 3, own, agent, 1),
        short(own, 0, 1),
    );
    city.world.take_logs();
    city.tell(Peer::Statute, lock(mission, 1, own, agent, 180));
    let locked = wire::StakeLocked {
        missionId: mission,
        agent,
        source: own,
        amount: wide(180),
    };
    assert_eq!(city.world.take_events::<wire::StakeLocked>(), [locked]);
    city.tell(Peer::Collaboration, lock(mission, 1, own, agent, 20));
    assert_eq!(city.locked(mission, agent), (own, 200));

    city.refused(law, unreserve(1, own, agent, 101), short(own, 100, 101));
    city.call(law, unreserve(1, own, agent, 100)).unwrap();
    let released = wire::ReserveReleased {
        sessionId: session(1),
        source: own,
        agent,
        amount: wide(100),
    };
    assert_eq!(
        city.world.take_events::<wire::ReserveReleased>(),
        [released]
    );
    assert_eq!((held(1), city.credit(agent)), (0, 250));
    city.balanced();
}

#[test]
fn a_bid_without_a_stake_is_a_bid() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 5);
    let mission = city.mission("sponsor", 10);
    city.stake(mission, agent, 0);
    city.tell(Peer::Legislature, unreserve(1, agent.into_word(), agent, 0));
    assert_eq!(city.locked(mission, agent), (agent.into_word(), 0));
    city.balanced();
}

#[test]
fn a_stake_is_released_from_its_second_on_by_anyone() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let mission = city.mission("sponsor", 10);
    city.stake(mission, agent, 200);
    let still = |until: u64| wire::StakeStillLocked {
        missionId: mission,
        releaseAt: U40::from(until),
    };
    city.refused(STRANGER, release(mission, agent), still(0));
    city.end(mission);
    let until = city.world.now() + SANCTION;
    city.refused(STRANGER, release(mission, agent), still(until));
    city.world.warp(SANCTION - 1);
    city.refused(STRANGER, release(mission, agent), still(until));
    city.world.warp(1);
    city.world.take_logs();
    city.call(STRANGER, release(mission, agent)).unwrap();
    let released = wire::StakeReleased {
        missionId: mission,
        agent,
        source: agent.into_word(),
        amount: wide(200),
    };
    assert_eq!(city.world.take_events::<wire::StakeReleased>(), [released]);
    assert_eq!(city.credit(agent), 500);
    let nothing = |agent| wire::NothingLocked {
        missionId: mission,
        agent,
    };
    city.refused(STRANGER, release(mission, agent), nothing(agent));
    city.refused(STRANGER, release(mission, STRANGER), nothing(STRANGER));
    let unknown = B256::repeat_byte(0x77);
    let never = wire::StakeStillLocked {
        missionId: unknown,
        releaseAt: U40::ZERO,
    };
    city.refused(STRANGER, release(unknown, agent), never);
    city.balanced();
}

#[test]
fn a_closed_escrow_keeps_no_stake() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let mission = city.mission("sponsor", 10);
    city.stake(mission, agent, 200);
    city.end(mission);
    city.call(STRANGER, wire::closeEscrowCall { missionId: mission })
        .unwrap();
    city.world.warp(SANCTION);
    city.call(STRANGER, release(mission, agent)).unwrap();
    assert_eq!(city.credit(agent), 500);
}

/// INV-TREASURY-04.
#[test]
fn slashes_take_what_is_there_and_never_refuse() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let (mission, work) = (city.mission("sponsor", 10), member(Peer::Collaboration));
    city.stake(mission, agent, 201);
    city.world.take_logs();
    let taken = |amount| {
        city.call(work, slash(mission, agent, amount))
            .unwrap()
            .to::<u128>()
    };
    assert_eq!(taken(0), 0);
    assert_eq!(taken(101), 101);
    let slashed = |amount| wire::StakeSlashed {
        missionId: mission,
        node: 5,
        agent,
        fault: wire::Fault::NodeFailure,
        amount: wide(amount),
    };
    assert_eq!(
        city.world.take_events::<wire::StakeSlashed>(),
        [slashed(0), slashed(101)]
    );
    let funds = || {
        (
            city.parts().insurance.to::<u128>(),
            city.parts().treasury.to::<u128>(),
        )
    };
    assert_eq!(funds(), (50, 51));
    assert_eq!(taken(u128::MAX), 100);
    assert_eq!((taken(1), funds()), (0, (100, 101)));
    assert_eq!(city.call(work, slash(mission, STRANGER, 9)), Ok(U256::ZERO));
    assert_eq!(city.call(work, slash(REASON, agent, 9)), Ok(U256::ZERO));
    city.balanced();
    // More may follow, of which again no more is taken than there is.
    city.stake(mission, agent, 30);
    assert_eq!(taken(31), 30);
    for fault in [0u8, 5, 255] {
        let mut call = alloy_sol_types::SolCall::abi_encode(&slash(mission, agent, 1));
        call[4 + 3 * 32 + 31] = fault;
        let answer = city.world.transact(work, here(), U256::ZERO, &call);
        let malformed = alloy_sol_types::SolError::abi_encode(&wire::MalformedCall {});
        assert_eq!(answer, Err(malformed), "{fault}");
    }
}

#[test]
fn a_stake_can_be_slashed_until_it_is_free_and_no_longer() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let (mission, work) = (city.mission("sponsor", 10), member(Peer::Collaboration));
    city.stake(mission, agent, 200);
    city.end(mission);
    city.world.warp(SANCTION - 1);
    assert_eq!(city.call(work, slash(mission, agent, 10)), Ok(wide(10)));
    city.world.warp(1);
    assert_eq!(city.call(work, slash(mission, agent, 10)), Ok(U256::ZERO));
    assert_eq!(city.locked(mission, agent).1, 190);
}

#[test]
fn an_agent_has_one_source_in_a_mission() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let pool = city.pool_for(agent, 100, 200);
    let (own, statute) = (agent.into_word(), member(Peer::Statute));
    let first = city.mission("sponsor", 10);
    city.stake(first, agent, 50);
    let second = |mission, source| wire::SecondSource {
        missionId: mission,
        agent,
        source,
    };
    city.tell(Peer::Legislature, reserve(2, pool, agent, 60));
    city.refused(statute, lock(first, 2, pool, agent, 60), second(first, own));
    let other = city.mission("sponsor", 10);
    city.tell(Peer::Statute, lock(other, 2, pool, agent, 40));
    assert_eq!(city.locked(other, agent), (pool, 40));
    city.tell(Peer::Legislature, reserve(3, own, agent, 60));
    city.refused(statute, lock(other, 3, own, agent, 60), second(other, pool));
    // When nothing is left of the one, another may follow.
    city.call(member(Peer::Collaboration), slash(other, agent, 40))
        .unwrap();
    city.tell(Peer::Statute, lock(other, 3, own, agent, 60));
    assert_eq!(city.locked(other, agent), (own, 60));
    city.balanced();
}

#[test]
fn a_sponsor_neither_works_in_its_mission_nor_backs_who_does() {
    let city = City::new();
    let (friend, ann) = (
        city.agent("fay", "sponsor", 500),
        city.agent("ann", "bob", 500),
    );
    let (statute, mission) = (member(Peer::Statute), city.mission("sponsor", 10));
    let dealing = |agent| wire::SelfDealing {
        missionId: mission,
        agent,
    };
    city.tell(
        Peer::Legislature,
        reserve(1, friend.into_word(), friend, 50),
    );
    city.refused(
        statute,
        lock(mission, 1, friend.into_word(), friend, 50),
        dealing(friend),
    );
    // It may in another's.
    let theirs = city.mission("patron", 10);
    city.tell(
        Peer::Statute,
        lock(theirs, 1, friend.into_word(), friend, 50),
    );

    // The manager of the pool is the sponsor of the next mission.
    let pool = city.pool_for(ann, 100, 200);
    city.tell(Peer::Legislature, reserve(1, pool, ann, 50));
    let managed = city.mission("manager", 10);
    let dealing = wire::SelfDealing {
        missionId: managed,
        agent: ann,
    };
    city.refused(statute, lock(managed, 1, pool, ann, 50), dealing);
    city.tell(Peer::Statute, lock(mission, 1, pool, ann, 50));
}
