//! Kinds about state machines: `sm_table`, `sm_probe`, `trace`.

use agentcity_domain::machine::{
    Graph, MACHINES, Machine,
    model::{Event, Mission, Node, Proof, SEATS_MAX, Tier},
};
use serde_json::{Map, Value, json};

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

/// A mission through a list of events: what was accepted, and the states after each.
pub(super) fn trace(inputs: &Outputs) -> Result<Outputs, Refused> {
    let known = [
        "name",
        "nodes",
        "edges",
        "maxRefinementIterations",
        "events",
    ];
    let inputs = Inputs::of(inputs, &known)?;
    let cast = Cast::read(inputs.array("nodes")?).map_err(|(at, why)| refused(&at, why))?;
    let mut edges = Vec::new();
    for (i, edge) in inputs.array("edges")?.iter().enumerate() {
        let ends = match edge.as_array().map(Vec::as_slice) {
            Some([from, to]) => cast.node(from).zip(cast.node(to)),
            _ => None,
        };
        edges.push(ends.ok_or_else(|| {
            refused(&format!("edges[{i}]"), format!("{edge} joins no two nodes"))
        })?);
    }
    let max = inputs.unsigned("maxRefinementIterations")?;
    let max = u32::try_from(max)
        .map_err(|_| refused("maxRefinementIterations", format!("{max} is too many")))?;
    let mut nodes = cast.nodes.clone();
    let mut mission = Mission::new(&mut nodes, &edges, max);
    let mut values = Vec::new();
    let mut steps = Vec::new();
    for (i, event) in inputs.array("events")?.iter().enumerate() {
        let accepted = match cast.event(event, &mut values) {
            Read::Event(event) => mission.apply(event).is_ok(),
            Read::Stranger => false,
            Read::Unknown(why) => return Err(refused(&format!("events[{i}]"), why)),
        };
        let states: Map<String, Value> = cast
            .ids
            .iter()
            .zip(mission.nodes())
            .map(|(id, node)| (id.clone(), json!(node.state().name())))
            .collect();
        steps.push(json!({
            "ev": event,
            "ok": accepted,
            "mission": mission.state().name(),
            "nodes": states,
        }));
    }
    Ok(outputs([
        ("steps", json!(steps)),
        ("refinements", json!(mission.refinements())),
    ]))
}

/// Names of a trace, and the places they stand for.
struct Cast {
    ids: Vec<String>,
    rosters: Vec<Vec<String>>,
    nodes: Vec<Node>,
}

/// An event as read.
enum Read {
    Event(Event),
    /// Of somebody who has no seat: it can only be refused.
    Stranger,
    /// Of no known form.
    Unknown(String),
}

impl Cast {
    fn read(list: &[Value]) -> Result<Self, (String, String)> {
        let mut cast = Self {
            ids: Vec::new(),
            rosters: Vec::new(),
            nodes: Vec::new(),
        };
        for (i, node) in list.iter().enumerate() {
            let wrong = |what: &str| (format!("nodes[{i}]"), format!("{what}: {node}"));
            let small = |key: &str| {
                let number = node.get(key).and_then(Value::as_u64);
                number
                    .and_then(|n| u8::try_from(n).ok())
                    .ok_or_else(|| wrong(key))
            };
            let id = node.get("id").and_then(Value::as_str);
            let roster: Option<Vec<String>> =
                node.get("roster").and_then(Value::as_array).and_then(|r| {
                    r.iter()
                        .map(|seat| seat.as_str().map(str::to_owned))
                        .collect()
                });
            let roster = roster.ok_or_else(|| wrong("roster"))?;
            let tier = match small("tier")? {
                1 => Tier::One,
                2 => Tier::Two {
                    seats: small("k")?,
                    threshold: small("t")?,
                },
                3 => Tier::Three,
                _ => return Err(wrong("tier")),
            };
            if let Tier::Two { seats, .. } = tier
                && (usize::from(seats) > SEATS_MAX || usize::from(seats) != roster.len())
            {
                return Err(wrong("k seats, at most seven, are on the roster"));
            }
            cast.ids.push(id.ok_or_else(|| wrong("id"))?.to_owned());
            cast.rosters.push(roster);
            cast.nodes.push(Node::new(tier));
        }
        Ok(cast)
    }

    fn node(&self, id: &Value) -> Option<usize> {
        let id = id.as_str()?;
        self.ids.iter().position(|known| known == id)
    }

    fn seat(&self, node: usize, who: &Value) -> Option<u8> {
        let who = who.as_str()?;
        let place = self.rosters[node].iter().position(|seat| seat == who)?;
        u8::try_from(place).ok()
    }

    fn event(&self, event: &Value, values: &mut Vec<Value>) -> Read {
        let unknown = || Read::Unknown(format!("{event} is no known event"));
        let Some((name, rest)) = event
            .as_array()
            .and_then(|parts| parts.split_first())
            .and_then(|(name, rest)| Some((name.as_str()?, rest)))
        else {
            return unknown();
        };
        let Some(node) = rest.first() else {
            return match name {
                "finalizeDeployment" => Read::Event(Event::Finalize),
                "failMission" => Read::Event(Event::FailMission),
                "filterPass" | "releaseOutput" => Read::Event(Event::Pass),
                "filterFail" => Read::Event(Event::Fail),
                "veto" | "vetoOutput" => Read::Event(Event::Veto),
                "abort" => Read::Event(Event::Abort),
                "enterDegraded" => Read::Event(Event::EnterDegraded),
                "exitDegraded" => Read::Event(Event::ExitDegraded),
                "degradedTimeout" => Read::Event(Event::TimeoutDegraded),
                "stop" | "emergencyStop" | "triggerStop" => Read::Event(Event::Stop),
                "clearStop" => Read::Event(Event::ClearStop),
                _ => unknown(),
            };
        };
        let Some(node) = self.node(node) else {
            return unknown();
        };
        Read::Event(match (name, &rest[1..]) {
            ("routeTask", []) => Event::Route(node),
            ("submit1", [Value::Bool(true)]) => Event::Submit(node, Proof::Holds),
            ("submit1", [Value::Bool(false)]) => Event::Submit(node, Proof::Fails),
            ("submit3", []) => Event::SubmitForReview(node),
            ("commit2", [who]) => match self.seat(node, who) {
                Some(seat) => Event::Commit(node, seat),
                None => return Read::Stranger,
            },
            ("reveal2", [who, value]) => match self.seat(node, who) {
                Some(seat) => Event::Reveal(node, seat, number(values, value)),
                None => return Read::Stranger,
            },
            ("closeCommit", []) => Event::CloseCommit(node),
            ("closeReveal", []) => Event::CloseReveal(node),
            ("timeoutNode", []) => Event::TimeoutNode(node),
            ("approve", []) => Event::Approve(node),
            ("reject", []) => Event::Reject(node),
            ("timeoutReview" | "reviewTimeout", []) => Event::TimeoutReview(node),
            ("freeze", []) => Event::Freeze(node),
            ("unfreeze", []) => Event::Unfreeze(node),
            ("confirmFreeze", []) => Event::ConfirmFreeze(node),
            ("reassign", []) => Event::Reassign(node),
            _ => return unknown(),
        })
    }
}

/// The place of a value among those seen: equal values have equal places.
fn number(values: &mut Vec<Value>, value: &Value) -> u32 {
    let place = values.iter().position(|seen| seen == value);
    let place = place.unwrap_or_else(|| {
        values.push(value.clone());
        values.len() - 1
    });
    u32::try_from(place).unwrap_or(u32::MAX)
}
