// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Verification: results of nodes, by proof, by consensus or by review
/// @notice An executor's result is checked against the statute: Tier 1 by proof, Tier 2 by agreement of sealed values, Tier
/// 3 by an adjudicator. The verdict goes to collaboration, which alone writes the node's state and has it paid.
/// @dev Constructor: `(address constitution)`. What is kept is keyed by mission, node and attempt. Signatures are EIP-712
/// under name "AgentCity", version "1".
interface IVerification {
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

    /// @notice What an executor submits.
    enum ResultKind {
        None,
        Proof,
        Commit,
        Reveal,
        Review
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

    /// @notice An executor's result as it signs it for a batch (RULINGS R4).
    /// @dev `outputHash` is the commitment for `Commit`, the value's hash for `Reveal`. `trailRoot` of a reveal is the trails of all
    /// who committed (`Record`): they stand when anything may be revealed, and who signs another set reveals nothing. `proof` is the Tier-1 proof, nothing, the revealed value and salt behind it, or the content address of the
    /// encrypted output, by kind. A result is good once: what it does cannot be done twice at one attempt.
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

    /// @notice What is kept of an attempt's verification while it goes on; nothing once a verdict ended it, since the log has all of it.
    /// Masks have a bit for each seat, seat zero the lowest.
    /// @dev Reveals are taken until `revealUntil`, disputes until `disputeUntil`: of the running attempt, zero before it comes to
    /// that. Output and trail are those that wait for review; of a proof neither is kept, since it is judged at once. Of Tier 2,
    /// `trailRoot` is the trails of all who committed: from zero, with each commitment in its order, `keccak(trails, seat, trailRoot)`
    /// of that seat's, a word each. It is the trail of the node that agreement completes. What Tier-2 seats revealed is in
    /// `commitmentOf`. `bondId` is of a dispute, while its bond is held.
    struct Record {
        bool announced;
        uint8 committed;
        uint8 revealed;
        uint8 disqualified;
        uint40 revealUntil;
        uint40 disputeUntil;
        bytes32 outputHash;
        bytes32 trailRoot;
        bytes32 bondId;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice An executor has a result and needs the chain; the clock stops once (RESOLUTIONS C-18).
    event ResultAnnounced(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor, bytes32 commitment
    );

    /// @notice A result was submitted, with its trail; a reveal with the trails of all who committed.
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
    /// @dev `rubricHash` is the law's, or the hash of a dispute's grounds.
    event ReviewRequested(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, bytes32 rubricHash, uint40 expiresAt
    );

    /// @notice A dissenter sent a Tier-2 node to review under bond (E-01).
    event ResultDisputed(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor, bytes32 bondId
    );

    /// @notice An executor's reveal does not count (G-17).
    event SeatDisqualified(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, address indexed executor);

    /// @notice `agreeing` of `revealed` values agree; `outputHash` is what they agree on.
    event ConsensusReached(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, uint8 agreeing, uint8 revealed, bytes32 outputHash
    );

    /// @notice A review was decided. `score` is 0 to 1000 points; `seat` is whose output stands.
    event ReviewDecided(
        bytes32 indexed missionId, uint16 indexed node, uint8 attempt, bool approved, uint16 score, uint8 seat
    );

    /// @notice A dispute is over. Its bond went back if people decided otherwise than the machine would have, or not at all.
    event DisputeClosed(bytes32 indexed missionId, uint16 indexed node, uint8 attempt, bytes32 bondId, bool returned);

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

    /// @notice Was allowed until `until`.
    error TooLate(uint40 until);

    /// @notice `agent` has no such seat.
    error NotSeated(bytes32 missionId, uint16 node, address agent);

    /// @notice `agent` has done this already.
    error AlreadyDone(bytes32 missionId, uint16 node, address agent);

    /// @notice Every submission carries a trail root (A-08).
    error TrailMissing();

    /// @notice The preimage is not that of `digest`.
    error WrongPreimage(bytes32 digest);

    /// @notice The verifier's code is `found`; the statute pinned `expected`.
    error VerifierChanged(address verifier, bytes32 expected, bytes32 found);

    /// @notice The verifier is a program whose activation lapsed. Nothing failed; activate it again, which anyone may, and call again
    /// (RULINGS A8).
    error VerifierLapsed(address verifier);

    /// @notice The node is verified by tier `tier`, which this is not for.
    error WrongTier(bytes32 missionId, uint16 node, uint8 tier);

    /// @notice The attempt is `found`, no longer `given`.
    error WrongAttempt(bytes32 missionId, uint16 node, uint8 found, uint8 given);

    /// @notice A score is 0 to `limit` points.
    error ScoreOutOfRange(uint16 score, uint16 limit);

    /// @notice No bond is held for this attempt, or its mission has not ended.
    error NoBond(bytes32 missionId, uint16 node, uint8 attempt);

    /// @notice The verifier needs `needed` gas; `available` is left. Nothing failed; call with more (RULINGS R24).
    error GasFloor(uint256 available, uint256 needed);

