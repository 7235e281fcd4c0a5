//! What served executors do, and what a keeper with mirror, monitor and buffer makes of it, over HTTP and on a running chain: who floods is stopped
//! before anything is signed, whether or not the chain answers or anybody else does, and works again when the panel lets it; what both scorers
//! find strange is not handed in; and what others build on lies sealed until the chain has it for good. Keepers are raised from their files.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_abi::IGuardian::{self as guardian, ReportKind, UnfreezeKind};
use agentcity_domain::{machine::NodeState, parameter::ParameterId, peer::Peer};
use agentcity_executor::{
    protocol::{Failure, JobRequest, Text},
    server::{Halted, Recorder, Work},
};
use agentcity_keeper::vault::Kind as Sealed;
use agentcity_monitor::scorer::{Letters, Scorer};
use agentcity_test_fixtures::mission::{Charter, Plan, Task, result, told};
use alloy::primitives::keccak256;
use tokio::sync::Notify;

use crate::{
    daemon::PATIENCE,
    desk::{Desk, Host, LOOKS_MAX, With},
    freeze_story::{DEVIATING, usual},
    mission::PRICE,
    strait::{Passage, strait},
    talker::Script,
};

/// Looks in which something happens that is not held back.
const LOOKS: usize = 8;
const LAST: &[u8] = b"and another thing";

/// What tests see of an executor from outside.
#[derive(Debug, Default)]
struct Witnessed {
    begun: AtomicU64,
    /// Works that were ended before they were done.
    cut_off: AtomicU64,
}

struct Cut(Arc<Witnessed>);

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.cut_off.fetch_add(1, Ordering::SeqCst);
    }
}

/// One message more than any warning-free attempt may have.
fn flood() -> u32 {
    ParameterId::MaxMessageVolume.row().default + 1
}

/// When an executor floods the first time, if it does: then it says far too much, and would never end.
#[derive(Clone, Debug)]
enum Floods {
    Never,
    AtOnce,
    When(Arc<Notify>),
}

#[derive(Debug)]
struct Talks {
    floods: Floods,
    witnessed: Arc<Witnessed>,
}

impl Talks {
    async fn flood(&self, recorder: &Recorder) -> Result<Work, Halted> {
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        let _cut = Cut(Arc::clone(&self.witnessed));
        recorder.tool(&Text::cut("search"), b"fields", b"many")?;
        recorder.produced(b"{\"fields\":")?;
        if let Floods::When(begins) = &self.floods {
            begins.notified().await;
        }
        // Within its tokens: it is the messages that are too many.
        for number in 0..flood() {
            recorder.message(&me, &model, LAST, u32::from(number == 0))?;
        }
        std::future::pending().await
    }
}

impl Script for Talks {
    async fn work(&self, _: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        let is_first = self.witnessed.begun.fetch_add(1, Ordering::SeqCst) == 0;
        if is_first && !matches!(self.floods, Floods::Never) {
            return self
                .flood(&recorder)
                .await
                .map_err(|halted| halted.failure());
        }
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        let said = recorder.message(&me, &model, b"sorry", 1);
        said.map_err(|halted| halted.failure())?;
        Ok(Work {
            output: b"output".to_vec(),
            proof: result::proof().to_vec(),
        })
    }

    fn context(&self) -> Vec<u8> {
        "Which fields? — And another thing".into()
    }
}

/// As many tasks in a row, or beside each other, as there are executors, which flood as they are told. The monitor is bonded with the scorer
/// of letters.
fn raise(in_a_row: bool, floods: &[Floods]) -> (Desk, Vec<Arc<Witnessed>>) {
    let tasks = floods.len();
    let plan = Plan {
        name: "fields".to_owned(),
        tasks: (0..tasks)
            .map(|task| Task::proved(&format!("fields {task}"), PRICE))
            .collect(),
        edges: if in_a_row { vec![(0, 1)] } else { Vec::new() },
        predicates: Vec::new(),
    };
    let witnessed: Vec<Arc<Witnessed>> = (0..tasks).map(|_| Arc::default()).collect();
    let scripts = witnessed
        .iter()
        .zip(floods)
        .map(|(witnessed, floods)| Talks {
            floods: floods.clone(),
            witnessed: Arc::clone(witnessed),
        });
    let scorer = Letters::default().id().hash();
    let desk = Desk::raise(&Charter::default(), &plan, scripts.collect(), &[scorer]);
    (desk, witnessed)
}

