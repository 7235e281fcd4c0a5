//! An action of the panel as adjudicators sign it, with the words that explain it. No key is here, and nothing is kept.
//!
//! What is said of an action is what `agentcity override explain` says of the same file: both take it from [`action`].

use agentcity_abi::{
    IAdjudication,
    action::{self, VERSION, verb},
    document::ContentAddress,
};
use agentcity_domain::{act::Action, parameter::ParameterId, peer::Peer};
use alloy::primitives::{Address, B256, Bytes, U256, hex};
use serde::Deserialize;
use serde_json::{Value, json};

use super::parameters::shown;
use crate::{source::city::City, statement};

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
        action::word(self.action, &self.words, name).unwrap_or_default()
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

    /// What `eth_signTypedData_v4` takes.
    pub fn typed(&self) -> Value {
        action::typed(self.action, &self.words, self.chain_id, self.panel)
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
        action::said(self.action, |name| self.shown(name))
    }

    /// A field for people.
    fn shown(&self, name: &str) -> String {
        let (word, number) = (self.word(name), self.number(name));
        let named = |name: Option<&str>| match name {
            Some(name) => format!("{name} ({number})"),
            None => number.to_string(),
        };
        match name {
            "kind" => named(action::unfreezing(number.saturating_to())),
            "parameter" => named(self.parameter().map(|id| id.described().name)),
            "oldValue" | "newValue" => self.parameter().map_or_else(String::new, |id| {
                let text = plain(&shown(id, word));
                format!("{text} {}", id.described().unit.name())
                    .trim_end()
                    .to_owned()
            }),
            _ => {
                let mut typed = action::own(self.action);
                let found = typed.find(|(_, own)| *own == name);
                found.map_or_else(String::new, |(ty, _)| plain(&action::value_of(ty, word)))
            }
        }
    }

    /// What it touches beyond its subject.
    pub fn touches(&self) -> String {
        action::touches(self.action, &self.words)
    }

    /// How much an amendment risks; nothing of another action.
    pub fn risk(&self) -> Option<String> {
        action::risk(self.action, &self.words)
    }

    /// Who may not sign.
    pub const fn interests(&self) -> &'static str {
        action::interests(self.action)
    }

    /// What its file is called.
    pub fn file_name(&self) -> String {
        let digest = self.digest().to_string();
        let brief = digest.get(2..10).unwrap_or_default();
        format!("{}-{brief}.json", verb(self.action))
    }
}

/// A text without its quotes, anything else as it is.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
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
