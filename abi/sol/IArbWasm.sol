// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title ArbWasm: activation of Stylus programs.
/// @notice A precompile of every Arbitrum chain, at 0x0000000000000000000000000000000000000071. Declared here as far as
/// this project calls it; names and signatures are the chain's.
interface IArbWasm {
    /// @notice A program was activated or renewed.
    event ProgramActivated(
        bytes32 indexed codehash, bytes32 moduleHash, address program, uint256 dataFee, uint16 version
    );
    /// @notice The life of a program was extended.
    event ProgramLifetimeExtended(bytes32 indexed codehash, uint256 dataFee);

    /// @notice There is no program at the address.
    error ProgramNotWasm();
    /// @notice The program was never activated.
    error ProgramNotActivated();
    /// @notice The program was activated for an older virtual machine.
    error ProgramNeedsUpgrade(uint16 version, uint16 stylusVersion);
    /// @notice The program lay too long without renewal.
    error ProgramExpired(uint64 ageInSeconds);
    /// @notice The program is active and needs no activation.
    error ProgramUpToDate();
    /// @notice A life can be extended only some time after it began.
    error ProgramKeepaliveTooSoon(uint64 ageInSeconds);
    /// @notice The call carries less than the data fee.
    error ProgramInsufficientValue(uint256 have, uint256 want);

    /// @notice Makes the program at the address callable. Takes the data fee out of the value and returns the rest.
    /// @return version of the virtual machine it was activated for
    /// @return dataFee taken, in wei
    function activateProgram(address program) external payable returns (uint16 version, uint256 dataFee);

    /// @notice Extends the life of an active program, for anyone. Takes the data fee out of the value.
    function codehashKeepalive(bytes32 codehash) external payable;

    /// @notice Version of the virtual machine that the code was activated for.
    function codehashVersion(bytes32 codehash) external view returns (uint16 version);

    /// @notice Version of the chain's virtual machine.
    function stylusVersion() external view returns (uint16 version);

    /// @notice Seconds until the program expires.
    function programTimeLeft(address program) external view returns (uint64 secs);

    /// @notice Gas that a call pays before the program runs.
    /// @return gas outside the cache
    /// @return gasWhenCached inside it
    function programInitGas(address program) external view returns (uint64 gas, uint64 gasWhenCached);

    /// @notice Memory pages a program has from its start.
    function programMemoryFootprint(address program) external view returns (uint16 footprint);
}
