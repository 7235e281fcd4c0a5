//! The router's part: looks at missions and at the executors that this keeper knows, and carries out what its machine wants.
//!
//! Nothing that an executor says is recorded but how its job stands: results and signatures are asked for again when they are
//! relayed, and asking again is the same. So the journal holds no output and no signature, and what it holds open can always be asked of
//! chain and executor.

mod carry;
mod chain;
mod claims;
mod close;
mod exits;
mod guard;
mod law;
mod look;
mod outlook;
mod outputs;
mod section;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use agentcity_abi::ICollaboration::Mission;
use agentcity_domain::{mission::node::seconds, parameter::ParameterId, peer::Peer, time::Millis};
use agentcity_executor::client::Client;
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes},
    providers::Provider,
};
use parking_lot::RwLock;
use tokio::sync::Mutex;

pub(crate) use self::outlook::{Has, Outlook};
pub(crate) use self::section::Section;
use self::{
    chain::{Chain, Service},
    law::Law,
};
pub use self::{
    guard::Guard,
    law::Texts,
    section::{SectionError, Settings},
};
use super::{Asking, CityChain, Feed, Part, Step, Task, finder::Finder};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    event::{Event, Head},
    executor::remote::Remote,
    library::Library,
    machine::{
        Machine,
        missions::{self, Watched},
        router::{self, Router, Served},
    },
    source::{city::City, programs},
};

/// The stream of the router.
pub const STREAM: &str = "router";
/// Most outputs that are kept at hand: what the inputs of as many nodes as work at a time need. Others are fetched again.
const OUTPUTS_MAX: usize = 256;
/// How long the city's word on how rare looks may be counts, before it is asked again.
const WAIT_KNOWN_FOR: Millis = Millis::new(60_000);

/// For whom and with whom the router works.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The city.
    pub city: City,
    /// Executors by their agents: those that it serves, and others that it may ask for live code and outputs.
    pub executors: BTreeMap<Address, Client>,
    /// The agents that it serves.
    pub served: BTreeSet<Address>,
    /// The missions that it works on; where it follows the city's logs, on no others of those that it finds, and on all when empty.
    pub missions: Vec<B256>,
    /// What is known of their law besides its pages.
    pub texts: Texts,
    /// Pause between two looks, where the city does not want them oftener (`anchorIntervalMs`).
    pub pause: Duration,
}

impl Setup {
    /// What stops the executors that it serves.
    pub fn stopper(&self) -> Remote {
        let served = |(agent, client): (&Address, &Client)| {
            let own = self.served.contains(agent);
            own.then(|| (*agent, client.clone()))
        };
        Remote::new(self.executors.iter().filter_map(served).collect())
    }
}

