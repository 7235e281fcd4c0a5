//! Stake pools by shares (RESOLUTIONS S-08).

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    parameter::ParameterId as P,
    treasury::{
        Refused,
        books::Part,
        pack,
        pool::{self, Binding, Holding, Obligation, Pool},
        unpack,
    },
};
use agentcity_shell::{
    Answer,
    member::Member,
    output::number,
    reader::Reader,
    topic,
    word::get,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};

use crate::{
    error::Decided,
    storage::{BINDING, COUNTER, POOL, SHARES, Treasury, amount_of, answer, lower},
};

/// What becomes of money of a pool that stands in for an agent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is set aside.
    Draw,
    /// It goes from a bid to its mission.
    Keep,
    /// It comes back.
    Return,
    /// It is lost.
    Lose,
}

impl Treasury {
    /// Errors: `UnknownPool`.
    #[inline(never)]
    pub(crate) fn pool_of(&self, id: &B256) -> Result<Pool, Vec<u8>> {
        let mut words = [[0; 32]; 4];
        for (word, place) in words.iter_mut().zip(0..) {
            *word = self.entry(POOL, id, place).0;
        }
        match Pool::unpack(&words) {
            Some(pool) => Ok(pool),
            None => Words::after(wire::UnknownPool::SELECTOR).word(id).refuse(),
        }
    }

    #[inline(never)]
    fn set_pool(&mut self, id: &B256, pool: &Pool) {
        for (place, word) in (0..).zip(pool.pack()) {
            self.set_entry(POOL, id, place, &B256::new(word));
        }
    }

    #[inline(never)]
    fn binding(&self, id: &B256, agent: &B256) -> Binding {
        let (limit, used) = unpack(&self.entry_at(BINDING, id, agent).0);
        Binding { limit, used }
    }

    #[inline(never)]
    fn set_binding(&mut self, id: &B256, agent: &B256, binding: Binding) {
        let word = B256::new(pack(binding.limit, binding.used));
        self.set_entry_at(BINDING, id, agent, &word);
    }

    #[inline(never)]
    fn participants_needed(&self) -> Result<u32, Vec<u8>> {
        let needed = self.parameter(P::StakepoolMinParticipants)?;
        Ok(u32::try_from(needed).unwrap_or(u32::MAX))
    }

    /// What a bid's or mission's money does to the pool it comes from, and to obligations, before and after: of what is drawn, the
    /// pool says in which round it begins.
    ///
    /// Errors: `UnknownPool`; to draw: `PoolTooSmall`, `InsufficientStake`.
    #[inline(never)]
    pub(crate) fn change_pool(
        &mut self,
        id: &B256,
        agent: &B256,
        change: Change,
        amount: Amount,
        counts: &mut [(Obligation, Obligation)],
    ) -> Result<(), Vec<u8>> {
        let (mut pool, mut binding) = (self.pool_of(id)?, self.binding(id, agent));
        match change {
            Change::Draw => {
                pool.draw(&mut binding, amount, self.participants_needed()?)
                    .about(id, agent)?;
                for (before, after) in &mut *counts {
                    after.round = pool.round_of(before);
                }
            }
            Change::Keep => {}
            Change::Return => pool.give_back(&mut binding, amount),
            Change::Lose => pool.lose(&mut binding, amount),
        }
        pool.count(counts);
        self.set_pool(id, &pool);
        self.set_binding(id, agent, binding);
        Ok(())
    }

    /// Events: `PoolCreated`.
    pub(crate) fn create_pool(&mut self) -> Answer {
        let manager = self.caller();
        let word = manager.into_word();
        let count = get(&self.entry(COUNTER, &word, 0), 24, 8).saturating_add(1);
        self.set_entry(COUNTER, &word, 0, &number(count));
        let id = pool::id(manager, count);
        let pool = Pool {
            manager,
            ..Pool::default()
        };
        let [first, ..] = pool.pack();
        self.set_entry(POOL, &id, 0, &B256::new(first));
        self.log_amounts(topic!(wire::PoolCreated::SIGNATURE_HASH), &id, &word, &[]);
        Words::new().word(&id).answer()
    }

