//! Random commands against a naive model of people, monitors, cases, flags and money; the books are exact after each.

mod model;

use agentcity_abi::IRoster as wire;
use agentcity_domain::peer::Peer;
use agentcity_world::commands::{self, Plan, Tally, pick};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use proptest::prelude::*;

use self::model::{Decided, MONITORS, Model, PEOPLE, Standing};
use crate::city::*;

const PLAN: Plan = Plan {
    seed: *b"who judges, and who judges them?",
    runs: 24,
    length: 400,
    kinds: &[
        "stake",
        "resign",
        "add",
        "remove",
        "release",
        "withdraw",
        "decide",
        "confirm",
        "free",
        "thaw",
        "accuse",
        "vote",
        "lapse",
        "claim",
        "bond",
        "approve",
        "retire",
        "free monitor",
        "revoke",
        "charge",
        "skim",
    ],
    never: &[],
    around: &["warp", "force coins", "all stamp"],
    weights: &[
        12, 2, 6, 2, 5, 5, 30, 4, 4, 8, 6, 22, 4, 4, 5, 4, 2, 3, 1, 16, 3, // what is counted
        14, 2, 4,
    ],
    aims: 0.85,
    reach: &[
        "genesis seated",
        "admitted from outside",
        "removed without fault",
        "revoked while active",
        "revoked while leaving",
        "flagged",
        "unflagged",
        "frozen by both patterns",
        "frozen by confirmation",
        "released by the panel",
        "ended by anyone",
        "a bond used up",
    ],
};

type Command = commands::Command<3>;

struct Run<'a> {
    city: City,
    model: Model,
    tally: &'a Tally,
}

#[test]
fn random_commands_keep_to_the_model() {
    PLAN.run(Just(()), |tally, (), commands| {
        let city = City::new();
        for number in 0..PEOPLE as u8 {
            city.fund(judge(number));
        }
        for number in 0..MONITORS as u8 {
            let known = (owner(number), Address::ZERO);
            city.principals.borrow_mut().insert(monitor(number), known);
        }
        let model = Model::new(city.world.now());
        let mut run = Run { city, model, tally };
        for command in commands {
            let (answered, expected) = run.apply(command);
            let name = PLAN.name(command.kind);
            prop_assert_eq!(answered, expected, "{} {:?}", name, command);
            tally.count(command.kind, answered);
            run.compare(command)?;
        }
        Ok(())
    });
}

