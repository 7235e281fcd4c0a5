// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Constitution: mandate, parameters in epochs, wiring, genesis seal, norms
/// @notice What a city is founded on. Born with its mandate, its settlement asset and its genesis adjudicators; sealed
/// once, by their signatures, over everything else. Before the seal nobody commands it, after the seal only the
/// adjudication contract does. Whoever deployed it never does.
/// @dev Constructor: `(bytes32 mandate, address asset, uint256 unitScale, address[] adjudicators)`. Every function
/// refuses native coin. EIP-712 domain: name "AgentCity", version "1", the chain, this contract.
///
/// An epoch is one immutable set of all parameter values. Its page is the code of a data contract, `0x00` and then
/// every value at its fixed place; this contract creates page `n` as its `n`-th creation, so anyone computes its address.
/// Epoch 1 is written by the seal, each amendment writes the next. Numbers of epochs are all that others store.
interface IConstitution {
    // ------------------------------------------------------------------ the genesis manifest

    /// @notice A contract of the city.
    /// @param peer 1 agent, 2 management, 3 service, 4 legislature, 5 collaboration, 6 treasury, 7 adjudication
    /// @param codehash its EXTCODEHASH
    struct Member {
        uint8 peer;
        address account;
        bytes32 codehash;
    }

    /// @notice A parameter that does not start at its default.
    struct ParameterValue {
        uint8 id;
        bytes32 value;
    }

    /// @notice A clerk of the first hour.
    /// @param role 0 registrar, 1 speaker, 2 regulator, 3 codifier
    struct Clerk {
        uint8 role;
        address agent;
        address principal;
    }

    /// @notice What the genesis adjudicators sign.
    /// @param mandate as constructed
    /// @param asset as constructed
    /// @param unitScale as constructed
    /// @param members the seven others, in the order of their peers
    /// @param parameters in the order of their ids, each at most once
    /// @param clerks in the order of their roles, each role at least once
    /// @param adjudicators as constructed
    /// @param deadline last second, unix, at which the seal is accepted
    struct GenesisManifest {
        bytes32 mandate;
        address asset;
        uint256 unitScale;
        Member[] members;
        ParameterValue[] parameters;
        Clerk[] clerks;
        address[] adjudicators;
        uint64 deadline;
    }

    // ------------------------------------------------------------------ the parameter table

    /// @notice A parameter: its row in the table, and its value.
    /// @param value in force; the default before the seal
    /// @param defaultValue at which a city starts unless its manifest says otherwise
    /// @param least lowest number; zero for what is no number
    /// @param greatest highest number; zero for what is no number
    /// @param kind 0 address, 1 hash, 2 number, 3 constant, which nobody amends
    /// @param tier of risk: 0 low, 1 medium, 2 high
    /// @param weakens which way it weakens the law: 0 up, 1 down, 2 any change, 3 none
    /// @param scope which epoch's value counts: 0 city, the one in force; 1 session, that of its opening; 2 mission, that of
    /// its finalising
    struct Parameter {
        bytes32 value;
        bytes32 defaultValue;
        uint32 least;
        uint32 greatest;
        uint8 kind;
        uint8 tier;
        uint8 weakens;
        uint8 scope;
    }

    // ------------------------------------------------------------------ events

    /// @notice The city is sealed: its members never change from here on.
    /// @param digest what was signed (EIP-712)
    /// @param members by peer; the first is this contract
    /// @param signers who signed, ascending
    event Sealed(bytes32 indexed digest, address[14] members, address[] signers);

    /// @notice Epoch `epoch` is in force; its values are the code of `page`.
    event EpochOpened(uint64 indexed epoch, address page);

    /// @notice Parameter `id` changed with the beginning of `epoch`.
    /// @param queuedAt when the change was queued, unix seconds
    /// @param direction 1 tighter, 2 weaker, 3 neither
    event ParameterAmended(
        uint8 indexed id, bytes32 oldValue, bytes32 newValue, uint64 indexed epoch, uint64 queuedAt, uint8 direction
    );

    /// @notice A norm is in force in its domain.
    event NormEnacted(bytes32 indexed id, bytes32 indexed domain);

    /// @notice A norm no longer stands: its domain halts finalising until it is restored.
    event NormStruck(bytes32 indexed id, bytes32 indexed domain);

    /// @notice A struck norm stands again.
    event NormRestored(bytes32 indexed id, bytes32 indexed domain);

    // ------------------------------------------------------------------ errors: who and when

    /// @notice `caller` may not do this.
    error Unauthorized(address caller);

    /// @notice The call is no call of this interface, or not well-formed.
    error MalformedCall();

    /// @notice No function takes coins.
    error NotPayable();

    /// @notice It is constructed once.
    error AlreadyConstructed();

    /// @notice The city is not sealed yet.
    error NotSealed();

    /// @notice The city is sealed; it is sealed once.
    error AlreadySealed();