    /// Changes what the caller has of a pool: who that is, and what came of it.
    ///
    /// Errors: `UnknownPool`, and what the change refuses.
    #[inline(never)]
    fn change_holding(
        &mut self,
        id: &B256,
        amount: Amount,
        change: fn(&mut Pool, &mut Holding, Amount) -> Result<Amount, Refused>,
    ) -> Result<(B256, Amount), Vec<u8>> {
        let participant = self.payer();
        let mut pool = self.pool_of(id)?;
        let mut holding = Holding::unpack(&self.entry_at(SHARES, id, &participant).0);
        let became = change(&mut pool, &mut holding, amount).about(id, &participant)?;
        self.set_pool(id, &pool);
        let word = B256::new(holding.pack());
        self.set_entry_at(SHARES, id, &participant, &word);
        Ok((participant, became))
    }

    /// Errors: `UnknownPool`, `InvalidAmount`, `NoShares`, `InsufficientCredit`.
    /// Events: `PoolJoined`.
    pub(crate) fn join_pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, amount) = (&input.word(), amount_of(input)?);
        let (participant, bought) = self.change_holding(id, amount, Pool::join)?;
        self.spend(&participant, Part::Pools, amount)?;
        let joined = topic!(wire::PoolJoined::SIGNATURE_HASH);
        self.log_amounts(joined, id, &participant, &[amount, bought]);
        Ok(Vec::new())
    }

    /// Errors: `UnknownPool`, `InsufficientShares`.
    /// Events: `PoolLeaveRequested`.
    pub(crate) fn request_leave_pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = &input.word();
        let ask = |pool: &mut Pool, holding: &mut Holding, _| pool.ask(holding);
        let (participant, shares) = self.change_holding(id, Amount::ZERO, ask)?;
        let asked = topic!(wire::PoolLeaveRequested::SIGNATURE_HASH);
        self.log_amounts(asked, id, &participant, &[shares]);
        Ok(Vec::new())
    }

    /// Errors: `UnknownPool`, `InvalidAmount`, `InsufficientShares`, `PoolObligated`.
    /// Events: `PoolLeft`; `Credited` unless the shares are worth nothing.
    pub(crate) fn leave_pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, shares) = (&input.word(), amount_of(input)?);
        let (participant, paid) = self.change_holding(id, shares, Pool::leave)?;
        let left = topic!(wire::PoolLeft::SIGNATURE_HASH);
        self.log_amounts(left, id, &participant, &[paid, shares]);
        self.owe_from(Part::Pools, &participant, id, paid)?;
        Ok(Vec::new())
    }

    /// Errors: `UnknownPool`, `Unauthorized`, `PoolTooSmall`, `InvalidAmount`.
    /// Events: `PoolBound`.
    pub(crate) fn bind_pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, agent, limit) = (
            &input.word(),
            &input.address().into_word(),
            amount_of(input)?,
        );
        let needed = self.participants_needed()?;
        self.pool_of(id)?
            .bind(self.caller(), limit, needed)
            .about(id, agent)?;
        let binding = Binding {
            limit,
            ..self.binding(id, agent)
        };
        self.set_binding(id, agent, binding);
        let bound = topic!(wire::PoolBound::SIGNATURE_HASH);
        self.log_amounts(bound, id, agent, &[limit]);
        Ok(Vec::new())
    }

    pub(crate) fn pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let pool = self.pool_of(&input.word())?;
        Words::new()
            .address(&pool.manager)
            .amount(pool.shares.assets.get())
            .amount(pool.shares.total.get())
            .number(pool.participants.into())
            .number(pool.obligations.into())
            .amount(pool.leaving.get())
            .answer()
    }

    pub(crate) fn pool_shares(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, participant) = (&input.word(), &input.address().into_word());
        let shares = lower(&self.entry_at(SHARES, id, participant));
        answer(shares)
    }

    pub(crate) fn pool_binding(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, agent) = (&input.word(), &input.address().into_word());
        let binding = self.binding(id, agent);
        Words::new()
            .amount(binding.limit.get())
            .amount(binding.used.get())
            .answer()
    }
}
