//! What everybody may read.

use alloc::vec::Vec;

use agentcity_domain::statute::{Page, Predicate};
use agentcity_shell::{
    Answer, Input,
    output::{self, number},
};
use alloy_primitives::B256;

use crate::{
    peers::Mission,
    storage::{Sequence, Statutes},
};

impl Statutes {
    #[inline(never)]
    fn locate(&self, sequence: Sequence, input: &mut Input<'_>) -> Answer {
        let (of, index) = (self.mission(input.word()?)?, input.u16()?);
        if index >= sequence.pages(&of.deployment.progress) {
            return Ok(output::words(&[B256::ZERO; 2]));
        }
        let only = (index, index.saturating_add(1));
        let at = self.accounts(of.id, &of.deployment, sequence, only)?;
        Ok(self.located(at.first().copied().unwrap_or_default()))
    }

    pub(crate) fn page(&mut self, input: &mut Input<'_>) -> Answer {
        self.locate(Sequence::Statute, input)
    }

    pub(crate) fn seat_page(&mut self, input: &mut Input<'_>) -> Answer {
        self.locate(Sequence::Seats, input)
    }

    /// The gate's predicates, of the first page; none before there is one.
    #[inline(never)]
    pub(crate) fn gate(&self, of: &Mission) -> Result<Vec<Predicate>, Vec<u8>> {
        if of.deployment.progress.pages() == 0 {
            return Ok(Vec::new());
        }
        let at = self.accounts(of.id, &of.deployment, Sequence::Statute, (0, 1))?;
        let bytes = self.page_bytes(at.first());
        // A page that is not readable any more has no predicates; it is no law either, which finalising asks first.
        let Some(page) = Page::read(&bytes) else {
            return Ok(Vec::new());
        };
        let all = 0..page.predicates();
        Ok(all.filter_map(|index| page.predicate(index)).collect())
    }

    pub(crate) fn predicates(&mut self, input: &mut Input<'_>) -> Answer {
        let of = self.mission(input.word()?)?;
        let mut words = Vec::new();
        for predicate in self.gate(&of)? {
            words.push(predicate.target.into_word());
            words.push(predicate.codehash);
            words.push(output::truth(predicate.human));
            words.push(output::truth(predicate.hard));
        }
        Ok(output::Output::of(1).list(&words, 4).finish())
    }

    pub(crate) fn deployment(&mut self, input: &mut Input<'_>) -> Answer {
        let of = self.mission(input.word()?)?;
        let progress = &of.deployment.progress;
        Ok(output::words(&[
            number(progress.pages().into()),
            number(progress.seat_pages.into()),
            number(progress.nodes.into()),
            output::amount(progress.budget),
            number(progress.tokens.into()),
            self.rest(&of.id, Sequence::Statute),
            self.rest(&of.id, Sequence::Seats),
        ]))
    }
}
