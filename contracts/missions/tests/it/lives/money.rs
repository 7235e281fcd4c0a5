//! What people do with money.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState as M},
    IGuardian as guardian, ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{act::Action, peer::Peer};
use agentcity_missions::{STRANGER, member, number};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, U256, keccak256};

use super::{
    Run,
    commands::{CARELESS_PCT, DAY, Outcome},
};

/// Pools at most.
const POOLS: usize = 24;

impl Run {
    pub(super) fn release_agent(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Completed, M::Aborted])?;
        let mission_id = self.id(live);
        let escrow = self.city.ask(treasury::escrowCall {
            missionId: mission_id,
        });
        let wait = escrow
            .releaseAt
            .to::<u64>()
            .saturating_sub(self.city.world.now());
        if wait > 0 {
            match self.rng.below(100) {
                0..5 => self.city.world.warp(wait),
                5..15 => {}
                _ => return None,
            }
        }
        let held: Vec<Address> = self
            .books
            .stakes
            .iter()
            .filter(|(mission, _)| *mission == mission_id)
            .map(|(_, agent)| *agent)
            .collect();
        let agent = self.rng.of(&held)?;
        let call = work::releaseAgentCall {
            missionId: mission_id,
            agent,
        };
        let outcome = self.tell(STRANGER, call);
        if matches!(self.state(live), M::Completed | M::Aborted) {
            self.books.forget(&self.city, mission_id);
        }
        Some(outcome)
    }

    pub(super) fn close_escrow(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Completed, M::Aborted])?;
        let mission_id = self.id(live);
        let outcome = self.tell(
            STRANGER,
            treasury::closeEscrowCall {
                missionId: mission_id,
            },
        );
        let ended = matches!(self.state(live), M::Completed | M::Aborted);
        let escrow = self.city.ask(treasury::escrowCall {
            missionId: mission_id,
        });
        let closed = escrow.state == treasury::EscrowState::Closed;
        let stakes = self.books.stakes.iter().any(|(of, _)| *of == mission_id);
        if ended && closed && !stakes {
            // Nothing of it is left to be looked at.
            self.lives[live].is_closed = true;
            self.books.missions.remove(&mission_id);
        }
        Some(outcome)
    }

    pub(super) fn release_bond(&mut self) -> Option<Outcome> {
        let bonded: Vec<usize> = (0..self.lives.len())
            .filter(|live| self.lives[*live].has_bond)
            .filter(|live| matches!(self.state(*live), M::Completed | M::Aborted))
            .collect();
        if let Some(live) = self.rng.of(&bonded) {
            self.lives[live].has_bond = false;
            let call = guardian::releaseBondCall {
                missionId: self.id(live),
            };
            return Some(self.tell(STRANGER, call));
        }
        let live = self.mission_in(&[M::Completed, M::Aborted])?;
        let mission_id = self.id(live);
        if !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let nodes = self.lives[live].mission.statute.nodes.len();
        let node = self.rng.below(nodes) as u16;
        let attempt = self.lives[live].mission.attempt(&self.city, node);
        let call = results::releaseBondCall {
            missionId: mission_id,
            node,
            attempt,
        };
        Some(self.tell(STRANGER, call))
    }

    fn somebody(&mut self) -> Address {
        let folk = &self.city.folk;
        let all: Vec<Address> = folk
            .producers
            .iter()
            .chain(&folk.sponsors)
            .map(|k| k.address)
            .collect();
        self.rng.of(&all).expect("somebody")
    }

    pub(super) fn withdraw(&mut self) -> Option<Outcome> {
        let who = self.somebody();
        if self.rng.chance(50) {
            return Some(self.tell(who, treasury::withdrawCall {}));
        }
        let amount = U256::from(self.rng.between(1, 1_000_000));
        let to = self.somebody();
        Some(self.tell(who, treasury::withdrawToCall { to, amount }))
    }

    /// Gives somebody enough credit for a bond.
    pub(super) fn purse(&mut self, who: &Key) {
        let amount = 600_000;
        let deposit = treasury::depositCall {
            account: who.address,
            amount: U256::from(amount),
        };
        self.city.pay(who.address, amount, deposit);
    }

    pub(super) fn deposit(&mut self) -> Option<Outcome> {
        let (who, account) = (self.somebody(), self.somebody());
        let amount = u128::from(self.rng.between(0, 5_000_000));
        let call = treasury::depositCall {
            account,
            amount: U256::from(amount),
        };
        Some(self.city.try_paying(who, amount, call).map(|_| ()))
    }

    pub(super) fn create_pool(&mut self) -> Option<Outcome> {
        if self.pools.len() >= POOLS {
            return None;
        }
        let manager = self.city.folk.producers[0].address;
        let pool = self.city.tell(manager, treasury::createPoolCall {});
        self.pools.push(pool);
        self.books.pools.insert(pool);
        Some(Ok(()))
    }

    /// A pool: mostly one of the first, so that some have members.
    fn a_pool(&mut self) -> Option<B256> {
        let first = if self.rng.chance(85) { 2 } else { POOLS };
        let pools = self.pools[..self.pools.len().min(first)].to_vec();
        self.rng.of(&pools)
    }

    pub(super) fn join_pool(&mut self) -> Option<Outcome> {
        let pool = self.a_pool()?;
        let who = self.somebody();
        let amount = u128::from(self.rng.between(0, 3_000_000));
        if amount > 0 {
            let call = treasury::depositCall {
                account: who,
                amount: U256::from(amount),
            };
            self.city.pay(who, amount, call);
        }
        let amount = U256::from(amount);
        Some(self.tell(
            who,
            treasury::joinPoolCall {
                poolId: pool,
                amount,
            },
        ))
    }

    pub(super) fn ask_to_leave(&mut self) -> Option<Outcome> {
        let pool = self.a_pool()?;
        let who = self.somebody();
        Some(self.tell(who, treasury::requestLeavePoolCall { poolId: pool }))
    }

    pub(super) fn leave_pool(&mut self) -> Option<Outcome> {
        let pool = self.a_pool()?;
        let who = self.somebody();
        let call = treasury::poolSharesCall {
            poolId: pool,
            participant: who,
        };
        let held = self.city.ask(call).to::<u64>();
        if held == 0 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let shares = U256::from(self.rng.between(1, held.max(1) + held / 10));
        Some(self.tell(
            who,
            treasury::leavePoolCall {
                poolId: pool,
                shares,
            },
        ))
    }

    pub(super) fn bind_pool(&mut self) -> Option<Outcome> {
        let pool = self.a_pool()?;
        let manager = self.city.folk.producers[0].address;
        let agent = self.agents(1)[0];
        let limit = U256::from(self.rng.between(0, 4_000_000));
        Some(self.tell(
            manager,
            treasury::bindPoolCall {
                poolId: pool,
                agent,
                limit,
            },
        ))
    }

    pub(super) fn contribute(&mut self) -> Option<Outcome> {
        let amount = u128::from(self.rng.between(0, 9_000_000));
        let fund = if self.rng.chance(50) {
            treasury::Fund::Treasury
        } else {
            treasury::Fund::Insurance
        };
        let call = treasury::contributeCall {
            fund,
            amount: U256::from(amount),
        };
        Some(self.city.try_paying(STRANGER, amount, call).map(|_| ()))
    }

    pub(super) fn skim(&mut self) -> Option<Outcome> {
        let forced = u128::from(self.rng.between(0, 99));
        self.city.world.mint(member(Peer::Treasury), forced);
        let found = self.city.tell(STRANGER, treasury::skimCall {});
        assert_eq!(
            found.to::<u128>(),
            forced,
            "what was forced upon it is found"
        );
        Some(Ok(()))
    }

    pub(super) fn insure(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Completed, M::Aborted])?;
        let agent = self.one_seated((live, 0))?;
        let fields = [
            ("missionId", self.id(live)),
            ("agent", agent.into_word()),
            ("amount", number(self.rng.between(1, 1_000_000))),
            ("evidenceHash", keccak256("loss")),
        ];
        Some(self.ruling(Action::PayInsurance, &fields))
    }

    pub(super) fn disburse(&mut self) -> Option<Outcome> {
        let recipient = self.somebody();
        let fields = [
            ("purpose", number(treasury::Disbursement::GasSubsidy as u8)),
            ("recipient", recipient.into_word()),
            ("amount", number(self.rng.between(1, 2_000_000))),
        ];
        Some(self.ruling(Action::Disburse, &fields))
    }

    pub(super) fn wait(&mut self) -> Option<Outcome> {
        let seconds = if self.rng.chance(95) {
            self.rng.between(1, 90)
        } else {
            self.rng.between(1, DAY)
        };
        self.city.world.warp(seconds);
        Some(Ok(()))
    }
}
