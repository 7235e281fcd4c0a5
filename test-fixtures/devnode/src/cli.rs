//! The command line: anvil's as far as people and alloy-node-bindings use it, and what only this node has.

use crate::{
    accounts::{DERIVATION_PATH, MNEMONIC},
    config::{ACCOUNT_COUNT, BALANCE_ETHER, Config, ether},
};
use agentcity_devnode_chain::{
    EvmNumbers, FixedClock, Mining, NodeConfig, NonceGaps, Order, config::TX_BYTES_MAX,
};
use clap::{ArgAction, Parser, ValueEnum};
use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Options of the binary.
#[derive(Debug, Parser)]
#[command(
    name = "agentcity-devnode",
    version,
    about = "A local chain that runs compiled Stylus programs and speaks the anvil dialect"
)]
pub struct Cli {
    /// Port to listen on; 0 takes a free one
    #[arg(short, long, default_value_t = 8545, value_name = "NUM")]
    pub port: u16,
    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "IP_ADDR", env = "ANVIL_IP_ADDR")]
    pub host: IpAddr,

    /// Number of funded accounts
    #[arg(short, long, default_value_t = ACCOUNT_COUNT, value_name = "NUM")]
    pub accounts: usize,
    /// Balance of every funded account, in ether
    #[arg(long, default_value_t = BALANCE_ETHER, value_name = "NUM")]
    pub balance: u64,
    /// BIP-39 words the funded accounts come from
    #[arg(short, long, default_value = MNEMONIC, value_name = "WORDS")]
    pub mnemonic: String,
    /// Derivation path of the funded accounts
    #[arg(long, default_value = DERIVATION_PATH, value_name = "PATH")]
    pub derivation_path: String,
    /// Accept unsigned transactions of any sender from the start
    #[arg(long, visible_alias = "auto-unlock", conflicts_with = "strict")]
    pub auto_impersonate: bool,

    /// Make a block every so many seconds instead of one per transaction
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "no_mining")]
    pub block_time: Option<Duration>,
    /// Make blocks only on request
    #[arg(long, visible_alias = "no-mine")]
    pub no_mining: bool,
    /// Which waiting transaction goes first
    #[arg(long, value_enum)]
    pub order: Option<OrderArg>,
    /// Timestamp of the genesis block, unix seconds: the chain's time goes on from there
    #[arg(long, value_name = "SECONDS")]
    pub timestamp: Option<u64>,
    /// Let time stand still except where it is moved by request: the same requests make the same blocks
    #[arg(long, requires = "timestamp")]
    pub hold_clock: bool,

    /// Chain id [default: 412346, with --profile ethereum 31337]
    #[arg(long, value_name = "NUM")]
    pub chain_id: Option<u64>,
    /// Base fee in wei per gas
    #[arg(long, visible_alias = "block-base-fee-per-gas", value_name = "WEI")]
    pub base_fee: Option<u64>,
    /// Gas limit of a block
    #[arg(long, visible_alias = "block-gas-limit", value_name = "GAS")]
    pub gas_limit: Option<u64>,
    /// Least gas price accepted, in wei per gas
    #[arg(long, value_name = "WEI")]
    pub gas_price: Option<u128>,
    /// EVM rules
    #[arg(long, value_enum, ignore_case = true, default_value_t = Hardfork::Prague)]
    pub hardfork: Hardfork,
    /// Largest signed transaction in bytes [default: 95000, none with --profile ethereum]
    #[arg(long, value_name = "BYTES")]
    pub transaction_size: Option<usize>,
    /// Size of contract code: only the rule of the protocol exists
    #[arg(long, value_name = "BYTES", hide = true, value_parser = refuse_code_size)]
    pub code_size_limit: Option<usize>,

    /// Keep the chain in this file: it survives the end of the process, also a killed one
    #[arg(long, value_name = "PATH", conflicts_with_all = ["load_state", "dump_state"])]
    pub state: Option<PathBuf>,
    /// Start from a dumped state
    #[arg(long, value_name = "PATH")]
    pub load_state: Option<PathBuf>,
    /// Dump the state to this file at the end
    #[arg(long, value_name = "PATH")]
    pub dump_state: Option<PathBuf>,
    /// Blocks whose state stays readable
    #[arg(
        long,
        value_name = "BLOCKS",
        visible_alias = "transaction-block-keeper"
    )]
    pub history: Option<u64>,

    /// Which chain to resemble
    #[arg(long, value_enum, default_value_t = Profile::Arbitrum)]
    pub profile: Profile,
    /// Refuse every cheat: state changes only by signed transactions
    #[arg(long)]
    pub strict: bool,
    /// What happens to a transaction whose nonce is ahead [default: refuse, with --profile ethereum hold]
    #[arg(long, value_enum)]
    pub nonce_gaps: Option<Gaps>,
    /// What block.number answers [default: parent, with --profile ethereum own]
    #[arg(long, value_enum)]
    pub evm_block_number: Option<Number>,
    /// Offer the console and debug host functions to programs
    #[arg(long)]
    pub debug_hooks: bool,

    /// Print only what clients parse: keys, chain id, address
    #[arg(short, long, visible_alias = "quiet", visible_short_alias = 'q')]
    pub silent: bool,
    /// Write the log on stderr as JSON
    #[arg(long)]
    pub json: bool,
    /// Log more: -v blocks and warnings, -vv requests, -vvv everything
    #[arg(short, long = "verbosity", alias = "verbose", action = ArgAction::Count)]
    pub verbose: u8,

    /// Refused: forking is not supported
    #[arg(short, long, visible_alias = "rpc-url", hide = true, value_name = "URL", value_parser = refuse_fork)]
    pub fork_url: Option<String>,
    /// Refused with --fork-url
    #[arg(long, hide = true, value_name = "BLOCK", value_parser = refuse_fork)]
    pub fork_block_number: Option<String>,
    /// Refused: there is no IPC
    #[arg(long, hide = true, value_name = "PATH", num_args = 0..=1, default_missing_value = "", value_parser = refuse_ipc)]
    pub ipc: Option<String>,
}

