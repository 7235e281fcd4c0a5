//! The mutable chain behind the node's lock.

use std::sync::Arc;

use agentcity_devnode_engine::{BlockContext, Engine, EngineConfig};
use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U256, keccak256},
};
use revm::primitives::{AddressSet, B256Map};
use tokio::sync::broadcast;

use crate::{
    block::{Frame, MinedBlock, MinedTx, seal},
    config::{EvmNumbers, Mining, NodeConfig, PARENT_BLOCK_SECS, Pause, Randao},
    error::BlockError,
    event::ChainEvent,
    hashes::Hashes,
    overlay::Overlay,
    persist::{PersistError, Store},
    pool::Pool,
    snapshot::Snapshots,
    state::{Basic, Position, State, Undo},
    time::TimeKeeper,
};

/// Where a block's execution lies in the journal. Cheats done while it is the head come after `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

/// What a request may change about the chain besides its state.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) chain_id: u64,
    pub(crate) mining: Mining,
    pub(crate) base_fee: u64,
    pub(crate) gas_limit: u64,
    pub(crate) coinbase: Address,
    pub(crate) min_gas_price: u128,
    pub(crate) paused: Option<Pause>,
    pub(crate) impersonated: AddressSet,
    pub(crate) auto_impersonate: bool,
}

/// A block and whether the one after it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) number: u64,
    pub(crate) pending: bool,
}

#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) state: State,
    /// Index is the block's number.
    pub(crate) blocks: Vec<Arc<MinedBlock>>,
    /// Beside `blocks`.
    pub(crate) spans: Vec<Span>,
    pub(crate) by_hash: B256Map<u64>,
    pub(crate) by_tx: B256Map<(u64, u32)>,
    pub(crate) pool: Pool,
    pub(crate) time: TimeKeeper,
    pub(crate) settings: Settings,
    pub(crate) snapshots: Snapshots,
    pub(crate) store: Option<Store>,
    /// Reorgs so far; goes into the extra data of replacement blocks so that they differ from what they replace.
    pub(crate) branch: u64,
    pub(crate) events: broadcast::Sender<ChainEvent>,
}

pub(crate) fn engine_of(config: &NodeConfig, chain_id: u64) -> Arc<Engine> {
    Arc::new(Engine::new(EngineConfig {
        chain_id,
        spec: config.spec,
        debug_hooks: config.debug_hooks,
        tips: config.tips,
        stylus: config.stylus,
    }))
}

pub(crate) fn settings_of(config: &NodeConfig) -> Settings {
    Settings {
        chain_id: config.chain_id,
        mining: config.mining,
        base_fee: config.base_fee,
        gas_limit: config.gas_limit,
        coinbase: config.coinbase,
        min_gas_price: 0,
        paused: None,
        impersonated: AddressSet::default(),
        auto_impersonate: false,
    }
}

impl Chain {
    /// A chain of its genesis block.
    pub(crate) fn genesis(
        config: Arc<NodeConfig>,
        store: Option<Store>,
        events: broadcast::Sender<ChainEvent>,
    ) -> Self {
        let engine = engine_of(&config, config.chain_id);
        let mut state = State::tracking(store.is_some());
        for (address, account) in engine.genesis_accounts() {
            let code_hash = state.put_code(account.code);
            state.set_account(
                address,
                Some(Basic {
                    balance: account.balance,
                    nonce: account.nonce,
                    code_hash,
                }),
            );
            for (slot, value) in account.storage {
                state.set_slot(address, slot, value);
            }
        }
        for &(address, balance) in &config.alloc {
            let basic = state.account(address).unwrap_or_default();
            state.set_account(address, Some(Basic { balance, ..basic }));
        }
        let end = state.position();
        let state_root = commitment(B256::ZERO, &state, Position(0), end);
        // Nothing is before genesis: its changes need no undoing.
        state.prune(end);
        let settings = settings_of(&config);
        let clock = config.clock.now();
        let timestamp = config.genesis_timestamp.unwrap_or(clock);
        let mut chain = Self {
            engine,
            state,
            blocks: Vec::new(),
            spans: Vec::new(),
            by_hash: B256Map::default(),
            by_tx: B256Map::default(),
            pool: Pool::default(),
            time: TimeKeeper::since(timestamp, clock),
            settings,
            snapshots: Snapshots::default(),
            store,
            branch: 0,
            events,
            config,
        };
        let frame = Frame {
            parent_hash: B256::ZERO,
            number: 0,
            evm_number: chain.evm_number(0, timestamp, timestamp),
            timestamp,
            coinbase: chain.settings.coinbase,
            gas_limit: chain.settings.gas_limit,
            base_fee: chain.settings.base_fee,
            prevrandao: chain.prevrandao(0),
            difficulty: chain.difficulty(),
            extra_data: Bytes::new(),
        };
        chain.append(
            Arc::new(seal(frame, Vec::new(), state_root)),
            Span { start: end, end },
        );
        chain
    }

    pub(crate) fn head(&self) -> &Arc<MinedBlock> {
        // Genesis is never removed.
        &self.blocks[self.blocks.len() - 1]
    }

