//! What each command does, on the chain and in the model.

use agentcity_abi::{ICollaboration::MissionState, ITreasury as wire};
use agentcity_domain::peer::Peer;
use agentcity_world::commands;
use alloy_primitives::{Address, B256, aliases::U40};
use proptest::prelude::*;

use super::{
    Command, PLAN,
    backing::{bonds, pools, stakes},
    model::*,
};
use crate::city::*;

/// One of the first `count` numbers, as all plans pick; none of none.
pub(super) fn pick(
    count: usize,
    number: usize,
    aims: bool,
    good: impl Fn(usize) -> bool,
) -> Option<usize> {
    (count > 0).then(|| commands::pick(count, number, aims, good))
}

/// An amount up to `most` if it aims and there is any, else any small one.
pub(super) fn amount(number: usize, most: u128, aims: bool) -> u128 {
    let number = number as u128;
    if aims && most > 0 {
        // All of it now and then.
        return if number.is_multiple_of(7) {
            most
        } else {
            1 + number % most
        };
    }
    number % 600
}

/// A mission that never was, for commands about one when there is none.
pub(super) const NO_MISSION: B256 = B256::repeat_byte(0x99);

/// What EQ-9 makes of a share, by the definition of the vectors and under the law of an epoch: base, subsidy, fee's part for
/// the subsidies, rest of the fee, reserve, residual.
fn eq9(share: u128, reputation: u32, epoch: u64, budget: u128) -> [u128; 6] {
    let [fp, fi, alpha, own_cap] = if epoch == OLD_EPOCH {
        [1_000, 500, 2_000, 5_000]
    } else {
        [200, 100, 500, 10_000]
    };
    let rho = u128::from(reputation / 1_000);
    let psi = if rho >= 500 {
        1_000 + (rho - 500) * alpha / 1_000
    } else {
        1_000 - (500 - rho) * alpha / 1_000
    };
    let gross = share * (10_000 - fp - fi) / 10_000;
    let base = gross * psi.min(1_000) / 1_000;
    let requested = gross * psi.saturating_sub(1_000) / 1_000;
    let (fee, reserve) = (share * fp / 10_000, share * fi / 10_000);
    let accrued = fee / 2;
    let subsidy = requested.min(budget + accrued).min(fee * own_cap / 10_000);
    let residual = share - base - fee - reserve;
    [base, subsidy, accrued, fee - accrued, reserve, residual]
}

impl Model {
    /// The node that a mission's money would be for, and what may go to it; none for a node that was settled.
    fn lendable(&self, from: usize, to: usize) -> Option<(u16, u128)> {
        let (parent, node) = self.missions[to].parent?;
        if parent != from {
            return None;
        }
        let giver = &self.missions[from];
        if giver.done.contains(&node) {
            let (left, _) = giver.came_back.get(&node)?;
            return Some((node, *left));
        }
        Some((node, giver.budget))
    }

    /// Moves money from one mission to another, or does not.
    fn shift(&mut self, from: usize, to: usize, mut amount: u128) -> bool {
        let (giver, taker) = (self.missions[from].clone(), self.missions[to].clone());
        if from == to || taker.state != State::Open || giver.state == State::Closed {
            return false;
        }
        let works = matches!(giver.work, MissionState::Active | MissionState::Executing);
        if let Some((lender, node)) = giver.lender.filter(|(lender, _)| *lender == to) {
            if amount > giver.held() {
                return false;
            }
            self.missions[lender].budget += amount;
            self.missions[lender].came_back.entry(node).or_default().0 += amount;
        } else if works {
            let Some((node, most)) = self.lendable(from, to) else {
                return false;
            };
            let lends_again = giver.done.contains(&node);
            if lends_again {
                amount = amount.min(most);
            }
            if giver.state != State::Open || amount > giver.budget {
                return false;
            }
            let lent = self.missions[from].came_back.entry(node).or_default();
            if lends_again {
                lent.0 -= amount;
            }
            lent.1 += 1;
            self.missions[from].budget -= amount;
            self.missions[from].done.insert(node);
            self.missions[to].lender = Some((from, node));
        } else {
            if amount != giver.held() {
                return false;
            }
            if giver.lender.is_some() {
                self.missions[to].lender = giver.lender;
                self.missions[to].inherited = true;
            }
        }
        self.missions[from].paid_in -= amount;
        let held = self.missions[from].held();
        self.missions[from].budget = self.missions[from].budget.min(held);
        self.missions[to].paid_in += amount;
        true
    }
}

