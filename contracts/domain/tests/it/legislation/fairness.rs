//! L-06 to L-08: how evenly seats are spread, against a search over all distributions.

use agentcity_domain::legislation::fairness::{Spread, as_printed};
use proptest::prelude::*;

/// The spread of seats counted out to bidders one by one.
fn spread(counts: &[u32]) -> Spread {
    let mut spread = Spread::default();
    for count in counts {
        spread.count_bidder();
        for before in 0..*count {
            spread.seat(before);
        }
    }
    spread
}

fn squares(counts: &[u32]) -> u64 {
    counts.iter().map(|c| u64::from(*c).pow(2)).sum()
}

/// The least sum of squares that `seats` whole seats can have over `bidders`, found by trying.
fn least(seats: u32, bidders: usize) -> u64 {
    let mut counts = vec![0; bidders];
    for _ in 0..seats {
        let lowest = counts.iter_mut().min().expect("there are bidders");
        *lowest += 1;
    }
    squares(&counts)
}

#[test]
fn the_examples_of_the_specification_have_their_scores() {
    for (counts, score) in [
        (&[3, 2][..], Some(1_000)),
        (&[2, 1], Some(1_000)),
        (&[1], Some(1_000)),
        (&[5], Some(0)),
        (&[2, 0], Some(0)),
        (&[4, 3, 2, 1], Some(945)),
        (&[9, 1, 0], Some(272)),
        (&[6, 2, 2], Some(848)),
        (&[0, 0], None),
        (&[], None),
    ] {
        assert_eq!(spread(counts).score(), score, "{counts:?}");
    }
}

/// The seed's own index: one less the share beyond 1 ÷ p, over all that there is beyond it.
#[test]
fn the_printed_index_is_the_seeds() {
    for (seats, bidders, squares, score) in [
        (4, 4, 4, Some(1_000)),
        (5, 2, 13, Some(960)),
        (2, 15, 2, Some(535)),
        (5, 2, 25, Some(0)),
        // One bidder has nobody to share with, and no seats are nothing to share.
        (5, 1, 25, None),
        (0, 2, 0, None),
        (3, 2, 10, None),
    ] {
        let printed = as_printed(seats, bidders, squares);
        assert_eq!(printed, score, "{seats} of {bidders}: {squares}");
    }
}

/// RESOLUTIONS L-06: with two seats among fifteen bidders the seed's index calls the best split unfair.
#[test]
fn the_best_split_there_is_is_wholly_fair() {
    for bidders in 1..20usize {
        for seats in 2..40u32 {
            let mut counts = vec![0; bidders];
            for seat in 0..seats as usize {
                counts[seat % bidders] += 1;
            }
            let fair = if bidders == 1 { 0 } else { 1_000 };
            assert_eq!(spread(&counts).score(), Some(fair), "{seats} of {bidders}");
        }
    }
}

proptest! {
    #[test]
    fn the_score_is_the_share_of_what_could_be_spread(
        counts in prop::collection::vec(0u32..9, 2..9),
    ) {
        let seats: u32 = counts.iter().sum();
        prop_assume!(seats > 1);
        let all = u64::from(seats).pow(2);
        let expected = 1_000 * (all - squares(&counts)) / (all - least(seats, counts.len()));
        prop_assert_eq!(spread(&counts).score().map(u64::from), Some(expected));
    }

    /// RESOLUTIONS L-07: a seat that passes on is counted as if it had been given so at once.
    #[test]
    fn passing_a_seat_on_is_giving_it_so_at_once(
        mut counts in prop::collection::vec(1u32..9, 2..9),
        from in 0usize..9,
        to in 0usize..9,
    ) {
        let (from, to) = (from % counts.len(), to % counts.len());
        let mut moved = spread(&counts);
        moved.unseat(counts[from]);
        counts[from] -= 1;
        moved.seat(counts[to]);
        counts[to] += 1;
        prop_assert_eq!(moved, spread(&counts));
    }

    #[test]
    fn nobody_gains_fairness_by_taking_another_ones_seat(
        counts in prop::collection::vec(1u32..9, 2..9),
    ) {
        let mut greedy = counts.clone();
        let most = (0..greedy.len()).max_by_key(|at| greedy[*at]).expect("not empty");
        let least = (0..greedy.len()).min_by_key(|at| greedy[*at]).expect("not empty");
        prop_assume!(most != least);
        greedy[most] += 1;
        greedy[least] -= 1;
        prop_assert!(spread(&greedy).score() <= spread(&counts).score());
    }
}
