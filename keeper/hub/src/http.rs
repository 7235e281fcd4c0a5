//! What others may read of a log, and what a mirror takes. Nobody is asked who he is: what is served is public, and whoever operates it
//! decides whether it listens at all.
//!
//! | request | answers |
//! |---|---|
//! | `GET /cid/<cid>` | a payload; 410 with its tombstone's place when it is gone |
//! | `GET /log/head` | size and root, and the newest signed head and anchor |
//! | `GET /log/entries?from=&limit=` | lines from a place on |
//! | `GET /log/query?mission=&session=&node=&agent=&principal=&contract=&type=&epoch=&from=&to=&fromBlock=&toBlock=&after=&limit=` | lines that are looked for |
//! | `GET /log/inclusion?place=&size=` | the path from an entry to a root |
//! | `GET /log/consistency?old=&new=` | the path from a root to a later one |
//! | `PUT /cid/<cid>` (mirrors only) | a receipt |
//!
//! Answers are bounded as the log's own are; so many requests are answered at a time, and others told to come again. A refusal is
//! `{"code": …, "error": …}`: what kind it is, for programs, and what to do, for people.
//!
//! | code | status | |
//! |---|---|---|
//! | `malformed` | 400, 408, 413, 414 | the request contradicts what is taken here |
//! | `unknown` | 404 | nothing here has this address, place or path |
//! | `gone` | 410 | it was here; `tombstone` is the place that says so |
//! | `busy` | 503 | ask again |
//! | `full` | 507 | nothing more is taken |
//! | `internal` | 500 | its operator was told |

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use agentcity_abi::document::ContentAddress;
use alloy::primitives::B256;
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    kind::EventType,
    mirror::{PARCEL_BYTES_MAX, Shelf, ShelfError},
    store::{Disposition, Log, LogError, PAGE_MAX, Payload, Query},
};

/// Requests that are answered at a time: the store answers one after the other, and a queue of so many is gone within a second.
pub const REQUESTS_MAX: usize = 64;
/// Most bytes of a question: the longest sensible one has six hundred.
const QUESTION_BYTES_MAX: usize = 2_048;
/// How long a parcel may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// What is addressed by its content never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Tells a mirror the time, in unix milliseconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

struct Reading {
    log: Arc<Mutex<Log>>,
    permits: Arc<Semaphore>,
}

struct Taking {
    shelf: Shelf,
    clock: Clock,
    permits: Arc<Semaphore>,
}

/// What is served of a log. Give it a handle of its own ([`Log::open_to_read`]): who reads does not keep the writer waiting.
pub fn router(log: Log) -> Router {
    let state = Arc::new(Reading {
        log: Arc::new(Mutex::new(log)),
        permits: Arc::new(Semaphore::new(REQUESTS_MAX)),
    });
    Router::new()
        .route("/cid/{cid}", get(payload))
        .route("/log/head", get(head))
        .route("/log/entries", get(entries))
        .route("/log/query", get(query))
        .route("/log/inclusion", get(inclusion))
        .route("/log/consistency", get(consistency))
        .fallback(nowhere)
        .with_state(state)
}

/// What a mirror serves and takes.
pub fn mirror_router(shelf: Shelf, clock: Clock) -> Router {
    let state = Arc::new(Taking {
        shelf,
        clock,
        permits: Arc::new(Semaphore::new(REQUESTS_MAX)),
    });
    Router::new()
        .route("/cid/{cid}", get(parcel).put(take))
        .fallback(nowhere)
        .with_state(state)
}

/// What is answered instead of what was asked for.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    says: String,
    tombstone: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, says: impl fmt::Display) -> Self {
        Self {
            status,
            says: says.to_string(),
            tombstone: None,
        }
    }

    fn bad(says: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, says)
    }

    /// Of this side: what exactly is for the operator's log, not for the asker.
    fn fault(error: &dyn fmt::Display) -> Self {
        tracing::error!("{error}");
        let says = "the log cannot answer just now; its operator was told";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, says)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "code": kind_of(self.status.as_u16()), "error": self.says });
        if let Some(place) = self.tombstone {
            body["tombstone"] = json!(place);
        }
        answer(self.status, &body)
    }
}

