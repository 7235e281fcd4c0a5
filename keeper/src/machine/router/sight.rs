//! What the router is shown: a mission's nodes as the chain has them, and how the jobs of the executors that this keeper serves stand.

use agentcity_domain::{
    machine::{MissionState, NodeState},
    verification::window::Phase,
};
use agentcity_executor::protocol::{JobId, Place};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Moment,
    event::{Head, numbered},
};

/// A mission at one block, with the nodes at which something may be due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sight {
    /// Which mission.
    pub mission: B256,
    /// As of which block.
    pub at: Head,
    /// When the executors were asked, by this machine's clock.
    pub asked: Moment,
    /// The mission's state.
    #[serde(with = "numbered")]
    pub state: MissionState,
    /// When it came to its state, unix seconds.
    #[serde(default)]
    pub since: u64,
    /// Its deadline, unix seconds.
    #[serde(default)]
    pub deadline: u64,
    /// What lies on the mission, or on the city.
    pub halt: Halted,
    /// Nodes, ascending; those that wait are left out.
    pub nodes: Vec<NodeSight>,
    /// Of a mission that ended: agents whom this keeper serves and who have a stake in it, whoever sits in their seats now.
    #[serde(default)]
    pub staked: Vec<Address>,
}

/// What a halt forbids (RULINGS R9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Halted {
    /// Nothing.
    #[default]
    Not,
    /// New work: a pause, a freeze of the city, a struck norm. What runs ends normally.
    NewWork,
    /// All work: a stop.
    AllWork,
}

/// A node in its current attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSight {
    /// Its number.
    pub node: u16,
    /// Its state.
    #[serde(with = "numbered")]
    pub state: NodeState,
    /// Its attempt.
    pub attempt: u8,
    /// When it came to its state, unix seconds. What is done again in the same attempt, after a freeze that was lifted, is another step.
    pub since: u64,
    /// Its tier.
    pub tier: u8,
    /// Seats that must agree.
    pub threshold: u8,
    /// Before it runs: the last second in which every seat must be taken.
    pub seats_close: u64,
    /// The last second of its state, unix seconds; zero where time does not end it.
    pub ends: u64,
    /// Whether the outputs of all nodes before it are at hand. The chain completed them, or the node would wait.
    pub has_inputs: bool,
    /// Tier 2, once it runs: what may be done, as the domain's schedule says.
    #[serde(with = "phased")]
    pub phase: Option<Phase>,
    /// Tier 2: whether values are sets, whose elements whoever closes brings.
    #[serde(default)]
    pub is_of_sets: bool,
    /// Before it runs, once silent seats may pass on: who would take one.
    #[serde(default)]
    pub runner_up: Option<Address>,
    /// Its seats by place.
    pub seats: Vec<SeatSight>,
}

/// A seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatSight {
    /// Who sits there.
    pub agent: Address,
    /// Whether it was taken; once the node runs, whether it is of the attempt.
    pub taken: bool,
    /// Whether its value is sealed on chain.
    pub committed: bool,
    /// Whether its value is opened on chain, or excluded.
    pub opened: bool,
    /// How its job stands, where this keeper serves the agent.
    pub job: JobSight,
}

/// How a job stands, as its executor says and the client believes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobSight {
    /// Nobody asked, or there was no answer to believe: nothing follows from that.
    #[default]
    Silent,
    /// The executor knows no such job.
    Missing,
    /// It is worked on.
    Running,
    /// It is sealed.
    Committed,
    /// It is open.
    Delivered,
    /// It was stopped.
    Stopped,
    /// It cannot be done.
    Failed,
}

impl NodeSight {
    /// The job of a seat.
    pub fn job(&self, mission: B256, place: Place) -> JobId {
        JobId {
            mission,
            node: self.node,
            attempt: self.attempt,
            seat: place,
        }
    }

    /// Seats with their places.
    pub fn places(&self) -> impl Iterator<Item = (Place, &SeatSight)> {
        let numbered = (0..).zip(&self.seats);
        numbered.filter_map(|(number, seat)| Some((Place::new(number)?, seat)))
    }
}

/// The domain's phases by name.
mod phased {
    use agentcity_domain::verification::window::Phase;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Clone, Copy, Serialize, Deserialize)]
    enum Named {
        Commits,
        Short,
        Reveals,
        Disputes,
        Over,
    }

    pub(super) fn serialize<S: Serializer>(
        phase: &Option<Phase>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let named = phase.map(|phase| match phase {
            Phase::Commits => Named::Commits,
            Phase::Short => Named::Short,
            Phase::Reveals => Named::Reveals,
            Phase::Disputes => Named::Disputes,
            Phase::Over => Named::Over,
        });
        named.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Phase>, D::Error> {
        let named = Option::<Named>::deserialize(deserializer)?;
        Ok(named.map(|named| match named {
            Named::Commits => Phase::Commits,
            Named::Short => Phase::Short,
            Named::Reveals => Phase::Reveals,
            Named::Disputes => Phase::Disputes,
            Named::Over => Phase::Over,
        }))
    }
}
