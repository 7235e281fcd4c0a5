//! Asks the chain how a mission stands: what of it is frozen, what this monitor reported, by what it is judged, and who else watches.

use agentcity_abi::{ICollaboration, IConstitution, IGuardian, IRoster};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
    peer::Peer,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
    providers::Provider,
};

use super::city::City;
use crate::{
    event::Head,
    execution::Execution,
    machine::freeze_mirror::{FreezeView, HeardView, Limits, NodeView, View},
};

/// Nodes that are asked for one by one in a round: those that are at work or failed. A mission with more at once is not looked at whole,
/// so it stays unknown, and nothing of it is routed here.
pub const NODES_MAX: usize = 512;
/// States that one word tells.
const STATES_A_WORD: u16 = 32;

/// Who watches here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// This keeper's monitor.
    pub monitor: Address,
    /// Others that are known to watch the same missions.
    pub partners: Vec<Address>,
}

/// What a question is about beside the mission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Numbers of freezes whose logs are known.
    pub freezes: Vec<u64>,
    /// Executions that this monitor may have reported.
    pub reported: Vec<Execution>,
}

/// How a mission stands as of `at`.
///
/// Errors: why that could not be learnt, for the operator.
pub async fn view<P: Provider>(
    provider: &P,
    city: &City,
    watch: &Watch,
    mission: B256,
    asked: &Asked,
    at: Head,
) -> Result<View, String> {
    let block = BlockId::hash(at.hash);
    let collaboration = ICollaboration::new(city.at(Peer::Collaboration), provider);
    let stand = collaboration.mission(mission).block(block).call().await;
    let stand = stand.map_err(|error| format!("mission {mission}: {error}"))?;
    let state = MissionState::from_u8(stand.state as u8)
        .ok_or_else(|| format!("mission {mission} is not there"))?;
    let mut nodes = Vec::new();
    // Pages that are not deployed have no states.
    if state != MissionState::Pending {
        for word in 0..stand.nodes.div_ceil(STATES_A_WORD) {
            let states = collaboration.nodeStates(mission, word).block(block);
            let states = states.call().await.map_err(|error| error.to_string())?;
            let first = word * STATES_A_WORD;
            for (node, number) in (first..stand.nodes).zip(states) {
                if is_at_work(number) {
                    nodes.push(node);
                }
            }
        }
    }
    if nodes.len() > NODES_MAX {
        return Err(format!(
            "mission {mission} has {} nodes at work, of which at most {NODES_MAX} are mirrored: share it among keepers",
            nodes.len()
        ));
    }
    let mut views = Vec::with_capacity(nodes.len());
    for node in nodes {
        let found = collaboration
            .assignment(mission, node, true, 0)
            .block(block);
        let found = found.call().await.map_err(|error| error.to_string())?;
        views.push(NodeView {
            node,
            state: NodeState::from_u8(found.state as u8)
                .ok_or_else(|| format!("node {node} of mission {mission} has no state"))?,
            attempt: found.attempt,
            agents: found
                .agents
                .into_iter()
                .filter(|agent| !agent.is_zero())
                .collect(),
        });
    }
    Ok(View {
        mission,
        at,
        state,
        nodes: views,
        freezes: freezes(provider, city, mission, asked, block).await?,
        heard: heard(provider, city, watch, asked, block).await?,
        limits: limits(provider, city, stand.epoch, block).await?,
        alone: is_alone(provider, city, watch, at, block).await?,
    })
}

/// Neither waiting nor completed: what has not begun, and what waits, are told by the two highest bits.
fn is_at_work(number: u8) -> bool {
    NodeState::from_u8(number)
        .is_some_and(|state| !matches!(state, NodeState::Waiting | NodeState::Completed))
}

async fn freezes<P: Provider>(
    provider: &P,
    city: &City,
    mission: B256,
    asked: &Asked,
    block: BlockId,
) -> Result<Vec<FreezeView>, String> {
    let guardian = IGuardian::new(city.at(Peer::Guardian), provider);
    let mut views = Vec::with_capacity(asked.freezes.len());
    for freeze in &asked.freezes {
        let found = guardian
            .freezeOf(mission, *freeze)
            .block(block)
            .call()
            .await;
        match found {
            Ok(found) => views.push(FreezeView {
                freeze: *freeze,
                execution: Execution {
                    mission,
                    node: found.node,
                    attempt: found.attempt,
                    agent: found.agent,
                },
                open: found.open,
                is_false: found.falsePositive,
            }),
            // As of an older block than the log's, or after a reorg, there is none.
            Err(error)
                if error
                    .as_decoded_interface_error::<IGuardian::IGuardianErrors>()
                    .is_some() => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(views)
}

async fn heard<P: Provider>(
    provider: &P,
    city: &City,
    watch: &Watch,
    asked: &Asked,
    block: BlockId,
) -> Result<Vec<HeardView>, String> {
    let guardian = IGuardian::new(city.at(Peer::Guardian), provider);
    let mut views = Vec::with_capacity(asked.reported.len());
    for execution in &asked.reported {
        let Execution {
            mission,
            node,
            attempt,
            agent,
        } = *execution;
        let found = guardian
            .counters(mission, node, attempt, agent, watch.monitor)
            .block(block)
            .call()
            .await
            .map_err(|error| error.to_string())?;
        views.push(HeardView {
            execution: *execution,
            sequence: found.sequence,
            tools: found.toolInvocations,
            messages: found.messageVolume,
        });
    }
    Ok(views)
}

/// The mission's own limits: those of its epoch.
async fn limits<P: Provider>(
    provider: &P,
    city: &City,
    epoch: u64,
    block: BlockId,
) -> Result<Limits, String> {
    let ids = [
        ParameterId::DeviationThresholdSigma as u8,
        ParameterId::MaxToolInvocations as u8,
        ParameterId::MaxMessageVolume as u8,
    ];
    let constitution = IConstitution::new(city.constitution, provider);
    let values = constitution.read(epoch, ids.to_vec().into()).block(block);
    let values = values.call().await.map_err(|error| error.to_string())?;
    let number = |at: usize| {
        let value = values.get(at).map(|word| U256::from_be_bytes(word.0));
        value
            .and_then(|value| u32::try_from(value).ok())
            .ok_or_else(|| format!("epoch {epoch} has no number for parameter {}", ids[at]))
    };
    Ok(Limits {
        deviation: number(0)?,
        tools: number(1)?,
        messages: number(2)?,
    })
}

/// Whether no partner of another principal and with another scorer is in good standing (RULINGS R13).
async fn is_alone<P: Provider>(
    provider: &P,
    city: &City,
    watch: &Watch,
    at: Head,
    block: BlockId,
) -> Result<bool, String> {
    let roster = IRoster::new(city.at(Peer::Roster), provider);
    let mut known = Vec::with_capacity(watch.partners.len() + 1);
    for account in std::iter::once(&watch.monitor).chain(&watch.partners) {
        let found = roster.monitor(*account).block(block).call().await;
        known.push(found.map_err(|error| error.to_string())?);
    }
    let Some((own, partners)) = known.split_first() else {
        return Ok(true);
    };
    let agrees = |other: &IRoster::Monitor| {
        other.standing == IRoster::Standing::Active
            && other.suspendedUntil.to::<u64>() <= at.time.get()
            && other.principal != own.principal
            && other.scorerId != own.scorerId
    };
    Ok(!partners.iter().any(agrees))
}
