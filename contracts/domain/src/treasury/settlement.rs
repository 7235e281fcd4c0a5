//! EQ-9: what becomes of one executor's share of a node's budget.
//!
//! ```text
//! share ─┬─ fee       ⌊share·fp⌋                  ─┬─ accrued ⌊fee·cap⌋ ─▶ subsidy budget ─▶ subsidy ─▶ executor
//!        │                                         └─ rest ─▶ treasury
//!        ├─ reserve   ⌊share·fi⌋                  ───▶ insurance
//!        ├─ base      ⌊⌊share·(1 − fp − fi)⌋·min(ψ, 1)⌋ ─▶ executor
//!        └─ residual  share − fee − reserve − base ─▶ treasury
//! ```
//!
//! INV-TREASURY-02. The four parts add up to the share by construction: the last is what the others leave. A subsidy comes
//! out of its own budget, never out of an escrow, and is at most a part of the fee of the same settlement: whoever hires
//! himself pays more than he gets (RESOLUTIONS S-03, RULINGS R20).

use super::less;
use crate::{
    amount::{Amount, AmountError, Bps, Permille},
    range::OutOfRange,
    reputation::{Alpha, Points, Psi, psi},
};

/// What a settlement is ruled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    fee: Bps,
    reserve: Bps,
    alpha: Alpha,
    accrual: Bps,
    own_cap: Option<Bps>,
}

impl Rates {
    /// Those of the seed: the whole fee pays subsidies, and nothing else bounds one.
    ///
    /// Errors: as [`Self::new`].
    pub const fn as_printed(fee: Bps, reserve: Bps, alpha: Alpha) -> Result<Self, OutOfRange> {
        Self::new(fee, reserve, alpha, Bps::MAX, None)
    }

    /// `protocolFeeRate`, `insuranceReserveRate`, `reputationMultiplierAlpha`, `subsidyCapBps`, `missionSubsidyCapBps`; without
    /// the last, a settlement's subsidy is bounded by the budget alone, as in the seed.
    ///
    /// Errors: fee and reserve together above the whole. Their ranges exclude it.
    pub const fn new(
        fee: Bps,
        reserve: Bps,
        alpha: Alpha,
        accrual: Bps,
        own_cap: Option<Bps>,
    ) -> Result<Self, OutOfRange> {
        let both = (fee.get() as u64).wrapping_add(reserve.get() as u64);
        match Bps::new(both) {
            Ok(_) => Ok(Self {
                fee,
                reserve,
                alpha,
                accrual,
                own_cap,
            }),
            Err(refusal) => Err(refusal),
        }
    }

    /// The same, of numbers as a page of parameters holds them.
    ///
    /// Errors: a number beyond its range.
    pub fn of([fee, reserve, alpha, own_cap, accrual]: [u64; 5]) -> Result<Self, OutOfRange> {
        let own_cap = Some(Bps::new(own_cap)?);
        let alpha = Alpha::new(alpha)?;
        Self::new(
            Bps::new(fee)?,
            Bps::new(reserve)?,
            alpha,
            Bps::new(accrual)?,
            own_cap,
        )
    }

    /// What is left of a whole after fee and reserve.
    const fn net(&self) -> Bps {
        // Both together are at most the whole.
        let taken = (self.fee.get() as u64).wrapping_add(self.reserve.get() as u64);
        match Bps::new(taken) {
            Ok(taken) => taken.complement(),
            Err(_) => Bps::ZERO,
        }
    }
}

/// One executor's share, divided. `share = base + fee + reserve + residual`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// What is divided.
    pub share: Amount,
    /// The multiplier of its reputation.
    pub psi: Psi,
    /// The share less fee and reserve, before reputation.
    pub gross: Amount,
    /// What the escrow pays the executor.
    pub base: Amount,
    /// The premium of its reputation.
    pub requested: Amount,
    /// What the subsidy budget pays of it.
    pub subsidy: Amount,
    /// The protocol's fee.
    pub fee: Amount,
    /// What of the fee goes to the subsidy budget.
    pub accrued: Amount,
    /// What goes to insurance.
    pub reserve: Amount,
    /// What reputation and rounding leave: to the treasury.
    pub residual: Amount,
}

