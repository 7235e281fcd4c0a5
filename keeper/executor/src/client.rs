//! A keeper's side: asks an executor, and believes nothing that it can check.
//!
//! An executor may hang, flood, lie, answer something else, send elsewhere, or change its code between two questions. Every question
//! has a time and a size after which it is over, no redirect is followed, and an answer is held against what was asked before
//! anybody acts on it.

use std::{fmt, time::Duration};

use agentcity_domain::verification::proof;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use reqwest::{Method, StatusCode, Url, redirect};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    protocol::{
        Acceptance, AcceptanceRequest, Check, Commitment, Delivery, Failure, Identity, JobId,
        JobRequest, Kind, LiveCode, MESSAGE_BYTES_MAX, OUTPUT_BYTES_MAX, Output, Refusal,
        SAID_BYTES_MAX, SAID_KEPT_MAX, SAID_MAX, SERVICES_MAX, STEP_BYTES_MAX, Said, SignedResult,
        Snapshot, Standing, Usage, VERSION, Venue,
    },
    schema::{self, SchemaError},
    signing::Digest,
    trail::{Entry, TrailError},
    value,
};

/// Most bytes of an answer that holds neither output nor trail.
const SMALL_BYTES_MAX: usize = 64 << 10;
/// Most bytes of an answer that is an output: its digits in a string.
const OUTPUT_ANSWER_BYTES_MAX: usize = 2 * OUTPUT_BYTES_MAX + 64;
/// Bytes of a salt behind a value.
const SALT_BYTES: usize = 32;

/// How long questions may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until an answer is there, the last byte included.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            // A stop must not wait for a slow answer for long, and an output of a megabyte takes a second on a poor line.
            answer: Duration::from_secs(10),
        }
    }
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Ask again later.
    Retry,
    /// Asking again changes nothing: tell the operator.
    GiveUp,
}

/// Why there is no answer to act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It did not answer in time, or the connection failed. Whether it did what was asked is not known; asking again is harmless.
    #[error("{question}: no answer: {cause}")]
    Silent {
        /// What was asked.
        question: &'static str,
        /// Why.
        cause: String,
    },
    /// It answered with more than there can be to say.
    #[error("{question}: the answer has more than {most} bytes")]
    Flood {
        /// What was asked.
        question: &'static str,
        /// Bytes that are read.
        most: usize,
    },
    /// It sent elsewhere. Keys and tokens are for the address that was configured.
    #[error(
        "{question}: it sends elsewhere (status {status}): configure the address where the executor is"
    )]
    Redirected {
        /// What was asked.
        question: &'static str,
        /// The status.
        status: u16,
    },
    /// The answer is none of this protocol.
    #[error("{question}: status {status} and an answer that is none of this protocol: {cause}")]
    Malformed {
        /// What was asked.
        question: &'static str,
        /// The status.
        status: u16,
        /// Why.
        cause: String,
    },
    /// It refuses.
    #[error("{question}: refused: {refusal}")]
    Refused {
        /// What was asked.
        question: &'static str,
        /// What it said.
        refusal: Refusal,
    },
    /// It answered what cannot be so.
    #[error("{question}: not believed: {lie}")]
    Lie {
        /// What was asked.
        question: &'static str,
        /// What is wrong.
        lie: Lie,
    },
}

impl ClientError {
    /// What follows.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Silent { .. } => Disposition::Retry,
            Self::Refused { refusal, .. } => {
                if refusal.code.may_pass() {
                    Disposition::Retry
                } else {
                    Disposition::GiveUp
                }
            }
            Self::Flood { .. }
            | Self::Redirected { .. }
            | Self::Malformed { .. }
            | Self::Lie { .. } => Disposition::GiveUp,
        }
    }
}

