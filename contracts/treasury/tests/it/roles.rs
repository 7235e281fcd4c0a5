//! Each function × each role: allowed, or the right refusal, as `abi/roles/Treasury.toml` says.

use agentcity_abi::{
    ICollaboration::MissionState,
    ITreasury as wire,
    roles::{Caller, table},
};
use agentcity_domain::peer::Peer;
use agentcity_world::World;
use alloy_primitives::{Address, B256, U256, aliases::U40};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

/// A call of a function that succeeds if its caller may make it, with the coins that go with it, in a city where it does.
struct Prepared {
    city: City,
    input: Vec<u8>,
    coins: u128,
}

/// Whose things those functions act on that are anybody's for what is their own.
fn owners(function: &str) -> Vec<Address> {
    match function {
        "withdraw" | "withdrawTo" | "fundMissionFromCredit" | "joinPool" => vec![who("rich")],
        "requestLeavePool" | "leavePool" => vec![who("pat")],
        "bindPool" => vec![who("manager")],
        // Everybody may found a pool.
        "createPool" => callers().into_iter().map(|(_, who, _)| who).collect(),
        // With coins there are no permits; with tokens everybody's own is its own.
        "depositWithPermit" | "fundMissionWithPermit" => vec![],
        other => panic!("{other} acts on nobody's own"),
    }
}

