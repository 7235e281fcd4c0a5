//! What is logged: the 52 types of the seed's schema, and where each comes from (RULINGS K19; docs/events.md).

use agentcity_domain::peer::Peer;
use serde::{Deserialize, Serialize};

/// Where entries of a type come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A contract's event.
    Chain {
        /// Whose.
        contract: Peer,
        /// Its name in `abi/sol`.
        event: &'static str,
        /// Which of them.
        when: When,
    },
    /// A keeper's own record: the chain says nothing of it.
    Keeper(&'static str),
}

/// Which events of a name are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All.
    Always,
    /// Those of which a field has one of these values; truths are 0 and 1.
    Is(&'static str, &'static [u64]),
    /// Those of which it has none of these.
    IsNot(&'static str, &'static [u64]),
}

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident $text:literal { $($source:expr),+ $(,)? })*) => {
        /// A type of event (seed §B.12, `ENUM EventType`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl EventType {
            /// All, in the order of the seed.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As the seed spells it.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Where its entries come from.
            pub const fn sources(self) -> &'static [Source] {
                match self { $(Self::$name => const { &[$($source,)+] },)* }
            }
        }
    };
}

const fn on(contract: Peer, event: &'static str) -> Source {
    when(contract, event, When::Always)
}

const fn when(contract: Peer, event: &'static str, when: When) -> Source {
    Source::Chain {
        contract,
        event,
        when,
    }
}

/// `ICollaboration.Reason`: a deadline passed in the executor's silence, or in a human's.
const TIMEOUTS: &[u64] = &[1, 15];
/// Its reasons that say what was wrong with a proof: it was rejected, or seats did not agree.
const PROOFS: &[u64] = &[3, 4];
/// A seat runs other code than the law names.
const OTHER_CODE: &[u64] = &[2];
/// No refinement is left.
const EXHAUSTED: &[u64] = &[11];
/// `ICollaboration.MissionState`.
const COMPLETED: &[u64] = &[5];
const ABORTED: &[u64] = &[7];
/// `Halt.EmergencyStop`.
const STOP: &[u64] = &[1];
/// `IAssembly.SessionKind`: of some nodes of a mission, of all.
const PARTIAL: &[u64] = &[3];
const FULL: &[u64] = &[4];
/// Tier 1: the proof is judged by a program, at once.
const PROOF_TIER: &[u64] = &[1];
const NO: &[u64] = &[0];
const YES: &[u64] = &[1];

