//! Anchors of logs and their consistency (RFC 6962).

use alloc::vec::Vec;

use agentcity_abi::IRoster as wire;
use agentcity_domain::literal;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output, refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{ANCHOR, Roster};

impl Roster {
    pub(crate) fn anchor(&mut self, input: &mut Input<'_>) -> Answer {
        let (sequence, size, root) = (input.u64()?, input.u64()?, input.word()?);
        let author = self.caller().into_word();
        let last_key = self.key(ANCHOR, author, B256::ZERO);
        let last = self.read(last_key);
        let expected = (part(last, 0, 8) as u64).saturating_add(1);
        if sequence != expected || size < part(last, 8, 8) as u64 {
            return refuse(
                wire::AnchorOutOfOrder::SELECTOR,
                &[output::number(expected), output::number(sequence)],
            );
        }
        let word = with(B256::ZERO, 0, 8, sequence.into());
        self.write(last_key, with(word, 8, 8, size.into()));
        let key = self.key(ANCHOR, author, output::number(sequence));
        self.write(key, root);
        self.write(self.key(ANCHOR, key, B256::ZERO), output::number(size));
        self.emit(
            &[
                literal!(wire::Anchored::SIGNATURE_HASH),
                author,
                output::number(sequence),
            ],
            &[output::number(size), root],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn anchored(&self, author: B256, sequence: u64) -> (u64, B256) {
        let key = self.key(ANCHOR, author, output::number(sequence));
        let size = part(self.read(self.key(ANCHOR, key, B256::ZERO)), 24, 8) as u64;
        (size, self.read(key))
    }

    #[inline(never)]
    fn join(&self, left: B256, right: B256) -> B256 {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(left.as_slice());
        bytes[33..].copy_from_slice(right.as_slice());
        self.vm().native_keccak256(&bytes)
    }

    pub(crate) fn prove_consistency(&mut self, input: &mut Input<'_>) -> Answer {
        let (author, first, second) = (input.address()?.into_word(), input.u64()?, input.u64()?);
        let (count, mut proof) = input.list(128)?;
        let ((size, root), (next_size, next_root)) =
            (self.anchored(author, first), self.anchored(author, second));
        let refused = refuse(wire::Inconsistent::SELECTOR, &[root, next_root]);
        if size == 0 || size > next_size {
            return refused;
        }
        let (mut at, mut last) = (size.wrapping_sub(1), next_size.wrapping_sub(1));
        while at & 1 == 1 {
            (at, last) = (at >> 1, last >> 1);
        }
        let mut used = 0;
        let (mut old, mut new) = if size.is_power_of_two() {
            (root, root)
        } else {
            used = 1;
            let hash = proof.word()?;
            (hash, hash)
        };
        while used < count {
            let hash = proof.word()?;
            if last == 0 {
                return refused;
            }
            if at & 1 == 1 || at == last {
                (old, new) = (self.join(hash, old), self.join(hash, new));
                while at & 1 == 0 && at != 0 {
                    (at, last) = (at >> 1, last >> 1);
                }
            } else {
                new = self.join(new, hash);
            }
            (at, last) = (at >> 1, last >> 1);
            used = used.wrapping_add(1);
        }
        if last != 0 || old != root || new != next_root {
            return refused;
        }
        self.emit(
            &[
                literal!(wire::ConsistencyProved::SIGNATURE_HASH),
                author,
                output::number(first),
                output::number(second),
            ],
            &[],
        );
        Ok(Vec::new())
    }

    pub(crate) fn anchor_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (size, root) = self.anchored(input.address()?.into_word(), input.u64()?);
        Ok(output::words(&[output::number(size), root]))
    }
}
