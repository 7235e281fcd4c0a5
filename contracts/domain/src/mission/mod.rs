//! Missions and their nodes: the rules of *collaboration*, the only writer of their states.
//!
//! | module | for |
//! |---|---|
//! | [`record`] | what is stored of a mission, and the steps of states |
//! | [`node`] | what is stored of a node's attempt, and its windows |
//! | [`halt`] | what lies on a mission, and what that forbids |
//! | [`seat`] | who takes a seat, and which seats begin |
//! | [`verdict`] | what verification may say of an attempt |
//! | [`fault`] | what a fault costs |
//! | [`refinement`] | nodes reassigned, missions replaced |
//! | [`recursion`] | missions within missions |
//! | [`exit`] | who may leave what, once a deadline passed |
//! | [`order`] | what the guardian orders of a node |
//! | [`word`], [`kind`] | parts of packed words, numbers of refusals |
//! | [`digest`] | what a completed mission commits to |
//!
//! Functions change records in place and refuse with values; nothing has changed where they refuse, except that a caller
//! must not store a record of which a later rule refused. They see no storage and no clock.

use core::num::NonZeroU64;

// The macro that draws records comes first.
pub mod word;

pub mod digest;
pub mod exit;
pub mod fault;
pub mod halt;
pub mod kind;
pub mod node;
pub mod order;
pub mod record;
pub mod recursion;
pub mod refinement;
pub mod seat;
pub mod verdict;

/// A refusal in one number, which programs pass on in a register; [`why`](Self::why) says what it means.
///
/// Layout from the lowest byte: kind, 1 byte; a first value, 2 bytes; a second value or an instant, 5 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(NonZeroU64);

/// Why nothing changes. States and halts are numbers as the interface has them, instants have 40 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such mission.
    UnknownMission,
    /// The statute has so many nodes.
    UnknownNode {
        /// How many.
        nodes: u16,
    },
    /// The mission is in another state.
    MissionState {
        /// Which.
        state: u8,
    },
    /// The node is in another state, or at another attempt.
    NodeState {
        /// Which.
        state: u8,
        /// At which.
        attempt: u8,
    },
    /// A halt forbids it.
    Halted {
        /// Which; zero where one was to be lifted and none lies there.
        halt: u8,
        /// When it is overdue.
        until: u64,
    },
    /// Its time has not come.
    TooEarly {
        /// After which second.
        from: u64,
    },
    /// Its time is over.
    TooLate {
        /// Until which second it was not.
        until: u64,
    },
    /// It was done before.
    Done,
    /// Too few seats may begin.
    Seats {
        /// How many may.
        accepted: u8,
        /// How many must.
        needed: u8,
    },
    /// No refinement is left.
    Refinements {
        /// How many would be used.
        used: u16,
        /// How many there are.
        limit: u16,
    },
    /// Missions nest no deeper.
    Depth {
        /// How deep it would be.
        depth: u8,
        /// How deep it may.
        limit: u8,
    },
    /// The machine consensus of a disputed node decides now.
    Disputed,
    /// The command says what no command says.
    Order,
}

/// What an instant in a refusal may be: 40 bits.
const INSTANT_MAX: u64 = (1 << 40) - 1; // structural: five bytes

impl Why {
    /// In one number.
    pub const fn pack(self) -> Refused {
        let (kind, first, second) = match self {
            Self::UnknownMission => (kind::UNKNOWN_MISSION, 0u16, 0u64),
            Self::UnknownNode { nodes } => (kind::UNKNOWN_NODE, nodes, 0),
            Self::MissionState { state } => (kind::MISSION_STATE, state as u16, 0),
            Self::NodeState { state, attempt } => (kind::NODE_STATE, state as u16, attempt as u64),
            Self::Halted { halt, until } => (kind::HALTED, halt as u16, until),
            Self::TooEarly { from } => (kind::TOO_EARLY, 0, from),
            Self::TooLate { until } => (kind::TOO_LATE, 0, until),
            Self::Done => (kind::DONE, 0, 0),
            Self::Seats { accepted, needed } => (kind::SEATS, accepted as u16, needed as u64),
            Self::Refinements { used, limit } => (kind::REFINEMENTS, used, limit as u64),
            Self::Depth { depth, limit } => (kind::DEPTH, depth as u16, limit as u64),
            Self::Disputed => (kind::DISPUTED, 0, 0),
            Self::Order => (kind::ORDER, 0, 0),
        };
        let second = if second > INSTANT_MAX {
            INSTANT_MAX
        } else {
            second
        };
        let packed = kind as u64 | (first as u64) << 8 | second << 24;
        match NonZeroU64::new(packed) {
            Some(packed) => Refused(packed),
            // No kind is zero.
            None => Refused(NonZeroU64::MAX),
        }
    }
}

