//! Watches the activation life of programs.
//!
//! A Stylus program expires a year after its last activation, and then every call to it fails until somebody, anybody,
//! activates it again (RULINGS A8). Nothing is lost by an expiry, but every deadline that runs meanwhile is.
//!
//! ```text
//!            left > notice        left ≤ notice        left ≤ urgent
//!   ?  ────►  Fine  ────────────►  Soon  ────────────►  Urgent ─────► Dead
//!               ▲───────────────────┴─── renewed ─────────┴─────────────┘
//!   any ── no answer ──► Unknown
//! ```

use std::collections::BTreeMap;

use agentcity_domain::time::Seconds;
use alloy::primitives::Address;

use crate::{
    action::{Action, Level},
    event::{Event, Life},
};

/// Seconds in a day.
const DAY: u64 = 86_400;

/// Below how much remaining life an operator is told. `urgent ≤ soon` by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    soon: Seconds,
    urgent: Seconds,
}

/// The urgent notice exceeds the first one, so the first would never be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "urgent notice of {urgent_days} days exceeds the notice of {notice_days} days: lower it, or raise the notice"
)]
pub struct NoticesCross {
    /// First notice, in days.
    pub notice_days: u32,
    /// Urgent notice, in days.
    pub urgent_days: u32,
}

impl Notice {
    /// Errors: [`NoticesCross`].
    pub fn days(notice_days: u32, urgent_days: u32) -> Result<Self, NoticesCross> {
        if urgent_days > notice_days {
            return Err(NoticesCross {
                notice_days,
                urgent_days,
            });
        }
        Ok(Self {
            soon: Seconds::new(u64::from(notice_days) * DAY),
            urgent: Seconds::new(u64::from(urgent_days) * DAY),
        })
    }

    fn level(self, life: Life) -> Level {
        match life {
            Life::Active { left } if left <= self.urgent => Level::Urgent,
            Life::Active { left } if left <= self.soon => Level::Soon,
            Life::Active { .. } => Level::Fine,
            Life::Expired | Life::Outdated | Life::NotActivated => Level::Dead,
        }
    }
}

/// The machine: the last level of every program it heard of.
#[derive(Debug)]
pub struct ProgramLife {
    notice: Notice,
    levels: BTreeMap<Address, Level>,
}

impl ProgramLife {
    /// Watches with these notices, knowing nothing yet.
    pub fn new(notice: Notice) -> Self {
        Self {
            notice,
            levels: BTreeMap::new(),
        }
    }

    /// Takes an event. An alert is raised when a level changes, and at the first observation if it is not fine.
    pub fn step(&mut self, event: Event) -> Vec<Action> {
        let (program, level, text) = match event {
            Event::Observed { program, life } => {
                (program, self.notice.level(life), explain(program, life))
            }
            Event::Unreachable { program, cause } => (
                program,
                Level::Unknown,
                format!("the chain could not be asked about {program}: {cause}"),
            ),
        };
        let before = self.levels.insert(program, level);
        let quiet = match before {
            Some(before) => before == level,
            None => level.is_fine(),
        };
        if quiet {
            return Vec::new();
        }
        vec![Action::Alert {
            program,
            level,
            before,
            text,
        }]
    }

    /// The worst level of all, `None` before the first event.
    pub fn worst(&self) -> Option<Level> {
        self.levels.values().copied().max()
    }
}

fn explain(program: Address, life: Life) -> String {
    match life {
        Life::Active { left } => {
            let days = left.get() / DAY;
            format!(
                "{program} expires in {days} days; anyone may extend it: agentcity program keepalive {program}"
            )
        }
        Life::Expired => format!(
            "{program} has expired, every call to it fails; anyone may activate it again: agentcity program activate {program}"
        ),
        Life::Outdated => format!(
            "{program} was activated for an older virtual machine, every call to it fails; anyone may activate it again: agentcity program activate {program}"
        ),
        Life::NotActivated => format!(
            "{program} is not an activated program; check the address, or activate it: agentcity program activate {program}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Address = Address::repeat_byte(0x11);
    const OTHER: Address = Address::repeat_byte(0x22);

    fn machine() -> ProgramLife {
        ProgramLife::new(Notice::days(30, 7).expect("ordered"))
    }

    fn days(days: u64) -> Life {
        Life::Active {
            left: Seconds::new(days * DAY),
        }
    }

    fn observed(life: Life) -> Event {
        Event::Observed {
            program: PROGRAM,
            life,
        }
    }

    fn alerts(machine: &mut ProgramLife, event: Event) -> Vec<(Option<Level>, Level)> {
        machine
            .step(event)
            .into_iter()
            .map(|Action::Alert { before, level, .. }| (before, level))
            .collect()
    }

    #[test]
    fn levels_change_at_the_notices_and_not_a_second_earlier() {
        let notice = Notice::days(30, 7).expect("ordered");
        let left = |seconds| Life::Active {
            left: Seconds::new(seconds),
        };
        for (life, level) in [
            (left(30 * DAY + 1), Level::Fine),
            (left(30 * DAY), Level::Soon),
            (left(7 * DAY + 1), Level::Soon),
            (left(7 * DAY), Level::Urgent),
            (left(0), Level::Urgent),
            (Life::Expired, Level::Dead),
            (Life::Outdated, Level::Dead),
            (Life::NotActivated, Level::Dead),
        ] {
            assert_eq!(notice.level(life), level, "{life:?}");
        }
    }

    #[test]
    fn an_alert_is_given_once_for_a_change_and_not_repeated() {
        let mut machine = machine();
        assert_eq!(alerts(&mut machine, observed(days(300))), []);
        assert_eq!(
            alerts(&mut machine, observed(days(29))),
            [(Some(Level::Fine), Level::Soon)]
        );
        assert_eq!(alerts(&mut machine, observed(days(28))), []);
        assert_eq!(
            alerts(&mut machine, observed(days(3))),
            [(Some(Level::Soon), Level::Urgent)]
        );
        assert_eq!(
            alerts(&mut machine, observed(Life::Expired)),
            [(Some(Level::Urgent), Level::Dead)]
        );
        assert_eq!(
            alerts(&mut machine, observed(days(365))),
            [(Some(Level::Dead), Level::Fine)]
        );
    }

    #[test]
    fn a_first_observation_that_is_not_fine_is_an_alert() {
        assert_eq!(
            alerts(&mut machine(), observed(Life::NotActivated)),
            [(None, Level::Dead)]
        );
    }

    #[test]
    fn silence_of_the_chain_is_a_fault_and_not_fine() {
        let mut machine = machine();
        alerts(&mut machine, observed(days(300)));
        let silent = Event::Unreachable {
            program: PROGRAM,
            cause: "connection refused".into(),
        };
        assert_eq!(
            alerts(&mut machine, silent),
            [(Some(Level::Fine), Level::Unknown)]
        );
        assert_eq!(machine.worst(), Some(Level::Unknown));
    }

    #[test]
    fn the_worst_of_all_programs_counts() {
        let mut machine = machine();
        assert_eq!(machine.worst(), None);
        machine.step(observed(days(300)));
        machine.step(Event::Observed {
            program: OTHER,
            life: days(1),
        });
        assert_eq!(machine.worst(), Some(Level::Urgent));
    }

    #[test]
    fn refuses_notices_that_cross() {
        assert_eq!(
            Notice::days(7, 30),
            Err(NoticesCross {
                notice_days: 7,
                urgent_days: 30
            })
        );
        assert!(Notice::days(7, 7).is_ok());
    }
}
