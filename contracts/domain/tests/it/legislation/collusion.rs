//! Ballots too much alike, against every pair compared by definition (INV-ASSEMBLY-05).

use agentcity_domain::{
    legislation::{
        collusion::{Bounds, Claim, DIFFERENT_MAX, Finding, Pair, compare},
        refused::Refused,
    },
    parameter::derived,
};
use proptest::prelude::*;

use super::{order, ranking};

const BOUNDS: Bounds = Bounds {
    candidates: 8,
    tau: 900,
    head: 3,
    jaccard: 1_000,
    least: 4,
    share: 15,
};

fn naive(a: &[u8], b: &[u8], head: usize) -> Pair {
    let place = |order: &[u8], one: u8| order.iter().position(|other| *other == one).unwrap();
    let (mut concordant, mut discordant) = (0, 0);
    for x in 0..a.len() as u8 {
        for y in 0..x {
            let same = (place(a, x) < place(a, y)) == (place(b, x) < place(b, y));
            *if same {
                &mut concordant
            } else {
                &mut discordant
            } += 1;
        }
    }
    let head = head.min(a.len());
    let common = a[..head]
        .iter()
        .filter(|one| b[..head].contains(one))
        .count();
    Pair {
        concordant,
        discordant,
        common: common as u32,
        either: (2 * head - common) as u32,
    }
}

/// By the words of the ruling, in whole numbers of any size.
fn alike(a: &[u8], b: &[u8], bounds: &Bounds) -> bool {
    let pair = naive(a, b, bounds.head as usize);
    let tau = i64::from(pair.concordant) - i64::from(pair.discordant);
    let all = i64::from(pair.concordant) + i64::from(pair.discordant);
    tau * 1_000 >= i64::from(bounds.tau) * all
        && u64::from(pair.common) * 1_000 >= u64::from(bounds.jaccard) * u64::from(pair.either)
}

fn judge(ballots: &[Vec<u8>], bounds: &Bounds) -> Finding {
    let mut claim = Claim::new();
    for (number, ballot) in (0..).zip(ballots) {
        let m = ballot.len() as u8;
        match claim.take(number, ranking(ballot), m, bounds).unwrap() {
            Finding::Clique => {}
            apart => return apart,
        }
    }
    Finding::Clique
}

/// Orders near a common one: some neighbours exchanged.
fn near(candidates: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let swaps = prop::collection::vec(0..candidates - 1, 0..4);
    (order(candidates), prop::collection::vec(swaps, 1..8)).prop_map(|(base, swaps)| {
        let changed = |swaps: Vec<usize>| {
            let mut order = base.clone();
            swaps.into_iter().for_each(|at| order.swap(at, at + 1));
            order
        };
        swaps.into_iter().map(changed).collect()
    })
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (500..=1_000u32, 1..=8u32, 500..=1_000u32).prop_map(|(tau, head, jaccard)| Bounds {
        tau,
        head,
        jaccard,
        ..BOUNDS
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn two_rankings_compare_as_their_definition_says(
        (a, b) in (1..=16usize).prop_flat_map(|m| (order(m), order(m))), head in 1..=8u32,
    ) {
        let m = a.len() as u8;
        let pair = compare(ranking(&a), ranking(&b), m, head);
        prop_assert_eq!(pair, naive(&a, &b, head as usize));
        prop_assert_eq!(compare(ranking(&b), ranking(&a), m, head), pair, "either way round");
    }

    #[test]
    fn a_clique_is_one_exactly_if_every_two_are_alike(
        ballots in (8..=16usize).prop_flat_map(near), bounds in bounds(),
    ) {
        let mut first = None;
        for (second, b) in ballots.iter().enumerate() {
            for (at, a) in ballots[..second].iter().enumerate() {
                if first.is_none() && !alike(a, b, &bounds) {
                    first = Some((at, second));
                }
            }
        }
        match (judge(&ballots, &bounds), first) {
            (Finding::Clique, None) => {}
            (Finding::Apart(a, b), Some((_, second))) => {
                // The first of them may stand for an equal one before it.
                prop_assert_eq!(b as usize, second);
                prop_assert!(!alike(&ballots[a as usize], &ballots[second], &bounds));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn a_pair_is_alike_up_to_each_bound_and_not_beyond() {
    let base: Vec<u8> = (0..8).collect();
    let swapped = |at: &[usize]| {
        let mut order = base.clone();
        at.iter().for_each(|at| order.swap(*at, at + 1));
        order
    };
    for (name, other, expected) in [
        ("equal", base.clone(), true),
        // 28 pairs: one apart is 26 of 28, two apart 24 of 28.
        ("one pair apart behind the heads", swapped(&[6]), true),
        ("two pairs apart", swapped(&[4, 6]), false),
        ("one pair apart within the heads", swapped(&[0]), true),
        ("another candidate in the head", swapped(&[2]), false),
        ("reversed", base.iter().rev().copied().collect(), false),
    ] {
        let pair = compare(ranking(&base), ranking(&other), 8, BOUNDS.head);
        assert_eq!(BOUNDS.accept(&pair), expected, "{name}: {pair:?}");
    }
}

#[test]
fn equal_ballots_are_never_compared_so_their_number_costs_nothing() {
    let mut claim = Claim::new();
    let ballot = ranking(&(0..16).collect::<Vec<u8>>());
    for number in 0..2_048 {
        assert_eq!(claim.take(number, ballot, 16, &BOUNDS), Ok(Finding::Clique));
    }
}

#[test]
fn a_claim_compares_no_more_than_so_many_rankings() {
    // Everything is alike to whom every bound is nothing.
    let all = Bounds {
        tau: 0,
        jaccard: 0,
        ..BOUNDS
    };
    let mut claim = Claim::new();
    // Neighbours exchanged or not, a bit each.
    let numbered = |number: u32| {
        let mut order: Vec<u8> = (0..16).collect();
        for at in (1..16).rev().filter(|at| number >> (15 - at) & 1 == 1) {
            order.swap(at, at - 1);
        }
        ranking(&order)
    };
    let most = DIFFERENT_MAX as u32;
    for number in 0..most {
        let found = claim.take(number, numbered(number), 16, &all);
        assert_eq!(found, Ok(Finding::Clique));
    }
    let refused = Err(Refused::TooMany(most));
    assert_eq!(claim.take(999, numbered(most), 16, &all), refused);
    // One that is there already is no other.
    let again = claim.take(999, numbered(7), 16, &all);
    assert_eq!(again, Ok(Finding::Clique));
}

#[test]
fn a_clique_has_as_many_as_its_floor_and_its_share_say() {
    for (ballots, needed) in [(0, 4), (4, 4), (26, 4), (27, 5), (100, 15), (1_000, 150)] {
        assert_eq!(BOUNDS.needed(ballots), needed, "{ballots}");
        assert!(needed >= derived::share_of(ballots, 15));
    }
}
