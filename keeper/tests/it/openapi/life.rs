//! A keeper of a city in which something happens, asked for everything that it serves, by whoever may and by whoever may not.

use agentcity_abi::IGuardian as guardian;
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    Node, Sender, Settings,
    mission::{Charter, Law, Scene},
    openapi::Judge,
    program::deploy_wat,
};
use alloy::{
    primitives::B256,
    signers::{SignerSync, local::PrivateKeySigner},
};
use serde_json::{Value, json};

use super::visitor::{Events, Visitor};
use crate::{
    daemon::{Daemon, Files, TOKEN},
    dashboard::enacted,
    operations::{NOTHING, settings},
};

const STATE: &str = "/dashboard/state";
const EVENTS: &str = "/dashboard/events";
const PROOF: &str = "/dashboard/proof";
const PROPOSAL: &str = "/dashboard/proposal";
const SUBMISSION: &str = "/dashboard/submission";
const ASSET: &str = "/dashboard/{asset}";
const MISSION: &str = "/dashboard/missions/{id}";

/// The headers of a page of the dashboard itself.
const OF_THE_PAGE: &str = "Content-Type: application/json\r\n";

/// A running keeper, and where it listens.
struct Keeper {
    daemon: Daemon,
    listen: String,
    admin: String,
    log: String,
}

impl Keeper {
    fn of(scene: &mut Scene, files: &Files) -> Self {
        let person = scene.person("keeper");
        let key = files.secret("key", &alloy::hex::encode(person.signer().to_bytes()));
        let config = files.at("keeper.toml");
        let text = format!(
            "endpoint = {:?}\njournal = {:?}\nkey_file = {key:?}\ndepth_blocks = 0\npoll_secs = 5\n\
             [city]\nconstitution = \"{}\"\nfrom_block = 1\n\
             [log]\nfile = {:?}\nanchor_secs = 1\nlisten = \"127.0.0.1:0\"\n{}dashboard = true\n",
            scene.stage.city.node.http_url(),
            files.at("journal"),
            scene.at(Peer::Constitution),
            files.at("log"),
            files.operations(),
        );
        std::fs::write(&config, text).unwrap();
        let mut daemon = Daemon::start(&config);
        let log = daemon.line(|line| line["fields"]["message"] == json!("the log is served"));
        Self {
            listen: daemon.address("listen"),
            admin: daemon.address("admin_listen"),
            log: log["fields"]["address"].as_str().unwrap().to_owned(),
            daemon,
        }
    }
}

/// All of it. The city is left for what else there is to see.
pub(super) fn visit(judge: &mut Judge) -> Scene {
    let charter = Charter {
        settings: Settings::default().at_machine_time(),
        ..Charter::default()
    };
    let mut scene = Scene::raise(&charter, 3, 1);
    let files = Files::new();
    is_ready(judge);
    let mut keeper = Keeper::of(&mut scene, &files);
    let law = happenings(judge, &keeper.listen, &mut scene);
    stands(judge, &keeper.listen);
    let line = proofs(judge, &keeper.listen);
    log_of(judge, &keeper.log, "", &line);
    log_of(judge, &keeper.listen, "/dashboard", &line);
    page(judge, &keeper.listen, &law);
    amendment(judge, &keeper.listen);
    outsiders(judge, &keeper.listen);
    orders(judge, &mut keeper);
    scene
}

