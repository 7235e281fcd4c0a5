//! Router, mirror, monitor and buffer of one keeper, tied to each other: who is served is stopped by the mirror, heard by the monitor, and
//! held by the buffer.

use std::sync::Arc;

use alloy::{providers::Provider, signers::local::PrivateKeySigner};

use super::{
    CityChain, Part, RaiseError,
    escrow::{Escrow, Neighbours},
    mirror::{Mirror, Section},
    monitor::Ears,
    router::{Guard, Routing, Settings},
};
use crate::{
    config::Config,
    executor::arrest::{Nobody, Stopper},
    library::Library,
    source::city::City,
};

/// Where they work: a city, and its logs.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) city: Option<City>,
    pub(super) chain: Option<Arc<CityChain>>,
}

impl Site {
    fn city(&self, part: &'static str) -> Result<City, RaiseError> {
        self.city.ok_or(RaiseError::City(part))
    }

    fn chain(&self, part: &'static str) -> Result<Arc<CityChain>, RaiseError> {
        self.chain.clone().ok_or(RaiseError::City(part))
    }
}

/// The parts, and among them the router, for whoever asks what its executors hold.
pub(super) struct Raised<P> {
    pub(super) parts: Vec<Arc<dyn Part>>,
    pub(super) router: Option<Arc<Routing<P>>>,
}

/// Those parts of it that a configuration asks for. Without a router there is nobody here to be stopped, and without a mirror nobody
/// who says no.
///
/// Errors: [`RaiseError::Vault`], [`RaiseError::Ears`], [`RaiseError::Exchange`].
pub(super) fn raise<P: Provider + Clone + 'static>(
    config: &Config,
    provider: &P,
    key: Option<&PrivateKeySigner>,
    site: &Site,
) -> Result<Raised<P>, RaiseError> {
    let router = config.router.as_ref();
    let setup = match router {
        Some(settings) => Some(settings.setup(site.city("router")?)?),
        None => None,
    };
    let routing = |setup| {
        let mut part = Routing::new(provider.clone(), setup);
        if let Some(folder) = router.and_then(Settings::documents) {
            part = part.reading(Library::open(folder)?);
        }
        Ok::<_, RaiseError>(part.following(site.chain("router")?))
    };
    let (Some(section), Some(key)) = (config.mirror.clone(), key.cloned()) else {
        let router = setup.map(routing).transpose()?.map(Arc::new);
        let parts = router.iter().cloned().map(|part| part as _).collect();
        return Ok(Raised { parts, router });
    };
    let (city, chain) = (site.city("mirror")?, site.chain("mirror")?);
    let vault = Arc::new(section.vault(key.clone())?);
    let account = key.address();
    let monitor = Section::monitor(key, &city);
    let remote = setup.as_ref().map(|setup| Arc::new(setup.stopper()));
    let stopper: Arc<dyn Stopper> = match &remote {
        Some(remote) => Arc::clone(remote) as _,
        None => Arc::new(Nobody),
    };
    let (mirror, inlet) = Mirror::new(
        config,
        city,
        section,
        provider.clone(),
        Some(monitor.clone()),
        Arc::clone(&vault),
        Arc::clone(&stopper),
    );
    let served = router.map(|settings| settings.served().clone());
    let mut mirror = mirror.following(chain, served.unwrap_or_default());
    let board = mirror.board();
    let ears = match &config.monitor {
        Some(section) if setup.is_some() => {
            Some(Arc::new(Ears::open(section, provider, city, account)?))
        }
        Some(_) | None => None,
    };
    if let Some(ears) = &ears {
        mirror = mirror.hearing(Arc::clone(ears));
    }
    let mut parts: Vec<Arc<dyn Part>> = vec![Arc::new(mirror)];
    let (Some(setup), Some(remote)) = (setup, remote) else {
        return Ok(Raised {
            parts,
            router: None,
        });
    };
    let mut guard = Guard::new(board.clone(), inlet, remote);
    if let Some(ears) = ears {
        guard = guard.hearing(ears);
    }
    let Some(section) = config.escrow.clone() else {
        let router = Arc::new(routing(setup)?.guarded(guard));
        parts.push(Arc::clone(&router) as _);
        let router = Some(router);
        return Ok(Raised { parts, router });
    };
    let beside = Neighbours {
        mirror: board,
        stopper,
        vault,
        city,
        monitor,
    };
    let (escrow, gate) = Escrow::new(section, provider.clone(), config.depth_blocks, beside)?;
    let router = Arc::new(routing(setup)?.guarded(guard.buffered(gate)));
    escrow.meets(Arc::clone(&router));
    parts.push(Arc::new(escrow));
    parts.push(Arc::clone(&router) as _);
    let router = Some(router);
    Ok(Raised { parts, router })
}
