// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title A contract account that changes its mind
/// @notice It signs by ERC-1271 while it likes to, and receives coins as it likes at the moment. Its owner acts through it, as through
/// any contract account, and decides what it likes.
contract Turncoat {
    /// @notice What it does with coins that arrive.
    enum Manner {
        Takes,
        Refuses,
        Burns,
        Reenters
    }

    bytes4 private constant MAGIC = 0x1626ba7e;

    address public immutable owner = msg.sender;
    /// @notice Whether a hash counts as signed by it, whatever the signature says.
    mapping(bytes32 hash => bool) public signs;
    Manner public manner;
    /// @notice What it calls when coins arrive, if it re-enters.
    address public target;
    bytes public payload;
    /// @notice Whether that call succeeded, and what it answered.
    bool public reentered;
    bytes public answer;

    error NotOwner(address caller);
    error Unwanted(uint256 amount);

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    receive() external payable {
        if (manner == Manner.Refuses) revert Unwanted(msg.value);
        if (manner == Manner.Burns) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (manner == Manner.Reenters) {
            (reentered, answer) = target.call(payload);
        }
    }

    /// @notice Signs a hash, or takes that back.
    function sign(bytes32 hash, bool signs_) external onlyOwner {
        signs[hash] = signs_;
    }

    /// @notice From now on it receives so.
    function receiveAs(Manner manner_, address target_, bytes calldata payload_) external onlyOwner {
        (manner, target, payload, reentered, answer) = (manner_, target_, payload_, false, "");
    }

    function isValidSignature(bytes32 hash, bytes calldata) external view returns (bytes4) {
        return signs[hash] ? MAGIC : bytes4(0);
    }

    /// @notice Lets the owner act through it, with the coins sent. A refusal comes back as it was said.
    function execute(address to, bytes calldata data) external payable onlyOwner returns (bytes memory) {
        (bool ok, bytes memory said) = to.call{value: msg.value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(said, 32), mload(said))
            }
        }
        return said;
    }
}

/// @notice Forces its coins upon somebody, in the transaction that creates it: no code of the receiver runs.
contract ForcedCoin {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
