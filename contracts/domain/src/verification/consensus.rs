//! Which revealed values agree, and what that means for each seat (RESOLUTIONS V-05, V-06, V-08; RULINGS R29).
//!
//! A value is a string of bytes by its mode: a word, a signed number in a word, 32 lanes of 16 bits, or the hashes of a set's
//! elements, ascending. Its hash is what was sealed. The consensus is the largest *star*: one value and all that agree with
//! it; of equal ones the lowest seat's. It counts if as many agree as the law demands, however few revealed.

// structural file: widths of values; the numbers of policy are arguments.

use alloy_primitives::B256;

use super::case::{Case, Seats};
use crate::{
    parameter::ParameterId,
    reputation::Points,
    statute::{Mode, SEATS_MAX},
};

/// Bytes of a word.
const WORD: usize = 32;
/// Bytes of a lane of a sketch.
const LANE: usize = 2;
/// Lanes of a sketch that executors reveal: the standard error of a similarity is then at most 9 %.
pub const LANES: usize = 32;
/// Most elements of a set that is compared by its elements (RULINGS R29).
pub const ELEMENTS_MAX: usize = ParameterId::MaxSetElements.constant() as usize;
/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = WORD * ELEMENTS_MAX;
/// The whole, in percent.
const WHOLE: u128 = 100;

/// How near is near enough, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerances {
    /// Least similarity of sets and sketches (`jaccardThreshold`).
    pub similarity: u8,
    /// Greatest distance of numbers, of their mean (`numericTolerancePct`).
    pub distance: u8,
}

impl Tolerances {
    /// What [`Self::of`] is made of.
    pub const PARAMETERS: [ParameterId; 2] = [
        ParameterId::JaccardThreshold,
        ParameterId::NumericTolerancePct,
    ];

    /// From the values of [`Self::PARAMETERS`], which the table keeps below 256.
    pub const fn of([similarity, distance]: [u64; 2]) -> Self {
        Self {
            similarity: similarity as u8,
            distance: distance as u8,
        }
    }
}

/// The mode of a number; exact for what is none.
const fn mode_of(mode: u8) -> Mode {
    match mode {
        1 => Mode::Numeric,
        2 => Mode::Sketch,
        3 => Mode::Set,
        _ => Mode::Exact,
    }
}

/// Whether sets are compared: their elements are not kept, and come along when a consensus is found.
pub const fn is_of_sets(mode: u8) -> bool {
    matches!(mode_of(mode), Mode::Set)
}

/// Whether `bytes` are a value of this mode. One value has one form: a number is sign-extended from 128 bits, a set ascends
/// and has nothing twice.
pub fn is_value(mode: u8, bytes: &[u8]) -> bool {
    match mode_of(mode) {
        Mode::Exact => bytes.len() == WORD,
        Mode::Numeric => number_of(bytes).is_some(),
        Mode::Sketch => bytes.len() == LANES * LANE,
        Mode::Set => {
            let whole = bytes.len() <= VALUE_BYTES_MAX && bytes.len().is_multiple_of(WORD);
            whole && is_ascending(bytes)
        }
    }
}

fn is_ascending(bytes: &[u8]) -> bool {
    let mut last: Option<&[u8]> = None;
    for element in bytes.chunks(WORD) {
        if last.is_some_and(|last| last >= element) {
            return false;
        }
        last = Some(element);
    }
    true
}

/// The number that a word holds, if it fits 128 bits with its sign.
fn number_of(bytes: &[u8]) -> Option<i128> {
    let (high, low) = bytes.split_first_chunk::<16>()?;
    let number = i128::from_be_bytes(low.try_into().ok()?);
    let fill = if number < 0 { 0xff } else { 0 };
    high.iter().all(|byte| *byte == fill).then_some(number)
}

/// Whether two values of a mode agree.
///
/// Numbers: `200·|a−b| ≤ distance·(|a|+|b|)`. Sketches: `100·equal lanes ≥ similarity·lanes`. Sets: `100·|A∩B| ≥
/// similarity·|A∪B|`, two empty ones agree.
pub fn agree(mode: u8, left: &[u8], right: &[u8], near: &Tolerances) -> bool {
    match mode_of(mode) {
        Mode::Exact => left == right,
        Mode::Numeric => match (number_of(left), number_of(right)) {
            (Some(left), Some(right)) => numbers_agree(left, right, near.distance),
            _ => false,
        },
        Mode::Sketch => {
            let (same, all) = equal_lanes(left, right);
            left.len() == right.len() && is_share(same, all, near.similarity)
        }
        Mode::Set => {
            let (both, either) = overlap(left, right);
            is_share(both, either, near.similarity)
        }
    }
}

