//! Missions: their creation, their pages, and how they become active.

use alloc::{boxed::Box, vec::Vec};

use agentcity_abi::{
    IAgent as agents, ICollaboration as wire, IConstitution as founding,
    IEnactment::SessionKind as Kinds, ITreasury as treasury,
};
use agentcity_domain::{
    agent::standing::Bars,
    exit::{Halts, forbidders},
    id::MissionId,
    machine::{Command, MissionState, NodeState},
    mission::{
        Reason,
        record::{Clock, ENDED, Link, Mission, NODES_PER_STATES},
        recursion,
        word::set,
    },
    peer::Peer,
    signed::selector,
    statute::EDGES_MAX,
};
use agentcity_shell::{
    member::{Kind, Member},
    peer,
    reader::Reader,
    topic, unauthorized,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{nodes::*, seats::already_done, storage::*};

/// `lawOf` of enactment.
const LAW_OF: [u8; 4] = selector("lawOf(bytes32)");
/// `haltedUntil` of the roster: the watchdog's freeze.
const HALTED_UNTIL: [u8; 4] = selector("haltedUntil()");

/// Most groups of 32 nodes whose edges one call counts, and most agents that it seats.
const GROUPS_MAX: usize = 2_048;
const ADMITTED_SEATS_MAX: usize = 1_024;
/// Agents whose obligations are opened in one call.
const OBLIGED_AT_ONCE: usize = 64; // structural: what agent takes, and what of its answer is copied

impl Missions {
    /// Stores how many base units a unit is, which prices and slashes are counted in.
    pub(crate) fn learn_unit_scale(&mut self) -> Said {
        let call = Words::after(founding::unitScaleCall::SELECTOR);
        let scale = peer::ask(self.vm(), self.constitution_address(), call.bytes())?;
        let mut answer = Reader::new(&scale);
        let scale = answer.word();
        end(&answer)?;
        self.set_entry_at(UNIT_SCALE, &B256::ZERO, &B256::ZERO, &scale);
        Ok(())
    }

    pub(crate) fn unit_scale(&self) -> u128 {
        let scale = self.entry_at(UNIT_SCALE, &B256::ZERO, &B256::ZERO);
        amount_of(&scale).max(1)
    }

    /// When the watchdog's freeze of the city is overdue; zero if there is none.
    #[inline(never)]
    pub(crate) fn watchdog(&self) -> Said<u64> {
        let answer = self.query(Peer::Roster, &Words::after(HALTED_UNTIL))?;
        let mut answer = Reader::new(&answer);
        let until = answer.u64();
        end(&answer)?;
        Ok(until)
    }

    /// Refuses what lies on a mission forbids. Only `asks` asks for the watchdog's freeze, which forbids little (R9).
    #[inline(never)]
    pub(crate) fn permit(&self, mission: &Loaded, by: Halts, asks: bool) -> Said {
        let watchdog = if asks { self.watchdog()? } else { 0 };
        let lying = self.lying(mission, watchdog);
        self.ok(&mission.id, 0, lying.permit(by))
    }

    #[inline(never)]
    pub(crate) fn create_mission(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let mut mission = B256::ZERO;
        self.create(input, &mut mission)?;
        Words::new().word(&mission).reply()
    }

    /// Creates a mission, whose number it writes.
    #[inline(never)]
    fn create(&mut self, input: &mut Reader<'_>, mission: &mut B256) -> Said {
        let (session, deadline) = (&input.word(), input.seconds());
        let answer = self.query(Peer::Enactment, Words::after(LAW_OF).word(session))?;
        let mut law = Reader::new(&answer);
        let (approved, _audited, kind) = (law.bool(), law.bool(), law.u8());
        let (statute, _assignments, epoch, nodes) = (law.word(), law.word(), law.u64(), law.u16());
        law.skip(3);
        let (latest, other, node) = (law.seconds(), law.word(), law.u16());
        let named = law.address();
        end(&law)?;
        let makes_mission =
            kind == Kinds::Mission as u8 || kind == Kinds::Child as u8 || kind == Kinds::Full as u8;
        if !approved || !makes_mission || nodes == 0 || epoch >> 40 != 0 {
            return Words::after(wire::NotApproved::SELECTOR)
                .word(session)
                .word(&statute)
                .word(&B256::ZERO)
                .no();
        }
        let mut word = Mission(B256::ZERO);
        let (mut sponsor, mut last) = (named, deadline);
        if kind == Kinds::Child as u8 {
            let parent = self.lookup(&other);
            let depth = self.said(&other, node, recursion::nest(&parent.word, node))?;
            word.set_depth(depth);
            (sponsor, last) = (parent.sponsor(), latest);
        } else if self.caller() != named {
            return Err(unauthorized(self.caller()).into());
        }
        let hash = self.hash(Words::new().word(session));
        *mission = MissionId::of_session(sponsor, hash).word();
        let before = self.lookup(mission);
        if before.word.state() != 0 {
            return already_done(mission, 0, sponsor);
        }
        if last <= self.now() || last > latest {
            return Err(instant(wire::TooLate::SELECTOR, latest));
        }
        self.must_be_enrolled(&sponsor)?;
        word.set_state(MissionState::Pending.number());
        word.set_nodes(nodes);
        word.set_epoch(epoch);
        word.set_deadline(last);
        word.set_since(self.now());
        self.set_of_mission(mission, 0, &word.0);
        self.set_of_mission(mission, OF_SESSION, session);
        let moved = before.city.moved();
        if moved != 0 {
            let mut clock = Clock::default();
            clock.set_moved_before(moved);
            self.set_clock(mission, &clock);
        }
        if kind != Kinds::Mission as u8 {
            let mut link = Link(B256::ZERO);
            link.set_node(node);
            self.set_of_mission(mission, PARENT, &other);
            self.set_link(mission, &link);
        }
        self.log(
            topic!(wire::MissionCreated::SIGNATURE_HASH)
                .word(mission)
                .address(&sponsor)
                .word(session)
                .word(&statute)
                .number(nodes.into()),
            4,
        );
        self.command(
            Peer::Treasury,
            Words::after(treasury::openEscrowCall::SELECTOR)
                .word(mission)
                .address(&sponsor)
                .number(epoch),
        )
    }

    /// A sponsor is a person of the city, and not a banned one.
    #[inline(never)]
    fn must_be_enrolled(&self, sponsor: &Address) -> Said {
        let record = self.query(
            Peer::Agent,
            Words::after(agents::principalRecordCall::SELECTOR).address(sponsor),
        )?;
        let mut record = Reader::new(&record);
        let class = record.u8();
        record.skip(8);
        let banned = record.word() != B256::ZERO;
        end(&record)?;
        if class == 0 || banned {
            let bar = if banned {
                Bars::BANNED
            } else {
                Bars::NOT_ENROLLED
            };
            return Words::after(wire::AgentRefused::SELECTOR)
                .address(sponsor)
                .number(bar.bits().into())
                .no();
        }
        Ok(())
    }

    /// A mission whose deployment is under way.
    #[inline(never)]
    fn pending(&self, mission: &B256) -> Said<Box<Loaded>> {
        self.only_peer(Peer::Statute)?;
        let loaded = self.lookup(mission);
        self.waits(&loaded)?;
        Ok(loaded)
    }

    /// Keeps where pages are that follow those before, and the word of statute's deployment: which page is next, is its rule.
    #[inline(never)]
    fn admit_pages(&mut self, kind: Kind, mission: &B256, input: &mut Reader<'_>) -> Said {
        let (deployment, first) = (&input.word(), input.u16());
        let (count, ordinal) = (input.u16(), input.u32());
        self.pending(mission)?;
        self.set_pages(mission, deployment);
        for more in 0..count {
            let index = first.saturating_add(more);
            // The first page's ordinal stands in statute's word.
            if index != 0 {
                let (place, at) = ordinal_at(index);
                let mut word = self.entry(kind, mission, place);
                let ordinal = u64::from(ordinal).saturating_add(more.into());
                set(&mut word, at, ORDINAL, ordinal);
                self.set_entry(kind, mission, place, &word);
            }
        }
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn admit_tranche(&mut self, input: &mut Reader<'_>) -> Said {
        let mission = &input.word();
        self.admit_pages(PAGE, mission, input)?;
        let (groups, mut degrees) = input.list(GROUPS_MAX);
        for _ in 0..groups {
            let (group, counts) = (degrees.u16(), degrees.word());
            let first = group.saturating_mul(NODES_PER_STATES);
            let mut states = self.load_states(mission, first);
            for (at, more) in counts.iter().enumerate() {
                let node = first.saturating_add(at as u16);
                if let Err(edges) = states.lead_into(node, *more) {
                    return Words::after(wire::TooManyEdges::SELECTOR)
                        .word(mission)
                        .number(node.into())
                        .number(edges.into())
                        .number(EDGES_MAX.into())
                        .no();
                }
            }
            self.store_states(mission, first, &states);
        }
        end(&degrees)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn admit_seats(&mut self, input: &mut Reader<'_>) -> Said {
        let mission = &input.word();
        self.admit_pages(SEATS, mission, input)?;
        let (count, mut agents) = input.list(ADMITTED_SEATS_MAX);
        let mut fresh = Vec::with_capacity(OBLIGED_AT_ONCE);
        for left in (0..count).rev() {
            let agent = agents.address();
            let before = self.obligation(mission, &agent.into_word());
            if before == B256::ZERO && !fresh.contains(&agent) {
                fresh.push(agent);
            }
            if left == 0 || fresh.len() == OBLIGED_AT_ONCE {
                self.oblige(mission, &fresh, true)?;
                fresh.clear();
            }
        }
        end(&agents)?;
        Ok(())
    }

    /// Statute alone calls it, in the call in which it found that the mission has its time and that no freeze of the watchdog lies
    /// on the city (R9); what lies on mission and city themselves is here.
    #[inline(never)]
    pub(crate) fn activate(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, epoch) = (&input.word(), input.bits(40));
        let mut loaded = self.pending(mission)?;
        self.permit(
            &loaded,
            const { forbidders(Command::FinalizeMission) },
            false,
        )?;
        let (now, from) = (self.now(), loaded.word.state());
        let step = loaded.word.step(MissionState::Active, now);
        self.ok(mission, 0, step)?;
        loaded.word.set_epoch(epoch);
        let mut pages = self.pages(mission);
        pages.become_law(now, loaded.moved());
        self.set_pages(mission, &pages.0);
        self.store_moved(&loaded, from, Reason::Succeeded as u8);
        let nodes = loaded.word.nodes();
        let mut states = self.load_states(mission, 0);
        for node in 0..nodes {
            if node % NODES_PER_STATES == 0 && node != 0 {
                self.store_states(mission, node.saturating_sub(1), &states);
                states = self.load_states(mission, node);
            }
            // A node that has begun was imported: it is completed (R18).
            if states.begin(node, false).is_err() {
                continue;
            }
            if states.edges(node) == 0 {
                let step = states.step(node, NodeState::Eligible, 0);
                self.ok(mission, node, step)?;
                self.log_eligible(mission, node, 0);
            }
        }
        self.store_states(mission, nodes.saturating_sub(1), &states);
        Ok(())
    }

    pub(crate) fn log_eligible(&self, mission: &B256, node: u16, attempt: u8) {
        self.log(
            topic!(wire::NodeEligible::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(attempt.into()),
            3,
        );
    }

    /// One open edge less into each of these nodes; those that wait and have none left may begin.
    #[inline(never)]
    pub(crate) fn release_successors(&mut self, mission: &Loaded, after: &[u16]) -> Said {
        let id = &mission.id;
        for to in after {
            let mut states = self.load_states(id, *to);
            let begins = states.release(*to);
            self.store_states(id, *to, &states);
            if begins {
                let mut node = self.attempt(mission, *to)?;
                let step = node.states.step(*to, NodeState::Eligible, 0);
                self.ok(id, *to, step)?;
                node.word.renew(0, self.now(), mission.moved());
                self.store_attempt(id, &node);
                self.log_eligible(id, *to, 0);
            }
        }
        Ok(())
    }

    /// Whether an ancestor of a mission ended. Missions nest a few deep only, so the way up is short.
    #[inline(never)]
    pub(crate) fn is_orphan(&self, mission: &Loaded) -> bool {
        let mut child = mission.id;
        for _ in 0..mission.word.depth() {
            child = self.of_mission(&child, PARENT);
            if self.lookup(&child).word.is_in(ENDED) {
                return true;
            }
        }
        false
    }
}
