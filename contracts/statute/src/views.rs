//! What everybody may read.

use alloc::vec::Vec;

use agentcity_domain::statute::{Page, Predicate};
use agentcity_shell::{
    Answer, Input,
    output::{self, number},
};
use alloy_primitives::B256;

use crate::storage::{Deployment, Sequence, Statutes};

impl Statutes {
    #[inline(never)]
    fn locate(&self, sequence: Sequence, input: &mut Input<'_>) -> Answer {
        let (mission, index) = (input.word()?, input.u16()?);
        let deployment = self.load_deployment(&mission);
        if index >= sequence.pages(&deployment.progress) {
            return Ok(output::words(&[B256::ZERO; 2]));
        }
        Ok(self.located(self.page_account(&mission, &deployment, sequence, index)))
    }

    pub(crate) fn page(&mut self, input: &mut Input<'_>) -> Answer {
        self.locate(Sequence::Statute, input)
    }

    pub(crate) fn seat_page(&mut self, input: &mut Input<'_>) -> Answer {
        self.locate(Sequence::Seats, input)
    }

    /// The gate's predicates, of the first page; none before there is one.
    #[inline(never)]
    pub(crate) fn gate(&self, mission: &B256, of: &Deployment) -> Vec<Predicate> {
        if of.progress.pages() == 0 {
            return Vec::new();
        }
        let bytes = self.page_bytes(mission, of, Sequence::Statute, 0);
        // A page that is not readable any more has no predicates; it is no law either, which finalising asks first.
        let Some(page) = Page::read(&bytes) else {
            return Vec::new();
        };
        let all = 0..page.predicates();
        all.filter_map(|index| page.predicate(index)).collect()
    }

    pub(crate) fn predicates(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let deployment = self.load_deployment(&mission);
        let mut words = Vec::new();
        for predicate in self.gate(&mission, &deployment) {
            words.push(predicate.target.into_word());
            words.push(predicate.codehash);
            words.push(output::truth(predicate.human));
            words.push(output::truth(predicate.hard));
        }
        Ok(output::Output::of(1).list(&words, 4).finish())
    }

    pub(crate) fn deployment(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let progress = self.load_deployment(&mission).progress;
        Ok(output::words(&[
            number(progress.pages().into()),
            number(progress.seat_pages.into()),
            number(progress.nodes.into()),
            output::amount(progress.budget),
            number(progress.tokens.into()),
            self.rest(&mission, Sequence::Statute),
            self.rest(&mission, Sequence::Seats),
        ]))
    }
}
