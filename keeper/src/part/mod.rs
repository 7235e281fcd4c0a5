//! Parts of the keeper: what each stream is about, what it observes, and how its actions are carried out.
//!
//! The [host](crate::daemon) owns all state: journal, leases, machines. A part owns none that decides; it asks the world in tasks of its
//! own and tells the host what it learnt through its [`Feed`], so that a slow answer to one part delays no other.
//!
//! A new part is one module beside [`programs`] that implements [`Part`], one machine, one variant in [`Event`] and in
//! [`Action`], one section in the configuration, and one line in [`raise`].

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use agentcity_hub::{mirror::MirrorError, store::LogError};
use alloy::{primitives::Address, providers::Provider};
use tokio::sync::mpsc;

use crate::{
    action::{Action, Outcome},
    clock::Moment,
    config::{Config, ConfigError},
    event::{Event, Head},
    executor::endpoint::Call,
    journal::Mark,
    library::LibraryError,
    machine::{Machine, missions::Watched},
    source::{
        agreed::Agreed,
        chain::{Chain, Position},
        endpoint::HttpEndpoint,
        ground::Ground,
        pool::Pool,
    },
    vault::VaultError,
};

pub mod board;
pub mod clerk;
pub mod escrow;
mod finder;
mod inlet;
pub mod log;
pub mod mirror;
mod missions;
pub mod monitor;
pub mod programs;
pub mod reconciliation;
pub mod router;
pub mod scribe;

/// How long one question may take: a round of the most programs still ends within the shortest sensible poll of an hour.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What runs beside the host.
pub type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// In whose name, and when, an action is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The account that would pay for a transaction; `None` when the keeper has no key.
    pub payer: Option<Address>,
    /// Now.
    pub now: Moment,
}

/// What an open action needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This transaction. It is signed, sent and settled by the transaction manager.
    Call(Call),
    /// Nothing: it ended so, by this part or by whomever.
    Ended(Outcome),
    /// It goes on elsewhere, or nothing can be done now: ask again at the next look.
    Later,
}

/// One part. Two parts of one keeper have streams of different names.
pub trait Part: fmt::Debug + Send + Sync {
    /// Name of its stream, under which it is leased and recorded.
    fn stream(&self) -> &str;

    /// Its machine, from a checkpoint or anew. `pays`: whether the keeper has a key, so that transactions can be wanted.
    ///
    /// Errors: the checkpoint is not one of this machine.
    fn machine(
        &self,
        state: Option<&str>,
        pays: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error>;

    /// Pause between the beginnings of two rounds of observation.
    fn pause(&self) -> Duration;

    /// Whether it follows the chain: then a round begins with the stream's [position](Feed::position).
    fn takes_logs(&self) -> bool {
        false
    }

    /// One round of observation. Whatever it waits for it waits for with an end: the next round begins when this one is over.
    /// `asked` is when the round began.
    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()>;

    /// Whether an action is carried out however many others wait for an answer: something goes on that must not.
    fn is_urgent(&self, action: &Action) -> bool {
        let _ = action;
        false
    }

    /// Does on the spot what needs no answer: telling. It is done in the order in which it was wanted, and in a drain too.
    fn at_once(&self, action: &Action) -> Option<Outcome>;

    /// Asks what an open action needs, or does what can be done and asked for without a transaction. It may be asked for one
    /// action any number of times, after a restart too, until it ended: so it first looks whether the thing is done already.
    /// [`ANSWER_WITHIN`] cuts it off.
    ///
    /// Errors: why it could not be asked. It is asked again.
    fn carry_out(self: Arc<Self>, action: Action, asking: Asking) -> Task<Result<Step, String>>;
}

/// What a part tells the host.
#[derive(Debug)]
pub(crate) struct News {
    /// Place of the part among the host's.
    pub(crate) seat: usize,
    /// Fence under which the stream was held when it was asked: news for an earlier holding is dropped.
    pub(crate) fence: u64,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Event(Box<Event>),
    /// Up to which block all was told, and the last that the part will not take back, where it knows one.
    Reached(u64, Option<Mark>),
}

/// The city's chain as a keeper reads it.
pub type CityChain = Chain<Pool<HttpEndpoint>>;

/// The way of events from a part to its stream: bounded, so a part that learns faster than is recorded waits.
#[derive(Clone, Debug)]
pub struct Feed {
    pub(crate) seat: usize,
    pub(crate) fence: u64,
    pub(crate) news: mpsc::Sender<News>,
    pub(crate) position: Position,
    pub(crate) watched: Vec<Watched>,
}

impl Feed {
    /// Where the stream stands, for a part that [takes logs](Part::takes_logs). It is there once, at the beginning of a round.
    pub fn position(&mut self) -> Position {
        std::mem::take(&mut self.position)
    }

