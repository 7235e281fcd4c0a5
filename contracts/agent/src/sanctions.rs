//! Human powers over principals, all through the adjudication contract, and what anyone does once they are final.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{agent::sanction as rules, parameter::ParameterId, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    output::{self, address, number},
};
use alloc::vec::Vec;
use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

/// A power over a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sanction {
    /// Bans the principal of an agent.
    BanAgent,
    /// Bans.
    Ban,
    /// Lifts a ban.
    Lift,
    /// Freezes.
    Freeze,
    /// Lifts a freeze.
    Unfreeze,
}

impl Agents {
    /// Errors: `NotWired`, `Unauthorized`; `NotRegistered` when an agent is judged; what [`rules::ban`], [`rules::lift`],
    /// [`rules::freeze`] and [`rules::unfreeze`] refuse.
    /// Events: `PrincipalBanned`, `BanLifted`, `PrincipalFrozen`, `PrincipalUnfrozen`.
    #[inline(never)]
    pub(crate) fn sanction(&mut self, sanction: Sanction, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let (named, reason) = (input.address()?, input.word()?);
        let mut account = named;
        if sanction == Sanction::BanAgent {
            self.load_hot(named).require_known(named).map_err(revert)?;
            account = self.load_bond(named).principal;
        }
        let (before, now) = (self.load_principal(account), self.now());
        let (after, signature, until) = match sanction {
            Sanction::BanAgent | Sanction::Ban => {
                let window = self.seconds(ParameterId::AppealWindowSecs)?;
                let after = rules::ban(account, before, window, now).map_err(revert)?;
                let signature = wire::PrincipalBanned::SIGNATURE_HASH;
                (after, signature, Some(after.appeal_until))
            }
            Sanction::Lift => {
                let after = rules::lift(account, before, now).map_err(revert)?;
                (after, wire::BanLifted::SIGNATURE_HASH, None)
            }
            Sanction::Freeze => {
                let most = self.seconds(ParameterId::FreezeMaxSecs)?;
                let after = rules::freeze(account, before, most, now).map_err(revert)?;
                let signature = wire::PrincipalFrozen::SIGNATURE_HASH;
                (after, signature, Some(after.frozen_until))
            }
            Sanction::Unfreeze => {
                let after = rules::unfreeze(account, before, now).map_err(revert)?;
                (after, wire::PrincipalUnfrozen::SIGNATURE_HASH, None)
            }
        };

        self.store_principal(account, &before, &after);

        let agent = match sanction {
            Sanction::BanAgent => named,
            Sanction::Ban | Sanction::Lift | Sanction::Freeze | Sanction::Unfreeze => Address::ZERO,
        };
        let topics = [signature, address(account), address(agent)];
        // A ban alone names the agent that was judged.
        let count = match sanction {
            Sanction::BanAgent | Sanction::Ban => 3,
            Sanction::Lift | Sanction::Freeze | Sanction::Unfreeze => 2,
        };
        let data = [number(until.unwrap_or_default()), reason];
        let skipped = usize::from(until.is_none());
        output::log(
            self.vm(),
            topics.get(..count).unwrap_or(&topics),
            &output::words(data.get(skipped..).unwrap_or(&data)),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::forfeit_agent`] refuses.
    /// Events: `StakeForfeited`.
    pub(crate) fn forfeit(&mut self, input: &mut Input<'_>) -> Answer {
        let before = self.load_agent(input.address()?);
        let account = before.bond.principal;
        let principal = self.load_principal(account);
        let (after, stake) = rules::forfeit_agent(before, principal, self.now()).map_err(revert)?;

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
}
