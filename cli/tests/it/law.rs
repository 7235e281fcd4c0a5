//! `agentcity law`, `log` and `audit`: from a document to a mission that is law, by the command line alone.

use agentcity_abi::{
    IAssembly::Deliberation,
    ILegislature,
    document::{self, Preimages},
};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::encode};
use agentcity_test_fixtures::{
    city::{Charter, Person, life::service_of},
    mission::{Plan, Stage, Task},
};
use alloy::primitives::{B256, keccak256};
use snapbox::{assert_data_eq, str};

use crate::shell::{Said, Shell};

/// What a task may cost at most, in base units.
const BUDGET: u128 = 1_000_000_000_000_000;

/// What is staked on a seat, in base units.
const STAKE: &str = "200000000000000";

/// Two tasks that are proved, and one that needs both, on which two of three executors agree.
fn plan() -> Plan {
    Plan {
        name: "three tasks".into(),
        tasks: vec![
            Task::proved("fetch", BUDGET),
            Task::proved("parse", BUDGET),
            Task::agreed(
                "judge",
                3 * BUDGET,
                3,
                2,
                agentcity_domain::statute::Mode::Exact,
            ),
        ],
        edges: vec![(0, 2), (1, 2)],
        predicates: Vec::new(),
    }
}

/// A city with its people, and the program beside it.
struct Forum {
    stage: Stage,
    shell: Shell,
}

impl Forum {
    fn raise() -> Self {
        let stage = Stage::raise(&Charter::default(), 5, 1).unwrap();
        let mut shell = Shell::of(&stage.city);
        shell.name(stage.sponsor.address(), "SPONSOR");
        shell.name(stage.proposer.address(), "PROPOSER");
        for (place, executor) in stage.executors.iter().enumerate() {
            shell.name(executor.agent.address(), &format!("EXECUTOR {place}"));
            shell.name(executor.principal.address(), &format!("OWNER {place}"));
        }
        for (name, text) in [
            ("subject.md", "What the city reads.\n"),
            ("evidence.md", "It reads too little.\n"),
            ("speech.md", "Let it read more.\n"),
            ("reasons.md", "It knows little.\n"),
            ("challenge.md", "Who is there?\n"),
            ("rationale.md", "Three tasks are enough.\n"),
            ("schema.json", "{}\n"),
            ("ballot.txt", "# the only one\n0\n"),
        ] {
            shell.write(name, text);
        }
        Self { stage, shell }
    }

    /// Somebody runs the program, and it is done.
    #[track_caller]
    fn does(&self, by: &Person, args: &[&str]) -> String {
        self.shell.run_as(Some(by), args).done()
    }

