//! Settlement token: an ERC-20 with permit (`abi/sol/ISettlementToken.sol`), and the pattern of every contract here.
//!
//! The rules are in [`agentcity_domain::token`]. A method loads values, lets the domain decide, stores the outcome and
//! emits its event, in this order; whoever else must be asked (the recovery precompile, a contract that signs) is asked
//! by static call before anything is stored.
//!
//! Reading order: this file (methods), [`mod@storage`] (slots), [`error`] (refusals on the wire), `signature.rs`.
#![cfg_attr(not(any(test, feature = "export-abi")), no_std)]

extern crate alloc;

pub mod error;
mod event;
mod signature;
pub mod storage;

use alloc::{string::String, vec::Vec};

use agentcity_domain::{
    time::Timestamp,
    token::{self as rules, Moved, Permit, Spent},
};
use alloy_primitives::{Address, FixedBytes, U256};
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::SettlementToken};

/// Of the EIP-712 domain's fields, the first four are used: name, version, chain and contract (EIP-5267).
const DOMAIN_FIELDS: FixedBytes<1> = FixedBytes([0x0f]);

#[public]
impl SettlementToken {
    /// Fixes name, symbol, decimals and minter.
    ///
    /// Errors: `InvalidTextLength`, `InvalidMinter`.
    #[constructor]
    pub fn constructor(
        &mut self,
        name: String,
        symbol: String,
        decimals: u8,
        minter: Address,
    ) -> Result<(), Vec<u8>> {
        self.store_metadata(&name, &symbol, decimals, minter)
    }

    /// Name of the token.
    pub fn name(&self) -> String {
        self.load_name().text()
    }

    /// Ticker of the token.
    pub fn symbol(&self) -> String {
        self.load_symbol().text()
    }

    /// Digits after the point when amounts are shown.
    pub fn decimals(&self) -> u8 {
        self.load_decimals()
    }

    /// Who mints.
    pub fn minter(&self) -> Address {
        self.load_minter()
    }

    /// Units that exist.
    pub fn total_supply(&self) -> U256 {
        self.load_supply().to_u256()
    }

    /// Units that `account` holds.
    pub fn balance_of(&self, account: Address) -> U256 {
        self.load_account(account).balance.to_u256()
    }

    /// Units of `owner` that `spender` may still move.
    pub fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.load_allowance(owner, spender)
    }

    /// Moves the caller's units.
    ///
    /// Errors: `ERC20InsufficientBalance`, `ERC20InvalidReceiver`.
    /// Events: `Transfer`.
    pub fn transfer(&mut self, to: Address, value: U256) -> Result<bool, Vec<u8>> {
        self.move_units(self.vm().msg_sender(), to, value)?;
        Ok(true)
    }

    /// Lets `spender` move the caller's units.
    ///
    /// Errors: `ERC20InvalidSpender`.
    /// Events: `Approval`.
    pub fn approve(&mut self, spender: Address, value: U256) -> Result<bool, Vec<u8>> {
        let owner = self.vm().msg_sender();
        rules::approve(owner, spender).map_err(revert)?;
        self.store_allowance(owner, spender, value);
        event::approval(self.vm(), owner, spender, value);
        Ok(true)
    }

    /// Moves units of `from` within the caller's allowance.
    ///
    /// Errors: `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`, `ERC20InvalidSender`, `ERC20InvalidReceiver`.
    /// Events: `Transfer`.
    pub fn transfer_from(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
    ) -> Result<bool, Vec<u8>> {
        let spender = self.vm().msg_sender();
        let allowance = self.load_allowance(from, spender);
        let spent = rules::spend_allowance(spender, allowance, value).map_err(revert)?;
        // A refusal below undoes this: a revert discards every write.
        if let Spent::Left(left) = spent {
            self.store_allowance(from, spender, left);
        }
        self.move_units(from, to, value)?;
        Ok(true)
    }

    /// Creates units.
    ///
    /// Errors: `NotMinter`, `ERC20InvalidReceiver`, `SupplyExceeded`.
    /// Events: `Transfer` from the zero address.
    pub fn mint(&mut self, to: Address, value: U256) -> Result<(), Vec<u8>> {
        let (minter, caller) = (self.load_minter(), self.vm().msg_sender());
        let receiver = (to, self.load_account(to));
        let (supply, account) =
            rules::mint(minter, caller, self.load_supply(), receiver, value).map_err(revert)?;
        self.store_supply(supply);
        self.store_account(to, account);
        event::transfer(self.vm(), Address::ZERO, to, value);
        Ok(())
    }

    /// Approves by the owner's signature.
    ///
    /// Errors: `ERC2612ExpiredSignature`, `ERC2612InvalidSigner`, `ECDSAInvalidSignatureS`, `ERC20InvalidSpender`,
    /// `NonceExhausted`.
    /// Events: `Approval`.
    #[allow(clippy::too_many_arguments)]
    pub fn permit(
        &mut self,
        owner: Address,
        spender: Address,
        value: U256,
        deadline: U256,
        v: u8,
        r: FixedBytes<32>,
        s: FixedBytes<32>,
    ) -> Result<(), Vec<u8>> {
        let now = Timestamp::new(self.vm().block_timestamp());
        let account = self.load_account(owner);
        rules::permit_in_time(deadline, now).map_err(revert)?;
        rules::approve(owner, spender).map_err(revert)?;
        let used = rules::use_nonce(owner, account).map_err(revert)?;
        let permit = Permit {
            owner,
            spender,
            value,
            nonce: account.nonce,
            deadline,
        };
        signature::check(self, &permit, v, r, s).map_err(revert)?;

        self.store_account(owner, used);
        self.store_allowance(owner, spender, value);
        event::approval(self.vm(), owner, spender, value);
        Ok(())
    }

    /// Permits of `owner` used so far.
    pub fn nonces(&self, owner: Address) -> U256 {
        U256::from(self.load_account(owner).nonce)
    }

    /// EIP-712 domain separator.
    #[selector(name = "DOMAIN_SEPARATOR")]
    pub fn domain_separator(&self) -> FixedBytes<32> {
        signature::domain_separator(self)
    }

    /// The fields of the EIP-712 domain (EIP-5267).
    #[selector(name = "eip712Domain")]
    #[allow(clippy::type_complexity)]
    pub fn eip712_domain(
        &self,
    ) -> (
        FixedBytes<1>,
        String,
        String,
        U256,
        Address,
        FixedBytes<32>,
        Vec<U256>,
    ) {
        (
            DOMAIN_FIELDS,
            self.load_name().text(),
            rules::DOMAIN_VERSION.into(),
            U256::from(self.vm().chain_id()),
            self.vm().contract_address(),
            FixedBytes::ZERO,
            Vec::new(),
        )
    }
}

impl SettlementToken {
    fn move_units(&mut self, from: Address, to: Address, value: U256) -> Result<(), Vec<u8>> {
        let sender = (from, self.load_account(from));
        let receiver = (to, self.load_account(to));
        match rules::transfer(sender, receiver, value).map_err(revert)? {
            Moved::Between {
                from: rest,
                to: sum,
            } => {
                self.store_account(from, rest);
                self.store_account(to, sum);
            }
            Moved::ToSelf => {}
        }
        event::transfer(self.vm(), from, to, value);
        Ok(())
    }
}
