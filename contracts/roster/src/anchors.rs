//! Anchors of logs and their consistency (RFC 6962).

use alloc::vec::Vec;

use agentcity_abi::IRoster as wire;
use agentcity_domain::roster::{
    Refused,
    anchor::{self, Anchor, PROOF_MAX},
};
use agentcity_shell::{
    Answer,
    member::Member,
    output,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{
    error::{About, Decided},
    storage::Roster,
};

impl Roster {
    /// Errors: `AnchorOutOfOrder`; `Inconsistent` of another root of as many entries.
    /// Events: `Anchored`.
    pub(crate) fn anchor(&mut self, input: &mut Reader<'_>) -> Answer {
        let (sequence, size, root) = (input.u64(), input.u64(), input.word());
        let author = &self.caller().into_word();
        let last = self.last_anchor(author);
        let before = self.anchored(author, last);
        let next = Anchor { size, root };
        let judged = anchor::follows(last, &before, sequence, &next);
        let given = output::number(sequence);
        let (who, given) = if judged == Err(Refused::Inconsistent) {
            (&before.root, &root)
        } else {
            (author, &given)
        };
        judged.about(About { who, given })?;

        self.set_last_anchor(author, sequence);
        self.set_anchored(author, sequence, &next);
        self.log(
            topic!(wire::Anchored::SIGNATURE_HASH)
                .word(author)
                .number(sequence)
                .number(size)
                .word(&root),
            3,
        );
        Ok(Vec::new())
    }

    /// The hash of a node of the tree.
    #[inline(never)]
    fn join(&self, left: &B256, right: &B256) -> B256 {
        let mut bytes = [1; 65];
        let (head, tail) = bytes.split_at_mut(33);
        if let Some(place) = head.get_mut(1..) {
            place.copy_from_slice(left.as_slice());
        }
        tail.copy_from_slice(right.as_slice());
        self.vm().native_keccak256(&bytes)
    }

    /// Errors: `Inconsistent`.
    /// Events: `ConsistencyProved`.
    pub(crate) fn prove_consistency(&mut self, input: &mut Reader<'_>) -> Answer {
        let author = &input.address().into_word();
        let (first, second) = (input.u64(), input.u64());
        let (count, mut list) = input.list(PROOF_MAX);
        let mut proof = Vec::with_capacity(count);
        for _ in 0..count {
            proof.push(list.word());
        }
        list.end()?;
        let (old, new) = (self.anchored(author, first), self.anchored(author, second));
        anchor::consistent(&old, &new, &proof, |left, right| self.join(left, right)).about(
            About {
                who: &old.root,
                given: &new.root,
            },
        )?;
        self.log(
            topic!(wire::ConsistencyProved::SIGNATURE_HASH)
                .word(author)
                .number(first)
                .number(second),
            4,
        );
        Ok(Vec::new())
    }

    pub(crate) fn anchor_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let anchor = self.anchored(&input.address().into_word(), input.u64());
        Words::new().number(anchor.size).word(&anchor.root).answer()
    }
}
