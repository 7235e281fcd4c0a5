// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Assembly: petitions, proposals, deliberation, ballots, collusion
/// @notice A session begins here: by a petition of enough principals, or for a node or mission that needs a law of its
/// own. Sponsored proposals are debated and ranked by one sealed ballot a principal; the legislature asks once what was
/// decided and carries it on. Every step has a deadline, after which anyone ends it; no halt stands in the way.
/// @dev Petitions, sessions and proposals are numbered by who opens them: `opener ‖ 0 (4 bytes) ‖ count (8 bytes)`, one count for all
/// three, so nobody else moves the number that a call will give.
/// Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
/// Anyone relays what is signed, the relayer pays; the regulator's evidence is charged to its envelope. Instants are unix
/// seconds.
///
/// ```text
/// Proposing ─▶ Debating ─▶ Committing ─▶ Revealing ─▶ Tallying ─▶ Decided     Skipped (partial sessions)
///                                            └─▶ Delayed ◀─┘ ─▶ Tallying, Decided
/// ```
/// A session without an admitted proposal, without quorum, without an opened ballot, or that no registrar took up in time has
/// failed.
interface IAssembly {
    // ------------------------------------------------------------------ types

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

    /// @notice What decided a ballot: points, the least opposition among those with most, or the earliest proposal of those.
    enum Stage {
        None,
        Copeland,
        Minimax,
        Earliest
    }

    /// @notice What became of a proposal.
    enum ProposalState {
        None,
        Sponsoring,
        Admitted,
        Adopted,
        Defeated,
        Lapsed
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

    /// @notice What is stored of a session's deliberation.
    /// @param failed whether it ended at this step without a decision
    /// @param expiresAt last second of the step; of a tally the last second for claims of collusion, zero if none can come
    /// @param enrolled voters when the session, later when the ballot opened: what the quorum counts against
    /// @param candidates places taken on the ballot: the sixteen proposals with most sponsors, at least as many as needed
    /// @param origin the petition, or the mission whose node or successor is legislated
    /// @param winner the adopted proposal; zero before it is decided, and in a partial session
    struct Election {
        Deliberation step;
        bool failed;
        SessionKind kind;
        uint64 epoch;
        uint32 legislativeEpoch;
        uint40 expiresAt;
        uint32 enrolled;
        uint32 commits;
        uint32 reveals;
        uint16 proposals;
        uint8 candidates;
        bytes32 origin;
        uint16 node;
        bytes32 winner;
    }

    /// @notice What the legislature carries on.
    /// @param decided whether there is anything to carry on, and the registrar is not late
    /// @param statuteHash of the winner; in a partial session that of the mission's own statute
    /// @param missionId mission whose node or successor is legislated; zero for a mission of its own
    /// @param expiresAt last second at which MSG_TYPE_1 opens the procedure
    /// @param sponsor who funds the mission: the proposing agent's principal when it proposed; of a derived session that mission's
    /// @param domain whose norms bind the mission; of a derived session that mission's
    struct Outcome {
        bool decided;
        SessionKind kind;
        uint64 epoch;
        uint32 legislativeEpoch;
        uint40 expiresAt;
        uint16 node;
        bytes32 missionId;
        bytes32 winner;
        bytes32 statuteHash;
        address sponsor;
        bytes32 domain;
    }

    /// @notice A proposal.
    /// @param sponsor the proposing agent's principal when it proposed: who funds the mission
    /// @param reintroductions how often its law came back so far
    /// @param candidate its place on the ballot plus one; zero if it is not on it
    /// @param minorities positions recorded beside it
    /// @param minorityDigest `dᵢ₊₁ = keccak(dᵢ, principal, positionHash)` over them, from zero on
    struct Proposal {
        ProposalState state;
        bytes32 sessionId;
        uint16 index;
        address proposer;
        address sponsor;
        bytes32 statuteHash;
        bytes32 domain;
        bytes32 amends;
        uint8 reintroductions;
        uint32 sponsors;
        uint8 candidate;
        uint32 minorities;
        bytes32 minorityDigest;
    }

    /// @notice A session's debate.
    /// @param evidenceHash the first evidence of a regulator; nobody polls or speaks before it
    /// @param seed of the speaking order: the exclusive or of `keccak(sessionId, principal, proposal)` over the straw votes
    /// @param voters straw votes
    /// @param speakers of every round; zero before the order is drawn
    /// @param drawnAt when the first round began
    struct Debate {
        bytes32 evidenceHash;
        bytes32 seed;
        uint32 voters;
        uint16 speakers;
        uint40 drawnAt;
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

    /// @notice A deliberation went a step further.
    event DeliberationChanged(bytes32 indexed sessionId, Deliberation step, uint40 expiresAt);

    /// @notice A session failed at `step`: nothing was admitted, no quorum, or no registrar took it up in time.
    event DeliberationFailed(bytes32 indexed sessionId, Deliberation step);

