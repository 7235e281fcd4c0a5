//! The consistency window (seed B.11, Timing Analysis): from the moment at which an executor is done until its result is in a block, and
//! until that block counts as final; in parts, by tier, on chains of two paces.
//!
//! Five executors serve over HTTP, five keepers of one each run their own loop in a thread, and a sequencer makes a block in even steps. Missions
//! are lanes of a proof, a consensus of three and a review behind each other, so that executors become done at all moments between two blocks. How
//! long the work itself takes is drawn. Whoever reviews does so when it is asked for: people's time is nobody's to measure here.
//!
//! ```text
//! result name=window setting=… block_ms=… look_ms=… depth=… samples=… mean=… p50=… p95=… p99=… max=… beyond=… resent=… build=…
//! result name=window-part setting=… part=… mean=… p50=… p95=… p99=… max=…
//! result name=tier-time setting=… tier=… nodes=… executions=… begun=… work=… verdict=… verdict_p99=… ruling=… build=…
//! ```
//!
//! Times are milliseconds of this machine's clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::Range,
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use agentcity_abi::{ICollaboration as work, IVerification as results};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Mode};
use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{JobId, Place, Terms},
};
use agentcity_keeper::{
    clock::SystemClock,
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
};
use agentcity_test_fixtures::{
    chance::number,
    city::Person,
    gas,
    mission::{Charter, Law, Plan, Stage, Task},
};
use alloy::{
    primitives::{Address, B256},
    providers::{Provider, ProviderBuilder},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use tempfile::{TempDir, tempdir};
use tokio::{runtime::Runtime, sync::watch};

use super::sequencer::{Blocks, Sequencer, Way};
use crate::mission::{Diary, PRICE, STAKE, city, provider, serve_timed};

/// Longest way of a mission: some five times what the slowest takes on two busy cores.
const PATIENCE: Duration = Duration::from_secs(420);
/// Pause between two looks of whoever reviews.
const LOOK: Duration = Duration::from_millis(100);
const EXECUTORS: usize = 5;
/// Tasks of a lane, and results that its executors hand in: one, three, one.
const LANE: u16 = 3;
const RESULTS: usize = 5;
/// Missions of each setting where a page of figures is wanted; none: the quick form.
const VARIABLE: &str = "AGENTCITY_MISSIONS";

/// A chain and its keepers.
struct Setting {
    name: &'static str,
    block: Duration,
    /// Pause between two looks of a keeper.
    look: Duration,
    lanes: u16,
    missions: u64,
    work_ms: Range<u64>,
}

/// From an executor that is done to the chain.
#[derive(Clone, Copy, Debug)]
struct Sample {
    done: Instant,
    handed_in: Instant,
    included: Instant,
    settled: Instant,
    resent: bool,
}

/// A node from its routing to what the chain says of it.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    tier: u8,
    executions: usize,
    routed: Instant,
    /// The first executor begins; the last is done.
    begun: Instant,
    done: Instant,
    /// The longest that one of them worked.
    worked: Duration,
    /// Completed, or laid before people.
    said: Instant,
    /// What people decide, from when it is handed in until the node is completed.
    ruling: Option<Duration>,
}

struct Found {
    samples: Vec<Sample>,
    verdicts: Vec<Verdict>,
    /// Transactions with results that failed in their blocks.
    failed: usize,
}

struct World {
    stage: Stage,
    diary: Arc<Diary>,
    /// Where each executor serves, by its agent.
    executors: Vec<(Address, String)>,
    payers: Vec<Person>,
    to_node: SocketAddr,
    way: Arc<Way>,
    folder: TempDir,
    missions: u64,
    // Last: what serves is needed until the keepers are gone.
    runtime: Runtime,
}

