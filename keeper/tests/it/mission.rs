//! A mission that nobody carries out but keepers and executors: seats, routing, work, seals, reveals, until all is settled.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use agentcity_abi::{ICollaboration as work, ITreasury as treasury, IVerification};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Mode};
use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{
        AcceptanceRequest, Check, Code, Failure, Identity, JobId, JobRequest, LiveCode, Refusal,
        Signature, Terms, Text, Venue,
    },
    server::{Handler, Recorder, Secret, Server, Settings, Work},
    signing::{Digest, Unsigned},
};
use agentcity_keeper::{
    clock::{Clock, Moment},
    daemon::Keeper,
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::SqliteJournal,
    part::{
        Part,
        router::{Routing, Setup, Texts},
    },
    source::city::City,
};
use agentcity_test_fixtures::{
    city::{Person, life::GOOD_UNTIL, life::service_of},
    gas,
    mission::{Charter, Executor, Law, Plan, Stage, Task, result},
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    providers::{ProviderBuilder, RootProvider},
};
use parking_lot::Mutex;
use tempfile::{TempDir, tempdir};
use tokio::{net::TcpListener, runtime::Runtime};

/// A seat's price and stake, in base units.
pub(crate) const PRICE: u128 = 300_000_000_000_000;
pub(crate) const STAKE: u128 = 200_000_000_000_000;
/// Looks of all keepers within which a mission of three nodes ends: some twenty are needed.
const LOOKS_MAX: u64 = 200;

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

/// How long work takes, and when each job was at work in this process.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// Milliseconds from which the time of a job's work is drawn by its name; none: at once.
    pub(crate) millis: Range<u64>,
    /// From when to when.
    pub(crate) worked: Mutex<BTreeMap<JobId, (Instant, Instant)>>,
}

impl Diary {
    fn takes(&self, job: &JobId) -> Duration {
        if self.millis.is_empty() {
            return Duration::ZERO;
        }
        let drawn = keccak256(job.to_string());
        let drawn = u64::from_be_bytes(drawn[..8].try_into().expect("eight bytes"));
        let span = self.millis.end - self.millis.start;
        Duration::from_millis(self.millis.start + drawn % span)
    }
}

/// An agent with a key, whose service finds the same as all others do.
#[derive(Debug)]
struct Agent {
    person: Person,
    service: B256,
    venue: Venue,
    provider: RootProvider,
    /// What it runs now.
    code: Arc<Mutex<B256>>,
    diary: Arc<Diary>,
}

impl Agent {
    fn signed(&self, digest: Digest) -> Result<Signature, Refusal> {
        let signature = self.person.sign(digest.0);
        Signature::new(signature).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
    }
}

impl Handler for Agent {
    async fn identity(&self) -> Result<Identity, Refusal> {
        Ok(Identity {
            versions: vec![Text::cut("v1")],
            venue: self.venue,
            agent: self.person.address(),
            services: vec![self.service],
        })
    }

    async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        let code_hash = *self.code.lock();
        Ok(LiveCode { service, code_hash })
    }

    async fn accept(&self, _: &AcceptanceRequest, digest: Digest) -> Result<Signature, Refusal> {
        self.signed(digest)
    }

    async fn take(&self, request: &JobRequest) -> Result<(), Refusal> {
        if request.service == self.service {
            Ok(())
        } else {
            Err(Refusal::new(Code::Declined, "not its service"))
        }
    }

    fn secret(&self, job: &JobId, of: Secret) -> B256 {
        keccak256(self.person.sign(keccak256(format!("{of:?} of {job}"))))
    }

    async fn work(&self, request: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        let begun = Instant::now();
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        let said = recorder.message(&me, &model, b"what is it?", request.limits.tokens);
        said.map_err(|halted| halted.failure())?;
        tokio::time::sleep(self.diary.takes(&request.job)).await;
        let worked = match request.check {
            // What the fixtures commit a proof to.
            Check::Proof => Work {
                output: b"output".to_vec(),
                proof: result::proof().to_vec(),
            },
            _ => Work {
                output: [b"the topic of ", request.inputs[0].content.bytes().as_ref()].concat(),
                proof: Vec::new(),
            },
        };
        let mut diary = self.diary.worked.lock();
        diary.insert(request.job, (begun, Instant::now()));
        Ok(worked)
    }

    async fn sign(
        &self,
        _: &JobRequest,
        _: &Unsigned<'_>,
        digest: Digest,
    ) -> Result<Signature, Refusal> {
        self.signed(digest)
    }

    async fn open(&self, request: &JobRequest) -> Result<B256, Refusal> {
        if request.check == Check::Review {
            // Keepers ask for it when the chain completed the node, and it is no secret here.
            return Ok(B256::ZERO);
        }
        let contract = IVerification::new(self.venue.verification, &self.provider);
        let job = request.job;
        let record = contract.recordOf(job.mission, job.node, job.attempt);
        let record = record.call().await;
        let record = record.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        if record.revealUntil.is_zero() {
            return Err(Refusal::new(Code::TooEarly, "others may still commit"));
        }
        Ok(record.trailRoot)
    }

    async fn context(&self, _: &JobId) -> Vec<u8> {
        Vec::new()
    }

    fn result_deadline(&self, _: &JobRequest) -> u64 {
        GOOD_UNTIL
    }
}

