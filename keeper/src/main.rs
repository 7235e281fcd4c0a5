//! `agentcity-keeper`: wiring only.

mod calibrate;
mod reconcile;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use agentcity_domain::clerk::ClerkRole;
use agentcity_hub::{http, store::Log};
use agentcity_keeper::{
    action::Level,
    check,
    clock::SystemClock,
    config::{Config, JournalAt},
    daemon::{ANSWER_WITHIN, Keeper, Standing},
    dashboard, drill,
    journal::{Journal, PostgresJournal, SqliteJournal},
    library::Library,
    office,
    operations::{self, SetLevel, desk::Board},
    part::{
        Part,
        clerk::{ClerkDesk, Office},
    },
    source::ground::Ground,
};
use alloy::{providers::Provider, signers::local::PrivateKeySigner};
use clap::{Parser, ValueEnum};
use eyre::{OptionExt, WrapErr, bail};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::timeout,
};

/// Does beside executors what anyone may do, as its file says: watches the lives of programs, brings missions to their settlement, arrests, keeps
/// and anchors a log, compares it with the chain, fills an office.
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
    /// TOML file: endpoint, journal or journal_url_file, and programs, [log], [router], [mirror], [reconciliation] or [clerk]; optional [monitor], [escrow], [operations], name, poll_secs, notice_days, urgent_days, depth_blocks, key_file, further_endpoints, quorum, websockets; [city] with constitution and from_block for all but programs
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
    /// Looks at everything that a keeper of this configuration needs, and says of each what is wrong and what to do
    ///
    /// Exit code 0 when all is well, 1 with warnings, 2 when it would not work. Nothing is changed.
    Check(check::Options),
    /// Drills: runs a keeper of this configuration on a devnode whose endpoints lag, lie, split, fall silent and go back, and says what it did
    ///
    /// Its journal is another one that is thrown away. Exit code 0 when it recovered from each fault, 1 when not.
    SimulateFaults(drill::Options),
    Reconcile(reconcile::Options),
}

#[tokio::main]
async fn main() -> eyre::Result<ExitCode> {
    let options = Options::parse();
    let json = match &options.command {
        Some(Command::Check(options)) => options.json,
        Some(Command::SimulateFaults(options)) => options.json,
        Some(Command::Reconcile(_) | Command::Calibrate(_)) | None => options.json,
    };
    // Commands answer on stdout, and tell besides only what is wrong.
    let level = if options.command.is_some() {
        "warn"
    } else {
        "info"
    };
    let level = operations::log_to_stderr(json, level);
    match &options.command {
        Some(Command::Calibrate(options)) => {
            calibrate::run(options).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Check(options)) => return Ok(check::run(options).await),
        Some(Command::SimulateFaults(options)) => return drill::run(options).await,
        Some(Command::Reconcile(options)) => return reconcile::run(options).await,
        None => {}
    }
    let file = options.config.as_deref();
    let config = Config::read(file.ok_or_eyre("--config names no file")?)?;
    let key = config.key()?;
    let providers = config.providers()?;
    let constitution = config.city.map(|city| city.constitution);
    let ground = Ground::find(&providers, config.quorum, constitution)
        .await
        .wrap_err_with(|| format!("endpoint: {}", config.endpoint_redacted()))?;
    tracing::info!(
        endpoint = config.endpoint_redacted(),
        chain_id = ground.chain_id,
        city = ?constitution,
        programs = config.programs.len(),
        "watching"
    );
    let about = (key, ground);
    match config.journal.clone() {
        JournalAt::File(path) => {
            let journal = SqliteJournal::open(&path)
                .wrap_err_with(|| format!("journal: {}", path.display()))?;
            work(&options, journal, providers, config, about, level).await
        }
        JournalAt::Server(path) => {
            let told = || format!("journal_url_file: {}", path.display());
            let text = std::fs::read_to_string(&path).wrap_err_with(told)?;
            let journal = PostgresJournal::connect(text.trim()).wrap_err_with(told)?;
            work(&options, journal, providers, config, about, level).await
        }
    }
}

