//! Random statutes.

use agentcity_domain::act::Action;
use agentcity_missions::{
    NodeSpec, PredicateSpec, STRANGER, SeatSpec, Statute, code_of, service_of, terms,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use super::Run;

/// The highest price of a seat, in base units.
const PRICE: u64 = 1_000_000_000;
/// Stakes lie around the slashes of the table, in base units.
const STAKES: [u64; 3] = [0, 100_000, 3_000_000];
/// Tiers, as often as they come: consensus has most to go wrong.
const TIERS: [u8; 5] = [1, 1, 2, 2, 3];
/// Predicates that answer always the same.
pub(crate) const ANSWERS: [bool; 2] = [true, false];

/// The account of a predicate that always answers `answer`.
pub(crate) fn predicate(answer: bool) -> Address {
    Address::with_last_byte(0x50 + u8::from(answer))
}

impl Run {
    /// Puts the predicates in their places, approved.
    pub(crate) fn install_predicates(&mut self) {
        for answer in ANSWERS {
            let codehash = keccak256([u8::from(answer)]);
            let at = predicate(answer);
            self.city
                .world
                .install(at, codehash, move |_, _| Ok(answer.abi_encode()));
            let fields = [("program", at.into_word()), ("codehash", codehash)];
            self.city.rule(Action::ApprovePredicate, &fields);
        }
    }

    /// So many different agents.
    pub(crate) fn agents(&mut self, count: usize) -> Vec<Address> {
        let mut all: Vec<Address> = self
            .city
            .folk
            .producers
            .iter()
            .map(|key| key.address)
            .collect();
        (0..count)
            .map(|_| {
                let index = self.rng.below(all.len());
                all.swap_remove(index)
            })
            .collect()
    }

    /// A seat for an agent, out of its own credit.
    pub(crate) fn seat(&mut self, agent: Address, most: u128) -> SeatSpec {
        let price = u128::from(self.rng.between(1, PRICE)).min(most);
        let stake = self.rng.of(&STAKES).unwrap_or_default();
        SeatSpec {
            agent,
            service: service_of(self.rng.between(1, 5)),
            price: price.max(1),
            stake: stake.into(),
            source: agent.into_word(),
        }
    }

    /// A statute for the mission of this number, within a budget.
    pub(crate) fn statute(&mut self, mission: B256, budget: Option<u128>) -> Statute {
        let count = if budget.is_some() {
            2
        } else {
            self.rng.between(1, 4) as u16
        };
        let mut nodes: Vec<NodeSpec> = Vec::new();
        for number in 0..count {
            let tier = self.rng.of(&TIERS).unwrap_or(1);
            let seats = if tier == 2 {
                self.rng.between(2, 4) as usize
            } else {
                1
            };
            let threshold = if tier == 2 { seats / 2 + 1 } else { 1 };
            let share = budget.map_or(u128::from(PRICE), |budget| {
                budget / u128::from(count) / seats as u128
            });
            let agents = self.agents(seats);
            let seats: Vec<SeatSpec> = agents
                .iter()
                .map(|agent| self.seat(*agent, share))
                .collect();
            let outs = (number + 1..count)
                .filter(|_| self.rng.chance(40))
                .collect();
            nodes.push(NodeSpec {
                tier,
                risk: if tier == 3 {
                    1
                } else {
                    self.rng.below(3) as u8
                },
                threshold: threshold as u8,
                mode: 0,
                timeout_ms: if tier == 3 { 300_000 } else { 30_000 },
                budget: share.max(1) * seats.len() as u128,
                tokens: 100,
                outs,
                terms: terms(mission, number),
                seats,
            });
        }
        let mut predicates = Vec::new();
        for _ in 0..self.rng.below(4) {
            let human = self.rng.chance(65);
            let answer = self.rng.chance(75);
            predicates.push(PredicateSpec {
                human,
                hard: self.rng.chance(50),
                target: if human {
                    Address::ZERO
                } else {
                    predicate(answer)
                },
                codehash: if human {
                    B256::ZERO
                } else {
                    keccak256([u8::from(answer)])
                },
            });
        }
        Statute { nodes, predicates }
    }
}

/// The live hashes that are no seat's code.
pub(crate) fn wrong_code() -> B256 {
    code_of(B256::from(U256::from(STRANGER.into_word()[31])))
}
