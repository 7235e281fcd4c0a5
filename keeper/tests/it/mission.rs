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

use agentcity_abi::{ICollaboration as work, ITreasury as treasury};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Mode};
use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{Check, Failure, JobId, JobRequest, Place, Terms, Text},
    server::{Recorder, Work},
};
use agentcity_keeper::{
    action::{Action, Outcome},
    clock::{Clock, Moment},
    daemon::Keeper,
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::SqliteJournal,
    machine::router::{self, Round, Step},
    part::{
        Asking, Part, Step as Need,
        router::{Routing, Setup, Texts},
    },
    source::city::City,
};
use agentcity_test_fixtures::{
    city::life::service_of,
    gas,
    mission::{Charter, Executor, Law, Plan, Stage, Task, result},
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    providers::{ProviderBuilder, RootProvider},
};
use parking_lot::Mutex;
use serde_json::json;
use tempfile::{TempDir, tempdir};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::talker::{Script, Talker};

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

/// What a service makes of a request, given which of the stage's executors runs it.
pub(crate) type Finds = fn(usize, &JobRequest) -> Work;

/// How an agent works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mind {
    /// Which executor of the stage it is.
    pub(crate) place: usize,
    /// What it says to its model.
    pub(crate) words: &'static [u8],
    /// What it finds.
    pub(crate) finds: Finds,
}

impl Mind {
    /// Of one that finds the same as all others do.
    pub(crate) const fn usual(place: usize) -> Self {
        Self {
            place,
            words: b"what is it?",
            finds: usual,
        }
    }
}

fn usual(_: usize, request: &JobRequest) -> Work {
    match request.check {
        Check::Proof => proved(),
        _ => Work {
            output: [b"the topic of ", request.inputs[0].content.bytes().as_ref()].concat(),
            proof: Vec::new(),
        },
    }
}

/// What the fixtures commit a proof to.
pub(crate) fn proved() -> Work {
    Work {
        output: b"output".to_vec(),
        proof: result::proof().to_vec(),
    }
}

/// A service that works in its own way, and remembers when.
#[derive(Debug)]
struct Service {
    mind: Mind,
    diary: Arc<Diary>,
}

impl Script for Service {
    async fn work(&self, request: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        let begun = Instant::now();
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        let said = recorder.message(&me, &model, self.mind.words, request.limits.tokens);
        said.map_err(|halted| halted.failure())?;
        tokio::time::sleep(self.diary.takes(&request.job)).await;
        let worked = (self.mind.finds)(self.mind.place, &request);
        let mut diary = self.diary.worked.lock();
        diary.insert(request.job, (begun, Instant::now()));
        Ok(worked)
    }
}

/// A city with a mission, executors that serve, and keepers.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) law: Law,
    pub(crate) keepers: Vec<Keeper<SqliteJournal, RootProvider>>,
    /// Where each executor is.
    pub(crate) addresses: Vec<(Address, String)>,
    codes: Vec<Arc<Mutex<B256>>>,
    clock: Hands,
    pub(crate) folder: TempDir,
    /// The people of a stage wait in a runtime of their own, so nothing here may be asynchronous.
    pub(crate) runtime: Runtime,
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
    serve_as(stage, executor, folder, Mind::usual(0)).await
}

/// The same with a diary of its work.
pub(crate) async fn serve_timed(
    stage: &Stage,
    executor: &Executor,
    folder: &Path,
    diary: Arc<Diary>,
) -> (String, Arc<Mutex<B256>>) {
    serve_with(stage, executor, folder, (Mind::usual(0), diary)).await
}

/// The same of an agent that works in its own way.
pub(crate) async fn serve_as(
    stage: &Stage,
    executor: &Executor,
    folder: &Path,
    mind: Mind,
) -> (String, Arc<Mutex<B256>>) {
    serve_with(stage, executor, folder, (mind, Arc::default())).await
}

async fn serve_with(
    stage: &Stage,
    executor: &Executor,
    folder: &Path,
    (mind, diary): (Mind, Arc<Diary>),
) -> (String, Arc<Mutex<B256>>) {
    let code = Arc::new(Mutex::new(service_of(&executor.agent).codeHash));
    let talker = Talker {
        signer: executor.agent.signer().clone(),
        service: executor.service,
        venue: city(stage).venue(),
        code: Arc::clone(&code),
        chain: Some(provider(stage)),
        script: Service { mind, diary },
    };
    let store = folder.join(executor.agent.name.replace(' ', "-"));
    (talker.serve(&store).await, code)
}

/// Executors that take a connection and never answer.
const HANGING: u8 = 8;

