//! The handle of a running chain.

use std::{fmt, sync::Arc};

use agentcity_devnode_engine::Engine;
use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::Recovered},
    eips::eip2718::Typed2718,
    primitives::{Address, B256, U256},
};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use revm::context_interface::cfg::gas::calculate_initial_tx_gas;
use tokio::sync::broadcast;

use crate::{
    chain::Chain,
    config::{Mining, NodeConfig, Pause},
    error::{NodeError, StrictRefusal, SubmitError},
    event::{ChainEvent, EVENTS_MAX},
    mine::Ticker,
    persist::Store,
    pool::PoolTx,
    produce::Pick,
    recover::decode,
};

/// A running chain. Cloning is cheap; the last clone dropped ends it.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) chain: RwLock<Chain>,
    pub(crate) events: broadcast::Sender<ChainEvent>,
    pub(crate) ticker: Ticker,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

/// What `anvil_nodeInfo` and the banner tell.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// Chain id.
    pub chain_id: u64,
    /// Height.
    pub head_number: u64,
    /// Hash of the head.
    pub head_hash: B256,
    /// Timestamp of the head.
    pub head_timestamp: u64,
    /// Genesis hash.
    pub genesis_hash: B256,
    /// When blocks are made.
    pub mining: Mining,
    /// Base fee of the next block in wei per gas.
    pub base_fee: u64,
    /// Least gas price taken in wei per gas.
    pub min_gas_price: u128,
    /// Gas limit of the next block.
    pub gas_limit: u64,
    /// Coinbase of the next block.
    pub coinbase: Address,
    /// Whether production is paused.
    pub paused: Option<Pause>,
    /// Transactions waiting.
    pub pool_len: usize,
    /// Whether cheats are refused.
    pub strict: bool,
    /// Snapshots alive: id and height.
    pub snapshots: Vec<(u64, u64)>,
}

impl Node {
    /// Starts a chain, or goes on with the one in `state_path`.
    pub fn new(config: NodeConfig) -> Result<Self, NodeError> {
        validate(&config)?;
        let config = Arc::new(config);
        let (events, _) = broadcast::channel(EVENTS_MAX);
        let chain = match &config.state_path {
            None => Chain::genesis(Arc::clone(&config), None, events.clone()),
            Some(path) => Store::open(path, &config, events.clone())?,
        };
        let mining = chain.settings.mining;
        let inner = Arc::new(Inner {
            config,
            chain: RwLock::new(chain),
            events,
            ticker: Ticker::default(),
        });
        let node = Self { inner };
        node.start_ticker(mining)?;
        Ok(node)
    }

    /// The configuration the node started with.
    pub fn config(&self) -> &NodeConfig {
        &self.inner.config
    }

