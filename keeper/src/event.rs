//! What can happen to the keeper: a closed set, so that a machine must say what it does about each.

use agentcity_domain::time::{Seconds, Timestamp};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::{
    action::{Action, Outcome},
    clock::Moment,
    journal::Identity,
    machine::{anchor, clerk, escrow_buffer, freeze_mirror, reconciliation, router, scribe},
    source::chain,
};

/// Something the keeper learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// The chain answered about a program.
    Observed {
        /// Whose life was asked for.
        program: Address,
        /// What the chain said.
        life: Life,
        /// As of which block.
        at: Head,
    },
    /// The chain did not answer, or not in a way that can be understood. The life is unknown, not fine.
    Unreachable {
        /// Whose life was asked for.
        program: Address,
        /// The cause, for the operator.
        cause: String,
        /// When it was asked, by this machine's clock.
        asked: Moment,
    },
    /// The city's chain told something.
    Chain(chain::Event),
    /// Of the log and its anchors.
    Log(anchor::Seen),
    /// Of the chain in the log.
    Scribe(scribe::Seen),
    /// A clerk learnt something.
    Clerk(clerk::Event),
    /// A mission was looked at, for the router.
    Router(router::Sight),
    /// Of the freeze mirror.
    Mirror(freeze_mirror::Event),
    /// Of the escrow buffer.
    Escrow(escrow_buffer::Event),
    /// Of reconciliation.
    Reconciliation(reconciliation::Event),
    /// An action of this machine ended.
    Ended {
        /// Which.
        action: Action,
        /// How.
        outcome: Outcome,
    },
}

impl Event {
    /// What makes it the same event: it is recorded, and taken by its machine, once.
    pub fn identity(&self) -> Identity {
        Identity::Once(match self {
            Self::Chain(event) => return event.identity(),
            Self::Mirror(event) => return event.identity(),
            Self::Escrow(event) => return event.identity(),
            Self::Observed { program, at, .. } => {
                format!("observed/{program:#x}/{:#x}", at.hash)
            }
            Self::Unreachable { program, asked, .. } => {
                format!("unreachable/{program:#x}/{}", asked.get())
            }
            Self::Log(seen) => seen.identity(),
            Self::Scribe(seen) => seen.identity(),
            Self::Reconciliation(event) => event.identity(),
            Self::Clerk(event) => event.identity(),
            Self::Router(sight) => format!(
                "router/{:#x}/{:#x}/{}",
                sight.mission,
                sight.at.hash,
                sight.asked.get()
            ),
            Self::Ended { action, .. } => format!("ended/{}", action.key()),
        })
    }
}

/// A block, as far as an answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time.
    #[serde(with = "whole_seconds")]
    pub time: Timestamp,
}

/// The activation of a program, as ArbWasm tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Life {
    /// Callable, for `left` more.
    Active {
        /// Until it expires.
        #[serde(with = "whole_seconds")]
        left: Seconds,
    },
    /// Lay unrenewed for too long: every call fails until somebody activates it again.
    Expired,
    /// Activated for an older version of the virtual machine: every call fails until somebody activates it again.
    Outdated,
    /// Never activated, or there is no program at the address.
    NotActivated,
}

/// The domain's durations as numbers of milliseconds.
pub(crate) mod whole_millis {
    use agentcity_domain::time::Millis;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        value: &Millis,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.get())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Millis, D::Error> {
        u64::deserialize(deserializer).map(Millis::new)
    }
}

/// The domain's instants and durations as numbers of seconds: the domain itself knows no formats.
pub(crate) mod whole_seconds {
    use agentcity_domain::time::{Seconds, Timestamp};
    use serde::{Deserialize, Deserializer, Serializer};

    /// What is a number of seconds.
    pub(crate) trait Whole: Copy {
        fn get(self) -> u64;
        fn new(seconds: u64) -> Self;
    }

    impl Whole for Seconds {
        fn get(self) -> u64 {
            Self::get(self)
        }
        fn new(seconds: u64) -> Self {
            Self::new(seconds)
        }
    }

    impl Whole for Timestamp {
        fn get(self) -> u64 {
            Self::get(self)
        }
        fn new(seconds: u64) -> Self {
            Self::new(seconds)
        }
    }

    pub(crate) fn serialize<T: Whole, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.get())
    }

    pub(crate) fn deserialize<'de, T: Whole, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        u64::deserialize(deserializer).map(T::new)
    }
}

/// The domain's enums by their numbers on the wire: the domain itself knows no formats.
pub(crate) mod numbered {
    use agentcity_domain::{
        guardian::{freeze::Cause, report::Kind},
        machine::{MissionState, NodeState},
    };
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) trait Numbered: Copy + Sized {
        fn number(self) -> u8;
        fn of(number: u8) -> Option<Self>;
    }

    impl Numbered for MissionState {
        fn number(self) -> u8 {
            Self::number(self)
        }
        fn of(number: u8) -> Option<Self> {
            Self::from_u8(number)
        }
    }

    impl Numbered for NodeState {
        fn number(self) -> u8 {
            Self::number(self)
        }
        fn of(number: u8) -> Option<Self> {
            Self::from_u8(number)
        }
    }

    impl Numbered for Kind {
        fn number(self) -> u8 {
            self as u8
        }
        fn of(number: u8) -> Option<Self> {
            Self::at(number)
        }
    }

    impl Numbered for Cause {
        fn number(self) -> u8 {
            self as u8
        }
        fn of(number: u8) -> Option<Self> {
            [
                Self::Deviation,
                Self::ToolLimit,
                Self::MessageLimit,
                Self::DeploymentSubstitution,
                Self::Manual,
            ]
            .into_iter()
            .find(|cause| *cause as u8 == number)
        }
    }

    pub(crate) fn serialize<T: Numbered, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(value.number())
    }

    pub(crate) fn deserialize<'de, T: Numbered, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let number = u8::deserialize(deserializer)?;
        T::of(number).ok_or_else(|| de::Error::custom(format!("{number} has no meaning here")))
    }
}
