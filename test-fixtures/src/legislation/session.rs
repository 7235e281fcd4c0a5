//! From an adopted proposal to law: the seven messages and what lies between them (seed B.10).

use super::deliberation::{Bill, DOMAIN, instant, said};
use crate::{
    city::{
        Charter, Person,
        life::{GOOD_UNTIL, service_of},
    },
    mission::{Executor, Law, MissionError, Plan, Stage, plan::Written},
};
use agentcity_abi::{
    IEnactment as enactment, ILegislature as legislature, IService::registerServiceCall,
};
use agentcity_domain::{
    clerk::ClerkRole, peer::Peer, signed::legislation as signed, statute::Seat,
};
use alloy::primitives::{B256, Bytes, keccak256};

/// What is signed by whoever has an office, and relayed.
macro_rules! relayed {
    ($stage:expr, $peer:expr, $by:expr, $words:expr) => {
        $stage.signs_for($by, $peer, &$words.words())
    };
}

/// The template of the stories: everything that the constitution allows.
pub const TEMPLATE: &str = "general";
/// Messages of one transaction.
const AT_ONCE: usize = 16;
/// How well every service matches its task in the stories, in thousandths.
const MATCH: u16 = 900;
const LATENCY_MS: u32 = 1_000;

/// A city that legislates itself: doubles for adjudication and its roster alone.
pub fn charter() -> Charter {
    Charter {
        doubles: vec![Peer::Adjudication, Peer::Roster],
        ..Charter::default()
    }
}

fn word(of: impl AsRef<[u8]>) -> B256 {
    keccak256(of)
}

impl Stage {
    /// The clerk of an office.
    pub fn clerk(&self, office: ClerkRole) -> Person {
        self.city.clerks[usize::from(office.number())].agent.clone()
    }

    /// A session's record.
    pub fn session(&mut self, session: B256) -> Result<legislature::Session, MissionError> {
        let call = legislature::sessionCall { sessionId: session };
        self.asks(Peer::Legislature, &call)
    }

