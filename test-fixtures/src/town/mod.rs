//! A whole city at work, for whoever wants to see one: what `cargo xtask up` does after it founded a city. Twenty-five principals and forty
//! agents come in, real executables legislate the three-task mission of docs/pages.md and carry it out, and what happened is told.
//!
//! The chain is the devnode that `up` started, whose clock is moved where nobody has anything to do ([`crate::machines::sun`]); nothing
//! else is other than in a city of strangers. Running it again is another mission in the same city, by other processes.
//!
//! Reading order: [`people`] (who lives there), [`input`] (what the mission reads), [`services`] (what executors run), [`law`] (three
//! laws for it), [`crew`] (who is a process), [`session`] (how one becomes law), [`mission`] (how it is carried out), [`story`] (what is
//! told of it), this (all of it, in its order).

pub mod crew;
pub mod input;
pub mod law;
pub mod mission;
pub mod people;
pub mod services;
pub mod session;
pub mod story;

use agentcity_abi::{IAssembly, IRoster};
use agentcity_deploy::city::{GenesisFile, Programs, ProgramsError};
use agentcity_domain::peer::Peer;
use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use self::{
    crew::Crew,
    input::{Network, Sources},
    law::Bill,
    mission::Outcome,
    people::People,
    services::Services,
    session::Session,
};
use crate::{
    Actor, Node, RpcError,
    city::{CallError, City, EnterError, RaiseError, person::DEFAULT_SEED},
    http::Http,
    machines::{MachineError, sun::SunError},
    mission::{MissionError, Stage, stage::GAS},
    program::{self, ProgramError},
};

/// The verifier of tables, by the name of its program.
const VERIFIER: &str = "agentcity-verifier-csv";
/// Below the folder of the town, beside a folder for each run: who runs, and copies of the files that are read.
const RECORD: &str = "running.json";
const PAGES: &str = "pages";

/// What is asked of the town.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the devnode answers.
    pub node: SocketAddr,
    /// The founders' decisions.
    pub genesis: PathBuf,
    /// Keys of the founders and clerks, one a line.
    pub keys: PathBuf,
    /// Folder of the programs.
    pub programs: PathBuf,
    /// Folder of everything that the town writes.
    pub folder: PathBuf,
    /// Pages; what ships without any.
    pub pages: Vec<String>,
    /// Whether hosts of this machine may be asked.
    pub network: Network,
    /// What is left running.
    pub afterwards: Afterwards,
}

/// What becomes of the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// They end.
    Stop,
    /// They go on until somebody ends them.
    Keep,
}

