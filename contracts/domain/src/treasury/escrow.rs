//! A mission's escrow.
//!
//! ```text
//! terms   [state 1][epoch 6][releaseAt 5][sponsor 20]
//! purse   [held 16][allocated 16]                        the only word that a settlement writes
//! flow    [deposited 16][refunded 16]
//! ```
//!
//! `settled` is what these leave: deposited − refunded − held. `allocated` is what the nodes that are neither settled nor lent
//! may still cost; it never exceeds what is held (INV-TREASURY-03), so no node's payment depends on another's. Money that a
//! parent lends a child leaves the parent's `deposited` and joins the child's, and comes back the same way.

use alloy_primitives::Address;

use super::{Refused, Short, something, with, without};
use crate::{
    agent::{Reader, Writer},
    amount::Amount,
    machine::EscrowState,
};

/// Bits of an epoch's number in a word.
const EPOCH_BITS: u32 = 48; // structural: what state, instant and address leave of a word
/// Bits of an instant.
const INSTANT_BITS: u32 = 40; // structural: seconds, as interfaces carry them

/// Whose, under which law, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Open, closing or closed.
    pub state: EscrowState,
    /// The epoch whose parameters rule its settlements.
    pub epoch: u64,
    /// First second at which stakes are free, zero while the mission lives.
    pub release_at: u64,
    /// To whom the rest goes.
    pub sponsor: Address,
}

/// What there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// Base units held.
    pub held: Amount,
    /// What of them is kept for nodes.
    pub allocated: Amount,
}

/// What came and what went back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Paid in, and lent by a parent, less what was lent to children.
    pub deposited: Amount,
    /// Given back to the sponsor.
    pub refunded: Amount,
}

impl Terms {
    /// As they are stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.number(self.state.number().into(), 1);
        writer.number(self.epoch, 6);
        writer.number(self.release_at, 5);
        writer.address(self.sponsor);
        writer.finish()
    }

    /// From how they are stored; none where no escrow is.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Option<Self> {
        let mut reader = Reader::new(word);
        let state = EscrowState::from_u8(reader.number(1) as u8)?;
        Some(Self {
            state,
            epoch: reader.number(6),
            release_at: reader.number(5),
            sponsor: reader.address(),
        })
    }

    /// Whether stakes of the mission are free.
    pub const fn is_over(&self, now: u64) -> bool {
        self.release_at != 0 && now >= self.release_at
    }
}

/// The terms, if they are in this state.
///
/// Errors: `WrongEscrowState` with the state it is in, zero where there is none.
pub fn in_state(found: Option<Terms>, state: EscrowState) -> Result<Terms, Refused> {
    match found {
        Some(terms) if terms.state.number() == state.number() => Ok(terms),
        Some(terms) => Err(Refused::WrongEscrowState(terms.state.number())),
        None => Err(Refused::WrongEscrowState(0)),
    }
}

/// An escrow for a mission that has none.
///
/// Errors: `WrongEscrowState`; `InvalidReceiver` without a sponsor; `InvalidAmount` of an epoch's number beyond 48 bits.
pub fn open(found: Option<Terms>, sponsor: Address, epoch: u64) -> Result<Terms, Refused> {
    if let Some(terms) = found {
        return Err(Refused::WrongEscrowState(terms.state.number()));
    }
    if sponsor == Address::ZERO {
        return Err(Refused::InvalidReceiver);
    }
    if epoch >> EPOCH_BITS != 0 {
        return Err(Refused::InvalidAmount(Amount::new(epoch.into())));
    }
    Ok(Terms {
        state: EscrowState::Open,
        epoch,
        release_at: 0,
        sponsor,
    })
}

/// The mission ended: stakes are held for `sanction` seconds more.
///
/// Errors: `WrongEscrowState` unless it is open.
/// Source: RESOLUTIONS S-05, S-18; RULINGS R8.
pub fn begin_closing(found: Option<Terms>, sanction: u64, now: u64) -> Result<Terms, Refused> {
    let terms = in_state(found, EscrowState::Open)?;
    // A window beyond every instant that a word holds ends at the last of them.
    let last = u64::MAX >> (u64::BITS - INSTANT_BITS);
    Ok(Terms {
        state: EscrowState::Closing,
        release_at: now.saturating_add(sanction).min(last),
        ..terms
    })
}

/// After somebody paid in.
///
/// Errors: `InvalidAmount` of nothing, and of what does not fit.
pub fn fund(purse: Purse, flow: Flow, amount: Amount) -> Result<(Purse, Flow), Refused> {
    take_in(purse, flow, something(amount)?)
}

fn take_in(purse: Purse, flow: Flow, amount: Amount) -> Result<(Purse, Flow), Refused> {
    Ok((
        Purse {
            held: with(purse.held, amount)?,
            ..purse
        },
        Flow {
            deposited: with(flow.deposited, amount)?,
            ..flow
        },
    ))
}