types! {
    /// An agent registered under a principal.
    AgentRegistered "AGENT_REGISTERED" { on(Peer::Agent, "AgentRegistered") }
    /// A service was published.
    ServiceRegistered "SERVICE_REGISTERED" { on(Peer::Service, "ServiceRegistered") }
    /// A principal was banned with its agents.
    AgentBanned "AGENT_BANNED" { on(Peer::Agent, "PrincipalBanned") }

    /// A session of legislation is open.
    SessionInitiated "SESSION_INITIATED" { on(Peer::Assembly, "SessionOpened") }
    /// A registrar attested to an agent's identity.
    IdentityVerified "IDENTITY_VERIFIED" { on(Peer::Legislature, "IdentityAttested") }
    /// A task graph was proposed.
    DagProposed "DAG_PROPOSED" { on(Peer::Legislature, "DagProposed") }
    /// An agent bid for a node.
    BidSubmitted "BID_SUBMITTED" { on(Peer::Legislature, "BidPlaced"), on(Peer::Legislature, "BidSealed") }
    /// Bids won the seats of a node.
    BidApproved "BID_APPROVED" { on(Peer::Enactment, "NodeAwarded") }
    /// A regulator rejected a bid.
    BidRejected "BID_REJECTED" { on(Peer::Enactment, "BidRejected") }
    /// A regulator signed the award.
    RegulatorySigned "REGULATORY_SIGNED" { on(Peer::Enactment, "RegulatoryDecided") }
    /// A codifier handed in the pages of the statute.
    CodificationCompiled "CODIFICATION_COMPILED" { on(Peer::Enactment, "Codified") }
    /// A session's outcome is law.
    LegislativeApproved "LEGISLATIVE_APPROVED" { on(Peer::Enactment, "LawEnacted") }
    /// A mission's statute is deployed.
    DagDeployed "DAG_DEPLOYED" { on(Peer::Statute, "DeploymentFinalised") }

    /// A node runs.
    TaskRouted "TASK_ROUTED" { on(Peer::Collaboration, "TaskRouted") }
    /// An executor took the job up.
    TaskExecuting "TASK_EXECUTING" { Source::Keeper("an executor answered that it works on the attempt") }
    /// A node is done.
    TaskCompleted "TASK_COMPLETED" { on(Peer::Collaboration, "NodeCompleted") }
    /// A node failed for another reason than time.
    TaskFailed "TASK_FAILED" { when(Peer::Collaboration, "NodeFailed", When::IsNot("reason", TIMEOUTS)) }
    /// A node failed because a deadline passed.
    TaskTimeout "TASK_TIMEOUT" { when(Peer::Collaboration, "NodeFailed", When::Is("reason", TIMEOUTS)) }
    /// An executor runs other code than the law names.
    CodehashMismatch "CODEHASH_MISMATCH" {
        when(Peer::Collaboration, "NodeFailed", When::Is("reason", OTHER_CODE)),
        Source::Keeper("the live code of an executor is not what its service registered; nothing was routed"),
    }
    /// An executor runs the code that the law names.
    CodehashVerified "CODEHASH_VERIFIED" { Source::Keeper("the live code of an executor was compared before routing, and is what its service registered") }

    /// A result was submitted.
    PopSubmitted "POP_SUBMITTED" { on(Peer::Verification, "ResultSubmitted") }
    /// A proof was accepted, or seats agreed.
    PopApproved "POP_APPROVED" {
        on(Peer::Verification, "ConsensusReached"),
        when(Peer::Collaboration, "NodeCompleted", When::Is("tier", PROOF_TIER)),
    }
    /// A proof was rejected, or seats did not agree.
    PopRejected "POP_REJECTED" { when(Peer::Collaboration, "NodeFailed", When::Is("reason", PROOFS)) }
    /// A result waits for people.
    DelegatedReviewRequested "DELEGATED_REVIEW_REQUESTED" { on(Peer::Verification, "ReviewRequested") }
    /// People approved a result.
    DelegatedApproved "DELEGATED_APPROVED" { when(Peer::Verification, "ReviewDecided", When::Is("approved", YES)) }
    /// People rejected a result.
    DelegatedRejected "DELEGATED_REJECTED" { when(Peer::Verification, "ReviewDecided", When::Is("approved", NO)) }

    /// A monitor reported an anomaly.
    AnomalyReported "ANOMALY_REPORTED" { on(Peer::Guardian, "AnomalyReported") }
    /// A node was frozen.
    FreezeTriggered "FREEZE_TRIGGERED" { on(Peer::Guardian, "NodeFrozen") }
    /// A freeze was lifted.
    UnfreezeApproved "UNFREEZE_APPROVED" { on(Peer::Guardian, "NodeUnfrozen") }
    /// A freeze was found to be a mistake.
    FalsePositiveClassified "FALSE_POSITIVE_CLASSIFIED" { on(Peer::Guardian, "FreezeFalsePositive") }
    /// A mission, or the city, was stopped.
    EmergencyStop "EMERGENCY_STOP" { when(Peer::Guardian, "MissionHalted", When::Is("halt", STOP)) }
    /// A stop was cleared.
    EmergencyStopCleared "EMERGENCY_STOP_CLEARED" { when(Peer::Guardian, "HaltLifted", When::Is("halt", STOP)) }

    /// A release waits for the chain's confirmation.
    PendingFinalization "PENDING_FINALIZATION" { Source::Keeper("a release of escrow is buffered until the chain confirms it") }
    /// A node's money was settled.
    EscrowReleased "ESCROW_RELEASED" { on(Peer::Treasury, "Settled") }
    /// An outage was proven.
    DegradedModeEntered "DEGRADED_MODE_ENTERED" { on(Peer::Guardian, "DegradedEntered") }
    /// A mission left degraded mode.
    DegradedModeExited "DEGRADED_MODE_EXITED" { on(Peer::Guardian, "DegradedExited") }
    /// A keeper, or a monitor at the gate, compared its log with the chain, and found no difference.
    ReconciliationPassed "RECONCILIATION_PASSED" {
        on(Peer::Guardian, "Reconciled"),
        Source::Keeper("a comparison of the keeper's state with the chain at a boundary of a mission found none"),
    }
    /// A keeper compared, and found differences.
    ReconciliationFailed "RECONCILIATION_FAILED" { Source::Keeper("a comparison of the keeper's state with the chain found differences") }
    /// A report of divergence stands under bond.
    DivergenceDetected "DIVERGENCE_DETECTED" { on(Peer::Guardian, "DivergenceReported") }

    /// An executor's fault.
    FaultSignal "FAULT_SIGNAL" { on(Peer::Collaboration, "FaultSignal") }
    /// A session about failed nodes of a mission is open.
    PartialRelegislationInitiated "PARTIAL_RELEGISLATION_INITIATED" { when(Peer::Assembly, "SessionOpened", When::Is("kind", PARTIAL)) }
    /// A session about a failed mission as a whole is open.
    FullRelegislationInitiated "FULL_RELEGISLATION_INITIATED" { when(Peer::Assembly, "SessionOpened", When::Is("kind", FULL)) }
    /// A mission failed, and no refinement is left.
    MaxRefinementExceeded "MAX_REFINEMENT_EXCEEDED" { when(Peer::Collaboration, "MissionStateChanged", When::Is("reason", EXHAUSTED)) }

    /// A mission's output left the gate.
    OutputReleased "OUTPUT_RELEASED" { on(Peer::Guardian, "OutputReleased") }
    /// The panel refused a mission's output.
    OutputVetoed "OUTPUT_VETOED" { on(Peer::Guardian, "OutputVetoed") }
    /// A mission is completed.
    MissionCompleted "MISSION_COMPLETED" { when(Peer::Collaboration, "MissionStateChanged", When::Is("to", COMPLETED)) }
    /// A mission is aborted.
    MissionAborted "MISSION_ABORTED" { when(Peer::Collaboration, "MissionStateChanged", When::Is("to", ABORTED)) }

    /// A parameter has another value.
    ParameterUpdated "PARAMETER_UPDATED" { on(Peer::Constitution, "ParameterAmended") }
    /// An action of the panel was carried out.
    OverrideAction "OVERRIDE_ACTION" { on(Peer::Adjudication, "OverrideAction") }
    /// The senior adjudicator acted alone.
    UnilateralOverride "UNILATERAL_OVERRIDE" { on(Peer::Adjudication, "UnilateralOverride") }
    /// A reputation moved by a penalty or a ruling.
    ReputationAdjusted "REPUTATION_ADJUSTED" { on(Peer::Agent, "ReputationAdjusted") }
    /// A stake was slashed: an agent's, or an adjudicator's.
    StakeSlashed "STAKE_SLASHED" { on(Peer::Treasury, "StakeSlashed"), on(Peer::Roster, "AdjudicatorSlashed") }
}

impl EventType {
    /// The type of that name.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.text() == text)
    }

    /// Whether it must not be lost with this log: it is pushed to mirrors (RULINGS K18; seed §B.12, Retention Policy).
    pub const fn is_critical(self) -> bool {
        matches!(
            self,
            Self::FreezeTriggered
                | Self::DivergenceDetected
                | Self::EmergencyStop
                | Self::StakeSlashed
        )
    }

    /// Its number in the store: its place in the seed's order.
    pub(crate) const fn place(self) -> u8 {
        self as u8
    }
}
