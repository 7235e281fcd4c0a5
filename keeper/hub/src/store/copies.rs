//! Copies of what must not be lost (RULINGS K18): which mirror still needs which entry, how often it was tried, and the receipts. Each
//! push and its end is on disk: who dies in between pushes again, which changes nothing at the mirror.

use std::collections::BTreeSet;

use agentcity_abi::document::ContentAddress;
use alloy::primitives::{Address, Bytes};
use rusqlite::params;

use super::{Edge, Log, LogError, Payload, all, maybe, query::Dim, read, run, sql, stored};
use crate::{
    entry::{Entry, Receipted},
    kind::EventType,
    mirror::{MirrorError, Parcel, Receipt},
};

/// How often an entry is pushed to a mirror: with doubled pauses, for about a day and a half. After that a human is told.
pub const TRIES_MAX: u32 = 12;
/// Most pushes that one pass begins.
pub const PUSHES_PER_PASS_MAX: usize = 64;
/// The first pause. It doubles.
const PAUSE_MS: u64 = 30_000;
/// Most characters of a cause that are kept.
const CAUSE_CHARS_MAX: usize = 200;

/// An entry that a mirror should have and has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The entry's place.
    pub place: u64,
    /// Whose storage.
    pub mirror: Address,
    /// How often it was tried.
    pub tries: u32,
    /// What is stored there.
    pub parcel: Parcel,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The mirror has it: its receipt is the entry at this place.
    Receipted(u64),
    /// It will be tried again, at this instant in unix milliseconds.
    Again(u64),
    /// It will not be tried again: a human must look at the mirror.
    GivenUp,
    /// It was over before: nothing changed.
    Over,
}

/// A push that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abandoned {
    /// The entry's place.
    pub place: u64,
    /// Whose storage.
    pub mirror: Address,
    /// How often it was tried.
    pub tries: u32,
    /// What went wrong last.
    pub cause: String,
}

impl Log {
    /// Pushes that are due at `now_ms`, the longest due first.
    pub fn pushes_due(&self, now_ms: u64) -> Result<Vec<Push>, LogError> {
        let params = [stored(now_ms)?, PUSHES_PER_PASS_MAX as i64];
        let rows = all(&self.connection, sql::PUSHES_DUE, params, |row| {
            Ok((
                row.get::<_, i64>(0)?,
                Address::new(row.get::<_, [u8; 20]>(1)?),
                row.get::<_, u32>(2)?,
            ))
        })?;
        let mut due = Vec::with_capacity(rows.len());
        for (place, mirror, tries) in rows {
            let place = read(place)?;
            due.push(Push {
                place,
                mirror,
                tries,
                parcel: self.parcel(place)?,
            });
        }
        Ok(due)
    }

    /// An entry with its payload, as mirrors store them.
    pub fn parcel(&self, place: u64) -> Result<Parcel, LogError> {
        let line = self.line(place)?;
        let payload = match Entry::read(&line) {
            Ok(Entry::Event(event)) => match self.payload(&event.payload_cid)? {
                Payload::Here(body) => body,
                Payload::Gone(_) | Payload::Unknown => Bytes::new(),
            },
            Ok(Entry::Receipt(_) | Entry::Tombstone(_)) => Bytes::new(),
            Err(error) => return Err(LogError::damaged(format!("entry {place}: {error}"))),
        };
        Ok(Parcel::new(&line, &payload))
    }