/// Why the town did not do its work. What carries a whole contract error is boxed.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    /// The city cannot be entered.
    #[error("{0}; `cargo xtask up --city-only` has no mission done")]
    Enter(#[from] Box<EnterError>),
    /// The genesis file is none.
    #[error("{path}: {said}")]
    Genesis {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        said: String,
    },
    /// The build has not all programs.
    #[error(transparent)]
    Programs(#[from] ProgramsError),
    /// A program is not on the chain.
    #[error(transparent)]
    Program(#[from] Box<ProgramError>),
    /// Somebody was refused.
    #[error(transparent)]
    Call(#[from] Box<CallError>),
    /// Somebody has no coins.
    #[error(transparent)]
    Raise(#[from] Box<RaiseError>),
    /// A step of the stage was refused.
    #[error(transparent)]
    Mission(#[from] Box<MissionError>),
    /// It was waited for in vain.
    #[error(transparent)]
    Sun(#[from] Box<SunError>),
    /// A process does not do what it should.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The node refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Pages that cannot be read.
    #[error("{0}")]
    Pages(String),
    /// A statute that cannot be law.
    #[error("the law is none:\n{0}")]
    Law(String),
    /// An executable said something unexpected.
    #[error("{what}: {answer:?} is not what is expected")]
    Answer {
        /// What was asked.
        what: &'static str,
        /// What came.
        answer: String,
    },
    /// The chain does not tell what it should.
    #[error("the chain's logs do not tell {what}")]
    Silent {
        /// What.
        what: &'static str,
    },
    /// The session made no law.
    #[error("the session made no law: {0}")]
    NoLaw(String),
    /// A task failed.
    #[error(
        "T{node} of the mission failed: the logs of its executors say why; pages that none of the services can read are left out next time"
    )]
    NodeFailed {
        /// Which task, counted from one.
        node: u16,
    },
    /// Money is missing, or there is too much of it.
    #[error("the books do not balance:\n{0}")]
    Unbalanced(String),
}

impl TownError {
    fn file(path: &Path, cause: io::Error) -> Self {
        let path = path.to_owned();
        Self::File { path, cause }
    }
}

macro_rules! boxed {
    ($($error:ty => $variant:ident),+) => {
        $(impl From<$error> for TownError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        })+
    };
}

boxed!(
    EnterError => Enter, ProgramError => Program, CallError => Call, RaiseError => Raise, MissionError => Mission, SunError => Sun
);

/// A step with a name: says when it begins and how long it took.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T, TownError>) -> Result<T, TownError> {
    say(&format!("── {name}"));
    let start = Instant::now();
    let done = work();
    let how = if done.is_ok() {
        "done in"
    } else {
        "failed after"
    };
    say(&format!(
        "   {name}: {how} {:.1} s",
        start.elapsed().as_secs_f64()
    ));
    done
}

/// For people who watch; nothing depends on whether it is heard.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What happened, for people and for whoever goes on with it.
#[derive(Debug)]
pub struct Told {
    /// Everything, as text.
    pub text: String,
    /// The report, in a file.
    pub report: PathBuf,
}

/// Has the whole mission done.
///
/// Errors: [`TownError`]. Where the logs are is in the message of the caller, who named the folder.
pub fn run(options: &Options) -> Result<Told, TownError> {
    // Before anything is begun, so that a mistyped page is told at once.
    let pages = options.folder.join(PAGES);
    let _ = std::fs::remove_dir_all(&pages);
    let sources = Sources::of(&options.pages, options.network, pages)?;
    sources.copy()?;
    let (mut stage, run, before) = enter(options)?;
    let folder = options.folder.join(run.to_string());
    std::fs::create_dir_all(&folder).map_err(|cause| TownError::file(&folder, cause))?;
    let services = Services::ask(&folder, &sources)?;
    let people = People::of(&stage.city);
    stage.executors = people.executors(&services);
    stage.proposer = people.agents[0].clone();
    stage.sponsor = people.principal_of(0).clone();
    let from = stage.city.client.rpc().block_number()? + 1;
    let arrived = step("people", || people.come(&mut stage, &services))?;
    say(&format!(
        "   {} principals enrolled, {} agents registered, {} services published",
        arrived.principals, arrived.agents, arrived.services
    ));
    let verifier = step("verifier", || verifier(&mut stage))?;
    let title = format!("mission {run} of this city");
    let mut bills = Vec::new();
    for (number, bill) in Bill::ALL.iter().enumerate() {
        let document = bill.document(&title, &sources, &services, verifier)?;
        let path = folder.join(format!("bill-{}.jsonld", number + 1));
        let text = document.pretty().to_string();
        std::fs::write(&path, text).map_err(|cause| TownError::file(&path, cause))?;
        bills.push((path, document.statute_hash()));
    }
    let record = options.folder.join(RECORD);
    let mut crew = Crew::of(&stage, &folder, record.clone(), run)?;
    step("machines", || {
        let files: Vec<PathBuf> = bills.iter().map(|(file, _)| file.clone()).collect();
        crew.start_clerks(&mut stage)?;
        crew.start_agents(&people, &services, &files)?;
        crew.start_keepers(&mut stage, &people)
    })?;
    let session = session::legislate(&mut stage, &mut crew, (&people, &services), &bills, before)?;
    let outcome = mission::run(&mut stage, &mut crew, session.id, &bills[0].0)?;
    let report = folder.join("report.json");
    let text = serde_json::to_string_pretty(&outcome.report).unwrap_or_default();
    std::fs::write(&report, text).map_err(|cause| TownError::file(&report, cause))?;
    let told = step("books", || {
        let told = (&session, &outcome);
        let missing = sources.missing(&outcome.report);
        tell(&mut stage, &people, told, (from, &report, &missing))
    })?;
    crew.machines.alive()?;
    let left = match options.afterwards {
        Afterwards::Keep => {
            let left = running(&crew, &people, &record);
            crew.machines.leave();
            left
        }
        Afterwards::Stop => {
            step("end", || {
                drop(crew);
                Ok(())
            })?;
            let _ = std::fs::remove_file(&record);
            String::new()
        }
    };
    let text = told + &left;
    Ok(Told { text, report })
}

/// The city, the number of the session that comes, and the session before.
fn enter(options: &Options) -> Result<(Stage, u64, Option<B256>), TownError> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|cause| TownError::file(path, cause));
    let genesis = |said: String| TownError::Genesis {
        path: options.genesis.clone(),
        said,
    };
    let file = GenesisFile::parse(&read(&options.genesis)?).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        genesis(lines.join("\n"))
    })?;
    let programs = Programs::load(&options.programs)?;
    let keys = keys(&read(&options.keys)?);
    let node = Node::running(options.node);
    let mut city = City::enter(node, &file, &programs, &keys, DEFAULT_SEED)?;
    city.client.allow_gas(GAS);
    let nobody = city.adjudicators[0].clone();
    let mut stage = Stage::enter(city, nobody.clone(), nobody, Vec::new());
    let opened = stage.events::<IAssembly::SessionOpened>(Peer::Assembly)?;
    // Each run has a number, and laws and payers of its own, whether it came as far as a session or not.
    let run = opened.len().max(last_run(&options.folder)) as u64 + 1;
    // Two rulings a run at most: whose turn it is moves on, and no two are the same words.
    stage.city.continue_rulings(3 * run);
    let before = opened.last().map(|opened| opened.sessionId);
    if let Some(session) = before {
        conclude(&mut stage, session)?;
    }
    Ok((stage, run, before))
}

