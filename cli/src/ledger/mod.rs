//! A Ledger that signs: built with the feature `ledger`, asked for with `--ledger`.
//!
//! The device is `alloy`'s: it asks for the address, hands in transactions, and hands in typed payloads as the two hashes that the device
//! signs over. What stands here is around it: questions asked first, because `alloy` does not tell why a device that is locked or
//! shows its menu does not answer; that what is handed in hashes to what is to be signed; that the signature is of the address that the
//! device gave; and errors that say what to do at the device.

#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use alloy::{
    consensus::SignableTransaction,
    dyn_abi::TypedData,
    network::TxSigner,
    primitives::{Address, B256, Signature},
    signers::{self, Signer as _},
};
use alloy_signer_ledger::{
    HDPath, LedgerError, LedgerSigner,
    coins_ledger::{
        common::{APDUCommand, APDUData, APDUResponseCodes as Status},
        errors::LedgerError as TransportError,
        transports::{Ledger, LedgerAsync as _},
    },
};
use futures_util::lock::Mutex;
use hidapi_rusb::HidApi;

use crate::{
    failure::{Code, Failure},
    signer::{HdPath, Typed},
};

/// The class of the Ethereum app's commands, and the one that asks for its version.
const CLASS: u8 = 0xe0; // structural: as the app numbers it
const CONFIGURATION: u8 = 0x06; // structural: as the app numbers it

/// What a device answers when it did as it was told.
const DONE: u16 = 0x9000; // structural: ISO 7816
/// What devices answer that are locked, through their releases.
const LOCKED: [u16; 4] = [0x5515, 0x6804, 0x6982, 0x6b0c]; // structural: as the device's system numbers them
/// What devices answer that show their menu, or run another app.
const ELSEWHERE: [u16; 5] = [0x6511, 0x6d00, 0x6d02, 0x6e00, 0x6e01]; // structural: as the device's system numbers them
/// The bit of the configuration that says whether the app signs what it cannot show.
const SIGNS_BLIND: u8 = 1; // structural: as the app lays it out

/// What is said of a device that is not ready.
const READY: &str = "unlock it, and open its Ethereum app";

/// A device with one of its keys chosen.
#[derive(Debug)]
pub(crate) struct Device {
    signer: LedgerSigner,
    /// Whether it signs what it cannot show, as it said at first.
    signs_blind: bool,
}

impl Device {
    /// Reaches the first device, and asks it for the address of a path.
    ///
    /// Errors: `key/device-missing`, `key/device-closed`.
    pub(crate) async fn open(path: &HdPath) -> Result<Self, Failure> {
        reachable()?;
        let transport = Ledger::init().await.map_err(|error| told(error.into()))?;
        let configuration = configuration(&transport).await?;
        let transport = Arc::new(Mutex::new(transport));
        // The chain is not checked here: it stands in what is signed.
        let signer =
            LedgerSigner::new_with_transport(HDPath::Other(path.to_string()), None, transport)
                .await
                .map_err(told)?;
        Ok(Self {
            signer,
            signs_blind: configuration & SIGNS_BLIND != 0,
        })
    }

    /// Whose key it is.
    pub(crate) fn address(&self) -> Address {
        signers::Signer::address(&self.signer)
    }

    /// Lets its holder sign a payload.
    ///
    /// Errors: `key/device-wrong` if the payload is not what is to be signed, in which case nothing is handed in, or if the signature is
    /// somebody else's; `key/device-refused`, `key/device-closed`.
    pub(crate) async fn sign(&self, typed: &Typed) -> Result<Signature, Failure> {
        let data: TypedData = serde_json::from_value(typed.payload.clone())
            .map_err(|error| wrong(format!("the payload is not understood ({error})")))?;
        let not_hashed = |error| wrong(format!("the payload has no hash ({error})"));
        let handed = data.eip712_signing_hash().map_err(not_hashed)?;
        if handed != typed.digest {
            return Err(wrong(format!(
                "the payload hashes to {handed}, and {} is to be signed",
                typed.digest
            )));
        }
        let message = data.hash_struct().map_err(not_hashed)?;
        eprintln!("Compare on the device, then confirm:");
        eprintln!("  domain hash  {}", data.domain.separator());
        eprintln!("  message hash {message}");
        let signed = self.signer.sign_dynamic_typed_data(&data).await;
        self.of_its_own(signed.map_err(|error| self.refusal(error))?, typed.digest)
    }

    /// Refuses a signature of somebody else.
    fn of_its_own(&self, signature: Signature, digest: B256) -> Result<Signature, Failure> {
        let by = signature.recover_address_from_prehash(&digest).ok();
        match by == Some(self.address()) {
            true => Ok(signature),
            false => Err(wrong(format!(
                "the device's signature is not {}'s over {digest}",
                self.address()
            ))),
        }
    }

