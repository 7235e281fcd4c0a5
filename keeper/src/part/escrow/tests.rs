//! The part over a chain whose answers a test gives, as slowly as it likes.

use std::{
    collections::BTreeSet,
    task::{Context, Poll},
};

use agentcity_abi::{
    ICollaboration::{
        Halt, Mission, MissionState as Wire, Node, NodeState as Stands, missionCall, nodeCall,
    },
    IVerification::submitBatchCall,
};
use alloy::{
    primitives::{Address, Bytes, U256},
    providers::RootProvider,
    rpc::{client::RpcClient, types::Block},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolValue},
    transports::{TransportError, TransportFut},
};
use alloy_json_rpc::{RequestPacket, ResponsePacket};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tower::Service;

use super::*;
use crate::{
    action::Action as Wanted,
    executor::arrest::Waiting,
    machine::{
        escrow_buffer::{Action as Due, Event as Told, Mode},
        freeze_mirror,
    },
    part::{
        News, What,
        router::{Setup, Texts},
    },
    snapshot::Captured,
    source::chain::Position,
};

const MISSION: B256 = B256::repeat_byte(0x11);
const OUTPUT: B256 = B256::repeat_byte(0x0f);
/// Outputs that are held: hundreds.
const HELD: u16 = 300;
/// When the story begins, by all clocks, in seconds.
const NOON: u64 = 1_800_000_000;
/// Between two looks, in seconds: longer than the chain may be silent.
const PAUSE_SECS: u64 = 20;
/// Between two questions and their answers.
const TAKES: Duration = Duration::from_millis(1);
/// Longer than any test lasts.
const FOR_EVER: Duration = Duration::from_secs(86_400);

fn execution(node: u16) -> Execution {
    Execution {
        mission: MISSION,
        node,
        attempt: 0,
        agent: Address::repeat_byte(0xa1),
    }
}

/// A chain with one mission, which makes a block whenever it is asked for the newest.
#[derive(Debug, Default)]
struct World {
    block: u64,
    /// Its clock.
    secs: u64,
    /// Whether a stop lies on the mission.
    is_stopped: bool,
    /// From which block on none does any more. It is made when a result was tried, and refused because of the stop.
    lifted: Option<u64>,
    /// Nodes that are completed; all others run.
    completed: BTreeSet<u16>,
    /// Nodes about which it never answers.
    mute: BTreeSet<u16>,
    /// Of which nodes it was asked, in order.
    asked: Vec<u16>,
}

impl World {
    /// An answer; `None` where there never is one.
    fn answers(&mut self, asked: &Value) -> Option<Value> {
        let answer = match asked["method"].as_str()? {
            "eth_getBlockByNumber" => self.block(asked["params"][0].as_str()?),
            "eth_call" => {
                let call = &asked["params"][0];
                let input = call.get("input").or_else(|| call.get("data"))?;
                let input: Bytes = input.as_str()?.parse().ok()?;
                let is_stopped = self.is_stopped_at(&asked["params"][1]);
                if submitBatchCall::abi_decode(&input).is_err() {
                    json!(self.called(&input, is_stopped)?.to_string())
                } else if is_stopped {
                    self.block += 1;
                    self.lifted = Some(self.block);
                    let refused =
                        json!({ "code": 3, "message": "execution reverted", "data": "0xdeadbeef" });
                    return Some(json!({ "jsonrpc": "2.0", "id": asked["id"], "error": refused }));
                } else {
                    json!("0x")
                }
            }
            other => panic!("nobody asks that: {other}"),
        };
        Some(json!({ "jsonrpc": "2.0", "id": asked["id"], "result": answer }))
    }

    fn is_stopped_at(&self, block: &Value) -> bool {
        let hash = block["blockHash"].as_str().or_else(|| block.as_str());
        let hash: Option<B256> = hash.and_then(|hash| hash.parse().ok());
        let number = hash.map_or(self.block, |hash| U256::from_be_bytes(hash.0).to());
        self.is_stopped && self.lifted.is_none_or(|lifted| number < lifted)
    }

