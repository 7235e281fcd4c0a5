//! PostgreSQL as the journal's store, for keepers on several machines.
//!
//! The client runs in a thread of its own: the journal is synchronous, and the client's own loop must not begin inside the host's.
//! Whatever the connection dies of, the journal fails from then on: the process ends, and its successor reads what is recorded.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use postgres::{
    Client, Statement,
    error::SqlState,
    types::{ToSql, Type},
};

use super::{
    JournalError,
    ledger::{Boundary, Ledger},
    store::{Access, Row, Store, StoreError, Value},
    tls,
};

/// How long a connection may take to begin.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long the server may take for one query, and may wait for a lock: no transaction here takes a thousandth of it.
const QUERY_MS: u32 = 5_000;
/// How long an answer is waited for, from a server that may be gone: within the term of a lease.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Key of the lock under which tables are made.
const TABLES: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(4702111234474983745)) AS held";

/// A journal in a database.
pub type PostgresJournal = Ledger<Postgres>;

/// A question to the thread that holds the connection, with the way back.
type Question = (Query, Sender<Result<Answer, StoreError>>);

enum Query {
    Plain(&'static str),
    Run(&'static str, Vec<Value>),
    Rows(&'static str, Vec<Value>),
}

enum Answer {
    Done(u64),
    Rows(Vec<Row>),
}

/// A database of PostgreSQL.
pub struct Postgres {
    questions: Sender<Question>,
}

// Where it is may carry a password.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl PostgresJournal {
    /// Opens a database, or begins one, by a connection string of `libpq` (`host=… user=… dbname=…` or `postgres://…`). Every commit
    /// is on the server's disk when it returns, unless the server itself was told to be careless (`fsync`). A server on another machine is
    /// reached by TLS, unless `sslmode=disable` is asked for.
    ///
    /// Errors: [`JournalError::Format`], [`JournalError::Store`]; none repeats the connection string.
    pub fn connect(text: &str) -> Result<Self, JournalError> {
        let (mut config, connector) = tls::open(text)?;
        config.connect_timeout(CONNECT_WITHIN);
        config.application_name("agentcity-keeper");
        // Behind what the operator sets, a schema for example.
        let set = config.get_options().unwrap_or_default();
        let options = format!(
            "{set} -c statement_timeout={QUERY_MS} -c lock_timeout={QUERY_MS} -c synchronous_commit=on"
        );
        config.options(&options);
        let (questions, asked) = channel();
        let (opened, opening) = channel();
        let held = thread::Builder::new()
            .name("journal".into())
            .spawn(move || match config.connect(connector) {
                Ok(client) => {
                    let _ = opened.send(Ok(()));
                    answer(client, &asked);
                }
                Err(error) => {
                    let _ = opened.send(Err(failed(&error)));
                }
            });
        held.map_err(StoreError::failed)?;
        let opened = opening.recv_timeout(CONNECT_WITHIN + ANSWER_WITHIN);
        opened.map_err(|_| StoreError::failed("no connection in time"))??;
        Self::begin(Postgres { questions })
    }

    /// Opens a database, and tells `watch` before and after every commit: there a drill may end the process.
    pub fn connect_watched(
        text: &str,
        watch: impl FnMut(Boundary) + Send + 'static,
    ) -> Result<Self, JournalError> {
        Ok(Self::connect(text)?.watched(watch))
    }
}

impl Postgres {
    fn ask(&self, query: Query) -> Result<Answer, StoreError> {
        let (back, answered) = channel();
        let gone = || StoreError::failed("the connection is gone");
        self.questions.send((query, back)).map_err(|_| gone())?;
        match answered.recv_timeout(ANSWER_WITHIN) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(StoreError::failed("the server does not answer")),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }
}

impl Store for Postgres {
    fn begin(&mut self, access: Access) -> Result<(), StoreError> {
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // Two accounts sign for one action under two leases: only as if one after the other is the second refused.
            Access::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        };
        self.ask(Query::Plain(begin)).map(drop)
    }

    fn alone(&mut self) -> Result<(), StoreError> {
        self.ask(Query::Rows(TABLES, Vec::new())).map(drop)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.ask(Query::Plain("COMMIT")).map(drop)
    }

    fn rollback(&mut self) {
        let _ = self.ask(Query::Plain("ROLLBACK"));
    }

    fn run(&mut self, query: &'static str, params: Vec<Value>) -> Result<u64, StoreError> {
        match self.ask(Query::Run(query, params))? {
            Answer::Done(rows) => Ok(rows),
            Answer::Rows(rows) => Ok(rows.len() as u64),
        }
    }

    fn rows(&mut self, query: &'static str, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self.ask(Query::Rows(query, params))? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Done(_) => Ok(Vec::new()),
        }
    }
}

/// Answers until nobody asks any more.
fn answer(mut client: Client, asked: &Receiver<Question>) {
    let mut prepared = HashMap::new();
    while let Ok((query, back)) = asked.recv() {
        let answer = perform(&mut client, &mut prepared, query);
        // Who did not wait for the answer does not write any more either.
        if back.send(answer.map_err(|error| failed(&error))).is_err() {
            return;
        }
    }
}

fn perform(
    client: &mut Client,
    prepared: &mut HashMap<&'static str, Statement>,
    query: Query,
) -> Result<Answer, postgres::Error> {
    let (text, params, rows) = match query {
        Query::Plain(text) => return client.batch_execute(text).map(|()| Answer::Done(0)),
        Query::Run(text, params) => (text, params, false),
        Query::Rows(text, params) => (text, params, true),
    };
    let params: Vec<Box<dyn ToSql + Sync>> = params.into_iter().map(boxed).collect();
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(AsRef::as_ref).collect();
    if text.starts_with("CREATE") {
        return client.batch_execute(text).map(|()| Answer::Done(0));
    }
    let statement = match prepared.get(text) {
        Some(statement) => statement.clone(),
        None => {
            let statement = client.prepare(text)?;
            prepared.insert(text, statement.clone());
            statement
        }
    };
    if !rows {
        return client.execute(&statement, &params).map(Answer::Done);
    }
    let found = client.query(&statement, &params)?;
    let rows = found.iter().map(|row| {
        let value = |place: usize| match *row.columns()[place].type_() {
            Type::INT8 => row
                .try_get::<_, Option<i64>>(place)
                .map(|number| number.map_or(Value::Nothing, Value::Number)),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(place)
                .map(|number| number.map_or(Value::Nothing, |n| Value::Number(n.into()))),
            _ => row
                .try_get::<_, Option<String>>(place)
                .map(|text| text.map_or(Value::Nothing, Value::Text)),
        };
        (0..row.len()).map(value).collect::<Result<_, _>>().map(Row)
    });
    rows.collect::<Result<_, _>>().map(Answer::Rows)
}

/// As the client takes it. A number is the only thing that can be left out.
fn boxed(value: Value) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Nothing => Box::new(None::<i64>),
        Value::Number(number) => Box::new(number),
        Value::Text(text) => Box::new(text),
    }
}

fn failed(error: &postgres::Error) -> StoreError {
    let told = match error.as_db_error() {
        Some(told) => told.message().to_owned(),
        // The cause of a connection's end lies below what the client calls it.
        None => error
            .source()
            .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    };
    match error.code() {
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
            StoreError::conflict(told)
        }
        _ => StoreError::failed(told),
    }
}
