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

use agentcity_domain::time::{Seconds, Timestamp};
use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::Machine;
use crate::{
    action::{Action, Level, Outcome},
    event::{Event, Head, Life, whole_seconds},
};

/// Seconds in a day.
const DAY: u64 = 86_400;
/// How often a keepalive is tried for one expiry: what the chain refused three times wants a human, who was told each time.
const KEEPALIVES_MAX: u32 = 3;

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

    /// The first notice, in seconds of life that are left.
    pub const fn soon_secs(self) -> u64 {
        self.soon.get()
    }

    /// The urgent notice, in the same.
    pub const fn urgent_secs(self) -> u64 {
        self.urgent.get()
    }

    /// How a program fares with so much life.
    pub fn level(self, life: Life) -> Level {
        match life {
            Life::Active { left } if left <= self.urgent => Level::Urgent,
            Life::Active { left } if left <= self.soon => Level::Soon,
            Life::Active { .. } => Level::Fine,
            Life::Expired | Life::Outdated | Life::NotActivated => Level::Dead,
        }
    }
}

/// The machine: the last level of every program it heard of, and the keepalives it asked for.
#[derive(Debug)]
pub struct ProgramLife {
    notice: Notice,
    keeps: bool,
    state: State,
}

/// What a machine remembers, as its checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    levels: BTreeMap<Address, Level>,
    tries: BTreeMap<Address, Tries>,
    alerts: u64,
}

/// Keepalives for one expiry of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tries {
    #[serde(with = "whole_seconds")]
    expires: Timestamp,
    refused: u32,
}

impl ProgramLife {
    /// Watches with these notices, knowing nothing yet. `keeps`: whether it extends lives, or only tells.
    pub fn new(notice: Notice, keeps: bool) -> Self {
        Self {
            notice,
            keeps,
            state: State::default(),
        }
    }

    /// Goes on from a checkpoint. Notices may be others than before.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(notice: Notice, keeps: bool, state: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            notice,
            keeps,
            state: serde_json::from_str(state)?,
        })
    }

    fn level(&mut self, program: Address, level: Level, text: String) -> Option<Action> {
        let before = self.state.levels.insert(program, level);
        let quiet = match before {
            Some(before) => before == level,
            None => level.is_fine(),
        };
        (!quiet).then(|| self.alert(program, level, before, text))
    }

    fn alert(
        &mut self,
        program: Address,
        level: Level,
        before: Option<Level>,
        text: String,
    ) -> Action {
        let number = self.state.alerts;
        self.state.alerts = number.saturating_add(1);
        Action::Alert {
            program,
            level,
            before,
            text,
            number,
        }
    }

    /// Asked anew at every observation: it has the same key as long as the program expires at the same time, so it is one action.
    fn keepalive(&mut self, program: Address, left: Seconds, at: Head) -> Option<Action> {
        let expires = at.time.checked_add(left).ok()?;
        let fresh = Tries {
            expires,
            refused: 0,
        };
        let tries = self.state.tries.entry(program).or_insert(fresh);
        if tries.expires != expires {
            *tries = fresh;
        }
        (tries.refused < KEEPALIVES_MAX).then_some(Action::Keepalive {
            program,
            expires,
            attempt: tries.refused,
        })
    }

    fn ended(&mut self, action: &Action, outcome: &Outcome) -> Option<Action> {
        match (action, outcome) {
            (
                Action::Keepalive {
                    program,
                    expires,
                    attempt,
                },
                Outcome::Refused { cause },
            ) => {
                let tries = self.state.tries.get_mut(program)?;
                if tries.expires == *expires && tries.refused == *attempt {
                    tries.refused = tries.refused.saturating_add(1);
                }
                let level = self.state.levels.get(program).copied();
                let text = format!(
                    "extending the life of {program} was refused: {cause}; anyone may extend it: agentcity program keepalive {program}"
                );
                let now = level.unwrap_or(Level::Unknown);
                Some(self.alert(*program, now, level, text))
            }
            // What was done needs no more; the rest is another part's.
            _ => None,
        }
    }
}

