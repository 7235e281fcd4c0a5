//! Proposals and their sponsors; evidence, straw poll, speakers, minority positions.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IAssembly as wire};
use agentcity_domain::{
    clerk::Operation,
    machine::ElectionState as Step,
    parameter::{ParameterId as P, derived},
    peer::Peer,
    signed::{
        Typed,
        legislation::{DeliberationEvidence, Sponsorship, Statement, StrawVote},
        widths,
    },
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
    refuse,
    statement::{Statements, signatures},
    word::{field as get, part, set, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    election::{CANDIDATES, ENROLLED, EPOCH, FAILED, PROPOSALS, SEED, SPEAKERS, STEP, WINNER},
    petitions::SIGNATURE_MAX,
    storage::{
        Assembly, CANDIDATE, DISSENTED, EVIDENCED, IDENTIFIER, POLLED, PROPOSAL, REINTRODUCED,
        SESSION, SPEAKER, SPOKEN, SPONSORED,
    },
};

/// Proposal: 0..2 index, 2 candidate, 3 reintroductions, 4..8 sponsors, 12..32 proposer. Further words by place:
pub(crate) const STATUTE: u64 = 1;
pub(crate) const OF_SESSION: u64 = 2;
pub(crate) const AMENDS: u64 = 3;

/// Most sponsorships that are relayed at once, and most speakers of a session.
const SPEAKERS_MAX: u64 = 64;

const PROPOSING: u16 = 1 << Step::Proposing as u16;
const DEBATING: u16 = 1 << Step::Debating as u16;

impl Assembly {
    #[inline(never)]
    pub(crate) fn proposal_word(&self, proposal: B256, place: u64) -> B256 {
        self.word_at(PROPOSAL, &proposal, place)
    }

    /// How often a statute came back, if this proposal may bring one back: it lost, or its session failed.
    #[inline(never)]
    fn reintroductions(&mut self, amends: B256, statute: B256) -> Result<u128, Vec<u8>> {
        let word = self.proposal_word(amends, 0);
        let session = self.proposal_word(amends, OF_SESSION);
        let election = self.word_at(SESSION, &session, 0);
        let winner = self.word_at(SESSION, &session, WINNER);
        let lost = get(&election, FAILED) != 0
            || get(&election, STEP) == Step::Decided as u64 && winner != amends;
        let [most] = self.parameters(get(&election, EPOCH), [P::MaxReintroductions as u8])?;
        let times = part(word, 3, 1).saturating_add(1);
        if !lost || self.proposal_word(amends, STATUTE) == statute || times > u128::from(most) {
            return refuse(wire::NotAmended::SELECTOR, &[amends]);
        }
        self.once(REINTRODUCED, amends, B256::ZERO)?;
        Ok(times)
    }

    pub(crate) fn propose(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, statute, content, amends] = input.fields([32; 4])?;
        let mut word = self.in_time(session, PROPOSING)?;
        let proposer = self.caller().into_word();
        let answer = self.ask_peer(
            Peer::Agent,
            agents::isEligibleCall::SELECTOR,
            &[proposer, number(agents::Purpose::Sponsor as u64)],
        )?;
        let mut answer = Input::new(&answer);
        if !answer.bool()? {
            return refuse(wire::AgentRefused::SELECTOR, &[proposer, answer.word()?]);
        }
        let index = get(&word, PROPOSALS);
        if index == u64::from(u16::MAX) {
            return refuse(wire::TooMany::SELECTOR, &[session, number(index)]);
        }
        let times = if amends == B256::ZERO {
            0
        } else {
            self.reintroductions(amends, statute)?
        };
        let proposal = self.key(IDENTIFIER, session, number(index));
        let head = with(with(proposer, 0, 2, index.into()), 3, 1, times);
        for (place, value) in [
            (0, head),
            (STATUTE, statute),
            (OF_SESSION, session),
            (AMENDS, amends),
        ] {
            if value != B256::ZERO {
                self.put(PROPOSAL, &proposal, place, &value);
            }
        }
        set(&mut word, PROPOSALS, index.saturating_add(1));
        self.store_session(session, word);
        self.log_words(
            &[
                &wire::Proposed::SIGNATURE_HASH,
                &session,
                &proposal,
                &proposer,
            ],
            &[&statute, &content, &amends],
        );
        Ok(output::words(&[proposal]))
    }

    #[inline(never)]
    fn sponsor_as(&mut self, proposal: B256, principal: B256) -> Result<(), Vec<u8>> {
        let session = self.proposal_word(proposal, OF_SESSION);
        if session == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[proposal]);
        }
        let mut election = self.in_time(session, PROPOSING)?;
        self.with_voice(principal)?;
        self.once(SPONSORED, proposal, principal)?;
        let [quorum] = self.parameters(get(&election, EPOCH), [P::SponsorQuorum as u8])?;
        let needed = derived::sponsors_needed(get(&election, ENROLLED) as u32, quorum as u32);
        let word = self.proposal_word(proposal, 0);
        let sponsors = part(word, 4, 4).saturating_add(1);
        let mut word = with(word, 4, 4, sponsors);
        self.log_words(
            &[&wire::Sponsored::SIGNATURE_HASH, &proposal, &principal],
            &[&amount(sponsors), &number(needed.into())],
        );
        if sponsors == u128::from(needed) {
            let place = get(&election, CANDIDATES);
            let most = u64::from(P::MaxCandidates.constant());
            if place >= most {
                return refuse(wire::TooMany::SELECTOR, &[session, number(most)]);
            }
            let next = place.saturating_add(1);
            word = with(word, 2, 1, next.into());
            self.put(CANDIDATE, &session, place, &proposal);
            set(&mut election, CANDIDATES, next);
            self.store_session(session, election);
            self.log_words(
                &[&wire::Admitted::SIGNATURE_HASH, &session, &proposal],
                &[&number(place)],
            );
        }
        self.put(PROPOSAL, &proposal, 0, &word);
        Ok(())
    }

    pub(crate) fn sponsor(&mut self, input: &mut Input<'_>) -> Answer {
        let proposal = input.word()?;
        self.sponsor_as(proposal, self.caller().into_word())?;
        Ok(Vec::new())
    }

    pub(crate) fn sponsor_for(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut names) = input.list(SPEAKERS_MAX as usize)?;
        let mut signatures = signatures(input, count)?;
        for _ in 0..count {
            let fields = names.fields(const { widths::<3>(Sponsorship::OWN) })?;
            let [proposal, principal, _] = fields;
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            self.signed(&Sponsorship::HASH, &fields, principal, signature)?;
            self.sponsor_as(proposal, principal)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn record_evidence(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<4>(DeliberationEvidence::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, evidence, content, _] = fields;
        self.in_time(session, PROPOSING | DEBATING)?;
        let clerk = self.clerk(
            &DeliberationEvidence::HASH,
            &fields,
            Operation::PublishEvidence.number(),
            session,
            signature,
        )?;
        self.once(EVIDENCED, session, clerk.account)?;
        self.log_words(
            &[
                &wire::EvidenceRecorded::SIGNATURE_HASH,
                &session,
                &clerk.account,
            ],
            &[&evidence, &content],
        );
        Ok(Vec::new())
    }

    /// How many speakers there are, and since when their order stands; zero before it is drawn.
    #[inline(never)]
    fn speakers(&self, session: B256) -> (u64, u64) {
        let word = self.word_at(SESSION, &session, SPEAKERS);
        (part(word, 24, 8) as u64, part(word, 0, 8) as u64)
    }

    pub(crate) fn straw_vote(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<4>(StrawVote::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, principal, proposal, _] = fields;
        let word = self.in_time(session, DEBATING)?;
        let (count, drawn) = self.speakers(session);
        if drawn != 0 {
            return refuse(wire::TooLate::SELECTOR, &[number(drawn)]);
        }
        if count >= SPEAKERS_MAX {
            return refuse(wire::TooMany::SELECTOR, &[session, number(SPEAKERS_MAX)]);
        }
        if proposal >= number(get(&word, CANDIDATES)) {
            return refuse(wire::Unknown::SELECTOR, &[proposal]);
        }
        let digest = self.signed(&StrawVote::HASH, &fields, principal, signature)?;
        self.with_voice(principal)?;
        self.once(POLLED, session, principal)?;
        let key = self.session_key(session, SEED);
        let seed = output::words(&[self.read(key), digest]);
        self.write(key, self.vm().native_keccak256(&seed));
        self.put(SPEAKER, &session, count, &principal);
        self.put(
            SESSION,
            &session,
            SPEAKERS,
            &number(count.saturating_add(1)),
        );
        self.log_words(
            &[&wire::StrawVoted::SIGNATURE_HASH, &session, &principal],
            &[&proposal],
        );
        Ok(Vec::new())
    }

    pub(crate) fn draw_speaking_order(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        self.in_time(session, DEBATING)?;
        let (count, drawn) = self.speakers(session);
        if drawn != 0 {
            return refuse(
                wire::AlreadyDone::SELECTOR,
                &[session, self.caller().into_word()],
            );
        }
        let seed = self.word_at(SESSION, &session, SEED);
        let mut order: Vec<B256> = (0..count)
            .map(|place| self.word_at(SPEAKER, &session, place))
            .collect();
        // Fisher and Yates, from the last place on.
        let mut random = seed;
        for place in (1..order.len()).rev() {
            random = self.vm().native_keccak256(random.as_slice());
            let draw = part(random, 24, 8) as usize;
            let other = draw
                .checked_rem(place.saturating_add(1))
                .unwrap_or_default();
            let pair = (order.get(place).copied(), order.get(other).copied());
            if let (Some(last), Some(drawn)) = pair {
                for (at, speaker) in [(place, drawn), (other, last)] {
                    if let Some(seat) = order.get_mut(at) {
                        *seat = speaker;
                    }
                }
            }
        }
        for (speaker, place) in order.iter().zip(0..count) {
            self.put(SPEAKER, &session, place, speaker);
        }
        self.put(
            SESSION,
            &session,
            SPEAKERS,
            &with(number(count), 0, 8, self.now().into()),
        );
        let hash = self.vm().native_keccak256(&output::words(&order));
        self.log_words(
            &[&wire::SpeakingOrderDrawn::SIGNATURE_HASH, &session],
            &[&seed, &number(count), &hash],
        );
        Ok(Vec::new())
    }

    pub(crate) fn speak(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(Statement::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, round, principal, statement, reasons, _] = fields;
        let word = self.in_time(session, DEBATING)?;
        self.signed(&Statement::HASH, &fields, principal, signature)?;
        // Whose turn it is, time alone says: a silent turn passes.
        let [millis] = self.parameters(get(&word, EPOCH), [P::DeliberationRoundMs as u8])?;
        let (count, drawn) = self.speakers(session);
        let length = millis.div_ceil(1_000);
        let since = self.now().saturating_sub(drawn);
        let now = since.checked_div(length).unwrap_or_default();
        let turn = length.checked_div(count).unwrap_or_default().max(1);
        let within = since.checked_rem(length).unwrap_or_default();
        let place = within.checked_div(turn).unwrap_or_default();
        let place = place.min(count.saturating_sub(1));
        let expected = self.word_at(SPEAKER, &session, place);
        if drawn == 0 || expected != principal || round != number(now.saturating_add(1)) {
            return refuse(wire::OutOfTurn::SELECTOR, &[expected, principal]);
        }
        let turn = self.key(SPOKEN, session, round);
        self.once(SPOKEN, turn, principal)?;
        self.log_words(
            &[&wire::Spoke::SIGNATURE_HASH, &session, &principal],
            &[&round, &statement, &reasons],
        );
        Ok(Vec::new())
    }

    pub(crate) fn record_minority(&mut self, input: &mut Input<'_>) -> Answer {
        let (proposal, position) = (input.word()?, input.word()?);
        let principal = self.caller().into_word();
        let session = self.proposal_word(proposal, OF_SESSION);
        self.in_time(session, DEBATING)?;
        if part(self.proposal_word(proposal, 0), 2, 1) == 0 {
            return refuse(wire::Unknown::SELECTOR, &[proposal]);
        }
        self.with_voice(principal)?;
        self.once(DISSENTED, proposal, principal)?;
        self.log_words(
            &[
                &wire::MinorityRecorded::SIGNATURE_HASH,
                &proposal,
                &principal,
            ],
            &[&position],
        );
        Ok(Vec::new())
    }
}
