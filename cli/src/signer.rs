//! Who signs: a key of this process, or a Ledger that holds one (feature `ledger`).
//!
//! Besides transactions everything that is signed is a [`Typed`]: the payload that wallets take, and the digest that the law's own tables
//! make of the same words. A key signs the digest. A device takes no digests: it is handed the payload, which must hash to the digest.

use std::{fmt, str::FromStr};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, Bytes},
    signers::{SignerSync as _, local::PrivateKeySigner},
};
use serde_json::Value;

use crate::failure::{Code, Failure};

/// Steps of a derivation path at most, as the Ethereum app takes them.
const STEPS_MAX: usize = 10; // structural: `MAX_BIP32_PATH` of the app

/// First index that a path cannot have: the bit above says that a step is hardened.
const INDEX_END: u32 = 1 << 31; // structural: BIP 32

/// What is to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    /// What the chain will hold the signature against.
    pub(crate) digest: B256,
    /// As `eth_signTypedData_v4` takes it.
    #[cfg_attr(not(feature = "ledger"), allow(dead_code))] // A key signs the digest alone.
    pub(crate) payload: Value,
}

impl Typed {
    /// A payload and what it must hash to.
    pub(crate) fn new(payload: Value, digest: B256) -> Self {
        Self { digest, payload }
    }
}

/// Whoever signs in this run.
#[derive(Clone, Debug)]
pub(crate) enum Signer {
    /// A key that this process holds.
    Key(PrivateKeySigner),
    /// A key that a device holds.
    #[cfg(feature = "ledger")]
    Ledger(std::sync::Arc<crate::ledger::Device>),
}

impl Signer {
    /// Asks a Ledger for a key.
    ///
    /// Errors: `key/device-missing`, `key/device-closed`.
    #[cfg(feature = "ledger")]
    pub(crate) async fn ledger(path: HdPath) -> Result<Self, Failure> {
        let device = crate::ledger::Device::open(&path).await?;
        Ok(Self::Ledger(std::sync::Arc::new(device)))
    }

    /// Says that this build asks no Ledger.
    #[cfg(not(feature = "ledger"))]
    pub(crate) async fn ledger(_: HdPath) -> Result<Self, Failure> {
        Err(Failure::new(
            Code::DeviceMissing,
            "this build of agentcity asks no Ledger",
        )
        .hint("build one that does: `cargo build --release -p agentcity --features ledger`"))
    }

    /// Whose signature it is.
    pub(crate) fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.address(),
            #[cfg(feature = "ledger")]
            Self::Ledger(device) => device.address(),
        }
    }

    /// For transactions.
    pub(crate) fn wallet(&self) -> EthereumWallet {
        match self {
            Self::Key(key) => EthereumWallet::from(key.clone()),
            #[cfg(feature = "ledger")]
            Self::Ledger(device) => {
                EthereumWallet::from(crate::ledger::Teller(std::sync::Arc::clone(device)))
            }
        }
    }

    /// Signs: r, s, v.
    ///
    /// Errors: those of a device, `key/device-closed`, `key/device-refused` and `key/device-wrong`; a key that is here signs.
    pub(crate) async fn sign(&self, typed: &Typed) -> Result<Bytes, Failure> {
        let signature = match self {
            // Only a fault of the library could keep it from signing.
            Self::Key(key) => key.sign_hash_sync(&typed.digest).map_err(|error| {
                Failure::new(
                    Code::KeyMalformed,
                    format!("the key does not sign ({error})"),
                )
            })?,
            #[cfg(feature = "ledger")]
            Self::Ledger(device) => device.sign(typed).await?,
        };
        Ok(Bytes::copy_from_slice(&signature.as_bytes()))
    }
}

/// Which key of a device: `m/44'/60'/0'/0/0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HdPath(String);

impl HdPath {
    /// An account as Ledger's own wallet counts them.
    ///
    /// Errors: `input/number` beyond what a step of a path can be.
    pub(crate) fn account(index: u32) -> Result<Self, Failure> {
        if index < INDEX_END {
            return Ok(Self(format!("m/44'/60'/{index}'/0/0")));
        }
        Err(
            Failure::new(Code::Number, format!("a device has no account {index}"))
                .hint(format!("they are numbered from 0 to {}", INDEX_END - 1)),
        )
    }
}

impl FromStr for HdPath {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let step = |step: &str| {
            let digits = step.strip_suffix('\'').unwrap_or(step);
            let is_number = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
            is_number && digits.parse::<u32>().is_ok_and(|index| index < INDEX_END)
        };
        let steps = text.strip_prefix("m/").map(|steps| steps.split('/'));
        match steps {
            Some(steps) if steps.clone().count() <= STEPS_MAX && steps.clone().all(step) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(
                Failure::new(Code::Value, format!("`{text}` is no derivation path"))
                    .hint("give it as m/44'/60'/0'/0/0, of ten steps at most"),
            ),
        }
    }
}

impl fmt::Display for HdPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_of_steps_that_a_device_knows() {
        assert_eq!(
            HdPath::account(7).unwrap(),
            "m/44'/60'/7'/0/0".parse().unwrap()
        );
        let ten = format!("m{}", "/1".repeat(STEPS_MAX));
        assert_eq!(ten.parse::<HdPath>().unwrap().to_string(), ten);
        let eleven = ten + "/1";
        for bad in [
            "",
            "m",
            "m/",
            "44'/60'",
            "m/44h",
            "m/-1",
            "m/+1",
            "m/1''",
            "m/2147483648",
            "m/ 1",
            &eleven,
        ] {
            assert_eq!(
                bad.parse::<HdPath>().unwrap_err().code,
                Code::Value,
                "{bad}"
            );
        }
        assert_eq!(HdPath::account(INDEX_END).unwrap_err().code, Code::Number);
    }

    #[tokio::test]
    async fn a_key_signs_the_digest() {
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
        let digest = B256::repeat_byte(9);
        let signed = Signer::Key(key.clone())
            .sign(&Typed::new(Value::Null, digest))
            .await
            .unwrap();
        let expected = key.sign_hash_sync(&digest).unwrap();
        assert_eq!(signed[..], expected.as_bytes());
    }

    #[cfg(not(feature = "ledger"))]
    #[tokio::test]
    async fn a_build_without_the_feature_says_how_to_have_it() {
        let refused = Signer::ledger(HdPath::account(0).unwrap()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, Code::DeviceMissing);
        assert!(refused.hint.unwrap().contains("--features ledger"));
    }
}
