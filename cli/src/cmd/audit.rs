//! `agentcity audit`: whether a city's books hold, and who is bound to what.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use agentcity_abi::{
    IAgent, ICollaboration, IRoster, IStatute, ITreasury,
    document::{self, Preimages},
};
use agentcity_domain::peer::Peer;
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
    providers::Provider,
};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    failure::{Code, Failure},
    instant, money,
    opts::{City, Town},
    output::{self, Answer},
    svg,
};

/// What to look through.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Whether every unit is accounted for at a block: booked totals, their parts, and what is held.
    #[command(after_help = "Example: agentcity audit books")]
    Books(Books),
    /// Who is bound to what in a mission, and how much of that a principal can inspect.
    #[command(
        after_help = "Example: agentcity audit wiring 0x6d697373696f6e00000000000000000000000000000000000000000000000001 --dot wiring.dot"
    )]
    Wiring(Wiring),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Books {
    #[command(flatten)]
    town: Town,
    /// The block; the newest when absent.
    #[arg(long)]
    block: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Wiring {
    /// The mission (32 bytes of hex).
    mission: B256,
    /// For whom inspectability is told; for nobody in particular when absent.
    #[arg(long)]
    principal: Option<Address>,
    /// File to write the graph to, for Graphviz.
    #[arg(long)]
    dot: Option<PathBuf>,
    /// File to write the graph to as a picture, for browsers.
    #[arg(long)]
    svg: Option<PathBuf>,
    #[command(flatten)]
    town: Town,
}

pub(crate) async fn run(verb: Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Books(options) => books(options).await,
        Verb::Wiring(options) => wiring(options).await,
    }
}

/// The books of one contract.
struct Ledger {
    peer: Peer,
    booked: U256,
    held: U256,
    parts: Vec<(&'static str, U256)>,
}

impl Ledger {
    /// What is held beyond the books; nothing where less is held.
    fn surplus(&self) -> Option<U256> {
        self.held.checked_sub(self.booked)
    }

    /// Whether the parts that can be asked for add up to the booked total.
    fn adds_up(&self) -> bool {
        let sum = self.parts.iter().map(|(_, amount)| *amount);
        self.parts.is_empty() || sum.fold(U256::ZERO, U256::saturating_add) == self.booked
    }

    fn holds(&self) -> bool {
        self.adds_up() && self.surplus().is_some()
    }
}

async fn ledgers(city: &City, asset: Address, at: BlockId) -> Result<Vec<Ledger>, Failure> {
    let provider = &city.chain.provider;
    let mut all = Vec::new();
    for peer in Peer::ALL {
        let account = city.at(peer);
        let held = money::held(&city.chain, asset, account, at).await?;
        let (booked, parts) = match peer {
            Peer::Treasury => {
                let (booked, parts) = money::treasury_books(city, at).await?;
                (booked, parts.to_vec())
            }
            Peer::Roster => {
                let roster = IRoster::new(account, provider);
                let parts = roster.parts().block(at).call().await?;
                let booked = roster.booked().block(at).call().await?;
                (booked, vec![("stakes", parts.stakes), ("owed", parts.owed)])
            }
            Peer::Agent => {
                let agent = IAgent::new(account, provider);
                let booked = agent.booked().block(at).call().await?;
                let dues = agent.dues().block(at).call().await?;
                // Stakes and credits lie with their owners, whom nothing lists; the rest of the total is theirs.
                let due = dues.treasury.saturating_add(dues.insurance);
                let owned = booked.checked_sub(due).unwrap_or(U256::MAX);
                let parts = vec![
                    ("due to treasury", dues.treasury),
                    ("due to insurance", dues.insurance),
                    ("stakes and credits", owned),
                ];
                (booked, parts)
            }
            // The others take no money: whatever lies there came by force, and nobody's books know it.
            _ => (U256::ZERO, Vec::new()),
        };
        all.push(Ledger {
            peer,
            booked,
            held,
            parts,
        });
    }
    Ok(all)
}

async fn books(options: Books) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let provider = &city.chain.provider;
    // All questions are about one block, or transfers in between would look like losses.
    let number = match options.block {
        Some(block) => block,
        None => provider.get_block_number().await?,
    };
    let at = BlockId::number(number);
    let block = provider.get_block(at).await?.ok_or_else(|| {
        Failure::new(Code::Value, format!("the chain has no block {number} yet"))
            .hint("leave --block out for the newest")
    })?;
    let treasury = ITreasury::new(city.at(Peer::Treasury), provider);
    let asset = treasury.asset().block(at).call().await?;
    let all = ledgers(&city, asset, at).await?;
    let (mut rows, mut contracts) = (Vec::new(), Vec::new());
    let (mut booked, mut held) = (U256::ZERO, U256::ZERO);
    for ledger in &all {
        booked = booked.saturating_add(ledger.booked);
        held = held.saturating_add(ledger.held);
        let surplus = ledger
            .surplus()
            .map_or("SHORT".to_owned(), |surplus| surplus.to_string());
        let name = ledger.peer.name();
        if !ledger.booked.is_zero() || !ledger.held.is_zero() {
            rows.push(vec![
                name.to_owned(),
                String::new(),
                ledger.booked.to_string(),
                ledger.held.to_string(),
                surplus.clone(),
            ]);
        }
        for (part, amount) in ledger.parts.iter().filter(|(_, amount)| !amount.is_zero()) {
            let amount = amount.to_string();
            let (name, part) = (name.to_owned(), (*part).to_owned());
            rows.push(vec![name, part, amount, String::new(), String::new()]);
        }
        let parts: serde_json::Map<_, _> = ledger
            .parts
            .iter()
            .map(|(part, amount)| ((*part).to_owned(), json!(amount.to_string())))
            .collect();
        contracts.push(json!({
            "contract": name, "booked": ledger.booked.to_string(), "held": ledger.held.to_string(), "surplus": surplus,
            "parts": parts, "holds": ledger.holds(),
        }));
    }
    let broken: Vec<&str> = all
        .iter()
        .filter(|ledger| !ledger.holds())
        .map(|ledger| ledger.peer.name())
        .collect();
    if !broken.is_empty() {
        return Err(Failure::new(
            Code::Mismatch,
            format!(
                "the books of {} do not hold at block {number}",
                broken.join(", ")
            ),
        )
        .hint("read `booked` and `parts` of those contracts, and report it"));
    }
    let unit = match asset {
        Address::ZERO => "the native coin, in wei".to_owned(),
        token => format!("token {token}, in base units"),
    };
    let seconds = block.header.timestamp;
    let total = vec![
        "all".to_owned(),
        String::new(),
        booked.to_string(),
        held.to_string(),
    ];
    rows.push([total, vec![(held.saturating_sub(booked)).to_string()]].concat());
    let text = output::lines(&[
        ("block", format!("{number}, {}", instant::at(seconds))),
        ("asset", unit),
        (
            "books",
            "hold: every part adds up, and no contract holds less than it booked".to_owned(),
        ),
    ]) + "\n"
        + &output::table(&["contract", "part", "booked", "held", "surplus"], &rows);
    Ok(Answer::new(
        json!({
            "block": number, "timestamp": seconds, "asset": asset.to_string(), "holds": true,
            "booked": booked.to_string(), "held": held.to_string(), "contracts": contracts,
        }),
        text,
    ))
}