impl World {
    fn raise(work_ms: Range<u64>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let stage = Stage::raise(&Charter::default(), EXECUTORS, 1);
        let mut stage = stage.unwrap_or_else(|e| panic!("{e}"));
        gas::cache_city(&stage.city).expect("a cache");
        let folder = tempdir().expect("a folder");
        let diary = Arc::new(Diary {
            millis: work_ms,
            ..Diary::default()
        });
        let mut executors = Vec::new();
        for executor in stage.executors.clone() {
            let diary = Arc::clone(&diary);
            let serving = serve_timed(&stage, &executor, folder.path(), diary);
            let (address, _) = runtime.block_on(serving);
            executors.push((executor.agent.address(), address));
        }
        let payers = (0..EXECUTORS).map(|number| {
            let payer = stage.city.person(&format!("keeper {number}"));
            payer.expect("a payer")
        });
        let payers = payers.collect();
        let (to_node, way) = runtime.block_on(Way::begin(&stage.city.node));
        Self {
            stage,
            diary,
            executors,
            payers,
            to_node,
            way,
            folder,
            missions: 0,
            runtime,
        }
    }

    /// One keeper for each executor, until it is told that all is over.
    fn keepers(
        &self,
        law: &Law,
        look: Duration,
        over: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let city = city(&self.stage);
        let mut texts = Texts::default();
        for task in &law.plan.tasks {
            texts.add_terms(Terms::from(&task.terms));
        }
        let client = |(agent, base): &(Address, String)| {
            let patience = Patience::default();
            let client = Client::new(base, *agent, Account::Key, city.venue(), None, patience);
            (*agent, client.expect("an address"))
        };
        let executors: BTreeMap<Address, Client> = self.executors.iter().map(client).collect();
        let begin = |(place, payer): (usize, &Person)| {
            let setup = Setup {
                city,
                executors: executors.clone(),
                served: BTreeSet::from([self.executors[place].0]),
                missions: vec![law.mission],
                texts: texts.clone(),
                pause: look,
            };
            let name = format!("keeper {place} of mission {}", self.missions);
            let journal = self.folder.path().join(name.replace(' ', "-"));
            let (payer, over, to) = (payer.clone(), over.clone(), self.to_node);
            std::thread::spawn(move || keep(setup, (name, journal), &payer, to, over))
        };
        self.payers.iter().enumerate().map(begin).collect()
    }

    fn mission(&mut self, setting: &Setting) -> Found {
        self.missions += 1;
        let plan = lanes(&format!("mission {}", self.missions), setting.lanes);
        let law = self.stage.enact(&plan, STAKE);
        let law = law.unwrap_or_else(|e| panic!("{e}"));
        let from = self.stage.city.client.rpc().block_number();
        let from = from.expect("a block");
        let sequencer = Sequencer::begin(&self.stage.city.node, setting.block);
        let (end, over) = watch::channel(false);
        let keepers = self.keepers(&law, setting.look, &over);
        let rulings = self.review(&law);
        let last = sequencer.newest() + Policy::default().depth_blocks + 1;
        while sequencer.newest() < last {
            std::thread::sleep(LOOK);
        }
        end.send(true).expect("keepers");
        for keeper in keepers {
            keeper.join().expect("a keeper works until the end");
        }
        let blocks = sequencer.end(&self.stage.city.node);
        self.found(&law, from, &blocks, &rulings)
    }

    /// Approves what waits for it until all nodes are completed: when each ruling was handed in, and its block.
    fn review(&mut self, law: &Law) -> BTreeMap<u16, (Instant, u64)> {
        let to = self.stage.city.address(Peer::Collaboration);
        let end = Instant::now() + PATIENCE;
        let mut rulings = BTreeMap::new();
        loop {
            let mission = work::missionCall {
                missionId: law.mission,
            };
            let mission = self.stage.city.client.ask(to, &mission);
            if mission.expect("a mission").state == work::MissionState::Verification {
                return rulings;
            }
            let mut states = Vec::new();
            for index in (0..law.written.nodes).filter(|node| node % LANE + 1 == LANE) {
                let call = work::nodeCall {
                    missionId: law.mission,
                    index,
                };
                let node = self.stage.city.client.ask(to, &call).expect("a node");
                if node.state == work::NodeState::PendingReview {
                    let approval = Stage::approval(&self.stage.job(law, index));
                    let handed_in = Instant::now();
                    let ruled = self.stage.rule(Peer::Verification, &approval);
                    let ruled = ruled.unwrap_or_else(|e| panic!("node {index}: {e}"));
                    rulings.insert(index, (handed_in, ruled.block));
                }
                states.push(node.state);
            }
            assert!(Instant::now() < end, "it was never done: {states:?}");
            std::thread::sleep(LOOK);
        }
    }

