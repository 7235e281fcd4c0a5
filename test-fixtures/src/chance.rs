//! Numbers that follow from a seed, so that a run is repeated by it.

use std::ops::Range;

/// The seed of every run that names no other.
const SEED: u64 = 20_260_407;
/// Names another.
const VARIABLE: &str = "AGENTCITY_SEED";

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed that `AGENTCITY_SEED` names, or the one of every run.
    ///
    /// Panics when it is no number: a run with another seed than asked for would mislead.
    pub fn seed() -> u64 {
        number(VARIABLE, SEED)
    }

    /// The next.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// One of a range that is not empty.
    pub const fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.draw() % (range.end - range.start)
    }

    /// A place in a list that is not empty.
    pub const fn place(&mut self, length: usize) -> usize {
        self.within(0..length as u64) as usize
    }

    /// Whether it is the one of so many.
    pub const fn one_of(&mut self, many: u64) -> bool {
        self.within(0..many) == 0
    }
}

/// What a variable says, or `usual`.
///
/// Panics when it says no number.
pub fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_has_one_sequence_and_another_has_another() {
        let ten = |seed| {
            let mut chance = Chance::new(seed);
            (0..10).map(|_| chance.draw()).collect::<Vec<_>>()
        };
        assert_eq!(ten(1), ten(1));
        assert_ne!(ten(1), ten(2));
        let mut chance = Chance::new(3);
        assert!((0..1_000).all(|_| (5..9).contains(&chance.within(5..9))));
    }
}
