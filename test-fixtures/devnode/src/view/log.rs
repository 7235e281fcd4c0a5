//! Logs.

use super::{Object, list, writer::bytes};
use agentcity_devnode_chain::{MinedBlock, MinedTx};
use alloy::primitives::{B256, Log};

/// Where a log stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) block_hash: B256,
    pub(crate) block_number: u64,
    pub(crate) block_timestamp: u64,
    pub(crate) transaction_hash: B256,
    pub(crate) transaction_index: u64,
    pub(crate) log_index: u64,
}

impl Place {
    /// The place of log `index` of transaction `tx_index` of `block`.
    pub(crate) fn new(block: &MinedBlock, tx_index: usize, tx: &MinedTx, index: usize) -> Self {
        Self {
            block_hash: block.hash,
            block_number: block.number(),
            block_timestamp: block.header.timestamp,
            transaction_hash: tx.hash(),
            transaction_index: tx_index as u64,
            log_index: tx.first_log_index + index as u64,
        }
    }
}

/// Writes one log. `removed` tells that its block left the chain.
pub(crate) fn write(out: &mut Vec<u8>, log: &Log, place: &Place, removed: bool) {
    let mut object = Object::open(out);
    object.bytes("address", log.address.as_slice());
    list(object.key("topics"), log.topics(), |out, topic| {
        bytes(out, topic.as_slice())
    });
    object.bytes("data", &log.data.data);
    object.bytes("blockHash", place.block_hash.as_slice());
    object.quantity("blockNumber", place.block_number);
    object.quantity("blockTimestamp", place.block_timestamp);
    object.bytes("transactionHash", place.transaction_hash.as_slice());
    object.quantity("transactionIndex", place.transaction_index);
    object.quantity("logIndex", place.log_index);
    object.raw("removed", if removed { "true" } else { "false" });
    object.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Address, Bytes};

    #[test]
    fn writes_what_alloy_reads() {
        let log = Log::new_unchecked(
            Address::repeat_byte(1),
            vec![B256::repeat_byte(2), B256::repeat_byte(3)],
            Bytes::from_static(&[4, 5]),
        );
        let place = Place {
            block_hash: B256::repeat_byte(6),
            block_number: 7,
            block_timestamp: 8,
            transaction_hash: B256::repeat_byte(9),
            transaction_index: 10,
            log_index: 11,
        };
        let mut out = Vec::new();
        write(&mut out, &log, &place, true);
        let read: alloy::rpc::types::Log = serde_json::from_slice(&out).unwrap();
        assert_eq!(read.inner, log);
        assert_eq!(
            (read.block_hash, read.block_number, read.block_timestamp),
            (Some(place.block_hash), Some(7), Some(8))
        );
        assert_eq!(
            (
                read.transaction_hash,
                read.transaction_index,
                read.log_index,
                read.removed
            ),
            (Some(place.transaction_hash), Some(10), Some(11), true)
        );
    }
}
