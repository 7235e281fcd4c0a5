//! What a Ledger signs is what a key would sign; and it signs nothing else.

use agentcity_abi::IConstitution::{Clerk, GenesisManifest, Member, ParameterValue};
use agentcity_deploy::city::ManifestFile;
use agentcity_domain::{
    peer::Peer,
    signed::{SignedStruct, identity::PrincipalConsent},
};
use agentcity_test_fixtures::{
    Settings,
    city::{Charter, City as Raised},
};
use alloy::{
    consensus::transaction::SignerRecoverable as _,
    network::{NetworkTransactionBuilder as _, TransactionBuilder as _},
    primitives::{Address, B256, U256},
    rpc::types::TransactionRequest,
    signers::SignerSync as _,
    transports::{RpcError, TransportErrorKind},
};
use clap::Parser as _;
use serde_json::{Value, json};

use super::simulator::{Hands, Held, Screen, address_at, key_at};
use crate::{
    Args, carry_out,
    failure::{Code, Failure},
    signed,
    signer::{HdPath, Signer, Typed},
};

/// The first account as Ledger's own wallet counts them, and the second.
const FIRST: &str = "m/44'/60'/0'/0/0";
const SECOND: &str = "m/44'/60'/1'/0/0";

async fn open(path: &str) -> Result<Signer, Failure> {
    Signer::ledger(path.parse().unwrap()).await
}

/// What an agent's principal signs.
fn consent() -> Typed {
    let member = Address::repeat_byte(3);
    let words = PrincipalConsent {
        agent: Address::repeat_byte(9),
        did_hash: B256::repeat_byte(3),
        agent_type: 1,
        principal: address_at(FIRST),
        max_sub_agents: 5,
        nonce: u64::MAX,
        deadline: 1 << 60,
    }
    .words();
    let entry = SignedStruct::PrincipalConsent.entry();
    let fields = entry.fields().zip(&words[1..]);
    let message = fields.map(|((ty, name), word)| (name.to_owned(), signed::shown(ty, *word)));
    let payload = signed::payload(&entry, 412_346, member, &message.collect());
    Typed::new(payload, signed::digest(412_346, member, &words))
}

/// As a key of the same path signs it.
fn by_key(path: &str, digest: B256) -> Vec<u8> {
    let signed = key_at(path).sign_hash_sync(&digest).unwrap();
    signed.as_bytes().to_vec()
}

#[tokio::test]
async fn a_device_has_a_key_for_each_path() {
    let _hands = Hands::take(Held::default()).await;
    for path in [FIRST, SECOND, "m/44'/60'/0'/7", "m/1"] {
        assert_eq!(
            open(path).await.unwrap().address(),
            address_at(path),
            "{path}"
        );
    }
    assert_eq!(HdPath::account(1).unwrap().to_string(), SECOND);
}

#[tokio::test]
async fn a_statement_is_signed_as_by_a_key_and_its_hashes_are_shown() {
    let hands = Hands::take(Held::default()).await;
    let device = open(SECOND).await.unwrap();
    let typed = consent();
    let signature = device.sign(&typed).await.unwrap();
    assert_eq!(signature[..], by_key(SECOND, typed.digest));
    let domain = agentcity_deploy::city::apply::eip712_domain(412_346, Address::repeat_byte(3));
    assert_eq!(hands.with(|held| held.shown[0]), domain.separator());
    assert_eq!(hands.with(|held| held.shown.len()), 2);
}

#[tokio::test]
async fn a_manifest_with_all_its_lists_is_signed_as_by_a_key() {
    let _hands = Hands::take(Held::default()).await;
    let member = |peer: u8| Member {
        peer,
        account: Address::repeat_byte(peer),
        codehash: B256::repeat_byte(3),
    };
    let clerk = |role: u8| Clerk {
        role,
        agent: Address::repeat_byte(0x40 + role),
        principal: Address::repeat_byte(0x50),
    };
    let parameter = |id: u8| ParameterValue {
        id,
        value: B256::repeat_byte(id),
    };
    let file = ManifestFile {
        manifest: GenesisManifest {
            mandate: B256::repeat_byte(1),
            asset: Address::ZERO,
            unitScale: U256::MAX,
            members: (1..=14).map(member).collect(),
            parameters: (0..5).map(parameter).collect(),
            clerks: (0..4).map(clerk).collect(),
            adjudicators: (1..=7).map(Address::repeat_byte).collect(),
            deadline: u64::MAX,
        },
        chain_id: 412_346,
        constitution: Address::repeat_byte(9),
    };
    let typed = Typed::new(file.to_json(), file.digest());
    let signature = open(FIRST).await.unwrap().sign(&typed).await.unwrap();
    assert_eq!(signature[..], by_key(FIRST, file.digest()));
}

