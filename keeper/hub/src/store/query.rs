//! Queries along the seed's nine dimensions (seed §B.12, Indexing Dimensions). Each answer is bounded: in what it holds, and in what was
//! looked at for it; a cursor says where to go on.

use std::{fmt, str::FromStr};

use alloy::primitives::{Address, B256, hex, keccak256};
use rusqlite::{Transaction, params};

use super::{Log, LogError, read, sql, stored};
use crate::{
    entry::{Entry, Event},
    kind::EventType,
};

/// Most entries of an answer.
pub const PAGE_MAX: usize = 1_000;
/// Most entries that one question looks at: a fraction of a second. Beyond, the answer says where to go on, even if it is empty.
pub const SCAN_MAX: usize = 100_000;
/// Most bytes of a term: a mission's part of its id, and a node.
const TERM_BYTES_MAX: usize = 32;

/// Dimensions, by their numbers in the store, the most selective first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Dim {
    Node = 1,
    Mission = 2,
    Agent = 3,
    Principal = 4,
    Contract = 5,
    Kind = 6,
    Epoch = 7,
    Block = 8,
    Time = 9,
}

/// What is looked for: all of what is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Everything of this mission, its legislation included.
    pub mission: Option<B256>,
    /// Everything of this session, and of the mission that came of it.
    pub session: Option<B256>,
    /// One node of the mission.
    pub node: Option<u16>,
    /// Everything that this agent, or another account, is a party of.
    pub agent: Option<Address>,
    /// Everything attributed to this principal's agents.
    pub principal: Option<Address>,
    /// Everything that this contract said.
    pub contract: Option<Address>,
    /// Everything of this type.
    pub kind: Option<EventType>,
    /// Everything in this epoch.
    pub epoch: Option<u64>,
    /// From and to, in unix milliseconds, both included.
    pub times: Option<(u64, u64)>,
    /// From and to, both included; nothing that is not of a block.
    pub blocks: Option<(u64, u64)>,
}

/// A question that has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A node is one of a mission.
    #[error("a node is asked for without its mission: give the mission, or its session, too")]
    NodeWithoutMission,
    /// Two missions at once.
    #[error("a mission and a session are asked for: give one of them, it finds both")]
    TwoSubjects,
    /// A range that ends before it begins.
    #[error("the range ends at {to}, before it begins at {from}")]
    Range {
        /// From.
        from: u64,
        /// To.
        to: u64,
    },
    /// Where another answer ended.
    #[error("the cursor is of another question: repeat the question of which it came")]
    OtherCursor,
}

/// An entry that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the log.
    pub place: u64,
    /// Its line.
    pub line: String,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What was found. By place, if the question names more than ranges; by time or block and then by place otherwise.
    pub hits: Vec<Hit>,
    /// Where to go on, if not everything was looked at.
    pub next: Option<Cursor>,
}

/// Where an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    value: Vec<u8>,
    place: u64,
}

/// A text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no cursor of an answer: repeat the one that was given, as it is")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", hex::encode(&self.value), self.place)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (value, place) = text.split_once('.').ok_or(CursorError)?;
        if value.len() > 2 * TERM_BYTES_MAX || place.len() > 20 || place.starts_with('+') {
            return Err(CursorError);
        }
        Ok(Self {
            value: hex::decode(value).map_err(|_| CursorError)?,
            place: place
                .parse()
                .ok()
                .filter(|place| *place <= i64::MAX as u64)
                .ok_or(CursorError)?,
        })
    }
}

/// Terms of entries that are being added.
#[derive(Debug, Default)]
pub(super) struct Terms(Vec<(Dim, Vec<u8>, u64)>);

impl Terms {
    /// Of an entry.
    pub(super) fn of(entry: &Entry) -> Self {
        let (mut terms, place) = (Self::default(), entry.sequence());
        terms.add(Dim::Time, entry.timestamp().to_be_bytes(), place);
        let event = match entry {
            Entry::Event(event) => event,
            Entry::Receipt(_) | Entry::Tombstone(_) => return terms,
        };
        terms.add(Dim::Kind, [event.event_type.place()], place);
        terms.add(Dim::Epoch, event.epoch.to_be_bytes(), place);
        if event.block_number > 0 {
            terms.add(Dim::Block, event.block_number.to_be_bytes(), place);
        }
        for subject in subjects(event) {
            if let Some(node) = event.node {
                terms.add(Dim::Node, node_term(subject, node), place);
            }
            terms.add(Dim::Mission, subject, place);
        }
        for account in [event.primary_entity, event.secondary_entity] {
            if account != Address::ZERO {
                terms.add(Dim::Agent, account.to_vec(), place);
            }
        }
        for principal in &event.principals {
            terms.add(Dim::Principal, principal.to_vec(), place);
        }
        if event.emitter_contract != Address::ZERO {
            terms.add(Dim::Contract, event.emitter_contract.to_vec(), place);
        }
        terms
    }

    fn add(&mut self, dim: Dim, value: impl Into<Vec<u8>>, place: u64) {
        self.0.push((dim, value.into(), place));
    }

    /// And those of further entries.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// In their order, which the store has them in too.
    pub(super) fn write(mut self, tx: &Transaction<'_>) -> Result<(), LogError> {
        self.0.sort_unstable();
        self.0.dedup();
        let mut add = tx.prepare_cached(sql::TERM_ADD)?;
        for (dim, value, place) in &self.0 {
            add.execute(params![*dim as u8, value, stored(*place)?])?;
        }
        Ok(())
    }
}

