//! The command line holds no secret knowledge: `scripts/three-tasks.sh`, which knows interfaces and addresses alone, brings a mission to the
//! same end as the verbs do.

use super::{
    missions::{STAKE, done, plan, terms},
    support::Terminal,
};
use agentcity_abi::{
    IAgent, ICollaboration, ITreasury, IVerification,
    document::{self, Preimages},
};
use agentcity_deploy::{
    Book,
    book::{CityEntry, Entry},
};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_test_fixtures::{
    Settings,
    city::{Charter, City, Person, life::GOOD_UNTIL},
    mission::{Law, Stage},
    tool::{Tool, workspace_dir},
};
use alloy::{
    primitives::{B256, hex, keccak256},
    sol_types::SolCall,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _, process::Command};

/// The city's name in the address book.
const NAME: &str = "three-tasks";

#[test]
fn a_script_that_knows_interfaces_and_addresses_alone_comes_to_the_same_end() {
    let charter = Charter {
        settings: Settings::lenient(),
        ..Charter::default()
    };
    let mut stage = Stage::raise(&charter, 4, 1).unwrap_or_else(|e| panic!("{e}"));
    let mut law = stage
        .legislate(&plan(), STAKE)
        .unwrap_or_else(|e| panic!("{e}"));
    law.mission = stage.foretell(law.session);
    let m = law.mission;
    let legislated = money(&mut stage, m);
    let taken = node(&mut stage, "evm_snapshot", json!([]));
    by_verbs(&mut stage, &law);
    let by_verbs = end(&mut stage, m);
    // The same mission once more, of which nothing happened yet.
    assert_eq!(node(&mut stage, "evm_revert", json!([taken])), true);
    assert_eq!(money(&mut stage, m), legislated);
    assert_eq!(by_script(&stage, &law).trim(), m.to_string());
    assert_eq!(end(&mut stage, m), by_verbs);
}

fn node(stage: &mut Stage, method: &str, arguments: Value) -> Value {
    let answer = stage.city.client.rpc().call(method, arguments);
    answer.unwrap_or_else(|e| panic!("{e}"))
}

