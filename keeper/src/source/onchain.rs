//! A mission as the chain holds it at one block, read whole from one endpoint: logs, states, pages, digest.

use std::collections::BTreeMap;

use agentcity_abi::{
    ICollaboration::{self, MissionRelegislated, NodeCompleted, TaskRouted},
    IGuardian::{self, DivergenceReported},
    IStatute::{self, DeploymentFinalised},
    ITreasury,
};
use agentcity_domain::{
    machine::MissionState,
    peer::Peer,
    statute::{NODES_PER_PAGE, Page},
    treasury::books::Part,
};
use alloy::{
    consensus::Transaction as _,
    eips::BlockId,
    primitives::{Address, B256, U256, keccak256},
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent},
};

use super::{agreed::head, city::City};
use crate::{
    event::Head,
    machine::reconciliation::{Completion, OnChain, Spot},
};

/// Blocks whose logs are asked for at once, at first: what public endpoints give. Halved when one refuses.
const LOGS_SPAN: u64 = 10_000;
/// States that one word tells.
const STATES_A_WORD: u16 = 32;

/// The members that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Members {
    /// States and logs of nodes.
    pub collaboration: Address,
    /// Pages of the law.
    pub statute: Address,
    /// Reports, pauses, the gate.
    pub guardian: Address,
    /// The books.
    pub treasury: Address,
}

impl Members {
    /// Those of a city.
    pub const fn of(city: &City) -> Self {
        Self {
            collaboration: city.at(Peer::Collaboration),
            statute: city.at(Peer::Statute),
            guardian: city.at(Peer::Guardian),
            treasury: city.at(Peer::Treasury),
        }
    }
}

/// How a mission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Its state.
    pub state: MissionState,
    /// Whether a report of divergence pauses it.
    pub paused: bool,
    /// Whether a monitor's word that nothing differs stands at its gate.
    pub reconciled: bool,
}

/// The treasury's books at one block, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// The booked total.
    pub booked: U256,
    /// What the contract holds.
    pub held: U256,
    /// What the total is made of, in the order of [`Part::ALL`].
    pub parts: [U256; Part::ALL.len()],
}

impl Books {
    /// Whether nothing was made or lost: the parts make the total, and it is there (INV-TREASURY-01).
    pub fn balance(&self) -> bool {
        let mut sum = Some(U256::ZERO);
        for part in self.parts {
            sum = sum.and_then(|sum| sum.checked_add(part));
        }
        sum == Some(self.booked) && self.held >= self.booked
    }
}

fn cause(error: impl ToString) -> String {
    error.to_string()
}

/// How a mission stands as of `at`.
///
/// Errors: why that could not be learnt, for the operator.
pub async fn stand<P: Provider>(
    provider: &P,
    members: &Members,
    mission: B256,
    at: Head,
) -> Result<Stand, String> {
    let block = BlockId::hash(at.hash);
    let collaboration = ICollaboration::new(members.collaboration, provider);
    let known = collaboration.mission(mission).block(block).call().await;
    let known = known.map_err(|error| format!("mission {mission}: {error}"))?;
    let number = known.state as u8;
    let guardian = IGuardian::new(members.guardian, provider);
    let watch = guardian.watchOf(mission).block(block).call().await;
    let gate = guardian.gateOf(mission).block(block).call().await;
    Ok(Stand {
        state: MissionState::from_u8(number)
            .ok_or_else(|| format!("mission {mission} is in state {number}"))?,
        paused: !watch.map_err(cause)?.pausedUntil.is_zero(),
        reconciled: !gate.map_err(cause)?.reconciledAt.is_zero(),
    })
}

/// The books as of `at`.
///
/// Errors: as [`stand`].
pub async fn books<P: Provider>(
    provider: &P,
    members: &Members,
    at: Head,
) -> Result<Books, String> {
    let block = BlockId::hash(at.hash);
    let treasury = ITreasury::new(members.treasury, provider);
    let against = treasury.solvency().block(block).call().await;
    let against = against.map_err(cause)?;
    let parts = treasury.parts().block(block).call().await.map_err(cause)?;
    Ok(Books {
        booked: against.bookedTotal,
        held: against.held,
        parts: Part::ALL.map(|part| match part {
            Part::Escrows => parts.escrows,
            Part::Reserved => parts.reservedStakes,
            Part::Locked => parts.lockedStakes,
            Part::Bonds => parts.bonds,
            Part::Treasury => parts.treasury,
            Part::Subsidy => parts.subsidyBudget,
            Part::Insurance => parts.insurance,
            Part::Pools => parts.pools,
            Part::Credits => parts.credits,
        }),
    })
}

