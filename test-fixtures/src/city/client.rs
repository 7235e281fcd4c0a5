//! One connection on which everybody of a city sends: nonces are counted here, so that many transactions are on their way
//! before the first receipt is asked for. Every refusal comes back with its revert data.

use super::person::Person;
use crate::{
    http::{Rpc, RpcError},
    node::Node,
    sender::{MAX_FEE, Outcome, RECEIPT_PATIENCE, parse},
};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, TxKind, U256, hex},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolCall, SolInterface},
};
use serde_json::json;
use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

/// Gas limit of transactions here: above what all but the largest need, below the block's.
pub const GAS: u64 = 15_000_000;

/// Coins of an account that is spoken for, in wei: gas of one transaction.
const PURSE: u128 = 1_000_000_000_000_000_000;

/// Why something in a city did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A contract refused.
    #[error("{what} was refused: {refusal}")]
    Refused {
        /// What was tried, and by whom.
        what: String,
        /// What it said.
        refusal: Refusal,
    },
    /// The node did not do as asked.
    #[error("{what}: {source}")]
    Node {
        /// What was tried, and by whom.
        what: String,
        /// What it said.
        source: RpcError,
    },
    /// The answer is not of the promised type.
    #[error("{what}: answer {answer} is not understood: {source}")]
    Answer {
        /// What was asked.
        what: String,
        /// What came.
        answer: Bytes,
        /// Why not.
        source: Box<alloy::sol_types::Error>,
    },
}

impl CallError {
    /// The revert data, when a contract refused.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Node { .. } | Self::Answer { .. } => None,
        }
    }
}

/// Revert data.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal(pub Bytes);

impl Refusal {
    /// The typed error, if it is one of this interface.
    pub fn typed<E: SolInterface>(&self) -> Option<E> {
        E::abi_decode(&self.0).ok()
    }

    /// First four bytes.
    pub fn selector(&self) -> Option<[u8; 4]> {
        self.0.first_chunk().copied()
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A transaction on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    hash: B256,
    what: String,
    from: Address,
    to: Address,
    value: U256,
    input: Bytes,
}

/// The connection.
#[derive(Debug)]
pub struct Client {
    rpc: Rpc,
    chain_id: u64,
    nonces: HashMap<Address, u64>,
    gas: u64,
}

impl Client {
    /// A client of `node`.
    pub fn new(node: &Node) -> Result<Self, RpcError> {
        let mut rpc = node.rpc();
        let chain_id = rpc.quantity("eth_chainId", json!([]))? as u64;
        Ok(Self {
            rpc,
            chain_id,
            nonces: HashMap::new(),
            gas: GAS,
        })
    }

    /// The raw client below.
    pub const fn rpc(&mut self) -> &mut Rpc {
        &mut self.rpc
    }

    /// From now on transactions and calls may use so much gas: for those that need more than [`GAS`].
    pub const fn allow_gas(&mut self, gas: u64) {
        self.gas = gas;
    }

    /// The chain.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Time of the newest block, in unix seconds.
    pub fn now(&mut self) -> Result<u64, RpcError> {
        let block = self
            .rpc
            .call("eth_getBlockByNumber", json!(["latest", false]))?;
        crate::http::parse_quantity(&block["timestamp"])
            .map(|time| time as u64)
            .ok_or_else(|| RpcError::Malformed {
                method: "eth_getBlockByNumber".into(),
                body: block.to_string(),
            })
    }

    /// Lets time pass, and makes a block.
    pub fn warp(&mut self, by: Duration) -> Result<(), RpcError> {
        self.rpc.call("evm_increaseTime", json!([by.as_secs()]))?;
        self.rpc.call("evm_mine", json!([]))?;
        Ok(())
    }

    /// Makes a block of this very instant, in unix seconds.
    pub fn warp_to(&mut self, instant: u64) -> Result<(), RpcError> {
        self.rpc
            .call("evm_setNextBlockTimestamp", json!([instant]))?;
        self.rpc.call("evm_mine", json!([]))?;
        Ok(())
    }

