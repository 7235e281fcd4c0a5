//! From a contract's log to drafts of entries: which types of the seed it is, and whom and what it is about.
//!
//! Only logs that are as deep as the operator demands belong here: an entry is never taken back.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use agentcity_domain::peer::Peer;
use alloy::{
    dyn_abi::{DynSolEvent, DynSolValue, Specifier},
    json_abi::{Event as AbiEvent, JsonAbi},
    primitives::{Address, B256, Log, hex},
};
use serde_json::{Map, Value, json};

use crate::{
    entry::{Origin, PRINCIPALS_MAX},
    kind::{EventType, Source, When},
    store::Draft,
};

/// A log with its place on the chain.
#[derive(Clone, Debug)]
pub struct Placed<'l> {
    /// What the contract said.
    pub log: &'l Log,
    /// In which block.
    pub block: u64,
    /// Its hash.
    pub block_hash: B256,
    /// The block's time, in unix milliseconds.
    pub time_ms: u64,
    /// In which transaction.
    pub transaction: B256,
    /// What that used.
    pub gas_used: u64,
    /// The log's index in the block.
    pub log_index: u64,
    /// The city's epoch then, for what does not say it itself.
    pub epoch: u64,
}

/// Fields that name whom an event is about, the nearest first.
const PARTIES: [&str; 15] = [
    "agent",
    "executor",
    "target",
    "adjudicator",
    "monitor",
    "clerk",
    "senior",
    "proposer",
    "recipient",
    "to",
    "owner",
    "sponsor",
    "principal",
    "by",
    "from",
];

struct Known {
    name: &'static str,
    fields: Vec<(String, bool)>,
    decoder: DynSolEvent,
    types: Vec<(EventType, When)>,
}

type ByTopic = HashMap<(u8, B256), Known>;

/// Events that some type comes from.
static KNOWN: LazyLock<ByTopic> = LazyLock::new(|| {
    let mut known = ByTopic::new();
    for kind in EventType::ALL {
        for source in kind.sources() {
            let Source::Chain {
                contract,
                event,
                when,
            } = source
            else {
                continue;
            };
            // A test holds every name against the interfaces.
            let Some(abi) = event_of(*contract, event) else {
                continue;
            };
            let Ok(decoder) = abi.resolve() else {
                continue;
            };
            let fields = abi.inputs.iter();
            let at = (contract.place() as u8, abi.selector());
            let entry = known.entry(at).or_insert_with(|| Known {
                name: event,
                fields: fields
                    .map(|input| (input.name.clone(), input.indexed))
                    .collect(),
                decoder,
                types: Vec::new(),
            });
            entry.types.push((*kind, *when));
        }
    }
    known
});

/// The event of that name in the interface of a member.
pub fn event_of(contract: Peer, name: &str) -> Option<AbiEvent> {
    static INTERFACES: LazyLock<BTreeMap<String, JsonAbi>> = LazyLock::new(|| {
        let interfaces = agentcity_abi::JSON.iter();
        interfaces
            .filter_map(|(name, text)| {
                Some((name.to_lowercase(), serde_json::from_str(text).ok()?))
            })
            .collect()
    });
    let interface = INTERFACES.get(&format!("i{}", contract.name()))?;
    interface.events.get(name)?.first().cloned()
}

/// The topics that are logged, by contract: what a source has to ask for.
pub fn topics() -> Vec<(Peer, B256)> {
    let known = KNOWN.keys();
    let mut topics: Vec<_> = known
        .filter_map(|(place, topic)| Some((Peer::at(*place)?, *topic)))
        .collect();
    topics.sort_by_key(|(peer, topic)| (peer.place(), *topic));
    topics
}