/// A mission from its law to a review, seen in the state and in the stream.
fn happenings(judge: &mut Judge, address: &str, scene: &mut Scene) -> Law {
    let stream = ("get", EVENTS);
    // Before there is anything to show nobody subscribes.
    Visitor::of(judge, address).until(STATE, STATE, |heard| heard.status == 200);
    let mut events = Events::at(judge, address, EVENTS);
    events.until(judge, stream, "log", |_| true);
    let law = enacted(scene);
    scene.route(&law, 0, &[0]);
    let call = guardian::freezeNodeCall {
        missionId: law.mission,
        node: 0,
        attempt: scene.node(&law, 0).attempt,
        agent: scene.agent(0).address(),
    };
    scene.rule(Peer::Guardian, &call);
    let of = |name: &'static str| move |data: &Value| !data[name].as_array().unwrap().is_empty();
    events.until(judge, stream, "freezes", of("open"));
    let nodes = |data: &Value| data["nodes"].is_array();
    events.until(judge, stream, "mission", nodes);
    let mut visitor = Visitor::of(judge, address);
    let state = visitor.until(STATE, STATE, |heard| {
        heard.status == 200 && heard.json()["alerts"]["total"] != json!(0)
    });
    let freeze = &state.json()["freezes"]["open"][0]["freeze"];
    let call = guardian::unfreezeNodeCall {
        missionId: law.mission,
        node: 0,
        freezeId: freeze.as_str().unwrap().parse().unwrap(),
        kind: guardian::UnfreezeKind::FalsePositive,
    };
    scene.rule(Peer::Guardian, &call);
    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    scene.route(&law, 1, &[1]);
    scene.submit(&law, 1, 1);
    events.until(judge, stream, "reviews", of("items"));
    law
}

/// How the keeper stands.
fn stands(judge: &mut Judge, address: &str) {
    let mut visitor = Visitor::of(judge, address);
    // The city's time is none of this machine's, so it is not.
    visitor.is_told(("get", "/ready"), "/ready", "", 503);
    let status = visitor.reads("/status", "/status").json();
    assert!(!status["keeper"]["streams"].as_array().unwrap().is_empty());
    for path in ["/health", "/metrics"] {
        visitor.reads(path, path);
    }
}

/// A keeper that has nothing against it, on a chain whose time is this machine's.
fn is_ready(judge: &mut Judge) {
    let node = Node::devnode(&settings());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let files = Files::new();
    let operations = files.operations();
    let config = files.config(node.http_url(), &[program], "depth_blocks = 0", &operations);
    let mut daemon = Daemon::start(&config);
    let mut visitor = Visitor::of(judge, &daemon.address("listen"));
    visitor.until("/ready", "/ready", |heard| heard.status == 200);
}

/// Proofs of an entry, by its place and by its transaction: its line.
fn proofs(judge: &mut Judge, address: &str) -> Value {
    let mut visitor = Visitor::of(judge, address);
    let place = format!("{PROOF}?place=2");
    let proof = visitor.until(PROOF, &place, |heard| {
        heard.status == 200 && !heard.json()["onChain"].is_null()
    });
    let line: Value = serde_json::from_str(proof.json()["line"].as_str().unwrap()).unwrap();
    let transaction = line.pointer("/origin/transaction").unwrap_or(&Value::Null);
    let transaction = transaction.as_str().unwrap_or_else(|| panic!("{line}"));
    visitor.reads(PROOF, &format!("{PROOF}?transaction={transaction}"));
    // The picture has the anchor as well, by the roster's event.
    visitor.until(STATE, STATE, |heard| {
        let log = &heard.json()["log"];
        !log["anchored"].is_null() && log["anchors"] != json!([])
    });
    let refused = ("get", PROOF);
    visitor.is_told(refused, &format!("{PROOF}?place=1000000"), "", 404);
    visitor.is_told(refused, PROOF, "", 400);
    line
}

