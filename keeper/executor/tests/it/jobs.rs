//! Jobs of an honest executor: done once, sealed, opened, stopped, and not lost by a kill.

use std::{sync::atomic::Ordering, time::Duration};

use agentcity_executor::{
    client::{ClientError, Disposition},
    protocol::{AcceptanceRequest, Cause, Check, Code, Comparison, Kind, Place, Standing, Text},
    schema::{self, Found, SchemaError},
    value,
};
use alloy::primitives::{B256, Bytes, keccak256};
use serde_json::json;
use tempfile::tempdir;

use crate::support::{
    Agent, CODE, Does, Mood, Running, SERVICE, TRAILS, VENUE, cause, request, until,
};

fn answers(output: &[u8]) -> Does {
    Does::Answers(output.to_vec(), 40)
}

/// Whether an agent that drafts said what it says, both of it.
fn spoke(answer: &Result<Standing, ClientError>) -> bool {
    matches!(answer, Ok(Standing::Running(usage)) if usage.messages == 2)
}

fn over(answer: &Result<Standing, ClientError>) -> bool {
    !matches!(answer, Ok(Standing::Running(_)))
}

const CONSENSUS: Check = Check::Consensus(Comparison::Exact);

#[tokio::test]
async fn a_proof_is_delivered_with_its_trail_and_asked_for_again_is_the_same() {
    let (agent, folder) = (Agent::that(answers(b"found")), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(Check::Proof, b"found"));
    client.identity().await.unwrap();
    let asked = || client.invoke(&request);
    let Ok(Standing::Delivered(delivery)) = until(asked, over).await else {
        panic!("not delivered")
    };
    assert_eq!(delivery.output.bytes().as_ref(), b"found");
    assert_eq!(delivery.trail.usage().tokens, 40);
    assert_eq!(delivery.trail.root(), delivery.result.trail_root);
    let heard = client.heard(&request, &delivery).await.unwrap();
    assert_eq!(heard, [Bytes::from("think")]);
    let again = client.standing(&request).await.unwrap();
    assert_eq!(again, Standing::Delivered(delivery));
    assert_eq!(agent.runs.load(Ordering::SeqCst), 1);
    assert_eq!(agent.signatures.load(Ordering::SeqCst), 1);
    let hash = value::output_hash(Check::Proof, b"found").unwrap();
    assert_eq!(
        client.output(Check::Proof, hash).await.unwrap().as_ref(),
        b"found"
    );
}

/// INV-EXECUTOR-02.
#[tokio::test]
async fn a_sealed_value_tells_nothing_until_the_chain_opens_it() {
    let (agent, folder) = (Agent::that(answers(b"yes")), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(CONSENSUS, b""));
    let asked = || client.invoke(&request);
    let Ok(Standing::Committed(commitment)) = until(asked, over).await else {
        panic!("not committed")
    };
    let said = client.said(&request.job, 0).await.unwrap();
    assert!(
        said.messages.is_empty(),
        "nothing is told of what is sealed"
    );
    let told = serde_json::to_string(&commitment).unwrap();
    let value_hash = keccak256(keccak256("yes"));
    for secret in [keccak256("yes"), value_hash] {
        assert!(!told.contains(&secret.to_string()[2..]), "{told}");
    }
    let early = client.reveal(&request).await.unwrap_err();
    assert!(
        matches!(&early, ClientError::Refused { refusal, .. } if refusal.code == Code::TooEarly)
    );
    assert_eq!(early.disposition(), Disposition::Retry);
    let hidden = client.output(CONSENSUS, value_hash).await.unwrap_err();
    assert!(
        matches!(hidden, ClientError::Refused { refusal, .. } if refusal.code == Code::Unknown)
    );

    *agent.opens.lock() = Some(TRAILS);
    let delivery = client.reveal(&request).await.unwrap();
    assert_eq!(delivery.result.kind, Kind::Reveal);
    assert_eq!(delivery.result.trail_root, TRAILS);
    assert_eq!(
        delivery.commitment(&request),
        Some(commitment.result.output_hash)
    );
    assert_eq!(delivery.trail.root(), commitment.result.trail_root);
    let heard = client.heard(&request, &delivery).await.unwrap();
    assert_eq!(heard, [Bytes::from("think")]);
    assert_eq!(client.reveal(&request).await.unwrap(), delivery);
    assert_eq!(
        client.output(CONSENSUS, value_hash).await.unwrap().as_ref(),
        b"yes"
    );
}

