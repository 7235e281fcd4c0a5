//! Signed statements in files: the EIP-712 payload as wallets take it, with who signed and the signature.
//!
//! ```json
//! { "types": { "EIP712Domain": […], "PrincipalConsent": […] }, "primaryType": "PrincipalConsent",
//!   "domain": { "name": "AgentCity", "version": "1", "chainId": "412346", "verifyingContract": "0x…" },
//!   "message": { "agent": "0x…", … }, "signer": "0x…", "signature": "0x…" }
//! ```
//!
//! Names, order and types of the fields are those of `agentcity_domain::signed`; nothing is said of them here. Numbers are decimal
//! texts, because JSON's numbers end at 2^53.

use std::path::{Path, PathBuf};

use agentcity_deploy::city::apply::eip712_domain;
use agentcity_domain::signed::{
    self as law, DOMAIN_NAME, DOMAIN_TYPE, DOMAIN_VERSION, Entry, SignedStruct,
};
use alloy::primitives::{Address, B256, Bytes, Signature, U256, keccak256};
use serde_json::{Map, Value, json};

use crate::{
    failure::{Code, Failure},
    opts::{City, Key, Town},
    output::{self, Answer},
    signer::{Signer, Typed},
    values,
};

/// Bytes of a key's signature: r, s, v.
const KEY_SIGNATURE: usize = 65; // structural: as the chain recovers it

/// A statement and its signature, for somebody else to hand in; what its own signer hands in is [`crate::saying::Unsigned`].
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    kind: SignedStruct,
    chain: u64,
    contract: Address,
    message: Map<String, Value>,
    /// Who signed.
    pub(crate) signer: Address,
    /// Over what the message hashes to.
    pub(crate) signature: Bytes,
}

/// Who signs a statement, in which city, and where it goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Signing {
    #[command(flatten)]
    pub(crate) town: Town,
    #[command(flatten)]
    pub(crate) key: Key,
    /// Last second at which it is good, unix seconds; a week from the newest block when absent.
    #[arg(long, value_parser = values::number::<u64>)]
    pub(crate) deadline: Option<u64>,
    /// File for it; printed when absent.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// How long a statement is good unless its signer says otherwise, in seconds.
const WEEK: u64 = 604_800; // structural: a habit of this program, no rule of the city

impl Signing {
    /// The deadline that was given, or a week from the newest block.
    pub(crate) async fn until(&self, city: &City) -> Result<u64, Failure> {
        match self.deadline {
            Some(deadline) => Ok(deadline),
            None => Ok(crate::ask::now(city).await? + WEEK),
        }
    }

    /// Signs the words of a struct, and says what was signed.
    pub(crate) async fn answer(
        &self,
        kind: SignedStruct,
        city: &City,
        words: &[B256],
        signer: &Signer,
    ) -> Result<Answer, Failure> {
        let statement = Statement::sign(kind, city, words, &[], signer).await?;
        statement.answer(self.out.as_deref())
    }
}

/// The digest of a struct's words for a contract of a city.
pub(crate) fn digest(chain: u64, contract: Address, words: &[B256]) -> B256 {
    let separator = eip712_domain(chain, contract).separator();
    let signed = keccak256(words.concat());
    keccak256([&[0x19, 0x01], separator.as_slice(), signed.as_slice()].concat())
}

/// The payload of a struct as wallets take it (`eth_signTypedData_v4`).
pub(crate) fn payload(
    entry: &Entry,
    chain: u64,
    contract: Address,
    message: &Map<String, Value>,
) -> Value {
    let listed = |part: &'static str| -> Value {
        let fields = law::fields(part);
        fields
            .map(|(ty, name)| json!({ "name": name, "type": ty }))
            .collect()
    };
    let name_of = |part: &str| part.split('(').next().unwrap_or_default().to_owned();
    let mut types = Map::new();
    for &part in [DOMAIN_TYPE, entry.own].iter().chain(entry.parts) {
        types.insert(name_of(part), listed(part));
    }
    json!({
        "types": types,
        "primaryType": entry.name,
        "domain": {
            "name": DOMAIN_NAME, "version": DOMAIN_VERSION, "chainId": chain.to_string(), "verifyingContract": contract.to_string(),
        },
        "message": message,
    })
}

