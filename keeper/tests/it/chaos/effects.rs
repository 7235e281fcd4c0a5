//! What a mission left on the chain, without what differs between two missions of one law.

use std::collections::BTreeMap;

use agentcity_abi::{ICollaboration as work, ITreasury as treasury};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::mission::{Law, Stage};
use alloy::primitives::{Address, B256, U256};
use serde_json::json;

/// Who says what happens in a mission.
const SPEAKERS: [Peer; 3] = [Peer::Collaboration, Peer::Verification, Peer::Treasury];

/// How a mission ended, and by which effects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Its own end.
    pub(super) state: u8,
    /// Of each node: its state, its attempt, what it yielded.
    pub(super) nodes: Vec<(u8, u8, B256)>,
    /// Of each seat that was settled: node, agent, and what its share was divided into. What is paid beside follows from the budget
    /// that earlier missions left, and is in the books.
    pub(super) paid: Vec<(u16, Address, [U256; 5])>,
    /// How often each thing happened: who said it, what it is, and about what, its idempotency key. Mission and session stand for themselves.
    pub(super) effects: BTreeMap<String, u64>,
}

impl Outcome {
    /// Reads it from all logs since block `from`.
    pub(super) fn read(stage: &mut Stage, law: &Law, from: u64) -> Self {
        let mission = law.mission;
        let to = stage.city.address(Peer::Collaboration);
        let client = &mut stage.city.client;
        let call = work::missionCall { missionId: mission };
        let state = client.ask(to, &call).expect("a mission").state as u8;
        let nodes = (0..law.written.nodes).map(|index| {
            let call = work::nodeCall {
                missionId: mission,
                index,
            };
            let node = client.ask(to, &call).expect("a node");
            (node.state as u8, node.attempt, node.outputHash)
        });
        let nodes = nodes.collect();
        let settled = stage.events::<treasury::Settled>(Peer::Treasury);
        let settled = settled.expect("logs").into_iter();
        let ours = settled.filter(|event| event.missionId == mission);
        let mut paid: Vec<(u16, Address, [U256; 5])> = ours
            .map(|event| {
                let amounts = [
                    event.share,
                    event.base,
                    event.fee,
                    event.reserve,
                    event.residual,
                ];
                (event.node, event.agent, amounts)
            })
            .collect();
        paid.sort_unstable();
        Self {
            state,
            nodes,
            paid,
            effects: effects(stage, law, from),
        }
    }
}

fn effects(stage: &mut Stage, law: &Law, from: u64) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for speaker in SPEAKERS {
        let filter = json!([{
            "address": stage.city.address(speaker),
            "fromBlock": format!("{from:#x}"),
            "toBlock": "latest",
        }]);
        let logs = stage.city.client.rpc().call("eth_getLogs", filter);
        let logs = logs.expect("logs");
        for log in logs.as_array().expect("a list") {
            let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).expect("topics");
            if !topics.iter().skip(1).any(|topic| *topic == law.mission) {
                continue;
            }
            let about = topics.iter().map(|topic| match *topic {
                topic if topic == law.mission => "the mission".to_owned(),
                topic if topic == law.session => "its session".to_owned(),
                topic => topic.to_string(),
            });
            let about: Vec<String> = about.collect();
            let key = format!("{} {}", speaker.name(), about.join(" "));
            *found.entry(key).or_default() += 1;
        }
    }
    found
}
