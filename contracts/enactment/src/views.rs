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
    award::{ASSIGNMENTS, PROGRESS, Progress, SEATS_MAX},
    session::{AUDITED, Session, WAIVED},
    storage::{Enactment, FAULT, RUN, SESSION, TEMPLATE},
};

/// Words of a seat, as the interfaces lay it out.
pub(crate) const SEAT_WORDS: usize = 5;

impl Enactment {
    /// Seats of these bids, word by word, as the legislature answers them. Numbers count from one.
    #[inline(never)]
    fn seats_of(&self, session: B256, bids: &[u32]) -> Result<Vec<B256>, Vec<u8>> {
        let numbers: Vec<B256> = bids
            .iter()
            .map(|bid| number(u64::from(*bid).saturating_sub(1)))
            .collect();
        let arguments = output::Output::of(2)
            .word(session)
            .list(&numbers, 1)
            .finish();
        let mut data = legislature::bidsOfCall::SELECTOR.to_vec();
        data.extend_from_slice(&arguments);
        let answer = peer::ask(self.vm(), self.member(Peer::Legislature)?, &data)?;
        let (count, mut bids) = Input::new(&answer).list(SEATS_MAX)?;
        let mut words = Vec::with_capacity(SEAT_WORDS.saturating_mul(count));
        for _ in 0..count {
            // A bid's words (ILegislature): number, state, round and node stand before a seat's, measures behind them.
            for _ in 0..4 {
                bids.word()?;
            }
            for _ in 0..SEAT_WORDS {
                words.push(bids.word()?);
            }
            for _ in 0..3 {
                bids.word()?;
            }
        }
        Ok(words)
    }

    /// Seats of a node as awarded, word by word, and the runner-up plus one.
    #[inline(never)]
    pub(crate) fn seats(
        &self,
        session: B256,
        loaded: &Session,
        node: B256,
    ) -> Result<(Vec<B256>, u32), Vec<u8>> {
        let (winners, runner_up) = self.winners(session, loaded, node);
        Ok((self.seats_of(session, &winners)?, runner_up))
    }

    pub(crate) fn runner_up(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, number(input.u16()?.into()));
        let loaded = self.load_session(session)?;
        let (_, runner_up) = self.winners(session, &loaded, node);
        if runner_up == 0 {
            return Ok(output::words(&[B256::ZERO; SEAT_WORDS]));
        }
        Ok(output::words(&self.seats_of(session, &[runner_up])?))
    }

    pub(crate) fn awarded(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, number(input.u16()?.into()));
        let loaded = self.load_session(session)?;
        let (seats, runner_up) = self.seats(session, &loaded, node)?;
        Ok(output::Output::of(2)
            .list(&seats, SEAT_WORDS)
            .word(number(runner_up.into()))
            .finish())
    }

    pub(crate) fn award_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, number(input.u16()?.into()));
        let loaded = self.load_session(session)?;
        let (winners, runner_up) = self.winners(session, &loaded, node);
        let bids: Vec<B256> = winners
            .iter()
            .map(|winner| number(u64::from(*winner).saturating_sub(1)))
            .collect();
        Ok(output::Output::of(2)
            .list(&bids, 1)
            .word(number(runner_up.into()))
            .finish())
    }

    pub(crate) fn law_of(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let loaded = self.load_session(session)?;
        let run = self.run(session, &loaded);
        let progress = Progress::of(self.word_at(RUN, &run, PROGRESS));
        let marked = |place| truth(self.word_at(SESSION, &session, place) != B256::ZERO);
        Ok(output::words(&[
            truth(loaded.state == S::Deployed as u8),
            marked(AUDITED),
            number(loaded.kind.into()),
            loaded.statute,
            self.word_at(RUN, &run, ASSIGNMENTS),
            number(loaded.epoch),
            number(loaded.nodes.into()),
            number(progress.fairness.into()),
            marked(WAIVED),
            amount(loaded.budget),
            number(loaded.deadline),
            loaded.mission,
            number(loaded.node.into()),
            B256::ZERO,
            B256::ZERO,
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
