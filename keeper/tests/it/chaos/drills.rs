//! What no other test disturbs: an hour without a sequencer, clocks that jump, three keepers on one journal. What is wanted is a
//! wei to nobody, once for each stream, so nobody's balance counts the effects.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use agentcity_keeper::{
    clock::{Clock, Moment},
    daemon::{Keeper, LEASE_TERM, Standing},
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::{Journal, SqliteJournal},
    part::Part,
};
use agentcity_test_fixtures::{
    Actor, Node, Sender, Settings,
    chance::{Chance, number},
    postgres::Postgres,
};
use alloy::{
    primitives::{Address, U256},
    providers::{Provider, ProviderBuilder, RootProvider},
};
use serde_json::json;
use tempfile::tempdir;

use super::{
    life::{Road, Tap},
    way::way,
};
use crate::{
    host::{Habit, part},
    journal::{File, Place, Schema},
};

const NOBODY: Address = Address::repeat_byte(0x4e);
/// Any time at which a clock may begin.
const NOON: u64 = 1_767_268_800_000;
const HOUR_MS: u64 = 3_600_000;
/// Lives of three keepers in continuous integration; `cargo xtask chaos` names more.
const ROUNDS: u64 = 4;
const STEPS: u64 = 90;
/// A round's programs are told apart by a byte.
const ROUNDS_MAX: u64 = 25;
/// Rounds of all keepers in peace within which everything ends.
const PEACE: u64 = 24;
/// Their streams: two that pay, one that does not.
const STREAMS: [(&str, Habit); 3] = [
    ("a", Habit::Pays),
    ("b", Habit::Pays),
    ("c", Habit::Reports),
];

#[derive(Debug)]
struct Hands(AtomicU64);

impl Hands {
    fn noon() -> Self {
        Self(AtomicU64::new(NOON))
    }
}

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

fn provider(url: &str) -> RootProvider {
    ProviderBuilder::default().connect_http(url.parse().expect("a URL"))
}

fn keeper<J: Journal>(
    journal: J,
    url: &str,
    name: &str,
    payer: &str,
    round: u8,
) -> Keeper<J, RootProvider> {
    let policy = Policy {
        depth_blocks: 0,
        ..Policy::default()
    };
    let key = Actor::named(payer).signer.clone();
    let endpoint = Quorum::of_one(Rpc::new(provider(url), Duration::from_secs(10)));
    let submitter = Submitter::new(endpoint, key, Settings::default().chain_id, policy);
    let parts = STREAMS
        .iter()
        .zip(1..)
        .map(|((stream, habit), place)| part(stream, 10 * round + place, *habit) as Arc<dyn Part>);
    Keeper::with_parts(journal, name.into(), 0, Some(submitter), parts.collect())
        .expect("three streams")
}

async fn paid(node: &Node) -> U256 {
    let balance = provider(&node.http_url()).get_balance(NOBODY).await;
    balance.expect("a balance")
}

