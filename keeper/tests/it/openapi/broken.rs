//! Keepers in trouble: a host that does not answer, one that fails, too many who ask at once, a log that cannot be read, a chain that is
//! gone.

use std::{io::Write, net::TcpStream, path::Path, sync::Arc};

use agentcity_hub::{
    entry::Entry,
    http::router,
    store::{Log, Retention},
};
use agentcity_keeper::{
    dashboard::events::Subscribers,
    operations::{
        self, Begun, Subject,
        desk::{Answer, Desk, OpenAction, OpenTransaction, Order},
        settings::{Admin, Settings},
    },
};
use agentcity_test_fixtures::{mission::Scene, openapi::Judge};
use alloy::{
    primitives::B256,
    providers::RootProvider,
    signers::{SignerSync, local::PrivateKeySigner},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{net::TcpListener, runtime::Runtime, sync::Notify};

use super::{
    life::below_the_dashboard,
    visitor::{Operation, Visitor},
};
use crate::{
    daemon::{Files, TOKEN},
    dashboard::Page,
    fuzz::served::kept,
};

/// As many as are answered at a time.
const PLACES: usize = 32;
/// Orders that the host carries out.
const CARRIED: [&str; 4] = [
    "/admin/pause",
    "/admin/resume",
    "/admin/look",
    "/admin/checkpoint",
];
const LATER: u64 = 4_000_000_000_000;

/// What the host says to an order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Nothing but what is open.
    Fails,
    /// Not even that.
    Breaks,
    Hangs,
}

/// A keeper whose host is the test.
pub(super) struct Alone {
    _runtime: Runtime,
    _files: Files,
    listen: String,
    admin: String,
    mood: Arc<Mutex<Mood>>,
    leave: Arc<Notify>,
}

impl Alone {
    pub(super) fn begin() -> Self {
        let (runtime, files) = (Runtime::new().unwrap(), Files::new());
        let settings = Settings {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            status: true,
            dashboard: None,
            look_secs: 1,
            head_age_secs: 600,
            lag_blocks: 1_200,
            clock_skew_secs: 10,
            admin: Some(Admin {
                listen: "127.0.0.1:0".parse().unwrap(),
                token_file: files.secret("token", TOKEN),
                state_file: files.at("paused.json"),
            }),
        };
        let subject = Subject::<RootProvider> {
            urls: Vec::new(),
            providers: Vec::new(),
            quorum: 1,
            account: None,
            disks: vec![("journal", files.at("journal"))],
        };
        let level = Arc::new(|_: &str| -> Result<(), String> { Ok(()) });
        let begun = runtime.block_on(operations::begin(settings, subject, level, None));
        let Begun {
            desk,
            listen,
            admin_listen,
            ..
        } = begun.unwrap();
        let mood = Arc::new(Mutex::new(Mood::Fails));
        let leave = Arc::new(Notify::new());
        runtime.spawn(host(desk, Arc::clone(&mood), Arc::clone(&leave)));
        Self {
            _runtime: runtime,
            _files: files,
            listen: listen.unwrap().to_string(),
            admin: admin_listen.unwrap().to_string(),
            mood,
            leave,
        }
    }
}

/// Answers orders, by the mood in which they find it, until it leaves.
async fn host(mut desk: Desk, mood: Arc<Mutex<Mood>>, leave: Arc<Notify>) {
    let mut held = Vec::new();
    loop {
        let (order, answer) = tokio::select! {
            next = desk.next() => next.expect("the board is there"),
            () = leave.notified() => return,
        };
        let mood = *mood.lock();
        match (mood, order) {
            (Mood::Fails, Order::Actions) => {
                let _ = answer.send(Answer::Actions(vec![action()]));
            }
            (Mood::Fails | Mood::Breaks, _) => {
                let _ = answer.send(Answer::Failed("the disk is full".to_owned()));
            }
            (Mood::Hangs, _) => held.push(answer),
        }
    }
}

