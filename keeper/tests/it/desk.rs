//! A mission, agents who serve it, and keepers that are raised from configuration files as the daemon raises them, with a clock that the
//! test moves.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_domain::{machine::NodeState, parameter::ParameterId, peer::Peer};
use agentcity_keeper::{
    clock::{Clock, Moment},
    config::{Config, JournalAt},
    daemon::Keeper,
    execution::Execution,
    journal::{Journal, SqliteJournal},
    machine::{Machine, freeze_mirror::FreezeMirror},
    part::mirror,
    source::ground::Ground,
    vault::{Kind, Vault},
};
use agentcity_monitor::{
    calibration::calibrate,
    scorer::{AnyScorer, Letters, Shape},
    window::Lengths,
};
use agentcity_test_fixtures::{
    city::{Person, life::service_of},
    mission::{Charter, Law, Plan, Scene},
};
use alloy::{
    primitives::{Address, B256, hex},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::Filter,
    sol_types::SolEvent,
    transports::http::reqwest,
};
use parking_lot::Mutex;
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;

use crate::{
    freeze_story::traces,
    mission::{STAKE, city, document},
    talker::{Script, Talker},
};

/// Looks within which something comes about that is not held back: some ten are needed.
pub(crate) const LOOKS_MAX: usize = 60;

/// How long a service may take for one answer, in milliseconds.
const LATENCY_MS: u32 = 120_000;

/// A clock that goes on by a millisecond whenever it is asked, and further when the test says so.
#[derive(Debug, Default)]
pub(crate) struct Hands(AtomicU64);

