//! What the dashboard has read, kept on this machine: logs that lie too deep to be taken back, and what was asked about them once and
//! never changes. The next start goes on above them.
//!
//! It is a copy of what the chain says. A file of another chain or city, one that cannot be read, or one that the chain contradicts is
//! emptied, and nothing is lost but the time to read it again.

use std::{collections::BTreeMap, fmt, path::Path, time::Duration};

use agentcity_domain::peer::Peer;
use alloy::primitives::{Address, B256, hex};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{gas::Cost, picture::mission::View};
use crate::{event::Head, source::log::Log};

/// Version of what is in the file: another one is emptied.
const VERSION: u32 = 2;
/// Logs that are read at once, besides the rest of the last one's block.
pub const PAGE: usize = 4_096;
/// How long a start waits for a file that the process before it did not let go yet.
const BUSY: Duration = Duration::from_secs(2);

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS city (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, top TEXT) STRICT;
CREATE TABLE IF NOT EXISTS log (block INTEGER NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (block, place)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (kind INTEGER NOT NULL, of TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, of)) STRICT, WITHOUT ROWID;
";

/// Whose history it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The chain.
    pub chain_id: u64,
    /// The hash of its first block: a devnode that was begun anew has the same number and the same addresses.
    pub genesis: B256,
    /// The city's constitution.
    pub constitution: Address,
    /// The first block that was read.
    pub from_block: u64,
}

/// What was asked once and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// What a transaction cost.
    Cost(B256, Cost),
    /// Tiers of a mission's nodes, in their order.
    Tiers(B256, Vec<u8>),
    /// A mission that ended, as the chain tells it.
    View(B256, View),
}

/// Which table of facts: a number in the file.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Cost = 1,
    Tiers = 2,
    View = 3,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// SQLite does not do it.
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
    /// What it holds is of another form.
    #[error("what was kept cannot be read: {0}")]
    Form(#[from] serde_json::Error),
}

/// Logs of whole blocks, with what is known of their transactions.
#[derive(Debug, Default)]
pub struct Page {
    /// The logs, in the order of the chain.
    pub logs: Vec<Log>,
    /// What their transactions cost, as far as it is known.
    pub costs: BTreeMap<B256, Cost>,
}

/// The file.
pub struct Kept {
    connection: Connection,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept")
            .field(&self.connection.path())
            .finish()
    }
}

