//! What the chain has of what is held: asked in turns, a few outputs in each round, so that many of them on a slow endpoint delay no block.
//!
//! Guards INV-ESCROW-02.
//!
//! An output whose turn it was is behind all others, whatever came of it, and one that is new is behind them too. So each is asked about again
//! after at most as many turns as there are outputs, and a round has one turn at least: none waits for ever, neither for those that come nor for
//! one about which the endpoint never answers. A round that is cut off loses nothing: what it learnt is told one by one, and what it did not learn
//! is asked in a later one, since the machine is told how things stand and not what happened.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use alloy::{eips::BlockId, providers::Provider};
use futures_util::future::try_join;
use tokio::time::{Instant, timeout};

use super::Escrow;
use crate::{
    event::{Event, Head},
    execution::Execution,
    machine::escrow_buffer::{self, Held, Reached},
    operations::metrics::metrics,
    part::{ANSWER_WITHIN, Feed, router::Has},
};

/// How much of a round the outputs may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Turns of a round at most.
    pub(super) turns: usize,
    /// How long after the first the last begins at most.
    pub(super) begun_within: Duration,
    /// How long what is asked of one output may take.
    pub(super) answered_within: Duration,
}

impl Bounds {
    /// Those of a keeper. All that may be held has its turn within sixteen rounds of an endpoint that answers in milliseconds; a slow one lengthens
    /// a round by fifteen seconds at most.
    pub(super) const fn usual() -> Self {
        Self {
            turns: 64,
            begun_within: Duration::from_secs(5),
            answered_within: ANSWER_WITHIN,
        }
    }
}

/// Whose turn it is: the first's.
#[derive(Debug, Default)]
pub(super) struct Turns(VecDeque<Execution>);

impl Turns {
    /// Takes over what is held now, in the order of its delivery: who left has no turn any more, who came is the last.
    pub(super) fn follow(&mut self, held: &[Execution]) {
        let mut unknown: BTreeSet<Execution> = held.iter().copied().collect();
        self.0.retain(|one| unknown.remove(one));
        let came = held.iter().filter(|one| unknown.contains(one));
        self.0.extend(came);
    }

    /// Whose turn it is, and that it was.
    pub(super) fn next(&mut self) -> Option<Execution> {
        let next = self.0.pop_front()?;
        self.0.push_back(next);
        Some(next)
    }
}

/// Outputs of which the chain did not say what it has: how many, and why of the first.
#[derive(Debug, Default)]
struct Unanswered {
    count: usize,
    first: Option<(Execution, String)>,
}

impl Unanswered {
    fn add(&mut self, of: Execution, cause: String) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert((of, cause));
    }
}

impl<P: Provider> Escrow<P> {
    /// Asks about those whose turn it is, and tells what it learns of each at once. False when the host is gone.
    pub(super) async fn ask_in_turn(&self, heads: [Head; 2], feed: &Feed) -> bool {
        let held: Vec<Held> = self
            .gate
            .board
            .look(|buffer| buffer.entries().collect())
            .unwrap_or_default();
        let last = held
            .iter()
            .filter(|one| one.refused >= escrow_buffer::RETRIES.len());
        let outputs = (held.len() as u64, last.count() as u64);
        *metrics().outputs.lock() = Some(outputs);
        let held: Vec<Execution> = held.into_iter().map(|one| one.execution).collect();
        self.learnt.lock().turns.follow(&held);
        let begun = Instant::now();
        let mut unanswered = Unanswered::default();
        for turn in 0..held.len().min(self.bounds.turns) {
            if turn > 0 && begun.elapsed() >= self.bounds.begun_within {
                break;
            }
            let Some(execution) = self.learnt.lock().turns.next() else {
                break;
            };
            // It may have left since, by what was told of another.
            let one = self.gate.board.look(|buffer| buffer.entry_of(&execution));
            let Some(one) = one.flatten() else { continue };
            let within = self.bounds.answered_within;
            let told = match timeout(within, self.look(one, heads)).await {
                Ok(told) => told,
                Err(_) => Err(format!("no answer within {} ms", within.as_millis())),
            };
            match told {
                Ok(events) => {
                    for event in events {
                        if !feed.tell(Event::Escrow(event)).await {
                            return false;
                        }
                    }
                }
                Err(cause) => unanswered.add(execution, cause),
            }
        }
        if let Some((execution, cause)) = unanswered.first {
            let count = unanswered.count;
            tracing::warn!(count, %execution, "the chain does not say what it has of outputs: {cause}");
        }
        true
    }

