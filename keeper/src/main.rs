//! `agentcity-keeper`: wiring only.

mod calibrate;
mod reconcile;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use agentcity_domain::clerk::ClerkRole;
use agentcity_hub::{http, store::Log};
use agentcity_keeper::{
    action::Level,
    clock::SystemClock,
    config::{Config, JournalAt},
    daemon::{ANSWER_WITHIN, Keeper, Standing},
    journal::{Journal, PostgresJournal, SqliteJournal},
    library::Library,
    office,
    part::{
        Part,
        clerk::{ClerkDesk, Office},
    },
    source::{capped::Capped, city::City},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::B256,
    providers::{Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use clap::{Parser, ValueEnum};
use eyre::{OptionExt, WrapErr, bail};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::timeout,
};

/// Watches the activation life of Stylus programs, tells when one is about to expire, and extends it where it has a key to pay; fills
/// the office of a clerk.
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
    /// TOML file: endpoint, journal or journal_url_file, and programs, [log], [router], [mirror], [reconciliation] or [clerk]; optional name, poll_secs, notice_days, urgent_days, depth_blocks, key_file, further_endpoints, quorum, websockets, [city]
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// Fill this office of a city as well: the `[clerk]` table says with which key
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// One round, then exit: 0 if every program is fine, 1 if not
    #[arg(long)]
    once: bool,
    /// Log lines as JSON
    #[arg(long)]
    json: bool,
}

/// The offices of clerks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    Registrar,
    Speaker,
    Regulator,
    Codifier,
}

impl From<Role> for ClerkRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Registrar => Self::Registrar,
            Role::Speaker => Self::Speaker,
            Role::Regulator => Self::Regulator,
            Role::Codifier => Self::Codifier,
        }
    }
}

#[derive(clap::Subcommand)]
enum Command {
    Calibrate(calibrate::Options),
    Reconcile(reconcile::Options),
}

#[tokio::main]
async fn main() -> eyre::Result<ExitCode> {
    let options = Options::parse();
    log_to_stderr(options.json);
    match &options.command {
        Some(Command::Calibrate(options)) => {
            calibrate::run(options).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Reconcile(options)) => return reconcile::run(options).await,
        None => {}
    }
    let file = options.config.as_deref();
    let config = Config::read(file.ok_or_eyre("--config names no file")?)?;
    let key = config.key()?;
    let mut providers = Vec::new();
    for url in &config.endpoints {
        // Simple on purpose: nothing is filled in, signed or polled for behind the manager's back.
        let client = Capped::new(url.clone(), ANSWER_WITHIN)?.client();
        providers.push(ProviderBuilder::default().connect_client(client));
    }
    let (chain_id, genesis) = timeout(ANSWER_WITHIN, chain(&providers[0]))
        .await
        .wrap_err_with(|| format!("{} does not answer", config.endpoint_redacted()))??;
    tracing::info!(
        endpoint = config.endpoint_redacted(),
        chain_id,
        programs = config.programs.len(),
        "watching"
    );
    let about = (key, chain_id, genesis);
    match config.journal.clone() {
        JournalAt::File(path) => {
            let journal = SqliteJournal::open(&path)
                .wrap_err_with(|| format!("journal: {}", path.display()))?;
            work(&options, journal, providers, config, about).await
        }
        JournalAt::Server(path) => {
            let told = || format!("journal_url_file: {}", path.display());
            let text = std::fs::read_to_string(&path).wrap_err_with(told)?;
            let journal = PostgresJournal::connect(text.trim()).wrap_err_with(told)?;
            work(&options, journal, providers, config, about).await
        }
    }
}

async fn work<J: Journal, P: Provider + Clone + 'static>(
    options: &Options,
    journal: J,
    providers: Vec<P>,
    config: Config,
    (key, chain_id, genesis): (Option<PrivateKeySigner>, u64, B256),
) -> eyre::Result<ExitCode> {
    let served = config.log.as_ref();
    let served = served.and_then(|log| Some((log.file.clone(), log.listen?)));
    let office = match options.role {
        Some(_) if key.is_none() => bail!(
            "key_file: a clerk only signs, so it needs the key of an account that submits and pays"
        ),
        Some(role) => Some(clerk(role.into(), &config, &providers[0], chain_id).await?),
        None if config.programs.is_empty()
            && config.router.is_none()
            && config.log.is_none()
            && config.mirror.is_none() =>
        {
            bail!("nothing to do: name the office to fill with --role")
        }
        None => None,
    };
    let mut keeper = Keeper::over(journal, providers, config, key, chain_id, genesis)?;
    if let Some(office) = office {
        keeper.join(office)?;
    }
    if let Some((file, listen)) = served {
        let log = Log::open_to_read(&file).wrap_err("log")?;
        let listener = TcpListener::bind(listen).await;
        let listener = listener.wrap_err_with(|| format!("log.listen: {listen}"))?;
        tokio::spawn(async move { axum::serve(listener, http::router(log)).await });
    }
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

/// The clerk of the `[clerk]` table, which must hold the office that is named.
async fn clerk<P: Provider + Clone + 'static>(
    role: ClerkRole,
    config: &Config,
    provider: &P,
    chain_id: u64,
) -> eyre::Result<Arc<dyn Part>> {
    let Some(settings) = &config.clerk else {
        bail!(
            "--role: the configuration has no [clerk] table with constitution, key_file and documents"
        );
    };
    let key = settings.key()?;
    let city = City::find(provider, chain_id, settings.constitution);
    let city = match timeout(ANSWER_WITHIN, city).await? {
        Ok(city) => city,
        Err(cause) => bail!("clerk.constitution: {cause}"),
    };
    let holds = office::holds(provider, &city, role, key.address());
    if let Err(cause) = timeout(ANSWER_WITHIN, holds).await? {
        bail!("{cause}");
    }
    let library = Library::open(&settings.documents)?;
    let office = Office {
        role,
        key,
        template: settings.template,
        from_block: settings.from_block,
        pause: settings.poll,
    };
    Ok(Arc::new(ClerkDesk::new(
        provider.clone(),
        city,
        library,
        office,
    )))
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
