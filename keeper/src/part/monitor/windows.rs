//! What agents handed in last, and said on the way, as vectors, on disk.
//!
//! ```text
//!  heard ──▶ completed, the youngest of its agent ──▶ … ──▶ one of the last of a window ──▶ gone
//!    └─────▶ another output completed the node: gone
//! ```
//!
//! What was said goes the same way, in a window of its own: with the output that its executor gave, and of one execution the first few
//! messages, so that nobody fills a window by one node.

use std::{path::Path, time::Duration};

use agentcity_monitor::{
    vector::{OtherDimension, Vector},
    window::{Lengths, Window},
};
use alloy::primitives::{Address, B256};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::execution::Execution;

/// Messages of one execution that enter a window. One node's are no window, however few the city lets speak for their agent.
const OF_ONE_NODE: u32 = 4;
/// How long a write waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// The file does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WindowsError {
    /// SQLite's word.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What is in it was not written by this program.
    #[error("a vector cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Vectors of two scorers.
    #[error(transparent)]
    Dimension(#[from] OtherDimension),
    /// It is of other scorers.
    #[error(
        "the file holds vectors of {found}, not of {wanted}: name another file, and agents are compared with the population until they have handed in enough for a window"
    )]
    Scorers {
        /// Whose they are.
        found: String,
        /// Whose they should be.
        wanted: String,
    },
}

/// What was heard of one output.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) vectors: [Vector; 2],
    pub(super) is_judged: bool,
}

#[derive(Debug)]
pub(super) struct Windows(Connection);

