//! `agentcity-pages`: fetches pages, tells their topics, reports; each for a person, or as a service for an executor.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_executor::protocol::MESSAGE_BYTES_MAX;
use agentcity_pages::{
    canonical, corpus,
    document::Documents,
    fetch::{Files, Hosts, Network, PAGE_TIME_MAX, Rules},
    job::Task,
    model::{Model, Which},
    report::Report,
    service::{self, Service},
    source::{self, Source},
    topics::{self, Topics},
    training::{self, Evaluation},
};
use alloy::primitives::keccak256;
use clap::{Args, Parser, Subcommand, ValueEnum};
use eyre::{WrapErr, bail, ensure};
use serde_json::json;

/// Where the page on classifiers is, below the root of the repository.
const PAGE: &str = "docs/classifiers.md";

#[derive(Debug, Parser)]
#[command(version, about)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch and read pages; documents as JSON.
    Fetch {
        /// Addresses, files, `corpus:NAME`, or `corpus:` for all that ship. Hosts of addresses that are named here may be asked.
        #[arg(required = true)]
        sources: Vec<String>,
        /// A file of further sources, one a line.
        #[arg(long)]
        list: Option<PathBuf>,
        #[command(flatten)]
        whom: Whom,
    },
    /// Tell the topics of documents; topics as JSON.
    Classify {
        /// Which model.
        #[arg(long, value_enum)]
        model: Choice,
        /// Documents, as `fetch` writes them; `-` for standard input.
        #[arg(default_value = "-")]
        documents: PathBuf,
    },
    /// Make a report of documents and up to three lists of topics.
    Report {
        /// Documents, as `fetch` writes them.
        #[arg(long)]
        documents: Option<PathBuf>,
        /// Topics, as `classify` writes them.
        #[arg(required = true)]
        topics: Vec<PathBuf>,
    },
    /// Do an executor's job: a request comes in on standard input, lines of JSON go out (docs/executors.md).
    Run {
        #[command(subcommand)]
        service: Job,
    },
    /// Say what is registered: services, arguments, code hashes, schemas.
    Services,
    /// Write the artifacts of the services into a folder, one folder each.
    Artifacts {
        /// The folder.
        folder: PathBuf,
    },
    /// List the pages that ship.
    Corpus,
    /// Train the three models on the paragraphs in the repository.
    Train {
        /// Root of the repository.
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Measure the models on paragraphs that they were not trained on, and write docs/classifiers.md.
    Evaluate {
        /// Root of the repository.
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// Write nothing, and fail if the page says something else.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Job {
    /// Fetch what the law names in the node's rubric.
    Fetch {
        /// Fetch this instead.
        #[arg(long = "source")]
        sources: Vec<String>,
        /// Files may be read below this folder, by names relative to it.
        #[arg(long)]
        root: Option<PathBuf>,
        #[command(flatten)]
        whom: Whom,
    },
    /// Tell topics.
    Classify {
        /// Which model.
        #[arg(long, value_enum)]
        model: Choice,
    },
    /// Make a report.
    Report,
}

#[derive(Debug, Args)]
struct Whom {
    /// A host that may be asked, as `example.org` or `example.org:8080`.
    #[arg(long = "host")]
    hosts: Vec<String>,
    /// All hosts may be asked.
    #[arg(long)]
    any_host: bool,
    /// Hosts at addresses of this machine and its networks may be asked.
    #[arg(long)]
    allow_private: bool,
    /// Longest that one page may take, in milliseconds.
    #[arg(long, default_value_t = PAGE_TIME_MAX.as_millis() as u64)]
    page_time_ms: u64,
}

impl Whom {
    fn rules(&self, files: Files) -> Rules {
        let named = self.hosts.iter().map(|host| host.to_ascii_lowercase());
        Rules {
            hosts: match self.any_host {
                true => Hosts::Any,
                false => Hosts::These(named.collect::<BTreeSet<_>>()),
            },
            network: match self.allow_private {
                true => Network::Private,
                false => Network::Public,
            },
            files,
            time_max: Duration::from_millis(self.page_time_ms),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Choice {
    A,
    B,
    C,
}

impl From<Choice> for Which {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::A => Self::A,
            Choice::B => Self::B,
            Choice::C => Self::C,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> eyre::Result<()> {
    match Options::parse().command {
        Command::Fetch {
            sources,
            list,
            whom,
        } => fetch(sources, list, &whom).await,
        Command::Classify { model, documents } => classify(model.into(), &documents),
        Command::Report { documents, topics } => report(documents.as_deref(), &topics),
        Command::Run { service } => run(service).await,
        Command::Services => say(&canonical::text(&services())?),
        Command::Artifacts { folder } => {
            for service in Service::ALL {
                let written = service.write(&folder);
                written.wrap_err_with(|| format!("{}", folder.display()))?;
            }
            say(&canonical::text(&services())?)
        }
        Command::Corpus => corpus::ENTRIES
            .iter()
            .try_for_each(|entry| say(&format!("corpus:{}", entry.name))),
        Command::Train { root } => train(&root),
        Command::Evaluate { root, check } => evaluate(&root, check),
    }
}

async fn fetch(mut lines: Vec<String>, list: Option<PathBuf>, whom: &Whom) -> eyre::Result<()> {
    if let Some(list) = list {
        let text = fs::read_to_string(&list);
        lines.push(text.wrap_err_with(|| format!("{}", list.display()))?);
    }
    let sources = source::list(&lines.join("\n"))?;
    let mut rules = whom.rules(Files::Any);
    // Who names an address wants it asked.
    if let Hosts::These(hosts) = &mut rules.hosts {
        hosts.extend(sources.iter().filter_map(host_of));
    }
    let documents = Documents::gather(&sources, &rules, |url, read| match read {
        Ok(document) => tell(&format!("{url}: {} bytes of text", document.text.len())),
        Err(failure) => tell(&format!("{url}: {}", failure.message)),
    });
    say(&documents.await?.json()?)
}

fn host_of(source: &Source) -> Option<String> {
    let Source::Web(url) = source else {
        return None;
    };
    let host = url.host_str()?.to_ascii_lowercase();
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

fn classify(which: Which, documents: &Path) -> eyre::Result<()> {
    let documents = Documents::read(&read(documents)?)?;
    let (topics, _) = topics::classify(&service::model(which)?, &documents);
    say(&topics.json()?)
}

fn report(documents: Option<&Path>, lists: &[PathBuf]) -> eyre::Result<()> {
    let documents = match documents {
        Some(path) => Some(Documents::read(&read(path)?)?),
        None => None,
    };
    let mut topics = Vec::new();
    for list in lists {
        let list_of = Topics::read(&read(list)?);
        topics.push(list_of.wrap_err_with(|| format!("{}", list.display()))?);
    }
    say(&Report::of(&topics, documents.as_ref())?.json()?)
}

async fn run(job: Job) -> eyre::Result<()> {
    let task = match job {
        Job::Fetch {
            sources,
            root,
            whom,
        } => {
            let sources = match sources.is_empty() {
                true => Vec::new(),
                false => source::list(&sources.join("\n"))?,
            };
            let files = root.map_or(Files::None, Files::Below);
            Task::Fetch(sources, whom.rules(files))
        }
        Job::Classify { model } => Task::Classify(model.into()),
        Job::Report => Task::Report,
    };
    let request = read(Path::new("-"))?;
    task.run(&request, &mut std::io::stdout().lock()).await?;
    Ok(())
}

fn services() -> serde_json::Value {
    let told = Service::ALL.map(|service| {
        json!({
            "name": service.name(),
            "arguments": service.arguments(),
            "codeHash": service.code_hash(),
            "outputSchema": service.output_schema(),
            "outputSchemaHash": keccak256(service.output_schema()),
        })
    });
    json!(told)
}

fn train(root: &Path) -> eyre::Result<()> {
    let lessons = training::lessons(root)?;
    for which in Which::ALL {
        let bytes = training::train(which, &lessons).write();
        let folder = root.join("keeper/pages/services");
        let path = folder.join(Service::Classify(which).name()).join("model");
        fs::write(&path, &bytes).wrap_err_with(|| format!("{}", path.display()))?;
        say(&format!("{}: {} bytes", path.display(), bytes.len()))?;
    }
    Ok(())
}

fn evaluate(root: &Path, check: bool) -> eyre::Result<()> {
    let lessons = training::lessons(root)?;
    let mut models: Vec<(Model, usize)> = Vec::new();
    for which in Which::ALL {
        let own = training::part(which, &lessons).len();
        models.push((service::model(which)?, own));
    }
    let evaluation = Evaluation::of(models, &training::held_out(root)?);
    let page = evaluation.page(&service_hashes());
    let path = root.join(PAGE);
    if check {
        let there = fs::read_to_string(&path).wrap_err_with(|| format!("{}", path.display()))?;
        ensure!(
            there == page,
            "{PAGE} says something else: run `agentcity-pages evaluate`"
        );
    } else {
        fs::write(&path, &page).wrap_err_with(|| format!("{}", path.display()))?;
    }
    say(page.trim_end())
}

fn service_hashes() -> Vec<String> {
    let classifiers = Which::ALL.map(Service::Classify);
    let told = classifiers.map(|service| format!("{}: `{}`", service.name(), service.code_hash()));
    told.to_vec()
}

fn read(path: &Path) -> eyre::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MESSAGE_BYTES_MAX as u64 + 1;
    let read = if path == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.wrap_err_with(|| format!("{}", path.display()))?;
    if bytes.len() > MESSAGE_BYTES_MAX {
        bail!("{}: more than {MESSAGE_BYTES_MAX} bytes", path.display());
    }
    Ok(bytes)
}

fn say(text: &str) -> eyre::Result<()> {
    writeln!(std::io::stdout(), "{text}").wrap_err("standard output")
}

/// For people; nothing depends on whether it is heard.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
