//! An amendment as adjudicators sign it, with the words that explain it; and the transaction that hands signatures in. No key is here
//! and nothing is kept: who asks twice gets two answers.

use agentcity_abi::{IAdjudication, IConstitution, IRoster, document::ContentAddress};
use agentcity_domain::{
    act::{Action, Parties},
    parameter::{self, Kind, ParameterId, Scope},
    peer::Peer,
    signed::{self, Entry, panel::AmendParameter},
};
use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256, hex, keccak256},
    providers::Provider,
    sol_types::SolCall,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{facts::Asked, guard::Refusal, parameters::shown};
use crate::{event::Head, source::city::City, statement};

/// Most bytes of a body.
pub const BODY_BYTES_MAX: usize = 65_536;
/// Most bytes of a justification.
pub const WHY_BYTES_MAX: usize = 32_768;
/// How long adjudicators have to sign unless it is said, in seconds: a week, as on the command line.
const DEADLINE_SECS: u64 = 604_800;
/// Longest time to sign, in seconds: a year.
const DEADLINE_SECS_MAX: u64 = 31_536_000;
/// Signatures that are handed in at once: more than a panel has members.
const SIGNATURES_MAX: usize = 32;
/// Bytes of a key's signature.
const SIGNATURE_BYTES: usize = 65;
/// Version of what stands under `override` in the file, as the command line reads it.
const VERSION: u32 = 1;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Proposal {
    parameter: Value,
    value: Value,
    justification: String,
    deadline_secs: Option<u64>,
}

/// What is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    file: Value,
    signatures: Vec<SignatureOf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureOf {
    signer: Address,
    signature: Bytes,
}

/// An amendment for one panel.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Amendment {
    id: ParameterId,
    old: B256,
    new: B256,
    why: B256,
    place: B256,
    deadline: u64,
    chain_id: u64,
    panel: Address,
    constitution: Address,
}

/// Reads a body.
///
/// Errors: `dashboard/body`.
pub fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Refusal> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Refusal::too_long("the body is too long"));
    }
    serde_json::from_slice(body).map_err(Refusal::body)
}

impl Proposal {
    /// The parameter and the word that it is to have.
    ///
    /// Errors: `dashboard/parameter`, `dashboard/value`, `dashboard/body`.
    pub fn judge(&self) -> Result<(ParameterId, B256), Refusal> {
        let named = match &self.parameter {
            Value::String(name) => ParameterId::named(name),
            Value::Number(number) => number
                .as_u64()
                .and_then(|number| u8::try_from(number).ok())
                .and_then(|number| ParameterId::at(number).ok()),
            _ => None,
        };
        let id = named.ok_or_else(|| Refusal::parameter("there is no such parameter"))?;
        let is_senior = id == ParameterId::SeniorAdjudicatorAddr;
        if is_senior || matches!(id.row().kind, Kind::Constant) {
            let name = id.described().name;
            return Err(Refusal::parameter(format!("{name} is not amended so")));
        }
        let word = word(id, &self.value)
            .ok_or_else(|| Refusal::value("the value is of another form than the parameter"))?;
        parameter::check(id, word).map_err(Refusal::value)?;
        let why = self.justification.as_bytes();
        if why.len() > WHY_BYTES_MAX || why.iter().all(u8::is_ascii_whitespace) {
            return Err(Refusal::body(format!(
                "the justification has {} bytes: it says something, in at most {WHY_BYTES_MAX}",
                why.len()
            )));
        }
        let secs = self.deadline_secs.unwrap_or(DEADLINE_SECS);
        if !(1..=DEADLINE_SECS_MAX).contains(&secs) {
            return Err(Refusal::body(format!(
                "deadlineSecs is {secs}, and takes 1..={DEADLINE_SECS_MAX}"
            )));
        }
        Ok((id, word))
    }
}

/// The word of a value, if it is of its parameter's form.
fn word(id: ParameterId, value: &Value) -> Option<B256> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    match id.row().kind {
        Kind::Address => Some(text.parse::<Address>().ok()?.into_word()),
        Kind::Hash => text.parse().ok(),
        Kind::Number | Kind::Constant => {
            let is_decimal = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
            let number = text.parse::<u32>().ok().filter(|_| is_decimal)?;
            Some(parameter::word(number))
        }
    }
}

