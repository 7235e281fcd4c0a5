//! What people decide, and what waits for them: freezes, overrides, amendments, impeachments, halts, norms, offices.
//!
//! ```text
//!  freeze       OPEN ─▶ LIFTED | UPHELD        OPEN ─▶ EXPIRED ─▶ CLOSED | UPHELD
//!  override     QUEUED ─▶ EXECUTED | WITHDRAWN | EXPIRED
//!  amendment    QUEUED ─▶ IN_FORCE | WITHDRAWN | EXPIRED
//!  impeachment  OPEN ─▶ CARRIED | LAPSED
//!  halt         RAISED ─▶ OVERDUE ─▶ LIFTED | ENDED
//!  delegation   OPEN ─▶ RECORDED | EXPIRED
//!  norm         IN_FORCE ◀─▶ STRUCK
//!  office       VACANT ◀─▶ HELD
//! ```
//!
//! People may always be silent. Then a freeze expires into failure without fault, an action into nothing, a halt into
//! everyone's right to abort: never into permission (R8, R9).

use super::machine;

machine! {
    /// The state of a freeze's record; the node it halts is `FROZEN` as long as it is open.
    FreezeState: Freeze, "freeze";
    states {
        Open = 1, "OPEN", Open, "Awaits a ruling.";
        Lifted = 2, "LIFTED", Terminal, "A false positive, or a warning.";
        Upheld = 3, "UPHELD", Terminal, "Confirmed, at the agent's fault.";
        Expired = 4, "EXPIRED", Open, "Nobody ruled; the node failed, the stake is held for a sanction.";
        Closed = 5, "CLOSED", Terminal, "No sanction came.";
    }
    initial { Open }
    base {
        Open => Lifted by [UnfreezeNode] "unfreeze", "adjudicator, rotation, no conflict; FALSE_POSITIVE or WARNING", "G-15, K8", OnChain;
        Open => Upheld by [ConfirmFreeze] "confirmFreeze", "adjudicator, rotation, no conflict", "G-16", OnChain;
    }
    extensions {
        Open => Expired by [ExpireFreeze] "expiry", "freezeMax passed", "R8";
        Open => Closed by [] "mission ended", "aborted or failed around it", "R8, R9";
        Expired => Upheld by [ConfirmFreeze] "confirmFreeze", "within the sanction window", "R8";
        Expired => Closed by [] "window over", "time alone: nothing is stored", "R8";
    }
    exits: crate::exit::FREEZE;
}

machine! {
    /// The state of an override in the queue.
    OverrideState: Override, "override";
    states {
        Queued = 1, "QUEUED", Open, "Signed by enough; its delay runs, or it waits to be carried out.";
        Executed = 2, "EXECUTED", Terminal, "Carried out.";
        Withdrawn = 3, "WITHDRAWN", Terminal, "Too few signers are left.";
        Expired = 4, "EXPIRED", Terminal, "Not carried out in time.";
    }
    initial { Queued, Executed }
    base {
        Queued => Executed by [ExecuteOverride] "execute", "delay over; signers eligible, old value unchanged", "R23, D-26", OnChain;
        Queued => Withdrawn by [WithdrawSignature] "withdrawSignature", "fewer signers than the action needs", "R23", OnChain;
    }
    extensions {
        Queued => Expired by [ExpireOverride] "expireAction", "overrideExpiry passed", "R23";
    }
    exits: crate::exit::OVERRIDE;
}

machine! {
    /// The state of a parameter's new value; it takes effect as an epoch page.
    AmendmentState: Amendment, "amendment";
    states {
        Queued = 1, "QUEUED", Open, "Signed; the delay of its tier runs.";
        InForce = 2, "IN_FORCE", Terminal, "Written in an epoch page.";
        Withdrawn = 3, "WITHDRAWN", Terminal, "Too few signers are left.";
        Expired = 4, "EXPIRED", Terminal, "Not carried out in time, or the old value has changed.";
    }
    initial { Queued }
    base {
        Queued => InForce by [ExecuteOverride] "execute", "delay over, or tightening within its bound; old value unchanged", "D-26, A4, R15", OnChain;
        Queued => Withdrawn by [WithdrawSignature] "withdrawSignature", "fewer signers than the tier needs", "R23", OnChain;
    }
    extensions {
        Queued => Expired by [ExpireOverride] "expireAction", "overrideExpiry passed", "R23";
    }
    exits: crate::exit::AMENDMENT;
}

