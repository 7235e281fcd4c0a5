//! From a petition to a decision.

use agentcity_abi::{
    IAssembly::Deliberation,
    document::{self, Preimages},
};
use agentcity_domain::{parameter::ParameterId as P, statute::encode};
use agentcity_test_fixtures::mission::Plan;
use alloy::primitives::{B256, keccak256};
use snapbox::{assert_data_eq, str};

use super::{Forum, plan};

/// The session, and what it decided for.
pub(super) fn decides(forum: &mut Forum) -> (String, Plan) {
    let (sponsor, proposer) = (forum.stage.sponsor.clone(), forum.stage.proposer.clone());
    let voters = forum.stage.voters();

    // A petition with enough names opens a session.
    let petition = forum.told(
        &voters[0],
        &["law", "petition", "subject.md"],
        "PetitionOpened",
        "petitionId",
    );
    // Two names are signed into files, and somebody else hands in both with one call.
    for (place, voter) in voters[1..3].iter().enumerate() {
        let file = format!("name-{place}.json");
        forum.does(voter, &["law", "endorse", &petition, "--out", &file]);
    }
    assert_data_eq!(
        forum.does(&sponsor, &["law", "relay", "name-0.json", "name-1.json"]),
        str![[r#"
done         hand in PetitionSignature of [OWNER 1], [OWNER 2]
transaction  [WORD]
block        [BLOCK]
gas          [GAS]
event        PetitionSigned (petitionId [WORD], principal [OWNER 1], signatures 2, needed 2)
event        PetitionSigned (petitionId [WORD], principal [OWNER 2], signatures 3, needed 2)

"#]]
    );
    for voter in &voters[3..] {
        let opened = forum
            .shell
            .tell_as(Some(&sponsor), &["law", "open", &petition, "--dry-run"]);
        if opened.shown.contains("would") {
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
        text.replacen("\"timeoutMs\": ", "\"timeoutMs\": -", 2),
    );
    forum.shell.write(
        "hasty.jsonld",
        text.replacen("\"timeoutMs\": ", "\"timeoutMs\": 1", 1),
    );
    assert_data_eq!(
        forum.run(&["law", "check", "statute.jsonld"]).done(),
        str![[r#"
judged      may be law by epoch 1
statute     [WORD]
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
{"ok":true,"result":{"budget":"5000000000000000","contentAddress":"bafkreieerjmpazoy6eks3pig6a3tar6klqlikaubtip37rlowdse7vpuya","contentWord":"[WORD]","epoch":null,"nodes":3,"pageBytes":[170],"predicates":0,"statuteHash":"[WORD]","termsKnown":3,"tokens":"30"},"version":1}

"#]]
    );
    assert_data_eq!(
        forum.run(&["law", "check", "broken.jsonld"]).refused(3),
        str![[r#"
error: broken.jsonld:29:20 $.dagNodes[0].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295
broken.jsonld:45:20 $.dagNodes[1].timeoutMs: found -60000, wanted a whole number of milliseconds from 0 to 4294967295
(exit 3)

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
(exit 3)

"#]]
    );
    assert_data_eq!(
        forum.run(&["law", "check", "hasty.jsonld"]).refused(3),
        str![[r#"
error: hasty.jsonld:29:20 $.dagNodes[0].timeoutMs: found 160000, wanted 1000 to 60000 milliseconds
(exit 3)

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
        let result = forum.shell.tell_as(Some(voter), &args).result();
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
deliberation expiresAt         [SECOND]
deliberation enrolled          6
deliberation commits           0
deliberation reveals           0
deliberation proposals         1
deliberation candidates        1
deliberation origin            [WORD]
deliberation node              0
deliberation winner            0x0000000000000000000000000000000000000000000000000000000000000000
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
transaction  [WORD]
block [..]
gas [..]
event        OperationValidated (clerk [regulator], operation 3, subject [WORD], used 1)
event        EvidenceRecorded (sessionId [WORD], clerk [regulator], evidenceHash [WORD], contentAddress [WORD])

"#]]
    );
    assert_data_eq!(
        forum.does(&voters[0], &["law", "poll", session, "0"]),
        str![[r#"
done         vote for proposal 0 in the straw poll
transaction  [WORD]
block [..]
gas [..]
event        StrawVoted (sessionId [WORD], principal [OWNER 0], proposal 0)

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
            .tell_as(Some(voter), &speak)
            .shown
            .contains("done")
    });
    assert!(spoke, "the first speaker of the order is one of the voters");
    forum.pass(session);

    // Ballots are texts, sealed with salts of files.
    forum.shell.write("wrong.txt", "0\n1\n");
    assert_data_eq!(
        forum
            .shell
            .tell_as(
                Some(&voters[0]),
                &["law", "vote", session, "wrong.txt", "--salt", "salt-0"]
            )
            .refused(3),
        str![[r#"
error: wrong.txt:2: `1` is no candidate of 1: name every candidate once, the best first, one a line: its number, or its proposal
(exit 3)

"#]]
    );
    let (alone, together) = voters.split_at(voters.len() / 2);
    for (place, voter) in alone.iter().enumerate() {
        let salt = format!("salt-{place}");
        forum.does(
            voter,
            &["law", "vote", session, "ballot.txt", "--salt", &salt],
        );
    }
    // The others sign into files, which one call hands in.
    let mut relay = vec!["law".to_owned(), "relay".to_owned()];
    for (place, voter) in (alone.len()..).zip(together) {
        let (salt, file) = (format!("salt-{place}"), format!("ballot-{place}.json"));
        let vote = ["law", "vote", session, "ballot.txt", "--salt", &salt];
        forum.does(voter, &[&vote[..], &["--out", &file]].concat());
        relay.push(file);
    }
    let relay: Vec<&str> = relay.iter().map(String::as_str).collect();
    assert_data_eq!(
        forum.does(&sponsor, &relay),
        str![[r#"
done         hand in BallotCommitment of [OWNER 3], [OWNER 4], [SPONSOR]
transaction  [WORD]
block        [BLOCK]
gas          [GAS]
event        BallotCommitted (sessionId [WORD], principal [OWNER 3], commitment [WORD])
event        BallotCommitted (sessionId [WORD], principal [OWNER 4], commitment [WORD])
event        BallotCommitted (sessionId [WORD], principal [SPONSOR], commitment [WORD])

"#]]
    );
    let mixed = ["law", "relay", "name-0.json", "ballot-3.json"];
    assert_data_eq!(
        forum.shell.tell_as(Some(&sponsor), &mixed).refused(3),
        str![[r#"
error: ballot-3.json: a statement of BallotCommitment: this takes a PetitionSignature, signed by the principal named
(exit 3)

"#]]
    );
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
transaction  [WORD]
block [..]
gas [..]
event        TallyAdvanced (sessionId [WORD], counted 6, reveals 6)
event        BallotDecided (sessionId [WORD], proposalId [WORD], scores 0x0000000000000000000000000000000000000000000000000000000000000000, stage Copeland)
event        DeliberationChanged (sessionId [WORD], step Decided, expiresAt [SECOND])

"#]]
    );
    assert_eq!(
        forum.stage.election(id).unwrap().step,
        Deliberation::Decided
    );
    (session.to_owned(), plan)
}
