//! The sections about keepers at work: how far the chain lags behind them, what of their records is found to be wrong, and what
//! verification takes.

use super::{
    line::Line,
    measured::Measured,
    page::{Rows, percent, seconds},
};
use crate::docs::number;

/// δ and its parts.
pub(super) fn window(measured: &Measured) -> String {
    let mut text = String::from(
        "δ is the time from the moment at which an executor's work is done until its result is in a block (seed B.11, Timing Analysis). Five keepers run their loop as `agentcity-keeper` does, each for one executor and with a journal and an account of \
         its own; missions are lanes of a proof, a consensus of three and a review. A sequencer of the test makes a block in even steps. A keeper learns that work is done when it looks, so its pause between two looks \
         (`poll_secs` under `[router]`: 1 at least, 5 if nothing is said) is the greatest part.\n\n",
    );
    let mut rows = Rows::new(&[
        "block every",
        "look every",
        "results",
        "mean δ",
        "median",
        "95 %",
        "99 %",
        "greatest",
        "beyond `optimisticWindowMaxMs`",
        "sent again",
        "build",
    ]);
    for line in measured.named("window") {
        rows.add([
            seconds(line.number("block_ms")),
            seconds(line.number("look_ms")),
            line.text("samples").to_owned(),
            seconds(line.number("mean")),
            seconds(line.number("p50")),
            seconds(line.number("p95")),
            seconds(line.number("p99")),
            seconds(line.number("max")),
            line.text("beyond").to_owned(),
            line.text("resent").to_owned(),
            line.text("build").to_owned(),
        ]);
    }
    text += &rows.text();
    text += "\nThe paper expects 0.25 to 2.2 s, and at most 6.2 s with one retry, for blocks of two seconds: 50 to 200 ms of propagation, up to a block until inclusion, and none or 4 s for a gas estimate that was too low. In its parts:\n\n";
    let mut rows = Rows::new(&[
        "block every, look every",
        "part",
        "the paper's",
        "mean",
        "median",
        "99 %",
        "greatest",
    ]);
    for whole in measured.named("window") {
        let setting = whole.text("setting");
        let paces = format!(
            "{}, {}",
            seconds(whole.number("block_ms")),
            seconds(whole.number("look_ms"))
        );
        for line in measured.named("window-part") {
            if line.text("setting") != setting {
                continue;
            }
            let (part, theirs) = part(line.text("part"));
            rows.add([
                paces.clone(),
                part.to_owned(),
                theirs.to_owned(),
                seconds(line.number("mean")),
                seconds(line.number("p50")),
                seconds(line.number("p99")),
                seconds(line.number("max")),
            ]);
        }
    }
    text += &rows.text();
    text += "\nτ_gas has no row: a keeper offers twice the price of gas, and of gas a fifth and a million units more than the estimate, and sends again only what is in no block after 20 s; the table above counts how often that was. \"Final\" is the depth of 12 blocks that a keeper waits for if nothing is said; on Arbitrum the sequencer's word comes with inclusion, and finality of the first layer minutes later, which nothing here measures.\n";
    text
}

fn part(name: &str) -> (&'static str, &'static str) {
    match name {
        "handed-in" => (
            "done until a keeper handed the transaction in",
            "τ_prop, 50 to 200 ms",
        ),
        "included" => ("until it is in a block", "τ_seq, up to a block"),
        "final" => ("until 12 blocks lie on it", "none"),
        "whole" => ("done until final", "none"),
        _ => ("", ""),
    }
}

/// What was injected, and what of it was found.
pub(super) fn divergence(measured: &Measured) -> String {
    let mut text = String::from(
        "A mission of eight nodes of all tiers on a running city, seven of them completed. Into a keeper's log on disk one fault is put at a time, at a node and with a value that the seed draws; then log and chain are compared as the keeper does at a boundary \
         ([reconciliation](reconciliation.md)). *Found* is a divergence of the fault's own kind at its own node. *Beside* follows from the same fault: another kind at that node, or the completion digest, which hangs on every entry. *False* is anything else that was told.\n\n",
    );
    let mut rows = Rows::new(&[
        "kind", "fault", "injected", "found", "missed", "beside", "false",
    ]);
    for line in measured.named("divergence") {
        rows.add([
            words(line.text("kind")),
            words(line.text("fault")),
            line.text("injected").to_owned(),
            line.text("found").to_owned(),
            line.text("missed").to_owned(),
            line.text("beside").to_owned(),
            line.text("false").to_owned(),
        ]);
    }
    let sum = |key: &str| {
        let lines = measured.named("divergence");
        number(lines.map(|line| line.whole(key)).sum::<u64>())
    };
    rows.add([
        "all".to_owned(),
        String::new(),
        sum("injected"),
        sum("found"),
        sum("missed"),
        sum("beside"),
        sum("false"),
    ]);
    text += &rows.text();
    for line in measured.named("divergence-several") {
        text += &format!(
            "\nSeveral faults at once, two to four of different sorts at different nodes: {} trials, {} faults, {} found, {} missed, {} false.\n",
            line.text("trials"),
            line.text("injected"),
            line.text("found"),
            line.text("missed"),
            line.text("false")
        );
    }
    text += "\nRecords that differ in nothing that is compared, and endpoints that lose logs:\n\n";
    let mut rows = Rows::new(&["what", "compared", "false divergences", "nothing is known"]);
    for line in measured.named("divergence-none") {
        rows.add([
            words(line.text("what")),
            line.text("compared").to_owned(),
            line.text("false").to_owned(),
            line.text("unknown").to_owned(),
        ]);
    }
    text += &rows.text();
    text += "\nWhere two endpoints contradict each other nothing is known, nothing is reported, and it is asked again. That a divergence suspends its mission once, until people decide, is `a_record_that_is_wrong_suspends_its_mission_once_until_people_decide` in `keeper/tests/it/reconciliation.rs`. Faults of executors' own claims were not injected. How long a comparison takes is measured by `cargo xtask bench`.\n";
    text
}

