//! A keeper's log on a running chain: anchored, proved consistent, copied, and verified by whoever has a bundle of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_abi::IRoster;
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, time::Millis};
use agentcity_hub::{
    bundle::Bundle,
    entry::{Entry, Origin},
    head::LogName,
    kind::EventType,
    mirror::Shelf,
    redact::Rules,
    store::{Draft, Log, Payload, Query, Retention, Settings},
};
use agentcity_keeper::{
    action::Level,
    clock::{Clock, Moment},
    daemon::{ANSWER_WITHIN, Keeper, Standing},
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::SqliteJournal,
    machine::anchor::Pace,
    part::log::{Keeping, Setting, Shared},
    source::{agreed::Agreed, city::City as Known},
};
use agentcity_test_fixtures::city::{Charter, City};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::{ProviderBuilder, RootProvider},
    signers::local::PrivateKeySigner,
};
use parking_lot::Mutex;
use serde_json::json;
use tempfile::tempdir;

const NOW: u64 = 1_767_300_000_000;

#[derive(Debug)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

fn draft(kind: EventType, number: u64) -> Draft {
    Draft {
        kind,
        mission: keccak256("mission"),
        session: B256::ZERO,
        node: Some(1),
        epoch: 1,
        contract: Address::ZERO,
        primary: Address::ZERO,
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        time_ms: NOW + number,
        gas_used: 0,
        origin: Origin::Keeper {
            record: keccak256(number.to_be_bytes()),
        },
        payload: json!({ "number": number }),
    }
}

fn open(path: &Path, name: LogName, mirrors: Vec<Address>) -> Shared {
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors,
    };
    Arc::new(Mutex::new(Log::open(path, name, settings).unwrap()))
}

type Real = Keeper<SqliteJournal, RootProvider>;

fn keeper(
    (city, url): (&City, &str),
    journal: SqliteJournal,
    key: &PrivateKeySigner,
    log: &Shared,
    mirrors: BTreeMap<Address, alloy::transports::http::reqwest::Url>,
) -> Real {
    let provider: RootProvider = ProviderBuilder::default().connect_http(url.parse().unwrap());
    let setting = Setting {
        city: Known::of(
            city.client.chain_id(),
            Peer::ALL.map(|peer| city.address(peer)),
        ),
        signer: key.clone(),
        mirrors,
        pace: Pace {
            entries: 5,
            wait: Millis::new(60_000),
        },
        pause: Duration::from_secs(60),
        depth_blocks: 0,
    };
    let asked = (
        provider.clone(),
        Agreed::new(vec![provider.clone()], 1).unwrap(),
    );
    let part = Keeping::new(asked, Arc::clone(log), setting).unwrap();
    let policy = Policy {
        depth_blocks: 0,
        ..Policy::default()
    };
    let endpoint = Quorum::of_one(Rpc::new(provider, ANSWER_WITHIN));
    let submitter = Submitter::new(endpoint, key.clone(), log.lock().name().chain_id, policy);
    Keeper::with_parts(
        journal,
        "one".into(),
        0,
        Some(submitter),
        vec![Arc::new(part)],
    )
    .unwrap()
}

