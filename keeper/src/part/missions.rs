//! Router, mirror, monitor and buffer of one keeper, tied to each other: who is served is stopped by the mirror, heard by the monitor, and
//! held by the buffer.

use std::sync::Arc;

use alloy::{providers::Provider, signers::local::PrivateKeySigner};

use super::{
    Part, RaiseError,
    escrow::{Escrow, Neighbours},
    mirror::Mirror,
    monitor::Ears,
    router::{Guard, Routing},
};
use crate::{
    config::Config,
    executor::arrest::{Nobody, Stopper},
};

/// Those parts of it that a configuration asks for. Without a router there is nobody here to be stopped, and without a mirror nobody
/// who says no.
///
/// Errors: [`RaiseError::Vault`], [`RaiseError::Ears`].
pub(super) fn raise<P: Provider + Clone + 'static>(
    config: &Config,
    provider: &P,
    key: Option<&PrivateKeySigner>,
    chain_id: u64,
) -> Result<Vec<Arc<dyn Part>>, RaiseError> {
    let setup = config.router.clone();
    let routing = |setup| Routing::new(provider.clone(), setup);
    let (Some(section), Some(key)) = (config.mirror.clone(), key.cloned()) else {
        return Ok(setup
            .map(|setup| Arc::new(routing(setup)) as _)
            .into_iter()
            .collect());
    };
    let vault = Arc::new(section.vault(key.clone())?);
    let (roster, guardian, missions) = section.beside();
    let account = key.address();
    let monitor = section.monitor(key, chain_id);
    let remote = setup.as_ref().map(|setup| Arc::new(setup.stopper()));
    let stopper: Arc<dyn Stopper> = match &remote {
        Some(remote) => Arc::clone(remote) as _,
        None => Arc::new(Nobody),
    };
    let (mirror, inlet) = Mirror::new(
        config,
        section,
        provider.clone(),
        Some(monitor),
        Arc::clone(&vault),
        Arc::clone(&stopper),
    );
    let board = mirror.board();
    let mut parts: Vec<Arc<dyn Part>> = vec![Arc::new(mirror)];
    let (Some(setup), Some(remote)) = (setup, remote) else {
        return Ok(parts);
    };
    let mut guard = Guard::new(board.clone(), inlet, remote);
    if let Some(section) = &config.monitor {
        guard = guard.hearing(Ears::open(section, provider, roster, account)?);
    }
    let Some(section) = config.escrow.clone() else {
        parts.push(Arc::new(routing(setup).guarded(guard)));
        return Ok(parts);
    };
    let beside = Neighbours {
        mirror: board,
        stopper,
        vault,
        guardian,
        missions,
    };
    let (escrow, gate) = Escrow::new(section, provider.clone(), config.depth_blocks, beside);
    let router = Arc::new(routing(setup).guarded(guard.buffered(gate)));
    escrow.meets(Arc::clone(&router));
    parts.push(Arc::new(escrow));
    parts.push(router);
    Ok(parts)
}