pub(super) fn is_open(model: &Model, mission: usize) -> bool {
    model.missions[mission].state == State::Open
}

/// Whether the command succeeded, on the chain and in the model alike.
pub(super) fn apply(
    city: &City,
    model: &mut Model,
    command: Command,
) -> Result<bool, TestCaseError> {
    let name = PLAN.name(command.kind);
    let (answered, expected) = match name {
        "deposit" | "deposit in excess" | "withdraw" | "withdrawTo" | "contribute" | "skim"
        | "insurance" | "disburse" | "compensate" => money(city, model, command, name)?,
        "open" | "fund" | "fund from credit" | "allocate" | "settle" | "fail" | "end" | "close" => {
            escrows(city, model, command, name)?
        }
        "lend" | "return" | "succeed" => moves(city, model, command, name),
        "reserve" | "release reserve" | "lock" | "slash" | "release stake" => {
            stakes(city, model, command, name)?
        }
        "post bond" | "return bond" | "forfeit bond" | "charge bond" => {
            bonds(city, model, command, name)?
        }
        "create pool" | "join pool" | "ask to leave" | "leave pool" | "bind pool" => {
            pools(city, model, command, name)?
        }
        _ => {
            city.world.warp(match command.numbers[0] % 4 {
                0 => 1 + command.numbers[1] as u64,
                1 => SANCTION - 1,
                2 => SANCTION,
                _ => SANCTION / 2,
            });
            (true, true)
        }
    };
    prop_assert_eq!(answered, expected, "{} {:?}", name, command);
    Ok(expected)
}

pub(super) type Outcome = Result<(bool, bool), TestCaseError>;