async fn work<J: Journal, P: Provider + Clone + 'static>(
    options: &Options,
    journal: J,
    providers: Vec<P>,
    config: Config,
    (key, ground): (Option<PrivateKeySigner>, Ground),
    level: SetLevel,
) -> eyre::Result<ExitCode> {
    let served = config.log.as_ref();
    let served = served.and_then(|log| Some((log.file.clone(), log.listen?)));
    let office = match options.role {
        Some(_) if key.is_none() => bail!(
            "key_file: a clerk only signs, so it needs the key of an account that submits and pays"
        ),
        Some(role) => Some(clerk(role.into(), &config, &providers[0], &ground).await?),
        None if config.programs.is_empty()
            && config.router.is_none()
            && config.log.is_none()
            && config.mirror.is_none() =>
        {
            bail!("nothing to do: name the office to fill with --role")
        }
        None => None,
    };
    let account = key.as_ref().map(PrivateKeySigner::address);
    let serves = config.operations.clone().filter(|_| !options.once);
    let subject = operations::Subject::of(&config, providers.clone(), account);
    let plan = match &serves {
        Some(settings) => dashboard::Plan::of(&config, settings, &ground)?,
        None => None,
    };
    let mut keeper = Keeper::over(journal, providers, config, key, &ground)?;
    let mut board = None;
    if let Some(settings) = serves {
        // What the keeper keeps is there by now, to be read.
        let page = plan
            .map(dashboard::Plan::raise)
            .transpose()
            .wrap_err("log")?;
        let begun = operations::begin(settings, subject, level, page).await?;
        keeper.attend(begun.desk);
        board = Some(begun.board);
    }
    if let Some(office) = office {
        keeper.join(office)?;
    }
    if let Some((file, listen)) = served {
        let log = Log::open_to_read(&file).wrap_err("log")?;
        let listener = TcpListener::bind(listen).await;
        let listener = listener.wrap_err_with(|| format!("log.listen: {listen}"))?;
        // With port 0 the system chose one.
        tracing::info!(address = %listener.local_addr()?, "the log is served");
        tokio::spawn(async move { axum::serve(listener, http::router(log)).await });
    }
    if options.once {
        once(keeper).await
    } else {
        watch(keeper, board).await
    }
}

/// The clerk of the `[clerk]` table, which must hold the office that is named.
async fn clerk<P: Provider + Clone + 'static>(
    role: ClerkRole,
    config: &Config,
    provider: &P,
    ground: &Ground,
) -> eyre::Result<Arc<dyn Part>> {
    let (Some(settings), Some(named), Some(city)) = (&config.clerk, config.city, ground.city)
    else {
        bail!("--role: the configuration has no [clerk] table with key_file and documents");
    };
    if settings.admissions.is_some() && role != ClerkRole::Registrar {
        bail!("[clerk.admissions]: the registrar attests enrolments, and nobody else");
    }
    let key = settings.key()?;
    let holds = office::holds(provider, &city, role, key.address());
    if let Err(cause) = timeout(ANSWER_WITHIN, holds).await? {
        bail!("{cause}");
    }
    let library = Library::open(&settings.documents)?;
    let office = Office {
        role,
        key,
        template: settings.template,
        from_block: named.from_block,
        pause: settings.poll,
        admissions: settings.admissions.clone(),
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
    board: Option<Arc<Board>>,
) -> eyre::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate()).wrap_err("listening for SIGTERM")?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            () = drain_wanted(board.as_deref()) => {}
        }
    };
    keeper.run(&SystemClock, stop).await?;
    Ok(ExitCode::SUCCESS)
}

/// Never, when nobody can want it.
async fn drain_wanted(board: Option<&Board>) {
    match board {
        Some(board) => board.drain_wanted().await,
        None => std::future::pending().await,
    }
}
