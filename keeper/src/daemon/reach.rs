//! How far a stream's part told, and what of that counts as final.

use crate::journal::{Finality, Mark};

/// How far a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// The newest block up to which it told all.
    block: Option<u64>,
    /// The newest block that counts as final and that it will not take back, of those whose hashes it told.
    mark: Option<Mark>,
    /// One that it will not take back and that does not count as final yet, because the operator wants it deeper.
    next: Option<Mark>,
}

impl Reach {
    /// The newest block up to which all was told.
    pub(super) const fn block(&self) -> Option<u64> {
        self.block
    }

    /// All was told up to `block`, and nothing is taken back up to `bottom`; blocks `below` it are final.
    pub(super) fn to(&mut self, block: u64, bottom: Option<Mark>, below: u64) -> Finality {
        self.block = Some(block);
        let settled = block.saturating_sub(below);
        let is_settled = |mark: &Mark| mark.block <= settled;
        self.next = self.next.or(bottom);
        if self.next.as_ref().is_some_and(is_settled) {
            // What was told now may be settled too, and is the newer one then.
            let newest = bottom.filter(is_settled);
            self.mark = newest.or(self.next);
            self.next = bottom.filter(|mark| !is_settled(mark));
        }
        Finality {
            block: settled,
            mark: self.mark,
        }
    }

    /// What counts as final, of what was told.
    pub(super) fn finality(&self, below: u64) -> Option<Finality> {
        Some(Finality {
            block: self.block?.saturating_sub(below),
            mark: self.mark,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::B256;

    use super::*;

    fn mark(block: u64) -> Mark {
        Mark {
            block,
            hash: B256::with_last_byte(block as u8),
        }
    }

    #[test]
    fn a_block_is_a_mark_once_it_counts_as_final_and_no_sooner() {
        let mut reach = Reach::default();
        assert_eq!(reach.finality(10), None);
        // Nothing is taken back 5 blocks down, and what lies 10 down is final: the first becomes a mark when the chain went on.
        let rows = [
            (20, 15, None),
            (24, 19, None),
            (25, 20, Some(15)),
            (26, 21, Some(15)),
        ];
        for (block, bottom, wanted) in rows {
            let finality = reach.to(block, Some(mark(bottom)), 10);
            assert_eq!(finality.block, block - 10);
            assert_eq!(finality.mark, wanted.map(mark), "{block}");
            assert_eq!(reach.finality(10), Some(finality));
        }
        // Deep enough at once, or told by nobody.
        let mut deep = Reach::default();
        assert_eq!(deep.to(40, Some(mark(30)), 10).mark, Some(mark(30)));
        assert_eq!(deep.to(41, Some(mark(31)), 10).mark, Some(mark(31)));
        assert_eq!(Reach::default().to(40, None, 10), Finality::from(30));
    }
}
