//! A session in which somebody claims collusion, a bid is sealed, and regulator and panel give a node to another than the best; then a
//! mission whose silent seat goes to the runner-up, and which ends while a dispute is open.

use agentcity_abi::{
    IAssembly, ICollaboration,
    document::{self, Preimages},
};
use agentcity_domain::{
    clerk::ClerkRole,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Mode, Seat, encode},
};
use agentcity_test_fixtures::{
    city::{Charter, Person, life::service_of},
    legislation::ranking,
    mission::{Plan, Stage, Task, seconds, stage::DEPOSIT, told},
};
use alloy::primitives::{B256, keccak256};

use super::{
    missions::{STAKE, done},
    support::{Said, Terminal},
};

/// A seat's price at most, in base units.
const PRICE: u128 = 300_000_000_000_000;

#[track_caller]
fn ok<T, E: std::fmt::Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|e| panic!("{e}"))
}

/// One proof, and a label on which two of three agree.
fn plan() -> Plan {
    Plan {
        name: "a contested award".to_owned(),
        tasks: vec![
            Task::proved("fetch", PRICE),
            Task::agreed("classify", 3 * PRICE, 3, 2, Mode::Exact),
        ],
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// As many candidates as there must be before rankings that are alike say anything (RULINGS R27).
const CANDIDATES: usize = 8;

/// Sponsors of each: as many as a proposal needs here.
const SPONSORS: usize = 5;

/// Proposals beside the bill, each with its sponsors: nobody votes for them.
fn rivals(stage: &mut Stage, session: B256) {
    let assembly = stage.city.address(Peer::Assembly);
    let agents = ok(stage.city.people("agent of a citizen", CANDIDATES));
    let sponsors: Vec<Person> = stage.electorate.iter().take(SPONSORS).cloned().collect();
    let mut proposals = Vec::new();
    for agent in &agents[1..] {
        let call = IAssembly::proposeCall {
            sessionId: session,
            statuteHash: keccak256(format!("what {} would do", agent.name)),
            contentAddress: keccak256(format!("where {} says it", agent.name)),
            domain: B256::ZERO,
            amends: B256::ZERO,
        };
        let sent = ok(stage.city.client.send(agent, assembly, &call));
        proposals.push(told::<IAssembly::Proposed>(&sent)[0].proposalId);
    }
    let pairs = proposals
        .iter()
        .flat_map(|proposal| sponsors.iter().map(|sponsor| (*proposal, sponsor)));
    let call = stage.sponsorships(&pairs.collect::<Vec<_>>());
    let courier = stage.sponsor.clone();
    ok(stage.city.client.send(&courier, assembly, &call));
}

/// A field of an event that was told in JSON.
#[track_caller]
fn field(said: &Said, event: &str, name: &str) -> String {
    let result = said.result();
    let mut events = result["events"].as_array().expect("events").iter();
    let found = events.find(|told| told["event"] == event);
    let found = found.unwrap_or_else(|| panic!("no {event}: {result}"));
    found["fields"][name].as_str().expect("a text").to_owned()
}

/// The words of `law bid` for an offer.
fn offer(stage: &Stage, executor: usize, node: u16, hundredths: u128) -> (Person, String) {
    let one = &stage.executors[executor];
    let tier = if node == 0 { 1 } else { 2 };
    let words = format!(
        "--service {} --code {} --price {} --stake {STAKE} --tier {tier}",
        one.service,
        service_of(&one.agent).codeHash,
        PRICE * hundredths / 100,
    );
    (one.agent.clone(), words)
}

#[test]
fn a_node_goes_to_another_than_the_best_and_a_seat_to_the_runner_up() {
    let mut stage = ok(Stage::raise(&Charter::default(), 5, 1));
    let claimant = ok(stage.city.person("claimant"));
    let stranger = ok(stage.city.person("stranger"));
    let regulator = stage.clerk(ClerkRole::Regulator);
    let mut t = Terminal::at(&stage.city);
    t.keep_both(&["law", "node", "mission"]);
    let workers: Vec<Person> = stage
        .executors
        .iter()
        .map(|one| one.agent.clone())
        .collect();
    for person in workers
        .iter()
        .chain([&claimant, &stranger, &stage.sponsor.clone()])
    {
        t.know(person);
    }
    ok(stage.bring_voters("citizen", CANDIDATES));
    let session = ok(stage.petition("a contested award"));
    t.call(session.to_string(), "session");
    let bill = ok(stage.propose(session, &plan()));
    rivals(&mut stage, session);
    let pages =
        ok(encode::statute(&bill.plan.drafts(), &bill.plan.predicates)
            .map_err(|e| format!("{e:?}")));
    let mut known = Preimages::default();
    for task in &bill.plan.tasks {
        known.add_terms(task.terms.clone());
    }
    let text = document::decode(&pages, &known)
        .expect("a document")
        .pretty();
    t.write("statute.jsonld", text);
    t.write("why.md", "The best runs what the runner-up runs.\n");

    t.chapter("Somebody claims that ballots are too much alike");
    ok(stage.pass_step(session));
    ok(stage.pass_step(session));
    let order: Vec<u8> = (0..CANDIDATES as u8).collect();
    let order = ranking(&order);
    let voters = stage.voters().into_iter();
    let ballots: Vec<_> = voters.map(|voter| (voter, order)).collect();
    ok(stage.commit(session, &ballots));
    ok(stage.pass_step(session));
    ok(stage.open(session, &ballots));
    ok(stage.pass_step(session));
    let claim = format!("law claim-collusion {session} 0,1,2,3,4");
    t.by(&claimant, &claim);
    done(&t.by(&claimant, &format!("credits deposit {DEPOSIT}")));
    t.by(&claimant, &format!("law claim-collusion {session} 4,3"));
    t.by(&claimant, &format!("{claim} --dry-run"));
    done(&t.by(&claimant, &format!("{claim} --json")));
    t.by(&claimant, &claim);
    t.run(&format!("law show {session}"));
    let until = ok(stage.election(session)).expiresAt.to();
    ok(stage.outlast(until));
    done(&t.by(&stranger, &format!("law step {session}")));
    t.by(&stranger, &format!("law tally {session}"));

    t.chapter("A bid is sealed, and opened when all are there");
    // All five executors, whom one plan of four seats does not name.
    let mut bids: Vec<Seat> = bill.plan.seats(&stage.executors, STAKE);
    bids.extend(bill.plan.seats(&stage.executors[1..], STAKE));
    ok(stage.identify(session, &bids));
    ok(stage.publish_bill(&bill));
    let (first, words) = offer(&stage, 1, 0, 90);
    done(&t.by(&first, &format!("law bid {session} 0 {words}")));
    let (hidden, sealed) = offer(&stage, 2, 0, 80);
    let bid = format!("law bid {session} 0 {sealed} --sealed salt.txt");
    t.by(&hidden, &format!("{bid} --dry-run"));
    let said = t.by(&hidden, &format!("{bid} --json"));
    let number = field(&said, "BidSealed", "bid");
    let until = said.result()["until"].as_u64().expect("a second");
    for (executor, hundredths) in [(3, 90), (4, 90), (0, 90), (1, 95)] {
        let (person, words) = offer(&stage, executor, 1, hundredths);
        done(&t.silently(Some(&person), &format!("law bid {session} 1 {words}")));
    }
    let open = format!(
        "law open-bid {session} 0 {number} --agent {} {sealed} --until {until} --salt salt.txt",
        hidden.address()
    );
    t.by(&stranger, &open);
    let closes = ok(stage.session(session)).expiresAt.to();
    ok(stage.outlast(closes));
    done(&t.by(&stranger, &format!("law close-bidding {session}")));
    let cheaper = open.replace("--price 240", "--price 239");
    t.by(&stranger, &cheaper);
    done(&t.by(&stranger, &open));
    t.by(&stranger, &open);

    t.chapter("Another than the best is chosen, and the panel countersigns");
    let from: u64 = ok(stage.session(session)).awardsFrom.to();
    ok(stage.outlast(from.saturating_sub(1)));
    let deviate = format!("law deviate {session} 0 --chosen 0 --justification why.md");
    t.by(&stranger, &deviate);
    done(&t.by(&stranger, &format!("law award {session} statute.jsonld")));
    done(&t.by(&regulator, &deviate));
    done(&t.run(&format!(
        "law countersign {session} 0 --chosen 0 --justification why.md --out award.json"
    )));
    t.run("override explain award.json");
    let panel = stage.city.adjudicators.clone();
    done(&t.by(&panel[0], "override sign award.json --out one.json"));
    done(&t.run("override merge award.json one.json"));
    done(&t.by(&stranger, "override submit award.json"));
    t.by(&regulator, &format!("law decide {session}"));
    done(&t.by(
        &stranger,
        &format!("law award {session} statute.jsonld --json"),
    ));
    // Beside the decision stand the bids that are rejected, which none that won can be, and what was found. Somebody else hands it in.
    let findings = "--flag 1:12:note:text:slow --flag 0:7:warning:file:why.md";
    t.by(&regulator, &format!("law decide {session} --reject 0:3"));
    let decide = format!("law decide {session} --reject {number}:3 {findings}");
    done(&t.by(&regulator, &format!("{decide} --out decision.json")));
    t.by(&stranger, "law relay decision.json decision.json");
    done(&t.by(&stranger, "law relay decision.json --dry-run"));
    let decided = t.by(&stranger, "law relay decision.json --json");
    done(&decided);
    t.by(&stranger, "law relay decision.json");
    t.run(&format!("law show {session}"));
    t.run(&format!("law show {session} --json"));
    let assignments = field(&decided, "RegulatoryDecided", "assignmentsHash");
    let assignments = ok(assignments.parse());
    ok(stage.codify(&bill, assignments));
    ok(stage.validate(&bill));
    ok(stage.approve_law(&bill, assignments));
    let mut law = ok(stage.read_law(&bill, 6));
    ok(stage.make_law(&mut law));
    let m = law.mission;
    t.call(m.to_string(), "mission");

    t.chapter("A silent seat goes to the runner-up");
    let [silent, next, _, one, two] = [0, 1, 2, 3, 4].map(|place| workers[place].clone());
    t.run(&format!("node show {m} 1"));
    done(&t.by(&one, &format!("node accept {m} 1")));
    done(&t.by(&two, &format!("node accept {m} 1")));
    let substitute = format!("node substitute {m} 1 2");
    t.by(&stranger, &substitute);
    let now = ok(stage.city.client.now());
    let window = seconds(P::AcceptanceWindowMs) + seconds(P::TimeoutGraceMs);
    ok(stage.outlast(now + window));
    done(&t.by(&stranger, &substitute));
    t.by(&stranger, &substitute);
    t.by(&silent, &format!("node accept {m} 1"));
    t.by(&next, &format!("node accept {m} 1 --json"));
    done(&t.by(&stranger, &format!("node route {m} 1 --as-registered")));

    t.chapter("The mission ends while a dispute is open");
    for (person, label) in [(&one, "spam"), (&two, "spam"), (&next, "ham")] {
        let sealed = format!("{}.json", person.name.replace(' ', "-"));
        let commit =
            format!("node commit {m} 1 --label {label} --trail text:trail --sealed {sealed}");
        done(&t.silently(Some(person), &commit));
    }
    for person in [&one, &two, &next] {
        let sealed = format!("{}.json", person.name.replace(' ', "-"));
        done(&t.silently(Some(&stranger), &format!("node reveal --sealed {sealed}")));
    }
    done(&t.by(&next, &format!("node dispute {m} 1 --grounds text:wrong")));
    let release = format!("node release-bond {m} 1 --attempt 0");
    t.by(&stranger, &release);
    let abort = ICollaboration::abortMissionCall {
        missionId: m,
        justificationHash: keccak256("nobody wants it any more"),
    };
    ok(stage.rule(Peer::Collaboration, &abort));
    t.by(&stranger, &format!("{release} --dry-run"));
    done(&t.by(&stranger, &release));
    t.by(&stranger, &release);
    t.run(&format!("mission exits {m} --open"));
    t.compare(snapbox::file!["transcripts/awards.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/awards.txt"]);
}
