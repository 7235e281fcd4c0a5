//! The contract's money: stakes, and what is owed to their owners and to the funds (RULINGS R17).
//!
//! INV-ROSTER-02. What is booked is exactly the sum of the stakes and of what is owed. It grows by a stake and shrinks by a payment; whatever else
//! happens moves within it. What is lost is owed to the funds by halves, and anyone sends it there, so no vote waits for a
//! token (RESOLUTIONS S-06).

use super::Refused;
use crate::{amount::Amount, treasury::fund};

/// The two parts, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Stakes of candidates, of the active, of the leaving.
    pub stakes: Amount,
    /// Owed to owners and to the funds.
    pub owed: Amount,
}

/// What is owed to the funds, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dues {
    /// To the insurance.
    pub insurance: Amount,
    /// To the treasury.
    pub treasury: Amount,
}

/// The sum of two amounts.
///
/// Errors: `OutOfRange`.
pub fn sum(left: Amount, right: Amount) -> Result<Amount, Refused> {
    left.checked_add(right).map_err(|_| Refused::OutOfRange)
}

fn rest(of: Amount, less: Amount) -> Result<Amount, Refused> {
    of.checked_sub(less).map_err(|_| Refused::OutOfRange)
}

/// Base units of a number of whole units.
///
/// Errors: `OutOfRange`.
pub fn base_units(units: u64, scale: u128) -> Result<Amount, Refused> {
    let units = u128::from(units).checked_mul(scale);
    units.map(Amount::new).ok_or(Refused::OutOfRange)
}

impl Books {
    /// All of it.
    ///
    /// Errors: `OutOfRange`, which cannot be: no part grows beyond what the whole holds.
    pub fn booked(&self) -> Result<Amount, Refused> {
        sum(self.stakes, self.owed)
    }

    /// After a stake came.
    ///
    /// Errors: `OutOfRange`.
    pub fn staked(self, amount: Amount) -> Result<Self, Refused> {
        let books = Self {
            stakes: sum(self.stakes, amount)?,
            ..self
        };
        books.booked()?;
        Ok(books)
    }

    /// After a stake became somebody's due.
    ///
    /// Errors: `OutOfRange`.
    pub fn freed(self, amount: Amount) -> Result<Self, Refused> {
        Ok(Self {
            stakes: rest(self.stakes, amount)?,
            owed: sum(self.owed, amount)?,
        })
    }

    /// After something owed was paid.
    ///
    /// Errors: `OutOfRange`.
    pub fn paid(self, amount: Amount) -> Result<Self, Refused> {
        Ok(Self {
            owed: rest(self.owed, amount)?,
            ..self
        })
    }

    /// What is held beyond the books.
    ///
    /// Errors: `OutOfRange`.
    pub fn surplus(&self, held: Amount) -> Result<Amount, Refused> {
        let booked = self.booked()?;
        Ok(held.checked_sub(booked).unwrap_or(Amount::ZERO))
    }
}

impl Dues {
    /// With the halves of what was lost: the lower to the insurance, the rest to the treasury.
    ///
    /// Errors: `OutOfRange`.
    pub fn with_loss(self, amount: Amount) -> Result<Self, Refused> {
        let loss = fund::loss(amount);
        Ok(Self {
            insurance: sum(self.insurance, loss.insurance)?,
            treasury: sum(self.treasury, loss.treasury)?,
        })
    }

    /// Both.
    ///
    /// Errors: `OutOfRange`.
    pub fn total(&self) -> Result<Amount, Refused> {
        sum(self.insurance, self.treasury)
    }
}

/// What is left of a credit of which `asked` is taken, all of it for none: what is taken, and the rest.
///
/// Errors: `NothingOwed`, also where less is owed than is asked for.
pub fn take(credit: Amount, asked: Option<Amount>) -> Result<(Amount, Amount), Refused> {
    let taken = asked.unwrap_or(credit);
    match credit.checked_sub(taken) {
        Ok(rest) if !taken.is_zero() => Ok((taken, rest)),
        Ok(_) | Err(_) => Err(Refused::NothingOwed),
    }
}
