//! Random commands against a naive model of the panel: rotation, interests, the queue, the senior, and what signers saw.

mod model;

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::{act::Action, parameter::ParameterId};
use agentcity_world::commands::{self, Plan, Tally};
use alloy_primitives::{B256, U256};
use proptest::prelude::*;

use self::model::*;
use crate::city::*;

const PLAN: Plan = Plan {
    seed: *b"the many decide, and take turns.",
    runs: 12,
    length: 260,
    kinds: &[
        "confirm", "release", "review", "stop", "clear", "disburse", "weaken", "tighten",
        "appoint", "close", "execute", "withdraw", "expire", "alone", "replay",
    ],
    never: &["replay"],
    around: &["warp", "seat", "interest", "value", "backup"],
    weights: &[
        10, 8, 12, 9, 6, 9, 6, 4, 4, 9, // handed in
        14, 5, 9, 14, 3, // others
        14, 5, 12, 4, 4, // around
    ],
    aims: 0.85,
    reach: &[
        "carried out at once",
        "queued",
        "carried out when due",
        "withdrawn",
        "lapsed",
        "refused for its turn",
        "lifted after its wait",
        "lifted by a backup period",
        "a second stop by two",
        "a stale value",
        "an audit",
        "carried out without one who left",
    ],
};

/// What the kinds that hand something in hand in, in their order.
const SUBMITS: [Kind; 10] = [
    Kind::Confirm,
    Kind::Release,
    Kind::Review,
    Kind::Stop,
    Kind::Clear,
    Kind::Disburse,
    Kind::Weaken,
    Kind::Tighten,
    Kind::Appoint,
    Kind::Close,
];

type Command = commands::Command<4>;

struct Run<'a> {
    city: City,
    model: Model,
    next_tag: u64,
    tally: &'a Tally,
}

/// An action of the model as adjudicators sign it.
fn act(handed: &Handed) -> Act {
    let parameter = |new: u64| {
        Act::of(Action::AmendParameter)
            .with("parameter", number(ParameterId::MaxMessageVolume as u64))
            .with("oldValue", number(handed.saw))
            .with("newValue", number(new))
    };
    let act = match handed.kind {
        Kind::Confirm => Act::of(Action::ConfirmFreeze),
        Kind::Release => {
            Act::of(Action::ReleaseOutput).with("completionDigest", number(handed.saw))
        }
        Kind::Review => Act::of(Action::DecideReview),
        Kind::Stop => Act::of(Action::TriggerStop),
        Kind::Clear => Act::of(Action::ClearStop).with("haltedUntil", number(handed.saw)),
        Kind::Disburse => Act::of(Action::Disburse),
        Kind::Weaken => parameter(handed.saw + 1),
        Kind::Tighten => parameter(handed.saw - 1),
        Kind::Appoint => Act::of(Action::AppointSenior)
            .with("oldSenior", senior(handed.saw))
            .with("newSenior", senior(handed.tag % PANEL as u64 + 1)),
        Kind::Close => Act::of(Action::CloseAudit).with("auditId", number(handed.saw)),
    };
    let act = if handed.kind.in_mission() {
        act.about(mission(handed.mission))
    } else {
        act
    };
    act.again(handed.tag).with("deadline", number(u64::MAX))
}

/// The address of the adjudicator at a place, which is given plus one.
fn senior(place: u64) -> B256 {
    match place.checked_sub(1) {
        Some(place) => ADDRESSES.with(|all| all[place as usize]),
        None => B256::ZERO,
    }
}

thread_local! {
    static ADDRESSES: Vec<B256> = City::new().keys.iter().map(|key| key.address.into_word()).collect();
}

#[test]
fn random_commands_keep_to_the_model() {
    PLAN.run(Just(()), |tally, (), commands| {
        let mut run = Run::begin(tally);
        for command in commands {
            let (answered, expected) = run.apply(command);
            let name = PLAN.name(command.kind);
            prop_assert_eq!(answered, expected, "{} {:?}", name, command);
            tally.count(command.kind, answered);
            run.compare()?;
        }
        Ok(())
    });
}

