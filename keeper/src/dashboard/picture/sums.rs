//! What adds up over a city's life: money by kind of claim, epochs, tiers, freezes. No sum needs what it was made of.

use std::collections::BTreeMap;

use agentcity_domain::guardian::freeze::Cause;
use alloy::primitives::{Address, U256};

/// Length of a bucket of the histogram of freezes, in seconds.
pub const BUCKET_SECS: u64 = 3_600;
/// Buckets that are kept.
pub const BUCKETS_MAX: usize = 48;
/// Epochs that are kept.
pub const EPOCHS_MAX: usize = 64;
/// Agents whose freezes are counted.
const AGENTS_MAX: usize = 4_096;
/// Durations of which a median is taken.
const SAMPLES_MAX: usize = 64;

/// What came in and went out of one kind of claim, by the treasury's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Came in.
    pub taken: U256,
    /// Went to who worked, and to the funds with it.
    pub paid: U256,
    /// Went back.
    pub returned: U256,
    /// Was lost.
    pub forfeited: U256,
}

impl Line {
    /// Whether what came in is what went out and is held; nothing when sums do not fit, which no asset makes happen.
    pub fn holds(&self, held: U256) -> bool {
        let out = [self.paid, self.returned, self.forfeited, held];
        let out = out
            .into_iter()
            .try_fold(U256::ZERO, |sum, part| sum.checked_add(part));
        out == Some(self.taken)
    }
}

/// Adds without an end: a hostile endpoint may tell any amount.
pub fn add(to: &mut U256, amount: U256) {
    *to = to.saturating_add(amount);
}

/// The treasury's flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// Of missions' escrows.
    pub escrows: Line,
    /// Of executors' stakes, reserved and locked.
    pub stakes: Line,
    /// Of bonds.
    pub bonds: Line,
    /// Paid to credits from outside.
    pub deposited: U256,
    /// Taken out.
    pub withdrawn: U256,
}

/// The last durations of something, in seconds.
#[derive(Clone, Debug, Default)]
pub struct Samples(std::collections::VecDeque<u64>);

impl Samples {
    /// One more.
    pub fn push(&mut self, secs: u64) {
        if self.0.len() == SAMPLES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(secs);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle of them, the lower of two; nothing of none.
    pub fn median(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let middle = sorted.len().checked_sub(1)? / 2;
        sorted.get(middle).copied()
    }
}

/// One epoch.
#[derive(Clone, Debug, Default)]
pub struct Epoch {
    /// Missions whose escrow is of it.
    pub missions: u64,
    /// Of them completed.
    pub completed: u64,
    /// Of them failed now.
    pub failed: u64,
    /// Of them aborted.
    pub aborted: u64,
    /// Nodes completed.
    pub nodes_completed: u64,
    /// Times that nodes failed.
    pub nodes_failed: u64,
    /// Freezes.
    pub freezes: u64,
    /// Nodes given anew.
    pub refinements: u64,
    /// From routed to completed.
    pub node_secs: Samples,
    /// Shares paid.
    pub paid: U256,
    /// Stakes lost.
    pub slashed: U256,
}

/// How the results of one tier ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// Completed.
    pub completed: u64,
    /// Judged wrong.
    pub rejected: u64,
    /// Never came.
    pub timed_out: u64,
    /// Failed otherwise.
    pub other: u64,
}

impl Tier {
    /// Completed of those judged, in ten-thousandths; nothing of none.
    pub fn rate_bps(&self) -> Option<u64> {
        let judged = self.completed.saturating_add(self.rejected);
        self.completed.saturating_mul(10_000).checked_div(judged)
    }
}

/// How a node's attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Completed.
    Completed,
    /// Judged wrong.
    Rejected,
    /// Never came.
    TimedOut,
    /// Failed otherwise.
    Other,
}

impl Tier {
    /// Counts one.
    pub fn count(&mut self, ending: Ending) {
        let counter = match ending {
            Ending::Completed => &mut self.completed,
            Ending::Rejected => &mut self.rejected,
            Ending::TimedOut => &mut self.timed_out,
            Ending::Other => &mut self.other,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Freezes over time.
#[derive(Clone, Debug, Default)]
pub struct Freezes {
    /// All.
    pub total: u64,
    /// By cause: how many, how many of them false.
    pub by_cause: BTreeMap<Cause, (u64, u64)>,
    /// By agent.
    pub by_agent: BTreeMap<Address, u64>,
    /// By the beginning of the bucket.
    pub by_time: BTreeMap<u64, u64>,
}

impl Freezes {
    /// Counts one.
    pub fn count(&mut self, cause: Cause, agent: Address, at: u64) {
        self.total = self.total.saturating_add(1);
        self.by_cause.entry(cause).or_default().0 += 1;
        if self.by_agent.len() < AGENTS_MAX || self.by_agent.contains_key(&agent) {
            *self.by_agent.entry(agent).or_default() += 1;
        }
        *self.by_time.entry(at - at % BUCKET_SECS).or_default() += 1;
        while self.by_time.len() > BUCKETS_MAX {
            self.by_time.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_median_is_of_the_last_and_a_rate_of_those_judged() {
        let mut samples = Samples::default();
        assert_eq!(samples.median(), None);
        for secs in 0..100 {
            samples.push(secs);
        }
        assert_eq!((samples.count(), samples.median()), (64, Some(67)));
        let mut tier = Tier::default();
        assert_eq!(tier.rate_bps(), None);
        tier.count(Ending::TimedOut);
        assert_eq!(tier.rate_bps(), None);
        tier.count(Ending::Completed);
        tier.count(Ending::Completed);
        tier.count(Ending::Rejected);
        assert_eq!(tier.rate_bps(), Some(6_666));
    }

    proptest! {
        #[test]
        fn a_line_holds_exactly_when_a_naive_sum_says_so(
            paid in any::<u64>(), returned in any::<u64>(), forfeited in any::<u64>(), held in any::<u64>(), off in -1_i128..=1,
        ) {
            let naive = i128::from(paid) + i128::from(returned) + i128::from(forfeited) + i128::from(held);
            let Ok(taken) = u128::try_from(naive + off) else { return Ok(()); };
            let line = Line {
                taken: U256::from(taken),
                paid: U256::from(paid),
                returned: U256::from(returned),
                forfeited: U256::from(forfeited),
            };
            prop_assert_eq!(line.holds(U256::from(held)), off == 0);
        }
    }

    #[test]
    fn sums_beyond_the_greatest_number_hold_nothing() {
        let line = Line {
            taken: U256::MAX,
            paid: U256::MAX,
            returned: U256::from(1),
            forfeited: U256::ZERO,
        };
        assert!(!line.holds(U256::ZERO));
    }
}