    /// Records what became of a push at `now_ms`: a receipt that was verified becomes an entry, a failure another try, a lie the end.
    pub fn tried(
        &mut self,
        push: &Push,
        now_ms: u64,
        result: Result<&Receipt, &MirrorError>,
    ) -> Result<Tried, LogError> {
        let place = stored(push.place)?;
        self.write("push", |tx, _| {
            let at = params![place, push.mirror.as_slice()];
            let found = maybe(tx, sql::PUSH, at, |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?))
            })?;
            let Some((sql::OPEN, tries)) = found else {
                return Ok(Tried::Over);
            };
            let tries = tries.saturating_add(1);
            let (state, next, cause, ended) = match result {
                Ok(receipt) => {
                    let mut edge = Edge::begin(tx)?;
                    let line = Receipted {
                        sequence: edge.size,
                        of: push.place,
                        parcel: receipt.parcel,
                        mirror: receipt.mirror,
                        stored_at: receipt.stored_at,
                        signature: receipt.signature.clone(),
                        timestamp: now_ms,
                    };
                    let at = edge.add(tx, &Entry::Receipt(line))?;
                    edge.finish(tx)?;
                    (sql::STORED, 0, String::new(), Tried::Receipted(at))
                }
                Err(error) => {
                    let cause: String = error.to_string().chars().take(CAUSE_CHARS_MAX).collect();
                    let pause = PAUSE_MS << tries.saturating_sub(1).min(TRIES_MAX);
                    let next = now_ms.saturating_add(pause).min(i64::MAX as u64);
                    if error.is_lie() || tries >= TRIES_MAX {
                        (sql::GIVEN_UP, next, cause, Tried::GivenUp)
                    } else {
                        (sql::OPEN, next, cause, Tried::Again(next))
                    }
                }
            };
            let set = params![
                state,
                tries,
                stored(next)?,
                cause,
                place,
                push.mirror.as_slice()
            ];
            run(tx, sql::PUSH_SET, set)?;
            Ok(ended)
        })
    }

    /// Pushes that were given up, for a human: at most so many.
    pub fn abandoned(&self, limit: u32) -> Result<Vec<Abandoned>, LogError> {
        let rows = all(&self.connection, sql::PUSHES_LEFT, [limit], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                Address::new(row.get::<_, [u8; 20]>(1)?),
                row.get::<_, u32>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?;
        rows.into_iter()
            .map(|(place, mirror, tries, cause)| {
                Ok(Abandoned {
                    place: read(place)?,
                    mirror,
                    tries,
                    cause,
                })
            })
            .collect()
    }

    /// A mirror that is new gets what was logged before it; one that is not wanted any more is owed nothing; what was given up is
    /// tried again, since whoever restarts has looked.
    pub(super) fn enlist_mirrors(&mut self) -> Result<(), LogError> {
        let wanted: BTreeSet<Address> = self.settings.mirrors.iter().copied().collect();
        self.write("mirrors", |tx, _| {
            let known = all(tx, sql::MIRRORS, [], |row| {
                row.get::<_, [u8; 20]>(0).map(Address::new)
            })?;
            for mirror in known.iter().filter(|mirror| !wanted.contains(*mirror)) {
                run(tx, sql::PUSHES_FORGET, [mirror.as_slice()])?;
            }
            run(
                tx,
                "UPDATE pushes SET state = 0, tries = 0, next = 0 WHERE state = 2",
                [],
            )?;
            let critical = EventType::ALL.iter().filter(|kind| kind.is_critical());
            for kind in critical {
                let of_kind = params![Dim::Kind as u8, [kind.place()]];
                let places: Vec<i64> = all(tx, sql::PLACES_OF_KIND, of_kind, |row| row.get(0))?;
                for place in places {
                    let Some(cid) = payload_of(tx, place)? else {
                        continue;
                    };
                    for mirror in &wanted {
                        let key = cid.word();
                        let push = params![place, mirror.as_slice(), key.as_slice(), 0];
                        run(tx, sql::PUSH_ADD, push)?;
                    }
                }
            }
            Ok(())
        })
    }
}

fn payload_of(
    tx: &rusqlite::Transaction<'_>,
    place: i64,
) -> Result<Option<ContentAddress>, LogError> {
    let line: Option<String> = maybe(tx, sql::ENTRY, [place], |row| row.get(0))?;
    let entry = line.and_then(|line| Entry::read(&line).ok());
    Ok(match entry {
        Some(Entry::Event(event)) => Some(event.payload_cid),
        Some(Entry::Receipt(_) | Entry::Tombstone(_)) | None => None,
    })
}
