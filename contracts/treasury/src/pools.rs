//! Stake pools by shares (RESOLUTIONS S-08).

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    parameter::ParameterId as P,
    treasury::{
        books::Part,
        pack,
        pool::{self, Binding, Pool, Shares},
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
    error::revert,
    storage::{BINDING, COUNTER, POOL, SHARES, Treasury, amount_of, lower, whole},
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
        let word = self.entry(POOL, id, 0);
        let (assets, total) = unpack(&self.entry(POOL, id, 1).0);
        let staked = lower(&self.entry(POOL, id, 2));
        match Pool::unpack(&word.0, Shares { assets, total }, staked) {
            Some(pool) => Ok(pool),
            None => Words::after(wire::UnknownPool::SELECTOR).word(id).refuse(),
        }
    }

    #[inline(never)]
    fn set_pool(&mut self, id: &B256, pool: &Pool) {
        self.set_entry(POOL, id, 0, &B256::new(pool.pack()));
        let shares = B256::new(pack(pool.shares.assets, pool.shares.total));
        self.set_entry(POOL, id, 1, &shares);
        self.set_entry(POOL, id, 2, &whole(pool.staked));
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
        let mut needed = [0];
        self.read_parameters_in_force(&[P::StakepoolMinParticipants as u8], &mut needed)?;
        let [needed] = needed;
        Ok(u32::try_from(needed).unwrap_or(u32::MAX))
    }

    /// What a bid's or mission's money does to the pool it comes from. `counts` are amounts of obligations, before and after.
    ///
    /// Errors: `UnknownPool`; to draw: `PoolTooSmall`, `InsufficientStake`.
    #[inline(never)]
    pub(crate) fn change_pool(
        &mut self,
        id: &B256,
        agent: &B256,
        change: Change,
        amount: Amount,
        counts: &[(Amount, Amount)],
    ) -> Result<(), Vec<u8>> {
        let (mut pool, mut binding) = (self.pool_of(id)?, self.binding(id, agent));
        match change {
            Change::Draw => pool
                .draw(&mut binding, amount, self.participants_needed()?)
                .map_err(|refused| revert(refused, id, agent))?,
            Change::Keep => {}
            Change::Return => pool.give_back(&mut binding, amount),
            Change::Lose => pool.lose(&mut binding, amount),
        }
        for (before, after) in counts {
            pool.count(*before, *after);
        }
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
        self.set_entry(POOL, &id, 0, &B256::new(pool.pack()));
        self.log(
            topic!(wire::PoolCreated::SIGNATURE_HASH)
                .word(&id)
                .word(&word),
            3,
        );
        Words::new().word(&id).answer()
    }

    #[inline(never)]
    fn shares_of(&self, id: &B256, participant: &B256) -> Amount {
        lower(&self.entry_at(SHARES, id, participant))
    }

    #[inline(never)]
    fn set_holding(&mut self, id: &B256, participant: &B256, pool: &Pool, shares: Amount) {
        self.set_pool(id, pool);
        self.set_entry_at(SHARES, id, participant, &whole(shares));
    }

    /// Errors: `UnknownPool`, `InvalidAmount`, `NoShares`, `InsufficientCredit`.
    /// Events: `PoolJoined`.
    pub(crate) fn join_pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, amount) = (&input.word(), amount_of(input)?);
        let participant = &self.caller().into_word();
        let (mut pool, mut held) = (self.pool_of(id)?, self.shares_of(id, participant));
        let bought = pool
            .join(&mut held, amount)
            .map_err(|refused| revert(refused, id, participant))?;
        self.spend(participant, Part::Pools, amount)?;
        self.set_holding(id, participant, &pool, held);
        self.log(
            topic!(wire::PoolJoined::SIGNATURE_HASH)
                .word(id)
                .word(participant)
                .amount(amount.get())
                .amount(bought.get()),
            3,
        );
        Ok(Vec::new())
    }

    /// Errors: `UnknownPool`, `InvalidAmount`, `InsufficientShares`, `PoolObligated`.
    /// Events: `PoolLeft`; `Credited` unless the shares are worth nothing.
    pub(crate) fn leave_pool(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, shares) = (&input.word(), amount_of(input)?);
        let participant = &self.caller().into_word();
        let (mut pool, mut held) = (self.pool_of(id)?, self.shares_of(id, participant));
        let paid = pool
            .leave(&mut held, shares)
            .map_err(|refused| revert(refused, id, participant))?;
        self.set_holding(id, participant, &pool, held);
        self.log(
            topic!(wire::PoolLeft::SIGNATURE_HASH)
                .word(id)
                .word(participant)
                .amount(paid.get())
                .amount(shares.get()),
            3,
        );
        self.owe_from(Part::Pools, participant, id, paid)?;
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
            .map_err(|refused| revert(refused, id, agent))?;
        let binding = Binding {
            limit,
            ..self.binding(id, agent)
        };
        self.set_binding(id, agent, binding);
        self.log(
            topic!(wire::PoolBound::SIGNATURE_HASH)
                .word(id)
                .word(agent)
                .amount(limit.get()),
            3,
        );
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
            .answer()
    }

    pub(crate) fn pool_shares(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, participant) = (&input.word(), &input.address().into_word());
        Words::new()
            .amount(self.shares_of(id, participant).get())
            .answer()
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
