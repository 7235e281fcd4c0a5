// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title A contract that calls whatever its owner tells it to, as anybody may have one
/// @notice It is nobody to a city: it names no constitution, so no seal takes it for a member.
contract Relay {
    /// @notice Who speaks with its voice.
    address public immutable owner = msg.sender;

    /// @notice Somebody else tried to speak.
    error NotOwner(address caller);

    /// @notice Credits, surplus and refunds may be sent to it.
    receive() external payable {}

    /// @notice Calls each target with its data, in one transaction, all or none. A refusal comes back as it was said.
    function forwardAll(address[] calldata targets, bytes[] calldata calls) external {
        require(msg.sender == owner, NotOwner(msg.sender));
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = targets[i].call(calls[i]);
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
    }

    /// @notice What a contract spends on this call: the access to `target`, its start and its work, and not the
    /// transaction around it.
    function measure(address target, bytes memory data) external returns (uint256 spent) {
        require(msg.sender == owner, NotOwner(msg.sender));
        uint256 before = gasleft();
        (bool ok,) = target.call(data);
        spent = before - gasleft();
        require(ok);
    }
}
