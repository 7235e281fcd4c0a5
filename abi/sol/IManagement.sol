// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Management: the clerks' offices, envelopes and delegations
/// @notice What a clerk may do, how often, and what it must hand to a microservice first. Clerks sign, anyone relays; the
/// contract that verified a clerk's message charges it here, and is refused if the envelope does not hold it.
/// @dev Constructor: `(address constitution)`. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
/// A signature is `r, s, v` with a low `s`, or whatever the signing contract accepts by ERC-1271 (RULINGS R22). Every
/// function refuses native coin. Masks hold a bit for each number.
///
/// Roles: 0 registrar, 1 speaker, 2 regulator, 3 codifier.
///
/// Operations, each charged by the contract in brackets: 0 AttestPrincipal (agent), 1 RequestIdentity and 2
/// PublishProposal (legislature), 3 PublishEvidence (assembly), 4 DeviateAward, 5 DecideRegulatory, 6 Codify, 7
/// PublishTemplate and 8 Approve (enactment). No clerk's, ever: 9 UpdateReputation (agent), 10 AmendParameter (constitution), 11 SubmitBid (legislature),
/// 12 RegisterService (service).
///
/// Delegated operations, with the operation that rests on each: 0 DidVerification (0), 1 ReputationCheck (1), 2
/// DagValidation (2), 3 NegotiationTracking (8, the speaker's), 4 HhiCalculation (5), 5 ComplianceCheck (5), 6
/// BytecodeCompilation (6), 7 StructuralConformance (6), 8 AlignmentVerification (6).
///
/// ```text
/// clerk       None -admitGenesisClerk (anyone)-> Active -revokeManagementRole-> Revoked
///             None, Revoked -registerManagementAgent-> Active
/// delegation  None -delegate-> Open -recordDelegationResult-> Recorded
///                              Open -expireDelegation (anyone, after dueAt)-> Expired
/// ```
interface IManagement {
    // ------------------------------------------------------------------ types

    /// @notice Where a delegation stands.
    enum DelegationState {
        None,
        Open,
        Recorded,
        Expired
    }

    /// @notice A clerk.
    /// @param known whether it ever held an office; if not, everything is zero
    /// @param active whether it holds it now
    /// @param operationsMax most operations on one subject
    /// @param since when it was admitted last, unix seconds
    struct Clerk {
        bool known;
        bool active;
        uint8 role;
        uint64 permitted;
        uint64 prohibited;
        uint16 operationsMax;
        uint64 since;
    }

    /// @notice What a clerk signs to hand an operation to the mandated microservice.
    /// @param operation the delegated operation
    /// @param serviceId the service
    /// @param subject mission, session or whatever the operation is about
    /// @param inputHash hash of what the service works on
    /// @param deadline last second, unix, at which it is taken
    struct DelegationRequest {
        address clerk;
        uint8 operation;
        bytes32 serviceId;
        bytes32 subject;
        bytes32 inputHash;
        uint64 deadline;
    }

    /// @notice What the service's owner signs in answer.
    /// @param outputHash hash of the output; not zero
    /// @param artifactHash hash of the artifact for inspection; not zero if the mandate demands one
    /// @param deadline last second, unix, at which it is taken
    struct DelegationResult {
        bytes32 delegationId;
        bytes32 outputHash;
        bytes32 artifactHash;
        uint64 deadline;
    }

    /// @notice A delegation. What was asked is in the event, and committed to by the id.
    /// @param artifactDue whether the answer must bring an artifact
    /// @param dueAt last second, unix, at which it is answered
    /// @param outputHash zero until it is answered
    struct Delegation {
        DelegationState state;
        address clerk;
        uint8 operation;
        bool artifactDue;
        uint64 openedAt;
        uint64 dueAt;
        bytes32 outputHash;
        bytes32 artifactHash;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows the other members of its city, for ever.
    event Wired(address[14] members);

    /// @notice An agent holds an office; `genesis` if by the manifest.
    event ManagementAgentRegistered(
        address indexed clerk,
        uint8 indexed role,
        address indexed principal,
        uint64 permitted,
        uint64 prohibited,
        uint16 operationsMax,
        bool genesis
    );

    /// @notice A clerk's envelope was replaced.
    event PermissionsUpdated(address indexed clerk, uint64 permitted, uint64 prohibited, uint16 operationsMax);

    /// @notice A clerk holds its office no longer.
    event ManagementRoleRevoked(address indexed clerk, uint8 indexed role, bytes32 reason);

    /// @notice An operation was charged to a clerk: the `used`-th on this subject.
    event OperationValidated(address indexed clerk, uint8 indexed operation, bytes32 indexed subject, uint16 used);

