// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Agent: identity, principals, reputation, registration stakes, bans
/// @notice Who acts in the city and who answers for them. A principal enrols once, with a stake and the registrar's
/// attestation; agents register under a principal who signed for them; reputation has this contract as its only writer.
/// Records are never deleted: leaving and coming back whitewashes nothing (RESOLUTIONS I-05).
/// @dev Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
/// A signature is `r, s, v` with a low `s`, or whatever the signing contract accepts by ERC-1271 (RULINGS R22). Where a
/// signature is asked of somebody, it may be left empty if that somebody is the caller.
///
/// Stakes are whole units; money is base units, units times the city's scale. With native coin `msg.value` equals what is
/// due; with a token it is zero and what arrives equals what is due. An instant is over when it lies before the block's.
///
/// ```text
/// agent      None -register-> Active -requestDeregistration-> Leaving -completeDeregistration (anyone)-> Gone
///            Gone -register-> Active        Active, Leaving -forfeit (anyone, ban final)-> Gone
/// principal  None -enrolPrincipal-> Enrolled -requestLeave-> Leaving -completeLeave (anyone)-> None
///            Enrolled, Leaving -forfeitPrincipal (anyone, ban final)-> None
/// ban        None -banAgent, banPrincipal-> Appealable -liftBan-> None      Appealable -time-> Final
/// freeze     None -freezePrincipal-> Frozen -unfreezePrincipal, time-> None
/// change     None -proposePrincipal-> Proposed -acceptPrincipal, proposePrincipal (withdraws), time-> None
/// ```
interface IAgent {
    // ------------------------------------------------------------------ types

    /// @notice What an agent may do: producers legislate, bid and work; clerks hold an office; monitors report.
    enum AgentType {
        None,
        Producer,
        Management,
        Monitor
    }

    /// @notice Where a registration stands.
    enum Status {
        None,
        Active,
        Leaving,
        Gone
    }

    /// @notice The two classes of principals (seed 3.6.1).
    enum PrincipalClass {
        None,
        Owner,
        Foundation
    }

    /// @notice What an agent wants to do. The last three are a principal's voice and need its age (RULINGS K1).
    enum Purpose {
        Bid,
        Route,
        Vote,
        Sponsor,
        Seat
    }

    /// @notice An agent.
    /// @param parent the agent that created it; zero for one that a principal signed for
    /// @param reputation in thousandths of a point, 0 to 1,000,000
    /// @param stake in units
    /// @param missions that it completed
    /// @param obligations that are open; it does not go before there are none
    /// @param registrations so far: part of the nonce of its next consent
    /// @param changes of its principal so far
    /// @param releases to another principal, and withdrawals, since it registered or changed: part of the next one's nonce
    /// @param maxSubAgents that its principal allowed below it
    /// @param subAgents of these that are taken, together with what they may create themselves
    /// @param depth of its ownership chain: 0 right below its principal
    /// @param registeredAt unix seconds
    /// @param leavesAt after which anyone completes its deregistration, if nothing is open; zero unless it is leaving
    struct AgentRecord {
        AgentType agentType;
        Status status;
        address principal;
        address parent;
        uint32 reputation;
        uint32 stake;
        uint32 missions;
        uint16 obligations;
        uint16 registrations;
        uint16 changes;
        uint16 releases;
        uint16 maxSubAgents;
        uint16 subAgents;
        uint8 depth;
        uint40 registeredAt;
        uint40 leavesAt;
    }

    /// @notice A principal.
    /// @param stake in units
    /// @param agents registered now, clerks among them
    /// @param producers among these
    /// @param worstReputation least that an agent of it ever had, at most 500,000: at which its new agents start
    /// @param nonce of what it signs next: grows with each enrolment and each `revokeConsents`
    /// @param enrolledAt unix seconds; zero if it is not enrolled
    /// @param leavesAt after which anyone completes its leave; zero unless it is leaving
    /// @param frozenUntil last second of its freeze
    /// @param appealUntil last second in which its ban may be lifted; zero if it is not banned
    struct PrincipalRecord {
        PrincipalClass class;
        uint32 stake;
        uint16 agents;
        uint16 producers;
        uint32 worstReputation;
        uint16 nonce;
        uint40 enrolledAt;
        uint40 leavesAt;
        uint40 frozenUntil;
        uint40 appealUntil;
    }