/// INV-EXECUTOR-01.
#[tokio::test]
async fn a_kill_before_during_or_after_the_work_loses_nothing_and_signs_nothing_twice() {
    let folder = tempdir().unwrap();
    let request = request(CONSENSUS, b"");
    // Killed while it works.
    let agent = Agent::that(Does::Hangs);
    let server = Running::of(&agent, folder.path()).await;
    let standing = server.client().invoke(&request).await.unwrap();
    assert!(matches!(standing, Standing::Running(_)));
    server.kill().await;
    // Goes on by itself: nobody asks for it again.
    let agent = Agent::that(answers(b"yes"));
    let server = Running::of(&agent, folder.path()).await;
    let client = server.client();
    let Ok(before) = until(|| client.standing(&request), over).await else {
        panic!("no standing")
    };
    assert!(matches!(before, Standing::Committed(_)));
    server.kill().await;
    // What was signed is what is told, and the work is not done again.
    let agent = Agent::that(answers(b"no"));
    let server = Running::of(&agent, folder.path()).await;
    assert_eq!(server.client().invoke(&request).await.unwrap(), before);
    assert_eq!(agent.runs.load(Ordering::SeqCst), 0);
    assert_eq!(agent.signatures.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_job_has_one_meaning_and_a_service_so_many_jobs_as_it_may() {
    let (agent, folder) = (Agent::that(Does::Hangs), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let client = server.client();
    let first = request(Check::Proof, b"");
    client.invoke(&first).await.unwrap();
    let mut moved = first.clone();
    moved.deadline += 900;
    client
        .invoke(&moved)
        .await
        .expect("a halt moves the deadline of the same job");
    let mut other = first.clone();
    other.limits.tokens += 1;
    let refused = |error: ClientError| match error {
        ClientError::Refused { refusal, .. } => refusal.code,
        error => panic!("{error}"),
    };
    assert_eq!(
        refused(client.invoke(&other).await.unwrap_err()),
        Code::Conflict
    );
    let seat = |number| {
        let mut request = first.clone();
        request.job.seat = Place::new(number).unwrap();
        request
    };
    client.invoke(&seat(1)).await.expect("two at a time");
    assert_eq!(
        refused(client.invoke(&seat(2)).await.unwrap_err()),
        Code::Busy
    );
    assert_eq!(
        refused(client.invoke(&seat(6)).await.unwrap_err()),
        Code::Declined
    );
    let stranger = crate::support::client(server.address, "open barley");
    assert_eq!(
        refused(stranger.invoke(&first).await.unwrap_err()),
        Code::Unauthorized
    );
    stranger.identity().await.expect("reading is open");
    let mut forged = first.clone();
    forged.inputs[0].content = agentcity_executor::protocol::Output::new(b"[3]".to_vec()).unwrap();
    assert_eq!(
        refused(client.invoke(&forged).await.unwrap_err()),
        Code::Malformed
    );
}

#[tokio::test]
async fn a_stop_ends_the_work_at_once_and_answers_one_snapshot() {
    let (agent, folder) = (Agent::that(Does::Hangs), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(Check::Proof, b""));
    client.invoke(&request).await.unwrap();
    let running = || async { agent.runs.load(Ordering::SeqCst) };
    until(running, |runs| *runs == 1).await;
    let snapshot = client.stop(&request.job).await.unwrap();
    assert_eq!(
        agent.dropped.load(Ordering::SeqCst),
        1,
        "the work was ended before the answer"
    );
    assert_eq!(snapshot.tokens_allocated, 100);
    assert_eq!(snapshot.context.bytes().as_ref(), b"what it had in mind");
    assert_eq!(client.stop(&request.job).await.unwrap(), snapshot);
    *agent.takes.lock() = false;
    let standing = client.invoke(&request).await.unwrap();
    assert_eq!(standing, Standing::Stopped(snapshot.clone()));
    server.kill().await;
    let server = Running::of(&agent, folder.path()).await;
    let again = server.client().stop(&request.job).await.unwrap();
    assert_eq!(again, snapshot, "after a restart too");
    assert_eq!(
        agent.runs.load(Ordering::SeqCst),
        1,
        "nothing is begun again"
    );
}

#[tokio::test]
async fn a_snapshot_tells_what_was_said_last_and_what_was_produced_so_far() {
    let (agent, folder) = (Agent::that(Does::Drafts), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(CONSENSUS, b""));
    client.invoke(&request).await.unwrap();
    until(|| client.standing(&request), spoke).await.unwrap();
    let snapshot = client.stop(&request.job).await.unwrap();
    assert_eq!(snapshot.last_step.bytes().as_ref(), b"then that");
    assert_eq!(snapshot.partial_output.bytes().as_ref(), b"one ha");
    assert_eq!((snapshot.usage.messages, snapshot.usage.tokens), (2, 2));
}

#[tokio::test]
async fn whoever_asks_for_a_stop_at_once_or_again_is_told_the_same_and_whole() {
    let (agent, folder) = (Agent::that(Does::Drafts), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(Check::Proof, b""));
    client.invoke(&request).await.unwrap();
    until(|| client.standing(&request), spoke).await.unwrap();

    // ---- the first is gone before there is an answer: nothing runs, and nothing is lost.
    *agent.mood.lock() = Mood::Hangs;
    let unanswered = client.stop(&request.job).await.unwrap_err();
    assert!(
        !matches!(unanswered, ClientError::Refused { .. }),
        "{unanswered}"
    );
    assert_eq!(agent.dropped.load(Ordering::SeqCst), 1);
    let standing = client.standing(&request).await.unwrap();
    assert!(matches!(standing, Standing::Running(_)), "{standing:?}");

    // ---- two at once, who wait for the same stop.
    *agent.mood.lock() = Mood::Well;
    let other = server.client();
    let both = || async { tokio::join!(client.stop(&request.job), other.stop(&request.job)) };
    let both = until(both, |(one, two)| one.is_ok() && two.is_ok()).await;
    let (one, two) = (both.0.unwrap(), both.1.unwrap());
    assert_eq!(one, two);
    assert_eq!(one.last_step.bytes().as_ref(), b"then that");
    assert_eq!(one.partial_output.bytes().as_ref(), b"one ha");

    // ---- what was stopped makes room, and is done anew when the chain lets it.
    client.invoke(&request).await.unwrap();
    until(|| client.standing(&request), spoke).await.unwrap();
    let anew = client.stop(&request.job).await.unwrap();
    assert_eq!(anew.context.bytes().as_ref(), b"what it had in mind");
    assert_eq!(anew.trail, one.trail);
    assert_eq!(agent.dropped.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_an_agent_never_says_it_had_in_mind_is_asked_once_for_all_and_keeps_no_stop_from_its_end()
 {
    const ASKERS: usize = 16;
    let (agent, folder) = (Agent::that(Does::Drafts), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(Check::Proof, b""));
    client.invoke(&request).await.unwrap();
    until(|| client.standing(&request), spoke).await.unwrap();
    *agent.mood.lock() = Mood::Hangs;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..ASKERS {
        let (client, job) = (server.client(), request.job);
        asked.spawn(async move { client.stop(&job).await });
    }
    asked.join_all().await;
    assert_eq!(agent.contexts.load(Ordering::SeqCst), 1);

    // ---- it is sealed in time, without what nobody said, and stands so.
    let stop = || client.stop(&request.job);
    let snapshot = until(stop, Result::is_ok).await.unwrap();
    assert!(snapshot.context.bytes().is_empty());
    assert_eq!(snapshot.last_step.bytes().as_ref(), b"then that");
    assert_eq!(
        client.standing(&request).await.unwrap(),
        Standing::Stopped(snapshot)
    );
    assert_eq!(agent.contexts.load(Ordering::SeqCst), 1);
}

/// More than one thread: the work wakes by the stop while it is being ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_that_notices_its_stop_was_stopped_and_did_not_fail() {
    const ROUNDS: u16 = 100;
    let (agent, folder) = (Agent::that(Does::Drafts), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let client = server.client();
    for node in 0..ROUNDS {
        let mut request = request(Check::Proof, b"");
        request.job.node = node;
        client.invoke(&request).await.unwrap();
        let snapshot = client.stop(&request.job).await.unwrap();
        let standing = client.standing(&request).await.unwrap();
        assert_eq!(standing, Standing::Stopped(snapshot), "round {node}");
    }
}

#[tokio::test]
async fn what_is_delivered_is_told_whole_when_it_is_stopped_and_stands_as_it_stood() {
    let (agent, folder) = (Agent::that(answers(b"[3]")), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(Check::Proof, b"[3]"));
    let delivered = until(|| client.invoke(&request), over).await.unwrap();
    let Standing::Delivered(delivery) = &delivered else {
        panic!("{delivered:?}");
    };
    let snapshot = client.stop(&request.job).await.unwrap();
    assert_eq!(snapshot.partial_output.bytes(), delivery.output.bytes());
    assert_eq!(snapshot.trail.as_ref(), Some(&delivery.trail));
    assert_eq!(client.standing(&request).await.unwrap(), delivered);
}

#[tokio::test]
async fn a_stopped_seal_stays_shut() {
    let (agent, folder) = (Agent::that(answers(b"yes")), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let (client, request) = (server.client(), request(CONSENSUS, b""));
    until(|| client.invoke(&request), over).await.unwrap();
    let snapshot = client.stop(&request.job).await.unwrap();
    assert_eq!(snapshot.trail, None, "a trail would tell the value");
    let told = (snapshot.last_step.bytes(), snapshot.partial_output.bytes());
    assert!(told.0.is_empty() && told.1.is_empty());
    *agent.opens.lock() = Some(TRAILS);
    let refused = client.reveal(&request).await.unwrap_err();
    assert!(
        matches!(refused, ClientError::Refused { refusal, .. } if refusal.code == Code::Conflict)
    );
}

#[tokio::test]
async fn tokens_time_and_schema_are_held() {
    let cases = [
        (Does::Answers(b"1".to_vec(), 101), Cause::Tokens),
        (Does::Talks, Cause::Tokens),
        (Does::Hangs, Cause::Latency),
        (Does::Changes, Cause::CodeChanged),
        (answers(b"\"text\""), Cause::Output),
        (answers(b"no json"), Cause::Output),
    ];
    for (does, wanted) in cases {
        let (agent, folder) = (Agent::that(does.clone()), tempdir().unwrap());
        let server = Running::of(&agent, folder.path()).await;
        let client = server.client();
        let mut request = request(Check::Proof, b"1");
        request.limits.latency_ms = 200;
        let schema = r#"{"type":"integer"}"#;
        request.task.output_schema = Some(Text::new(schema).unwrap());
        request.terms.output_schema_hash = keccak256(schema);
        match until(|| client.invoke(&request), over).await {
            Ok(Standing::Failed(failure)) => assert_eq!(cause(&failure), wanted, "{does:?}"),
            other => panic!("{does:?}: {other:?}"),
        }
        assert_eq!(
            agent.signatures.load(Ordering::SeqCst),
            0,
            "{does:?} was signed"
        );
    }
}

#[tokio::test]
async fn an_acceptance_is_the_agents_own() {
    let (agent, folder) = (Agent::that(Does::Hangs), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let job = request(Check::Proof, b"").job;
    let ask = |executor| AcceptanceRequest {
        venue: VENUE,
        job,
        executor,
        service: SERVICE,
        deadline: 1,
    };
    let own = ask(agent.key.address());
    server.client().accept(&own).await.unwrap();
    let other = ask(crate::support::key(8).address());
    let refused = server.client().accept(&other).await.unwrap_err();
    assert!(
        matches!(refused, ClientError::Refused { refusal, .. } if refusal.code == Code::Declined)
    );
}

#[tokio::test]
async fn live_code_is_compared_within_its_time() {
    let (agent, folder) = (Agent::that(Does::Hangs), tempdir().unwrap());
    let server = Running::of(&agent, folder.path()).await;
    let client = server.client();
    let second = Duration::from_secs(1);
    assert_eq!(client.live_code(SERVICE, CODE, second).await.unwrap(), CODE);
    // Connections are taken, and nobody answers.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mute_client = crate::support::client(mute.local_addr().unwrap(), "");
    let short = Duration::from_millis(20);
    let late = mute_client
        .live_code(SERVICE, CODE, short)
        .await
        .unwrap_err();
    assert!(late.to_string().contains("not within 20 ms"), "{late}");
    assert_eq!(late.disposition(), Disposition::Retry);
    let unknown = client
        .live_code(B256::ZERO, CODE, second)
        .await
        .unwrap_err();
    assert_eq!(unknown.disposition(), Disposition::GiveUp);
    let lost = crate::support::client(([127, 0, 0, 1], 9).into(), "");
    assert_eq!(
        lost.identity().await.unwrap_err().disposition(),
        Disposition::Retry
    );
}

#[test]
fn executors_are_asked_on_this_machine_or_over_tls() {
    use agentcity_executor::client::{Account, Client, Patience};
    for base in [
        "http://example.org",
        "ftp://localhost",
        "urn:x",
        "",
        "https://a@b",
    ] {
        let made = Client::new(
            base,
            VENUE.statute,
            Account::Key,
            VENUE,
            None,
            Patience::default(),
        );
        assert!(made.is_err(), "{base}");
    }
}

#[test]
fn schemas_decide_what_they_can_and_say_what_not() {
    let refused = |place: &str, broken: &str| {
        Err(SchemaError::Refused {
            what: "output",
            broken: broken.to_owned(),
            place: place.to_owned(),
        })
    };
    let object = json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 2, "uniqueItems": true}}
    });
    let cases = [
        (json!({"type": "integer"}), json!(1), Ok(Found::Allowed)),
        (json!({"type": "integer"}), json!(1.5), refused("/", "type")),
        (
            json!({"type": ["null", "string"], "minLength": 2}),
            json!("é"),
            refused("/", "minLength"),
        ),
        (object.clone(), json!({"a": [1, 2]}), Ok(Found::Allowed)),
        (
            object.clone(),
            json!({"a": [1, -2]}),
            refused("/a/1", "minimum"),
        ),
        (
            object.clone(),
            json!({"a": [1, 1]}),
            refused("/a", "uniqueItems"),
        ),
        (
            object.clone(),
            json!({"a": [], "b/": 1}),
            refused("/b~1", "false"),
        ),
        (object, json!({}), refused("/", "required")),
        (
            json!({"oneOf": [{"type": "integer"}, {"minimum": 5}]}),
            json!(7),
            refused("/", "oneOf"),
        ),
        (
            json!({"anyOf": [{"const": 1}, {"enum": ["x"]}]}),
            json!("x"),
            Ok(Found::Allowed),
        ),
        (
            json!({"not": {"type": "null"}}),
            json!(null),
            refused("/", "not"),
        ),
        (
            json!({"type": "string", "pattern": "^(a+)+$"}),
            json!(1),
            Ok(Found::Undecided("`pattern` is not decided".to_owned())),
        ),
        (
            json!({"$ref": "#"}),
            json!(1),
            Ok(Found::Undecided("`$ref` is not decided".to_owned())),
        ),
    ];
    for (schema, instance, wanted) in cases {
        let found = schema::check("output", &schema.to_string(), &instance);
        assert_eq!(found, wanted, "{schema} of {instance}");
    }
    // Some hundred bytes that would take years are given up.
    let mut deep = json!({"type": "integer"});
    for _ in 0..24 {
        deep = json!({"allOf": [deep.clone(), deep]});
        if deep.to_string().len() > 60_000 {
            break;
        }
    }
    assert_eq!(
        schema::check("output", &deep.to_string(), &json!(1)),
        Ok(Found::Allowed)
    );
}