    /// Why it did not sign.
    fn refusal(&self, error: signers::Error) -> Failure {
        let signers::Error::Other(inner) = error else {
            return wrong(format!("the device was not asked ({error})"));
        };
        match inner.downcast::<LedgerError>() {
            Ok(error) => match *error {
                LedgerError::LedgerError(TransportError::BadRetcode(Status::InvalidData))
                    if !self.signs_blind =>
                {
                    Failure::new(
                        Code::DeviceRefused,
                        "the device does not sign what it cannot show in full",
                    )
                    .hint("turn on blind signing in the settings of its Ethereum app, and compare the hashes")
                }
                error => told(error),
            },
            Err(error) => wrong(format!("the device was not asked ({error})")),
        }
    }
}

/// A device that signs transactions, for `alloy`'s wallet.
#[derive(Clone, Debug)]
pub(crate) struct Teller(pub(crate) Arc<Device>);

impl TxSigner<Signature> for Teller {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_transaction<'life0, 'life1, 'async_trait>(
        &'life0 self,
        transaction: &'life1 mut dyn SignableTransaction<Signature>,
    ) -> Pin<Box<dyn Future<Output = signers::Result<Signature>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let device = &self.0;
            let digest = transaction.signature_hash();
            eprintln!("Confirm the transaction on the device.");
            let signed = device.signer.sign_transaction(transaction).await;
            let signed = signed.map_err(|error| device.refusal(error));
            signed
                .and_then(|signature| device.of_its_own(signature, digest))
                .map_err(signers::Error::other)
        })
    }
}

/// Whether USB can be asked at all. Once, and first: what opens devices afterwards keeps the library, and panics where it is not to be had.
fn reachable() -> Result<(), Failure> {
    static ASKED: OnceLock<Result<(), Failure>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| match HidApi::new() {
        Ok(_) => Ok(()),
        Err(error) => Err(missing(format!("USB cannot be asked ({error})"))),
    });
    asked.clone()
}

/// The flags of the app's configuration: whoever answers is the Ethereum app.
async fn configuration(transport: &Ledger) -> Result<u8, Failure> {
    let question = APDUCommand {
        cla: CLASS,
        ins: CONFIGURATION,
        p1: 0,
        p2: 0,
        data: APDUData::new(&[]),
        response_len: None,
    };
    let answer = transport.exchange(&question).await;
    let answer = answer.map_err(|error| told(error.into()))?;
    match (answer.retcode(), answer.data()) {
        (DONE, Some([flags, ..])) => Ok(*flags),
        (status, _) => Err(closed(status)),
    }
}

/// A device that answers with this and did not do what it was told.
fn closed(status: u16) -> Failure {
    let what = if LOCKED.contains(&status) {
        "the device is locked".to_owned()
    } else if ELSEWHERE.contains(&status) {
        "the Ethereum app is not open on the device".to_owned()
    } else {
        format!("the device answers {status:#06x}")
    };
    Failure::new(Code::DeviceClosed, what).hint(READY)
}

fn missing(what: String) -> Failure {
    Failure::new(Code::DeviceMissing, what).hint(
        "plug it in and unlock it; no other program may hold it, and on Linux Ledger's udev rules let you open it",
    )
}

fn wrong(what: String) -> Failure {
    Failure::new(Code::DeviceWrong, what)
        .hint("nothing was signed that could be used; sign with another key, and report this")
}

/// What the device or the way to it said.
fn told(error: LedgerError) -> Failure {
    match error {
        LedgerError::LedgerError(TransportError::BadRetcode(status)) => match status {
            Status::ConditionsNotSatisfied | Status::CommandNotAllowed => {
                Failure::new(Code::DeviceRefused, "it was rejected on the device")
                    .hint("nothing was signed; run it again to be asked again")
            }
            Status::InvalidData => Failure::new(
                Code::DeviceRefused,
                "the device does not take what it was handed",
            )
            .hint("turn on blind signing in the settings of its Ethereum app, and update the app"),
            status => closed(status as u16),
        },
        LedgerError::LedgerError(TransportError::NativeTransportError(error)) => {
            missing(format!("the device cannot be reached ({error})"))
        }
        LedgerError::LedgerError(error) => missing(format!("the device does not answer ({error})")),
        // Of a status that it does not know `alloy` keeps nothing.
        LedgerError::UnexpectedNullResponse => Failure::new(
            Code::DeviceClosed,
            "the device was locked or its app closed",
        )
        .hint(READY),
        LedgerError::UnsupportedAppVersion(needed) => Failure::new(
            Code::DeviceClosed,
            format!("the Ethereum app on the device is too old: {needed} signs typed data"),
        )
        .hint("update the app with Ledger's own software"),
        error => wrong(format!("the device's answer is not understood ({error})")),
    }
}
