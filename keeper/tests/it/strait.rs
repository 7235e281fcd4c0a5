//! A way from a keeper to its endpoint on which a test says what passes.

use std::sync::Arc;

use alloy::transports::http::reqwest;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It passes.
    Open,
    /// It is refused.
    Shut,
}

/// Judges a request by its body.
pub(crate) type Judge = Arc<dyn Fn(&str) -> Passage + Send + Sync>;

#[derive(Clone)]
struct Strait {
    to: String,
    judge: Judge,
    client: reqwest::Client,
}

/// Begins a way to the endpoint at `to`, and answers where it begins.
pub(crate) async fn strait(to: String, judge: Judge) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    let client = reqwest::Client::new();
    let app = Router::new()
        .fallback(pass)
        .with_state(Strait { to, judge, client });
    tokio::spawn(async move { axum::serve(listener, app).await });
    at
}

async fn pass(State(strait): State<Strait>, body: Bytes) -> Response {
    let asked = String::from_utf8_lossy(&body).into_owned();
    match (strait.judge)(&asked) {
        Passage::Open => {}
        Passage::Shut => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    let json = (header::CONTENT_TYPE, "application/json");
    let sent = strait.client.post(&strait.to);
    let sent = sent.header(header::CONTENT_TYPE, json.1);
    let answer = match sent.body(body).send().await {
        Ok(answer) => answer.bytes().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(body) => ([json], body).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