/// The part of a struct's type that lists the fields of what a list of it holds.
fn member(entry: &Entry, name: &str) -> Option<&'static str> {
    let mut parts = entry.parts.iter();
    let found = parts.find(|part| part.split('(').next() == Some(name));
    found.copied()
}

/// The words of one member after another, in which a list of structs stands in a message.
pub(crate) type Members = Vec<Vec<B256>>;

/// What a list of structs is signed as: the hash of its members' hashes.
pub(crate) fn hash_of_list(entry: &Entry, name: &str, members: &Members) -> B256 {
    let kind = member(entry, name).map(keccak256).unwrap_or_default();
    let hashes = members.iter().map(|words| {
        let laid = [&[kind][..], words.as_slice()].concat();
        keccak256(laid.concat())
    });
    keccak256(hashes.collect::<Vec<_>>().concat())
}

/// A list of structs as it stands in a message.
pub(crate) fn shown_list(entry: &Entry, name: &str, members: &Members) -> Value {
    let fields = || member(entry, name).into_iter().flat_map(law::fields);
    let one = |words: &Vec<B256>| -> Map<String, Value> {
        let laid = fields().zip(words);
        laid.map(|((ty, name), word)| (name.to_owned(), shown(ty, *word)))
            .collect()
    };
    members
        .iter()
        .map(|words| Value::from(one(words)))
        .collect()
}

/// The members of a list in a message.
fn read_list(entry: &Entry, name: &str, value: &Value) -> Result<Members, Failure> {
    let odd = |what: &str| Failure::new(Code::Statement, what).hint("sign it again");
    let part = member(entry, name).ok_or_else(|| odd("nobody signs such a list"))?;
    let list = value.as_array().ok_or_else(|| odd("it is no list"))?;
    let one = |value: &Value| {
        let fields = law::fields(part);
        fields
            .map(|(ty, name)| word_of(ty, &value[name]))
            .collect::<Result<Vec<_>, _>>()
    };
    list.iter().map(one).collect()
}

/// Signs the words of a struct for a contract: r, s, v. No field of it is a byte string, of which a word is the hash.
pub(crate) async fn seal(
    kind: SignedStruct,
    chain: u64,
    contract: Address,
    words: &[B256],
    signer: &Signer,
) -> Result<Bytes, Failure> {
    let fields = kind.entry().fields().zip(words.iter().skip(1));
    let message = fields.map(|((ty, name), word)| (name.to_owned(), shown(ty, *word)));
    let digest = digest(chain, contract, words);
    let signed = Statement::of(kind, chain, contract, message.collect(), digest, signer);
    Ok(signed.await?.signature)
}

/// Of which struct a file is a statement.
///
/// Errors: `File`, `Statement`.
pub(crate) fn kind_of(path: &Path) -> Result<SignedStruct, Failure> {
    let text = values::read_text(path)?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let inner = value.get("result").unwrap_or(&value);
    let primary = inner["primaryType"].as_str().unwrap_or("nothing");
    SignedStruct::named(primary).ok_or_else(|| {
        Failure::new(
            Code::Statement,
            format!("{}: a statement of {primary}", path.display()),
        )
        .hint("give files that verbs of agentcity wrote with --out")
    })
}

impl Statement {
    /// Signs a struct of the domain's, given by its words; byte strings, whose words are hashes, are named beside.
    pub(crate) async fn sign(
        kind: SignedStruct,
        city: &City,
        words: &[B256],
        byte_strings: &[(&str, &Bytes)],
        signer: &Signer,
    ) -> Result<Self, Failure> {
        let entry = kind.entry();
        let message = entry
            .fields()
            .zip(words.iter().skip(1))
            .map(|((ty, name), word)| {
                let bytes = byte_strings.iter().find(|(of, _)| *of == name);
                let value = match bytes {
                    Some((_, bytes)) => json!(bytes),
                    None => shown(ty, *word),
                };
                (name.to_owned(), value)
            })
            .collect();
        let (chain, contract) = (city.chain.id, city.at(entry.contract));
        let digest = digest(chain, contract, words);
        Self::of(kind, chain, contract, message, digest, signer).await
    }

