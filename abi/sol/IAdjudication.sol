// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Adjudication: the Override Panel
/// @notice Every human power of the city is a row of one closed table (T5). A row's action is an EIP-712 struct that
/// binds every argument; so many adjudicators as the row demands sign it, anyone relays it, and it is carried out at
/// once or after the row's delay. What is signed is what is carried out: the digest is the replay key (RULINGS R23).
/// @dev Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
///
/// An action's struct has fields of one word each, so its ABI encoding is also what EIP-712 hashes: `digest =
/// keccak(0x1901 ‖ domain ‖ keccak(typeHash(action) ‖ payload))`. Hence one entry, `submit`, carries all rows without
/// an opaque hash; `decodeAction` reads a payload back, and docs/signatures.md lists every struct. Signatures stand in
/// the ascending order of their signers. Who is an adjudicator, and what the watchdog thinks of it, the roster knows: it is
/// asked about all signers of an action in one call, and told what they decided. Instants are unix seconds.
interface IAdjudication {
    // ------------------------------------------------------------------ types

    /// @notice Every human action (T5), in the order of the table.
    enum Action {
        None,
        FreezeNode,
        UnfreezeNode,
        ConfirmFreeze,
        ClassifyFalsePositive,
        DecideReview,
        Disqualify,
        ClearPredicate,
        VetoOutput,
        ReleaseOutput,
        TriggerStop,
        ClearStop,
        LiftPause,
        ExitDegraded,
        AbortMission,
        AbortForFault,
        AdjustReputation,
        PayInsurance,
        Disburse,
        BanPrincipal,
        LiftBan,
        FreezePrincipal,
        UnfreezePrincipal,
        AdmitClerk,
        UpdateEnvelope,
        RevokeClerk,
        AmendParameter,
        EnactNorm,
        StrikeNorm,
        RestoreNorm,
        ApproveMonitor,
        RevokeMonitor,
        ApprovePredicate,
        RevokePredicate,
        ApproveVerifier,
        RevokeVerifier,
        AddAdjudicator,
        RemoveAdjudicator,
        AppointSenior,
        WaiveFairness,
        CountersignAward,
        AuditCodification,
        DeclareSpecificationFault,
        ConfirmAlert,
        ReleaseWatchdog,
        CloseAudit,
        BanAgent,
        SetMandate,
        HaltCity,
        ResumeCity
    }

    /// @notice Where an action stands. Executed, Withdrawn and Expired are final.
    enum ActionState {
        None,
        Queued,
        Executed,
        Withdrawn,
        Expired
    }

    /// @notice Classes of decisions among which adjudicators rotate (D-12).
    enum RotationClass {
        None,
        Tier3,
        Freeze,
        Output,
        Money
    }

    /// @notice What an action demands now: signers, delay, rotation.
    /// @dev `alternative`: 0 a fixed number, 1 half of the panel, 2 two thirds, 3 by the parameter's tier, 4 a parameter, 5 by
    /// who signed before, 6 all whom the watchdog has not flagged.
    struct Requirement {
        uint8 signers;
        uint40 delaySecs;
        RotationClass class;
        uint8 alternative;
    }

    /// @notice A payload read back. What an action does not have is zero.
    struct Decoded {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        bytes32 subject;
        bytes32 oldValue;
        bytes32 newValue;
        bytes32 justificationHash;
        bytes32 contentAddress;
        uint64 deadline;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice One for each action carried out: the audit trail (seed B.12).
    /// @param mission or zero
    event OverrideAction(
        bytes32 indexed digest,
        Action indexed action,
        bytes32 indexed mission,
        bytes payload,
        address[] signers,
        bool unilateral
    );

    /// @notice An action waits until `dueAt`; it lapses at `expiresAt`.
    event ActionQueued(
        bytes32 indexed digest, Action indexed action, bytes payload, address[] signers, uint40 dueAt, uint40 expiresAt
    );

    /// @notice A signer of a queued action withdrew; it falls when too few are left.
    event SignatureWithdrawn(bytes32 indexed digest, address indexed signer, uint8 left);

    /// @notice A queued action ended without being carried out.
    event ActionEnded(bytes32 indexed digest, ActionState state);

    /// @notice The rotation limit is lifted for this matter and class: a backup period is open, or nobody else came (RULINGS R12).
    /// @param mission the matter: the first word of the payload
    event RotationLifted(bytes32 indexed mission, RotationClass indexed class);

    /// @notice The senior adjudicator acted alone; two others must close the audit before it may again (RULINGS K9).
    event UnilateralOverride(address indexed senior, bytes32 indexed digest, uint64 auditId);

