//! What is proposed here: an amendment, or an action that an alert or the queue of reviews asks for; and the transaction that hands
//! signatures in. No key is here and nothing is kept: who asks twice gets two answers.

use agentcity_abi::{
    IAdjudication, ICollaboration, IConstitution, IRoster,
    action::{own, verb, word_of},
    document::ContentAddress,
};
use agentcity_domain::{
    act::Action,
    parameter::{self, Kind, ParameterId},
    peer::Peer,
};
use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256, keccak256},
    providers::Provider,
    sol_types::SolCall,
};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value, json};

use super::{
    act::{Act, OFFERED, Reason, SignatureOf},
    facts::Asked,
    guard::Refusal,
};
use crate::{event::Head, source::city::City};

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
/// Most points of a review.
const SCORE_MAX: u64 = 1_000;
/// Why a freeze is lifted, as the guardian counts: it was false, or deserves a warning (RULINGS K8).
const UNFREEZING: std::ops::RangeInclusive<u64> = 1..=2;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// Of a parameter.
    Amendment(Amending),
    /// Of a node, a review or a predicate.
    Action(Acting),
}

/// Another value for a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Amending {
    parameter: Value,
    value: Value,
    justification: String,
    deadline_secs: Option<u64>,
}

/// An action by its verb, with the fields of its struct that people choose.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Acting {
    action: String,
    fields: Map<String, Value>,
    justification: String,
    deadline_secs: Option<u64>,
}

/// What is asked for, as far as it can be judged without the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// The parameter and the word that it is to have.
    Amendment(ParameterId, B256),
    /// The action and its own fields; none for what the chain says.
    Action(Action, Vec<Option<B256>>),
}

/// What is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    file: Value,
    signatures: Vec<SignatureOf>,
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

impl<'de> Deserialize<'de> for Proposal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let read = match value.get("action") {
            Some(_) => serde_json::from_value(value).map(Self::Action),
            None => serde_json::from_value(value).map(Self::Amendment),
        };
        read.map_err(D::Error::custom)
    }
}

impl Proposal {
    fn justification(&self) -> &str {
        match self {
            Self::Amendment(one) => &one.justification,
            Self::Action(one) => &one.justification,
        }
    }

    fn secs(&self) -> u64 {
        let given = match self {
            Self::Amendment(one) => one.deadline_secs,
            Self::Action(one) => one.deadline_secs,
        };
        given.unwrap_or(DEADLINE_SECS)
    }

    /// What it asks for.
    ///
    /// Errors: `dashboard/parameter`, `dashboard/value`, `dashboard/action`, `dashboard/body`.
    pub fn judge(&self) -> Result<Judged, Refusal> {
        let judged = match self {
            Self::Amendment(one) => one.judge()?,
            Self::Action(one) => one.judge()?,
        };
        let why = self.justification().as_bytes();
        if why.len() > WHY_BYTES_MAX || why.iter().all(u8::is_ascii_whitespace) {
            return Err(Refusal::body(format!(
                "the justification has {} bytes: it says something, in at most {WHY_BYTES_MAX}",
                why.len()
            )));
        }
        let secs = self.secs();
        if !(1..=DEADLINE_SECS_MAX).contains(&secs) {
            return Err(Refusal::body(format!(
                "deadlineSecs is {secs}, and takes 1..={DEADLINE_SECS_MAX}"
            )));
        }
        Ok(judged)
    }

    fn reason(&self, now: u64) -> Reason {
        let why = self.justification();
        Reason {
            why: keccak256(why),
            place: ContentAddress::of(why).word(),
            deadline: now.saturating_add(self.secs()),
        }
    }
}

impl Amending {
    fn judge(&self) -> Result<Judged, Refusal> {
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
        Ok(Judged::Amendment(id, word))
    }
}

