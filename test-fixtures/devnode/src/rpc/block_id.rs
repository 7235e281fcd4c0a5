//! Which block a request means: number, tag, hash, or the object of EIP-1898.

use super::{RpcError, args::Args};
use alloy::eips::{BlockId, BlockNumberOrTag};
use serde::Deserialize;

/// A block argument; missing means the latest.
pub(super) fn block_id(args: &Args<'_>, index: usize) -> Result<BlockId, RpcError> {
    Ok(opt_block_id(args, index)?.unwrap_or_default())
}

/// A block argument that may be missing.
pub(super) fn opt_block_id(args: &Args<'_>, index: usize) -> Result<Option<BlockId>, RpcError> {
    Ok(args.opt::<Block>(index, "block")?.map(|Block(id)| id))
}

/// A block argument that must be a number or a tag.
pub(super) fn block_tag(args: &Args<'_>, index: usize) -> Result<BlockId, RpcError> {
    match args.get::<Block>(index, "block")? {
        Block(BlockId::Hash(_)) => Err(RpcError::params(
            "invalid params: this method takes a block number or tag",
        )),
        Block(id) => Ok(id),
    }
}

/// As [`BlockId`], and JSON numbers too, which many scripts send.
struct Block(BlockId);

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Id(BlockId),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Number(number) => BlockId::Number(BlockNumberOrTag::Number(number)),
            Either::Id(id) => id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::B256;
    use serde_json::value::RawValue;

    fn read(json: &str) -> Result<BlockId, RpcError> {
        let raw = RawValue::from_string(format!("[{json}]")).unwrap();
        block_id(&Args::new(Some(&raw)).unwrap(), 0)
    }

    #[test]
    fn reads_every_way_to_name_a_block() {
        let hash = B256::repeat_byte(7);
        assert_eq!(read("").unwrap(), BlockId::latest());
        assert_eq!(read("null").unwrap(), BlockId::latest());
        assert_eq!(read("\"pending\"").unwrap(), BlockId::pending());
        assert_eq!(read("\"earliest\"").unwrap(), BlockId::earliest());
        assert_eq!(read("\"0x10\"").unwrap(), BlockId::number(16));
        assert_eq!(read("16").unwrap(), BlockId::number(16));
        assert_eq!(read(&format!("\"{hash}\"")).unwrap(), BlockId::hash(hash));
        assert_eq!(
            read("{\"blockNumber\":\"0x10\"}").unwrap(),
            BlockId::number(16)
        );
        assert!(
            matches!(read(&format!("{{\"blockHash\":\"{hash}\"}}")).unwrap(), BlockId::Hash(id) if id.block_hash == hash)
        );
        for wrong in [
            "\"newest\"",
            "-1",
            "1.5",
            "[]",
            "{}",
            "\"0xzz\"",
            "true",
            "1e99",
            "\"0x1ffffffffffffffff\"",
        ] {
            assert_eq!(
                read(wrong).unwrap_err().code,
                super::super::error::INVALID_PARAMS,
                "{wrong}"
            );
        }
    }
}
