//! Ballots too much alike (seed §3.6, RESOLUTIONS L-14, RULINGS R27).
//!
//! Two rankings of `m` candidates have a Kendall τ of `(concordant − discordant) / (m(m−1)/2)`, and their first `k` candidates a
//! Jaccard similarity of `|∩| / |∪|`. A clique is a set of ballots of which every two reach both bounds. Innocent ballots are alike
//! by chance where candidates are few, so fewer than `collusionMinCandidates` prove nothing, and neither do sets smaller than the greater
//! of `collusionCliqueMin` and `collusionCliquePct` of the ballots (INV-ASSEMBLY-05).
//!
//! Equal rankings are alike without being compared: only the different ones among those named are compared with each other.

use alloc::vec::Vec;

use super::{ballot::Ranking, proposal::CANDIDATES_MAX, refused::Refused};
use crate::parameter::ParameterId as P;

/// Most different rankings of a clique: every two of them are compared.
pub const DIFFERENT_MAX: usize = 256; // structural: 32,640 comparisons in a call

/// Thousandths of the whole.
const WHOLE: u32 = 1_000; // structural: permille

/// What makes a clique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Candidates from which on ballots are compared.
    pub candidates: u32,
    /// Least τ, in thousandths.
    pub tau: u32,
    /// Candidates of a head.
    pub head: u32,
    /// Least similarity of heads, in thousandths.
    pub jaccard: u32,
    /// Least size.
    pub least: u32,
    /// Least share of the ballots, in percent.
    pub share: u32,
}

/// Two ballots compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Pairs of candidates that both rank alike.
    pub concordant: u32,
    /// Pairs that they rank differently.
    pub discordant: u32,
    /// Candidates in both heads.
    pub common: u32,
    /// Candidates in either.
    pub either: u32,
}

impl Pair {
    /// Pairs of candidates: what τ is a fraction of.
    pub const fn pairs(&self) -> u32 {
        self.concordant.saturating_add(self.discordant)
    }

    /// Concordant less discordant pairs: τ times their number.
    pub const fn tau(&self) -> i64 {
        (self.concordant as i64).saturating_sub(self.discordant as i64)
    }
}

/// What a claim comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every two of them are alike.
    Clique,
    /// The first two that are not, by their numbers.
    Apart(u32, u32),
}

impl Bounds {
    /// The parameters, in the order of [`of`](Self::of).
    pub const PARAMETERS: [P; 6] = [
        P::CollusionMinCandidates,
        P::CollusionTau,
        P::CollusionTopK,
        P::CollusionJaccard,
        P::CollusionCliqueMin,
        P::CollusionCliquePct,
    ];

    /// From their values.
    pub const fn of(values: [u64; 6]) -> Self {
        let [candidates, tau, head, jaccard, least, share] = values;
        Self {
            candidates: candidates as u32,
            tau: tau as u32,
            head: head as u32,
            jaccard: jaccard as u32,
            least: least as u32,
            share: share as u32,
        }
    }

    /// Ballots that a clique has, where so many count.
    pub const fn needed(&self, ballots: u32) -> u32 {
        let share = crate::parameter::derived::share_of(ballots, self.share);
        if share > self.least {
            share
        } else {
            self.least
        }
    }

    /// Whether a pair reaches both bounds.
    pub const fn accept(&self, pair: &Pair) -> bool {
        pair.tau().saturating_mul(WHOLE as i64) >= self.tau as i64 * pair.pairs() as i64
            && pair.common.saturating_mul(WHOLE) >= self.jaccard.saturating_mul(pair.either)
    }
}

/// Compares two rankings of so many candidates, with heads of so many.
#[inline(never)]
pub fn compare(a: Ranking, b: Ranking, candidates: u8, head: u32) -> Pair {
    let mut places = [0u8; CANDIDATES_MAX as usize];
    for (place, candidate) in (0..).zip(b.first(candidates)) {
        if let Some(of) = places.get_mut(usize::from(candidate)) {
            *of = place;
        }
    }
    let of = |candidate: u8| {
        places
            .get(usize::from(candidate))
            .copied()
            .unwrap_or_default()
    };
    let (mut concordant, mut discordant) = (0u32, 0u32);
    let mut better = a.first(candidates);
    while let Some(first) = better.next() {
        let first = of(first);
        for second in better.clone() {
            if first < of(second) {
                concordant = concordant.saturating_add(1);
            } else {
                discordant = discordant.saturating_add(1);
            }
        }
    }
    let length = candidates.min(head as u8);
    let set = |ranking: Ranking| ranking.first(length).fold(0u32, |set, one| set | 1 << one);
    let (left, right) = (set(a), set(b));
    Pair {
        concordant,
        discordant,
        common: (left & right).count_ones(),
        either: (left | right).count_ones(),
    }
}

/// Different rankings of a claim, each with the number of the first ballot that has it.
#[derive(Clone, Debug, Default)]
pub struct Claim(Vec<(u32, Ranking)>);

impl Claim {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One ballot more, by its number: what is found of it and those before.
    ///
    /// Errors: `TooMany` different rankings.
    #[inline(never)]
    pub fn take(
        &mut self,
        number: u32,
        ranking: Ranking,
        candidates: u8,
        bounds: &Bounds,
    ) -> Result<Finding, Refused> {
        for (_, other) in &self.0 {
            if *other == ranking {
                return Ok(Finding::Clique);
            }
        }
        for (first, other) in &self.0 {
            if !bounds.accept(&compare(*other, ranking, candidates, bounds.head)) {
                return Ok(Finding::Apart(*first, number));
            }
        }
        if self.0.len() >= DIFFERENT_MAX {
            return Err(Refused::TooMany(DIFFERENT_MAX as u32));
        }
        self.0.push((number, ranking));
        Ok(Finding::Clique)
    }
}