/// Whether `200·|a−b| ≤ distance·(|a|+|b|)`, over products of 256 bits.
pub const fn numbers_agree(left: i128, right: i128, distance: u8) -> bool {
    let apart = left.abs_diff(right);
    // Only twice the least number wraps, to nothing, and nothing is apart then.
    let sum = left.unsigned_abs().wrapping_add(right.unsigned_abs());
    let (of_apart, low_apart) = times(apart, 2 * WHOLE as u64);
    let (of_sum, low_sum) = times(sum, distance as u64);
    of_apart < of_sum || of_apart == of_sum && low_apart <= low_sum
}

/// `value · factor`, as what stands above 2¹²⁸ and below.
const fn times(value: u128, factor: u64) -> (u64, u128) {
    let low = (value as u64 as u128).wrapping_mul(factor as u128);
    // Below 2¹²⁸: the product of two numbers of 64 bits, and 64 bits more.
    let middle = (value >> u64::BITS)
        .wrapping_mul(factor as u128)
        .wrapping_add(low >> u64::BITS);
    let above = (middle >> u64::BITS) as u64;
    (above, middle << u64::BITS | low as u64 as u128)
}

/// Equal lanes of two sketches, and lanes of the first.
pub fn equal_lanes(left: &[u8], right: &[u8]) -> (u32, u32) {
    let lanes = left.chunks(LANE).zip(right.chunks(LANE));
    let same = lanes.filter(|(left, right)| left == right).count();
    (same as u32, left.chunks(LANE).count() as u32)
}

/// Elements that two ascending sets share, and elements of either.
pub fn overlap(left: &[u8], right: &[u8]) -> (u32, u32) {
    let (mut ours, mut theirs) = (left.chunks(WORD).peekable(), right.chunks(WORD).peekable());
    let (mut both, mut either) = (0u32, 0u32);
    loop {
        let order = match (ours.peek(), theirs.peek()) {
            (Some(left), Some(right)) => left.cmp(right),
            (Some(_), None) => core::cmp::Ordering::Less,
            (None, Some(_)) => core::cmp::Ordering::Greater,
            (None, None) => return (both, either),
        };
        if order.is_le() {
            ours.next();
        }
        if order.is_ge() {
            theirs.next();
        }
        both = both.saturating_add(order.is_eq().into());
        either = either.saturating_add(1);
    }
}

/// Whether `100·part ≥ share·whole`.
const fn is_share(part: u32, whole: u32, share: u8) -> bool {
    // Counts of lanes or elements: far below what 64 bits hold.
    (part as u64).saturating_mul(WHOLE as u64) >= (whole as u64).saturating_mul(share as u64)
}

/// One value and all that agree with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Star {
    /// Whose value it is, by its place.
    pub centre: u8,
    /// Places of the values that agree with it, its own among them.
    pub members: Seats,
}

/// The largest star of some values, the first of equal ones; `rows` says for each value which agree with it. None without
/// values. At most [`SEATS_MAX`] are looked at.
pub fn star(rows: &[Seats]) -> Option<Star> {
    let mut best: Option<Star> = None;
    for (centre, members) in (0..).zip(rows.iter().take(SEATS_MAX)) {
        if best.is_none_or(|best| members.count() > best.members.count()) {
            best = Some(Star {
                centre,
                members: *members,
            });
        }
    }
    best
}

/// For each of some values, which agree with it. Bounded by [`SEATS_MAX`] squared.
pub fn rows(mode: u8, values: &[&[u8]], near: &Tolerances) -> [Seats; SEATS_MAX] {
    let mut rows = [Seats::NONE; SEATS_MAX];
    for (place, (row, left)) in (0..).zip(rows.iter_mut().zip(values)) {
        for (other, right) in (0..).zip(values) {
            if place == other || agree(mode, left, right, near) {
                *row = row.with(other);
            }
        }
    }
    rows
}

/// What the machine finds of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The seat whose output would be the node's.
    pub seat: u8,
    /// Seats that agree with it.
    pub agreeing: Seats,
    /// Whether nobody who revealed stands outside.
    pub agreed: bool,
    /// Whether as many agree as the law demands.
    pub approved: bool,
}

/// The consensus of the values that count, given in the order of their seats.
pub fn find(case: &Case, values: &[&[u8]], near: &Tolerances) -> Finding {
    let counting = case.record.counting();
    let rows = rows(case.mode, values, near);
    let star = star(rows.get(..values.len()).unwrap_or(&[])).unwrap_or_default();
    let (mut place, mut seat, mut agreeing) = (0, 0, Seats::NONE);
    for candidate in (0..SEATS_MAX as u8).filter(|seat| counting.has(*seat)) {
        if place == star.centre {
            seat = candidate;
        }
        if star.members.has(place) {
            agreeing = agreeing.with(candidate);
        }
        place = place.saturating_add(1);
    }
    Finding {
        seat,
        agreeing,
        agreed: agreeing == counting,
        approved: agreeing.count() >= case.threshold && !agreeing.is_empty(),
    }
}

