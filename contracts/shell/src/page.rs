//! Data contracts: immutable bytes kept as the code of an account (DESIGN §3).
//!
//! A page begins with a zero byte, STOP, so that calling it does nothing (RULINGS A6). Where a contract creates nothing
//! else, the nonce of its `n`-th page is `n`, and anyone can compute the page's address.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{deploy::RawDeploy, prelude::*};

/// `PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN`, and the code behind it: what
/// every creation of a page begins with, but for the length in bytes 1 and 2.
pub const PROLOGUE: [u8; 10] = [0x61, 0, 0, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x3d, 0xf3];

/// First byte of a page.
pub const MARK: u8 = 0;

/// Creation code of a page that holds `data`.
pub fn creation(data: &[u8]) -> Vec<u8> {
    let length = data.len().saturating_add(1) as u16;
    let mut code = Vec::with_capacity(data.len().saturating_add(PROLOGUE.len() + 1));
    let mut prologue = PROLOGUE;
    prologue[1..3].copy_from_slice(&length.to_be_bytes());
    code.extend_from_slice(&prologue);
    code.push(MARK);
    code.extend_from_slice(data);
    code
}

/// Creates a page that holds `data`, at most 24,575 bytes; its address.
///
/// Errors: the refusal of the creation, which has no reason beside a full account or no gas.
pub fn create(vm: &impl Host, data: &[u8]) -> Result<Address, Vec<u8>> {
    // SAFETY: what is created runs seven instructions that call nobody, so no storage is seen or changed meanwhile.
    unsafe { RawDeploy::new().deploy(vm, &creation(data), U256::ZERO) }
}

/// What the page at `address` holds; none for what is no page.
pub fn read(vm: &impl Host, address: Address) -> Option<Vec<u8>> {
    let code = vm.code(address);
    let (mark, data) = code.split_first()?;
    (*mark == MARK).then(|| data.to_vec())
}

/// Where `creator` creates with its `nonce`, from 1: keccak256 of the two as RLP.
#[inline(never)]
pub fn address(vm: &impl Host, creator: Address, nonce: u64) -> Address {
    let digits = nonce.to_be_bytes();
    let digits = &digits[(nonce.leading_zeros() / 8).min(7) as usize..];
    let mut rlp = Vec::with_capacity(32);
    let short = digits.len() == 1 && digits[0] < 0x80;
    let nonce_len = digits.len() + usize::from(!short);
    rlp.push(0xc0 + (21 + nonce_len) as u8);
    rlp.push(0x80 + 20);
    rlp.extend_from_slice(creator.as_slice());
    if !short {
        rlp.push(0x80 + digits.len() as u8);
    }
    rlp.extend_from_slice(digits);
    let hash: B256 = vm.native_keccak256(&rlp);
    Address::from_word(hash)
}

#[cfg(test)]
mod tests {
    use stylus_sdk::testing::TestVM;

    use super::*;

    #[test]
    fn addresses_are_those_of_the_chain() {
        let vm = TestVM::new();
        let creator = Address::repeat_byte(0x5a);
        for nonce in [1, 2, 0x7f, 0x80, 0xff, 0x100, 0xffff, u64::MAX] {
            assert_eq!(
                address(&vm, creator, nonce),
                creator.create(nonce),
                "{nonce}"
            );
        }
    }

    #[test]
    fn a_creation_carries_its_length() {
        let code = creation(&[7; 300]);
        assert_eq!(code[1..3], 301u16.to_be_bytes());
        assert_eq!(code.len(), PROLOGUE.len() + 301);
        assert_eq!(code[PROLOGUE.len()], MARK);
    }
}
