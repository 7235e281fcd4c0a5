//! The sequencer stands still, on a strict node: two keepers that are raised from their files hold what they have, stop what runs when it
//! lasts too long, have the mission degraded by each other's word when it is over, and go on, in order, when a human lets them. And what
//! leaves the vault.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState},
    IGuardian as guardian,
};
use agentcity_domain::{machine::NodeState, parameter::ParameterId as P, peer::Peer};
use agentcity_executor::{
    protocol::{Failure, JobRequest},
    server::{Recorder, Work},
};
use agentcity_keeper::vault::Kind as Sealed;
use agentcity_test_fixtures::mission::{Charter, Plan, Task, result};
use alloy::primitives::{B256, U256, keccak256};
use serde_json::json;

use crate::{
    desk::{Desk, Host, With},
    mission::PRICE,
    talker::Script,
};

/// The least that `degradedModeThresholdMs` may be: a city may be as impatient as that, and its keepers learn it from the chain.
const THRESHOLD_MS: u64 = 60_000;
/// Silence that keepers take for an outage.
const SILENCE_MS: u64 = 10_000;
/// How long the chain stands still.
const OUTAGE_SECS: u64 = 600;
/// A time at which clocks begin.
const NOON: u64 = 1_767_268_800_000;

/// An executor that begins when it is told so, and is done at once or never, as its time is.
#[derive(Debug, Default)]
struct Waits {
    begins: AtomicBool,
    begun: AtomicU64,
    /// Works that go on until they are ended.
    endless: AtomicU64,
}

impl Waits {
    fn begin(&self) {
        self.begins.store(true, Ordering::SeqCst);
    }

    fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Patient(Arc<Waits>);

impl Script for Patient {
    fn has_room(&self) -> bool {
        self.0.begins.load(Ordering::SeqCst)
    }

