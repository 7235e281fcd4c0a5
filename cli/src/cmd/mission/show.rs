//! What a mission is, and where its nodes stand.

use agentcity_abi::{ICollaboration, IGuardian, ITreasury};
use agentcity_domain::{machine::Machine, peer::Peer};
use alloy::primitives::B256;
use serde_json::{Value, json};

use super::mission;
use crate::{
    ask,
    failure::Failure,
    instant,
    opts::{City, Town},
    output::{self, Answer},
    values::{self, word},
};

/// States of one word of `nodeStates`.
const STATES_PER_WORD: u16 = 32; // structural: a byte each

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The mission.
    #[arg(value_parser = word)]
    mission: B256,
    /// Nodes to tell at most.
    #[arg(long, value_parser = values::number::<u16>, default_value = "64")]
    nodes: u16,
    #[command(flatten)]
    town: Town,
}

/// The state of each node, as far as they are deployed: a number of the domain's.
pub(super) async fn node_states(city: &City, id: B256, nodes: u16) -> Result<Vec<u8>, Failure> {
    let contract = ICollaboration::new(city.at(Peer::Collaboration), &city.chain.provider);
    let mut states = Vec::with_capacity(nodes.into());
    for word in 0..nodes.div_ceil(STATES_PER_WORD) {
        let packed = contract.nodeStates(id, word).call().await?;
        states.extend(packed.iter().map(|byte| match byte {
            // From 64 on it is a node that has not begun, and from 128 on one that waits, each with its open edges.
            byte if byte & 0xc0 != 0 => agentcity_domain::machine::NodeState::Waiting as u8,
            byte => *byte,
        }));
    }
    states.truncate(nodes.into());
    Ok(states)
}

/// What lies on a mission, in words, with when it is overdue.
pub(super) async fn halts(
    city: &City,
    id: B256,
    known: &ICollaboration::Mission,
) -> Result<Vec<(&'static str, u64)>, Failure> {
    use agentcity_domain::exit::Halt;
    let guardian = IGuardian::new(city.at(Peer::Guardian), &city.chain.provider);
    let roster = agentcity_abi::IRoster::new(city.at(Peer::Roster), &city.chain.provider);
    let mut lying = Vec::new();
    let watch = guardian.watchOf(id).call().await?;
    match known.halt {
        ICollaboration::Halt::EmergencyStop => {
            lying.push((Halt::EmergencyStop.name(), watch.stoppedUntil.to()));
        }
        ICollaboration::Halt::Divergence => {
            lying.push((Halt::Pause.name(), watch.pausedUntil.to()));
        }
        _ => {}
    }
    let own = guardian.watchOf(B256::ZERO).call().await?;
    if !own.stoppedAt.is_zero() && !own.stoppedUntil.is_zero() {
        lying.push((Halt::CityHalt.name(), own.stoppedUntil.to()));
    }
    let until: u64 = roster.haltedUntil().call().await?.to();
    if until != 0 {
        lying.push((Halt::WatchdogFreeze.name(), until));
    }
    if known.state == ICollaboration::MissionState::Degraded {
        lying.push((Halt::Degraded.name(), 0));
    }
    Ok(lying)
}

