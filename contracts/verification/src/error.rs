//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use alloc::vec::Vec;

use agentcity_abi::IVerification as wire;
use agentcity_domain::verification::Refused;
use agentcity_shell::words::Words;
use alloy_sol_types::SolError;

use crate::case::Attempt;

impl Attempt {
    /// The outcome of a refused command.
    pub(crate) fn take<T>(&self, decided: Result<T, Refused>) -> Result<T, Vec<u8>> {
        match decided {
            Ok(value) => Ok(value),
            Err(refused) => Err(self.revert(refused)),
        }
    }

    /// The revert data of a refused command.
    #[inline(never)]
    pub(crate) fn revert(&self, refused: Refused) -> Vec<u8> {
        use Refused as R;
        match refused {
            R::MissionState(state) => {
                let mut words = Words::after(wire::WrongMissionState::SELECTOR);
                words.word(&self.key.mission).number(state.into());
                words.bytes().to_vec()
            }
            // Whoever refuses a halted command says until when, which is asked for (`case.rs`).
            R::Halted(halt) => self.with(wire::Halted::SELECTOR, halt.into(), 0),
            R::NodeState(state, attempt) => {
                self.with(wire::WrongNodeState::SELECTOR, state.into(), attempt.into())
            }
            R::Tier(tier) => self.of(wire::WrongTier::SELECTOR, tier.into()),
            R::Attempt(found, given) => {
                self.with(wire::WrongAttempt::SELECTOR, found.into(), given.into())
            }
            R::NotSeated(agent) => {
                let mut words = self.named(wire::NotSeated::SELECTOR);
                words.address(&agent);
                words.bytes().to_vec()
            }
            R::AlreadyDone(seat) => self.about(wire::AlreadyDone::SELECTOR, seat),
            R::NothingCommitted(seat) => self.about(wire::NothingCommitted::SELECTOR, seat),
            R::NothingRevealed(seat) => self.about(wire::NothingRevealed::SELECTOR, seat),
            R::Excluded(seat) => self.about(wire::SeatExcluded::SELECTOR, seat),
            R::TrailMissing => wire::TrailMissing::SELECTOR.to_vec(),
            R::TooFew(committed, needed) => self.with(
                wire::TooFewCommitted::SELECTOR,
                committed.into(),
                needed.into(),
            ),
            R::TooEarly(until) => number(wire::TooEarly::SELECTOR, until.saturating_add(1)),
            R::TooLate(until) => number(wire::TooLate::SELECTOR, until),
            R::NoDissent => self.named(wire::NoDissent::SELECTOR).bytes().to_vec(),
            R::BackupUnopened => self.named(wire::BackupUnopened::SELECTOR).bytes().to_vec(),
            R::Ruled => self.of(wire::AlreadyRuled::SELECTOR, self.key.attempt.into()),
            R::Score(score, limit) => {
                let mut words = Words::after(wire::ScoreOutOfRange::SELECTOR);
                words.number(score.into()).number(limit.into());
                words.bytes().to_vec()
            }
        }
    }

    /// A selector, the mission and the node.
    #[inline(never)]
    pub(crate) fn named(&self, selector: [u8; 4]) -> Words {
        let mut words = Words::after(selector);
        words.word(&self.key.mission).number(self.key.node.into());
        words
    }

    /// The same and a number.
    #[inline(never)]
    pub(crate) fn of(&self, selector: [u8; 4], value: u64) -> Vec<u8> {
        self.named(selector).number(value).bytes().to_vec()
    }

    /// The same and two.
    #[inline(never)]
    fn with(&self, selector: [u8; 4], first: u64, second: u64) -> Vec<u8> {
        let mut words = self.named(selector);
        words.number(first).number(second).bytes().to_vec()
    }

    /// The same and who sits at a seat.
    #[inline(never)]
    fn about(&self, selector: [u8; 4], seat: u8) -> Vec<u8> {
        let mut words = self.named(selector);
        words.address(&self.case.agent_of(seat)).bytes().to_vec()
    }
}

/// A selector and a number.
#[inline(never)]
fn number(selector: [u8; 4], value: u64) -> Vec<u8> {
    Words::after(selector).number(value).bytes().to_vec()
}

/// A selector and a word, as the outcome of a function.
#[inline(never)]
pub(crate) fn wrong_preimage<T>(digest: &alloy_primitives::B256) -> Result<T, Vec<u8>> {
    Words::after(wire::WrongPreimage::SELECTOR)
        .word(digest)
        .refuse()
}