/// What cannot be so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// It is of another city, or of another agent, than was configured.
    #[error("it is agent {found}, not {wanted}, or of another city")]
    Identity {
        /// Who was asked.
        wanted: Address,
        /// Who answered.
        found: Address,
    },
    /// It does not speak this version.
    #[error("it does not speak {VERSION}")]
    Version,
    /// It answered for another service, or of more than an agent has.
    #[error("it answered for another service")]
    Service,
    /// The code is not the registered one, or not that which was found before.
    #[error("the code is {found}, not {wanted}")]
    Code {
        /// What was registered, or found when the node was routed.
        wanted: B256,
        /// What is said now.
        found: B256,
    },
    /// A signature is not the agent's.
    #[error("the signature is not that of {0}")]
    Signature(Address),
    /// The standing is not one of this job's tier.
    #[error("it stands as no job of its tier does: {0}")]
    Standing(&'static str),
    /// The trail is not one of this job.
    #[error("the trail: {0}")]
    Trail(#[from] TrailError),
    /// The trail's root is not the one that was signed.
    #[error("the trail's root is not the one that was signed")]
    Root,
    /// The output is not the one whose hash was signed.
    #[error("the output is not the one whose hash was signed")]
    Output,
    /// The output is not what the law's schema allows.
    #[error("{0}")]
    Schema(#[from] SchemaError),
    /// What was opened is not what was sealed.
    #[error("what was opened is not what was sealed")]
    Seal,
    /// A proof that cannot hold: handing it in would fail the node.
    #[error("the proof does not open the node's commitment")]
    Proof,
    /// What it says that was said is not what its trail has the hashes of, or less of it than is kept.
    #[error("what was said is not what the trail has")]
    Said,
    /// More LLM tokens than the node has (RULINGS K13).
    #[error("{used} tokens were used, {allocated} were given")]
    Tokens {
        /// What the trail counts.
        used: u32,
        /// What the node has.
        allocated: u32,
    },
    /// The snapshot is of another job, or its trail has another root.
    #[error("the snapshot is not one of this job")]
    Snapshot,
}

/// How an agent signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// By a key: its signatures are checked here.
    Key,
    /// As a contract: only the chain can tell (ERC-1271).
    Contract,
}

/// One executor, as a keeper is configured for it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    venue: Venue,
    agent: Address,
    account: Account,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

/// An address is none of an executor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoExecutor {
    /// It is no URL of HTTP.
    #[error(
        "{0:?} is no address of an executor: wanted https://host[:port], or http:// on this machine"
    )]
    Address(String),
    /// The HTTP client does not start.
    #[error("the HTTP client does not start: {0}")]
    Client(String),
}