/// Everybody's work at the command line, from the law to the last withdrawal.
fn by_verbs(stage: &mut Stage, law: &Law) {
    let t = Terminal::at(&stage.city);
    let m = law.mission;
    let by = |who: &Person, line: &str| done(&t.silently(Some(who), line));
    let sponsor = stage.sponsor.clone();
    let workers: Vec<Person> = (0..3)
        .flat_map(|node| stage.job(law, node).executors)
        .map(|executor| executor.agent)
        .collect();
    let [first, one, two, three, last] = &workers[..] else {
        panic!("{} seats", workers.len());
    };
    let mut known = Preimages::default();
    for task in &law.plan.tasks {
        known.add_terms(task.terms.clone());
    }
    let text = document::decode(&law.written.pages, &known);
    t.write("statute.jsonld", text.expect("a document").pretty());
    t.write("why.md", "It is what was asked for.\n");
    by(
        &sponsor,
        &format!("law deploy {} statute.jsonld --fund", law.session),
    );

    let law_of = "--document statute.jsonld --output text:output --trail text:trail";
    by(first, &format!("node route {m} 0 --as-registered"));
    by(
        first,
        &format!(
            "node submit {m} 0 {law_of} --input text:input --salt {}",
            keccak256("salt")
        ),
    );

    for (who, file) in [(one, "one.json"), (two, "two.json")] {
        by(
            who,
            &format!("node promise {m} 1 --deadline {GOOD_UNTIL} --out {file}"),
        );
    }
    by(&sponsor, "node accept-for one.json two.json");
    by(three, &format!("node accept {m} 1"));
    by(&sponsor, &format!("node route {m} 1 --as-registered"));
    for (who, file) in [(one, "sealed-one.json"), (two, "sealed-two.json")] {
        by(
            who,
            &format!("node commit {m} 1 --label spam --trail text:trail --sealed {file}"),
        );
    }
    by(
        three,
        &format!(
            "node sign {m} 1 --kind commit --label ham --trail text:trail --sealed sealed-three.json --deadline {GOOD_UNTIL} --out commit.json"
        ),
    );
    by(&sponsor, "node batch commit.json");
    for file in ["sealed-one.json", "sealed-two.json", "sealed-three.json"] {
        by(&sponsor, &format!("node reveal --sealed {file}"));
    }
    let record = IVerification::recordOfCall {
        missionId: m,
        node: 1,
        attempt: 0,
    };
    let until = ask(&mut stage.city, Peer::Verification, &record).disputeUntil;
    outlast(stage, until.to());
    by(&sponsor, &format!("node close {m} 1"));

    by(last, &format!("node route {m} 2 --as-registered"));
    by(
        last,
        &format!("node submit {m} 2 {law_of} --content ipfs://bafyreport"),
    );
    by(
        &sponsor,
        &format!(
            "override prepare decide-review {m} 2 --approved true --score 900 --justification why.md --out ruling.json"
        ),
    );
    let needed = t.ask(None, "override explain ruling.json")["needed"].clone();
    let signers = &stage.city.adjudicators[..needed.as_u64().unwrap_or(1) as usize];
    let mut signed = String::new();
    for (place, who) in signers.iter().enumerate() {
        let file = format!("signed-{place}.json");
        by(who, &format!("override sign ruling.json --out {file}"));
        signed += " ";
        signed += &file;
    }
    by(&sponsor, &format!("override merge ruling.json{signed}"));
    by(&sponsor, "override submit ruling.json");

    let wait = u64::from(ParameterId::ReconcileTimeoutSecs.row().default);
    let now = stage.city.client.now().unwrap_or_else(|e| panic!("{e}"));
    outlast(stage, now + wait);
    by(&sponsor, &format!("mission filter {m}"));
    let escrow = ITreasury::escrowCall { missionId: m };
    let free = ask(&mut stage.city, Peer::Treasury, &escrow).releaseAt;
    outlast(stage, free.to());
    let agents: BTreeMap<_, _> = workers.iter().map(|who| (who.address(), who)).collect();
    for (address, who) in agents {
        by(&sponsor, &format!("mission release {m} {address}"));
        by(who, "credits withdraw --from treasury");
    }
    by(&sponsor, &format!("mission refund {m}"));
    let owed = ITreasury::creditsCall {
        account: sponsor.address(),
    };
    if !ask(&mut stage.city, Peer::Treasury, &owed).is_zero() {
        by(&sponsor, "credits withdraw --from treasury");
    }
}

/// The same by the script. What it says.
fn by_script(stage: &Stage, law: &Law) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| {
        std::fs::write(folder.path().join(name), text).expect("a file is written");
    };
    let hexed = |pages: &[Vec<u8>]| {
        let lines = pages.iter().map(|page| hex::encode_prefixed(page) + "\n");
        lines.collect::<String>()
    };
    write("session", law.session.to_string());
    write("pages", hexed(&law.written.pages));
    write("seats", hexed(&law.written.seat_pages));
    let all: Vec<_> = law.plan.tasks.iter().map(|one| terms(&one.terms)).collect();
    write("terms.json", json!(all).to_string());
    let city = &stage.city;
    let books = folder.path().join("deployments");
    book(city).save(&books).expect("a book is written");
    let keys = |people: &[Person]| {
        let keys = people
            .iter()
            .map(|who| hex::encode_prefixed(who.signer().to_bytes()));
        keys.collect::<Vec<_>>().join(" ")
    };
    let workers: Vec<Person> = stage
        .executors
        .iter()
        .map(|one| one.agent.clone())
        .collect();
    let script = workspace_dir().join("scripts/three-tasks.sh");
    let output = Command::new("bash")
        .arg(script)
        .arg(folder.path())
        .env("CAST", Tool::Cast.find().unwrap_or_else(|e| panic!("{e}")))
        .env("RPC_URL", city.node.http_url())
        .env("DEPLOYMENTS", &books)
        .env("CITY", NAME)
        .env("WARP", "1")
        .env("SPONSOR_KEY", keys(std::slice::from_ref(&stage.sponsor)))
        .env("EXECUTOR_KEYS", keys(&workers))
        .env("PANEL_KEYS", keys(&city.adjudicators))
        .output()
        .expect("bash");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The address book that `agentcity deploy` would have written.