/// Keeps `allocated` for the nodes of a statute.
///
/// Errors: `InsufficientEscrow` beyond what is held.
/// Source: RESOLUTIONS C-23, S-11.
pub fn allocate(purse: Purse, allocated: Amount) -> Result<Purse, Refused> {
    without(purse.held, allocated).map_err(Refused::InsufficientEscrow)?;
    Ok(Purse { allocated, ..purse })
}

/// After a node of this budget was settled for `paid`, which is a part of it.
///
/// Errors: `InsufficientEscrow` if less than the budget is allocated, or paid more than it.
/// Source: RESOLUTIONS S-02, S-04, S-12.
pub fn settle(purse: Purse, budget: Amount, paid: Amount) -> Result<Purse, Refused> {
    let allocated = without(purse.allocated, budget).map_err(Refused::InsufficientEscrow)?;
    without(budget, paid).map_err(Refused::InsufficientEscrow)?;
    Ok(Purse {
        // What is allocated is held.
        held: without(purse.held, paid).map_err(Refused::InsufficientEscrow)?,
        allocated,
    })
}

/// Two escrows, of which one gives and the other takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The purse that gave.
    pub from: Purse,
    /// Its flow.
    pub from_flow: Flow,
    /// The purse that took.
    pub to: Purse,
    /// Its flow.
    pub to_flow: Flow,
}

/// Both before.
pub type Pair = ((Purse, Flow), (Purse, Flow));

/// Lends a child what its parent's node has left: of a node that never lent, what is allocated; of one that did, what came
/// back of it. So the second child of a node costs no other node anything.
///
/// Errors: `InsufficientEscrow` with what the node has.
/// Source: RULINGS R19.
pub fn lend(pair: Pair, left: Option<Amount>, amount: Amount) -> Result<Moved, Refused> {
    let ((from, from_flow), to) = pair;
    let most = left.unwrap_or(Amount::MAX).min(from.allocated);
    without(most, amount).map_err(Refused::InsufficientEscrow)?;
    let allocated = without(from.allocated, amount).map_err(Refused::InsufficientEscrow)?;
    shift(((Purse { allocated, ..from }, from_flow), to), amount)
}

/// Gives back to a parent what its child leaves, which its node may use again.
///
/// Errors: `InsufficientEscrow` beyond what the child holds.
/// Source: RULINGS R19.
pub fn give_back(pair: Pair, amount: Amount) -> Result<Moved, Refused> {
    let ((from, from_flow), to) = pair;
    let kept = free_of_nodes(from, amount)?;
    let mut moved = shift(((kept, from_flow), to), amount)?;
    moved.to.allocated = with(moved.to.allocated, amount)?;
    Ok(moved)
}

/// Hands all that is left of a mission to the one that succeeds it.
///
/// Errors: `InsufficientEscrow` if it is not exactly all.
/// Source: RULINGS R18.
pub fn succeed(pair: Pair, amount: Amount) -> Result<Moved, Refused> {
    let ((from, from_flow), to) = pair;
    if amount != from.held {
        return Err(Refused::InsufficientEscrow(Short {
            available: from.held,
            needed: amount,
        }));
    }
    shift(((free_of_nodes(from, amount)?, from_flow), to), amount)
}

/// An ended mission keeps nothing for its nodes; one that gives a part keeps at most the rest.
fn free_of_nodes(purse: Purse, amount: Amount) -> Result<Purse, Refused> {
    let rest = without(purse.held, amount).map_err(Refused::InsufficientEscrow)?;
    Ok(Purse {
        allocated: purse.allocated.min(rest),
        ..purse
    })
}

fn shift(pair: Pair, amount: Amount) -> Result<Moved, Refused> {
    let ((from, from_flow), (to, to_flow)) = pair;
    let (to, to_flow) = take_in(to, to_flow, amount)?;
    Ok(Moved {
        from: Purse {
            held: without(from.held, amount).map_err(Refused::InsufficientEscrow)?,
            ..from
        },
        from_flow: Flow {
            // What is held was deposited.
            deposited: without(from_flow.deposited, amount).map_err(Refused::InsufficientEscrow)?,
            ..from_flow
        },
        to,
        to_flow,
    })
}

/// Refunds everything that is left: the closed terms, the flow, and the refund.
///
/// Errors: `WrongEscrowState` unless it is closing; `InvalidAmount` cannot come of a refund, which was deposited.
/// Source: RESOLUTIONS S-05.
pub fn close(
    found: Option<Terms>,
    purse: Purse,
    flow: Flow,
) -> Result<(Terms, Flow, Amount), Refused> {
    let terms = in_state(found, EscrowState::Closing)?;
    let refunded = with(flow.refunded, purse.held)?;
    Ok((
        Terms {
            state: EscrowState::Closed,
            ..terms
        },
        Flow { refunded, ..flow },
        purse.held,
    ))
}

/// What nodes were paid: what was deposited and is neither held nor refunded.
pub const fn settled(purse: &Purse, flow: &Flow) -> Amount {
    let left = flow.deposited.get().saturating_sub(flow.refunded.get());
    Amount::new(left.saturating_sub(purse.held.get()))
}
