//! Norms, a ban that whom it concerns may not sign, and a signature that is withdrawn.

use alloy::primitives::keccak256;
use snapbox::{assert_data_eq, str};

use super::{Town, pass};

#[test]
fn norms_are_put_in_force_and_struck_through_the_panel() {
    let mut town = Town::raise();
    let panel = town.panel();
    let norm = keccak256("no weapons").to_string();
    let domain = keccak256("research").to_string();
    let enact = [
        "rules",
        "enact",
        &norm,
        "--domain",
        &domain,
        "--justification",
        "why.md",
        "--out",
        "norm.json",
    ];
    assert_data_eq!(
        town.tell(&enact).done(),
        str![[r#"
file      norm.json
does      put norm [WORD] in force in domain [WORD]
deadline  [SECOND]
digest    [WORD]
next      agentcity override explain norm.json

"#]]
    );
    pass(&town, &panel[..5], "norm.json");
    assert_data_eq!(
        town.tell(&["rules", "norms"]).done(),
        str![[r#"
norm                                                                domain                                                              status    since
[WORD]  [WORD]  in force  [SECOND]

"#]]
    );
    // So that the norm is struck at another second.
    town.city
        .client
        .warp(std::time::Duration::from_secs(60))
        .unwrap();
    let strike = [
        "rules",
        "strike",
        &norm,
        "--justification",
        "why.md",
        "--out",
        "strike.json",
        "--json",
    ];
    assert_data_eq!(
        town.tell(&strike).done(),
        str![[r#"
{"ok":true,"result":{"action":"strike-norm","deadline":[SECOND],"digest":"[WORD]","does":"strike norm [WORD], whose domain then halts finalising","file":"strike.json"},"version":1}

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "explain", "strike.json"]).done(),
        str![[r#"
does       strike norm [WORD], whose domain then halts finalising
digest     [WORD]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [WORD])
touches    missions of the norm's domain that are not finalised yet
needs      4 of 7 adjudicators (⌈q/2⌉)
rotation   none
interests  nobody is barred by an interest
signed     nobody
missing    4
may sign   [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
deadline   [SECOND], [LENGTH] left
state      not handed in
delay      none
would be   carried out at once when it is handed in
as if      [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3] signed too
effect     constitution.norm status: 1 becomes 2
effect     constitution.norm since: [SECOND] becomes [SECOND]

"#]]
    );
    pass(&town, &panel[1..5], "strike.json");
    assert_data_eq!(
        town.tell(&["rules", "norms", "--json"]).done(),
        str![[r#"
{"ok":true,"result":{"norms":[{"domain":"[WORD]","norm":"[WORD]","since":[SECOND],"status":"struck"}]},"version":1}

"#]]
    );

    // Nobody decides about himself, and what whom it concerns refuses has no effect.
    let zero = panel[0].address().to_string();
    let ban = [
        "override",
        "prepare",
        "ban-principal",
        &zero,
        "--justification",
        "why.md",
        "--out",
        "ban.json",
    ];
    town.tell(&ban).done();
    assert_data_eq!(
        town.tell(&["override", "explain", "ban.json"]).done(),
        str![[r#"
does       ban principal [ADJUDICATOR 0] and all its agents
digest     [WORD]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [WORD])
touches    every mission in which an agent of the principal has a seat
needs      4 of 7 adjudicators (⌈q/2⌉)
rotation   none
interests  whom it is about may not sign
signed     nobody
missing    4
may sign   [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
excluded   [ADJUDICATOR 0]: has an interest in the matter
deadline   [SECOND], [LENGTH] left
state      not handed in
delay      none
would be   carried out at once when it is handed in
as if      [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4] signed too
effect     agent.principalRecord appealUntil: never becomes [SECOND]

"#]]
    );

    // A signer withdraws: the action falls when too few are left.
    let set = [
        "rules",
        "set",
        "reputationFloor",
        "70",
        "--justification",
        "why.md",
        "--out",
        "floor.json",
    ];
    town.tell(&set).done();
    pass(&town, &panel[..5], "floor.json");
    assert_data_eq!(
        town.tell_as(Some(&panel[2]), &["override", "withdraw", "floor.json"])
            .done(),
        str![[r#"
done         withdraw the signature of [ADJUDICATOR 2] from [WORD]
transaction  [WORD]
block [..]
gas [..]
event        SignatureWithdrawn (digest [WORD], signer [ADJUDICATOR 2], left 4)
event        ActionEnded (digest [WORD], state Withdrawn)

"#]]
    );
    assert_data_eq!(
        town.tell(&["override", "queue"]).done(),
        str![[r#"
nothing is queued

"#]]
    );
    let restore = ["rules", "restore", &norm, "--justification", "why.md"];
    assert_data_eq!(
        town.tell(&[&restore[..], &["--out", "restore.json"]].concat())
            .done(),
        str![[r#"
file      restore.json
does      let the struck norm [WORD] stand again
deadline  [SECOND]
digest    [WORD]
next      agentcity override explain restore.json

"#]]
    );
    town.compare_both(snapbox::file!["../transcripts/both/norms.txt"]);
}
