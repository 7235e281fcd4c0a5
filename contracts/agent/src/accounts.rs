//! Money: taking stakes, crediting and paying what is owed. One lock spans every entry during which a token's or a
//! receiver's code runs (RULINGS A9).

use agentcity_abi::{IAgent as wire, ITreasury as treasury};
use agentcity_domain::{
    agent::books::{self as rules, Dues, Totals},
    amount::Amount,
    literal,
    peer::Peer,
};
use agentcity_shell::{
    Answer, Input,
    money::Asset,
    output::{self, address, amount},
    peer, refusal,
};
use alloc::vec::Vec;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

/// Selector of an ERC-20's `approve(address,uint256)`.
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];

impl Agents {
    pub(crate) fn credits(&self, input: &mut Input<'_>) -> Answer {
        let credit = self.load_credit(input.address()?);
        Ok(output::words(&[amount(credit.get())]))
    }

    pub(crate) fn dues(&self) -> Answer {
        let dues = self.load_dues();
        Ok(output::words(&[
            amount(dues.treasury.get()),
            amount(dues.insurance.get()),
        ]))
    }

    pub(crate) fn booked(&self) -> Answer {
        Ok(output::words(&[amount(self.load_totals().booked.get())]))
    }

    /// Errors: `NotWired`, `Reentered`, `NothingOwed`, `PaymentFailed`.
    /// Events: `Withdrawn`.
    pub(crate) fn withdraw(&mut self) -> Answer {
        self.pay_out(self.vm().msg_sender())
    }

    /// Errors: as [`Self::withdraw`], and `InvalidReceiver`.
    /// Events: `Withdrawn`.
    pub(crate) fn withdraw_to(&mut self, input: &mut Input<'_>) -> Answer {
        self.pay_out(input.address()?)
    }

    #[inline(never)]
    fn pay_out(&mut self, to: Address) -> Answer {
        let account = self.vm().msg_sender();
        let (asset, _) = self.load_money()?;
        let totals = self.unlocked()?;
        let owed = rules::withdraw(account, self.load_credit(account), to).map_err(revert)?;
        let totals = totals.without(owed).map_err(revert)?;

        self.store_credit(account, Amount::ZERO);
        self.lock(totals);

        self.emit(
            &[
                literal!(wire::Withdrawn::SIGNATURE_HASH),
                address(account),
                address(to),
            ],
            &[amount(owed.get())],
        );
        asset.pay(self.vm(), to, owed.get())?;
        self.unlock();
        Ok(output::words(&[amount(owed.get())]))
    }

    /// Errors: `NotWired`, `Reentered`, `BooksOutOfRange`.
    /// Events: `Skimmed`.
    pub(crate) fn skim(&mut self) -> Answer {
        let (asset, _) = self.load_money()?;
        let totals = self.unlocked()?;
        let held = asset.balance(self.vm(), self.vm().contract_address())?;
        // What exceeds 128 bits waits until there is room.
        let held = Amount::try_from(held).unwrap_or(Amount::MAX);
        let surplus = Amount::new(held.get().saturating_sub(totals.booked.get()));
        let totals = totals.with(surplus).map_err(revert)?;
        let dues = self.load_dues().with_surplus(surplus).map_err(revert)?;

        self.store_totals(totals);
        self.store_dues(dues);

        let found = [amount(surplus.get())];
        self.emit(&[literal!(wire::Skimmed::SIGNATURE_HASH)], &found);
        Ok(output::words(&found))
    }

