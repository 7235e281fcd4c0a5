//! Asks servers everything that the document knows, so that each answers in every way it can.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use agentcity_executor::protocol::{
    AcceptanceRequest, Cause, Check, Code, Comparison, JobRequest, MESSAGE_BYTES_MAX, Place, Text,
};
use agentcity_test_fixtures::openapi::Judge;
use alloy::primitives::{B256, keccak256};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::support::{Agent, Does, Mood, Running, SERVICE, TRAILS, VENUE, key, request};

/// As many requests as a server takes at a time, and more than that.
const FLOOD: usize = 40;
const TOKEN: &str = "open sesame";
const JOBS: &str = "/v1/jobs";
const JOB: &str = "/v1/jobs/{job}";
const REVEAL: &str = "/v1/jobs/{job}/reveal";
const SAID: &str = "/v1/jobs/{job}/messages/{from}";
const OUTPUT: &str = "/v1/outputs/{hash}";
const SERVICE_AT: &str = "/v1/services/{service}";
const ACCEPTANCES: &str = "/v1/acceptances";
const IDENTITY: &str = "/v1/identity";

/// All that is on a path: its method, the path, and what the braces of it may hold.
const ALL: [(&str, &str); 9] = [
    ("get", IDENTITY),
    ("get", SERVICE_AT),
    ("post", ACCEPTANCES),
    ("post", JOBS),
    ("get", JOB),
    ("get", SAID),
    ("delete", JOB),
    ("post", REVEAL),
    ("get", OUTPUT),
];

pub(super) async fn everything(judge: &mut Judge) {
    proofs(judge).await;
    seals(judge).await;
    failures(judge).await;
    strangers(judge).await;
    troubles(judge).await;
}

/// Somebody who asks a server, and has all that is said judged.
struct Visitor<'j> {
    judge: &'j mut Judge,
    client: Client,
    server: SocketAddr,
}

impl<'j> Visitor<'j> {
    fn of(judge: &'j mut Judge, server: &Running) -> Self {
        Self {
            judge,
            client: Client::new(),
            server: server.address,
        }
    }

    /// Asks what need not be of the protocol. Status and body.
    async fn asks(&mut self, (method, path): (&str, &str), part: &str, body: &str) -> (u16, Value) {
        self.asks_with(TOKEN, (method, path), part, body).await
    }

    async fn asks_with(
        &mut self,
        token: &str,
        (method, path): (&str, &str),
        part: &str,
        body: &str,
    ) -> (u16, Value) {
        let url = match path.split_once(['{', '}']) {
            Some((before, rest)) => {
                let after = rest.split_once('}').map_or("", |(_, after)| after);
                let after = after.replace("{from}", "0");
                format!("http://{}{before}{part}{after}", self.server)
            }
            None => format!("http://{}{path}", self.server),
        };
        let method_name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let asked = self
            .client
            .request(method_name, url)
            .header("authorization", format!("Bearer {token}"))
            .body(body.to_owned());
        let answer = asked.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let text = answer.text().await.unwrap();
        let answered = (method.to_owned(), path.to_owned(), status);
        self.judge.answered(answered, &kind, &text);
        (status, serde_json::from_str(&text).expect("JSON"))
    }

    /// Asks a question of the protocol without a body.
    async fn reads(&mut self, operation: (&str, &str), part: &str) -> Value {
        let (status, body) = self.asks(operation, part, "").await;
        assert_eq!(status, 200, "{operation:?}: {body}");
        body
    }

    /// Asks for work, which is one of the protocol.
    async fn invokes(&mut self, request: &JobRequest) -> (u16, Value) {
        let body = serde_json::to_value(request).unwrap();
        self.judge.asked("post", JOBS, &body);
        self.asks(("post", JOBS), "", &body.to_string()).await
    }

