//! What everybody may read.

use alloc::vec::Vec;

use agentcity_domain::statute::{Page, Predicate};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use stylus_sdk::prelude::*;

use crate::{
    deployment::{PAGE, SEATS},
    storage::Statutes,
};

impl Statutes {
    #[inline(never)]
    fn page_words(&self, kind: Kind, input: &mut Input<'_>) -> Answer {
        let (mission, index) = (input.word()?, input.u16()?);
        let stored = self.read(self.key(kind, mission, output::number(index.into())));
        let account = with(stored, 0, 12, 0);
        let hash = if stored == B256::ZERO {
            B256::ZERO
        } else {
            self.vm().code_hash(Address::from_word(account))
        };
        Ok(output::words(&[account, hash]))
    }

    pub(crate) fn page(&mut self, input: &mut Input<'_>) -> Answer {
        self.page_words(PAGE, input)
    }

    pub(crate) fn seat_page(&mut self, input: &mut Input<'_>) -> Answer {
        self.page_words(SEATS, input)
    }

    /// The gate's predicates, of the first page; none before there is one.
    #[inline(never)]
    pub(crate) fn gate(&self, mission: B256) -> Result<Vec<Predicate>, Vec<u8>> {
        let Some(bytes) = self.read_page(mission, 0) else {
            return Ok(Vec::new());
        };
        let page = Page::read(&bytes).ok_or_else(malformed)?;
        Ok((0..page.predicates())
            .filter_map(|index| page.predicate(index))
            .collect())
    }

    pub(crate) fn predicates(&mut self, input: &mut Input<'_>) -> Answer {
        let gate = self.gate(input.word()?)?;
        let mut words = Vec::with_capacity(gate.len().saturating_mul(4));
        for predicate in gate {
            words.push(predicate.target.into_word());
            words.push(predicate.codehash);
            words.push(output::truth(predicate.human));
            words.push(output::truth(predicate.hard));
        }
        Ok(output::Output::of(1).list(&words, 4).finish())
    }

    pub(crate) fn deployment(&mut self, input: &mut Input<'_>) -> Answer {
        let progress = self.progress(input.word()?);
        Ok(output::words(&[
            output::number(progress.pages.into()),
            output::number(progress.seat_pages.into()),
            output::number(progress.nodes.into()),
            output::amount(part(progress.word, 16, 16)),
            output::amount(part(progress.word, 8, 8)),
            progress.hash,
            progress.seats_hash,
        ]))
    }
}
