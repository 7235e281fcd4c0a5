//! Peers that answer as they are told to and keep what they are told.

use agentcity_abi::{IAgent as agents, IEnactment as enactment, ITreasury as treasury};
use agentcity_world::{Answer, Frame};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};

use crate::city::*;

pub(crate) fn enactment(peers: &mut Peers, _: &Frame, input: &[u8]) -> Answer {
    if let Ok(asked) = enactment::lawOfCall::abi_decode_validate(input) {
        let law = peers.laws.get(&asked.sessionId).cloned();
        let law = law.unwrap_or(Law {
            approved: false,
            kind: 0,
            nodes: 0,
            deadline: 0,
            other: B256::ZERO,
            node: 0,
            sponsor: Address::ZERO,
        });
        return Ok(enactment::Law {
            approved: law.approved,
            audited: false,
            kind: law.kind.try_into().expect("a kind"),
            statuteHash: keccak256("statute"),
            assignmentsHash: keccak256("assignments"),
            epoch: EPOCH,
            nodes: law.nodes,
            fairness: 0,
            fairnessWaived: false,
            budget: 0,
            missionDeadline: law.deadline.try_into().expect("40 bits"),
            missionId: law.other,
            node: law.node,
            sponsor: law.sponsor,
            domain: B256::ZERO,
        }
        .abi_encode());
    }
    let asked = enactment::runnerUpCall::abi_decode_validate(input).expect("a known question");
    let next = peers.runners_up.get(&(asked.sessionId, asked.node));
    let Some(agent) = next.copied() else {
        return Ok(vec![0; 5 * 32]);
    };
    Ok(enactment::AwardedSeat {
        agent,
        serviceId: service(agent),
        price: PRICE,
        stake: STAKE,
        source: agent.into_word(),
    }
    .abi_encode())
}

pub(crate) fn agent_contract(peers: &mut Peers, _: &Frame, input: &[u8]) -> Answer {
    let standing = |agent: &Address| {
        let worker = peers.workers.get(agent).cloned();
        let worker = worker.unwrap_or(Worker {
            principal: Address::ZERO,
            previous: Address::ZERO,
            bars: 1,
            score: 0,
            enrolled_at: 0,
        });
        agents::Standing {
            principal: worker.principal,
            previous: worker.previous,
            agentType: agents::AgentType::Producer,
            bars: worker.bars,
            score: worker.score,
            reputation: u32::from(worker.score) * 1_000,
            enrolledAt: worker.enrolled_at.try_into().expect("40 bits"),
        }
    };
    if let Ok(asked) = agents::standingCall::abi_decode_validate(input) {
        return Ok(standing(&asked.agent).abi_encode());
    }
    if let Ok(asked) = agents::standingsCall::abi_decode_validate(input) {
        let standings: Vec<_> = asked.agents.iter().map(standing).collect();
        return Ok(standings.abi_encode());
    }
    if let Ok(asked) = agents::principalRecordCall::abi_decode_validate(input) {
        let known = asked.principal == SPONSOR || peers.banned.contains(&asked.principal);
        let mut words = [U256::ZERO; 10];
        words[0] = U256::from(u8::from(known));
        words[9] = U256::from(u8::from(peers.banned.contains(&asked.principal)));
        return Ok(words.abi_encode());
    }
    if let Ok(c) = agents::openObligationsCall::abi_decode_validate(input) {
        assert!(c.agents.len() <= 64, "agent takes no more");
        let found = c.agents.iter().map(|agent| {
            let worker = peers.workers.get(agent);
            let opened = worker.is_some_and(|worker| worker.bars & 1 == 0);
            if opened {
                peers.told.push(Told::Obliged(*agent));
            }
            agents::Obligation {
                principal: worker.map(|worker| worker.principal).unwrap_or_default(),
                opened,
            }
        });
        let found: Vec<_> = found.collect();
        return Ok(agents::openObligationsCall::abi_encode_returns(&found));
    }
    let told = if let Ok(c) = agents::completeObligationCall::abi_decode_validate(input) {
        Told::Completed(c.agent)
    } else if let Ok(c) = agents::closeObligationCall::abi_decode_validate(input) {
        Told::Closed(c.agent)
    } else if let Ok(c) = agents::applyPenaltyCall::abi_decode_validate(input) {
        Told::Penalised(c.agent, c.points)
    } else {
        let c = agents::updateReputationCall::abi_decode_validate(input).expect("a known order");
        Told::Scored(c.agent, c.score, c.price)
    };
    peers.told.push(told);
    Ok(U256::ZERO.abi_encode())
}