    /// The value of a field of an event of what somebody did.
    #[track_caller]
    fn told(&self, by: &Person, args: &[&str], event: &str, field: &str) -> String {
        let args = [args, &["--json"]].concat();
        let result = self.shell.run_as(Some(by), &args).result();
        let events = result["events"].as_array().unwrap();
        let found = events.iter().find(|told| told["event"] == event);
        found.unwrap_or_else(|| panic!("{result}"))["fields"][field]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn run(&self, args: &[&str]) -> Said {
        self.shell.run(args)
    }

    /// The step of a deliberation is over.
    fn pass(&mut self, session: &str) {
        let id: B256 = session.parse().unwrap();
        let until = self.stage.election(id).unwrap().expiresAt.to();
        self.stage.outlast(until).unwrap();
        self.does(&self.stage.sponsor, &["law", "step", session]);
    }
}

#[test]
fn a_document_becomes_a_mission_by_the_command_line_alone() {
    let mut forum = Forum::raise();
    let (sponsor, proposer) = (forum.stage.sponsor.clone(), forum.stage.proposer.clone());
    let voters = forum.stage.voters();

    // A petition with enough names opens a session.
    let petition = forum.told(
        &voters[0],
        &["law", "petition", "subject.md"],
        "PetitionOpened",
        "petitionId",
    );
    for voter in &voters[1..] {
        let opened = forum
            .shell
            .run_as(Some(&sponsor), &["law", "open", &petition, "--dry-run"]);
        if opened.text().contains("would") {
            break;
        }
        forum.does(voter, &["law", "endorse", &petition]);
    }
    let session = forum.told(
        &sponsor,
        &["law", "open", &petition],
        "SessionOpened",
        "sessionId",
    );
    let session = session.as_str();

    // What is proposed is a document.
    let mut plan = plan();
    plan.commit_to(forum.stage.foretell(session.parse().unwrap()));
    let pages = encode::statute(&plan.drafts(), &plan.predicates).unwrap();
    let mut known = Preimages::default();
    for task in &plan.tasks {
        known.add_terms(task.terms.clone());
    }
    let text = document::decode(&pages, &known).unwrap().pretty();
    forum.shell.write("statute.jsonld", &text);
    forum.shell.write(
        "broken.jsonld",
        &text.replacen("\"timeoutMs\": ", "\"timeoutMs\": -", 2),
    );
    forum.shell.write(
        "hasty.jsonld",
        &text.replacen("\"timeoutMs\": ", "\"timeoutMs\": 1", 1),
    );
    assert_data_eq!(
        forum.run(&["law", "check", "statute.jsonld"]).done(),
        str![[r#"
judged      may be law by epoch 1
statute     [HASH]
address     bafkreieerjmpazoy6eks3pig6a3tar6klqlikaubtip37rlowdse7vpuya
nodes       3
budget      5000000000000000 base units
tokens      30
predicates  0
terms       known of 3 nodes
pages       1 (170 bytes)

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["law", "check", "statute.jsonld", "--offline", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"budget":"5000000000000000","contentAddress":"bafkreieerjmpazoy6eks3pig6a3tar6klqlikaubtip37rlowdse7vpuya","contentWord":"[HASH]","epoch":null,"nodes":3,"pageBytes":[170],"predicates":0,"statuteHash":"[HASH]","termsKnown":3,"tokens":"30"},"version":1}

"#]]
    );
    assert_data_eq!(
        forum.run(&["law", "check", "broken.jsonld"]).refused(3),
        str![[r#"
error: broken.jsonld:29:20 $.dagNodes[0].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295
broken.jsonld:45:20 $.dagNodes[1].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295
exit 3

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["law", "check", "broken.jsonld", "--json"])
            .refused(3),
        str![[r#"
{"error":{"code":"law/malformed","message":"broken.jsonld:29:20 $.dagNodes[0].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295/nbroken.jsonld:45:20 $.dagNodes[1].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295","problems":[{"column":20,"found":"-60000","line":29,"path":"$.dagNodes[0].timeoutMs","wanted":"a whole number of milliseconds from 0 to 4294967295"},{"column":20,"found":"-60000","line":45,"path":"$.dagNodes[1].timeoutMs","wanted":"a whole number of milliseconds from 0 to 4294967295"}]},"ok":false,"version":1}
error: broken.jsonld:29:20 $.dagNodes[0].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295
broken.jsonld:45:20 $.dagNodes[1].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295
exit 3

"#]]
    );
    assert_data_eq!(
        forum.run(&["law", "check", "hasty.jsonld"]).refused(3),
        str![[r#"
error: hasty.jsonld:29:20 $.dagNodes[0].timeoutMs: found 160000, wanted 1000 to 60000 milliseconds
exit 3

"#]]
    );

    let domain = keccak256("research").to_string();
    let propose = [
        "law",
        "propose",
        session,
        "statute.jsonld",
        "--domain",
        &domain,
    ];
    let proposal = forum.told(&proposer, &propose, "Proposed", "proposalId");
    for voter in &voters {
        let args = ["law", "sponsor", &proposal, "--json"];
        let result = forum.shell.run_as(Some(voter), &args).result();
        let fields = &result["events"][0]["fields"];
        if fields["sponsors"] == fields["needed"] {
            break;
        }
    }
    assert_data_eq!(
        forum.run(&["law", "show", session]).done(),
        str![[r#"
deliberation step              Proposing
deliberation failed            false
deliberation kind              Mission
deliberation epoch             1
deliberation legislativeEpoch  1
deliberation expiresAt         [INSTANT]
deliberation enrolled          6
deliberation commits           0
deliberation reveals           0
deliberation proposals         1
deliberation candidates        1
deliberation origin            [HASH]
deliberation node              0
deliberation winner            [HASH]
session                        not there yet
law                            not there yet

"#]]
    );
    forum.pass(session);

    // Evidence, a straw poll, an order to speak in, a speech.
    let regulator = forum.stage.city.clerks[2].agent.clone();
    assert_data_eq!(
        forum.does(&regulator, &["law", "evidence", session, "evidence.md"]),
        str![[r#"
done         open the debate with evidence
transaction  [HASH]
block [..]
gas [..]
event        OperationValidated (clerk [ADDRESS], operation 3, subject [HASH], used 1)
event        EvidenceRecorded (sessionId [HASH], clerk [ADDRESS], evidenceHash [HASH], contentAddress [HASH])

"#]]
    );
    assert_data_eq!(
        forum.does(&voters[0], &["law", "poll", session, "0"]),
        str![[r#"
done         vote for proposal 0 in the straw poll
transaction  [HASH]
block [..]
gas [..]
event        StrawVoted (sessionId [HASH], principal [OWNER 0], proposal 0)

"#]]
    );
    let rounds = u64::from(forum.stage.city.number(P::DeliberationRounds).unwrap());
    let round = u64::from(forum.stage.city.number(P::DeliberationRoundMs).unwrap()) / 1_000;
    let id: B256 = session.parse().unwrap();
    let until: u64 = forum.stage.election(id).unwrap().expiresAt.to();
    forum.stage.outlast(until - rounds * round).unwrap();
    forum.does(&sponsor, &["law", "draw", session]);
    let speak = [
        "law",
        "speak",
        session,
        "--round",
        "1",
        "--statement",
        "speech.md",
        "--reasons",
        "reasons.md",
    ];
    let spoke = voters.iter().any(|voter| {
        forum
            .shell
            .run_as(Some(voter), &speak)
            .text()
            .contains("done")
    });
    assert!(spoke, "the first speaker of the order is one of the voters");
    forum.pass(session);

    // Ballots are texts, sealed with salts of files.
    forum.shell.write("wrong.txt", "0\n1\n");
    assert_data_eq!(
        forum
            .shell
            .run_as(
                Some(&voters[0]),
                &["law", "vote", session, "wrong.txt", "--salt", "salt-0"]
            )
            .refused(3),
        str![[r#"
error: wrong.txt:2: `1` is no candidate of 1: name every candidate once, the best first, one a line: its number, or its proposal
exit 3

"#]]
    );
    for (place, voter) in voters.iter().enumerate() {
        let salt = format!("salt-{place}");
        forum.does(
            voter,
            &["law", "vote", session, "ballot.txt", "--salt", &salt],
        );
    }
    forum.pass(session);
    for (place, voter) in voters.iter().enumerate() {
        let salt = format!("salt-{place}");
        forum.does(
            voter,
            &["law", "reveal", session, "ballot.txt", "--salt", &salt],
        );
    }
    forum.pass(session);
    assert_data_eq!(
        forum.does(&sponsor, &["law", "tally", session]),
        str![[r#"
done         count ballots
transaction  [HASH]
block [..]
gas [..]
event        TallyAdvanced (sessionId [HASH], counted 6, reveals 6)
event        BallotDecided (sessionId [HASH], proposalId [HASH], scores [HASH], stage Copeland)
event        DeliberationChanged (sessionId [HASH], step Decided, expiresAt [INSTANT])

"#]]
    );
    assert_eq!(
        forum.stage.election(id).unwrap().step,
        Deliberation::Decided
    );

    // Who takes part, and with what.
    let clerks = forum.stage.city.clerks.clone();
    forum.does(
        &clerks[0].agent,
        &[
            "law",
            "request-identity",
            session,
            "--challenge",
            "challenge.md",
        ],
    );
    let executors = forum.stage.executors.clone();
    let attesting = clerks.iter().map(|pair| (&pair.agent, &pair.principal));
    let attesting = attesting.chain(executors.iter().map(|one| (&one.agent, &one.principal)));
    for (agent, principal) in attesting {
        let principal = principal.address().to_string();
        forum.does(
            agent,
            &[
                "law",
                "attest",
                session,
                "--challenge",
                "challenge.md",
                "--principal",
                &principal,
            ],
        );
    }
    forum.does(&sponsor, &["law", "confirm", session]);
    let end = (forum.stage.city.client.now().unwrap() / 3_600 + 24) * 3_600;
    let end = end.to_string();
    let publish = [
        "law",
        "publish",
        session,
        "statute.jsonld",
        "--rationale",
        "rationale.md",
        "--mission-deadline",
        &end,
    ];
    forum.does(&clerks[1].agent, &publish);

    // Bids, one of them sealed.
    let seats = plan.seats(&executors, 1);
    for (place, seat) in seats.iter().enumerate() {
        let executor = executors
            .iter()
            .find(|one| one.agent.address() == seat.agent)
            .unwrap();
        let (node, price) = (seat.node.to_string(), seat.price.to_string());
        let service = seat.service.to_string();
        let code = service_of(&executor.agent).codeHash.to_string();
        let tier = plan.tasks[usize::from(seat.node)].node.tier.to_string();
        let bid = [
            "law",
            "bid",
            session,
            &node,
            "--service",
            &service,
            "--code",
            &code,
            "--price",
            &price,
            "--stake",
            STAKE,
            "--tier",
            &tier,
        ];
        if place == 0 {
            let sealed = [&bid[..], &["--sealed", "bid-salt", "--dry-run"]].concat();
            assert_data_eq!(
                forum.does(&executor.agent, &sealed),
                str![[r#"
would  seal a bid for node 0, to be opened with --until [INSTANT]
from   [EXECUTOR 0]
to     [legislature]
value  0 wei
data   [BYTES]
gas [..]

"#]]
            );
            assert_data_eq!(
                forum.does(&executor.agent, &bid),
                str![[r#"
done         bid for node 0
transaction  [HASH]
block [..]
gas [..]
event        BidPlaced (sessionId [HASH], node 0, agent [EXECUTOR 0], bid 0, serviceId [HASH], price 1000000000000000, stake 200000000000000, latencyMs 1000, matchPermille 0, tierAcceptance 1)
event        StakeReserved (sessionId [HASH], source [HASH], agent [EXECUTOR 0], amount 200000000000000)

"#]]
            );
        } else {
            forum.does(&executor.agent, &bid);
        }
    }
    let record = ILegislature::sessionCall { sessionId: id };
    let legislature = forum.stage.city.address(Peer::Legislature);
    let until: u64 = forum
        .stage
        .city
        .client
        .ask(legislature, &record)
        .unwrap()
        .expiresAt
        .to();
    forum.stage.outlast(until).unwrap();
    forum.does(&sponsor, &["law", "close-bidding", session]);
    assert_data_eq!(
        forum.does(&sponsor, &["law", "award", session, "statute.jsonld"]),
        str![[r#"
done         award nodes 0 to 2
transaction  [HASH]
block [..]
gas [..]
event        NodeAwarded (sessionId [HASH], node 0, bids [0], scores [0], runnerUp 0)
event        NodeAwarded (sessionId [HASH], node 1, bids [1], scores [0], runnerUp 0)
event        NodeAwarded (sessionId [HASH], node 2, bids [2, 3, 4], scores [0, 0, 0], runnerUp 0)
event        AwardCompleted (sessionId [HASH], assignmentsHash [HASH], fairness 1000, seats 5, bidders 5)

"#]]
    );
    assert_data_eq!(
        forum.does(&clerks[2].agent, &["law", "decide", session]),
        str![[r#"
done         decide for the award, of fairness 1000 permille
transaction  [HASH]
block [..]
gas [..]
event        OperationValidated (clerk [ADDRESS], operation 5, subject [HASH], used 2)
event        RegulatoryDecided (sessionId [HASH], clerk [ADDRESS], assignmentsHash [HASH], fairness 1000, approvals 1, needed 1)
event        SessionStateChanged (sessionId [HASH], from RegulatoryReview, to Codification, expiresAt [INSTANT])

"#]]
    );

    // Template, code, pages, approvals.
    let template = keccak256("general").to_string();
    forum.does(
        &clerks[3].agent,
        &[
            "law",
            "template",
            &template,
            "--template-version",
            "1",
            "--schema",
            "schema.json",
            "--nodes-max",
            "100",
            "--tiers",
            "1,2,3",
            "--risk",
            "high",
        ],
    );
    forum.does(
        &clerks[3].agent,
        &[
            "law",
            "codify",
            session,
            "--template",
            &template,
            "--template-version",
            "1",
        ],
    );
    forum.does(&sponsor, &["law", "validate", session, "statute.jsonld"]);
    forum.does(
        &clerks[1].agent,
        &["law", "approve", session, "--role", "speaker"],
    );
    forum.does(
        &clerks[2].agent,
        &["law", "approve", session, "--role", "regulator"],
    );
    assert_data_eq!(
        forum.run(&["law", "show", session, "--json"]).done(),
        str![[r#"
{"ok":true,"result":{"deliberation":{"candidates":1,"commits":6,"enrolled":6,"epoch":1,"expiresAt":[INSTANT],"failed":false,"kind":"Mission","legislativeEpoch":1,"node":0,"origin":"[HASH]","proposals":1,"reveals":6,"step":"Decided","winner":"[HASH]"},"law":{"approved":true,"assignmentsHash":"[HASH]","audited":false,"budget":5000000000000000,"domain":"[HASH]","epoch":1,"fairness":1000,"fairnessWaived":false,"kind":"Mission","missionDeadline":[INSTANT],"missionId":"[HASH]","node":0,"nodes":3,"sponsor":"[SPONSOR]","statuteHash":"[HASH]"},"session":{"awardsFrom":0,"bids":5,"domain":"[HASH]","epoch":1,"expiresAt":0,"kind":"Mission","legislativeEpoch":1,"missionBudget":5000000000000000,"missionDeadline":[INSTANT],"missionId":"[HASH]","node":0,"nodes":3,"regulators":1,"reproposals":0,"roles":15,"sponsor":"[SPONSOR]","state":"Deployed","statuteHash":"[HASH]","tokenBudget":30,"winner":"[HASH]"}},"version":1}

"#]]
    );

    // The mission.
    let deploy = ["law", "deploy", session, "statute.jsonld"];
    assert_data_eq!(
        forum.does(&sponsor, &deploy),
        str![[r#"
mission      [HASH]
waits        0 of 5000000000000000 base units that its nodes may cost are there
next         agentcity mission fund, then the same again; or --fund here
done         create mission [HASH]
transaction  [HASH]
block [..]
gas [..]
event        MissionCreated (missionId [HASH], sponsor [SPONSOR], sessionId [HASH], statuteHash [HASH], nodes 3)
event        EscrowOpened (missionId [HASH], sponsor [SPONSOR], epoch 1)

"#]]
    );
    assert_data_eq!(
        forum.shell.run_as(Some(&sponsor), &deploy).refused(3),
        str![[r#"
error: mission [HASH] waits: 0 of 5000000000000000 base units that its nodes may cost are there: `agentcity mission fund`, or --fund here
exit 3

"#]]
    );
    assert_data_eq!(
        forum.does(
            &sponsor,
            &["law", "deploy", session, "statute.jsonld", "--fund"]
        ),
        str![[r#"
mission      [HASH]
done         pay 5000000000000000 base units for mission [HASH]
transaction  [HASH]
block [..]
gas [..]
event        MissionFunded (missionId [HASH], payer [SPONSOR], amount 5000000000000000)
done         bring pages 0 to 0
transaction  [HASH]
block [..]
gas [..]
event        TrancheDeployed (missionId [HASH], tranche 0, firstNode 0, nodes 3, pages [[ADDRESS]])
done         bring pages of seats 0 to 0
transaction  [HASH]
block [..]
gas [..]
event        SeatsDeployed (missionId [HASH], tranche 0, firstNode 0, pages [[ADDRESS]])
event        StakeLocked (missionId [HASH], agent [EXECUTOR 0], source [HASH], amount 200000000000000)
event        StakeLocked (missionId [HASH], agent [EXECUTOR 1], source [HASH], amount 200000000000000)
event        StakeLocked (missionId [HASH], agent [EXECUTOR 2], source [HASH], amount 200000000000000)
event        StakeLocked (missionId [HASH], agent [EXECUTOR 3], source [HASH], amount 200000000000000)
event        StakeLocked (missionId [HASH], agent [EXECUTOR 4], source [HASH], amount 200000000000000)
event        ObligationOpened (agent [EXECUTOR 0], open 1)
event        ObligationOpened (agent [EXECUTOR 1], open 1)
event        ObligationOpened (agent [EXECUTOR 2], open 1)
event        ObligationOpened (agent [EXECUTOR 3], open 1)
event        ObligationOpened (agent [EXECUTOR 4], open 1)
done         make mission [HASH] law
transaction  [HASH]
block [..]
gas [..]
event        DeploymentFinalised (missionId [HASH], statuteHash [HASH], assignmentsHash [HASH], epoch 1, deadline [INSTANT])
event        BudgetAllocated (missionId [HASH], allocated 5000000000000000)
event        MissionStateChanged (missionId [HASH], from PENDING, to ACTIVE, reason Succeeded)
event        NodeEligible (missionId [HASH], node 0, attempt 0)
event        NodeEligible (missionId [HASH], node 1, attempt 0)

"#]]
    );
    assert_data_eq!(
        forum
            .shell
            .run_as(
                Some(&sponsor),
                &["law", "deploy", session, "statute.jsonld"]
            )
            .refused(3),
        str![[r#"
error: mission [HASH] is Active already: `agentcity mission show` tells more
exit 3

"#]]
    );
    let mission = forum.stage.foretell(id).to_string();

    // What happened, and who is bound to what.
    assert_data_eq!(
        forum
            .run(&[
                "log",
                "query",
                "--mission",
                &mission,
                "--contract",
                "collaboration"
            ])
            .done(),
        str![[r#"
block [..]
[..]    collaboration  MissionCreated (missionId [HASH], sponsor [SPONSOR], sessionId [HASH], statuteHash [HASH], nodes 3)
[..]    collaboration  MissionStateChanged (missionId [HASH], from PENDING, to ACTIVE, reason Succeeded)
[..]    collaboration  NodeEligible (missionId [HASH], node 0, attempt 0)
[..]    collaboration  NodeEligible (missionId [HASH], node 1, attempt 0)

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["log", "query", "--event", "Sealed", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"events":[{"block":0,"contract":"constitution","emitter":"[constitution]","event":"Sealed","fields":{"digest":"[HASH]","members":"[[constitution], [agent], [management], [service], [legislature], [collaboration], [treasury], [adjudication], [verification], [guardian], [assembly], [statute], [enactment], [roster]]","signers":"[[ADDRESS], [ADDRESS], [ADDRESS], [ADDRESS], [ADDRESS]]"},"logIndex":0,"transaction":"[HASH]"}]},"version":1}

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["log", "query", "--event", "NothingHappened"])
            .refused(3),
        str![[r#"
error: no interface has an event `NothingHappened`: events are past tense, as `NodeFrozen`: abi/sol declares them
exit 3

"#]]
    );
    let owner = executors[0].principal.address().to_string();
    assert_data_eq!(
        forum
            .run(&[
                "audit",
                "wiring",
                &mission,
                "--principal",
                &owner,
                "--dot",
                "wiring.dot"
            ])
            .done(),
        str![[r#"
mission     [HASH]
bindings    17
visible     17, I_h = 1.000
own         3 of [OWNER 0]'s own, I_h = 0.176: what it could inspect without the chain
dependency  node 0 to node 2
dependency  node 1 to node 2
principal   [EXECUTOR 2] to [OWNER 2]
principal   [EXECUTOR 1] to [OWNER 1]
principal   [EXECUTOR 0] to [OWNER 0]
principal   [EXECUTOR 3] to [OWNER 3]
principal   [EXECUTOR 4] to [OWNER 4]
seat        node 0 to [EXECUTOR 0]
seat        node 1 to [EXECUTOR 1]
seat        node 2 to [EXECUTOR 2]
seat        node 2 to [EXECUTOR 3]
seat        node 2 to [EXECUTOR 4]
service     [EXECUTOR 2] to [HASH]
service     [EXECUTOR 1] to [HASH]
service     [EXECUTOR 0] to [HASH]
service     [EXECUTOR 3] to [HASH]
service     [EXECUTOR 4] to [HASH]

"#]]
    );
    let graph = std::fs::read_to_string(forum.shell.path("wiring.dot")).unwrap();
    assert!(
        graph.contains("\"node 0\" -> \"node 2\" [label=\"dependency\""),
        "{graph}"
    );

    // Logs whose roots are anchored are proved without a chain.
    forum
        .shell
        .write("audit.jsonl", "one\ntwo\nthree\nfour\nfive\n");
    assert_data_eq!(
        forum
            .run(&[
                "log",
                "prove",
                "audit.jsonl",
                "--entry",
                "2",
                "--out",
                "entry.json"
            ])
            .done(),
        str![[r#"
proves  entry 2 is [HASH]
size    5
root    [HASH]
path    [HASH]
path    [HASH]
path    [HASH]
file    entry.json

"#]]
    );
    assert_data_eq!(
        forum.run(&["log", "verify", "entry.json"]).done(),
        str![[r#"
holds  entry 2 is [HASH]
size   5
root   [HASH]

"#]]
    );
    forum
        .run(&[
            "log",
            "prove",
            "audit.jsonl",
            "--extends",
            "3",
            "--out",
            "extends.json",
        ])
        .done();
    assert_data_eq!(
        forum
            .run(&["log", "verify", "extends.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"holds":true,"root":"[HASH]","size":5},"version":1}

"#]]
    );
    forum.shell.write("other.txt", "four\n");
    assert_data_eq!(
        forum
            .run(&["log", "verify", "entry.json", "--entry", "other.txt"])
            .refused(5),
        str![[r#"
error: the proof does not show that entry 2 is [HASH]: get the proof, or the log, from its author again
exit 5

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["log", "prove", "audit.jsonl", "--entry", "5"])
            .refused(3),
        str![[r#"
error: entry 5 is beyond the log's 5 entries: count entries from nought, and sizes from one
exit 3

"#]]
    );
}
