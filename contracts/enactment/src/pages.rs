//! Nodes of a statute in its pages, and the hash by which each page is known when it is shown.

use alloc::vec::Vec;

use agentcity_abi::IEnactment as wire;
use agentcity_domain::parameter::ParameterId as P;
use agentcity_shell::{Input, output, refuse, word::part};
use alloy_primitives::B256;
use alloy_sol_types::SolError;
use stylus_sdk::prelude::*;

use crate::storage::Enactment;

/// Most pages of a call: what a transaction holds.
const PAGES_MAX: usize = 4;
const PAGE_BYTES: usize = P::MaxPageBytes.constant() as usize;
const NODE_BYTES: usize = P::MaxNodeBytes.constant() as usize;
/// Bytes of a node that are the digest of its terms.
const DIGEST_BYTES: usize = 32;
/// Bytes of an edge.
const EDGE_BYTES: usize = 2;

/// A node as its page holds it.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(crate) tier: u8,
    pub(crate) risk: u8,
    pub(crate) redundancy: u8,
    pub(crate) threshold: u8,
    pub(crate) predicates: u8,
    pub(crate) timeout: u64,
    pub(crate) budget: u128,
    pub(crate) tokens: u32,
}

/// The node at the beginning of `bytes`, and its length with its edges.
#[inline(never)]
pub(crate) fn node(bytes: &[u8]) -> Option<(Node, usize)> {
    let terms = bytes.get(DIGEST_BYTES..NODE_BYTES)?;
    let terms = B256::try_from(terms).ok()?;
    let edges = part(terms, 19, 2) as usize;
    let length = NODE_BYTES.saturating_add(edges.saturating_mul(EDGE_BYTES));
    if length > bytes.len() {
        return None;
    }
    let nibbles = |at| {
        let byte = part(terms, at, 1) as u8;
        (byte >> 4, byte & 15)
    };
    let ((tier, risk), (redundancy, threshold)) = (nibbles(0), nibbles(1));
    Some((
        Node {
            tier,
            risk,
            redundancy,
            threshold,
            predicates: part(terms, 2, 1) as u8,
            timeout: part(terms, 3, 4) as u64,
            budget: part(terms, 7, 12),
            tokens: part(terms, 21, 4) as u32,
        },
        length,
    ))
}

/// Pages of a call, and behind each the hash of itself and what follows.
pub(crate) type Pages<'a> = Vec<(&'a [u8], B256)>;

impl Enactment {
    /// The pages and the hash of the rest in a call's data, which together are what is `expected`.
    ///
    /// Errors: `WrongPages(session, expected, found)`.
    #[inline(never)]
    pub(crate) fn read_pages<'a>(
        &self,
        input: &mut Input<'a>,
        session: B256,
        expected: B256,
    ) -> Result<(Pages<'a>, B256), Vec<u8>> {
        let (count, mut list) = input.list(PAGES_MAX)?;
        let rest = input.word()?;
        let mut pages = Vec::with_capacity(count);
        for _ in 0..count {
            pages.push((list.bytes(PAGE_BYTES)?, B256::ZERO));
        }
        let mut hash = rest;
        for (page, from) in pages.iter_mut().rev() {
            let own = self.vm().native_keccak256(page);
            hash = self.vm().native_keccak256(&output::words(&[own, hash]));
            *from = hash;
        }
        if hash != expected || pages.is_empty() {
            return refuse(wire::WrongPages::SELECTOR, &[session, expected, hash]);
        }
        Ok((pages, rest))
    }
}
