//! What is served, and requests that nobody honest sends.

use std::{net::SocketAddr, sync::Arc};

use agentcity_abi::document::ContentAddress;
use agentcity_domain::roster::anchor::Anchor;
use agentcity_hub::{
    entry::Entry,
    http::{mirror_router, router},
    kind::EventType,
    mirror::{PARCEL_BYTES_MAX, Shelf},
    store::{Log, Retention},
    tree,
};
use alloy::primitives::B256;
use serde_json::Value;
use tempfile::{TempDir, tempdir};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    mirror::serve,
    support::{DAY_MS, NOW, draft, drafts, key, open, word},
};

struct Served {
    dir: TempDir,
    log: Log,
    at: SocketAddr,
}

async fn served() -> Served {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(drafts(0..60)).unwrap();
    let at = serve(router(Log::open_to_read(&dir.path().join("log")).unwrap())).await;
    Served { dir, log, at }
}

/// Sends bytes as they are, and reads until the other side is done.
async fn raw(at: SocketAddr, bytes: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // Who refuses early may close before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.get(end + 4..).unwrap_or_default().to_vec();
    (status.unwrap_or(0), head, body)
}

async fn get(at: SocketAddr, path: &str) -> (u16, String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    raw(at, request.as_bytes()).await
}

async fn ask(at: SocketAddr, path: &str) -> Value {
    let (status, head, body) = get(at, path).await;
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    assert!(head.contains("cache-control: no-store"), "{head}");
    serde_json::from_slice(&body).unwrap()
}

