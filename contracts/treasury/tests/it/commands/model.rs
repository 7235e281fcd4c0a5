//! Everything as maps that are searched.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::{ICollaboration::MissionState, ITreasury as wire};
use agentcity_domain::parameter::ParameterId;
use agentcity_world::commands::Tally;
use alloy_primitives::{Address, B256, U256};
use proptest::prelude::*;

use crate::city::*;

pub(super) const PEOPLE: [&str; 8] = [
    "sponsor", "patron", "ann", "bob", "cid", "dot", "eve", "fay",
];
/// Those of them that work, and who answers for them: the last is the sponsor's own.
pub(super) const AGENTS: [(&str, &str); 4] = [
    ("ann", "bob"),
    ("cid", "dot"),
    ("eve", "fay"),
    ("fay", "sponsor"),
];
pub(super) const SESSIONS: u8 = 3;
pub(super) const BONDS: usize = 6;
pub(super) const MISSIONS: usize = 24;
pub(super) const POOLS: usize = 3;

pub(super) fn person(number: usize) -> Address {
    who(PEOPLE[number % PEOPLE.len()])
}

pub(super) fn agent(number: usize) -> Address {
    who(AGENTS[number % AGENTS.len()].0)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Closing,
    Closed,
}

#[derive(Clone, Debug)]
pub(super) struct Mission {
    pub(super) id: B256,
    pub(super) state: State,
    pub(super) work: MissionState,
    pub(super) sponsor: Address,
    pub(super) epoch: u64,
    pub(super) paid_in: u128,
    pub(super) budget: u128,
    pub(super) paid: u128,
    pub(super) refunded: u128,
    pub(super) release_at: u64,
    /// Nodes that were paid, or lent to a child.
    pub(super) done: BTreeSet<u16>,
    /// What came back for a node, and how often it lent.
    pub(super) came_back: BTreeMap<u16, (u128, u32)>,
    /// The mission and node that it is made for, and those that lent to it.
    pub(super) parent: Option<(usize, u16)>,
    pub(super) lender: Option<(usize, u16)>,
    pub(super) inherited: bool,
}

impl Mission {
    pub(super) fn held(&self) -> u128 {
        self.paid_in - self.paid - self.refunded
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    pub(super) id: B256,
    pub(super) manager: Address,
    pub(super) assets: u128,
    pub(super) shares: BTreeMap<Address, u128>,
    pub(super) limits: BTreeMap<Address, u128>,
    pub(super) lost_all: bool,
    /// Who asked to leave and waits until all has ended that began by a moment; who waits for them; who may go.
    pub(super) waiting: Option<(u64, Vec<Address>)>,
    pub(super) next: Vec<Address>,
    pub(super) going: Vec<Address>,
}

impl Pool {
    /// Those who asked to leave.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Address> {
        let waiting = self.waiting.iter().flat_map(|(_, some)| some);
        waiting.chain(&self.next).chain(&self.going)
    }

    pub(super) fn leaving(&self) -> u128 {
        self.asked().map(|who| self.shares[who]).sum()
    }
}

/// A bid's money out of a source by its session, or a stake's by its mission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Backing {
    Bid(u8, B256, Address),
    Stake(usize, Address),
}

pub(super) struct Model {
    /// Commands so far.
    pub(super) clock: u64,
    /// When the oldest money was drawn of what is out of a pool.
    pub(super) drawn: BTreeMap<Backing, u64>,
    pub(super) forced: u128,
    pub(super) credits: BTreeMap<Address, u128>,
    pub(super) missions: Vec<Mission>,
    /// By session, source, agent.
    pub(super) reserves: BTreeMap<(u8, B256, Address), u128>,
    /// By mission and agent: source, and what is left.
    pub(super) stakes: BTreeMap<(usize, Address), (B256, u128)>,
    /// What their seats are to be paid.
    pub(super) budgets: BTreeMap<(usize, Address), u128>,
    pub(super) compensated: BTreeSet<(usize, Address)>,
    pub(super) taken_whole: u32,
    pub(super) bonds: BTreeMap<usize, (Address, u8, u128)>,
    pub(super) pools: Vec<Pool>,
    pub(super) treasury: u128,
    pub(super) subsidy: u128,
    pub(super) insurance: u128,
}

