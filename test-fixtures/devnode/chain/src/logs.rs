//! Log queries: blocks are skipped by their bloom, logs matched in place, and nothing is copied until it is written out.

use std::sync::Arc;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bloom, BloomInput, Log},
    rpc::types::{Filter, FilterBlockOption},
};

use crate::{
    block::{MinedBlock, MinedTx},
    chain::Chain,
    error::LogsError,
    node::Node,
};

/// Addresses and topics one filter may name: each is compared with every log of a candidate block.
pub const FILTER_TERMS_MAX: usize = 1_024;

/// What a log query may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLimits {
    /// Blocks in the range.
    pub max_blocks: u64,
    /// Logs in the answer.
    pub max_logs: usize,
}

impl Default for LogLimits {
    /// A hundred thousand blocks, fifty thousand logs (about 30 MB of JSON).
    fn default() -> Self {
        Self {
            max_blocks: 100_000,
            max_logs: 50_000,
        }
    }
}

/// Logs found, grouped by block.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    blocks: Vec<BlockLogs>,
    len: usize,
}

#[derive(Clone, Debug)]
struct BlockLogs {
    block: Arc<MinedBlock>,
    /// Transaction, and log in the transaction.
    at: Vec<(u32, u32)>,
}

/// One log with its place in the chain.
#[derive(Clone, Copy, Debug)]
pub struct LogRef<'a> {
    /// Its block.
    pub block: &'a MinedBlock,
    /// Its transaction.
    pub tx: &'a MinedTx,
    /// Index of the transaction in the block.
    pub tx_index: u64,
    /// Index of the log in the block.
    pub log_index: u64,
    /// The log.
    pub log: &'a Log,
}

impl LogRef<'_> {
    /// The log as JSON-RPC shows it.
    pub fn to_rpc(&self, removed: bool) -> alloy::rpc::types::Log {
        alloy::rpc::types::Log {
            inner: self.log.clone(),
            block_hash: Some(self.block.hash),
            block_number: Some(self.block.header.number),
            block_timestamp: Some(self.block.header.timestamp),
            transaction_hash: Some(self.tx.hash()),
            transaction_index: Some(self.tx_index),
            log_index: Some(self.log_index),
            removed,
        }
    }
}

impl LogPage {
    /// Logs found.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none was found.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The logs, in the order of the chain.
    pub fn iter(&self) -> impl Iterator<Item = LogRef<'_>> + '_ {
        self.blocks.iter().flat_map(|found| {
            found.at.iter().map(|&(tx_index, index)| {
                // Pages are built from these very blocks.
                let tx = &found.block.transactions[tx_index as usize];
                LogRef {
                    block: &found.block,
                    tx,
                    tx_index: u64::from(tx_index),
                    log_index: tx.first_log_index + u64::from(index),
                    log: &tx.logs()[index as usize],
                }
            })
        })
    }

    fn push(&mut self, block: &Arc<MinedBlock>, at: Vec<(u32, u32)>) {
        if !at.is_empty() {
            self.len += at.len();
            self.blocks.push(BlockLogs {
                block: Arc::clone(block),
                at,
            });
        }
    }
}

/// Logs of one block that match, for subscriptions; the filter's range is not looked at.
pub fn of_block(block: &Arc<MinedBlock>, filter: &Filter) -> LogPage {
    let mut page = LogPage::default();
    page.push(block, Matcher::new(filter).block(block));
    page
}

impl Node {
    /// Logs that match a filter, in the order of the chain.
    ///
    /// The range defaults to the latest block at both ends. A range that ends above the head ends at the head.
    pub fn logs(&self, filter: &Filter, limits: LogLimits) -> Result<LogPage, LogsError> {
        let matcher = Matcher::new(filter);
        let count = matcher.terms();
        if count > FILTER_TERMS_MAX {
            return Err(LogsError::TooManyTerms {
                count,
                limit: FILTER_TERMS_MAX,
            });
        }
        let chain = self.read();
        let (from, to) = range(&chain, filter)?;
        let asked = (to + 1).saturating_sub(from);
        if asked > limits.max_blocks {
            return Err(LogsError::TooManyBlocks {
                asked,
                limit: limits.max_blocks,
            });
        }
        let mut page = LogPage::default();
        for number in from..=to {
            let Some(block) = chain.blocks.get(number as usize) else {
                break;
            };
            page.push(block, matcher.block(block));
            if page.len > limits.max_logs {
                return Err(LogsError::TooManyLogs {
                    limit: limits.max_logs,
                    from,
                    to: number.saturating_sub(1).max(from),
                });
            }
        }
        Ok(page)
    }
}

