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

use super::{Refused, Short, less, something, with, without};
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

/// What there is, what came and what went back. Commands change it in place; one that is refused leaves it as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Base units held.
    pub held: Amount,
    /// What of them is kept for nodes.
    pub allocated: Amount,
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
#[inline(never)]
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
    let mut terms = in_state(found, EscrowState::Open)?;
    // A window beyond every instant that a word holds ends at the last of them.
    let last = u64::MAX >> (u64::BITS - INSTANT_BITS);
    terms.state = EscrowState::Closing;
    terms.release_at = now.saturating_add(sanction).min(last);
    Ok(terms)
}

/// What a node has to be settled for, or to lend to its child: its budget; of one whose children failed, what came back of them;
/// nothing twice. `left` is that of a node that was lent to a child and not settled since.
///
/// Errors: `AlreadySettled`.
/// Source: RULINGS R19.
pub fn payable(is_marked: bool, left: Option<Amount>, budget: Amount) -> Result<Amount, Refused> {
    match left {
        Some(left) => Ok(left.min(budget)),
        None if is_marked => Err(Refused::AlreadySettled),
        None => Ok(budget),
    }
}

impl Account {
    /// Takes what somebody pays in.
    ///
    /// Errors: `InvalidAmount` of nothing, and of what does not fit.
    pub fn fund(&mut self, amount: Amount) -> Result<(), Refused> {
        self.take_in(something(amount)?)
    }

    #[inline(never)]
    fn take_in(&mut self, amount: Amount) -> Result<(), Refused> {
        let deposited = with(self.deposited, amount)?;
        self.held = with(self.held, amount)?;
        self.deposited = deposited;
        Ok(())
    }

    /// Keeps `allocated` for the nodes of a statute.
    ///
    /// Errors: `InsufficientEscrow` beyond what is held.
    /// Source: RESOLUTIONS C-23, S-11.
    pub fn allocate(&mut self, allocated: Amount) -> Result<(), Refused> {
        rest(self.held, allocated)?;
        self.allocated = allocated;
        Ok(())
    }

    /// Settles a node of this budget for `paid`, which is a part of it.
    ///
    /// Errors: `InsufficientEscrow` if less than the budget is allocated, or paid more than it.
    /// Source: RESOLUTIONS S-02, S-04, S-12.
    pub fn settle(&mut self, budget: Amount, paid: Amount) -> Result<(), Refused> {
        let allocated = rest(self.allocated, budget)?;
        rest(budget, paid)?;
        // What is allocated is held.
        self.held = rest(self.held, paid)?;
        self.allocated = allocated;
        Ok(())
    }

    /// Lends a child what its parent's node has left ([`payable`]). So the second child of a node costs no other node anything.
    ///
    /// Errors: `InsufficientEscrow` beyond what is allocated; `InvalidAmount` of what does not fit.
    /// Source: RULINGS R19.
    pub fn lend(&mut self, child: &mut Self, amount: Amount) -> Result<(), Refused> {
        let allocated = rest(self.allocated, amount)?;
        self.give(child, allocated, amount)
    }

    /// Gives back to a parent what its child leaves, which its node may use again.
    ///
    /// Errors: `InsufficientEscrow` beyond what the child holds; `InvalidAmount` of what does not fit.
    /// Source: RULINGS R19.
    pub fn give_back(&mut self, parent: &mut Self, amount: Amount) -> Result<(), Refused> {
        let allocated = with(parent.allocated, amount)?;
        self.give(parent, self.allocated, amount)?;
        parent.allocated = allocated;
        Ok(())
    }

    /// Hands all that is left of a mission to the one that succeeds it.
    ///
    /// Errors: `InsufficientEscrow` if it is not exactly all; `InvalidAmount` of what does not fit.
    /// Source: RULINGS R18.
    pub fn succeed(&mut self, successor: &mut Self, amount: Amount) -> Result<(), Refused> {
        if amount != self.held {
            return Err(Refused::InsufficientEscrow(Short {
                available: self.held,
                needed: amount,
            }));
        }
        self.give(successor, Amount::ZERO, amount)
    }

    /// Moves `amount`; at most `allocated`, and never more than what is held then, stays kept for nodes.
    #[inline(never)]
    fn give(&mut self, to: &mut Self, allocated: Amount, amount: Amount) -> Result<(), Refused> {
        let held = rest(self.held, amount)?;
        // What is held was deposited.
        let deposited = rest(self.deposited, amount)?;
        to.take_in(amount)?;
        self.allocated = allocated.min(held);
        self.held = held;
        self.deposited = deposited;
        Ok(())
    }

    /// What nodes were paid: what was deposited and is neither held nor refunded.
    pub const fn settled(&self) -> Amount {
        less(less(self.deposited, self.refunded), self.held)
    }

    /// Gives everything that is left back to the sponsor: how much that is.
    ///
    /// Errors: `InvalidAmount`, which cannot be: what is held was deposited.
    fn refund(&mut self) -> Result<Amount, Refused> {
        let refund = self.held;
        self.refunded = with(self.refunded, refund)?;
        self.held = Amount::ZERO;
        self.allocated = Amount::ZERO;
        Ok(refund)
    }
}

/// Refunds everything that is left: the closed terms, and the refund.
///
/// Errors: `WrongEscrowState` unless it is closing.
/// Source: RESOLUTIONS S-05.
pub fn close(found: Option<Terms>, account: &mut Account) -> Result<(Terms, Amount), Refused> {
    let mut terms = in_state(found, EscrowState::Closing)?;
    terms.state = EscrowState::Closed;
    Ok((terms, account.refund()?))
}

/// `held` without `needed`.
#[inline(never)]
fn rest(held: Amount, needed: Amount) -> Result<Amount, Refused> {
    without(held, needed).map_err(Refused::InsufficientEscrow)
}
