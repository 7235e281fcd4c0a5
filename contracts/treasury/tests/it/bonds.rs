//! Bonds: put up, given back, taken whole or in part.

use agentcity_abi::ITreasury as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

const ID: B256 = B256::repeat_byte(1);

fn held(city: &City) -> (Address, wire::BondKind, u128) {
    let bond = city.call(STRANGER, wire::bondCall { bondId: ID }).unwrap();
    (bond.owner, bond.kind, bond.amount.to())
}

#[test]
fn a_bond_is_taken_out_of_a_credit_and_goes_back_whole() {
    let city = City::new();
    let owner = city.rich("ann", 100);
    for peer in [
        Peer::Assembly,
        Peer::Verification,
        Peer::Guardian,
        Peer::Roster,
    ] {
        let by = member(peer);
        city.world.take_logs();
        city.call(by, post(1, owner, 70)).unwrap();
        let posted = wire::BondPosted {
            bondId: ID,
            owner,
            kind: wire::BondKind::Dissent,
            amount: wide(70),
        };
        assert_eq!(city.world.take_events::<wire::BondPosted>(), [posted]);
        assert_eq!(held(&city), (owner, wire::BondKind::Dissent, 70));
        assert_eq!(city.credit(owner), 30);
        city.refused(by, post(1, owner, 1), wire::WrongBond { bondId: ID });
        let less = wire::InsufficientCredit {
            account: owner,
            available: wide(30),
            needed: wide(31),
        };
        city.refused(by, post(2, owner, 31), less);
        city.balanced();
        city.world.take_logs();
        city.call(by, wire::returnBondCall { bondId: ID }).unwrap();
        let returned = wire::BondReturned {
            bondId: ID,
            owner,
            amount: wide(70),
        };
        assert_eq!(city.world.take_events::<wire::BondReturned>(), [returned]);
        assert_eq!(held(&city), (Address::ZERO, wire::BondKind::None, 0));
        assert_eq!(city.credit(owner), 100);
        let wrong = || wire::WrongBond { bondId: ID };
        city.refused(by, wire::returnBondCall { bondId: ID }, wrong());
        city.refused(by, wire::forfeitBondCall { bondId: ID }, wrong());
    }
    let nothing = wire::InvalidAmount { amount: U256::ZERO };
    city.refused(member(Peer::Roster), post(1, owner, 0), nothing);
    for kind in [0u8, 6] {
        let mut call = post(1, owner, 1).abi_encode();
        call[4 + 2 * 32 + 31] = kind;
        let answer = city
            .world
            .transact(member(Peer::Roster), here(), U256::ZERO, &call);
        assert_eq!(answer, Err(wire::MalformedCall {}.abi_encode()));
    }
}

#[test]
fn a_bond_that_is_lost_is_halved() {
    let city = City::new();
    let owner = city.rich("ann", 100);
    city.tell(Peer::Assembly, post(1, owner, 71));
    city.world.take_logs();
    city.tell(Peer::Guardian, wire::forfeitBondCall { bondId: ID });
    let forfeited = wire::BondForfeited {
        bondId: ID,
        owner,
        amount: wide(71),
    };
    assert_eq!(city.world.take_events::<wire::BondForfeited>(), [forfeited]);
    let parts = city.parts();
    assert_eq!(
        (parts.insurance, parts.treasury, parts.bonds),
        (wide(35), wide(36), U256::ZERO)
    );
    city.balanced();
}

#[test]
fn a_bond_is_charged_until_nothing_is_left_and_then_returns_nothing() {
    let city = City::new();
    let owner = city.rich("ann", 100);
    city.tell(Peer::Roster, post(1, owner, 50));
    let charge = |amount: u128| wire::chargeBondCall {
        bondId: ID,
        amount: wide(amount),
    };
    city.world.take_logs();
    assert_eq!(city.tell(Peer::Roster, charge(21)), wide(21));
    let charged = wire::BondCharged {
        bondId: ID,
        owner,
        amount: wide(21),
        left: wide(29),
    };
    assert_eq!(city.world.take_events::<wire::BondCharged>(), [charged]);
    for peer in [Peer::Assembly, Peer::Verification, Peer::Guardian] {
        let caller = member(peer);
        city.refused(caller, charge(1), wire::Unauthorized { caller });
    }
    assert_eq!(city.tell(Peer::Roster, charge(30)), wide(29));
    assert_eq!(city.tell(Peer::Roster, charge(30)), U256::ZERO);
    assert_eq!(held(&city), (owner, wire::BondKind::Dissent, 0));
    city.balanced();
    city.tell(Peer::Roster, wire::returnBondCall { bondId: ID });
    assert_eq!(city.credit(owner), 50);
    let wrong = wire::WrongBond { bondId: ID };
    city.refused(member(Peer::Roster), charge(1), wrong);
}
