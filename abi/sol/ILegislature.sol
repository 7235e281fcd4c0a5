// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Legislature: a session from its first message to its end; who takes part, and who bids
/// @notice The registrar's MSG_TYPE_1 takes a decided session over from the assembly. Agents identify, the speaker
/// carries the winner, producers bid. From the end of bidding on the enactment contract decides, and tells the state
/// here. Each state has a deadline, after which anyone ends it.
/// @dev Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
/// Anyone relays what is signed, the relayer pays; a clerk's message is charged to the clerk's envelope. Instants are unix
/// seconds, money is in base units. `Init` is the assembly's: a session is `None` here until MSG_TYPE_1.
///
/// ```text
/// Init ─▶ IdentityVerification ─▶ ProposalOpen ─▶ BiddingOpen ─▶ RegulatoryReview ─▶ Codification ─▶ AwaitingApproval ─▶ Deployed
///                                     ▲ └──────────── re-proposal ────┘            every state ─▶ Failed
/// ```
interface ILegislature {
    // ------------------------------------------------------------------ types

    /// @notice States of the seven-message procedure (seed B.10). Deployed and Failed are final.
    enum SessionState {
        None,
        Init,
        IdentityVerification,
        ProposalOpen,
        BiddingOpen,
        RegulatoryReview,
        Codification,
        AwaitingApproval,
        Deployed,
        Failed
    }

    /// @notice What a session legislates.
    enum SessionKind {
        None,
        Mission,
        Child,
        Partial,
        Full
    }

    /// @notice Where a bid stands. A sealed one shows its price when bidding has closed.
    enum BidState {
        None,
        Sealed,
        Open,
        Released
    }

    /// @notice MSG_TYPE_1, by the registrar.
    struct IdentityRequest {
        bytes32 sessionId;
        bytes32 challenge;
        uint16 minimumReputation;
        uint64 deadline;
    }

    /// @notice MSG_TYPE_2, by an agent.
    struct IdentityAttestation {
        bytes32 sessionId;
        bytes32 challenge;
        address agent;
        address principal;
        bytes32 didHash;
        uint64 deadline;
    }

    /// @notice MSG_TYPE_3, by the speaker. Only the ballot's winner can be carried.
    struct DagProposal {
        bytes32 sessionId;
        bytes32 proposalId;
        bytes32 statuteHash;
        bytes32 contentAddress;
        bytes32 rationaleHash;
        uint16 nodes;
        uint32 tokenBudget;
        uint128 missionBudget;
        uint40 missionDeadline;
        uint64 deadline;
    }

    /// @notice MSG_TYPE_4, by a producer: every field of the seed, and the price (R-05).
    /// @dev Money in base units. `source` is the stake's: the agent's address as a word, or a pool.
    struct TaskBid {
        bytes32 sessionId;
        uint16 node;
        address agent;
        bytes32 serviceId;
        bytes32 codeHash;
        uint128 price;
        uint128 stake;
        bytes32 source;
        uint32 latencyMs;
        uint16 matchPermille;
        uint8 tierAcceptance;
        uint64 deadline;
    }

    /// @notice A bid of which only the hash is known until bidding closes (L-18).
    struct SealedBid {
        bytes32 sessionId;
        address agent;
        uint16 node;
        bytes32 commitment;
        uint128 stake;
        bytes32 source;
        uint64 deadline;
    }

    /// @notice What is stored of a session.
    /// @param reproposals how often the regulator sent it back: bids of earlier rounds count no more
    /// @param nodes of the statute, tokenBudget, missionBudget and missionDeadline as MSG_TYPE_3 carried them
    /// @param roles offices that attested, a bit for each (IManagement)
    /// @param regulators that attested, one for each principal
    /// @param awardsFrom first second of the award, where bids were sealed: until then they are opened; otherwise zero
    /// @param sponsor who funds the mission: with whoever answers for it, it may not bid (RULINGS R20)
    /// @param domain whose norms bind the law
    struct Session {
        SessionState state;
        SessionKind kind;
        uint64 epoch;
        uint32 legislativeEpoch;
        uint40 expiresAt;
        uint8 reproposals;
        uint32 bids;
        uint16 nodes;
        uint16 node;
        uint8 roles;
        uint8 regulators;
        uint32 tokenBudget;
        uint128 missionBudget;
        uint40 missionDeadline;
        uint40 awardsFrom;
        bytes32 missionId;
        bytes32 winner;
        bytes32 statuteHash;
        address sponsor;
        bytes32 domain;
    }

