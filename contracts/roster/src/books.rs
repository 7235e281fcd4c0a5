//! What the contract holds: stakes of adjudicators, and what is owed to them (RULINGS R17).

use alloc::vec::Vec;

use agentcity_abi::{IRoster as wire, ISettlementToken as token, ITreasury as treasury};
use agentcity_domain::{literal, peer::Peer};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    money::Asset,
    output::{self, amount, number},
    peer, refuse,
    word::part,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{ASSET, OWED, Roster, STAKE, TOTAL};

/// The stakes among the totals.
const STAKES: u64 = 0;
/// What is owed.
const DUE: u64 = 1;
/// Numbers of the treasury's funds on the wire.
const TREASURY: u64 = 1;
const INSURANCE: u64 = 2;

impl Roster {
    pub(crate) fn asset(&self) -> Asset {
        Asset::at(Address::from_word(self.read(self.key(
            ASSET,
            B256::ZERO,
            B256::ZERO,
        ))))
    }

    /// Units in base units.
    #[inline(never)]
    pub(crate) fn in_base_units(&self, units: u64) -> u128 {
        let scale = self.read(self.key(ASSET, number(1), B256::ZERO));
        u128::from(units).saturating_mul(part(scale, 16, 16))
    }

    #[inline(never)]
    fn total(&self, which: u64) -> u128 {
        part(
            self.read(self.key(TOTAL, number(which), B256::ZERO)),
            16,
            16,
        )
    }

    #[inline(never)]
    fn change_total(&mut self, which: u64, by: u128, grows: bool) -> Result<(), Vec<u8>> {
        let total = self.total(which);
        let changed = if grows {
            total.checked_add(by)
        } else {
            total.checked_sub(by)
        };
        self.write(
            self.key(TOTAL, number(which), B256::ZERO),
            amount(changed.ok_or_else(malformed)?),
        );
        Ok(())
    }

    /// Books a stake that was collected.
    #[inline(never)]
    pub(crate) fn book_stake(&mut self, person: B256, value: u128) -> Result<(), Vec<u8>> {
        self.write(self.key(STAKE, person, B256::ZERO), amount(value));
        self.change_total(STAKES, value, true)
    }

    /// Takes a person's stake off the books of stakes.
    #[inline(never)]
    pub(crate) fn unbook_stake(&mut self, person: B256) -> Result<u128, Vec<u8>> {
        let key = self.key(STAKE, person, B256::ZERO);
        let value = part(self.read(key), 16, 16);
        self.write(key, B256::ZERO);
        self.change_total(STAKES, value, false)?;
        Ok(value)
    }

    #[inline(never)]
    pub(crate) fn owe(&mut self, account: B256, value: u128) -> Result<(), Vec<u8>> {
        let key = self.key(OWED, account, B256::ZERO);
        let owed = part(self.read(key), 16, 16)
            .checked_add(value)
            .ok_or_else(malformed)?;
        self.write(key, amount(owed));
        self.change_total(DUE, value, true)
    }

    #[inline(never)]
    fn pay_out(&mut self, to: Address, asked: Option<u128>) -> Answer {
        let caller = self.caller().into_word();
        let key = self.key(OWED, caller, B256::ZERO);
        let owed = part(self.read(key), 16, 16);
        let value = asked.unwrap_or(owed);
        let Some(rest) = owed.checked_sub(value).filter(|_| value > 0) else {
            return refuse(wire::NothingOwed::SELECTOR, &[caller]);
        };
        self.write(key, amount(rest));
        self.change_total(DUE, value, false)?;
        self.emit(
            &[
                literal!(wire::Withdrawn::SIGNATURE_HASH),
                caller,
                to.into_word(),
            ],
            &[amount(value)],
        );
        self.asset().pay(self.vm(), to, value)?;
        Ok(output::words(&[amount(value)]))
    }

    pub(crate) fn withdraw(&mut self) -> Answer {
        self.pay_out(self.caller(), None)
    }

    pub(crate) fn withdraw_to(&mut self, input: &mut Input<'_>) -> Answer {
        let (to, value) = (input.address()?, input.u128()?);
        self.pay_out(to, Some(value))?;
        Ok(Vec::new())
    }

    /// Takes a stake for good: half to insurance, the rest to the treasury (S-06).
    ///
    /// Events: `AdjudicatorSlashed`.
    #[inline(never)]
    pub(crate) fn slash(&mut self, person: B256, cause: B256) -> Result<u128, Vec<u8>> {
        let value = self.unbook_stake(person)?;
        self.emit(
            &[literal!(wire::AdjudicatorSlashed::SIGNATURE_HASH), person],
            &[amount(value), cause],
        );
        let half = value / 2;
        self.contribute(INSURANCE, half)?;
        self.contribute(TREASURY, value.saturating_sub(half))?;
        Ok(value)
    }

    /// Pays into a fund of the treasury, which takes no empty gifts.
    #[inline(never)]
    fn contribute(&self, fund: u64, value: u128) -> Result<(), Vec<u8>> {
        if value == 0 {
            return Ok(());
        }
        let to = self.member(Peer::Treasury)?;
        let coins = match self.asset() {
            Asset::Native => U256::from(value),
            Asset::Token(asset) => {
                let words = [to.into_word(), amount(value)];
                let data = peer::call_data(token::approveCall::SELECTOR, &words);
                peer::tell(self.vm(), asset, &data, U256::ZERO)?;
                U256::ZERO
            }
        };
        let words = [number(fund), amount(value)];
        let data = peer::call_data(treasury::contributeCall::SELECTOR, &words);
        peer::tell(self.vm(), to, &data, coins)?;
        Ok(())
    }

    pub(crate) fn credits(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(OWED, input.address()?.into_word(), B256::ZERO);
        Ok(output::words(&[self.read(key)]))
    }

    fn sum(&self) -> u128 {
        self.total(STAKES).saturating_add(self.total(DUE))
    }

    pub(crate) fn booked(&mut self) -> Answer {
        Ok(output::words(&[amount(self.sum())]))
    }

    pub(crate) fn parts(&mut self) -> Answer {
        Ok(output::words(
            &[STAKES, DUE].map(|which| amount(self.total(which))),
        ))
    }

    pub(crate) fn skim(&mut self) -> Answer {
        let this = self.vm().contract_address();
        let held = self.asset().balance(self.vm(), this)?;
        let surplus = held.saturating_sub(U256::from(self.sum()));
        let surplus = u128::try_from(surplus).map_err(|_| malformed())?;
        self.emit(
            &[literal!(wire::Skimmed::SIGNATURE_HASH)],
            &[amount(surplus)],
        );
        self.contribute(TREASURY, surplus)?;
        Ok(output::words(&[amount(surplus)]))
    }
}
