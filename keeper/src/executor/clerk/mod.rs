//! What an act of a clerk is on the chain, and whether it is still to be done.
//!
//! The contents of what is signed are gathered here, as of the newest block, and follow from the facts by the functions of
//! [`crate::statement`]. Before anything leaves, the chain is asked what it would say: that it is done already is an answer, and
//! whatever it refuses is told in its own words. The clerk signs, whoever submits pays (RULINGS R21).

pub mod admission;
mod chain;
mod facts;
mod pages;

pub use self::chain::{gone_on, in_words};

use agentcity_abi::{IAssembly, IEnactment, ILegislature};
use agentcity_domain::{
    clerk::ClerkRole,
    legislation::{session::Kind, template::Template as Bounds},
    parameter::ParameterId as P,
    peer::Peer,
    signed::legislation as signed,
    statute::deployment::Imports,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};

use super::{endpoint::Call, keepalive::Need};
use crate::{
    event::Head,
    library::Library,
    machine::clerk::Act,
    source::{
        city::{City, cause},
        sessions::{Opened, Told},
    },
    statement::{
        self,
        codification::{self, Allowed},
        decision, evidence,
        proposal::{self, Adopted},
    },
};

/// Ballots of one tally: the most that the assembly counts in a call.
const TALLIED_AT_ONCE: u32 = 8_192;

/// A template as the codifier publishes and names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name.
    pub id: B256,
    /// Its version.
    pub version: u16,
    /// The hash of the schema that its documents follow.
    pub schema_hash: B256,
    /// Most nodes.
    pub nodes_max: u16,
    /// Tiers that it allows, a bit each.
    pub tiers: u8,
    /// The greatest risk that it allows.
    pub risk_max: u8,
    /// The least number of predicates.
    pub predicates_min: u8,
}

impl Default for Template {
    /// Everything that the constitution allows.
    fn default() -> Self {
        Self {
            id: keccak256("general"),
            version: 1,
            schema_hash: keccak256("agentcity/statute/1"),
            nodes_max: u16::MAX,
            tiers: 0b1110,
            risk_max: 2,
            predicates_min: 0,
        }
    }
}

impl Template {
    /// As the domain judges by it.
    fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::default();
        bounds.set_nodes_max(self.nodes_max);
        bounds.set_tiers(self.tiers);
        bounds.set_risk_max(self.risk_max);
        bounds.set_predicates_min(self.predicates_min);
        bounds
    }
}

/// A clerk that acts: its key, and where it looks things up.
#[derive(Debug)]
pub struct Hand<'a, Q> {
    /// The chain.
    pub provider: &'a Q,
    /// The city.
    pub city: &'a City,
    /// The documents.
    pub library: &'a Library,
    /// The key of the agent that holds the office.
    pub key: &'a PrivateKeySigner,
    /// The office.
    pub role: ClerkRole,
    /// The template that a codifier names.
    pub template: &'a Template,
    /// Who submits and pays.
    pub payer: Address,
}

/// Whom a call is for, and with what.
type Calling = (Peer, Bytes);

/// Why an act has no call.
pub(super) enum Stop {
    /// The chain could not be asked: ask again.
    Silent(String),
    /// The clerk does not do this.
    Refused(String),
}

impl From<String> for Stop {
    fn from(cause: String) -> Self {
        Self::Silent(cause)
    }
}

