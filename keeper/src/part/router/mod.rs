//! The router's part: looks at missions and at the executors that this keeper knows, and carries out what its machine wants.
//!
//! Nothing that an executor says is recorded but how its job stands: results and signatures are asked for again when they are
//! relayed, and asking again is the same. So the journal holds no output and no signature, and what it holds open can always be asked of
//! chain and executor.

mod carry;
mod chain;
mod claims;
mod law;
mod look;
mod section;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use agentcity_executor::client::Client;
use alloy::{
    primitives::{Address, B256, Bytes},
    providers::Provider,
};
use tokio::sync::Mutex;

pub(crate) use self::section::Section;
pub use self::{chain::Members, law::Texts, section::SectionError};
use self::{
    chain::{Chain, Service},
    law::Law,
};
use super::{Asking, Feed, Part, Step, Task};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    event::Event,
    machine::{
        Machine,
        router::{self, Router, Served},
    },
    source::programs,
};

/// The stream of the router.
pub const STREAM: &str = "router";
/// Most outputs that are kept at hand: what the inputs of as many nodes as work at a time need. Others are fetched again.
const OUTPUTS_MAX: usize = 256;

/// For whom and with whom the router works.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The city's members.
    pub members: Members,
    /// Executors by their agents: those that it serves, and others that it may ask for live code and outputs.
    pub executors: BTreeMap<Address, Client>,
    /// The agents that it serves.
    pub served: BTreeSet<Address>,
    /// The missions that it works on.
    pub missions: Vec<B256>,
    /// What is known of their law besides its pages.
    pub texts: Texts,
    /// Pause between two looks.
    pub pause: Duration,
}

/// Works on missions.
pub struct Routing<P> {
    provider: P,
    setup: Setup,
    /// Laws, services and outputs never change: each is asked for once.
    laws: Mutex<BTreeMap<B256, Arc<Law>>>,
    services: Mutex<BTreeMap<B256, Service>>,
    outputs: Mutex<BTreeMap<B256, Bytes>>,
}

// A provider's address may carry a key.
impl<P> fmt::Debug for Routing<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routing")
            .field("served", &self.setup.served)
            .field("missions", &self.setup.missions)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Routing<P> {
    /// Knowing nothing yet.
    pub fn new(provider: P, setup: Setup) -> Self {
        Self {
            provider,
            setup,
            laws: Mutex::default(),
            services: Mutex::default(),
            outputs: Mutex::default(),
        }
    }

    async fn law(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        nodes: u16,
    ) -> Result<Arc<Law>, String> {
        let mut laws = self.laws.lock().await;
        if let Some(law) = laws.get(&mission) {
            return Ok(Arc::clone(law));
        }
        let statute = self.setup.members.statute;
        let law = Law::read(&self.provider, statute, mission, nodes, chain.at).await?;
        let law = Arc::new(law);
        laws.insert(mission, Arc::clone(&law));
        Ok(law)
    }

    async fn service(&self, chain: &Chain<'_, P>, service: B256) -> Result<Service, String> {
        let mut services = self.services.lock().await;
        if let Some(known) = services.get(&service) {
            return Ok(known.clone());
        }
        let asked = chain.service(service).await?;
        services.insert(service, asked.clone());
        Ok(asked)
    }

    async fn keep_output(&self, hash: B256, output: Bytes) {
        let mut outputs = self.outputs.lock().await;
        while outputs.len() >= OUTPUTS_MAX {
            outputs.pop_first();
        }
        outputs.insert(hash, output);
    }
}

impl<P: Provider + 'static> Part for Routing<P> {
    fn stream(&self) -> &str {
        STREAM
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        let served = Served {
            agents: self.setup.served.clone(),
        };
        Ok(Box::new(match state {
            Some(state) => Router::resume(served, state)?,
            None => Router::new(served),
        }))
    }

    fn pause(&self) -> Duration {
        self.setup.pause
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            let at = match super::within(programs::head(&self.provider)).await {
                Ok(at) => at,
                Err(cause) => return tracing::warn!("no mission is looked at: {cause}"),
            };
            for mission in &self.setup.missions {
                match super::within(self.look(*mission, at, asked)).await {
                    Ok(sight) => {
                        if !feed.tell(Event::Router(sight)).await {
                            return;
                        }
                    }
                    Err(cause) => tracing::warn!(%mission, "not looked at: {cause}"),
                }
            }
            feed.reached(at.number).await;
        })
    }

    fn at_once(&self, action: &Action) -> Option<Outcome> {
        let Action::Router(router::Action::Tell { mission, text, .. }) = action else {
            return None;
        };
        tracing::warn!(%mission, "{text}");
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, action: Action, asking: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            let Action::Router(router::Action::Do { steps }) = action else {
                return Ok(Step::Later);
            };
            let steps = steps.into_iter().map(|(step, _)| step).collect();
            self.carry(steps, asking.payer).await
        })
    }
}
