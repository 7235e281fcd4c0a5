// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Adjudication: the roster, the Override Panel, its checks, and the anchors of the log
/// @notice Every human power of the city is a row of one closed table (T5). A row's action is an EIP-712 struct that
/// binds every argument; so many adjudicators as the row demands sign it, anyone relays it, and it is carried out at
/// once or after the row's delay. What is signed is what is carried out: the digest is the replay key (RULINGS R23).
/// @dev Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
///
/// An action's struct has fields of one word each, so its ABI encoding is also what EIP-712 hashes: `digest =
/// keccak(0x1901 ‖ domain ‖ keccak(typeHash(action) ‖ payload))`. Hence one entry, `submit`, carries all rows without
/// an opaque hash; `decodeAction` reads a payload back, and docs/signatures.md lists every struct. Signatures stand in
/// the ascending order of their signers. Instants are unix seconds; amounts are base units of the settlement asset.
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

    /// @notice What somebody is to the panel.
    enum Standing {
        None,
        Candidate,
        Active,
        Leaving,
        Removed
    }

    /// @notice Why the watchdog alerts (D-21).
    enum AlertKind {
        None,
        Rubber,
        Weaken
    }

    /// @notice What may be called by others during a mission: a predicate at the gate, or a Tier-1 verifier.
    enum ProgramKind {
        None,
        Predicate,
        Verifier
    }

    /// @notice An adjudicator.
    /// @dev `history` holds the latest 64 decisions, the newest in the lowest bit, 1 for yes.
    struct Adjudicator {
        Standing standing;
        address principal;
        uint128 stake;
        uint32 actions;
        uint32 approvals;
        uint16 run;
        uint8 weakenings;
        bool flagged;
        uint32 unpaidReviews;
        uint64 history;
        uint40 since;
    }

    /// @notice A monitor: bonded, of one principal, with one scorer.
    struct Monitor {
        Standing standing;
        address principal;
        bytes32 scorerId;
        uint128 bond;
        uint16 falsePositives;
        uint40 suspendedUntil;
    }

    /// @notice What an action demands now: signers, delay, rotation.
    struct Requirement {
        uint8 signers;
        uint40 delaySecs;
        RotationClass class;
        uint8 alternative;
    }

    /// @notice A case of revocation (D-16 to D-19).
    struct Impeachment {
        address target;
        address initiator;
        bytes32 evidenceHash;
        uint8 votes;
        uint8 needed;
        uint40 expiresAt;
        bool closed;
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

    /// @notice The rotation limit is lifted for this mission and class: the backup period is open (RULINGS R12).
    event RotationLifted(bytes32 indexed mission, RotationClass indexed class);

    /// @notice Somebody put up the stake of an adjudicator.
    event Staked(address indexed adjudicator, address indexed principal, uint256 amount);

    /// @notice An adjudicator's standing changed.
    event StandingChanged(address indexed adjudicator, Standing standing);

    /// @notice An adjudicator's stake was taken, for insurance and treasury by halves.
    event AdjudicatorSlashed(address indexed adjudicator, uint256 amount, bytes32 cause);

    /// @notice A monitor put up its bond with the treasury.
    event MonitorBonded(address indexed monitor, address indexed principal, bytes32 indexed scorerId, uint256 amount);

    /// @notice A monitor's standing changed.
    event MonitorChanged(address indexed monitor, Standing standing, uint16 falsePositives, uint40 suspendedUntil);

    /// @notice A predicate or verifier is approved, pinned by its code, or no longer.
    event ProgramChanged(address indexed account, ProgramKind indexed kind, bytes32 codehash, bool approved);

    /// @notice An adjudicator declared an interest of its own.
    event AssociationDeclared(address indexed adjudicator, address indexed principal, uint40 until);

    /// @notice The watchdog noticed a pattern.
    event WatchdogAlert(address indexed adjudicator, AlertKind kind, uint32 actions, uint32 approvals, uint16 run);

    /// @notice The watchdog froze the city: no finalising, no routing, until `until` at the latest.
    event WatchdogFreeze(address indexed adjudicator, uint40 until);

    /// @notice The panel halted the city: no finalising, no routing, until `until` at the latest.
    event CityHalted(bytes32 indexed digest, uint40 until);

    /// @notice The panel let the city go on.
    event CityResumed(bytes32 indexed digest);

    /// @notice The watchdog's freeze ended.
    event WatchdogReleased(bool byPanel);

    /// @notice The senior adjudicator acted alone; two others must close the audit before it may again (RULINGS K9).
    event UnilateralOverride(address indexed senior, bytes32 indexed digest, uint64 auditId);

    /// @notice An audit was closed.
    event AuditClosed(uint64 indexed auditId);

    /// @notice The senior adjudicator is another.
    event SeniorAppointed(address indexed previous, address indexed senior);

    /// @notice A case of revocation is open.
    event ImpeachmentInitiated(
        uint64 indexed caseId,
        address indexed target,
        address indexed initiator,
        bytes32 evidenceHash,
        uint8 needed,
        uint40 expiresAt
    );

    /// @notice A vote for revocation.
    event ImpeachmentVoted(uint64 indexed caseId, address indexed voter, uint8 votes);

    /// @notice An adjudicator was revoked.
    event AdjudicatorImpeached(uint64 indexed caseId, address indexed target, uint256 slashed);

    /// @notice A case lapsed; the initiator's bond is lost.
    event ImpeachmentLapsed(uint64 indexed caseId);

    /// @notice Reviews of an adjudicator were compensated.
    event CompensationClaimed(address indexed adjudicator, uint32 reviews);

    /// @notice `account` took `amount` of its released stake, paid out to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice Asset beyond the books went to the treasury.
    event Skimmed(uint256 amount);

    /// @notice The root of an author's log of `size` entries. Never replaced.
    event Anchored(address indexed author, uint64 indexed sequence, uint64 size, bytes32 root);

    /// @notice Two anchored roots of an author were proved consistent.
    event ConsistencyProved(address indexed author, uint64 indexed first, uint64 indexed second);

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

    /// @notice Expected `expected`, received `received`.
    error AmountMismatch(uint256 expected, uint256 received);

    /// @notice The asset did not move to `to`.
    error PaymentFailed(address to, uint256 amount);

    /// @notice The table has no such action.
    error UnknownAction(uint8 action);

    /// @notice The payload's word `word` is out of its type's range, or the payload has another length.
    error MalformedPayload(Action action, uint8 word);

    /// @notice The action was good until `deadline`.
    error DeadlinePassed(uint64 deadline);

    /// @notice The digest is in `state`: an action happens once.
    error WrongActionState(bytes32 digest, ActionState state);

    /// @notice Signers must ascend; `signer` does not follow `previous`.
    error SignersNotAscending(address previous, address signer);

    /// @notice `have` eligible adjudicators signed; `need` are needed.
    error SignersMissing(uint8 have, uint8 need);

    /// @notice `signer` is no active adjudicator, or flagged where that excludes.
    error NotAdjudicator(address signer);

    /// @notice `signer` has an interest in the mission (D-13).
    error ConflictOfInterest(address signer, bytes32 mission);

    /// @notice `signer`, or the identical set, decided this mission's class too often running.
    error RotationRequired(address signer, bytes32 mission, RotationClass class);

    /// @notice The value is `found`, not `expected`: the case has changed.
    error ValueChanged(bytes32 expected, bytes32 found);

    /// @notice Due from `dueAt` on.
    error NotDue(uint40 dueAt);

    /// @notice The senior's power is suspended by audit `auditId`, or enough others are there.
    error SeniorRefused(uint64 auditId, uint8 available);

    /// @notice The stake is `given`; the table demands `needed`.
    error WrongStake(uint256 given, uint256 needed);

    /// @notice `account`'s standing is `standing`.
    error WrongStanding(address account, Standing standing);

    /// @notice `account`'s code is `found`, not `expected`, or its activation ends before `needed` seconds.
    error WrongProgram(address account, bytes32 expected, bytes32 found, uint64 needed);

    /// @notice The city would have `left` adjudicators of at least `floor`.
    error QuorumFloor(uint8 left, uint8 floor);

    /// @notice No such case, or it is closed.
    error NoCase(uint64 caseId);

    /// @notice `who` voted or acted in this case before.
    error AlreadyDone(address who);

    /// @notice `account` has nothing to take.
    error NothingOwed(address account);

    /// @notice An anchor follows the last: sequence `expected`, and no smaller a size.
    error AnchorOutOfOrder(uint64 expected, uint64 given);

    /// @notice The proof does not connect the two roots.
    error Inconsistent(bytes32 first, bytes32 second);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers and the genesis adjudicators from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ roster

    /// @notice Puts up the stake of the table for the caller, who becomes active if of genesis, else a candidate. A
    /// genesis adjudicator without a stake cannot sign.
    function stake(uint256 amount) external payable;

    /// @notice Leaves the panel; the stake is owed after the appeal window.
    function resign() external;

    /// @notice Moves a leaving adjudicator's stake to its owner's due after the window. Anyone.
    function releaseStake(address adjudicator) external;

    /// @notice Takes what the caller is owed. Never halted.
    function withdraw() external returns (uint256 amount);

    /// @notice Takes `amount` of what the caller is owed, paid to `to`.
    function withdrawTo(address to, uint256 amount) external;

    /// @notice Bonds the caller as a monitor of its principal, out of its credit with the treasury; the panel approves.
    function bondMonitor(bytes32 scorerId) external;

    /// @notice Ends the caller's monitoring; the bond comes back after the appeal window.
    function retireMonitor() external;

    /// @notice Gives a retired monitor's bond back after the window. Anyone.
    function releaseMonitor(address monitor) external;

    /// @notice Declares that the caller is associated with a principal, whose missions it may then not judge.
    function declareAssociation(address principal) external;

    // ------------------------------------------------------------------ the Override Panel

    /// @notice Carries out an action, or queues it if its row has a delay. Anyone relays.
    /// @param payload the action's struct, ABI-encoded
    /// @param signatures of adjudicators in ascending order, each `r ‖ s ‖ v`, or `signer ‖ signature` of a contract
    /// @return digest of the action
    function submit(Action action, bytes calldata payload, bytes[] calldata signatures)
        external
        returns (bytes32 digest);

    /// @notice Carries out the freeze or stop of the senior adjudicator alone, when too few others are free of
    /// conflict.
    function submitUnilateral(Action action, bytes calldata payload, bytes calldata signature)
        external
        returns (bytes32 digest);

    /// @notice Carries out a queued action that is due: eligibility and old values are checked again. Anyone.
    function execute(Action action, bytes calldata payload) external;

    /// @notice Withdraws the caller's signature from a queued action.
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

    // ------------------------------------------------------------------ checks on humans

    /// @notice Opens a case to revoke an adjudicator, under bond. An active adjudicator; one case per target.
    function initiateImpeachment(address target, bytes32 evidenceHash) external returns (uint64 caseId);

    /// @notice Votes to revoke. An active adjudicator, once; the deciding vote carries it out.
    function voteImpeachment(uint64 caseId) external;

    /// @notice Closes a case that lapsed. Anyone.
    function expireImpeachment(uint64 caseId) external;

    /// @notice Ends a freeze or halt of the city whose maximum has passed (RULINGS R9). Anyone.
    function expireWatchdog() external;

    /// @notice Pays the caller's reviews out of the treasury, equal for yes and no.
    function claimCompensation() external;

    // ------------------------------------------------------------------ anchors

    /// @notice Anchors the root of the caller's log.
    /// @param sequence one more than the caller's last
    function anchor(uint64 sequence, uint64 size, bytes32 root) external;

    /// @notice Proves by RFC 6962 that one anchored root extends another. Anyone.
    function proveConsistency(address author, uint64 first, uint64 second, bytes32[] calldata proof) external;

    /// @notice An anchor.
    function anchorOf(address author, uint64 sequence) external view returns (uint64 size, bytes32 root);

    // ------------------------------------------------------------------ views

    /// @notice An adjudicator.
    function adjudicator(address account) external view returns (Adjudicator memory);

    /// @notice How many adjudicators are active.
    function activeAdjudicators() external view returns (uint8);

    /// @notice A monitor.
    function monitor(address account) external view returns (Monitor memory);

    /// @notice The code an approved predicate or verifier is pinned to; zero if it is not approved.
    function approvedCode(address account, ProgramKind kind) external view returns (bytes32 codehash);

    /// @notice Until when watchdog or panel halt the city; zero if neither does.
    function haltedUntil() external view returns (uint40);

    /// @notice The senior adjudicator, and the audit that suspends its power, or zero.
    function senior() external view returns (address account, uint64 auditId);

    /// @notice A case of revocation.
    function impeachment(uint64 caseId) external view returns (Impeachment memory);

    /// @notice What `account` may withdraw, in base units.
    function credits(address account) external view returns (uint256);

    /// @notice Booked total: stakes and what is owed.
    function booked() external view returns (uint256);

    /// @notice What makes up the booked total.
    function parts() external view returns (uint256 stakes, uint256 owed);

    /// @notice Sends what the contract holds beyond its books to the treasury. Anyone.
    function skim() external returns (uint256 amount);
}
