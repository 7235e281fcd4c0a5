//! Any history of appends, restarts and repetitions against a list and a tree that is a recursion over it.

use agentcity_domain::roster::anchor::Anchor;
use agentcity_hub::{
    entry::Entry,
    head::{Head, LogName, SignedHead},
    kind::EventType,
    store::{
        Appended, DRAFTS_MAX, Disposition, DraftError, Log, LogError, PAYLOAD_BYTES_MAX, Taken,
    },
    tree,
};
use alloy::primitives::{Address, B256, keccak256};
use proptest::prelude::*;
use serde_json::json;
use tempfile::tempdir;

use crate::support::{draft, drafts, fresh, key, name, open, settings};

/// RFC 6962, 2.1, word for word.
fn naive(leaves: &[B256]) -> B256 {
    match leaves {
        [] => keccak256([]),
        [one] => *one,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(k);
            let joined = [&[1], naive(left).as_slice(), naive(right).as_slice()].concat();
            keccak256(joined)
        }
    }
}

fn leaves(log: &Log) -> Vec<B256> {
    let size = log.size().unwrap();
    let mut leaves = Vec::new();
    while (leaves.len() as u64) < size {
        for (place, line) in log.lines(leaves.len() as u64, 1_000).unwrap() {
            assert_eq!(place, leaves.len() as u64);
            assert_eq!(Entry::read(&line).unwrap().sequence(), place);
            leaves.push(keccak256([&[0], line.as_bytes()].concat()));
        }
    }
    leaves
}

fn check(log: &Log) {
    let leaves = leaves(log);
    let count = leaves.len();
    log.audit().unwrap();
    let anchor = |size: usize| Anchor {
        size: size as u64,
        root: naive(&leaves[..size]),
    };
    // The end, the beginning, and around powers of two, where trees change their form.
    let sizes = (1..=count).filter(|size| {
        *size < 20 || *size == count || size.is_power_of_two() || (size + 1).is_power_of_two()
    });
    for size in sizes {
        let at = anchor(size);
        assert_eq!(log.root(size as u64).unwrap(), at.root, "root of {size}");
        for place in [0, size / 3, size / 2, size - 1] {
            let path = log.inclusion(place as u64, size as u64).unwrap();
            assert!(tree::includes(&at, place as u64, &leaves[place], &path));
            let other = (place + 1) % size;
            assert!(other == place || !tree::includes(&at, other as u64, &leaves[place], &path));
        }
        let path = log.extension(size as u64, count as u64).unwrap();
        assert!(
            tree::extends(&at, &anchor(count), &path),
            "{size} of {count}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_log_is_its_list_whatever_its_history(batches in prop::collection::vec((0u64..70, 0u64..90, any::<bool>()), 1..6)) {
        let dir = tempdir().unwrap();
        let mut log = open(dir.path(), &[]);
        let mut model: Vec<u64> = Vec::new();
        for (from, count, restarts) in batches {
            if restarts {
                drop(log);
                log = open(dir.path(), &[]);
            }
            let appended = log.append(drafts(from..from + count)).unwrap();
            for (number, appended) in (from..).zip(appended) {
                // What makes an event the same is its origin, and here that is its number.
                let known = model.iter().position(|known| *known == number);
                match known {
                    Some(place) => prop_assert_eq!(appended, Appended::Known(place as u64)),
                    None => {
                        prop_assert_eq!(appended, Appended::Fresh(model.len() as u64));
                        model.push(number);
                    }
                }
            }
            prop_assert_eq!(log.size().unwrap(), model.len() as u64);
        }
        check(&log);
    }
}

#[test]
fn a_log_of_thousands_proves_what_a_list_would() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    for at in 0..3 {
        log.append(drafts(at * 700..(at + 1) * 700)).unwrap();
    }
    check(&log);
    for (size, asked) in [(2_101, 2_101), (u64::MAX, u64::MAX)] {
        assert!(
            matches!(log.root(size), Err(LogError::Beyond { size: 2_100, asked: found }) if found == asked)
        );
    }
    assert!(log.inclusion(2_100, 2_100).is_err());
    assert!(log.extension(0, 5).is_err());
    assert!(log.line(2_100).is_err());
}

#[test]
fn what_cannot_be_logged_takes_nothing_of_its_batch_along() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    let mut batch = drafts(0..3);
    batch[2].payload = json!("x".repeat(PAYLOAD_BYTES_MAX));
    let refused = log.append(batch).unwrap_err();
    assert_eq!(refused.disposition(), Disposition::Refuse);
    assert!(
        matches!(
            &refused,
            LogError::Draft {
                place: 2,
                cause: DraftError::PayloadTooLarge { .. }
            }
        ),
        "{refused}"
    );
    let mut batch = drafts(0..1);
    batch[0].principals = vec![Address::ZERO; 3];
    assert!(log.append(batch).is_err());
    let mut batch = drafts(0..1);
    batch[0].time_ms = u64::MAX;
    assert!(log.append(batch).is_err());
    let many = vec![draft(EventType::TaskRouted, 1); DRAFTS_MAX + 1];
    assert!(matches!(log.append(many), Err(LogError::TooMany { .. })));
    assert_eq!(log.size().unwrap(), 0);
}

