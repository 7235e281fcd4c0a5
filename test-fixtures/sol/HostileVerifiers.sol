// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice An honest verifier: the proof is the output itself.
contract PreimageVerifier {
    function verify(bytes32, bytes32 outputHash, bytes32, bytes calldata proof) external pure returns (bool) {
        return keccak256(proof) == outputHash;
    }
}

/// @notice Says yes to everything: what a proxy may turn into.
contract YesVerifier {
    function verify(bytes32, bytes32, bytes32, bytes calldata) external pure returns (bool) {
        return true;
    }
}

/// @notice Uses up whatever gas it is given.
contract BurningVerifier {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice Calls somebody while it is asked, and says yes if that was refused.
contract ReenteringVerifier {
    address public target;
    bytes public payload;

    function arm(address target_, bytes calldata payload_) external {
        (target, payload) = (target_, payload_);
    }

    function verify(bytes32, bytes32, bytes32, bytes calldata) external returns (bool) {
        (bool entered,) = target.call(payload);
        return !entered;
    }
}