fn prepared(function: &str) -> Prepared {
    if function == "wire" {
        let city = City::constructed(Address::ZERO);
        city.is_sealed.replace(true);
        let input = wire::wireCall {}.abi_encode();
        return Prepared {
            city,
            input,
            coins: 0,
        };
    }
    let city = City::new();
    let rich = city.rich("rich", 500);
    let agent = city.agent("ann", "bob", 1_000);
    let own = agent.into_word();
    let mission = city.mission("sponsor", 1_000);
    let missionId = mission;
    let pool = city.pool_for(agent, 100, 50);
    city.stake(mission, agent, 100);
    city.tell(Peer::Legislature, reserve(1, own, agent, 100));
    for (_, who, _) in callers() {
        city.fund(who);
    }
    for fund in [wire::Fund::Treasury, wire::Fund::Insurance] {
        city.pay(rich, 100_000, contribute(fund, 100_000)).unwrap();
    }
    let bondId = B256::repeat_byte(1);
    if function != "postBond" {
        city.tell(Peer::Roster, post(1, rich, 50));
    }
    let amount = wide(10);
    let mut coins = 0;
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "deposit" => {
            coins = 10;
            wire::depositCall {
                account: rich,
                amount,
            }
            .abi_encode()
        }
        "depositWithPermit" => wire::depositWithPermitCall {
            account: rich,
            amount,
            deadline: U256::MAX,
            v: 27,
            r: REASON,
            s: REASON,
        }
        .abi_encode(),
        "withdraw" => wire::withdrawCall {}.abi_encode(),
        "withdrawTo" => wire::withdrawToCall {
            to: STRANGER,
            amount,
        }
        .abi_encode(),
        "credits" => wire::creditsCall { account: rich }.abi_encode(),
        "openEscrow" => wire::openEscrowCall {
            missionId: REASON,
            sponsor: rich,
            epoch: 1,
        }
        .abi_encode(),
        "fundMission" => {
            coins = 10;
            wire::fundMissionCall { missionId, amount }.abi_encode()
        }
        "fundMissionWithPermit" => wire::fundMissionWithPermitCall {
            missionId,
            amount,
            deadline: U256::MAX,
            v: 27,
            r: REASON,
            s: REASON,
        }
        .abi_encode(),
        "fundMissionFromCredit" => {
            wire::fundMissionFromCreditCall { missionId, amount }.abi_encode()
        }
        "allocateBudget" => wire::allocateBudgetCall {
            missionId,
            allocated: amount,
        }
        .abi_encode(),
        "settle" => settle(mission, 1, 10, vec![seat(agent, 500_000, 10)]).abi_encode(),
        "moveEscrow" => {
            let child = city.opened("sponsor", EPOCH);
            city.know(child, MissionState::Pending, mission, 2);
            shift(mission, child, 10).abi_encode()
        }
        "beginClosing" => wire::beginClosingCall {
            missionId,
            sanctionSecs: U40::from(SANCTION),
        }
        .abi_encode(),
        "closeEscrow" => {
            city.end(mission);
            wire::closeEscrowCall { missionId }.abi_encode()
        }
        "escrow" => wire::escrowCall { missionId }.abi_encode(),
        "reserveStake" => reserve(1, own, agent, 10).abi_encode(),
        "releaseReserve" => unreserve(1, own, agent, 10).abi_encode(),
        "lockStakes" => lock(mission, 1, own, agent, 10).abi_encode(),
        "reservedStake" => wire::reservedStakeCall {
            sessionId: session(1),
            source: own,
            agent,
        }
        .abi_encode(),
        "slash" => slash(mission, agent, 10).abi_encode(),
        "releaseStake" => {
            city.end(mission);
            city.world.warp(SANCTION);
            release(mission, agent).abi_encode()
        }
        "lockedStake" => wire::lockedStakeCall { missionId, agent }.abi_encode(),
        "postBond" => post(1, rich, 10).abi_encode(),
        "returnBond" => wire::returnBondCall { bondId }.abi_encode(),
        "forfeitBond" => wire::forfeitBondCall { bondId }.abi_encode(),
        "chargeBond" => wire::chargeBondCall { bondId, amount }.abi_encode(),
        "bond" => wire::bondCall { bondId }.abi_encode(),
        "createPool" => wire::createPoolCall {}.abi_encode(),
        "joinPool" => join(pool, 10).abi_encode(),
        "requestLeavePool" => ask(pool).abi_encode(),
        "leavePool" => leave(pool, 10).abi_encode(),
        "bindPool" => bind(pool, agent, 10).abi_encode(),
        "pool" => wire::poolCall { poolId: pool }.abi_encode(),
        "poolShares" => wire::poolSharesCall {
            poolId: pool,
            participant: agent,
        }
        .abi_encode(),
        "poolBinding" => wire::poolBindingCall {
            poolId: pool,
            agent,
        }
        .abi_encode(),
        "contribute" => {
            coins = 10;
            contribute(wire::Fund::Treasury, 10).abi_encode()
        }
        "skim" => wire::skimCall {}.abi_encode(),
        "payInsurance" => claim(mission, agent, 10).abi_encode(),
        "disburse" => wire::disburseCall {
            kind: wire::Disbursement::GasSubsidy,
            recipient: rich,
            amount,
            justificationHash: REASON,
        }
        .abi_encode(),
        "payCompensation" => wire::payCompensationCall {
            adjudicator: rich,
            reviews: 1,
        }
        .abi_encode(),
        "asset" => wire::assetCall {}.abi_encode(),
        "booked" => wire::bookedCall {}.abi_encode(),
        "parts" => wire::partsCall {}.abi_encode(),
        "solvency" => wire::solvencyCall {}.abi_encode(),
        other => panic!("no call of {other} here"),
    };
    city.world.take_logs();
    Prepared { city, input, coins }
}

/// Everybody who might call: people, and the members by their names in the table.
fn callers() -> Vec<(String, Address, Option<Caller>)> {
    let mut callers: Vec<_> = ["rich", "ann", "bob", "sponsor", "manager", "pat"]
        .into_iter()
        .map(|name| (name.to_owned(), who(name), None))
        .collect();
    callers.push(("stranger".to_owned(), STRANGER, None));
    for (peer, caller) in [
        (Peer::Constitution, Caller::Constitution),
        (Peer::Agent, Caller::Agent),
        (Peer::Management, Caller::Management),
        (Peer::Service, Caller::Service),
        (Peer::Legislature, Caller::Legislature),
        (Peer::Collaboration, Caller::Collaboration),
        (Peer::Adjudication, Caller::Adjudication),
        (Peer::Verification, Caller::Verification),
        (Peer::Guardian, Caller::Guardian),
        (Peer::Assembly, Caller::Assembly),
        (Peer::Statute, Caller::Statute),
        (Peer::Enactment, Caller::Enactment),
        (Peer::Roster, Caller::Roster),
    ] {
        assert_eq!(peer.name(), caller.name());
        callers.push((peer.name().to_owned(), member(peer), Some(caller)));
    }
    assert_eq!(
        callers.len(),
        7 + Peer::COUNT - 1,
        "every member but this one"
    );
    callers
}

