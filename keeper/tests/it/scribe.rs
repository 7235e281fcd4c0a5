//! The chain in a keeper's log: every final log of the city once and in order, whoever dies in between, and nothing that was not final.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use agentcity_domain::{peer::Peer, roster::anchor::Anchor};
use agentcity_hub::{
    chain::{Placed, drafts},
    entry::{Entry, Event, Origin},
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{Boundary, Log, Retention, Settings},
    tree,
};
use agentcity_keeper::{
    action::Level,
    clock::{Clock, Moment},
    config::Config,
    daemon::{Keeper, Standing},
    journal::SqliteJournal,
    part::{log::Shared, scribe::Writing},
    source::{agreed::Agreed, ground::Ground},
};
use agentcity_test_fixtures::{
    self as fixtures,
    city::{
        Charter, City, Client,
        life::{AgentType, Registration},
    },
};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::Filter,
};
use parking_lot::Mutex;
use serde_json::json;
use tempfile::tempdir;

/// Blocks that make the one below final in these tests.
const DEPTH: u64 = 4;
const AUTHOR: Address = Address::repeat_byte(0xa0);
const DIR: &str = "AGENTCITY_SCRIBE_DIR";
const URL: &str = "AGENTCITY_SCRIBE_URL";
const CONSTITUTION: &str = "AGENTCITY_SCRIBE_CONSTITUTION";
const AT: &str = "AGENTCITY_SCRIBE_AT";

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// A city in which something happens.
struct Town {
    city: City,
    settled: usize,
}

impl Town {
    async fn raise() -> Self {
        let city = tokio::task::spawn_blocking(|| {
            let settings = fixtures::Settings::lenient();
            City::raise(&Charter {
                settings,
                ..Charter::default()
            })
            .unwrap()
        });
        Self {
            city: city.await.unwrap(),
            settled: 0,
        }
    }

    /// Agents that register, each in a block of its own.
    fn settle(&mut self, count: usize) {
        tokio::task::block_in_place(|| {
            for _ in 0..count {
                let number = self.settled;
                self.settled += 1;
                let principal = self.city.person(&format!("principal {number}")).unwrap();
                let agent = self.city.person(&format!("agent {number}")).unwrap();
                self.city.enrol(std::slice::from_ref(&principal)).unwrap();
                let registration = Registration {
                    agent,
                    kind: AgentType::Producer,
                    principal,
                };
                self.city.register(&[registration]).unwrap();
            }
        });
    }

    async fn rpc(&self, method: &'static str, params: serde_json::Value) {
        let provider = self.provider();
        let answer = provider.raw_request::<_, serde_json::Value>(method.into(), params);
        answer.await.unwrap();
    }

    /// The newest blocks are replaced by empty ones, and who was in them was never there.
    async fn reorg(&mut self, depth: u64) {
        self.rpc("anvil_reorg", json!([depth, []])).await;
        tokio::task::block_in_place(|| {
            // Whoever counts nonces counts anew.
            self.city.client = Client::new(&self.city.node).unwrap();
        });
    }

    fn place(&self) -> (String, Address) {
        (
            self.city.node.http_url(),
            self.city.address(Peer::Constitution),
        )
    }

    fn provider(&self) -> RootProvider {
        ProviderBuilder::default().connect_http(self.city.node.http_url().parse().unwrap())
    }

    /// What the chain's final blocks hold, as whoever asks the node itself would have it.
    async fn truth(&self) -> Vec<(EventType, B256, u64, u64)> {
        let provider = self.provider();
        let tip = provider.get_block_number().await.unwrap();
        let members = Peer::ALL.map(|peer| self.city.address(peer));
        let filter = Filter::new()
            .address(members.to_vec())
            .from_block(0)
            .to_block(tip - DEPTH);
        let mut truth = Vec::new();
        for log in provider.get_logs(&filter).await.unwrap() {
            let peer = Peer::ALL[members.iter().position(|at| *at == log.address()).unwrap()];
            let receipt = provider
                .get_transaction_receipt(log.transaction_hash.unwrap())
                .await
                .unwrap()
                .unwrap();
            let placed = Placed {
                log: &log.inner,
                block: log.block_number.unwrap(),
                block_hash: log.block_hash.unwrap(),
                time_ms: 0,
                transaction: log.transaction_hash.unwrap(),
                gas_used: receipt.gas_used,
                log_index: log.log_index.unwrap(),
                epoch: 0,
            };
            for draft in drafts(peer, &placed, |_| None) {
                truth.push((
                    draft.kind,
                    placed.block_hash,
                    placed.log_index,
                    receipt.gas_used,
                ));
            }
        }
        truth
    }
}

