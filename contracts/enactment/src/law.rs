//! MSG_TYPE_6 and 7: which template, whether the statute holds to it, who approves; and what follows from a law.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as collaboration, IEnactment as wire};
use agentcity_domain::{
    clerk::{ClerkRole, Operation},
    machine::SessionState as S,
    parameter::{ParameterId as P, derived},
    peer::Peer,
    signed::{
        Typed,
        legislation::{CodedSpecification, LegislativeApproval, TemplateVersion},
        widths,
    },
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output::{self, number},
    peer, refuse,
    statement::Statements,
    word::{part, with},
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    award::{ASSIGNMENTS, SIGNATURE_MAX},
    pages::{Node, node},
    session::{APPROVED_BY, AUDITED, AWAITED, Session, TEMPLATE_KEY, VALIDATION, bit},
    storage::{Enactment, FAULT, REASSIGNED, RUN, SESSION, TEMPLATE},
};

/// Kind of the sessions that give one failed node new seats, as the interface numbers it.
const PARTIAL: u8 = 3;

/// Bounds of a statute's nodes, of the session's epoch: parameters in this order.
const BOUNDS: [u8; 9] = [
    P::MaxNodeTimeoutMs as u8,
    P::MinHumanReviewTimeoutMs as u8,
    P::MaxHumanReviewTimeoutMs as u8,
    P::RedundancyLow as u8,
    P::RedundancyMedium as u8,
    P::RedundancyHigh as u8,
    P::RiskMediumBudget as u8,
    P::RiskHighBudget as u8,
    P::MaxCodificationRetries as u8,
];

/// The rule of docs/statute.md that a node breaks; zero for none. `scale` is base units of one unit.
#[inline(never)]
fn broken(node: &Node, template: B256, bounds: &[u64; 9], scale: u128) -> u8 {
    let [
        longest,
        review_min,
        review_max,
        low,
        medium,
        high,
        middling,
        grave,
        _,
    ] = *bounds;
    let redundancy = match node.risk {
        0 => low,
        1 => medium,
        _ => high,
    };
    let (executors, threshold) = (node.redundancy.into(), node.threshold.into());
    let least_risk = if node.budget >= scale.saturating_mul(grave.into()) {
        2
    } else {
        u8::from(node.budget >= scale.saturating_mul(middling.into()))
    };
    let tiers = part(template, 2, 1) as u8;
    let allowed = tiers.checked_shr(node.tier.into()).unwrap_or_default() & 1 == 1;
    match node.tier {
        1 if node.timeout == 0 || node.timeout > longest => 1,
        2 if node.timeout == 0 || node.timeout > longest => 1,
        2 if !derived::is_redundancy(executors, threshold)
            || u64::from(node.redundancy) < redundancy =>
        {
            2
        }
        3 if node.timeout < review_min || node.timeout > review_max || node.risk == 0 => 3,
        1..=3 if !allowed || u128::from(node.risk) > part(template, 3, 1) => 4,
        1..=3 if node.budget == 0 || node.risk < least_risk || node.risk > 2 => 5,
        1..=3 if u128::from(node.predicates) < part(template, 4, 1) => 7,
        1..=3 => 0,
        _ => 6,
    }
}

impl Enactment {
    /// Refuses other hashes than the session's own.
    #[inline(never)]
    fn require_own(
        &self,
        session: B256,
        loaded: &Session,
        statute: B256,
        assignments: B256,
    ) -> Result<(), Vec<u8>> {
        self.same(session, loaded.statute, statute)?;
        let run = self.run(session, loaded);
        self.same(session, self.word_at(RUN, &run, ASSIGNMENTS), assignments)
    }

