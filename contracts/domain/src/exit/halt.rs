//! Halts: what lies over a machine and forbids some of its commands for a while.
//!
//! Every halt has a maximum, after which anyone may abort the missions under it without fault; nothing resumes without
//! the panel (RULINGS R9). Money never stops: what is in [`NEVER_FORBIDDEN`] is forbidden by no halt (INV-HALT-01).

use crate::{machine::Command, parameter::ParameterId};

/// A halt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Halt {
    /// Stops one mission: by the panel, or by escalation of freezes.
    EmergencyStop,
    /// Pauses one mission: a bonded monitor reported that log and chain diverge.
    Pause,
    /// Stops every mission: by the panel.
    CityHalt,
    /// Freezes the city: adjudicators act like rubber stamps and weaken parameters.
    WatchdogFreeze,
    /// The mission is `DEGRADED`: the sequencer was out for too long.
    Degraded,
    /// The norm of the mission's domain is struck.
    NormStruck,
}

/// What a halt lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One mission and what belongs to it.
    Mission,
    /// All missions.
    City,
    /// Missions of one domain.
    Domain,
}

use Command as C;

/// What a stop forbids: the list of G-08, whose exits R9 gives back once the maximum passed. Freezes may still be
/// reported and decided, outputs vetoed, missions aborted, outages recorded.
const STOPPED: &[Command] = &[
    C::FinalizeMission,
    C::RouteTask,
    C::OpenChild,
    C::SubmitResult,
    C::CommitResult,
    C::RevealResult,
    C::AnnounceResult,
    C::CloseCommit,
    C::CloseReveal,
    C::TimeoutNode,
    C::ExpireEligible,
    C::DisputeResult,
    C::CloseDispute,
    C::ApproveReview,
    C::RejectReview,
    C::TimeoutReview,
    C::Disqualify,
    C::ReassignNode,
    C::CloseChild,
    C::FailMission,
    C::FailOverdue,
    C::FilterOutput,
    C::ClearPredicate,
    C::ReleaseOutput,
    C::TimeoutVerification,
    C::Relegislate,
    C::Settle,
];

/// An outage forbids what a stop forbids, but pays for what was completed before it, and a veto has nothing to refuse.
const DEGRADED: &[Command] = &[
    C::FinalizeMission,
    C::RouteTask,
    C::OpenChild,
    C::SubmitResult,
    C::CommitResult,
    C::RevealResult,
    C::AnnounceResult,
    C::CloseCommit,
    C::CloseReveal,
    C::TimeoutNode,
    C::ExpireEligible,
    C::DisputeResult,
    C::CloseDispute,
    C::ApproveReview,
    C::RejectReview,
    C::TimeoutReview,
    C::Disqualify,
    C::ReassignNode,
    C::CloseChild,
    C::FailMission,
    C::FailOverdue,
    C::FilterOutput,
    C::ClearPredicate,
    C::ReleaseOutput,
    C::VetoOutput,
    C::TimeoutVerification,
    C::Relegislate,
];

/// A pause holds back what would build on outputs in doubt; work under way ends normally (C-02, C-21).
const PAUSED: &[Command] = &[
    C::RouteTask,
    C::OpenChild,
    C::ReassignNode,
    C::FilterOutput,
    C::ReleaseOutput,
    C::Relegislate,
];

/// R9: finalise and route, not submit, reveal, close or settle.
const FROZEN: &[Command] = &[C::FinalizeMission, C::RouteTask, C::OpenChild];

/// A struck norm halts finalising in its domain.
const STRUCK: &[Command] = &[C::FinalizeMission];

