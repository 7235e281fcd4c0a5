//! Freezes, one record each, and when they add up to a stop (G-01 to G-07; R8, R13).

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as collaboration, IGuardian as wire};
use agentcity_domain::{
    machine::NodeState,
    parameter::{
        ParameterId as P,
        derived::{escalation_threshold, escalation_window_ms},
    },
    peer::Peer,
    reputation::Points,
    signed::selector,
};
use agentcity_shell::{
    Answer, malformed,
    member::{Kind, Member},
    output,
    reader::{self, Reader},
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{city::Order, storage::Guardian};

/// Place 0: 0 cause, 1 open, 2 false, 3 attempt, 4..6 node, 6..11 at, 11..16 expires. 1 mission. 2 agent. 3 and 4 the
/// monitors who reported. Number zero: how many there are.
const FREEZE: Kind = 4;
/// Instants of the latest freezes of an agent in a mission, or of the whole mission for nobody: six in each of three
/// words, the newest first. 3: the monitor's principal of the latest, 4: whether others reported before.
const RING: Kind = 5;
/// Of a mission: 0..5 when its last stop was cleared, 5..7 how many were.
pub(crate) const CLEARED: Kind = 6;

/// `chargeMonitor` of the roster.
const CHARGE_MONITOR: [u8; 4] = selector("chargeMonitor(address,uint64)");

/// Bytes of an instant, words of a ring, instants in each.
const INSTANT: usize = 5;
const RING_WORDS: u64 = 3;
const RING_BYTES: usize = 90;

/// A freeze as it is kept.
pub(crate) struct Record {
    pub(crate) key: B256,
    pub(crate) word: B256,
    pub(crate) mission: B256,
    pub(crate) agent: Address,
}

impl Record {
    pub(crate) fn node(&self) -> u16 {
        get(&self.word, 4, 2) as u16
    }

    pub(crate) fn attempt(&self) -> u8 {
        get(&self.word, 3, 1) as u8
    }
}

impl Guardian {
    #[inline(never)]
    pub(crate) fn freeze_key(&self, id: u64, place: u64) -> B256 {
        self.key(FREEZE, output::number(id), output::number(place))
    }

    /// A freeze, open or not.
    #[inline(never)]
    pub(crate) fn record(&self, id: u64) -> Result<Record, Vec<u8>> {
        let key = self.freeze_key(id, 0);
        let word = self.read(key);
        if id == 0 || get(&word, 0, 1) == 0 {
            return Words::after(wire::UnknownFreeze::SELECTOR)
                .number(id)
                .refuse();
        }
        Ok(Record {
            key,
            word,
            mission: self.read(self.freeze_key(id, 1)),
            agent: Address::from_word(self.read(self.freeze_key(id, 2))),
        })
    }

    #[inline(never)]
    fn open_record(&self, id: u64) -> Result<Record, Vec<u8>> {
        let record = self.record(id)?;
        if get(&record.word, 1, 1) == 0 {
            return Words::after(wire::UnknownFreeze::SELECTOR)
                .number(id)
                .refuse();
        }
        Ok(record)
    }

    /// Freezes a node, and stops its mission when too many freezes fall into the window.
    #[inline(never)]
    pub(crate) fn freeze(
        &mut self,
        mission: &B256,
        node: u16,
        attempt: u8,
        agent: Address,
        cause: wire::FreezeCause,
        monitors: [Address; 2],
    ) -> Result<(), Vec<u8>> {
        let found = self.attempt(mission, node, agent)?;
        let running =
            found.state == NodeState::Eligible as u8 || found.state == NodeState::Executing as u8;
        if found.attempt != attempt || !running {
            return Words::after(wire::WrongNodeState::SELECTOR)
                .word(mission)
                .number(node.into())
                .number(found.state.into())
                .number(found.attempt.into())
                .refuse();
        }
        let [life] = self.parameters(found.epoch, [P::FreezeMaxSecs as u8])?;
        let (now, counter) = (self.now(), self.freeze_key(0, 0));
        let id = (get(&self.read(counter), 24, 8)).saturating_add(1);
        let expires = now.saturating_add(life);
        let mut word = B256::ZERO;
        for (at, bytes, value) in [
            (0, 1, cause as u64),
            (1, 1, 1),
            (3, 1, attempt.into()),
            (4, 2, node.into()),
            (6, 5, now),
            (11, 5, expires),
        ] {
            word = having(&word, at, bytes, value);
        }
        self.write(counter, output::number(id));
        for (place, word) in (0..).zip([
            word,
            *mission,
            agent.into_word(),
            monitors[0].into_word(),
            monitors[1].into_word(),
        ]) {
            self.write(self.freeze_key(id, place), word);
        }
        self.log(
            topic!(wire::NodeFrozen::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(id)
                .number(attempt.into())
                .address(&agent)
                .number(cause as u64)
                .number(expires),
            4,
        );
        let order = Order {
            node,
            attempt,
            agent,
            until: expires,
            ..Order::to(collaboration::Order::Freeze, *mission)
        };
        self.order(&order)?;
        self.escalate(mission, agent, found.epoch, monitors[0])
    }

    #[inline(never)]
    fn ring_keys(&self, mission: &B256, agent: Address) -> [B256; RING_WORDS as usize + 2] {
        let ring = self.key(RING, *mission, agent.into_word());
        [0, 1, 2, 3, 4].map(|place| self.key(RING, ring, output::number(place)))
    }

    #[inline(never)]
    fn read_ring(&self, keys: &[B256]) -> [u8; RING_BYTES] {
        let mut bytes = [0; RING_BYTES];
        for (to, key) in bytes.chunks_exact_mut(30).zip(keys) {
            for (byte, from) in to.iter_mut().zip(self.read(*key)) {
                *byte = from;
            }
        }
        bytes
    }

    #[inline(never)]
    fn write_ring(&mut self, keys: &[B256], bytes: &[u8; RING_BYTES]) {
        for (from, key) in bytes.chunks_exact(30).zip(keys) {
            self.write(*key, B256::right_padding_from(from));
        }
    }

    /// Notes a freeze, and counts those since `from` including it.
    #[inline(never)]
    fn note_freeze(&mut self, mission: &B256, agent: Address, from: u64) -> u32 {
        let keys = self.ring_keys(mission, agent);
        let mut bytes = self.read_ring(&keys);
        bytes.rotate_right(INSTANT);
        let now = B256::ZERO;
        let now = having(&now, 0, INSTANT, self.now());
        for (byte, digit) in bytes.iter_mut().take(INSTANT).zip(now) {
            *byte = digit;
        }
        self.write_ring(&keys, &bytes);
        let instants = bytes.chunks_exact(INSTANT).map(|instant| {
            instant
                .iter()
                .fold(0u64, |value, byte| value << 8 | u64::from(*byte))
        });
        instants.filter(|then| *then != 0 && *then >= from).count() as u32
    }

    /// Stops the mission if the agent, or all agents together, were frozen too often since the last stop was cleared.
    #[inline(never)]
    fn escalate(
        &mut self,
        mission: &B256,
        agent: Address,
        epoch: u64,
        monitor: Address,
    ) -> Result<(), Vec<u8>> {
        let [base, window, longest, scaled, bonus, factor, monitors] = self.parameters(
            epoch,
            [
                P::EscalationFreezeCount as u8,
                P::BaseEscalationWindowMs as u8,
                P::EscalationWindowMaxMs as u8,
                P::ReputationScalingEnabled as u8,
                P::ReputationScalingBonus as u8,
                P::MissionFreezeCapFactor as u8,
                P::EscalationMonitorPrincipals as u8,
            ],
        )?;
        let cleared = self.entry(CLEARED, mission, 0);
        let stops = get(&cleared, 5, 2) as u32;
        let width = escalation_window_ms(window as u32, stops, longest as u32);
        let from = self
            .now()
            .saturating_sub(u64::from(width).div_ceil(1_000))
            .max((get(&cleared, 0, 5)).saturating_add(1));
        let own = self.note_freeze(mission, agent, from);
        let all = self.note_freeze(mission, Address::ZERO, from);
        let [_, _, _, last_key, others_key] = self.ring_keys(mission, Address::ZERO);
        let (last, mut others) = (self.read(last_key), self.read(others_key));
        if last != monitor.into_word() {
            let more = get(&others, 24, 8).saturating_add(1);
            others = having(&others, 24, 8, more);
            self.write(last_key, monitor.into_word());
            self.write(others_key, others);
        }
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::getReputationScoreCall::SELECTOR).address(&agent),
        )?;
        let score = Points::new(reader::number_of(&answer)?).map_err(|_| malformed())?;
        let threshold = escalation_threshold(score, base as u32, bonus as u32, scaled != 0);
        let cap = base.saturating_mul(factor);
        let heard = get(&others, 24, 8) >= monitors;
        if heard && (own >= threshold || u64::from(all) >= cap) {
            let halt = wire::Halt::EmergencyStop;
            self.halt(mission, epoch, halt, agent, &B256::ZERO)?;
        }
        Ok(())
    }

    pub(crate) fn freeze_node(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let (attempt, agent) = (input.u8(), input.address());
        self.only(&[Peer::Adjudication])?;
        let (cause, nobody) = (wire::FreezeCause::Manual, [Address::ZERO; 2]);
        self.freeze(mission, node, attempt, agent, cause, nobody)?;
        Ok(Vec::new())
    }

    pub(crate) fn unfreeze_node(&mut self, input: &mut Reader<'_>) -> Answer {
        let (id, kind) = (input.u64(), input.u8());
        self.only(&[Peer::Adjudication])?;
        let warned = kind == wire::UnfreezeKind::Warning as u8;
        if !warned && kind != wire::UnfreezeKind::FalsePositive as u8 {
            return Err(malformed());
        }
        let record = self.open_record(id)?;
        let word = having(&record.word, 1, 1, 0);
        self.write(record.key, having(&word, 2, 1, (!warned).into()));
        if !warned {
            self.forget(&record);
        }
        let mission = self.mission(&record.mission)?;
        let [points] = self.parameters(mission.epoch, [P::RepAmend as u8])?;
        self.log(
            topic!(wire::NodeUnfrozen::SIGNATURE_HASH)
                .word(&record.mission)
                .number(record.node().into())
                .number(id)
                .number(kind.into()),
            4,
        );
        let order = Order {
            node: record.node(),
            attempt: record.attempt(),
            agent: record.agent,
            points: if warned { points } else { 0 },
            ..Order::to(collaboration::Order::Unfreeze, record.mission)
        };
        self.order(&order)?;
        Ok(Vec::new())
    }

    pub(crate) fn confirm_freeze(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = input.u64();
        self.only(&[Peer::Adjudication])?;
        let record = self.open_record(id)?;
        self.write(record.key, having(&record.word, 1, 1, 0));
        self.log(
            topic!(wire::FreezeConfirmed::SIGNATURE_HASH)
                .word(&record.mission)
                .number(record.node().into())
                .number(id)
                .address(&record.agent),
            4,
        );
        let order = Order {
            node: record.node(),
            attempt: record.attempt(),
            agent: record.agent,
            ..Order::to(collaboration::Order::Confirm, record.mission)
        };
        self.order(&order)?;
        Ok(Vec::new())
    }

    /// Takes a freeze out of what counts towards a stop.
    #[inline(never)]
    fn forget(&mut self, record: &Record) {
        for agent in [record.agent, Address::ZERO] {
            let keys = self.ring_keys(&record.mission, agent);
            let mut bytes = self.read_ring(&keys);
            let at = record.word.iter().skip(6).take(INSTANT);
            let found = bytes
                .chunks_exact_mut(INSTANT)
                .find(|instant| instant.iter().eq(at.clone()));
            if let Some(instant) = found {
                instant.fill(0);
            }
            self.write_ring(&keys, &bytes);
        }
    }

    pub(crate) fn false_positive(&mut self, input: &mut Reader<'_>) -> Answer {
        let id = input.u64();
        self.only(&[Peer::Adjudication])?;
        let record = self.record(id)?;
        if get(&record.word, 2, 1) == 0 {
            self.forget(&record);
        }
        self.write(record.key, having(&record.word, 2, 1, 1));
        let monitors = [3, 4].map(|place| self.read(self.freeze_key(id, place)));
        self.log(
            topic!(wire::FreezeFalsePositive::SIGNATURE_HASH)
                .word(&record.mission)
                .number(id)
                .all(&monitors),
            3,
        );
        // Each is charged once: what was charged is nobody afterwards.
        for (place, monitor) in (3..).zip(monitors) {
            if monitor != B256::ZERO {
                self.write(self.freeze_key(id, place), B256::ZERO);
                let mut call = Words::after(CHARGE_MONITOR);
                self.tell(Peer::Roster, call.word(&monitor).number(id))?;
            }
        }
        Ok(Vec::new())
    }
}