impl Amendment {
    fn signed(&self) -> AmendParameter {
        AmendParameter {
            parameter: self.id.place() as u8,
            old_value: self.old,
            new_value: self.new,
            justification_hash: self.why,
            content_address: self.place,
            deadline: self.deadline,
        }
    }

    /// Its fields' words, without its type.
    fn words(&self) -> Vec<B256> {
        self.signed().words().into_iter().skip(1).collect()
    }

    fn payload(&self) -> Bytes {
        self.words().concat().into()
    }

    fn digest(&self) -> B256 {
        statement::digest(self.chain_id, self.panel, &self.signed().words())
    }

    fn entry() -> Option<Entry> {
        Some(Action::AmendParameter.signed()?.entry())
    }

    /// What `eth_signTypedData_v4` takes. Numbers are texts, so that no wallet rounds one.
    fn typed(&self) -> Value {
        let fields = |all: &mut dyn Iterator<Item = (&'static str, &'static str)>| -> Value {
            all.map(|(ty, name)| json!({ "name": name, "type": ty }))
                .collect()
        };
        let entry = Self::entry();
        let name = entry.map_or("", |entry| entry.name);
        let own: Vec<(&str, &str)> = entry.into_iter().flat_map(|entry| entry.fields()).collect();
        let message: Map<String, Value> = own
            .iter()
            .zip(self.words())
            .map(|((ty, name), word)| {
                let value = match *ty {
                    "bytes32" => json!(word),
                    _ => json!(U256::from_be_bytes(word.0).to_string()),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        json!({
            "types": {
                "EIP712Domain": fields(&mut signed::fields(signed::DOMAIN_TYPE)),
                name: fields(&mut own.into_iter()),
            },
            "primaryType": name,
            "domain": {
                "name": signed::DOMAIN_NAME, "version": signed::DOMAIN_VERSION, "chainId": self.chain_id,
                "verifyingContract": self.panel,
            },
            "message": message,
        })
    }

    /// As `agentcity override prepare` writes it, with signatures ascending by signer.
    fn file(&self, signatures: &[SignatureOf]) -> Value {
        let signatures: Vec<Value> = signatures
            .iter()
            .map(|one| json!({ "signer": one.signer, "signature": one.signature, "contract": false }))
            .collect();
        let mut file = self.typed();
        file["override"] = json!({
            "version": VERSION, "action": verb(), "number": Action::AmendParameter as u8,
            "constitution": self.constitution, "payload": self.payload(), "digest": self.digest(),
            "signatures": signatures,
        });
        file
    }

    /// Reads a file that must be of this city, and say the same in all its parts.
    fn of_file(file: &Value, city: &City) -> Option<Self> {
        let payload = file["override"]["payload"].as_str()?;
        let bytes = hex::decode(payload).ok()?;
        let (words, rest) = bytes.as_chunks::<32>();
        let [parameter, old, new, why, place, deadline] = words else {
            return None;
        };
        let small = |word: &[u8; 32]| u64::try_from(U256::from_be_bytes(*word)).ok();
        let amendment = Self {
            id: ParameterId::at(u8::try_from(small(parameter)?).ok()?).ok()?,
            old: B256::new(*old),
            new: B256::new(*new),
            why: B256::new(*why),
            place: B256::new(*place),
            deadline: small(deadline)?,
            chain_id: city.chain_id,
            panel: city.at(Peer::Adjudication),
            constitution: city.constitution,
        };
        // Signatures are gathered in between.
        let mut bare = file.clone();
        bare["override"]["signatures"] = json!([]);
        (rest.is_empty() && same(&bare, &amendment.file(&[]))).then_some(amendment)
    }

    /// What it does, as `agentcity override explain` says it.
    fn sentence(&self) -> String {
        let unit = self.id.described().unit.name();
        let value = |word| {
            let text = match shown(self.id, word) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            format!("{text} {unit}").trim_end().to_owned()
        };
        format!(
            "change parameter {} ({}) from {} to {}",
            self.id.described().name,
            self.id.place(),
            value(self.old),
            value(self.new)
        )
    }

    fn touches(&self) -> &'static str {
        match self.id.row().scope {
            Scope::Session => "sessions that open afterwards; running ones keep their epoch",
            Scope::Mission => {
                "missions that are finalised afterwards; running ones keep their epoch"
            }
            Scope::City => "the whole city, at once; no running mission's own terms",
        }
    }

    fn risk(&self) -> String {
        let way = match parameter::direction(self.id, self.old, self.new) {
            parameter::Change::Same => "changes nothing",
            parameter::Change::Tighter => "tightens the law",
            parameter::Change::Weaker => "weakens the law",
            parameter::Change::Neutral => "neither tightens nor weakens the law",
        };
        format!("{} risk; {way}", self.id.row().tier.name())
    }

    fn file_name(&self) -> String {
        let digest = self.digest().to_string();
        format!("{}-{}.json", verb(), digest.get(2..10).unwrap_or_default())
    }
}

/// The same JSON, addresses in whatever case.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|known| same(value, known)))
        }
        _ => one == other,
    }
}