impl Client {
    /// Whether an executor can be at `base`.
    ///
    /// Errors: [`NoExecutor::Address`]; plain HTTP to another machine is refused, as for endpoints of services.
    pub fn address(base: &str) -> Result<Url, NoExecutor> {
        let no_address = || NoExecutor::Address(base.to_owned());
        agentcity_domain::service::endpoint::check(base.as_bytes()).map_err(|_| no_address())?;
        let url = Url::parse(base).map_err(|_| no_address())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(no_address());
        }
        Ok(url)
    }

    /// Of an agent at an address. `token` is what its owner wants to be shown.
    ///
    /// Errors: [`NoExecutor`].
    pub fn new(
        base: &str,
        agent: Address,
        account: Account,
        venue: Venue,
        token: Option<String>,
        patience: Patience,
    ) -> Result<Self, NoExecutor> {
        let url = Self::address(base)?;
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(patience.connect)
            .timeout(patience.answer)
            .build()
            .map_err(|error| NoExecutor::Client(error.to_string()))?;
        Ok(Self {
            http,
            base: url,
            token,
            venue,
            agent,
            account,
        })
    }

    /// The agent whose executor it is.
    pub const fn agent(&self) -> Address {
        self.agent
    }

    /// Who answers: the agent of the city that was configured.
    ///
    /// Errors: [`ClientError`].
    pub async fn identity(&self) -> Result<Identity, ClientError> {
        let question = "identity";
        let identity: Identity = self.read(question, "identity", SMALL_BYTES_MAX).await?;
        let lie = |lie| ClientError::Lie { question, lie };
        if identity.venue != self.venue || identity.agent != self.agent {
            return Err(lie(Lie::Identity {
                wanted: self.agent,
                found: identity.agent,
            }));
        }
        if identity
            .versions
            .iter()
            .all(|version| version.as_str() != VERSION)
        {
            return Err(lie(Lie::Version));
        }
        if identity.services.len() > SERVICES_MAX {
            return Err(lie(Lie::Service));
        }
        Ok(identity)
    }

    /// Asks a service's live code hash, and compares it with the registered one, within the service's latency limit.
    ///
    /// Errors: [`ClientError`]; `Silent` beyond the limit, `Lie` with [`Lie::Code`] for other code.
    pub async fn live_code(
        &self,
        service: B256,
        registered: B256,
        within: Duration,
    ) -> Result<B256, ClientError> {
        let question = "live code hash";
        let path = format!("services/{service:#x}");
        let asked = self.read::<LiveCode>(question, &path, SMALL_BYTES_MAX);
        let silent = |_| ClientError::Silent {
            question,
            cause: format!("not within {} ms", within.as_millis()),
        };
        let found = tokio::time::timeout(within, asked)
            .await
            .map_err(silent)??;
        let lie = |lie| ClientError::Lie { question, lie };
        if found.service != service {
            return Err(lie(Lie::Service));
        }
        if found.code_hash != registered {
            return Err(lie(Lie::Code {
                wanted: registered,
                found: found.code_hash,
            }));
        }
        Ok(found.code_hash)
    }

    /// Asks for the promise to take a seat.
    ///
    /// Errors: [`ClientError`].
    pub async fn accept(&self, request: &AcceptanceRequest) -> Result<Acceptance, ClientError> {
        let question = "acceptance";
        let acceptance: Acceptance = self
            .act(
                question,
                Method::POST,
                "acceptances",
                Some(request),
                SMALL_BYTES_MAX,
            )
            .await?;
        let digest = Digest::of_acceptance(request);
        if self.account == Account::Key && !digest.is_signed_by(self.agent, &acceptance.signature) {
            let lie = Lie::Signature(self.agent);
            return Err(ClientError::Lie { question, lie });
        }
        Ok(acceptance)
    }

    /// Asks for work, or how it stands. The answer is held against the request.
    ///
    /// Errors: [`ClientError`].
    pub async fn invoke(&self, request: &JobRequest) -> Result<Standing, ClientError> {
        let question = "work";
        let standing = self
            .act(
                question,
                Method::POST,
                "jobs",
                Some(request),
                MESSAGE_BYTES_MAX,
            )
            .await?;
        let checked = self.believe(request, &standing);
        checked.map_err(|lie| ClientError::Lie { question, lie })?;
        Ok(standing)
    }

    /// Asks how work stands.
    ///
    /// Errors: [`ClientError`].
    pub async fn standing(&self, request: &JobRequest) -> Result<Standing, ClientError> {
        let question = "standing";
        let path = format!("jobs/{}", request.job);
        let standing = self
            .act::<(), _>(question, Method::GET, &path, None, MESSAGE_BYTES_MAX)
            .await?;
        let checked = self.believe(request, &standing);
        checked.map_err(|lie| ClientError::Lie { question, lie })?;
        Ok(standing)
    }

    /// Asks what work used so far, while it runs: for whoever stops it, and wants neither request nor result. `None` when it runs no
    /// more.
    ///
    /// Errors: [`ClientError`].
    pub async fn usage(&self, job: &JobId) -> Result<Option<Usage>, ClientError> {
        let path = format!("jobs/{job}");
        let asked = self.act::<(), Standing>("usage", Method::GET, &path, None, MESSAGE_BYTES_MAX);
        Ok(match asked.await? {
            Standing::Running(usage) => Some(usage),
            Standing::Committed(_)
            | Standing::Delivered(_)
            | Standing::Failed(_)
            | Standing::Stopped(_) => None,
        })
    }

    /// Asks what was said in a job, from message `from` on, at most [`SAID_MAX`] of it. While the job runs nothing tells whether it is
    /// so; [`Self::heard`] does when it is done.
    ///
    /// Errors: [`ClientError`].
    pub async fn said(&self, job: &JobId, from: u32) -> Result<Said, ClientError> {
        let question = "what was said";
        let path = format!("jobs/{job}/messages/{from}");
        let said: Said = self
            .act::<(), _>(question, Method::GET, &path, None, MESSAGE_BYTES_MAX)
            .await?;
        if said.from < from || said.messages.len() > SAID_MAX {
            let lie = Lie::Said;
            return Err(ClientError::Lie { question, lie });
        }
        Ok(said)
    }

    /// Asks what was said in a job that is delivered, and holds it against the trail: all of it, but of very much only the end, and of a
    /// very long message only the beginning.
    ///
    /// Errors: [`ClientError`]; `Lie` with [`Lie::Said`] for other words than those that the trail was made of.
    pub async fn heard(
        &self,
        request: &JobRequest,
        delivery: &Delivery,
    ) -> Result<Vec<Bytes>, ClientError> {
        let question = "what was said";
        let lie = || ClientError::Lie {
            question,
            lie: Lie::Said,
        };
        let entries = delivery.trail.entries().iter();
        let hashes: Vec<B256> = entries
            .filter_map(|entry| match entry {
                Entry::Message { content, .. } => Some(*content),
                _ => None,
            })
            .collect();
        let mut heard: Vec<Bytes> = Vec::new();
        let (mut next, mut missing) = (0, None::<usize>);
        while next < hashes.len() {
            let from = u32::try_from(next).map_err(|_| lie())?;
            let said = self.said(&request.job, from).await?;
            let found = usize::try_from(said.from).map_err(|_| lie())?;
            // Only the first answer may begin later than what was asked for.
            if found != next && missing.is_some() || said.messages.is_empty() {
                return Err(lie());
            }
            missing.get_or_insert(found);
            next = found;
            for message in said.messages {
                let (bytes, hash) = (message.bytes(), hashes.get(next).ok_or_else(lie)?);
                if bytes.len() < STEP_BYTES_MAX && keccak256(bytes) != *hash {
                    return Err(lie());
                }
                heard.push(bytes.clone());
                next += 1;
            }
        }
        let bytes: usize = heard.iter().map(|bytes| bytes.len()).sum();
        let is_full = heard.len() >= SAID_KEPT_MAX || bytes + STEP_BYTES_MAX > SAID_BYTES_MAX;
        if missing.is_some_and(|missing| missing > 0) && !is_full {
            return Err(lie());
        }
        Ok(heard)
    }

    /// Asks to open what was sealed.
    ///
    /// Errors: [`ClientError`]; `Refused` with `TooEarly` before the chain lets it.
    pub async fn reveal(&self, request: &JobRequest) -> Result<Delivery, ClientError> {
        let question = "reveal";
        let path = format!("jobs/{}/reveal", request.job);
        let delivery = self
            .act::<(), _>(question, Method::POST, &path, None, MESSAGE_BYTES_MAX)
            .await?;
        let checked = self.believe_delivery(request, &delivery);
        checked.map_err(|lie| ClientError::Lie { question, lie })?;
        Ok(delivery)
    }

    /// Stops work at once. Of work that is delivered, which nothing can be stopped of, the snapshot tells what it was.
    ///
    /// Errors: [`ClientError`]; `Lie` for a snapshot of another job, or whose trail is not what it says.
    pub async fn stop(&self, job: &JobId) -> Result<Snapshot, ClientError> {
        let question = "stop";
        let path = format!("jobs/{job}");
        let snapshot: Snapshot = self
            .act::<(), _>(question, Method::DELETE, &path, None, MESSAGE_BYTES_MAX)
            .await?;
        if !snapshot.is_of(job) {
            let lie = Lie::Snapshot;
            return Err(ClientError::Lie { question, lie });
        }
        Ok(snapshot)
    }

    /// Asks for an output that the chain completed with this hash.
    ///
    /// Errors: [`ClientError`]; `Lie` for another output.
    pub async fn output(&self, check: Check, hash: B256) -> Result<Bytes, ClientError> {
        let question = "output";
        let path = format!("outputs/{hash:#x}");
        let output: Output = self.read(question, &path, OUTPUT_ANSWER_BYTES_MAX).await?;
        if value::output_hash(check, output.bytes()) != Some(hash) {
            let lie = Lie::Output;
            return Err(ClientError::Lie { question, lie });
        }
        Ok(output.bytes().clone())
    }

    /// Whether a standing can be one of this job.
    fn believe(&self, request: &JobRequest, standing: &Standing) -> Result<(), Lie> {
        match standing {
            Standing::Running(usage) => within_tokens(request, usage),
            Standing::Committed(commitment) => self.believe_commitment(request, commitment),
            Standing::Delivered(delivery) => self.believe_delivery(request, delivery),
            Standing::Failed(Failure { .. }) => Ok(()),
            Standing::Stopped(snapshot) if snapshot.is_of(&request.job) => Ok(()),
            Standing::Stopped(_) => Err(Lie::Snapshot),
        }
    }

    fn believe_commitment(&self, request: &JobRequest, commitment: &Commitment) -> Result<(), Lie> {
        same_code(request, commitment.code_hash)?;
        within_tokens(request, &commitment.usage)?;
        let wanted = match request.check {
            Check::Consensus(_) => Kind::Commit,
            Check::Review => Kind::Review,
            Check::Proof => return Err(Lie::Standing("a proof is not sealed")),
        };
        if commitment.result.kind != wanted {
            return Err(Lie::Standing("the result is of another kind"));
        }
        if commitment.result.trail_root.is_zero() {
            return Err(Lie::Root);
        }
        self.signed(request, &commitment.result)
    }

    fn believe_delivery(&self, request: &JobRequest, delivery: &Delivery) -> Result<(), Lie> {
        same_code(request, delivery.code_hash)?;
        let output = delivery.output.bytes();
        delivery.trail.check(request, output)?;
        within_tokens(request, &delivery.trail.usage())?;
        let result = &delivery.result;
        let value = value::value(request.check, output).ok_or(Lie::Output)?;
        if result.output_hash != keccak256(&value) {
            return Err(Lie::Output);
        }
        let wanted = match request.check {
            Check::Proof => Kind::Proof,
            Check::Consensus(_) => Kind::Reveal,
            Check::Review => Kind::Review,
        };
        if result.kind != wanted {
            return Err(Lie::Standing("the result is of another kind"));
        }
        match wanted {
            // It signs the trails of all; its own is bound by its commitment, which the chain keeps.
            Kind::Reveal => {
                let salt = result.proof.bytes().strip_prefix(&value[..]);
                if salt.is_none_or(|salt| salt.len() != SALT_BYTES) {
                    return Err(Lie::Seal);
                }
            }
            Kind::Proof | Kind::Commit | Kind::Review => {
                if result.trail_root != delivery.trail.root() {
                    return Err(Lie::Root);
                }
            }
        }
        if wanted == Kind::Proof {
            believe_proof(request, result)?;
        }
        schema::output(&request.task, output)?;
        self.signed(request, result)
    }

    fn signed(&self, request: &JobRequest, result: &SignedResult) -> Result<(), Lie> {
        let signed = match self.account {
            Account::Contract => true,
            Account::Key => result
                .digest(request)
                .is_signed_by(self.agent, &result.signature),
        };
        if signed && request.agent == self.agent {
            Ok(())
        } else {
            Err(Lie::Signature(self.agent))
        }
    }

    async fn read<A: DeserializeOwned>(
        &self,
        question: &'static str,
        path: &str,
        most: usize,
    ) -> Result<A, ClientError> {
        self.ask::<(), _>(question, Method::GET, path, None, most, None)
            .await
    }

    async fn act<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        question: &'static str,
        method: Method,
        path: &str,
        body: Option<&Q>,
        most: usize,
    ) -> Result<A, ClientError> {
        let token = self.token.as_deref();
        self.ask(question, method, path, body, most, token).await
    }

    async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        question: &'static str,
        method: Method,
        path: &str,
        body: Option<&Q>,
        most: usize,
        token: Option<&str>,
    ) -> Result<A, ClientError> {
        let silent = |error: reqwest::Error| ClientError::Silent {
            question,
            cause: plain(&error),
        };
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{VERSION}/{path}"));
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            let body = serde_json::to_vec(body).expect("requests are JSON");
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await.map_err(silent)?;
        let status = response.status();
        if status.is_redirection() {
            let status = status.as_u16();
            return Err(ClientError::Redirected { question, status });
        }
        let body = capped(question, response, most).await?;
        let malformed = |cause: serde_json::Error| ClientError::Malformed {
            question,
            status: status.as_u16(),
            cause: cause.to_string(),
        };
        if status == StatusCode::OK {
            return serde_json::from_slice(&body).map_err(malformed);
        }
        let refusal: Refusal = serde_json::from_slice(&body).map_err(malformed)?;
        Err(ClientError::Refused { question, refusal })
    }
}