impl Machine for ProgramLife {
    /// An alert is raised when a level changes, at the first observation if it is not fine, and when a keepalive was refused.
    fn step(&mut self, event: &Event) -> Vec<Action> {
        match event {
            Event::Observed { program, life, at } => {
                let level = self.notice.level(*life);
                let alert = self.level(*program, level, explain(*program, *life));
                let keepalive = match (life, level) {
                    (Life::Active { left }, Level::Soon | Level::Urgent) if self.keeps => {
                        self.keepalive(*program, *left, *at)
                    }
                    _ => None,
                };
                alert.into_iter().chain(keepalive).collect()
            }
            Event::Unreachable { program, cause, .. } => {
                let text = format!("the chain could not be asked about {program}: {cause}");
                self.level(*program, Level::Unknown, text)
                    .into_iter()
                    .collect()
            }
            Event::Ended { action, outcome } => self.ended(action, outcome).into_iter().collect(),
            // Another part's.
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("a map of addresses is JSON")
    }

    fn worst(&self) -> Option<Level> {
        self.state.levels.values().copied().max()
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
    use crate::clock::Moment;
    use alloy::primitives::B256;

    const PROGRAM: Address = Address::repeat_byte(0x11);
    const OTHER: Address = Address::repeat_byte(0x22);

    fn machine() -> ProgramLife {
        ProgramLife::new(Notice::days(30, 7).expect("ordered"), false)
    }

    fn days(days: u64) -> Life {
        Life::Active {
            left: Seconds::new(days * DAY),
        }
    }

    fn at(day: u64) -> Head {
        Head {
            number: day,
            hash: B256::with_last_byte(day as u8),
            time: Timestamp::new(day * DAY),
        }
    }

    fn observed(life: Life) -> Event {
        Event::Observed {
            program: PROGRAM,
            life,
            at: at(0),
        }
    }

    fn alerts(machine: &mut ProgramLife, event: Event) -> Vec<(Option<Level>, Level)> {
        machine
            .step(&event)
            .into_iter()
            .filter_map(|action| match action {
                Action::Alert { before, level, .. } => Some((before, level)),
                _ => None,
            })
            .collect()
    }

    fn keepalives(machine: &mut ProgramLife, event: &Event) -> Vec<Action> {
        let mut actions = machine.step(event);
        actions.retain(|action| matches!(action, Action::Keepalive { .. }));
        actions
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
            asked: Moment::new(1),
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
        machine.step(&observed(days(300)));
        machine.step(&Event::Observed {
            program: OTHER,
            life: days(1),
            at: at(0),
        });
        assert_eq!(machine.worst(), Some(Level::Urgent));
    }

    #[test]
    fn one_expiry_is_one_keepalive_whenever_it_is_seen() {
        let mut machine = ProgramLife::new(Notice::days(30, 7).expect("ordered"), true);
        let seen = |day, left| Event::Observed {
            program: PROGRAM,
            life: days(left),
            at: at(day),
        };
        assert_eq!(keepalives(&mut machine, &seen(0, 31)), []);
        let first = keepalives(&mut machine, &seen(1, 30));
        assert_eq!(first.len(), 1);
        assert_eq!(keepalives(&mut machine, &seen(2, 29)), first);
        assert_eq!(keepalives(&mut machine, &seen(30, 1)), first);
        let next = keepalives(&mut machine, &seen(200, 30));
        assert_ne!(next[0].key(), first[0].key());
    }

    #[test]
    fn a_refused_keepalive_is_told_and_tried_three_times() {
        let mut machine = ProgramLife::new(Notice::days(30, 7).expect("ordered"), true);
        machine.step(&observed(days(20)));
        for attempt in 0..KEEPALIVES_MAX {
            let asked = keepalives(&mut machine, &observed(days(20)));
            let [action @ Action::Keepalive { attempt: got, .. }] = &asked[..] else {
                panic!("{asked:?}");
            };
            assert_eq!(*got, attempt);
            let ended = Event::Ended {
                action: action.clone(),
                outcome: Outcome::Refused {
                    cause: "paused".into(),
                },
            };
            let told = alerts(&mut machine, ended);
            assert_eq!(told, [(Some(Level::Soon), Level::Soon)]);
        }
        assert_eq!(keepalives(&mut machine, &observed(days(20))), []);
    }

    #[test]
    fn a_machine_that_only_watches_asks_for_no_keepalive() {
        assert_eq!(keepalives(&mut machine(), &observed(days(1))), []);
    }

    #[test]
    fn a_checkpoint_is_the_whole_machine() {
        let notice = Notice::days(30, 7).expect("ordered");
        let mut machine = ProgramLife::new(notice, true);
        machine.step(&observed(days(20)));
        let mut again = ProgramLife::resume(notice, true, &machine.state()).expect("its own");
        assert_eq!(again.state, machine.state);
        let next = observed(Life::Expired);
        assert_eq!(again.step(&next), machine.step(&next));
        assert!(ProgramLife::resume(notice, true, "{}").is_err());
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
