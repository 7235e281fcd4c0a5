//! Missions: their words, their creation, and how they become active.

use alloc::vec::Vec;

use agentcity_abi::{
    IAgent as agents, ICollaboration as wire, IConstitution as founding, ITreasury as treasury,
};
use agentcity_domain::{
    id::MissionId,
    literal,
    machine::{MissionState as State, NodeState},
    peer::Peer,
    signed::selector,
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, peer, refuse,
    word::{part, with},
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
pub(crate) fn add(word: B256, at: usize, bytes: usize, more: u64) -> B256 {
    let sum = part(word, at, bytes).saturating_add(more.into());
    with(word, at, bytes, sum)
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
        self.write(self.key(UNIT_SCALE, B256::ZERO, B256::ZERO), scale);
        Ok(Vec::new())
    }

    pub(crate) fn unit_scale(&self) -> u128 {
        let scale = self.read(self.key(UNIT_SCALE, B256::ZERO, B256::ZERO));
        part(scale, 16, 16).max(1)
    }

    #[inline(never)]
    pub(crate) fn mission_key(&self, mission: B256, place: u64) -> B256 {
        self.key(MISSION, mission, output::number(place))
    }

    /// A word of a mission.
    #[inline(never)]
    pub(crate) fn of_mission(&self, mission: B256, place: u64) -> B256 {
        self.read(self.mission_key(mission, place))
    }

    #[inline(never)]
    pub(crate) fn set_mission(&mut self, mission: B256, place: u64, word: B256) {
        self.write(self.mission_key(mission, place), word);
    }

    /// The mission's word, if it is in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn mission_in(&self, mission: B256, states: u16) -> Result<B256, Vec<u8>> {
        let word = self.of_mission(mission, 0);
        let state = part(word, 0, 1) as u8;
        if state == 0 || mission == B256::ZERO {
            return refuse(wire::UnknownMission::SELECTOR, &[mission]);
        }
        if states & bit(state) == 0 {
            return refuse(
                wire::WrongMissionState::SELECTOR,
                &[mission, output::number(state.into())],
            );
        }
        Ok(word)
    }

    /// What halts the mission: its own halt, or the city's.
    #[inline(never)]
    pub(crate) fn halt_of(&self, mission: B256, word: B256) -> (u8, u64) {
        let own = part(word, 1, 1) as u8;
        if own != 0 {
            return (own, part(self.of_mission(mission, 2), 0, 5) as u64);
        }
        let city = self.of_mission(B256::ZERO, 0);
        let until = part(self.of_mission(B256::ZERO, 2), 0, 5);
        (part(city, 1, 1) as u8, until as u64)
    }

    /// Refuses while a stop, of the mission or of the city, or a pause lies on it.
    #[inline(never)]
    pub(crate) fn not_halted(&self, mission: B256, word: B256) -> Result<(), Vec<u8>> {
        let (halt, until) = self.halt_of(mission, word);
        if halt != 0 {
            return refuse(
                wire::Halted::SELECTOR,
                &[mission, output::number(halt.into()), output::number(until)],
            );
        }
        Ok(())
    }

    /// Refuses while time stands still for the mission. Under a pause it does not.
    #[inline(never)]
    pub(crate) fn not_stopped(&self, mission: B256, word: B256) -> Result<(), Vec<u8>> {
        if self.halt_of(mission, word).0 == wire::Halt::Divergence as u8 {
            return Ok(());
        }
        self.not_halted(mission, word)
    }

    /// Until when the watchdog freezes the city; zero if it does not.
    #[inline(never)]
    pub(crate) fn watchdog(&self) -> Result<u64, Vec<u8>> {
        Input::new(&self.ask_peer(Peer::Roster, HALTED_UNTIL, &[])?).u64()
    }

    /// Refuses while the watchdog freezes the city: nothing is finalised or routed (R9).
    #[inline(never)]
    pub(crate) fn not_frozen(&self, mission: B256) -> Result<(), Vec<u8>> {
        let until = self.watchdog()?;
        if until != 0 {
            return refuse(
                wire::Halted::SELECTOR,
                &[
                    mission,
                    output::number(wire::Halt::EmergencyStop as u64),
                    output::number(until),
                ],
            );
        }
        Ok(())
    }

    /// By how many seconds the deadlines of a mission moved: by its own halts and by the city's.
    #[inline(never)]
    pub(crate) fn moved(&self, word: B256) -> u64 {
        let city = part(self.of_mission(B256::ZERO, 0), 26, 4);
        part(word, 26, 4).saturating_add(city) as u64
    }

    /// The mission's deadline as the city's halts moved it.
    #[inline(never)]
    pub(crate) fn mission_deadline(&self, mission: B256, word: B256) -> u64 {
        let city = part(self.of_mission(B256::ZERO, 0), 26, 4);
        let before = part(self.of_mission(mission, 2), 5, 4);
        part(word, 16, 5).saturating_add(city.saturating_sub(before)) as u64
    }

    /// The epoch whose parameters rule a mission.
    pub(crate) fn epoch_of(word: B256) -> u64 {
        part(word, 11, 5) as u64
    }

    #[inline(never)]
    pub(crate) fn move_mission(&mut self, mission: B256, word: B256, to: State, reason: u8) {
        let from = part(word, 0, 1) as u64;
        let word = with(word, 0, 1, to as u128);
        self.set_mission(mission, 0, with(word, 21, 5, self.now().into()));
        self.emit(
            &[literal!(wire::MissionStateChanged::SIGNATURE_HASH), mission],
            &[
                output::number(from),
                output::number(to as u64),
                output::number(reason.into()),
            ],
        );
    }

    pub(crate) fn create_mission(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, deadline) = (input.word()?, input.u64()?);
        let sponsor = self.caller();
        let answer = self.ask_peer(Peer::Enactment, LAW_OF, &[session])?;
        let mut law = Input::new(&answer);
        let (approved, _audited, kind) = (law.bool()?, law.bool()?, law.u8()?);
        let (statute, _assignments, epoch, nodes) =
            (law.word()?, law.word()?, law.u64()?, law.u16()?);
        let (_fairness, _waived, _budget) = (law.u16()?, law.bool()?, law.u128()?);
        let (latest, parent, parent_node) = (law.u64()?, law.word()?, law.u16()?);
        if !approved || nodes == 0 {
            return refuse(wire::NotApproved::SELECTOR, &[session, statute, B256::ZERO]);
        }
        if deadline <= self.now() || deadline > latest {
            return refuse(wire::TooLate::SELECTOR, &[output::number(latest)]);
        }
        let record = self.ask_peer(
            Peer::Agent,
            agents::principalRecordCall::SELECTOR,
            &[sponsor.into_word()],
        )?;
        if Input::new(&record).u8()? == 0 {
            return refuse(
                wire::AgentRefused::SELECTOR,
                &[sponsor.into_word(), output::number(kind.into())],
            );
        }
        let counter_key = self.key(COUNTER, sponsor.into_word(), B256::ZERO);
        let counter = add(self.read(counter_key), 24, 8, 1);
        let mission = MissionId::of_creator(sponsor, part(counter, 24, 8) as u64).word();
        let mut word = with(B256::ZERO, 0, 1, State::Pending as u128);
        for (at, bytes, value) in [
            (2, 2, u64::from(nodes)),
            (11, 5, epoch),
            (16, 5, deadline),
            (21, 5, self.now()),
        ] {
            word = with(word, at, bytes, value.into());
        }
        let city = part(self.of_mission(B256::ZERO, 0), 26, 4);
        self.write(counter_key, counter);
        self.set_mission(mission, 0, word);
        self.set_mission(mission, 1, session);
        self.set_mission(mission, 2, with(B256::ZERO, 5, 4, city));
        if parent != B256::ZERO {
            self.set_mission(mission, 4, parent);
            self.set_mission(mission, 5, output::number(parent_node.into()));
        }
        self.tell_peer(
            Peer::Treasury,
            treasury::openEscrowCall::SELECTOR,
            &[mission, sponsor.into_word(), output::number(epoch)],
        )?;
        self.emit(
            &[
                literal!(wire::MissionCreated::SIGNATURE_HASH),
                mission,
                sponsor.into_word(),
                session,
            ],
            &[statute, output::number(nodes.into())],
        );
        Ok(output::words(&[mission]))
    }

    /// Writes the accounts of pages behind those that came before.
    #[inline(never)]
    fn admit_pages(
        &mut self,
        mission: B256,
        kind: Kind,
        first: u16,
        pages: &mut Input<'_>,
        count: usize,
    ) -> Result<(), Vec<u8>> {
        let at = if kind == PAGE { 0 } else { 2 };
        let place = self.of_mission(mission, 6);
        let expected = part(place, at, 2) as u16;
        if first != expected {
            return refuse(
                wire::WrongPage::SELECTOR,
                &[
                    mission,
                    output::number(expected.into()),
                    output::number(first.into()),
                ],
            );
        }
        for index in 0..count as u64 {
            let number = output::number(u64::from(first).saturating_add(index));
            let account = pages.address()?;
            self.write(self.key(kind, mission, number), account.into_word());
        }
        self.set_mission(mission, 6, add(place, at, 2, count as u64));
        Ok(())
    }

    pub(crate) fn admit_tranche(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, first) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(PAGES_MAX)?;
        let (groups, mut degrees) = input.list(GROUPS_MAX)?;
        self.only(&[Peer::Statute])?;
        self.mission_in(mission, bit(State::Pending as u8))?;
        self.admit_pages(mission, PAGE, first, &mut pages, count)?;
        let most = agentcity_domain::statute::EDGES_MAX;
        for _ in 0..groups {
            let (group, counts) = (degrees.u16()?, degrees.word()?);
            let key = self.key(DEGREE, mission, output::number(group.into()));
            let mut word = self.read(key);
            for at in 0..32u16 {
                let more = part(counts, at.into(), 1) as u64;
                word = add(word, at.into(), 1, more);
                let degree = part(word, at.into(), 1) as u64;
                if more > most.into() || degree > most.into() {
                    return refuse(
                        wire::TooManyEdges::SELECTOR,
                        &[
                            mission,
                            output::number(u64::from(group) << 5 | u64::from(at)),
                            output::number(degree),
                            output::number(most.into()),
                        ],
                    );
                }
            }
            self.write(key, word);
        }
        Ok(Vec::new())
    }

    pub(crate) fn admit_seats(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, first) = (input.word()?, input.u16()?);
        let (count, mut pages) = input.list(PAGES_MAX)?;
        let (seats, mut agents) = input.list(1_024)?;
        self.only(&[Peer::Statute])?;
        self.mission_in(mission, bit(State::Pending as u8))?;
        self.admit_pages(mission, SEATS, first, &mut pages, count)?;
        for _ in 0..seats {
            self.oblige(mission, agents.address()?)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn activate(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, epoch) = (input.word()?, input.u64()?);
        self.only(&[Peer::Statute])?;
        if epoch >> 40 != 0 {
            return Err(malformed());
        }
        let word = self.mission_in(mission, bit(State::Pending as u8))?;
        self.not_halted(mission, word)?;
        let word = with(word, 11, 5, epoch.into());
        self.move_mission(mission, word, State::Active, wire::Reason::Succeeded as u8);
        let nodes = part(word, 2, 2) as u16;
        for group in 0..nodes.div_ceil(32) {
            let degrees = self.read(self.key(DEGREE, mission, output::number(group.into())));
            for at in 0..32u16 {
                let node = group << 5 | at;
                if node < nodes && part(degrees, at.into(), 1) == 0 {
                    self.make_eligible(mission, node)?;
                } else if node < nodes {
                    self.set_state(mission, node, NodeState::Waiting);
                }
            }
        }
        Ok(Vec::new())
    }
}
