//! An action of the panel as adjudicators sign it, with the words that explain it. No key is here, and nothing is kept.
//!
//! What is said of an action is what `agentcity override explain` says of the same file; a test holds the two together.

use agentcity_abi::{IAdjudication, document::ContentAddress};
use agentcity_domain::{
    act::{Action, Parties},
    parameter::{self, ParameterId, Scope},
    peer::Peer,
    signed,
};
use alloy::primitives::{Address, B256, Bytes, U256, hex};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::parameters::shown;
use crate::{source::city::City, statement};

/// Version of what stands under `override` in the file, as the command line reads it.
const VERSION: u32 = 1;

/// Actions that are prepared here besides amendments: what the alerts and the queue of reviews ask for.
pub const OFFERED: [Action; 5] = [
    Action::FreezeNode,
    Action::UnfreezeNode,
    Action::ConfirmFreeze,
    Action::DecideReview,
    Action::ClearPredicate,
];

/// A signature of a key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureOf {
    /// Whose.
    pub signer: Address,
    /// `r ‖ s ‖ v`.
    pub signature: Bytes,
}

/// Why, and until when: what every action ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Hash of the justification.
    pub why: B256,
    /// Where it is.
    pub place: B256,
    /// The last second at which it may be handed in.
    pub deadline: u64,
}

/// An action for one panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Which.
    pub action: Action,
    /// Its own fields, the justification's hash and place, the deadline.
    words: Vec<B256>,
    chain_id: u64,
    /// Whose panel.
    pub panel: Address,
    constitution: Address,
}

/// The verb of an action: `amend-parameter`.
pub fn verb(action: Action) -> &'static str {
    action.row().map_or("none", |row| row.verb)
}

/// Its own fields, type and name, without the three that all have.
pub fn own(action: Action) -> Vec<(&'static str, &'static str)> {
    let count = action.shape().map_or(0, |shape| shape.fields);
    fields(action).take(count.into()).collect()
}

fn fields(action: Action) -> impl Iterator<Item = (&'static str, &'static str)> {
    let entry = action.signed().map(signed::SignedStruct::entry);
    entry.into_iter().flat_map(|entry| entry.fields())
}

impl Act {
    /// An action of these fields for a city's panel.
    pub fn new(action: Action, mut own: Vec<B256>, reason: Reason, city: &City) -> Self {
        let deadline = U256::from(reason.deadline).into();
        own.extend([reason.why, reason.place, deadline]);
        Self {
            action,
            words: own,
            chain_id: city.chain_id,
            panel: city.at(Peer::Adjudication),
            constitution: city.constitution,
        }
    }

    /// A field by its name; zero for one that the action does not have.
    pub fn word(&self, name: &str) -> B256 {
        let mut named = fields(self.action).zip(&self.words);
        let found = named.find(|((_, found), _)| *found == name);
        found.map_or(B256::ZERO, |(_, word)| *word)
    }

    fn number(&self, name: &str) -> U256 {
        U256::from_be_bytes(self.word(name).0)
    }

    /// The last second at which it may be handed in.
    pub fn deadline(&self) -> u64 {
        self.number("deadline").saturating_to()
    }

    /// Hash and place of its justification.
    pub fn justification(&self) -> (B256, String) {
        let place = ContentAddress::of_word(self.word("contentAddress"));
        (self.word("justificationHash"), place.to_string())
    }

    /// As the panel takes it: the words one after another.
    pub fn payload(&self) -> Bytes {
        self.words.concat().into()
    }

    /// What is signed.
    pub fn digest(&self) -> B256 {
        let words = [&[self.action.type_hash()], &self.words[..]].concat();
        statement::digest(self.chain_id, self.panel, &words)
    }

    /// The action as it is named on the wire.
    pub fn wire(&self) -> IAdjudication::Action {
        // The two enumerations are compared by a test of the domain.
        IAdjudication::Action::try_from(self.action as u8).unwrap_or(IAdjudication::Action::None)
    }

