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
        word::{get, set},
    },
    peer::Peer,
    signed::selector,
    statute::EDGES_MAX,
};
use agentcity_shell::{
    member::{Kind, Member},
    output, peer,
    reader::Reader,
    topic, unauthorized,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::*;

/// `lawOf` of enactment.
const LAW_OF: [u8; 4] = selector("lawOf(bytes32)");
/// `haltedUntil` of the roster: the watchdog's freeze.
const HALTED_UNTIL: [u8; 4] = selector("haltedUntil()");

/// Most pages that one call admits, most groups of 32 nodes whose edges it counts, and most seats.
const PAGES_MAX: usize = 64;
const GROUPS_MAX: usize = 2_048;
const ADMITTED_SEATS_MAX: usize = 1_024;

/// Nodes of one word of open edges.
const NODES_PER_DEGREES: u16 = 32; // structural: a byte each

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
        let before = self.entry(SESSION, session, 0);
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
        if before != B256::ZERO {
            return Words::after(wire::AlreadyDone::SELECTOR)
                .word(&before)
                .number(0)
                .address(&sponsor)
                .no();
        }
        if last <= self.now() || last > latest {
            return Err(instant(wire::TooLate::SELECTOR, latest));
        }
        self.must_be_enrolled(&sponsor)?;
        let counter = self.entry(COUNTER, &sponsor.into_word(), 0);
        let count = get(&counter, 24, 8).saturating_add(1);
        *mission = MissionId::of_creator(sponsor, count).word();
        word.set_state(MissionState::Pending.number());
        word.set_nodes(nodes);
        word.set_epoch(epoch);
        word.set_deadline(last);
        word.set_since(self.now());
        let mut clock = Clock(B256::ZERO);
        clock.set_moved_before(self.lookup(&B256::ZERO).city.moved());
        self.set_entry(COUNTER, &sponsor.into_word(), 0, &output::number(count));
        self.set_entry(SESSION, session, 0, mission);
        self.set_of_mission(mission, 0, &word.0);
        self.set_of_mission(mission, OF_SESSION, session);
        self.set_clock(mission, &clock);
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

    /// Writes the accounts of pages behind those that came before.
    #[inline(never)]
    fn admit_pages(
        &mut self,
        mission: &B256,
        kind: Kind,
        first: u16,
        pages: &mut Reader<'_>,
        count: usize,
    ) -> Said {
        let at = if kind == PAGE { 0 } else { 2 };
        let mut place = self.of_mission(mission, PAGES);
        let expected = get(&place, at, 2);
        if u64::from(first) != expected {
            return Words::after(wire::WrongPage::SELECTOR)
                .word(mission)
                .number(expected)
                .number(first.into())
                .no();
        }
        let mut index = expected;
        for _ in 0..count {
            let account = pages.address();
            self.set_entry(kind, mission, index, &account.into_word());
            index = index.saturating_add(1);
        }
        end(pages)?;
        set(&mut place, at, 2, index);
        self.set_of_mission(mission, PAGES, &place);
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn admit_tranche(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, first) = (&input.word(), input.u16());
        let (count, mut pages) = input.list(PAGES_MAX);
        let (groups, mut degrees) = input.list(GROUPS_MAX);
        self.pending(mission)?;
        self.admit_pages(mission, PAGE, first, &mut pages, count)?;
        for _ in 0..groups {
            let (group, counts) = (degrees.u16(), degrees.word());
            let mut word = self.entry(DEGREE, mission, group.into());
            for (at, more) in counts.iter().enumerate() {
                let degree = get(&word, at, 1).saturating_add(u64::from(*more));
                if degree > EDGES_MAX.into() {
                    return Words::after(wire::TooManyEdges::SELECTOR)
                        .word(mission)
                        .number(u64::from(group).saturating_mul(32) | at as u64) // structural: a byte each
                        .number(degree.min(u8::MAX.into()))
                        .number(EDGES_MAX.into())
                        .no();
                }
                set(&mut word, at, 1, degree);
            }
            self.set_entry(DEGREE, mission, group.into(), &word);
        }
        end(&degrees)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn admit_seats(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, first) = (&input.word(), input.u16());
        let (count, mut pages) = input.list(PAGES_MAX);
        let (seats, mut agents) = input.list(ADMITTED_SEATS_MAX);
        self.pending(mission)?;
        self.admit_pages(mission, SEATS, first, &mut pages, count)?;
        for _ in 0..seats {
            self.oblige(mission, agents.address(), true)?;
        }
        end(&agents)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn activate(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, epoch) = (&input.word(), input.bits(40));
        let mut loaded = self.pending(mission)?;
        self.permit(
            &loaded,
            const { forbidders(Command::FinalizeMission) },
            true,
        )?;
        let (now, from) = (self.now(), loaded.word.state());
        let mut clock = self.clock(mission);
        let until = clock.deadline(&loaded.word, &loaded.city);
        if now > until {
            return Err(instant(wire::TooLate::SELECTOR, until));
        }
        let step = loaded.word.step(MissionState::Active, now);
        self.ok(mission, 0, step)?;
        loaded.word.set_epoch(epoch);
        clock.set_activated(now);
        clock.set_moved_then(loaded.moved());
        self.set_clock(mission, &clock);
        self.store_moved(&loaded, from, Reason::Succeeded as u8);
        let nodes = loaded.word.nodes();
        let mut degrees = B256::ZERO;
        let mut states = self.load_states(mission, 0);
        for node in 0..nodes {
            if node % NODES_PER_DEGREES == 0 {
                degrees = self.entry(DEGREE, mission, u64::from(node / NODES_PER_DEGREES));
            }
            if node % NODES_PER_STATES == 0 && node != 0 {
                self.store_states(mission, node.saturating_sub(1), &states);
                states = self.load_states(mission, node);
            }
            // A node that has begun was imported: it is completed (R18).
            if states.begin(node, false).is_err() {
                continue;
            }
            if get(&degrees, usize::from(node % NODES_PER_DEGREES), 1) == 0 {
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
            let (group, at) = (
                u64::from(to / NODES_PER_DEGREES),
                usize::from(to % NODES_PER_DEGREES),
            );
            let mut degrees = self.entry(DEGREE, id, group);
            let left = get(&degrees, at, 1).saturating_sub(1);
            set(&mut degrees, at, 1, left);
            self.set_entry(DEGREE, id, group, &degrees);
            if left != 0 {
                continue;
            }
            let mut node = self.attempt(mission, *to)?;
            if node.state() == NodeState::Waiting as u8 {
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
