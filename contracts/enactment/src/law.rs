//! MSG_TYPE_6 and 7: which template, whether the statute holds to it, who approves; and what follows from a law.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IEnactment as wire};
use agentcity_domain::{
    clerk::Operation,
    legislation::{
        law::Refused,
        session::{Kind, states},
        template::{Bounds, Template},
    },
    machine::SessionState as S,
    parameter::{ParameterId as P, derived::TimeoutBounds},
    peer::Peer,
    signed::{
        Typed,
        legislation::{CodedSpecification, LegislativeApproval, TemplateVersion},
        widths,
    },
    statute::{Degrees, Limits, Page, Progress, Rule, deployment::Imports},
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
    award::SIGNATURE_MAX,
    session::{ASSIGNMENTS, AWAITED, Session, TEMPLATE_KEY, VALIDATION},
    storage::{APPLIED, APPROVED, Enactment, FAULT, RUN, SESSION, TEMPLATE},
};

const CODING: u16 = states(&[S::Codification]);
const APPROVING: u16 = states(&[S::AwaitingApproval]);
const LAW: u16 = states(&[S::Deployed]);

/// What bounds a statute, of the session's epoch: parameters in this order.
const BOUNDS: [u8; 10] = [
    P::MaxNodeTimeoutMs as u8,
    P::MinHumanReviewTimeoutMs as u8,
    P::MaxHumanReviewTimeoutMs as u8,
    P::RedundancyLow as u8,
    P::RedundancyMedium as u8,
    P::RedundancyHigh as u8,
    P::RiskMediumBudget as u8,
    P::RiskHighBudget as u8,
    P::MissionBudgetCap as u8,
    P::MaxCodificationRetries as u8,
];

/// How far validation is, in a session's word.
#[derive(Clone, Copy)]
struct Validation {
    progress: Progress,
    begun: bool,
}

impl Validation {
    #[inline(never)]
    fn of(word: B256) -> Self {
        Self {
            progress: Progress {
                nodes: part(word, 0, 2) as u16,
                seat_pages: 0,
                risk: part(word, 2, 1) as u8,
                tokens: part(word, 3, 4) as u32,
                budget: part(word, 7, 16),
            },
            begun: part(word, 23, 1) != 0,
        }
    }

    #[inline(never)]
    fn word(&self) -> B256 {
        let of = &self.progress;
        let mut word = with(B256::ZERO, 0, 2, of.nodes.into());
        word = with(word, 2, 1, of.risk.into());
        word = with(word, 3, 4, of.tokens.into());
        word = with(word, 7, 16, of.budget);
        with(word, 23, 1, self.begun.into())
    }
}

impl Enactment {
    /// Refuses other hashes than the session's own.
    ///
    /// Errors: `Mismatch`.
    #[inline(never)]
    fn require_own(
        &self,
        session: &Session,
        statute: B256,
        assignments: B256,
    ) -> Result<(), Vec<u8>> {
        self.same(session.id, session.statute, statute)?;
        let own = self.word_at(RUN, &self.run_of(session), ASSIGNMENTS);
        self.same(session.id, own, assignments)
    }

    /// A session that gives one node anew has the statute of its mission, which is law: nothing of it is left to validate.
    ///
    /// Errors: those of `in_time` and of a clerk's statement; `Mismatch`, `Unknown(template)`, `TooMany` for more nodes than the
    /// template allows.
    /// Events: `Codified`.
    pub(crate) fn codify(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(CodedSpecification::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, statute, assignments, template, version, _] = fields;
        let loaded = self.in_time(session, CODING)?;
        self.require_own(&loaded, statute, assignments)?;
        let template_key = self.key(TEMPLATE, template, version);
        let bounds = Template(self.read(template_key));
        if bounds == Template::default() {
            return refuse(wire::Unknown::SELECTOR, &[template]);
        }
        if bounds.admits(loaded.nodes).is_err() {
            let most = number(bounds.nodes_max().into());
            return refuse(wire::TooMany::SELECTOR, &[template, most]);
        }
        let operation = Operation::Codify.number();
        let hash = &CodedSpecification::HASH;
        let clerk = self.clerk(hash, &fields, operation, session, signature)?;
        self.put(SESSION, &session, TEMPLATE_KEY, &template_key);
        // Whatever was validated was validated against another template.
        self.put(SESSION, &session, VALIDATION, &B256::ZERO);
        self.log_words(
            &[&wire::Codified::SIGNATURE_HASH, &session, &clerk.account],
            &[&statute, &assignments, &template, &version],
        );
        if loaded.kind == Kind::Partial as u8 {
            self.go(session, S::AwaitingApproval)?;
        }
        Ok(Vec::new())
    }

