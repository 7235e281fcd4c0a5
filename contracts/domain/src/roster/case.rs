//! Cases of revocation against an adjudicator (RESOLUTIONS D-16 to D-19).
//!
//! INV-ROSTER-03. Two thirds of those who were active when the case began, rounded up, each once and the accused never, revoke;
//! whoever came later has no voice, and who left afterwards keeps his. The initiator's word is the first, and alone carries
//! nothing. A case lapses by itself; then its bond is lost.

use alloy_primitives::Address;

use super::{
    Refused, after,
    city::City,
    due,
    seat::{Seat, Stake},
};
use crate::{
    act::quorum,
    machine::{ImpeachmentState, SeatState},
};

/// A case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Whether it is open, and how it ended.
    pub state: ImpeachmentState,
    /// Who is accused.
    pub target: Address,
    /// Who accuses, under bond.
    pub initiator: Address,
    /// Votes so far, the initiator's among them.
    pub votes: u8,
    /// Votes that carry it.
    pub needed: u8,
    /// When it began.
    pub opened_at: u64,
    /// Its last second.
    pub expires_at: u64,
}

impl Case {
    /// Opens a case; the city has counted it.
    ///
    /// Errors: `NotAdjudicator` of the initiator; `AlreadyDone` against oneself, or where one is open; `WrongStanding` of a
    /// target that neither sits nor is in its appeal window.
    pub fn open(
        (initiator, accuser): (Address, &Seat),
        (target, accused, stake): (Address, &Seat, &Stake),
        city: City,
        life: u64,
        now: u64,
    ) -> Result<(Self, Stake, City), Refused> {
        if !accuser.is_active() {
            return Err(Refused::NotAdjudicator);
        }
        if initiator == target || stake.case != 0 {
            return Err(Refused::AlreadyDone);
        }
        match accused.standing {
            Some(SeatState::Active) => {}
            Some(SeatState::Leaving) if now < stake.released_from => {}
            None
            | Some(
                SeatState::Candidate
                | SeatState::Leaving
                | SeatState::Removed
                | SeatState::Released,
            ) => return Err(Refused::WrongStanding(accused.standing)),
        }
        let cases = city.cases.saturating_add(1);
        let case = Self {
            state: ImpeachmentState::Open,
            target,
            initiator,
            votes: 1,
            needed: quorum::two_thirds(city.active),
            opened_at: now,
            expires_at: after(now, life),
        };
        let stake = Stake {
            case: cases,
            ..*stake
        };
        Ok((case, stake, City { cases, ..city }))
    }

    /// Refuses one that ended, or whose time is over.
    ///
    /// Errors: `NoCase`.
    pub fn require_running(&self, now: u64) -> Result<(), Refused> {
        if self.state != ImpeachmentState::Open || now > self.expires_at {
            return Err(Refused::NoCase);
        }
        Ok(())
    }

    /// One more vote, which may be the last that was needed.
    ///
    /// Errors: `NoCase`; `NotAdjudicator`, also of who came after it began; `AlreadyDone` of the accused, and of who voted.
    pub fn vote(
        self,
        voter: Address,
        seat: &Seat,
        has_voted: bool,
        now: u64,
    ) -> Result<Self, Refused> {
        self.require_running(now)?;
        if !seat.is_active() || seat.since > self.opened_at {
            return Err(Refused::NotAdjudicator);
        }
        if voter == self.target || has_voted {
            return Err(Refused::AlreadyDone);
        }
        let votes = self.votes.saturating_add(1);
        Ok(Self {
            votes,
            state: if votes >= self.needed {
                ImpeachmentState::Carried
            } else {
                self.state
            },
            ..self
        })
    }

    /// Ends it without a majority.
    ///
    /// Errors: `NoCase` of one that ended; `NotDue`.
    pub fn lapse(self, now: u64) -> Result<Self, Refused> {
        if self.state != ImpeachmentState::Open {
            return Err(Refused::NoCase);
        }
        due(after(self.expires_at, 1), now)?;
        Ok(Self {
            state: ImpeachmentState::Lapsed,
            ..self
        })
    }
}
