//! Counting: Copeland in half points, then Minimax, then the earliest proposal (RESOLUTIONS L-04, RULINGS R26).
//!
//! `N[a][b]` is how many ballots prefer `a` to `b`. Rankings are complete and strict, so `N[a][b] + N[b][a]` is the number of
//! ballots counted, and half of the matrix is kept: row by row the counters of `a < b`, 32 bits each, eight to a word. Ballots are
//! counted in parts of any size and in any order; the sum is the same (INV-ASSEMBLY-04).
//!
//! A candidate has two half points for each other that more ballots rank below it than above, one for each tie. Among those with
//! most points the one wins whose greatest opposition `max N[b][a]`, over all candidates, is least; among those the one that was
//! proposed first.

// structural file: halves of a square, counters of a word.

use alloc::vec::Vec;

use alloy_primitives::B256;

use super::{ballot::Ranking, proposal::CANDIDATES_MAX};
use crate::mission::word::{get, set};

const MOST: usize = CANDIDATES_MAX as usize;
/// Pairs of sixteen candidates.
const PAIRS: usize = MOST * (MOST - 1) / 2;
/// Counters of a word.
const COUNTERS: usize = 8;
/// Bytes of a counter.
const WIDTH: usize = 4;

/// Half of a pairwise matrix, as far as ballots are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    candidates: u8,
    counted: u32,
    upper: [u32; PAIRS],
}

/// What is known of a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Copeland score in half points.
    pub copeland: u8,
    /// Greatest opposition.
    pub opposition: u32,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// One had most points.
    Copeland = 1,
    /// Of those with most points one had the least opposition.
    Minimax,
    /// Of those the earliest proposal.
    Earliest,
}

impl Matrix {
    /// Nothing counted yet.
    pub const fn new(candidates: u8) -> Self {
        Self {
            candidates: if candidates < CANDIDATES_MAX {
                candidates
            } else {
                CANDIDATES_MAX
            },
            counted: 0,
            upper: [0; PAIRS],
        }
    }

    /// Ballots counted.
    pub const fn counted(&self) -> u32 {
        self.counted
    }

    /// Words that it is kept in.
    pub const fn words(candidates: u8) -> usize {
        let candidates = candidates as usize;
        (candidates * candidates.saturating_sub(1) / 2).div_ceil(COUNTERS)
    }

    /// Reads one of its words.
    #[inline(never)]
    pub fn load(&mut self, at: usize, word: &B256) {
        for (counter, place) in self
            .upper
            .iter_mut()
            .skip(at.saturating_mul(COUNTERS))
            .zip(0..COUNTERS)
        {
            *counter = get(word, place.saturating_mul(WIDTH), WIDTH) as u32;
        }
    }

    /// One of its words.
    #[inline(never)]
    pub fn word(&self, at: usize) -> B256 {
        let mut word = B256::ZERO;
        for (counter, place) in self
            .upper
            .iter()
            .skip(at.saturating_mul(COUNTERS))
            .zip(0..COUNTERS)
        {
            set(
                &mut word,
                place.saturating_mul(WIDTH),
                WIDTH,
                (*counter).into(),
            );
        }
        word
    }

    /// That so many ballots are counted in the words that were read.
    pub const fn set_counted(&mut self, counted: u32) {
        self.counted = counted;
    }

    /// Where the counter of `a < b` stands.
    fn place(&self, a: u8, b: u8) -> usize {
        let (m, a, b) = (usize::from(self.candidates), usize::from(a), usize::from(b));
        // Rows before a are m−1, m−2, … long.
        let before = a.saturating_mul(m.saturating_mul(2).saturating_sub(a).saturating_sub(1)) / 2;
        before.saturating_add(b).saturating_sub(a).saturating_sub(1)
    }

    /// Counts a ballot.
    #[inline(never)]
    pub fn count(&mut self, ranking: Ranking) {
        let mut better = ranking.first(self.candidates);
        while let Some(a) = better.next() {
            for b in better.clone() {
                if a < b {
                    let place = self.place(a, b);
                    if let Some(counter) = self.upper.get_mut(place) {
                        *counter = counter.saturating_add(1);
                    }
                }
            }
        }
        self.counted = self.counted.saturating_add(1);
    }

    /// How many ballots prefer `a` to `b`; none prefers a candidate to itself.
    #[inline(never)]
    pub fn prefer(&self, a: u8, b: u8) -> u32 {
        let kept = |a, b| {
            self.upper
                .get(self.place(a, b))
                .copied()
                .unwrap_or_default()
        };
        match a.cmp(&b) {
            core::cmp::Ordering::Less => kept(a, b),
            core::cmp::Ordering::Equal => 0,
            core::cmp::Ordering::Greater => self.counted.saturating_sub(kept(b, a)),
        }
    }

    /// What is known of a candidate.
    #[inline(never)]
    pub fn score(&self, a: u8) -> Score {
        let mut score = Score::default();
        for b in (0..self.candidates).filter(|b| *b != a) {
            let (wins, losses) = (self.prefer(a, b), self.prefer(b, a));
            let points = u8::from(wins >= losses).saturating_add((wins > losses).into());
            score.copeland = score.copeland.saturating_add(points);
            score.opposition = score.opposition.max(losses);
        }
        score
    }

    /// Who wins, and what decided; `proposed` says which of its session's proposals a candidate is. None of none.
    #[inline(never)]
    pub fn decide(&self, proposed: &[u16]) -> Option<(u8, Stage)> {
        let mut best: Option<(u8, Score, u16)> = None;
        let mut stage = Stage::Copeland;
        for (candidate, index) in (0..self.candidates).zip(proposed) {
            let score = self.score(candidate);
            let Some((_, other, earliest)) = best else {
                best = Some((candidate, score, *index));
                continue;
            };
            // What tells the two apart; only against the best so far does it say anything about the winner.
            let (ahead, by) = if score.copeland != other.copeland {
                (score.copeland > other.copeland, Stage::Copeland)
            } else if score.opposition != other.opposition {
                (score.opposition < other.opposition, Stage::Minimax)
            } else {
                (*index < earliest, Stage::Earliest)
            };
            if ahead {
                best = Some((candidate, score, *index));
                // Who is ahead by points leaves behind whoever tied before.
                stage = by;
            } else if by as u8 > stage as u8 {
                stage = by;
            }
        }
        best.map(|(candidate, ..)| (candidate, stage))
    }
}

/// Candidates with most points, in their order: those among whom oppositions decide. For readers.
pub fn most_points(matrix: &Matrix) -> Vec<u8> {
    let all = 0..matrix.candidates;
    let most = all.clone().map(|a| matrix.score(a).copeland).max();
    all.filter(|a| Some(matrix.score(*a).copeland) == most)
        .collect()
}

/// The candidate that more ballots rank above each other one than below, if there is one. For readers.
pub fn condorcet_winner(matrix: &Matrix) -> Option<u8> {
    let beats = |a: u8, b: u8| a == b || matrix.prefer(a, b) > matrix.prefer(b, a);
    (0..matrix.candidates).find(|a| (0..matrix.candidates).all(|b| beats(*a, b)))
}

/// Candidates with most first places, which decide nothing here. For readers.
pub fn plurality_winners(candidates: u8, ballots: &[Ranking]) -> Vec<u8> {
    let firsts = |a: u8| {
        let is_first = |ballot: &&Ranking| ballot.first(1).eq([a]);
        ballots.iter().filter(is_first).count()
    };
    let most = (0..candidates).map(firsts).max();
    (0..candidates)
        .filter(|a| Some(firsts(*a)) == most)
        .collect()
}
