//! What becomes of actions that nobody carries out, or that one person may not do alone.

use std::time::Duration;

use agentcity_domain::parameter::ParameterId;
use snapbox::{assert_data_eq, str};

use crate::panel::{Town, pass};

#[test]
fn what_lapsed_is_ended_by_anybody_and_the_senior_does_not_act_without_need() {
    let mut town = Town::raise();
    let panel = town.panel();
    let why = ["--justification", "why.md", "--out", "floor.json"];
    let set = [&["rules", "set", "reputationFloor", "70"][..], &why].concat();
    town.tell(&set).done();
    pass(&town, &panel[2..], "floor.json");
    let secs = |id: ParameterId, town: &mut Town| u64::from(town.parameter(id));
    let wait = secs(ParameterId::OverrideDelayHighSecs, &mut town)
        + secs(ParameterId::OverrideExpirySecs, &mut town);
    let expire = ["override", "expire", "floor.json"];
    assert_data_eq!(
        town.tell_as(Some(&panel[0]), &expire).refused(1),
        str![[r#"
error: refused: NotDue (dueAt [SECOND]): wait until the second it names
(exit 1)

"#]]
    );
    town.city
        .client
        .warp(Duration::from_secs(wait + 60))
        .unwrap();
    assert_data_eq!(
        town.tell(&["override", "queue"]).done(),
        str![[r#"
digest                                                              action           state   signers  due                                   lapses
[WORD]  amend-parameter  lapsed  5        [SECOND]  [SECOND]

"#]]
    );
    assert_data_eq!(
        town.tell_as(Some(&panel[0]), &["override", "execute", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: WrongActionState (digest [WORD], state Expired): what happened once does not happen again: `agentcity override status` tells more
(exit 1)

"#]]
    );
    assert_data_eq!(
        town.tell_as(Some(&panel[0]), &expire).done(),
        str![[r#"
done         end the lapsed action [WORD]
transaction  [WORD]
block [..]
gas [..]
event        ActionEnded (digest [WORD], state Expired)

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "status", "floor.json"]).done(),
        str![[r#"
digest  [WORD]
state   Expired
does    change parameter reputationFloor (13) from 100 points to 70 points
due     [SECOND]
lapses  [SECOND]
queued  block [..], signed by [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "explain", "floor.json"]).done(),
        str![[r#"
does       change parameter reputationFloor (13) from 100 points to 70 points
digest     [WORD]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [WORD])
touches    missions that are finalised afterwards; running ones keep their epoch
risk       HIGH risk; weakens the law
saw        oldValue 100 points: still so
needs      5 of 7 adjudicators (LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉)
rotation   none
interests  nobody is barred by an interest
signed     [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
missing    0
may sign   [ADJUDICATOR 0], [ADJUDICATOR 1]
deadline   [SECOND], passed: prepare it again
state      Expired: it cannot happen again

"#]]
    );

    // One signature of many is no senior's.
    let mission = "0x6d697373696f6e00000000000000000000000000000000000000000000000001";
    let stop = [
        "override",
        "prepare",
        "trigger-stop",
        mission,
        "--evidence-hash",
        "@why.md",
    ];
    let stop = [
        &stop[..],
        &["--justification", "why.md", "--out", "stop.json"],
    ]
    .concat();
    town.tell(&stop).done();
    assert_data_eq!(
        town.tell(&["override", "simulate", "stop.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"does":"stop mission [WORD] for the evidence [WORD]","taken":{"ok":false,"why":"refused: MalformedCall"},"takenForSigned":["[ADJUDICATOR 0]"]},"version":1}

"#]]
    );
    let sign = ["override", "sign", "stop.json", "--out", "one.json"];
    town.tell_as(Some(&panel[0]), &sign).done();
    town.tell(&["override", "merge", "stop.json", "one.json"])
        .done();
    assert_data_eq!(
        town.tell_as(
            Some(&panel[0]),
            &["override", "submit", "stop.json", "--unilateral"]
        )
        .refused(1),
        str![[r#"
error: refused: InvalidSignature (signer 0x0000000000000000000000000000000000000000): sign the same bytes again with the same key
(exit 1)

"#]]
    );
    // What was simulated with a stand-in is what the signature itself comes to.
    assert_data_eq!(
        town.tell_as(Some(&panel[0]), &["override", "submit", "stop.json"])
            .refused(1),
        str![[r#"
error: refused: MalformedCall
(exit 1)

"#]]
    );
    // A contract's signature is judged on its chain: whose contract that is not is found before anything is sent.
    let contract = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    let sign = [
        "override",
        "sign",
        "stop.json",
        "--for",
        contract,
        "--out",
        "two.json",
    ];
    town.tell_as(Some(&panel[1]), &sign).done();
    town.tell(&["override", "merge", "stop.json", "two.json"])
        .done();
    assert_data_eq!(
        town.tell_as(Some(&panel[0]), &["override", "submit", "stop.json"])
            .refused(1),
        str![[r#"
error: refused: InvalidSignature (signer [ADDRESS]): sign the same bytes again with the same key
(exit 1)

"#]]
    );
    town.compare_both(snapbox::file!["transcripts/both/lapse.txt"]);
}
