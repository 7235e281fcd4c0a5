//! An attempt of a node: what collaboration says of it, and the one word that is kept of its verification.
//!
//! ```text
//! record   0 announced  1 stage  2 committed  3 revealed  4 excluded  5 disputant + 1
//!          6 ruling: 1 approved, 2 rejected   7..9 its score   9 its seat
//!          10 whether the law is known   11 threshold   12 mode   13..25 grace, commits, reveals: seconds, four bytes each
//!          25 least similarity   26 greatest distance
//! ```
//!
//! Masks have a bit for each seat, seat zero the lowest. What an attempt's law says never changes, so its first step learns it and
//! keeps it here: no later one asks for the node's page or for parameters.

// structural file: offsets and widths of the layout drawn above.

use alloy_primitives::Address;

use super::{Refused, consensus::Tolerances, review::Ruling, window::Windows};
use crate::{
    agent::{Reader, Writer},
    machine::{MissionState, NodeState},
    reputation::Points,
    statute::SEATS_MAX,
};

/// The number under which collaboration tells of a stop, its mission's or the city's. Its other halts let verification go on
/// (RULINGS R9, RESOLUTIONS C-02).
pub const STOPPED: u8 = 1;

/// The tier of nodes that are verified by consensus.
pub const CONSENSUS: u8 = 2;

/// A set of seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seats(u8);

impl Seats {
    /// No seat.
    pub const NONE: Self = Self(0);

    /// The seats of a mask.
    pub const fn of(mask: u8) -> Self {
        Self(mask)
    }

    /// Their mask.
    pub const fn mask(self) -> u8 {
        self.0
    }

    /// Whether a seat is among them; there is none beyond the seventh.
    pub const fn has(self, seat: u8) -> bool {
        (seat as usize) < SEATS_MAX && self.0 >> (seat & 7) & 1 == 1
    }

    /// With one seat more.
    pub const fn with(self, seat: u8) -> Self {
        if seat as usize >= SEATS_MAX {
            return self;
        }
        Self(self.0 | 1 << (seat & 7))
    }

    /// Those of them that are not among others.
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// How many.
    pub const fn count(self) -> u8 {
        self.0.count_ones() as u8
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What the node's deadline is the end of, while its values are sealed and opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    /// Commitments are taken.
    #[default]
    Commit,
    /// Values are revealed.
    Reveal,
    /// All is revealed; dissenters may go to the panel.
    Dispute,
}

/// What rules an attempt: its node's law, and parameters of the epoch that is its mission's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Law {
    /// Seats that must agree.
    pub threshold: u8,
    /// How values are compared; the number of a [`Mode`](crate::statute::Mode).
    pub mode: u8,
    /// Until when what may be done.
    pub windows: Windows,
    /// How near is near enough.
    pub near: Tolerances,
}

/// What is kept of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Whether a result was announced; it moves the deadline once.
    pub announced: bool,
    /// What the deadline ends.
    pub stage: Stage,
    /// Seats that sealed a value.
    pub committed: Seats,
    /// Seats that opened it.
    pub revealed: Seats,
    /// Seats whose reveal does not count (RESOLUTIONS G-17).
    pub excluded: Seats,
    /// The seat whose bond is held.
    pub disputant: Option<u8>,
    /// What people decided and nobody has carried out yet.
    pub ruling: Option<Ruling>,
    /// What rules it, once a step has learned it.
    pub law: Option<Law>,
}

impl Record {
    /// Seats whose value counts.
    pub const fn counting(&self) -> Seats {
        self.revealed.without(self.excluded)
    }

    /// Seats whose reveal is still to come.
    pub const fn awaited(&self) -> Seats {
        self.committed.without(self.revealed).without(self.excluded)
    }

    /// The word that is kept.
    pub fn pack(&self) -> [u8; 32] {
        let (kind, score, seat) = match self.ruling {
            None => (0, 0, 0),
            Some(Ruling {
                approved,
                score,
                seat,
            }) => (if approved { 1 } else { 2 }, score.get(), seat),
        };
        let disputant = self.disputant.map_or(0, |seat| seat.wrapping_add(1));
        let mut writer = Writer::new();
        for byte in [
            self.announced.into(),
            self.stage as u8,
            self.committed.mask(),
            self.revealed.mask(),
            self.excluded.mask(),
            disputant,
            kind,
        ] {
            writer.number(byte.into(), 1);
        }
        writer.number(score.into(), 2);
        writer.number(seat.into(), 1);
        if let Some(law) = &self.law {
            for byte in [1, law.threshold, law.mode] {
                writer.number(byte.into(), 1);
            }
            for seconds in law.windows.seconds() {
                writer.number(seconds, 4);
            }
            for byte in [law.near.similarity, law.near.distance] {
                writer.number(byte.into(), 1);
            }
        }
        writer.finish()
    }

