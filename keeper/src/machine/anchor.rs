//! When a root of the log is anchored on the roster, and that two anchored roots are proved consistent there.
//!
//! ```text
//!  log grew by enough, or is old enough ──► Anchor n ──► seen on chain ──► Prove n-1, n
//!  the chain has what the log has not   ──► Tell, and nothing else: the log on disk is behind, or another
//! ```
//!
//! The chain is asked at every look, so the machine holds no truth of its own: only since when something waits, what it asked for,
//! and what it told. INV-ROSTER-05 is the roster's: a sequence is taken once.

use agentcity_domain::{roster::anchor::Anchor, time::Millis};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::Machine;
use crate::{
    action::{Action, Level},
    clock::Moment,
    event::Event,
};

/// How often the same anchor, or proof, is asked for: what the chain refused three times wants a human.
const TRIES_MAX: u32 = 3;

/// What the keeper learnt about its log and the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Seen {
    /// The log on disk, and the last anchor of its author.
    Both {
        /// Entries of the log.
        size: u64,
        /// Its root.
        root: B256,
        /// The last anchor's number; zero before the first.
        sequence: u64,
        /// Entries of what was anchored.
        anchored_size: u64,
        /// Whether the log on disk had the anchored root at that size.
        is_ours: bool,
        /// When it was asked.
        asked: Moment,
    },
}

/// What is done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// Anchor a root. Whether that happened can be asked of the chain: the author's anchor of that number.
    Anchor {
        /// Whose log.
        author: Address,
        /// The anchor's number.
        sequence: u64,
        /// Entries.
        size: u64,
        /// The root.
        root: B256,
        /// Which try.
        attempt: u32,
    },
    /// Prove on chain that one anchored log extends another. Whether that happened can be asked of the chain's logs.
    Prove {
        /// Whose log.
        author: Address,
        /// The earlier anchor's number.
        first: u64,
        /// The later one's.
        second: u64,
        /// Which try.
        attempt: u32,
    },
    /// Tell a human. Once for each cause.
    Tell {
        /// Whose log.
        author: Address,
        /// What is known, and what to do.
        text: String,
        /// Its place among those of this machine.
        number: u64,
    },
}

impl Seen {
    pub(crate) fn identity(&self) -> String {
        let Self::Both {
            size,
            root,
            sequence,
            asked,
            ..
        } = self;
        format!("log/{size}/{root:#x}/{sequence}/{}", asked.get())
    }
}

impl Step {
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Anchor {
                author,
                sequence,
                size,
                attempt,
                ..
            } => format!("anchor/{author:#x}/{sequence}/{size}/{attempt}"),
            Self::Prove {
                author,
                first,
                second,
                attempt,
            } => format!("consistency/{author:#x}/{first}/{second}/{attempt}"),
            Self::Tell { author, number, .. } => format!("log-alert/{author:#x}/{number}"),
        }
    }
}

/// When to anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After so many entries.
    pub entries: u64,
    /// Or when the oldest entry that is not anchored waited so long.
    pub wait: Millis,
}

/// The machine.
#[derive(Debug)]
pub struct Anchoring {
    author: Address,
    pace: Pace,
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// Since when there are entries that are not anchored.
    waits_since: Option<Moment>,
    /// What was asked for and did not end.
    wanted: Option<Wanted>,
    /// Tries that the chain refused, of the anchor of this number.
    refused: (u64, u32),
    /// The last anchor that was proved, or whose proof was asked for, and its refused tries.
    proved: (u64, u32),
    told: u64,
    /// Whether the last look showed a log that is not what was anchored.
    is_foreign: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    sequence: u64,
    size: u64,
}

impl Anchoring {
    /// Anchors in the name of `author`, knowing nothing yet.
    pub fn new(author: Address, pace: Pace) -> Self {
        Self {
            author,
            pace,
            state: State::default(),
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(author: Address, pace: Pace, state: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            author,
            pace,
            state: serde_json::from_str(state)?,
        })
    }

    fn tell(&mut self, text: String) -> Step {
        let number = self.state.told;
        self.state.told = number.saturating_add(1);
        Step::Tell {
            author: self.author,
            text,
            number,
        }
    }