    fn block(&mut self, named: &str) -> Value {
        let number = match named.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).expect("a number"),
            None => {
                self.block += 1;
                self.block
            }
        };
        let mut block = serde_json::to_value(Block::<B256>::default()).expect("JSON");
        block["number"] = json!(format!("{number:#x}"));
        block["hash"] = json!(B256::left_padding_from(&number.to_be_bytes()));
        block["timestamp"] = json!(format!("{:#x}", self.secs));
        block
    }

    fn called(&mut self, input: &Bytes, is_stopped: bool) -> Option<Bytes> {
        if let Ok(call) = nodeCall::abi_decode(input) {
            self.asked.push(call.index);
            if self.mute.contains(&call.index) {
                return None;
            }
            let is_completed = self.completed.contains(&call.index);
            let (state, output) = match is_completed {
                true => (Stands::Completed, OUTPUT),
                false => (Stands::Executing, B256::ZERO),
            };
            return Some(nodeCall::abi_encode_returns(&node(state, output)).into());
        }
        if missionCall::abi_decode(input).is_ok() {
            return Some(missionCall::abi_encode_returns(&mission(is_stopped)).into());
        }
        // The city's epoch, and its parameters.
        let is_epoch = input.len() == 4;
        let threshold = B256::from(U256::from(3_600_000));
        Some(match is_epoch {
            true => U256::from(1).abi_encode().into(),
            false => vec![threshold].abi_encode().into(),
        })
    }
}

fn node(state: Stands, output: B256) -> Node {
    Node {
        state,
        attempt: 0,
        tier: 1,
        redundancy: 1,
        threshold: 1,
        accepted: 1,
        since: alloy::primitives::Uint::from(NOON),
        expiresAt: alloy::primitives::Uint::from(NOON),
        outputHash: output,
    }
}

fn mission(is_stopped: bool) -> Mission {
    Mission {
        state: Wire::Executing,
        halt: match is_stopped {
            true => Halt::EmergencyStop,
            false => Halt::None,
        },
        sponsor: Address::ZERO,
        sessionId: B256::ZERO,
        epoch: 1,
        nodes: HELD,
        completed: 0,
        failed: 0,
        depth: 0,
        refinements: 0,
        deadline: alloy::primitives::Uint::ZERO,
        haltedUntil: alloy::primitives::Uint::ZERO,
        extendedSecs: alloy::primitives::Uint::ZERO,
        parent: B256::ZERO,
        parentNode: 0,
        since: alloy::primitives::Uint::from(NOON),
    }
}

/// The way to it.
#[derive(Clone, Debug, Default)]
struct Chain(Arc<Mutex<World>>);

impl Service<RequestPacket> for Chain {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, asked: RequestPacket) -> Self::Future {
        let asked = serde_json::to_value(&asked).expect("a question is JSON");
        let answer = self.0.lock().answers(&asked);
        Box::pin(async move {
            tokio::time::sleep(TAKES).await;
            match answer {
                Some(answer) => Ok(serde_json::from_str(&answer.to_string()).expect("an answer")),
                None => std::future::pending().await,
            }
        })
    }
}

/// Executors, of whom some are at rest.
#[derive(Debug, Default)]
struct Executors {
    at_rest: BTreeSet<u16>,
    stopped: Mutex<Vec<u16>>,
}

impl Stopper for Executors {
    fn stop<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, Result<Captured, StopError>> {
        self.stopped.lock().push(execution.node);
        Box::pin(async { Ok(Captured::default()) })
    }

    fn is_at_rest<'a>(&'a self, execution: &'a Execution) -> Waiting<'a, bool> {
        let rests = self.at_rest.contains(&execution.node);
        Box::pin(async move { rests })
    }
}

/// The part and its host, which remembers nothing.
struct Host {
    chain: Chain,
    part: Arc<Escrow<RootProvider>>,
    machine: Box<dyn Machine + Send>,
    mirror: Box<dyn Machine + Send>,
    feed: Feed,
    news: mpsc::Receiver<News>,
    /// What was told, and what was wanted.
    told: Vec<Told>,
    wanted: Vec<Due>,
    looks: u64,
    _dir: TempDir,
}

