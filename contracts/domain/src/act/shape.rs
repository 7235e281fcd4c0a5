//! How the payload of an action is laid out, taken from its struct's type while this crate is compiled.

// structural file: widths of Solidity's types in a word of 32 bytes

use alloy_primitives::B256;

/// The field that follows an action's own ones: every struct ends with it, the place of the justification, and a deadline.
const TAIL: &[u8] = b"justificationHash";
/// The field that is first where an action acts in a mission.
const MISSION: &[u8] = b"missionId";

/// Bytes of a word.
const WORD: u32 = 32;
/// The most fields of its own that an action has: their leading zeros take a byte each of eight.
const FIELDS_MAX: u8 = 8;

/// One word for each field; the fields of the action alone, without the three that all have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many fields are its own.
    pub fields: u8,
    /// Whether the first of them is a mission.
    pub of_mission: bool,
    /// How many leading bytes of each field its value leaves unused, a byte for each, the first lowest.
    leading: u64,
    /// Which fields are truth values, a bit each.
    truths: u8,
    /// Which fields are signed numbers, a bit each: they repeat their sign in the bytes that they leave unused.
    signed: u8,
}

impl Shape {
    /// Of a struct's own type, `Name(type name,…)`.
    pub(super) const fn of(own: &str) -> Self {
        let bytes = own.as_bytes();
        let (mut fields, mut of_mission, mut leading) = (0, false, 0);
        let (mut truths, mut signed) = (0u8, 0u8);
        let mut at = after(bytes, 0, b'(');
        while at < bytes.len() {
            let name = after(bytes, at, b' ');
            if starts(bytes, name, TAIL) {
                break;
            }
            assert!(fields < FIELDS_MAX, "too many fields for a shape");
            of_mission |= fields == 0 && starts(bytes, name, MISSION);
            leading |= (unused(bytes, at) as u64) << (8 * fields);
            truths |= (starts(bytes, at, b"bool") as u8) << fields;
            signed |= (starts(bytes, at, b"int") as u8) << fields;
            fields += 1;
            at = after(bytes, name, b',');
        }
        Self {
            fields,
            of_mission,
            leading,
            truths,
            signed,
        }
    }

    /// How many leading bytes the value of the field at `place` leaves unused.
    pub const fn unused(self, place: u8) -> u8 {
        if place < FIELDS_MAX {
            (self.leading >> (8 * place)) as u8
        } else {
            0
        }
    }

    /// Whether a word is a value of the type of the field at `place`.
    pub fn takes(self, place: u8, word: &B256) -> bool {
        let unused = usize::from(self.unused(place));
        let is = |fields: u8| place < FIELDS_MAX && fields >> place & 1 == 1;
        let is_negative = is(self.signed) && word.get(unused).is_some_and(|byte| *byte >= 0x80);
        let fill = if is_negative { 0xff } else { 0 };
        let fits = word.iter().take(unused).all(|byte| *byte == fill);
        fits && (!is(self.truths) || word.last() <= Some(&1))
    }
}

/// The place behind the next `byte` from `at`; the end if there is none.
const fn after(bytes: &[u8], mut at: usize, byte: u8) -> usize {
    while at < bytes.len() {
        at += 1;
        if bytes[at - 1] == byte {
            break;
        }
    }
    at
}

const fn starts(bytes: &[u8], at: usize, with: &[u8]) -> bool {
    let mut i = 0;
    while i < with.len() {
        if at + i >= bytes.len() || bytes[at + i] != with[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Bytes of a word that a value of the type at `at` leaves zero.
const fn unused(bytes: &[u8], at: usize) -> u32 {
    if starts(bytes, at, b"address") {
        return WORD - 20;
    }
    if starts(bytes, at, b"bool") {
        return WORD - 1;
    }
    let name = if starts(bytes, at, b"uint") {
        b"uint".len()
    } else if starts(bytes, at, b"int") {
        b"int".len()
    } else {
        return 0;
    };
    let (mut bits, mut at) = (0, at + name);
    while at < bytes.len() && bytes[at].is_ascii_digit() {
        bits = 10 * bits + (bytes[at] - b'0') as u32;
        at += 1;
    }
    WORD - bits / 8
}
