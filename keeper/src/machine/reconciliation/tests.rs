//! Each kind of divergence by itself, and all of them against a naive model.

mod desk;

use std::collections::BTreeMap;

use agentcity_domain::{
    machine::NodeState,
    time::{Millis, Timestamp},
};
use alloy::primitives::Address;
use proptest::prelude::*;

use super::*;

const MISSION: B256 = B256::repeat_byte(0x11);
const STATUTE: B256 = B256::repeat_byte(0x22);
const WINDOW: Millis = Millis::new(10_000);
const WAITS: u8 = 128;

fn word(of: u64, salt: u64) -> B256 {
    alloy::primitives::keccak256([of.to_be_bytes(), salt.to_be_bytes()].concat())
}

fn spot(block: u64) -> Spot {
    Spot {
        block,
        block_hash: word(block, 1),
        transaction: word(block, 2),
        index: 3,
    }
}

fn head(number: u64) -> Head {
    Head {
        number,
        hash: word(number, 1),
        time: Timestamp::new(1_000 + number),
    }
}

/// A chain of `nodes` nodes of tier 1 of which those of `order` are completed, in this order, a block each from 100 on, as the keeper
/// has it too.
fn agreeing(nodes: u16, order: &[u16]) -> (Record, OnChain) {
    let mut chain = OnChain {
        at: head(900),
        epoch: 1,
        law: Some((STATUTE, spot(90))),
        tiers: vec![1; nodes.into()],
        states: vec![WAITS; nodes.into()],
        routed: BTreeMap::new(),
        completed: Vec::new(),
        times: BTreeMap::new(),
        base: Some(B256::ZERO),
        digest: B256::ZERO,
    };
    let mut record = Record {
        laws: vec![KeptLaw {
            entry: 0,
            statute: STATUTE,
        }],
        size: 500,
        root: word(500, 9),
        newest_block: 800,
        ..Record::default()
    };
    for (place, node) in (0..).zip(order) {
        let mut said = Completion {
            node: *node,
            attempt: 0,
            tier: 1,
            output: word((*node).into(), 3),
            trail: word((*node).into(), 4),
            digest: B256::ZERO,
            spot: spot(100 + place),
        };
        said.digest = said.fold(chain.digest);
        chain.digest = said.digest;
        chain.states[usize::from(*node)] = NodeState::Completed.number();
        let code = word((*node).into(), 5);
        chain.routed.insert((*node, 0), (code, spot(50 + place)));
        chain.completed.push(said);
        let entry = 10 * (place + 1);
        record.completed.push(Kept { entry, said });
        record.routed.push(KeptRoute {
            entry: entry + 1,
            node: *node,
            attempt: 0,
            code,
        });
    }
    (record, chain)
}

fn found(phase: Phase, record: &Record, chain: &OnChain) -> Finding {
    compare(MISSION, phase, record, chain, WINDOW).expect("one chain")
}

/// Kinds that were counted, and how often.
fn counted(finding: &Finding) -> Vec<(Kind, u32)> {
    let counts = Kind::ALL.into_iter().zip(finding.counts);
    counts.filter(|(_, count)| *count > 0).collect()
}

fn only(finding: &Finding, kind: Kind) -> &Divergence {
    let mut of_kind = finding.told.iter().filter(|told| told.kind == kind);
    let first = of_kind.next().expect("one of this kind");
    assert_eq!(of_kind.next(), None);
    first
}

#[test]
fn record_and_chain_that_are_equal_pass_at_every_boundary() {
    let (record, chain) = agreeing(5, &[3, 0, 1]);
    for phase in Phase::ALL {
        let finding = found(phase, &record, &chain);
        assert!(finding.passes(), "{finding:?}");
        assert_eq!(
            (finding.nodes, finding.completed, finding.warned),
            (5, 3, 0)
        );
        assert_eq!((finding.root, finding.size), (record.root, 500));
        assert_eq!(finding.digest, chain.digest);
    }
}

type Break = fn(&mut Record, &mut OnChain);

/// What is broken, at which node and attempt it shows, and with which values.
type Row = (
    Kind,
    &'static str,
    Break,
    (Option<u16>, u8),
    (Option<Value>, Option<Value>),
    Held,
);