pub(super) async fn run(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let id = options.mission;
    let known = mission(&city, id).await?;
    let provider = &city.chain.provider;
    let contract = ICollaboration::new(city.at(Peer::Collaboration), provider);
    let escrow = ITreasury::new(city.at(Peer::Treasury), provider)
        .escrow(id)
        .call()
        .await?;
    let expires: u64 = contract.expiresAt(id, u16::MAX).call().await?.to();
    let digest = contract.completionDigest(id).call().await?;
    let lying = halts(&city, id, &known).await?;
    let state = ask::state(Machine::Mission, known.state as u8);
    let money = ask::state(Machine::Escrow, escrow.state as u8);
    let held = escrow
        .deposited
        .saturating_sub(escrow.settled)
        .saturating_sub(escrow.refunded);
    let states = node_states(&city, id, known.nodes).await?;
    let is_deployed = known.state != ICollaboration::MissionState::Pending;
    let (mut rows, mut nodes): (Vec<Vec<String>>, Vec<Value>) = Default::default();
    for (index, number) in states.iter().enumerate().take(options.nodes.into()) {
        let index = index as u16;
        let name = ask::state(Machine::Node, *number);
        if !is_deployed {
            nodes.push(json!({ "node": index, "state": name }));
            continue;
        }
        let node = contract.node(id, index).call().await?;
        let until: u64 = node.expiresAt.to();
        rows.push(vec![
            index.to_string(),
            name.clone(),
            node.tier.to_string(),
            format!("{} of {}", node.threshold, node.redundancy),
            node.attempt.to_string(),
            node.accepted.to_string(),
            instant::at(until),
        ]);
        nodes.push(json!({
            "node": index, "state": name, "tier": node.tier, "redundancy": node.redundancy, "threshold": node.threshold,
            "attempt": node.attempt, "accepted": node.accepted, "since": node.since.to::<u64>(), "expiresAt": until,
            "outputHash": node.outputHash,
        }));
    }
    let parent = (!known.parent.is_zero()).then_some(known.parent);
    let halted: Vec<String> = lying
        .iter()
        .map(|(name, until)| match until {
            0 => (*name).to_owned(),
            until => format!("{name}, overdue after {}", instant::at(*until)),
        })
        .collect();
    let mut text = output::lines(&[
        ("mission", id.to_string()),
        (
            "state",
            format!("{state} since {}", instant::at(known.since.to())),
        ),
        (
            "halted",
            match halted.is_empty() {
                true => "no".to_owned(),
                false => halted.join("; "),
            },
        ),
        ("sponsor", known.sponsor.to_string()),
        ("session", known.sessionId.to_string()),
        ("epoch", known.epoch.to_string()),
        (
            "nodes",
            format!(
                "{}: {} completed, {} failed",
                known.nodes, known.completed, known.failed
            ),
        ),
        ("refinements", known.refinements.to_string()),
        (
            "parent",
            match parent {
                Some(parent) => format!("node {} of {parent}", known.parentNode),
                None => "none".to_owned(),
            },
        ),
        ("deadline", instant::at(known.deadline.to())),
        ("moved by", format!("{} seconds", known.extendedSecs)),
        ("anyone may end it after", instant::at(expires)),
        ("escrow", money.clone()),
        ("deposited", format!("{} base units", escrow.deposited)),
        ("allocated", format!("{} base units", escrow.allocated)),
        ("settled", format!("{} base units", escrow.settled)),
        ("refunded", format!("{} base units", escrow.refunded)),
        ("held", format!("{held} base units")),
        ("stakes free after", instant::at(escrow.releaseAt.to())),
        ("completion digest", digest.to_string()),
    ]);
    if !rows.is_empty() {
        text += "\n";
        text += &output::table(
            &[
                "node",
                "state",
                "tier",
                "agree",
                "attempt",
                "seats taken",
                "until",
            ],
            &rows,
        );
    }
    if states.len() > nodes.len() {
        text += &format!(
            "and {} more: --nodes tells how many\n",
            states.len() - nodes.len()
        );
    }
    Ok(Answer::new(
        json!({
            "mission": id, "state": state, "since": known.since.to::<u64>(),
            "halts": lying.iter().map(|(name, until)| json!({ "halt": name, "overdueAfter": until })).collect::<Vec<_>>(),
            "sponsor": known.sponsor, "session": known.sessionId, "epoch": known.epoch, "nodesTotal": known.nodes,
            "completed": known.completed, "failed": known.failed, "refinements": known.refinements, "depth": known.depth,
            "parent": parent, "parentNode": parent.map(|_| known.parentNode), "deadline": known.deadline.to::<u64>(),
            "extendedSecs": known.extendedSecs.to::<u64>(), "expiresAt": expires,
            "escrow": {
                "state": money, "deposited": escrow.deposited.to_string(), "allocated": escrow.allocated.to_string(),
                "settled": escrow.settled.to_string(), "refunded": escrow.refunded.to_string(), "held": held.to_string(),
                "releaseAt": escrow.releaseAt.to::<u64>(),
            },
            "completionDigest": digest, "nodes": nodes,
        }),
        text,
    ))
}
