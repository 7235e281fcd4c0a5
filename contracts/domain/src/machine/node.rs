//! Nodes: one task of a mission's graph, from waiting for its predecessors to completed or failed.
//!
//! ```text
//!                        RouteTask               SubmitResult tier 1, CommitResult
//!  WAITING ──▶ ELIGIBLE ───────────▶ EXECUTING ───────────────────────▶ PENDING_VERIFICATION ──▶ COMPLETED
//!     │         ▲ │ │ ▲               │  │  │                             │        ┊                 ▲
//!  roots and    │ │ │ │   FreezeNode  │  │  │ SubmitResult tier 3         │        ┊ DisputeResult   │
//!  successors   │ │ └─┼──▶ FROZEN ◀───┘  │  └─────────────────────────────┼─▶ PENDING_REVIEW ────────┘
//!  of completed │ ┊   │    │  │          │ TimeoutNode                    │        │
//!  nodes        │ ┊   └────┘  │          ▼                                │        │
//!               │ ┊  Unfreeze └────────▶ FAILED ◀────────────────────────┴────────┘
//!               │ ┊ ExpireEligible         ▲ │
//!               │ └┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┘ │  ReassignNode
//!               └────────────────────────────┘
//!  ── base (sm_table, RESOLUTIONS C-01)   ┈┈ extensions (RULINGS R5); PENDING_FINALIZATION is reserved (C-17)
//! ```
//!
//! A node has no deadline of its own while it waits or has failed: it ends with its mission, which has one (INV-EXIT-01).
//! A node that a successor mission imports begins completed (R18); one whose task is a mission of its own executes as long
//! as that child lives (R19).

use super::machine;

machine! {
    /// The state of a node; four bits of storage.
    NodeState: Node, "node";
    states {
        Waiting = 1, "WAITING", Open, "Some predecessor is not completed.";
        Eligible = 2, "ELIGIBLE", Open, "All predecessors are completed; the executors may be routed.";
        Executing = 3, "EXECUTING", Open, "Routed; the executors work, or a child mission does.";
        PendingVerification = 4, "PENDING_VERIFICATION", Open, "A tier-1 proof is being checked, or tier-2 values are committed and revealed.";
        PendingReview = 5, "PENDING_REVIEW", Open, "An adjudicator decides: tier 3, or a disputed tier-2 result.";
        Completed = 6, "COMPLETED", Terminal, "Its output counts.";
        Failed = 7, "FAILED", Open, "No output; may be reassigned while its mission lives.";
        Frozen = 8, "FROZEN", Open, "Halted for evidence.";
        PendingFinalization = 9, "PENDING_FINALIZATION", Reserved, "A transaction failed: known to the keeper only, never written on chain (C-17).";
    }
    initial { Waiting, Completed }
    base {
        Waiting => Eligible by [FinalizeMission, SubmitResult, RevealResult, CloseReveal, ApproveReview] "finalizeDeployment (root nodes) | last predecessor COMPLETED", "all predecessors COMPLETED (vacuous for roots)", "L1042, L2500; roots: resolution C-03", OnChain;
        Eligible => Executing by [RouteTask] "routeTask", "mission in {ACTIVE,EXECUTING}; no emergency stop / watchdog freeze; behavioural invariants; live code hash matches; service not deprecated; starts timer", "L1043, L2504-2512", OnChain;
        Eligible => Frozen by [FreezeNode] "reportAnomaly | override FREEZE_AGENT", "authorised monitor quorum or adjudicator", "L1045, L2513", OnChain;
        Executing => PendingVerification by [SubmitResult, CommitResult] "submitPoP tier 1, or first tier-2 commit", "assigned executor, well formed, before deadline", "L1046, L2517", OnChain;
        Executing => PendingReview by [SubmitResult] "submitPoP tier 3", "assigned executor", "L1048, L2521", OnChain;
        Executing => Frozen by [FreezeNode] "reportAnomaly | override FREEZE_AGENT", "threshold exceeded", "L1050, L2525", OnChain;
        Executing => Failed by [TimeoutNode] "timeoutNode", "now-start > ceil(timeoutMs/1000) (+grace)", "L2529 (absent from the B.3 list)", OnChain;
        Executing => PendingFinalization by [] "on-chain tx reverted/failed", "off-chain fact only", "L1052, L2533", OffChain;
        PendingVerification => Completed by [SubmitResult, RevealResult, CloseReveal] "verifyHashProof | verifyConsensus -> APPROVED", "tier 1 proof ok, or >= t agreeing reveals", "L1054, L2537-2544", OnChain;
        PendingVerification => Failed by [SubmitResult, RevealResult, CloseCommit, CloseReveal] "REJECTED | closeVerification after window", "consensus impossible, proof bad, or window over with < t agreeing", "L1055-1057, L2545", OnChain;
        PendingReview => Completed by [ApproveReview] "approveDelegated", "non-conflicted adjudicator, rotation", "L1058, L2549", OnChain;
        PendingReview => Failed by [RejectReview, TimeoutReview] "rejectDelegated | review timeout (2x maxHumanReviewTimeoutMs)", "adjudicator, or permissionless after timeout (no-fault)", "L1060, L2553-2562", OnChain;
        PendingFinalization => Executing by [] "tx retry succeeds", "<=3 retries", "L1061, L2577", OffChain;
        PendingFinalization => Failed by [] "retries exhausted", "3 retries failed", "L1063, L2581", OffChain;
        Frozen => Eligible by [UnfreezeNode] "unfreezeWithApproval", "adjudicator, rotation, non-conflicted", "L1064, L2563", OnChain;
        Frozen => Failed by [ConfirmFreeze] "confirmFreeze (TASK_REASSIGN)", "adjudicator", "L1066, L2567", OnChain;
        Failed => Eligible by [ReassignNode] "reassignNode", "iterations < maxRefinementIterations; new bid validated", "L1068, L2571", OnChain;
    }
    extensions {
        Waiting => Eligible by [CloseDispute, CloseChild] "last predecessor COMPLETED", "completed by a dispute's silence or by a child's end", "R11, R19";
        Eligible => Executing by [OpenChild] "openChild", "non-leaf; the child waits for its deployment and is funded by the node's budget", "R19";
        Eligible => Failed by [ExpireEligible] "expireEligible", "not routed within the acceptance window and routeTimeout, or its service was deprecated", "C-14, R7, R28, A3";
        Executing => PendingVerification by [CloseChild] "child COMPLETED", "passes on to COMPLETED in the same call, as tier 1 does", "R19, C-07";
        Executing => Failed by [CloseChild] "child ABORTED", "non-leaf", "R19";
        PendingVerification => PendingReview by [DisputeResult] "dispute", "tier 2; an executor who revealed, under bond, where values differ, within verificationRevealMs after the reveals", "E-01, R11";
        PendingVerification => Completed by [CloseChild] "child COMPLETED", "non-leaf", "R19";
        PendingReview => Completed by [CloseDispute] "silence of the reviewers", "disputed tier 2: the machine consensus stands, the bond returns", "R11";
        Frozen => Failed by [ExpireFreeze] "expiry of the freeze", "undecided for freezeMax; never back to ELIGIBLE, stakes stay locked for the sanction window", "R8";
    }
    exits: crate::exit::NODE;
}
