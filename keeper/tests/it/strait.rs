//! A way from a keeper to its endpoint, or to an executor, on which a test says what passes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use alloy::transports::http::reqwest;
use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Longest request: what a keeper sends at most is some hundred kilobytes.
const BODY_MAX: usize = 64 << 20;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Passage {
    /// It passes.
    Open,
    /// It is refused.
    Shut,
    /// There is no answer, ever. The flag is raised when whoever asked gives it up.
    Held(Arc<AtomicBool>),
    /// The endpoint says that the chain refuses the call.
    Reverted,
}

/// Judges a request by its method, path and body.
pub(crate) type Judge = Arc<dyn Fn(&str) -> Passage + Send + Sync>;

#[derive(Clone)]
struct Strait {
    to: String,
    judge: Judge,
    client: reqwest::Client,
}

/// Raised when a request that is held is given up.
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Begins a way to the server at `to`, and answers where it begins.
pub(crate) async fn strait(to: String, judge: Judge) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    let strait = Strait {
        to: to.trim_end_matches('/').to_owned(),
        judge,
        client: reqwest::Client::new(),
    };
    let app = Router::new().fallback(pass).with_state(strait);
    tokio::spawn(async move { axum::serve(listener, app).await });
    at
}

async fn pass(State(strait): State<Strait>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let text = String::from_utf8_lossy(&body);
    match (strait.judge)(&format!("{} {path}\n{text}", head.method)) {
        Passage::Open => {}
        Passage::Shut => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Passage::Held(flag) => {
            let _given_up = GivenUp(flag);
            std::future::pending::<()>().await;
        }
        Passage::Reverted => return reverted(&body),
    }
    let url = format!("{}{path}", strait.to);
    let mut sent = strait.client.request(head.method, url);
    for name in [header::CONTENT_TYPE, header::AUTHORIZATION] {
        if let Some(value) = head.headers.get(&name) {
            sent = sent.header(name, value);
        }
    }
    let Ok(answer) = sent.body(body).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status();
    match answer.bytes().await {
        Ok(body) => (status, json_of(body)).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

fn json_of(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// What a node says of a call that a contract refuses.
fn reverted(asked: &[u8]) -> Response {
    let asked: Value = serde_json::from_slice(asked).expect("a question");
    let refused = json!({ "code": 3, "message": "execution reverted", "data": "0xdeadbeef" });
    let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": refused });
    json_of(answer.to_string().into())
}