async fn sent(node: &Node, payer: &str) -> u64 {
    let account = Actor::named(payer).address();
    let count = provider(&node.http_url()).get_transaction_count(account);
    count.await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_without_the_sequencer_is_waited_out_without_a_storm_and_all_is_done_once() {
    for meanwhile in ["refuse", "queue"] {
        let node = Node::devnode(&Settings::lenient());
        let mut alice = Sender::new(&node, "alice").expect("alice");
        let tap = Arc::new(Tap::default());
        let url = way(node.http_url(), Road::Chain, Arc::clone(&tap)).await;
        let (dir, clock) = (tempdir().expect("a folder"), Hands::noon());
        let path = dir.path().join("journal");
        let journal = SqliteJournal::open(&path).expect("a journal");
        let mut keeper = keeper(journal, &url, "one", "bob", 0);
        let mut ask = |method: &str, params| {
            let answer = alice.rpc.call(method, params);
            answer.unwrap_or_else(|error| panic!("{method}: {error}"));
        };
        ask("devnode_pauseProduction", json!([meanwhile]));
        for _ in 0..60 {
            assert_eq!(keeper.stand(&clock).expect("it stands"), Standing::Working);
            keeper.observe(&clock).await.expect("it looks");
            keeper.act(&clock, false).await.expect("it acts");
            clock.0.fetch_add(HOUR_MS / 60, Ordering::SeqCst);
        }
        assert_eq!(paid(&node).await, U256::ZERO);
        let mut store = SqliteJournal::open(&path).expect("a journal");
        let reported = store.replay("c").expect("a stream");
        let reported = reported.events.iter();
        assert!(
            reported
                .clone()
                .any(|event| event.body.contains("reported")),
            "what needs no chain is done meanwhile"
        );
        // The first nonce in doubling pauses; the second is kept back where the first is refused.
        assert!(tap.sends() <= 20, "{meanwhile}: {} sends", tap.sends());
        ask("devnode_resumeProduction", json!([]));
        ask("evm_increaseTime", json!([HOUR_MS / 1_000]));
        ask("evm_mine", json!([]));
        for _ in 0..PEACE {
            keeper.stand(&clock).expect("it stands");
            keeper.observe(&clock).await.expect("it looks");
            keeper.act(&clock, false).await.expect("it acts");
            clock.0.fetch_add(HOUR_MS / 2, Ordering::SeqCst);
        }
        assert_eq!(paid(&node).await, U256::from(2), "{meanwhile}");
        assert_eq!(sent(&node, "bob").await, 2, "{meanwhile}");
    }
}

/// Keepers that share a journal, their payers, and how a new process opens it.
struct Crew<'a, J> {
    node: &'a Node,
    payers: [&'static str; 3],
    open: &'a dyn Fn() -> J,
}

impl<J: Journal> Crew<'_, J> {
    fn keeper(&self, place: usize, round: u8) -> Keeper<J, RootProvider> {
        let name = ["one", "two", "three"][place];
        let url = self.node.http_url();
        keeper((self.open)(), &url, name, self.payers[place], round)
    }

    /// Three keepers in any order, with clocks that run apart, jump by up to a day and go back by up to an hour, and with deaths; then
    /// in peace, until all is done.
    async fn live(&self, chance: &mut Chance, round: u8) {
        let clocks = [Hands::noon(), Hands::noon(), Hands::noon()];
        let mut keepers: Vec<_> = (0..3).map(|place| self.keeper(place, round)).collect();
        for _ in 0..STEPS {
            let place = chance.within(0..3) as usize;
            let (keeper, clock) = (&mut keepers[place], &clocks[place]);
            let done = match chance.within(0..20) {
                0..5 => keeper.stand(clock).map(drop),
                5..10 => keeper.observe(clock).await,
                10..15 => keeper.act(clock, false).await.map(drop),
                15..17 => {
                    let most =
                        [1_000, LEASE_TERM.get(), 24 * HOUR_MS][chance.within(0..3) as usize];
                    clock.0.fetch_add(chance.within(0..most), Ordering::SeqCst);
                    Ok(())
                }
                17 => {
                    clock
                        .0
                        .fetch_sub(chance.within(0..HOUR_MS), Ordering::SeqCst);
                    Ok(())
                }
                18 => keeper.leave(clock),
                _ => {
                    *keeper = self.keeper(place, round);
                    Ok(())
                }
            };
            if let Err(error) = done {
                assert!(error.is_fenced(), "{error}");
            }
        }
        // Now all clocks say the same: what the latest said, and more.
        let latest = clocks.iter().map(|clock| clock.now().get()).max();
        let latest = latest.unwrap_or_default();
        for step in 0..PEACE {
            for (keeper, clock) in keepers.iter_mut().zip(&clocks) {
                let now = latest + (step + 1) * LEASE_TERM.get();
                clock.0.store(now, Ordering::SeqCst);
                let done = async {
                    keeper.stand(clock)?;
                    keeper.observe(clock).await?;
                    keeper.act(clock, false).await.map(drop)
                };
                if let Err(error) = done.await {
                    assert!(error.is_fenced(), "{error}");
                }
                if step + 1 == PEACE {
                    keeper.leave(clock).expect("it leaves");
                }
            }
        }
    }
}

async fn three_keepers<L: Place>(payers: [&'static str; 3], place: impl Fn(u8) -> L)
where
    L::Open: Journal,
{
    let (seed, rounds) = (Chance::seed(), number("AGENTCITY_ROUNDS", ROUNDS));
    println!("AGENTCITY_SEED={seed} AGENTCITY_ROUNDS={rounds}");
    let (node, mut chance, began) = (
        Node::devnode(&Settings::lenient()),
        Chance::new(seed),
        Instant::now(),
    );
    for round in 0..rounds.min(ROUNDS_MAX) {
        let round = round as u8;
        let (before, place) = (paid(&node).await, place(round));
        let crew = Crew {
            node: &node,
            payers,
            open: &|| place.open(),
        };
        crew.live(&mut chance, round).await;
        assert_eq!(
            paid(&node).await - before,
            U256::from(2),
            "round {round} of seed {seed}: a wei for each stream that pays"
        );
        let mut journal = place.open();
        for (stream, state) in [("a", "done"), ("b", "done"), ("c", "reported")] {
            let replay = journal.replay(stream).expect("a stream");
            assert_eq!(replay.state.as_deref(), Some(state), "round {round}");
        }
    }
    println!(
        "chaos rounds={rounds} seconds={} seed={seed}",
        began.elapsed().as_secs()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_keepers_of_one_account_whose_clocks_jump_do_each_thing_once() {
    three_keepers(["bob"; 3], |_| File::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_keepers_of_three_accounts_whose_clocks_jump_do_each_thing_once() {
    three_keepers(["alice", "bob", "carol"], |_| File::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_keepers_on_a_server_whose_clocks_jump_do_each_thing_once() {
    let server = Postgres::start().expect("a server");
    let place = |round: u8| Schema::new(&server, &format!("chaos{round}"));
    three_keepers(["bob"; 3], place).await;
}
