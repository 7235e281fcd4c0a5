//! `agentcity log`: what happened in a city, and proofs about the logs whose roots are anchored.

mod bundle;

use std::path::{Path, PathBuf};

use agentcity_abi::IRoster;
use agentcity_domain::{peer::Peer, roster::anchor::Anchor};
use agentcity_hub::tree;
use alloy::{
    json_abi::JsonAbi,
    primitives::{Address, B256},
    rpc::types::Filter,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::panel::document::{read, save};
use crate::{
    ask,
    failure::{Code, Failure},
    opts::Town,
    output::{self, Answer},
    send,
};

/// Version of a proof's file.
const VERSION: u32 = 1;

/// What to do with logs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Events of a city's contracts, decoded.
    #[command(
        after_help = "Example: agentcity log query --contract constitution --event ParameterAmended"
    )]
    Query(Query),
    /// Prove that an entry is in a log, or that the log extends an earlier one. One entry a line.
    #[command(after_help = "Example: agentcity log prove audit.jsonl --entry 7 --out proof.json")]
    Prove(Prove),
    /// Verify a proof, without a network; with an author also against what is anchored. Or a bundle, against the chain.
    #[command(after_help = "Example: agentcity log verify proof.json")]
    Verify(Verify),
    /// Take entries out of a keeper's log, with payloads and proofs, in one file that `log verify --bundle` verifies.
    #[command(
        after_help = "Example: agentcity log export --store hub.sqlite --type FREEZE_TRIGGERED --out bundle.json"
    )]
    Export(bundle::Export),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    #[command(flatten)]
    town: Town,
    /// Only this contract, by the name of its office: constitution, agent, roster …; may be given several times.
    #[arg(long)]
    contract: Vec<String>,
    /// Only events of this name; may be given several times.
    #[arg(long)]
    event: Vec<String>,
    /// Only events that name this mission (32 bytes of hex).
    #[arg(long)]
    mission: Option<B256>,
    /// Only events that name this node.
    #[arg(long, requires = "mission")]
    node: Option<u16>,
    /// Only events that name this account: an agent, a principal, an adjudicator.
    #[arg(long)]
    agent: Option<Address>,
    /// First block to look at; the city's first when absent.
    #[arg(long, value_parser = crate::values::number::<u64>)]
    from_block: Option<u64>,
    /// Last block; the newest when absent.
    #[arg(long)]
    to_block: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Prove {
    /// The log: one entry a line.
    file: PathBuf,
    /// The entry to prove, from nought.
    #[arg(long, conflicts_with = "extends", required_unless_present = "extends")]
    entry: Option<usize>,
    /// Prove that the log extends its first so many entries.
    #[arg(long)]
    extends: Option<usize>,
    /// The log had so many entries when it was anchored; all when absent.
    #[arg(long)]
    size: Option<usize>,
    /// File to write; printed when absent.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The proof.
    #[arg(required_unless_present = "bundle")]
    file: Option<PathBuf>,
    /// The entry that is to be proved, as a file of one line, instead of the hash in the proof.
    #[arg(long)]
    entry: Option<PathBuf>,
    /// Compare the root with what this author anchored: asks the chain.
    #[arg(long, requires = "sequence")]
    author: Option<Address>,
    /// The number of the author's anchor.
    #[arg(long)]
    sequence: Option<u64>,
    /// A bundle of a log instead of a proof. Its anchors are asked of the chain, unless there is a header.
    #[arg(long, conflicts_with_all = ["file", "entry", "author", "sequence"])]
    bundle: Option<PathBuf>,
    /// The header of a block, as JSON of `eth_getBlockByNumber` or RLP in hex: the bundle must show by a receipt that the block has its
    /// anchor. No chain is asked.
    #[arg(long, requires = "bundle")]
    header: Option<PathBuf>,
    #[command(flatten)]
    town: Town,
}

/// A proof's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    version: u32,
    /// Entries of the log that is proved about.
    size: u64,
    /// Its root.
    root: B256,
    of: Claim,
    /// Hashes from the bottom to the root.
    path: Vec<B256>,
}

