//! What served executors do, and what a keeper with mirror, monitor and buffer makes of it, over HTTP and on a running chain: who floods is stopped
//! before anything is signed, and works again when the panel lets it; what both scorers find strange is not handed in; and what others
//! build on lies sealed until the chain has it for good.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_abi::IGuardian::{self as guardian, ReportKind, UnfreezeKind};
use agentcity_domain::{machine::NodeState, parameter::ParameterId, peer::Peer};
use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{
        AcceptanceRequest, Code, Failure, Identity, JobId, JobRequest, LiveCode, Refusal,
        Signature, Terms, Text, Venue,
    },
    server::{Halted, Handler, Recorder, Secret, Server, Settings, Work},
    signing::{Digest, Unsigned},
};
use agentcity_keeper::{
    clock::{Clock, Moment},
    config::Config,
    daemon::Keeper,
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        report::Monitor,
        submit::{Policy, Submitter},
    },
    journal::SqliteJournal,
    part::{
        Part,
        escrow::{Escrow, Neighbours},
        mirror::Mirror,
        monitor::Ears,
        router::{Guard, Routing, Setup, Texts},
    },
    vault::{Kind as Sealed, Vault},
};
use agentcity_monitor::{
    calibration::calibrate,
    scorer::{AnyScorer, Letters, Scorer, Shape},
};
use agentcity_test_fixtures::{
    city::{Person, life::GOOD_UNTIL, life::service_of},
    mission::{Charter, Law, Plan, Scene, Task, result, told},
};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use tempfile::{TempDir, tempdir};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{freeze_story::traces, mission::city};

const PRICE: u128 = 300_000_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// Looks within which a node of one seat is frozen, or completed: some ten are needed.
const LOOKS_MAX: usize = 60;
/// Looks in which something happens that is not held back.
const LOOKS: usize = 8;
/// Nobody answers there.
const DEAD: &str = "http://127.0.0.1:9";
const LAST: &[u8] = b"and another thing";

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// What tests see of an executor from outside.
#[derive(Debug, Default)]
struct Witnessed {
    begun: AtomicU64,
    /// Works that were ended before they were done.
    cut_off: AtomicU64,
}

struct Cut(Arc<Witnessed>);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.cut_off.fetch_add(1, Ordering::SeqCst);
    }
}

/// An agent at work. A flooding one says far too much the first time, and would never end.
#[derive(Debug)]
struct Talker {
    person: Person,
    floods: bool,
    service: B256,
    venue: Venue,
    witnessed: Arc<Witnessed>,
}

impl Talker {
    fn signed(&self, digest: Digest) -> Result<Signature, Refusal> {
        let signature = self.person.sign(digest.0);
        Signature::new(signature).map_err(|error| Refusal::new(Code::Internal, error.to_string()))
    }
}

/// One message more than any warning-free attempt may have.
fn flood() -> u32 {
    ParameterId::MaxMessageVolume.row().default + 1
}

impl Handler for Talker {
    async fn identity(&self) -> Result<Identity, Refusal> {
        Ok(Identity {
            versions: vec![Text::cut("v1")],
            venue: self.venue,
            agent: self.person.address(),
            services: vec![self.service],
        })
    }

    async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        let code_hash = service_of(&self.person).codeHash;
        Ok(LiveCode { service, code_hash })
    }

    async fn accept(&self, _: &AcceptanceRequest, digest: Digest) -> Result<Signature, Refusal> {
        self.signed(digest)
    }

    async fn take(&self, _: &JobRequest) -> Result<(), Refusal> {
        Ok(())
    }

    fn secret(&self, job: &JobId, of: Secret) -> B256 {
        keccak256(self.person.sign(keccak256(format!("{of:?} of {job}"))))
    }

    async fn work(&self, _: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        let halted = |halted: Halted| halted.failure();
        if self.witnessed.begun.fetch_add(1, Ordering::SeqCst) == 0 && self.floods {
            let _cut = Cut(Arc::clone(&self.witnessed));
            recorder
                .tool(&Text::cut("search"), b"fields", b"many")
                .map_err(halted)?;
            recorder.produced(b"{\"fields\":").map_err(halted)?;
            // Within its tokens: it is the messages that are too many.
            for number in 0..flood() {
                let tokens = u32::from(number == 0);
                recorder
                    .message(&me, &model, LAST, tokens)
                    .map_err(halted)?;
            }
            return std::future::pending().await;
        }
        recorder.message(&me, &model, b"sorry", 1).map_err(halted)?;
        Ok(Work {
            output: b"output".to_vec(),
            proof: result::proof().to_vec(),
        })
    }

    async fn sign(
        &self,
        _: &JobRequest,
        _: &Unsigned<'_>,
        digest: Digest,
    ) -> Result<Signature, Refusal> {
        self.signed(digest)
    }

    async fn open(&self, _: &JobRequest) -> Result<B256, Refusal> {
        Err(Refusal::new(Code::TooEarly, "nothing is sealed"))
    }

    async fn context(&self, _: &JobId) -> Vec<u8> {
        "Which fields? — And another thing".into()
    }

    fn result_deadline(&self, _: &JobRequest) -> u64 {
        GOOD_UNTIL
    }
}