fn range(chain: &Chain, filter: &Filter) -> Result<(u64, u64), LogsError> {
    match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let at = chain.resolve(BlockId::from(hash))?.number;
            Ok((at, at))
        }
        FilterBlockOption::Range {
            from_block,
            to_block,
        } => {
            let head = chain.head_number();
            let number = |tag: Option<BlockNumberOrTag>| match tag.unwrap_or_default() {
                BlockNumberOrTag::Number(number) => Ok(number),
                tag => chain.resolve(tag.into()).map(|at| at.number),
            };
            let (from, to) = (number(from_block)?, number(to_block)?);
            if from > to {
                return Err(LogsError::Backwards { from, to });
            }
            // A range wholly above the head is empty, not an error: clients poll for blocks to come.
            Ok(if from > head {
                (1, 0)
            } else {
                (from, to.min(head))
            })
        }
    }
}

/// The three bits of a bloom that one value sets, as bytes and masks: checking them reads three bytes of a block's
/// bloom, not all 256.
type Bits = Vec<(usize, u8)>;

fn bits(value: &[u8]) -> Bits {
    let bloom = Bloom::from(BloomInput::Raw(value));
    bloom
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, mask)| *mask != 0)
        .collect()
}

/// A filter taken apart for speed.
struct Matcher {
    addresses: Vec<(Address, Bits)>,
    topics: [Vec<(B256, Bits)>; 4],
    /// Topics a log must have at least.
    depth: usize,
}

impl Matcher {
    fn new(filter: &Filter) -> Self {
        let addresses = filter
            .address
            .iter()
            .map(|address| (*address, bits(address.as_slice())))
            .collect();
        let topics = std::array::from_fn(|index| {
            filter.topics[index]
                .iter()
                .map(|topic| (*topic, bits(topic.as_slice())))
                .collect::<Vec<_>>()
        });
        let depth = topics
            .iter()
            .rposition(|wanted| !wanted.is_empty())
            .map_or(0, |last| last + 1);
        Self {
            addresses,
            topics,
            depth,
        }
    }

    fn terms(&self) -> usize {
        self.addresses.len() + self.topics.iter().map(Vec::len).sum::<usize>()
    }

    fn may_be_in(&self, bloom: &Bloom) -> bool {
        fn any<T>(terms: &[(T, Bits)], bloom: &[u8]) -> bool {
            terms.is_empty()
                || terms
                    .iter()
                    .any(|(_, bits)| bits.iter().all(|(byte, mask)| bloom[*byte] & mask == *mask))
        }
        let bloom = bloom.as_slice();
        any(&self.addresses, bloom) && self.topics.iter().all(|topics| any(topics, bloom))
    }

    fn matches(&self, log: &Log) -> bool {
        fn any<T: PartialEq>(terms: &[(T, Bits)], value: &T) -> bool {
            terms.is_empty() || terms.iter().any(|(term, _)| term == value)
        }
        let topics = log.topics();
        topics.len() >= self.depth
            && any(&self.addresses, &log.address)
            && topics
                .iter()
                .zip(&self.topics)
                .all(|(topic, wanted)| any(wanted, topic))
    }

    fn block(&self, block: &MinedBlock) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        if !self.may_be_in(&block.header.logs_bloom) {
            return found;
        }
        for (tx_index, tx) in block.transactions.iter().enumerate() {
            for (index, log) in tx.logs().iter().enumerate() {
                if self.matches(log) {
                    found.push((tx_index as u32, index as u32));
                }
            }
        }
        found
    }
}