impl Windows {
    /// Opens a file, or begins one, for the scorers of these names. Every write is on disk when it returns.
    pub(super) fn open(path: &Path, scorers: [&str; 2]) -> Result<Self, WindowsError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS scorers (names TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS heard (
                 mission TEXT NOT NULL, node INTEGER NOT NULL, attempt INTEGER NOT NULL, agent TEXT NOT NULL, output TEXT NOT NULL,
                 own TEXT NOT NULL, second TEXT NOT NULL, judged INTEGER NOT NULL DEFAULT 0, completed INTEGER,
                 PRIMARY KEY (mission, node, attempt, agent, output)
             );
             CREATE INDEX IF NOT EXISTS of_agent ON heard (agent, completed);
             CREATE TABLE IF NOT EXISTS said (
                 mission TEXT NOT NULL, node INTEGER NOT NULL, attempt INTEGER NOT NULL, agent TEXT NOT NULL, message TEXT NOT NULL,
                 place INTEGER NOT NULL, own TEXT NOT NULL, second TEXT NOT NULL, judged INTEGER NOT NULL DEFAULT 0, output TEXT, completed INTEGER,
                 PRIMARY KEY (mission, node, attempt, agent, message)
             );
             CREATE INDEX IF NOT EXISTS said_by_agent ON said (agent, completed);",
        )?;
        let wanted = scorers.join(", ");
        let found = connection
            .query_row("SELECT names FROM scorers", [], |row| {
                row.get::<_, String>(0)
            })
            .optional()?;
        match found {
            Some(found) if found != wanted => return Err(WindowsError::Scorers { found, wanted }),
            Some(_) => {}
            None => {
                connection.execute("INSERT INTO scorers (names) VALUES ($1)", params![wanted])?;
            }
        }
        Ok(Self(connection))
    }

    pub(super) fn row(&self, of: &Execution, output: B256) -> Result<Option<Row>, WindowsError> {
        self.find(
            "SELECT own, second, judged FROM heard WHERE mission = $1 AND node = $2 AND attempt = $3 AND agent = $4 AND output = $5",
            of,
            output,
        )
    }

    /// What was heard of a message, by its hash.
    pub(super) fn said(&self, of: &Execution, message: B256) -> Result<Option<Row>, WindowsError> {
        self.find(
            "SELECT own, second, judged FROM said WHERE mission = $1 AND node = $2 AND attempt = $3 AND agent = $4 AND message = $5",
            of,
            message,
        )
    }

    fn find(&self, sql: &str, of: &Execution, hash: B256) -> Result<Option<Row>, WindowsError> {
        let mut query = self.0.prepare_cached(sql)?;
        let found = query.query_row(
            params![
                word(of.mission),
                of.node,
                of.attempt,
                account(of.agent),
                word(hash)
            ],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, bool>(2)?,
                ))
            },
        );
        let Some((own, second, is_judged)) = found.optional()? else {
            return Ok(None);
        };
        let vectors = [serde_json::from_str(&own)?, serde_json::from_str(&second)?];
        Ok(Some(Row { vectors, is_judged }))
    }

    pub(super) fn hear(
        &self,
        of: &Execution,
        output: B256,
        vectors: &[Vector; 2],
    ) -> Result<(), WindowsError> {
        self.0.execute(
            "INSERT INTO heard (mission, node, attempt, agent, output, own, second) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            params![
                word(of.mission),
                of.node,
                of.attempt,
                account(of.agent),
                word(output),
                serde_json::to_string(&vectors[0])?,
                serde_json::to_string(&vectors[1])?
            ],
        )?;
        Ok(())
    }

    /// A message, and its number in its execution.
    pub(super) fn say(
        &self,
        of: &Execution,
        (place, message): (u32, B256),
        vectors: &[Vector; 2],
    ) -> Result<(), WindowsError> {
        self.0.execute(
            "INSERT INTO said (mission, node, attempt, agent, place, message, own, second) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            params![
                word(of.mission),
                of.node,
                of.attempt,
                account(of.agent),
                place,
                word(message),
                serde_json::to_string(&vectors[0])?,
                serde_json::to_string(&vectors[1])?
            ],
        )?;
        Ok(())
    }

    /// What an execution said belongs to this output.
    pub(super) fn gave(&self, of: &Execution, output: B256) -> Result<(), WindowsError> {
        self.0.execute(
            "UPDATE said SET output = $1 WHERE mission = $2 AND node = $3 AND attempt = $4 AND agent = $5 AND completed IS NULL",
            params![
                word(output),
                word(of.mission),
                of.node,
                of.attempt,
                account(of.agent)
            ],
        )?;
        Ok(())
    }

    /// The windows of an agent's outputs, for each scorer.
    pub(super) fn of(&self, agent: Address, lengths: Lengths) -> Result<[Window; 2], WindowsError> {
        self.window(
            "SELECT own, second FROM heard WHERE agent = $1 AND completed IS NOT NULL ORDER BY completed DESC LIMIT $2",
            agent,
            lengths,
        )
    }

    /// The windows of what an agent says, for each scorer.
    pub(super) fn said_by(
        &self,
        agent: Address,
        lengths: Lengths,
    ) -> Result<[Window; 2], WindowsError> {
        let least = lengths.least.max(OF_ONE_NODE + 1);
        let lengths = Lengths { least, ..lengths };
        self.window(
            "SELECT own, second FROM said WHERE agent = $1 AND completed IS NOT NULL ORDER BY completed DESC, place DESC LIMIT $2",
            agent,
            lengths,
        )
    }

    fn window(
        &self,
        sql: &str,
        agent: Address,
        lengths: Lengths,
    ) -> Result<[Window; 2], WindowsError> {
        let mut query = self.0.prepare_cached(sql)?;
        let rows = query.query_map(params![account(agent), lengths.most], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut newest_first = rows.collect::<Result<Vec<_>, _>>()?;
        newest_first.reverse();
        let mut windows = [Window::new(lengths), Window::new(lengths)];
        for (own, second) in newest_first {
            windows[0].push(serde_json::from_str(&own)?)?;
            windows[1].push(serde_json::from_str(&second)?)?;
        }
        Ok(windows)
    }

    pub(super) fn judged(&self, of: &Execution) -> Result<(), WindowsError> {
        for sql in [
            "UPDATE heard SET judged = 1 WHERE mission = $1 AND node = $2 AND attempt = $3 AND agent = $4 AND judged = 0",
            "UPDATE said SET judged = 1 WHERE mission = $1 AND node = $2 AND attempt = $3 AND agent = $4 AND judged = 0",
        ] {
            self.0.execute(
                sql,
                params![word(of.mission), of.node, of.attempt, account(of.agent)],
            )?;
        }
        Ok(())
    }

    pub(super) fn waits(&self, mission: B256, node: u16) -> Result<bool, WindowsError> {
        let mut query = self.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM heard WHERE mission = $1 AND node = $2 AND completed IS NULL)
                 OR EXISTS (SELECT 1 FROM said WHERE mission = $1 AND node = $2 AND completed IS NULL)",
        )?;
        Ok(query.query_row(params![word(mission), node], |row| row.get(0))?)
    }

    /// A node's output enters the windows of those who gave it, of which the last `most` are kept.
    pub(super) fn completed(
        &mut self,
        mission: B256,
        node: u16,
        output: B256,
        most: u32,
    ) -> Result<(), WindowsError> {
        let write = self.0.transaction()?;
        let (mission, output) = (word(mission), word(output));
        // Those who gave the node's value share a place in the order: none of them is another's window.
        write.execute(
            "UPDATE heard SET completed = (SELECT COALESCE(MAX(completed), 0) + 1 FROM heard)
             WHERE mission = $1 AND node = $2 AND output = $3 AND completed IS NULL",
            params![mission, node, output],
        )?;
        write.execute(
            "DELETE FROM heard WHERE mission = $1 AND node = $2 AND output <> $3 AND completed IS NULL",
            params![mission, node, output],
        )?;
        for agent in agents(
            &write,
            "SELECT DISTINCT agent FROM heard WHERE mission = $1 AND node = $2",
            &mission,
            node,
        )? {
            // The oldest that a whole window has, if it is whole.
            write.execute(
                "DELETE FROM heard WHERE agent = $1 AND completed <
                     (SELECT completed FROM heard WHERE agent = $1 AND completed IS NOT NULL ORDER BY completed DESC LIMIT 1 OFFSET $2 - 1)",
                params![agent, most],
            )?;
        }
        write.execute(
            "UPDATE said SET completed = (SELECT COALESCE(MAX(completed), 0) + 1 FROM said)
             WHERE mission = $1 AND node = $2 AND output = $3 AND completed IS NULL AND place < $4",
            params![mission, node, output, OF_ONE_NODE],
        )?;
        write.execute(
            "DELETE FROM said WHERE mission = $1 AND node = $2 AND completed IS NULL",
            params![mission, node],
        )?;
        for agent in agents(
            &write,
            "SELECT DISTINCT agent FROM said WHERE mission = $1 AND node = $2",
            &mission,
            node,
        )? {
            write.execute(
                "DELETE FROM said WHERE agent = $1 AND completed IS NOT NULL AND (completed, place) <
                     (SELECT completed, place FROM said WHERE agent = $1 AND completed IS NOT NULL ORDER BY completed DESC, place DESC LIMIT 1 OFFSET $2 - 1)",
                params![agent, most],
            )?;
        }
        write.commit()?;
        Ok(())
    }
}

