// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Enactment: from bids to law
/// @notice Seats are awarded by score, the regulators decide on fairness and compliance, the codifier names statute,
/// assignments and template, the statute is validated page by page, speaker and regulators approve: then it is law. Whose
/// turn it is stands in the legislature, which is told each step.
/// @dev Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
/// Anyone relays what is signed, the relayer pays; a clerk's message is charged to the clerk's envelope. Instants are unix
/// seconds, money is in base units.
///
/// Both hashes of a law are those of its pages, folded from the right: `h(p₁ … pₙ) = keccak(keccak(p₁) ‖ h(p₂ … pₙ))`, `h() = 0`
/// (docs/statute.md). Whoever shows pages shows the hash of the rest beside them, so each is known to be right when it is
/// shown. The pages of seats follow from the award: the best of a node has seat 0.
interface IEnactment {
    // ------------------------------------------------------------------ types

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

    /// @notice A bid that the regulator rejects, and why: on record. What wins follows from the bids alone (R-05).
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

    /// @notice A law, as missions are compared with it.
    /// @dev `sponsor` alone creates its mission; anybody creates a child's, which has its parent's. `missionId` and `node` are
    /// those of a child's parent, or of the mission to be replaced. `domain` is the one whose norms bind it.
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
        address sponsor;
        bytes32 domain;
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

    /// @notice Seats of a node were awarded, best first; `runnerUp` is the next best bid plus one, or zero.
    event NodeAwarded(bytes32 indexed sessionId, uint16 indexed node, uint32[] bids, uint16[] scores, uint32 runnerUp);

    /// @notice Every node is awarded.
    event AwardCompleted(bytes32 indexed sessionId, bytes32 assignmentsHash, uint16 fairness, uint32 seats, uint32 bidders);

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

    /// @notice A partial session's seats went to the failed node of its mission.
    event NodeReassigned(bytes32 indexed sessionId, bytes32 indexed missionId, uint16 indexed node, uint8 seats);

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

    /// @notice This digest was used; where several clerks say the same, by this one.
    error AlreadyUsed(bytes32 digest);

    /// @notice No such session or template.
    error Unknown(bytes32 id);

    /// @notice The session is in this state of the legislature (ILegislature).
    error WrongSessionState(bytes32 sessionId, uint8 state);

    /// @notice Allowed from `from` on: until then sealed bids are opened.
    error TooEarly(uint40 from);

    /// @notice Was allowed until `until`.
    error TooLate(uint40 until);

    /// @notice `who` has done this already.
    error AlreadyDone(bytes32 id, address who);

    /// @notice At most `limit` are possible.
    error TooMany(bytes32 id, uint32 limit);

    /// @notice `found` stands where `expected` was approved before.
    error Mismatch(bytes32 sessionId, bytes32 expected, bytes32 found);

    /// @notice The pages are not the next of the statute, or the rest is not theirs.
    error WrongPages(bytes32 sessionId, bytes32 expected, bytes32 found);

    /// @notice Some node is not awarded yet: `awarded` of `nodes` are.
    error AwardIncomplete(bytes32 sessionId, uint16 awarded, uint16 nodes);

    /// @notice The node has `have` bids of distinct principals and needs `need`.
    error NodeUncovered(bytes32 sessionId, uint16 node, uint8 have, uint8 need);

    /// @notice The fairness is `fairness` of at least `minimum`.
    error Unfair(uint16 fairness, uint16 minimum);

    /// @notice A critical finding blocks codification: the session goes back to its proposal, or fails.
    error CriticalFlag(bytes32 sessionId);

    /// @notice The message speaks for office `need`, its signer holds office `have` (IManagement).
    error WrongOffice(uint8 need, uint8 have);

    /// @notice `clerk` did not attest for the session, so it has no voice in it.
    error NotAttested(bytes32 sessionId, address clerk);

    /// @notice A bid that won cannot be rejected beside a decision: deviate, or ask for another proposal.
    error BidAwarded(bytes32 sessionId, uint32 bid);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ award and regulation

