//! Missions that follow from missions: a node that a mission of its own does, and a mission that takes a failed one's place. Their laws
//! are made, and deployed, by the fixtures; what becomes of them is said at the command line.

use agentcity_abi::{IAssembly::SessionKind, IEnactment};
use agentcity_domain::{peer::Peer, statute::Node};
use agentcity_test_fixtures::{
    city::{Charter, Person},
    mission::{Law, Plan, Stage, Task},
};
use alloy::primitives::{B256, keccak256};

use super::{
    missions::{STAKE, done, terms},
    support::Terminal,
};

/// A seat's price, in base units.
const PRICE: u128 = 300_000_000_000_000;

/// Life of the successor in seconds: it must outlive what it succeeds.
const LONGER: u64 = 4 * 86_400;

#[track_caller]
fn ok<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|e| panic!("{e}"))
}

fn plan(name: &str, tasks: Vec<Task>, edges: Vec<(u16, u16)>) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks,
        edges,
        predicates: Vec::new(),
    }
}

/// A session that derives from a mission, from its opening to law.
fn derive(stage: &mut Stage, (kind, law, node): (SessionKind, &Law, u16), plan: &Plan) -> Law {
    let session = ok(stage.convene(kind, law.mission, node));
    let bill = ok(stage.propose(session, plan));
    ok(stage.agree(session));
    let bids = plan.seats(&stage.executors[1..], STAKE);
    ok(stage.carry(&bill, &bids))
}

/// Whoever has the seat works a proved node off.
fn work(t: &mut Terminal, workers: &[Person], law: &Law, node: u16) {
    let m = law.mission;
    let shown = t.ask(None, &format!("node show {m} {node}"));
    let agent = shown["seats"][0]["agent"].as_str().expect("an agent");
    let mut workers = workers.iter();
    let worker = workers.find(|one| one.address().to_string() == agent);
    let worker = worker.expect("a worker").clone();
    let route = format!("node route {m} {node} --as-registered");
    done(&t.silently(Some(&worker), &route));
    let task = &law.plan.tasks[usize::from(node)];
    t.write("terms.json", terms(&task.terms).to_string());
    let submit = format!(
        "node submit {m} {node} --output text:output --trail text:trail --input text:input --salt {} --terms terms.json",
        keccak256("salt")
    );
    done(&t.silently(Some(&worker), &submit));
}

