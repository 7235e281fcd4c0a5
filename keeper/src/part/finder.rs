//! How a part finds its missions: it follows the city's logs for its stream, whose machine keeps which missions there are, and asks once
//! in which of them the agents that it serves have seats.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use agentcity_abi::ITreasury;
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
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
    },
};

/// Follows the city for one stream.
#[derive(Debug)]
pub(super) struct Finder {
    chain: Arc<CityChain>,
    city: City,
    contracts: log::City,
    following: tokio::sync::Mutex<Following>,
    /// Whether any of the served agents has a stake in a mission, as far as it was asked. A log that may change it forgets it.
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

    /// Those of the watched missions in which one of `agents` has, or had, a seat.
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
                    self.seated.lock().insert(one.mission, found);
                    found
                }
            };
            if is_seated {
                seated.insert(one.mission);
            }
        }
        Ok(seated)
    }

    /// Stake stands behind every seat, and where it came from stays when it is released.
    async fn asked<P: Provider>(
        &self,
        provider: &P,
        mission: B256,
        agents: &BTreeSet<Address>,
        at: Head,
    ) -> Result<bool, String> {
        let treasury = ITreasury::new(self.city.at(Peer::Treasury), provider);
        for agent in agents {
            let stake = treasury.lockedStake(mission, *agent);
            let stake = stake.block(BlockId::hash(at.hash)).call().await;
            if !stake.map_err(|error| error.to_string())?.source.is_zero() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