    /// Every log of this kind about a mission, with its transaction and its block.
    fn logs<E: SolEvent>(&self, of: Peer, mission: B256, from: u64) -> Vec<(E, B256, u64)> {
        let filter = Filter::new()
            .address(self.stage.city.address(of))
            .event_signature(E::SIGNATURE_HASH)
            .topic1(mission)
            .from_block(from);
        let provider = provider(&self.stage);
        let logs = self
            .runtime
            .block_on(async { provider.get_logs(&filter).await });
        let decoded = logs.expect("logs").into_iter().map(|log| {
            let said = E::decode_log(&log.inner).expect("such a log").data;
            let transaction = log.transaction_hash.expect("a transaction");
            (said, transaction, log.block_number.expect("a block"))
        });
        decoded.collect()
    }

    fn found(
        &self,
        law: &Law,
        from: u64,
        blocks: &Blocks,
        rulings: &BTreeMap<u16, (Instant, u64)>,
    ) -> Found {
        let worked = self.diary.worked.lock().clone();
        let sent = self.way.sent();
        let depth = Policy::default().depth_blocks;
        let handed = self.logs::<results::ResultSubmitted>(Peer::Verification, law.mission, from);
        let mut samples = Vec::new();
        let mut last: BTreeMap<u16, Instant> = BTreeMap::new();
        for (said, transaction, block) in handed {
            let included = blocks[&block];
            let at = last.entry(said.node).or_insert(included);
            *at = included.max(*at);
            if said.kind == results::ResultKind::Reveal {
                // What is opened was done when it was sealed.
                continue;
            }
            let (_, done) = worked[&job(law, said.node, said.executor)];
            let sending = sent[&transaction];
            samples.push(Sample {
                done,
                handed_in: sending.at,
                included,
                settled: blocks[&(block + depth)],
                resent: sending.times > 1,
            });
        }
        let routed = self.logs::<work::TaskRouted>(Peer::Collaboration, law.mission, from);
        let completed = self.logs::<work::NodeCompleted>(Peer::Collaboration, law.mission, from);
        let verdicts = routed.iter().map(|(routed, _, block)| {
            let node = routed.node;
            let of_node = worked
                .iter()
                .filter(|(job, _)| (job.mission, job.node) == (law.mission, node));
            let of_node: Vec<(Instant, Instant)> = of_node.map(|(_, times)| *times).collect();
            let (_, _, end) = completed
                .iter()
                .find(|(said, _, _)| said.node == node)
                .expect("every node is completed");
            let (tier, ruling) = match rulings.get(&node) {
                None => (law.plan.tasks[usize::from(node)].node.tier, None),
                Some((handed_in, block)) => (3, Some(blocks[block] - *handed_in)),
            };
            Verdict {
                tier,
                executions: of_node.len(),
                routed: blocks[block],
                begun: of_node.iter().map(|times| times.0).min().expect("work"),
                done: of_node.iter().map(|times| times.1).max().expect("work"),
                worked: of_node
                    .iter()
                    .map(|times| times.1 - times.0)
                    .max()
                    .expect("work"),
                said: match ruling {
                    None => blocks[end],
                    Some(_) => last[&node],
                },
                ruling,
            }
        });
        Found {
            samples,
            verdicts: verdicts.collect(),
            failed: self.failed(from),
        }
    }