/// What kind of refusal a status is: its `code`.
pub const fn kind_of(status: u16) -> &'static str {
    match status {
        404 => "unknown",
        410 => "gone",
        503 => "busy",
        507 => "full",
        500 => "internal",
        _ => "malformed",
    }
}

/// Nothing is at this path.
async fn nowhere() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "nothing is served here: a log is under /log/head, /log/entries, /log/query, /log/inclusion and /log/consistency, what it names under /cid/<cid>",
    )
}

impl From<LogError> for Refusal {
    fn from(error: LogError) -> Self {
        match error.disposition() {
            Disposition::Refuse => Self::new(
                StatusCode::NOT_FOUND,
                format!("{error}: ask /log/head how far this log goes"),
            ),
            Disposition::Retry => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the log is busy: ask again",
            ),
            Disposition::Halt => Self::fault(&error),
        }
    }
}

impl From<ShelfError> for Refusal {
    fn from(error: ShelfError) -> Self {
        match &error {
            ShelfError::OtherContent { .. } | ShelfError::NoParcel { .. } => Self::bad(error),
            ShelfError::Full { .. } => Self::new(StatusCode::INSUFFICIENT_STORAGE, error),
            ShelfError::Store(_) | ShelfError::Signature(_) => Self::fault(&error),
        }
    }
}

type Answered = Result<Response, Refusal>;

fn answer(status: StatusCode, value: &Value) -> Response {
    let mut response = (status, value.to_string()).into_response();
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Runs what reads or writes files where it does not keep others waiting.
async fn apart<T: Send + 'static>(
    permits: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let busy = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many ask: ask again");
    let permit = Arc::clone(permits)
        .try_acquire_owned()
        .map_err(|_| busy())?;
    let done = tokio::task::spawn_blocking(move || {
        let _held = permit;
        work()
    });
    done.await
        .unwrap_or_else(|error| Err(Refusal::fault(&error)))
}

async fn read<T: Send + 'static>(
    state: &Arc<Reading>,
    work: impl FnOnce(&Log) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let log = Arc::clone(&state.log);
    apart(&state.permits, move || work(&log.lock())).await
}

/// The last part of a path, as far as it is text.
type Part = Result<Path<String>, PathRejection>;

fn address(part: Part) -> Result<ContentAddress, Refusal> {
    let Path(text) = part.map_err(|_| Refusal::bad("an address is letters and digits"))?;
    text.parse().map_err(Refusal::bad)
}

/// A content for ever, or the news that the asker has it.
fn content(address: ContentAddress, headers: &HeaderMap, body: impl Into<Body>) -> Response {
    let tag = format!("\"{address}\"");
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.len() <= QUESTION_BYTES_MAX && value.contains(&tag));
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(body.into()),
    };
    let headers = response.headers_mut();
    // A CID has letters and digits only.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, FOR_EVER),
        // Whatever it is, a browser does not run it.
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn payload(State(state): State<Arc<Reading>>, part: Part, headers: HeaderMap) -> Answered {
    let address = address(part)?;
    match read(&state, move |log| Ok(log.payload(&address)?)).await? {
        Payload::Here(body) => Ok(content(address, &headers, Bytes::from(body.to_vec()))),
        Payload::Gone(place) => Err(Refusal {
            tombstone: Some(place),
            ..Refusal::new(StatusCode::GONE, "the payload is not kept any more")
        }),
        Payload::Unknown => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!(
                "this log never named {address}: ask the keeper whose entry does, or its mirrors"
            ),
        )),
    }
}

