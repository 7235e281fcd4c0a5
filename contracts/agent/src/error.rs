//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use agentcity_abi::IAgent as wire;
use agentcity_domain::agent::{Refused, did::DidError};
use agentcity_shell::output::{address, number, refusal, signed};
use alloc::vec::Vec;
use alloy_primitives::Address;
use alloy_sol_types::SolError;

/// The revert data of a refused command.
#[inline(never)]
pub(crate) fn revert(refused: Refused) -> Vec<u8> {
    use Refused as R;
    match refused {
        R::Did(error) => revert_did(error),
        R::InvalidAgentType(kind) => of_number(wire::InvalidAgentType::SELECTOR, kind.into()),
        R::InvalidPrincipalClass(class) => {
            of_number(wire::InvalidPrincipalClass::SELECTOR, class.into())
        }
        R::InvalidPrincipal(who) => of(wire::InvalidPrincipal::SELECTOR, &who),
        R::AlreadyRegistered(who) => of(wire::AlreadyRegistered::SELECTOR, &who),
        R::NotRegistered(who) => of(wire::NotRegistered::SELECTOR, &who),
        R::NotActive(who) => of(wire::NotActive::SELECTOR, &who),
        R::NotLeaving(who) => of(wire::NotLeaving::SELECTOR, &who),
        R::TooEarly(until) => of_number(wire::TooEarly::SELECTOR, until),
        R::ObligationsOpen(who, open) => with(wire::ObligationsOpen::SELECTOR, &who, open.into()),
        R::NoObligation(who) => of(wire::NoObligation::SELECTOR, &who),
        R::CounterExhausted(who) => of(wire::CounterExhausted::SELECTOR, &who),
        R::SubAgentsRemain(who, count) => with(wire::SubAgentsRemain::SELECTOR, &who, count.into()),
        R::SubAgentLimit(who, needed, free) => refusal(
            wire::SubAgentLimit::SELECTOR,
            &[address(who), number(needed.into()), number(free.into())],
        ),
        R::ChainTooDeep(depth, most) => {
            of_numbers(wire::ChainTooDeep::SELECTOR, depth.into(), most.into())
        }
        R::PrincipalInherited(who, parent) => {
            of_both(wire::PrincipalInherited::SELECTOR, &who, &parent)
        }
        R::PrincipalRemembered(who, until) => {
            with(wire::PrincipalRemembered::SELECTOR, &who, until)
        }
        R::NotItsPrincipal(who, other) => of_both(wire::NotItsPrincipal::SELECTOR, &who, &other),
        R::NoProposal(who) => of(wire::NoProposal::SELECTOR, &who),
        R::AlreadyEnrolled(who) => of(wire::AlreadyEnrolled::SELECTOR, &who),
        R::NotEnrolled(who) => of(wire::NotEnrolled::SELECTOR, &who),
        R::IsLeaving(who) => of(wire::IsLeaving::SELECTOR, &who),
        R::AgentsRemain(who, count) => with(wire::AgentsRemain::SELECTOR, &who, count.into()),
        R::IsBanned(who, until) => with(wire::IsBanned::SELECTOR, &who, until),
        R::NotBanned(who) => of(wire::NotBanned::SELECTOR, &who),
        R::BanFinal(who, since) => with(wire::BanFinal::SELECTOR, &who, since),
        R::IsFrozen(who, until) => with(wire::IsFrozen::SELECTOR, &who, until),
        R::NotFrozen(who) => of(wire::NotFrozen::SELECTOR, &who),
        R::NothingToForfeit(who) => of(wire::NothingToForfeit::SELECTOR, &who),
        R::OutOfRange(value, most) => of_numbers(wire::OutOfRange::SELECTOR, value, most),
        R::DeltaOutOfRange(delta, most) => refusal(
            wire::DeltaOutOfRange::SELECTOR,
            &[signed(delta.into()), number(most.into())],
        ),
        R::NothingOwed(who) => of(wire::NothingOwed::SELECTOR, &who),
        R::InvalidReceiver(who) => of(wire::InvalidReceiver::SELECTOR, &who),
        R::BooksOutOfRange => refusal(wire::BooksOutOfRange::SELECTOR, &[]),
        R::Expired(deadline) => of_number(wire::Expired::SELECTOR, deadline),
    }
}

#[inline(never)]
fn revert_did(error: DidError) -> Vec<u8> {
    match error {
        DidError::TooLong { length: at } | DidError::Malformed { at } => {
            of_number(wire::MalformedDid::SELECTOR, at as u64)
        }
        DidError::Unsupported { at } => of_number(wire::UnsupportedDid::SELECTOR, at as u64),
        DidError::KeyMismatch { named, agent } => {
            of_both(wire::DidKeyMismatch::SELECTOR, &named, &agent)
        }
    }
}

// One function for each shape of arguments, none of them inlined: thirty-five errors share four encoders.

#[inline(never)]
fn of(selector: [u8; 4], who: &Address) -> Vec<u8> {
    refusal(selector, &[address(*who)])
}

#[inline(never)]
fn with(selector: [u8; 4], who: &Address, value: u64) -> Vec<u8> {
    refusal(selector, &[address(*who), number(value)])
}

#[inline(never)]
fn of_both(selector: [u8; 4], one: &Address, other: &Address) -> Vec<u8> {
    refusal(selector, &[address(*one), address(*other)])
}

#[inline(never)]
fn of_number(selector: [u8; 4], value: u64) -> Vec<u8> {
    refusal(selector, &[number(value)])
}

#[inline(never)]
fn of_numbers(selector: [u8; 4], value: u64, most: u64) -> Vec<u8> {
    refusal(selector, &[number(value), number(most)])
}