    /// Transactions to *verification* that failed, from this block on.
    fn failed(&self, from: u64) -> usize {
        let (provider, to) = (
            provider(&self.stage),
            self.stage.city.address(Peer::Verification),
        );
        self.runtime.block_on(async {
            let (newest, mut failed) = (provider.get_block_number().await.expect("a block"), 0);
            for number in from..=newest {
                let receipts = provider.get_block_receipts(number.into()).await;
                let receipts = receipts.expect("receipts").unwrap_or_default();
                let of_results = receipts.iter().filter(|one| one.to == Some(to));
                failed += of_results.filter(|one| !one.status()).count();
            }
            failed
        })
    }
}

/// A keeper as it runs, until all is over.
fn keep(
    setup: Setup,
    (name, journal): (String, PathBuf),
    payer: &Person,
    to: SocketAddr,
    mut over: watch::Receiver<bool>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async move {
        let url = format!("http://{to}/").parse().expect("a URL");
        let provider = ProviderBuilder::default().connect_http(url);
        let chain_id = setup.city.chain_id;
        let part: Arc<dyn Part> = Arc::new(Routing::new(provider.clone(), setup));
        let policy = Policy::default();
        let endpoint = Quorum::of_one(Rpc::new(provider, Duration::from_secs(10)));
        let submitter = Submitter::new(endpoint, payer.signer().clone(), chain_id, policy);
        let journal = SqliteJournal::open(&journal).expect("a journal");
        let parts = vec![part];
        let depth = policy.depth_blocks;
        let mut keeper =
            Keeper::with_parts(journal, name, depth, Some(submitter), parts).expect("one part");
        tokio::select! {
            ended = keeper.run(&SystemClock, std::future::pending()) => ended.expect("it works"),
            over = over.wait_for(|over| *over) => { over.expect("whoever began it ends it"); }
        }
    });
}

/// Lanes of three tasks behind each other, one of each tier.
fn lanes(name: &str, lanes: u16) -> Plan {
    let tasks = (0..lanes).flat_map(|lane| {
        let task = |what: &str| format!("{what} of lane {lane} of {name}");
        [
            Task::proved(&task("fetch"), PRICE),
            Task::agreed(&task("classify"), 3 * PRICE, 3, 2, Mode::Exact),
            Task::reviewed(&task("report"), PRICE),
        ]
    });
    let edges = (0..lanes).flat_map(|lane| {
        let first = lane * LANE;
        [(first, first + 1), (first + 1, first + 2)]
    });
    Plan {
        name: name.to_owned(),
        tasks: tasks.collect(),
        edges: edges.collect(),
        predicates: Vec::new(),
    }
}

/// The job of an agent at a node, in its first attempt.
fn job(law: &Law, node: u16, agent: Address) -> JobId {
    let mut seats = law.written.seats.iter();
    let seat = seats.find(|seat| (seat.node, seat.agent) == (node, agent));
    JobId {
        mission: law.mission,
        node,
        attempt: 0,
        seat: Place::new(seat.expect("a seat").seat).expect("a place"),
    }
}

/// Milliseconds, ascending.
struct Times(Vec<f64>);

impl Times {
    fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = times.map(|time| time.as_secs_f64() * 1_000.0).collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// The least that so many of a hundred do not exceed.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0[rank.max(1) - 1]
    }

    fn text(&self) -> String {
        let [p50, p95, p99, max] = [50, 95, 99, 100].map(|percent| self.percentile(percent));
        format!(
            "mean={:.0} p50={p50:.0} p95={p95:.0} p99={p99:.0} max={max:.0}",
            self.mean()
        )
    }
}

const fn build() -> &'static str {
    match cfg!(debug_assertions) {
        true => "debug",
        false => "release",
    }
}