#[tokio::test]
async fn a_device_is_handed_nothing_that_hashes_to_something_else() {
    let hands = Hands::take(Held::default()).await;
    let device = open(FIRST).await.unwrap();
    let good = consent();
    let other = Typed::new(good.payload.clone(), B256::repeat_byte(1));
    let mut changed = good.clone();
    changed.payload["message"]["nonce"] = json!("1");
    let mut elsewhere = good.clone();
    elsewhere.payload["domain"]["chainId"] = json!("1");
    let mut broken = good;
    broken.payload["types"] = Value::Null;
    for typed in [other, changed, elsewhere, broken] {
        let refused = device.sign(&typed).await.unwrap_err();
        assert_eq!(refused.code, Code::DeviceWrong, "{refused}");
    }
    assert!(hands.with(|held| held.shown.is_empty()));
}

#[tokio::test]
async fn a_signature_of_another_key_is_not_taken() {
    let hands = Hands::take(Held::default()).await;
    let device = open(FIRST).await.unwrap();
    hands.with(|held| held.is_false = true);
    let refused = device.sign(&consent()).await.unwrap_err();
    assert_eq!(refused.code, Code::DeviceWrong);
    let refused = transfer(&device, 0).await.unwrap_err();
    assert_eq!(refused.code, Code::DeviceWrong);
    assert_eq!(hands.with(|held| held.handed.len()), 1);
}

/// Signs a transaction with so many bytes of data.
async fn transfer(signer: &Signer, bytes: usize) -> Result<Address, Failure> {
    let request = TransactionRequest::default()
        .with_from(signer.address())
        .with_to(Address::repeat_byte(7))
        .with_value(U256::from(5))
        .with_chain_id(412_346)
        .with_nonce(3)
        .with_gas_limit(30_000)
        .with_max_fee_per_gas(1_000_000_000)
        .with_max_priority_fee_per_gas(0)
        .with_input(vec![0xab; bytes]);
    let built = request.build(&signer.wallet()).await;
    // As the filler of a provider hands it on.
    let built = built.map_err(RpcError::<TransportErrorKind>::local_usage)?;
    Ok(built.recover_signer().unwrap())
}

#[tokio::test]
async fn transactions_of_any_length_are_signed() {
    let hands = Hands::take(Held::default()).await;
    let device = open(FIRST).await.unwrap();
    for bytes in [0, 1, 36, 180, 255, 256, 600, 5_000] {
        let by = transfer(&device, bytes).await.unwrap();
        assert_eq!(by, address_at(FIRST), "{bytes}");
        let input = hands.with(|held| held.handed.last().unwrap().input.len());
        assert_eq!(input, bytes);
    }
}

#[tokio::test]
async fn whatever_a_device_refuses_is_told_with_what_to_do() {
    type Change = fn(&mut Held);
    // Before it has given its address.
    let at_first: [(Change, Code, &str); 4] = [
        (
            |held| held.is_taken = true,
            Code::DeviceMissing,
            "no other program",
        ),
        (
            |held| held.screen = Screen::Menu,
            Code::DeviceClosed,
            "app is not open",
        ),
        (
            |held| held.screen = Screen::Locked,
            Code::DeviceClosed,
            "is locked",
        ),
        (
            |held| held.answers = Some(0x6f42),
            Code::DeviceClosed,
            "0x6f42",
        ),
    ];
    for (change, code, says) in at_first {
        let mut held = Held::default();
        change(&mut held);
        let _hands = Hands::take(held).await;
        let refused = open(FIRST).await.unwrap_err();
        assert_eq!(refused.code, code, "{refused}");
        assert!(refused.to_string().contains(says), "{refused}");
        assert!(refused.hint.is_some());
    }
    // When it is to sign.
    let then: [(Change, Code, &str); 5] = [
        (
            |held| held.confirms = false,
            Code::DeviceRefused,
            "rejected on the device",
        ),
        (
            |held| held.signs_blind = false,
            Code::DeviceRefused,
            "cannot show in full",
        ),
        (
            |held| held.answers = Some(0x6a80),
            Code::DeviceRefused,
            "does not take what it was handed",
        ),
        (|held| held.locks = true, Code::DeviceClosed, "was locked"),
        (
            |held| held.screen = Screen::Locked,
            Code::DeviceClosed,
            "was locked",
        ),
    ];
    for (change, code, says) in then {
        // What it is set to it says at first; all else happens afterwards.
        let mut held = Held::default();
        if says.contains("in full") {
            change(&mut held);
        }
        let hands = Hands::take(held).await;
        let device = open(FIRST).await.unwrap();
        hands.with(change);
        let mut refusals = vec![device.sign(&consent()).await.unwrap_err()];
        hands.with(change);
        refusals.push(transfer(&device, 100).await.unwrap_err());
        for refused in refusals {
            assert_eq!(refused.code, code, "{refused}");
            assert!(refused.to_string().contains(says), "{refused}");
        }
    }
    // An app of before typed data.
    let hands = Hands::take(Held::default()).await;
    hands.with(|held| held.release = [1, 5, 9]);
    let refused = open(FIRST).await.unwrap().sign(&consent()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, Code::DeviceClosed);
    assert!(refused.message.contains("too old"), "{refused}");
}

