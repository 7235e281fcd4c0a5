//! Treasury, insurance, and the books.

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::token::{self, Manners};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

/// A mission with 1,000 in its escrow in which an agent has two seats, of 900 together, and so much in each fund.
fn insured(funds: u128) -> (City, B256, Address) {
    let city = City::new();
    let agent = city.agent("ann", "bob", 500);
    let mission = city.mission("sponsor", 1_000);
    city.seat(mission, agent, 60, 500);
    city.seat(mission, agent, 40, 400);
    let giver = who("giver");
    city.fund(giver);
    for fund in [wire::Fund::Treasury, wire::Fund::Insurance] {
        city.pay(giver, funds, contribute(fund, funds)).unwrap();
    }
    city.world.take_logs();
    (city, mission, agent)
}

#[test]
fn gifts_go_to_the_fund_that_is_named() {
    for city in [City::new(), City::with_token(Manners::Honest)] {
        let from = who("giver");
        city.fund(from);
        city.pay(from, 70, contribute(wire::Fund::Treasury, 70))
            .unwrap();
        let received = wire::FundReceived {
            fund: wire::Fund::Treasury,
            from,
            amount: wide(70),
        };
        assert_eq!(city.world.take_events::<wire::FundReceived>(), [received]);
        city.pay(from, 30, contribute(wire::Fund::Insurance, 30))
            .unwrap();
        let parts = city.parts();
        assert_eq!((parts.treasury, parts.insurance), (wide(70), wide(30)));
        city.balanced();
        for fund in [0u8, 3] {
            let mut call = contribute(wire::Fund::Treasury, 1).abi_encode();
            call[4 + 31] = fund;
            let answer = city.world.transact(from, here(), U256::ZERO, &call);
            assert_eq!(answer, Err(wire::MalformedCall {}.abi_encode()));
        }
    }
}

#[test]
fn surplus_is_found_by_anyone_and_belongs_to_the_treasury() {
    for city in [City::new(), City::with_token(Manners::Honest)] {
        city.rich("ann", 100);
        city.world.take_logs();
        assert_eq!(city.call(STRANGER, wire::skimCall {}), Ok(U256::ZERO));
        if city.asset == Address::ZERO {
            city.world.mint(here(), 7);
        } else {
            token::mint(&city.world, TOKEN, here(), 7);
        }
        assert_eq!(city.booked(), 100, "what is forced upon it is nobody's yet");
        city.world.take_logs();
        assert_eq!(city.call(STRANGER, wire::skimCall {}), Ok(wide(7)));
        let skimmed = wire::Skimmed { amount: wide(7) };
        assert_eq!(city.world.take_events::<wire::Skimmed>(), [skimmed]);
        assert_eq!((city.parts().treasury, city.booked()), (wide(7), 107));
        assert_eq!(city.call(STRANGER, wire::skimCall {}), Ok(U256::ZERO));
        city.balanced();
    }
}

#[test]
fn more_surplus_than_fits_waits() {
    let city = City::new();
    city.rich("ann", 100);
    city.world.mint(here(), u128::MAX);
    assert_eq!(
        city.call(STRANGER, wire::skimCall {}),
        Ok(wide(u128::MAX - 100))
    );
    assert_eq!(city.booked(), u128::MAX);
    assert_eq!(city.call(STRANGER, wire::skimCall {}), Ok(U256::ZERO));
    city.balanced();
}

#[test]
fn a_loss_is_compensated_once_with_evidence_within_its_limits() {
    let (city, mission, agent) = insured(5_009);
    let panel = member(Peer::Adjudication);
    let limit = |available: u128, limit: u128, needed: u128| wire::InsuranceLimit {
        available: wide(available),
        limit: wide(limit),
        needed: wide(needed),
    };
    city.refused(panel, claim(mission, agent, 501), limit(5_009, 500, 501));
    let mut unproven = claim(mission, agent, 500);
    unproven.evidenceHash = B256::ZERO;
    let evidence = wire::NoEvidence {
        missionId: mission,
        agent,
    };
    city.refused(panel, unproven, evidence);
    let nothing = wire::InvalidAmount { amount: U256::ZERO };
    city.refused(panel, claim(mission, agent, 0), nothing);
    let stranger = wire::NothingLocked {
        missionId: mission,
        agent: STRANGER,
    };
    city.refused(panel, claim(mission, STRANGER, 1), stranger);
    city.call(panel, claim(mission, agent, 500)).unwrap();
    let paid = wire::InsurancePaid {
        missionId: mission,
        agent,
        amount: wide(500),
        evidenceHash: REASON,
    };
    assert_eq!(city.world.take_events::<wire::InsurancePaid>(), [paid]);
    assert_eq!(
        (city.credit(agent), city.parts().insurance),
        (900, wide(4_509))
    );
    let again = wire::AlreadyClaimed {
        missionId: mission,
        agent,
    };
    city.refused(panel, claim(mission, agent, 1), again);
    city.balanced();
    // In another mission it may, and after its stake came back; but no more than its own seats there were to be paid, however
    // much was paid into the mission (S-13).
    let other = city.mission("patron", 40_000);
    city.seat(other, agent, 0, 30);
    city.seat(other, agent, 0, 10);
    city.end(other);
    assert_eq!(city.budget(other, agent), 40);
    city.refused(panel, claim(other, agent, 41), limit(4_509, 40, 41));
    city.call(panel, claim(other, agent, 40)).unwrap();
    city.balanced();
}