    async fn work(&self, _: Arc<JobRequest>, _: Recorder) -> Result<Work, Failure> {
        let before = self.0.begun.fetch_add(1, Ordering::SeqCst);
        if before < self.0.endless.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(Work {
            output: b"output".to_vec(),
            proof: result::proof().to_vec(),
        })
    }
}

fn impatient() -> Charter {
    let threshold = B256::from(U256::from(THRESHOLD_MS));
    Charter {
        parameters: BTreeMap::from([(P::DegradedModeThresholdMs as u8, threshold)]),
        ..Charter::default()
    }
}

fn raise(tasks: usize) -> (Desk, Vec<Arc<Waits>>) {
    let plan = Plan {
        name: "fields".to_owned(),
        tasks: (0..tasks)
            .map(|task| Task::proved(&format!("fields {task}"), PRICE))
            .collect(),
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let waits: Vec<Arc<Waits>> = (0..tasks).map(|_| Arc::default()).collect();
    let scripts = waits
        .iter()
        .map(|waits| Patient(Arc::clone(waits)))
        .collect();
    let scorers = [keccak256("one scorer"), keccak256("another scorer")];
    let desk = Desk::raise(&impatient(), &plan, scripts, &scorers);
    desk.clock.at(NOON);
    (desk, waits)
}

/// A port of this machine that nobody listens at.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Desk {
    fn ask_node(&mut self, method: &str, params: serde_json::Value) {
        let answer = self.scene.stage.city.client.rpc().call(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"));
    }

    fn mission(&mut self) -> work::Mission {
        let to = self.scene.at(Peer::Collaboration);
        let call = work::missionCall {
            missionId: self.law.mission,
        };
        self.scene.stage.city.client.ask(to, &call).unwrap()
    }

    /// Time passes, in steps as a keeper looks.
    fn wait(&self, keepers: &mut [&mut Host], millis: u64) {
        let mut left = millis;
        while left > 0 {
            // Within the term of a lease.
            let step = left.min(20_000);
            left -= step;
            self.clock.pass(step);
            self.look_all(keepers);
        }
    }
}

#[test]
fn an_outage_by_the_words_of_two_keepers_degrades_what_it_struck_and_the_panel_lets_it_go_on() {
    let (mut desk, waits) = raise(2);
    let ports = [port(), port()];
    let with = |own: usize| {
        let other = 1 - own;
        let folder = ["one", "two"][own];
        let escrow = format!(
            "blocks = \"steady\"\nsilence_secs = {}\nlisten = \"127.0.0.1:{}\"\n\
             [[escrow.monitors]]\nmonitor = \"{}\"\nurl = \"http://127.0.0.1:{}\"\n",
            SILENCE_MS / 1_000,
            ports[own],
            desk.monitors[other].address(),
            ports[other],
        );
        With {
            folder,
            monitor: own,
            serves: vec![own],
            escrow: Some(escrow),
            ..With::default()
        }
    };
    let withs = [with(0), with(1)];
    let (mut one, mut two) = (desk.keeper(&withs[0]), desk.keeper(&withs[1]));
    let mut both = [&mut one, &mut two];
    desk.until_all(&mut both, "both nodes are routed", |desk| {
        (0..2).all(|node| desk.state(node) == NodeState::Executing.number())
    });

    // ---- nothing comes any more. What is done meanwhile is held, and nothing of it handed in.
    desk.ask_node("devnode_pauseProduction", json!(["queue"]));
    desk.wait(&mut both, SILENCE_MS + 5_000);
    waits[0].begin();
    let held = |desk: &Desk| !desk.sealed(&withs[0], Sealed::Output).is_empty();
    desk.until_all(&mut both, "the output is sealed", |desk| held(desk));
    // Executors go on, and begin.
    desk.wait(&mut both, THRESHOLD_MS - 30_000);
    waits[1].endless.store(1, Ordering::SeqCst);
    waits[1].begin();
    desk.until_all(&mut both, "the other executor works", |_| {
        waits[1].begun() == 1
    });

    // ---- for too long: what runs is stopped.
    desk.wait(&mut both, THRESHOLD_MS);
    let standing = |desk: &Desk| desk.runtime.block_on(desk.standing(1));
    desk.until_all(&mut both, "the other executor is ended", |desk| {
        standing(desk) != "running"
    });
    assert_eq!(standing(&desk), "stopped");
    desk.wait(&mut both, 40_000);

    // ---- it is over, by the chain's clock after ten minutes: each monitor says so, and the chain believes two.
    desk.ask_node("devnode_resumeProduction", json!([]));
    desk.ask_node("evm_increaseTime", json!([OUTAGE_SECS]));
    desk.ask_node("evm_mine", json!([]));
    let before = desk.mission();
    assert_eq!(before.state, MissionState::Executing);
    desk.until_all(&mut both, "the mission is degraded", |desk| {
        desk.mission().state == MissionState::Degraded
    });
    for _ in 0..3 {
        desk.look_all(&mut both);
    }
    let entered = desk.logged::<guardian::DegradedEntered>();
    let [entered] = &entered[..] else {
        panic!("declared once: {entered:?}");
    };
    let said = entered.until.to::<u64>() - entered.from.to::<u64>();
    assert!(
        said > THRESHOLD_MS / 1_000 && said <= OUTAGE_SECS,
        "what both saw: {said} s"
    );
    let grace = u64::from(P::DegradedGraceSecs.row().default);
    assert_eq!(entered.extendedSecs.to::<u64>(), said + grace);
    crate::openapi::judge_words(&format!("127.0.0.1:{}", ports[0]), desk.law.mission);
    assert_eq!(
        desk.state(0),
        NodeState::Executing.number(),
        "nothing is handed in before a human says so"
    );
    assert!(held(&desk));

    // ---- the panel says so: what waited is handed in, and what was stopped is done anew.
    let exit = guardian::exitDegradedCall {
        missionId: desk.law.mission,
    };
    let act = desk.scene.act(Peer::Guardian, &exit);
    desk.scene.decide(&act, &[0, 1]);
    assert_eq!(desk.mission().state, MissionState::Executing);
    desk.until_all(&mut both, "what waited is handed in", |desk| {
        desk.state(0) == NodeState::Completed.number()
    });
    assert_eq!(waits[0].begun(), 1, "it was done before");
    desk.until_all(&mut both, "what was stopped is done", |desk| {
        desk.state(1) == NodeState::Completed.number()
    });
    assert_eq!(waits[1].begun(), 2);
}

#[test]
fn what_was_handed_in_lies_in_the_vault_as_long_as_its_mission_lives() {
    let (mut desk, waits) = raise(2);
    let with = With {
        folder: "one",
        serves: vec![0, 1],
        escrow: Some("retention_days = 0\n".to_owned()),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    waits[0].begin();
    desk.until(&mut keeper, 0, NodeState::Completed);
    for _ in 0..3 {
        desk.look(&mut keeper);
    }
    // Released, and its mission goes on; a keeper that begins looks at its vault.
    drop(keeper);
    let mut keeper = desk.keeper(&with);
    for _ in 0..3 {
        desk.look(&mut keeper);
    }
    assert_eq!(desk.sealed(&with, Sealed::Output).len(), 1);
    let abort = work::abortMissionCall {
        missionId: desk.law.mission,
        justificationHash: keccak256("enough"),
    };
    let act = desk.scene.act(Peer::Collaboration, &abort);
    desk.scene.decide(&act, &[0, 1]);
    assert_eq!(desk.mission().state, MissionState::Aborted);
    let left = |desk: &Desk| desk.sealed(&with, Sealed::Output).len();
    desk.look(&mut keeper);
    assert_eq!(left(&desk), 1, "it looked less than an hour ago");
    drop(keeper);
    let mut keeper = desk.keeper(&with);
    desk.until_all(&mut [&mut keeper], "nothing is left", |desk| {
        left(desk) == 0
    });
}
