//! Who answers for an agent: [`Handler`] is what an agent says and does, everything else (HTTP, bounds, the store, concurrency, stops)
//! is here.

mod engine;
mod http;
mod recorder;
mod store;

use std::{
    future::Future,
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::primitives::B256;

use crate::{
    protocol::{
        AcceptanceRequest, Failure, Identity, JobId, JobRequest, LiveCode, Refusal, Signature,
    },
    signing::{Digest, Unsigned},
};
pub use recorder::{Halted, Recorder};
pub use store::StoreError;

/// Words of a job that only its agent can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Secret {
    /// Under which a value is sealed.
    Salt,
    /// By which the root of a trail tells nothing of its leaves.
    Blind,
}

/// What a service found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// The output: in tier 2 of another comparison than exact, the value itself (docs/executors.md).
    pub output: Vec<u8>,
    /// Tier 1: what proves it. Tier 3: where the sealed output is. Otherwise nothing.
    pub proof: Vec<u8>,
}

/// An agent at work. Methods may be called again for the same job after a crash, and at the same time for different ones.
///
/// A handler asks the chain itself and does not believe who asks it; the server holds requests to the protocol before it asks.
pub trait Handler: Send + Sync + 'static {
    /// Who it is.
    fn identity(&self) -> impl Future<Output = Result<Identity, Refusal>> + Send;

    /// What the service's code hashes to now: of the artifact itself, not of a note about it.
    fn live_code(&self, service: B256) -> impl Future<Output = Result<LiveCode, Refusal>> + Send;

    /// Signs that the seat is taken, if its policy and the chain let it. `digest` is what is to be signed.
    fn accept(
        &self,
        request: &AcceptanceRequest,
        digest: Digest,
    ) -> impl Future<Output = Result<Signature, Refusal>> + Send;

    /// Whether a job is taken: the chain says that the node runs, in this attempt, with this agent in this seat.
    fn take(&self, request: &JobRequest) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// A word of a job that nobody else can compute: the same for the same job, whenever it is asked for.
    fn secret(&self, job: &JobId, of: Secret) -> B256;

    /// Does the work. The server ends it when its time or its tokens are over, and when it is stopped: the future is dropped, and what
    /// it started must end with it.
    fn work(
        &self,
        request: Arc<JobRequest>,
        recorder: Recorder,
    ) -> impl Future<Output = Result<Work, Failure>> + Send;

    /// Signs a result that the server made of the work.
    fn sign(
        &self,
        request: &JobRequest,
        result: &Unsigned<'_>,
        digest: Digest,
    ) -> impl Future<Output = Result<Signature, Refusal>> + Send;

    /// Whether what was sealed may be opened, by its own view of the chain. Tier 2: the reveals are open; answers the trails of all who
    /// committed. Tier 3: the node is completed; answers zero.
    ///
    /// Errors: `TooEarly` before that; `Declined` when it never will be.
    fn open(&self, request: &JobRequest) -> impl Future<Output = Result<B256, Refusal>> + Send;

    /// What the service holds in memory, when a job is stopped: as the owner hands it out, sealed for whom he likes. Within a second, or the
    /// snapshot has none.
    fn context(&self, job: &JobId) -> impl Future<Output = Vec<u8>> + Send;

    /// Last second, unix by the chain's clock, at which a signed result of this job counts: beyond every window of its node.
    fn result_deadline(&self, request: &JobRequest) -> u64;

    /// Unix milliseconds, for the times in trails.
    fn now_ms() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |span| {
            u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
        })
    }
}

/// How a server behaves.
#[derive(Clone)]
pub struct Settings {
    /// What a caller must show for everything but reading; none: anyone may ask, which is for a machine of one's own.
    pub token: Option<Token>,
    /// Most jobs at a time, of all services together.
    pub jobs_max: usize,
}

/// A word that callers show. It is kept as its hash, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(B256);

impl Token {
    /// Of a word that was agreed on.
    pub fn new(word: &str) -> Self {
        Self(alloy::primitives::keccak256(word))
    }

    /// Whether it is this word. Hashes are compared, so how long that takes says nothing of the word.
    fn is(&self, word: &str) -> bool {
        *self == Self::new(word)
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("wants_token", &self.token.is_some())
            .field("jobs_max", &self.jobs_max)
            .finish()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// An agent's server.
#[derive(Debug)]
pub struct Server<H> {
    engine: Arc<engine::Engine<H>>,
    token: Option<Token>,
}

impl<H: Handler + std::fmt::Debug> Server<H> {
    /// Opens the store of jobs, or begins one, and goes on with those that nobody was told the end of. Two servers must not share a
    /// store. To be called within a runtime of tokio.
    ///
    /// Errors: [`StoreError`].
    pub fn open(store: &Path, handler: H, settings: Settings) -> Result<Self, StoreError> {
        let token = settings.token.clone();
        Ok(Self {
            engine: engine::Engine::open(store, handler, settings)?,
            token,
        })
    }

    /// Serves until `until` is over; what runs then goes on after the next start.
    ///
    /// Errors: the listener failed.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let engine = Arc::clone(&self.engine);
        let router = http::router(self.engine, self.token);
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(until)
            .await;
        engine.halt();
        served
    }
}
