//! `agentcity-keeper check` of the real binary: its whole output, on a running city.

use std::{
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use agentcity_domain::peer::Peer;
use agentcity_hub::mirror::Shelf;
use agentcity_test_fixtures::{
    Actor, Node, Sender, Settings, gas,
    mission::{Charter, Stage},
    program::deploy_wat,
};
use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};

use crate::{daemon::Files, mission::serve};

/// A program that does nothing.
const NOTHING: &str = r#"(module
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;

fn check(config: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agentcity-keeper"))
        .args(["check", "--config"])
        .arg(config)
        .args(more)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The text with what differs from run to run put to names.
fn named(text: &str, names: &[(String, &str)]) -> String {
    let mut text = text.to_owned();
    for (found, name) in names {
        text = text.replace(found, name);
    }
    text
}

const MEMBERS: [(Peer, &str); 14] = [
    (Peer::Constitution, "constitution"),
    (Peer::Agent, "agent"),
    (Peer::Management, "management"),
    (Peer::Service, "service"),
    (Peer::Legislature, "legislature"),
    (Peer::Collaboration, "collaboration"),
    (Peer::Treasury, "treasury"),
    (Peer::Adjudication, "adjudication"),
    (Peer::Verification, "verification"),
    (Peer::Guardian, "guardian"),
    (Peer::Assembly, "assembly"),
    (Peer::Statute, "statute"),
    (Peer::Enactment, "enactment"),
    (Peer::Roster, "roster"),
];

fn named_city(constitution: Address) -> String {
    format!("[city]\nconstitution = \"{constitution}\"\nfrom_block = 1\n")
}

#[test]
fn a_keeper_of_a_whole_city_is_told_in_a_line_each_and_a_wrong_constitution_is_found() {
    let charter = Charter {
        settings: Settings::default().at_machine_time(),
        ..Charter::default()
    };
    let stage = Stage::raise(&charter, 2, 1).unwrap();
    let city = &stage.city;
    gas::cache_city(city).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let files = Files::new();
    let shelf_key = PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).unwrap();
    let mirror = shelf_key.address();
    let shelf = Shelf::open(&files.at("shelf"), shelf_key, 1 << 20).unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let shelf_at = format!("http://{}", listener.local_addr().unwrap());
    let router = agentcity_hub::http::mirror_router(shelf, Arc::new(|| 0));
    runtime.spawn(async move { axum::serve(listener, router).await });

    let log = format!(
        "[log]\nfile = {:?}\nmirrors = {{ \"{mirror}\" = {shelf_at:?} }}\n",
        files.at("log")
    );
    let mut router = "[router]\n".to_owned();
    let mut code = None;
    for executor in &stage.executors {
        let serving = serve(&stage, executor, files.0.path());
        let (at, runs) = runtime.block_on(serving);
        code = Some(runs);
        router += &format!(
            "[[router.executors]]\nagent = \"{}\"\nurl = {at:?}\nserved = true\n",
            executor.agent.address()
        );
    }
    let wired = format!(
        "{log}\n{router}\n{}",
        named_city(city.address(Peer::Constitution))
    );
    let url = city.node.http_url().to_owned();
    let program = city.address(Peer::Guardian);
    let config = files.config(
        &url,
        &[program],
        "",
        &format!("{}\n{wired}", files.operations()),
    );
    let output = check(&config, &[]);
    let folder = files.0.path().display().to_string();
    let mut names = vec![
        (folder, "DIR"),
        (url.trim_end_matches('/').to_owned(), "ENDPOINT"),
        (shelf_at.clone(), "MIRROR"),
        (mirror.to_string(), "SHELF"),
    ];
    for (executor, name) in stage.executors.iter().zip(["FIRST", "SECOND"]) {
        names.push((executor.agent.address().to_string(), name));
    }
    names.push((Actor::named("bob").address().to_string(), "BOB"));
    for (peer, name) in MEMBERS {
        names.push((city.address(peer).to_string(), name));
    }
    let text = named(&told(&output), &names);
    // Blocks and what bob paid for caching are the city's matter.
    let text: Vec<String> = text.lines().map(without_numbers).collect();
    let mut wanted = vec![
        "ok   configuration: DIR/keeper.toml is valid".to_owned(),
        "ok   key_file: DIR/key, read by its owner alone".to_owned(),
        "ok   journal: DIR/journal is not there yet: the keeper begins it".to_owned(),
        "ok   log.file: DIR/log is not there yet: the keeper begins it".to_owned(),
        "ok   operations.admin_token_file: DIR/token, read by its owner alone".to_owned(),
        "ok   disk of the journal: 1 GiB or more is left".to_owned(),
        "ok   disk of the log: 1 GiB or more is left".to_owned(),
        "ok   endpoint ENDPOINT: chain 412346, block N, old states, logs of 10000 blocks at once".to_owned(),
        "warn quorum: one endpoint is believed alone -> name further_endpoints of other operators where money moves".to_owned(),
        // Its people had to become old enough.
        "fail clock: it is N s behind the chain's newest block -> set it, by NTP for example".to_owned(),
        "ok   account BOB: it holds N ether".to_owned(),
        "ok   city: the constitution constitution is sealed, and knows fourteen members".to_owned(),
    ];
    for (_, name) in MEMBERS {
        wanted.push(format!("ok   program {name} {name}: 357 days left, cached"));
    }
    let mut agents: Vec<&str> = vec!["FIRST", "SECOND"];
    agents.sort_by_key(|name| {
        names
            .iter()
            .find(|(_, known)| known == name)
            .map(|(found, _)| found.to_lowercase())
    });
    for agent in agents {
        wanted.push(format!("ok   executor of {agent}: it answers for its agent, and each of its 1 services runs the code that it registered"));
    }
    wanted.push("ok   mirror SHELF at MIRROR: it answers".to_owned());
    wanted.push("27 ok, 1 warn, 1 fail".to_owned());
    assert_eq!(text, wanted, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "a failure");
    assert!(
        !files.at("journal").exists() && !files.at("log").exists(),
        "nothing is made"
    );

    // The same as JSON.
    let report: serde_json::Value =
        serde_json::from_slice(&check(&config, &["--json"]).stdout).unwrap();
    assert_eq!(
        (&report["v"], &report["worst"]),
        (&1.into(), &"fail".into())
    );
    assert_eq!(report["lines"].as_array().unwrap().len(), 29);

    // Other code than it registered.
    if let Some(code) = &code {
        *code.lock() = B256::repeat_byte(1);
    }
    let output = check(&config, &[]);
    assert_eq!(output.status.code(), Some(2));
    let text = named(&told(&output), &names);
    let failed = failures(&text);
    assert!(
        failed.len() == 1 && failed[0].starts_with("fail executor of SECOND: service"),
        "{text}"
    );

    // A wrong address, and a mirror that is gone.
    drop(runtime);
    let wrong = format!("{log}\n{}", named_city(city.address(Peer::Agent)));
    let output = check(&files.config(&url, &[program], "", &wrong), &[]);
    assert_eq!(output.status.code(), Some(2));
    let text = named(&told(&output), &names);
    let failed = failures(&text);
    assert_eq!(failed.len(), 2, "{text}");
    assert!(
        failed[0].starts_with("fail city.constitution: the contract at agent is no constitution"),
        "{text}"
    );
    assert!(
        failed[1].starts_with("fail mirror SHELF at MIRROR: no answer"),
        "{text}"
    );
}