impl Host {
    fn raise(bounds: Bounds) -> Self {
        Self::raise_with(Arc::new(Executors::default()), bounds)
    }

    fn raise_with(stopper: Arc<dyn Stopper>, bounds: Bounds) -> Self {
        let dir = tempdir().expect("a folder");
        let chain = Chain::default();
        chain.0.lock().block = 100;
        let provider = RootProvider::new(RpcClient::new(chain.clone(), true));
        let members = Peer::ALL.map(|peer| Address::repeat_byte(peer as u8 + 1));
        let city = City::of(1, members);
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
        let vault = Vault::with_key(dir.path(), B256::repeat_byte(8), signer.clone());
        let board = Board::default();
        let beside = Neighbours {
            mirror: board.clone(),
            stopper,
            vault: Arc::new(vault.expect("a vault")),
            city,
            monitor: Monitor {
                signer,
                chain_id: 1,
                guardian: city.at(Peer::Guardian),
            },
        };
        let section = json!({ "silence_secs": 10, "authorise_file": dir.path().join("go on") });
        let section: Section = serde_json::from_value(section).expect("a section");
        let made = Escrow::new(section, provider.clone(), 12, beside);
        let (mut part, _) = made.expect("a part");
        part.bounds = bounds;
        part.meets(Arc::new(Routing::new(
            provider,
            Setup {
                city,
                executors: BTreeMap::new(),
                served: BTreeSet::new(),
                missions: Vec::new(),
                texts: Texts::default(),
                pause: Duration::ZERO,
            },
        )));
        let machine = part.machine(None, true).expect("anew");
        let mirror = board.show(FreezeMirror::default());
        let (sender, news) = mpsc::channel(16);
        let feed = Feed {
            seat: 0,
            fence: 1,
            news: sender,
            position: Position::default(),
            watched: Vec::new(),
        };
        Self {
            chain,
            part: Arc::new(part),
            machine,
            mirror,
            feed,
            news,
            told: Vec::new(),
            wanted: Vec::new(),
            looks: 0,
            _dir: dir,
        }
    }

    fn now(&self) -> Moment {
        Moment::new((NOON + self.looks * PAUSE_SECS) * 1_000)
    }

    fn delivers(&mut self, node: u16) {
        let delivered = Told::Delivered {
            execution: execution(node),
            since: NOON,
            output: OUTPUT,
            at: self.now(),
        };
        self.take(delivered);
    }

    fn take(&mut self, event: Told) {
        let wanted = self.machine.step(&Event::Escrow(event.clone()));
        self.told.push(event);
        self.wants(wanted);
    }

    /// What is wanted is remembered; what is to be released is.
    fn wants(&mut self, wanted: Vec<Wanted>) {
        for action in wanted {
            let Wanted::Escrow(due) = action else {
                panic!("another part's");
            };
            self.wanted.push(due.clone());
            if let Due::Release { .. } = due {
                let report = String::new();
                self.ends(due, Outcome::Reported { report });
            }
        }
    }

    fn ends(&mut self, due: Due, outcome: Outcome) {
        let action = Wanted::Escrow(due);
        let wanted = self.machine.step(&Event::Ended { action, outcome });
        self.wants(wanted);
    }

    fn hears(&mut self, news: News) {
        if let What::Event(event) = news.what {
            let Event::Escrow(event) = *event else {
                panic!("another part's");
            };
            self.take(event);
        }
    }

    /// A round at the next look, until it is over, or cut off when this is so of what was told.
    async fn looks(&mut self, until: impl Fn(&Told) -> bool) {
        self.looks += 1;
        let now = self.now();
        self.chain.0.lock().secs = now.get() / 1_000;
        let (part, feed) = (Arc::clone(&self.part), self.feed.clone());
        let before = self.told.len();
        let round = part.round(now, &feed);
        tokio::pin!(round);
        while !self.told[before..].iter().any(&until) {
            tokio::select! {
                () = &mut round => break,
                Some(news) = self.news.recv() => self.hears(news),
            }
        }
        while let Ok(news) = self.news.try_recv() {
            self.hears(news);
        }
    }

