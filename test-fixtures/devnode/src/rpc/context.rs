//! What methods work on.

use super::{RpcError, stats::Stats};
use crate::{
    accounts::Accounts,
    events::{Hub, HubError, Outbox, Watch},
    limits, view,
};
use agentcity_devnode_chain::Node;
use alloy::primitives::{Address, B256, keccak256};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::sync::Semaphore;

/// What the server adds to the chain's own configuration.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Name of the EVM rules, for `anvil_nodeInfo`.
    pub(crate) hard_fork: String,
    /// Tells one run of the node from another.
    pub(crate) instance: B256,
}

impl Settings {
    pub(crate) fn new(hard_fork: String) -> Self {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let mut seed = now.as_nanos().to_be_bytes().to_vec();
        seed.extend(std::process::id().to_be_bytes());
        Self {
            hard_fork,
            instance: keccak256(seed),
        }
    }
}

/// Shared by all requests.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) node: Node,
    pub(crate) accounts: Accounts,
    pub(crate) hub: Hub,
    pub(crate) settings: Settings,
    pub(crate) stats: Stats,
    pub(super) heavy: Arc<Semaphore>,
    /// Held while a transaction is given its nonce and sent.
    pub(super) sending: Mutex<()>,
    connections: AtomicU64,
    logging: AtomicBool,
}

impl Context {
    pub(crate) fn new(node: Node, accounts: Accounts, settings: Settings) -> Self {
        let lookup = {
            let node = node.clone();
            move |hash| {
                let tx = match node.pooled(hash) {
                    Some(pooled) => view::transaction::pending(pooled.tx.clone()),
                    None => {
                        let located = node.tx(hash)?;
                        view::transaction::mined(&located.block, located.index, located.tx())
                    }
                };
                serde_json::to_vec(&tx).ok()
            }
        };
        let hub = Hub::new(node.subscribe(), Box::new(lookup));
        Self {
            node,
            accounts,
            hub,
            settings,
            stats: Stats::default(),
            heavy: Arc::new(Semaphore::new(limits::HEAVY)),
            sending: Mutex::new(()),
            connections: AtomicU64::new(1),
            logging: AtomicBool::new(true),
        }
    }

    /// Whether the node holds the key of `address`.
    pub(crate) fn has_key(&self, address: Address) -> bool {
        self.accounts.signer(address).is_some()
    }

    /// Heavy calls running now.
    pub(crate) fn heavy_running(&self) -> usize {
        limits::HEAVY - self.heavy.available_permits()
    }

    /// Whether requests are logged (`anvil_setLoggingEnabled`).
    pub(super) fn logging(&self) -> bool {
        self.logging.load(Ordering::Relaxed)
    }

    pub(super) fn set_logging(&self, enabled: bool) {
        self.logging.store(enabled, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }
}

/// One WebSocket connection and its subscriptions.
#[derive(Debug)]
pub(crate) struct Connection {
    context: Arc<Context>,
    id: u64,
    outbox: Outbox,
    /// Subscriptions whose id the client does not know yet.
    fresh: Mutex<Vec<u64>>,
}

impl Connection {
    pub(crate) fn new(context: &Arc<Context>, outbox: Outbox) -> Self {
        let id = context.connections.fetch_add(1, Ordering::Relaxed);
        Self {
            context: Arc::clone(context),
            id,
            outbox,
            fresh: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn subscribe(&self, watch: Watch) -> Result<u64, HubError> {
        let id = self.context.hub.subscribe(self.id, &self.outbox, watch)?;
        self.fresh.lock().push(id);
        Ok(id)
    }

    pub(super) fn unsubscribe(&self, id: u64) -> bool {
        self.context.hub.unsubscribe(self.id, id)
    }

    /// The answers that carry new ids are on their way: their messages may follow.
    pub(crate) fn activate(&self) {
        let fresh = std::mem::take(&mut *self.fresh.lock());
        if !fresh.is_empty() {
            self.context.hub.activate(fresh);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.context.hub.disconnect(self.id);
    }
}

impl From<HubError> for RpcError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::TooManyFilters | HubError::TooManySubscriptions => {
                Self::limit(error.to_string())
            }
            HubError::Delay(_) => Self::params(format!("invalid params: {error}")),
            HubError::NoFilter | HubError::Lost | HubError::NoLogFilter => {
                Self::refused(error.to_string())
            }
        }
    }
}