/// The greatest number of a run that has a folder.
fn last_run(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    names.max().unwrap_or_default()
}

/// What a run that broke off left open: a session that still takes proposals would take those of the new one, by other ballots.
fn conclude(stage: &mut Stage, session: B256) -> Result<(), TownError> {
    let of = stage.election(session)?;
    if of.step == IAssembly::Deliberation::Proposing && !of.failed {
        say("   the session of an earlier run still takes proposals: its time passes");
        stage.pass_step(session)?;
    }
    Ok(())
}

/// Keys of a file: one a line, in hexadecimal digits, among comments.
fn keys(text: &str) -> Vec<PrivateKeySigner> {
    let lines = text.lines().map(str::trim);
    let keys = lines.filter(|line| !line.starts_with('#'));
    keys.filter_map(|line| line.parse().ok()).collect()
}

/// The verifier of tables, on the chain and approved by the panel; it stays so.
fn verifier(stage: &mut Stage) -> Result<(Address, B256), TownError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| TownError::file(Path::new(VERIFIER), cause))?;
    let sender = Actor::named("bob").address();
    let at = runtime.block_on(async {
        program::deploy(&stage.city.node.provider(), VERIFIER, None, sender).await
    })?;
    let to = stage.city.address(Peer::Roster);
    let kind = IRoster::ProgramKind::Verifier;
    let asked = IRoster::approvedCodeCall { account: at, kind };
    let approved = stage.city.client.ask(to, &asked)?;
    if approved.is_zero() {
        return Ok((at, stage.approve(at, kind)?));
    }
    Ok((at, approved))
}

