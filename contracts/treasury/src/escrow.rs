//! Escrow and settlement.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ITreasury as wire};
use agentcity_domain::{
    amount::{Amount, Bps},
    literal,
    parameter::ParameterId,
    peer::Peer,
    reputation::{self, Alpha, Points},
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, peer, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{funds::Part, storage::Treasury};

/// Escrow: state, sponsor, epoch | deposited, allocated | settled, refunded.
const ESCROW: Kind = 1;
/// Nodes settled, one bit each.
const SETTLED: Kind = 2;
/// Most executors of a node.
const SEATS_MAX: usize = 7;

const OPEN: u128 = 1;
const CLOSING: u128 = 2;
const CLOSED: u128 = 3;

impl Treasury {
    fn escrow_keys(&self, mission: B256) -> [B256; 3] {
        [0, 1, 2].map(|place| self.key(ESCROW, mission, output::number(place)))
    }

    #[inline(never)]
    fn escrow_words(&self, mission: B256, state: u128) -> Result<([B256; 3], [B256; 3]), Vec<u8>> {
        let keys = self.escrow_keys(mission);
        let words = keys.map(|key| self.read(key));
        let found = part(words[0], 0, 1);
        if found != state {
            return refuse(
                wire::WrongEscrowState::SELECTOR,
                &[mission, output::number(found as u64)],
            );
        }
        Ok((keys, words))
    }

    pub(crate) fn open_escrow(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, sponsor, epoch) = (input.word()?, input.address()?, input.u64()?);
        self.only(&[Peer::Collaboration])?;
        let (keys, _) = self.escrow_words(mission, 0)?;
        let mut word = with(sponsor.into_word(), 0, 1, OPEN);
        word = with(word, 1, 8, epoch.into());
        self.write(keys[0], word);
        self.emit(
            &[
                literal!(wire::EscrowOpened::SIGNATURE_HASH),
                mission,
                sponsor.into_word(),
            ],
            &[output::number(epoch)],
        );
        Ok(Vec::new())
    }

    #[inline(never)]
    pub(crate) fn book_funding(&mut self, mission: B256, amount: u128) -> Answer {
        let (keys, words) = self.escrow_words(mission, OPEN)?;
        let deposited = part(words[1], 0, 16)
            .checked_add(amount)
            .ok_or_else(malformed)?;
        self.write(keys[1], with(words[1], 0, 16, deposited));
        self.grow(Part::Escrows, amount)?;
        let payer = self.caller().into_word();
        self.emit(
            &[
                literal!(wire::MissionFunded::SIGNATURE_HASH),
                mission,
                payer,
            ],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn fund_mission(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, amount) = (input.word()?, input.u128()?);
        self.collect(amount)?;
        self.book_funding(mission, amount)
    }

    pub(crate) fn fund_mission_with_permit(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, amount) = (input.word()?, input.u128()?);
        self.permit(input, amount)?;
        self.collect(amount)?;
        self.book_funding(mission, amount)
    }

    pub(crate) fn fund_mission_from_credit(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, amount) = (input.word()?, input.u128()?);
        self.debit(self.caller(), amount)?;
        self.book_funding(mission, amount)
    }

    pub(crate) fn allocate_budget(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, allocated) = (input.word()?, input.u128()?);
        self.only(&[Peer::Statute])?;
        let (keys, words) = self.escrow_words(mission, OPEN)?;
        let deposited = part(words[1], 0, 16);
        if allocated > deposited {
            return refuse(
                wire::InsufficientEscrow::SELECTOR,
                &[
                    mission,
                    output::amount(deposited),
                    output::amount(allocated),
                ],
            );
        }
        self.write(keys[1], with(words[1], 16, 16, allocated));
        self.emit(
            &[literal!(wire::BudgetAllocated::SIGNATURE_HASH), mission],
            &[output::amount(allocated)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn settle(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, budget) = (input.word()?, input.u16()?, input.u128()?);
        let (count, mut list) = input.list(SEATS_MAX)?;
        self.only(&[Peer::Collaboration])?;
        let (keys, words) = self.escrow_words(mission, OPEN)?;
        let bits_key = self.key(SETTLED, mission, output::number(u64::from(node / 256)));
        let bits = self.read(bits_key);
        let (byte, bit) = (usize::from(node % 256 / 8), 1u128 << (node % 8));
        if part(bits, byte, 1) & bit != 0 {
            return refuse(
                wire::AlreadySettled::SELECTOR,
                &[mission, output::number(node.into())],
            );
        }
        let epoch = part(words[0], 1, 8) as u64;
        let [fee, reserve, alpha, own_cap, cap] = self.parameters(
            epoch,
            [
                ParameterId::ProtocolFeeRate as u8,
                ParameterId::InsuranceReserveRate as u8,
                ParameterId::ReputationMultiplierAlpha as u8,
                ParameterId::MissionSubsidyCapBps as u8,
                ParameterId::SubsidyCapBps as u8,
            ],
        )?;
        let (fee, reserve) = (
            Bps::new(fee).map_err(|_| malformed())?,
            Bps::new(reserve).map_err(|_| malformed())?,
        );
        let (own_cap, cap) = (
            Bps::new(own_cap).map_err(|_| malformed())?,
            Bps::new(cap).map_err(|_| malformed())?,
        );
        let alpha = Alpha::new(alpha).map_err(|_| malformed())?;
        let share = Amount::new(budget.checked_div(count as u128).unwrap_or_default());
        let (mut paid, mut fees, mut reserves, mut rests, mut subsidies) =
            (0u128, 0u128, 0u128, 0u128, 0u128);
        let mut left = self.total(Part::Subsidy);
        for _ in 0..count {
            let (agent, milli) = (list.address()?, list.u32()?);
            list.u128()?;
            self.not_sponsors(mission, words[0], agent)?;
            let score = Points::new(u64::from(milli) / 1_000).map_err(|_| malformed())?;
            let psi = u128::from(reputation::psi(score, alpha).get());
            let (protocol, insured) = (share.bps_floor(fee).get(), share.bps_floor(reserve).get());
            let base = share.get() - protocol - insured;
            let reward = Amount::new(base)
                .mul_div_floor(psi.min(1_000), 1_000)
                .map_err(|_| malformed())?
                .get();
            let premium = Amount::new(base)
                .mul_div_floor(psi.saturating_sub(1_000), 1_000)
                .map_err(|_| malformed())?;
            let subsidy = premium
                .min(Amount::new(protocol).min(Amount::new(left)))
                .min(Amount::new(protocol).bps_floor(own_cap))
                .get();
            left -= subsidy;
            let rest = base - reward;
            (paid, fees) = (paid + share.get(), fees + protocol);
            (reserves, rests, subsidies) = (reserves + insured, rests + rest, subsidies + subsidy);
            self.credit(agent, mission, reward + subsidy)?;
            self.emit(
                &[
                    literal!(wire::Settled::SIGNATURE_HASH),
                    mission,
                    output::number(node.into()),
                    agent.into_word(),
                ],
                &[share.get(), reward, subsidy, protocol, insured, rest].map(output::amount),
            );
        }
        self.write(bits_key, with(bits, byte, 1, part(bits, byte, 1) | bit));
        self.write(keys[2], with(words[2], 0, 16, part(words[2], 0, 16) + paid));
        self.write(
            keys[1],
            with(
                words[1],
                16,
                16,
                part(words[1], 16, 16).saturating_sub(budget),
            ),
        );
        self.shrink(Part::Escrows, paid)?;
        self.shrink(Part::Subsidy, subsidies)?;
        self.grow(Part::Insurance, reserves)?;
        let accrued = Amount::new(fees).bps_floor(cap).get();
        self.grow(Part::Subsidy, accrued)?;
        self.grow(Part::Treasury, fees - accrued + rests)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn not_sponsors(&self, mission: B256, word: B256, agent: Address) -> Result<(), Vec<u8>> {
        let data = peer::call_data(agents::principalOfCall::SELECTOR, &[agent.into_word()]);
        let principal = peer::ask_word(self.vm(), self.member(Peer::Agent)?, &data)?;
        if part(principal, 12, 16) == part(word, 12, 16) {
            return refuse(wire::SelfDealing::SELECTOR, &[mission, agent.into_word()]);
        }
        Ok(())
    }

    pub(crate) fn move_escrow(&mut self, input: &mut Input<'_>) -> Answer {
        let (from, to, amount) = (input.word()?, input.word()?, input.u128()?);
        self.only(&[Peer::Collaboration])?;
        let (from_keys, giving) = self.escrow_words(from, OPEN)?;
        let (to_keys, taking) = self.escrow_words(to, OPEN)?;
        let held = part(giving[1], 0, 16)
            .saturating_sub(part(giving[2], 0, 16))
            .saturating_sub(part(giving[1], 16, 16));
        if amount > held {
            return refuse(
                wire::InsufficientEscrow::SELECTOR,
                &[from, output::amount(held), output::amount(amount)],
            );
        }
        self.write(
            from_keys[1],
            with(giving[1], 0, 16, part(giving[1], 0, 16) - amount),
        );
        self.write(
            to_keys[1],
            with(taking[1], 0, 16, part(taking[1], 0, 16) + amount),
        );
        self.emit(
            &[literal!(wire::EscrowMoved::SIGNATURE_HASH), from, to],
            &[output::amount(amount)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn begin_closing(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, sanction) = (input.word()?, input.u64()?);
        self.only(&[Peer::Collaboration])?;
        let (keys, words) = self.escrow_words(mission, OPEN)?;
        let release = self.now().checked_add(sanction).ok_or_else(malformed)?;
        let word = with(words[0], 0, 1, CLOSING);
        self.write(keys[0], word);
        self.write(
            self.key(ESCROW, mission, output::number(3)),
            output::number(release),
        );
        self.emit(
            &[literal!(wire::EscrowClosing::SIGNATURE_HASH), mission],
            &[output::number(release)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn release_time(&self, mission: B256) -> u64 {
        part(
            self.read(self.key(ESCROW, mission, output::number(3))),
            24,
            8,
        ) as u64
    }

    pub(crate) fn close_escrow(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let (keys, words) = self.escrow_words(mission, CLOSING)?;
        let sponsor = Address::from_word(with(words[0], 0, 12, 0));
        let refund = part(words[1], 0, 16).saturating_sub(part(words[2], 0, 16));
        self.write(keys[0], with(words[0], 0, 1, CLOSED));
        self.write(keys[2], with(words[2], 16, 16, refund));
        self.shrink(Part::Escrows, refund)?;
        self.credit(sponsor, mission, refund)?;
        self.emit(
            &[
                literal!(wire::EscrowClosed::SIGNATURE_HASH),
                mission,
                sponsor.into_word(),
            ],
            &[output::amount(refund)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn escrow(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let words = self.escrow_keys(mission).map(|key| self.read(key));
        Ok(output::words(&[
            output::number(part(words[0], 0, 1) as u64),
            with(words[0], 0, 12, 0),
            output::number(part(words[0], 1, 8) as u64),
            output::amount(part(words[1], 0, 16)),
            output::amount(part(words[1], 16, 16)),
            output::amount(part(words[2], 0, 16)),
            output::amount(part(words[2], 16, 16)),
            output::number(self.release_time(mission)),
        ]))
    }
}