    // ------------------------------------------------------------------ errors: construction

    /// @notice A city needs a mandate.
    error MandateMissing();

    /// @notice Nothing lives at `asset`, so it is no token.
    error AssetWithoutCode(address asset);

    /// @notice A stake unit is 1 to 2^96 - 1 base units.
    error UnitScaleOutOfRange(uint256 unitScale);

    /// @notice `count` genesis adjudicators; at least `least` and at most `most` are needed.
    error AdjudicatorCountOutOfRange(uint256 count, uint256 least, uint256 most);

    /// @notice Genesis adjudicator `index` is zero or stands there twice.
    error InvalidAdjudicator(uint256 index, address adjudicator);

    // ------------------------------------------------------------------ errors: the seal

    /// @notice The manifest was good until `deadline`, unix seconds, inclusive.
    error Expired(uint64 deadline);

    /// @notice This city was constructed with another mandate.
    error MandateMismatch(bytes32 expected, bytes32 given);

    /// @notice This city was constructed with another asset.
    error AssetMismatch(address expected, address given);

    /// @notice This city was constructed with another scale.
    error UnitScaleMismatch(uint256 expected, uint256 given);

    /// @notice Adjudicator `index` differs from the one constructed; zero where one of the lists has ended.
    error AdjudicatorMismatch(uint256 index, address expected, address given);

    /// @notice A city has seven other members.
    error MemberCountMismatch(uint256 count);

    /// @notice Member `index` is not the peer whose place that is.
    error MemberOutOfOrder(uint256 index, uint8 expected, uint8 given);

    /// @notice `account` is zero, this contract, or another member too.
    error DuplicateMember(uint8 peer, address account);

    /// @notice The code at `account` is not what was signed.
    error CodehashMismatch(uint8 peer, address account, bytes32 expected, bytes32 found);

    /// @notice `account` names another constitution (zero: it names none).
    error ForeignMember(uint8 peer, address account, address constitution);

    /// @notice Clerk `index` comes before a lesser role, or its role does not exist.
    error ClerkOutOfOrder(uint256 index, uint8 role);

    /// @notice Nobody holds `role`.
    error ClerkMissing(uint8 role);

    /// @notice More clerks than a city has offices for.
    error TooManyClerks(uint256 count, uint256 most);

    /// @notice The clerk's agent or principal is zero, the agent is its own principal, or holds an office already.
    error InvalidClerk(uint256 index, address agent, address principal);

    /// @notice All clerks answer to one principal; two at least are needed to check each other.
    error ClerksShareOnePrincipal(address principal);

    /// @notice Parameters come in the order of their ids, each at most once.
    error ParameterOutOfOrder(uint256 index, uint8 id);

    /// @notice The city has fewer adjudicators than its own parameter demands.
    error BelowQuorum(uint256 adjudicators, uint256 quorum);

    /// @notice `given` signatures; `needed` are two thirds of the genesis adjudicators, rounded up.
    error TooFewSignatures(uint256 given, uint256 needed);

    /// @notice Signature `index` is nobody's: shorter than a signature, with the upper `s`, or it recovers to nobody.
    error MalformedSignature(uint256 index);

    /// @notice The contract `signer` does not accept the signature given as its.
    error InvalidSignature(address signer);

    /// @notice Signers come in ascending order, each once.
    error SignersNotAscending(address previous, address signer);

    /// @notice `signer` is no genesis adjudicator of this city.
    error NotGenesisAdjudicator(address signer);

    /// @notice The chain did not create the page of `epoch`: too little gas.
    error PageNotCreated(uint64 epoch);

    // ------------------------------------------------------------------ errors: parameters

    /// @notice There is no epoch `epoch`, or not yet.
    error UnknownEpoch(uint64 epoch);

    /// @notice There is no contract of number `peer`.
    error UnknownPeer(uint8 peer);

    /// @notice There is no parameter `id`.
    error UnknownParameter(uint8 id);

    /// @notice Parameter `id` is a constant: nobody changes it.
    error ConstantParameter(uint8 id);

    /// @notice `value` is no number from `least` to `greatest`.
    error ParameterOutOfRange(uint8 id, bytes32 value, uint32 least, uint32 greatest);

    /// @notice `value` is no address, or an empty hash.
    error MalformedParameter(uint8 id, bytes32 value);

    /// @notice `lesser` would be above `greater`, and never may.
    error RelationBroken(uint8 lesser, uint32 lesserValue, uint8 greater, uint32 greaterValue);

    /// @notice Those who decided saw `expected`; the value in force is `found`.
    error StaleValue(bytes32 expected, bytes32 found);

    /// @notice The value in force is `value` already.
    error UnchangedValue(bytes32 value);

    /// @notice The change may be made from `readyAt` on, unix seconds; it is `now_`.
    error TooEarly(uint64 readyAt, uint64 now_);

