//! From an adopted proposal to law: the seven messages and what lies between them (seed B.10).

use super::deliberation::{Bill, DOMAIN, instant, said};
use crate::{
    city::{
        Person,
        life::{GOOD_UNTIL, service_of},
    },
    mission::{Executor, Law, MissionError, Plan, Stage, plan},
};
use agentcity_abi::{IAssembly::SessionKind, IEnactment as enactment, ILegislature as legislature};
use agentcity_domain::{
    clerk::ClerkRole,
    parameter::ParameterId as P,
    peer::Peer,
    signed::legislation as signed,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Seat, encode},
};
use alloy::{
    primitives::{Address, B256, Bytes, keccak256},
    sol,
};
use std::collections::BTreeSet;

sol! {
    /// As compiled from `sol/Turncoat.sol`.
    interface ITurncoat {
        function sign(bytes32 hash, bool signs) external;
    }
}

/// What is signed by whoever has an office, and relayed.
macro_rules! relayed {
    ($stage:expr, $peer:expr, $by:expr, $words:expr) => {
        $stage.signs_for($by, $peer, &$words.words())
    };
}

/// The template of the stories: everything that the constitution allows.
pub const TEMPLATE: &str = "general";
/// Messages of one transaction: as many as the legislature takes.
const AT_ONCE: usize = 64;
/// Pages of seats of one award, and pages of a statute of one validation: far from what a transaction may use.
const AWARDED_AT_ONCE: u16 = 4;
const VALIDATED_AT_ONCE: usize = 8;
/// How well every service is said to match its task, in thousandths. At nought nothing but prices tells bids apart, and of equal
/// ones the earlier wins: seats are in the order of bids, whatever became of anybody's reputation before.
const MATCH: u16 = 0;
const LATENCY_MS: u32 = 1_000;
/// Missions end at whole hours: their ends are calldata, and gas is compared from run to run.
const HOUR: u64 = 3_600;
/// Pages of seats for each page of a statute.
const SEAT_PAGES_PER_PAGE: u16 = NODES_PER_PAGE / NODES_PER_SEAT_PAGE;

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

    /// An executor by its account, which may be a contract.
    fn executor(&self, account: Address) -> Result<Executor, MissionError> {
        let mut executors = self.executors.iter();
        let known = executors.find(|one| one.agent.address() == account);
        let known = known.or_else(|| self.contracts.get(&account));
        known.cloned().ok_or(MissionError::Silent {
            what: "an executor of the stage",
        })
    }

    /// What an executor signs for a member. A contract is told by its owner to stand by the digest.
    fn executor_signs(
        &mut self,
        account: Address,
        by: &Person,
        peer: Peer,
        words: &[B256],
    ) -> Result<Bytes, MissionError> {
        if by.address() == account {
            return Ok(self.signs_for(by, peer, words));
        }
        let call = ITurncoat::signCall {
            hash: self.city.digest(peer, words),
            signs: true,
        };
        self.city.client.send(by, account, &call)?;
        Ok(Bytes::from_static(b"ask its contract"))
    }

    /// MSG_TYPE_1 and 2: the registrar asks, clerks and those who will bid identify, the roster is confirmed.
    pub fn identify(&mut self, session: B256, bids: &[Seat]) -> Result<(), MissionError> {
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
        let clerks = clerks.into_iter().map(|pair| {
            let account = pair.agent.address();
            (account, pair.agent, pair.principal)
        });
        let mut all: Vec<(Address, Person, Person)> = clerks.collect();
        let bidders: BTreeSet<Address> = bids.iter().map(|bid| bid.agent).collect();
        for account in bidders {
            let Executor {
                agent, principal, ..
            } = self.executor(account)?;
            all.push((account, agent, principal));
        }
        let chain = self.city.client.chain_id();
        for part in all.chunks(AT_ONCE) {
            let mut call = legislature::attestIdentityCall {
                messages: Vec::new(),
                signatures: Vec::new(),
            };
            for (account, agent, principal) in part {
                let did_hash = keccak256(format!("did:pkh:eip155:{chain}:{account:#x}"));
                let words = signed::IdentityAttestation {
                    session_id: session,
                    challenge,
                    agent: *account,
                    principal: principal.address(),
                    did_hash,
                    deadline: GOOD_UNTIL,
                };
                let signature =
                    self.executor_signs(*account, agent, Peer::Legislature, &words.words())?;
                call.signatures.push(signature);
                call.messages.push(legislature::IdentityAttestation {
                    sessionId: session,
                    challenge,
                    agent: *account,
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
        let tokens = bill.plan.tokens();
        let nodes = bill.plan.tasks.len() as u16;
        let until = (now + self.life) / HOUR * HOUR;
        let message = signed::DagProposal {
            session_id: bill.session,
            proposal_id: bill.proposal,
            statute_hash: bill.statute_hash(),
            content_address: bill.content_address(),
            rationale_hash: word("rationale"),
            nodes,
            token_budget: tokens,
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
                tokenBudget: tokens,
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
        &mut self,
        session: B256,
        seat: &Seat,
        tier: u8,
    ) -> Result<(legislature::TaskBid, Bytes), MissionError> {
        let by = self.executor(seat.agent)?.agent;
        let own = self.codes.get(&seat.service).copied();
        let code = own.unwrap_or_else(|| service_of(&by).codeHash);
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
        let signature = self.executor_signs(seat.agent, &by, Peer::Legislature, &words.words())?;
        Ok((bid, signature))
    }

    /// MSG_TYPE_4: bids for these seats.
    pub fn place_bids(&mut self, bill: &Bill, bids: &[Seat]) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        for part in bids.chunks(AT_ONCE) {
            let (mut messages, mut signatures) = (Vec::new(), Vec::new());
            for seat in part {
                let tier = bill.plan.tasks[usize::from(seat.node)].node.tier;
                let (message, signature) = self.bid(bill.session, seat, tier)?;
                messages.push(message);
                signatures.push(signature);
            }
            let call = legislature::placeBidsCall {
                messages,
                signatures,
            };
            self.tell(&courier, Peer::Legislature, &call)?;
        }
        Ok(())
    }

    /// The time of bids is over.
    pub fn close_bidding(&mut self, session: B256) -> Result<(), MissionError> {
        let until = self.session(session)?.expiresAt.to();
        self.outlast(until)?;
        let courier = self.sponsor.clone();
        let call = legislature::closeBiddingCall { sessionId: session };
        self.tell(&courier, Peer::Legislature, &call)?;
        Ok(())
    }

    /// Anybody awards every node, some pages of seats in a call: the hash of all pages of seats, and how fair that is.
    pub fn award(&mut self, bill: &Bill) -> Result<(B256, u16), MissionError> {
        let courier = self.sponsor.clone();
        let nodes = bill.plan.tasks.len() as u16;
        let pages = nodes.div_ceil(NODES_PER_SEAT_PAGE);
        let (mut first, mut earlier) = (0, Vec::new());
        loop {
            let next = pages.min(first + AWARDED_AT_ONCE);
            let (from, to) = (
                first / SEAT_PAGES_PER_PAGE,
                next.div_ceil(SEAT_PAGES_PER_PAGE),
            );
            let (from, to) = (usize::from(from), usize::from(to).min(bill.pages.len()));
            let is_last = next == pages;
            let call = enactment::awardCall {
                sessionId: bill.session,
                seatPages: AWARDED_AT_ONCE,
                pages: bytes(&bill.pages[from..to]),
                rest: plan::hash(&bill.pages[to..]),
                earlier: if is_last { earlier.clone() } else { Vec::new() },
            };
            let done = self.tell(&courier, Peer::Enactment, &call)?;
            if is_last {
                let done: enactment::AwardCompleted = said(&done, "award")?;
                return Ok((done.assignmentsHash, done.fairness));
            }
            let until = next * NODES_PER_SEAT_PAGE;
            let seats = self.seats_won(bill.session, first * NODES_PER_SEAT_PAGE..until)?;
            let written = encode::seats(until, &seats)?;
            let new = &written[usize::from(first)..];
            earlier.extend(new.iter().map(keccak256));
            first = next;
        }
    }

    /// Seats of nodes as they were awarded.
    fn seats_won(
        &mut self,
        session: B256,
        nodes: std::ops::Range<u16>,
    ) -> Result<Vec<Seat>, MissionError> {
        let mut seats = Vec::new();
        for node in nodes {
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

    /// MSG_TYPE_5: the regulator decides for the award as it stands. Where too few have too much of it, the panel waives that first.
    pub fn regulate(
        &mut self,
        session: B256,
        assignments: B256,
        fairness: u16,
    ) -> Result<(), MissionError> {
        if u32::from(fairness) < self.city.number(P::MinFairnessScore)? {
            self.waives_fairness(session)?;
        }
        let courier = self.sponsor.clone();
        let regulator = self.clerk(ClerkRole::Regulator);
        let words = signed::RegulatoryDecision {
            session_id: session,
            assignments_hash: assignments,
            fairness,
            rejected: keccak256([]),
            flags: keccak256([]),
            repropose: false,
            deadline: GOOD_UNTIL,
        };
        let call = enactment::decideRegulatoryCall {
            message: enactment::RegulatoryDecision {
                sessionId: session,
                assignmentsHash: assignments,
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

    /// MSG_TYPE_6.
    pub fn codify(&mut self, bill: &Bill, assignments: B256) -> Result<(), MissionError> {
        self.publish_template()?;
        let courier = self.sponsor.clone();
        let codifier = self.clerk(ClerkRole::Codifier);
        let statute = bill.statute_hash();
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
        Ok(())
    }

    /// Anybody has every page validated.
    ///
    /// Errors: `Invalid` for what the constitution or the template does not allow.
    pub fn validate(&mut self, bill: &Bill) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        for first in (0..bill.pages.len()).step_by(VALIDATED_AT_ONCE) {
            let end = bill.pages.len().min(first + VALIDATED_AT_ONCE);
            let call = enactment::validateCall {
                sessionId: bill.session,
                pages: bytes(&bill.pages[first..end]),
                rest: plan::hash(&bill.pages[end..]),
            };
            let told = self.tell(&courier, Peer::Enactment, &call)?;
            if let Ok(failed) = said::<enactment::ValidationFailed>(&told, "validate") {
                return Err(MissionError::Invalid {
                    node: failed.node,
                    rule: failed.rule,
                });
            }
        }
        Ok(())
    }

    /// MSG_TYPE_7 of one clerk.
    pub fn approves(
        &mut self,
        office: ClerkRole,
        bill: &Bill,
        assignments: B256,
    ) -> Result<(), MissionError> {
        let epoch = self.session(bill.session)?.epoch;
        let statute = bill.statute_hash();
        let words = signed::LegislativeApproval {
            session_id: bill.session,
            statute_hash: statute,
            assignments_hash: assignments,
            epoch,
            role: office.number(),
            deadline: GOOD_UNTIL,
        };
        let (courier, clerk) = (self.sponsor.clone(), self.clerk(office));
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
        Ok(())
    }

    /// The panel's audit where the plan is of high risk, then the approvals of speaker and regulator: it is law.
    pub fn approve_law(&mut self, bill: &Bill, assignments: B256) -> Result<(), MissionError> {
        if bill.plan.is_risky() {
            self.audits(bill.session, bill.statute_hash())?;
        }
        for office in [ClerkRole::Speaker, ClerkRole::Regulator] {
            self.approves(office, bill, assignments)?;
        }
        Ok(())
    }

    /// From a decided session to the end of its award: the assignments' hash.
    pub fn assign(&mut self, bill: &Bill, bids: &[Seat]) -> Result<B256, MissionError> {
        self.identify(bill.session, bids)?;
        self.publish_bill(bill)?;
        self.place_bids(bill, bids)?;
        self.close_bidding(bill.session)?;
        let (assignments, fairness) = self.award(bill)?;
        self.regulate(bill.session, assignments, fairness)?;
        Ok(assignments)
    }

    /// All of it: an adopted proposal becomes a law with these bids.
    pub fn carry(&mut self, bill: &Bill, bids: &[Seat]) -> Result<Law, MissionError> {
        let assignments = self.assign(bill, bids)?;
        self.codify(bill, assignments)?;
        self.validate(bill)?;
        self.approve_law(bill, assignments)?;
        self.read_law(bill, bids.len())
    }

    /// The law that a session made of so many bids, as enactment answers it.
    pub fn read_law(&mut self, bill: &Bill, bids: usize) -> Result<Law, MissionError> {
        let call = enactment::lawOfCall {
            sessionId: bill.session,
        };
        let answer = self.asks(Peer::Enactment, &call)?;
        debug_assert_eq!(answer.domain, word(DOMAIN));
        let nodes = bill.plan.tasks.len() as u16;
        let seats = self.seats_won(bill.session, 0..nodes)?;
        let written = bill.plan.write(seats)?;
        if written.assignments_hash() != answer.assignmentsHash {
            return Err(MissionError::Silent {
                what: "the award of these seats",
            });
        }
        Ok(Law {
            session: bill.session,
            plan: bill.plan.clone(),
            written,
            bids: bids as u32,
            answer,
            mission: B256::ZERO,
            legislated: std::mem::take(&mut self.session),
            charges: Vec::new(),
        })
    }

    /// Takes a plan through legislation, with a bid for every seat by the executors in turn.
    pub fn legislate(&mut self, plan: &Plan, stake: u128) -> Result<Law, MissionError> {
        let bids = plan.seats(&self.executors, stake);
        self.legislate_with(plan, &bids)
    }

    /// The same with these bids.
    pub fn legislate_with(&mut self, plan: &Plan, bids: &[Seat]) -> Result<Law, MissionError> {
        self.session.clear();
        let bill = self.adopt(plan)?;
        self.carry(&bill, bids)
    }

    /// A partial session for a failed node, from its opening to law: nobody votes, and the statute is that of the mission.
    pub fn legislate_anew(
        &mut self,
        law: &Law,
        node: u16,
        bids: &[Seat],
    ) -> Result<B256, MissionError> {
        let bill = Bill {
            session: self.convene(SessionKind::Partial, law.mission, node)?,
            proposal: B256::ZERO,
            pages: law.written.pages.clone(),
            plan: law.plan.clone(),
        };
        self.identify(bill.session, bids)?;
        self.publish_bill(&bill)?;
        self.place_bids(&bill, bids)?;
        self.close_bidding(bill.session)?;
        let courier = self.sponsor.clone();
        let call = enactment::awardCall {
            sessionId: bill.session,
            seatPages: 1,
            pages: Vec::new(),
            rest: B256::ZERO,
            earlier: Vec::new(),
        };
        let done = self.tell(&courier, Peer::Enactment, &call)?;
        let done: enactment::AwardCompleted = said(&done, "award")?;
        self.regulate(bill.session, done.assignmentsHash, done.fairness)?;
        // Nothing of the statute is left to validate.
        self.codify(&bill, done.assignmentsHash)?;
        self.approve_law(&bill, done.assignmentsHash)?;
        Ok(bill.session)
    }
}

fn bytes(pages: &[Vec<u8>]) -> Vec<Bytes> {
    pages.iter().map(|page| page.clone().into()).collect()
}
