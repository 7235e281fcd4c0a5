//! Stake pools, from the first deposit to the last share.

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use alloy_primitives::{B256, U256};

use crate::city::*;

const NO_POOL: B256 = B256::repeat_byte(0x66);

fn shares(city: &City, pool: B256, name: &str) -> u128 {
    let asked = wire::poolSharesCall {
        poolId: pool,
        participant: who(name),
    };
    city.call(STRANGER, asked).unwrap().to()
}

fn binding(city: &City, pool: B256, name: &str) -> (u128, u128) {
    let asked = wire::poolBindingCall {
        poolId: pool,
        agent: who(name),
    };
    let binding = city.call(STRANGER, asked).unwrap();
    (binding.limit.to(), binding.used.to())
}

#[test]
fn managers_number_their_pools() {
    let city = City::new();
    let (ann, bob) = (who("ann"), who("bob"));
    let first = city.call(ann, wire::createPoolCall {}).unwrap();
    let created = wire::PoolCreated {
        poolId: first,
        manager: ann,
    };
    assert_eq!(city.world.take_events::<wire::PoolCreated>(), [created]);
    let second = city.call(ann, wire::createPoolCall {}).unwrap();
    let theirs = city.call(bob, wire::createPoolCall {}).unwrap();
    assert!(first != second && first != theirs && second != theirs);
    assert_eq!(
        (city.pool(first).manager, city.pool(theirs).manager),
        (ann, bob)
    );
    let unknown = || wire::UnknownPool { poolId: NO_POOL };
    city.refused(ann, join(NO_POOL, 1), unknown());
    city.refused(ann, leave(NO_POOL, 1), unknown());
    city.refused(ann, ask(NO_POOL), unknown());
    city.refused(ann, bind(NO_POOL, bob, 1), unknown());
    city.refused(ann, wire::poolCall { poolId: NO_POOL }, unknown());
    city.refused(
        member(Peer::Legislature),
        reserve(1, NO_POOL, ann, 1),
        unknown(),
    );
}

#[test]
fn deposits_buy_shares_and_shares_pay() {
    let city = City::new();
    let pool = city.call(who("manager"), wire::createPoolCall {}).unwrap();
    let (pat, quin) = (city.rich("pat", 1_000), city.rich("quin", 1_000));
    city.world.take_logs();
    city.call(pat, join(pool, 300)).unwrap();
    let joined = wire::PoolJoined {
        poolId: pool,
        participant: pat,
        amount: wide(300),
        shares: wide(300),
    };
    assert_eq!(city.world.take_events::<wire::PoolJoined>(), [joined]);
    city.call(quin, join(pool, 100)).unwrap();
    let seen = city.pool(pool);
    assert_eq!((seen.assets, seen.shares, seen.participants), (400, 400, 2));
    assert_eq!(
        (shares(&city, pool, "pat"), shares(&city, pool, "quin")),
        (300, 100)
    );
    let less = wire::InsufficientCredit {
        account: quin,
        available: wide(900),
        needed: wide(901),
    };
    city.refused(quin, join(pool, 901), less);
    let held = wire::InsufficientShares {
        poolId: pool,
        participant: quin,
        held: wide(100),
        needed: wide(101),
    };
    city.refused(quin, leave(pool, 101), held);
    let nothing = || wire::InvalidAmount { amount: U256::ZERO };
    city.refused(quin, leave(pool, 0), nothing());
    city.refused(quin, join(pool, 0), nothing());
    city.world.take_logs();
    city.call(quin, leave(pool, 100)).unwrap();
    let left = wire::PoolLeft {
        poolId: pool,
        participant: quin,
        amount: wide(100),
        shares: wide(100),
    };
    assert_eq!(city.world.take_events::<wire::PoolLeft>(), [left]);
    assert_eq!(
        (city.credit(quin), city.pool(pool).participants),
        (1_000, 1)
    );
    city.balanced();
}

