//! Words about outages, exchanged between keepers: each serves its own, and asks others for theirs.
//!
//! The contract takes the words of two monitors at once, so one of them must have the other's. What is served is public, as it is on
//! chain afterwards: nobody is asked who he is.
//!
//! | request | answers |
//! |---|---|
//! | `GET /v1/outages/<mission>` | this monitor's [`Word`] about the last outage that it saw, for a mission that it watches; 404 when there is none |
//!
//! Nobody is believed: what comes is cut off beyond its length and its time, no redirect is followed, and a word counts when the monitor
//! that was configured signed it, for this city and this mission. What it says is the chain's to judge, and both monitors' to answer for.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use alloy::{
    primitives::{Address, B256},
    transports::http::reqwest::{self, StatusCode, Url, redirect::Policy},
};
use axum::{
    Router,
    extract::{Path, State},
    http::{self, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Semaphore;

use super::section::Section;
use crate::{
    executor::{outage::Word, report::Monitor},
    machine::{
        escrow_buffer::{EscrowBuffer, Outage},
        freeze_mirror::{FreezeMirror, MISSIONS_MAX},
    },
    part::board::Board,
};

/// Requests that are answered at once; more are told to come again.
const REQUESTS_MAX: usize = 16;
/// Most bytes of an answer: a word has some four hundred.
const ANSWER_BYTES_MAX: usize = 2_048;
/// How long a connection may take, and an answer: all are asked at once, within the time of one action.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// Why words cannot be exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The address is taken, or is none of this machine.
    #[error("escrow.listen = {address}: {cause}")]
    Listen {
        /// What it says.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// There are no means to connect to others.
    #[error("escrow.monitors: {0}")]
    Client(String),
}

/// The exchange of one keeper.
pub(super) struct Exchange {
    desk: Arc<Desk>,
    /// What listens, until it serves.
    listener: Mutex<Option<TcpListener>>,
    others: Vec<(Address, Url)>,
    http: reqwest::Client,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("others", &self.others)
            .finish_non_exhaustive()
    }
}

/// What is answered from.
struct Desk {
    monitor: Monitor,
    buffer: Board<EscrowBuffer>,
    mirror: Board<FreezeMirror>,
    permits: Semaphore,
    /// Words that were signed, by mission: asking often costs no signatures.
    signed: Mutex<BTreeMap<B256, (Outage, Word)>>,
}

impl Desk {
    /// Its word about an outage.
    ///
    /// Errors: the key does not sign.
    fn word(&self, mission: B256, outage: Outage) -> Result<Word, alloy::signers::Error> {
        let mut signed = self.signed.lock();
        match signed.get(&mission) {
            Some((known, word)) if *known == outage => return Ok(word.clone()),
            _ => {}
        }
        let word = self.monitor.word(mission, outage)?;
        while signed.len() >= MISSIONS_MAX {
            signed.pop_first();
        }
        signed.insert(mission, (outage, word.clone()));
        Ok(word)
    }

    /// The word that is served: of the last outage, for a mission that is watched here.
    fn served(&self, mission: B256) -> Option<Outage> {
        let outage = self.buffer.look(EscrowBuffer::outage).flatten()?;
        let is_known = self.mirror.look(|mirror| mirror.is_known(mission));
        is_known.unwrap_or_default().then_some(outage)
    }
}

impl Exchange {
    /// Listens, and serves nothing yet.
    ///
    /// Errors: [`ExchangeError`].
    pub(super) fn open(
        section: &Section,
        monitor: Monitor,
        buffer: Board<EscrowBuffer>,
        mirror: Board<FreezeMirror>,
    ) -> Result<Self, ExchangeError> {
        let bind = |address: SocketAddr| {
            let listener = TcpListener::bind(address);
            let listener = listener.and_then(|listener| {
                listener.set_nonblocking(true)?;
                tracing::info!(address = %listener.local_addr()?, "words about outages are served");
                Ok(listener)
            });
            listener.map_err(|cause| ExchangeError::Listen { address, cause })
        };
        let listener = section.listen.map(bind).transpose()?;
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|error| ExchangeError::Client(error.to_string()))?;
        // Read when the section was checked.
        let others = section.monitors.iter();
        let others = others.filter_map(|one| Some((one.monitor, one.url.parse().ok()?)));
        Ok(Self {
            desk: Arc::new(Desk {
                monitor,
                buffer,
                mirror,
                permits: Semaphore::new(REQUESTS_MAX),
                signed: Mutex::default(),
            }),
            listener: Mutex::new(listener),
            others: others.collect(),
            http,
        })
    }

    /// Begins to serve, once. To be called within a runtime.
    pub(super) fn serve(&self) {
        let Some(listener) = self.listener.lock().take() else {
            return;
        };
        let app = Router::new()
            .route("/v1/outages/{mission}", get(answer))
            .with_state(Arc::clone(&self.desk));
        tokio::spawn(async move {
            let served = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => axum::serve(listener, app).await,
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                tracing::error!("words about outages are served no more: {error}");
            }
        });
    }

    /// This keeper's own word.
    ///
    /// Errors: the key does not sign.
    pub(super) fn own(&self, mission: B256, outage: Outage) -> Result<Word, alloy::signers::Error> {
        self.desk.word(mission, outage)
    }

    /// What other monitors say of a mission. Who does not answer, or not so that it counts, is left out.
    pub(super) async fn others(&self, mission: B256) -> Vec<Word> {
        let asked = self.others.iter().map(|(monitor, url)| async move {
            let word = self.ask(url, mission).await;
            let word = word.and_then(|word| {
                let believed = self.desk.monitor.believes(&word, *monitor, mission);
                believed.map(|()| word).map_err(|error| error.to_string())
            });
            word.inspect_err(|cause| {
                tracing::warn!(%monitor, %mission, "its word about an outage does not count: {cause}");
            })
            .ok()
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn ask(&self, base: &Url, mission: B256) -> Result<Word, String> {
        let mut url = base.clone();
        let path = base.path().trim_end_matches('/');
        url.set_path(&format!("{path}/v1/outages/{mission:#x}"));
        // Its address may hold what is nobody's business.
        let plain = |error: reqwest::Error| error.without_url().to_string();
        let mut response = self.http.get(url).send().await.map_err(plain)?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(format!("status {status}"));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(plain)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(format!("it answers more than {ANSWER_BYTES_MAX} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| format!("it answers no word: {error}"))
    }
}

async fn answer(State(desk): State<Arc<Desk>>, Path(mission): Path<String>) -> Response {
    let refused = |status, error: &str| told(status, json!({ "error": error }).to_string());
    let Ok(_permit) = desk.permits.try_acquire() else {
        return refused(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "too many requests at once: come again",
        );
    };
    let Ok(mission) = mission.parse::<B256>() else {
        return refused(http::StatusCode::BAD_REQUEST, "that is no mission");
    };
    let Some(outage) = desk.served(mission) else {
        return refused(
            http::StatusCode::NOT_FOUND,
            "this monitor saw no outage of that mission",
        );
    };
    match desk.word(mission, outage) {
        Ok(word) => {
            let word = serde_json::to_string(&word).expect("numbers and names are JSON");
            told(http::StatusCode::OK, word)
        }
        Err(error) => {
            tracing::error!("{error}");
            refused(
                http::StatusCode::INTERNAL_SERVER_ERROR,
                "it cannot be signed just now; its operator was told",
            )
        }
    }
}

fn told(status: http::StatusCode, body: String) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, kind, body).into_response()
}
