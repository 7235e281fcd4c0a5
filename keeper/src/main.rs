//! `agentcity-keeper`: wiring only.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use agentcity_keeper::{
    action::{Action, Level},
    config::Config,
    machine::program_life::ProgramLife,
    source::programs::observe,
};
use alloy::providers::{Provider, ProviderBuilder};
use clap::Parser;
use eyre::WrapErr;
use tokio::signal::unix::{SignalKind, signal};

/// How long one question may take: a round of the most programs still ends within the shortest sensible poll of an hour.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Watches the activation life of Stylus programs and tells when one is about to expire.
///
/// Example: agentcity-keeper --config keeper.toml --once
#[derive(Parser)]
#[command(version)]
struct Options {
    /// TOML file: endpoint, programs; optional poll_secs, notice_days, urgent_days
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
    let provider = ProviderBuilder::new().connect_http(config.endpoint.clone());
    let mut machine = ProgramLife::new(config.notice);
    tracing::info!(
        endpoint = config.endpoint_redacted(),
        programs = config.programs.len(),
        "watching"
    );

    let mut terminate = signal(SignalKind::terminate()).wrap_err("listening for SIGTERM")?;
    loop {
        round(&config, &provider, &mut machine).await;
        if options.once {
            let fine = machine.worst().is_some_and(Level::is_fine);
            return Ok(if fine {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        tokio::select! {
            () = tokio::time::sleep(config.poll) => {}
            _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        }
    }
}

async fn round<P: Provider>(config: &Config, provider: &P, machine: &mut ProgramLife) {
    for &program in &config.programs {
        let event = match tokio::time::timeout(ANSWER_WITHIN, observe(provider, program)).await {
            Ok(event) => event,
            Err(_) => agentcity_keeper::event::Event::Unreachable {
                program,
                cause: format!("no answer within {} s", ANSWER_WITHIN.as_secs()),
            },
        };
        machine.step(event).into_iter().for_each(perform);
    }
}

fn perform(action: Action) {
    match action {
        Action::Alert {
            program,
            level,
            before,
            text,
        } => {
            if level.is_fine() {
                tracing::info!(%program, ?level, ?before, "{text}");
            } else {
                tracing::warn!(%program, ?level, ?before, "{text}");
            }
        }
    }
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