/// What no halt ever forbids: withdraw, abort, refund, release of stakes (R9), every way of leaving, and the expiry of
/// what people left undecided.
pub const NEVER_FORBIDDEN: &[Command] = &[
    C::Withdraw,
    C::AbortMission,
    C::AbortUndeployed,
    C::AbortFailed,
    C::AbortDegraded,
    C::AbortHalted,
    C::AbortOrphan,
    C::BeginClosing,
    C::CloseEscrow,
    C::ReleaseReserve,
    C::ReleaseStake,
    C::ReturnBond,
    C::RetireMonitor,
    C::ReleaseMonitor,
    C::LeavePool,
    C::ExpireFreeze,
    C::FailDeliberation,
    C::ExpireSession,
    C::CloseBidding,
    C::CloseProposing,
    C::CloseDebate,
    C::CloseBallotCommit,
    C::CloseBallotReveal,
    C::Tally,
    C::CloseDelay,
    C::ExpirePetition,
    C::WithdrawSignature,
    C::ExecuteOverride,
    C::ExpireOverride,
    C::ExpireImpeachment,
    C::ResignSeat,
    C::ReleaseSeat,
    C::RequestLeave,
    C::CompleteLeave,
    C::ForfeitPrincipal,
    C::Forfeit,
    C::LiftBan,
    C::RequestDeregistration,
    C::CompleteDeregistration,
    C::ExpireDelegation,
    C::ClearStop,
    C::LiftPause,
    C::ReleaseCity,
    C::ExpireCity,
    C::ExitDegraded,
    C::RestoreNorm,
];

const _: () = {
    let mut i = 0;
    while i < NEVER_FORBIDDEN.len() {
        assert!(
            forbidding(Halts::ALL, NEVER_FORBIDDEN[i]).is_none(),
            "INV-HALT-01: a halt forbids a way out"
        );
        i += 1;
    }
};

impl Halt {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::EmergencyStop,
        Self::Pause,
        Self::CityHalt,
        Self::WatchdogFreeze,
        Self::Degraded,
        Self::NormStruck,
    ];

    /// What it forbids, as a list.
    pub const fn forbidden(self) -> &'static [Command] {
        match self {
            Self::EmergencyStop | Self::CityHalt => STOPPED,
            Self::Pause => PAUSED,
            Self::WatchdogFreeze => FROZEN,
            Self::Degraded => DEGRADED,
            Self::NormStruck => STRUCK,
        }
    }

    /// Whether it forbids `command`.
    pub const fn forbids(self, command: Command) -> bool {
        const MASKS: [u128; Halt::ALL.len()] = {
            let (mut masks, mut i) = ([0; Halt::ALL.len()], 0);
            while i < masks.len() {
                let list = Halt::ALL[i].forbidden();
                let mut c = 0;
                while c < list.len() {
                    masks[i] |= 1 << list[c] as u8;
                    c += 1;
                }
                i += 1;
            }
            masks
        };
        MASKS[self as usize] >> (command as u8) & 1 == 1
    }

    /// What it lies on.
    pub const fn reach(self) -> Reach {
        match self {
            Self::EmergencyStop | Self::Pause | Self::Degraded => Reach::Mission,
            Self::CityHalt | Self::WatchdogFreeze => Reach::City,
            Self::NormStruck => Reach::Domain,
        }
    }

    /// Whether deadlines of the missions under it stand still: nobody is late who was not allowed to act (G-08, C-20).
    pub const fn pauses_deadlines(self) -> bool {
        match self {
            Self::EmergencyStop | Self::CityHalt | Self::Degraded => true,
            Self::Pause | Self::WatchdogFreeze | Self::NormStruck => false,
        }
    }

    /// The parameter after which anyone may abort the missions under it; none for a struck norm, under which a mission
    /// that cannot be finalised times out as any other that is not.
    pub const fn maximum(self) -> Option<ParameterId> {
        match self {
            Self::EmergencyStop | Self::CityHalt => Some(ParameterId::StopMaxSecs),
            Self::Pause => Some(ParameterId::PauseMaxSecs),
            Self::WatchdogFreeze => Some(ParameterId::WatchdogMaxFreezeDuration),
            Self::Degraded => Some(ParameterId::DegradedAdjudicatorTimeoutMs),
            Self::NormStruck => None,
        }
    }

    /// Who or what raises it.
    pub const fn raised_by(self) -> &'static str {
        match self {
            Self::EmergencyStop => {
                "one adjudicator (two for the same signer's second), or escalation of freezes"
            }
            Self::Pause => "a bonded monitor's report of divergence",
            Self::CityHalt => "the panel",
            Self::WatchdogFreeze => "the watchdog: rubber stamps and weakened parameters together",
            Self::Degraded => "an uptime feed, or two bonded monitors of different principals",
            Self::NormStruck => "the panel",
        }
    }

    /// What lifts it.
    pub const fn lifted_by(self) -> &'static str {
        match self {
            Self::EmergencyStop => "`clearStop`, two adjudicators",
            Self::Pause => "`liftPause`, two adjudicators",
            Self::CityHalt => "`clearStop` for the city, the panel",
            Self::WatchdogFreeze => {
                "`ReleaseWatchdog`, all adjudicators not flagged; after the maximum two thirds of them; where all are flagged, anyone by `expireWatchdog`"
            }
            Self::Degraded => "`exitDegraded`, two adjudicators",
            Self::NormStruck => "`restoreNorm`, the panel",
        }
    }

    /// As documents call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmergencyStop => "emergency stop",
            Self::Pause => "pause",
            Self::CityHalt => "city halt",
            Self::WatchdogFreeze => "watchdog freeze",
            Self::Degraded => "degraded",
            Self::NormStruck => "norm struck",
        }
    }
}

