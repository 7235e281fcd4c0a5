//! T5: every human action (RULINGS K7, R23; RESOLUTIONS T5).
//!
//! A row says how many adjudicators sign, how long the action waits, among whom it rotates, where it lands and what it emits.
//! Its struct of the same name is in [`crate::signed::panel`]. The rows are the panel's whole power: what is not here no human can
//! do, and a braking action asks for fewer signatures than the one that lets go.

mod case;
pub mod quorum;
mod shape;

use alloy_primitives::B256;

pub use self::{
    case::{Parties, Saw, named},
    shape::Shape,
};
use crate::{
    parameter::{ParameterId, Tier},
    peer::Peer,
    signed::{SignedStruct, Typed, panel},
};

/// How many adjudicators sign. Distinct, active, free of conflict in the mission, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signers {
    /// One.
    One,
    /// Two.
    Two,
    /// One; two when the same signer halted the same mission before (RULINGS A7).
    OneThenTwo,
    /// As many as `clearStopSigners` says.
    ClearStop,
    /// ⌈q/2⌉ of the active.
    Half,
    /// ⌈2q/3⌉ of the active.
    TwoThirds,
    /// One, two or ⌈2q/3⌉, by the risk of the parameter.
    ByTier,
    /// All who are not flagged; ⌈2/3⌉ of them once the freeze is older than `watchdogMaxFreezeDuration` (RESOLUTIONS D-22).
    Unflagged,
}

/// How long an action waits after it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delay {
    /// Not at all.
    None,
    /// By the risk of the parameter; a bounded tightening not at all (RULINGS A4).
    ByTier,
    /// `seniorDelaySecs`.
    Senior,
    /// `disburseDelaySecs`.
    Disburse,
}

/// Among which decisions adjudicators rotate, within one mission or session (RESOLUTIONS D-11, D-12). The number is the one
/// on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RotationClass {
    /// No rotation.
    None,
    /// Reviews.
    Tier3,
    /// Freezes.
    Freeze,
    /// What leaves a mission or a session.
    Output,
    /// Money and reputation.
    Money,
}

/// The state of the panel that a count of signers depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel {
    /// Active adjudicators when the case opened.
    pub active: u8,
    /// Those of them whom the watchdog has not flagged.
    pub unflagged: u8,
    /// `clearStopSigners`.
    pub clear_stop: u8,
    /// Whether a signer halted the same mission before.
    pub repeated: bool,
    /// Whether the watchdog's freeze is older than its maximum.
    pub overdue: bool,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of action and struct.
    pub name: &'static str,
    /// What is signed.
    pub signed: SignedStruct,
    /// By how many.
    pub signers: Signers,
    /// How long it waits.
    pub delay: Delay,
    /// Among whom it rotates.
    pub class: RotationClass,
    /// Whether the senior adjudicator may do it alone when too few others are free of conflict (RESOLUTIONS D-08).
    pub senior: bool,
    /// The contract it acts on.
    pub lands: Peer,
    /// The function there that adjudication calls; none when it acts on itself.
    pub function: Option<&'static str>,
    /// What that emits, one of these at least, beside `OverrideAction`.
    pub events: &'static [&'static str],
    /// `agentcity override` and this.
    pub verb: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

macro_rules! rows {
    ($($name:ident $signers:ident $delay:ident $class:ident $senior:ident => $lands:ident $function:tt [$($event:literal),+] $verb:literal $source:literal;)+) => {
        /// A human action. The number is the one on the wire; zero is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Action {
            /// None, on the wire.
            None,
            $(#[doc = concat!("[`crate::signed::panel::", stringify!($name), "`].")] $name,)+
        }

        impl Action {
            /// All, in the order of the wire, without none.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its row; nothing for none.
            pub const fn row(self) -> Option<Row> {
                match self {
                    Self::None => None,
                    $(Self::$name => Some(Row {
                        name: stringify!($name),
                        signed: SignedStruct::$name,
                        signers: Signers::$signers,
                        delay: Delay::$delay,
                        class: RotationClass::$class,
                        senior: rows!(@ $senior),
                        lands: Peer::$lands,
                        function: rows!(@ $function),
                        events: &[$($event),+],
                        verb: $verb,
                        source: $source,
                    }),)+
                }
            }

            /// The struct that is signed for it; nothing for none.
            pub const fn signed(self) -> Option<SignedStruct> {
                match self {
                    Self::None => None,
                    $(Self::$name => Some(SignedStruct::$name),)+
                }
            }

            /// keccak256 of its struct's type; zero for none.
            pub fn type_hash(self) -> B256 {
                match self {
                    Self::None => B256::ZERO,
                    $(Self::$name => crate::literal!(<panel::$name as Typed>::HASH),)+
                }
            }

            /// How its payload is laid out; nothing for none.
            pub const fn shape(self) -> Option<Shape> {
                match self {
                    Self::None => None,
                    $(Self::$name => Some(const { Shape::of(<panel::$name as Typed>::OWN) }),)+
                }
            }

            /// The contract it acts on; nothing for none.
            pub const fn lands(self) -> Option<Peer> {
                match self {
                    Self::None => None,
                    $(Self::$name => Some(Peer::$lands),)+
                }
            }

            /// Whether the senior adjudicator may do it alone.
            pub const fn is_seniors(self) -> bool {
                match self {
                    Self::None => false,
                    $(Self::$name => rows!(@ $senior),)+
                }
            }

            /// By how many, how long it waits, among whom it rotates; nothing for none.
            pub const fn demands(self) -> Option<(Signers, Delay, RotationClass)> {
                match self {
                    Self::None => None,
                    $(Self::$name => Some((Signers::$signers, Delay::$delay, RotationClass::$class)),)+
                }
            }
        }
    };
    (@ senior) => { true };
    (@ panel) => { false };
    (@ "") => { None };
    (@ $function:tt) => { Some($function) };
}