impl<Q: Provider> Hand<'_, Q> {
    /// What an act needs, as of the newest block.
    ///
    /// Errors: why the chain could not be asked.
    pub async fn need(&self, opened: Opened, act: Act, at: Head) -> Result<Need, String> {
        let calling = match self.calling(opened, act, at).await {
            Ok(Some(calling)) => calling,
            Ok(None) => return Ok(Need::Satisfied),
            Err(Stop::Silent(cause)) => return Err(cause),
            Err(Stop::Refused(cause)) => return Ok(Need::Refused(cause)),
        };
        let (peer, input) = calling;
        let call = Call {
            to: self.city.at(peer),
            value: U256::ZERO,
            input,
        };
        match self.would(&call).await? {
            None => Ok(Need::Call(call)),
            Some(revert) if gone_on(&revert) => Ok(Need::Satisfied),
            Some(revert) => Ok(Need::Refused(in_words(&revert))),
        }
    }

    /// The call of an act; none where nothing is left to do.
    async fn calling(&self, opened: Opened, act: Act, at: Head) -> Result<Option<Calling>, Stop> {
        let id = opened.session;
        let session_id = id;
        match act {
            Act::RecordEvidence => self.record_evidence(opened, at).await.map(Some),
            Act::RequestIdentity => self.request_identity(id, at).await.map(Some),
            Act::Attest => self.attest(opened, at).await.map(Some),
            Act::PublishProposal { .. } => self.publish(id, at).await.map(Some),
            Act::Decide { .. } => self.decide(id, at).await.map(Some),
            Act::PublishTemplate => self.publish_template(id, at).await.map(Some),
            Act::Codify { .. } => self.codify(id, at).await.map(Some),
            Act::Approve => self.approve(id, at).await.map(Some),
            Act::EndStep { .. } => {
                let call = IAssembly::expireDeliberationCall {
                    sessionId: session_id,
                };
                Ok(calls(Peer::Assembly, &call))
            }
            Act::DrawOrder => {
                let call = IAssembly::drawSpeakingOrderCall {
                    sessionId: session_id,
                };
                Ok(calls(Peer::Assembly, &call))
            }
            Act::Tally => {
                let call = IAssembly::tallyCall {
                    sessionId: session_id,
                    ballots: TALLIED_AT_ONCE,
                };
                Ok(calls(Peer::Assembly, &call))
            }
            Act::ConfirmRoster => {
                let call = ILegislature::confirmRosterCall {
                    sessionId: session_id,
                };
                Ok(calls(Peer::Legislature, &call))
            }
            Act::CloseBidding { .. } => {
                let call = ILegislature::closeBiddingCall {
                    sessionId: session_id,
                };
                Ok(calls(Peer::Legislature, &call))
            }
            Act::EndSession { .. } => {
                let call = ILegislature::expireSessionCall {
                    sessionId: session_id,
                };
                Ok(calls(Peer::Legislature, &call))
            }
            Act::Reassign => {
                let call = IEnactment::applyReassignmentCall {
                    sessionId: session_id,
                };
                Ok(calls(Peer::Enactment, &call))
            }
            Act::Award { .. } => self.award(id, at).await,
            Act::Validate { .. } => self.validate(id, at).await,
        }
    }

    /// The clerk's signature under a struct for a member.
    fn sign(&self, peer: Peer, words: &[B256]) -> Result<Bytes, Stop> {
        let digest = statement::digest(self.city.chain_id, self.city.at(peer), words);
        statement::sign(self.key, digest).map_err(Stop::Refused)
    }

    async fn record_evidence(&self, opened: Opened, at: Head) -> Result<Calling, Stop> {
        let session = opened.session;
        let told = Told::ask(self.provider, self.city, opened, at.number).await?;
        let on_ballot: Vec<_> = told
            .proposals
            .iter()
            .filter(|proposed| told.admitted.contains(&proposed.proposal))
            .copied()
            .collect();
        let election = self
            .assembly()
            .election(session)
            .block(block(at))
            .call()
            .await
            .map_err(cause)?;
        let imports = imports(election.kind as u8);
        let values = self.bounding(election.epoch, at).await?;
        let said = evidence::evidence(
            session,
            &on_ballot,
            |statute| self.library.get(statute),
            |document| {
                proposal::lawful(document, |id| values.of(id), imports)
                    .map_err(|unfit| unfit.to_string())
            },
        );
        // Whoever reads the hash on chain must be able to ask for the text.
        self.library.keep(&said.text).map_err(cause)?;
        let words = signed::DeliberationEvidence {
            session_id: session,
            evidence_hash: said.hash,
            content_address: said.address.word(),
            deadline: election.expiresAt.to(),
        };
        let call = IAssembly::recordEvidenceCall {
            evidence: IAssembly::DeliberationEvidence {
                sessionId: session,
                evidenceHash: words.evidence_hash,
                contentAddress: words.content_address,
                deadline: words.deadline,
            },
            signature: self.sign(Peer::Assembly, &words.words())?,
        };
        Ok((Peer::Assembly, call.abi_encode().into()))
    }

    async fn request_identity(&self, session: B256, at: Head) -> Result<Calling, Stop> {
        let outcome = self
            .assembly()
            .outcomeOf(session)
            .block(block(at))
            .call()
            .await
            .map_err(cause)?;
        let deadline = outcome.expiresAt.to();
        let words = signed::IdentityRequest {
            session_id: session,
            challenge: statement::challenge(session, outcome.winner, deadline),
            // The city's own floor binds whatever a message says; a registrar adds none of its own.
            minimum_reputation: 0,
            deadline,
        };
        let call = ILegislature::requestIdentityCall {
            message: ILegislature::IdentityRequest {
                sessionId: session,
                challenge: words.challenge,
                minimumReputation: words.minimum_reputation,
                deadline,
            },
            signature: self.sign(Peer::Legislature, &words.words())?,
        };
        Ok((Peer::Legislature, call.abi_encode().into()))
    }

    async fn attest(&self, opened: Opened, at: Head) -> Result<Calling, Stop> {
        let session = opened.session;
        let told = Told::ask(self.provider, self.city, opened, at.number).await?;
        let of = self.session(session, at).await?;
        let asked = (told.challenge(), of.expiresAt.to());
        Ok(attestation(self.provider, self.city, self.key, session, asked).await?)
    }

    async fn publish(&self, session: B256, at: Head) -> Result<Calling, Stop> {
        let of = self.session(session, at).await?;
        let document = self.document(of.statuteHash)?;
        let values = self.bounding(of.epoch, at).await?;
        let adopted = Adopted {
            session,
            proposal: of.winner,
            statute_hash: of.statuteHash,
            imports: imports(of.kind as u8),
            expires_at: of.expiresAt.to(),
            now: at.time.get(),
        };
        let words = proposal::carry(&adopted, document, |id| values.of(id))
            .map_err(|unfit| Stop::Refused(unfit.to_string()))?;
        let call = ILegislature::publishProposalCall {
            message: ILegislature::DagProposal {
                sessionId: session,
                proposalId: words.proposal_id,
                statuteHash: words.statute_hash,
                contentAddress: words.content_address,
                rationaleHash: words.rationale_hash,
                nodes: words.nodes,
                tokenBudget: words.token_budget,
                missionBudget: words.mission_budget,
                missionDeadline: U256::from(words.mission_deadline).to(),
                deadline: words.deadline,
            },
            signature: self.sign(Peer::Legislature, &words.words())?,
        };
        Ok((Peer::Legislature, call.abi_encode().into()))
    }

    async fn decide(&self, session: B256, at: Head) -> Result<Calling, Stop> {
        let of = self.session(session, at).await?;
        let facts = self.facts(session, &of, at).await?;
        let decided = decision::decide(&facts);
        let words = signed::RegulatoryDecision {
            session_id: session,
            assignments_hash: decided.award.assignments_hash,
            fairness: decided.award.fairness,
            rejected: statement::rejected_hash(&decided.rejected),
            flags: statement::flags_hash(&decided.flags),
            repropose: decided.repropose,
            deadline: of.expiresAt.to(),
        };
        let call = IEnactment::decideRegulatoryCall {
            message: IEnactment::RegulatoryDecision {
                sessionId: session,
                assignmentsHash: words.assignments_hash,
                fairness: words.fairness,
                rejected: decided
                    .rejected
                    .iter()
                    .map(|rejected| IEnactment::RejectedBid {
                        bid: rejected.bid,
                        reason: rejected.reason,
                    })
                    .collect(),
                flags: decided.flags.iter().map(chain::flag).collect(),
                repropose: words.repropose,
                deadline: words.deadline,
            },
            signature: self.sign(Peer::Enactment, &words.words())?,
        };
        Ok((Peer::Enactment, call.abi_encode().into()))
    }

    async fn publish_template(&self, session: B256, at: Head) -> Result<Calling, Stop> {
        let of = self.session(session, at).await?;
        let template = self.template;
        let words = signed::TemplateVersion {
            template_id: template.id,
            version: template.version,
            schema_hash: template.schema_hash,
            nodes_max: template.nodes_max,
            tiers_allowed: template.tiers,
            risk_max: template.risk_max,
            predicates_min: template.predicates_min,
            deadline: of.expiresAt.to(),
        };
        let call = IEnactment::publishTemplateCall {
            message: IEnactment::TemplateVersion {
                templateId: words.template_id,
                version: words.version,
                schemaHash: words.schema_hash,
                nodesMax: words.nodes_max,
                tiersAllowed: words.tiers_allowed,
                riskMax: words.risk_max,
                predicatesMin: words.predicates_min,
                deadline: words.deadline,
            },
            signature: self.sign(Peer::Enactment, &words.words())?,
        };
        Ok((Peer::Enactment, call.abi_encode().into()))
    }

    async fn codify(&self, session: B256, at: Head) -> Result<Calling, Stop> {
        let of = self.session(session, at).await?;
        let law = self.law(session, at).await?;
        if of.kind as u8 != Kind::Partial as u8 {
            let values = self.bounding(of.epoch, at).await?;
            let allowed = Allowed {
                budget: of.missionBudget,
                tokens: of.tokenBudget,
                unit_scale: self.unit_scale(at).await?,
                imports: imports(of.kind as u8),
            };
            let bounds = self.template.bounds();
            let document = self.document(of.statuteHash)?;
            codification::judge(document, &bounds, &allowed, |id| values.of(id))
                .map_err(|broken| Stop::Refused(broken.to_string()))?;
        }
        self.seats_are_awarded(session, &of, &law, at).await?;
        let words = signed::CodedSpecification {
            session_id: session,
            statute_hash: law.statuteHash,
            assignments_hash: law.assignmentsHash,
            template_id: self.template.id,
            template_version: self.template.version,
            deadline: of.expiresAt.to(),
        };
        let call = IEnactment::codifyCall {
            message: IEnactment::CodedSpecification {
                sessionId: session,
                statuteHash: words.statute_hash,
                assignmentsHash: words.assignments_hash,
                templateId: words.template_id,
                templateVersion: words.template_version,
                deadline: words.deadline,
            },
            signature: self.sign(Peer::Enactment, &words.words())?,
        };
        Ok((Peer::Enactment, call.abi_encode().into()))
    }

    /// Speaker and regulators approve what they can see themselves: the statute that was adopted, and the seats that were awarded.
    async fn approve(&self, session: B256, at: Head) -> Result<Calling, Stop> {
        let of = self.session(session, at).await?;
        let law = self.law(session, at).await?;
        if law.statuteHash != of.statuteHash {
            let cause = format!(
                "the law is statute {}, adopted was {}",
                law.statuteHash, of.statuteHash
            );
            return Err(Stop::Refused(cause));
        }
        self.seats_are_awarded(session, &of, &law, at).await?;
        let words = signed::LegislativeApproval {
            session_id: session,
            statute_hash: law.statuteHash,
            assignments_hash: law.assignmentsHash,
            epoch: law.epoch,
            role: self.role.number(),
            deadline: of.expiresAt.to(),
        };
        let call = IEnactment::approveCall {
            message: IEnactment::LegislativeApproval {
                sessionId: session,
                statuteHash: words.statute_hash,
                assignmentsHash: words.assignments_hash,
                epoch: words.epoch,
                role: words.role,
                deadline: words.deadline,
            },
            signature: self.sign(Peer::Enactment, &words.words())?,
        };
        Ok((Peer::Enactment, call.abi_encode().into()))
    }
}