fn verb() -> &'static str {
    Action::AmendParameter.row().map_or("", |row| row.verb)
}

/// `POST /dashboard/proposal`. `now`: the chain's time.
///
/// Errors: [`Refusal`] of what cannot be proposed, or `dashboard/chain`.
pub async fn propose<P: Provider>(
    asked: &Asked<P>,
    proposal: &Proposal,
    (at, now): (Head, u64),
) -> Result<Value, Refusal> {
    let (id, new) = proposal.judge()?;
    let city = asked.city();
    let place = id.place() as u8;
    let view = IConstitution::parameterCall { id: place };
    let found = asked
        .call("a parameter", Peer::Constitution, &view, at)
        .await;
    let old = found.map_err(Refusal::chain)?.value;
    if old == new {
        return Err(Refusal::value("the parameter has this value already"));
    }
    let why = proposal.justification.as_bytes();
    let secs = proposal.deadline_secs.unwrap_or(DEADLINE_SECS);
    let amendment = Amendment {
        id,
        old,
        new,
        why: keccak256(why),
        place: ContentAddress::of(why).word(),
        deadline: now.saturating_add(secs),
        chain_id: city.chain_id,
        panel: city.at(Peer::Adjudication),
        constitution: city.constitution,
    };
    let required = required(asked, &amendment, at).await?;
    let active = asked.call(
        "the panel",
        Peer::Roster,
        &IRoster::activeAdjudicatorsCall {},
        at,
    );
    let active = active.await.map_err(Refusal::chain)?;
    Ok(told(&amendment, &required, active, secs))
}

async fn required<P: Provider>(
    asked: &Asked<P>,
    amendment: &Amendment,
    at: Head,
) -> Result<IAdjudication::Requirement, Refusal> {
    let call = IAdjudication::requirementOfCall {
        action: IAdjudication::Action::AmendParameter,
        payload: amendment.payload(),
    };
    let found = asked.call("what an action needs", Peer::Adjudication, &call, at);
    found.await.map_err(Refusal::chain)
}

fn told(
    amendment: &Amendment,
    required: &IAdjudication::Requirement,
    active: u8,
    secs: u64,
) -> Value {
    let (signers, delay) = (required.signers, required.delaySecs.to::<u64>());
    let rule = Action::AmendParameter.demands();
    let rule = rule.map_or("", |(signers, ..)| signers.text());
    let interests = match Action::AmendParameter.parties() {
        Parties::Nobody => "nobody is barred by an interest",
        _ => "who has an interest may not sign",
    };
    let delays = match delay {
        0 => "none: a tightening within its share".to_owned(),
        secs => format!("{secs} s after it is handed in"),
    };
    let address = ContentAddress::of_word(amendment.place).to_string();
    let words = [
        ("does", amendment.sentence()),
        ("digest", amendment.digest().to_string()),
        (
            "because",
            format!("{address} (keccak256 {})", amendment.why),
        ),
        ("touches", amendment.touches().to_owned()),
        ("risk", amendment.risk()),
        (
            "needs",
            format!("{signers} of {active} adjudicators ({rule})"),
        ),
        ("interests", interests.to_owned()),
        (
            "deadline",
            format!("{} ({secs} s left)", amendment.deadline),
        ),
        ("delay", delays),
    ];
    let words = words.map(|(key, text)| json!({ "key": key, "text": text }));
    let rotation = match required.class {
        IAdjudication::RotationClass::None => None,
        class => Some(format!("{class:?}")),
    };
    let name = amendment.file_name();
    let commands = [
        format!("agentcity override explain {name}"),
        format!("agentcity override sign {name} --keystore alice.json"),
        format!("agentcity override merge {name} alice.sig.json"),
        format!("agentcity override submit {name}"),
    ];
    json!({
        "digest": amendment.digest(), "typedData": amendment.typed(), "file": amendment.file(&[]), "fileName": name,
        "justification": { "hash": amendment.why, "contentAddress": address },
        "deadline": amendment.deadline, "nonce": null, "words": words,
        "needs": { "signers": signers, "active": active, "delaySecs": delay, "rotation": rotation },
        "commands": commands,
        "unknown": [{ "field": "nonce", "why": "there is none: the digest is what counts once" }],
    })
}

