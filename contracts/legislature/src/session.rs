//! How a session moves, and how each of its states ends.

use alloc::vec::Vec;

use agentcity_abi::ILegislature as wire;
use agentcity_domain::{
    legislation::session::{SILENT, Session, states, window},
    machine::SessionState as S,
    parameter::ParameterId as P,
    peer::Peer,
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
};
use alloy_primitives::B256;
use alloy_sol_types::SolEvent;

use crate::storage::{ATTESTED, DOMAIN, Legislature, MISSION, SPONSOR, STATUTE, WINNER, said};

impl Legislature {
    /// Takes a session to another state, for as long as its epoch says.
    ///
    /// Errors: `WrongTransition`.
    /// Events: `SessionStateChanged`.
    #[inline(never)]
    pub(crate) fn go(&mut self, session: &B256, mut word: Session, to: S) -> Result<(), Vec<u8>> {
        let mut millis = None;
        if let Some(window) = window(to, word.kind()) {
            let [value] = self.parameters(word.epoch().into(), [window as u8])?;
            millis = Some(value);
        }
        let from = word.state();
        said(session, word.step(to, self.now(), millis))?;
        self.store(session, &word);
        self.log_words(
            &[&wire::SessionStateChanged::SIGNATURE_HASH, session],
            &[
                &number(from.into()),
                &number(to as u64),
                &number(word.expires()),
            ],
        );
        Ok(())
    }

    /// Errors: `Unauthorized`, `Unknown`, `WrongTransition`.
    pub(crate) fn move_session(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, to) = (&input.word()?, input.u8()?);
        self.only(&[Peer::Enactment])?;
        let word = self.session_in(session, u16::MAX)?;
        let target = word.enacts(to);
        said(session, target.map(|_| ()))?;
        if let Ok(target) = target {
            self.go(session, word, target)?;
        }
        Ok(Vec::new())
    }

    /// Errors: `Unknown`, `WrongSessionState`, `TooEarly`.
    pub(crate) fn expire_session(&mut self, input: &mut Input<'_>) -> Answer {
        let session = &input.word()?;
        let word = self.over(session, SILENT)?;
        self.go(session, word, S::Failed)?;
        Ok(Vec::new())
    }

    /// Errors: `Unknown`, `WrongSessionState`, `TooEarly`.
    pub(crate) fn close_bidding(&mut self, input: &mut Input<'_>) -> Answer {
        let session = &input.word()?;
        let word = self.over(session, const { states(&[S::BiddingOpen]) })?;
        self.go(session, word, word.after_bidding())?;
        Ok(Vec::new())
    }

    /// The first second of the award, until which sealed bids are opened; zero where none is sealed.
    #[inline(never)]
    pub(crate) fn awards_from(&self, word: &Session) -> Result<u64, Vec<u8>> {
        if word.sealed() == 0 || word.state() != S::RegulatoryReview.number() {
            return Ok(0);
        }
        let review = window(S::RegulatoryReview, word.kind());
        let review = review.unwrap_or(P::RegulatoryApprovalTimeoutMs);
        let ids = [review as u8, P::SealedBidOpeningMs as u8];
        let [review, opening] = self.parameters(word.epoch().into(), ids)?;
        Ok(word.awards_from(review, opening))
    }

    pub(crate) fn attested_as(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, agent) = (input.word()?, input.address()?.into_word());
        let principal = self.read(self.key(ATTESTED, session, agent));
        Ok(output::words(&[principal]))
    }

    pub(crate) fn session(&mut self, input: &mut Input<'_>) -> Answer {
        let session = &input.word()?;
        let word = self.load_session(session);
        let terms = self.terms(session);
        let place = |place| self.of_session(session, place);
        let small = |value: u32| number(value.into());
        let words: [B256; 20] = [
            number(word.state().into()),
            number(word.kind().into()),
            small(word.epoch()),
            small(word.legislative_epoch()),
            number(word.expires()),
            number(word.round().into()),
            small(word.bids()),
            number(word.nodes().into()),
            number(word.node().into()),
            number(word.offices().into()),
            number(word.regulators().into()),
            small(terms.tokens()),
            amount(terms.budget()),
            number(terms.deadline()),
            number(self.awards_from(&word)?),
            place(MISSION),
            place(WINNER),
            place(STATUTE),
            place(SPONSOR),
            place(DOMAIN),
        ];
        Ok(output::words(&words))
    }
}
