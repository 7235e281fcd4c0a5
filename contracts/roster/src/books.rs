//! What the contract holds: stakes of adjudicators, and what is owed to them and to the funds (RULINGS R17). One lock spans
//! every entry during which a token's or a receiver's code runs (RULINGS A9); everything is readable meanwhile, and what moves no
//! asset runs on.

use alloc::vec::Vec;

use agentcity_abi::{IRoster as wire, ITreasury as treasury};
use agentcity_domain::{
    amount::Amount,
    parameter::ParameterId as P,
    peer::Peer,
    roster::books::{Dues, base_units, sum, take},
    treasury::fund::Fund,
};
use agentcity_shell::{
    Answer, common,
    member::Member,
    money::Asset,
    peer,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    error::{Decided, NOBODY},
    storage::Roster,
};

/// Selector of an ERC-20's `approve(address,uint256)`.
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];

/// The answer that is one amount.
fn answer(amount: Amount) -> Answer {
    Words::new().amount(amount.get()).answer()
}

#[inline(never)]
fn payment_failed(to: &Address, amount: Amount) -> Result<(), Vec<u8>> {
    Words::after(common::PAYMENT_FAILED)
        .address(to)
        .amount(amount.get())
        .refuse()
}

impl Roster {
    /// Errors: `NotWired`, `Reentered`.
    #[inline(never)]
    pub(crate) fn unlocked(&self) -> Result<(), Vec<u8>> {
        self.member(Peer::Treasury)?;
        if self.city().locked {
            return Words::after(wire::Reentered::SELECTOR).refuse();
        }
        Ok(())
    }

    /// Reads again: what ran meanwhile may have changed the counters.
    #[inline(never)]
    fn lock(&mut self, locked: bool) {
        let city = agentcity_domain::roster::city::City {
            locked,
            ..self.city()
        };
        self.set_city(&city);
    }

    /// Takes exactly `amount` from the caller. Comes last: a token's code runs.
    ///
    /// Errors: `AmountMismatch`, `NotPayable`, `PaymentFailed`.
    #[inline(never)]
    pub(crate) fn collect(&mut self, amount: Amount) -> Result<(), Vec<u8>> {
        let (asset, _) = self.asset();
        if asset == Asset::Native {
            return asset.collect(self.vm(), amount.get());
        }
        self.lock(true);
        asset.collect(self.vm(), amount.get())?;
        self.lock(false);
        Ok(())
    }

    /// Base units of a parameter that is in whole units.
    #[inline(never)]
    pub(crate) fn base_units(&self, id: P) -> Result<Amount, Vec<u8>> {
        let (_, scale) = self.asset();
        base_units(self.parameter(id)?, scale).about(NOBODY)
    }

    /// Owes `amount` more to an account, for what the books say already.
    #[inline(never)]
    pub(crate) fn owe(&mut self, account: &B256, amount: Amount) -> Result<(), Vec<u8>> {
        let owed = sum(self.owed(account), amount).of(account)?;
        self.set_owed(account, owed);
        Ok(())
    }

    /// What the contract holds; what exceeds 128 bits waits until there is room.
    #[inline(never)]
    fn held(&self, asset: Asset) -> Result<Amount, Vec<u8>> {
        let held = asset.balance(self.vm(), self.vm().contract_address())?;
        Ok(Amount::try_from(held).unwrap_or(Amount::MAX))
    }

    /// Pays out of what the caller is owed. Everything is stored before the receiver's code runs. A token that takes more than it
    /// pays would take it from everybody else, and is refused.
    ///
    /// Errors: `NotWired`, `Reentered`, `NothingOwed`, `PaymentFailed`.
    /// Events: `Withdrawn`.
    #[inline(never)]
    fn pay_out(&mut self, to: Address, asked: Option<Amount>) -> Answer {
        self.unlocked()?;
        let account = &self.caller().into_word();
        let (taken, rest) = take(self.owed(account), asked).of(account)?;
        if to == Address::ZERO || to == self.vm().contract_address() {
            payment_failed(&to, taken)?;
        }
        let books = self.books().paid(taken).of(account)?;

        self.set_owed(account, rest);
        self.set_books(&books);
        self.lock(true);
        self.log(
            topic!(wire::Withdrawn::SIGNATURE_HASH)
                .word(account)
                .address(&to)
                .amount(taken.get()),
            3,
        );
        let (asset, _) = self.asset();
        let before = self.held(asset)?;
        asset.pay(self.vm(), to, taken.get())?;
        self.went(asset, before, taken, &to)?;
        self.lock(false);
        answer(taken)
    }

