//! Stops, pauses, outages, and what monitors say of the log.

use alloc::vec::Vec;

use agentcity_abi::{
    ICollaboration as collaboration, IConstitution as constitution, IGuardian as wire,
    ITreasury as treasury,
};
use agentcity_domain::{
    exit::Halt,
    guardian::{
        outage::{Interval, Rules},
        stop::{Watch, require_living},
    },
    parameter::ParameterId as P,
    peer::Peer,
    signed::{Typed, widths, work::OutageReport},
    time::{Millis, Seconds},
};
use agentcity_shell::{
    Answer,
    member::Member,
    reader::Reader,
    sign, topic,
    word::get,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    city::Order,
    error::{About, halt_number, revert},
    storage::Guardian,
};

/// Mission zero.
const CITY: &B256 = &B256::ZERO;

/// The halt that a stop of a mission, or of the city, is.
fn stop_of(mission: &B256) -> Halt {
    if mission == CITY {
        Halt::CityHalt
    } else {
        Halt::EmergencyStop
    }
}

impl Guardian {
    /// Says that a mission, or the city, is halted, and has it halted.
    #[inline(never)]
    fn order_halt(
        &self,
        mission: &B256,
        halt: Halt,
        agent: Address,
        until: u64,
        evidence: &B256,
    ) -> Result<(), Vec<u8>> {
        self.log(
            topic!(wire::MissionHalted::SIGNATURE_HASH)
                .word(mission)
                .number(halt_number(halt))
                .address(&agent)
                .number(until)
                .word(evidence),
            2,
        );
        self.order(&Order {
            halt: halt_number(halt),
            until,
            ..Order::to(collaboration::Order::Halt, mission)
        })
    }

    /// Has the stop of a watch carried out.
    ///
    /// Events: `MissionHalted`.
    #[inline(never)]
    pub(crate) fn order_stop(
        &self,
        mission: &B256,
        watch: &Watch,
        agent: Address,
        evidence: &B256,
    ) -> Result<(), Vec<u8>> {
        let until = watch.stop.map(|stop| stop.until).unwrap_or_default();
        self.order_halt(mission, stop_of(mission), agent, until, evidence)
    }

    /// Says that a mission, or the city, goes on, and lets it. Deadlines move by `secs`.
    #[inline(never)]
    fn order_lift(&self, mission: &B256, halt: Halt, secs: u64) -> Result<(), Vec<u8>> {
        self.log(
            topic!(wire::HaltLifted::SIGNATURE_HASH)
                .word(mission)
                .number(halt_number(halt))
                .number(secs),
            2,
        );
        self.order(&Order {
            halt: halt_number(halt),
            secs,
            ..Order::to(collaboration::Order::Lift, mission)
        })
    }

    /// The epoch of a mission that has not ended; of the city the one in force.
    ///
    /// Errors: `WrongMissionState`.
    #[inline(never)]
    fn living_epoch(&self, mission: &B256) -> Result<u64, Vec<u8>> {
        if mission != CITY {
            let found = self.mission(mission)?;
            require_living(found.state).map_err(|no| revert(no, About::mission(mission)))?;
            return Ok(found.epoch);
        }
        let (epoch, []) = self.parameters_in_force([])?;
        Ok(epoch)
    }

    /// Errors: `Unauthorized`, `WrongMissionState`, `Halted` by a stop.
    /// Events: `MissionHalted`.
    pub(crate) fn trigger_stop(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, evidence) = (&input.word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        let epoch = self.living_epoch(mission)?;
        let [most] = self.parameters(epoch, [P::StopMaxSecs as u8])?;
        let watch = self
            .watch(mission)
            .stop(stop_of(mission), &self.city(), most, self.now())
            .map_err(|no| revert(no, About::mission(mission)))?;

        self.set_watch(mission, &watch);

        self.order_stop(mission, &watch, Address::ZERO, evidence)?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongMissionState`, `WrongHalt`.
    /// Events: `HaltLifted`, and `MissionHalted` for a pause that lay below.
    pub(crate) fn clear_stop(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        self.only(&[Peer::Adjudication])?;
        self.living_epoch(mission)?;
        let (watch, cleared) = self
            .watch(mission)
            .clear(stop_of(mission), &self.city(), self.now())
            .map_err(|no| revert(no, About::mission(mission)))?;

        self.set_watch(mission, &watch);

        self.order_lift(mission, stop_of(mission), cleared.secs)?;
        if let Some(until) = cleared.paused_until {
            let nothing = &B256::ZERO;
            self.order_halt(mission, Halt::Pause, Address::ZERO, until, nothing)?;
        }
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongMissionState`, `WrongHalt`.
    /// Events: `DivergenceClosed`, `HaltLifted`.
    pub(crate) fn lift_pause(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, forfeit) = (&input.word(), input.bool());
        self.only(&[Peer::Adjudication])?;
        self.living_epoch(mission)?;
        let watch = self
            .watch(mission)
            .lift_pause()
            .map_err(|no| revert(no, About::mission(mission)))?;

        self.set_watch(mission, &watch);

        self.end_bond(mission, &watch, !forfeit)?;
        self.order_lift(mission, Halt::Pause, 0)?;
        Ok(Vec::new())
    }

    /// Returns the bond of the latest report of divergence, or takes it.
    ///
    /// Events: `DivergenceClosed`.
    #[inline(never)]
    fn end_bond(&self, mission: &B256, watch: &Watch, returned: bool) -> Result<(), Vec<u8>> {
        let bond = self.bond_of(mission, watch);
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
        self.tell(Peer::Treasury, Words::after(selector).word(&bond))
    }

    /// Errors: `NoBond`.
    /// Events: `DivergenceClosed`.
    pub(crate) fn release_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let state = self.mission(mission)?.state;
        let watch = self
            .watch(mission)
            .end(state)
            .map_err(|no| revert(no, About::mission(mission)))?;