    /// @notice Awards the nodes of up to `seatPages` more pages of seats, 16 nodes each: the best bids that may win, ties to the
    /// earlier, principals distinct, nobody's who funds the mission. The last call fixes assignments hash and fairness. A session for
    /// one node awards that one, of its mission's own statute, and needs no pages. Anyone.
    /// @param pages the statute's next pages, from the one on in which the next node stands
    /// @param rest hash of the pages behind them
    /// @param earlier in the last call, the hashes of the pages of seats that calls before awarded; otherwise empty
    function award(
        bytes32 sessionId,
        uint16 seatPages,
        bytes[] calldata pages,
        bytes32 rest,
        bytes32[] calldata earlier
    ) external;

    /// @notice A regulator's award other than the best; waits for the panel. Anyone relays.
    function deviateAward(AwardDeviation calldata message, bytes calldata signature) external;

    /// @notice Countersigns a deviation: the award begins anew, and at this node the chosen bid comes first.
    function countersignAward(bytes32 sessionId, uint16 node, uint32 chosen) external;

    /// @notice MSG_TYPE_5: a regulator that attested decides, once for its principal, for the award or for another proposal; what
    /// a quorum of them says is done (L-12). A critical finding counts for another proposal, and blocks this one. Anyone relays.
    function decideRegulatory(RegulatoryDecision calldata message, bytes calldata signature) external;

    /// @notice Waives the fairness minimum of a session.
    function waiveFairness(bytes32 sessionId, bytes32 justificationHash) external;

    // ------------------------------------------------------------------ codification and approval

    /// @notice MSG_TYPE_6: the codifier names statute, assignments and template. Anyone relays.
    function codify(CodedSpecification calldata message, bytes calldata signature) external;

    /// @notice Validates the statute's next pages against constitution and template; the last call opens approval, a node
    /// that breaks a rule costs a retry and a new MSG_TYPE_6. Anyone.
    /// @param rest hash of the pages behind them
    function validate(bytes32 sessionId, bytes[] calldata pages, bytes32 rest) external;

    /// @notice MSG_TYPE_7: speaker and regulators that attested approve; with the speaker and a quorum of regulators, all of
    /// distinct principals, it is law. Anyone relays.
    function approve(LegislativeApproval calldata message, bytes calldata signature) external;

    /// @notice Audits the codification of a statute with a node of high risk.
    function auditCodification(bytes32 sessionId, bytes32 statuteHash) external;

    /// @notice Publishes a version of a template: the codifier signs, anyone relays.
    function publishTemplate(TemplateVersion calldata message, bytes calldata signature) external;

    // ------------------------------------------------------------------ what follows

    /// @notice Carries out a partial session that is law: gives the failed node its new seats. Anyone, once.
    function applyReassignment(bytes32 sessionId) external;

    /// @notice Finds a node's statute at fault, so that its mission may be legislated anew.
    function declareSpecificationFault(bytes32 missionId, uint16 node, uint8 attempt) external;

    // ------------------------------------------------------------------ views

    /// @notice Seats of a node as awarded, and the runner-up's bid plus one.
    function awarded(bytes32 sessionId, uint16 node)
        external
        view
        returns (AwardedSeat[] memory seats, uint32 runnerUp);

    /// @notice Who stands behind those that won a node: whoever takes a seat there whose executor stays silent (RULINGS A3). Zeros if
    /// nobody does.
    function runnerUp(bytes32 sessionId, uint16 node) external view returns (AwardedSeat memory seat);

    /// @notice Bids that won a node, best first, and the runner-up plus one; empty before it is awarded.
    function awardOf(bytes32 sessionId, uint16 node) external view returns (uint32[] memory bids, uint32 runnerUp);

    /// @notice The law that a session made; not approved until Deployed.
    function lawOf(bytes32 sessionId) external view returns (Law memory);

    /// @notice A template's version.
    function template(bytes32 templateId, uint16 version)
        external
        view
        returns (bytes32 schemaHash, uint16 nodesMax, uint8 tiersAllowed, uint8 riskMax, uint8 predicatesMin);

    /// @notice The attempt at which the panel found a node's statute at fault, if it did.
    function specificationFault(bytes32 missionId, uint16 node) external view returns (bool declared, uint8 attempt);
}