rows! {
    FreezeNode One None None senior => Guardian "freezeNode" ["NodeFrozen"] "freeze-node" "T5; D-08";
    UnfreezeNode One None Freeze panel => Guardian "unfreezeNode" ["NodeUnfrozen"] "unfreeze-node" "T5; K8";
    ConfirmFreeze One None Freeze panel => Guardian "confirmFreeze" ["FreezeConfirmed"] "confirm-freeze" "T5; G-16";
    ClassifyFalsePositive One None Freeze panel => Guardian "classifyFalsePositive" ["FreezeFalsePositive"] "classify-false-positive" "T5; G-15";
    DecideReview One None Tier3 panel => Verification "decideReview" ["ReviewDecided"] "decide-review" "T5; K10";
    Disqualify One None Output panel => Verification "disqualify" ["SeatDisqualified"] "disqualify" "G-17, K7";
    ClearPredicate One None Output panel => Guardian "clearPredicate" ["PredicateCleared"] "clear-predicate" "T5; P-02";
    VetoOutput One None Output panel => Guardian "vetoOutput" ["OutputVetoed"] "veto-output" "T5; P-07";
    ReleaseOutput Two None Output panel => Guardian "releaseOutput" ["OutputReleased"] "release-output" "T5; P-03";
    TriggerStop OneThenTwo None None senior => Guardian "triggerStop" ["MissionHalted"] "trigger-stop" "T5; A7, D-10";
    ClearStop ClearStop None Output panel => Guardian "clearStop" ["HaltLifted"] "clear-stop" "T5; D-09";
    LiftPause Two None Output panel => Guardian "liftPause" ["HaltLifted"] "lift-pause" "T5; C-02";
    ExitDegraded Two None Output panel => Guardian "exitDegraded" ["DegradedExited"] "exit-degraded" "T5; C-20";
    AbortMission Two None None panel => Collaboration "abortMission" ["MissionStateChanged"] "abort-mission" "T5; C-10";
    AbortForFault Half None None panel => Collaboration "abortForFault" ["MissionStateChanged"] "abort-for-fault" "T5; D-24";
    AdjustReputation Two None Money panel => Agent "adjustReputation" ["ReputationAdjusted"] "adjust-reputation" "T5; R-04";
    PayInsurance Two None Money panel => Treasury "payInsurance" ["InsurancePaid"] "pay-insurance" "T5; S-13";
    Disburse TwoThirds Disburse None panel => Treasury "disburse" ["Disbursed"] "disburse" "T5; S-14";
    BanPrincipal Half None None panel => Agent "banPrincipal" ["PrincipalBanned"] "ban-principal" "T5; I-05";
    LiftBan Half None None panel => Agent "liftBan" ["BanLifted"] "lift-ban" "I-06";
    FreezePrincipal Two None None panel => Agent "freezePrincipal" ["PrincipalFrozen"] "freeze-principal" "D-29, K7";
    UnfreezePrincipal Two None Freeze panel => Agent "unfreezePrincipal" ["PrincipalUnfrozen"] "unfreeze-principal" "D-29, K7";
    AdmitClerk Half None None panel => Management "registerManagementAgent" ["ManagementAgentRegistered"] "admit-clerk" "T5; K11";
    UpdateEnvelope Half None None panel => Management "updatePermissions" ["PermissionsUpdated"] "update-envelope" "T5; K11";
    RevokeClerk Half None None panel => Management "revokeManagementRole" ["ManagementRoleRevoked"] "revoke-clerk" "K7";
    AmendParameter ByTier ByTier None panel => Constitution "amend" ["ParameterAmended"] "amend-parameter" "T5; D-26, A4";
    EnactNorm TwoThirds None None panel => Constitution "enactNorm" ["NormEnacted"] "enact-norm" "K7";
    StrikeNorm Half None None panel => Constitution "strikeNorm" ["NormStruck"] "strike-norm" "K7";
    RestoreNorm TwoThirds None None panel => Constitution "restoreNorm" ["NormRestored"] "restore-norm" "K7";
    ApproveMonitor Half None None panel => Roster "approveMonitor" ["MonitorChanged"] "approve-monitor" "T5; G-10";
    RevokeMonitor Two None None panel => Roster "revokeMonitor" ["MonitorChanged"] "revoke-monitor" "K7; G-10";
    ApprovePredicate Half None None panel => Roster "approvePredicate" ["ProgramChanged"] "approve-predicate" "T5; P-05";
    RevokePredicate Two None None panel => Roster "revokePredicate" ["ProgramChanged"] "revoke-predicate" "P-05";
    ApproveVerifier Half None None panel => Roster "approveVerifier" ["ProgramChanged"] "approve-verifier" "V-01";
    RevokeVerifier Two None None panel => Roster "revokeVerifier" ["ProgramChanged"] "revoke-verifier" "V-01";
    AddAdjudicator TwoThirds None None panel => Roster "addAdjudicator" ["StandingChanged"] "add-adjudicator" "T5; I-03";
    RemoveAdjudicator TwoThirds None None panel => Roster "removeAdjudicator" ["StandingChanged"] "remove-adjudicator" "T5; D-28";
    AppointSenior TwoThirds Senior None panel => Constitution "amend" ["ParameterAmended"] "appoint-senior" "T5; D-08";
    WaiveFairness Two None Output panel => Enactment "waiveFairness" ["FairnessWaived"] "waive-fairness" "L-06, K7";
    CountersignAward One None Output panel => Enactment "countersignAward" ["AwardCountersigned"] "countersign-award" "R-05, K7";
    AuditCodification One None Output panel => Enactment "auditCodification" ["CodificationAudited"] "audit-codification" "K4";
    DeclareSpecificationFault One None Tier3 panel => Enactment "declareSpecificationFault" ["SpecificationFaulted"] "declare-specification-fault" "K16";
    ConfirmAlert One None None panel => Roster "confirmAlert" ["WatchdogFreeze"] "confirm-alert" "D-21";
    ReleaseWatchdog Unflagged None None panel => Roster "releaseWatchdog" ["WatchdogReleased"] "release-watchdog" "D-22";
    CloseAudit Two None None panel => Adjudication "" ["AuditClosed"] "close-audit" "K9";
    BanAgent Half None None panel => Agent "banAgent" ["PrincipalBanned"] "ban-agent" "T5; I-05";
    SetMandate Half None None panel => Management "setMandate" ["MandateSet"] "set-mandate" "I-14, K11";
    HaltCity Half None None panel => Guardian "triggerStop" ["MissionHalted"] "halt-city" "A-03, D-10, R9";
    ResumeCity Half None None panel => Guardian "clearStop" ["HaltLifted"] "resume-city" "A-03, D-09";
}