/// A set of halts, and in an exit's condition also "no halt at all".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halts(u8);

/// The bit that says: also without a halt.
const CALM_BIT: u8 = 0x80;

impl Halts {
    /// No halt lies on it.
    pub const NONE: Self = Self(0);
    /// Condition of an exit: only while nothing is halted.
    pub const CALM: Self = Self(CALM_BIT);
    /// All halts at once.
    pub const ALL: Self = {
        let (mut all, mut i) = (0, 0);
        while i < Halt::ALL.len() {
            all |= 1 << Halt::ALL[i] as u8;
            i += 1;
        }
        Self(all)
    };
    /// Condition of an exit: halted or not.
    pub const ALWAYS: Self = Self(CALM_BIT | Self::ALL.0);

    /// With one more.
    pub const fn and(self, halt: Halt) -> Self {
        Self(self.0 | 1 << halt as u8)
    }

    /// With one less.
    pub const fn without(self, halt: Halt) -> Self {
        Self(self.0 & !(1 << halt as u8))
    }

    /// One halt alone.
    pub const fn only(halt: Halt) -> Self {
        Self::NONE.and(halt)
    }

    /// Whether it has this halt.
    pub const fn has(self, halt: Halt) -> bool {
        self.0 >> halt as u8 & 1 == 1
    }

    /// Whether there is no halt in it.
    pub const fn is_empty(self) -> bool {
        self.0 & !CALM_BIT == 0
    }

    /// Whether the condition holds while nothing is halted.
    pub const fn includes_calm(self) -> bool {
        self.0 & CALM_BIT != 0
    }

    /// Whether the two have a halt in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 & !CALM_BIT != 0
    }
}

/// The halts that forbid `command`, for programs: a constant where the command is one, so no table is carried along.
pub const fn forbidders(command: Command) -> Halts {
    let (mut found, mut i) = (Halts::NONE, 0);
    while i < Halt::ALL.len() {
        if Halt::ALL[i].forbids(command) {
            found = found.and(Halt::ALL[i]);
        }
        i += 1;
    }
    found
}

/// The first of `halts` that forbids `command`: what a refusal names.
pub const fn forbidding(halts: Halts, command: Command) -> Option<Halt> {
    let mut i = 0;
    while i < Halt::ALL.len() {
        let halt = Halt::ALL[i];
        if halts.has(halt) && halt.forbids(command) {
            return Some(halt);
        }
        i += 1;
    }
    None
}
