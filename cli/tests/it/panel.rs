//! `agentcity override` and what of `agentcity rules` goes through the panel, on a city with its real panel and roster.

use agentcity_abi::IConstitution;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_test_fixtures::{
    Settings,
    city::{Charter, City, Person},
};
use alloy::primitives::{U256, hex, keccak256};
use snapbox::{assert_data_eq, str};

use crate::{shell::Shell, support::Liar};

/// When stories begin, unix seconds: later than any founding.
const BEGIN: u64 = 1_800_000_000;

/// A city, its panel, and a folder in which the program runs.
pub(crate) struct Town {
    pub(crate) city: City,
    shell: Shell,
}

impl std::ops::Deref for Town {
    type Target = Shell;

    fn deref(&self) -> &Shell {
        &self.shell
    }
}

impl Town {
    pub(crate) fn raise() -> Self {
        let mut city = City::raise(&Charter {
            settings: Settings::lenient(),
            ..Charter::default()
        })
        .unwrap();
        city.seat_panel().unwrap();
        city.client.warp_to(BEGIN).unwrap();
        let mut shell = Shell::of(&city);
        for (place, person) in sorted(&city).iter().enumerate() {
            shell.name(person.address(), &format!("ADJUDICATOR {place}"));
        }
        shell.write("why.md", "Newcomers wait too long.\n");
        Self { city, shell }
    }

    /// Adjudicators, ascending.
    pub(crate) fn panel(&self) -> Vec<Person> {
        sorted(&self.city)
    }

    pub(crate) fn parameter(&mut self, id: ParameterId) -> u32 {
        self.city.number(id).unwrap()
    }
}

fn sorted(city: &City) -> Vec<Person> {
    let mut panel = city.adjudicators.clone();
    panel.sort_by_key(Person::address);
    panel
}

