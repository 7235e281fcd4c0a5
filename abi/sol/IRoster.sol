// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Roster: adjudicators, monitors, approved programs, and the checks on humans
/// @dev Constructor: `(address constitution)`.
interface IRoster {
    // ------------------------------------------------------------------ events

    /// @notice The contract knows its peers; it never learns others.
    event Wired(address[14] members);

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

    // ------------------------------------------------------------------ wiring

    /// @notice The constitution of the city, fixed at construction.
    function constitution() external view returns (address);

    /// @notice Learns the peers from the sealed constitution. Anyone, once.
    function wire() external;
}
