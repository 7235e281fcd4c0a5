//! `agentcity-keeper`: wiring only.

use std::{path::PathBuf, process::ExitCode};

use agentcity_keeper::{
    action::Level,
    clock::SystemClock,
    config::Config,
    daemon::{ANSWER_WITHIN, Keeper, Standing},
    journal::{Journal, SqliteJournal},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::B256,
    providers::{Provider, ProviderBuilder},
};
use clap::Parser;
use eyre::{OptionExt, WrapErr, bail};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};

/// Watches the activation life of Stylus programs, tells when one is about to expire, and extends it where it has a key to pay.
///
/// Example: agentcity-keeper --config keeper.toml --once
#[derive(Parser)]
#[command(version)]
struct Options {
    /// TOML file: endpoint, journal, programs; optional name, poll_secs, notice_days, urgent_days, depth_blocks, key_file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One round, then exit: 0 if every program is fine, 1 if not
    #[arg(long)]
    once: bool,
    /// Log lines as JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> eyre::Result<ExitCode> {
    let options = Options::parse();
    log_to_stderr(options.json);
    let config = Config::read(&options.config)?;
    let key = config.key()?;
    let provider = ProviderBuilder::new().connect_http(config.endpoint.clone());
    let (chain_id, genesis) = timeout(ANSWER_WITHIN, chain(&provider))
        .await
        .wrap_err_with(|| format!("{} does not answer", config.endpoint_redacted()))??;
    let journal = SqliteJournal::open(&config.journal)
        .wrap_err_with(|| format!("journal: {}", config.journal.display()))?;
    tracing::info!(
        endpoint = config.endpoint_redacted(),
        chain_id,
        programs = config.programs.len(),
        "watching"
    );
    let keeper = Keeper::new(journal, provider, config, key, chain_id, genesis)?;
    if options.once {
        once(keeper).await
    } else {
        watch(keeper).await
    }
}

async fn chain<P: Provider>(provider: &P) -> eyre::Result<(u64, B256)> {
    let chain_id = provider.get_chain_id().await?;
    let genesis = provider
        .get_block(BlockNumberOrTag::Earliest.into())
        .await?
        .ok_or_eyre("the endpoint does not know its first block")?;
    Ok((chain_id, genesis.header.hash))
}

async fn once<J: Journal, P: Provider + Clone + 'static>(
    mut keeper: Keeper<J, P>,
) -> eyre::Result<ExitCode> {
    if let Standing::Waiting { holder, .. } = keeper.stand(&SystemClock)? {
        bail!("keeper {holder} is at work on this journal: stop it, or name another journal");
    }
    keeper.observe(&SystemClock).await?;
    keeper.act(&SystemClock, false).await?;
    let fine = keeper.worst().is_some_and(Level::is_fine);
    keeper.leave(&SystemClock)?;
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn watch<J: Journal, P: Provider + Clone + 'static>(
    mut keeper: Keeper<J, P>,
) -> eyre::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate()).wrap_err("listening for SIGTERM")?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    keeper.run(&SystemClock, stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn log_to_stderr(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else {
        log.init();
    }
}
