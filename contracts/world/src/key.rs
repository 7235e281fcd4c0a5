//! Keys that sign, and the precompile that recovers.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

/// The order of the curve.
const ORDER: U256 = U256::from_be_bytes(alloy_primitives::hex!(
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
));

/// A key and its address.
#[derive(Clone, Debug)]
pub struct Key {
    key: SigningKey,
    /// Address of the key.
    pub address: Address,
}

impl Key {
    /// The key that a seed names: keccak256 of it.
    pub fn of(seed: &str) -> Self {
        let key = SigningKey::from_slice(keccak256(seed).as_slice()).expect("a scalar");
        let address = address_of(key.verifying_key());
        Self { key, address }
    }

    /// `r ‖ s ‖ v` over a digest, with a low `s`.
    pub fn sign(&self, digest: B256) -> Vec<u8> {
        let (signature, id) = self
            .key
            .sign_prehash_recoverable(digest.as_slice())
            .expect("a digest is signed");
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + u8::from(id.is_y_odd()));
        bytes
    }

    /// The other form of the same signature, with a high `s`: what must be refused.
    pub fn sign_high(&self, digest: B256) -> Vec<u8> {
        let mut bytes = self.sign(digest);
        let s = ORDER - U256::from_be_slice(&bytes[32..64]);
        bytes[32..64].copy_from_slice(&s.to_be_bytes::<32>());
        bytes[64] = 27 + 28 - bytes[64];
        bytes
    }
}

/// What is signed for a city's contract on a chain: by EIP-712, from its text and not by the contracts' code.
///
/// Shape: `words` are the type's hash and one word for each field.
pub fn digest_at(chain_id: u64, contract: Address, words: &[B256]) -> B256 {
    let domain = (
        keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        ),
        keccak256("AgentCity"),
        keccak256("1"),
        U256::from(chain_id),
        contract,
    );
    let separator = keccak256(domain.abi_encode());
    let hash = keccak256(words.concat());
    keccak256([&[0x19, 0x01], separator.as_slice(), hash.as_slice()].concat())
}

fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    Address::from_word(keccak256(&point.as_bytes()[1..]))
}

/// The precompile: 32 bytes digest, then v, r and s as words; nothing for what is no signature.
pub(crate) fn ecrecover(input: &[u8]) -> Vec<u8> {
    let recover = || {
        let mut odd = match U256::from_be_slice(input.get(32..64)?) {
            v if v == U256::from(27) => false,
            v if v == U256::from(28) => true,
            _ => return None,
        };
        let mut signature = Signature::from_slice(input.get(64..128)?).ok()?;
        // The precompile accepts both forms; this library recovers the lower alone.
        if let Some(lower) = signature.normalize_s() {
            (signature, odd) = (lower, !odd);
        }
        let id = RecoveryId::new(odd, false);
        VerifyingKey::recover_from_prehash(&input[..32], &signature, id).ok()
    };
    recover()
        .map(|key| address_of(&key).into_word().to_vec())
        .unwrap_or_default()
}
