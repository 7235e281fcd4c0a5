//! The steps of a deliberation, and how each of them ends.
//!
//! ```text
//! election  0 step   1 failed   2 kind   3..8 expires   8..12 enrolled   12..16 commits   16..20 reveals   20..22 proposals
//!           22 candidates   23 delays   24..28 legislative epoch   28..32 epoch
//! ```
//!
//! Proposing, debating, committing and revealing have a window each, after which anyone takes the election on: to its next step, or to
//! failure where nobody was admitted, too few committed, or nobody revealed. No halt changes any of it (INV-ASSEMBLY-01,
//! docs/exits.md).
//!
//! Commits count for the quorum, reveals for the tally (RULINGS R26). The quorum counts against those who could vote when the
//! ballot opened.
//!
//! **Claims of collusion have their time.** Ballots can be compared only once they are open, and whoever opens his in the last second
//! would close the tally in the next. So an election with enough candidates for a clique is decided no earlier than a window of
//! reveals after the last of them; one claim that holds delays it, once, by a bidding window. A clique must be a share of all reveals: while
//! ballots are being opened nobody knows how many there will be, so it is counted against the commits, of which there are no fewer.

// structural file: offsets and widths of the layout drawn above.

use super::{collusion::Bounds, debate::Rounds, refused::Refused};
use crate::{
    machine::ElectionState as Step,
    mission::word::packed,
    parameter::{ParameterId as P, derived},
    time::Millis,
};

packed! {
    /// An election. All zero means that there is none.
    Election {
        /// Number of its step.
        step, set_step: 0, 1, u8;
        /// One if it failed at that step.
        failed, set_failed: 1, 1, u8;
        /// What is legislated; the number of a [`Kind`].
        kind, set_kind: 2, 1, u8;
        /// The last second of its step; zero for a tally that waits for no claim.
        expires, set_expires: 3, 5, u64;
        /// Voters when its session, then when its ballot opened.
        enrolled, set_enrolled: 8, 4, u32;
        /// Sealed ballots.
        commits, set_commits: 12, 4, u32;
        /// Opened ballots.
        reveals, set_reveals: 16, 4, u32;
        /// Proposals made.
        proposals, set_proposals: 20, 2, u16;
        /// Places of the ballot that are taken.
        candidates, set_candidates: 22, 1, u8;
        /// Cliques proved.
        delays, set_delays: 23, 1, u8;
        /// Which session of the city it is.
        legislative_epoch, set_legislative_epoch: 24, 4, u32;
        /// The epoch whose parameters rule it.
        epoch, set_epoch: 28, 4, u32;
    }
}

/// What a session legislates, as the interface numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A mission of its own.
    Mission = 1,
    /// A mission that does the work of a node.
    Child,
    /// Seats of a failed node, under the law that there is.
    Partial,
    /// A successor of a failed mission.
    Full,
}

impl Kind {
    /// The kind of a number.
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Mission),
            2 => Some(Self::Child),
            3 => Some(Self::Partial),
            4 => Some(Self::Full),
            _ => None,
        }
    }
}

/// Steps, a bit each.
pub const fn bit(step: Step) -> u16 {
    1 << step as u16
}

/// The step in which proposals are made and sponsored.
pub const PROPOSING: u16 = bit(Step::Proposing);
/// The step of poll and statements.
pub const DEBATING: u16 = bit(Step::Debating);
/// The step in which ballots are sealed.
pub const COMMITTING: u16 = bit(Step::Committing);
/// The step in which they are opened.
pub const REVEALING: u16 = bit(Step::Revealing);
/// The step in which they are counted.
pub const TALLYING: u16 = bit(Step::Tallying);
/// Steps of which the legislature takes a session up.
pub const OVER: u16 = bit(Step::Decided) | bit(Step::Skipped);

/// What its epoch says of an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    proposing: u64,
    rounds: Rounds,
    committing: u64,
    revealing: u64,
    delay: u64,
    opening: u64,
    quorum: u32,
    candidates: u32,
}

impl Terms {
    /// The parameters, in the order of [`of`](Self::of).
    pub const PARAMETERS: [P; 9] = [
        P::SponsorshipWindowMs,
        P::DeliberationRounds,
        P::DeliberationRoundMs,
        P::BallotCommitMs,
        P::BallotRevealMs,
        P::BiddingWindowMs,
        P::SessionOpeningTimeoutMs,
        P::ParticipationQuorumPct,
        P::CollusionMinCandidates,
    ];

