//! That a block holds an anchor: its receipt, and the path from there to the header's `receiptsRoot`.

use agentcity_abi::IRoster;
use agentcity_domain::roster::anchor::Anchor;
use alloy::{
    consensus::Header,
    primitives::{Address, B256, Bloom, Bytes, Log, U64},
    rlp::{self, Decodable, Encodable},
    sol_types::SolEvent,
};
use alloy_trie::{
    HashBuilder, Nibbles,
    proof::{ProofRetainer, verify_proof},
    root::adjust_index_for_rlp,
};
use serde::{Deserialize, Serialize};

/// Most nodes of a path: a block of four thousand million transactions has fewer.
const NODES_MAX: usize = 16;
/// Most bytes of a receipt, and of a node.
const BYTES_MAX: usize = 1 << 20;

/// A receipt with its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptProof {
    /// The transaction's place in the block.
    pub index: u64,
    /// The receipt as the block has it (EIP-2718).
    pub receipt: Bytes,
    /// Nodes of the trie, from the root to the receipt.
    pub nodes: Vec<Bytes>,
}

/// A receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The path does not lead from the header to the receipt.
    #[error(
        "the receipt is not in the block {block}: its path does not lead to the header's receiptsRoot"
    )]
    NotInBlock {
        /// The block's hash.
        block: B256,
    },
    /// It is too large, or cannot be read.
    #[error("the receipt cannot be read: {cause}")]
    Malformed {
        /// Why.
        cause: String,
    },
    /// The transaction failed.
    #[error("the transaction of the receipt failed")]
    Failed,
    /// It holds no such anchor.
    #[error(
        "the receipt holds no anchor number {sequence} of {author} by the roster {roster} with this size and root"
    )]
    NoAnchor {
        /// Whose.
        author: Address,
        /// Which.
        sequence: u64,
        /// Where.
        roster: Address,
    },
    /// The receipts of a block, as a node tells them, are not those of its header.
    #[error(
        "the receipts that the node tells have the root {found}, the block's header has {expected}: ask another node"
    )]
    OtherReceipts {
        /// Of what the node tells.
        found: B256,
        /// The header's.
        expected: B256,
    },
}

fn malformed(cause: impl ToString) -> ReceiptError {
    ReceiptError::Malformed {
        cause: cause.to_string(),
    }
}

fn key(index: u64) -> Nibbles {
    Nibbles::unpack(rlp::encode_fixed_size(&(index as usize)))
}

impl ReceiptProof {
    /// The path of receipt `index` in a block, of all its receipts.
    ///
    /// Errors: [`ReceiptError::OtherReceipts`], [`ReceiptError::Malformed`] if there is no such receipt.
    pub fn make(receipts: &[Vec<u8>], index: u64, root: B256) -> Result<Self, ReceiptError> {
        let at = usize::try_from(index).map_err(malformed)?;
        let receipt = receipts
            .get(at)
            .ok_or_else(|| malformed(format!("the block has no transaction {index}")))?;
        let retained = ProofRetainer::new(vec![key(index)]);
        let mut builder = HashBuilder::default().with_proof_retainer(retained);
        for place in 0..receipts.len() {
            let place = adjust_index_for_rlp(place, receipts.len());
            builder.add_leaf(key(place as u64), &receipts[place]);
        }
        let found = builder.root();
        if found != root {
            let expected = root;
            return Err(ReceiptError::OtherReceipts { found, expected });
        }
        let nodes = builder.take_proof_nodes().into_nodes_sorted();
        Ok(Self {
            index,
            receipt: receipt.clone().into(),
            nodes: nodes.into_iter().map(|(_, node)| node).collect(),
        })
    }

    /// Whether the block behind a header holds this anchor.
    ///
    /// Errors: [`ReceiptError`].
    pub fn verify(
        &self,
        header: &Header,
        roster: Address,
        author: Address,
        sequence: u64,
        anchor: &Anchor,
    ) -> Result<(), ReceiptError> {
        let small = |bytes: &Bytes| bytes.len() <= BYTES_MAX;
        if self.nodes.len() > NODES_MAX || !self.nodes.iter().all(small) || !small(&self.receipt) {
            return Err(malformed("it is larger than any receipt"));
        }
        let value = Some(self.receipt.to_vec());
        verify_proof(header.receipts_root, key(self.index), value, &self.nodes).map_err(|_| {
            ReceiptError::NotInBlock {
                block: header.hash_slow(),
            }
        })?;
        let said = IRoster::Anchored {
            author,
            sequence,
            size: anchor.size,
            root: anchor.root,
        };
        let said = said.encode_log_data();
        let holds = logs(&self.receipt)?
            .iter()
            .any(|log| log.address == roster && log.data == said);
        match holds {
            true => Ok(()),
            false => Err(ReceiptError::NoAnchor {
                author,
                sequence,
                roster,
            }),
        }
    }
}

/// The logs of a receipt of whatever type: chains have types of their own, and all have this body.
fn logs(receipt: &[u8]) -> Result<Vec<Log>, ReceiptError> {
    let mut bytes = match receipt.first() {
        Some(kind) if *kind < rlp::EMPTY_STRING_CODE => &receipt[1..],
        _ => receipt,
    };
    let mut body = rlp::Header::decode_bytes(&mut bytes, true).map_err(malformed)?;
    let status = Bytes::decode(&mut body).map_err(malformed)?;
    u64::decode(&mut body).map_err(malformed)?;
    Bloom::decode(&mut body).map_err(malformed)?;
    let logs = Vec::<Log>::decode(&mut body).map_err(malformed)?;
    if !bytes.is_empty() || !body.is_empty() {
        return Err(malformed("something follows it"));
    }
    if status[..] != [1] {
        return Err(ReceiptError::Failed);
    }
    Ok(logs)
}

/// A receipt as `eth_getBlockReceipts` tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToldReceipt {
    #[serde(default, rename = "type")]
    kind: Option<U64>,
    status: U64,
    cumulative_gas_used: U64,
    logs_bloom: Bloom,
    logs: Vec<ToldLog>,
    /// The transaction it is of.
    pub transaction_hash: B256,
}

#[derive(Clone, Debug, Deserialize)]
struct ToldLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

impl ToldReceipt {
    /// As the block has it (EIP-2718).
    ///
    /// Errors: more topics than a log has, or a type that is none.
    pub fn encoded(&self) -> Result<Vec<u8>, ReceiptError> {
        let mut logs = Vec::with_capacity(self.logs.len());
        for log in &self.logs {
            let log = Log::new(log.address, log.topics.clone(), log.data.clone());
            logs.push(log.ok_or_else(|| malformed("a log has more than four topics"))?);
        }
        let (status, gas) = (
            self.status.to::<u64>() != 0,
            self.cumulative_gas_used.to::<u64>(),
        );
        let length = status.length() + gas.length() + self.logs_bloom.length() + logs.length();
        let mut out = Vec::with_capacity(length + 8);
        match self.kind.map(|kind| kind.to::<u64>()) {
            None | Some(0) => {}
            Some(kind) if kind < u64::from(rlp::EMPTY_STRING_CODE) => out.push(kind as u8),
            Some(kind) => return Err(malformed(format!("{kind} is no type of transaction"))),
        }
        rlp::Header {
            list: true,
            payload_length: length,
        }
        .encode(&mut out);
        status.encode(&mut out);
        gas.encode(&mut out);
        self.logs_bloom.encode(&mut out);
        logs.encode(&mut out);
        Ok(out)
    }
}
