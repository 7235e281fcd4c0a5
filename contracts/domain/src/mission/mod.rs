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
//! | [`digest`] | what a completed mission commits to |
//!
//! Functions change records in place and refuse with values; nothing has changed where they refuse, except that a caller
//! must not store a record of which a later rule refused. They see no storage and no clock.

// Records come first: the macro that draws them is theirs.
mod word;

pub mod digest;
pub mod exit;
pub mod fault;
pub mod halt;
pub mod node;
pub mod order;
pub mod record;
pub mod recursion;
pub mod refinement;
pub mod seat;
pub mod verdict;

/// Why nothing changes. States and halts are numbers as the interface has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
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
