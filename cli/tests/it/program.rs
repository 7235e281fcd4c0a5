//! `agentcity program` without a chain.

use std::{path::PathBuf, process::Output};

use snapbox::{assert_data_eq, str};

use crate::support;

fn agentcity(args: &[&str]) -> Output {
    support::agentcity().args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file with the module of that text.
fn module(dir: &tempfile::TempDir, text: &str) -> PathBuf {
    let file = dir.path().join("module.wasm");
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    file
}

pub(crate) const SMALLEST: &str = r#"(module
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1 1)
    (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;

#[test]
fn check_tells_what_would_be_deployed_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let file = module(&dir, SMALLEST);
    let output = agentcity(&["program", "check", "--wasm", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_data_eq!(
        stdout(&output),
        str![[r#"
valid     yes
wasm      [..] bytes, 1 functions, 0 of data
code      [..] bytes
codehash  0x[..]
address   0x[..]

"#]]
    );
}

#[test]
fn check_answers_programs_in_an_envelope() {
    let dir = tempfile::tempdir().unwrap();
    let file = module(&dir, SMALLEST);
    let output = agentcity(&[
        "--json",
        "program",
        "check",
        "--wasm",
        file.to_str().unwrap(),
    ]);
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["result"]["memoryPages"], 1);
    assert!(stderr(&output).is_empty());
}

#[test]
fn a_module_the_chain_would_refuse_is_refused_with_the_rule() {
    let dir = tempfile::tempdir().unwrap();
    let file = module(&dir, r#"(module (memory (export "memory") 1 1))"#);
    let output = agentcity(&[
        "program",
        "check",
        "--wasm",
        file.to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("breaks a rule of activation")
            && stderr(&output).contains("user_entrypoint"),
        "{}",
        stderr(&output)
    );
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["ok"], false);
}

#[test]
fn what_is_missing_is_named() {
    let output = agentcity(&["program", "check", "--wasm", "nowhere.wasm"]);
    assert_eq!(output.status.code(), Some(3));
    assert_data_eq!(
        stderr(&output),
        str![[r#"
error: nowhere.wasm: No such file or directory (os error 2): check the path, and who may read and write there

"#]]
    );
}

#[test]
fn a_node_that_is_not_there_is_an_error_not_a_hang() {
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let output = agentcity(&[
        "program",
        "status",
        address,
        "--rpc-url",
        "http://127.0.0.1:9",
    ]);
    assert_eq!(output.status.code(), Some(4));
    assert!(
        stderr(&output).contains("the node does not answer"),
        "{}",
        stderr(&output)
    );
}