/// Whether a report with this evidence was ever made of a mission, up to `at`.
///
/// Errors: as [`stand`].
pub async fn is_reported<P: Provider>(
    provider: &P,
    members: &Members,
    mission: B256,
    evidence: B256,
    from_block: u64,
    at: Head,
) -> Result<bool, String> {
    let filter = Filter::new()
        .address(members.guardian)
        .event_signature(DivergenceReported::SIGNATURE_HASH)
        .topic1(mission);
    for log in logs(provider, &filter, from_block, at).await? {
        let said = DivergenceReported::decode_log(&log.inner).map_err(cause)?;
        if said.evidenceHash == evidence {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A mission as of `at`: what [`compare`](crate::machine::reconciliation::compare) takes of the chain. Times of blocks are not asked.
///
/// Errors: as [`stand`].
pub async fn read<P: Provider>(
    provider: &P,
    members: &Members,
    mission: B256,
    from_block: u64,
    at: Head,
) -> Result<OnChain, String> {
    let block = BlockId::hash(at.hash);
    let collaboration = ICollaboration::new(members.collaboration, provider);
    let known = collaboration.mission(mission).block(block).call().await;
    let known = known.map_err(|error| format!("mission {mission}: {error}"))?;
    let digest = collaboration.completionDigest(mission).block(block);
    let mut chain = OnChain {
        at,
        epoch: known.epoch,
        law: None,
        tiers: Vec::new(),
        states: Vec::new(),
        routed: BTreeMap::new(),
        completed: Vec::new(),
        times: BTreeMap::new(),
        base: Some(B256::ZERO),
        digest: digest.call().await.map_err(cause)?,
    };
    let filter = Filter::new()
        .address(vec![members.collaboration, members.statute])
        .event_signature(vec![
            NodeCompleted::SIGNATURE_HASH,
            TaskRouted::SIGNATURE_HASH,
            DeploymentFinalised::SIGNATURE_HASH,
        ])
        .topic1(mission);
    for log in logs(provider, &filter, from_block, at).await? {
        take(&mut chain, &log)?;
    }
    // Pages that are not deployed have neither states nor tiers.
    if chain.law.is_some() {
        chain.tiers = tiers(provider, members, mission, known.nodes, block).await?;
        for word in 0..known.nodes.div_ceil(STATES_A_WORD) {
            let states = collaboration.nodeStates(mission, word).block(block);
            chain
                .states
                .extend_from_slice(states.call().await.map_err(cause)?.as_slice());
        }
        chain.states.truncate(known.nodes.into());
    }
    if chain.tiers.contains(&0) {
        let parent = known.parent;
        chain.base = base(provider, members, (parent, mission), from_block, at).await?;
    }
    Ok(chain)
}

fn take(chain: &mut OnChain, log: &Log) -> Result<(), String> {
    let spot = spot(log)?;
    match log.topic0() {
        Some(&NodeCompleted::SIGNATURE_HASH) => {
            let said = NodeCompleted::decode_log(&log.inner).map_err(cause)?;
            chain.completed.push(Completion {
                node: said.node,
                attempt: said.attempt,
                tier: said.tier,
                output: said.outputHash,
                trail: said.trailRoot,
                digest: said.digest,
                spot,
            });
        }
        Some(&TaskRouted::SIGNATURE_HASH) => {
            let said = TaskRouted::decode_log(&log.inner).map_err(cause)?;
            let routed = (said.liveCodeHash, spot);
            chain.routed.insert((said.node, said.attempt), routed);
        }
        Some(&DeploymentFinalised::SIGNATURE_HASH) => {
            let said = DeploymentFinalised::decode_log(&log.inner).map_err(cause)?;
            chain.law = Some((said.statuteHash, spot));
        }
        _ => return Err("a log that was not asked for".to_owned()),
    }
    Ok(())
}

fn spot(log: &Log) -> Result<Spot, String> {
    let (Some(block), Some(block_hash), Some(transaction), Some(index)) = (
        log.block_number,
        log.block_hash,
        log.transaction_hash,
        log.log_index,
    ) else {
        return Err("a log without its place in the chain".to_owned());
    };
    Ok(Spot {
        block,
        block_hash,
        transaction,
        index,
    })
}

/// Logs up to `at`, in their order, from a chain that holds `at` still when the last was given.
async fn logs<P: Provider>(
    provider: &P,
    filter: &Filter,
    from_block: u64,
    at: Head,
) -> Result<Vec<Log>, String> {
    logs_by(provider, filter, from_block, at, LOGS_SPAN).await
}

/// The same, asked for in one question where the endpoint takes that: of what is so seldom that few blocks hold any.
///
/// Errors: as [`stand`].
pub(crate) async fn seldom<P: Provider>(
    provider: &P,
    filter: &Filter,
    from_block: u64,
    at: Head,
) -> Result<Vec<Log>, String> {
    let all = at.number.saturating_sub(from_block).saturating_add(1);
    logs_by(provider, filter, from_block, at, all).await
}

async fn logs_by<P: Provider>(
    provider: &P,
    filter: &Filter,
    from_block: u64,
    at: Head,
    mut span: u64,
) -> Result<Vec<Log>, String> {
    let (mut from, mut found) = (from_block, Vec::new());
    while from <= at.number {
        let to = at.number.min(from.saturating_add(span.saturating_sub(1)));
        let asked = filter.clone().from_block(from).to_block(to);
        match provider.get_logs(&asked).await {
            Ok(logs) => {
                found.extend(logs);
                from = to.saturating_add(1);
            }
            Err(error) if span > 1 && error.is_error_resp() => span /= 2,
            Err(error) => return Err(error.to_string()),
        }
    }
    if head(provider, at.number).await?.hash != at.hash {
        return Err(format!(
            "block {} was taken back while it was read",
            at.number
        ));
    }
    let order = |log: &Log| (log.block_number, log.log_index);
    if !found.is_sorted_by(|above, below| order(above) < order(below)) {
        return Err("logs out of order, or one of them twice".to_owned());
    }
    Ok(found)
}

/// Tiers of all nodes, from pages whose code is what the contract hashes.
async fn tiers<P: Provider>(
    provider: &P,
    members: &Members,
    mission: B256,
    nodes: u16,
    block: BlockId,
) -> Result<Vec<u8>, String> {
    let contract = IStatute::new(members.statute, provider);
    let mut tiers = Vec::with_capacity(nodes.into());
    for index in 0..nodes.div_ceil(NODES_PER_PAGE) {
        let page = contract.page(mission, index).block(block).call().await;
        let page = page.map_err(cause)?;
        let code = provider.get_code_at(page.account).block_id(block).await;
        let code = code.map_err(cause)?;
        let read = Page::read(code.get(1..).unwrap_or_default());
        match read.filter(|_| keccak256(&code) == page.codehash) {
            Some(page) => tiers.extend(page.each().map(|node| node.tier)),
            None => return Err(format!("page {index} of mission {mission} is no page")),
        }
    }
    if tiers.len() != usize::from(nodes) {
        return Err(format!("mission {mission} has other pages than nodes"));
    }
    Ok(tiers)
}

/// The completion digest that a mission began with, after it took over nodes of the one before it (RULINGS R18). Nothing when the
/// transaction that did it went through another contract, so that its pairs are not its own data.
async fn base<P: Provider>(
    provider: &P,
    members: &Members,
    (before, mission): (B256, B256),
    from_block: u64,
    at: Head,
) -> Result<Option<B256>, String> {
    let filter = Filter::new()
        .address(members.collaboration)
        .event_signature(MissionRelegislated::SIGNATURE_HASH)
        .topic1(before)
        .topic2(mission);
    let found = logs(provider, &filter, from_block, at).await?;
    let Some(log) = found.first() else {
        return Ok(Some(B256::ZERO));
    };
    let transaction = spot(log)?.transaction;
    let sent = provider.get_transaction_by_hash(transaction).await;
    let sent = sent
        .map_err(cause)?
        .ok_or_else(|| format!("it does not know transaction {transaction}"))?;
    let Ok(call) = ICollaboration::relegislateCall::abi_decode(sent.input()) else {
        return Ok(None);
    };
    if sent.to() != Some(members.collaboration) || call.successor != mission {
        return Ok(None);
    }
    let collaboration = ICollaboration::new(members.collaboration, provider);
    let mut digest = B256::ZERO;
    for [_, node] in call.imported {
        let known = collaboration.node(mission, node);
        let known = known.block(BlockId::hash(at.hash)).call().await;
        let taken = Completion {
            node,
            output: known.map_err(cause)?.outputHash,
            trail: before,
            ..Completion::default()
        };
        digest = taken.fold(digest);
    }
    Ok(Some(digest))
}
