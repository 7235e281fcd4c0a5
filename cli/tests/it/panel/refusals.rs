//! What does not hold is refused before anything is sent.

use agentcity_abi::IConstitution;
use agentcity_domain::peer::Peer;
use alloy::primitives::{U256, hex};
use snapbox::{assert_data_eq, str};

use super::Town;

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
    town.tell(&set).done();
    town.tell_as(
        Some(&panel[0]),
        &["override", "sign", "floor.json", "--out", "one.json"],
    )
    .done();
    let file = std::fs::read_to_string(town.file("floor.json")).unwrap();
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
        town.tell_as(Some(&panel[0]), &["override", "sign", "changed.json"])
            .refused(3),
        str![[r#"
error: changed.json: the file contradicts itself: its message is not its payload: do not sign it; prepare it again, or get it from who prepared it
(exit 3)

"#]]
    );
    // A signature over something else, in the upper form, of nobody.
    town.tell(&[
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
        town.tell(&["override", "merge", "other.json", "one.json"])
            .refused(3),
        str![[r#"
error: one.json: the signature is not [ADJUDICATOR 0]'s over [WORD]: sign this very file with `agentcity override sign`
(exit 3)

"#]]
    );
    let signed: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(town.file("one.json")).unwrap()).unwrap();
    let bytes = hex::decode(signed["signature"].as_str().unwrap()).unwrap();
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let s = U256::from_str_radix(order, 16).unwrap() - U256::from_be_slice(&bytes[32..64]);
    let v = if bytes[64] == 27 { 28 } else { 27 };
    let high = [&bytes[..32], &s.to_be_bytes::<32>(), &[v]].concat();
    write("high.txt", &hex::encode_prefixed(high));
    assert_data_eq!(
        town.tell(&["override", "merge", "floor.json", "high.txt"])
            .refused(3),
        str![[r#"
error: high.txt: the signature has the upper form of s, which no contract takes: sign again with a wallet that makes the lower form
(exit 3)

"#]]
    );
    write("short.txt", "0x1234");
    assert_data_eq!(
        town.tell(&["override", "merge", "floor.json", "short.txt"])
            .refused(3),
        str![[r#"
error: short.txt: a signature by a key has 65 bytes, the last of them 27 or 28; this one has 2: sign again with `agentcity override sign`, or name a contract with --for
(exit 3)

"#]]
    );
    // The plain hex that wallets print is taken.
    write("plain.txt", &hex::encode_prefixed(&bytes));
    town.tell(&[
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
        town.tell(&["override", "explain", "chain.json"]).refused(3),
        str![[r#"
error: chain.json: the file contradicts itself: its digest is not its message's: do not sign it; prepare it again, or get it from who prepared it
(exit 3)

"#]]
    );
    // Values that nobody can have.
    for (args, snapshot) in [
        (
            &["rules", "set", "reputationFloor", "501"][..],
            str![[r#"
error: 501 is not within 0..=500, the range of reputationFloor: `agentcity rules get reputationFloor` tells its range
(exit 3)

"#]],
        ),
        (
            &["rules", "set", "reputationFlor", "80"],
            str![[r#"
error: there is no parameter `reputationFlor`: `agentcity rules list` names them all
(exit 3)

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
(exit 3)

"#]],
        ),
        (
            &["override", "prepare", "ban-principal", "0x12"],
            str![[r#"
error: `0x12` is no principal (20 bytes of hex are needed): give it as: The principal
(exit 3)

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
(exit 3)

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
(exit 3)

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
(exit 3)

"#]],
        ),
    ] {
        let args = [args, &["--justification", "why.md"]].concat();
        assert_data_eq!(town.tell(&args).refused(3), snapshot);
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
    town.tell(&late).done();
    for (place, person) in panel.iter().enumerate().take(5) {
        let out = format!("late-{place}.json");
        town.tell_as(
            Some(person),
            &["override", "sign", "late.json", "--out", &out],
        )
        .done();
        town.tell(&["override", "merge", "late.json", &out]).done();
    }
    town.city
        .client
        .warp(std::time::Duration::from_secs(61))
        .unwrap();
    assert_data_eq!(
        town.tell_as(Some(&panel[0]), &["override", "submit", "late.json"])
            .refused(1),
        str![[r#"
error: refused: DeadlinePassed (deadline [SECOND]): prepare it again with a later deadline, and sign that
(exit 1)

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