    /// @notice An audit was closed.
    event AuditClosed(uint64 indexed auditId);

    // ------------------------------------------------------------------ errors

    /// @notice `caller` may not call this function.
    error Unauthorized(address caller);

    /// @notice The city is not sealed yet; call again afterwards.
    error NotSealed();

    /// @notice The peers are known already.
    error AlreadyWired();

    /// @notice The peers are not known yet; anyone may call `wire`.
    error NotWired();

    /// @notice The constructor ran before.
    error AlreadyConstructed();

    /// @notice The call's data is not the function's encoding: truncated, with dirty bits, or too long.
    error MalformedCall();

    /// @notice The function takes no coins.
    error NotPayable();

    /// @notice The signature is not `signer`'s.
    error InvalidSignature(address signer);

    /// @notice The table has no such action.
    error UnknownAction(uint8 action);

    /// @notice The payload's word `word` is out of its type's range, or the payload has another length.
    error MalformedPayload(Action action, uint8 word);

    /// @notice The action was to be handed in until `deadline`.
    error DeadlinePassed(uint64 deadline);

    /// @notice The digest is in `state`: an action happens once.
    error WrongActionState(bytes32 digest, ActionState state);

    /// @notice Signers must ascend; `signer` does not follow `previous`.
    error SignersNotAscending(address previous, address signer);

    /// @notice `have` eligible adjudicators signed; `need` are needed.
    error SignersMissing(uint8 have, uint8 need);

    /// @notice `signer` is no active adjudicator, flagged where that excludes, or the senior whose act is audited.
    error NotAdjudicator(address signer);

    /// @notice `signer` has an interest in the matter (D-13): in the mission or session, or in the person it is about.
    /// @param mission the matter: the first word of the payload
    error ConflictOfInterest(address signer, bytes32 mission);

    /// @notice `signer`, or the identical set of which it is the first, decided this matter's class too often running.
    /// @param mission the matter: the first word of the payload
    error RotationRequired(address signer, bytes32 mission, RotationClass class);

    /// @notice The value is `found`, not `expected`: the case has changed.
    error ValueChanged(bytes32 expected, bytes32 found);

    /// @notice A ruling moves reputation by `limit` points at most.
    error DeltaTooLarge(int16 delta, uint16 limit);

    /// @notice No audit `auditId` is open.
    error NoAudit(uint64 auditId);

    /// @notice Due from `dueAt` on.
    error NotDue(uint40 dueAt);

    /// @notice The senior's power is suspended by audit `auditId`, or enough others are there.
    error SeniorRefused(uint64 auditId, uint8 available);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ the Override Panel

    /// @notice Carries out an action, or queues it if its row has a delay. Anyone relays.
    /// @param payload the action's struct, ABI-encoded
    /// @param signatures of adjudicators in ascending order, each `r ‖ s ‖ v`, or `signer ‖ signature` of a contract
    /// @return digest of the action
    function submit(Action action, bytes calldata payload, bytes[] calldata signatures)
        external
        returns (bytes32 digest);

    /// @notice Carries out the freeze or stop of the senior adjudicator alone, when fewer than half of the panel are free of conflict.
    /// The power rests until two others close the audit that this opens. Anyone relays.
    /// @param conflicted active adjudicators with an interest in the mission, ascending: what shows that too few are left
    function submitUnilateral(
        Action action,
        bytes calldata payload,
        bytes calldata signature,
        address[] calldata conflicted
    ) external returns (bytes32 digest);

    /// @notice Carries out a queued action that is due: eligibility and old values are checked again, and whoever may no longer sign
    /// does not count. Anyone.
    function execute(Action action, bytes calldata payload) external;

    /// @notice Withdraws the caller's signature from a queued action, which falls when fewer are left than it needs.
    function withdrawSignature(bytes32 digest) external;

    /// @notice Ends a queued action that lapsed. Anyone.
    function expireAction(bytes32 digest) external;

    /// @notice The digest that adjudicators sign.
    function digestOf(Action action, bytes calldata payload) external view returns (bytes32);

    /// @notice Reads a payload back.
    function decodeAction(Action action, bytes calldata payload) external view returns (Decoded memory);

    /// @notice What an action demands now.
    function requirementOf(Action action, bytes calldata payload) external view returns (Requirement memory);

    /// @notice Where an action stands, and when it is due and lapses.
    function actionState(bytes32 digest)
        external
        view
        returns (ActionState state, uint8 signers, uint40 dueAt, uint40 expiresAt);

    /// @notice The senior adjudicator, and the audit that suspends its power, or zero.
    function senior() external view returns (address account, uint64 auditId);
}