/// The one snapshot that a keeper sealed, which hashes to the evidence of the one report.
fn snapshot(desk: &Desk, with: &With) -> serde_json::Value {
    let names = desk.sealed(with, Sealed::Snapshot);
    let [name] = &names[..] else {
        panic!("{names:?}");
    };
    let snapshot = desk.vault(with).get(Sealed::Snapshot, name).unwrap();
    let reports = desk.logged::<guardian::AnomalyReported>();
    assert_eq!(
        (reports.len(), reports[0].evidenceHash),
        (1, keccak256(&snapshot))
    );
    serde_json::from_slice(&snapshot).unwrap()
}

#[test]
fn who_floods_is_stopped_before_the_chain_knows_and_works_again_when_the_panel_lets_it() {
    let (mut desk, witnessed) = raise(false, &[Floods::AtOnce]);
    let witnessed = Arc::clone(&witnessed[0]);
    let stopped = || witnessed.cut_off.load(Ordering::SeqCst);
    let with = With {
        serves: vec![0],
        ..With::default()
    };

    // ---- the flood: stopped, sealed, reported, frozen.
    let mut first = desk.keeper(&with);
    desk.until(&mut first, 0, NodeState::Executing);
    for _ in 0..LOOKS_MAX {
        if stopped() == 1 {
            break;
        }
        let executing = NodeState::Executing.number();
        assert_eq!(desk.state(0), executing, "frozen while it ran on");
        desk.look(&mut first);
    }
    assert_eq!(stopped(), 1);
    desk.until(&mut first, 0, NodeState::Frozen);
    let sealed = snapshot(&desk, &with);
    let captured = &sealed["captured"];
    let count = |of: &str| captured[of].as_array().unwrap().len();
    let messages = usize::try_from(flood()).unwrap();
    assert_eq!((count("messages"), count("tools")), (messages, 1));
    assert_eq!(captured["last_step"], "and another thing");
    assert_eq!(captured["partial_output"], "{\"fields\":");
    assert_eq!(captured["tokens_used"], 1);
    assert_eq!(captured["context"], "Which fields? — And another thing");
    assert_eq!(sealed["measure"]["messages"], flood());

    // ---- the keeper dies, and the panel lifts the freeze meanwhile. One that cannot ask what is frozen routes nothing.
    drop(first);
    let frozen = desk.logged::<guardian::NodeFrozen>();
    let lift = guardian::unfreezeNodeCall {
        missionId: desk.law.mission,
        node: 0,
        freezeId: frozen[0].freezeId,
        kind: UnfreezeKind::Warning,
    };
    let act = desk.scene.act(Peer::Guardian, &lift);
    let lifted = desk.scene.decide(&act, &[0]);
    assert_eq!(told::<guardian::NodeUnfrozen>(&lifted).len(), 1);
    let guardian = format!("{:#x}", desk.scene.at(Peer::Guardian));
    let of_guardian =
        move |asked: &str| match asked.contains("eth_call") && asked.contains(&guardian) {
            true => Passage::Shut,
            false => Passage::Open,
        };
    let shut = strait(desk.url(), Arc::new(of_guardian));
    let mut blind = desk.keeper(&With {
        serves: vec![0],
        endpoint: Some(desk.runtime.block_on(shut)),
        ..With::default()
    });
    for _ in 0..LOOKS {
        desk.look(&mut blind);
    }
    let eligible = NodeState::Eligible.number();
    assert_eq!(desk.state(0), eligible, "routed unasked");
    drop(blind);

    // ---- one that can ask goes on: the same job, done anew, and in order.
    let mut seeing = desk.keeper(&with);
    desk.until(&mut seeing, 0, NodeState::Completed);
    let completed = desk.scene.node(&desk.law, 0).outputHash;
    assert_eq!(completed, keccak256(b"output"));
    assert_eq!((witnessed.begun.load(Ordering::SeqCst), stopped()), (2, 1));

    // ---- what is done runs no more, and is not told to run again.
    desk.scene.pass(1);
    desk.until_all(&mut [&mut seeing], "nothing runs", |desk| {
        desk.running(&with).is_empty()
    });
    for _ in 0..LOOKS {
        desk.look(&mut seeing);
    }
    assert!(desk.running(&with).is_empty());
}