    /// Signs a message whose digest the law's own tables gave.
    pub(crate) async fn of(
        kind: SignedStruct,
        chain: u64,
        contract: Address,
        message: Map<String, Value>,
        digest: B256,
        signer: &Signer,
    ) -> Result<Self, Failure> {
        let payload = payload(&kind.entry(), chain, contract, &message);
        Ok(Self {
            kind,
            chain,
            contract,
            message,
            signer: signer.address(),
            signature: signer.sign(&Typed::new(payload, digest)).await?,
        })
    }

    /// What was signed, as wallets take it.
    fn payload(&self) -> Value {
        payload(&self.kind.entry(), self.chain, self.contract, &self.message)
    }

    /// Reads a statement of this kind, bare or in the envelope of `--json`, and checks its signature as far as that can be done
    /// without a chain: a key's can, a contract's cannot.
    ///
    /// Errors: `File`; `Statement` for another kind or a field that is missing or not of its type; `Signature`.
    pub(crate) fn read(path: &Path, kind: SignedStruct) -> Result<Self, Failure> {
        let text = values::read_text(path)?;
        let refuse =
            |what: String| Failure::new(Code::Statement, format!("{}: {what}", path.display()));
        let entry = kind.entry();
        let mut value: Value = serde_json::from_str(&text).map_err(|error| {
            refuse(format!("no JSON ({error})"))
                .hint("give the file that a verb wrote with --out, or the payload of a wallet with `signer` and `signature`")
        })?;
        if let Some(result) = value.get_mut("result") {
            value = result.take();
        }
        let primary = value["primaryType"].as_str().unwrap_or("nothing");
        if primary != entry.name {
            return Err(refuse(format!("a statement of {primary}")).hint(format!(
                "this takes a {}, signed by {}",
                entry.name,
                entry.by.text()
            )));
        }
        let hint = "sign it again, or copy the whole file";
        let text_of = |value: &Value, field: &str| -> Result<String, Failure> {
            match value.get(field) {
                Some(Value::String(text)) => Ok(text.clone()),
                Some(Value::Number(number)) => Ok(number.to_string()),
                _ => Err(refuse(format!("no `{field}`")).hint(hint)),
            }
        };
        let inside = |field: &str, failure: Failure| {
            refuse(format!("`{field}`: {}", failure.message)).hint(failure.hint.unwrap_or_default())
        };
        let domain = &value["domain"];
        if text_of(domain, "name")? != DOMAIN_NAME || text_of(domain, "version")? != DOMAIN_VERSION
        {
            return Err(
                refuse("of the domain of other software".into()).hint(format!(
                    "it must be of `{DOMAIN_NAME}`, version {DOMAIN_VERSION}"
                )),
            );
        }
        let chain = text_of(domain, "chainId")?;
        let chain = values::number(&chain).map_err(|failure| inside("chainId", failure))?;
        let contract = text_of(domain, "verifyingContract")?;
        let contract =
            values::address(&contract).map_err(|failure| inside("verifyingContract", failure))?;
        let signer = text_of(&value, "signer")?;
        let signer = values::address(&signer).map_err(|failure| inside("signer", failure))?;
        let signature = text_of(&value, "signature")?;
        let signature =
            values::bytes(&signature).map_err(|failure| inside("signature", failure))?;
        let Some(Value::Object(message)) = value.get_mut("message").map(Value::take) else {
            return Err(refuse("no `message`".into()).hint(hint));
        };
        let statement = Self {
            kind,
            chain,
            contract,
            message,
            signer,
            signature,
        };
        let words = statement
            .words()
            .map_err(|failure| refuse(failure.message).hint(failure.hint.unwrap_or_default()))?;
        statement.check(path, &words)?;
        Ok(statement)
    }

    fn check(&self, path: &Path, words: &[B256]) -> Result<(), Failure> {
        if self.signature.len() != KEY_SIGNATURE {
            return Ok(());
        }
        let digest = digest(self.chain, self.contract, words);
        let by = Signature::try_from(&self.signature[..])
            .ok()
            .and_then(|signature| signature.recover_address_from_prehash(&digest).ok());
        if by == Some(self.signer) {
            return Ok(());
        }
        Err(Failure::new(
            Code::Signature,
            format!("{}: the signature is not {}'s", path.display(), self.signer),
        )
        .hint("something was changed after it was signed: sign it again"))
    }