fn money(city: &City, model: &mut Model, command: Command, name: &str) -> Outcome {
    let Command {
        numbers: [first, second, third, fourth],
        aims,
        ..
    } = command;
    let panel = Peer::Adjudication;
    Ok(match name {
        "deposit" => {
            let (payer, account) = (person(first), person(second));
            let paid = amount(third, 500, aims);
            let call = wire::depositCall {
                account,
                amount: wide(paid),
            };
            let answered = city.pay(payer, paid, call).is_ok();
            if paid > 0 {
                model.owe(account, paid);
            }
            (answered, paid > 0)
        }
        "deposit in excess" => {
            let account = person(first);
            let amount = wide(u128::MAX - third as u128);
            let call = wire::depositCall { account, amount };
            (city.call(person(second), call).is_ok(), false)
        }
        "withdraw" | "withdrawTo" => {
            let who = pick(PEOPLE.len(), first, aims, |who| {
                model.credit(person(who)) > 0
            });
            let account = person(who.unwrap_or_default());
            let credit = model.credit(account);
            let (to, taken) = if name == "withdraw" {
                (account, credit)
            } else {
                (person(second), amount(third, credit, aims))
            };
            let before = city.balance(to);
            let answered = if name == "withdraw" {
                let answer = city.call(account, wire::withdrawCall {});
                prop_assert!(
                    answer.as_ref().is_ok_and(|amount| *amount == wide(credit)) || credit == 0
                );
                answer.is_ok()
            } else {
                let amount = wide(taken);
                city.call(account, wire::withdrawToCall { to, amount })
                    .is_ok()
            };
            let expected = taken > 0 && taken <= credit;
            if expected {
                model.credits.insert(account, credit - taken);
                prop_assert_eq!(city.balance(to) - before, taken);
            }
            (answered, expected)
        }
        "contribute" => {
            let (payer, given) = (person(first), (third % 100) as u128 * 1_501);
            let fund = if second % 2 == 0 {
                wire::Fund::Treasury
            } else {
                wire::Fund::Insurance
            };
            let answered = city.pay(payer, given, contribute(fund, given)).is_ok();
            if second % 2 == 0 {
                model.treasury += given;
            } else {
                model.insurance += given;
            }
            (answered, given > 0)
        }
        "skim" => {
            let forced = (second % 100) as u128;
            if city.asset == Address::ZERO {
                city.world.mint(here(), forced);
            } else {
                agentcity_world::token::mint(&city.world, city.asset, here(), forced);
            }
            let found = city.call(STRANGER, wire::skimCall {});
            prop_assert_eq!(found.as_ref().ok(), Some(&wide(forced)));
            model.treasury += forced;
            (found.is_ok(), true)
        }
        "insurance" => {
            let keys: Vec<_> = model.stakes.keys().copied().collect();
            let good =
                |at: usize| !model.compensated.contains(&keys[at]) && model.budgets[&keys[at]] > 0;
            let (mission, agent, known) = match pick(keys.len(), first, aims, good) {
                Some(at) => (model.missions[keys[at].0].id, keys[at].1, Some(keys[at])),
                None => (NO_MISSION, agent(first), None),
            };
            let budget = known.map_or(0, |key| model.budgets[&key]);
            let limit = (model.insurance / 10).min(budget);
            let asked = amount(third, limit, aims);
            let expected = asked > 0
                && asked <= limit
                && known.is_some_and(|key| !model.compensated.contains(&key));
            let answered = city
                .call(member(panel), claim(mission, agent, asked))
                .is_ok();
            if expected {
                model.compensated.extend(known);
                model.insurance -= asked;
                model.owe(agent, asked);
            }
            (answered, expected)
        }
        "disburse" => {
            let to = person(first);
            let from_insurance = second % 2 == 0;
            let held = if from_insurance {
                model.insurance
            } else {
                model.treasury
            };
            let asked = amount(third, held.min(2_000), aims);
            let call = wire::disburseCall {
                kind: if from_insurance {
                    wire::Disbursement::Insurance
                } else {
                    wire::Disbursement::GasSubsidy
                },
                recipient: to,
                amount: wide(asked),
                justificationHash: REASON,
            };
            let answered = city.call(member(panel), call).is_ok();
            let expected = asked > 0 && asked <= held;
            if expected {
                let fund = if from_insurance {
                    &mut model.insurance
                } else {
                    &mut model.treasury
                };
                *fund -= asked;
                model.owe(to, asked);
            }
            (answered, expected)
        }
        _ => {
            let to = person(first);
            let reviews = (fourth % 4) as u32;
            let worth = u128::from(reviews) * 50 * SCALE;
            let call = wire::payCompensationCall {
                adjudicator: to,
                reviews,
            };
            let answered = city.call(member(Peer::Roster), call).is_ok();
            let expected = reviews > 0 && worth <= model.treasury;
            if expected {
                model.treasury -= worth;
                model.owe(to, worth);
            }
            (answered, expected)
        }
    })
}