#[test]
fn what_both_scorers_find_strange_is_not_handed_in_unless_the_roster_approved_another_scorer() {
    let (mut desk, _) = raise(false, &[Floods::Never, Floods::Never]);
    // One word where others write reports.
    let with = With {
        folder: "approved",
        serves: vec![0],
        scorer: Some("letters"),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Executing);
    for _ in 0..LOOKS {
        desk.look(&mut keeper);
    }
    // A lone monitor's opinion freezes nothing on chain, and hands nothing in.
    assert_eq!(desk.state(0), NodeState::Executing.number());
    assert!(desk.logged::<guardian::NodeFrozen>().is_empty());
    let sealed = snapshot(&desk, &with);
    assert_eq!(sealed["captured"]["partial_output"], "output");
    let sigma = ParameterId::DeviationThresholdSigma.row().default;
    assert!(sealed["measure"]["deviation"].as_u64().unwrap() > sigma.into());
    let reports = desk.logged::<guardian::AnomalyReported>();
    assert_eq!(reports[0].kind, ReportKind::Counters);

    // ---- a keeper that judges by another scorer than the one it is bonded with accuses nobody, and remembers what was completed.
    let with = With {
        folder: "other",
        serves: vec![1],
        scorer: Some("shape"),
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 1, NodeState::Completed);
    desk.look(&mut keeper);
    let windows = rusqlite::Connection::open(desk.folder(&with).join("windows")).unwrap();
    let taken = "SELECT COUNT(*) FROM heard WHERE completed IS NOT NULL";
    let taken = windows.query_row(taken, [], |row| row.get::<_, i64>(0));
    assert_eq!(taken, Ok(1));
}

#[test]
fn what_others_build_on_lies_sealed_until_the_chain_has_it_for_good() {
    const DEPTH: u64 = 40;
    let (mut desk, witnessed) = raise(true, &[Floods::Never, Floods::Never]);
    let mine = |desk: &mut Desk| (0..=DEPTH).for_each(|_| desk.scene.pass(1));
    // The law itself must lie so deep before anything is known of it.
    mine(&mut desk);
    let with = With {
        serves: vec![0, 1],
        escrow: Some(String::new()),
        depth: DEPTH,
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Completed);
    desk.until(&mut keeper, 1, NodeState::Executing);
    let names = desk.sealed(&with, Sealed::Output);
    let [name] = &names[..] else {
        panic!("{names:?}");
    };
    let sealed = desk.vault(&with).get(Sealed::Output, name).unwrap();
    assert_eq!(sealed, b"output");
    let begun = || witnessed[1].begun.load(Ordering::SeqCst);
    for _ in 0..LOOKS {
        desk.look(&mut keeper);
    }
    assert_eq!(begun(), 0, "built on what a reorganisation may take back");
    mine(&mut desk);
    desk.until(&mut keeper, 1, NodeState::Completed);
    assert_eq!(begun(), 1);
}

/// Says things one after the other, and is never done.
#[derive(Debug)]
struct Says(Vec<String>);

impl Script for Says {
    async fn work(&self, _: Arc<JobRequest>, recorder: Recorder) -> Result<Work, Failure> {
        let (me, model) = (Text::cut("me"), Text::cut("model"));
        for message in &self.0 {
            let said = recorder.message(&me, &model, message.as_bytes(), 1);
            said.map_err(|halted| halted.failure())?;
        }
        std::future::pending().await
    }
}

