//! Freezes, one record each, and when they add up to a stop (G-01 to G-07; R8, R13).

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as collaboration, IGuardian as wire};
use agentcity_domain::{
    exit::Halt,
    guardian::{
        escalation::{Count, Rules, Tag, tag},
        freeze::{Cause, Freeze, Lift, require_freezable},
        report::Accuser,
        stop::Watch,
    },
    parameter::ParameterId as P,
    peer::Peer,
    reputation::Points,
    signed::selector,
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::{self, Reader},
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    city::Order,
    error::{About, revert},
    storage::{Guardian, Reporter, attempt_word},
};

/// `chargeMonitor` of the roster.
const CHARGE_MONITOR: [u8; 4] = selector("chargeMonitor(address,uint64)");

/// Whose attempt at which node.
pub(crate) struct Accused {
    pub(crate) node: u16,
    pub(crate) attempt: u8,
    pub(crate) agent: Address,
}

/// A freeze that people decide on.
struct Case {
    mission: B256,
    node: u16,
    id: u64,
    number: u32,
    freeze: Freeze,
    monitors: usize,
}

impl Case {
    const fn about(&self) -> About<'_> {
        About {
            mission: &self.mission,
            node: self.node,
            freeze: self.id,
        }
    }
}

impl Guardian {
    /// Freezes a node, and stops its mission when too many freezes fall into the window.
    ///
    /// Events: `NodeFrozen`, `MissionHalted`.
    #[inline(never)]
    pub(crate) fn freeze(
        &mut self,
        mission: &B256,
        accused: &Accused,
        cause: Cause,
        monitors: &[Accuser],
        epoch: u64,
    ) -> Result<(), Vec<u8>> {
        let [
            life,
            stop_max,
            count,
            bonus,
            scaled,
            factor,
            window,
            window_max,
            principals,
        ] = self.parameters(
            epoch,
            [
                P::FreezeMaxSecs as u8,
                P::StopMaxSecs as u8,
                P::EscalationFreezeCount as u8,
                P::ReputationScalingBonus as u8,
                P::ReputationScalingEnabled as u8,
                P::MissionFreezeCapFactor as u8,
                P::BaseEscalationWindowMs as u8,
                P::EscalationWindowMaxMs as u8,
                P::EscalationMonitorPrincipals as u8,
            ],
        )?;
        let rules = Rules {
            count: count as u32,
            bonus: bonus as u32,
            is_scaled: scaled != 0,
            factor: factor as u32,
            window_ms: window as u32,
            window_max_ms: window_max as u32,
            principals: principals as u32,
        };
        let (now, mut watch) = (self.now(), self.watch(mission).frozen_once_more());
        let at = (accused.node, accused.attempt);
        let freeze = Freeze::new(accused.agent, at, cause, life, now);
        let number = watch.freezes;
        let mut reporters: Vec<Reporter> = Vec::with_capacity(monitors.len());
        for monitor in monitors {
            reporters.push((monitor.monitor, tag(monitor.principal)));
        }
        self.set_frozen(mission, number, &freeze, reporters.len());
        self.set_reporters(mission, number, &reporters, life);
        let stops = freeze.counts()
            && watch.escalates(&self.city())
            && self.must_stop(mission, accused.agent, &rules, &watch)?;
        if stops {
            watch = watch
                .stop(Halt::EmergencyStop, &self.city(), stop_max, now)
                .map_err(|no| revert(no, About::mission(mission)))?;
        }

        self.set_watch(mission, &watch);

        let id = self.freeze_id(mission, number);
        self.log(
            topic!(wire::NodeFrozen::SIGNATURE_HASH)
                .word(mission)
                .number(accused.node.into())
                .number(id)
                .number(accused.attempt.into())
                .address(&accused.agent)
                .number(cause as u64)
                .number(freeze.expires_at()),
            4,
        );
        self.order(&Order {
            node: accused.node,
            attempt: accused.attempt,
            agent: accused.agent,
            until: freeze.expires_at(),
            ..Order::to(collaboration::Order::Freeze, mission)
        })?;
        if stops {
            self.order_stop(mission, &watch, accused.agent, &B256::ZERO)?;
        }
        Ok(())
    }

