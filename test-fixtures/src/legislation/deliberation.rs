//! From a wish for a session to the proposal that it adopts (seed §3.4; RULINGS K6, R26).

use crate::{
    city::{Person, life::GOOD_UNTIL},
    mission::{Charge, MissionError, Plan, Stage, plan, work::name_of},
    sender::Outcome,
};
use agentcity_abi::{
    IAssembly::{self as assembly, Deliberation, SessionKind},
    document::{self, ContentAddress, Preimages},
};
use agentcity_domain::{
    legislation::ballot,
    parameter::{ParameterId as P, derived::is_quorum},
    peer::Peer,
    signed::legislation as signed,
    statute::encode,
};
use alloy::{
    primitives::{B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent},
};

/// Whose norms bind every mission of the stories.
pub const DOMAIN: &str = "research";

/// Sealed ballots of one transaction.
const BALLOTS_AT_ONCE: usize = 128;

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
}

impl Bill {
    /// The hash that is voted on.
    pub fn statute_hash(&self) -> B256 {
        plan::hash(&self.pages)
    }

    /// Where the statute's document is found: its pages, with the terms of all tasks. Pages that no document says, since they could
    /// be law under no parameters, are found as they are: whoever proposes them has nothing better to hand out.
    pub fn content_address(&self) -> B256 {
        let mut known = Preimages::default();
        for task in &self.plan.tasks {
            known.add_terms(task.terms.clone());
        }
        match document::decode(&self.pages, &known) {
            Ok(document) => document.content_address(),
            Err(_) => ContentAddress::of(self.pages.concat()),
        }
        .word()
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
    /// Who votes: everybody who answers for an executor, once, the sponsor, who answers for its proposer, and whoever else came.
    pub fn voters(&self) -> Vec<Person> {
        let mut voters: Vec<Person> = Vec::new();
        let owners = self.executors.iter().map(|executor| &executor.principal);
        for principal in owners.chain([&self.sponsor]).chain(&self.electorate) {
            let known = |voter: &Person| voter.address() == principal.address();
            if !voters.iter().any(known) {
                voters.push(principal.clone());
            }
        }
        voters
    }

    /// Somebody sends a call to a member; what it costs is the session's.
    pub(crate) fn tell<C: SolCall>(
        &mut self,
        by: &Person,
        peer: Peer,
        call: &C,
    ) -> Result<Outcome, MissionError> {
        let to = self.city.address(peer);
        let outcome = self.city.client.send(by, to, call)?;
        self.session.push(Charge {
            what: name_of::<C>().to_owned(),
            gas: outcome.gas_used,
            hash: outcome.hash,
        });
        Ok(outcome)
    }

    /// A member is asked.
    pub(crate) fn asks<C: SolCall>(
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

    /// A session for a node or a successor of a mission: no petition is needed.
    pub fn convene(
        &mut self,
        kind: SessionKind,
        mission: B256,
        node: u16,
    ) -> Result<B256, MissionError> {
        let courier = self.sponsor.clone();
        let open = assembly::openDerivedSessionCall {
            kind,
            missionId: mission,
            node,
        };
        let opened = self.tell(&courier, Peer::Assembly, &open)?;
        let opened: assembly::SessionOpened = said(&opened, "openDerivedSession")?;
        Ok(opened.sessionId)
    }

    /// The sponsor's agent proposes a plan in a session, and enough principals sponsor it.
    pub fn propose(&mut self, session: B256, plan: &Plan) -> Result<Bill, MissionError> {
        let mut plan = plan.clone();
        plan.commit_to(self.foretell(session));
        let pages = encode::statute(&plan.drafts(), &plan.predicates)?;
        self.propose_pages(session, plan, pages)
    }

    /// The same with these pages, whatever they are: only their hash is told.
    pub fn propose_pages(
        &mut self,
        session: B256,
        plan: Plan,
        pages: Vec<Vec<u8>>,
    ) -> Result<Bill, MissionError> {
        let mut bill = Bill {
            session,
            proposal: B256::ZERO,
            pages,
            plan,
        };
        let call = assembly::proposeCall {
            sessionId: session,
            statuteHash: bill.statute_hash(),
            contentAddress: bill.content_address(),
            domain: word(DOMAIN),
            amends: B256::ZERO,
        };
        let by = self.proposer.clone();
        let proposed = self.tell(&by, Peer::Assembly, &call)?;
        bill.proposal = said::<assembly::Proposed>(&proposed, "propose")?.proposalId;
        // The first by itself, the others relayed by anybody.
        let voters = self.voters();
        let call = assembly::sponsorCall {
            proposalId: bill.proposal,
        };
        let first = self.tell(&voters[0], Peer::Assembly, &call)?;
        let needed = said::<assembly::Sponsored>(&first, "sponsor")?.needed as usize;
        let mut call = assembly::sponsorForCall {
            names: Vec::new(),
            signatures: Vec::new(),
        };
        for voter in voters.iter().take(needed).skip(1) {
            let name = signed::Sponsorship {
                proposal_id: bill.proposal,
                principal: voter.address(),
                deadline: GOOD_UNTIL,
            };
            let signature = self.signs_for(voter, Peer::Assembly, &name.words());
            call.signatures.push(signature);
            call.names.push(assembly::Sponsorship {
                proposalId: bill.proposal,
                principal: voter.address(),
                deadline: GOOD_UNTIL,
            });
        }
        let courier = self.sponsor.clone();
        self.tell(&courier, Peer::Assembly, &call)?;
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

    /// These ballots are sealed, then opened, and counted.
    pub fn vote(&mut self, session: B256, ballots: &[(Person, u64)]) -> Result<(), MissionError> {
        self.commit(session, ballots)?;
        self.pass_step(session)?;
        self.open(session, ballots)?;
        self.pass_step(session)?;
        self.count(session, ballots.len() as u32)
    }

    /// Sealed ballots, relayed by anybody.
    pub fn commit(&mut self, session: B256, ballots: &[(Person, u64)]) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        for part in ballots.chunks(BALLOTS_AT_ONCE) {
            let mut call = assembly::commitBallotsCall {
                commitments: Vec::new(),
                signatures: Vec::new(),
            };
            for (voter, ranking) in part {
                let commitment = seal(session, voter, *ranking);
                let words = signed::BallotCommitment {
                    session_id: session,
                    principal: voter.address(),
                    commitment,
                    deadline: GOOD_UNTIL,
                };
                let signature = self.signs_for(voter, Peer::Assembly, &words.words());
                call.signatures.push(signature);
                call.commitments.push(assembly::BallotCommitment {
                    sessionId: session,
                    principal: voter.address(),
                    commitment,
                    deadline: GOOD_UNTIL,
                });
            }
            self.tell(&courier, Peer::Assembly, &call)?;
        }
        Ok(())
    }

    /// They are opened by anybody, who was told what they say.
    pub fn open(&mut self, session: B256, ballots: &[(Person, u64)]) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        for (voter, ranking) in ballots {
            let call = opening(session, voter, *ranking);
            self.tell(&courier, Peer::Assembly, &call)?;
        }
        Ok(())
    }

    /// Ballots are counted, so many in a call, until the election is decided.
    pub fn count(&mut self, session: B256, ballots: u32) -> Result<(), MissionError> {
        let courier = self.sponsor.clone();
        let tally = assembly::tallyCall {
            sessionId: session,
            ballots,
        };
        while self.election(session)?.step == Deliberation::Tallying {
            self.tell(&courier, Peer::Assembly, &tally)?;
            let election = self.election(session)?;
            if election.step == Deliberation::Tallying {
                // Claims of collusion have their time before the result stands.
                self.outlast(election.expiresAt.to())?;
            }
        }
        Ok(())
    }

    /// All of it: from a wish to an adopted proposal, with everybody's word and vote.
    pub fn deliberate(&mut self, plan: &Plan) -> Result<Bill, MissionError> {
        let session = self.petition(&plan.name)?;
        let bill = self.propose(session, plan)?;
        self.pass_step(session)?;
        self.debate(session)?;
        let ballots: Vec<_> = self.voters().into_iter().map(|voter| (voter, 0)).collect();
        self.vote(session, &ballots)?;
        Ok(bill)
    }

    /// The same where nobody has anything to say, and no more vote than must: what a story begins with that is about something else.
    pub fn adopt(&mut self, plan: &Plan) -> Result<Bill, MissionError> {
        let session = self.petition(&plan.name)?;
        let bill = self.propose(session, plan)?;
        self.agree(session)?;
        Ok(bill)
    }

    /// From the first sponsored proposal to a decision, in silence.
    pub fn agree(&mut self, session: B256) -> Result<(), MissionError> {
        self.pass_step(session)?;
        self.pass_step(session)?;
        let enrolled = self.election(session)?.enrolled;
        let share = self.city.number(P::ParticipationQuorumPct)?;
        let mut needed = 1;
        while !is_quorum(needed, enrolled, share) {
            needed += 1;
        }
        let voters = self.voters().into_iter().take(needed as usize);
        let ballots: Vec<_> = voters.map(|voter| (voter, 0)).collect();
        self.vote(session, &ballots)
    }
}

/// The salt of a voter's ballot.
fn salt(voter: &Person) -> B256 {
    word(format!("salt of {}", voter.name))
}

/// A voter's sealed ballot.
pub(crate) fn seal(session: B256, voter: &Person, ranking: u64) -> B256 {
    let words = ballot::sealed(&session, &voter.address(), ranking, &salt(voter));
    keccak256(words.concat())
}

/// The call that opens it.
pub(crate) fn opening(session: B256, voter: &Person, ranking: u64) -> assembly::revealBallotCall {
    assembly::revealBallotCall {
        sessionId: session,
        principal: voter.address(),
        ranking,
        salt: salt(voter),
    }
}

/// Seconds as the interfaces carry them.
pub(super) fn instant(second: u64) -> alloy::primitives::aliases::U40 {
    U256::from(second).to()
}
