//! Keepers on a running chain: they extend the life of a program, once, however many they are.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use agentcity_abi::IArbWasm;
use agentcity_keeper::{
    clock::{Clock, Moment},
    config::Config,
    daemon::{Keeper, LEASE_TERM, Standing},
    journal::SqliteJournal,
    source::ground::Ground,
};
use agentcity_test_fixtures::{
    Actor, Node, Sender, Settings,
    program::{ARB_WASM, deploy_wat},
};
use alloy::{
    primitives::{Address, B256},
    providers::{Provider, ProviderBuilder, RootProvider},
};
use serde_json::json;
use tempfile::tempdir;

use crate::chain::{Proxy, Wrong};

const DAY: u64 = 86_400;
/// A program that does nothing.
const NOTHING: &str = r#"(module
    (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;

#[derive(Debug)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

type Real = Keeper<SqliteJournal, RootProvider>;

fn keeper(node: &Node, dir: &Path, name: &str, programs: &[Address]) -> Real {
    let list: Vec<String> = programs.iter().map(|p| format!("\"{p}\"")).collect();
    let config = Config::parse(&format!(
        "endpoint = {:?}\njournal = {:?}\nname = \"{name}\"\ndepth_blocks = 0\nprograms = [{}]\n",
        node.http_url(),
        dir.join("journal").display().to_string(),
        list.join(",")
    ))
    .unwrap();
    let provider = ProviderBuilder::default().connect_http(config.endpoints[0].clone());
    let key = Actor::named("bob").signer.clone();
    let ground = Ground {
        chain_id: Settings::default().chain_id,
        genesis: B256::ZERO,
        city: None,
    };
    let journal = SqliteJournal::open(&dir.join("journal")).unwrap();
    Keeper::new(journal, provider, config, Some(key), &ground).unwrap()
}

/// A keeper whose first endpoint is somebody else's machine, and which has two honest ones besides.
fn watched(node: &Node, first: &Proxy, dir: &Path, program: Address) -> Real {
    let first = format!("http://{}/", first.address);
    let config = Config::parse(&format!(
        "endpoint = {first:?}\nfurther_endpoints = [{:?}, {:?}]\njournal = \"journal\"\ndepth_blocks = 0\nprograms = [\"{program}\"]\n",
        node.http_url(),
        format!("{}#again", node.http_url()),
    ))
    .unwrap();
    let providers = config.providers().unwrap();
    let key = Actor::named("bob").signer.clone();
    let ground = Ground {
        chain_id: Settings::default().chain_id,
        genesis: B256::ZERO,
        city: None,
    };
    let journal = SqliteJournal::open(&dir.join("journal")).unwrap();
    Keeper::over(journal, providers, config, Some(key), &ground).unwrap()
}

fn life(alice: &mut Sender, program: Address) -> u64 {
    alice
        .ask(ARB_WASM, &IArbWasm::programTimeLeftCall { program })
        .unwrap()
}

fn days_pass(alice: &mut Sender, days: u64) {
    let rpc = &mut alice.rpc;
    rpc.call("evm_increaseTime", json!([days * DAY])).unwrap();
    rpc.call("evm_mine", json!([])).unwrap();
}

async fn sent_by_bob(node: &Node) -> u64 {
    let bob = Actor::named("bob").address();
    node.provider().get_transaction_count(bob).await.unwrap()
}

#[tokio::test]
async fn a_life_is_extended_once_and_again_a_year_later() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let (dir, clock) = (tempdir().unwrap(), Hands(AtomicU64::new(0)));
    let mut keeper = keeper(&node, dir.path(), "one", &[program]);
    for year in 1..=2 {
        assert_eq!(keeper.stand(&clock).unwrap(), Standing::Working);
        keeper.observe(&clock).await.unwrap();
        assert_eq!(keeper.act(&clock, false).await.unwrap(), 0);
        assert_eq!(
            sent_by_bob(&node).await,
            year - 1,
            "more than a month is left"
        );
        days_pass(&mut alice, 340);
        for _ in 0..4 {
            keeper.observe(&clock).await.unwrap();
            keeper.act(&clock, false).await.unwrap();
        }
        assert!(life(&mut alice, program) > 364 * DAY);
        assert_eq!(sent_by_bob(&node).await, year);
    }
}

/// INV-KEEPER-02.
#[tokio::test]
async fn of_two_keepers_one_works_and_the_other_takes_over_in_the_middle() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    days_pass(&mut alice, 340);
    let (dir, clock) = (tempdir().unwrap(), Hands(AtomicU64::new(0)));
    let mut one = keeper(&node, dir.path(), "one", &[program]);
    let mut two = keeper(&node, dir.path(), "two", &[program]);
    assert_eq!(one.stand(&clock).unwrap(), Standing::Working);
    assert!(
        matches!(two.stand(&clock).unwrap(), Standing::Waiting { holder, .. } if holder == "one")
    );
    // The first sees that a keepalive is wanted, and stands still.
    one.observe(&clock).await.unwrap();
    clock.0.fetch_add(LEASE_TERM.get(), Ordering::SeqCst);
    assert_eq!(two.stand(&clock).unwrap(), Standing::Working);
    // It wakes up before the other did anything, and can do nothing: its fence is over.
    let refused = one.act(&clock, false).await.unwrap_err();
    assert!(
        refused.to_string().contains("another keeper's"),
        "{refused}"
    );
    assert_eq!(sent_by_bob(&node).await, 0);
    for _ in 0..3 {
        two.act(&clock, false).await.unwrap();
    }
    assert_eq!(sent_by_bob(&node).await, 1);
    assert!(
        matches!(one.stand(&clock).unwrap(), Standing::Waiting { holder, .. } if holder == "two")
    );
    two.leave(&clock).unwrap();
    assert_eq!(one.stand(&clock).unwrap(), Standing::Working);
    one.observe(&clock).await.unwrap();
    one.act(&clock, false).await.unwrap();
    assert_eq!(sent_by_bob(&node).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_that_lies_about_a_life_makes_nobody_pay_and_lets_nothing_lapse() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let program = deploy_wat(&mut alice, NOTHING).unwrap();
    let first = Proxy::new(&node).await;
    let (dir, clock) = (tempdir().unwrap(), Hands(AtomicU64::new(0)));
    let mut keeper = watched(&node, &first, dir.path(), program);
    let works = async |keeper: &mut Real| {
        for _ in 0..4 {
            clock.0.fetch_add(1, Ordering::SeqCst);
            assert_eq!(keeper.stand(&clock).unwrap(), Standing::Working);
            keeper.observe(&clock).await.unwrap();
            keeper.act(&clock, false).await.unwrap();
        }
    };
    // It says that an hour is left, and a year is.
    first.is(Wrong::Answers(3_600));
    works(&mut keeper).await;
    assert_eq!(sent_by_bob(&node).await, 0);
    // It says that a year is left, and less than a month is.
    days_pass(&mut alice, 340);
    first.is(Wrong::Answers(365 * DAY));
    works(&mut keeper).await;
    assert_eq!(sent_by_bob(&node).await, 1);
    assert!(life(&mut alice, program) > 364 * DAY);
}