impl<'a> Run<'a> {
    fn begin(tally: &'a Tally) -> Self {
        let city = City::new();
        let model = Model {
            now: city.world.now(),
            active: [true; PANEL],
            interested: Default::default(),
            decided: Default::default(),
            stopped: Default::default(),
            handed: Vec::new(),
            backup: false,
            output: 1,
            ends: [UNTIL; MISSIONS as usize],
            parameter: 120,
            senior: 1,
            audits: 0,
            audited: None,
        };
        city.given.borrow_mut().digest = number(1);
        city.appoint(0);
        for number in 1..=MISSIONS {
            city.set_end(mission(number), 1, UNTIL);
        }
        Self {
            city,
            model,
            next_tag: 0,
            tally,
        }
    }

    fn note(&self, what: &str) {
        self.tally.reach(what);
    }

    /// Signers: enough that may if it aims, in an order that the number chooses; any otherwise.
    fn signers(
        &self,
        kind: Kind,
        mission: u8,
        [first, second]: [usize; 2],
        aims: bool,
    ) -> Vec<usize> {
        let mut places: Vec<usize> = (0..PANEL).collect();
        // The same few again and again, so that turns are met.
        places.rotate_left(first % if second % 3 == 0 { PANEL } else { 2 });
        if !aims {
            places.truncate(first % (PANEL + 1));
            places.sort_unstable();
            return places;
        }
        places.retain(|place| self.model.is_free(kind, mission, *place));
        if kind == Kind::Close {
            places.retain(|place| Some(*place) != self.model.audited);
        }
        let needed = self
            .model
            .needed(kind, mission, &places[..places.len().min(1)]);
        let more = usize::from(second % 4 == 0);
        places.truncate(needed + more);
        places.sort_unstable();
        places
    }

    fn hand_in(&mut self, kind: Kind, numbers: [usize; 4], aims: bool) -> (bool, bool) {
        let mission = 1 + (numbers[2] % usize::from(MISSIONS)) as u8;
        let signers = self.signers(kind, mission, [numbers[0], numbers[1]], aims);
        let stale = !aims && numbers[3].is_multiple_of(2);
        let sees = match kind {
            Kind::Close => self.model.audits,
            _ => self.model.sees(kind, mission),
        };
        let saw = match kind {
            Kind::Appoint if stale => (sees + 1) % PANEL as u64,
            Kind::Release | Kind::Clear | Kind::Weaken | Kind::Tighten if stale => sees + 1,
            _ => sees,
        };
        self.next_tag += 1;
        let mut tag = self.next_tag;
        if kind == Kind::Appoint {
            // Somebody else than now.
            while tag % PANEL as u64 + 1 == sees || tag % PANEL as u64 + 1 == saw {
                self.next_tag += 1;
                tag = self.next_tag;
            }
        }
        let seen = match kind {
            Kind::Close => 0,
            _ => saw,
        };
        let expected = self.model.may(kind, mission, seen, &signers);
        let now = self.model.now;
        let needed = self.model.needed(kind, mission, &signers);
        let handed = Handed {
            kind,
            mission,
            saw,
            state: if kind.delay() > 0 {
                State::Queued
            } else {
                State::Executed
            },
            signers: signers.clone(),
            needed,
            due: now + kind.delay(),
            lapses: now + kind.delay() + EXPIRY,
            tag,
        };
        let answered = self.city.submit(&act(&handed), &signers).is_ok();
        let (is_turn, lifted) = self.model.turn(kind, mission, &signers);
        if !is_turn {
            self.note("refused for its turn");
        }
        if seen != self.model.sees(kind, mission) && kind != Kind::Close {
            self.note("a stale value");
        }
        if expected && answered {
            if lifted {
                self.note(if kind == Kind::Review && self.model.backup {
                    "lifted by a backup period"
                } else {
                    "lifted after its wait"
                });
            }
            if kind == Kind::Stop && needed == 2 {
                self.note("a second stop by two");
            }
            if handed.state == State::Queued {
                self.note("queued");
            } else {
                self.note("carried out at once");
                self.model.carry_out(kind, mission, &signers, tag);
            }
            self.model.handed.push(handed);
        }
        (answered, expected)
    }

