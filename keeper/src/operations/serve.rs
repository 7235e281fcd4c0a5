//! What an operator is served over HTTP, and the orders that are taken from one.
//!
//! | request | answers |
//! |---|---|
//! | `GET /health` | 200 while the process lives and the host's loop turns, else 503 |
//! | `GET /ready` | 200 while every condition holds, else 503; each condition and why not |
//! | `GET /metrics` | everything of [`super::metrics::TABLE`] |
//! | `GET /status` | standing, streams, missions, endpoints; where the configuration opens it |
//!
//! Orders have a listener of their own, by default of this machine alone, and want the token of a file in `Authorization: Bearer …`.
//! Each gets an id, which is in its answer and in the log.

use std::{
    fmt,
    future::Future,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    desk::{Answer, Board, Order, deed_id},
    eye::Sighted,
    metrics::{MEDIA_TYPE, gauge, metrics},
    ready::{self, Facts},
    settings::{Settings, Token},
};
use crate::{clock::Clock, part::router::STREAM as ROUTER};

/// Longest body of an order, in bytes: the name of a stream, or a filter of the log.
const BODY_BYTES_MAX: usize = 4_096;
/// Requests that are answered at once; more are told to come again.
const REQUESTS_MAX: usize = 32;
/// Open actions in one answer.
pub(crate) const ACTIONS_MAX: usize = 256;

/// Sets what is logged, by a filter such as `info,agentcity_keeper=debug`.
pub type SetLevel = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What is answered from.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) settings: Arc<Settings>,
    pub(super) board: Arc<Board>,
    pub(super) sighted: Sighted,
    pub(super) disks: Arc<Vec<(&'static str, PathBuf)>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) permits: Arc<Semaphore>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// As many requests as are answered at once.
    pub(super) fn permits() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(REQUESTS_MAX))
    }

    fn facts(&self) -> Facts {
        let disks: Vec<(&'static str, Option<u64>)> = self
            .disks
            .iter()
            .map(|(of, path)| (*of, super::free_bytes(path)))
            .collect();
        for (of, free) in &disks {
            let labels = [("of", (*of).to_owned())];
            let free = free.unwrap_or_default();
            metrics().disk_free.get_or_create(&labels).set(gauge(free));
        }
        Facts {
            now: self.clock.now(),
            draining: self.board.is_draining(),
            turned_ago: self.board.turned_ago(),
            recorded_ago: self.board.recorded_ago(),
            picture: self.board.picture(),
            sighting: self.sighted.lock().clone(),
            disks,
        }
    }
}

/// What anybody who reaches the listener may read.
pub(super) fn reading(shared: Shared) -> Router {
    let mut router = Router::new()
        .route("/health", get(health))
        .route("/ready", get(readiness))
        .route("/metrics", get(scrape));
    if shared.settings.status {
        router = router.route("/status", get(status));
    }
    let permits = Arc::clone(&shared.permits);
    router
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise)
        .layer(middleware::from_fn_with_state(permits, bounded))
        .with_state(shared)
}

async fn bounded(
    State(permits): State<Arc<Semaphore>>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    match permits.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => told(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "error": "too many requests at once: come again" }),
        ),
    }
}

fn told(status: StatusCode, body: &Value) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, kind, format!("{body}\n")).into_response()
}

async fn nowhere() -> Response {
    let error = "nothing is served here: see docs/operations.md";
    told(StatusCode::NOT_FOUND, &json!({ "error": error }))
}

async fn otherwise() -> Response {
    let error = "it is not asked with this method: see docs/operations.md";
    told(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": error }))
}

const fn judged(holds: bool) -> StatusCode {
    if holds {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn health(State(shared): State<Shared>) -> Response {
    let host = ready::host(&shared.facts());
    told(
        judged(host.holds),
        &json!({ "healthy": host.holds, "says": host.says }),
    )
}

async fn readiness(State(shared): State<Shared>) -> Response {
    let found = ready::judge(&shared.settings, &shared.facts());
    told(judged(found.ready), &json!(found))
}

async fn scrape(State(shared): State<Shared>) -> Response {
    // Disks are asked when somebody wants to know.
    drop(shared.facts());
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], metrics().text()).into_response()
}

async fn status(State(shared): State<Shared>) -> Response {
    let facts = shared.facts();
    let seen = metrics().seen();
    let missions: Vec<Value> = seen
        .iter()
        .map(|(mission, seen)| json!({ "mission": mission, "seen": seen }))
        .collect();
    let found = ready::judge(&shared.settings, &facts);
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "keeper": facts.picture,
        "missions": missions,
        "chain": facts.sighting,
        "readiness": found,
    });
    told(StatusCode::OK, &body)
}

/// What takes orders.
#[derive(Clone)]
struct Commands {
    shared: Shared,
    token: Token,
    level: SetLevel,
    deeds: Arc<AtomicU64>,
}

/// What whoever shows the token may want.
pub(super) fn ordering(shared: Shared, token: Token, level: SetLevel) -> Router {
    let permits = Arc::clone(&shared.permits);
    let state = Commands {
        shared,
        token,
        level,
        deeds: Arc::default(),
    };
    Router::new()
        .route("/admin/actions", get(actions))
        .route("/admin/pause", post(pause))
        .route("/admin/resume", post(resume))
        .route("/admin/look", post(look))
        .route("/admin/checkpoint", post(checkpoint))
        .route("/admin/log-level", post(log_level))
        .route("/admin/drain", post(drain))
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), authorised))
        .layer(middleware::from_fn_with_state(permits, bounded))
        .with_state(state)
}

