//! Those whom the two programs ask and tell.

use agentcity_abi::{
    IAgent as agents, IAssembly as assembly, ICollaboration as work, IConstitution as founding,
    IManagement as management, IService as services, IStatute as statute, ITreasury as treasury,
};
use agentcity_domain::{clerk::Operation, peer::Peer};
use agentcity_world::{Answer, Frame};
use alloy_primitives::{Address, B256, U256, aliases::U40, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use stylus_sdk::prelude::*;

use crate::{City, EPOCH, Person, UNIT, member, word};

/// Puts them where their addresses say.
pub(crate) fn install(city: &City) {
    type Double = fn(&City, &Frame, &[u8]) -> Answer;
    let doubles: [(Peer, Double); 8] = [
        (Peer::Constitution, constitution),
        (Peer::Assembly, decisions),
        (Peer::Agent, people),
        (Peer::Management, offices),
        (Peer::Service, registry),
        (Peer::Treasury, money),
        (Peer::Collaboration, missions),
        (Peer::Statute, pages),
    ];
    for (peer, double) in doubles {
        let own = city.clone();
        let run = move |frame: &Frame, input: &[u8]| double(&own, frame, input);
        city.world.install(member(peer), keccak256("member"), run);
    }
}

fn constitution(city: &City, _: &Frame, input: &[u8]) -> Answer {
    if founding::membersCall::abi_decode_validate(input).is_ok() {
        let sealed = city.facts_mut().sealed;
        let at = |peer| {
            if sealed { member(peer) } else { Address::ZERO }
        };
        return Ok(Peer::ALL.map(at).abi_encode());
    }
    if founding::unitScaleCall::abi_decode_validate(input).is_ok() {
        return Ok(U256::from(UNIT).abi_encode());
    }
    let asked = founding::readCall::abi_decode_validate(input).expect("a known question");
    assert_eq!(asked.number, EPOCH, "the session's epoch");
    let read: Vec<B256> = asked.ids.iter().map(|id| city.value(*id)).collect();
    Ok(read.abi_encode())
}

fn decisions(city: &City, _: &Frame, input: &[u8]) -> Answer {
    let asked = assembly::outcomeOfCall::abi_decode_validate(input).expect("asked");
    let facts = city.facts_mut();
    let nothing = assembly::Outcome {
        decided: false,
        kind: assembly::SessionKind::None,
        epoch: 0,
        legislativeEpoch: 0,
        expiresAt: U40::ZERO,
        node: 0,
        missionId: B256::ZERO,
        winner: B256::ZERO,
        statuteHash: B256::ZERO,
        sponsor: Address::ZERO,
        domain: B256::ZERO,
    };
    let outcome = facts.outcomes.get(&asked.sessionId).cloned();
    Ok(outcome.unwrap_or(nothing).abi_encode())
}

fn people(city: &City, _: &Frame, input: &[u8]) -> Answer {
    let facts = city.facts_mut();
    let nobody = Person {
        principal: Address::ZERO,
        kind: 0,
        bars: 1,
        score: 0,
    };
    let known = |account| facts.people.get(&account).copied().unwrap_or(nobody);
    if let Ok(asked) = agents::principalOfCall::abi_decode_validate(input) {
        return Ok(known(asked.agent).principal.abi_encode());
    }
    if let Ok(asked) = agents::isEligibleCall::abi_decode_validate(input) {
        assert_eq!(asked.purpose, agents::Purpose::Bid as u8);
        let bars = known(asked.agent).bars;
        return Ok((bars == 0, U256::from(bars)).abi_encode());
    }
    let asked = agents::standingCall::abi_decode_validate(input).expect("a known question");
    let person = known(asked.agent);
    let standing = agents::Standing {
        principal: person.principal,
        previous: Address::ZERO,
        agentType: agents::AgentType::try_from(person.kind).expect("a type"),
        bars: person.bars,
        score: person.score,
        reputation: u32::from(person.score) * 1_000,
        enrolledAt: U40::from(1),
    };
    Ok(standing.abi_encode())
}

/// Charges a clerk for what its office does, at whoever may charge for it; counts the charges in its first word.
fn offices(city: &City, frame: &Frame, input: &[u8]) -> Answer {
    if let Ok(asked) = management::clerkOfCall::abi_decode_validate(input) {
        let facts = city.facts_mut();
        let held = facts.clerks.get(&asked.clerk).copied();
        // Known, active, office; whatever else a record says is not asked for here.
        let mut words = [B256::ZERO; 7];
        if let Some((role, active)) = held {
            words[0] = word(1u64);
            words[1] = word(u64::from(active));
            words[2] = word(u64::from(role.number()));
        }
        return Ok(words.abi_encode());
    }
    let told = management::validateOperationCall::abi_decode_validate(input).expect("told");
    let operation = Operation::at(told.operation).expect("an operation");
    assert_eq!(frame.caller, member(operation.owner()), "{operation:?}");
    let held = city.facts_mut().clerks.get(&told.clerk).copied();
    match held {
        Some((role, true)) if role.office().has(told.operation) => {
            let count = U256::from_be_bytes(frame.load(0).0) + U256::from(1);
            frame.store(0, count.into());
            Ok(U256::from(role.number()).abi_encode())
        }
        _ => Err(management::NotClerk { clerk: told.clerk }.abi_encode()),
    }
}

fn registry(city: &City, _: &Frame, input: &[u8]) -> Answer {
    let asked = services::verifyCodeHashCall::abi_decode_validate(input).expect("asked");
    let known = city.facts_mut().services.get(&asked.service).copied();
    match known {
        Some(code) => Ok((code == asked.liveHash).abi_encode()),
        None => Err(services::UnknownService {
            service: asked.service,
        }
        .abi_encode()),
    }
}

/// Where the treasury keeps what stands under a name.
fn slot(name: &[u8]) -> u64 {
    u64::from_be_bytes(*keccak256(name).first_chunk().expect("eight bytes"))
}

fn credits(account: Address) -> u64 {
    slot(account.as_slice())
}

fn reserves(session: B256, source: B256, account: Address) -> u64 {
    slot(&[session.as_slice(), source.as_slice(), account.as_slice()].concat())
}

fn held(city: &City, slot: u64) -> u128 {
    let held = city.world.slot(member(Peer::Treasury), U256::from(slot));
    U256::from_be_bytes(held.0).to()
}

/// Gives an account money.
pub fn credit(city: &City, account: Address, amount: u128) {
    let slot = credits(account);
    let sum = held(city, slot) + amount;
    city.world
        .set_slot(member(Peer::Treasury), U256::from(slot), word(sum));
}

/// What an account has free.
pub fn credit_of(city: &City, account: Address) -> u128 {
    held(city, credits(account))
}

/// What is reserved of an agent's own in a session.
pub fn reserved(city: &City, session: B256, account: Address) -> u128 {
    held(city, reserves(session, account.into_word(), account))
}

/// A seat takes its stake out of an agent's reserves in a session, as a deployment does.
pub fn lock(city: &City, session: B256, account: Address, amount: u128) {
    let slot = reserves(session, account.into_word(), account);
    let left = held(city, slot).checked_sub(amount).expect("reserved");
    city.world
        .set_slot(member(Peer::Treasury), U256::from(slot), word(left));
}

fn money(city: &City, frame: &Frame, input: &[u8]) -> Answer {
    let load = |at| -> u128 { U256::from_be_bytes(frame.load(at).0).to() };
    if let Ok(asked) = treasury::reservedStakeCall::abi_decode_validate(input) {
        let at = reserves(asked.sessionId, asked.source, asked.agent);
        return Ok(U256::from(load(at)).abi_encode());
    }
    assert_eq!(frame.caller, member(Peer::Legislature));
    if let Some(refusal) = city.facts_mut().refusing.get(&(Peer::Treasury as u8)) {
        return Err(refusal.clone());
    }
    let (from, to, amount) =
        if let Ok(told) = treasury::reserveStakeCall::abi_decode_validate(input) {
            let at = reserves(told.sessionId, told.source, told.agent);
            (credits(told.agent), at, told.amount)
        } else {
            let told = treasury::releaseReserveCall::abi_decode_validate(input).expect("told");
            assert!(!told.amount.is_zero(), "nothing is released");
            let at = reserves(told.sessionId, told.source, told.agent);
            (at, credits(told.agent), told.amount)
        };
    let amount: u128 = amount.to();
    let Some(left) = load(from).checked_sub(amount) else {
        return Err(b"not there".to_vec());
    };
    frame.store(from, word(left));
    frame.store(to, word(load(to) + amount));
    Ok(Vec::new())
}

fn missions(city: &City, frame: &Frame, input: &[u8]) -> Answer {
    if let Ok(asked) = work::missionCall::abi_decode_validate(input) {
        let session = city.facts_mut().missions.get(&asked.missionId).copied();
        let mut words = [B256::ZERO; 16];
        words[3] = session.unwrap_or_default();
        return Ok(words.abi_encode());
    }
    assert_eq!(frame.caller, member(Peer::Enactment));
    if let Some(refusal) = city.facts_mut().refusing.get(&(Peer::Collaboration as u8)) {
        return Err(refusal.clone());
    }
    work::reassignNodeCall::abi_decode_validate(input).expect("told");
    frame.raw_log(&[], input).expect("logged");
    Ok(Vec::new())
}

fn pages(city: &City, _: &Frame, input: &[u8]) -> Answer {
    let asked = statute::pageCall::abi_decode_validate(input).expect("asked");
    let page = city
        .facts_mut()
        .pages
        .get(&(asked.missionId, asked.index))
        .copied();
    Ok((page.unwrap_or_default(), B256::ZERO).abi_encode())
}
