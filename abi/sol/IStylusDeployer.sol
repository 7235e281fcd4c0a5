// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title StylusDeployer: creates, activates and constructs a program in one transaction.
/// @notice A contract at 0xcEcba2F1DC234f70Dd89F2041029807F8D03A990 on Arbitrum chains. Declared here as this project
/// calls it; names and signatures are the deployed contract's.
interface IStylusDeployer {
    /// @notice A program was created, and its constructor, if any, has run.
    event ContractDeployed(address deployedContract);

    /// @notice The code could not be created.
    error ContractDeploymentError(bytes bytecode);
    /// @notice The constructor reverted.
    error ContractInitializationError(address newContract, bytes data);
    /// @notice The value left over could not be returned.
    error RefundExcessValueError(uint256 excessValue);
    /// @notice There is nothing to deploy.
    error EmptyBytecode();
    /// @notice Value for a constructor without a call of it.
    error InitValueButNotInitData();

    /// @notice Creates a program, activates it unless the same code is active, and calls its constructor. Takes the
    /// activation fee out of the value and returns what is left.
    /// @param bytecode creation code of the program
    /// @param initData call of the constructor; empty for none
    /// @param initValue value passed to the constructor
    /// @param salt zero for CREATE; else CREATE2 with a salt derived from it and from initData
    function deploy(bytes calldata bytecode, bytes calldata initData, uint256 initValue, bytes32 salt)
        external
        payable
        returns (address created);
}
