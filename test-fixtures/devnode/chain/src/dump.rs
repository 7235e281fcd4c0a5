//! The whole chain as one blob (`anvil_dumpState`, `anvil_loadState`): gzipped JSON with a version.
//!
//! Unlike anvil's, a dump carries the blocks with their receipts, and loading replaces the chain instead of merging
//! into it. Undo entries are not in it: after loading, past states are not readable.

use std::{collections::BTreeMap, io::Read, sync::Arc};

use alloy::primitives::{Address, B256, Bytes, U256};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};

use crate::{
    block::MinedBlock,
    chain::{Chain, Span},
    error::CheatError,
    event::ChainEvent,
    node::Node,
    record::{BlockRecord, RecordError},
    state::{Basic, Position, State},
};

/// Version of the layout; another one is refused.
pub const DUMP_VERSION: u32 = 1;
/// Bytes a dump may unpack to: a hostile one must not exhaust the memory.
pub const DUMP_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A dump cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// It is not gzipped JSON of the right shape.
    #[error("not a dump of this program: {cause}")]
    Malformed {
        /// What was met.
        cause: String,
    },
    /// It unpacks to too much.
    #[error("dump unpacks to more than {DUMP_BYTES_MAX} bytes")]
    TooLarge,
    /// Another version of this program wrote it.
    #[error("dump has version {found}, this program reads {DUMP_VERSION}")]
    Version {
        /// Its version.
        found: u64,
    },
    /// It belongs to another chain.
    #[error("dump belongs to chain {found}, not {wanted}")]
    ChainId {
        /// Its chain.
        found: u64,
        /// This chain.
        wanted: u64,
    },
    /// The blocks do not follow each other from genesis.
    #[error("block {number} of the dump does not follow the one before it")]
    Broken {
        /// The block.
        number: u64,
    },
    /// A block is damaged.
    #[error(transparent)]
    Record(#[from] RecordError),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dump {
    version: u32,
    chain_id: u64,
    base_fee: u64,
    gas_limit: u64,
    coinbase: Address,
    branch: u64,
    time_offset: i64,
    accounts: BTreeMap<Address, AccountRecord>,
    blocks: Vec<BlockRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountRecord {
    balance: U256,
    nonce: u64,
    #[serde(default)]
    code: Bytes,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<U256, B256>,
}

#[derive(Debug, Deserialize)]
struct Versioned {
    version: u64,
}

impl Node {
    /// The chain as a blob: gzipped JSON. Nothing that waits is in it.
    pub fn dump(&self) -> Result<Bytes, CheatError> {
        let dump = self.read().to_dump();
        let malformed = |cause: String| DumpError::Malformed { cause };
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        serde_json::to_writer(&mut packed, &dump).map_err(|cause| malformed(cause.to_string()))?;
        Ok(packed
            .finish()
            .map_err(|cause| malformed(cause.to_string()))?
            .into())
    }

    /// Replaces the chain by a dumped one. The old blocks are announced as removed, the head as new; snapshots, the
    /// pool and past states are gone.
    pub fn load(&self, packed: &[u8]) -> Result<(), CheatError> {
        self.lenient("anvil_loadState")?;
        let dump = unpack(packed)?;
        let mut chain = self.write();
        let (state, blocks) = chain.check_dump(&dump)?;
        let removed = chain.replace(&dump, state, blocks);
        let written = chain.flush();
        chain.announce_removed(removed);
        chain.announce(ChainEvent::Block(Arc::clone(chain.head())));
        Ok(written?)
    }
}

fn unpack(packed: &[u8]) -> Result<Dump, DumpError> {
    let malformed = |cause: String| DumpError::Malformed { cause };
    let mut json = Vec::new();
    GzDecoder::new(packed)
        .take(DUMP_BYTES_MAX + 1)
        .read_to_end(&mut json)
        .map_err(|cause| malformed(cause.to_string()))?;
    if json.len() as u64 > DUMP_BYTES_MAX {
        return Err(DumpError::TooLarge);
    }
    // The version first: a dump of another version would only be called malformed.
    let versioned: Versioned =
        serde_json::from_slice(&json).map_err(|cause| malformed(cause.to_string()))?;
    if versioned.version != u64::from(DUMP_VERSION) {
        return Err(DumpError::Version {
            found: versioned.version,
        });
    }
    serde_json::from_slice(&json).map_err(|cause| malformed(cause.to_string()))
}

impl Chain {
    fn to_dump(&self) -> Dump {
        let accounts = self.state.accounts().map(|(address, basic)| {
            let record = AccountRecord {
                balance: basic.balance,
                nonce: basic.nonce,
                code: self
                    .state
                    .code(basic.code_hash)
                    .map(|code| code.original_bytes())
                    .unwrap_or_default(),
                storage: self
                    .state
                    .slots(address)
                    .map(|(slot, value)| (slot, value.into()))
                    .collect(),
            };
            (address, record)
        });
        Dump {
            version: DUMP_VERSION,
            chain_id: self.settings.chain_id,
            base_fee: self.settings.base_fee,
            gas_limit: self.settings.gas_limit,
            coinbase: self.settings.coinbase,
            branch: self.branch,
            time_offset: self.time.offset(),
            accounts: accounts.collect(),
            blocks: self
                .blocks
                .iter()
                .zip(&self.spans)
                .map(|(block, span)| BlockRecord::new(block, *span))
                .collect(),
        }
    }

    fn check_dump(&self, dump: &Dump) -> Result<(State, Vec<Arc<MinedBlock>>), DumpError> {
        let wanted = self.settings.chain_id;
        if dump.chain_id != wanted {
            return Err(DumpError::ChainId {
                found: dump.chain_id,
                wanted,
            });
        }
        let mut blocks: Vec<Arc<MinedBlock>> = Vec::with_capacity(dump.blocks.len());
        for record in &dump.blocks {
            let (block, _) = record.clone().restore()?;
            let number = blocks.len() as u64;
            let parent = blocks.last().map_or(B256::ZERO, |parent| parent.hash);
            if block.header.number != number || block.header.parent_hash != parent {
                return Err(DumpError::Broken { number });
            }
            blocks.push(Arc::new(block));
        }
        if blocks.is_empty() {
            return Err(DumpError::Broken { number: 0 });
        }
        let mut state = State::tracking(self.store.is_some());
        for (&address, record) in &dump.accounts {
            let code_hash = state.put_code(record.code.clone());
            state.set_account(
                address,
                Some(Basic {
                    balance: record.balance,
                    nonce: record.nonce,
                    code_hash,
                }),
            );
            for (&slot, &value) in &record.storage {
                state.set_slot(address, slot, value.into());
            }
        }
        let end = state.position();
        state.prune(end);
        Ok((state, blocks))
    }

    fn replace(
        &mut self,
        dump: &Dump,
        state: State,
        blocks: Vec<Arc<MinedBlock>>,
    ) -> Vec<Arc<MinedBlock>> {
        let mut removed = std::mem::take(&mut self.blocks);
        removed.reverse();
        self.spans.clear();
        self.by_hash.clear();
        self.by_tx.clear();
        self.pool.clear();
        self.snapshots.clear();
        self.state = state;
        let end = self.state.position();
        for block in blocks {
            // Only the head's state exists: all others lie before the oldest position.
            self.append(
                block,
                Span {
                    start: Position(0),
                    end,
                },
            );
        }
        self.branch = dump.branch;
        self.time = crate::time::TimeKeeper::with_offset(dump.time_offset);
        self.settings.base_fee = dump.base_fee;
        self.settings.gas_limit = dump.gas_limit.max(21_000);
        self.settings.coinbase = dump.coinbase;
        if let Some(store) = &mut self.store {
            store.truncate_all();
        }
        removed
    }
}