    /// @notice A statute was proposed, for a mission that `sponsor` funds. `amends` is the earlier proposal it reintroduces, or
    /// zero.
    event Proposed(
        bytes32 indexed sessionId,
        bytes32 indexed proposalId,
        address indexed proposer,
        address sponsor,
        bytes32 domain,
        bytes32 statuteHash,
        bytes32 contentAddress,
        bytes32 amends
    );

    /// @notice A principal sponsors a proposal; with `needed` sponsors it can be on the ballot.
    event Sponsored(bytes32 indexed proposalId, address indexed principal, uint32 sponsors, uint32 needed);

    /// @notice A proposal took this place on the ballot; the last one to take a place before the debate keeps it.
    event Admitted(bytes32 indexed sessionId, bytes32 indexed proposalId, uint8 place);

    /// @notice A proposal lost this place to one with more sponsors.
    event Displaced(bytes32 indexed sessionId, bytes32 indexed proposalId, uint8 place);

    /// @notice The regulator's evidence is on record.
    event EvidenceRecorded(
        bytes32 indexed sessionId,
        address indexed clerk,
        bytes32 evidenceHash,
        bytes32 contentAddress
    );

    /// @notice A straw vote.
    event StrawVoted(bytes32 indexed sessionId, address indexed principal, uint8 proposal);

    /// @notice The order of speakers follows from this seed and from the straw voters in the order of their logs: with
    /// `h₀ = seed`, `hᵢ₊₁ = keccak(hᵢ)` and `rᵢ` the last eight bytes of `hᵢ₊₁`, exchange the places `i` and
    /// `i + rᵢ mod (voters − i)` for each speaker. `orderHash` is the hash of their addresses, a word each.
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

    /// @notice The tally counted `counted` of `reveals` ballots. With the last it decides, at once or after the time of claims.
    event TallyAdvanced(bytes32 indexed sessionId, uint32 counted, uint32 reveals);

    /// @notice The ballot is decided, at this stage: Copeland scores in half points, one byte a candidate.
    event BallotDecided(bytes32 indexed sessionId, bytes32 indexed proposalId, bytes32 scores, Stage stage);

    /// @notice A clique of ballots was proved; the outcome waits `delaySecs` once, from the end of the reveals on, and the panel
    /// is alerted.
    event CollusionProved(
        bytes32 indexed sessionId,
        address indexed claimant,
        bytes32 cliqueHash,
        uint16 size,
        uint40 delaySecs
    );

    /// @notice A claim of collusion did not hold at ballots `first` and `second`; its bond is lost.
    event CollusionRefuted(bytes32 indexed sessionId, address indexed claimant, uint32 first, uint32 second);

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

    /// @notice No such petition, session or proposal.
    error Unknown(bytes32 id);

    /// @notice The deliberation is at `step`.
    error WrongStep(bytes32 sessionId, Deliberation step);

    /// @notice The session failed.
    error SessionFailed(bytes32 sessionId);

    /// @notice Allowed from `from` on.
    error TooEarly(uint40 from);

    /// @notice Was allowed until `until`.
    error TooLate(uint40 until);

    /// @notice `principal` may not take part, by rule: 1 not enrolled, 2 leaving, 3 without a producer, 4 banned, 5 frozen,
    /// 6 too young.
    error PrincipalRefused(address principal, uint8 rule);

    /// @notice `agent` may not propose; `rule` holds its bars (IAgent).
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

    /// @notice What comes back lost, and comes back once, under another hash, by an agent of the same principal.
    error NotAmended(bytes32 proposalId);

    /// @notice `found` stands where `expected` was approved before.
    error Mismatch(bytes32 sessionId, bytes32 expected, bytes32 found);

    /// @notice The turn is `expected`'s in this round, nobody's if both are zero.
    error OutOfTurn(address expected, uint8 round);

    /// @notice No regulator put evidence on record yet, or the evidence has no hash.
    error EvidenceMissing(bytes32 sessionId);

    /// @notice A statement gives its reasons.
    error ReasonsMissing(address principal);

    /// @notice The claim names fewer than `need` ballots, or too few candidates were ranked.
    error CliqueTooSmall(uint32 have, uint32 need);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ petitions and sessions

    /// @notice Opens a petition; the caller, an enrolled principal, is its first name. It gathers names as long as a proposal
    /// may look for sponsors.
    function openPetition(bytes32 subjectHash, bytes32 contentAddress) external returns (bytes32 petitionId);

    /// @notice Puts the caller's name under a petition.
    function signPetition(bytes32 petitionId) external;

    /// @notice Relays names under a petition. Anyone; a name that stands there already is passed over.
    function signPetitionFor(PetitionSignature[] calldata names, bytes[] calldata signatures) external;

    /// @notice Opens a session for a petition with enough names (20 % of the enrolled; RULINGS K6). Anyone.
    function openSession(bytes32 petitionId) external returns (bytes32 sessionId);

