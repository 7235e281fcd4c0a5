//! The tree of a log: which of its hashes make its root and its proofs, and when a proof of inclusion holds (RFC 9162, 2.1).
//!
//! ```text
//!             0..7                      a span that begins where a tree may be cut
//!        ┌─────┴─────┐
//!      0..4         4..7                whole subtrees are stored or computed once, by level and index; all else is joined of them
//!     ┌──┴──┐      ┌──┴──┐
//!    0..2  2..4   4..6   6
//! ```
//!
//! Where hashes are kept and how two are joined is the caller's: a contract hashes through its host, a store reads its tables. That
//! one log extends another is judged in [`anchor::consistent`](super::anchor::consistent), as on chain.

use alloy_primitives::B256;

use super::anchor::{Anchor, PROOF_MAX};

/// Most entries of a log: sizes below need no more hashes than a proof may have.
pub const SIZE_MAX: u64 = 1 << 62;

/// Entries `begin..end` that a tree hashes together: `begin` is a multiple of every whole subtree within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    begin: u64,
    end: u64,
}

/// A subtree whose places are all taken: the entries from `index << level` on, `1 << level` of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Zero for one entry.
    pub level: u8,
    /// Its place among those of its level.
    pub index: u64,
}

/// The spans whose hashes are a proof, from the bottom to the root.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    spans: [Span; PROOF_MAX],
    count: usize,
}

impl Whole {
    /// Its first entry.
    pub const fn begin(self) -> u64 {
        self.index << self.level
    }

    /// The entry after its last.
    pub const fn end(self) -> u64 {
        (self.index + 1) << self.level
    }
}

impl Span {
    /// A whole log of so many entries; nothing of one that is too large.
    pub fn of_log(size: u64) -> Option<Self> {
        let span = Self {
            begin: 0,
            end: size,
        };
        (size <= SIZE_MAX).then_some(span)
    }

    /// Its entries.
    pub const fn entries(self) -> core::ops::Range<u64> {
        self.begin..self.end
    }

    /// The whole subtrees that it is made of, from the left: ever smaller ones.
    pub fn wholes(self) -> impl Iterator<Item = Whole> {
        let mut begin = self.begin;
        core::iter::from_fn(move || {
            let left = self.end.checked_sub(begin).filter(|left| *left > 0)?;
            let level = left.ilog2();
            let whole = Whole {
                level: level as u8,
                index: begin >> level,
            };
            begin = whole.end();
            Some(whole)
        })
    }

    /// Its hash, of those of its whole subtrees; nothing of no entries.
    ///
    /// Errors: those of `whole`.
    pub fn hash<E>(
        self,
        mut whole: impl FnMut(Whole) -> Result<B256, E>,
        join: impl Fn(&B256, &B256) -> B256,
    ) -> Result<Option<B256>, E> {
        let mut hashes = [B256::ZERO; PROOF_MAX];
        let mut count = 0;
        for (place, part) in hashes.iter_mut().zip(self.wholes()) {
            *place = whole(part)?;
            count += 1;
        }
        let mut parts = hashes.iter().take(count).rev();
        let Some(last) = parts.next() else {
            return Ok(None);
        };
        Ok(Some(parts.fold(*last, |right, left| join(left, &right))))
    }

    /// The greatest power of two below its length: where a tree of two entries or more is cut.
    const fn cut(self) -> u64 {
        self.begin + (1 << (self.end - self.begin - 1).ilog2())
    }
}

impl Proof {
    /// That entry `place` is in a log of `size` entries; nothing if it cannot be.
    pub fn of_entry(place: u64, size: u64) -> Option<Self> {
        if place >= size {
            return None;
        }
        let (mut proof, mut at) = (Self::empty(), Span::of_log(size)?);
        while at.end - at.begin > 1 {
            let cut = at.cut();
            at = if place < cut {
                proof.add(cut, at.end);
                Span { end: cut, ..at }
            } else {
                proof.add(at.begin, cut);
                Span { begin: cut, ..at }
            };
        }
        Some(proof.upward())
    }

    /// That a log of `size` entries extends its first `old`; nothing if `old` is none of its sizes.
    pub fn of_extension(old: u64, size: u64) -> Option<Self> {
        if old == 0 || old > size {
            return None;
        }
        let (mut proof, mut at) = (Self::empty(), Span::of_log(size)?);
        // As long as only the right is cut off, the old root itself is where the proof begins, and is known.
        let mut is_old_root = true;
        while old < at.end {
            let cut = at.cut();
            at = if old <= cut {
                proof.add(cut, at.end);
                Span { end: cut, ..at }
            } else {
                proof.add(at.begin, cut);
                is_old_root = false;
                Span { begin: cut, ..at }
            };
        }
        if !is_old_root {
            proof.add(at.begin, at.end);
        }
        Some(proof.upward())
    }

    /// Its spans, from the bottom to the root.
    pub fn spans(&self) -> &[Span] {
        self.spans.get(..self.count).unwrap_or_default()
    }

    const fn empty() -> Self {
        Self {
            spans: [Span { begin: 0, end: 0 }; PROOF_MAX],
            count: 0,
        }
    }

    /// A log within [`SIZE_MAX`] has fewer levels than there are places.
    fn add(&mut self, begin: u64, end: u64) {
        if let Some(place) = self.spans.get_mut(self.count) {
            *place = Span { begin, end };
            self.count += 1;
        }
    }

    fn upward(mut self) -> Self {
        if let Some(spans) = self.spans.get_mut(..self.count) {
            spans.reverse();
        }
        self
    }
}

/// Whether `path` shows that the entry of hash `leaf` is at `place` in `log` (RFC 9162, 2.1.3.2). `join` hashes two nodes.
pub fn includes(
    log: &Anchor,
    place: u64,
    leaf: &B256,
    path: &[B256],
    join: impl Fn(&B256, &B256) -> B256,
) -> bool {
    if place >= log.size || path.len() > PROOF_MAX {
        return false;
    }
    let (mut at, mut last, mut hash) = (place, log.size - 1, *leaf);
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = join(other, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = join(&hash, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == log.root
}