impl Model {
    pub(super) fn new(city: &City) -> Self {
        let mut model = Self {
            clock: 0,
            drawn: BTreeMap::new(),
            forced: 0,
            credits: BTreeMap::new(),
            missions: Vec::new(),
            reserves: BTreeMap::new(),
            stakes: BTreeMap::new(),
            budgets: BTreeMap::new(),
            compensated: BTreeSet::new(),
            taken_whole: 0,
            bonds: BTreeMap::new(),
            pools: Vec::new(),
            treasury: 0,
            subsidy: 0,
            insurance: 0,
        };
        for (id, value) in [
            (ParameterId::ProtocolFeeRate, 1_000),
            (ParameterId::InsuranceReserveRate, 500),
            (ParameterId::ReputationMultiplierAlpha, 2_000),
            (ParameterId::MissionSubsidyCapBps, 5_000),
        ] {
            city.set(OLD_EPOCH, id, value);
        }
        for name in PEOPLE {
            model.credits.insert(city.rich(name, 5_000), 5_000);
        }
        for (agent, principal) in AGENTS {
            city.principals
                .borrow_mut()
                .insert(who(agent), who(principal));
        }
        model.found(city);
        model
    }

    /// A pool that can back somebody from the beginning.
    fn found(&mut self, city: &City) {
        let manager = who("patron");
        let id = city
            .call(manager, wire::createPoolCall {})
            .expect("created");
        let mut pool = Pool {
            id,
            manager,
            ..Pool::default()
        };
        for name in ["bob", "dot", "eve"] {
            city.call(who(name), join(id, 100)).expect("joined");
            pool.assets += 100;
            pool.shares.insert(who(name), 100);
            self.credits.insert(who(name), 4_900);
        }
        self.pools.push(pool);
    }

    pub(super) fn credit(&self, account: Address) -> u128 {
        self.credits.get(&account).copied().unwrap_or(0)
    }

    pub(super) fn owe(&mut self, account: Address, amount: u128) {
        *self.credits.entry(account).or_default() += amount;
    }

    pub(super) fn parts(&self) -> wire::Parts {
        let drawn: u128 = self.pools.iter().map(|pool| self.staked(pool)).sum();
        let assets: u128 = self.pools.iter().map(|pool| pool.assets).sum();
        wire::Parts {
            escrows: wide(self.missions.iter().map(Mission::held).sum()),
            reservedStakes: wide(self.reserves.values().sum()),
            lockedStakes: wide(self.stakes.values().map(|(_, amount)| amount).sum()),
            bonds: wide(self.bonds.values().map(|(_, _, amount)| amount).sum()),
            treasury: wide(self.treasury),
            subsidyBudget: wide(self.subsidy),
            insurance: wide(self.insurance),
            pools: wide(assets - drawn),
            credits: wide(self.credits.values().sum()),
        }
    }

    pub(super) fn booked(&self) -> u128 {
        let parts = self.parts();
        let sum: U256 = [
            parts.escrows,
            parts.reservedStakes,
            parts.lockedStakes,
            parts.bonds,
            parts.treasury,
            parts.subsidyBudget,
            parts.insurance,
            parts.pools,
            parts.credits,
        ]
        .iter()
        .sum();
        sum.to()
    }

    /// What of a pool stands in for somebody, or for one agent.
    pub(super) fn staked(&self, pool: &Pool) -> u128 {
        AGENTS
            .iter()
            .map(|(name, _)| self.used(pool, who(name)))
            .sum()
    }

    pub(super) fn used(&self, pool: &Pool, agent: Address) -> u128 {
        let reserved = self
            .reserves
            .iter()
            .filter(|((_, source, of), _)| *source == pool.id && *of == agent)
            .map(|(_, amount)| amount);
        let locked = self
            .stakes
            .iter()
            .filter(|((_, of), (source, _))| *source == pool.id && *of == agent)
            .map(|(_, (_, amount))| amount);
        reserved.chain(locked).sum()
    }

