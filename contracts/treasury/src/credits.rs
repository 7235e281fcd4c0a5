//! Money in and out. One lock spans every entry during which a token's or a receiver's code runs (RULINGS A9); everything is
//! readable meanwhile, and what moves no asset runs on.

use alloc::vec::Vec;

use agentcity_abi::{ISettlementToken as tokens, ITreasury as wire};
use agentcity_domain::{
    amount::Amount,
    treasury::{
        Refused,
        books::{Part, Total},
        fund::debit,
        without,
    },
};
use agentcity_shell::{
    Answer, common, member::Member, money::Asset, output, peer, reader::Reader, topic, words::Words,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    error::{Decided, NONE, sum},
    storage::{Treasury, amount_of, answer},
};

impl Treasury {
    /// INV-TREASURY-06. The books' total, unless an entry that moves the asset is running.
    ///
    /// Errors: `Reentered`.
    #[inline(never)]
    pub(crate) fn unlocked(&self) -> Result<Total, Vec<u8>> {
        let total = self.total();
        if total.locked {
            return Words::after(wire::Reentered::SELECTOR).refuse();
        }
        Ok(total)
    }

    fn lock(&mut self, total: Total) {
        self.set_total(Total {
            locked: true,
            ..total
        });
    }

    /// Takes exactly `amount` from the caller and books it; to what, the caller of this says. Whatever it read before, it reads
    /// again: a token's code ran.
    ///
    /// Errors: `NotWired`, `Reentered`, `InvalidAmount`, `AmountMismatch`, `NotPayable`, `PaymentFailed`.
    #[inline(never)]
    pub(crate) fn collect(&mut self, amount: Amount) -> Result<(), Vec<u8>> {
        let (asset, _) = self.money()?;
        let total = self.unlocked()?;
        let after = total.receive(amount).about(NONE, NONE)?;
        if asset != Asset::Native {
            self.lock(total);
        }
        asset.collect(self.vm(), amount.get())?;
        self.set_total(after);
        Ok(())
    }

    /// Relays the caller's permit. One that fails is tolerated if the allowance suffices, since anyone may have relayed it before
    /// (RULINGS A9); whether it does, the transfer that follows says. A coin has no permits: collecting it says what is missing.
    ///
    /// Errors: `NotWired`, `Reentered`.
    #[inline(never)]
    pub(crate) fn permit(&mut self, input: &mut Reader<'_>, amount: Amount) -> Result<(), Vec<u8>> {
        let (deadline, v, r, s) = (input.word(), input.u8(), input.word(), input.word());
        let (Asset::Token(token), _) = self.money()? else {
            return Ok(());
        };
        let total = self.unlocked()?;
        self.lock(total);
        let (owner, this) = (self.caller(), self.vm().contract_address());
        let mut call = Words::after(tokens::permitCall::SELECTOR);
        call.address(&owner)
            .address(&this)
            .amount(amount.get())
            .word(&deadline)
            .number(v.into())
            .word(&r)
            .word(&s);
        let _ = peer::tell(self.vm(), token, call.bytes(), U256::ZERO);
        self.set_total(total);
        Ok(())
    }

    /// Events: `CreditDeposited`.
    #[inline(never)]
    fn book_deposit(&mut self, account: &B256, amount: Amount) -> Answer {
        receives(account)?;
        self.grow(Part::Credits, amount)?;
        self.add_credit(account, amount)?;
        let deposited = topic!(wire::CreditDeposited::SIGNATURE_HASH);
        self.log_amounts(deposited, account, &self.payer(), &[amount]);
        Ok(Vec::new())
    }

    pub(crate) fn deposit(&mut self, input: &mut Reader<'_>) -> Answer {
        let (account, amount) = (&input.address().into_word(), amount_of(input)?);
        self.collect(amount)?;
        self.book_deposit(account, amount)
    }

    pub(crate) fn deposit_with_permit(&mut self, input: &mut Reader<'_>) -> Answer {
        let (account, amount) = (&input.address().into_word(), amount_of(input)?);
        self.permit(input, amount)?;
        self.collect(amount)?;
        self.book_deposit(account, amount)
    }