    /// What the chain has of an output, as of both blocks.
    async fn look(
        &self,
        one: Held,
        [newest, settled]: [Head; 2],
    ) -> Result<Vec<escrow_buffer::Event>, String> {
        let execution = one.execution;
        let router = self.router()?;
        let has = |at: Head| router.has(&execution, one.output, BlockId::hash(at.hash));
        let (now, for_good) = match newest == settled {
            true => {
                let has = has(newest).await?;
                (has.clone(), has)
            }
            false => try_join(has(newest), has(settled)).await?,
        };
        let at = newest;
        let mut events = Vec::new();
        match (now, one.reached) {
            (Has::Seat | Has::Node, Reached::Waits | Reached::Kept | Reached::Sent) => {
                events.push(escrow_buffer::Event::Confirmed { execution, at });
            }
            (Has::Nothing, Reached::Kept)
                if router.works(&execution, BlockId::hash(newest.hash)).await? =>
            {
                events.push(escrow_buffer::Event::Freed { execution, at });
            }
            (Has::Nothing, Reached::Confirmed) => {
                events.push(escrow_buffer::Event::Withdrawn { execution, at });
            }
            _ => {}
        }
        let at = settled;
        match for_good {
            Has::Node if one.reached != Reached::Settled => {
                events.push(escrow_buffer::Event::Settled { execution, at });
            }
            Has::Never(cause) => events.push(escrow_buffer::Event::Refuted {
                execution,
                at,
                cause,
            }),
            Has::Nothing | Has::Seat | Has::Node => {}
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, B256};

    use super::*;

    fn one(node: u16) -> Execution {
        Execution {
            mission: B256::ZERO,
            node,
            attempt: 0,
            agent: Address::ZERO,
        }
    }

    fn held(nodes: &[u16]) -> Vec<Execution> {
        nodes.iter().map(|node| one(*node)).collect()
    }

    fn next(turns: &mut Turns, count: usize) -> Vec<u16> {
        let next = (0..count).filter_map(|_| turns.next());
        next.map(|one| one.node).collect()
    }

    #[test]
    fn whoever_had_its_turn_is_behind_all_others_and_whoever_comes_is_the_last() {
        let mut turns = Turns::default();
        turns.follow(&held(&[5, 3, 4]));
        assert_eq!(next(&mut turns, 2), [5, 3]);
        turns.follow(&held(&[5, 3, 4, 1]));
        assert_eq!(next(&mut turns, 5), [4, 5, 3, 1, 4]);
    }

    #[test]
    fn whoever_leaves_takes_no_turn_from_those_who_stay() {
        let mut turns = Turns::default();
        turns.follow(&held(&[1, 2, 3, 4, 5]));
        assert_eq!(next(&mut turns, 2), [1, 2]);
        // Before and behind the one whose turn it is, and that one.
        turns.follow(&held(&[2, 4]));
        assert_eq!(next(&mut turns, 3), [4, 2, 4]);
        turns.follow(&[]);
        assert!(next(&mut turns, 1).is_empty());
    }

    #[test]
    fn however_many_come_each_has_its_turn_again_within_as_many_as_there_are() {
        let mut turns = Turns::default();
        let mut all: Vec<u16> = vec![1, 2, 3];
        let mut had = Vec::new();
        for came in 10..40 {
            all.push(came);
            turns.follow(&held(&all));
            had.extend(next(&mut turns, 1));
        }
        let again = had.iter().filter(|one| **one == 1).count();
        assert!(
            again > 1,
            "those that came did not let it have another: {had:?}"
        );
        had.extend(next(&mut turns, all.len()));
        let had: BTreeSet<u16> = had.into_iter().collect();
        assert_eq!(had.len(), all.len());
    }
}