    pub(crate) fn head_number(&self) -> u64 {
        self.head().header.number
    }

    pub(crate) fn append(&mut self, block: Arc<MinedBlock>, span: Span) {
        let number = block.header.number;
        self.by_hash.insert(block.hash, number);
        for (index, mined) in block.transactions.iter().enumerate() {
            self.by_tx.insert(mined.hash(), (number, index as u32));
        }
        self.blocks.push(block);
        self.spans.push(span);
    }

    /// Takes blocks above `number` off the chain, newest first; the state is not touched.
    pub(crate) fn truncate(&mut self, number: u64) -> Vec<Arc<MinedBlock>> {
        let keep = (number as usize + 1).min(self.blocks.len());
        let mut removed = self.blocks.split_off(keep);
        self.spans.truncate(keep);
        for block in &removed {
            self.by_hash.remove(&block.hash);
            for mined in &block.transactions {
                self.by_tx.remove(&mined.hash());
            }
        }
        if let Some(store) = &mut self.store {
            store.truncate_blocks(keep as u64);
        }
        removed.reverse();
        removed
    }

    /// Rolls the state back; `to` was checked to be reachable.
    pub(crate) fn rollback_state(&mut self, to: Position) {
        if self.state.rollback(to).is_ok()
            && let Some(store) = &mut self.store
        {
            store.truncate_journal(to);
        }
    }

    /// Writes everything that changed since the last call.
    pub(crate) fn flush(&mut self) -> Result<(), PersistError> {
        let Some(mut store) = self.store.take() else {
            return Ok(());
        };
        let keys = self.state.take_dirty();
        let written = store.commit(self, &keys);
        self.store = Some(store);
        if written.is_err() {
            self.state.restore_dirty(keys);
        }
        written
    }

    pub(crate) fn announce(&self, event: ChainEvent) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    pub(crate) fn announce_removed(&self, removed: Vec<Arc<MinedBlock>>) {
        if !removed.is_empty() {
            self.announce(ChainEvent::Removed(removed));
        }
    }

    /// Forgets undo entries nobody may ask for any more.
    pub(crate) fn prune(&mut self) {
        let head = self.blocks.len() as u64 - 1;
        let mut before = self.state.oldest();
        if let Some(oldest) = head.checked_sub(self.config.history_blocks) {
            // The state after block n is the one before block n + 1.
            before = self
                .spans
                .get(oldest as usize + 1)
                .map_or(before, |span| span.start);
        }
        if let Some(pinned) = self.snapshots.oldest() {
            before = before.min(pinned);
        }
        let cap = self
            .state
            .position()
            .0
            .saturating_sub(crate::config::HISTORY_ENTRIES as u64);
        before = before.max(Position(cap));
        if before > self.state.oldest() {
            self.state.prune(before);
        }
    }

    pub(crate) fn resolve(&self, at: BlockId) -> Result<At, BlockError> {
        let head = self.head_number();
        let number = match at {
            BlockId::Hash(hash) => {
                *self
                    .by_hash
                    .get(&hash.block_hash)
                    .ok_or(BlockError::UnknownHash {
                        hash: hash.block_hash,
                    })?
            }
            BlockId::Number(BlockNumberOrTag::Number(number)) => number,
            BlockId::Number(BlockNumberOrTag::Latest) => head,
            BlockId::Number(BlockNumberOrTag::Pending) => {
                return Ok(At {
                    number: head,
                    pending: true,
                });
            }
            BlockId::Number(BlockNumberOrTag::Earliest) => 0,
            BlockId::Number(BlockNumberOrTag::Safe) => head.saturating_sub(self.config.safe_depth),
            BlockId::Number(BlockNumberOrTag::Finalized) => {
                head.saturating_sub(self.config.finalized_depth)
            }
        };
        if number > head {
            return Err(BlockError::UnknownNumber { number, head });
        }
        Ok(At {
            number,
            pending: false,
        })
    }

    /// Journal position of the state after block `number`, cheats done while it was the head included.
    pub(crate) fn position_after(&self, number: u64) -> Result<Position, BlockError> {
        let at = self
            .spans
            .get(number as usize + 1)
            .map_or_else(|| self.state.position(), |span| span.start);
        if at < self.state.oldest() {
            return Err(BlockError::StateGone {
                number,
                oldest: self.oldest_state(),
            });
        }
        Ok(at)
    }

    fn oldest_state(&self) -> u64 {
        let gone = self
            .spans
            .partition_point(|span| span.start < self.state.oldest());
        (gone as u64).saturating_sub(1)
    }

