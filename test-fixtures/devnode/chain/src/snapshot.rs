//! Snapshots: positions in the journal, with the pool and the time that belonged to them.
//!
//! They are no cheat, and strict mode allows them: a revert only brings back a state the chain really had.

use std::sync::Arc;

use alloy::primitives::Address;

use crate::{
    chain::{Chain, Settings},
    error::SnapshotError,
    node::Node,
    pool::Pool,
    state::Position,
    time::TimeKeeper,
};

/// Snapshots that may be alive at once; each holds a copy of the pool's index.
pub const SNAPSHOTS_MAX: usize = 4_096;

#[derive(Clone, Debug)]
struct Snapshot {
    id: u64,
    position: Position,
    number: u64,
    pool: Pool,
    time: TimeKeeper,
    base_fee: u64,
    gas_limit: u64,
    coinbase: Address,
}

/// The snapshots alive, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Snapshots {
    alive: Vec<Snapshot>,
    taken: u64,
}

impl Snapshots {
    /// Journal position of the oldest one.
    pub(crate) fn oldest(&self) -> Option<Position> {
        self.alive.first().map(|snapshot| snapshot.position)
    }

    /// Ids and heights.
    pub(crate) fn list(&self) -> Vec<(u64, u64)> {
        self.alive
            .iter()
            .map(|snapshot| (snapshot.id, snapshot.number))
            .collect()
    }

    /// Drops those that lie after a position the state was rolled back to.
    pub(crate) fn drop_after(&mut self, position: Position, number: u64) {
        self.alive
            .retain(|snapshot| snapshot.position <= position && snapshot.number <= number);
    }

    /// Drops all; ids go on counting.
    pub(crate) fn clear(&mut self) {
        self.alive.clear();
    }
}

impl Node {
    /// Remembers the chain as it is: blocks, state, pool, time, base fee, gas limit, coinbase. Ids start at 0 and grow.
    ///
    /// Snapshots live in memory: they do not outlast the process.
    pub fn snapshot(&self) -> Result<u64, SnapshotError> {
        let mut chain = self.write();
        if chain.snapshots.alive.len() >= SNAPSHOTS_MAX {
            return Err(SnapshotError::TooMany);
        }
        let id = chain.snapshots.taken;
        chain.snapshots.taken += 1;
        let snapshot = chain.remember(id);
        chain.snapshots.alive.push(snapshot);
        Ok(id)
    }

    /// Restores a snapshot and drops it with all later ones. Blocks mined since are announced as removed; what they
    /// contained is forgotten, and what waited then waits again.
    pub fn revert(&self, id: u64) -> Result<(), SnapshotError> {
        let mut chain = self.write();
        let index = chain
            .snapshots
            .alive
            .iter()
            .position(|snapshot| snapshot.id == id)
            .ok_or(SnapshotError::Unknown { id })?;
        let snapshot = chain.snapshots.alive[index].clone();
        if snapshot.position < chain.state.oldest() {
            return Err(SnapshotError::Gone { id });
        }
        chain.snapshots.alive.truncate(index);
        let removed = chain.truncate(snapshot.number);
        chain.rollback_state(snapshot.position);
        chain.pool = snapshot.pool;
        chain.time = snapshot.time;
        let settings = &chain.settings;
        chain.settings = Settings {
            base_fee: snapshot.base_fee,
            gas_limit: snapshot.gas_limit,
            coinbase: snapshot.coinbase,
            ..settings.clone()
        };
        let written = chain.flush();
        chain.announce_removed(removed);
        Ok(written?)
    }
}

impl Chain {
    fn remember(&self, id: u64) -> Snapshot {
        Snapshot {
            id,
            position: self.state.position(),
            number: Arc::as_ref(self.head()).header.number,
            pool: self.pool.clone(),
            time: self.time,
            base_fee: self.settings.base_fee,
            gas_limit: self.settings.gas_limit,
            coinbase: self.settings.coinbase,
        }
    }
}
