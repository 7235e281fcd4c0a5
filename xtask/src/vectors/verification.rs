//! Kinds about tier 2: which values agree, and which of them stands.

use agentcity_domain::{
    keccak::keccak256,
    machine::{MissionState, NodeState},
    statute::{Mode, SEATS_MAX},
    verification::{
        case::{Case, Record, Seats},
        consensus::{Tolerances, equal_lanes, find, numbers_agree_as_printed},
    },
};
use alloy_primitives::{Address, I256};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// What is compared: values of a mode, of which so many must agree.
struct Compared {
    mode: Mode,
    values: Vec<Vec<u8>>,
    threshold: u8,
    near: Tolerances,
}

/// What the domain finds, and whose value stands, if any.
struct Found {
    support: Value,
    approved: Value,
    stands: Option<usize>,
    agreeing: Value,
}

impl Compared {
    /// Every value is a seat's that revealed it.
    fn found(&self, key: &str) -> Result<Found, Refused> {
        if self.values.len() > SEATS_MAX {
            return Err(refused(key, format!("more than {SEATS_MAX} values")));
        }
        let seats = (0..).zip(&self.values).map(|(seat, _)| seat);
        let revealed = seats.fold(Seats::NONE, Seats::with);
        let case = Case {
            mission: MissionState::Executing as u8,
            halt: 0,
            state: NodeState::PendingVerification as u8,
            attempt: 1,
            tier: 2,
            threshold: self.threshold,
            mode: self.mode as u8,
            since: 0,
            expires: 0,
            backup: false,
            budget: 0,
            seats: revealed,
            agents: [Address::ZERO; SEATS_MAX],
            record: Record {
                committed: revealed,
                revealed,
                ..Record::default()
            },
        };
        let values: Vec<&[u8]> = self.values.iter().map(Vec::as_slice).collect();
        let finding = find(&case, &values, &self.near);
        let members: Vec<u8> = (0..)
            .take(self.values.len())
            .filter(|seat| finding.approved && finding.agreeing.has(*seat))
            .collect();
        Ok(Found {
            support: json!(finding.agreeing.count()),
            approved: json!(finding.approved),
            stands: finding.approved.then_some(finding.seat.into()),
            agreeing: json!(members),
        })
    }
}

fn small(inputs: &Inputs<'_>, key: &str) -> Result<u8, Refused> {
    let value = inputs.unsigned(key)?;
    u8::try_from(value).map_err(|_| refused(key, format!("{value} has more than 8 bits")))
}

fn near(similarity: u8, distance: u8) -> Tolerances {
    Tolerances {
        similarity,
        distance,
    }
}

/// Opaque values, compared as words.
pub(super) fn exact(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["values", "t"])?;
    let named = inputs.array("values")?;
    let word = |value: &Value| keccak256(&[&value.to_string()]).to_vec();
    let compared = Compared {
        mode: Mode::Exact,
        values: named.iter().map(word).collect(),
        threshold: small(&inputs, "t")?,
        near: near(0, 0),
    };
    let found = compared.found("values")?;
    let winner = found.stands.and_then(|seat| named.get(seat));
    Ok(outputs([
        ("support", found.support),
        ("approved", found.approved),
        ("winner", json!(winner)),
        ("agreeing", found.agreeing),
    ]))
}

/// Numbers within a tolerance, and what the specification's prose would say of them.
pub(super) fn numeric(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["values", "t", "tol"])?;
    let distance = small(&inputs, "tol")?;
    let numbers = inputs
        .array("values")?
        .iter()
        .map(|value| value.as_i64())
        .collect::<Option<Vec<i64>>>()
        .ok_or_else(|| refused("values", "not all are signed 64-bit integers"))?;
    let word = |number: &i64| -> Result<Vec<u8>, Refused> {
        let wide = I256::try_from(*number).map_err(|e| refused("values", e.to_string()))?;
        Ok(wide.to_be_bytes::<32>().to_vec())
    };
    let compared = Compared {
        mode: Mode::Numeric,
        values: numbers.iter().map(word).collect::<Result<_, _>>()?,
        threshold: small(&inputs, "t")?,
        near: near(0, distance),
    };
    let found = compared.found("values")?;
    Ok(outputs([
        ("support", found.support),
        ("approved", found.approved),
        ("rep", json!(found.stands)),
        ("agreeing", found.agreeing),
        (
            "sd_rule",
            json!(numbers_agree_as_printed(&numbers, distance)),
        ),
    ]))
}

/// Sketches by their equal lanes.
pub(super) fn sketches(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["sketches", "t", "threshold"])?;
    let lanes = |value: &Value| -> Option<Vec<u8>> {
        let lanes = value.as_array()?.iter().map(|lane| {
            let lane = u16::try_from(lane.as_u64()?).ok()?;
            Some(lane.to_be_bytes())
        });
        Some(lanes.collect::<Option<Vec<_>>>()?.concat())
    };
    let values = inputs.array("sketches")?.iter().map(lanes);
    let values = values
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| refused("sketches", "not all are lists of 16-bit lanes"))?;
    let matches: Vec<Vec<u32>> = values
        .iter()
        .map(|left| {
            values
                .iter()
                .map(|right| equal_lanes(left, right).0)
                .collect()
        })
        .collect();
    let compared = Compared {
        mode: Mode::Sketch,
        values,
        threshold: small(&inputs, "t")?,
        near: near(small(&inputs, "threshold")?, 0),
    };
    let found = compared.found("sketches")?;
    Ok(outputs([
        ("matches", json!(matches)),
        ("support", found.support),
        ("approved", found.approved),
        ("rep", json!(found.stands)),
        ("agreeing", found.agreeing),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        rule: fn(&Outputs) -> Result<Outputs, Refused>,
        value: Value,
    ) -> Result<Outputs, Refused> {
        rule(value.as_object().unwrap())
    }

    #[test]
    fn the_largest_star_stands_and_ties_go_to_the_earlier() {
        let got = ask(exact, json!({"values": ["B", "A", "B", "A"], "t": 2})).unwrap();
        assert_eq!(got["winner"], json!("B"));
        assert_eq!(got["agreeing"], json!([0, 2]));
        let got = ask(
            numeric,
            json!({"values": [100, 105, 110], "t": 3, "tol": 5}),
        )
        .unwrap();
        assert_eq!((&got["rep"], &got["support"]), (&json!(1), &json!(3)));
        let got = ask(
            sketches,
            json!({"sketches": [[1, 2], [1, 3]], "t": 2, "threshold": 50}),
        );
        assert_eq!(got.unwrap()["matches"], json!([[2, 1], [1, 2]]));
    }

    #[test]
    fn what_no_rule_takes_is_refused_by_its_key() {
        let at = |result: Result<Outputs, Refused>| result.unwrap_err().at;
        let eight = vec!["A"; SEATS_MAX + 1];
        assert_eq!(
            at(ask(exact, json!({"values": eight, "t": 2}))),
            "inputs.values"
        );
        assert_eq!(
            at(ask(exact, json!({"values": ["A"], "t": 256}))),
            "inputs.t"
        );
        let halves = json!({"values": [0.5], "t": 2, "tol": 5});
        assert_eq!(at(ask(numeric, halves)), "inputs.values");
        let wide = json!({"sketches": [[65_536]], "t": 2, "threshold": 85});
        assert_eq!(at(ask(sketches, wide)), "inputs.sketches");
    }
}