/// Nothing is read of a request, and no path is known, before its token is.
async fn authorised(
    State(state): State<Commands>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    if shown(request.headers()).is_some_and(|shown| state.token.is(shown)) {
        return next.run(request).await;
    }
    let path = request.uri().path();
    tracing::warn!(path, "an order without the token was refused");
    let mut answer = told(
        StatusCode::UNAUTHORIZED,
        &json!({ "error": "orders want the token of `admin_token_file`: Authorization: Bearer …" }),
    );
    let scheme = header::HeaderValue::from_static("Bearer");
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    answer
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    stream: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    filter: String,
}

/// A deed from its beginning to its answer: logged with its id in either case.
async fn deed(
    state: &Commands,
    name: &'static str,
    about: String,
    done: impl Future<Output = Result<Value, (StatusCode, String)>>,
) -> Response {
    let number = state.deeds.fetch_add(1, Ordering::Relaxed);
    let trace = deed_id(state.shared.clock.now(), number);
    tracing::warn!(trace, deed = name, about, "an operator wants");
    match done.await {
        Ok(mut body) => {
            metrics()
                .deeds
                .get_or_create(&[("deed", name.to_owned())])
                .inc();
            tracing::warn!(trace, deed = name, about, "done");
            body["trace"] = json!(trace);
            told(StatusCode::OK, &body)
        }
        Err((status, cause)) => {
            tracing::warn!(trace, deed = name, about, cause, "not done");
            told(status, &json!({ "trace": trace, "error": cause }))
        }
    }
}

/// What came, or why it was not taken: that is told as every refusal is.
type Body = Result<Bytes, BytesRejection>;

fn whole(body: Body) -> Result<Bytes, (StatusCode, String)> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("an order has at most {BODY_BYTES_MAX} bytes"),
        ),
        _ => (
            StatusCode::BAD_REQUEST,
            "the body did not come whole".to_owned(),
        ),
    })
}

/// A body that may be empty.
fn read<T: for<'de> Deserialize<'de> + Default>(body: Body) -> Result<T, (StatusCode, String)> {
    let body = whole(body)?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    serde_json::from_slice(&body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

async fn ask(state: &Commands, order: Order) -> Result<Answer, (StatusCode, String)> {
    let answer = state.shared.board.order(order).await;
    answer.map_err(|cause| (StatusCode::SERVICE_UNAVAILABLE, cause.to_owned()))
}

/// What an order about streams came to.
async fn done(state: &Commands, order: Order) -> Result<Value, (StatusCode, String)> {
    match ask(state, order).await? {
        Answer::Done(streams) => Ok(json!({ "streams": streams })),
        Answer::NoStream(streams) => {
            let streams = streams.join(", ");
            Err((
                StatusCode::NOT_FOUND,
                format!("there is no such stream; there are: {streams}"),
            ))
        }
        Answer::Failed(cause) => Err((StatusCode::INTERNAL_SERVER_ERROR, cause)),
        Answer::Actions(_) => {
            let cause = "the keeper answered another order".to_owned();
            Err((StatusCode::INTERNAL_SERVER_ERROR, cause))
        }
    }
}

async fn of_stream(
    state: Commands,
    name: &'static str,
    body: Body,
    order: impl FnOnce(Option<String>) -> Order,
) -> Response {
    let of = read::<Of>(body);
    let about = of
        .as_ref()
        .ok()
        .and_then(|of| of.stream.clone())
        .unwrap_or_default();
    let work = async {
        let order = order(of?.stream);
        done(&state, order).await
    };
    deed(&state, name, about, work).await
}

async fn pause(State(state): State<Commands>, body: Body) -> Response {
    let order = |stream: Option<String>| Order::Pause(stream.unwrap_or_else(|| ROUTER.to_owned()));
    of_stream(state, "pause", body, order).await
}

async fn resume(State(state): State<Commands>, body: Body) -> Response {
    let order = |stream: Option<String>| Order::Resume(stream.unwrap_or_else(|| ROUTER.to_owned()));
    of_stream(state, "resume", body, order).await
}

async fn look(State(state): State<Commands>, body: Body) -> Response {
    of_stream(state, "look", body, Order::Look).await
}

async fn checkpoint(State(state): State<Commands>) -> Response {
    deed(
        &state,
        "checkpoint",
        String::new(),
        done(&state, Order::Checkpoint),
    )
    .await
}

async fn log_level(State(state): State<Commands>, body: Body) -> Response {
    let bad = |cause: String| (StatusCode::BAD_REQUEST, cause);
    let level = whole(body).and_then(|body| {
        let level = serde_json::from_slice::<Level>(&body);
        level.map_err(|error| bad(error.to_string()))
    });
    let about = level
        .as_ref()
        .map(|level| level.filter.clone())
        .unwrap_or_default();
    let work = async {
        let level = level?;
        (state.level)(&level.filter).map_err(bad)?;
        Ok(json!({ "filter": level.filter }))
    };
    deed(&state, "log-level", about, work).await
}

async fn drain(State(state): State<Commands>) -> Response {
    let work = async {
        state.shared.board.want_drain();
        Ok(json!({ "draining": true }))
    };
    deed(&state, "drain", String::new(), work).await
}

/// Reads only, so it is no deed.
async fn actions(State(state): State<Commands>) -> Response {
    match ask(&state, Order::Actions).await {
        Ok(Answer::Actions(mut actions)) => {
            let all = actions.len();
            actions.truncate(ACTIONS_MAX);
            told(StatusCode::OK, &json!({ "open": all, "actions": actions }))
        }
        Ok(Answer::Failed(cause)) => told(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({ "error": cause }),
        ),
        Ok(Answer::Done(_) | Answer::NoStream(_)) => {
            let error = "the keeper answered another order";
            told(
                StatusCode::INTERNAL_SERVER_ERROR,
                &json!({ "error": error }),
            )
        }
        Err((status, cause)) => told(status, &json!({ "error": cause })),
    }
}
