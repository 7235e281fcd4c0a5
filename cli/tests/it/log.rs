//! `agentcity log export` and `log verify --bundle`: from a keeper's log to a stranger who believes nothing.

use agentcity_abi::IRoster;
use agentcity_domain::{peer::Peer, roster::anchor::Anchor};
use agentcity_hub::{
    entry::Origin,
    head::{Head, LogName, SignedHead},
    kind::EventType,
    redact::Rules,
    store::{Anchored, Draft, Log, Retention, Settings},
};
use agentcity_test_fixtures::city::{Charter, City};
use alloy::primitives::{Address, B256, keccak256};
use serde_json::json;
use snapbox::{assert_data_eq, str};

use crate::support::Terminal;

fn draft(kind: EventType, number: u64) -> Draft {
    Draft {
        kind,
        mission: keccak256("mission"),
        session: B256::ZERO,
        node: Some(1),
        epoch: 1,
        contract: Address::ZERO,
        primary: Address::ZERO,
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        time_ms: 1_767_300_000_000 + number,
        gas_used: 0,
        origin: Origin::Keeper {
            record: keccak256(number.to_be_bytes()),
        },
        payload: json!({ "number": number }),
    }
}

#[test]
fn a_bundle_is_verified_with_a_chain_or_a_header_and_a_changed_one_is_refused() {
    let mut city = City::raise(&Charter::default()).unwrap();
    let keeper = city.person("keeper").unwrap();
    let mut terminal = Terminal::at(&city);
    terminal.keep_both(&["log"]);
    terminal.call(keeper.address().to_string(), "KEEPER");
    let name = LogName {
        chain_id: city.client.chain_id(),
        author: keeper.address(),
    };
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: Vec::new(),
    };
    let mut log = Log::open(&terminal.file("hub.sqlite"), name, settings).unwrap();
    let kinds = [EventType::TaskRouted, EventType::FreezeTriggered];
    let drafts = (0..9).map(|number| draft(kinds[number as usize % 2], number));
    log.append(drafts.collect()).unwrap();
    assert_data_eq!(
        terminal
            .tell(&[
                "log",
                "export",
                "--store",
                "hub.sqlite",
                "--out",
                "bundle.json"
            ])
            .refused(1),
        str![[r#"
error: no head that the log's author signed has entry 8: let its keeper anchor first
(exit 1)

"#]]
    );

    // The keeper signs and anchors.
    let anchor = Anchor {
        size: 9,
        root: log.root(9).unwrap(),
    };
    let head = Head {
        size: 9,
        root: anchor.root,
        timestamp: 1_767_300_000_000,
    };
    let signed = SignedHead::sign(head, &name, keeper.signer()).unwrap();
    log.record_head(&signed).unwrap();
    let call = IRoster::anchorCall {
        sequence: 1,
        size: 9,
        root: anchor.root,
    };
    let roster = city.address(Peer::Roster);
    let outcome = city.client.send(&keeper, roster, &call).unwrap();
    log.record_anchor(&Anchored {
        roster,
        sequence: 1,
        anchor,
        block: outcome.block,
        transaction: outcome.hash,
    })
    .unwrap();

    let export = [
        "log",
        "export",
        "--store",
        "hub.sqlite",
        "--type",
        "FREEZE_TRIGGERED",
        "--receipts",
        "--out",
        "bundle.json",
    ];
    assert_data_eq!(
        terminal.tell(&export).done(),
        str![[r#"
author           [KEEPER]
chain            [..]
size             9
root             [WORD]
entries          4
anchored         4
payloads         4
without payload  0
file             bundle.json

"#]]
    );
    let with_chain = str![[r#"
author           [KEEPER]
chain            [..]
size             9
root             [WORD]
entries          4
anchored         4
payloads         4
without payload  0
roster           [roster]
sequence         1

"#]];
    assert_data_eq!(
        terminal
            .tell(&["log", "verify", "--bundle", "bundle.json"])
            .done(),
        with_chain
    );

    // With a header, no chain is asked.
    let number = format!("{:#x}", outcome.block);
    let block = city
        .client
        .rpc()
        .call("eth_getBlockByNumber", json!([number, false]))
        .unwrap();
    terminal.write("header.json", block.to_string());
    let offline = [
        "log",
        "verify",
        "--bundle",
        "bundle.json",
        "--header",
        "header.json",
        "--rpc-url",
        "http://127.0.0.1:1",
    ];
    assert_data_eq!(
        terminal.tell(&offline).done(),
        str![[r#"
author           [KEEPER]
chain            [..]
size             9
root             [WORD]
entries          4
anchored         4
payloads         4
without payload  0
block [..]
roster           [roster]
sequence         1

"#]]
    );
    let mut forged = block.clone();
    forged["receiptsRoot"] = json!(B256::repeat_byte(1));
    terminal.write("header.json", forged.to_string());
    assert!(
        terminal
            .tell(&offline)
            .refused(3)
            .contains("its fields hash to")
    );

    // An entry that was changed; an anchor that nobody made.
    let bundle = std::fs::read_to_string(terminal.file("bundle.json")).unwrap();
    terminal.write(
        "changed.json",
        bundle.replacen("\\\"node\\\":1", "\\\"node\\\":2", 1),
    );
    assert_data_eq!(
        terminal
            .tell(&["log", "verify", "--bundle", "changed.json"])
            .refused(5),
        str![[r#"
error: entry 1 of the log is not what the author's root commits to: the entry, or its path, was changed
(exit 5)

"#]]
    );
    terminal.write(
        "changed.json",
        bundle.replacen("\"sequence\": 1", "\"sequence\": 2", 1),
    );
    assert!(
        terminal
            .tell(&["log", "verify", "--bundle", "changed.json"])
            .refused(5)
            .contains("as number 2, the bundle says")
    );
    terminal.write("changed.json", "{}");
    assert!(
        terminal
            .tell(&["log", "verify", "--bundle", "changed.json"])
            .refused(3)
            .contains("no bundle")
    );
    assert!(
        terminal
            .tell(&["log", "verify"])
            .refused(2)
            .contains("error")
    );
    assert!(
        terminal
            .tell(&["log", "export", "--store", "none", "--out", "x"])
            .refused(3)
            .contains("--store")
    );
    let unknown = [
        "log",
        "export",
        "--store",
        "hub.sqlite",
        "--type",
        "FROZEN",
        "--out",
        "x",
    ];
    assert!(
        terminal
            .tell(&unknown)
            .refused(3)
            .contains("docs/events.md")
    );
    terminal.compare_both(snapbox::file!["transcripts/both/log.txt"]);
}
