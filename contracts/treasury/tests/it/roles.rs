//! The treasury as its role table (`abi/roles/Treasury.toml`) says it.

use agentcity_abi::{
    ICollaboration::MissionState,
    ITreasury as wire,
    ITreasury::{ITreasuryCalls, ITreasuryEvents},
    roles::Caller,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
    token::Manners,
};
use alloy_primitives::{Address, B256, U256, aliases::U40};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

fn people() -> Vec<(&'static str, Address)> {
    let people = ["rich", "ann", "bob", "sponsor", "manager", "pat"];
    let mut people = people.map(|name| (name, who(name))).to_vec();
    people.push(("stranger", STRANGER));
    people
}

/// Those of the people who have something.
fn those(has: impl Fn(Address) -> bool) -> Vec<Address> {
    let all = people().into_iter().map(|(_, who)| who);
    all.filter(|who| has(*who)).collect()
}

/// Whose things those functions act on that are anybody's for what is their own.
fn owned(prepared: Prepared<City>, function: &str) -> Prepared<City> {
    let owners = match function {
        "withdraw" => those(|who| prepared.city.credit(who) > 0),
        "withdrawTo" | "fundMissionFromCredit" | "joinPool" => {
            those(|who| prepared.city.credit(who) >= 10)
        }
        "depositWithPermit" | "fundMissionWithPermit" => {
            those(|who| prepared.city.balance(who) >= 10)
        }
        "requestLeavePool" | "leavePool" => vec![who("pat")],
        "bindPool" => vec![who("manager")],
        // Everybody may found a pool.
        "createPool" => return prepared.of_everybody(),
        _ => return prepared,
    };
    prepared.of(owners)
}

fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed(Address::ZERO);
        city.is_sealed.replace(true);
        return Prepared::new(city, wire::wireCall {}.abi_encode());
    }
    // With coins there are no permits.
    let city = if function.ends_with("WithPermit") {
        City::with_token(Manners::Honest)
    } else {
        City::new()
    };
    let rich = city.rich("rich", 500);
    let agent = city.agent("ann", "bob", 1_000);
    let own = agent.into_word();
    let mission = city.mission("sponsor", 1_000);
    let missionId = mission;
    let pool = city.pool_for(agent, 100, 50);
    city.stake(mission, agent, 100);
    city.tell(Peer::Legislature, reserve(1, own, agent, 100));
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
    owned(Prepared::new(city, input).with_coins(coins), function)
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
        "depositWithPermit" | "fundMissionWithPermit" => wire::PaymentFailed {
            to: here(),
            amount: wide(10),
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

struct Money;

impl Roles for Money {
    const CONTRACT: &'static str = "Treasury";
    const FUNCTION: Signature<4> = ITreasuryCalls::signature_by_selector;
    const EVENT: Signature<32> = ITreasuryEvents::signature_by_selector;
    const FUNCTIONS: usize = ITreasuryCalls::VARIANT_NAMES.len();
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        people()
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }

    fn not_own(city: &City, function: &str, caller: Address, input: &[u8]) -> Vec<u8> {
        refusal(city, function, caller, input)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Money>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Money>();
}
