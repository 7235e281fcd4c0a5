// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Legislature: petitions, proposals, ballots, the seven messages, and what becomes law
/// @notice A session runs from a petition to an approved law: sponsored proposals are deliberated and ranked by one
/// ballot per principal, then seven signed messages turn the winner into seats, prices and two approvals. Each state
/// has a deadline, after which anyone ends it.
/// @dev Constructor: `(address constitution)`. Signatures are EIP-712 under name "AgentCity", version "1"; anyone
/// relays, the relayer pays; a clerk's message is charged to the clerk's envelope. Instants are unix seconds.
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

    /// @notice Steps of the deliberation within `Init`.
    enum Deliberation {
        None,
        Proposing,
        Debating,
        Committing,
        Revealing,
        Tallying,
        Delayed,
        Decided,
        Skipped
    }

    /// @notice What a session legislates.
    enum SessionKind {
        None,
        Mission,
        Child,
        Partial,
        Full
    }

    /// @notice How grave a finding is; a critical one blocks codification (RULINGS K12).
    enum Severity {
        None,
        Note,
        Warning,
        Critical
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

    /// @notice A bid that the regulator rejects, and why.
    struct RejectedBid {
        uint32 bid;
        uint16 reason;
    }

    /// @notice A finding of the regulator.
    struct ComplianceFlag {
        uint16 node;
        uint16 code;
        Severity severity;
        bytes32 evidenceHash;
    }

    /// @notice MSG_TYPE_5, by the regulators.
    struct RegulatoryDecision {
        bytes32 sessionId;
        bytes32 assignmentsHash;
        uint16 fairness;
        RejectedBid[] rejected;
        ComplianceFlag[] flags;
        bool repropose;
        uint64 deadline;
    }

    /// @notice An award other than the best score: by the regulator, valid with the panel's countersignature.
    struct AwardDeviation {
        bytes32 sessionId;
        uint16 node;
        uint32 best;
        uint32 chosen;
        bytes32 justificationHash;
        uint64 deadline;
    }

    /// @notice MSG_TYPE_6, by the codifier.
    struct CodedSpecification {
        bytes32 sessionId;
        bytes32 statuteHash;
        bytes32 assignmentsHash;
        bytes32 templateId;
        uint16 templateVersion;
        uint64 deadline;
    }

    /// @notice MSG_TYPE_7, by speaker and regulators.
    struct LegislativeApproval {
        bytes32 sessionId;
        bytes32 statuteHash;
        bytes32 assignmentsHash;
        uint64 epoch;
        uint8 role;
        uint64 deadline;
    }

    /// @notice A version of a template, by the codifier (RULINGS K5). Ranges bound what a statute may hold.
    struct TemplateVersion {
        bytes32 templateId;
        uint16 version;
        bytes32 schemaHash;
        uint16 nodesMax;
        uint8 tiersAllowed;
        uint8 riskMax;
        uint8 predicatesMin;
        uint64 deadline;
    }

    /// @notice A principal's name under a petition.
    struct PetitionSignature {
        bytes32 petitionId;
        address principal;
        uint64 deadline;
    }

    /// @notice A principal's sponsorship of a proposal.
    struct Sponsorship {
        bytes32 proposalId;
        address principal;
        uint64 deadline;
    }

    /// @notice The regulator's evidence that opens the debate.
    struct DeliberationEvidence {
        bytes32 sessionId;
        bytes32 evidenceHash;
        bytes32 contentAddress;
        uint64 deadline;
    }

    /// @notice A speaker's statement of one round, in the order drawn.
    struct Statement {
        bytes32 sessionId;
        uint8 round;
        address principal;
        bytes32 statementHash;
        bytes32 reasonsHash;
        uint64 deadline;
    }

    /// @notice A straw vote for one proposal: binds nobody, seeds the speaking order.
    struct StrawVote {
        bytes32 sessionId;
        address principal;
        uint8 proposal;
        uint64 deadline;
    }

    /// @notice A voter's sealed ballot: `keccak(sessionId, principal, ranking, salt)`.
    struct BallotCommitment {
        bytes32 sessionId;
        address principal;
        bytes32 commitment;
        uint64 deadline;
    }

    /// @notice What is stored of a session.
    struct Session {
        SessionState state;
        Deliberation deliberation;
        SessionKind kind;
        uint64 epoch;
        uint32 legislativeEpoch;
        uint40 expiresAt;
        uint32 enrolled;
        uint32 commits;
        uint32 reveals;
        uint8 proposals;
        uint8 reproposals;
        uint8 retries;
        uint32 bids;
        bytes32 missionId;
        uint16 node;
        bytes32 winner;
    }

    /// @notice A proposal.
    struct Proposal {
        bytes32 sessionId;
        uint8 index;
        address proposer;
        bytes32 statuteHash;
        bytes32 contentAddress;
        bytes32 amends;
        uint32 sponsors;
        bool onBallot;
        bool delayed;
    }

    /// @notice An approved law, as the collaboration contract compares it.
    struct Law {
        bool approved;
        bool audited;
        SessionKind kind;
        bytes32 statuteHash;
        bytes32 assignmentsHash;
        uint64 epoch;
        uint16 nodes;
        uint16 fairness;
        bool fairnessWaived;
        uint128 budget;
        uint40 missionDeadline;
        bytes32 missionId;
        uint16 node;
    }

    /// @notice A seat as awarded.
    struct AwardedSeat {
        address agent;
        bytes32 serviceId;
        uint128 price;
        uint128 stake;
        bytes32 source;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice A petition stands open until `expiresAt`.
    event PetitionOpened(
        bytes32 indexed petitionId,
        address indexed principal,
        bytes32 subjectHash,
        bytes32 contentAddress,
        uint40 expiresAt
    );

    /// @notice `signatures` principals stand under a petition; it needs `needed`.
    event PetitionSigned(bytes32 indexed petitionId, address indexed principal, uint32 signatures, uint32 needed);

    /// @notice A petition lapsed with `signatures` names of `needed`.
    event PetitionExpired(bytes32 indexed petitionId, uint32 signatures, uint32 needed);

    /// @notice A session is open.
    event SessionOpened(
        bytes32 indexed sessionId,
        SessionKind kind,
        uint32 legislativeEpoch,
        uint64 epoch,
        bytes32 origin,
        uint16 node,
        uint40 expiresAt
    );

    /// @notice A session changed its state.
    event SessionStateChanged(bytes32 indexed sessionId, SessionState from, SessionState to, uint40 expiresAt);

    /// @notice A deliberation went a step further.
    event DeliberationChanged(bytes32 indexed sessionId, Deliberation step, uint40 expiresAt);

    /// @notice A statute was proposed. `amends` is the earlier proposal it reintroduces, or zero.
    event Proposed(
        bytes32 indexed sessionId,
        bytes32 indexed proposalId,
        address indexed proposer,
        bytes32 statuteHash,
        bytes32 contentAddress,
        bytes32 amends
    );

    /// @notice A principal sponsors a proposal; with `needed` sponsors it is on the ballot.
    event Sponsored(bytes32 indexed proposalId, address indexed principal, uint32 sponsors, uint32 needed);

    /// @notice The regulator's evidence is on record.
    event EvidenceRecorded(
        bytes32 indexed sessionId,
        address indexed clerk,
        bytes32 evidenceHash,
        bytes32 contentAddress
    );

    /// @notice A straw vote.
    event StrawVoted(bytes32 indexed sessionId, address indexed principal, uint8 proposal);

    /// @notice The order of speakers follows from this seed; `orderHash` is the hash of the shuffled list.
    event SpeakingOrderDrawn(bytes32 indexed sessionId, bytes32 seed, uint16 speakers, bytes32 orderHash);

    /// @notice A statement was made.
    event Spoke(
        bytes32 indexed sessionId, address indexed principal, uint8 round, bytes32 statementHash, bytes32 reasonsHash
    );

    /// @notice A minority position stays with its proposal on the ballot.
    event MinorityRecorded(bytes32 indexed proposalId, address indexed principal, bytes32 positionHash);

    /// @notice A sealed ballot was cast.
    event BallotCommitted(bytes32 indexed sessionId, address indexed principal, bytes32 commitment);

    /// @notice A ballot was opened, as the `index`-th.
    event BallotRevealed(bytes32 indexed sessionId, address indexed principal, uint32 index, uint64 ranking);

    /// @notice The tally counted `counted` of `reveals` ballots.
    event TallyAdvanced(bytes32 indexed sessionId, uint32 counted, uint32 reveals);

    /// @notice The ballot is decided: Copeland scores in half points, one byte a candidate.
    event BallotDecided(bytes32 indexed sessionId, bytes32 indexed proposalId, bytes32 scores, bool quorate);

    /// @notice A clique of ballots was proved; the winner waits `delaySecs` once and the panel is alerted.
    event CollusionProved(
        bytes32 indexed sessionId,
        address indexed claimant,
        bytes32 cliqueHash,
        uint16 size,
        uint40 delaySecs
    );

    /// @notice A claim of collusion did not hold at ballots `first` and `second`; its bond is lost.
    event CollusionRefuted(bytes32 indexed sessionId, address indexed claimant, uint32 first, uint32 second);

    /// @notice MSG_TYPE_1 was accepted.
    event IdentityRequested(
        bytes32 indexed sessionId,
        address indexed clerk,
        bytes32 challenge,
        uint16 minimumReputation
    );

    /// @notice MSG_TYPE_2 was accepted.
    event IdentityAttested(bytes32 indexed sessionId, address indexed agent, address principal, uint32 reputation);

    /// @notice An agent did not attest, or fell below the floor; it is dropped (L-09).
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

    /// @notice Seats of a node were awarded, best first; `runnerUp` is the next best bid plus one, or zero.
    event NodeAwarded(bytes32 indexed sessionId, uint16 indexed node, uint32[] bids, uint16[] scores, uint32 runnerUp);

    /// @notice A regulator wants another bid than the best.
    event AwardDeviated(
        bytes32 indexed sessionId,
        uint16 indexed node,
        address indexed clerk,
        uint32 best,
        uint32 chosen,
        bytes32 justificationHash
    );

    /// @notice The panel countersigned a deviation.
    event AwardCountersigned(bytes32 indexed sessionId, uint16 indexed node, uint32 chosen);

    /// @notice A bid was rejected by the regulator.
    event BidRejected(bytes32 indexed sessionId, uint32 indexed bid, uint16 reason);

    /// @notice A finding of the regulator.
    event ComplianceFlagged(
        bytes32 indexed sessionId, uint16 indexed node, uint16 code, Severity severity, bytes32 evidenceHash
    );

    /// @notice MSG_TYPE_5 was accepted from one regulator; `needed` of them are.
    event RegulatoryDecided(
        bytes32 indexed sessionId,
        address indexed clerk,
        bytes32 assignmentsHash,
        uint16 fairness,
        uint8 approvals,
        uint8 needed
    );

    /// @notice The regulator asked for another proposal.
    event ReproposalRequested(bytes32 indexed sessionId, address indexed clerk, uint8 reproposals);

    /// @notice The panel waived the fairness minimum for a session (L-06).
    event FairnessWaived(bytes32 indexed sessionId, bytes32 justificationHash);

    /// @notice MSG_TYPE_6 was accepted.
    event Codified(
        bytes32 indexed sessionId,
        address indexed clerk,
        bytes32 statuteHash,
        bytes32 assignmentsHash,
        bytes32 templateId,
        uint16 templateVersion
    );

    /// @notice `nodes` of the statute's nodes were validated so far.
    event ValidationAdvanced(bytes32 indexed sessionId, uint16 nodes, uint16 ofNodes);

    /// @notice Validation failed at a node by a rule of docs/statute.md.
    event ValidationFailed(bytes32 indexed sessionId, uint16 indexed node, uint8 rule, uint8 retries);

    /// @notice MSG_TYPE_7 was accepted from one clerk.
    event Approved(bytes32 indexed sessionId, address indexed clerk, uint8 role, bytes32 digest);

    /// @notice The panel audited a statute of high risk (RULINGS K4).
    event CodificationAudited(bytes32 indexed sessionId, bytes32 statuteHash);

    /// @notice A session's outcome is law.
    event LawEnacted(bytes32 indexed sessionId, bytes32 statuteHash, bytes32 assignmentsHash, uint64 epoch);

    /// @notice A template has a new version.
    event TemplatePublished(bytes32 indexed templateId, uint16 indexed version, bytes32 schemaHash);

    /// @notice The panel found that a node's statute was at fault (RULINGS K16).
    event SpecificationFaulted(bytes32 indexed missionId, uint16 indexed node, uint8 attempt);

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

    /// @notice No such petition, session, proposal, bid or template.
    error Unknown(bytes32 id);

    /// @notice The session is in `state`.
    error WrongSessionState(bytes32 sessionId, SessionState state);

    /// @notice The deliberation is at `step`.
    error WrongStep(bytes32 sessionId, Deliberation step);

    /// @notice Allowed from `from` on.
    error TooEarly(uint40 from);

    /// @notice Was allowed until `until`.
    error TooLate(uint40 until);

    /// @notice `principal` may not take part: not enrolled, without a producer, banned, frozen, or too fresh.
    error PrincipalRefused(address principal, uint8 rule);

    /// @notice `agent` may not take part: type, floor, ban, obligations, or of the sponsor's principal.
    error AgentRefused(address agent, uint8 rule);

    /// @notice `who` has done this already.
    error AlreadyDone(bytes32 id, address who);

    /// @notice `have` of `need` are there.
    error QuorumMissing(bytes32 id, uint32 have, uint32 need);

    /// @notice At most `limit` are possible.
    error TooMany(bytes32 id, uint32 limit);

    /// @notice A ballot is a permutation of `candidates` candidates, four bits each, best first.
    error InvalidRanking(uint64 ranking, uint8 candidates);

    /// @notice The opening does not match the commitment.
    error WrongOpening(bytes32 commitment);

    /// @notice A reintroduction needs another hash, and happens once.
    error NotAmended(bytes32 proposalId);

    /// @notice `found` stands where `expected` was approved before.
    error Mismatch(bytes32 sessionId, bytes32 expected, bytes32 found);

    /// @notice The speaker's turn belongs to `expected`.
    error OutOfTurn(address expected, address given);

    /// @notice The bid breaks rule `rule` of docs/signatures.md: `need` against `have`.
    error BidRefused(uint16 node, uint8 rule, uint256 need, uint256 have);

    /// @notice The node has `have` bids of distinct principals and needs `need`.
    error NodeUncovered(bytes32 sessionId, uint16 node, uint8 have, uint8 need);

    /// @notice The fairness is `fairness` of at least `minimum`.
    error Unfair(uint16 fairness, uint16 minimum);

    /// @notice A critical finding blocks codification.
    error CriticalFlag(uint16 node, uint16 code);

    /// @notice The template does not allow what the statute holds.
    error TemplateRefused(bytes32 templateId, uint8 rule);

    /// @notice The claim names fewer than `need` ballots, or too few candidates were ranked.
    error CliqueTooSmall(uint32 have, uint32 need);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ petitions and sessions

    /// @notice Opens a petition; the caller, an enrolled principal, is its first name.
    function openPetition(bytes32 subjectHash, bytes32 contentAddress) external returns (bytes32 petitionId);

    /// @notice Puts the caller's name under a petition.
    function signPetition(bytes32 petitionId) external;

    /// @notice Relays names under a petition. Anyone.
    function signPetitionFor(PetitionSignature[] calldata names, bytes[] calldata signatures) external;

    /// @notice Opens a session for a petition with enough names (20 % of the enrolled; RULINGS K6). Anyone.
    function openSession(bytes32 petitionId) external returns (bytes32 sessionId);

    /// @notice Opens a session for a non-leaf node (R19), one failed node (partial), or a failed mission (full). No
    /// petition and, for a partial one, no ballot is needed. Anyone.
    /// @param node of `missionId`; ignored for a full session
    function openDerivedSession(SessionKind kind, bytes32 missionId, uint16 node) external returns (bytes32 sessionId);

    // ------------------------------------------------------------------ proposals and deliberation

    /// @notice Proposes a statute by the hash of its packed pages. The caller is a producer agent of an enrolled
    /// principal.
    /// @param amends the earlier proposal that this reintroduces with another hash, once; or zero
    function propose(bytes32 sessionId, bytes32 statuteHash, bytes32 contentAddress, bytes32 amends)
        external
        returns (bytes32 proposalId);

    /// @notice Sponsors a proposal. The caller is an enrolled principal.
    function sponsor(bytes32 proposalId) external;

    /// @notice Relays sponsorships. Anyone.
    function sponsorFor(Sponsorship[] calldata names, bytes[] calldata signatures) external;

    /// @notice Opens the debate with the regulator's evidence. Anyone relays.
    function recordEvidence(DeliberationEvidence calldata evidence, bytes calldata signature) external;

    /// @notice Casts a straw vote. Anyone relays.
    function strawVote(StrawVote calldata vote, bytes calldata signature) external;

    /// @notice Shuffles the straw voters into a speaking order, seeded by all straw votes. Anyone, once.
    function drawSpeakingOrder(bytes32 sessionId) external;

    /// @notice Makes a statement in its turn; a turn that passed in silence is skipped. Anyone relays.
    function speak(Statement calldata statement, bytes calldata signature) external;

    /// @notice Records the caller's minority position, which stays with the proposal on the ballot.
    function recordMinority(bytes32 proposalId, bytes32 positionHash) external;

    // ------------------------------------------------------------------ ballots

    /// @notice Casts the caller's sealed ballot. The caller is an enrolled principal with a producer.
    function commitBallot(bytes32 sessionId, bytes32 commitment) external;

    /// @notice Relays sealed ballots. Anyone.
    function commitBallots(BallotCommitment[] calldata commitments, bytes[] calldata signatures) external;

    /// @notice Opens a ballot. Anyone who knows it.
    /// @param ranking candidates from the best on, four bits each, the best in the lowest bits; complete and strict
    function revealBallot(bytes32 sessionId, address principal, uint64 ranking, bytes32 salt) external;

    /// @notice Counts up to `ballots` more stored ballots; the last call decides. Anyone.
    function tally(bytes32 sessionId, uint32 ballots) external;

    /// @notice Claims under bond that the named revealed ballots form a clique: every pair's Kendall τ and top-3
    /// overlap is recomputed (RULINGS R27). True: the winner is delayed once and the panel alerted. False: the bond is
    /// lost.
    function claimCollusion(bytes32 sessionId, uint32[] calldata ballots) external;

    // ------------------------------------------------------------------ the seven messages

    /// @notice MSG_TYPE_1: the registrar asks all to identify. Anyone relays.
    function requestIdentity(IdentityRequest calldata message, bytes calldata signature) external;

    /// @notice MSG_TYPE_2: agents identify. Those who fail are dropped, not the session. Anyone relays.
    function attestIdentity(IdentityAttestation[] calldata messages, bytes[] calldata signatures) external;

    /// @notice Ends identification if every office is filled: by anyone, when all attested or the window passed.
    function confirmRoster(bytes32 sessionId) external;

    /// @notice MSG_TYPE_3: the speaker carries the winning proposal. Anyone relays.
    function publishProposal(DagProposal calldata message, bytes calldata signature) external;

    /// @notice MSG_TYPE_4: producers bid; stakes are reserved in the treasury. Anyone relays.
    function placeBids(TaskBid[] calldata messages, bytes[] calldata signatures) external;

    /// @notice Places a sealed bid; its stake is reserved. Anyone relays.
    function sealBid(SealedBid calldata message, bytes calldata signature) external;

    /// @notice Opens a sealed bid after bidding closed. Anyone who knows it.
    function openBid(uint32 bid, TaskBid calldata message, bytes32 salt) external;

    /// @notice Ends bidding when its window passed and every node is covered. Anyone.
    function closeBidding(bytes32 sessionId) external;

    /// @notice Awards the seats of up to `nodes` more nodes: best score first, ties to the earlier bid, principals
    /// distinct. The last call fixes assignments hash and fairness. Anyone.
    /// @param pages the statute's pages that hold these nodes
    function award(bytes32 sessionId, uint16 nodes, bytes[] calldata pages) external;

    /// @notice A regulator's award other than the best; waits for the panel. Anyone relays.
    function deviateAward(AwardDeviation calldata message, bytes calldata signature) external;

    /// @notice Countersigns a deviation.
    function countersignAward(bytes32 sessionId, uint16 node, uint32 chosen) external;

    /// @notice MSG_TYPE_5: a regulator decides; with several, a quorum of them must agree (L-12). Anyone relays.
    function decideRegulatory(RegulatoryDecision calldata message, bytes calldata signature) external;

    /// @notice Waives the fairness minimum of a session.
    function waiveFairness(bytes32 sessionId, bytes32 justificationHash) external;

    /// @notice MSG_TYPE_6: the codifier names statute, assignments and template. Anyone relays.
    function codify(CodedSpecification calldata message, bytes calldata signature) external;

    /// @notice Validates further pages against constitution and template; the last call opens approval. Anyone.
    function validate(bytes32 sessionId, bytes[] calldata pages) external;

    /// @notice MSG_TYPE_7: speaker and regulators approve; with both offices, by distinct principals, it is law. Anyone
    /// relays.
    function approve(LegislativeApproval calldata message, bytes calldata signature) external;

    /// @notice Audits the codification of a statute with a node of high risk.
    function auditCodification(bytes32 sessionId, bytes32 statuteHash) external;

    /// @notice Carries out a partial session: gives the failed node its new seats. Anyone.
    function applyReassignment(bytes32 sessionId) external;

    /// @notice Finds a node's statute at fault, so that its mission may be legislated anew.
    function declareSpecificationFault(bytes32 missionId, uint16 node, uint8 attempt) external;

    /// @notice Publishes a version of a template: the codifier signs, anyone relays.
    function publishTemplate(TemplateVersion calldata message, bytes calldata signature) external;

    // ------------------------------------------------------------------ exits

    /// @notice Takes a session out of a state whose deadline passed: to its next step where silence allows one, to
    /// failure otherwise. Reserved stakes become free. Anyone (docs/exits.md).
    function expireSession(bytes32 sessionId) external;

    /// @notice Closes a petition whose window passed. Anyone.
    function expirePetition(bytes32 petitionId) external;

    /// @notice Frees the stakes reserved for bids of an ended session or for losing bids. Anyone.
    function releaseBids(bytes32 sessionId, uint32[] calldata bids) external;

    // ------------------------------------------------------------------ views

    /// @notice A session.
    function session(bytes32 sessionId) external view returns (Session memory);

    /// @notice A proposal.
    function proposal(bytes32 proposalId) external view returns (Proposal memory);

    /// @notice The proposal at a place of the ballot.
    function candidate(bytes32 sessionId, uint8 index) external view returns (bytes32 proposalId);

    /// @notice A petition: names so far, names needed, and until when.
    function petition(bytes32 petitionId)
        external
        view
        returns (bytes32 subjectHash, uint32 signatures, uint32 needed, uint40 expiresAt, bool used);

    /// @notice A voter's commitment, and its ranking once revealed.
    function ballot(bytes32 sessionId, address principal)
        external
        view
        returns (bytes32 commitment, uint32 index, uint64 ranking);

    /// @notice How many ballots prefer the row's candidate to the column's: `candidates²` numbers, row by row.
    function matrix(bytes32 sessionId) external view returns (uint32[] memory);

    /// @notice Copeland scores in half points, and each candidate's greatest opposition.
    function scores(bytes32 sessionId) external view returns (uint8[] memory copeland, uint32[] memory opposition);

    /// @notice A bid, by its number.
    function bidOf(bytes32 sessionId, uint32 bid) external view returns (TaskBid memory);

    /// @notice Seats of a node as awarded, and the runner-up's bid plus one.
    function awarded(bytes32 sessionId, uint16 node)
        external
        view
        returns (AwardedSeat[] memory seats, uint32 runnerUp);

    /// @notice The law that a session made; not approved until Deployed.
    function lawOf(bytes32 sessionId) external view returns (Law memory);

    /// @notice A template's version.
    function template(bytes32 templateId, uint16 version)
        external
        view
        returns (bytes32 schemaHash, uint16 nodesMax, uint8 tiersAllowed, uint8 riskMax, uint8 predicatesMin);
}
