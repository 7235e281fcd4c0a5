//! Public vectors of the kinds that concern legislation, replayed through the deployed contracts: elections and pairs of ballots by the
//! assembly, how even and how good an award is and how many regulators decide by the enactment.
//!
//! The domain crate passes all of them (`cargo xtask vectors`); here the very contracts do. Which are replayed is printed;
//! `AGENTCITY_VECTORS_PCT` asks for a part of each kind, which `AGENTCITY_SEED` draws. Left out is what no sequence of transactions
//! arrives at; [`Unreachable`] says why. What a vector tells of the seed's own formulas beside it (plurality, the
//! printed fairness, the printed quorum) no program computes, and nothing is compared with it.

mod award;
mod ballots;

use crate::{
    public_vectors::{Drawn, Vector, read},
    support::setting,
};
use agentcity_domain::parameter::{ParameterId as P, word};
use agentcity_test_fixtures::mission::{Charter, Scene};

/// A tenth of all must be replayed (RULINGS W).
const TENTH: usize = 10;
/// Of each kind, in percent, unless fewer are asked for: all of them take seconds.
const SHARE_PCT: usize = 100;
/// Draws them unless another is asked for.
const SEED: u64 = 20_261_128;
/// As many principals as the largest vector has voters or bidders. Each has one agent.
const PRINCIPALS: usize = 15;

/// Why contracts cannot be brought to where a vector begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unreachable {
    /// It has no seats, and a statute of no tasks is no page.
    NoSeats,
    /// It has more candidates than its ballot has room for.
    BeyondBallot,
    /// It has more people than the city of the others.
    MorePeople,
    /// Its parameters are not those of the city that the others of its kind need.
    OtherCity,
}

fn unreachable(vector: &Vector) -> Option<Unreachable> {
    match vector.kind.as_str() {
        "election" => ballots::is_no_election(vector),
        "kendall_pair" => ballots::is_no_pair(vector),
        "fairness" => award::is_of_nobody(vector),
        "bid_score" => award::is_of_other_weights(vector),
        "multisig_reg" => award::is_of_many(vector),
        other => panic!("{}: kind {other} is not replayed here", vector.id),
    }
}

#[track_caller]
fn done<T, E: std::fmt::Display>(result: Result<T, E>, vector: &Vector) -> T {
    result.unwrap_or_else(|e| panic!("{}: {e}", vector.id))
}

#[test]
fn the_contracts_of_legislation_agree_with_the_public_vectors() {
    let seed = setting("AGENTCITY_SEED", SEED);
    let share = setting("AGENTCITY_VECTORS_PCT", SHARE_PCT);
    println!("AGENTCITY_SEED={seed} AGENTCITY_VECTORS_PCT={share}");
    let all = read("vectors-legislation.json");
    let drawn = Drawn::of(&all, seed, share, unreachable);
    let mut charter = Charter::default();
    for (parameter, value) in ballots::BOUNDS {
        charter.parameters.insert(parameter as u8, word(value));
    }
    // The last of them bids for what the vectors' bidders do not get.
    let mut scene = Scene::raise(&charter, PRINCIPALS + 1, 1);
    for vector in drawn.kind("election") {
        ballots::election(&mut scene, vector);
    }
    for vector in drawn.kind("kendall_pair") {
        ballots::pair(&mut scene, vector);
    }
    for vector in drawn.kind("fairness") {
        award::fairness(&mut scene, vector);
    }
    let others = award::appoint(&mut scene);
    for vector in drawn.kind("multisig_reg") {
        award::regulators(&mut scene, &others, vector);
    }
    award::scores(&mut scene, drawn.kind("bid_score"));
    let replayed = drawn.print(|_| false);
    println!("{replayed} of {} replayed; a tenth is asked for", all.len());
    assert!(TENTH * replayed >= all.len(), "less than a tenth");
}

/// A default that the vectors take for granted.
fn default_of(id: P) -> u64 {
    id.row().default.into()
}
