//! The manifest as wallets take it, and what comes back from those who sign it. No chain is asked.

use std::collections::BTreeMap;

use agentcity_abi::IConstitution::{Clerk, GenesisManifest, Member, ParameterValue};
use agentcity_domain::{
    constitution::seal,
    signed::{DOMAIN_NAME, DOMAIN_VERSION},
};
use alloy::primitives::{Address, B256, Bytes, Signature, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::apply::{Signed, digest};

/// The type that is signed.
const PRIMARY_TYPE: &str = "GenesisManifest";
/// Bytes of a key's signature.
const KEY_SIGNATURE_BYTES: usize = 65;
/// What is added to a parity to make the last byte of a signature.
const PARITY_BASE: u8 = 27;

/// A manifest and the city that it is for: all that its digest depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// What is signed.
    pub manifest: GenesisManifest,
    /// The chain.
    pub chain_id: u64,
    /// The city.
    pub constitution: Address,
}

/// Signatures over one manifest, by ascending signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureFile {
    /// What was signed.
    pub digest: B256,
    /// Who signed, and how.
    pub signatures: Vec<Signed>,
}

/// Why a file is no manifest, or a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// No JSON of this shape.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        /// Line, from one.
        line: usize,
        /// Column, from one.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// It is about something else.
    #[error(
        "`{field}` is not that of a genesis manifest: it was made by another version, or is for signing something else"
    )]
    Other {
        /// Where it differs.
        field: &'static str,
    },
    /// Another manifest was signed.
    #[error("{signer} signed {found}, not this manifest, which is {expected}")]
    OtherDigest {
        /// Who.
        signer: Address,
        /// What was signed.
        found: B256,
        /// What should have been.
        expected: B256,
    },
    /// Nobody's, or with the upper `s`.
    #[error("the signature of {signer} is malformed: {what}")]
    Malformed {
        /// As whose it was given.
        signer: Address,
        /// What is wrong.
        what: &'static str,
    },
    /// Somebody else's.
    #[error("the signature given as that of {signer} is of {found}")]
    OtherSigner {
        /// As whose it was given.
        signer: Address,
        /// Whose it is.
        found: Address,
    },
    /// Not somebody who founds.
    #[error("{signer} is no genesis adjudicator of this city")]
    NotAdjudicator {
        /// Who.
        signer: Address,
    },
    /// The manifest's last second has passed.
    #[error(
        "the manifest was good until {deadline}, and it is {now}: make a new one and sign again"
    )]
    Expired {
        /// Its last second.
        deadline: u64,
        /// The chain's time.
        now: u64,
    },
}