fn tell(setting: &Setting, found: &Found) {
    let (name, samples) = (setting.name, &found.samples);
    let delta = Times::of(samples.iter().map(|one| one.included - one.done));
    let window = f64::from(P::OptimisticWindowMaxMs.row().default);
    println!(
        "result name=window setting={name} block_ms={} look_ms={} depth={} samples={} {} beyond={} resent={} build={}",
        setting.block.as_millis(),
        setting.look.as_millis(),
        Policy::default().depth_blocks,
        samples.len(),
        delta.text(),
        delta.0.iter().filter(|time| **time > window).count(),
        samples.iter().filter(|one| one.resent).count(),
        build(),
    );
    type Part = fn(&Sample) -> Duration;
    let parts: [(&str, Part); 4] = [
        ("handed-in", |one| one.handed_in - one.done),
        ("included", |one| one.included - one.handed_in),
        ("final", |one| one.settled - one.included),
        ("whole", |one| one.settled - one.done),
    ];
    for (part, span) in parts {
        let times = Times::of(samples.iter().map(span));
        println!(
            "result name=window-part setting={name} part={part} {}",
            times.text()
        );
    }
    for tier in 1..=3 {
        let of_tier = |one: &&Verdict| one.tier == tier;
        let verdicts: Vec<&Verdict> = found.verdicts.iter().filter(of_tier).collect();
        let times = |span: fn(&Verdict) -> Duration| {
            Times::of(verdicts.iter().map(|verdict| span(verdict)))
        };
        let verdict = times(|one| one.said - one.done);
        let rulings = Times::of(verdicts.iter().filter_map(|one| one.ruling));
        println!(
            "result name=tier-time setting={name} tier={tier} nodes={} executions={} begun={:.0} work={:.0} verdict={:.0} verdict_p99={:.0} ruling={:.0} build={}",
            verdicts.len(),
            verdicts[0].executions,
            times(|one| one.begun.saturating_duration_since(one.routed)).mean(),
            times(|one| one.worked).mean(),
            verdict.mean(),
            verdict.percentile(99),
            match rulings.0.is_empty() {
                true => 0.0,
                false => rulings.mean(),
            },
            build(),
        );
    }
}

/// The chains of the page: Arbitrum's pace, the pace that the seed reckons with, and that with a keeper as it comes.
fn settings(missions: u64) -> Vec<Setting> {
    let setting = |name, block_ms, look_ms, missions| Setting {
        name,
        block: Duration::from_millis(block_ms),
        look: Duration::from_millis(look_ms),
        lanes: 8,
        missions,
        work_ms: 200..2_000,
    };
    match missions {
        0 => vec![Setting {
            lanes: 2,
            work_ms: 50..500,
            ..setting("quick", 250, 250, 1)
        }],
        missions => vec![
            setting("block-250ms-look-1s", 250, 1_000, missions),
            setting("block-2s-look-1s", 2_000, 1_000, missions),
            setting("block-2s-look-5s", 2_000, 5_000, missions.div_ceil(2)),
        ],
    }
}

#[test]
fn every_result_reaches_the_chain_once_and_in_order_and_its_window_has_no_gap() {
    for setting in settings(number(VARIABLE, 0)) {
        let mut world = World::raise(setting.work_ms.clone());
        let mut all = Found {
            samples: Vec::new(),
            verdicts: Vec::new(),
            failed: 0,
        };
        for _ in 0..setting.missions {
            let found = world.mission(&setting);
            // Nobody hands in twice what the chain took, and nothing is lost.
            assert_eq!(found.samples.len(), usize::from(setting.lanes) * RESULTS);
            assert_eq!(found.verdicts.len(), usize::from(setting.lanes * LANE));
            // What others do in the same block makes a result dearer than it was estimated, and must not make it fail: it would be tried
            // again when its failure is final.
            assert_eq!(found.failed, 0, "results failed in their blocks");
            all.samples.extend(found.samples);
            all.verdicts.extend(found.verdicts);
        }
        for one in &all.samples {
            assert!(
                one.done <= one.handed_in,
                "handed in before it was done: {one:?}"
            );
            assert!(
                one.handed_in <= one.included,
                "in a block before it was sent: {one:?}"
            );
            assert!(one.included < one.settled, "final at once: {one:?}");
        }
        for one in &all.verdicts {
            let executions = if one.tier == 2 { 3 } else { 1 };
            assert_eq!(one.executions, executions, "{one:?}");
            assert_eq!(one.ruling.is_some(), one.tier == 3, "{one:?}");
            assert!(one.routed < one.done && one.done < one.said, "{one:?}");
        }
        tell(&setting, &all);
    }
}
