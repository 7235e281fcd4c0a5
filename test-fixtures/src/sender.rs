//! Sending and calling over the raw client, signed by one actor: for scenarios whose subject is the chain, not a client.

use crate::{
    actor::Actor,
    http::{Rpc, RpcError},
    node::Node,
};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, Log, TxKind, U256, hex},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolCall,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longest wait for a receipt.
pub const RECEIPT_PATIENCE: Duration = Duration::from_secs(30);
/// Most a scenario pays per gas, in wei.
pub const MAX_FEE: u128 = 100_000_000_000;

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Transaction hash.
    pub hash: B256,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// Gas it used.
    pub gas_used: u64,
    /// What a unit of it cost, in wei.
    pub gas_price: u128,
    /// Contract it created.
    pub created: Option<Address>,
    /// Logs.
    pub logs: Vec<Log>,
    /// Number of its block.
    pub block: u64,
}

impl Outcome {
    /// What it cost its sender, in wei.
    pub const fn fee(&self) -> u128 {
        self.gas_price.saturating_mul(self.gas_used as u128)
    }
}

/// One account that sends.
#[derive(Debug)]
pub struct Sender {
    /// The raw client.
    pub rpc: Rpc,
    signer: PrivateKeySigner,
    chain_id: u64,
}

impl Sender {
    /// The actor with this name, on `node`.
    pub fn new(node: &Node, name: &str) -> Result<Self, RpcError> {
        Self::with_key(node, Actor::named(name).signer.clone())
    }

    /// Whoever holds `signer`, on `node`.
    pub fn with_key(node: &Node, signer: PrivateKeySigner) -> Result<Self, RpcError> {
        let mut rpc = node.rpc();
        let chain_id = rpc.quantity("eth_chainId", json!([]))? as u64;
        Ok(Self {
            rpc,
            signer,
            chain_id,
        })
    }

    /// Address of the account.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs the next transaction of this account.
    pub fn sign(
        &mut self,
        to: TxKind,
        value: U256,
        input: Bytes,
        gas: u64,
    ) -> Result<TxEnvelope, RpcError> {
        let nonce = self.rpc.quantity(
            "eth_getTransactionCount",
            json!([self.address(), "pending"]),
        )? as u64;
        let tx = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: MAX_FEE,
            max_priority_fee_per_gas: 0,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        let signature = self
            .signer
            .sign_hash_sync(&tx.signature_hash())
            .expect("a local key signs");
        Ok(tx.into_signed(signature).into())
    }

    /// Sends with this gas limit and waits for the receipt.
    pub fn send_with(
        &mut self,
        to: TxKind,
        value: U256,
        input: Bytes,
        gas: u64,
    ) -> Result<Outcome, RpcError> {
        let tx = self.sign(to, value, input, gas)?;
        self.rpc.call(
            "eth_sendRawTransaction",
            json!([hex::encode_prefixed(tx.encoded_2718())]),
        )?;
        self.outcome(*tx.tx_hash())
    }

    /// Estimates, sends and waits for the receipt.
    pub fn send(&mut self, to: TxKind, value: U256, input: Bytes) -> Result<Outcome, RpcError> {
        let gas = self.estimate(to, value, &input)?;
        self.send_with(to, value, input, gas)
    }

    /// Sends a Solidity call without value.
    pub fn invoke(&mut self, to: Address, call: &impl SolCall) -> Result<Outcome, RpcError> {
        self.send(TxKind::Call(to), U256::ZERO, call.abi_encode().into())
    }

    /// Creates a contract.
    pub fn create(&mut self, initcode: Bytes) -> Result<Address, RpcError> {
        let outcome = self.send(TxKind::Create, U256::ZERO, initcode)?;
        outcome.created.ok_or_else(|| RpcError::Malformed {
            method: "eth_getTransactionReceipt".into(),
            body: format!("a creation without a contract: {outcome:?}"),
        })
    }

    /// What the transaction would cost.
    pub fn estimate(&mut self, to: TxKind, value: U256, input: &Bytes) -> Result<u64, RpcError> {
        let request = self.request(to, value, input);
        self.rpc
            .quantity("eth_estimateGas", json!([request]))
            .map(|gas| gas as u64)
    }

    /// `eth_call` at the newest block, with at most `gas` when given.
    pub fn call_with(
        &mut self,
        to: Address,
        input: &[u8],
        gas: Option<u64>,
    ) -> Result<Bytes, RpcError> {
        let mut request =
            self.request(TxKind::Call(to), U256::ZERO, &Bytes::copy_from_slice(input));
        if let Some(gas) = gas {
            request["gas"] = json!(format!("{gas:#x}"));
        }
        let answer = self.rpc.call("eth_call", json!([request, "latest"]))?;
        serde_json::from_value(answer.clone()).map_err(|_| RpcError::Malformed {
            method: "eth_call".into(),
            body: answer.to_string(),
        })
    }

    /// `eth_call` at the newest block.
    pub fn call(&mut self, to: Address, input: &[u8]) -> Result<Bytes, RpcError> {
        self.call_with(to, input, None)
    }

    /// A typed `eth_call`.
    pub fn ask<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, RpcError> {
        let answer = self.call(to, &call.abi_encode())?;
        C::abi_decode_returns(&answer).map_err(|error| RpcError::Malformed {
            method: "eth_call".into(),
            body: format!("{error}: {answer}"),
        })
    }

    /// Waits for a receipt.
    pub fn outcome(&mut self, hash: B256) -> Result<Outcome, RpcError> {
        let start = Instant::now();
        loop {
            let receipt = self.rpc.call("eth_getTransactionReceipt", json!([hash]))?;
            if !receipt.is_null() {
                return parse(hash, &receipt).ok_or_else(|| RpcError::Malformed {
                    method: "eth_getTransactionReceipt".into(),
                    body: receipt.to_string(),
                });
            }
            if start.elapsed() > RECEIPT_PATIENCE {
                return Err(RpcError::Io {
                    method: "eth_getTransactionReceipt".into(),
                    source: std::io::Error::new(
                        std::io::ErrorKind::TimedOut,
                        format!("{hash} is not mined"),
                    ),
                });
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn request(&self, to: TxKind, value: U256, input: &Bytes) -> Value {
        let mut request = json!({ "from": self.address(), "value": value, "input": input });
        if let TxKind::Call(to) = to {
            request["to"] = json!(to);
        }
        request
    }
}

pub(crate) fn parse(hash: B256, receipt: &Value) -> Option<Outcome> {
    let quantity = |value: &Value| crate::http::parse_quantity(value).map(|value| value as u64);
    let logs = receipt["logs"]
        .as_array()?
        .iter()
        .map(|log| {
            let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).ok()?;
            let data: Bytes = serde_json::from_value(log["data"].clone()).ok()?;
            Log::new(
                serde_json::from_value(log["address"].clone()).ok()?,
                topics,
                data,
            )
        })
        .collect::<Option<_>>()?;
    Some(Outcome {
        hash,
        succeeded: quantity(&receipt["status"])? == 1,
        gas_used: quantity(&receipt["gasUsed"])?,
        gas_price: crate::http::parse_quantity(&receipt["effectiveGasPrice"])?,
        created: serde_json::from_value(receipt["contractAddress"].clone()).ok(),
        logs,
        block: quantity(&receipt["blockNumber"])?,
    })
}