    /// @notice `agent` committed nothing that could be revealed or excluded.
    error NothingCommitted(bytes32 missionId, uint16 node, address agent);

    /// @notice `agent` revealed nothing that counts; nobody if there is no such seat, or a rejection names one.
    error NothingRevealed(bytes32 missionId, uint16 node, address agent);

    /// @notice The panel excluded what `agent` committed (G-17).
    error SeatExcluded(bytes32 missionId, uint16 node, address agent);

    /// @notice `committed` seats committed, fewer than the `needed` that must agree: anyone may close.
    error TooFewCommitted(bytes32 missionId, uint16 node, uint8 committed, uint8 needed);

    /// @notice The value has not the form of the node's `mode` (docs/statute.md).
    error MalformedValue(bytes32 missionId, uint16 node, uint8 mode);

    /// @notice The elements of `count` sets are needed, in the order of the seats that count.
    error ElementsMissing(bytes32 missionId, uint16 node, uint8 count);

    /// @notice All values that were revealed agree: there is nothing to dispute, and anyone may close.
    error NoDissent(bytes32 missionId, uint16 node);

    /// @notice The first review period passed; `expireNode` of collaboration opens the second, after which anyone may close.
    error BackupUnopened(bytes32 missionId, uint16 node);

    /// @notice The review is decided; `closeVerification` with the elements of the sets carries it out.
    error AlreadyRuled(bytes32 missionId, uint16 node, uint8 attempt);

    /// @notice Of a batch, the result at `index` was refused for `reason`, the data of another error; so none was taken.
    error ResultRefused(uint256 index, bytes reason);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ results

    /// @notice Says that a result exists; extends the deadline once by the finalisation grace. A seated executor that has not
    /// handed in anything, before that deadline.
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
    /// executor, until the node's deadline and never once anything may be revealed. The last one opens the reveals.
    function commitResult(bytes32 missionId, uint16 node, bytes32 commitment, bytes32 trailRoot) external;

    /// @notice Opens a commitment. Anyone who knows it. The last one closes the verification and settles, if all agree; if not, the
    /// period for disputes begins.
    /// @param value exact or label: a word; numeric: a signed number of 128 bits in a word; sketch: 32 lanes of two bytes; set: the
    /// hashes of at most 64 elements, ascending. Its keccak256 is the node's output hash if it stands
    function revealResult(
        bytes32 missionId,
        uint16 node,
        address executor,
        bytes calldata value,
        bytes32 salt
    ) external;

    /// @notice Relays signed results of many nodes; each passes as if its executor had called (RULINGS R4). Anyone. At most 64.
    /// @param terms one for each result of kind `Proof` or `Review`, in their order
    function submitBatch(NodeResult[] calldata results, NodeTerms[] calldata terms, bytes[] calldata signatures)
        external;

    /// @notice Closes a Tier-2 verification whose windows passed, that of disputes included, or in which all that was revealed
    /// agrees; and a dispute that nobody decided in its review and backup periods: the machine consensus stands. Carries out a
    /// ruling on sets. Anyone.
    /// @param elements for sets that are not all the same: the element hashes of each that counts, in the order of the seats
    /// (RULINGS R29); otherwise none
    function closeVerification(bytes32 missionId, uint16 node, bytes32[][] calldata elements) external;

    // ------------------------------------------------------------------ review

    /// @notice Sends a Tier-2 node whose values differ to review, under `disputeBondBps` of its budget from the caller's credit. A
    /// seated executor who revealed, for `verificationRevealMs` after the reveals ended.
    function dispute(bytes32 missionId, uint16 node, bytes32 groundsHash) external;

    /// @notice Decides a review: approve with a score of 0 to 1000, or reject with score and seat zero. A disputed node's approval
    /// names the seat whose output stands; who agrees with it is paid. Of sets that differ it is carried out by
    /// `closeVerification`, which brings their elements.
    function decideReview(bytes32 missionId, uint16 node, uint8 attempt, bool approved, uint16 score, uint8 seat)
        external;

    /// @notice Excludes what a seat committed before the verification closes: it does not count, is not paid and not scored.
    function disqualify(bytes32 missionId, uint16 node, uint8 attempt, address executor) external;

    /// @notice Returns the bond of a dispute that its mission's end left undecided. Anyone.
    function releaseBond(bytes32 missionId, uint16 node, uint8 attempt) external;

    // ------------------------------------------------------------------ views

    /// @notice An attempt's verification.
    function recordOf(bytes32 missionId, uint16 node, uint8 attempt) external view returns (Record memory);

    /// @notice What is kept of a seat's commitment until it is opened, `keccak(commitment, executor)`; then what it revealed: a word,
    /// the first half of a sketch, or a set's hash.
    function commitmentOf(bytes32 missionId, uint16 node, uint8 attempt, uint8 seat)
        external
        view
        returns (bytes32 commitment, bytes32 value);
}