/// How a function that acts on the caller's own things refuses somebody who has none, or too little.
fn refusal(city: &City, function: &str, caller: Address, input: &[u8]) -> Vec<u8> {
    let credit = city.credit(caller);
    let lacks = |needed: u128| {
        wire::InsufficientCredit {
            account: caller,
            available: wide(credit),
            needed: wide(needed),
        }
        .abi_encode()
    };
    match function {
        "withdraw" => wire::InvalidAmount { amount: U256::ZERO }.abi_encode(),
        "withdrawTo" | "fundMissionFromCredit" | "joinPool" => lacks(10),
        "depositWithPermit" | "fundMissionWithPermit" => wire::AmountMismatch {
            expected: wide(10),
            received: U256::ZERO,
        }
        .abi_encode(),
        "requestLeavePool" | "leavePool" => wire::InsufficientShares {
            poolId: B256::from_slice(&input[4..36]),
            participant: caller,
            held: U256::ZERO,
            needed: wide(if function == "leavePool" { 10 } else { 1 }),
        }
        .abi_encode(),
        _ => wire::Unauthorized { caller }.abi_encode(),
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let table = table("Treasury").functions;
    assert_eq!(table.len(), crate::wire::selectors().len());
    let (mut allowed, mut refused) = (0, 0);
    for (function, row) in &table {
        for (name, caller, role) in callers() {
            let Prepared { city, input, coins } = prepared(function);
            let own = row.callers.contains(&Caller::Own);
            // Some have a credit, too, by what the city was prepared with.
            let has = match function.as_str() {
                "withdraw" => city.credit(caller) > 0,
                "withdrawTo" | "fundMissionFromCredit" | "joinPool" => city.credit(caller) >= 10,
                "requestLeavePool" | "leavePool" => name == "pat",
                _ => false,
            };
            let may = row.callers.contains(&Caller::Anyone)
                || role.is_some_and(|role| row.callers.contains(&role))
                || own && (has || owners(function).contains(&caller));
            let before = city.world.storage(here());
            let expected = refusal(&city, function, caller, &input);
            let answer = city
                .world
                .transact(caller, here(), U256::from(coins), &input);
            if may {
                assert!(answer.is_ok(), "{function} refuses {name}: {answer:02x?}");
                // What the table says is emitted, here of those events that are this contract's.
                let logs = city.world.take_logs();
                assert_eq!(logs.len(), row.emits.len(), "{function} by {name}");
                allowed += 1;
            } else {
                assert_eq!(answer, Err(expected), "{function} by {name}");
                assert_eq!(city.world.storage(here()), before);
                refused += 1;
            }
        }
    }
    println!("{allowed} pairs of function and role allowed, {refused} refused");
    assert_eq!(allowed + refused, table.len() * callers().len());
}

#[test]
fn a_view_changes_nothing_and_all_else_does() {
    let as_view = |world: &World, input: Vec<u8>| {
        let viewer = Address::repeat_byte(0x5e);
        world.install(viewer, B256::ZERO, move |frame, _| {
            frame.call(here(), U256::ZERO, &input, true, u64::MAX)
        });
        world.transact(STRANGER, viewer, U256::ZERO, &[])
    };
    for (function, row) in table("Treasury").functions {
        let Prepared { city, input, .. } = prepared(&function);
        let answer = as_view(&city.world, input);
        assert_eq!(answer.is_ok(), row.emits.is_empty(), "{function}");
    }
}
