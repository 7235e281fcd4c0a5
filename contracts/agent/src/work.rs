//! What work changes: reputation and obligations. The contracts that let agents work tell it; one word is read and written.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{
    agent::{
        Refused,
        outcome::{self as rules, Outcome, Terms},
        record::Hot,
        registration as leaving,
    },
    literal,
    parameter::ParameterId,
    peer::Peer,
    reputation::{Lambda, MilliPoints, Points},
};
use agentcity_shell::{
    Answer, Input, malformed,
    output::{self, address, number, signed, truth},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

/// Most agents whose obligations one call opens: what callers copy of its answer.
const AGENTS_MAX: usize = 64; // structural: of an answer of 8,192 bytes

/// How an obligation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obligation {
    /// It ends.
    Close,
    /// It ends, and was a mission.
    Complete,
}

impl Agents {
    /// Errors: `NotWired`, `Unauthorized`, `NotRegistered`, `OutOfRange`.
    /// Events: `ReputationUpdated`.
    pub(crate) fn update_reputation(&mut self, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Collaboration)?;
        let (agent, score, price) = (input.address()?, input.u16()?, input.u64()?);
        let (sponsor, evidence) = (input.address()?, input.word()?);
        let (lambda, full_weight) = (input.u16()?, input.u64()?);
        let (pair_cap, pair_window) = (input.u8()?, input.u32()?);
        let outcome = Outcome {
            score: Points::new(score.into()).map_err(|_| above(score, Points::MAX.get()))?,
            price,
            sponsor,
        };
        let terms = Terms {
            lambda: Lambda::new(lambda.into()).map_err(|_| above(lambda, Lambda::MAX.get()))?,
            full_weight,
            pair_cap,
            pair_window,
        };
        let mut hot = self.load_hot(agent);
        let before = hot.reputation;
        let moved = rules::update(agent, &mut hot, &outcome, &terms, self.now()).map_err(revert)?;

        self.store_outcome(agent, before, &hot);

        let reputation = number(hot.reputation.get().into());
        self.emit(
            &[
                literal!(wire::ReputationUpdated::SIGNATURE_HASH),
                address(agent),
                address(sponsor),
            ],
            &[
                reputation,
                number(score.into()),
                number(moved.weight.get().into()),
                truth(moved.capped),
                evidence,
            ],
        );
        Ok(output::words(&[reputation]))
    }

    /// Errors: `NotWired`, `Unauthorized`, `NotRegistered`; `OutOfRange` for a penalty, `DeltaOutOfRange` for a ruling.
    /// Events: `ReputationAdjusted`.
    #[inline(never)]
    pub(crate) fn adjust(&mut self, by: Peer, input: &mut Input<'_>) -> Answer {
        self.only(by)?;
        let agent = input.address()?;
        let mut hot = self.load_hot(agent);
        let before = hot.reputation;
        let (moved, delta) = if by == Peer::Adjudication {
            let delta = i16::try_from(input.i64()?).map_err(|_| malformed())?;
            // The table keeps it below 2¹⁶.
            let most = self.parameter(ParameterId::RepAdjustLimit)? as u16;
            (
                rules::adjust(agent, &mut hot, delta, most),
                i64::from(delta),
            )
        } else {
            let points = input.u16()?;
            (rules::penalise(agent, &mut hot, points), -i64::from(points))
        };
        let evidence = input.word()?;
        moved.map_err(revert)?;

        self.store_outcome(agent, before, &hot);

        let reputation = number(hot.reputation.get().into());
        self.emit(
            &[
                literal!(wire::ReputationAdjusted::SIGNATURE_HASH),
                address(agent),
                address(self.vm().msg_sender()),
            ],
            &[signed(delta), reputation, evidence],
        );
        Ok(output::words(&[reputation]))
    }

    /// Opens an obligation for each of several agents. Who is not active takes on nothing, and stops nobody else.
    ///
    /// Errors: `NotWired`, `Unauthorized`, `CounterExhausted`.
    /// Events: `ObligationOpened` for each that is active.
    pub(crate) fn open_obligations(&mut self, input: &mut Input<'_>) -> Answer {
        self.either(Peer::Collaboration, Peer::Treasury)?;
        let (count, mut agents) = input.list(AGENTS_MAX)?;
        let mut answer = Vec::with_capacity(count.saturating_mul(2));
        for _ in 0..count {
            let agent = agents.address()?;
            let mut hot = self.load_hot(agent);
            let opened = match hot.open_obligation(agent) {
                Err(Refused::NotActive(_)) => false,
                opened => opened.map(|()| true).map_err(revert)?,
            };
            if opened {
                self.store_hot(agent, &hot);
                let topic = literal!(wire::ObligationOpened::SIGNATURE_HASH);
                self.log_obligation(topic, agent, &hot, 1);
            }
            answer.push(address(self.load_bond(agent).principal));
            answer.push(truth(opened));
        }
        Ok(output::Output::of(1).list(&answer, 2).finish())
    }

    /// Errors: `NotWired`, `Unauthorized`, `NoObligation`, `CounterExhausted`.
    /// Events: `ObligationClosed`; `AgentLeaving` when the last one of a leaving agent ended.
    #[inline(never)]
    pub(crate) fn end_obligation(&mut self, how: Obligation, input: &mut Input<'_>) -> Answer {
        let other = match how {
            Obligation::Close => Peer::Treasury,
            Obligation::Complete => Peer::Collaboration,
        };
        self.either(Peer::Collaboration, other)?;
        let agent = input.address()?;
        let mut hot = self.load_hot(agent);
        let ended = match how {
            Obligation::Close => hot.close_obligation(agent),
            Obligation::Complete => hot.complete_obligation(agent),
        };
        ended.map_err(revert)?;
        let mut history = None;
        if leaving::must_wait_anew(&hot) {
            let cooldown = self.seconds(ParameterId::DeregistrationCooldownSecs)?;
            let history = history.insert(self.load_history(agent));
            leaving::wait_anew(history, cooldown, self.now());
        }

        self.store_hot(agent, &hot);
        if let Some(history) = history {
            self.store_history(agent, &history);
            self.log_leaving(agent, &history);
        }
        self.log_obligation(
            literal!(wire::ObligationClosed::SIGNATURE_HASH),
            agent,
            &hot,
            2,
        );
        Ok(Vec::new())
    }

    /// Says what became of an agent's obligations, in so many words.
    #[inline(never)]
    fn log_obligation(&self, topic: B256, agent: Address, hot: &Hot, words: usize) {
        let data = [number(hot.obligations.into()), number(hot.missions.into())];
        self.emit(&[topic, address(agent)], data.get(..words).unwrap_or(&data));
    }

    /// Writes an agent whose reputation moved; a fall that its principal must answer for, in the principal's record too.
    #[inline(never)]
    fn store_outcome(&mut self, agent: Address, before: MilliPoints, after: &Hot) {
        self.store_hot(agent, after);
        if rules::must_be_remembered(before, after.reputation) {
            let account = self.load_bond(agent).principal;
            let mut principal = self.load_principal(account);
            principal.remember(after.reputation);
            self.store_principal(account, &principal);
        }
    }
}

fn above(value: u16, most: u16) -> Vec<u8> {
    revert(Refused::OutOfRange(value.into(), most.into()))
}