    /// MSG_TYPE_1 and 2: the registrar asks, clerks and executors identify, the roster is confirmed.
    pub fn identify(&mut self, session: B256) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let challenge = word("challenge");
        let request = signed::IdentityRequest {
            session_id: session,
            challenge,
            minimum_reputation: 0,
            deadline: GOOD_UNTIL,
        };
        let registrar = self.clerk(ClerkRole::Registrar);
        let call = legislature::requestIdentityCall {
            message: legislature::IdentityRequest {
                sessionId: session,
                challenge,
                minimumReputation: 0,
                deadline: GOOD_UNTIL,
            },
            signature: relayed!(self, Peer::Legislature, &registrar, request),
        };
        self.tell(&courier, Peer::Legislature, &call)?;
        let clerks = self.city.clerks.clone();
        let clerks = clerks.into_iter().map(|pair| (pair.agent, pair.principal));
        let executors = self.executors.clone().into_iter();
        let executors = executors.map(|executor| (executor.agent, executor.principal));
        let all: Vec<(Person, Person)> = clerks.chain(executors).collect();
        for part in all.chunks(AT_ONCE) {
            let mut call = legislature::attestIdentityCall {
                messages: Vec::new(),
                signatures: Vec::new(),
            };
            for (agent, principal) in part {
                let did_hash = keccak256(agent.did(self.city.client.chain_id()));
                let words = signed::IdentityAttestation {
                    session_id: session,
                    challenge,
                    agent: agent.address(),
                    principal: principal.address(),
                    did_hash,
                    deadline: GOOD_UNTIL,
                };
                let signature = relayed!(self, Peer::Legislature, agent, words);
                call.signatures.push(signature);
                call.messages.push(legislature::IdentityAttestation {
                    sessionId: session,
                    challenge,
                    agent: agent.address(),
                    principal: principal.address(),
                    didHash: did_hash,
                    deadline: GOOD_UNTIL,
                });
            }
            self.tell(&courier, Peer::Legislature, &call)?;
        }
        let call = legislature::confirmRosterCall { sessionId: session };
        self.tell(&courier, Peer::Legislature, &call)?;
        Ok(())
    }

    /// MSG_TYPE_3: the speaker carries what was adopted.
    pub fn publish_bill(&mut self, bill: &Bill) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let speaker = self.clerk(ClerkRole::Speaker);
        let now = self.city.client.now()?;
        let tokens: u64 = bill
            .plan
            .tasks
            .iter()
            .map(|t| u64::from(t.node.tokens))
            .sum();
        let (nodes, until) = (bill.plan.tasks.len() as u16, now + self.life);
        let message = signed::DagProposal {
            session_id: bill.session,
            proposal_id: bill.proposal,
            statute_hash: bill.statute_hash(),
            content_address: bill.content_address()?,
            rationale_hash: word("rationale"),
            nodes,
            token_budget: tokens as u32,
            mission_budget: bill.plan.budget(),
            mission_deadline: until,
            deadline: GOOD_UNTIL,
        };
        let call = legislature::publishProposalCall {
            message: legislature::DagProposal {
                sessionId: message.session_id,
                proposalId: message.proposal_id,
                statuteHash: message.statute_hash,
                contentAddress: message.content_address,
                rationaleHash: message.rationale_hash,
                nodes,
                tokenBudget: tokens as u32,
                missionBudget: bill.plan.budget(),
                missionDeadline: instant(until),
                deadline: GOOD_UNTIL,
            },
            signature: relayed!(self, Peer::Legislature, &speaker, message),
        };
        self.tell(&courier, Peer::Legislature, &call)?;
        Ok(())
    }

    /// A bid for a seat, signed by its agent.
    pub fn bid(
        &self,
        session: B256,
        seat: &Seat,
        tier: u8,
        by: &Executor,
    ) -> (legislature::TaskBid, Bytes) {
        let registerServiceCall { codeHash: code, .. } = service_of(&by.agent);
        let words = signed::TaskBid {
            session_id: session,
            node: seat.node,
            agent: seat.agent,
            service_id: seat.service,
            code_hash: code,
            price: seat.price,
            stake: seat.stake,
            source: seat.source,
            latency_ms: LATENCY_MS,
            match_permille: MATCH,
            tier_acceptance: tier,
            deadline: GOOD_UNTIL,
        };
        let bid = legislature::TaskBid {
            sessionId: session,
            node: seat.node,
            agent: seat.agent,
            serviceId: seat.service,
            codeHash: code,
            price: seat.price,
            stake: seat.stake,
            source: seat.source,
            latencyMs: LATENCY_MS,
            matchPermille: MATCH,
            tierAcceptance: tier,
            deadline: GOOD_UNTIL,
        };
        let signature = relayed!(self, Peer::Legislature, &by.agent, words);
        (bid, signature)
    }

    /// MSG_TYPE_4: bids for these seats, and the end of bidding.
    pub fn take_bids(&mut self, bill: &Bill, seats: &[Seat]) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        for part in seats.chunks(AT_ONCE) {
            let (mut messages, mut signatures) = (Vec::new(), Vec::new());
            for seat in part {
                let mut executors = self.executors.iter();
                let by = executors.find(|by| by.agent.address() == seat.agent);
                let Some(by) = by else {
                    return Err(MissionError::Silent { what: "a bidder" });
                };
                let tier = bill.plan.tasks[usize::from(seat.node)].node.tier;
                let (message, signature) = self.bid(bill.session, seat, tier, by);
                messages.push(message);
                signatures.push(signature);
            }
            let call = legislature::placeBidsCall {
                messages,
                signatures,
            };
            self.tell(&courier, Peer::Legislature, &call)?;
        }
        let until = self.session(bill.session)?.expiresAt.to();
        self.outlast(until)?;
        let call = legislature::closeBiddingCall {
            sessionId: bill.session,
        };
        self.tell(&courier, Peer::Legislature, &call)?;
        Ok(())
    }

    /// Anybody awards every node: the pages of both, with the seats as they were won, and how fair that is.
    pub fn award(&mut self, bill: &Bill) -> Result<(Written, u16), MissionError> {
        let courier = self.sponsor.clone();
        let call = enactment::awardCall {
            sessionId: bill.session,
            seatPages: u16::MAX,
            pages: bytes(&bill.pages),
            rest: B256::ZERO,
            earlier: Vec::new(),
        };
        let done = self.tell(&courier, Peer::Enactment, &call)?;
        let done: enactment::AwardCompleted = said(&done, "award")?;
        let seats = self.seats_won(bill.session, &bill.plan)?;
        let written = bill.plan.write(seats)?;
        if written.assignments_hash() != done.assignmentsHash {
            return Err(MissionError::Silent {
                what: "the award of these seats",
            });
        }
        Ok((written, done.fairness))
    }

    /// Seats as they were awarded.
    fn seats_won(&mut self, session: B256, plan: &Plan) -> Result<Vec<Seat>, MissionError> {
        let mut seats = Vec::new();
        for node in 0..plan.tasks.len() as u16 {
            let call = enactment::awardedCall {
                sessionId: session,
                node,
            };
            let won = self.asks(Peer::Enactment, &call)?;
            seats.extend(won.seats.iter().zip(0..).map(|(won, seat)| Seat {
                node,
                seat,
                agent: won.agent,
                price: won.price,
                stake: won.stake,
                source: won.source,
                service: won.serviceId,
            }));
        }
        Ok(seats)
    }

    /// MSG_TYPE_5: the regulator decides for the award as it stands.
    pub fn regulate(
        &mut self,
        session: B256,
        written: &Written,
        fairness: u16,
    ) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let regulator = self.clerk(ClerkRole::Regulator);
        let words = signed::RegulatoryDecision {
            session_id: session,
            assignments_hash: written.assignments_hash(),
            fairness,
            rejected: keccak256([]),
            flags: keccak256([]),
            repropose: false,
            deadline: GOOD_UNTIL,
        };
        let call = enactment::decideRegulatoryCall {
            message: enactment::RegulatoryDecision {
                sessionId: session,
                assignmentsHash: written.assignments_hash(),
                fairness,
                rejected: Vec::new(),
                flags: Vec::new(),
                repropose: false,
                deadline: GOOD_UNTIL,
            },
            signature: relayed!(self, Peer::Enactment, &regulator, words),
        };
        self.tell(&courier, Peer::Enactment, &call)?;
        Ok(())
    }

    /// The codifier publishes the template of the stories, if nobody has.
    pub fn publish_template(&mut self) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let id = word(TEMPLATE);
        let known = enactment::templateCall {
            templateId: id,
            version: 1,
        };
        if let Ok(known) = self.asks(Peer::Enactment, &known)
            && known.schemaHash != B256::ZERO
        {
            return Ok(());
        }
        let codifier = self.clerk(ClerkRole::Codifier);
        let words = signed::TemplateVersion {
            template_id: id,
            version: 1,
            schema_hash: word("schema of the template"),
            nodes_max: u16::MAX,
            tiers_allowed: 0b1110,
            risk_max: 2,
            predicates_min: 0,
            deadline: GOOD_UNTIL,
        };
        let call = enactment::publishTemplateCall {
            message: enactment::TemplateVersion {
                templateId: id,
                version: 1,
                schemaHash: words.schema_hash,
                nodesMax: u16::MAX,
                tiersAllowed: 0b1110,
                riskMax: 2,
                predicatesMin: 0,
                deadline: GOOD_UNTIL,
            },
            signature: relayed!(self, Peer::Enactment, &codifier, words),
        };
        self.tell(&courier, Peer::Enactment, &call)?;
        Ok(())
    }

    /// MSG_TYPE_6, and the validation of every page.
    pub fn codify(&mut self, bill: &Bill, written: &Written) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let codifier = self.clerk(ClerkRole::Codifier);
        let (statute, assignments) = (written.statute_hash(), written.assignments_hash());
        let words = signed::CodedSpecification {
            session_id: bill.session,
            statute_hash: statute,
            assignments_hash: assignments,
            template_id: word(TEMPLATE),
            template_version: 1,
            deadline: GOOD_UNTIL,
        };
        let call = enactment::codifyCall {
            message: enactment::CodedSpecification {
                sessionId: bill.session,
                statuteHash: statute,
                assignmentsHash: assignments,
                templateId: word(TEMPLATE),
                templateVersion: 1,
                deadline: GOOD_UNTIL,
            },
            signature: relayed!(self, Peer::Enactment, &codifier, words),
        };
        self.tell(&courier, Peer::Enactment, &call)?;
        let call = enactment::validateCall {
            sessionId: bill.session,
            pages: bytes(&bill.pages),
            rest: B256::ZERO,
        };
        let told = self.tell(&courier, Peer::Enactment, &call)?;
        match said::<enactment::ValidationFailed>(&told, "validate") {
            Ok(failed) => Err(MissionError::Invalid {
                node: failed.node,
                rule: failed.rule,
            }),
            Err(_) => Ok(()),
        }
    }

    /// The panel's audit where the plan is of high risk, then MSG_TYPE_7 of speaker and regulator: it is law.
    pub fn approve_law(&mut self, bill: &Bill, written: &Written) -> Result<(), MissionError> {
        if bill.plan.is_risky() {
            let call = enactment::auditCodificationCall {
                sessionId: bill.session,
                statuteHash: written.statute_hash(),
            };
            let to = self.city.address(Peer::Enactment);
            let panel = self.city.double(Peer::Adjudication);
            panel.say(&mut self.city.client, to, &call)?;
        }
        let epoch = self.session(bill.session)?.epoch;
        let courier = self.sponsor.clone();
        for office in [ClerkRole::Speaker, ClerkRole::Regulator] {
            let (statute, assignments) = (written.statute_hash(), written.assignments_hash());
            let words = signed::LegislativeApproval {
                session_id: bill.session,
                statute_hash: statute,
                assignments_hash: assignments,
                epoch,
                role: office.number(),
                deadline: GOOD_UNTIL,
            };
            let clerk = self.clerk(office);
            let call = enactment::approveCall {
                message: enactment::LegislativeApproval {
                    sessionId: bill.session,
                    statuteHash: statute,
                    assignmentsHash: assignments,
                    epoch,
                    role: office.number(),
                    deadline: GOOD_UNTIL,
                },
                signature: relayed!(self, Peer::Enactment, &clerk, words),
            };
            self.tell(&courier, Peer::Enactment, &call)?;
        }
        Ok(())
    }

    /// All of it: an adopted proposal becomes a law with these bids.
    pub fn carry(&mut self, bill: &Bill, bids: &[Seat]) -> Result<Law, MissionError> {
        self.identify(bill.session)?;
        self.publish_bill(bill)?;
        self.take_bids(bill, bids)?;
        let (written, fairness) = self.award(bill)?;
        self.regulate(bill.session, &written, fairness)?;
        self.publish_template()?;
        self.codify(bill, &written)?;
        self.approve_law(bill, &written)?;
        let call = enactment::lawOfCall {
            sessionId: bill.session,
        };
        let answer = self.asks(Peer::Enactment, &call)?;
        debug_assert_eq!(answer.domain, word(DOMAIN));
        Ok(Law {
            session: bill.session,
            written,
            answer,
            mission: B256::ZERO,
            charges: Vec::new(),
        })
    }
}

fn bytes(pages: &[Vec<u8>]) -> Vec<Bytes> {
    pages.iter().map(|page| page.clone().into()).collect()
}