/// Where somebody takes connections and never answers.
pub(crate) async fn hanging() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    address
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

/// A plan as the document that its pages come from, the words known by their hashes alone.
pub(crate) fn document(plan: &Plan) -> serde_json::Value {
    let nodes = plan.tasks.iter().enumerate().map(|(number, task)| {
        let (node, terms) = (&task.node, &task.terms);
        let risk = ["LOW", "MEDIUM", "HIGH"][usize::from(node.risk)];
        let mut said = json!({
            "@type": "dag:TaskNode",
            "nodeId": number.to_string(),
            "labelHash": terms.labelHash,
            "inputSchemaHash": terms.inputSchemaHash,
            "outputSchemaHash": terms.outputSchemaHash,
            "expected": terms.expected,
            "popTier": node.tier,
            "riskTier": risk,
            "redundancyFactor": node.redundancy,
            "consensusThreshold": node.threshold,
            "comparison": "EXACT",
            "timeoutMs": node.timeout_ms,
            "budget": node.budget.to_string(),
            "tokenBudget": node.tokens,
        });
        // Where people review.
        if !terms.rubricHash.is_zero() {
            said["rubricHash"] = json!(terms.rubricHash);
        }
        said
    });
    let edges = plan
        .edges
        .iter()
        .map(|(from, to)| json!({ "from": from.to_string(), "to": to.to_string() }));
    json!({
        "@context": "https://agentcity.ai/ontology/v1/statute.context.jsonld",
        "@type": "dag:MissionSpecification",
        "amountScale": 0,
        "dagNodes": nodes.collect::<Vec<_>>(),
        "dagEdges": edges.collect::<Vec<_>>(),
        "gatePredicates": [],
    })
}

impl Scene {
    /// Each keeper serves some of the executors, none two of one node, and knows the addresses of all, and of some that hang.
    fn raise() -> Self {
        let mut scene = Self::of(&three_tasks("three tasks"), 5, usual);
        let mut addresses = scene.addresses.clone();
        // Of the lowest accounts, so that whoever asked one after the other would ask them first.
        addresses.extend((1..=HANGING).map(|byte| {
            let hangs = scene.runtime.block_on(hanging());
            (Address::with_last_byte(byte), hangs)
        }));
        for (name, served) in [("a", &[0, 1][..]), ("b", &[2, 4]), ("c", &[3])] {
            let keeper = scene.keeper(name, served, &addresses);
            scene.keepers.push(keeper);
        }
        scene
    }

    /// A mission and its executors, each of another principal, and no keeper yet.
    pub(crate) fn of(plan: &Plan, principals: usize, finds: Finds) -> Self {
        Self::amended(plan, principals, finds, &[])
    }

