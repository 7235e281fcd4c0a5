//! The file that travels: the EIP-712 payload as wallets take it (`eth_signTypedData_v4`), and beside it under `override` what a
//! relay needs. Everything here works without a network.

use std::{fs, path::Path};

use agentcity_abi::action::{self, VERSION, verb};
use agentcity_domain::{
    act::Action,
    signed::{self, Entry},
};
use alloy::primitives::{Address, B256, Bytes, Signature, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields::known;
use crate::{
    failure::{Code, Failure},
    signed as statement,
};

/// Most bytes of a file of a payload: that of an action has less than ten thousand, its signatures some more.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes of a signature by a key.
const KEY_SIGNATURE: usize = 65;
/// Most bytes of a signature of a contract, as the panel takes it.
const CONTRACT_SIGNATURE_MAX: usize = 2_048;

/// A signed act: its kind and the words of all its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// The kind.
    pub(crate) action: Action,
    /// Its fields in order, the three that all have last.
    pub(crate) words: Vec<B256>,
}

/// A signature with its signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    /// Whose it is.
    pub(crate) signer: Address,
    /// `r ‖ s ‖ v` of a key; what a contract is shown of a contract (ERC-1271).
    pub(crate) signature: Bytes,
    /// Whether the signer is a contract.
    #[serde(default)]
    pub(crate) contract: bool,
}

/// A file of one signer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureFile {
    /// What was signed.
    pub(crate) digest: B256,
    /// By whom.
    #[serde(flatten)]
    pub(crate) signed: Signed,
}

/// An action of a city, with the signatures that were gathered.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What is signed.
    pub(crate) payload: Payload,
    /// On which chain.
    pub(crate) chain_id: u64,
    /// By the panel of which city: its adjudication contract.
    pub(crate) panel: Address,
    /// The constitution of that city.
    pub(crate) constitution: Address,
    /// Ascending by signer.
    pub(crate) signatures: Vec<Signed>,
}

/// What stands under `override`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Relay {
    version: u32,
    action: String,
    number: u8,
    constitution: Address,
    payload: Bytes,
    digest: B256,
    signatures: Vec<Signed>,
}

/// The action of that name of its row, its verb or its number.
pub(crate) fn action_named(text: &str) -> Option<Action> {
    let named = |action: &&Action| {
        action
            .row()
            .is_some_and(|row| row.name == text || row.verb == text)
    };
    let by_number = || Action::at(text.parse().ok()?);
    Action::ALL.iter().find(named).copied().or_else(by_number)
}

fn entry(action: Action) -> Option<Entry> {
    Some(action.signed()?.entry())
}

impl Payload {
    /// A field by its name.
    pub(crate) fn word(&self, name: &str) -> Option<B256> {
        action::word(self.action, &self.words, name)
    }

    /// A field for people.
    pub(crate) fn shown(&self, name: &str) -> Option<String> {
        let word = self.word(name)?;
        Some(known(name).show(self.action, &self.words, word))
    }

    /// The last second at which it may be handed in.
    pub(crate) fn deadline(&self) -> u64 {
        self.word("deadline")
            .map_or(0, |word| U256::from_be_bytes(word.0).saturating_to())
    }

    /// What it does, with every value that is signed.
    pub(crate) fn sentence(&self) -> String {
        action::said(self.action, |name| self.shown(name).unwrap_or_default())
    }

    /// As the panel takes it: the words one after another.
    pub(crate) fn encoded(&self) -> Bytes {
        self.words.concat().into()
    }

    /// What is signed for a panel.
    pub(crate) fn digest(&self, chain_id: u64, panel: Address) -> B256 {
        let words = [&[self.action.type_hash()], &self.words[..]].concat();
        statement::digest(chain_id, panel, &words)
    }
}

impl Document {
    /// What is signed.
    pub(crate) fn digest(&self) -> B256 {
        self.payload.digest(self.chain_id, self.panel)
    }