fn book(city: &City) -> Book {
    let member = |peer: Peer| {
        let entry = Entry {
            address: city.address(peer),
            codehash: B256::ZERO,
            version: 0,
        };
        (peer.name().to_owned(), entry)
    };
    let entry = CityEntry {
        constitution: city.address(Peer::Constitution),
        first_block: Some(1),
        members: Peer::ALL.into_iter().map(member).collect(),
    };
    Book {
        chain_id: city.client.chain_id(),
        programs: BTreeMap::new(),
        cities: BTreeMap::from([(NAME.to_owned(), entry)]),
    }
}

fn ask<C: SolCall>(city: &mut City, peer: Peer, call: &C) -> C::Return {
    let to = city.address(peer);
    city.client.ask(to, call).unwrap_or_else(|e| panic!("{e}"))
}

fn outlast(stage: &mut Stage, second: u64) {
    stage.outlast(second).unwrap_or_else(|e| panic!("{e}"));
}

/// Where the mission stands, but for instants.
fn end(stage: &mut Stage, m: B256) -> String {
    let (work, city) = (Peer::Collaboration, &mut stage.city);
    let found = ask(city, work, &ICollaboration::missionCall { missionId: m });
    assert_eq!(found.state, ICollaboration::MissionState::Completed);
    let digest = ask(
        city,
        work,
        &ICollaboration::completionDigestCall { missionId: m },
    );
    let mut text = format!(
        "{} nodes, {} completed, {} failed, {} refinements, digest {digest}\n",
        found.nodes, found.completed, found.failed, found.refinements
    );
    for index in 0..found.nodes {
        let call = ICollaboration::nodeCall {
            missionId: m,
            index,
        };
        let node = ask(city, work, &call);
        let _ = writeln!(
            text,
            "node {index}: {:?}, attempt {}, output {}",
            node.state, node.attempt, node.outputHash
        );
    }
    let escrow = ask(
        city,
        Peer::Treasury,
        &ITreasury::escrowCall { missionId: m },
    );
    let _ = writeln!(
        text,
        "escrow {:?}: {} deposited, {} allocated, {} settled, {} refunded",
        escrow.state, escrow.deposited, escrow.allocated, escrow.settled, escrow.refunded
    );
    text + &money(stage, m)
}

/// What everybody has, and is thought of.
fn money(stage: &mut Stage, m: B256) -> String {
    let people = stage.executors.iter().map(|one| one.agent.clone());
    let people: Vec<Person> = people.chain([stage.sponsor.clone()]).collect();
    let (treasury, city) = (Peer::Treasury, &mut stage.city);
    let parts = ask(city, treasury, &ITreasury::partsCall {});
    let booked = ask(city, treasury, &ITreasury::bookedCall {});
    let place = json!([city.address(treasury), "latest"]);
    let held = city.client.rpc().call("eth_getBalance", place);
    let mut text = format!("booked {booked}, held {:?}: {parts:?}\n", held.ok());
    for who in people {
        let account = who.address();
        let credits = ask(city, treasury, &ITreasury::creditsCall { account });
        let staked = ITreasury::lockedStakeCall {
            missionId: m,
            agent: account,
        };
        let staked = ask(city, treasury, &staked).amount;
        let score = IAgent::getReputationScoreCall { agent: account };
        let score = ask(city, Peer::Agent, &score);
        let _ = writeln!(
            text,
            "{}: credit {credits}, stake {staked}, reputation {score}",
            who.name
        );
    }
    text
}
