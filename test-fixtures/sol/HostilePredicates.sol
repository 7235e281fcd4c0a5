// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IPredicate} from "../../abi/sol/IPredicate.sol";

/// @notice An honest predicate: the output may leave if its principal attested it beforehand. What an attester knows of outputs
/// that are off the chain, the chain knows by its word (RESOLUTIONS P-06).
contract AttestedPredicate is IPredicate {
    address public immutable attester;
    mapping(bytes32 missionId => bytes32 outputRoot) public attested;

    error NotAttester(address caller);
    error AlreadyAttested(bytes32 missionId);

    constructor(address attester_) {
        attester = attester_;
    }

    /// @notice Attests the output of a mission, once.
    function attest(bytes32 missionId, bytes32 outputRoot) external {
        require(msg.sender == attester, NotAttester(msg.sender));
        require(attested[missionId] == 0, AlreadyAttested(missionId));
        attested[missionId] = outputRoot;
    }

    function permits(bytes32 missionId, bytes32 outputRoot) external view returns (bool) {
        bytes32 found = attested[missionId];
        require(found != 0, CannotTell(missionId));
        return found == outputRoot;
    }
}

/// @notice Uses up whatever gas it is given.
contract BurningPredicate {
    function permits(bytes32, bytes32) external pure returns (bool) {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice The same in a loop, for meters that price an invalid instruction by itself.
contract EndlessPredicate {
    function permits(bytes32 missionId, bytes32) external pure returns (bool) {
        bytes32 word = missionId;
        while (true) {
            word = keccak256(abi.encode(word));
        }
        return word != 0;
    }
}

/// @notice Says yes and changes state, which a static call forbids.
contract WritingPredicate {
    uint256 public asked;

    function permits(bytes32, bytes32) external returns (bool) {
        ++asked;
        return true;
    }
}

/// @notice Says yes and destroys itself, which a static call forbids. Called otherwise in the transaction that creates it, its
/// code is gone when the gate asks.
contract VanishingPredicate {
    function permits(bytes32, bytes32) external returns (bool) {
        selfdestruct(payable(msg.sender));
        return true;
    }
}

/// @notice Creates a vanishing predicate and has it vanish, in one transaction: what was approved has no code afterwards.
contract VanishingAct {
    function perform(bytes32 salt) external returns (address vanished) {
        VanishingPredicate predicate = new VanishingPredicate{salt: salt}();
        // It answers nothing, being gone: what expects a word of it would revert.
        (bool ok,) = address(predicate).call(abi.encodeCall(predicate.permits, (0, 0)));
        require(ok);
        return address(predicate);
    }
}

/// @notice Answers something else than one true word, by choice.
contract GarbagePredicate {
    /// @notice What it answers with.
    enum Manner {
        Nothing,
        Two,
        ThirtyOneBytes,
        TwoWords,
        HundredKilobytes,
        YesByRevert
    }

    Manner public immutable manner;

    constructor(Manner manner_) {
        manner = manner_;
    }

    fallback() external {
        Manner chosen = manner;
        assembly ("memory-safe") {
            // Memory from 0x80 on is free, as far as this call goes.
            let at := 0x80
            mstore(at, 1)
            switch chosen
            case 0 { return(at, 0) }
            case 1 {
                mstore(at, 2)
                return(at, 32)
            }
            case 2 { return(at, 31) }
            case 3 {
                mstore(add(at, 32), 1)
                return(at, 64)
            }
            case 4 { return(at, 100000) }
            default { revert(at, 32) }
        }
    }
}

/// @notice Says no at first, and yes once somebody touched it.
contract SecondTimePredicate {
    bool public touched;

    function touch() external {
        touched = true;
    }

    function permits(bytes32, bytes32) external view returns (bool) {
        return touched;
    }
}

/// @notice Something stands behind it that its owner may exchange, while its own code never changes: the pinned hash stays true.
abstract contract Fronting {
    address public immutable owner = msg.sender;
    address public implementation;

    error NotOwner(address caller);

    constructor(address implementation_) {
        implementation = implementation_;
    }

    function upgrade(address implementation_) external {
        require(msg.sender == owner, NotOwner(msg.sender));
        implementation = implementation_;
    }
}

/// @notice Runs other code as its own, whose approval the roster refuses.
contract ProxyPredicate is Fronting {
    constructor(address implementation_) Fronting(implementation_) {}

    fallback() external {
        address to = implementation;
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, 0, calldatasize())
            let ok := delegatecall(gas(), to, at, calldatasize(), 0, 0)
            returndatacopy(at, 0, returndatasize())
            switch ok
            case 0 { revert(at, returndatasize()) }
            default { return(at, returndatasize()) }
        }
    }
}

/// @notice Asks others and says what they say. What they are has to be looked at when the panel approves it; a gate cannot know it.
contract AskingPredicate is Fronting {
    constructor(address implementation_) Fronting(implementation_) {}

    fallback() external {
        address to = implementation;
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, 0, calldatasize())
            let ok := staticcall(gas(), to, at, calldatasize(), 0, 0)
            returndatacopy(at, 0, returndatasize())
            switch ok
            case 0 { revert(at, returndatasize()) }
            default { return(at, returndatasize()) }
        }
    }
}

/// @notice Has the gate asked again while it is asked, and says yes if that was refused.
contract ReenteringPredicate {
    function permits(bytes32 missionId, bytes32) external returns (bool) {
        (bool entered,) = msg.sender.call(abi.encodeWithSignature("filterOutput(bytes32)", missionId));
        return !entered;
    }
}

/// @notice Says yes to everything: what a proxy may turn into.
contract YesPredicate {
    function permits(bytes32, bytes32) external pure returns (bool) {
        return true;
    }
}
