//! What everybody may read.

use alloc::vec::Vec;

use agentcity_shell::{
    Answer, Input,
    member::Member,
    output,
    word::{part, with},
};
use alloy_primitives::B256;

use crate::{
    messages::{AWARD, BID, TEMPLATE},
    proposals::PROPOSAL,
    storage::Legislature,
};

impl Legislature {
    #[inline(never)]
    fn unpack<const N: usize>(word: B256, places: [(usize, usize); N]) -> [B256; N] {
        places.map(|(at, bytes)| output::amount(part(word, at, bytes)))
    }

    pub(crate) fn session(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let word = self.read(self.session_key(session, 0));
        let mut words = Self::unpack(
            word,
            [
                (0, 1),
                (1, 1),
                (2, 1),
                (27, 4),
                (0, 0),
                (3, 5),
                (8, 4),
                (12, 4),
                (16, 4),
                (20, 1),
                (21, 1),
                (22, 1),
                (23, 4),
                (0, 0),
                (0, 0),
                (0, 0),
            ],
        );
        for (place, at) in [(13, 1), (14, 2), (15, 3)] {
            words[place] = self.read(self.session_key(session, at));
        }
        Ok(output::words(&words))
    }

    pub(crate) fn proposal(&mut self, input: &mut Input<'_>) -> Answer {
        let proposal = input.word()?;
        let word = self.read(self.key(PROPOSAL, proposal, B256::ZERO));
        let [index, sponsors, ready, delayed] =
            Self::unpack(word, [(0, 1), (1, 4), (5, 1), (6, 1)]);
        let [statute, session, content, amends] = [1, 2, 3, 4]
            .map(|place| self.read(self.key(PROPOSAL, proposal, output::number(place))));
        Ok(output::words(&[
            session,
            index,
            with(word, 0, 12, 0),
            statute,
            content,
            amends,
            sponsors,
            ready,
            delayed,
        ]))
    }

    pub(crate) fn candidate(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, index) = (input.word()?, input.u8()?);
        Ok(output::words(&[self.read(self.key(
            PROPOSAL,
            session,
            output::number(u64::from(index) + 300),
        ))]))
    }

    pub(crate) fn matrix(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let candidates = part(self.read(self.session_key(session, 0)), 20, 1) as usize;
        let matrix: Vec<B256> = self
            .load_matrix(session, candidates)
            .into_iter()
            .map(|n| output::number(n.into()))
            .collect();
        Ok(output::Output::of(1).list(&matrix, 1).finish())
    }

    pub(crate) fn scores(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let candidates = part(self.read(self.session_key(session, 0)), 20, 1) as usize;
        let judged = Self::judge(&self.load_matrix(session, candidates), candidates);
        let copeland: Vec<B256> = judged
            .iter()
            .map(|(score, _)| output::number(u64::from(*score)))
            .collect();
        let opposition: Vec<B256> = judged
            .iter()
            .map(|(_, most)| output::number(u64::from(*most)))
            .collect();
        Ok(output::Output::of(2)
            .list(&copeland, 1)
            .list(&opposition, 1)
            .finish())
    }

    pub(crate) fn bid_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, bid) = (input.word()?, input.u32()?);
        let place = self.key(BID, session, output::number(bid.into()));
        let packed = self.read(place);
        let [money, service, source] =
            [1, 2, 3].map(|at| self.read(self.key(BID, place, output::number(at))));
        let [latency, fit, node] = Self::unpack(packed, [(0, 4), (4, 2), (6, 2)]);
        let [price, stake] = Self::unpack(money, [(0, 16), (16, 16)]);
        Ok(output::words(&[
            session,
            node,
            with(packed, 0, 12, 0),
            service,
            B256::ZERO,
            price,
            stake,
            source,
            latency,
            fit,
            B256::ZERO,
            B256::ZERO,
        ]))
    }

    pub(crate) fn awarded(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, node) = (input.word()?, input.u16()?);
        let mut words = Vec::with_capacity(35);
        for seat in 0..7 {
            let award =
                self.read(self.key(AWARD, session, output::number(u64::from(node) << 8 | seat)));
            if award == B256::ZERO {
                break;
            }
            let place = self.key(BID, session, output::number(part(award, 24, 6) as u64));
            let money = self.read(self.key(BID, place, output::number(1)));
            let [price, stake] = Self::unpack(money, [(0, 16), (16, 16)]);
            words.extend_from_slice(&[
                with(self.read(place), 0, 12, 0),
                self.read(self.key(BID, place, output::number(2))),
                price,
                stake,
                self.read(self.key(BID, place, output::number(3))),
            ]);
        }
        Ok(output::Output::of(2)
            .list(&words, 5)
            .word(B256::ZERO)
            .finish())
    }

    pub(crate) fn law_of(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let word = self.read(self.session_key(session, 0));
        let progress = self.read(self.session_key(session, 20));
        let [fairness, waived] = Self::unpack(progress, [(14, 2), (16, 1)]);
        let [kind, epoch] = Self::unpack(word, [(2, 1), (27, 4)]);
        let approved = output::truth(part(word, 0, 1) == 8);
        let [
            audited,
            statute,
            assignments,
            nodes,
            budget,
            deadline,
            mission,
            node,
        ] = [26, 12, 21, 15, 17, 18, 1, 2].map(|place| self.read(self.session_key(session, place)));
        Ok(output::words(&[
            approved,
            audited,
            kind,
            statute,
            assignments,
            epoch,
            nodes,
            fairness,
            waived,
            budget,
            deadline,
            mission,
            node,
        ]))
    }

    pub(crate) fn template(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(TEMPLATE, input.word()?, output::number(input.u16()?.into()));
        let word = self.read(key);
        let [nodes, tiers, risk, predicates] = Self::unpack(word, [(0, 2), (2, 1), (3, 1), (4, 1)]);
        let schema = self.read(self.key(TEMPLATE, key, B256::ZERO));
        Ok(output::words(&[schema, nodes, tiers, risk, predicates]))
    }
}