/// Genesis adjudicators put up their stakes.
#[test]
fn an_override_travels_from_a_file_to_the_history_of_rules() {
    let mut town = Town::raise();
    let panel = town.panel();
    let anybody = town.city.person("anybody").unwrap();
    town.shell.name(anybody.address(), "ANYBODY");

    // Five of seven must sign what weakens a parameter of high risk, and it waits.
    assert_data_eq!(
        town.run(&[
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
deadline  [INSTANT]
digest    [HASH]
risk      HIGH
law       it weakens the law
signers   5
delay     86400 s (1 d)
next      agentcity override explain floor.json

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "explain", "floor.json"]).done(),
        str![[r#"
does       change parameter reputationFloor (13) from 100 points to 80 points
digest     [HASH]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [HASH])
touches    missions that are finalised afterwards; running ones keep their epoch
risk       HIGH risk; weakens the law
saw        oldValue 100 points: still so
needs      5 of 7 adjudicators (LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉)
rotation   none
interests  nobody is barred by an interest
signed     nobody
missing    5
may sign   [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
deadline   [INSTANT], [LENGTH] left
state      not handed in
delay      86400 s (1 d)
would be   queued, due [INSTANT], lapsed after [INSTANT], if it was handed in now
as if      [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4] signed too
effect     constitution.epoch: 1 becomes 2
effect     constitution.parameter value: 100 becomes 80

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "explain", "floor.json", "--offline", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"action":"amend-parameter","chainId":412346,"deadline":[INSTANT],"digest":"[HASH]","does":"change parameter reputationFloor (13) from 100 points to 80 points","justification":{"contentAddress":"bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei","hash":"[HASH]"},"needs":"LOW 1, MEDIUM 2, HIGH ⌈2q/3⌉ adjudicators; nobody is barred by an interest","panel":"[adjudication]","risk":"HIGH risk; weakens the law","signed":[],"touches":"missions that are finalised afterwards; running ones keep their epoch"},"version":1}

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "simulate", "floor.json"]).done(),
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
        let said = town.run_as(
            Some(person),
            &["override", "sign", "floor.json", "--out", &out],
        );
        let said = said.done();
        if place == 0 {
            assert_data_eq!(
                said,
                str![[r#"
signed    change parameter reputationFloor (13) from 100 points to 80 points
digest    [HASH]
by        [ADJUDICATOR 0]
deadline  [INSTANT]
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
        town.run(&merge).done(),
        str![[r#"
file     floor.json
digest   [HASH]
signers  4
who      [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3]

"#]]
    );
    assert_data_eq!(
        town.run_as(Some(&anybody), &["override", "submit", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: SignersMissing (have 4, need 5): more adjudicators must sign: `agentcity override explain` tells who may
exit 1

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "merge", "floor.json", "signed-1.json"])
            .refused(3),
        str![[r#"
error: signed-1.json: [ADJUDICATOR 1] signed already: leave this file out: each signer counts once
exit 3

"#]]
    );
    town.run(&["override", "merge", "floor.json", "signed-4.json"])
        .done();
    assert_data_eq!(
        town.run(&["override", "explain", "floor.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"action":"amend-parameter","active":7,"chainId":412346,"deadline":[INSTANT],"delaySecs":86400,"digest":"[HASH]","does":"change parameter reputationFloor (13) from 100 points to 80 points","effect":[{"after":"2","before":"1","view":"constitution.epoch"},{"after":"80","before":"100","view":"constitution.parameter value"}],"excluded":[],"interests":"nobody is barred by an interest","justification":{"contentAddress":"bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei","hash":"[HASH]"},"lands":{"ok":true},"maySign":["[ADJUDICATOR 5]","[ADJUDICATOR 6]"],"missing":0,"needed":5,"panel":"[adjudication]","risk":"HIGH risk; weakens the law","rotation":null,"saw":[{"field":"oldValue","now":"100 points","same":true,"signed":"100 points"}],"signed":["[ADJUDICATOR 0]","[ADJUDICATOR 1]","[ADJUDICATOR 2]","[ADJUDICATOR 3]","[ADJUDICATOR 4]"],"state":"None","taken":{"ok":true},"takenForSigned":[],"touches":"missions that are finalised afterwards; running ones keep their epoch","wouldBeDueAt":[INSTANT],"wouldLapseAt":[INSTANT]},"version":1}

"#]]
    );
    assert_data_eq!(
        town.run_as(
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
        town.run_as(Some(&anybody), &["override", "submit", "floor.json"])
            .done(),
        str![[r#"
done         hand in: change parameter reputationFloor (13) from 100 points to 80 points
transaction  [HASH]
block [..]
gas [..]
event        ActionQueued (digest [HASH], action AmendParameter, payload [BYTES], signers [[ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4]], dueAt [INSTANT], expiresAt [INSTANT])

"#]]
    );

    // What was handed in is not handed in again.
    assert_data_eq!(
        town.run_as(Some(&anybody), &["override", "submit", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: WrongActionState (digest [HASH], state Queued): what happened once does not happen again: `agentcity override status` tells more
exit 1

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "queue"]).done(),
        str![[r#"
digest                                                              action           state  signers  due                                   lapses
[HASH]  amend-parameter  waits  5        [INSTANT]  [INSTANT]

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "status", "floor.json"]).done(),
        str![[r#"
digest  [HASH]
state   Queued
does    change parameter reputationFloor (13) from 100 points to 80 points
due     [INSTANT]
lapses  [INSTANT]
queued  block [..], signed by [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4]

"#]]
    );
    assert_data_eq!(
        town.run_as(Some(&anybody), &["override", "execute", "floor.json"])
            .refused(1),
        str![[r#"
error: refused: NotDue (dueAt [INSTANT]): wait until the second it names
exit 1

"#]]
    );

    let delay = u64::from(town.parameter(ParameterId::OverrideDelayHighSecs));
    town.city
        .client
        .warp(std::time::Duration::from_secs(delay))
        .unwrap();
    assert_data_eq!(
        town.run_as(Some(&anybody), &["override", "execute", "floor.json"])
            .done(),
        str![[r#"
done         carry out: change parameter reputationFloor (13) from 100 points to 80 points
transaction  [HASH]
block [..]
gas [..]
event        OverrideAction (digest [HASH], action AmendParameter, mission [HASH], payload [BYTES], signers [[ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4]], unilateral false)
event        ParameterAmended (id 13, oldValue [HASH], newValue [HASH], epoch 2, queuedAt [INSTANT], direction 2)
event        EpochOpened (epoch 2, page [ADDRESS])

"#]]
    );
    assert_data_eq!(
        town.run(&["rules", "history"]).done(),
        str![[r#"
epoch  parameter        from  to  law     block
2      reputationFloor  100   80  weaker  [..]

"#]]
    );
    // A node that answers for few blocks at once is asked more often.
    let narrow = Liar::beside(town.city.node.address()).url("narrow");
    assert_eq!(
        town.run(&["rules", "history", "--rpc-url", &narrow]).done(),
        town.run(&["rules", "history"]).done()
    );
    assert_data_eq!(
        town.run(&["override", "queue", "--all", "--json"]).done(),
        str![[r#"
{"ok":true,"result":{"actions":[{"action":"amend-parameter","block":0,"digest":"[HASH]","does":"change parameter reputationFloor (13) from 100 points to 80 points","dueAt":[INSTANT],"lapsesAt":[INSTANT],"signers":5,"state":"Executed"}],"now":[INSTANT]},"version":1}

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "status", "floor.json", "--json"])
            .done(),
        str![[r#"
{"ok":true,"result":{"action":"amend-parameter","digest":"[HASH]","does":"change parameter reputationFloor (13) from 100 points to 80 points","dueAt":[INSTANT],"lapsesAt":[INSTANT],"log":[{"block":0,"signers":["[ADJUDICATOR 0]","[ADJUDICATOR 1]","[ADJUDICATOR 2]","[ADJUDICATOR 3]","[ADJUDICATOR 4]"],"step":"queued","unilateral":false},{"block":0,"signers":["[ADJUDICATOR 0]","[ADJUDICATOR 1]","[ADJUDICATOR 2]","[ADJUDICATOR 3]","[ADJUDICATOR 4]"],"step":"carried out","unilateral":false}],"signers":5,"state":"Executed"},"version":1}

"#]]
    );
    assert_eq!(town.parameter(ParameterId::ReputationFloor), 80);

    // Whether every unit is accounted for: the stakes of seven adjudicators are.
    assert_data_eq!(
        town.run(&["audit", "books"]).done(),
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
    let books = town.run(&["audit", "books", "--block", "100000"]);
    assert_data_eq!(
        books.refused(3),
        str![[r#"
error: the chain has no block [..] yet: leave --block out for the newest
exit 3

"#]]
    );
}

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
        town.run(&enact).done(),
        str![[r#"
file      norm.json
does      put norm [HASH] in force in domain [HASH]
deadline  [INSTANT]
digest    [HASH]
next      agentcity override explain norm.json

"#]]
    );
    pass(&town, &panel[..5], "norm.json");
    assert_data_eq!(
        town.run(&["rules", "norms"]).done(),
        str![[r#"
norm                                                                domain                                                              status    since
[HASH]  [HASH]  in force  [INSTANT]

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
        town.run(&strike).done(),
        str![[r#"
{"ok":true,"result":{"action":"strike-norm","deadline":[INSTANT],"digest":"[HASH]","does":"strike norm [HASH], whose domain then halts finalising","file":"strike.json"},"version":1}

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "explain", "strike.json"]).done(),
        str![[r#"
does       strike norm [HASH], whose domain then halts finalising
digest     [HASH]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [HASH])
touches    missions of the norm's domain that are not finalised yet
needs      4 of 7 adjudicators (⌈q/2⌉)
rotation   none
interests  nobody is barred by an interest
signed     nobody
missing    4
may sign   [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
deadline   [INSTANT], [LENGTH] left
state      not handed in
delay      none
would be   carried out at once when it is handed in
as if      [ADJUDICATOR 0], [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3] signed too
effect     constitution.norm status: 1 becomes 2
effect     constitution.norm since: [INSTANT] becomes [INSTANT]

"#]]
    );
    pass(&town, &panel[1..5], "strike.json");
    assert_data_eq!(
        town.run(&["rules", "norms", "--json"]).done(),
        str![[r#"
{"ok":true,"result":{"norms":[{"domain":"[HASH]","norm":"[HASH]","since":[INSTANT],"status":"struck"}]},"version":1}

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
    town.run(&ban).done();
    assert_data_eq!(
        town.run(&["override", "explain", "ban.json"]).done(),
        str![[r#"
does       ban principal [ADJUDICATOR 0] and all its agents
digest     [HASH]
because    bafkreidppv37yn7anbekvymqvkxzpemxtwx5byqlbzjm6c22rejlnmykei (keccak256 [HASH])
touches    every mission in which an agent of the principal has a seat
needs      4 of 7 adjudicators (⌈q/2⌉)
rotation   none
interests  whom it is about may not sign
signed     nobody
missing    4
may sign   [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4], [ADJUDICATOR 5], [ADJUDICATOR 6]
excluded   [ADJUDICATOR 0]: has an interest in the matter
deadline   [INSTANT], [LENGTH] left
state      not handed in
delay      none
would be   carried out at once when it is handed in
as if      [ADJUDICATOR 1], [ADJUDICATOR 2], [ADJUDICATOR 3], [ADJUDICATOR 4] signed too
effect     agent.principalRecord appealUntil: never becomes [INSTANT]

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
    town.run(&set).done();
    pass(&town, &panel[..5], "floor.json");
    assert_data_eq!(
        town.run_as(Some(&panel[2]), &["override", "withdraw", "floor.json"])
            .done(),
        str![[r#"
done         withdraw the signature of [ADJUDICATOR 2] from [HASH]
transaction  [HASH]
block [..]
gas [..]
event        SignatureWithdrawn (digest [HASH], signer [ADJUDICATOR 2], left 4)
event        ActionEnded (digest [HASH], state Withdrawn)

"#]]
    );
    assert_data_eq!(
        town.run(&["override", "queue"]).done(),
        str![[r#"
nothing is queued

"#]]
    );
}

/// Everybody signs, and the first hands it in.
#[track_caller]
pub(crate) fn pass(town: &Town, signers: &[Person], file: &str) {
    let names: Vec<String> = (0..signers.len())
        .map(|place| format!("{place}-{file}"))
        .collect();
    for (person, name) in signers.iter().zip(&names) {
        town.run_as(Some(person), &["override", "sign", file, "--out", name])
            .done();
    }
    let mut merge = vec!["override", "merge", file];
    merge.extend(names.iter().map(String::as_str));
    town.run(&merge).done();
    town.run_as(Some(&signers[0]), &["override", "submit", file])
        .done();
}

#[test]
fn what_does_not_hold_is_refused_before_it_is_sent() {
    let mut town = Town::raise();
    let panel = town.panel();
    let set = [
        "rules",
        "set",
        "reputationFloor",
        "80",
        "--justification",
        "why.md",
        "--out",
        "floor.json",
    ];
    town.run(&set).done();
    town.run_as(
        Some(&panel[0]),
        &["override", "sign", "floor.json", "--out", "one.json"],
    )
    .done();
    let file = std::fs::read_to_string(town.path("floor.json")).unwrap();
    let write = |name: &str, text: &str| town.write(name, text);

    // Somebody changes what is to be signed.
    write(
        "changed.json",
        &file.replace(
            "\"0x0000000000000000000000000000000000000000000000000000000000000050\"",
            "\"0x0000000000000000000000000000000000000000000000000000000000000001\"",
        ),
    );
    assert_data_eq!(
        town.run_as(Some(&panel[0]), &["override", "sign", "changed.json"])
            .refused(3),
        str![[r#"
error: changed.json: the file contradicts itself: its message is not its payload: do not sign it; prepare it again, or get it from who prepared it
exit 3

"#]]
    );
    // A signature over something else, in the upper form, of nobody.
    town.run(&[
        "rules",
        "set",
        "reputationFloor",
        "81",
        "--justification",
        "why.md",
        "--out",
        "other.json",
    ])
    .done();
    assert_data_eq!(
        town.run(&["override", "merge", "other.json", "one.json"])
            .refused(3),
        str![[r#"
error: one.json: the signature is not [ADJUDICATOR 0]'s over [HASH]: sign this very file with `agentcity override sign`
exit 3

"#]]
    );
    let signed: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(town.path("one.json")).unwrap()).unwrap();
    let bytes = hex::decode(signed["signature"].as_str().unwrap()).unwrap();
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let s = U256::from_str_radix(order, 16).unwrap() - U256::from_be_slice(&bytes[32..64]);
    let v = if bytes[64] == 27 { 28 } else { 27 };
    let high = [&bytes[..32], &s.to_be_bytes::<32>(), &[v]].concat();
    write("high.txt", &hex::encode_prefixed(high));
    assert_data_eq!(
        town.run(&["override", "merge", "floor.json", "high.txt"])
            .refused(3),
        str![[r#"
error: high.txt: the signature has the upper form of s, which no contract takes: sign again with a wallet that makes the lower form
exit 3

"#]]
    );
    write("short.txt", "0x1234");
    assert_data_eq!(
        town.run(&["override", "merge", "floor.json", "short.txt"])
            .refused(3),
        str![[r#"
error: short.txt: a signature by a key has 65 bytes, the last of them 27 or 28; this one has 2: sign again with `agentcity override sign`, or name a contract with --for
exit 3

"#]]
    );
    // The plain hex that wallets print is taken.
    write("plain.txt", &hex::encode_prefixed(&bytes));
    town.run(&[
        "override",
        "merge",
        "floor.json",
        "plain.txt",
        "--out",
        "merged.json",
    ])
    .done();

    // Another chain, another city.
    write(
        "chain.json",
        &file.replace("\"chainId\": 412346", "\"chainId\": 1"),
    );
    assert_data_eq!(
        town.run(&["override", "explain", "chain.json"]).refused(3),
        str![[r#"
error: chain.json: the file contradicts itself: its digest is not its message's: do not sign it; prepare it again, or get it from who prepared it
exit 3

"#]]
    );
    // Values that nobody can have.
    for (args, snapshot) in [
        (
            &["rules", "set", "reputationFloor", "501"][..],
            str![[r#"
error: 501 is not within 0..=500, the range of reputationFloor: `agentcity rules get reputationFloor` tells its range
exit 3

"#]],
        ),
        (
            &["rules", "set", "reputationFlor", "80"],
            str![[r#"
error: there is no parameter `reputationFlor`: `agentcity rules list` names them all
exit 3

"#]],
        ),
        (
            &[
                "rules",
                "set",
                "seniorAdjudicatorAddr",
                "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            ],
            str![[r#"
error: the senior adjudicator is no parameter that is amended: `agentcity override prepare appoint-senior`
exit 3

"#]],
        ),
        (
            &["override", "prepare", "ban-principal", "0x12"],
            str![[r#"
error: `0x12` is no principal (20 bytes of hex are needed): give it as: The principal
exit 3

"#]],
        ),
        (
            &[
                "override",
                "prepare",
                "unfreeze-node",
                "0x6d697373696f6e00000000000000000000000000000000000000000000000001",
                "70000",
                "--kind",
                "warning",
            ],
            str![[r#"
error: `70000` is too great for node
exit 3

"#]],
        ),
        (
            &[
                "override",
                "prepare",
                "disburse",
                "--purpose",
                "gifts",
                "--recipient",
                "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                "--amount",
                "1",
            ],
            str![[r#"
error: `gifts` is no purpose (one of insurance, gas-subsidy is needed): give it as: What for: `insurance` or `gas-subsidy`
exit 3

"#]],
        ),
        (
            &[
                "override",
                "prepare",
                "halt-city",
                "--evidence-hash",
                "@nothing.txt",
            ],
            str![[r#"
error: nothing.txt: No such file or directory (os error 2): check the path, and who may read and write there
exit 3

"#]],
        ),
    ] {
        let args = [args, &["--justification", "why.md"]].concat();
        assert_data_eq!(town.run(&args).refused(3), snapshot);
    }

    // After its deadline.
    let late = [
        "rules",
        "set",
        "reputationFloor",
        "80",
        "--justification",
        "why.md",
        "--deadline-secs",
        "60",
        "--out",
        "late.json",
    ];
    town.run(&late).done();
    for (place, person) in panel.iter().enumerate().take(5) {
        let out = format!("late-{place}.json");
        town.run_as(
            Some(person),
            &["override", "sign", "late.json", "--out", &out],
        )
        .done();
        town.run(&["override", "merge", "late.json", &out]).done();
    }
    town.city
        .client
        .warp(std::time::Duration::from_secs(61))
        .unwrap();
    assert_data_eq!(
        town.run_as(Some(&panel[0]), &["override", "submit", "late.json"])
            .refused(1),
        str![[r#"
error: refused: DeadlinePassed (deadline [INSTANT]): prepare it again with a later deadline, and sign that
exit 1

"#]]
    );
    let epoch = town
        .city
        .client
        .ask(
            town.city.address(Peer::Constitution),
            &IConstitution::epochCall {},
        )
        .unwrap();
    assert_eq!(epoch, 1, "nothing was sent");
}
