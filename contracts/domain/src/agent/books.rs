//! The contract's money: stakes, credits and dues, and their total (RULINGS R17).
//!
//! ```text
//! totals   [zero 11][lock 1][voters 4][booked 16]
//! dues     [insurance 16][treasury 16]
//! ```
//!
//! INV-AGENT-01. The total changes when money comes (a stake, a surplus that is found) and when it goes (a withdrawal, a remittance).
//! What moves between stakes, credits and dues leaves it as it is.

use alloy_primitives::Address;

use super::{Reader, Refused, Writer, principal::Principal};
use crate::{
    amount::{Amount, Bps},
    parameter::ParameterId,
};

/// Share of a forfeit that the insurance gets, rounded down; the treasury gets the rest.
const INSURANCE: Bps = match Bps::new(ParameterId::SlashInsuranceBps.constant() as u64) {
    Ok(share) => share,
    Err(_) => panic!("a share is at most the whole"),
};

/// Bits of a stake unit's base units: what a city may have, and what the contract stores beside the asset's address.
const SCALE_BITS: u32 = 96; // structural: bits beside an address

/// The counters of the whole contract, one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Whether an entry that moves the asset is running.
    pub locked: bool,
    /// Enrolled, unbanned principals with a producer.
    pub voters: u32,
    /// Stakes, credits and dues, in base units.
    pub booked: Amount,
}

/// What is due to the treasury contract, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dues {
    /// To the treasury.
    pub treasury: Amount,
    /// To the insurance.
    pub insurance: Amount,
}

impl Totals {
    /// As they are stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.number(u64::from(self.locked), 12);
        writer.number(u64::from(self.voters), 4);
        writer.number((self.booked.get() >> 64) as u64, 8);
        writer.number(self.booked.get() as u64, 8);
        writer.finish()
    }

    /// From how they are stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        Self {
            locked: reader.number(12) != 0,
            voters: reader.number(4) as u32,
            booked: amount(&mut reader),
        }
    }

    /// After money came.
    ///
    /// Errors: `BooksOutOfRange`.
    pub fn with(self, amount: Amount) -> Result<Self, Refused> {
        let booked = sum(self.booked, amount)?;
        Ok(Self { booked, ..self })
    }

    /// After money went.
    ///
    /// Errors: `BooksOutOfRange`.
    pub fn without(self, amount: Amount) -> Result<Self, Refused> {
        let booked = self.booked.checked_sub(amount);
        let booked = booked.map_err(|_| Refused::BooksOutOfRange)?;
        Ok(Self { booked, ..self })
    }

    /// INV-AGENT-07. After a principal changed: quorums count it or do not (RULINGS R26).
    pub fn recount(self, before: &Principal, after: &Principal) -> Self {
        let voters = self.voters.saturating_add(u32::from(after.is_voter()));
        Self {
            voters: voters.saturating_sub(u32::from(before.is_voter())),
            ..self
        }
    }
}

impl Dues {
    /// As they are stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let mut writer = Writer::new();
        writer.number((self.insurance.get() >> 64) as u64, 8);
        writer.number(self.insurance.get() as u64, 8);
        writer.number((self.treasury.get() >> 64) as u64, 8);
        writer.number(self.treasury.get() as u64, 8);
        writer.finish()
    }

    /// From how they are stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        Self {
            insurance: amount(&mut reader),
            treasury: amount(&mut reader),
        }
    }

    /// With a forfeited stake: the lower half for the insurance, the rest for the treasury (RESOLUTIONS I-06, S-06).
    ///
    /// Errors: `BooksOutOfRange`.
    pub fn with_forfeit(self, stake: Amount) -> Result<Self, Refused> {
        let insurance = stake.bps_floor(INSURANCE);
        // A share is at most the whole.
        let treasury = Amount::new(stake.get().saturating_sub(insurance.get()));
        Ok(Self {
            insurance: sum(self.insurance, insurance)?,
            treasury: sum(self.treasury, treasury)?,
        })
    }

    /// With a surplus that was found.
    ///
    /// Errors: `BooksOutOfRange`.
    pub fn with_surplus(self, surplus: Amount) -> Result<Self, Refused> {
        Ok(Self {
            treasury: sum(self.treasury, surplus)?,
            ..self
        })
    }

    /// Both together.
    ///
    /// Errors: `BooksOutOfRange`.
    pub fn total(&self) -> Result<Amount, Refused> {
        sum(self.insurance, self.treasury)
    }
}

/// Base units of a stake.
///
/// Errors: `BooksOutOfRange`; none below 2⁹⁶ base units a unit, which is as many as a city may have.
pub fn base_units(stake: u32, scale: Amount) -> Result<Amount, Refused> {
    // 96 bits times 32 bits fit 128.
    if scale.get() >> SCALE_BITS != 0 {
        return Err(Refused::BooksOutOfRange);
    }
    Ok(Amount::new(scale.get().wrapping_mul(u128::from(stake))))
}

/// A credit with more on it.
///
/// Errors: `BooksOutOfRange`.
pub fn sum(left: Amount, right: Amount) -> Result<Amount, Refused> {
    left.checked_add(right)
        .map_err(|_| Refused::BooksOutOfRange)
}

/// What an account takes: everything it is owed.
///
/// Errors: `InvalidReceiver` for nobody, `NothingOwed`.
pub fn withdraw(account: Address, credit: Amount, to: Address) -> Result<Amount, Refused> {
    if to == Address::ZERO {
        return Err(Refused::InvalidReceiver(to));
    }
    if credit.is_zero() {
        return Err(Refused::NothingOwed(account));
    }
    Ok(credit)
}

fn amount(reader: &mut Reader<'_>) -> Amount {
    let high = u128::from(reader.number(8));
    Amount::new(high << 64 | u128::from(reader.number(8)))
}