/// Which chain to resemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Stylus, ArbOS precompiles, tips ignored, estimated block numbers, nonce gaps refused
    Arbitrum,
    /// As anvil: own block numbers, tips paid, nonce gaps held, rising timestamps, no Stylus
    Ethereum,
}

/// EVM rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Hardfork {
    #[value(alias = "merge")]
    Paris,
    Shanghai,
    Cancun,
    #[value(alias = "latest")]
    Prague,
    Osaka,
}

/// Which waiting transaction goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OrderArg {
    /// First come, first served
    Fifo,
    /// Highest tip first
    Fees,
}

/// What happens to a nonce that is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Gaps {
    /// Refused at once, as the Arbitrum sequencer does
    Refuse,
    /// Held until the gap is filled
    Hold,
}

/// What `block.number` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Number {
    /// An estimate of the parent chain's number
    Parent,
    /// The chain's own number
    Own,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    // Below a millisecond the timer cannot follow; above a year it is a mistake.
    if !(0.001..=31_536_000.0).contains(&seconds) {
        return Err("must lie between 0.001 and 31536000 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn refuse_fork(_: &str) -> Result<String, String> {
    Err("forking is not supported: the devnode always starts its own chain; load a dumped state with --load-state"
        .to_owned())
}

fn refuse_ipc(_: &str) -> Result<String, String> {
    Err("IPC is not supported: use HTTP or WebSocket on the port".to_owned())
}

fn refuse_code_size(_: &str) -> Result<usize, String> {
    Err(
        "the code size limit cannot be changed: programs must fit the chain they are made for"
            .to_owned(),
    )
}

impl Hardfork {
    fn spec(self) -> crate::SpecId {
        match self {
            Self::Paris => crate::SpecId::MERGE,
            Self::Shanghai => crate::SpecId::SHANGHAI,
            Self::Cancun => crate::SpecId::CANCUN,
            Self::Prague => crate::SpecId::PRAGUE,
            Self::Osaka => crate::SpecId::OSAKA,
        }
    }
}

impl Cli {
    /// The configuration these options mean, or what is wrong with them.
    pub fn config(&self) -> Result<Config, String> {
        let base = match self.profile {
            Profile::Arbitrum => NodeConfig::default(),
            Profile::Ethereum => NodeConfig::ethereum_like(),
        };
        let chain = NodeConfig {
            chain_id: self.chain_id.unwrap_or(base.chain_id),
            spec: self.hardfork.spec(),
            base_fee: self.base_fee.unwrap_or(base.base_fee),
            gas_limit: self.gas_limit.unwrap_or(base.gas_limit),
            tx_bytes_max: match (self.transaction_size, self.profile) {
                (Some(bytes), _) => Some(bytes),
                (None, Profile::Arbitrum) => Some(TX_BYTES_MAX),
                (None, Profile::Ethereum) => None,
            },
            genesis_timestamp: self.timestamp,
            mining: match (self.block_time, self.no_mining) {
                (Some(every), _) => Mining::Interval(every),
                (None, true) => Mining::Manual,
                (None, false) => Mining::Auto,
            },
            order: match self.order {
                Some(OrderArg::Fifo) => Order::Arrival,
                Some(OrderArg::Fees) => Order::Tip,
                None => base.order,
            },
            nonce_gaps: match self.nonce_gaps {
                Some(Gaps::Refuse) => NonceGaps::Refuse,
                Some(Gaps::Hold) => NonceGaps::Hold,
                None => base.nonce_gaps,
            },
            evm_numbers: match self.evm_block_number {
                Some(Number::Parent) => EvmNumbers::ParentEstimate,
                Some(Number::Own) => EvmNumbers::Own,
                None => base.evm_numbers,
            },
            history_blocks: self.history.unwrap_or(base.history_blocks),
            debug_hooks: self.debug_hooks,
            strict: self.strict,
            state_path: self.state.clone(),
            clock: match (self.hold_clock, self.timestamp) {
                (true, Some(at)) => Arc::new(FixedClock::new(at)),
                _ => base.clock,
            },
            ..base
        };
        Ok(Config {
            host: self.host,
            port: self.port,
            mnemonic: self.mnemonic.clone(),
            derivation_path: self.derivation_path.clone(),
            accounts: self.accounts,
            balance: ether(self.balance).ok_or("--balance does not fit 256 bits in wei")?,
            auto_impersonate: self.auto_impersonate,
            min_gas_price: self.gas_price,
            load_state: self.load_state.clone(),
            dump_state: self.dump_state.clone(),
            chain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from([&["agentcity-devnode"], args].concat())
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn accepts_what_alloy_node_bindings_passes() {
        let cli = parse(&[
            "--host",
            "127.0.0.1",
            "-p",
            "0",
            "-m",
            MNEMONIC,
            "--chain-id",
            "5",
            "-b",
            "0.5",
            "--hardfork",
            "Prague",
            "--auto-impersonate",
        ])
        .unwrap();
        let config = cli.config().unwrap();
        assert_eq!((config.port, config.chain.chain_id), (0, 5));
        assert_eq!(
            config.chain.mining,
            Mining::Interval(Duration::from_millis(500))
        );
        assert!(config.auto_impersonate);
    }

    #[test]
    fn resembles_arbitrum_unless_told_otherwise() {
        let config = parse(&[]).unwrap().config().unwrap();
        assert_eq!((config.chain.chain_id, config.port), (412_346, 8545));
        assert_eq!(config.chain.evm_numbers, EvmNumbers::ParentEstimate);
        assert_eq!(config.chain.mining, Mining::Auto);
        let config = parse(&["--profile", "ethereum"]).unwrap().config().unwrap();
        assert_eq!(config.chain.chain_id, 31_337);
        assert_eq!(config.chain.nonce_gaps, NonceGaps::Hold);
        assert_eq!(config.chain.tx_bytes_max, None);
        let config = parse(&["--profile", "ethereum", "--nonce-gaps", "refuse"])
            .unwrap()
            .config()
            .unwrap();
        assert_eq!(config.chain.nonce_gaps, NonceGaps::Refuse);
    }

    #[test]
    fn a_held_clock_stands_at_genesis_and_another_is_the_machines() {
        let held = ["--timestamp", "1767225600", "--hold-clock"];
        let config = parse(&held).unwrap().config().unwrap();
        assert_eq!(config.chain.clock.now(), 1_767_225_600);
        let config = parse(&held[..2]).unwrap().config().unwrap();
        assert_eq!(config.chain.genesis_timestamp, Some(1_767_225_600));
        assert_ne!(config.chain.clock.now(), 1_767_225_600);
    }

    #[test]
    fn refuses_what_it_cannot_do_with_a_reason() {
        for (args, reason) in [
            (
                &["--fork-url", "http://localhost"][..],
                "forking is not supported",
            ),
            (&["-f", "http://localhost"], "forking is not supported"),
            (&["--ipc"], "IPC is not supported"),
            (&["--code-size-limit", "1"], "cannot be changed"),
            (&["--block-time", "0"], "must lie between"),
            (&["--block-time", "NaN"], "must lie between"),
            (&["--no-such-flag"], "unexpected argument"),
            (&["--port", "70000"], "70000"),
            (&["--strict", "--auto-impersonate"], "cannot be used with"),
            (&["--hardfork", "london"], "invalid value"),
            (&["--hold-clock"], "--timestamp <SECONDS>"),
        ] {
            let error = parse(args).unwrap_err().to_string();
            assert!(error.contains(reason), "{args:?}: {error}");
        }
    }
}
