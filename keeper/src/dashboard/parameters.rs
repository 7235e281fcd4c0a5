//! Every parameter, and what a change of it needs.

use agentcity_domain::{
    act::quorum::two_thirds,
    parameter::{Kind, ParameterId, Tier, amendment::Policy, number},
};
use alloy::primitives::{Address, B256};
use serde_json::{Value, json};

use super::facts::Parameters;

/// `GET /dashboard/parameters`.
pub fn parameters(known: &Parameters, block: u64) -> Value {
    let items: Vec<Value> = ParameterId::ALL
        .into_iter()
        .map(|id| parameter(id, known))
        .collect();
    json!({ "epoch": known.epoch, "block": block, "items": items, "unknown": [] })
}

/// A value as its kind is written.
pub fn shown(id: ParameterId, word: B256) -> Value {
    match id.row().kind {
        Kind::Address => json!(Address::from_word(word).to_string()),
        Kind::Hash => json!(word),
        // A number of more than 32 bits is none that a page holds.
        Kind::Number | Kind::Constant => json!(number(word)),
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Address => "address",
        Kind::Hash => "hash",
        Kind::Number => "number",
        Kind::Constant => "constant",
    }
}

const fn weakens(weakens: agentcity_domain::parameter::Weakens) -> &'static str {
    use agentcity_domain::parameter::Weakens as W;
    match weakens {
        W::Up => "up",
        W::Down => "down",
        W::Any => "any",
        W::None => "none",
    }
}

fn parameter(id: ParameterId, known: &Parameters) -> Value {
    let (told, row) = (id.described(), id.row());
    let is_number = matches!(row.kind, Kind::Number | Kind::Constant);
    let is_amendable = !matches!(row.kind, Kind::Constant);
    json!({
        "id": id.place(), "name": told.name, "text": told.text, "unit": told.unit.name(), "kind": kind(row.kind),
        "value": shown(id, known.word(id)), "default": shown(id, id.default_word()),
        "least": is_number.then_some(row.min), "greatest": is_number.then_some(row.max),
        "tier": row.tier.name().to_ascii_lowercase(), "weakens": weakens(row.weakens),
        "scope": row.scope.name().to_ascii_lowercase(), "consumer": told.consumer.name(), "source": told.source,
        "amendable": is_amendable, "needs": is_amendable.then(|| needs(id, known)),
    })
}

fn needs(id: ParameterId, known: &Parameters) -> Value {
    let policy = Policy::of(|id| known.number(id));
    let (signers, delay) = match (id, id.row().tier) {
        (ParameterId::SeniorAdjudicatorAddr, _) => {
            (two_thirds(known.active), policy.senior_delay_secs)
        }
        (_, Tier::Low) => (1, policy.low_delay_secs),
        (_, Tier::Medium) => (2, policy.medium_delay_secs),
        (_, Tier::High) => (two_thirds(known.active), policy.high_delay_secs),
    };
    json!({
        "signers": signers, "weakerDelaySecs": delay, "tighterShareOfRange": policy.share_pct,
        "tighterWindowSecs": policy.window_secs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_there_with_its_value_and_its_bounds() {
        let known = Parameters {
            epoch: 3,
            words: ParameterId::ALL
                .into_iter()
                .take(ParameterId::AMENDABLE)
                .map(ParameterId::default_word)
                .collect(),
            active: 7,
        };
        let all = parameters(&known, 9);
        let items = all["items"].as_array().expect("a list");
        assert_eq!(items.len(), ParameterId::COUNT);
        for (item, id) in items.iter().zip(ParameterId::ALL) {
            assert_eq!(item["value"], item["default"], "{id:?}");
            assert_eq!(
                item["amendable"] == json!(true),
                !item["needs"].is_null(),
                "{id:?}"
            );
            if let Some(value) = item["value"].as_u64() {
                let bound = |name: &str| item[name].as_u64().expect("a bound");
                assert!(
                    (bound("least")..=bound("greatest")).contains(&value),
                    "{id:?}"
                );
            }
        }
        let floor = &items[ParameterId::ReputationFloor.place()];
        assert_eq!(floor["needs"]["signers"], json!(5), "two thirds of seven");
    }
}