    pub(super) fn obligations(&self, pool: &Pool) -> usize {
        let reserved = self
            .reserves
            .iter()
            .filter(|((_, source, _), amount)| *source == pool.id && **amount > 0);
        let locked = self
            .stakes
            .values()
            .filter(|(source, amount)| *source == pool.id && *amount > 0);
        reserved.count() + locked.count()
    }

    pub(super) fn participants(pool: &Pool) -> usize {
        pool.shares.values().filter(|shares| **shares > 0).count()
    }

    /// What an agent may draw from a source for a bid.
    pub(super) fn drawable(&self, source: B256, agent: Address) -> u128 {
        if source == agent.into_word() {
            return self.credit(agent);
        }
        let Some(pool) = self.pools.iter().find(|pool| pool.id == source) else {
            return 0;
        };
        if Self::participants(pool) < 3 {
            return 0;
        }
        let limit = pool.limits.get(&agent).copied().unwrap_or(0);
        let own = limit.saturating_sub(self.used(pool, agent));
        let shares: u128 = pool.shares.values().sum();
        let staying = (shares - pool.leaving()) * pool.assets / shares.max(1);
        own.min(staying.saturating_sub(self.staked(pool)))
    }

    /// Whether a participant may leave a pool.
    pub(super) fn lets_go(&self, pool: &Pool, participant: Address) -> bool {
        self.obligations(pool) == 0 || pool.going.contains(&participant)
    }

    /// After every command: what ended keeps nobody in, and who holds nothing asks for nothing.
    pub(super) fn settle_requests(&mut self) {
        let (reserves, stakes) = (&self.reserves, &self.stakes);
        let source_of = |backing: &Backing| match backing {
            Backing::Bid(number, source, agent) => {
                let open = reserves.get(&(*number, *source, *agent));
                open.filter(|amount| **amount > 0).map(|_| *source)
            }
            Backing::Stake(mission, agent) => {
                let open = stakes.get(&(*mission, *agent));
                open.filter(|(_, amount)| *amount > 0)
                    .map(|(source, _)| *source)
            }
        };
        self.drawn.retain(|backing, _| source_of(backing).is_some());
        for pool in &mut self.pools {
            let open: Vec<u64> = self
                .drawn
                .iter()
                .filter(|(backing, _)| source_of(backing) == Some(pool.id))
                .map(|(_, drawn)| *drawn)
                .collect();
            while pool.waiting.is_some() || !pool.next.is_empty() {
                let (until, some) = pool
                    .waiting
                    .take()
                    .unwrap_or_else(|| (self.clock, std::mem::take(&mut pool.next)));
                if open.iter().any(|drawn| *drawn <= until) {
                    pool.waiting = Some((until, some));
                    break;
                }
                pool.going.extend(some);
            }
            let shares = &pool.shares;
            pool.going.retain(|who| shares[who] > 0);
        }
        self.clock += 1;
    }

    /// Gives back to a source; what of a pool stood in for an agent is free by itself.
    pub(super) fn give_back(&mut self, source: B256, agent: Address, amount: u128) {
        if source == agent.into_word() {
            self.owe(agent, amount);
        }
    }

    pub(super) fn lose(&mut self, amount: u128) {
        self.insurance += amount / 2;
        self.treasury += amount - amount / 2;
    }

    pub(super) fn is_free(&self, mission: usize, now: u64) -> bool {
        let mission = &self.missions[mission];
        mission.state != State::Open && now >= mission.release_at
    }
}

pub(super) fn note(model: &Model, now: u64, tally: &Tally) {
    let see = |state: usize, holds: bool| tally.see(state, holds);
    for mission in &model.missions {
        see(0, mission.state == State::Open);
        see(1, mission.state == State::Closing);
        see(2, mission.state == State::Closed);
        see(3, mission.lender.is_some() && mission.held() > 0);
        see(4, mission.came_back.values().any(|(_, times)| *times > 1));
        see(5, mission.inherited);
    }
    for ((_, source, agent), amount) in &model.reserves {
        see(6, *amount > 0 && *source == agent.into_word());
        see(7, *amount > 0 && *source != agent.into_word());
    }
    for ((mission, agent), (source, amount)) in &model.stakes {
        see(8, *amount > 0 && *source == agent.into_word());
        see(9, *amount > 0 && *source != agent.into_word());
        see(11, *amount > 0 && model.is_free(*mission, now));
    }
    see(10, model.taken_whole > 0);
    for (_, _, amount) in model.bonds.values() {
        see(12, *amount > 0);
        see(13, *amount == 0);
    }
    for pool in &model.pools {
        let obligations = model.obligations(pool);
        see(14, obligations == 0 && !pool.lost_all);
        see(15, obligations > 0);
        see(16, pool.lost_all);
        see(19, pool.waiting.is_some());
        see(20, !pool.next.is_empty());
        see(21, obligations > 0 && !pool.going.is_empty());
    }
    see(17, !model.compensated.is_empty());
    see(18, model.subsidy > 0);
}

