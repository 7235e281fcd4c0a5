//! The sequencer stands still, on a strict node: two keepers that are raised from their files hold what they have, stop what runs when it
//! lasts too long, have the mission degraded by each other's word when it is over, and go on, in order, when a human lets them. And what the
//! escrow buffer's part does by itself: tries and the fault signal, an operator's word, what leaves the vault.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState},
    IGuardian as guardian, IVerification as results,
};
use agentcity_domain::{machine::NodeState, parameter::ParameterId as P, peer::Peer, time::Millis};
use agentcity_executor::{
    protocol::{Failure, JobRequest},
    server::{Recorder, Work},
};
use agentcity_keeper::{
    clock::Clock,
    event::Event,
    execution::Execution,
    journal::{Claim, Journal, SqliteJournal},
    machine::freeze_mirror::{self, FreezeMirror},
    part::mirror,
    runtime::Stream,
    vault::Kind as Sealed,
};
use agentcity_test_fixtures::{
    city::life::GOOD_UNTIL,
    mission::{Charter, Plan, Task, result},
};
use alloy::{
    primitives::{B256, U256, hex, keccak256},
    sol_types::SolCall,
};
use serde_json::json;

use crate::{
    desk::{Desk, Host, LOOKS_MAX, With},
    mission::PRICE,
    strait::{Passage, strait},
    talker::Script,
};

/// The least that `degradedModeThresholdMs` may be: a city may be as impatient as that, and its keepers learn it from the chain.
const THRESHOLD_MS: u64 = 60_000;
/// Silence that keepers take for an outage.
const SILENCE_MS: u64 = 10_000;
/// How long the chain stands still.
const OUTAGE_SECS: u64 = 600;
/// The same where nobody moves the deadlines that pass meanwhile: longer than the threshold.
const SHORT_OUTAGE_SECS: u64 = 300;
/// A time at which clocks begin.
const NOON: u64 = 1_767_268_800_000;

/// An executor that begins when it is told so, and is done at once or never, as its time is.
#[derive(Debug, Default)]
struct Waits {
    begins: AtomicBool,
    begun: AtomicU64,
    /// Works that go on until they are ended.
    endless: AtomicU64,
    /// Whether it signs results whose time is over.
    late: AtomicBool,
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

