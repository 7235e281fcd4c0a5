//! What the log says of itself: entries, roots, proofs, heads, anchors.

use agentcity_domain::roster::{
    anchor::Anchor,
    tree::{Proof, Span},
};
use alloy::primitives::{Address, B256};
use rusqlite::params;

use super::{
    Log, LogError, PAGE_MAX, all, bytes, maybe, node, read, root, run, size, span, sql, stored,
};
use crate::{
    head::{Head, SignedHead},
    tree,
};

/// An anchor of this log, and the transaction in which it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// Where it stands.
    pub roster: Address,
    /// Its number among the author's.
    pub sequence: u64,
    /// What was anchored.
    pub anchor: Anchor,
    /// In which block.
    pub block: u64,
    /// In which transaction.
    pub transaction: B256,
}

impl Log {
    /// How many entries it has.
    pub fn size(&self) -> Result<u64, LogError> {
        size(&self.connection)
    }

    /// Its root when it had so many entries.
    ///
    /// Errors: [`LogError::Beyond`].
    pub fn root(&self, size: u64) -> Result<B256, LogError> {
        self.reached(size)?;
        root(&self.connection, size)
    }

    /// The line of an entry.
    ///
    /// Errors: [`LogError::Beyond`].
    pub fn line(&self, place: u64) -> Result<String, LogError> {
        let found = maybe(&self.connection, sql::ENTRY, [stored(place)?], |row| {
            row.get(0)
        })?;
        match found {
            Some(line) => Ok(line),
            None => Err(self.beyond(place)?),
        }
    }

