// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice The least of an ERC-20 that a treasury touches; each child breaks it in one way.
abstract contract BareToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        return true;
    }

    function transfer(address to, uint256 value) external virtual returns (bool) {
        return move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external virtual returns (bool) {
        allowance[from][msg.sender] -= value;
        return move(from, to, value);
    }

    function move(address from, address to, uint256 value) internal virtual returns (bool) {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
        return true;
    }
}

/// @notice Delivers less than was sent: whoever books the amount sent is short.
contract FeeOnTransferToken is BareToken {
    uint256 public immutable feeBps;
    address public immutable collector = msg.sender;

    constructor(uint256 supply, uint256 feeBps_) BareToken(supply) {
        feeBps = feeBps_;
    }

    function move(address from, address to, uint256 value) internal override returns (bool) {
        uint256 fee = value * feeBps / 10_000;
        super.move(from, collector, fee);
        return super.move(from, to, value - fee);
    }
}

/// @notice Says false instead of reverting: whoever ignores the answer books what never came.
contract FalseToken is BareToken {
    constructor(uint256 supply) BareToken(supply) {}

    function transfer(address to, uint256 value) external override returns (bool) {
        return balanceOf[msg.sender] >= value && move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external override returns (bool) {
        if (balanceOf[from] < value || allowance[from][msg.sender] < value) return false;
        allowance[from][msg.sender] -= value;
        return move(from, to, value);
    }
}

/// @notice Says nothing, as some old tokens do: whoever decodes a bool reverts on a good transfer.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
    }

    function transfer(address to, uint256 value) external {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// @notice Calls a target in the middle of a transfer, once: two measured balance deltas then count one transfer.
contract ReenteringToken is BareToken {
    address public target;
    bytes public payload;
    /// Whether the call from within succeeded.
    bool public reentered;
    /// What it returned or reverted with.
    bytes public answer;

    constructor(uint256 supply) BareToken(supply) {}

    function arm(address target_, bytes calldata payload_) external {
        (target, payload, reentered) = (target_, payload_, false);
    }

    function move(address from, address to, uint256 value) internal override returns (bool) {
        address armed = target;
        if (armed != address(0)) {
            target = address(0);
            (reentered, answer) = armed.call(payload);
        }
        return super.move(from, to, value);
    }
}

/// @notice Refuses some recipients: whoever pushes payments can be stopped by one of them.
contract BlocklistToken is BareToken {
    mapping(address => bool) public blocked;
    address public immutable keeper = msg.sender;

    error Blocked(address account);
    error NotKeeper(address caller);

    constructor(uint256 supply) BareToken(supply) {}

    function setBlocked(address account, bool isBlocked) external {
        if (msg.sender != keeper) revert NotKeeper(msg.sender);
        blocked[account] = isBlocked;
    }

    function move(address from, address to, uint256 value) internal override returns (bool) {
        if (blocked[from]) revert Blocked(from);
        if (blocked[to]) revert Blocked(to);
        return super.move(from, to, value);
    }
}