    pub(crate) fn codify(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(CodedSpecification::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, statute, assignments, template, version, _] = fields;
        let loaded = self.in_time(session, bit(S::Codification))?;
        self.require_own(session, &loaded, statute, assignments)?;
        let template_key = self.key(TEMPLATE, template, version);
        let bounds = self.read(template_key);
        if bounds == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[template]);
        }
        let most = part(bounds, 0, 2);
        if u128::from(loaded.nodes) > most {
            return refuse(wire::TooMany::SELECTOR, &[template, output::amount(most)]);
        }
        let clerk = self.clerk(
            &CodedSpecification::HASH,
            &fields,
            Operation::Codify.number(),
            session,
            signature,
        )?;
        self.put(SESSION, &session, TEMPLATE_KEY, &template_key);
        // Whatever was validated was validated against another template.
        let key = self.session_key(session, VALIDATION);
        let retries = part(self.read(key), 2, 1);
        self.write(key, with(B256::ZERO, 2, 1, retries));
        self.log_words(
            &[&wire::Codified::SIGNATURE_HASH, &session, &clerk.account],
            &[&statute, &assignments, &template, &version],
        );
        Ok(Vec::new())
    }

    pub(crate) fn validate(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let loaded = self.in_time(session, bit(S::Codification))?;
        let template = self.word_at(SESSION, &session, TEMPLATE_KEY);
        let template = self.read(template);
        if template == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[template]);
        }
        let progress_key = self.session_key(session, VALIDATION);
        let progress = self.read(progress_key);
        let awaited_key = self.session_key(session, AWAITED);
        let awaited = if part(progress, 27, 1) == 0 {
            loaded.statute
        } else {
            self.read(awaited_key)
        };
        let (pages, rest) = self.read_pages(input, session, awaited)?;
        let bounds = self.parameters(loaded.epoch, BOUNDS)?;
        let from = self.constitution_address();
        let selector = agentcity_abi::IConstitution::unitScaleCall::SELECTOR;
        let scale = part(peer::ask_word(self.vm(), from, &selector)?, 16, 16);
        let mut index = part(progress, 0, 2) as u64;
        let (mut budget, mut tokens) = (part(progress, 3, 16), part(progress, 19, 8));
        let mut rule = 0;
        'pages: for (page, _) in &pages {
            let mut at = 0usize;
            while at < page.len() {
                let bytes = page.get(at..).unwrap_or_default();
                let (node, length) = node(bytes).ok_or_else(malformed)?;
                budget = budget.saturating_add(node.budget);
                tokens = tokens.saturating_add(node.tokens.into());
                rule = broken(&node, template, &bounds, scale);
                if budget > loaded.budget || tokens > loaded.tokens.into() {
                    rule = 8;
                }
                if index >= u64::from(loaded.nodes) {
                    rule = 9;
                }
                if rule != 0 {
                    break 'pages;
                }
                index = index.saturating_add(1);
                at = at.saturating_add(length);
            }
        }
        let complete = rest == B256::ZERO;
        if rule == 0 && complete && index != u64::from(loaded.nodes) {
            rule = 9;
        }
        if rule != 0 {
            return self.fail_validation(session, progress, index, rule, bounds[8]);
        }
        let mut progress = with(progress, 0, 2, index.into());
        progress = with(with(progress, 3, 16, budget), 19, 8, tokens);
        self.write(progress_key, with(progress, 27, 1, 1));
        self.write(awaited_key, rest);
        self.log_words(
            &[&wire::ValidationAdvanced::SIGNATURE_HASH, &session],
            &[&number(index), &number(loaded.nodes.into())],
        );
        if complete {
            self.go(session, S::AwaitingApproval)?;
        }
        Ok(Vec::new())
    }

    /// Counts a retry; a new MSG_TYPE_6 has to name another template.
    #[inline(never)]
    fn fail_validation(
        &mut self,
        session: B256,
        progress: B256,
        node: u64,
        rule: u8,
        most: u64,
    ) -> Answer {
        let retries = part(progress, 2, 1).saturating_add(1);
        self.put(
            SESSION,
            &session,
            VALIDATION,
            &with(B256::ZERO, 2, 1, retries),
        );
        self.put(SESSION, &session, TEMPLATE_KEY, &B256::ZERO);
        self.log_words(
            &[
                &wire::ValidationFailed::SIGNATURE_HASH,
                &session,
                &number(node),
            ],
            &[&number(rule.into()), &output::amount(retries)],
        );
        if retries > most.into() {
            self.go(session, S::Failed)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn approve(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(LegislativeApproval::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, statute, assignments, epoch, role, _] = fields;
        let loaded = self.in_time(session, bit(S::AwaitingApproval))?;
        self.require_own(session, &loaded, statute, assignments)?;
        self.same(session, number(loaded.epoch), epoch)?;
        let clerk = self.clerk(
            &LegislativeApproval::HASH,
            &fields,
            Operation::Approve.number(),
            session,
            signature,
        )?;
        let held = number(clerk.role.into());
        if held != role {
            return refuse(wire::WrongOffice::SELECTOR, &[role, held]);
        }
        let answer = self.ask_peer(
            Peer::Agent,
            agents::principalOfCall::SELECTOR,
            &[clerk.account],
        )?;
        let principal = Input::new(&answer).word()?;
        let [speaker, regulator] = APPROVED_BY;
        let (own, other) = if clerk.role == ClerkRole::Speaker.number() {
            (speaker, regulator)
        } else {
            (regulator, speaker)
        };
        let key = self.session_key(session, own);
        let other = self.word_at(SESSION, &session, other);
        if self.read(key) != B256::ZERO || other == principal {
            return refuse(wire::AlreadyDone::SELECTOR, &[session, principal]);
        }
        self.write(key, principal);
        let digest = self.digest(&LegislativeApproval::HASH, &fields)?;
        self.log_words(
            &[&wire::Approved::SIGNATURE_HASH, &session, &clerk.account],
            &[&role, &digest],
        );
        if other != B256::ZERO {
            self.log_words(
                &[&wire::LawEnacted::SIGNATURE_HASH, &session],
                &[&statute, &assignments, &epoch],
            );
            self.go(session, S::Deployed)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn audit_codification(&mut self, input: &mut Input<'_>) -> Answer {
        let [session, statute] = input.fields([32; 2])?;
        self.only(&[Peer::Adjudication])?;
        let loaded = self.session_in(session, bit(S::AwaitingApproval) | bit(S::Deployed))?;
        self.same(session, loaded.statute, statute)?;
        self.put(SESSION, &session, AUDITED, &number(1));
        self.log_words(
            &[&wire::CodificationAudited::SIGNATURE_HASH, &session],
            &[&statute],
        );
        Ok(Vec::new())
    }

    pub(crate) fn publish_template(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<8>(TemplateVersion::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [id, version, schema, nodes, tiers, risk, predicates, _] = fields;
        let key = self.key(TEMPLATE, id, version);
        if nodes == B256::ZERO || tiers == B256::ZERO {
            return Err(malformed());
        }
        if self.read(key) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[id, version]);
        }
        self.clerk(
            &TemplateVersion::HASH,
            &fields,
            Operation::PublishTemplate.number(),
            id,
            signature,
        )?;
        let mut word = with(B256::ZERO, 0, 2, part(nodes, 30, 2));
        for (at, field) in [(2, tiers), (3, risk), (4, predicates)] {
            word = with(word, at, 1, part(field, 31, 1));
        }
        self.write(key, word);
        let schema_key = self.key(TEMPLATE, key, B256::ZERO);
        self.write(schema_key, schema);
        self.log_words(
            &[&wire::TemplatePublished::SIGNATURE_HASH, &id, &version],
            &[&schema],
        );
        Ok(Vec::new())
    }

    pub(crate) fn apply_reassignment(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let loaded = self.session_in(session, bit(S::Deployed))?;
        if loaded.kind != PARTIAL {
            return refuse(
                wire::WrongSessionState::SELECTOR,
                &[session, number(loaded.state.into())],
            );
        }
        self.once(REASSIGNED, session, B256::ZERO)?;
        let node = number(loaded.node.into());
        let (seats, _) = self.seats(session, &loaded, node)?;
        let arguments = output::Output::of(4)
            .word(loaded.mission)
            .word(node)
            .word(session)
            .list(&seats, crate::views::SEAT_WORDS)
            .finish();
        let count = seats.len().checked_div(crate::views::SEAT_WORDS);
        self.log_words(
            &[
                &wire::NodeReassigned::SIGNATURE_HASH,
                &session,
                &loaded.mission,
                &node,
            ],
            &[&number(count.unwrap_or_default() as u64)],
        );
        let mut data = collaboration::reassignNodeCall::SELECTOR.to_vec();
        data.extend_from_slice(&arguments);
        let to = self.member(Peer::Collaboration)?;
        peer::tell(self.vm(), to, &data, U256::ZERO)?;
        Ok(Vec::new())
    }

    pub(crate) fn declare_specification_fault(&mut self, input: &mut Input<'_>) -> Answer {
        let [mission, node, attempt] = input.fields([32, 2, 1])?;
        self.only(&[Peer::Adjudication])?;
        let key = self.key(FAULT, mission, node);
        if self.read(key) != B256::ZERO {
            return refuse(wire::AlreadyDone::SELECTOR, &[mission, node]);
        }
        self.write(key, with(attempt, 0, 1, 1));
        self.log_words(
            &[&wire::SpecificationFaulted::SIGNATURE_HASH, &mission, &node],
            &[&attempt],
        );
        Ok(Vec::new())
    }
}
