// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Collaboration: the states of missions and of their nodes, seats, routing, refinement, recursion and exits
/// @notice A mission is a statute (its task graph, written once as code pages), seats (who executes which node for what
/// price and stake) and states. This contract alone writes states: statute tells it what was deployed, verification what
/// was found, the guardian what is to be frozen, halted or released. Every state has a deadline after which anyone takes
/// the mission or node out of it.
/// @dev Constructor: `(address constitution)`. A mission's id holds its sponsor (bytes 0 to 19) and the first twelve bytes of
/// keccak256 of its session (bytes 20 to 31). A node is its index in the statute. State is keyed by mission, node and attempt. Instants
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

    /// @notice What the guardian orders of a mission or of one of its nodes.
    /// @dev `Freeze`, `Unfreeze`, `Confirm`: a node. `Halt`, `Lift`, `Degrade`, `Resume`, `Release`, `Refuse`: a mission.
    enum Order {
        None,
        Freeze,
        Unfreeze,
        Confirm,
        Halt,
        Lift,
        Degrade,
        Resume,
        Release,
        Refuse
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

    /// @notice What verification found about one attempt, and the state the node takes by it.
    /// @dev `to`: `Executing` only moves the deadline, `PendingVerification` and `PendingReview` take the node there,
    /// `Completed` and `Failed` end the attempt. `expiresAt` counts for the first three, `reason` for `Failed`, output and
    /// trail for `Completed`.
    struct Verdict {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        NodeState to;
        uint40 expiresAt;
        Reason reason;
        bytes32 outputHash;
        bytes32 trailRoot;
    }

    /// @notice What a verdict means for one seat: its share, its score of 0 to 1000 points, its fault.
    /// @dev Who is `scored` moves in reputation; who is `paid` shares in the price; `fault` is `None` for the faultless.
    struct SeatOutcome {
        uint8 seat;
        bool paid;
        bool scored;
        uint16 score;
        Reason fault;
    }

    /// @notice One order of the guardian, with everything it needs.
    /// @dev `agent` bears a confirmed freeze's fault or a warning of `points`; `until` ends a freeze or a halt; by `secs`
    /// every deadline of the mission moves when it is let go on; `reason` is why the gate refuses.
    struct Intervention {
        Order order;
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        address agent;
        Halt halt;
        uint16 points;
        uint40 until;
        uint40 secs;
        Reason reason;
    }

    /// @notice Edges that a tranche leads into 32 nodes, from node `32 · group` on: one byte a node, in their order.
    struct DegreeWord {
        uint16 group;
        bytes32 counts;
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
        uint40 since;
    }

    /// @notice What deploying a mission asks.
    /// @dev `progress` is statute's word as long as the mission waits for its deployment. Bytes 23 to 26 hold the ordinal of the
    /// statute's first page, 27 to 30 that of the first page of seats; once the mission is law, byte 31 is 128.
    struct Deployment {
        MissionState state;
        bytes32 sessionId;
        uint64 epoch;
        uint16 nodes;
        uint40 deadline;
        bytes32 progress;
    }

    /// @notice What is stored of a node's current attempt. Commitments and reveals are verification's. Of a node that is completed in
    /// its first attempt only the output is kept: seats accepted and `since` are zero.
    struct Node {
        NodeState state;
        uint8 attempt;
        uint8 tier;
        uint8 redundancy;
        uint8 threshold;
        uint8 accepted;
        uint40 since;
        uint40 expiresAt;
        bytes32 outputHash;
    }

    /// @notice An attempt of a node as verification and guardian need it, in one call.
    /// @dev `seats` has a bit for each seat that began it; before it runs, for each that is taken. `tier` is zero before it runs, and
    /// of one that runs as a mission. `backup` says that the backup period of a review is open. `halt` is the mission's or, without
    /// one, the city's. From `threshold` to `digest`, which is of the node's terms, all is the law's, and zero where that was not
    /// asked for; `budget` is in base units. Agents stand by seat, where they were asked for, zero beyond the last and, once the
    /// attempt runs, for seats that did not begin it.
    struct Assignment {
        MissionState missionState;
        Halt halt;
        uint64 epoch;
        NodeState state;
        uint8 attempt;
        uint8 tier;
        uint8 seats;
        uint40 since;
        uint40 expiresAt;
        bool backup;
        uint8 threshold;
        uint8 mode;
        uint128 budget;
        bytes32 digest;
        address[7] agents;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice A mission exists, for one session's law.
    event MissionCreated(
        bytes32 indexed missionId, address indexed sponsor, bytes32 indexed sessionId, bytes32 statuteHash, uint16 nodes
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

    /// @notice The first review period passed in silence; every eligible adjudicator may decide now.
    event BackupOpened(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, uint40 expiresAt);

    /// @notice A node is done. `digest` is the mission's completion digest including it (RULINGS K17); the trail of a Tier-2 node is
    /// that of all who committed (`Record` of verification).
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

    /// @notice A node runs as a mission of its own, which was lent `budget` (RULINGS R19).
    event ChildOpened(bytes32 indexed missionId, uint16 indexed node, bytes32 indexed child, uint256 budget);

    /// @notice A child ended; its rest went back to the node's budget.
    event ChildClosed(bytes32 indexed missionId, uint16 indexed node, bytes32 indexed child, uint256 returned);

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

    /// @notice A page's code is not what was deployed.
    error PageChanged(address page, bytes32 expected, bytes32 found);

    /// @notice What was deployed is not what was approved.
    error NotApproved(bytes32 missionId, bytes32 expected, bytes32 found);

    /// @notice More than `limit` edges lead into the node.
    error TooManyEdges(bytes32 missionId, uint16 node, uint8 degree, uint8 limit);

    /// @notice The machine consensus of a disputed node decides now: `closeVerification` of verification ends it.
    error Disputed(bytes32 missionId, uint16 node);

    /// @notice `agent` has no such seat.
    error NotSeated(bytes32 missionId, uint16 node, address agent);

    /// @notice `agent` has done this already.
    error AlreadyDone(bytes32 missionId, uint16 node, address agent);

    /// @notice `accepted` of the node's seats are accepted; `needed` are.
    error SeatsUnaccepted(bytes32 missionId, uint16 node, uint8 accepted, uint8 needed);

    /// @notice The live code is not the registered one; routing is blocked, nobody is slashed for it (G-14).
    error CodeHashMismatch(bytes32 serviceId, bytes32 registered, bytes32 live);

    /// @notice The service takes no new work since `deprecatedAt`, unix seconds (RULINGS R28).
    error ServiceDeprecated(bytes32 serviceId, uint64 deprecatedAt);

    /// @notice `agent` may not work now. `rule` has the bits that `isEligible` of agent answers, and 128 for one whose principal
    /// is the mission's sponsor, or has another seat of the node (RULINGS R7, R20).
    error AgentRefused(address agent, uint8 rule);

    /// @notice The mission, or the node, used `used` of `limit` refinements.
    error RefinementExhausted(bytes32 missionId, uint16 used, uint16 limit);

    /// @notice A child may nest `limit` deep.
    error TooDeep(uint8 depth, uint8 limit);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ orchestration

    /// @notice Creates the mission of a session whose law is approved, once. The caller is the sponsor whom the law names, an
    /// enrolled principal; a child's mission is created by anyone, under its parent's sponsor and the law's own deadline.
    /// @param sessionId the legislature's session; it names parent and node of a child, or the predecessor
    /// @param deadline last second of the mission, at most the law's
    function createMission(bytes32 sessionId, uint40 deadline) external returns (bytes32 missionId);

    /// @notice Takes pages of a statute that is being deployed, and the edges that lead into nodes. Only statute, which sees to their
    /// order.
    /// @param progress statute's word of the deployment, with the ordinals of first pages
    /// @param firstPage pages that came before
    /// @param pages how many these are; statute created their accounts one after another
    /// @param firstOrdinal as which account of statute's the first of them was created
    /// @param degrees groups ascending
    function admitTranche(
        bytes32 missionId,
        bytes32 progress,
        uint16 firstPage,
        uint16 pages,
        uint32 firstOrdinal,
        DegreeWord[] calldata degrees
    ) external;

    /// @notice Takes pages of seats, and opens an obligation for each of their agents that has none here. Only statute, which sees to
    /// their order.
    /// @param progress as above
    /// @param firstPage pages of seats that came before
    /// @param pages as above
    /// @param firstOrdinal as above
    /// @param agents every agent of these pages, once or more
    function admitSeats(
        bytes32 missionId,
        bytes32 progress,
        uint16 firstPage,
        uint16 pages,
        uint32 firstOrdinal,
        address[] calldata agents
    ) external;

    /// @notice Makes a deployed mission active under an epoch's parameters; its roots may be routed. Only statute.
    function activateMission(bytes32 missionId, uint64 epoch) external;

    /// @notice Takes the caller's seat, with whatever deadline.
    function acceptSeat(bytes32 missionId, uint16 node) external;

    /// @notice Takes the seat of an executor whose signed acceptance statute checked. Only statute.
    function acceptSeatFor(bytes32 missionId, uint16 node, uint8 attempt, address executor) external;

    /// @notice Gives a silent seat to the node's runner-up, at the silent one's fault, after the acceptance window.
    /// Anyone.
    function substituteRunnerUp(bytes32 missionId, uint16 node, uint8 seat) external;

    /// @notice Starts an eligible node: its seats' live code must be the registered one. Anyone, once every seat is accepted, or
    /// after the acceptance window as many as must agree; who is seated accepts its own seat by the call. A seat that is silent
    /// then, or whose service is deprecated, is at fault, and one whose agent may not work stays out (RULINGS R7, R28).
    /// @param liveCodeHashes one for each seat, in their order; those of silent seats are not looked at
    function routeTask(bytes32 missionId, uint16 node, bytes32[] calldata liveCodeHashes) external;

    // ------------------------------------------------------------------ what verification and the guardian tell

    /// @notice Takes a verdict on the running attempt: the node's state, and for each seat its pay, its score, its fault. A
    /// completed node pays its seats, frees its successors and, as the last one, opens the gate. Only verification.
    /// @param outcomes seats ascending, at most seven
    function applyVerdict(Verdict calldata verdict, SeatOutcome[] calldata outcomes) external;

    /// @notice Carries out an order: freezes, unfreezes or fails a node; halts, lets go on, releases or refuses a mission.
    /// Only the guardian.
    function intervene(Intervention calldata intervention) external;

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

    /// @notice Gives a failed node new seats, as a partial session approved them; their stakes come out of its reserve.
    function reassignNode(bytes32 missionId, uint16 node, bytes32 sessionId, Seat[] calldata seats) external;

    /// @notice Ends a failed mission in favour of its approved successor, which waits for its deployment, takes its escrow and
    /// those of its completed nodes that the successor's law takes over. Only the sponsor of both, so that nobody else leaves
    /// out what need not be paid again; who does nothing leaves the mission to `expireMission`.
    /// @param imported pairs of node numbers, old and new, ascending by the old; at most 2048. Both have the same terms
    function relegislate(bytes32 missionId, bytes32 successor, uint16[2][] calldata imported) external;

    /// @notice Starts an eligible non-leaf node as a child mission that waits for its deployment, and funds it with the node's
    /// budget, or with what came back of it if it had a child before. Anyone.
    function openChild(bytes32 missionId, uint16 node, bytes32 child) external;

    /// @notice Takes an ended child's outcome into its parent's node. Anyone.
    function closeChild(bytes32 child) external;

    // ------------------------------------------------------------------ views

    /// @notice A mission.
    function mission(bytes32 missionId) external view returns (Mission memory);

    /// @notice What deploying a mission asks.
    function deployment(bytes32 missionId) external view returns (Deployment memory);

    /// @notice Ordinals of pages `8 · word` and on, four bytes each: as which accounts of statute's they were created. That of page
    /// zero stands in `deployment`; those of pages that are not there are zero.
    /// @param seats of the pages of seats, not of the statute's
    function pageOrdinals(bytes32 missionId, bool seats, uint16 word) external view returns (bytes32);

    /// @notice A node's current attempt. Refused by the mission's state, as the two below, as long as its page is not deployed.
    function node(bytes32 missionId, uint16 index) external view returns (Node memory);

    /// @notice The current attempt of a node with its law, its seats and the standing of its mission.
    /// @param agents whether to tell who sits where
    /// @param lawIn states of the node in which its law is told, a bit each, that of state zero the lowest
    function assignment(bytes32 missionId, uint16 index, bool agents, uint16 lawIn)
        external
        view
        returns (Assignment memory);

    /// @notice States of 32 nodes from `32 · word` on, a byte each, in their order: the number of a state; 64 for a node that has not
    /// begun and 128 for one that waits, each with the edges that are open into it.
    function nodeStates(bytes32 missionId, uint16 word) external view returns (bytes32);

    /// @notice A node's seat, as it is now.
    function seat(bytes32 missionId, uint16 index, uint8 place) external view returns (Seat memory);

    /// @notice Rolling hash over every completed node: index, attempt, output, trail (RULINGS K17).
    function completionDigest(bytes32 missionId) external view returns (bytes32);

    /// @notice Whether `principal` is sponsor or seated in a mission: it may not judge it (D-13).
    function isInterested(bytes32 missionId, address principal) external view returns (bool);

    /// @notice When anyone may expire a node, or a mission for a node beyond the last; zero if nothing expires.
    function expiresAt(bytes32 missionId, uint16 index) external view returns (uint40);
}
