//! What everybody may read.

use alloc::vec::Vec;

use agentcity_abi::ILegislature as legislature;
use agentcity_domain::{machine::SessionState as S, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number, truth},
    peer,
    word::part,
};
use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::{
    award::ANSWERED_MAX,
    session::{ASSIGNMENTS, Session},
    storage::{Enactment, FAULT, RUN, TEMPLATE},
};

/// Words of a seat, as the interfaces lay it out.
pub(crate) const SEAT_WORDS: usize = 5;

impl Enactment {
    /// Seats of these bids, word by word, as the legislature answers them.
    #[inline(never)]
    fn seats_of(&self, session: B256, bids: &[u32]) -> Result<Vec<B256>, Vec<u8>> {
        let numbers: Vec<B256> = bids.iter().map(|bid| number((*bid).into())).collect();
        let arguments = output::Output::of(2).word(session).list(&numbers, 1).finish();
        let data = peer::call_laid_out(legislature::bidsOfCall::SELECTOR, &arguments);
        let answer = peer::ask(self.vm(), self.member(Peer::Legislature)?, &data)?;
        let (count, mut bids) = Input::new(&answer).list(ANSWERED_MAX)?;
        let mut words = Vec::with_capacity(SEAT_WORDS.saturating_mul(count));
        for _ in 0..count {
            // A bid's words (ILegislature): number, state, round and node stand before a seat's, measures behind them.
            let [_, _, _, _] = bids.fields([32; 4])?;
            let seat: [B256; SEAT_WORDS] = bids.fields([32; SEAT_WORDS])?;
            words.extend_from_slice(&seat);
            let [_, _, _] = bids.fields([32; 3])?;
        }
        Ok(words)
    }

    /// Seats of a node as awarded, word by word, and the runner-up plus one.
    #[inline(never)]
    pub(crate) fn seats(&self, session: &Session, node: u16) -> Result<(Vec<B256>, u32), Vec<u8>> {
        let (winners, runner_up) = self.winners(&self.run_of(session), node);
        Ok((self.seats_of(session.id, &winners)?, runner_up))
    }

    pub(crate) fn runner_up(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, input.u16()?);
        let loaded = self.load_session(session)?;
        let (_, runner_up) = self.winners(&self.run_of(&loaded), node);
        match runner_up.checked_sub(1) {
            Some(bid) => Ok(output::words(&self.seats_of(session, &[bid])?)),
            None => Ok(output::words(&[B256::ZERO; SEAT_WORDS])),
        }
    }

    pub(crate) fn awarded(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, input.u16()?);
        let loaded = self.load_session(session)?;
        let (seats, runner_up) = self.seats(&loaded, node)?;
        Ok(output::Output::of(2)
            .list(&seats, SEAT_WORDS)
            .word(number(runner_up.into()))
            .finish())
    }

    pub(crate) fn award_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, input.u16()?);
        let loaded = self.load_session(session)?;
        let (winners, runner_up) = self.winners(&self.run_of(&loaded), node);
        let bids: Vec<B256> = winners.iter().map(|bid| number((*bid).into())).collect();
        Ok(output::Output::of(2)
            .list(&bids, 1)
            .word(number(runner_up.into()))
            .finish())
    }

    pub(crate) fn law_of(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let loaded = self.load_session(session)?;
        let key = self.run_of(&loaded);
        let approvals = self.approvals(&session);
        Ok(output::words(&[
            truth(loaded.state == S::Deployed as u8),
            number(approvals.audited().into()),
            number(loaded.kind.into()),
            loaded.statute,
            self.word_at(RUN, &key, ASSIGNMENTS),
            number(loaded.epoch),
            number(loaded.nodes.into()),
            number(self.run(&key).fairness().into()),
            number(approvals.waived().into()),
            amount(loaded.budget),
            number(loaded.deadline),
            loaded.mission,
            number(loaded.node.into()),
            loaded.sponsor,
            loaded.domain,
        ]))
    }

    pub(crate) fn template(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(TEMPLATE, input.word()?, number(input.u16()?.into()));
        let word = self.read(key);
        let [nodes, tiers, risk, predicates] =
            [(0, 2), (2, 1), (3, 1), (4, 1)].map(|(at, bytes)| amount(part(word, at, bytes)));
        let schema = self.word_at(TEMPLATE, &key, 0);
        Ok(output::words(&[schema, nodes, tiers, risk, predicates]))
    }

    pub(crate) fn specification_fault(&mut self, input: &mut Input<'_>) -> Answer {
        let [mission, node] = input.fields([32, 2])?;
        let word = self.read(self.key(FAULT, mission, node));
        Ok(output::words(&[
            truth(word != B256::ZERO),
            amount(part(word, 31, 1)),
        ]))
    }
}