    /// Sends without waiting.
    pub fn launch(
        &mut self,
        by: &PrivateKeySigner,
        to: Address,
        value: U256,
        input: Bytes,
        what: impl Into<String>,
    ) -> Result<Sent, CallError> {
        let sent = Sent {
            hash: B256::ZERO,
            what: what.into(),
            from: by.address(),
            to,
            value,
            input,
        };
        match self.send_raw(by, TxKind::Call(to), value, sent.input.clone()) {
            Ok(hash) => Ok(Sent { hash, ..sent }),
            Err(source) => Err(CallError::Node {
                what: sent.what,
                source,
            }),
        }
    }

    /// Waits for a launched transaction. One that failed is asked again as a call, which says why.
    pub fn land(&mut self, sent: Sent) -> Result<Outcome, CallError> {
        let outcome = match self.outcome(sent.hash) {
            Ok(outcome) => outcome,
            Err(source) => {
                return Err(CallError::Node {
                    what: sent.what,
                    source,
                });
            }
        };
        if outcome.succeeded {
            return Ok(outcome);
        }
        // As it was before the block: what the transaction met, but for its neighbours in the block, and there are none.
        let before = format!("{:#x}", outcome.block.saturating_sub(1));
        let said = self.call_at(sent.from, sent.to, sent.value, &sent.input, &before);
        let refusal = match said {
            Err(error) => Refusal(error.revert_data().unwrap_or_default().into()),
            Ok(_) => Refusal(Bytes::new()),
        };
        Err(CallError::Refused {
            what: sent.what,
            refusal,
        })
    }

    /// Sends a call with `value` wei and waits.
    pub fn pay(
        &mut self,
        by: &PrivateKeySigner,
        to: Address,
        value: U256,
        input: Bytes,
        what: impl Into<String>,
    ) -> Result<Outcome, CallError> {
        let sent = self.launch(by, to, value, input, what)?;
        self.land(sent)
    }

    /// Sends a Solidity call without value and waits.
    pub fn send<C: SolCall>(
        &mut self,
        by: &Person,
        to: Address,
        call: &C,
    ) -> Result<Outcome, CallError> {
        let what = format!("{} by {}", C::SIGNATURE, by.name);
        self.pay(by.signer(), to, U256::ZERO, call.abi_encode().into(), what)
    }

    /// Sends as an account whose key nobody has: a cheat, which strict nodes refuse.
    pub fn send_as<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<Outcome, CallError> {
        let what = format!("{} by {from}", C::SIGNATURE);
        let input: Bytes = call.abi_encode().into();
        let request = json!([{
            "from": from,
            "to": to,
            "input": input,
            "gas": format!("{:#x}", self.gas),
        }]);
        let cheat = |rpc: &mut Rpc| {
            rpc.call("anvil_setBalance", json!([from, U256::from(PURSE)]))?;
            rpc.call("anvil_impersonateAccount", json!([from]))?;
            let hash = rpc.call("eth_sendTransaction", request)?;
            serde_json::from_value(hash.clone()).map_err(|_| RpcError::Malformed {
                method: "eth_sendTransaction".into(),
                body: hash.to_string(),
            })
        };
        match cheat(&mut self.rpc) {
            Ok(hash) => self.land(Sent {
                hash,
                what,
                from,
                to,
                value: U256::ZERO,
                input,
            }),
            Err(source) => Err(CallError::Node { what, source }),
        }
    }

    /// Creates a contract.
    pub fn create(&mut self, by: &Person, initcode: Bytes) -> Result<Address, CallError> {
        self.create_as(by.signer(), U256::ZERO, initcode, &by.name)
    }

    /// Creates a contract with `value` wei, by a key.
    pub fn create_as(
        &mut self,
        by: &PrivateKeySigner,
        value: U256,
        initcode: Bytes,
        what: &str,
    ) -> Result<Address, CallError> {
        let what = format!("creation by {what}");
        let node = |source| CallError::Node {
            what: what.clone(),
            source,
        };
        let hash = self
            .send_raw(by, TxKind::Create, value, initcode)
            .map_err(node)?;
        let outcome = self.outcome(hash).map_err(node)?;
        outcome
            .created
            .filter(|_| outcome.succeeded)
            .ok_or_else(|| CallError::Refused {
                what,
                refusal: Refusal(Bytes::new()),
            })
    }

