//! The dashboard of a real city: a mission is carried out, and everybody who subscribed sees it happen; what is proposed is what the command
//! line would have signed.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use agentcity_abi::{IAdjudication::Action, IGuardian as guardian};
use agentcity_domain::{parameter::ParameterId, peer::Peer, roster::anchor::Anchor};
use agentcity_hub::{store::Log, tree};
use agentcity_keeper::{
    clock::SystemClock,
    dashboard::{
        facts::Asked,
        guard::Door,
        http::{Desk, router},
        kept::Kept,
        watch::{Setting, Shown, Watch},
    },
    source::{agreed::Agreed, endpoint::HttpEndpoint, pool::Pool},
};
use agentcity_test_fixtures::{
    city::Person,
    mission::{Charter, Law, Plan, Scene, Task},
    tool::Tool,
};
use alloy::{
    network::Ethereum,
    primitives::{B256, U256, keccak256},
    providers::RootProvider,
    signers::{SignerSync, local::PrivateKeySigner},
    transports::http::reqwest::Url,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    daemon::{Daemon, Files},
    mission::city,
};

pub(crate) const PRICE: u128 = 300_000_000_000_000;
pub(crate) const STAKE: u128 = 200_000_000_000_000;
/// Longest wait for anything: a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A dashboard over a scene's city.
pub(crate) struct Page {
    at: SocketAddr,
    _runtime: Option<Runtime>,
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

impl Page {
    fn over(scene: &Scene) -> Self {
        Self::through(scene, &scene.stage.city.node.http_url(), None, None)
    }

    /// The same by an endpoint of the city's chain, with what an earlier one kept, and with the requests of a log.
    pub(crate) fn through(scene: &Scene, url: &str, kept: Option<Kept>, log: Option<Log>) -> Self {
        let runtime = Runtime::new().unwrap();
        let at = runtime.block_on(async {
            let (city, url) = (city(&scene.stage), url.parse::<Url>().unwrap());
            let provider = RootProvider::<Ethereum>::new_http(url.clone());
            let genesis = agentcity_keeper::source::agreed::head(&provider, 0)
                .await
                .unwrap();
            let endpoint = HttpEndpoint::new(
                url,
                Duration::from_secs(10),
                (city.chain_id, genesis.hash),
                city.contracts().addresses(),
            );
            let pool = Pool::new(vec![("node".to_owned(), endpoint.unwrap())], 1).unwrap();
            let asked = Arc::new(Asked::new(Agreed::new(vec![provider], 1).unwrap(), city));
            let shown = Arc::new(Shown::new(&city, Arc::new(SystemClock)));
            let setting = Setting {
                name: "keeper".to_owned(),
                from_block: 1,
                mission_gas: Some(10_000_000),
                documents: None,
                holds: false,
            };
            let mut watch = Watch::new(setting, Arc::clone(&asked), pool, Arc::clone(&shown), None);
            if let Some(kept) = kept {
                watch = watch.keeping(kept);
            }
            tokio::spawn(watch.run());
            let desk = Arc::new(Desk::new(shown, asked, None));
            let served = router(desk, Door::new(Vec::new()), log);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let at = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, served).await });
            at
        });
        Self {
            at,
            _runtime: Some(runtime),
        }
    }

    /// The page of a keeper that runs.
    pub(crate) const fn at(at: SocketAddr) -> Self {
        Self { at, _runtime: None }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.at
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.at,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", "")
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        let headers = format!(
            "Content-Type: application/json\r\nOrigin: http://{}\r\n",
            self.at
        );
        self.ask("POST", path, &headers, &body.to_string())
    }

    /// The state, once it is as wanted.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let reply = self.get("/dashboard/state");
            if reply.status == 200 && holds(&reply.json()) {
                return reply.json();
            }
            assert!(Instant::now() < end, "{what}: {reply:#?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn events(&self) -> Events {
        let mut stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET /dashboard/events HTTP/1.1\r\nHost: {}\r\n\r\n",
            self.at
        )
        .unwrap();
        Events {
            lines: BufReader::new(stream),
            last: 0,
        }
    }
}

