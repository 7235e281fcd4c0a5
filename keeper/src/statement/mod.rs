//! What is signed, and what it says: the structs of `domain::signed` as EIP-712 digests, and the contents that clerks fill in.
//!
//! Nothing else is ever signed for a city (RULINGS R23). What a clerk says follows from facts of the chain by the functions here, so
//! that anybody who reads the same facts can say what it should have said (ADR 0013).

pub mod codification;
pub mod decision;
pub mod enrolment;
pub mod evidence;
pub mod proposal;

use agentcity_domain::signed::{
    DOMAIN_NAME_HASH, DOMAIN_TYPE_HASH, DOMAIN_VERSION_HASH, legislation as signed,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};

/// The digest of a struct for one contract of one chain. `words` are the struct's own, its type hash first.
///
/// Source: EIP-712; docs/signatures.md.
pub fn digest(chain_id: u64, contract: Address, words: &[B256]) -> B256 {
    let domain = [
        DOMAIN_TYPE_HASH,
        DOMAIN_NAME_HASH,
        DOMAIN_VERSION_HASH,
        U256::from(chain_id).into(),
        contract.into_word(),
    ];
    let (separator, hash) = (keccak256(domain.concat()), keccak256(words.concat()));
    keccak256([&[0x19, 0x01], separator.as_slice(), hash.as_slice()].concat())
}

/// Signs a digest: r, s, and v of 27 or 28.
///
/// Errors: the key cannot sign, which a key in memory always can.
pub fn sign(key: &PrivateKeySigner, digest: B256) -> Result<Bytes, String> {
    let signature = key.sign_hash_sync(&digest);
    signature
        .map(|signature| signature.as_bytes().to_vec().into())
        .map_err(|error| error.to_string())
}

/// The DID of an account, as agents register it.
pub fn did(chain_id: u64, account: Address) -> String {
    format!("did:pkh:eip155:{chain_id}:{account:#x}")
}

/// What the registrar asks everybody to answer in a session: another word for each session and each outcome, so an attestation of one
/// is none of another.
pub fn challenge(session: B256, winner: B256, expires_at: u64) -> B256 {
    let instant: B256 = U256::from(expires_at).into();
    keccak256([session, winner, instant].concat())
}

/// The hash of a list of structs in another struct.
pub fn list<const N: usize>(structs: impl Iterator<Item = [B256; N]>) -> B256 {
    let hashes: Vec<B256> = structs.map(|words| keccak256(words.concat())).collect();
    keccak256(hashes.concat())
}

/// The hash of the rejected bids of a decision.
pub fn rejected_hash(rejected: &[signed::RejectedBid]) -> B256 {
    list(rejected.iter().map(|bid| bid.words()))
}

/// The hash of the findings of a decision.
pub fn flags_hash(flags: &[signed::ComplianceFlag]) -> B256 {
    list(flags.iter().map(|flag| flag.words()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::signers::Signature;

    #[test]
    fn a_digest_is_of_one_chain_one_contract_and_one_content() {
        let (contract, words) = (Address::repeat_byte(1), [B256::repeat_byte(2)]);
        let own = digest(1, contract, &words);
        assert_ne!(own, digest(2, contract, &words));
        assert_ne!(own, digest(1, Address::repeat_byte(3), &words));
        assert_ne!(own, digest(1, contract, &[B256::repeat_byte(4)]));
    }

    #[test]
    fn a_signature_recovers_its_signer() {
        let key = PrivateKeySigner::from_bytes(&keccak256("a clerk")).expect("a key");
        let digest = keccak256("a word");
        let signature = sign(&key, digest).expect("a key in memory");
        let signature = Signature::try_from(&signature[..]).expect("65 bytes");
        let recovered = signature.recover_address_from_prehash(&digest);
        assert_eq!(recovered.expect("a signature"), key.address());
    }
}
