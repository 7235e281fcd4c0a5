//! Random commands against a naive model of principals, agents and money: lists that are searched, nothing counted ahead.

mod compare;
mod model;

use agentcity_abi::IAgent as wire;
use agentcity_domain::peer::Peer;
use agentcity_world::commands::{self, Plan, pick};
use proptest::prelude::*;

use self::{compare::*, model::*};
use crate::city::*;

const PLAN: Plan = Plan {
    seed: *b"who answers for whom, for what? ",
    runs: 80,
    length: 130,
    kinds: &[
        "enrol",
        "requestLeave",
        "completeLeave",
        "register",
        "registerSub",
        "requestDeregistration",
        "completeDeregistration",
        "propose",
        "withdrawRelease",
        "accept",
        "banAgent",
        "ban",
        "lift",
        "freeze",
        "unfreeze",
        "forfeit",
        "forfeitPrincipal",
        "outcome",
        "penalty",
        "ruling",
        "open",
        "close",
        "complete",
        "withdraw",
        "skim",
        "remit",
        "revoke",
    ],
    never: &[],
    around: &["warp"],
    weights: &[
        6, 3, 4, 10, 5, 5, 6, 5, 2, 5, 2, 2, 2, 2, 2, 5, 4, 5, 2, 2, 6, 4, 4, 4, 1, 2, 1, 9,
    ],
    aims: 0.85,
    reach: &STATES,
};

type Command = commands::Command<3>;

const PRINCIPALS: usize = 6;
const AGENTS: usize = 8;
const SPONSORS: u8 = 3;
const DAY: u64 = 86_400;
const CAP: u8 = 3;

#[test]
fn random_commands_keep_to_the_model_and_the_books_to_their_parts() {
    PLAN.run(Just(()), |tally, (), commands| {
        let city = City::new();
        let mut model = Model::new();
        for account in accounts() {
            city.fund(account);
        }
        for command in commands {
            let done = apply(&city, &mut model, command)?;
            tally.count(command.kind, done);
            // INV-AGENT-01, INV-AGENT-07: after every command.
            prop_assert_eq!(city.booked(), model.booked(), "{:?}", command);
            prop_assert!(city.balance(here()) >= city.booked());
            prop_assert_eq!(city.dues(), (model.treasury, model.insurance));
            let voters = (0..PRINCIPALS).filter(|who| model.is_voter(*who)).count();
            prop_assert_eq!(city.voters() as usize, voters, "{:?}", command);
            note(&model, city.world.now(), tally);
        }
        compare(&city, &model)
    });
}