    /// @notice A delegated operation is mandated to `serviceId`, or, with zero, to none. `version` counts changes.
    event MandateSet(uint8 indexed operation, bytes32 indexed serviceId, bytes32 artifactSchema, uint32 version);

    /// @notice A clerk handed an operation over.
    event DelegationInvoked(
        bytes32 indexed delegationId,
        address indexed clerk,
        bytes32 indexed serviceId,
        uint8 operation,
        bytes32 subject,
        bytes32 inputHash,
        uint64 dueAt
    );

    /// @notice The service's owner answered; `counts` if the service is mandated still and the answer brings
    /// the artifact that the mandate demands by now, so that the clerk may proceed.
    event DelegationCompleted(
        bytes32 indexed delegationId, address indexed owner, bytes32 outputHash, bytes32 artifactHash, bool counts
    );

    /// @notice Nobody answered in time.
    event DelegationExpired(bytes32 indexed delegationId, address indexed clerk);

    // ------------------------------------------------------------------ errors: who and when

    /// @notice `caller` may not do this.
    error Unauthorized(address caller);

    /// @notice The call is no call of this interface, or not well-formed.
    error MalformedCall();

    /// @notice The function takes no coins.
    error NotPayable();

    /// @notice A contract is constructed once.
    error AlreadyConstructed();

    /// @notice The city is not sealed yet.
    error NotSealed();

    /// @notice The city's members are not known here yet; anyone may call `wire()`.
    error NotWired();

    /// @notice The members are known already.
    error AlreadyWired();

    /// @notice The signature is not `signer`'s.
    error InvalidSignature(address signer);

    /// @notice What was signed was good until `deadline`, unix seconds, inclusive.
    error Expired(uint64 deadline);

    // ------------------------------------------------------------------ errors: offices

    /// @notice There is no office `role`.
    error UnknownRole(uint8 role);

    /// @notice There is no operation `operation`.
    error UnknownOperation(uint8 operation);

    /// @notice The agent is of type `agentType`, or barred by `bars` (as `IAgent.standing` tells): a clerk is an active
    /// management agent whose principal is neither banned nor frozen.
    error NotEligible(address agent, uint8 agentType, uint8 bars);

    /// @notice The agent holds office `role` already; one that the manifest names may have lost it since.
    error AlreadyClerk(address clerk, uint8 role);

    /// @notice The agent holds no office.
    error NotClerk(address clerk);

    /// @notice The manifest gives `agent` no office.
    error NotInManifest(address agent);

    /// @notice The office was given with principal `expected`, by the manifest or at the admission; `found` answers for the
    /// agent now. Such an office is dead until adjudication admits the agent anew.
    error PrincipalMismatch(address expected, address found);

    // ------------------------------------------------------------------ errors: envelopes

    /// @notice An envelope permits something.
    error EmptyEnvelope();

    /// @notice These operations are not of office `role`, or do not exist.
    error NotGrantable(uint8 role, uint64 operations);

    /// @notice These operations are both permitted and prohibited.
    error Contradiction(uint64 operations);

    /// @notice An envelope's rate is 1 to `most`.
    error RateOutOfRange(uint16 operationsMax, uint32 most);

    /// @notice The envelope prohibits the operation.
    error Prohibited(address clerk, uint8 operation);

    /// @notice The envelope does not permit the operation.
    error NotPermitted(address clerk, uint8 operation);

    /// @notice The clerk has carried out `most` operations on this subject.
    error RateExceeded(address clerk, uint16 most);

    /// @notice Delegations of these operations, on this subject, must be answered first.
    error DelegationMissing(address clerk, uint64 missing);

    // ------------------------------------------------------------------ errors: delegations

    /// @notice There is no delegated operation `operation`.
    error UnknownDelegated(uint8 operation);

    /// @notice Another office hands this operation over.
    error OtherOffice(address clerk, uint8 operation);

    /// @notice Nothing is mandated for the operation.
    error NotMandated(uint8 operation);

    /// @notice Service `mandated` is the one, not `given`.
    error OtherService(bytes32 mandated, bytes32 given);

    /// @notice The service takes no work since `at`, unix seconds.
    error DeprecatedService(bytes32 serviceId, uint64 at);

    /// @notice Without a service there is no artifact.
    error SchemaWithoutService();

    /// @notice This request opened a delegation before.
    error AlreadyDelegated(bytes32 delegationId);

    /// @notice There is no such delegation.
    error UnknownDelegation(bytes32 delegationId);

    /// @notice The delegation is answered or expired.
    error NotOpen(bytes32 delegationId, DelegationState state);

    /// @notice The answer was due until `dueAt`, unix seconds, inclusive.
    error Overdue(uint64 dueAt);

    /// @notice The answer is due until `dueAt`, unix seconds, inclusive.
    error TooEarly(uint64 dueAt);

