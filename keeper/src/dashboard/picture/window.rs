//! Blocks that may be taken back: what lies below them is folded for good, what is in them is folded again when they change.

use std::collections::{BTreeSet, VecDeque};

use alloy::primitives::B256;

use super::Picture;
use crate::{
    event::Head,
    source::{
        follow::Change,
        log::{City, Log},
    },
};

/// The city up to the newest block, and how to go back.
#[derive(Debug)]
pub struct Window {
    city: City,
    /// As of the newest block that is never taken back.
    below: Picture,
    /// Logs above it, in their order.
    logs: VecDeque<Log>,
    /// Logs that were folded for good since they were asked for.
    settled: Vec<Log>,
    now: Picture,
}

/// What a transaction of the city's logs is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is in the chain, in this block, and its logs name these missions.
    In {
        /// Which.
        transaction: B256,
        /// In which block.
        block: u64,
        /// Missions that this log of it names.
        mission: Option<B256>,
    },
    /// It was taken back.
    Out {
        /// Which.
        transaction: B256,
    },
}

impl Window {
    /// A city of which nothing happened yet.
    pub fn new(city: City) -> Self {
        Self {
            city,
            below: Picture::default(),
            logs: VecDeque::new(),
            settled: Vec::new(),
            now: Picture::default(),
        }
    }

    /// The city as of the newest block.
    pub const fn picture(&self) -> &Picture {
        &self.now
    }

    /// The same, for what only the chain's views say.
    pub const fn picture_mut(&mut self) -> &mut Picture {
        &mut self.now
    }

    /// Takes what changed, in order, up to the block `top`; nothing up to the block `bottom` is ever taken back.
    pub fn take(&mut self, changes: Vec<Change>, top: Head, bottom: u64) -> Vec<Sent> {
        let mut sent = Vec::new();
        let mut again = false;
        for change in changes {
            match change {
                Change::Added(log) => {
                    if std::mem::take(&mut again) {
                        self.fold_again();
                    }
                    let mission = self.now.take(&self.city, &log);
                    sent.push(Sent::In {
                        transaction: log.transaction,
                        block: log.at.number,
                        mission,
                    });
                    self.logs.push_back(log);
                }
                // Inverses come newest first.
                Change::Removed(log) => {
                    if self.logs.back() == Some(&log) {
                        self.logs.pop_back();
                    }
                    again = true;
                    sent.push(Sent::Out {
                        transaction: log.transaction,
                    });
                }
            }
        }
        if again {
            self.fold_again();
        }
        self.now.top = Some(top);
        self.settle(bottom);
        sent
    }

    fn fold_again(&mut self) {
        let missions = std::mem::take(&mut self.now.missions);
        self.now = self.below.clone();
        for log in &self.logs {
            self.now.take(&self.city, log);
        }
        // Views are asked for again, but a deadline seldom changes: what is known stays shown.
        for (id, mission) in &mut self.now.missions {
            mission.view = missions.get(id).and_then(|known| known.view.clone());
            let touched = self.now.touched.entry(*id).or_default();
            touched.extend(0..if mission.is_open() { mission.nodes } else { 0 });
        }
    }

    /// Folds for good what lies deeper than can be taken back.
    fn settle(&mut self, bottom: u64) {
        let deep = |log: &Log| log.at.number <= bottom;
        while self.logs.front().is_some_and(deep) {
            if let Some(log) = self.logs.pop_front() {
                self.below.take(&self.city, &log);
                // Nobody asks the chain on its behalf.
                self.below.touched.clear();
                self.settled.push(log);
            }
        }
    }

    /// The city as of the newest block that is never taken back.
    pub const fn below(&self) -> &Picture {
        &self.below
    }

    /// Logs that were folded for good since they were asked for last.
    pub fn settled(&mut self) -> Vec<Log> {
        std::mem::take(&mut self.settled)
    }

    /// Folds for good what an earlier start had settled, before anything else is taken.
    pub fn recall(&mut self, logs: Vec<Log>) -> Vec<Sent> {
        let sent = logs.into_iter().map(|log| Sent::In {
            mission: self.below.take(&self.city, &log),
            transaction: log.transaction,
            block: log.at.number,
        });
        sent.collect()
    }

    /// All that was settled up to the block `top` is recalled.
    pub fn recalled(&mut self, top: Head) {
        self.below.top = Some(top);
        self.now = self.below.clone();
        self.below.touched.clear();
    }

    /// Missions of which endings wait for their tier.
    pub fn untiered(&self) -> BTreeSet<B256> {
        let waiting = self.below.untiered.iter();
        waiting.map(|(mission, ..)| *mission).collect()
    }

    /// Counts endings whose tier is known by now, in both pictures.
    pub fn tiered(&mut self, tier_of: impl Fn(&B256, u16) -> Option<u8>) {
        self.now.tiered(&tier_of);
        self.below.tiered(&tier_of);
    }
}

#[cfg(test)]
mod tests;