    /// Lines from a place on, with their places: at most [`PAGE_MAX`].
    pub fn lines(&self, from: u64, limit: usize) -> Result<Vec<(u64, String)>, LogError> {
        let limit = limit.min(PAGE_MAX) as u64;
        let params = [stored(from)?, stored(limit)?];
        let rows = all(&self.connection, sql::ENTRIES, params, |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?))
        })?;
        rows.into_iter()
            .map(|(place, line)| Ok((read(place)?, line)))
            .collect()
    }

    /// That an entry is in the log of that size.
    ///
    /// Errors: [`LogError::Beyond`].
    pub fn inclusion(&self, place: u64, size: u64) -> Result<Vec<B256>, LogError> {
        self.reached(size)?;
        match Proof::of_entry(place, size) {
            Some(proof) => self.hashes(&proof),
            None => Err(LogError::Beyond { size, asked: place }),
        }
    }

    /// That the log of size `new` extends that of size `old`: what the roster's `proveConsistency` takes.
    ///
    /// Errors: [`LogError::Beyond`].
    pub fn extension(&self, old: u64, new: u64) -> Result<Vec<B256>, LogError> {
        self.reached(new)?;
        match Proof::of_extension(old, new) {
            Some(proof) => self.hashes(&proof),
            None => Err(LogError::Beyond {
                size: new,
                asked: old,
            }),
        }
    }

    /// Every leaf against its line, and every root against the leaves: the whole log, from nothing. As many steps as entries.
    ///
    /// Errors: [`LogError::Damaged`] at the first contradiction.
    pub fn audit(&self) -> Result<(), LogError> {
        let size = self.size()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT place, line, leaf FROM entries ORDER BY place")?;
        let mut rows = statement.query([])?;
        let mut leaves = Vec::new();
        while let Some(row) = rows.next()? {
            let (place, line): (i64, String) = (row.get(0)?, row.get(1)?);
            let leaf = B256::new(row.get::<_, [u8; 32]>(2)?);
            if read(place)? != leaves.len() as u64 {
                return Err(LogError::damaged(format!(
                    "entry {} is missing",
                    leaves.len()
                )));
            }
            if tree::leaf(line.as_bytes()) != leaf {
                return Err(LogError::damaged(format!("entry {place} was changed")));
            }
            leaves.push(leaf);
        }
        let of = |count: u64| tree::root(&leaves[..count as usize]);
        if of(size) != self.root(size)? {
            return Err(LogError::damaged("a hash of the tree was changed"));
        }
        let mut until = size;
        while let Some(head) = self.head_within(until)? {
            if of(head.head.size) != head.head.root {
                let what = format!("the head of {} entries is of another log", head.head.size);
                return Err(LogError::damaged(what));
            }
            match head.head.size.checked_sub(1) {
                Some(less) => until = less,
                None => break,
            }
        }
        Ok(())
    }

    /// Records a head that its author signed. One of a size is kept: the first.
    ///
    /// Errors: [`LogError::OtherRoot`], [`LogError::Beyond`].
    pub fn record_head(&mut self, signed: &SignedHead) -> Result<(), LogError> {
        let head = signed.head;
        self.is_own(head.anchor())?;
        self.write("head", |tx, _| {
            let root = head.root.as_slice();
            let (size, time) = (stored(head.size)?, stored(head.timestamp)?);
            run(
                tx,
                sql::HEAD_ADD,
                params![size, root, time, signed.signature.as_ref()],
            )?;
            Ok(())
        })
    }

    /// The greatest signed head of a log of at most so many entries.
    pub fn head_within(&self, most: u64) -> Result<Option<SignedHead>, LogError> {
        let found = maybe(&self.connection, sql::HEAD, [stored(most)?], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                B256::new(row.get::<_, [u8; 32]>(1)?),
                row.get::<_, i64>(2)?,
                bytes(row, 3)?,
            ))
        })?;
        let Some((size, root, timestamp, signature)) = found else {
            return Ok(None);
        };
        Ok(Some(SignedHead {
            head: Head {
                size: read(size)?,
                root,
                timestamp: read(timestamp)?,
            },
            signature,
        }))
    }

    /// Records an anchor that the chain shows.
    ///
    /// Errors: [`LogError::OtherRoot`]: the chain has a root under this author's name that is none of this log's.
    pub fn record_anchor(&mut self, anchored: &Anchored) -> Result<(), LogError> {
        self.is_own(anchored.anchor)?;
        self.write("anchor", |tx, _| {
            let (root, hash) = (anchored.anchor.root, anchored.transaction);
            let params = params![
                stored(anchored.sequence)?,
                stored(anchored.anchor.size)?,
                root.as_slice(),
                stored(anchored.block)?,
                hash.as_slice(),
                anchored.roster.as_slice()
            ];
            run(tx, sql::ANCHOR_ADD, params)?;
            Ok(())
        })
    }

    /// The anchor of that number, if it was recorded.
    pub fn anchor(&self, sequence: u64) -> Result<Option<Anchored>, LogError> {
        self.anchored(sql::ANCHOR, sequence)
    }

    /// The last anchor of a log of at most so many entries.
    pub fn anchor_within(&self, most: u64) -> Result<Option<Anchored>, LogError> {
        self.anchored(sql::ANCHOR_LAST, most)
    }

    fn anchored(&self, query: &str, number: u64) -> Result<Option<Anchored>, LogError> {
        let found = maybe(&self.connection, query, [stored(number)?], |row| {
            Ok((
                [row.get::<_, i64>(0)?, row.get(1)?, row.get(3)?],
                B256::new(row.get::<_, [u8; 32]>(2)?),
                B256::new(row.get::<_, [u8; 32]>(4)?),
                Address::new(row.get::<_, [u8; 20]>(5)?),
            ))
        })?;
        let Some(([sequence, size, block], root, transaction, roster)) = found else {
            return Ok(None);
        };
        Ok(Some(Anchored {
            roster,
            sequence: read(sequence)?,
            anchor: Anchor {
                size: read(size)?,
                root,
            },
            block: read(block)?,
            transaction,
        }))
    }

    /// Whether a root of some size is this log's.
    pub(super) fn is_own(&self, anchor: Anchor) -> Result<(), LogError> {
        let own = self.root(anchor.size)?;
        if own == anchor.root {
            return Ok(());
        }
        Err(LogError::OtherRoot {
            size: anchor.size,
            given: anchor.root,
            own,
        })
    }

    /// Looks whether the last root follows from the tree's edge.
    pub(super) fn check_tip(&self) -> Result<(), LogError> {
        let size = self.size()?;
        let recorded: Option<String> =
            maybe(&self.connection, sql::META, ["tip"], |row| row.get(0))?;
        let own = match size {
            0 => None,
            _ => Some(format!("{size} {}", root(&self.connection, size)?)),
        };
        if recorded == own {
            return Ok(());
        }
        Err(LogError::damaged(format!(
            "it recorded {recorded:?} as its last size and root, its tree says {own:?}"
        )))
    }

    fn reached(&self, wanted: u64) -> Result<Span, LogError> {
        if wanted > self.size()? {
            return Err(self.beyond(wanted)?);
        }
        span(wanted)
    }

    fn beyond(&self, asked: u64) -> Result<LogError, LogError> {
        let size = self.size()?;
        Ok(LogError::Beyond { size, asked })
    }

    fn hashes(&self, proof: &Proof) -> Result<Vec<B256>, LogError> {
        let mut hashes = Vec::with_capacity(proof.spans().len());
        for span in proof.spans() {
            let hash = span.hash(|whole| node(&self.connection, whole), tree::join)?;
            hashes.push(hash.unwrap_or_else(tree::empty));
        }
        Ok(hashes)
    }
}
