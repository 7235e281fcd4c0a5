//! Doubles speak for members that do not exist yet. They are for tests, and cannot get anywhere else.

use agentcity_abi::ITreasury;
use agentcity_test_fixtures::{
    Actor, Node, Settings,
    city::{
        Client, Person,
        double::{self, Double, IDouble},
    },
    tool::workspace_dir,
};
use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use serde_json::Value;
use std::process::{Command, Output};

/// Compiles the guard alone, as the module that declares the doubles includes it.
fn compile_guard(debug_assertions: &str) -> Output {
    let out = tempfile::tempdir().unwrap();
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .args(["-C", &format!("debug-assertions={debug_assertions}")])
        .arg("--out-dir")
        .arg(out.path())
        .arg(workspace_dir().join("test-fixtures/src/city/guard.rs"))
        .output()
        .unwrap()
}

#[test]
fn a_release_build_refuses_the_doubles() {
    let refused = compile_guard("off");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "the guard guards nothing");
    assert!(said.contains("feature `doubles`"), "{said}");
    let taken = compile_guard("on");
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    // The guard binds only where the doubles are declared.
    let module = std::fs::read_to_string(workspace_dir().join("test-fixtures/src/city/mod.rs"));
    assert!(module.unwrap().lines().any(|line| line == "mod guard;"));
}

#[test]
fn nothing_that_is_shipped_depends_on_the_fixtures() {
    let asked = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(workspace_dir())
        .output()
        .unwrap();
    assert!(asked.status.success());
    let metadata: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut seen_fixtures = false;
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["name"] == "agentcity-test-fixtures" {
                // Tests may; what is built to be used may not.
                assert_eq!(dependency["kind"], "dev", "{}", package["name"]);
            }
        }
        if package["name"] == "agentcity-test-fixtures" {
            seen_fixtures = true;
            assert_eq!(package["features"]["doubles"], serde_json::json!([]));
            assert!(
                package["features"].get("default").is_none(),
                "the doubles must be asked for by name"
            );
        }
    }
    assert!(seen_fixtures && packages.len() > 10, "{}", packages.len());
}

#[test]
fn only_its_operator_speaks_through_a_double() {
    let node = Node::devnode(&Settings::default());
    let mut client = Client::new(&node).unwrap();
    let (operator, stranger) = (Person::new(1, "operator"), Person::new(1, "stranger"));
    let bank = &Actor::named("alice").signer;
    for person in [&operator, &stranger] {
        let purse = U256::from(10u128.pow(19));
        client
            .pay(bank, person.address(), purse, Bytes::new(), "a purse")
            .unwrap();
    }
    let home = Address::repeat_byte(7);
    let address = client
        .create(&operator, double::creation(home).unwrap())
        .unwrap();
    assert_eq!(
        client.ask(address, &IDouble::constitutionCall {}).unwrap(),
        home
    );
    let by = |operator: &Person| Double {
        address,
        operator: operator.clone(),
    };
    let question = IDouble::constitutionCall {};
    by(&operator).say(&mut client, address, &question).unwrap();
    let refusal = by(&stranger)
        .say(&mut client, address, &question)
        .unwrap_err();
    let typed = refusal.refusal().unwrap().typed::<IDouble::IDoubleErrors>();
    assert!(
        matches!(typed, Some(IDouble::IDoubleErrors::NotOperator(error)) if error.caller == stranger.address()),
        "{refusal}"
    );
    // What the target says comes back unchanged: the double is no operator of itself.
    let to_itself = IDouble::forwardCall {
        target: home,
        data: Bytes::new(),
    };
    let said = by(&operator)
        .say(&mut client, address, &to_itself)
        .unwrap_err();
    let typed = said.refusal().unwrap().typed::<IDouble::IDoubleErrors>();
    assert!(
        matches!(typed, Some(IDouble::IDoubleErrors::NotOperator(error)) if error.caller == address),
        "{said}"
    );
}

#[test]
fn a_double_answers_what_its_operator_says_the_very_call_before_the_function() {
    let node = Node::devnode(&Settings::default());
    let mut client = Client::new(&node).unwrap();
    let (operator, stranger) = (Person::new(1, "operator"), Person::new(1, "stranger"));
    let bank = &Actor::named("alice").signer;
    for person in [&operator, &stranger] {
        let purse = U256::from(10u128.pow(19));
        client
            .pay(bank, person.address(), purse, Bytes::new(), "a purse")
            .unwrap();
    }
    let home = Address::repeat_byte(7);
    let address = client
        .create(&operator, double::creation(home).unwrap())
        .unwrap();
    let double = Double {
        address,
        operator: operator.clone(),
    };
    let credits = |account: u8| ITreasury::creditsCall {
        account: Address::repeat_byte(account),
    };
    // Nothing was said yet.
    let refusal = client.ask(address, &credits(1)).unwrap_err();
    let typed = refusal.refusal().unwrap().typed::<IDouble::IDoubleErrors>();
    assert!(
        matches!(typed, Some(IDouble::IDoubleErrors::NoAnswer(error)) if error.selector == ITreasury::creditsCall::SELECTOR),
        "{refusal}"
    );
    let number = |number: u64| U256::from(number);
    double
        .answers::<ITreasury::creditsCall>(&mut client, &number(5))
        .unwrap();
    double
        .answers_to(&mut client, &credits(2), &number(9))
        .unwrap();
    let ask = |client: &mut Client, account| client.ask(address, &credits(account)).unwrap();
    assert_eq!(
        [1, 2, 3].map(|account| ask(&mut client, account)),
        [5, 9, 5].map(number)
    );
    // What is said later replaces what was said before; other functions are not answered by it.
    double
        .answers::<ITreasury::creditsCall>(&mut client, &number(6))
        .unwrap();
    assert_eq!(
        [1, 2].map(|account| ask(&mut client, account)),
        [6, 9].map(number)
    );
    assert!(client.ask(address, &ITreasury::bookedCall {}).is_err());
    // Its own functions are never answered for.
    assert_eq!(
        client.ask(address, &IDouble::constitutionCall {}).unwrap(),
        home
    );
    let by_stranger = Double {
        address,
        operator: stranger.clone(),
    };
    let refusal = by_stranger
        .answers::<ITreasury::creditsCall>(&mut client, &number(7))
        .unwrap_err();
    let typed = refusal.refusal().unwrap().typed::<IDouble::IDoubleErrors>();
    assert!(
        matches!(typed, Some(IDouble::IDoubleErrors::NotOperator(error)) if error.caller == stranger.address()),
        "{refusal}"
    );
    assert!(
        by_stranger
            .answers_to(&mut client, &credits(2), &number(7))
            .is_err()
    );
    assert_eq!(
        [1, 2].map(|account| ask(&mut client, account)),
        [6, 9].map(number)
    );
}
