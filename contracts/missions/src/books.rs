//! The treasury's books, held against everything that can be asked of it one by one.

use std::collections::BTreeSet;

use agentcity_abi::ITreasury as treasury;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256};

use crate::city::{City, member};

/// Everything that may hold money in the treasury: the naive list by which its sums are checked.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Who may have a credit.
    pub accounts: BTreeSet<Address>,
    /// Missions.
    pub missions: BTreeSet<B256>,
    /// Mission and agent.
    pub stakes: BTreeSet<(B256, Address)>,
    /// Session, source, agent.
    pub reserves: BTreeSet<(B256, B256, Address)>,
    /// Bonds.
    pub bonds: BTreeSet<B256>,
    /// Pools.
    pub pools: BTreeSet<B256>,
}

impl Books {
    /// Takes the stakes of a mission off the list of which nothing is left.
    pub fn forget(&mut self, city: &City, mission: B256) {
        self.stakes.retain(|(of, agent)| {
            let call = treasury::lockedStakeCall {
                missionId: *of,
                agent: *agent,
            };
            *of != mission || !city.ask(call).amount.is_zero()
        });
        self.reserves.retain(|(session, source, agent)| {
            let call = treasury::reservedStakeCall {
                sessionId: *session,
                source: *source,
                agent: *agent,
            };
            !city.ask(call).is_zero()
        });
    }

    /// Claims that the books are exact (RULINGS R17): every part is the sum of what can be asked of it, the booked total is the
    /// sum of the parts, and the balance is not less.
    ///
    /// Panics: if not.
    #[track_caller]
    pub fn check(&self, city: &City) {
        let parts = city.ask(treasury::partsCall {});
        let credits: u128 = self
            .accounts
            .iter()
            .map(|account| {
                city.ask(treasury::creditsCall { account: *account })
                    .to::<u128>()
            })
            .sum();
        assert_eq!(parts.credits.to::<u128>(), credits, "credits");
        let escrows: u128 = self
            .missions
            .iter()
            .map(|mission| {
                let escrow = city.ask(treasury::escrowCall {
                    missionId: *mission,
                });
                escrow.deposited - escrow.settled - escrow.refunded
            })
            .sum();
        assert_eq!(parts.escrows.to::<u128>(), escrows, "escrows");
        let locked: u128 = self
            .stakes
            .iter()
            .map(|(mission, agent)| {
                let call = treasury::lockedStakeCall {
                    missionId: *mission,
                    agent: *agent,
                };
                city.ask(call).amount.to::<u128>()
            })
            .sum();
        assert_eq!(parts.lockedStakes.to::<u128>(), locked, "locked stakes");
        let reserved: u128 = self
            .reserves
            .iter()
            .map(|(session, source, agent)| {
                let call = treasury::reservedStakeCall {
                    sessionId: *session,
                    source: *source,
                    agent: *agent,
                };
                city.ask(call).to::<u128>()
            })
            .sum();
        assert_eq!(
            parts.reservedStakes.to::<u128>(),
            reserved,
            "reserved stakes"
        );
        let bonds: u128 = self
            .bonds
            .iter()
            .map(|bond| {
                city.ask(treasury::bondCall { bondId: *bond })
                    .amount
                    .to::<u128>()
            })
            .sum();
        assert_eq!(parts.bonds.to::<u128>(), bonds, "bonds");
        let pools: u128 = self
            .pools
            .iter()
            .map(|pool| city.ask(treasury::poolCall { poolId: *pool }).assets)
            .sum();
        assert_eq!(parts.pools.to::<u128>(), pools, "pools");
        let booked = city.ask(treasury::bookedCall {}).to::<u128>();
        let sum = parts.escrows
            + parts.reservedStakes
            + parts.lockedStakes
            + parts.bonds
            + parts.treasury
            + parts.subsidyBudget
            + parts.insurance
            + parts.pools
            + parts.credits;
        assert_eq!(
            booked,
            sum.to::<u128>(),
            "the booked total is the sum of its parts"
        );
        let held = city.balance(member(Peer::Treasury));
        assert_eq!(
            held, booked,
            "nothing is held that is not booked, and the reverse"
        );
    }
}
