//! An agent with a key that does what a test wants, and the requests it is asked with.

use std::{
    fmt,
    future::Future,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{
        AcceptanceRequest, Cause, Check, Code, Failure, Identity, JobId, JobRequest, Limits,
        LiveCode, Place, Refusal, Signature, Task, Terms, Text, Venue,
    },
    server::{Handler, Recorder, Secret, Server, Settings, Work},
    signing::{Digest, Unsigned},
    value,
};
use alloy::{
    primitives::{Address, B256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use parking_lot::Mutex;
use tokio::{net::TcpListener, sync::oneshot};

pub(crate) const SERVICE: B256 = B256::repeat_byte(0x51);
pub(crate) const CODE: B256 = B256::repeat_byte(0xc0);
pub(crate) const OTHER_CODE: B256 = B256::repeat_byte(0xc1);
pub(crate) const TRAILS: B256 = B256::repeat_byte(0x77);
pub(crate) const VENUE: Venue = Venue {
    chain_id: 412_346,
    statute: Address::repeat_byte(0x01),
    verification: Address::repeat_byte(0x02),
};

/// What the service does.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Puts this out, after a tool and a message of so many tokens.
    Answers(Vec<u8>, u32),
    /// Nothing, for ever.
    Hangs,
    /// Says something, produces half of its output, and then nothing for ever.
    Drafts,
    /// Changes its own code while it works.
    Changes,
    /// Goes on saying things, whatever it is told.
    Talks,
    /// Ends for this cause.
    Fails(Cause),
}

/// How an agent answers at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should.
    Well,
    /// Whatever its word is needed for is refused so.
    Refuses(Code),
    /// Never, where it is asked who it is or what it has in mind.
    Hangs,
}

/// An agent.
pub(crate) struct Agent {
    pub(crate) key: PrivateKeySigner,
    pub(crate) does: Does,
    pub(crate) mood: Mutex<Mood>,
    pub(crate) code: Mutex<B256>,
    /// Tier 2: what the chain says of the reveals.
    pub(crate) opens: Mutex<Option<B256>>,
    /// Whether the chain says that the node runs.
    pub(crate) takes: Mutex<bool>,
    pub(crate) runs: AtomicU32,
    pub(crate) signatures: AtomicU32,
    /// How often it was asked what it has in mind.
    pub(crate) contexts: AtomicU32,
    /// Runs that were ended from outside.
    pub(crate) dropped: Arc<AtomicU64>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("does", &self.does)
            .finish_non_exhaustive()
    }
}

/// The key of an agent, by its number.
pub(crate) fn key(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).expect("a key")
}

impl Agent {
    pub(crate) fn that(does: Does) -> Arc<Self> {
        Arc::new(Self {
            key: key(7),
            does,
            mood: Mutex::new(Mood::Well),
            code: Mutex::new(CODE),
            opens: Mutex::new(None),
            takes: Mutex::new(true),
            runs: AtomicU32::new(0),
            signatures: AtomicU32::new(0),
            contexts: AtomicU32::new(0),
            dropped: Arc::default(),
        })
    }

    async fn answers(&self) -> Result<(), Refusal> {
        let mood = *self.mood.lock();
        match mood {
            Mood::Well => Ok(()),
            Mood::Refuses(code) => Err(Refusal::new(code, "in no mood")),
            Mood::Hangs => std::future::pending().await,
        }
    }

    fn sign_digest(&self, digest: Digest) -> Signature {
        self.signatures.fetch_add(1, Ordering::SeqCst);
        let signature = self.key.sign_hash_sync(&digest.0).expect("a key signs");
        Signature::new(signature.as_bytes().to_vec()).expect("65 bytes")
    }
}