/// MSG_TYPE_2 of whoever has the key, a clerk or an agent that will bid. `asked`: the challenge, and until when it may be answered.
///
/// Errors: why there is none.
pub async fn attestation<Q: Provider>(
    provider: &Q,
    city: &City,
    key: &PrivateKeySigner,
    session: B256,
    asked: (B256, u64),
) -> Result<(Peer, Bytes), String> {
    let (challenge, deadline) = asked;
    let agent = key.address();
    let principal = chain::principal_of(provider, city, agent).await?;
    let words = signed::IdentityAttestation {
        session_id: session,
        challenge,
        agent,
        principal,
        did_hash: keccak256(statement::did(city.chain_id, agent)),
        deadline,
    };
    let digest = statement::digest(city.chain_id, city.at(Peer::Legislature), &words.words());
    let call = ILegislature::attestIdentityCall {
        messages: vec![ILegislature::IdentityAttestation {
            sessionId: session,
            challenge,
            agent,
            principal,
            didHash: words.did_hash,
            deadline,
        }],
        signatures: vec![statement::sign(key, digest)?],
    };
    Ok((Peer::Legislature, call.abi_encode().into()))
}

/// Only a successor may take nodes over.
const fn imports(kind: u8) -> Imports {
    if kind == Kind::Full as u8 {
        Imports::Allowed
    } else {
        Imports::None
    }
}

fn calls<C: SolCall>(peer: Peer, call: &C) -> Option<Calling> {
    Some((peer, call.abi_encode().into()))
}

const fn block(at: Head) -> BlockId {
    BlockId::hash(at.hash)
}

/// Parameters that the contents of messages follow from.
const ASKED: [P; 15] = [
    P::MissionDurationMaxSecs,
    P::MissionBudgetCap,
    P::MaxNodeTimeoutMs,
    P::MinHumanReviewTimeoutMs,
    P::MaxHumanReviewTimeoutMs,
    P::RedundancyLow,
    P::RedundancyMedium,
    P::RedundancyHigh,
    P::RiskMediumBudget,
    P::RiskHighBudget,
    P::MinFairnessScore,
    P::BidQualityWeight,
    P::MinStakeLow,
    P::MinStakeMedium,
    P::MinStakeHigh,
];
