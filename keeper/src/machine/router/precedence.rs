//! Who comes first to route a node. Anyone may, and each keeper of one of its seats wants it as soon as the last seat is taken; but
//! one transaction routes, and the others would fail in the block and cost what they cost.
//!
//! ```text
//!  seats taken ──▶ first taken seat's keeper at once ── 8 s ──▶ the second's ── 8 s ──▶ … ──▶ those of seats that nobody took
//! ```

use std::collections::BTreeMap;

use agentcity_domain::time::Millis;
use agentcity_executor::protocol::Place;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use super::{NodeSight, Sight, pairs};
use crate::clock::Moment;

/// How long a keeper is given: a look, a transaction, a look of whoever comes next. Seats are seven at most, so the last waits for less
/// than the least `routeTimeoutMs`.
const GIVEN: Millis = Millis::new(8_000);

/// Since when nodes were seen to want nothing but a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Precedence(#[serde(with = "pairs")] BTreeMap<Name, Moment>);

/// Mission, node, attempt.
type Name = (B256, u16, u8);

impl Precedence {
    /// Whether it is on the keeper of this seat of a node that can be routed to do so by now.
    pub(super) fn comes(&mut self, place: Place, sight: &Sight, node: &NodeSight) -> bool {
        let name = (sight.mission, node.node, node.attempt);
        let since = self.0.entry(name).or_insert(sight.asked);
        // A clock that was set back begins anew.
        *since = (*since).min(sight.asked);
        let wait = GIVEN.get().saturating_mul(before(place, node));
        let ends = node.ends != 0 && sight.at.time.get().saturating_add(wait / 1_000) >= node.ends;
        ends || sight.asked.since(*since).get() >= wait
    }

    /// Nodes of a mission that are not among these want no route any more.
    pub(super) fn keep(&mut self, mission: B256, routable: &[(u16, u8)]) {
        self.0.retain(|(known, node, attempt), _| {
            *known != mission || routable.contains(&(*node, *attempt))
        });
    }
}

/// How many keepers come before that of a seat: those of taken seats first, in the order of their places.
fn before(place: Place, node: &NodeSight) -> u64 {
    let rank = |of: Place, taken: bool| (!taken, of.get());
    let own = node.places().find(|(of, _)| *of == place);
    let own = own.map_or((true, u8::MAX), |(of, seat)| rank(of, seat.taken));
    let others = node
        .places()
        .filter(|(of, seat)| rank(*of, seat.taken) < own);
    others.count() as u64
}