#[test]
fn every_kind_is_found_with_both_values_and_where_they_were_read() {
    let other = B256::repeat_byte(0xee);
    let (_, sound) = agreeing(3, &[0, 1]);
    let (output, trail) = (word(1, 3), word(1, 4));
    let code = word(1, 5);
    let rows: [Row; 13] = [
        (
            Kind::OffChainOnly,
            "a node that the chain has not",
            |record, _| {
                let mut kept = record.completed[1];
                (kept.said.node, kept.entry) = (2, 77);
                record.completed.push(kept);
            },
            (Some(2), 0),
            (Some(Value::Hash(output)), None),
            Held::Entry(77),
        ),
        (
            Kind::OffChainOnly,
            "a further attempt of a node",
            |record, _| {
                let mut kept = record.completed[1];
                (kept.said.attempt, kept.said.spot, kept.entry) = (4, spot(110), 77);
                record.completed.push(kept);
            },
            (Some(1), 4),
            (Some(Value::Hash(output)), None),
            Held::Entry(77),
        ),
        (
            Kind::OffChainOnly,
            "a law that is none",
            |_, chain| chain.law = None,
            (None, 0),
            (Some(Value::Hash(STATUTE)), None),
            Held::Entry(0),
        ),
        (
            Kind::OutputMismatch,
            "another output",
            |record, _| record.completed[1].said.output = B256::repeat_byte(0xee),
            (Some(1), 0),
            (Some(Value::Hash(other)), Some(Value::Hash(output))),
            Held::Entry(20),
        ),
        (
            Kind::OutputMismatch,
            "another law",
            |record, _| record.laws[0].statute = B256::repeat_byte(0xee),
            (None, 0),
            (Some(Value::Hash(other)), Some(Value::Hash(STATUTE))),
            Held::Entry(0),
        ),
        (
            Kind::OnChainOnly,
            "an entry is missing",
            |record, _| {
                record.completed.remove(1);
            },
            (Some(1), 0),
            (None, Some(Value::Hash(output))),
            Held::Record,
        ),
        (
            Kind::OnChainOnly,
            "the law is missing",
            |record, _| record.laws.clear(),
            (None, 0),
            (None, Some(Value::Hash(STATUTE))),
            Held::Record,
        ),
        (
            Kind::TierMismatch,
            "the record says another tier",
            |record, _| record.completed[1].said.tier = 3,
            (Some(1), 0),
            (Some(Value::Number(3)), Some(Value::Number(1))),
            Held::Entry(20),
        ),
        (
            Kind::TierMismatch,
            "the law says another tier",
            |_, chain| chain.tiers[1] = 2,
            (Some(1), 0),
            (Some(Value::Number(2)), Some(Value::Number(1))),
            Held::Statute,
        ),
        (
            Kind::CodeMismatch,
            "other code",
            |record, _| record.routed[1].code = B256::repeat_byte(0xee),
            (Some(1), 0),
            (Some(Value::Hash(other)), Some(Value::Hash(code))),
            Held::Entry(21),
        ),
        (
            Kind::TrailMismatch,
            "another trail",
            |record, _| record.completed[1].said.trail = B256::repeat_byte(0xee),
            (Some(1), 0),
            (Some(Value::Hash(other)), Some(Value::Hash(trail))),
            Held::Entry(20),
        ),
        (
            Kind::AttemptMismatch,
            "another attempt",
            |record, _| record.completed[1].said.attempt = 2,
            (Some(1), 0),
            (Some(Value::Number(2)), Some(Value::Number(0))),
            Held::Entry(20),
        ),
        (
            Kind::DigestMismatch,
            "the order of the nodes is another",
            |record, _| record.completed[0].said.spot = spot(150),
            (None, 0),
            (None, Some(Value::Hash(sound.digest))),
            Held::Record,
        ),
    ];
    let mut kinds: Vec<Kind> = rows.iter().map(|row| row.0).collect();
    kinds.dedup();
    assert_eq!(kinds, Kind::ALL, "a row for every kind");
    for (kind, what, breaks, (node, attempt), (ours, theirs), held) in rows {
        let (mut record, mut chain) = agreeing(3, &[0, 1]);
        breaks(&mut record, &mut chain);
        let finding = found(Phase::Orchestration, &record, &chain);
        assert!(!finding.passes(), "{what}");
        let told = only(&finding, kind);
        assert_eq!((told.node, told.attempt), (node, attempt), "{what}");
        assert_eq!((told.theirs, told.ours_at), (theirs, held), "{what}");
        if kind == Kind::DigestMismatch {
            assert!(told.ours.is_some() && told.ours != theirs, "{what}");
        } else {
            assert_eq!(told.ours, ours, "{what}");
        }
        // Whatever goes into it shows in the digest as well, and nothing else does.
        for (other, count) in counted(&finding) {
            assert!(
                other == kind || other == Kind::DigestMismatch,
                "{what}: {other:?}"
            );
            assert_eq!(count, 1, "{what}: {other:?}");
        }
        assert!(told.to_string().contains(kind.text()), "{told}");
    }
}

