//! What the journal asks of a store: transactions, and queries of the words that all stores share.

use std::fmt;

use super::JournalError;

/// What is done in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads as of one instant.
    Read,
    /// Writes that are decided by what was read: as if nobody else wrote meanwhile.
    Write,
}

/// Why a store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct StoreError {
    cause: String,
    conflict: bool,
}

impl StoreError {
    pub(super) fn failed(cause: impl fmt::Display) -> Self {
        Self {
            cause: cause.to_string(),
            conflict: false,
        }
    }

    /// Somebody else's write came between, and nothing of this transaction was recorded.
    pub(super) fn conflict(cause: impl fmt::Display) -> Self {
        Self {
            cause: cause.to_string(),
            conflict: true,
        }
    }

    pub(super) const fn is_conflict(&self) -> bool {
        self.conflict
    }
}

/// A store with the journal's tables.
pub trait Store: fmt::Debug + Send {
    /// Begins a transaction.
    fn begin(&mut self, access: Access) -> Result<(), StoreError>;
    /// Keeps other processes out until the transaction ends, for making tables.
    fn alone(&mut self) -> Result<(), StoreError>;
    /// Ends a transaction; it is on disk when this returns. Unless the error is a conflict, it is not known whether it is recorded.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Ends a transaction without a trace. A store that is gone has done so already.
    fn rollback(&mut self);
    /// Changes rows, and says how many.
    fn run(&mut self, query: &'static str, params: Vec<Value>) -> Result<u64, StoreError>;
    /// Reads rows, also those that a change returns.
    fn rows(&mut self, query: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError>;
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Nothing,
    /// `BIGINT`.
    Number(i64),
    /// `TEXT`.
    Text(String),
}

/// A row, by the order of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    pub(super) fn get<T: Column>(&self, place: usize) -> Result<T, JournalError> {
        let value = self.0.get(place);
        let bad = || JournalError::Corrupt(format!("{value:?} in column {place}"));
        value.and_then(T::of).ok_or_else(bad)
    }
}

/// What a column can be.
pub(super) trait Column: Sized {
    fn of(value: &Value) -> Option<Self>;
}

impl Column for i64 {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl Column for String {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Nothing => Some(None),
            value => T::of(value).map(Some),
        }
    }
}

/// What a query can be given.
pub(super) trait ToValue {
    fn to_value(&self) -> Value;
}

impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Number(*self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl ToValue for Option<i64> {
    fn to_value(&self) -> Value {
        self.map_or(Value::Nothing, Value::Number)
    }
}
