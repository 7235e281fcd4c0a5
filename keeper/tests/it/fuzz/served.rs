//! What is asked of servers: any method, path, header and body, as HTTP and as what is none.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use agentcity_executor::{
    protocol::{
        AcceptanceRequest, Code, Failure, Identity, JobId, JobRequest, LiveCode, Refusal,
        Signature, Text, Venue,
    },
    server::{Handler, Recorder, Secret, Server, Settings as Serving, Work},
    signing::{Digest, Unsigned},
};
use agentcity_hub::{
    entry::{Entry, Origin},
    head::{Head, LogName, SignedHead},
    http::{mirror_router, router},
    kind::EventType,
    mirror::{Parcel, Shelf},
    redact::Rules,
    store::{Draft, Log, Retention, Settings},
};
use agentcity_test_fixtures::{
    chance::Chance,
    fuzz::{Mutator, rounds},
};
use alloy::{
    primitives::{Address, B256, keccak256},
    signers::local::PrivateKeySigner,
};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::corpus;

/// Longest answer to what nobody honest asks: a page of a log, or an output.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get",
];
const HEADERS: [&str; 10] = [
    "authorization: Bearer x",
    "content-type: application/json",
    "content-type: text/plain",
    "if-none-match: \"x\"",
    "range: bytes=0-",
    "expect: 100-continue",
    "accept-encoding: gzip",
    "transfer-encoding: identity",
    "x: \u{e9}",
    "content-length: x",
];

/// One answer, as far as it is HTTP.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

async fn asked(at: SocketAddr, request: &[u8], is_http: bool) -> Answer {
    let mut stream = TcpStream::connect(at).await.expect("the server listens");
    let mut bytes = Vec::new();
    let whole = async {
        // Who refuses early may close before all is said.
        let _ = stream.write_all(request).await;
        if !is_http {
            let _ = stream.shutdown().await;
        }
        let _ = (&mut stream)
            .take(ANSWER_BYTES_MAX as u64 + 1)
            .read_to_end(&mut bytes)
            .await;
    };
    let whole = tokio::time::timeout(PATIENCE, whole).await;
    assert!(
        whole.is_ok(),
        "no answer: {}",
        String::from_utf8_lossy(request)
    );
    assert!(bytes.len() <= ANSWER_BYTES_MAX, "a flood");
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or_default(),
        body: bytes.get(end + 4..).unwrap_or_default().to_vec(),
        head,
    }
}

