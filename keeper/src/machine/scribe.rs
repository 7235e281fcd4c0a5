//! Whether the chain goes into the keeper's log: what stops it is told once, and what goes on again is known.
//!
//! ```text
//!            Stuck (told)            Stuck, a human is needed (told)
//!  writing ───────────────► waiting ─────────────────────────────► stopped
//!     ▲                        │                                      │
//!     └──────── Wrote ─────────┴──────────────── Wrote ───────────────┘
//! ```
//!
//! How far it came is in the log itself, with what was written, so this machine holds no truth that could differ from it.

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::Machine;
use crate::{
    action::{self, Level},
    clock::Moment,
    event::Event,
};

/// What became of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Seen {
    /// Everything final up to a block is in the log.
    Wrote {
        /// Which block.
        block: u64,
        /// Its hash.
        hash: B256,
        /// When the round began.
        asked: Moment,
    },
    /// It does not go on.
    Stuck {
        /// Why, for the operator.
        cause: String,
        /// Who can help.
        help: Help,
        /// When the round began.
        asked: Moment,
    },
}

/// Who can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Help {
    /// Time: it is tried again.
    Time,
    /// A human: it is tried again, and will not go on before.
    Human,
}

/// Something the scribe wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Tell a human.
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
        match self {
            Self::Wrote { hash, asked, .. } => format!("scribe/wrote/{hash:#x}/{}", asked.get()),
            Self::Stuck { asked, .. } => format!("scribe/stuck/{}", asked.get()),
        }
    }
}

impl Action {
    pub(crate) fn key(&self) -> String {
        let Self::Tell { author, number, .. } = self;
        format!("scribe-alert/{author:#x}/{number}")
    }
}

/// The machine.
#[derive(Debug)]
pub struct Scribe {
    author: Address,
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    stuck: Option<Help>,
    block: Option<u64>,
    told: u64,
}

impl Scribe {
    /// For the log of `author`, knowing nothing yet.
    pub fn new(author: Address) -> Self {
        Self {
            author,
            state: State::default(),
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(author: Address, state: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            author,
            state: serde_json::from_str(state)?,
        })
    }

    fn seen(&mut self, seen: &Seen) -> Option<Action> {
        match seen {
            Seen::Wrote { block, .. } => {
                self.state.stuck = None;
                self.state.block = Some(*block);
                None
            }
            Seen::Stuck { cause, help, .. } => {
                let before = self.state.stuck.replace(*help);
                // What waits for a human is told again when only time seemed to be needed.
                if before.is_some_and(|before| before == *help || before == Help::Human) {
                    return None;
                }
                let number = self.state.told;
                self.state.told = number.saturating_add(1);
                let since = self
                    .state
                    .block
                    .map_or("from its beginning".to_owned(), |block| {
                        format!("after block {block}")
                    });
                Some(Action::Tell {
                    author: self.author,
                    text: format!("the chain does not go into the log {since}: {cause}"),
                    number,
                })
            }
        }
    }
}

impl Machine for Scribe {
    fn step(&mut self, event: &Event) -> Vec<action::Action> {
        let Event::Scribe(seen) = event else {
            // Another part's.
            return Vec::new();
        };
        let told = self.seen(seen);
        told.into_iter().map(action::Action::Scribe).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("numbers are JSON")
    }

    fn worst(&self) -> Option<Level> {
        match self.state.stuck {
            Some(Help::Time) => Some(Level::Unknown),
            Some(Help::Human) => Some(Level::Dead),
            None => self.state.block.map(|_| Level::Fine),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHOR: Address = Address::repeat_byte(7);

    fn wrote(block: u64) -> Event {
        Event::Scribe(Seen::Wrote {
            block,
            hash: B256::with_last_byte(block as u8),
            asked: Moment::new(block),
        })
    }

    fn stuck(help: Help) -> Event {
        Event::Scribe(Seen::Stuck {
            cause: "so".to_owned(),
            help,
            asked: Moment::new(1),
        })
    }

    #[test]
    fn what_stops_it_is_told_once_and_again_when_a_human_is_needed() {
        let mut machine = Scribe::new(AUTHOR);
        assert_eq!(machine.worst(), None);
        for (event, tells, worst) in [
            (wrote(5), 0, Level::Fine),
            (stuck(Help::Time), 1, Level::Unknown),
            (stuck(Help::Time), 0, Level::Unknown),
            (stuck(Help::Human), 1, Level::Dead),
            (stuck(Help::Human), 0, Level::Dead),
            (stuck(Help::Time), 0, Level::Unknown),
            (wrote(6), 0, Level::Fine),
            (stuck(Help::Human), 1, Level::Dead),
        ] {
            assert_eq!(machine.step(&event).len(), tells, "{event:?}");
            assert_eq!(machine.worst(), Some(worst), "{event:?}");
        }
        let told = machine.step(&stuck(Help::Time));
        assert_eq!(told, [], "nothing new");
    }

    #[test]
    fn a_checkpoint_is_the_whole_machine() {
        let mut machine = Scribe::new(AUTHOR);
        machine.step(&wrote(5));
        machine.step(&stuck(Help::Human));
        let again = Scribe::resume(AUTHOR, &machine.state()).expect("its own");
        assert_eq!(again.state, machine.state);
        assert!(Scribe::resume(AUTHOR, "{}").is_err());
    }
}