    /// The state after block `number`.
    pub(crate) fn view(&self, number: u64) -> Result<Overlay<'_>, BlockError> {
        let at = self.position_after(number)?;
        self.view_at(at, number)
    }

    /// The state at a journal position, which belongs to `number`.
    pub(crate) fn view_at(&self, at: Position, number: u64) -> Result<Overlay<'_>, BlockError> {
        Overlay::at(&self.state, at).map_err(|_| BlockError::StateGone {
            number,
            oldest: self.oldest_state(),
        })
    }

    pub(crate) fn hashes(&self) -> Hashes<'_> {
        Hashes {
            blocks: &self.blocks,
            overrides: None,
        }
    }

    pub(crate) fn find_tx(&self, hash: B256) -> Option<(&Arc<MinedBlock>, usize, &MinedTx)> {
        let &(number, index) = self.by_tx.get(&hash)?;
        let block = self.blocks.get(number as usize)?;
        Some((
            block,
            index as usize,
            block.transactions.get(index as usize)?,
        ))
    }

    pub(crate) fn nonce(&self, address: Address) -> u64 {
        self.state.account(address).map_or(0, |basic| basic.nonce)
    }

    fn evm_number(&self, number: u64, timestamp: u64, genesis: u64) -> u64 {
        match self.config.evm_numbers {
            EvmNumbers::Own => number,
            EvmNumbers::ParentEstimate => self
                .config
                .parent_number
                .saturating_add(timestamp.saturating_sub(genesis) / PARENT_BLOCK_SECS),
        }
    }

    fn prevrandao(&self, number: u64) -> B256 {
        match self.config.randao {
            Randao::Constant(value) => value,
            Randao::Seeded(seed) => {
                let mut bytes = [0; 16];
                bytes[..8].copy_from_slice(&seed.to_be_bytes());
                bytes[8..].copy_from_slice(&number.to_be_bytes());
                keccak256(bytes)
            }
        }
    }

    /// Arbitrum's headers say 1, Ethereum's since the merge 0.
    fn difficulty(&self) -> U256 {
        U256::from(u8::from(self.config.stylus))
    }

    /// The header of the block after the head, as far as it is known before execution.
    pub(crate) fn next_frame(&self, timestamp: u64, extra_data: Bytes) -> Frame {
        let parent = self.head();
        Frame {
            parent_hash: parent.hash,
            extra_data,
            ..self.frame_at(parent.header.number + 1, timestamp)
        }
    }

    /// What a block of this number made now would say, but for its parent.
    pub(crate) fn frame_at(&self, number: u64, timestamp: u64) -> Frame {
        Frame {
            parent_hash: B256::ZERO,
            number,
            evm_number: self.evm_number(number, timestamp, self.blocks[0].header.timestamp),
            timestamp,
            coinbase: self.settings.coinbase,
            gas_limit: self.settings.gas_limit,
            base_fee: self.settings.base_fee,
            prevrandao: self.prevrandao(number),
            difficulty: self.difficulty(),
            extra_data: Bytes::new(),
        }
    }

    /// The timestamp the next block would get.
    pub(crate) fn next_timestamp(&self) -> u64 {
        self.time.peek(
            self.config.clock.now(),
            self.head().header.timestamp,
            self.config.timestamps,
        )
    }

    /// What code that runs in `at` sees of its block.
    pub(crate) fn context(&self, at: At) -> BlockContext {
        if at.pending {
            return context_of(&self.next_frame(self.next_timestamp(), Bytes::new()));
        }
        // Resolved numbers are in the chain.
        let block = &self.blocks[at.number as usize];
        BlockContext {
            number: block.header.number,
            evm_number: block.evm_number,
            timestamp: block.header.timestamp,
            coinbase: block.header.beneficiary,
            gas_limit: block.header.gas_limit,
            base_fee: block.header.base_fee_per_gas.unwrap_or_default(),
            prevrandao: block.header.mix_hash,
        }
    }
}

pub(crate) fn context_of(frame: &Frame) -> BlockContext {
    BlockContext {
        number: frame.number,
        evm_number: frame.evm_number,
        timestamp: frame.timestamp,
        coinbase: frame.coinbase,
        gas_limit: frame.gas_limit,
        base_fee: frame.base_fee,
        prevrandao: frame.prevrandao,
    }
}

/// The rolling commitment a header carries as `state_root`: keccak256 of the parent's and of every key changed since,
/// sorted, with its new value. It differs whenever the history of changes differs, and costs no trie.
pub(crate) fn commitment(parent: B256, state: &State, from: Position, to: Position) -> B256 {
    let mut keys: Vec<_> = state.undo_range(from, to).map(Undo::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut bytes = Vec::with_capacity(32 + keys.len() * 93);
    bytes.extend_from_slice(parent.as_slice());
    for key in keys {
        match key {
            crate::state::Key::Account(address) => {
                bytes.extend_from_slice(address.as_slice());
                match state.account(address) {
                    None => bytes.push(0),
                    Some(basic) => {
                        bytes.push(1);
                        bytes.extend_from_slice(&basic.balance.to_be_bytes::<32>());
                        bytes.extend_from_slice(&basic.nonce.to_be_bytes());
                        bytes.extend_from_slice(basic.code_hash.as_slice());
                    }
                }
            }
            crate::state::Key::Slot(address, slot) => {
                bytes.extend_from_slice(address.as_slice());
                bytes.push(2);
                bytes.extend_from_slice(&slot.to_be_bytes::<32>());
                bytes.extend_from_slice(&state.slot(address, slot).to_be_bytes::<32>());
            }
        }
    }
    keccak256(bytes)
}