impl Acting {
    fn judge(&self) -> Result<Judged, Refusal> {
        let action = OFFERED.into_iter().find(|one| verb(*one) == self.action);
        let (Some(action), Some(shape)) = (action, action.and_then(Action::shape)) else {
            let text = format!("`{}` is not prepared here", self.action);
            return Err(Refusal::action(text));
        };
        let mut words = Vec::new();
        for ((ty, name), place) in own(action).zip(0..) {
            // An output is what signers see on the chain, not what somebody says.
            if name == "completionDigest" {
                words.push(None);
                continue;
            }
            let value = self.fields.get(name).unwrap_or(&Value::Null);
            let word = word_of(ty, value).filter(|word| shape.takes(place, word));
            let word = word.ok_or_else(|| Refusal::body(format!("`{name}` is no {ty}")))?;
            words.push(Some(word));
        }
        let is_own = |name: &String| {
            let mut names = own(action);
            names.any(|(_, own)| own == name && own != "completionDigest")
        };
        if let Some(name) = self.fields.keys().find(|name| !is_own(name)) {
            let text = format!("`{}` has no field `{name}`", self.action);
            return Err(Refusal::body(text));
        }
        self.means_something(action)?;
        Ok(Judged::Action(action, words))
    }

    /// What the contracts would refuse whatever the state.
    fn means_something(&self, action: Action) -> Result<(), Refusal> {
        let number = |name| match self.fields.get(name) {
            Some(Value::String(digits)) => digits.parse().unwrap_or(u64::MAX),
            Some(value) => value.as_u64().unwrap_or(u64::MAX),
            None => u64::MAX,
        };
        match action {
            Action::UnfreezeNode if !UNFREEZING.contains(&number("kind")) => Err(Refusal::body(
                "`kind` is 1, it was false, or 2, it deserves a warning",
            )),
            Action::DecideReview if number("score") > SCORE_MAX => {
                Err(Refusal::body(format!("`score` is at most {SCORE_MAX}")))
            }
            Action::DecideReview
                if self.fields["approved"] == json!(false)
                    && (number("score"), number("seat")) != (0, 0) =>
            {
                Err(Refusal::body("a rejection has no score, and names no seat"))
            }
            _ => Ok(()),
        }
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

/// `POST /dashboard/proposal`. `now`: the chain's time.
///
/// Errors: [`Refusal`] of what cannot be proposed, or `dashboard/chain`.
pub async fn propose<P: Provider>(
    asked: &Asked<P>,
    proposal: &Proposal,
    (at, now): (Head, u64),
) -> Result<Value, Refusal> {
    let (action, own) = match proposal.judge()? {
        Judged::Amendment(id, new) => {
            let place = id.place() as u8;
            let view = IConstitution::parameterCall { id: place };
            let found = asked.call("a parameter", Peer::Constitution, &view, at);
            let old = found.await.map_err(Refusal::chain)?.value;
            if old == new {
                return Err(Refusal::value("the parameter has this value already"));
            }
            let id = U256::from(place).into();
            (Action::AmendParameter, vec![id, old, new])
        }
        Judged::Action(action, words) => {
            let mission = words.first().copied().flatten().unwrap_or_default();
            let mut own = Vec::with_capacity(words.len());
            for word in words {
                own.push(match word {
                    Some(word) => word,
                    None => output(asked, mission, at).await?,
                });
            }
            (action, own)
        }
    };
    let act = Act::new(action, own, proposal.reason(now), asked.city());
    let required = required(asked, &act, at).await?;
    let active = asked.call(
        "the panel",
        Peer::Roster,
        &IRoster::activeAdjudicatorsCall {},
        at,
    );
    let active = active.await.map_err(Refusal::chain)?;
    Ok(told(&act, &required, active, proposal.secs()))
}

/// The output of a mission as it stands.
async fn output<P: Provider>(asked: &Asked<P>, mission: B256, at: Head) -> Result<B256, Refusal> {
    let call = ICollaboration::completionDigestCall { missionId: mission };
    let found = asked.call("a mission's output", Peer::Collaboration, &call, at);
    found.await.map_err(Refusal::chain)
}

async fn required<P: Provider>(
    asked: &Asked<P>,
    act: &Act,
    at: Head,
) -> Result<IAdjudication::Requirement, Refusal> {
    let call = IAdjudication::requirementOfCall {
        action: act.wire(),
        payload: act.payload(),
    };
    let found = asked.call("what an action needs", Peer::Adjudication, &call, at);
    found.await.map_err(Refusal::chain)
}

fn told(act: &Act, required: &IAdjudication::Requirement, active: u8, secs: u64) -> Value {
    let (signers, delay) = (required.signers, required.delaySecs.to::<u64>());
    let rule = act.action.demands();
    let rule = rule.map_or("", |(signers, ..)| signers.text());
    let delays = match delay {
        0 if act.action == Action::AmendParameter => {
            "none: a tightening within its share".to_owned()
        }
        0 => "none".to_owned(),
        secs => format!("{secs} s after it is handed in"),
    };
    let (why, address) = act.justification();
    let words = [
        ("does", Some(act.sentence())),
        ("digest", Some(act.digest().to_string())),
        ("because", Some(format!("{address} (keccak256 {why})"))),
        ("touches", Some(act.touches())),
        ("risk", act.risk()),
        (
            "needs",
            Some(format!("{signers} of {active} adjudicators ({rule})")),
        ),
        ("interests", Some(act.interests().to_owned())),
        (
            "deadline",
            Some(format!("{} ({secs} s left)", act.deadline())),
        ),
        ("delay", Some(delays)),
    ];
    let words = words.into_iter();
    let words: Vec<Value> = words
        .filter_map(|(key, text)| Some(json!({ "key": key, "text": text? })))
        .collect();
    let rotation = match required.class {
        IAdjudication::RotationClass::None => None,
        class => Some(format!("{class:?}")),
    };
    let name = act.file_name();
    let commands = [
        format!("agentcity override explain {name}"),
        format!("agentcity override sign {name} --keystore alice.json"),
        format!("agentcity override merge {name} alice.sig.json"),
        format!("agentcity override submit {name}"),
    ];
    json!({
        "digest": act.digest(), "typedData": act.typed(), "file": act.file(&[]), "fileName": name,
        "justification": { "hash": why, "contentAddress": address },
        "deadline": act.deadline(), "nonce": null, "words": words,
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
    let (act, signatures) = gathered(submission, city)?;
    let required = required(asked, &act, at).await?;
    let missing = usize::from(required.signers).saturating_sub(signatures.len());
    let call = IAdjudication::submitCall {
        action: act.wire(),
        payload: act.payload(),
        signatures: signatures.iter().map(|one| one.signature.clone()).collect(),
    };
    let signers: Vec<String> = signatures
        .iter()
        .map(|one| one.signer.to_string())
        .collect();
    Ok(json!({
        "digest": act.digest(), "to": act.panel.to_string(), "data": Bytes::from(call.abi_encode()),
        "value": "0", "signers": signers, "missing": missing, "file": act.file(&signatures),
        "command": format!("agentcity override submit {}", act.file_name()), "unknown": [],
    }))
}

impl Submission {
    /// Whether file and signatures are of one action of this city; how many signed.
    ///
    /// Errors: `dashboard/body`, `dashboard/signature`.
    pub fn judge(&self, city: &City) -> Result<usize, Refusal> {
        gathered(self, city).map(|(_, signatures)| signatures.len())
    }
}

/// The action of a file, and signatures over it, ascending by signer as the panel takes them.
fn gathered(submission: &Submission, city: &City) -> Result<(Act, Vec<SignatureOf>), Refusal> {
    let act = Act::of_file(&submission.file, city).ok_or_else(|| {
        Refusal::body("the file is none of an action of this city that is prepared here, or contradicts itself")
    })?;
    if submission.signatures.len() > SIGNATURES_MAX {
        return Err(Refusal::body(format!(
            "more than {SIGNATURES_MAX} signatures"
        )));
    }
    let digest = act.digest();
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
    Ok((act, all))
}

#[cfg(test)]
mod tests;
