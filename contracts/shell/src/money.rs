//! The settlement asset: native coin or one ERC-20, in base units of at most 128 bits (DESIGN §3, money).
//!
//! Collecting checks that exactly the amount arrived, so a token that takes a fee, lies or re-enters with a deposit is
//! refused (RULINGS A9). Callers hold a lock of their own around [`Asset::collect`], because a token's code runs in between.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{call::RawCall, prelude::*};

use crate::{common, no_coins, output, peer, reader::Reader, refusal};

/// Selector of `balanceOf(address)`.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// Selector of `transferFrom(address,address,uint256)`.
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
/// Selector of `transfer(address,uint256)`.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

/// What a city settles in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asset {
    /// The chain's coin.
    Native,
    /// An ERC-20.
    Token(Address),
}

impl Asset {
    /// As interfaces carry it: the zero address is the coin.
    pub fn at(address: Address) -> Self {
        if address == Address::ZERO {
            Self::Native
        } else {
            Self::Token(address)
        }
    }

    /// What `holder` has, in base units.
    #[inline(never)]
    pub fn balance(self, vm: &impl Host, holder: Address) -> Result<U256, Vec<u8>> {
        match self {
            Self::Native => Ok(vm.balance(holder)),
            Self::Token(token) => {
                let data = peer::call_data(BALANCE_OF, &[holder.into_word()]);
                Ok(peer::ask_word(vm, token, &data)?.into())
            }
        }
    }

    /// Takes exactly `amount` from the caller.
    ///
    /// Errors: `AmountMismatch(expected, received)`; `NotPayable()` for coins where tokens are due; `PaymentFailed(this, amount)`
    /// where the token refuses.
    #[inline(never)]
    pub fn collect(self, vm: &impl Host, amount: u128) -> Result<(), Vec<u8>> {
        let due = output::amount(amount);
        let Self::Token(token) = self else {
            return exactly(&due, vm.msg_value());
        };
        no_coins(vm)?;
        if amount == 0 {
            return Ok(());
        }
        let (from, this) = (vm.msg_sender(), vm.contract_address());
        let refused = |_| failed(this, amount);
        let before = self.balance(vm, this).map_err(refused)?;
        let words = [from.into_word(), this.into_word(), output::amount(amount)];
        // A token's own words for its refusal may be none, or another's: it is named by ours.
        let call = peer::call_data(TRANSFER_FROM, &words);
        let answer = peer::tell(vm, token, &call, U256::ZERO).map_err(refused)?;
        agreed(&answer, this, amount)?;
        let after = self.balance(vm, this).map_err(refused)?;
        exactly(&due, after.saturating_sub(before))
    }

    /// Pays `amount` to `to`. Called last, after everything is stored.
    ///
    /// Errors: `PaymentFailed(to, amount)`.
    #[inline(never)]
    pub fn pay(self, vm: &impl Host, to: Address, amount: u128) -> Result<(), Vec<u8>> {
        match self {
            Self::Native => {
                // SAFETY: no accessor is alive across it; everything is written out first.
                let paid = unsafe {
                    RawCall::new_with_value(vm, U256::from(amount))
                        .clear_storage_cache()
                        .skip_return_data()
                        .call(to, &[])
                };
                paid.map(|_| ()).map_err(|_| failed(to, amount))
            }
            Self::Token(token) => {
                let words = [to.into_word(), output::amount(amount)];
                let answer = peer::tell(vm, token, &peer::call_data(TRANSFER, &words), U256::ZERO)
                    .map_err(|_| failed(to, amount))?;
                agreed(&answer, to, amount)
            }
        }
    }
}

/// A token says yes by a true word, or by saying nothing, as old tokens do. That it has code was seen by its balance.
fn agreed(answer: &[u8], to: Address, amount: u128) -> Result<(), Vec<u8>> {
    let mut reader = Reader::new(answer);
    if answer.is_empty() || reader.bool() && reader.end().is_ok() {
        return Ok(());
    }
    Err(failed(to, amount))
}

#[inline(never)]
fn exactly(expected: &B256, received: U256) -> Result<(), Vec<u8>> {
    let received = B256::from(received);
    if *expected == received {
        return Ok(());
    }
    Err(refusal(common::AMOUNT_MISMATCH, &[*expected, received]))
}

fn failed(to: Address, amount: u128) -> Vec<u8> {
    refusal(
        common::PAYMENT_FAILED,
        &[to.into_word(), output::amount(amount)],
    )
}
