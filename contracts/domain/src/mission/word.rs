//! Packed words with named parts: each part has a place, a width and a type, and nothing is unpacked that is not asked for.

use alloy_primitives::B256;

/// `bytes` bytes of `word` from `at`, at most eight.
#[inline(never)]
pub fn get(word: &B256, at: usize, bytes: usize) -> u64 {
    let mut value = 0;
    for byte in word.iter().skip(at).take(bytes) {
        value = value << 8 | u64::from(*byte);
    }
    value
}

/// Puts `value` into `bytes` bytes of `word` from `at`, at most eight. What does not fit is cut off on the left.
#[inline(never)]
pub fn set(word: &mut B256, at: usize, bytes: usize, value: u64) {
    let mut rest = value;
    for byte in word.iter_mut().skip(at).take(bytes).rev() {
        *byte = rest as u8;
        rest >>= u8::BITS;
    }
}

/// Defines a packed word: for each part a reader and a writer.
macro_rules! packed {
    (
        $(#[$doc:meta])*
        $Name:ident { $( $(#[$part:meta])* $read:ident, $write:ident: $at:literal, $bytes:literal, $Type:ty; )+ }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $Name(pub alloy_primitives::B256);

        impl $Name {
            /// Place and width of each part, in bytes.
            pub const LAYOUT: &'static [(&'static str, usize, usize)] =
                &[$( (stringify!($read), $at, $bytes) ),+];

            $(
                $(#[$part])*
                pub fn $read(&self) -> $Type {
                    $crate::mission::word::get(&self.0, $at, $bytes) as $Type
                }

                #[doc = concat!("Writes [`", stringify!($read), "`](Self::", stringify!($read), ").")]
                pub fn $write(&mut self, value: $Type) {
                    $crate::mission::word::set(&mut self.0, $at, $bytes, u64::from(value));
                }
            )+
        }
    };
}
pub(crate) use packed;
