//! An override from its file to the history of rules.

use agentcity_domain::parameter::ParameterId;
use snapbox::{assert_data_eq, str};

use super::Town;
use crate::support::Liar;

#[test]
fn an_override_travels_from_a_file_to_the_history_of_rules() {
    let mut town = Town::raise();
    let panel = town.panel();
    let anybody = town.city.person("anybody").unwrap();
    town.shell.call(anybody.address().to_string(), "ANYBODY");

    // Five of seven must sign what weakens a parameter of high risk, and it waits.
    assert_data_eq!(
        town.tell(&[
            "rules",
            "set",
            "reputationFloor",
            "80",
            "--justification",
            "why.md",
            "--out",
            "floor.json"
        ])
        .done(),
        str![[r#"
file      floor.json
does      change parameter reputationFloor (13) from 100 points to 80 points
deadline  [SECOND]
digest    [WORD]
risk      HIGH
law       it weakens the law
signers   5
delay     86400 s (1 d)
next      agentcity override explain floor.json

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "explain", "floor.json"]).done(),
        str![[r#"
does       change parameter reputationFloor (13) from 100 points to 80 points
digest     [WORD]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [WORD])
touches    missions that are finalised afterwards; running ones keep their epoch
risk       HIGH risk; weakens the law
saw        oldValue 100 points: still so
needs      5 of 7 adjudicators (LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉)
rotation   none
interests  nobody is barred by an interest
signed     nobody
missing    5
may sign   [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
deadline   [SECOND], [LENGTH] left
state      not handed in
delay      86400 s (1 d)
would be   queued, due [SECOND], lapsed after [SECOND], if it was handed in now
as if      [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4] signed too
effect     constitution.epoch: 1 becomes 2
effect     constitution.parameter value: 100 becomes 80

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "explain", "floor.json", "--offline", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"action":"amend-parameter","chainId":412346,"deadline":[SECOND],"digest":"[WORD]","does":"change parameter reputationFloor (13) from 100 points to 80 points","justification":{"contentAddress":"bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei","hash":"[WORD]"},"needs":"LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉ adjudicators; nobody is barred by an interest","panel":"[adjudication]","risk":"HIGH risk; weakens the law","signed":[],"touches":"missions that are finalised afterwards; running ones keep their epoch"},"version":1}

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "simulate", "floor.json"]).done(),
        str![[r#"
does    change parameter reputationFloor (13) from 100 points to 80 points
as if   [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4] signed too
effect  constitution.epoch: 1 becomes 2
effect  constitution.parameter value: 100 becomes 80

"#]]
    );

    // Each signs by itself, and needs no network.
    for (place, person) in panel.iter().enumerate().take(5) {
        let out = format!("signed-{place}.json");
        let said = town.tell_as(
            Some(person),
            &["override", "sign", "floor.json", "--out", &out],
        );
        let said = said.done();
        if place == 0 {
            assert_data_eq!(
                said,
                str![[r#"
signed    change parameter reputationFloor (13) from 100 points to 80 points
digest    [WORD]
by        [ADJUDICATOR 0]
deadline  [SECOND]
file      signed-0.json

"#]]
            );
        }
    }
    // In any order; four are too few.
    let four = [
        "signed-3.json",
        "signed-0.json",
        "signed-2.json",
        "signed-1.json",
    ];
    let merge = [&["override", "merge", "floor.json"][..], &four].concat();
    assert_data_eq!(
        town.tell(&merge).done(),
        str![[r#"
file     floor.json
digest   [WORD]
signers  4
who      [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3]

"#]]
    );
    assert_data_eq!(
        town.tell_as(Some(&anybody), &["override", "submit", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: SignersMissing (have 4, need 5): more adjudicators must sign: `agentcity override explain` tells who may
(exit 1)

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "merge", "floor.json", "signed-1.json"])
            .refused(3),
        str![[r#"
error: signed-1.json: [ADJUDICATOR 1] signed already: leave this file out: each signer counts once
(exit 3)

"#]]
    );
    town.tell(&["override", "merge", "floor.json", "signed-4.json"])
        .done();
    assert_data_eq!(
        town.tell(&["override", "explain", "floor.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"action":"amend-parameter","active":7,"chainId":412346,"deadline":[SECOND],"delaySecs":86400,"digest":"[WORD]","does":"change parameter reputationFloor (13) from 100 points to 80 points","effect":[{"after":"2","before":"1","view":"constitution.epoch"},{"after":"80","before":"100","view":"constitution.parameter value"}],"excluded":[],"interests":"nobody is barred by an interest","justification":{"contentAddress":"bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei","hash":"[WORD]"},"lands":{"ok":true},"maySign":["[ADJUDICATOR 5]","[ADJUDICATOR 6]"],"missing":0,"needed":5,"panel":"[adjudication]","risk":"HIGH risk; weakens the law","rotation":null,"saw":[{"field":"oldValue","now":"100 points","same":true,"signed":"100 points"}],"signed":["[ADJUDICATOR 0]","[ADJUDICATOR 1]","[ADJUDICATOR 2]","[ADJUDICATOR 3]","[ADJUDICATOR 4]"],"state":"None","taken":{"ok":true},"takenForSigned":[],"touches":"missions that are finalised afterwards; running ones keep their epoch","wouldBeDueAt":[SECOND],"wouldLapseAt":[SECOND]},"version":1}

"#]]
    );
    assert_data_eq!(
        town.tell_as(
            Some(&anybody),
            &["override", "submit", "floor.json", "--dry-run"]
        )
        .done(),
        str![[r#"
would  hand in: change parameter reputationFloor (13) from 100 points to 80 points
from   [ANYBODY]
to     [adjudication]
value  0 wei
data   [BYTES]
gas [..]

"#]]
    );
    assert_data_eq!(
        town.tell_as(Some(&anybody), &["override", "submit", "floor.json"])
            .done(),
        str![[r#"
done         hand in: change parameter reputationFloor (13) from 100 points to 80 points
transaction  [WORD]
block [..]
gas [..]
event        ActionQueued (digest [WORD], action AmendParameter, payload [BYTES], signers [[ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4]], dueAt [SECOND], expiresAt [SECOND])

"#]]
    );

    // What was handed in is not handed in again.
    assert_data_eq!(
        town.tell_as(Some(&anybody), &["override", "submit", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: WrongActionState (digest [WORD], state Queued): what happened once does not happen again: `agentcity override status` tells more
(exit 1)

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "queue"]).done(),
        str![[r#"
digest                                                              action           state  signers  due                                   lapses
[WORD]  amend-parameter  waits  5        [SECOND]  [SECOND]

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "status", "floor.json"]).done(),
        str![[r#"
digest  [WORD]
state   Queued
does    change parameter reputationFloor (13) from 100 points to 80 points
due     [SECOND]
lapses  [SECOND]
queued  block [..], signed by [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4]

"#]]
    );
    assert_data_eq!(
        town.tell_as(Some(&anybody), &["override", "execute", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: NotDue (dueAt [SECOND]): wait until the second it names
(exit 1)

"#]]
    );

    let delay = u64::from(town.parameter(ParameterId::OverrideDelayHighSecs));
    town.city
        .client
        .warp(std::time::Duration::from_secs(delay))
        .unwrap();
    assert_data_eq!(
        town.tell_as(Some(&anybody), &["override", "execute", "floor.json"])
            .done(),
        str![[r#"
done         carry out: change parameter reputationFloor (13) from 100 points to 80 points
transaction  [WORD]
block [..]
gas [..]
event        OverrideAction (digest [WORD], action AmendParameter, mission 0x0000000000000000000000000000000000000000000000000000000000000000, payload [BYTES], signers [[ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4]], unilateral false)
event        ParameterAmended (id 13, oldValue [WORD], newValue [WORD], epoch 2, queuedAt [SECOND], direction 2)
event        EpochOpened (epoch 2, page [ADDRESS])

"#]]
    );
    assert_data_eq!(
        town.tell(&["rules", "history"]).done(),
        str![[r#"
epoch  parameter        from  to  law     block
2      reputationFloor  100   80  weaker  [..]

"#]]
    );
    // A node that answers for few blocks at once is asked more often.
    let narrow = Liar::beside(town.city.node.address()).url("narrow");
    assert_eq!(
        town.tell(&["rules", "history", "--rpc-url", &narrow])
            .done(),
        town.tell(&["rules", "history"]).done()
    );
    assert_data_eq!(
        town.tell(&["override", "queue", "--all", "--json"]).done(),
        str![[r#"
{"ok":true,"result":{"actions":[{"action":"amend-parameter","block":[BLOCK],"digest":"[WORD]","does":"change parameter reputationFloor (13) from 100 points to 80 points","dueAt":[SECOND],"lapsesAt":[SECOND],"signers":5,"state":"Executed"}],"now":[SECOND]},"version":1}

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "status", "floor.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"action":"amend-parameter","digest":"[WORD]","does":"change parameter reputationFloor (13) from 100 points to 80 points","dueAt":[SECOND],"lapsesAt":[SECOND],"log":[{"block":[BLOCK],"signers":["[ADJUDICATOR 0]","[ADJUDICATOR 1]","[ADJUDICATOR 2]","[ADJUDICATOR 3]","[ADJUDICATOR 4]"],"step":"queued","unilateral":false},{"block":[BLOCK],"signers":["[ADJUDICATOR 0]","[ADJUDICATOR 1]","[ADJUDICATOR 2]","[ADJUDICATOR 3]","[ADJUDICATOR 4]"],"step":"carried out","unilateral":false}],"signers":5,"state":"Executed"},"version":1}

"#]]
    );
    assert_eq!(town.parameter(ParameterId::ReputationFloor), 80);

    assert_data_eq!(
        town.tell(&["rules", "get", "reputationFloor"]).done(),
        str![[r#"
parameter  reputationFloor (13)
value      80 points
epoch      2
default    100
range      0 to 500
risk       HIGH
weaker     a lesser value
governs    Least reputation to bid and to be routed.
source     Table 19; R-09

"#]]
    );
    assert_data_eq!(
        town.tell(&["rules", "diff", "1", "2"]).done(),
        str![[r#"
parameter        epoch 1  epoch 2
reputationFloor  100      80

"#]]
    );
    assert_data_eq!(
        town.tell(&["rules", "list", "--changed"]).done(),
        str![[r#"
epoch 2

id  parameter        value  unit    risk
13  reputationFloor  80     points  HIGH

"#]]
    );

    // Whether every unit is accounted for: the stakes of seven adjudicators are.
    assert_data_eq!(
        town.tell(&["audit", "books"]).done(),
        str![[r#"
block [..]
asset  the native coin, in wei
books  hold: every part adds up, and no contract holds less than it booked

contract  part    booked             held               surplus
roster            35000000000000000  35000000000000000  0
roster    stakes  35000000000000000
all               35000000000000000  35000000000000000  0

"#]]
    );
    let books = town.tell(&["audit", "books", "--block", "100000"]);
    assert_data_eq!(
        books.refused(3),
        str![[r#"
error: the chain has no block [..] yet: leave --block out for the newest
(exit 3)

"#]]
    );
    town.compare_both(snapbox::file!["../transcripts/both/override.txt"]);
}