    /// From their values.
    pub fn of(values: [u64; 9]) -> Self {
        let secs = |millis| Millis::new(millis).to_seconds_ceil().get();
        let [
            proposing,
            rounds,
            round,
            committing,
            revealing,
            delay,
            opening,
            quorum,
            candidates,
        ] = values;
        Self {
            proposing: secs(proposing),
            rounds: Rounds {
                count: rounds,
                secs: secs(round),
            },
            committing: secs(committing),
            revealing: secs(revealing),
            delay: secs(delay),
            opening: secs(opening),
            quorum: quorum as u32,
            candidates: candidates as u32,
        }
    }

    /// The rounds of the debate.
    pub const fn rounds(&self) -> Rounds {
        self.rounds
    }

    /// How long a proved clique delays.
    pub const fn delay(&self) -> u64 {
        self.delay
    }

    /// Seconds of a step.
    fn window(&self, step: Step) -> u64 {
        match step {
            Step::Proposing => self.proposing,
            Step::Debating => self.rounds.length(),
            Step::Committing => self.committing,
            Step::Revealing | Step::Tallying => self.revealing,
            Step::Delayed => self.delay,
            Step::Decided | Step::Skipped => self.opening,
        }
    }
}

/// What became of an election whose step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It stands at another step.
    Moved,
    /// It failed.
    Failed,
    /// All its ballots are counted, and its delay is over: it is to be decided.
    Counted,
}

impl Election {
    /// Opens one, in its first step; a partial one has no vote.
    pub fn open(
        kind: Kind,
        voters: u32,
        epoch: u64,
        legislative: u32,
        terms: &Terms,
        now: u64,
    ) -> Self {
        let mut election = Self::default();
        election.set_kind(kind as u8);
        election.set_epoch(epoch as u32);
        election.set_legislative_epoch(legislative);
        election.set_enrolled(voters);
        let first = match kind {
            Kind::Partial => Step::Skipped,
            Kind::Mission | Kind::Child | Kind::Full => Step::Proposing,
        };
        election.put(first, terms, now);
        election
    }

    /// Its step.
    pub const fn state(&self) -> Option<Step> {
        Step::from_u8(self.0.0[0])
    }

    /// Whether it failed.
    pub fn has_failed(&self) -> bool {
        self.failed() != 0
    }

    /// Refuses another step than these.
    ///
    /// Errors: `Unknown`, `Failed`, `Step`.
    #[inline(never)]
    pub fn must_be_at(&self, steps: u16) -> Result<(), Refused> {
        let step = self.step();
        if step == 0 {
            return Err(Refused::Unknown);
        }
        if self.has_failed() {
            return Err(Refused::Failed);
        }
        if steps >> step & 1 == 0 {
            return Err(Refused::Step(step));
        }
        Ok(())
    }

    /// Refuses another step than these, and one whose time is over.
    ///
    /// Errors: as before; `TooLate`.
    #[inline(never)]
    pub fn must_be_in(&self, steps: u16, now: u64) -> Result<(), Refused> {
        self.must_be_at(steps)?;
        if now > self.expires() {
            return Err(Refused::TooLate(self.expires()));
        }
        Ok(())
    }

    fn put(&mut self, step: Step, terms: &Terms, now: u64) {
        self.set_step(step.number());
        self.set_expires(now.saturating_add(terms.window(step)));
    }

    /// Takes it to another step: the only way there is (INV-STATE-01).
    ///
    /// Errors: `Step` for what is no step of the tables; then nothing has changed.
    #[inline(never)]
    fn advance(&mut self, to: Step, terms: &Terms, now: u64) -> Result<Ended, Refused> {
        let step = self.step();
        let is_legal = Step::from_u8(step).is_some_and(|from| Step::transition(from, to).is_ok());
        if !is_legal {
            return Err(Refused::Step(step));
        }
        self.put(to, terms, now);
        // Nobody waits for a claim that cannot come.
        let is_claimable = u32::from(self.delays()) < P::MaxCollusionDelays.constant()
            && u32::from(self.candidates()) >= terms.candidates;
        if to as u8 == Step::Tallying as u8 && !is_claimable {
            self.set_expires(0);
        }
        Ok(Ended::Moved)
    }

    fn fail(&mut self) -> Result<Ended, Refused> {
        self.set_failed(1);
        Ok(Ended::Failed)
    }

    /// One proposal more: its number.
    ///
    /// Errors: `TooMany`.
    pub fn propose(&mut self) -> Result<u16, Refused> {
        let index = self.proposals();
        if index == u16::MAX {
            return Err(Refused::TooMany(index.into()));
        }
        self.set_proposals(index.saturating_add(1));
        Ok(index)
    }