    /// What is hashed: type and fields.
    fn words(&self) -> Result<Vec<B256>, Failure> {
        let entry = self.kind.entry();
        let mut words = vec![entry.hash];
        for (ty, name) in entry.fields() {
            let value = self.message.get(name).unwrap_or(&Value::Null);
            let word = match ty.strip_suffix("[]") {
                Some(of) => {
                    read_list(&entry, of, value).map(|list| hash_of_list(&entry, of, &list))
                }
                None => word_of(ty, value),
            };
            let word = word.map_err(|mut failure| {
                failure.message = format!("`{name}`: {}", failure.message);
                failure
            })?;
            words.push(word);
        }
        Ok(words)
    }

    /// Refuses what was signed for another chain or another city.
    pub(crate) fn must_be_of(&self, city: &City) -> Result<(), Failure> {
        let contract = city.at(self.kind.entry().contract);
        if (self.chain, self.contract) == (city.chain.id, contract) {
            return Ok(());
        }
        Err(Failure::new(
            Code::OtherCity,
            format!(
                "the {} was signed for {} on chain {}, and this is {contract} on chain {}",
                self.kind.entry().name,
                self.contract,
                self.chain,
                city.chain.id
            ),
        )
        .hint("sign it again with this --rpc-url and --city"))
    }

    /// A field's word. Every field was read before.
    fn field(&self, name: &str) -> B256 {
        let mut fields = self.kind.entry().fields();
        let ty = fields.find(|(_, of)| *of == name).map_or("", |(ty, _)| ty);
        word_of(ty, self.message.get(name).unwrap_or(&Value::Null)).unwrap_or_default()
    }

    /// Of which struct.
    pub(crate) fn kind(&self) -> SignedStruct {
        self.kind
    }

    /// A field that is a list of structs.
    pub(crate) fn list(&self, name: &str) -> Members {
        let entry = self.kind.entry();
        let mut fields = entry.fields();
        let ty = fields.find(|(_, of)| *of == name).map_or("", |(ty, _)| ty);
        let of = ty.strip_suffix("[]").unwrap_or_default();
        // It was read before.
        read_list(&entry, of, &self.message[name]).unwrap_or_default()
    }

    /// A field that is an address.
    pub(crate) fn address(&self, name: &str) -> Address {
        Address::from_word(self.field(name))
    }

    /// A field that is a word.
    pub(crate) fn word(&self, name: &str) -> B256 {
        self.field(name)
    }

    /// A field that is a number.
    pub(crate) fn number<T: TryFrom<U256> + Default>(&self, name: &str) -> T {
        // Its width was checked against the type when it was read.
        T::try_from(U256::from_be_bytes(self.field(name).0)).unwrap_or_default()
    }

    /// A field that is a byte string.
    pub(crate) fn bytes(&self, name: &str) -> Bytes {
        let text = self.message.get(name).and_then(Value::as_str);
        text.and_then(|text| values::bytes(text).ok())
            .unwrap_or_default()
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let mut value = self.payload();
        value["signer"] = json!(self.signer.to_string());
        value["signature"] = json!(self.signature);
        value
    }

    /// Writes it, or prints it.
    pub(crate) fn answer(&self, out: Option<&Path>) -> Result<Answer, Failure> {
        self.answer_with(out, Vec::new())
    }

