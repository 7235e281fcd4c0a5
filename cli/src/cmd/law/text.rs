//! `agentcity law check` and `show`: a statute as a document, and a session as the contracts see it.

use std::path::{Path, PathBuf};

use agentcity_abi::{
    IEnactment,
    document::{self, Document, Problems, Source},
};
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
    statute::deployment::Imports,
};
use alloy::{
    primitives::{B256, hex},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use serde_json::{Value, json};

use crate::{
    ask::{self, Seen},
    cmd::rules,
    failure::{Code, Failure},
    opts::{City, Town},
    output::{self, Answer},
    send::Told,
    views::View,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The statute's document.
    file: PathBuf,
    /// Ask no city: judge only what no city could allow.
    #[arg(long)]
    offline: bool,
    /// The epoch whose values count; the one in force when absent.
    #[arg(long)]
    epoch: Option<u64>,
    /// It is to replace a mission, so it may import what that completed.
    #[arg(long)]
    imports: bool,
    /// File to write the pages to, one line of hex for each.
    #[arg(long)]
    pages: Option<PathBuf>,
    #[command(flatten)]
    town: Town,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The session (32 bytes of hex).
    session: B256,
    /// First block in which regulators' decisions are looked for; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    #[command(flatten)]
    town: Town,
}

/// Reads a document.
///
/// Errors: `input/file`; `law/malformed` with everything that is wrong.
pub(crate) fn load(path: &Path) -> Result<(String, Document), Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
    let document =
        Document::parse(&bytes).map_err(|problems| wrong(path, &problems, Code::Statute))?;
    // What parses is text.
    Ok((String::from_utf8_lossy(&bytes).into_owned(), document))
}

/// Everything that is wrong with a document, a line for each.
fn wrong(path: &Path, problems: &Problems, code: Code) -> Failure {
    let place = path.display();
    let mut lines: Vec<String> = problems
        .list()
        .iter()
        .map(|problem| format!("{place}:{problem}"))
        .collect();
    if problems.untold() > 0 {
        lines.push(format!("{place}: and {} more", problems.untold()));
    }
    let mut failure = Failure::of_lines(code, &lines);
    failure.problems = problems
        .list()
        .iter()
        .map(|problem| {
            json!({
                "path": problem.path, "line": problem.line, "column": problem.column, "found": problem.found,
                "wanted": problem.wanted,
            })
        })
        .collect();
    failure
}

/// Judges a document by the values of an epoch.
async fn judge(
    city: &City,
    path: &Path,
    text: &str,
    epoch: u64,
    imports: Imports,
) -> Result<(), Failure> {
    let values = rules::values(city, epoch).await?;
    let value = |id: ParameterId| {
        let found = values.iter().find(|(found, _)| *found == id);
        found
            .and_then(|(_, word)| parameter::number(*word))
            .unwrap_or_default()
    };
    let source = Source::read(text.as_bytes()).map_err(|all| wrong(path, &all, Code::Statute))?;
    let limits = document::limits(source.document().totals().nodes, value, imports);
    source
        .judge(&limits)
        .map_err(|problems| wrong(path, &problems, Code::Unlawful))
}

pub(crate) async fn check(options: Check) -> Result<Answer, Failure> {
    let (text, document) = load(&options.file)?;
    let mut judged = "by what no city could allow alone".to_owned();
    let mut epoch = None;
    if !options.offline {
        let city = options.town.connect().await?;
        let number = match options.epoch {
            Some(epoch) => epoch,
            None => rules::in_force(&city).await?,
        };
        let imports = if options.imports {
            Imports::Allowed
        } else {
            Imports::None
        };
        judge(&city, &options.file, &text, number, imports).await?;
        judged = format!("may be law by epoch {number}");
        epoch = Some(number);
    }
    if let Some(path) = &options.pages {
        let lines: String = document
            .pages()
            .iter()
            .map(|page| hex::encode_prefixed(page) + "\n")
            .collect();
        std::fs::write(path, lines).map_err(|error| Failure::file(path, &error))?;
    }
    let totals = document.totals();
    let bytes: Vec<usize> = document.pages().iter().map(Vec::len).collect();
    let address = document.content_address();
    let known = document
        .tasks()
        .filter(|task| task.terms.wire().is_some())
        .count();
    let sizes: Vec<String> = bytes.iter().map(usize::to_string).collect();
    Ok(Answer::facts(
        json!({
            "statuteHash": document.statute_hash(), "contentAddress": address.to_string(), "contentWord": address.word(),
            "nodes": totals.nodes, "budget": totals.budget.to_string(), "tokens": totals.tokens.to_string(),
            "predicates": document.predicates().count(), "termsKnown": known, "pageBytes": bytes, "epoch": epoch,
        }),
        &[
            ("judged", judged),
            ("statute", document.statute_hash().to_string()),
            ("address", address.to_string()),
            ("nodes", totals.nodes.to_string()),
            ("budget", format!("{} base units", totals.budget)),
            ("tokens", totals.tokens.to_string()),
            ("predicates", document.predicates().count().to_string()),
            ("terms", format!("known of {known} nodes")),
            (
                "pages",
                format!("{} ({} bytes)", bytes.len(), sizes.join(", ")),
            ),
        ],
    ))
}