type Real = Keeper<SqliteJournal, RootProvider>;

/// A keeper that only writes the chain down. `watch` is told before and after each commit of the log.
async fn scribe(
    (url, constitution): &(String, Address),
    dir: &Path,
    watch: impl FnMut(Boundary) + Send + 'static,
) -> (Real, Shared) {
    let path = |name: &str| dir.join(name).display().to_string();
    let config = Config::parse(&format!(
        "endpoint = {url:?}\njournal = {:?}\nkey_file = \"none\"\ndepth_blocks = {DEPTH}\n\
         [city]\nconstitution = \"{constitution}\"\nfrom_block = 1\n[log]\nfile = {:?}\n",
        path("journal"),
        path("log"),
    ))
    .unwrap();
    let provider: RootProvider = ProviderBuilder::default().connect_http(url.parse().unwrap());
    let found = Ground::find(std::slice::from_ref(&provider), 1, Some(*constitution)).await;
    let ground = found.unwrap();
    let chain = config.chain(&ground).unwrap().unwrap();
    let name = LogName {
        chain_id: ground.chain_id,
        author: AUTHOR,
    };
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: Vec::new(),
    };
    let log = Log::open_watched(&dir.join("log"), name, settings, watch).unwrap();
    let log: Shared = Arc::new(Mutex::new(log));
    let endpoints = Agreed::new(vec![provider], 1).unwrap();
    let part = Writing::new(
        endpoints,
        ground.city.unwrap(),
        chain,
        Arc::clone(&log),
        DEPTH,
    );
    let journal = SqliteJournal::open(&dir.join("journal")).unwrap();
    let keeper = Keeper::with_parts(journal, "one".into(), DEPTH, None, vec![Arc::new(part)]);
    (keeper.unwrap(), log)
}

/// One round that reads whatever there is.
async fn round(keeper: &mut Real) {
    let clock = Hands::default();
    assert_eq!(keeper.stand(&clock).unwrap(), Standing::Working);
    keeper.observe(&clock).await.unwrap();
    keeper.act(&clock, false).await.unwrap();
}

fn events(log: &Shared) -> Vec<Event> {
    let log = log.lock();
    log.audit().unwrap();
    let mut events = Vec::new();
    while (events.len() as u64) < log.size().unwrap() {
        for (_, line) in log.lines(events.len() as u64, 1_000).unwrap() {
            match Entry::read(&line).unwrap() {
                Entry::Event(event) => events.push(*event),
                other => panic!("{other:?}"),
            }
        }
    }
    events
}

fn seen(events: &[Event]) -> Vec<(EventType, B256, u64, u64)> {
    let seen = events.iter().map(|event| match event.origin {
        Origin::Chain {
            block_hash,
            log_index,
            ..
        } => (event.event_type, block_hash, log_index, event.gas_used),
        Origin::Keeper { .. } => panic!("not of the chain: {event:?}"),
    });
    seen.collect()
}

