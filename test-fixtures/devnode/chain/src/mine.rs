//! Making blocks on request and by the clock, and pausing.

use std::{
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use agentcity_devnode_engine::STACK_BYTES;
use parking_lot::{Condvar, Mutex};

use crate::{
    block::MinedBlock,
    config::{Mining, Pause},
    error::{CheatError, MineError},
    node::{Inner, Node},
    produce::Pick,
};

/// Blocks one request may mine; each is a block kept in memory (about a kilobyte) and a turn of the lock.
pub const MINE_MAX: u64 = 100_000;

/// Paces interval mining: the thread sleeps here and wakes when the pace changes or the node ends.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    pace: Arc<(Mutex<Pace>, Condvar)>,
}

#[derive(Debug, Default)]
struct Pace {
    interval: Option<Duration>,
    /// Changes with every setting, so that a sleeping thread knows to start over.
    turn: u64,
    running: bool,
    ended: bool,
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.pace.0.lock().ended = true;
        self.pace.1.notify_all();
    }
}

impl Node {
    /// Mines one block of whatever waits.
    pub fn mine_one(&self) -> Result<Arc<MinedBlock>, MineError> {
        let mut chain = self.write();
        if chain.settings.paused.is_some() {
            return Err(MineError::Paused);
        }
        let produced = chain.produce(Pick::Pool)?;
        Ok(produced.block.unwrap_or_else(|| Arc::clone(chain.head())))
    }

    /// Mines one block at this timestamp (`evm_mine` with an argument).
    pub fn mine_at(&self, timestamp: u64) -> Result<Arc<MinedBlock>, MineError> {
        let mut chain = self.write();
        if chain.settings.paused.is_some() {
            return Err(MineError::Paused);
        }
        let (time, parent, rule) = (
            chain.time,
            chain.head().header.timestamp,
            chain.config.timestamps,
        );
        chain.time.set_next(timestamp, parent, rule)?;
        match chain.produce(Pick::Pool) {
            Ok(produced) => Ok(produced.block.unwrap_or_else(|| Arc::clone(chain.head()))),
            Err(error) => {
                chain.time = time;
                Err(error)
            }
        }
    }

    /// Mines `count` blocks, `interval` seconds apart when given (`anvil_mine`). Other requests may come in between.
    pub fn mine(
        &self,
        count: u64,
        interval: Option<u64>,
    ) -> Result<Vec<Arc<MinedBlock>>, MineError> {
        if count > MINE_MAX {
            return Err(MineError::TooMany {
                count,
                limit: MINE_MAX,
            });
        }
        let mut blocks = Vec::new();
        for index in 0..count {
            let block = match interval {
                Some(secs) if index > 0 => {
                    let parent = self.read().head().header.timestamp;
                    self.mine_at(parent.saturating_add(secs))?
                }
                _ => self.mine_one()?,
            };
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// When blocks are made.
    pub fn mining(&self) -> Mining {
        self.read().settings.mining
    }

    /// Changes when blocks are made; switching to [`Mining::Auto`] mines what waits.
    pub fn set_mining(&self, mining: Mining) -> Result<(), CheatError> {
        if mining == Mining::Interval(Duration::ZERO) {
            return Err(CheatError::ZeroInterval);
        }
        {
            let mut chain = self.write();
            chain.settings.mining = mining;
            if mining == Mining::Auto && chain.settings.paused.is_none() {
                chain.drain_pool()?;
            }
        }
        self.start_ticker(mining)
            .map_err(|error| MineError::Persist(error.into()))?;
        Ok(())
    }

    /// Stops production, as a sequencer outage would: the head stands still.
    pub fn pause(&self, pause: Pause) {
        self.write().settings.paused = Some(pause);
    }

    /// Resumes production; with automining, what waited is mined.
    pub fn resume(&self) -> Result<(), MineError> {
        let mut chain = self.write();
        chain.settings.paused = None;
        if chain.settings.mining == Mining::Auto {
            chain.drain_pool()?;
        }
        Ok(())
    }

    pub(crate) fn start_ticker(&self, mining: Mining) -> std::io::Result<()> {
        let (pace, wake) = &*self.inner.ticker.pace;
        let mut pace = pace.lock();
        pace.turn += 1;
        pace.interval = match mining {
            Mining::Interval(interval) => Some(interval),
            Mining::Auto | Mining::Manual => None,
        };
        if pace.interval.is_some() && !pace.running {
            let (shared, node) = (
                Arc::clone(&self.inner.ticker.pace),
                Arc::downgrade(&self.inner),
            );
            thread::Builder::new()
                .name("devnode-mining".to_owned())
                .stack_size(STACK_BYTES)
                .spawn(move || tick(&shared, &node))?;
            pace.running = true;
        }
        wake.notify_all();
        Ok(())
    }
}

fn tick(shared: &(Mutex<Pace>, Condvar), node: &Weak<Inner>) {
    let (pace, wake) = shared;
    let mut due = None::<(u64, Instant)>;
    let mut guard = pace.lock();
    while !guard.ended {
        let Some(interval) = guard.interval else {
            due = None;
            wake.wait(&mut guard);
            continue;
        };
        let at = match due {
            Some((turn, at)) if turn == guard.turn => at,
            _ => Instant::now() + interval,
        };
        due = Some((guard.turn, at));
        if Instant::now() < at {
            wake.wait_until(&mut guard, at);
            continue;
        }
        // A slow block does not make the next ones hurry.
        due = Some((guard.turn, at.max(Instant::now() - interval) + interval));
        drop(guard);
        let Some(inner) = node.upgrade() else { return };
        match (Node { inner }).mine_one() {
            Ok(_) | Err(MineError::Paused) => {}
            Err(error) => tracing::error!(%error, "interval mining failed"),
        }
        guard = pace.lock();
    }
}
