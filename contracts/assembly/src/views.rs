//! What everybody may read.

use alloc::vec::Vec;

use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
    word::{field as get, part, with},
};
use alloy_primitives::B256;

use crate::{
    debate::{AMENDS, OF_SESSION, STATUTE},
    election::{
        CANDIDATES, COMMITS, ENROLLED, EPOCH, EXPIRES, FAILED, KIND, LEGISLATIVE_EPOCH, NODE,
        ORIGIN, PROPOSALS, REVEALS, STEP, WINNER,
    },
    storage::{Assembly, CANDIDATE, SESSION},
};

impl Assembly {
    pub(crate) fn election(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let word = self.word_at(SESSION, &session, 0);
        let fields = [
            STEP,
            FAILED,
            KIND,
            EPOCH,
            LEGISLATIVE_EPOCH,
            EXPIRES,
            ENROLLED,
            COMMITS,
            REVEALS,
            PROPOSALS,
            CANDIDATES,
        ];
        let mut words: Vec<B256> = fields
            .into_iter()
            .map(|field| number(get(&word, field)))
            .collect();
        words.extend([ORIGIN, NODE, WINNER].map(|place| self.word_at(SESSION, &session, place)));
        Ok(output::words(&words))
    }

    pub(crate) fn proposal(&mut self, input: &mut Input<'_>) -> Answer {
        let proposal = input.word()?;
        let word = self.proposal_word(proposal, 0);
        let [session, statute, amends] =
            [OF_SESSION, STATUTE, AMENDS].map(|place| self.proposal_word(proposal, place));
        Ok(output::words(&[
            session,
            amount(part(word, 0, 2)),
            with(word, 0, 12, 0),
            statute,
            amends,
            amount(part(word, 3, 1)),
            amount(part(word, 4, 4)),
            amount(part(word, 2, 1)),
        ]))
    }

    pub(crate) fn candidate(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, place) = (input.word()?, input.u8()?);
        let key = self.key(CANDIDATE, session, number(place.into()));
        Ok(output::words(&[self.read(key)]))
    }

    #[inline(never)]
    fn loaded(&self, session: B256) -> (Vec<u32>, usize) {
        let word = self.word_at(SESSION, &session, 0);
        let candidates = get(&word, CANDIDATES) as usize;
        (self.load_matrix(session, candidates), candidates)
    }

    pub(crate) fn matrix(&mut self, input: &mut Input<'_>) -> Answer {
        let (matrix, _) = self.loaded(input.word()?);
        let words: Vec<B256> = matrix.into_iter().map(|n| number(n.into())).collect();
        Ok(output::Output::of(1).list(&words, 1).finish())
    }

    pub(crate) fn scores(&mut self, input: &mut Input<'_>) -> Answer {
        let (matrix, candidates) = self.loaded(input.word()?);
        let judged = Self::judge(&matrix, candidates);
        let column = |value: fn(&(u8, u32)) -> u64| -> Vec<B256> {
            judged.iter().map(|entry| number(value(entry))).collect()
        };
        Ok(output::Output::of(2)
            .list(&column(|(score, _)| (*score).into()), 1)
            .list(&column(|(_, opposition)| (*opposition).into()), 1)
            .finish())
    }
}