    /// Asks for work until it is no longer being done.
    async fn outwaits(&mut self, request: &JobRequest) -> Value {
        for _ in 0..500 {
            let (status, body) = self.invokes(request).await;
            assert_eq!(status, 200, "{body}");
            if body["running"].is_null() {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never ended")
    }

    async fn is_refused(&mut self, operation: (&str, &str), part: &str, body: &str, code: Code) {
        let (status, told) = self.asks(operation, part, body).await;
        assert_eq!(status, code.status(), "{operation:?} of {part}: {told}");
    }
}

/// Everything that a request may hold.
fn full(check: Check, expected: &[u8]) -> JobRequest {
    let mut request = request(check, expected);
    let schema = r#"{"type":["integer","string","array"]}"#;
    for (text, hash) in [
        (
            &mut request.task.input_schema,
            &mut request.terms.input_schema_hash,
        ),
        (
            &mut request.task.output_schema,
            &mut request.terms.output_schema_hash,
        ),
    ] {
        *text = Some(Text::new(schema).unwrap());
        *hash = keccak256(schema);
    }
    request.task.label = Some(Text::new("count").unwrap());
    request.terms.label_hash = keccak256("count");
    request.task.rubric = Some(Text::new("counted is counted").unwrap());
    request.terms.rubric_hash = keccak256("counted is counted");
    request.limits.network_policies = vec![B256::repeat_byte(1), B256::repeat_byte(2)];
    request
}

fn acceptance(executor: u8) -> String {
    let request = AcceptanceRequest {
        venue: VENUE,
        job: request(Check::Proof, b"").job,
        executor: key(executor).address(),
        service: SERVICE,
        deadline: 1,
    };
    serde_json::to_string(&request).unwrap()
}

async fn serve(does: Does, folder: &Path) -> (Arc<Agent>, Running) {
    let agent = Agent::that(does);
    let server = Running::of(&agent, folder).await;
    (agent, server)
}

/// Work that is open from the beginning: asked for, delivered, read, stopped.
async fn proofs(judge: &mut Judge) {
    let folder = tempdir().unwrap();
    let (_agent, server) = serve(Does::Answers(b"7".to_vec(), 40), folder.path()).await;
    let mut visitor = Visitor::of(judge, &server);
    visitor.reads(("get", IDENTITY), "").await;
    visitor
        .reads(("get", SERVICE_AT), &SERVICE.to_string())
        .await;
    let body = acceptance(7);
    let told: Value = serde_json::from_str(&body).unwrap();
    visitor.judge.asked("post", ACCEPTANCES, &told);
    let (status, _) = visitor.asks(("post", ACCEPTANCES), "", &body).await;
    assert_eq!(status, 200);
    let request = full(Check::Proof, b"7");
    let delivered = visitor.outwaits(&request).await;
    assert!(delivered["delivered"].is_object(), "{delivered}");
    let job = request.job.to_string();
    visitor.reads(("get", JOB), &job).await;
    visitor.reads(("get", SAID), &job).await;
    visitor
        .reads(("get", OUTPUT), &keccak256("7").to_string())
        .await;
    visitor.reads(("post", REVEAL), &job).await;
    visitor.reads(("delete", JOB), &job).await;
}

/// Work that is sealed, by every comparison and for review: too early, declined, opened; stopped, and shut for good.
async fn seals(judge: &mut Judge) {
    let folder = tempdir().unwrap();
    let (agent, server) = serve(Does::Answers(b"7".to_vec(), 0), folder.path()).await;
    let mut visitor = Visitor::of(judge, &server);
    let checks = [
        Check::Consensus(Comparison::Exact),
        Check::Consensus(Comparison::Numeric),
        Check::Consensus(Comparison::Sketch),
        Check::Consensus(Comparison::Set),
        Check::Review,
    ];
    for (seat, check) in (0..).zip(checks) {
        let mut request = full(check, b"");
        request.job.seat = Place::new(seat).unwrap();
        // A numeric value is a word; others of these take any bytes or refuse them, which is an answer as well.
        let (status, told) = visitor.invokes(&request).await;
        assert_eq!(status, 200, "{told}");
        visitor.outwaits(&request).await;
    }
    let mut sealed = request(Check::Consensus(Comparison::Exact), b"");
    let job = sealed.job.to_string();
    let committed = visitor.reads(("get", JOB), &job).await;
    assert!(committed["committed"].is_object(), "{committed}");
    visitor
        .is_refused(("post", REVEAL), &job, "", Code::TooEarly)
        .await;
    *agent.mood.lock() = Mood::Refuses(Code::Declined);
    visitor
        .is_refused(("post", REVEAL), &job, "", Code::Declined)
        .await;
    *agent.mood.lock() = Mood::Well;
    sealed.limits.tokens += 1;
    let (status, _) = visitor.invokes(&sealed).await;
    assert_eq!(status, Code::Conflict.status());
    *agent.opens.lock() = Some(TRAILS);
    visitor.reads(("post", REVEAL), &job).await;
    let mut other = request(Check::Review, b"");
    other.job.seat = Place::new(4).unwrap();
    let job = other.job.to_string();
    visitor.reads(("delete", JOB), &job).await;
    visitor
        .is_refused(("post", REVEAL), &job, "", Code::Conflict)
        .await;
}

/// Work that fails for every cause, and work that is stopped while it goes on.
async fn failures(judge: &mut Judge) {
    let causes = [
        Cause::CodeChanged,
        Cause::Latency,
        Cause::Resources,
        Cause::Tokens,
        Cause::Network,
        Cause::Output,
        Cause::Service,
    ];
    for cause in causes {
        let folder = tempdir().unwrap();
        let (_agent, server) = serve(Does::Fails(cause), folder.path()).await;
        let mut visitor = Visitor::of(judge, &server);
        let request = request(Check::Proof, b"");
        let failed = visitor.outwaits(&request).await;
        assert_eq!(failed["failed"]["cause"], json!(cause));
        let job = request.job.to_string();
        visitor
            .is_refused(("delete", JOB), &job, "", Code::Conflict)
            .await;
    }
    let folder = tempdir().unwrap();
    let (agent, server) = serve(Does::Drafts, folder.path()).await;
    let mut visitor = Visitor::of(judge, &server);
    let request = request(Check::Proof, b"");
    let (_, running) = visitor.invokes(&request).await;
    assert!(running["running"].is_object(), "{running}");
    let job = request.job.to_string();
    visitor
        .is_refused(("post", REVEAL), &job, "", Code::TooEarly)
        .await;
    visitor.reads(("delete", JOB), &job).await;
    *agent.takes.lock() = false;
    let (_, stopped) = visitor.invokes(&request).await;
    assert!(stopped["stopped"].is_object(), "{stopped}");
}

/// What is not of the protocol, whom the agent does not know, and more than may be at a time.
async fn strangers(judge: &mut Judge) {
    let folder = tempdir().unwrap();
    let (_agent, server) = serve(Does::Hangs, folder.path()).await;
    let mut visitor = Visitor::of(judge, &server);
    let job = request(Check::Proof, b"").job;
    let name = job.to_string();
    for (operation, part) in [
        (("get", SERVICE_AT), "0x12"),
        (("get", JOB), "0x12-0-0-0"),
        (("get", SAID), "0x12-0-0-0"),
        (("delete", JOB), "0x12-0-0-0"),
        (("post", REVEAL), "0x12-0-0-0"),
        (("get", OUTPUT), "0x12"),
        // No UTF-8 behind its digits.
        (("get", OUTPUT), "%ff"),
    ] {
        visitor
            .is_refused(operation, part, "", Code::Malformed)
            .await;
    }
    let unknown = B256::ZERO.to_string();
    for (operation, part) in [
        (("get", SERVICE_AT), &unknown),
        (("get", JOB), &name),
        (("get", SAID), &name),
        (("delete", JOB), &name),
        (("post", REVEAL), &name),
        (("get", OUTPUT), &unknown),
    ] {
        visitor.is_refused(operation, part, "", Code::Unknown).await;
    }
    let flood = " ".repeat(MESSAGE_BYTES_MAX + 1);
    for path in [ACCEPTANCES, JOBS] {
        for body in ["", "{}", "[", &flood] {
            visitor
                .is_refused(("post", path), "", body, Code::Malformed)
                .await;
        }
    }
    for (method, path) in ALL
        .into_iter()
        .filter(|(_, path)| !path.starts_with(IDENTITY) && *path != SERVICE_AT && *path != OUTPUT)
    {
        let (status, _) = visitor
            .asks_with("open barley", (method, path), &name, "")
            .await;
        assert_eq!(status, Code::Unauthorized.status(), "{method} {path}");
    }
    visitor
        .is_refused(("post", ACCEPTANCES), "", &acceptance(8), Code::Declined)
        .await;
    for (seat, wanted) in [(6, 403), (0, 200), (1, 200), (2, 429)] {
        let mut request = request(Check::Proof, b"");
        request.job.seat = Place::new(seat).unwrap();
        let (status, told) = visitor.invokes(&request).await;
        assert_eq!(status, wanted, "{told}");
    }
}

/// An agent that says no, a store that fails, and more questions than may be at a time.
async fn troubles(judge: &mut Judge) {
    let folder = tempdir().unwrap();
    let (agent, server) = serve(Does::Hangs, folder.path()).await;
    let mut visitor = Visitor::of(judge, &server);
    let job = request(Check::Proof, b"").job.to_string();
    let (service, hash) = (SERVICE.to_string(), B256::ZERO.to_string());
    let work = serde_json::to_string(&request(Check::Proof, b"")).unwrap();
    let asked = acceptance(7);
    let ask = |path: &str| match path {
        SERVICE_AT => (service.as_str(), ""),
        ACCEPTANCES => ("", asked.as_str()),
        JOBS => ("", work.as_str()),
        OUTPUT => (hash.as_str(), ""),
        IDENTITY => ("", ""),
        _ => (job.as_str(), ""),
    };
    *agent.mood.lock() = Mood::Refuses(Code::Conflict);
    let (part, body) = ask(ACCEPTANCES);
    visitor
        .is_refused(("post", ACCEPTANCES), part, body, Code::Conflict)
        .await;

    *agent.mood.lock() = Mood::Refuses(Code::Internal);
    let store = rusqlite::Connection::open(folder.path().join("jobs")).unwrap();
    store.execute_batch("DROP TABLE jobs").unwrap();
    for (method, path) in ALL {
        let (part, body) = ask(path);
        visitor
            .is_refused((method, path), part, body, Code::Internal)
            .await;
    }

    *agent.mood.lock() = Mood::Hangs;
    let url = format!("http://{}{IDENTITY}", server.address);
    let client = visitor.client.clone();
    let held: Vec<_> = (0..FLOOD)
        .map(|_| tokio::spawn(client.get(&url).send()))
        .collect();
    // Those that found room hang; when all others were refused there is none left.
    while held.iter().filter(|one| one.is_finished()).count() < FLOOD - 32 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (method, path) in ALL {
        let (part, body) = ask(path);
        visitor
            .is_refused((method, path), part, body, Code::Busy)
            .await;
    }
    for one in held {
        one.abort();
    }
}