/// Whether the command succeeded, on the chain and in the model alike.
fn apply(city: &City, model: &mut Model, command: Command) -> Result<bool, TestCaseError> {
    let now = city.world.now();
    let Command {
        kind,
        numbers: [first, second, third],
        aims,
    } = command;
    let (panel, work) = (member(Peer::Adjudication), member(Peer::Collaboration));
    let reason = REASON;
    let who = |good: &dyn Fn(usize) -> bool| pick(PRINCIPALS, first, aims, good);
    let agent_of = |good: &dyn Fn(usize) -> bool| pick(AGENTS, first, aims, good);
    let known = |model: &Model, agent: usize| model.workers[agent].life != Life::Unknown;
    let name = PLAN.name(kind);
    let (answered, expected) = match name {
        "enrol" => {
            let good = |who: usize| !model.people[who].enrolled && !model.banned(who);
            let who = who(&good);
            let expected = good(who);
            let key = person(who);
            let answer = city
                .pay(key.address, PRINCIPAL_STAKE, city.enrolment(&key))
                .is_ok();
            if expected {
                let person = &mut model.people[who];
                (person.enrolled, person.enrolled_at) = (true, now);
                person.nonce += 1;
                person.stake = base(PRINCIPAL_STAKE);
            }
            (answer, expected)
        }
        "requestLeave" => {
            let good = |who: usize| {
                let person = &model.people[who];
                person.enrolled
                    && person.leaves_at.is_none()
                    && !model.banned(who)
                    && model.agents_of(who).is_empty()
            };
            let who = who(&good);
            let expected = good(who);
            let answer = city
                .call(person(who).address, wire::requestLeaveCall {})
                .is_ok();
            if expected {
                model.people[who].leaves_at = Some(now + COOLDOWN);
            }
            (answer, expected)
        }
        "completeLeave" => {
            let good = |who: usize| {
                model.people[who].leaves_at.is_some_and(|until| now > until) && !model.banned(who)
            };
            let who = who(&good);
            let expected = good(who);
            let principal = person(who).address;
            let answer = city
                .call(STRANGER, wire::completeLeaveCall { principal })
                .is_ok();
            if expected {
                let person = &mut model.people[who];
                (person.enrolled, person.leaves_at) = (false, None);
                *model.credits.entry(principal).or_default() += std::mem::take(&mut person.stake);
            }
            (answer, expected)
        }
        "register" => {
            let kind = [1, 1, 1, 2, 3][third % 5];
            let places = (third / 5 % 4) as u32;
            let agent = agent_of(&|agent| !model.registered(agent));
            let who = pick(PRINCIPALS, second, aims, |who| {
                model.may_register(agent, who, kind, now)
            });
            let expected = model.may_register(agent, who, kind, now);
            let key = worker(agent);
            let call = city.registration(&key, &person(who), kind, places);
            let stake = if kind == 2 { 0 } else { STAKE };
            let answer = city.pay(key.address, stake, call).is_ok();
            if expected {
                model.enter(agent, who, None, (kind, places), now);
            }
            (answer, expected)
        }
        "registerSub" => {
            let places = (third % 2) as u32;
            let agent = agent_of(&|agent| {
                (0..AGENTS).any(|parent| model.may_register_below(agent, parent, places, now))
            });
            let good = |parent: usize| model.may_register_below(agent, parent, places, now);
            let parent = pick(AGENTS, second, aims, good);
            let expected = good(parent);
            let key = worker(agent);
            let call = city.sub_registration(&key, &worker(parent), 1, places);
            let answer = city.pay(key.address, STAKE, call).is_ok();
            if expected {
                let who = model.workers[parent].principal;
                model.enter(agent, who, Some(parent), (1, places), now);
            }
            (answer, expected)
        }
        "requestDeregistration" => {
            let good = |agent: usize| {
                model.workers[agent].life == Life::Active
                    && !model.banned(model.workers[agent].principal)
            };
            let agent = agent_of(&good);
            // The agent itself, its principal, or another.
            let by = match second % 8 {
                0..=3 => worker(agent).address,
                4..=6 => person(model.workers[agent].principal).address,
                _ => STRANGER,
            };
            let expected = good(agent) && by != STRANGER;
            let call = wire::requestDeregistrationCall {
                agent: worker(agent).address,
            };
            let answer = city.call(by, call).is_ok();
            if expected {
                model.workers[agent].life = Life::Leaving;
                model.workers[agent].leaves_at = now + COOLDOWN;
            }
            (answer, expected)
        }
        "completeDeregistration" => {
            let agent = agent_of(&|agent| model.may_complete(agent, now));
            let expected = model.may_complete(agent, now);
            let at = worker(agent).address;
            let answer = city
                .call(STRANGER, wire::completeDeregistrationCall { agent: at })
                .is_ok();
            if expected {
                let stake = model.end(agent);
                *model.credits.entry(at).or_default() += stake;
            }
            (answer, expected)
        }
        "propose" | "withdrawRelease" => {
            let withdraws = name == "withdrawRelease";
            let good = |agent: usize| {
                if withdraws {
                    known(model, agent)
                } else {
                    model.may_change(agent, now)
                }
            };
            let agent = agent_of(&good);
            let from = model.workers[agent].principal;
            let to = if withdraws {
                from
            } else {
                pick(PRINCIPALS, second, aims, |to| {
                    to != from && model.may_go_over(agent, to, now)
                })
            };
            let expected = if to == from {
                known(model, agent)
            } else {
                model.may_change(agent, now) && model.may_go_over(agent, to, now)
            };
            let at = worker(agent).address;
            let call = city.release(at, &person(from), person(to).address);
            let until = call.deadline;
            let answer = city.call(STRANGER, call).is_ok();
            if expected {
                let worker = &mut model.workers[agent];
                worker.releases += 1;
                worker.released = (to != from).then_some((to, until));
            }
            (answer, expected)
        }
        "accept" => {
            let agent = agent_of(&|agent| model.may_accept(agent, now));
            let expected = model.may_accept(agent, now);
            let from = model.workers[agent].principal;
            let to = model.workers[agent]
                .released
                .map_or(second % PRINCIPALS, |(to, _)| to);
            let at = worker(agent).address;
            let call = city.acceptance(at, person(from).address, &person(to));
            let places = call.maxSubAgents;
            let answer = city.call(STRANGER, call).is_ok();
            if expected {
                let reputation = model.workers[agent].reputation;
                model.remember(from, reputation);
                model.remember(to, reputation);
                let worker = &mut model.workers[agent];
                worker.principal = to;
                worker.places = places;
                worker.changes += 1;
                worker.previous = Some((from, now + MEMORY));
                (worker.releases, worker.released) = (0, None);
            }
            (answer, expected)
        }
        "banAgent" => {
            let agent =
                agent_of(&|agent| known(model, agent) && model.remembered(agent, now).is_some());
            let answers = |who: usize| {
                known(model, agent)
                    && (model.workers[agent].principal == who
                        || model.remembered(agent, now) == Some(who))
            };
            let good = |who: usize| answers(who) && !model.banned(who);
            let who = pick(PRINCIPALS, second, aims, good);
            let expected = good(who);
            let call = wire::banAgentCall {
                agent: worker(agent).address,
                principal: person(who).address,
                reason,
            };
            let answer = city.call(panel, call).is_ok();
            if expected {
                model.people[who].appeal_until = Some(now + APPEAL);
            }
            (answer, expected)
        }
        "ban" => {
            let who = who(&|who| !model.banned(who));
            let expected = !model.banned(who);
            let principal = person(who).address;
            let answer = city
                .call(panel, wire::banPrincipalCall { principal, reason })
                .is_ok();
            if expected {
                model.people[who].appeal_until = Some(now + APPEAL);
            }
            (answer, expected)
        }
        "lift" => {
            let good = |who: usize| model.banned(who) && !model.banned_for_good(who, now);
            let who = who(&good);
            let expected = good(who);
            let principal = person(who).address;
            let answer = city
                .call(panel, wire::liftBanCall { principal, reason })
                .is_ok();
            if expected {
                model.people[who].appeal_until = None;
            }
            (answer, expected)
        }
        "freeze" | "unfreeze" => {
            let freezes = name == "freeze";
            let good = |who: usize| model.frozen(who, now) != freezes;
            let who = who(&good);
            let expected = good(who);
            let principal = person(who).address;
            let answer = if freezes {
                city.call(panel, wire::freezePrincipalCall { principal, reason })
                    .is_ok()
            } else {
                city.call(panel, wire::unfreezePrincipalCall { principal, reason })
                    .is_ok()
            };
            if expected {
                model.people[who].frozen_until = if freezes { now + FREEZE } else { 0 };
            }
            (answer, expected)
        }
        "forfeit" => {
            let good = |agent: usize| {
                model.registered(agent)
                    && model.banned_for_good(model.workers[agent].principal, now)
            };
            let agent = agent_of(&good);
            let expected = good(agent);
            let call = wire::forfeitCall {
                agent: worker(agent).address,
            };
            let answer = city.call(STRANGER, call).is_ok();
            if expected {
                let stake = model.end(agent);
                model.forfeit(stake);
            }
            (answer, expected)
        }
        "forfeitPrincipal" => {
            let good = |who: usize| model.people[who].enrolled && model.banned_for_good(who, now);
            let who = who(&good);
            let expected = good(who);
            let principal = person(who).address;
            let answer = city
                .call(STRANGER, wire::forfeitPrincipalCall { principal })
                .is_ok();
            if expected {
                let person = &mut model.people[who];
                (person.enrolled, person.leaves_at) = (false, None);
                let stake = std::mem::take(&mut person.stake);
                model.forfeit(stake);
            }
            (answer, expected)
        }
        "outcome" => {
            let agent = agent_of(&|agent| known(model, agent));
            let expected = known(model, agent);
            let (score, price) = (
                (second % 1_001) as u16,
                [1_000u64, 2_000, 500, 0][second % 4],
            );
            let (from, days) = ((third % usize::from(SPONSORS)) as u8, [1, 7][third / 3 % 2]);
            let mut call = outcome(worker(agent).address, score, sponsor(from));
            call.price = price;
            call.terms.pairCap = CAP;
            call.terms.pairWindow = days as u32 * DAY as u32;
            let answer = city.call(work, call).is_ok();
            if expected {
                let before = u64::from(model.workers[agent].reputation);
                let target = 1_000 * u64::from(score);
                let mut weight = price.min(1_000);
                if weight > 0 && target > before {
                    let (window, today) = (&mut model.workers[agent].window, now / DAY);
                    let length = window.days.max(days);
                    if today - window.begun >= length {
                        *window = Window {
                            begun: today,
                            days,
                            ..Window::default()
                        };
                    }
                    let count = window.counts.entry(from).or_default();
                    if *count < CAP {
                        *count += 1;
                        window.days = window.days.max(days);
                    } else {
                        weight = 0;
                    }
                }
                // λ is 0.9: a tenth of the weight goes to the outcome, rounded to the nearest thousandth.
                let recent = 100 * weight;
                let mean = ((1_000_000 - recent) * before + recent * target + 500_000) / 1_000_000;
                model.set_reputation(agent, mean as u32);
            }
            (answer, expected)
        }
        "penalty" | "ruling" => {
            let agent = agent_of(&|agent| known(model, agent));
            let points = [50i64, -50, 100, 101, 300, 1_001][second % 6];
            let at = worker(agent).address;
            let (answer, delta, within) = if name == "penalty" {
                let points = points.abs();
                let call = wire::applyPenaltyCall {
                    agent: at,
                    points: points as u16,
                    evidence: reason,
                };
                (city.call(work, call).is_ok(), -points, points <= 1_000)
            } else {
                let call = wire::adjustReputationCall {
                    agent: at,
                    delta: points as i16,
                    evidence: reason,
                };
                (city.call(panel, call).is_ok(), points, points.abs() <= 100)
            };
            let expected = known(model, agent) && within;
            if expected {
                let moved = i64::from(model.workers[agent].reputation) + 1_000 * delta;
                model.set_reputation(agent, moved.clamp(0, 1_000_000) as u32);
            }
            (answer, expected)
        }
        "open" => {
            let good = |agent: usize| model.workers[agent].life == Life::Active;
            let agent = agent_of(&good);
            let expected = good(agent);
            let by = if second % 2 == 0 {
                work
            } else {
                member(Peer::Treasury)
            };
            let call = wire::openObligationsCall {
                agents: vec![worker(agent).address],
            };
            let answer = city.call(by, call).is_ok_and(|found| found[0].opened);
            model.workers[agent].obligations += u16::from(expected);
            (answer, expected)
        }
        "close" | "complete" => {
            let good = |agent: usize| model.workers[agent].obligations > 0;
            let agent = agent_of(&good);
            let expected = good(agent);
            let at = worker(agent).address;
            let answer = if name == "close" {
                city.call(
                    member(Peer::Treasury),
                    wire::closeObligationCall { agent: at },
                )
                .is_ok()
            } else {
                city.call(work, wire::completeObligationCall { agent: at })
                    .is_ok()
            };
            if expected {
                let worker = &mut model.workers[agent];
                worker.obligations -= 1;
                worker.missions += u32::from(name == "complete");
                if worker.life == Life::Leaving && worker.obligations == 0 {
                    worker.leaves_at = now + COOLDOWN;
                }
            }
            (answer, expected)
        }
        "withdraw" => {
            let accounts = accounts();
            let owed = |at: usize| {
                model
                    .credits
                    .get(&accounts[at])
                    .is_some_and(|credit| *credit > 0)
            };
            let at = pick(accounts.len(), first, aims, owed);
            let expected = owed(at);
            let account = accounts[at];
            let before = city.balance(account);
            let answer = city.call(account, wire::withdrawCall {});
            if expected {
                let credit = model.credits.remove(&account).unwrap_or(0);
                prop_assert_eq!(city.balance(account) - before, credit);
            }
            (answer.is_ok(), expected)
        }
        "skim" => {
            let forced = (second % 100) as u128;
            city.world.mint(here(), forced);
            let answer = city.call(STRANGER, wire::skimCall {}).is_ok();
            model.treasury += forced;
            (answer, true)
        }
        "remit" => {
            let expected = model.treasury + model.insurance > 0;
            let answer = city.call(STRANGER, wire::remitCall {}).is_ok();
            if expected {
                (model.treasury, model.insurance) = (0, 0);
            }
            (answer, expected)
        }
        "revoke" => {
            let who = first % PRINCIPALS;
            let answer = city
                .call(person(who).address, wire::revokeConsentsCall {})
                .is_ok();
            model.people[who].nonce += 1;
            (answer, true)
        }
        _ => {
            city.world.warp(match first % 10 {
                0..=4 => 1 + second as u64 % 3_600,
                5..=7 => COOLDOWN + 1,
                8 => DAY,
                _ => MEMORY + 1,
            });
            (true, true)
        }
    };
    prop_assert_eq!(answered, expected, "{} {:?}", name, command);
    Ok(expected)
}