/// A stream of events.
struct Events {
    lines: BufReader<TcpStream>,
    last: u64,
}

impl Events {
    /// The first event of a name that will do.
    #[track_caller]
    fn until(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let (mut event, end) = (String::new(), Instant::now() + PATIENCE);
        loop {
            assert!(Instant::now() < end, "no {name} that will do");
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            if let Some(told) = line.strip_prefix("event: ") {
                event = told.trim().to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                let id = id.trim().parse().unwrap();
                assert!(id > self.last, "ids ascend");
                self.last = id;
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(data.trim()).unwrap();
                if event == name && holds(&data) {
                    return data;
                }
            }
        }
    }
}

fn mission<'a>(state: &'a Value, law: &Law) -> &'a Value {
    let items = state["missions"]["items"].as_array().unwrap();
    let id = json!(law.mission);
    items
        .iter()
        .find(|one| one["id"] == id)
        .unwrap_or(&Value::Null)
}

fn metric<'a>(metrics: &'a Value, id: &str) -> &'a Value {
    let all = metrics.as_array().unwrap();
    all.iter().find(|one| one["id"] == json!(id)).unwrap()
}

/// That `found` has the keys of `example`, and no others, all the way down; of lists, what the first items have.
fn has_keys_of(example: &Value, found: &Value, path: &str) {
    match (example, found) {
        (Value::Object(example), Value::Object(found)) => {
            let keys =
                |of: &serde_json::Map<String, Value>| of.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(keys(example), keys(found), "{path}");
            for (key, value) in example {
                has_keys_of(value, &found[key], &format!("{path}/{key}"));
            }
        }
        (Value::Array(example), Value::Array(found)) => {
            if let (Some(example), Some(found)) = (example.first(), found.first()) {
                has_keys_of(example, found, &format!("{path}/0"));
            }
        }
        // What is not known is null.
        (_, Value::Null) | (Value::Null, _) => {}
        (example, found) => {
            let kind = std::mem::discriminant::<Value>;
            assert_eq!(kind(example), kind(found), "{path}: {example} and {found}");
        }
    }
}

fn example() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/dashboard/example.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A mission of two tasks in a row, the second judged by people.
pub(crate) fn enacted(scene: &mut Scene) -> Law {
    let plan = Plan {
        name: "seen".to_owned(),
        tasks: vec![
            Task::proved("fetch", PRICE),
            Task::reviewed("report", PRICE),
        ],
        edges: vec![(0, 1)],
        predicates: Vec::new(),
    };
    let seats = scene.seats(&plan, &[0, 1], STAKE);
    scene.enact_with(&plan, &seats)
}

