//! The journal over whatever keeps its tables: what is checked and what is recorded, once for every store.

use std::fmt;

use agentcity_domain::time::Millis;
use alloy::primitives::{Address, B256};

use super::{
    ActionKey, Claim, Finality, Identity, Intent, Journal, JournalError, Lease, Mark, Posted,
    Recorded, Replay, Seen, Signed, Standing,
    rows::{
        PostedRow, action_row, all, known_stream, maybe, one, params, parsed, read, run, stored,
        stream_row,
    },
    rules::{close, fence, named, of_account, prolong, see, sign},
    sql,
    store::{Access, Store, ToValue},
};
use crate::clock::Moment;

/// How often a write is begun again that another keeper's came between: each time one of the two was recorded.
const CONFLICTS_MAX: u32 = 32;

/// A place at which a process may die, told before and after every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// All is written, nothing is recorded.
    Before(&'static str),
    /// It is recorded, and the caller does not know yet.
    After(&'static str),
}

type Watch = Box<dyn FnMut(Boundary) + Send>;

/// A journal in a store.
pub struct Ledger<S> {
    store: S,
    watch: Option<Watch>,
    poisoned: bool,
}

impl<S: fmt::Debug> fmt::Debug for Ledger<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("store", &self.store)
            .field("poisoned", &self.poisoned)
            .finish()
    }
}

impl<S: Store> Ledger<S> {
    /// Makes the tables in an empty store, or looks whether they are ours. Those of a format that lacks some get these.
    pub(super) fn begin(store: S) -> Result<Self, JournalError> {
        let mut ledger = Self {
            store,
            watch: None,
            poisoned: false,
        };
        ledger.write("create", |tx| {
            tx.alone()?;
            for statement in sql::CREATE {
                run(tx, statement, params![])?;
            }
            let now = sql::FORMAT.to_string();
            run(tx, sql::META_SET, params!["format", now])?;
            let found: String = one(tx, sql::META, params!["format"], |row| row.get(0))?;
            if sql::EXTENDED.contains(&found.as_str()) {
                run(tx, sql::META_CHANGE, params![now, "format"])?;
            } else if found != now {
                return Err(JournalError::Format {
                    found,
                    expected: sql::FORMAT,
                });
            }
            Ok(())
        })?;
        Ok(ledger)
    }

    pub(super) fn watched(mut self, watch: impl FnMut(Boundary) + Send + 'static) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Checks and records as one. What fails inside leaves no trace; a commit that fails leaves open whether it did, so nothing is
    /// written any more. What a write of another keeper came between is done again.
    fn write<T>(
        &mut self,
        name: &'static str,
        work: impl Fn(&mut S) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut conflicts = 0;
        loop {
            match self.write_once(name, &work) {
                Err(JournalError::Store(error)) if error.is_conflict() => {
                    conflicts += 1;
                    if conflicts > CONFLICTS_MAX {
                        return Err(error.into());
                    }
                }
                other => return other,
            }
        }
    }

    fn write_once<T>(
        &mut self,
        name: &'static str,
        work: impl Fn(&mut S) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        self.store.begin(Access::Write)?;
        // A panic in between leaves a transaction open: nothing is written into that.
        self.poisoned = true;
        let done = work(&mut self.store);
        if done.is_err() {
            self.store.rollback();
            self.poisoned = false;
            return done;
        }
        if let Some(watch) = &mut self.watch {
            watch(Boundary::Before(name));
        }
        if let Err(error) = self.store.commit() {
            self.poisoned = !error.is_conflict();
            return Err(error.into());
        }
        self.poisoned = false;
        if let Some(watch) = &mut self.watch {
            watch(Boundary::After(name));
        }
        done
    }

    /// Reads as of one instant: a checkpoint of another process must not come between two reads.
    fn look<T>(
        &mut self,
        work: impl Fn(&mut S) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.store.begin(Access::Read)?;
        let seen = work(&mut self.store);
        self.store.rollback();
        seen
    }
}

impl<S: Store> Journal for Ledger<S> {
    fn bind(&mut self, chain_id: u64, genesis: B256) -> Result<(), JournalError> {
        let asked = format!("{chain_id} {genesis:#x}");
        self.write("bind", |tx| {
            run(tx, sql::META_SET, params!["chain", asked])?;
            let recorded: String = one(tx, sql::META, params!["chain"], |row| row.get(0))?;
            if recorded != asked {
                let asked = asked.clone();
                return Err(JournalError::OtherChain { recorded, asked });
            }
            Ok(())
        })
    }

    fn probe(&mut self, holder: &str, now: Moment) -> Result<(), JournalError> {
        named(holder)?;
        let (name, now) = (format!("probe/{holder}"), now.get().to_string());
        self.write("probe", |tx| {
            run(tx, sql::PROBE, params![name, now])?;
            Ok(())
        })
    }

    fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Moment,
        term: Millis,
    ) -> Result<Claim, JournalError> {
        named(name)?;
        named(holder)?;
        let until = now.after(term);
        let (until_ms, now_ms) = (stored(until.get())?, stored(now.get())?);
        self.write("acquire", |tx| {
            let fence: Option<i64> = maybe(
                tx,
                sql::ACQUIRE,
                params![name, holder, until_ms, now_ms],
                |row| row.get(0),
            )?;
            if let Some(fence) = fence {
                run(tx, sql::STREAM_BEGIN, params![name])?;
                return Ok(Claim::Granted(Lease {
                    name: name.to_owned(),
                    fence: read(fence)?,
                    until,
                }));
            }
            let (holder, until): (String, i64) = one(tx, sql::HOLDER, params![name], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            Ok(Claim::Held {
                holder,
                until: Moment::new(read(until)?),
            })
        })
    }

    fn renew(&mut self, lease: &Lease, now: Moment, term: Millis) -> Result<Lease, JournalError> {
        // A clock that was set back must not shorten what another keeper was told.
        let until = now.after(term).max(lease.until);
        self.write("renew", |tx| prolong(tx, lease, now, until))?;
        Ok(Lease {
            until,
            ..lease.clone()
        })
    }

    fn release(&mut self, lease: &Lease, now: Moment) -> Result<(), JournalError> {
        self.write("release", |tx| prolong(tx, lease, now, Moment::new(0)))
    }

    fn see(
        &mut self,
        stream: &Lease,
        now: Moment,
        identity: &Identity,
        body: &str,
    ) -> Result<Seen, JournalError> {
        self.write("see", |tx| {
            fence(tx, stream, now)?;
            see(tx, &stream.name, now, identity, body)
        })
    }

    fn replay(&mut self, stream: &str) -> Result<Replay, JournalError> {
        let (at, events) = self.look(|tx| {
            let Some(at) = stream_row(tx, stream)? else {
                return Ok((None, Vec::new()));
            };
            let events = all(tx, sql::EVENTS, params![stream, at.state_at], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            Ok((Some(at), events))
        })?;
        let Some(at) = at else {
            return Ok(Replay::default());
        };
        Ok(Replay {
            state: at.state,
            from: read(at.state_at)?,
            cursor: read(at.taken)?,
            events: events
                .into_iter()
                .map(|(seq, removed, body): (i64, i64, String)| {
                    Ok(Recorded {
                        seq: read(seq)?,
                        removed: removed != 0,
                        body,
                    })
                })
                .collect::<Result<_, JournalError>>()?,
        })
    }

    fn standing(&mut self, stream: &str) -> Result<Standing, JournalError> {
        self.look(|tx| {
            let Some(at) = stream_row(tx, stream)? else {
                return Ok(Standing::default());
            };
            let above = params![stream, at.floor_block];
            let floor = (at.floor_block >= 0).then(|| read(at.floor_block));
            let mark: Option<(i64, String)> = maybe(tx, sql::MARK, params![stream], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            let mark = mark.map(|(block, hash)| {
                let (block, hash) = (read(block)?, parsed(&hash)?);
                Ok::<_, JournalError>(Mark { block, hash })
            });
            Ok(Standing {
                floor: floor.transpose()?,
                mark: mark.transpose()?,
                logs: all(tx, sql::EVENTS_STANDING, above, |row| row.get(0))?,
            })
        })
    }

    fn intend(
        &mut self,
        stream: &Lease,
        now: Moment,
        seq: u64,
        intents: &[Intent],
    ) -> Result<Vec<ActionKey>, JournalError> {
        self.write("intend", |tx| {
            fence(tx, stream, now)?;
            let at = known_stream(tx, &stream.name)?;
            let next = read(at.taken)?.saturating_add(1);
            if seq != next || seq > read(at.head)? {
                return Err(JournalError::OutOfOrder {
                    stream: stream.name.clone(),
                    seq,
                    next,
                });
            }
            let mut fresh = Vec::new();
            for (place, intent) in intents.iter().enumerate() {
                match action_row(tx, intent.key)? {
                    None => {
                        let place = stored(place as u64)?;
                        run(
                            tx,
                            sql::ACTION_ADD,
                            params![
                                intent.key.to_string(),
                                stream.name,
                                stored(seq)?,
                                place,
                                intent.body,
                                stored(now.get())?
                            ],
                        )?;
                        fresh.push(intent.key);
                    }
                    Some(row) if row.stream == stream.name && row.body == intent.body => {}
                    Some(_) => return Err(JournalError::KeyReused { key: intent.key }),
                }
            }
            run(tx, sql::STREAM_TAKEN, params![stored(seq)?, stream.name])?;
            Ok(fresh)
        })
    }

    fn open(&mut self, stream: &str) -> Result<Vec<Intent>, JournalError> {
        let rows = all(&mut self.store, sql::ACTIONS_OPEN, params![stream], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.into_iter()
            .map(|(key, body): (String, String)| {
                Ok(Intent {
                    key: ActionKey(parsed(&key)?),
                    body,
                })
            })
            .collect()
    }

    fn settle(
        &mut self,
        stream: &Lease,
        now: Moment,
        key: ActionKey,
        outcome: &str,
        event: &str,
    ) -> Result<Seen, JournalError> {
        self.write("settle", |tx| {
            fence(tx, stream, now)?;
            let row = action_row(tx, key)?.ok_or(JournalError::UnknownAction { key })?;
            if row.stream != stream.name {
                return Err(JournalError::WrongLease {
                    shown: stream.name.clone(),
                    wanted: row.stream,
                });
            }
            match row.outcome {
                Some(known) if known == outcome => return Ok(Seen::Known),
                Some(outcome) => return Err(JournalError::Ended { key, outcome }),
                None => {}
            }
            let ended = params![outcome, stored(now.get())?, key.to_string()];
            run(tx, sql::ACTION_END, ended)?;
            let identity = Identity::Once(format!("ended/{key}"));
            see(tx, &stream.name, now, &identity, event)
        })
    }

    fn outcome(&mut self, key: ActionKey) -> Result<Option<String>, JournalError> {
        let row = action_row(&mut self.store, key)?;
        Ok(row.ok_or(JournalError::UnknownAction { key })?.outcome)
    }

    fn sign(&mut self, account: &Lease, now: Moment, signed: &Signed) -> Result<(), JournalError> {
        self.write("sign", |tx| {
            of_account(account, signed.account)?;
            fence(tx, account, now)?;
            sign(tx, now, signed)
        })
    }

    fn sent(&mut self, account: &Lease, now: Moment, hash: B256) -> Result<(), JournalError> {
        self.write("sent", |tx| {
            fence(tx, account, now)?;
            // Only transactions of the account whose lease was shown: its name ends with the address.
            let of = account.name.strip_prefix("account/").unwrap_or_default();
            let marked = params![stored(now.get())?, of, hash.to_string()];
            match run(tx, sql::SENT, marked)? {
                0 => Err(JournalError::UnknownTransaction { hash }),
                _ => Ok(()),
            }
        })
    }

    fn close(
        &mut self,
        lease: &Lease,
        now: Moment,
        account: Address,
        nonce: u64,
        winner: Option<B256>,
    ) -> Result<(), JournalError> {
        self.write("close", |tx| {
            of_account(lease, account)?;
            fence(tx, lease, now)?;
            close(tx, account, nonce, winner)
        })
    }

    fn posted(&mut self, account: Address) -> Result<Vec<Posted>, JournalError> {
        let of = format!("{account:#x}");
        let rows = all(
            &mut self.store,
            sql::POSTED,
            params![of, sql::OPEN],
            PostedRow::read,
        )?;
        rows.into_iter().map(|row| row.checked(account)).collect()
    }

    fn next_nonce(&mut self, account: Address) -> Result<u64, JournalError> {
        let of = format!("{account:#x}");
        read(one(&mut self.store, sql::NEXT_NONCE, params![of], |row| {
            row.get(0)
        })?)
    }

    fn closed_below(&mut self, account: Address) -> Result<u64, JournalError> {
        let of = format!("{account:#x}");
        let params = params![of, sql::OPEN];
        read(one(&mut self.store, sql::CLOSED_BELOW, params, |row| {
            row.get(0)
        })?)
    }

    fn checkpoint(
        &mut self,
        stream: &Lease,
        now: Moment,
        seq: u64,
        state: &str,
        finality: Finality,
    ) -> Result<(), JournalError> {
        self.write("checkpoint", |tx| {
            fence(tx, stream, now)?;
            let at = known_stream(tx, &stream.name)?;
            if seq > read(at.taken)? || seq < read(at.state_at)? {
                return Err(JournalError::OutOfOrder {
                    stream: stream.name.clone(),
                    seq,
                    next: read(at.taken)?,
                });
            }
            let floor = stored(finality.block)?.max(at.floor_block);
            let (seq, name) = (stored(seq)?, &stream.name);
            if let Some(mark) = finality.mark {
                let (block, hash) = (stored(mark.block)?, mark.hash.to_string());
                run(tx, sql::MARK_SET, params![name, block, hash])?;
            }
            run(tx, sql::STREAM_STATE, params![state, seq, floor, name])?;
            run(tx, sql::EVENTS_FORGET, params![name, seq, floor])?;
            Ok(())
        })
    }
}