    /// Errors: those of `in_time`; `Unknown(0)` before a template is named, `WrongPages`.
    /// Events: `ValidationAdvanced`, `ValidationFailed`.
    pub(crate) fn validate(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let loaded = self.in_time(session, CODING)?;
        let template = self.word_at(SESSION, &session, TEMPLATE_KEY);
        let template = Template(self.read(template));
        if template == Template::default() {
            return refuse(wire::Unknown::SELECTOR, &[template.0]);
        }
        let mut validation = Validation::of(self.word_at(SESSION, &session, VALIDATION));
        let awaited = if validation.begun {
            self.word_at(SESSION, &session, AWAITED)
        } else {
            loaded.statute
        };
        let (pages, rest) = self.read_pages(input, session, awaited)?;
        let [
            longest,
            review_min,
            review_max,
            low,
            medium,
            high,
            middling,
            grave,
            cap,
            most,
        ] = self.parameters(loaded.epoch, BOUNDS)?;
        let scale = self.unit_scale()?;
        let limits = Limits {
            nodes: loaded.nodes,
            timeouts: TimeoutBounds {
                execution_min_ms: const { P::MaxNodeTimeoutMs.row().min },
                execution_max_ms: longest as u32,
                review_min_ms: review_min as u32,
                review_max_ms: review_max as u32,
            },
            tokens: cap as u32,
            imports: if loaded.kind == Kind::Full as u8 {
                Imports::Allowed
            } else {
                Imports::None
            },
        };
        let bounds = Bounds {
            redundancy: [low, medium, high].map(|executors| executors as u32),
            risky: [middling, grave].map(|units| scale.saturating_mul(units.into())),
            budget: loaded.budget,
            tokens: loaded.tokens,
        };
        let progress = &mut validation.progress;
        let mut degrees = Degrees::of(loaded.nodes);
        let mut broken = None;
        for (bytes, _) in &pages {
            let first = progress.nodes;
            let page = Page::read(bytes).unwrap_or_default();
            if let Err(wrong) = progress.take_page(bytes, &limits, &mut degrees) {
                broken = Some((progress.nodes, wrong.rule as u8));
            } else if let Err((at, rule)) = template.judge(&page, first == 0, &bounds) {
                broken = Some((first.saturating_add(at), rule as u8));
            } else if let Err(rule) = bounds.within(progress) {
                broken = Some((progress.nodes, rule as u8));
            }
            if broken.is_some() {
                break;
            }
        }
        if broken.is_none() && progress.end_pages(&limits, rest).is_err() {
            broken = Some((progress.nodes, Rule::Count as u8));
        }
        if let Some((node, rule)) = broken {
            return self.fail_validation(session, node, rule, most);
        }
        let nodes = progress.nodes;
        validation.begun = true;
        self.put(SESSION, &session, VALIDATION, &validation.word());
        self.put(SESSION, &session, AWAITED, &rest);
        self.log_words(
            &[&wire::ValidationAdvanced::SIGNATURE_HASH, &session],
            &[&number(nodes.into()), &number(loaded.nodes.into())],
        );
        if rest == B256::ZERO {
            self.go(session, S::AwaitingApproval)?;
        }
        Ok(Vec::new())
    }

    /// Counts a retry; a new MSG_TYPE_6 has to name a template.
    #[inline(never)]
    fn fail_validation(&mut self, session: B256, node: u16, rule: u8, most: u64) -> Answer {
        let mut approvals = self.approvals(&session);
        let retries = approvals.retries().saturating_add(1);
        approvals.set_retries(retries);
        self.set_approvals(&session, &approvals);
        self.put(SESSION, &session, VALIDATION, &B256::ZERO);
        self.put(SESSION, &session, TEMPLATE_KEY, &B256::ZERO);
        self.log_words(
            &[
                &wire::ValidationFailed::SIGNATURE_HASH,
                &session,
                &number(node.into()),
            ],
            &[&number(rule.into()), &number(retries.into())],
        );
        if u64::from(retries) > most {
            self.go(session, S::Failed)?;
        }
        Ok(Vec::new())
    }

