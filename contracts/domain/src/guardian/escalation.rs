//! Escalation: when freezes of an agent, or of a whole mission, add up to a stop.
//!
//! Freezes are counted in a window that doubles with each stop that was cleared in the mission, since the last one was cleared, and
//! without those that people found false. Those of one agent stop at a threshold that its reputation raises; those of all agents
//! together at a multiple of the least threshold, so that several agents do not each stay below theirs (G-04). Either way monitors of
//! different principals must have reported them: those of one stop nothing, however many they are, and a word about another agent
//! adds nothing to what is said of this one (RULINGS R13, A7; INV-GUARD-05).
//!
//! Every freeze is a record of its own and stays, so nothing is forgotten; what is bounded is how many are looked at. Two bounds are
//! reached by no parameters but the greatest, and both err towards the stop (INV-GUARD-04): an agent's threshold is at most
//! `freezeRing`, and a mission whose window holds [`LOOKED_AT_MAX`] freezes, counted or not, is past its cap.

use alloy_primitives::Address;

use crate::{
    parameter::{
        ParameterId,
        derived::{escalation_threshold, escalation_window_ms},
    },
    reputation::Points,
    time::{Millis, Seconds},
};

/// Most freezes of one agent that have to be counted.
pub const COUNTED_MAX: u32 = ParameterId::FreezeRing.constant();

/// Most freezes of a mission that are looked at: the greatest cap that the table allows.
pub const LOOKED_AT_MAX: u32 =
    ParameterId::EscalationFreezeCount.row().max * ParameterId::MissionFreezeCapFactor.row().max;

/// Most principals of monitors that have to be told apart.
pub const PRINCIPALS_MAX: usize = ParameterId::EscalationMonitorPrincipals.row().max as usize;

/// The parameters, from the mission's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `escalationFreezeCount`.
    pub count: u32,
    /// `reputationScalingBonus`.
    pub bonus: u32,
    /// `reputationScalingEnabled`.
    pub is_scaled: bool,
    /// `missionFreezeCapFactor`.
    pub factor: u32,
    /// `baseEscalationWindowMs`.
    pub window_ms: u32,
    /// `escalationWindowMaxMs`.
    pub window_max_ms: u32,
    /// `escalationMonitorPrincipals`.
    pub principals: u32,
}

/// A principal as freezes remember it: the end of its address. Two whose ends are equal count as one, which delays a stop and
/// harms nobody who brings such a likeness about.
pub type Tag = u32;

/// The tag of a principal; never zero, which is nobody's.
pub fn tag(principal: Address) -> Tag {
    let [.., a, b, c, d] = principal.into_array();
    Tag::from_be_bytes([a, b, c, d]).max(1)
}

impl Rules {
    /// The window after `stops` stops were cleared in the mission.
    ///
    /// Source: RESOLUTIONS G-05; vectors `w_n`.
    pub const fn window(&self, stops: u16) -> Seconds {
        let millis = escalation_window_ms(self.window_ms, stops as u32, self.window_max_ms);
        Millis::new(millis as u64).to_seconds_ceil()
    }

    /// Freezes of one agent that stop: by its reputation, at most [`COUNTED_MAX`].
    ///
    /// Source: RESOLUTIONS G-01 to G-03; vectors `t_eff`.
    pub const fn threshold(&self, score: Points) -> u32 {
        let threshold = escalation_threshold(score, self.count, self.bonus, self.is_scaled);
        if threshold < COUNTED_MAX {
            threshold
        } else {
            COUNTED_MAX
        }
    }

    /// Freezes of a mission that stop.
    ///
    /// Source: RESOLUTIONS G-04.
    pub const fn cap(&self) -> u32 {
        self.count.saturating_mul(self.factor)
    }
}

/// Freezes that count, and who reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many they are.
    pub freezes: u32,
    tags: [Tag; PRINCIPALS_MAX],
}

impl Sum {
    fn add(&mut self, tags: &[Tag]) {
        self.freezes = self.freezes.saturating_add(1);
        for tag in tags {
            let known = |place: &&mut Tag| **place == 0 || **place == *tag;
            if let Some(place) = self.tags.iter_mut().find(known) {
                *place = *tag;
            }
        }
    }

    /// Principals whose monitors reported them, as far as they have to be told apart.
    pub fn principals(&self) -> u32 {
        self.tags.iter().filter(|tag| **tag != 0).count() as u32
    }

    /// INV-GUARD-05. Whether they are so many, by monitors of enough principals.
    fn reaches(&self, freezes: u32, rules: &Rules) -> bool {
        self.freezes >= freezes && self.principals() >= rules.principals
    }
}

/// The count, while the freezes of a mission are looked at, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    agent: Address,
    /// Freezes count that are later.
    since: u64,
    /// Those of the agent.
    pub own: Sum,
    /// Those of all agents.
    pub all: Sum,
    looked_at: u32,
}

impl Count {
    /// Begins to count for an agent: what is later than `now − window` and than the last stop's end counts.
    ///
    /// Source: RESOLUTIONS G-07; vectors `freeze_count`.
    pub fn new(agent: Address, window: Seconds, cleared_at: u64, now: u64) -> Self {
        Self {
            agent,
            since: now.saturating_sub(window.get()).max(cleared_at),
            own: Sum::default(),
            all: Sum::default(),
            looked_at: 0,
        }
    }

    /// Looks at the next freeze, of `agent` at `at`, reported by monitors of these principals. Whether older ones have to be
    /// looked at.
    pub fn note(&mut self, agent: Address, at: u64, counts: bool, tags: &[Tag]) -> bool {
        if at <= self.since {
            return false;
        }
        self.looked_at = self.looked_at.saturating_add(1);
        if counts {
            self.all.add(tags);
            if agent == self.agent {
                self.own.add(tags);
            }
        }
        self.looked_at < LOOKED_AT_MAX
    }

    /// Whether some reputation would make this a stop: if not, nobody's needs to be asked for.
    pub fn may_stop(&self, rules: &Rules) -> bool {
        self.must_stop(rules, Points::ZERO)
    }

    /// Whether this is a stop: by the agent's own freezes, or by those of all.
    ///
    /// Source: RESOLUTIONS G-01, G-04, RULINGS R13; vectors `freeze_count`.
    pub fn must_stop(&self, rules: &Rules, score: Points) -> bool {
        let is_full = self.looked_at >= LOOKED_AT_MAX;
        let cap = if is_full { 0 } else { rules.cap() };
        self.own.reaches(rules.threshold(score), rules) || self.all.reaches(cap, rules)
    }
}
