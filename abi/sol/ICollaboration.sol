// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Collaboration: orchestration, verification, guardian and gate of missions
/// @notice A mission is a statute (its task graph, written once as code pages), seats (who executes which node for what
/// price and stake) and states. Every state has a deadline after which anyone takes the mission or node out of it.
/// @dev Constructor: `(address constitution)`. A mission's id holds its sponsor (bytes 0 to 19) and the sponsor's
/// counter (bytes 24 to 31). A node is its index in the statute. State is keyed by mission, node and attempt. Instants
/// are unix seconds; amounts are base units of the settlement asset. Nobody is paid from here: the treasury settles.
interface ICollaboration {
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

    /// @notice Why a node or a mission failed or ended. Those from `HumanSilence` on are nobody's fault.
    enum Reason {
        None,
        TimeoutExceeded,
        CodeHashMismatch,
        ProofRejected,
        ConsensusFailed,
        ReviewRejected,
        FreezeConfirmed,
        SeatNotAccepted,
        ServiceDeprecated,
        PredicateFailed,
        OutputVetoed,
        RefinementExhausted,
        MissionDeadline,
        ChildFailed,
        FaultNamed,
        HumanSilence,
        FreezeExpired,
        HaltExpired,
        AncestorEnded,
        Unfinished,
        Succeeded
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

    /// @notice What an executor submits.
    enum ResultKind {
        None,
        Proof,
        Commit,
        Reveal,
        Review
    }

    /// @notice How a freeze ends by the panel (RULINGS K8).
    enum UnfreezeKind {
        None,
        FalsePositive,
        Warning
    }

    /// @notice Preimage of a node's digest in the statute, supplied where it matters (RULINGS R2).
    /// @dev `expected` is the Tier-1 commitment `keccak(missionId, node, inputHash, outputHash, salt)` when `verifier`
    /// is zero, and otherwise what the verifier is given to compare with (RESOLUTIONS V-01).
    struct NodeTerms {
        bytes32 inputSchemaHash;
        bytes32 outputSchemaHash;
        bytes32 labelHash;
        bytes32 rubricHash;
        address verifier;
        bytes32 verifierCodehash;
        bytes32 expected;
    }

    /// @notice One executor's place at a node. Money in base units.
    /// @dev `source` is the stake's: the agent's address as a word, or a pool.
    struct Seat {
        address agent;
        bytes32 serviceId;
        uint128 price;
        uint128 stake;
        bytes32 source;
    }

    /// @notice An executor's promise to take a seat, good until `deadline`; anyone relays it.
    struct SeatAcceptance {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        address executor;
        uint64 deadline;
    }

    /// @notice An executor's result as it signs it for a batch (RULINGS R4).
    /// @dev `outputHash` is the commitment for `Commit`, the value's hash for `Reveal`. `proof` is the Tier-1 proof,
    /// the revealed value and salt, or the content address of the encrypted output, by kind.
    struct NodeResult {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        ResultKind kind;
        address executor;
        bytes32 outputHash;
        bytes32 trailRoot;
        bytes proof;
        uint64 deadline;
    }

    /// @notice A monitor's report, bound to one attempt of one node (RULINGS A10). Anyone relays it.
    /// @dev `deviation` in thousandths of a standard deviation; the counters are cumulative and never fall.
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

    /// @notice A gate predicate of a statute: pinned, or human (RESOLUTIONS P-05).
    struct Predicate {
        address target;
        bytes32 codehash;
        bool human;
        bool hard;
    }

    /// @notice What is stored of a mission.
    struct Mission {
        MissionState state;
        Halt halt;
        address sponsor;
        bytes32 sessionId;
        uint64 epoch;
        uint16 nodes;
        uint16 completed;
        uint16 failed;
        uint8 depth;
        uint16 refinements;
        uint40 deadline;
        uint40 haltedUntil;
        uint40 extendedSecs;
        bytes32 parent;
        uint16 parentNode;
    }

