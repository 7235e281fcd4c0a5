//! What the guardian orders.

use alloc::vec::Vec;

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::Reader,
    word::{get, having},
    words::Words,
};
use alloy_primitives::B256;
use alloy_sol_types::SolError;

use crate::{
    missions::{LIVING, WORKING, add},
    nodes::bit,
    storage::Missions,
};

impl Missions {
    pub(crate) fn intervene(&mut self, input: &mut Reader<'_>) -> Answer {
        let (order, mission, node) = (input.u8(), &input.word(), input.u16());
        let (attempt, agent, halt) = (input.u8(), input.address(), input.u8());
        let (points, until, secs) = (input.u16(), input.u64(), input.u64());
        let reason = input.u8();
        self.only(&[Peer::Guardian])?;
        if until >> 40 != 0 || secs >> 32 != 0 || halt > wire::Halt::NormStruck as u8 {
            return Err(malformed());
        }
        let frozen = bit(NodeState::Frozen as u8);
        let running = bit(NodeState::Eligible as u8) | bit(NodeState::Executing as u8);
        let gate = bit(MissionState::Verification as u8);
        match order {
            o if o == wire::Order::Freeze as u8 => {
                self.mission_in(mission, WORKING | bit(MissionState::Degraded as u8))?;
                let word = self.attempt_in(mission, node, attempt, running)?;
                self.seat_of(mission, node, agent)?;
                self.set_node(mission, node, NodeState::Frozen, &word, until);
            }
            o if o == wire::Order::Unfreeze as u8 => {
                self.mission_in(mission, LIVING)?;
                self.attempt_in(mission, node, attempt, frozen)?;
                self.make_eligible(mission, node)?;
                if points != 0 {
                    self.penalise(&agent.into_word(), points.into(), mission)?;
                }
            }
            o if o == wire::Order::Confirm as u8 => {
                self.mission_in(mission, LIVING)?;
                self.attempt_in(mission, node, attempt, frozen)?;
                let seat = self.seat_of(mission, node, agent)?;
                let confirmed = wire::Reason::FreezeConfirmed as u8;
                self.fail_node(mission, node, confirmed);
                self.fault(mission, node, seat, confirmed)?;
            }
            o if o == wire::Order::Halt as u8 => {
                let word = self.haltable(mission, halt)?;
                self.set_mission(mission, 0, &having(&word, 1, 1, halt.into()));
                let place = self.of_mission(mission, 2);
                self.set_mission(mission, 2, &having(&place, 0, 5, until));
            }
            o if o == wire::Order::Lift as u8 => {
                let word = self.halted_word(mission, halt)?;
                let word = Self::move_deadlines(&having(&word, 1, 1, 0), secs);
                self.set_mission(mission, 0, &word);
            }
            o if o == wire::Order::Degrade as u8 => {
                let word = self.mission_in(mission, bit(MissionState::Executing as u8))?;
                let word = Self::move_deadlines(&word, secs);
                let none = wire::Reason::None as u8;
                self.move_mission(mission, &word, MissionState::Degraded, none);
            }
            o if o == wire::Order::Resume as u8 => {
                let word = self.mission_in(mission, bit(MissionState::Degraded as u8))?;
                let none = wire::Reason::None as u8;
                self.move_mission(mission, &word, MissionState::Executing, none);
            }
            o if o == wire::Order::Release as u8 => {
                let word = self.mission_in(mission, gate)?;
                self.not_halted(mission, &word)?;
                let succeeded = wire::Reason::Succeeded as u8;
                self.end(mission, &word, MissionState::Completed, succeeded)?;
            }
            o if o == wire::Order::Refuse as u8 => {
                let word = self.mission_in(mission, gate)?;
                self.move_mission(mission, &word, MissionState::Failed, reason);
            }
            _ => return Err(malformed()),
        }
        Ok(Vec::new())
    }

    /// The word of a mission, or of the city for number zero.
    #[inline(never)]
    fn word_of(&self, mission: &B256) -> Result<B256, Vec<u8>> {
        if *mission == B256::ZERO {
            return Ok(self.of_mission(mission, 0));
        }
        self.mission_in(mission, LIVING)
    }

    /// The same, if `halt` may be laid on it: a stop also over a pause.
    #[inline(never)]
    fn haltable(&self, mission: &B256, halt: u8) -> Result<B256, Vec<u8>> {
        let word = self.word_of(mission)?;
        let found = get(&word, 1, 1) as u8;
        if found == 0
            || found == wire::Halt::Divergence as u8 && halt == wire::Halt::EmergencyStop as u8
        {
            return Ok(word);
        }
        self.other_halt(mission, found)
    }

    /// The same, if it is halted by `halt` now.
    #[inline(never)]
    fn halted_word(&self, mission: &B256, halt: u8) -> Result<B256, Vec<u8>> {
        let word = self.word_of(mission)?;
        let found = get(&word, 1, 1) as u8;
        if found == halt && halt != 0 {
            return Ok(word);
        }
        self.other_halt(mission, found)
    }

    #[inline(never)]
    fn other_halt<T>(&self, mission: &B256, found: u8) -> Result<T, Vec<u8>> {
        let until = get(&self.of_mission(mission, 2), 0, 5);
        Words::after(wire::Halted::SELECTOR)
            .word(mission)
            .number(found.into())
            .number(until)
            .refuse()
    }

    /// Moves every deadline of a mission: its own at once, those of its nodes when they are read.
    #[inline(never)]
    fn move_deadlines(word: &B256, secs: u64) -> B256 {
        add(&add(word, 16, 5, secs), 26, 4, secs)
    }
}
