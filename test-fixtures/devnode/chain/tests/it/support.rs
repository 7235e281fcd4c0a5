//! A node with a clock that stands still, funded signers, and small contracts written in bytes.

use std::sync::Arc;

use agentcity_devnode_chain::{ChainEvent, FixedClock, Mining, Node, NodeConfig};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{BlockId, eip2718::Encodable2718},
    primitives::{Address, B256, Bytes, TxKind, U256, address, bytes},
    signers::{SignerSync, local::PrivateKeySigner},
};
use tokio::sync::broadcast;

pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
pub(crate) const GAS_PRICE: u128 = 200_000_000;

/// `sstore(calldata[0], calldata[1])`.
pub(crate) const STORE: Bytes = bytes!("6020356000355500");
/// `log2(topics calldata[0], calldata[1])`.
pub(crate) const LOG: Bytes = bytes!("60203560003560006000a200");
/// Returns number, timestamp, blockhash(number - 1), prevrandao, coinbase.
pub(crate) const BLOCK: Bytes =
    bytes!("43600052426020526001430340604052446060524160805260a06000f3");
/// Reverts with the word 0x2a.
pub(crate) const REVERT: Bytes = bytes!("602a60005260206000fd");
/// Never ends.
pub(crate) const LOOP: Bytes = bytes!("5b600056");
pub(crate) const CONTRACT: Address = address!("0x00000000000000000000000000000000c0ffee00");

/// A node of a test, its clock, and three signers of a thousand ether each.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) config: NodeConfig,
    pub(crate) events: broadcast::Receiver<ChainEvent>,
}

pub(crate) fn signer(index: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::with_last_byte(index + 1)).expect("a small scalar is a key")
}

pub(crate) fn config() -> (NodeConfig, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::new(GENESIS_TIME));
    let config = NodeConfig {
        alloc: (0..3)
            .map(|index| (signer(index).address(), ETHER * U256::from(1_000)))
            .collect(),
        genesis_timestamp: Some(GENESIS_TIME),
        clock: Arc::clone(&clock) as Arc<_>,
        ..NodeConfig::default()
    };
    (config, clock)
}

pub(crate) fn world() -> World {
    world_with(|_| {})
}

pub(crate) fn manual() -> World {
    world_with(|config| config.mining = Mining::Manual)
}

pub(crate) fn world_with(change: impl FnOnce(&mut NodeConfig)) -> World {
    let (mut config, clock) = config();
    change(&mut config);
    let node = Node::new(config.clone()).expect("the node starts");
    let events = node.subscribe();
    World {
        node,
        clock,
        config,
        events,
    }
}

impl World {
    /// Everything announced so far.
    pub(crate) fn announced(&mut self) -> Vec<ChainEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// A transfer of one wei to an address nobody else uses.
    pub(crate) fn transfer(&self, from: u8) -> B256 {
        let nonce = self
            .node
            .nonce(signer(from).address(), BlockId::pending())
            .expect("pending exists");
        self.node
            .submit_raw(&raw(from, nonce, sink(), U256::from(1), Bytes::new()))
            .expect("accepted")
    }

    /// A call of a contract.
    pub(crate) fn send(&self, from: u8, to: Address, data: Bytes) -> B256 {
        let nonce = self
            .node
            .nonce(signer(from).address(), BlockId::pending())
            .expect("pending exists");
        self.node
            .submit_raw(&raw(from, nonce, to, U256::ZERO, data))
            .expect("accepted")
    }

    pub(crate) fn deploy(&self, code: Bytes) {
        self.node
            .set_code(CONTRACT, code)
            .expect("a cheat in a lenient node");
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.node
            .balance(address, BlockId::latest())
            .expect("latest exists")
    }

    pub(crate) fn slot(&self, slot: u64) -> U256 {
        self.node
            .storage(CONTRACT, U256::from(slot), BlockId::latest())
            .expect("latest exists")
            .into()
    }
}

pub(crate) fn sink() -> Address {
    address!("0x000000000000000000000000000000000000beef")
}

pub(crate) fn unsigned(nonce: u64, to: Address, value: U256, data: Bytes) -> TxEip1559 {
    TxEip1559 {
        chain_id: 412_346,
        nonce,
        gas_limit: if data.is_empty() { 21_000 } else { 200_000 },
        max_fee_per_gas: GAS_PRICE,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(to),
        value,
        access_list: Default::default(),
        input: data,
    }
}

pub(crate) fn sign(from: u8, tx: TxEip1559) -> Vec<u8> {
    let signature = signer(from)
        .sign_hash_sync(&tx.signature_hash())
        .expect("signs");
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718()
}

pub(crate) fn raw(from: u8, nonce: u64, to: Address, value: U256, data: Bytes) -> Vec<u8> {
    sign(from, unsigned(nonce, to, value, data))
}

/// Words of call data.
pub(crate) fn words(words: &[u64]) -> Bytes {
    words
        .iter()
        .flat_map(|word| U256::from(*word).to_be_bytes::<32>())
        .collect()
}
