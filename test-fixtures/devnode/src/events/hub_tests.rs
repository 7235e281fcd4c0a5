//! Delivery to filters and subscriptions, without a chain behind it.

use super::*;
use agentcity_devnode_chain::{MinedTx, Outcome};
use alloy::{
    consensus::{
        Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, SignableTransaction, TxEnvelope,
        TxLegacy, transaction::Recovered,
    },
    primitives::{Address, Bytes, Log, Signature, U256},
};

fn block(number: u64, logs: &[u8]) -> Arc<MinedBlock> {
    let logs: Vec<Log> = logs
        .iter()
        .map(|&byte| {
            Log::new_unchecked(
                Address::repeat_byte(byte),
                vec![B256::repeat_byte(byte)],
                Bytes::new(),
            )
        })
        .collect();
    let receipt: ReceiptWithBloom<Receipt<Log>> = Receipt {
        status: true.into(),
        cumulative_gas_used: 21_000,
        logs,
    }
    .into();
    let bloom = receipt.logs_bloom;
    let signature = Signature::new(U256::from(1), U256::from(1), false);
    let tx = MinedTx {
        tx: Recovered::new_unchecked(
            TxEnvelope::Legacy(TxLegacy::default().into_signed(signature)),
            Address::ZERO,
        ),
        receipt: ReceiptEnvelope::Legacy(receipt),
        gas_used: 21_000,
        effective_gas_price: 1,
        contract_address: None,
        first_log_index: 0,
        outcome: Outcome::Success,
        output: Bytes::new(),
        impersonated: false,
    };
    let header = Header {
        number,
        logs_bloom: bloom,
        ..Header::default()
    };
    let hash = header.hash_slow();
    Arc::new(MinedBlock {
        header,
        hash,
        evm_number: number,
        transactions: vec![tx],
        size: 600,
    })
}

fn hub() -> (Hub, broadcast::Sender<ChainEvent>) {
    let (sender, receiver) = broadcast::channel(8);
    (Hub::new(receiver, Box::new(|_| None)), sender)
}

fn logs(filter: Filter) -> Watch {
    Watch::Logs(Box::new(filter))
}

fn texts(changes: VecDeque<Vec<u8>>) -> Vec<serde_json::Value> {
    changes
        .iter()
        .map(|json| serde_json::from_slice(json).unwrap())
        .collect()
}

#[test]
fn a_filter_gets_matching_logs_once_and_only_new_ones() {
    let (hub, chain) = hub();
    let now = Instant::now();
    chain.send(ChainEvent::Block(block(1, &[7]))).unwrap();
    let id = hub
        .add_filter(logs(Filter::new().address(Address::repeat_byte(7))), now)
        .unwrap();
    assert!(hub.poll(id, now).unwrap().is_empty());
    chain.send(ChainEvent::Block(block(2, &[7, 8, 7]))).unwrap();
    let changes = texts(hub.poll(id, now).unwrap());
    let indexes: Vec<_> = changes
        .iter()
        .map(|log| log["logIndex"].as_str().unwrap())
        .collect();
    assert_eq!(indexes, ["0x0", "0x2"]);
    assert!(hub.poll(id, now).unwrap().is_empty());
}

