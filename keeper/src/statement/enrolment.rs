//! The registrar's word that it saw who somebody is, as a file: the form that `agentcity principal attest` writes and
//! `agentcity principal enrol` takes, so that people and machines hand it to each other.

use agentcity_domain::{
    peer::Peer,
    signed::{DOMAIN_NAME, DOMAIN_VERSION, SignedStruct, identity::EnrolmentAttestation},
};
use alloy::{
    primitives::{Address, B256, Bytes},
    signers::local::PrivateKeySigner,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{digest, sign};
use crate::source::city::City;

/// A signed attestation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// What is attested.
    pub word: EnrolmentAttestation,
    /// The registrar's signature.
    pub signature: Bytes,
}

impl Attested {
    /// The registrar signs.
    ///
    /// Errors: why the key does not.
    pub fn sign(
        city: &City,
        word: EnrolmentAttestation,
        key: &PrivateKeySigner,
    ) -> Result<Self, String> {
        let digest = digest(city.chain_id, city.at(Peer::Agent), &word.words());
        let signature = sign(key, digest)?;
        Ok(Self { word, signature })
    }

    /// As a file's text.
    pub fn text(&self, city: &City) -> String {
        let entry = SignedStruct::EnrolmentAttestation.entry();
        let typed = |ty: &str, name: &str| json!({ "name": name, "type": ty });
        let fields: Vec<Value> = entry.fields().map(|(ty, name)| typed(ty, name)).collect();
        let domain = [
            ("string", "name"),
            ("string", "version"),
            ("uint256", "chainId"),
            ("address", "verifyingContract"),
        ]
        .map(|(ty, name)| typed(ty, name));
        let word = &self.word;
        let value = json!({
            "types": { "EIP712Domain": domain, entry.name: fields },
            "primaryType": entry.name,
            "domain": {
                "name": DOMAIN_NAME, "version": DOMAIN_VERSION, "chainId": city.chain_id.to_string(),
                "verifyingContract": city.at(Peer::Agent).to_string(),
            },
            "message": {
                "principal": word.principal.to_string(), "class": word.class.to_string(), "evidenceHash": word.evidence_hash,
                "registrar": word.registrar.to_string(), "nonce": word.nonce.to_string(), "deadline": word.deadline.to_string(),
            },
            "signer": word.registrar.to_string(),
            "signature": self.signature,
        });
        serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
    }

    /// Reads a file's text. Whether it counts the chain decides.
    ///
    /// Errors: why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let wanted = SignedStruct::EnrolmentAttestation.entry().name;
        if file.primary_type != wanted {
            return Err(format!(
                "a statement of {}, not {wanted}",
                file.primary_type
            ));
        }
        let Message {
            principal,
            class,
            evidence_hash,
            registrar,
            nonce,
            deadline,
        } = file.message;
        let number = |name: &str, text: &str| {
            let number = text.parse::<u64>();
            number.map_err(|_| format!("{name}: {text:?} is no number"))
        };
        let class = number("class", &class)?;
        let word = EnrolmentAttestation {
            principal,
            class: u8::try_from(class).map_err(|_| format!("class: {class}"))?,
            evidence_hash,
            registrar,
            nonce: number("nonce", &nonce)?,
            deadline: number("deadline", &deadline)?,
        };
        Ok(Self {
            word,
            signature: file.signature,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    primary_type: String,
    message: Message,
    signature: Bytes,
}

// Numbers are decimal texts: JSON's end at 2^53.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Message {
    principal: Address,
    class: String,
    evidence_hash: B256,
    registrar: Address,
    nonce: String,
    deadline: String,
}
