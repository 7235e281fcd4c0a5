//! The compiler's Keccak-256 against the one that chains agree on.

use agentcity_domain::keccak::{keccak256, selector};
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_compilers_keccak_is_the_chains(text in "\\PC{0,400}", cut in any::<prop::sample::Index>()) {
        let at = text.char_indices().map(|(i, _)| i).nth(cut.index(text.chars().count().max(1))).unwrap_or(0);
        let (left, right) = text.split_at(at);
        prop_assert_eq!(keccak256(&[left, right]), alloy_primitives::keccak256(&text));
    }
}

#[test]
fn the_compilers_keccak_pads_at_every_length_around_a_block() {
    for len in 0..300 {
        let text = "x".repeat(len);
        assert_eq!(
            keccak256(&[&text]),
            alloy_primitives::keccak256(&text),
            "{len}"
        );
    }
}

#[test]
fn a_selector_is_the_hashs_first_four_bytes() {
    assert_eq!(selector("balanceOf(address)"), [0x70, 0xa0, 0x82, 0x31]);
}