impl Hands {
    pub(crate) fn at(&self, millis: u64) {
        self.0.store(millis, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

pub(crate) type Host = Keeper<SqliteJournal, RootProvider>;

/// What a keeper's file says.
#[derive(Clone, Debug, Default)]
pub(crate) struct With {
    /// Its folder.
    pub(crate) folder: &'static str,
    /// Which of the monitors it is.
    pub(crate) monitor: usize,
    /// Which of the executors it serves.
    pub(crate) serves: Vec<usize>,
    /// Where it asks; nowhere: the node itself.
    pub(crate) endpoint: Option<String>,
    /// The scorer of its `[monitor]`.
    pub(crate) scorer: Option<&'static str>,
    /// Whether its `[monitor]` hears messages.
    pub(crate) hears: bool,
    /// Lines of its `[escrow]`, beside the file in which its operator authorises.
    pub(crate) escrow: Option<String>,
    /// Blocks that make the one below final.
    pub(crate) depth: u64,
}

impl With {
    /// Of the one keeper that a story has, who serves the first executor.
    pub(crate) fn first() -> Self {
        Self {
            folder: "one",
            serves: vec![0],
            ..Self::default()
        }
    }
}

/// The scene of a story.
pub(crate) struct Desk {
    pub(crate) scene: Scene,
    pub(crate) law: Law,
    /// Bonded, of principals of their own.
    pub(crate) monitors: Vec<Person>,
    /// Agents, and where they are.
    pub(crate) served: Vec<(Address, String)>,
    pub(crate) clock: Hands,
    pub(crate) dir: TempDir,
    /// The scene drives a runtime of its own, so it is never spoken to from within this one.
    pub(crate) runtime: Runtime,
}

/// Calibrates both built-in scorers on what is usual, into a file of this folder each.
pub(crate) async fn calibrate_into(folder: &Path) {
    let sigma = ParameterId::DeviationThresholdSigma.row().default;
    for (name, scorer) in [
        ("letters", AnyScorer::Letters(Letters::default())),
        ("shape", AnyScorer::Shape(Shape::default())),
    ] {
        let traces = traces();
        let made = calibrate(&scorer, &traces, &[], sigma, Lengths::default()).await;
        fs::write(folder.join(name), made.unwrap().0.text()).unwrap();
    }
}

impl Desk {
    /// A law by `plan`, of which each task has the executor of its number, which works by its script. `scorers`: of each monitor.
    pub(crate) fn raise<S: Script>(
        charter: &Charter,
        plan: &Plan,
        scripts: Vec<S>,
        scorers: &[B256],
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut scene = Scene::raise(charter, scripts.len().max(3), 1);
        let mut monitors = Vec::new();
        for (number, scorer) in scorers.iter().enumerate() {
            let name = format!("monitor {number}");
            let principal = scene.stage.city.person(&format!("principal of {name}"));
            let brought = scene
                .stage
                .bring_monitor_with(&name, &principal.unwrap(), *scorer);
            monitors.push(brought.unwrap());
        }
        // Longer than any story, however slow the machine is: what ends a job is the story's.
        for place in 0..scripts.len() {
            let mut service = service_of(&scene.agent(place));
            service.constraints.maxLatencyMs = LATENCY_MS;
            scene.stage.publishes(place, &service).unwrap();
        }
        let own: Vec<usize> = (0..scripts.len()).collect();
        let seats = scene.seats(plan, &own, STAKE);
        let law = scene.enact_with(plan, &seats);
        let dir = tempdir().unwrap();
        let mut served = Vec::new();
        for (place, script) in scripts.into_iter().enumerate() {
            let person = scene.agent(place);
            let talker = Talker {
                signer: person.signer().clone(),
                service: scene.stage.executors[place].service,
                venue: city(&scene.stage).venue(),
                code: Arc::new(Mutex::new(service_of(&person).codeHash)),
                chain: None,
                script,
            };
            let store = dir.path().join(format!("jobs {place}"));
            let base = runtime.block_on(talker.serve(&store));
            served.push((person.address(), base));
        }
        let documents = dir.path().join("documents");
        fs::create_dir(&documents).unwrap();
        // The law's own plan: what is proved commits to the mission.
        let text = document(&law.plan).to_string();
        fs::write(documents.join("law.json"), text).unwrap();
        Self {
            scene,
            law,
            monitors,
            served,
            clock: Hands::default(),
            dir,
            runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.scene.stage.city.node.http_url()
    }

    pub(crate) fn provider(&self) -> RootProvider {
        ProviderBuilder::default().connect_http(self.url().parse().unwrap())
    }

    pub(crate) fn folder(&self, with: &With) -> PathBuf {
        let folder = self.dir.path().join(with.folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    pub(crate) fn vault(&self, with: &With) -> Vault {
        let folder = self.folder(with);
        fs::write(folder.join("sealing"), "07".repeat(32)).unwrap();
        let key = self.monitors[with.monitor].signer().clone();
        Vault::open(&folder.join("vault"), &folder.join("sealing"), key).unwrap()
    }

    /// What lies in a keeper's vault.
    pub(crate) fn sealed(&self, with: &With, kind: Kind) -> Vec<String> {
        self.vault(with).names(kind).unwrap()
    }

    /// The file of a keeper.
    pub(crate) fn file(&self, with: &With) -> String {
        let folder = self.folder(with);
        let path = |name: &str| format!("{:?}", folder.join(name).display().to_string());
        let key = hex::encode(self.monitors[with.monitor].signer().to_bytes());
        fs::write(folder.join("key"), key).unwrap();
        // The folder of what is sealed, and its key.
        drop(self.vault(with));
        let endpoint = with.endpoint.clone().unwrap_or_else(|| self.url());
        let mut text = format!(
            "endpoint = {endpoint:?}\njournal = {}\nkey_file = {}\nname = \"host\"\ndepth_blocks = {}\n\
             [city]\nconstitution = \"{}\"\nfrom_block = 0\n\
             [mirror]\nvault = {}\nvault_key_file = {}\npoll_secs = 1\n\
             [router]\nmissions = [\"{}\"]\ndocuments = {:?}\npoll_secs = 1\n",
            path("journal.sqlite"),
            path("key"),
            with.depth,
            self.scene.at(Peer::Constitution),
            path("vault"),
            path("sealing"),
            self.law.mission,
            self.dir.path().join("documents").display().to_string(),
        );
        for (place, (agent, url)) in self.served.iter().enumerate() {
            let served = with.serves.contains(&place);
            write!(
                text,
                "[[router.executors]]\nagent = \"{agent}\"\nurl = {url:?}\nserved = {served}\n"
            )
            .unwrap();
        }
        if let Some(scorer) = with.scorer {
            self.runtime.block_on(calibrate_into(&self.folder(with)));
            write!(
                text,
                "[monitor]\nscorer = {scorer:?}\nletters = {}\nshape = {}\nwindows = {}\n",
                path("letters"),
                path("shape"),
                path("windows"),
            )
            .unwrap();
            if with.hears {
                let (letters, shape) = (path("letters"), path("shape"));
                writeln!(
                    text,
                    "messages = {{ letters = {letters}, shape = {shape} }}"
                )
                .unwrap();
            }
        }
        if let Some(lines) = &with.escrow {
            let authorise = path("go on");
            write!(
                text,
                "[escrow]\npoll_secs = 1\nauthorise_file = {authorise}\n{lines}"
            )
            .unwrap();
        }
        text
    }

    /// A keeper as the daemon raises it from its file.
    pub(crate) fn keeper(&self, with: &With) -> Host {
        let _inside = self.runtime.enter();
        let config = Config::parse(&self.file(with)).unwrap_or_else(|error| panic!("{error}"));
        let (key, providers) = (config.key().unwrap(), config.providers().unwrap());
        let JournalAt::File(journal) = config.journal.clone() else {
            panic!("a file");
        };
        let journal = SqliteJournal::open(&journal).unwrap();
        // Where it stands is asked of the node: the endpoint of a story may be shut.
        let node = [self.provider()];
        let named = config.city.map(|city| city.constitution);
        let ground = self.runtime.block_on(Ground::find(&node, 1, named));
        Keeper::over(journal, providers, config, key, &ground.unwrap()).unwrap()
    }

    /// Each keeper looks once and does what it can, all at the same time.
    pub(crate) fn look_all(&self, keepers: &mut [&mut Host]) {
        for keeper in keepers.iter_mut() {
            keeper.stand(&self.clock).unwrap();
        }
        self.runtime.block_on(async {
            let looks = keepers.iter_mut().map(|keeper| async move {
                keeper.observe(&self.clock).await.unwrap();
                keeper.act(&self.clock, false).await.unwrap();
            });
            futures_util::future::join_all(looks).await;
            // Work goes on beside the keepers.
            tokio::time::sleep(Duration::from_millis(10)).await;
        });
    }

    pub(crate) fn look(&self, keeper: &mut Host) {
        self.look_all(&mut [keeper]);
    }

    pub(crate) fn state(&mut self, node: u16) -> u8 {
        self.scene.node(&self.law, node).state as u8
    }

    pub(crate) fn until(&mut self, keeper: &mut Host, node: u16, state: NodeState) {
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

    /// Everybody looks until something is so.
    pub(crate) fn until_all(
        &mut self,
        keepers: &mut [&mut Host],
        what: &str,
        mut is_so: impl FnMut(&mut Self) -> bool,
    ) {
        for _ in 0..LOOKS_MAX {
            if is_so(self) {
                return;
            }
            self.look_all(keepers);
        }
        panic!("never: {what}");
    }

    /// How many transactions a keeper's account sent that are in a block.
    pub(crate) fn sent(&self, with: &With) -> u64 {
        let account = self.monitors[with.monitor].address();
        let asked = async { self.provider().get_transaction_count(account).await };
        self.runtime.block_on(asked).unwrap()
    }

    /// What a part of a keeper wanted done of a kind, in order, and how it ended, if it did.
    pub(crate) fn wanted(
        &self,
        with: &With,
        part: &str,
        kind: &str,
    ) -> Vec<(String, Option<String>)> {
        let journal = rusqlite::Connection::open(self.folder(with).join("journal.sqlite")).unwrap();
        let asked = "SELECT body, outcome FROM actions WHERE body LIKE ?1 ORDER BY seq, place";
        let mut query = journal.prepare(asked).unwrap();
        let of_kind = format!("{{\"{part}\":{{\"{kind}\"%");
        let rows = query.query_map([of_kind], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// What runs by a keeper's mirror, as whoever goes on with its journal knows it.
    pub(crate) fn running(&self, with: &With) -> Vec<Execution> {
        let mut journal = SqliteJournal::open(&self.folder(with).join("journal.sqlite")).unwrap();
        let replay = journal.replay(mirror::STREAM).unwrap();
        let mut machine = match &replay.state {
            Some(state) => FreezeMirror::resume(state).unwrap(),
            None => FreezeMirror::default(),
        };
        for recorded in replay.events {
            machine.step(&serde_json::from_str(&recorded.body).unwrap());
        }
        machine.running().copied().collect()
    }

    /// How the job of the first seat of a node stands, as its executor says: `running`, `delivered`, `stopped` or else.
    pub(crate) async fn standing(&self, node: u16) -> String {
        let (_, at) = &self.served[usize::from(node)];
        let url = format!("{at}/v1/jobs/{}-{node}-0-0", self.law.mission);
        let said = reqwest::get(url).await.unwrap().bytes().await.unwrap();
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        let word = said.as_object().and_then(|said| said.keys().next());
        word.cloned().unwrap_or_default()
    }

    /// What the guardian logged of a kind.
    pub(crate) fn logged<E: SolEvent>(&self) -> Vec<E> {
        let filter = Filter::new()
            .address(self.scene.at(Peer::Guardian))
            .event_signature(E::SIGNATURE_HASH)
            .from_block(0);
        let logs = self
            .runtime
            .block_on(async { self.provider().get_logs(&filter).await });
        let logs = logs.unwrap().into_iter();
        logs.map(|log| log.log_decode::<E>().unwrap().inner.data)
            .collect()
    }
}
