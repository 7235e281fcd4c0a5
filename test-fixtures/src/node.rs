//! Running nodes: the devnode, and anvil as its rival, with the same settings and the same handles.
//!
//! Both are spawned by alloy's `Anvil`, the way every user of alloy spawns one: that the devnode accepts it is part of
//! what is tested. A node is dropped cleanly: SIGTERM, then SIGKILL.

use crate::{
    actor::{Actor, MNEMONIC},
    http::Rpc,
    tool::{Tool, ToolMissing},
};
use alloy::{
    network::EthereumWallet,
    node_bindings::{Anvil, AnvilInstance, NodeError},
    providers::{DynProvider, Provider, ProviderBuilder, WsConnect},
    transports::TransportError,
};
use std::{
    ffi::OsString,
    net::SocketAddr,
    path::PathBuf,
    process::ExitStatus,
    time::{Duration, Instant},
};

/// Which program answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Our devnode with its defaults: Arbitrum's rules, Stylus on.
    Devnode,
    /// Our devnode with Ethereum's rules: tips paid, its own block numbers, nonce gaps held.
    DevnodeEthereum,
    /// Foundry's anvil.
    Anvil,
}

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mining {
    /// One block per transaction.
    Auto,
    /// A block every so many seconds.
    Interval(f64),
    /// On demand only.
    Manual,
}

/// Settings that both kinds of node understand under the same flags.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Chain id.
    pub chain_id: u64,
    /// Base fee of the first block, in wei.
    pub base_fee: u64,
    /// Block gas limit.
    pub gas_limit: u64,
    /// Genesis timestamp; the wall clock when `None`.
    pub timestamp: Option<u64>,
    /// When blocks are made.
    pub mining: Mining,
    /// Balance of each account, in ether.
    pub balance: u64,
    /// Refuse every cheat after genesis. Only the devnode knows it, and it is on by default.
    pub strict: bool,
    /// File that persists the chain.
    pub state: Option<PathBuf>,
    /// Further arguments.
    pub args: Vec<OsString>,
    /// Further arguments that only anvil needs for what the devnode does anyway.
    pub anvil_args: Vec<OsString>,
    /// Further environment.
    pub envs: Vec<(OsString, OsString)>,
    /// The executable, when not the one that [`Tool::find`] finds.
    pub executable: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            chain_id: 412_346,
            base_fee: 100_000_000,
            gas_limit: 100_000_000,
            // 2026-01-01: a constant, so that nothing depends on the day of a run.
            timestamp: Some(1_767_225_600),
            mining: Mining::Auto,
            balance: 10_000,
            strict: true,
            state: None,
            args: Vec::new(),
            anvil_args: Vec::new(),
            envs: Vec::new(),
            executable: None,
        }
    }
}

impl Settings {
    /// Settings of tests that cheat.
    pub fn lenient() -> Self {
        Self {
            strict: false,
            ..Self::default()
        }
    }

    /// Begins at this machine's time: for whoever works beside a node and goes by the machine's, as keepers do.
    pub const fn at_machine_time(mut self) -> Self {
        self.timestamp = None;
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets when blocks are made.
    pub const fn mining(mut self, mining: Mining) -> Self {
        self.mining = mining;
        self
    }

    fn flags(&self, kind: Kind) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        let mut add = |name: &str, value: String| {
            flags.push(name.into());
            flags.push(value.into());
        };
        add("--accounts", Actor::all().len().to_string());
        add("--balance", self.balance.to_string());
        add("--block-base-fee-per-gas", self.base_fee.to_string());
        add("--gas-limit", self.gas_limit.to_string());
        if let Some(timestamp) = self.timestamp {
            add("--timestamp", timestamp.to_string());
        }
        if let Some(state) = &self.state {
            add("--state", state.display().to_string());
        }
        match kind {
            Kind::Anvil => {
                add("--hardfork", "prague".into());
                // The devnode, as Arbitrum, orders by arrival.
                add("--order", "fifo".into());
                flags.extend(self.anvil_args.iter().cloned());
            }
            Kind::DevnodeEthereum => {
                add("--profile", "ethereum".into());
                add("--order", "fifo".into());
            }
            Kind::Devnode => {}
        }
        if self.mining == Mining::Manual {
            flags.push("--no-mining".into());
        }
        if kind != Kind::Anvil && self.strict {
            flags.push("--strict".into());
        }
        flags.extend(self.args.iter().cloned());
        flags
    }
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No executable.
    #[error(transparent)]
    Missing(#[from] ToolMissing),
    /// It was run and did not come up.
    #[error("{executable} did not start: {source}")]
    Node {
        /// What was run.
        executable: PathBuf,
        /// Why it failed.
        source: NodeError,
    },
    /// Somebody ended this program meanwhile.
    #[error("a node was not started: {0}")]
    Interrupted(std::io::Error),
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    /// Which program it is.
    pub kind: Kind,
    home: Home,
}

/// Whose process a node is.
#[derive(Debug)]
enum Home {
    /// Started here, and gone with its handle.
    Own(AnvilInstance),
    /// Somebody else's, who ends it.
    Elsewhere(SocketAddr),
}

impl Node {
    /// Starts a node of `kind`.
    pub fn start(kind: Kind, settings: &Settings) -> Result<Self, StartError> {
        let executable = match &settings.executable {
            Some(path) => path.clone(),
            None => match kind {
                Kind::Anvil => Tool::Anvil.find()?,
                Kind::Devnode | Kind::DevnodeEthereum => Tool::Devnode.find()?,
            },
        };
        let mut anvil = Anvil::at(&executable)
            .host("127.0.0.1")
            .mnemonic(MNEMONIC)
            .chain_id(settings.chain_id)
            .args(settings.flags(kind))
            .envs(settings.envs.iter().cloned());
        if let Mining::Interval(seconds) = settings.mining {
            anvil = anvil.block_time_f64(seconds);
        }
        let instance = anvil
            .try_spawn()
            .map_err(|source| StartError::Node { executable, source })?;
        agentcity_interrupt::adopt(instance.child().id()).map_err(StartError::Interrupted)?;
        Ok(Self {
            kind,
            home: Home::Own(instance),
        })
    }

