//! What lies on a disk: configuration, journal, log, vault, documents.

use std::fs;

use agentcity_abi::document::{self, Document};
use agentcity_hub::{bundle::Bundle, entry::Entry, head::SignedHead, mirror::Parcel};
use agentcity_keeper::{
    action::{Action, Outcome},
    config::Config,
    event::Event,
    machine::{
        Machine,
        freeze_mirror::FreezeMirror,
        program_life::{Notice, ProgramLife},
    },
    snapshot::Captured,
    vault::{Kind, Vault},
};
use agentcity_monitor::trace;
use agentcity_test_fixtures::{fuzz::hurl, mission::Plan};
use alloy::{
    primitives::{B256, Bytes},
    signers::local::PrivateKeySigner,
};
use tempfile::tempdir;

use super::{
    corpus, json,
    served::{kept, parcel},
    text,
};
use crate::mission::three_tasks;

#[test]
fn configurations() {
    hurl("configuration", &corpus("config"), |bytes| {
        text(bytes).is_some_and(|text| Config::parse(text).is_ok())
    });
}

#[test]
fn bodies_of_the_journal() {
    hurl("event", &corpus("event"), json::<Event>);
    hurl("action", &corpus("action"), json::<Action>);
    hurl("outcome", &corpus("outcome"), json::<Outcome>);
}

#[test]
fn checkpoints_of_machines() {
    let notice = Notice::days(30, 7).expect("in order");
    let mut lives = ProgramLife::new(notice, true);
    for body in corpus("event") {
        let event: Event = serde_json::from_slice(&body).expect("an event");
        lives.step(&event);
    }
    hurl("programs' lives", &[lives.state().into_bytes()], |bytes| {
        goes_on(text(bytes).map(|text| ProgramLife::resume(notice, true, text)))
    });
    let mirror = FreezeMirror::default().state();
    hurl("freeze mirror", &[mirror.into_bytes()], |bytes| {
        goes_on(text(bytes).map(FreezeMirror::resume))
    });
}

/// Whether a machine goes on from what it was given; then its state is one from which it goes on.
fn goes_on<M: Machine, E>(machine: Option<Result<M, E>>) -> bool {
    let Some(Ok(machine)) = machine else {
        return false;
    };
    machine.worst();
    !machine.state().is_empty()
}

#[test]
fn lines_parcels_and_bundles_of_the_log() {
    let dir = tempdir().expect("a folder");
    let log = kept(dir.path());
    let line = |place| log.line(place).expect("an entry");
    let lines: Vec<Vec<u8>> = (0..20).map(|place| line(place).into_bytes()).collect();
    hurl("entry", &lines, |bytes| {
        let Some(Ok(entry)) = text(bytes).map(Entry::read) else {
            return false;
        };
        assert_eq!(entry.line().as_bytes(), bytes, "one entry, one line");
        true
    });
    hurl("parcel", &[parcel(&log).bytes().to_vec()], |bytes| {
        Parcel::read(Bytes::copy_from_slice(bytes)).is_ok()
    });
    let bundle = Bundle::export(&log, &(3..9).collect(), &[]).expect("a bundle");
    hurl("bundle", &[bundle.text().into_bytes()], |bytes| {
        Bundle::read(bytes).is_ok_and(|bundle| bundle.verify().is_ok())
    });
    let head = log
        .head_within(u64::MAX >> 2)
        .expect("a log")
        .expect("a head");
    let head = serde_json::to_vec(&head).expect("JSON");
    hurl("head", &[head], json::<SignedHead>);
}

#[test]
fn what_is_sealed() {
    let dir = tempdir().expect("a folder");
    let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("a key");
    let vault = Vault::with_key(dir.path(), B256::repeat_byte(2), signer).expect("a vault");
    let content = b"an output that nobody may see yet";
    vault.put(Kind::Output, "a", content).expect("sealed");
    let file = dir.path().join("output-a.sealed");
    let sealed = fs::read(&file).expect("a file");
    hurl("vault", &[sealed], |bytes| {
        fs::write(&file, bytes).expect("a file");
        match vault.get(Kind::Output, "a") {
            Ok(opened) => {
                assert_eq!(opened, content, "nobody can change what is sealed");
                true
            }
            Err(_) => false,
        }
    });
    hurl("snapshot", &corpus("captured"), |bytes| {
        json::<Captured>(bytes)
            && serde_json::from_slice::<Captured>(bytes).is_ok_and(|said| said.check().is_ok())
    });
    hurl("trace", &corpus("trace"), |bytes| {
        text(bytes).is_some_and(|text| trace::read(text).is_ok())
    });
}

#[test]
fn documents_and_pages_of_statutes() {
    hurl("document", &corpus("document"), |bytes| {
        let Ok(document) = Document::parse(bytes) else {
            return false;
        };
        let again = Document::parse(document.canonical()).expect("its own text");
        assert_eq!(again.canonical(), document.canonical());
        true
    });
    let plan: Plan = three_tasks("three tasks");
    let page = plan.write(Vec::new());
    let pages = page.map(|written| written.pages).unwrap_or_default();
    hurl("pages", &pages, |bytes| {
        document::decode(&[bytes.to_vec()], &Default::default()).is_ok()
    });
}
