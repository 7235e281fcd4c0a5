//! SIGKILL at every boundary of the journal: whatever the process was about to do, the next one ends where an unharmed one would.

use std::{
    collections::BTreeMap,
    fs::{OpenOptions, read_to_string},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use agentcity_domain::time::{Millis, Seconds, Timestamp};
use agentcity_keeper::{
    action::{Action, Outcome},
    clock::Moment,
    event::{Event, Head, Life},
    journal::{Claim, Journal, Lease, Signed, SqliteJournal, account_lease},
    machine::program_life::{Notice, ProgramLife},
    runtime::Stream,
};
use alloy::primitives::{Address, B256, keccak256};
use tempfile::tempdir;

const ACCOUNT: Address = Address::repeat_byte(0xac);
const DAY: u64 = 86_400;
const NOW: Moment = Moment::new(1_000);
const DIR: &str = "AGENTCITY_CRASH_DIR";
const AT: &str = "AGENTCITY_CRASH_AT";

/// What the chain says, in order: lives that shorten, one answer twice, a program that dies, silence.
fn events() -> Vec<Event> {
    let seen = |program, block, left: u64| Event::Observed {
        program: Address::repeat_byte(program),
        life: if left == 0 {
            Life::Expired
        } else {
            Life::Active {
                left: Seconds::new(left * DAY),
            }
        },
        at: Head {
            number: block,
            hash: B256::with_last_byte(block as u8),
            time: Timestamp::new(block * DAY),
        },
    };
    vec![
        seen(1, 1, 31),
        seen(1, 2, 30),
        seen(1, 2, 30),
        seen(2, 2, 5),
        seen(3, 2, 0),
        seen(1, 3, 29),
        Event::Unreachable {
            program: Address::repeat_byte(2),
            cause: "silence".into(),
            asked: NOW,
        },
    ]
}

fn granted(journal: &mut SqliteJournal, name: &str) -> Lease {
    match journal
        .acquire(name, "one", NOW, Millis::new(1_000))
        .unwrap()
    {
        Claim::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

fn append(path: &Path, line: &str) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    writeln!(file, "{line}").unwrap();
    file.sync_all().unwrap();
}

/// A keeper's whole life. `reached` is called at every boundary: of the journal, and around what leaves the process.
fn live(dir: &Path, reached: Arc<dyn Fn() + Send + Sync>) {
    let watch = Arc::clone(&reached);
    let journal = &mut SqliteJournal::open_watched(&dir.join("journal"), move |_| watch()).unwrap();
    let lease = granted(journal, "stream");
    let account = granted(journal, &account_lease(ACCOUNT));
    let notice = Notice::days(30, 7).unwrap();
    let mut done = false;
    let mut stream = Stream::resume(journal, lease, NOW, |state| match state {
        Some(state) => {
            done = true;
            ProgramLife::resume(notice, true, state)
        }
        None => Ok(ProgramLife::new(notice, true)),
    })
    .unwrap();
    if !done {
        for event in events() {
            stream.take(journal, NOW, &event).unwrap();
        }
    }
    for action in stream.open(journal).unwrap() {
        let outcome = match &action {
            Action::Alert { text, .. } => {
                append(&dir.join("told"), text);
                Outcome::Told
            }
            Action::Keepalive { .. } => keepalive(journal, &account, dir, &action, &*reached),
            _ => unreachable!("the stream is of programs"),
        };
        stream.settle(journal, NOW, &action, outcome).unwrap();
    }
    for posted in journal.posted(ACCOUNT).unwrap() {
        let signed = posted.signed;
        journal
            .close(&account, NOW, ACCOUNT, signed.nonce, Some(signed.hash))
            .unwrap();
    }
    stream.checkpoint(journal, NOW, 0.into()).unwrap();
}

/// Signs unless that was done, and sends what is signed to a chain that is a file.
fn keepalive(
    journal: &mut SqliteJournal,
    account: &Lease,
    dir: &Path,
    action: &Action,
    reached: &dyn Fn(),
) -> Outcome {
    let posted = journal.posted(ACCOUNT).unwrap();
    let known = posted
        .into_iter()
        .find(|posted| posted.signed.action == action.key());
    let signed = known.map_or_else(
        || {
            let nonce = journal.next_nonce(ACCOUNT).unwrap();
            let signed = Signed {
                account: ACCOUNT,
                nonce,
                attempt: 0,
                action: action.key(),
                fill: false,
                hash: keccak256(format!("{nonce} {}", action.key())),
                raw: vec![1].into(),
                fee_max: 1,
                after_block: 0,
            };
            journal.sign(account, NOW, &signed).unwrap();
            signed
        },
        |posted| posted.signed,
    );
    reached();
    append(
        &dir.join("chain"),
        &format!("{} {}", signed.nonce, signed.hash),
    );
    reached();
    journal.sent(account, NOW, signed.hash).unwrap();
    Outcome::Done {
        hash: signed.hash,
        block: 9,
    }
}

/// Everything that is recorded, besides how often a lease was taken and bytes were sent.
fn recorded(dir: &Path) -> Vec<String> {
    let store = rusqlite::Connection::open(dir.join("journal")).unwrap();
    let mut rows = Vec::new();
    for query in [
        "SELECT 'event ' || seq || ' ' || identity || ' ' || body FROM events ORDER BY seq",
        "SELECT 'stream ' || head || ' ' || taken || ' ' || state_at || ' ' || state FROM streams WHERE name = 'stream'",
        "SELECT 'action ' || key || ' ' || seq || ' ' || outcome FROM actions ORDER BY key",
        "SELECT 'transaction ' || nonce || ' ' || attempt || ' ' || hash || ' ' || fate FROM transactions ORDER BY nonce, attempt",
    ] {
        let mut statement = store.prepare(query).unwrap();
        let texts = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap();
        rows.extend(texts.map(Result::unwrap));
    }
    rows
}

/// How often each line was written.
fn lines(path: &Path) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for line in read_to_string(path).unwrap().lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

/// The process that the test below kills; without its word, it is nobody.
#[test]
fn child() {
    let (Ok(dir), Ok(at)) = (std::env::var(DIR), std::env::var(AT)) else {
        return;
    };
    let (at, count): (u64, _) = (at.parse().unwrap(), AtomicU64::new(0));
    live(
        Path::new(&dir),
        Arc::new(move || {
            if count.fetch_add(1, Ordering::SeqCst) == at {
                println!("\nreached");
                std::io::stdout().flush().unwrap();
                loop {
                    std::thread::park();
                }
            }
        }),
    );
}

/// Runs a keeper and kills it at boundary `at`. False if it had ended before.
fn killed_at(dir: &Path, at: u64) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(DIR, dir)
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

/// INV-KEEPER-01.
#[test]
fn a_keeper_killed_at_any_boundary_ends_where_an_unharmed_one_does() {
    let calm = tempdir().unwrap();
    let boundaries = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&boundaries);
    live(
        calm.path(),
        Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }),
    );
    let boundaries = boundaries.load(Ordering::SeqCst);
    let expected = recorded(calm.path());
    let sent = lines(&calm.path().join("chain"));
    let told = lines(&calm.path().join("told"));
    assert_eq!(sent.len(), 2, "two programs are extended");
    assert!(boundaries > 50, "{boundaries}");

    for at in 0..boundaries {
        let dir = tempdir().unwrap();
        assert!(killed_at(dir.path(), at), "boundary {at} of {boundaries}");
        live(dir.path(), Arc::new(|| {}));
        assert_eq!(recorded(dir.path()), expected, "killed at {at}");
        // The same bytes may leave twice; other bytes for the same deed never do.
        let again = lines(&dir.path().join("chain"));
        assert!(again.keys().eq(sent.keys()), "killed at {at}: {again:?}");
        let alerts = lines(&dir.path().join("told"));
        assert!(alerts.keys().eq(told.keys()), "killed at {at}: {alerts:?}");
        assert!(
            alerts.values().all(|times| *times <= 2),
            "killed at {at}: {alerts:?}"
        );
    }
    println!("{boundaries} boundaries");
}