async fn serve(talker: Talker, store: &Path) -> String {
    let settings = Settings {
        token: None,
        jobs_max: 8,
    };
    let server = Server::open(store, talker, settings).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(server.serve(listener, std::future::pending()));
    address
}

fn provider(url: &str) -> RootProvider {
    ProviderBuilder::default().connect_http(url.parse().unwrap())
}

/// A city with a law, agents who serve, and a monitor.
struct Desk {
    scene: Scene,
    law: Law,
    monitor: Person,
    /// Agents, where they are, and what became of their work.
    served: Vec<(Address, String, Arc<Witnessed>)>,
    clock: Hands,
    dir: TempDir,
    /// The scene drives a runtime of its own, so it is never spoken to from within this one.
    runtime: Runtime,
}

/// What a keeper has besides router and mirror.
#[derive(Default)]
struct With {
    /// Its folder.
    folder: &'static str,
    /// Which of the executors it serves.
    serves: Vec<usize>,
    /// Where its mirror asks; nowhere: the chain.
    sees: Option<&'static str>,
    /// The scorer of its monitor.
    scorer: Option<&'static str>,
    /// How deep a block counts as final for its buffer.
    depth: Option<u64>,
}

type Host = Keeper<SqliteJournal, RootProvider>;

impl Desk {
    /// As many tasks in a row, or beside each other, as there are executors; the first of them floods, or none. The monitor is bonded with the
    /// scorer of letters.
    fn raise(tasks: usize, in_a_row: bool, floods: bool) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut scene = Scene::raise(&Charter::default(), 3, 1);
        let principal = scene.stage.city.person("principal of monitor").unwrap();
        let scorer = Letters::default().id().hash();
        let monitor = scene
            .stage
            .bring_monitor_with("monitor", &principal, scorer);
        let name = |task: usize| format!("fields {task}");
        let plan = Plan {
            name: "fields".to_owned(),
            tasks: (0..tasks)
                .map(|task| Task::proved(&name(task), PRICE))
                .collect(),
            edges: if in_a_row { vec![(0, 1)] } else { Vec::new() },
            predicates: Vec::new(),
        };
        let own: Vec<usize> = (0..tasks).collect();
        let seats = scene.seats(&plan, &own, STAKE);
        let law = scene.enact_with(&plan, &seats);
        let (dir, venue) = (tempdir().unwrap(), city(&scene.stage).venue());
        let mut served = Vec::new();
        for place in own {
            let (person, witnessed) = (scene.agent(place), Arc::new(Witnessed::default()));
            let talker = Talker {
                floods: floods && place == 0,
                service: scene.stage.executors[place].service,
                venue,
                witnessed: Arc::clone(&witnessed),
                person: person.clone(),
            };
            let store = dir.path().join(format!("jobs {place}"));
            let base = runtime.block_on(serve(talker, &store));
            served.push((person.address(), base, witnessed));
        }
        Self {
            scene,
            law,
            monitor: monitor.unwrap(),
            served,
            clock: Hands::default(),
            dir,
            runtime,
        }
    }

    fn url(&self) -> String {
        self.scene.stage.city.node.http_url()
    }

    fn folder(&self, with: &With) -> std::path::PathBuf {
        let folder = self.dir.path().join(with.folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn vault(&self, with: &With) -> Vault {
        let folder = self.folder(with);
        std::fs::write(folder.join("sealing"), "07".repeat(32)).unwrap();
        let key = self.monitor.signer().clone();
        Vault::open(&folder.join("vault"), &folder.join("sealing"), key).unwrap()
    }

    /// What lies in a keeper's vault, without its kind and ending.
    fn sealed(&self, with: &With, kind: Sealed) -> Vec<String> {
        let files = std::fs::read_dir(self.folder(with).join("vault")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let prefix = format!("{kind}-");
        let of_kind = names.filter_map(|name| Some(name.strip_prefix(&prefix)?.to_owned()));
        of_kind
            .filter_map(|name| Some(name.strip_suffix(".sealed")?.to_owned()))
            .collect()
    }

    /// The calibrations, in files.
    fn ears(&self, with: &With, scorer: &str) -> Ears {
        let folder = self.folder(with);
        let sigma = ParameterId::DeviationThresholdSigma.row().default;
        for (name, scorer) in [
            ("letters", AnyScorer::Letters(Letters::default())),
            ("shape", AnyScorer::Shape(Shape::default())),
        ] {
            let made = self
                .runtime
                .block_on(calibrate(&scorer, &traces(), &[], sigma));
            std::fs::write(folder.join(name), made.unwrap().0.text()).unwrap();
        }
        let path = |name: &str| format!("{:?}", folder.join(name).display().to_string());
        let section = toml::from_str(&format!(
            "scorer = {scorer:?}\nletters = {}\nshape = {}\nwindows = {}\n",
            path("letters"),
            path("shape"),
            path("windows"),
        ));
        let roster = self.scene.at(Peer::Roster);
        let account = self.monitor.address();
        Ears::open(&section.unwrap(), &provider(&self.url()), roster, account).unwrap()
    }

    fn keeper(&self, with: &With) -> Host {
        let _inside = self.runtime.enter();
        let (folder, url) = (self.folder(with), self.url());
        let at = |peer| format!("\"{}\"", self.scene.at(peer));
        let path = |name: &str| format!("{:?}", folder.join(name).display().to_string());
        let config = Config::parse(&format!(
            "endpoint = {url:?}\njournal = {}\nkey_file = {}\nname = \"host\"\ndepth_blocks = {}\n\
             [mirror]\nmissions = [\"{}\"]\nvault = {}\nvault_key_file = {}\npoll_secs = 1\n\
             [city]\nconstitution = {}\nfrom_block = 0\n",
            path("journal.sqlite"),
            path("key"),
            with.depth.unwrap_or_default(),
            self.law.mission,
            path("vault"),
            path("sealing"),
            at(Peer::Constitution),
        ))
        .unwrap();
        let (key, city) = (self.monitor.signer().clone(), city(&self.scene.stage));
        let (venue, patience) = (city.venue(), Patience::default());
        let client = |(agent, base, _): &(Address, String, _)| {
            let client = Client::new(base, *agent, Account::Key, venue, None, patience);
            (*agent, client.unwrap())
        };
        let mut texts = Texts::default();
        for task in &self.law.plan.tasks {
            texts.add_terms(Terms::from(&task.terms));
        }
        let serves = with.serves.iter().map(|place| self.served[*place].0);
        let setup = Setup {
            city,
            executors: self.served.iter().map(client).collect::<BTreeMap<_, _>>(),
            served: serves.collect::<BTreeSet<_>>(),
            missions: vec![self.law.mission],
            texts,
            pause: Duration::from_secs(3600),
        };
        let signs = Monitor {
            signer: key.clone(),
            chain_id: city.chain_id,
            guardian: self.scene.at(Peer::Guardian),
        };
        let (vault, remote) = (Arc::new(self.vault(with)), Arc::new(setup.stopper()));
        let (mirror, inlet) = Mirror::new(
            &config,
            city,
            config.mirror.clone().unwrap(),
            provider(with.sees.unwrap_or(&url)),
            Some(signs),
            Arc::clone(&vault),
            Arc::clone(&remote) as _,
        );
        let mut guard = Guard::new(mirror.board(), inlet, Arc::clone(&remote));
        if let Some(scorer) = with.scorer {
            guard = guard.hearing(self.ears(with, scorer));
        }
        let mut parts: Vec<Arc<dyn Part>> = Vec::new();
        let routing = Routing::new(provider(&url), setup);
        if let Some(depth) = with.depth {
            let beside = Neighbours {
                mirror: mirror.board(),
                stopper: remote,
                vault,
                guardian: self.scene.at(Peer::Guardian),
            };
            let section = toml::from_str(&format!(
                "poll_secs = 1\nauthorise_file = {}\n",
                path("go on")
            ));
            let (escrow, gate) = Escrow::new(section.unwrap(), provider(&url), depth, beside);
            let routing = Arc::new(routing.guarded(guard.buffered(gate)));
            escrow.meets(Arc::clone(&routing));
            parts.extend([Arc::new(escrow) as Arc<dyn Part>, routing]);
        } else {
            parts.push(Arc::new(routing.guarded(guard)));
        }
        parts.push(Arc::new(mirror));
        let policy = Policy {
            depth_blocks: 0,
            ..Policy::default()
        };
        let rpc = Quorum::of_one(Rpc::new(provider(&url), Duration::from_secs(10)));
        let submitter = Submitter::new(rpc, key, city.chain_id, policy);
        let journal = SqliteJournal::open(&folder.join("journal.sqlite")).unwrap();
        Keeper::with_parts(journal, config.name, 0, Some(submitter), parts).unwrap()
    }

    fn look(&self, keeper: &mut Host) {
        keeper.stand(&self.clock).unwrap();
        self.runtime.block_on(async {
            keeper.observe(&self.clock).await.unwrap();
            keeper.act(&self.clock, false).await.unwrap();
            // Work goes on beside the keepers.
            tokio::time::sleep(Duration::from_millis(10)).await;
        });
    }

    fn state(&mut self, node: u16) -> u8 {
        self.scene.node(&self.law, node).state as u8
    }

    fn until(&mut self, keeper: &mut Host, node: u16, state: NodeState) {
        for _ in 0..LOOKS_MAX {
            if self.state(node) == state.number() {
                return;
            }
            self.look(keeper);
        }
        panic!(
            "node {node} never {state:?}: {:?}",
            self.scene.node(&self.law, node)
        );
    }

    /// What the guardian logged of a kind.
    fn logged<E: SolEvent>(&self) -> Vec<E> {
        let filter = Filter::new()
            .address(self.scene.at(Peer::Guardian))
            .event_signature(E::SIGNATURE_HASH)
            .from_block(0);
        let logs = self
            .runtime
            .block_on(async { provider(&self.url()).get_logs(&filter).await });
        let logs = logs.unwrap().into_iter();
        logs.map(|log| log.log_decode::<E>().unwrap().inner.data)
            .collect()
    }

    /// The one snapshot that a keeper sealed, which hashes to the evidence of the one report.
    fn snapshot(&self, with: &With) -> serde_json::Value {
        let names = self.sealed(with, Sealed::Snapshot);
        let [name] = &names[..] else {
            panic!("{names:?}");
        };
        let snapshot = self.vault(with).get(Sealed::Snapshot, name).unwrap();
        let reports = self.logged::<guardian::AnomalyReported>();
        assert_eq!(
            (reports.len(), reports[0].evidenceHash),
            (1, keccak256(&snapshot))
        );
        serde_json::from_slice(&snapshot).unwrap()
    }
}

#[test]
fn who_floods_is_stopped_before_the_chain_knows_and_works_again_when_the_panel_lets_it() {
    let mut desk = Desk::raise(1, false, true);
    let witnessed = Arc::clone(&desk.served[0].2);
    let stopped = || witnessed.cut_off.load(Ordering::SeqCst);
    let with = With {
        serves: vec![0],
        ..With::default()
    };

    // ---- the flood: stopped, sealed, reported, frozen.
    let mut first = desk.keeper(&with);
    desk.until(&mut first, 0, NodeState::Executing);
    for _ in 0..LOOKS_MAX {
        if stopped() == 1 {
            break;
        }
        let executing = NodeState::Executing.number();
        assert_eq!(desk.state(0), executing, "frozen while it ran on");
        desk.look(&mut first);
    }
    assert_eq!(stopped(), 1);
    desk.until(&mut first, 0, NodeState::Frozen);
    let snapshot = desk.snapshot(&with);
    let captured = &snapshot["captured"];
    let count = |of: &str| captured[of].as_array().unwrap().len();
    let messages = usize::try_from(flood()).unwrap();
    assert_eq!((count("messages"), count("tools")), (messages, 1));
    assert_eq!(captured["last_step"], "and another thing");
    assert_eq!(captured["partial_output"], "{\"fields\":");
    assert_eq!(captured["tokens_used"], 1);
    assert_eq!(captured["context"], "Which fields? — And another thing");
    assert_eq!(snapshot["measure"]["messages"], flood());

    // ---- the keeper dies, and the panel lifts the freeze meanwhile. One that cannot ask what is frozen routes nothing.
    drop(first);
    let frozen = desk.logged::<guardian::NodeFrozen>();
    let lift = guardian::unfreezeNodeCall {
        missionId: desk.law.mission,
        node: 0,
        freezeId: frozen[0].freezeId,
        kind: UnfreezeKind::Warning,
    };
    let act = desk.scene.act(Peer::Guardian, &lift);
    let lifted = desk.scene.decide(&act, &[0]);
    assert_eq!(told::<guardian::NodeUnfrozen>(&lifted).len(), 1);
    let mut blind = desk.keeper(&With {
        serves: vec![0],
        sees: Some(DEAD),
        ..With::default()
    });
    for _ in 0..LOOKS {
        desk.look(&mut blind);
    }
    let eligible = NodeState::Eligible.number();
    assert_eq!(desk.state(0), eligible, "routed unasked");
    drop(blind);

    // ---- one that can ask goes on: the same job, done anew, and in order.
    let mut seeing = desk.keeper(&with);
    desk.until(&mut seeing, 0, NodeState::Completed);
    let completed = desk.scene.node(&desk.law, 0).outputHash;
    assert_eq!(completed, keccak256(b"output"));
    assert_eq!((witnessed.begun.load(Ordering::SeqCst), stopped()), (2, 1));
}

#[test]
fn what_both_scorers_find_strange_is_not_handed_in_unless_the_roster_approved_another_scorer() {
    let mut desk = Desk::raise(2, false, false);
    // One word where others write reports.
    let with = With {
        folder: "approved",
        serves: vec![0],
        scorer: Some("letters"),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Executing);
    for _ in 0..LOOKS {
        desk.look(&mut keeper);
    }
    // A lone monitor's opinion freezes nothing on chain, and hands nothing in.
    assert_eq!(desk.state(0), NodeState::Executing.number());
    assert!(desk.logged::<guardian::NodeFrozen>().is_empty());
    let snapshot = desk.snapshot(&with);
    assert_eq!(snapshot["captured"]["partial_output"], "output");
    let sigma = ParameterId::DeviationThresholdSigma.row().default;
    assert!(snapshot["measure"]["deviation"].as_u64().unwrap() > sigma.into());
    let reports = desk.logged::<guardian::AnomalyReported>();
    assert_eq!(reports[0].kind, ReportKind::Counters);

    // ---- a keeper that judges by another scorer than the one it is bonded with accuses nobody, and remembers what was completed.
    let with = With {
        folder: "other",
        serves: vec![1],
        scorer: Some("shape"),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 1, NodeState::Completed);
    desk.look(&mut keeper);
    let windows = rusqlite::Connection::open(desk.folder(&with).join("windows")).unwrap();
    let taken = "SELECT COUNT(*) FROM heard WHERE completed IS NOT NULL";
    let taken = windows.query_row(taken, [], |row| row.get::<_, i64>(0));
    assert_eq!(taken, Ok(1));
}

#[test]
fn what_others_build_on_lies_sealed_until_the_chain_has_it_for_good() {
    const DEPTH: u64 = 40;
    let mut desk = Desk::raise(2, true, false);
    let mine = |desk: &mut Desk| (0..=DEPTH).for_each(|_| desk.scene.pass(1));
    // The law itself must lie so deep before anything is known of it.
    mine(&mut desk);
    let with = With {
        serves: vec![0, 1],
        depth: Some(DEPTH),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Completed);
    desk.until(&mut keeper, 1, NodeState::Executing);
    let names = desk.sealed(&with, Sealed::Output);
    let [name] = &names[..] else {
        panic!("{names:?}");
    };
    let sealed = desk.vault(&with).get(Sealed::Output, name).unwrap();
    assert_eq!(sealed, b"output");
    let begun = |desk: &Desk| desk.served[1].2.begun.load(Ordering::SeqCst);
    for _ in 0..LOOKS {
        desk.look(&mut keeper);
    }
    assert_eq!(
        begun(&desk),
        0,
        "built on what a reorganisation may take back"
    );
    mine(&mut desk);
    desk.until(&mut keeper, 1, NodeState::Completed);
    assert_eq!(begun(&desk), 1);
}
