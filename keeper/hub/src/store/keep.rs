//! Payloads: how long they are kept, and what stays when they are gone. Proofs never need one: an entry holds its payload's hash and
//! address, and entries stay (seed §B.12, Retention Policy).

use agentcity_abi::document::ContentAddress;
use alloy::primitives::{B256, Bytes};
use rusqlite::params;

use super::{Edge, Log, LogError, all, maybe, read, run, sql, stored, word};
use crate::entry::{Entry, Erased, Tombstone};

/// The least retention, in months (seed §B.12; RULINGS K18).
pub const RETENTION_MONTHS_MIN: u32 = 24;
/// The most: a slip of the hand is not a policy.
const RETENTION_MONTHS_MAX: u32 = 1_200;
/// Milliseconds of the longest month: a month of any name is never cut short.
const MONTH_MS: u64 = 31 * 86_400_000;
/// Most payloads of one pass: one commit.
const ERASED_MAX: usize = 1_000;

/// How long payloads are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Retention {
    months: u32,
}

/// Shorter than the least, or longer than makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "payloads are to be kept for {given} months: at least {RETENTION_MONTHS_MIN}, at most {RETENTION_MONTHS_MAX}"
)]
pub struct RetentionError {
    /// What was asked for.
    pub given: u32,
}

/// What the store has of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Its bytes, which were hashed again.
    Here(Bytes),
    /// It is gone: the tombstone is the entry at this place.
    Gone(u64),
    /// It never was here.
    Unknown,
}

impl Retention {
    /// Errors: [`RetentionError`].
    pub fn months(months: u32) -> Result<Self, RetentionError> {
        if !(RETENTION_MONTHS_MIN..=RETENTION_MONTHS_MAX).contains(&months) {
            return Err(RetentionError { given: months });
        }
        Ok(Self { months })
    }

    /// What a city demands (`logRetentionMonths`), which may be less than what is never fallen short of.
    pub fn demanded(months: u32) -> Self {
        let months = months.clamp(RETENTION_MONTHS_MIN, RETENTION_MONTHS_MAX);
        Self { months }
    }

    /// By how much it is longer than the least, in milliseconds.
    fn beyond_least(self) -> u64 {
        u64::from(self.months.saturating_sub(RETENTION_MONTHS_MIN)) * MONTH_MS
    }
}

/// Until when what happened then is kept at least, in unix milliseconds. That is what is written: how much longer it is kept is decided when
/// it is asked what is over, so that whoever wants it longer, or no longer, is heard about what was written before.
pub(super) fn least_until(time_ms: u64) -> u64 {
    let end = time_ms.saturating_add(u64::from(RETENTION_MONTHS_MIN) * MONTH_MS);
    end.min(i64::MAX as u64)
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            months: RETENTION_MONTHS_MIN,
        }
    }
}

impl Log {
    /// A payload by its address. Its bytes are hashed again: what does not fit its address is not given out.
    ///
    /// Errors: [`LogError::Damaged`].
    pub fn payload(&self, address: &ContentAddress) -> Result<Payload, LogError> {
        let key = address.word();
        let found = maybe(&self.connection, sql::PAYLOAD, [key.as_slice()], |row| {
            Ok((
                row.get::<_, Option<Vec<u8>>>(0)?,
                row.get::<_, Option<i64>>(1)?,
            ))
        })?;
        match found {
            None => Ok(Payload::Unknown),
            Some((Some(body), _)) if ContentAddress::of(&body) == *address => {
                Ok(Payload::Here(body.into()))
            }
            Some((Some(_), _)) => Err(LogError::damaged(format!("payload {address} was changed"))),
            Some((None, Some(place))) => Ok(Payload::Gone(read(place)?)),
            Some((None, None)) => Err(LogError::damaged(format!(
                "payload {address} is gone without a tombstone"
            ))),
        }
    }

    /// Erases payloads whose retention is over at `now_ms`, as many as one pass takes, and says which: an entry for each says so. They
    /// are kept as long as the log was opened with, or as is demanded where that is longer. What a mirror should have and has no copy of
    /// yet stays.
    pub fn expire(
        &mut self,
        now_ms: u64,
        demanded: Retention,
    ) -> Result<Vec<ContentAddress>, LogError> {
        let longer = self.settings.retention.max(demanded).beyond_least();
        let params = [stored(now_ms.saturating_sub(longer))?, ERASED_MAX as i64];
        let over = all(&self.connection, sql::PAYLOADS_OVER, params, |row| {
            Ok((word(row)?, row.get::<_, i64>(1)?))
        })?;
        let mut erased = Vec::with_capacity(over.len());
        for (key, until) in over {
            let since = read(until)?.saturating_add(longer);
            erased.push((ContentAddress::of_word(key), Erased::Expired { since }));
        }
        self.erase(&erased, now_ms)?;
        Ok(erased.into_iter().map(|(address, _)| address).collect())
    }

    /// Erases one payload because somebody ordered it, before its time. It does not come back. Whether it was there.
    pub fn erase_by_order(
        &mut self,
        address: &ContentAddress,
        order: B256,
        now_ms: u64,
    ) -> Result<bool, LogError> {
        match self.payload(address)? {
            Payload::Here(_) => {
                self.erase(&[(*address, Erased::Ordered { order })], now_ms)?;
                Ok(true)
            }
            Payload::Gone(_) | Payload::Unknown => Ok(false),
        }
    }

    fn erase(&mut self, all: &[(ContentAddress, Erased)], now_ms: u64) -> Result<(), LogError> {
        if all.is_empty() {
            return Ok(());
        }
        self.write("erase", |tx, _| {
            let mut edge = Edge::begin(tx)?;
            for (address, why) in all {
                let sequence = edge.size;
                let tombstone = Tombstone {
                    sequence,
                    payload: *address,
                    why: why.clone(),
                    timestamp: now_ms,
                };
                edge.add(tx, &Entry::Tombstone(tombstone))?;
                let ordered = matches!(why, Erased::Ordered { .. });
                let key = address.word();
                let erase = params![stored(sequence)?, ordered, key.as_slice()];
                run(tx, sql::PAYLOAD_ERASE, erase)?;
            }
            edge.finish(tx)
        })?;
        // What was overwritten still stands in the write-ahead file: that is emptied too, unless somebody reads just now.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}
