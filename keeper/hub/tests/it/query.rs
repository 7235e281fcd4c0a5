//! Every question along every dimension against a scan over a list.

use agentcity_domain::id::MissionId;
use agentcity_hub::{
    entry::{Entry, Event, Origin},
    kind::EventType,
    store::{Cursor, Draft, Log, Query, QueryError},
};
use alloy::primitives::{Address, B256, keccak256};
use proptest::prelude::*;
use serde_json::json;
use tempfile::tempdir;

use crate::support::{account, name, open, word};

/// A mission is named after its session.
fn mission(of: u64) -> B256 {
    MissionId::of_session(account(900), keccak256(word(of))).word()
}

fn drafted(number: u64, seed: [u8; 8]) -> Draft {
    let [subject, kind, agent, other, contract, epoch, block, time] = seed.map(u64::from);
    let is_session = subject % 3 == 0;
    let subject = subject % 4;
    Draft {
        kind: EventType::ALL[kind as usize % EventType::ALL.len()],
        mission: if is_session {
            B256::ZERO
        } else {
            mission(subject)
        },
        session: if is_session {
            word(subject)
        } else {
            B256::ZERO
        },
        node: (other % 3 != 0).then_some((other % 4) as u16),
        epoch: epoch % 3,
        contract: if contract % 5 == 0 {
            Address::ZERO
        } else {
            account(500 + contract % 5)
        },
        primary: account(agent % 5),
        secondary: if other % 2 == 0 {
            Address::ZERO
        } else {
            account(other % 5)
        },
        principals: if agent % 2 == 0 {
            vec![]
        } else {
            vec![account(700 + agent % 3)]
        },
        block: block % 20,
        time_ms: 1_000 + time % 50,
        gas_used: 0,
        origin: Origin::Keeper {
            record: word(number),
        },
        payload: json!(number),
    }
}

fn fits(query: &Query, event: &Event) -> bool {
    let subject = query.mission.or(query.session.map(|session| {
        let mut of = B256::ZERO;
        of[20..].copy_from_slice(&keccak256(session)[..12]);
        of
    }));
    let same = |wanted: B256| {
        let of_mission = event.mission_id != B256::ZERO && event.mission_id[20..] == wanted[20..];
        let of_session =
            event.session_id != B256::ZERO && keccak256(event.session_id)[..12] == wanted[20..];
        of_mission || of_session
    };
    let within = |range: Option<(u64, u64)>, number: u64| {
        range.is_none_or(|(from, to)| from <= number && number <= to)
    };
    subject.is_none_or(same)
        && query.node.is_none_or(|node| event.node == Some(node))
        && query
            .agent
            .is_none_or(|agent| event.primary_entity == agent || event.secondary_entity == agent)
        && query
            .principal
            .is_none_or(|principal| event.principals.contains(&principal))
        && query
            .contract
            .is_none_or(|contract| event.emitter_contract == contract)
        && query.kind.is_none_or(|kind| event.event_type == kind)
        && query.epoch.is_none_or(|epoch| event.epoch == epoch)
        && within(query.times, event.timestamp)
        && within(query.blocks, event.block_number)
        && (query.blocks.is_none() || event.block_number > 0)
}