    /// @notice A bid as it is stored. Of a sealed one price, service and what was measured are zero.
    /// @param round the session's `reproposals` when it was placed
    struct Bid {
        uint32 number;
        BidState state;
        uint8 round;
        uint16 node;
        address agent;
        bytes32 serviceId;
        uint128 price;
        uint128 stake;
        bytes32 source;
        uint32 latencyMs;
        uint16 matchPermille;
        uint8 tierAcceptance;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice A session changed its state.
    event SessionStateChanged(bytes32 indexed sessionId, SessionState from, SessionState to, uint40 expiresAt);

    /// @notice MSG_TYPE_1 was accepted.
    event IdentityRequested(
        bytes32 indexed sessionId,
        address indexed clerk,
        bytes32 challenge,
        uint16 minimumReputation
    );

    /// @notice MSG_TYPE_2 was accepted.
    event IdentityAttested(bytes32 indexed sessionId, address indexed agent, address principal, uint32 reputation);

    /// @notice An agent that attested is dropped (L-09), by rule: 1 another principal answers for it, 2 barred, 3 below the
    /// floor.
    event AgentDropped(bytes32 indexed sessionId, address indexed agent, uint8 rule);

    /// @notice MSG_TYPE_3 was accepted.
    event DagProposed(
        bytes32 indexed sessionId,
        bytes32 indexed proposalId,
        address indexed clerk,
        bytes32 statuteHash,
        bytes32 rationaleHash
    );

    /// @notice MSG_TYPE_4 was accepted, as bid `bid`.
    event BidPlaced(
        bytes32 indexed sessionId,
        uint16 indexed node,
        address indexed agent,
        uint32 bid,
        bytes32 serviceId,
        uint128 price,
        uint128 stake,
        uint32 latencyMs,
        uint16 matchPermille,
        uint8 tierAcceptance
    );

    /// @notice A sealed bid was placed, as bid `bid`.
    event BidSealed(
        bytes32 indexed sessionId,
        uint16 indexed node,
        address indexed agent,
        uint32 bid,
        bytes32 commitment
    );

    /// @notice What was reserved for a bid is free again: its stake, or what a seat left of the agent's reserves of that source.
    event BidReleased(bytes32 indexed sessionId, uint32 indexed bid, address indexed agent, uint128 stake);

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

    /// @notice This digest was used.
    error AlreadyUsed(bytes32 digest);

    /// @notice No such session, or no such bid of the session `id`.
    error Unknown(bytes32 id);

    /// @notice The assembly has decided nothing that the session could be opened with, or its time is over.
    error NotDecided(bytes32 sessionId);

    /// @notice The session is in `state`.
    error WrongSessionState(bytes32 sessionId, SessionState state);

    /// @notice No such edge between states, or not for this caller.
    error WrongTransition(bytes32 sessionId, SessionState from, SessionState to);

    /// @notice Allowed from `from` on.
    error TooEarly(uint40 from);

    /// @notice Was allowed until `until`.
    error TooLate(uint40 until);

    /// @notice `agent` may not take part, by rule: 1 it did not attest, or what bars it (IAgent).
    error AgentRefused(address agent, uint8 rule);

    /// @notice `who` has done this already.
    error AlreadyDone(bytes32 id, address who);

    /// @notice `have` of `need` are there.
    error QuorumMissing(bytes32 id, uint32 have, uint32 need);

    /// @notice At most `limit` are possible.
    error TooMany(bytes32 id, uint32 limit);

