//! The chain as a source of events on a running node, through proxies that lag, lie, die and come back.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use agentcity_keeper::{
    action::{Action, Outcome},
    clock::{Moment, SystemClock},
    daemon::Keeper,
    event::Event,
    journal::{Journal, SqliteJournal},
    machine::Machine,
    part::{Asking, Feed, Part, Step, Task},
    source::{
        capped::REPLY_BYTES_MAX,
        chain::{self, Chain},
        endpoint::{Fault, HttpEndpoint, Source},
        follow::{Doubt, Follower, REORG_BLOCKS_MAX, View},
        log::Log,
        pool::{Health, Pool},
    },
};
use agentcity_test_fixtures::{Node, Sender, Settings, contracts};
use alloy::{
    primitives::{Address, B256, TxKind, U256},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::Filter,
    transports::http::reqwest,
};
use axum::{Router, body::Bytes, extract::State, routing::post};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// Longest wait for what a machine is to learn: it comes within a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
const QUICK: Duration = Duration::from_millis(50);
const ANSWER: Duration = Duration::from_secs(2);

/// What a proxy does to the answers of its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Nothing.
    #[default]
    Honest,
    /// It answers nothing at all.
    Dead,
    /// It knows this many blocks fewer.
    Lags(u64),
    /// Its headers have another time than the one they were hashed with.
    Forges,
    /// It leaves every log out.
    Omits,
    /// It says another chain id.
    Strange,
    /// It answers with what is no JSON.
    Babbles,
    /// It takes no range of logs of more blocks than this.
    Narrow(u64),
    /// It answers every call of a contract with this number.
    Answers(u64),
}

/// A node seen through somebody else's machine.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    wrong: Arc<Mutex<Wrong>>,
}

impl Proxy {
    pub(crate) async fn new(node: &Node) -> Self {
        let wrong = Arc::new(Mutex::new(Wrong::Honest));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = (node.http_url(), reqwest::Client::new(), Arc::clone(&wrong));
        let app = Router::new().route("/", post(relay)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, wrong }
    }

    pub(crate) fn is(&self, wrong: Wrong) {
        *self.wrong.lock() = wrong;
    }

    fn endpoint(&self, chain: (u64, B256), addresses: Vec<Address>) -> HttpEndpoint {
        let url = format!("http://{}/", self.address).parse().unwrap();
        HttpEndpoint::new(url, ANSWER, chain, addresses).unwrap()
    }
}

type Relay = (String, reqwest::Client, Arc<Mutex<Wrong>>);

async fn relay(State((url, client, wrong)): State<Relay>, body: Bytes) -> String {
    let wrong = *wrong.lock();
    match wrong {
        Wrong::Dead => std::future::pending().await,
        Wrong::Babbles => return "<html>".to_owned(),
        _ => {}
    }
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let reply = client.post(url).json(&asked).send().await.unwrap();
    let mut answers: Value = reply.json().await.unwrap();
    match (&asked, &mut answers) {
        (Value::Array(asked), Value::Array(answers)) => {
            for (asked, answer) in asked.iter().zip(answers) {
                garble(wrong, asked, answer);
            }
        }
        (asked, answer) => garble(wrong, asked, answer),
    }
    answers.to_string()
}

fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

fn garble(wrong: Wrong, asked: &Value, answer: &mut Value) {
    let method = asked["method"].as_str().unwrap_or_default();
    match (wrong, method) {
        (Wrong::Answers(number), "eth_call") => {
            answer["result"] = json!(format!("0x{number:064x}"))
        }
        (Wrong::Lags(blocks), "eth_blockNumber") => {
            let tip = number(&answer["result"]).unwrap();
            answer["result"] = json!(format!("{:#x}", tip.saturating_sub(blocks)));
        }
        (Wrong::Forges, "eth_getBlockByNumber") => answer["result"]["timestamp"] = json!("0x1"),
        (Wrong::Omits, "eth_getLogs") => answer["result"] = json!([]),
        (Wrong::Strange, "eth_chainId") => answer["result"] = json!("0x1"),
        (Wrong::Narrow(blocks), "eth_getLogs") => {
            let filter = &asked["params"][0];
            let (from, to) = (number(&filter["fromBlock"]), number(&filter["toBlock"]));
            if let (Some(from), Some(to)) = (from, to)
                && to - from >= blocks
            {
                let id = answer["id"].clone();
                let error = json!({ "code": -32005, "message": "range too wide" });
                *answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
            }
        }
        _ => {}
    }
}