/// Types a line, in this process: the simulator is in no other.
async fn run(line: &str) -> Result<(), Failure> {
    let words = std::iter::once("agentcity").chain(line.split(' '));
    let args = Args::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    carry_out(args).await.map(|_| ())
}

/// A city on a devnode, and a device whose first two accounts have coins.
fn raise() -> (Raised, tempfile::TempDir, String) {
    let mut city = Raised::raise(&Charter {
        settings: Settings::lenient(),
        ..Charter::default()
    })
    .unwrap();
    for path in [FIRST, SECOND] {
        let coins = json!([address_at(path), "0x8ac7230489e80000"]);
        city.client.rpc().call("anvil_setBalance", coins).unwrap();
    }
    let town = format!(
        "--rpc-url http://{} --city {}",
        city.node.address(),
        city.address(Peer::Constitution)
    );
    (city, tempfile::tempdir().unwrap(), town)
}

#[test]
fn a_device_signs_statements_transactions_and_actions_for_a_city() {
    let (city, folder, town) = raise();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(story(&city, folder.path(), &town));
}

async fn story(city: &Raised, folder: &std::path::Path, town: &str) {
    let hands = Hands::take(Held::default()).await;
    let file = |name: &str| folder.join(name).display().to_string();
    let (agent, consent) = (address_at(SECOND), file("consent.json"));
    // A statement of the first account, which the second hands in with a transaction.
    let line = format!("agent consent {agent} --type producer --out {consent} {town} --ledger");
    run(&line).await.unwrap();
    let read = signed::Statement::read(consent.as_ref(), SignedStruct::PrincipalConsent).unwrap();
    assert_eq!(read.signer, address_at(FIRST));
    // Coins move by a transaction of the device.
    run(&format!(
        "credits deposit 5 {town} --ledger --ledger-index 1"
    ))
    .await
    .unwrap();
    assert_eq!(hands.with(|held| held.handed.len()), 1);
    assert_eq!(hands.with(|held| held.handed[0].value), U256::from(5));
    // Nothing is signed where nothing is sent.
    run(&format!("credits deposit 5 {town} --ledger --dry-run"))
        .await
        .unwrap();
    assert_eq!(hands.with(|held| held.handed.len()), 1);
    // An action is signed from its file alone, and whoever merges takes the signature.
    std::fs::write(folder.join("why.md"), "So that it is seen to work.\n").unwrap();
    let (act, why, own) = (file("act.json"), file("why.md"), file("own.json"));
    run(&format!(
        "override prepare halt-city --evidence-hash @{why} --justification {why} --out {act} {town}"
    ))
    .await
    .unwrap();
    let path = format!("--ledger --hd-path {FIRST}");
    run(&format!("override sign {act} --out {own} {path}"))
        .await
        .unwrap();
    run(&format!("override merge {act} {own}")).await.unwrap();
    let merged: Value = serde_json::from_str(&std::fs::read_to_string(&act).unwrap()).unwrap();
    let signer = &merged["override"]["signatures"][0]["signer"];
    assert_eq!(*signer, json!(address_at(FIRST).to_string().to_lowercase()));
    // Who rejects a transaction on the device reads that, and nothing is sent.
    hands.with(|held| held.confirms = false);
    let refused = run(&format!("credits deposit 5 {town} --ledger")).await;
    assert_eq!(refused.unwrap_err().code, Code::DeviceRefused);
    drop(hands);
    let _ = city;
}
