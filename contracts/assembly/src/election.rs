//! The steps of a deliberation, and how each ends.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, IAssembly as wire, ILegislature as legislature};
use agentcity_domain::{
    machine::ElectionState as Step,
    parameter::{ParameterId as P, derived},
    peer::Peer,
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{amount, number},
    refuse,
    word::{Field, field as get, part, set, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::storage::{Assembly, CANDIDATE, PROPOSAL, SESSION};

/// Parts of a session's first word.
pub(crate) const STEP: Field = (0, 1);
pub(crate) const FAILED: Field = (1, 1);
pub(crate) const KIND: Field = (2, 1);
pub(crate) const EXPIRES: Field = (3, 5);
pub(crate) const ENROLLED: Field = (8, 4);
pub(crate) const COMMITS: Field = (12, 4);
pub(crate) const REVEALS: Field = (16, 4);
pub(crate) const PROPOSALS: Field = (20, 2);
pub(crate) const CANDIDATES: Field = (22, 1);
pub(crate) const DELAYED: Field = (23, 1);
pub(crate) const LEGISLATIVE_EPOCH: Field = (24, 4);
pub(crate) const EPOCH: Field = (28, 4);

/// Places of a session's further words.
pub(crate) const ORIGIN: u64 = 1;
pub(crate) const NODE: u64 = 2;
pub(crate) const WINNER: u64 = 3;
pub(crate) const STATUTE: u64 = 4;
pub(crate) const SEED: u64 = 5;
pub(crate) const SPEAKERS: u64 = 6;
pub(crate) const COUNTED: u64 = 7;

/// Kinds of sessions, as the interface numbers them.
pub(crate) const MISSION: u8 = 1;
pub(crate) const CHILD: u8 = 2;
pub(crate) const PARTIAL: u8 = 3;
pub(crate) const FULL: u8 = 4;

impl Assembly {
    #[inline(never)]
    pub(crate) fn session_key(&self, session: B256, place: u64) -> B256 {
        self.key(SESSION, session, number(place))
    }

    /// A session's word, if it stands at one of these steps (a bit each).
    #[inline(never)]
    pub(crate) fn at_step(&self, session: B256, steps: u16) -> Result<B256, Vec<u8>> {
        let word = self.word_at(SESSION, &session, 0);
        if word == B256::ZERO {
            return refuse(wire::Unknown::SELECTOR, &[session]);
        }
        if get(&word, FAILED) != 0 {
            return refuse(wire::SessionFailed::SELECTOR, &[session]);
        }
        let step = get(&word, STEP);
        if u64::from(steps)
            .checked_shr(step as u32)
            .unwrap_or_default()
            & 1
            == 0
        {
            return refuse(wire::WrongStep::SELECTOR, &[session, number(step)]);
        }
        Ok(word)
    }

    /// The same, while the step's time runs.
    #[inline(never)]
    pub(crate) fn in_time(&self, session: B256, steps: u16) -> Result<B256, Vec<u8>> {
        let word = self.at_step(session, steps)?;
        let until = get(&word, EXPIRES);
        if self.now() > until {
            return refuse(wire::TooLate::SELECTOR, &[number(until)]);
        }
        Ok(word)
    }

    pub(crate) fn store_session(&mut self, session: B256, word: B256) {
        self.put(SESSION, &session, 0, &word);
    }

    /// Seconds from now on, of a window in milliseconds.
    pub(crate) fn after(&self, millis: u64) -> u64 {
        self.now().saturating_add(millis.div_ceil(1_000))
    }

    /// Enters a step, whose window the session's epoch gives.
    #[inline(never)]
    pub(crate) fn enter(
        &mut self,
        session: B256,
        mut word: B256,
        step: Step,
    ) -> Result<(), Vec<u8>> {
        let window = match step {
            Step::Proposing => P::SponsorshipWindowMs,
            Step::Debating => P::DeliberationRoundMs,
            Step::Committing => P::BallotCommitMs,
            Step::Revealing | Step::Tallying => P::BallotRevealMs,
            Step::Delayed => P::BiddingWindowMs,
            Step::Decided | Step::Skipped => P::SessionOpeningTimeoutMs,
        };
        let ids = [window as u8, P::DeliberationRounds as u8];
        let [millis, rounds] = self.parameters(get(&word, EPOCH), ids)?;
        let times = if step as u8 == Step::Debating as u8 {
            rounds
        } else {
            1
        };
        let expires = self.after(millis.saturating_mul(times));
        set(&mut word, STEP, step as u64);
        set(&mut word, EXPIRES, expires);
        self.store_session(session, word);
        self.log_words(
            &[&wire::DeliberationChanged::SIGNATURE_HASH, &session],
            &[&number(step as u64), &number(expires)],
        );
        Ok(())
    }

    #[inline(never)]
    fn fail(&mut self, session: B256, mut word: B256) {
        set(&mut word, FAILED, 1);
        self.store_session(session, word);
        self.log_words(
            &[&wire::DeliberationFailed::SIGNATURE_HASH, &session],
            &[&number(get(&word, STEP))],
        );
    }

    /// Voters: enrolled, unbanned principals with a producer.
    #[inline(never)]
    pub(crate) fn voters(&self) -> Result<u64, Vec<u8>> {
        let answer = self.ask_peer(Peer::Agent, agents::voterCountCall::SELECTOR, &[])?;
        Input::new(&answer).u64()
    }

    /// Refuses a principal without a voice: what its petition, sponsorship or vote would count against does not hold it.
    #[inline(never)]
    pub(crate) fn with_voice(&self, principal: B256) -> Result<(), Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Agent,
            agents::principalRecordCall::SELECTOR,
            &[principal],
        )?;
        let (_, [age]) = self.parameters_in_force([P::PrincipalAgeSecs as u8])?;
        let mut record = Input::new(&answer);
        let (_class, _stake, _agents) = (record.u8()?, record.u32()?, record.u16()?);
        let (producers, _worst, _enrolments) = (record.u16()?, record.u32()?, record.u8()?);
        let (enrolled, leaves) = (record.u64()?, record.u64()?);
        let (frozen, appeal) = (record.u64()?, record.u64()?);
        let rule = if enrolled == 0 {
            1
        } else if leaves != 0 {
            2
        } else if producers == 0 {
            3
        } else if appeal != 0 {
            4
        } else if frozen >= self.now() {
            5
        } else if self.now() < enrolled.saturating_add(age) {
            6
        } else {
            return Ok(());
        };
        refuse(wire::PrincipalRefused::SELECTOR, &[principal, number(rule)])
    }

    /// Decides a counted election: Copeland, then Minimax, then the earliest proposal.
    #[inline(never)]
    pub(crate) fn decide(&mut self, session: B256, word: B256) -> Result<(), Vec<u8>> {
        let candidates = get(&word, CANDIDATES) as usize;
        let judged = Self::judge(&self.load_matrix(session, candidates), candidates);
        let (mut winner, mut packed) = (B256::ZERO, B256::ZERO);
        let mut best = (0, 0, u64::MAX);
        for ((score, opposition), place) in judged.iter().zip(0..candidates) {
            packed = with(packed, place, 1, u128::from(*score));
            let proposal = self.word_at(CANDIDATE, &session, place as u64);
            let index = part(self.word_at(PROPOSAL, &proposal, 0), 0, 2) as u64;
            // Greater scores, smaller oppositions and smaller indices come first.
            let rank = (*score, u32::MAX.saturating_sub(*opposition), index);
            let ahead = (rank.0, rank.1) > (best.0, best.1)
                || (rank.0, rank.1) == (best.0, best.1) && index < best.2;
            if winner == B256::ZERO || ahead {
                (winner, best) = (proposal, rank);
            }
        }
        self.put(SESSION, &session, WINNER, &winner);
        self.log_words(
            &[&wire::BallotDecided::SIGNATURE_HASH, &session, &winner],
            &[&packed],
        );
        self.enter(session, word, Step::Decided)
    }

    pub(crate) fn expire_deliberation(&mut self, input: &mut Input<'_>) -> Answer {
        const TALLYING: u16 = 1 << Step::Tallying as u16;
        let session = input.word()?;
        let mut word = self.at_step(session, !TALLYING)?;
        let until = get(&word, EXPIRES);
        if self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[number(until)]);
        }
        match get(&word, STEP) as u8 {
            step if step == Step::Proposing as u8 => {
                if get(&word, CANDIDATES) == 0 {
                    self.fail(session, word);
                } else {
                    self.enter(session, word, Step::Debating)?;
                }
            }
            step if step == Step::Debating as u8 => {
                // The ballot opens: who can vote now is what the quorum counts against.
                set(&mut word, ENROLLED, self.voters()?);
                self.enter(session, word, Step::Committing)?;
            }
            step if step == Step::Committing as u8 => {
                let [quorum] =
                    self.parameters(get(&word, EPOCH), [P::ParticipationQuorumPct as u8])?;
                let (commits, enrolled) = (get(&word, COMMITS), get(&word, ENROLLED));
                if derived::is_quorum(commits as u32, enrolled as u32, quorum as u32) {
                    self.enter(session, word, Step::Revealing)?;
                } else {
                    self.fail(session, word);
                }
            }
            step if step == Step::Revealing as u8 => self.enter(session, word, Step::Tallying)?,
            step if step == Step::Delayed as u8 => {
                let counted = part(self.word_at(SESSION, &session, COUNTED), 24, 8) as u64;
                if counted < get(&word, REVEALS) {
                    self.enter(session, word, Step::Tallying)?;
                } else {
                    self.decide(session, word)?;
                }
            }
            step => {
                // Decided or skipped. What the registrar took up in time is the legislature's.
                let answer = self.ask_peer(
                    Peer::Legislature,
                    legislature::sessionCall::SELECTOR,
                    &[session],
                )?;
                if Input::new(&answer).u8()? != 0 {
                    return refuse(wire::WrongStep::SELECTOR, &[session, number(step.into())]);
                }
                self.fail(session, word);
            }
        }
        Ok(Vec::new())
    }

    pub(crate) fn outcome_of(&mut self, input: &mut Input<'_>) -> Answer {
        const OVER: u16 = 1 << Step::Decided as u16 | 1 << Step::Skipped as u16;
        let session = input.word()?;
        let word = self.word_at(SESSION, &session, 0);
        let decided = self.in_time(session, OVER).is_ok();
        let winner = self.word_at(SESSION, &session, WINNER);
        let kind = get(&word, KIND) as u8;
        let (mission, statute) = match kind {
            MISSION => (B256::ZERO, self.statute_of(winner)),
            PARTIAL => (
                self.word_at(SESSION, &session, ORIGIN),
                self.word_at(SESSION, &session, STATUTE),
            ),
            _ => (
                self.word_at(SESSION, &session, ORIGIN),
                self.statute_of(winner),
            ),
        };
        Ok(agentcity_shell::output::words(&[
            number(decided.into()),
            number(kind.into()),
            amount(get(&word, EPOCH).into()),
            number(get(&word, LEGISLATIVE_EPOCH)),
            number(get(&word, EXPIRES)),
            self.word_at(SESSION, &session, NODE),
            mission,
            winner,
            statute,
        ]))
    }

    #[inline(never)]
    fn statute_of(&self, proposal: B256) -> B256 {
        self.word_at(PROPOSAL, &proposal, crate::debate::STATUTE)
    }
}
