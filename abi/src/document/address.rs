//! Where a document is found: by what it says. A contract keeps the SHA-256 of the canonical text as one word; the store that serves
//! it knows the same as a CID (version 1, raw bytes, sha2-256), in the form that every IPFS tool prints.

use std::{fmt, str::FromStr};

use alloy_primitives::B256;
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// Version 1, raw bytes, sha2-256, 32 bytes of it.
const PREFIX: [u8; 4] = [0x01, 0x55, 0x12, 0x20];
/// The letter of base 32 in small letters (multibase).
const BASE: char = 'b';

/// The address of a text by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentAddress(B256);

/// A text is no CID of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCid;

impl ContentAddress {
    /// That of a text.
    pub fn of(text: impl AsRef<[u8]>) -> Self {
        Self(B256::new(Sha256::digest(text).into()))
    }

    /// The one that a contract keeps as this word.
    pub const fn of_word(word: B256) -> Self {
        Self(word)
    }

    /// As contracts keep it.
    pub const fn word(self) -> B256 {
        self.0
    }
}

/// As a CID.
impl fmt::Display for ContentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [PREFIX.as_slice(), self.0.as_slice()].concat();
        let digits = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        write!(f, "{BASE}{digits}")
    }
}

impl FromStr for ContentAddress {
    type Err = NoCid;

    fn from_str(text: &str) -> Result<Self, NoCid> {
        let digits = text.strip_prefix(BASE).ok_or(NoCid)?;
        if digits.contains(|c: char| c.is_ascii_uppercase()) {
            return Err(NoCid);
        }
        let bytes = BASE32_NOPAD.decode(digits.to_ascii_uppercase().as_bytes());
        let bytes = bytes.map_err(|_| NoCid)?;
        let word = bytes.strip_prefix(&PREFIX).ok_or(NoCid)?;
        B256::try_from(word).map(Self).map_err(|_| NoCid)
    }
}

impl fmt::Display for NoCid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no CID of version 1 with raw bytes, sha2-256 and base 32")
    }
}

impl std::error::Error for NoCid {}