    /// @notice What is stored of a node's current attempt.
    struct Node {
        NodeState state;
        uint8 attempt;
        uint8 tier;
        uint8 redundancy;
        uint8 threshold;
        uint8 accepted;
        uint8 committed;
        uint8 revealed;
        uint40 since;
        uint40 expiresAt;
        bytes32 outputHash;
        bytes32 trailRoot;
    }

    /// @notice A freeze, by its number.
    struct Freeze {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        address agent;
        FreezeCause cause;
        uint40 at;
        uint40 expiresAt;
        bool open;
        bool falsePositive;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice A mission exists, for one session's law.
    event MissionCreated(
        bytes32 indexed missionId, address indexed sponsor, bytes32 indexed sessionId, bytes32 statuteHash, uint16 nodes
    );

    /// @notice Pages of a tranche of the statute were written as code.
    event TrancheDeployed(
        bytes32 indexed missionId, uint16 indexed tranche, uint16 firstNode, uint16 nodes, address[] pages
    );

    /// @notice Seats of a tranche were written and their stakes locked.
    event SeatsDeployed(bytes32 indexed missionId, uint16 indexed tranche, uint16 firstNode, address[] pages);

    /// @notice The mission is law: what was deployed is what was approved.
    event DeploymentFinalised(
        bytes32 indexed missionId, bytes32 statuteHash, bytes32 assignmentsHash, uint64 epoch, uint40 deadline
    );

    /// @notice A mission changed its state.
    event MissionStateChanged(bytes32 indexed missionId, MissionState from, MissionState to, Reason reason);

    /// @notice A node may be routed.
    event NodeEligible(bytes32 indexed missionId, uint16 indexed node, uint8 attempt);

    /// @notice An executor took its seat.
    event SeatAccepted(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor);

    /// @notice A seat passed from one executor to another: silent before routing, or reassigned.
    event SeatReplaced(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address from, address to, bytes32 serviceId
    );

    /// @notice A node runs; its deadline is set. `liveCodeHash` is what the seats were found to run.
    event TaskRouted(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, bytes32 liveCodeHash, uint40 expiresAt
    );

    /// @notice Two seats of a node run the same code (RULINGS R7): a flag, no refusal.
    event EqualCode(bytes32 indexed missionId, uint16 indexed node, bytes32 codeHash);

    /// @notice An executor has a result and needs the chain; the clock stops once (RESOLUTIONS C-18).
    event ResultAnnounced(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor, bytes32 commitment
    );

    /// @notice A result was submitted, with its trail.
    event ResultSubmitted(
        bytes32 indexed missionId,
        uint16 indexed node,
        address indexed executor,
        uint8 attempt,
        ResultKind kind,
        bytes32 outputHash,
        bytes32 trailRoot
    );

    /// @notice A result waits for human review until `expiresAt`; its output is encrypted to adjudicators.
    event ReviewRequested(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, bytes32 rubricHash, uint40 expiresAt
    );

    /// @notice The first review period passed in silence; every eligible adjudicator may decide now.
    event BackupOpened(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, uint40 expiresAt);

    /// @notice A dissenter sent a Tier-2 node to review under bond (E-01).
    event ResultDisputed(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor, bytes32 bondId
    );

    /// @notice An executor's reveal does not count (G-17).
    event SeatDisqualified(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor);

    /// @notice A node is done. `digest` is the mission's completion digest including it (RULINGS K17).
    event NodeCompleted(
        bytes32 indexed missionId,
        uint16 indexed node,
        uint8 attempt,
        uint8 tier,
        bytes32 outputHash,
        bytes32 trailRoot,
        bytes32 digest
    );

    /// @notice A node failed.
    event NodeFailed(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, Reason reason);

    /// @notice A fault of an executor: input of refinement and of reputation (RULINGS K16).
    event FaultSignal(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, Reason fault, address indexed executor
    );

    /// @notice A failed node has new seats and may run again.
    event NodeReassigned(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, bytes32 sessionId);

    /// @notice A failed mission ended in favour of its successor, which has its remaining escrow (RULINGS R18).
    event MissionRelegislated(bytes32 indexed missionId, bytes32 indexed successor, uint16 imported, uint256 moved);

