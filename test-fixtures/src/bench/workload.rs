//! The workloads, the same bytes for every node.

use super::{
    BenchError, Plan,
    load::{Lane, Pace, await_receipt, drive},
};
use crate::{
    actor::Actor,
    contracts,
    http::{Http, Rpc},
    node::{Kind, Mining, Node, Settings},
};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, B256, Bytes, TxKind, U256, hex},
    signers::SignerSync,
    sol,
    sol_types::SolCall,
};
use serde_json::json;
use std::time::Instant;

/// Blocks follow the clock: so many are in flight per account.
const INTERVAL: Pace = Pace::Interval(1_000);
/// Storage slots that one loop reads and writes.
const SLOTS: u64 = 300;
/// Logs that the query returns.
const LOGS: u64 = 10_000;
/// Logs of one transaction.
const LOGS_EACH: u64 = 500;

sol! {
    function transfer(address to, uint256 value) external returns (bool);
    function mint(address to, uint256 value) external;
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Plain payments, a block each.
    Transfers,
    /// Plain payments, a block each second.
    TransfersInterval,
    /// Transfers of the Solidity token.
    Token,
    /// Transfers of the Stylus token.
    StylusToken,
    /// Loops over storage.
    Storage,
    /// One large query, again and again.
    Logs,
}

impl Workload {
    /// Unit of the rate.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Transfers
            | Self::TransfersInterval
            | Self::Token
            | Self::StylusToken
            | Self::Storage => "tx/s",
            Self::Logs => "queries/s",
        }
    }

    /// Transactions (or queries) of a full round.
    const fn size(self) -> usize {
        match self {
            Self::Transfers | Self::Token | Self::StylusToken => 1_600,
            Self::TransfersInterval => 32_000,
            Self::Storage => 1_600,
            Self::Logs => 40,
        }
    }

    /// One round on a fresh node; returns the rate.
    pub fn round(self, plan: &Plan, kind: Kind) -> Result<f64, BenchError> {
        let mining = if self == Self::TransfersInterval {
            Mining::Interval(1.0)
        } else {
            Mining::Auto
        };
        let node = plan.start(kind, mining)?;
        let count = ((self.size() as f64 * plan.scale) as usize).max(1);
        let mut bench = Bench::new(&node);
        match self {
            Self::Transfers => bench.send(count, Pace::Automine, |_, lane| {
                (recipient(lane), Bytes::new(), 21_000)
            }),
            Self::TransfersInterval => bench.send(count, INTERVAL, |_, lane| {
                (recipient(lane), Bytes::new(), 21_000)
            }),
            Self::Token => {
                let token = bench.create("creating the Solidity token", solidity_token()?)?;
                bench.token(token, count)
            }
            Self::StylusToken => {
                let token = stylus_token(&node)?;
                bench.token(token, count)
            }
            Self::Storage => {
                let target = bench.create(
                    "creating the storage loop",
                    contracts::creation(&contracts::storage_loop()),
                )?;
                bench.send(count, Pace::Automine, |_, _| {
                    (target, word(SLOTS), 10_000_000)
                })
            }
            Self::Logs => {
                let source = bench.create(
                    "creating the source of logs",
                    contracts::creation(&contracts::bursts()),
                )?;
                for _ in 0..LOGS / LOGS_EACH {
                    bench.mined(
                        "emitting logs",
                        TxKind::Call(source),
                        word(LOGS_EACH),
                        5_000_000,
                    )?;
                }
                bench.query_logs(count)
            }
        }
    }
}

fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes_vec().into()
}

/// One recipient per lane: nobody's, and the same in every round.
fn recipient(lane: usize) -> Address {
    Address::left_padding_from(&(0xbeef_0000 + lane as u64).to_be_bytes())
}

/// Creation code of the Solidity twin, with its constructor's arguments.
fn solidity_token() -> Result<Bytes, BenchError> {
    crate::program::solidity_token(token_minter())
        .map_err(|error| BenchError::Fixture(error.to_string()))
}

/// Deploys and activates the Stylus token.
fn stylus_token(node: &Node) -> Result<Address, BenchError> {
    crate::program::stylus_token_blocking(node, token_minter())
        .map_err(|error| BenchError::Fixture(error.to_string()))
}

/// The last account, so that the lanes' nonces begin at zero; it also creates every contract.
fn token_minter() -> Address {
    Actor::all()[Actor::all().len() - 1].address()
}

/// A node in preparation and under load. The last account prepares; every account sends.
struct Bench<'a> {
    node: &'a Node,
    rpc: Rpc,
    nonces: Vec<u64>,
}

impl<'a> Bench<'a> {
    fn new(node: &'a Node) -> Self {
        let mut rpc = node.rpc();
        // Neither node shall spend its time on writing lines; a node that does not know the switch writes none.
        let _ = rpc.call("anvil_setLoggingEnabled", json!([false]));
        Self {
            node,
            rpc,
            nonces: vec![0; Actor::all().len()],
        }
    }

    fn sign(
        &mut self,
        actor: usize,
        to: TxKind,
        value: u64,
        input: Bytes,
        gas_limit: u64,
    ) -> TxEnvelope {
        let tx = TxEip1559 {
            chain_id: Settings::default().chain_id,
            nonce: self.nonces[actor],
            gas_limit,
            max_fee_per_gas: 100_000_000_000,
            max_priority_fee_per_gas: 0,
            to,
            value: U256::from(value),
            access_list: Default::default(),
            input,
        };
        self.nonces[actor] += 1;
        let signature = Actor::all()[actor]
            .signer
            .sign_hash_sync(&tx.signature_hash())
            .expect("a local key signs");
        tx.into_signed(signature).into()
    }