/// The entries that a log of a city's member is: none, if no type comes from it. `principal` tells who answers for an account now.
pub fn drafts(
    contract: Peer,
    placed: &Placed<'_>,
    principal: impl Fn(Address) -> Option<Address>,
) -> Vec<Draft> {
    let topic = placed.log.topics().first();
    let known = topic.and_then(|topic| KNOWN.get(&(contract.place() as u8, *topic)));
    let Some(known) = known else {
        return Vec::new();
    };
    let Ok(decoded) = known.decoder.decode_log_data(&placed.log.data) else {
        return Vec::new();
    };
    let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
    let mut fields: BTreeMap<&str, &DynSolValue> = BTreeMap::new();
    for (name, is_indexed) in &known.fields {
        let value = if *is_indexed {
            indexed.next()
        } else {
            body.next()
        };
        if let Some(value) = value {
            fields.insert(name, value);
        }
    }
    let parties = parties(&fields);
    let mut principals: Vec<Address> = Vec::new();
    for party in &parties {
        match principal(*party) {
            Some(found) if !principals.contains(&found) => principals.push(found),
            _ => {}
        }
    }
    principals.truncate(PRINCIPALS_MAX);
    let word = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| whole_word(fields.get(name)?))
            .unwrap_or_default()
    };
    let number = |name: &str| fields.get(name).and_then(|value| small(value));
    let draft = |kind| Draft {
        kind,
        mission: word(&["missionId", "mission"]),
        session: word(&["sessionId"]),
        node: number("node").and_then(|node| u16::try_from(node).ok()),
        epoch: number("epoch").unwrap_or(placed.epoch),
        contract: placed.log.address,
        primary: parties.first().copied().unwrap_or_default(),
        secondary: parties.get(1).copied().unwrap_or_default(),
        principals: principals.clone(),
        block: placed.block,
        time_ms: placed.time_ms,
        gas_used: placed.gas_used,
        origin: Origin::Chain {
            block_hash: placed.block_hash,
            transaction: placed.transaction,
            log_index: placed.log_index,
        },
        payload: payload(contract, known.name, &known.fields, &fields),
    };
    let meant = |when: &When| match when {
        When::Always => true,
        When::Is(field, values) => number(field).is_some_and(|value| values.contains(&value)),
        When::IsNot(field, values) => number(field).is_some_and(|value| !values.contains(&value)),
    };
    let types = known.types.iter().filter(|(_, when)| meant(when));
    types.map(|(kind, _)| draft(*kind)).collect()
}

/// At most two accounts, the nearest first.
fn parties(fields: &BTreeMap<&str, &DynSolValue>) -> Vec<Address> {
    let mut parties = Vec::new();
    for name in PARTIES {
        let account = fields.get(name).and_then(|value| value.as_address());
        if let Some(account) = account
            && account != Address::ZERO
            && !parties.contains(&account)
            && parties.len() < 2
        {
            parties.push(account);
        }
    }
    parties
}

fn payload(
    contract: Peer,
    event: &str,
    names: &[(String, bool)],
    fields: &BTreeMap<&str, &DynSolValue>,
) -> Value {
    let mut said = Map::new();
    for (name, _) in names {
        if let Some(value) = fields.get(name.as_str()) {
            said.insert(name.clone(), plain(value));
        }
    }
    json!({ "contract": contract.name(), "event": event, "fields": said })
}

fn small(value: &DynSolValue) -> Option<u64> {
    match value {
        DynSolValue::Uint(number, _) => u64::try_from(*number).ok(),
        DynSolValue::Bool(truth) => Some(u64::from(*truth)),
        _ => None,
    }
}

/// Numbers as decimal texts: some have 256 bits.
fn plain(value: &DynSolValue) -> Value {
    match value {
        DynSolValue::Bool(truth) => json!(truth),
        DynSolValue::Int(number, _) => json!(number.to_string()),
        DynSolValue::Uint(number, _) => json!(number.to_string()),
        DynSolValue::FixedBytes(word, size) => {
            json!(hex::encode_prefixed(&word[..(*size).min(32)]))
        }
        DynSolValue::Address(account) => json!(account),
        DynSolValue::Bytes(bytes) => json!(hex::encode_prefixed(bytes)),
        DynSolValue::String(text) => json!(text),
        DynSolValue::Array(values)
        | DynSolValue::FixedArray(values)
        | DynSolValue::Tuple(values) => values.iter().map(plain).collect(),
        _ => Value::Null,
    }
}

fn whole_word(value: &DynSolValue) -> Option<B256> {
    match value {
        DynSolValue::FixedBytes(word, 32) => Some(*word),
        _ => None,
    }
}