/// Whose rows of a node there are.
fn agents(
    write: &Transaction<'_>,
    sql: &str,
    mission: &str,
    node: u16,
) -> rusqlite::Result<Vec<String>> {
    let mut query = write.prepare_cached(sql)?;
    let rows = query.query_map(params![mission, node], |row| row.get(0))?;
    rows.collect()
}

fn word(word: B256) -> String {
    format!("{word:#x}")
}

fn account(agent: Address) -> String {
    format!("{agent:#x}")
}

#[cfg(test)]
mod tests {
    use agentcity_monitor::window::{Basis, Population};

    use super::*;

    const AGENT: Address = Address::repeat_byte(7);
    const LENGTHS: Lengths = Lengths { most: 20, least: 5 };

    fn execution(node: u16) -> Execution {
        Execution {
            mission: B256::repeat_byte(1),
            node,
            attempt: 0,
            agent: AGENT,
        }
    }

    fn hash(node: u16) -> B256 {
        B256::from(alloy::primitives::U256::from(node + 1))
    }

    fn vectors(node: u16) -> [Vector; 2] {
        let vector = |first: f64| Vector::of(&[first, 1.0, f64::from(node)]).expect("a vector");
        [vector(2.0), vector(3.0)]
    }

    #[test]
    fn a_window_is_of_the_last_twenty_completed_outputs_and_outlives_its_process() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("windows");
        let open = || Windows::open(&path, ["a", "b"]).expect("a file");
        let mut windows = open();
        for node in 0..23 {
            let of = execution(node);
            windows
                .hear(&of, hash(node), &vectors(node))
                .expect("heard");
            // Another output of the same node, which the chain never completes.
            windows
                .hear(&of, B256::repeat_byte(9), &vectors(99))
                .expect("heard");
            assert!(windows.waits(of.mission, node).expect("asked"));
            let [own, _] = windows.of(AGENT, LENGTHS).expect("a window");
            assert_eq!(
                own.len(),
                usize::from(node).min(20),
                "not before it is completed"
            );
            windows
                .completed(of.mission, node, hash(node), LENGTHS.most)
                .expect("completed");
            assert!(!windows.waits(of.mission, node).expect("asked"));
        }
        let mut expected = [Window::default(), Window::default()];
        for node in 3..23 {
            let [own, second] = vectors(node);
            expected[0].push(own).expect("alike");
            expected[1].push(second).expect("alike");
        }
        assert_eq!(open().of(AGENT, LENGTHS).expect("a window"), expected);
        let rows = windows
            .0
            .query_row("SELECT COUNT(*) FROM heard", [], |row| row.get::<_, i64>(0));
        assert_eq!(rows, Ok(20), "what is in no window is gone");
    }

    #[test]
    fn a_window_of_messages_takes_the_first_few_of_each_node_that_the_chain_completed_by_their_output()
     {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("windows");
        let mut windows = Windows::open(&path, ["a", "b"]).expect("a file");
        let message = |node: u16, place: u16| hash(100 * node + place);
        for node in 0..7 {
            let of = execution(node);
            for place in 0..6 {
                let said = (u32::from(place), message(node, place));
                let vectors = vectors(10 * node + place);
                windows.say(&of, said, &vectors).expect("said");
            }
            assert!(windows.waits(of.mission, node).expect("asked"));
            // The chain completed the fourth node with somebody else's output.
            let gave = if node == 3 { B256::ZERO } else { hash(node) };
            windows.gave(&of, gave).expect("given");
            windows
                .completed(of.mission, node, hash(node), LENGTHS.most)
                .expect("completed");
            assert!(!windows.waits(of.mission, node).expect("asked"));
        }
        let mut expected = [Window::default(), Window::default()];
        // Six nodes, four messages each: the last twenty.
        let places = [0, 1, 2, 4, 5, 6].map(|node| (0..4).map(move |place| 10 * node + place));
        for place in places.into_iter().flatten().skip(4) {
            let [own, second] = vectors(place);
            expected[0].push(own).expect("alike");
            expected[1].push(second).expect("alike");
        }
        assert_eq!(windows.said_by(AGENT, LENGTHS).expect("a window"), expected);
        assert_eq!(windows.of(AGENT, LENGTHS).expect("a window")[0].len(), 0);
        let rows = windows
            .0
            .query_row("SELECT COUNT(*) FROM said", [], |row| row.get::<_, i64>(0));
        assert_eq!(rows, Ok(20), "what is in no window is gone");
    }

    #[test]
    fn messages_of_one_node_alone_speak_for_nobody_however_few_the_city_asks_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut windows = Windows::open(&dir.path().join("windows"), ["a", "b"]).expect("a file");
        let everyone: Vec<Vector> = (0..9).map(|node| vectors(node)[0].clone()).collect();
        let population = Population::of(&everyone).expect("alike").expect("differ");
        let few = Lengths { most: 20, least: 2 };
        for (node, basis) in [(0, Basis::Population), (1, Basis::Own(8))] {
            let of = execution(node);
            for place in 0..6 {
                let said = (u32::from(place), hash(100 * node + place));
                windows.say(&of, said, &vectors(place)).expect("said");
            }
            windows.gave(&of, hash(node)).expect("given");
            let completed = windows.completed(of.mission, node, hash(node), few.most);
            completed.expect("completed");
            let [own, _] = windows.said_by(AGENT, few).expect("a window");
            let score = own.score(&everyone[0], &population).expect("alike");
            assert_eq!(score.basis, basis);
        }
        // Two outputs are of two nodes.
        for node in 2..4 {
            let of = execution(node);
            windows
                .hear(&of, hash(node), &vectors(node))
                .expect("heard");
            let completed = windows.completed(of.mission, node, hash(node), few.most);
            completed.expect("completed");
        }
        let [own, _] = windows.of(AGENT, few).expect("a window");
        let score = own.score(&everyone[0], &population).expect("alike");
        assert_eq!(score.basis, Basis::Own(2));
    }

    #[test]
    fn what_was_judged_stays_judged_and_other_scorers_windows_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("windows");
        let windows = Windows::open(&path, ["a", "b"]).expect("a file");
        windows
            .hear(&execution(0), hash(0), &vectors(0))
            .expect("heard");
        let judged = |windows: &Windows| {
            let row = windows.row(&execution(0), hash(0)).expect("asked");
            row.expect("there").is_judged
        };
        assert!(!judged(&windows));
        windows.judged(&execution(0)).expect("judged");
        windows
            .hear(&execution(0), hash(0), &vectors(0))
            .expect("heard again");
        assert!(judged(&Windows::open(&path, ["a", "b"]).expect("a file")));
        let refused = Windows::open(&path, ["a", "c"])
            .expect_err("others")
            .to_string();
        assert!(refused.contains("a, b"), "{refused}");
    }
}
