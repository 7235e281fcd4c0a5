//! Copies at a mirror that is honest, and at those that are not.

use std::{net::SocketAddr, sync::Arc};

use agentcity_abi::document::ContentAddress;
use agentcity_hub::{
    entry::Entry,
    head::SignatureError,
    http::mirror_router,
    kind::EventType,
    mirror::{Client, MirrorError, Parcel, Receipt, Shelf, ShelfError},
    store::{Log, Push, TRIES_MAX, Tried},
};
use alloy::{
    primitives::{Address, Bytes},
    signers::SignerSync,
    transports::http::reqwest::Url,
};
use axum::{Router, http::StatusCode, routing::put};
use serde_json::json;
use tempfile::tempdir;
use tokio::net::TcpListener;

use crate::support::{NOW, draft, key, open};

pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn url(address: SocketAddr) -> Url {
    format!("http://{address}/").parse().unwrap()
}

fn frozen(log: &mut Log, number: u64) -> Push {
    log.append(vec![draft(EventType::FreezeTriggered, number)])
        .unwrap();
    log.pushes_due(NOW * 2).unwrap().remove(0)
}

fn receipt(parcel: ContentAddress, mirror: Address, signer: u8) -> Receipt {
    let mut receipt = Receipt {
        parcel,
        mirror,
        stored_at: 5,
        signature: Bytes::new(),
    };
    let statement = receipt.statement();
    let signature = key(signer).sign_message_sync(statement.as_bytes()).unwrap();
    receipt.signature = signature.as_bytes().to_vec().into();
    receipt
}

#[tokio::test]
async fn an_honest_mirror_has_the_copy_and_its_receipt_is_an_entry() {
    let dir = tempdir().unwrap();
    let mirror = key(7).address();
    let mut log = open(dir.path(), &[mirror]);
    let push = frozen(&mut log, 1);
    let shelf = Shelf::open(&dir.path().join("shelf"), key(7), 1 << 20).unwrap();
    let at = serve(mirror_router(shelf.clone(), Arc::new(|| NOW))).await;
    let client = Client::new().unwrap();
    let first = client.push(&url(at), mirror, &push.parcel).await.unwrap();
    // Who died before he wrote it down pushes again, and gets the same.
    let receipt = client.push(&url(at), mirror, &push.parcel).await.unwrap();
    assert_eq!(first, receipt);
    let Tried::Receipted(place) = log.tried(&push, NOW, Ok(&receipt)).unwrap() else {
        panic!("it is stored");
    };
    let Entry::Receipt(entry) = Entry::read(&log.line(place).unwrap()).unwrap() else {
        panic!("a receipt");
    };
    assert_eq!(
        (entry.of, entry.mirror, entry.parcel),
        (push.place, mirror, push.parcel.address())
    );
    assert_eq!(
        log.tried(&push, NOW, Ok(&receipt)).unwrap(),
        Tried::Over,
        "one receipt"
    );
    assert!(log.pushes_due(u64::MAX / 4).unwrap().is_empty());
    let copy = shelf.get(push.parcel.address()).unwrap().unwrap();
    assert_eq!(Parcel::read(copy).unwrap(), push.parcel);
    log.audit().unwrap();
}

