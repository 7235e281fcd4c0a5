//! What an agent says and does when somebody asks for its work: the executor's server takes requests, this decides.
//!
//! It asks its own endpoint whether a seat is its agent's, whether the node runs, and whether a seal may be opened. What is signed is
//! promised in the vault first, so no two results are ever signed for one seat (INV-DESK-01); salts leave with a reveal and nowhere
//! else (RULINGS A10).

use std::{collections::BTreeMap, future::Future, path::PathBuf, sync::Arc};

use agentcity_abi::{ICollaboration, IVerification};
use agentcity_domain::{machine::NodeState, peer::Peer};
use agentcity_executor::{
    protocol::{
        AcceptanceRequest, Check, Code, Failure, Identity, JobId, JobRequest, LiveCode, Refusal,
        Signature, Text, VERSION, Venue,
    },
    server::{Handler, Recorder, Secret, Work},
    signing::{Digest, Unsigned},
};
use agentcity_keeper::{
    source::{city::City, programs},
    statement,
};
use alloy::{
    eips::BlockId,
    primitives::{B256, keccak256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use parking_lot::Mutex;

use crate::vault::{Vault, VaultError};

/// How long a signed result counts beyond the node's own deadline, in seconds: thirty days, longer than any verification, review and
/// halt take together.
const RESULT_SECS: u64 = 30 * 86_400;
/// Files and folders of an artifact, as deep as people nest them.
const ARTIFACT_DEPTH_MAX: usize = 32;
/// Files of an artifact: more than a package has, and few enough to hash before a node is routed.
const ARTIFACT_FILES_MAX: usize = 4_096;

/// What does the work of a service. The agent's own key never reaches it.
pub trait Craft: Send + Sync + 'static {
    /// Does a job.
    fn work(
        &self,
        request: Arc<JobRequest>,
        recorder: Recorder,
    ) -> impl Future<Output = Result<Work, Failure>> + Send;
}

/// An agent that answers.
#[derive(Debug)]
pub struct Hand<Q, C> {
    provider: Q,
    city: City,
    key: PrivateKeySigner,
    accepts_seats: bool,
    artifacts: BTreeMap<B256, PathBuf>,
    craft: C,
    vault: Arc<Mutex<Vault>>,
    seed: B256,
}

impl<Q: Provider, C: Craft> Hand<Q, C> {
    /// `artifacts` are the files or folders of the services that it runs. `draw` makes the seed of all salts, once for ever.
    ///
    /// Errors: [`VaultError`].
    pub fn new(
        provider: Q,
        city: City,
        key: PrivateKeySigner,
        accepts_seats: bool,
        (artifacts, craft): (BTreeMap<B256, PathBuf>, C),
        vault: Arc<Mutex<Vault>>,
        draw: impl FnOnce() -> B256,
    ) -> Result<Self, VaultError> {
        let seed = {
            let mut vault = vault.lock();
            vault.bind(city.chain_id, city.constitution, key.address())?;
            vault.secret("seed of salts", draw)?
        };
        Ok(Self {
            provider,
            city,
            key,
            accepts_seats,
            artifacts,
            craft,
            vault,
            seed,
        })
    }

    const fn venue(&self) -> Venue {
        Venue {
            chain_id: self.city.chain_id,
            statute: self.city.at(Peer::Statute),
            verification: self.city.at(Peer::Verification),
        }
    }

    fn sign(&self, digest: Digest) -> Result<Signature, Refusal> {
        let signature = statement::sign(&self.key, digest.0).map_err(internal)?;
        Signature::new(signature.to_vec()).map_err(internal)
    }

    /// Whether the node of a job stands in this state, in this attempt, with this agent in this seat: the time of the block that says so.
    ///
    /// Errors: `Declined` if not; `Internal` if the chain does not answer.
    async fn seated(
        &self,
        job: &JobId,
        venue: &Venue,
        states: &[NodeState],
    ) -> Result<u64, Refusal> {
        if *venue != self.venue() {
            return Err(declined("it serves another city"));
        }
        let contract = ICollaboration::new(self.city.at(Peer::Collaboration), &self.provider);
        let at = programs::head(&self.provider).await.map_err(internal)?;
        let block = BlockId::hash(at.hash);
        let node = contract.node(job.mission, job.node).block(block);
        let node = node.call().await.map_err(internal)?;
        let state = NodeState::from_u8(node.state as u8);
        if node.attempt != job.attempt || !state.is_some_and(|state| states.contains(&state)) {
            return Err(declined(format!(
                "node {} is {state:?} in attempt {}",
                job.node, node.attempt
            )));
        }
        let seat = contract
            .seat(job.mission, job.node, job.seat.get())
            .block(block);
        let seat = seat.call().await.map_err(internal)?;
        if seat.agent != self.key.address() {
            return Err(declined(format!(
                "seat {} is {}, not this agent's",
                job.seat.get(),
                seat.agent
            )));
        }
        Ok(at.time.get())
    }
}

impl<Q: Provider + 'static, C: Craft> Handler for Hand<Q, C> {
    async fn identity(&self) -> Result<Identity, Refusal> {
        Ok(Identity {
            versions: vec![Text::new(VERSION).map_err(internal)?],
            venue: self.venue(),
            agent: self.key.address(),
            services: self.artifacts.keys().copied().collect(),
        })
    }

    async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        let Some(path) = self.artifacts.get(&service) else {
            return Err(Refusal::new(Code::Unknown, "no service of this agent"));
        };
        Ok(LiveCode {
            service,
            code_hash: artifact_hash(path).map_err(internal)?,
        })
    }

    async fn accept(
        &self,
        request: &AcceptanceRequest,
        digest: Digest,
    ) -> Result<Signature, Refusal> {
        if !self.accepts_seats {
            return Err(declined("its policy takes no seats"));
        }
        if request.executor != self.key.address() || !self.artifacts.contains_key(&request.service)
        {
            return Err(declined("no seat of this agent"));
        }
        // A seat may be taken before its node is eligible, and until it runs.
        let states = [NodeState::Waiting, NodeState::Eligible];
        self.seated(&request.job, &request.venue, &states).await?;
        self.sign(digest)
    }

    async fn take(&self, request: &JobRequest) -> Result<(), Refusal> {
        if request.agent != self.key.address() {
            return Err(declined("no job of this agent"));
        }
        if !self.artifacts.contains_key(&request.service) {
            return Err(declined("no service of this agent"));
        }
        let running = [NodeState::Executing];
        let now = self.seated(&request.job, &request.venue, &running).await?;
        // What is signed counts from the deadline that is named here on.
        if request.deadline < now {
            return Err(declined("the node's deadline is over"));
        }
        Ok(())
    }

    fn secret(&self, job: &JobId, of: Secret) -> B256 {
        let of = match of {
            Secret::Salt => "salt",
            Secret::Blind => "blind",
        };
        let words = format!("{of} of {job}");
        keccak256([self.seed.as_slice(), words.as_bytes()].concat())
    }

    async fn work(&self, request: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        self.craft.work(request, recorder).await
    }

    async fn sign(
        &self,
        request: &JobRequest,
        result: &Unsigned<'_>,
        digest: Digest,
    ) -> Result<Signature, Refusal> {
        let promised = self
            .vault
            .lock()
            .promise(&request.job, self.key.address(), result);
        match promised {
            Ok(()) => self.sign(digest),
            Err(error @ (VaultError::Contradiction { .. } | VaultError::NotOpening { .. })) => {
                Err(Refusal::new(Code::Conflict, error.to_string()))
            }
            Err(error) => Err(internal(error)),
        }
    }

    async fn open(&self, request: &JobRequest) -> Result<B256, Refusal> {
        let job = &request.job;
        match request.check {
            Check::Proof => Err(declined("a proof has no seal")),
            Check::Review => {
                let done = [NodeState::Completed];
                let pending = [
                    NodeState::Executing,
                    NodeState::PendingVerification,
                    NodeState::PendingReview,
                ];
                if self.seated(job, &request.venue, &done).await.is_ok() {
                    return Ok(B256::ZERO);
                }
                self.seated(job, &request.venue, &pending).await?;
                Err(early("the node is not completed"))
            }
            Check::Consensus(_) => {
                let running = [NodeState::Executing, NodeState::PendingVerification];
                self.seated(job, &request.venue, &running).await?;
                let at = programs::head(&self.provider).await.map_err(internal)?;
                let contract = IVerification::new(self.city.at(Peer::Verification), &self.provider);
                let record = contract
                    .recordOf(job.mission, job.node, job.attempt)
                    .block(BlockId::hash(at.hash));
                let record = record.call().await.map_err(internal)?;
                let until: u64 = record.revealUntil.to();
                if until == 0 {
                    return Err(early("the reveals are not open"));
                }
                if at.time.get() > until {
                    return Err(declined("the reveals are over"));
                }
                Ok(record.trailRoot)
            }
        }
    }

    async fn context(&self, _job: &JobId) -> Vec<u8> {
        Vec::new()
    }

    /// As long as a mission may last from the moment of the request on: beyond every window of its node.
    fn result_deadline(&self, request: &JobRequest) -> u64 {
        request.deadline.saturating_add(RESULT_SECS)
    }
}

