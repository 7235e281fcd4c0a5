//! MSG_TYPE_6 and 7: which template, whether the statute holds to it, who approves; and what the panel says of a law.

use agentcity_abi::IEnactment as wire;
use agentcity_domain::{
    clerk::Operation,
    legislation::{
        law::Refused,
        session::{Kind, states},
        template::{Bounds, Template},
    },
    machine::SessionState as S,
    parameter::{ParameterId as P, derived::TimeoutBounds},
    signed::{
        Typed,
        legislation::{CodedSpecification, LegislativeApproval, TemplateVersion},
        widths,
    },
    statute::{Degrees, Limits, Page, Progress, Rule, deployment::Imports},
};
use agentcity_shell::{
    member::Member,
    output::number,
    reader::Reader,
    said::{Become, Said, about, end, wrong},
    statement::Statements,
    topic,
    word::{get, having, part, with},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};

use crate::{
    anew::LAW,
    award::SIGNATURE_MAX,
    session::{ASSIGNMENTS, AWAITED, Session, TEMPLATE_KEY, VALIDATION, done, same},
    storage::{APPROVED, Enactment, FAULT, RUN, SESSION, TEMPLATE},
};

const CODING: u16 = states(&[S::Codification]);
const APPROVING: u16 = states(&[S::AwaitingApproval]);

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
    fn of(word: &B256) -> Self {
        Self {
            progress: Progress {
                nodes: get(word, 0, 2) as u16,
                seat_pages: 0,
                risk: get(word, 2, 1) as u8,
                tokens: get(word, 3, 4) as u32,
                budget: part(*word, 7, 16),
            },
            begun: get(word, 23, 1) != 0,
        }
    }

    #[inline(never)]
    fn word(&self) -> B256 {
        let of = &self.progress;
        let mut word = with(B256::ZERO, 7, 16, of.budget);
        word = having(&word, 0, 2, of.nodes.into());
        word = having(&word, 2, 1, of.risk.into());
        word = having(&word, 3, 4, of.tokens.into());
        having(&word, 23, 1, self.begun.into())
    }
}

impl Enactment {
    /// INV-LAW-02. Refuses other hashes than the session's own: those of the statute that was voted, and of the seats that were
    /// awarded.
    ///
    /// Errors: `Mismatch`.
    #[inline(never)]
    fn require_own(&self, session: &Session, statute: &B256, assignments: &B256) -> Said {
        same(&session.id, &session.statute, statute)?;
        let own = self.entry(RUN, &self.run_of(session), ASSIGNMENTS);
        same(&session.id, &own, assignments)
    }

    /// A session that gives one node anew has the statute of its mission, which is law: nothing of it is left to validate.
    ///
    /// Errors: those of `in_time` and of a clerk's statement; `Mismatch`, `Unknown(template)`, `TooMany` for more nodes than the
    /// template allows.
    /// Events: `Codified`.
    pub(crate) fn codify(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = &input.fields(const { widths::<6>(CodedSpecification::OWN) });
        let signature = input.bytes(SIGNATURE_MAX);
        end(input)?;
        let [session, statute, assignments, template, version, _] = fields;
        let loaded = self.in_time(session, CODING)?;
        self.require_own(&loaded, statute, assignments)?;
        let template_key = self.key(TEMPLATE, *template, *version);
        let bounds = Template(self.read(template_key));
        if bounds.0.is_zero() {
            return Err(about(wire::Unknown::SELECTOR, template, &[]));
        }
        if bounds.admits(loaded.nodes).is_err() {
            let most = [bounds.nodes_max().into()];
            return Err(about(wire::TooMany::SELECTOR, template, &most));
        }
        let operation = Operation::Codify.number();
        let hash = &CodedSpecification::HASH;
        let clerk = self.clerk(hash, fields, operation, *session, signature)?;
        self.set_entry(SESSION, session, TEMPLATE_KEY, &template_key);
        // Whatever was validated was validated against another template.
        self.set_entry(SESSION, session, VALIDATION, &B256::ZERO);
        self.log(
            topic!(wire::Codified::SIGNATURE_HASH)
                .word(session)
                .word(&clerk.account)
                .word(statute)
                .word(assignments)
                .word(template)
                .word(version),
            3,
        );
        if loaded.kind == Kind::Partial as u8 {
            return self.go(session, S::AwaitingApproval);
        }
        Ok(())
    }