    /// What `from`, whoever that is, would be told: nothing is signed, nothing changes.
    pub fn try_call(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
        input: &[u8],
    ) -> Result<Bytes, CallError> {
        self.call_at(from, to, value, input, "latest")
            .map_err(|source| {
                let what = format!("call of {to} by {from}");
                match source.revert_data() {
                    Some(data) => CallError::Refused {
                        what,
                        refusal: Refusal(data.into()),
                    },
                    None => CallError::Node { what, source },
                }
            })
    }

    /// A typed question from nobody in particular.
    pub fn ask<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, CallError> {
        let answer = self.try_call(Address::ZERO, to, U256::ZERO, &call.abi_encode())?;
        C::abi_decode_returns(&answer).map_err(|source| CallError::Answer {
            what: C::SIGNATURE.to_owned(),
            answer,
            source: Box::new(source),
        })
    }

    /// The same as it was answered at the end of a block.
    pub fn ask_at<C: SolCall>(
        &mut self,
        to: Address,
        call: &C,
        block: u64,
    ) -> Result<C::Return, CallError> {
        let what = C::SIGNATURE.to_owned();
        let (nobody, at) = (Address::ZERO, format!("{block:#x}"));
        let input = call.abi_encode();
        let answer = match self.call_at(nobody, to, U256::ZERO, &input, &at) {
            Ok(answer) => answer,
            Err(source) => return Err(CallError::Node { what, source }),
        };
        C::abi_decode_returns(&answer).map_err(|source| CallError::Answer {
            what,
            answer,
            source: Box::new(source),
        })
    }

    /// Coins of an account at the end of a block, in wei.
    pub fn balance_at(&mut self, account: Address, block: u64) -> Result<U256, RpcError> {
        let at = format!("{block:#x}");
        self.rpc
            .quantity("eth_getBalance", json!([account, at]))
            .map(U256::from)
    }

    /// Coins of an account, in wei.
    pub fn balance(&mut self, account: Address) -> Result<U256, RpcError> {
        self.rpc
            .quantity("eth_getBalance", json!([account, "latest"]))
            .map(U256::from)
    }

    /// keccak256 of the code of an account.
    pub fn codehash(&mut self, account: Address) -> Result<B256, RpcError> {
        let code = self.rpc.call("eth_getCode", json!([account, "latest"]))?;
        serde_json::from_value::<Bytes>(code.clone())
            .map(alloy::primitives::keccak256)
            .map_err(|_| RpcError::Malformed {
                method: "eth_getCode".into(),
                body: code.to_string(),
            })
    }

    fn call_at(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
        input: &[u8],
        block: &str,
    ) -> Result<Bytes, RpcError> {
        let request = json!({
            "from": from,
            "to": to,
            "value": value,
            "input": hex::encode_prefixed(input),
            "gas": format!("{:#x}", self.gas),
            // A price would ask for coins that a member of the city does not hold.
            "gasPrice": "0x0",
        });
        let answer = self.rpc.call("eth_call", json!([request, block]))?;
        serde_json::from_value(answer.clone()).map_err(|_| RpcError::Malformed {
            method: "eth_call".into(),
            body: answer.to_string(),
        })
    }

    fn send_raw(
        &mut self,
        by: &PrivateKeySigner,
        to: TxKind,
        value: U256,
        input: Bytes,
    ) -> Result<B256, RpcError> {
        let account = by.address();
        let nonce = match self.nonces.get(&account) {
            Some(nonce) => *nonce,
            None => self
                .rpc
                .quantity("eth_getTransactionCount", json!([account, "pending"]))?
                as u64,
        };
        let tx = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit: self.gas,
            max_fee_per_gas: MAX_FEE,
            max_priority_fee_per_gas: 0,
            to,
            value,
            access_list: Default::default(),
            input,
        };
        let signature = by
            .sign_hash_sync(&tx.signature_hash())
            .expect("a local key signs");
        let tx: TxEnvelope = tx.into_signed(signature).into();
        self.rpc.call(
            "eth_sendRawTransaction",
            json!([hex::encode_prefixed(tx.encoded_2718())]),
        )?;
        self.nonces.insert(account, nonce + 1);
        Ok(*tx.tx_hash())
    }

    fn outcome(&mut self, hash: B256) -> Result<Outcome, RpcError> {
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
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
