//! Whose signature it is: EIP-712 digests under the city's domain, recovery by precompile, contracts by ERC-1271.
//!
//! Source: RULINGS R22, R23; RESOLUTIONS T4 (low `s` only, no zero address).

use alloc::vec::Vec;

use agentcity_domain::literal;
use alloy_primitives::{Address, B256, address, b256, hex};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{common, output, refusal};

/// The precompile that recovers a signer's address.
const ECRECOVER: Address = address!("0x0000000000000000000000000000000000000001");

/// Gas that a contract gets to judge a signature (RULINGS R22).
const ERC1271_GAS: u64 = 100_000;

/// Selector of `isValidSignature(bytes32,bytes)`, and the answer that means yes.
const ERC1271_MAGIC: [u8; 4] = hex!("1626ba7e");

/// Most bytes of a signature: what contract wallets of many owners need, and no more.
pub const SIGNATURE_BYTES_MAX: usize = 2_048;

/// Half of the curve's order: a greater `s` is the other form of the same signature.
const S_MAX: B256 = b256!("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/// keccak256 of `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
const DOMAIN_TYPE: B256 =
    b256!("0x8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// keccak256 of `AgentCity`.
const DOMAIN_NAME: B256 =
    b256!("0xb2e564b299c1681ec51c7a1149eea6191df6dd1308abc4089fe24514644f0596");
/// keccak256 of `1`.
const DOMAIN_VERSION: B256 =
    b256!("0xc89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// The EIP-712 domain separator of this contract on this chain.
#[inline(never)]
pub fn domain_separator(vm: &impl Host) -> B256 {
    vm.native_keccak256(&output::words(&[
        literal!(DOMAIN_TYPE),
        literal!(DOMAIN_NAME),
        literal!(DOMAIN_VERSION),
        output::number(vm.chain_id()),
        output::address(vm.contract_address()),
    ]))
}

/// The digest that is signed for a struct: its type hash and fields as words, dynamic fields already hashed.
#[inline(never)]
pub fn digest(vm: &impl Host, struct_words: &[B256]) -> B256 {
    let struct_hash = vm.native_keccak256(&output::words(struct_words));
    digest_of(vm, struct_hash)
}

/// The digest that is signed for a struct of this hash.
#[inline(never)]
pub fn digest_of(vm: &impl Host, struct_hash: B256) -> B256 {
    let mut signed = [0; 66];
    signed[..2].copy_from_slice(&[0x19, 0x01]);
    signed[2..34].copy_from_slice(domain_separator(vm).as_slice());
    signed[34..].copy_from_slice(struct_hash.as_slice());
    vm.native_keccak256(&signed)
}

/// The key that signed, if `signature` is `r ‖ s ‖ v` with a low `s` and `v` 27 or 28.
#[inline(never)]
pub fn recover(vm: &impl Host, digest: B256, signature: &[u8]) -> Option<Address> {
    let (v, words) = signature.split_last()?;
    if words.len() != 64 || !matches!(v, 27 | 28) || words[32..] > S_MAX[..] {
        return None;
    }
    let mut input = [0; 128];
    input[..32].copy_from_slice(digest.as_slice());
    input[63] = *v;
    input[64..].copy_from_slice(words);
    let answer = ask_word(RawCall::new_static(vm), ECRECOVER, &input)?;
    let signer = Address::from_word(answer);
    (signer != Address::ZERO).then_some(signer)
}

/// Whether `signer` signed: by key first; otherwise the signer, if a contract, is asked (RULINGS R22).
///
/// Errors: `InvalidSignature(signer)`.
pub fn require(
    vm: &impl Host,
    signer: Address,
    digest: B256,
    signature: &[u8],
) -> Result<(), Vec<u8>> {
    let by_key = recover(vm, digest, signature) == Some(signer) && signer != Address::ZERO;
    if by_key || contract_agrees(vm, signer, digest, signature) {
        return Ok(());
    }
    Err(refusal(common::INVALID_SIGNATURE, &[signer.into_word()]))
}

/// Whether the contract at `signer` accepts the signature (ERC-1271), within its gas and by the exact magic.
#[inline(never)]
pub fn contract_agrees(vm: &impl Host, signer: Address, digest: B256, signature: &[u8]) -> bool {
    // That there is code need not be asked: an account without any answers nothing, which is a no.
    if signature.len() > SIGNATURE_BYTES_MAX {
        return false;
    }
    let arguments = output::Output::of(2).word(digest).bytes(signature).finish();
    let mut input = Vec::with_capacity(4 + arguments.len());
    input.extend_from_slice(&ERC1271_MAGIC);
    input.extend_from_slice(&arguments);
    let mut yes = B256::ZERO;
    yes[..4].copy_from_slice(&ERC1271_MAGIC);
    ask_word(RawCall::new_static(vm).gas(ERC1271_GAS), signer, &input) == Some(yes)
}

/// The answer of a successful static call, if it is exactly one word. Never copies more than a byte beyond that, however
/// much was returned.
fn ask_word<H: Host>(call: RawCall<'_, H>, to: Address, input: &[u8]) -> Option<B256> {
    // SAFETY: a static call cannot write storage, and no accessor is alive across it. What was written before it is
    // flushed, so that whoever is asked and asks back sees it.
    let answer = unsafe {
        call.flush_storage_cache()
            .limit_return_data(0, 33)
            .call(to, input)
    };
    B256::try_from(answer.ok()?.as_slice()).ok()
}
