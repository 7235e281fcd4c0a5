// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Verifier: judges proofs of Tier-1 results
/// @notice A statute may name a verifier for a node, pinned by its address and its code's hash; the panel approves it. Verification
/// asks it by static call with `verifierGasLimit` gas. Whatever it answers but `true`, and a call that fails, is a no.
/// @dev Stateless: no constructor, no owner, no peers. What the two verifiers of this project take as `expected` and `proof` is in
/// docs/verifiers.md.
interface IVerifier {
    /// @notice The call's data is not the function's encoding: truncated, with dirty bits, or too long.
    error MalformedCall();

    /// @notice The function takes no coins.
    error NotPayable();

    /// @notice Whether `proof` shows that the output with this hash is what the statute expects.
    /// @param missionId for verifiers whose proofs are bound to a mission
    /// @param outputHash keccak256 of the output
    /// @param expected the last of the node's terms
    /// @param proof at most 16,384 bytes
    function verify(bytes32 missionId, bytes32 outputHash, bytes32 expected, bytes calldata proof)
        external
        view
        returns (bool holds);
}