    /// One of the actions that were handed in: one that is good if it aims and any is.
    fn pick(&self, number: usize, aims: bool, good: impl Fn(&Handed) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.model.handed.len()).collect();
        let fit: Vec<usize> = all
            .iter()
            .copied()
            .filter(|at| good(&self.model.handed[*at]))
            .collect();
        let list = if aims && !fit.is_empty() { fit } else { all };
        list.get(number % list.len().max(1)).copied()
    }

    fn apply(&mut self, command: Command) -> (bool, bool) {
        let Command {
            kind,
            numbers,
            aims,
        } = command;
        if let Some(kind) = SUBMITS.get(kind) {
            return self.hand_in(*kind, numbers, aims);
        }
        let now = self.model.now;
        let [first, second, third, _] = numbers;
        let queued = |handed: &Handed| handed.state == State::Queued;
        match PLAN.name(kind) {
            "execute" => {
                let soon = |handed: &Handed| queued(handed) && now <= handed.lapses;
                let Some(at) = self.pick(first, aims, soon) else {
                    return (false, false);
                };
                let handed = self.model.handed[at].clone();
                if aims && queued(&handed) && now < handed.due {
                    self.warp(handed.due - now);
                }
                let now = self.model.now;
                let stays = |place: &&usize| self.model.active[**place];
                let left: Vec<usize> = handed.signers.iter().filter(stays).copied().collect();
                let expected = queued(&handed)
                    && (handed.due..=handed.lapses).contains(&now)
                    && left.len() >= handed.needed
                    && handed.saw == self.model.sees(handed.kind, handed.mission);
                let answered = self.city.execute(&act(&handed)).is_ok();
                if expected && answered {
                    self.note("carried out when due");
                    if left.len() < handed.signers.len() {
                        self.note("carried out without one who left");
                    }
                    self.model.handed[at].state = State::Executed;
                    self.model
                        .carry_out(handed.kind, handed.mission, &left, handed.tag);
                }
                (answered, expected)
            }
            "withdraw" => {
                let Some(at) = self.pick(first, aims, queued) else {
                    return (false, false);
                };
                let handed = self.model.handed[at].clone();
                let digest = self.city.digest(&act(&handed));
                let place = match handed.signers.get(second % handed.signers.len().max(1)) {
                    Some(place) if aims => *place,
                    _ => second % PANEL,
                };
                let expected = queued(&handed) && handed.signers.contains(&place);
                let answered = self.city.withdraw(place, digest).is_ok();
                if expected {
                    let handed = &mut self.model.handed[at];
                    handed.signers.retain(|signer| *signer != place);
                    if handed.signers.len() < handed.needed {
                        handed.state = State::Withdrawn;
                        self.note("withdrawn");
                    }
                }
                (answered, expected)
            }
            "expire" => {
                let Some(at) = self.pick(first, aims, queued) else {
                    return (false, false);
                };
                let handed = self.model.handed[at].clone();
                if aims && second % 3 == 0 && queued(&handed) && now <= handed.lapses {
                    self.warp(handed.lapses + 1 - now);
                }
                let expected = queued(&handed) && self.model.now > handed.lapses;
                let answered = self.city.expire(self.city.digest(&act(&handed))).is_ok();
                if expected {
                    self.model.handed[at].state = State::Expired;
                    self.note("lapsed");
                }
                (answered, expected)
            }
            "alone" => self.alone(first, second, third, aims),
            "replay" => {
                let Some(at) = self.pick(first, false, queued) else {
                    return (false, false);
                };
                let handed = self.model.handed[at].clone();
                let signers = self.city.first(PANEL as u8);
                (self.city.submit(&act(&handed), &signers).is_ok(), false)
            }
            "warp" => {
                self.warp([60, 3_600, 30_000, DAY][first % 4]);
                (true, true)
            }
            "seat" => {
                let place = first % PANEL;
                let active = !self.model.active[place] || self.model.count() < 5;
                self.model.active[place] = active;
                self.city.seat(place, |seat| seat.active = active);
                (true, true)
            }
            "interest" => {
                let mission = 1 + (first % usize::from(MISSIONS)) as u8;
                if second % 4 == 0 {
                    self.model.interested.clear();
                    self.city.given.borrow_mut().interested.clear();
                }
                for place in 0..=third % PANEL {
                    self.model.interested.insert((mission, place));
                    self.city.interest(place, crate::city::mission(mission));
                }
                (true, true)
            }
            "value" => {
                if first % 2 == 0 {
                    self.model.output += 1;
                    self.city.given.borrow_mut().digest = number(self.model.output);
                } else {
                    let mission = second % usize::from(MISSIONS);
                    self.model.ends[mission] += 1;
                    let until = self.model.ends[mission];
                    self.city
                        .set_end(crate::city::mission(mission as u8 + 1), 1, until);
                }
                (true, true)
            }
            _ => {
                self.model.backup = first % 2 == 0;
                self.city.given.borrow_mut().backup = self.model.backup;
                (true, true)
            }
        }
    }

    fn warp(&mut self, seconds: u64) {
        self.city.world.warp(seconds);
        self.model.now += seconds;
    }

    /// The senior stops or freezes alone.
    fn alone(&mut self, first: usize, second: usize, third: usize, aims: bool) -> (bool, bool) {
        let number = |n: usize| 1 + (n % usize::from(MISSIONS)) as u8;
        let free_in = |mission: u8| {
            let free = |place: &usize| self.model.is_free(Kind::Stop, mission, *place);
            (0..PANEL).filter(free).count()
        };
        let few = |mission: u8| free_in(mission) < self.model.count().div_ceil(2);
        let fit: Vec<u8> = (1..=MISSIONS).filter(|mission| few(*mission)).collect();
        let mission = match fit.get(first % fit.len().max(1)) {
            Some(mission) if aims => *mission,
            _ => number(first),
        };
        let senior = match self.model.senior {
            0 => second % PANEL,
            place if aims => place as usize - 1,
            _ => second % PANEL,
        };
        let stops = third.is_multiple_of(2);
        let all = (0..PANEL).filter(|place| {
            self.model.active[*place] && self.model.interested.contains(&(mission, *place))
        });
        let named: Vec<usize> = all.collect();
        self.next_tag += 1;
        let action = if stops {
            Action::TriggerStop
        } else {
            Action::FreezeNode
        };
        let act = Act::of(action)
            .about(crate::city::mission(mission))
            .again(self.next_tag)
            .with("deadline", crate::city::number(u64::MAX));
        let again = stops && self.model.stopped.contains(&(mission, senior));
        let expected = self.model.senior == senior as u64 + 1
            && self.model.active[senior]
            && self.model.audited.is_none()
            && few(mission)
            && !again;
        let answered = self.city.alone(&act, senior, &named).is_ok();
        if expected && answered {
            self.note("an audit");
            self.model.audits += 1;
            self.model.audited = Some(senior);
            if stops {
                self.model.stopped.insert((mission, senior));
            }
        }
        (answered, expected)
    }

    /// The contract and the model say the same of everything.
    fn compare(&self) -> Result<(), TestCaseError> {
        let city = &self.city;
        for handed in self.model.handed.iter().rev().take(12) {
            let found = city.state(city.digest(&act(handed)));
            let state = match handed.state {
                State::Queued => wire::ActionState::Queued,
                State::Executed => wire::ActionState::Executed,
                State::Withdrawn => wire::ActionState::Withdrawn,
                State::Expired => wire::ActionState::Expired,
            };
            prop_assert_eq!(found.state, state, "{:?}", handed);
            prop_assert_eq!(usize::from(found.signers), handed.signers.len());
            if handed.kind.delay() > 0 {
                let times = (found.dueAt.to::<u64>(), found.expiresAt.to::<u64>());
                prop_assert_eq!(times, (handed.due, handed.lapses));
            }
        }
        let found = city.call(STRANGER, wire::seniorCall {}).unwrap();
        prop_assert_eq!(found.account.into_word(), senior(self.model.senior));
        let open = self.model.audited.map_or(0, |_| self.model.audits);
        prop_assert_eq!(found.auditId, open);
        let parameter = city.value(ParameterId::MaxMessageVolume);
        prop_assert_eq!(parameter, B256::from(U256::from(self.model.parameter)));
        Ok(())
    }
}
