//! Rows of the journal's tables, and how queries are asked.

use alloy::primitives::Address;

use super::{
    ActionKey, JournalError, Posted, Signed, sql,
    store::{Row, Store, ToValue, Value},
};
use crate::clock::Moment;

/// The values of a query, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($value.to_value()),*] };
}

pub(super) use params;

pub(super) struct StreamRow {
    pub(super) head: i64,
    pub(super) taken: i64,
    pub(super) state: Option<String>,
    pub(super) state_at: i64,
    pub(super) floor_block: i64,
}

pub(super) fn stream_row(
    at: &mut impl Store,
    name: &str,
) -> Result<Option<StreamRow>, JournalError> {
    maybe(at, sql::STREAM, params![name], |row| {
        Ok(StreamRow {
            head: row.get(0)?,
            taken: row.get(1)?,
            state: row.get(2)?,
            state_at: row.get(3)?,
            floor_block: row.get(4)?,
        })
    })
}

pub(super) fn known_stream(at: &mut impl Store, name: &str) -> Result<StreamRow, JournalError> {
    stream_row(at, name)?
        .ok_or_else(|| JournalError::Corrupt(format!("a lease of {name} and no such stream")))
}

pub(super) struct ActionRow {
    pub(super) stream: String,
    pub(super) body: String,
    pub(super) outcome: Option<String>,
}

pub(super) fn action_row(
    at: &mut impl Store,
    key: ActionKey,
) -> Result<Option<ActionRow>, JournalError> {
    maybe(at, sql::ACTION, params![key.to_string()], |row| {
        Ok(ActionRow {
            stream: row.get(0)?,
            body: row.get(1)?,
            outcome: row.get(2)?,
        })
    })
}

pub(super) struct PostedRow {
    nonce: i64,
    attempt: i64,
    action: String,
    fill: i64,
    hash: String,
    raw: String,
    fee_max: String,
    after_block: i64,
    sends: i64,
    sent_ms: Option<i64>,
}

impl PostedRow {
    pub(super) fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            nonce: row.get(0)?,
            attempt: row.get(1)?,
            action: row.get(2)?,
            fill: row.get(3)?,
            hash: row.get(4)?,
            raw: row.get(5)?,
            fee_max: row.get(6)?,
            after_block: row.get(7)?,
            sends: row.get(8)?,
            sent_ms: row.get(9)?,
        })
    }

    pub(super) fn checked(self, account: Address) -> Result<Posted, JournalError> {
        Ok(Posted {
            signed: Signed {
                account,
                nonce: read(self.nonce)?,
                attempt: read(self.attempt)?,
                action: ActionKey(parsed(&self.action)?),
                fill: self.fill != 0,
                hash: parsed(&self.hash)?,
                raw: parsed(&self.raw)?,
                fee_max: parsed(&self.fee_max)?,
                after_block: read(self.after_block)?,
            },
            sends: read(self.sends)?,
            sent: self.sent_ms.map(read).transpose()?.map(Moment::new),
        })
    }
}

pub(super) fn stored(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number).map_err(|_| JournalError::Number(number))
}

pub(super) fn read(number: i64) -> Result<u64, JournalError> {
    u64::try_from(number).map_err(|_| JournalError::Corrupt(format!("the number {number}")))
}

pub(super) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, JournalError> {
    text.parse()
        .map_err(|_| JournalError::Corrupt(format!("the text {text:?}")))
}

pub(super) fn run(
    at: &mut impl Store,
    query: &'static str,
    params: Vec<Value>,
) -> Result<u64, JournalError> {
    Ok(at.run(query, params)?)
}

pub(super) fn one<T>(
    at: &mut impl Store,
    query: &'static str,
    params: Vec<Value>,
    read: impl FnOnce(&Row) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let nothing = || JournalError::Corrupt(format!("nothing where {query} finds a row"));
    maybe(at, query, params, read)?.ok_or_else(nothing)
}

pub(super) fn maybe<T>(
    at: &mut impl Store,
    query: &'static str,
    params: Vec<Value>,
    read: impl FnOnce(&Row) -> Result<T, JournalError>,
) -> Result<Option<T>, JournalError> {
    at.rows(query, params)?.first().map(read).transpose()
}

pub(super) fn all<T>(
    at: &mut impl Store,
    query: &'static str,
    params: Vec<Value>,
    read: impl FnMut(&Row) -> Result<T, JournalError>,
) -> Result<Vec<T>, JournalError> {
    at.rows(query, params)?.iter().map(read).collect()
}
