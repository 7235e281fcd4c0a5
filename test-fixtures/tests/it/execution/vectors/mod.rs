//! Public vectors of the kinds that concern execution and money, replayed through the deployed contracts.
//!
//! The domain crate passes all of them (`cargo xtask vectors`); here the very contracts do, a part of each kind that a seed draws and
//! that is printed. `AGENTCITY_SEED` draws another, `AGENTCITY_VECTORS_PCT` more of them. Left out is what no sequence of
//! transactions arrives at; [`Unreachable`] says why.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is looked at once and then gone"
)]

mod consensus;
mod guard;
mod law;
mod money;
mod trace;

use std::collections::BTreeMap;

use agentcity_test_fixtures::tool::workspace_dir;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::Deserialize;
use serde_json::Value;

use super::setting;

/// Vectors that `cargo xtask vectors` passes; a tenth of them must be replayed (RULINGS W).
const PASSED: usize = 186;
/// Of each kind, in percent, unless more are asked for.
const SHARE_PCT: usize = 50;
/// Draws them unless another is asked for.
const SEED: u64 = 20_261_128;

#[derive(Debug, Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

/// One vector.
#[derive(Debug, Deserialize)]
struct Vector {
    id: String,
    kind: String,
    inputs: Value,
    expected: Value,
}

/// Why contracts cannot be brought to where a vector begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unreachable {
    /// Its subsidy is more than the settlement's own fee, which a mission's subsidy never is (RULINGS R20).
    BeyondOwnFee,
    /// It takes from a pool of one, which backs nobody (S-08).
    PoolOfOne,
    /// It is the seed's arithmetic for the report, not a bound of ours (RULINGS V).
    Printed,
    /// Its parameters are not those of the city that the others of its kind need.
    OtherCity,
}

impl Vector {
    fn number(&self, key: &str) -> u64 {
        let number = self.inputs[key].as_u64();
        number.unwrap_or_else(|| panic!("{}: {key} is no number", self.id))
    }

    /// An amount, which the format writes as text.
    fn amount(&self, key: &str) -> u128 {
        amount(&self.inputs[key])
    }

    fn list(&self, key: &str) -> &[Value] {
        let list = self.inputs[key].as_array();
        list.unwrap_or_else(|| panic!("{}: {key} is no list", self.id))
    }

    fn expects(&self, key: &str) -> &Value {
        &self.expected[key]
    }

    fn unreachable(&self) -> Option<Unreachable> {
        match self.kind.as_str() {
            "tranches" => Some(Unreachable::Printed),
            "settle_int" | "settle_sequence" => money::is_beyond_own_fee(self),
            "stake_pool" => money::is_of_one(self),
            "t_eff" => guard::is_of_another_city(self),
            _ => None,
        }
    }
}

fn amount(value: &Value) -> u128 {
    match value {
        Value::String(text) => text.parse().expect("an amount"),
        other => other.as_u64().expect("an amount").into(),
    }
}

/// A list of small numbers, as of seats.
fn numbers(value: &Value) -> Vec<u64> {
    let list = value.as_array().expect("a list").iter();
    list.map(|number| number.as_u64().expect("a number"))
        .collect()
}

fn vectors() -> Vec<Vector> {
    let file = workspace_dir().join("test-fixtures/data/vectors-execution.json");
    let text = std::fs::read(file).unwrap();
    serde_json::from_slice::<File>(&text).unwrap().vectors
}

#[test]
fn the_contracts_of_execution_agree_with_the_public_vectors() {
    let seed = setting("AGENTCITY_SEED", SEED);
    let share = setting("AGENTCITY_VECTORS_PCT", SHARE_PCT);
    println!("AGENTCITY_SEED={seed} AGENTCITY_VECTORS_PCT={share}");
    let all = vectors();
    let mut kinds = BTreeMap::<&str, Vec<&Vector>>::new();
    for vector in &all {
        kinds.entry(&vector.kind).or_default().push(vector);
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let mut chosen = BTreeMap::<&str, Vec<&Vector>>::new();
    for (kind, vectors) in &kinds {
        let within = |vector: &&&Vector| vector.unreachable().is_none();
        let mut within: Vec<&Vector> = vectors.iter().filter(within).copied().collect();
        within.shuffle(&mut rng);
        within.truncate((within.len() * share).div_ceil(100));
        within.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        chosen.insert(kind, within);
    }
    let of = |kinds: &[&str]| -> Vec<&Vector> {
        let chosen = kinds.iter().flat_map(|kind| &chosen[kind]);
        chosen.copied().collect()
    };
    money::replay(&of(&[
        "settle_int",
        "settle_sequence",
        "tier2_split",
        "slash_split",
        "stake_pool",
    ]));
    let mut stage = law::raise();
    law::replay(
        &mut stage,
        &of(&["dag_check", "roster_ok", "redundancy_ok", "node_timeout_ok"]),
    );
    consensus::replay(
        &mut stage,
        &of(&["tier2_exact", "tier2_numeric", "tier2_minhash"]),
    );
    trace::replay(&mut stage, &of(&["trace"]));
    guard::replay(&mut stage, &of(&["freeze_count", "t_eff"]));

    let mut replayed = 0;
    for (kind, vectors) in &kinds {
        let done: Vec<&str> = chosen[kind].iter().map(|v| v.id.as_str()).collect();
        println!(
            "{kind}: {} of {} replayed: {}",
            done.len(),
            vectors.len(),
            done.join(" ")
        );
        let mut reasons = BTreeMap::<Unreachable, Vec<&str>>::new();
        for vector in vectors {
            if let Some(reason) = vector.unreachable() {
                reasons.entry(reason).or_default().push(&vector.id);
            }
        }
        for (reason, ids) in &reasons {
            println!("  {reason:?}: {}", ids.join(" "));
        }
        // A kind of which nothing can be replayed is the seed's arithmetic.
        assert!(
            !done.is_empty() || reasons.contains_key(&Unreachable::Printed),
            "{kind}"
        );
        replayed += done.len();
    }
    println!(
        "{replayed} of {} replayed; of all that pass, {PASSED}, a tenth is asked for",
        all.len()
    );
    assert!(10 * replayed >= PASSED, "less than a tenth");
}
