//! Six stories of a city, each of less than a minute, told while they happen on a strict devnode of their own with the compiled programs:
//! what `agentcity demo` runs (`docs/demo.md`).
//!
//! Reading order: [`teller`] (words, lines, what programs want to know), [`play`] (what people do on the stage, and how it is told), then
//! a file a story. A story claims things of the chain as it goes, and ends as an error where the chain says something else; its
//! test compares all that it told, and looks at the chain once more.

mod collusion;
mod cycle;
mod freeze;
mod killed;
mod outage;
pub mod play;
mod silence;
pub mod teller;

use std::io;

use alloy::primitives::B256;

pub use self::{
    play::Play,
    teller::{Facts, Teller},
};
use crate::{
    city::{CallError, RaiseError},
    http::RpcError,
    machines::{MachineError, sun::SunError},
    mission::{MissionError, Stage},
    program::ProgramError,
};

/// A story.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// Its name at the command line.
    pub name: &'static str,
    /// What it is about, in a line.
    pub about: &'static str,
    play: fn(&mut Teller<'_>) -> Result<Ending, DemoError>,
}

/// Where a story ends: the city as it stands then, for whoever looks at it.
#[derive(Debug)]
pub struct Ending {
    /// The city and its people.
    pub stage: Stage,
    /// What it was about: a mission, or a session.
    pub subject: B256,
}

/// Why a story does not come to its end. What carries a whole contract error is boxed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The city does not stand, or somebody was refused.
    #[error(transparent)]
    Mission(#[from] Box<MissionError>),
    /// A machine does not run.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// It was waited for in vain.
    #[error(transparent)]
    Sun(#[from] Box<SunError>),
    /// The listener is gone.
    #[error("cannot tell it: {0}")]
    Listener(#[from] io::Error),
    /// The chain says something else than the story.
    #[error(
        "the story says that {claim}: {expected} expected, {found} found; this is a defect, please report it with the story's name"
    )]
    Contradicted {
        /// What the story says.
        claim: String,
        /// What had to be there.
        expected: String,
        /// What is there.
        found: String,
    },
}

/// What comes of a mission comes boxed.
macro_rules! of_missions {
    ($($error:ty),*) => {$(
        impl From<$error> for DemoError {
            fn from(error: $error) -> Self {
                Self::Mission(Box::new(error.into()))
            }
        }
    )*};
}

of_missions!(MissionError, CallError, RpcError, RaiseError);

impl From<ProgramError> for DemoError {
    fn from(error: ProgramError) -> Self {
        RaiseError::from(error).into()
    }
}

impl From<SunError> for DemoError {
    fn from(error: SunError) -> Self {
        Self::Sun(Box::new(error))
    }
}

impl Story {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self {
            name: "freeze-and-override",
            about: "A monitor freezes an executor's work, one human lifts the false alarm, and two end a mission that one may not",
            play: freeze::play,
        },
        Self {
            name: "condorcet-cycle",
            about: "Nine voters prefer A to B, B to C and C to A, and the law decides all the same, in the same way for whoever counts",
            play: cycle::play,
        },
        Self {
            name: "collusion",
            about: "Five of ten ballots are too much alike; who says so under bond is right, who says so of honest ballots pays",
            play: collusion::play,
        },
        Self {
            name: "sequencer-outage",
            about: "The chain stands still for an hour while work is due: nobody is slashed, with the panel's word or without it",
            play: outage::play,
        },
        Self {
            name: "silent-humans",
            about: "No human answers anything any more: a stranger ends everything by its deadlines, and every coin comes back",
            play: silence::play,
        },
        Self {
            name: "keeper-killed",
            about: "A keeper is killed twice in the middle of its work, once between sending and hearing: nothing is lost or done twice",
            play: killed::play,
        },
    ];

    /// The story of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|story| story.name == name)
    }

    /// Tells it, on a devnode of its own.
    ///
    /// Errors: [`DemoError`].
    pub fn tell(&self, teller: &mut Teller<'_>) -> Result<Ending, DemoError> {
        teller.title(self.name, &format!("{}.", self.about))?;
        (self.play)(teller)
    }
}