/// INV-LOG-01.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_every_final_log_of_the_city_once_and_in_order() {
    let mut town = Town::raise().await;
    tokio::task::block_in_place(|| town.city.install_clerks().unwrap());
    town.settle(3);
    let dir = tempdir().unwrap();
    let (mut one, log) = scribe(&town.place(), dir.path(), |_| {}).await;
    round(&mut one).await;
    let truth = town.truth().await;
    assert!(truth.len() >= 4, "clerks registered: {truth:?}");
    assert_eq!(seen(&events(&log)), truth);
    assert_eq!(one.worst(), Some(Level::Fine));
    // The epoch is that in which it happened, and who answers for whom was asked.
    let clerk = &events(&log)[0];
    assert_eq!(clerk.event_type, EventType::AgentRegistered);
    assert_eq!(clerk.epoch, 1, "after the seal");
    assert_eq!(clerk.principals, [town.city.clerks[0].principal.address()]);

    // What lies too high waits, until enough lies on it; a block that was replaced before leaves nothing.
    town.settle(2);
    round(&mut one).await;
    assert_eq!(seen(&events(&log)), town.truth().await);
    let before = events(&log).len();
    town.reorg(3).await;
    town.settle(2);
    round(&mut one).await;
    town.rpc("anvil_mine", json!(["0x8"])).await;
    round(&mut one).await;
    let truth = town.truth().await;
    assert!(truth.len() > before);
    assert_eq!(seen(&events(&log)), truth);

    // Away for hundreds of blocks: another process goes on where the log ends.
    one.leave(&Hands::default()).unwrap();
    drop((one, log));
    town.settle(2);
    town.rpc("anvil_mine", json!(["0x200"])).await;
    town.settle(1);
    town.rpc("anvil_mine", json!(["0x8"])).await;
    let (mut two, log) = scribe(&town.place(), dir.path(), |_| {}).await;
    round(&mut two).await;
    let truth = town.truth().await;
    assert_eq!(seen(&events(&log)), truth);
    // Anyone who has the root can be shown that an entry of the chain is in it.
    let size = log.lock().size().unwrap();
    let anchor = Anchor {
        size,
        root: log.lock().root(size).unwrap(),
    };
    let line = log.lock().line(size - 1).unwrap();
    let leaf = tree::leaf(line.as_bytes());
    let path = log.lock().inclusion(size - 1, size).unwrap();
    assert!(tree::includes(&anchor, size - 1, &leaf, &path));
    let other = keccak256(line.replacen("0x", "0y", 1));
    assert!(!tree::includes(&anchor, size - 1, &other, &path));

    // More was undone than counts as final: nothing is written on either side of it, and a human is told.
    town.reorg(12).await;
    town.settle(1);
    town.rpc("anvil_mine", json!(["0x20"])).await;
    round(&mut two).await;
    assert_eq!(two.worst(), Some(Level::Dead));
    assert_eq!(log.lock().size().unwrap(), size);
    round(&mut two).await;
    assert_eq!(log.lock().size().unwrap(), size);
}

/// The process that the test below kills; without its word, it is nobody.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let (Ok(dir), Ok(url), Ok(at)) = (env::var(DIR), env::var(URL), env::var(AT)) else {
        return;
    };
    let constitution = env::var(CONSTITUTION).unwrap().parse().unwrap();
    let (at, mut count): (u64, u64) = (at.parse().unwrap(), 0);
    let watch = move |_: Boundary| {
        if count == at {
            println!("\nreached");
            std::io::stdout().flush().unwrap();
            loop {
                std::thread::park();
            }
        }
        count += 1;
    };
    let (mut keeper, _) = scribe(&(url, constitution), Path::new(&dir), watch).await;
    round(&mut keeper).await;
}

/// Runs a scribe and kills it at boundary `at`. False if it had ended before.
fn killed_at((url, constitution): &(String, Address), dir: &Path, at: u64) -> bool {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "scribe::child", "--nocapture"])
        .env(DIR, dir)
        .env(URL, url)
        .env(CONSTITUTION, constitution.to_string())
        .env(AT, at.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).any(|line| line == "reached");
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(reached || status.success(), "the child failed at {at}");
    reached
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scribe_killed_at_any_commit_writes_what_an_unharmed_one_does() {
    let mut town = Town::raise().await;
    tokio::task::block_in_place(|| town.city.install_clerks().unwrap());
    // Entries in several stretches of blocks, so that it dies between them too.
    for _ in 0..3 {
        town.settle(2);
        town.rpc("anvil_mine", json!(["0x6e"])).await;
    }
    let place = town.place();
    let calm = tempdir().unwrap();
    let boundaries = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&boundaries);
    let count = move |_: Boundary| {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    let (mut keeper, log) = scribe(&place, calm.path(), count).await;
    round(&mut keeper).await;
    let boundaries = boundaries.load(Ordering::SeqCst);
    let (expected, size) = (events(&log), log.lock().size().unwrap());
    assert_eq!(seen(&expected), town.truth().await);
    let root = log.lock().root(size).unwrap();
    assert!(boundaries >= 8, "{boundaries}");
    for at in 0..boundaries {
        let dir = tempdir().unwrap();
        let killed = tokio::task::block_in_place(|| killed_at(&place, dir.path(), at));
        assert!(killed, "boundary {at} of {boundaries}");
        let (mut keeper, log) = scribe(&place, dir.path(), |_| {}).await;
        round(&mut keeper).await;
        assert_eq!(seen(&events(&log)), seen(&expected), "killed at {at}");
        assert_eq!(log.lock().root(size).unwrap(), root, "killed at {at}");
    }
    println!("{boundaries} boundaries, {size} entries");
}
