//! Missions: their words, their creation, and how they become active.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ICollaboration as wire, IConstitution as founding, ITreasury as treasury,
};
use agentcity_domain::{
    id::MissionId,
    machine::{MissionState as State, NodeState},
    peer::Peer,
    signed::selector,
};
use agentcity_shell::{
    Answer, malformed,
    member::{Kind, Member},
    output, peer,
    reader::{self, Reader},
    topic,
    word::{get, having, part},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    nodes::{DEGREE, PAGE, SEATS, bit},
    storage::Missions,
};

/// Place 0: 0 state, 1 halt, 2..4 nodes, 4..6 completed, 6..8 failed, 8 depth, 9..11 refinements, 11..16 epoch,
/// 16..21 deadline, 21..26 since, 26..30 seconds by which it moved. 1 session. 2: 0..5 halted until, 5..9 seconds by which
/// the city's deadlines had moved when it was created. 3 digest of what is completed. 4 parent or predecessor. 5: 0..16
/// returned to the parent, 30..32 its node. 6: 0..2 pages, 2..4 pages of seats. The city's halt is the mission of number zero.
pub(crate) const MISSION: Kind = 1;
const COUNTER: Kind = 2;
const UNIT_SCALE: Kind = 3;

/// `lawOf` of enactment.
const LAW_OF: [u8; 4] = selector("lawOf(bytes32)");
/// `haltedUntil` of the roster: the watchdog's freeze.
const HALTED_UNTIL: [u8; 4] = selector("haltedUntil()");

/// Most pages that one call admits, and most groups of 32 nodes whose edges it counts.
const PAGES_MAX: usize = 64;
const GROUPS_MAX: usize = 2_048;

/// States that are not final.
pub(crate) const LIVING: u16 = bit(State::Pending as u8)
    | bit(State::Active as u8)
    | bit(State::Executing as u8)
    | bit(State::Verification as u8)
    | bit(State::Failed as u8)
    | bit(State::Degraded as u8);
/// States in which nodes move.
pub(crate) const WORKING: u16 = bit(State::Active as u8) | bit(State::Executing as u8);
/// States that are final.
pub(crate) const ENDED: u16 = bit(State::Completed as u8) | bit(State::Aborted as u8);

/// Adds to the number in `bytes` bytes from `at`.
#[inline(never)]
pub(crate) fn add(word: &B256, at: usize, bytes: usize, more: u64) -> B256 {
    having(word, at, bytes, get(word, at, bytes).saturating_add(more))
}

/// Seconds of milliseconds, rounded up (C-16).
pub(crate) fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1_000)
}

impl Missions {
    /// Stores how many base units a unit is, which prices and slashes are counted in.
    pub(crate) fn learn_unit_scale(&mut self) -> Answer {
        let data = peer::call_data(founding::unitScaleCall::SELECTOR, &[]);
        let scale = peer::ask_word(self.vm(), self.constitution_address(), &data)?;
        self.set_entry_at(UNIT_SCALE, &B256::ZERO, &B256::ZERO, &scale);
        Ok(Vec::new())
    }

    pub(crate) fn unit_scale(&self) -> u128 {
        let scale = self.entry_at(UNIT_SCALE, &B256::ZERO, &B256::ZERO);
        part(scale, 16, 16).max(1)
    }

    /// A word of a mission.
    #[inline(never)]
    pub(crate) fn of_mission(&self, mission: &B256, place: u64) -> B256 {
        self.entry(MISSION, mission, place)
    }

    #[inline(never)]
    pub(crate) fn set_mission(&mut self, mission: &B256, place: u64, word: &B256) {
        self.set_entry(MISSION, mission, place, word);
    }