#[tokio::test]
async fn a_mirror_that_lies_is_told_from_one_that_fails_and_is_not_tried_again() {
    let dir = tempdir().unwrap();
    let mirror = key(7).address();
    let mut log = open(dir.path(), &[mirror]);
    let push = frozen(&mut log, 1);
    let own = push.parcel.address();
    let other = ContentAddress::of("other");
    let answers = [
        (StatusCode::OK, json!(receipt(own, mirror, 8)).to_string()),
        (StatusCode::OK, json!(receipt(other, mirror, 7)).to_string()),
        (
            StatusCode::OK,
            json!(receipt(own, key(8).address(), 8)).to_string(),
        ),
        (StatusCode::OK, "{}".to_owned()),
        (StatusCode::OK, "x".repeat(9_000)),
        (StatusCode::INSUFFICIENT_STORAGE, String::new()),
        (StatusCode::FOUND, String::new()),
    ];
    let client = Client::new().unwrap();
    let mut errors = Vec::new();
    for (status, body) in answers {
        let answer =
            put(move || async move { (status, [("location", "http://127.0.0.1:1/")], body) });
        let at = serve(Router::new().route("/cid/{cid}", answer)).await;
        errors.push(
            client
                .push(&url(at), mirror, &push.parcel)
                .await
                .unwrap_err(),
        );
    }
    let gone = "http://127.0.0.1:1/".parse().unwrap();
    errors.push(client.push(&gone, mirror, &push.parcel).await.unwrap_err());
    let kinds: Vec<&str> = errors
        .iter()
        .map(|error| match error {
            MirrorError::Signature(SignatureError::Foreign { .. }) => "foreign",
            MirrorError::OtherParcel { .. } => "parcel",
            MirrorError::OtherMirror { .. } => "mirror",
            MirrorError::Malformed { .. } => "malformed",
            MirrorError::TooMuch => "much",
            MirrorError::Refused { status: 507 } => "full",
            MirrorError::Refused { status: 302 } => "elsewhere",
            MirrorError::Unreachable { .. } => "unreachable",
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "foreign",
            "parcel",
            "mirror",
            "malformed",
            "much",
            "full",
            "elsewhere",
            "unreachable"
        ]
    );
    let lies = errors.iter().filter(|error| error.is_lie()).count();
    assert_eq!(lies, 3);
    assert_eq!(
        log.tried(&push, NOW, Err(&errors[3])).unwrap(),
        Tried::Again(NOW + 30_000)
    );
    assert_eq!(
        log.tried(&push, NOW, Err(&errors[0])).unwrap(),
        Tried::GivenUp
    );
    let left = log.abandoned(9).unwrap();
    assert_eq!((left.len(), left[0].tries), (1, 2));
    assert!(left[0].cause.contains("signature"), "{}", left[0].cause);
    assert!(log.pushes_due(u64::MAX / 4).unwrap().is_empty());
    drop(log);
    let log = open(dir.path(), &[mirror]);
    assert_eq!(
        log.pushes_due(NOW).unwrap().len(),
        1,
        "whoever restarts has looked"
    );
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_hangs_is_silent_and_not_waited_for() {
    let dir = tempdir().unwrap();
    let mirror = key(7).address();
    let mut log = open(dir.path(), &[mirror]);
    let push = frozen(&mut log, 1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = url(listener.local_addr().unwrap());
    let client = Client::new().unwrap();
    let refused = client.push(&at, mirror, &push.parcel).await.unwrap_err();
    assert_eq!(refused, MirrorError::Silent);
}

#[test]
fn tries_are_counted_pauses_double_and_both_end() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[key(7).address()]);
    let push = frozen(&mut log, 1);
    let (mut now, mut tries) = (NOW, 0);
    let mut pauses = Vec::new();
    loop {
        tries += 1;
        match log.tried(&push, now, Err(&MirrorError::Silent)).unwrap() {
            Tried::Again(next) => {
                assert!(log.pushes_due(next - 1).unwrap().is_empty());
                assert_eq!(log.pushes_due(next).unwrap().len(), 1);
                pauses.push(next - now);
                now = next;
            }
            Tried::GivenUp => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(tries, TRIES_MAX);
    assert!(pauses.windows(2).all(|pair| pair[1] == 2 * pair[0]));
    assert!(pauses.iter().sum::<u64>() > 17 * 3_600_000, "most of a day");
}

#[test]
fn a_mirror_that_is_new_gets_what_was_logged_before_it() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    frozen_of(&mut log);
    drop(log);
    let log = open(dir.path(), &[key(7).address(), key(8).address()]);
    assert_eq!(log.pushes_due(NOW * 2).unwrap().len(), 8);
}

fn frozen_of(log: &mut Log) {
    let critical = [
        EventType::FreezeTriggered,
        EventType::DivergenceDetected,
        EventType::EmergencyStop,
        EventType::StakeSlashed,
    ];
    let all: Vec<_> = EventType::ALL
        .iter()
        .filter(|kind| kind.is_critical())
        .collect();
    assert_eq!(all.len(), critical.len());
    let drafts = (0..)
        .zip(EventType::ALL)
        .map(|(number, kind)| draft(*kind, number));
    log.append(drafts.collect()).unwrap();
}

#[test]
fn a_shelf_takes_parcels_and_nothing_else() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(vec![
        draft(EventType::FreezeTriggered, 1),
        draft(EventType::TaskRouted, 2),
    ])
    .unwrap();
    let shelf = Shelf::open(&dir.path().join("shelf"), key(7), 900).unwrap();
    let put = |bytes: &[u8]| shelf.put(ContentAddress::of(bytes), bytes.to_vec().into(), NOW);
    let good = log.parcel(0).unwrap();
    let other = log.parcel(1).unwrap();
    for bytes in [
        b"".to_vec(),
        b"\n".to_vec(),
        b"no line".to_vec(),
        other.bytes().to_vec(),
        [good.bytes(), &b" "[..]].concat(),
        good.bytes()[1..].to_vec(),
    ] {
        let refused = put(&bytes).unwrap_err();
        assert!(matches!(refused, ShelfError::NoParcel { .. }), "{refused}");
    }
    let misnamed = shelf.put(ContentAddress::of("x"), good.bytes().clone(), NOW);
    assert!(matches!(misnamed, Err(ShelfError::OtherContent { .. })));
    put(good.bytes()).unwrap();
    log.append(vec![draft(EventType::FreezeTriggered, 3)])
        .unwrap();
    let full = put(log.parcel(2).unwrap().bytes()).unwrap_err();
    assert!(
        matches!(full, ShelfError::Full { bytes_max: 900 }),
        "{full}"
    );
    assert!(put(good.bytes()).is_ok(), "what is there needs no room");
}