    /// What bounds a session's statute, and how often codification may fail.
    #[inline(never)]
    fn bounds(&self, session: &Session) -> Said<(Limits, Bounds, u64)> {
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
        ] = self.terms_of(session.epoch, BOUNDS)?;
        let scale = self.unit_scale()?;
        let limits = Limits {
            nodes: session.nodes,
            timeouts: TimeoutBounds {
                execution_min_ms: const { P::MaxNodeTimeoutMs.row().min },
                execution_max_ms: longest as u32,
                review_min_ms: review_min as u32,
                review_max_ms: review_max as u32,
            },
            tokens: cap as u32,
            imports: if session.kind == Kind::Full as u8 {
                Imports::Allowed
            } else {
                Imports::None
            },
        };
        let bounds = Bounds {
            redundancy: [low as u32, medium as u32, high as u32],
            risky: [
                scale.saturating_mul(middling.into()),
                scale.saturating_mul(grave.into()),
            ],
            budget: session.budget,
            tokens: session.tokens,
        };
        Ok((limits, bounds, most))
    }

    /// Errors: those of `in_time`; `Unknown(0)` before a template is named, `WrongPages`.
    /// Events: `ValidationAdvanced`, `ValidationFailed`.
    pub(crate) fn validate(&mut self, input: &mut Reader<'_>) -> Said {
        let session = &input.word();
        let loaded = self.in_time(session, CODING)?;
        let template = self.entry(SESSION, session, TEMPLATE_KEY);
        if template.is_zero() {
            return Err(about(wire::Unknown::SELECTOR, &template, &[]));
        }
        let template = Template(self.read(template));
        let mut validation = Validation::of(&self.entry(SESSION, session, VALIDATION));
        let awaited = if validation.begun {
            self.entry(SESSION, session, AWAITED)
        } else {
            loaded.statute
        };
        let (pages, rest) = self.read_pages(input, session, &awaited)?;
        let (limits, bounds, most) = self.bounds(&loaded)?;
        let progress = &mut validation.progress;
        let mut degrees = Degrees::of(loaded.nodes);
        let mut broken = None;
        for (bytes, _) in &pages {
            let first = progress.nodes;
            let page = Page::read(bytes).unwrap_or_default();
            if let Err(found) = progress.take_page(bytes, &limits, &mut degrees) {
                broken = Some((first, found.rule as u8));
            } else if let Err((at, rule)) = template.judge(&page, first == 0, &bounds) {
                broken = Some((first.saturating_add(at), rule as u8));
            } else if let Err(rule) = bounds.within(progress) {
                broken = Some((first, rule as u8));
            }
            if broken.is_some() {
                break;
            }
        }
        let nodes = progress.nodes;
        if broken.is_none() && progress.end_pages(&limits, rest).is_err() {
            broken = Some((nodes, Rule::Count as u8));
        }
        if let Some((node, rule)) = broken {
            return self.fail_validation(session, node, rule, most);
        }
        validation.begun = true;
        self.set_entry(SESSION, session, VALIDATION, &validation.word());
        self.set_entry(SESSION, session, AWAITED, &rest);
        self.log(
            topic!(wire::ValidationAdvanced::SIGNATURE_HASH)
                .word(session)
                .number(nodes.into())
                .number(loaded.nodes.into()),
            2,
        );
        if rest.is_zero() {
            return self.go(session, S::AwaitingApproval);
        }
        Ok(())
    }

    /// Counts a retry; a new MSG_TYPE_6 has to name a template.
    #[inline(never)]
    fn fail_validation(&mut self, session: &B256, node: u16, rule: u8, most: u64) -> Said {
        let mut approvals = self.approvals(session);
        let retries = approvals.retries().saturating_add(1);
        approvals.set_retries(retries);
        self.set_approvals(session, &approvals);
        self.set_entry(SESSION, session, VALIDATION, &B256::ZERO);
        self.set_entry(SESSION, session, TEMPLATE_KEY, &B256::ZERO);
        self.log(
            topic!(wire::ValidationFailed::SIGNATURE_HASH)
                .word(session)
                .number(node.into())
                .number(rule.into())
                .number(retries.into()),
            3,
        );
        if u64::from(retries) > most {
            return self.go(session, S::Failed);
        }
        Ok(())
    }

    /// INV-LAW-01. Clerks of one principal have one voice between them.
    ///
    /// Errors: those of `in_time` and of a clerk's statement; `Mismatch`, `WrongOffice`, `NotAttested`, `AlreadyDone`.
    /// Events: `Approved`, `LawEnacted`.
    pub(crate) fn approve(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = &input.fields(const { widths::<6>(LegislativeApproval::OWN) });
        let signature = input.bytes(SIGNATURE_MAX);
        end(input)?;
        let [session, statute, assignments, epoch, role, _] = fields;
        let loaded = self.in_time(session, APPROVING)?;
        self.require_own(&loaded, statute, assignments)?;
        same(session, &number(loaded.epoch), epoch)?;
        let operation = Operation::Approve.number();
        let hash = &LegislativeApproval::HASH;
        let digest = self.digest(hash, fields)?;
        let clerk = self.clerk_among_several(hash, fields, operation, *session, signature)?;
        let spoken = get(role, 31, 1) as u8;
        if clerk.role != spoken {
            return wrong_office(spoken, clerk.role);
        }
        let principal = self.attested(session, &clerk.account)?;
        self.mark_once(APPROVED, session, &principal)?;
        let [quorum] = self.terms_of(loaded.epoch, [P::MultisigRegQuorum as u8])?;
        let mut approvals = self.approvals(session);
        let counted = approvals.count(clerk.role, loaded.regulators, quorum as u32);
        let law = match counted {
            Ok(law) => law,
            Err(Refused::Done) => return done(session, &principal),
            Err(Refused::Office) => return wrong_office(spoken, clerk.role),
        };
        self.set_approvals(session, &approvals);
        self.log(
            topic!(wire::Approved::SIGNATURE_HASH)
                .word(session)
                .word(&clerk.account)
                .word(role)
                .word(&digest),
            3,
        );
        if !law {
            return Ok(());
        }
        self.log(
            topic!(wire::LawEnacted::SIGNATURE_HASH)
                .word(session)
                .word(statute)
                .word(assignments)
                .word(epoch),
            2,
        );
        self.go(session, S::Deployed)
    }

    /// Errors: `Unauthorized`, `WrongSessionState`, `Mismatch`.
    /// Events: `CodificationAudited`.
    pub(crate) fn audit_codification(&mut self, input: &mut Reader<'_>) -> Said {
        let (session, statute) = (&input.word(), &input.word());
        end(input)?;
        self.only_panel()?;
        let loaded = self.session_in(session, APPROVING | LAW)?;
        same(session, &loaded.statute, statute)?;
        let mut approvals = self.approvals(session);
        approvals.set_audited(1);
        self.set_approvals(session, &approvals);
        self.log(
            topic!(wire::CodificationAudited::SIGNATURE_HASH)
                .word(session)
                .word(statute),
            2,
        );
        Ok(())
    }

    /// Errors: `MalformedCall` for a template that allows nothing, `AlreadyDone`, those of a clerk's statement.
    /// Events: `TemplatePublished`.
    pub(crate) fn publish_template(&mut self, input: &mut Reader<'_>) -> Said {
        let fields = &input.fields(const { widths::<8>(TemplateVersion::OWN) });
        let signature = input.bytes(SIGNATURE_MAX);
        end(input)?;
        let [id, version, schema, nodes, tiers, risk, predicates, _] = fields;
        let key = self.key(TEMPLATE, *id, *version);
        let mut template = Template::default();
        template.set_nodes_max(get(nodes, 30, 2) as u16);
        template.set_tiers(get(tiers, 31, 1) as u8);
        template.set_risk_max(get(risk, 31, 1) as u8);
        template.set_predicates_min(get(predicates, 31, 1) as u8);
        if template.allows_nothing() {
            return Err(wrong());
        }
        if !self.read(key).is_zero() {
            return done(id, version);
        }
        let operation = Operation::PublishTemplate.number();
        self.clerk(&TemplateVersion::HASH, fields, operation, *id, signature)?;
        self.write(key, template.0);
        self.set_entry(TEMPLATE, &key, 0, schema);
        self.log(
            topic!(wire::TemplatePublished::SIGNATURE_HASH)
                .word(id)
                .word(version)
                .word(schema),
            3,
        );
        Ok(())
    }

    /// Errors: `Unauthorized`, `AlreadyDone`.
    /// Events: `SpecificationFaulted`.
    pub(crate) fn declare_specification_fault(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, node, attempt) = (&input.word(), &number(input.u16().into()), input.u8());
        end(input)?;
        self.only_panel()?;
        let fault = number(attempt.into());
        if !self.entry_at(FAULT, mission, node).is_zero() {
            return done(mission, node);
        }
        self.set_entry_at(FAULT, mission, node, &having(&fault, 0, 1, 1));
        self.log(
            topic!(wire::SpecificationFaulted::SIGNATURE_HASH)
                .word(mission)
                .word(node)
                .word(&fault),
            3,
        );
        Ok(())
    }
}

/// The message speaks for another office than its signer holds, or for one that does not approve.
#[inline(never)]
fn wrong_office<T>(spoken: u8, held: u8) -> Said<T> {
    Words::after(wire::WrongOffice::SELECTOR)
        .number(spoken.into())
        .number(held.into())
        .no()
}
