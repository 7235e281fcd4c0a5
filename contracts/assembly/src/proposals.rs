//! Proposals and their sponsors.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IAssembly as wire};
use agentcity_domain::{
    legislation::{
        election::{Election, Kind, PROPOSING},
        proposal::{self as rules, Admission, Proposal},
    },
    literal,
    mission::word::get,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, legislation::Sponsorship, widths},
};
use agentcity_shell::{
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::storage::{
    AMENDS, Assembly, Become, CANDIDATE, DISSENT, DOMAIN, LAW, OF_DOMAIN, OF_SESSION, PROPOSED,
    SPONSOR, SPONSORED, Said, WINNER, about, done, end,
};

impl Assembly {
    /// The principal of an agent that may propose.
    ///
    /// Errors: `AgentRefused`.
    #[inline(never)]
    fn principal_of(&self, agent: &B256) -> Said<B256> {
        let mut call = Words::after(agents::isEligibleCall::SELECTOR);
        call.word(agent).number(agents::Purpose::Sponsor as u64);
        let answer = self.ask(Peer::Agent, &call)?;
        let mut answer = Reader::new(&answer);
        let (may, bars) = (answer.bool(), answer.u8());
        end(&answer)?;
        if !may {
            return Err(about(wire::AgentRefused::SELECTOR, agent, &[bars.into()]));
        }
        let mut call = Words::after(agents::principalOfCall::SELECTOR);
        let answer = self.ask(Peer::Agent, call.word(agent))?;
        let mut answer = Reader::new(&answer);
        let principal = answer.address().into_word();
        end(&answer)?;
        Ok(principal)
    }

    /// Lets an earlier proposal come back as another of the same principal: how often its law has come back then.
    ///
    /// Errors: `Unknown`, `NotAmended`.
    #[inline(never)]
    fn come_back(&mut self, earlier: &B256, statute: &B256, sponsor: &B256, most: u64) -> Said<u8> {
        let session = self.session_of(earlier)?;
        let mut word = self.proposal_of(earlier);
        let winner = self.of_session(&session, WINNER);
        let state = word.state(&self.election_of(&session), winner == *earlier);
        let laws = (&self.of_proposal(earlier, LAW), statute);
        let is_same = self.of_proposal(earlier, SPONSOR) == *sponsor;
        let times = self.said(earlier, word.come_back(state, laws, is_same, most))?;
        self.store_proposal(earlier, &word);
        Ok(times)
    }

    /// A proposal's session.
    ///
    /// Errors: `Unknown`.
    #[inline(never)]
    pub(crate) fn session_of(&self, proposal: &B256) -> Said<B256> {
        let session = self.of_proposal(proposal, OF_SESSION);
        if session.is_zero() {
            return Err(about(wire::Unknown::SELECTOR, proposal, &[]));
        }
        Ok(session)
    }

    pub(crate) fn propose(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let [session, statute, content, domain, amends] = &input.fields([32; 5]);
        let mut election = self.running(session, PROPOSING)?;
        let proposer = &self.caller();
        let agent = &proposer.into_word();
        let sponsor = &self.principal_of(agent)?;
        let bound = self.of_session(session, DOMAIN);
        if election.kind() != Kind::Mission as u8 && bound != *domain {
            return Words::after(wire::Mismatch::SELECTOR)
                .word(session)
                .word(&bound)
                .word(domain)
                .no();
        }
        let made = get(&self.entry_at(PROPOSED, session, sponsor), 31, 1) as u8;
        let made = self.said(session, rules::another(made))?;
        self.set_entry_at(PROPOSED, session, sponsor, &B256::with_last_byte(made));
        let index = self.said(session, election.propose())?;
        let mut word = Proposal::new(index, proposer);
        if !amends.is_zero() {
            let [most] = self.terms(election.epoch().into(), [P::MaxReintroductions as u8])?;
            word.set_times(self.come_back(amends, statute, sponsor, most)?);
        }
        let proposal = &self.fresh();
        for (place, value) in [
            (0, &word.0),
            (OF_SESSION, session),
            (LAW, statute),
            (OF_DOMAIN, domain),
            (SPONSOR, sponsor),
            (AMENDS, amends),
        ] {
            // What is zero is so already.
            if !value.is_zero() {
                self.set_of_proposal(proposal, place, value);
            }
        }
        self.store(session, &election);
        self.log(
            topic!(wire::Proposed::SIGNATURE_HASH)
                .word(session)
                .word(proposal)
                .word(agent)
                .word(sponsor)
                .word(domain)
                .word(statute)
                .word(content)
                .word(amends),
            4,
        );
        Words::new().word(proposal).reply()
    }

    /// Gives a proposal a place on the ballot.
    ///
    /// Events: `Admitted`.
    #[inline(never)]
    fn place_at(&mut self, session: &B256, proposal: &B256, place: u8) {
        self.set_entry(CANDIDATE, session, place.into(), proposal);
        self.log(
            topic!(wire::Admitted::SIGNATURE_HASH)
                .word(session)
                .word(proposal)
                .number(place.into()),
            3,
        );
    }

    /// Lets a proposal with more sponsors take the place of the one with fewest.
    ///
    /// Events: `Displaced`, `Admitted`.
    #[inline(never)]
    fn contest(&mut self, session: &B256, election: &Election, id: &B256, word: &mut Proposal) {
        let placed: Vec<Proposal> = (0..election.candidates())
            .map(|place| self.proposal_of(&self.candidate_at(session, place)))
            .collect();
        let weakest = rules::weakest(&placed);
        let Some(mut other) = weakest.and_then(|at| placed.get(at).copied()) else {
            return;
        };
        let place = other.place().saturating_sub(1);
        if word.displace(&mut other) {
            let displaced = &self.candidate_at(session, place);
            self.store_proposal(displaced, &other);
            self.log(
                topic!(wire::Displaced::SIGNATURE_HASH)
                    .word(session)
                    .word(displaced)
                    .number(place.into()),
                3,
            );
            self.place_at(session, id, place);
        }
    }

    /// A principal sponsors a proposal; whether it did not before.
    ///
    /// Errors: those of a session that takes no sponsors; `PrincipalRefused`.
    /// Events: `Sponsored`, `Admitted`, `Displaced`.
    #[inline(never)]
    fn sponsor_as(&mut self, proposal: &B256, principal: &B256, age: u64) -> Said<bool> {
        let session = &self.session_of(proposal)?;
        let mut election = self.running(session, PROPOSING)?;
        if !self.mark(SPONSORED, proposal, principal) {
            return Ok(false);
        }
        self.hear(principal, age)?;
        let [quorum] = self.terms(election.epoch().into(), [P::SponsorQuorum as u8])?;
        let needed = election.sponsors_needed(quorum);
        let mut word = self.proposal_of(proposal);
        let admission = word.sponsor(needed, election.candidates());
        self.log(
            topic!(wire::Sponsored::SIGNATURE_HASH)
                .word(proposal)
                .word(principal)
                .number(word.sponsors().into())
                .number(needed.into()),
            3,
        );
        match admission {
            Admission::None => {}
            Admission::Next(place) => {
                election.set_candidates(word.place());
                self.store(session, &election);
                self.place_at(session, proposal, place);
            }
            Admission::Contest => self.contest(session, &election, proposal, &mut word),
        }
        self.store_proposal(proposal, &word);
        Ok(true)
    }

    pub(crate) fn sponsor(&mut self, input: &mut Reader<'_>) -> Said {
        let (proposal, principal) = (&input.word(), &self.caller().into_word());
        let age = self.age()?;
        if self.sponsor_as(proposal, principal, age)? {
            return Ok(());
        }
        done(proposal, principal)
    }

    pub(crate) fn sponsor_for(&mut self, input: &mut Reader<'_>) -> Said {
        let hash = &literal!(Sponsorship::HASH);
        let widths = const { widths::<3>(Sponsorship::OWN) };
        self.relay(input, hash, widths, |own, [proposal, principal, _], age| {
            own.sponsor_as(proposal, principal, age)?;
            Ok(())
        })
    }

    pub(crate) fn proposal(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let proposal = &input.word();
        let word = &self.proposal_of(proposal);
        let session = &self.of_proposal(proposal, OF_SESSION);
        let state = if session.is_zero() {
            0
        } else {
            let winner = self.of_session(session, WINNER);
            word.state(&self.election_of(session), winner == *proposal) as u64
        };
        Words::new()
            .number(state)
            .word(session)
            .number(word.index().into())
            .address(&word.proposer())
            .word(&self.of_proposal(proposal, SPONSOR))
            .word(&self.of_proposal(proposal, LAW))
            .word(&self.of_proposal(proposal, OF_DOMAIN))
            .word(&self.of_proposal(proposal, AMENDS))
            .number(word.times().into())
            .number(word.sponsors().into())
            .number(word.place().into())
            .number(word.minorities().into())
            .word(&self.of_proposal(proposal, DISSENT))
            .reply()
    }

    pub(crate) fn candidate(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (session, place) = (&input.word(), input.u8());
        Words::new()
            .word(&self.candidate_at(session, place))
            .reply()
    }
}
