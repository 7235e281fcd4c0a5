//! The funded accounts of the mnemonic, and what the node signs with their keys.

use crate::limits;
use alloy::{
    primitives::{Address, B256, Signature},
    signers::{
        SignerSync,
        local::{
            PrivateKeySigner,
            coins_bip39::{English, Mnemonic},
        },
    },
};
use std::collections::HashMap;

/// The mnemonic that every Ethereum development tool knows.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Where the accounts hang below the mnemonic.
pub const DERIVATION_PATH: &str = "m/44'/60'/0'/0/";

/// Why the accounts cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// Not twelve to twenty-four English words with a checksum.
    #[error("the mnemonic is not valid: {0}; give 12 to 24 words of the BIP-39 English list")]
    Mnemonic(String),
    /// Not a BIP-32 path.
    #[error(
        "the derivation path {path:?} is not valid: {error}; the usual one is {DERIVATION_PATH:?}"
    )]
    Path {
        /// As given, with the index of the account.
        path: String,
        /// What the parser said.
        error: String,
    },
    /// More than [`limits::ACCOUNTS`].
    #[error("{0} accounts are more than the {max} that can be funded", max = limits::ACCOUNTS)]
    TooMany(usize),
}

/// Keys the node holds.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    signers: Vec<PrivateKeySigner>,
    by_address: HashMap<Address, usize>,
}

impl Accounts {
    /// Derives the first `count` accounts. The seed is stretched once (2,048 rounds), not once per account.
    pub fn derive(mnemonic: &str, path: &str, count: usize) -> Result<Self, AccountsError> {
        if count > limits::ACCOUNTS {
            return Err(AccountsError::TooMany(count));
        }
        let mnemonic = Mnemonic::<English>::new_from_phrase(mnemonic)
            .map_err(|error| AccountsError::Mnemonic(error.to_string()))?;
        let master = mnemonic
            .master_key(None)
            .map_err(|error| AccountsError::Mnemonic(error.to_string()))?;
        let mut accounts = Self::default();
        for index in 0..count {
            let path = format!(
                "{path}{separator}{index}",
                separator = if path.ends_with('/') { "" } else { "/" }
            );
            let key = master
                .derive_path(path.as_str())
                .map_err(|error| AccountsError::Path {
                    path: path.clone(),
                    error: error.to_string(),
                })?;
            let key: &alloy::signers::k256::ecdsa::SigningKey = key.as_ref();
            let signer = PrivateKeySigner::from_signing_key(key.clone());
            accounts.by_address.insert(signer.address(), index);
            accounts.signers.push(signer);
        }
        Ok(accounts)
    }

    /// In the order of the mnemonic.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = Address> + '_ {
        self.signers.iter().map(PrivateKeySigner::address)
    }

    /// In the order of the mnemonic.
    pub fn signers(&self) -> &[PrivateKeySigner] {
        &self.signers
    }

    /// The key of this address, if the node holds it.
    pub fn signer(&self, address: Address) -> Option<&PrivateKeySigner> {
        self.by_address
            .get(&address)
            .map(|&index| &self.signers[index])
    }

    /// Signs a digest; `None` when the node has no key of `address`.
    pub fn sign_hash(
        &self,
        address: Address,
        digest: &B256,
    ) -> Option<Result<Signature, alloy::signers::Error>> {
        self.signer(address)
            .map(|signer| signer.sign_hash_sync(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::address;

    #[test]
    fn derives_the_accounts_that_every_tool_knows() {
        let accounts = Accounts::derive(MNEMONIC, DERIVATION_PATH, 10).unwrap();
        let addresses: Vec<_> = accounts.addresses().collect();
        assert_eq!(
            addresses[0],
            address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
        );
        assert_eq!(
            addresses[9],
            address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720")
        );
        assert!(accounts.signer(addresses[9]).is_some());
    }

    #[test]
    fn refuses_a_mnemonic_with_a_wrong_checksum_and_a_path_that_is_none() {
        let error = Accounts::derive("test test test", DERIVATION_PATH, 1).unwrap_err();
        assert!(matches!(error, AccountsError::Mnemonic(_)), "{error}");
        let error = Accounts::derive(MNEMONIC, "m/x/", 1).unwrap_err();
        assert!(matches!(error, AccountsError::Path { .. }), "{error}");
        let error = Accounts::derive(MNEMONIC, DERIVATION_PATH, limits::ACCOUNTS + 1).unwrap_err();
        assert!(matches!(error, AccountsError::TooMany(_)), "{error}");
    }
}
