// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Logs by the number
contract Emitter {
    event Numbered(uint256 indexed index, address indexed sender, uint256 indexed group, uint256 value);
    event Blob(bytes data);

    /// @notice Emits `Numbered` with indices `start` to `start + count - 1`.
    function emitMany(uint256 start, uint256 count, uint256 group) external {
        for (uint256 i = start; i < start + count; ++i) {
            emit Numbered(i, msg.sender, group, i * i);
        }
    }

    /// @notice One log of `size` bytes, all zero.
    function emitBlob(uint256 size) external {
        emit Blob(new bytes(size));
    }

    /// @notice One log with `topics` topics (at most four) and no signature.
    function emitRaw(bytes32[] calldata topics, bytes calldata data) external {
        bytes memory body = data;
        uint256 count = topics.length;
        assembly ("memory-safe") {
            let at := add(body, 32)
            let size := mload(body)
            let topic := topics.offset
            switch count
            case 0 { log0(at, size) }
            case 1 { log1(at, size, calldataload(topic)) }
            case 2 { log2(at, size, calldataload(topic), calldataload(add(topic, 32))) }
            case 3 { log3(at, size, calldataload(topic), calldataload(add(topic, 32)), calldataload(add(topic, 64))) }
            case 4 {
                log4(
                    at,
                    size,
                    calldataload(topic),
                    calldataload(add(topic, 32)),
                    calldataload(add(topic, 64)),
                    calldataload(add(topic, 96))
                )
            }
            default { revert(0, 0) }
        }
    }
}
