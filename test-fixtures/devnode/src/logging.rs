//! The log: on stderr only, because stdout ends at the banner.

use tracing_subscriber::{EnvFilter, fmt};

/// Starts the log. `RUST_LOG` overrides the verbosity.
pub fn start(verbose: u8, silent: bool, json: bool) {
    let level = match (verbose, silent) {
        (0, true) => "error",
        (0, false) => "warn,agentcity_devnode=info,agentcity_devnode_chain=info",
        (1, _) => "info",
        (2, _) => {
            "info,agentcity_devnode=debug,agentcity_devnode_chain=debug,agentcity_devnode_engine=debug"
        }
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // Already started: the embedding program has its own log.
    let _ = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
}