    /// @notice Opens a session for an eligible node (Child, R19), one failed node (Partial), or a failed mission or
    /// a node whose statute was found at fault (Full). No petition and, for a partial one, no ballot is needed. Anyone, and
    /// again when the last one for the same attempt failed.
    /// @param node of `missionId`; of a full session the node at fault, ignored if the mission failed
    function openDerivedSession(SessionKind kind, bytes32 missionId, uint16 node) external returns (bytes32 sessionId);

    // ------------------------------------------------------------------ proposals and deliberation

    /// @notice Proposes a statute by the hash of its packed pages. The caller is a producer agent of an enrolled
    /// principal, who funds the mission; all agents of a principal make at most sixteen in a session, as many as a ballot has places.
    /// @param domain whose norms bind the mission; in a derived session that of the mission it comes from
    /// @param amends the earlier proposal of the same principal that this reintroduces with another hash, once; or zero
    function propose(
        bytes32 sessionId,
        bytes32 statuteHash,
        bytes32 contentAddress,
        bytes32 domain,
        bytes32 amends
    ) external returns (bytes32 proposalId);

    /// @notice Sponsors a proposal. The caller is an enrolled principal.
    function sponsor(bytes32 proposalId) external;

    /// @notice Relays sponsorships. Anyone; one that is there already is passed over.
    function sponsorFor(Sponsorship[] calldata names, bytes[] calldata signatures) external;

    /// @notice Puts the regulator's evidence for the debate on record. Anyone relays.
    function recordEvidence(DeliberationEvidence calldata evidence, bytes calldata signature) external;

    /// @notice Casts a straw vote, after the evidence and before the speaking order is drawn. Anyone relays.
    function strawVote(StrawVote calldata vote, bytes calldata signature) external;

    /// @notice Shuffles the straw voters into a speaking order, seeded by all straw votes, once the poll has lasted as long as a
    /// round. Anyone, once.
    function drawSpeakingOrder(bytes32 sessionId) external;

    /// @notice Makes a statement in its turn, with its reasons; a turn that passed in silence is skipped. Anyone relays.
    function speak(Statement calldata statement, bytes calldata signature) external;

    /// @notice Records the caller's minority position, which stays with the proposal on the ballot.
    function recordMinority(bytes32 proposalId, bytes32 positionHash) external;

    // ------------------------------------------------------------------ ballots

    /// @notice Casts the caller's sealed ballot. The caller is an enrolled principal with a producer. A commitment is a hash: one whose
    /// first 24 bytes are zero is refused.
    function commitBallot(bytes32 sessionId, bytes32 commitment) external;

    /// @notice Relays sealed ballots. Anyone; a voter who has cast one already is passed over.
    function commitBallots(BallotCommitment[] calldata commitments, bytes[] calldata signatures) external;

    /// @notice Opens a ballot. Anyone who knows it.
    /// @param ranking candidates from the best on, four bits each, the best in the lowest bits; complete and strict
    function revealBallot(bytes32 sessionId, address principal, uint64 ranking, bytes32 salt) external;

    /// @notice Counts up to `ballots` more stored ballots, at most 8,192 in a call; the last call decides, once no claim of collusion can
    /// come any more. Anyone.
    function tally(bytes32 sessionId, uint32 ballots) external;

    /// @notice Claims under bond, while ballots are opened or counted, that the named ones form a clique: every pair's Kendall τ and
    /// overlap of the heads is recomputed (RULINGS R27). True: the outcome is delayed once and the panel alerted. False: the bond
    /// is lost. The clique must be a share of all opened ballots; while they are being opened, of all commitments.
    /// @param ballots their numbers, ascending, at most 2,048 with at most 256 different rankings
    function claimCollusion(bytes32 sessionId, uint32[] calldata ballots) external;

    // ------------------------------------------------------------------ exits

    /// @notice Takes a deliberation out of a step whose deadline passed: to its next step where silence allows one, to
    /// failure otherwise. Also of one that was decided and that no registrar took up. Anyone (docs/exits.md).
    function expireDeliberation(bytes32 sessionId) external;

    /// @notice Closes a petition whose window passed. Anyone.
    function expirePetition(bytes32 petitionId) external;

    // ------------------------------------------------------------------ views

    /// @notice What was decided, as the legislature asks it.
    function outcomeOf(bytes32 sessionId) external view returns (Outcome memory);

    /// @notice A session's deliberation.
    function election(bytes32 sessionId) external view returns (Election memory);

    /// @notice A proposal.
    function proposal(bytes32 proposalId) external view returns (Proposal memory);

    /// @notice A session's debate.
    function debate(bytes32 sessionId) external view returns (Debate memory);

    /// @notice The principal at a place of the speaking order; zero before it is drawn.
    function speaker(bytes32 sessionId, uint16 place) external view returns (address);

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
}
