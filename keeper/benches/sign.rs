//! From an event to the signed transaction that it wants: recorded, decided, recorded, signed, recorded, handed over. The chain's
//! answers cost nothing here, so what is measured is the keeper alone, with every commit on disk.
//!
//! `cargo bench -p agentcity-keeper --bench sign`. Exit code 1 above its goal.

use std::{
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use agentcity_domain::time::{Millis, Seconds, Timestamp};
use agentcity_keeper::{
    action::{Action, Outcome},
    clock::{Clock, SystemClock},
    event::{Event, Head, Life},
    executor::{
        endpoint::{Call, Endpoint, EndpointError, Mined},
        submit::{Policy, Submitter, Wanted},
    },
    journal::{Claim, Journal, Lease, SqliteJournal, account_lease},
    machine::program_life::{Notice, ProgramLife},
    runtime::Stream,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    signers::local::PrivateKeySigner,
};

/// Events; the 99th of a hundred is told.
const ROUNDS: u64 = 2_000;
/// Those of the beginning, while caches are cold, are not counted.
const WARM_UP: u64 = 100;
/// Milliseconds.
const GOAL_MS: f64 = 10.0;

/// A chain that answers at once, and takes everything into a block at once.
#[derive(Debug, Default)]
struct AtOnce {
    sent: Mutex<(u64, Option<Instant>)>,
}

impl AtOnce {
    fn block(&self) -> u64 {
        self.sent.lock().expect("one thread").0
    }
}

impl Endpoint for AtOnce {
    async fn head(&self) -> Result<u64, EndpointError> {
        Ok(self.block())
    }

    async fn count(&self, _: Address, _: Option<u64>) -> Result<u64, EndpointError> {
        Ok(self.block())
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Mined>, EndpointError> {
        Ok(Some(Mined {
            block: self.block(),
            block_hash: hash,
            succeeded: true,
        }))
    }

    async fn knows(&self, _: B256) -> Result<bool, EndpointError> {
        Ok(true)
    }

    async fn signed_in(&self, _: u64, _: Address, _: u64) -> Result<Option<B256>, EndpointError> {
        Ok(None)
    }

    async fn gas_price(&self) -> Result<u128, EndpointError> {
        Ok(100_000_000)
    }

    async fn estimate(&self, _: Address, _: &Call) -> Result<u64, EndpointError> {
        Ok(300_000)
    }

    async fn balance(&self, _: Address) -> Result<U256, EndpointError> {
        Ok(U256::from(1_000_000_000_000_000_000_u64))
    }

    async fn send(&self, _: &Bytes) -> Result<(), EndpointError> {
        let mut sent = self.sent.lock().expect("one thread");
        *sent = (sent.0 + 1, Some(Instant::now()));
        Ok(())
    }
}

fn granted(journal: &mut SqliteJournal, name: &str) -> Lease {
    let term = Millis::new(u32::MAX.into());
    match journal.acquire(name, "one", SystemClock.now(), term) {
        Ok(Claim::Granted(lease)) => lease,
        held => panic!("{held:?}"),
    }
}

/// A program that was never seen before, and dies within days.
fn event(number: u64) -> Event {
    Event::Observed {
        program: Address::from_word(keccak256(number.to_be_bytes())),
        life: Life::Active {
            left: Seconds::new(86_400),
        },
        at: Head {
            number,
            hash: keccak256(number.to_le_bytes()),
            time: Timestamp::new(number),
        },
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Run among tests it would measure a build that is not made for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut journal = SqliteJournal::open(&dir.path().join("journal")).expect("a journal");
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
    let account = granted(&mut journal, &account_lease(key.address()));
    let lease = granted(&mut journal, "program-life");
    // What is in a block is over, so that each transaction is the only one that is open.
    let policy = Policy {
        depth_blocks: 0,
        ..Policy::default()
    };
    let submitter = Submitter::new(AtOnce::default(), key, 412_346, policy);
    let notice = Notice::days(30, 7).expect("in order");
    let machine = ProgramLife::new(notice, true);
    let now = SystemClock.now();
    let stream = Stream::resume(&mut journal, lease, now, |_| Ok(machine));
    let mut stream = stream.expect("a stream");
    let mut spans: Vec<Duration> = Vec::new();
    for number in 1..=ROUNDS + WARM_UP {
        let (event, now) = (event(number), SystemClock.now());
        let seen = Instant::now();
        stream.take(&mut journal, now, &event).expect("taken");
        let open = stream.open(&mut journal).expect("actions");
        let wanted: Vec<Wanted> = open.iter().filter_map(wants).collect();
        assert_eq!(wanted.len(), 1, "one transaction for an event");
        let pass = submitter.pass(&mut journal, &account, &SystemClock, &wanted);
        pass.await.expect("a pass");
        let sent = submitter.endpoint().sent.lock().expect("one thread").1;
        let span = sent.and_then(|sent| sent.checked_duration_since(seen));
        let span = span.expect("it was handed over in this pass");
        if number > WARM_UP {
            spans.push(span);
        }
        // What comes afterwards is not measured: its end, and that of what was told beside it.
        let pass = submitter.pass(&mut journal, &account, &SystemClock, &[]);
        pass.await.expect("a pass");
        for action in open {
            let outcome = match action {
                Action::Alert { .. } => Outcome::Told,
                _ => Outcome::Satisfied,
            };
            let settled = stream.settle(&mut journal, now, &action, outcome);
            settled.expect("settled");
        }
        let kept = stream.checkpoint_if_due(&mut journal, now, number.into());
        kept.expect("a checkpoint");
    }
    spans.sort_unstable();
    let at = |percent: usize| spans[(spans.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    println!(
        "event to signed transaction: p99 {:.2} ms, median {:.2}, greatest {:.2}, of {ROUNDS}; goal {GOAL_MS:.0}, ratio {:.2}",
        at(99),
        at(50),
        at(100),
        at(99) / GOAL_MS
    );
    match at(99) <= GOAL_MS {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn wants(action: &Action) -> Option<Wanted> {
    let Action::Keepalive { program, .. } = action else {
        return None;
    };
    Some(Wanted {
        key: action.key(),
        call: Call {
            to: *program,
            value: U256::ZERO,
            input: Bytes::new(),
        },
    })
}
