//! Sessions: how they begin, how each step ends, and what comes out.

use alloc::vec::Vec;

use agentcity_abi::{
    IAssembly as wire, ICollaboration as collaboration, IEnactment as enactment,
    ILegislature as legislature,
};
use agentcity_domain::{
    legislation::{
        debate::Debate,
        election::{Election, Ended, Kind, OVER, Terms},
        number::sponsor_of,
        refused::Refused,
        tally::Matrix,
    },
    machine::{ElectionState as Step, MissionState, NodeState, SessionState},
    peer::Peer,
};
use agentcity_shell::{
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::storage::{
    Assembly, Become, DERIVED, DOMAIN, LAW, OF_DOMAIN, ORIGIN, SPONSOR, STATUTE, Said, WINNER,
    done, end, wrong,
};

/// Words before a mission's session in what collaboration tells of it.
const BEFORE_SESSION: usize = 2;
/// Words before a law's hash, and from there to its domain.
const BEFORE_STATUTE: usize = 3;
const BEFORE_DOMAIN: usize = 10;

impl Assembly {
    /// What an epoch says of elections.
    #[inline(never)]
    pub(crate) fn terms_of(&self, epoch: u64) -> Said<Terms> {
        let ids = Terms::PARAMETERS.map(|id| id as u8);
        Ok(Terms::of(self.terms(epoch, ids)?))
    }

    /// Stores an election that came to another step, and says so.
    #[inline(never)]
    pub(crate) fn store_moved(&mut self, session: &B256, election: &Election) {
        self.store(session, election);
        self.log(
            topic!(wire::DeliberationChanged::SIGNATURE_HASH)
                .word(session)
                .number(election.step().into())
                .number(election.expires()),
            2,
        );
    }

    /// A session's election, if it stands at one of these steps and the step's time runs.
    #[inline(never)]
    pub(crate) fn running(&self, session: &B256, steps: u16) -> Said<Election> {
        let election = self.election_of(session);
        self.ok(session, election.must_be_in(steps, self.now()))?;
        Ok(election)
    }

    /// Opens a session in the epoch in force.
    #[inline(never)]
    fn begin(&mut self, kind: Kind, origin: &B256, node: u16) -> Said<B256> {
        let mut values = [0; Terms::PARAMETERS.len()];
        let ids = Terms::PARAMETERS.map(|id| id as u8);
        let epoch = self.read_parameters_in_force(&ids, &mut values)?;
        let (terms, voters) = (Terms::of(values), self.voters()?);
        let session = self.fresh();
        let legislative = self.next(&Address::ZERO);
        let election = Election::open(kind, voters, epoch, legislative as u32, &terms, self.now());
        self.set_of_session(&session, ORIGIN, origin);
        if node != 0 {
            let mut debate = Debate::default();
            debate.set_node(node);
            self.store_debate(&session, &debate);
        }
        self.log(
            topic!(wire::SessionOpened::SIGNATURE_HASH)
                .word(&session)
                .number(kind as u64)
                .number(legislative)
                .number(epoch)
                .word(origin)
                .number(node.into())
                .number(election.expires()),
            2,
        );
        self.store_moved(&session, &election);
        Ok(session)
    }

    pub(crate) fn open_session(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let petition = &input.word();
        self.succeed(petition)?;
        let session = self.begin(Kind::Mission, petition, 0)?;
        Words::new().word(&session).reply()
    }

    /// A member's answer to a question about a mission, or about one of its nodes.
    #[inline(never)]
    fn told(&self, of: Peer, selector: [u8; 4], id: &B256, node: Option<u16>) -> Said<Vec<u8>> {
        let mut call = Words::after(selector);
        call.word(id);
        if let Some(node) = node {
            call.number(node.into());
        }
        Ok(self.ask(of, &call)?)
    }

    /// Whether a session came to nothing, here or in the procedure after.
    #[inline(never)]
    fn is_lost(&self, session: &B256) -> Said<bool> {
        let election = self.election_of(session);
        if election.has_failed() {
            return Ok(true);
        }
        Ok(self.taken_up(session)? == SessionState::Failed as u8)
    }

    /// The state that the legislature has a session in; zero for one that it has not taken up.
    #[inline(never)]
    fn taken_up(&self, session: &B256) -> Said<u8> {
        let answer = self.told(
            Peer::Legislature,
            legislature::sessionCall::SELECTOR,
            session,
            None,
        )?;
        let mut answer = Reader::new(&answer);
        let state = answer.u8();
        end(&answer)?;
        Ok(state)
    }

    /// What is legislated anew: the node that it is about, and the attempt.
    ///
    /// Errors: `Mismatch` for a node or a mission that needs no law; collaboration's refusals.
    #[inline(never)]
    fn occasion(&self, kind: Kind, mission: &B256, node: u16, state: u8) -> Said<(u16, u8)> {
        let (found, needed, attempt) = match kind {
            Kind::Full if state == MissionState::Failed as u8 => return Ok((0, 0)),
            Kind::Full => {
                // A statute at fault is legislated anew although its mission has not failed yet.
                let selector = enactment::specificationFaultCall::SELECTOR;
                let fault = self.told(Peer::Enactment, selector, mission, Some(node))?;
                let mut fault = Reader::new(&fault);
                let (is_declared, attempt) = (fault.bool(), fault.u8());
                end(&fault)?;
                let needed = MissionState::Failed as u8;
                (if is_declared { needed } else { state }, needed, attempt)
            }
            Kind::Mission | Kind::Child | Kind::Partial => {
                let selector = collaboration::nodeCall::SELECTOR;
                let answer = self.told(Peer::Collaboration, selector, mission, Some(node))?;
                let mut answer = Reader::new(&answer);
                let (found, attempt) = (answer.u8(), answer.u8());
                end(&answer)?;
                let needed = if kind as u8 == Kind::Child as u8 {
                    NodeState::Eligible
                } else {
                    NodeState::Failed
                };
                (found, needed as u8, attempt)
            }
        };
        if found != needed {
            return Words::after(wire::Mismatch::SELECTOR)
                .word(mission)
                .number(needed.into())
                .number(found.into())
                .no();
        }
        Ok((node, attempt))
    }

    pub(crate) fn open_derived_session(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (kind, mission, node) = (input.u8(), &input.word(), input.u16());
        let kind = match Kind::of(kind) {
            None | Some(Kind::Mission) => return Err(wrong()),
            Some(kind) => kind,
        };
        let selector = collaboration::missionCall::SELECTOR;
        let answer = self.told(Peer::Collaboration, selector, mission, None)?;
        let mut answer = Reader::new(&answer);
        let state = answer.u8();
        answer.skip(BEFORE_SESSION);
        let session_of_mission = answer.word();
        end(&answer)?;
        let (node, attempt) = self.occasion(kind, mission, node, state)?;
        // One session at a time for an attempt: what came to nothing is opened again, by anyone.
        let occasion = (kind as u64) << 32 | u64::from(node) << 8 | u64::from(attempt);
        let before = &self.entry(DERIVED, mission, occasion);
        if !before.is_zero() && !self.is_lost(before)? {
            return done(before, &self.caller().into_word());
        }
        let selector = enactment::lawOfCall::SELECTOR;
        let law = self.told(Peer::Enactment, selector, &session_of_mission, None)?;
        let mut law = Reader::new(&law);
        law.skip(BEFORE_STATUTE);
        let statute = law.word();
        law.skip(BEFORE_DOMAIN);
        let domain = law.word();
        end(&law)?;
        let session = self.begin(kind, mission, node)?;
        self.set_entry(DERIVED, mission, occasion, &session);
        self.set_of_session(&session, DOMAIN, &domain);
        if kind as u8 == Kind::Partial as u8 {
            self.set_of_session(&session, STATUTE, &statute);
        }
        Words::new().word(&session).reply()
    }

    /// Decides a counted election.
    ///
    /// Events: `BallotDecided`, `DeliberationChanged`.
    #[inline(never)]
    pub(crate) fn decide(
        &mut self,
        session: &B256,
        election: &mut Election,
        matrix: &Matrix,
        terms: &Terms,
    ) -> Said {
        let mut scores = B256::ZERO;
        let mut proposed = Vec::with_capacity(scores.len());
        for (place, score) in (0..election.candidates()).zip(scores.iter_mut()) {
            let proposal = self.candidate_at(session, place);
            proposed.push(self.proposal_of(&proposal).index());
            *score = matrix.score(place).copeland;
        }
        self.ok(session, election.decide(terms, self.now()))?;
        // An election without candidates never came so far.
        let (place, stage) = matrix.decide(&proposed).ok_or_else(wrong)?;
        let winner = self.candidate_at(session, place);
        self.set_of_session(session, WINNER, &winner);
        self.log(
            topic!(wire::BallotDecided::SIGNATURE_HASH)
                .word(session)
                .word(&winner)
                .word(&scores)
                .number(stage as u64),
            3,
        );
        self.store_moved(session, election);
        Ok(())
    }

    pub(crate) fn expire_deliberation(&mut self, input: &mut Reader<'_>) -> Said {
        let session = &input.word();
        let mut election = self.election_of(session);
        // What is not there has no epoch.
        self.ok(session, election.must_be_at(u16::MAX))?;
        let terms = &self.terms_of(election.epoch().into())?;
        let step = election.step();
        let counted = self.debate_of(session).counted();
        // The ballot opens: who can vote now is what the quorum counts against.
        let voters = if step == Step::Debating as u8 {
            self.voters()?
        } else {
            0
        };
        let ended = election.expire(terms, voters, counted, self.now());
        match self.said(session, ended)? {
            Ended::Moved => self.store_moved(session, &election),
            Ended::Counted => {
                let matrix = self.load_matrix(session, &election);
                self.decide(session, &mut election, &matrix, terms)?;
            }
            Ended::Failed => {
                // What a registrar took up in time is the legislature's.
                if OVER >> step & 1 == 1 && self.taken_up(session)? != 0 {
                    return self.ok(session, Err(Refused::Step(step)));
                }
                self.store(session, &election);
                self.log(
                    topic!(wire::DeliberationFailed::SIGNATURE_HASH)
                        .word(session)
                        .number(step.into()),
                    2,
                );
            }
        }
        Ok(())
    }

    pub(crate) fn outcome_of(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let session = &input.word();
        let election = &self.election_of(session);
        let is_decided = election.must_be_in(OVER, self.now()).is_ok();
        let winner = &self.of_session(session, WINNER);
        let mission = &self.of_session(session, ORIGIN);
        let is_own = election.kind() == Kind::Mission as u8;
        let statute = if election.step() == const { Step::Skipped as u8 } {
            self.of_session(session, STATUTE)
        } else {
            self.of_proposal(winner, LAW)
        };
        let (mission, sponsor, domain) = if is_own {
            let sponsor = self.of_proposal(winner, SPONSOR);
            (&B256::ZERO, sponsor, self.of_proposal(winner, OF_DOMAIN))
        } else {
            let sponsor = sponsor_of(mission).into_word();
            (mission, sponsor, self.of_session(session, DOMAIN))
        };
        Words::new()
            .truth(is_decided)
            .number(election.kind().into())
            .number(election.epoch().into())
            .number(election.legislative_epoch().into())
            .number(election.expires())
            .number(self.debate_of(session).node().into())
            .word(mission)
            .word(winner)
            .word(&statute)
            .word(&sponsor)
            .word(&domain)
            .reply()
    }
}
