//! The transaction manager on a running chain, with an endpoint in between that hangs, forgets and lies. What is wanted is a
//! transfer of one wei to nobody, so nobody's balance counts the effects.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_domain::time::Millis;
use agentcity_keeper::{
    clock::{Clock, Moment},
    executor::{
        endpoint::{Call, Endpoint, EndpointError, Mined, Rpc},
        submit::{End, Held, Pass, Policy, SubmitError, Submitter, Wanted},
    },
    journal::{
        ActionKey, Claim, Identity, Intent, Journal, Lease, Seen, SqliteJournal, account_lease,
    },
};
use agentcity_test_fixtures::{Actor, Node, Sender, Settings};
use alloy::{
    consensus::{Transaction, TxEnvelope},
    eips::Decodable2718,
    primitives::{Address, B256, Bytes, TxKind, U256},
    providers::{Provider, ProviderBuilder, RootProvider},
    signers::local::PrivateKeySigner,
};
use parking_lot::Mutex;
use tempfile::{TempDir, tempdir};

const NOBODY: Address = Address::repeat_byte(0x4e);
const PATIENCE: Duration = Duration::from_secs(10);
/// Transactions that may wait for a block, and that may be open.
const UNMINED_MAX: usize = 4;
const OPEN_MAX: usize = 10;

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Hands {
    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

/// What an endpoint does wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    /// The process dies before a transaction is handed over.
    dies_before_send: bool,
    /// The process dies when it was handed over.
    dies_after_send: bool,
    /// What is handed over goes nowhere.
    swallows: bool,
    /// So it does, and is said to be taken.
    forgets: bool,
    /// The count of transactions it tells.
    counts: Option<u64>,
    /// It denies receipts.
    denies: bool,
    /// The price of gas it tells.
    price: Option<u128>,
}

#[derive(Debug)]
struct Faulty {
    inner: Rpc<RootProvider>,
    faults: Mutex<Faults>,
    sends: AtomicU64,
}

impl Endpoint for Faulty {
    async fn head(&self) -> Result<u64, EndpointError> {
        self.inner.head().await
    }
    async fn count(&self, account: Address, block: Option<u64>) -> Result<u64, EndpointError> {
        let lie = self.faults.lock().counts;
        match lie {
            Some(count) => Ok(count),
            None => self.inner.count(account, block).await,
        }
    }
    async fn receipt(&self, hash: B256) -> Result<Option<Mined>, EndpointError> {
        let denies = self.faults.lock().denies;
        if denies {
            return Ok(None);
        }
        self.inner.receipt(hash).await
    }
    async fn knows(&self, hash: B256) -> Result<bool, EndpointError> {
        self.inner.knows(hash).await
    }
    async fn signed_in(
        &self,
        block: u64,
        account: Address,
        nonce: u64,
    ) -> Result<Option<B256>, EndpointError> {
        self.inner.signed_in(block, account, nonce).await
    }
    async fn gas_price(&self) -> Result<u128, EndpointError> {
        let lie = self.faults.lock().price;
        match lie {
            Some(price) => Ok(price),
            None => self.inner.gas_price().await,
        }
    }
    async fn estimate(&self, from: Address, call: &Call) -> Result<u64, EndpointError> {
        self.inner.estimate(from, call).await
    }
    async fn balance(&self, account: Address) -> Result<U256, EndpointError> {
        self.inner.balance(account).await
    }
    async fn send(&self, raw: &Bytes) -> Result<(), EndpointError> {
        self.sends.fetch_add(1, Ordering::SeqCst);
        let faults = *self.faults.lock();
        if faults.dies_before_send {
            std::future::pending::<()>().await;
        }
        if faults.swallows {
            return Err(EndpointError::Silent {
                question: "sending a transaction",
                cause: "swallowed".into(),
            });
        }
        if faults.forgets {
            return Ok(());
        }
        let sent = self.inner.send(raw).await;
        if faults.dies_after_send {
            std::future::pending::<()>().await;
        }
        sent
    }
}

/// A keeper's half of the story: a journal with some actions, and a manager.
struct Desk {
    node: Node,
    provider: RootProvider,
    dir: TempDir,
    journal: SqliteJournal,
    stream: Lease,
    account: Lease,
    submitter: Submitter<Faulty>,
    clock: Arc<Hands>,
    wanted: Vec<Wanted>,
}