    /// INV-LAW-01. Clerks of one principal have one voice between them.
    ///
    /// Errors: those of `in_time` and of a clerk's statement; `Mismatch`, `WrongOffice`, `AlreadyDone`.
    /// Events: `Approved`, `LawEnacted`.
    pub(crate) fn approve(&mut self, input: &mut Input<'_>) -> Answer {
        let fields = input.fields(const { widths::<6>(LegislativeApproval::OWN) })?;
        let signature = input.bytes(SIGNATURE_MAX)?;
        let [session, statute, assignments, epoch, role, _] = fields;
        let loaded = self.in_time(session, APPROVING)?;
        self.require_own(&loaded, statute, assignments)?;
        self.same(session, number(loaded.epoch), epoch)?;
        let operation = Operation::Approve.number();
        let hash = &LegislativeApproval::HASH;
        let digest = self.digest(hash, &fields)?;
        let clerk = self.clerk(hash, &fields, operation, session, signature)?;
        let held = number(clerk.role.into());
        if held != role {
            return refuse(wire::WrongOffice::SELECTOR, &[role, held]);
        }
        let principal = self.principal_of(clerk.account)?;
        self.once(APPROVED, session, principal)?;
        let [quorum] = self.parameters(loaded.epoch, [P::MultisigRegQuorum as u8])?;
        let mut approvals = self.approvals(&session);
        let counted = approvals.count(clerk.role, loaded.regulators, quorum as u32);
        let law = match counted {
            Ok(law) => law,
            Err(Refused::Done) => {
                return refuse(wire::AlreadyDone::SELECTOR, &[session, principal]);
            }
            Err(Refused::Office) => return refuse(wire::WrongOffice::SELECTOR, &[role, held]),
        };
        self.set_approvals(&session, &approvals);
        self.log_words(
            &[&wire::Approved::SIGNATURE_HASH, &session, &clerk.account],
            &[&role, &digest],
        );
        if law {
            self.log_words(
                &[&wire::LawEnacted::SIGNATURE_HASH, &session],
                &[&statute, &assignments, &epoch],
            );
            self.go(session, S::Deployed)?;
        }
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongSessionState`, `Mismatch`.
    /// Events: `CodificationAudited`.
    pub(crate) fn audit_codification(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, statute) = (input.word()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        let loaded = self.session_in(session, APPROVING | LAW)?;
        self.same(session, loaded.statute, statute)?;
        let mut approvals = self.approvals(&session);
        approvals.set_audited(1);
        self.set_approvals(&session, &approvals);
        self.log_words(
            &[&wire::CodificationAudited::SIGNATURE_HASH, &session],
            &[&statute],
        );
        Ok(Vec::new())
    }

    /// Errors: `MalformedCall` for a template that allows nothing, `AlreadyDone`, those of a clerk's statement.
    /// Events: `TemplatePublished`.
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
        let operation = Operation::PublishTemplate.number();
        self.clerk(&TemplateVersion::HASH, &fields, operation, id, signature)?;
        let mut template = Template::default();
        template.set_nodes_max(part(nodes, 30, 2) as u16);
        template.set_tiers(part(tiers, 31, 1) as u8);
        template.set_risk_max(part(risk, 31, 1) as u8);
        template.set_predicates_min(part(predicates, 31, 1) as u8);
        self.write(key, template.0);
        self.put(TEMPLATE, &key, 0, &schema);
        self.log_words(
            &[&wire::TemplatePublished::SIGNATURE_HASH, &id, &version],
            &[&schema],
        );
        Ok(Vec::new())
    }

    /// Errors: `WrongSessionState`, `AlreadyDone`, and collaboration's for a node that nobody may give anew.
    /// Events: `NodeReassigned`.
    pub(crate) fn apply_reassignment(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let loaded = self.session_in(session, LAW)?;
        if loaded.kind != Kind::Partial as u8 {
            let state = number(loaded.state.into());
            return refuse(wire::WrongSessionState::SELECTOR, &[session, state]);
        }
        self.once(APPLIED, session, B256::ZERO)?;
        self.reseat(&loaded)?;
        let node = number(loaded.node.into());
        let (seats, _) = self.seats(&loaded, loaded.node)?;
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

    /// Errors: `Unauthorized`, `AlreadyDone`.
    /// Events: `SpecificationFaulted`.
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
