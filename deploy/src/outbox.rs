//! Transactions that are written down before they leave: signed here, so that their hash is known, and sent afterwards. Whoever
//! was stopped in between asks the chain what became of them, and sends the same bytes again where nothing did.

use alloy::{
    network::{
        Ethereum, EthereumWallet, NetworkTransactionBuilder, NetworkWallet, TransactionBuilder,
        TransactionBuilderError, eip2718::Encodable2718,
    },
    primitives::{Address, Bytes, TxHash, U256},
    providers::{PendingTransactionBuilder, PendingTransactionError, Provider},
    rpc::types::{TransactionReceipt, TransactionRequest},
    transports::{RpcError, TransportErrorKind},
};
use serde::{Deserialize, Serialize};

use crate::chain::Traits;

/// A signed transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Its hash.
    pub hash: TxHash,
    /// Its sender.
    pub sender: Address,
    /// Its place among the sender's.
    pub nonce: u64,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What became of an envelope.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It is in a block, and did what it should.
    Done(Box<TransactionReceipt>),
    /// It is in a block, and failed.
    Failed(Option<u64>),
    /// It is in no block and can be in none any more: another took its place.
    Void,
}

/// What the chain knows of an envelope.
#[derive(Debug, Clone)]
pub(crate) enum Trace {
    /// How it ended.
    Ended(Fate),
    /// It was sent and is in no block yet.
    OnItsWay,
    /// Nothing: it never left, or was forgotten.
    Unsent,
}

/// Why nothing is known of a transaction.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The node did not answer, or refused; with a reason if it was a contract.
    #[error("asking the node failed: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
    /// The key does not sign.
    #[error("the transaction cannot be signed: {0}")]
    Sign(#[from] TransactionBuilderError<Ethereum>),
    /// The sender cannot pay.
    #[error("{sender} holds {balance} wei and needs up to {needed} wei for this step: fund it")]
    Poor {
        /// The sender.
        sender: Address,
        /// What it has.
        balance: U256,
        /// Value and gas at the price that is offered at most.
        needed: U256,
    },
    /// It was sent and not seen again.
    #[error(
        "transaction {hash} was sent and did not confirm: {source}; run the same again, it continues where it was"
    )]
    Unconfirmed {
        /// The transaction.
        hash: TxHash,
        /// What went wrong.
        source: PendingTransactionError,
    },
}

/// Sends in the name of one key.
#[derive(Debug)]
pub(crate) struct Outbox<'a, P> {
    pub(crate) provider: &'a P,
    wallet: &'a EthereumWallet,
    pub(crate) traits: Traits,
    chain_id: u64,
    pub(crate) sender: Address,
}

impl<'a, P: Provider> Outbox<'a, P> {
    pub(crate) async fn new(
        provider: &'a P,
        wallet: &'a EthereumWallet,
    ) -> Result<Self, RpcError<TransportErrorKind>> {
        let chain_id = provider.get_chain_id().await?;
        Ok(Self {
            provider,
            wallet,
            traits: Traits::of(chain_id),
            chain_id,
            sender: NetworkWallet::<Ethereum>::default_signer_address(wallet),
        })
    }

    /// Signs a call. It was tried before: what would be refused is not signed.
    pub(crate) async fn sign(
        &self,
        to: Address,
        value: U256,
        input: Bytes,
    ) -> Result<Envelope, OutboxError> {
        let request = TransactionRequest::default()
            .with_from(self.sender)
            .with_to(to)
            .with_value(value)
            .with_input(input);
        let gas = self.provider.estimate_gas(request.clone()).await?;
        let gas = self.traits.gas_limit(gas);
        let price = self.provider.get_gas_price().await?;
        let price = price.saturating_mul(self.traits.price_headroom);
        let balance = self.provider.get_balance(self.sender).await?;
        let needed = value.saturating_add(U256::from(gas).saturating_mul(U256::from(price)));
        if balance < needed {
            let sender = self.sender;
            return Err(OutboxError::Poor {
                sender,
                balance,
                needed,
            });
        }
        let nonce = self.provider.get_transaction_count(self.sender);
        let nonce = nonce.pending().await?;
        let signed = request
            .with_chain_id(self.chain_id)
            .with_nonce(nonce)
            .with_gas_limit(gas)
            .with_max_fee_per_gas(price)
            .with_max_priority_fee_per_gas(0)
            .build(self.wallet)
            .await?;
        Ok(Envelope {
            hash: *signed.tx_hash(),
            sender: self.sender,
            nonce,
            bytes: signed.encoded_2718().into(),
        })
    }

    /// Sends it. Sending it again is harmless.
    pub(crate) async fn send(&self, envelope: &Envelope) -> Result<(), OutboxError> {
        let sent = self.provider.send_raw_transaction(&envelope.bytes).await;
        match sent {
            Ok(_) => Ok(()),
            // Nodes word it differently when they know it already.
            Err(_) if self.is_known(envelope).await? => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn is_known(&self, envelope: &Envelope) -> Result<bool, OutboxError> {
        let found = self.provider.get_transaction_by_hash(envelope.hash).await?;
        Ok(found.is_some())
    }

    /// Waits until it counts as done.
    pub(crate) async fn wait(&self, envelope: &Envelope) -> Result<Fate, OutboxError> {
        let hash = envelope.hash;
        let receipt = PendingTransactionBuilder::new(self.provider.root().clone(), hash)
            .with_required_confirmations(self.traits.confirmations)
            .with_timeout(Some(self.traits.receipt_limit))
            .get_receipt()
            .await
            .map_err(|source| OutboxError::Unconfirmed { hash, source })?;
        Ok(judged(receipt))
    }

    /// What became of one that was written down by a run before.
    pub(crate) async fn recall(&self, envelope: &Envelope) -> Result<Trace, OutboxError> {
        let receipt = self.provider.get_transaction_receipt(envelope.hash).await?;
        if let Some(receipt) = receipt {
            return Ok(Trace::Ended(judged(receipt)));
        }
        if self.is_known(envelope).await? {
            return Ok(Trace::OnItsWay);
        }
        let used = self.provider.get_transaction_count(envelope.sender).await?;
        Ok(if used > envelope.nonce {
            Trace::Ended(Fate::Void)
        } else {
            Trace::Unsent
        })
    }
}

fn judged(receipt: TransactionReceipt) -> Fate {
    if receipt.status() {
        Fate::Done(Box::new(receipt))
    } else {
        Fate::Failed(receipt.block_number)
    }
}