/// The log's requests, on its own listener and below the dashboard.
fn log_of(judge: &mut Judge, address: &str, prefix: &str, line: &Value) {
    let mut visitor = Visitor::of(judge, address);
    let at = |path: &str| format!("{prefix}{path}");
    let cid = line["payloadCid"].as_str();
    let cid = cid.unwrap_or_else(|| panic!("no payload: {line}"));
    visitor.has(&at("/cid/{cid}"), &at(&format!("/cid/{cid}")));
    let head = visitor.reads(&at("/log/head"), &at("/log/head")).json();
    let size = head["size"].as_u64().unwrap();
    visitor.reads(&at("/log/entries"), &at("/log/entries?from=1&limit=2"));
    let first = visitor.reads(&at("/log/query"), &at("/log/query?from=0&limit=1"));
    let next = first.json()["next"].as_str().unwrap().to_owned();
    visitor.reads(
        &at("/log/query"),
        &at(&format!("/log/query?from=0&limit=1&after={next}")),
    );
    visitor.reads(
        &at("/log/inclusion"),
        &at(&format!("/log/inclusion?place=1&size={size}")),
    );
    visitor.reads(
        &at("/log/consistency"),
        &at(&format!("/log/consistency?old=1&new={size}")),
    );
    let strange = agentcity_abi::document::ContentAddress::of("x");
    let long = "x".repeat(3_000);
    for (path, target, status) in [
        ("/cid/{cid}", format!("/cid/{strange}"), 404),
        ("/cid/{cid}", "/cid/x".to_owned(), 400),
        ("/cid/{cid}", "/cid/%ff".to_owned(), 400),
        (
            "/log/entries",
            format!("/log/entries?from={}", u64::MAX),
            404,
        ),
        ("/log/entries", "/log/entries?limit=0".to_owned(), 400),
        ("/log/query", "/log/query?type=FREEZE".to_owned(), 400),
        (
            "/log/inclusion",
            format!("/log/inclusion?place={size}&size={size}0"),
            404,
        ),
        ("/log/inclusion", "/log/inclusion?place=1".to_owned(), 400),
        (
            "/log/consistency",
            format!("/log/consistency?old=1&new={size}0"),
            404,
        ),
        ("/log/consistency", "/log/consistency?old=1".to_owned(), 400),
        ("/log/entries", format!("/log/entries?x={long}"), 414),
        ("/log/query", format!("/log/query?x={long}"), 414),
        ("/log/inclusion", format!("/log/inclusion?x={long}"), 414),
        (
            "/log/consistency",
            format!("/log/consistency?x={long}"),
            414,
        ),
    ] {
        visitor.is_told(("get", at(path).as_str()), &at(&target), "", status);
    }
}

/// The page, its files, and a mission.
fn page(judge: &mut Judge, address: &str, law: &Law) {
    let mut visitor = Visitor::of(judge, address);
    visitor.is_told(("get", "/dashboard"), "/dashboard", "", 308);
    visitor.has("/dashboard/", "/dashboard/");
    for file in ["app.js", "app.css", "icon.svg", "lib/hash.js"] {
        visitor.has(ASSET, &format!("/dashboard/{file}"));
    }
    visitor.reads(MISSION, &format!("/dashboard/missions/{}", law.mission));
    for (path, target, status) in [
        (ASSET, "/dashboard/nothing.js".to_owned(), 400),
        (ASSET, "/dashboard/%ff".to_owned(), 400),
        (MISSION, "/dashboard/missions/%ff".to_owned(), 400),
        (MISSION, "/dashboard/missions/0x12".to_owned(), 400),
        (MISSION, format!("/dashboard/missions/{}", B256::ZERO), 404),
    ] {
        visitor.is_told(("get", path), &target, "", status);
    }
}

/// A parameter that is to change: what is signed, and what is handed in.
fn amendment(judge: &mut Judge, address: &str) {
    let mut visitor = Visitor::of(judge, address).with(OF_THE_PAGE);
    let path = "/dashboard/parameters";
    let parameters = visitor.reads(path, path).json();
    let mut items = parameters["items"].as_array().unwrap().iter();
    let floor = items.find(|one| one["name"] == json!("reputationFloor"));
    let value = floor.unwrap()["value"].as_u64().unwrap();
    let proposal = json!({
        "parameter": "reputationFloor", "value": value + 20, "justification": "it is too low", "deadlineSecs": 60
    });
    let proposed = visitor.sends(("post", PROPOSAL), &proposal).json();
    visitor.changes(("post", PROPOSAL), &proposal);
    let stop = json!({
        "action": "freeze-node", "justification": "it says too much", "deadlineSecs": 60,
        "fields": { "missionId": B256::repeat_byte(3), "node": 1, "attempt": 0, "agent": alloy::primitives::Address::repeat_byte(4) },
    });
    visitor.sends(("post", PROPOSAL), &stop);
    visitor.changes(("post", PROPOSAL), &stop);
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap();
    let digest: B256 = proposed["digest"].as_str().unwrap().parse().unwrap();
    let signature = key.sign_hash_sync(&digest).unwrap();
    let signature = alloy::hex::encode_prefixed(signature.as_bytes());
    let submission = json!({
        "file": proposed["file"], "signatures": [{ "signer": key.address(), "signature": signature }]
    });
    visitor.sends(("post", SUBMISSION), &submission);
    visitor.changes(("post", SUBMISSION), &submission);
    let mut forged = submission;
    forged["signatures"][0]["signer"] = json!(alloy::primitives::Address::ZERO);
    let flood = "x".repeat(70_000);
    let mut same = proposal;
    same["value"] = json!(value);
    for (path, body, status) in [
        (PROPOSAL, same.to_string(), 422),
        (SUBMISSION, forged.to_string(), 422),
        (PROPOSAL, flood.clone(), 413),
        (SUBMISSION, flood, 413),
    ] {
        visitor.is_told(("post", path), path, &body, status);
    }
    visitor.headers = String::new();
    for path in [PROPOSAL, SUBMISSION] {
        visitor.is_told(("post", path), path, "{}", 415);
        let foreign = format!("{OF_THE_PAGE}Origin: http://evil.example\r\n");
        let heard = visitor.asks_with(&foreign, ("post", path), path, "{}");
        assert_eq!(heard.status, 403, "{heard:?}");
    }
}

