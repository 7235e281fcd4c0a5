//! What the shells of all contracts share.
//!
//! | module | for |
//! |---|---|
//! | [`input`] | arguments of a call, read word by word with their bounds |
//! | [`reader`] | the same, at a lower price, for large programs |
//! | [`output`] | answers, refusals and logs, laid out word by word |
//! | [`sign`] | EIP-712 digests, recovery, ERC-1271 |
//! | [`member`] | what a contract keeps of its city |
//! | [`peer`] | the other contracts of the city: who they are, asking and telling them |
//! | [`money`] | the settlement asset: collecting and paying it |
//! | [`page`] | immutable bytes as the code of an account |
//! | [`program`] | how long programs of the chain run |
//! | [`mod@router`] | from a selector to a method |
//! | [`said`] | what a function of a large program says |
//! | [`slot`] | whole words of storage |
//! | [`statement`] | signed statements: good until when, by whom, once; clerks charged for theirs |
//! | [`word`] | parts of packed words |
//! | [`words`] | words one behind another, for large programs |
//!
//! Words are read and laid out by hand: decoding and encoding through one generic type per function and error is what
//! fills a program (measured on the settlement token: errors alone took 5 KB of 45).
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod input;
pub mod member;
pub mod money;
pub mod output;
pub mod page;
pub mod peer;
pub mod program;
pub mod reader;
pub mod router;
pub mod said;
pub mod sign;
pub mod slot;
pub mod statement;
pub mod word;
pub mod words;

use alloc::vec::Vec;

pub use input::Input;
pub use output::{Output, refusal, refuse};

/// What a call answers: return data, or revert data.
pub type Answer = Result<Vec<u8>, Vec<u8>>;

/// Selectors of the errors that every contract's interface declares.
pub mod common {
    /// `MalformedCall()`: the arguments are no encoding of the function's types.
    pub const MALFORMED_CALL: [u8; 4] = [0x2d, 0x98, 0xcd, 0x51];
    /// `Unauthorized(address caller)`: the caller may not do this.
    pub const UNAUTHORIZED: [u8; 4] = [0x8e, 0x4a, 0x23, 0xd6];
    /// `NotPayable()`: the function takes no coins.
    pub const NOT_PAYABLE: [u8; 4] = [0x15, 0x74, 0xf9, 0xf3];
    /// `NotSealed()`: the city is not sealed yet.
    pub const NOT_SEALED: [u8; 4] = [0xc1, 0xf3, 0x1e, 0xc9];
    /// `NotWired()`: this contract has not asked the constitution for its peers yet; anyone may call `wire()`.
    pub const NOT_WIRED: [u8; 4] = [0x3f, 0xcb, 0xf4, 0x98];
    /// `AlreadyWired()`.
    pub const ALREADY_WIRED: [u8; 4] = [0xda, 0x7c, 0x0e, 0x55];
    /// `AlreadyConstructed()`.
    pub const ALREADY_CONSTRUCTED: [u8; 4] = [0x89, 0x02, 0x6f, 0x41];
    /// `InvalidSignature(address signer)`: the signature is not this account's.
    pub const INVALID_SIGNATURE: [u8; 4] = [0xd8, 0x55, 0xc4, 0xf4];
    /// `AmountMismatch(uint256 expected, uint256 received)`, in base units.
    pub const AMOUNT_MISMATCH: [u8; 4] = [0xce, 0x6b, 0x17, 0x3b];
    /// `PaymentFailed(address to, uint256 amount)`: the receiver or the token refused.
    pub const PAYMENT_FAILED: [u8; 4] = [0xa0, 0x9e, 0x61, 0x65];
}

/// Revert data of `MalformedCall()`.
#[inline(never)]
pub fn malformed() -> Vec<u8> {
    common::MALFORMED_CALL.to_vec()
}

/// Revert data of `Unauthorized(caller)`.
pub fn unauthorized(caller: alloy_primitives::Address) -> Vec<u8> {
    refusal(common::UNAUTHORIZED, &[caller.into_word()])
}

/// Refuses coins sent to a function that takes none.
#[inline(never)]
pub fn no_coins(vm: &impl stylus_sdk::prelude::Host) -> Result<(), Vec<u8>> {
    if vm.msg_value().is_zero() {
        return Ok(());
    }
    Err(common::NOT_PAYABLE.to_vec())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::common::*;

    #[test]
    fn selectors_are_those_of_their_signatures() {
        for (signature, selector) in [
            ("MalformedCall()", MALFORMED_CALL),
            ("Unauthorized(address)", UNAUTHORIZED),
            ("NotPayable()", NOT_PAYABLE),
            ("NotSealed()", NOT_SEALED),
            ("NotWired()", NOT_WIRED),
            ("AlreadyWired()", ALREADY_WIRED),
            ("AlreadyConstructed()", ALREADY_CONSTRUCTED),
            ("InvalidSignature(address)", INVALID_SIGNATURE),
            ("AmountMismatch(uint256,uint256)", AMOUNT_MISMATCH),
            ("PaymentFailed(address,uint256)", PAYMENT_FAILED),
        ] {
            assert_eq!(keccak256(signature)[..4], selector, "{signature}");
        }
    }
}