fn subjects(event: &Event) -> impl Iterator<Item = [u8; 12]> {
    let mission = (event.mission_id != B256::ZERO).then(|| of_mission(event.mission_id));
    let session = (event.session_id != B256::ZERO).then(|| of_session(event.session_id));
    mission.into_iter().chain(session)
}

/// A mission's id ends with the beginning of its session's hash (`domain::id::MissionId`): so far both are one subject.
fn of_mission(mission: B256) -> [u8; 12] {
    let mut term = [0; 12];
    term.copy_from_slice(&mission[20..]);
    term
}

fn of_session(session: B256) -> [u8; 12] {
    let mut term = [0; 12];
    term.copy_from_slice(&keccak256(session)[..12]);
    term
}

fn node_term(subject: [u8; 12], node: u16) -> Vec<u8> {
    [&subject[..], &node.to_be_bytes()].concat()
}

impl Query {
    fn judge(&self) -> Result<(), QueryError> {
        let subject = self.mission.is_some() || self.session.is_some();
        if self.node.is_some() && !subject {
            return Err(QueryError::NodeWithoutMission);
        }
        if self.mission.is_some() && self.session.is_some() {
            return Err(QueryError::TwoSubjects);
        }
        for (from, to) in [self.times, self.blocks].into_iter().flatten() {
            if from > to {
                return Err(QueryError::Range { from, to });
            }
        }
        Ok(())
    }

    /// What an entry must have, the most selective first.
    fn terms(&self) -> Vec<(Dim, Vec<u8>)> {
        let mission = self.mission.map(of_mission);
        let subject = mission.or(self.session.map(of_session));
        let node = subject
            .zip(self.node)
            .map(|(subject, node)| node_term(subject, node));
        let account = |account: Option<Address>| account.map(|account| account.to_vec());
        let all = [
            (Dim::Node, node),
            (Dim::Mission, subject.map(Vec::from)),
            (Dim::Agent, account(self.agent)),
            (Dim::Principal, account(self.principal)),
            (Dim::Contract, account(self.contract)),
            (Dim::Kind, self.kind.map(|kind| vec![kind.place()])),
            (
                Dim::Epoch,
                self.epoch.map(|epoch| epoch.to_be_bytes().to_vec()),
            ),
        ];
        all.into_iter()
            .filter_map(|(dim, value)| Some((dim, value?)))
            .collect()
    }

    /// Along which dimension entries are looked at: its number, its first and its last value.
    fn driver(&self, terms: &[(Dim, Vec<u8>)]) -> (Dim, Vec<u8>, Vec<u8>) {
        let range =
            |(from, to): (u64, u64)| (from.to_be_bytes().to_vec(), to.to_be_bytes().to_vec());
        if let Some((dim, value)) = terms.first() {
            return (*dim, value.clone(), value.clone());
        }
        let (dim, (from, to)) = match self.blocks {
            Some(blocks) => (Dim::Block, range(blocks)),
            None => (Dim::Time, range(self.times.unwrap_or((0, u64::MAX)))),
        };
        (dim, from, to)
    }
}

impl Log {
    /// Answers a question, or the next part of an answer. At most `limit` entries, and [`PAGE_MAX`].
    ///
    /// Errors: [`LogError`]; inside, the question has no answer.
    pub fn query(
        &self,
        query: &Query,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Result<Page, QueryError>, LogError> {
        if let Err(error) = query.judge() {
            return Ok(Err(error));
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let terms = query.terms();
        let (dim, from, to) = query.driver(&terms);
        // Before the first place of the first value: places are never negative.
        let (mut value, mut place) = (from.clone(), -1);
        if let Some(after) = after {
            if after.value < from || after.value > to {
                return Ok(Err(QueryError::OtherCursor));
            }
            (value, place) = (after.value.clone(), stored(after.place)?);
        }
        let mut statement = self.connection.prepare_cached(sql::SCAN)?;
        let mut rows =
            statement.query(params![dim as u8, to, value, place, SCAN_MAX as i64 + 1])?;
        let (mut page, mut seen) = (Page::default(), 0);
        let mut last = None;
        while let Some(row) = rows.next()? {
            if page.hits.len() == limit || seen == SCAN_MAX {
                page.next = last;
                break;
            }
            seen += 1;
            let place: i64 = row.get(1)?;
            last = Some(Cursor {
                value: row.get(0)?,
                place: read(place)?,
            });
            let (time, block) = (read(row.get(2)?)?, read(row.get(3)?)?);
            let within = |range: Option<(u64, u64)>, number: u64| {
                range.is_none_or(|(from, to)| (from..=to).contains(&number))
            };
            let is_of_block = query.blocks.is_none() || block > 0;
            if is_of_block
                && within(query.times, time)
                && within(query.blocks, block)
                && self.has(&terms[1.min(terms.len())..], place)?
            {
                page.hits.push(Hit {
                    place: read(place)?,
                    line: row.get(4)?,
                });
            }
        }
        Ok(Ok(page))
    }

    fn has(&self, terms: &[(Dim, Vec<u8>)], place: i64) -> Result<bool, LogError> {
        let mut statement = self.connection.prepare_cached(sql::TERM)?;
        for (dim, value) in terms {
            if !statement.exists(params![*dim as u8, value, place])? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