/// Lines of failures, but for the clock's.
fn failures(text: &str) -> Vec<&str> {
    let failures = text.lines().filter(|line| line.starts_with("fail"));
    failures
        .filter(|line| !line.starts_with("fail clock"))
        .collect()
}

/// Numbers of blocks, of ether and of seconds as N.
fn without_numbers(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for place in 1..words.len() {
        let is_number = words[place].trim_end_matches(',').parse::<f64>().is_ok();
        let counts = words[place - 1] == "block"
            || words
                .get(place + 1)
                .is_some_and(|next| next == "ether" || next == "s");
        if is_number && counts {
            let comma = if words[place].ends_with(',') { "," } else { "" };
            words[place] = format!("N{comma}");
        }
    }
    words.join(" ")
}

#[test]
fn the_exit_code_is_of_the_worst_that_was_found() {
    let node = Node::devnode(&Settings::default().at_machine_time());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let url = node.http_url();
    let files = Files::new();
    let twice = format!("further_endpoints = [{url:?}]");
    let config = files.config(&url, &[program], &twice, "");
    let output = check(&config, &[]);
    let text = told(&output);
    let warned = text.lines().filter(|line| line.starts_with("warn"));
    let warned: Vec<&str> = warned.collect();
    let about = format!("warn program watched {program}: ");
    assert_eq!(warned.len(), 1, "{text}");
    assert!(
        warned[0].starts_with(&about) && warned[0].contains("not cached"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(1));
    gas::cache_all(&node, &[("program".to_owned(), program)]).unwrap();
    let output = check(&config, &[]);
    assert!(
        told(&output).ends_with("\n10 ok, 0 warn, 0 fail\n"),
        "{}",
        told(&output)
    );
    assert_eq!(output.status.code(), Some(0));
    drop(node);
    assert_eq!(check(&config, &[]).status.code(), Some(2));
}

#[test]
fn what_is_wrong_on_this_machine_is_said_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let node = Node::devnode(&Settings::default().at_machine_time());
    let url = node.http_url().to_owned();
    let files = Files::new();
    let nothing = Address::repeat_byte(0x77);
    let gone = "http://127.0.0.1:9";
    let config = files.config(
        &url,
        &[nothing],
        &format!("further_endpoints = [{gone:?}]\nquorum = 2"),
        "",
    );
    std::fs::set_permissions(files.at("key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(
        files.at("journal"),
        "this is no journal, however long it is read",
    )
    .unwrap();
    let output = check(&config, &[]);
    assert_eq!(output.status.code(), Some(2));
    let names = [
        (files.0.path().display().to_string(), "DIR"),
        (url.trim_end_matches('/').to_owned(), "ENDPOINT"),
        (Actor::named("bob").address().to_string(), "BOB"),
        (nothing.to_string(), "NOTHING"),
    ];
    let text = named(&told(&output), &names);
    for line in [
        "warn key_file: DIR/key has mode 644: others may read it -> chmod 600 DIR/key",
        "fail quorum: 1 of 2 tell one chain, 2 must -> nothing leaves without it: name endpoints that answer",
        "fail program watched NOTHING: it is no active program -> correct the address, or activate it",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    for start in [
        "fail journal: DIR/journal: ",
        "fail endpoint http://127.0.0.1:9: ",
    ] {
        assert!(
            text.lines().any(|found| found.starts_with(start)),
            "{start}\n{text}"
        );
    }

    // A configuration that cannot be read is all there is to say.
    let bad = files.at("bad.toml");
    std::fs::write(
        &bad,
        "endpoint = \"http://h\"\njournal = \"j\"\npol_secs = 5\n",
    )
    .unwrap();
    let output = check(&bad, &[]);
    assert_eq!(output.status.code(), Some(2));
    let text = told(&output);
    assert!(
        text.starts_with("fail configuration: configuration: line 3: pol_secs: unknown field"),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("0 ok, 0 warn, 1 fail"));

    // One key for two things, and an account that holds nothing.
    let key = files.secret("key", &format!("0x{}", "11".repeat(32)));
    std::fs::remove_file(files.at("journal")).unwrap();
    let clerk = format!(
        "[city]\nconstitution = \"{nothing}\"\nfrom_block = 0\n[clerk]\nkey_file = {key:?}\ndocuments = {:?}\n",
        files.at("documents")
    );
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace(&format!("further_endpoints = [{gone:?}]\nquorum = 2"), "");
    std::fs::write(&config, format!("{text}\n{clerk}")).unwrap();
    let text = told(&check(&config, &[]));
    assert!(
        text.contains("fail clerk.key_file: the same key as key_file"),
        "{text}"
    );
    assert!(text.contains("it holds nothing -> fund it"), "{text}");
    assert!(text.contains("fail city.constitution: "), "{text}");
}
