//! What founds a city and binds people to agents.

use super::declare::structs;

structs! {
    /// A contract of the city, in a manifest.
    Member(uint8 peer "peer", address account "account", bytes32 codehash "codehash");

    /// A parameter that does not start at its default, in a manifest.
    ParameterValue(uint8 id "id", bytes32 value "value");

    /// A clerk of the first hour, in a manifest.
    Clerk(uint8 role "role", address agent "agent", address principal "principal");

    /// Everything a city is sealed over (RULINGS A5).
    GenesisManifest(
        bytes32 mandate "mandate",
        address asset "asset",
        uint256 unit_scale "unitScale",
        [Member] members "members",
        [ParameterValue] parameters "parameters",
        [Clerk] clerks "clerks",
        [address] adjudicators "adjudicators",
        uint64 deadline "deadline"
    ) [Clerk, Member, ParameterValue];

    /// A person's wish to be a principal (RULINGS K1). The nonce is that of its record.
    PrincipalEnrolment(
        address principal "principal",
        uint8 class "class",
        uint64 nonce "nonce",
        uint64 deadline "deadline"
    );

    /// The registrar's word that it saw who that person is (RULINGS K1).
    EnrolmentAttestation(
        address principal "principal",
        uint8 class "class",
        bytes32 evidence_hash "evidenceHash",
        address registrar "registrar",
        uint64 nonce "nonce",
        uint64 deadline "deadline"
    );

    /// A principal's consent to answer for an agent (RESOLUTIONS I-01). The nonce is the principal's, times 65536, and the
    /// agent's registrations so far.
    PrincipalConsent(
        address agent "agent",
        bytes32 did_hash "didHash",
        uint8 agent_type "agentType",
        address principal "principal",
        uint32 max_sub_agents "maxSubAgents",
        uint64 nonce "nonce",
        uint64 deadline "deadline"
    );

    /// An agent's consent to stand above another, which inherits its principal (RULINGS R22). The nonce is built as for a
    /// principal's consent, with the inherited principal's.
    SubAgentConsent(
        address agent "agent",
        bytes32 did_hash "didHash",
        uint8 agent_type "agentType",
        address parent "parent",
        uint32 max_sub_agents "maxSubAgents",
        uint64 nonce "nonce",
        uint64 deadline "deadline"
    );

    /// A principal's consent to let an agent go to another, or to itself, which withdraws the last one (RESOLUTIONS I-07). The
    /// nonce: the principal's, the agent's registrations, its changes, and its releases since, sixteen bits each.
    PrincipalRelease(
        address agent "agent",
        address from "from",
        address to "to",
        uint64 nonce "nonce",
        uint64 deadline "deadline"
    );

    /// The other's consent to answer for it from now on (RESOLUTIONS I-07). The nonce is that of the release which it accepts,
    /// with its own in the place of the former principal's.
    PrincipalAcceptance(
        address agent "agent",
        address from "from",
        address to "to",
        uint32 max_sub_agents "maxSubAgents",
        uint64 nonce "nonce",
        uint64 deadline "deadline"
    );

    /// A clerk hands an operation to the microservice that its mandate names (seed B.3).
    DelegationRequest(
        address clerk "clerk",
        uint8 operation "operation",
        bytes32 service_id "serviceId",
        bytes32 subject "subject",
        bytes32 input_hash "inputHash",
        uint64 deadline "deadline"
    );

    /// The service's owner answers (RESOLUTIONS I-14).
    DelegationResult(
        bytes32 delegation_id "delegationId",
        bytes32 output_hash "outputHash",
        bytes32 artifact_hash "artifactHash",
        uint64 deadline "deadline"
    );
}