#[test]
fn what_executors_signed_must_be_the_nodes_but_where_seats_may_dissent() {
    let claim = |node: u16, output| Claim {
        agent: Address::repeat_byte(7),
        node,
        attempt: 0,
        output,
        trail: word(node.into(), 4),
        code: word(node.into(), 5),
    };
    let (mut record, mut chain) = agreeing(3, &[0, 1]);
    record.claims = vec![claim(0, word(0, 3)), claim(1, B256::ZERO)];
    let finding = found(Phase::Release, &record, &chain);
    assert_eq!(counted(&finding), [(Kind::OutputMismatch, 1)]);
    let told = only(&finding, Kind::OutputMismatch);
    assert_eq!(told.ours_at, Held::Executor(Address::repeat_byte(7)));
    // Of a consensus a seat may have found something else.
    chain.completed[1].tier = 2;
    (chain.tiers[1], record.completed[1].said.tier) = (2, 2);
    assert!(found(Phase::Release, &record, &chain).passes());
    // A result that the chain has not yet is a difference once all nodes are done, and none before.
    record.claims = vec![claim(2, word(2, 3))];
    assert!(found(Phase::Legislation, &record, &chain).passes());
    let finding = found(Phase::Orchestration, &record, &chain);
    assert_eq!(counted(&finding), [(Kind::OffChainOnly, 1)]);
}

#[test]
fn late_and_misplaced_is_told_and_suspends_nobody() {
    let (mut record, mut chain) = agreeing(2, &[0, 1]);
    // Block 101 is at second 2000, and the result of node 1 was there 10,001 ms before.
    chain.times.insert(101, 2_000);
    record.finished.insert(1, 2_000_000 - 10_001);
    let mut copy = record.completed[0];
    (copy.entry, copy.said.spot.block_hash) = (99, B256::ZERO);
    record.completed.push(copy);
    let finding = found(Phase::Release, &record, &chain);
    assert!(finding.passes());
    let (node, entry, delta_ms) = (0, 99, 10_001);
    assert_eq!(
        finding.warnings,
        [
            Warning::Misplaced { node, entry },
            Warning::SlowFinalization { node: 1, delta_ms }
        ]
    );
    record.finished.insert(1, 2_000_000 - 10_000);
    assert_eq!(found(Phase::Release, &record, &chain).warned, 1);
}

#[test]
fn what_the_log_was_not_fed_yet_is_told_apart_from_what_it_left_out() {
    let (mut record, chain) = agreeing(3, &[0, 1]);
    record.completed.remove(1);
    assert_eq!(found(Phase::Orchestration, &record, &chain).ahead, 0);
    record.newest_block = 100;
    assert_eq!(found(Phase::Orchestration, &record, &chain).ahead, 1);
    record.newest_block = 101;
    assert_eq!(found(Phase::Orchestration, &record, &chain).ahead, 0);
}

#[test]
fn answers_that_do_not_fit_together_are_no_divergence() {
    type Break = fn(&mut OnChain);
    let breaks: [(&str, Break); 6] = [
        ("the last log is left out", |chain| {
            chain.completed.truncate(1)
        }),
        ("a log is left out", |chain| {
            chain.completed.remove(0);
        }),
        ("an output is made up", |chain| {
            chain.completed[0].output = B256::ZERO
        }),
        ("a node is completed twice", |chain| {
            let again = chain.completed[0];
            chain.completed.push(again);
        }),
        ("a state is made up", |chain| {
            chain.states[2] = NodeState::Completed.number()
        }),
        ("a state is kept back", |chain| chain.states[0] = WAITS),
    ];
    for (what, breaks) in breaks {
        let (record, mut chain) = agreeing(3, &[0, 1]);
        breaks(&mut chain);
        let torn = compare(MISSION, Phase::Release, &record, &chain, WINDOW);
        assert!(torn.is_err(), "{what}: {torn:?}");
    }
}