    // ------------------------------------------------------------------ errors: norms

    /// @notice A norm and its domain are not zero.
    error EmptyNorm(bytes32 id, bytes32 domain);

    /// @notice The norm exists already, in `domain`.
    error NormExists(bytes32 id, bytes32 domain);

    /// @notice There is no such norm.
    error UnknownNorm(bytes32 id);

    /// @notice The norm is struck already.
    error NormAlreadyStruck(bytes32 id);

    /// @notice The norm stands; only a struck one is restored.
    error NormNotStruck(bytes32 id);

    // ------------------------------------------------------------------ foundation

    /// @notice What the city is for: the hash of a text that its founders publish.
    function mandate() external view returns (bytes32);

    /// @notice What the city pays in; zero is the native coin.
    function asset() external view returns (address);

    /// @notice Base units of the asset in one unit of stake.
    function unitScale() external view returns (uint256);

    /// @notice The genesis adjudicators, as constructed. Who they are today the adjudication contract knows.
    function adjudicators() external view returns (address[] memory);

    /// @notice What the genesis adjudicators sign for `manifest`.
    function manifestDigest(GenesisManifest calldata manifest) external view returns (bytes32);

    /// @notice Seals the city: checks the manifest against what was constructed and against the chain, and the signatures
    /// of two thirds of the genesis adjudicators; opens epoch 1. Anyone may relay it, once.
    /// @param signatures by ascending signer. Of a key: the 65 bytes `r, s, v`. Of a contract: its address, then
    /// what it is asked about by ERC-1271 under a cap of 100,000 gas (any length, but 45 would be taken for a key's)
    function seal(GenesisManifest calldata manifest, bytes[] calldata signatures) external;

    /// @notice Whether the city is sealed.
    function isSealed() external view returns (bool);

    /// @notice The members by peer; the first is this contract. Zeros before the seal.
    function members() external view returns (address[14] memory);

    /// @notice One member. Zero before the seal.
    function memberOf(uint8 peer) external view returns (address);

    /// @notice The clerks of the manifest; none before the seal.
    function genesisClerks() external view returns (Clerk[] memory);

    // ------------------------------------------------------------------ parameters

    /// @notice The epoch in force; zero before the seal.
    function epoch() external view returns (uint64);

    /// @notice Where the page of `number` lies or will lie. Reverts with `UnknownEpoch` for zero.
    function pageOf(uint64 number) external view returns (address);

    /// @notice Values in epoch `number`, in the order asked.
    /// @param ids one byte a parameter
    function read(uint64 number, bytes calldata ids) external view returns (bytes32[] memory values);

    /// @notice Values in the epoch in force, and its number.
    /// @param ids one byte a parameter
    function readCurrent(bytes calldata ids) external view returns (uint64 number, bytes32[] memory values);

    /// @notice A parameter's row in the table, and its value now (its default before the seal).
    function parameter(uint8 id) external view returns (Parameter memory);

    /// @notice What changing a parameter to `newValue` would wait for if it was queued now. Refused as `amend` refuses what can be no
    /// value of the parameter, or is its value already.
    /// @return value in force
    /// @return tier of risk: 0 low, 1 medium, 2 high
    /// @return weakens whether it weakens the law
    /// @return delaySecs seconds from its queueing on; zero if `amend` takes it at once
    function amendmentTerms(uint8 id, bytes32 newValue)
        external
        view
        returns (bytes32 value, uint8 tier, bool weakens, uint32 delaySecs);

    /// @notice Changes one parameter, which opens the next epoch. Only for adjudication.
    /// @dev A change waits its tier's delay after `queuedAt`. A tightening, or any change in a tier without a delay, may
    /// come at once as long as all that did since the parameter was last left alone for `tighteningWindowSecs` together
    /// move it by no more than `tighteningSharePct` of its range; beyond that it waits its tier's delay, and
    /// `tighteningExcessDelaySecs` at least.
    /// @param oldValue the value in force, as those who decided saw it
    /// @param queuedAt when the change was queued, unix seconds
    function amend(uint8 id, bytes32 oldValue, bytes32 newValue, uint64 queuedAt) external;

    // ------------------------------------------------------------------ norms

    /// @notice Puts a norm in force in `domain`. Only for adjudication.
    function enactNorm(bytes32 id, bytes32 domain) external;

    /// @notice Strikes a norm: its domain halts finalising. Only for adjudication.
    function strikeNorm(bytes32 id) external;

    /// @notice Lets a struck norm stand again. Only for adjudication.
    function restoreNorm(bytes32 id) external;

    /// @notice A norm. Status 0 unknown, 1 in force, 2 struck; since when, unix seconds.
    function norm(bytes32 id) external view returns (bytes32 domain, uint8 status, uint64 since);

    /// @notice Whether a struck norm halts finalising in `domain`.
    function isHalted(bytes32 domain) external view returns (bool);
}