/// Types of the manifest and its domain, as EIP-712 JSON lists them.
fn types() -> Value {
    let field = |(name, kind): &(&str, &str)| json!({ "name": name, "type": kind });
    let list = |fields: &[(&str, &str)]| fields.iter().map(field).collect::<Vec<_>>();
    json!({
        "EIP712Domain": list(&[
            ("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"),
        ]),
        "GenesisManifest": list(&[
            ("mandate", "bytes32"), ("asset", "address"), ("unitScale", "uint256"), ("members", "Member[]"),
            ("parameters", "ParameterValue[]"), ("clerks", "Clerk[]"), ("adjudicators", "address[]"), ("deadline", "uint64"),
        ]),
        "Member": list(&[("peer", "uint8"), ("account", "address"), ("codehash", "bytes32")]),
        "ParameterValue": list(&[("id", "uint8"), ("value", "bytes32")]),
        "Clerk": list(&[("role", "uint8"), ("agent", "address"), ("principal", "address")]),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    types: Value,
    primary_type: String,
    domain: FileDomain,
    message: Message,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileDomain {
    name: String,
    version: String,
    chain_id: u64,
    verifying_contract: Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Message {
    mandate: B256,
    asset: Address,
    unit_scale: U256,
    members: Vec<FileMember>,
    parameters: Vec<FileParameter>,
    clerks: Vec<FileClerk>,
    adjudicators: Vec<Address>,
    deadline: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMember {
    peer: u8,
    account: Address,
    codehash: B256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileParameter {
    id: u8,
    value: B256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileClerk {
    role: u8,
    agent: Address,
    principal: Address,
}

impl ManifestFile {
    /// As `eth_signTypedData_v4` takes it.
    pub fn to_json(&self) -> Value {
        let manifest = &self.manifest;
        let members = manifest.members.iter();
        let members = members.map(|member| {
            json!({ "peer": member.peer, "account": member.account, "codehash": member.codehash })
        });
        let parameters = manifest.parameters.iter();
        let parameters =
            parameters.map(|parameter| json!({ "id": parameter.id, "value": parameter.value }));
        let clerks = manifest.clerks.iter();
        let clerks = clerks.map(|clerk| {
            json!({ "role": clerk.role, "agent": clerk.agent, "principal": clerk.principal })
        });
        json!({
            "types": types(),
            "primaryType": PRIMARY_TYPE,
            "domain": {
                "name": DOMAIN_NAME, "version": DOMAIN_VERSION, "chainId": self.chain_id, "verifyingContract": self.constitution,
            },
            "message": {
                "mandate": manifest.mandate,
                "asset": manifest.asset,
                // A text: JavaScript's numbers end at 2^53.
                "unitScale": manifest.unitScale.to_string(),
                "members": members.collect::<Vec<_>>(),
                "parameters": parameters.collect::<Vec<_>>(),
                "clerks": clerks.collect::<Vec<_>>(),
                "adjudicators": manifest.adjudicators,
                "deadline": manifest.deadline,
            },
        })
    }

    /// Reads what [`Self::to_json`] writes, and nothing else: who signs from a file sees every field that is signed.
    pub fn parse(text: &str) -> Result<Self, SigningError> {
        let file: File = serde_json::from_str(text).map_err(syntax)?;
        let other = |field| Err(SigningError::Other { field });
        if file.primary_type != PRIMARY_TYPE {
            return other("primaryType");
        }
        if file.types != types() {
            return other("types");
        }
        if file.domain.name != DOMAIN_NAME {
            return other("domain.name");
        }
        if file.domain.version != DOMAIN_VERSION {
            return other("domain.version");
        }
        let message = file.message;
        let members = message.members.into_iter();
        let parameters = message.parameters.into_iter();
        let clerks = message.clerks.into_iter();
        Ok(Self {
            manifest: GenesisManifest {
                mandate: message.mandate,
                asset: message.asset,
                unitScale: message.unit_scale,
                members: members
                    .map(|member| Member {
                        peer: member.peer,
                        account: member.account,
                        codehash: member.codehash,
                    })
                    .collect(),
                parameters: parameters
                    .map(|parameter| ParameterValue {
                        id: parameter.id,
                        value: parameter.value,
                    })
                    .collect(),
                clerks: clerks
                    .map(|clerk| Clerk {
                        role: clerk.role,
                        agent: clerk.agent,
                        principal: clerk.principal,
                    })
                    .collect(),
                adjudicators: message.adjudicators,
                deadline: message.deadline,
            },
            chain_id: file.domain.chain_id,
            constitution: file.domain.verifying_contract,
        })
    }

    /// What is signed.
    pub fn digest(&self) -> B256 {
        digest(&self.manifest, self.chain_id, self.constitution)
    }

    /// How many signatures the seal needs.
    pub fn needed(&self) -> usize {
        seal::signatures_needed(self.manifest.adjudicators.len())
    }

    /// Whether it may still be sealed at `now`, unix seconds.
    pub fn in_time(&self, now: u64) -> Result<(), SigningError> {
        let deadline = self.manifest.deadline;
        if now > deadline {
            return Err(SigningError::Expired { deadline, now });
        }
        Ok(())
    }

    /// Whether a signature counts: of a genesis adjudicator over this manifest, with the lower `s`. Of a contract only the form
    /// is judged here, since only the chain can ask it.
    ///
    /// Returns it with its last byte 27 or 28, as the constitution takes it.
    pub fn check(&self, given: &Signed) -> Result<Signed, SigningError> {
        let signer = given.signer;
        if !self.manifest.adjudicators.contains(&signer) {
            return Err(SigningError::NotAdjudicator { signer });
        }
        let malformed = |what| SigningError::Malformed { signer, what };
        let bytes = &given.signature;
        if bytes.len() != KEY_SIGNATURE_BYTES {
            return match bytes.strip_prefix(signer.as_slice()) {
                Some(_) => Ok(given.clone()),
                None => Err(malformed(
                    "a key's has 65 bytes, a contract's begins with its address",
                )),
            };
        }
        let signature = Signature::from_raw(bytes)
            .map_err(|_| malformed("its last byte is none of 0, 1, 27, 28"))?;
        if signature.normalize_s().is_some() {
            return Err(malformed("its s is the upper one of two"));
        }
        let found = signature
            .recover_address_from_prehash(&self.digest())
            .map_err(|_| malformed("it recovers to nobody"))?;
        if found != signer {
            return Err(SigningError::OtherSigner { signer, found });
        }
        let mut canonical = bytes.to_vec();
        canonical[KEY_SIGNATURE_BYTES - 1] = PARITY_BASE + u8::from(signature.v());
        Ok(Signed {
            signer,
            signature: canonical.into(),
        })
    }

    /// Puts signatures together: each checked, each signer once, in ascending order.
    pub fn merge<'a>(
        &self,
        files: impl IntoIterator<Item = &'a SignatureFile>,
    ) -> Result<SignatureFile, SigningError> {
        let expected = self.digest();
        let mut all: BTreeMap<Address, Bytes> = BTreeMap::new();
        for file in files {
            for given in &file.signatures {
                if file.digest != expected {
                    return Err(SigningError::OtherDigest {
                        signer: given.signer,
                        found: file.digest,
                        expected,
                    });
                }
                let good = self.check(given)?;
                all.insert(good.signer, good.signature);
            }
        }
        Ok(SignatureFile {
            digest: expected,
            signatures: all
                .into_iter()
                .map(|(signer, signature)| Signed { signer, signature })
                .collect(),
        })
    }
}

impl SignatureFile {
    /// Reads a file of signatures.
    pub fn parse(text: &str) -> Result<Self, SigningError> {
        serde_json::from_str(text).map_err(syntax)
    }
}

fn syntax(error: serde_json::Error) -> SigningError {
    let what = error.to_string();
    // The place is told apart.
    let what = what.split(" at line ").next().unwrap_or_default();
    SigningError::Syntax {
        line: error.line(),
        column: error.column(),
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::Genesis;

    fn file() -> ManifestFile {
        let genesis = Genesis::example();
        ManifestFile {
            manifest: GenesisManifest {
                mandate: genesis.mandate,
                asset: Address::ZERO,
                unitScale: genesis.unit_scale,
                members: vec![Member {
                    peer: 1,
                    account: Address::repeat_byte(2),
                    codehash: B256::repeat_byte(3),
                }],
                parameters: genesis.parameter_values(),
                clerks: genesis.clerk_values(),
                adjudicators: genesis.adjudicators,
                deadline: 99,
            },
            chain_id: 412_346,
            constitution: Address::repeat_byte(9),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = file().to_json().to_string();
        assert_eq!(ManifestFile::parse(&text).unwrap(), file());
        assert_eq!(file().needed(), 5);
        assert!(file().in_time(99).is_ok());
        assert!(file().in_time(100).is_err());
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |path: &str, value: Value| {
            let mut json = file().to_json();
            *json.pointer_mut(path).unwrap() = value;
            ManifestFile::parse(&json.to_string()).unwrap_err()
        };
        let other = |field| SigningError::Other { field };
        assert_eq!(
            refused("/primaryType", json!("Permit")),
            other("primaryType")
        );
        assert_eq!(refused("/types/Member", json!([])), other("types"));
        assert_eq!(refused("/domain/name", json!("Town")), other("domain.name"));
        assert_eq!(
            refused("/domain/version", json!("2")),
            other("domain.version")
        );
        assert!(matches!(
            refused("/message/deadline", json!("soon")),
            SigningError::Syntax { .. }
        ));
        assert!(matches!(
            refused("/message", json!({})),
            SigningError::Syntax { .. }
        ));
        assert!(matches!(
            ManifestFile::parse("{").unwrap_err(),
            SigningError::Syntax { line: 1, .. }
        ));
    }

    #[test]
    fn a_signature_that_is_not_an_adjudicators_own_does_not_count() {
        let adjudicator = file().manifest.adjudicators[0];
        let check = |signer, bytes: Vec<u8>| {
            let signature = bytes.into();
            file().check(&Signed { signer, signature }).unwrap_err()
        };
        let stranger = Address::repeat_byte(0x77);
        assert_eq!(
            check(stranger, vec![1; 65]),
            SigningError::NotAdjudicator { signer: stranger }
        );
        assert!(matches!(
            check(adjudicator, vec![1; 64]),
            SigningError::Malformed { .. }
        ));
        let mut bytes = vec![1; 65];
        assert!(matches!(
            check(adjudicator, {
                bytes[64] = 9;
                bytes.clone()
            }),
            SigningError::Malformed { .. }
        ));
        bytes[64] = 27;
        assert!(matches!(
            check(adjudicator, bytes.clone()),
            SigningError::OtherSigner { .. } | SigningError::Malformed { .. }
        ));
        // The upper half of the group's order.
        bytes[32] = 0xff;
        assert!(matches!(
            check(adjudicator, bytes),
            SigningError::Malformed { what, .. } if what.contains("upper")
        ));
        let contract = [adjudicator.as_slice(), &[1, 2, 3]].concat();
        let signed = Signed {
            signer: adjudicator,
            signature: contract.into(),
        };
        assert_eq!(file().check(&signed).unwrap(), signed);
    }

    #[test]
    fn signatures_over_another_manifest_are_not_merged() {
        let other = SignatureFile {
            digest: B256::repeat_byte(1),
            signatures: vec![Signed {
                signer: file().manifest.adjudicators[0],
                signature: vec![1; 65].into(),
            }],
        };
        assert!(matches!(
            file().merge([&other]),
            Err(SigningError::OtherDigest { .. })
        ));
        assert!(file().merge([]).unwrap().signatures.is_empty());
    }
}
