//! Stakes of several, by shares (RESOLUTIONS S-08).
//!
//! ```text
//! pool      [manager 20][participants 4][obligations 4][drained 1][round 3]
//! shares    [assets 16][shares 16]
//! staked    [leaving 16][staked 16]
//! notice    [earlier 4][awaited 1][0 27]
//! holding   [0 12][leaves 4][shares 16]
//! reserve   [0 12][round 4][amount 16]
//! binding   [limit 16][used 16]
//! ```
//!
//! `assets` is all that the shares are worth, what stands in for agents included; so a deposit made while a stake is out buys
//! what it pays for. A slash lowers assets: the loss is every participant's, by shares. Money that is merely sent changes
//! nothing here, so nobody can make another's deposit buy less.
//!
//! INV-TREASURY-05. An obligation is a reserve or a mission's stake out of the pool of which something is left. Nobody leaves while there
//! is one that began before it asked to: a loss cannot be run from. Nor can anybody be kept in by what begins afterwards, because that
//! cannot use what its shares are worth: what new bids draw on is the worth of the shares of those who stay. So one who asks bars
//! its own part and no more, and no window is needed.
//!
//! Which began before is told by rounds. An obligation keeps the number of the round in which it began, a bid's its mission's. Who asks
//! ends the round: what is open then is *earlier*, and who asked leaves when nothing earlier is left. Who asks while something earlier
//! is open waits for the round that goes on, which ends as soon as that is over. So whoever asks waits for two rounds at most, and
//! each ends with the sessions and missions that are open in it.

use alloy_primitives::{Address, B256};

use super::{Refused, less, something, with, without};
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
    /// The round that goes on.
    pub round: u32,
    /// Obligations of rounds before.
    pub earlier: u32,
    /// Whether somebody waits for the round to end.
    pub awaited: bool,
    /// Shares of those who asked to leave.
    pub leaving: Amount,
    /// What it is worth.
    pub shares: Shares,
    /// What of its assets stands in for agents.
    pub staked: Amount,
}

/// What a participant has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Its shares.
    pub shares: Amount,
    /// The round before which everything must have ended for it to leave; zero for one that did not ask.
    pub leaves: u32,
}

/// Something that stands in for an agent: how much, and since which round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Obligation {
    /// What is left of it; of nothing it is none.
    pub amount: Amount,
    /// The round in which it began.
    pub round: u32,
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
            portion(amount, self.total, self.assets).ok_or(too_much)?
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
        let paid =
            portion(self.assets, shares, self.total).ok_or(Refused::InvalidAmount(shares))?;
        self.assets = less(self.assets, paid);
        self.total = total;
        Ok(paid)
    }
}

/// The last round that a word holds: it never ends, so that who asks then waits until nothing stands in for anybody.
pub(super) const ROUND_MAX: u32 = 0x00ff_ffff; // structural: three bytes

impl Holding {
    /// As it is stored.
    pub fn pack(&self) -> [u8; 32] {
        super::pack(Amount::new(self.leaves.into()), self.shares)
    }

    /// From how it is stored.
    pub fn unpack(word: &[u8; 32]) -> Self {
        let (leaves, shares) = super::unpack(word);
        Self {
            shares,
            leaves: leaves.get() as u32,
        }
    }
}

impl Obligation {
    /// As a reserve is stored.
    pub fn pack(&self) -> [u8; 32] {
        super::pack(Amount::new(self.round.into()), self.amount)
    }

    /// From how a reserve is stored.
    pub fn unpack(word: &[u8; 32]) -> Self {
        let (round, amount) = super::unpack(word);
        Self {
            amount,
            round: round.get() as u32,
        }
    }
}

impl Pool {
    /// Its four words, as they are stored.
    #[inline(never)]
    pub fn pack(&self) -> [[u8; 32]; 4] {
        let mut writer = Writer::new();
        writer.address(self.manager);
        writer.number(self.participants.into(), 4);
        writer.number(self.obligations.into(), 4);
        writer.number(self.drained.into(), 1);
        writer.number(self.round.into(), 3);
        let first = writer.finish();
        let mut writer = Writer::new();
        writer.number(self.earlier.into(), 4);
        writer.number(self.awaited.into(), 1);
        [
            first,
            super::pack(self.shares.assets, self.shares.total),
            super::pack(self.leaving, self.staked),
            writer.finish(),
        ]
    }

