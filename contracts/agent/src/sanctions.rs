//! Human powers over principals, all through the adjudication contract, and what anyone does once they are final.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{
    agent::{Refused, principal::Principal, sanction as rules},
    parameter::ParameterId,
    peer::Peer,
    time::{Seconds, Timestamp},
};
use agentcity_shell::{
    Answer, Input,
    output::{self, address, number},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

impl Agents {
    /// Errors: `NotWired`, `Unauthorized`, `NotRegistered`, `IsBanned`.
    /// Events: `PrincipalBanned`.
    pub(crate) fn ban_agent(&mut self, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let (agent, reason) = (input.address()?, input.word()?);
        self.load_hot(agent).require_known(agent).map_err(revert)?;
        self.ban(self.load_bond(agent).principal, agent, reason)
    }

    /// Errors: `NotWired`, `Unauthorized`, `InvalidPrincipal`, `IsBanned`.
    /// Events: `PrincipalBanned`.
    pub(crate) fn ban_principal(&mut self, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let (account, reason) = (input.address()?, input.word()?);
        self.ban(account, Address::ZERO, reason)
    }

    fn ban(&mut self, account: Address, agent: Address, reason: B256) -> Answer {
        let window = self.seconds(ParameterId::AppealWindowSecs)?;
        let after = self.sanction(account, |before, now| {
            rules::ban(account, before, window, now)
        })?;
        output::log(
            self.vm(),
            &[
                wire::PrincipalBanned::SIGNATURE_HASH,
                address(account),
                address(agent),
            ],
            &output::words(&[number(after.appeal_until), reason]),
        );
        Ok(Vec::new())
    }

    /// Errors: `NotWired`, `Unauthorized`, `NotBanned`, `BanFinal`.
    /// Events: `BanLifted`.
    pub(crate) fn lift_ban(&mut self, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let (account, reason) = (input.address()?, input.word()?);
        self.sanction(account, |before, now| rules::lift(account, before, now))?;
        self.log_sanction(wire::BanLifted::SIGNATURE_HASH, account, &[reason])
    }

    /// Errors: `NotWired`, `Unauthorized`, `InvalidPrincipal`, `IsFrozen`.
    /// Events: `PrincipalFrozen`.
    pub(crate) fn freeze_principal(&mut self, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let (account, reason) = (input.address()?, input.word()?);
        let most: Seconds = self.seconds(ParameterId::FreezeMaxSecs)?;
        let after = self.sanction(account, |before, now| {
            rules::freeze(account, before, most, now)
        })?;
        let until = number(after.frozen_until);
        self.log_sanction(
            wire::PrincipalFrozen::SIGNATURE_HASH,
            account,
            &[until, reason],
        )
    }

    /// Errors: `NotWired`, `Unauthorized`, `NotFrozen`.
    /// Events: `PrincipalUnfrozen`.
    pub(crate) fn unfreeze_principal(&mut self, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let (account, reason) = (input.address()?, input.word()?);
        self.sanction(account, |before, now| {
            rules::unfreeze(account, before, now)
        })?;
        self.log_sanction(wire::PrincipalUnfrozen::SIGNATURE_HASH, account, &[reason])
    }

    /// Errors: what [`rules::forfeit_agent`] refuses.
    /// Events: `StakeForfeited`.
    pub(crate) fn forfeit(&mut self, input: &mut Input<'_>) -> Answer {
        let before = self.load_agent(input.address()?);
        let account = before.bond.principal;
        let principal = self.load_principal(account);
        let (after, stake) =
            rules::forfeit_agent(before, principal, self.now()).map_err(revert)?;

        self.store_departure(&before, &after, &principal);
        self.forfeit_stake(before.address, account, stake)
    }

    /// Errors: what [`rules::forfeit_principal`] refuses.
    /// Events: `StakeForfeited`.
    pub(crate) fn forfeit_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.address()?;
        let before = self.load_principal(account);
        let (after, stake) =
            rules::forfeit_principal(account, before, self.now()).map_err(revert)?;

        self.store_principal(account, &before, &after);
        self.forfeit_stake(account, account, stake)
    }

    fn forfeit_stake(&mut self, account: Address, principal: Address, stake: u32) -> Answer {
        let amount = self.base_units(stake)?;
        let dues = self.load_dues().with_forfeit(amount).map_err(revert)?;
        self.store_dues(dues);
        output::log(
            self.vm(),
            &[
                wire::StakeForfeited::SIGNATURE_HASH,
                address(account),
                address(principal),
            ],
            &output::words(&[number(stake.into())]),
        );
        Ok(Vec::new())
    }

    /// Changes a principal's record by a rule.
    fn sanction(
        &mut self,
        account: Address,
        rule: impl FnOnce(Principal, Timestamp) -> Result<Principal, Refused>,
    ) -> Result<Principal, Vec<u8>> {
        let before = self.load_principal(account);
        let after = rule(before, self.now()).map_err(revert)?;
        self.store_principal(account, &before, &after);
        Ok(after)
    }

    fn log_sanction(&self, signature: B256, account: Address, data: &[B256]) -> Answer {
        let topics = [signature, address(account)];
        output::log(self.vm(), &topics, &output::words(data));
        Ok(Vec::new())
    }
}