    fn seen(
        &mut self,
        log: Anchor,
        sequence: u64,
        anchored: u64,
        is_ours: bool,
        asked: Moment,
    ) -> Vec<Step> {
        if !is_ours {
            let is_news = !std::mem::replace(&mut self.state.is_foreign, true);
            let text = format!(
                "anchor {sequence} of {} is not of the log on disk, which has {} entries: it was anchored with {anchored}. Nothing is anchored until the log that was is restored",
                self.author, log.size
            );
            return is_news.then(|| self.tell(text)).into_iter().collect();
        }
        self.state.is_foreign = false;
        if self
            .state
            .wanted
            .is_some_and(|wanted| wanted.sequence <= sequence)
        {
            self.state.wanted = None;
        }
        let mut steps = Vec::new();
        if sequence >= 2 && self.state.proved.0 < sequence {
            self.state.proved = (sequence, 0);
            steps.push(self.prove(sequence, 0));
        }
        if log.size <= anchored {
            self.state.waits_since = None;
            return steps;
        }
        let since = *self.state.waits_since.get_or_insert(asked);
        let is_due =
            log.size - anchored >= self.pace.entries || asked.since(since) >= self.pace.wait;
        if is_due && self.state.wanted.is_none() {
            steps.extend(self.anchor(sequence.saturating_add(1), log));
        }
        steps
    }

    fn anchor(&mut self, sequence: u64, log: Anchor) -> Option<Step> {
        let (of, attempt) = self.state.refused;
        let attempt = if of == sequence { attempt } else { 0 };
        if attempt >= TRIES_MAX {
            return None;
        }
        self.state.waits_since = None;
        self.state.wanted = Some(Wanted {
            sequence,
            size: log.size,
        });
        Some(Step::Anchor {
            author: self.author,
            sequence,
            size: log.size,
            root: log.root,
            attempt,
        })
    }

    fn prove(&self, second: u64, attempt: u32) -> Step {
        Step::Prove {
            author: self.author,
            first: second - 1,
            second,
            attempt,
        }
    }

    fn ended(&mut self, step: &Step, cause: Option<&str>) -> Vec<Step> {
        match (step, cause) {
            (Step::Anchor { sequence, size, .. }, cause) => {
                let own = Wanted {
                    sequence: *sequence,
                    size: *size,
                };
                if self.state.wanted == Some(own) {
                    self.state.wanted = None;
                }
                let Some(cause) = cause else {
                    return Vec::new();
                };
                let (of, tries) = self.state.refused;
                let tries = if of == *sequence { tries } else { 0 };
                self.state.refused = (*sequence, tries.saturating_add(1));
                vec![self.tell(format!(
                    "anchor {sequence} of {} was refused: {cause}",
                    self.author
                ))]
            }
            (
                Step::Prove {
                    second, attempt, ..
                },
                Some(cause),
            ) => {
                let mut steps = vec![self.tell(format!(
                    "that anchor {second} of {} extends the one before was not proved: {cause}",
                    self.author
                ))];
                let next = attempt.saturating_add(1);
                if next < TRIES_MAX && self.state.proved == (*second, *attempt) {
                    self.state.proved = (*second, next);
                    steps.push(self.prove(*second, next));
                }
                steps
            }
            (Step::Prove { .. }, None) | (Step::Tell { .. }, _) => Vec::new(),
        }
    }
}

impl Machine for Anchoring {
    fn step(&mut self, event: &Event) -> Vec<Action> {
        let steps = match event {
            Event::Log(Seen::Both {
                size,
                root,
                sequence,
                anchored_size,
                is_ours,
                asked,
            }) => {
                let log = Anchor {
                    size: *size,
                    root: *root,
                };
                self.seen(log, *sequence, *anchored_size, *is_ours, *asked)
            }
            Event::Ended {
                action: Action::Log(step),
                outcome,
            } => self.ended(step, outcome.refusal()),
            // Another part's.
            _ => Vec::new(),
        };
        steps.into_iter().map(Action::Log).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("numbers are JSON")
    }