impl Delivery {
    /// What was sealed if this is what was opened: of tier 2, to be compared with what the chain keeps.
    pub fn commitment(&self, request: &JobRequest) -> Option<B256> {
        let proof = self.result.proof.bytes();
        let (value, salt) = proof.split_at_checked(proof.len().checked_sub(SALT_BYTES)?)?;
        let salt = B256::from_slice(salt);
        Some(value::commitment(
            &request.job,
            request.agent,
            keccak256(value),
            salt,
        ))
    }
}

/// Reads an answer as far as it may be long.
async fn capped(
    question: &'static str,
    mut response: reqwest::Response,
    most: usize,
) -> Result<Vec<u8>, ClientError> {
    let flood = ClientError::Flood { question, most };
    let announced = response.content_length();
    if announced.is_some_and(|bytes| bytes > most as u64) {
        return Err(flood);
    }
    let mut body = Vec::new();
    loop {
        let chunk = response
            .chunk()
            .await
            .map_err(|error| ClientError::Silent {
                question,
                cause: plain(&error),
            })?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > most {
            return Err(flood);
        }
        body.extend_from_slice(&chunk);
    }
}

/// The cause without the address, which may hold what is nobody's business.
fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() {
        "not in time".to_owned()
    } else {
        cause.to_string()
    }
}

fn same_code(request: &JobRequest, found: B256) -> Result<(), Lie> {
    if found == request.code_hash {
        return Ok(());
    }
    let wanted = request.code_hash;
    Err(Lie::Code { wanted, found })
}

const fn within_tokens(request: &JobRequest, usage: &Usage) -> Result<(), Lie> {
    let (used, allocated) = (usage.tokens, request.limits.tokens);
    if used > allocated {
        return Err(Lie::Tokens { used, allocated });
    }
    Ok(())
}

/// A reference proof can be tried here; what a verifier reads is for the verifier.
fn believe_proof(request: &JobRequest, result: &SignedResult) -> Result<(), Lie> {
    if !request.terms.verifier.is_zero() {
        return Ok(());
    }
    let (input, salt) = proof::read_reference(result.proof.bytes()).ok_or(Lie::Proof)?;
    let (mission, node) = (&request.job.mission, request.job.node);
    let words = proof::reference(mission, node, &input, &result.output_hash, &salt);
    if keccak256(words.concat()) != request.terms.expected {
        return Err(Lie::Proof);
    }
    Ok(())
}