/// A figure that is words.
fn words(slug: &str) -> String {
    slug.replace('-', " ")
}

/// Gas and time of a node of each tier.
pub(super) fn tiers(measured: &Measured) -> String {
    let mut text = String::from(
        "One node of each tier, the second of its kind by the same executors, each of whom sends its own transactions. The gas of a node is divided twice: by what is done, and by who spends it (each contract on its own, as the node's call tracer tells; *verification* and *collaboration* with the data of transactions that call them first).\n\n",
    );
    let mut rows = Rows::new(&[
        "tier",
        "executions",
        "transactions",
        "gas",
        "begin",
        "results",
        "ruling",
        "*verification*",
        "of all",
    ]);
    for line in measured.named("tier") {
        rows.add([
            tier(line),
            line.text("executions").to_owned(),
            line.text("transactions").to_owned(),
            number(line.whole("gas")),
            number(line.whole("begin")),
            number(line.whole("results")),
            number(line.whole("ruling")),
            number(line.whole("verification")),
            percent(line.number("verification") / line.number("gas")),
        ]);
    }
    text += &rows.text();
    text += "\n";
    let mut rows = Rows::new(&[
        "tier",
        "*verification*",
        "*collaboration*: states, seats",
        "*treasury*, *agent*: money, reputation",
        "*adjudication*, *roster*",
        "signatures, hashes",
        "21,000 each",
        "rest",
    ]);
    for line in measured.named("tier") {
        let figures = [
            "verification",
            "collaboration",
            "settlement",
            "panel",
            "signatures",
            "base",
            "rest",
        ];
        let [a, b, c, d, e, f, g] = figures.map(|figure| number(line.whole(figure)));
        rows.add([tier(line), a, b, c, d, e, f, g]);
    }
    text += &rows.text();
    text += "\nThe paper has about 8,000 gas for the hash of tier 1, and \"the cost of redundant execution\" for tier 2.\n\n";
    text += "Time, from the run of the section above. *Begun* is from the block that routes the node until its first executor works; *work* is drawn, from 0.2 to 2 s, and the longest of the node's executors; *verdict* is from when the last of them is done until the node is completed (tiers 1 and 2) or lies before people (tier 3); \
             *ruling* is from when a decision is handed in until the node is completed. How long people take to decide is in none.\n\n";
    let mut rows = Rows::new(&[
        "block every, look every",
        "tier",
        "nodes",
        "executions",
        "begun",
        "work",
        "verdict",
        "99 %",
        "ruling",
        "verdict against work",
    ]);
    for whole in measured.named("window") {
        for line in measured.named("tier-time") {
            if line.text("setting") != whole.text("setting") {
                continue;
            }
            let ruling = match line.whole("ruling") {
                0 => String::new(),
                _ => seconds(line.number("ruling")),
            };
            rows.add([
                format!(
                    "{}, {}",
                    seconds(whole.number("block_ms")),
                    seconds(whole.number("look_ms"))
                ),
                tier(line),
                line.text("nodes").to_owned(),
                line.text("executions").to_owned(),
                seconds(line.number("begun")),
                seconds(line.number("work")),
                seconds(line.number("verdict")),
                seconds(line.number("verdict_p99")),
                ruling,
                format!("{:.1}", line.number("verdict") / line.number("work")),
            ]);
        }
    }
    text + &rows.text()
}

fn tier(line: &Line) -> String {
    match line.text("tier") {
        "1" => "1, a proof",
        "2" => "2, two of three agree",
        "3" => "3, people review",
        other => other,
    }
    .to_owned()
}