#[test]
fn a_mission_is_seen_from_its_law_to_its_end_and_no_unit_is_lost() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let page = Page::over(&scene);
    let state = page.until("the city", |state| state["city"]["caughtUp"] == json!(true));
    assert_eq!(state["missions"]["total"], json!(0));
    let mut events = page.events();
    events.until("wiring", |wiring| {
        wiring["nodes"]
            .as_array()
            .is_some_and(|all| all.len() == 14)
    });

    let law = enacted(&mut scene);
    events.until("missions", |all| {
        all["items"][0]["state"] == json!("ACTIVE")
    });
    let path = format!("/dashboard/missions/{}", law.mission);
    let whole = page.get(&path).json();
    assert_eq!(whole["edges"], json!([[0, 1]]));
    assert_eq!(whole["nodes"][0]["tier"], json!(1));
    assert_eq!(whole["nodes"][1]["tier"], json!(3));
    assert_eq!(whole["nodes"][0]["budget"], json!(PRICE.to_string()));
    has_keys_of(&example()["mission"], &whole, "mission");

    scene.route(&law, 0, &[0]);
    let executing = |data: &Value| {
        let nodes = data["nodes"].as_array();
        nodes.is_some_and(|all| {
            all.iter()
                .any(|node| node["ordinal"] == json!(0) && node["state"] == json!("EXECUTING"))
        })
    };
    events.until("mission", executing);

    // An adjudicator freezes it: an alert that says what can be done.
    let agent = scene.agent(0).address();
    let freeze = guardian::freezeNodeCall {
        missionId: law.mission,
        node: 0,
        attempt: scene.node(&law, 0).attempt,
        agent,
    };
    scene.rule(Peer::Guardian, &freeze);
    let alerts = events.until("alerts", |alerts| {
        alerts["items"][0]["metric"] == json!("activeFreezes")
    });
    let first = &alerts["items"][0];
    assert_eq!(first["severity"], json!("critical"));
    assert!(
        first["command"]
            .as_str()
            .unwrap()
            .starts_with("agentcity override prepare unfreeze-node")
    );
    let state = page.until("frozen", |state| {
        state["freezes"]["open"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    });
    assert_eq!(
        metric(&state["metrics"], "activeFreezes")["alerting"],
        json!(true)
    );
    assert_eq!(mission(&state, &law)["counts"]["FROZEN"], json!(1));
    let freeze = state["freezes"]["open"][0]["freeze"].as_str().unwrap();
    let of = json!({ "missionId": law.mission, "node": 0, "freezeId": freeze });
    let mut lifted = of.clone();
    lifted["kind"] = json!(2);
    let seat = json!({ "missionId": law.mission, "node": 0, "attempt": 1, "agent": agent });
    let review = json!({ "missionId": law.mission, "node": 1, "attempt": 1, "approved": true, "score": 900, "seat": 0 });
    let predicate = json!({ "missionId": law.mission, "index": 0 });
    for (action, verb, fields) in [
        (Action::FreezeNode, "freeze-node", seat),
        (Action::UnfreezeNode, "unfreeze-node", lifted),
        (Action::ConfirmFreeze, "confirm-freeze", of),
        (Action::DecideReview, "decide-review", review),
        (Action::ClearPredicate, "clear-predicate", predicate),
    ] {
        prepared_alike(&mut scene, &page, action, verb, fields);
    }
    let unfreeze = guardian::unfreezeNodeCall {
        missionId: law.mission,
        node: 0,
        freezeId: freeze.parse().unwrap(),
        kind: guardian::UnfreezeKind::FalsePositive,
    };
    scene.rule(Peer::Guardian, &unfreeze);
    let state = page.until("unfrozen", |state| state["freezes"]["open"] == json!([]));
    assert_eq!(state["freezes"]["byCause"][0]["false"], json!(1));
    assert_eq!(mission(&state, &law)["counts"]["ELIGIBLE"], json!(1));

    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    scene.route(&law, 1, &[1]);
    scene.submit(&law, 1, 1);
    // A review waits, with its end.
    let reviews = events.until("reviews", |reviews| {
        !reviews["items"].as_array().unwrap().is_empty()
    });
    assert_eq!(reviews["items"][0]["kind"], json!("result"));
    assert!(reviews["items"][0]["deadline"].as_u64().is_some());
    let state = page.until("everything", |state| {
        state["gas"]["measured"] == state["gas"]["transactions"]
            && metric(&state["metrics"], "reviewQueue")["alerting"] == json!(true)
    });
    has_keys_of(&example()["state"], &state, "state");
    let known = mission(&state, &law);
    assert_eq!(known["counts"]["COMPLETED"], json!(1));
    assert_eq!(known["counts"]["PENDING_REVIEW"], json!(1));
    assert!(known["gas"].as_u64().unwrap() > 100_000, "{known}");
    assert!(known["deadline"].as_u64().is_some());
    let tiers = &state["verification"]["byTier"];
    assert_eq!(tiers[0]["completed"], json!(1));

    // Money: what the events say came in is what the books hold, paid and gave back.
    assert_eq!(state["money"]["holds"], json!(true), "{:#}", state["money"]);
    for line in state["money"]["lines"].as_array().unwrap() {
        let amount = |of: &str| line[of].as_str().unwrap().parse::<U256>().unwrap();
        let out = ["paid", "returned", "forfeited", "held"].map(amount);
        let sum = out.into_iter().fold(U256::ZERO, |sum, part| sum + part);
        assert_eq!(amount("in"), sum, "{line}");
    }
    let escrows = &state["money"]["lines"][0];
    assert_eq!(escrows["paid"], json!(PRICE.to_string()));

    // The node was seen in each of its states.
    let whole = page.get(&path).json();
    let transitions = whole["nodes"][0]["transitions"].as_array().unwrap();
    let states: Vec<&str> = transitions
        .iter()
        .map(|one| one[0].as_str().unwrap())
        .collect();
    assert_eq!(states.first(), Some(&"ELIGIBLE"));
    assert_eq!(states.last(), Some(&"COMPLETED"));
    assert!(states.contains(&"FROZEN"), "{states:?}");

    // Who comes later sees the same.
    let later = Page::over(&scene);
    let again = later.until("the same", |state| {
        state["city"]["caughtUp"] == json!(true)
            && state["gas"]["measured"] == state["gas"]["transactions"]
    });
    for section in ["freezes", "verification", "epochs", "reviews", "gas"] {
        assert_eq!(again[section], state[section], "{section}");
    }
    assert_eq!(mission(&again, &law)["phases"], known["phases"]);
    assert_eq!(again["money"]["lines"], state["money"]["lines"]);
}