#[test]
fn a_child_does_a_nodes_work_and_a_successor_takes_over_what_failed() {
    let mut stage = ok(Stage::raise(&Charter::default(), 4, 1));
    let whole = plan(
        "a book",
        vec![
            Task::proved("chapter", 2 * PRICE),
            Task::proved("print", PRICE),
        ],
        vec![(0, 1)],
    );
    let law = ok(stage.enact(&whole, STAKE));
    let monitor = ok(stage.bring_monitor("monitor"));
    let stranger = ok(stage.city.person("stranger"));
    // Brings pages; the fixtures count its nonces, so that it types nothing.
    let courier = ok(stage.city.person("courier"));
    let sponsor = stage.sponsor.clone();
    let workers: Vec<Person> = stage
        .executors
        .iter()
        .map(|one| one.agent.clone())
        .collect();
    let mut t = Terminal::at(&stage.city);
    t.keep_both(&["mission", "node"]);
    for person in workers.iter().chain([&sponsor, &stranger, &monitor]) {
        t.know(person);
    }
    let m = law.mission;
    t.call(m.to_string(), "book");
    t.call(law.session.to_string(), "session of the book");

    t.chapter("A node is a mission of its own");
    let chapter = plan(
        "a chapter",
        vec![Task::proved("draft", PRICE), Task::proved("format", PRICE)],
        vec![(0, 1)],
    );
    let mut child = derive(&mut stage, (SessionKind::Child, &law, 0), &chapter);
    child.mission = stage.foretell(child.session);
    t.call(child.mission.to_string(), "chapter");
    t.call(child.session.to_string(), "session of the chapter");
    let (c, session) = (child.mission, child.session);
    t.by(&stranger, &format!("mission open-child {m} 0 {c}"));
    done(&t.by(&stranger, &format!("mission create {session}")));
    t.by(&stranger, &format!("mission open-child {m} 1 {c}"));
    t.by(
        &stranger,
        &format!("mission open-child {m} 0 {c} --dry-run"),
    );
    done(&t.by(&stranger, &format!("mission open-child {m} 0 {c}")));
    t.by(&stranger, &format!("mission open-child {m} 0 {c}"));
    ok(stage.deploy(&mut child, &courier, 1));
    ok(stage.seat(&mut child, &courier, 1));
    ok(stage.finalise(&mut child, &courier));
    t.run(&format!("mission show {c}"));
    for node in 0..2 {
        work(&mut t, &workers, &child, node);
    }
    t.by(&stranger, &format!("mission close-child {c}"));

    t.chapter("Its log is reconciled, and its gate opens");
    let root: B256 = keccak256("log");
    t.by(&stranger, &format!("mission reconcile {c} --root {root}"));
    done(&t.by(&monitor, &format!("mission reconcile {c} --root {root}")));
    t.by(
        &monitor,
        &format!("mission reconcile {c} --root {root} --json"),
    );
    done(&t.by(&stranger, &format!("mission filter {c}")));
    done(&t.by(&stranger, &format!("mission close-child {c} --json")));
    t.by(&stranger, &format!("mission close-child {c}"));
    t.run(&format!("mission show {m}"));

    t.chapter("What cannot be done as it is written is legislated anew");
    let fault = IEnactment::declareSpecificationFaultCall {
        missionId: m,
        node: 1,
        attempt: 0,
    };
    ok(stage.rule(Peer::Enactment, &fault));
    let imported = Task {
        node: Node {
            digest: law.plan.tasks[0].node.digest,
            ..Node::default()
        },
        terms: law.plan.tasks[0].terms.clone(),
    };
    let anew = plan(
        "a book, set before it is printed",
        vec![
            imported,
            Task::proved("set", PRICE),
            Task::proved("press", PRICE),
        ],
        vec![(0, 1), (1, 2)],
    );
    stage.life = LONGER;
    let mut next = derive(&mut stage, (SessionKind::Full, &law, 1), &anew);
    next.mission = stage.foretell(next.session);
    t.call(next.mission.to_string(), "second book");
    t.call(next.session.to_string(), "session of the second book");
    let n = next.mission;
    done(&t.by(&sponsor, &format!("mission create {}", next.session)));
    ok(stage.deploy(&mut next, &courier, 1));
    ok(stage.seat(&mut next, &courier, 1));
    let replace = format!("mission relegislate {m} {n} --import 0:0");
    t.by(&sponsor, &replace);
    let deadline = law.answer.missionDeadline.to();
    ok(stage.outlast(deadline));
    done(&t.by(&stranger, &format!("mission abort {m}")));
    t.by(&stranger, &replace);
    t.by(&sponsor, &format!("{replace} --dry-run"));
    done(&t.by(&sponsor, &replace));
    t.by(&sponsor, &replace);
    let shown = t.ask(None, &format!("mission show {n}"));
    let held: u128 = shown["escrow"]["deposited"]
        .as_str()
        .and_then(|amount| amount.parse().ok())
        .unwrap_or_else(|| panic!("{shown}"));
    let missing = next.written.budget - held;
    done(&t.by(&sponsor, &format!("mission fund {n} {missing}")));
    ok(stage.finalise(&mut next, &courier));
    for node in 1..3 {
        work(&mut t, &workers, &next, node);
    }
    t.run(&format!("mission show {n}"));
    t.run(&format!("mission show {m} --json"));
    t.run("mission list");
    t.compare(snapbox::file!["transcripts/derived.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/derived.txt"]);
}
