//! What commands about stakes, bonds and pools do, on the chain and in the model.

use agentcity_abi::ITreasury as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

use super::{
    Command,
    apply::{NO_MISSION, Outcome, amount, is_open, pick},
    model::*,
};
use crate::city::*;

pub(super) fn stakes(city: &City, model: &mut Model, command: Command, name: &str) -> Outcome {
    let Command {
        numbers: [first, second, third, fourth],
        aims,
        ..
    } = command;
    let count = model.missions.len();
    // Its own, or one of the pools, or a pool that never was.
    let sources = |agent: Address| -> Vec<B256> {
        let pools = model.pools.iter().flat_map(|pool| [pool.id, pool.id]);
        let own = [agent.into_word()].into_iter();
        own.chain(pools).chain([NO_MISSION]).collect()
    };
    let exists = |model: &Model, source: B256, agent: Address| {
        source == agent.into_word() || model.pools.iter().any(|pool| pool.id == source)
    };
    Ok(match name {
        "reserve" => {
            let agent = agent(first);
            let sources = sources(agent);
            let at = pick(sources.len(), second, aims, |at| {
                model.drawable(sources[at], agent) > 0
            });
            let source = sources[at.unwrap_or_default()];
            let most = model.drawable(source, agent);
            // Of one's own a part; a pool's can all be out.
            let wanted = if source == agent.into_word() {
                most.min(400)
            } else {
                most
            };
            let all = source != agent.into_word() && aims && fourth % 2 == 0;
            let asked = if all {
                most
            } else {
                amount(third, wanted, aims)
            };
            let number = (fourth % usize::from(SESSIONS)) as u8;
            let answered = city
                .call(
                    member(Peer::Legislature),
                    reserve(number, source, agent, asked),
                )
                .is_ok();
            let large = model
                .pools
                .iter()
                .find(|pool| pool.id == source)
                .is_none_or(|pool| Model::participants(pool) >= 3);
            let expected = exists(model, source, agent) && large && asked <= most;
            if expected {
                if source == agent.into_word() {
                    let credit = model.credit(agent);
                    model.credits.insert(agent, credit - asked);
                }
                *model.reserves.entry((number, source, agent)).or_default() += asked;
                if source != agent.into_word() && asked > 0 {
                    let bid = Backing::Bid(number, source, agent);
                    model.drawn.entry(bid).or_insert(model.clock);
                }
            }
            (answered, expected)
        }
        "release reserve" => {
            let keys: Vec<_> = model.reserves.keys().copied().collect();
            let at = pick(keys.len(), first, aims, |at| model.reserves[&keys[at]] > 0);
            let key = at.map_or((0, agent(second).into_word(), agent(second)), |at| keys[at]);
            let (number, source, agent) = key;
            let held = model.reserves.get(&key).copied().unwrap_or(0);
            let asked = amount(third, held, aims);
            let answered = city
                .call(
                    member(Peer::Legislature),
                    unreserve(number, source, agent, asked),
                )
                .is_ok();
            let expected = asked <= held;
            if expected {
                model.reserves.insert(key, held - asked);
                model.give_back(source, agent, asked);
            }
            (answered, expected)
        }
        "lock" => {
            let keys: Vec<_> = model.reserves.keys().copied().collect();
            let at = pick(keys.len(), first, aims, |at| model.reserves[&keys[at]] > 0);
            let key = at.map_or((0, agent(second).into_word(), agent(second)), |at| keys[at]);
            let (number, source, agent) = key;
            let held = model.reserves.get(&key).copied().unwrap_or(0);
            let all = source != agent.into_word() && aims && fourth % 3 > 0;
            let asked = if all { held } else { amount(third, held, aims) };
            let principal = AGENTS
                .iter()
                .find(|(name, _)| who(name) == agent)
                .map(|(_, principal)| who(principal));
            let manager = model
                .pools
                .iter()
                .find(|pool| pool.id == source)
                .map(|pool| pool.manager);
            let good = |at: usize| {
                let sponsor = model.missions[at].sponsor;
                let stake = model.stakes.get(&(at, agent));
                is_open(model, at)
                    && principal != Some(sponsor)
                    && manager != Some(sponsor)
                    && stake.is_none_or(|(before, amount)| *amount == 0 || *before == source)
            };
            let mission = pick(count, second, aims, good);
            let id = mission.map_or(NO_MISSION, |at| model.missions[at].id);
            let by = [Peer::Statute, Peer::Collaboration][fourth % 2];
            let price = (first * 37 % 300) as u128;
            let stakes = vec![stake(source, agent, asked, price)];
            let answered = city.call(member(by), lock_all(id, number, stakes)).is_ok();
            let expected = asked <= held && mission.is_some_and(good);
            if expected {
                if let Some(reserved) = model.reserves.get_mut(&key) {
                    *reserved -= asked;
                }
                let bid = Backing::Bid(number, source, agent);
                let key = (mission.unwrap_or_default(), agent);
                if let Some(drawn) = model.drawn.get(&bid).copied().filter(|_| asked > 0) {
                    // It began when the oldest of it was drawn.
                    let began = model.drawn.entry(Backing::Stake(key.0, key.1));
                    let began = began.or_insert(drawn);
                    *began = drawn.min(*began);
                }
                let stake = model.stakes.entry(key).or_default();
                *stake = (source, stake.1 + asked);
                *model.budgets.entry(key).or_default() += price;
            }
            (answered, expected)
        }
        "slash" => {
            let now = city.world.now();
            let keys: Vec<_> = model.stakes.keys().copied().collect();
            let good = |at: usize| model.stakes[&keys[at]].1 > 0 && !model.is_free(keys[at].0, now);
            let at = pick(keys.len(), first, aims, good);
            let id = at.map_or(NO_MISSION, |at| model.missions[keys[at].0].id);
            let agent = at.map_or(agent(second), |at| keys[at].1);
            let (source, held) = at.map_or((B256::ZERO, 0), |at| model.stakes[&keys[at]]);
            let asked = if fourth % 4 == 0 {
                u128::MAX
            } else {
                amount(third, held, aims)
            };
            let free = at.is_some_and(|at| model.is_free(keys[at].0, now));
            let taken = if free { 0 } else { asked.min(held) };
            let answer = city.call(member(Peer::Collaboration), slash(id, agent, asked));
            prop_assert_eq!(answer.as_ref().ok(), Some(&wide(taken)));
            if taken > 0 {
                model
                    .stakes
                    .insert(keys[at.unwrap_or_default()], (source, held - taken));
                model.taken_whole += u32::from(taken == held);
                model.lose(taken);
                if let Some(pool) = model.pools.iter_mut().find(|pool| pool.id == source) {
                    pool.assets -= taken;
                    let limit = pool.limits.entry(agent).or_default();
                    *limit = limit.saturating_sub(taken);
                    pool.lost_all |= pool.assets == 0;
                }
            }
            (answer.is_ok(), true)
        }
        _ => {
            let now = city.world.now();
            let keys: Vec<_> = model.stakes.keys().copied().collect();
            let good = |at: usize| model.stakes[&keys[at]].1 > 0 && model.is_free(keys[at].0, now);
            let at = pick(keys.len(), first, aims, good);
            let id = at.map_or(NO_MISSION, |at| model.missions[keys[at].0].id);
            let agent = at.map_or(agent(second), |at| keys[at].1);
            let answered = city.call(STRANGER, release(id, agent)).is_ok();
            let expected = at.is_some_and(good);
            if expected {
                let key = keys[at.unwrap_or_default()];
                let (source, held) = model.stakes[&key];
                model.stakes.insert(key, (source, 0));
                model.give_back(source, agent, held);
            }
            (answered, expected)
        }
    })
}