    /// From how its words are stored; none where no pool is.
    #[inline(never)]
    pub fn unpack([first, shares, staked, notice]: &[[u8; 32]; 4]) -> Option<Self> {
        let (assets, total) = super::unpack(shares);
        let (leaving, staked) = super::unpack(staked);
        let mut reader = Reader::new(notice);
        let (earlier, awaited) = (reader.number(4) as u32, reader.number(1) != 0);
        let mut reader = Reader::new(first);
        let pool = Self {
            manager: reader.address(),
            participants: reader.number(4) as u32,
            obligations: reader.number(4) as u32,
            drained: reader.number(1) != 0,
            round: reader.number(3) as u32,
            earlier,
            awaited,
            shares: Shares { assets, total },
            leaving,
            staked,
        };
        (pool.manager != Address::ZERO).then_some(pool)
    }

    /// Takes `amount` in from somebody: the shares it buys. Those of one that asked to leave leave with the others.
    ///
    /// Errors: as [`Shares::join`]; `NoShares` of a pool that lost everything.
    pub fn join(&mut self, holding: &mut Holding, amount: Amount) -> Result<Amount, Refused> {
        if self.drained {
            return Err(Refused::NoShares(amount));
        }
        let bought = self.shares.join(amount)?;
        let joins = holding.shares.is_zero();
        // Shares of one, and of those who leave, are part of all shares, which fit.
        holding.shares = with(holding.shares, bought)?;
        if holding.leaves != 0 {
            self.leaving = with(self.leaving, bought)?;
        }
        self.participants = self.participants.saturating_add(joins.into());
        Ok(bought)
    }

    /// Somebody asks to leave with all its shares: how many. New bids draw on them no more; asking twice changes nothing.
    ///
    /// Errors: `InsufficientShares` of nobody's.
    pub fn ask(&mut self, holding: &mut Holding) -> Result<Amount, Refused> {
        without(holding.shares, Amount::new(1)).map_err(Refused::InsufficientShares)?;
        if holding.leaves == 0 {
            self.leaving = with(self.leaving, holding.shares)?;
            self.awaited = true;
            holding.leaves = self.round.saturating_add(1);
            self.end_round();
        }
        Ok(holding.shares)
    }

    /// Ends the round, if somebody waits for it and nothing of those before is open.
    fn end_round(&mut self) {
        if self.awaited && self.earlier == 0 && self.round < ROUND_MAX {
            self.awaited = false;
            self.round = self.round.saturating_add(1);
            self.earlier = self.obligations;
        }
    }

    /// Whether nothing is open that began before somebody asked to leave.
    fn lets_go(&self, holding: &Holding) -> bool {
        let ended =
            self.round > holding.leaves || self.round == holding.leaves && self.earlier == 0;
        self.obligations == 0 || holding.leaves != 0 && ended
    }

    /// Redeems some shares of somebody: what they pay.
    ///
    /// Errors: `InsufficientShares`, `InvalidAmount` of none; `PoolObligated`.
    pub fn leave(&mut self, holding: &mut Holding, shares: Amount) -> Result<Amount, Refused> {
        let left = without(holding.shares, something(shares)?);
        let left = left.map_err(Refused::InsufficientShares)?;
        if !self.lets_go(holding) {
            return Err(Refused::PoolObligated(self.obligations));
        }
        let paid = self.shares.leave(shares)?;
        holding.shares = left;
        if holding.leaves != 0 {
            self.leaving = less(self.leaving, shares);
        }
        if left.is_zero() {
            holding.leaves = 0;
            self.participants = self.participants.saturating_sub(1);
        }
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

    /// What new bids may draw on: what stands in for nobody, without what the shares of those are worth who asked to leave, rounded
    /// against new bids.
    pub fn free(&self) -> Amount {
        let staying = less(self.shares.total, self.leaving);
        let theirs = portion(self.shares.assets, staying, self.shares.total);
        less(theirs.unwrap_or(Amount::ZERO), self.staked)
    }

    /// The round in which something begins, or began, that was so before.
    pub fn round_of(&self, before: &Obligation) -> u32 {
        if before.amount.is_zero() {
            self.round
        } else {
            before.round
        }
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

    /// Counts what became of obligations, each before and after.
    pub fn count(&mut self, changes: &[(Obligation, Obligation)]) {
        for (before, after) in changes {
            for (of, counts) in [(after, true), (before, false)] {
                if of.amount.is_zero() {
                    continue;
                }
                let is_earlier = u32::from(of.round < self.round);
                if counts {
                    self.obligations = self.obligations.saturating_add(1);
                    self.earlier = self.earlier.saturating_add(is_earlier);
                } else {
                    self.obligations = self.obligations.saturating_sub(1);
                    self.earlier = self.earlier.saturating_sub(is_earlier);
                }
            }
        }
        self.end_round();
    }
}

/// `⌊amount·part ÷ whole⌋`; none of an empty whole, or where it does not fit.
#[inline(never)]
fn portion(amount: Amount, part: Amount, whole: Amount) -> Option<Amount> {
    amount.mul_div_floor(part.get(), whole.get()).ok()
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
