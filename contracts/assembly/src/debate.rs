//! Evidence, straw poll, speakers, minority positions.

use alloc::vec::Vec;

use agentcity_abi::IAssembly as wire;
use agentcity_domain::{
    clerk::Operation,
    legislation::{
        debate::{self as rules, PLACES},
        election::{DEBATING, PROPOSING},
        refused::Refused,
    },
    literal,
    mission::word::get,
    signed::{
        Typed,
        legislation::{DeliberationEvidence, Statement, StrawVote},
        widths,
    },
};
use agentcity_shell::{
    member::Member,
    reader::Reader,
    sign::SIGNATURE_BYTES_MAX,
    statement::Statements,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{
    Assembly, Become, DISSENT, DISSENTED, EVIDENCE, ORDER, POLLED, SEED, SPOKEN, Said, VOTER,
    about, done, end,
};

impl Assembly {
    /// Refuses who would poll or speak before the regulator's evidence is on record.
    #[inline(never)]
    fn informed(&self, session: &B256) -> Said {
        if self.of_session(session, EVIDENCE).is_zero() {
            return self.ok(session, Err(Refused::NoEvidence));
        }
        Ok(())
    }

    pub(crate) fn record_evidence(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = input.fields(const { widths::<4>(DeliberationEvidence::OWN) });
        let signature = input.bytes(SIGNATURE_BYTES_MAX);
        end(input)?;
        let [session, evidence, content, _] = &fields;
        self.running(session, PROPOSING | DEBATING)?;
        if evidence.is_zero() {
            return self.ok(session, Err(Refused::NoEvidence));
        }
        if self.of_session(session, EVIDENCE).is_zero() {
            self.set_of_session(session, EVIDENCE, evidence);
        }
        let hash = &literal!(DeliberationEvidence::HASH);
        let operation = Operation::PublishEvidence.number();
        let clerk = self.clerk(hash, &fields, operation, *session, signature)?;
        self.log(
            topic!(wire::EvidenceRecorded::SIGNATURE_HASH)
                .word(session)
                .word(&clerk.account)
                .word(evidence)
                .word(content),
            3,
        );
        Ok(())
    }

    pub(crate) fn straw_vote(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = &input.fields(const { widths::<4>(StrawVote::OWN) });
        let signature = input.bytes(SIGNATURE_BYTES_MAX);
        end(input)?;
        let [session, principal, proposal, _] = fields;
        let election = self.running(session, DEBATING)?;
        self.informed(session)?;
        let mut debate = self.debate_of(session);
        let number = self.said(session, debate.poll())?;
        if get(proposal, 31, 1) >= u64::from(election.candidates()) {
            return Err(about(wire::Unknown::SELECTOR, proposal, &[]));
        }
        self.signed(&literal!(StrawVote::HASH), fields, *principal, signature)?;
        self.mark_once(POLLED, session, principal)?;
        self.hear(principal, self.age()?)?;
        let voice = rules::voice(session, principal, proposal);
        let voice = self.hash(Words::new().all(&voice));
        let seed = rules::mix(&self.of_session(session, SEED), &voice);
        self.set_of_session(session, SEED, &seed);
        self.set_entry(VOTER, session, number.into(), principal);
        self.store_debate(session, &debate);
        self.log(
            topic!(wire::StrawVoted::SIGNATURE_HASH)
                .word(session)
                .word(principal)
                .word(proposal),
            3,
        );
        Ok(())
    }

    pub(crate) fn draw_speaking_order(&mut self, input: &mut Reader<'_>) -> Said {
        let session = &input.word();
        let election = self.running(session, DEBATING)?;
        let rounds = self.terms_of(election.epoch().into())?.rounds();
        let mut debate = self.debate_of(session);
        let opened = debate.open(&rounds, election.expires(), self.now());
        let speakers = self.said(session, opened)?;
        let seed = &self.of_session(session, SEED);
        let order = rules::draw(seed, debate.voters(), speakers, &|word| {
            self.vm().native_keccak256(word.as_slice())
        });
        let mut named = Words::new();
        for voter in &order {
            named.word(&self.entry(VOTER, session, (*voter).into()));
        }
        for (place, at) in (ORDER..).zip(0..order.len().div_ceil(PLACES)) {
            self.set_of_session(session, place, &rules::order_word(&order, at));
        }
        self.store_debate(session, &debate);
        self.log(
            topic!(wire::SpeakingOrderDrawn::SIGNATURE_HASH)
                .word(session)
                .word(seed)
                .number(speakers.into())
                .word(&self.hash(&named)),
            2,
        );
        Ok(())
    }

    /// The principal at a place of the speaking order; zero before it is drawn, and beyond its end.
    #[inline(never)]
    fn speaker_at(&self, session: &B256, place: u16) -> B256 {
        if place >= self.debate_of(session).speakers() {
            return B256::ZERO;
        }
        let word = self.of_session(
            session,
            ORDER.saturating_add(u64::from(place) / PLACES as u64),
        );
        self.entry(VOTER, session, rules::voter_at(&word, place).into())
    }

    pub(crate) fn speak(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = &input.fields(const { widths::<6>(Statement::OWN) });
        let signature = input.bytes(SIGNATURE_BYTES_MAX);
        end(input)?;
        let [session, round, principal, statement, reasons, _] = fields;
        let election = self.running(session, DEBATING)?;
        let rounds = self.terms_of(election.epoch().into())?.rounds();
        let turn = self.debate_of(session).turn(&rounds, self.now());
        let (expected, now) = match turn {
            Some(turn) => (self.speaker_at(session, turn.place), turn.round),
            None => (B256::ZERO, 0),
        };
        if expected.is_zero() || expected != *principal || get(round, 31, 1) != u64::from(now) {
            return Err(about(wire::OutOfTurn::SELECTOR, &expected, &[now.into()]));
        }
        if statement.is_zero() || reasons.is_zero() {
            return Err(about(wire::ReasonsMissing::SELECTOR, principal, &[]));
        }
        self.signed(&literal!(Statement::HASH), fields, *principal, signature)?;
        let spoken = self.entry_at(SPOKEN, session, principal);
        if get(&spoken, 31, 1) >= u64::from(now) {
            return done(session, principal);
        }
        self.set_entry_at(SPOKEN, session, principal, &B256::with_last_byte(now));
        self.hear(principal, self.age()?)?;
        self.log(
            topic!(wire::Spoke::SIGNATURE_HASH)
                .word(session)
                .word(principal)
                .word(round)
                .word(statement)
                .word(reasons),
            3,
        );
        Ok(())
    }

    pub(crate) fn record_minority(&mut self, input: &mut Reader<'_>) -> Said {
        let (proposal, position) = (&input.word(), &input.word());
        let principal = &self.caller().into_word();
        let session = &self.session_of(proposal)?;
        self.running(session, DEBATING)?;
        let mut word = self.proposal_of(proposal);
        if !word.is_placed() {
            return Err(about(wire::Unknown::SELECTOR, proposal, &[]));
        }
        self.mark_once(DISSENTED, proposal, principal)?;
        self.hear(principal, self.age()?)?;
        word.dissent();
        let mut digest = Words::new();
        digest
            .word(&self.of_proposal(proposal, DISSENT))
            .word(principal)
            .word(position);
        let digest = self.hash(&digest);
        self.set_of_proposal(proposal, DISSENT, &digest);
        self.store_proposal(proposal, &word);
        self.log(
            topic!(wire::MinorityRecorded::SIGNATURE_HASH)
                .word(proposal)
                .word(principal)
                .word(position),
            3,
        );
        Ok(())
    }

    pub(crate) fn debate(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let session = &input.word();
        let debate = self.debate_of(session);
        Words::new()
            .word(&self.of_session(session, EVIDENCE))
            .word(&self.of_session(session, SEED))
            .number(debate.voters().into())
            .number(debate.speakers().into())
            .number(debate.drawn())
            .reply()
    }

    pub(crate) fn speaker(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (session, place) = (&input.word(), input.u16());
        Words::new().word(&self.speaker_at(session, place)).reply()
    }
}
