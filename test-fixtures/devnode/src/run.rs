//! Start and stop, in a process of its own or inside another.

use crate::{
    accounts::Accounts,
    banner,
    config::{Config, StartError},
    rpc::{Context, Settings},
    server::Server,
};
use agentcity_devnode_chain::{Node, engine::STACK_BYTES};
use alloy::{eips::BlockId, signers::local::PrivateKeySigner};
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};

/// Threads that read requests. One may wait for the chain's lock while a block is made; the others go on.
const WORKERS_MIN: usize = 4;

/// Time that calls in progress get when the node stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// A node that serves.
struct Running {
    context: Arc<Context>,
    server: Server,
}

/// Makes the runtime: also light methods may end up deep in a decoder, so every thread has the large stack.
fn runtime() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(WORKERS_MIN))
        .thread_stack_size(STACK_BYTES)
        .thread_name("devnode")
        .enable_all()
        .build()
}

async fn start(config: Config) -> Result<(Running, Config), StartError> {
    let (config, accounts) = config.prepare()?;
    let address = SocketAddr::new(config.host, config.port);
    // First the port: a node that cannot listen should not touch its state file.
    let socket = TcpListener::bind(address)
        .await
        .map_err(|error| StartError::Listen { address, error })?;
    let chain = config.chain.clone();
    let node = tokio::task::spawn_blocking(move || Node::new(chain))
        .await
        .map_err(io::Error::other)??;
    prepare(&node, &config)?;
    let settings = Settings::new(config.chain.spec.to_string());
    let context = Arc::new(Context::new(node, accounts, settings));
    let hub = Arc::clone(&context);
    let wake = context.node.subscribe();
    tokio::spawn(async move { hub.hub.run(wake).await });
    let server = Server::start(Arc::clone(&context), socket)?;
    Ok((Running { context, server }, config))
}

/// Applies what the chain takes only after its start.
fn prepare(node: &Node, config: &Config) -> Result<(), StartError> {
    let refused = |path: &Path, error: String| StartError::LoadState {
        path: path.to_owned(),
        error,
    };
    if let Some(path) = config.load_state.as_deref() {
        let dump = std::fs::read(path).map_err(|error| StartError::ReadState {
            path: path.to_owned(),
            error,
        })?;
        node.load(&dump)
            .map_err(|error| refused(path, error.to_string()))?;
    }
    if config.auto_impersonate {
        node.auto_impersonate(true)
            .map_err(|error| StartError::Option {
                option: "auto-impersonate",
                error: error.to_string(),
            })?;
    }
    if let Some(price) = config.min_gas_price {
        node.set_min_gas_price(price)
            .map_err(|error| StartError::Option {
                option: "gas-price",
                error: error.to_string(),
            })?;
    }
    Ok(())
}

/// Runs the binary: serves until a signal, then stops gracefully.
pub fn main(config: Config, silent: bool) -> Result<(), StartError> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        // Before the banner: whoever reads it may send the signal at once.
        let signal = signal()?;
        let (running, config) = start(config).await?;
        announce(&running, &config, silent);
        signal.await;
        tracing::info!("stopping");
        running.server.stop().await;
        if let Some(path) = &config.dump_state {
            dump(&running.context.node, path);
        }
        Ok(())
    });
    runtime.shutdown_timeout(STOP_TIME);
    outcome
}

fn announce(running: &Running, config: &Config, silent: bool) {
    let info = running.context.node.info();
    let genesis = running.context.node.block(BlockId::earliest());
    let text = banner::text(
        &banner::Facts {
            accounts: &running.context.accounts,
            balance: config.balance,
            mnemonic: &config.mnemonic,
            derivation_path: &config.derivation_path,
            chain_id: info.chain_id,
            base_fee: info.base_fee,
            gas_limit: info.gas_limit,
            genesis_timestamp: genesis.map_or(0, |block| block.header.timestamp),
            listening: running.server.address,
        },
        silent,
    );
    // Nobody may be reading; the node serves all the same.
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

fn dump(node: &Node, path: &Path) {
    let written = node
        .dump()
        .map_err(|error| error.to_string())
        .and_then(|dump| std::fs::write(path, &dump).map_err(|error| error.to_string()));
    match written {
        Ok(()) => tracing::info!(path = %path.display(), "state dumped"),
        Err(error) => tracing::error!(path = %path.display(), error, "the state was not dumped"),
    }
}

/// Ends with SIGINT or SIGTERM.
fn signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// A node inside this process, on threads of its own; stopped when dropped.
#[derive(Debug)]
pub struct Devnode {
    address: SocketAddr,
    node: Node,
    accounts: Accounts,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Devnode {
    /// Starts a node; it serves when this returns.
    pub fn spawn(config: Config) -> Result<Self, StartError> {
        let (ready, started) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("devnode-main".to_owned())
            .spawn(move || {
                let runtime = match runtime() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = ready.send(Err(error.into()));
                        return;
                    }
                };
                runtime.block_on(async {
                    match start(config).await {
                        Err(error) => {
                            let _ = ready.send(Err(error));
                        }
                        Ok((running, config)) => {
                            let Running { context, server } = running;
                            let _ = ready.send(Ok((
                                server.address,
                                context.node.clone(),
                                context.accounts.clone(),
                            )));
                            // Also an error means that the handle is gone.
                            let _ = stopped.await;
                            server.stop().await;
                            if let Some(path) = &config.dump_state {
                                dump(&context.node, path);
                            }
                        }
                    }
                });
                runtime.shutdown_timeout(STOP_TIME);
            })?;
        let (address, node, accounts) = started.recv().map_err(|_| StartError::Died)??;
        Ok(Self {
            address,
            node,
            accounts,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For HTTP clients.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// For WebSocket clients.
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The keys of the funded accounts.
    pub fn keys(&self) -> &[PrivateKeySigner] {
        self.accounts.signers()
    }

    /// The chain behind the port.
    pub fn node(&self) -> &Node {
        &self.node
    }
}

impl Drop for Devnode {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
