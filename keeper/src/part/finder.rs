//! How a part finds its missions: it follows the city's logs for its stream, whose machine keeps which missions there are, and asks once
//! in which of them the agents that it serves have seats, or stand behind those who have.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use agentcity_abi::{ICollaboration, IEnactment, ILegislature, ITreasury};
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::{Filter, Log as Found},
    sol_types::SolEvent,
};
use parking_lot::Mutex;

use super::{CityChain, Feed};
use crate::{
    clock::Moment,
    event::Head,
    machine::missions::{Watched, reseats},
    source::{
        chain::Following,
        city::City,
        log::{self, Log},
        onchain,
    },
};

/// Follows the city for one stream.
#[derive(Debug)]
pub(super) struct Finder {
    chain: Arc<CityChain>,
    city: City,
    contracts: log::City,
    following: tokio::sync::Mutex<Following>,
    /// Whether any of the served agents has a stake in a mission, or stands behind one, as far as it was asked. A log that may change it forgets it.
    seated: Mutex<BTreeMap<B256, bool>>,
}

impl Finder {
    pub(super) fn new(chain: Arc<CityChain>, city: City) -> Self {
        Self {
            chain,
            contracts: city.contracts(),
            city,
            following: tokio::sync::Mutex::default(),
            seated: Mutex::default(),
        }
    }

    /// The city's contracts, for a machine that reads their logs.
    pub(super) fn contracts(&self) -> log::City {
        self.contracts.clone()
    }

    /// Delivers what the chain has new of the logs that `tells` wants. False when the host is gone.
    pub(super) async fn follow(
        &self,
        asked: Moment,
        feed: &mut Feed,
        tells: impl Fn(&log::City, &Log) -> bool + Sync,
    ) -> bool {
        let wants = |log: &Log| {
            if let Some(mission) = reseats(&self.contracts, log) {
                self.seated.lock().remove(&mission);
            }
            tells(&self.contracts, log)
        };
        let mut following = self.following.lock().await;
        self.chain.deliver(&mut following, asked, feed, wants).await
    }

    /// Those of the watched missions in which one of `agents` has, or had, a seat, or would take one that stays silent.
    ///
    /// Errors: why the chain could not be asked.
    pub(super) async fn seated<P: Provider>(
        &self,
        provider: &P,
        watched: &[Watched],
        agents: &BTreeSet<Address>,
        at: Head,
    ) -> Result<BTreeSet<B256>, String> {
        let open: BTreeSet<B256> = watched.iter().map(|one| one.mission).collect();
        self.seated
            .lock()
            .retain(|mission, _| open.contains(mission));
        let mut seated = BTreeSet::new();
        for one in watched {
            let known = self.seated.lock().get(&one.mission).copied();
            let is_seated = match known {
                Some(known) => known,
                None => {
                    let found = self.asked(provider, one.mission, agents, at).await?;
                    self.seated
                        .lock()
                        .extend(found.map(|found| (one.mission, found)));
                    found.unwrap_or(false)
                }
            };
            if is_seated {
                seated.insert(one.mission);
            }
        }
        Ok(seated)
    }

    /// Stake stands behind every seat, and where it came from stays when it is released. Who won none may stand behind those who did;
    /// where the logs that tell it cannot be had, nothing is known yet.
    async fn asked<P: Provider>(
        &self,
        provider: &P,
        mission: B256,
        agents: &BTreeSet<Address>,
        at: Head,
    ) -> Result<Option<bool>, String> {
        let treasury = ITreasury::new(self.city.at(Peer::Treasury), provider);
        for agent in agents {
            let stake = treasury.lockedStake(mission, *agent);
            let stake = stake.block(BlockId::hash(at.hash)).call().await;
            if !stake.map_err(|error| error.to_string())?.source.is_zero() {
                return Ok(Some(true));
            }
        }
        let behind = self.stands_behind(provider, mission, agents, at).await;
        let behind = behind.inspect_err(|cause| {
            tracing::info!(%mission, "who stands behind its seats is not known: {cause}");
        });
        Ok(behind.ok())
    }

    /// Whether one of them is a runner-up of the sessions that gave the mission its seats: a silent seat may become its own.
    async fn stands_behind<P: Provider>(
        &self,
        provider: &P,
        mission: B256,
        agents: &BTreeSet<Address>,
        at: Head,
    ) -> Result<bool, String> {
        let collaboration = ICollaboration::new(self.city.at(Peer::Collaboration), provider);
        let known = collaboration.mission(mission);
        let known = known.block(BlockId::hash(at.hash)).call().await;
        let first = known.map_err(|error| error.to_string())?.sessionId;
        let anew = Filter::new()
            .address(self.city.at(Peer::Collaboration))
            .event_signature(ICollaboration::NodeReassigned::SIGNATURE_HASH)
            .topic1(mission);
        let mut sessions = vec![first];
        for log in self.logs(provider, &anew, at).await? {
            let log = ICollaboration::NodeReassigned::decode_log(&log.inner);
            sessions.push(log.map_err(|error| error.to_string())?.sessionId);
        }
        let awards = Filter::new()
            .address(self.city.at(Peer::Enactment))
            .event_signature(IEnactment::NodeAwarded::SIGNATURE_HASH)
            .topic1(sessions.clone());
        let mut behind = BTreeSet::new();
        for log in self.logs(provider, &awards, at).await? {
            let log = IEnactment::NodeAwarded::decode_log(&log.inner);
            let log = log.map_err(|error| error.to_string())?;
            // Bids are told by their numbers plus one.
            behind.extend(log.runnerUp.checked_sub(1).map(|bid| (log.sessionId, bid)));
        }
        if behind.is_empty() {
            return Ok(false);
        }
        let own: Vec<B256> = agents.iter().map(Address::into_word).collect();
        let bids = Filter::new()
            .address(self.city.at(Peer::Legislature))
            .event_signature(ILegislature::BidPlaced::SIGNATURE_HASH)
            .topic1(sessions)
            .topic3(own);
        for log in self.logs(provider, &bids, at).await? {
            let log = ILegislature::BidPlaced::decode_log(&log.inner);
            let log = log.map_err(|error| error.to_string())?;
            if behind.contains(&(log.sessionId, log.bid)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn logs<P: Provider>(
        &self,
        provider: &P,
        filter: &Filter,
        at: Head,
    ) -> Result<Vec<Found>, String> {
        onchain::seldom(provider, filter, self.chain.from_block(), at).await
    }
}
