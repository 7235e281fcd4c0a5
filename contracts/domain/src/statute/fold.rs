//! INV-STATUTE-01. The hash of a sequence of pages, folded from the right.
//!
//! ```text
//! hₙ = 0      hᵢ = keccak256(keccak256(pageᵢ) ‖ hᵢ₊₁)      the hash of the sequence is h₀
//! ```
//!
//! Whoever brings the next pages names the hash of the rest. Together they give the hash that is awaited, or they are not what
//! was approved: a page is known to be right before it is written, and one word is all that has to be kept between two calls. A
//! hash that rolls from the left would show a wrong page only behind the last one, and anybody may bring pages.
//!
//! Hashing is the caller's: a program hashes through its host.
//!
//! Source: RULINGS R1, R21; ADR 0005.1.

// structural file: offsets and widths of the layout that the module above draws.

use alloy_primitives::B256;

/// The hash of a page with what follows it.
#[inline(never)]
pub fn link(hash: &impl Fn(&[u8]) -> B256, page: &[u8], rest: B256) -> B256 {
    join(hash, hash(page), rest)
}

/// The same of a page of which only the hash is known.
#[inline(never)]
pub fn join(hash: &impl Fn(&[u8]) -> B256, page: B256, rest: B256) -> B256 {
    let mut both = [0; 64];
    let (own, behind) = both.split_at_mut(32);
    for (to, from) in own.iter_mut().zip(page) {
        *to = from;
    }
    for (to, from) in behind.iter_mut().zip(rest) {
        *to = from;
    }
    hash(&both)
}

/// The hash of these pages and of what follows them; of no pages, `rest` itself.
pub fn fold<'a>(
    hash: &impl Fn(&[u8]) -> B256,
    pages: impl DoubleEndedIterator<Item = &'a [u8]>,
    rest: B256,
) -> B256 {
    pages.rfold(rest, |rest, page| link(hash, page, rest))
}

/// The same where a page is read only when its turn comes, the last first: what the sequence hashes to now.
pub fn fold_back(
    hash: &impl Fn(&[u8]) -> B256,
    pages: u16,
    page: impl Fn(u16) -> alloc::vec::Vec<u8>,
) -> B256 {
    (0..pages)
        .rev()
        .fold(B256::ZERO, |rest, index| link(hash, &page(index), rest))
}