async fn rounds(keeper: &mut Real, clock: &Hands) {
    for _ in 0..4 {
        assert_eq!(keeper.stand(clock).unwrap(), Standing::Working);
        keeper.observe(clock).await.unwrap();
        keeper.act(clock, false).await.unwrap();
        clock.0.fetch_add(10, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_anchored_proved_consistent_copied_and_verified_and_a_changed_one_is_not() {
    let mut city = tokio::task::spawn_blocking(|| City::raise(&Charter::default()).unwrap())
        .await
        .unwrap();
    let person = tokio::task::block_in_place(|| city.person("log keeper").unwrap());
    let key = person.signer().clone();
    let dir = tempdir().unwrap();
    let shelf_key = PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).unwrap();
    let mirror = shelf_key.address();
    let shelf = Shelf::open(&dir.path().join("shelf"), shelf_key, 1 << 20).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}/", listener.local_addr().unwrap());
    let router = agentcity_hub::http::mirror_router(shelf.clone(), Arc::new(|| NOW));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mirrors = BTreeMap::from([(mirror, at.parse().unwrap())]);

    let url = city.node.http_url();
    let name = LogName {
        chain_id: city.client.chain_id(),
        author: key.address(),
    };
    let log = open(&dir.path().join("log"), name, vec![mirror]);
    let journal = || SqliteJournal::open(&dir.path().join("journal")).unwrap();
    let clock = Hands(AtomicU64::new(NOW));
    let mut one = keeper((&city, &url), journal(), &key, &log, mirrors.clone());

    // Too little to anchor; then enough.
    log.lock()
        .append((0..4).map(|n| draft(EventType::TaskRouted, n)).collect())
        .unwrap();
    rounds(&mut one, &clock).await;
    assert_eq!(log.lock().anchor_within(u64::MAX >> 2).unwrap(), None);
    log.lock()
        .append(vec![draft(EventType::FreezeTriggered, 9)])
        .unwrap();
    rounds(&mut one, &clock).await;
    let first = log.lock().anchor(1).unwrap().expect("the first stands");
    // The copy's receipt is the sixth entry, and waits for its time.
    assert_eq!(
        (first.anchor.size >= 5, log.lock().size().unwrap()),
        (true, 6)
    );
    assert!(
        matches!(Entry::read(&log.lock().line(5).unwrap()), Ok(Entry::Receipt(receipt)) if receipt.mirror == mirror && receipt.of == 4)
    );
    let parcel = log.lock().parcel(4).unwrap();
    assert_eq!(
        shelf.get(parcel.address()).unwrap().as_ref(),
        Some(parcel.bytes())
    );

    // Another process goes on: the second anchor follows, and both are proved consistent on chain.
    one.leave(&clock).unwrap();
    drop(one);
    let mut two = keeper((&city, &url), journal(), &key, &log, mirrors);
    log.lock()
        .append(
            (20..30)
                .map(|n| draft(EventType::TaskCompleted, n))
                .collect(),
        )
        .unwrap();
    rounds(&mut two, &clock).await;
    rounds(&mut two, &clock).await;
    let second = log.lock().anchor(2).unwrap().expect("the second stands");
    assert!(second.anchor.size > first.anchor.size);
    assert_eq!(two.worst(), Some(Level::Fine));
    let roster = IRoster::new(city.address(Peer::Roster), provider(&city));
    let proved = roster
        .ConsistencyProved_filter()
        .from_block(0)
        .query()
        .await
        .unwrap();
    assert_eq!(proved.len(), 1, "once");
    assert_eq!((proved[0].0.first, proved[0].0.second), (1, 2));
    let anchored = roster
        .Anchored_filter()
        .from_block(0)
        .query()
        .await
        .unwrap();
    assert_eq!(anchored.len(), 2, "one anchor a number");

    // A bundle needs nothing else, and a changed entry is refused.
    let places: BTreeSet<u64> = {
        let log = log.lock();
        let query = Query {
            kind: Some(EventType::FreezeTriggered),
            ..Query::default()
        };
        let page = log.query(&query, None, 10).unwrap().unwrap();
        page.hits.iter().map(|hit| hit.place).collect()
    };
    let bundle = Bundle::export(&log.lock(), &places, &[(second, None)]).unwrap();
    let report = Bundle::read(bundle.text().as_bytes())
        .unwrap()
        .verify()
        .unwrap();
    assert_eq!(
        (report.entries, report.anchored, report.payloads),
        (1, 1, 1)
    );
    let changed = bundle
        .text()
        .replacen("\\\"epoch\\\":1", "\\\"epoch\\\":2", 1);
    assert_ne!(changed, bundle.text());
    assert!(Bundle::read(changed.as_bytes()).unwrap().verify().is_err());

    // Whose log on disk is another than was anchored anchors no more, and says so.
    let other = dir.path().join("other");
    let forked = open(&other, name, Vec::new());
    forked
        .lock()
        .append((0..40).map(|n| draft(EventType::TaskFailed, n)).collect())
        .unwrap();
    two.leave(&clock).unwrap();
    drop(two);
    let mut three = keeper((&city, &url), journal(), &key, &forked, BTreeMap::new());
    clock.0.fetch_add(100_000, Ordering::SeqCst);
    rounds(&mut three, &clock).await;
    assert_eq!(three.worst(), Some(Level::Dead));
    let anchored = roster
        .Anchored_filter()
        .from_block(0)
        .query()
        .await
        .unwrap();
    assert_eq!(anchored.len(), 2);
}

/// The longest month.
const MONTH_MS: u64 = 31 * 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_kept_as_long_as_the_city_says_where_that_is_longer_than_the_file_says() {
    let raised = tokio::task::spawn_blocking(|| {
        let mut city = City::raise(&Charter::default()).unwrap();
        city.seat_panel().unwrap();
        let person = city.person("log keeper").unwrap();
        (city, person)
    });
    let (mut city, person) = raised.await.unwrap();
    let key = person.signer().clone();
    let dir = tempdir().unwrap();
    let url = city.node.http_url();
    let name = LogName {
        chain_id: city.client.chain_id(),
        author: key.address(),
    };
    let log = open(&dir.path().join("log"), name, Vec::new());
    let journal = || SqliteJournal::open(&dir.path().join("journal")).unwrap();
    let clock = Hands(AtomicU64::new(NOW));
    let mut one = keeper((&city, &url), journal(), &key, &log, BTreeMap::new());
    let entries = (0..3).map(|n| draft(EventType::TaskRouted, n)).collect();
    log.lock().append(entries).unwrap();
    let address = match Entry::read(&log.lock().line(0).unwrap()).unwrap() {
        Entry::Event(event) => event.payload_cid,
        other => panic!("{other:?}"),
    };
    let is_here = || matches!(log.lock().payload(&address), Ok(Payload::Here(_)));
    rounds(&mut one, &clock).await;

    // A panel wants twelve months more than the file.
    tokio::task::block_in_place(|| city.amend(P::LogRetentionMonths, 36).unwrap());
    let almost = NOW + 36 * MONTH_MS - 1_000;
    clock.0.store(almost, Ordering::SeqCst);
    rounds(&mut one, &clock).await;
    assert!(is_here());

    // When they are over, nobody knows what the city wants now: nothing is erased.
    one.leave(&clock).unwrap();
    drop(one);
    let nowhere = "http://127.0.0.1:9";
    let mut two = keeper((&city, nowhere), journal(), &key, &log, BTreeMap::new());
    clock.0.store(almost + 2_000, Ordering::SeqCst);
    rounds(&mut two, &clock).await;
    assert!(is_here());
    two.leave(&clock).unwrap();
    drop(two);
    let mut three = keeper((&city, &url), journal(), &key, &log, BTreeMap::new());
    rounds(&mut three, &clock).await;
    assert!(!is_here());
}

fn provider(city: &City) -> RootProvider {
    ProviderBuilder::default().connect_http(city.node.http_url().parse().unwrap())
}