/// A city with a mission, executors that serve, and keepers.
struct Scene {
    stage: Stage,
    law: Law,
    keepers: Vec<Keeper<SqliteJournal, RootProvider>>,
    codes: Vec<Arc<Mutex<B256>>>,
    clock: Hands,
    folder: TempDir,
    /// The people of a stage wait in a runtime of their own, so nothing here may be asynchronous.
    runtime: Runtime,
}

pub(crate) fn provider(stage: &Stage) -> RootProvider {
    ProviderBuilder::default().connect_http(stage.city.node.http_url().parse().expect("a URL"))
}

pub(crate) fn city(stage: &Stage) -> City {
    let members = Peer::ALL.map(|peer| stage.city.address(peer));
    City::of(stage.city.client.chain_id(), members)
}

/// Lets an executor's agent serve, whose work takes no time, and answers where.
pub(crate) async fn serve(
    stage: &Stage,
    executor: &Executor,
    folder: &Path,
) -> (String, Arc<Mutex<B256>>) {
    serve_timed(stage, executor, folder, Arc::default()).await
}

/// The same with a diary of its work.
pub(crate) async fn serve_timed(
    stage: &Stage,
    executor: &Executor,
    folder: &Path,
    diary: Arc<Diary>,
) -> (String, Arc<Mutex<B256>>) {
    let agent = Agent {
        person: executor.agent.clone(),
        service: executor.service,
        venue: city(stage).venue(),
        provider: provider(stage),
        code: Arc::new(Mutex::new(service_of(&executor.agent).codeHash)),
        diary,
    };
    let code = Arc::clone(&agent.code);
    let settings = Settings {
        token: None,
        jobs_max: 8,
    };
    let store = folder.join(executor.agent.name.replace(' ', "-"));
    let server = Server::open(&store, agent, settings).expect("a store");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(server.serve(listener, std::future::pending()));
    (address, code)
}

/// Three tasks in a row: a proof, a consensus of three principals, a proof.
pub(crate) fn three_tasks(name: &str) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks: vec![
            Task::proved("fetch and parse", PRICE),
            Task::agreed("classify", 3 * PRICE, 3, 2, Mode::Exact),
            Task::proved("report", PRICE),
        ],
        edges: vec![(0, 1), (1, 2)],
        predicates: Vec::new(),
    }
}

