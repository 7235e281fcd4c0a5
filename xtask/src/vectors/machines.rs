//! Kinds about state machines: `sm_table`, `sm_probe`.

use agentcity_domain::machine::{Graph, MACHINES, Machine};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// The machines the specification has tables of.
const SPECIFIED: [Machine; 3] = [Machine::Node, Machine::Mission, Machine::Session];

fn graph(inputs: &Inputs<'_>) -> Result<&'static Graph, Refused> {
    let name = inputs.text("machine")?;
    MACHINES
        .iter()
        .find(|graph| graph.name == name && SPECIFIED.contains(&graph.machine))
        .map(|graph| graph.machine.graph())
        .ok_or_else(|| {
            refused(
                "machine",
                format!("`{name}` is none of node, mission, session"),
            )
        })
}

/// States, rows and counts of a machine's base table.
pub(super) fn table(inputs: &Outputs) -> Result<Outputs, Refused> {
    let graph = graph(&Inputs::of(inputs, &["machine"])?)?;
    let name = |number| graph.state(number).map(|state| state.name);
    let states: Vec<&str> = graph.states.iter().map(|state| state.name).collect();
    let rows: Vec<Value> = graph
        .base
        .iter()
        .map(|row| {
            json!({
                "from": name(row.from),
                "to": name(row.to),
                "trigger": row.trigger,
                "guard": row.guard,
                "source": row.source,
                "status": row.status.name(),
            })
        })
        .collect();
    let pairs = graph.pairs();
    Ok(outputs([
        ("states", json!(states)),
        ("ordered_pairs", json!(pairs.ordered)),
        ("legal_paper", json!(pairs.printed)),
        ("illegal_paper", json!(pairs.ordered - pairs.printed)),
        ("legal_resolved", json!(pairs.base)),
        ("illegal_resolved", json!(pairs.ordered - pairs.base)),
        ("rows", json!(rows)),
    ]))
}

/// Whether steps are legal as printed, and as resolved.
pub(super) fn probe(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["machine", "pairs"])?;
    let graph = graph(&inputs)?;
    let pairs = inputs.array("pairs")?;
    let (mut printed, mut resolved) = (Vec::new(), Vec::new());
    for (i, pair) in pairs.iter().enumerate() {
        let (from, to) = step(graph, pair).map_err(|why| refused(&format!("pairs[{i}]"), why))?;
        printed.push(graph.is_printed(from, to));
        resolved.push(graph.is_base(from, to));
    }
    Ok(outputs([
        ("paper", json!(printed)),
        ("resolved", json!(resolved)),
    ]))
}

fn step(graph: &Graph, pair: &Value) -> Result<(u8, u8), String> {
    let named = |value: &Value| {
        value
            .as_str()
            .and_then(|name| graph.named(name))
            .map(|state| state.number)
            .ok_or_else(|| format!("{value} is no state of a {}", graph.name))
    };
    match pair.as_array().map(Vec::as_slice) {
        Some([from, to]) => Ok((named(from)?, named(to)?)),
        _ => Err(format!("{pair} is no pair")),
    }
}
