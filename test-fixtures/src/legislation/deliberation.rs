//! From a wish for a session to the proposal that it adopts (seed §3.4; RULINGS K6, R26).

use crate::{
    city::{Person, life::GOOD_UNTIL},
    mission::{MissionError, Plan, Stage, plan},
    sender::Outcome,
};
use agentcity_abi::{
    IAssembly::{self as assembly, Deliberation},
    document::{self, Preimages},
};
use agentcity_domain::{
    id::MissionId, legislation::ballot, parameter::ParameterId as P, peer::Peer,
    signed::legislation as signed, statute::encode,
};
use alloy::{
    primitives::{B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};

/// Whose norms bind every mission of the stories.
pub const DOMAIN: &str = "research";

/// A proposal in its session.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Its session.
    pub session: B256,
    /// Its number there.
    pub proposal: B256,
    /// What is proposed. Tasks that are proved commit to the mission that the session may make.
    pub plan: Plan,
    /// The statute's pages.
    pub pages: Vec<Vec<u8>>,
    /// Gas of every transaction, in order.
    pub charges: Vec<(&'static str, u64)>,
}

impl Bill {
    /// The hash that is voted on.
    pub fn statute_hash(&self) -> B256 {
        plan::hash(&self.pages)
    }

    /// Where the statute's document is found: its pages, with the terms of all tasks.
    ///
    /// Errors: pages that could be law under no parameters.
    pub fn content_address(&self) -> Result<B256, MissionError> {
        let mut known = Preimages::default();
        for task in &self.plan.tasks {
            known.add_terms(task.terms.clone());
        }
        Ok(document::decode(&self.pages, &known)?
            .content_address()
            .word())
    }
}

fn word(of: impl AsRef<[u8]>) -> B256 {
    keccak256(of)
}

/// The first event of a kind that a transaction left.
pub(super) fn said<E: SolEvent>(outcome: &Outcome, what: &'static str) -> Result<E, MissionError> {
    let mut logs = outcome.logs.iter();
    let found = logs.find_map(|log| E::decode_log(log).ok());
    found
        .map(|log| log.data)
        .ok_or(MissionError::Silent { what })
}

impl Stage {
    /// Who votes: everybody who answers for an executor, once.
    pub fn voters(&self) -> Vec<Person> {
        let mut voters: Vec<Person> = Vec::new();
        for executor in &self.executors {
            let principal = &executor.principal;
            if voters
                .iter()
                .all(|voter| voter.address() != principal.address())
            {
                voters.push(principal.clone());
            }
        }
        voters
    }

    /// Somebody sends a call to a member.
    pub(super) fn tell<C: SolCall>(
        &mut self,
        by: &Person,
        peer: Peer,
        call: &C,
    ) -> Result<Outcome, MissionError> {
        let to = self.city.address(peer);
        Ok(self.city.client.send(by, to, call)?)
    }

    /// A member is asked.
    pub(super) fn asks<C: SolCall>(
        &mut self,
        peer: Peer,
        call: &C,
    ) -> Result<C::Return, MissionError> {
        let to = self.city.address(peer);
        Ok(self.city.client.ask(to, call)?)
    }

    /// The signature of a person under a struct's words, for a member.
    pub(super) fn signs_for(&self, by: &Person, peer: Peer, words: &[B256]) -> Bytes {
        by.sign(self.city.digest(peer, words))
    }

    /// Lets time pass until this second is over.
    pub fn outlast(&mut self, second: u64) -> Result<(), MissionError> {
        if self.city.client.now()? <= second {
            self.city.client.warp_to(second + 1)?;
        }
        Ok(())
    }

    /// Enrols those who answer for the clerks, whom no session hears otherwise, and lets everybody become old enough to vote.
    pub fn come_of_age(&mut self) -> Result<(), MissionError> {
        let mut principals: Vec<Person> = Vec::new();
        for clerk in &self.city.clerks {
            let known = |one: &Person| one.address() == clerk.principal.address();
            if !principals.iter().any(known) {
                principals.push(clerk.principal.clone());
            }
        }
        self.city.give_tokens(&principals)?;
        self.city.enrol(&principals)?;
        let age = u64::from(self.city.number(P::PrincipalAgeSecs)?);
        let now = self.city.client.now()?;
        self.outlast(now + age)
    }

    /// A session's deliberation.
    pub fn election(&mut self, session: B256) -> Result<assembly::Election, MissionError> {
        self.asks(
            Peer::Assembly,
            &assembly::electionCall { sessionId: session },
        )
    }

    /// Ends a step of a deliberation whose time is over, or will be.
    pub fn pass_step(&mut self, session: B256) -> Result<Outcome, MissionError> {
        let until = self.election(session)?.expiresAt.to();
        self.outlast(until)?;
        let anybody = self.sponsor.clone();
        let call = assembly::expireDeliberationCall { sessionId: session };
        self.tell(&anybody, Peer::Assembly, &call)
    }

    /// A session that a petition with enough names opens.
    pub fn petition(&mut self, subject: &str) -> Result<B256, MissionError> {
        let voters = self.voters();
        let open = assembly::openPetitionCall {
            subjectHash: word(subject),
            contentAddress: word(format!("content of {subject}")),
        };
        let opened = self.tell(&voters[0], Peer::Assembly, &open)?;
        let opened: assembly::PetitionOpened = said(&opened, "openPetition")?;
        let id = opened.petitionId;
        let asked = assembly::petitionCall { petitionId: id };
        let needed = self.asks(Peer::Assembly, &asked)?.needed as usize;
        let mut call = assembly::signPetitionForCall {
            names: Vec::new(),
            signatures: Vec::new(),
        };
        for voter in voters.iter().take(needed).skip(1) {
            let name = signed::PetitionSignature {
                petition_id: id,
                principal: voter.address(),
                deadline: GOOD_UNTIL,
            };
            call.signatures
                .push(self.signs_for(voter, Peer::Assembly, &name.words()));
            call.names.push(assembly::PetitionSignature {
                petitionId: id,
                principal: voter.address(),
                deadline: GOOD_UNTIL,
            });
        }
        let courier = self.sponsor.clone();
        if !call.names.is_empty() {
            self.tell(&courier, Peer::Assembly, &call)?;
        }
        let open = assembly::openSessionCall { petitionId: id };
        let opened = self.tell(&courier, Peer::Assembly, &open)?;
        let opened: assembly::SessionOpened = said(&opened, "openSession")?;
        Ok(opened.sessionId)
    }

    /// The sponsor's agent proposes a plan in a session, and enough principals sponsor it.
    pub fn propose(&mut self, session: B256, plan: &Plan) -> Result<Bill, MissionError> {
        let mut plan = plan.clone();
        let hash = keccak256(session);
        plan.commit_to(MissionId::of_session(self.sponsor.address(), hash).word());
        let mut bill = Bill {
            session,
            proposal: B256::ZERO,
            pages: encode::statute(&plan.drafts(), &plan.predicates)?,
            plan,
            charges: Vec::new(),
        };
        let call = assembly::proposeCall {
            sessionId: session,
            statuteHash: bill.statute_hash(),
            contentAddress: bill.content_address()?,
            domain: word(DOMAIN),
            amends: B256::ZERO,
        };
        let by = self.proposer()?;
        let proposed = self.tell(&by, Peer::Assembly, &call)?;
        bill.charges.push(("propose", proposed.gas_used));
        bill.proposal = said::<assembly::Proposed>(&proposed, "propose")?.proposalId;
        for voter in self.voters() {
            let call = assembly::sponsorCall {
                proposalId: bill.proposal,
            };
            let outcome = self.tell(&voter, Peer::Assembly, &call)?;
            bill.charges.push(("sponsor", outcome.gas_used));
            let sponsored: assembly::Sponsored = said(&outcome, "sponsor")?;
            if sponsored.sponsors >= sponsored.needed {
                break;
            }
        }
        Ok(bill)
    }

    /// Evidence, straw poll, a speaking order, and a statement of each speaker in the first round; then the debate's time ends.
    pub fn debate(&mut self, session: B256) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let regulator = self.city.clerks[2].agent.clone();
        let evidence = signed::DeliberationEvidence {
            session_id: session,
            evidence_hash: word("evidence"),
            content_address: word("content of the evidence"),
            deadline: GOOD_UNTIL,
        };
        let call = assembly::recordEvidenceCall {
            evidence: assembly::DeliberationEvidence {
                sessionId: session,
                evidenceHash: evidence.evidence_hash,
                contentAddress: evidence.content_address,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(&regulator, Peer::Assembly, &evidence.words()),
        };
        self.tell(&courier, Peer::Assembly, &call)?;
        let voters = self.voters();
        for voter in &voters {
            let vote = signed::StrawVote {
                session_id: session,
                principal: voter.address(),
                proposal: 0,
                deadline: GOOD_UNTIL,
            };
            let call = assembly::strawVoteCall {
                vote: assembly::StrawVote {
                    sessionId: session,
                    principal: voter.address(),
                    proposal: 0,
                    deadline: GOOD_UNTIL,
                },
                signature: self.signs_for(voter, Peer::Assembly, &vote.words()),
            };
            self.tell(&courier, Peer::Assembly, &call)?;
        }
        let rounds = u64::from(self.city.number(P::DeliberationRounds)?);
        let round = u64::from(self.city.number(P::DeliberationRoundMs)?) / 1_000;
        let until: u64 = self.election(session)?.expiresAt.to();
        self.outlast(until - rounds * round)?;
        let call = assembly::drawSpeakingOrderCall { sessionId: session };
        self.tell(&courier, Peer::Assembly, &call)?;
        let debate = self.asks(Peer::Assembly, &assembly::debateCall { sessionId: session })?;
        let (drawn, speakers) = (debate.drawnAt.to::<u64>(), u64::from(debate.speakers));
        for place in 0..debate.speakers {
            let asked = assembly::speakerCall {
                sessionId: session,
                place,
            };
            let whose = self.asks(Peer::Assembly, &asked)?;
            let speaker = voters.iter().find(|voter| voter.address() == whose);
            let Some(speaker) = speaker else {
                return Err(MissionError::Silent { what: "speaker" });
            };
            self.outlast(drawn + u64::from(place) * (round / speakers))?;
            let call = self.statement(session, 1, speaker);
            self.tell(&courier, Peer::Assembly, &call)?;
        }
        self.pass_step(session)?;
        Ok(())
    }

    /// A speaker's statement of a round.
    fn statement(&self, session: B256, round: u8, speaker: &Person) -> assembly::speakCall {
        let statement = signed::Statement {
            session_id: session,
            round,
            principal: speaker.address(),
            statement_hash: word(format!("statement of {}", speaker.name)),
            reasons_hash: word(format!("reasons of {}", speaker.name)),
            deadline: GOOD_UNTIL,
        };
        assembly::speakCall {
            statement: assembly::Statement {
                sessionId: session,
                round,
                principal: statement.principal,
                statementHash: statement.statement_hash,
                reasonsHash: statement.reasons_hash,
                deadline: GOOD_UNTIL,
            },
            signature: self.signs_for(speaker, Peer::Assembly, &statement.words()),
        }
    }

    /// Everybody votes with this ranking, sealed, then opened; the ballots are counted.
    pub fn vote(&mut self, session: B256, ranking: u64) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let voters = self.voters();
        let salt = |voter: &Person| word(format!("salt of {}", voter.name));
        let mut call = assembly::commitBallotsCall {
            commitments: Vec::new(),
            signatures: Vec::new(),
        };
        for voter in &voters {
            let words = ballot::sealed(&session, &voter.address(), ranking, &salt(voter));
            let commitment = keccak256(words.concat());
            let seal = signed::BallotCommitment {
                session_id: session,
                principal: voter.address(),
                commitment,
                deadline: GOOD_UNTIL,
            };
            call.signatures
                .push(self.signs_for(voter, Peer::Assembly, &seal.words()));
            call.commitments.push(assembly::BallotCommitment {
                sessionId: session,
                principal: voter.address(),
                commitment,
                deadline: GOOD_UNTIL,
            });
        }
        self.tell(&courier, Peer::Assembly, &call)?;
        self.pass_step(session)?;
        for voter in &voters {
            let call = assembly::revealBallotCall {
                sessionId: session,
                principal: voter.address(),
                ranking,
                salt: salt(voter),
            };
            self.tell(&courier, Peer::Assembly, &call)?;
        }
        self.pass_step(session)?;
        let tally = assembly::tallyCall {
            sessionId: session,
            ballots: voters.len() as u32,
        };
        while self.election(session)?.step == Deliberation::Tallying {
            self.tell(&courier, Peer::Assembly, &tally)?;
            if self.election(session)?.step == Deliberation::Tallying {
                // Claims of collusion have their time before the result stands.
                let until = self.election(session)?.expiresAt.to();
                self.outlast(until)?;
            }
        }
        Ok(())
    }

    /// All of it: from a wish to an adopted proposal.
    pub fn deliberate(&mut self, plan: &Plan) -> Result<Bill, MissionError> {
        let session = self.petition(&plan.name)?;
        let bill = self.propose(session, plan)?;
        self.pass_step(session)?;
        self.debate(session)?;
        self.vote(session, 0)?;
        Ok(bill)
    }

    /// The agent that proposes what the sponsor wants, registered when it is first needed.
    fn proposer(&mut self) -> Result<Person, MissionError> {
        use crate::city::life::{AgentType, Registration};
        let agent = self.city.person("proposer")?;
        let asked = agentcity_abi::IAgent::principalOfCall {
            agent: agent.address(),
        };
        if self.asks(Peer::Agent, &asked)? == self.sponsor.address() {
            return Ok(agent);
        }
        self.city.give_tokens(std::slice::from_ref(&agent))?;
        self.city.register(&[Registration {
            agent: agent.clone(),
            kind: AgentType::Producer,
            principal: self.sponsor.clone(),
        }])?;
        Ok(agent)
    }
}

/// Seconds as the interfaces carry them.
pub(super) fn instant(second: u64) -> alloy::primitives::aliases::U40 {
    U256::from(second).to()
}