    /// @notice What other contracts ask of an agent, in one call. Limits are theirs to apply, from their own epoch.
    /// @param previous principal that still counts for conflicts of interest; zero if none
    /// @param score whole points, 0 to 1000
    /// @param bars bits: 1 not active, 2 no producer, 4 principal not enrolled or leaving, 8 banned, 16 frozen. In
    /// `isEligible` also 32 below the floor, 64 principal too young
    struct Standing {
        address principal;
        address previous;
        AgentType agentType;
        uint8 bars;
        uint16 score;
        uint32 reputation;
        uint40 enrolledAt;
    }

    /// @notice What became of an agent's obligation: opened only if the agent is active.
    struct Obligation {
        address principal;
        bool opened;
    }

    /// @notice How an outcome moves reputation: the values of the mission's own epoch.
    /// @param lambda weight of the past, in thousandths
    /// @param fullWeight price from which an outcome weighs in full, in units
    /// @param pairCap raising outcomes of one sponsor's principal for one agent in a window
    /// @param pairWindow that window, in seconds; counted in days of UTC, and never ending before the longest window that an
    /// outcome in it asks for
    struct ReputationTerms {
        uint16 lambda;
        uint64 fullWeight;
        uint8 pairCap;
        uint32 pairWindow;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice A principal enrolled. `evidenceHash` is what the registrar attested to.
    event PrincipalEnrolled(
        address indexed principal, address indexed registrar, PrincipalClass class, uint32 stake, bytes32 evidenceHash
    );

    /// @notice A principal leaves after `leavesAt`, unix seconds.
    event PrincipalLeaving(address indexed principal, uint40 leavesAt);

    /// @notice A principal left; its stake is its credit.
    event PrincipalLeft(address indexed principal, uint32 stake);

    /// @notice An agent registered; `parent` is zero for one that its principal signed for. `registration` counts from 1.
    event AgentRegistered(
        address indexed agent,
        address indexed principal,
        address indexed parent,
        AgentType agentType,
        uint16 registration,
        uint32 reputation,
        uint32 stake,
        uint16 maxSubAgents,
        string did
    );

    /// @notice An agent leaves after `leavesAt`, unix seconds. Emitted again when its last obligation ends: the cooldown begins
    /// anew.
    event AgentLeaving(address indexed agent, uint40 leavesAt);

    /// @notice An agent left; its stake is its credit.
    event AgentLeft(address indexed agent, uint32 stake);

    /// @notice A principal and all its agents are banned; `agent` is that for which it answers, or did lately, and zero if the
    /// principal itself was judged.
    event PrincipalBanned(address indexed principal, address indexed agent, uint40 appealUntil, bytes32 reason);

    /// @notice A ban was lifted on appeal.
    event BanLifted(address indexed principal, bytes32 reason);

    /// @notice A banned party's stake was taken: insurance is due the lower half, the treasury the rest.
    event StakeForfeited(address indexed account, address indexed principal, uint32 stake);

    /// @notice A principal's agents may not work nor speak until `frozenUntil`.
    event PrincipalFrozen(address indexed principal, uint40 frozenUntil, bytes32 reason);

    /// @notice A freeze was lifted before its time.
    event PrincipalUnfrozen(address indexed principal, bytes32 reason);

    /// @notice What `principal` and its agents signed and nobody used yet is void; `nonce` is that of what it signs next.
    event ConsentsRevoked(address indexed principal, uint16 nonce);

    /// @notice `from` released an agent to `to`, who may accept until `until`; or withdrew the last release, if `to` is `from`.
    event PrincipalProposed(address indexed agent, address indexed from, address indexed to, uint64 until);

    /// @notice An agent answers to `to` now; `from` counts for conflicts of interest until `rememberedUntil`.
    event PrincipalChanged(address indexed agent, address indexed from, address indexed to, uint40 rememberedUntil);

    /// @notice An outcome of verification moved reputation. Reputation in thousandths, `score` in points, `weight` in
    /// thousandths; a `capped` outcome would have raised it and weighs nothing (RULINGS A2).
    event ReputationUpdated(
        address indexed agent,
        address indexed sponsorPrincipal,
        uint32 reputation,
        uint16 score,
        uint16 weight,
        bool capped,
        bytes32 evidence
    );

    /// @notice A penalty or an adjudicators' ruling moved reputation by `delta` points.
    event ReputationAdjusted(address indexed agent, address indexed by, int16 delta, uint32 reputation, bytes32 evidence);

    /// @notice An agent took on one obligation more; `open` are open now.
    event ObligationOpened(address indexed agent, uint16 open);

    /// @notice An obligation ended; `missions` are completed so far.
    event ObligationClosed(address indexed agent, uint16 open, uint32 missions);

