//! Facts that a regulator's decision follows from.

use std::collections::BTreeMap;

use agentcity_abi::{ILegislature, IStatute};
use agentcity_domain::{
    legislation::{
        award::{Bidder, Offer, Terms},
        session::Kind,
    },
    parameter::ParameterId as P,
    peer::Peer,
    statute::{NODES_PER_PAGE, Node, Page},
};
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
};

use super::{Hand, Stop, block, imports};
use crate::{
    event::Head,
    source::city::cause,
    statement::{
        decision::{Award, Bid, Facts, Service},
        proposal,
    },
};

/// Agents or services of one question.
const ASKED_AT_ONCE: usize = 64;
/// Bids of one answer of the legislature.
const ANSWERED: usize = 16;
/// Most bids on a node, and so the most answers that are read of it.
const NODE_BIDS_MAX: usize = P::MaxNodeBids.constant() as usize;

impl<Q: Provider> Hand<'_, Q> {
    /// Everything that the decision about a session follows from, as of a block.
    pub(super) async fn facts(
        &self,
        session: B256,
        of: &ILegislature::Session,
        at: Head,
    ) -> Result<Facts, Stop> {
        let values = self.bounding(of.epoch, at).await?;
        let (nodes, objection) = self.nodes(of, at, |id| values.of(id)).await?;
        let mut placed = Vec::new();
        for node in nodes.keys() {
            placed.extend(self.bids_on(session, *node, at).await?);
        }
        let bidders = self.bidders(&placed, at).await?;
        let bids: Vec<Bid> = placed
            .iter()
            .map(|bid| Bid {
                number: bid.number,
                node: bid.node,
                open: bid.state as u8 == ILegislature::BidState::Open as u8,
                offer: Offer {
                    price: bid.price,
                    stake: bid.stake,
                    fit: bid.matchPermille,
                    tier: bid.tierAcceptance,
                },
                bidder: bidders.get(&bid.agent).copied().unwrap_or(Bidder {
                    principal: Address::ZERO,
                    bars: u8::MAX,
                    score: 0,
                }),
                service: bid.serviceId,
            })
            .collect();
        let mut won = BTreeMap::new();
        for node in nodes.keys() {
            let award = self
                .enactment()
                .awardOf(session, *node)
                .block(block(at))
                .call()
                .await
                .map_err(cause)?;
            if !award.bids.is_empty() {
                won.insert(*node, award.bids);
            }
        }
        let law = self.law(session, at).await?;
        let scale = self.unit_scale(at).await?;
        let units = |id| scale.saturating_mul(values.of(id).into());
        let agents = self.agents();
        let answers = agents.principalOf(of.sponsor).block(block(at));
        let services = self.services_of(&bids, &won, at).await?;
        Ok(Facts {
            terms: Terms {
                quality: permille(values.of(P::BidQualityWeight)),
                stakes: [
                    units(P::MinStakeLow),
                    units(P::MinStakeMedium),
                    units(P::MinStakeHigh),
                ],
                sponsors: [of.sponsor, answers.call().await.map_err(cause)?],
            },
            nodes,
            bids,
            won,
            services,
            award: (!law.assignmentsHash.is_zero()).then_some(Award {
                assignments_hash: law.assignmentsHash,
                fairness: law.fairness,
            }),
            fairness_min: permille(values.of(P::MinFairnessScore)),
            waived: law.fairnessWaived,
            objection,
        })
    }

    /// The nodes that are bid on, and what the constitution has against their statute. A session for one node has its mission's statute,
    /// which is law.
    async fn nodes(
        &self,
        of: &ILegislature::Session,
        at: Head,
        value: impl Fn(P) -> u32,
    ) -> Result<(BTreeMap<u16, Node>, Option<String>), Stop> {
        if of.kind as u8 == Kind::Partial as u8 {
            let node = self.deployed_node(of.missionId, of.node, at).await?;
            return Ok((BTreeMap::from([(of.node, node)]), None));
        }
        let document = self.document(of.statuteHash)?;
        let nodes = document
            .tasks()
            .zip(0..)
            .filter(|(task, _)| !task.node.is_imported())
            .map(|(task, number)| (number, task.node));
        let lawful = proposal::lawful(document, value, imports(of.kind as u8));
        Ok((nodes.collect(), lawful.err().map(|unfit| unfit.to_string())))
    }

    async fn deployed_node(&self, mission: B256, node: u16, at: Head) -> Result<Node, Stop> {
        let statute = IStatute::new(self.city.at(Peer::Statute), self.provider);
        let page = statute
            .page(mission, node / NODES_PER_PAGE)
            .block(block(at));
        let page = page.call().await.map_err(cause)?;
        let code = self.provider.get_code_at(page.account).block_id(block(at));
        let code = code.await.map_err(cause)?;
        // A page begins with a zero byte, so that nobody can run it (RULINGS A6).
        let bytes = code.get(1..).unwrap_or_default();
        Page::read(bytes)
            .and_then(|page| page.node(node % NODES_PER_PAGE))
            .ok_or_else(|| {
                Stop::Refused(format!("mission {mission} has no node {node} on its pages"))
            })
    }

    async fn bids_on(
        &self,
        session: B256,
        node: u16,
        at: Head,
    ) -> Result<Vec<ILegislature::Bid>, String> {
        let mut all = Vec::new();
        while all.len() < NODE_BIDS_MAX {
            let first = u32::try_from(all.len()).unwrap_or(u32::MAX);
            let legislature = self.legislature();
            let part = legislature.bidsOn(session, node, first);
            let part = part.block(block(at)).call().await.map_err(cause)?;
            let is_last = part.len() < ANSWERED;
            all.extend(part);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn bidders(
        &self,
        placed: &[ILegislature::Bid],
        at: Head,
    ) -> Result<BTreeMap<Address, Bidder>, String> {
        let mut agents: Vec<Address> = placed.iter().map(|bid| bid.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        let (contract, mut bidders) = (self.agents(), BTreeMap::new());
        for part in agents.chunks(ASKED_AT_ONCE) {
            let answers = contract.standings(part.to_vec()).block(block(at));
            for (agent, standing) in part.iter().zip(answers.call().await.map_err(cause)?) {
                let bidder = Bidder {
                    principal: standing.principal,
                    bars: standing.bars,
                    score: standing.score,
                };
                bidders.insert(*agent, bidder);
            }
        }
        Ok(bidders)
    }

    async fn services_of(
        &self,
        bids: &[Bid],
        won: &BTreeMap<u16, Vec<u32>>,
        at: Head,
    ) -> Result<BTreeMap<B256, Service>, String> {
        let winning = |bid: &&Bid| won.values().any(|numbers| numbers.contains(&bid.number));
        let mut ids: Vec<B256> = bids.iter().filter(winning).map(|bid| bid.service).collect();
        ids.sort_unstable();
        ids.dedup();
        let (contract, mut services) = (self.services(), BTreeMap::new());
        for part in ids.chunks(ASKED_AT_ONCE) {
            let answers = contract.standings(part.to_vec()).block(block(at));
            for (id, standing) in part.iter().zip(answers.call().await.map_err(cause)?) {
                let service = Service {
                    code_hash: standing.codeHash,
                    deprecated: standing.deprecatedAt != 0 || standing.codeHash.is_zero(),
                };
                services.insert(*id, service);
            }
        }
        Ok(services)
    }
}

fn permille(value: u32) -> u16 {
    value.try_into().unwrap_or(u16::MAX)
}
