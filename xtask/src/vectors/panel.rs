//! Kinds about the panel.

use agentcity_domain::panel::{
    interest::{self, Interest},
    rotation::{Limits, Rotation, Turn},
};
use alloy_primitives::Address;
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// Decisions of one class in one mission, each by one adjudicator alone, with no time between them.
pub(super) fn rotation(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["actors", "max"])?;
    let limits = Limits {
        alone: inputs.unsigned("max")?,
        together: 0,
        lift_secs: 0,
    };
    let actors = texts(&inputs, "actors")?;
    let (mut rotation, mut accepted) = (Rotation::default(), Vec::new());
    for actor in &actors {
        let first = actors.iter().position(|other| other == actor);
        let set = first.unwrap_or_default() as u64;
        let (next, turn) = rotation.next(set, 1, 0, &limits);
        let is_accepted = turn == Turn::Theirs;
        if is_accepted {
            rotation = next;
        }
        accepted.push(is_accepted);
    }
    Ok(outputs([("accepted", json!(accepted))]))
}

/// An adjudicator whose principal may be one of those who take part.
pub(super) fn coi(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["adj_principal", "producer_principals"])?;
    let name = |key: &str, text: &str| match Address::try_from(padded(text).as_slice()) {
        Ok(address) => Ok(address),
        Err(_) => Err(refused(key, format!("{text:?} is longer than an address"))),
    };
    let own = Interest {
        signer: 0,
        principal: name("adj_principal", inputs.text("adj_principal")?)?,
    };
    let parties = texts(&inputs, "producer_principals")?
        .into_iter()
        .map(|text| name("producer_principals", text))
        .collect::<Result<Vec<_>, _>>()?;
    let conflicted = interest::barred(&[own], &parties) != 0;
    Ok(outputs([("conflicted", json!(conflicted))]))
}

/// The bytes of a name, as an address has them.
fn padded(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() < Address::len_bytes() {
        bytes.resize(Address::len_bytes(), 0);
    }
    bytes
}

fn texts<'a>(inputs: &Inputs<'a>, key: &str) -> Result<Vec<&'a str>, Refused> {
    let list = inputs.array(key)?.iter().enumerate();
    list.map(|(i, value)| match value {
        Value::String(text) => Ok(text.as_str()),
        other => Err(refused(
            &format!("{key}[{i}]"),
            format!("{other} is not a text"),
        )),
    })
    .collect()
}
