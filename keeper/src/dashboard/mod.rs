//! The dashboard: what a city looks like from here, for people, and what they could sign (seed §B.12, RULINGS K21).
//!
//! ```text
//!  endpoints ─ logs ──► picture ─┐                        ┌─► /dashboard/state, /missions, /parameters
//!            ─ views ─► facts ───┼─► sections (JSON) ─────┼─► /dashboard/events
//!            ─ receipts ► gas ───┘                        └─► alerts, ranked
//! ```
//!
//! It is a task of its own over connections of its own: the host knows nothing of it, and works on when it fails. It holds no key, and
//! nothing is signed here. docs/dashboard.md is the protocol and the operator's page.

pub mod act;
pub mod alerts;
pub mod assets;
pub mod events;
pub mod facts;
pub mod gas;
pub mod guard;
pub mod http;
pub mod kept;
pub mod metrics;
pub mod mission;
pub mod parameters;
pub mod picture;
pub mod proof;
pub mod proposal;
pub mod sections;
pub mod watch;
pub mod wiring;

use std::{path::PathBuf, sync::Arc};

use agentcity_hub::store::{Log, LogError};
use alloy::{primitives::B256, providers::RootProvider};
use axum::Router;
use parking_lot::Mutex;

use self::{
    facts::Asked,
    guard::Door,
    http::Desk,
    kept::{Kept, Name},
    watch::{Setting, Shown, Watch},
};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, ConfigError, JournalAt},
    operations::Settings,
    source::{agreed::Agreed, city::City, endpoint::HttpEndpoint, ground::Ground, pool::Pool},
};

/// A dashboard that a configuration asks for.
#[derive(Debug)]
pub struct Plan {
    setting: Setting,
    kept: Option<PathBuf>,
    hosts: Vec<String>,
    log: Option<PathBuf>,
    genesis: B256,
    city: City,
    providers: Agreed<RootProvider>,
    pool: Pool<HttpEndpoint>,
}

impl Plan {
    /// What is needed, with connections of its own; nothing when no dashboard is served.
    ///
    /// Errors: [`ConfigError`].
    pub fn of(
        config: &Config,
        settings: &Settings,
        ground: &Ground,
    ) -> Result<Option<Self>, ConfigError> {
        let (Some(served), Some(named), Some(city)) =
            (&settings.dashboard, config.city, ground.city)
        else {
            return Ok(None);
        };
        let Some(pool) = config.pool(ground)? else {
            return Ok(None);
        };
        let router = config.router.as_ref();
        Ok(Some(Self {
            setting: Setting {
                name: config.name.clone(),
                from_block: named.from_block,
                mission_gas: served.mission_gas,
                documents: router.and_then(|router| router.documents().map(Into::into)),
                holds: config.escrow.is_some(),
            },
            kept: served.file.clone().or_else(|| beside(&config.journal)),
            hosts: served.hosts.clone(),
            log: config.log.as_ref().map(|log| log.file.clone()),
            genesis: ground.genesis,
            city,
            providers: Agreed::new(config.providers()?, config.quorum)?,
            pool,
        }))
    }

    /// Begins to follow the city. What is served is for a listener to serve. The log, if one is kept, must be there.
    ///
    /// Errors: the log cannot be read.
    pub fn raise(self) -> Result<Router, LogError> {
        // Handles of its own: one for the task and proofs, one for the log's own requests.
        let open = || self.log.as_deref().map(Log::open_to_read).transpose();
        let (own, served) = (open()?, open()?);
        let own = own.map(|log| Arc::new(Mutex::new(log)));
        let clock = Arc::new(SystemClock) as Arc<dyn Clock>;
        let shown = Arc::new(Shown::new(&self.city, clock));
        let asked = Arc::new(Asked::new(self.providers, self.city));
        let name = Name {
            chain_id: self.city.chain_id,
            genesis: self.genesis,
            constitution: self.city.constitution,
            from_block: self.setting.from_block,
        };
        let mut watch = Watch::new(
            self.setting,
            Arc::clone(&asked),
            self.pool,
            Arc::clone(&shown),
            own.clone(),
        );
        if let Some(path) = self.kept {
            match Kept::open(&path, &name) {
                Ok(kept) => watch = watch.keeping(kept),
                // The page is worth more than a quick start.
                Err(error) => {
                    tracing::warn!(file = %path.display(), "the dashboard keeps nothing: {error}")
                }
            }
        }
        tokio::spawn(watch.run());
        let desk = Arc::new(Desk::new(shown, asked, own));
        Ok(http::router(desk, Door::new(self.hosts), served))
    }
}

/// The file beside a journal that is a file: who holds the journal is alone there.
fn beside(journal: &JournalAt) -> Option<PathBuf> {
    match journal {
        JournalAt::File(path) => {
            let mut name = path.clone().into_os_string();
            name.push("-dashboard");
            Some(name.into())
        }
        JournalAt::Server(_) => None,
    }
}
