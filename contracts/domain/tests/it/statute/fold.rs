//! INV-STATUTE-01. The hash of pages: one word says which pages are still to come, and in which order.

use agentcity_domain::statute::fold::{fold, fold_back, link};
use alloy_primitives::{B256, keccak256};
use proptest::prelude::*;

fn hash(bytes: &[u8]) -> B256 {
    keccak256(bytes)
}

fn whole(pages: &[Vec<u8>]) -> B256 {
    fold(&hash, pages.iter().map(Vec::as_slice), B256::ZERO)
}

#[test]
fn inv_statute_01_a_hash_is_that_of_the_page_and_of_the_rest() {
    assert_eq!(whole(&[]), B256::ZERO);
    let (one, two) = (b"one".to_vec(), b"two".to_vec());
    let last = keccak256([keccak256(&two).as_slice(), &[0; 32]].concat());
    let both = keccak256([keccak256(&one).as_slice(), last.as_slice()].concat());
    assert_eq!(whole(std::slice::from_ref(&two)), last);
    assert_eq!(whole(&[one.clone(), two.clone()]), both);
    assert_eq!(link(&hash, &one, last), both);
    assert_ne!(whole(&[two, one]), both, "the order counts");
}

proptest! {
    #[test]
    fn inv_statute_01_wherever_a_sequence_is_cut_the_rest_completes_it(
        pages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8),
        cut in 0usize..8,
        wrong in 0usize..8,
    ) {
        let cut = cut.min(pages.len());
        let (shown, behind) = pages.split_at(cut);
        let shown = shown.iter().map(Vec::as_slice);
        prop_assert_eq!(fold(&hash, shown.clone(), whole(behind)), whole(&pages));
        prop_assert_eq!(fold_back(&hash, pages.len() as u16, |at| pages[usize::from(at)].clone()), whole(&pages));
        // One other byte anywhere, or one page more or less, is another sequence.
        let mut other = pages.clone();
        other[wrong % pages.len()].push(0);
        prop_assert_ne!(whole(&other), whole(&pages));
        let mut more = pages.clone();
        more.push(Vec::new());
        prop_assert_ne!(whole(&more), whole(&pages));
        prop_assert_ne!(whole(&pages[1..]), whole(&pages));
    }
}
