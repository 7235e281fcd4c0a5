//! The first three messages: who takes part, and what is legislated.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, IAssembly as assembly, ILegislature as wire, IManagement as management,
};
use agentcity_domain::{
    agent::standing::Bars,
    clerk::{ClerkRole, Operation},
    legislation::session::{Kind, Session, Terms, states},
    machine::SessionState as S,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{
        Typed,
        legislation::{DagProposal, IdentityAttestation, IdentityRequest},
        widths,
    },
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::number,
    refuse,
    statement::{Statements, signatures},
    word::part,
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::storage::{
    ATTESTED, CHALLENGE, DOMAIN, Legislature, MISSION, OFFICE, SPONSOR, STATUTE, WINNER,
};

/// Most messages that are relayed at once.
pub(crate) const MESSAGES_MAX: usize = 64; // structural: of what a call's arguments hold
/// Most bytes of a signature.
pub(crate) const SIGNATURE_MAX: usize = 2_048; // structural: of what a wallet signs with

/// Why an agent that attested is dropped, as the interface numbers it.
const ANOTHER_PRINCIPAL: u64 = 1;
const BARRED: u64 = 2;
const BELOW_FLOOR: u64 = 3;

/// When somebody may attest.
const ATTESTING: u16 = states(&[S::IdentityVerification, S::ProposalOpen, S::BiddingOpen]);

/// What stands against a clerk because it is one.
const NO_PRODUCER: u8 = Bars::NO_PRODUCER.bits();

impl Legislature {
    /// MSG_TYPE_1.
    ///
    /// Errors: `WrongSessionState`, `NotDecided`, and those of a clerk's statement.
    /// Events: `IdentityRequested`, `SessionStateChanged`.
    pub(crate) fn request_identity(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<4>(IdentityRequest::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, challenge, floor, _] = &fields;
        let before = self.load_session(session).state();
        if before != 0 {
            return refuse(
                wire::WrongSessionState::SELECTOR,
                &[*session, number(before.into())],
            );
        }
        let answer = self.ask_peer(
            Peer::Assembly,
            assembly::outcomeOfCall::SELECTOR,
            &[*session],
        )?;
        let mut outcome = Input::new(&answer);
        let (decided, kind, epoch) = (outcome.bool()?, outcome.u8()?, outcome.u64()?);
        let (legislative, until, node) = (outcome.u32()?, outcome.u64()?, outcome.u16()?);
        let words: [B256; 5] = outcome.fields([32, 32, 32, 20, 32])?;
        if !decided || self.now() > until {
            return refuse(wire::NotDecided::SELECTOR, &[*session]);
        }
        let operation = Operation::RequestIdentity.number();
        let hash = &IdentityRequest::HASH;
        let clerk = self.clerk(hash, &fields, operation, *session, signature)?;
        let [least] = self.parameters(epoch, [P::ReputationFloor as u8])?;
        for (place, value) in [MISSION, WINNER, STATUTE, SPONSOR, DOMAIN]
            .iter()
            .zip(&words)
        {
            self.set_of_session(session, *place, value);
        }
        self.set_of_session(session, CHALLENGE, challenge);
        let mut word = Session::default();
        word.set_state(S::SessionInit.number());
        word.set_kind(kind);
        word.set_epoch(epoch as u32);
        word.set_legislative_epoch(legislative);
        word.set_node(node);
        // A session may ask for more than the city does, not for less.
        word.set_floor((part(*floor, 30, 2) as u64).max(least) as u16);
        self.log_words(
            &[
                &wire::IdentityRequested::SIGNATURE_HASH,
                session,
                &clerk.account,
            ],
            &[challenge, &number(word.floor().into())],
        );
        self.go(session, word, S::IdentityVerification)?;
        Ok(Vec::new())
    }

    /// MSG_TYPE_2. Who is not fit is dropped, and who attested before is passed over: nobody stops a session, nor what others relay.
    /// Whoever comes later attests until bidding ends: to confirm the roster as soon as the offices are filled shuts nobody out.
    ///
    /// Errors: those of `in_time`; `Mismatch`, `InvalidSignature`, `DeadlinePassed`.
    /// Events: `IdentityAttested`, `AgentDropped`.
    pub(crate) fn attest_identity(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut messages) = input.list(MESSAGES_MAX)?;
        let mut signatures = signatures(input, count)?;
        for _ in 0..count {
            let fields = messages.fields(const { widths::<6>(IdentityAttestation::OWN) })?;
            let [session, challenge, agent, principal, ..] = &fields;
            let mut word = self.in_time(session, ATTESTING)?;
            let asked = self.of_session(session, CHALLENGE);
            self.same(session, &asked, challenge)?;
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            self.signed(&IdentityAttestation::HASH, &fields, *agent, signature)?;
            let key = self.key(ATTESTED, *session, *agent);
            if self.read(key) != B256::ZERO {
                continue;
            }
            let standing = self.ask_peer(Peer::Agent, agents::standingCall::SELECTOR, &[*agent])?;
            let mut standing = Input::new(&standing);
            let (bound, _previous, kind) = (standing.word()?, standing.word()?, standing.u8()?);
            let (bars, score, reputation) = (standing.u8()?, standing.u16()?, standing.word()?);
            // A clerk is a management agent, and no producer: that alone does not bar it.
            let clerk = kind == agents::AgentType::Management as u8;
            let tolerated = if clerk { NO_PRODUCER } else { 0 };
            let rule = if bound != *principal || bound == B256::ZERO {
                ANOTHER_PRINCIPAL
            } else if bars & !tolerated != 0 {
                BARRED
            } else if score < word.floor() {
                BELOW_FLOOR
            } else {
                0
            };
            if rule != 0 {
                self.log_words(
                    &[&wire::AgentDropped::SIGNATURE_HASH, session, agent],
                    &[&number(rule)],
                );
                continue;
            }
            self.write(key, *principal);
            if clerk {
                self.fill_office(session, &mut word, agent, principal)?;
            }
            self.log_words(
                &[&wire::IdentityAttested::SIGNATURE_HASH, session, agent],
                &[principal, &reputation],
            );
        }
        Ok(Vec::new())
    }

    /// Counts a clerk's office as filled, and a regulator once for each principal: those who answer to one have one voice.
    #[inline(never)]
    fn fill_office(
        &mut self,
        session: &B256,
        word: &mut Session,
        agent: &B256,
        principal: &B256,
    ) -> Result<(), Vec<u8>> {
        let record = self.ask_peer(
            Peer::Management,
            management::clerkOfCall::SELECTOR,
            &[*agent],
        )?;
        let mut record = Input::new(&record);
        let (_known, active, role) = (record.bool()?, record.bool()?, record.u8()?);
        let voice = self.key(OFFICE, *session, *principal);
        let regulator = role == ClerkRole::Regulator.number();
        if !active || regulator && self.read(voice) != B256::ZERO {
            return Ok(());
        }
        if regulator {
            self.write(voice, number(1));
        }
        word.fill(role);
        self.store(session, word);
        Ok(())
    }

    /// Errors: those of `in_time`; `QuorumMissing`.
    pub(crate) fn confirm_roster(&mut self, input: &mut Input<'_>) -> Answer {
        let session = &input.word()?;
        let word = self.in_time(session, const { states(&[S::IdentityVerification]) })?;
        let (have, need) = word.offices_filled();
        if have != need {
            return refuse(
                wire::QuorumMissing::SELECTOR,
                &[*session, number(have.into()), number(need.into())],
            );
        }
        self.go(session, word, S::ProposalOpen)?;
        Ok(Vec::new())
    }

    /// Refuses what was not found where something else was approved.
    #[inline(never)]
    pub(crate) fn same(
        &self,
        session: &B256,
        expected: &B256,
        found: &B256,
    ) -> Result<(), Vec<u8>> {
        if expected != found {
            return refuse(wire::Mismatch::SELECTOR, &[*session, *expected, *found]);
        }
        Ok(())
    }

    /// MSG_TYPE_3.
    ///
    /// Errors: those of `in_time`; `Mismatch` for another proposal or statute than won, `TooMany` for more LLM tokens or a later
    /// deadline than the constitution allows, `TooLate`, `Unknown` for a node that the statute does not have, and those of a clerk's
    /// statement.
    /// Events: `DagProposed`, `SessionStateChanged`.
    pub(crate) fn publish_proposal(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<10>(DagProposal::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [
            session,
            proposal,
            statute,
            _content,
            rationale,
            nodes,
            tokens,
            budget,
            deadline,
            _,
        ] = &fields;
        let mut word = self.in_time(session, const { states(&[S::ProposalOpen]) })?;
        for (place, found) in [(WINNER, proposal), (STATUTE, statute)] {
            let adopted = self.of_session(session, place);
            self.same(session, &adopted, found)?;
        }
        let ids = [P::MissionBudgetCap as u8, P::MissionDurationMaxSecs as u8];
        let [tokens_max, duration] = self.parameters(word.epoch().into(), ids)?;
        let latest = self.now().saturating_add(duration);
        for (limit, found) in [(tokens_max, tokens), (latest, deadline)] {
            if *found > number(limit) {
                return refuse(wire::TooMany::SELECTOR, &[*session, number(limit)]);
            }
        }
        let until = part(*deadline, 24, 8) as u64;
        if until <= self.now() {
            return refuse(wire::TooLate::SELECTOR, &[*deadline]);
        }
        word.set_nodes(part(*nodes, 30, 2) as u16);
        let partial = word.kind() == Kind::Partial as u8;
        if word.nodes() == 0 || partial && word.node() >= word.nodes() {
            return refuse(wire::Unknown::SELECTOR, &[*nodes]);
        }
        let operation = Operation::PublishProposal.number();
        let hash = &DagProposal::HASH;
        let clerk = self.clerk(hash, &fields, operation, *session, signature)?;
        let mut terms = Terms::default();
        terms.set_budget(part(*budget, 16, 16));
        terms.set_deadline(until);
        terms.set_tokens(part(*tokens, 28, 4) as u32);
        self.set_terms(session, &terms);
        self.log_words(
            &[
                &wire::DagProposed::SIGNATURE_HASH,
                session,
                proposal,
                &clerk.account,
            ],
            &[statute, rationale],
        );
        self.go(session, word, S::BiddingOpen)?;
        Ok(Vec::new())
    }
}