    fn result_deadline(&self) -> u64 {
        match self.0.late.load(Ordering::SeqCst) {
            true => 1,
            false => GOOD_UNTIL,
        }
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
    let tasks = (0..tasks).map(|task| Task::proved(&format!("fields {task}"), PRICE));
    raise_of(tasks.collect())
}

fn raise_of(tasks: Vec<Task>) -> (Desk, Vec<Arc<Waits>>) {
    let waits: Vec<Arc<Waits>> = tasks.iter().map(|_| Arc::default()).collect();
    let plan = Plan {
        name: "fields".to_owned(),
        tasks,
        edges: Vec::new(),
        predicates: Vec::new(),
    };
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

    /// The panel aborts the mission.
    fn abort(&mut self) {
        let abort = work::abortMissionCall {
            missionId: self.law.mission,
            justificationHash: keccak256("enough"),
        };
        let act = self.scene.act(Peer::Collaboration, &abort);
        self.scene.decide(&act, &[0, 1]);
        assert_eq!(self.mission().state, MissionState::Aborted);
    }

    /// Tells the mirror of a keeper that died that something began after all.
    fn began(&self, with: &With, execution: Execution) {
        let at = self.folder(with).join("journal.sqlite");
        let mut journal = SqliteJournal::open(&at).unwrap();
        let (now, term) = (self.clock.now(), Millis::new(1));
        let lease = journal.acquire(mirror::STREAM, "host", now, term).unwrap();
        let Claim::Granted(lease) = lease else {
            panic!("held");
        };
        let resumed = Stream::resume(&mut journal, lease, now, |state| match state {
            Some(state) => FreezeMirror::resume(state),
            None => Ok(FreezeMirror::default()),
        });
        let began = freeze_mirror::Event::Began {
            execution,
            since: NOON,
            ended: 9,
        };
        let mut stream = resumed.unwrap();
        stream
            .take(&mut journal, now, &Event::Mirror(began))
            .unwrap();
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
fn a_stopped_keeper_goes_on_by_its_operators_word_and_by_none_before_the_chain_works_again() {
    /// One that does not let itself be stopped, one whose result is signed before anybody knows of the outage, one that is done in it, and one that
    /// works when it is too long.
    const DEAF: u16 = 0;
    const EARLY: usize = 1;
    const MEANWHILE: usize = 2;
    const AT_WORK: usize = 3;
    let (mut desk, waits) = raise(4);
    let judge = |asked: &str| match asked.starts_with("DELETE") {
        true => Passage::Shut,
        false => Passage::Open,
    };
    let (_, at) = &mut desk.served[usize::from(DEAF)];
    *at = desk.runtime.block_on(strait(at.clone(), Arc::new(judge)));
    let mute = Arc::new(AtomicBool::new(false));
    let judge = {
        let mute = Arc::clone(&mute);
        move |_: &str| match mute.load(Ordering::SeqCst) {
            true => Passage::Shut,
            false => Passage::Open,
        }
    };
    let endpoint = desk.runtime.block_on(strait(desk.url(), Arc::new(judge)));
    let with = With {
        folder: "one",
        endpoint: Some(endpoint),
        serves: vec![0, EARLY, MEANWHILE, AT_WORK],
        // As Arbitrum's blocks come: silence counts from when something is out.
        escrow: Some(format!("silence_secs = {}\n", SILENCE_MS / 1_000)),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until_all(&mut [&mut keeper], "all nodes are routed", |desk| {
        (0..4).all(|node| desk.state(node) == NodeState::Executing.number())
    });
    // A quiet chain is no outage: after that work begins as always.
    desk.wait(&mut [&mut keeper], 2 * THRESHOLD_MS);
    for at_work in [usize::from(DEAF), AT_WORK] {
        waits[at_work].endless.store(1, Ordering::SeqCst);
        waits[at_work].begin();
    }
    desk.until_all(&mut [&mut keeper], "two are at work", |_| {
        waits[usize::from(DEAF)].begun() == 1 && waits[AT_WORK].begun() == 1
    });

    // ---- nothing comes any more. What is signed before anybody knows goes on as what is signed does; what is done later is sealed and queued.
    desk.ask_node("devnode_pauseProduction", json!(["refuse"]));
    let sealed = |desk: &Desk| desk.sealed(&with, Sealed::Output).len();
    waits[EARLY].begin();
    desk.until_all(&mut [&mut keeper], "one is handed in", |desk| {
        desk.wanted(&with, "Escrow", "Submit").len() == 1
    });
    desk.wait(&mut [&mut keeper], 2 * SILENCE_MS);
    waits[MEANWHILE].begin();
    desk.until_all(&mut [&mut keeper], "two are sealed", |desk| {
        sealed(desk) == 2
    });
    let sent = desk.sent(&with);

    // ---- for too long: who works is stopped, though one before it does not let itself be.
    desk.wait(&mut [&mut keeper], THRESHOLD_MS);
    let standing = |desk: &Desk, node| desk.runtime.block_on(desk.standing(node));
    let at_work = u16::try_from(AT_WORK).unwrap();
    desk.until_all(&mut [&mut keeper], "who works is stopped", |desk| {
        standing(desk, at_work) == "stopped"
    });
    assert_eq!(standing(&desk, DEAF), "running");
    assert_eq!(
        standing(&desk, 2),
        "delivered",
        "what is done is not undone"
    );
    // Nobody could look at what became of it yet.
    let authorise = desk.folder(&with).join("go on");
    fs::write(&authorise, "1\n").unwrap();
    desk.look(&mut keeper);
    assert!(
        !authorise.exists(),
        "said too early, so it is not there later"
    );
    // Nor while the endpoint answers nothing at all.
    mute.store(true, Ordering::SeqCst);
    fs::write(&authorise, "1\n").unwrap();
    desk.look(&mut keeper);
    assert!(!authorise.exists(), "said while nobody answered");
    mute.store(false, Ordering::SeqCst);

    // ---- it is over, and nobody but this keeper says that it was.
    desk.ask_node("devnode_resumeProduction", json!([]));
    desk.ask_node("evm_increaseTime", json!([SHORT_OUTAGE_SECS]));
    desk.ask_node("evm_mine", json!([]));
    fs::write(&authorise, "2").unwrap();
    for _ in 0..LOOKS_MAX {
        if desk.state(1) == NodeState::Completed.number() {
            break;
        }
        desk.wait(&mut [&mut keeper], 20_000);
    }
    let (executing, completed) = (NodeState::Executing.number(), NodeState::Completed.number());
    let states = |desk: &mut Desk| [1, 2, 3].map(|node| desk.state(node));
    let stands = [completed, executing, executing];
    assert_eq!(states(&mut desk), stands, "of a stop that is not in force");
    assert_eq!((desk.sent(&with), sealed(&desk)), (sent + 1, 2));
    assert_eq!(waits[AT_WORK].begun(), 1);

    // ---- it dies, and finds the word when it begins again: what waited is handed in, what was stopped is done anew and not stopped again.
    drop(keeper);
    fs::write(&authorise, "1\n").unwrap();
    let mut keeper = desk.keeper(&with);
    desk.until_all(&mut [&mut keeper], "all is completed", |desk| {
        states(desk) == [completed; 3]
    });
    let begun = [EARLY, MEANWHILE, AT_WORK].map(|place| waits[place].begun());
    assert_eq!(begun, [1, 1, 2]);
    assert!(desk.logged::<guardian::DegradedEntered>().is_empty());
}

/// When a refused result is tried again, after it was refused first.
const TRIES_MS: [u64; 3] = [30_000, 120_000, 480_000];
/// How much earlier and later it is looked.
const AROUND_MS: u64 = 5_000;

#[test]
fn a_refused_result_is_tried_three_times_more_and_then_its_node_fails_when_its_time_is_over() {
    let (mut desk, waits) = raise(1);
    let with = With {
        folder: "one",
        serves: vec![0],
        escrow: Some(String::new()),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Executing);
    let sent = desk.sent(&with);
    // Whatever else it is, its time is over, so the chain does not take it.
    waits[0].late.store(true, Ordering::SeqCst);
    waits[0].begin();
    let tries = |desk: &Desk| desk.wanted(&with, "Escrow", "Submit");
    let ended =
        |of: &[(String, Option<String>)]| of.iter().filter(|(_, how)| how.is_some()).count();
    desk.until_all(&mut [&mut keeper], "it is refused", |desk| {
        ended(&tries(desk)) == 1
    });
    let mut passed = 0;
    for (number, at) in (1..).zip(TRIES_MS) {
        desk.wait(&mut [&mut keeper], at - AROUND_MS - passed);
        assert_eq!(tries(&desk).len(), number, "before {at} ms");
        desk.wait(&mut [&mut keeper], 2 * AROUND_MS);
        assert_eq!(tries(&desk).len(), number + 1, "after {at} ms");
        assert_eq!(ended(&tries(&desk)), number + 1, "it is refused again");
        passed = at + AROUND_MS;
    }
    // The fault is signalled, and carried out when the chain lets it, and never before.
    desk.wait(&mut [&mut keeper], TRIES_MS[2]);
    let faults = |desk: &Desk| desk.wanted(&with, "Escrow", "Fault").len();
    let signalled = |desk: &Desk| ended(&desk.wanted(&with, "Escrow", "Fault"));
    assert_eq!(tries(&desk).len(), 4);
    assert_eq!((faults(&desk), signalled(&desk)), (1, 0));
    assert_eq!(desk.state(0), NodeState::Executing.number());
    let kept = desk.sealed(&with, Sealed::Output);
    assert_eq!(kept.len(), 1, "a faulty output stays sealed");
    assert_eq!(
        desk.sent(&with),
        sent,
        "nothing is paid for what is refused"
    );

    let node = desk.scene.node(&desk.law, 0);
    let over = node.expiresAt.to::<u64>() + u64::from(P::FinalizationGraceMs.row().default) / 1_000;
    desk.scene.stage.city.client.warp_to(over + 1).unwrap();
    desk.until(&mut keeper, 0, NodeState::Failed);
    desk.until_all(&mut [&mut keeper], "the fault is signalled", |desk| {
        signalled(desk) == 1
    });
}

#[test]
fn a_refusal_that_passes_costs_a_try_and_a_stop_of_the_panel_none_and_nothing_begins_under_it() {
    let (mut desk, waits) = raise(2);
    let lies = Arc::new(AtomicBool::new(true));
    let verification = format!("{:x}", desk.scene.at(Peer::Verification));
    let submits = hex::encode(results::submitBatchCall::SELECTOR);
    let judge = {
        let lies = Arc::clone(&lies);
        move |asked: &str| {
            let is_asked = ["eth_call", &verification, &submits]
                .iter()
                .all(|word| asked.contains(*word));
            match is_asked && lies.load(Ordering::SeqCst) {
                true => Passage::Reverted,
                false => Passage::Open,
            }
        }
    };
    let way = desk.runtime.block_on(strait(desk.url(), Arc::new(judge)));
    let with = With {
        folder: "one",
        serves: vec![0, 1],
        endpoint: Some(way),
        escrow: Some(String::new()),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until_all(&mut [&mut keeper], "both nodes are routed", |desk| {
        (0..2).all(|node| desk.state(node) == NodeState::Executing.number())
    });
    waits[0].begin();
    let tries = |desk: &Desk| desk.wanted(&with, "Escrow", "Submit");
    desk.until_all(&mut [&mut keeper], "it is refused", |desk| {
        tries(desk).first().is_some_and(|(_, how)| how.is_some())
    });

    // ---- the endpoint comes to itself, and the panel stops the mission. The second try falls into that, and is none.
    lies.store(false, Ordering::SeqCst);
    let stop = guardian::triggerStopCall {
        missionId: desk.law.mission,
        evidenceHash: keccak256("smoke"),
    };
    let act = desk.scene.act(Peer::Guardian, &stop);
    desk.scene.decide(&act, &[0]);
    let sent = desk.sent(&with);
    // It was asked before the stop, and had no room.
    waits[1].begin();
    desk.wait(&mut [&mut keeper], 2 * TRIES_MS[2]);
    let how = |desk: &Desk| -> Vec<String> {
        let ended = tries(desk).into_iter().map(|(_, how)| how);
        ended.map(Option::unwrap_or_default).collect()
    };
    let so_far = how(&desk);
    assert!(
        matches!(&so_far[..], [refused, kept] if refused.contains("Refused") && kept.contains("halted")),
        "{so_far:?}"
    );
    assert_eq!(desk.wanted(&with, "Escrow", "Fault"), []);
    assert_eq!(waits[1].begun(), 0, "begun under a stop");
    assert_eq!(desk.sent(&with), sent);

    // ---- the stop is cleared: what waited is handed in, and what waited to begin begins.
    let clear = guardian::clearStopCall {
        missionId: desk.law.mission,
    };
    let act = desk.scene.act(Peer::Guardian, &clear);
    desk.scene.decide(&act, &[0, 1]);
    desk.until(&mut keeper, 0, NodeState::Completed);
    desk.until(&mut keeper, 1, NodeState::Completed);
    assert_eq!([0, 1].map(|place: usize| waits[place].begun()), [1, 1]);
    let refused = how(&desk)[2..]
        .iter()
        .filter(|how| how.contains("Refused"))
        .count();
    assert_eq!(refused, 0, "{:?}", tries(&desk));
    assert_eq!(desk.wanted(&with, "Escrow", "Fault"), []);
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
    desk.abort();
    let left = |desk: &Desk| desk.sealed(&with, Sealed::Output).len();
    desk.look(&mut keeper);
    assert_eq!(left(&desk), 1, "it looked less than an hour ago");
    drop(keeper);
    let mut keeper = desk.keeper(&with);
    desk.until_all(&mut [&mut keeper], "nothing is left", |desk| {
        left(desk) == 0
    });
}

#[test]
fn a_value_that_is_sealed_is_at_rest_so_a_stop_leaves_it_and_it_is_handed_in_when_the_keeper_goes_on()
 {
    let (mut desk, waits) = raise_of(vec![Task::reviewed("report", PRICE)]);
    let with = With {
        folder: "one",
        serves: vec![0],
        escrow: Some(format!(
            "blocks = \"steady\"\nsilence_secs = {}\n",
            SILENCE_MS / 1_000
        )),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Executing);

    // ---- it is worked out and sealed while nothing can be handed in, for too long.
    desk.ask_node("devnode_pauseProduction", json!(["queue"]));
    desk.wait(&mut [&mut keeper], SILENCE_MS + 5_000);
    waits[0].begin();
    let standing = |desk: &Desk| desk.runtime.block_on(desk.standing(0));
    desk.until_all(&mut [&mut keeper], "it is sealed", |desk| {
        standing(desk) == "committed"
    });
    assert_eq!(desk.running(&with).len(), 1, "it counts as running");
    desk.wait(&mut [&mut keeper], 2 * THRESHOLD_MS);
    assert_eq!(desk.wanted(&with, "Escrow", "Stop").len(), 1);
    assert_eq!(standing(&desk), "committed");

    // ---- a human lets the keeper go on: what it had is handed in, and nothing done anew.
    desk.ask_node("devnode_resumeProduction", json!([]));
    desk.ask_node("evm_increaseTime", json!([SHORT_OUTAGE_SECS]));
    desk.ask_node("evm_mine", json!([]));
    desk.look(&mut keeper);
    desk.look(&mut keeper);
    fs::write(desk.folder(&with).join("go on"), "1\n").unwrap();
    desk.until(&mut keeper, 0, NodeState::PendingReview);
    assert_eq!(waits[0].begun(), 1);
}

#[test]
fn work_that_no_executor_had_room_for_is_given_up_when_its_mission_ends() {
    let (mut desk, waits) = raise(1);
    let with = With::first();
    let mut keeper = desk.keeper(&with);
    let asked = |desk: &Desk| -> Vec<Option<String>> {
        let wanted = desk.wanted(&with, "Router", "Do").into_iter();
        let of_work = wanted.filter(|(what, _)| what.contains("Invoke"));
        of_work.map(|(_, how)| how).collect()
    };
    desk.until_all(&mut [&mut keeper], "it is asked for", |desk| {
        asked(desk) == [None]
    });
    desk.abort();
    desk.until_all(&mut [&mut keeper], "it is given up", |desk| {
        asked(desk).iter().all(Option::is_some)
    });
    let how = asked(&desk);
    assert!(
        matches!(&how[..], [Some(how)] if how.contains("Refused") && how.contains("is over")),
        "{how:?}"
    );
    assert_eq!(waits[0].begun(), 0);
}

#[test]
fn what_an_earlier_version_left_as_running_of_an_ended_mission_is_known_as_over_once_the_chain_says_so()
 {
    let (mut desk, waits) = raise(1);
    let with = With::first();
    let mut keeper = desk.keeper(&with);
    waits[0].endless.store(1, Ordering::SeqCst);
    waits[0].begin();
    desk.until_all(&mut [&mut keeper], "it works", |desk| {
        desk.running(&with).len() == 1
    });
    let execution = desk.running(&with)[0];
    desk.abort();
    desk.until_all(&mut [&mut keeper], "nothing runs", |desk| {
        desk.running(&with).is_empty()
    });
    for _ in 0..3 {
        desk.look(&mut keeper);
    }
    drop(keeper);

    // ---- nobody looks at that mission any more.
    desk.began(&with, execution);
    assert_eq!(desk.running(&with), [execution]);
    let mut keeper = desk.keeper(&with);
    desk.until_all(&mut [&mut keeper], "nothing runs", |desk| {
        desk.running(&with).is_empty()
    });
}