#[test]
fn only_a_large_enough_pool_backs_and_only_whom_its_manager_bound() {
    let city = City::new();
    let (agent, manager) = (city.agent("ann", "bob", 10), who("manager"));
    let pool = city.call(manager, wire::createPoolCall {}).unwrap();
    let small = |participants| wire::PoolTooSmall {
        poolId: pool,
        participants,
        needed: 3,
    };
    for (participants, name) in ["pat", "quin", "rae"].into_iter().enumerate() {
        city.refused(manager, bind(pool, agent, 50), small(participants as u32));
        let participant = city.rich(name, 100);
        city.call(participant, join(pool, 100)).unwrap();
    }
    city.refused(
        agent,
        bind(pool, agent, 50),
        wire::Unauthorized { caller: agent },
    );
    city.world.take_logs();
    city.call(manager, bind(pool, agent, 50)).unwrap();
    let bound = wire::PoolBound {
        poolId: pool,
        agent,
        limit: wide(50),
    };
    assert_eq!(city.world.take_events::<wire::PoolBound>(), [bound]);
    let law = member(Peer::Legislature);
    let beyond = |available: u128, needed: u128| wire::InsufficientStake {
        source: pool,
        available: wide(available),
        needed: wide(needed),
    };
    city.refused(law, reserve(1, pool, agent, 51), beyond(50, 51));
    city.refused(law, reserve(1, pool, who("cid"), 1), beyond(0, 1));
    // Who leaves makes it too small for new bids, and for nothing else.
    city.call(who("rae"), leave(pool, 100)).unwrap();
    city.refused(law, reserve(1, pool, agent, 10), small(2));
    city.call(manager, bind(pool, agent, 0)).unwrap();
    city.set(EPOCH, ParameterId::StakepoolMinParticipants, 2);
    city.call(manager, bind(pool, agent, 50)).unwrap();
    city.call(law, reserve(1, pool, agent, 50)).unwrap();
    assert_eq!(binding(&city, pool, "ann"), (50, 50));
    city.balanced();
}

#[test]
fn a_pools_money_goes_out_and_comes_back_with_its_obligations() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 250);
    let law = member(Peer::Legislature);
    let state = || {
        let seen = city.pool(pool);
        (
            seen.assets,
            seen.openObligations,
            city.parts().pools.to::<u128>(),
        )
    };
    assert_eq!(state(), (300, 0, 300));
    city.call(law, reserve(1, pool, agent, 100)).unwrap();
    city.call(law, reserve(1, pool, agent, 20)).unwrap();
    city.call(law, reserve(2, pool, agent, 30)).unwrap();
    assert_eq!(state(), (300, 2, 150), "one for each session");
    let obligated = |open| wire::PoolObligated {
        poolId: pool,
        openObligations: open,
    };
    city.refused(who("pat"), leave(pool, 100), obligated(2));
    let mission = city.mission("sponsor", 10);
    city.tell(Peer::Statute, lock(mission, 1, pool, agent, 70));
    assert_eq!(state(), (300, 3, 150), "two bids and a mission");
    city.tell(Peer::Statute, lock(mission, 1, pool, agent, 50));
    assert_eq!(state(), (300, 2, 150));
    city.call(law, unreserve(2, pool, agent, 30)).unwrap();
    assert_eq!(state(), (300, 1, 180));
    assert_eq!(binding(&city, pool, "ann"), (250, 120));
    city.end(mission);
    city.world.warp(SANCTION);
    city.refused(who("pat"), leave(pool, 100), obligated(1));
    city.world.take_logs();
    city.call(STRANGER, release(mission, agent)).unwrap();
    assert_eq!(city.world.take_logs().len(), 1, "nobody is credited");
    assert_eq!(
        (state(), binding(&city, pool, "ann")),
        ((300, 0, 300), (250, 0))
    );
    city.call(who("pat"), leave(pool, 100)).unwrap();
    city.balanced();
}

/// INV-TREASURY-05.
#[test]
fn a_slash_is_the_loss_of_the_pool() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 250);
    let mission = city.mission("sponsor", 10);
    city.stake_from(mission, pool, agent, 150);
    city.tell(Peer::Collaboration, slash(mission, agent, 60));
    let seen = city.pool(pool);
    assert_eq!(
        (seen.assets, seen.shares, seen.openObligations),
        (240, 300, 1)
    );
    assert_eq!(
        binding(&city, pool, "ann"),
        (190, 90),
        "what was lost counts against the limit"
    );
    assert_eq!(city.credit(agent), 10);
    // A newcomer buys at what shares are worth now, 0.8.
    let late = city.rich("late", 100);
    city.call(late, join(pool, 80)).unwrap();
    assert_eq!(shares(&city, pool, "late"), 100);
    city.tell(Peer::Collaboration, slash(mission, agent, u128::MAX));
    assert_eq!(city.pool(pool).openObligations, 0, "nothing is left of it");
    for name in ["pat", "quin", "rae", "late"] {
        city.call(who(name), leave(pool, 100)).unwrap();
    }
    // 230 among four.
    assert_eq!(
        [city.credit(who("pat")), city.credit(who("quin"))],
        [57, 57]
    );
    assert_eq!([city.credit(who("rae")), city.credit(late)], [58, 20 + 58]);
    assert_eq!(city.pool(pool).assets, 0);
    city.balanced();
}

