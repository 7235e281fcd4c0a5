//! Bans, freezes, and what becomes of a banned party's stake.
//!
//! A ban can be lifted until its appeal window is over; after that it is final, and anyone takes the stakes (RESOLUTIONS
//! I-06). The window is fixed when the ban falls. A freeze ends by itself (RULINGS R9).

use alloy_primitives::Address;

use super::{Refused, principal::Principal, record::Agent, registration::leave, saturating_until};
use crate::time::{Seconds, Timestamp};

/// INV-AGENT-03. Whether a principal may be banned for what an agent did: the present one, or the one before while it is remembered.
/// Adjudicators say which, so that nobody escapes by handing the agent on, and nobody is banned who took it over since.
///
/// Errors: `NotRegistered`, `NotItsPrincipal`.
pub fn require_answered(agent: &Agent, account: Address, now: Timestamp) -> Result<(), Refused> {
    agent.hot.require_known(agent.address)?;
    if account == agent.bond.principal || agent.history.remembered(now) == Some(account) {
        return Ok(());
    }
    Err(Refused::NotItsPrincipal(agent.address, account))
}

/// Bans a principal and with it all its agents. Also one who never enrolled, so that nobody escapes by not being there.
///
/// Errors: `InvalidPrincipal` for nobody, `IsBanned`.
pub fn ban(
    account: Address,
    principal: &mut Principal,
    window: Seconds,
    now: Timestamp,
) -> Result<(), Refused> {
    if account == Address::ZERO {
        return Err(Refused::InvalidPrincipal(account));
    }
    principal.require_unbanned(account)?;
    principal.appeal_until = saturating_until(now, window);
    Ok(())
}

/// Lifts a ban.
///
/// Errors: `NotBanned`, `BanFinal`.
pub fn lift(account: Address, principal: &mut Principal, now: Timestamp) -> Result<(), Refused> {
    if !principal.is_banned() {
        return Err(Refused::NotBanned(account));
    }
    if now.get() > principal.appeal_until {
        return Err(Refused::BanFinal(account, principal.appeal_until));
    }
    principal.appeal_until = 0;
    Ok(())
}

/// Freezes a principal's agents for at most `most` (RESOLUTIONS D-29).
///
/// Errors: `InvalidPrincipal` for nobody, `IsFrozen`: a freeze is not prolonged while it lasts.
pub fn freeze(
    account: Address,
    principal: &mut Principal,
    most: Seconds,
    now: Timestamp,
) -> Result<(), Refused> {
    if account == Address::ZERO {
        return Err(Refused::InvalidPrincipal(account));
    }
    if principal.is_frozen(now) {
        return Err(Refused::IsFrozen(account, principal.frozen_until));
    }
    principal.frozen_until = saturating_until(now, most);
    Ok(())
}

/// Ends a freeze before its time.
///
/// Errors: `NotFrozen`.
pub fn unfreeze(
    account: Address,
    principal: &mut Principal,
    now: Timestamp,
) -> Result<(), Refused> {
    if !principal.is_frozen(now) {
        return Err(Refused::NotFrozen(account));
    }
    principal.frozen_until = 0;
    Ok(())
}

/// Ends the registration of an agent whose principal's ban is final. Returns the stake that is lost. Open obligations do not
/// prevent it; they are closed as their missions end.
///
/// Errors: `NothingToForfeit` if it holds no registration, `NotBanned`, `TooEarly`.
pub fn forfeit_agent(
    agent: &mut Agent,
    principal: &mut Principal,
    now: Timestamp,
) -> Result<u32, Refused> {
    if !agent.hot.status.is_registered() {
        return Err(Refused::NothingToForfeit(agent.address));
    }
    require_final(agent.bond.principal, principal, now)?;
    Ok(leave(agent, principal))
}

/// Ends the enrolment of a principal whose ban is final. Returns the stake that is lost.
///
/// Errors: `NothingToForfeit` if it is not enrolled, `NotBanned`, `TooEarly`.
pub fn forfeit_principal(
    account: Address,
    principal: &mut Principal,
    now: Timestamp,
) -> Result<u32, Refused> {
    if !principal.is_enrolled() {
        return Err(Refused::NothingToForfeit(account));
    }
    require_final(account, principal, now)?;
    Ok(principal.unenrol())
}

#[inline(never)]
fn require_final(account: Address, principal: &Principal, now: Timestamp) -> Result<(), Refused> {
    if !principal.is_banned() {
        return Err(Refused::NotBanned(account));
    }
    if now.get() <= principal.appeal_until {
        return Err(Refused::TooEarly(principal.appeal_until));
    }
    Ok(())
}
