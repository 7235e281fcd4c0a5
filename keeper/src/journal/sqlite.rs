//! SQLite as the journal's store, for one machine.

use std::{fmt, path::Path, time::Duration};

use rusqlite::{
    Connection, params_from_iter,
    types::{ToSql, ToSqlOutput, ValueRef},
};

use super::{
    JournalError,
    ledger::{Boundary, Ledger},
    store::{Access, Row, Store, StoreError, Value},
};

/// How long a write waits for another process that writes: longer than any transaction here takes on a slow disk.
const BUSY: Duration = Duration::from_secs(5);
/// Queries that are kept compiled: more than there are.
const STATEMENTS: usize = 64;

/// A journal in a file.
pub type SqliteJournal = Ledger<Sqlite>;

/// A file of SQLite.
pub struct Sqlite(Connection);

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sqlite").field(&self.0.path()).finish()
    }
}

impl SqliteJournal {
    /// Opens a file, or begins one. Every commit is on disk when it returns.
    ///
    /// Errors: [`JournalError::Format`], [`JournalError::Store`].
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::begin(Sqlite(opened(path)?))
    }

    /// Opens a file that may grow by so many pages only: a drill's full disk.
    ///
    /// Errors: [`JournalError::Format`], [`JournalError::Store`].
    pub fn open_within(path: &Path, more_pages: u32) -> Result<Self, JournalError> {
        let connection = opened(path)?;
        let pages: u32 = connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .map_err(failed)?;
        // It answers with the new limit, which is not asked for.
        connection
            .pragma_update_and_check(
                None,
                "max_page_count",
                pages.saturating_add(more_pages),
                |_| Ok(()),
            )
            .map_err(failed)?;
        Self::begin(Sqlite(connection))
    }

    /// Opens a file, and tells `watch` before and after every commit: there a drill may end the process.
    pub fn open_watched(
        path: &Path,
        watch: impl FnMut(Boundary) + Send + 'static,
    ) -> Result<Self, JournalError> {
        Ok(Self::open(path)?.watched(watch))
    }
}

impl Store for Sqlite {
    fn begin(&mut self, access: Access) -> Result<(), StoreError> {
        self.0
            .execute_batch(match access {
                Access::Read => "BEGIN",
                // There is one writer: who decides a write is it from the beginning.
                Access::Write => "BEGIN IMMEDIATE",
            })
            .map_err(failed)
    }

    fn alone(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.0.execute_batch("COMMIT").map_err(failed)
    }

    fn rollback(&mut self) {
        // What SQLite ended by itself, on a full disk, is no transaction any more.
        let _ = self.0.execute_batch("ROLLBACK");
    }

    fn run(&mut self, query: &'static str, params: Vec<Value>) -> Result<u64, StoreError> {
        let mut statement = self.0.prepare_cached(query).map_err(failed)?;
        let changed = statement
            .execute(params_from_iter(params))
            .map_err(failed)?;
        Ok(changed as u64)
    }

    fn rows(&mut self, query: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.0.prepare_cached(query).map_err(failed)?;
        let columns = statement.column_count();
        let rows = statement.query_map(params_from_iter(params), |row| {
            let values = (0..columns).map(|place| match row.get_ref(place)? {
                ValueRef::Integer(number) => Ok(Value::Number(number)),
                ValueRef::Text(text) => Ok(Value::Text(String::from_utf8_lossy(text).into_owned())),
                _ => Ok(Value::Nothing),
            });
            values.collect::<rusqlite::Result<_>>().map(Row)
        });
        rows.map_err(failed)?
            .map(|row| row.map_err(failed))
            .collect()
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Nothing => Ok(rusqlite::types::Null.into()),
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

fn opened(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL")] {
        connection
            .pragma_update(None, name, value)
            .map_err(failed)?;
    }
    Ok(connection)
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::failed(error)
}