#[test]
fn the_panel_pays_out_of_the_fund_that_the_purpose_has() {
    let (city, ..) = insured(1_000);
    let panel = member(Peer::Adjudication);
    let pay = |kind, amount: u128| wire::disburseCall {
        kind,
        recipient: STRANGER,
        amount: wide(amount),
        justificationHash: REASON,
    };
    let funds = || {
        (
            city.parts().treasury.to::<u128>(),
            city.parts().insurance.to::<u128>(),
        )
    };
    use wire::Disbursement::{GasSubsidy, Insurance};
    city.call(panel, pay(Insurance, 300)).unwrap();
    let disbursed = wire::Disbursed {
        kind: Insurance,
        recipient: STRANGER,
        amount: wide(300),
        justificationHash: REASON,
    };
    assert_eq!(city.world.take_events::<wire::Disbursed>(), [disbursed]);
    assert_eq!(funds(), (1_000, 700));
    city.call(panel, pay(GasSubsidy, 400)).unwrap();
    assert_eq!((funds(), city.credit(STRANGER)), ((600, 700), 700));
    for (kind, fund, available) in [
        (Insurance, wire::Fund::Insurance, 700),
        (GasSubsidy, wire::Fund::Treasury, 600),
    ] {
        let less = wire::InsufficientFund {
            fund,
            available: wide(available),
            needed: wide(available + 1),
        };
        city.refused(panel, pay(kind, available + 1), less);
        let nothing = wire::InvalidAmount { amount: U256::ZERO };
        city.refused(panel, pay(kind, 0), nothing);
    }
    let mut nobody = pay(GasSubsidy, 1);
    nobody.recipient = Address::ZERO;
    let receiver = wire::InvalidReceiver {
        receiver: Address::ZERO,
    };
    city.refused(panel, nobody, receiver);
    let mut none = pay(GasSubsidy, 1).abi_encode();
    none[4 + 31] = 0;
    let answer = city.world.transact(panel, here(), U256::ZERO, &none);
    assert_eq!(answer, Err(wire::MalformedCall {}.abi_encode()));
    city.balanced();
}

#[test]
fn reviews_are_paid_by_the_rate_in_force() {
    let (city, ..) = insured(500_000);
    let roster = member(Peer::Roster);
    let pay = |reviews| wire::payCompensationCall {
        adjudicator: STRANGER,
        reviews,
    };
    city.call(roster, pay(3)).unwrap();
    let paid = wire::CompensationPaid {
        adjudicator: STRANGER,
        reviews: 3,
        amount: wide(150 * SCALE),
    };
    assert_eq!(city.world.take_events::<wire::CompensationPaid>(), [paid]);
    assert_eq!(city.credit(STRANGER), 150 * SCALE);
    city.set(EPOCH, ParameterId::AdjudicatorCompensationRate, 11);
    city.call(roster, pay(1)).unwrap();
    assert_eq!(city.credit(STRANGER), 161 * SCALE);
    let nothing = wire::InvalidAmount { amount: U256::ZERO };
    city.refused(roster, pay(0), nothing);
    let left = 500_000 - 161 * SCALE;
    let less = wire::InsufficientFund {
        fund: wire::Fund::Treasury,
        available: wide(left),
        needed: wide(1_100 * SCALE),
    };
    city.refused(roster, pay(100), less);
    city.balanced();
}

#[test]
fn solvency_sets_the_books_against_the_world() {
    let (city, mission, agent) = insured(5_009);
    city.tell(
        Peer::Collaboration,
        settle(mission, 0, 100, vec![seat(agent, 500_000, 100)]),
    );
    city.world.mint(here(), 5);
    let seen = city.call(STRANGER, wire::solvencyCall {}).unwrap();
    assert_eq!(seen.bookedTotal, wide(city.booked()));
    assert_eq!(seen.held, wide(city.booked() + 5));
    assert_eq!((seen.subsidyLeft, seen.claimLimit), (wide(1), wide(501)));
    city.set(EPOCH, ParameterId::InsuranceClaimPct, 50);
    let seen = city.call(STRANGER, wire::solvencyCall {}).unwrap();
    assert_eq!(seen.claimLimit, wide(2_505));
}
