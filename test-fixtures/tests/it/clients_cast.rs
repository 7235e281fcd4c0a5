//! The real `cast` binary against the devnode and against anvil: a developer's fingers must not have to learn anything.

use crate::support::{DIALECT, create, on_both};
use agentcity_test_fixtures::{Actor, Node, Settings, contracts, rival::Cast};
use alloy::primitives::hex;
use serde_json::Value;

const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn key(name: &str) -> String {
    hex::encode_prefixed(Actor::named(name).signer.to_bytes())
}

/// The word as cast prints it.
fn word(value: u64) -> String {
    format!("0x{value:064x}")
}

#[tokio::test(flavor = "multi_thread")]
async fn cast_sends_calls_estimates_and_reads_logs() {
    on_both(Settings::lenient(), |node| async move {
        let cast = Cast::new(&node).unwrap();
        let cell = create(&node.provider(), contracts::creation(&contracts::cell()))
            .await
            .to_string();
        let run = |args: &[&str]| cast.run(args).unwrap_or_else(|error| panic!("{error}"));

        assert_eq!(run(&["chain-id"]), Settings::default().chain_id.to_string());
        assert_eq!(run(&["block-number"]), "1");
        assert_eq!(run(&["call", &cell, "--data", "0x"]), word(0));
        let estimate: u64 = run(&["estimate", &cell, &word(5)]).parse().unwrap();
        assert!((44_000..60_000).contains(&estimate), "{estimate}");

        let sent: Value = serde_json::from_str(&run(&[
            "send",
            &cell,
            &word(5),
            "--private-key",
            &key("alice"),
            "--json",
        ]))
        .unwrap();
        assert_eq!(sent["status"], "0x1");
        let hash = sent["transactionHash"].as_str().unwrap();
        assert_eq!(run(&["call", &cell, "--data", "0x"]), word(5));
        assert_eq!(run(&["storage", &cell, "0"]), word(5));
        assert_eq!(run(&["code", &cell]), contracts::cell().to_string());
        assert_eq!(run(&["receipt", hash, "status"]), "true");
        assert_eq!(run(&["tx", hash, "nonce"]), "1");
        assert_eq!(
            run(&["nonce", &Actor::named("alice").address().to_string()]),
            "2"
        );

        let logs: Value = serde_json::from_str(&run(&[
            "logs",
            "--from-block",
            "0",
            "--address",
            &cell,
            "Stored(uint256)",
            "--json",
        ]))
        .unwrap();
        assert_eq!(logs.as_array().unwrap().len(), 1);
        assert_eq!(
            (&logs[0]["data"], &logs[0]["transactionHash"]),
            (&Value::from(word(5)), &Value::from(hash))
        );

        let refused = cast
            .run(&["call", &cell, &word(0)])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("zero"), "{refused}");
        let refused = cast
            .run(&["send", &cell, &word(0), "--private-key", &key("alice")])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("zero"), "{refused}");

        let trace = run(&[
            "rpc",
            "debug_traceTransaction",
            hash,
            r#"{"tracer":"callTracer"}"#,
        ]);
        assert_eq!(
            serde_json::from_str::<Value>(&trace).unwrap()["output"],
            word(5)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cast_pays_and_reads_accounts_blocks_and_fees() {
    on_both(Settings::lenient(), |node| async move {
        let cast = Cast::new(&node).unwrap();
        let run = |args: &[&str]| cast.run(args).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(run(&["balance", BOB]), "10000000000000000000000");
        assert_eq!(
            run(&["balance", BOB, "--ether"]),
            "10000.000000000000000000"
        );
        run(&[
            "send",
            BOB,
            "--value",
            "1ether",
            "--private-key",
            &key("alice"),
        ]);
        run(&[
            "send",
            BOB,
            "--value",
            "1ether",
            "--private-key",
            &key("alice"),
            "--legacy",
        ]);
        assert_eq!(
            run(&["balance", BOB, "--ether"]),
            "10002.000000000000000000"
        );
        assert_eq!(
            run(&["balance", BOB, "--ether", "--block", "1"]),
            "10001.000000000000000000"
        );
        assert_eq!(run(&["block", "latest", "--field", "number"]), "2");
        let block: Value =
            serde_json::from_str(&run(&["block", "latest", "--full", "--json"])).unwrap();
        assert_eq!(
            block["transactions"][0]["to"]
                .as_str()
                .unwrap()
                .to_lowercase(),
            BOB.to_lowercase()
        );
        assert!(run(&["gas-price"]).parse::<u64>().unwrap() > 0);
        assert!(run(&["base-fee"]).parse::<u64>().unwrap() > 0);
        assert!(!run(&["client"]).is_empty());
        // The dev accounts may also be asked to sign by the node itself.
        run(&[
            "send",
            BOB,
            "--value",
            "1",
            "--unlocked",
            "--from",
            &Actor::named("carol").address().to_string(),
        ]);
        // What the node refuses, cast tells.
        let poor = "0x0000000000000000000000000000000000000000000000000000000000000abc";
        let refused = cast
            .run(&["send", BOB, "--value", "1", "--private-key", poor])
            .unwrap_err()
            .to_string();
        assert!(
            refused.to_lowercase().contains("insufficient funds"),
            "{refused}"
        );
        let unknown = cast
            .run(&["rpc", "eth_doesNotExist"])
            .unwrap_err()
            .to_string();
        assert!(unknown.contains("-32601"), "{unknown}");
    })
    .await;
}

#[test]
fn cast_moves_time_and_mines_by_rpc() {
    for kind in DIALECT {
        let node =
            Node::start(kind, &Settings::lenient()).unwrap_or_else(|error| panic!("{error}"));
        let cast = Cast::new(&node).unwrap();
        let run = |args: &[&str]| cast.run(args).unwrap_or_else(|error| panic!("{error}"));
        run(&["rpc", "evm_setNextBlockTimestamp", "2000000000"]);
        run(&["rpc", "evm_mine"]);
        assert_eq!(
            run(&["block", "latest", "--field", "timestamp"])
                .split(' ')
                .next(),
            Some("2000000000")
        );
        run(&["rpc", "evm_setNextBlockTimestamp", "2000001000"]);
        run(&["rpc", "anvil_mine", "0x1"]);
        assert_eq!(run(&["block-number"]), "2");
        // `cast find-block` walks the headers.
        assert_eq!(run(&["find-block", "2000000000"]), "1");
    }
}
