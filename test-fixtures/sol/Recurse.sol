// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Frames within frames
contract Recurse {
    event Depth(uint256 depth);

    /// @notice Calls itself until `depth` is used up or gas and depth limits stop it; returns how many frames ran.
    function down(uint256 depth) external returns (uint256 frames) {
        emit Depth(depth);
        if (depth == 0) return 1;
        try this.down(depth - 1) returns (uint256 below) {
            return below + 1;
        } catch {
            return 1;
        }
    }

    /// @notice A chain through other contracts: calls the first of `path` with the rest, and the last with `data`.
    function through(address[] calldata path, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory answer) = path.length == 1
            ? path[0].call(data)
            : path[0].call(abi.encodeCall(this.through, (path[1:], data)));
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return path.length == 1 ? answer : abi.decode(answer, (bytes));
    }
}
