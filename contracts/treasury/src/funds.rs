//! Credits, the common funds, the books.

use alloc::vec::Vec;

use agentcity_abi::{IConstitution, ISettlementToken, ITreasury as wire};
use agentcity_domain::{literal, parameter::ParameterId, peer::Peer};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    money::Asset,
    output, peer, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Treasury;

const CREDIT: Kind = 10;
const TOTAL: Kind = 11;
const ASSET: Kind = 12;
const LOCK: Kind = 13;
const CLAIMED: Kind = 14;

/// What the booked total is made of.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Escrows,
    Reserved,
    Locked,
    Bonds,
    Treasury,
    Subsidy,
    Insurance,
    Pools,
    Credits,
}

const PARTS: [Part; 9] = [
    Part::Escrows,
    Part::Reserved,
    Part::Locked,
    Part::Bonds,
    Part::Treasury,
    Part::Subsidy,
    Part::Insurance,
    Part::Pools,
    Part::Credits,
];

impl Treasury {
    pub(crate) fn learn_asset(&mut self) -> Answer {
        let from = self.constitution_address();
        let asset = peer::ask_word(self.vm(), from, &IConstitution::assetCall::SELECTOR)?;
        let scale = peer::ask_word(self.vm(), from, &IConstitution::unitScaleCall::SELECTOR)?;
        self.write(self.key(ASSET, B256::ZERO, B256::ZERO), asset);
        self.write(self.key(ASSET, output::number(1), B256::ZERO), scale);
        Ok(Vec::new())
    }

    fn settlement_asset(&self) -> Asset {
        Asset::at(Address::from_word(self.read(self.key(
            ASSET,
            B256::ZERO,
            B256::ZERO,
        ))))
    }

    #[inline(never)]
    fn total_place(&self, which: Part) -> (B256, usize) {
        let place = which as u64;
        (
            self.key(TOTAL, output::number(place / 2), B256::ZERO),
            if place.is_multiple_of(2) { 0 } else { 16 },
        )
    }

    #[inline(never)]
    pub(crate) fn total(&self, which: Part) -> u128 {
        let (key, at) = self.total_place(which);
        part(self.read(key), at, 16)
    }

