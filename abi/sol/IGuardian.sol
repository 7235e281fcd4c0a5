// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Guardian: monitors' reports, freezes, halts, and the gate of missions
/// @notice What monitors report freezes nodes; too many freezes stop a mission; the panel lifts, confirms or forgives. At
/// the end of a mission the gate's predicates decide whether its output leaves. Collaboration carries out what is decided
/// here, and keeps the states.
/// @dev Constructor: `(address constitution)`. Instants are unix seconds. Signatures are EIP-712 under name "AgentCity",
/// version "1".
interface IGuardian {
    // ------------------------------------------------------------------ types

    /// @notice States of a mission (C-01, C-02). Completed and Aborted are final.
    enum MissionState {
        None,
        Pending,
        Active,
        Executing,
        Verification,
        Completed,
        Failed,
        Aborted,
        Degraded
    }

    /// @notice States of a node. `PendingFinalization` exists off chain only and is never written (C-17).
    enum NodeState {
        None,
        Waiting,
        Eligible,
        Executing,
        PendingVerification,
        PendingReview,
        Completed,
        Failed,
        Frozen,
        PendingFinalization
    }

    /// @notice What halts a mission besides its state.
    enum Halt {
        None,
        EmergencyStop,
        Divergence,
        NormStruck
    }

    /// @notice Why a node was frozen.
    enum FreezeCause {
        None,
        Deviation,
        ToolLimit,
        MessageLimit,
        DeploymentSubstitution,
        Manual
    }

    /// @notice What a monitor reports.
    enum ReportKind {
        None,
        Deviation,
        Counters,
        DeploymentSubstitution
    }

    /// @notice How a freeze ends by the panel (RULINGS K8).
    enum UnfreezeKind {
        None,
        FalsePositive,
        Warning
    }

    /// @notice A monitor's report, bound to one attempt of one node (RULINGS A10). Anyone relays it.
    /// @dev `deviation` in thousandths of a standard deviation; the counters are cumulative and never fall; `sequence` rises
    /// from 1 with each report of this monitor about this agent's attempt.
    struct MonitorReport {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        address agent;
        ReportKind kind;
        uint32 deviation;
        uint32 toolInvocations;
        uint32 messageVolume;
        bytes32 evidenceHash;
        uint64 sequence;
        uint64 deadline;
        address monitor;
    }

    /// @notice A monitor's word that the chain stood still from `from` to `until` (RULINGS R30).
    struct OutageReport {
        bytes32 missionId;
        uint40 from;
        uint40 until;
        uint64 deadline;
        address monitor;
    }

    /// @notice A freeze, by its mission and number.
    /// @dev `open` says that people decided nothing yet; from `expiresAt` on anyone fails the node, which decides nothing.
    /// `charged` says that it was classified false, and its monitors paid for it.
    struct Freeze {
        uint16 node;
        uint8 attempt;
        address agent;
        FreezeCause cause;
        uint40 at;
        uint40 expiresAt;
        bool open;
        bool falsePositive;
        bool charged;
        address[] monitors;
    }

    /// @notice What the guardian keeps of a mission, or of the city for number zero. Instants are zero where there is none.
    /// @dev `stoppedUntil` and `pausedUntil` are the latest ends (RULINGS R9): from then on anyone aborts. `freezes` counts those
    /// of the mission, `stops` those that were cleared, the last at `clearedAt`. Outages moved its deadlines by `extendedSecs`;
    /// at `degradedAt` the last one made it degraded.
    struct Watch {
        uint40 stoppedAt;
        uint40 stoppedUntil;
        uint40 pausedUntil;
        uint40 clearedAt;
        uint16 stops;
        uint24 freezes;
        uint40 extendedSecs;
        uint40 degradedAt;
    }

    /// @notice Where a mission stands at the gate. Masks have a bit for each predicate, the first the lowest.
    /// @dev `asked` says that the panel was asked for the human predicates.
    struct Gate {
        uint8 passed;
        uint8 cleared;
        uint8 failed;
        bool asked;
        uint40 reconciledAt;
        bytes32 logRoot;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice A monitor's report counted. `sequence` is its monitor's own for this attempt.
    event AnomalyReported(
        bytes32 indexed missionId,
        uint16 indexed node,
        address indexed monitor,
        uint8 attempt,
        address agent,
        ReportKind kind,
        uint32 deviation,
        uint32 toolInvocations,
        uint32 messageVolume,
        bytes32 evidenceHash,
        uint64 sequence
    );

    /// @notice A node is frozen until the panel decides or anyone fails it after `expiresAt`.
    event NodeFrozen(
        bytes32 indexed missionId,
        uint16 indexed node,
        uint64 indexed freezeId,
        uint8 attempt,
        address agent,
        FreezeCause cause,
        uint40 expiresAt
    );

    /// @notice A freeze was lifted.
    event NodeUnfrozen(bytes32 indexed missionId, uint16 indexed node, uint64 indexed freezeId, UnfreezeKind kind);

