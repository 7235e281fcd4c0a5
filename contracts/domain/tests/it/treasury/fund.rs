//! Who is paid out of the common funds, and how much at most.

use agentcity_domain::{
    amount::Amount,
    treasury::{
        Refused,
        fund::{Fund, claim, claim_limit, compensation, debit, loss, spend, surplus},
        stake::Locked,
    },
};

use super::{short, units};

/// Somebody whose seats are worth so much.
fn of_budget(budget: u128) -> Locked {
    Locked {
        took_part: true,
        budget: units(budget),
        ..Locked::default()
    }
}

fn beyond(available: u128, limit: u128, needed: u128) -> Refused {
    Refused::InsuranceLimit {
        available: units(available),
        limit: units(limit),
        needed: units(needed),
    }
}

#[test]
fn a_claim_is_paid_once_with_evidence_and_within_both_limits() {
    let agent = of_budget(500);
    let paid = claim(units(1_009), agent, true, 10, units(100)).unwrap();
    let compensated = Locked {
        compensated: true,
        ..agent
    };
    assert_eq!(paid, (compensated, units(909)));
    let refused = |agent, evidence, pct, amount| {
        claim(units(1_009), agent, evidence, pct, units(amount)).unwrap_err()
    };
    let nothing = Refused::InvalidAmount(Amount::ZERO);
    for (agent, evidence, pct, amount, expected) in [
        (agent, false, 10, 100, Refused::NoEvidence),
        (Locked::default(), true, 10, 100, Refused::NothingLocked),
        (compensated, true, 10, 100, Refused::AlreadyClaimed),
        (agent, true, 10, 0, nothing),
        (agent, true, 10, 101, beyond(1_009, 100, 101)),
        (agent, true, 0, 1, beyond(1_009, 0, 1)),
        // What the agent was to be paid, whatever anybody paid into the mission (S-13).
        (of_budget(50), true, 10, 51, beyond(1_009, 50, 51)),
        (of_budget(0), true, 100, 1, beyond(1_009, 0, 1)),
    ] {
        assert_eq!(refused(agent, evidence, pct, amount), expected);
    }
    assert!(claim(units(1_009), of_budget(50), true, 10, units(50)).is_ok());
}

#[test]
fn the_limit_of_a_claim_is_a_share_rounded_down() {
    for (held, pct, limit) in [
        (1_009, 10, 100),
        (9, 10, 0),
        (10, 10, 1),
        (u128::MAX, 50, u128::MAX / 2),
        (77, 100, 77),
        (77, u64::MAX, 77),
        // A hundred times this is 84 beyond 64 bits.
        (77, 184_467_440_737_095_517, 77),
        (77, 0, 0),
    ] {
        assert_eq!(claim_limit(units(held), pct), units(limit), "{held} {pct}");
    }
}

#[test]
fn a_fund_pays_what_it_holds_and_no_more() {
    for fund in [Fund::Treasury, Fund::Insurance] {
        assert_eq!(spend(fund, units(5), units(5)), Ok(units(0)));
        let less = Refused::InsufficientFund(fund, short(5, 6));
        assert_eq!(spend(fund, units(5), units(6)), Err(less));
        let nothing = Refused::InvalidAmount(Amount::ZERO);
        assert_eq!(spend(fund, units(5), units(0)), Err(nothing));
    }
    assert_eq!(debit(units(5), units(5)), Ok(units(0)));
    assert_eq!(
        debit(units(5), units(6)),
        Err(Refused::InsufficientCredit(short(5, 6)))
    );
    assert_eq!(
        debit(units(5), units(0)),
        Err(Refused::InvalidAmount(Amount::ZERO))
    );
}

#[test]
fn reviews_are_paid_by_the_table() {
    assert_eq!(compensation(3, 50, units(1_000)), Ok(units(150_000)));
    assert_eq!(
        compensation(0, 50, units(1_000)),
        Err(Refused::InvalidAmount(Amount::ZERO))
    );
    let most = compensation(u32::MAX, u32::MAX.into(), units(1 << 96));
    assert_eq!(most, Err(Refused::InvalidAmount(Amount::MAX)));
    assert!(compensation(u32::MAX, u64::MAX, units(1 << 32)).is_ok());
}

#[test]
fn what_exceeds_the_books_is_surplus_and_what_is_missing_is_none() {
    assert_eq!(surplus(units(9), units(7)), units(2));
    assert_eq!(surplus(units(7), units(7)), units(0));
    assert_eq!(surplus(units(6), units(7)), units(0));
}

#[test]
fn numbers_of_the_wire_name_funds() {
    for number in 0..=255 {
        let (fund, paid_from) = (Fund::at(number), Fund::of_disbursement(number));
        match number {
            1 => assert_eq!(
                (fund, paid_from),
                (Some(Fund::Treasury), Some(Fund::Insurance))
            ),
            2 => assert_eq!(
                (fund, paid_from),
                (Some(Fund::Insurance), Some(Fund::Treasury))
            ),
            _ => assert_eq!((fund, paid_from), (None, None)),
        }
    }
    assert_eq!(
        (loss(units(7)).insurance, loss(units(7)).treasury),
        (units(3), units(4))
    );
}
