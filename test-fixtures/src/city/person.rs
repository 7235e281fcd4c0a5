//! People and agents with keys of their own, derived from one seed.

use alloy::{
    primitives::{Address, B256, Bytes, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};

/// Seed of the cities of the tests. `AGENTCITY_CITY_SEED` overrides it.
pub const DEFAULT_SEED: u64 = 20_260_101;

/// Variable that overrides [`DEFAULT_SEED`].
pub const SEED_VARIABLE: &str = "AGENTCITY_CITY_SEED";

/// The seed of this run.
///
/// Panics when the variable is no number: a run with another seed than asked for would mislead.
pub fn seed() -> u64 {
    std::env::var(SEED_VARIABLE).map_or(DEFAULT_SEED, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{SEED_VARIABLE}={text} is no number"))
    })
}

/// Somebody who signs.
#[derive(Clone, Debug)]
pub struct Person {
    /// Office and number, as `producer 3`.
    pub name: String,
    signer: PrivateKeySigner,
}

impl Person {
    /// The person of this name in the city of this seed: same seed, same key.
    pub fn new(seed: u64, name: impl Into<String>) -> Self {
        let name = name.into();
        // A hash is a valid key unless it is zero or above the group order, which no name will meet.
        let key = keccak256(format!("agentcity city {seed}: {name}"));
        let signer = PrivateKeySigner::from_bytes(&key).expect("a hash is a key");
        Self { name, signer }
    }

    /// Somebody whose key is known already.
    pub fn with_key(name: impl Into<String>, signer: PrivateKeySigner) -> Self {
        let name = name.into();
        Self { name, signer }
    }

    /// People of one office, numbered from 0.
    pub fn many(seed: u64, office: &str, count: usize) -> Vec<Self> {
        (0..count)
            .map(|index| Self::new(seed, format!("{office} {index}")))
            .collect()
    }

    /// Address of the account.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// The key.
    pub const fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }

    /// Signs a digest: r, s, v of 27 or 28.
    pub fn sign(&self, digest: B256) -> Bytes {
        let signature = self
            .signer
            .sign_hash_sync(&digest)
            .expect("a local key signs");
        signature.as_bytes().to_vec().into()
    }

    /// The DID that names this account on this chain.
    pub fn did(&self, chain_id: u64) -> String {
        format!("did:pkh:eip155:{chain_id}:{:#x}", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_and_the_name_are_the_key() {
        let address = |seed, name| Person::new(seed, name).address();
        assert_eq!(address(1, "sponsor 0"), address(1, "sponsor 0"));
        assert_ne!(address(1, "sponsor 0"), address(2, "sponsor 0"));
        assert_ne!(address(1, "sponsor 0"), address(1, "sponsor 1"));
    }

    #[test]
    fn a_signature_is_of_65_bytes_and_recovers() {
        let person = Person::new(7, "producer 0");
        let digest = keccak256("claim");
        let signed = person.sign(digest);
        assert_eq!(signed.len(), 65);
        assert!(matches!(signed[64], 27 | 28));
        let signature = alloy::signers::Signature::try_from(&signed[..]).unwrap();
        assert_eq!(
            signature.recover_address_from_prehash(&digest).unwrap(),
            person.address()
        );
    }
}