/// What is proved.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "proves", rename_all = "camelCase", deny_unknown_fields)]
enum Claim {
    /// An entry is in the log.
    Entry { place: u64, leaf: B256 },
    /// The log extends an earlier one.
    #[serde(rename_all = "camelCase")]
    Extends { old_size: u64, old_root: B256 },
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Query(options) => query(options).await,
        Verb::Prove(options) => prove(&options),
        Verb::Verify(options) => match (&options.bundle, &options.file) {
            (Some(file), _) => bundle::verify(file, options.header.as_deref(), &options.town).await,
            (None, Some(file)) => verify(file, &options).await,
            (None, None) => Err(Failure::new(Code::Flags, "no file is given")
                .hint("name a proof, or a bundle with --bundle")),
        },
        Verb::Export(options) => bundle::export(&options).await,
    }
}

/// Topics of the events of that name.
fn topics(name: &str) -> Result<Vec<B256>, Failure> {
    let mut all = Vec::new();
    for (_, text) in agentcity_abi::JSON {
        // Interfaces are of this build: a test reads them all.
        let Ok(abi) = serde_json::from_str::<JsonAbi>(text) else {
            continue;
        };
        let events = abi.events.get(name).into_iter().flatten();
        all.extend(events.map(|event| event.selector()));
    }
    if all.is_empty() {
        return Err(
            Failure::new(Code::Value, format!("no interface has an event `{name}`"))
                .hint("events are past tense, as `NodeFrozen`: abi/sol declares them"),
        );
    }
    Ok(all)
}

fn contract(name: &str) -> Result<Peer, Failure> {
    let found = Peer::ALL.into_iter().find(|peer| peer.name() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = Peer::ALL.iter().map(|peer| peer.name()).collect();
        Failure::new(Code::Value, format!("a city has no contract `{name}`"))
            .hint(format!("they are {}", names.join(", ")))
    })
}

/// Whether an event names a mission, a node, an account.
fn concerns(options: &Query, event: &send::Told) -> bool {
    let has = |names: &[&str], value: String| {
        let mut fields = event.fields.iter();
        fields.any(|(name, found)| names.contains(&name.as_str()) && *found == value)
    };
    let of_mission = options
        .mission
        .is_none_or(|id| has(&["missionId", "mission", "parent", "child"], id.to_string()));
    let of_node = options
        .node
        .is_none_or(|node| has(&["node", "index", "parentNode"], node.to_string()));
    let of_account = options.agent.is_none_or(|account| {
        let text = account.to_string();
        event.fields.iter().any(|(_, found)| found.contains(&text))
    });
    of_mission && of_node && of_account
}

async fn query(options: Query) -> Result<Answer, Failure> {
    let wanted = options.contract.iter().map(|name| contract(name));
    let wanted: Vec<Peer> = wanted.collect::<Result<_, _>>()?;
    let mut signatures = Vec::new();
    for name in &options.event {
        signatures.extend(topics(name)?);
    }
    let city = options.town.connect().await?;
    let asked: Vec<Peer> = match wanted.is_empty() {
        true => Peer::ALL.to_vec(),
        false => wanted,
    };
    let mut filter =
        Filter::new().address(asked.iter().map(|peer| city.at(*peer)).collect::<Vec<_>>());
    if !signatures.is_empty() {
        filter = filter.event_signature(signatures);
    }
    let logs = ask::scan(&city, &filter, options.from_block, options.to_block).await?;
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for log in &logs {
        let Some(event) = send::tell(&log.inner).filter(|event| concerns(&options, event)) else {
            continue;
        };
        let emitter = ask::member(&city, event.emitter).unwrap_or_default();
        let block = log.block_number.unwrap_or_default();
        rows.push(vec![block.to_string(), emitter.to_owned(), event.text()]);
        let mut value = event.json();
        value["contract"] = json!(emitter);
        value["block"] = json!(block);
        value["transaction"] = json!(log.transaction_hash);
        value["logIndex"] = json!(log.log_index);
        all.push(value);
    }
    let text = match rows.is_empty() {
        true => "nothing of that kind happened\n".to_owned(),
        false => output::table(&["block", "contract", "event"], &rows),
    };
    Ok(Answer::new(json!({ "events": all }), text))
}

/// The hashes of the entries of a log.
fn leaves(path: &Path) -> Result<Vec<B256>, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if text.is_empty() {
        return Err(
            Failure::new(Code::Value, format!("{} has no entries", path.display()))
                .hint("a log has one entry a line"),
        );
    }
    Ok(text.split(|byte| *byte == b'\n').map(tree::leaf).collect())
}