fn escrows(city: &City, model: &mut Model, command: Command, name: &str) -> Outcome {
    let Command {
        numbers: [first, second, third, fourth],
        aims,
        ..
    } = command;
    let count = model.missions.len();
    let chosen = |good: &dyn Fn(usize) -> bool| pick(count, first, aims, good);
    let id = |chosen: Option<usize>| chosen.map_or(NO_MISSION, |at| model.missions[at].id);
    Ok(match name {
        "open" => {
            if count == MISSIONS {
                let again = wire::openEscrowCall {
                    missionId: model.missions[first % count].id,
                    sponsor: person(0),
                    epoch: EPOCH,
                };
                return Ok((city.call(member(Peer::Collaboration), again).is_ok(), false));
            }
            // Every other is a child of one that works.
            let open = |at: usize| is_open(model, at) && model.missions[at].budget > 0;
            let parent = pick(count, first, true, open)
                .filter(|at| second % 2 == 0 && open(*at))
                .map(|at| (at, (third % 3) as u16));
            let sponsor = parent.map_or(second / 2 % 2, |(at, _)| {
                usize::from(model.missions[at].sponsor == person(1))
            });
            let epoch = if fourth % 3 == 0 { OLD_EPOCH } else { EPOCH };
            let mission = city.opened(PEOPLE[sponsor], epoch);
            let (above, node) =
                parent.map_or((B256::ZERO, 0), |(at, node)| (model.missions[at].id, node));
            city.know(mission, MissionState::Executing, above, node);
            model.missions.push(Mission {
                id: mission,
                state: State::Open,
                work: MissionState::Executing,
                sponsor: person(sponsor),
                epoch,
                paid_in: 0,
                budget: 0,
                paid: 0,
                refunded: 0,
                release_at: 0,
                done: Default::default(),
                came_back: Default::default(),
                parent,
                lender: None,
                inherited: false,
            });
            (true, true)
        }
        "fund" | "fund from credit" => {
            let at = chosen(&|at| is_open(model, at));
            let payer = person(second);
            let from_credit = name != "fund";
            let most = if from_credit {
                model.credit(payer)
            } else {
                900
            };
            let (mission, paid) = (id(at), amount(third, most, aims));
            let answered = if from_credit {
                let call = wire::fundMissionFromCreditCall {
                    missionId: mission,
                    amount: wide(paid),
                };
                city.call(payer, call).is_ok()
            } else {
                let call = wire::fundMissionCall {
                    missionId: mission,
                    amount: wide(paid),
                };
                city.pay(payer, paid, call).is_ok()
            };
            let expected = paid > 0
                && at.is_some_and(|at| is_open(model, at))
                && (!from_credit || paid <= model.credit(payer));
            if expected {
                model.missions[at.unwrap_or_default()].paid_in += paid;
                if from_credit {
                    let credit = model.credit(payer);
                    model.credits.insert(payer, credit - paid);
                }
            }
            (answered, expected)
        }
        "allocate" => {
            let at = chosen(&|at| is_open(model, at) && model.missions[at].held() > 0);
            let held = at.map_or(0, |at| model.missions[at].held());
            let allocated = amount(third, held, aims);
            let call = wire::allocateBudgetCall {
                missionId: id(at),
                allocated: wide(allocated),
            };
            let answered = city.call(member(Peer::Statute), call).is_ok();
            let expected = at.is_some_and(|at| is_open(model, at)) && allocated <= held;
            if expected {
                model.missions[at.unwrap_or_default()].budget = allocated;
            }
            (answered, expected)
        }
        "settle" => {
            let good = |at: usize| is_open(model, at) && model.missions[at].budget > 0;
            let at = chosen(&good);
            let node = pick(8, second, aims, |node| {
                at.is_none_or(|at| !model.missions[at].done.contains(&(node as u16)))
            });
            let node = node.unwrap_or_default() as u16;
            let most = at.map_or(0, |at| model.missions[at].budget);
            let budget = amount(third, most, aims);
            let seats: Vec<_> = (0..fourth % 4)
                .map(|seat| {
                    let reputation = [0, 499_999, 500_000, 730_123, 1_000_000][(first + seat) % 5];
                    let price = (second * 7 + seat * 131) as u128 % (budget + 1);
                    wire::SettledSeat {
                        agent: agent(third + seat),
                        reputation,
                        price,
                    }
                })
                .collect();
            let call = settle(id(at), node, budget, seats.clone());
            let answered = city.call(member(Peer::Collaboration), call).is_ok();
            // Of a node that was lent, what came back of its children is all that is left.
            let left = at.and_then(|at| {
                let mission = &model.missions[at];
                mission.came_back.get(&node).map(|(left, _)| *left)
            });
            let budget = left.map_or(budget, |left| budget.min(left));
            let expected = at.is_some_and(|at| {
                let once = left.is_some() || !model.missions[at].done.contains(&node);
                is_open(model, at) && once && budget <= most
            });
            if expected {
                let at = at.unwrap_or_default();
                for seat in &seats {
                    let share = (budget / seats.len() as u128).min(seat.price);
                    let epoch = model.missions[at].epoch;
                    let [base, subsidy, accrued, fee, reserve, residual] =
                        eq9(share, seat.reputation, epoch, model.subsidy);
                    model.owe(seat.agent, base + subsidy);
                    model.subsidy = model.subsidy + accrued - subsidy;
                    model.treasury += fee + residual;
                    model.insurance += reserve;
                    model.missions[at].paid += share;
                }
                model.missions[at].budget -= budget;
                model.missions[at].done.insert(node);
                model.missions[at].came_back.remove(&node);
            }
            (answered, expected)
        }
        "fail" => {
            let good = |at: usize| {
                is_open(model, at) && model.missions[at].work == MissionState::Executing
            };
            let Some(at) = chosen(&good).filter(|at| good(*at)) else {
                return Ok((false, false));
            };
            let mission = &mut model.missions[at];
            mission.work = MissionState::Failed;
            let parent = mission.parent;
            let id = mission.id;
            let (above, node) =
                parent.map_or((B256::ZERO, 0), |(at, node)| (model.missions[at].id, node));
            city.know(id, MissionState::Failed, above, node);
            (true, true)
        }
        "end" => {
            // Rather one in which somebody has a stake.
            let staked = |at: usize| {
                let mut stakes = model.stakes.iter();
                stakes.any(|((mission, _), (_, amount))| *mission == at && *amount > 0)
            };
            let at = chosen(&|at| is_open(model, at) && staked(at));
            let call = wire::beginClosingCall {
                missionId: id(at),
                sanctionSecs: U40::from(SANCTION),
            };
            let answered = city.call(member(Peer::Collaboration), call).is_ok();
            let expected = at.is_some_and(|at| is_open(model, at));
            if expected {
                let mission = &mut model.missions[at.unwrap_or_default()];
                mission.state = State::Closing;
                mission.release_at = city.world.now() + SANCTION;
            }
            (answered, expected)
        }
        _ => {
            let closing = |at: usize| model.missions[at].state == State::Closing;
            let at = chosen(&closing);
            let call = wire::closeEscrowCall { missionId: id(at) };
            let answered = city.call(STRANGER, call).is_ok();
            let expected = at.is_some_and(closing);
            if expected {
                let mission = &mut model.missions[at.unwrap_or_default()];
                let refund = mission.held();
                mission.state = State::Closed;
                mission.refunded += refund;
                let sponsor = mission.sponsor;
                model.owe(sponsor, refund);
            }
            (answered, expected)
        }
    })
}

