//! What the senior adjudicator may do alone: brake, while fewer than ⌈q/2⌉ of the panel are free of conflict, and once; the power
//! rests until two others closed the audit of what was done (RESOLUTIONS D-08; RULINGS K9; INV-PANEL-05).

use alloy_primitives::{Address, B256};

use crate::{
    act::{Action, quorum},
    mission::word::{get, set},
};

/// Bytes of an address, and the place of the number behind it.
const ADDRESS: usize = Address::len_bytes();
/// Bytes of an audit's number.
const NUMBER: usize = 8; // structural: sixty-four bits

/// The audits of unilateral acts: 0..20 whose act the open one is about, nobody's if none is open; 20..28 how many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audits(pub B256);

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no brake, others are there, or an audit is open: its number, or zero.
    Senior {
        /// The open audit.
        audit: u64,
        /// How many of the panel are free of conflict.
        available: u8,
    },
    /// That audit is not open.
    NoAudit(u64),
}

impl Audits {
    /// How many were opened.
    pub fn count(&self) -> u64 {
        get(&self.0, ADDRESS, NUMBER)
    }

    /// Whose act is under audit; nobody's if none is.
    pub fn audited(&self) -> Address {
        let mut senior = Address::ZERO;
        senior.copy_from_slice(&self.0[..ADDRESS]);
        senior
    }

    /// The open audit, or zero.
    pub fn open_one(&self) -> u64 {
        if self.audited().is_zero() {
            0
        } else {
            self.count()
        }
    }

    /// Opens the audit of what `senior` does alone: `conflicted` of the `active` adjudicators have an interest.
    ///
    /// Errors: [`Refused::Senior`].
    pub fn open(
        &self,
        action: Action,
        senior: Address,
        active: u8,
        conflicted: u8,
    ) -> Result<Self, Refused> {
        let available = active.saturating_sub(conflicted);
        let audit = self.open_one();
        let is_missing = available < quorum::half(active);
        if audit != 0 || !is_missing || !action.is_seniors() {
            return Err(Refused::Senior { audit, available });
        }
        let mut word = B256::ZERO;
        word[..ADDRESS].copy_from_slice(senior.as_slice());
        set(&mut word, ADDRESS, NUMBER, self.count().saturating_add(1));
        Ok(Self(word))
    }

    /// Closes the open audit.
    ///
    /// Errors: [`Refused::NoAudit`].
    pub fn close(&self, audit: u64) -> Result<Self, Refused> {
        if audit == 0 || audit != self.open_one() {
            return Err(Refused::NoAudit(audit));
        }
        let mut word = self.0;
        word[..ADDRESS].fill(0);
        Ok(Self(word))
    }
}