fn prove(options: &Prove) -> Result<Answer, Failure> {
    let mut leaves = leaves(&options.file)?;
    let beyond = |what: &str, given: usize, most: usize| {
        Failure::new(
            Code::Value,
            format!("{what} {given} is beyond the log's {most} entries"),
        )
        .hint("count entries from nought, and sizes from one")
    };
    if let Some(size) = options.size {
        if size == 0 || size > leaves.len() {
            return Err(beyond("size", size, leaves.len()));
        }
        leaves.truncate(size);
    }
    let (of, path) = match (options.entry, options.extends) {
        (Some(place), _) if place < leaves.len() => (
            Claim::Entry {
                place: place as u64,
                leaf: leaves[place],
            },
            tree::inclusion(&leaves, place as u64).unwrap_or_default(),
        ),
        (None, Some(old)) if (1..=leaves.len()).contains(&old) => (
            Claim::Extends {
                old_size: old as u64,
                old_root: tree::root(&leaves[..old]),
            },
            tree::extension(&leaves, old as u64).unwrap_or_default(),
        ),
        (place, old) => {
            let given = place.or(old).unwrap_or_default();
            return Err(beyond("entry", given, leaves.len()));
        }
    };
    let proof = Proof {
        version: VERSION,
        size: leaves.len() as u64,
        root: tree::root(&leaves),
        of,
        path,
    };
    if let Some(path) = &options.out {
        save(path, &proof)?;
    }
    let value = serde_json::to_value(&proof).unwrap_or(Value::Null);
    let mut facts = vec![
        ("proves", claim(&proof)),
        ("size", proof.size.to_string()),
        ("root", proof.root.to_string()),
    ];
    facts.extend(proof.path.iter().map(|hash| ("path", hash.to_string())));
    if let Some(path) = &options.out {
        facts.push(("file", path.display().to_string()));
    }
    Ok(Answer::facts(value, &facts))
}

fn claim(proof: &Proof) -> String {
    match &proof.of {
        Claim::Entry { place, leaf } => format!("entry {place} is {leaf}"),
        Claim::Extends { old_size, old_root } => {
            format!("it extends the log of {old_size} entries with root {old_root}")
        }
    }
}

async fn verify(file: &Path, options: &Verify) -> Result<Answer, Failure> {
    let proof: Proof = read(file)?;
    if proof.version != VERSION {
        return Err(Failure::new(
            Code::Malformed,
            format!(
                "the proof is of version {}, this program reads {VERSION}",
                proof.version
            ),
        ));
    }
    let log = Anchor {
        size: proof.size,
        root: proof.root,
    };
    let false_proof = |what: String| {
        Failure::new(Code::Mismatch, what).hint("get the proof, or the log, from its author again")
    };
    let holds = match &proof.of {
        Claim::Entry { place, leaf } => {
            let leaf = match &options.entry {
                Some(path) => leaves(path)?[0],
                None => *leaf,
            };
            tree::includes(&log, *place, &leaf, &proof.path)
        }
        Claim::Extends { old_size, old_root } => {
            let old = Anchor {
                size: *old_size,
                root: *old_root,
            };
            tree::extends(&old, &log, &proof.path)
        }
    };
    if !holds {
        return Err(false_proof(format!(
            "the proof does not show that {}",
            claim(&proof)
        )));
    }
    let mut facts = vec![
        ("holds", claim(&proof)),
        ("size", proof.size.to_string()),
        ("root", proof.root.to_string()),
    ];
    let mut value = json!({ "holds": true, "size": proof.size, "root": proof.root });
    if let (Some(author), Some(sequence)) = (options.author, options.sequence) {
        let city = options.town.connect().await?;
        let roster = IRoster::new(city.at(Peer::Roster), &city.chain.provider);
        let anchored = roster.anchorOf(author, sequence).call().await?;
        if (anchored.size, anchored.root) != (proof.size, proof.root) {
            return Err(false_proof(format!(
                "{author} anchored root {} of {} entries as number {sequence}, the proof is about root {} of {}",
                anchored.root, anchored.size, proof.root, proof.size
            )));
        }
        facts.push(("anchored", format!("by {author} as number {sequence}")));
        value["author"] = json!(author.to_string());
        value["sequence"] = json!(sequence);
    }
    Ok(Answer::facts(value, &facts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_and_events_go_by_their_names() {
        assert_eq!(contract("roster").unwrap(), Peer::Roster);
        assert!(contract("rooster").is_err());
        assert_eq!(topics("ParameterAmended").unwrap().len(), 1);
        assert!(topics("Wired").unwrap().len() > 1);
        assert!(topics("ParameterAmend").is_err());
    }
}