    /// @notice `account` took `amount` base units, paid out to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice Asset beyond the booked total became due to the treasury.
    event Skimmed(uint256 amount);

    /// @notice What was due went to the treasury contract, in base units.
    event Remitted(uint256 treasury, uint256 insurance);

    // ------------------------------------------------------------------ errors: every contract's

    /// @notice `caller` may not do this.
    error Unauthorized(address caller);

    /// @notice The call is no call of this interface, or not well-formed.
    error MalformedCall();

    /// @notice The function takes no coins.
    error NotPayable();

    /// @notice It is constructed once.
    error AlreadyConstructed();

    /// @notice The city is not sealed yet.
    error NotSealed();

    /// @notice The peers are not known yet; anyone may call `wire`.
    error NotWired();

    /// @notice The peers are known already.
    error AlreadyWired();

    /// @notice The signature is not `signer`'s.
    error InvalidSignature(address signer);

    /// @notice What was signed was good until `deadline`, unix seconds, inclusive.
    error Expired(uint64 deadline);

    /// @notice Expected `expected` base units, received `received`.
    error AmountMismatch(uint256 expected, uint256 received);

    /// @notice The asset did not move `amount` base units to `to`; name another receiver with `withdrawTo`.
    error PaymentFailed(address to, uint256 amount);

    /// @notice Another entry that moves the asset is still running.
    error Reentered();

    // ------------------------------------------------------------------ errors: identity

    /// @notice The identifier breaks the grammar `did:method:identifier` at byte `at`, or is longer than 128 bytes.
    error MalformedDid(uint256 at);

    /// @notice The identifier is none of the accepted forms from byte `at` on.
    error UnsupportedDid(uint256 at);

    /// @notice The identifier names the key of `named`; `agent` registers.
    error DidKeyMismatch(address named, address agent);

    /// @notice No agent may be registered as this type here.
    error InvalidAgentType(uint8 agentType);

    /// @notice Neither owner nor foundation.
    error InvalidPrincipalClass(uint8 class);

    /// @notice Nobody, or the agent itself, cannot be its principal.
    error InvalidPrincipal(address principal);

    /// @notice `agent` is registered.
    error AlreadyRegistered(address agent);

    /// @notice `agent` never registered.
    error NotRegistered(address agent);

    /// @notice `agent` never registered, leaves or left.
    error NotActive(address agent);

    /// @notice `agent` did not ask to leave.
    error NotLeaving(address account);

    /// @notice Possible after `until`, unix seconds.
    error TooEarly(uint64 until);

    /// @notice `agent` has `open` obligations.
    error ObligationsOpen(address agent, uint16 open);

    /// @notice `agent` has no obligation to close.
    error NoObligation(address agent);

    /// @notice A counter of `account` holds no more.
    error CounterExhausted(address account);

    /// @notice `agent` still has sub-agents, or has granted them places.
    error SubAgentsRemain(address agent, uint16 subAgents);

    /// @notice `needed` places below `parent` are asked for, of which it has `free`.
    error SubAgentLimit(address parent, uint32 needed, uint16 free);

    /// @notice The ownership chain would reach depth `depth`; `most` is the limit.
    error ChainTooDeep(uint8 depth, uint8 most);

    /// @notice `agent` has its principal through `parent`.
    error PrincipalInherited(address agent, address parent);

    /// @notice The principal of `agent` changed; the one before is remembered until `until`, and one is all that is.
    error PrincipalRemembered(address agent, uint64 until);

    /// @notice Nobody released `agent`, the release was withdrawn, or the time to accept is over.
    error NoProposal(address agent);

    /// @notice `agent` neither answers to `principal` nor did so lately.
    error NotItsPrincipal(address agent, address principal);

    // ------------------------------------------------------------------ errors: principals

    /// @notice `principal` is enrolled.
    error AlreadyEnrolled(address principal);

    /// @notice `principal` is not enrolled.
    error NotEnrolled(address principal);

    /// @notice `principal` is about to leave.
    error IsLeaving(address principal);

    /// @notice `principal` has `agents` agents.
    error AgentsRemain(address principal, uint16 agents);

    /// @notice `principal` is banned; `appealUntil` is the last second of its appeal.
    error IsBanned(address principal, uint64 appealUntil);

    /// @notice `principal` is not banned.
    error NotBanned(address principal);

    /// @notice The ban of `principal` is final since `appealUntil`.
    error BanFinal(address principal, uint64 appealUntil);

    /// @notice `principal` is frozen until `until`.
    error IsFrozen(address principal, uint64 until);

