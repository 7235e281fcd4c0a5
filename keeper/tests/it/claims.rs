//! What executors hold of their work is compared with the chain: those that a router serves, over the protocol.

use std::{path::PathBuf, sync::Arc};

use agentcity_abi::ICollaboration as work;
use agentcity_domain::peer::Peer;
use agentcity_hub::{
    chain::{Placed, drafts},
    head::LogName,
    redact::Rules,
    store::{Log, Retention, Settings as Kept},
};
use agentcity_keeper::{
    machine::reconciliation::{Finding, Held, Kind, Phase},
    part::{
        reconciliation::{Fabric, Sources},
        router::Routing,
    },
    source::agreed::Agreed,
};
use agentcity_test_fixtures::mission::{Plan, Task};
use alloy::{
    primitives::{Address, keccak256},
    providers::{Provider, RootProvider},
    rpc::types::Filter,
};

use crate::mission::{Mind, PRICE, Scene, city, proved, provider, serve_as};

/// The keeper's log of what the chain says so far.
fn log(scene: &Scene) -> PathBuf {
    let path = scene.folder.path().join("log");
    let name = LogName {
        chain_id: scene.stage.city.client.chain_id(),
        author: Address::repeat_byte(1),
    };
    let settings = Kept {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: Vec::new(),
    };
    let mut log = Log::open(&path, name, settings).expect("a log");
    let mut entries = Vec::new();
    for peer in [Peer::Statute, Peer::Collaboration] {
        let filter = Filter::new()
            .address(scene.stage.city.address(peer))
            .from_block(0);
        let provider = provider(&scene.stage);
        let logs = scene
            .runtime
            .block_on(async { provider.get_logs(&filter).await });
        for log in logs.expect("logs") {
            let placed = Placed {
                log: &log.inner,
                block: log.block_number.expect("a block"),
                block_hash: log.block_hash.expect("a block"),
                time_ms: 1,
                transaction: log.transaction_hash.expect("a transaction"),
                gas_used: 0,
                log_index: log.log_index.expect("a place"),
                epoch: 1,
            };
            entries.extend(drafts(peer, &placed, |_| None));
        }
    }
    entries.sort_by_key(|draft| draft.block);
    log.append(entries).expect("entries");
    path
}

fn compared(scene: &Scene, log: PathBuf, router: Arc<Routing<RootProvider>>) -> Finding {
    let agreed = Agreed::new(vec![provider(&scene.stage)], 1).expect("one");
    let sources = Sources::new(agreed, city(&scene.stage), 0, 0, log);
    let sources = sources.with_fabric(router);
    let found = scene.runtime.block_on(async {
        let at = sources.settled().await?;
        sources
            .compare(scene.law.mission, Phase::Orchestration, at)
            .await
    });
    found.expect("a comparison")
}

#[test]
fn what_executors_hold_is_compared_and_one_that_did_other_work_for_another_keeper_is_found() {
    let plan = Plan {
        name: "claims".to_owned(),
        tasks: vec![Task::proved("one", PRICE), Task::proved("two", PRICE)],
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let mut scene = Scene::of(&plan, 2, |_, _| proved());
    let honest = scene.addresses.clone();
    // The second agent has another server, which works otherwise: the same output, by another way.
    let mut equivocal = honest.clone();
    let elsewhere = scene.folder.path().join("elsewhere");
    let mind = Mind {
        words: b"what else is it?",
        finds: |_, _| proved(),
        ..Mind::usual(1)
    };
    let executor = scene.stage.executors[1].clone();
    std::fs::create_dir(&elsewhere).expect("a folder");
    let serving = serve_as(&scene.stage, &executor, &elsewhere, mind);
    equivocal[1].1 = scene.runtime.block_on(serving).0;
    let first = scene.keeper("first", &[0], &honest);
    let second = scene.keeper("second", &[1], &equivocal);
    let owner = scene.keeper("owner", &[1], &honest);
    scene.keepers = vec![first];
    scene.until(|scene| scene.node(0).state == work::NodeState::Completed);
    scene.keepers = vec![owner];
    scene.until(|scene| scene.node(1).state == work::NodeState::Executing);
    // Another keeper of the same agent asks the other server, and is too late for the chain.
    let mut late = vec![second];
    std::mem::swap(&mut scene.keepers, &mut late);
    scene.look();
    std::mem::swap(&mut scene.keepers, &mut late);
    scene.until(|scene| scene.state() == work::MissionState::Verification);

    let path = log(&scene);
    let router = Arc::new(scene.routing(&[0, 1], &honest));
    let provider = provider(&scene.stage);
    let at = scene
        .runtime
        .block_on(async { agentcity_keeper::source::programs::head(&provider).await });
    let asked = Arc::clone(&router).claims(scene.law.mission, at.expect("a block"));
    let claims = scene.runtime.block_on(asked).expect("claims");
    let held = claims
        .iter()
        .map(|claim| (claim.node, claim.agent, claim.output));
    let held: Vec<_> = held.collect();
    let output = keccak256(b"output");
    assert_eq!(held, [(0, honest[0].0, output), (1, honest[1].0, output)]);
    let finding = compared(&scene, path.clone(), router);
    assert!(finding.passes(), "{finding:?}");

    let other = Arc::new(scene.routing(&[0, 1], &equivocal));
    let finding = compared(&scene, path, other);
    assert_eq!(finding.counts.iter().sum::<u32>(), 1, "{finding:?}");
    let told = &finding.told[0];
    assert_eq!((told.kind, told.node), (Kind::TrailMismatch, Some(1)));
    assert_eq!(told.ours_at, Held::Executor(executor.agent.address()));
}