impl Scene {
    /// Each keeper serves some of the executors, none two of one node, and knows the addresses of all.
    fn raise() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let mut stage = Stage::raise(&Charter::default(), 5, 1).unwrap_or_else(|e| panic!("{e}"));
        gas::cache_city(&stage.city).expect("a cache");
        let law = stage
            .enact(&three_tasks("three tasks"), STAKE)
            .unwrap_or_else(|e| panic!("{e}"));
        let folder = tempdir().expect("a folder");
        let (mut addresses, mut codes) = (Vec::new(), Vec::new());
        for executor in stage.executors.clone() {
            let serving = serve(&stage, &executor, folder.path());
            let (address, code) = runtime.block_on(serving);
            addresses.push((executor.agent.address(), address));
            codes.push(code);
        }
        let mut scene = Self {
            stage,
            law,
            keepers: Vec::new(),
            codes,
            clock: Hands::default(),
            folder,
            runtime,
        };
        for (name, served) in [("a", &[0, 1][..]), ("b", &[2, 4]), ("c", &[3])] {
            let keeper = scene.keeper(name, served, &addresses);
            scene.keepers.push(keeper);
        }
        scene
    }

    fn keeper(
        &mut self,
        name: &str,
        served: &[usize],
        addresses: &[(Address, String)],
    ) -> Keeper<SqliteJournal, RootProvider> {
        let payer = self
            .stage
            .city
            .person(&format!("keeper {name}"))
            .expect("a payer");
        let (city, provider) = (city(&self.stage), provider(&self.stage));
        let patience = Patience::default();
        let client = |(agent, base): &(Address, String)| {
            let client = Client::new(base, *agent, Account::Key, city.venue(), None, patience);
            (*agent, client.expect("an address"))
        };
        let mut texts = Texts::default();
        for task in &self.law.plan.tasks {
            texts.add_terms(Terms::from(&task.terms));
        }
        let executors: BTreeMap<Address, Client> = addresses.iter().map(client).collect();
        let served: BTreeSet<Address> = served.iter().map(|place| addresses[*place].0).collect();
        let setup = Setup {
            city,
            executors,
            served,
            missions: vec![self.law.mission],
            texts,
            pause: Duration::from_secs(3600),
        };
        let part: Arc<dyn Part> = Arc::new(Routing::new(provider.clone(), setup));
        let policy = Policy {
            depth_blocks: 0,
            ..Policy::default()
        };
        let endpoint = Quorum::of_one(Rpc::new(provider, Duration::from_secs(10)));
        let submitter = Submitter::new(endpoint, payer.signer().clone(), city.chain_id, policy);
        let journal = SqliteJournal::open(&self.folder.path().join(name)).expect("a journal");
        Keeper::with_parts(journal, name.to_owned(), 0, Some(submitter), vec![part])
            .expect("one part")
    }

    /// Every keeper looks once and does what it can.
    fn look(&mut self) {
        self.clock.0.fetch_add(1, Ordering::SeqCst);
        for keeper in &mut self.keepers {
            keeper.stand(&self.clock).expect("it stands");
            self.runtime.block_on(async {
                keeper.observe(&self.clock).await.expect("it looks");
                keeper.act(&self.clock, false).await.expect("it acts");
                // Work goes on beside the keepers.
                tokio::time::sleep(Duration::from_millis(10)).await;
            });
        }
    }

    fn until(&mut self, reached: impl Fn(&mut Self) -> bool) {
        for _ in 0..LOOKS_MAX {
            if reached(self) {
                return;
            }
            self.look();
        }
        panic!(
            "it was never reached; nodes: {:?}",
            (0..3).map(|node| self.node(node)).collect::<Vec<_>>()
        );
    }

    fn node(&mut self, index: u16) -> work::Node {
        let call = work::nodeCall {
            missionId: self.law.mission,
            index,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        self.stage.city.client.ask(to, &call).expect("a node")
    }

    fn state(&mut self) -> work::MissionState {
        let call = work::missionCall {
            missionId: self.law.mission,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        self.stage
            .city
            .client
            .ask(to, &call)
            .expect("a mission")
            .state
    }
}

#[test]
fn keepers_and_executors_alone_bring_three_nodes_to_their_settlement() {
    let mut scene = Scene::raise();
    // An executor whose code is not the registered one is not routed, and nothing is lost by that.
    let other = *scene.codes[0].lock();
    *scene.codes[0].lock() = B256::repeat_byte(1);
    for _ in 0..3 {
        scene.look();
    }
    let node = scene.node(0);
    assert_eq!((node.state, node.accepted), (work::NodeState::Eligible, 1));
    *scene.codes[0].lock() = other;

    scene.until(|scene| scene.state() == work::MissionState::Verification);
    let classified = [b"the topic of ".as_slice(), b"output"].concat();
    assert_eq!(scene.node(1).outputHash, keccak256(keccak256(&classified)));

    // The gate is not the router's: a monitor compares its log with the chain, and asks it.
    let monitor = scene.stage.bring_monitor("monitor").expect("a monitor");
    for step in scene.stage.opens_gate(&scene.law, &monitor) {
        let law = &mut scene.law;
        scene
            .stage
            .perform(law, vec![step])
            .expect("the gate opens");
    }
    let over = u64::from(P::SanctionWindowSecs.row().default) + 1;
    scene
        .stage
        .city
        .client
        .warp(Duration::from_secs(over))
        .expect("time passes");
    scene.until(|scene| {
        let to = scene.stage.city.address(Peer::Treasury);
        let parts = scene
            .stage
            .city
            .client
            .ask(to, &treasury::partsCall {})
            .expect("books");
        (parts.escrows, parts.lockedStakes) == (U256::ZERO, U256::ZERO)
    });
}