async fn head(State(state): State<Arc<Reading>>) -> Answered {
    let value = read(&state, |log| {
        let size = log.size()?;
        let anchored = log.anchor_within(size)?.map(|anchored| {
            json!({
                "sequence": anchored.sequence, "size": anchored.anchor.size, "root": anchored.anchor.root,
                "roster": anchored.roster, "block": anchored.block, "transaction": anchored.transaction,
            })
        });
        Ok(json!({
            "chainId": log.name().chain_id, "author": log.name().author, "size": size, "root": log.root(size)?,
            "signed": log.head_within(size)?, "anchored": anchored,
        }))
    });
    Ok(answer(StatusCode::OK, &value.await?))
}

async fn entries(State(state): State<Arc<Reading>>, RawQuery(raw): RawQuery) -> Answered {
    let mut asked = Asked::read(raw.as_deref())?;
    let (from, limit) = (asked.take("from")?.unwrap_or(0), asked.limit()?);
    asked.end()?;
    let lines = read(&state, move |log| Ok(log.lines(from, limit)?)).await?;
    let lines = lines.into_iter().map(hit).collect::<Vec<_>>();
    Ok(answer(StatusCode::OK, &json!({ "entries": lines })))
}

fn hit((place, line): (u64, String)) -> Value {
    json!({ "place": place, "line": line })
}

async fn query(State(state): State<Arc<Reading>>, RawQuery(raw): RawQuery) -> Answered {
    let mut asked = Asked::read(raw.as_deref())?;
    let kind = match asked.text("type") {
        None => None,
        Some(text) => Some(
            EventType::named(text)
                .ok_or_else(|| Refusal::bad(format!("`{text}` is no type of event")))?,
        ),
    };
    let query = Query {
        mission: asked.take("mission")?,
        session: asked.take("session")?,
        node: asked.take("node")?,
        agent: asked.take("agent")?,
        principal: asked.take("principal")?,
        contract: asked.take("contract")?,
        kind,
        epoch: asked.take("epoch")?,
        times: asked.range("from", "to")?,
        blocks: asked.range("fromBlock", "toBlock")?,
    };
    let (after, limit) = (asked.take("after")?, asked.limit()?);
    asked.end()?;
    let page = read(&state, move |log| {
        Ok(log.query(&query, after.as_ref(), limit)?)
    })
    .await?;
    let page = page.map_err(Refusal::bad)?;
    let hits = page
        .hits
        .into_iter()
        .map(|found| hit((found.place, found.line)));
    let value = json!({
        "entries": hits.collect::<Vec<_>>(), "next": page.next.map(|next| next.to_string()),
    });
    Ok(answer(StatusCode::OK, &value))
}

async fn inclusion(State(state): State<Arc<Reading>>, RawQuery(raw): RawQuery) -> Answered {
    let mut asked = Asked::read(raw.as_deref())?;
    let (place, size): (u64, u64) = (asked.must("place")?, asked.must("size")?);
    asked.end()?;
    let value = read(&state, move |log| {
        let (path, root): (Vec<B256>, B256) = (log.inclusion(place, size)?, log.root(size)?);
        Ok(json!({ "place": place, "size": size, "root": root, "path": path }))
    });
    Ok(answer(StatusCode::OK, &value.await?))
}

async fn consistency(State(state): State<Arc<Reading>>, RawQuery(raw): RawQuery) -> Answered {
    let mut asked = Asked::read(raw.as_deref())?;
    let (old, new): (u64, u64) = (asked.must("old")?, asked.must("new")?);
    asked.end()?;
    let value = read(&state, move |log| {
        let path = log.extension(old, new)?;
        Ok(json!({
            "old": old, "oldRoot": log.root(old)?, "new": new, "newRoot": log.root(new)?, "path": path,
        }))
    });
    Ok(answer(StatusCode::OK, &value.await?))
}

