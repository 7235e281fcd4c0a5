//! From law to missions, and missions within missions.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState as M, NodeState as N},
    IEnactment as enactment, IStatute as statute, ITreasury as treasury,
};
use agentcity_missions::{Mission, STRANGER, rests};
use alloy_primitives::{Address, B256, U256, aliases::U40};

use super::{
    Live, Run,
    commands::{ALIVE, CARELESS_PCT, DAY, Outcome},
};

impl Run {
    pub(super) fn legislate(&mut self) -> Option<Outcome> {
        let alive = (0..self.lives.len())
            .filter(|live| !self.lives[*live].is_closed)
            .filter(|live| !matches!(self.state(*live), M::Completed | M::Aborted))
            .count();
        if alive >= ALIVE {
            return None;
        }
        let which = self.rng.below(2);
        self.counters[which] += 1;
        let sponsor = self.city.folk.sponsors[which].address;
        let id = Mission::number(sponsor, self.counters[which]);
        let statute = self.statute(id, None);
        let deadline = self.city.world.now() + self.rng.between(DAY / 2, 12 * DAY);
        let mission =
            Mission::legislated(&self.city, sponsor, self.counters[which], statute, deadline);
        let at_once = self.rng.chance(65);
        mission.create(&self.city);
        let mut outcome = Ok(());
        if at_once {
            mission.fund(&self.city, mission.statute.budget());
            mission.deploy(&self.city);
            let mission_id = mission.id;
            // Not while the watchdog freezes the city, and not without a quorum.
            outcome = self.tell(
                STRANGER,
                statute::finaliseDeploymentCall {
                    missionId: mission_id,
                },
            );
        }
        self.book(&mission);
        self.lives.push(Live {
            mission,
            pages: usize::from(at_once),
            seats: usize::from(at_once),
            accepted: Default::default(),
            sealed: Default::default(),
            freezes: Vec::new(),
            has_bond: false,
            parent: None,
            is_closed: false,
        });
        Some(outcome)
    }

    pub(super) fn fund(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Pending, M::Active, M::Executing])?;
        let mission = &self.lives[live].mission;
        let amount = mission.statute.budget();
        let call = treasury::fundMissionCall {
            missionId: mission.id,
            amount: U256::from(amount),
        };
        Some(
            self.city
                .try_paying(mission.sponsor, amount, call)
                .map(|_| ()),
        )
    }

    pub(super) fn deploy(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Pending])?;
        if self.lives[live].pages > 0 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let (life, at) = (&self.lives[live], self.lives[live].pages);
        let pages = life.mission.statute.pages();
        let spoilt = self.rng.chance(CARELESS_PCT);
        let mut page = pages.get(at).unwrap_or(&pages[0]).clone();
        if spoilt {
            page[9] ^= 1;
        }
        let call = statute::deployTrancheCall {
            missionId: self.lives[live].mission.id,
            tranche: at as u16,
            pages: vec![page.into()],
            rest: *rests(&pages).get(at + 1).unwrap_or(&B256::ZERO),
        };
        let outcome = self.tell(STRANGER, call);
        assert!(
            !(spoilt && outcome.is_ok()),
            "a spoilt page is not deployed"
        );
        self.lives[live].pages += usize::from(outcome.is_ok());
        Some(outcome)
    }

    pub(super) fn deploy_seats(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Pending])?;
        let life = &self.lives[live];
        if (life.pages == 0 || life.seats > 0) && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let at = self.lives[live].seats;
        let pages = self.lives[live].mission.statute.seat_pages();
        let call = statute::deploySeatsCall {
            missionId: self.lives[live].mission.id,
            tranche: at as u16,
            pages: vec![pages.get(at).unwrap_or(&pages[0]).clone().into()],
            rest: *rests(&pages).get(at + 1).unwrap_or(&B256::ZERO),
        };
        let outcome = self.tell(STRANGER, call);
        self.lives[live].seats += usize::from(outcome.is_ok());
        Some(outcome)
    }

    pub(super) fn finalise(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Pending])?;
        let life = &self.lives[live];
        if (life.pages == 0 || life.seats == 0) && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let missing = {
            let life = &self.lives[live];
            let escrow = treasury::escrowCall {
                missionId: life.mission.id,
            };
            let has = self.city.ask(escrow).deposited;
            life.mission.statute.budget().saturating_sub(has)
        };
        let waits = self.state(live) == M::Pending && self.lives[live].parent.is_none();
        if missing > 0 && waits && self.rng.chance(80) {
            self.lives[live].mission.fund(&self.city, missing);
        }
        let mission_id = self.id(live);
        Some(self.tell(
            STRANGER,
            statute::finaliseDeploymentCall {
                missionId: mission_id,
            },
        ))
    }

    /// Legislates a child for a node, and opens it.
    pub(super) fn open_child(&mut self) -> Option<Outcome> {
        let (live, node) = self.node_in(&[N::Eligible])?;
        let parent = self.lives[live].mission.clone();
        let which = usize::from(parent.sponsor != self.city.folk.sponsors[0].address);
        self.counters[which] += 1;
        let id = Mission::number(parent.sponsor, self.counters[which]);
        let budget = parent.statute.nodes[usize::from(node)].budget;
        let statute = self.statute(id, Some(budget));
        let session = Mission::session(parent.sponsor, self.counters[which]);
        let deadline = self.city.world.now() + DAY / 2;
        let child = Mission {
            id,
            session,
            statute,
            sponsor: parent.sponsor,
        };
        let law = enactment::Law {
            kind: enactment::SessionKind::Child,
            missionId: parent.id,
            node,
            sponsor: Address::ZERO,
            ..child.law(&self.city, deadline)
        };
        self.city.set().laws.insert(session, law);
        child.reserve(&self.city);
        self.book(&child);
        let create = work::createMissionCall {
            sessionId: session,
            deadline: U40::from(deadline),
        };
        if let Err(refusal) = self.tell(STRANGER, create) {
            self.counters[which] -= 1;
            return Some(Err(refusal));
        }
        self.lives.push(Live {
            mission: child,
            pages: 0,
            seats: 0,
            accepted: Default::default(),
            sealed: Default::default(),
            freezes: Vec::new(),
            has_bond: false,
            parent: Some((parent.id, node)),
            is_closed: false,
        });
        let call = work::openChildCall {
            missionId: parent.id,
            node,
            child: id,
        };
        Some(self.tell(STRANGER, call))
    }

    pub(super) fn close_child(&mut self) -> Option<Outcome> {
        let ended: Vec<B256> = self
            .lives
            .iter()
            .filter(|live| live.parent.is_some() && !live.is_closed)
            .filter(|live| matches!(live.mission.state(&self.city), M::Completed | M::Aborted))
            .filter(|live| {
                let parent = live.parent.map(|(mission_id, _)| mission_id);
                let call = work::missionCall {
                    missionId: parent.unwrap_or_default(),
                };
                matches!(self.city.ask(call).state, M::Active | M::Executing)
            })
            .map(|live| live.mission.id)
            .collect();
        let child = self.rng.of(&ended)?;
        let outcome = self.tell(STRANGER, work::closeChildCall { child });
        if outcome.is_ok() {
            for life in self
                .lives
                .iter_mut()
                .filter(|life| life.mission.id == child)
            {
                life.parent = None;
            }
        }
        Some(outcome)
    }
}