    /// As a file.
    pub(crate) fn json(&self) -> Value {
        let Payload { action, words } = &self.payload;
        let mut file = action::typed(*action, words, self.chain_id, self.panel);
        file["override"] = json!(Relay {
            version: VERSION,
            action: verb(*action).to_owned(),
            number: *action as u8,
            constitution: self.constitution,
            payload: self.payload.encoded(),
            digest: self.digest(),
            signatures: self.signatures.clone(),
        });
        file
    }

    /// Writes the file, whole or not at all.
    ///
    /// Errors: `input/file`.
    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        save(path, &self.json())
    }

    /// Reads a file, and holds message, payload and digest against each other.
    ///
    /// Errors: `input/file`; `input/malformed`; `override/tampered` if the parts of the file do not say the same.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let value: Value = read(path)?;
        Self::of(&value).map_err(|mut failure| {
            failure.message = format!("{}: {}", path.display(), failure.message);
            failure
        })
    }

    fn of(value: &Value) -> Result<Self, Failure> {
        let malformed = |what: String| {
            Failure::new(Code::Malformed, what)
                .hint("it is no file of `agentcity override prepare`: prepare it again")
        };
        let tampered = |what: &str| {
            Failure::new(
                Code::Tampered,
                format!("the file contradicts itself: {what}"),
            )
            .hint("do not sign it; prepare it again, or get it from who prepared it")
        };
        let relay = value.get("override").cloned().unwrap_or_default();
        let relay: Relay = serde_json::from_value(relay)
            .map_err(|error| malformed(format!("`override` is not understood ({error})")))?;
        if relay.version != VERSION {
            return Err(malformed(format!(
                "it is of version {}, this program reads {VERSION}",
                relay.version
            )));
        }
        let action = action_named(&relay.action)
            .ok_or_else(|| malformed(format!("there is no action `{}`", relay.action)))?;
        let entry = entry(action).ok_or_else(|| malformed("it names no action".into()))?;
        if action as u8 != relay.number || value["primaryType"] != entry.name {
            return Err(tampered("it names several actions"));
        }
        let (chain_id, panel) = domain(&value["domain"]).ok_or_else(|| {
            malformed("`domain` is no EIP-712 domain of a city's adjudication contract".into())
        })?;
        let payload = Payload {
            action,
            words: words(action, &entry, &value["message"]).map_err(malformed)?,
        };
        let document = Self {
            payload,
            chain_id,
            panel,
            constitution: relay.constitution,
            signatures: relay.signatures,
        };
        if document.json()["types"] != value["types"] {
            return Err(tampered("its types are not the action's"));
        }
        if document.payload.encoded() != relay.payload {
            return Err(tampered("its message is not its payload"));
        }
        if document.digest() != relay.digest {
            return Err(tampered("its digest is not its message's"));
        }
        let mut last = Address::ZERO;
        for signed in &document.signatures {
            if signed.signer <= last {
                return Err(tampered("its signers do not ascend"));
            }
            last = signed.signer;
            signed.check(relay.digest)?;
        }
        Ok(document)
    }
}

/// Chain and contract of a domain that is a city's.
fn domain(value: &Value) -> Option<(u64, Address)> {
    let id = &value["chainId"];
    let chain = id.as_u64().or_else(|| id.as_str()?.parse().ok())?;
    let panel = value["verifyingContract"].as_str()?.parse().ok()?;
    let ours = value["name"] == signed::DOMAIN_NAME && value["version"] == signed::DOMAIN_VERSION;
    ours.then_some((chain, panel))
}

/// The words of a message.
fn words(action: Action, entry: &Entry, message: &Value) -> Result<Vec<B256>, String> {
    let mut words = Vec::new();
    let shape = action.shape().ok_or("it names no action")?;
    for (place, (ty, name)) in (0u8..).zip(entry.fields()) {
        let word = action::word_of(ty, &message[name]);
        let word = word.ok_or_else(|| format!("`message.{name}` is no {ty}"))?;
        // The three that all have are two words and a number of 64 bits.
        let fits = if place < shape.fields {
            shape.takes(place, &word)
        } else {
            ty == "bytes32" || word.0.starts_with(&[0; 24])
        };
        if !fits {
            return Err(format!("`message.{name}` is out of the range of {ty}"));
        }
        words.push(word);
    }
    match message.as_object() {
        Some(fields) if fields.len() == words.len() => Ok(words),
        _ => Err("`message` has fields that its type does not have".into()),
    }
}