    fn worst(&self) -> Option<Level> {
        Some(match self.state.is_foreign {
            true => Level::Dead,
            false => Level::Fine,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Outcome;

    const AUTHOR: Address = Address::repeat_byte(7);
    const PACE: Pace = Pace {
        entries: 10,
        wait: Millis::new(1_000),
    };

    fn machine() -> Anchoring {
        Anchoring::new(AUTHOR, PACE)
    }

    fn root(size: u64) -> B256 {
        B256::with_last_byte(size as u8)
    }

    fn look(
        machine: &mut Anchoring,
        size: u64,
        sequence: u64,
        anchored: u64,
        at: u64,
    ) -> Vec<Step> {
        saw(machine, size, sequence, anchored, true, at)
    }

    fn saw(
        machine: &mut Anchoring,
        size: u64,
        sequence: u64,
        anchored_size: u64,
        is_ours: bool,
        at: u64,
    ) -> Vec<Step> {
        let event = Event::Log(Seen::Both {
            size,
            root: root(size),
            sequence,
            anchored_size,
            is_ours,
            asked: Moment::new(at),
        });
        steps(machine.step(&event))
    }

    fn steps(actions: Vec<Action>) -> Vec<Step> {
        let steps = actions.into_iter().map(|action| match action {
            Action::Log(step) => step,
            other => panic!("{other:?}"),
        });
        steps.collect()
    }

    fn end(machine: &mut Anchoring, step: &Step, outcome: Outcome) -> Vec<Step> {
        let action = Action::Log(step.clone());
        steps(machine.step(&Event::Ended { action, outcome }))
    }

    fn anchor(sequence: u64, size: u64, attempt: u32) -> Step {
        Step::Anchor {
            author: AUTHOR,
            sequence,
            size,
            root: root(size),
            attempt,
        }
    }

    fn prove(second: u64, attempt: u32) -> Step {
        Step::Prove {
            author: AUTHOR,
            first: second - 1,
            second,
            attempt,
        }
    }

    fn refused() -> Outcome {
        Outcome::Refused { cause: "no".into() }
    }

    #[test]
    fn a_log_is_anchored_when_it_grew_enough_or_waited_enough_and_not_before() {
        for (looks, wanted) in [
            (vec![(9, 0), (9, 999)], None),
            (vec![(9, 0), (9, 1_000)], Some(9)),
            (vec![(10, 0)], Some(10)),
            (vec![(0, 0), (0, 5_000)], None),
            (vec![(1, 5), (2, 1_004), (3, 1_005)], Some(3)),
        ] {
            let mut machine = machine();
            let mut last = Vec::new();
            for (size, at) in &looks {
                last = look(&mut machine, *size, 0, 0, *at);
            }
            let expected: Vec<Step> = wanted.into_iter().map(|size| anchor(1, size, 0)).collect();
            assert_eq!(last, expected, "{looks:?}");
        }
    }

    #[test]
    fn one_anchor_is_wanted_at_a_time_and_the_next_after_it_is_seen() {
        let mut machine = machine();
        let first = look(&mut machine, 10, 0, 0, 0);
        assert_eq!(first, [anchor(1, 10, 0)]);
        assert_eq!(look(&mut machine, 40, 0, 0, 9_000), []);
        let done = Outcome::Done {
            hash: B256::ZERO,
            block: 1,
        };
        assert_eq!(end(&mut machine, &first[0], done), []);
        assert_eq!(look(&mut machine, 40, 1, 10, 9_001), [anchor(2, 40, 0)]);
        assert_eq!(look(&mut machine, 40, 2, 40, 9_002), [prove(2, 0)]);
        assert_eq!(
            look(&mut machine, 40, 2, 40, 90_000),
            [],
            "nothing new, nothing to do"
        );
    }

    #[test]
    fn another_keepers_anchor_is_as_good() {
        let mut machine = machine();
        look(&mut machine, 10, 0, 0, 0);
        assert_eq!(look(&mut machine, 12, 1, 11, 5), []);
        assert_eq!(look(&mut machine, 21, 1, 11, 6), [anchor(2, 21, 0)]);
    }

    #[test]
    fn what_the_chain_refuses_is_told_and_tried_three_times() {
        let mut machine = machine();
        for attempt in 0..TRIES_MAX {
            let wanted = look(&mut machine, 10, 0, 0, u64::from(attempt));
            assert_eq!(wanted, [anchor(1, 10, attempt)]);
            let told = end(&mut machine, &wanted[0], refused());
            assert!(matches!(&told[..], [Step::Tell { .. }]), "{told:?}");
        }
        assert_eq!(look(&mut machine, 50, 0, 0, 9_000), []);
        let mut proofs = look(&mut machine, 50, 2, 50, 9_001);
        for attempt in 0..TRIES_MAX {
            assert_eq!(proofs.pop(), Some(prove(2, attempt)));
            proofs = end(&mut machine, &prove(2, attempt), refused());
        }
        assert!(matches!(&proofs[..], [Step::Tell { .. }]), "{proofs:?}");
    }

    #[test]
    fn a_log_that_is_not_what_was_anchored_is_told_once_and_anchored_never() {
        let mut machine = machine();
        let told = saw(&mut machine, 10, 3, 20, false, 0);
        assert!(matches!(&told[..], [Step::Tell { .. }]), "{told:?}");
        assert_eq!(machine.worst(), Some(Level::Dead));
        assert_eq!(saw(&mut machine, 40, 3, 20, false, 9_000), []);
        assert_eq!(
            look(&mut machine, 40, 3, 20, 9_001),
            [prove(3, 0), anchor(4, 40, 0)]
        );
        assert_eq!(machine.worst(), Some(Level::Fine));
    }

    #[test]
    fn a_checkpoint_is_the_whole_machine() {
        let mut machine = machine();
        look(&mut machine, 10, 0, 0, 0);
        let mut again = Anchoring::resume(AUTHOR, PACE, &machine.state()).expect("its own");
        assert_eq!(again.state, machine.state);
        assert_eq!(
            look(&mut again, 40, 1, 10, 1),
            look(&mut machine, 40, 1, 10, 1)
        );
        assert!(Anchoring::resume(AUTHOR, PACE, "{}").is_err());
    }
}
