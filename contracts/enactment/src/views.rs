//! What everybody may read.

use alloc::vec::Vec;

use agentcity_abi::ILegislature as legislature;
use agentcity_domain::{legislation::template::Template, machine::SessionState as S, peer::Peer};
use agentcity_shell::{
    member::Member,
    output::number,
    reader::Reader,
    said::{Become, Said, end},
    word::get,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::SolCall;

use crate::{
    award::ANSWERED_MAX,
    session::{ASSIGNMENTS, Session, list},
    storage::{Enactment, FAULT, RUN, TEMPLATE},
};

/// Words of a seat, as the interfaces lay it out.
pub(crate) const SEAT_WORDS: usize = 5;

/// The numbers of bids, as words.
#[inline(never)]
fn numbers(bids: &[u32]) -> Vec<B256> {
    let mut words = Vec::with_capacity(bids.len());
    for bid in bids {
        words.push(number((*bid).into()));
    }
    words
}

impl Enactment {
    /// Seats of these bids, word by word, as the legislature answers them.
    #[inline(never)]
    fn seats_of(&self, session: &B256, bids: &[u32]) -> Said<Vec<B256>> {
        let mut call = Words::after(legislature::bidsOfCall::SELECTOR);
        call.word(session).number(64);
        list(&mut call, &numbers(bids), 1);
        let answer = self.ask(Peer::Legislature, &call)?;
        let (count, mut bids) = Reader::new(&answer).list(ANSWERED_MAX);
        let mut words = Vec::with_capacity(SEAT_WORDS.saturating_mul(count));
        for _ in 0..count {
            // A bid's words (ILegislature): number, state, round and node stand before a seat's, measures behind them.
            bids.skip(4);
            for _ in 0..SEAT_WORDS {
                words.push(bids.word());
            }
            bids.skip(3);
        }
        end(&bids)?;
        Ok(words)
    }

    /// Seats of a node as awarded, word by word, and the runner-up plus one.
    #[inline(never)]
    pub(crate) fn seats(&self, session: &Session, node: u16) -> Said<(Vec<B256>, u32)> {
        let (winners, runner_up) = self.winners(&self.run_of(session), node);
        Ok((self.seats_of(&session.id, &winners)?, runner_up))
    }

    pub(crate) fn runner_up(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (session, node) = (&input.word(), input.u16());
        let loaded = self.load_session(session)?;
        let (_, runner_up) = self.winners(&self.run_of(&loaded), node);
        match runner_up.checked_sub(1) {
            Some(bid) => Words::new().all(&self.seats_of(session, &[bid])?).reply(),
            None => Words::new().all(&[B256::ZERO; SEAT_WORDS]).reply(),
        }
    }

    pub(crate) fn awarded(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (session, node) = (&input.word(), input.u16());
        let loaded = self.load_session(session)?;
        let (seats, runner_up) = self.seats(&loaded, node)?;
        let mut answer = Words::new();
        answer.number(64).number(runner_up.into());
        list(&mut answer, &seats, SEAT_WORDS);
        answer.reply()
    }

    pub(crate) fn award_of(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (session, node) = (&input.word(), input.u16());
        let loaded = self.load_session(session)?;
        let (winners, runner_up) = self.winners(&self.run_of(&loaded), node);
        let mut answer = Words::new();
        answer.number(64).number(runner_up.into());
        list(&mut answer, &numbers(&winners), 1);
        answer.reply()
    }

    pub(crate) fn law_of(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let session = &input.word();
        let loaded = self.load_session(session)?;
        let key = &self.run_of(&loaded);
        let approvals = self.approvals(session);
        Words::new()
            .truth(loaded.state == S::Deployed.number())
            .number(approvals.audited().into())
            .number(loaded.kind.into())
            .word(&loaded.statute)
            .word(&self.entry(RUN, key, ASSIGNMENTS))
            .number(loaded.epoch)
            .number(loaded.nodes.into())
            .number(self.run(key).fairness().into())
            .number(approvals.waived().into())
            .amount(loaded.budget)
            .number(loaded.deadline)
            .word(&loaded.mission)
            .number(loaded.node.into())
            .address(&loaded.sponsor)
            .word(&loaded.domain)
            .reply()
    }

    pub(crate) fn template(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (id, version) = (input.word(), number(input.u16().into()));
        let key = self.key(TEMPLATE, id, version);
        let template = Template(self.read(key));
        Words::new()
            .word(&self.entry(TEMPLATE, &key, 0))
            .number(template.nodes_max().into())
            .number(template.tiers().into())
            .number(template.risk_max().into())
            .number(template.predicates_min().into())
            .reply()
    }

    pub(crate) fn specification_fault(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (mission, node) = (&input.word(), &number(input.u16().into()));
        let fault = self.entry_at(FAULT, mission, node);
        Words::new()
            .truth(!fault.is_zero())
            .number(get(&fault, 31, 1))
            .reply()
    }
}
