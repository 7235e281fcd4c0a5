//! Stakes of several, by shares (RESOLUTIONS S-08).
//!
//! ```text
//! pool      [manager 20][participants 4][obligations 4][drained 1][0 3]
//! shares    [assets 16][shares 16]
//! staked    [0 16][staked 16]
//! binding   [limit 16][used 16]
//! ```
//!
//! `assets` is all that the shares are worth, what stands in for agents included; so a deposit made while a stake is out buys
//! what it pays for. A slash lowers assets: the loss is every participant's, by shares. Money that is merely sent changes
//! nothing here, so nobody can make another's deposit buy less.
//!
//! INV-TREASURY-05. An obligation is a reserve or a mission's stake out of the pool of which something is left. While there is one, nobody
//! leaves: a loss cannot be run from.

use alloy_primitives::{Address, B256};

use super::{Refused, something, with, without};
use crate::{
    agent::{Reader, Writer},
    amount::{Amount, AmountError, Bps},
};

/// What a pool is worth, and in how many shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Base units.
    pub assets: Amount,
    /// Shares.
    pub total: Amount,
}

/// A pool. Commands change it in place; what is refused is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Who binds agents to it.
    pub manager: Address,
    /// Who hold shares.
    pub participants: u32,
    /// Reserves and stakes out of it.
    pub obligations: u32,
    /// Whether it lost everything once: nobody joins it again.
    pub drained: bool,
    /// What it is worth.
    pub shares: Shares,
    /// What of its assets stands in for agents.
    pub staked: Amount,
}

/// What an agent may stake out of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// At most.
    pub limit: Amount,
    /// And does.
    pub used: Amount,
}

impl Shares {
    /// Takes `amount` in: the shares it buys, as many as units in an empty pool, else `⌊amount·S ÷ A⌋`.
    ///
    /// Errors: `InvalidAmount` of nothing, and of what does not fit; `NoShares` where it buys none.
    /// Source: RESOLUTIONS S-08; vectors `stake_pool`.
    pub fn join(&mut self, amount: Amount) -> Result<Amount, Refused> {
        let amount = something(amount)?;
        let too_much = Refused::InvalidAmount(amount);
        let bought = if self.total.is_zero() {
            amount
        } else if self.assets.is_zero() {
            Amount::ZERO
        } else {
            amount
                .mul_div_floor(self.total.get(), self.assets.get())
                .map_err(|_| too_much)?
        };
        if bought.is_zero() {
            return Err(Refused::NoShares(amount));
        }
        let total = with(self.total, bought).map_err(|_| too_much)?;
        self.assets = with(self.assets, amount)?;
        self.total = total;
        Ok(bought)
    }

    /// Loses `amount` of the assets; at most all.
    pub fn lose(&mut self, amount: Amount) {
        self.assets = less(self.assets, amount);
    }

    /// Redeems `shares`: what they pay, `⌊shares·A ÷ S⌋`.
    ///
    /// Errors: `InvalidAmount` of none; `InsufficientShares` of more than there are.
    pub fn leave(&mut self, shares: Amount) -> Result<Amount, Refused> {
        let total = without(self.total, something(shares)?).map_err(Refused::InsufficientShares)?;
        // A part of the shares is worth at most all assets.
        let paid = self
            .assets
            .mul_div_floor(shares.get(), self.total.get())
            .map_err(|_| Refused::InvalidAmount(shares))?;
        self.assets = less(self.assets, paid);
        self.total = total;
        Ok(paid)
    }
}

