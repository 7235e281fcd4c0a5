//! From law to a mission, and what can be seen of it.

use alloy::primitives::B256;
use snapbox::{assert_data_eq, str};

use super::Forum;

/// The mission begins.
pub(super) fn begins(forum: &mut Forum, session: &str) -> String {
    let sponsor = forum.stage.sponsor.clone();
    let id: B256 = session.parse().unwrap();

    // The mission.
    let deploy = ["law", "deploy", session, "statute.jsonld"];
    assert_data_eq!(
        forum.does(&sponsor, &deploy),
        str![[r#"
mission      [WORD]
waits        0 of 5000000000000000 base units that its nodes may cost are there
next         agentcity mission fund, then the same again; or --fund here
done         create mission [WORD]
transaction  [WORD]
block [..]
gas [..]
event        MissionCreated (missionId [WORD], sponsor [SPONSOR], sessionId [WORD], statuteHash [WORD], nodes 3)
event        EscrowOpened (missionId [WORD], sponsor [SPONSOR], epoch 1)

"#]]
    );
    assert_data_eq!(
        forum.shell.tell_as(Some(&sponsor), &deploy).refused(3),
        str![[r#"
error: mission [WORD] waits: 0 of 5000000000000000 base units that its nodes may cost are there: `agentcity mission fund`, or --fund here
(exit 3)

"#]]
    );
    assert_data_eq!(
        forum.does(
            &sponsor,
            &["law", "deploy", session, "statute.jsonld", "--fund"]
        ),
        str![[r#"
mission      [WORD]
done         pay 5000000000000000 base units for mission [WORD]
transaction  [WORD]
block [..]
gas [..]
event        MissionFunded (missionId [WORD], payer [SPONSOR], amount 5000000000000000)
done         bring pages 0 to 0
transaction  [WORD]
block [..]
gas [..]
event        TrancheDeployed (missionId [WORD], tranche 0, firstNode 0, nodes 3, pages [[ADDRESS]])
done         bring pages of seats 0 to 0
transaction  [WORD]
block [..]
gas [..]
event        SeatsDeployed (missionId [WORD], tranche 0, firstNode 0, pages [[ADDRESS]])
event        StakeLocked (missionId [WORD], agent [EXECUTOR 0], source [WORD], amount 200000000000000)
event        StakeLocked (missionId [WORD], agent [EXECUTOR 1], source [WORD], amount 200000000000000)
event        StakeLocked (missionId [WORD], agent [EXECUTOR 2], source [WORD], amount 200000000000000)
event        StakeLocked (missionId [WORD], agent [EXECUTOR 3], source [WORD], amount 200000000000000)
event        StakeLocked (missionId [WORD], agent [EXECUTOR 4], source [WORD], amount 200000000000000)
event        ObligationOpened (agent [EXECUTOR 0], open 1)
event        ObligationOpened (agent [EXECUTOR 1], open 1)
event        ObligationOpened (agent [EXECUTOR 2], open 1)
event        ObligationOpened (agent [EXECUTOR 3], open 1)
event        ObligationOpened (agent [EXECUTOR 4], open 1)
done         make mission [WORD] law
transaction  [WORD]
block [..]
gas [..]
event        DeploymentFinalised (missionId [WORD], statuteHash [WORD], assignmentsHash [WORD], epoch 1, deadline [SECOND])
event        BudgetAllocated (missionId [WORD], allocated 5000000000000000)
event        MissionStateChanged (missionId [WORD], from PENDING, to ACTIVE, reason Succeeded)
event        NodeEligible (missionId [WORD], node 0, attempt 0)
event        NodeEligible (missionId [WORD], node 1, attempt 0)

"#]]
    );
    assert_data_eq!(
        forum
            .shell
            .tell_as(
                Some(&sponsor),
                &["law", "deploy", session, "statute.jsonld"]
            )
            .refused(3),
        str![[r#"
error: mission [WORD] is Active already: `agentcity mission show` tells more
(exit 3)

"#]]
    );
    forum.stage.foretell(id).to_string()
}

/// What happened, and who is bound to what.
pub(super) fn is_looked_through(forum: &Forum, mission: &str) {
    let executors = forum.stage.executors.clone();
    assert_data_eq!(
        forum
            .run(&[
                "log",
                "query",
                "--mission",
                mission,
                "--contract",
                "collaboration"
            ])
            .done(),
        str![[r#"
block [..]
[BLOCK]    collaboration  MissionCreated (missionId [WORD], sponsor [SPONSOR], sessionId [WORD], statuteHash [WORD], nodes 3)
[BLOCK]    collaboration  MissionStateChanged (missionId [WORD], from PENDING, to ACTIVE, reason Succeeded)
[BLOCK]    collaboration  NodeEligible (missionId [WORD], node 0, attempt 0)
[BLOCK]    collaboration  NodeEligible (missionId [WORD], node 1, attempt 0)

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["log", "query", "--event", "Sealed", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"events":[{"block":[BLOCK],"contract":"constitution","emitter":"[constitution]","event":"Sealed","fields":{"digest":"[WORD]","members":"[[constitution], [agent], [management], [service], [legislature], [collaboration], [treasury], [adjudication], [verification], [guardian], [assembly], [statute], [enactment], [roster]]","signers":"[[adjudicator 3], [adjudicator 2], [adjudicator 0], [adjudicator 1], [adjudicator 4]]"},"logIndex":0,"transaction":"[WORD]"}]},"version":1}

"#]]
    );
    assert_data_eq!(
        forum
            .run(&["log", "query", "--event", "NothingHappened"])
            .refused(3),
        str![[r#"
error: no interface has an event `NothingHappened`: events are past tense, as `NodeFrozen`: abi/sol declares them
(exit 3)

"#]]
    );
    let owner = executors[0].principal.address().to_string();
    assert_data_eq!(
        forum
            .run(&[
                "audit",
                "wiring",
                mission,
                "--principal",
                &owner,
                "--dot",
                "wiring.dot",
                "--svg",
                "wiring.svg"
            ])
            .done(),
        str![[r#"
mission     [WORD]
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
service     [EXECUTOR 2] to [WORD]
service     [EXECUTOR 1] to [WORD]
service     [EXECUTOR 0] to [WORD]
service     [EXECUTOR 3] to [WORD]
service     [EXECUTOR 4] to [WORD]

"#]]
    );
    let graph = std::fs::read_to_string(forum.shell.file("wiring.dot")).unwrap();
    assert!(
        graph.contains("\"node 0\" -> \"node 2\" [label=\"dependency\""),
        "{graph}"
    );
    // Three nodes, and agent, principal and service of each of five seats; a line for each binding.
    let picture = std::fs::read_to_string(forum.shell.file("wiring.svg")).unwrap();
    assert_eq!(picture.matches("<g>").count(), 3 + 3 * 5);
    assert_eq!(picture.matches("<path d=\"M").count() - 1, 17);
    assert_eq!(picture.matches("<title>dependency: ").count(), 2);
}
