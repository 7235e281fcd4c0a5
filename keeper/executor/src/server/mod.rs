//! Who answers for an agent: [`Handler`] is what an agent says and does, everything else (HTTP, bounds, the store, concurrency, stops)
//! is here.

mod recorder;

use std::{future::Future, sync::Arc};

use alloy::primitives::B256;

use crate::{
    protocol::{
        AcceptanceRequest, Failure, Identity, JobId, JobRequest, LiveCode, Refusal, Signature,
    },
    signing::{Digest, Unsigned},
};
pub use recorder::{Halted, Recorder};

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

    /// What the service holds in memory, when a job is stopped: as the owner hands it out, sealed for whom he likes.
    fn context(&self, job: &JobId) -> impl Future<Output = Vec<u8>> + Send;

    /// Unix milliseconds.
    fn now_ms(&self) -> u64;
}
