//! An agent that serves over HTTP: it signs with its key what its venue wants, and works as its script says.

use std::{fmt, future::Future, path::Path, sync::Arc};

use agentcity_abi::IVerification;
use agentcity_executor::{
    protocol::{
        AcceptanceRequest, Code, Failure, Identity, JobId, JobRequest, LiveCode, Refusal,
        Signature, Text, Venue,
    },
    server::{Handler, Recorder, Secret, Server, Settings, Work},
    signing::{Digest, Unsigned},
};
use agentcity_test_fixtures::city::life::GOOD_UNTIL;
use alloy::{
    primitives::{B256, keccak256},
    providers::RootProvider,
    signers::{SignerSync, local::PrivateKeySigner},
};
use parking_lot::Mutex;
use tokio::net::TcpListener;

/// Jobs at a time.
const JOBS_MAX: usize = 8;

/// What an agent does.
pub(crate) trait Script: fmt::Debug + Send + Sync + 'static {
    /// Its work.
    fn work(
        &self,
        request: Arc<JobRequest>,
        recorder: Recorder,
    ) -> impl Future<Output = Result<Work, Failure>> + Send;

    /// Whether it has room for work now.
    fn has_room(&self) -> bool {
        true
    }

    /// Until when its results count.
    fn result_deadline(&self) -> u64 {
        GOOD_UNTIL
    }

    /// What it holds in memory.
    fn context(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// The agent.
#[derive(Debug)]
pub(crate) struct Talker<S> {
    pub(crate) signer: PrivateKeySigner,
    pub(crate) service: B256,
    pub(crate) venue: Venue,
    /// What it runs now.
    pub(crate) code: Arc<Mutex<B256>>,
    /// Whom it asks whether what it sealed may be opened; where there is nobody, it opens nothing.
    pub(crate) chain: Option<RootProvider>,
    pub(crate) script: S,
}

impl<S: Script> Talker<S> {
    /// Serves at a port of this machine, with its jobs in `store`, until the runtime ends. Answers where.
    pub(crate) async fn serve(self, store: &Path) -> String {
        let settings = Settings {
            token: None,
            jobs_max: JOBS_MAX,
        };
        let server = Server::open(store, self, settings).expect("a store");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(server.serve(listener, std::future::pending()));
        address
    }

    fn signed(&self, digest: B256) -> Vec<u8> {
        let signature = self.signer.sign_hash_sync(&digest);
        signature.expect("a key signs").as_bytes().to_vec()
    }

    fn signature(&self, digest: Digest) -> Result<Signature, Refusal> {
        Signature::new(self.signed(digest.0)).map_err(internal)
    }
}

fn internal(error: impl fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, error.to_string())
}

impl<S: Script> Handler for Talker<S> {
    async fn identity(&self) -> Result<Identity, Refusal> {
        Ok(Identity {
            versions: vec![Text::cut("v1")],
            venue: self.venue,
            agent: self.signer.address(),
            services: vec![self.service],
        })
    }

    async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        let code_hash = *self.code.lock();
        Ok(LiveCode { service, code_hash })
    }

    async fn accept(&self, _: &AcceptanceRequest, digest: Digest) -> Result<Signature, Refusal> {
        self.signature(digest)
    }

    async fn take(&self, request: &JobRequest) -> Result<(), Refusal> {
        if request.service != self.service {
            return Err(Refusal::new(Code::Declined, "not its service"));
        }
        match self.script.has_room() {
            true => Ok(()),
            false => Err(Refusal::new(Code::Busy, "it has no room")),
        }
    }

    fn secret(&self, job: &JobId, of: Secret) -> B256 {
        keccak256(self.signed(keccak256(format!("{of:?} of {job}"))))
    }

    async fn work(&self, request: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        self.script.work(request, recorder).await
    }

    async fn sign(
        &self,
        _: &JobRequest,
        _: &Unsigned<'_>,
        digest: Digest,
    ) -> Result<Signature, Refusal> {
        self.signature(digest)
    }

    async fn open(&self, request: &JobRequest) -> Result<B256, Refusal> {
        let Some(chain) = &self.chain else {
            return Err(Refusal::new(Code::TooEarly, "nothing is sealed"));
        };
        let contract = IVerification::new(self.venue.verification, chain);
        let job = request.job;
        let record = contract.recordOf(job.mission, job.node, job.attempt);
        let record = record.call().await.map_err(internal)?;
        if record.revealUntil.is_zero() {
            return Err(Refusal::new(Code::TooEarly, "others may still commit"));
        }
        Ok(record.trailRoot)
    }

    async fn context(&self, _: &JobId) -> Vec<u8> {
        self.script.context()
    }

    fn result_deadline(&self, _: &JobRequest) -> u64 {
        self.script.result_deadline()
    }
}
