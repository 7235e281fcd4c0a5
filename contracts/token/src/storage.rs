//! Slots to domain values and back. Layout, in Solidity's terms:
//!
//! ```text
//! slot 0  address minter; uint8 decimals    (packed from the right)
//! slot 1  string name      (short form: at most 31 bytes, twice the length in the last byte)
//! slot 2  string symbol    (same)
//! slot 3  uint128 totalSupply
//! slot 4  mapping(address => struct { uint128 balance; uint64 nonce; })
//! slot 5  mapping(address => mapping(address => uint256)) allowance
//! ```
//!
//! Words are packed and unpacked here by hand: the SDK's fields narrower than a word cost code and panic strings.
//! Balance and nonce share one, so a permit followed by the transfer it allows touches one slot of the owner's less.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{string::String, vec, vec::Vec};

use agentcity_domain::{amount::Amount, token::Account};
use alloy_primitives::{Address, B256, U256};
use stylus_sdk::{
    prelude::*,
    storage::{StorageB256, StorageMap, StorageU256},
};

use crate::error::{Malformed, revert_construction};

/// The token's state, and the program's entry point.
#[entrypoint]
#[storage]
pub struct SettlementToken {
    minter_and_decimals: StorageB256,
    name: StorageB256,
    symbol: StorageB256,
    total_supply: StorageB256,
    accounts: StorageMap<Address, StorageB256>,
    allowances: StorageMap<Address, StorageMap<Address, StorageU256>>,
}

/// Where a word holds what Solidity packs after an address.
const DECIMALS_AT: usize = 11;

/// A text of 1 to 31 bytes in one word, laid out as Solidity's short strings.
#[derive(Clone, Copy, Debug)]
pub struct ShortText(B256);

impl ShortText {
    /// Most bytes a text may have.
    pub const MAX_BYTES: usize = 31;

    fn new(text: &str) -> Result<Self, Malformed> {
        let length = text.len();
        let mut word = B256::ZERO;
        match word.get_mut(..length) {
            Some(bytes) if (1..=Self::MAX_BYTES).contains(&length) => {
                bytes.copy_from_slice(text.as_bytes())
            }
            _ => return Err(Malformed::TextLength(length)),
        }
        word[Self::MAX_BYTES] = 2 * length as u8;
        Ok(Self(word))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        let length = usize::from(self.0[Self::MAX_BYTES] / 2);
        // Before construction the word is zero; it never holds more than 31.
        self.0.get(..length).unwrap_or_default()
    }

    /// The text itself.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

impl SettlementToken {
    pub(crate) fn store_metadata(
        &mut self,
        name: &str,
        symbol: &str,
        decimals: u8,
        minter: Address,
    ) -> Result<(), Vec<u8>> {
        if minter == Address::ZERO {
            return Err(revert_construction(Malformed::Minter(minter)));
        }
        let name = ShortText::new(name).map_err(revert_construction)?;
        let symbol = ShortText::new(symbol).map_err(revert_construction)?;
        let mut word = minter.into_word();
        word[DECIMALS_AT] = decimals;
        self.minter_and_decimals.set(word);
        self.name.set(name.0);
        self.symbol.set(symbol.0);
        Ok(())
    }

    pub(crate) fn load_name(&self) -> ShortText {
        ShortText(self.name.get())
    }

    pub(crate) fn load_symbol(&self) -> ShortText {
        ShortText(self.symbol.get())
    }

    pub(crate) fn load_decimals(&self) -> u8 {
        self.minter_and_decimals.get()[DECIMALS_AT]
    }

    pub(crate) fn load_minter(&self) -> Address {
        Address::from_word(self.minter_and_decimals.get())
    }

    pub(crate) fn load_supply(&self) -> Amount {
        unpack(self.total_supply.get()).balance
    }

    pub(crate) fn store_supply(&mut self, supply: Amount) {
        self.total_supply.set(pack(Account {
            balance: supply,
            nonce: 0,
        }));
    }

    pub(crate) fn load_account(&self, holder: Address) -> Account {
        unpack(self.accounts.get(holder))
    }

    pub(crate) fn store_account(&mut self, holder: Address, account: Account) {
        self.accounts.insert(holder, pack(account));
    }

    pub(crate) fn load_allowance(&self, owner: Address, spender: Address) -> U256 {
        self.allowances.getter(owner).get(spender)
    }

    pub(crate) fn store_allowance(&mut self, owner: Address, spender: Address, value: U256) {
        self.allowances.setter(owner).insert(spender, value);
    }
}

/// `[0..8 zero | 8..16 nonce | 16..32 balance]`, big-endian.
fn pack(account: Account) -> B256 {
    let mut word = [0; 32];
    word[8..16].copy_from_slice(&account.nonce.to_be_bytes());
    word[16..].copy_from_slice(&account.balance.get().to_be_bytes());
    B256::new(word)
}

fn unpack(word: B256) -> Account {
    let (mut nonce, mut balance) = ([0; 8], [0; 16]);
    nonce.copy_from_slice(&word[8..16]);
    balance.copy_from_slice(&word[16..]);
    Account {
        balance: Amount::new(u128::from_be_bytes(balance)),
        nonce: u64::from_be_bytes(nonce),
    }
}