    /// Sponsors that a proposal needs.
    pub fn sponsors_needed(&self, quorum: u64) -> u32 {
        derived::sponsors_needed(self.enrolled(), quorum as u32)
    }

    /// Ends the step whose time is over. `voters` counts where the ballot opens, `counted` where ballots were counted; of an election that
    /// is decided, whoever asks has seen that nobody took it up.
    ///
    /// Errors: `Unknown`, `Failed`; `Step` for the tally, which ends by being done; `TooEarly`.
    #[inline(never)]
    pub fn expire(
        &mut self,
        terms: &Terms,
        voters: u32,
        counted: u32,
        now: u64,
    ) -> Result<Ended, Refused> {
        self.must_be_at(!TALLYING)?;
        let until = self.expires();
        if now <= until {
            return Err(Refused::TooEarly(until.saturating_add(1)));
        }
        match self.state() {
            Some(Step::Proposing) if self.candidates() > 0 => {
                self.advance(Step::Debating, terms, now)
            }
            Some(Step::Debating) => {
                self.set_enrolled(voters);
                self.advance(Step::Committing, terms, now)
            }
            Some(Step::Committing)
                if derived::is_quorum(self.commits(), self.enrolled(), terms.quorum) =>
            {
                self.advance(Step::Revealing, terms, now)
            }
            Some(Step::Revealing) if self.reveals() > 0 && self.delays() > 0 => {
                self.advance(Step::Delayed, terms, now)
            }
            Some(Step::Revealing) if self.reveals() > 0 => self.advance(Step::Tallying, terms, now),
            Some(Step::Delayed) if counted < self.reveals() => {
                self.advance(Step::Tallying, terms, now)
            }
            Some(Step::Delayed) => Ok(Ended::Counted),
            // Nothing admitted, no quorum, nothing revealed, or nobody took it up. A tally was refused above.
            None
            | Some(
                Step::Proposing
                | Step::Committing
                | Step::Revealing
                | Step::Tallying
                | Step::Decided
                | Step::Skipped,
            ) => self.fail(),
        }
    }

    /// Whether it can be decided, so many of its ballots counted: all of them, and the time of claims over.
    pub fn is_counted(&self, counted: u32, now: u64) -> bool {
        counted >= self.reveals() && now > self.expires()
    }

    /// Why a tally that counts nothing does nothing: ballots are left, or claims have their time.
    pub fn must_wait(&self, counted: u32) -> Refused {
        if counted < self.reveals() {
            Refused::Missing(counted, self.reveals())
        } else {
            Refused::TooEarly(self.expires().saturating_add(1))
        }
    }

    /// It is decided.
    ///
    /// Errors: `Step`.
    pub fn decide(&mut self, terms: &Terms, now: u64) -> Result<(), Refused> {
        self.advance(Step::Decided, terms, now)?;
        Ok(())
    }

    /// Refuses a claim that `named` ballots form a clique, where it proves nothing.
    ///
    /// Errors: those of a step that is another or over; `Done` if one was proved; `SmallClique`, also where too few candidates were ranked.
    #[inline(never)]
    pub fn admit_claim(&self, bounds: &Bounds, named: u32, now: u64) -> Result<(), Refused> {
        self.must_be_at(REVEALING | TALLYING)?;
        if u32::from(self.delays()) >= P::MaxCollusionDelays.constant() {
            return Err(Refused::Done);
        }
        if u32::from(self.candidates()) < bounds.candidates {
            return Err(Refused::SmallClique(
                self.candidates().into(),
                bounds.candidates,
            ));
        }
        self.must_be_in(REVEALING | TALLYING, now)?;
        let counting = if self.step() == Step::Revealing as u8 {
            self.commits()
        } else {
            self.reveals()
        };
        let needed = bounds.needed(counting);
        if named < needed {
            return Err(Refused::SmallClique(named, needed));
        }
        Ok(())
    }

    /// A clique is proved: a tally waits at once, reveals go on first. Whether it waits now.
    ///
    /// Errors: `Step`.
    pub fn prove(&mut self, terms: &Terms, now: u64) -> Result<bool, Refused> {
        self.set_delays(self.delays().saturating_add(1));
        let waits = self.step() == Step::Tallying as u8;
        if waits {
            self.advance(Step::Delayed, terms, now)?;
        }
        Ok(waits)
    }

    /// A ballot is sealed.
    pub fn seal(&mut self) {
        self.set_commits(self.commits().saturating_add(1));
    }

    /// A ballot is opened: its number.
    pub fn reveal(&mut self) -> u32 {
        let index = self.reveals();
        self.set_reveals(index.saturating_add(1));
        index
    }
}
