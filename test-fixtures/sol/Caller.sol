// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Forwards calls in every way a contract can
/// @notice Each function returns whether the call succeeded, and what it returned or reverted with.
contract Caller {
    receive() external payable {}

    function forward(address target, bytes calldata data) external payable returns (bool ok, bytes memory answer) {
        return target.call{value: msg.value}(data);
    }

    function forwardWithGas(address target, bytes calldata data, uint256 limit)
        external
        payable
        returns (bool ok, bytes memory answer)
    {
        return target.call{value: msg.value, gas: limit}(data);
    }

    function forwardStatic(address target, bytes calldata data) external view returns (bool ok, bytes memory answer) {
        return target.staticcall(data);
    }

    function forwardDelegate(address target, bytes calldata data) external returns (bool ok, bytes memory answer) {
        return target.delegatecall(data);
    }

    /// @notice Calls and lets a failure through unchanged.
    function relay(address target, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call{value: msg.value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    /// @notice Makes the same call `count` times; stops with the first failure.
    function repeat(address target, bytes calldata data, uint256 count) external returns (uint256 done) {
        for (; done < count; ++done) {
            (bool ok,) = target.call(data);
            if (!ok) break;
        }
    }

    /// @notice Calls, then reverts: everything the call did must be undone.
    function forwardAndRevert(address target, bytes calldata data) external payable {
        (bool ok, bytes memory answer) = target.call{value: msg.value}(data);
        revert Undone(ok, answer);
    }

    error Undone(bool ok, bytes answer);
}