/// Which way a binding goes.
struct Edge {
    from: String,
    to: String,
    kind: &'static str,
    /// Who answers for either end; nobody for what is the mission's own.
    owners: [Option<Address>; 2],
}

/// The pages of a mission's statute, read back from the accounts that hold them.
async fn pages(city: &City, mission: B256, nodes: u16) -> Result<Vec<Vec<u8>>, Failure> {
    let statute = IStatute::new(city.at(Peer::Statute), &city.chain.provider);
    let mut pages = Vec::new();
    let count = nodes.div_ceil(agentcity_domain::statute::NODES_PER_PAGE);
    for index in 0..count {
        let page = statute.page(mission, index).call().await?;
        let code = city.chain.provider.get_code_at(page.account).await?;
        // A page's code begins with a byte that stops whoever runs it.
        let bytes = code.strip_prefix(&[0]).ok_or_else(|| {
            Failure::new(
                Code::Answer,
                format!("page {index} is not at {}", page.account),
            )
        })?;
        pages.push(bytes.to_vec());
    }
    Ok(pages)
}

async fn edges(city: &City, mission: B256) -> Result<Vec<Edge>, Failure> {
    let provider = &city.chain.provider;
    let collaboration = ICollaboration::new(city.at(Peer::Collaboration), provider);
    let agents = IAgent::new(city.at(Peer::Agent), provider);
    let record = collaboration.mission(mission).call().await?;
    let pages = pages(city, mission, record.nodes).await?;
    let document = document::decode(&pages, &Preimages::default())
        .map_err(|error| Failure::new(Code::Answer, format!("the mission's pages: {error}")))?;
    let mut principals: BTreeMap<Address, Address> = BTreeMap::new();
    let (mut edges, mut owners) = (Vec::new(), BTreeMap::new());
    for (index, task) in (0u16..).zip(document.tasks()) {
        let node = collaboration.node(mission, index).call().await?;
        for place in 0..node.redundancy.max(1) {
            let seat = collaboration.seat(mission, index, place).call().await?;
            if seat.agent.is_zero() {
                continue;
            }
            let principal = match principals.get(&seat.agent) {
                Some(known) => *known,
                None => {
                    let found = agents.principalOf(seat.agent).call().await?;
                    principals.insert(seat.agent, found);
                    found
                }
            };
            owners.entry(index).or_insert(principal);
            let (task, agent) = (format!("node {index}"), seat.agent.to_string());
            edges.push(Edge {
                from: task,
                to: agent.clone(),
                kind: "seat",
                owners: [None, Some(principal)],
            });
            edges.push(Edge {
                from: agent.clone(),
                to: seat.serviceId.to_string(),
                kind: "service",
                owners: [Some(principal), Some(principal)],
            });
            edges.push(Edge {
                from: agent,
                to: principal.to_string(),
                kind: "principal",
                owners: [Some(principal), Some(principal)],
            });
        }
        for successor in &task.successors {
            edges.push(Edge {
                from: format!("node {index}"),
                to: format!("node {successor}"),
                kind: "dependency",
                owners: [None, None],
            });
        }
    }
    // A dependency joins what runs at both of its nodes.
    for edge in edges.iter_mut().filter(|edge| edge.kind == "dependency") {
        let owner = |text: &str| {
            let index = text
                .strip_prefix("node ")
                .and_then(|text| text.parse::<u16>().ok());
            index.and_then(|index| owners.get(&index).copied())
        };
        edge.owners = [owner(&edge.from), owner(&edge.to)];
    }
    edges.sort_by(|a, b| (a.kind, &a.from, &a.to).cmp(&(b.kind, &b.from, &b.to)));
    edges.dedup_by(|a, b| (a.kind, &a.from, &a.to) == (b.kind, &b.from, &b.to));
    Ok(edges)
}