    /// @notice `principal` is not frozen.
    error NotFrozen(address principal);

    /// @notice `account` has nothing that could be forfeited.
    error NothingToForfeit(address account);

    // ------------------------------------------------------------------ errors: reputation and money

    /// @notice A score is 0 to 1000 points, λ 0 to 1000 thousandths.
    error OutOfRange(uint64 value, uint64 most);

    /// @notice One ruling moves reputation by at most `most` points either way.
    error DeltaOutOfRange(int16 delta, uint16 most);

    /// @notice `account` is owed nothing.
    error NothingOwed(address account);

    /// @notice Nothing can be paid to `receiver`.
    error InvalidReceiver(address receiver);

    /// @notice The booked total would leave 0 to 2^128 - 1.
    error BooksOutOfRange();

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns peers, settlement asset and unit scale from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ principals

    /// @notice Enrols a principal, with the stake of the table. Anyone relays and pays; the stake is the principal's.
    /// @param class owner or foundation
    /// @param deadline of both signatures, unix seconds, inclusive
    /// @param consent the principal's, over `PrincipalEnrolment`
    /// @param registrar the clerk who attests; charged at `management`. Nonce of both: that of the principal's record
    /// @param evidenceHash of what the registrar saw
    /// @param attestation the registrar's, over `EnrolmentAttestation`
    function enrolPrincipal(
        address principal,
        uint8 class,
        uint64 deadline,
        bytes calldata consent,
        address registrar,
        bytes32 evidenceHash,
        bytes calldata attestation
    ) external payable;

    /// @notice Begins the cooldown after which the calling principal, having no agents, has its stake back.
    function requestLeave() external;

    /// @notice Completes a leave after its cooldown. Anyone.
    function completeLeave(address principal) external;

    /// @notice Makes void whatever the calling principal and its agents signed and nobody used yet: enrolment, consents to
    /// agents and sub-agents, releases, acceptances. Also for who is not enrolled.
    function revokeConsents() external;

    // ------------------------------------------------------------------ agents

    /// @notice Registers the caller, with the stake of the table; clerks have none and need no enrolled principal.
    /// @param did names the caller's key: `did:pkh:eip155:<chain>:0x<address>` or `did:ethr:[0x<chain>:]0x<address>`
    /// @param maxSubAgents how many agents may stand below it in all
    /// @param deadline of the consent, unix seconds, inclusive
    /// @param consent the principal's, over `PrincipalConsent`; its nonce is the principal's * 65536 + the agent's
    /// registrations so far
    function register(
        string calldata did,
        uint8 agentType,
        address principal,
        uint32 maxSubAgents,
        uint64 deadline,
        bytes calldata consent
    ) external payable;

    /// @notice Registers the caller below another agent, whose principal it inherits and whose places it takes: one for
    /// itself, and `maxSubAgents` to give away in turn.
    /// @param consent the parent's, over `SubAgentConsent`; its nonce is the inherited principal's * 65536 + the caller's
    /// registrations so far
    function registerSubAgent(
        string calldata did,
        uint8 agentType,
        address parent,
        uint32 maxSubAgents,
        uint64 deadline,
        bytes calldata consent
    ) external payable;

    /// @notice Begins the cooldown after which an agent has its stake back, whatever is open: it takes on no obligation, seat
    /// or sub-agent any more. The agent, or its principal.
    function requestDeregistration(address agent) external;

    /// @notice Completes a deregistration after its cooldown, which begins anew with the end of the last obligation; there are
    /// no obligations and no sub-agents left. Anyone.
    function completeDeregistration(address agent) external;

    /// @notice Releases an agent to another principal, until `deadline`. A second release replaces the first; one to the present
    /// principal withdraws it, and nothing stands against that.
    /// @param consent the present principal's, over `PrincipalRelease`; its nonce has sixteen bits each, highest first, of the
    /// principal's nonce and the agent's registrations, changes and releases
    function proposePrincipal(address agent, address to, uint64 deadline, bytes calldata consent) external;

    /// @notice Takes an agent over that was released.
    /// @param maxSubAgents how many agents may stand below it from now on
    /// @param consent the new principal's, over `PrincipalAcceptance`; its nonce is that of the release, with the new
    /// principal's in place of the former's
    function acceptPrincipal(address agent, uint32 maxSubAgents, uint64 deadline, bytes calldata consent) external;

    // ------------------------------------------------------------------ human powers, through adjudication

