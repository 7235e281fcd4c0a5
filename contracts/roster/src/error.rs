//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use alloc::vec::Vec;

use agentcity_abi::IRoster as wire;
use agentcity_domain::roster::Refused;
use agentcity_shell::{malformed, words::Words};
use alloy_primitives::B256;
use alloy_sol_types::SolError;

use crate::storage::standing_number;

/// What a refusal is about: an account, and a value that was given.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) who: &'a B256,
    pub(crate) given: &'a B256,
}

/// Nothing in particular.
pub(crate) const NOBODY: About<'static> = About::who(&B256::ZERO);

impl<'a> About<'a> {
    pub(crate) const fn who(who: &'a B256) -> Self {
        Self {
            who,
            given: &B256::ZERO,
        }
    }
}

/// What a rule decided, as the outcome of a command.
pub(crate) trait Decided<T> {
    /// Its refusal is about this.
    fn about(self, about: About<'_>) -> Result<T, Vec<u8>>;

    /// Its refusal is about an account.
    fn of(self, who: &B256) -> Result<T, Vec<u8>>
    where
        Self: Sized,
    {
        self.about(About::who(who))
    }
}

impl<T> Decided<T> for Result<T, Refused> {
    fn about(self, about: About<'_>) -> Result<T, Vec<u8>> {
        match self {
            Ok(decided) => Ok(decided),
            Err(refused) => Err(revert(&refused, about)),
        }
    }
}

/// The revert data of a refused command.
#[inline(never)]
fn revert(refused: &Refused, about: About<'_>) -> Vec<u8> {
    use Refused as R;
    let mut words = Words::after(match refused {
        R::WrongStanding(_) => wire::WrongStanding::SELECTOR,
        R::WrongStake { .. } => wire::WrongStake::SELECTOR,
        R::NotDue(_) => wire::NotDue::SELECTOR,
        R::QuorumFloor { .. } => wire::QuorumFloor::SELECTOR,
        R::PanelFull { .. } => wire::PanelFull::SELECTOR,
        R::TooManyAssociations { .. } => wire::TooManyAssociations::SELECTOR,
        R::NotAdjudicator => wire::NotAdjudicator::SELECTOR,
        R::OtherPrincipal { .. } | R::Changed { .. } => wire::ValueChanged::SELECTOR,
        R::NoCase => wire::NoCase::SELECTOR,
        R::AlreadyDone => wire::AlreadyDone::SELECTOR,
        R::NothingOwed => wire::NothingOwed::SELECTOR,
        R::OutOfOrder { .. } => wire::AnchorOutOfOrder::SELECTOR,
        R::Inconsistent => wire::Inconsistent::SELECTOR,
        R::OutOfRange => return malformed(),
    });
    match refused {
        R::WrongStanding(standing) => words.word(about.who).number(standing_number(*standing)),
        R::WrongStake { needed } => words.word(about.given).amount(*needed),
        R::NotDue(from) => words.number(*from),
        R::QuorumFloor { left, floor } => words.number((*left).into()).number((*floor).into()),
        R::PanelFull { most } | R::TooManyAssociations { most } => words.number((*most).into()),
        R::NotAdjudicator | R::AlreadyDone | R::NothingOwed => words.word(about.who),
        R::OtherPrincipal { found } => words.word(about.given).address(found),
        R::Changed { expected, found } => words.number(*expected).number(*found),
        R::NoCase => words.word(about.given),
        R::OutOfOrder { expected } => words.number(*expected).word(about.given),
        R::Inconsistent => words.word(about.who).word(about.given),
        R::OutOfRange => &mut words,
    };
    words.bytes().to_vec()
}
