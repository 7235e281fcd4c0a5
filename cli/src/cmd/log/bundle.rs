//! Bundles of a keeper's log: taken out of it, and verified by whoever has one.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use agentcity_abi::IRoster;
use agentcity_domain::peer::Peer;
use agentcity_hub::{
    bundle::{BUNDLE_BYTES_MAX, Bundle, BundleError, ENTRIES_MAX, ReceiptProof, Report, receipt},
    kind::EventType,
    store::{Anchored, Log, LogError, PAGE_MAX, Query},
};
use alloy::{
    consensus::Header,
    hex,
    primitives::{Address, B256},
    providers::Provider,
    rlp::Decodable,
    rpc::types::{BlockNumberOrTag, Header as ToldHeader},
};
use serde_json::json;

use crate::{
    failure::{Code, Failure},
    opts::{Chain, Endpoint, Town},
    output::Answer,
    values,
};

/// Most bytes of a header's file: a block's JSON with the hashes of its transactions.
const HEADER_BYTES_MAX: u64 = 4 << 20;

/// Which entries to take out, and whither.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The keeper's log.
    #[arg(long)]
    store: PathBuf,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
    /// Only what concerns this mission, its legislation included.
    #[arg(long, conflicts_with = "session")]
    mission: Option<B256>,
    /// Only what concerns this session, and the mission that came of it.
    #[arg(long)]
    session: Option<B256>,
    /// Only what concerns this node of the mission.
    #[arg(long)]
    node: Option<u16>,
    /// Only events of which this account is a party.
    #[arg(long)]
    agent: Option<Address>,
    /// Only events of this principal's agents.
    #[arg(long)]
    principal: Option<Address>,
    /// Only what this contract said.
    #[arg(long)]
    contract: Option<Address>,
    /// Only events of this type, as the seed spells it: FREEZE_TRIGGERED.
    #[arg(long = "type", value_parser = kind)]
    kind: Option<EventType>,
    /// Only events of this epoch.
    #[arg(long, value_parser = values::number::<u64>)]
    epoch: Option<u64>,
    /// Not before this instant, in unix milliseconds.
    #[arg(long, value_parser = values::number::<u64>)]
    from: Option<u64>,
    /// Not after this instant, in unix milliseconds.
    #[arg(long, value_parser = values::number::<u64>)]
    to: Option<u64>,
    /// Not before this block.
    #[arg(long, value_parser = values::number::<u64>)]
    from_block: Option<u64>,
    /// Not after this block.
    #[arg(long, value_parser = values::number::<u64>)]
    to_block: Option<u64>,
    /// Ask the chain for the receipt of the anchor, so that a block's header is enough to verify.
    #[arg(long)]
    receipts: bool,
    #[command(flatten)]
    endpoint: Endpoint,
}

fn kind(text: &str) -> Result<EventType, Failure> {
    EventType::named(text).ok_or_else(|| {
        Failure::new(Code::Choice, format!("`{text}` is no type of event"))
            .hint("docs/events.md lists all 52, as FREEZE_TRIGGERED")
    })
}

impl Export {
    fn query(&self) -> Query {
        let range = |from: Option<u64>, to: Option<u64>| {
            (from.is_some() || to.is_some()).then(|| (from.unwrap_or(0), to.unwrap_or(u64::MAX)))
        };
        Query {
            mission: self.mission,
            session: self.session,
            node: self.node,
            agent: self.agent,
            principal: self.principal,
            contract: self.contract,
            kind: self.kind,
            epoch: self.epoch,
            times: range(self.from, self.to),
            blocks: range(self.from_block, self.to_block),
        }
    }
}

fn of_log(error: LogError) -> Failure {
    let code = match &error {
        LogError::Damaged { .. } | LogError::OtherRoot { .. } => Code::Mismatch,
        _ => Code::File,
    };
    Failure::new(code, error).hint("is --store the file of a keeper's log?")
}

fn of_bundle(error: BundleError) -> Failure {
    let code = match &error {
        BundleError::TooLarge { .. }
        | BundleError::Malformed { .. }
        | BundleError::Version { .. }
        | BundleError::OtherForm
        | BundleError::NoReceipt
        | BundleError::TooMany { .. } => Code::Malformed,
        BundleError::Export { .. } => Code::Unknown,
        BundleError::Head(_)
        | BundleError::Line { .. }
        | BundleError::NotIncluded { .. }
        | BundleError::Order { .. }
        | BundleError::Payload { .. }
        | BundleError::Stray { .. }
        | BundleError::Forked { .. }
        | BundleError::AnchorOrder { .. }
        | BundleError::Receipt { .. } => Code::Mismatch,
    };
    Failure::new(code, error)
}