const LONG: Millis = Millis::new(u32::MAX as u64);

fn granted(journal: &mut SqliteJournal, name: &str) -> Lease {
    match journal.acquire(name, "one", Moment::new(0), LONG).unwrap() {
        Claim::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

fn manager(
    provider: RootProvider,
    signer: PrivateKeySigner,
    depth_blocks: u64,
) -> Submitter<Faulty> {
    let endpoint = Faulty {
        inner: Rpc::new(provider, PATIENCE),
        faults: Mutex::default(),
        sends: AtomicU64::new(0),
    };
    let policy = Policy {
        depth_blocks,
        unmined_max: UNMINED_MAX,
        open_max: OPEN_MAX,
        ..Policy::default()
    };
    Submitter::new(endpoint, signer, Settings::default().chain_id, policy)
}

impl Desk {
    fn new(actions: u8, depth_blocks: u64, signer: PrivateKeySigner) -> Self {
        let node = Node::devnode(&Settings::default());
        let url = node.http_url().parse().unwrap();
        let provider = ProviderBuilder::default().connect_http(url);
        let dir = tempdir().unwrap();
        let mut journal = SqliteJournal::open(&dir.path().join("journal")).unwrap();
        let stream = granted(&mut journal, "stream");
        let account = granted(&mut journal, &account_lease(signer.address()));
        let wanted: Vec<Wanted> = (1..=actions)
            .map(|action| Wanted {
                key: ActionKey(B256::repeat_byte(action)),
                call: Call {
                    to: NOBODY,
                    value: U256::ONE,
                    input: Bytes::new(),
                },
            })
            .collect();
        let intents: Vec<Intent> = wanted
            .iter()
            .map(|wanted| Intent {
                key: wanted.key,
                body: "a wei".into(),
            })
            .collect();
        let (now, once) = (Moment::new(0), Identity::Once("begin".into()));
        assert_eq!(
            journal.see(&stream, now, &once, "").unwrap(),
            Seen::Recorded(1)
        );
        journal.intend(&stream, now, 1, &intents).unwrap();
        Self {
            submitter: manager(provider.clone(), signer, depth_blocks),
            node,
            provider,
            dir,
            journal,
            stream,
            account,
            clock: Arc::new(Hands::default()),
            wanted,
        }
    }

    fn alice(actions: u8, depth_blocks: u64) -> Self {
        Self::new(actions, depth_blocks, Actor::named("alice").signer.clone())
    }

    fn faults(&self, faults: Faults) {
        *self.submitter.endpoint().faults.lock() = faults;
    }

    fn sends(&self) -> u64 {
        self.submitter.endpoint().sends.load(Ordering::SeqCst)
    }

    async fn try_pass(&mut self) -> Result<Pass, SubmitError> {
        let clock = Arc::clone(&self.clock);
        self.submitter
            .pass(&mut self.journal, &self.account, &*clock, &self.wanted)
            .await
    }

    async fn pass(&mut self) -> Pass {
        self.try_pass().await.unwrap()
    }

    /// A pass in which the process dies, then another process on the same file, whose endpoint is honest.
    async fn pass_and_die(&mut self) {
        let dead = tokio::time::timeout(Duration::from_secs(2), self.try_pass()).await;
        assert!(dead.is_err(), "{dead:?}");
        self.faults(Faults::default());
        self.journal = SqliteJournal::open(&self.dir.path().join("journal")).unwrap();
        self.stream = granted(&mut self.journal, "stream");
        self.account = granted(&mut self.journal, &self.account.name.clone());
    }

    /// Settles what ended, as a keeper does.
    async fn pass_and_settle(&mut self) -> Pass {
        let pass = self.pass().await;
        for (key, end) in &pass.ended {
            let text = format!("{end:?}");
            self.journal
                .settle(&self.stream, self.clock.now(), *key, &text, &text)
                .unwrap();
        }
        pass
    }

    async fn until_done(&mut self) {
        for _ in 0..8 {
            let pass = self.pass_and_settle().await;
            println!("{pass:?}");
            let open = self.journal.open("stream").unwrap();
            if open.is_empty() && pass.open == 0 {
                return;
            }
            self.clock.forward(30);
        }
        panic!("it does not end");
    }

    async fn effects(&self) -> U256 {
        self.provider.get_balance(NOBODY).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_wanted_is_signed_sent_ended_and_closed() {
    let mut desk = Desk::alice(3, 0);
    let first = desk.pass().await;
    assert_eq!((first.open, first.ended.len(), first.held.len()), (3, 0, 0));
    assert_eq!(desk.effects().await, U256::from(3));
    let second = desk.pass().await;
    assert!(
        second
            .ended
            .iter()
            .all(|(_, end)| matches!(end, End::Done { .. })),
        "{second:?}"
    );
    // Until its end is recorded it is told again: who died in between hears it.
    assert_eq!(desk.pass().await.ended, second.ended);
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::from(3));
    assert_eq!(desk.sends(), 3);
}

#[tokio::test]
async fn who_dies_between_signing_and_sending_sends_the_same_bytes_later() {
    let mut desk = Desk::alice(1, 0);
    desk.faults(Faults {
        dies_before_send: true,
        ..Faults::default()
    });
    desk.pass_and_die().await;
    let signed = desk.journal.posted(desk.submitter.account()).unwrap();
    assert_eq!((signed.len(), signed[0].sends), (1, 0));
    assert_eq!(desk.effects().await, U256::ZERO);
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::ONE);
    assert_eq!(
        desk.provider
            .get_transaction_count(desk.submitter.account())
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn who_dies_between_sending_and_the_receipt_finds_it() {
    let mut desk = Desk::alice(1, 0);
    desk.faults(Faults {
        dies_after_send: true,
        ..Faults::default()
    });
    desk.pass_and_die().await;
    assert_eq!(desk.effects().await, U256::ONE);
    let sends = desk.sends();
    desk.until_done().await;
    assert_eq!((desk.effects().await, desk.sends()), (U256::ONE, sends));
}

#[tokio::test]
async fn a_nonce_that_another_transaction_of_the_key_used_is_proved_lost_and_replaced() {
    let mut desk = Desk::alice(1, 0);
    desk.faults(Faults {
        swallows: true,
        ..Faults::default()
    });
    desk.pass().await;
    desk.faults(Faults::default());
    let mut stranger = Sender::new(&desk.node, "alice").unwrap();
    let elsewhere = TxKind::Call(Address::repeat_byte(0x77));
    stranger.send(elsewhere, U256::ONE, Bytes::new()).unwrap();
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::ONE);
    assert_eq!(
        desk.provider
            .get_transaction_count(desk.submitter.account())
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn an_endpoint_that_counts_a_nonce_as_used_without_proof_changes_nothing() {
    let mut desk = Desk::alice(2, 0);
    let first = desk.wanted.pop().unwrap();
    desk.faults(Faults {
        swallows: true,
        ..Faults::default()
    });
    desk.pass().await;
    desk.wanted.push(first);
    desk.faults(Faults {
        counts: Some(5),
        ..Faults::default()
    });
    let sends = desk.sends();
    for _ in 0..3 {
        desk.clock.forward(600);
        let pass = desk.pass().await;
        assert!(
            pass.held
                .iter()
                .any(|(_, held)| *held == Held::Unexplained { nonce: 0 }),
            "{pass:?}"
        );
    }
    // Nothing new either, though it was wanted: the count is no ground to sign on.
    assert_eq!((desk.sends(), desk.effects().await), (sends, U256::ZERO));
    desk.faults(Faults::default());
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::from(2));
}

#[tokio::test]
async fn an_endpoint_that_denies_our_receipt_gets_no_second_transaction() {
    let mut desk = Desk::alice(1, 0);
    desk.pass().await;
    desk.faults(Faults {
        denies: true,
        ..Faults::default()
    });
    desk.clock.forward(600);
    let pass = desk.pass().await;
    assert!(
        matches!(pass.held[..], [(_, Held::Unexplained { nonce: 0 })]),
        "{pass:?}"
    );
    assert_eq!(desk.sends(), 1);
    desk.faults(Faults::default());
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::ONE);
}

#[tokio::test]
async fn an_endpoint_that_counts_less_than_was_final_stops_everything() {
    let mut desk = Desk::alice(1, 0);
    desk.until_done().await;
    desk.faults(Faults {
        counts: Some(0),
        ..Faults::default()
    });
    let late = ActionKey(B256::repeat_byte(9));
    desk.wanted[0].key = late;
    let refused = desk.try_pass().await.unwrap_err();
    assert!(
        matches!(
            refused,
            SubmitError::Behind {
                count: 0,
                closed: 1,
                ..
            }
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn a_hole_below_a_signed_nonce_is_filled() {
    let mut desk = Desk::alice(1, 0);
    desk.faults(Faults {
        counts: Some(2),
        ..Faults::default()
    });
    let pass = desk.pass().await;
    assert_eq!(pass.open, 1);
    desk.faults(Faults::default());
    assert_eq!(desk.effects().await, U256::ZERO);
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::ONE);
    // Two that fill, one that does it.
    assert_eq!(
        desk.provider
            .get_transaction_count(desk.submitter.account())
            .await
            .unwrap(),
        3
    );
}

#[tokio::test]
async fn an_offer_below_the_price_is_raised() {
    let mut desk = Desk::alice(1, 0);
    desk.faults(Faults {
        price: Some(1),
        ..Faults::default()
    });
    desk.pass().await;
    desk.faults(Faults::default());
    assert_eq!(desk.effects().await, U256::ZERO);
    desk.clock.forward(30);
    desk.pass().await;
    let posted = desk.journal.posted(desk.submitter.account()).unwrap();
    assert_eq!(posted.len(), 2, "two attempts at one nonce");
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::ONE);
}

#[tokio::test]
async fn an_endpoint_that_takes_nothing_is_not_stormed() {
    let mut desk = Desk::alice(3, 0);
    desk.faults(Faults {
        swallows: true,
        ..Faults::default()
    });
    let mut told = false;
    for _ in 0..60 {
        let pass = desk.pass().await;
        told |= pass
            .held
            .iter()
            .any(|(_, held)| matches!(held, Held::Unsent { sends, .. } if *sends >= 8));
        desk.clock.forward(100);
    }
    // Pauses of 20 s, doubling to 1,280 s, within 6,000 s: at most 11; only the first of the three is sent at all.
    assert!((5..=11).contains(&desk.sends()), "{}", desk.sends());
    assert!(told);
    desk.faults(Faults::default());
    desk.clock.forward(2_000);
    desk.until_done().await;
    assert_eq!(desk.effects().await, U256::from(3));
}

#[tokio::test]
async fn a_receipt_counts_when_enough_blocks_lie_on_it() {
    let mut desk = Desk::alice(1, 2);
    desk.pass().await;
    assert!(desk.pass().await.ended.is_empty());
    let mut stranger = Sender::new(&desk.node, "bob").unwrap();
    for blocks in 1..=2 {
        let elsewhere = TxKind::Call(Address::repeat_byte(0x77));
        stranger.send(elsewhere, U256::ONE, Bytes::new()).unwrap();
        assert_eq!(desk.pass().await.ended.len(), usize::from(blocks == 2));
    }
}

/// How many of those that are held wait for earlier ones, of which so many are open.
fn waiting(pass: &Pass, open: usize) -> usize {
    let held = pass.held.iter();
    held.filter(|(_, held)| *held == Held::Waits { open })
        .count()
}

#[tokio::test]
async fn what_lies_in_a_block_that_is_not_final_keeps_nothing_back() {
    let mut desk = Desk::alice(9, 100);
    let first = desk.pass().await;
    assert_eq!((first.open, waiting(&first, 4)), (4, 5));
    assert_eq!((desk.pass().await.open, desk.pass().await.open), (8, 9));
    assert_eq!(desk.effects().await, U256::from(9));
}

#[tokio::test]
async fn so_many_wait_for_a_block_as_a_stranger_could_take_and_no_more() {
    let mut desk = Desk::alice(9, 100);
    desk.faults(Faults {
        forgets: true,
        ..Faults::default()
    });
    let first = desk.pass().await;
    assert_eq!((first.open, waiting(&first, 4)), (4, 5));
    let second = desk.pass().await;
    assert_eq!((second.open, waiting(&second, 4), desk.sends()), (4, 5, 4));
}

#[tokio::test]
async fn so_many_are_open_as_a_pass_can_send_again_and_no_more() {
    let mut desk = Desk::alice(12, 100);
    desk.pass().await;
    desk.pass().await;
    let third = desk.pass().await;
    assert_eq!((third.open, waiting(&third, 10)), (10, 2));
    let fourth = desk.pass().await;
    assert_eq!(
        (fourth.open, waiting(&fourth, 10), desk.sends()),
        (10, 2, 10)
    );
}

#[tokio::test]
async fn an_account_without_money_is_told_how_much_it_needs() {
    let mut desk = Desk::new(
        1,
        0,
        PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap(),
    );
    let pass = desk.pass().await;
    assert!(
        matches!(pass.held[..], [(_, Held::Poor { needed, .. })] if needed > U256::ONE),
        "{pass:?}"
    );
    assert_eq!(pass.low, Some(U256::ZERO));
    assert_eq!(desk.sends(), 0);
}

/// The gas that the only transaction offers.
fn offered(desk: &mut Desk) -> u64 {
    let posted = desk.journal.posted(desk.submitter.account()).unwrap();
    let [posted] = &posted[..] else {
        panic!("{posted:?}")
    };
    let envelope = TxEnvelope::decode_2718(&mut &posted.signed.raw[..]).unwrap();
    envelope.gas_limit()
}

#[tokio::test]
async fn gas_is_offered_for_what_others_do_in_between_as_far_as_the_account_can_pay() {
    let mut rich = Desk::alice(1, 0);
    rich.pass().await;
    let whole = offered(&mut rich);
    let estimated = whole - Policy::default().gas_margin;
    assert!((21_000..100_000).contains(&estimated), "{estimated}");

    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
    let mut poor = Desk::new(1, 0, key.clone());
    let price = poor.provider.get_gas_price().await.unwrap();
    let offer = U256::from(price) * U256::from(Policy::default().price_headroom);
    // For a tenth of the margin, and for the wei that is sent.
    let payable = estimated + Policy::default().gas_margin / 10;
    let purse = offer * U256::from(payable) + U256::ONE;
    let mut stranger = Sender::new(&poor.node, "bob").unwrap();
    let funded = stranger.send(TxKind::Call(key.address()), purse, Bytes::new());
    funded.unwrap();
    poor.pass().await;
    let least = offered(&mut poor);
    assert!(
        (estimated..=payable).contains(&least),
        "{least} of {payable}"
    );
    poor.until_done().await;
    assert_eq!(poor.effects().await, U256::ONE);
}

#[tokio::test]
async fn a_drain_ends_what_is_open_and_begins_nothing() {
    let mut desk = Desk::alice(2, 0);
    let later = desk.wanted.pop().unwrap();
    desk.pass().await;
    desk.wanted.clear();
    let mut pass = desk.pass_and_settle().await;
    while pass.open > 0 {
        pass = desk.pass_and_settle().await;
    }
    assert_eq!(desk.effects().await, U256::ONE);
    assert_eq!(desk.journal.open("stream").unwrap()[0].key, later.key);
}

#[tokio::test]
async fn a_node_that_never_answers_is_waited_for_so_long_and_no_longer() {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap())
        .parse()
        .unwrap();
    let provider: RootProvider = ProviderBuilder::default().connect_http(url);
    let rpc = Rpc::new(provider, Duration::from_millis(50));
    let silent = rpc.head().await.unwrap_err();
    assert!(matches!(silent, EndpointError::Silent { .. }), "{silent}");
    assert!(silent.to_string().contains("not within 50 ms"), "{silent}");
}

#[tokio::test]
async fn what_another_account_may_still_do_is_left_to_it() {
    let mut desk = Desk::alice(1, 100);
    desk.pass().await;
    // Another keeper took the stream over and has a key of its own; the first one's transaction is in a block, and not final.
    let bob = Actor::named("bob").signer.clone();
    let lease = granted(&mut desk.journal, &account_lease(bob.address()));
    let (other, clock) = (
        manager(desk.provider.clone(), bob, 100),
        Arc::clone(&desk.clock),
    );
    let pass = other
        .pass(&mut desk.journal, &lease, &*clock, &desk.wanted)
        .await
        .unwrap();
    let alice = Actor::named("alice").address();
    assert!(
        matches!(&pass.held[..], [(_, Held::Elsewhere { account, .. })] if *account == alice),
        "{pass:?}"
    );
    assert_eq!(pass.open, 0);
}
