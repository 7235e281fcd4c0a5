//! The engine behind HTTP: paths, bounds and refusals.

use std::{fmt, sync::Arc, time::Duration};

use alloy::primitives::B256;
use axum::{
    Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, Request, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Semaphore;

use super::{Handler, Token, engine::Engine};
use crate::protocol::{Code, JobId, MESSAGE_BYTES_MAX, Refusal};

/// Requests at a time: more are refused at once, so that nobody waits for a flood. Each holds [`MESSAGE_BYTES_MAX`] at most.
const REQUESTS_MAX: usize = 32;
/// How long a request may take, its body's arrival included. Work goes on behind it.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Shared<H> {
    engine: Arc<Engine<H>>,
    token: Option<Token>,
    room: Semaphore,
}

type Served<H> = State<Arc<Shared<H>>>;
/// What came, or why it was not taken: that is told as every refusal is.
type Body = Result<Bytes, BytesRejection>;
type Part = Result<Path<String>, PathRejection>;

pub(super) fn router<H: Handler>(engine: Arc<Engine<H>>, token: Option<Token>) -> Router {
    let shared = Arc::new(Shared {
        engine,
        token,
        room: Semaphore::new(REQUESTS_MAX),
    });
    let acting = Router::new()
        .route("/acceptances", post(accept::<H>))
        .route("/jobs", post(take::<H>))
        .route("/jobs/{job}", get(standing::<H>).delete(stop::<H>))
        .route("/jobs/{job}/messages/{from}", get(said::<H>))
        .route("/jobs/{job}/reveal", post(reveal::<H>))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            authorise::<H>,
        ));
    let reading = Router::new()
        .route("/identity", get(identity::<H>))
        .route("/services/{service}", get(live_code::<H>))
        .route("/outputs/{hash}", get(output::<H>));
    Router::new()
        .nest("/v1", acting.merge(reading))
        .fallback(async || refuse(&Refusal::new(Code::Unknown, "no such path")))
        .method_not_allowed_fallback(async || {
            refuse(&Refusal::new(
                Code::Malformed,
                "the path does not take this method",
            ))
        })
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            bound::<H>,
        ))
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES_MAX))
        .with_state(shared)
}

async fn bound<H: Handler>(State(shared): Served<H>, request: Request, next: Next) -> Response {
    let Ok(_room) = shared.room.try_acquire() else {
        return refuse(&Refusal::new(Code::Busy, "too many requests at a time"));
    };
    match tokio::time::timeout(REQUEST_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refuse(&Refusal::new(Code::Busy, "the request took too long")),
    }
}

async fn authorise<H: Handler>(State(shared): Served<H>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let allowed = match &shared.token {
        Some(token) => shown.is_some_and(|shown| token.is(shown)),
        None => true,
    };
    if allowed {
        next.run(request).await
    } else {
        refuse(&Refusal::new(
            Code::Unauthorized,
            "show the token of this executor",
        ))
    }
}

async fn identity<H: Handler>(State(shared): Served<H>) -> Response {
    answer(shared.engine.identity().await)
}

async fn live_code<H: Handler>(State(shared): Served<H>, service: Part) -> Response {
    match word(service) {
        Ok(service) => answer(shared.engine.live_code(service).await),
        Err(refusal) => refuse(&refusal),
    }
}

async fn accept<H: Handler>(State(shared): Served<H>, body: Body) -> Response {
    match parsed(body) {
        Ok(request) => answer(shared.engine.accept(request).await),
        Err(refusal) => refuse(&refusal),
    }
}

async fn take<H: Handler>(State(shared): Served<H>, body: Body) -> Response {
    match parsed(body) {
        Ok(request) => answer(shared.engine.take(request).await),
        Err(refusal) => refuse(&refusal),
    }
}

async fn standing<H: Handler>(State(shared): Served<H>, job: Part) -> Response {
    answer(id(job).and_then(|job| shared.engine.standing(&job)))
}

async fn said<H: Handler>(
    State(shared): Served<H>,
    parts: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    answer(message(parts).and_then(|(job, from)| shared.engine.said(&job, from)))
}

async fn reveal<H: Handler>(State(shared): Served<H>, job: Part) -> Response {
    match id(job) {
        Ok(job) => answer(shared.engine.reveal(&job).await),
        Err(refusal) => refuse(&refusal),
    }
}

async fn stop<H: Handler>(State(shared): Served<H>, job: Part) -> Response {
    match id(job) {
        Ok(job) => answer(shared.engine.stop(&job).await),
        Err(refusal) => refuse(&refusal),
    }
}

async fn output<H: Handler>(State(shared): Served<H>, hash: Part) -> Response {
    answer(word(hash).and_then(|hash| shared.engine.output(hash)))
}

fn id(part: Part) -> Result<JobId, Refusal> {
    let Path(text) = part.map_err(malformed)?;
    text.parse().map_err(malformed)
}

fn message(parts: Result<Path<(String, String)>, PathRejection>) -> Result<(JobId, u32), Refusal> {
    let Path((job, from)) = parts.map_err(malformed)?;
    let job = job.parse().map_err(malformed)?;
    let from = from.parse();
    Ok((
        job,
        from.map_err(|_| malformed("wanted the number of a message"))?,
    ))
}

fn word(part: Part) -> Result<B256, Refusal> {
    let Path(text) = part.map_err(malformed)?;
    text.parse()
        .map_err(|_| malformed("wanted 0x and 64 hexadecimal digits"))
}

fn parsed<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let body = body.map_err(malformed)?;
    serde_json::from_slice(&body).map_err(malformed)
}

fn malformed<E: fmt::Display>(why: E) -> Refusal {
    Refusal::new(Code::Malformed, why.to_string())
}

fn answer<T: Serialize>(answered: Result<T, Refusal>) -> Response {
    match answered {
        Ok(value) => json(StatusCode::OK, &value),
        Err(refusal) => refuse(&refusal),
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code.status());
    json(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), refusal)
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("answers are JSON");
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    (status, [kind], body).into_response()
}