fn cid(log: &Log, place: u64) -> String {
    match Entry::read(&log.line(place).unwrap()).unwrap() {
        Entry::Event(event) => event.payload_cid.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_payload_is_served_for_ever_until_it_is_gone() {
    let mut served = served().await;
    let path = format!("/cid/{}", cid(&served.log, 3));
    let (status, head, body) = get(served.at, &path).await;
    assert_eq!((status, &body[..]), (200, &br#"{"number":3}"#[..]));
    for header in [
        "cache-control: public, max-age=31536000, immutable",
        "x-content-type-options: nosniff",
        "content-type: application/octet-stream",
        &format!("etag: \"{}\"", cid(&served.log, 3)),
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let again = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nif-none-match: \"{}\"\r\nconnection: close\r\n\r\n",
        cid(&served.log, 3)
    );
    let (status, _, body) = raw(served.at, again.as_bytes()).await;
    assert_eq!((status, body.len()), (304, 0));
    served
        .log
        .expire(NOW + 800 * DAY_MS, Retention::default())
        .unwrap();
    let (status, head, body) = get(served.at, &path).await;
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 410);
    assert!(head.contains("no-store"));
    assert!(said["tombstone"].as_u64().unwrap() >= 60);
    assert_eq!(said["code"], "gone");
    let strange = ContentAddress::of("x").to_string();
    let (status, _, body) = get(served.at, &format!("/cid/{strange}")).await;
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &said["code"]), (404, &"unknown".into()));
    let says = said["error"].as_str().unwrap();
    assert!(
        says.contains(&strange) && says.contains("ask the keeper"),
        "{says}"
    );
}

#[tokio::test]
async fn a_payload_that_was_changed_is_not_served_and_its_fault_not_told() {
    let served = served().await;
    rusqlite::Connection::open(served.dir.path().join("log"))
        .unwrap()
        .execute("UPDATE payloads SET body = x'00'", [])
        .unwrap();
    let (status, _, body) = get(served.at, &format!("/cid/{}", cid(&served.log, 3))).await;
    let said = String::from_utf8(body).unwrap();
    assert_eq!(status, 500);
    assert!(!said.contains("bafk"), "{said}");
}

#[tokio::test]
async fn what_is_told_of_the_log_can_be_verified() {
    let served = served().await;
    let head = ask(served.at, "/log/head").await;
    let root: B256 = serde_json::from_value(head["root"].clone()).unwrap();
    assert_eq!(
        (head["size"].as_u64(), root),
        (Some(60), served.log.root(60).unwrap())
    );
    let entries = ask(served.at, "/log/entries?from=17&limit=2").await;
    let line = entries["entries"][0]["line"].as_str().unwrap();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
    let proof = ask(served.at, "/log/inclusion?place=17&size=60").await;
    let path: Vec<B256> = serde_json::from_value(proof["path"].clone()).unwrap();
    let anchor = Anchor { size: 60, root };
    assert!(tree::includes(
        &anchor,
        17,
        &tree::leaf(line.as_bytes()),
        &path
    ));
    let proof = ask(served.at, "/log/consistency?old=5&new=60").await;
    let path: Vec<B256> = serde_json::from_value(proof["path"].clone()).unwrap();
    let old = Anchor {
        size: 5,
        root: serde_json::from_value(proof["oldRoot"].clone()).unwrap(),
    };
    assert!(tree::extends(&old, &anchor, &path));
    let question = format!(
        "/log/query?mission={}&type=TASK_ROUTED&from={NOW}&limit=1",
        word(1)
    );
    let first = ask(served.at, &question).await;
    let next = first["next"].as_str().unwrap();
    let second = ask(served.at, &format!("{question}&after={next}")).await;
    assert_ne!(first["entries"], second["entries"]);
    assert_eq!(
        second["entries"].as_array().map(Vec::len),
        Some(0),
        "52 types, 60 entries, 8 of them twice"
    );
}

#[tokio::test]
async fn requests_that_nobody_honest_sends_get_an_answer_that_says_so() {
    let served = served().await;
    let long = "x".repeat(3_000);
    for (path, wanted) in [
        ("/cid/", 404),
        ("/cid/x", 400),
        ("/cid/..%2f..%2fetc%2fpasswd", 400),
        ("/cid/%ff", 400),
        ("/cid/%00", 400),
        ("/cid/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG", 400),
        (&format!("/cid/{}", cid(&served.log, 1).to_uppercase()), 400),
        ("/", 404),
        ("/log", 404),
        ("/log/entries?from=-1", 400),
        ("/log/entries?from=18446744073709551616", 400),
        ("/log/entries?from=18446744073709551615", 404),
        ("/log/entries?limit=0", 400),
        ("/log/entries?limit=1001", 400),
        ("/log/entries?from", 400),
        ("/log/entries?from=1&from=2", 400),
        ("/log/entries?unknown=1", 400),
        (&format!("/log/entries?from={long}"), 414),
        ("/log/query?type=FREEZE", 400),
        ("/log/query?node=1", 400),
        ("/log/query?from=2&to=1", 400),
        ("/log/query?mission=0x12", 400),
        ("/log/query?agent=0x12", 400),
        ("/log/query?after=zz.1", 400),
        ("/log/query?after=00.18446744073709551615&epoch=1", 400),
        ("/log/query?after=00.1&epoch=1", 400),
        ("/log/inclusion?place=60&size=60", 404),
        ("/log/inclusion?place=1&size=61", 404),
        ("/log/inclusion?place=1", 400),
        ("/log/consistency?old=0&new=60", 404),
        ("/log/consistency?old=61&new=60", 404),
    ] {
        let (status, _, body) = get(served.at, path).await;
        let said = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(status, wanted, "{path}: {said}");
        let json: Value = serde_json::from_slice(&body).expect("JSON, whatever was asked");
        let code = if wanted == 404 {
            "unknown"
        } else {
            "malformed"
        };
        assert_eq!(json["code"], code, "{path}");
        assert!(!said.contains('\n') && said.len() < 400, "{said}");
    }
    for request in [
        "POST /log/head HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "DELETE /cid/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "PUT /cid/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ] {
        assert_eq!(raw(served.at, request.as_bytes()).await.0, 405, "{request}");
    }
    for request in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n"] {
        let (status, ..) = raw(served.at, request.as_bytes()).await;
        assert!(matches!(status, 0 | 400 | 505), "{request:?}: {status}");
    }
    assert_eq!(
        get(served.at, "/log/head").await.0,
        200,
        "it is still there"
    );
}

#[tokio::test]
async fn a_mirror_refuses_what_is_too_large_misnamed_or_no_parcel() {
    let dir = tempdir().unwrap();
    let mut log = open(dir.path(), &[]);
    log.append(vec![draft(EventType::FreezeTriggered, 1)])
        .unwrap();
    let shelf = Shelf::open(&dir.path().join("shelf"), key(7), 1 << 20).unwrap();
    let at = serve(mirror_router(shelf, Arc::new(|| NOW))).await;
    let put = async |address: String, body: Vec<u8>| {
        let head = format!(
            "PUT /cid/{address} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        raw(at, &[head.as_bytes(), &body].concat()).await.0
    };
    let parcel = log.parcel(0).unwrap();
    let own = parcel.address().to_string();
    assert_eq!(put(own.clone(), parcel.bytes().to_vec()).await, 200);
    assert_eq!(put(own.clone(), b"other".to_vec()).await, 400);
    assert_eq!(put("x".to_owned(), b"other".to_vec()).await, 400);
    assert_eq!(
        put(ContentAddress::of("other").to_string(), b"other".to_vec()).await,
        400
    );
    let claims = format!(
        "PUT /cid/{own} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        PARCEL_BYTES_MAX + 1
    );
    assert_eq!(raw(at, claims.as_bytes()).await.0, 413);
    let (status, _, body) = get(at, &format!("/cid/{own}")).await;
    assert_eq!((status, body), (200, parcel.bytes().to_vec()));
}
