//! Programs live a year; whoever watches them extends that.

use agentcity_test_fixtures::{Node, Settings, node::Kind};
use snapbox::{assert_data_eq, str};

use super::{Desk, founder};
use crate::founding::{adjudicators, genesis_text};

#[test]
fn programs_that_end_soon_live_on() {
    let node = Node::devnode(&Settings::lenient());
    let desk = Desk::new(&node.http_url());
    desk.write("genesis.toml", &genesis_text());
    assert!(
        desk.run_as(Some(founder()), &["deploy", "apply"])
            .status
            .success()
    );
    let mut signatures = Vec::new();
    for (index, adjudicator) in adjudicators().iter().take(5).enumerate() {
        let out = format!("{index}.json");
        let manifest = "deployments/412346.city.manifest.json";
        desk.run_as(
            Some(adjudicator),
            &["genesis", "sign", manifest, "--out", &out],
        );
        signatures.push(out);
    }
    let mut words = vec!["genesis", "seal", "deployments/412346.city.manifest.json"];
    words.extend(signatures.iter().map(String::as_str));
    assert_data_eq!(
        desk.tell_as(founder(), &words),
        str![[r#"
done seal the city
transaction HASH
block 15
gas N
event Sealed (digest HASH, members [ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS], signers [ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS])
event EpochOpened (epoch 1, page ADDRESS)
wire agent done
wire management done
wire service done
wire legislature done
wire collaboration done
wire treasury done
wire adjudication done
wire verification done
wire guardian done
wire assembly done
wire statute done
wire enactment done
wire roster done
exit 0

"#]]
    );
    let mut rpc = node.rpc();
    rpc.call("evm_increaseTime", serde_json::json!([340 * 86_400]))
        .unwrap();
    rpc.call("evm_mine", serde_json::json!([])).unwrap();
    let verified = desk.tell(&["deploy", "verify"]);
    assert!(
        verified.contains("open agent activation version"),
        "{verified}"
    );
    assert_data_eq!(
        desk.tell_as(founder(), &["deploy", "keepalive"]),
        str![[r#"
member at left what
constitution ADDRESS N s extended
agent ADDRESS N s extended
management ADDRESS N s extended
service ADDRESS N s extended
legislature ADDRESS N s extended
collaboration ADDRESS N s extended
treasury ADDRESS N s extended
adjudication ADDRESS N s extended
verification ADDRESS N s extended
guardian ADDRESS N s extended
assembly ADDRESS N s extended
statute ADDRESS N s extended
enactment ADDRESS N s extended
roster ADDRESS N s extended
exit 0

"#]]
    );
    assert!(
        !desk
            .tell(&["deploy", "verify"])
            .contains("open agent activation")
    );
    rpc.call("evm_increaseTime", serde_json::json!([400 * 86_400]))
        .unwrap();
    rpc.call("evm_mine", serde_json::json!([])).unwrap();
    let expired = desk.run(&["deploy", "verify"]);
    assert_eq!(expired.status.code(), Some(5));
    let told = desk.told(&expired);
    assert!(told.contains("BROKEN agent activation Expired"), "{told}");
    // Anyone wakes them: the same verb that deployed them.
    assert!(
        desk.run_as(Some(founder()), &["deploy", "apply"])
            .status
            .success()
    );
    let awake = desk.run(&["deploy", "verify"]);
    assert_eq!(awake.status.code(), Some(0), "{}", desk.told(&awake));
    desk.compare_json(snapbox::file!["../transcripts/both/life.txt"]);
}

#[test]
fn a_program_is_deployed_seen_kept_alive_and_activated_again_when_it_ended() {
    let node = Node::devnode(&Settings::lenient());
    let desk = Desk::new(&node.http_url());
    let module = wat::parse_str(crate::program::SMALLEST).unwrap();
    std::fs::write(desk.dir.path().join("module.wasm"), module).unwrap();
    let tell = |args: &[&str]| desk.tell_as(founder(), args);
    let deploy = ["program", "deploy", "--wasm", "module.wasm"];
    assert_data_eq!(
        tell(&[&deploy[..], &["--dry-run"]].concat()),
        str![[r#"
address ADDRESS
from ADDRESS
would deploy and activate, with N wei
exit 0

"#]]
    );
    let nothing = desk.run(&deploy);
    assert_eq!(nothing.status.code(), Some(3), "nobody's key");
    let said = desk.run_as(Some(founder()), &[&deploy[..], &["--json"]].concat());
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(said["result"]["transactions"].as_array().unwrap().len(), 1);
    let at = said["result"]["address"].as_str().unwrap().to_owned();
    assert_data_eq!(
        tell(&deploy),
        str![[r#"
address ADDRESS
codehash HASH
version 2
done was there already
exit 0

"#]]
    );
    assert_data_eq!(
        desk.tell(&["program", "status", &at]),
        str![[r#"
address ADDRESS
codehash HASH
version 2
init gas 9207 (353 cached)
pages 1
active for N s more
exit 0

"#]]
    );
    assert_data_eq!(
        tell(&["program", "activate", &at]),
        str![[r#"
--
error: ADDRESS is active already: to extend its life, use keepalive
exit 1

"#]]
    );
    assert_data_eq!(
        tell(&["program", "keepalive", &at]),
        str![[r#"
--
error: too soon: the activation is [..] s old, the chain takes a keepalive after 31 days
exit 1

"#]]
    );
    let mut rpc = node.rpc();
    let mut pass = |days: u64| {
        rpc.call("evm_increaseTime", serde_json::json!([days * 86_400]))
            .unwrap();
        rpc.call("evm_mine", serde_json::json!([])).unwrap();
    };
    pass(340);
    let keep = ["program", "keepalive", &at];
    assert_data_eq!(
        tell(&[&keep[..], &["--dry-run"]].concat()),
        str![[r#"
address ADDRESS
from ADDRESS
would keep alive, with N wei
exit 0

"#]]
    );
    assert_data_eq!(
        tell(&keep),
        str![[r#"
kept alive ADDRESS
transaction HASH
exit 0

"#]]
    );
    pass(700);
    assert_data_eq!(
        desk.tell(&["program", "status", &at]),
        str![[r#"
--
error: ADDRESS is deployed and not active (Expired { age_secs: N }): activate it, anyone may
exit 5

"#]]
    );
    let activate = ["program", "activate", &at];
    assert_data_eq!(
        tell(&[&activate[..], &["--dry-run"]].concat()),
        str![[r#"
address ADDRESS
from ADDRESS
would activate, with N wei
exit 0

"#]]
    );
    assert_data_eq!(
        tell(&activate),
        str![[r#"
activated ADDRESS
transaction HASH
exit 0

"#]]
    );
    assert!(desk.run(&["program", "status", &at]).status.success());
    desk.compare_json(snapbox::file!["../transcripts/both/program.txt"]);
}

#[test]
fn a_chain_without_the_factory_founds_nothing() {
    let settings = Settings {
        strict: false,
        ..Settings::default()
    };
    let node = Node::start(Kind::DevnodeEthereum, &settings).unwrap();
    let desk = Desk::new(&node.http_url());
    desk.write("genesis.toml", &genesis_text());
    let apply = ["deploy", "apply"];
    assert_data_eq!(
        desk.tell_as(founder(), &apply),
        str![[r#"
--
error: chain 412346 has no StylusDeployer at ADDRESS: is it an Arbitrum chain?
exit 1

"#]]
    );
    assert_data_eq!(
        desk.tell(&["deploy", "apply", "--dry-run"]),
        str![[r#"
--
error: chain 412346 has no StylusDeployer at ADDRESS: is it an Arbitrum chain?
exit 1

"#]]
    );
}