/// A node with a contract that tells of what it stores.
struct Ground {
    node: Node,
    alice: Sender,
    cell: Address,
    chain: (u64, B256),
    proxies: Vec<Proxy>,
}

impl Ground {
    async fn new(proxies: usize) -> Self {
        let node = Node::devnode(&Settings::lenient());
        let mut alice = Sender::new(&node, "alice").unwrap();
        let cell = alice
            .create(contracts::creation(&contracts::cell()))
            .unwrap();
        let genesis = alice
            .rpc
            .call("eth_getBlockByNumber", json!(["0x0", false]))
            .unwrap();
        let genesis = genesis["hash"].as_str().unwrap().parse().unwrap();
        let mut list = Vec::new();
        for _ in 0..proxies {
            list.push(Proxy::new(&node).await);
        }
        Self {
            node,
            alice,
            cell,
            chain: (Settings::lenient().chain_id, genesis),
            proxies: list,
        }
    }

    /// One block with one log for each.
    fn stores(&mut self, values: std::ops::Range<u64>) {
        for value in values {
            let input = U256::from(value + 1).to_be_bytes::<32>().to_vec().into();
            let sent = self
                .alice
                .send(TxKind::Call(self.cell), U256::ZERO, input)
                .unwrap();
            assert!(sent.succeeded);
        }
    }

    fn rpc(&mut self, method: &str, params: Value) {
        self.alice.rpc.call(method, params).unwrap();
    }

    fn pool(&self, needed: usize) -> Pool<HttpEndpoint> {
        let of = |(place, proxy): (usize, &Proxy)| {
            (
                format!("p{place}"),
                proxy.endpoint(self.chain, vec![self.cell]),
            )
        };
        Pool::new(self.proxies.iter().enumerate().map(of).collect(), needed).unwrap()
    }

    fn source(&self, needed: usize, poll: Duration) -> Arc<Chain<Pool<HttpEndpoint>>> {
        Arc::new(Chain::new(self.pool(needed), 1, poll))
    }

    /// What the node itself says that its chain holds.
    async fn truth(&self) -> Vec<(u64, B256, u64)> {
        let url = self.node.http_url().parse().unwrap();
        let provider: RootProvider = ProviderBuilder::default().connect_http(url);
        let filter = Filter::new().address(self.cell).from_block(0);
        let logs = provider.get_logs(&filter).await.unwrap();
        let place = |log: &alloy::rpc::types::Log| {
            (
                log.block_number.unwrap(),
                log.block_hash.unwrap(),
                log.log_index.unwrap(),
            )
        };
        logs.iter().map(place).collect()
    }
}

/// What a machine was told, to look at from outside.
#[derive(Clone, Debug, Default)]
struct Told {
    logs: Vec<Log>,
    doubts: Vec<Doubt>,
    sure: bool,
    undone: usize,
}

#[derive(Debug)]
struct Remembers(Arc<Mutex<Told>>);

impl Machine for Remembers {
    fn step(&mut self, event: &Event) -> Vec<Action> {
        let mut told = self.0.lock();
        match event {
            Event::Chain(chain::Event::Added(log)) => told.logs.push(log.clone()),
            Event::Chain(chain::Event::Removed(log)) => {
                assert_eq!(
                    told.logs.pop().as_ref(),
                    Some(log),
                    "an inverse out of order"
                );
                told.undone += 1;
            }
            Event::Chain(chain::Event::Unsure { doubt, .. }) => {
                told.doubts.push(doubt.clone());
                told.sure = false;
            }
            Event::Chain(chain::Event::Sure { .. }) => told.sure = true,
            _ => {}
        }
        Vec::new()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.0.lock().logs).unwrap()
    }
}

/// A part that only listens.
#[derive(Debug)]
struct Listens {
    chain: Arc<Chain<Pool<HttpEndpoint>>>,
    told: Arc<Mutex<Told>>,
}

impl Part for Listens {
    fn stream(&self) -> &str {
        "listens"
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        let logs = state
            .map(serde_json::from_str)
            .transpose()?
            .unwrap_or_default();
        *self.told.lock() = Told {
            logs,
            ..Told::default()
        };
        Ok(Box::new(Remembers(Arc::clone(&self.told))))
    }

    fn pause(&self) -> Duration {
        QUICK
    }

    fn takes_logs(&self) -> bool {
        true
    }

    fn observe(self: Arc<Self>, asked: Moment, mut feed: Feed) -> Task<()> {
        Box::pin(async move {
            let position = feed.position();
            self.chain.follow(position, asked, &feed).await;
        })
    }