pub(super) fn bonds(city: &City, model: &mut Model, command: Command, name: &str) -> Outcome {
    let Command {
        numbers: [first, second, third, fourth],
        aims,
        ..
    } = command;
    let posts = name == "post bond";
    let number = pick(BONDS, first, aims, |number| {
        model.bonds.contains_key(&number) != posts
    });
    let number = number.unwrap_or_default();
    let bond_id = B256::repeat_byte(number as u8 + 1);
    let held = model.bonds.get(&number).copied();
    let holders = [
        Peer::Assembly,
        Peer::Verification,
        Peer::Guardian,
        Peer::Roster,
    ];
    let by = member(holders[fourth % holders.len()]);
    Ok(match name {
        "post bond" => {
            let owner = person(second);
            let asked = amount(third, model.credit(owner), aims);
            let call = wire::postBondCall {
                kind: wire::BondKind::try_from((second % 5 + 1) as u8)
                    .unwrap_or(wire::BondKind::None),
                ..post(number as u8 + 1, owner, asked)
            };
            let kind = call.kind as u8;
            let answered = city.call(by, call).is_ok();
            let credit = model.credit(owner);
            let expected = held.is_none() && asked > 0 && asked <= credit;
            if expected {
                model.credits.insert(owner, credit - asked);
                model.bonds.insert(number, (owner, kind, asked));
            }
            (answered, expected)
        }
        "return bond" => {
            let call = wire::returnBondCall { bondId: bond_id };
            let answered = city.call(by, call).is_ok();
            if let Some((owner, _, amount)) = model.bonds.remove(&number) {
                model.owe(owner, amount);
            }
            (answered, held.is_some())
        }
        "forfeit bond" => {
            let call = wire::forfeitBondCall { bondId: bond_id };
            let answered = city.call(by, call).is_ok();
            if let Some((_, _, amount)) = model.bonds.remove(&number) {
                model.lose(amount);
            }
            (answered, held.is_some())
        }
        _ => {
            let most = held.map_or(0, |(_, _, amount)| amount);
            let asked = amount(third, most + 3, aims);
            let call = wire::chargeBondCall {
                bondId: bond_id,
                amount: wide(asked),
            };
            let answer = city.call(member(Peer::Roster), call);
            if let Some((owner, kind, amount)) = held {
                let taken = asked.min(amount);
                prop_assert_eq!(answer.as_ref().ok(), Some(&wide(taken)));
                model.bonds.insert(number, (owner, kind, amount - taken));
                model.lose(taken);
            }
            (answer.is_ok(), held.is_some())
        }
    })
}