/// The seats that agree with one of them, given all values that count in the order of their seats.
pub fn with_seat(case: &Case, values: &[&[u8]], seat: u8, near: &Tolerances) -> Seats {
    let counting = case.record.counting();
    let seats = || (0..SEATS_MAX as u8).filter(|seat| counting.has(*seat));
    let Some(named) = seats().zip(values).find(|(other, _)| *other == seat) else {
        return Seats::NONE;
    };
    let agreeing = seats()
        .zip(values)
        .filter(|(other, value)| *other == seat || agree(case.mode, value, named.1, near));
    agreeing.fold(Seats::NONE, |all, (other, _)| all.with(other))
}

/// What an executor did wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It handed in nothing in time (V-07).
    Late,
    /// It sealed a value and did not open it (A3).
    Withheld,
    /// Its proof does not hold.
    Disproved,
    /// People rejected its output.
    Rejected,
}

/// What an end means for one seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub seat: u8,
    /// Whether it shares in the price.
    pub paid: bool,
    /// Whether its reputation moves.
    pub scored: bool,
    /// By which score.
    pub score: u16,
    /// Its fault.
    pub fault: Fault,
}

/// How an attempt under consensus ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Too few committed: nobody could open anything.
    Short,
    /// No value had enough followers: nobody dissents from nothing.
    Split,
    /// The values of these seats stand, with this score.
    Stands(Seats, Points),
    /// People rejected all values.
    Rejected,
}

/// What an end means for a seat that somebody has: agreeing seats are paid; dissent scores zero and costs no stake (V-08); who
/// did not commit, or committed and did not reveal, is at fault; an excluded seat is the panel's to judge (INV-VERIFY-06).
pub fn outcome(case: &Case, seat: u8, end: &End) -> Outcome {
    let record = &case.record;
    let mut outcome = Outcome {
        seat,
        ..Outcome::default()
    };
    if !record.committed.has(seat) {
        outcome.scored = true;
        outcome.fault = Fault::Late;
        return outcome;
    }
    if record.excluded.has(seat) {
        return outcome;
    }
    match end {
        End::Short => {}
        _ if !record.revealed.has(seat) => {
            outcome.scored = true;
            outcome.fault = Fault::Withheld;
        }
        End::Split => {}
        End::Rejected => outcome.scored = true,
        End::Stands(agreeing, score) => {
            outcome.scored = true;
            outcome.paid = agreeing.has(seat);
            if outcome.paid {
                outcome.score = score.get();
            }
        }
    }
    outcome
}

/// The rule of the specification's prose, for comparison: the standard deviation stays below `distance` percent of the mean.
/// Compared squared, without a root; none beyond what 128 bits hold.
pub fn numbers_agree_as_printed(values: &[i64], distance: u8) -> Option<bool> {
    let count = i128::try_from(values.len()).ok()?;
    let (mut sum, mut squares) = (0i128, 0i128);
    for value in values {
        sum = sum.checked_add((*value).into())?;
        squares = squares.checked_add(i128::from(*value).checked_pow(2)?)?;
    }
    let spread = count
        .checked_mul(squares)?
        .checked_sub(sum.checked_pow(2)?)?;
    let percent = i128::from(distance);
    let left = spread.checked_mul((WHOLE * WHOLE) as i128)?;
    let right = sum.checked_pow(2)?.checked_mul(percent.checked_pow(2)?)?;
    Some(left < right)
}

/// What a seat seals: the words whose keccak256 is its commitment. It binds the seat's own executor, so a copy of another's
/// opens to nothing (V-05, INV-VERIFY-02).
///
/// Layout: mission, node, attempt, executor, keccak256 of the value, salt; a word each.
pub fn sealed(
    mission: &B256,
    node: u16,
    attempt: u8,
    executor: alloy_primitives::Address,
    value_hash: &B256,
    salt: &B256,
) -> [B256; 6] {
    [
        *mission,
        B256::from(alloy_primitives::U256::from(node)),
        B256::from(alloy_primitives::U256::from(attempt)),
        executor.into_word(),
        *value_hash,
        *salt,
    ]
}

/// What is kept of a commitment: the words whose keccak256 it is. With the executor in it nobody can have a commitment that another
/// seat copied taken for that seat's, and who opens one need not be looked up.
pub fn kept(commitment: &B256, executor: alloy_primitives::Address) -> [B256; 2] {
    [*commitment, executor.into_word()]
}

/// The trails of an attempt with one more: the words whose keccak256 they are from then on, from zero, in the order of the commitments.
/// A node that agreement completes has them for its trail, which thereby binds every executor's and not the winner's alone
/// (INV-VERIFY-09).
///
/// Layout: the trails so far, the seat, its trail; a word each.
/// Source: RESOLUTIONS A-08; docs/adr/0007.
pub fn trails(before: &B256, seat: u8, trail: &B256) -> [B256; 3] {
    [
        *before,
        B256::from(alloy_primitives::U256::from(seat)),
        *trail,
    ]
}