    #[inline(never)]
    pub(crate) fn grow(&mut self, which: Part, by: u128) -> Result<(), Vec<u8>> {
        let (key, at) = self.total_place(which);
        let word = self.read(key);
        let sum = part(word, at, 16).checked_add(by).ok_or_else(malformed)?;
        self.write(key, with(word, at, 16, sum));
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn shrink(&mut self, which: Part, by: u128) -> Result<(), Vec<u8>> {
        let (key, at) = self.total_place(which);
        let word = self.read(key);
        let held = part(word, at, 16);
        let Some(rest) = held.checked_sub(by) else {
            return refuse(
                wire::InsufficientFund::SELECTOR,
                &[
                    output::number(which as u64),
                    output::amount(held),
                    output::amount(by),
                ],
            );
        };
        self.write(key, with(word, at, 16, rest));
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn credit(
        &mut self,
        account: Address,
        cause: B256,
        amount: u128,
    ) -> Result<(), Vec<u8>> {
        let key = self.key(CREDIT, account.into_word(), B256::ZERO);
        let sum = part(self.read(key), 16, 16)
            .checked_add(amount)
            .ok_or_else(malformed)?;
        self.write(key, output::amount(sum));
        self.grow(Part::Credits, amount)?;
        self.emit(
            &[
                literal!(wire::Credited::SIGNATURE_HASH),
                account.into_word(),
                cause,
            ],
            &[output::amount(amount)],
        );
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn debit(&mut self, account: Address, amount: u128) -> Result<(), Vec<u8>> {
        let key = self.key(CREDIT, account.into_word(), B256::ZERO);
        let held = part(self.read(key), 16, 16);
        let Some(rest) = held.checked_sub(amount) else {
            return refuse(
                wire::InsufficientCredit::SELECTOR,
                &[
                    account.into_word(),
                    output::amount(held),
                    output::amount(amount),
                ],
            );
        };
        self.write(key, output::amount(rest));
        self.shrink(Part::Credits, amount)
    }

    #[inline(never)]
    fn enter(&mut self) -> Result<B256, Vec<u8>> {
        let key = self.key(LOCK, B256::ZERO, B256::ZERO);
        if self.read(key) == output::number(2) {
            return refuse(wire::Reentered::SELECTOR, &[]);
        }
        self.write(key, output::number(2));
        Ok(key)
    }

    #[inline(never)]
    pub(crate) fn collect(&mut self, amount: u128) -> Result<(), Vec<u8>> {
        if amount == 0 {
            return refuse(wire::InvalidAmount::SELECTOR, &[B256::ZERO]);
        }
        let lock = self.enter()?;
        self.settlement_asset().collect(self.vm(), amount)?;
        self.write(lock, output::number(1));
        Ok(())
    }

    /// Relays the caller's permit; one that fails is tolerated if the allowance suffices.
    #[inline(never)]
    pub(crate) fn permit(&mut self, input: &mut Input<'_>, amount: u128) -> Result<(), Vec<u8>> {
        let (deadline, v, r, s) = (input.word()?, input.u8()?, input.word()?, input.word()?);
        let Asset::Token(token) = self.settlement_asset() else {
            return Err(malformed());
        };
        let (owner, this) = (
            self.caller().into_word(),
            self.vm().contract_address().into_word(),
        );
        let words = [
            owner,
            this,
            output::amount(amount),
            deadline,
            output::number(v.into()),
            r,
            s,
        ];
        let data = peer::call_data(ISettlementToken::permitCall::SELECTOR, &words);
        let lock = self.enter()?;
        if let Err(refused) = peer::tell(self.vm(), token, &data, U256::ZERO) {
            let data = peer::call_data(ISettlementToken::allowanceCall::SELECTOR, &[owner, this]);
            let allowed: U256 = peer::ask_word(self.vm(), token, &data)?.into();
            if allowed < U256::from(amount) {
                return Err(refused);
            }
        }
        self.write(lock, output::number(1));
        Ok(())
    }

    #[inline(never)]
    fn book_deposit(&mut self, account: Address, amount: u128) -> Answer {
        let key = self.key(CREDIT, account.into_word(), B256::ZERO);
        let sum = part(self.read(key), 16, 16)
            .checked_add(amount)
            .ok_or_else(malformed)?;
        self.write(key, output::amount(sum));
        self.grow(Part::Credits, amount)?;
        self.emit(
            &[
                literal!(wire::CreditDeposited::SIGNATURE_HASH),
                account.into_word(),
                self.caller().into_word(),
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn deposit(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, amount) = (input.address()?, input.u128()?);
        self.collect(amount)?;
        self.book_deposit(account, amount)
    }

    pub(crate) fn deposit_with_permit(&mut self, input: &mut Input<'_>) -> Answer {
        let (account, amount) = (input.address()?, input.u128()?);
        self.permit(input, amount)?;
        self.collect(amount)?;
        self.book_deposit(account, amount)
    }

    #[inline(never)]
    fn pay_out(&mut self, to: Address, amount: u128) -> Answer {
        let account = self.caller();
        let lock = self.enter()?;
        self.debit(account, amount)?;
        self.emit(
            &[
                literal!(wire::Withdrawn::SIGNATURE_HASH),
                account.into_word(),
                to.into_word(),
            ],
            &[output::amount(amount)],
        );
        self.settlement_asset().pay(self.vm(), to, amount)?;
        self.write(lock, output::number(1));
        Ok(output::words(&[output::amount(amount)]))
    }

    pub(crate) fn withdraw(&mut self) -> Answer {
        let account = self.caller();
        let held = part(
            self.read(self.key(CREDIT, account.into_word(), B256::ZERO)),
            16,
            16,
        );
        self.pay_out(account, held)
    }

    pub(crate) fn withdraw_to(&mut self, input: &mut Input<'_>) -> Answer {
        let (to, amount) = (input.address()?, input.u128()?);
        self.pay_out(to, amount)?;
        Ok(Vec::new())
    }

    pub(crate) fn credits(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(CREDIT, input.address()?.into_word(), B256::ZERO);
        Ok(output::words(&[self.read(key)]))
    }

    pub(crate) fn contribute(&mut self, input: &mut Input<'_>) -> Answer {
        let (fund, amount) = (input.u8()?, input.u128()?);
        let which = match fund {
            1 => Part::Treasury,
            2 => Part::Insurance,
            _ => return Err(malformed()),
        };
        self.collect(amount)?;
        self.grow(which, amount)?;
        self.emit(
            &[
                literal!(wire::FundReceived::SIGNATURE_HASH),
                output::number(fund.into()),
                self.caller().into_word(),
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    fn sum(&self) -> Result<u128, Vec<u8>> {
        let mut sum = 0u128;
        for which in PARTS {
            sum = sum.checked_add(self.total(which)).ok_or_else(malformed)?;
        }
        Ok(sum)
    }

    fn held(&self) -> Result<U256, Vec<u8>> {
        self.settlement_asset()
            .balance(self.vm(), self.vm().contract_address())
    }

    pub(crate) fn skim(&mut self) -> Answer {
        let lock = self.enter()?;
        let surplus = self.held()?.saturating_sub(U256::from(self.sum()?));
        let amount = u128::try_from(surplus).map_err(|_| malformed())?;
        self.grow(Part::Treasury, amount)?;
        self.emit(
            &[literal!(wire::Skimmed::SIGNATURE_HASH)],
            &[output::amount(amount)],
        );
        self.write(lock, output::number(1));
        Ok(output::words(&[output::amount(amount)]))
    }

    /// What insurance holds, and how much of it one claim may take.
    #[inline(never)]
    fn claimable(&self) -> Result<(u128, u128), Vec<u8>> {
        let [percent] = self.live([ParameterId::InsuranceClaimPct as u8])?;
        let available = self.total(Part::Insurance);
        Ok((available, available.saturating_mul(percent.into()) / 100))
    }

    pub(crate) fn pay_insurance(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, agent) = (input.word()?, input.address()?);
        let (amount, evidence) = (input.u128()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        let key = self.key(CLAIMED, mission, agent.into_word());
        if self.read(key) != B256::ZERO {
            return refuse(
                wire::AlreadyClaimed::SELECTOR,
                &[mission, agent.into_word()],
            );
        }
        let (available, limit) = self.claimable()?;
        if amount > limit {
            return refuse(
                wire::InsuranceLimit::SELECTOR,
                &[available, limit, amount].map(output::amount),
            );
        }
        self.write(key, output::number(1));
        self.shrink(Part::Insurance, amount)?;
        self.credit(agent, mission, amount)?;
        self.emit(
            &[
                literal!(wire::InsurancePaid::SIGNATURE_HASH),
                mission,
                agent.into_word(),
            ],
            &[output::amount(amount), evidence],
        );
        Ok(Vec::new())
    }

    pub(crate) fn disburse(&mut self, input: &mut Input<'_>) -> Answer {
        let (kind, recipient) = (input.u8()?, input.address()?);
        let (amount, why) = (input.u128()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        let which = match kind {
            1 => Part::Insurance,
            2 => Part::Treasury,
            _ => return Err(malformed()),
        };
        self.shrink(which, amount)?;
        self.credit(recipient, why, amount)?;
        self.emit(
            &[
                literal!(wire::Disbursed::SIGNATURE_HASH),
                output::number(kind.into()),
                recipient.into_word(),
            ],
            &[output::amount(amount), why],
        );
        Ok(Vec::new())
    }

    pub(crate) fn pay_compensation(&mut self, input: &mut Input<'_>) -> Answer {
        let (adjudicator, reviews) = (input.address()?, input.u32()?);
        self.only(&[Peer::Roster])?;
        let [rate] = self.live([ParameterId::AdjudicatorCompensationRate as u8])?;
        let scale = part(
            self.read(self.key(ASSET, output::number(1), B256::ZERO)),
            16,
            16,
        );
        let amount = u128::from(reviews)
            .checked_mul(rate.into())
            .and_then(|units| units.checked_mul(scale))
            .ok_or_else(malformed)?;
        self.shrink(Part::Treasury, amount)?;
        self.credit(adjudicator, B256::ZERO, amount)?;
        self.emit(
            &[
                literal!(wire::CompensationPaid::SIGNATURE_HASH),
                adjudicator.into_word(),
            ],
            &[output::number(reviews.into()), output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn asset(&mut self) -> Answer {
        Ok(output::words(&[self.read(self.key(
            ASSET,
            B256::ZERO,
            B256::ZERO,
        ))]))
    }

    pub(crate) fn booked(&mut self) -> Answer {
        Ok(output::words(&[output::amount(self.sum()?)]))
    }

    pub(crate) fn parts(&mut self) -> Answer {
        Ok(output::words(
            &PARTS.map(|which| output::amount(self.total(which))),
        ))
    }

    pub(crate) fn solvency(&mut self) -> Answer {
        let (_, limit) = self.claimable()?;
        Ok(output::words(&[
            output::amount(self.sum()?),
            B256::from(self.held()?),
            output::amount(self.total(Part::Subsidy)),
            output::amount(limit),
        ]))
    }
}