/// The chain says what the model says.
pub(super) fn compare(city: &City, model: &Model) -> Result<(), TestCaseError> {
    for name in PEOPLE {
        prop_assert_eq!(city.credit(who(name)), model.credit(who(name)), "{}", name);
    }
    for (number, mission) in model.missions.iter().enumerate() {
        let escrow = city.escrow(mission.id);
        let state = match mission.state {
            State::Open => wire::EscrowState::Open,
            State::Closing => wire::EscrowState::Closing,
            State::Closed => wire::EscrowState::Closed,
        };
        prop_assert_eq!(escrow.state, state);
        prop_assert_eq!(
            (escrow.sponsor, escrow.epoch),
            (mission.sponsor, mission.epoch)
        );
        prop_assert_eq!(
            (escrow.deposited, escrow.settled),
            (mission.paid_in, mission.paid)
        );
        prop_assert_eq!(escrow.refunded, mission.refunded);
        let budget = if mission.state == State::Open {
            mission.budget
        } else {
            0
        };
        prop_assert_eq!(escrow.allocated, budget);
        prop_assert_eq!(escrow.releaseAt.to::<u64>(), mission.release_at);
        for (name, _) in AGENTS {
            let stake = model.stakes.get(&(number, who(name)));
            let (source, amount) = stake.copied().unwrap_or_default();
            prop_assert_eq!(city.locked(mission.id, who(name)), (source, amount));
        }
    }
    for ((number, source, agent), amount) in &model.reserves {
        let asked = wire::reservedStakeCall {
            sessionId: session(*number),
            source: *source,
            agent: *agent,
        };
        prop_assert_eq!(city.call(STRANGER, asked).unwrap(), wide(*amount));
    }
    for number in 0..BONDS {
        let id = B256::repeat_byte(number as u8 + 1);
        let bond = city.call(STRANGER, wire::bondCall { bondId: id }).unwrap();
        let (owner, kind, amount) = model.bonds.get(&number).copied().unwrap_or_default();
        prop_assert_eq!((bond.owner, bond.kind as u8), (owner, kind));
        prop_assert_eq!(bond.amount, wide(amount));
    }
    for pool in &model.pools {
        let seen = city.pool(pool.id);
        let shares: u128 = pool.shares.values().sum();
        prop_assert_eq!(
            (seen.manager, seen.assets, seen.shares),
            (pool.manager, pool.assets, shares)
        );
        prop_assert_eq!(seen.participants as usize, Model::participants(pool));
        prop_assert_eq!(seen.openObligations as usize, model.obligations(pool));
        prop_assert_eq!(seen.leaving, pool.leaving());
        for name in PEOPLE {
            let asked = wire::poolSharesCall {
                poolId: pool.id,
                participant: who(name),
            };
            let held = pool.shares.get(&who(name)).copied().unwrap_or(0);
            prop_assert_eq!(city.call(STRANGER, asked).unwrap(), wide(held));
        }
        for (name, _) in AGENTS {
            let asked = wire::poolBindingCall {
                poolId: pool.id,
                agent: who(name),
            };
            let binding = city.call(STRANGER, asked).unwrap();
            let limit = pool.limits.get(&who(name)).copied().unwrap_or(0);
            prop_assert_eq!(binding.limit, wide(limit));
            prop_assert_eq!(binding.used, wide(model.used(pool, who(name))));
        }
    }
    Ok(())
}
