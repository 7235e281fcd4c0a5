//! Payloads: what is written, how long it stays, and that nothing rests on it when it is gone.

use agentcity_abi::document::ContentAddress;
use agentcity_domain::roster::anchor::Anchor;
use agentcity_hub::{
    entry::{Entry, Erased, Event},
    kind::EventType,
    mirror::MirrorError,
    store::{Log, Payload, Retention, Tried},
    tree,
};
use alloy::primitives::keccak256;
use serde_json::json;
use tempfile::tempdir;

use crate::support::{DAY_MS, NOW, account, draft, name, open, settings, word};

const KEPT_MS: u64 = 24 * 31 * DAY_MS;

fn event(log: &Log, place: u64) -> Event {
    match Entry::read(&log.line(place).unwrap()).unwrap() {
        Entry::Event(event) => *event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_personal_is_nowhere_in_the_file_and_the_hash_is_of_what_is_kept() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    let mut personal = draft(EventType::IdentityVerified, 1);
    personal.payload = json!({ "name": "x", "contact": "jane.doe@example.org" });
    log.append(vec![personal]).unwrap();
    let event = event(&log, 0);
    assert_eq!(event.redactions, 1);
    let Payload::Here(body) = log.payload(&event.payload_cid).unwrap() else {
        panic!("it is kept");
    };
    assert_eq!(&body[..], br#"{"contact":"[redacted:mail]","name":"x"}"#);
    assert_eq!(event.payload_hash, keccak256(&body));
    drop(log);
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"jane.doe"));
    }
}

#[test]
fn a_payload_goes_when_its_time_is_over_and_every_proof_still_holds() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(
        (0..5)
            .map(|number| draft(EventType::TaskRouted, number))
            .collect(),
    )
    .unwrap();
    let before = Anchor {
        size: 5,
        root: log.root(5).unwrap(),
    };
    let address = event(&log, 0).payload_cid;
    assert_eq!(
        log.expire(NOW + KEPT_MS - 1, Retention::default()).unwrap(),
        [],
        "not a millisecond earlier"
    );
    let gone = log.expire(NOW + KEPT_MS + 2, Retention::default()).unwrap();
    assert_eq!(gone.len(), 3);
    assert!(gone.contains(&address));
    let Payload::Gone(tombstone) = log.payload(&address).unwrap() else {
        panic!("it is gone");
    };
    let Entry::Tombstone(told) = Entry::read(&log.line(tombstone).unwrap()).unwrap() else {
        panic!("a tombstone");
    };
    assert_eq!(
        (told.payload, told.why),
        (
            address,
            Erased::Expired {
                since: NOW + KEPT_MS
            }
        )
    );
    assert_eq!(log.root(5).unwrap(), before.root);
    let path = log.inclusion(0, 5).unwrap();
    let leaf = tree::leaf(log.line(0).unwrap().as_bytes());
    assert!(tree::includes(&before, 0, &leaf, &path));
    let after = Anchor {
        size: 8,
        root: log.root(8).unwrap(),
    };
    assert!(tree::extends(
        &before,
        &after,
        &log.extension(5, 8).unwrap()
    ));
    assert_eq!(
        log.expire(NOW + KEPT_MS + 2, Retention::default()).unwrap(),
        [],
        "once"
    );
    log.audit().unwrap();
    drop(log);
    let bytes = std::fs::read(dir.path().join("log")).unwrap();
    assert!(
        !bytes.windows(12).any(|part| part == br#"{"number":0}"#),
        "overwritten on disk"
    );
    assert!(
        bytes.windows(12).any(|part| part == br#"{"number":4}"#),
        "the test would see it"
    );
}

#[test]
fn a_payload_that_is_said_again_lives_as_long_as_its_last_saying() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    let again = |number: u64, time_ms: u64| {
        let mut draft = draft(EventType::TaskRouted, number);
        (draft.payload, draft.time_ms) = (json!("same"), time_ms);
        draft
    };
    log.append(vec![again(1, NOW)]).unwrap();
    log.append(vec![again(2, NOW + DAY_MS)]).unwrap();
    assert_eq!(log.expire(NOW + KEPT_MS, Retention::default()).unwrap(), []);
    let address = event(&log, 0).payload_cid;
    assert_eq!(
        log.expire(NOW + DAY_MS + KEPT_MS, Retention::default())
            .unwrap(),
        [address]
    );
    log.append(vec![again(3, NOW + 2 * KEPT_MS)]).unwrap();
    assert!(matches!(log.payload(&address).unwrap(), Payload::Here(_)));
    assert!(log.erase_by_order(&address, word(7), NOW).unwrap());
    log.append(vec![again(4, NOW + 3 * KEPT_MS)]).unwrap();
    assert!(
        matches!(log.payload(&address).unwrap(), Payload::Gone(_)),
        "ordered away for good"
    );
    assert!(!log.erase_by_order(&address, word(7), NOW).unwrap());
    assert_eq!(
        log.payload(&ContentAddress::of("never")).unwrap(),
        Payload::Unknown
    );
}

