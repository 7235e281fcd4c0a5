//! Kinds about what a law holds: its graph, who may sit together, and the seed's arithmetic of deployments.

use agentcity_domain::statute::{order::order, printed, seats::is_roster};
use serde_json::{Value, json};

use super::kinds::{Inputs, Outputs, Refused, outputs, refused};

/// A node of an edge. What no node can be called is a number that no node has.
fn node(value: Option<&Value>) -> u16 {
    let number = value.and_then(Value::as_u64);
    number.map_or(u16::MAX, |number| number.try_into().unwrap_or(u16::MAX))
}

pub(super) fn dag_check(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["n", "edges"])?;
    let nodes = u16::try_from(inputs.number("n")?)
        .map_err(|_| refused("n", "no statute has as many nodes"))?;
    let edges: Vec<(u16, u16)> = inputs
        .array("edges")?
        .iter()
        .map(|edge| (node(edge.get(0)), node(edge.get(1))))
        .collect();
    let found = order(nodes, &edges).ok();
    let list = |of: Option<&Vec<u16>>| json!(of.map(Vec::as_slice).unwrap_or_default());
    Ok(outputs([
        ("ok", json!(found.is_some())),
        ("roots", list(found.as_ref().map(|found| &found.roots))),
        (
            "terminals",
            list(found.as_ref().map(|found| &found.terminals)),
        ),
        ("order", list(found.as_ref().map(|found| &found.order))),
    ]))
}

pub(super) fn roster_ok(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["k", "executors"])?;
    let executors: Vec<(&Value, &Value)> = inputs
        .array("executors")?
        .iter()
        .map(|executor| match executor.as_array().map(Vec::as_slice) {
            Some([agent, principal]) => Ok((agent, principal)),
            _ => Err(refused("executors", format!("{executor} is no pair"))),
        })
        .collect::<Result<_, _>>()?;
    let ok = is_roster(inputs.number("k")? as usize, &executors);
    Ok(outputs([("ok", json!(ok))]))
}

pub(super) fn tranches(inputs: &Outputs) -> Result<Outputs, Refused> {
    let inputs = Inputs::of(inputs, &["n", "size", "e"])?;
    let (nodes, edges) = (inputs.unsigned("n")?, inputs.unsigned("e")?);
    Ok(outputs([
        (
            "numTranches",
            json!(printed::tranches(nodes, inputs.unsigned("size")?)),
        ),
        (
            "paper_deploy_gas",
            json!(printed::deployment_gas(nodes, edges)),
        ),
    ]))
}
