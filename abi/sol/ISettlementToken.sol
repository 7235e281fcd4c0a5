// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Settlement token: the asset that a test city pays in
/// @notice ERC-20 with metadata, ERC-6093 errors, EIP-2612 permits and EIP-5267. One account, fixed at construction,
/// mints. At most 2^128 - 1 units ever exist.
/// @dev Constructor: `(string name, string symbol, uint8 decimals, address minter)`; reverts with `InvalidTextLength`
/// or `InvalidMinter`. Every function refuses native coin.
interface ISettlementToken {
    // ------------------------------------------------------------------ events

    /// @notice `value` units moved. `from` is zero when they were created. Emitted for transfers of nothing too.
    event Transfer(address indexed from, address indexed to, uint256 value);

    /// @notice `spender` may now move `value` units of `owner`.
    /// @dev From `approve` and `permit`; not when `transferFrom` uses up an allowance.
    event Approval(address indexed owner, address indexed spender, uint256 value);

    // ------------------------------------------------------------------ errors: ERC-6093

    /// @notice `sender` holds `balance` and cannot move `needed`.
    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);

    /// @notice Nothing can be moved from the zero address.
    error ERC20InvalidSender(address sender);

    /// @notice Nothing can be sent to the zero address.
    error ERC20InvalidReceiver(address receiver);

    /// @notice `spender` may still move `allowance` and cannot move `needed`.
    error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);

    /// @notice The zero address cannot approve.
    error ERC20InvalidApprover(address approver);

    /// @notice The zero address cannot be approved.
    error ERC20InvalidSpender(address spender);

    // ------------------------------------------------------------------ errors: permit

    /// @notice The permit was good until `deadline`, in unix seconds, inclusive. Ask its owner for a new one.
    error ERC2612ExpiredSignature(uint256 deadline);

    /// @notice The signature is not `owner`'s over this permit with their current nonce; it recovers to `signer`
    /// (zero: to nobody).
    error ERC2612InvalidSigner(address signer, address owner);

    /// @notice `s` lies in the upper half of the curve's order. Sign with the lower one.
    error ECDSAInvalidSignatureS(bytes32 s);

    /// @notice `owner` used 2^64 - 1 permits.
    error NonceExhausted(address owner);

    // ------------------------------------------------------------------ errors: minting and construction

    /// @notice `caller` is not the minter.
    error NotMinter(address caller);

    /// @notice `supply` units exist, and `added` more would exceed 2^128 - 1.
    error SupplyExceeded(uint256 supply, uint256 added);

    /// @notice Name and symbol have 1 to 31 bytes; one was given with `length`.
    error InvalidTextLength(uint256 length);

    /// @notice A token needs a minter, or no unit of it can ever exist.
    error InvalidMinter(address minter);

    // ------------------------------------------------------------------ metadata

    /// @notice Name of the token, also in its EIP-712 domain.
    function name() external view returns (string memory);

    /// @notice Ticker of the token.
    function symbol() external view returns (string memory);

    /// @notice Digits after the point when amounts are shown to people.
    function decimals() external view returns (uint8);

    /// @notice Who mints. Never changes.
    function minter() external view returns (address);

    // ------------------------------------------------------------------ ERC-20

    /// @notice Units that exist.
    function totalSupply() external view returns (uint256);

    /// @notice Units that `account` holds.
    function balanceOf(address account) external view returns (uint256);

    /// @notice Units of `owner` that `spender` may still move; 2^256 - 1 is never used up.
    function allowance(address owner, address spender) external view returns (uint256);

    /// @notice Moves `value` units of the caller to `to`.
    /// @return always true; every failure reverts
    function transfer(address to, uint256 value) external returns (bool);

    /// @notice Lets `spender` move up to `value` units of the caller, in place of what was allowed before.
    /// @return always true; every failure reverts
    function approve(address spender, uint256 value) external returns (bool);

    /// @notice Moves `value` units of `from` to `to` and uses up the caller's allowance.
    /// @return always true; every failure reverts
    function transferFrom(address from, address to, uint256 value) external returns (bool);

    /// @notice Creates `value` units for `to`. Only for the minter.
    function mint(address to, uint256 value) external;

    // ------------------------------------------------------------------ EIP-2612, EIP-5267

    /// @notice Approves by `owner`'s signature over `Permit(owner, spender, value, nonces(owner), deadline)`; anyone
    /// may relay it. If the signature does not recover to `owner` and `owner` is a contract, it is asked by ERC-1271
    /// with the 65 bytes `r, s, v`, under a cap of 100,000 gas.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Permits of `owner` used so far: the nonce of the next.
    function nonces(address owner) external view returns (uint256);

    /// @notice EIP-712 domain separator, for the chain as it is now.
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice The fields of the EIP-712 domain; `fields` is 0x0f (name, version, chain, contract).
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