#[test]
fn one_contracts_log_can_be_two_types_and_each_is_logged_once() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    let pair = || {
        vec![
            draft(EventType::TaskCompleted, 5),
            draft(EventType::PopApproved, 5),
        ]
    };
    assert_eq!(fresh(log.append(pair()).unwrap()), [0, 1]);
    assert_eq!(
        log.append(pair()).unwrap(),
        [Appended::Known(0), Appended::Known(1)]
    );
}

#[test]
fn a_file_that_is_another_log_or_was_changed_is_not_opened() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(drafts(0..40)).unwrap();
    drop(log);
    let path = dir.path().join("log");
    let other = LogName {
        chain_id: 1,
        ..name()
    };
    let refused = Log::open(&path, other, settings(&[])).unwrap_err();
    assert!(matches!(refused, LogError::OtherLog { .. }), "{refused}");
    let tamper = |statement: &str| {
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute(statement, [])
            .unwrap()
    };
    // An entry in the middle: the tip still fits, the audit does not.
    tamper(
        "UPDATE entries SET line = replace(line, '\"epoch\":1', '\"epoch\":2') WHERE place = 20",
    );
    let refused = open(dir.path(), &[]).audit().unwrap_err();
    assert!(refused.to_string().contains("entry 20"), "{refused}");
    // A hash of the tree's edge.
    tamper("UPDATE nodes SET hash = zeroblob(32) WHERE level = 5");
    let refused = Log::open(&path, name(), settings(&[])).unwrap_err();
    assert!(matches!(refused, LogError::Damaged { .. }), "{refused}");
    assert_eq!(refused.disposition(), Disposition::Halt);
    tamper("UPDATE meta SET value = '9' WHERE name = 'format'");
    assert!(matches!(
        Log::open_to_read(&path),
        Err(LogError::Format { .. })
    ));
}

#[test]
fn a_log_that_lost_its_last_entries_is_not_opened() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(drafts(0..40)).unwrap();
    drop(log);
    let path = dir.path().join("log");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("DELETE FROM entries WHERE place >= 36", [])
        .unwrap();
    let refused = Log::open(&path, name(), settings(&[])).unwrap_err();
    assert!(matches!(refused, LogError::Damaged { .. }), "{refused}");
}

#[test]
fn heads_are_their_authors_and_of_this_log() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(drafts(0..9)).unwrap();
    let head = |size: u64| Head {
        size,
        root: log.root(size).unwrap(),
        timestamp: 7,
    };
    let (five, nine) = (head(5), head(9));
    assert!(
        SignedHead::sign(five, &name(), &key(2)).is_err(),
        "a stranger"
    );
    let signed = SignedHead::sign(five, &name(), &key(1)).unwrap();
    log.record_head(&signed).unwrap();
    let later = SignedHead::sign(nine, &name(), &key(1)).unwrap();
    log.record_head(&later).unwrap();
    assert_eq!(log.head_within(8).unwrap(), Some(signed.clone()));
    assert_eq!(log.head_within(9).unwrap(), Some(later));
    assert_eq!(log.head_within(4).unwrap(), None);
    let mut forked = signed.clone();
    forked.head.root = B256::ZERO;
    assert!(forked.verify(&name()).is_err());
    assert!(matches!(
        log.record_head(&forked),
        Err(LogError::OtherRoot { size: 5, .. })
    ));
    let mut high = signed.signature.to_vec();
    high[64] ^= 1;
    let high = SignedHead {
        signature: high.into(),
        ..signed
    };
    assert!(high.verify(&name()).is_err());
    log.audit().unwrap();
}

#[test]
fn a_stretch_of_the_chain_is_taken_once_and_only_where_the_log_ends() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    let to = |block: u64| Taken {
        block,
        hash: B256::with_last_byte(block as u8),
        epoch: 1,
    };
    assert_eq!(log.taken().unwrap(), None);
    log.take(None, drafts(0..3), to(5)).unwrap();
    log.take(Some(to(5)), Vec::new(), to(9)).unwrap();
    // Another process went further, or stood on another chain.
    let forked = Taken {
        hash: B256::ZERO,
        ..to(9)
    };
    for from in [None, Some(to(5)), Some(forked)] {
        let refused = log.take(from, drafts(3..6), to(12)).unwrap_err();
        assert!(matches!(refused, LogError::Taken { found: 9 }), "{refused}");
        assert_eq!(refused.disposition(), Disposition::Retry);
    }
    assert_eq!(log.size().unwrap(), 3, "nothing of it was written");
    drop(log);
    let mut log = open(dir.path(), &[]);
    assert_eq!(log.taken().unwrap(), Some(to(9)));
    log.take(Some(to(9)), drafts(2..6), to(12)).unwrap();
    assert_eq!(log.size().unwrap(), 6, "one of them was there");
    log.audit().unwrap();
}
