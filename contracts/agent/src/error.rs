//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use agentcity_abi::IAgent as wire;
use agentcity_domain::agent::{Refused, did::DidError};
use agentcity_shell::output::{address, number, refusal, signed};
use alloc::vec::Vec;
use alloy_primitives::B256;
use alloy_sol_types::SolError;

/// The revert data of a refused command.
#[inline(never)]
pub(crate) fn revert(refused: Refused) -> Vec<u8> {
    let (selector, first, second, third) = match refused {
        Refused::Did(error) => return revert_did(error),
        Refused::InvalidAgentType(kind) => one(wire::InvalidAgentType::SELECTOR, number(kind.into())),
        Refused::InvalidPrincipalClass(class) => {
            one(wire::InvalidPrincipalClass::SELECTOR, number(class.into()))
        }
        Refused::InvalidPrincipal(who) => one(wire::InvalidPrincipal::SELECTOR, address(who)),
        Refused::AlreadyRegistered(who) => one(wire::AlreadyRegistered::SELECTOR, address(who)),
        Refused::NotRegistered(who) => one(wire::NotRegistered::SELECTOR, address(who)),
        Refused::NotActive(who) => one(wire::NotActive::SELECTOR, address(who)),
        Refused::NotLeaving(who) => one(wire::NotLeaving::SELECTOR, address(who)),
        Refused::TooEarly(until) => one(wire::TooEarly::SELECTOR, number(until)),
        Refused::ObligationsOpen(who, open) => two(
            wire::ObligationsOpen::SELECTOR,
            address(who),
            number(open.into()),
        ),
        Refused::NoObligation(who) => one(wire::NoObligation::SELECTOR, address(who)),
        Refused::CounterExhausted(who) => one(wire::CounterExhausted::SELECTOR, address(who)),
        Refused::SubAgentsRemain(who, count) => two(
            wire::SubAgentsRemain::SELECTOR,
            address(who),
            number(count.into()),
        ),
        Refused::SubAgentLimit(who, needed, free) => (
            wire::SubAgentLimit::SELECTOR,
            address(who),
            Some(number(needed.into())),
            Some(number(free.into())),
        ),
        Refused::ChainTooDeep(depth, most) => two(
            wire::ChainTooDeep::SELECTOR,
            number(depth.into()),
            number(most.into()),
        ),
        Refused::PrincipalInherited(who, parent) => two(
            wire::PrincipalInherited::SELECTOR,
            address(who),
            address(parent),
        ),
        Refused::PrincipalRemembered(who, until) => two(
            wire::PrincipalRemembered::SELECTOR,
            address(who),
            number(until),
        ),
        Refused::NoProposal(who) => one(wire::NoProposal::SELECTOR, address(who)),
        Refused::AlreadyEnrolled(who) => one(wire::AlreadyEnrolled::SELECTOR, address(who)),
        Refused::NotEnrolled(who) => one(wire::NotEnrolled::SELECTOR, address(who)),
        Refused::IsLeaving(who) => one(wire::IsLeaving::SELECTOR, address(who)),
        Refused::AgentsRemain(who, count) => two(
            wire::AgentsRemain::SELECTOR,
            address(who),
            number(count.into()),
        ),
        Refused::IsBanned(who, until) => {
            two(wire::IsBanned::SELECTOR, address(who), number(until))
        }
        Refused::NotBanned(who) => one(wire::NotBanned::SELECTOR, address(who)),
        Refused::BanFinal(who, since) => {
            two(wire::BanFinal::SELECTOR, address(who), number(since))
        }
        Refused::IsFrozen(who, until) => {
            two(wire::IsFrozen::SELECTOR, address(who), number(until))
        }
        Refused::NotFrozen(who) => one(wire::NotFrozen::SELECTOR, address(who)),
        Refused::NothingToForfeit(who) => one(wire::NothingToForfeit::SELECTOR, address(who)),
        Refused::OutOfRange(value, most) => {
            two(wire::OutOfRange::SELECTOR, number(value), number(most))
        }
        Refused::DeltaOutOfRange(delta, most) => two(
            wire::DeltaOutOfRange::SELECTOR,
            signed(delta.into()),
            number(most.into()),
        ),
        Refused::NothingOwed(who) => one(wire::NothingOwed::SELECTOR, address(who)),
        Refused::InvalidReceiver(who) => one(wire::InvalidReceiver::SELECTOR, address(who)),
        Refused::BooksOutOfRange => return refusal(wire::BooksOutOfRange::SELECTOR, &[]),
        Refused::Expired(deadline) => one(wire::Expired::SELECTOR, number(deadline)),
    };
    let words = [first, second.unwrap_or_default(), third.unwrap_or_default()];
    let count = 1 + usize::from(second.is_some()) + usize::from(third.is_some());
    refusal(selector, words.get(..count).unwrap_or(&words))
}

type Parts = ([u8; 4], B256, Option<B256>, Option<B256>);

fn one(selector: [u8; 4], first: B256) -> Parts {
    (selector, first, None, None)
}

fn two(selector: [u8; 4], first: B256, second: B256) -> Parts {
    (selector, first, Some(second), None)
}

fn revert_did(error: DidError) -> Vec<u8> {
    match error {
        DidError::TooLong { length } => {
            refusal(wire::MalformedDid::SELECTOR, &[number(length as u64)])
        }
        DidError::Malformed { at } => refusal(wire::MalformedDid::SELECTOR, &[number(at as u64)]),
        DidError::Unsupported { at } => {
            refusal(wire::UnsupportedDid::SELECTOR, &[number(at as u64)])
        }
        DidError::KeyMismatch { named, agent } => refusal(
            wire::DidKeyMismatch::SELECTOR,
            &[address(named), address(agent)],
        ),
    }
}