impl Run<'_> {
    fn note(&self, state: &str) {
        self.tally.reach(state);
    }

    fn ok<C: SolCall>(&self, from: Address, call: C) -> bool {
        self.city.world.take_logs();
        self.city.call(from, call).is_ok()
    }

    fn rule<C: SolCall>(&self, call: C) -> bool {
        self.ok(member(Peer::Adjudication), call)
    }

    /// Whether the command succeeded, on the chain and in the model; the model follows.
    fn apply(&mut self, command: Command) -> (bool, bool) {
        let Command {
            kind,
            numbers: [first, second, third],
            aims,
        } = command;
        let now = self.city.world.now();
        let model = &self.model;
        let person = |good: &dyn Fn(usize) -> bool| pick(PEOPLE, first, aims, good);
        let watcher = |good: &dyn Fn(usize) -> bool| pick(MONITORS, first, aims, good);
        match PLAN.name(kind) {
            "stake" => {
                let who = person(&|who| model.may_stake(who));
                let amount = if aims {
                    STAKE
                } else {
                    STAKE + second as u128 % 2
                };
                let call = wire::stakeCall {
                    amount: U256::from(amount),
                };
                let answered = self
                    .city
                    .world
                    .call_with(judge(who as u8), here(), amount, call);
                let expected = amount == STAKE && self.model.stake(who, now);
                if expected && self.model.people[who].standing == Standing::Active {
                    self.note("genesis seated");
                }
                (answered.is_ok(), expected)
            }
            "resign" => {
                let who = person(&|who| model.people[who].sits() && model.active() > 8);
                let answered = self.ok(judge(who as u8), wire::resignCall {});
                (answered, self.model.resign(who, now))
            }
            "add" => {
                let who = person(&|who| model.may_add(who));
                let principal = if aims || second % 2 == 0 {
                    judge(who as u8)
                } else {
                    STRANGER
                };
                let call = wire::addAdjudicatorCall {
                    account: judge(who as u8),
                    principal,
                };
                let answered = self.rule(call);
                let expected = principal == judge(who as u8) && self.model.add(who, now);
                if expected {
                    self.note("admitted from outside");
                }
                (answered, expected)
            }
            "remove" => {
                let who = person(&|who| model.people[who].sits() && model.active() > 7);
                let call = wire::removeAdjudicatorCall {
                    account: judge(who as u8),
                };
                let answered = self.rule(call);
                let expected = self.model.remove(who, now);
                if expected {
                    self.note("removed without fault");
                }
                (answered, expected)
            }
            "release" => {
                let who = person(&|who| model.may_release(who, now));
                let answered = self.ok(STRANGER, release(judge(who as u8)));
                (answered, self.model.release(who, now))
            }
            "withdraw" => {
                let who = person(&|who| model.people[who].owed > 0);
                let owed = self.model.people[who].owed;
                let part = if second % 2 == 0 { owed } else { owed / 3 + 1 };
                let call = wire::withdrawToCall {
                    to: owner(9),
                    amount: U256::from(part),
                };
                let expected = part > 0 && part <= owed;
                let answered = self.ok(judge(who as u8), call);
                if expected {
                    self.model.people[who].owed -= part;
                    self.model.held -= part;
                }
                (answered, expected)
            }
            "decide" => self.decides(first, second, third, aims),
            "confirm" => {
                let who = person(&|who| model.may_confirm(who));
                let actions = self.model.people[who].decisions.len() as u32;
                let actions = if aims {
                    actions
                } else {
                    actions + second as u32 % 2
                };
                let call = wire::confirmAlertCall {
                    account: judge(who as u8),
                    actions,
                };
                let answered = self.rule(call);
                let same = actions as usize == self.model.people[who].decisions.len();
                let expected = same && self.model.may_confirm(who);
                if expected {
                    self.note("frozen by confirmation");
                    self.model.people[who].confirmed = true;
                    self.model.frozen_until = now + FREEZE;
                }
                (answered, expected)
            }
            "free" => {
                let until = self.model.frozen_until;
                let named = if aims {
                    until
                } else {
                    until + second as u64 % 2
                };
                let call = wire::releaseWatchdogCall { until: u40(named) };
                let expected = until != 0 && named == until;
                let answered = self.rule(call);
                if expected {
                    self.note("released by the panel");
                    self.model.frozen_until = 0;
                }
                (answered, expected)
            }
            "thaw" => {
                let until = self.model.frozen_until;
                let expected = until != 0 && now > until && self.model.unflagged() == 0;
                let answered = self.ok(STRANGER, wire::expireWatchdogCall {});
                if expected {
                    self.note("ended by anyone");
                    self.model.frozen_until = 0;
                }
                (answered, expected)
            }
            "accuse" => {
                let by = person(&|who| model.people[who].standing == Standing::Active);
                let target = pick(PEOPLE, second, aims, |target| {
                    model.may_accuse(by, target, now)
                });
                let answered = self.ok(judge(by as u8), accuse(target as u8));
                (answered, self.model.accuse(by, target, now))
            }
            "vote" => {
                let count = self.model.cases.len().max(1);
                let case = pick(count, first, aims, |case| {
                    model.cases.get(case).is_some_and(|case| case.runs(now))
                });
                let voter = pick(PEOPLE, second, aims, |who| model.may_vote(case, who, now));
                let answered = self.ok(judge(voter as u8), vote(case as u64 + 1));
                let expected = self.model.vote(case, voter, now);
                if let Some(was) = expected.flatten() {
                    self.note(match was {
                        Standing::Active => "revoked while active",
                        _ => "revoked while leaving",
                    });
                }
                (answered, expected.is_some())
            }
            "lapse" => {
                let count = self.model.cases.len().max(1);
                let case = pick(count, first, aims, |case| {
                    model.cases.get(case).is_some_and(|case| case.is_over(now))
                });
                let answered = self.ok(STRANGER, lapse(case as u64 + 1));
                (answered, self.model.lapse(case, now))
            }
            "claim" => {
                let who = person(&|who| model.people[who].unpaid > 0);
                let answered = self.ok(judge(who as u8), wire::claimCompensationCall {});
                let expected = self.model.people[who].unpaid > 0;
                self.model.people[who].paid += std::mem::take(&mut self.model.people[who].unpaid);
                (answered, expected)
            }
            "bond" => {
                let who = watcher(&|who| model.monitors[who].may_bond());
                let call = wire::bondMonitorCall { scorerId: SCORER };
                let answered = self.ok(monitor(who as u8), call);
                (answered, self.model.monitors[who].bond())
            }
            "approve" => {
                let who = watcher(&|who| model.monitors[who].standing == Standing::Candidate);
                let call = wire::approveMonitorCall {
                    account: monitor(who as u8),
                    scorerId: SCORER,
                };
                (self.rule(call), self.model.monitors[who].approve())
            }
            "retire" => {
                let who = watcher(&|who| model.monitors[who].stands());
                let answered = self.ok(monitor(who as u8), wire::retireMonitorCall {});
                (answered, self.model.monitors[who].retire(now))
            }
            "free monitor" => {
                let who = watcher(&|who| model.monitors[who].may_release(now));
                let call = wire::releaseMonitorCall {
                    monitor: monitor(who as u8),
                };
                (
                    self.ok(STRANGER, call),
                    self.model.release_monitor(who, now),
                )
            }
            "revoke" => {
                let who = watcher(&|who| model.monitors[who].is_bonded());
                let call = wire::revokeMonitorCall {
                    account: monitor(who as u8),
                };
                (self.rule(call), self.model.revoke_monitor(who))
            }
            "charge" => {
                let who = watcher(&|who| model.monitors[who].may_charge());
                let freeze = if aims {
                    self.model.freezes + 1
                } else {
                    second as u64 % 5 + 1
                };
                let call = wire::chargeMonitorCall {
                    account: monitor(who as u8),
                    freezeId: freeze,
                };
                let answered = self.ok(member(Peer::Guardian), call);
                let expected = self.model.charge(who, freeze, now);
                if expected && self.model.monitors[who].standing == Standing::Removed {
                    self.note("a bond used up");
                }
                (answered, expected)
            }
            "skim" => {
                let answered = self.ok(STRANGER, wire::skimCall {});
                self.model.skim();
                (answered, true)
            }
            "warp" => {
                let days = [0, 1, 1, 3, 8, 2][first % 6];
                self.city.world.warp(days * DAY + second as u64 % 3_000);
                (true, true)
            }
            "force coins" => {
                self.city.world.mint(here(), first as u128);
                self.model.held += first as u128;
                self.model.surplus += first as u128;
                (true, true)
            }
            "all stamp" => {
                let all: Vec<usize> = (0..PEOPLE)
                    .filter(|who| model.people[*who].standing == Standing::Active)
                    .collect();
                self.decide(&all, 'Y', 21)
            }
            other => panic!("{other}"),
        }
    }

    fn decides(&mut self, first: usize, second: usize, third: usize, aims: bool) -> (bool, bool) {
        let lead = pick(PEOPLE, first % 3, aims, |who| {
            self.model.people[who].standing == Standing::Active
        });
        let mut signers = vec![lead];
        if second.is_multiple_of(3) {
            let other = pick(PEOPLE, first, aims, |who| {
                who != lead && self.model.people[who].standing == Standing::Active
            });
            signers.push(other);
        }
        // Mostly yes, in runs, so that patterns come and go.
        let one = match third % 12 {
            0 => 'N',
            1 | 2 => 'W',
            3 => 'R',
            _ => 'Y',
        };
        self.decide(&signers, one, 1 + second % 5)
    }

    fn decide(&mut self, signers: &[usize], one: char, times: usize) -> (bool, bool) {
        let now = self.city.world.now();
        let accounts: Vec<_> = signers.iter().map(|who| judge(*who as u8)).collect();
        let (mut answered, mut expected) = (true, true);
        for _ in 0..times {
            answered &= self.rule(decision(&accounts, one));
            let outcome = self.model.decide(signers, one, now);
            expected &= outcome.is_some();
            for decided in outcome.into_iter().flatten() {
                match decided {
                    Decided::Flagged => self.note("flagged"),
                    Decided::Unflagged => self.note("unflagged"),
                    Decided::Froze => self.note("frozen by both patterns"),
                }
            }
        }
        (answered, expected)
    }

    /// Everything that can be seen, against the model.
    fn compare(&self, command: Command) -> Result<(), TestCaseError> {
        let (city, model) = (&self.city, &self.model);
        let now = city.world.now();
        let at = PLAN.name(command.kind);
        let parts = (model.stakes(), model.owed());
        prop_assert_eq!(city.books(), parts, "{}", at);
        prop_assert_eq!(city.held(), model.held, "{}", at);
        prop_assert_eq!(city.halted_until(), model.frozen_until, "{}", at);
        let panel = city.panel(&[]);
        let counts = (usize::from(panel.active), usize::from(panel.unflagged));
        prop_assert_eq!(counts, (model.active(), model.unflagged()), "{}", at);
        prop_assert_eq!(
            panel.overdue,
            model.frozen_until != 0 && now > model.frozen_until
        );
        for (who, person) in model.people.iter().enumerate() {
            let seat = city.seat(judge(who as u8));
            prop_assert_eq!(seat.standing as u8, person.standing as u8, "{} {}", at, who);
            prop_assert_eq!(seat.flagged, person.is_flagged(), "{} {}", at, who);
            prop_assert_eq!(seat.stake, person.stake, "{} {}", at, who);
            let counts = person.counts(now);
            let seen = (
                seat.approvals,
                u32::from(seat.run),
                u32::from(seat.weakenings),
                seat.history,
            );
            prop_assert_eq!(seen, counts, "{} {}", at, who);
            prop_assert_eq!(seat.actions as usize, person.decisions.len());
            prop_assert_eq!(seat.unpaidReviews, person.unpaid);
            prop_assert_eq!(city.owed(judge(who as u8)), person.owed, "{} {}", at, who);
        }
        for (who, one) in model.monitors.iter().enumerate() {
            let found = city.watcher(monitor(who as u8));
            prop_assert_eq!(found.standing as u8, one.standing as u8, "{} {}", at, who);
            prop_assert_eq!(found.bond, one.left, "{} {}", at, who);
            prop_assert_eq!(found.falsePositives, one.alarms, "{} {}", at, who);
        }
        for (id, case) in model.cases.iter().enumerate() {
            let found = city.case(id as u64 + 1);
            prop_assert_eq!(usize::from(found.votes), case.voters.len(), "{} {}", at, id);
            prop_assert_eq!(found.closed, case.closed, "{} {}", at, id);
        }
        let funds = city.treasury.borrow();
        prop_assert_eq!(funds.funds, model.funds, "{}", at);
        let bonds: u128 = funds.bonds.values().map(|(_, _, amount)| amount).sum();
        prop_assert_eq!(bonds, model.bonds(), "{}", at);
        let paid: u32 = model.people.iter().map(|person| person.paid).sum();
        prop_assert_eq!(funds.paid.values().sum::<u32>(), paid, "{}", at);
        Ok(())
    }
}
