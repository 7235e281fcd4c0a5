//! What is served below `/dashboard/` (docs/dashboard.md).

use std::sync::Arc;

use agentcity_hub::store::Log;
use alloy::{primitives::B256, providers::Provider};
use axum::{
    Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, RawQuery, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use tokio::sync::{Mutex, Semaphore};

use super::{
    assets,
    facts::{Asked, Law, Parameters},
    guard::{self, Door, Refusal, answer},
    mission, parameters,
    picture::mission::NODES_MAX,
    proof::{self, Which},
    proposal::{self, BODY_BYTES_MAX},
    watch::Shown,
};
use crate::event::Head;

/// Questions to the chain that requests may have open at once.
const QUESTIONS_MAX: usize = 4;
/// Laws of missions that requests asked for and that are kept: the watch keeps those of open missions.
const LAWS_MAX: usize = 16;

/// What requests are answered from.
#[derive(Debug)]
pub struct Desk<P> {
    shown: Arc<Shown>,
    asked: Arc<Asked<P>>,
    log: Option<proof::Kept>,
    laws: Mutex<Vec<(B256, Arc<Law>)>>,
    parameters: Mutex<Option<(u64, Parameters)>>,
    questions: Semaphore,
}

type Answered = Result<Response, Refusal>;
type Of<P> = State<Arc<Desk<P>>>;

impl<P: Provider + 'static> Desk<P> {
    /// Answers from what is shown, and asks the chain where a request is about what is not.
    pub fn new(shown: Arc<Shown>, asked: Arc<Asked<P>>, log: Option<proof::Kept>) -> Self {
        Self {
            shown,
            asked,
            log,
            laws: Mutex::default(),
            parameters: Mutex::default(),
            questions: Semaphore::new(QUESTIONS_MAX),
        }
    }

    fn top(&self) -> Result<Head, Refusal> {
        let top = self.shown.top();
        top.ok_or_else(|| Refusal::not_yet("no block was read yet"))
    }

    fn question(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Refusal> {
        let permit = self.questions.try_acquire();
        permit.map_err(|_| Refusal::busy("too many questions to the chain at once"))
    }

    /// A mission's law: what the watch knows, else what the chain says, once.
    async fn law(&self, id: B256, nodes: u16) -> Result<Arc<Law>, String> {
        if let Some(law) = self.shown.law(&id) {
            return Ok(law);
        }
        let mut laws = self.laws.lock().await;
        if let Some((_, law)) = laws.iter().find(|(of, _)| *of == id) {
            return Ok(Arc::clone(law));
        }
        let _open = self
            .question()
            .map_err(|_| "too many questions at once".to_owned())?;
        let law = Arc::new(self.asked.law(id, nodes).await?);
        if laws.len() == LAWS_MAX {
            laws.remove(0);
        }
        laws.push((id, Arc::clone(&law)));
        Ok(law)
    }
}

/// The routes. `log`: a handle of its own for the log's own requests.
pub fn router<P: Provider + 'static>(desk: Arc<Desk<P>>, door: Door, log: Option<Log>) -> Router {
    let mut router = Router::new()
        .route("/dashboard", get(home))
        .route("/dashboard/", get(page))
        .route("/dashboard/state", get(state::<P>))
        .route("/dashboard/missions/{id}", get(whole::<P>))
        .route("/dashboard/events", get(events::<P>))
        .route("/dashboard/proof", get(prove::<P>))
        .route("/dashboard/parameters", get(all_parameters::<P>))
        .route("/dashboard/proposal", post(propose::<P>))
        .route("/dashboard/submission", post(submit::<P>))
        .route("/dashboard/{*asset}", get(file))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(desk);
    if let Some(log) = log {
        router = router.nest("/dashboard", agentcity_hub::http::router(log));
    }
    router.layer(middleware::from_fn_with_state(door, guard::door))
}

async fn home() -> Response {
    let place = HeaderValue::from_static("/dashboard/");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response()
}

/// A part of a path: bytes that are no UTF-8 are refused as everything else is.
type Part = Result<Path<String>, PathRejection>;

fn part(given: Part) -> Result<String, Refusal> {
    let Path(text) = given.map_err(|error| Refusal::path(error.body_text()))?;
    Ok(text)
}

async fn page(headers: HeaderMap) -> Answered {
    assets::asset("", &headers)
}

async fn file(path: Part, headers: HeaderMap) -> Answered {
    assets::asset(&part(path)?, &headers)
}