fn action() -> OpenAction {
    OpenAction {
        stream: "router".to_owned(),
        key: B256::ZERO.to_string(),
        trace: "0".repeat(32),
        kind: "router/route".to_owned(),
        why: "the account is poor".to_owned(),
        transaction: Some(OpenTransaction {
            hash: B256::ZERO.to_string(),
            nonce: 1,
            sends: 2,
        }),
        action: json!({ "Router": {} }),
    }
}

/// All of it, in a city that is taken down with its chain.
pub(super) fn visit(judge: &mut Judge, alone: &Alone, scene: Scene) {
    orders(judge, alone);
    let folder = tempdir().unwrap();
    let mut log = kept(folder.path());
    let reader = || Log::open_to_read(&folder.path().join("log")).unwrap();
    let page = Page::through(
        &scene,
        &scene.stage.city.node.http_url(),
        None,
        Some(reader()),
    );
    let address = page.address().to_string();
    let runtime = Runtime::new().unwrap();
    let served = router(reader());
    let own = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, served).await });
        at.to_string()
    });
    for (address, prefix) in [(&own, ""), (&address, "/dashboard")] {
        empty_question(judge, address, prefix);
    }
    let cid = |place: u64| match Entry::read(&log.line(place).unwrap()).unwrap() {
        Entry::Event(event) => event.payload_cid.to_string(),
        other => panic!("{other:?}"),
    };
    let gone = format!("/cid/{}", cid(3));
    log.expire(LATER, Retention::default()).unwrap();
    for (address, prefix) in [(&own, ""), (&address, "/dashboard")] {
        let path = format!("{prefix}/cid/{{cid}}");
        let mut visitor = Visitor::of(judge, address);
        visitor.is_told(("get", path.as_str()), &format!("{prefix}{gone}"), "", 410);
    }
    spoil(folder.path());
    for (address, prefix) in [(&own, ""), (&address, "/dashboard")] {
        spoilt(judge, address, prefix, &gone);
    }
    chainless(judge, &address, scene);
    crowd(judge, &address);
    ends(judge, &runtime);
    // A loop that never turned is found out by then, or soon.
    let mut visitor = Visitor::of(judge, &alone.listen);
    visitor.until("/health", "/health", |heard| heard.status == 503);
}

/// Orders to a host that fails, hangs, and leaves.
fn orders(judge: &mut Judge, alone: &Alone) {
    let headers = format!("Authorization: Bearer {TOKEN}\r\n");
    let mut visitor = Visitor::of(judge, &alone.listen);
    visitor.is_told(("get", "/ready"), "/ready", "", 503);
    let mut visitor = Visitor::of(judge, &alone.admin).with(&headers);
    let actions = visitor.reads("/admin/actions", "/admin/actions");
    assert_eq!(actions.json()["open"], json!(1));
    for path in CARRIED {
        visitor.is_told(("post", path), path, "", 500);
    }
    *alone.mood.lock() = Mood::Breaks;
    visitor.is_told(("get", "/admin/actions"), "/admin/actions", "", 500);
    *alone.mood.lock() = Mood::Hangs;
    let look =
        format!("POST /admin/look HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 0\r\n\r\n");
    // This one needs no host: it is answered at once as long as there is room.
    let level: Operation<'_> = ("post", "/admin/log-level");
    let open = fill(&alone.admin, &look, || {
        visitor.asks(level, level.1, "").status == 503
    });
    visitor.is_told(("get", "/admin/actions"), "/admin/actions", "", 503);
    for path in CARRIED.into_iter().chain(["/admin/drain"]) {
        visitor.is_told(("post", path), path, "", 503);
    }
    alone.leave.notify_one();
    drop(open);
    for path in CARRIED {
        visitor.is_told(("post", path), path, "", 503);
    }
}

/// Opens requests that nobody answers, until there is no room for another. Who asks whether that is so may have the last place just then, so
/// there is one more each time.
fn fill(address: &str, request: &str, mut is_full: impl FnMut() -> bool) -> Vec<TcpStream> {
    let mut open = Vec::new();
    loop {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        open.push(stream);
        if open.len() >= PLACES && is_full() {
            return open;
        }
        assert!(open.len() < 1_000, "there is always room");
    }
}