/// A request as nobody honest writes it: one of `paths` with changes, any method, some headers, a body of the corpus with changes.
fn request(mutator: &mut Mutator, paths: &mut Mutator) -> (String, Vec<u8>) {
    let chance = mutator.chance();
    let method = METHODS[chance.place(METHODS.len())];
    let mut path = match chance.one_of(3) {
        true => paths.input(),
        false => paths.seed(),
    };
    // A path is one word of a line.
    path.retain(|byte| byte.is_ascii_graphic());
    let mut head = format!("{method} ").into_bytes();
    head.extend_from_slice(&path);
    head.extend_from_slice(b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for _ in 0..chance.within(0..3) {
        head.extend_from_slice(HEADERS[chance.place(HEADERS.len())].as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let body = match chance.one_of(3) {
        true => Vec::new(),
        false => mutator.input(),
    };
    if !body.is_empty() {
        head.extend_from_slice(b"content-type: application/json\r\n");
    }
    head.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    head.extend_from_slice(&body);
    (method.to_owned(), head)
}

/// Asks a server as often as the run says; every answer is one, whole and typed, and it still answers an honest question afterwards.
async fn hurl_at(name: &str, at: SocketAddr, paths: &[String], bodies: Vec<Vec<u8>>, honest: &str) {
    let seed = Chance::seed();
    let mut mutator = Mutator::new(seed, bodies);
    let paths = paths.iter().map(|path| path.clone().into_bytes());
    let mut paths = Mutator::new(seed ^ 1, paths.collect());
    let mut statuses = BTreeMap::new();
    for round in 0..rounds() / 4 {
        let (method, mut request) = request(&mut mutator, &mut paths);
        let is_http = !mutator.chance().one_of(16);
        if !is_http {
            let end = mutator.chance().place(request.len());
            request.truncate(end);
            request.insert(end / 2, b'\n');
        }
        let answer = asked(at, &request, is_http).await;
        *statuses.entry(answer.status).or_insert(0) += 1;
        // Whatever was made of what is no HTTP, it hung nobody and stopped nothing.
        if !is_http {
            continue;
        }
        let said = || {
            format!(
                "{name}, round {round} of seed {seed}: {} to {:?}",
                answer.head,
                String::from_utf8_lossy(&request)
            )
        };
        assert!(!matches!(answer.status, 0 | 500..), "it failed: {}", said());
        // What is no HTTP is refused below the server, without a word; what is, with a reason.
        let is_told = answer.head.contains("content-type");
        if answer.status >= 400 && is_told && method != "HEAD" {
            let body: Value = serde_json::from_slice(&answer.body)
                .unwrap_or_else(|error| panic!("{error}: {}", said()));
            assert!(
                body.get("error").or(body.get("code")).is_some(),
                "no reason: {}",
                said()
            );
        }
    }
    println!("fuzz {name}: {statuses:?} of seed {seed}");
    let honest = format!("GET {honest} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = asked(at, honest.as_bytes(), true).await;
    assert_eq!(
        answer.status, 200,
        "{name} answers afterwards: {}",
        answer.head
    );
}

fn draft(number: u64) -> Draft {
    Draft {
        kind: EventType::ALL[number as usize % EventType::ALL.len()],
        mission: keccak256("mission"),
        session: B256::ZERO,
        node: Some(1),
        epoch: 1,
        contract: Address::ZERO,
        primary: Address::ZERO,
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        // structural: any time of the year in which the chain begins
        time_ms: 1_767_300_000_000 + number,
        gas_used: 0,
        origin: Origin::Keeper {
            record: keccak256(number.to_be_bytes()),
        },
        payload: json!({ "number": number }),
    }
}

async fn serve(app: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    at
}

/// A log of sixty entries of all kinds, with a signed head.
pub(crate) fn kept(dir: &Path) -> Log {
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(8)).expect("a key");
    let name = LogName {
        chain_id: 412_346,
        author: key.address(),
    };
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: Vec::new(),
    };
    let mut log = Log::open(&dir.join("log"), name, settings).expect("a log");
    log.append((0..60).map(draft).collect()).expect("entries");
    let head = Head {
        size: 60,
        root: log.root(60).expect("a root"),
        timestamp: 1_767_300_000_060,
    };
    let head = SignedHead::sign(head, &name, &key).expect("a head");
    log.record_head(&head).expect("recorded");
    log
}

/// What a mirror would be sent of it.
pub(super) fn parcel(log: &Log) -> Parcel {
    let critical = (0..60).find_map(|place| {
        let parcel = log.parcel(place).ok()?;
        Parcel::read(parcel.bytes().clone()).ok()
    });
    critical.expect("a critical entry")
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_a_log() {
    let dir = tempdir().expect("a folder");
    let log = kept(dir.path());
    let Ok(Entry::Event(event)) = Entry::read(&log.line(3).expect("an entry")) else {
        panic!("the fourth entry is an event");
    };
    let reader = Log::open_to_read(&dir.path().join("log")).expect("a log");
    let at = serve(router(reader)).await;
    let paths = [
        "/log/head".to_owned(),
        "/log/entries?from=3&limit=4".to_owned(),
        "/log/query?kind=TASK_ROUTED&limit=2".to_owned(),
        "/log/inclusion?place=3&size=60".to_owned(),
        "/log/consistency?old=3&new=60".to_owned(),
        format!("/cid/{}", event.payload_cid),
        "/".to_owned(),
    ];
    let bodies = vec![log.line(3).expect("an entry").into_bytes()];
    hurl_at("log", at, &paths, bodies, "/log/head").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_a_mirror() {
    let dir = tempdir().expect("a folder");
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(9)).expect("a key");
    let shelf = Shelf::open(&dir.path().join("shelf"), key, 1 << 20).expect("a shelf");
    let parcel = parcel(&kept(dir.path()));
    let address = parcel.address();
    let stored = shelf.put(address, parcel.bytes().clone(), 1);
    stored.expect("a parcel");
    let at = serve(mirror_router(shelf, Arc::new(|| 1))).await;
    let paths = [format!("/cid/{address}"), "/cid/".to_owned()];
    let bodies = vec![parcel.bytes().to_vec()];
    hurl_at("mirror", at, &paths, bodies, &format!("/cid/{address}")).await;
}

fn text_of(seeds: &[Vec<u8>]) -> String {
    String::from_utf8_lossy(&seeds[0]).trim().to_owned()
}

/// An agent that declines everything that gets so far.
#[derive(Debug)]
struct Declines;

fn declined<T>() -> Result<T, Refusal> {
    Err(Refusal::new(Code::Declined, "not today"))
}

impl Handler for Declines {
    async fn identity(&self) -> Result<Identity, Refusal> {
        Ok(Identity {
            versions: vec![Text::cut("v1")],
            venue: Venue {
                chain_id: 412_346,
                statute: Address::repeat_byte(1),
                verification: Address::repeat_byte(2),
            },
            agent: Address::repeat_byte(3),
            services: vec![B256::repeat_byte(4)],
        })
    }

    async fn live_code(&self, service: B256) -> Result<LiveCode, Refusal> {
        let code_hash = B256::repeat_byte(5);
        Ok(LiveCode { service, code_hash })
    }

    async fn accept(&self, _: &AcceptanceRequest, _: Digest) -> Result<Signature, Refusal> {
        declined()
    }

    async fn take(&self, _: &JobRequest) -> Result<(), Refusal> {
        declined()
    }

    fn secret(&self, job: &JobId, of: Secret) -> B256 {
        keccak256(format!("{of:?} of {job}"))
    }

    async fn work(&self, _: Arc<JobRequest>, _: Recorder) -> Result<Work, Failure> {
        Ok(Work::default())
    }

    async fn sign(
        &self,
        _: &JobRequest,
        _: &Unsigned<'_>,
        _: Digest,
    ) -> Result<Signature, Refusal> {
        declined()
    }

    async fn open(&self, _: &JobRequest) -> Result<B256, Refusal> {
        declined()
    }

    async fn context(&self, _: &JobId) -> Vec<u8> {
        Vec::new()
    }

    fn result_deadline(&self, request: &JobRequest) -> u64 {
        request.deadline
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_an_executor() {
    let dir = tempdir().expect("a folder");
    let settings = Serving {
        token: None,
        jobs_max: 4,
    };
    let server = Server::open(&dir.path().join("jobs"), Declines, settings).expect("a store");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(server.serve(listener, std::future::pending()));
    let job = text_of(&corpus("job-id"));
    let paths = [
        "/v1/identity".to_owned(),
        format!("/v1/services/{}", B256::repeat_byte(4)),
        "/v1/acceptances".to_owned(),
        "/v1/jobs".to_owned(),
        format!("/v1/jobs/{job}"),
        format!("/v1/jobs/{job}/reveal"),
        format!("/v1/outputs/{}", B256::repeat_byte(6)),
        "/".to_owned(),
    ];
    let mut bodies = corpus("job");
    bodies.extend(corpus("acceptance-request"));
    hurl_at("executor", at, &paths, bodies, "/v1/identity").await;
}