/// The command line reads the file of a proposal, and explains it in the same words.
fn explained_alike(proposal: &Value, keys: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(proposal["fileName"].as_str().unwrap());
    std::fs::write(&file, proposal["file"].to_string()).unwrap();
    let explained = Command::new(Tool::Client.find().unwrap())
        .args(["override", "explain", "--offline", "--json"])
        .arg(&file)
        .output()
        .unwrap();
    let explained: Value = serde_json::from_slice(&explained.stdout)
        .unwrap_or_else(|error| panic!("{error}: {explained:?}"));
    let explained = explained.get("result").unwrap_or(&explained);
    let words = proposal["words"].as_array().unwrap();
    for key in keys {
        let word = words.iter().find(|word| word["key"] == json!(key)).unwrap();
        assert_eq!(word["text"], explained[key], "{key}: {explained}");
    }
    let interests = words.iter().find(|word| word["key"] == json!("interests"));
    let interests = interests.unwrap()["text"].as_str().unwrap();
    let needs = explained["needs"].as_str().unwrap();
    assert!(needs.ends_with(interests), "{needs}");
}

/// An action that the page prepares: the panel's digest of it is the same, and the command line's words.
fn prepared_alike(scene: &mut Scene, page: &Page, action: Action, verb: &str, fields: Value) {
    let asked = json!({ "action": verb, "fields": fields, "justification": "it must be" });
    let reply = page.post("/dashboard/proposal", &asked);
    assert_eq!(reply.status, 200, "{reply:?}");
    let proposal = reply.json();
    let payload = proposal["file"]["override"]["payload"].as_str().unwrap();
    let payload = payload.parse().unwrap();
    let call = agentcity_abi::IAdjudication::digestOfCall { action, payload };
    let digest: B256 = scene.ask(Peer::Adjudication, &call);
    assert_eq!(proposal["digest"], json!(digest), "{verb}");
    assert_eq!(proposal["needs"]["signers"], json!(1), "{verb}");
    explained_alike(&proposal, &["does", "digest", "touches"]);
}

