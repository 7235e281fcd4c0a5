//! A mission of three nodes, one of each tier, from its law to everybody's money: created, funded, worked on, disputed, reviewed, filtered
//! and cleared at the command line. Its law is made, and deployed, by the fixtures; so is the panel's ruling.

use super::support::{Said, Terminal};
use agentcity_abi::{ICollaboration, IGuardian, IVerification::NodeTerms};
use agentcity_domain::{peer::Peer, statute::Mode};
use agentcity_test_fixtures::{
    city::{Charter, Person, life::GOOD_UNTIL},
    mission::{Plan, Stage, Task, stage::DEPOSIT},
};
use alloy::primitives::{B256, keccak256};
use serde_json::{Value, json};

/// A seat's price and stake, in base units.
const PRICE: u128 = 300_000_000_000_000;
pub const STAKE: u128 = 200_000_000_000_000;

/// One task of each tier, each behind the one before it.
pub fn plan() -> Plan {
    Plan {
        name: "three tasks".to_owned(),
        tasks: vec![
            Task::proved("fetch", PRICE),
            Task::agreed("classify", 3 * PRICE, 3, 2, Mode::Exact),
            Task::reviewed("report", PRICE),
        ],
        edges: vec![(0, 1), (1, 2)],
        predicates: Vec::new(),
    }
}

/// What a digest commits to, as verbs take it.
pub fn terms(terms: &NodeTerms) -> Value {
    json!({
        "inputSchemaHash": terms.inputSchemaHash, "outputSchemaHash": terms.outputSchemaHash, "labelHash": terms.labelHash,
        "rubricHash": terms.rubricHash, "verifier": terms.verifier, "verifierCodehash": terms.verifierCodehash,
        "expected": terms.expected,
    })
}

/// The second from which on something may be done, as a node or mission says it.
fn expiry(stage: &mut Stage, mission: B256, index: u16) -> u64 {
    let call = ICollaboration::expiresAtCall {
        missionId: mission,
        index,
    };
    let to = stage.city.address(Peer::Collaboration);
    let until = stage.city.client.ask(to, &call);
    until.unwrap_or_else(|e| panic!("{e}")).to()
}

