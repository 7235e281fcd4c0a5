//! What an operator sees of a keeper, and tells it: health, readiness, metrics, traces, orders.
//!
//! ```text
//!  host ── board (how it stands) ──► /health /ready /status        operator
//!    ▲ └── numbers, lines ─────────► /metrics, the log                │
//!    └──── desk ◄── orders ◄── /admin (token) ◄────────────────────────┘
//! ```
//!
//! The host works the same without anybody who looks: what is counted is counted in passing, and an order waits for a turn of the
//! loop. docs/operations.md is the operator's page.

pub mod desk;
pub mod eye;
pub mod metrics;
pub(crate) mod observe;
pub mod ready;
mod serve;
pub mod settings;
mod stderr;
pub mod trace;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy::{primitives::Address, providers::Provider, transports::http::reqwest::Url};
use axum::Router;
use parking_lot::Mutex;
use tokio::net::TcpListener;

pub(crate) use self::serve::ACTIONS_MAX;
use self::{
    desk::{Board, Desk},
    eye::Eye,
    serve::Shared,
    settings::Token,
};
pub use self::{
    observe::kind,
    ready::CONDITIONS,
    serve::SetLevel,
    settings::{Dashboard, Section, Settings, SettingsError},
    stderr::log_to_stderr,
};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, JournalAt},
};

/// Why nothing can be served. The keeper does not begin: what watches it would take it for dead.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The section, or the token.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An address is taken, or is none of this machine.
    #[error("operations.{key} = {address}: {cause}")]
    Listen {
        /// Which key.
        key: &'static str,
        /// What it says.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// What was paused is not known.
    #[error("operations.admin_state_file: {path}: {cause}: what was paused is not known; repair or remove it", path = path.display())]
    State {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// What is looked at, besides the host.
#[derive(Debug)]
pub struct Subject<P> {
    /// Where the chain answers.
    pub urls: Vec<Url>,
    /// The same, to ask.
    pub providers: Vec<P>,
    /// How many of them must agree.
    pub quorum: usize,
    /// The account that pays, if there is one.
    pub account: Option<Address>,
    /// What lies on disks here.
    pub disks: Vec<(&'static str, PathBuf)>,
}

impl<P> Subject<P> {
    /// What a configuration names.
    pub fn of(config: &Config, providers: Vec<P>, account: Option<Address>) -> Self {
        Self {
            urls: config.endpoints.clone(),
            providers,
            quorum: config.quorum,
            account,
            disks: disks(config),
        }
    }
}

/// Files of a keeper whose disks must have room.
pub fn disks(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let mut disks = Vec::new();
    if let JournalAt::File(path) = &config.journal {
        disks.push(("journal", path.clone()));
    }
    if let Some(log) = &config.log {
        disks.push(("log", log.file.clone()));
    }
    if let Some(mirror) = &config.mirror {
        disks.push(("vault", mirror.vault_folder().to_owned()));
    }
    disks
}

/// What was begun.
#[derive(Debug)]
pub struct Begun {
    /// On which the host writes how it stands.
    pub board: Arc<Board>,
    /// Where orders come out, for the host to [attend](crate::daemon::Keeper::attend).
    pub desk: Desk,
    /// Where it is read: with port 0 the system chose one.
    pub listen: Option<SocketAddr>,
    /// Where orders are taken.
    pub admin_listen: Option<SocketAddr>,
}

/// Begins to serve, with a `page` besides where there is one, and to look at the endpoints.
///
/// Errors: [`ServeError`].
pub async fn begin<P: Provider + 'static>(
    settings: Settings,
    subject: Subject<P>,
    level: SetLevel,
    page: Option<Router>,
) -> Result<Begun, ServeError> {
    let state_file = settings
        .admin
        .as_ref()
        .map(|admin| admin.state_file.clone());
    let (board, desk) = desk::pair(state_file.clone()).map_err(|cause| ServeError::State {
        path: state_file.unwrap_or_default(),
        cause,
    })?;
    let sighted = Arc::new(Mutex::new(None));
    let settings = Arc::new(settings);
    let shared = Shared {
        settings: Arc::clone(&settings),
        board: Arc::clone(&board),
        sighted: Arc::clone(&sighted),
        disks: Arc::new(subject.disks),
        clock: Arc::new(SystemClock) as Arc<dyn Clock>,
        permits: Shared::permits(),
    };
    let (mut listen, mut admin_listen) = (None, None);
    if let Some(address) = settings.listen {
        let mut router = serve::reading(shared.clone());
        if let Some(page) = page {
            router = router.merge(page);
        }
        listen = Some(serve_on("listen", address, router).await?);
    }
    if let Some(admin) = &settings.admin {
        let token = Token::read(&admin.token_file)?;
        // Orders do not wait behind who reads.
        let shared = Shared {
            permits: Shared::permits(),
            ..shared
        };
        let router = serve::ordering(shared, token, level);
        admin_listen = Some(serve_on("admin_listen", admin.listen, router).await?);
    }
    let eye = Eye::new(
        &subject.urls,
        subject.providers,
        subject.quorum,
        subject.account,
    );
    let pause = Duration::from_secs(settings.look_secs);
    tokio::spawn(eye.watch(pause, SystemClock, sighted));
    Ok(Begun {
        board,
        desk,
        listen,
        admin_listen,
    })
}

/// Where it listens.
async fn serve_on(
    key: &'static str,
    address: SocketAddr,
    router: Router,
) -> Result<SocketAddr, ServeError> {
    let told = |cause| ServeError::Listen {
        key,
        address,
        cause,
    };
    let listener = TcpListener::bind(address).await.map_err(told)?;
    let bound = listener.local_addr().map_err(told)?;
    tracing::info!(address = %bound, "operations.{key} is served");
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(bound)
}

/// Room on the disk where a file lies or will lie, in bytes; `None` when it cannot be asked.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let mut at = path;
    loop {
        let asked = if at.as_os_str().is_empty() {
            Path::new(".")
        } else {
            at
        };
        if let Ok(found) = rustix::fs::statvfs(asked) {
            return Some(found.f_bavail.saturating_mul(found.f_frsize));
        }
        at = at.parent()?;
    }
}