pub(super) fn pools(city: &City, model: &mut Model, command: Command, name: &str) -> Outcome {
    let Command {
        numbers: [first, second, third, fourth],
        aims,
        ..
    } = command;
    let count = model.pools.len();
    if name == "create pool" {
        let manager = person(first);
        let answer = city.call(manager, wire::createPoolCall {});
        let Ok(id) = answer else {
            return Ok((false, true));
        };
        prop_assert!(model.pools.iter().all(|pool| pool.id != id), "an id twice");
        if count < POOLS {
            model.pools.push(Pool {
                id,
                manager,
                ..Pool::default()
            });
        }
        return Ok((true, true));
    }
    let free = |at: usize| model.obligations(&model.pools[at]) == 0;
    let at = match name {
        "join pool" => pick(count, first, aims, |at| !model.pools[at].lost_all),
        "leave pool" => pick(count, first, aims, |at| {
            free(at) && Model::participants(&model.pools[at]) > 0
                || !model.pools[at].going.is_empty()
        }),
        // Rather of one that is bound: there it changes something.
        "ask to leave" => pick(count, first, aims, |at| !free(at)),
        _ => pick(count, first, aims, |at| {
            Model::participants(&model.pools[at]) >= 3
        }),
    };
    let id = at.map_or(NO_MISSION, |at| model.pools[at].id);
    let pool = at.map(|at| model.pools[at].clone()).unwrap_or_default();
    let all: u128 = pool.shares.values().sum();
    Ok(match name {
        "join pool" => {
            let participant = person(second);
            let paid = amount(third, model.credit(participant).min(400), aims);
            let answered = city.call(participant, join(id, paid)).is_ok();
            let bought = match (all, pool.assets) {
                (0, _) => paid,
                (_, 0) => 0,
                (all, assets) => paid * all / assets,
            };
            let expected =
                at.is_some() && !pool.lost_all && bought > 0 && paid <= model.credit(participant);
            if expected {
                let pool = &mut model.pools[at.unwrap_or_default()];
                pool.assets += paid;
                *pool.shares.entry(participant).or_default() += bought;
                let credit = model.credit(participant);
                model.credits.insert(participant, credit - paid);
            }
            (answered, expected)
        }
        "ask to leave" => {
            let participant = person(second);
            let held = pool.shares.get(&participant).copied().unwrap_or(0);
            let asked = pool.asked().any(|who| *who == participant);
            let answered = city.call(participant, ask(id)).is_ok();
            if held > 0 && !asked {
                model.pools[at.unwrap_or_default()].next.push(participant);
            }
            (answered, held > 0)
        }
        "leave pool" => {
            let held_by = |number: usize| pool.shares.get(&person(number)).copied().unwrap_or(0);
            let may = |number: usize| model.lets_go(&pool, person(number));
            let number = pick(PEOPLE.len(), second, aims, |number| {
                held_by(number) > 0 && may(number)
            });
            let number = number.unwrap_or_default();
            let (participant, held) = (person(number), held_by(number));
            let shares = amount(third, held, aims);
            let answered = city.call(participant, leave(id, shares)).is_ok();
            let expected = at.is_some() && may(number) && shares > 0 && shares <= held;
            if expected {
                let paid = shares * pool.assets / all;
                let pool = &mut model.pools[at.unwrap_or_default()];
                pool.assets -= paid;
                pool.shares.insert(participant, held - shares);
                model.owe(participant, paid);
            }
            (answered, expected)
        }
        _ => {
            let caller = if aims { pool.manager } else { person(second) };
            let (agent, limit) = (agent(third), (fourth % 2_000) as u128);
            let answered = city.call(caller, bind(id, agent, limit)).is_ok();
            let large = Model::participants(&pool) >= 3 || limit == 0;
            let expected = at.is_some() && caller == pool.manager && large;
            if expected {
                model.pools[at.unwrap_or_default()]
                    .limits
                    .insert(agent, limit);
            }
            (answered, expected)
        }
    })
}
