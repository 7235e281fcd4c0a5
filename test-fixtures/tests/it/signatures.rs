//! Every struct that anyone signs, signed and read by a library of another language: a wallet shows and signs what the programs check.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use agentcity_domain::signed::{
    DOMAIN_NAME, DOMAIN_NAME_HASH, DOMAIN_TYPE_HASH, DOMAIN_VERSION, DOMAIN_VERSION_HASH, Entry,
    SignedStruct, fields,
};
use agentcity_test_fixtures::{city::Person, tool::Tool};
use alloy::primitives::{Address, B256, Signature, U256, keccak256};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Messages of each struct.
const MESSAGES: usize = 4;
const SEED: u64 = 20_260_407;

/// A message that its fields' types allow, as a wallet is given it, and the digest that this project finds for it.
struct Message {
    name: &'static str,
    asked: Value,
    digest: B256,
    signer: Address,
}

/// What the other library says of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    r#type: String,
    digest: B256,
    signer: Address,
    signature: String,
}

/// Draws values of the types that structs have.
struct Drawn {
    rng: StdRng,
    /// Structs that occur in others, by name.
    parts: BTreeMap<&'static str, &'static str>,
}

impl Drawn {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A value as the other library takes it, and the word that is hashed for it.
    fn value(&mut self, kind: &str) -> (Value, B256) {
        if let Some(element) = kind.strip_suffix("[]") {
            let count = self.rng.random_range(0..4);
            let (values, words): (Vec<Value>, Vec<B256>) =
                (0..count).map(|_| self.value(element)).unzip();
            return (values.into(), keccak256(words.concat()));
        }
        if let Some(own) = self.parts.get(kind).copied() {
            let (value, words) = self.fields(own);
            return (value, hash(keccak256(own), &words));
        }
        let hexed = |bytes: &[u8]| json!(format!("0x{}", hex::encode(bytes)));
        match kind {
            "address" => {
                let bytes = self.bytes(20);
                (hexed(&bytes), B256::left_padding_from(&bytes))
            }
            "bytes32" => {
                let bytes = self.bytes(32);
                (hexed(&bytes), B256::from_slice(&bytes))
            }
            "bytes" => {
                let count = self.rng.random_range(0..100);
                let bytes = self.bytes(count);
                (hexed(&bytes), keccak256(&bytes))
            }
            "bool" => {
                let yes: bool = self.rng.random();
                (json!(yes), B256::from(U256::from(yes)))
            }
            "int16" => {
                let number: i16 = self.rng.random();
                let size = U256::from(number.unsigned_abs());
                let word = if number < 0 {
                    size.wrapping_neg()
                } else {
                    size
                };
                (json!(number), B256::from(word))
            }
            unsigned => {
                let bits: usize = unsigned
                    .strip_prefix("uint")
                    .and_then(|bits| bits.parse().ok())
                    .unwrap_or_else(|| panic!("{unsigned} is not drawn"));
                let bytes = self.bytes(bits / 8);
                (hexed(&bytes), B256::left_padding_from(&bytes))
            }
        }
    }

    /// The fields of one part of a type.
    fn fields(&mut self, own: &'static str) -> (Value, Vec<B256>) {
        let (mut message, mut words) = (Map::new(), Vec::new());
        for (kind, name) in fields(own) {
            let (value, word) = self.value(kind);
            message.insert(name.to_owned(), value);
            words.push(word);
        }
        (message.into(), words)
    }

    fn message(&mut self, entry: &Entry) -> Message {
        self.parts = entry.parts.iter().map(|own| (named(own), *own)).collect();
        let (message, words) = self.fields(entry.own);
        let (chain, contract) = (self.rng.next_u32(), Address::from_slice(&self.bytes(20)));
        let types: Map<String, Value> = std::iter::once(&entry.own)
            .chain(entry.parts)
            .map(|own| {
                let list = fields(own).map(|(kind, name)| json!({ "type": kind, "name": name }));
                (named(own).to_owned(), list.collect())
            })
            .collect();
        let separator = hash(
            DOMAIN_TYPE_HASH,
            &[
                DOMAIN_NAME_HASH,
                DOMAIN_VERSION_HASH,
                B256::from(U256::from(chain)),
                contract.into_word(),
            ],
        );
        let signed = hash(entry.hash, &words);
        let digest = keccak256([&[0x19, 0x01], separator.as_slice(), signed.as_slice()].concat());
        let person = Person::new(SEED, entry.name);
        Message {
            name: entry.name,
            asked: json!({
                "domain": {
                    "name": DOMAIN_NAME,
                    "version": DOMAIN_VERSION,
                    "chainId": chain,
                    "verifyingContract": contract,
                },
                "types": types,
                "message": message,
                "key": person.signer().to_bytes(),
                "signature": person.sign(digest),
            }),
            digest,
            signer: person.address(),
        }
    }
}

/// The name in front of the fields.
fn named(own: &'static str) -> &'static str {
    own.split('(').next().expect("split has a first part")
}

fn hash(type_hash: B256, words: &[B256]) -> B256 {
    keccak256([type_hash.as_slice(), words.concat().as_slice()].concat())
}

/// Hands all to the other library.
fn ask(messages: &[Message]) -> Vec<Said> {
    let asked: Vec<&Value> = messages.iter().map(|message| &message.asked).collect();
    let signer = Tool::Signer.find().expect("the signer is there");
    let mut child = Command::new(signer)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the signer starts");
    let mut input = child.stdin.take().expect("piped");
    input
        .write_all(&serde_json::to_vec(&asked).expect("JSON"))
        .expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "it fails");
    serde_json::from_slice(&output.stdout).expect("it answers")
}

#[test]
fn every_struct_has_the_digest_that_wallets_find_and_either_side_accepts_the_others_signature() {
    let mut drawn = Drawn {
        rng: StdRng::seed_from_u64(SEED),
        parts: BTreeMap::new(),
    };
    let messages: Vec<Message> = SignedStruct::ALL
        .iter()
        .flat_map(|signed| [signed.entry(); MESSAGES])
        .map(|entry| drawn.message(&entry))
        .collect();
    let answers = ask(&messages);
    assert_eq!(answers.len(), SignedStruct::ALL.len() * MESSAGES);
    for (message, said) in messages.iter().zip(answers) {
        let name = message.name;
        assert_eq!(said.r#type, name, "the outermost struct");
        assert_eq!(said.digest, message.digest, "{name}: {}", message.asked);
        assert_eq!(said.signer, message.signer, "{name}: ours there");
        let theirs: Signature = said.signature.parse().expect("65 bytes");
        assert!(theirs.normalize_s().is_none(), "{name}: s is low");
        let signer = theirs.recover_address_from_prehash(&message.digest);
        assert_eq!(signer.ok(), Some(message.signer), "{name}: theirs here");
    }
}