impl Kept {
    /// Opens the file, or begins it. One of another chain or city is emptied, and the log says so. Nobody else may have it: two that
    /// write would leave gaps to each other.
    ///
    /// Errors: [`KeptError::Store`], as where another process has it.
    pub fn open(path: &Path, name: &Name) -> Result<Self, KeptError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // It can be read again from the chain: a write that a power cut loses costs nothing.
        for (key, value) in [
            ("locking_mode", "EXCLUSIVE"),
            ("journal_mode", "WAL"),
            ("synchronous", "NORMAL"),
        ] {
            connection.pragma_update(None, key, value)?;
        }
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT;")?;
        connection.execute_batch(TABLES)?;
        let mut kept = Self { connection };
        let name = name.text();
        match kept.name()? {
            Some(found) if found == name => {}
            Some(found) => {
                tracing::warn!(
                    file = %path.display(),
                    found,
                    wanted = name,
                    "what the dashboard kept is of another chain, city or first block: the file is emptied, and the chain is read from the city's first block on"
                );
                kept.begin(&name)?;
            }
            None => kept.begin(&name)?,
        }
        Ok(kept)
    }

    fn name(&self) -> Result<Option<String>, KeptError> {
        let found = self
            .connection
            .query_row("SELECT name FROM city", [], |row| row.get(0));
        Ok(found.optional()?)
    }

    fn begin(&mut self, name: &str) -> Result<(), KeptError> {
        let writes = self.connection.transaction()?;
        for table in ["city", "log", "fact"] {
            writes.execute(&format!("DELETE FROM {table}"), [])?;
        }
        writes.execute("INSERT INTO city VALUES (1, ?1, NULL)", [name])?;
        writes.commit()?;
        Ok(())
    }

    /// Empties it: the chain says something else.
    ///
    /// Errors: [`KeptError::Store`].
    pub fn clear(&mut self) -> Result<(), KeptError> {
        let name = self.name()?.unwrap_or_default();
        self.begin(&name)
    }

    /// The block up to which all logs are here; nothing when none was kept.
    ///
    /// Errors: [`KeptError`]; so for all below.
    pub fn top(&self) -> Result<Option<Head>, KeptError> {
        let found = self
            .connection
            .query_row("SELECT top FROM city", [], |row| {
                row.get::<_, Option<String>>(0)
            });
        let text = found.optional()?.flatten();
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// The logs above block `after`, of whole blocks; none when there are no more.
    pub fn page(&self, after: u64) -> Result<Page, KeptError> {
        let mut page = Page::default();
        let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let after = number(after);
        let mut first = self.connection.prepare_cached(
            "SELECT block, place, body FROM log WHERE block > ?1 ORDER BY block, place LIMIT ?2",
        )?;
        let mut last = None;
        let mut rows = first.query(params![after, most])?;
        while let Some(row) = rows.next()? {
            last = Some((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            page.logs
                .push(serde_json::from_str(&row.get::<_, String>(2)?)?);
        }
        // A block is taken whole: its transactions are counted once.
        if let Some((block, place)) = last {
            let mut rest = self.connection.prepare_cached(
                "SELECT body FROM log WHERE block = ?1 AND place > ?2 ORDER BY place",
            )?;
            let mut rows = rest.query([block, place])?;
            while let Some(row) = rows.next()? {
                page.logs
                    .push(serde_json::from_str(&row.get::<_, String>(0)?)?);
            }
        }
        for log in &page.logs {
            if page.costs.contains_key(&log.transaction) {
                continue;
            }
            if let Some((called, gas)) =
                self.fact::<(Option<u8>, u64)>(Kind::Cost, &log.transaction)?
            {
                let called = called.and_then(|place| Peer::ALL.get(usize::from(place)).copied());
                page.costs.insert(log.transaction, Cost { called, gas });
            }
        }
        Ok(page)
    }

    /// Tiers of a mission's nodes.
    pub fn tiers(&self, mission: &B256) -> Result<Option<Vec<u8>>, KeptError> {
        self.fact(Kind::Tiers, mission)
    }

    /// A mission that ended, as the chain told it.
    pub fn view(&self, mission: &B256) -> Result<Option<View>, KeptError> {
        self.fact(Kind::View, mission)
    }

    fn fact<T: DeserializeOwned>(&self, kind: Kind, of: &B256) -> Result<Option<T>, KeptError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT body FROM fact WHERE kind = ?1 AND of = ?2")?;
        let found = query.query_row(params![kind as i64, hex::encode(of)], |row| {
            row.get::<_, String>(0)
        });
        let text = found.optional()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Keeps what lies up to `top`, all of it or nothing.
    pub fn add(&mut self, logs: &[Log], facts: &[Fact], top: Head) -> Result<(), KeptError> {
        let writes = self.connection.transaction()?;
        for log in logs {
            let mut insert =
                writes.prepare_cached("INSERT OR REPLACE INTO log VALUES (?1, ?2, ?3)")?;
            let body = serde_json::to_string(log)?;
            insert.execute(params![number(log.at.number), number(log.index), body])?;
        }
        for fact in facts {
            match fact {
                Fact::Cost(of, cost) => {
                    let called = cost.called.map(|peer| peer.place());
                    write(&writes, Kind::Cost, of, &(called, cost.gas))?;
                }
                Fact::Tiers(of, tiers) => write(&writes, Kind::Tiers, of, tiers)?,
                Fact::View(of, view) => write(&writes, Kind::View, of, view)?,
            }
        }
        writes.execute("UPDATE city SET top = ?1", [serde_json::to_string(&top)?])?;
        writes.commit()?;
        Ok(())
    }
}

impl Name {
    fn text(&self) -> String {
        let Self {
            chain_id,
            genesis,
            constitution,
            from_block,
        } = self;
        format!("{VERSION} {chain_id} {genesis:#x} {constitution} {from_block}")
    }
}

fn write(
    writes: &Transaction<'_>,
    kind: Kind,
    of: &B256,
    body: &impl Serialize,
) -> Result<(), KeptError> {
    let mut insert = writes.prepare_cached("INSERT OR REPLACE INTO fact VALUES (?1, ?2, ?3)")?;
    insert.execute(params![
        kind as i64,
        hex::encode(of),
        serde_json::to_string(body)?
    ])?;
    Ok(())
}

/// A block's or a log's number in the file: no chain has more than that.
fn number(of: u64) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Bytes;

    use super::*;

    fn name() -> Name {
        Name {
            chain_id: 7,
            genesis: B256::repeat_byte(6),
            constitution: Address::repeat_byte(1),
            from_block: 3,
        }
    }

    fn head(number: u64) -> Head {
        Head {
            number,
            hash: B256::repeat_byte(number as u8),
            time: agentcity_domain::time::Timestamp::new(number),
        }
    }

    fn log(block: u64, index: u64, transaction: u8) -> Log {
        Log {
            address: Address::repeat_byte(2),
            topics: vec![B256::repeat_byte(3)],
            data: Bytes::from(vec![4]),
            at: head(block),
            transaction: B256::repeat_byte(transaction),
            index,
        }
    }

    const COST: Cost = Cost {
        called: Some(Peer::Treasury),
        gas: 21_000,
    };

    #[test]
    fn what_was_added_is_there_after_the_next_start_in_whole_blocks() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen");
        let mut kept = Kept::open(&path, &name()).unwrap();
        assert_eq!(kept.top().unwrap(), None);
        let many: Vec<Log> = (0..PAGE as u64 + 3).map(|index| log(5, index, 9)).collect();
        let view = View {
            deadline: 1,
            epoch: 2,
            depth: 3,
            refinements: 4,
            parent: B256::ZERO,
            halted_until: 5,
        };
        let (transaction, mission) = (B256::repeat_byte(9), B256::repeat_byte(8));
        let facts = [
            Fact::Cost(transaction, COST),
            Fact::Tiers(mission, vec![1, 3]),
            Fact::View(mission, view),
        ];
        kept.add(&many, &facts, head(6)).unwrap();
        kept.add(&[log(7, 0, 1)], &[], head(9)).unwrap();
        drop(kept);
        let kept = Kept::open(&path, &name()).unwrap();
        assert_eq!(kept.top().unwrap(), Some(head(9)));
        let page = kept.page(0).unwrap();
        assert_eq!((page.logs.len(), &page.logs), (many.len(), &many));
        assert_eq!(page.costs, BTreeMap::from([(transaction, COST)]));
        assert_eq!(kept.page(5).unwrap().logs, [log(7, 0, 1)]);
        assert!(kept.page(7).unwrap().logs.is_empty());
        assert_eq!(kept.tiers(&mission).unwrap(), Some(vec![1, 3]));
        assert_eq!(kept.view(&mission).unwrap(), Some(view));
        assert_eq!(kept.view(&transaction).unwrap(), None);
    }

    #[test]
    fn a_file_of_another_chain_of_another_city_or_of_another_first_block_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen");
        for other in [
            Name {
                chain_id: 8,
                ..name()
            },
            Name {
                genesis: B256::ZERO,
                ..name()
            },
            Name {
                constitution: Address::ZERO,
                ..name()
            },
            Name {
                from_block: 4,
                ..name()
            },
        ] {
            let mut kept = Kept::open(&path, &name()).unwrap();
            kept.add(&[log(5, 0, 9)], &[], head(6)).unwrap();
            drop(kept);
            let kept = Kept::open(&path, &other).unwrap();
            assert_eq!(kept.top().unwrap(), None, "{other:?}");
            assert!(kept.page(0).unwrap().logs.is_empty());
        }
    }

    #[test]
    fn two_do_not_write_into_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen");
        let kept = Kept::open(&path, &name()).unwrap();
        assert!(matches!(
            Kept::open(&path, &name()),
            Err(KeptError::Store(_))
        ));
        drop(kept);
        Kept::open(&path, &name()).unwrap();
    }
}