/// `POST /dashboard/submission`.
///
/// Errors: [`Refusal`] of a file or a signature, or `dashboard/chain`.
pub async fn submit<P: Provider>(
    asked: &Asked<P>,
    submission: &Submission,
    at: Head,
) -> Result<Value, Refusal> {
    let city = asked.city();
    let (amendment, signatures) = gathered(submission, city)?;
    let required = required(asked, &amendment, at).await?;
    let missing = usize::from(required.signers).saturating_sub(signatures.len());
    let call = IAdjudication::submitCall {
        action: IAdjudication::Action::AmendParameter,
        payload: amendment.payload(),
        signatures: signatures.iter().map(|one| one.signature.clone()).collect(),
    };
    let signers: Vec<String> = signatures
        .iter()
        .map(|one| one.signer.to_string())
        .collect();
    Ok(json!({
        "digest": amendment.digest(), "to": amendment.panel.to_string(), "data": Bytes::from(call.abi_encode()),
        "value": "0", "signers": signers, "missing": missing, "file": amendment.file(&signatures),
        "command": format!("agentcity override submit {}", amendment.file_name()), "unknown": [],
    }))
}

impl Submission {
    /// Whether file and signatures are of one amendment of this city; how many signed.
    ///
    /// Errors: `dashboard/body`, `dashboard/signature`.
    pub fn judge(&self, city: &City) -> Result<usize, Refusal> {
        gathered(self, city).map(|(_, signatures)| signatures.len())
    }
}

/// The amendment of a file, and signatures over it, ascending by signer as the panel takes them.
fn gathered(
    submission: &Submission,
    city: &City,
) -> Result<(Amendment, Vec<SignatureOf>), Refusal> {
    let amendment = Amendment::of_file(&submission.file, city).ok_or_else(|| {
        Refusal::body("the file is none of an amendment of this city, or contradicts itself")
    })?;
    if submission.signatures.len() > SIGNATURES_MAX {
        return Err(Refusal::body(format!(
            "more than {SIGNATURES_MAX} signatures"
        )));
    }
    let digest = amendment.digest();
    let mut all = submission.signatures.clone();
    for one in &mut all {
        let parsed = Some(&one.signature).filter(|bytes| bytes.len() == SIGNATURE_BYTES);
        let parsed = parsed.and_then(|bytes| Signature::try_from(&bytes[..]).ok());
        // The panel takes the lower form alone.
        let parsed = parsed.filter(|signature| signature.normalize_s().is_none());
        let by = parsed.and_then(|signature| signature.recover_address_from_prehash(&digest).ok());
        if by != Some(one.signer) {
            let text = format!("the signature of {} is not over this digest", one.signer);
            return Err(Refusal::signature(text));
        }
        // Wallets write nought and one for what the panel writes as 27 and 28.
        if let Some(signature) = parsed {
            one.signature = signature.as_bytes().to_vec().into();
        }
    }
    all.sort_by_key(|one| one.signer);
    if all.windows(2).any(|pair| pair[0].signer == pair[1].signer) {
        return Err(Refusal::signature("somebody signed twice"));
    }
    Ok((amendment, all))
}

#[cfg(test)]
mod tests;
