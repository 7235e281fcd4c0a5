//! Random commands against a naive model of the treasury: maps that are searched, sums that are taken anew each time, and
//! settlements in 256 bits.

mod apply;
mod backing;
mod model;

use agentcity_world::{
    commands::{self, Plan},
    token::Manners,
};
use proptest::prelude::*;

use self::{apply::apply, model::*};
use crate::city::*;

/// For each asset.
pub(super) const PLAN: Plan = Plan {
    seed: *b"every unit is somebody's, always",
    runs: 30,
    length: 260,
    kinds: &[
        "deposit",
        "deposit in excess",
        "withdraw",
        "withdrawTo",
        "open",
        "fund",
        "fund from credit",
        "allocate",
        "settle",
        "lend",
        "return",
        "succeed",
        "fail",
        "end",
        "close",
        "reserve",
        "release reserve",
        "lock",
        "slash",
        "release stake",
        "post bond",
        "return bond",
        "forfeit bond",
        "charge bond",
        "create pool",
        "join pool",
        "ask to leave",
        "leave pool",
        "bind pool",
        "contribute",
        "skim",
        "insurance",
        "disburse",
        "compensate",
    ],
    never: &["deposit in excess"],
    around: &["warp"],
    weights: &[
        5, 1, 3, 2, 8, 10, 6, 10, 9, 9, 8, 5, 2, 4, 2, 10, 3, 12, 5, 7, 3, 2, 2, 2, 1, 4, 1, 4, 5,
        5, 2, 3, 2, 3, 6,
    ],
    aims: 0.9,
    reach: &[
        "a mission that is open",
        "a mission that is closing",
        "a mission that is closed",
        "a mission with a child that owes",
        "a mission that lent to a node twice",
        "a successor of a child",
        "a reserve of one's own",
        "a reserve out of a pool",
        "a stake of one's own",
        "a stake out of a pool",
        "a stake that was taken whole",
        "a stake that may be released",
        "a bond",
        "a bond of which nothing is left",
        "a pool that is open",
        "a pool that is bound",
        "a pool that lost everything",
        "an agent that was compensated",
        "a subsidy budget with something in it",
        "somebody who waits to leave a pool",
        "somebody who waits for those who wait",
        "somebody who may leave a pool that is bound",
    ],
};

pub(super) type Command = commands::Command<4>;

#[test]
fn random_commands_keep_to_the_model_and_the_books_to_their_parts() {
    let tally = PLAN.tally();
    for in_token in [false, true] {
        let mut seed = PLAN.seed;
        seed[0] ^= u8::from(in_token);
        PLAN.add(&tally, seed, Just(()), |tally, (), commands| {
            let city = if in_token {
                City::with_token(Manners::Honest)
            } else {
                City::new()
            };
            let mut model = Model::new(&city);
            for command in commands {
                let done = apply(&city, &mut model, command)?;
                model.settle_requests();
                tally.count(command.kind, done);
                // INV-TREASURY-01: after every command.
                prop_assert_eq!(city.parts(), model.parts(), "{:?}", command);
                prop_assert_eq!(city.booked(), model.booked(), "{:?}", command);
                prop_assert_eq!(city.balance(here()), model.booked() + model.forced);
                note(&model, city.world.now(), tally);
            }
            compare(&city, &model)
        });
    }
    tally.require();
}
