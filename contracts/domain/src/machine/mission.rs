//! Missions: commissioned work bound to one statute, from deployment to completed or aborted.
//!
//! ```text
//!            FinalizeMission      RouteTask           last node completed          FilterOutput
//!  PENDING ─────────────────▶ ACTIVE ─────▶ EXECUTING ─────────────────▶ VERIFICATION ───────▶ COMPLETED
//!     │                       │ ┊ ▲          │ │ ▲ │                      │ │
//!     │           FailOverdue │ ┊ │ Reassign │ │ │ │ EnterDegraded        │ │ veto, hard predicate,
//!     │                       │ ┊ │          │ │ │ ▼                      │ │ TimeoutVerification
//!     │                       │ └┈┼┈▶ FAILED ◀┘ │ DEGRADED                │ │
//!     │                       │   └──── │ ▲ ◀───┼──────┼─────────────────┼─┘
//!     ▼                       ▼         ▼       ▼      ▼                 ▼
//!  ABORTED ◀───────────────────────────────────────────────────────────────  abort: by the panel, or by anyone
//!  ── base (sm_table, C-01, C-10)   ┈┈ extensions (R5)                        once a deadline passed
//! ```
//!
//! Aborting gives everything back: escrow to the sponsor, stakes to the executors, minus what was slashed. A mission under
//! a halt may be aborted by anyone once the halt passed its maximum, and nothing resumes it but the panel (R9).

use super::machine;

machine! {
    /// The state of a mission.
    MissionState: Mission, "mission";
    states {
        Pending = 1, "PENDING", Open, "Created; its statute is being deployed.";
        Active = 2, "ACTIVE", Open, "Deployed and funded; no node routed yet, or recovered from failure.";
        Executing = 3, "EXECUTING", Open, "Nodes are worked on.";
        Verification = 4, "VERIFICATION", Open, "All nodes are completed; the gate decides.";
        Completed = 5, "COMPLETED", Terminal, "Its output counts.";
        Failed = 6, "FAILED", Open, "Cannot be completed as it is; may be recovered for a while.";
        Aborted = 7, "ABORTED", Terminal, "Ended without output; money goes back.";
        Degraded = 8, "DEGRADED", Open, "Waits for the panel after an outage of the sequencer.";
    }
    initial { Pending }
    base {
        Pending => Active by [FinalizeMission] "finalizeDeployment", "all tranches committed, DAG acyclic, escrow funded", "L1024, L1076", OnChain;
        Active => Executing by [RouteTask] "first routeTask succeeds", "", "L1025", OnChain;
        Executing => Verification by [SubmitResult, RevealResult, CloseReveal, ApproveReview] "last node COMPLETED", "ALL nodes COMPLETED (paper: 'all non-terminal', C-06)", "L1026", OnChain;
        Verification => Completed by [FilterOutput, ReleaseOutput] "filterOutput all pass | releaseOutput", "no human predicate outstanding, not vetoed, reconciled", "L1027", OnChain;
        Verification => Failed by [FilterOutput, VetoOutput] "vetoOutput | hard predicate failure", "", "L1028", OnChain;
        Executing => Failed by [FailMission] "failMission", "a node FAILED and refinement budget exhausted", "L1029", OnChain;
        Executing => Degraded by [EnterDegraded] "enterDegraded", "sequencer outage > degradedModeThresholdMs (reported after recovery)", "L1032", OnChain;
        Degraded => Executing by [ExitDegraded] "exitDegraded", "adjudicator authorisation", "L1033", OnChain;
        Degraded => Aborted by [AbortMission, AbortDegraded] "abortMission | degraded timeout", "adjudicator, or permissionless after degradedAdjudicatorTimeoutMs", "L1034, L2987", OnChain;
        Failed => Active by [ReassignNode] "re-legislation accepted", "dual co-signature, budget left", "L1035", OnChain;
        Pending => Aborted by [AbortMission] "abortMission", "adjudicator", "L1031 (ANY)", OnChain;
        Active => Aborted by [AbortMission] "abortMission", "adjudicator", "L1031 (ANY)", OnChain;
        Executing => Aborted by [AbortMission] "abortMission", "adjudicator", "L1031 (ANY)", OnChain;
        Verification => Aborted by [AbortMission] "abortMission", "adjudicator", "L1031 (ANY)", OnChain;
        Failed => Aborted by [AbortMission] "abortMission", "adjudicator (paper lets anyone, C-10)", "L1031, L993", OnChain;
        Completed => Aborted by [] "abortMission", "paper's ANY; forbidden by resolution C-10 (terminal, already settled)", "L1031 (ANY)", PaperOnly;
    }
    extensions {
        Active => Executing by [OpenChild] "first openChild", "", "R19";
        Active => Failed by [FailOverdue] "failMission", "missionDeadline passed", "C-23";
        Executing => Failed by [FailOverdue] "failMission", "missionDeadline passed", "C-23";
        Executing => Verification by [CloseDispute, CloseChild] "last node COMPLETED", "completed by a dispute's silence or by a child's end", "R11, R19";
        Verification => Failed by [TimeoutVerification] "expiry of the gate", "undecided for gateTimeout; without fault", "R24";
        Pending => Aborted by [AbortUndeployed, AbortHalted, AbortOrphan] "expiry", "not finalised before its deadline; halted beyond the maximum; an ancestor ended", "L-09, R9, R19";
        Active => Aborted by [AbortHalted, AbortOrphan] "expiry", "halted beyond the maximum; an ancestor ended", "R9, R19";
        Executing => Aborted by [AbortHalted, AbortOrphan] "expiry", "halted beyond the maximum; an ancestor ended", "R9, R19";
        Verification => Aborted by [AbortHalted, AbortOrphan] "expiry", "halted beyond the maximum; an ancestor ended", "R9, R19";
        Degraded => Aborted by [AbortHalted, AbortOrphan] "expiry", "halted beyond the maximum; an ancestor ended", "R9, R19";
        Failed => Aborted by [AbortFailed, AbortHalted, AbortOrphan, Relegislate] "expiry | relegislate", "not recovered within recoveryGrace; halted beyond the maximum; an ancestor ended; replaced by its successor", "C-10, R9, R18, R19";
    }
    exits: crate::exit::MISSION;
}
