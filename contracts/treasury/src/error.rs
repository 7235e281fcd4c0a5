//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    treasury::{Refused, Short, with},
};
use agentcity_shell::{output, unauthorized, words::Words};
use alloy_primitives::B256;
use alloy_sol_types::SolError;

/// What a rule decided, as the outcome of a command.
pub(crate) trait Decided<T> {
    /// Its refusal is about `what` (a mission, a source, a bond, a pool) and `who` (an account, an agent, a node).
    fn about(self, what: &B256, who: &B256) -> Result<T, Vec<u8>>;
}

impl<T> Decided<T> for Result<T, Refused> {
    #[inline(never)]
    fn about(self, what: &B256, who: &B256) -> Result<T, Vec<u8>> {
        self.map_err(|refused| revert(refused, what, who))
    }
}

/// Nobody's, or nothing's.
pub(crate) const NONE: &B256 = &B256::ZERO;

/// `held` and `more`.
///
/// Errors: `InvalidAmount` if both together do not fit.
#[inline(never)]
pub(crate) fn sum(held: Amount, more: Amount) -> Result<Amount, Vec<u8>> {
    with(held, more).about(NONE, NONE)
}

/// The revert data of a refused command about `what` (a mission, a source, a bond, a pool) and `who` (an account, an agent, a
/// node).
#[inline(never)]
fn revert(refused: Refused, what: &B256, who: &B256) -> Vec<u8> {
    use Refused as R;
    match refused {
        R::InvalidAmount(amount) => of(wire::InvalidAmount::SELECTOR, &[], &[amount]),
        R::InvalidReceiver => of(wire::InvalidReceiver::SELECTOR, &[who], &[]),
        R::InsufficientCredit(short) => lacking(wire::InsufficientCredit::SELECTOR, &[who], short),
        R::WrongEscrowState(state) => {
            of_number(wire::WrongEscrowState::SELECTOR, what, state.into())
        }
        R::InsufficientEscrow(short) => lacking(wire::InsufficientEscrow::SELECTOR, &[what], short),
        R::AlreadySettled => of(wire::AlreadySettled::SELECTOR, &[what, who], &[]),
        R::SelfDealing => of(wire::SelfDealing::SELECTOR, &[what, who], &[]),
        R::InsufficientStake(short) => lacking(wire::InsufficientStake::SELECTOR, &[what], short),
        R::SecondSource(source) => of(wire::SecondSource::SELECTOR, &[what, who, &source], &[]),
        R::StakeStillLocked(until) => of_number(wire::StakeStillLocked::SELECTOR, what, until),
        R::NothingLocked => of(wire::NothingLocked::SELECTOR, &[what, who], &[]),
        R::WrongBond => of(wire::WrongBond::SELECTOR, &[what], &[]),
        R::InsuranceLimit {
            available,
            limit,
            needed,
        } => of(
            wire::InsuranceLimit::SELECTOR,
            &[],
            &[available, limit, needed],
        ),
        R::AlreadyClaimed => of(wire::AlreadyClaimed::SELECTOR, &[what, who], &[]),
        R::NoEvidence => of(wire::NoEvidence::SELECTOR, &[what, who], &[]),
        R::InsufficientFund(fund, short) => lacking(
            wire::InsufficientFund::SELECTOR,
            &[&output::number(fund as u64)],
            short,
        ),
        R::PoolObligated(open) => of_number(wire::PoolObligated::SELECTOR, what, open.into()),
        R::PoolTooSmall {
            participants,
            needed,
        } => of(
            wire::PoolTooSmall::SELECTOR,
            &[what],
            &[participants, needed].map(|count| Amount::new(count.into())),
        ),
        R::NoShares(amount) => of(wire::NoShares::SELECTOR, &[what], &[amount]),
        R::InsufficientShares(short) => {
            lacking(wire::InsufficientShares::SELECTOR, &[what, who], short)
        }
        R::NotManager(caller) => unauthorized(caller),
    }
}

#[inline(never)]
fn of(selector: [u8; 4], words: &[&B256], amounts: &[Amount]) -> Vec<u8> {
    let mut data = Words::after(selector);
    for word in words {
        data.word(word);
    }
    for amount in amounts {
        data.amount(amount.get());
    }
    data.bytes().to_vec()
}

#[inline(never)]
fn of_number(selector: [u8; 4], word: &B256, number: u64) -> Vec<u8> {
    of(selector, &[word], &[Amount::new(number.into())])
}

#[inline(never)]
fn lacking(selector: [u8; 4], words: &[&B256], short: Short) -> Vec<u8> {
    of(selector, words, &[short.available, short.needed])
}