    /// The mission's word, if it is in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn mission_in(&self, mission: &B256, states: u16) -> Result<B256, Vec<u8>> {
        let word = self.of_mission(mission, 0);
        let state = get(&word, 0, 1) as u8;
        if state == 0 || *mission == B256::ZERO {
            return Words::after(wire::UnknownMission::SELECTOR)
                .word(mission)
                .refuse();
        }
        if states & bit(state) == 0 {
            return Words::after(wire::WrongMissionState::SELECTOR)
                .word(mission)
                .number(state.into())
                .refuse();
        }
        Ok(word)
    }

    /// What halts the mission: its own halt, or the city's.
    #[inline(never)]
    pub(crate) fn halt_of(&self, mission: &B256, word: &B256) -> (u8, u64) {
        let own = get(word, 1, 1) as u8;
        if own != 0 {
            return (own, get(&self.of_mission(mission, 2), 0, 5));
        }
        let city = self.of_mission(&B256::ZERO, 0);
        let until = get(&self.of_mission(&B256::ZERO, 2), 0, 5);
        (get(&city, 1, 1) as u8, until as u64)
    }

    /// Refuses while a stop, of the mission or of the city, or a pause lies on it.
    #[inline(never)]
    pub(crate) fn not_halted(&self, mission: &B256, word: &B256) -> Result<(), Vec<u8>> {
        let (halt, until) = self.halt_of(mission, word);
        if halt != 0 {
            return Words::after(wire::Halted::SELECTOR)
                .word(mission)
                .number(halt.into())
                .number(until)
                .refuse();
        }
        Ok(())
    }

    /// Refuses while time stands still for the mission. Under a pause it does not.
    #[inline(never)]
    pub(crate) fn not_stopped(&self, mission: &B256, word: &B256) -> Result<(), Vec<u8>> {
        if self.halt_of(mission, word).0 == wire::Halt::Divergence as u8 {
            return Ok(());
        }
        self.not_halted(mission, word)
    }

    /// Until when the watchdog freezes the city; zero if it does not.
    #[inline(never)]
    pub(crate) fn watchdog(&self) -> Result<u64, Vec<u8>> {
        let answer = self.ask(Peer::Roster, Words::after(HALTED_UNTIL).all(&[]))?;
        reader::number_of(&answer)
    }

    /// Refuses while the watchdog freezes the city: nothing is finalised or routed (R9).
    #[inline(never)]
    pub(crate) fn not_frozen(&self, mission: &B256) -> Result<(), Vec<u8>> {
        let until = self.watchdog()?;
        if until != 0 {
            return Words::after(wire::Halted::SELECTOR)
                .word(mission)
                .number(wire::Halt::EmergencyStop as u64)
                .number(until)
                .refuse();
        }
        Ok(())
    }

    /// By how many seconds the deadlines of a mission moved: by its own halts and by the city's.
    #[inline(never)]
    pub(crate) fn moved(&self, word: &B256) -> u64 {
        let city = get(&self.of_mission(&B256::ZERO, 0), 26, 4);
        get(word, 26, 4).saturating_add(city) as u64
    }

    /// The mission's deadline as the city's halts moved it.
    #[inline(never)]
    pub(crate) fn mission_deadline(&self, mission: &B256, word: &B256) -> u64 {
        let city = get(&self.of_mission(&B256::ZERO, 0), 26, 4);
        let before = get(&self.of_mission(mission, 2), 5, 4);
        get(word, 16, 5).saturating_add(city.saturating_sub(before)) as u64
    }

    /// The epoch whose parameters rule a mission.
    pub(crate) fn epoch_of(word: &B256) -> u64 {
        get(word, 11, 5)
    }

    #[inline(never)]
    pub(crate) fn move_mission(&mut self, mission: &B256, word: &B256, to: State, reason: u8) {
        let from = get(word, 0, 1);
        let word = having(word, 0, 1, to as u64);
        self.set_mission(mission, 0, &having(&word, 21, 5, self.now()));
        self.log(
            topic!(wire::MissionStateChanged::SIGNATURE_HASH)
                .word(mission)
                .number(from)
                .number(to as u64)
                .number(reason.into()),
            2,
        );
    }

    pub(crate) fn create_mission(&mut self, input: &mut Reader<'_>) -> Answer {
        let (session, deadline) = (&input.word(), input.seconds());
        let sponsor = self.caller();
        let answer = self.ask(Peer::Enactment, Words::after(LAW_OF).word(session))?;
        let mut law = Reader::new(&answer);
        let (approved, _audited, kind) = (law.bool(), law.bool(), law.u8());
        let (statute, _assignments, epoch, nodes) = (law.word(), law.word(), law.u64(), law.u16());
        let (_fairness, _waived, _budget) = (law.u16(), law.bool(), law.u128());
        let (latest, parent, parent_node) = (law.seconds(), law.word(), law.u16());
        let (_sponsor, _domain) = (law.word(), law.word());
        law.end()?;
        if !approved || nodes == 0 {
            return Words::after(wire::NotApproved::SELECTOR)
                .word(session)
                .word(&statute)
                .word(&B256::ZERO)
                .refuse();
        }
        if deadline <= self.now() || deadline > latest {
            return Words::after(wire::TooLate::SELECTOR)
                .number(latest)
                .refuse();
        }
        let record = self.ask(
            Peer::Agent,
            Words::after(agents::principalRecordCall::SELECTOR).address(&sponsor),
        )?;
        if reader::number_of(&record)? == 0 {
            return Words::after(wire::AgentRefused::SELECTOR)
                .address(&sponsor)
                .number(kind.into())
                .refuse();
        }
        let counter = self.entry(COUNTER, &sponsor.into_word(), 0);
        let counter = add(&counter, 24, 8, 1);
        let mission = MissionId::of_creator(sponsor, get(&counter, 24, 8)).word();
        let mut word = having(&B256::ZERO, 0, 1, State::Pending as u64);
        for (at, bytes, value) in [
            (2, 2, u64::from(nodes)),
            (11, 5, epoch),
            (16, 5, deadline),
            (21, 5, self.now()),
        ] {
            word = having(&word, at, bytes, value);
        }
        let city = get(&self.of_mission(&B256::ZERO, 0), 26, 4);
        self.set_entry(COUNTER, &sponsor.into_word(), 0, &counter);
        self.set_mission(&mission, 0, &word);
        self.set_mission(&mission, 1, session);
        self.set_mission(&mission, 2, &having(&B256::ZERO, 5, 4, city));
        if parent != B256::ZERO {
            self.set_mission(&mission, 4, &parent);
            self.set_mission(&mission, 5, &output::number(parent_node.into()));
        }
        self.tell(
            Peer::Treasury,
            Words::after(treasury::openEscrowCall::SELECTOR)
                .word(&mission)
                .address(&sponsor)
                .number(epoch),
        )?;
        self.log(
            topic!(wire::MissionCreated::SIGNATURE_HASH)
                .word(&mission)
                .address(&sponsor)
                .word(session)
                .word(&statute)
                .number(nodes.into()),
            4,
        );
        Words::new().word(&mission).answer()
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
    ) -> Result<(), Vec<u8>> {
        let at = if kind == PAGE { 0 } else { 2 };
        let place = self.of_mission(mission, 6);
        let expected = get(&place, at, 2) as u16;
        if first != expected {
            return Words::after(wire::WrongPage::SELECTOR)
                .word(mission)
                .number(expected.into())
                .number(first.into())
                .refuse();
        }
        for index in 0..count as u64 {
            let number = output::number(u64::from(first).saturating_add(index));
            let account = pages.address();
            self.set_entry_at(kind, mission, &number, &account.into_word());
        }
        pages.end()?;
        self.set_mission(mission, 6, &add(&place, at, 2, count as u64));
        Ok(())
    }

    pub(crate) fn admit_tranche(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, first) = (&input.word(), input.u16());
        let (count, mut pages) = input.list(PAGES_MAX);
        let (groups, mut degrees) = input.list(GROUPS_MAX);
        self.only(&[Peer::Statute])?;
        self.mission_in(mission, bit(State::Pending as u8))?;
        self.admit_pages(mission, PAGE, first, &mut pages, count)?;
        let most = agentcity_domain::statute::EDGES_MAX;
        for _ in 0..groups {
            let (group, counts) = (degrees.u16(), degrees.word());
            let mut word = self.entry(DEGREE, mission, group.into());
            for at in 0..32u16 {
                let more = get(&counts, at.into(), 1);
                word = add(&word, at.into(), 1, more);
                let degree = get(&word, at.into(), 1);
                if more > most.into() || degree > most.into() {
                    return Words::after(wire::TooManyEdges::SELECTOR)
                        .word(mission)
                        .number(u64::from(group) << 5 | u64::from(at))
                        .number(degree)
                        .number(most.into())
                        .refuse();
                }
            }
            self.set_entry(DEGREE, mission, group.into(), &word);
        }
        degrees.end()?;
        Ok(Vec::new())
    }

    pub(crate) fn admit_seats(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, first) = (&input.word(), input.u16());
        let (count, mut pages) = input.list(PAGES_MAX);
        let (seats, mut agents) = input.list(1_024);
        self.only(&[Peer::Statute])?;
        self.mission_in(mission, bit(State::Pending as u8))?;
        self.admit_pages(mission, SEATS, first, &mut pages, count)?;
        for _ in 0..seats {
            self.oblige(mission, agents.address())?;
        }
        agents.end()?;
        Ok(Vec::new())
    }

    pub(crate) fn activate(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, epoch) = (&input.word(), input.u64());
        self.only(&[Peer::Statute])?;
        if epoch >> 40 != 0 {
            return Err(malformed());
        }
        let word = self.mission_in(mission, bit(State::Pending as u8))?;
        self.not_halted(mission, &word)?;
        let word = having(&word, 11, 5, epoch);
        self.move_mission(mission, &word, State::Active, wire::Reason::Succeeded as u8);
        let nodes = get(&word, 2, 2) as u16;
        for group in 0..nodes.div_ceil(32) {
            let degrees = self.entry(DEGREE, mission, group.into());
            for at in 0..32u16 {
                let node = group << 5 | at;
                if node < nodes && get(&degrees, at.into(), 1) == 0 {
                    self.make_eligible(mission, node)?;
                } else if node < nodes {
                    self.set_state(mission, node, NodeState::Waiting);
                }
            }
        }
        Ok(Vec::new())
    }
}
