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

use crate::{
    public_vectors::{Drawn, Vector, amount, numbers, read},
    support::setting,
};

/// Vectors that `cargo xtask vectors` passes; a tenth of them must be replayed (RULINGS W).
const PASSED: usize = 186;
/// Of each kind, in percent, unless more are asked for.
const SHARE_PCT: usize = 50;
/// Draws them unless another is asked for.
const SEED: u64 = 20_261_128;

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

fn unreachable(vector: &Vector) -> Option<Unreachable> {
    match vector.kind.as_str() {
        "tranches" => Some(Unreachable::Printed),
        "settle_int" | "settle_sequence" => money::is_beyond_own_fee(vector),
        "stake_pool" => money::is_of_one(vector),
        "t_eff" => guard::is_of_another_city(vector),
        _ => None,
    }
}

#[test]
fn the_contracts_of_execution_agree_with_the_public_vectors() {
    let seed = setting("AGENTCITY_SEED", SEED);
    let share = setting("AGENTCITY_VECTORS_PCT", SHARE_PCT);
    println!("AGENTCITY_SEED={seed} AGENTCITY_VECTORS_PCT={share}");
    let all = read("vectors-execution.json");
    let drawn = Drawn::of(&all, seed, share, unreachable);
    let of = |kinds: &[&str]| -> Vec<&Vector> {
        let chosen = kinds.iter().flat_map(|kind| drawn.kind(kind));
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

    // A kind of which nothing can be replayed is the seed's arithmetic.
    let replayed = drawn.print(|reasons| reasons.contains(&Unreachable::Printed));
    println!(
        "{replayed} of {} replayed; of all that pass, {PASSED}, a tenth is asked for",
        all.len()
    );
    assert!(10 * replayed >= PASSED, "less than a tenth");
}
