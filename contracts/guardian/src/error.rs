//! Refusals of the domain as errors of the interface, each with the values a caller needs to act.

use alloc::vec::Vec;

use agentcity_abi::IGuardian as wire;
use agentcity_domain::{exit::Halt, gate::Refused as AtGate, guardian::Refused};
use agentcity_shell::words::Words;
use alloy_primitives::B256;
use alloy_sol_types::SolError;

/// What a refusal is about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) mission: &'a B256,
    pub(crate) node: u16,
    pub(crate) freeze: u64,
}

impl<'a> About<'a> {
    pub(crate) const fn mission(mission: &'a B256) -> Self {
        Self::node(mission, 0)
    }

    pub(crate) const fn node(mission: &'a B256, node: u16) -> Self {
        Self {
            mission,
            node,
            freeze: 0,
        }
    }
}

/// A halt on the wire: the city's is a stop of mission zero.
#[inline(never)]
pub(crate) const fn halt_number(halt: Halt) -> u64 {
    let halt = match halt {
        Halt::EmergencyStop | Halt::CityHalt => wire::Halt::EmergencyStop,
        Halt::Pause => wire::Halt::Divergence,
        Halt::WatchdogFreeze | Halt::Degraded | Halt::NormStruck => wire::Halt::NormStruck,
    };
    halt as u64
}

/// An error about a mission.
#[inline(never)]
fn of(selector: [u8; 4], mission: &B256) -> Words {
    let mut words = Words::after(selector);
    words.word(mission);
    words
}

/// An error about a mission with one number, or with two.
#[inline(never)]
fn with(selector: [u8; 4], mission: &B256, numbers: &[u64]) -> Vec<u8> {
    let mut words = of(selector, mission);
    for number in numbers {
        words.number(*number);
    }
    words.bytes().to_vec()
}

/// The revert data of a refused command.
#[inline(never)]
pub(crate) fn revert(refused: Refused, about: About<'_>) -> Vec<u8> {
    use Refused as R;
    let (mission, node, id) = (about.mission, u64::from(about.node), about.freeze);
    match refused {
        R::WrongMission { state } => {
            with(wire::WrongMissionState::SELECTOR, mission, &[state as u64])
        }
        R::WrongNode { state, attempt } => with(
            wire::WrongNodeState::SELECTOR,
            mission,
            &[node, state as u64, attempt.into()],
        ),
        R::WrongAttempt { found, given } => with(
            wire::WrongAttempt::SELECTOR,
            mission,
            &[node, found.into(), given.into()],
        ),
        R::Stale { given, last } => numbers(wire::StaleReport::SELECTOR, &[given, last]),
        R::Dependent { monitor } => {
            let mut words = Words::after(wire::MonitorsDependent::SELECTOR);
            words.address(&monitor).bytes().to_vec()
        }
        R::FreezeDecided { .. } => with(wire::FreezeDecided::SELECTOR, mission, &[id]),
        R::AlreadyClassified => with(wire::AlreadyClassified::SELECTOR, mission, &[id]),
        R::Halted { halt, until } => {
            // The city's halt is said to be the city's.
            let mission = if matches!(halt, Halt::CityHalt) {
                &B256::ZERO
            } else {
                mission
            };
            with(wire::Halted::SELECTOR, mission, &[halt_number(halt), until])
        }
        R::NotHalted { halt, found } => with(
            wire::WrongHalt::SELECTOR,
            mission,
            &[
                halt_number(halt),
                found.map(halt_number).unwrap_or_default(),
            ],
        ),
        R::NoBond => with(wire::NoBond::SELECTOR, mission, &[]),
        R::OutageTooShort { secs, threshold } => {
            numbers(wire::OutageTooShort::SELECTOR, &[secs, threshold])
        }
        R::Exhausted { extended, most } => with(
            wire::ExtensionExhausted::SELECTOR,
            mission,
            &[extended, most],
        ),
    }
}

/// An error of numbers alone.
#[inline(never)]
fn numbers(selector: [u8; 4], values: &[u64]) -> Vec<u8> {
    let mut words = Words::after(selector);
    for value in values {
        words.number(*value);
    }
    words.bytes().to_vec()
}

/// The revert data of what the gate refuses.
#[inline(never)]
pub(crate) fn revert_gate(refused: AtGate, mission: &B256) -> Vec<u8> {
    use AtGate as R;
    match refused {
        R::WrongMission { state } => {
            with(wire::WrongMissionState::SELECTOR, mission, &[state as u64])
        }
        R::UnknownPredicate { index, predicates } => with(
            wire::UnknownPredicate::SELECTOR,
            mission,
            &[index.into(), predicates.into()],
        ),
        R::AlreadyCleared { index } => {
            with(wire::AlreadyCleared::SELECTOR, mission, &[index.into()])
        }
        R::HardFailed { index } => with(
            wire::HardPredicateFailed::SELECTOR,
            mission,
            &[index.into()],
        ),
        R::AwaitsPanel { waiting } => with(wire::AwaitsPanel::SELECTOR, mission, &[waiting.into()]),
        R::Unreconciled { until } => numbers(wire::TooEarly::SELECTOR, &[until.saturating_add(1)]),
        R::GasFloor { available, needed } => {
            numbers(wire::GasFloor::SELECTOR, &[available, needed])
        }
    }
}
