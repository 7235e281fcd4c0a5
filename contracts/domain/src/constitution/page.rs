//! Pages: values as the code of data contracts. The constitution creates page `n` as its `n`-th creation and creates
//! nothing else, so the number of an epoch is the nonce of its page, and the page's address needs no slot.
//!
//! The code of a page begins with `0x00`, the opcode that stops: nobody can run it, so nothing in it can destroy it
//! (RULINGS A6).

use alloy_primitives::Address;

/// The first byte of a page.
pub const MARK: u8 = 0x00;

/// What a creation runs: it returns whatever follows these eleven bytes as the code of the new contract.
///
/// ```text
/// 600b 59 81 38 03 80 92 59 39 f3   copy code from byte 11 on to memory 0, return it
/// ```
pub const CREATION: [u8; 11] = [
    0x60, 0x0b, 0x59, 0x81, 0x38, 0x03, 0x80, 0x92, 0x59, 0x39, 0xf3,
];

/// Bytes of [`creation_preimage`] at most: list head, address with its head, nonce with its head.
pub const PREIMAGE_BYTES_MAX: usize = 1 + 21 + 9;

/// The bytes whose Keccak-256 ends with the address of what `creator` creates as its `nonce`-th: the list
/// `[creator, nonce]` in RLP. Returns the buffer and how much of it counts.
///
/// Shape: a nonce below 128 is its own encoding; zero would be the empty text, but a contract begins with one (EIP-161).
pub fn creation_preimage(creator: Address, nonce: u64) -> ([u8; PREIMAGE_BYTES_MAX], usize) {
    /// Heads of a list and of a text of `length` bytes.
    const LIST: u8 = 0xc0;
    const TEXT: u8 = 0x80;

    let mut bytes = [0; PREIMAGE_BYTES_MAX];
    bytes[1] = TEXT + Address::len_bytes() as u8;
    bytes[2..22].copy_from_slice(creator.as_slice());
    let digits = nonce.to_be_bytes();
    let significant = digits.len() - (nonce.leading_zeros() / u8::BITS) as usize;
    let mut end = 22;
    if nonce == 0 || nonce >= u64::from(TEXT) {
        bytes[end] = TEXT + significant as u8;
        end += 1;
    }
    for digit in &digits[digits.len() - significant..] {
        bytes[end] = *digit;
        end += 1;
    }
    bytes[0] = LIST + (end - 1) as u8;
    (bytes, end)
}
