//! What rulings cost, from the receipts of whoever relays them: signatures, the roster's word on every signer, and what it counts.
//!
//! `….panel` is a transaction less the call of whom it concerns: what the panel itself costs. Each row stands twice where signers decide
//! for the first time (`.first`), which writes the roster's record of each.

use super::{GasError, Taken, missions::BREAKDOWN_VARIABLE};
use crate::{
    city::{Act, City, panel::number},
    mission::{Charge, MissionError, Stage},
    sender::Outcome,
};
use agentcity_abi::{IAgent as agents, IRoster as roster};
use agentcity_domain::{
    act::Action,
    parameter::{ParameterId as P, word},
    peer::Peer,
};
use alloy::primitives::{Address, B256, keccak256};

/// Signers of two thirds of the smallest panel.
const FIVE: usize = 5;

/// Gas of each operation, and the city, whose programs are those of all.
pub fn measure(is_cached: bool) -> Result<(Taken, City), GasError> {
    let mut stage = Stage::raise(&super::charter(), 2, 1)?;
    if is_cached {
        super::cache_city(&stage.city)?;
    }
    let mut taken = Taken::new();
    overrides(&mut stage, &mut taken)?;
    queue(&mut stage, &mut taken)?;
    rotation(&mut stage, &mut taken)?;
    anchors(&mut stage, &mut taken)?;
    Ok((taken, stage.city))
}

/// Gas of a ruling, and of it without the call of whom it concerns.
fn split(stage: &mut Stage, what: &str, outcome: &Outcome) -> Result<(u64, u64), MissionError> {
    let charge = Charge {
        what: what.to_owned(),
        gas: outcome.gas_used,
        hash: outcome.hash,
    };
    let panel = stage.city.address(Peer::Adjudication);
    let counted: [Address; 2] = [panel, stage.city.address(Peer::Roster)];
    if std::env::var_os(BREAKDOWN_VARIABLE).is_some() {
        stage.print_breakdown(&charge)?;
    }
    // The last call that is made is the action itself, and what it leads to.
    let shares = stage.breakdown(&charge)?;
    let mut below = shares.iter().filter(|share| share.depth == 1);
    let action = below
        .next_back()
        .filter(|share| !counted.contains(&share.contract));
    let action = action.map_or(0, |share| share.all);
    Ok((outcome.gas_used, outcome.gas_used - action))
}

fn decided(stage: &mut Stage, act: &Act, count: usize) -> Result<Outcome, MissionError> {
    let signers = stage.city.adjudicators[..count].to_vec();
    Ok(stage.city.hand_in(act, &signers)?)
}

/// Five of seven put norms in force, and tighten a parameter of high risk within its share.
fn overrides(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let ids = [
        ("override.first", "override.first.panel"),
        ("override", "override.panel"),
    ];
    for (place, (id, own)) in ids.into_iter().enumerate() {
        let words = [keccak256(format!("norm {place}")), keccak256("domain")];
        let act = stage.city.draft(Action::EnactNorm, &words)?;
        let outcome = decided(stage, &act, FIVE)?;
        let (all, panel) = split(stage, id, &outcome)?;
        taken.extend([(id, all), (own, panel)]);
    }
    let id = P::ReputationFloor;
    let value = stage.city.number(id)?;
    let act = amendment(stage, id, value, value + 1)?;
    let outcome = decided(stage, &act, FIVE)?;
    let (all, panel) = split(stage, "override.amend", &outcome)?;
    taken.extend([("override.amend", all), ("override.amend.panel", panel)]);
    Ok(())
}

fn amendment(stage: &mut Stage, id: P, from: u32, to: u32) -> Result<Act, MissionError> {
    let words: [B256; 3] = [number(id as u8), word(from), word(to)];
    Ok(stage.city.draft(Action::AmendParameter, &words)?)
}

/// Five of seven weaken that parameter: it is queued, and carried out by anyone when it is due.
fn queue(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let id = P::ReputationFloor;
    let value = stage.city.number(id)?;
    let act = amendment(stage, id, value, value - 1)?;
    let queued = decided(stage, &act, FIVE)?;
    taken.push(("queue", split(stage, "queue", &queued)?.0));
    let delay = u64::from(stage.city.number(P::OverrideDelayHighSecs)?);
    let now = stage.city.client.now()?;
    stage.outlast(now + delay)?;
    let outcome = stage.city.execute(&act).map_err(MissionError::from)?;
    let (all, panel) = split(stage, "execute", &outcome)?;
    taken.extend([("execute", all), ("execute.panel", panel)]);
    Ok(())
}

/// Two take turns in a class: the first decision in a matter writes its slot.
fn rotation(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let agent = stage.executors[0].agent.address();
    for id in ["adjustReputation.first", "adjustReputation"] {
        let call = agents::adjustReputationCall {
            agent,
            delta: -20,
            evidence: keccak256("a ruling"),
        };
        let act = stage.city.act(Peer::Agent, &call)?;
        let outcome = decided(stage, &act, 2)?;
        taken.push((id, split(stage, id, &outcome)?.0));
    }
    Ok(())
}

/// A keeper anchors the root of its log, and a later one.
fn anchors(stage: &mut Stage, taken: &mut Taken) -> Result<(), GasError> {
    let keeper = stage.city.person("keeper")?;
    let to = stage.city.address(Peer::Roster);
    for (id, sequence) in [("anchor.first", 1), ("anchor", 2)] {
        let call = roster::anchorCall {
            sequence,
            size: 100 * sequence,
            root: keccak256(format!("root {sequence}")),
        };
        let outcome = stage.city.client.send(&keeper, to, &call)?;
        taken.push((id, outcome.gas_used));
    }
    Ok(())
}