fn ask(log: &Log, query: &Query, limit: usize) -> Vec<u64> {
    let (mut found, mut after): (Vec<u64>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = log.query(query, after.as_ref(), limit).unwrap().unwrap();
        assert!(page.hits.len() <= limit);
        found.extend(page.hits.iter().map(|hit| hit.place));
        match page.next {
            // A cursor survives its way through a URL.
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    let by_place = query.node.is_some()
        || query.mission.is_some()
        || query.session.is_some()
        || query.agent.is_some()
        || query.principal.is_some()
        || query.contract.is_some()
        || query.kind.is_some()
        || query.epoch.is_some();
    assert!(
        !by_place || found.is_sorted(),
        "answers are in the log's order"
    );
    found.sort_unstable();
    found
}

fn range(at: Option<(u8, u8)>, base: u64, modulo: u64) -> Option<(u64, u64)> {
    at.map(|(a, b)| {
        let (a, b) = (base + u64::from(a) % modulo, base + u64::from(b) % modulo);
        (a.min(b), a.max(b))
    })
}

fn question() -> impl Strategy<Value = Query> {
    let maybe = || prop::option::weighted(0.3, any::<u8>());
    let pair = || prop::option::weighted(0.3, any::<(u8, u8)>());
    let who = (maybe(), maybe(), maybe(), maybe(), maybe());
    (who, maybe(), maybe(), any::<bool>(), pair(), pair()).prop_map(
        |((subject, node, agent, principal, contract), kind, epoch, by_session, times, blocks)| {
            let number = |of: Option<u8>, modulo: u8| of.map(|of| u64::from(of % modulo));
            let subject = number(subject, 5);
            Query {
                mission: subject.filter(|_| !by_session).map(mission),
                session: subject.filter(|_| by_session).map(word),
                node: subject.and(number(node, 4)).map(|node| node as u16),
                agent: number(agent, 6).map(account),
                principal: number(principal, 4).map(|principal| account(700 + principal)),
                contract: number(contract, 6).map(|contract| account(500 + contract)),
                kind: kind.map(|kind| EventType::ALL[usize::from(kind) % EventType::ALL.len()]),
                epoch: number(epoch, 4),
                times: range(times, 1_000, 55),
                blocks: range(blocks, 0, 22),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_question_finds_what_a_scan_finds(seeds in prop::collection::vec(any::<[u8; 8]>(), 1..160), questions in prop::collection::vec(question(), 12), limit in 1usize..40) {
        let dir = tempdir().unwrap();
        let mut log = open(dir.path(), &[]);
        log.append((0..).zip(&seeds).map(|(number, seed)| drafted(number, *seed)).collect()).unwrap();
        let lines = log.lines(0, 1_000).unwrap();
        for query in questions.iter().chain([&Query::default()]) {
            let expected: Vec<u64> = lines.iter().filter(|(_, line)| match Entry::read(line).unwrap() {
                Entry::Event(event) => fits(query, &event),
                _ => false,
            }).map(|(place, _)| *place).collect();
            prop_assert_eq!(ask(&log, query, limit), expected, "{:?}", query);
        }
    }
}

#[test]
fn a_mission_is_found_with_the_legislation_that_made_it() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    let mut before = drafted(0, [0; 8]);
    (before.session, before.mission) = (word(2), B256::ZERO);
    let mut after = drafted(1, [0; 8]);
    (after.session, after.mission) = (B256::ZERO, mission(2));
    log.append(vec![before, after]).unwrap();
    let by_mission = Query {
        mission: Some(mission(2)),
        ..Query::default()
    };
    let by_session = Query {
        session: Some(word(2)),
        ..Query::default()
    };
    assert_eq!(ask(&log, &by_mission, 10), [0, 1]);
    assert_eq!(ask(&log, &by_session, 10), [0, 1]);
    let other = Query {
        mission: Some(mission(1)),
        ..Query::default()
    };
    assert_eq!(ask(&log, &other, 10), [0; 0]);
}

#[test]
fn questions_without_an_answer_say_so() {
    let dir = tempdir().unwrap();
    let log = open(dir.path(), &[]);
    let ask = |query: Query| log.query(&query, None, 1).unwrap().unwrap_err();
    assert_eq!(
        ask(Query {
            node: Some(1),
            ..Query::default()
        }),
        QueryError::NodeWithoutMission
    );
    assert_eq!(
        ask(Query {
            mission: Some(word(1)),
            session: Some(word(1)),
            ..Query::default()
        }),
        QueryError::TwoSubjects
    );
    assert_eq!(
        ask(Query {
            times: Some((2, 1)),
            ..Query::default()
        }),
        QueryError::Range { from: 2, to: 1 }
    );
    for text in [
        "",
        ".",
        "zz.1",
        "00",
        "00.-1",
        "00.+1",
        "00.18446744073709551616",
        &"00".repeat(40),
    ] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn a_reader_beside_the_writer_sees_what_is_acknowledged_and_writes_nothing() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(vec![drafted(0, [1; 8])]).unwrap();
    let mut reader = Log::open_to_read(&dir.path().join("log")).unwrap();
    assert_eq!(*reader.name(), name());
    log.append(vec![drafted(1, [1; 8])]).unwrap();
    assert_eq!(reader.size().unwrap(), 2);
    assert_eq!(reader.root(2).unwrap(), log.root(2).unwrap());
    assert!(reader.append(vec![drafted(2, [1; 8])]).is_err());
    assert!(Log::open_to_read(&dir.path().join("none")).is_err());
}
