//! What the transaction manager asks of a chain: a seam, so that a test can put one in between that lies or is silent.

use std::{future::Future, time::Duration};

use alloy::{
    consensus::{Transaction as _, transaction::SignerRecoverable},
    eips::{BlockId, BlockNumberOrTag, Encodable2718},
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    rpc::types::TransactionRequest,
    transports::{RpcError, TransportErrorKind},
};

/// Why an endpoint gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It did not answer in time, or the connection failed. Whether it did what was asked is not known.
    #[error("{question}: no answer: {cause}")]
    Silent {
        /// What was asked.
        question: &'static str,
        /// Why.
        cause: String,
    },
    /// It answered that it refuses.
    #[error("{question}: refused: {cause}")]
    Refused {
        /// What was asked.
        question: &'static str,
        /// What it said.
        cause: String,
        /// What the contract answered, when one did.
        revert: Option<Bytes>,
    },
    /// Enough endpoints answered, and contradict each other.
    #[error(
        "{question}: endpoints contradict each other: fewer than the {needed} that must agree do"
    )]
    Split {
        /// What was asked.
        question: &'static str,
        /// How many must agree.
        needed: usize,
    },
}

/// A transaction's place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mined {
    /// Number of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Whether it did what it should.
    pub succeeded: bool,
}

/// A call to estimate or to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whom.
    pub to: Address,
    /// With how much, in wei.
    pub value: U256,
    /// With what.
    pub input: Bytes,
}

/// Questions to a chain, and the one request.
pub trait Endpoint: Send + Sync {
    /// Number of the newest block.
    fn head(&self) -> impl Future<Output = Result<u64, EndpointError>> + Send;
    /// Transactions that `account` had sent after block `block`; after the newest when `None`.
    fn count(
        &self,
        account: Address,
        block: Option<u64>,
    ) -> impl Future<Output = Result<u64, EndpointError>> + Send;
    /// Where a transaction is; `None` when it is in no block.
    fn receipt(
        &self,
        hash: B256,
    ) -> impl Future<Output = Result<Option<Mined>, EndpointError>> + Send;
    /// Whether a transaction is known, in a block or waiting.
    fn knows(&self, hash: B256) -> impl Future<Output = Result<bool, EndpointError>> + Send;
    /// Hash of the transaction in `block` that `account` signed with this nonce, if there is one. The signature is checked: an
    /// endpoint cannot invent one.
    fn signed_in(
        &self,
        block: u64,
        account: Address,
        nonce: u64,
    ) -> impl Future<Output = Result<Option<B256>, EndpointError>> + Send;
    /// What a unit of gas costs now, in wei.
    fn gas_price(&self) -> impl Future<Output = Result<u128, EndpointError>> + Send;
    /// Gas that a call would use.
    fn estimate(
        &self,
        from: Address,
        call: &Call,
    ) -> impl Future<Output = Result<u64, EndpointError>> + Send;
    /// What `account` holds, in wei.
    fn balance(&self, account: Address)
    -> impl Future<Output = Result<U256, EndpointError>> + Send;
    /// Hands a signed transaction over.
    fn send(&self, raw: &Bytes) -> impl Future<Output = Result<(), EndpointError>> + Send;
}

/// An endpoint of JSON-RPC.
#[derive(Clone, Debug)]
pub struct Rpc<P> {
    provider: P,
    patience: Duration,
}

impl<P: Provider> Rpc<P> {
    /// Waits at most `patience` for each answer.
    pub const fn new(provider: P, patience: Duration) -> Self {
        Self { provider, patience }
    }

    async fn ask<T>(
        &self,
        question: &'static str,
        answer: impl IntoFuture<Output = Result<T, RpcError<TransportErrorKind>>>,
    ) -> Result<T, EndpointError> {
        match tokio::time::timeout(self.patience, answer.into_future()).await {
            Err(_) => Err(EndpointError::Silent {
                question,
                cause: format!("not within {} ms", self.patience.as_millis()),
            }),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(match error.as_error_resp() {
                Some(payload) => EndpointError::Refused {
                    question,
                    cause: payload.message.to_string(),
                    revert: payload.as_revert_data(),
                },
                None => EndpointError::Silent {
                    question,
                    cause: error.to_string(),
                },
            }),
        }
    }
}

impl<P: Provider> Endpoint for Rpc<P> {
    async fn head(&self) -> Result<u64, EndpointError> {
        self.ask("the newest block", self.provider.get_block_number())
            .await
    }

    async fn count(&self, account: Address, block: Option<u64>) -> Result<u64, EndpointError> {
        let at = block.map_or(BlockId::latest(), BlockId::number);
        let count = self.provider.get_transaction_count(account).block_id(at);
        self.ask("the count of transactions", count).await
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Mined>, EndpointError> {
        let question = "a receipt";
        let receipt = self.provider.get_transaction_receipt(hash);
        let Some(receipt) = self.ask(question, receipt).await? else {
            return Ok(None);
        };
        // A receipt of another transaction, or of none, is a lie or a fault.
        match (receipt.block_number, receipt.block_hash) {
            (Some(block), Some(block_hash)) if receipt.transaction_hash == hash => {
                Ok(Some(Mined {
                    block,
                    block_hash,
                    succeeded: receipt.status(),
                }))
            }
            _ => Err(EndpointError::Silent {
                question,
                cause: format!("a receipt of {} for {hash}", receipt.transaction_hash),
            }),
        }
    }

    async fn knows(&self, hash: B256) -> Result<bool, EndpointError> {
        let found = self.provider.get_transaction_by_hash(hash);
        Ok(self.ask("a transaction", found).await?.is_some())
    }

    async fn signed_in(
        &self,
        block: u64,
        account: Address,
        nonce: u64,
    ) -> Result<Option<B256>, EndpointError> {
        let at = BlockNumberOrTag::Number(block);
        let found = self.provider.get_block_by_number(at).full();
        let Some(block) = self.ask("a block", found).await? else {
            return Ok(None);
        };
        let hash = block.transactions.txns().find_map(|transaction| {
            let envelope = transaction.inner.inner();
            let ours = envelope.nonce() == nonce && envelope.recover_signer().ok() == Some(account);
            // The hash that came along is the endpoint's word; the one of the bytes is not.
            ours.then(|| keccak256(envelope.encoded_2718()))
        });
        Ok(hash)
    }

    async fn gas_price(&self) -> Result<u128, EndpointError> {
        self.ask("the price of gas", self.provider.get_gas_price())
            .await
    }

    async fn estimate(&self, from: Address, call: &Call) -> Result<u64, EndpointError> {
        let request = TransactionRequest::default()
            .from(from)
            .to(call.to)
            .value(call.value)
            .input(call.input.clone().into());
        self.ask("gas of a call", self.provider.estimate_gas(request))
            .await
    }

    async fn balance(&self, account: Address) -> Result<U256, EndpointError> {
        self.ask("a balance", self.provider.get_balance(account))
            .await
    }

    async fn send(&self, raw: &Bytes) -> Result<(), EndpointError> {
        let sent = self.provider.send_raw_transaction(raw);
        let sent = async { sent.await.map(|_| ()) };
        self.ask("sending a transaction", Box::pin(sent)).await
    }
}