/// What a regulator decided, with the bids that were rejected and what was found beside.
struct Decision {
    own: Seen,
    text: String,
    beside: Vec<Told>,
}

impl Decision {
    fn json(&self) -> Value {
        let mut value = self.own.json();
        value["beside"] = self.beside.iter().map(Told::json).collect();
        value
    }
}

/// What the regulators decided in a session, oldest first.
async fn decisions(city: &City, options: &Show) -> Result<Vec<Decision>, Failure> {
    let kinds = vec![
        IEnactment::RegulatoryDecided::SIGNATURE_HASH,
        IEnactment::ReproposalRequested::SIGNATURE_HASH,
        IEnactment::BidRejected::SIGNATURE_HASH,
        IEnactment::ComplianceFlagged::SIGNATURE_HASH,
    ];
    let filter = Filter::new()
        .address(city.at(Peer::Enactment))
        .event_signature(kinds)
        .topic1(options.session);
    let (newest, _) = ask::head(city).await?;
    let first = ask::first_block(city, options.from_block).await?;
    let (mut decisions, mut beside) = (Vec::new(), Vec::new());
    for seen in ask::seen(city, filter, first, newest).await? {
        let text = match seen.told.name.as_str() {
            "RegulatoryDecided" => format!(
                "{} for the award, of fairness {} permille ({} of {})",
                seen.field("clerk"),
                seen.field("fairness"),
                seen.field("approvals"),
                seen.field("needed")
            ),
            "ReproposalRequested" => {
                format!("{} for another proposal", seen.field("clerk"))
            }
            // They come before the decision that they belong to.
            _ => {
                beside.push(seen.told);
                continue;
            }
        };
        decisions.push(Decision {
            own: seen,
            text,
            beside: std::mem::take(&mut beside),
        });
    }
    Ok(decisions)
}

pub(crate) async fn show(options: Show) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let (mut facts, mut value) = (Vec::new(), serde_json::Map::new());
    for (peer, function, title) in [
        (Peer::Assembly, "election", "deliberation"),
        (Peer::Legislature, "session", "session"),
        (Peer::Enactment, "lawOf", "law"),
    ] {
        let view = View {
            peer,
            function,
            arguments: vec![options.session],
        };
        let fields = match view.ask(&city).await {
            // One that answers nothing but zeros does not either.
            Ok(fields)
                if fields
                    .iter()
                    .all(|field| field.word.is_none_or(|word| word.is_zero())) =>
            {
                facts.push((title.to_owned(), "not there yet".to_owned()));
                value.insert(title.to_owned(), Value::Null);
                continue;
            }
            Ok(fields) => fields,
            // A member that does not know the session yet says so by an error of its own.
            Err(failure) if failure.revert.is_some() => {
                facts.push((title.to_owned(), "not there yet".to_owned()));
                value.insert(title.to_owned(), Value::Null);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let mut part = serde_json::Map::new();
        for field in fields {
            part.insert(field.name.clone(), field.plain);
            facts.push((format!("{title} {}", field.name), field.text));
        }
        value.insert(title.to_owned(), part.into());
    }
    if !value["session"].is_null() {
        let decisions = decisions(&city, &options).await?;
        for decision in &decisions {
            facts.push(("decision".to_owned(), decision.text.clone()));
            let beside = decision.beside.iter();
            facts.extend(beside.map(|told| ("decision beside".to_owned(), told.text())));
        }
        let told = decisions.iter().map(Decision::json);
        value.insert("decisions".to_owned(), told.collect());
    }
    Ok(Answer::new(value, output::lines(&facts)))
}
