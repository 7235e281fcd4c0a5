// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Stands in for a member of a city that does not exist yet, in tests
/// @notice The seal accepts it like any other member: it names its constitution and has code. Whoever deploys it speaks
/// with its voice, which no production contract may allow; only fixtures with the feature `doubles` know it.
contract Double {
    /// @notice The city's constitution, asked by the seal.
    address public immutable constitution;
    /// @notice Who speaks with its voice.
    address public immutable operator;

    /// @notice Somebody else tried to speak.
    error NotOperator(address caller);

    constructor(address constitution_) {
        (constitution, operator) = (constitution_, msg.sender);
    }

    /// @notice Credits, surplus and refunds may be sent to members.
    receive() external payable {}

    /// @notice Calls `target` with `data` and the value sent. A refusal comes back as it was said.
    function forward(address target, bytes calldata data) external payable returns (bytes memory) {
        require(msg.sender == operator, NotOperator(msg.sender));
        return say(target, data, msg.value);
    }

    /// @notice Calls each target with its data, in one transaction, all or none.
    function forwardAll(address[] calldata targets, bytes[] calldata calls) external {
        require(msg.sender == operator, NotOperator(msg.sender));
        for (uint256 i; i < calls.length; ++i) {
            say(targets[i], calls[i], 0);
        }
    }

    /// @notice What a contract spends on this call: the access to `target`, its start and its work, and not the
    /// transaction around it.
    function measure(address target, bytes memory data) external returns (uint256 spent) {
        require(msg.sender == operator, NotOperator(msg.sender));
        uint256 before = gasleft();
        (bool ok,) = target.call(data);
        spent = before - gasleft();
        require(ok);
    }

    function say(address target, bytes calldata data, uint256 value) private returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }
}
