//! What an operator sees of the real binary, and tells it: health, readiness, metrics, orders, traces, and an end without losses.

use std::{collections::BTreeSet, path::Path};

use agentcity_abi::{ARB_WASM, IArbWasm};
use agentcity_keeper::{
    journal::{Journal, SqliteJournal},
    operations::metrics::{PREFIX, TABLE},
};
use agentcity_test_fixtures::{Actor, Node, Sender, Settings, program::deploy_wat};
use alloy::primitives::Address;
use serde_json::{Value, json};

use crate::daemon::{Daemon, Files, Reply, TOKEN, ask, order, read, sample, until};

const DAY: u64 = 86_400;
/// A program that does nothing.
pub(crate) const NOTHING: &str = r#"(module
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;

/// A node whose time is this machine's.
pub(crate) fn settings() -> Settings {
    Settings::lenient().at_machine_time()
}

fn days_pass(alice: &mut Sender, days: u64) {
    alice
        .rpc
        .call("evm_increaseTime", json!([days * DAY]))
        .unwrap();
    alice.rpc.call("evm_mine", json!([])).unwrap();
}

fn life(alice: &mut Sender, program: Address) -> u64 {
    alice
        .ask(ARB_WASM, &IArbWasm::programTimeLeftCall { program })
        .unwrap()
}