    /// The engine that executes; it changes with the chain id.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.read().engine)
    }

    /// Announcements from now on; see [`EVENTS_MAX`] for what happens to a slow receiver.
    pub fn subscribe(&self) -> broadcast::Receiver<ChainEvent> {
        self.inner.events.subscribe()
    }

    /// Current parameters.
    pub fn info(&self) -> NodeInfo {
        let chain = self.read();
        let head = chain.head();
        NodeInfo {
            chain_id: chain.settings.chain_id,
            head_number: head.header.number,
            head_hash: head.hash,
            head_timestamp: head.header.timestamp,
            genesis_hash: chain.blocks[0].hash,
            mining: chain.settings.mining,
            base_fee: chain.settings.base_fee,
            min_gas_price: chain.settings.min_gas_price,
            gas_limit: chain.settings.gas_limit,
            coinbase: chain.settings.coinbase,
            paused: chain.settings.paused,
            pool_len: chain.pool.len(),
            strict: self.inner.config.strict,
            snapshots: chain.snapshots.list(),
        }
    }

    /// Decodes, checks and accepts a signed transaction; with automining it is mined before this returns.
    pub fn submit_raw(&self, raw: &[u8]) -> Result<B256, SubmitError> {
        self.check_size(raw.len())?;
        self.submit(decode(raw)?)
    }

    /// Like [`Node::submit_raw`], when the sender is known already.
    pub fn submit(&self, tx: Recovered<TxEnvelope>) -> Result<B256, SubmitError> {
        self.submit_pool_tx(PoolTx::new(tx, false))
    }

    pub(crate) fn submit_pool_tx(&self, tx: PoolTx) -> Result<B256, SubmitError> {
        self.check_size(tx.bytes())?;
        check_alone(&tx, &self.inner.config)?;
        self.write().accept(tx)
    }

    fn check_size(&self, size: usize) -> Result<(), SubmitError> {
        match self.inner.config.tx_bytes_max {
            Some(limit) if size > limit => Err(SubmitError::Oversized { size, limit }),
            _ => Ok(()),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Chain> {
        self.inner.chain.read()
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Chain> {
        self.inner.chain.write()
    }

    /// Refuses a cheat when the node is strict.
    pub(crate) fn lenient(&self, method: &'static str) -> Result<(), StrictRefusal> {
        if self.inner.config.strict {
            Err(StrictRefusal { method })
        } else {
            Ok(())
        }
    }
}

fn validate(config: &NodeConfig) -> Result<(), NodeError> {
    let refuse = |cause: String| Err(NodeError::Config { cause });
    if config.gas_limit < 21_000 {
        return refuse(format!(
            "gas_limit {} is below 21000, what the simplest transaction costs",
            config.gas_limit
        ));
    }
    if config.chain_id == 0 {
        return refuse("chain_id 0 is reserved; choose another".to_owned());
    }
    if config.mining == Mining::Interval(std::time::Duration::ZERO) {
        return refuse(
            "mining interval must be longer than zero; use Mining::Auto or Mining::Manual"
                .to_owned(),
        );
    }
    if config
        .genesis_timestamp
        .is_some_and(|at| at > crate::time::TIMESTAMP_MAX)
    {
        return refuse(format!(
            "genesis_timestamp is beyond {}",
            crate::time::TIMESTAMP_MAX
        ));
    }
    Ok(())
}

/// Checks that need nothing but the transaction, outside the lock.
fn check_alone(tx: &PoolTx, config: &NodeConfig) -> Result<(), SubmitError> {
    let inner = tx.tx.inner();
    if inner.is_eip4844() {
        return Err(SubmitError::UnsupportedType {
            tx_type: inner.ty(),
        });
    }
    let (max_fee, tip) = (
        inner.max_fee_per_gas(),
        inner.max_priority_fee_per_gas().unwrap_or(0),
    );
    if tip > max_fee {
        return Err(SubmitError::TipAboveFee { tip, max_fee });
    }
    let (accounts, slots) = inner.access_list().map_or((0, 0), |list| {
        (
            list.len() as u64,
            list.iter().map(|item| item.storage_keys.len() as u64).sum(),
        )
    });
    let authorizations = inner
        .authorization_list()
        .map_or(0, |list| list.len() as u64);
    let gas = calculate_initial_tx_gas(
        config.spec,
        inner.input(),
        inner.is_create(),
        accounts,
        slots,
        authorizations,
        None,
    );
    let (limit, needed) = (inner.gas_limit(), initial_gas(&gas));
    if limit < needed {
        return Err(SubmitError::IntrinsicGas { limit, needed });
    }
    Ok(())
}

fn initial_gas(gas: &revm::context_interface::cfg::gas::InitialAndFloorGas) -> u64 {
    (gas.initial_regular_gas + gas.initial_state_gas).max(gas.floor_gas)
}

impl Chain {
    /// Checks a transaction against the state, takes it in, and mines it when automining.
    pub(crate) fn accept(&mut self, tx: PoolTx) -> Result<B256, SubmitError> {
        let (hash, sender) = (tx.hash(), tx.tx.signer());
        if self.settings.paused == Some(Pause::Refuse) {
            return Err(SubmitError::ProductionPaused);
        }
        self.check(&tx)?;
        let automine = self.settings.mining == Mining::Auto && self.settings.paused.is_none();
        let state_nonce = self.nonce(sender);
        if automine && self.pool.is_empty() && tx.tx.nonce() == state_nonce {
            return self.mine_at_once(tx);
        }
        self.pool.insert(tx, state_nonce, self.config.nonce_gaps)?;
        self.announce(ChainEvent::Pending(hash));
        if automine {
            // Only this sender's transactions can have become minable.
            let refused = self.drain_sender(sender)?;
            if let Some((_, refused)) = refused.into_iter().find(|(tx, _)| tx.hash() == hash) {
                return Err(Box::new(refused).into());
            }
        }
        Ok(hash)
    }

    /// The usual case of automining, which needs no pool.
    fn mine_at_once(&mut self, tx: PoolTx) -> Result<B256, SubmitError> {
        let hash = tx.hash();
        // Announced first, as a client that watches pending transactions expects; a transaction the engine refuses
        // after the checks above is so rare that the spurious announcement does no harm.
        self.announce(ChainEvent::Pending(hash));
        let produced = self.produce(Pick::List(vec![Arc::new(tx)]))?;
        match produced.refused.into_iter().next() {
            Some((_, refused)) => Err(Box::new(refused).into()),
            None => Ok(hash),
        }
    }

    fn check(&self, tx: &PoolTx) -> Result<(), SubmitError> {
        let inner = tx.tx.inner();
        let want = self.settings.chain_id;
        if let Some(have) = inner.chain_id()
            && have != want
        {
            return Err(SubmitError::WrongChainId { have, want });
        }
        let (limit, block) = (inner.gas_limit(), self.settings.gas_limit);
        if limit > block {
            return Err(SubmitError::GasAboveBlock { limit, block });
        }
        let (max_fee, base_fee) = (inner.max_fee_per_gas(), self.settings.base_fee);
        if max_fee < u128::from(base_fee) {
            return Err(SubmitError::FeeBelowBase { max_fee, base_fee });
        }
        let least = self.settings.min_gas_price;
        if max_fee < least {
            return Err(SubmitError::Underpriced {
                price: max_fee,
                least,
            });
        }
        let sender = tx.tx.signer();
        let basic = self.state.account(sender).unwrap_or_default();
        let nonce = inner.nonce();
        if nonce < basic.nonce {
            return Err(SubmitError::NonceTooLow {
                nonce,
                expected: basic.nonce,
            });
        }
        let cost = U256::from(limit)
            .checked_mul(U256::from(max_fee))
            .and_then(|fee| fee.checked_add(inner.value()))
            .ok_or(SubmitError::CostOverflow)?;
        if cost > basic.balance {
            return Err(SubmitError::InsufficientFunds {
                sender,
                balance: basic.balance,
                cost,
            });
        }
        Ok(())
    }
}