    /// That a payment in tokens took what it paid and no more. A coin cannot do otherwise, and may be sent back.
    ///
    /// Errors: `PaymentFailed`.
    #[inline(never)]
    fn went(
        &self,
        asset: Asset,
        before: Amount,
        amount: Amount,
        to: &Address,
    ) -> Result<(), Vec<u8>> {
        if asset != Asset::Native && before.checked_sub(amount) != Ok(self.held(asset)?) {
            return payment_failed(to, amount);
        }
        Ok(())
    }

    pub(crate) fn withdraw(&mut self) -> Answer {
        self.pay_out(self.caller(), None)
    }

    pub(crate) fn withdraw_to(&mut self, input: &mut Reader<'_>) -> Answer {
        let (to, amount) = (input.address(), input.u128());
        input.end()?;
        self.pay_out(to, Some(Amount::new(amount)))?;
        Ok(Vec::new())
    }

    /// Takes a person's stake for good: it is due to the funds by halves (S-06).
    ///
    /// Events: `AdjudicatorSlashed`.
    #[inline(never)]
    pub(crate) fn slash(&mut self, person: &B256, cause: u64) -> Result<Amount, Vec<u8>> {
        let stake = self.stake_of(person);
        let books = self.books().freed(stake.amount).of(person)?;
        let dues = self.dues().with_loss(stake.amount).of(person)?;
        self.set_books(&books);
        self.set_dues(&dues);
        self.set_stake(person, &stake.taken());
        self.log(
            topic!(wire::AdjudicatorSlashed::SIGNATURE_HASH)
                .word(person)
                .amount(stake.amount.get())
                .number(cause),
            2,
        );
        Ok(stake.amount)
    }

    /// Sends the funds what is due to them, and the treasury what nobody booked.
    ///
    /// Errors: `NotWired`, `Reentered`, `PaymentFailed`; the treasury's or the token's refusal.
    /// Events: `Skimmed`.
    pub(crate) fn skim(&mut self) -> Answer {
        self.unlocked()?;
        let to = self.member(Peer::Treasury)?;
        let (asset, _) = self.asset();
        let (books, dues) = (self.books(), self.dues());
        let held = self.held(asset)?;
        let surplus = books.surplus(held).about(NOBODY)?;
        let books = books.paid(dues.total().about(NOBODY)?).about(NOBODY)?;
        let treasury = sum(dues.treasury, surplus).about(NOBODY)?;
        let sent = sum(dues.insurance, treasury).about(NOBODY)?;

        self.set_books(&books);
        self.set_dues(&Dues::default());
        self.lock(true);
        self.log(
            topic!(wire::Skimmed::SIGNATURE_HASH).amount(surplus.get()),
            1,
        );
        if let Asset::Token(token) = asset
            && !sent.is_zero()
            && !self.allow(token, &to, sent)
        {
            // Some tokens refuse to change an allowance that is not nought, and others to set nought: so nought only if need be.
            self.allow(token, &to, Amount::ZERO);
            self.allow(token, &to, sent);
        }
        self.contribute(asset, to, Fund::Insurance, dues.insurance)?;
        self.contribute(asset, to, Fund::Treasury, treasury)?;
        self.went(asset, held, sent, &to)?;
        self.lock(false);
        answer(surplus)
    }

    /// Lets `to` take tokens; whether the token agreed, by a true word or by silence.
    #[inline(never)]
    fn allow(&self, token: Address, to: &Address, most: Amount) -> bool {
        let mut call = Words::after(APPROVE);
        call.address(to).amount(most.get());
        match peer::tell(self.vm(), token, call.bytes(), U256::ZERO) {
            Ok(answer) => answer.is_empty() || Reader::new(&answer).bool(),
            Err(_) => false,
        }
    }

    /// Pays into a fund of the treasury, which takes no empty gifts.
    #[inline(never)]
    fn contribute(
        &self,
        asset: Asset,
        to: Address,
        fund: Fund,
        amount: Amount,
    ) -> Result<(), Vec<u8>> {
        if amount.is_zero() {
            return Ok(());
        }
        let coins = match asset {
            Asset::Native => amount.to_u256(),
            Asset::Token(_) => U256::ZERO,
        };
        let mut call = Words::after(treasury::contributeCall::SELECTOR);
        call.number(fund as u64).amount(amount.get());
        peer::tell(self.vm(), to, call.bytes(), coins)?;
        Ok(())
    }

    pub(crate) fn credits(&mut self, input: &mut Reader<'_>) -> Answer {
        let account = input.address().into_word();
        answer(self.owed(&account))
    }

    pub(crate) fn booked(&mut self) -> Answer {
        answer(self.books().booked().about(NOBODY)?)
    }

    pub(crate) fn parts(&mut self) -> Answer {
        let books = self.books();
        Words::new()
            .amount(books.stakes.get())
            .amount(books.owed.get())
            .answer()
    }
}