async fn parcel(State(state): State<Arc<Taking>>, part: Part, headers: HeaderMap) -> Answered {
    let address = address(part)?;
    let shelf = state.shelf.clone();
    match apart(&state.permits, move || Ok(shelf.get(address)?)).await? {
        Some(body) => Ok(content(address, &headers, Bytes::from(body.to_vec()))),
        None => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!(
                "this mirror has no parcel {address}: ask another mirror, or the keeper whose entry names it"
            ),
        )),
    }
}

async fn take(
    State(state): State<Arc<Taking>>,
    part: Part,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    let address = address(part)?;
    let body = received(&headers, body).await?;
    let (shelf, now) = (state.shelf.clone(), (state.clock)());
    let receipt = apart(&state.permits, move || {
        Ok(shelf.put(address, body.to_vec().into(), now)?)
    });
    Ok(answer(StatusCode::OK, &json!(receipt.await?)))
}

/// A body that is no larger than a parcel, and does not come for ever.
async fn received(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let large = || {
        let says = format!("a parcel has at most {PARCEL_BYTES_MAX} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, says)
    };
    let claimed = headers.get(header::CONTENT_LENGTH);
    let claimed = claimed.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if claimed.is_some_and(|bytes| bytes > PARCEL_BYTES_MAX) {
        return Err(large());
    }
    match timeout(BODY_WITHIN, to_bytes(body, PARCEL_BYTES_MAX)).await {
        Ok(read) => read.map_err(|_| large()),
        Err(_) => {
            let says = format!("the body did not come within {} s", BODY_WITHIN.as_secs());
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, says))
        }
    }
}

/// What a question says, each thing once. Values are numbers, hex and names: nothing is escaped.
struct Asked<'q>(Vec<(&'q str, &'q str)>);

impl<'q> Asked<'q> {
    fn read(raw: Option<&'q str>) -> Result<Self, Refusal> {
        let raw = raw.unwrap_or_default();
        if raw.len() > QUESTION_BYTES_MAX {
            return Err(Refusal::new(
                StatusCode::URI_TOO_LONG,
                format!("a question has at most {QUESTION_BYTES_MAX} bytes"),
            ));
        }
        let mut asked: Vec<(&str, &str)> = Vec::new();
        for part in raw.split('&').filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once('=') else {
                return Err(Refusal::bad("a question is key=value, joined by &"));
            };
            if asked.iter().any(|(known, _)| *known == key) {
                return Err(Refusal::bad("a key is given twice"));
            }
            asked.push((key, value));
        }
        Ok(Self(asked))
    }

    fn text(&mut self, key: &str) -> Option<&'q str> {
        let at = self.0.iter().position(|(known, _)| *known == key)?;
        Some(self.0.swap_remove(at).1)
    }

    fn take<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Result<Option<T>, Refusal> {
        let parsed = self.text(key).map(|text| {
            text.parse()
                .map_err(|error| Refusal::bad(format!("{key}: {error}")))
        });
        parsed.transpose()
    }

    fn must<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Result<T, Refusal> {
        let value = self.take(key)?;
        value.ok_or_else(|| Refusal::bad(format!("{key} is missing")))
    }

    fn range(&mut self, from: &str, to: &str) -> Result<Option<(u64, u64)>, Refusal> {
        Ok(match (self.take(from)?, self.take(to)?) {
            (None, None) => None,
            (from, to) => Some((from.unwrap_or(0), to.unwrap_or(u64::MAX))),
        })
    }

    fn limit(&mut self) -> Result<usize, Refusal> {
        let limit = self.take("limit")?.unwrap_or(PAGE_MAX);
        match limit {
            1..=PAGE_MAX => Ok(limit),
            _ => Err(Refusal::bad(format!("limit is 1 to {PAGE_MAX}"))),
        }
    }

    fn end(self) -> Result<(), Refusal> {
        match self.0.first() {
            None => Ok(()),
            // Not told back: it may be anything.
            Some(_) => Err(Refusal::bad(
                "the question has a key that is not known here",
            )),
        }
    }
}