#[test]
fn a_pool_that_lost_everything_is_nobodys_purse() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 300);
    let mission = city.mission("sponsor", 10);
    city.stake_from(mission, pool, agent, 300);
    city.tell(Peer::Collaboration, slash(mission, agent, 300));
    let late = city.rich("late", 100);
    let none = || wire::NoShares {
        poolId: pool,
        amount: wide(100),
    };
    city.refused(late, join(pool, 100), none());
    for name in ["pat", "quin", "rae"] {
        city.call(who(name), leave(pool, 100)).unwrap();
        assert_eq!(city.credit(who(name)), 0);
    }
    city.refused(late, join(pool, 100), none());
    city.balanced();
}

/// Three hundred of three, of which an agent may stake 250; a hundred of them in a mission.
fn bound() -> (City, B256, alloy_primitives::Address, B256) {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 250);
    let mission = city.mission("sponsor", 10);
    city.stake_from(mission, pool, agent, 100);
    (city, pool, agent, mission)
}

#[test]
fn a_manager_with_always_another_bid_keeps_nobody_in() {
    let (city, pool, agent, mission) = bound();
    let (pat, law) = (who("pat"), member(Peer::Legislature));
    city.world.take_logs();
    city.call(pat, ask(pool)).unwrap();
    let asked = wire::PoolLeaveRequested {
        poolId: pool,
        participant: pat,
        shares: wide(100),
    };
    assert_eq!(
        city.world.take_events::<wire::PoolLeaveRequested>(),
        [asked]
    );
    assert_eq!(city.pool(pool).leaving, 100);
    // New bids draw on what the others have: two hundred, of which one is out.
    let beyond = wire::InsufficientStake {
        source: pool,
        available: wide(100),
        needed: wide(101),
    };
    city.refused(law, reserve(2, pool, agent, 101), beyond);
    city.call(law, reserve(2, pool, agent, 100)).unwrap();
    let obligated = |open| wire::PoolObligated {
        poolId: pool,
        openObligations: open,
    };
    city.refused(pat, leave(pool, 100), obligated(2));
    city.end(mission);
    city.world.warp(SANCTION);
    city.call(STRANGER, release(mission, agent)).unwrap();
    // The other bid is still open, and goes on.
    city.call(pat, leave(pool, 100)).unwrap();
    assert_eq!((city.credit(pat), city.pool(pool).leaving), (100, 0));
    assert_eq!(city.pool(pool).openObligations, 1);
    city.refused(who("quin"), leave(pool, 100), obligated(1));
    let next = city.mission("sponsor", 10);
    city.tell(Peer::Statute, lock(next, 2, pool, agent, 100));
    city.tell(Peer::Collaboration, slash(next, agent, 100));
    let seen = city.pool(pool);
    assert_eq!((seen.assets, seen.shares), (100, 200), "the others' loss");
    city.balanced();
}

/// INV-TREASURY-05.
#[test]
fn attack_s08_a_request_does_not_outrun_a_loss_by_going_from_a_bid_to_a_mission() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 250);
    let (pat, law) = (who("pat"), member(Peer::Legislature));
    city.call(law, reserve(1, pool, agent, 90)).unwrap();
    city.call(pat, ask(pool)).unwrap();
    let obligated = |open| wire::PoolObligated {
        poolId: pool,
        openObligations: open,
    };
    // The bid wins: its stake is in the mission, where it is what it was when the request came.
    let mission = city.mission("sponsor", 10);
    city.tell(Peer::Statute, lock(mission, 1, pool, agent, 60));
    city.refused(pat, leave(pool, 100), obligated(2));
    city.tell(Peer::Statute, lock(mission, 1, pool, agent, 30));
    city.refused(pat, leave(pool, 100), obligated(1));
    city.tell(Peer::Collaboration, slash(mission, agent, 30));
    city.refused(pat, leave(pool, 100), obligated(1));
    city.tell(Peer::Collaboration, slash(mission, agent, 60));
    city.call(pat, leave(pool, 100)).unwrap();
    assert_eq!(city.credit(pat), 70, "its part of both losses");
    city.balanced();
}

#[test]
fn one_share_bars_one_shares_worth() {
    let (city, pool, agent, _) = bound();
    let mallory = city.rich("mallory", 1);
    city.call(mallory, join(pool, 1)).unwrap();
    for _ in 0..3 {
        city.call(mallory, ask(pool)).unwrap();
    }
    assert_eq!(city.pool(pool).leaving, 1);
    let law = member(Peer::Legislature);
    city.call(who("manager"), bind(pool, agent, 400)).unwrap();
    let beyond = wire::InsufficientStake {
        source: pool,
        available: wide(200),
        needed: wide(201),
    };
    city.refused(law, reserve(2, pool, agent, 201), beyond);
    city.call(law, reserve(2, pool, agent, 200)).unwrap();
    city.balanced();
}