    /// What a word says.
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        let mut byte = || reader.number(1) as u8;
        let (announced, stage) = (byte() != 0, byte());
        let (committed, revealed, excluded) = (byte(), byte(), byte());
        let (disputant, kind) = (byte(), byte());
        let (score, seat) = (reader.number(2), reader.number(1) as u8);
        let mut byte = || reader.number(1) as u8;
        let (known, threshold, mode) = (byte(), byte(), byte());
        let mut seconds = || reader.number(4);
        let windows = Windows::of_seconds([seconds(), seconds(), seconds()]);
        let mut byte = || reader.number(1) as u8;
        let near = Tolerances {
            similarity: byte(),
            distance: byte(),
        };
        let law = Law {
            threshold,
            mode,
            windows,
            near,
        };
        let ruling = Ruling {
            approved: kind == 1,
            score: Points::new(score).unwrap_or(Points::ZERO),
            seat,
        };
        Self {
            announced,
            stage: match stage {
                0 => Stage::Commit,
                1 => Stage::Reveal,
                _ => Stage::Dispute,
            },
            committed: Seats::of(committed),
            revealed: Seats::of(revealed),
            excluded: Seats::of(excluded),
            disputant: disputant.checked_sub(1),
            ruling: (kind != 0).then_some(ruling),
            law: (known != 0).then_some(law),
        }
    }
}

/// An attempt as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// State of its mission, by number.
    pub mission: u8,
    /// What halts the mission or the city, by collaboration's number.
    pub halt: u8,
    /// State of its node, by number.
    pub state: u8,
    /// Which attempt it is.
    pub attempt: u8,
    /// 1 proof, 2 consensus, 3 review.
    pub tier: u8,
    /// Seats that must agree.
    pub threshold: u8,
    /// How values are compared; the number of a [`Mode`](crate::statute::Mode).
    pub mode: u8,
    /// When the node came to its state.
    pub since: u64,
    /// The deadline that runs, with what halts moved it.
    pub expires: u64,
    /// Whether the second period of a review is open.
    pub backup: bool,
    /// Base units of all seats together.
    pub budget: u128,
    /// Seats that began it.
    pub seats: Seats,
    /// Executors by seat, where they were asked for; nobody beyond the last, or where a seat was lost.
    pub agents: [Address; SEATS_MAX],
    /// What is kept of it here.
    pub record: Record,
}

impl Case {
    /// Refuses an attempt on which nothing goes on: its mission works, no stop lies on it, its node is in one of these
    /// states. A pause, a freeze of the city and a struck norm let work under way end normally (C-02, R9).
    ///
    /// Errors: `MissionState`, `Halted`, `NodeState`.
    pub fn open(&self, states: &[NodeState]) -> Result<(), Refused> {
        let works = [MissionState::Active, MissionState::Executing];
        if works.iter().all(|state| *state as u8 != self.mission) {
            return Err(Refused::MissionState(self.mission));
        }
        if self.halt == STOPPED {
            return Err(Refused::Halted(self.halt));
        }
        if states.iter().all(|state| *state as u8 != self.state) {
            return Err(Refused::NodeState(self.state, self.attempt));
        }
        Ok(())
    }

    /// Errors: `Tier`, for a node that is not verified by consensus.
    pub const fn by_consensus(&self) -> Result<(), Refused> {
        if self.tier == CONSENSUS {
            Ok(())
        } else {
            Err(Refused::Tier(self.tier))
        }
    }

    /// Errors: `Attempt`, for one that is over.
    pub const fn at(&self, attempt: u8) -> Result<(), Refused> {
        if attempt == self.attempt {
            Ok(())
        } else {
            Err(Refused::Attempt(self.attempt, attempt))
        }
    }

    /// The seat of an agent.
    ///
    /// Errors: `NotSeated`.
    pub fn seat_of(&self, agent: Address) -> Result<u8, Refused> {
        match self.agents.iter().position(|seated| *seated == agent) {
            Some(seat) if agent != Address::ZERO => Ok(seat as u8),
            _ => Err(Refused::NotSeated(agent)),
        }
    }

    /// Who sits at a seat; nobody beyond the last.
    pub fn agent_of(&self, seat: u8) -> Address {
        let agent = self.agents.get(usize::from(seat));
        agent.copied().unwrap_or(Address::ZERO)
    }
}