machine! {
    /// The state of a case against an adjudicator.
    ImpeachmentState: Impeachment, "impeachment";
    states {
        Open = 1, "OPEN", Open, "Votes are cast; the count of adjudicators is fixed.";
        Carried = 2, "CARRIED", Terminal, "Two thirds voted for it.";
        Lapsed = 3, "LAPSED", Terminal, "No majority in time.";
    }
    initial { Open }
    base {
        Open => Carried by [VoteImpeachment] "last needed vote", "two thirds of the count at initiation, each once", "D-17, D-18", OnChain;
    }
    extensions {
        Open => Lapsed by [ExpireImpeachment] "expiry", "impeachmentExpiry passed", "D-18";
    }
    exits: crate::exit::IMPEACHMENT;
}

machine! {
    /// The state of a stop, pause, or freeze of the city.
    HaltState: Halt, "halt";
    states {
        Raised = 1, "RAISED", Open, "Forbids its list of commands.";
        Overdue = 2, "OVERDUE", Resting, "Passed its maximum: anyone may abort the missions under it, so it holds nobody; only the panel resumes.";
        Lifted = 3, "LIFTED", Terminal, "The panel lifted it.";
        Ended = 4, "ENDED", Terminal, "Its mission ended.";
    }
    initial { Raised }
    base {
        Raised => Lifted by [ClearStop, LiftPause, ExitDegraded, ReleaseCity, RestoreNorm] "clear", "the panel", "D-09, C-02, C-20, D-22", OnChain;
        Raised => Ended by [AbortMission] "mission aborted", "the panel", "L1031", OnChain;
    }
    extensions {
        Raised => Overdue by [] "maximum", "time alone: nothing is stored", "R9";
        Overdue => Lifted by [ClearStop, LiftPause, ExitDegraded, ReleaseCity, ExpireCity] "clear", "the panel; of the watchdog's freeze anyone, where all adjudicators are flagged", "R9, D-22";
        Overdue => Ended by [AbortHalted, AbortDegraded, AbortMission] "mission aborted", "by anyone", "R9";
    }
    exits: crate::exit::HALT;
}

machine! {
    /// The state of a clerk's delegation.
    DelegationState: Delegation, "delegation";
    states {
        Open = 1, "OPEN", Open, "The delegate's answer is awaited.";
        Recorded = 2, "RECORDED", Terminal, "Answered.";
        Expired = 3, "EXPIRED", Terminal, "Not answered in time.";
    }
    initial { Open }
    base {
        Open => Recorded by [RecordResult] "recordDelegationResult", "the owner of the mandated service", "I-14", OnChain;
    }
    extensions {
        Open => Expired by [ExpireDelegation] "expireDelegation", "delegationTimeout passed", "I-14";
    }
    exits: crate::exit::DELEGATION;
}

machine! {
    /// The state of a norm. City law, not anybody's: neither state holds value.
    NormState: Norm, "norm";
    states {
        InForce = 1, "IN_FORCE", Resting, "Binds its domain.";
        Struck = 2, "STRUCK", Resting, "Nothing is finalised in its domain; what cannot be finalised is aborted at its deadline.";
    }
    initial { InForce }
    base {
        InForce => Struck by [StrikeNorm] "strikeNorm", "the panel", "DESIGN 9", OnChain;
        Struck => InForce by [RestoreNorm] "restoreNorm", "the panel", "DESIGN 9", OnChain;
    }
    extensions {}
    exits: crate::exit::NORM;
}

machine! {
    /// The state of a clerk's office. A session never waits for an office longer than its step's deadline.
    ClerkState: Clerk, "clerk's office";
    states {
        Vacant = 1, "VACANT", Resting, "Nobody acts for it.";
        Held = 2, "HELD", Resting, "A clerk acts within its envelope.";
    }
    initial { Vacant, Held }
    base {
        Vacant => Held by [AdmitClerk] "admitClerk", "half the quorum", "I-10", OnChain;
        Held => Vacant by [RevokeClerk] "revokeClerk", "half the quorum", "K7", OnChain;
    }
    extensions {}
    exits: crate::exit::CLERK;
}
