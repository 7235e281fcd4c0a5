//! Bytes against what an agent reads from its disk: its policy and its secrets.

use std::fs;

use agentcity_agent_daemon::{policy::Policy, vault::Vault};
use agentcity_test_fixtures::fuzz::hurl;
use tempfile::tempdir;

use crate::policy::{GOOD, SERVE};

#[test]
fn policies() {
    let corpus = [GOOD.to_owned(), format!("{GOOD}{SERVE}")].map(String::into_bytes);
    hurl("policy", &corpus, |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| Policy::parse(text).is_ok())
    });
}

#[test]
fn secrets() {
    let dir = tempdir().expect("a folder");
    let path = dir.path().join("secrets");
    let mut vault = Vault::open(&path).expect("a vault");
    vault.keep("a subject", "some words").expect("kept");
    drop(vault);
    let whole = fs::read(&path).expect("a file");
    hurl("secrets", std::slice::from_ref(&whole), |bytes| {
        // Each opening is a commit to disk: the file as it was, and a part of the rounds.
        if bytes != whole && bytes.last().is_some_and(|byte| !byte.is_multiple_of(16)) {
            return false;
        }
        for beside in ["-wal", "-shm"] {
            let _ = fs::remove_file(dir.path().join(format!("secrets{beside}")));
        }
        fs::write(&path, bytes).expect("a file");
        let known = Vault::open(&path).and_then(|vault| vault.known("a subject"));
        known.is_ok_and(|words| words.as_deref() == Some("some words"))
    });
}