    fn at_once(&self, _: &Action) -> Option<Outcome> {
        None
    }

    fn carry_out(self: Arc<Self>, _: Action, _: Asking) -> Task<Result<Step, String>> {
        Box::pin(async { Ok(Step::Later) })
    }
}

/// A keeper at work in a task of its own, until it is stopped.
struct AtWork {
    told: Arc<Mutex<Told>>,
    stop: oneshot::Sender<()>,
    work: tokio::task::JoinHandle<()>,
}

impl AtWork {
    fn begin(dir: &Path, chain: Arc<Chain<Pool<HttpEndpoint>>>) -> Self {
        let told = Arc::new(Mutex::new(Told::default()));
        let part = Arc::new(Listens {
            chain,
            told: Arc::clone(&told),
        });
        let journal = SqliteJournal::open(&dir.join("journal")).unwrap();
        let (stop, stopped) = oneshot::channel();
        let work = tokio::spawn(async move {
            let mut keeper: Keeper<SqliteJournal, RootProvider> =
                Keeper::with_parts(journal, "one".into(), 0, None, vec![part]).unwrap();
            let stopped = async { drop(stopped.await) };
            keeper.run(&SystemClock, stopped).await.unwrap();
        });
        Self { told, stop, work }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Told) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(&self.told.lock()) {
            assert!(Instant::now() < end, "{what}: {:?}", self.told.lock());
            tokio::time::sleep(QUICK).await;
        }
    }

    /// Until the machine holds what the chain holds.
    async fn agrees(&self, ground: &Ground) {
        let truth = ground.truth().await;
        self.until("the machine holds what the chain holds", |told| {
            let held = told
                .logs
                .iter()
                .map(|log| (log.at.number, log.at.hash, log.index));
            held.eq(truth.iter().copied())
        })
        .await;
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.work.await.unwrap();
    }
}