fn failing(readiness: &Value) -> Vec<String> {
    let conditions = readiness["conditions"].as_array().unwrap();
    let failing = conditions.iter().filter(|one| one["holds"] == json!(false));
    failing
        .map(|one| one["condition"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_keeper_says_how_it_stands_and_why_it_is_not_ready() {
    let node = Node::devnode(&settings());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let files = Files::new();
    let config = files.config(
        node.http_url(),
        &[program],
        "depth_blocks = 0",
        &files.operations(),
    );
    let mut keeper = Daemon::start(&config);
    let listen = keeper.address("listen");

    let ready = until(
        "ready",
        || read(&listen, "/ready"),
        |reply| reply.status == 200,
    )
    .json();
    assert_eq!(ready["ready"], json!(true));
    assert!(failing(&ready).is_empty());
    assert_eq!(read(&listen, "/health").json()["healthy"], json!(true));

    // Everything of the table is scraped, and what happened is counted.
    // A keeper is ready before its first round is over.
    let counted = |reply: &Reply| {
        let of = |series: &str| sample(&reply.body, &format!("{PREFIX}{series}"));
        [
            "events_taken_total{stream=\"program-life\"}",
            "host_turns_total",
        ]
        .iter()
        .all(|series| of(series).is_some_and(|found| found >= 1.0))
    };
    let text = until("a round", || read(&listen, "/metrics"), counted).body;
    let scraped: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let table: BTreeSet<&str> = TABLE
        .iter()
        .map(|told| told.name.strip_suffix("_total").unwrap_or(told.name))
        .collect();
    assert!(
        scraped.is_subset(&table),
        "{:?}",
        scraped.difference(&table)
    );
    // A family has no series before something of it happened; all else is there from the first scrape.
    for told in TABLE.iter().filter(|told| told.labels.is_empty()) {
        let name = told.name.strip_suffix("_total").unwrap_or(told.name);
        assert!(scraped.contains(name), "{name}");
    }
    for (series, at_least) in [
        ("events_taken_total{stream=\"program-life\"}", 1.0),
        ("stream_held{stream=\"program-life\"}", 1.0),
        ("account_held", 1.0),
        ("host_turns_total", 1.0),
        ("disk_free_bytes{of=\"journal\"}", 1.0),
        ("chain_head_block", 1.0),
    ] {
        let found = sample(&text, &format!("{PREFIX}{series}"));
        assert!(
            found.is_some_and(|found| found >= at_least),
            "{series}: {found:?}\n{text}"
        );
    }
    let endpoint = format!(
        "{PREFIX}endpoint_up{{endpoint=\"{}\"}}",
        node.http_url().trim_end_matches('/')
    );
    assert_eq!(sample(&text, &endpoint), Some(1.0), "{text}");

    let status = read(&listen, "/status").json();
    assert_eq!(status["keeper"]["standing"]["is"], json!("working"));
    assert_eq!(
        status["keeper"]["streams"][0]["stream"],
        json!("program-life")
    );
    assert_eq!(
        status["keeper"]["account"],
        json!(Actor::named("bob").address().to_string())
    );
    assert_eq!(
        read(&listen, "/admin/actions").status,
        404,
        "orders have their own listener"
    );

    // The chain's time runs away from this machine's clock.
    days_pass(&mut alice, 1);
    let not = until(
        "the clock",
        || read(&listen, "/ready"),
        |reply| reply.status == 503,
    )
    .json();
    assert_eq!(failing(&not), ["clock"], "{not}");
    // The endpoint goes away, the process does not.
    drop(node);
    let not = until(
        "endpoints",
        || read(&listen, "/ready"),
        |reply| failing(&reply.json()).contains(&"endpoints".to_owned()),
    );
    assert_eq!(not.status, 503);
    assert_eq!(read(&listen, "/health").status, 200);
}

#[test]
fn a_keeper_that_stands_by_is_ready_and_what_it_takes_over_is_counted() {
    let node = Node::devnode(&settings());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let files = Files::new();
    let operations = files.operations();
    let config = files.config(node.http_url(), &[program], "name = \"one\"", &operations);
    let mut one = Daemon::start(&config);
    let listen = one.address("listen");
    until(
        "one works",
        || read(&listen, "/ready"),
        |reply| reply.status == 200,
    );
    let config = files.config(node.http_url(), &[program], "name = \"two\"", &operations);
    let mut two = Daemon::start(&config);
    let listen = two.address("listen");
    let status = until(
        "two waits",
        || read(&listen, "/status"),
        |reply| reply.json()["keeper"]["standing"]["is"] == json!("waiting"),
    );
    assert_eq!(status.json()["keeper"]["standing"]["holder"], json!("one"));
    until(
        "two is ready",
        || read(&listen, "/ready"),
        |reply| reply.status == 200,
    );
    let takeovers = format!("{PREFIX}lease_takeovers_total");
    assert_eq!(
        sample(&read(&listen, "/metrics").body, &takeovers),
        Some(0.0)
    );
    one.signal("TERM");
    assert_eq!(one.code(), Some(0));
    until(
        "two works",
        || read(&listen, "/status"),
        |reply| reply.json()["keeper"]["standing"]["is"] == json!("working"),
    );
    assert_eq!(
        sample(&read(&listen, "/metrics").body, &takeovers),
        Some(1.0)
    );
}

#[test]
fn orders_want_the_token_and_one_id_leads_from_an_event_to_its_transaction() {
    let node = Node::devnode(&settings());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let files = Files::new();
    let config = files.config(
        node.http_url(),
        &[program],
        "depth_blocks = 0",
        &files.operations(),
    );
    let mut keeper = Daemon::start(&config);
    let (listen, admin) = (keeper.address("listen"), keeper.address("admin_listen"));
    until(
        "ready",
        || read(&listen, "/ready"),
        |reply| reply.status == 200,
    );

    for token in [
        None,
        Some(""),
        Some("0123456789abcdef0123456789abcdee"),
        Some("bearer"),
    ] {
        for (method, path) in [
            ("GET", "/admin/actions"),
            ("POST", "/admin/drain"),
            ("GET", "/nowhere"),
        ] {
            assert_eq!(
                ask(&admin, method, path, token, "").status,
                401,
                "{token:?} {path}"
            );
        }
    }
    assert_eq!(
        ask(&admin, "GET", "/admin/actions", Some(TOKEN), "").json()["open"],
        json!(0)
    );
    assert_eq!(
        order(&admin, "/admin/pause", &json!({ "stream": "nothing" })).status,
        404
    );
    assert_eq!(
        order(&admin, "/admin/pause", &json!({ "steam": "router" })).status,
        400
    );

    // What is paused is wanted and waits.
    let paused = order(&admin, "/admin/pause", &json!({ "stream": "program-life" }));
    assert_eq!(
        (paused.status, &paused.json()["streams"]),
        (200, &json!(["program-life"]))
    );
    let trace = paused.json()["trace"].clone();
    keeper
        .line(|line| line["fields"]["trace"] == trace && line["fields"]["deed"] == json!("pause"));
    days_pass(&mut alice, 340);
    assert_eq!(order(&admin, "/admin/look", &json!({})).status, 200);
    let actions = || ask(&admin, "GET", "/admin/actions", Some(TOKEN), "");
    let open = until("an action", actions, |reply| {
        reply.json()["open"] == json!(1)
    })
    .json();
    let action = open["actions"][0].clone();
    assert_eq!(action["kind"], json!("keepalive"));
    assert!(
        action["why"].as_str().unwrap().contains("paused"),
        "{action}"
    );

    // A restart resumes nothing.
    keeper.signal("KILL");
    keeper.code();
    let mut keeper = Daemon::start(&config);
    let (listen, admin) = (keeper.address("listen"), keeper.address("admin_listen"));
    until(
        "works again",
        || read(&listen, "/status"),
        |reply| reply.json()["keeper"]["standing"]["is"] == json!("working"),
    );
    let actions = || ask(&admin, "GET", "/admin/actions", Some(TOKEN), "");
    let open = until("the same action", actions, |reply| {
        reply.json()["open"] == json!(1)
    })
    .json();
    assert_eq!(open["actions"][0], action, "the same, and paused");

    // The level of the log is set while it runs, and a bad one is refused.
    assert_eq!(
        order(
            &admin,
            "/admin/log-level",
            &json!({ "filter": "agentcity_keeper=loud" })
        )
        .status,
        400
    );
    assert_eq!(
        order(
            &admin,
            "/admin/log-level",
            &json!({ "filter": "info,agentcity_keeper=debug" })
        )
        .status,
        200
    );
    assert_eq!(order(&admin, "/admin/checkpoint", &json!({})).status, 200);
    assert_eq!(
        order(
            &admin,
            "/admin/resume",
            &json!({ "stream": "program-life" })
        )
        .status,
        200
    );
    until("done", actions, |reply| reply.json()["open"] == json!(0));
    assert!(life(&mut alice, program) > 364 * DAY);

    // One id from what was wanted before the restart to the transaction after it.
    let trace = action["trace"].clone();
    let of_it = |message: &str| {
        let message = json!(message);
        let trace = trace.clone();
        move |line: &Value| line["fields"]["message"] == message && line["fields"]["trace"] == trace
    };
    let signed = keeper.line(of_it("signed"));
    keeper.line(of_it("sent"));
    let ended = keeper.line(of_it("ended"));
    assert_eq!(ended["fields"]["outcome"], json!("done"));
    let transaction = signed["fields"]["transaction"].as_str().unwrap();
    assert!(
        ended["fields"]["details"]
            .as_str()
            .unwrap()
            .contains(transaction)
    );
    let text = read(&listen, "/metrics").body;
    for (series, number) in [
        ("transactions_signed_total{attempt=\"first\"}", 1.0),
        ("transactions_sent_total", 1.0),
        ("admin_deeds_total{deed=\"resume\"}", 1.0),
        (
            "actions_ended_total{stream=\"program-life\",kind=\"keepalive\",outcome=\"done\"}",
            1.0,
        ),
    ] {
        assert_eq!(
            sample(&text, &format!("{PREFIX}{series}")),
            Some(number),
            "{series}\n{text}"
        );
    }

    // It drains when it is told to, as by SIGTERM.
    assert_eq!(order(&admin, "/admin/drain", &json!({})).status, 200);
    assert_eq!(keeper.code(), Some(0));
}

/// The outcome of the one action of a journal.
fn outcomes(journal: &Path) -> (usize, usize) {
    let mut journal = SqliteJournal::open(journal).unwrap();
    let bob = Actor::named("bob").address();
    let open = journal.open("program-life").unwrap().len();
    (open, journal.posted(bob).unwrap().len())
}

#[test]
fn sigterm_ends_what_is_open_says_so_and_loses_nothing() {
    let node = Node::devnode(&settings());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    days_pass(&mut alice, 340);
    alice.rpc.call("evm_setAutomine", json!([false])).unwrap();
    let files = Files::new();
    let config = files.config(
        node.http_url(),
        &[program],
        "depth_blocks = 1",
        &files.operations(),
    );
    let mut keeper = Daemon::start(&config);
    let listen = keeper.address("listen");
    // Signed and sent, and in no block: nobody makes one.
    let signed = keeper.line(|line| line["fields"]["message"] == json!("signed"));
    keeper.signal("TERM");
    keeper.line(|line| {
        line["fields"]["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("draining"))
    });
    let not = read(&listen, "/ready");
    assert_eq!(not.status, 503);
    let not = not.json();
    assert_eq!(not["draining"], json!(true));
    assert!(failing(&not).contains(&"draining".to_owned()), "{not}");
    // What is open ends while it drains.
    for _ in 0..3 {
        alice.rpc.call("evm_mine", json!([])).unwrap();
    }
    assert_eq!(keeper.code(), Some(0));
    assert_eq!(outcomes(&files.at("journal")), (0, 0), "settled and closed");
    assert!(life(&mut alice, program) > 364 * DAY);
    let bob = Actor::named("bob").address();
    let count = alice
        .rpc
        .quantity("eth_getTransactionCount", json!([bob, "latest"]));
    assert_eq!(count.unwrap(), 1);

    // The next start has nothing to make up for.
    let mut again = Daemon::start(&config);
    let listen = again.address("listen");
    until(
        "works",
        || read(&listen, "/status"),
        |reply| reply.json()["keeper"]["standing"]["is"] == json!("working"),
    );
    again.signal("TERM");
    assert_eq!(again.code(), Some(0));
    assert!(
        again
            .lines()
            .iter()
            .all(|line| line["fields"]["message"] != json!("signed")),
        "{signed}"
    );
}

#[test]
fn the_dashboard_shows_every_metric_and_the_page_explains_each() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let text = std::fs::read_to_string(root.join("grafana/agentcity-keeper.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let shown: String = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
        .map(|target| format!(" {} ", target["expr"].as_str().unwrap()))
        .collect();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let named: BTreeSet<&str> = shown
        .split(|letter| !is_word(letter))
        .filter(|word| word.starts_with(PREFIX))
        .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
        .collect();
    let table: BTreeSet<&str> = TABLE.iter().map(|told| told.name).collect();
    assert_eq!(named, table);
    let mut ids: Vec<u64> = panels
        .iter()
        .map(|panel| panel["id"].as_u64().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), panels.len());
    // Every alert is about metrics that there are, and names a runbook that there is.
    let alerts = std::fs::read_to_string(root.join("grafana/alerts.yml")).unwrap();
    let words = alerts.split(|letter| !is_word(letter));
    for word in words.filter(|word| word.starts_with(PREFIX)) {
        let name = word.strip_suffix("_bucket").unwrap_or(word);
        assert!(table.contains(name), "{name}");
    }
    let page = std::fs::read_to_string(root.join("operations.md")).unwrap();
    for line in alerts.lines() {
        if let Some((_, runbook)) = line.split_once("runbook: \"docs/operations.md, ") {
            let heading = format!("\n**{}.**", runbook.trim_end_matches('"'));
            assert!(page.contains(&heading), "{runbook}");
        }
    }
    for told in TABLE {
        let row = format!("| `{}` |", told.name);
        assert_eq!(page.matches(&row).count(), 1, "{row}");
        for label in told.labels {
            let row = page.lines().find(|line| line.starts_with(&row)).unwrap();
            assert!(row.contains(&format!("`{label}`")), "{label}: {row}");
        }
    }
}
