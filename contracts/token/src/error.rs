//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.
//!
//! Selectors are the interface's; the words are laid out by one function, because encoding through fourteen generic
//! types took 5 KB of the program. The tests decode every error with the interface's types.

use alloc::vec::Vec;

use agentcity_abi::ISettlementToken as wire;
use agentcity_domain::{amount::Amount, token::Refused};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolError;

/// Why a token was not constructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A name or symbol of this many bytes.
    TextLength(usize),
    /// The zero address as minter.
    Minter(Address),
}

/// The revert data of a refused command.
pub(crate) fn revert(refused: Refused) -> Vec<u8> {
    match refused {
        Refused::InsufficientBalance {
            sender,
            balance,
            needed,
        } => encode(
            wire::ERC20InsufficientBalance::SELECTOR,
            &[of(sender), units(balance), number(needed)],
        ),
        Refused::InvalidSender { sender } => {
            encode(wire::ERC20InvalidSender::SELECTOR, &[of(sender)])
        }
        Refused::InvalidReceiver { receiver } => {
            encode(wire::ERC20InvalidReceiver::SELECTOR, &[of(receiver)])
        }
        Refused::InsufficientAllowance {
            spender,
            allowance,
            needed,
        } => encode(
            wire::ERC20InsufficientAllowance::SELECTOR,
            &[of(spender), number(allowance), number(needed)],
        ),
        Refused::InvalidApprover { approver } => {
            encode(wire::ERC20InvalidApprover::SELECTOR, &[of(approver)])
        }
        Refused::InvalidSpender { spender } => {
            encode(wire::ERC20InvalidSpender::SELECTOR, &[of(spender)])
        }
        Refused::NotMinter { caller } => encode(wire::NotMinter::SELECTOR, &[of(caller)]),
        Refused::SupplyExceeded { supply, added } => encode(
            wire::SupplyExceeded::SELECTOR,
            &[units(supply), number(added)],
        ),
        Refused::ExpiredSignature { deadline } => {
            encode(wire::ERC2612ExpiredSignature::SELECTOR, &[number(deadline)])
        }
        Refused::InvalidSigner { signer, owner } => encode(
            wire::ERC2612InvalidSigner::SELECTOR,
            &[of(signer), of(owner)],
        ),
        Refused::MalleableSignature { s } => encode(wire::ECDSAInvalidSignatureS::SELECTOR, &[s]),
        Refused::NonceExhausted { owner } => encode(wire::NonceExhausted::SELECTOR, &[of(owner)]),
    }
}

/// The revert data of a refused construction.
pub(crate) fn revert_construction(malformed: Malformed) -> Vec<u8> {
    match malformed {
        Malformed::TextLength(length) => encode(
            wire::InvalidTextLength::SELECTOR,
            &[units(Amount::new(length as u128))],
        ),
        Malformed::Minter(minter) => encode(wire::InvalidMinter::SELECTOR, &[of(minter)]),
    }
}

#[inline(never)]
fn encode(selector: [u8; 4], words: &[B256]) -> Vec<u8> {
    let mut data = Vec::with_capacity(4 + 32 * words.len());
    data.extend_from_slice(&selector);
    for word in words {
        data.extend_from_slice(word.as_slice());
    }
    data
}

fn of(address: Address) -> B256 {
    address.into_word()
}

fn number(value: U256) -> B256 {
    value.into()
}

fn units(amount: Amount) -> B256 {
    let mut word = B256::ZERO;
    word[16..].copy_from_slice(&amount.get().to_be_bytes());
    word
}