/// Counts what ends without having come to its end.
struct Witness(Arc<AtomicU64>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A server owns its handler; tests look at it from outside.
#[derive(Clone, Debug)]
pub(crate) struct Shared(pub(crate) Arc<Agent>);

impl Handler for Shared {
    async fn identity(&self) -> Result<Identity, Refusal> {
        self.0.answers().await?;
        Ok(Identity {
            versions: vec![Text::cut("v1")],
            venue: VENUE,
            agent: self.0.key.address(),
            services: vec![SERVICE],
        })
    }

    async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        self.0.answers().await?;
        if service != SERVICE {
            return Err(Refusal::new(Code::Unknown, "no such service"));
        }
        let code_hash = *self.0.code.lock();
        Ok(LiveCode { service, code_hash })
    }

    async fn accept(&self, _: &AcceptanceRequest, digest: Digest) -> Result<Signature, Refusal> {
        Ok(self.0.sign_digest(digest))
    }

    async fn take(&self, request: &JobRequest) -> Result<(), Refusal> {
        if request.job.seat.get() == 6 {
            return Err(Refusal::new(Code::Declined, "that seat is not ours"));
        }
        if !*self.0.takes.lock() {
            return Err(Refusal::new(Code::Declined, "the node does not run"));
        }
        Ok(())
    }

    fn secret(&self, job: &JobId, of: Secret) -> B256 {
        keccak256(format!("{:?} of {job} by {}", of, self.0.key.address()))
    }

    async fn work(&self, _: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        self.0.runs.fetch_add(1, Ordering::SeqCst);
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        match &self.0.does {
            Does::Answers(output, tokens) => {
                let said = recorder
                    .tool(&Text::cut("search"), b"question", b"answer")
                    .and_then(|()| recorder.message(&me, &model, b"think", *tokens));
                said.map_err(|halted| halted.failure())?;
                Ok(Work {
                    output: output.clone(),
                    proof: proof(),
                })
            }
            Does::Hangs => {
                let _witness = Witness(Arc::clone(&self.0.dropped));
                std::future::pending().await
            }
            Does::Drafts => {
                let _witness = Witness(Arc::clone(&self.0.dropped));
                let said = recorder
                    .message(&me, &model, b"first this", 1)
                    .and_then(|()| recorder.message(&me, &model, b"then that", 1))
                    .and_then(|()| recorder.produced(b"on"))
                    .and_then(|()| recorder.produced(b"one ha"));
                said.map_err(|halted| halted.failure())?;
                std::future::pending().await
            }
            Does::Changes => {
                *self.0.code.lock() = OTHER_CODE;
                Ok(Work::default())
            }
            Does::Fails(cause) => Err(Failure::new(*cause, "so it is")),
            Does::Talks => loop {
                let _ = recorder.message(&me, &model, b"and", 1);
                tokio::task::yield_now().await;
            },
        }
    }

    async fn sign(
        &self,
        _: &JobRequest,
        _: &Unsigned<'_>,
        digest: Digest,
    ) -> Result<Signature, Refusal> {
        Ok(self.0.sign_digest(digest))
    }

    async fn open(&self, _: &JobRequest) -> Result<B256, Refusal> {
        self.0.answers().await?;
        let opens = *self.0.opens.lock();
        opens.ok_or_else(|| Refusal::new(Code::TooEarly, "others may still commit"))
    }

    async fn context(&self, _: &JobId) -> Vec<u8> {
        self.0.contexts.fetch_add(1, Ordering::SeqCst);
        // In whatever other mood, it says so.
        let _ = self.0.answers().await;
        b"what it had in mind".to_vec()
    }

    fn result_deadline(&self, request: &JobRequest) -> u64 {
        request.deadline + 3600
    }

    fn now_ms() -> u64 {
        1_800_000_000_000
    }
}

const INPUT: B256 = B256::repeat_byte(0x1a);
const SALT: B256 = B256::repeat_byte(0x5a);

/// What opens the commitment of [`request`] to an output.
pub(crate) fn proof() -> Vec<u8> {
    [INPUT.as_slice(), SALT.as_slice()].concat()
}

/// A request for the first job of the agent; of tier 1 it commits to `expected`.
pub(crate) fn request(check: Check, expected: &[u8]) -> JobRequest {
    let mission = B256::repeat_byte(0xee);
    let preimage = agentcity_domain::verification::proof::reference(
        &mission,
        3,
        &INPUT,
        &keccak256(expected),
        &SALT,
    );
    let content = b"[1,2]".to_vec();
    JobRequest {
        venue: VENUE,
        job: JobId {
            mission,
            node: 3,
            attempt: 0,
            seat: Place::new(0).expect("a seat"),
        },
        agent: key(7).address(),
        service: SERVICE,
        code_hash: CODE,
        check,
        terms: Terms {
            expected: keccak256(preimage.concat()),
            ..Terms::default()
        },
        task: Task::default(),
        inputs: vec![agentcity_executor::protocol::Input {
            node: 1,
            check: Check::Proof,
            output_hash: value::output_hash(Check::Proof, &content).expect("any bytes"),
            content: agentcity_executor::protocol::Output::new(content).expect("short"),
        }],
        limits: Limits {
            latency_ms: 60_000,
            memory_mb: 64,
            concurrency: 2,
            network_policies: Vec::new(),
            tokens: 100,
        },
        deadline: 1_800_003_600,
    }
}

/// A server that runs, until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Over a store in a folder.
    pub(crate) async fn of(agent: &Arc<Agent>, folder: &Path) -> Self {
        let settings = Settings {
            token: Some(agentcity_executor::server::Token::new("open sesame")),
            jobs_max: 8,
        };
        let store = folder.join("jobs");
        let server = Server::open(&store, Shared(Arc::clone(agent)), settings).expect("a store");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            server.serve(listener, until).await.expect("it serves");
        });
        Self {
            address,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn client(&self) -> Client {
        client(self.address, "open sesame")
    }

    /// Stops it as a kill would: what ran is left as it was on disk.
    pub(crate) async fn kill(mut self) {
        self.stop.take();
        self.served.abort();
        let _ = (&mut self.served).await;
    }
}

/// A client of the agent at an address, which waits for half a second.
pub(crate) fn client(address: SocketAddr, token: &str) -> Client {
    let patience = Patience {
        connect: Duration::from_millis(500),
        answer: Duration::from_millis(500),
    };
    let (base, agent) = (format!("http://{address}"), key(7).address());
    let token = Some(token.to_owned());
    Client::new(&base, agent, Account::Key, VENUE, token, patience).expect("an address")
}

/// Asks until the answer is one that is wanted.
pub(crate) async fn until<T, F: Future<Output = T>>(
    mut ask: impl FnMut() -> F,
    wanted: impl Fn(&T) -> bool,
) -> T {
    for _ in 0..500 {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came")
}

/// The cause of a failure.
pub(crate) fn cause(failure: &Failure) -> Cause {
    failure.cause
}