    /// What the treasury would not take of a token is surplus afterwards, which [`Self::skim`] makes due again.
    ///
    /// Errors: `NotWired`, `Reentered`; `NothingOwed` when nothing is due; the treasury's or the token's refusal.
    /// Events: `Remitted`.
    pub(crate) fn remit(&mut self) -> Answer {
        let (asset, _) = self.load_money()?;
        let to = self.load_peer(Peer::Treasury)?;
        let (totals, dues) = (self.unlocked()?, self.load_dues());
        let total = dues.total().map_err(revert)?;
        if total.is_zero() {
            return Err(refusal(wire::NothingOwed::SELECTOR, &[address(to)]));
        }
        let totals = totals.without(total).map_err(revert)?;

        self.store_dues(Dues::default());
        self.lock(totals);

        self.emit(
            &[literal!(wire::Remitted::SIGNATURE_HASH)],
            &[amount(dues.treasury.get()), amount(dues.insurance.get())],
        );
        if let Asset::Token(token) = asset {
            // Some tokens refuse to change an allowance that is not nought, and others to set nought: so nought only if need be.
            if !self.allow(token, to, total) {
                self.allow(token, to, Amount::ZERO);
                self.allow(token, to, total);
            }
        }
        let funds = [
            (treasury::Fund::Treasury, dues.treasury),
            (treasury::Fund::Insurance, dues.insurance),
        ];
        for (fund, due) in funds {
            if !due.is_zero() {
                self.contribute(asset, to, fund as u64, due)?;
            }
        }
        self.unlock();
        Ok(Vec::new())
    }

    /// Lets `to` take tokens; whether the token agreed, by a true word or by silence.
    #[inline(never)]
    fn allow(&self, token: Address, to: Address, most: Amount) -> bool {
        let call = peer::call_data(APPROVE, &[address(to), amount(most.get())]);
        match peer::tell(self.vm(), token, &call, U256::ZERO) {
            Ok(answer) => answer.is_empty() || Input::new(&answer).bool() == Ok(true),
            Err(_) => false,
        }
    }

    #[inline(never)]
    fn contribute(&self, asset: Asset, to: Address, fund: u64, due: Amount) -> Result<(), Vec<u8>> {
        let words = [output::number(fund), amount(due.get())];
        let coins = match asset {
            Asset::Native => due.to_u256(),
            Asset::Token(_) => U256::ZERO,
        };
        let call = peer::call_data(treasury::contributeCall::SELECTOR, &words);
        peer::tell(self.vm(), to, &call, coins)?;
        Ok(())
    }

    /// Books a stake and takes it from the caller. Comes last: a token's code runs.
    ///
    /// Errors: `NotWired`, `Reentered`, `BooksOutOfRange`, `AmountMismatch`, `NotPayable`; the token's refusal.
    #[inline(never)]
    pub(crate) fn collect(&mut self, stake: u32) -> Result<(), Vec<u8>> {
        let (asset, scale) = self.load_money()?;
        let due = rules::base_units(stake, scale).map_err(revert)?;
        let totals = self.unlocked()?.with(due).map_err(revert)?;
        match asset {
            Asset::Native => {
                self.store_totals(totals);
                asset.collect(self.vm(), due.get())
            }
            Asset::Token(_) => {
                self.lock(totals);
                asset.collect(self.vm(), due.get())?;
                self.unlock();
                Ok(())
            }
        }
    }

    /// Makes a stake that is free the credit of an account.
    #[inline(never)]
    pub(crate) fn credit(&mut self, account: Address, stake: u32) -> Result<(), Vec<u8>> {
        let freed = self.base_units(stake)?;
        let credit = rules::sum(self.load_credit(account), freed).map_err(revert)?;
        self.store_credit(account, credit);
        Ok(())
    }

    /// Base units of a stake.
    #[inline(never)]
    pub(crate) fn base_units(&self, stake: u32) -> Result<Amount, Vec<u8>> {
        let (_, scale) = self.load_money()?;
        rules::base_units(stake, scale).map_err(revert)
    }

    /// Errors: `Reentered`.
    #[inline(never)]
    fn unlocked(&self) -> Result<Totals, Vec<u8>> {
        let totals = self.load_totals();
        if totals.locked {
            return Err(refusal(wire::Reentered::SELECTOR, &[]));
        }
        Ok(totals)
    }

    #[inline(never)]
    fn lock(&mut self, totals: Totals) {
        self.store_totals(Totals {
            locked: true,
            ..totals
        });
    }

    /// Reads again: what ran meanwhile may have changed the counters.
    #[inline(never)]
    fn unlock(&mut self) {
        let totals = Totals {
            locked: false,
            ..self.load_totals()
        };
        self.store_totals(totals);
    }
}