    /// What `eth_signTypedData_v4` takes. Numbers are texts, so that no wallet rounds one.
    pub fn typed(&self) -> Value {
        let told = |all: &mut dyn Iterator<Item = (&'static str, &'static str)>| -> Value {
            all.map(|(ty, name)| json!({ "name": name, "type": ty }))
                .collect()
        };
        let entry = self.action.signed().map(signed::SignedStruct::entry);
        let name = entry.map_or("", |entry| entry.name);
        let message: Map<String, Value> = fields(self.action)
            .zip(&self.words)
            .map(|((ty, name), word)| (name.to_owned(), value_of(ty, *word)))
            .collect();
        json!({
            "types": {
                "EIP712Domain": told(&mut signed::fields(signed::DOMAIN_TYPE)),
                name: told(&mut fields(self.action)),
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
    pub fn file(&self, signatures: &[SignatureOf]) -> Value {
        let signatures: Vec<Value> = signatures
            .iter()
            .map(|one| json!({ "signer": one.signer, "signature": one.signature, "contract": false }))
            .collect();
        let mut file = self.typed();
        file["override"] = json!({
            "version": VERSION, "action": verb(self.action), "number": self.action as u8,
            "constitution": self.constitution, "payload": self.payload(), "digest": self.digest(),
            "signatures": signatures,
        });
        file
    }

    /// Reads a file that must be of this city, of an action that is prepared here, and say the same in all its parts.
    pub fn of_file(file: &Value, city: &City) -> Option<Self> {
        let relay = &file["override"];
        let named = relay["action"].as_str()?;
        let mut prepared = OFFERED.into_iter().chain([Action::AmendParameter]);
        let action = prepared.find(|action| verb(*action) == named)?;
        let bytes = hex::decode(relay["payload"].as_str()?).ok()?;
        let (words, rest) = bytes.as_chunks::<32>();
        let words: Vec<B256> = words.iter().map(|word| B256::new(*word)).collect();
        let shape = action.shape()?;
        let (own, [why, place, deadline]) = words.split_last_chunk::<3>()?;
        let fits = own.len() == usize::from(shape.fields)
            && own.iter().zip(0..).all(|(word, at)| shape.takes(at, word))
            && rest.is_empty();
        let reason = Reason {
            why: *why,
            place: *place,
            deadline: u64::try_from(U256::from_be_bytes(deadline.0)).ok()?,
        };
        let act = Self::new(action, own.to_vec(), reason, city);
        let is_sound = action != Action::AmendParameter || act.parameter().is_some();
        // Signatures are gathered in between.
        let mut bare = file.clone();
        bare["override"]["signatures"] = json!([]);
        (fits && is_sound && same(&bare, &act.file(&[]))).then_some(act)
    }

    /// The parameter of an amendment.
    fn parameter(&self) -> Option<ParameterId> {
        let id = u8::try_from(self.number("parameter")).ok()?;
        ParameterId::at(id).ok()
    }

    /// What it does, as `agentcity override explain` says it.
    pub fn sentence(&self) -> String {
        let n = |name| self.number(name);
        let (node, mission) = (n("node"), self.word("missionId"));
        match self.action {
            Action::FreezeNode => format!(
                "freeze node {node} of mission {mission} in its attempt {}, because of agent {}",
                n("attempt"),
                Address::from_word(self.word("agent"))
            ),
            Action::UnfreezeNode => {
                let kind = match n("kind").saturating_to::<u8>() {
                    1 => "false positive (1)".to_owned(),
                    2 => "warning (2)".to_owned(),
                    other => other.to_string(),
                };
                let freeze = n("freezeId");
                format!("lift freeze {freeze} of node {node} of mission {mission}, as: {kind}")
            }
            Action::ConfirmFreeze => format!(
                "confirm freeze {}: node {node} of mission {mission} fails at the agent's fault",
                n("freezeId")
            ),
            Action::DecideReview => format!(
                "decide the review of node {node} of mission {mission}, attempt {}: approved {}, score {}, the output of seat {} stands",
                n("attempt"),
                !n("approved").is_zero(),
                n("score"),
                n("seat")
            ),
            Action::ClearPredicate => format!(
                "clear predicate {} of mission {mission} for the output {}",
                n("index"),
                self.word("completionDigest")
            ),
            _ => self.change(),
        }
    }

    /// What an amendment changes.
    fn change(&self) -> String {
        let Some(id) = self.parameter() else {
            return String::new();
        };
        let unit = id.described().unit.name();
        let value = |name| {
            let text = match shown(id, self.word(name)) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            format!("{text} {unit}").trim_end().to_owned()
        };
        format!(
            "change parameter {} ({}) from {} to {}",
            id.described().name,
            id.place(),
            value("oldValue"),
            value("newValue")
        )
    }

    /// What it touches beyond its subject.
    pub fn touches(&self) -> String {
        let Some(id) = self
            .parameter()
            .filter(|_| self.action == Action::AmendParameter)
        else {
            return format!("mission {} alone", self.word("missionId"));
        };
        let text = match id.row().scope {
            Scope::Session => "sessions that open afterwards; running ones keep their epoch",
            Scope::Mission => {
                "missions that are finalised afterwards; running ones keep their epoch"
            }
            Scope::City => "the whole city, at once; no running mission's own terms",
        };
        text.to_owned()
    }

    /// How much an amendment risks; nothing of another action.
    pub fn risk(&self) -> Option<String> {
        let id = self
            .parameter()
            .filter(|_| self.action == Action::AmendParameter)?;
        let way = match parameter::direction(id, self.word("oldValue"), self.word("newValue")) {
            parameter::Change::Same => "changes nothing",
            parameter::Change::Tighter => "tightens the law",
            parameter::Change::Weaker => "weakens the law",
            parameter::Change::Neutral => "neither tightens nor weakens the law",
        };
        Some(format!("{} risk; {way}", id.row().tier.name()))
    }

    /// Who may not sign.
    pub const fn interests(&self) -> &'static str {
        match self.action.parties() {
            Parties::Nobody => "nobody is barred by an interest",
            Parties::Mission => "who is sponsor or seated in the mission may not sign",
            Parties::Session | Parties::Agent | Parties::Person(_) => {
                "who has an interest may not sign"
            }
        }
    }

    /// What its file is called.
    pub fn file_name(&self) -> String {
        let digest = self.digest().to_string();
        let brief = digest.get(2..10).unwrap_or_default();
        format!("{}-{brief}.json", verb(self.action))
    }
}

/// A word in a message, as wallets take it.
fn value_of(ty: &str, word: B256) -> Value {
    let number = U256::from_be_bytes(word.0);
    match ty {
        "bytes32" => json!(word),
        "address" => json!(Address::from_word(word)),
        "bool" => json!(!number.is_zero()),
        _ => json!(number.to_string()),
    }
}

/// The word of a value of a request, if it is of its type's form.
pub fn word_of(ty: &str, value: &Value) -> Option<B256> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) if ty == "bool" => return Some(U256::from(u8::from(*flag)).into()),
        _ => return None,
    };
    match ty {
        "bytes32" => text.parse().ok().filter(|_| text.starts_with("0x")),
        "address" => Some(text.parse::<Address>().ok()?.into_word()),
        "bool" => None,
        _ => {
            let is_decimal = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
            let number = text.parse::<u64>().ok().filter(|_| is_decimal)?;
            Some(U256::from(number).into())
        }
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
                    .all(|(key, value)| other.get(key).is_some_and(|found| same(value, found)))
        }
        (one, other) => one == other,
    }
}
