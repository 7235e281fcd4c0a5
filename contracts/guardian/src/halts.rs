//! Stops, pauses, outages, and what monitors say of the log.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IGuardian as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::MissionState,
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, widths, work::OutageReport},
};
use agentcity_shell::{
    Answer,
    member::{Kind, Member},
    output,
    reader::{self, Reader},
    sign, topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{city::Order, freezes::CLEARED, gate::GATE, storage::Guardian};

/// Of a mission, or of the city for number zero: since when it is halted.
const HALT: Kind = 7;
/// Of a mission: seconds by which outages moved its deadlines.
const OUTAGE: Kind = 8;
/// Of a mission: the bond of a report of divergence.
const BOND: Kind = 9;

impl Guardian {
    /// Halts a mission, or the city for number zero.
    #[inline(never)]
    pub(crate) fn halt(
        &mut self,
        mission: &B256,
        epoch: u64,
        halt: wire::Halt,
        agent: Address,
        evidence: &B256,
    ) -> Result<(), Vec<u8>> {
        let id = if halt as u8 == wire::Halt::Divergence as u8 {
            P::PauseMaxSecs
        } else {
            P::StopMaxSecs
        };
        let [life] = self.parameters(epoch, [id as u8])?;
        let until = self.now().saturating_add(life);
        let key = self.key(HALT, *mission, B256::ZERO);
        self.write(key, output::number(self.now()));
        self.log(
            topic!(wire::MissionHalted::SIGNATURE_HASH)
                .word(mission)
                .number(halt as u64)
                .address(&agent)
                .number(until)
                .word(evidence),
            2,
        );
        let order = Order {
            halt: halt as u8,
            until,
            ..Order::to(collaboration::Order::Halt, *mission)
        };
        self.order(&order)
    }

    /// The epoch that rules a mission; for the city the one in force.
    #[inline(never)]
    fn epoch_of(&self, mission: &B256) -> Result<u64, Vec<u8>> {
        if *mission != B256::ZERO {
            return Ok(self.mission(mission)?.epoch);
        }
        let data = agentcity_abi::IConstitution::epochCall::SELECTOR;
        reader::number_of(&self.ask(Peer::Constitution, &Words::after(data))?)
    }

    pub(crate) fn trigger_stop(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, evidence) = (&input.word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        let epoch = self.epoch_of(mission)?;
        let halt = wire::Halt::EmergencyStop;
        self.halt(mission, epoch, halt, Address::ZERO, evidence)?;
        Ok(Vec::new())
    }

    /// Lets a mission, or the city, go on. Time stood still under a stop, and goes on under a pause.
    #[inline(never)]
    fn lift(&mut self, mission: &B256, halt: wire::Halt) -> Result<(), Vec<u8>> {
        if *mission != B256::ZERO {
            let found = self.mission(mission)?.halt;
            if found != halt as u8 {
                return Words::after(wire::WrongHalt::SELECTOR)
                    .word(mission)
                    .number(halt as u64)
                    .number(found.into())
                    .refuse();
            }
        }
        let key = self.key(HALT, *mission, B256::ZERO);
        let since = get(&self.read(key), 24, 8);
        self.write(key, B256::ZERO);
        let mut secs = 0;
        if halt as u8 == wire::Halt::EmergencyStop as u8 {
            secs = self.now().saturating_sub(since);
            let key = self.key(CLEARED, *mission, B256::ZERO);
            let word = self.read(key);
            let stops = get(&word, 5, 2).saturating_add(1);
            let word = having(&word, 0, 5, self.now());
            self.write(key, having(&word, 5, 2, stops));
        }
        self.log(
            topic!(wire::HaltLifted::SIGNATURE_HASH)
                .word(mission)
                .number(halt as u64)
                .number(secs),
            2,
        );
        let order = Order {
            halt: halt as u8,
            secs,
            ..Order::to(collaboration::Order::Lift, *mission)
        };
        self.order(&order)
    }

    pub(crate) fn clear_stop(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        self.only(&[Peer::Adjudication])?;
        self.lift(mission, wire::Halt::EmergencyStop)?;
        Ok(Vec::new())
    }

    pub(crate) fn lift_pause(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, forfeit) = (&input.word(), input.bool());
        self.only(&[Peer::Adjudication])?;
        self.lift(mission, wire::Halt::Divergence)?;
        self.end_bond(mission, !forfeit)?;
        Ok(Vec::new())
    }

    /// Returns the bond of a report of divergence, or takes it; false if none is held.
    #[inline(never)]
    fn end_bond(&mut self, mission: &B256, returned: bool) -> Result<bool, Vec<u8>> {
        let key = self.key(BOND, *mission, B256::ZERO);
        let bond = self.read(key);
        if bond == B256::ZERO {
            return Ok(false);
        }
        self.write(key, B256::ZERO);
        self.log(
            topic!(wire::DivergenceClosed::SIGNATURE_HASH)
                .word(mission)
                .word(&bond)
                .truth(returned),
            2,
        );
        let selector = if returned {
            treasury::returnBondCall::SELECTOR
        } else {
            treasury::forfeitBondCall::SELECTOR
        };
        self.tell(Peer::Treasury, Words::after(selector).word(&bond))?;
        Ok(true)
    }

    pub(crate) fn release_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let state = self.mission(mission)?.state;
        let ended = state == MissionState::Completed as u8 || state == MissionState::Aborted as u8;
        if !ended || !self.end_bond(mission, true)? {
            return Words::after(wire::NoBond::SELECTOR).word(mission).refuse();
        }
        Ok(Vec::new())
    }

    pub(crate) fn enter_degraded(&mut self, input: &mut Reader<'_>) -> Answer {
        let mut reports = [[B256::ZERO; 5]; 2];
        for report in &mut reports {
            *report = input.fields(const { widths::<5>(OutageReport::OWN) });
        }
        let mut signatures = input.tail();
        let mut heard = [(B256::ZERO, B256::ZERO); 2];
        for (report, heard) in reports.iter().zip(&mut heard) {
            let [_, _, _, deadline, monitor] = *report;
            let signer = Address::from_word(monitor);
            let mut words = topic!(<OutageReport as Typed>::HASH);
            words.all(report);
            let deadline = get(&deadline, 24, 8);
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX);
            self.signed(&words, signer, deadline, signature)?;
            *heard = self.monitor(signer)?;
        }
        signatures.end()?;
        let [one, other] = reports;
        let mission = &one[0];
        if heard[0].0 == heard[1].0 || *mission != other[0] {
            return self.refuse_monitor(Address::from_word(other[4]));
        }
        let found = self.mission_in(mission, MissionState::Executing as u8)?;
        let [threshold, most, grace] = self.parameters(
            found.epoch,
            [
                P::DegradedModeThresholdMs as u8,
                P::DegradedExtensionMaxSecs as u8,
                P::DegradedGraceSecs as u8,
            ],
        )?;
        let instant = |word: B256| get(&word, 27, 5);
        let from = instant(one[1]).max(instant(other[1]));
        let until = instant(one[2]).min(instant(other[2])).min(self.now());
        let outage = until.saturating_sub(from);
        if outage <= threshold.div_ceil(1_000) {
            let from = from.saturating_add(threshold.div_ceil(1_000));
            return Words::after(wire::TooEarly::SELECTOR).number(from).refuse();
        }
        let key = self.key(OUTAGE, *mission, B256::ZERO);
        let extended = get(&self.read(key), 24, 8);
        let left = most.saturating_sub(extended);
        if left == 0 {
            return Words::after(wire::ExtensionExhausted::SELECTOR)
                .word(mission)
                .number(extended)
                .number(most)
                .refuse();
        }
        let secs = outage.saturating_add(grace).min(left);
        self.write(key, output::number(extended.saturating_add(secs)));
        self.log(
            topic!(wire::DegradedEntered::SIGNATURE_HASH)
                .word(mission)
                .number(from)
                .number(until)
                .number(secs),
            2,
        );
        let order = Order {
            secs,
            ..Order::to(collaboration::Order::Degrade, *mission)
        };
        self.order(&order)?;
        Ok(Vec::new())
    }

    pub(crate) fn exit_degraded(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        self.only(&[Peer::Adjudication])?;
        self.log(
            topic!(wire::DegradedExited::SIGNATURE_HASH).word(mission),
            2,
        );
        self.order(&Order::to(collaboration::Order::Resume, *mission))?;
        Ok(Vec::new())
    }

    pub(crate) fn reconcile(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, root) = (&input.word(), &input.word());
        let caller = self.caller();
        self.monitor(caller)?;
        self.mission_in(mission, MissionState::Verification as u8)?;
        let key = self.key(GATE, *mission, B256::ZERO);
        let word = having(&self.read(key), 3, 5, self.now());
        self.write(key, word);
        self.set_entry(GATE, mission, 1, root);
        self.log(
            topic!(wire::Reconciled::SIGNATURE_HASH)
                .word(mission)
                .address(&caller)
                .word(root),
            3,
        );
        Ok(Vec::new())
    }

    pub(crate) fn report_divergence(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, evidence) = (&input.word(), &input.word());
        let caller = self.caller();
        self.monitor(caller)?;
        let state = self.mission(mission)?.state;
        let found = self.mission_in(mission, state)?;
        let live = [
            MissionState::Active,
            MissionState::Executing,
            MissionState::Verification,
        ];
        if live.iter().all(|live| *live as u8 != state) {
            return Words::after(wire::WrongMissionState::SELECTOR)
                .word(mission)
                .number(state.into())
                .refuse();
        }
        let [amount] = self.parameters(found.epoch, [P::DivergenceBond as u8])?;
        let bond = self.key(BOND, *mission, *evidence);
        self.set_entry(BOND, mission, 0, &bond);
        self.log(
            topic!(wire::DivergenceReported::SIGNATURE_HASH)
                .word(mission)
                .address(&caller)
                .word(evidence)
                .word(&bond),
            3,
        );
        let scale = self.ask(
            Peer::Constitution,
            &Words::after(agentcity_abi::IConstitution::unitScaleCall::SELECTOR),
        )?;
        let mut scale = Reader::new(&scale);
        let unit = scale.u128();
        scale.end()?;
        self.tell(
            Peer::Treasury,
            Words::after(treasury::postBondCall::SELECTOR)
                .word(&bond)
                .address(&caller)
                .number(treasury::BondKind::Divergence as u64)
                .amount(unit.saturating_mul(amount.into())),
        )?;
        let halt = wire::Halt::Divergence;
        self.halt(mission, found.epoch, halt, caller, evidence)?;
        Ok(Vec::new())
    }
}
