//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use alloc::vec::Vec;

use agentcity_abi::ITreasury as wire;
use agentcity_domain::{
    amount::Amount,
    treasury::{Refused, Short, with},
};
use agentcity_shell::{common, words::Words};
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
        self.map_err(|refused| revert(&refused, what, who))
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

/// The revert data of a refused command about `what` and `who`: a selector, whose it is, and the values that the rule knows.
#[inline(never)]
fn revert(refused: &Refused, what: &B256, who: &B256) -> Vec<u8> {
    use Refused as R;
    let mut data = Words::after(match refused {
        R::InvalidAmount(_) => wire::InvalidAmount::SELECTOR,
        R::InvalidReceiver => wire::InvalidReceiver::SELECTOR,
        R::InsufficientCredit(_) => wire::InsufficientCredit::SELECTOR,
        R::WrongEscrowState(_) => wire::WrongEscrowState::SELECTOR,
        R::InsufficientEscrow(_) => wire::InsufficientEscrow::SELECTOR,
        R::AlreadySettled => wire::AlreadySettled::SELECTOR,
        R::SelfDealing => wire::SelfDealing::SELECTOR,
        R::InsufficientStake(_) => wire::InsufficientStake::SELECTOR,
        R::SecondSource(_) => wire::SecondSource::SELECTOR,
        R::StakeStillLocked(_) => wire::StakeStillLocked::SELECTOR,
        R::NothingLocked => wire::NothingLocked::SELECTOR,
        R::WrongBond => wire::WrongBond::SELECTOR,
        R::InsuranceLimit { .. } => wire::InsuranceLimit::SELECTOR,
        R::AlreadyClaimed => wire::AlreadyClaimed::SELECTOR,
        R::NoEvidence => wire::NoEvidence::SELECTOR,
        R::InsufficientFund(..) => wire::InsufficientFund::SELECTOR,
        R::PoolObligated(_) => wire::PoolObligated::SELECTOR,
        R::PoolTooSmall { .. } => wire::PoolTooSmall::SELECTOR,
        R::NoShares(_) => wire::NoShares::SELECTOR,
        R::InsufficientShares(_) => wire::InsufficientShares::SELECTOR,
        R::NotManager(_) => common::UNAUTHORIZED,
    });
    match refused {
        R::InvalidAmount(_)
        | R::InsuranceLimit { .. }
        | R::InsufficientFund(..)
        | R::NotManager(_) => &mut data,
        R::InvalidReceiver | R::InsufficientCredit(_) => data.word(who),
        R::WrongEscrowState(_)
        | R::InsufficientEscrow(_)
        | R::InsufficientStake(_)
        | R::StakeStillLocked(_)
        | R::WrongBond
        | R::PoolObligated(_)
        | R::PoolTooSmall { .. }
        | R::NoShares(_) => data.word(what),
        R::AlreadySettled
        | R::SelfDealing
        | R::SecondSource(_)
        | R::NothingLocked
        | R::AlreadyClaimed
        | R::NoEvidence
        | R::InsufficientShares(_) => data.word(what).word(who),
    };
    match refused {
        R::InvalidReceiver
        | R::AlreadySettled
        | R::SelfDealing
        | R::NothingLocked
        | R::WrongBond
        | R::AlreadyClaimed
        | R::NoEvidence => &mut data,
        R::InvalidAmount(amount) | R::NoShares(amount) => data.amount(amount.get()),
        R::InsufficientCredit(short)
        | R::InsufficientEscrow(short)
        | R::InsufficientStake(short)
        | R::InsufficientShares(short) => lacking(&mut data, short),
        R::InsufficientFund(fund, short) => lacking(data.number(*fund as u64), short),
        R::WrongEscrowState(state) => data.number((*state).into()),
        R::SecondSource(source) => data.word(source),
        R::StakeStillLocked(until) => data.number(*until),
        R::PoolObligated(open) => data.number((*open).into()),
        R::PoolTooSmall {
            participants,
            needed,
        } => data.number((*participants).into()).number((*needed).into()),
        R::InsuranceLimit {
            available,
            limit,
            needed,
        } => data
            .amount(available.get())
            .amount(limit.get())
            .amount(needed.get()),
        R::NotManager(caller) => data.address(caller),
    };
    data.bytes().to_vec()
}

fn lacking<'a>(data: &'a mut Words, short: &Short) -> &'a mut Words {
    data.amount(short.available.get())
        .amount(short.needed.get())
}
