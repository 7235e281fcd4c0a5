//! Decentralised identifiers that name a key, and nothing else.
//!
//! Two forms are accepted, and both spell out the address that registers, so that an identifier proves control of its key
//! and belongs to one agent by construction (RULINGS A1, RESOLUTIONS I-08):
//!
//! ```text
//! did:pkh:eip155:<chain, decimal>:0x<40 hex digits>
//! did:ethr:[0x<chain, hexadecimal>:]0x<40 hex digits>
//! ```
//!
//! Chains are positive, below 2⁶⁴ and written without leading zeros: an account may be named as of another chain, since the
//! key is the same. Hexadecimal digits may be of either case. What is no identifier at all is malformed; what is one, but of
//! another method or form, is unsupported. Places wrap in name only: no identifier reaches the end of memory.

// structural file: a grammar; its numbers are lengths of tokens and radices

use alloy_primitives::Address;

use crate::parameter::ParameterId;

/// Most bytes an identifier may have (RESOLUTIONS I-08).
pub const MAX_BYTES: usize = ParameterId::MaxDidBytes.constant() as usize;

/// Why an identifier was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DidError {
    /// The identifier is longer than [`MAX_BYTES`].
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// It breaks the grammar `did:method:identifier`.
    Malformed {
        /// Where, in bytes from its start.
        at: usize,
    },
    /// It is an identifier, but of no accepted form.
    Unsupported {
        /// Where it departs from the accepted forms, in bytes from its start.
        at: usize,
    },
    /// It names another key than the one that registers.
    KeyMismatch {
        /// The address it names.
        named: Address,
        /// The address that registers.
        agent: Address,
    },
}

const PKH: &[u8] = b"did:pkh:eip155:";
const ETHR: &[u8] = b"did:ethr:";
const HEX_DIGITS: usize = 40;

/// Checks that `did` names the key of `agent`.
///
/// Errors: every [`DidError`].
pub fn check(did: &[u8], agent: Address) -> Result<(), DidError> {
    if did.len() > MAX_BYTES {
        return Err(DidError::TooLong { length: did.len() });
    }
    well_formed(did)?;
    let account = if did.starts_with(PKH) {
        after_chain(did, PKH.len(), Radix::Decimal)?
    } else if did.starts_with(ETHR) {
        let rest = ETHR.len();
        // `0x` and forty digits to the end is an account; anything shorter before a colon is a chain.
        if did.len().wrapping_sub(rest) == HEX_DIGITS + 2 {
            rest
        } else {
            after_chain(did, prefixed(did, rest)?, Radix::Hexadecimal)?
        }
    } else {
        let same = |prefix: &[u8]| common(did, prefix);
        return Err(DidError::Unsupported {
            at: same(PKH).max(same(ETHR)),
        });
    };
    let named = address(did, account)?;
    if named != agent {
        return Err(DidError::KeyMismatch { named, agent });
    }
    Ok(())
}

/// The grammar of W3C's DID Core: `did:`, a method of small letters and digits, and an identifier of letters, digits,
/// `.`, `-`, `_`, `:` and `%` that neither is empty nor ends with a colon. Escapes are not looked into: no accepted form has
/// one.
fn well_formed(did: &[u8]) -> Result<(), DidError> {
    let malformed = |at| Err(DidError::Malformed { at });
    let scheme = common(did, b"did:");
    if scheme < 4 {
        return malformed(scheme);
    }
    let mut at = scheme;
    while matches!(did.get(at), Some(b'a'..=b'z' | b'0'..=b'9')) {
        at = at.wrapping_add(1);
    }
    if at == scheme || did.get(at) != Some(&b':') {
        return malformed(at);
    }
    at = at.wrapping_add(1);
    let first = at;
    while let Some(byte) = did.get(at) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':' | b'%' => {
                at = at.wrapping_add(1)
            }
            _ => return malformed(at),
        }
    }
    if at == first || did.last() == Some(&b':') {
        return malformed(at);
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Radix {
    Decimal,
    Hexadecimal,
}

/// Where the account begins behind a chain at `at` and its colon.
fn after_chain(did: &[u8], at: usize, radix: Radix) -> Result<usize, DidError> {
    let base = match radix {
        Radix::Decimal => 10,
        Radix::Hexadecimal => 16,
    };
    let (mut end, mut chain) = (at, 0u64);
    while let Some(digit) = did.get(end).and_then(|byte| digit(*byte, base)) {
        chain = chain
            .checked_mul(u64::from(base))
            .and_then(|chain| chain.checked_add(u64::from(digit)))
            // A leading zero leaves the number at zero before its second digit.
            .filter(|chain| *chain != 0)
            .ok_or(DidError::Unsupported { at: end })?;
        end = end.wrapping_add(1);
    }
    if end == at || did.get(end) != Some(&b':') {
        return Err(DidError::Unsupported { at: end });
    }
    Ok(end.wrapping_add(1))
}

/// The address that is the rest of `did` from `at`.
fn address(did: &[u8], at: usize) -> Result<Address, DidError> {
    let digits = prefixed(did, at)?;
    let mut bytes = [0u8; HEX_DIGITS / 2];
    for place in 0..HEX_DIGITS {
        let at = digits.wrapping_add(place);
        let nibble = did
            .get(at)
            .and_then(|byte| digit(*byte, 16))
            .ok_or(DidError::Unsupported { at })?;
        if let Some(byte) = bytes.get_mut(place / 2) {
            *byte = *byte << 4 | nibble;
        }
    }
    let end = digits.wrapping_add(HEX_DIGITS);
    if did.len() != end {
        return Err(DidError::Unsupported { at: end });
    }
    Ok(Address::new(bytes))
}

/// Where hexadecimal digits begin behind their `0x` at `at`.
fn prefixed(did: &[u8], at: usize) -> Result<usize, DidError> {
    match did.get(at..at.wrapping_add(2)) {
        Some(b"0x") => Ok(at.wrapping_add(2)),
        _ => Err(DidError::Unsupported { at }),
    }
}

fn digit(byte: u8, base: u8) -> Option<u8> {
    let value = match byte {
        b'0'..=b'9' => byte.wrapping_sub(b'0'),
        b'a'..=b'f' => byte.wrapping_sub(b'a' - 10),
        b'A'..=b'F' => byte.wrapping_sub(b'A' - 10),
        _ => return None,
    };
    (value < base).then_some(value)
}

/// How many leading bytes two strings share.
fn common(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(a, b)| a == b).count()
}
