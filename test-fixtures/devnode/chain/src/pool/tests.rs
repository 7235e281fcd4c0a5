use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    primitives::{Signature, U256},
};

use super::*;

const GAPS: [NonceGaps; 2] = [NonceGaps::Refuse, NonceGaps::Hold];

fn tx(sender: u8, nonce: u64, max_fee: u128, tip: u128) -> PoolTx {
    let tx = TxEip1559 {
        chain_id: 1,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: tip,
        value: U256::from(sender),
        ..TxEip1559::default()
    };
    let signature = Signature::new(U256::from(1), U256::from(sender), false);
    let envelope = TxEnvelope::from(tx.into_signed(signature));
    PoolTx::new(
        Recovered::new_unchecked(envelope, Address::with_last_byte(sender)),
        false,
    )
}

fn order(pool: &Pool, order: Order) -> Vec<(u8, u64)> {
    let mut ready = pool.ready(order, 100, |_| 0);
    std::iter::from_fn(|| {
        let tx = ready.pop()?;
        ready.advance(tx);
        Some((tx.tx.signer()[19], tx.tx.nonce()))
    })
    .collect()
}

#[test]
fn nonces_against_state_and_pool() {
    // state nonce, waiting nonces, nonce offered, verdict when gaps are refused, and when they are held
    type Verdict = Result<(), &'static str>;
    let table: [(u64, &[u64], u64, Verdict, Verdict); 8] = [
        (0, &[], 0, Ok(()), Ok(())),
        (
            0,
            &[],
            1,
            Err("nonce too high: next nonce 0, tx nonce 1"),
            Ok(()),
        ),
        (
            5,
            &[],
            4,
            Err("nonce too low: next nonce 5, tx nonce 4"),
            Err("nonce too low: next nonce 5, tx nonce 4"),
        ),
        (5, &[5, 6], 7, Ok(()), Ok(())),
        (
            5,
            &[5, 6],
            8,
            Err("nonce too high: next nonce 7, tx nonce 8"),
            Ok(()),
        ),
        (5, &[5, 6], 6, Ok(()), Ok(())),
        (
            0,
            &[0],
            1 + NONCE_AHEAD_MAX,
            Err("nonce too high: next nonce 1, tx nonce 16385"),
            Ok(()),
        ),
        (
            0,
            &[0],
            2 + NONCE_AHEAD_MAX,
            Err("nonce too high: next nonce 1, tx nonce 16386"),
            Err("nonce too high: next nonce 1, tx nonce 16386"),
        ),
    ];
    for (state, waiting, offered, refuse, hold) in table {
        for (gaps, wanted) in GAPS.into_iter().zip([refuse, hold]) {
            let mut pool = Pool::default();
            for nonce in waiting {
                pool.insert(tx(1, *nonce, 100, 0), state, NonceGaps::Hold)
                    .unwrap();
            }
            let got = pool
                .insert(tx(1, offered, 200, 0), state, gaps)
                .map(|_| ())
                .map_err(|error| error.to_string());
            assert_eq!(
                got,
                wanted.map_err(str::to_owned),
                "{state} {waiting:?} {offered} {gaps:?}"
            );
        }
    }
}

#[test]
fn replacement_needs_both_fees_to_rise() {
    // old cap and tip, new cap and tip, replaces
    let table = [
        (100, 10, 110, 11, true),
        (100, 10, 109, 11, false),
        (100, 10, 110, 10, false),
        (100, 0, 110, 0, true),
        (1, 1, 2, 2, true),
        (1, 1, 1, 1, false),
    ];
    for (cap, tip, new_cap, new_tip, replaces) in table {
        let mut pool = Pool::default();
        let old = pool
            .insert(tx(1, 0, cap, tip), 0, NonceGaps::Refuse)
            .unwrap()
            .hash();
        let mut new = tx(1, 0, new_cap, new_tip);
        if (cap, tip) == (new_cap, new_tip) {
            // The same fees under another hash.
            new = PoolTx::new(
                Recovered::new_unchecked(
                    tx(9, 0, new_cap, new_tip).tx.into_inner(),
                    Address::with_last_byte(1),
                ),
                false,
            );
        }
        let outcome = pool.insert(new, 0, NonceGaps::Refuse);
        assert_eq!(
            outcome.is_ok(),
            replaces,
            "{cap}/{tip} by {new_cap}/{new_tip}"
        );
        assert_eq!(pool.get(old).is_none(), replaces);
        assert_eq!(pool.len(), 1);
    }
}

#[test]
fn ready_is_in_nonce_order_and_by_the_order_asked_for() {
    let mut pool = Pool::default();
    for waiting in [
        tx(1, 0, 200, 1),
        tx(2, 0, 200, 9),
        tx(1, 1, 200, 50),
        tx(3, 1, 200, 99),
        tx(2, 1, 200, 2),
    ] {
        pool.insert(waiting, 0, NonceGaps::Hold).unwrap();
    }
    assert_eq!(
        order(&pool, Order::Arrival),
        [(1, 0), (2, 0), (1, 1), (2, 1)]
    );
    assert_eq!(order(&pool, Order::Tip), [(2, 0), (2, 1), (1, 0), (1, 1)]);
    let content = pool.content(|_| 0);
    assert_eq!(
        content
            .pending
            .values()
            .map(|queue| queue.len())
            .sum::<usize>(),
        4
    );
    assert_eq!(content.queued.len(), 1);
}

#[test]
fn removal_keeps_counts_and_bytes_right() {
    let mut pool = Pool::default();
    let first = pool.insert(tx(1, 0, 100, 0), 0, NonceGaps::Hold).unwrap();
    pool.insert(tx(1, 1, 100, 0), 0, NonceGaps::Hold).unwrap();
    pool.insert(tx(2, 0, 100, 0), 0, NonceGaps::Hold).unwrap();
    let bytes = pool.bytes();
    assert!(pool.remove(first.hash()).is_some());
    assert!(pool.remove(first.hash()).is_none());
    assert_eq!(pool.bytes(), bytes - first.bytes());
    assert_eq!(pool.next_nonce(Address::with_last_byte(1), 0), 0);
    assert_eq!(pool.next_nonce(Address::with_last_byte(1), 1), 2);
    pool.drop_used(Address::with_last_byte(1), 2);
    assert_eq!(pool.len(), 1);
    assert_eq!(pool.remove_sender(Address::with_last_byte(2)), 1);
    assert_eq!((pool.len(), pool.bytes()), (0, 0));
    assert_eq!(pool.clear(), 0);
}

#[test]
fn the_pool_has_an_end() {
    let mut pool = Pool::default();
    for nonce in 0..POOL_TXS_MAX as u64 {
        pool.insert(tx(1, nonce, 100, 0), 0, NonceGaps::Refuse)
            .unwrap();
    }
    let refused = pool.insert(tx(2, 0, 100, 0), 0, NonceGaps::Refuse);
    assert!(matches!(
        refused,
        Err(SubmitError::PoolFull {
            count: POOL_TXS_MAX,
            ..
        })
    ));
    assert!(
        pool.insert(tx(1, 0, 200, 0), 0, NonceGaps::Refuse).is_ok(),
        "a replacement takes no room"
    );
}