/// What the accounts of the town are called.
fn names(people: &People) -> BTreeMap<Address, String> {
    let all = people.principals.iter().chain(&people.agents);
    all.map(|person| (person.address(), person.name.clone()))
        .collect()
}

fn tell(
    stage: &mut Stage,
    people: &People,
    (session, outcome): (&Session, &Outcome),
    (from, report, missing): (u64, &Path, &[String]),
) -> Result<String, TownError> {
    let names = names(people);
    let mut text = String::new();
    let _ = writeln!(text, "\naddresses");
    let constitution = stage.city.address(Peer::Constitution);
    for (what, value) in [
        ("chain", stage.city.node.http_url()),
        ("city", constitution.to_string()),
        ("session", session.id.to_string()),
        ("mission", outcome.id.to_string()),
    ] {
        let _ = writeln!(text, "  {what:<12} {value}");
    }
    for (name, person) in [
        ("sponsor", stage.sponsor.clone()),
        ("proposer", stage.proposer.clone()),
    ] {
        let _ = writeln!(text, "  {name:<12} {}  {}", person.address(), person.name);
    }
    for ((number, trade), executor) in people.workers().iter().zip(&stage.executors) {
        let agent = executor.agent.address();
        let _ = writeln!(text, "  {trade:<12} {agent}  agent {number}");
    }
    let _ = writeln!(text, "\nvote\n{}", session.told(&names).trim_end());
    let costs = story::gas(stage, from)?;
    let _ = writeln!(text, "\ngas\n{}", story::gas_told(&costs).trim_end());
    let money = story::Money::of(stage, outcome.id)?;
    let books = stage.books()?;
    let told = money.told(&names, &books);
    if !money.balances() || !books.balance() {
        return Err(TownError::Unbalanced(told));
    }
    let _ = writeln!(text, "\nmoney, in coins\n{}", told.trim_end());
    let how = match outcome.agreement {
        mission::Agreement::Of(count) => format!("{count} of 3 models told the same of every page"),
        mission::Agreement::Ruled(seat) => format!(
            "no two models told the same of every page: an executor disputed, and an adjudicator let the list of seat {seat} stand"
        ),
    };
    let _ = writeln!(
        text,
        "\nreport, {}\n{}",
        outcome.report_hash,
        story::report_told(outcome).trim_end()
    );
    for page in missing {
        let _ = writeln!(text, "  not read: {page}");
    }
    let _ = writeln!(text, "  {how}");
    let _ = writeln!(text, "  whole, as its schema has it: {}", report.display());
    Ok(text)
}

/// What runs on, and where.
fn running(crew: &Crew, people: &People, record: &Path) -> String {
    let names = names(people);
    let mut text = String::from("\nrunning\n");
    for (agent, address) in &crew.executors {
        let name = names.get(agent).cloned().unwrap_or_default();
        let _ = writeln!(text, "  {name:<12} {agent}  http://{address}/v1/identity");
    }
    for (name, account, address) in &crew.keepers {
        let _ = writeln!(text, "  {name:<12} {account}  http://{address}/health");
        if is_served(*address, "/dashboard/") {
            let _ = writeln!(text, "  {:<12} http://{address}/dashboard/", "dashboard");
        }
    }
    let count = crew.machines.running().count();
    let _ = writeln!(text, "  {count} processes, named in {}", record.display());
    text
}

/// Whether something answers there.
fn is_served(address: SocketAddr, path: &str) -> bool {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let reply = Http::new(address).exchange(request.as_bytes());
    reply.is_ok_and(|reply| reply.status == 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_by_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last_run(&dir.path().join("nowhere")), 0);
        for name in ["2", "11", "pages", "9"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        assert_eq!(last_run(dir.path()), 11);
    }

    #[test]
    fn keys_are_read_from_among_comments() {
        let key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let text = format!("# Everyone knows them.\n# 0xf39F\n{key}\n\nno key\n");
        let read = keys(&text);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].address(), Actor::named("alice").address());
    }
}