/// The graph for Graphviz.
fn dot(edges: &[Edge]) -> String {
    let mut text = "digraph wiring {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for edge in edges {
        let style = if edge.kind == "dependency" {
            "solid"
        } else {
            "dashed"
        };
        let _ = writeln!(
            text,
            "  \"{}\" -> \"{}\" [label=\"{}\", style={style}];",
            edge.from, edge.to, edge.kind
        );
    }
    text + "}\n"
}

/// The graph for browsers.
fn picture(mission: B256, edges: &[Edge]) -> String {
    let lines: Vec<svg::Line<'_>> = edges
        .iter()
        .map(|edge| svg::Line {
            from: &edge.from,
            to: &edge.to,
            kind: edge.kind,
            dashed: edge.kind != "dependency",
        })
        .collect();
    svg::draw(
        &format!("Who is bound to what in mission {mission}"),
        &lines,
    )
}

/// A share in thousandths, as a decimal number.
fn share(part: usize, whole: usize) -> String {
    let thousandths = (part * 1_000).checked_div(whole).unwrap_or(1_000);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

async fn wiring(options: Wiring) -> Result<Answer, Failure> {
    let city = options.town.connect().await?;
    let edges = edges(&city, options.mission).await?;
    // All of them were read from the chain just now: that is what being visible to anybody means (seed §3.3).
    let visible = edges.len();
    let own = options.principal.map(|principal| {
        let is_own = |owner: &Option<Address>| owner.is_none_or(|owner| owner == principal);
        edges
            .iter()
            .filter(|edge| edge.owners.iter().all(is_own))
            .count()
    });
    let graph = dot(&edges);
    if let Some(path) = &options.dot {
        std::fs::write(path, &graph).map_err(|error| Failure::file(path, &error))?;
    }
    if let Some(path) = &options.svg {
        let picture = picture(options.mission, &edges);
        std::fs::write(path, picture).map_err(|error| Failure::file(path, &error))?;
    }
    let index = share(visible, edges.len());
    let mut facts = vec![
        ("mission".to_owned(), options.mission.to_string()),
        ("bindings".to_owned(), edges.len().to_string()),
        ("visible".to_owned(), format!("{visible}, I_h = {index}")),
    ];
    if let (Some(principal), Some(own)) = (options.principal, own) {
        let without = share(own, edges.len());
        let text = format!(
            "{own} of {principal}'s own, I_h = {without}: what it could inspect without the chain"
        );
        facts.push(("own".to_owned(), text));
    }
    facts.extend(edges.iter().map(|edge| {
        (
            edge.kind.to_owned(),
            format!("{} to {}", edge.from, edge.to),
        )
    }));
    let list: Vec<Value> = edges
        .iter()
        .map(|edge| json!({ "from": edge.from, "to": edge.to, "kind": edge.kind }))
        .collect();
    Ok(Answer::new(
        json!({
            "mission": options.mission, "principal": options.principal.map(|p| p.to_string()), "edges": list,
            "visible": visible, "inspectability": index, "withoutChain": own.map(|own| share(own, edges.len())), "dot": graph,
        }),
        output::lines(&facts),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_hold_only_if_parts_add_up_and_nothing_is_missing() {
        let ledger = |booked: u64, held: u64, parts: &[u64]| Ledger {
            peer: Peer::Treasury,
            booked: U256::from(booked),
            held: U256::from(held),
            parts: parts
                .iter()
                .map(|part| ("part", U256::from(*part)))
                .collect(),
        };
        assert!(ledger(5, 5, &[2, 3]).holds());
        assert!(ledger(5, 7, &[2, 3]).holds());
        assert!(!ledger(5, 4, &[2, 3]).holds(), "less is held than booked");
        assert!(!ledger(5, 5, &[2, 2]).holds(), "a part is missing");
        assert!(ledger(0, 1, &[]).holds());
        assert_eq!(share(1, 3), "0.333");
        assert_eq!(share(0, 0), "1.000");
    }
}
