//! What a node is started with.

use crate::accounts::{Accounts, AccountsError, DERIVATION_PATH, MNEMONIC};
use agentcity_devnode_chain::{NodeConfig, NodeError};
use alloy::primitives::U256;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// Ether each funded account starts with.
pub const BALANCE_ETHER: u64 = 10_000;

/// Accounts that are funded.
pub const ACCOUNT_COUNT: usize = 10;

/// Everything [`crate::Devnode::spawn`] needs. The default is an Arbitrum-like chain on a free port of the loopback
/// interface, one block per transaction.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Words the funded accounts come from.
    pub mnemonic: String,
    /// Path they hang from.
    pub derivation_path: String,
    /// How many there are.
    pub accounts: usize,
    /// What each of them owns at genesis, in wei.
    pub balance: U256,
    /// Accepts transactions of any sender without a key from the start.
    pub auto_impersonate: bool,
    /// Least gas price accepted, in wei per gas.
    pub min_gas_price: Option<u128>,
    /// State to load at the start.
    pub load_state: Option<PathBuf>,
    /// File to dump the state to when the node stops.
    pub dump_state: Option<PathBuf>,
    /// The chain. Its `alloc` is extended by the funded accounts.
    pub chain: NodeConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            mnemonic: MNEMONIC.to_owned(),
            derivation_path: DERIVATION_PATH.to_owned(),
            accounts: ACCOUNT_COUNT,
            balance: ether(BALANCE_ETHER).unwrap_or(U256::MAX),
            auto_impersonate: false,
            min_gas_price: None,
            load_state: None,
            dump_state: None,
            chain: NodeConfig::default(),
        }
    }
}

/// Wei of an amount of ether; `None` when it does not fit 256 bits.
pub(crate) fn ether(amount: u64) -> Option<U256> {
    U256::from(amount).checked_mul(U256::from(10).pow(U256::from(18)))
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The funded accounts cannot be made.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The chain refused its configuration or its file.
    #[error(transparent)]
    Chain(#[from] NodeError),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {error}; choose another port with --port, or 0 for a free one"
    )]
    Listen {
        /// Wanted.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// A thread or a signal handler was refused by the system.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
    /// The state file to load cannot be read.
    #[error("cannot read the state file {path}: {error}")]
    ReadState {
        /// Given.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The state file to load is not one.
    #[error("cannot load the state file {path}: {error}")]
    LoadState {
        /// Given.
        path: PathBuf,
        /// What the chain said.
        error: String,
    },
    /// An option is refused by the chain.
    #[error("--{option}: {error}")]
    Option {
        /// Which.
        option: &'static str,
        /// What the chain said.
        error: String,
    },
    /// The thread of an embedded node ended before it was ready.
    #[error("the thread of the node ended before it was ready; see its log")]
    Died,
}

impl Config {
    /// Derives the accounts and funds them.
    pub(crate) fn prepare(mut self) -> Result<(Self, Accounts), StartError> {
        let accounts = Accounts::derive(&self.mnemonic, &self.derivation_path, self.accounts)?;
        self.chain
            .alloc
            .extend(accounts.addresses().map(|address| (address, self.balance)));
        Ok((self, accounts))
    }
}