    /// @notice An answer has an output.
    error OutputMissing();

    /// @notice The mandate demands an artifact.
    error ArtifactMissing(bytes32 delegationId);

    /// @notice The answer is to another delegation.
    error OtherDelegation(bytes32 expected, bytes32 given);

    /// @notice `account` did not register `serviceId`, or other details were shown.
    error NotServiceOwner(address account, bytes32 serviceId);

    /// @notice Mandates changed 2^32 - 1 times.
    error VersionsExhausted();

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution this contract was constructed with.
    function constitution() external view returns (address);

    /// @notice Asks the constitution for the city's members and keeps them. Anyone may call it, once, after the seal.
    function wire() external;

    // ------------------------------------------------------------------ offices

    /// @notice Gives an agent the office that the manifest names, with the office's whole envelope. Anyone may call it,
    /// once for each such agent, as soon as it is registered under the principal that the manifest names.
    function admitGenesisClerk(address agent) external;

    /// @notice Gives an agent an office. Only for adjudication. An office dies with a change of the agent's principal, and
    /// is given anew so.
    /// @param permitted operations, of the office's own
    /// @param prohibited operations; those that the office's structure prohibits are added
    /// @param operationsMax most operations on one subject, at most the table's `clerkOperationsPerSubject`
    function registerManagementAgent(
        address agent,
        uint8 role,
        uint64 permitted,
        uint64 prohibited,
        uint16 operationsMax
    ) external;

    /// @notice Replaces a clerk's envelope; nothing of the old one remains. Only for adjudication. It is the seed's
    /// `setPermittedOperations` too: a mask is set whole.
    function updatePermissions(address clerk, uint64 permitted, uint64 prohibited, uint16 operationsMax) external;

    /// @notice Takes a clerk's office away. Only for adjudication.
    function revokeManagementRole(address clerk, bytes32 reason) external;

    /// @notice Mandates a live service for a delegated operation, for every clerk of its office; zero lifts the mandate.
    /// Answers that were not used yet count no longer. Only for adjudication.
    /// @param artifactSchema hash of the schema of the artifact that every answer must bring; zero: none
    function setMandate(uint8 operation, bytes32 serviceId, bytes32 artifactSchema) external;

    /// @notice Charges an operation on a subject to a clerk, which must have the principal it was admitted with. Only for
    /// the contract that the operation belongs to.
    /// @return role the clerk's office
    function validateOperation(address clerk, uint8 operation, bytes32 subject) external returns (uint8 role);

    // ------------------------------------------------------------------ delegations

    /// @notice Opens the delegation that a clerk signed. Anyone relays.
    /// @return delegationId the request's EIP-712 digest
    function delegate(DelegationRequest calldata request, bytes calldata signature)
        external
        returns (bytes32 delegationId);

    /// @notice Records the answer that the service's owner signed. Anyone relays; the owner itself may leave the signature
    /// empty.
    /// @param request as it was signed
    /// @param owner who registered the service
    /// @param details of the service's record, which show that
    function recordDelegationResult(
        DelegationRequest calldata request,
        address owner,
        bytes32 details,
        DelegationResult calldata result,
        bytes calldata signature
    ) external;

    /// @notice Ends a delegation that was not answered in time. Anyone.
    function expireDelegation(bytes32 delegationId) external;

    // ------------------------------------------------------------------ views

    /// @notice A clerk's record.
    function clerkOf(address clerk) external view returns (Clerk memory);

    /// @notice The whole envelope of an office: its permitted and its structurally prohibited operations.
    function profileOf(uint8 role) external view returns (uint64 permitted, uint64 prohibited);

    /// @notice Whether a clerk may carry out an operation on a subject now; charges nothing. What would refuse it refuses
    /// here.
    function requirePermitted(address clerk, uint8 operation, bytes32 subject) external view returns (uint8 role);

    /// @notice What a clerk did on a subject: operations charged, and delegated operations answered and not used yet.
    function ledgerOf(address clerk, bytes32 subject) external view returns (uint16 used, uint64 answered);

    /// @notice The service mandated for a delegated operation, and the schema of the artifact it must bring; zeros: none.
    function mandateOf(uint8 operation) external view returns (bytes32 serviceId, bytes32 artifactSchema);

    /// @notice The delegated operations that are mandated, and the changes so far.
    function mandates() external view returns (uint64 operations, uint32 version);

    /// @notice A delegation's record.
    function delegationOf(bytes32 delegationId) external view returns (Delegation memory);

    /// @notice The digest that a clerk signs: the delegation's id.
    function requestDigest(DelegationRequest calldata request) external view returns (bytes32);

    /// @notice The digest that a service's owner signs.
    function resultDigest(DelegationResult calldata result) external view returns (bytes32);
}
