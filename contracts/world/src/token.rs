//! ERC-20 tokens for the world: an honest one, and those that a treasury must survive (RULINGS A9).

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};

use crate::{Answer, Frame, World};

sol! {
    /// As far as contracts call it.
    interface IERC20 {
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
        function approve(address spender, uint256 value) external returns (bool);
    }
}

/// How a token behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manners {
    /// As the standard says.
    Honest,
    /// Says nothing where the standard says true, as old tokens do.
    Silent,
    /// Keeps one unit of each transfer.
    TakesFee,
    /// Says false and moves nothing.
    SaysFalse,
    /// Reverts when this account would receive.
    Blocks(Address),
    /// Calls this account with this data in the middle of `transferFrom`, as the sender's hook would.
    CallsBack(Address, Vec<u8>),
    /// Reverts when an allowance that is not nought is set to another than nought, as some old tokens do; and what is
    /// transferred uses none of it up.
    GuardsAllowance,
    /// The same, but says false instead.
    DeniesAllowance,
    /// Reverts when an allowance is set to nought.
    RefusesNought,
}

/// Puts a token at `address`. Everybody allows everything to everybody: allowances bind with those manners alone that are
/// about them.
pub fn install(world: &World, address: Address, manners: Manners) {
    world.install(address, keccak256("token"), move |frame, input| {
        run(frame, input, &manners)
    });
}

/// Gives `holder` units.
pub fn mint(world: &World, token: Address, holder: Address, units: u128) {
    let sum = U256::from(balance(world, token, holder)) + U256::from(units);
    world.set_slot(token, slot(holder), sum.into());
}

/// Units of `holder`.
pub fn balance(world: &World, token: Address, holder: Address) -> u128 {
    U256::from_be_bytes(world.slot(token, slot(holder)).0).to()
}

fn approve(frame: &Frame, call: &IERC20::approveCall, manners: &Manners) -> Answer {
    let slot = allowance(frame.caller, call.spender);
    let changes = !frame.world().slot(frame.this, slot).is_zero() && !call.value.is_zero();
    match manners {
        Manners::GuardsAllowance if changes => return Err(Vec::new()),
        Manners::DeniesAllowance if changes => return Ok(false.abi_encode()),
        Manners::RefusesNought if call.value.is_zero() => return Err(Vec::new()),
        _ => {}
    }
    frame.world().set_slot(frame.this, slot, call.value.into());
    Ok(true.abi_encode())
}

fn allowance(owner: Address, spender: Address) -> U256 {
    U256::from_be_bytes(keccak256([owner, spender].concat()).0)
}

fn slot(holder: Address) -> U256 {
    holder.into_word().into()
}

fn run(frame: &Frame, input: &[u8], manners: &Manners) -> Answer {
    if let Ok(call) = IERC20::balanceOfCall::abi_decode(input) {
        return Ok(frame.world().slot(frame.this, slot(call.account)).to_vec());
    }
    if let Ok(call) = IERC20::approveCall::abi_decode(input) {
        return approve(frame, &call, manners);
    }
    let (from, to, value) = if let Ok(call) = IERC20::transferCall::abi_decode(input) {
        (frame.caller, call.to, call.value)
    } else if let Ok(call) = IERC20::transferFromCall::abi_decode(input) {
        (call.from, call.to, call.value)
    } else {
        return Err(Vec::new());
    };
    match manners {
        Manners::SaysFalse => return Ok(false.abi_encode()),
        Manners::Blocks(blocked) if *blocked == to => return Err(Vec::new()),
        Manners::CallsBack(victim, data) if from != frame.caller => {
            // The hook runs as the token; whatever it achieves or not, the transfer goes on.
            let _ = frame.call(*victim, U256::ZERO, data, false, u64::MAX);
        }
        Manners::GuardsAllowance | Manners::DeniesAllowance | Manners::RefusesNought
            if from != frame.caller =>
        {
            let allowed = frame
                .world()
                .slot(frame.this, allowance(from, frame.caller));
            if U256::from_be_bytes(allowed.0) < value {
                return Err(Vec::new());
            }
        }
        _ => {}
    }
    let fee = U256::from(u8::from(*manners == Manners::TakesFee));
    let world = frame.world();
    let held = |holder| U256::from_be_bytes(world.slot(frame.this, slot(holder)).0);
    let keep = |holder, units: U256| world.set_slot(frame.this, slot(holder), units.into());
    let Some(rest) = held(from).checked_sub(value) else {
        return Err(Vec::new());
    };
    keep(from, rest);
    keep(to, held(to) + value.saturating_sub(fee));
    match manners {
        Manners::Silent => Ok(Vec::new()),
        _ => Ok(true.abi_encode()),
    }
}