    /// Pays an account's credit out. Everything is stored before the receiver's code runs. A token that takes more than it
    /// pays would take it from everybody else, and is refused.
    ///
    /// Errors: `NotWired`, `Reentered`, `InvalidAmount`, `InsufficientCredit`, `InvalidReceiver`, `PaymentFailed`.
    /// Events: `Withdrawn`.
    #[inline(never)]
    fn pay_out(&mut self, to: Address, amount: Amount) -> Result<(), Vec<u8>> {
        let account = &self.payer();
        let (asset, _) = self.money()?;
        let total = self.unlocked()?;
        let receiver = &to.into_word();
        receives(receiver)?;

        self.take_credit(account, amount)?;
        let after = total.pay(amount).about(NONE, NONE)?;
        self.lock(after);

        let withdrawn = topic!(wire::Withdrawn::SIGNATURE_HASH);
        self.log_amounts(withdrawn, account, receiver, &[amount]);
        match asset {
            Asset::Native => asset.pay(self.vm(), to, amount.get())?,
            Asset::Token(_) => {
                let before = self.held()?;
                asset.pay(self.vm(), to, amount.get())?;
                if without(before, amount) != Ok(self.held()?) {
                    return payment_failed(&to, amount);
                }
            }
        }
        self.set_total(after);
        Ok(())
    }

    pub(crate) fn withdraw(&mut self) -> Answer {
        let account = self.caller();
        let amount = self.credit_of(&account.into_word());
        self.pay_out(account, amount)?;
        answer(amount)
    }

    pub(crate) fn withdraw_to(&mut self, input: &mut Reader<'_>) -> Answer {
        let (to, amount) = (input.address(), amount_of(input)?);
        input.end()?;
        self.pay_out(to, amount)?;
        Ok(Vec::new())
    }

    pub(crate) fn credits(&mut self, input: &mut Reader<'_>) -> Answer {
        let account = input.address().into_word();
        answer(self.credit_of(&account))
    }

    /// Owes `amount` more to an account; its part of the books is the caller's of this.
    ///
    /// Errors: `InvalidAmount` if a credit would not fit, which cannot be: it is part of the booked total.
    /// Events: `Credited`, unless it is nothing.
    #[inline(never)]
    pub(crate) fn owe(
        &mut self,
        account: &B256,
        cause: &B256,
        amount: Amount,
    ) -> Result<(), Vec<u8>> {
        if amount.is_zero() {
            return Ok(());
        }
        self.add_credit(account, amount)?;
        let credited = topic!(wire::Credited::SIGNATURE_HASH);
        self.log_amounts(credited, account, cause, &[amount]);
        Ok(())
    }

    /// The same, out of another part of the books.
    #[inline(never)]
    pub(crate) fn owe_from(
        &mut self,
        part: Part,
        account: &B256,
        cause: &B256,
        amount: Amount,
    ) -> Result<(), Vec<u8>> {
        self.shift(part, Part::Credits, amount)?;
        self.owe(account, cause, amount)
    }

    /// Takes something out of an account's credit into another part of the books.
    ///
    /// Errors: `InvalidAmount` of nothing; `InsufficientCredit`.
    #[inline(never)]
    pub(crate) fn spend(
        &mut self,
        account: &B256,
        part: Part,
        amount: Amount,
    ) -> Result<(), Vec<u8>> {
        self.take_credit(account, amount)?;
        self.grow(part, amount)
    }

    #[inline(never)]
    fn add_credit(&mut self, account: &B256, amount: Amount) -> Result<(), Vec<u8>> {
        let credit = sum(self.credit_of(account), amount)?;
        self.set_credit(account, credit);
        Ok(())
    }

    /// Out of an account's credit and out of the part that counts credits.
    ///
    /// Errors: `InvalidAmount` of nothing; `InsufficientCredit`.
    #[inline(never)]
    fn take_credit(&mut self, account: &B256, amount: Amount) -> Result<(), Vec<u8>> {
        let credit = debit(self.credit_of(account), amount).about(NONE, account)?;
        self.set_credit(account, credit);
        self.shrink(Part::Credits, amount)
    }
}

/// Money is never owed or paid to nobody.
///
/// Errors: `InvalidReceiver`.
#[inline(never)]
pub(crate) fn receives(account: &B256) -> Result<(), Vec<u8>> {
    if *account == B256::ZERO {
        return Err(Refused::InvalidReceiver).about(NONE, NONE);
    }
    Ok(())
}

fn payment_failed<T>(to: &Address, amount: Amount) -> Result<T, Vec<u8>> {
    output::refuse(
        common::PAYMENT_FAILED,
        &[to.into_word(), output::amount(amount.get())],
    )
}