#[test]
fn what_a_mirror_must_have_stays_until_it_has_it() {
    let dir = tempdir().unwrap();
    let mirror = account(9);
    let mut log = open(dir.path(), &[mirror]);
    log.append(vec![
        draft(EventType::StakeSlashed, 1),
        draft(EventType::TaskRouted, 2),
    ])
    .unwrap();
    let due = log.pushes_due(NOW + KEPT_MS * 2).unwrap();
    assert_eq!(due.len(), 1, "of the critical kinds only");
    assert_eq!(
        log.expire(NOW + KEPT_MS * 2, Retention::default())
            .unwrap()
            .len(),
        1,
        "the other"
    );
    let failed = log.tried(&due[0], NOW, Err(&MirrorError::Silent)).unwrap();
    assert_eq!(failed, Tried::Again(NOW + 30_000));
    assert_eq!(
        log.expire(NOW + KEPT_MS * 2, Retention::default()).unwrap(),
        []
    );
    drop(log);
    // A mirror that is not wanted any more holds nothing back.
    let mut log = open(dir.path(), &[]);
    assert_eq!(
        log.expire(NOW + KEPT_MS * 2, Retention::default())
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_payload_that_was_changed_on_disk_is_not_given_out() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(vec![draft(EventType::TaskRouted, 1)]).unwrap();
    rusqlite::Connection::open(dir.path().join("log"))
        .unwrap()
        .execute("UPDATE payloads SET body = x'00'", [])
        .unwrap();
    let refused = log.payload(&event(&log, 0).payload_cid).unwrap_err();
    assert!(refused.to_string().contains("was changed"), "{refused}");
}

#[test]
fn nobody_keeps_less_than_two_years() {
    assert!(Retention::months(23).is_err());
    assert!(Retention::months(24).is_ok());
    assert!(Retention::months(1_201).is_err());
}

#[test]
fn whoever_wants_payloads_longest_is_heard_and_those_are_meant_that_are_here_already() {
    let dir = tempdir().unwrap();
    let months = |count: u64| count * 31 * DAY_MS;
    let mut log = open(dir.path(), &[]);
    // Each event has a time of its own: that of its number, after now.
    let drafts = (0..4).map(|number| draft(EventType::TaskRouted, number));
    log.append(drafts.collect()).unwrap();
    let gone = |log: &mut Log, at, wanted| {
        let demanded = Retention::demanded(wanted);
        log.expire(NOW + at, demanded).unwrap().len()
    };
    assert_eq!(gone(&mut log, months(36) - 1, 36), 0);
    // Less than is never fallen short of is as much as that.
    assert_eq!(gone(&mut log, months(24) - 1, 1), 0);
    assert_eq!(gone(&mut log, months(24), 12), 1);
    assert_eq!(gone(&mut log, months(36) + 1, 36), 1);
    let told = match Entry::read(&log.line(5).unwrap()).unwrap() {
        Entry::Tombstone(told) => told.why,
        other => panic!("{other:?}"),
    };
    let since = NOW + 1 + months(36);
    assert_eq!(told, Erased::Expired { since });
    drop(log);
    // A file that says longer than the city.
    let mut longer = settings(&[]);
    longer.retention = Retention::months(48).unwrap();
    let mut log = Log::open(&dir.path().join("log"), name(), longer).unwrap();
    assert_eq!(gone(&mut log, months(48) + 1, 36), 0);
    assert_eq!(gone(&mut log, months(48) + 2, 36), 1);
    assert_eq!(gone(&mut log, months(48) + 2, 36), 0);
    log.audit().unwrap();
}