#[test]
fn nodes_that_were_taken_over_are_done_without_an_entry() {
    let (mut record, mut chain) = agreeing(3, &[0, 1]);
    (chain.tiers[2], chain.states[2]) = (0, NodeState::Completed.number());
    let taken = Completion {
        node: 2,
        output: word(2, 3),
        trail: word(2, 4),
        ..Completion::default()
    };
    chain.base = Some(taken.fold(B256::ZERO));
    chain.digest = taken.fold(B256::ZERO);
    for (said, kept) in chain.completed.iter_mut().zip(&mut record.completed) {
        said.digest = said.fold(chain.digest);
        (chain.digest, kept.said.digest) = (said.digest, said.digest);
    }
    let finding = found(Phase::Release, &record, &chain);
    assert!(finding.passes(), "{finding:?}");
    assert_eq!(finding.completed, 3);
    // Where it is not known what was taken over, the rest hangs on the first digest, and is bound all the same.
    chain.base = None;
    assert!(found(Phase::Release, &record, &chain).passes());
    record.completed[1].said.output = B256::ZERO;
    let finding = found(Phase::Release, &record, &chain);
    let kinds = [(Kind::OutputMismatch, 1), (Kind::DigestMismatch, 1)];
    assert_eq!(counted(&finding), kinds);
}

#[test]
fn all_are_counted_and_the_first_are_told() {
    let order: Vec<u16> = (0..200).collect();
    let (mut record, chain) = agreeing(200, &order);
    for kept in &mut record.completed {
        kept.said.trail = B256::ZERO;
    }
    let finding = found(Phase::Release, &record, &chain);
    assert_eq!(finding.counts[Kind::TrailMismatch as usize], 200);
    assert_eq!((finding.total(), finding.told.len()), (201, TOLD_MAX));
    let text = serde_json::to_string(&finding).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Finding>(&text).expect("its own"),
        finding
    );
}

#[test]
fn evidence_is_of_the_difference_and_not_of_when_it_was_found() {
    let (mut record, chain) = agreeing(3, &[0, 1]);
    record.completed[1].said.output = B256::ZERO;
    let first = found(Phase::Orchestration, &record, &chain);
    let mut later = chain.clone();
    later.at = head(950);
    record.size += 5;
    record.completed[1].entry += 5;
    let again = found(Phase::Release, &record, &later);
    assert_eq!(first.evidence(), again.evidence());
    record.completed[1].said.output = B256::repeat_byte(1);
    let other = found(Phase::Release, &record, &later);
    assert_ne!(first.evidence(), other.evidence());
    let mut elsewhere = first.clone();
    elsewhere.mission = B256::ZERO;
    assert_ne!(first.evidence(), elsewhere.evidence());
}

// ------------------------------------------------------------------ against a naive model

/// What a keeper's entry is broken by.
#[derive(Clone, Copy, Debug)]
enum Bug {
    Drop,
    Twice,
    Output,
    Trail,
    Tier,
    Attempt,
    Digest,
    Place,
    Copy(u8),
    Route,
    Unrouted,
    Invent(u16),
}

fn bugs() -> impl Strategy<Value = Vec<(usize, Bug)>> {
    let bug = prop_oneof![
        Just(Bug::Drop),
        Just(Bug::Twice),
        Just(Bug::Output),
        Just(Bug::Trail),
        Just(Bug::Tier),
        Just(Bug::Attempt),
        Just(Bug::Digest),
        Just(Bug::Place),
        (0..3_u8).prop_map(Bug::Copy),
        Just(Bug::Route),
        Just(Bug::Unrouted),
        (0..8_u16).prop_map(Bug::Invent),
    ];
    prop::collection::vec((0..8_usize, bug), 0..6)
}

fn broken(record: &mut Record, bugs: &[(usize, Bug)]) {
    for (fresh, (place, bug)) in (1_000..).zip(bugs) {
        let place = place % record.completed.len().max(1);
        let Some(kept) = record.completed.get(place).copied() else {
            continue;
        };
        let said = &mut record.completed[place].said;
        match bug {
            Bug::Drop => {
                record.completed.remove(place);
            }
            Bug::Twice => {
                let entry = fresh;
                record.completed.push(Kept { entry, ..kept });
            }
            Bug::Output => said.output = word(fresh, 6),
            Bug::Trail => said.trail = word(fresh, 7),
            Bug::Tier => said.tier = said.tier % 3 + 1,
            Bug::Attempt => said.attempt += 1,
            Bug::Digest => said.digest = word(fresh, 8),
            Bug::Place => said.spot = spot(fresh),
            Bug::Copy(attempt) => {
                let mut copy = Kept {
                    entry: fresh,
                    ..kept
                };
                copy.said.attempt = *attempt;
                copy.said.spot = spot(fresh);
                record.completed.push(copy);
            }
            Bug::Route => {
                if let Some(route) = record.routed.get_mut(place) {
                    route.code = word(fresh, 9);
                }
            }
            Bug::Unrouted => {
                if place < record.routed.len() {
                    record.routed.remove(place);
                }
            }
            Bug::Invent(node) => {
                let mut copy = Kept {
                    entry: fresh,
                    ..kept
                };
                copy.said.node = *node;
                record.completed.push(copy);
            }
        }
    }
}

