//! `agentcity-keeper`: wiring only.

mod calibrate;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use agentcity_keeper::{
    action::Level,
    clock::{Clock, SystemClock},
    config::Config,
    daemon::{ANSWER_WITHIN, Keeper, KeeperError, Standing},
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
    time::{Instant, timeout},
};

/// Pause between two looks at leases and open transactions: several within the term of a lease, few for an endpoint.
const LOOK: Duration = Duration::from_secs(5);
/// How long a stop waits for open transactions. What is open then is recorded, and goes on with the next start.
const DRAIN: Duration = Duration::from_secs(20);

/// Watches the activation life of Stylus programs, tells when one is about to expire, and extends it where it has a key to pay.
///
/// Example: agentcity-keeper --config keeper.toml --once
#[derive(Parser)]
#[command(
    version,
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true
)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// TOML file: endpoint, journal, programs; optional name, poll_secs, notice_days, urgent_days, depth_blocks, key_file
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// One round, then exit: 0 if every program is fine, 1 if not
    #[arg(long)]
    once: bool,
    /// Log lines as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    Calibrate(calibrate::Options),
}

#[tokio::main]
async fn main() -> eyre::Result<ExitCode> {
    let options = Options::parse();
    log_to_stderr(options.json);
    if let Some(Command::Calibrate(options)) = &options.command {
        calibrate::run(options).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = options.config.ok_or_eyre("--config names no file")?;
    let config = Config::read(&config)?;
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
    let poll = config.poll;
    let keeper = Keeper::new(journal, provider, config, key, chain_id, genesis)?;
    if options.once {
        once(keeper).await
    } else {
        watch(keeper, poll).await
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

async fn once<J: Journal, P: Provider + Clone>(mut keeper: Keeper<J, P>) -> eyre::Result<ExitCode> {
    if let Standing::Waiting { holder, .. } = keeper.stand(&SystemClock)? {
        bail!("keeper {holder} is at work on this journal: stop it, or name another journal");
    }
    keeper.observe(&SystemClock).await?;
    keeper.act(&SystemClock, false).await?;
    let fine = keeper
        .machine()
        .and_then(|machine| machine.worst())
        .is_some_and(Level::is_fine);
    keeper.leave(&SystemClock)?;
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn watch<J: Journal, P: Provider + Clone>(
    mut keeper: Keeper<J, P>,
    poll: Duration,
) -> eyre::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate()).wrap_err("listening for SIGTERM")?;
    let mut due = Instant::now();
    let mut waited_for = None;
    loop {
        match keeper.stand(&SystemClock)? {
            Standing::Working => {
                waited_for = None;
                if Instant::now() >= due {
                    due = Instant::now() + poll;
                    stand_by_if_fenced(keeper.observe(&SystemClock).await)?;
                }
                stand_by_if_fenced(keeper.act(&SystemClock, false).await.map(drop))?;
            }
            Standing::Waiting { holder, until } => {
                let left_ms = until.since(SystemClock.now()).get();
                if waited_for.as_ref() != Some(&holder) {
                    tracing::info!(holder, left_ms, "another keeper is at work: standing by");
                }
                waited_for = Some(holder);
                due = Instant::now();
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    drain(keeper).await
}

/// Another keeper took over: not a fault, and the next look tells who it is. All else ends the process, whose successor reads the
/// journal.
fn stand_by_if_fenced(result: Result<(), KeeperError>) -> Result<(), KeeperError> {
    match result {
        Err(error) if error.is_fenced() => {
            tracing::warn!("{error}");
            Ok(())
        }
        other => other,
    }
}

/// Ends what is open, begins nothing, and leaves.
async fn drain<J: Journal, P: Provider + Clone>(
    mut keeper: Keeper<J, P>,
) -> eyre::Result<ExitCode> {
    let end = Instant::now() + DRAIN;
    while keeper.stand(&SystemClock)? == Standing::Working {
        let open = match keeper.act(&SystemClock, true).await {
            Err(error) if error.is_fenced() => break,
            open => open?,
        };
        if open == 0 {
            break;
        }
        if Instant::now() >= end {
            tracing::warn!(
                open,
                "transactions are left open: the next start goes on with them"
            );
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    keeper.leave(&SystemClock)?;
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
