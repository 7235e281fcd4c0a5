//! The first three messages: who takes part, and what is legislated.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, IAssembly as assembly, ILegislature as wire, IManagement as management,
};
use agentcity_domain::{
    clerk::{ClerkRole, Operation},
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
    word::{field as get, part, set, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    session::{
        CHALLENGE, EPOCH, FLOOR, KIND, LEGISLATIVE_EPOCH, MISSION, NODE, NODES, REGULATORS, ROLES,
        STATE, STATUTE, TERMS, WINNER, bit,
    },
    storage::{ATTESTED, Legislature, SESSION},
};

/// Most messages that are relayed at once.
pub(crate) const MESSAGES_MAX: usize = 64;
/// Most bytes of a signature.
pub(crate) const SIGNATURE_MAX: usize = 2_048;

/// Every office there is, a bit each.
const OFFICES: u64 = (1 << ClerkRole::ALL.len()) - 1;

/// Why an agent that attested is dropped, as the interface numbers it.
const ANOTHER_PRINCIPAL: u64 = 1;
const BARRED: u64 = 2;
const BELOW_FLOOR: u64 = 3;

impl Legislature {
    pub(crate) fn request_identity(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<4>(IdentityRequest::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, challenge, floor, _] = fields;
        if get(&self.word_at(SESSION, &session, 0), STATE) != 0 {
            let state = number(get(&self.word_at(SESSION, &session, 0), STATE));
            return refuse(wire::WrongSessionState::SELECTOR, &[session, state]);
        }
        let answer = self.ask_peer(
            Peer::Assembly,
            assembly::outcomeOfCall::SELECTOR,
            &[session],
        )?;
        let mut outcome = Input::new(&answer);
        let (decided, kind, epoch) = (outcome.bool()?, outcome.u8()?, outcome.u64()?);
        let (legislative, until, node) = (outcome.u32()?, outcome.u64()?, outcome.u16()?);
        let (mission, winner, statute) = (outcome.word()?, outcome.word()?, outcome.word()?);
        if !decided || self.now() > until {
            return refuse(wire::NotDecided::SELECTOR, &[session]);
        }
        let operation = Operation::RequestIdentity.number();
        let clerk = self.clerk(
            &IdentityRequest::HASH,
            &fields,
            operation,
            session,
            signature,
        )?;
        for (place, value) in [
            (MISSION, mission),
            (WINNER, winner),
            (STATUTE, statute),
            (CHALLENGE, challenge),
        ] {
            self.put(SESSION, &session, place, &value);
        }
        let mut word = B256::ZERO;
        for (field, value) in [
            (STATE, S::SessionInit as u64),
            (KIND, kind.into()),
            (EPOCH, epoch),
            (LEGISLATIVE_EPOCH, legislative.into()),
            (NODE, node.into()),
            (FLOOR, part(floor, 30, 2) as u64),
        ] {
            set(&mut word, field, value);
        }
        self.log_words(
            &[
                &wire::IdentityRequested::SIGNATURE_HASH,
                &session,
                &clerk.account,
            ],
            &[&challenge, &floor],
        );
        self.go(session, word, S::IdentityVerification)?;
        Ok(Vec::new())
    }

    pub(crate) fn attest_identity(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut messages) = input.list(MESSAGES_MAX)?;
        let mut signatures = signatures(input, count)?;
        for _ in 0..count {
            let fields = messages.fields(const { widths::<6>(IdentityAttestation::OWN) })?;
            let [session, challenge, agent, principal, _did, _] = fields;
            let word = self.in_time(session, bit(S::IdentityVerification))?;
            let asked = self.word_at(SESSION, &session, CHALLENGE);
            if asked != challenge {
                return refuse(wire::Mismatch::SELECTOR, &[session, asked, challenge]);
            }
            let signature = signatures.bytes(SIGNATURE_MAX)?;
            self.signed(&IdentityAttestation::HASH, &fields, agent, signature)?;
            let standing = self.ask_peer(Peer::Agent, agents::standingCall::SELECTOR, &[agent])?;
            let mut standing = Input::new(&standing);
            let (bound, _previous, kind) = (standing.word()?, standing.word()?, standing.u8()?);
            let (bars, score, reputation) = (standing.u8()?, standing.u16()?, standing.word()?);
            // A clerk is a management agent: what bars it is only that it is no producer.
            let clerk = kind == agents::AgentType::Management as u8;
            let rule = if bound != principal {
                ANOTHER_PRINCIPAL
            } else if bars != 0 && !clerk {
                BARRED
            } else if u64::from(score) < get(&word, FLOOR) {
                BELOW_FLOOR
            } else {
                0
            };
            if rule != 0 {
                self.log_words(
                    &[&wire::AgentDropped::SIGNATURE_HASH, &session, &agent],
                    &[&number(rule)],
                );
                continue;
            }
            self.once(ATTESTED, session, agent)?;
            if clerk {
                self.fill_office(session, word, agent)?;
            }
            self.log_words(
                &[&wire::IdentityAttested::SIGNATURE_HASH, &session, &agent],
                &[&principal, &reputation],
            );
        }
        Ok(Vec::new())
    }

    /// Counts a clerk's office as filled.
    #[inline(never)]
    fn fill_office(&mut self, session: B256, mut word: B256, agent: B256) -> Result<(), Vec<u8>> {
        let record = self.ask_peer(
            Peer::Management,
            management::clerkOfCall::SELECTOR,
            &[agent],
        )?;
        let mut record = Input::new(&record);
        let (_known, active, role) = (record.bool()?, record.bool()?, record.u8()?);
        if !active {
            return Ok(());
        }
        let roles = get(&word, ROLES) | 1u64.checked_shl(role.into()).unwrap_or_default();
        set(&mut word, ROLES, roles & OFFICES);
        if role == ClerkRole::Regulator.number() {
            let regulators = get(&word, REGULATORS).saturating_add(1);
            set(&mut word, REGULATORS, regulators.min(u8::MAX.into()));
        }
        self.store_session(session, word);
        Ok(())
    }

    pub(crate) fn confirm_roster(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let word = self.in_time(session, bit(S::IdentityVerification))?;
        let roles = get(&word, ROLES);
        if roles != OFFICES {
            return refuse(
                wire::QuorumMissing::SELECTOR,
                &[
                    session,
                    number(roles.count_ones().into()),
                    number(OFFICES.count_ones().into()),
                ],
            );
        }
        self.go(session, word, S::ProposalOpen)?;
        Ok(Vec::new())
    }

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
        ] = fields;
        let mut word = self.in_time(session, bit(S::ProposalOpen))?;
        let winner = self.word_at(SESSION, &session, WINNER);
        let adopted = self.word_at(SESSION, &session, STATUTE);
        for (expected, found) in [(winner, proposal), (adopted, statute)] {
            if expected != found {
                return refuse(wire::Mismatch::SELECTOR, &[session, expected, found]);
            }
        }
        let [tokens_max, duration] = self.parameters(
            get(&word, EPOCH),
            [P::MissionBudgetCap as u8, P::MissionDurationMaxSecs as u8],
        )?;
        let latest = self.now().saturating_add(duration);
        for (limit, found) in [(tokens_max, tokens), (latest, deadline)] {
            if found > number(limit) {
                return refuse(wire::TooMany::SELECTOR, &[session, number(limit)]);
            }
        }
        let until = part(deadline, 24, 8);
        if nodes == B256::ZERO || until <= self.now().into() {
            return refuse(wire::TooLate::SELECTOR, &[deadline]);
        }
        let operation = Operation::PublishProposal.number();
        let clerk = self.clerk(&DagProposal::HASH, &fields, operation, session, signature)?;
        let mut terms = with(B256::ZERO, 0, 16, part(budget, 16, 16));
        terms = with(with(terms, 16, 5, until), 21, 4, part(tokens, 28, 4));
        self.put(SESSION, &session, TERMS, &terms);
        self.log_words(
            &[
                &wire::DagProposed::SIGNATURE_HASH,
                &session,
                &proposal,
                &clerk.account,
            ],
            &[&statute, &rationale],
        );
        set(&mut word, NODES, part(nodes, 30, 2) as u64);
        self.go(session, word, S::BiddingOpen)?;
        Ok(Vec::new())
    }
}
