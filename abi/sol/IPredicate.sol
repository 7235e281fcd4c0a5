// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Predicate: what the gate asks about a mission's output
/// @notice A statute names predicates by address and code; the panel approved both. The guardian asks each once, when all
/// nodes of the mission are complete and the first call for it comes, by STATICCALL with `predicateGasLimit` of gas. So what a
/// predicate looks at has to be on the chain by then: commitments and attestations of the nodes' outputs (RESOLUTIONS P-06).
/// The pinned code says nothing of code that a predicate delegates to, or of state that somebody may change: one that leads on to
/// what can change is not for approval.
/// @dev Whoever answers anything but one word that is true, reverts, or uses up its gas has refused.
interface IPredicate {
    /// @notice The predicate finds nothing that it could decide by. The gate takes it for a refusal, like every other revert.
    error CannotTell(bytes32 missionId);

    /// @notice Whether the output may leave.
    /// @param missionId the mission
    /// @param outputRoot its completion digest: the rolling hash of every node's index, attempt, output and trail
    function permits(bytes32 missionId, bytes32 outputRoot) external view returns (bool);
}