impl From<Why> for Refused {
    fn from(why: Why) -> Self {
        why.pack()
    }
}

impl Refused {
    /// Its kind, and its values: for programs, which turn them into an error of the interface.
    pub const fn parts(self) -> (u8, u64, u64) {
        let packed = self.0.get();
        (packed as u8, packed >> 8 & 0xffff, packed >> 24)
    }

    /// What it means.
    pub const fn why(self) -> Why {
        let (kind, first, second) = self.parts();
        match kind {
            kind::UNKNOWN_MISSION => Why::UnknownMission,
            kind::UNKNOWN_NODE => Why::UnknownNode {
                nodes: first as u16,
            },
            kind::MISSION_STATE => Why::MissionState { state: first as u8 },
            kind::NODE_STATE => Why::NodeState {
                state: first as u8,
                attempt: second as u8,
            },
            kind::HALTED => Why::Halted {
                halt: first as u8,
                until: second,
            },
            kind::TOO_EARLY => Why::TooEarly { from: second },
            kind::TOO_LATE => Why::TooLate { until: second },
            kind::DONE => Why::Done,
            kind::SEATS => Why::Seats {
                accepted: first as u8,
                needed: second as u8,
            },
            kind::REFINEMENTS => Why::Refinements {
                used: first as u16,
                limit: second as u16,
            },
            kind::DEPTH => Why::Depth {
                depth: first as u8,
                limit: second as u8,
            },
            kind::DISPUTED => Why::Disputed,
            _ => Why::Order,
        }
    }
}

impl core::fmt::Debug for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.why().fmt(f)
    }
}

impl PartialEq<Why> for Refused {
    fn eq(&self, other: &Why) -> bool {
        *self == other.pack()
    }
}

/// Why a node or a mission failed or ended; the numbers are the interface's. Those from `HumanSilence` on are nobody's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// For no reason.
    None,
    /// Handed in nothing in time.
    TimeoutExceeded,
    /// Ran other code than it registered, by ruling.
    CodeHashMismatch,
    /// A proof did not hold.
    ProofRejected,
    /// Too few agreed.
    ConsensusFailed,
    /// A reviewer rejected it.
    ReviewRejected,
    /// A freeze was upheld.
    FreezeConfirmed,
    /// A seat was not taken.
    SeatNotAccepted,
    /// A seat's service ended before it began.
    ServiceDeprecated,
    /// A predicate of the gate refused.
    PredicateFailed,
    /// The panel vetoed the output.
    OutputVetoed,
    /// No refinement is left.
    RefinementExhausted,
    /// The mission's deadline passed.
    MissionDeadline,
    /// The child ended without output.
    ChildFailed,
    /// The panel named who was at fault.
    FaultNamed,
    /// Nobody decided.
    HumanSilence,
    /// Nobody ruled on a freeze.
    FreezeExpired,
    /// A halt passed its maximum.
    HaltExpired,
    /// An ancestor ended.
    AncestorEnded,
    /// Nobody recovered it.
    Unfinished,
    /// It succeeded.
    Succeeded,
}

impl Reason {
    /// Whether somebody bears it, and a slash and points follow.
    pub const fn is_fault(number: u8) -> bool {
        number != Self::None as u8 && number < Self::HumanSilence as u8
    }
}