#[test]
fn removed_blocks_undo_their_logs_in_reverse_order() {
    let (hub, chain) = hub();
    let now = Instant::now();
    let id = hub.add_filter(logs(Filter::new()), now).unwrap();
    let (one, two) = (block(1, &[1, 2]), block(2, &[3]));
    chain.send(ChainEvent::Block(Arc::clone(&one))).unwrap();
    chain.send(ChainEvent::Block(Arc::clone(&two))).unwrap();
    chain.send(ChainEvent::Removed(vec![two, one])).unwrap();
    let order: Vec<_> = texts(hub.poll(id, now).unwrap())
        .iter()
        .map(|log| {
            (
                log["address"].as_str().unwrap()[2..4].to_owned(),
                log["removed"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("01", false),
        ("02", false),
        ("03", false),
        ("03", true),
        ("02", true),
        ("01", true),
    ];
    assert_eq!(
        order,
        expected.map(|(address, removed)| (address.to_owned(), removed))
    );
}

#[test]
fn an_idle_filter_is_removed_and_a_polled_one_stays() {
    let (hub, _chain) = hub();
    let start = Instant::now();
    let idle = hub.add_filter(Watch::Heads, start).unwrap();
    let polled = hub.add_filter(Watch::Heads, start).unwrap();
    let later = start + limits::FILTER_IDLE - Duration::from_secs(1);
    hub.poll(polled, later).unwrap();
    hub.expire(later + Duration::from_secs(2));
    assert_eq!(hub.poll(idle, later), Err(HubError::NoFilter));
    assert!(hub.poll(polled, later).is_ok());
}

#[test]
fn a_filter_that_missed_events_says_so_instead_of_skipping_them() {
    let (hub, chain) = hub();
    let now = Instant::now();
    let id = hub.add_filter(Watch::Heads, now).unwrap();
    for number in 0..20 {
        chain.send(ChainEvent::Block(block(number, &[]))).unwrap();
    }
    assert_eq!(hub.poll(id, now), Err(HubError::Lost));
    assert_eq!(hub.poll(id, now), Err(HubError::NoFilter));
}

#[test]
fn a_subscription_is_silent_until_its_id_is_known() {
    let (hub, chain) = hub();
    let (outbox, mut queue) = Outbox::new();
    let id = hub.subscribe(1, &outbox, Watch::Heads).unwrap();
    chain.send(ChainEvent::Block(block(1, &[]))).unwrap();
    hub.pump(Instant::now());
    let mut next = || futures_util::FutureExt::now_or_never(queue.next()).flatten();
    assert_eq!(next(), None);
    hub.activate([id]);
    let message: serde_json::Value = serde_json::from_slice(&next().unwrap()).unwrap();
    assert_eq!(message["params"]["subscription"], subscription_id(id));
    assert_eq!(message["params"]["result"]["number"], "0x1");
    assert!(
        !hub.unsubscribe(2, id),
        "only the own connection may unsubscribe"
    );
    assert!(hub.unsubscribe(1, id));
}

#[test]
fn a_lagging_hub_closes_its_subscribers() {
    let (hub, chain) = hub();
    let (outbox, _queue) = Outbox::new();
    hub.subscribe(1, &outbox, Watch::Heads).unwrap();
    for number in 0..20 {
        chain.send(ChainEvent::Block(block(number, &[]))).unwrap();
    }
    hub.pump(Instant::now());
    assert_eq!(*outbox.closing().borrow(), Some(Closing::Lagged));
}

#[test]
fn delayed_logs_come_when_due_and_at_once_when_the_fault_ends() {
    let (hub, chain) = hub();
    let now = Instant::now();
    let id = hub.add_filter(logs(Filter::new()), now).unwrap();
    hub.set_faults(
        LogFaults {
            delay_ms: 5_000,
            ..LogFaults::default()
        },
        now,
    )
    .unwrap();
    chain.send(ChainEvent::Block(block(1, &[1]))).unwrap();
    assert!(hub.poll(id, now).unwrap().is_empty());
    assert!(
        hub.poll(id, now + Duration::from_millis(4_999))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        hub.poll(id, now + Duration::from_millis(5_000))
            .unwrap()
            .len(),
        1
    );
    chain.send(ChainEvent::Block(block(2, &[1, 1]))).unwrap();
    assert!(hub.poll(id, now).unwrap().is_empty());
    hub.set_faults(LogFaults::default(), now).unwrap();
    assert_eq!(hub.poll(id, now).unwrap().len(), 2);
    let too_long = LogFaults {
        delay_ms: u64::MAX,
        ..LogFaults::default()
    };
    assert_eq!(
        hub.set_faults(too_long, now),
        Err(HubError::Delay(u64::MAX))
    );
}

#[test]
fn lost_and_doubled_logs_are_counted() {
    let (hub, chain) = hub();
    let now = Instant::now();
    let id = hub.add_filter(logs(Filter::new()), now).unwrap();
    hub.set_faults(
        LogFaults {
            delay_ms: 0,
            drop_every: 3,
            duplicate_every: 2,
        },
        now,
    )
    .unwrap();
    chain.send(ChainEvent::Block(block(1, &[1, 2, 3]))).unwrap();
    let order: Vec<_> = texts(hub.poll(id, now).unwrap())
        .iter()
        .map(|log| log["logIndex"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(order, ["0x0", "0x1", "0x1"]);
    assert_eq!(
        hub.faults().1,
        FaultCounts {
            deliveries: 3,
            dropped: 1,
            duplicated: 1,
            delayed: 0
        }
    );
}

#[test]
fn bounds_filters_and_subscriptions() {
    let (hub, _chain) = hub();
    let now = Instant::now();
    for _ in 0..limits::FILTERS {
        hub.add_filter(Watch::Heads, now).unwrap();
    }
    assert_eq!(
        hub.add_filter(Watch::Heads, now),
        Err(HubError::TooManyFilters)
    );
    let (outbox, _queue) = Outbox::new();
    for _ in 0..limits::SUBSCRIPTIONS {
        hub.subscribe(1, &outbox, Watch::Heads).unwrap();
    }
    assert_eq!(
        hub.subscribe(1, &outbox, Watch::Heads),
        Err(HubError::TooManySubscriptions)
    );
    assert!(hub.subscribe(2, &outbox, Watch::Heads).is_ok());
    hub.disconnect(1);
    assert_eq!(hub.counts(), (limits::FILTERS, 1));
}

#[test]
fn block_numbers_of_a_filter_bound_what_it_gets() {
    let (hub, chain) = hub();
    let now = Instant::now();
    let id = hub
        .add_filter(logs(Filter::new().from_block(2).to_block(3)), now)
        .unwrap();
    for number in 1..=4 {
        chain.send(ChainEvent::Block(block(number, &[1]))).unwrap();
    }
    let numbers: Vec<_> = texts(hub.poll(id, now).unwrap())
        .iter()
        .map(|log| log["blockNumber"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(numbers, ["0x2", "0x3"]);
}