    /// The same way, without what is there once.
    pub(crate) fn aside(&self) -> Self {
        Self {
            seat: self.seat,
            fence: self.fence,
            news: self.news.clone(),
            position: Position::default(),
            watched: Vec::new(),
        }
    }

    /// The missions that the stream's machine wants looked at. They are there once, at the beginning of a round.
    pub fn watched(&mut self) -> Vec<Watched> {
        std::mem::take(&mut self.watched)
    }

    /// Hands an event over; it is recorded in the order of this call. False when the host is gone, so there is nothing to observe for.
    pub async fn tell(&self, event: Event) -> bool {
        self.send(What::Event(Box::new(event))).await
    }

    /// Says that everything of the chain up to `block` that concerns this part was told. The host takes blocks that lie deep
    /// enough below for final from then on, so a part that takes logs never says more than it delivered.
    pub async fn reached(&self, block: u64) -> bool {
        self.send(What::Reached(block, None)).await
    }

    /// The same, of a part that takes nothing back up to `bottom`.
    pub(crate) async fn reached_above(&self, block: u64, bottom: Head) -> bool {
        let (number, hash) = (bottom.number, bottom.hash);
        let mark = Mark {
            block: number,
            hash,
        };
        self.send(What::Reached(block, Some(mark))).await
    }

    async fn send(&self, what: What) -> bool {
        let (seat, fence) = (self.seat, self.fence);
        self.news.send(News { seat, fence, what }).await.is_ok()
    }
}

/// Why a part cannot be raised. Nothing was begun.
#[derive(Debug, thiserror::Error)]
pub enum RaiseError {
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] ConfigError),
    /// The log cannot be opened.
    #[error("log: {0}")]
    Log(#[from] LogError),
    /// There are no means to connect to mirrors.
    #[error("log.mirrors: {0}")]
    Mirrors(#[from] MirrorError),
    /// What is to be sealed has no place.
    #[error("mirror: {0}")]
    Vault(#[from] VaultError),
    /// The documents cannot be read.
    #[error("router.{0}")]
    Documents(#[from] LibraryError),
    /// There are no means to connect to executors.
    #[error(transparent)]
    Router(#[from] router::SectionError),
    /// A part works in a city, and none was found.
    #[error("city: {0} works in a city, and none was looked for on this chain")]
    City(&'static str),
    /// Words about outages cannot be exchanged.
    #[error(transparent)]
    Exchange(#[from] escrow::ExchangeError),
    /// Nothing can be scored.
    #[error(transparent)]
    Ears(#[from] monitor::EarsError),
}

/// The parts that a configuration asks for, on the ground that was found for it. Those that follow logs follow `chain`, which is there
/// when there is a city. What moves money or is written down as a fact is asked of all `providers`.
///
/// Errors: [`RaiseError`].
pub fn raise<P: Provider + Clone + 'static>(
    config: &Config,
    providers: &[P],
    chain: Option<&Arc<CityChain>>,
    ground: &Ground,
) -> Result<Vec<Arc<dyn Part>>, RaiseError> {
    let agreed = Agreed::new(providers.to_vec(), config.quorum).map_err(ConfigError::Quorum)?;
    // A quorum is of one at least.
    let provider = &providers[0];
    let mut parts: Vec<Arc<dyn Part>> = Vec::new();
    let city = |part| ground.city.ok_or(RaiseError::City(part));
    let followed = |part| chain.cloned().ok_or(RaiseError::City(part));
    let key = config.key()?;
    if !config.programs.is_empty() {
        parts.push(Arc::new(programs::ProgramLives::new(
            config,
            agreed.clone(),
        )));
    }
    // The configuration holds neither log nor mirror without a key.
    if let (Some(kept), Some(signer)) = (&config.log, &key) {
        let (city, signer) = (city("log")?, signer.clone());
        let asked = (provider.clone(), agreed.clone());
        let part = log::Keeping::raise(config, kept, signer, asked, &city)?;
        let (log, depth) = (part.log(), config.depth_blocks);
        parts.push(Arc::new(part));
        let chain = followed("log")?;
        let part = scribe::Writing::new(agreed.clone(), city, chain, log, depth);
        parts.push(Arc::new(part));
    }
    let site = missions::Site {
        city: ground.city,
        chain: chain.cloned(),
    };
    let raised = missions::raise(config, provider, key.as_ref(), &site)?;
    parts.extend(raised.parts);
    if let (Some(section), Some(key)) = (&config.reconciliation, &key) {
        let fabric = raised.router.map(|router| router as _);
        let author = key.address();
        let of = "reconciliation";
        let site = (city(of)?, followed(of)?, agreed);
        parts.push(reconciliation::raise(
            config, section, author, site, fabric,
        )?);
    }
    Ok(parts)
}

/// An answer, or that there was none in time.
pub(crate) async fn within<T>(
    answer: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}