/// Whoever comes under another name is turned away everywhere below the dashboard.
fn outsiders(judge: &mut Judge, address: &str) {
    let mut visitor = Visitor::of(judge, address);
    for (method, path) in below_the_dashboard(visitor.judge) {
        let target = path.replace("{asset}", "app.js").replace(['{', '}'], "x");
        let twice = format!("Host: {address}\r\nHost: evil.example\r\n");
        for (headers, status) in [("Host: evil.example\r\n", 421), (twice.as_str(), 400)] {
            let heard = visitor.asks_with(headers, (method.as_str(), path.as_str()), &target, "");
            assert_eq!(heard.status, status, "{method} {path}: {heard:?}");
        }
    }
}

/// Methods and paths behind the dashboard's door.
pub(super) fn below_the_dashboard(judge: &Judge) -> Vec<(String, String)> {
    let told = judge.told.iter();
    let mut all: Vec<(String, String)> = told
        .filter(|(_, path, _)| path.starts_with("/dashboard"))
        .map(|(method, path, _)| (method.clone(), path.clone()))
        .collect();
    all.dedup();
    all
}

/// Orders, with the token and without, until the last: to leave.
fn orders(judge: &mut Judge, keeper: &mut Keeper) {
    let mut visitor = Visitor::of(judge, &keeper.admin);
    let all: Vec<(String, String)> = visitor
        .judge
        .told
        .iter()
        .filter(|(_, path, _)| path.starts_with("/admin"))
        .map(|(method, path, _)| (method.clone(), path.clone()))
        .collect();
    for (method, path) in &all {
        for shown in ["", "Authorization: Bearer 0123456789abcdef\r\n"] {
            let heard = visitor.asks_with(shown, (method.as_str(), path.as_str()), path, "");
            assert_eq!(heard.status, 401, "{heard:?}");
        }
    }
    visitor.headers = format!("Authorization: Bearer {TOKEN}\r\n");
    let flood = "x".repeat(5_000);
    for path in ["/admin/pause", "/admin/resume", "/admin/look"] {
        let of = json!({ "stream": "log-anchors" });
        visitor.sends(("post", path), &of);
        visitor.changes(("post", path), &of);
        for (body, status) in [
            ("{\"stream\": \"nothing\"}", 404),
            ("{", 400),
            (flood.as_str(), 413),
        ] {
            visitor.is_told(("post", path), path, body, status);
        }
    }
    visitor.sends(("post", "/admin/look"), &json!({}));
    let level = json!({ "filter": "info" });
    let path = "/admin/log-level";
    visitor.sends(("post", path), &level);
    visitor.changes(("post", path), &level);
    visitor.is_told(("post", path), path, "{\"filter\": \"a=loud\"}", 400);
    visitor.is_told(("post", path), path, &flood, 413);
    let path = "/admin/checkpoint";
    visitor.is_told(("post", path), path, "", 200);
    visitor.reads("/admin/actions", "/admin/actions");
    let path = "/admin/drain";
    visitor.is_told(("post", path), path, "", 200);
    assert_eq!(keeper.daemon.code(), Some(0));
}