async fn state<P: Provider + 'static>(State(desk): Of<P>) -> Answered {
    let document = desk.shown.document();
    let document = document.ok_or_else(|| Refusal::not_yet("no block was read yet"))?;
    Ok(guard::text(StatusCode::OK, document))
}

/// Reads a mission's id as it stands in a path.
///
/// Errors: `dashboard/path`.
pub fn mission_id(text: &str) -> Result<B256, Refusal> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64);
    let id = digits.and_then(|digits| digits.parse().ok());
    id.ok_or_else(|| Refusal::path("a mission is 0x and 64 digits"))
}

async fn whole<P: Provider + 'static>(State(desk): Of<P>, text: Part) -> Answered {
    let id = mission_id(&part(text)?)?;
    let nodes = desk.shown.nodes_of(&id);
    let nodes = nodes.ok_or_else(|| Refusal::no_mission(format!("there is no mission {id}")))?;
    if nodes > NODES_MAX {
        let text = format!("the mission has {nodes} nodes, of which {NODES_MAX} are shown at most");
        return Err(Refusal::path(text));
    }
    let law = desk.law(id, nodes).await;
    let law = law.as_deref().map_err(String::as_str);
    let body = desk.shown.with(|picture, labels| {
        let found = picture.missions.get(&id)?;
        Some(mission::whole(found, picture.top, law, labels))
    });
    let body = body.ok_or_else(|| Refusal::no_mission(format!("there is no mission {id}")))?;
    Ok(answer(StatusCode::OK, &body))
}

async fn events<P: Provider + 'static>(State(desk): Of<P>) -> Answered {
    let taking = desk.shown.subscribe()?;
    Ok(taking.response())
}

async fn prove<P: Provider + 'static>(State(desk): Of<P>, RawQuery(query): RawQuery) -> Answered {
    let which = Which::read(query.as_deref())?;
    let log = desk.log.clone();
    let log = log.ok_or_else(|| Refusal::no_log("this keeper keeps no log"))?;
    let _open = desk.question()?;
    // It reads files.
    let found = tokio::task::spawn_blocking(move || proof::prove(&log, which)).await;
    let found = found.map_err(|_| Refusal::not_yet("the log cannot answer just now"))??;
    let mut body = found.body;
    match found.anchor {
        None => {
            let why = "no anchor covers the entry yet: anchors are sent at the pace of `[log]`";
            body["unknown"] =
                json!([{ "field": "anchor", "why": why }, { "field": "onChain", "why": why }]);
        }
        Some((author, sequence)) => match desk.asked.anchor(author, sequence).await {
            Ok((size, root)) => body["onChain"] = json!({ "size": size, "root": root }),
            Err(why) => body["unknown"] = json!([{ "field": "onChain", "why": why }]),
        },
    }
    Ok(answer(StatusCode::OK, &body))
}

async fn all_parameters<P: Provider + 'static>(State(desk): Of<P>) -> Answered {
    let top = desk.top()?;
    let mut known = desk.parameters.lock().await;
    let fresh = known.as_ref().filter(|(block, _)| *block == top.number);
    let body = match fresh {
        Some((block, known)) => parameters::parameters(known, *block),
        None => {
            let _open = desk.question()?;
            let found = desk.asked.parameters(top).await.map_err(Refusal::chain)?;
            let body = parameters::parameters(&found, top.number);
            *known = Some((top.number, found));
            body
        }
    };
    Ok(answer(StatusCode::OK, &body))
}

/// A body, or why there is none.
fn body(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Refusal> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_long("the body is too long"),
        _ => Refusal::body("the body did not come whole"),
    })
}

async fn propose<P: Provider + 'static>(
    State(desk): Of<P>,
    bytes: Result<Bytes, BytesRejection>,
) -> Answered {
    let proposal = proposal::read(&body(bytes)?)?;
    let top = desk.top()?;
    let _open = desk.question()?;
    let now = desk.shown.now();
    let body = proposal::propose(&desk.asked, &proposal, (top, now)).await?;
    Ok(answer(StatusCode::OK, &body))
}

async fn submit<P: Provider + 'static>(
    State(desk): Of<P>,
    bytes: Result<Bytes, BytesRejection>,
) -> Answered {
    let submission = proposal::read(&body(bytes)?)?;
    let top = desk.top()?;
    let _open = desk.question()?;
    let body = proposal::submit(&desk.asked, &submission, top).await?;
    Ok(answer(StatusCode::OK, &body))
}
