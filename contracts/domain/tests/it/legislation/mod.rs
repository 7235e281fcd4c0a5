//! How law is made: tables at every boundary, and properties against naive models.

mod award;
mod ballots;
mod bid;
mod collusion;
mod debate;
mod elections;
mod fairness;
mod petitions;
mod proposals;
mod session;
mod tally;
mod template;
mod voice;

use agentcity_domain::legislation::ballot::Ranking;
use proptest::prelude::*;

/// The ranking of an order, the best first.
pub(crate) fn ranking(order: &[u8]) -> Ranking {
    Ranking::new(bits(order), order.len() as u8).expect("a ranking")
}

pub(crate) fn bits(order: &[u8]) -> u64 {
    let digits = order.iter().enumerate();
    digits.fold(0, |bits, (place, one)| {
        bits | u64::from(*one) << (4 * place)
    })
}

/// Any order of so many candidates.
pub(crate) fn order(candidates: usize) -> impl Strategy<Value = Vec<u8>> {
    Just((0..candidates as u8).collect::<Vec<u8>>()).prop_shuffle()
}

/// Some orders of the same candidates.
pub(crate) fn orders(
    candidates: impl Into<prop::collection::SizeRange>,
    most: usize,
) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let candidates = candidates.into();
    (candidates.start()..=candidates.end_incl())
        .prop_flat_map(move |m| prop::collection::vec(order(m), 0..most))
}