    /// Whether the freezes of an agent, or of all agents together, are too many since the last stop was cleared.
    #[inline(never)]
    fn must_stop(
        &self,
        mission: &B256,
        agent: Address,
        rules: &Rules,
        watch: &Watch,
    ) -> Result<bool, Vec<u8>> {
        let window = rules.window(watch.stops);
        let mut counted = Count::new(agent, window, watch.cleared_at, self.now());
        for number in (1..=watch.freezes).rev() {
            let Some((past, monitors)) = self.frozen(mission, number) else {
                break;
            };
            let mut tags: Vec<Tag> = Vec::with_capacity(monitors);
            for (_, tag) in self.reporters(mission, number, monitors) {
                tags.push(tag);
            }
            if !counted.note(past.agent, past.at, past.counts(), &tags) {
                break;
            }
        }
        if !counted.may_stop(rules) {
            return Ok(false);
        }
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::getReputationScoreCall::SELECTOR).address(&agent),
        )?;
        let score = Points::new(reader::number_of(&answer)?).map_err(|_| malformed())?;
        Ok(counted.must_stop(rules, score))
    }

    /// Errors: `Unauthorized`, `NotSeated`, `WrongAttempt`, `WrongMissionState`, `WrongNodeState`.
    /// Events: `NodeFrozen`.
    pub(crate) fn freeze_node(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let (attempt, agent) = (input.u8(), input.address());
        self.only(&[Peer::Adjudication])?;
        let found = self.attempt(mission, node, agent)?;
        require_freezable(found.mission_state, found.state, found.attempt, attempt)
            .map_err(|no| revert(no, About::node(mission, node)))?;
        let accused = Accused {
            node,
            attempt,
            agent,
        };
        self.freeze(mission, &accused, Cause::Manual, &[], found.epoch)?;
        Ok(Vec::new())
    }

    /// The freeze that the panel decides on.
    ///
    /// Errors: `Unauthorized`, `UnknownFreeze`.
    #[inline(never)]
    fn case(&self, input: &mut Reader<'_>) -> Result<Case, Vec<u8>> {
        let (mission, node, id) = (input.word(), input.u16(), input.u64());
        input.end()?;
        self.only(&[Peer::Adjudication])?;
        let number = self.freeze_number(&mission, id);
        match self.frozen(&mission, number) {
            Some((freeze, monitors)) if freeze.node == node => Ok(Case {
                mission,
                node,
                id,
                number,
                freeze,
                monitors,
            }),
            _ => Words::after(wire::UnknownFreeze::SELECTOR)
                .word(&mission)
                .number(node.into())
                .number(id)
                .refuse(),
        }
    }

    #[inline(never)]
    fn close_case(&mut self, case: &Case, freeze: &Freeze) {
        self.set_frozen(&case.mission, case.number, freeze, case.monitors);
    }

    #[inline(never)]
    fn order_case(
        &self,
        case: &Case,
        order: collaboration::Order,
        points: u64,
    ) -> Result<(), Vec<u8>> {
        self.order(&Order {
            node: case.node,
            attempt: case.freeze.attempt,
            agent: case.freeze.agent,
            points,
            ..Order::to(order, &case.mission)
        })
    }

    /// Errors: `Unauthorized`, `UnknownFreeze`, `FreezeDecided`; collaboration's of a node that is not frozen any more.
    /// Events: `NodeUnfrozen`.
    pub(crate) fn unfreeze_node(&mut self, input: &mut Reader<'_>) -> Answer {
        let case = &self.case(input)?;
        let lift = Lift::at(input.u8()).ok_or_else(malformed)?;
        let lifted = case
            .freeze
            .lift(lift)
            .map_err(|no| revert(no, case.about()))?;
        let mut points = 0;
        self.close_case(case, &lifted);
        if lift == Lift::Warning {
            let epoch = self.mission(&case.mission)?.epoch;
            [points] = self.parameters(epoch, [P::RepAmend as u8])?;
            // The allowances begin anew.
            let name = attempt_word(case.node, lifted.attempt, lifted.agent);
            let key = self.attempt_key(&case.mission, &name);
            let word = self.attempt_state(&key);
            let warnings = get(&word, 0, 1).saturating_add(1).min(u8::MAX.into());
            self.set_attempt_state(&key, &having(&word, 0, 1, warnings));
        }
        self.log(
            topic!(wire::NodeUnfrozen::SIGNATURE_HASH)
                .word(&case.mission)
                .number(case.node.into())
                .number(case.id)
                .number(lift as u64),
            4,
        );
        self.order_case(case, collaboration::Order::Unfreeze, points)?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `UnknownFreeze`, `FreezeDecided`; collaboration's if no stake is held for it any more.
    /// Events: `FreezeConfirmed`.
    pub(crate) fn confirm_freeze(&mut self, input: &mut Reader<'_>) -> Answer {
        let case = &self.case(input)?;
        let upheld = case
            .freeze
            .confirm()
            .map_err(|no| revert(no, case.about()))?;

        self.close_case(case, &upheld);

        self.log(
            topic!(wire::FreezeConfirmed::SIGNATURE_HASH)
                .word(&case.mission)
                .number(case.node.into())
                .number(case.id)
                .address(&upheld.agent),
            4,
        );
        self.order_case(case, collaboration::Order::Confirm, 0)?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `UnknownFreeze`, `FreezeDecided`, `AlreadyClassified`.
    /// Events: `FreezeFalsePositive`.
    pub(crate) fn false_positive(&mut self, input: &mut Reader<'_>) -> Answer {
        let case = &self.case(input)?;
        let found_false = case
            .freeze
            .classify()
            .map_err(|no| revert(no, case.about()))?;
        let reporters = self.reporters(&case.mission, case.number, case.monitors);

        self.close_case(case, &found_false);

        let mut log = topic!(wire::FreezeFalsePositive::SIGNATURE_HASH);
        log.word(&case.mission).number(case.id);
        // Where the list begins, and how long it is.
        log.number(32).number(reporters.len() as u64);
        for (monitor, _) in &reporters {
            log.address(monitor);
        }
        self.log(&log, 3);
        for (monitor, _) in &reporters {
            // One that was removed or went has no bond here; that spares the others nothing.
            if self.monitor(*monitor)?.is_bonded() {
                let mut call = Words::after(CHARGE_MONITOR);
                self.tell(Peer::Roster, call.address(monitor).number(case.id))?;
            }
        }
        Ok(Vec::new())
    }
}
