//! Sending transactions: signed by the client, signed here with a key of the mnemonic, or of an impersonated sender.

use super::{
    Context, RpcError,
    args::{Args, Number},
    envelope::{Answer, json},
    error::NOT_INCLUDED,
    eth_fee, eth_receipt,
};
use crate::limits;
use agentcity_devnode_chain::ChainEvent;
use alloy::{
    consensus::{
        EthereumTxEnvelope, SignableTransaction, TxEip4844Variant, TxEnvelope,
        transaction::Recovered,
    },
    eips::eip2718::Encodable2718,
    primitives::{Address, B256, Bytes},
    rpc::types::TransactionRequest,
};
use serde_json::json as value;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) fn send_raw(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let raw: Bytes = args.get(0, "transaction")?;
    json(&context.node.submit_raw(&raw)?)
}

pub(super) fn send_raw_sync(
    context: &Context,
    args: &Args<'_>,
) -> Result<(B256, Duration), RpcError> {
    args.at_most(2)?;
    let wait = wait(args)?;
    let raw: Bytes = args.get(0, "transaction")?;
    Ok((context.node.submit_raw(&raw)?, wait))
}

pub(super) fn send(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    json(&submit(context, args.get(0, "transaction")?)?)
}

pub(super) fn send_sync(context: &Context, args: &Args<'_>) -> Result<(B256, Duration), RpcError> {
    args.at_most(2)?;
    let wait = wait(args)?;
    Ok((submit(context, args.get(0, "transaction")?)?, wait))
}

/// Anvil's: sends as anybody, for this one time.
pub(super) fn send_unsigned(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let request = with_sender(context, args.get(0, "transaction")?)?;
    let from = request.from.unwrap_or_default();
    if context.node.is_impersonated(from) {
        return json(&context.node.submit_request(request)?);
    }
    context.node.impersonate(from)?;
    let sent = context.node.submit_request(request);
    context.node.stop_impersonating(from)?;
    json(&sent?)
}

pub(super) fn sign(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let tx = signed(context, args.get(0, "transaction")?)?;
    json(&value!({ "raw": Bytes::from(tx.encoded_2718()), "tx": tx }))
}

/// The transaction as it would be sent, unsigned.
pub(super) fn fill(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let request = filled(context, with_sender(context, args.get(0, "transaction")?)?)?;
    json(&request)
}

fn submit(context: &Context, request: TransactionRequest) -> Result<B256, RpcError> {
    // Two requests of one sender must not be given the same nonce.
    let _one = context.sending.lock();
    match signed_if_held(context, &request)? {
        Some(tx) => Ok(context.node.submit(tx)?),
        None => Ok(context
            .node
            .submit_request(with_sender(context, request)?)?),
    }
}

/// The signed transaction of a request whose sender has a key here and is not impersonated.
pub(super) fn signed_if_held(
    context: &Context,
    request: &TransactionRequest,
) -> Result<Option<Recovered<TxEnvelope>>, RpcError> {
    let request = with_sender(context, request.clone())?;
    let from = request.from.unwrap_or_default();
    if context.node.is_impersonated(from) || !context.has_key(from) {
        return Ok(None);
    }
    Ok(Some(Recovered::new_unchecked(
        signed(context, request)?,
        from,
    )))
}

/// The first account of the mnemonic sends when nobody is named, as in anvil.
fn with_sender(
    context: &Context,
    mut request: TransactionRequest,
) -> Result<TransactionRequest, RpcError> {
    if request.from.is_none() {
        request.from = context.accounts.addresses().next();
    }
    match request.from {
        Some(_) => Ok(request),
        None => Err(RpcError::params(
            "invalid params: `from` is missing and the node has no accounts",
        )),
    }
}

/// Fills and signs with a key of the node.
fn signed(context: &Context, request: TransactionRequest) -> Result<TxEnvelope, RpcError> {
    let request = filled(context, with_sender(context, request)?)?;
    let from = request.from.unwrap_or_default();
    let typed = request.build_typed_tx().map_err(|_| {
        RpcError::params("invalid params: the fields make no transaction of a known type")
    })?;
    let signature = context
        .accounts
        .sign_hash(from, &typed.signature_hash())
        .ok_or_else(|| no_key(from))?
        .map_err(|error| RpcError::internal(error.to_string()))?;
    let envelope: EthereumTxEnvelope<TxEip4844Variant> = typed.into_signed(signature).into();
    Ok(envelope)
}

pub(super) fn no_key(address: Address) -> RpcError {
    RpcError::refused(format!(
        "No Signer available for {address}: the node has no key of it; see eth_accounts"
    ))
}

/// Fills what the sender left open: chain, nonce, fees, gas.
fn filled(
    context: &Context,
    mut request: TransactionRequest,
) -> Result<TransactionRequest, RpcError> {
    let chain_id = context.node.info().chain_id;
    if let Some(have) = request.chain_id.filter(|&have| have != chain_id) {
        return Err(RpcError::params(format!(
            "invalid params: chain id {have} is not the node's, {chain_id}"
        )));
    }
    if request.gas_price.is_none() {
        let tip = eth_fee::tip(context).min(request.max_fee_per_gas.unwrap_or(u128::MAX));
        request.max_priority_fee_per_gas.get_or_insert(tip);
    }
    context.node.complete(&mut request)?;
    Ok(request)
}

fn wait(args: &Args<'_>) -> Result<Duration, RpcError> {
    match args.opt::<Number>(1, "timeout in milliseconds")? {
        None => Ok(limits::SYNC_WAIT),
        Some(Number(millis)) => Ok(Duration::from_millis(millis).min(limits::SYNC_WAIT_MAX)),
    }
}

/// The receipt, once the transaction is in a block.
pub(super) async fn included(
    context: Arc<Context>,
    mut events: Receiver<ChainEvent>,
    hash: B256,
    wait: Duration,
) -> Answer {
    let waiting = async {
        loop {
            if context.node.tx(hash).is_some() {
                return true;
            }
            // A lagging receiver lost events, not the block: look again.
            if matches!(events.recv().await, Err(RecvError::Closed)) {
                return false;
            }
        }
    };
    match tokio::time::timeout(wait, waiting).await {
        Ok(true) => eth_receipt::receipt(&context, hash),
        Ok(false) | Err(_) => Err(RpcError {
            data: Some(Bytes::copy_from_slice(hash.as_slice())),
            ..RpcError::new(
                NOT_INCLUDED,
                format!(
                    "transaction {hash} was accepted but is in no block after {} ms",
                    wait.as_millis()
                ),
            )
        }),
    }
}
