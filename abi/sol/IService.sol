// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Service: registry of the services that executors run
/// @notice A producer registers what it will run: the hash of the code, the hash of the interface's schema, where it is
/// reached and within which constraints it runs. A record never changes; another record is another service.
/// @dev Constructor: `(address constitution)`. Every function refuses native coin.
///
/// A service's id commits to its whole record, so the chain stores one word of it, the code hash:
/// `details = keccak256(abi.encode(schemaHash, keccak256(bytes(endpoint)), maxLatencyMs, maxMemoryMb, maxConcurrency,
/// keccak256(abi.encodePacked(networkPolicies))))` and `service = keccak256(abi.encode(owner, codeHash, details))`.
/// The event carries the rest; whoever shows `details` shows the owner.
interface IService {
    /// @notice The limits within which an executor runs the service; it enforces each.
    /// @param maxLatencyMs longest that one invocation may take, milliseconds; not zero
    /// @param maxMemoryMb most memory of the process, mebibytes; not zero
    /// @param maxConcurrency most invocations at a time; not zero
    /// @param networkPolicies hashes of the policies that allow traffic, ascending, at most 16; none: no network
    struct Constraints {
        uint32 maxLatencyMs;
        uint32 maxMemoryMb;
        uint16 maxConcurrency;
        bytes32[] networkPolicies;
    }

    /// @notice The code hash of a service, and since when it is deprecated, unix seconds; zero while it is not.
    struct Standing {
        bytes32 codeHash;
        uint64 deprecatedAt;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows the other members of its city, for ever.
    event Wired(address[14] members);

    /// @notice `owner` registered a service; this is its whole record.
    event ServiceRegistered(
        bytes32 indexed service,
        address indexed owner,
        bytes32 indexed codeHash,
        bytes32 schemaHash,
        string endpoint,
        Constraints constraints
    );

    /// @notice The service takes no new work, from `at` (unix seconds) for ever. Nodes bound to it that were not routed
    /// yet expire at the owner's fault.
    event ServiceDeprecated(bytes32 indexed service, address indexed owner, uint64 at);

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

    // ------------------------------------------------------------------ errors: the record

    /// @notice A service has a code hash and a schema hash; both must be there.
    error EmptyHash(bytes32 codeHash, bytes32 schemaHash);

    /// @notice A limit of zero would forbid every invocation.
    error ConstraintMissing(uint32 maxLatencyMs, uint32 maxMemoryMb, uint16 maxConcurrency);

    /// @notice `count` policies; at most `most` are taken.
    error TooManyPolicies(uint256 count, uint256 most);

    /// @notice Policy `index` is not greater than the one before it (the first: not greater than zero).
    error PoliciesNotAscending(uint256 index);

    /// @notice An endpoint has 1 to `most` bytes.
    error EndpointLength(uint256 length, uint256 most);

    /// @notice The endpoint begins with none of `https://`, `http://`, `ipfs://`, `urn:`.
    error UnsupportedScheme();

    /// @notice Byte `at` of the endpoint cannot stand there.
    error MalformedEndpoint(uint256 at);

    /// @notice The host that begins at byte `at` is not this machine; other hosts are reached by `https://`.
    error NotLoopback(uint256 at);

    // ------------------------------------------------------------------ errors: the registry

    /// @notice This very record is registered, perhaps deprecated; a record is registered once.
    error AlreadyRegistered(bytes32 service);

    /// @notice There is no such service.
    error UnknownService(bytes32 service);

    /// @notice The service was deprecated at `at`, unix seconds.
    error AlreadyDeprecated(bytes32 service, uint64 at);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution this contract was constructed with.
    function constitution() external view returns (address);

    /// @notice Asks the constitution for the city's members and keeps them. Anyone may call it, once, after the seal.
    function wire() external;

    // ------------------------------------------------------------------ registry

    /// @notice Registers a service of the caller, which must be a producer in good standing.
    /// @param codeHash hash of the artifact that runs, by the rule of `agentcity service publish`
    /// @param schemaHash hash of the canonical schema of its interface
    /// @param endpoint where it is reached: `https://` with any host, `http://` with a loopback host, `ipfs://` with a
    /// content id, or `urn:` for what an executor starts itself; 1 to 256 bytes of printable ASCII
    function registerService(
        bytes32 codeHash,
        bytes32 schemaHash,
        string calldata endpoint,
        Constraints calldata constraints
    ) external returns (bytes32 service);

    /// @notice Ends a service of the caller: it takes no new work. Always allowed, also to a banned owner; never undone.
    /// @param details what the id commits to beside owner and code hash
    function deprecateService(bytes32 service, bytes32 details) external;

    // ------------------------------------------------------------------ views

    /// @notice Whether `liveHash` is the code hash that was registered. Reverts with `UnknownService`.
    function verifyCodeHash(bytes32 service, bytes32 liveHash) external view returns (bool);

    /// @notice The code hash, and since when the service is deprecated, unix seconds; zero while it is not. Reverts with
    /// `UnknownService`.
    function standing(bytes32 service) external view returns (bytes32 codeHash, uint64 deprecatedAt);

    /// @notice The same of the services of a node, in one call: at most 7. Reverts with `UnknownService` for the first that is none.
    function standings(bytes32[] calldata services) external view returns (Standing[] memory);

    /// @notice Whether `account` registered `service`, shown by `details`. False for what is not registered.
    function isOwner(bytes32 service, address account, bytes32 details) external view returns (bool);

    /// @notice The id and the details of a record, whether registered or not; refuses what could not be registered.
    function identify(
        address owner,
        bytes32 codeHash,
        bytes32 schemaHash,
        string calldata endpoint,
        Constraints calldata constraints
    ) external view returns (bytes32 service, bytes32 details);
}