fn moves(city: &City, model: &mut Model, command: Command, name: &str) -> (bool, bool) {
    let Command {
        numbers: [first, second, third, fourth],
        aims,
        ..
    } = command;
    let count = model.missions.len();
    if count == 0 {
        let call = shift(NO_MISSION, B256::ZERO, 0);
        return (city.call(member(Peer::Collaboration), call).is_ok(), false);
    }
    let pairs: Vec<(usize, usize)> = (0..count)
        .flat_map(|from| (0..count).map(move |to| (from, to)))
        .collect();
    let works = |at: usize| model.missions[at].work == MissionState::Executing;
    let good = |at: usize| {
        let (from, to) = pairs[at];
        if !is_open(model, to) || from == to {
            return false;
        }
        let lender = model.missions[from].lender.map(|(lender, _)| lender);
        match name {
            "lend" => {
                works(from)
                    && is_open(model, from)
                    && lender != Some(to)
                    && model.lendable(from, to).is_some_and(|(_, most)| most > 0)
            }
            "return" => lender == Some(to) && model.missions[from].state != State::Closed,
            // Rather one that owes to a lender, so that a successor inherits it.
            _ => {
                !works(from)
                    && lender != Some(to)
                    && model.missions[from].state != State::Closed
                    && (lender.is_some() || fourth % 2 == 0)
            }
        }
    };
    let (from, to) = pairs[pick(pairs.len(), first ^ second, aims, good).unwrap_or_default()];
    let held = model.missions[from].held();
    let moved = match name {
        "lend" => amount(
            third,
            model.lendable(from, to).map_or(0, |(_, most)| most),
            aims,
        ),
        "return" => amount(third, held, aims),
        _ if aims => held,
        _ => amount(third, held, aims),
    };
    let call = shift(model.missions[from].id, model.missions[to].id, moved);
    let answered = city.call(member(Peer::Collaboration), call).is_ok();
    (answered, model.shift(from, to, moved))
}