/// A log that nobody asks anything of: its first page.
fn empty_question(judge: &mut Judge, address: &str, prefix: &str) {
    let path = format!("{prefix}/log/entries");
    Visitor::of(judge, address).reads(&path, &path);
}

/// Somebody else writes into the log's store.
fn spoil(folder: &Path) {
    let store = rusqlite::Connection::open(folder.join("log")).unwrap();
    store
        .execute_batch("DROP TABLE payloads; DROP TABLE entries; DROP TABLE nodes; DROP TABLE terms; DROP TABLE heads;")
        .unwrap();
}

/// What cannot be read is not told.
fn spoilt(judge: &mut Judge, address: &str, prefix: &str, payload: &str) {
    let mut visitor = Visitor::of(judge, address);
    for (path, target) in [
        ("/cid/{cid}", payload),
        ("/log/head", "/log/head"),
        ("/log/entries", "/log/entries"),
        ("/log/query", "/log/query?epoch=1"),
        ("/log/inclusion", "/log/inclusion?place=1&size=2"),
        ("/log/consistency", "/log/consistency?old=1&new=2"),
    ] {
        let (path, target) = (format!("{prefix}{path}"), format!("{prefix}{target}"));
        visitor.is_told(("get", path.as_str()), &target, "", 500);
    }
}

/// The chain is gone while somebody amends a parameter.
fn chainless(judge: &mut Judge, address: &str, scene: Scene) {
    const PROPOSAL: &str = "/dashboard/proposal";
    let mut visitor = Visitor::of(judge, address).with("Content-Type: application/json\r\n");
    let state = "/dashboard/state";
    visitor.until(state, state, |heard| {
        heard.status == 200 && heard.json()["city"]["caughtUp"] == json!(true)
    });
    let proposal = json!({
        "parameter": "reputationFloor", "value": 123, "justification": "it is too low", "deadlineSecs": 60
    });
    let proposed: Value = visitor.sends(("post", PROPOSAL), &proposal).json();
    drop(scene);
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap();
    let digest: B256 = proposed["digest"].as_str().unwrap().parse().unwrap();
    let signature = key.sign_hash_sync(&digest).unwrap();
    let signature = alloy::hex::encode_prefixed(signature.as_bytes());
    let signed = json!({ "signer": key.address(), "signature": signature });
    let submission = json!({ "file": proposed["file"], "signatures": [signed] });
    for ((method, path), body) in [
        (("get", "/dashboard/parameters"), String::new()),
        (("post", PROPOSAL), proposal.to_string()),
        (("post", "/dashboard/submission"), submission.to_string()),
    ] {
        visitor.is_told((method, path), path, &body, 502);
    }
}

/// So many requests are open that nobody else is answered.
fn crowd(judge: &mut Judge, address: &str) {
    // Each has said that it will say something.
    let begun = format!(
        "POST /dashboard/proposal HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    );
    let mut visitor = Visitor::of(judge, address).with("Content-Type: application/json\r\n");
    let open = fill(address, &begun, || {
        let heard = visitor.asks(("get", "/dashboard"), "/dashboard", "");
        heard.status == 503
    });
    for (method, path) in below_the_dashboard(visitor.judge) {
        let target = path.replace(['{', '}'], "x");
        visitor.is_told((method.as_str(), path.as_str()), &target, "", 503);
    }
    drop(open);
}

/// A stream says why it ends.
fn ends(judge: &mut Judge, runtime: &Runtime) {
    let subscribers = Subscribers::default();
    let mut taking = subscribers.join(Vec::new()).unwrap();
    drop(subscribers);
    let frame = runtime.block_on(taking.next()).unwrap();
    let text = String::from_utf8_lossy(&frame).into_owned();
    let (event, data) = text.trim().split_once('\n').unwrap();
    let event = event.strip_prefix("event: ").unwrap();
    let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    judge.happened(("get", "/dashboard/events"), event, &data);
}