/// The protocol read literally, by looking through everything for each question.
fn naive(record: &Record, chain: &OnChain) -> BTreeMap<Kind, u32> {
    let mut counts = BTreeMap::new();
    let mut count = |kind: Kind, times: usize| {
        if times > 0 {
            *counts.entry(kind).or_insert(0) += times as u32;
        }
    };
    for kept in &record.completed {
        let known = chain
            .completed
            .iter()
            .any(|said| said.node == kept.said.node);
        count(Kind::OffChainOnly, (!known).into());
    }
    for said in &chain.completed {
        let mut kept: Vec<&Kept> = Vec::new();
        kept.extend(
            record
                .completed
                .iter()
                .filter(|kept| kept.said.node == said.node),
        );
        // The nearest first: same place, same content, same attempt, as they come.
        let far = |kept: &&Kept| {
            let same = (
                kept.said.spot == said.spot,
                kept.said.content() == said.content(),
                kept.said.attempt == said.attempt,
            );
            match same {
                (true, ..) => 0,
                (_, true, _) => 1,
                (_, _, true) => 2,
                _ => 3,
            }
        };
        kept.sort_by_key(far);
        count(Kind::OnChainOnly, kept.is_empty().into());
        if let Some((meant, others)) = kept.split_first() {
            let ours = meant.said;
            count(Kind::OutputMismatch, (ours.output != said.output).into());
            count(Kind::TrailMismatch, (ours.trail != said.trail).into());
            count(Kind::TierMismatch, (ours.tier != said.tier).into());
            count(Kind::AttemptMismatch, (ours.attempt != said.attempt).into());
            count(Kind::DigestMismatch, (ours.digest != said.digest).into());
            let strange = others
                .iter()
                .filter(|kept| kept.said.content() != said.content());
            count(Kind::OffChainOnly, strange.count());
        }
        let law = chain.tiers[usize::from(said.node)];
        count(Kind::TierMismatch, (law != said.tier).into());
        let (code, _) = chain.routed[&(said.node, said.attempt)];
        let same = |route: &KeptRoute| {
            (route.node, route.attempt, route.code) == (said.node, said.attempt, code)
        };
        count(Kind::CodeMismatch, (!record.routed.iter().any(same)).into());
    }
    // The digest, laid out by hand: 32 bytes before, 29 of nothing, node, attempt, output, trail.
    let mut entries: Vec<Completion> = record.completed.iter().map(|kept| kept.said).collect();
    entries.sort_by_key(|said| said.spot.block);
    let (mut digest, mut seen) = (B256::ZERO, Vec::new());
    for said in entries {
        if seen.contains(&said.content()) {
            continue;
        }
        seen.push(said.content());
        let mut bytes = digest.to_vec();
        bytes.extend([0; 29]);
        bytes.extend(said.node.to_be_bytes());
        bytes.push(said.attempt);
        bytes.extend(said.output);
        bytes.extend(said.trail);
        digest = alloy::primitives::keccak256(bytes);
    }
    count(Kind::DigestMismatch, (digest != chain.digest).into());
    counts
}

proptest! {
    #[test]
    fn it_counts_what_a_naive_reader_of_the_protocol_counts(
        order in Just((0..6_u16).collect::<Vec<_>>()).prop_shuffle(),
        done in 1..=6_usize,
        bugs in bugs(),
    ) {
        let (mut record, chain) = agreeing(8, &order[..done]);
        broken(&mut record, &bugs);
        let finding = found(Phase::Orchestration, &record, &chain);
        let counts: BTreeMap<Kind, u32> = counted(&finding).into_iter().collect();
        prop_assert_eq!(&counts, &naive(&record, &chain), "{:?}", finding);
        prop_assert_eq!(finding.passes(), counts.is_empty());
        // Every one of them has evidence that differs, but for what is absent on one side.
        for told in &finding.told {
            prop_assert!(told.ours != told.theirs, "{}", told);
        }
    }
}
