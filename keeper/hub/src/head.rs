//! A head: the size and root of a log, signed by its author. Who signs two heads that no proof joins has forked the log, and two
//! signatures show it.

use agentcity_domain::roster::anchor::Anchor;
use alloy::{
    primitives::{Address, B256, Bytes, Signature},
    signers::{SignerSync, local::PrivateKeySigner},
};
use serde::{Deserialize, Serialize};

/// Which log: one author keeps one on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogName {
    /// The chain whose events it holds, and on which its roots are anchored.
    pub chain_id: u64,
    /// The account that anchors them.
    pub author: Address,
}

/// A log at one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    /// Entries.
    pub size: u64,
    /// The tree's hash.
    pub root: B256,
    /// When it was signed, in unix milliseconds.
    pub timestamp: u64,
}

/// A head with its author's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedHead {
    /// What was signed.
    pub head: Head,
    /// `r ‖ s ‖ v` over [`Head::statement`], as wallets sign texts (EIP-191).
    pub signature: Bytes,
}

/// A signature is not whose it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is no signature.
    #[error("{bytes} bytes are no signature of 65 bytes in its lower form")]
    Malformed {
        /// How many.
        bytes: usize,
    },
    /// Somebody else signed, or something else.
    #[error("the signature is of {found} over this, not of {expected}")]
    Foreign {
        /// Who would have signed this.
        found: Address,
        /// Who should have.
        expected: Address,
    },
}

impl Head {
    /// The text that is signed.
    pub fn statement(&self, log: &LogName) -> String {
        format!(
            "AgentCity log head, version 1\nchain: {}\nauthor: {:#x}\nsize: {}\nroot: {}\ntime: {}",
            log.chain_id, log.author, self.size, self.root, self.timestamp
        )
    }

    /// As the roster knows it.
    pub const fn anchor(&self) -> Anchor {
        Anchor {
            size: self.size,
            root: self.root,
        }
    }
}

impl SignedHead {
    /// Signs a head.
    ///
    /// Errors: the signer is not the log's author, or its key cannot sign.
    pub fn sign(
        head: Head,
        log: &LogName,
        signer: &PrivateKeySigner,
    ) -> Result<Self, SignatureError> {
        let signature = sign(&head.statement(log), signer)?;
        let signed = Self { head, signature };
        signed.verify(log)?;
        Ok(signed)
    }

    /// Errors: [`SignatureError`].
    pub fn verify(&self, log: &LogName) -> Result<(), SignatureError> {
        let statement = self.head.statement(log);
        signed_by(&statement, &self.signature, log.author)
    }
}

/// Signs a text as wallets do.
pub(crate) fn sign(text: &str, signer: &PrivateKeySigner) -> Result<Bytes, SignatureError> {
    match signer.sign_message_sync(text.as_bytes()) {
        Ok(signature) => Ok(Bytes::from(signature.as_bytes().to_vec())),
        Err(_) => Err(SignatureError::Malformed { bytes: 0 }),
    }
}

/// Whether a text was signed by an account.
pub(crate) fn signed_by(
    text: &str,
    signature: &Bytes,
    expected: Address,
) -> Result<(), SignatureError> {
    let malformed = SignatureError::Malformed {
        bytes: signature.len(),
    };
    if signature.len() != 65 {
        return Err(malformed);
    }
    let Ok(read) = Signature::from_raw(signature) else {
        return Err(malformed);
    };
    // The upper form is the same signature a second time: one form, one signature.
    if read.normalize_s().is_some() || read.as_bytes() != signature[..] {
        return Err(malformed);
    }
    match read.recover_address_from_msg(text) {
        Ok(found) if found == expected => Ok(()),
        Ok(found) => Err(SignatureError::Foreign { found, expected }),
        Err(_) => Err(malformed),
    }
}
