// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Work that is mostly storage
contract StorageLoop {
    mapping(uint256 => uint256) public slots;
    uint256 public runs;

    /// @notice Reads and writes `count` slots from `start`.
    function run(uint256 start, uint256 count) external returns (uint256 total) {
        for (uint256 i = start; i < start + count; ++i) {
            uint256 value = slots[i] + i + 1;
            slots[i] = value;
            unchecked {
                total += value;
            }
        }
        ++runs;
    }

    /// @notice Sets `count` slots from `start` to zero: refunds.
    function clear(uint256 start, uint256 count) external {
        for (uint256 i = start; i < start + count; ++i) {
            delete slots[i];
        }
    }

    /// @notice Reads alone.
    function sum(uint256 start, uint256 count) external view returns (uint256 total) {
        for (uint256 i = start; i < start + count; ++i) {
            unchecked {
                total += slots[i];
            }
        }
    }
}
