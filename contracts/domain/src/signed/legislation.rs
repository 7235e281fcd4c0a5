//! What becomes law: petitions, proposals, ballots, the seven messages.

use super::declare::structs;

structs! {
    /// A name under a petition (RULINGS K6).
    PetitionSignature(bytes32 petition_id "petitionId", address principal "principal", uint64 deadline "deadline");

    /// A sponsorship (RESOLUTIONS L-02).
    Sponsorship(bytes32 proposal_id "proposalId", address principal "principal", uint64 deadline "deadline");

    /// The evidence that opens a debate (seed §3.4).
    DeliberationEvidence(
        bytes32 session_id "sessionId",
        bytes32 evidence_hash "evidenceHash",
        bytes32 content_address "contentAddress",
        uint64 deadline "deadline"
    );

    /// A straw vote (seed §3.4).
    StrawVote(
        bytes32 session_id "sessionId",
        address principal "principal",
        uint8 proposal "proposal",
        uint64 deadline "deadline"
    );

    /// A statement of one round (seed §3.4).
    Statement(
        bytes32 session_id "sessionId",
        uint8 round "round",
        address principal "principal",
        bytes32 statement_hash "statementHash",
        bytes32 reasons_hash "reasonsHash",
        uint64 deadline "deadline"
    );

    /// A sealed ballot (RESOLUTIONS L-04).
    BallotCommitment(
        bytes32 session_id "sessionId",
        address principal "principal",
        bytes32 commitment "commitment",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_1.
    IdentityRequest(
        bytes32 session_id "sessionId",
        bytes32 challenge "challenge",
        uint16 minimum_reputation "minimumReputation",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_2.
    IdentityAttestation(
        bytes32 session_id "sessionId",
        bytes32 challenge "challenge",
        address agent "agent",
        address principal "principal",
        bytes32 did_hash "didHash",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_3.
    DagProposal(
        bytes32 session_id "sessionId",
        bytes32 proposal_id "proposalId",
        bytes32 statute_hash "statuteHash",
        bytes32 content_address "contentAddress",
        bytes32 rationale_hash "rationaleHash",
        uint16 nodes "nodes",
        uint32 token_budget "tokenBudget",
        uint128 mission_budget "missionBudget",
        uint40 mission_deadline "missionDeadline",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_4, with the price that the seed forgot (RESOLUTIONS R-05).
    TaskBid(
        bytes32 session_id "sessionId",
        uint16 node "node",
        address agent "agent",
        bytes32 service_id "serviceId",
        bytes32 code_hash "codeHash",
        uint128 price "price",
        uint128 stake "stake",
        bytes32 source "source",
        uint32 latency_ms "latencyMs",
        uint16 match_permille "matchPermille",
        uint8 tier_acceptance "tierAcceptance",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_4 of which only a hash is known until bidding closes (RESOLUTIONS L-18).
    SealedBid(
        bytes32 session_id "sessionId",
        address agent "agent",
        uint16 node "node",
        bytes32 commitment "commitment",
        uint128 stake "stake",
        bytes32 source "source",
        uint64 deadline "deadline"
    );

    /// A bid that the regulator rejects, in MSG_TYPE_5 (RULINGS K12).
    RejectedBid(uint32 bid "bid", uint16 reason "reason");

    /// A finding of the regulator, in MSG_TYPE_5 (RULINGS K12).
    ComplianceFlag(uint16 node "node", uint16 code "code", uint8 severity "severity", bytes32 evidence_hash "evidenceHash");

    /// MSG_TYPE_5.
    RegulatoryDecision(
        bytes32 session_id "sessionId",
        bytes32 assignments_hash "assignmentsHash",
        uint16 fairness "fairness",
        [RejectedBid] rejected "rejected",
        [ComplianceFlag] flags "flags",
        bool repropose "repropose",
        uint64 deadline "deadline"
    ) [ComplianceFlag, RejectedBid];

    /// An award other than the best (RESOLUTIONS R-05).
    AwardDeviation(
        bytes32 session_id "sessionId",
        uint16 node "node",
        uint32 best "best",
        uint32 chosen "chosen",
        bytes32 justification_hash "justificationHash",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_6.
    CodedSpecification(
        bytes32 session_id "sessionId",
        bytes32 statute_hash "statuteHash",
        bytes32 assignments_hash "assignmentsHash",
        bytes32 template_id "templateId",
        uint16 template_version "templateVersion",
        uint64 deadline "deadline"
    );

    /// MSG_TYPE_7 (RESOLUTIONS L-13).
    LegislativeApproval(
        bytes32 session_id "sessionId",
        bytes32 statute_hash "statuteHash",
        bytes32 assignments_hash "assignmentsHash",
        uint64 epoch "epoch",
        uint8 role "role",
        uint64 deadline "deadline"
    );

    /// A version of a template (RULINGS K5).
    TemplateVersion(
        bytes32 template_id "templateId",
        uint16 version "version",
        bytes32 schema_hash "schemaHash",
        uint16 nodes_max "nodesMax",
        uint8 tiers_allowed "tiersAllowed",
        uint8 risk_max "riskMax",
        uint8 predicates_min "predicatesMin",
        uint64 deadline "deadline"
    );
}
