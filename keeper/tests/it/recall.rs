//! A dashboard that starts again goes on above what it has read, and believes its file no more than the chain.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use agentcity_abi::ICollaboration::{abortMissionCall, missionCall};
use agentcity_domain::peer::Peer;
use agentcity_keeper::{
    dashboard::kept::{Kept, Name},
    source::{follow::REORG_BLOCKS_MAX, log::Log},
};
use agentcity_test_fixtures::mission::{Charter, Law, Scene};
use alloy::{
    hex,
    primitives::{B256, keccak256},
    providers::Provider,
    sol_types::SolCall,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    daemon::{Daemon, Files},
    dashboard::{Page, enacted},
    mission::provider,
    strait::{Passage, strait},
};

/// A way to the endpoint on which everything that is asked is written down.
struct Asked {
    url: String,
    all: Arc<Mutex<Vec<Value>>>,
    runtime: Runtime,
}

impl Asked {
    fn of(scene: &Scene) -> Self {
        let (all, runtime) = (Arc::<Mutex<Vec<Value>>>::default(), Runtime::new().unwrap());
        let noted = Arc::clone(&all);
        let judge = move |request: &str| {
            let (_, body) = request.split_once('\n').unwrap();
            match serde_json::from_str(body).unwrap() {
                Value::Array(many) => noted.lock().extend(many),
                one => noted.lock().push(one),
            }
            Passage::Open
        };
        let url = runtime.block_on(strait(scene.stage.city.node.http_url(), Arc::new(judge)));
        Self { url, all, runtime }
    }

    /// Parameters of all questions of a method, since this was asked last.
    fn take(&self) -> Questions {
        Questions(std::mem::take(&mut *self.all.lock()))
    }

    fn rpc(&self, scene: &Scene, method: &'static str, params: Value) {
        let provider = provider(&scene.stage);
        let done = provider.raw_request::<_, Value>(method.into(), params);
        self.runtime.block_on(done).unwrap();
    }
}

struct Questions(Vec<Value>);

impl Questions {
    fn of(&self, method: &str) -> impl Iterator<Item = &Value> {
        let is = move |one: &&Value| one["method"] == json!(method);
        self.0.iter().filter(is).map(|one| &one["params"])
    }

    /// Numbers of the blocks whose headers were asked for, but the first, by which a chain is known.
    fn headers(&self) -> Vec<u64> {
        let numbers = self.of("eth_getBlockByNumber");
        numbers
            .map(|params| number(&params[0]))
            .filter(|number| *number > 0)
            .collect()
    }

    /// Blocks from which on ranges of logs were asked for.
    fn ranges(&self) -> Vec<u64> {
        let filters = self.of("eth_getLogs").map(|params| &params[0]["fromBlock"]);
        filters.filter(|from| !from.is_null()).map(number).collect()
    }

    /// How often a mission's view was asked for.
    fn views(&self, law: &Law) -> usize {
        let call = missionCall {
            missionId: law.mission,
        };
        let data = json!(hex::encode_prefixed(call.abi_encode()));
        let calls = self.of("eth_call");
        calls
            .filter(|params| params[0]["input"] == data || params[0]["data"] == data)
            .count()
    }
}

fn number(of: &Value) -> u64 {
    let digits = of.as_str().unwrap().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap()
}

fn first_block(scene: &Scene) -> B256 {
    let mut rpc = scene.stage.city.node.rpc();
    let first = rpc.call("eth_getBlockByNumber", json!(["0x0", false]));
    first.unwrap()["hash"].as_str().unwrap().parse().unwrap()
}

fn open(path: &Path, scene: &Scene) -> Kept {
    let name = Name {
        chain_id: scene.stage.city.client.chain_id(),
        genesis: first_block(scene),
        constitution: scene.at(Peer::Constitution),
        from_block: 1,
    };
    Kept::open(path, &name).unwrap()
}

/// All of it was read, receipts included, and a block after that: what lies deep is put aside by then.
fn settled(asked: &Asked, scene: &Scene, page: &Page) -> Value {
    let is_whole = |state: &Value| {
        state["city"]["caughtUp"] == json!(true)
            && state["gas"]["measured"] == state["gas"]["transactions"]
            && state["missions"]["items"]
                .as_array()
                .is_some_and(|all| all.iter().all(|one| !one["deadline"].is_null()))
            && state["verification"]["byTier"][0]["completed"] == json!(1)
    };
    let state = page.until("everything", is_whole);
    let block = state["city"]["block"]["number"].as_u64().unwrap();
    asked.rpc(scene, "anvil_mine", json!(["0x2"]));
    page.until("a block more", |state| {
        is_whole(state) && state["city"]["block"]["number"].as_u64() > Some(block + 1)
    })
}

fn same(one: &Value, other: &Value) {
    for section in [
        "freezes",
        "verification",
        "epochs",
        "reviews",
        "gas",
        "missions",
    ] {
        assert_eq!(one[section], other[section], "{section}");
    }
    assert_eq!(one["money"]["lines"], other["money"]["lines"]);
}

