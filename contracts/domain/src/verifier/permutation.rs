//! Sorted permutation: the output holds exactly the elements of the input, in ascending order.
//!
//! ```text
//! proof      0 width of an element: 1 to 32    1.. input   … output, as long as the input
//! expected   keccak256(width ‖ input)
//! ```
//!
//! The width is part of what the statute commits to: by an element as long as the whole input, any input would be sorted.
//! Elements are compared as unsigned big-endian numbers, which is by their bytes.

// structural file: the layout drawn above.

use crate::verification::proof::PROOF_BYTES_MAX;

/// Most elements: of one byte each, in the longest proof.
pub const ELEMENTS_MAX: usize = PROOF_BYTES_MAX / 2;

/// A proof, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof<'a> {
    /// What the statute's commitment is the hash of: width and input.
    pub committed: &'a [u8],
    /// The output, whose hash was submitted.
    pub output: &'a [u8],
    input: &'a [u8],
    width: usize,
}

impl<'a> Proof<'a> {
    /// Takes bytes apart; none if they are no proof: no width, a width that is none, halves that are not whole elements.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (width, rest) = bytes.split_first()?;
        let width = usize::from(*width);
        let half = rest.len() / 2;
        let fits = (1..=32).contains(&width)
            && rest.len().is_multiple_of(2)
            && half.is_multiple_of(width)
            && half / width <= ELEMENTS_MAX;
        if !fits {
            return None;
        }
        let (input, output) = rest.split_at_checked(half)?;
        Some(Self {
            committed: bytes.get(..half.saturating_add(1))?,
            output,
            input,
            width,
        })
    }

    /// Elements of the input.
    pub fn count(&self) -> usize {
        self.input.len() / self.width
    }

    /// Whether the output is the input, sorted. `counts` has room for [`Self::count`] numbers, all zero.
    ///
    /// Each element of the input is sought in the output by halves and counted at the first of its equals; then each run of
    /// equals must be as long as its count. Bounded by `count · log₂ count` comparisons of at most 32 bytes.
    pub fn holds(&self, counts: &mut [u16]) -> bool {
        let element = |place: usize| {
            let at = place.saturating_mul(self.width);
            self.output.get(at..at.saturating_add(self.width))
        };
        let mut last: Option<&[u8]> = None;
        for next in self.output.chunks(self.width) {
            if last.is_some_and(|last| last > next) {
                return false;
            }
            last = Some(next);
        }
        for sought in self.input.chunks(self.width) {
            let (mut low, mut high) = (0, self.count());
            while low < high {
                let middle = low.midpoint(high);
                if element(middle).is_some_and(|found| found < sought) {
                    low = middle.saturating_add(1);
                } else {
                    high = middle;
                }
            }
            match counts.get_mut(low) {
                Some(count) if element(low) == Some(sought) => *count = count.saturating_add(1),
                _ => return false,
            }
        }
        self.runs_have_their_counts(counts)
    }

    /// Whether no run of equals is longer than its count. As there are as many elements as counts in all, none is shorter then.
    fn runs_have_their_counts(&self, counts: &[u16]) -> bool {
        let mut left = 0u16;
        let mut last: Option<&[u8]> = None;
        for (next, count) in self.output.chunks(self.width).zip(counts) {
            if last != Some(next) {
                left = *count;
            }
            match left.checked_sub(1) {
                Some(rest) => left = rest,
                None => return false,
            }
            last = Some(next);
        }
        true
    }
}
