//! `agentcity-keeper reconcile`: one comparison of a mission with the chain, now, for people. It writes nothing and sends nothing.

use std::{path::PathBuf, process::ExitCode};

use agentcity_domain::{machine::MissionState, treasury::books::Part};
use agentcity_keeper::{
    config::Config,
    machine::reconciliation::{Finding, Kind, Phase},
    part::reconciliation::{Sources, payload},
    source::{
        agreed::Agreed,
        ground::Ground,
        onchain::{Books, Stand},
    },
};
use alloy::primitives::B256;
use clap::Args;
use eyre::OptionExt as _;
use serde_json::{Map, Value, json};

/// What could not be compared is neither equal nor different.
const UNKNOWN: u8 = 2;

/// Compares the keeper's log with the chain for one mission, as of the newest settled block, and prints what differs by kind and the
/// treasury's books. Exit code 0 when nothing differs and the books balance, 1 when something does, 2 when that is not known.
///
/// Example: agentcity-keeper reconcile --config keeper.toml --mission 0x8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// TOML file of the keeper whose [log] is compared with the chain of its [city]
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The mission
    #[arg(long)]
    mission: B256,
    /// The boundary to compare at: legislation, orchestration, release or failure; that which the mission's state names when absent
    #[arg(long)]
    phase: Option<Phase>,
    /// One JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Runs the command; what it found is printed.
pub(crate) async fn run(options: &Options) -> eyre::Result<ExitCode> {
    let config = Config::read(&options.config)?;
    let providers = config.providers()?;
    let constitution = config.city.map(|city| city.constitution);
    let ground = Ground::find(&providers, config.quorum, constitution).await?;
    let city = ground
        .city
        .ok_or_eyre("city: name the constitution of the city whose chain it is")?;
    let agreed = Agreed::new(providers, config.quorum)?;
    let sources = Sources::of(&config, &city, agreed)?;
    let (stand, finding, books) = match compared(&sources, options).await {
        Ok(compared) => compared,
        Err(cause) => {
            tracing::error!("mission {} cannot be compared: {cause}", options.mission);
            return Ok(ExitCode::from(UNKNOWN));
        }
    };
    let equal = finding.passes() && books.balance();
    if options.json {
        println!("{}", told(&stand, &finding, &books));
    } else {
        println!("{}", table(&stand, &finding, &books));
    }
    // What the log was not fed yet may only be late.
    let late = finding.ahead > 0 && finding.total() == u64::from(finding.ahead);
    Ok(match (equal, late) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(UNKNOWN),
        (false, false) => ExitCode::FAILURE,
    })
}

async fn compared<P: alloy::providers::Provider>(
    sources: &Sources<P>,
    options: &Options,
) -> Result<(Stand, Finding, Books), String> {
    let at = sources.settled().await?;
    let stand = sources.stand(options.mission, at).await?;
    let phase = options.phase.unwrap_or(match stand.state {
        MissionState::Pending | MissionState::Active => Phase::Legislation,
        MissionState::Executing | MissionState::Degraded => Phase::Orchestration,
        MissionState::Failed | MissionState::Aborted => Phase::Failure,
        MissionState::Verification | MissionState::Completed => Phase::Release,
    });
    let finding = sources.compare(options.mission, phase, at).await?;
    Ok((stand, finding, sources.books(at).await?))
}

fn table(stand: &Stand, finding: &Finding, books: &Books) -> String {
    let mut lines = vec![
        format!("mission    {}", finding.mission),
        format!(
            "state      {}{}",
            stand.state.name(),
            if stand.paused {
                ", paused by a report of divergence"
            } else {
                ""
            }
        ),
        format!("boundary   {}", finding.phase),
        format!("block      {} {}", finding.at.number, finding.at.hash),
        format!(
            "nodes      {} of {} completed",
            finding.completed, finding.nodes
        ),
        format!("log        {} entries, root {}", finding.size, finding.root),
        format!("digest     {}", finding.digest),
        String::new(),
    ];
    for (kind, count) in Kind::ALL.iter().zip(finding.counts) {
        lines.push(format!("{count:>6}  {}", kind.text()));
    }
    lines.push(format!("{:>6}  warnings", finding.warned));
    if !finding.passes() {
        lines.push(String::new());
        lines.extend(finding.told.iter().map(ToString::to_string));
        lines.push(format!("evidence   {}", finding.evidence()));
    }
    lines.extend(finding.warnings.iter().map(ToString::to_string));
    if finding.ahead > 0 {
        lines.push(format!(
            "{} of these lie beyond the newest block of the log: it may only be late",
            finding.ahead
        ));
    }
    lines.push(String::new());
    lines.push(conservation(books));
    lines.join("\n")
}

/// The books in one line: what the total is made of, the total, what is there.
fn conservation(books: &Books) -> String {
    let parts = Part::ALL.iter().zip(books.parts);
    let parts: Vec<String> = parts
        .map(|(part, amount)| format!("{} {amount}", name(*part)))
        .collect();
    format!(
        "books      {} = booked {}, held {}: {}",
        parts.join(" + "),
        books.booked,
        books.held,
        if books.balance() {
            "they balance"
        } else {
            "THEY DO NOT BALANCE"
        }
    )
}

const fn name(part: Part) -> &'static str {
    match part {
        Part::Escrows => "escrows",
        Part::Reserved => "reserved",
        Part::Locked => "locked",
        Part::Bonds => "bonds",
        Part::Treasury => "treasury",
        Part::Subsidy => "subsidy",
        Part::Insurance => "insurance",
        Part::Pools => "pools",
        Part::Credits => "credits",
    }
}

fn told(stand: &Stand, finding: &Finding, books: &Books) -> Value {
    let mut parts = Map::new();
    for (part, amount) in Part::ALL.iter().zip(books.parts) {
        parts.insert(name(*part).to_owned(), json!(amount.to_string()));
    }
    json!({
        "version": 1,
        "mission": finding.mission,
        "state": stand.state.name(),
        "paused": stand.paused,
        "reconciled": stand.reconciled,
        "finding": payload(finding),
        "ahead": finding.ahead,
        "books": {
            "booked": books.booked.to_string(),
            "held": books.held.to_string(),
            "parts": parts,
            "balance": books.balance(),
        },
    })
}