impl Action {
    /// The action of that number; nothing for none and beyond the last.
    pub fn at(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

impl Signers {
    /// How many have to sign, one at least: an empty panel decides nothing. `tier` is the risk of the parameter where the row asks
    /// for it, and the highest where it is not known.
    pub const fn count(self, panel: &Panel, tier: Tier) -> u8 {
        const TWO: u8 = 2; // structural: T5's own number
        let count = match self {
            Self::One => 1,
            Self::Two => TWO,
            Self::OneThenTwo => {
                if panel.repeated {
                    TWO
                } else {
                    1
                }
            }
            Self::ClearStop => panel.clear_stop,
            Self::Half => quorum::half(panel.active),
            Self::TwoThirds => quorum::two_thirds(panel.active),
            Self::ByTier => match tier {
                Tier::Low => 1,
                Tier::Medium => TWO,
                Tier::High => quorum::two_thirds(panel.active),
            },
            Self::Unflagged => {
                if panel.overdue {
                    quorum::two_thirds(panel.unflagged)
                } else {
                    panel.unflagged
                }
            }
        };
        if count == 0 { 1 } else { count }
    }

    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
            Self::OneThenTwo => "1; 2 if one of them halted this mission before",
            Self::ClearStop => "`clearStopSigners`",
            Self::Half => "⌈q/2⌉",
            Self::TwoThirds => "⌈2q/3⌉",
            Self::ByTier => "LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉",
            Self::Unflagged => "all unflagged; ⌈2/3⌉ of them after `watchdogMaxFreezeDuration`",
        }
    }
}

impl Delay {
    /// The parameter that says how long; the tier's where the row asks for it. None for no delay.
    pub const fn parameter(self, tier: Tier) -> Option<ParameterId> {
        match self {
            Self::None => None,
            Self::ByTier => Some(match tier {
                Tier::Low => ParameterId::OverrideDelayLowSecs,
                Tier::Medium => ParameterId::OverrideDelayMediumSecs,
                Tier::High => ParameterId::OverrideDelayHighSecs,
            }),
            Self::Senior => Some(ParameterId::SeniorDelaySecs),
            Self::Disburse => Some(ParameterId::DisburseDelaySecs),
        }
    }

    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "–",
            Self::ByTier => "`overrideDelay…Secs` of the tier; none for a bounded tightening",
            Self::Senior => "`seniorDelaySecs`",
            Self::Disburse => "`disburseDelaySecs`",
        }
    }
}

impl RotationClass {
    /// Name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "–",
            Self::Tier3 => "TIER3_DECISION",
            Self::Freeze => "FREEZE_DECISION",
            Self::Output => "OUTPUT_DECISION",
            Self::Money => "MONEY",
        }
    }
}
