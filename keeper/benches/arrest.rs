//! How long an executor goes on after the mirror was told what it did: through the host and its journal, over HTTP, until the process
//! ended.
//!
//! `cargo bench -p agentcity-keeper --bench arrest`. Exit code 1 beyond its goal.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use agentcity_domain::peer::Peer;
use agentcity_executor::{
    client::{Account, Client, Patience},
    protocol::{Cause, Check, Failure, JobId, JobRequest, Limits, Place, Task, Terms, Venue},
    runner::{Confines, Program, Runner},
    server::{Recorder, Work},
};
use agentcity_keeper::{
    clock::SystemClock,
    config::Config,
    daemon::Keeper,
    execution::Execution,
    executor::remote::Remote,
    journal::SqliteJournal,
    machine::freeze_mirror::{Event, Measure},
    part::{Part, mirror::Mirror},
    source::city::City,
    vault::Vault,
};
use alloy::{
    primitives::{Address, B256},
    providers::ProviderBuilder,
    signers::local::PrivateKeySigner,
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use self::talker::{Script, Talker};

#[path = "../tests/it/talker.rs"]
mod talker;

/// Arrests; the median and the one that 99 of 100 do not exceed are told.
const ROUNDS: u16 = 200;
/// Milliseconds from what was measured to an executor's end.
const GOAL_MS: f64 = 10.0;
/// Until a process runs, and until the host has nothing else to do.
const SETTLES: Duration = Duration::from_millis(60);

const MISSION: B256 = B256::repeat_byte(9);
const SERVICE: B256 = B256::repeat_byte(3);
const CODE: B256 = B256::repeat_byte(4);
const VENUE: Venue = Venue {
    chain_id: 412_346,
    statute: Address::repeat_byte(1),
    verification: Address::repeat_byte(2),
};

/// Tells when it is dropped.
struct Witness(mpsc::Sender<Instant>);

impl Drop for Witness {
    fn drop(&mut self) {
        // Nobody waits for it when the bench is over.
        let _ = self.0.send(Instant::now());
    }
}

/// An agent whose service works for ten minutes, in a process of its own.
#[derive(Debug)]
struct Agent {
    /// Where limits can be enforced; otherwise a bare process is begun.
    runner: Option<Runner>,
    ended: mpsc::Sender<Instant>,
}

impl Agent {
    async fn sleep(&self, request: &JobRequest, recorder: &Recorder) -> Result<Work, Failure> {
        let failed = |error: String| Failure::new(Cause::Service, error);
        if let Some(runner) = &self.runner {
            let program = Program {
                path: "/bin/sleep".into(),
                arguments: vec!["600".into()],
                hidden: Vec::new(),
            };
            let confines =
                Confines::of(&request.limits).map_err(|error| failed(error.to_string()))?;
            let run = runner.run(&program, &confines, request, recorder).await;
            return run.map_err(|error| error.failure());
        }
        let mut child = tokio::process::Command::new("/bin/sleep")
            .arg("600")
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let status = child
            .wait()
            .await
            .map_err(|error| failed(error.to_string()))?;
        Err(failed(status.to_string()))
    }
}

impl Script for Agent {
    async fn work(&self, request: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        // Dropped after the process, which the future below owns.
        let _witness = Witness(self.ended.clone());
        self.sleep(&request, &recorder).await
    }

    fn context(&self) -> Vec<u8> {
        b"ten minutes of nothing".repeat(1_000)
    }
}

fn request(agent: Address, node: u16) -> JobRequest {
    let seat = Place::new(0).expect("the first seat");
    JobRequest {
        venue: VENUE,
        job: JobId {
            mission: MISSION,
            node,
            attempt: 0,
            seat,
        },
        agent,
        service: SERVICE,
        code_hash: CODE,
        check: Check::Proof,
        terms: Terms::default(),
        task: Task::default(),
        inputs: Vec::new(),
        limits: Limits {
            latency_ms: 600_000,
            memory_mb: 64,
            concurrency: 8,
            network_policies: Vec::new(),
            tokens: 100,
        },
        deadline: 2_000_000_000,
    }
}

fn main() -> ExitCode {
    let dir = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (ended, ends) = mpsc::channel();
    let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
    let agent = signer.address();
    let (client, confined) = runtime.block_on(async {
        let runner = Runner::probe(dir.path()).await;
        let confined = runner.as_ref().map(|_| ()).map_err(ToString::to_string);
        let script = Agent {
            runner: runner.ok(),
            ended,
        };
        let talker = Talker {
            signer,
            service: SERVICE,
            venue: VENUE,
            code: Arc::new(Mutex::new(CODE)),
            chain: None,
            script,
        };
        let base = talker.serve(&dir.path().join("jobs")).await;
        let patience = Patience::default();
        let client = Client::new(&base, agent, Account::Key, VENUE, None, patience);
        (client.expect("an address"), confined)
    });

    // Nobody answers there: what is arrested is arrested without the chain.
    let at = |name: &str| format!("{:?}", dir.path().join(name).display().to_string());
    let nowhere = format!("{:?}", Address::repeat_byte(0x77).to_string());
    let config = Config::parse(&format!(
        "endpoint = \"http://127.0.0.1:9\"\njournal = {}\nkey_file = {}\n[mirror]\nmissions = [\"{MISSION}\"]\n\
         vault = {}\nvault_key_file = {}\npoll_secs = 60\n\
         [city]\nconstitution = {nowhere}\nfrom_block = 0\n",
        at("journal.sqlite"),
        at("key"),
        at("vault"),
        at("sealing"),
    ))
    .expect("valid");
    let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("a key");
    let vault = Vault::with_key(&dir.path().join("vault"), B256::repeat_byte(7), signer);
    let provider = ProviderBuilder::default().connect_http(config.endpoints[0].clone());
    let section = config.mirror.clone().expect("a mirror");
    let remote = Remote::new(BTreeMap::from([(agent, client.clone())]));
    let vault = Arc::new(vault.expect("a vault"));
    let (part, inlet) = Mirror::new(
        &config,
        City::of(VENUE.chain_id, [Address::repeat_byte(0x77); Peer::COUNT]),
        section,
        provider.clone(),
        None,
        vault,
        Arc::new(remote),
    );
    let (stop, stopped) = oneshot::channel::<()>();
    let journal = SqliteJournal::open(&dir.path().join("journal.sqlite")).expect("a journal");
    let parts: Vec<Arc<dyn Part>> = vec![Arc::new(part)];
    let host = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let over = async {
            // Dropped or sent: it is over.
            let _ = stopped.await;
        };
        runtime.block_on(async {
            let _provider = provider;
            let mut keeper = Keeper::<_, alloy::providers::RootProvider>::with_parts(
                journal,
                "bench".into(),
                0,
                None,
                parts,
            )
            .expect("one part");
            keeper.run(&SystemClock, over).await.expect("it works");
        });
    });

    let mut took = Vec::new();
    for node in 0..ROUNDS {
        let request = request(agent, node);
        runtime.block_on(client.invoke(&request)).expect("it works");
        let execution = Execution {
            mission: MISSION,
            node,
            attempt: 0,
            agent,
        };
        let since = 1;
        inlet
            .blocking_send(Event::Began {
                execution,
                since,
                ended: 0,
            })
            .expect("a host");
        std::thread::sleep(SETTLES);
        let measure = Measure {
            tools: 1_000,
            ..Measure::default()
        };
        let step = 1;
        let begin = Instant::now();
        inlet
            .blocking_send(Event::Measured {
                execution,
                since,
                step,
                measure,
            })
            .expect("a host");
        let end: Instant = ends.recv_timeout(Duration::from_secs(30)).expect("it ends");
        took.push(end.duration_since(begin).as_secs_f64() * 1e3);
    }
    drop(stop);
    host.join().expect("the host ends");
    took.sort_by(f64::total_cmp);
    let (median, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    let how = match confined {
        Ok(()) => "confined processes".to_owned(),
        Err(why) => format!("bare processes (limits cannot be enforced here: {why})"),
    };
    println!(
        "arrest: measured to stopped, median {median:.2} ms, p99 {p99:.2} ms, greatest {:.2} ms, of {ROUNDS} {how}; goal {GOAL_MS} ms, ratio {:.2}",
        took[took.len() - 1],
        median / GOAL_MS
    );
    match p99 <= GOAL_MS {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
