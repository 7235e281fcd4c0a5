//! Public vectors that tests replay through deployed contracts: how a file of them is read, which ones a seed draws, and what is
//! told of those that no sequence of transactions arrives at.

use agentcity_test_fixtures::tool::workspace_dir;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

#[derive(Debug, Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

/// One vector.
#[derive(Debug, Deserialize)]
pub struct Vector {
    pub id: String,
    pub kind: String,
    pub inputs: Value,
    pub expected: Value,
}

impl Vector {
    pub fn number(&self, key: &str) -> u64 {
        let number = self.inputs[key].as_u64();
        number.unwrap_or_else(|| panic!("{}: {key} is no number", self.id))
    }

    /// An amount, which the format writes as text.
    pub fn amount(&self, key: &str) -> u128 {
        amount(&self.inputs[key])
    }

    pub fn list(&self, key: &str) -> &[Value] {
        let list = self.inputs[key].as_array();
        list.unwrap_or_else(|| panic!("{}: {key} is no list", self.id))
    }

    pub fn expects(&self, key: &str) -> &Value {
        &self.expected[key]
    }

    /// A number that is expected.
    pub fn expects_number(&self, key: &str) -> u64 {
        let number = self.expected[key].as_u64();
        number.unwrap_or_else(|| panic!("{}: no number {key} is expected", self.id))
    }
}

pub fn amount(value: &Value) -> u128 {
    match value {
        Value::String(text) => text.parse().expect("an amount"),
        other => other.as_u64().expect("an amount").into(),
    }
}

/// A list of small numbers, as of seats.
pub fn numbers(value: &Value) -> Vec<u64> {
    let list = value.as_array().expect("a list").iter();
    list.map(|number| number.as_u64().expect("a number"))
        .collect()
}

/// The vectors of a file of `test-fixtures/data`.
pub fn read(name: &str) -> Vec<Vector> {
    let file = workspace_dir().join("test-fixtures/data").join(name);
    let text = std::fs::read(file).unwrap();
    serde_json::from_slice::<File>(&text).unwrap().vectors
}

/// Of one kind: what is replayed, what there is, and what cannot be arrived at for which reasons.
struct Kind<'a, R> {
    chosen: Vec<&'a Vector>,
    count: usize,
    reasons: BTreeMap<R, Vec<&'a str>>,
}

/// Which vectors are replayed, by kind.
pub struct Drawn<'a, R>(BTreeMap<&'a str, Kind<'a, R>>);

impl<'a, R: Copy + Debug + Ord> Drawn<'a, R> {
    /// A share of each kind, in percent, and at least one, of those for which there is no reason why they cannot be arrived at.
    pub fn of(
        all: &'a [Vector],
        seed: u64,
        share: usize,
        unreachable: impl Fn(&Vector) -> Option<R>,
    ) -> Self {
        let mut kinds = BTreeMap::<&str, Kind<'_, R>>::new();
        for vector in all {
            let kind = kinds.entry(&vector.kind).or_insert_with(|| Kind {
                chosen: Vec::new(),
                count: 0,
                reasons: BTreeMap::new(),
            });
            kind.count += 1;
            match unreachable(vector) {
                None => kind.chosen.push(vector),
                Some(reason) => kind.reasons.entry(reason).or_default().push(&vector.id),
            }
        }
        let mut rng = StdRng::seed_from_u64(seed);
        for kind in kinds.values_mut() {
            let within = &mut kind.chosen;
            within.shuffle(&mut rng);
            within.truncate((within.len() * share).div_ceil(100));
            within.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        }
        Self(kinds)
    }

    /// What is replayed of a kind.
    pub fn kind(&self, kind: &str) -> &[&'a Vector] {
        &self.0[kind].chosen
    }

    /// Prints which were replayed and which never are; how many were.
    ///
    /// Panics for a kind of which none was, unless it may be empty for these reasons.
    pub fn print(&self, may_be_empty: impl Fn(&BTreeSet<R>) -> bool) -> usize {
        let mut replayed = 0;
        for (name, kind) in &self.0 {
            let done: Vec<&str> = kind.chosen.iter().map(|v| v.id.as_str()).collect();
            println!(
                "{name}: {} of {} replayed: {}",
                done.len(),
                kind.count,
                done.join(" ")
            );
            for (reason, ids) in &kind.reasons {
                println!("  {reason:?}: {}", ids.join(" "));
            }
            let reasons = kind.reasons.keys().copied().collect();
            assert!(!done.is_empty() || may_be_empty(&reasons), "{name}");
            replayed += done.len();
        }
        replayed
    }
}
