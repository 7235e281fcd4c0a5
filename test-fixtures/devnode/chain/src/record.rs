//! Blocks, accounts and undo entries as bytes, for the state file and for dumps.

use alloy::{
    consensus::{Header, ReceiptEnvelope, TxEnvelope, transaction::Recovered},
    eips::eip2718::{Decodable2718, Encodable2718},
    primitives::{Address, B256, Bytes, U256},
    rlp::Decodable,
};
use serde::{Deserialize, Serialize};

use crate::{
    block::{MinedBlock, MinedTx, Outcome},
    chain::Span,
    state::{Basic, Position, Undo},
};

/// Bytes that are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {cause}")]
pub struct RecordError {
    what: &'static str,
    cause: String,
}

impl RecordError {
    pub(crate) fn new(what: &'static str, cause: impl ToString) -> Self {
        Self {
            what,
            cause: cause.to_string(),
        }
    }
}

/// A block. Header, transactions and receipts in their consensus encodings; what follows from them is left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BlockRecord {
    header: Bytes,
    evm_number: u64,
    span: (u64, u64),
    transactions: Vec<TxRecord>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TxRecord {
    raw: Bytes,
    sender: Address,
    receipt: Bytes,
    effective_gas_price: u128,
    contract_address: Option<Address>,
    outcome: OutcomeRecord,
    output: Bytes,
    impersonated: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OutcomeRecord {
    Success,
    Revert,
    Halt(String),
}

impl BlockRecord {
    pub(crate) fn new(block: &MinedBlock, span: Span) -> Self {
        Self {
            header: alloy::rlp::encode(&block.header).into(),
            evm_number: block.evm_number,
            span: (span.start.0, span.end.0),
            transactions: block.transactions.iter().map(TxRecord::new).collect(),
        }
    }

    pub(crate) fn restore(self) -> Result<(MinedBlock, Span), RecordError> {
        let header = Header::decode(&mut self.header.as_ref())
            .map_err(|cause| RecordError::new("block header", cause))?;
        let mut transactions = Vec::with_capacity(self.transactions.len());
        let (mut gas, mut logs, mut bytes) = (0, 0, 0);
        for record in self.transactions {
            bytes += record.raw.len() + 4;
            let mined = record.restore(gas, logs)?;
            gas += mined.gas_used;
            logs += mined.logs().len() as u64;
            transactions.push(mined);
        }
        let size = (header.size() + bytes) as u64;
        let span = Span {
            start: Position(self.span.0),
            end: Position(self.span.1),
        };
        let hash = header.hash_slow();
        Ok((
            MinedBlock {
                header,
                hash,
                evm_number: self.evm_number,
                transactions,
                size,
            },
            span,
        ))
    }
}

impl TxRecord {
    fn new(mined: &MinedTx) -> Self {
        Self {
            raw: mined.tx.inner().encoded_2718().into(),
            sender: mined.tx.signer(),
            receipt: mined.receipt.encoded_2718().into(),
            effective_gas_price: mined.effective_gas_price,
            contract_address: mined.contract_address,
            outcome: match &mined.outcome {
                Outcome::Success => OutcomeRecord::Success,
                Outcome::Revert => OutcomeRecord::Revert,
                Outcome::Halt(reason) => OutcomeRecord::Halt(reason.clone()),
            },
            output: mined.output.clone(),
            impersonated: mined.impersonated,
        }
    }

    fn restore(self, gas_before: u64, first_log_index: u64) -> Result<MinedTx, RecordError> {
        let tx = TxEnvelope::decode_2718(&mut self.raw.as_ref())
            .map_err(|cause| RecordError::new("transaction", cause))?;
        let receipt = ReceiptEnvelope::decode_2718(&mut self.receipt.as_ref())
            .map_err(|cause| RecordError::new("receipt", cause))?;
        let gas_used = receipt
            .cumulative_gas_used()
            .checked_sub(gas_before)
            .ok_or_else(|| RecordError::new("receipt", "cumulative gas goes down"))?;
        Ok(MinedTx {
            tx: Recovered::new_unchecked(tx, self.sender),
            receipt,
            gas_used,
            effective_gas_price: self.effective_gas_price,
            contract_address: self.contract_address,
            first_log_index,
            outcome: match self.outcome {
                OutcomeRecord::Success => Outcome::Success,
                OutcomeRecord::Revert => Outcome::Revert,
                OutcomeRecord::Halt(reason) => Outcome::Halt(reason),
            },
            output: self.output,
            impersonated: self.impersonated,
        })
    }
}

/// Balance, nonce, code hash: 72 bytes.
pub(crate) fn encode_basic(basic: &Basic) -> [u8; 72] {
    let mut bytes = [0; 72];
    bytes[..32].copy_from_slice(&basic.balance.to_be_bytes::<32>());
    bytes[32..40].copy_from_slice(&basic.nonce.to_be_bytes());
    bytes[40..].copy_from_slice(basic.code_hash.as_slice());
    bytes
}

pub(crate) fn decode_basic(bytes: &[u8; 72]) -> Basic {
    let mut nonce = [0; 8];
    nonce.copy_from_slice(&bytes[32..40]);
    Basic {
        balance: U256::from_be_slice(&bytes[..32]),
        nonce: u64::from_be_bytes(nonce),
        code_hash: B256::from_slice(&bytes[40..]),
    }
}

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;
const SLOT: u8 = 2;

/// Undo entries one after the other.
pub(crate) fn encode_undo<'a>(entries: impl Iterator<Item = &'a Undo>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        match entry {
            Undo::Account { address, old: None } => {
                bytes.push(ABSENT);
                bytes.extend_from_slice(address.as_slice());
            }
            Undo::Account {
                address,
                old: Some(basic),
            } => {
                bytes.push(PRESENT);
                bytes.extend_from_slice(address.as_slice());
                bytes.extend_from_slice(&encode_basic(basic));
            }
            Undo::Slot { address, slot, old } => {
                bytes.push(SLOT);
                bytes.extend_from_slice(address.as_slice());
                bytes.extend_from_slice(&slot.to_be_bytes::<32>());
                bytes.extend_from_slice(&old.to_be_bytes::<32>());
            }
        }
    }
    bytes
}

pub(crate) fn decode_undo(mut bytes: &[u8]) -> Result<Vec<Undo>, RecordError> {
    fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], RecordError> {
        let (head, tail) = bytes
            .split_at_checked(count)
            .ok_or_else(|| RecordError::new("undo entry", "ends too early"))?;
        *bytes = tail;
        Ok(head)
    }
    let mut entries = Vec::new();
    while let Some((&tag, rest)) = bytes.split_first() {
        bytes = rest;
        let address = Address::from_slice(take(&mut bytes, 20)?);
        entries.push(match tag {
            ABSENT => Undo::Account { address, old: None },
            PRESENT => {
                let mut basic = [0; 72];
                basic.copy_from_slice(take(&mut bytes, 72)?);
                Undo::Account {
                    address,
                    old: Some(decode_basic(&basic)),
                }
            }
            SLOT => Undo::Slot {
                address,
                slot: U256::from_be_slice(take(&mut bytes, 32)?),
                old: U256::from_be_slice(take(&mut bytes, 32)?),
            },
            _ => return Err(RecordError::new("undo entry", format!("unknown tag {tag}"))),
        });
    }
    Ok(entries)
}
