//! Money: unsigned base units of the settlement asset, shares of it, and division with its rounding in the name.
//!
//! Amounts are `u128` because WASM multiplies 64-bit words: a 256-bit number costs several times the code and ink, and
//! no asset has 2¹²⁸ base units. Products of two amounts take 256 bits here and are divided before they are narrowed,
//! so nothing overflows unless the result itself does.

use core::fmt;

use alloy_primitives::U256;

use crate::range::bounded;

/// An amount in base units (the smallest unit) of the settlement asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

bounded!(
    /// A share in basis points, `0..=10_000`; 10,000 is the whole.
    // structural: what a basis point is
    Bps: u16, max 10_000
);

bounded!(
    /// A share in thousandths, `0..=1_000`; 1,000 is the whole.
    // structural: what a thousandth is
    Permille: u16, max 1_000
);

/// Why an amount could not be computed. Carries the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// `left + right` exceeds 2¹²⁸−1.
    Overflow {
        /// First summand.
        left: u128,
        /// Second summand.
        right: u128,
    },
    /// `left − right` is negative.
    Underflow {
        /// What there is.
        left: u128,
        /// What was to be taken from it.
        right: u128,
    },
    /// The quotient `left × right ÷ divisor` exceeds 2¹²⁸−1.
    QuotientOverflow {
        /// First factor.
        left: u128,
        /// Second factor.
        right: u128,
        /// What the product was divided by.
        divisor: u128,
    },
    /// Division by zero.
    ZeroDivisor {
        /// What was to be divided (the first factor of a product).
        dividend: u128,
    },
    /// A 256-bit number from outside exceeds 2¹²⁸−1.
    TooLarge {
        /// The number.
        value: U256,
    },
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow { left, right } => write!(f, "{left} + {right} exceeds 2^128-1"),
            Self::Underflow { left, right } => write!(f, "{left} is less than {right}"),
            Self::QuotientOverflow {
                left,
                right,
                divisor,
            } => {
                write!(f, "{left} x {right} / {divisor} exceeds 2^128-1")
            }
            Self::ZeroDivisor { dividend } => write!(f, "{dividend} cannot be divided by zero"),
            Self::TooLarge { value } => write!(f, "{value} exceeds 2^128-1"),
        }
    }
}

impl core::error::Error for AmountError {}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The greatest amount, 2¹²⁸−1.
    pub const MAX: Self = Self(u128::MAX);

    /// An amount of `units` base units.
    pub const fn new(units: u128) -> Self {
        Self(units)
    }

    /// Base units.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The same number with 256 bits, as interfaces carry it.
    pub const fn to_u256(self) -> U256 {
        U256::from_limbs([self.0 as u64, (self.0 >> 64) as u64, 0, 0])
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The lesser of two amounts.
    pub fn min(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }

    /// Errors: [`AmountError::Overflow`].
    pub const fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        match self.0.checked_add(other.0) {
            Some(sum) => Ok(Self(sum)),
            None => Err(AmountError::Overflow {
                left: self.0,
                right: other.0,
            }),
        }
    }

    /// Errors: [`AmountError::Underflow`].
    pub const fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Ok(Self(rest)),
            None => Err(AmountError::Underflow {
                left: self.0,
                right: other.0,
            }),
        }
    }

    /// `⌊self × factor ÷ divisor⌋` over a 256-bit product.
    ///
    /// Errors: [`AmountError::ZeroDivisor`], [`AmountError::QuotientOverflow`].
    pub const fn mul_div_floor(self, factor: u128, divisor: u128) -> Result<Self, AmountError> {
        match mul_div(self.0, factor, divisor) {
            Ok((quotient, _)) => Ok(Self(quotient)),
            Err(refusal) => Err(refusal),
        }
    }

    /// `⌈self × factor ÷ divisor⌉` over a 256-bit product.
    ///
    /// Errors: [`AmountError::ZeroDivisor`], [`AmountError::QuotientOverflow`].
    pub const fn mul_div_ceil(self, factor: u128, divisor: u128) -> Result<Self, AmountError> {
        match mul_div(self.0, factor, divisor) {
            Ok((quotient, 0)) => Ok(Self(quotient)),
            Ok((quotient, _)) => match quotient.checked_add(1) {
                Some(up) => Ok(Self(up)),
                None => Err(AmountError::QuotientOverflow {
                    left: self.0,
                    right: factor,
                    divisor,
                }),
            },
            Err(refusal) => Err(refusal),
        }
    }

    /// `⌊self ÷ count⌋`, and what does not divide; of nobody, nothing and all.
    pub const fn divide(self, count: u32) -> (Self, Self) {
        if count == 0 {
            return (Self::ZERO, self);
        }
        let (quotient, rest) = short_division(self.0, count as u64);
        (Self(quotient), Self(rest as u128))
    }

    /// `⌊self × share ÷ 10_000⌋`; cannot fail, because a share is at most the whole.
    pub const fn bps_floor(self, share: Bps) -> Self {
        Self(part_floor(
            self.0,
            share.get() as u128,
            Bps::MAX.get() as u128,
        ))
    }

    /// `⌊self × share ÷ 1_000⌋`; cannot fail, because a share is at most the whole.
    pub const fn permille_floor(self, share: Permille) -> Self {
        Self(part_floor(
            self.0,
            share.get() as u128,
            Permille::MAX.get() as u128,
        ))
    }
}