#[track_caller]
pub fn done(said: &Said) {
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn a_mission_is_worked_off_and_cleared() {
    let mut stage = Stage::raise(&Charter::default(), 4, 1).unwrap_or_else(|e| panic!("{e}"));
    let mut law = stage
        .legislate(&plan(), STAKE)
        .unwrap_or_else(|e| panic!("{e}"));
    let (sponsor, stranger) = (
        stage.sponsor.clone(),
        stage
            .city
            .person("stranger")
            .unwrap_or_else(|e| panic!("{e}")),
    );
    let workers: Vec<Person> = stage
        .executors
        .iter()
        .map(|one| one.agent.clone())
        .collect();
    let mut t = Terminal::at(&stage.city);
    t.keep_both(&["mission", "node"]);
    for person in workers.iter().chain([&sponsor, &stranger]) {
        t.know(person);
    }
    let (session, m) = (law.session, stage.foretell(law.session));
    t.call(session.to_string(), "session");
    t.call(m.to_string(), "mission");

    t.chapter("A mission is created and funded");
    t.run("mission list");
    t.run(&format!("mission show {m}"));
    t.by(&stranger, &format!("mission create {session}"));
    t.by(&sponsor, &format!("mission create {m}"));
    t.by(&sponsor, &format!("mission create {session} --dry-run"));
    done(&t.by(&sponsor, &format!("mission create {session}")));
    law.mission = m;
    t.run(&format!("mission exits {m}"));
    t.by(&stranger, &format!("mission abort {m}"));
    t.by(
        &stranger,
        &format!("mission fund {m} {PRICE} --from-credit"),
    );
    done(&t.by(&sponsor, &format!("mission fund {m} {}", 5 * PRICE)));
    let deployed = stage.deploy_whole(&mut law, &stranger);
    deployed.unwrap_or_else(|e| panic!("{e}"));
    t.run(&format!("mission show {m}"));
    t.run(&format!("mission show {m} --json"));

    t.chapter("Tier 1: a proof");
    let first = &workers[0];
    let (salt, commitment) = (keccak256("salt"), keccak256("nothing"));
    t.write("fetch.json", terms(&law.plan.tasks[0].terms).to_string());
    t.write("report.json", terms(&law.plan.tasks[2].terms).to_string());
    t.by(&stranger, &format!("node accept {m} 0"));
    t.by(first, &format!("node route {m} 0 --live {commitment}"));
    t.by(
        first,
        &format!("node route {m} 0 --as-registered --dry-run"),
    );
    t.by(first, &format!("node submit {m} 0 --terms fetch.json --output text:output --trail text:trail --input text:input --salt {salt}"));
    done(&t.by(first, &format!("node route {m} 0 --as-registered")));
    t.run(&format!("node show {m} 0"));
    t.run(&format!("mission exits {m}"));
    t.by(&stranger, &format!("node expire {m} 0"));
    done(&t.by(
        first,
        &format!("node announce {m} 0 --commitment text:result"),
    ));
    let submit =
        format!("node submit {m} 0 --output text:output --trail text:trail --input text:input");
    t.by(
        first,
        &format!("{submit} --salt {salt} --terms report.json"),
    );
    t.by(first, &format!("{submit} --terms fetch.json"));
    t.by(
        &stranger,
        &format!("{submit} --salt {salt} --terms fetch.json"),
    );
    done(&t.by(
        first,
        &format!("{submit} --salt {salt} --terms fetch.json --json"),
    ));

    t.chapter("The panel stops the mission, and lets it go on");
    let stop = IGuardian::triggerStopCall {
        missionId: m,
        evidenceHash: commitment,
    };
    let ruled = stage.rule(Peer::Guardian, &stop);
    ruled.unwrap_or_else(|e| panic!("{e}"));
    t.by(&workers[1], &format!("node route {m} 1 --as-registered"));
    t.run(&format!("mission exits {m}"));
    let shown = t.ask(None, &format!("mission exits {m}"));
    let until = shown["halts"][0]["overdueAfter"].as_u64();
    // Nothing but the end of the halt's maximum lets anybody out.
    let ways = shown["exits"].as_array().expect("exits");
    let dated: Vec<_> = ways
        .iter()
        .filter(|way| way["of"] == "mission" && !way["after"].is_null())
        .collect();
    assert!(
        dated
            .iter()
            .all(|way| way["after"].as_u64() == until && way["to"] == "ABORTED"),
        "{dated:?}"
    );
    let clear = IGuardian::clearStopCall { missionId: m };
    let ruled = stage.rule(Peer::Guardian, &clear);
    ruled.unwrap_or_else(|e| panic!("{e}"));

    t.chapter("Tier 2: three executors seal, reveal, and differ");
    let [_, one, two, three] = [0, 1, 2, 3].map(|at| workers[at].clone());
    for (person, file) in [(&one, "one.json"), (&two, "two.json")] {
        done(&t.by(
            person,
            &format!("node promise {m} 1 --deadline {GOOD_UNTIL} --out {file}"),
        ));
    }
    done(&t.by(&stranger, "node accept-for one.json two.json"));
    t.by(&stranger, &format!("node substitute {m} 1 2"));
    done(&t.by(&three, &format!("node accept {m} 1")));
    done(&t.by(&stranger, &format!("node route {m} 1 --as-registered")));
    let commit = |label: &str| format!("node commit {m} 1 --label {label} --trail text:trail");
    t.by(
        &one,
        &format!("node commit {m} 1 --set one.json --trail text:trail --sealed sealed-one.json"),
    );
    t.by(
        &one,
        &format!("{} --sealed sealed-one.json --dry-run", commit("spam")),
    );
    done(&t.by(
        &one,
        &format!("{} --sealed sealed-one.json", commit("spam")),
    ));
    t.by(&one, &format!("{} --sealed sealed-one.json", commit("ham")));
    t.by(
        &one,
        &format!("{} --sealed sealed-one.json", commit("spam")),
    );
    done(&t.by(
        &two,
        &format!("{} --sealed sealed-two.json --json", commit("spam")),
    ));
    t.by(&stranger, "node reveal --sealed sealed-one.json");
    t.by(&stranger, &format!("node close {m} 1"));
    // The third hands in by signature, which a stranger relays.
    done(&t.by(&three, &format!("node sign {m} 1 --kind commit --label ham --trail text:trail --sealed sealed-three.json --deadline {GOOD_UNTIL} --out commit.json")));
    done(&t.by(&stranger, "node batch commit.json"));
    t.by(&stranger, "node reveal --sealed sealed-one.json --dry-run");
    done(&t.by(&stranger, "node reveal --sealed sealed-one.json"));
    done(&t.by(&two, "node reveal --sealed sealed-two.json"));
    t.by(
        &three,
        &format!("node sign {m} 1 --kind reveal --sealed sealed-one.json --out reveal.json"),
    );
    done(&t.by(&three, &format!("node sign {m} 1 --kind reveal --sealed sealed-three.json --deadline {GOOD_UNTIL} --out reveal.json")));
    done(&t.by(&stranger, "node batch reveal.json"));
    t.run(&format!("node show {m} 1"));
    t.run(&format!("node show {m} 1 --json"));
    t.run(&format!("mission exits {m} --json"));

    t.chapter("A dispute that nobody decides");
    t.run(&format!("node review {m} 1"));
    t.by(
        &stranger,
        &format!("node dispute {m} 1 --grounds text:wrong"),
    );
    done(&t.by(&three, &format!("node dispute {m} 1 --grounds text:wrong")));
    t.run(&format!("node review {m} 1"));
    t.by(&stranger, &format!("node close {m} 1"));
    let until = expiry(&mut stage, m, 1);
    stage.outlast(until).unwrap_or_else(|e| panic!("{e}"));
    t.by(&stranger, &format!("node close {m} 1"));
    t.run(&format!("mission exits {m} --open"));
    done(&t.by(&stranger, &format!("node expire {m} 1")));
    let until = expiry(&mut stage, m, 1);
    stage.outlast(until).unwrap_or_else(|e| panic!("{e}"));
    done(&t.by(&stranger, &format!("node settle {m} 1")));

    t.chapter("Tier 3: a review");
    done(&t.by(first, &format!("node route {m} 2 --as-registered")));
    let output = "--output text:report --trail text:trail --content ipfs://bafyreport";
    t.by(first, &format!("node sign {m} 2 --kind review --output text:report --trail text:trail --out review.json"));
    done(&t.by(
        first,
        &format!(
            "node sign {m} 2 --kind review {output} --deadline {GOOD_UNTIL} --out review.json"
        ),
    ));
    t.by(&stranger, "node batch review.json");
    done(&t.by(&stranger, "node batch review.json --terms report.json"));
    t.run(&format!("node review {m} 2"));
    t.run(&format!("node review {m} 2 --json"));
    t.by(&stranger, &format!("mission filter {m}"));
    let job = stage.job(&law, 2);
    let ruled = stage.rule(Peer::Verification, &Stage::approval(&job));
    ruled.unwrap_or_else(|e| panic!("{e}"));

    t.chapter("The gate, and everybody's money");
    t.by(&stranger, &format!("mission filter {m}"));
    t.run(&format!("mission exits {m}"));
    t.by(&sponsor, &format!("mission refund {m}"));
    t.by(
        &sponsor,
        &format!("mission release {m} {}", first.address()),
    );
    let wait = u64::from(
        agentcity_domain::parameter::ParameterId::ReconcileTimeoutSecs
            .row()
            .default,
    );
    let now = stage.city.client.now().unwrap_or_else(|e| panic!("{e}"));
    stage.outlast(now + wait).unwrap_or_else(|e| panic!("{e}"));
    done(&t.by(&stranger, &format!("mission filter {m}")));
    t.run(&format!("mission watch {m} --for 5"));
    t.run(&format!("mission exits {m} --open"));
    t.by(
        &stranger,
        &format!("mission release {m} {}", first.address()),
    );
    let shown = t.ask(None, &format!("mission show {m}"));
    let free = shown["escrow"]["releaseAt"].as_u64().expect("a second");
    stage.outlast(free).unwrap_or_else(|e| panic!("{e}"));
    for person in &workers {
        done(&t.by(
            &stranger,
            &format!("mission release {m} {}", person.address()),
        ));
    }
    t.by(
        &stranger,
        &format!("mission release {m} {}", first.address()),
    );
    done(&t.by(&stranger, &format!("mission refund {m}")));
    t.by(&stranger, &format!("mission refund {m}"));
    t.run(&format!("mission exits {m}"));
    t.run(&format!("mission show {m}"));
    t.run("mission list --json");
    t.run(&format!("agent reputation {}", first.address()));
    done(&t.by(first, "credits withdraw --from treasury"));
    t.run("treasury show");
    t.run("treasury solvency --json");
    t.run("treasury stakes --value 100000");

    // What was sealed stands in its files alone.
    for file in ["sealed-one.json", "sealed-two.json", "sealed-three.json"] {
        let text = std::fs::read_to_string(t.file(file)).expect("a sealed file");
        let sealed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let salt = sealed["salt"].as_str().expect("a salt");
        assert!(!t.said(&salt[2..]), "the salt of {file} was told");
    }
    t.compare(snapbox::file!["transcripts/missions.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/missions.txt"]);
}

#[test]
fn a_mission_that_a_monitor_halts_is_left() {
    let mut stage = Stage::raise(&Charter::default(), 4, 1).unwrap_or_else(|e| panic!("{e}"));
    let mut law = stage
        .legislate(&plan(), STAKE)
        .unwrap_or_else(|e| panic!("{e}"));
    stage.make_law(&mut law).unwrap_or_else(|e| panic!("{e}"));
    let monitor = stage
        .bring_monitor("monitor")
        .unwrap_or_else(|e| panic!("{e}"));
    let m = law.mission;
    let workers: Vec<Person> = stage
        .executors
        .iter()
        .map(|one| one.agent.clone())
        .collect();
    let (first, sponsor) = (&workers[0], stage.sponsor.clone());
    let mut t = Terminal::at(&stage.city);
    t.keep_both(&["mission", "node"]);
    for person in workers.iter().chain([&sponsor, &monitor]) {
        t.know(person);
    }
    t.call(m.to_string(), "mission");

    t.chapter("A monitor counts what an executor does");
    done(&t.by(first, &format!("node route {m} 0 --as-registered")));
    let report = format!(
        "node report {m} 0 --agent {} --kind counters --evidence text:trace",
        first.address()
    );
    t.by(first, &format!("{report} --tool-invocations 41"));
    done(&t.by(&monitor, &format!("{report} --tool-invocations 41")));
    t.by(&monitor, &format!("{report} --tool-invocations 40"));
    done(&t.by(
        &monitor,
        &format!("{report} --tool-invocations 42 --message-volume 7 --json"),
    ));

    t.chapter("The log and the chain differ, and nobody decides");
    t.by(&monitor, &format!("mission reconcile {m} --root text:log"));
    t.by(first, &format!("mission diverges {m} --evidence text:log"));
    done(&t.by(&monitor, &format!("credits deposit {DEPOSIT}")));
    done(&t.by(
        &monitor,
        &format!("mission diverges {m} --evidence text:log"),
    ));
    t.by(&sponsor, &format!("mission release-bond {m}"));
    t.by(&sponsor, &format!("mission expire {m}"));
    let shown = t.ask(None, &format!("mission exits {m}"));
    let until = shown["halts"][0]["overdueAfter"].as_u64().expect("a halt");
    stage.outlast(until).unwrap_or_else(|e| panic!("{e}"));
    t.run(&format!("mission exits {m} --open"));
    done(&t.by(&sponsor, &format!("mission abort {m}")));
    done(&t.by(&sponsor, &format!("mission release-bond {m}")));
    t.by(&sponsor, &format!("mission release-bond {m}"));
    t.run(&format!("mission show {m}"));
    t.compare(snapbox::file!["transcripts/halted.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/halted.txt"]);
}
