//! Constant words as numbers in the code.
//!
//! A word that is written down as it is lies in a program's data segment, and every call of the program pays for it there
//! some 600 times as much as for the same bytes in its code (docs/adr/0001). [`literal!`](crate::literal!) builds the word
//! from four numbers instead.

use alloy_primitives::B256;

/// Bytes of a quarter of a word.
const QUARTER: usize = size_of::<u64>();

/// The eight bytes of `word` from `8 × place`, lowest first: as WebAssembly stores numbers.
pub const fn quarter(word: &B256, place: usize) -> u64 {
    let (mut value, mut i) = (0, QUARTER);
    while i > 0 {
        i -= 1;
        value = value << u8::BITS | word.0[QUARTER * place + i] as u64;
    }
    value
}

/// The word of four quarters. Never inlined: its arguments would become one constant again.
#[inline(never)]
pub fn join(first: u64, second: u64, third: u64, fourth: u64) -> B256 {
    let mut word = B256::ZERO;
    for (bytes, quarter) in word
        .0
        .chunks_exact_mut(QUARTER)
        .zip([first, second, third, fourth])
    {
        bytes.copy_from_slice(&quarter.to_le_bytes());
    }
    word
}

/// A constant [`B256`] that stands in the code of a program, not among its data.
#[macro_export]
macro_rules! literal {
    ($word:expr) => {
        $crate::literal::join(
            const { $crate::literal::quarter(&$word, 0) },
            const { $crate::literal::quarter(&$word, 1) },
            const { $crate::literal::quarter(&$word, 2) }, // structural: the third quarter
            const { $crate::literal::quarter(&$word, 3) }, // structural: the fourth
        )
    };
}