    /// A devnode that runs already: somebody else started it, and it outlives this handle.
    pub const fn running(address: SocketAddr) -> Self {
        Self {
            kind: Kind::Devnode,
            home: Home::Elsewhere(address),
        }
    }

    /// Starts a devnode, strict unless the settings say otherwise.
    ///
    /// Panics when it does not start: a test cannot go on.
    #[track_caller]
    pub fn devnode(settings: &Settings) -> Self {
        Self::start(Kind::Devnode, settings).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts anvil; panics when it does not start.
    #[track_caller]
    pub fn anvil(settings: &Settings) -> Self {
        Self::start(Kind::Anvil, settings).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Socket address of HTTP and WebSocket.
    pub fn address(&self) -> SocketAddr {
        match &self.home {
            Home::Own(instance) => SocketAddr::from(([127, 0, 0, 1], instance.port())),
            Home::Elsewhere(address) => *address,
        }
    }

    /// URL for HTTP clients.
    pub fn http_url(&self) -> String {
        match &self.home {
            Home::Own(instance) => instance.endpoint(),
            Home::Elsewhere(address) => format!("http://{address}"),
        }
    }

    /// URL for WebSocket clients.
    pub fn ws_url(&self) -> String {
        match &self.home {
            Home::Own(instance) => instance.ws_endpoint(),
            Home::Elsewhere(address) => format!("ws://{address}"),
        }
    }

    /// What alloy read from the banner, and the process.
    ///
    /// Panics for a node that runs elsewhere: its process is nobody's here.
    pub const fn instance(&self) -> &AnvilInstance {
        match &self.home {
            Home::Own(instance) => instance,
            Home::Elsewhere(_) => panic!("a node that runs elsewhere has no process here"),
        }
    }

    /// A raw client.
    pub fn rpc(&self) -> Rpc {
        Rpc::new(self.address())
    }

    /// An alloy provider over HTTP that signs for every actor.
    pub fn provider(&self) -> DynProvider {
        ProviderBuilder::new()
            .with_simple_nonce_management()
            .wallet(wallet())
            .connect_http(self.http_url().parse().expect("an address is a URL"))
            .erased()
    }

    /// An alloy provider over WebSocket that signs for every actor.
    pub async fn ws_provider(&self) -> Result<DynProvider, TransportError> {
        let provider = ProviderBuilder::new()
            .with_simple_nonce_management()
            .wallet(wallet())
            .connect_ws(WsConnect::new(self.ws_url()))
            .await?;
        Ok(provider.erased())
    }

    /// Process id.
    ///
    /// Panics as [`instance`](Self::instance).
    pub fn pid(&self) -> u32 {
        self.instance().child().id()
    }

    /// SIGKILL: what a power cut looks like to the files. Returns when the process is gone. One that runs elsewhere is left alone, here as below.
    pub fn kill(mut self) {
        let Home::Own(instance) = &mut self.home else {
            return;
        };
        let child = instance.child_mut();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// SIGTERM, then waits at most `patience`. `None` when it did not exit by then.
    pub fn terminate(mut self, patience: Duration) -> Option<ExitStatus> {
        let Home::Own(instance) = &mut self.home else {
            return None;
        };
        let child = instance.child_mut();
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok()?;
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Resident memory of the process in bytes; `None` where the system does not say.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }
}

/// A wallet with the keys of every actor; alice signs when nobody is named.
pub fn wallet() -> EthereumWallet {
    let mut actors = Actor::all().iter();
    let mut wallet = EthereumWallet::new(actors.next().expect("there are actors").signer.clone());
    for actor in actors {
        wallet.register_signer(actor.signer.clone());
    }
    wallet
}
