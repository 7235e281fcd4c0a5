//! Trails: their roots against a naive tree, and what is the trail of a job.

use agentcity_executor::{
    protocol::{Check, JobId},
    server::{Halted, Recorder},
    trail::{ENTRIES_MAX, Entry, Trail, TrailError},
    value,
};
use alloy::primitives::{B256, keccak256};
use proptest::prelude::*;

use crate::support::{SERVICE, request};

fn entry(number: u64) -> Entry {
    Entry::Output {
        content: keccak256(number.to_be_bytes()),
    }
}

/// A tree that is built from below, level by level: whoever has no neighbour goes up as he is. RFC 6962 splits from above; both
/// are one tree.
fn naive(entries: &[Entry]) -> B256 {
    let leaf = |entry: &Entry| keccak256([vec![0], entry.encode()].concat());
    let mut level: Vec<B256> = entries.iter().map(leaf).collect();
    while level.len() > 1 {
        let pairs = level.chunks(2).map(|pair| match pair {
            [left, right] => keccak256([&[1], left.as_slice(), right.as_slice()].concat()),
            rest => rest[0],
        });
        level = pairs.collect();
    }
    level.first().copied().unwrap_or_else(|| keccak256([]))
}

proptest! {
    #[test]
    fn roots_are_those_of_a_naive_tree(count in 0u64..70) {
        let entries: Vec<Entry> = (0..count).map(entry).collect();
        let root = naive(&entries);
        prop_assert_eq!(Trail::new(entries).unwrap().root(), root);
    }

    #[test]
    fn job_names_are_read_as_they_are_written(mission: [u8; 32], node: u16, attempt: u8, seat in 0u8..7) {
        let id = JobId {
            mission: mission.into(),
            node,
            attempt,
            seat: agentcity_executor::protocol::Place::new(seat).unwrap(),
        };
        prop_assert_eq!(id.to_string().parse::<JobId>(), Ok(id));
    }
}

#[test]
fn other_names_are_none() {
    let mission = B256::repeat_byte(0xab);
    for text in ["", "-", "x-0-0-0"] {
        assert!(text.parse::<JobId>().is_err(), "{text}");
    }
    for rest in [
        "0-0",
        "0-0-7",
        "00-0-0",
        "+1-0-0",
        "65536-0-0",
        "0-256-0",
        "0-0-0-0",
        "0-0-0 ",
    ] {
        let text = format!("{mission}-{rest}");
        assert!(text.parse::<JobId>().is_err(), "{text}");
    }
    let large = format!("{mission}-0-0-0")
        .to_uppercase()
        .replacen('X', "x", 1);
    assert!(large.parse::<JobId>().is_err(), "{large}");
}

#[test]
fn every_field_of_an_entry_is_in_its_leaf() {
    let request = request(Check::Proof, b"");
    let base = Entry::opened(&request, B256::ZERO);
    let mut others = Vec::new();
    let mut other = request.clone();
    other.job.node += 1;
    others.push(Entry::opened(&other, B256::ZERO));
    let mut other = request.clone();
    other.job.attempt += 1;
    others.push(Entry::opened(&other, B256::ZERO));
    let mut other = request.clone();
    other.service = B256::ZERO;
    others.push(Entry::opened(&other, B256::ZERO));
    others.push(Entry::opened(&request, SERVICE));
    others.push(Entry::input(&request.inputs[0]));
    for other in others {
        assert_ne!(other.encode(), base.encode(), "{other:?}");
    }
}

#[test]
fn a_trail_opens_with_its_job_and_ends_with_its_output() {
    let request = request(Check::Proof, b"");
    let whole = || {
        vec![
            Entry::opened(&request, SERVICE),
            Entry::input(&request.inputs[0]),
            Entry::Output {
                content: keccak256("x"),
            },
        ]
    };
    let check = |entries: Vec<Entry>| Trail::new(entries).unwrap().check(&request, b"x");
    assert_eq!(check(whole()), Ok(()));
    assert_eq!(check(Vec::new()), Err(TrailError::Opening));
    for (at, wanted) in [
        (0, TrailError::Opening),
        (1, TrailError::Inputs),
        (2, TrailError::Output),
    ] {
        let mut entries = whole();
        entries.remove(at);
        assert_eq!(check(entries), Err(wanted), "without {at}");
        let mut entries = whole();
        let twice = entries[at].clone();
        entries.insert(2, twice);
        assert_eq!(check(entries), Err(wanted), "{at} twice");
    }
}

#[test]
fn a_recorder_lets_nothing_happen_after_the_last_token() {
    let request = request(Check::Proof, b"");
    let recorder = Recorder::open(&request, SERVICE, || 5).unwrap();
    let (me, model) = (
        agentcity_executor::protocol::Text::cut("me"),
        agentcity_executor::protocol::Text::cut("model"),
    );
    recorder
        .message(&me, &model, b"", 100)
        .expect("all of them");
    let over = Halted::Tokens {
        used: 101,
        allocated: 100,
    };
    assert_eq!(recorder.message(&me, &model, b"", 1), Err(over));
    assert_eq!(recorder.tool(&me, b"", b""), Err(over));
    assert_eq!(recorder.close(b"x"), Err(over));
    assert_eq!(
        recorder.usage().tokens,
        101,
        "what happened is in the trail"
    );
    assert_eq!(recorder.stop().entries().len(), 4);
    assert_eq!(recorder.halted(), Some(over), "the first reason stays");
}

#[test]
fn trails_are_bounded() {
    let many: Vec<Entry> = (0..=ENTRIES_MAX as u64).map(entry).collect();
    assert_eq!(Trail::new(many), Err(TrailError::Long(ENTRIES_MAX + 1)));
    let loud = |tokens| Entry::Message {
        from: agentcity_executor::protocol::Text::cut(""),
        to: agentcity_executor::protocol::Text::cut(""),
        content: B256::ZERO,
        tokens,
        at_ms: 0,
    };
    assert_eq!(
        Trail::new(vec![loud(u32::MAX), loud(1)]),
        Err(TrailError::Tokens)
    );
    let mut trail = Trail::new(vec![loud(u32::MAX)]).unwrap();
    assert_eq!(trail.push(loud(1)), Err(TrailError::Tokens));
    let text = serde_json::to_string(&vec![loud(u32::MAX), loud(1)]).unwrap();
    assert!(
        serde_json::from_str::<Trail>(&text).is_err(),
        "nor are they read"
    );
}

#[test]
fn trails_of_all_who_committed_are_the_domains() {
    let word = |seat: u8, before: B256| {
        let words = agentcity_domain::verification::consensus::trails(&before, seat, &SERVICE);
        keccak256(words.concat())
    };
    assert_eq!(value::trails([]), B256::ZERO);
    assert_eq!(
        value::trails([(2, SERVICE), (0, SERVICE)]),
        word(0, word(2, B256::ZERO))
    );
}