    /// The same, and tells more beside.
    pub(crate) fn answer_with(
        &self,
        out: Option<&Path>,
        beside: Vec<(&'static str, Value)>,
    ) -> Result<Answer, Failure> {
        let mut value = self.json();
        let pretty = serde_json::to_string_pretty(&value).unwrap_or_default() + "\n";
        let Some(path) = out else {
            return Ok(Answer::new(value, pretty));
        };
        std::fs::write(path, pretty).map_err(|error| Failure::file(path, &error))?;
        let mut facts = vec![
            ("signed".to_owned(), self.kind.entry().name.to_owned()),
            ("by".to_owned(), self.signer.to_string()),
        ];
        let message = self.message.iter();
        facts.extend(message.map(|(name, value)| (name.clone(), output::plain(value))));
        facts.push(("file".to_owned(), path.display().to_string()));
        for (name, fact) in beside {
            facts.push((name.to_owned(), output::plain(&fact)));
            value[name] = fact;
        }
        Ok(Answer::facts(value, &facts))
    }
}

/// A word as its type reads.
pub(crate) fn shown(ty: &str, word: B256) -> Value {
    match ty {
        "address" => json!(Address::from_word(word).to_string()),
        "bool" => json!(!word.is_zero()),
        ty if ty.starts_with("uint") => json!(U256::from_be_bytes(word.0).to_string()),
        _ => json!(word),
    }
}

/// The word of a field.
fn word_of(ty: &str, value: &Value) -> Result<B256, Failure> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return Err(Failure::new(Code::Statement, "it is missing").hint("sign it again")),
    };
    match ty {
        "address" => values::address(&text).map(|address| address.into_word()),
        "bytes32" => values::word(&text),
        "bytes" => values::bytes(&text).map(keccak256),
        "bool" => Ok(B256::with_last_byte(u8::from(text == "true"))),
        _ => {
            let bits = ty
                .strip_prefix("uint")
                .and_then(|bits| bits.parse::<usize>().ok());
            let is_decimal = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
            let number = if is_decimal {
                text.parse::<U256>().ok()
            } else {
                None
            };
            match (bits, number) {
                (Some(bits), Some(number)) if number.bit_len() <= bits => Ok(number.into()),
                _ => Err(Failure::new(Code::Number, format!("`{text}` is no {ty}"))
                    .hint("numbers are decimal and fit their type")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentcity_domain::signed::{
        identity::PrincipalConsent,
        work::{MonitorReport, NodeResult},
    };
    use alloy::signers::local::PrivateKeySigner;

    fn city() -> City {
        use alloy::providers::{Provider as _, ProviderBuilder};
        let url = "http://127.0.0.1:9".parse().unwrap();
        City {
            chain: crate::opts::Chain {
                provider: ProviderBuilder::new().connect_http(url).erased(),
                id: 412_346,
            },
            members: std::array::from_fn(|place| Address::repeat_byte(place as u8 + 1)),
            since: None,
        }
    }

    #[tokio::test]
    async fn what_is_read_hashes_to_what_was_signed() {
        let (city, key) = (
            city(),
            Signer::Key(PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()),
        );
        let proof = Bytes::from_static(b"a proof");
        let consent = PrincipalConsent {
            agent: Address::repeat_byte(9),
            did_hash: B256::repeat_byte(3),
            agent_type: 1,
            principal: key.address(),
            max_sub_agents: 5,
            nonce: u64::MAX,
            deadline: 1 << 60,
        };
        let result = NodeResult {
            mission_id: B256::repeat_byte(4),
            node: 7,
            attempt: 1,
            kind: 2,
            executor: key.address(),
            output_hash: B256::repeat_byte(5),
            trail_root: B256::repeat_byte(6),
            proof: keccak256(&proof),
            deadline: 9,
        };
        let report = MonitorReport {
            mission_id: B256::repeat_byte(4),
            node: 7,
            attempt: 1,
            agent: Address::repeat_byte(9),
            kind: 2,
            deviation: 1,
            tool_invocations: 2,
            message_volume: 3,
            evidence_hash: B256::repeat_byte(8),
            sequence: 4,
            deadline: 9,
            monitor: key.address(),
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("statement.json");
        for (kind, words) in [
            (SignedStruct::PrincipalConsent, consent.words().to_vec()),
            (SignedStruct::NodeResult, result.words().to_vec()),
            (SignedStruct::MonitorReport, report.words().to_vec()),
        ] {
            let signed = Statement::sign(kind, &city, &words, &[("proof", &proof)], &key)
                .await
                .unwrap();
            signed.answer(Some(&path)).unwrap();
            let read = Statement::read(&path, kind).unwrap();
            assert_eq!(read.words().unwrap(), words, "{kind:?}");
            read.must_be_of(&city).unwrap();
            let other = read.json().to_string().replace(
                &key.address().to_string(),
                &Address::repeat_byte(1).to_string(),
            );
            std::fs::write(&path, other).unwrap();
            assert_eq!(
                Statement::read(&path, kind).unwrap_err().code,
                Code::Signature
            );
        }
    }
}