pub(crate) fn treasury_contract(peers: &mut Peers, _: &Frame, input: &[u8]) -> Answer {
    if let Ok(asked) = treasury::lockedStakeCall::abi_decode_validate(input) {
        let key = (asked.missionId, asked.agent);
        let held = peers.stakes.get(&key).copied().unwrap_or(0);
        return Ok((asked.agent.into_word(), U256::from(held), U256::ZERO).abi_encode_params());
    }
    if let Ok(asked) = treasury::escrowCall::abi_decode_validate(input) {
        let (held, settled) = peers
            .escrows
            .get(&asked.missionId)
            .copied()
            .unwrap_or_default();
        let mut words = [U256::ZERO; 8];
        (words[3], words[5]) = (U256::from(held), U256::from(settled));
        return Ok(words.abi_encode());
    }
    let told = if let Ok(c) = treasury::openEscrowCall::abi_decode_validate(input) {
        Told::Opened(c.missionId, c.sponsor)
    } else if let Ok(c) = treasury::settleCall::abi_decode_validate(input) {
        let seats: Vec<_> = c
            .seats
            .iter()
            .map(|seat| (seat.agent, seat.reputation, seat.price))
            .collect();
        let paid: u128 = seats.iter().map(|seat| seat.2).sum();
        peers.escrows.entry(c.missionId).or_default().1 += paid;
        Told::Settled(c.missionId, c.node, c.budget.to(), seats)
    } else if let Ok(c) = treasury::moveEscrowCall::abi_decode_validate(input) {
        let asked: u128 = c.amount.to();
        let amount = peers.left.map_or(asked, |left| left.min(asked));
        peers.escrows.entry(c.from).or_default().0 -= amount;
        peers.escrows.entry(c.to).or_default().0 += amount;
        peers.told.push(Told::Moved(c.from, c.to, amount));
        return Ok(U256::from(amount).abi_encode());
    } else if let Ok(c) = treasury::beginClosingCall::abi_decode_validate(input) {
        Told::Closing(c.missionId, c.sanctionSecs.to())
    } else if let Ok(c) = treasury::slashCall::abi_decode_validate(input) {
        let held = peers.stakes.entry((c.missionId, c.agent)).or_default();
        let taken = (*held).min(c.amount.to());
        *held -= taken;
        Told::Slashed(c.missionId, c.node, c.agent, c.fault as u8, c.amount.to())
    } else if let Ok(c) = treasury::lockStakesCall::abi_decode_validate(input) {
        let [stake] = c.stakes.as_slice() else {
            panic!("a seat at a time: {:?}", c.stakes)
        };
        *peers.stakes.entry((c.missionId, stake.agent)).or_default() += stake.amount;
        let of = (stake.amount, stake.price);
        Told::Locked(c.missionId, c.sessionId, stake.agent, stake.source, of)
    } else {
        let c = treasury::releaseStakeCall::abi_decode_validate(input).expect("a known order");
        if peers.locked_until.contains_key(&c.missionId) {
            return Err(b"still locked".to_vec());
        }
        peers.stakes.remove(&(c.missionId, c.agent));
        Told::Released(c.missionId, c.agent)
    };
    peers.told.push(told);
    Ok(U256::ZERO.abi_encode())
}