fn journal() -> TempDir {
    tempdir().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reorganisations_are_undone_while_it_looks_and_while_it_is_away() {
    let (dir, mut ground) = (journal(), Ground::new(1).await);
    ground.stores(0..70);
    let keeper = AtWork::begin(dir.path(), ground.source(1, QUICK));
    keeper.agrees(&ground).await;
    ground.rpc("anvil_reorg", json!([64, []]));
    keeper.agrees(&ground).await;
    assert_eq!(keeper.told.lock().undone, 64);
    ground.stores(70..75);
    keeper.agrees(&ground).await;
    keeper.end().await;
    // Away: two blocks that were delivered are replaced, and more come.
    ground.rpc("anvil_reorg", json!([2, []]));
    ground.stores(80..90);
    let keeper = AtWork::begin(dir.path(), ground.source(1, QUICK));
    keeper.agrees(&ground).await;
    assert_eq!(keeper.told.lock().undone, 2);
    assert_eq!(keeper.told.lock().logs.len(), 6 + 3 + 10);
    keeper.end().await;
    // And without anything new nothing is told twice.
    let keeper = AtWork::begin(dir.path(), ground.source(1, QUICK));
    keeper.agrees(&ground).await;
    assert_eq!(keeper.told.lock().undone, 0);
    keeper.end().await;
}

/// INV-KEEPER-04.
#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_of_what_counted_as_final_is_told_though_nobody_watched_it() {
    let (dir, mut ground) = (journal(), Ground::new(1).await);
    ground.stores(0..3);
    // Long after the last log that its stream has, so that nothing else would tell.
    ground.rpc(
        "anvil_mine",
        json!([format!("{:#x}", 2 * REORG_BLOCKS_MAX)]),
    );
    let end = Instant::now() + PATIENCE;
    let mark = loop {
        let keeper = AtWork::begin(dir.path(), ground.source(1, QUICK));
        keeper.agrees(&ground).await;
        tokio::time::sleep(4 * QUICK).await;
        keeper.end().await;
        let mut journal = SqliteJournal::open(&dir.path().join("journal")).unwrap();
        match journal.standing("listens").unwrap().mark {
            // Above all logs that there are.
            Some(mark) if mark.block > 8 => break mark,
            mark => assert!(Instant::now() < end, "{mark:?}"),
        }
    };
    // Away, and nothing happens: the chain is the same.
    let keeper = AtWork::begin(dir.path(), ground.source(1, QUICK));
    ground.stores(3..4);
    keeper.agrees(&ground).await;
    assert_eq!(keeper.told.lock().doubts, []);
    keeper.end().await;
    // Away, and more is undone than counts as final: nothing goes on, and what is to be done is told.
    ground.rpc("anvil_reorg", json!([2 * REORG_BLOCKS_MAX - 8, []]));
    let keeper = AtWork::begin(dir.path(), ground.source(1, QUICK));
    let is_told = |told: &Told| matches!(told.doubts[..], [Doubt::TooDeep { .. }]);
    keeper.until("that it is another chain", is_told).await;
    let told = keeper.told.lock().clone();
    let Doubt::TooDeep { bottom } = told.doubts[0] else {
        panic!("{told:?}");
    };
    assert!(bottom >= mark.block, "{bottom} is no mark");
    assert!(told.doubts[0].to_string().contains("begin a new journal"));
    assert!(!told.sure && told.undone == 0);
    keeper.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_endpoints_one_may_do_what_it_likes() {
    let (dir, mut ground) = (journal(), Ground::new(3).await);
    let chain = ground.source(2, QUICK);
    let keeper = AtWork::begin(dir.path(), Arc::clone(&chain));
    let mut next = 0;
    type Shown = fn(&Health) -> bool;
    let cases: [(Wrong, Shown); 6] = [
        (Wrong::Lags(20), |h| {
            matches!(h, Health::Lagging { blocks: 20 })
        }),
        (Wrong::Omits, |h| matches!(h, Health::Contradicts { .. })),
        (Wrong::Dead, |_| true),
        (Wrong::Honest, |h| *h == Health::Good),
        (
            Wrong::Forges,
            |h| matches!(h, Health::Lying { cause } if cause.contains("hashes to")),
        ),
        (Wrong::Babbles, |h| matches!(h, Health::Lying { .. })),
    ];
    ground.stores(next..next + 25);
    next += 25;
    for (wrong, shown) in cases {
        ground.proxies[2].is(wrong);
        ground.stores(next..next + 3);
        next += 3;
        keeper.agrees(&ground).await;
        let end = Instant::now() + PATIENCE;
        while !shown(&chain.view().health()[2].1) {
            assert!(
                Instant::now() < end,
                "{wrong:?}: {:?}",
                chain.view().health()
            );
            ground.stores(next..next + 1);
            next += 1;
            tokio::time::sleep(QUICK).await;
        }
    }
    keeper.agrees(&ground).await;
    assert_eq!(keeper.told.lock().doubts, [], "two agreed all the time");
    keeper.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_machines_are_told_that_nothing_is_known_until_it_is_back() {
    let (dir, mut ground) = (journal(), Ground::new(3).await);
    let chain = ground.source(2, QUICK);
    let keeper = AtWork::begin(dir.path(), Arc::clone(&chain));
    ground.stores(0..3);
    keeper.agrees(&ground).await;
    // A split: each of the three says something else about the logs.
    ground.proxies[0].is(Wrong::Omits);
    ground.proxies[1].is(Wrong::Babbles);
    ground.stores(3..6);
    keeper
        .until("a split", |told| {
            matches!(
                told.doubts[..],
                [Doubt::Split {
                    agreeing: 1,
                    needed: 2,
                    ..
                }]
            )
        })
        .await;
    assert_eq!(
        keeper.told.lock().logs.len(),
        3,
        "nothing was delivered on one word"
    );
    ground.proxies[0].is(Wrong::Honest);
    keeper.agrees(&ground).await;
    keeper.until("it is sure again", |told| told.sure).await;
    // Two are dead, with the one that lied before: silence.
    ground.proxies[0].is(Wrong::Dead);
    ground.stores(6..8);
    keeper
        .until("silence", |told| {
            matches!(told.doubts[..], [_, Doubt::Silent { answered: 1, .. }])
        })
        .await;
    ground.proxies[0].is(Wrong::Honest);
    keeper.agrees(&ground).await;
    keeper.until("it is sure again", |told| told.sure).await;
    keeper.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_wakes_and_one_that_drops_doubles_or_is_cut_loses_nothing() {
    let (dir, mut ground) = (journal(), Ground::new(1).await);
    // Without the subscription it would look once an hour.
    let chain = ground.source(1, Duration::from_secs(3_600));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let way = listener.local_addr().unwrap();
    let (node, cut) = (ground.node.address(), tokio::sync::watch::Sender::new(0));
    let mut cuts = cut.subscribe();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = TcpStream::connect(node).await.unwrap();
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = cuts.changed() => {}
            }
        }
    });
    let subscription = chain.subscribe(format!("ws://{way}"));
    let keeper = AtWork::begin(dir.path(), Arc::clone(&chain));
    let mut next = 0;
    for faults in [
        json!({}),
        json!({ "dropEvery": 2 }),
        json!({ "duplicateEvery": 2 }),
    ] {
        ground.rpc("devnode_setLogFaults", json!([faults]));
        tokio::time::sleep(QUICK).await;
        for _ in 0..3 {
            ground.stores(next..next + 2);
            next += 2;
            tokio::time::sleep(QUICK).await;
        }
        keeper.agrees(&ground).await;
    }
    // Cut: it subscribes again by itself, and whatever came in between is there with the next block.
    cut.send_modify(|cuts| *cuts += 1);
    ground.stores(next..next + 4);
    let end = Instant::now() + PATIENCE;
    let truth = ground.truth().await.len();
    while keeper.told.lock().logs.len() < truth {
        assert!(Instant::now() < end, "it did not come back");
        ground.rpc("evm_mine", json!([]));
        tokio::time::sleep(QUICK * 4).await;
    }
    keeper.agrees(&ground).await;
    subscription.abort();
    keeper.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_absence_is_caught_up_in_ranges_that_the_endpoint_takes() {
    let (dir, mut ground) = (journal(), Ground::new(1).await);
    ground.proxies[0].is(Wrong::Narrow(30));
    for round in 0..5 {
        ground.stores(round..round + 1);
        ground.rpc("anvil_mine", json!(["0x190"]));
    }
    let chain = ground.source(1, QUICK);
    let began = Instant::now();
    let keeper = AtWork::begin(dir.path(), Arc::clone(&chain));
    keeper.agrees(&ground).await;
    let took = began.elapsed();
    keeper.end().await;
    // The measure of the source alone, without a journal: all blocks, headers linked, logs by ranges.
    let pool = ground.pool(1);
    let anchor = pool.links(0, 0).await.unwrap()[0].at;
    let (mut follower, mut logs, began) = (Follower::above(anchor), 0, Instant::now());
    loop {
        let step = follower.advance(&pool).await.unwrap();
        logs += step.changes.len();
        if !step.more {
            break;
        }
    }
    let (blocks, alone) = (follower.top().number, began.elapsed());
    assert_eq!(logs, 5);
    println!(
        "catch-up: {blocks} blocks in {took:?} with journal, in {alone:?} without: {:.0} blocks/s",
        blocks as f64 / alone.as_secs_f64()
    );
    let narrow = ground.proxies[0].endpoint(ground.chain, vec![ground.cell]);
    let found = narrow.blocks(1, 100, 2_000).await.unwrap();
    assert_eq!(found.len(), 100);
    assert_eq!(narrow.span(), 25, "halved twice, and remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_not_asked_for_anything_else() {
    let ground = Ground::new(1).await;
    ground.proxies[0].is(Wrong::Strange);
    let endpoint = ground.proxies[0].endpoint(ground.chain, vec![ground.cell]);
    let fault = endpoint.tip().await.unwrap_err();
    assert!(
        matches!(fault, Fault::OtherChain { .. }) && fault.is_lie(),
        "{fault}"
    );
    ground.proxies[0].is(Wrong::Honest);
    let other = ground.proxies[0].endpoint((ground.chain.0, B256::ZERO), Vec::new());
    assert!(matches!(other.tip().await, Err(Fault::OtherChain { .. })));
}

/// Answers every connection with these bytes, over and over until the other side has enough.
async fn floods(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            let mut left = REPLY_BYTES_MAX + (1 << 20);
            while left > 0 && stream.write_all(bytes).await.is_ok() {
                left = left.saturating_sub(bytes.len());
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_without_end_is_cut_off_and_deep_nesting_is_no_answer() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    for (address, patience, says) in [
        (floods(&[b' '; 65_536]).await, PATIENCE, "longer than"),
        (floods(&[b'['; 65_536]).await, PATIENCE, "longer than"),
        (silent.local_addr().unwrap(), ANSWER, "no answer"),
    ] {
        let url = format!("http://{address}/").parse().unwrap();
        let endpoint = HttpEndpoint::new(url, patience, (1, B256::ZERO), Vec::new()).unwrap();
        let began = Instant::now();
        let fault = endpoint.tip().await.unwrap_err().to_string();
        assert!(fault.contains(says), "{fault}");
        assert!(began.elapsed() < patience * 2);
    }
}
