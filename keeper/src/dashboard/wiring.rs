//! Which member may call which function of which other: the role tables of the interfaces, with the addresses of this city.

use std::collections::BTreeMap;

use agentcity_domain::peer::Peer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::source::city::City;

/// The role tables, as the contracts' tests hold them to the contracts.
const TABLES: [(Peer, &str); Peer::COUNT] = [
    (
        Peer::Constitution,
        include_str!("../../../abi/roles/Constitution.toml"),
    ),
    (Peer::Agent, include_str!("../../../abi/roles/Agent.toml")),
    (
        Peer::Management,
        include_str!("../../../abi/roles/Management.toml"),
    ),
    (
        Peer::Service,
        include_str!("../../../abi/roles/Service.toml"),
    ),
    (
        Peer::Legislature,
        include_str!("../../../abi/roles/Legislature.toml"),
    ),
    (
        Peer::Collaboration,
        include_str!("../../../abi/roles/Collaboration.toml"),
    ),
    (
        Peer::Treasury,
        include_str!("../../../abi/roles/Treasury.toml"),
    ),
    (
        Peer::Adjudication,
        include_str!("../../../abi/roles/Adjudication.toml"),
    ),
    (
        Peer::Verification,
        include_str!("../../../abi/roles/Verification.toml"),
    ),
    (
        Peer::Guardian,
        include_str!("../../../abi/roles/Guardian.toml"),
    ),
    (
        Peer::Assembly,
        include_str!("../../../abi/roles/Assembly.toml"),
    ),
    (
        Peer::Statute,
        include_str!("../../../abi/roles/Statute.toml"),
    ),
    (
        Peer::Enactment,
        include_str!("../../../abi/roles/Enactment.toml"),
    ),
    (Peer::Roster, include_str!("../../../abi/roles/Roster.toml")),
];

#[derive(Deserialize)]
struct Role {
    callers: Vec<String>,
}

/// From caller to called: the functions.
fn edges() -> BTreeMap<(Peer, Peer), Vec<String>> {
    let mut edges: BTreeMap<(Peer, Peer), Vec<String>> = BTreeMap::new();
    for (called, table) in TABLES {
        // A table that cannot be read shows no edge; a test reads all.
        let functions: BTreeMap<String, Role> = toml::from_str(table).unwrap_or_default();
        for (function, role) in functions {
            for caller in role.callers {
                if let Some(caller) = Peer::ALL.into_iter().find(|peer| peer.name() == caller) {
                    edges
                        .entry((caller, called))
                        .or_default()
                        .push(function.clone());
                }
            }
        }
    }
    edges
}

/// `wiring`.
pub fn wiring(city: &City) -> Value {
    let nodes =
        Peer::ALL.map(|peer| json!({ "peer": peer.name(), "address": city.at(peer).to_string() }));
    let edges = edges().into_iter().map(|((from, to), functions)| {
        json!({ "from": from.name(), "to": to.name(), "functions": functions })
    });
    json!({ "nodes": nodes, "edges": edges.collect::<Vec<_>>(), "unknown": [] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_and_the_panel_reaches_the_guardian() {
        for (peer, table) in TABLES {
            let functions: BTreeMap<String, Role> = toml::from_str(table).expect("a role table");
            assert!(
                functions.contains_key("wire") || peer == Peer::Constitution,
                "{peer:?}"
            );
        }
        let edges = edges();
        let halts = &edges[&(Peer::Adjudication, Peer::Guardian)];
        assert!(
            halts.iter().any(|function| function == "clearStop"),
            "{halts:?}"
        );
        assert!(edges.keys().all(|(from, to)| from != to));
    }
}