    fn mode(&self) -> Option<Mode> {
        self.part.gate.board.look(EscrowBuffer::mode)
    }

    fn held(&self) -> BTreeSet<u16> {
        let held = self.part.gate.board.look(|buffer| {
            let held = buffer.held();
            held.map(|(execution, _)| execution.node).collect()
        });
        held.expect("it works")
    }

    fn reached(&self, node: u16) -> Option<Reached> {
        let held = self
            .part
            .gate
            .board
            .look(|buffer| buffer.entry_of(&execution(node)));
        held.flatten().map(|held| held.reached)
    }

    fn alerts(&self) -> Vec<&Due> {
        let alerts = self.wanted.iter();
        alerts
            .filter(|due| matches!(due, Due::Alert { .. }))
            .collect()
    }

    /// How often an output was to be handed in.
    fn submits(&self) -> Vec<u32> {
        let number = |due: &Due| match due {
            Due::Submit { number, .. } => Some(*number),
            _ => None,
        };
        self.wanted.iter().filter_map(number).collect()
    }
}

/// Some turns a round, however fast this machine is.
const FEW: Bounds = Bounds {
    turns: 24,
    begun_within: Duration::from_millis(40),
    answered_within: Duration::from_millis(200),
};

/// INV-ESCROW-02.
#[tokio::test]
async fn hundreds_of_held_outputs_on_a_slow_endpoint_are_no_outage_and_each_is_asked_about_in_turn()
{
    /// Of one it never says anything, and many are gone before others had their turn.
    const MUTE: u16 = 7;
    let mut host = Host::raise(FEW);
    (0..HELD).for_each(|node| host.delivers(node));
    assert_eq!(host.submits().len(), usize::from(HELD), "silence counts");
    {
        let mut world = host.chain.0.lock();
        world.mute = BTreeSet::from([MUTE]);
        world.completed = (0..HELD).filter(|node| node % 3 == 0).collect();
    }
    let asked =
        |host: &Host| -> BTreeSet<u16> { host.chain.0.lock().asked.iter().copied().collect() };
    host.looks(|_| false).await;
    let first = asked(&host).len();
    assert!(first > 0 && first <= FEW.turns, "{first} in one round");
    // A round has one turn at least.
    for _ in 0..HELD {
        if asked(&host).len() == usize::from(HELD) {
            break;
        }
        host.looks(|_| false).await;
        assert_eq!(
            host.mode(),
            Some(Mode::Normal),
            "after {} looks",
            host.looks
        );
    }
    assert_eq!(asked(&host), (0..HELD).collect());
    let blocks = host
        .told
        .iter()
        .filter(|told| matches!(told, Told::Block { .. }));
    assert_eq!(blocks.count() as u64, host.looks, "one a look");
    assert_eq!(host.alerts(), Vec::<&Due>::new());
    // What the chain has for good is gone, as far as it was in time to say so, and nothing else is.
    let left = host.held();
    let runs: BTreeSet<u16> = (0..HELD).filter(|node| node % 3 != 0).collect();
    assert!(left.is_superset(&runs));
    assert!(left.len() < usize::from(HELD));
}

/// INV-ESCROW-02.
#[tokio::test]
async fn a_block_is_told_before_any_output_is_asked_about() {
    // It would wait for an answer for ever.
    let mut host = Host::raise(Bounds {
        answered_within: FOR_EVER,
        ..Bounds::usual()
    });
    host.delivers(1);
    host.chain.0.lock().mute = BTreeSet::from([1]);
    for look in 1..=8 {
        host.looks(|told| matches!(told, Told::Block { .. })).await;
        assert_eq!(host.mode(), Some(Mode::Normal), "after {look} looks");
    }
    assert_eq!(host.alerts(), Vec::<&Due>::new());
}