    /// @notice The opening does not match the commitment.
    error WrongOpening(bytes32 commitment);

    /// @notice `found` stands where `expected` was approved before.
    error Mismatch(bytes32 sessionId, bytes32 expected, bytes32 found);

    /// @notice The bid breaks a rule: 1 the service's code hash, 2 the stake, 3 the budget, 4 the match, 5 the tier, 6 the
    /// node, 7 it is the sponsor's own; `need` against `have`.
    error BidRefused(uint16 node, uint8 rule, uint256 need, uint256 have);

    /// @notice The bid won or is runner-up, and the mission may still need it.
    error BidBound(bytes32 sessionId, uint32 bid, uint40 until);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ identity and proposal

    /// @notice MSG_TYPE_1: the registrar takes a decided session over and asks all to identify. Anyone relays.
    function requestIdentity(IdentityRequest calldata message, bytes calldata signature) external;

    /// @notice MSG_TYPE_2: agents identify, until bidding ends. Those who fail are dropped, not the session. Anyone relays.
    function attestIdentity(IdentityAttestation[] calldata messages, bytes[] calldata signatures) external;

    /// @notice Ends identification once every office attested. Anyone.
    function confirmRoster(bytes32 sessionId) external;

    /// @notice MSG_TYPE_3: the speaker carries the winning proposal. Anyone relays.
    function publishProposal(DagProposal calldata message, bytes calldata signature) external;

    // ------------------------------------------------------------------ bids

    /// @notice MSG_TYPE_4: producers bid; stakes are reserved in the treasury. A principal has one bid on a node in a round, and a
    /// node at most `maxNodeBids`. Anyone relays.
    function placeBids(TaskBid[] calldata messages, bytes[] calldata signatures) external;

    /// @notice Places a sealed bid; its stake is reserved. Anyone relays.
    function sealBid(SealedBid calldata message, bytes calldata signature) external;

    /// @notice Opens a sealed bid after bidding closed, within `sealedBidOpeningMs`; no seat is awarded before. Anyone who knows it.
    function openBid(uint32 bid, TaskBid calldata message, bytes32 salt) external;

    /// @notice Ends bidding when its window passed: to review if every node that needs one has a bid, to failure otherwise. Anyone.
    /// That a node has bids of as many principals as it needs executors, its award checks, and in a session that replaces a mission
    /// also which nodes need any.
    function closeBidding(bytes32 sessionId) external;

    // ------------------------------------------------------------------ from the enactment

    /// @notice Moves a session along an edge that the enactment decides: out of RegulatoryReview, Codification and
    /// AwaitingApproval. The enactment contract alone.
    function moveSession(bytes32 sessionId, SessionState to) external;

    // ------------------------------------------------------------------ exits

    /// @notice Fails a session whose state's deadline passed. Reserved stakes become free. Anyone (docs/exits.md).
    function expireSession(bytes32 sessionId) external;

    /// @notice Frees the stakes reserved for bids that became nothing: of a failed session, of an earlier round, that lost
    /// in a deployed session; and of winners that no mission needs any more once the mission's deadline passed. Anyone.
    function releaseBids(bytes32 sessionId, uint32[] calldata bids) external;

    // ------------------------------------------------------------------ views

    /// @notice A session.
    function session(bytes32 sessionId) external view returns (Session memory);

    /// @notice The principal for which an agent or a clerk attested in a session; zero if it did not.
    function attestedAs(bytes32 sessionId, address agent) external view returns (address principal);

    /// @notice A bid, by its number.
    function bidOf(bytes32 sessionId, uint32 bid) external view returns (Bid memory);

    /// @notice At most 16 bids, by their numbers.
    function bidsOf(bytes32 sessionId, uint32[] calldata bids) external view returns (Bid[] memory);

    /// @notice Bids on a node in the present round, in the order of their placing: at most 16, from the `first` on.
    function bidsOn(bytes32 sessionId, uint16 node, uint32 first) external view returns (Bid[] memory);
}