#[test]
fn an_amendment_is_what_the_command_line_would_have_signed_and_bad_requests_are_refused_by_name() {
    let mut scene = Scene::raise(&Charter::default(), 1, 1);
    let page = Page::over(&scene);
    page.until("the city", |state| state["city"]["caughtUp"] == json!(true));

    let parameters = page.get("/dashboard/parameters").json();
    let items = parameters["items"].as_array().unwrap();
    assert_eq!(items.len(), ParameterId::COUNT);
    has_keys_of(&example()["parameters"], &parameters, "parameters");
    let floor = items
        .iter()
        .find(|one| one["name"] == json!("reputationFloor"))
        .unwrap();
    let value = floor["value"].as_u64().unwrap() + 20;

    let asked =
        json!({ "parameter": "reputationFloor", "value": value, "justification": "it is too low" });
    let reply = page.post("/dashboard/proposal", &asked);
    assert_eq!(reply.status, 200, "{reply:?}");
    let proposal = reply.json();
    has_keys_of(&example()["proposal"], &proposal, "proposal");
    assert_eq!(
        proposal["justification"]["hash"],
        json!(keccak256("it is too low"))
    );
    // The panel's own digest of the same payload.
    let payload = proposal["file"]["override"]["payload"].as_str().unwrap();
    let call = agentcity_abi::IAdjudication::digestOfCall {
        action: agentcity_abi::IAdjudication::Action::AmendParameter,
        payload: payload.parse().unwrap(),
    };
    let digest: B256 = scene.ask(Peer::Adjudication, &call);
    assert_eq!(proposal["digest"], json!(digest));
    let does = proposal["words"][0]["text"].as_str().unwrap();
    assert!(
        does.contains("reputationFloor") && does.contains(&value.to_string()),
        "{does}"
    );

    explained_alike(&proposal, &["does", "digest", "touches", "risk"]);

    // Signatures become the transaction that hands them in.
    let mut keys: Vec<PrivateKeySigner> = (1..=2_u8)
        .map(|number| PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).unwrap())
        .collect();
    keys.sort_by_key(PrivateKeySigner::address);
    let signatures: Vec<Value> = keys
        .iter()
        .rev()
        .map(|key| {
            let signature = key.sign_hash_sync(&digest).unwrap();
            json!({ "signer": key.address(), "signature": alloy::hex::encode_prefixed(signature.as_bytes()) })
        })
        .collect();
    let handed_in = json!({ "file": proposal["file"], "signatures": signatures });
    let reply = page.post("/dashboard/submission", &handed_in);
    assert_eq!(reply.status, 200, "{reply:?}");
    let submission = reply.json();
    has_keys_of(&example()["submission"], &submission, "submission");
    let signers: Vec<String> = keys.iter().map(|key| key.address().to_string()).collect();
    assert_eq!(submission["signers"], json!(signers));
    assert_eq!(
        submission["to"],
        json!(scene.at(Peer::Adjudication).to_string())
    );

    // Each refusal has its status and its code.
    let with = |value: Value| json!({ "parameter": "reputationFloor", "value": value, "justification": "why" });
    for (reply, status, code) in [
        (
            page.post("/dashboard/proposal", &with(json!(501))),
            422,
            "dashboard/value",
        ),
        (
            page.post("/dashboard/proposal", &with(floor["value"].clone())),
            422,
            "dashboard/value",
        ),
        (
            page.post(
                "/dashboard/proposal",
                &json!({ "parameter": "x", "value": 1, "justification": "why" }),
            ),
            422,
            "dashboard/parameter",
        ),
        (
            page.post("/dashboard/proposal", &json!({})),
            400,
            "dashboard/body",
        ),
        (
            page.post("/dashboard/proposal", &json!("x".repeat(70_000))),
            413,
            "dashboard/body",
        ),
        (
            page.ask(
                "POST",
                "/dashboard/proposal",
                "Content-Type: text/plain\r\n",
                "{}",
            ),
            415,
            "dashboard/media-type",
        ),
        (
            page.ask(
                "POST",
                "/dashboard/proposal",
                "Content-Type: application/json\r\nOrigin: http://evil.example\r\n",
                "{}",
            ),
            403,
            "dashboard/origin",
        ),
        (
            page.ask("GET", "/dashboard/state", "Host: evil.example\r\n", ""),
            400,
            "dashboard/path",
        ),
        (page.get("/dashboard/missions/0x12"), 400, "dashboard/path"),
        (
            page.get(&format!("/dashboard/missions/{}", B256::ZERO)),
            404,
            "dashboard/no-mission",
        ),
        (
            page.get("/dashboard/proof?place=0"),
            404,
            "dashboard/no-log",
        ),
        (page.get("/dashboard/proof"), 400, "dashboard/path"),
        (page.get("/dashboard/../etc"), 400, "dashboard/path"),
        (page.get("/dashboard/nothing.js"), 400, "dashboard/path"),
    ] {
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{reply:?}"
        );
        assert!(
            reply.json()["error"]["do"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
    // What a browser may do is said of every answer.
    let home = page.get("/dashboard/");
    assert_eq!(home.status, 200);
    for header in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
    ] {
        assert!(home.head.contains(header), "{}", home.head);
    }
    assert!(!home.head.contains("access-control"));
}