    /// Sends one transaction of the preparing account and waits for it.
    fn mined(
        &mut self,
        what: &'static str,
        to: TxKind,
        input: Bytes,
        gas: u64,
    ) -> Result<B256, BenchError> {
        let preparer = Actor::all().len() - 1;
        // The account may have been used by a deployment that counts its own nonces.
        let kind = self.node.kind;
        let refused = |source| BenchError::Refused { what, kind, source };
        let account = Actor::all()[preparer].address();
        self.nonces[preparer] = self
            .rpc
            .quantity("eth_getTransactionCount", json!([account, "pending"]))
            .map_err(refused)? as u64;
        let tx = self.sign(preparer, to, 0, input, gas);
        let raw = hex::encode_prefixed(tx.encoded_2718());
        self.rpc
            .call("eth_sendRawTransaction", json!([raw]))
            .map_err(refused)?;
        await_receipt(self.rpc.http(), *tx.tx_hash())?;
        Ok(*tx.tx_hash())
    }

    fn create(&mut self, what: &'static str, initcode: Bytes) -> Result<Address, BenchError> {
        let hash = self.mined(what, TxKind::Create, initcode, 8_000_000)?;
        let kind = self.node.kind;
        let receipt = self
            .rpc
            .call("eth_getTransactionReceipt", json!([hash]))
            .map_err(|source| BenchError::Refused { what, kind, source })?;
        serde_json::from_value(receipt["contractAddress"].clone()).map_err(|_| {
            BenchError::Unexpected {
                what,
                kind,
                answer: receipt.to_string(),
            }
        })
    }

    /// Mints to every account, then transfers from every account.
    fn token(&mut self, token: Address, count: usize) -> Result<f64, BenchError> {
        for actor in Actor::all() {
            let input = mintCall {
                to: actor.address(),
                value: U256::from(1u64 << 60),
            }
            .abi_encode();
            self.mined("minting", TxKind::Call(token), input.into(), 1_000_000)?;
        }
        self.send(count, Pace::Automine, |_, lane| {
            let input = transferCall {
                to: recipient(lane),
                value: U256::from(1),
            }
            .abi_encode();
            (token, input.into(), 500_000)
        })
    }

    /// Signs `count` transactions, spread over the accounts, then sends them against the clock.
    fn send(
        &mut self,
        count: usize,
        pace: Pace,
        make: impl Fn(usize, usize) -> (Address, Bytes, u64),
    ) -> Result<f64, BenchError> {
        let (lanes, method) = (Actor::all().len(), pace.method());
        let each = count.div_ceil(lanes);
        let prepared: Vec<Lane> = (0..lanes)
            .map(|actor| {
                let mut lane = Lane::default();
                for index in 0..each {
                    let (to, input, gas) = make(index, actor);
                    let value = u64::from(input.is_empty());
                    let tx = self.sign(actor, TxKind::Call(to), value, input, gas);
                    let raw = hex::encode_prefixed(tx.encoded_2718());
                    let body = format!(
                        r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":["{raw}"]}}"#
                    );
                    lane.requests.push(Http::request(body.as_bytes()));
                    lane.hashes.push(*tx.tx_hash());
                }
                lane
            })
            .collect();
        let elapsed = drive(self.node.address(), &prepared, pace)?;
        self.all_mined(&prepared)?;
        Ok((lanes * each) as f64 / elapsed.as_secs_f64())
    }

    /// Every transaction counts only when it is on the chain: the nonces say so.
    fn all_mined(&mut self, lanes: &[Lane]) -> Result<(), BenchError> {
        let kind = self.node.kind;
        for (actor, nonce) in Actor::all().iter().zip(&self.nonces).take(lanes.len()) {
            let count = self
                .rpc
                .quantity(
                    "eth_getTransactionCount",
                    json!([actor.address(), "latest"]),
                )
                .map_err(|source| BenchError::Refused {
                    what: "counting",
                    kind,
                    source,
                })?;
            if count != u128::from(*nonce) {
                let answer = format!("{} has nonce {count}, sent {nonce}", actor.name);
                return Err(BenchError::Unexpected {
                    what: "counting",
                    kind,
                    answer,
                });
            }
        }
        Ok(())
    }

    fn query_logs(&mut self, count: usize) -> Result<f64, BenchError> {
        let topic = contracts::stored_topic();
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{{"fromBlock":"0x0","toBlock":"latest","topics":["{topic}"]}}]}}"#
        );
        let request = Http::request(body.as_bytes());
        let mut http = Http::new(self.node.address());
        let io = |source| BenchError::Io {
            what: "asking for logs",
            source,
        };
        let first = http.exchange(&request).map_err(io)?;
        let kind = self.node.kind;
        let answer: serde_json::Value = serde_json::from_slice(&first.body).unwrap_or_default();
        let found = answer["result"].as_array().map_or(0, Vec::len);
        if found as u64 != LOGS {
            return Err(BenchError::Unexpected {
                what: "asking for logs",
                kind,
                answer: format!("{found} logs instead of {LOGS}"),
            });
        }
        let start = Instant::now();
        for _ in 0..count {
            let reply = http.exchange(&request).map_err(io)?;
            if reply.body.len() != first.body.len() {
                return Err(BenchError::Unexpected {
                    what: "asking for logs",
                    kind,
                    answer: "another answer".into(),
                });
            }
        }
        Ok(count as f64 / start.elapsed().as_secs_f64())
    }
}

/// Sends `count` payments in interval mode and waits for them: what memory is measured after.
pub(super) fn fill(node: &Node, count: usize) -> Result<(), BenchError> {
    Bench::new(node)
        .send(count, INTERVAL, |_, lane| {
            (recipient(lane), Bytes::new(), 21_000)
        })
        .map(drop)
}
