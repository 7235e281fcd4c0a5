//! `agentcity-agent`: acts for one agent by a policy file, until it is stopped.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use agentcity_agent_daemon::{
    desk::{Desk, DeskError, Keys},
    policy::Policy,
    serve,
    vault::Vault,
};
use agentcity_keeper::{
    clock::{Clock, SystemClock},
    daemon::Standing,
    journal::SqliteJournal,
    operations::log_to_stderr,
    source::city::City,
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::B256,
    providers::{Provider, ProviderBuilder, RootProvider},
};
use clap::Parser;
use eyre::{OptionExt, WrapErr, bail};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::Instant,
};

/// How long a stop waits for transactions that are open.
const DRAIN: Duration = Duration::from_secs(30);
/// Between two looks at whether something is to be done: a third of a lease is much longer.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, Parser)]
#[command(version, about)]
struct Options {
    /// The policy file.
    #[arg(long, env = "AGENTCITY_AGENT_POLICY")]
    policy: PathBuf,
    /// Say whether the policy can be used, and do nothing.
    #[arg(long)]
    check: bool,
    /// Log JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> eyre::Result<ExitCode> {
    let options = Options::parse();
    // Nobody changes the level of an agent while it runs.
    drop(log_to_stderr(options.json, "info"));
    let policy = Policy::read(&options.policy)?;
    let keys = Keys {
        agent: policy.agent_key()?,
        principal: policy.principal_key()?,
    };
    if options.check {
        return Ok(ExitCode::SUCCESS);
    }
    let provider: RootProvider = ProviderBuilder::default().connect_http(policy.endpoint.clone());
    let chain_id = provider
        .get_chain_id()
        .await
        .wrap_err("the endpoint does not answer")?;
    let genesis = provider
        .get_block(BlockNumberOrTag::Earliest.into())
        .await?
        .ok_or_eyre("the endpoint does not know its first block")?
        .header
        .hash;
    let city = match City::find(&provider, chain_id, policy.constitution).await {
        Ok(city) => city,
        Err(cause) => bail!("constitution: {cause}"),
    };
    let journal = SqliteJournal::open(&policy.journal)
        .wrap_err_with(|| format!("journal: {}", policy.journal.display()))?;
    let vault = Vault::open(&policy.secrets)
        .wrap_err_with(|| format!("secrets: {}", policy.secrets.display()))?;
    let poll = policy.poll;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = policy.serve.clone().map(|serve| {
        let (policy, asked) = (Policy::read(&options.policy), provider.clone());
        let key = keys.agent.clone();
        tokio::spawn(async move {
            let until = async {
                let _stopped = stopped.await;
            };
            serve::serve(&policy?, &serve, (asked, city), key, until).await?;
            eyre::Ok(())
        })
    });
    let desk = Desk::new(journal, vault, provider, (city, genesis), policy, keys)?;
    match served {
        None => work(desk, poll).await,
        // Whichever ends first ends the other: an agent that answers and does not look, or looks and does not answer, is half an agent.
        Some(mut served) => tokio::select! {
            worked = work(desk, poll) => {
                drop(stop);
                served.await??;
                worked
            }
            ended = &mut served => ended?.and(Ok(ExitCode::FAILURE)),
        },
    }
}

async fn work<Q: Provider + Clone>(
    mut desk: Desk<SqliteJournal, Q>,
    poll: Duration,
) -> eyre::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate()).wrap_err("listening for SIGTERM")?;
    let mut due = Instant::now();
    loop {
        match desk.stand(&SystemClock)? {
            Standing::Working if Instant::now() >= due => {
                due = Instant::now() + poll;
                stand_by_if_fenced(desk.pass(&SystemClock, &mut B256::random, false).await)?;
            }
            Standing::Working => {}
            Standing::Waiting { holder, until } => {
                let left_ms = until.since(SystemClock.now()).get();
                tracing::debug!(holder, left_ms, "another process is at work: standing by");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    let end = Instant::now() + DRAIN;
    while desk.stand(&SystemClock)? == Standing::Working {
        let open = stand_by_if_fenced(desk.pass(&SystemClock, &mut B256::random, true).await)?;
        if open == 0 || Instant::now() >= end {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    desk.leave(&SystemClock)?;
    Ok(ExitCode::SUCCESS)
}

/// Another process took over: not a fault. All else ends this one, whose successor reads the journal.
fn stand_by_if_fenced(result: Result<usize, DeskError>) -> Result<usize, DeskError> {
    match result {
        Err(error) if error.is_fenced() => {
            tracing::warn!("{error}");
            Ok(0)
        }
        other => other,
    }
}
