// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ISettlementToken} from "../../abi/sol/ISettlementToken.sol";

/// @title The settlement token again, in plain Solidity
/// @notice The same interface, rules and refusals, written as one would write it here: what the Rust program's gas and
/// throughput are compared with, and a second opinion on its behaviour.
contract SettlementTokenTwin is ISettlementToken {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant VERSION_HASH = keccak256("1");
    /// Half the order of secp256k1, rounded down.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    bytes4 private constant ERC1271_MAGIC = 0x1626ba7e;
    uint256 private constant ERC1271_GAS = 100_000;

    address public immutable minter;
    uint8 public immutable decimals;
    string public name;
    string public symbol;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => uint256) public nonces;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, address minter_) {
        if (minter_ == address(0)) revert InvalidMinter(minter_);
        requireShort(name_);
        requireShort(symbol_);
        (name, symbol, decimals, minter) = (name_, symbol_, decimals_, minter_);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        move(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allow(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
            unchecked {
                allowance[from][msg.sender] = allowed - value;
            }
        }
        move(from, to, value);
        return true;
    }

    function mint(address to, uint256 value) external {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        uint256 supply = totalSupply;
        if (value > type(uint128).max - supply) revert SupplyExceeded(supply, value);
        unchecked {
            totalSupply = supply + value;
            balanceOf[to] += value;
        }
        emit Transfer(address(0), to, value);
    }

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        if (owner == address(0)) revert ERC20InvalidApprover(owner);
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        uint256 nonce = nonces[owner];
        if (nonce == type(uint64).max) revert NonceExhausted(owner);
        bytes32 structHash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonce, deadline));
        checkSignature(owner, keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR(), structHash)), v, r, s);
        nonces[owner] = nonce + 1;
        allow(owner, spender, value);
    }

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(name)), VERSION_HASH, block.chainid, address(this))
        );
    }

    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (hex"0f", name, "1", block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    function requireShort(string memory text) private pure {
        uint256 length = bytes(text).length;
        if (length == 0 || length > 31) revert InvalidTextLength(length);
    }

    function move(address from, address to, uint256 value) private {
        if (from == address(0)) revert ERC20InvalidSender(from);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        uint256 balance = balanceOf[from];
        if (balance < value) revert ERC20InsufficientBalance(from, balance, value);
        unchecked {
            balanceOf[from] = balance - value;
            // The supply limit keeps the sum of all balances below 2^128.
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }

    function allow(address owner, address spender, uint256 value) private {
        if (owner == address(0)) revert ERC20InvalidApprover(owner);
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    /// By key first; otherwise the owner, if it is a contract, is asked.
    function checkSignature(address owner, bytes32 digest, uint8 v, bytes32 r, bytes32 s) private view {
        bool unique = uint256(s) <= HALF_ORDER;
        address signer = unique ? ecrecover(digest, v, r, s) : address(0);
        if (unique && signer == owner) return;
        if (contractAgrees(owner, digest, abi.encodePacked(r, s, v))) return;
        if (!unique) revert ECDSAInvalidSignatureS(s);
        revert ERC2612InvalidSigner(signer, owner);
    }

    /// In assembly, because a high-level call copies all that is returned, however much it is.
    function contractAgrees(address owner, bytes32 digest, bytes memory signature) private view returns (bool yes) {
        bytes memory question = abi.encodeWithSelector(ERC1271_MAGIC, digest, signature);
        uint256 cap = ERC1271_GAS;
        bytes32 magic = ERC1271_MAGIC;
        assembly ("memory-safe") {
            let ok := staticcall(cap, owner, add(question, 32), mload(question), 0, 32)
            yes := and(and(ok, eq(returndatasize(), 32)), eq(mload(0), magic))
        }
    }
}
