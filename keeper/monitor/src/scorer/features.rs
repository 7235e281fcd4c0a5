//! Feature hashing: counts of more features than there are components, each at a place and with a sign that its hash names.
//!
//! Two features that meet at one place add as often as they cancel, so a product of two hashed vectors is on average the product of the
//! vectors themselves (Weinberger et al., *Feature Hashing for Large Scale Multitask Learning*, 2009).

use crate::vector::Vector;

/// Features are counted in so many buckets, whatever a text holds: outputs come from strangers.
const BUCKETS: usize = 1 << 16;

/// How often each feature occurs.
#[derive(Debug)]
pub(super) struct Features(Vec<u64>);

impl Default for Features {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Features {
    pub(super) fn note(&mut self, hash: u64) {
        let bucket = mix(hash) % BUCKETS as u64;
        self.0[bucket as usize] += 1;
    }

    /// The vector: the square root of each count, so that what is said a hundred times weighs as ten that are said once.
    pub(super) fn vector<const DIMENSION: usize>(&self) -> Vector {
        let mut components = [0_i64; DIMENSION];
        let counts = (0_u64..).zip(&self.0).filter(|(_, count)| **count > 0);
        for (bucket, count) in counts {
            let mixed = mix(bucket);
            let place = (mixed % DIMENSION as u64) as usize;
            // Eight bits behind the point; a text has fewer than 2³² features.
            let weight = (count << 16).isqrt() as i64;
            components[place] += if mixed >> 63 == 0 { weight } else { -weight };
        }
        Vector::of_counts(&components)
    }
}

/// FNV-1a of bytes, begun with `kind`, so that features of different kinds differ.
pub(super) fn hash(kind: u8, bytes: impl IntoIterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes
        .into_iter()
        .fold(step(0xcbf2_9ce4_8422_2325, kind), step)
}

/// Spreads every bit over all (the finaliser of SplitMix64): FNV's bits alone would name poor places.
const fn mix(hash: u64) -> u64 {
    let hash = hash.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
