//! What lies where, in Solidity's terms. Slots 0 to 2 are `agentcity_shell::member`'s; each word below that belongs to a mission,
//! an agent or a pool is in its mapping, by a key of its own kind.
//!
//! ```text
//! slot 3   uint96 unitScale; address asset                     (zero until wired)
//! slot 4   lock, booked                                        domain::treasury::books, `Total`
//! slot 5   treasury, subsidy                                   the same, `Part`
//! slot 6   insurance, credits
//! slot 7   reserved, locked
//! slot 8   bonds, pools
//!
//! TERMS    mission           state, epoch, releaseAt, sponsor  domain::treasury::escrow
//! PURSE    mission           held, allocated
//! FLOW     mission           deposited, refunded
//! SETTLED  mission, n        nodes 256·n and on that were settled, or lent to a child: a bit each
//! LENDER   child, 0 and 1    the mission that lent to it, and for which of its nodes
//! LENT     mission, node     [lent and not settled since 1][0 15][what came back from children of a node 16]
//! RESERVED session+source, agent   round of the pool, amount   domain::treasury::pool, `Obligation`
//! LOCKED   mission, agent    flags, round, budget, amount      domain::treasury::stake
//! SOURCE   mission, agent    the pool of a stake that comes from one
//! BOND     bond, 0 and 1     kind, owner; and 0, amount
//! POOL     pool, 0 to 3      manager, participants, …; assets, shares; leaving, staked; notice    domain::treasury::pool
//! SHARES   pool, account     since when it leaves, shares
//! BINDING  pool, agent       limit, used
//! COUNTER  manager           pools so far
//! CREDIT   account           0, amount
//! ```
//!
//! Laid out for settlements: one writes the purse, the bit, slots 5 and 6, and a credit for each executor. What escrows hold is
//! counted nowhere; it is what slots 5 to 8 leave of the booked total, which no settlement changes.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_abi::{IConstitution as law, ITreasury as wire};
use agentcity_domain::{
    amount::Amount,
    parameter::ParameterId,
    treasury::{
        Refused,
        books::{self, Part, Total},
        escrow::{Account, Terms},
        pack, unpack,
    },
};
use agentcity_shell::{
    Answer, common, malformed,
    member::{Kind, Member},
    money::Asset,
    output, peer,
    reader::Reader,
    slot,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::error::{Decided, NONE};

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Treasury {}

impl Member for Treasury {}

/// How a part of the books changes: the word of its pair before and after.
type Change = fn(Part, &[u8; 32], Amount) -> Result<[u8; 32], Refused>;

const MONEY: u64 = 3;
const TOTAL: u64 = 4;
const PAIRS: u64 = 5;

const TERMS: Kind = 1;
const PURSE: Kind = 2;
const FLOW: Kind = 3;
pub(crate) const SETTLED: Kind = 4;
pub(crate) const LENDER: Kind = 5;
pub(crate) const LENT: Kind = 6;
pub(crate) const RESERVED: Kind = 7;
pub(crate) const LOCKED: Kind = 8;
pub(crate) const SOURCE: Kind = 9;
pub(crate) const BOND: Kind = 10;
pub(crate) const POOL: Kind = 11;
pub(crate) const SHARES: Kind = 12;
pub(crate) const BINDING: Kind = 13;
pub(crate) const COUNTER: Kind = 14;
const CREDIT: Kind = 15;

/// A word that is one amount.
pub(crate) fn whole(amount: Amount) -> B256 {
    output::amount(amount.get())
}

/// The amount in the lower half of a word.
pub(crate) fn lower(word: &B256) -> Amount {
    unpack(&word.0).1
}

/// The answer that is one amount.
#[inline(never)]
pub(crate) fn answer(amount: Amount) -> Answer {
    Words::new().amount(amount.get()).answer()
}

/// An amount of an argument that carries more than an amount can be.
///
/// Errors: `InvalidAmount` of 2^128 and beyond.
#[inline(never)]
pub(crate) fn amount_of(input: &mut Reader<'_>) -> Result<Amount, Vec<u8>> {
    let word = input.word();
    if unpack(&word.0).0.is_zero() {
        return Ok(lower(&word));
    }
    Words::after(wire::InvalidAmount::SELECTOR)
        .word(&word)
        .refuse()
}

impl Treasury {
    /// Who calls, as a word.
    #[inline(never)]
    pub(crate) fn payer(&self) -> B256 {
        self.caller().into_word()
    }

    /// An event of two indexed words and amounts.
    #[inline(never)]
    pub(crate) fn log_amounts(
        &self,
        mut topic: Words,
        first: &B256,
        second: &B256,
        amounts: &[Amount],
    ) {
        topic.word(first).word(second);
        for amount in amounts {
            topic.amount(amount.get());
        }
        self.log(&topic, 3);
    }

    #[inline(never)]
    fn fixed(&self, number: u64) -> B256 {
        slot::load(self.vm(), U256::from(number))
    }

    #[inline(never)]
    fn set_fixed(&mut self, number: u64, word: &B256) {
        slot::store(self.vm(), U256::from(number), *word);
    }

    /// Asks the constitution for asset and scale. A city's scale is below 2⁹⁶ and not nought.
    #[inline(never)]
    pub(crate) fn learn_asset(&mut self) -> Answer {
        let from = self.constitution_address();
        let asset = peer::ask_word(self.vm(), from, &law::assetCall::SELECTOR)?;
        let scale = peer::ask_word(self.vm(), from, &law::unitScaleCall::SELECTOR)?;
        let (high, low) = scale.split_at(20);
        if high.iter().any(|byte| *byte != 0) || low.iter().all(|byte| *byte == 0) {
            return Err(malformed());
        }
        let mut money = asset;
        for (to, from) in money.iter_mut().zip(low) {
            *to = *from;
        }
        self.set_fixed(MONEY, &money);
        Ok(Vec::new())
    }

    /// The settlement asset, and base units of a stake unit.
    ///
    /// Errors: `NotWired`.
    #[inline(never)]
    pub(crate) fn money(&self) -> Result<(Asset, Amount), Vec<u8>> {
        let word = self.fixed(MONEY);
        if word == B256::ZERO {
            return Err(common::NOT_WIRED.to_vec());
        }
        let scale = word
            .iter()
            .take(12)
            .fold(0, |scale, byte| scale << 8 | u128::from(*byte));
        Ok((Asset::at(Address::from_word(word)), Amount::new(scale)))
    }

    /// A number of the city's, in force.
    ///
    /// Errors: the constitution's refusal.
    #[inline(never)]
    pub(crate) fn parameter(&self, id: ParameterId) -> Result<u64, Vec<u8>> {
        let mut value = [0];
        self.numbers(None, &[id as u8], &mut value)?;
        let [value] = value;
        Ok(value)
    }

    // ------------------------------------------------------------------ books

    #[inline(never)]
    pub(crate) fn total(&self) -> Total {
        Total::unpack(&self.fixed(TOTAL).0)
    }

    #[inline(never)]
    pub(crate) fn set_total(&mut self, total: Total) {
        self.set_fixed(TOTAL, &B256::new(total.pack()));
    }

    /// Two parts that share a word.
    #[inline(never)]
    pub(crate) fn pair(&self, pair: usize) -> B256 {
        self.fixed(PAIRS.saturating_add(pair as u64))
    }

    #[inline(never)]
    pub(crate) fn set_pair(&mut self, pair: usize, upper: Amount, lower: Amount) {
        let word = B256::new(pack(upper, lower));
        self.set_fixed(PAIRS.saturating_add(pair as u64), &word);
    }

    /// What a part counts that has a place.
    pub(crate) fn part(&self, part: Part) -> Amount {
        let Some((pair, is_lower)) = part.place() else {
            return Amount::ZERO;
        };
        let (upper, lower) = unpack(&self.pair(pair).0);
        if is_lower { lower } else { upper }
    }

    /// Moves an amount from one part of the books to another.
    ///
    /// Errors: as `domain::treasury::books`.
    #[inline(never)]
    pub(crate) fn shift(&mut self, from: Part, to: Part, amount: Amount) -> Result<(), Vec<u8>> {
        self.change(books::shrink, from, amount)?;
        self.change(books::grow, to, amount)
    }

    /// Adds to a part what came in.
    #[inline(never)]
    pub(crate) fn grow(&mut self, part: Part, amount: Amount) -> Result<(), Vec<u8>> {
        self.change(books::grow, part, amount)
    }

    /// Takes out of a part what goes out.
    #[inline(never)]
    pub(crate) fn shrink(&mut self, part: Part, amount: Amount) -> Result<(), Vec<u8>> {
        self.change(books::shrink, part, amount)
    }

    #[inline(never)]
    fn change(&mut self, how: Change, part: Part, amount: Amount) -> Result<(), Vec<u8>> {
        let Some((pair, _)) = part.place() else {
            return Ok(());
        };
        if amount.is_zero() {
            return Ok(());
        }
        let word = how(part, &self.pair(pair).0, amount).about(NONE, NONE)?;
        self.set_fixed(PAIRS.saturating_add(pair as u64), &B256::new(word));
        Ok(())
    }

    // ------------------------------------------------------------------ credits

    #[inline(never)]
    pub(crate) fn credit_of(&self, account: &B256) -> Amount {
        lower(&self.entry(CREDIT, account, 0))
    }

    #[inline(never)]
    pub(crate) fn set_credit(&mut self, account: &B256, credit: Amount) {
        self.set_entry(CREDIT, account, 0, &whole(credit));
    }

    // ------------------------------------------------------------------ escrows

    #[inline(never)]
    pub(crate) fn terms(&self, mission: &B256) -> Option<Terms> {
        Terms::unpack(&self.entry(TERMS, mission, 0).0)
    }

    #[inline(never)]
    pub(crate) fn set_terms(&mut self, mission: &B256, terms: &Terms) {
        self.set_entry(TERMS, mission, 0, &B256::new(terms.pack()));
    }

    /// What an escrow holds, and what of it is kept for nodes.
    #[inline(never)]
    pub(crate) fn purse(&self, mission: &B256) -> (Amount, Amount) {
        unpack(&self.entry(PURSE, mission, 0).0)
    }

    #[inline(never)]
    pub(crate) fn account(&self, mission: &B256) -> Account {
        let (held, allocated) = self.purse(mission);
        let (deposited, refunded) = unpack(&self.entry(FLOW, mission, 0).0);
        Account {
            held,
            allocated,
            deposited,
            refunded,
        }
    }

    /// What a settlement leaves of an account: `deposited` and `refunded` stay.
    #[inline(never)]
    pub(crate) fn set_purse(&mut self, mission: &B256, account: &Account) {
        let word = B256::new(pack(account.held, account.allocated));
        self.set_entry(PURSE, mission, 0, &word);
    }

    #[inline(never)]
    pub(crate) fn set_account(&mut self, mission: &B256, account: &Account) {
        self.set_purse(mission, account);
        let word = B256::new(pack(account.deposited, account.refunded));
        self.set_entry(FLOW, mission, 0, &word);
    }
}