#[test]
fn a_second_start_asks_the_endpoint_only_for_what_is_new_and_a_chain_that_contradicts_is_read_again()
 {
    let mut scene = Scene::raise(&Charter::default(), 3, 1);
    let law = enacted(&mut scene);
    scene.route(&law, 0, &[0]);
    scene.submit(&law, 0, 0);
    let abort = abortMissionCall {
        missionId: law.mission,
        justificationHash: keccak256("nobody wants it any more"),
    };
    scene.rule(Peer::Collaboration, &abort);
    let asked = Asked::of(&scene);
    asked.rpc(&scene, "anvil_mine", json!(["0x7d0"]));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("seen");

    let page = Page::through(&scene, &asked.url, Some(open(&path, &scene)), None);
    let first = settled(&asked, &scene, &page);
    drop(page);
    let questions = asked.take();
    assert!(
        questions.ranges().contains(&1),
        "it begins at the first block"
    );
    // Of the two thousand empty blocks only those are asked for that may be taken back.
    let kept = open(&path, &scene).page(0).unwrap().logs;
    let told: BTreeSet<u64> = kept.iter().map(|log| log.at.number).collect();
    let (asked_for, most) = (
        questions.headers().len() as u64,
        told.len() as u64 + REORG_BLOCKS_MAX + 100,
    );
    assert!(asked_for < most, "{asked_for} headers, {most} at most");
    assert!(questions.of("eth_getTransactionReceipt").count() > 10);
    assert!(questions.views(&law) > 0);
    let top = open(&path, &scene).top().unwrap().unwrap();
    let tip = first["city"]["block"]["number"].as_u64().unwrap();
    assert!(top.number + REORG_BLOCKS_MAX + 3 > tip, "{top:?} of {tip}");

    // Nothing of what lies up to there is asked for again.
    let page = Page::through(&scene, &asked.url, Some(open(&path, &scene)), None);
    let second = settled(&asked, &scene, &page);
    drop(page);
    same(&first, &second);
    let questions = asked.take();
    let oldest = questions.headers().into_iter().min().unwrap();
    assert_eq!(
        oldest, top.number,
        "the one by which the chain is known to be the same"
    );
    for from in questions.ranges() {
        assert!(from > top.number, "logs from block {from}");
    }
    assert_eq!(questions.of("eth_getTransactionReceipt").count(), 0);
    assert_eq!(questions.views(&law), 0, "it has ended");

    // The chain has other blocks from below there on.
    asked.rpc(&scene, "anvil_reorg", json!([REORG_BLOCKS_MAX + 20, []]));
    let page = Page::through(&scene, &asked.url, Some(open(&path, &scene)), None);
    let third = settled(&asked, &scene, &page);
    drop(page);
    same(&first, &third);
    assert!(
        asked.take().ranges().contains(&1),
        "it is read from the beginning"
    );
}

/// A keeper that serves a dashboard of the scene's city, with a journal of its own and a file that others had before it.
fn served(files: &Files, scene: &Scene, journal: &str) -> (Daemon, Page) {
    let key = files.key("bob");
    let config = files.at("keeper.toml");
    let text = format!(
        "endpoint = {:?}\njournal = {:?}\nkey_file = {key:?}\ndepth_blocks = 0\npoll_secs = 5\n\
         [city]\nconstitution = \"{}\"\nfrom_block = 1\n[log]\nfile = {:?}\n\
         [operations]\nlisten = \"127.0.0.1:0\"\ndashboard = true\ndashboard_file = {:?}\n",
        scene.stage.city.node.http_url(),
        files.at(journal),
        scene.at(Peer::Constitution),
        files.at(&format!("{journal}-log")),
        files.at("seen"),
    );
    std::fs::write(&config, text).unwrap();
    let mut daemon = Daemon::start(&config);
    let at = daemon.address("listen").parse().unwrap();
    (daemon, Page::at(at))
}

#[test]
fn what_was_read_of_a_chain_is_not_shown_of_another_that_has_its_number_and_its_addresses() {
    let charter = Charter::default();
    let mut old = Scene::raise(&charter, 3, 1);
    let law = enacted(&mut old);
    let mut rpc = old.stage.city.node.rpc();
    rpc.call("anvil_mine", json!(["0x12c"])).unwrap();
    let files = Files::new();
    let (mut daemon, page) = served(&files, &old, "journal");
    page.until("the mission", |state| {
        state["city"]["caughtUp"] == json!(true) && state["missions"]["total"] == json!(1)
    });
    daemon.signal("TERM");
    assert_eq!(daemon.code(), Some(0));
    let kept = open(&files.at("seen"), &old);
    let known = |log: &Log| log.topics.contains(&law.mission);
    assert!(kept.page(0).unwrap().logs.iter().any(known));
    drop(kept);

    // Another chain with the same city, which is younger than what was read.
    let mut settings = charter.settings.clone();
    settings.timestamp = settings.timestamp.map(|at| at + 1);
    let new = Scene::raise(
        &Charter {
            settings,
            ..charter
        },
        3,
        1,
    );
    assert_eq!(
        (
            new.stage.city.client.chain_id(),
            new.at(Peer::Constitution),
            new.at(Peer::Collaboration)
        ),
        (
            old.stage.city.client.chain_id(),
            old.at(Peer::Constitution),
            old.at(Peer::Collaboration)
        )
    );
    assert_ne!(first_block(&new), first_block(&old));
    let (mut daemon, page) = served(&files, &new, "another-journal");
    let line = daemon.line(|line| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("of another chain"))
    });
    let first = first_block(&new).to_string();
    assert!(line["fields"]["wanted"].as_str().unwrap().contains(&first));
    let state = page.until("the new city", |state| {
        state["city"]["caughtUp"] == json!(true)
    });
    assert_eq!(state["missions"]["total"], json!(0));
    daemon.signal("TERM");
    assert_eq!(daemon.code(), Some(0));
    let kept = open(&files.at("seen"), &new);
    assert!(!kept.page(0).unwrap().logs.iter().any(known));
}