/// The configuration of a keeper that keeps a log, anchors it, and serves a dashboard.
pub(crate) fn logging(files: &Files, scene: &Scene, keeper: &Person) -> PathBuf {
    let key = files.secret("key", &alloy::hex::encode(keeper.signer().to_bytes()));
    let config = files.at("keeper.toml");
    let text = format!(
        "endpoint = {:?}\njournal = {:?}\nkey_file = {key:?}\ndepth_blocks = 0\npoll_secs = 5\n\
         [city]\nconstitution = \"{}\"\nfrom_block = 1\n[log]\nfile = {:?}\nanchor_secs = 1\n\
         [operations]\nlisten = \"127.0.0.1:0\"\ndashboard = true\n",
        scene.stage.city.node.http_url(),
        files.at("journal"),
        scene.at(Peer::Constitution),
        files.at("log"),
    );
    std::fs::write(&config, text).unwrap();
    config
}

/// The hash of a field.
fn hash(of: &Value) -> B256 {
    of.as_str().unwrap().parse().unwrap()
}

fn path(of: &Value) -> Vec<B256> {
    of.as_array().unwrap().iter().map(hash).collect()
}

#[test]
fn the_executable_serves_proofs_of_its_log_that_hold_against_the_chain() {
    let mut scene = Scene::raise(&Charter::default(), 1, 1);
    let keeper = scene.person("keeper");
    let files = Files::new();
    let mut daemon = Daemon::start(&logging(&files, &scene, &keeper));
    let page = Page::at(daemon.address("listen").parse().unwrap());
    let state = page.until("a log", |state| {
        state["log"]["size"].as_u64().is_some_and(|size| size > 3)
    });
    assert_eq!(state["log"]["author"], json!(keeper.address().to_string()));
    assert_eq!(state["city"]["keeper"]["name"], json!("keeper"));

    // An anchor covers the entry after a while, and everything fits together.
    let end = Instant::now() + PATIENCE;
    let proof = loop {
        let reply = page.get("/dashboard/proof?place=2");
        assert_eq!(reply.status, 200, "{reply:?}");
        if !reply.json()["anchor"].is_null() {
            break reply.json();
        }
        assert!(Instant::now() < end, "{reply:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    has_keys_of(&example()["proof"], &proof, "proof");
    let leaf = tree::leaf(proof["line"].as_str().unwrap().as_bytes());
    assert_eq!(hash(&proof["leaf"]), leaf);
    let whole = Anchor {
        size: proof["size"].as_u64().unwrap(),
        root: hash(&proof["root"]),
    };
    assert!(tree::includes(&whole, 2, &leaf, &path(&proof["path"])));
    let anchored = Anchor {
        size: proof["anchor"]["size"].as_u64().unwrap(),
        root: hash(&proof["anchor"]["root"]),
    };
    assert!(tree::includes(
        &anchored,
        2,
        &leaf,
        &path(&proof["anchorPath"])
    ));
    assert_eq!(proof["onChain"]["size"], proof["anchor"]["size"]);
    assert_eq!(proof["onChain"]["root"], proof["anchor"]["root"]);
    // By its transaction, and beyond the log's end.
    let line: Value = serde_json::from_str(proof["line"].as_str().unwrap()).unwrap();
    let transaction = line
        .pointer("/origin/transaction")
        .or(line.pointer("/origin/chain/transaction"));
    if let Some(transaction) = transaction.and_then(Value::as_str) {
        let found = page.get(&format!("/dashboard/proof?transaction={transaction}"));
        assert_eq!(found.status, 200, "{found:?}");
        assert!(found.json()["line"].as_str().unwrap().contains(transaction));
    }
    let beyond = page.get("/dashboard/proof?place=1000000");
    assert_eq!(
        (beyond.status, beyond.code().as_str()),
        (404, "dashboard/no-entry")
    );
    // The log's own requests are served beside it.
    assert_eq!(page.get("/dashboard/log/head").status, 200);
    assert_eq!(page.get("/health").status, 200, "as before");
    daemon.signal("TERM");
    assert_eq!(daemon.code(), Some(0), "a dashboard holds up no end");
}