    /// @notice Bans, for what an agent did, the principal who answers for it, or did while it is remembered, with all its
    /// agents. Stakes are lost when the appeal window is over.
    function banAgent(address agent, address principal, bytes32 reason) external;

    /// @notice Bans a principal and all its agents.
    function banPrincipal(address principal, bytes32 reason) external;

    /// @notice Lifts a ban within its appeal window.
    function liftBan(address principal, bytes32 reason) external;

    /// @notice Keeps all agents of a principal from working and speaking, for at most the time of the table.
    function freezePrincipal(address principal, bytes32 reason) external;

    /// @notice Lifts a freeze.
    function unfreezePrincipal(address principal, bytes32 reason) external;

    /// @notice Moves reputation by a ruling, within the bound of the table.
    function adjustReputation(address agent, int16 delta, bytes32 evidence) external returns (uint32 reputation);

    /// @notice Takes the stake of an agent whose principal's ban is final, and ends its registration. Anyone.
    function forfeit(address agent) external;

    /// @notice Takes the stake of a principal whose ban is final. Anyone.
    function forfeitPrincipal(address principal) external;

    // ------------------------------------------------------------------ work, through collaboration and treasury

    /// @notice An outcome of verification: the average moves towards `score`, the heavier the higher the price
    /// (RESOLUTIONS R-01, RULINGS A2).
    /// @param score points, 0 to 1000
    /// @param price of the work, in units
    function updateReputation(
        address agent,
        uint16 score,
        uint64 price,
        address sponsorPrincipal,
        bytes32 evidence,
        ReputationTerms calldata terms
    ) external returns (uint32 reputation);

    /// @notice A penalty of the schedule: takes `points` from reputation, down to zero.
    function applyPenalty(address agent, uint16 points, bytes32 evidence) external returns (uint32 reputation);

    /// @notice Agents take part in something that they cannot leave, each of those that are active.
    /// @param agents at most 64
    /// @return found for each in its order: its principal, and whether its obligation was opened
    function openObligations(address[] calldata agents) external returns (Obligation[] memory found);

    /// @notice That is over.
    function closeObligation(address agent) external;

    /// @notice That is over, and was a mission that the agent completed.
    function completeObligation(address agent) external;

    // ------------------------------------------------------------------ reading

    /// @notice An agent's record; zeros if it never registered.
    function agentRecord(address agent) external view returns (AgentRecord memory);

    /// @notice A principal's record.
    function principalRecord(address principal) external view returns (PrincipalRecord memory);

    /// @notice What other contracts need to know of an agent.
    function standing(address agent) external view returns (Standing memory);

    /// @notice The same of the agents of a node, in one call: at most 7.
    function standings(address[] calldata agents) external view returns (Standing[] memory);

    /// @notice Whether an agent may do something now, by the values in force; `bars` says why not.
    function isEligible(address agent, uint8 purpose) external view returns (bool eligible, uint8 bars);

    /// @notice Who answers for an agent; zero for one that never registered.
    function principalOf(address agent) external view returns (address);

    /// @notice Whose interests an agent may have: its principal, and the one before while remembered, else zero.
    function principalsForConflict(address agent) external view returns (address principal, address previous);

    /// @notice From an agent's parent up to its principal.
    function ownershipChain(address agent) external view returns (address[] memory);

    /// @notice Reputation in whole points, rounded down.
    function getReputationScore(address agent) external view returns (uint16);

    /// @notice Whether reputation reaches the floor of the table.
    function meetsReputationFloor(address agent) external view returns (bool);

    /// @notice Enrolled, unbanned principals with a producer: what quorums count against (RULINGS R26). Those too young to vote
    /// and those frozen are counted, like all who stay silent.
    function voterCount() external view returns (uint32);

    // ------------------------------------------------------------------ money

    /// @notice What `account` may withdraw, in base units.
    function credits(address account) external view returns (uint256);

    /// @notice What is due to the treasury contract, in base units.
    function dues() external view returns (uint256 treasury, uint256 insurance);

    /// @notice Stakes, credits and dues together, exactly; the balance is never less (RULINGS R17).
    function booked() external view returns (uint256);

    /// @notice Takes the caller's whole credit. Never halted.
    function withdraw() external returns (uint256 amount);

    /// @notice Takes the caller's whole credit to another account, where the asset does not serve the caller.
    function withdrawTo(address to) external returns (uint256 amount);

    /// @notice Makes what the contract holds beyond its books due to the treasury. Anyone.
    function skim() external returns (uint256 amount);

    /// @notice Pays what is due into the treasury contract's two funds. Anyone.
    function remit() external;
}