impl Pool {
    /// Its first word, as it is stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.address(self.manager);
        writer.number(self.participants.into(), 4);
        writer.number(self.obligations.into(), 4);
        writer.number(self.drained.into(), 1);
        writer.finish()
    }

    /// From how its words are stored; none where no pool is.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32], shares: Shares, staked: Amount) -> Option<Self> {
        let mut reader = Reader::new(word);
        let pool = Self {
            manager: reader.address(),
            participants: reader.number(4) as u32,
            obligations: reader.number(4) as u32,
            drained: reader.number(1) != 0,
            shares,
            staked,
        };
        (pool.manager != Address::ZERO).then_some(pool)
    }

    /// Takes `amount` in from somebody who holds `held` shares: the shares it buys.
    ///
    /// Errors: as [`Shares::join`]; `NoShares` of a pool that lost everything.
    pub fn join(&mut self, held: &mut Amount, amount: Amount) -> Result<Amount, Refused> {
        if self.drained {
            return Err(Refused::NoShares(amount));
        }
        let bought = self.shares.join(amount)?;
        let joins = held.is_zero();
        // Shares of one are part of all shares, which fit.
        *held = with(*held, bought)?;
        self.participants = self.participants.saturating_add(joins.into());
        Ok(bought)
    }

    /// Redeems some of the `held` shares of somebody: what they pay.
    ///
    /// Errors: `InsufficientShares`, `InvalidAmount` of none; `PoolObligated`.
    pub fn leave(&mut self, held: &mut Amount, shares: Amount) -> Result<Amount, Refused> {
        let left = without(*held, something(shares)?).map_err(Refused::InsufficientShares)?;
        if self.obligations != 0 {
            return Err(Refused::PoolObligated(self.obligations));
        }
        let paid = self.shares.leave(shares)?;
        *held = left;
        self.participants = self.participants.saturating_sub(left.is_zero().into());
        Ok(paid)
    }

    /// Whether `caller` may let an agent stake up to `limit`. To end it is always possible.
    ///
    /// Errors: `NotManager`; `PoolTooSmall`.
    pub fn bind(&self, caller: Address, limit: Amount, needed: u32) -> Result<(), Refused> {
        if caller != self.manager {
            return Err(Refused::NotManager(caller));
        }
        if limit.is_zero() {
            return Ok(());
        }
        self.large_enough(needed)
    }

    fn large_enough(&self, needed: u32) -> Result<(), Refused> {
        if self.participants < needed {
            return Err(Refused::PoolTooSmall {
                participants: self.participants,
                needed,
            });
        }
        Ok(())
    }

    /// What it holds that stands in for nobody.
    pub fn free(&self) -> Amount {
        // What is staked is part of the assets.
        less(self.shares.assets, self.staked)
    }

    /// Sets `amount` aside for an agent.
    ///
    /// Errors: `PoolTooSmall`; `InsufficientStake` with what the agent may still stake.
    pub fn draw(
        &mut self,
        binding: &mut Binding,
        amount: Amount,
        needed: u32,
    ) -> Result<(), Refused> {
        self.large_enough(needed)?;
        let most = less(binding.limit, binding.used).min(self.free());
        without(most, amount).map_err(Refused::InsufficientStake)?;
        self.staked = with(self.staked, amount)?;
        binding.used = with(binding.used, amount)?;
        Ok(())
    }

    /// Takes back what stood in for an agent.
    #[inline(never)]
    pub fn give_back(&mut self, binding: &mut Binding, amount: Amount) {
        self.staked = less(self.staked, amount);
        binding.used = less(binding.used, amount);
    }

    /// Loses what stood in for an agent. What an agent lost counts against what it may stake, until the manager binds it
    /// anew.
    pub fn lose(&mut self, binding: &mut Binding, amount: Amount) {
        self.give_back(binding, amount);
        self.shares.lose(amount);
        self.drained |= self.shares.assets.is_zero() && !self.shares.total.is_zero();
        binding.limit = less(binding.limit, amount);
    }

    /// Counts an obligation: one that begins when something is there where nothing was, one that ends the other way.
    pub fn count(&mut self, before: Amount, after: Amount) {
        let begins = before.is_zero() && !after.is_zero();
        let ends = !before.is_zero() && after.is_zero();
        let obligations = self.obligations.saturating_add(begins.into());
        self.obligations = obligations.saturating_sub(ends.into());
    }
}

/// `from` less `amount`, at least nothing.
#[inline(never)]
fn less(from: Amount, amount: Amount) -> Amount {
    Amount::new(from.get().saturating_sub(amount.get()))
}

/// What the seed keeps of a participant: the part of what it paid in of what the pool held then, in basis points. It is not
/// taken anew when others pay in, so that all parts together may be more than the whole.
///
/// Errors: [`AmountError`] of a pool that holds nothing.
pub const fn share_as_printed(paid_in: Amount, assets: Amount) -> Result<Amount, AmountError> {
    paid_in.mul_div_floor(Bps::MAX.get() as u128, assets.get())
}

/// A manager's `counter`-th pool: bytes 0..20 the manager, 24..32 the counter.
pub fn id(manager: Address, counter: u64) -> B256 {
    let mut id = B256::ZERO;
    let (of, number) = id.split_at_mut(24); // structural: the layout above
    for (to, from) in of.iter_mut().zip(manager.iter()) {
        *to = *from;
    }
    for (to, from) in number.iter_mut().zip(counter.to_be_bytes()) {
        *to = from;
    }
    id
}