        self.set_watch(mission, &watch);

        self.end_bond(mission, &watch, true)?;
        Ok(Vec::new())
    }

    /// Errors: `DeadlinePassed`, `InvalidSignature`, `MonitorRefused`, `MonitorsDependent`, `WrongMissionState`,
    /// `OutageTooShort`, `ExtensionExhausted`; `MalformedCall` for reports about two missions.
    /// Events: `DegradedEntered`.
    pub(crate) fn enter_degraded(&mut self, input: &mut Reader<'_>) -> Answer {
        let mut reports = [[B256::ZERO; 5]; 2];
        for report in &mut reports {
            *report = input.fields(const { widths::<5>(OutageReport::OWN) });
        }
        let mut signatures = input.tail();
        let nobody = (Address::ZERO, Address::ZERO, Interval { from: 0, until: 0 });
        let mut words = [nobody; 2];
        for (report, word) in reports.iter().zip(&mut words) {
            let [_, from, until, deadline, monitor] = report;
            let signer = Address::from_word(*monitor);
            let mut signed = topic!(<OutageReport as Typed>::HASH);
            signed.all(report);
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX);
            input.end()?;
            signatures.end()?;
            self.signed(&signed, signer, get(deadline, 24, 8), signature)?;
            let interval = Interval {
                from: get(from, 27, 5),
                until: get(until, 27, 5),
            };
            *word = (signer, self.active_monitor(signer)?.principal, interval);
        }
        let [[mission, ..], [other, ..]] = &reports;
        if mission != other {
            return Err(agentcity_shell::malformed());
        }
        let found = self.mission(mission)?;
        let [threshold, most, grace] = self.parameters(
            found.epoch,
            [
                P::DegradedModeThresholdMs as u8,
                P::DegradedExtensionMaxSecs as u8,
                P::DegradedGraceSecs as u8,
            ],
        )?;
        let rules = Rules {
            threshold: Millis::new(threshold),
            grace: Seconds::new(grace),
            most: Seconds::new(most),
        };
        let (outages, outage, secs) = self
            .outages(mission)
            .enter((found.state, found.since), words, &rules, self.now())
            .map_err(|no| revert(no, About::mission(mission)))?;

        self.set_outages(mission, &outages);

        self.log(
            topic!(wire::DegradedEntered::SIGNATURE_HASH)
                .word(mission)
                .number(outage.from)
                .number(outage.until)
                .number(secs),
            2,
        );
        self.order(&Order {
            secs,
            ..Order::to(collaboration::Order::Degrade, mission)
        })?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `WrongMissionState`.
    /// Events: `DegradedExited`.
    pub(crate) fn exit_degraded(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        self.only(&[Peer::Adjudication])?;
        let state = self.mission(mission)?.state;
        let secs = self
            .outages(mission)
            .exit(state, self.now())
            .map_err(|no| revert(no, About::mission(mission)))?;
        self.log(
            topic!(wire::DegradedExited::SIGNATURE_HASH).word(mission),
            2,
        );
        self.order(&Order {
            secs,
            ..Order::to(collaboration::Order::Resume, mission)
        })?;
        Ok(Vec::new())
    }

    /// Errors: `MonitorRefused`, `WrongMissionState`, `Halted`.
    /// Events: `Reconciled`.
    pub(crate) fn reconcile(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, root) = (&input.word(), &input.word());
        input.end()?;
        let caller = self.caller();
        self.active_monitor(caller)?;
        let state = self.mission(mission)?.state;
        self.watch(mission)
            .require_reconcilable(&self.city(), state)
            .map_err(|no| revert(no, About::mission(mission)))?;
        let mut gate = self.gate(mission);
        gate.reconciled_at = self.now();

        self.set_gate(mission, &gate);
        self.set_log_root(mission, root);

        self.log(
            topic!(wire::Reconciled::SIGNATURE_HASH)
                .word(mission)
                .address(&caller)
                .word(root),
            3,
        );
        Ok(Vec::new())
    }

    /// Errors: `MonitorRefused`, `WrongMissionState`, `Halted`; the treasury's of a monitor without credit for the bond.
    /// Events: `DivergenceReported`, `MissionHalted`.
    pub(crate) fn report_divergence(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, evidence) = (&input.word(), &input.word());
        input.end()?;
        let caller = self.caller();
        self.active_monitor(caller)?;
        let found = self.mission(mission)?;
        let [units, most] = self.parameters(
            found.epoch,
            [P::DivergenceBond as u8, P::PauseMaxSecs as u8],
        )?;
        let watch = self
            .watch(mission)
            .pause(&self.city(), found.state, most, self.now())
            .map_err(|no| revert(no, About::mission(mission)))?;
        let bond = self.bond_of(mission, &watch);
        let scale = self.ask(
            Peer::Constitution,
            &Words::after(constitution::unitScaleCall::SELECTOR),
        )?;
        let mut scale = Reader::new(&scale);
        let unit = scale.u128();
        scale.end()?;

        self.set_watch(mission, &watch);

        self.log(
            topic!(wire::DivergenceReported::SIGNATURE_HASH)
                .word(mission)
                .address(&caller)
                .word(evidence)
                .word(&bond),
            3,
        );
        self.tell(
            Peer::Treasury,
            Words::after(treasury::postBondCall::SELECTOR)
                .word(&bond)
                .address(&caller)
                .number(treasury::BondKind::Divergence as u64)
                .amount(unit.saturating_mul(units.into())),
        )?;
        let until = watch.paused_until.unwrap_or_default();
        self.order_halt(mission, Halt::Pause, caller, until, evidence)?;
        Ok(Vec::new())
    }
}
