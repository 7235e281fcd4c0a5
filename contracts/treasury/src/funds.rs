//! The common funds, and the books.

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    parameter::ParameterId as P,
    peer::Peer,
    treasury::{
        books::{self, Part, Total},
        fund::{self, Fund},
    },
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    money::Asset,
    output::number,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{
    credits::receives,
    error::{Decided, NONE},
    storage::{Treasury, amount_of, answer},
};

const fn part_of(fund: Fund) -> Part {
    match fund {
        Fund::Insurance => Part::Insurance,
        Fund::Treasury | Fund::None => Part::Treasury,
    }
}

impl Treasury {
    /// Errors: `MalformedCall` for no fund; as `collect`.
    /// Events: `FundReceived`.
    pub(crate) fn contribute(&mut self, input: &mut Reader<'_>) -> Answer {
        let (fund, amount) = (input.u8(), amount_of(input)?);
        let fund = Fund::at(fund).ok_or_else(malformed)?;
        self.collect(amount)?;
        self.grow(part_of(fund), amount)?;
        let received = topic!(wire::FundReceived::SIGNATURE_HASH);
        self.log_amounts(received, &number(fund as u64), &self.payer(), &[amount]);
        Ok(Vec::new())
    }

    /// What the contract holds of the asset; what exceeds 128 bits waits until there is room.
    #[inline(never)]
    pub(crate) fn held(&self) -> Result<Amount, Vec<u8>> {
        let (asset, _) = self.money()?;
        let held = asset.balance(self.vm(), self.vm().contract_address())?;
        Ok(Amount::try_from(held).unwrap_or(Amount::MAX))
    }

    /// Errors: `NotWired`, `Reentered`; the token's refusal.
    /// Events: `Skimmed`.
    pub(crate) fn skim(&mut self) -> Answer {
        let total = self.unlocked()?;
        let surplus = fund::surplus(self.held()?, total.booked);
        if !surplus.is_zero() {
            self.set_total(total.receive(surplus).about(NONE, NONE)?);
            self.grow(Part::Treasury, surplus)?;
        }
        self.log(
            topic!(wire::Skimmed::SIGNATURE_HASH).amount(surplus.get()),
            1,
        );
        answer(surplus)
    }

    /// Errors: `Unauthorized`, `NoEvidence`, `NothingLocked`, `AlreadyClaimed`, `InvalidAmount`, `InsuranceLimit`.
    /// Events: `InsurancePaid`, `Credited`.
    pub(crate) fn pay_insurance(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, agent) = (&input.word(), &input.address().into_word());
        let (amount, evidence) = (amount_of(input)?, input.word());
        self.only(&[Peer::Adjudication])?;
        let share = self.parameter(P::InsuranceClaimPct)?;
        let (stake, _) = fund::claim(
            self.part(Part::Insurance),
            self.locked(mission, agent),
            evidence != B256::ZERO,
            share,
            amount,
        )
        .about(mission, agent)?;
        self.set_locked(mission, agent, &stake);
        self.log(
            topic!(wire::InsurancePaid::SIGNATURE_HASH)
                .word(mission)
                .word(agent)
                .amount(amount.get())
                .word(&evidence),
            3,
        );
        self.owe_from(Part::Insurance, agent, mission, amount)?;
        Ok(Vec::new())
    }

    /// Pays somebody out of a fund.
    ///
    /// Errors: `InvalidReceiver`, `InvalidAmount`, `InsufficientFund`.
    /// Events: `Credited`.
    #[inline(never)]
    fn pay_from(
        &mut self,
        fund: Fund,
        to: &B256,
        cause: &B256,
        amount: Amount,
    ) -> Result<(), Vec<u8>> {
        receives(to)?;
        let part = part_of(fund);
        fund::spend(fund, self.part(part), amount).about(NONE, NONE)?;
        self.owe_from(part, to, cause, amount)
    }

    /// Errors: `Unauthorized`; `MalformedCall` for no kind; as `pay_from`.
    /// Events: `Disbursed`, `Credited`.
    pub(crate) fn disburse(&mut self, input: &mut Reader<'_>) -> Answer {
        let (kind, recipient) = (input.u8(), &input.address().into_word());
        let (amount, why) = (amount_of(input)?, &input.word());
        self.only(&[Peer::Adjudication])?;
        let fund = Fund::of_disbursement(kind).ok_or_else(malformed)?;
        self.pay_from(fund, recipient, why, amount)?;
        self.log(
            topic!(wire::Disbursed::SIGNATURE_HASH)
                .number(kind.into())
                .word(recipient)
                .amount(amount.get())
                .word(why),
            3,
        );
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`; as `pay_from`.
    /// Events: `CompensationPaid`, `Credited`.
    pub(crate) fn pay_compensation(&mut self, input: &mut Reader<'_>) -> Answer {
        let (adjudicator, reviews) = (&input.address().into_word(), input.u32());
        self.only(&[Peer::Roster])?;
        let (_, scale) = self.money()?;
        let rate = self.parameter(P::AdjudicatorCompensationRate)?;
        let amount = fund::compensation(reviews, rate, scale).about(NONE, NONE)?;
        self.pay_from(Fund::Treasury, adjudicator, NONE, amount)?;
        self.log(
            topic!(wire::CompensationPaid::SIGNATURE_HASH)
                .word(adjudicator)
                .number(reviews.into())
                .amount(amount.get()),
            2,
        );
        Ok(Vec::new())
    }

    // ------------------------------------------------------------------ books

    pub(crate) fn asset(&mut self) -> Answer {
        let (asset, _) = self.money()?;
        let address = match asset {
            Asset::Native => Address::ZERO,
            Asset::Token(token) => token,
        };
        Words::new().address(&address).answer()
    }

    pub(crate) fn booked(&mut self) -> Answer {
        let Total { booked, .. } = self.total();
        answer(booked)
    }

    pub(crate) fn parts(&mut self) -> Answer {
        let pairs = [0, 1, 2, 3].map(|pair| self.pair(pair).0);
        let parts = books::parts(self.total().booked, &pairs).about(NONE, NONE)?;
        let mut words = Words::new();
        for part in parts {
            words.amount(part.get());
        }
        words.answer()
    }

    pub(crate) fn solvency(&mut self) -> Answer {
        let limit = fund::claim_limit(
            self.part(Part::Insurance),
            self.parameter(P::InsuranceClaimPct)?,
        );
        let (asset, _) = self.money()?;
        let held = asset.balance(self.vm(), self.vm().contract_address())?;
        Words::new()
            .amount(self.total().booked.get())
            .word(&B256::from(held))
            .amount(self.part(Part::Subsidy).get())
            .amount(limit.get())
            .answer()
    }
}
