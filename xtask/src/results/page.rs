//! The page: a function of the committed gas, the committed measurements, and the paper's estimates.

use super::{
    estimates::{self, ESTIMATES, Gas},
    guardian, keepers,
    line::Line,
    measured::Measured,
};
use crate::docs::number;

/// A table of Markdown.
#[derive(Debug)]
pub(super) struct Rows(String);

impl Rows {
    pub(super) fn new(head: &[&str]) -> Self {
        let rule = "|---".repeat(head.len());
        Self(format!("| {} |\n{rule}|\n", head.join(" | ")))
    }

    pub(super) fn add<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.0 += &format!("| {} |\n", cells.join(" | "));
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

/// A share, in percent with two digits.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

pub(super) fn seconds(milliseconds: f64) -> String {
    format!("{:.2} s", milliseconds / 1_000.0)
}

fn times(ours: u64, theirs: u64) -> String {
    format!("{:.2}", ours as f64 / theirs as f64)
}

/// The whole page.
pub(super) fn render(gas: &Gas, measured: &Measured) -> String {
    let sections = [
        ("Gas of each operation", operations(gas, measured)),
        ("The consistency window", keepers::window(measured)),
        (
            "Divergence under injected faults",
            keepers::divergence(measured),
        ),
        ("What verification costs, by tier", keepers::tiers(measured)),
        (
            "The guardian's false alarms and misses",
            guardian::section(measured),
        ),
        ("At checkpoints against one by one", hybrid(gas, measured)),
        ("Not measured", unmeasured()),
    ];
    let mut text = format!("{HEAD}\n{}", runs(measured));
    for (title, section) in sections {
        text += &format!("\n## {title}\n\n{section}");
    }
    text
}

const HEAD: &str = "<!-- Printed by `cargo xtask results` from gas/*.json and docs/results/measured.json; edit xtask/src/results. -->

# Results

What the paper (arXiv:2604.07007v1, Appendix B) lists as planned, measured on this implementation: contracts as compiled programs on `agentcity-devnode --strict`, the keeper's own loops, executors over HTTP. Nothing is taken from a model, and
no figure is written by hand: `cargo xtask results` runs the tests below, keeps what they print, and prints this page from it and from the committed numbers of `cargo xtask gas`; `cargo xtask results --check` compares the page with both.

- *Gas* is of receipts and exact: the same in every run of a commit, whatever the machine. It is gas of the second layer; what the first layer is paid for data is in no number.
- *Counts* (divergence, guardian) follow from the seed.
- *Times* are of a debug build's keepers, in which what devnode and programs need is optimised, on the machine below, where other work may have run beside. The devnode answers on the same machine, so no network is in them. They bound what the software adds, and say nothing of a live chain's sequencer.
";

fn runs(measured: &Measured) -> String {
    let mut rows = Rows::new(&[
        "section", "test", "date", "commit", "machine", "took", "settings",
    ]);
    for (name, section) in measured.sections() {
        rows.add([
            name.to_owned(),
            section.test.clone(),
            section.date.clone(),
            format!("`{}`", section.commit),
            section.machine.clone(),
            section.took.clone(),
            format!("`{}`", section.settings),
        ]);
    }
    let known = |name: &&str| measured.sections().any(|(section, _)| section == *name);
    let missing = ["costs", "divergence", "guardian", "window"];
    let missing: Vec<&str> = missing.into_iter().filter(|name| !known(name)).collect();
    let mut text = rows.text();
    if !missing.is_empty() {
        text += &format!(
            "\nNot measured yet, so its tables have no rows (`cargo xtask results --only SECTION` does): {}.\n",
            missing.join(", ")
        );
    }
    text
}

fn operations(gas: &Gas, measured: &Measured) -> String {
    let mut text = String::from(
        "The paper's estimates are \"analytical projections based on SSTORE operation counts\" (Table 11 and the analyses of B.3, B.11.6); they stand in the order of that table. Beside them is what the same operation costs here, from \
         [gas/*.json](gas.md), with every program in the chain's cache and with none. The ratio is of the cached number to the paper's upper estimate. Where a number comes from a test that splits a transaction, it has no uncached one. \
         Goals of our own, and why some are missed, are on the page of [missed goals](misses.md).\n\n",
    );
    let mut rows = Rows::new(&[
        "operation",
        "where",
        "the paper",
        "measured, cached",
        "uncached",
        "ratio",
        "what it is",
    ]);
    for estimate in &ESTIMATES {
        let (low, high) = estimate.gas;
        let theirs = match (low, high) {
            (_, 0) => String::new(),
            (low, high) if low == high => number(high),
            (low, high) => format!("{} to {}", number(low), number(high)),
        };
        let [cached, uncached, ratio] = match estimates::measured(estimate, gas, measured) {
            None => ["—".to_owned(), String::new(), String::new()],
            Some((cached, uncached)) => [
                number(cached),
                uncached.map(number).unwrap_or_default(),
                match high {
                    0 => String::new(),
                    high => times(cached, high),
                },
            ],
        };
        rows.add([
            estimate.operation.to_owned(),
            estimate.source.to_owned(),
            theirs,
            cached,
            uncached,
            ratio,
            estimate.note.to_owned(),
        ]);
    }
    text += &rows.text();
    text += "\nThe paper counts slots of a contract that is deployed. Here a deployment is one transaction that creates, activates and constructs a program: its compressed code at 200 gas a byte, and activation, whose least is 1.66 million gas. `cargo xtask sizes` tells the sizes; a data fee in coins is paid beside, which is no gas. \
    The devnode's price of activation follows public texts and was compared with no live chain ([devnode](devnode.md)). A city of fourteen programs is founded once; what a mission deploys afterwards are pages.\n";
    text
}

/// The paper's arithmetic (B.11.6): a node with all its checks, what a mission costs beside, and what an anchor costs.
const NODE: u64 = 277_000;
const DEPLOY: u64 = 280_000;
const FINALISE: u64 = 60_000;
const ANCHOR: u64 = 100_000;
/// Nodes of its two missions, anchors of each, and the transactions that it names.
const THEIRS: [(u64, u64, &str, &str); 2] =
    [(8, 4, "36", "5"), (100, 10, "not given", "not given")];

fn hybrid(gas: &Gas, measured: &Measured) -> String {
    let mut text = String::from(
        "The paper's hybrid mode anchors roots and settles nothing on chain between them: 8 × 277,000 + 340,000 gas pure, 280,000 + 4 × 100,000 + 60,000 hybrid, and with 100 nodes ten anchors. An anchor that is only a log would leave results that count and were not verified, and books that are not exact, so here hybrid \
         means batching (RULINGS R4): at a checkpoint many results go in one transaction, each signed by its executor and through the same transition. So the two columns of savings are not of the same thing, and ours is small for that reason.\n\n\
         Theirs is arithmetic. Ours is the sum of the receipts of one mission of proofs in the steady state, programs cached: deployment without seats and money, then everything until the mission is completed.\n\n",
    );
    let mut rows = Rows::new(&[
        "nodes",
        "checkpoints",
        "",
        "all on chain, one by one",
        "hybrid, at checkpoints",
        "hybrid / all on chain",
        "transactions",
    ]);
    for (nodes, anchors, alone, hybrid) in THEIRS {
        let pure = nodes * NODE + DEPLOY + FINALISE;
        let anchored = DEPLOY + anchors * ANCHOR + FINALISE;
        rows.add([
            nodes.to_string(),
            anchors.to_string(),
            "the paper's arithmetic".to_owned(),
            number(pure),
            number(anchored),
            times(anchored, pure),
            format!("{alone}, {hybrid}"),
        ]);
        let text = nodes.to_string();
        let of = |variant: &str| measured.one("mission", &[("variant", variant), ("nodes", &text)]);
        if let (Some(one), Some(many)) = (of("alone"), of("checkpoints")) {
            let sum = |line: &Line| line.whole("deploy") + line.whole("work");
            rows.add([
                text.clone(),
                (nodes / one.whole("checkpoint").max(1)).to_string(),
                "measured".to_owned(),
                number(sum(one)),
                number(sum(many)),
                times(sum(many), sum(one)),
                format!(
                    "{}, {}",
                    one.text("transactions"),
                    many.text("transactions")
                ),
            ]);
            rows.add([
                text.clone(),
                String::new(),
                "of it: after the deployment".to_owned(),
                number(one.whole("work")),
                number(many.whole("work")),
                times(many.whole("work"), one.whole("work")),
                String::new(),
            ]);
            rows.add([
                text,
                String::new(),
                "beside it: seats, and the sponsor's payment".to_owned(),
                number(one.whole("seats") + one.whole("fund")),
                number(many.whole("seats") + many.whole("fund")),
                String::new(),
                String::new(),
            ]);
        }
    }
    text += &rows.text();
    if let (Some(node), Some(batch)) = (
        gas.row("missions", "native.tier1"),
        gas.row("missions", "native.mission8.batched"),
    ) {
        text += &format!(
            "\nA node one by one is {} gas by `native.tier1` of [gas/missions.json](gas.md) ({} times the paper's 277,000), and eight of them at four checkpoints {} by `native.mission8.batched`: {} a node with its share of the gate. Transactions are those after the deployment. \
             Where the gas of a checkpoint goes, and what was tried, is told with the [missed goals](misses.md).\n",
            number(node.cached),
            times(node.cached, NODE),
            number(batch.cached),
            number(batch.cached / 8),
        );
    }
    text
}

fn unmeasured() -> String {
    "- No live chain was asked: neither a sequencer's delays nor outages under load, no price of data on the first layer, no finality beyond depth.
- No language model: embeddings of hosted models (`text-embedding-3-large`, `voyage-3`) have no false-alarm rate here; [a calibration](keeper.md) of a hosted scorer is the operator's.
- Guardian rates are of a synthetic set. Nobody labelled traces of real agents.
- People: how long reviewers take, and how often they are right, is nobody's to simulate here.
- The paper's Experiments 1 and 2 (thousands of agents, scaling laws, Ostrom conditions) are not run.
- Operations of the paper that are none of their own here, as said in their rows; and what a live chain charges for a deployment.
- One machine: keepers, executors and chain share its cores.
"
    .to_owned()
}
