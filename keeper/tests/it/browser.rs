//! The page of a real keeper in a real browser: a mission runs, and what the page shows of it, proves and has signed is held against the chain.
//!
//! `keeper/dashboard/tests/walk.mjs` walks through the page; this side carries the mission on, and says what must be seen next.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use agentcity_abi::{
    IAdjudication::{self, Action, ActionState},
    IGuardian as guardian,
};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    mission::{Charter, Scene, told},
    tool::{self, Tool},
};
use alloy::{
    hex,
    primitives::{B256, Bytes, U256},
};
use serde_json::{Value, json};

use crate::{
    daemon::{Daemon, Files},
    dashboard::{PRICE, enacted, logging},
};

/// Longest wait for a step: the page waits a minute for a fact.
const STEP: Duration = Duration::from_secs(90);
/// How long a browser may take to end.
const END: Duration = Duration::from_secs(15);

/// A browser, and what walks with it.
#[derive(Debug)]
struct Walk {
    child: Child,
    orders: Option<ChildStdin>,
    found: Receiver<Value>,
    complaints: Option<JoinHandle<String>>,
    heard: u64,
}

impl Walk {
    fn begin() -> Self {
        let missing = |error: tool::ToolMissing| panic!("the page is walked in a browser: {error}");
        let (browser, modules) = (
            Tool::Chromium.find().unwrap_or_else(missing),
            tool::browser_modules().unwrap_or_else(missing),
        );
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/dashboard/tests/walk.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .env("AGENTCITY_CHROMIUM", browser)
            .env("AGENTCITY_DASHBOARD_MODULES", modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node ({error}): install Node.js 20 or later"));
        let (tell, found) = mpsc::channel();
        let answers = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                let found = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if tell.send(found).is_err() {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let complaints = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self {
            orders: child.stdin.take(),
            child,
            found,
            complaints: Some(complaints),
            heard: 0,
        }
    }

    /// One step, and what was found in it.
    #[track_caller]
    fn step(&mut self, name: &str, given: Value) -> Value {
        let mut order = given;
        order["step"] = json!(name);
        let orders = self.orders.as_mut().expect("a walk that goes on");
        let told = writeln!(orders, "{order}");
        match self.found.recv_timeout(STEP) {
            Ok(found) if told.is_ok() && found["did"] == json!(name) => {
                self.heard = found["heard"].as_u64().unwrap();
                found
            }
            Err(RecvTimeoutError::Timeout) => panic!("{name} takes longer than {STEP:?}"),
            other => {
                self.orders = None;
                let complaints = self.complaints.take().map(JoinHandle::join);
                panic!("{name}: {other:?}: {}", complaints.unwrap().unwrap());
            }
        }
    }

    /// The same of a step that shows what changed meanwhile: the stream must have told it.
    #[track_caller]
    fn sees(&mut self, name: &str, given: Value) -> Value {
        self.sees_since(self.heard, name, given)
    }

    /// The same of what changed since so many events were heard.
    #[track_caller]
    fn sees_since(&mut self, before: u64, name: &str, given: Value) -> Value {
        let found = self.step(name, given);
        assert!(self.heard > before, "{name}: no event told it");
        found
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        // Without orders it ends, and its browser before it.
        self.orders = None;
        let end = Instant::now() + END;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The payload of typed data: the words of its message in the order of its type.
fn payload(typed: &Value) -> Bytes {
    let name = typed["primaryType"].as_str().unwrap();
    let fields = typed["types"][name].as_array().unwrap();
    let word = |field: &Value| -> B256 {
        let value = &typed["message"][field["name"].as_str().unwrap()];
        match (field["type"].as_str().unwrap(), value) {
            ("bytes32", Value::String(text)) => text.parse().unwrap(),
            ("address", Value::String(text)) => text
                .parse::<alloy::primitives::Address>()
                .unwrap()
                .into_word(),
            ("bool", Value::Bool(flag)) => U256::from(u8::from(*flag)).into(),
            (_, Value::String(digits)) => digits.parse::<U256>().unwrap().into(),
            other => panic!("{other:?}"),
        }
    };
    fields
        .iter()
        .map(word)
        .collect::<Vec<B256>>()
        .concat()
        .into()
}

/// What a page had signed is what the panel understands by it: this digest, not handed in so far.
#[track_caller]
fn is_the_panels(scene: &mut Scene, action: Action, found: &Value) -> B256 {
    let call = IAdjudication::digestOfCall {
        action,
        payload: payload(&found["typed"]),
    };
    let digest: B256 = scene.ask(Peer::Adjudication, &call);
    assert_eq!(found["digest"], json!(digest), "{found:#}");
    assert_eq!(state_of(scene, digest), ActionState::None);
    digest
}

#[track_caller]
fn state_of(scene: &mut Scene, digest: B256) -> ActionState {
    let call = IAdjudication::actionStateCall { digest };
    scene.ask(Peer::Adjudication, &call).state
}

/// What the wallet sent was taken: the action is carried out, or waits.
#[track_caller]
fn landed(scene: &mut Scene, digest: B256) -> ActionState {
    let end = Instant::now() + STEP;
    loop {
        let state = state_of(scene, digest);
        if state != ActionState::None {
            return state;
        }
        assert!(Instant::now() < end, "{digest} was not taken");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_browser_sees_a_mission_run_on_a_real_keeper_and_what_it_proves_and_signs_holds_on_the_chain() {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let keeper = scene.person("keeper");
    let files = Files::new();
    let mut daemon = Daemon::start(&logging(&files, &scene, &keeper));
    let address = format!("http://{}/dashboard/", daemon.address("listen"));
    let adjudicators = scene.adjudicators(&[0, 1, 2, 3, 4]);
    let keys: Vec<String> = [&keeper]
        .into_iter()
        .chain(&adjudicators)
        .map(|person| hex::encode(person.signer().to_bytes()))
        .collect();
    let mut walk = Walk::begin();
    let given = json!({
        "address": address, "node": scene.stage.city.node.http_url(), "keys": keys,
        "chainId": scene.stage.city.client.chain_id(),
    });
    assert_eq!(walk.step("begin", given)["metrics"], json!(12));

    // The mission begins, and its first node.
    let law = enacted(&mut scene);
    let given = json!({ "id": law.mission, "states": ["ELIGIBLE", "WAITING"] });
    walk.sees("mission", given);
    scene.route(&law, 0, &[0]);
    walk.sees("states", json!({ "states": ["EXECUTING", "WAITING"] }));

    // A freeze is loud everywhere, and ends.
    let freeze = guardian::freezeNodeCall {
        missionId: law.mission,
        node: 0,
        attempt: scene.node(&law, 0).attempt,
        agent: scene.agent(0).address(),
    };
    let frozen = told::<guardian::NodeFrozen>(&scene.rule(Peer::Guardian, &freeze));
    walk.sees("states", json!({ "states": ["FROZEN", "WAITING"] }));
    let given = json!({
        "progress": "0 of 2", "alerting": ["activeFreezes", "nodeStates"], "quiet": ["conservation", "reviewQueue"],
    });
    walk.step("overview", given);
    // Its alert offers to lift it: an adjudicator does, in the wallet of the page.
    let offer = json!([
        "unfreeze-node",
        law.mission,
        "0",
        frozen[0].freezeId.to_string()
    ]);
    let given = json!({
        "view": "alerts", "offer": offer, "choose": { "kind": "1" }, "reason": "The monitor was wrong.", "keys": [keys[1]],
    });
    let signed = walk.step("act", given);
    let digest = is_the_panels(&mut scene, Action::UnfreezeNode, &signed);
    // It may land, and be told, before the step that sends it is over.
    let before = walk.heard;
    walk.step("send", json!({}));
    assert_eq!(landed(&mut scene, digest), ActionState::Executed);
    let given = json!({ "id": law.mission, "states": ["ELIGIBLE", "WAITING"] });
    walk.sees_since(before, "mission", given);
    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    scene.route(&law, 1, &[1]);
    scene.submit(&law, 1, 1);
    let given = json!({
        "progress": "1 of 2", "alerting": ["reviewQueue"], "quiet": ["activeFreezes", "conservation"],
    });
    walk.sees("overview", given);
    let given = json!({ "id": law.mission, "states": ["COMPLETED", "PENDING_REVIEW"] });
    walk.step("mission", given);

    // No unit is lost, and what the log says of it is under an anchor of the chain.
    walk.step("money", json!({ "paid": PRICE.to_string() }));
    walk.step("proof", json!({ "place": 2 }));

    // The queue of reviews offers to approve it: another adjudicator does, and the mission has no more to do.
    let attempt = scene.node(&law, 1).attempt;
    let offer = json!(["decide-review", law.mission, "1", attempt.to_string(), "1"]);
    let given = json!({
        "view": "verification", "offer": offer, "choose": { "score": "900" }, "reason": "It is as the rubric wants it.", "keys": [keys[2]],
    });
    let signed = walk.step("act", given);
    let digest = is_the_panels(&mut scene, Action::DecideReview, &signed);
    let before = walk.heard;
    walk.step("send", json!({}));
    assert_eq!(landed(&mut scene, digest), ActionState::Executed);
    let given = json!({ "id": law.mission, "states": ["COMPLETED", "COMPLETED"] });
    walk.sees_since(before, "mission", given);
    let paid = (2 * PRICE).to_string();
    walk.step("money", json!({ "paid": paid }));

    // An amendment of high risk that five of the panel sign is what the panel understands by it, and it takes it from their wallet.
    let given = json!({
        "parameter": "reputationFloor", "value": "120", "reason": "Newcomers should have had one good month.", "keys": keys[1..],
    });
    let signed = walk.step("amend", given);
    let digest = is_the_panels(&mut scene, Action::AmendParameter, &signed);
    walk.step("send", json!({}));
    landed(&mut scene, digest);

    let end = walk.step("end", json!({}));
    assert!(end["served"].as_u64().unwrap() > 40, "{end}");
    daemon.signal("TERM");
    assert_eq!(daemon.code(), Some(0), "a browser holds up no end");
    walk.step("gone", json!({}));
}
