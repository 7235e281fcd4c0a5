//! What ArbOS knows of a program: two journaled slots of the state account for each code hash.
//!
//! Slot 0 packs version, costs, footprint, time of activation, size and the cached flag; slot 1 is the hash of the WASM,
//! by which compiled programs are found. Times are seconds (a live chain keeps hours).

use alloy_primitives::{B256, U256, keccak256};
use revm::context::JournalTr;

use super::ARBOS_STATE;
use crate::{context::Ctx, refused::StateError};

/// Version of Stylus; programs activated under another need an upgrade.
pub const STYLUS_VERSION: u16 = 2;
/// Days after which a program expires.
pub const EXPIRY_DAYS: u16 = 365;
/// Days that must pass before the life of a program can be extended.
pub const KEEPALIVE_DAYS: u16 = 31;

const DAY: u64 = 86_400;
const SALT: &[u8] = b"agentcity devnode: program";

/// An activated program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Record {
    /// Stylus version; 0 if it was never activated.
    pub(crate) version: u16,
    /// Dynamic gas of entering it uncached.
    pub(crate) init_gas: u16,
    /// Dynamic gas of entering it.
    pub(crate) cached_init_gas: u16,
    /// Pages it starts with.
    pub(crate) footprint: u16,
    /// Unix seconds of activation, or of the last extension.
    pub(crate) activated_at: u64,
    /// Estimate of native code, in KiB rounded up.
    pub(crate) asm_kib: u32,
    /// Whether a cache manager cached it.
    pub(crate) cached: bool,
    /// Hash of the WASM.
    pub(crate) module: B256,
}

/// Why a program cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inactive {
    NotActivated,
    NeedsUpgrade { version: u16 },
    Expired { age: u64 },
}

impl Record {
    /// Reads the record of a code hash.
    pub(crate) fn read(ctx: &mut Ctx<'_>, codehash: B256) -> Result<Self, StateError> {
        let slot = slot(codehash);
        let journal = &mut ctx.journaled_state;
        journal.load_account(ARBOS_STATE)?;
        let packed = journal.sload(ARBOS_STATE, slot)?.data;
        if packed.is_zero() {
            return Ok(Self::default());
        }
        let module = journal
            .sload(ARBOS_STATE, slot.wrapping_add(U256::ONE))?
            .data;
        Ok(Self::unpack(packed, module.into()))
    }

    /// Writes the record of a code hash.
    pub(crate) fn write(&self, ctx: &mut Ctx<'_>, codehash: B256) -> Result<(), StateError> {
        let slot = slot(codehash);
        let journal = &mut ctx.journaled_state;
        journal.load_account(ARBOS_STATE)?;
        journal.touch_account(ARBOS_STATE);
        journal.sstore(ARBOS_STATE, slot, self.pack())?;
        let next = slot.wrapping_add(U256::ONE);
        journal.sstore(ARBOS_STATE, next, self.module.into())?;
        Ok(())
    }

    /// Seconds since activation.
    pub(crate) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.activated_at)
    }

    /// The record of a program that can run now.
    pub(crate) fn active(self, now: u64) -> Result<Self, Inactive> {
        if self.version == 0 {
            return Err(Inactive::NotActivated);
        }
        if self.version != STYLUS_VERSION {
            let version = self.version;
            return Err(Inactive::NeedsUpgrade { version });
        }
        let age = self.age(now);
        if age > u64::from(EXPIRY_DAYS) * DAY {
            return Err(Inactive::Expired { age });
        }
        Ok(self)
    }

    /// Seconds until the program expires.
    pub(crate) fn time_left(&self, now: u64) -> u64 {
        (u64::from(EXPIRY_DAYS) * DAY).saturating_sub(self.age(now))
    }

    /// Whether the life of the program may be extended.
    pub(crate) fn may_extend(&self, now: u64) -> bool {
        self.age(now) >= u64::from(KEEPALIVE_DAYS) * DAY
    }

    /// Estimate of native code in bytes.
    pub(crate) fn asm_bytes(&self) -> u32 {
        self.asm_kib.saturating_mul(1_024)
    }

    fn pack(&self) -> U256 {
        let costs = u64::from(self.version)
            | u64::from(self.init_gas) << 16
            | u64::from(self.cached_init_gas) << 32
            | u64::from(self.footprint) << 48;
        let rest = u64::from(self.asm_kib) | u64::from(self.cached) << 32;
        U256::from_limbs([costs, self.activated_at, rest, 0])
    }

    fn unpack(packed: U256, module: B256) -> Self {
        let [costs, activated_at, rest, _] = packed.into_limbs();
        Self {
            version: costs as u16,
            init_gas: (costs >> 16) as u16,
            cached_init_gas: (costs >> 32) as u16,
            footprint: (costs >> 48) as u16,
            activated_at,
            asm_kib: rest as u32,
            cached: rest >> 32 & 1 == 1,
            module,
        }
    }
}

fn slot(codehash: B256) -> U256 {
    keccak256([SALT, codehash.as_slice()].concat()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            version: STYLUS_VERSION,
            init_gas: 0xfedc,
            cached_init_gas: 0x1234,
            footprint: 17,
            activated_at: 1_700_000_000,
            asm_kib: 0x89ab_cdef,
            cached: true,
            module: B256::repeat_byte(7),
        }
    }

    #[test]
    fn a_record_packs_and_unpacks() {
        let record = record();
        assert_eq!(Record::unpack(record.pack(), record.module), record);
    }

    #[test]
    fn a_program_runs_for_a_year_to_the_second() {
        let record = record();
        let year = 365 * DAY;
        assert!(record.active(record.activated_at + year).is_ok());
        let after = record.active(record.activated_at + year + 1);
        assert_eq!(after, Err(Inactive::Expired { age: year + 1 }));
        assert_eq!(record.time_left(record.activated_at + year), 0);
    }

    #[test]
    fn life_is_extended_after_31_days() {
        let record = record();
        assert!(!record.may_extend(record.activated_at + 31 * DAY - 1));
        assert!(record.may_extend(record.activated_at + 31 * DAY));
    }

    #[test]
    fn another_version_needs_an_upgrade() {
        let old = Record {
            version: 1,
            ..record()
        };
        assert_eq!(old.active(0), Err(Inactive::NeedsUpgrade { version: 1 }));
        assert_eq!(Record::default().active(0), Err(Inactive::NotActivated));
    }
}