impl Signed {
    /// That it is a signature of `signer` over `digest` in the only form that the panel takes. What a contract says can be asked on its
    /// chain alone.
    ///
    /// Errors: `override/foreign-signature`, `override/high-s`, `input/malformed`.
    pub(crate) fn check(&self, digest: B256) -> Result<(), Failure> {
        if self.contract {
            let bytes = self.signature.len();
            // With the address before it, 45 bytes would be taken for a key's signature.
            if bytes == KEY_SIGNATURE - Address::len_bytes() || bytes > CONTRACT_SIGNATURE_MAX {
                return Err(Failure::new(
                    Code::Malformed,
                    format!("a contract's signature of {bytes} bytes cannot be handed in"),
                )
                .hint("pad one of 45 bytes; none is longer than 2048"));
            }
            return Ok(());
        }
        let found = signer_of(&self.signature, digest)?;
        if found != self.signer {
            return Err(foreign(self.signer, digest));
        }
        Ok(())
    }

    /// As the panel takes it.
    pub(crate) fn wire(&self) -> Bytes {
        if self.contract {
            [self.signer.as_slice(), &self.signature].concat().into()
        } else {
            self.signature.clone()
        }
    }
}

/// A signature that is over something else.
pub(crate) fn foreign(signer: Address, digest: B256) -> Failure {
    Failure::new(
        Code::ForeignSignature,
        format!("the signature is not {signer}'s over {digest}"),
    )
    .hint("sign this very file with `agentcity override sign`")
}

/// Whose key signed `digest`.
///
/// Errors: `input/malformed`, `override/high-s`.
pub(crate) fn signer_of(signature: &[u8], digest: B256) -> Result<Address, Failure> {
    let malformed = || {
        Failure::new(
            Code::Malformed,
            format!(
                "a signature by a key has 65 bytes, the last of them 27 or 28; this one has {}",
                signature.len()
            ),
        )
        .hint("sign again with `agentcity override sign`, or name a contract with --for")
    };
    let parsed = match signature.last() {
        Some(27 | 28) if signature.len() == KEY_SIGNATURE => Signature::from_raw(signature),
        _ => return Err(malformed()),
    };
    let parsed = parsed.map_err(|_| malformed())?;
    if parsed.normalize_s().is_some() {
        return Err(Failure::new(
            Code::HighS,
            "the signature has the upper form of s, which no contract takes",
        )
        .hint("sign again with a wallet that makes the lower form"));
    }
    parsed
        .recover_address_from_prehash(&digest)
        .map_err(|_| malformed())
}

/// Reads JSON of a file that is not too long.
pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            Code::Malformed,
            format!("{}:{}: {error}", path.display(), error.line()),
        )
        .hint("it is no JSON of this program")
    })
}

/// Reads a text that is not too long.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let size = fs::metadata(path).map_err(|error| Failure::file(path, &error))?;
    if size.len() > FILE_BYTES_MAX {
        return Err(Failure::new(
            Code::Malformed,
            format!("{} has {} bytes", path.display(), size.len()),
        )
        .hint("no file of an action has more than a million"));
    }
    fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
}

