//! Drills of the real binary on a running devnode.

use std::{
    path::Path,
    process::{Command, Output},
};

use agentcity_test_fixtures::{Node, Sender, Settings, program::deploy_wat};
use serde_json::Value;

use crate::daemon::Files;

/// A program that does nothing.
const NOTHING: &str = r#"(module
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;

fn drill(config: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agentcity-keeper"))
        .args(["simulate-faults", "--json", "--config"])
        .arg(config)
        .args(more)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn found(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// A node with a program, and what a keeper that extends it is configured by.
fn scene() -> (Node, Files, std::path::PathBuf) {
    let node = Node::devnode(&Settings::lenient());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let files = Files::new();
    let config = files.config(node.http_url(), &[program], "depth_blocks = 2", "");
    (node, files, config)
}

#[test]
fn a_keeper_recovers_from_every_fault_and_pays_once_each_time() {
    let (_node, files, config) = scene();
    let output = drill(&config, &["--seed", "7"]);
    let report = found(&output);
    assert!(output.status.success(), "{report:#}");
    let faults = report["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 8);
    for fault in faults {
        assert_eq!(
            fault["says"], "1 programs were extended by 1 transactions",
            "{fault:#}"
        );
        assert!(fault["recovered_after"].is_u64(), "{fault:#}");
    }
    let did = |name: &str, what: &str| {
        let of = |fault: &&Value| fault["fault"] == name;
        faults.iter().find(of).unwrap()["did"][what]
            .as_u64()
            .unwrap()
    };
    assert!(
        did("disk-full", "restarts") > 0,
        "a full disk ends a keeper: {report:#}"
    );
    assert_eq!(did("lag", "restarts"), 0);
    assert!(
        !files.at("journal").exists(),
        "the operator's journal is not touched"
    );
}

#[test]
fn the_same_seed_is_the_same_drill() {
    let told = || {
        let (_node, _files, config) = scene();
        found(&drill(
            &config,
            &["--seed", "3", "--faults", "lag,drop,reorg"],
        ))
    };
    let (once, again) = (told(), told());
    for (one, other) in once["faults"]
        .as_array()
        .unwrap()
        .iter()
        .zip(again["faults"].as_array().unwrap())
    {
        assert_eq!(one["detail"], other["detail"]);
        assert_eq!(one["recovered_after"], other["recovered_after"]);
    }
}

#[test]
fn a_chain_of_others_is_not_disturbed() {
    let files = Files::new();
    let node = Node::devnode(&Settings {
        chain_id: 42_161,
        ..Settings::lenient()
    });
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let before = alice.rpc.block_number().unwrap();
    let config = files.config(node.http_url(), &[program], "", "");
    let output = drill(&config, &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("--disturb-chain 42161"), "{told}");
    assert_eq!(alice.rpc.block_number().unwrap(), before);
    // Who names it means it.
    let output = drill(&config, &["--disturb-chain", "42161", "--faults", "lag"]);
    assert!(output.status.success(), "{:#}", found(&output));
}