#[test]
fn who_says_what_both_scorers_find_strange_is_stopped_while_it_works_and_who_talks_as_usual_is_not()
{
    let plan = Plan {
        name: "fields".to_owned(),
        tasks: (0..2)
            .map(|task| Task::proved(&format!("fields {task}"), PRICE))
            .collect(),
        edges: Vec::new(),
        predicates: Vec::new(),
    };
    let usually: Vec<String> = (50..56).map(|round| usual(round, 1)).collect();
    let says = usually.len();
    let strangely = [usually.clone(), vec![DEVIATING.to_owned()]].concat();
    let scripts = vec![Says(strangely), Says(usually)];
    let scorer = Letters::default().id().hash();
    let mut desk = Desk::raise(&Charter::default(), &plan, scripts, &[scorer]);
    let with = With {
        serves: vec![0, 1],
        scorer: Some("letters"),
        hears: true,
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    let standings = |desk: &Desk| [0, 1].map(|node| desk.runtime.block_on(desk.standing(node)));
    let heard = |desk: &Desk| {
        let windows = rusqlite::Connection::open(desk.folder(&with).join("windows")).unwrap();
        let asked = "SELECT COUNT(*) FROM said WHERE node = 1";
        let heard = windows.query_row(asked, [], |row| row.get::<_, i64>(0));
        usize::try_from(heard.unwrap()).unwrap()
    };
    desk.until_all(
        &mut [&mut keeper],
        "one is stopped and the other heard",
        |desk| standings(desk)[0] == "stopped" && heard(desk) == says,
    );
    for _ in 0..LOOKS {
        desk.look(&mut keeper);
    }
    assert_eq!(standings(&desk), ["stopped", "running"]);
    let sealed = snapshot(&desk, &with);
    assert_eq!(sealed["captured"]["last_step"], DEVIATING);
    let sigma = ParameterId::DeviationThresholdSigma.row().default;
    assert!(sealed["measure"]["deviation"].as_u64().unwrap() > sigma.into());
}

impl Desk {
    /// A keeper works by itself until `story` is told, for longer than which nobody waits.
    fn works_until(&self, keeper: &mut Host, story: impl Future<Output = ()>) {
        self.runtime.block_on(async {
            tokio::select! {
                told = tokio::time::timeout(PATIENCE, story) => told.expect("it never came to that"),
                ended = keeper.run(&self.clock, std::future::pending()) => panic!("{ended:?}"),
            }
        });
    }

    async fn stands(&self, node: u16, standing: &str) {
        while self.standing(node).await != standing {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it was about is sealed, and that is recorded.
    async fn arrested(&self, with: &With) {
        let ended = || {
            let arrests = self.wanted(with, "Mirror", "Arrest");
            arrests.iter().any(|(_, how)| how.is_some())
        };
        while !ended() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What was sealed while no endpoint answered knows nothing of the chain, and nothing is on chain; when one answers, the report follows.
    fn reports_when_it_can(&mut self, with: &With) {
        assert!(self.logged::<guardian::AnomalyReported>().is_empty());
        assert_eq!(self.state(0), NodeState::Executing.number());
        let mut keeper = self.keeper(with);
        self.until(&mut keeper, 0, NodeState::Frozen);
        let sealed = snapshot(self, with);
        assert_eq!(sealed["measure"]["messages"], flood());
        assert_eq!(sealed["contract"]["at"], serde_json::Value::Null);
    }
}

async fn raised(flag: &AtomicBool) {
    while !flag.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The host waits for an endpoint that answers nothing any more; the flood comes while it does.
#[test]
fn who_floods_is_stopped_while_the_endpoint_holds_every_answer() {
    // What is sent stays open for so many blocks, and every pass of transactions asks for it.
    const DEPTH: u64 = 40;
    let begins = Arc::new(Notify::new());
    let (mut desk, witnessed) = raise(false, &[Floods::When(Arc::clone(&begins))]);
    let [armed, held, given_up, other] = [(); 4].map(|()| Arc::new(AtomicBool::new(false)));
    let judge = {
        let (armed, held, given_up) = (armed.clone(), held.clone(), given_up.clone());
        move |asked: &str| match (held.load(Ordering::SeqCst), armed.load(Ordering::SeqCst)) {
            (true, _) => Passage::Held(Arc::clone(&other)),
            // Nobody but the transaction manager asks that.
            (false, true) if asked.contains("eth_getTransactionCount") => {
                held.store(true, Ordering::SeqCst);
                Passage::Held(Arc::clone(&given_up))
            }
            (false, _) => Passage::Open,
        }
    };
    let way = desk.runtime.block_on(strait(desk.url(), Arc::new(judge)));
    (0..=DEPTH).for_each(|_| desk.scene.pass(1));
    let with = With {
        serves: vec![0],
        depth: DEPTH,
        ..With::default()
    };
    let mut keeper = desk.keeper(&With {
        endpoint: Some(way),
        ..with.clone()
    });
    desk.until(&mut keeper, 0, NodeState::Executing);
    desk.until_all(&mut [&mut keeper], "it works", |_| {
        witnessed[0].begun.load(Ordering::SeqCst) == 1
    });
    armed.store(true, Ordering::SeqCst);
    desk.works_until(&mut keeper, async {
        raised(&held).await;
        begins.notify_one();
        desk.stands(0, "stopped").await;
        let waits = !given_up.load(Ordering::SeqCst);
        assert!(waits, "it ran until the endpoint was given up");
        desk.arrested(&with).await;
    });
    drop(keeper);
    desk.reports_when_it_can(&with);
}

/// A keeper that dies, and begins again while no endpoint answers, knows what runs here without being told.
#[test]
fn who_floods_is_stopped_by_a_keeper_that_began_while_no_endpoint_answers() {
    let begins = Arc::new(Notify::new());
    let (mut desk, witnessed) = raise(false, &[Floods::When(Arc::clone(&begins))]);
    let with = With {
        serves: vec![0],
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    desk.until(&mut keeper, 0, NodeState::Executing);
    desk.until_all(&mut [&mut keeper], "it works", |_| {
        witnessed[0].begun.load(Ordering::SeqCst) == 1
    });
    drop(keeper);
    let [held, given_up] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let judge = {
        let held = Arc::clone(&held);
        move |_: &str| {
            held.store(true, Ordering::SeqCst);
            Passage::Held(Arc::clone(&given_up))
        }
    };
    let way = desk.runtime.block_on(strait(desk.url(), Arc::new(judge)));
    let mut keeper = desk.keeper(&With {
        endpoint: Some(way),
        ..with.clone()
    });
    desk.works_until(&mut keeper, async {
        raised(&held).await;
        begins.notify_one();
        desk.stands(0, "stopped").await;
        desk.arrested(&with).await;
    });
    drop(keeper);
    desk.reports_when_it_can(&with);
}

/// Neither the watch of an executor nor its stop waits for what another one does not answer.
#[test]
fn who_floods_is_stopped_while_another_executor_answers_nothing() {
    let [never, begins] = [(); 2].map(|()| Arc::new(Notify::new()));
    let floods = [never, Arc::clone(&begins)].map(Floods::When);
    let (mut desk, witnessed) = raise(false, &floods);
    let [mute, held, given_up] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
    let judge = {
        let (mute, held) = (Arc::clone(&mute), Arc::clone(&held));
        move |_: &str| match mute.load(Ordering::SeqCst) {
            true => {
                held.store(true, Ordering::SeqCst);
                Passage::Held(Arc::clone(&given_up))
            }
            false => Passage::Open,
        }
    };
    let (_, at) = &mut desk.served[0];
    *at = desk.runtime.block_on(strait(at.clone(), Arc::new(judge)));
    let with = With {
        serves: vec![0, 1],
        ..With::default()
    };
    let mut keeper = desk.keeper(&with);
    let begun = |place: usize| witnessed[place].begun.load(Ordering::SeqCst);
    desk.until_all(&mut [&mut keeper], "both work", |_| {
        [begun(0), begun(1)] == [1, 1]
    });
    mute.store(true, Ordering::SeqCst);
    desk.works_until(&mut keeper, async {
        raised(&held).await;
        begins.notify_one();
        desk.stands(1, "stopped").await;
    });
}