    /// @notice A node runs as a mission of its own (RULINGS R19).
    event ChildOpened(bytes32 indexed missionId, uint16 indexed node, bytes32 indexed child, uint256 budget);

    /// @notice A child ended; its rest went back to the node's budget.
    event ChildClosed(bytes32 indexed missionId, uint16 indexed node, bytes32 indexed child, uint256 returned);

    /// @notice A monitor's report counted. `sequence` is its monitor's own for this attempt.
    event AnomalyReported(
        bytes32 indexed missionId,
        uint16 indexed node,
        address indexed monitor,
        uint8 attempt,
        ReportKind kind,
        uint32 deviation,
        uint32 toolInvocations,
        uint32 messageVolume,
        bytes32 evidenceHash
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

    /// @notice A freeze was a mistake and no longer counts.
    event FreezeFalsePositive(bytes32 indexed missionId, uint64 indexed freezeId, address[2] monitors);

    /// @notice A mission is halted until `until`, when anyone may abort it (RULINGS R9). `agent` is zero if the panel
    /// did.
    event MissionHalted(bytes32 indexed missionId, Halt halt, address agent, uint40 until, bytes32 evidenceHash);

    /// @notice The panel lets a mission go on; its deadlines moved by `haltedSecs`.
    event HaltLifted(bytes32 indexed missionId, Halt halt, uint40 haltedSecs);

    /// @notice An outage was proven; deadlines moved by `extendedSecs`.
    event DegradedEntered(bytes32 indexed missionId, uint40 from, uint40 until, uint40 extendedSecs);

    /// @notice The panel let a mission leave degraded mode.
    event DegradedExited(bytes32 indexed missionId);

    /// @notice A monitor anchored what it compared, and found no difference.
    event Reconciled(bytes32 indexed missionId, address indexed monitor, bytes32 logRoot);

    /// @notice A predicate was evaluated at the gate.
    event PredicateEvaluated(bytes32 indexed missionId, uint8 indexed index, address target, bool passed);

    /// @notice A human predicate waits for the panel.
    event HumanFilterRequired(bytes32 indexed missionId, uint8 indexed index, uint40 expiresAt);

    /// @notice The panel cleared a human predicate.
    event PredicateCleared(bytes32 indexed missionId, uint8 indexed index);

    /// @notice The mission's output left the gate.
    event OutputReleased(bytes32 indexed missionId, bytes32 digest, bool byPanel);

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

    /// @notice No such mission.
    error UnknownMission(bytes32 missionId);

    /// @notice The statute has `nodes` nodes.
    error UnknownNode(bytes32 missionId, uint16 node, uint16 nodes);

    /// @notice The mission is in `state`.
    error WrongMissionState(bytes32 missionId, MissionState state);

    /// @notice The node is in `state`, at attempt `attempt`.
    error WrongNodeState(bytes32 missionId, uint16 node, NodeState state, uint8 attempt);

    /// @notice The mission, or the whole city, is halted until `until`.
    error Halted(bytes32 missionId, Halt halt, uint40 until);

    /// @notice Allowed from `from` on.
    error TooEarly(uint40 from);

    /// @notice Was allowed until `until`.
    error TooLate(uint40 until);

    /// @notice Tranche `expected` is next.
    error WrongTranche(bytes32 missionId, uint16 expected, uint16 given);

    /// @notice Byte `offset` of page `page` breaks the statute's form; `rule` is a number of docs/statute.md.
    error StatuteRefused(bytes32 missionId, uint16 page, uint32 offset, uint8 rule);

    /// @notice A page's code is not what was deployed.
    error PageChanged(address page, bytes32 expected, bytes32 found);

    /// @notice What was deployed is not what was approved.
    error NotApproved(bytes32 missionId, bytes32 expected, bytes32 found);

    /// @notice The mission needs what it does not have: `need` of what `rule` names, against `have`.
    error RequirementUnmet(bytes32 missionId, uint8 rule, uint256 need, uint256 have);

    /// @notice `agent` has no such seat.
    error NotSeated(bytes32 missionId, uint16 node, address agent);

    /// @notice `agent` has done this already.
    error AlreadyDone(bytes32 missionId, uint16 node, address agent);

    /// @notice `accepted` of the node's seats are accepted; `needed` are.
    error SeatsUnaccepted(bytes32 missionId, uint16 node, uint8 accepted, uint8 needed);

    /// @notice The live code is not the registered one; routing is blocked, nobody is slashed for it (G-14).
    error CodeHashMismatch(bytes32 serviceId, bytes32 registered, bytes32 live);

    /// @notice `agent` may not work now: banned, frozen, below the floor, or of the sponsor's principal.
    error AgentRefused(address agent, uint8 rule);

    /// @notice Every submission carries a trail root (A-08).
    error TrailMissing();

    /// @notice The preimage is not that of `digest`.
    error WrongPreimage(bytes32 digest);

    /// @notice `monitor` is not an active monitor, or two reports lack different principals and scorers.
    error MonitorRefused(address monitor);

    /// @notice The report's sequence or counters do not follow the last ones.
    error StaleReport(uint64 sequence, uint64 last);

    /// @notice No open freeze has this number.
    error UnknownFreeze(uint64 freezeId);

    /// @notice The mission, or the node, used `used` of `limit` refinements.
    error RefinementExhausted(bytes32 missionId, uint16 used, uint16 limit);

    /// @notice A child may nest `limit` deep.
    error TooDeep(uint8 depth, uint8 limit);

    /// @notice The predicates need `needed` gas; `available` is left. Nothing failed; call with more (RULINGS R24).
    error GasFloor(uint256 available, uint256 needed);

    /// @notice A hard predicate failed; the output cannot be released (P-03).
    error HardPredicateFailed(uint8 index);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ orchestration: statute and deployment

    /// @notice Creates a mission for a session whose law is approved. The caller is its sponsor: an enrolled principal.
    /// @param sessionId the legislature's session; it names parent and node of a child, or the predecessor
    /// @param deadline last second of the mission
    function createMission(bytes32 sessionId, uint40 deadline) external returns (bytes32 missionId);

    /// @notice Writes the statute's next pages as code. Anyone; the submitter pays. Node order, edges, bounds, tiers
    /// and budgets are checked, and the running hash of the pages is kept.
    /// @param pages as the encoder of docs/statute.md lays them out, together below 95,000 bytes
    function deployTranche(bytes32 missionId, uint16 tranche, bytes[] calldata pages) external;

    /// @notice Writes the seats of a tranche's nodes as code and locks their stakes. Anyone.
    function deploySeats(bytes32 missionId, uint16 tranche, bytes[] calldata pages) external;

    /// @notice Makes the mission law if pages, seats, approvals, escrow, quorum and fairness are what they must be.
    /// Anyone.
    function finaliseDeployment(bytes32 missionId) external;

    /// @notice Takes the caller's seat, with whatever deadline.
    function acceptSeat(bytes32 missionId, uint16 node) external;

    /// @notice Relays executors' acceptances. Anyone.
    function acceptSeats(SeatAcceptance[] calldata acceptances, bytes[] calldata signatures) external;

    /// @notice Gives a silent seat to the node's runner-up, at the silent one's fault, after the acceptance window.
    /// Anyone.
    function substituteRunnerUp(bytes32 missionId, uint16 node, uint8 seat) external;

    /// @notice Starts an eligible node: its seats' live code must be the registered one. A seated executor or anyone
    /// once enough seats are accepted.
    /// @param liveCodeHashes one for each seat, in their order
    function routeTask(bytes32 missionId, uint16 node, bytes32[] calldata liveCodeHashes) external;

    // ------------------------------------------------------------------ verification

    /// @notice Says that a result exists; extends the deadline once by the finalisation grace. A seated executor.
    function announceResult(bytes32 missionId, uint16 node, bytes32 commitment) external;

    /// @notice Submits a Tier-1 result with its proof, or a Tier-3 result for review. The seated executor.
    /// @param proof Tier 1: input hash and salt, or what the verifier reads; Tier 3: content address of the output
    function submitResult(
        bytes32 missionId,
        uint16 node,
        NodeTerms calldata terms,
        bytes32 outputHash,
        bytes32 trailRoot,
        bytes calldata proof
    ) external;

    /// @notice Commits a Tier-2 result: `keccak(missionId, node, attempt, executor, valueHash, salt)`. A seated
    /// executor.
    function commitResult(bytes32 missionId, uint16 node, bytes32 commitment, bytes32 trailRoot) external;

    /// @notice Opens a commitment. Anyone who knows it. The last one closes the verification and settles.
    /// @param value exact or label: a word; numeric: a signed number; set: its elements; sketch: its lanes
    function revealResult(
        bytes32 missionId,
        uint16 node,
        address executor,
        bytes calldata value,
        bytes32 salt
    ) external;

    /// @notice Relays signed results of many nodes; each passes as if its executor had called (RULINGS R4). Anyone.
    function submitBatch(NodeResult[] calldata results, NodeTerms[] calldata terms, bytes[] calldata signatures)
        external;

    /// @notice Closes a Tier-2 verification whose windows passed. Anyone.
    /// @param elements for sets: every revealed set's element hashes, in the order of the seats (RULINGS R29)
    function closeVerification(bytes32 missionId, uint16 node, bytes32[][] calldata elements) external;

    /// @notice Sends a Tier-2 node to review under a bond that scales with its price. A seated executor who revealed.
    function dispute(bytes32 missionId, uint16 node, bytes32 groundsHash) external;

    /// @notice Decides a review: approve with a score of 0 to 1000, or reject. A disputed node's approval names the
    /// seat whose output stands.
    function decideReview(bytes32 missionId, uint16 node, uint8 attempt, bool approved, uint16 score, uint8 seat)
        external;

    /// @notice Excludes a seat's reveal before the verification closes.
    function disqualify(bytes32 missionId, uint16 node, uint8 attempt, address executor) external;

    // ------------------------------------------------------------------ exits

    /// @notice Takes a node out of a state whose deadline passed: silent seats, eligible, executing, verification,
    /// review (first opens the backup period), frozen. Anyone (docs/exits.md).
    function expireNode(bytes32 missionId, uint16 node) external;

    /// @notice Takes a mission out of a state whose deadline passed: undeployed, past its deadline, exhausted, failed
    /// beyond recovery, degraded or halted too long, at the gate too long, orphaned. Anyone (docs/exits.md).
    function expireMission(bytes32 missionId) external;

    /// @notice Ends a mission without fault.
    function abortMission(bytes32 missionId, bytes32 justificationHash) external;

    /// @notice Ends a mission and takes the stakes of the named agents, which must be seated in it (D-24).
    function abortForFault(bytes32 missionId, address[] calldata agents, bytes32 justificationHash) external;

    /// @notice Releases an ended mission's stake of one agent and the obligation it carried. Anyone.
    function releaseAgent(bytes32 missionId, address agent) external;

    // ------------------------------------------------------------------ refinement and recursion

    /// @notice Gives a failed node new seats, as a partial session approved them.
    function reassignNode(bytes32 missionId, uint16 node, Seat[] calldata seats) external;

    /// @notice Ends a failed mission in favour of an approved successor, which takes its escrow and its completed
    /// nodes. Anyone.
    /// @param imported pairs of node numbers, old and new, ascending
    function relegislate(bytes32 missionId, bytes32 successor, uint16[2][] calldata imported) external;

    /// @notice Starts an eligible non-leaf node as a finalised child mission, funded by the node's budget. Anyone.
    function openChild(bytes32 missionId, uint16 node, bytes32 child) external;

    /// @notice Takes an ended child's outcome into its parent's node. Anyone.
    function closeChild(bytes32 child) external;

    // ------------------------------------------------------------------ guardian

    /// @notice Relays monitors' reports about one attempt: counters freeze beyond their limits, two deviations by
    /// monitors of different principals and scorers freeze. Anyone.
    function report(MonitorReport[] calldata reports, bytes[] calldata signatures) external;

    /// @notice Freezes a node.
    function freezeNode(bytes32 missionId, uint16 node, uint8 attempt, address agent) external;

    /// @notice Lifts a freeze: it was false, or deserves a warning.
    function unfreezeNode(uint64 freezeId, UnfreezeKind kind) external;

    /// @notice Confirms a freeze: the node fails at the frozen agent's fault.
    function confirmFreeze(uint64 freezeId) external;

    /// @notice A past freeze was false; it no longer counts towards escalation.
    /// @return monitors who had reported, to be charged
    function classifyFalsePositive(uint64 freezeId) external returns (address[2] memory monitors);

    /// @notice Stops a mission until the panel clears it or anyone aborts it.
    function triggerStop(bytes32 missionId, bytes32 evidenceHash) external;

    /// @notice Clears a stop.
    function clearStop(bytes32 missionId) external;

    /// @notice Lifts the pause of a divergence.
    function liftPause(bytes32 missionId) external;

    /// @notice Declares an outage by two monitors of different principals; deadlines move, at most 24 h in all. Anyone.
    function enterDegraded(OutageReport[2] calldata reports, bytes[2] calldata signatures) external;

    /// @notice Lets a mission leave degraded mode.
    function exitDegraded(bytes32 missionId) external;

    /// @notice Anchors the root of a log found equal to the chain. A monitor.
    function reconcile(bytes32 missionId, bytes32 logRoot) external;

    /// @notice Pauses a mission under bond: the log and the chain differ (RULINGS R10). A monitor.
    function reportDivergence(bytes32 missionId, bytes32 evidenceHash) external;

    // ------------------------------------------------------------------ gate

    /// @notice Evaluates the predicates of a mission whose nodes are complete. Anyone; refused without the gas they
    /// need.
    function filterOutput(bytes32 missionId) external;

    /// @notice Clears a human predicate.
    function clearPredicate(bytes32 missionId, uint8 index) external;

    /// @notice Fails a mission at the gate.
    function vetoOutput(bytes32 missionId, bytes32 justificationHash) external;

    /// @notice Completes a mission at the gate, unless a hard predicate failed.
    function releaseOutput(bytes32 missionId) external;

    // ------------------------------------------------------------------ views

    /// @notice A mission.
    function mission(bytes32 missionId) external view returns (Mission memory);

    /// @notice A node's current attempt.
    function node(bytes32 missionId, uint16 index) external view returns (Node memory);

    /// @notice States of 64 nodes from `64 · word` on, four bits each, the lowest node in the lowest bits.
    function nodeStates(bytes32 missionId, uint16 word) external view returns (uint256);

    /// @notice A node's seat, as it is now.
    function seat(bytes32 missionId, uint16 index, uint8 place) external view returns (Seat memory);

    /// @notice A page of a statute: tranches count from zero, and pages within them.
    function page(bytes32 missionId, uint16 tranche, uint8 index)
        external
        view
        returns (address account, bytes32 codehash);

    /// @notice A freeze.
    function freezeOf(uint64 freezeId) external view returns (Freeze memory);

    /// @notice What a monitor last reported about an attempt.
    function counters(bytes32 missionId, uint16 index, uint8 attempt)
        external
        view
        returns (uint32 toolInvocations, uint32 messageVolume, uint64 sequence);

    /// @notice Rolling hash over every completed node: index, attempt, output, trail (RULINGS K17).
    function completionDigest(bytes32 missionId) external view returns (bytes32);

    /// @notice Whether `principal` is sponsor or seated in a mission: it may not judge it (D-13).
    function isInterested(bytes32 missionId, address principal) external view returns (bool);

    /// @notice When anyone may expire a node, or a mission for a node beyond the last; zero if nothing expires.
    function expiresAt(bytes32 missionId, uint16 index) external view returns (uint40);
}
