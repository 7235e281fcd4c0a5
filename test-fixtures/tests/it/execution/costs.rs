//! What a node costs by its tier and whose the gas is, and what a mission costs one transaction at a time and at checkpoints. Figures are
//! of programs in the chain's cache, in the native coin, and follow from the city's seed; they are printed for `docs/results.md`:
//!
//! ```text
//! result name=tier tier=… executions=… transactions=… gas=… begin=… results=… ruling=… verification=… …
//! result name=mission variant=… nodes=… checkpoint=… deploy=… seats=… work=… transactions=… reconcile=… filter=…
//! ```

use agentcity_abi::ICollaboration::{MissionState, missionCall};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{
    chance::number,
    gas::{
        missions, shares,
        whole::{Bill, Shape, batched, one_by_one},
    },
    mission::{Law, Stage},
};

/// Tasks of the larger mission: the seed's is of a hundred.
const NODES_VARIABLE: &str = "AGENTCITY_MISSION_NODES";
/// The seed's smaller one, whose executors complete two tasks between two checkpoints.
const EIGHT: Shape = Shape {
    nodes: 8,
    at_checkpoint: 2,
};
/// Checkpoints of the larger one.
const CHECKPOINTS: u16 = 10;

fn stage() -> Stage {
    missions::raise(true).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn what_verifies_is_a_part_of_what_a_node_costs_and_grows_with_its_tier() {
    let tiers = shares::by_tier(&mut stage()).unwrap_or_else(|e| panic!("{e}"));
    for found in tiers {
        println!(
            "result name=tier tier={} executions={} transactions={} gas={} begin={} results={} ruling={} verification={} collaboration={} settlement={} panel={} signatures={} base={} rest={}",
            found.tier,
            found.executions,
            found.transactions,
            found.gas,
            found.begin,
            found.results,
            found.ruling,
            found.verification,
            found.collaboration,
            found.settlement,
            found.panel,
            found.signatures,
            found.base,
            found.rest,
        );
        assert_eq!(found.begin + found.results + found.ruling, found.gas);
        let parts = [
            found.verification,
            found.collaboration,
            found.settlement,
            found.panel,
            found.signatures,
            found.base,
            found.rest,
        ];
        assert_eq!(parts.iter().sum::<u64>(), found.gas, "{found:?}");
        assert!(2 * found.verification < found.gas, "{found:?}");
    }
    let [proof, consensus, review] = tiers;
    assert_eq!(
        tiers.map(|found| (found.executions, found.transactions)),
        [(1, 2), (3, 9), (1, 3)]
    );
    assert!(consensus.verification > 3 * proof.verification);
    assert!(review.panel > 0 && proof.panel + review.panel < review.gas);
}

#[test]
fn checkpoints_save_transactions_and_little_gas() {
    let large = u16::try_from(number(NODES_VARIABLE, 0)).expect("a number of nodes");
    let mut stage = stage();
    // Who works for the first time writes slots that are there afterwards.
    one_by_one(&mut stage, "first of all", EIGHT).unwrap_or_else(|e| panic!("{e}"));
    let shapes = match large {
        0 => vec![EIGHT],
        nodes => vec![
            EIGHT,
            Shape {
                nodes,
                at_checkpoint: nodes / CHECKPOINTS,
            },
        ],
    };
    for shape in shapes {
        let name = format!("{} tasks", shape.nodes);
        let alone = one_by_one(&mut stage, &name, shape).unwrap_or_else(|e| panic!("{e}"));
        let name = format!("{name} at checkpoints");
        let relayed = batched(&mut stage, &name, shape).unwrap_or_else(|e| panic!("{e}"));
        for (variant, law) in [("alone", &alone), ("checkpoints", &relayed)] {
            assert_eq!(state(&mut stage, law), MissionState::Completed, "{variant}");
            tell(variant, shape, law);
        }
        let (alone, relayed) = (Bill::of_work(&alone), Bill::of_work(&relayed));
        let checkpoints = usize::from(shape.nodes / shape.at_checkpoint);
        // Two for each node and two for the gate; three for each checkpoint and two for the gate.
        assert_eq!(alone.transactions, 2 * usize::from(shape.nodes) + 2);
        assert_eq!(relayed.transactions, 3 * checkpoints + 2);
        assert!(relayed.gas < alone.gas, "{relayed:?} {alone:?}");
        // Each result writes what it writes: nothing is anchored that is not settled (RULINGS R4).
        assert!(2 * relayed.gas > alone.gas, "{relayed:?} {alone:?}");
    }
}

fn state(stage: &mut Stage, law: &Law) -> MissionState {
    let call = missionCall {
        missionId: law.mission,
    };
    let to = stage.city.address(Peer::Collaboration);
    let found = stage.city.client.ask(to, &call);
    found.unwrap_or_else(|e| panic!("{e}")).state
}

fn tell(variant: &str, shape: Shape, law: &Law) {
    let work = Bill::of_work(law);
    println!(
        "result name=mission variant={variant} nodes={} checkpoint={} deploy={} seats={} fund={} work={} transactions={} reconcile={} filter={}",
        shape.nodes,
        shape.at_checkpoint,
        Bill::of_deployment(law).gas,
        Bill::of_seats(law).gas,
        Bill::of(law, &["fundMission"]).gas,
        work.gas,
        work.transactions,
        Bill::of(law, &["reconcile"]).gas,
        Bill::of(law, &["filterOutput"]).gas,
    );
}
