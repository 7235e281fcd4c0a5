//! EQ-2 to EQ-12 against the seed's printed tables and the public vectors' figures.

use agentcity_domain::{
    amount::{Amount, AmountError, Bps},
    analysis::economy::{
        Assumptions, Chance, Flows, MARGIN, SHARES, adjudicator_stake, coalition, detection,
        deterred, effective, expected_claims, least_price, malice, opportunity, registration_stake,
        task_stake,
    },
    reputation::Psi,
};

fn bps(parts: u64) -> Bps {
    Bps::new(parts).unwrap()
}

fn units(amount: u128) -> Amount {
    Amount::new(amount)
}

fn of(executors: u32, threshold: u32, notices: u64, correlation: u64, defects: u64) -> Assumptions {
    Assumptions {
        executors,
        threshold,
        notices: Chance::permille(notices),
        correlation: Chance::permille(correlation),
        defects: Chance::permille(defects),
    }
}

#[test]
fn detection_and_coalitions_are_those_of_the_vectors() {
    let moderate = Assumptions::default();
    // eq2_detect-001, -002; two colluders of three hold the majority.
    assert_eq!(
        detection(&of(3, 2, 330, 0, 120), 0),
        Chance::billionths(699_237_000)
    );
    let noticed: Vec<u64> = (0..=3).map(|c| detection(&moderate, c).get()).collect();
    assert_eq!(noticed, [875_000_000, 750_000_000, 0, 0]);
    // eq3_binomial-001.
    let sizes: Vec<u64> = (0..=3).map(|c| coalition(&moderate, c).get()).collect();
    assert_eq!(sizes, [681_472_000, 278_784_000, 38_016_000, 1_728_000]);
    // peff_stake-001, -002.
    assert_eq!(effective(&moderate), Chance::billionths(805_376_000));
    assert_eq!(
        effective(&of(3, 2, 500, 100, 120)),
        Chance::billionths(772_851_200)
    );
}

#[test]
fn chances_are_of_a_whole_and_rounded_down() {
    let [third, half] = [333_333_333, 500_000_000].map(Chance::billionths);
    assert_eq!(half.and(half), Chance::permille(250));
    assert_eq!(third.and(third).get(), 111_111_110, "…,8 rounded down");
    assert_eq!(half.times(3), Chance::permille(125));
    assert_eq!((half.times(0), half.times(1)), (Chance::ALWAYS, half));
    assert_eq!(third.or(half).get(), 833_333_333);
    assert_eq!(half.or(half), Chance::ALWAYS);
    assert_eq!(Chance::billionths(1_000_000_001), Chance::ALWAYS);
    assert_eq!(Chance::ALWAYS.not(), Chance::NEVER);
}

#[test]
fn malice_falls_with_the_stake_as_an_exponential() {
    // pi_malice-001, -002: 0.12180175491295143.
    for (stake, threshold) in [(1_000, 500), (10_000, 5_000)] {
        let found = malice(Chance::permille(900), stake, threshold).get();
        assert!(found.abs_diff(121_801_755) <= 1, "{found}");
    }
    // table15_peff-001 and -002, whose π are not rounded.
    for (start, threshold, expected) in [(500, 250, 871_409_626), (500, 500, 841_465_214)] {
        let defects = malice(Chance::permille(start), 1_000, threshold);
        let found = effective(&Assumptions {
            defects,
            ..Assumptions::default()
        });
        assert!(found.get().abs_diff(expected) <= 2, "{found:?}");
    }
    // Between whole thresholds: e to the power of −1/3, −1/2, −3/2, −7/2 and −20, to nine digits.
    for (stake, threshold, expected) in [
        (1, 3, 716_531_310),
        (250, 500, 606_530_659),
        (750, 500, 223_130_160),
        (7, 2, 30_197_383),
        (10_000, 500, 2),
    ] {
        let found = malice(Chance::ALWAYS, stake, threshold).get();
        assert!(
            found.abs_diff(expected) <= 1,
            "{stake} ÷ {threshold}: {found}"
        );
    }
    assert_eq!(malice(Chance::ALWAYS, u64::MAX, 1), Chance::NEVER);
    assert_eq!(malice(Chance::ALWAYS, 0, 500), Chance::ALWAYS);
    assert_eq!(malice(Chance::ALWAYS, 1_000_000, 1), Chance::NEVER);
    assert_eq!(malice(Chance::ALWAYS, 1, 0), Chance::NEVER);
}

