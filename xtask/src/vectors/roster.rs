//! Kinds about those who judge.

use agentcity_domain::{
    analysis::{anchoring, watchdog},
    machine::{ImpeachmentState, SeatState},
    parameter::ParameterId as P,
    roster::{
        case::Case,
        city::City,
        history::{Counts, Decision, History},
        seat::{Seat, Stake},
        watchdog::Rules,
    },
};
use alloy_primitives::{Address, keccak256};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// What the watchdog measures by where nothing was amended.
fn rules() -> Rules {
    let value = |id: P| id.row().default;
    Rules {
        approval_pct: value(P::WatchdogMaxApprovalPct),
        least: value(P::WatchdogMinActions),
        run: value(P::WatchdogMaxRun),
        weakenings: value(P::WatchdogWeakeningLimit),
        days: value(P::WatchdogWindowDays),
        hours: value(P::WatchdogMaxFreezeDuration),
    }
}

/// So many yes from one fixed start.
pub(super) fn watchdog_pow(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["p", "L"])?;
    let chance = watchdog::all_yes(inputs.float("p")?, inputs.number("L")?);
    Ok(outputs([("P_alert", json!(chance))]))
}

/// A run of so many yes within so many decisions.
pub(super) fn watchdog_run(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["p", "N", "L"])?;
    let (length, decisions) = (inputs.number("L")?, inputs.number("N")?);
    let chance = watchdog::some_run(inputs.float("p")?, length, decisions);
    Ok(outputs([("P", json!(chance))]))
}

/// Run and rate together.
pub(super) fn watchdog_joint(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["p", "N"])?;
    let decisions = inputs.number("N")?;
    let (run, both) = watchdog::run_and_both(inputs.float("p")?, decisions, &rules())
        .ok_or_else(|| refused("N", "shorter than a run"))?;
    Ok(outputs([("P_run", json!(run)), ("P_both", json!(both))]))
}

/// How often a log is anchored.
pub(super) fn anchors(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["n", "tau_node", "tau_anchor"])?;
    let (nodes, node) = (inputs.unsigned("n")?, inputs.unsigned("tau_node")?);
    let anchor = inputs.unsigned("tau_anchor")?;
    let never = || refused("tau_anchor", "never anchored");
    Ok(outputs([
        (
            "paper_formula",
            json!(anchoring::printed(nodes, anchor).ok_or_else(never)?),
        ),
        (
            "resolved",
            json!(anchoring::anchors(nodes, node, anchor).ok_or_else(never)?),
        ),
        ("unaudited", json!(anchoring::unaudited(node, anchor))),
    ]))
}

/// Decisions in their order, and how many of them weakened a parameter, by the table's defaults.
pub(super) fn watchdog_flags(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["decisions", "weakenings"])?;
    let mut history = History::default();
    for one in inputs.text("decisions")?.chars() {
        history = history.with(match one {
            'A' => Decision::Yes,
            'R' => Decision::No,
            other => return Err(refused("decisions", format!("{other} is neither A nor R"))),
        });
    }
    let rules = rules();
    let counts = Counts {
        weakenings: inputs.number("weakenings")?,
        ..history.count(rules.days)
    };
    let found = counts.findings(&rules);
    let (alert, freeze) = found.printed();
    Ok(outputs([
        (
            "literal",
            json!({"RATE": found.rate, "RUN": found.run, "WEAKEN": found.weaken, "alert": alert, "freeze": freeze}),
        ),
        (
            "resolved",
            json!({"RUBBER": found.rubber(), "WEAKEN": found.weaken, "alert": found.alerts(), "freeze": found.freezes()}),
        ),
    ]))
}

/// A person of this name, whoever it is.
fn who(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

/// Votes in their order; one against is none, as the contract has it. What is refused is told by its place.
pub(super) fn impeachment(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["count", "target", "initiator", "votes"])?;
    let sits = Seat {
        standing: Some(SeatState::Active),
        ..Seat::default()
    };
    let active = inputs.number("count")?;
    let city = City {
        active: u8::try_from(active).map_err(|_| refused("count", "too many"))?,
        ..City::default()
    };
    let (target, initiator) = (who(inputs.text("target")?), who(inputs.text("initiator")?));
    let stake = Stake::default();
    let (mut case, ..) = Case::open((initiator, &sits), (target, &sits, &stake), city, 0, 0)
        .map_err(|why| refused("initiator", format!("{why:?}")))?;
    let mut voted = vec![initiator];
    let (mut reverted, mut naive) = (Vec::new(), vec![initiator]);
    for (i, entry) in inputs.array("votes")?.iter().enumerate() {
        let at = format!("votes[{i}]");
        let (Some(name), Some(supports)) = (
            entry.get(0).and_then(Value::as_str),
            entry.get(1).and_then(Value::as_bool),
        ) else {
            return Err(refused(&at, "not a name and whether it supports"));
        };
        let voter = who(name);
        if !supports {
            continue;
        }
        if voter != target {
            naive.push(voter);
        }
        match case.vote(voter, &sits, voted.contains(&voter), 0) {
            Ok(next) => {
                voted.push(voter);
                case = next;
            }
            Err(_) => reverted.push(i),
        }
    }
    Ok(outputs([
        ("threshold", json!(case.needed)),
        ("supporters", json!(case.votes)),
        ("reverted_vote_indices", json!(reverted)),
        ("passes", json!(case.state == ImpeachmentState::Carried)),
        ("naive_votes", json!(naive.len())),
    ]))
}