    /// @notice A freeze was confirmed: its node failed at the frozen agent's fault.
    event FreezeConfirmed(bytes32 indexed missionId, uint16 indexed node, uint64 indexed freezeId, address agent);

    /// @notice A freeze was a mistake and no longer counts.
    event FreezeFalsePositive(bytes32 indexed missionId, uint64 indexed freezeId, address[] monitors);

    /// @notice A mission is halted until `until`, when anyone may abort it (RULINGS R9). `agent` is the monitor that paused it
    /// or the executor whose freezes stopped it; zero if the panel did, and of a pause that a cleared stop leaves.
    event MissionHalted(bytes32 indexed missionId, Halt halt, address agent, uint40 until, bytes32 evidenceHash);

    /// @notice The panel lets a mission go on; its deadlines moved by `haltedSecs`: by as long as it was stopped, without what the
    /// city's stops move them by. Of the city: every mission's moved by that.
    event HaltLifted(bytes32 indexed missionId, Halt halt, uint40 haltedSecs);

    /// @notice An outage was proven; deadlines moved by `extendedSecs`.
    event DegradedEntered(bytes32 indexed missionId, uint40 from, uint40 until, uint40 extendedSecs);

    /// @notice The panel let a mission leave degraded mode.
    event DegradedExited(bytes32 indexed missionId);

    /// @notice A monitor anchored what it compared, and found no difference.
    event Reconciled(bytes32 indexed missionId, address indexed monitor, bytes32 logRoot);

    /// @notice An output left although no monitor had reconciled, because none had since `since` (RULINGS R10).
    event ReconciliationMissed(bytes32 indexed missionId, uint40 since);

    /// @notice A report of divergence stands under bond.
    event DivergenceReported(bytes32 indexed missionId, address indexed monitor, bytes32 evidenceHash, bytes32 bondId);

    /// @notice A report of divergence was settled: its bond went back, or was lost because the panel found none.
    event DivergenceClosed(bytes32 indexed missionId, bytes32 bondId, bool returned);

    /// @notice A predicate was evaluated at the gate, once and for all. It fails if its call fails, if it answers anything but
    /// true, and, without being called, if its code is no longer what the statute names, or the panel no longer approves it.
    event PredicateEvaluated(bytes32 indexed missionId, uint8 indexed index, address target, bool passed);

    /// @notice A human predicate waits for the panel.
    event HumanFilterRequired(bytes32 indexed missionId, uint8 indexed index, uint40 expiresAt);

    /// @notice The panel cleared a human predicate.
    event PredicateCleared(bytes32 indexed missionId, uint8 indexed index);

    /// @notice The mission's output left the gate.
    event OutputReleased(bytes32 indexed missionId, bytes32 digest, bool byPanel);

    /// @notice The panel refused a mission's output.
    event OutputVetoed(bytes32 indexed missionId, bytes32 justificationHash);

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

    /// @notice The signed statement was good until `deadline`.
    error DeadlinePassed(uint64 deadline);

    /// @notice The mission is in `state`.
    error WrongMissionState(bytes32 missionId, MissionState state);

    /// @notice The node is in `state`, at attempt `attempt`.
    error WrongNodeState(bytes32 missionId, uint16 node, NodeState state, uint8 attempt);

    /// @notice The mission, or the whole city, is halted until `until`.
    error Halted(bytes32 missionId, Halt halt, uint40 until);

    /// @notice Allowed from `from` on.
    error TooEarly(uint40 from);

    /// @notice `agent` has no such seat.
    error NotSeated(bytes32 missionId, uint16 node, address agent);

    /// @notice `monitor` is no active monitor, or suspended.
    error MonitorRefused(address monitor);

    /// @notice `monitor` is of the other one's principal: two words of one person are one.
    error MonitorsDependent(address monitor);

    /// @notice The report's sequence or counters do not follow the last ones.
    error StaleReport(uint64 sequence, uint64 last);

    /// @notice No freeze of this node has this number.
    error UnknownFreeze(bytes32 missionId, uint16 node, uint64 freezeId);

    /// @notice People decided on this freeze before, or found it false.
    error FreezeDecided(bytes32 missionId, uint64 freezeId);

    /// @notice The freeze was classified false before.
    error AlreadyClassified(bytes32 missionId, uint64 freezeId);

    /// @notice The mission is not halted by `halt`, but by `found`.
    error WrongHalt(bytes32 missionId, Halt halt, Halt found);

    /// @notice The attempt is `found`, no longer `given`.
    error WrongAttempt(bytes32 missionId, uint16 node, uint8 found, uint8 given);

    /// @notice The mission has `predicates` predicates.
    error UnknownPredicate(bytes32 missionId, uint8 index, uint8 predicates);

    /// @notice The panel cleared this predicate before.
    error AlreadyCleared(bytes32 missionId, uint8 index);

    /// @notice Every program was asked; the predicates of `waiting`, a bit for each, wait for the panel.
    error AwaitsPanel(bytes32 missionId, uint8 waiting);

    /// @notice No bond is held for this mission, or it has not ended.
    error NoBond(bytes32 missionId);

