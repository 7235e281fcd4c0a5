//! Parts of packed words: big-endian, counted in bytes from the left.

use alloy_primitives::B256;

/// `bytes` bytes of `word` from `at`, at most sixteen.
#[inline(never)]
pub fn part(word: B256, at: usize, bytes: usize) -> u128 {
    let mut value = 0;
    for byte in word.iter().skip(at).take(bytes) {
        value = value << 8 | u128::from(*byte);
    }
    value
}

/// `word` with `value` in `bytes` bytes from `at`, at most sixteen. What does not fit into them is cut off on the left.
#[inline(never)]
pub fn with(mut word: B256, at: usize, bytes: usize, value: u128) -> B256 {
    let digits = value.to_be_bytes();
    let low = digits.iter().skip(digits.len().saturating_sub(bytes));
    for (byte, digit) in word.iter_mut().skip(at).take(bytes).zip(low) {
        *byte = *digit;
    }
    word
}

/// The same as [`part`] of at most eight bytes, at a lower price: that of the rules' own records.
pub use agentcity_domain::mission::word::get;

/// `word` with `value` in `bytes` bytes from `at`, at most eight. The same as [`with`], at a lower price.
#[inline(never)]
pub fn having(word: &B256, at: usize, bytes: usize, value: u64) -> B256 {
    let mut word = *word;
    agentcity_domain::mission::word::set(&mut word, at, bytes, value);
    word
}

/// Where a part begins in a word, and its bytes: at most eight.
pub type Field = (usize, usize);

/// A part of a word.
#[inline(never)]
pub fn field(word: &B256, (at, bytes): Field) -> u64 {
    part(*word, at, bytes) as u64
}

/// Another part into a word.
#[inline(never)]
pub fn set(word: &mut B256, (at, bytes): Field, value: u64) {
    *word = with(*word, at, bytes, value.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_where_it_was_written_and_its_neighbours_stay() {
        let full = B256::repeat_byte(0xff);
        for (at, bytes) in [(0, 1), (1, 2), (5, 5), (16, 16), (31, 1), (24, 8)] {
            let written = with(full, at, bytes, 1);
            assert_eq!(part(written, at, bytes), 1, "{at}, {bytes}");
            let mut expected = [0xff; 32];
            expected[at..at + bytes].fill(0);
            expected[at + bytes - 1] = 1;
            assert_eq!(written, B256::new(expected), "{at}, {bytes}");
            if bytes <= 8 {
                assert_eq!(get(&written, at, bytes), 1, "{at}, {bytes}");
                assert_eq!(having(&full, at, bytes, 1), written, "{at}, {bytes}");
            }
        }
    }

    #[test]
    fn a_field_is_a_part() {
        let mut word = B256::repeat_byte(0xff);
        set(&mut word, (3, 5), 7);
        assert_eq!(field(&word, (3, 5)), 7);
        assert_eq!(word, with(B256::repeat_byte(0xff), 3, 5, 7));
    }

    #[test]
    fn what_does_not_fit_is_cut_off() {
        assert_eq!(part(with(B256::ZERO, 4, 1, 0x1ff), 4, 1), 0xff);
        assert_eq!(with(B256::ZERO, 4, 1, 0x100), B256::ZERO);
        assert_eq!(get(&having(&B256::ZERO, 4, 1, 0x1ff), 4, 1), 0xff);
    }
}