fn declined(text: impl AsRef<str>) -> Refusal {
    Refusal::new(Code::Declined, text)
}

fn early(text: &str) -> Refusal {
    Refusal::new(Code::TooEarly, text)
}

fn internal(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, error.to_string())
}

/// The code hash of an artifact, by the rule of docs/services.md.
///
/// Errors: the system's; and links, what is neither file nor folder, and artifacts that are too large to be one.
pub fn artifact_hash(path: &std::path::Path) -> std::io::Result<B256> {
    let kind = std::fs::symlink_metadata(path)?.file_type();
    if kind.is_file() {
        return Ok(keccak256(std::fs::read(path)?));
    }
    if !kind.is_dir() {
        return Err(std::io::Error::other("an artifact is a file or a folder"));
    }
    let mut files = BTreeMap::new();
    gather(path, &mut Vec::new(), &mut files)?;
    let mut words = Vec::with_capacity(files.len() * 64);
    for (name, file) in files {
        words.extend_from_slice(keccak256(name).as_slice());
        words.extend_from_slice(keccak256(std::fs::read(file)?).as_slice());
    }
    Ok(keccak256(words))
}

/// Files below a folder, by their paths' bytes.
fn gather(
    folder: &std::path::Path,
    above: &mut Vec<String>,
    files: &mut BTreeMap<Vec<u8>, PathBuf>,
) -> std::io::Result<()> {
    if above.len() >= ARTIFACT_DEPTH_MAX {
        return Err(std::io::Error::other("an artifact nests too deep"));
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        let name = entry.file_name().into_string();
        let name = name.map_err(|_| std::io::Error::other("a name is not UTF-8"))?;
        above.push(name);
        if kind.is_dir() {
            gather(&path, above, files)?;
        } else if kind.is_file() {
            files.insert(above.join("/").into_bytes(), path);
        } else {
            return Err(std::io::Error::other("an artifact holds no links"));
        }
        above.pop();
        if files.len() > ARTIFACT_FILES_MAX {
            return Err(std::io::Error::other("an artifact has too many files"));
        }
    }
    Ok(())
}
