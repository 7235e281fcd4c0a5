//! Human powers over principals, all through the adjudication contract, and what anyone does once they are final.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{agent::sanction as rules, literal, parameter::ParameterId, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    output::{address, number},
};
use alloc::vec::Vec;
use alloy_primitives::Address;
use alloy_sol_types::SolEvent;

use crate::{error::revert, storage::Agents};

/// A power over a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sanction {
    /// Bans the principal who answers for an agent, or did lately.
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
    /// Errors: `NotWired`, `Unauthorized`; when an agent is judged what [`rules::require_answered`] refuses; what
    /// [`rules::ban`], [`rules::lift`], [`rules::freeze`] and [`rules::unfreeze`] refuse.
    /// Events: `PrincipalBanned`, `BanLifted`, `PrincipalFrozen`, `PrincipalUnfrozen`.
    #[inline(never)]
    pub(crate) fn sanction(&mut self, sanction: Sanction, input: &mut Input<'_>) -> Answer {
        self.only(Peer::Adjudication)?;
        let now = self.now();
        let (mut account, mut agent) = (input.address()?, Address::ZERO);
        if sanction == Sanction::BanAgent {
            (agent, account) = (account, input.address()?);
            rules::require_answered(&self.load_agent(agent), account, now).map_err(revert)?;
        }
        let reason = input.word()?;
        let mut principal = self.load_principal(account);
        let (signature, until) = match sanction {
            Sanction::BanAgent | Sanction::Ban => {
                let window = self.seconds(ParameterId::AppealWindowSecs)?;
                rules::ban(account, &mut principal, window, now).map_err(revert)?;
                let signature = literal!(wire::PrincipalBanned::SIGNATURE_HASH);
                (signature, Some(principal.appeal_until))
            }
            Sanction::Lift => {
                rules::lift(account, &mut principal, now).map_err(revert)?;
                (literal!(wire::BanLifted::SIGNATURE_HASH), None)
            }
            Sanction::Freeze => {
                let most = self.seconds(ParameterId::FreezeMaxSecs)?;
                rules::freeze(account, &mut principal, most, now).map_err(revert)?;
                let signature = literal!(wire::PrincipalFrozen::SIGNATURE_HASH);
                (signature, Some(principal.frozen_until))
            }
            Sanction::Unfreeze => {
                rules::unfreeze(account, &mut principal, now).map_err(revert)?;
                (literal!(wire::PrincipalUnfrozen::SIGNATURE_HASH), None)
            }
        };

        self.store_principal(account, &principal);

        let topics = [signature, address(account), address(agent)];
        // A ban alone names the agent that was judged.
        let count = match sanction {
            Sanction::BanAgent | Sanction::Ban => 3,
            Sanction::Lift | Sanction::Freeze | Sanction::Unfreeze => 2,
        };
        let data = [number(until.unwrap_or_default()), reason];
        let skipped = usize::from(until.is_none());
        self.emit(
            topics.get(..count).unwrap_or(&topics),
            data.get(skipped..).unwrap_or(&data),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::forfeit_agent`] refuses.
    /// Events: `StakeForfeited`.
    pub(crate) fn forfeit(&mut self, input: &mut Input<'_>) -> Answer {
        let mut agent = self.load_agent(input.address()?);
        let account = agent.bond.principal;
        let mut principal = self.load_principal(account);
        let stake = rules::forfeit_agent(&mut agent, &mut principal, self.now()).map_err(revert)?;

        self.store_departure(&agent, &principal);
        self.forfeit_stake(agent.address, account, stake)
    }

    /// Errors: what [`rules::forfeit_principal`] refuses.
    /// Events: `StakeForfeited`.
    pub(crate) fn forfeit_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let account = input.address()?;
        let mut principal = self.load_principal(account);
        let stake =
            rules::forfeit_principal(account, &mut principal, self.now()).map_err(revert)?;

        self.store_principal(account, &principal);
        self.forfeit_stake(account, account, stake)
    }

    fn forfeit_stake(&mut self, account: Address, principal: Address, stake: u32) -> Answer {
        let amount = self.base_units(stake)?;
        let dues = self.load_dues().with_forfeit(amount).map_err(revert)?;
        self.store_dues(dues);
        self.emit(
            &[
                literal!(wire::StakeForfeited::SIGNATURE_HASH),
                address(account),
                address(principal),
            ],
            &[number(stake.into())],
        );
        Ok(Vec::new())
    }
}
