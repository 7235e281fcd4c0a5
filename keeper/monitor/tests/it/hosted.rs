//! A model behind HTTP that is good, slow, long, another, or no model at all.

use std::time::Duration;

use agentcity_monitor::scorer::{Hosted, HostedConfig, HostedError, Scorer, ScorerError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn config(endpoint: String) -> HostedConfig {
    HostedConfig {
        endpoint,
        model: "embedder-large".into(),
        version: "2026-05".into(),
        dimension: 3,
        timeout_ms: 400,
    }
}

/// A server that answers one request with these bytes, after this long; what it was asked.
async fn server(answer: String, pause: Duration) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/v1/embeddings?key=sesame",
        listener.local_addr().unwrap()
    );
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4_096];
        while !request.ends_with(b"}") {
            let read = stream.read(&mut buffer).await.unwrap();
            request.extend_from_slice(&buffer[..read]);
        }
        tokio::time::sleep(pause).await;
        // Who asked may have gone.
        let _ = stream.write_all(answer.as_bytes()).await;
        String::from_utf8(request).unwrap()
    });
    (url, asked)
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn ask(
    answer: String,
    pause: Duration,
) -> Result<agentcity_monitor::vector::Vector, ScorerError> {
    let (url, _asked) = server(answer, pause).await;
    let hosted = Hosted::new(&config(url), None).unwrap();
    hosted.vector("a text").await
}

const GOOD: &str = r#"{"object":"list","model":"embedder-large","data":[{"index":0,"embedding":[3.0,0.0,-4.0]}],"usage":{}}"#;

#[tokio::test]
async fn a_good_answer_is_a_vector_of_the_pinned_model() {
    let (url, asked) = server(http("200 OK", GOOD), Duration::ZERO).await;
    let hosted = Hosted::new(&config(url), Some("secret".into())).unwrap();
    assert_eq!(hosted.id().name(), "hosted/embedder-large/2026-05/3");
    let vector = hosted.vector("a text").await.unwrap();
    assert_eq!(serde_json::to_string(&vector).unwrap(), "\"26660000cccd\"");
    let asked = asked.await.unwrap();
    assert!(asked.contains("authorization: Bearer secret"), "{asked}");
    assert!(
        asked.ends_with(r#"{"model":"embedder-large","input":"a text"}"#),
        "{asked}"
    );
    assert!(!format!("{hosted:?}").contains("secret"));
}

#[tokio::test]
async fn every_other_answer_is_a_failure_of_its_own() {
    let long = format!("{}{}", " ".repeat(600 << 10), GOOD);
    let table = [
        (
            http("200 OK", &GOOD.replace("large", "small")),
            "another model",
        ),
        (http("200 OK", &GOOD.replace("3.0,", "")), "dimension"),
        (http("200 OK", &GOOD.replace("3.0", "1e999")), "shape"),
        (http("200 OK", "<html>"), "shape"),
        (
            http(
                "200 OK",
                &GOOD.replace("}],", "},{\"embedding\":[1,2,3]}],"),
            ),
            "shape",
        ),
        (http("200 OK", &long), "long"),
        (http("401 Unauthorized", ""), "status 401"),
        (http("503 Busy", ""), "status 503"),
        (
            http("307 Elsewhere\r\nlocation: http://127.0.0.1:1/", GOOD),
            "status 307",
        ),
        ("no http at all\r\n\r\n".to_owned(), "silent"),
        (String::new(), "silent"),
    ];
    for (answer, expected) in table {
        let shown: String = answer.chars().take(60).collect();
        let Err(ScorerError::Hosted(error)) = ask(answer, Duration::ZERO).await else {
            panic!("{shown} passed");
        };
        let kind = match &error {
            HostedError::OtherModel { found, .. } if found == "embedder-small" => {
                "another model".into()
            }
            HostedError::OtherDimension {
                expected: 3,
                found: 2,
            } => "dimension".into(),
            HostedError::Shape(_) => "shape".into(),
            HostedError::Long => "long".into(),
            HostedError::Status(status) => format!("status {status}"),
            HostedError::Silent(_) => "silent".into(),
            other => format!("{other:?}"),
        };
        assert_eq!(kind, expected, "{shown}: {error}");
        assert_eq!(
            error.is_passing(),
            matches!(expected, "silent" | "status 503"),
            "{error}"
        );
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_no_longer_than_configured() {
    let slow = ask(http("200 OK", GOOD), Duration::from_secs(30)).await;
    assert!(
        matches!(slow, Err(ScorerError::Hosted(HostedError::Silent(_)))),
        "{slow:?}"
    );
}

#[test]
fn a_configuration_that_pins_nothing_is_refused_by_its_key() {
    let good = config("https://embed.example/v1".into());
    let with = |change: &dyn Fn(&mut HostedConfig)| {
        let mut config = good.clone();
        change(&mut config);
        Hosted::new(&config, None).expect_err("refused").to_string()
    };
    for (said, starts) in [
        (with(&|c| c.endpoint = "ftp://sesame".into()), "endpoint"),
        (with(&|c| c.model = String::new()), "model"),
        (with(&|c| c.model = "a/b".into()), "model"),
        (with(&|c| c.version = "v 1".into()), "version"),
        (with(&|c| c.dimension = 0), "dimension = 0"),
        (with(&|c| c.timeout_ms = 99), "timeout_ms = 99"),
    ] {
        assert!(
            said.starts_with(starts) && !said.contains("sesame"),
            "{said}"
        );
    }
}