/// Writes JSON, whole or not at all.
pub(crate) fn save(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(Code::File, format!("{}: {error}", path.display())))?;
    let draft = path.with_extension("draft");
    fs::write(&draft, text + "\n").map_err(|error| Failure::file(&draft, &error))?;
    fs::rename(&draft, path).map_err(|error| Failure::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::{
        dyn_abi::TypedData,
        primitives::{I256, address},
        signers::{SignerSync, local::PrivateKeySigner},
    };

    const PANEL: Address = address!("00000000000000000000000000000000000000aa");

    /// A document of an action whose fields are all as great as their types allow.
    fn greatest(action: Action) -> Document {
        let shape = action.shape().unwrap();
        let mut words = Vec::new();
        for (place, (ty, _)) in (0u8..).zip(entry(action).unwrap().fields()) {
            let mut word = B256::repeat_byte(0xff);
            let unused = match ty {
                "bool" => 31,
                "uint64" => 24,
                _ => shape.unused(place).into(),
            };
            word.0[..unused].fill(0);
            match ty {
                "bool" => word = U256::from(1).into(),
                "int16" => word = I256::MINUS_ONE.into_raw().into(),
                _ => {}
            }
            words.push(word);
        }
        Document {
            payload: Payload { action, words },
            chain_id: 412_346,
            panel: PANEL,
            constitution: Address::ZERO,
            signatures: Vec::new(),
        }
    }

    #[test]
    fn wallets_sign_what_the_panel_checks_for_every_action() {
        for action in Action::ALL {
            let document = greatest(*action);
            let typed: TypedData = serde_json::from_value(document.json()).unwrap();
            let signed = typed.eip712_signing_hash().unwrap();
            assert_eq!(signed, document.digest(), "{action:?}");
            let again = Document::of(&document.json()).unwrap();
            assert_eq!(again.payload, document.payload, "{action:?}");
        }
    }

    #[test]
    fn whoever_changes_a_file_is_found() {
        let json = greatest(Action::AmendParameter).json();
        type Change = fn(&mut Value);
        let changes: [(&str, Change, Code); 9] = [
            (
                "message",
                |v| v["message"]["newValue"] = json!(B256::ZERO),
                Code::Tampered,
            ),
            (
                "payload",
                |v| v["override"]["payload"] = json!("0x00"),
                Code::Tampered,
            ),
            (
                "digest",
                |v| v["override"]["digest"] = json!(B256::ZERO),
                Code::Tampered,
            ),
            (
                "chain",
                |v| v["domain"]["chainId"] = json!(1),
                Code::Tampered,
            ),
            (
                "contract",
                |v| v["domain"]["verifyingContract"] = json!(Address::ZERO),
                Code::Tampered,
            ),
            (
                "type",
                |v| v["types"]["AmendParameter"][0]["type"] = json!("uint16"),
                Code::Tampered,
            ),
            (
                "action",
                |v| v["primaryType"] = json!("EnactNorm"),
                Code::Tampered,
            ),
            (
                "range",
                |v| v["message"]["parameter"] = json!("256"),
                Code::Malformed,
            ),
            (
                "field",
                |v| v["message"]["more"] = json!("1"),
                Code::Malformed,
            ),
        ];
        for (what, change, code) in changes {
            let mut changed = json.clone();
            change(&mut changed);
            assert_eq!(Document::of(&changed).unwrap_err().code, code, "{what}");
        }
    }

    #[test]
    fn a_signature_is_taken_in_one_form_only() {
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
        let digest = greatest(Action::HaltCity).digest();
        let good = key.sign_hash_sync(&digest).unwrap();
        let signed = |signature: Vec<u8>| Signed {
            signer: key.address(),
            signature: signature.into(),
            contract: false,
        };
        signed(good.as_bytes().to_vec()).check(digest).unwrap();
        let order = U256::from_str_radix(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
            16,
        );
        let high = Signature::new(good.r(), order.unwrap() - good.s(), !good.v());
        let refused =
            |signature: Vec<u8>, digest| signed(signature).check(digest).unwrap_err().code;
        assert_eq!(refused(high.as_bytes().to_vec(), digest), Code::HighS);
        assert_eq!(
            refused(good.as_bytes().to_vec(), B256::ZERO),
            Code::ForeignSignature
        );
        assert_eq!(
            refused(good.as_bytes()[..64].to_vec(), digest),
            Code::Malformed
        );
        let mut other = good.as_bytes();
        other[64] -= 27;
        assert_eq!(refused(other.to_vec(), digest), Code::Malformed);
    }
}