#[test]
fn stakes_are_those_of_the_worked_example() {
    let (value, slash) = (units(100_000), bps(3_300));
    let noticed = effective(&Assumptions::default());
    let stakes = SHARES.map(|share| task_stake(value, share, noticed, slash).unwrap().get());
    // Printed 28,219, 94,065 and 376,259: rounded up, since a stake below the quotient does not deter.
    assert_eq!(stakes, [28_220, 94_065, 376_260]);
    assert_eq!(stakes[2] * MARGIN, 1_128_780);
    assert_eq!(registration_stake(value), units(10_000));
    assert_eq!(registration_stake(units(1)), units(1));
    assert_eq!(adjudicator_stake(value, 7), Ok(units(14_286)));
    // eq8_opportunity-001, -002: 103.08 and 51.54 a day.
    assert_eq!(
        opportunity(units(376_259), bps(1_000), 86_400),
        Ok(units(104))
    );
    assert_eq!(opportunity(units(376_259), bps(500), 86_400), Ok(units(52)));
    // eq4_deterrence-001: 39.8 units.
    assert_eq!(
        deterred(units(150), Chance::permille(805), slash),
        Ok(units(39))
    );
}

#[test]
fn a_stake_of_eq_5_deters_and_one_unit_less_does_not() {
    let slash = bps(3_300);
    for value in [1, 7, 999, 100_000, 1 << 70] {
        for share in SHARES {
            for notices in [330, 500, 670] {
                let noticed = effective(&of(3, 2, notices, 0, 120));
                let stake = task_stake(units(value), share, noticed, slash).unwrap();
                // What is taken, in billionths of a unit.
                let taken = |stake: u128| {
                    stake * u128::from(noticed.get()) * u128::from(slash.get()) / 10_000
                };
                let wanted = value * u128::from(share.get());
                assert!(taken(stake.get() + 1) >= wanted, "{value} {share:?}");
                assert!(taken(stake.get() - 1) < wanted, "{value} {share:?}");
            }
        }
    }
}

#[test]
fn what_deters_nobody_has_no_stake() {
    let nothing = AmountError::ZeroDivisor { dividend: 5 };
    assert_eq!(
        task_stake(units(5), Chance::ALWAYS, Chance::NEVER, bps(1)),
        Err(nothing)
    );
    assert_eq!(
        task_stake(units(5), Chance::ALWAYS, Chance::ALWAYS, bps(0)),
        Err(nothing)
    );
    assert_eq!(adjudicator_stake(units(5), 0), Err(nothing));
}

#[test]
fn the_least_price_of_eq_10_pays_and_one_less_does_not() {
    // eq10_bmin-001 and -002 in millionths: 1.61 and 1.37, of a stake from EQ-5 at 1,000.
    let noticed = effective(&Assumptions::default());
    let stake = task_stake(units(1_000_000_000), Chance::ALWAYS, noticed, bps(3_300)).unwrap();
    let lost = opportunity(stake, bps(1_000), 8 * 3_600).unwrap();
    let cost = lost.checked_add(units(1_000_000)).unwrap();
    for (psi, expected) in [(850, 1_612_985), (1_000, 1_371_037)] {
        let psi = Psi::new(psi).unwrap();
        let price = least_price(cost, bps(100), bps(100), psi).unwrap().get();
        assert!(price.abs_diff(expected) <= 1, "{price}");
        let pays =
            |price: u128| price * 9_800 * u128::from(psi.get()) > cost.get() * 10_000 * 1_000;
        assert!(pays(price) && !pays(price - 1));
    }
    let whole = least_price(cost, bps(9_000), bps(1_000), Psi::MAX);
    assert!(matches!(whole, Err(AmountError::ZeroDivisor { .. })));
}

#[test]
fn funds_last_if_more_comes_in_than_must_be_paid() {
    // eq11_treasury-001: claims are the insurance's (S-17), so they are left out of the treasury's.
    let treasury = Flows {
        fees: units(20_000),
        slashes: units(31_020),
        compensation: units(125),
        claims: Amount::ZERO,
        gas: units(100),
        subsidies: units(97_000),
    };
    assert_eq!(treasury.inflow(), Ok(units(51_020)));
    assert_eq!(treasury.outflow(), Ok(units(97_225)));
    assert_eq!(treasury.is_sustainable(), Ok(false));
    let even = Flows {
        subsidies: units(50_795),
        ..treasury
    };
    assert_eq!(even.is_sustainable(), Ok(false), "as much is not more");
    let less = Flows {
        subsidies: units(50_794),
        ..treasury
    };
    assert_eq!(less.is_sustainable(), Ok(true));
    // eq12_insurance-001: one mission of twenty loses 500, and 2,000 were put by.
    assert_eq!(expected_claims(1, units(500)), Ok(units(500)));
}