/// Takes entries out.
pub(super) async fn export(options: &Export) -> Result<Answer, Failure> {
    let log = Log::open_to_read(&options.store).map_err(of_log)?;
    let places = found(&log, &options.query())?;
    let size = log.size().map_err(of_log)?;
    let head = log.head_within(size).map_err(of_log)?;
    let covered = head.map_or(0, |head| head.head.size);
    let anchored = log.anchor_within(covered).map_err(of_log)?;
    let mut anchors = Vec::new();
    if let Some(anchored) = anchored {
        let receipt = match options.receipts {
            true => {
                let chain = options.endpoint.connect().await?;
                Some(prove(&chain, &anchored).await?)
            }
            false => None,
        };
        anchors.push((anchored, receipt));
    }
    let bundle = Bundle::export(&log, &places, &anchors).map_err(of_bundle)?;
    let text = bundle.text();
    if text.len() > BUNDLE_BYTES_MAX {
        let bytes = text.len();
        return Err(of_bundle(BundleError::TooLarge { bytes }));
    }
    let draft = options.out.with_extension("draft");
    fs::write(&draft, text).map_err(|error| Failure::file(&draft, &error))?;
    fs::rename(&draft, &options.out).map_err(|error| Failure::file(&options.out, &error))?;
    let report = bundle.verify().map_err(of_bundle)?;
    let mut facts = facts(&report);
    facts.push(("file", options.out.display().to_string()));
    Ok(Answer::facts(value(&report), &facts))
}

fn found(log: &Log, query: &Query) -> Result<BTreeSet<u64>, Failure> {
    let (mut places, mut after) = (BTreeSet::new(), None);
    loop {
        let page = log.query(query, after.as_ref(), PAGE_MAX).map_err(of_log)?;
        let page = page.map_err(|error| Failure::new(Code::Flags, error))?;
        places.extend(page.hits.iter().map(|hit| hit.place));
        if places.len() > ENTRIES_MAX {
            let (what, given, most) = ("entries", places.len(), ENTRIES_MAX);
            return Err(of_bundle(BundleError::TooMany { what, given, most })
                .hint("ask for less: a range of times or blocks, a mission, a type"));
        }
        match page.next {
            Some(next) => after = Some(next),
            None if places.is_empty() => {
                return Err(
                    Failure::new(Code::Unknown, "the log has no entry of that kind")
                        .hint("without flags, all entries are exported"),
                );
            }
            None => return Ok(places),
        }
    }
}

/// The path from the header of the anchor's block to its receipt.
async fn prove(chain: &Chain, anchored: &Anchored) -> Result<ReceiptProof, Failure> {
    let odd =
        |what: String| Failure::new(Code::Answer, what).hint("ask another node with --rpc-url");
    let number = BlockNumberOrTag::Number(anchored.block);
    let block = chain.provider.get_block_by_number(number).await?;
    let block = block.ok_or_else(|| odd(format!("the node knows no block {}", anchored.block)))?;
    let receipts: Option<Vec<receipt::ToldReceipt>> = chain
        .provider
        .raw_request("eth_getBlockReceipts".into(), (number,))
        .await?;
    let receipts = receipts.unwrap_or_default();
    let index = receipts
        .iter()
        .position(|receipt| receipt.transaction_hash == anchored.transaction)
        .ok_or_else(|| {
            let (transaction, number) = (anchored.transaction, anchored.block);
            odd(format!("block {number} has no transaction {transaction}"))
        })?;
    let encoded = receipts.iter().map(receipt::ToldReceipt::encoded);
    let encoded: Vec<Vec<u8>> = encoded
        .collect::<Result<_, _>>()
        .map_err(|error| odd(error.to_string()))?;
    ReceiptProof::make(&encoded, index as u64, block.header.receipts_root)
        .map_err(|error| odd(error.to_string()))
}

/// Verifies a bundle by itself, and its anchors by the chain or a header.
pub(super) async fn verify(
    file: &Path,
    header: Option<&Path>,
    town: &Town,
) -> Result<Answer, Failure> {
    let bytes = bounded(file, BUNDLE_BYTES_MAX as u64)?;
    let bundle = Bundle::read(&bytes).map_err(|error| {
        let mut failure = of_bundle(error);
        failure.message = format!("{}: {}", file.display(), failure.message);
        failure
    })?;
    let report = bundle.verify().map_err(of_bundle)?;
    let (mut facts, mut value) = (facts(&report), value(&report));
    match header {
        Some(path) => {
            let header = read_header(path)?;
            let part = bundle.verify_header(&header).map_err(of_bundle)?;
            let block = header.hash_slow();
            facts.push(("block", block.to_string()));
            facts.push(("roster", part.roster.to_string()));
            facts.push(("sequence", part.sequence.to_string()));
            value["block"] = json!(block);
            value["roster"] = json!(part.roster);
            value["sequence"] = json!(part.sequence);
        }
        None => {
            let (roster, sequences) = ask(&bundle, town).await?;
            facts.push(("roster", roster.to_string()));
            for sequence in &sequences {
                facts.push(("sequence", sequence.to_string()));
            }
            value["roster"] = json!(roster);
            value["sequences"] = json!(sequences);
        }
    }
    Ok(Answer::facts(value, &facts))
}

