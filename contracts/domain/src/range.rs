//! Numbers with bounds: a value of such a type cannot be out of range.

use core::fmt;

/// A number was outside the bounds of its type. Carries all three so that a caller can say what would be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// What was offered.
    pub value: u64,
    /// Least accepted value.
    pub min: u64,
    /// Greatest accepted value.
    pub max: u64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not within {}..={}",
            self.value, self.min, self.max
        )
    }
}

impl core::error::Error for OutOfRange {}

/// `value` if it is at most `max`.
pub(crate) const fn at_most(value: u64, max: u64) -> Result<u64, OutOfRange> {
    if value > max {
        return Err(OutOfRange { value, min: 0, max });
    }
    Ok(value)
}

/// Defines a copyable number `0..=MAX` over a small integer.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident: $raw:ty, max $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($raw);

        impl $name {
            /// The least value.
            pub const ZERO: Self = Self(0);
            /// The greatest value.
            pub const MAX: Self = Self(($max) as $raw);

            /// Errors: [`OutOfRange`](crate::range::OutOfRange) above [`Self::MAX`].
            pub const fn new(value: u64) -> Result<Self, crate::range::OutOfRange> {
                match crate::range::at_most(value, ($max) as u64) {
                    Ok(value) => Ok(Self(value as $raw)),
                    Err(refusal) => Err(refusal),
                }
            }

            /// The plain number.
            pub const fn get(self) -> $raw {
                self.0
            }
        }

        impl TryFrom<u64> for $name {
            type Error = crate::range::OutOfRange;

            fn try_from(value: u64) -> Result<Self, Self::Error> {
                Self::new(value)
            }
        }
    };
}
pub(crate) use bounded;
