//! Ends and new beginnings.

use agentcity_abi::ICollaboration::{self as work, MissionState as M, NodeState as N};
use agentcity_domain::{act::Action, peer::Peer};
use agentcity_missions::{STRANGER, member};
use alloy_primitives::keccak256;

use super::{
    Run,
    commands::{CARELESS_PCT, DAY, Outcome},
};

impl Run {
    /// Whether a deadline passed, for which everybody waits in so many of a hundred cases; mostly true if it did.
    fn is_due(&mut self, live: usize, node: u16, wait_pct: u64) -> bool {
        let wait = self
            .expires_at(live, node)
            .saturating_sub(self.city.world.now());
        if wait > 0 && self.rng.chance(wait_pct) {
            self.city.world.warp((wait + 1).min(2 * DAY));
            return true;
        }
        wait == 0 || self.rng.chance(CARELESS_PCT)
    }

    pub(super) fn expire_node(&mut self) -> Option<Outcome> {
        let suits = [N::Eligible, N::Executing, N::PendingReview, N::Frozen];
        let (live, node) = self.node_in(&suits)?;
        let mission_id = self.id(live);
        let is_parent = self
            .lives
            .iter()
            .any(|life| life.parent == Some((mission_id, node)));
        if is_parent && !self.rng.chance(CARELESS_PCT) || !self.is_due(live, node, 3) {
            return None;
        }
        Some(self.tell(
            STRANGER,
            work::expireNodeCall {
                missionId: mission_id,
                node,
            },
        ))
    }

    pub(super) fn expire_mission(&mut self) -> Option<Outcome> {
        let suits = [
            M::Pending,
            M::Failed,
            M::Degraded,
            M::Verification,
            M::Executing,
        ];
        let live = self.mission_in(&suits)?;
        let mission_id = self.id(live);
        if !self.is_due(live, u16::MAX, 1) {
            return None;
        }
        Some(self.tell(
            STRANGER,
            work::expireMissionCall {
                missionId: mission_id,
            },
        ))
    }

    pub(super) fn abort(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Active, M::Executing, M::Failed, M::Degraded])?;
        let mission = self.id(live);
        Some(self.ruling(Action::AbortMission, &[("missionId", mission)]))
    }

    pub(super) fn abort_for_fault(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Active, M::Executing, M::Failed])?;
        let agent = self.one_seated((live, 0))?;
        let fields = [("missionId", self.id(live)), ("first", agent.into_word())];
        Some(self.ruling(Action::AbortForFault, &fields))
    }

    pub(super) fn reassign(&mut self) -> Option<Outcome> {
        let suits = [M::Active, M::Executing, M::Failed];
        let (live, node) = self.node_where(&suits, &[N::Failed])?;
        self.sessions += 1;
        let session = keccak256(self.sessions.to_be_bytes());
        let spec = self.lives[live].mission.statute.nodes[usize::from(node)].clone();
        let agents = self.agents(spec.seats.len());
        let share = spec.budget / spec.seats.len() as u128;
        let mut seats = Vec::new();
        for agent in agents {
            let seat = self.seat(agent, share);
            self.reserve(session, agent, seat.stake.max(1));
            self.books.stakes.insert((self.id(live), agent));
            seats.push(work::Seat {
                agent,
                serviceId: seat.service,
                price: seat.price,
                stake: seat.stake.max(1),
                source: seat.source,
            });
        }
        let set_aside: Vec<_> = seats.iter().map(|seat| (seat.agent, seat.stake)).collect();
        let call = work::reassignNodeCall {
            missionId: self.id(live),
            node,
            sessionId: session,
            seats,
        };
        let outcome = self.tell(member(Peer::Enactment), call);
        if outcome.is_err() {
            for (agent, stake) in set_aside {
                self.give_back(session, agent, stake);
            }
        }
        Some(outcome)
    }
}