impl Bps {
    /// What is left of the whole: `10_000 − self`.
    pub const fn complement(self) -> Self {
        Self(Self::MAX.0 - self.0)
    }
}

impl TryFrom<U256> for Amount {
    type Error = AmountError;

    fn try_from(value: U256) -> Result<Self, Self::Error> {
        match value.into_limbs() {
            [low, high, 0, 0] => Ok(Self(u128::from(low) | u128::from(high) << 64)),
            _ => Err(AmountError::TooLarge { value }),
        }
    }
}

/// `⌊value × part ÷ whole⌋` for `part ≤ whole ≤ 10_000`, without a 256-bit product: with `value = q·whole + r` the
/// result is `q·part + ⌊r·part ÷ whole⌋`, and both terms stay below `value`.
// One body: a settlement takes seven shares.
#[inline(never)]
const fn part_floor(value: u128, part: u128, whole: u128) -> u128 {
    let (quotient, rest) = short_division(value, whole as u64);
    // Both terms are below `value`, and the product of rest and part below 10⁸: nothing wraps.
    let of_rest = rest.wrapping_mul(part as u64) / whole as u64;
    quotient.wrapping_mul(part).wrapping_add(of_rest as u128)
}

/// Divides by a number below 2³², 32 bits a step: programs without other 128-bit divisions are spared that routine, a
/// kilobyte each.
const fn short_division(value: u128, divisor: u64) -> (u128, u64) {
    let (mut quotient, mut rest, mut shift) = (0u128, 0u64, u128::BITS);
    while shift > 0 {
        shift = shift.wrapping_sub(u32::BITS);
        let part = rest << u32::BITS | (value >> shift) as u32 as u64;
        quotient = quotient << u32::BITS | (part / divisor) as u128;
        rest = part % divisor;
    }
    (quotient, rest)
}

/// Quotient and remainder of `left × right ÷ divisor`.
const fn mul_div(left: u128, right: u128, divisor: u128) -> Result<(u128, u128), AmountError> {
    if divisor == 0 {
        return Err(AmountError::ZeroDivisor { dividend: left });
    }
    let (high, low) = widening_mul(left, right);
    if high >= divisor {
        return Err(AmountError::QuotientOverflow {
            left,
            right,
            divisor,
        });
    }
    Ok(long_division(high, low, divisor))
}

/// The 256-bit product as `(high, low)`, from four 64-bit partial products.
const fn widening_mul(left: u128, right: u128) -> (u128, u128) {
    const HALF: u32 = 64; // structural: bits of half a word
    const MASK: u128 = u64::MAX as u128;
    let (left_high, left_low) = (left >> HALF, left & MASK);
    let (right_high, right_low) = (right >> HALF, right & MASK);

    let low = left_low * right_low;
    let cross = left_high * right_low;
    // At most 3·(2⁶⁴−1) above the product's upper half: cannot overflow 128 bits.
    let middle = left_low * right_high + (cross & MASK) + (low >> HALF);
    let high = left_high * right_high + (cross >> HALF) + (middle >> HALF);
    (high, (middle << HALF) | (low & MASK))
}

/// Divides a 256-bit number by shift and subtract; needs `high < divisor`, so that the quotient fits 128 bits. One bit
/// a step: such divisions are rare, and the loop is a tenth of the code of a word-wise one, of which programs are spared
/// even the 128-bit routine.
const fn long_division(high: u128, low: u128, divisor: u128) -> (u128, u128) {
    let (mut rest, mut quotient, mut bit) = (high, 0u128, u128::BITS);
    while bit > 0 {
        bit -= 1;
        let carry = rest >> (u128::BITS - 1) == 1;
        rest = (rest << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry || rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    (quotient, rest)
}