    /// @notice What both monitors prove is an outage of `secs`, of more than `threshold` is needed.
    error OutageTooShort(uint40 secs, uint40 threshold);

    /// @notice Outages moved this mission's deadlines by `extended` already, at most `limit`.
    error ExtensionExhausted(bytes32 missionId, uint40 extended, uint40 limit);

    /// @notice The predicates need `needed` gas; `available` is left. Nothing failed; call with more (RULINGS R24).
    error GasFloor(uint256 available, uint256 needed);

    /// @notice The predicate is a program whose activation lapsed. Nothing failed; activate it again, which anyone may, and call
    /// again (RULINGS A8).
    error PredicateLapsed(address target);

    /// @notice A hard predicate did not pass, or was not asked yet; the output cannot be released (P-03).
    error HardPredicateFailed(bytes32 missionId, uint8 index);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ guardian

    /// @notice Relays monitors' reports, at most eight. Counters freeze beyond their limits; deviations freeze when monitors of
    /// different principals and scorers agree within the window, substitutions when monitors of different principals do. What
    /// is reported of a node that cannot be frozen now is noted. Too many freezes stop the mission. Anyone.
    function report(MonitorReport[] calldata reports, bytes[] calldata signatures) external;

    /// @notice Freezes a node. Counts towards no stop.
    function freezeNode(bytes32 missionId, uint16 node, uint8 attempt, address agent) external;

    /// @notice Lifts a freeze: it was false, or deserves a warning, which costs `repAmend` points and grants the node's
    /// allowances anew.
    function unfreezeNode(bytes32 missionId, uint16 node, uint64 freezeId, UnfreezeKind kind) external;

    /// @notice Confirms a freeze: the node fails at the frozen agent's fault. Also after it expired, as long as the agent's stake
    /// is held for that.
    function confirmFreeze(bytes32 missionId, uint16 node, uint64 freezeId) external;

    /// @notice A freeze was false: it no longer counts towards a stop, and the monitors who had reported it are charged, as far
    /// as they still have a bond. Once, and not after it was confirmed.
    function classifyFalsePositive(bytes32 missionId, uint16 node, uint64 freezeId) external;

    /// @notice Stops a mission, or the city for number zero, until the panel clears it; beyond its maximum anyone aborts
    /// missions under it.
    function triggerStop(bytes32 missionId, bytes32 evidenceHash) external;

    /// @notice Clears a stop: deadlines move by the time it lasted, and a pause that lay below it is left.
    function clearStop(bytes32 missionId) external;

    /// @notice Lifts the pause of a divergence, and returns its bond or takes it.
    /// @param forfeit whether the panel found that there was no divergence
    function liftPause(bytes32 missionId, bool forfeit) external;

    /// @notice Declares an outage that is over, by two monitors of different principals: the mission is degraded until the panel
    /// lets it go on, and deadlines move, at most 24 h in all. Anyone.
    function enterDegraded(OutageReport[2] calldata reports, bytes[2] calldata signatures) external;

    /// @notice Lets a mission leave degraded mode; deadlines move by the time it lasted.
    function exitDegraded(bytes32 missionId) external;

    /// @notice Anchors the root of a log found equal to the chain, while the gate is open. A monitor.
    function reconcile(bytes32 missionId, bytes32 logRoot) external;

    /// @notice Pauses a mission under bond: the log and the chain differ (RULINGS R10). A monitor.
    function reportDivergence(bytes32 missionId, bytes32 evidenceHash) external;

    /// @notice Returns the bond of a divergence that its mission's end left undecided. Anyone.
    function releaseBond(bytes32 missionId) external;

    // ------------------------------------------------------------------ gate

    /// @notice Evaluates the predicates of a mission whose nodes are complete, each once, and fails or releases its output
    /// accordingly. Anyone; refused without the gas that all that remain need. Without a reconciliation the output leaves once
    /// `reconcileTimeoutSecs` have passed.
    function filterOutput(bytes32 missionId) external;

    /// @notice Clears a human predicate.
    function clearPredicate(bytes32 missionId, uint8 index) external;

    /// @notice Fails a mission at the gate.
    function vetoOutput(bytes32 missionId, bytes32 justificationHash) external;

    /// @notice Completes a mission at the gate, if every hard program passed.
    function releaseOutput(bytes32 missionId) external;

    // ------------------------------------------------------------------ views

    /// @notice A freeze.
    function freezeOf(bytes32 missionId, uint64 freezeId) external view returns (Freeze memory);

    /// @notice What a monitor last reported about an agent's attempt.
    function counters(bytes32 missionId, uint16 index, uint8 attempt, address agent, address monitor)
        external
        view
        returns (uint32 toolInvocations, uint32 messageVolume, uint64 sequence);

    /// @notice What the guardian keeps of a mission, or of the city for number zero.
    function watchOf(bytes32 missionId) external view returns (Watch memory);

    /// @notice Where a mission stands at the gate.
    function gateOf(bytes32 missionId) external view returns (Gate memory);
}
