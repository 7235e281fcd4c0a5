// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Statute: pages and seats of missions, checked and made law
/// @notice The law of a mission is what its pages hold (docs/statute.md). They are written once as code, checked node by
/// node, and compared with what was approved; then collaboration takes the mission from here.
/// @dev Constructor: `(address constitution)`. Anyone deploys, and pays for it. A page begins with a zero byte, so calling
/// it does nothing (RULINGS A6). What is kept is keyed by mission.
interface IStatute {
    // ------------------------------------------------------------------ types

    /// @notice States of a mission (C-01, C-02). Completed and Aborted are final.
    enum MissionState {
        None,
        Pending,
        Active,
        Executing,
        Verification,
        Completed,
        Failed,
        Aborted,
        Degraded
    }

    /// @notice A gate predicate of a statute: pinned, or human (RESOLUTIONS P-05).
    struct Predicate {
        address target;
        bytes32 codehash;
        bool human;
        bool hard;
    }

    /// @notice An executor's promise to take a seat, good until `deadline`; anyone relays it.
    struct SeatAcceptance {
        bytes32 missionId;
        uint16 node;
        uint8 attempt;
        address executor;
        uint64 deadline;
    }

    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

    /// @notice Pages of a tranche of the statute were written as code.
    event TrancheDeployed(
        bytes32 indexed missionId, uint16 indexed tranche, uint16 firstNode, uint16 nodes, address[] pages
    );

    /// @notice Seats of a tranche were written and their stakes locked.
    event SeatsDeployed(bytes32 indexed missionId, uint16 indexed tranche, uint16 firstNode, address[] pages);

    /// @notice The mission is law: what was deployed is what was approved.
    event DeploymentFinalised(
        bytes32 indexed missionId, bytes32 statuteHash, bytes32 assignmentsHash, uint64 epoch, uint40 deadline
    );

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

    /// @notice No such mission.
    error UnknownMission(bytes32 missionId);

    /// @notice The mission is in `state`.
    error WrongMissionState(bytes32 missionId, MissionState state);

    /// @notice Tranche `expected` is next.
    error WrongTranche(bytes32 missionId, uint16 expected, uint16 given);

    /// @notice Byte `offset` of page `page` breaks the statute's form; `rule` is a number of docs/statute.md.
    error StatuteRefused(bytes32 missionId, uint16 page, uint32 offset, uint8 rule);

    /// @notice Was allowed until `until`: the mission's deadline, in unix seconds.
    error TooLate(uint40 until);

    /// @notice These pages and the rest are not what was approved; or, when the mission is made law, what its pages hold now is
    /// not. `found` is zero if the law itself is not approved.
    error NotApproved(bytes32 missionId, bytes32 expected, bytes32 found);

    /// @notice The mission needs what it does not have: `need` of what `rule` names, against `have`.
    error RequirementUnmet(bytes32 missionId, uint8 rule, uint256 need, uint256 have);

    /// @notice The predicate at `target` is not approved with this code.
    error PredicateRefused(address target, bytes32 codehash);

    /// @notice The signature is not `signer`'s.
    error InvalidSignature(address signer);

    /// @notice The signed statement was good until `deadline`.
    error DeadlinePassed(uint64 deadline);

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;

    // ------------------------------------------------------------------ deployment

    /// @notice Writes the statute's next pages as code. Anyone; the submitter pays. They and the rest must be what was approved;
    /// node order, edges, bounds, tiers and budgets are checked.
    /// @param tranche number of the first of these pages
    /// @param pages as the encoder of docs/statute.md lays them out, together below 95,000 bytes
    /// @param rest hash of the pages behind these, zero if there are none
    function deployTranche(bytes32 missionId, uint16 tranche, bytes[] calldata pages, bytes32 rest) external;

    /// @notice Writes the next pages of seats as code and locks their stakes. Anyone.
    /// @param tranche number of the first of these pages
    /// @param rest hash of the pages behind these, zero if there are none
    function deploySeats(bytes32 missionId, uint16 tranche, bytes[] calldata pages, bytes32 rest) external;

    /// @notice Makes the mission law if pages, seats, approvals, escrow, quorum and fairness are what they must be.
    /// Anyone.
    function finaliseDeployment(bytes32 missionId) external;

    /// @notice All of it at once, for a mission that fits a transaction: every page of the statute, every page of seats, and the law.
    /// Anyone; the escrow must hold the budget before.
    function deployMission(bytes32 missionId, bytes[] calldata pages, bytes[] calldata seatPages) external;

    // ------------------------------------------------------------------ acceptances

    /// @notice Relays executors' acceptances of their seats, which collaboration takes. Anyone.
    /// @param acceptances at most 64
    /// @param signatures one for each, in their order
    function acceptSeats(SeatAcceptance[] calldata acceptances, bytes[] calldata signatures) external;

    // ------------------------------------------------------------------ views

    /// @notice A page of a statute, and its code's hash as it is now; zeros beyond the last.
    /// @param index pages count from zero, 128 nodes each
    function page(bytes32 missionId, uint16 index) external view returns (address account, bytes32 codehash);

    /// @notice A page of seats, and its code's hash as it is now; zeros beyond the last.
    /// @param index pages count from zero, the seats of 16 nodes each
    function seatPage(bytes32 missionId, uint16 index) external view returns (address account, bytes32 codehash);

    /// @notice The gate's predicates, as the first page holds them.
    function predicates(bytes32 missionId) external view returns (Predicate[] memory);

    /// @notice How far a deployment is, and the hashes of what is still to come.
    /// @return tranches pages of the statute so far
    /// @return seatPages pages of seats so far
    /// @return nodes nodes so far
    /// @return budget what these nodes may cost, in base units; zero once the mission is law
    /// @return tokens LLM tokens of these nodes; zero once the mission is law
    /// @return statuteRest hash of the pages of the statute that are missing; zero before the first and once all are there
    /// @return assignmentsRest the same of the pages of seats
    function deployment(bytes32 missionId)
        external
        view
        returns (
            uint16 tranches,
            uint16 seatPages,
            uint16 nodes,
            uint128 budget,
            uint64 tokens,
            bytes32 statuteRest,
            bytes32 assignmentsRest
        );
}