/// INV-ESCROW-02.
#[tokio::test]
async fn a_round_that_is_cut_off_loses_nothing_of_what_it_learnt_or_did_not() {
    let mut host = Host::raise(Bounds {
        answered_within: FOR_EVER,
        ..Bounds::usual()
    });
    (0..6).for_each(|node| host.delivers(node));
    {
        let mut world = host.chain.0.lock();
        world.completed = (0..6).collect();
        world.mute = BTreeSet::from([3]);
    }
    // It waits for an answer about the fourth, and is cut off.
    let is_third =
        |told: &Told| matches!(told, Told::Settled { execution, .. } if execution.node == 2);
    host.looks(is_third).await;
    assert_eq!(host.held(), BTreeSet::from([3, 4, 5]));
    host.chain.0.lock().mute.clear();
    host.looks(|_| false).await;
    assert_eq!(host.held(), BTreeSet::new());
}

#[tokio::test]
async fn what_a_halt_kept_back_is_handed_in_again_when_the_mission_goes_on_and_not_before() {
    let mut host = Host::raise(Bounds::usual());
    host.delivers(3);
    host.chain.0.lock().is_stopped = true;
    let submit = host.wanted.pop().expect("it is handed in");
    let report = "its mission is halted: it is kept".to_owned();
    host.ends(submit, Outcome::Reported { report });
    for _ in 0..3 {
        host.looks(|_| false).await;
        assert_eq!(host.reached(3), Some(Reached::Kept));
    }
    assert!(host.submits().is_empty());
    host.chain.0.lock().is_stopped = false;
    host.looks(|_| false).await;
    assert_eq!(host.reached(3), Some(Reached::Sent));
    assert_eq!(host.submits(), [1]);
}

#[tokio::test]
async fn a_stop_that_is_lifted_while_a_refused_result_is_judged_costs_it_no_try() {
    let host = Host::raise(Bounds::usual());
    let router = host.part.router().expect("it knows one");
    let nothing = submitBatchCall {
        results: Vec::new(),
        terms: Vec::new(),
        signatures: Vec::new(),
    };
    let input: Bytes = nothing.abi_encode().into();
    host.chain.0.lock().is_stopped = true;
    let before = programs::head(&host.part.provider).await.expect("a block");
    let tried = router.tried(MISSION, &input, before, None).await;
    assert_eq!(
        tried,
        Ok(Outlook::Halted),
        "refused by a block that had the stop"
    );
    let after = programs::head(&host.part.provider).await.expect("a block");
    assert!(
        host.chain
            .0
            .lock()
            .lifted
            .is_some_and(|lifted| lifted <= after.number)
    );
    let tried = router.tried(MISSION, &input, after, None).await;
    assert_eq!(tried, Ok(Outlook::Open));
}

#[tokio::test]
async fn a_stop_ends_what_runs_and_leaves_what_is_at_rest_as_it_is() {
    let stopper = Executors {
        at_rest: BTreeSet::from([2]),
        ..Executors::default()
    };
    let stopper = Arc::new(stopper);
    let mut host = Host::raise_with(Arc::clone(&stopper) as _, Bounds::usual());
    for node in 1..=3 {
        let began = freeze_mirror::Event::Began {
            execution: execution(node),
            since: NOON,
            ended: 0,
        };
        host.mirror.step(&Event::Mirror(began));
    }
    // Nobody asked for that stop.
    let asking = Asking {
        payer: None,
        now: host.now(),
    };
    let stop = |stop| Due::Stop { stop };
    let done = host.part.carry(stop(1), asking).await;
    assert_eq!(done, Ok(Step::Ended(Outcome::Satisfied)));
    assert!(stopper.stopped.lock().is_empty());
    // The chain stands still for long enough.
    host.delivers(9);
    while !matches!(host.mode(), Some(Mode::Stopped { .. })) {
        host.looks += 1;
        let at = host.now();
        host.take(Told::Tick { at });
    }
    assert!(host.wanted.contains(&stop(1)));
    let done = host.part.carry(stop(1), asking).await;
    assert_eq!(done, Ok(Step::Later), "until a human says otherwise");
    assert_eq!(*stopper.stopped.lock(), [1, 3]);
}
