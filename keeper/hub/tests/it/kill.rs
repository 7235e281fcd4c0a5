//! SIGKILL of a process that appends, at every boundary of the store and at other times: what it acknowledged is there, the rest is
//! wholly there or not at all, and no root that it ever told is of another log.

use std::{
    env,
    io::{BufRead, BufReader, Write, stdout},
    path::Path,
    process::{Command, Stdio, abort},
    time::Duration,
};

use agentcity_domain::roster::anchor::Anchor;
use agentcity_hub::{
    kind::EventType,
    store::{Boundary, Log, Retention},
    tree,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tempfile::tempdir;

use crate::support::{DAY_MS, NOW, account, draft, drafts, name, open, settings};

const DIR: &str = "AGENTCITY_HUB_DIR";
const AT: &str = "AGENTCITY_HUB_AT";
const BATCH: u64 = 7;
const BATCHES: u64 = 12;
/// Commits of a whole run: two at opening, the batches, one for what is erased.
const COMMITS: u32 = 2 + BATCHES as u32 + 1;

/// What the child does: appends, and tells each size and root that it was acknowledged.
fn work(dir: &Path, at: Option<u32>) {
    let mut left = at;
    let watch = move |_: Boundary| {
        if let Some(left) = &mut left {
            if *left == 0 {
                abort();
            }
            *left -= 1;
        }
    };
    let path = dir.join("log");
    let mut log = Log::open_watched(&path, name(), settings(&[account(9)]), watch).unwrap();
    for batch in 0..BATCHES {
        let mut all = drafts(batch * BATCH..(batch + 1) * BATCH);
        all.push(draft(EventType::FreezeTriggered, 1_000 + batch));
        log.append(all).unwrap();
        let size = log.size().unwrap();
        println!("told {size} {}", log.root(size).unwrap());
        stdout().flush().unwrap();
    }
    log.expire(NOW + 800 * DAY_MS, Retention::default())
        .unwrap();
    let size = log.size().unwrap();
    println!("told {size} {}", log.root(size).unwrap());
}

/// Not a test of its own: what the others run and kill.
#[test]
fn the_child_works_when_it_is_told_where() {
    let Ok(dir) = env::var(DIR) else { return };
    let at = env::var(AT).ok().and_then(|at| at.parse().ok());
    work(Path::new(&dir), at);
}

fn child(dir: &Path, at: Option<u32>) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            "kill::the_child_works_when_it_is_told_where",
            "--exact",
            "--nocapture",
        ])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(at) = at {
        command.env(AT, at.to_string());
    }
    command
}

fn told(line: &str) -> Option<Anchor> {
    // The harness may have written the test's name on the same line.
    let mut words = line[line.find("told ")?..].split(' ').skip(1);
    Some(Anchor {
        size: words.next()?.parse().ok()?,
        root: words.next()?.parse().ok()?,
    })
}

/// What is left on disk holds all that was told, and goes on to the same log as without a kill.
fn judge(dir: &Path, told: &[Anchor], whole: &Anchor, what: &str) {
    let log = open(dir, &[account(9)]);
    log.audit().unwrap();
    let size = log.size().unwrap();
    if let Some(last) = told.last() {
        assert!(size >= last.size, "{what}: acknowledged entries are lost");
    }
    assert!(
        size.is_multiple_of(BATCH + 1) || size > BATCHES * (BATCH + 1),
        "{what}: half a batch at {size}"
    );
    for anchor in told {
        assert_eq!(
            log.root(anchor.size).unwrap(),
            anchor.root,
            "{what}: a fork"
        );
    }
    drop(log);
    work(dir, None);
    let log = open(dir, &[account(9)]);
    assert_eq!(log.size().unwrap(), whole.size, "{what}");
    assert_eq!(log.root(whole.size).unwrap(), whole.root, "{what}");
    for anchor in told {
        let path = log.extension(anchor.size, whole.size).unwrap();
        assert!(tree::extends(anchor, whole, &path), "{what}");
    }
}

fn unharmed() -> Anchor {
    let dir = tempdir().unwrap();
    work(dir.path(), None);
    let log = open(dir.path(), &[account(9)]);
    let size = log.size().unwrap();
    Anchor {
        size,
        root: log.root(size).unwrap(),
    }
}

/// INV-LOG-02.
#[test]
fn death_at_every_boundary_loses_nothing_that_was_told_and_forks_nothing() {
    let whole = unharmed();
    assert!(whole.size > BATCHES * (BATCH + 1), "something was erased");
    for at in 0..COMMITS * 2 {
        let dir = tempdir().unwrap();
        let output = child(dir.path(), Some(at)).output().unwrap();
        assert!(!output.status.success(), "it died at {at}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told: Vec<Anchor> = text.lines().filter_map(told).collect();
        judge(dir.path(), &told, &whole, &format!("boundary {at}"));
    }
}

#[test]
fn death_at_any_time_loses_nothing_that_was_told_and_forks_nothing() {
    let whole = unharmed();
    let seed = 0x1eaf;
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..12 {
        let dir = tempdir().unwrap();
        let mut child = child(dir.path(), None).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = Vec::new();
        for line in lines.by_ref().take(random.random_range(0..18)) {
            heard.extend(told(&line.unwrap()));
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..3_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had told before it died, and nobody had read yet, counts too.
        heard.extend(lines.map_while(Result::ok).filter_map(|line| told(&line)));
        judge(
            dir.path(),
            &heard,
            &whole,
            &format!("seed {seed}, round {round}"),
        );
    }
}
