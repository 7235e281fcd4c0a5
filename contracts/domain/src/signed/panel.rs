//! What adjudicators sign: one struct for each row of T5 ([`crate::act`]). Every one ends with the hash and the place of its
//! justification, and a deadline; every other argument is there in full (RULINGS R23). All fields are words, so a payload's ABI
//! encoding is what is hashed.

use super::declare::structs;

/// Declares the structs of actions, with the fields that all have.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident($($ty:tt $field:ident $sol:literal),+);)+) => {
        structs! {
            $(
                $(#[$doc])*
                $name(
                    $($ty $field $sol,)+
                    bytes32 justification_hash "justificationHash",
                    bytes32 content_address "contentAddress",
                    uint64 deadline "deadline"
                );
            )+
        }
    };
}

actions! {
    /// Halts a node for evidence.
    FreezeNode(bytes32 mission_id "missionId", uint16 node "node", uint8 attempt "attempt", address agent "agent");
    /// Lifts a freeze: 1 it was false, 2 it deserves a warning (RULINGS K8).
    UnfreezeNode(bytes32 mission_id "missionId", uint16 node "node", uint64 freeze_id "freezeId", uint8 kind "kind");
    /// Fails a frozen node at the agent's fault.
    ConfirmFreeze(bytes32 mission_id "missionId", uint16 node "node", uint64 freeze_id "freezeId");
    /// Says of a past freeze that it was false.
    ClassifyFalsePositive(bytes32 mission_id "missionId", uint16 node "node", uint64 freeze_id "freezeId");
    /// Decides a Tier 3 or disputed result, with its score.
    DecideReview(
        bytes32 mission_id "missionId",
        uint16 node "node",
        uint8 attempt "attempt",
        bool approved "approved",
        uint16 score "score",
        uint8 seat "seat"
    );
    /// Excludes an executor's reveal.
    Disqualify(bytes32 mission_id "missionId", uint16 node "node", uint8 attempt "attempt", address executor "executor");
    /// Clears a human predicate for the output with that completion digest.
    ClearPredicate(bytes32 mission_id "missionId", uint8 index "index", bytes32 completion_digest "completionDigest");
    /// Fails a mission at the gate.
    VetoOutput(bytes32 mission_id "missionId", bytes32 completion_digest "completionDigest");
    /// Completes a mission at the gate.
    ReleaseOutput(bytes32 mission_id "missionId", bytes32 completion_digest "completionDigest");
    /// Stops one mission.
    TriggerStop(bytes32 mission_id "missionId", bytes32 evidence_hash "evidenceHash");
    /// Clears the stop of one mission that would end at `haltedUntil`.
    ClearStop(bytes32 mission_id "missionId", uint40 halted_until "haltedUntil");
    /// Lifts the pause that would end at `haltedUntil`, and takes the bond of who reported a divergence, if `forfeit`.
    LiftPause(bytes32 mission_id "missionId", uint40 halted_until "haltedUntil", bool forfeit "forfeit");
    /// Lets a mission leave degraded mode.
    ExitDegraded(bytes32 mission_id "missionId");
    /// Ends a mission without fault.
    AbortMission(bytes32 mission_id "missionId");
    /// Ends a mission at the fault of up to four named agents, ascending, zeros last (RESOLUTIONS D-24).
    AbortForFault(
        bytes32 mission_id "missionId",
        address first "first",
        address second "second",
        address third "third",
        address fourth "fourth"
    );
    /// Adds to or takes from a reputation, in points; the score is what the signers saw.
    AdjustReputation(address agent "agent", uint16 old_score "oldScore", int16 delta "delta");
    /// Pays an agent's loss out of insurance.
    PayInsurance(
        bytes32 mission_id "missionId",
        address agent "agent",
        uint128 amount "amount",
        bytes32 evidence_hash "evidenceHash"
    );
    /// Pays out of the treasury.
    Disburse(uint8 purpose "purpose", address recipient "recipient", uint128 amount "amount");
    /// Bans a principal and all its agents.
    BanPrincipal(address principal "principal");
    /// Lifts a ban within its appeal window.
    LiftBan(address principal "principal");
    /// Freezes all agents of a principal.
    FreezePrincipal(address principal "principal");
    /// Lifts that.
    UnfreezePrincipal(address principal "principal");
    /// Admits a clerk, with its envelope: masks over the table of operations.
    AdmitClerk(
        address clerk "clerk",
        uint8 role "role",
        uint64 permitted "permitted",
        uint64 prohibited "prohibited",
        uint16 operations_max "operationsMax"
    );
    /// Replaces a clerk's envelope.
    UpdateEnvelope(
        address clerk "clerk",
        uint64 permitted "permitted",
        uint64 prohibited "prohibited",
        uint16 operations_max "operationsMax"
    );
    /// Takes a clerk's office away.
    RevokeClerk(address clerk "clerk");
    /// Changes a parameter; the senior adjudicator's is changed by `AppointSenior`.
    AmendParameter(uint8 parameter "parameter", bytes32 old_value "oldValue", bytes32 new_value "newValue");
    /// Puts a norm in force.
    EnactNorm(bytes32 norm "norm", bytes32 domain "domain");
    /// Strikes a norm.
    StrikeNorm(bytes32 norm "norm");
    /// Restores a struck norm.
    RestoreNorm(bytes32 norm "norm");
    /// Admits a bonded monitor with its scorer.
    ApproveMonitor(address monitor "monitor", bytes32 scorer_id "scorerId");
    /// Ends a monitor's admission.
    RevokeMonitor(address monitor "monitor");
    /// Approves a predicate, pinned by its code.
    ApprovePredicate(address program "program", bytes32 codehash "codehash");
    /// Ends that.
    RevokePredicate(address program "program", bytes32 codehash "codehash");
    /// Approves a Tier 1 verifier, pinned by its code.
    ApproveVerifier(address program "program", bytes32 codehash "codehash");
    /// Ends that.
    RevokeVerifier(address program "program", bytes32 codehash "codehash");
    /// Admits an adjudicator.
    AddAdjudicator(address adjudicator "adjudicator", address principal "principal");
    /// Removes an adjudicator without fault.
    RemoveAdjudicator(address adjudicator "adjudicator");
    /// Appoints the senior adjudicator: changes `seniorAdjudicatorAddr`, which has no other way to change.
    AppointSenior(address old_senior "oldSenior", address new_senior "newSenior");
    /// Waives the fairness minimum of one session, at the fairness that the signers saw.
    WaiveFairness(bytes32 session_id "sessionId", bytes32 assignments_hash "assignmentsHash", uint16 fairness "fairness");
    /// Countersigns an award other than the best.
    CountersignAward(bytes32 session_id "sessionId", uint16 node "node", uint32 best "best", uint32 chosen "chosen");
    /// Approves the codification of a statute with a node of high risk.
    AuditCodification(bytes32 session_id "sessionId", bytes32 statute_hash "statuteHash");
    /// Finds a node's statute at fault.
    DeclareSpecificationFault(bytes32 mission_id "missionId", uint16 node "node", uint8 attempt "attempt");
    /// Confirms an alert of the watchdog, raised when the adjudicator had acted so often.
    ConfirmAlert(address adjudicator "adjudicator", uint32 actions "actions");
    /// Releases the watchdog's freeze that would end at `haltedUntil`.
    ReleaseWatchdog(uint40 halted_until "haltedUntil");
    /// Closes the audit of a unilateral act.
    CloseAudit(uint64 audit_id "auditId");
    /// Bans, for what an agent did, the principal who answers for it or did lately.
    BanAgent(address agent "agent", address principal "principal");
    /// Mandates a service for a delegated operation; zero lifts the mandate.
    SetMandate(uint8 operation "operation", bytes32 service_id "serviceId", bytes32 artifact_schema "artifactSchema");
    /// Stops every mission: a stop of mission zero, which `TriggerStop` cannot name.
    HaltCity(bytes32 evidence_hash "evidenceHash");
    /// Clears the stop of every mission that would end at `haltedUntil`; `ClearStop` cannot.
    ResumeCity(uint40 halted_until "haltedUntil");
}