/// Whether the chain has every anchor of a bundle, in one roster: the city's, if one is named.
async fn ask(bundle: &Bundle, town: &Town) -> Result<(Address, Vec<u64>), Failure> {
    let mismatch = |what: String| {
        Failure::new(Code::Mismatch, what)
            .hint("get the bundle from the log's author again, or ask another node")
    };
    let Some(first) = bundle.anchors().first() else {
        return Err(Failure::new(
            Code::Malformed,
            "the bundle has no anchor: nothing of it stands on a chain",
        )
        .hint("let the keeper of the log anchor, and export again"));
    };
    let (chain, roster) = match &town.city {
        Some(_) => {
            let city = town.connect().await?;
            let roster = city.at(Peer::Roster);
            (city.chain, roster)
        }
        None => (town.endpoint.connect().await?, first.roster),
    };
    let log = bundle.log();
    if log.chain_id != chain.id {
        return Err(Failure::new(
            Code::OtherChain,
            format!(
                "the bundle is of a log about chain {}, the node is of {}",
                log.chain_id, chain.id
            ),
        )
        .hint("give the --rpc-url of a node of that chain"));
    }
    let mut sequences = Vec::new();
    for part in bundle.anchors() {
        let sequence = part.sequence;
        if part.roster != roster {
            return Err(mismatch(format!(
                "anchor {sequence} stands in the roster {}, not in {roster}",
                part.roster
            )));
        }
        let contract = IRoster::new(roster, &chain.provider);
        let found = contract.anchorOf(log.author, sequence).call().await?;
        if (found.size, found.root) != (part.size, part.root) {
            return Err(mismatch(format!(
                "{} anchored root {} of {} entries as number {sequence}, the bundle says root {} of {}",
                log.author, found.root, found.size, part.root, part.size
            )));
        }
        sequences.push(sequence);
    }
    Ok((roster, sequences))
}

fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|error| Failure::file(path, &error))?;
    if size.len() > most {
        let what = format!(
            "{} has {} bytes, at most {most}",
            path.display(),
            size.len()
        );
        return Err(Failure::new(Code::Malformed, what).hint("is it the right file?"));
    }
    fs::read(path).map_err(|error| Failure::file(path, &error))
}

/// A header in either form. One that says another hash than it has is none.
fn read_header(path: &Path) -> Result<Header, Failure> {
    let odd = |what: String| {
        Failure::new(Code::Malformed, format!("{}: {what}", path.display()))
            .hint("give JSON of `eth_getBlockByNumber`, or the header's RLP in hex")
    };
    let bytes = bounded(path, HEADER_BYTES_MAX)?;
    let text = String::from_utf8(bytes).map_err(|_| odd("it is no text".to_owned()))?;
    let text = text.trim();
    if text.starts_with('{') {
        let told: ToldHeader =
            serde_json::from_str(text).map_err(|error| odd(error.to_string()))?;
        let own = told.inner.hash_slow();
        if own != told.hash {
            let said = told.hash;
            return Err(odd(format!(
                "it calls itself {said}, its fields hash to {own}"
            )));
        }
        return Ok(told.inner);
    }
    let bytes = hex::decode(text).map_err(|error| odd(error.to_string()))?;
    let mut rest = bytes.as_slice();
    let header = Header::decode(&mut rest).map_err(|error| odd(error.to_string()))?;
    match rest.is_empty() {
        true => Ok(header),
        false => Err(odd(format!("{} bytes follow the header", rest.len()))),
    }
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    vec![
        ("author", report.log.author.to_string()),
        ("chain", report.log.chain_id.to_string()),
        ("size", report.head.size.to_string()),
        ("root", report.head.root.to_string()),
        ("entries", report.entries.to_string()),
        ("anchored", report.anchored.to_string()),
        ("payloads", report.payloads.to_string()),
        ("without payload", report.without_payload.to_string()),
    ]
}

fn value(report: &Report) -> serde_json::Value {
    json!({
        "author": report.log.author, "chainId": report.log.chain_id, "size": report.head.size, "root": report.head.root,
        "entries": report.entries, "anchored": report.anchored, "payloads": report.payloads,
        "withoutPayload": report.without_payload,
    })
}