/// Divides a share. `budget` is what the subsidy budget held before; the fee accrues to it first.
///
/// Source: EQ-9; RESOLUTIONS S-02, S-03; RULINGS R20; vectors `settle_int`.
pub fn settle(share: Amount, score: Points, rates: &Rates, budget: Amount) -> Split {
    let psi = psi(score, rates.alpha);
    let (fee, reserve) = (share.bps_floor(rates.fee), share.bps_floor(rates.reserve));
    let gross = share.bps_floor(rates.net());
    let (least, premium) = parts_of(psi);
    let (base, requested) = (gross.permille_floor(least), gross.permille_floor(premium));
    let accrued = fee.bps_floor(rates.accrual);
    // Only the lesser of this and the premium counts, so the greatest amount stands for whatever is beyond it.
    let available = budget.checked_add(accrued).unwrap_or(Amount::MAX);
    let mut subsidy = requested.min(available);
    if let Some(cap) = rates.own_cap {
        subsidy = subsidy.min(fee.bps_floor(cap));
    }
    Split {
        share,
        psi,
        gross,
        base,
        requested,
        subsidy,
        fee,
        accrued,
        reserve,
        residual: less(less(less(share, fee), reserve), base),
    }
}

/// ψ below one, and what is above one, in thousandths.
fn parts_of(psi: Psi) -> (Permille, Permille) {
    let whole = Permille::MAX;
    let above = psi.get().saturating_sub(whole.get());
    (
        Permille::new(psi.get().into()).unwrap_or(whole),
        // ψ is at most two.
        Permille::new(above.into()).unwrap_or(whole),
    )
}

impl Split {
    /// What the executor is credited: base and subsidy.
    ///
    /// Errors: [`AmountError::Overflow`], only without the settlement's own cap.
    pub const fn reward(&self) -> Result<Amount, AmountError> {
        self.base.checked_add(self.subsidy)
    }

    /// What of the premium stays unpaid.
    pub const fn shortfall(&self) -> Amount {
        less(self.requested, self.subsidy)
    }

    /// What low reputation saves.
    pub const fn discount_savings(&self) -> Amount {
        less(self.gross, self.base)
    }

    /// What rounding leaves.
    pub const fn dust(&self) -> Amount {
        less(self.residual, self.discount_savings())
    }

    /// What the treasury gets besides the subsidy budget's part.
    pub const fn to_treasury(&self) -> Result<Amount, AmountError> {
        less(self.fee, self.accrued).checked_add(self.residual)
    }
}

/// The three funds that a settlement moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funds {
    /// The treasury.
    pub treasury: Amount,
    /// What subsidies are paid from.
    pub subsidy: Amount,
    /// The insurance.
    pub insurance: Amount,
}

impl Funds {
    /// After a settlement.
    ///
    /// Errors: [`AmountError::Overflow`]; [`AmountError::Underflow`] if the split was made with another budget.
    pub fn after(self, split: &Split) -> Result<Self, AmountError> {
        let accrued = self.subsidy.checked_add(split.accrued)?;
        Ok(Self {
            treasury: self.treasury.checked_add(split.to_treasury()?)?,
            subsidy: accrued.checked_sub(split.subsidy)?,
            insurance: self.insurance.checked_add(split.reserve)?,
        })
    }

    /// Treasury and subsidy budget together.
    ///
    /// Errors: [`AmountError::Overflow`].
    pub const fn common(&self) -> Result<Amount, AmountError> {
        self.treasury.checked_add(self.subsidy)
    }

    /// The same undivided, as in the seed: subsidies are paid from all there is.
    ///
    /// Errors: [`AmountError::Overflow`].
    pub fn undivided(self) -> Result<Self, AmountError> {
        Ok(Self {
            treasury: Amount::ZERO,
            subsidy: self.common()?,
            insurance: self.insurance,
        })
    }
}

/// The same settlement as the seed prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed {
    /// What the treasury has afterwards.
    pub treasury: Amount,
    /// What the escrow counts as settled.
    pub settled: Amount,
    /// What stays in the escrow for ever.
    pub stranded: Amount,
}

impl Split {
    /// The seed's books after this settlement: the residual is nobody's.
    ///
    /// Errors: as [`Funds::after`].
    pub fn as_printed(&self, before: Funds) -> Result<Printed, AmountError> {
        Ok(Printed {
            treasury: before.after(self)?.common()?.checked_sub(self.residual)?,
            settled: less(self.share, self.residual),
            stranded: self.residual,
        })
    }
}

/// A node's budget among `agreeing` executors: the share of each, and what is left of the budget. Nobody agreeing leaves all.
///
/// Source: RESOLUTIONS S-04; vectors `tier2_split`.
pub fn shares(budget: Amount, agreeing: u8) -> (Amount, Amount) {
    budget.divide(agreeing.into())
}

/// What a seat is paid of its share: its accepted price, at most that share (RESOLUTIONS S-12, docs/adr/0005).
pub fn pay(share: Amount, price: Amount) -> Amount {
    share.min(price)
}
