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

    /// @notice Where an answer is kept: the code of an account behind one zero byte, by the call's hash, or by its selector.
    mapping(bytes32 call => address page) private answers;

    /// @notice Somebody else tried to speak.
    error NotOperator(address caller);

    /// @notice Nobody said what to answer to `selector`.
    error NoAnswer(bytes4 selector);

    /// @notice An answer could not be written.
    error TooLong(uint256 length);

    constructor(address constitution_) {
        (constitution, operator) = (constitution_, msg.sender);
    }

    /// @notice Credits, surplus and refunds may be sent to members.
    receive() external payable {}

    /// @notice Whoever calls a function that is none of these gets what it is to be answered, as its return data.
    fallback() external {
        address page = answers[keccak256(msg.data)];
        if (page == address(0)) {
            page = answers[msg.sig];
        }
        require(page != address(0), NoAnswer(msg.sig));
        assembly {
            let length := sub(extcodesize(page), 1)
            extcodecopy(page, 0, 1, length)
            return(0, length)
        }
    }

    /// @notice From now on every call of `selector` is answered with `data`.
    function answer(bytes4 selector, bytes calldata data) external {
        require(msg.sender == operator, NotOperator(msg.sender));
        answers[selector] = write(data);
    }

    /// @notice From now on this very call is answered with `data`, whatever its selector is answered with.
    function answerFor(bytes calldata exactCall, bytes calldata data) external {
        require(msg.sender == operator, NotOperator(msg.sender));
        answers[keccak256(exactCall)] = write(data);
    }

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

    /// @dev As code an answer costs its reader one access, however long it is; in storage it would cost one for each word.
    function write(bytes calldata data) private returns (address page) {
        require(data.length < type(uint16).max, TooLong(data.length));
        bytes memory code =
            abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a3d393df300", data);
        assembly ("memory-safe") {
            page := create(0, add(code, 32), mload(code))
        }
        require(page != address(0), TooLong(data.length));
    }
}
