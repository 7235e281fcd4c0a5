//! Proposals: who made them, who sponsors them, which are on the ballot, and what may come back.
//!
//! ```text
//! proposal  0..2 index   2 place   3 times   4..8 sponsors   8 returned   9..12 minorities   12..32 proposer
//! ```
//!
//! The sixteen with most sponsors are on the ballot, at least as many each as are needed. While proposals are made, one with
//! more sponsors takes the place of one with fewer: a bloc that is quick fills no ballot against proposals with more support than
//! it has members (INV-ASSEMBLY-06). Who came first keeps its place against an equal.

// structural file: offsets and widths of the layout drawn above.

use alloy_primitives::{Address, B256};

use super::{election::Election, refused::Refused};
use crate::{
    machine::{ElectionState, ProposalState},
    mission::word::packed,
    parameter::ParameterId,
};

/// Most candidates of a ballot.
pub const CANDIDATES_MAX: u8 = ParameterId::MaxCandidates.constant() as u8;

packed! {
    /// A proposal, without the address of its proposer.
    Proposal {
        /// Which of its session's, in the order in which they were made.
        index, set_index: 0, 2, u16;
        /// Its place on the ballot plus one; zero without one.
        place, set_place: 2, 1, u8;
        /// How often its law came back.
        times, set_times: 3, 1, u8;
        /// Principals who sponsor it.
        sponsors, set_sponsors: 4, 4, u32;
        /// One if it came back as another.
        returned, set_returned: 8, 1, u8;
        /// Minority positions that stand beside it.
        minorities, set_minorities: 9, 3, u32;
    }
}

/// What one more sponsor does for a proposal's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing.
    None,
    /// It takes the next free place, this one.
    Next(u8),
    /// The ballot is full: it takes the place of the one with fewest sponsors, if those are fewer than its own.
    Contest,
}

/// One proposal more of a principal that made so many in this session: how many then. More than a ballot has places could
/// never be on it together; without this bound one agent would use up the numbers of a session's proposals.
///
/// Errors: `TooMany`.
pub const fn another(made: u8) -> Result<u8, Refused> {
    if made >= CANDIDATES_MAX {
        return Err(Refused::TooMany(CANDIDATES_MAX as u32));
    }
    Ok(made.saturating_add(1))
}

impl Proposal {
    /// The `index`-th proposal of a session, by an agent.
    pub fn new(index: u16, proposer: &Address) -> Self {
        let mut proposal = Self(proposer.into_word());
        proposal.set_index(index);
        proposal
    }

    /// Who made it.
    pub fn proposer(&self) -> Address {
        Address::from_word(self.0)
    }

    /// Whether it has a place on the ballot.
    pub fn is_placed(&self) -> bool {
        self.place() != 0
    }

    /// One sponsor more, where `needed` are needed and `taken` places of the ballot are taken.
    #[inline(never)]
    pub fn sponsor(&mut self, needed: u32, taken: u8) -> Admission {
        self.set_sponsors(self.sponsors().saturating_add(1));
        if self.is_placed() || self.sponsors() < needed {
            Admission::None
        } else if taken < CANDIDATES_MAX {
            self.set_place(taken.saturating_add(1));
            Admission::Next(taken)
        } else {
            Admission::Contest
        }
    }

    /// Takes the place of a proposal on the ballot, if that has fewer sponsors; whether it did.
    pub fn displace(&mut self, weakest: &mut Self) -> bool {
        if weakest.sponsors() >= self.sponsors() {
            return false;
        }
        self.set_place(weakest.place());
        weakest.set_place(0);
        true
    }

    /// Comes back as another proposal of the same principal: how often its law has come back then.
    ///
    /// Only what lost comes back (`state`), under another law than its `own`, once, and at most `most` times in a line.
    ///
    /// Errors: `NotAmended`.
    /// Source: seed L139, L342.
    pub fn come_back(
        &mut self,
        state: ProposalState,
        (own, other): (&B256, &B256),
        is_same_sponsor: bool,
        most: u64,
    ) -> Result<u8, Refused> {
        let times = self.times().saturating_add(1);
        let lost = matches!(state, ProposalState::Defeated | ProposalState::Lapsed);
        let is_amended = own != other && is_same_sponsor;
        if !lost || !is_amended || self.returned() != 0 || u64::from(times) > most {
            return Err(Refused::NotAmended);
        }
        self.set_returned(1);
        Ok(times)
    }

    /// A minority position more.
    pub fn dissent(&mut self) {
        self.set_minorities(self.minorities().saturating_add(1));
    }

    /// What became of it, as its session stands: nothing of this is stored, so one step of the election moves all its proposals.
    pub fn state(&self, election: &Election, is_winner: bool) -> ProposalState {
        use ElectionState as S;
        let step = election.state();
        let gathers = step == Some(S::Proposing) && !election.has_failed();
        if gathers {
            ProposalState::Sponsoring
        } else if !self.is_placed() {
            ProposalState::Lapsed
        } else if is_winner {
            ProposalState::Adopted
        } else if step == Some(S::Decided) || election.has_failed() {
            ProposalState::Defeated
        } else {
            ProposalState::Admitted
        }
    }
}

/// Which of the placed proposals has fewest sponsors, the latest of them by place; none of none.
pub fn weakest(placed: &[Proposal]) -> Option<usize> {
    let mut found: Option<(usize, u32)> = None;
    for (at, proposal) in placed.iter().enumerate() {
        if found.is_none_or(|(_, least)| proposal.sponsors() <= least) {
            found = Some((at, proposal.sponsors()));
        }
    }
    found.map(|(at, _)| at)
}
