// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title A contract account that signs by its owner's key (ERC-1271)
contract Wallet1271 {
    bytes4 private constant MAGIC = 0x1626ba7e;
    address public immutable owner;
    /// Slots it reads before it answers; each costs 2,100 gas when cold, to run into callers' gas caps.
    uint256 public immutable burden;
    mapping(uint256 => uint256) private dust;

    constructor(address owner_, uint256 burden_) {
        (owner, burden) = (owner_, burden_);
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        uint256 weight;
        for (uint256 i; i < burden; ++i) {
            weight |= dust[i];
        }
        if (weight != 0 || signature.length != 65) return 0;
        address signer =
            ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        return signer == owner && signer != address(0) ? MAGIC : bytes4(0);
    }

    /// @notice Lets the owner act through it, with the coins sent.
    function execute(address target, bytes calldata data) external payable returns (bytes memory) {
        require(msg.sender == owner, NotOwner(msg.sender));
        (bool ok, bytes memory answer) = target.call{value: msg.value}(data);
        require(ok, CallFailed(answer));
        return answer;
    }

    error NotOwner(address caller);
    error CallFailed(bytes answer);
}
