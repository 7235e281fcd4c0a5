//! The way from a keeper to a server: every request is counted there, and at the one that is to be the last the keeper is killed.

use std::sync::Arc;

use alloy::transports::http::reqwest;
use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use super::life::{Road, Tap};

/// Longest request: what a keeper sends at most is some hundred kilobytes.
const BODY_MAX: usize = 64 << 20;
/// How a transaction is handed in.
const SEND: &[u8] = b"eth_sendRawTransaction";

#[derive(Debug)]
struct Way {
    to: String,
    road: Road,
    tap: Arc<Tap>,
    client: reqwest::Client,
}

/// Begins a way to the server at `to`, and answers where it begins.
pub(super) async fn way(to: String, road: Road, tap: Arc<Tap>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    let way = Way {
        to: to.trim_end_matches('/').to_owned(),
        road,
        tap,
        client: reqwest::Client::new(),
    };
    let app = Router::new().fallback(pass).with_state(Arc::new(way));
    tokio::spawn(async move { axum::serve(listener, app).await });
    at
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // Whoever died while it spoke is not heard.
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return nobody();
    };
    let road = match way.road {
        Road::Chain if has(&body, SEND) => Road::Send,
        road => road,
    };
    let Some(asked) = way.tap.asks(road) else {
        return nobody();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut passed = way
        .client
        .request(head.method, format!("{}{path}", way.to))
        .body(body);
    if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
        passed = passed.header(header::CONTENT_TYPE, kind);
    }
    let Ok(answer) = passed.send().await else {
        return nobody();
    };
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
    let Ok(body) = answer.bytes().await else {
        return nobody();
    };
    if !way.tap.answers(&asked) {
        return nobody();
    }
    let mut response = (status, body).into_response();
    match kind {
        Some(kind) => response.headers_mut().insert(header::CONTENT_TYPE, kind),
        None => response.headers_mut().remove(header::CONTENT_TYPE),
    };
    response
}

/// There is nobody left to read it.
fn nobody() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

fn has(body: &Bytes, word: &[u8]) -> bool {
    body.windows(word.len()).any(|window| window == word)
}
