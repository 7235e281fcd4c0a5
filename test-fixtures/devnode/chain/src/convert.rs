//! Between alloy's transactions and the engine's.

use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::Recovered},
    eips::eip2718::Typed2718,
    primitives::{Address, U256},
    rpc::types::TransactionRequest,
};
use revm::context::{TxEnv, either::Either};

use crate::error::CallError;

/// A signed transaction as the engine runs it.
pub(crate) fn tx_env(tx: &Recovered<TxEnvelope>) -> TxEnv {
    let inner = tx.inner();
    TxEnv {
        tx_type: inner.ty(),
        caller: tx.signer(),
        gas_limit: inner.gas_limit(),
        gas_price: inner.max_fee_per_gas(),
        kind: inner.kind(),
        value: inner.value(),
        data: inner.input().clone(),
        nonce: inner.nonce(),
        chain_id: inner.chain_id(),
        access_list: inner.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: inner.max_priority_fee_per_gas(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: inner
            .authorization_list()
            .map(|list| list.iter().cloned().map(Either::Left).collect())
            .unwrap_or_default(),
    }
}

/// A call request as the engine runs it, with `gas_limit` as the most it may use.
pub(crate) fn call_env(
    request: &TransactionRequest,
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
) -> Result<TxEnv, CallError> {
    if request.has_eip4844_fields() {
        return Err(CallError::UnsupportedType { tx_type: 3 });
    }
    let fee_market =
        request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some();
    if request.gas_price.is_some() && fee_market {
        return Err(CallError::BothFees);
    }
    let data = request
        .input
        .unique_input()
        .map_err(|cause| CallError::Input {
            cause: cause.to_string(),
        })?
        .cloned()
        .unwrap_or_default();
    let authorizations = request.authorization_list.clone().unwrap_or_default();
    let tx_type = if !authorizations.is_empty() {
        4
    } else if fee_market {
        2
    } else {
        u8::from(request.access_list.is_some())
    };
    let priced = tx_type == 2 || tx_type == 4;
    Ok(TxEnv {
        tx_type,
        caller: request.from.unwrap_or(Address::ZERO),
        gas_limit,
        gas_price: request.gas_price.or(request.max_fee_per_gas).unwrap_or(0),
        kind: request.to.unwrap_or_default(),
        value: request.value.unwrap_or(U256::ZERO),
        data,
        nonce,
        chain_id: Some(request.chain_id.unwrap_or(chain_id)),
        access_list: request.access_list.clone().unwrap_or_default(),
        gas_priority_fee: priced.then(|| request.max_priority_fee_per_gas.unwrap_or(0)),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: authorizations.into_iter().map(Either::Left).collect(),
    })
}