/// Works on missions.
pub struct Routing<P> {
    provider: P,
    setup: Setup,
    guard: Option<Guard>,
    /// Laws, services and outputs never change: each is asked for once.
    laws: Mutex<BTreeMap<B256, Arc<Law>>>,
    services: Mutex<BTreeMap<B256, Service>>,
    outputs: Mutex<BTreeMap<B256, Bytes>>,
    /// What is known of law, and where more of it comes.
    texts: RwLock<Texts>,
    library: Option<parking_lot::Mutex<Library>>,
    /// Where it finds its missions, unless it is told all of them.
    found: Option<Finder>,
    /// How long results may wait by the city, and when it said so.
    longest_wait: RwLock<Option<(Moment, Duration)>>,
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
            guard: None,
            laws: Mutex::default(),
            services: Mutex::default(),
            outputs: Mutex::default(),
            texts: RwLock::new(setup.texts.clone()),
            library: None,
            found: None,
            longest_wait: RwLock::default(),
            setup,
        }
    }

    /// Reads on in a folder of documents: the law of a mission that appears is written down before it is voted on.
    #[must_use]
    pub fn reading(mut self, library: Library) -> Self {
        let mut texts = self.texts.write();
        library.documents().for_each(|document| texts.add(document));
        drop(texts);
        self.library = Some(parking_lot::Mutex::new(library));
        self
    }

    fn read_on(&self) {
        let Some(library) = &self.library else { return };
        let mut library = library.lock();
        let before = library.len();
        if let Err(error) = library.refresh() {
            tracing::warn!("{error}");
        }
        if library.len() > before {
            let mut texts = self.texts.write();
            library.documents().for_each(|document| texts.add(document));
        }
    }

    /// Finds its missions in the logs of the city: those in which the agents that it serves have seats.
    #[must_use]
    pub fn following(mut self, chain: Arc<CityChain>) -> Self {
        self.found = Some(Finder::new(chain, self.setup.city));
        self
    }

    /// One round: what the logs have new, then each mission as of the newest block.
    async fn round(&self, asked: Moment, mut feed: Feed) -> Result<(), String> {
        self.read_on();
        let watched = feed.watched();
        if let Some(found) = &self.found
            && !found.follow(asked, &mut feed, missions::tells).await
        {
            return Ok(());
        }
        let at = super::within(programs::head(&self.provider)).await?;
        let Some(found) = &self.found else {
            for mission in &self.setup.missions {
                if !self.show(*mission, at, asked, &feed).await {
                    return Ok(());
                }
            }
            feed.reached(at.number).await;
            return Ok(());
        };
        let chosen = |one: &&Watched| {
            self.setup.missions.is_empty() || self.setup.missions.contains(&one.mission)
        };
        let seated = found
            .seated(&self.provider, &watched, &self.setup.served, at)
            .await?;
        for one in watched.iter().filter(chosen) {
            let goes_on = if seated.contains(&one.mission) {
                self.show(one.mission, at, asked, &feed).await
            } else if one.ended {
                // Nothing of it is ours: so the machine needs to know nothing but that.
                self.show_end(one.mission, at, asked, &feed).await
            } else {
                true
            };
            if !goes_on {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Results leave at a look: so the city says how rare looks may be (`anchorIntervalMs`; RULINGS R4).
    async fn learn_longest_wait(&self, asked: Moment) -> Result<(), String> {
        let known = *self.longest_wait.read();
        // A clock that was set back is asked by anew.
        let holds = |told: Moment| told <= asked && asked.since(told) < WAIT_KNOWN_FOR;
        if known.is_some_and(|(told, _)| holds(told)) {
            return Ok(());
        }
        let id = ParameterId::AnchorIntervalMs;
        let (city, newest) = (self.setup.city, BlockId::latest());
        let values = city.in_force(&self.provider, newest, &[id]).await?;
        let longest = Duration::from_millis(values.of(id).into());
        *self.longest_wait.write() = Some((asked, longest));
        Ok(())
    }

    /// False when the host is gone.
    async fn show(&self, mission: B256, at: Head, asked: Moment, feed: &Feed) -> bool {
        match super::within(self.look(mission, at, asked)).await {
            Ok(sight) => feed.tell(Event::Router(sight)).await,
            Err(cause) => {
                tracing::warn!(%mission, "not looked at: {cause}");
                true
            }
        }
    }

    async fn show_end(&self, mission: B256, at: Head, asked: Moment, feed: &Feed) -> bool {
        match super::within(self.look_whole(mission, at, asked)).await {
            Ok((sight, _)) => feed.tell(Event::Router(sight)).await,
            Err(cause) => {
                tracing::warn!(%mission, "not looked at: {cause}");
                true
            }
        }
    }

    /// Has nothing begun or passed on without the leave of a freeze mirror, and tells it what is used.
    #[must_use]
    pub fn guarded(self, guard: Guard) -> Self {
        Self {
            guard: Some(guard),
            ..self
        }
    }

    async fn law(
        &self,
        chain: &Chain<'_, P>,
        mission: B256,
        known: &Mission,
    ) -> Result<Arc<Law>, String> {
        let mut laws = self.laws.lock().await;
        if let Some(law) = laws.get(&mission) {
            return Ok(Arc::clone(law));
        }
        let (city, id) = (self.setup.city, ParameterId::RouteTimeoutMs);
        let own = city
            .values(&self.provider, chain.at, known.epoch, &[id])
            .await?;
        let routing = seconds(own.of(id).into());
        let statute = city.at(Peer::Statute);
        let of = (mission, known.nodes, routing);
        let law = Law::read(&self.provider, statute, of, chain.at).await?;
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
        let router = match state {
            Some(state) => Router::resume(served, state)?,
            None => Router::new(served),
        };
        Ok(Box::new(match &self.found {
            Some(found) => router.following(found.contracts()),
            None => router,
        }))
    }

    fn takes_logs(&self) -> bool {
        self.found.is_some()
    }

    fn pause(&self) -> Duration {
        let longest = *self.longest_wait.read();
        longest.map_or(self.setup.pause, |(_, longest)| {
            self.setup.pause.min(longest)
        })
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            if let Err(cause) = self.round(asked, feed).await {
                tracing::warn!("no mission is looked at: {cause}");
            }
            if let Err(cause) = super::within(self.learn_longest_wait(asked)).await {
                tracing::warn!("how long results may wait is not known anew: {cause}");
            }
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