    /// The same after a panel gave these parameters other values.
    fn amended(plan: &Plan, principals: usize, finds: Finds, amendments: &[(P, u32)]) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let stage = Stage::raise(&Charter::default(), principals, 1);
        let mut stage = stage.unwrap_or_else(|e| panic!("{e}"));
        gas::cache_city(&stage.city).expect("a cache");
        for (id, value) in amendments {
            stage.city.amend(*id, *value).expect("a ruling");
        }
        let law = stage.enact(plan, STAKE).unwrap_or_else(|e| panic!("{e}"));
        let folder = tempdir().expect("a folder");
        let (mut addresses, mut codes) = (Vec::new(), Vec::new());
        for (place, executor) in stage.executors.clone().iter().enumerate() {
            let mind = Mind {
                finds,
                ..Mind::usual(place)
            };
            let serving = serve_as(&stage, executor, folder.path(), mind);
            let (address, code) = runtime.block_on(serving);
            addresses.push((executor.agent.address(), address));
            codes.push(code);
        }
        Self {
            stage,
            law,
            keepers: Vec::new(),
            addresses,
            codes,
            clock: Hands::default(),
            folder,
            runtime,
        }
    }

    /// What looks at the mission for these executors and knows these addresses.
    pub(crate) fn routing(
        &self,
        served: &[usize],
        addresses: &[(Address, String)],
    ) -> Routing<RootProvider> {
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
        Routing::new(provider, setup)
    }

    pub(crate) fn keeper(
        &mut self,
        name: &str,
        served: &[usize],
        addresses: &[(Address, String)],
    ) -> Keeper<SqliteJournal, RootProvider> {
        let part = Arc::new(self.routing(served, addresses));
        self.keeper_of(name, part)
    }

    /// A keeper of this part alone.
    pub(crate) fn keeper_of(
        &mut self,
        name: &str,
        part: Arc<dyn Part>,
    ) -> Keeper<SqliteJournal, RootProvider> {
        let payer = self
            .stage
            .city
            .person(&format!("keeper {name}"))
            .expect("a payer");
        let (city, provider) = (city(&self.stage), provider(&self.stage));
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

    /// So much time passes for the keepers.
    pub(crate) fn rest(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).expect("a short time");
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Every keeper looks once and does what it can.
    pub(crate) fn look(&mut self) {
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

    /// What a step that this part had wanted needs now.
    pub(crate) fn needs(
        &self,
        part: &Arc<Routing<RootProvider>>,
        step: Step,
    ) -> Result<Need, String> {
        let steps = vec![(step, Round::default())];
        let asking = Asking {
            payer: None,
            now: self.clock.now(),
        };
        let action = Action::Router(router::Action::Do { steps });
        self.runtime
            .block_on(Arc::clone(part).carry_out(action, asking))
    }

    pub(crate) fn until(&mut self, reached: impl Fn(&mut Self) -> bool) {
        for _ in 0..LOOKS_MAX {
            if reached(self) {
                return;
            }
            self.look();
        }
        panic!(
            "it was never reached; nodes: {:?}",
            (0..self.law.written.nodes)
                .map(|node| self.node(node))
                .collect::<Vec<_>>()
        );
    }

    pub(crate) fn node(&mut self, index: u16) -> work::Node {
        let call = work::nodeCall {
            missionId: self.law.mission,
            index,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        self.stage.city.client.ask(to, &call).expect("a node")
    }

    pub(crate) fn state(&mut self) -> work::MissionState {
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

#[test]
fn work_of_a_seat_that_is_anothers_and_a_route_of_a_mission_that_ended_are_refused_with_the_reason()
{
    let plan = Plan {
        name: "two tasks".to_owned(),
        tasks: vec![Task::proved("one", PRICE), Task::proved("two", PRICE)],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let mut scene = Scene::of(&plan, 2, usual);
    let addresses = scene.addresses.clone();
    let keeper = scene.keeper("one", &[0], &addresses);
    scene.keepers.push(keeper);
    scene.until(|scene| scene.node(0).state == work::NodeState::Executing);
    let why = |scene: &Scene, part, step| match scene.needs(part, step) {
        Ok(Need::Ended(Outcome::Refused { cause })) => cause,
        other => panic!("{other:?}"),
    };
    let mission = scene.law.mission;
    // It was wanted when the seat was of an agent that this keeper served.
    let other = Arc::new(scene.routing(&[1], &addresses));
    let job = JobId {
        mission,
        node: 0,
        attempt: 0,
        seat: Place::new(0).expect("the first"),
    };
    let said = why(&scene, &other, Step::Invoke(job));
    assert!(said.contains("whom this keeper does not serve"), "{said}");

    let abort = work::abortMissionCall {
        missionId: mission,
        justificationHash: keccak256("enough"),
    };
    let ruled = scene.stage.city.rule(Peer::Collaboration, &abort);
    ruled.expect("a ruling");
    let route = Step::Route {
        mission,
        node: 1,
        attempt: 0,
    };
    let said = why(&scene, &other, route);
    assert!(said.contains("is over (Aborted)"), "{said}");
}

/// The time for a route is the mission's own: by the default a keeper would wait for fifty minutes more.
#[test]
fn a_node_whose_seats_are_closed_is_routed_for_as_long_as_its_own_law_gives() {
    const ROUTE_SECS: u64 = 3_600;
    let plan = Plan {
        name: "a silent seat".to_owned(),
        tasks: vec![Task::agreed("classify", 3 * PRICE, 3, 2, Mode::Exact)],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let amendments = [(P::RouteTimeoutMs, 1_000 * ROUTE_SECS as u32)];
    let mut scene = Scene::amended(&plan, 3, usual, &amendments);
    let addresses = scene.addresses.clone();
    for (name, served) in [("a", 0), ("b", 1)] {
        let keeper = scene.keeper(name, &[served], &addresses);
        scene.keepers.push(keeper);
    }
    scene.until(|scene| scene.node(0).accepted == 2);
    for _ in 0..3 {
        scene.look();
    }
    let node = scene.node(0);
    assert_eq!(node.state, work::NodeState::Eligible, "a seat is silent");
    let closed = u64::try_from(node.expiresAt).expect("a time") - ROUTE_SECS + 1;
    scene
        .stage
        .city
        .client
        .warp_to(closed)
        .expect("time passes");
    scene.until(|scene| scene.node(0).state == work::NodeState::Executing);
    let now = scene.stage.city.client.now().expect("a time");
    assert!(now < closed + ROUTE_SECS / 2, "{now}");
}
