//! From a decision to law: identities, bids, the award, approvals.

use agentcity_abi::{IEnactment, ILegislature};
use agentcity_domain::peer::Peer;
use agentcity_test_fixtures::{city::life::service_of, mission::Plan};
use alloy::primitives::{B256, keccak256};
use snapbox::{assert_data_eq, str};

use super::{Forum, STAKE};

/// What was decided becomes law.
pub(super) fn makes_law(forum: &mut Forum, session: &str, plan: &Plan) {
    let sponsor = forum.stage.sponsor.clone();
    let id: B256 = session.parse().unwrap();

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
would  seal a bid for node 0
from   [EXECUTOR 0]
to     [legislature]
value  0 wei
data   [BYTES]
gas [..]
until  [SECOND]

"#]]
            );
            assert_data_eq!(
                forum.does(&executor.agent, &bid),
                str![[r#"
done         bid for node 0
transaction  [WORD]
block [..]
gas [..]
event        BidPlaced (sessionId [WORD], node 0, agent [EXECUTOR 0], bid 0, serviceId [WORD], price 1000000000000000, stake 200000000000000, latencyMs 1000, matchPermille 0, tierAcceptance 1)
event        StakeReserved (sessionId [WORD], source [WORD], agent [EXECUTOR 0], amount 200000000000000)

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
transaction  [WORD]
block [..]
gas [..]
event        NodeAwarded (sessionId [WORD], node 0, bids [0], scores [0], runnerUp 0)
event        NodeAwarded (sessionId [WORD], node 1, bids [1], scores [0], runnerUp 0)
event        NodeAwarded (sessionId [WORD], node 2, bids [2, 3, 4], scores [0, 0, 0], runnerUp 0)
event        AwardCompleted (sessionId [WORD], assignmentsHash [WORD], fairness 1000, seats 5, bidders 5)

"#]]
    );
    assert_data_eq!(
        forum.does(&clerks[2].agent, &["law", "decide", session]),
        str![[r#"
done         decide for the award, of fairness 1000 permille
transaction  [WORD]
block [..]
gas [..]
event        OperationValidated (clerk [regulator], operation 5, subject [WORD], used 2)
event        RegulatoryDecided (sessionId [WORD], clerk [regulator], assignmentsHash [WORD], fairness 1000, approvals 1, needed 1)
event        SessionStateChanged (sessionId [WORD], from RegulatoryReview, to Codification, expiresAt [SECOND])

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
    let asked = IEnactment::templateCall {
        templateId: keccak256("general"),
        version: 1,
    };
    let enactment = forum.stage.city.address(Peer::Enactment);
    let stands = forum.stage.city.client.ask(enactment, &asked).unwrap();
    let ranges = (stands.nodesMax, stands.tiersAllowed, stands.riskMax);
    // A bit for each tier, and the highest risk there is.
    assert_eq!(ranges, (100, 0b1110, 2));
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
{"ok":true,"result":{"decisions":[{"beside":[],"block":[BLOCK],"emitter":"[enactment]","event":"RegulatoryDecided","fields":{"approvals":"1","assignmentsHash":"[WORD]","clerk":"[regulator]","fairness":"1000","needed":"1","sessionId":"[WORD]"},"transaction":"[WORD]"}],"deliberation":{"candidates":1,"commits":6,"enrolled":6,"epoch":1,"expiresAt":[SECOND],"failed":false,"kind":"Mission","legislativeEpoch":1,"node":0,"origin":"[WORD]","proposals":1,"reveals":6,"step":"Decided","winner":"[WORD]"},"law":{"approved":true,"assignmentsHash":"[WORD]","audited":false,"budget":5000000000000000,"domain":"[WORD]","epoch":1,"fairness":1000,"fairnessWaived":false,"kind":"Mission","missionDeadline":[SECOND],"missionId":"0x0000000000000000000000000000000000000000000000000000000000000000","node":0,"nodes":3,"sponsor":"[SPONSOR]","statuteHash":"[WORD]"},"session":{"awardsFrom":0,"bids":5,"domain":"[WORD]","epoch":1,"expiresAt":0,"kind":"Mission","legislativeEpoch":1,"missionBudget":5000000000000000,"missionDeadline":[SECOND],"missionId":"0x0000000000000000000000000000000000000000000000000000000000000000","node":0,"nodes":3,"regulators":1,"reproposals":0,"roles":15,"sponsor":"[SPONSOR]","state":"Deployed","statuteHash":"[WORD]","tokenBudget":30,"winner":"[WORD]"}},"version":1}

"#]]
    );
}
