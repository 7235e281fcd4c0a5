//! Transactions that wait: nonce order per sender, replacement, bounds.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::Recovered},
    eips::eip2718::Encodable2718,
    primitives::{Address, B256},
};
use revm::primitives::{AddressMap, B256Map};

use crate::{
    config::{NonceGaps, Order},
    error::SubmitError,
};

/// Transactions that may wait: two seconds of the fastest submit path with room to spare.
pub const POOL_TXS_MAX: usize = 131_072;
/// Bytes of encoded transactions that may wait: full-size ones must not exhaust the memory before the count does.
pub const POOL_BYTES_MAX: usize = 256 * 1024 * 1024;
/// How far above the sender's next nonce a held one may be.
pub const NONCE_AHEAD_MAX: u64 = 16_384;
/// Per cent by which both fees of a replacement must rise (geth's price bump).
pub const PRICE_BUMP_PERCENT: u128 = 10;

/// A transaction that waits.
#[derive(Clone, Debug)]
pub struct PoolTx {
    /// The transaction and its sender.
    pub tx: Recovered<TxEnvelope>,
    /// Whether the signature is a stand-in.
    pub impersonated: bool,
    pub(crate) arrival: u64,
    bytes: usize,
}

impl PoolTx {
    /// A transaction that has not arrived yet.
    pub fn new(tx: Recovered<TxEnvelope>, impersonated: bool) -> Self {
        let bytes = tx.inner().encode_2718_len();
        Self {
            tx,
            impersonated,
            arrival: 0,
            bytes,
        }
    }

    /// Transaction hash.
    pub fn hash(&self) -> B256 {
        *self.tx.inner().tx_hash()
    }

    /// Bytes of the signed transaction.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn fees(&self) -> (u128, u128) {
        let cap = self.tx.max_fee_per_gas();
        (cap, self.tx.max_priority_fee_per_gas().unwrap_or(cap))
    }
}

/// What waits, for `txpool_*`.
#[derive(Clone, Debug, Default)]
pub struct PoolContent {
    /// Could be mined now, by sender and nonce.
    pub pending: BTreeMap<Address, BTreeMap<u64, Arc<PoolTx>>>,
    /// Wait for an earlier nonce.
    pub queued: BTreeMap<Address, BTreeMap<u64, Arc<PoolTx>>>,
}

/// The pool.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    senders: AddressMap<BTreeMap<u64, Arc<PoolTx>>>,
    hashes: B256Map<(Address, u64)>,
    arrivals: u64,
    bytes: usize,
}

impl Pool {
    /// Transactions waiting.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Bytes of the transactions waiting.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// A waiting transaction.
    pub fn get(&self, hash: B256) -> Option<&Arc<PoolTx>> {
        let (sender, nonce) = self.hashes.get(&hash)?;
        self.senders.get(sender)?.get(nonce)
    }

    /// The transaction of `sender` that waits with this nonce.
    pub fn by_nonce(&self, sender: Address, nonce: u64) -> Option<&Arc<PoolTx>> {
        self.senders.get(&sender)?.get(&nonce)
    }

    /// The first nonce of `sender` at or after `state_nonce` that no transaction waits with.
    pub fn next_nonce(&self, sender: Address, state_nonce: u64) -> u64 {
        let Some(queue) = self.senders.get(&sender) else {
            return state_nonce;
        };
        // Gap-free queues, the usual case, answer without a walk.
        if let (Some((&first, _)), Some((&last, _))) =
            (queue.first_key_value(), queue.last_key_value())
            && first == state_nonce
            && last - first + 1 == queue.len() as u64
        {
            return last + 1;
        }
        let mut next = state_nonce;
        for &nonce in queue.range(state_nonce..).map(|(nonce, _)| nonce) {
            if nonce != next {
                break;
            }
            next += 1;
        }
        next
    }

    /// Takes a transaction in. `state_nonce` is its sender's nonce in the state.
    pub fn insert(
        &mut self,
        mut tx: PoolTx,
        state_nonce: u64,
        gaps: NonceGaps,
    ) -> Result<Arc<PoolTx>, SubmitError> {
        let (hash, sender, nonce) = (tx.hash(), tx.tx.signer(), tx.tx.nonce());
        if self.hashes.contains_key(&hash) {
            return Err(SubmitError::AlreadyKnown { hash });
        }
        if nonce < state_nonce {
            return Err(SubmitError::NonceTooLow {
                nonce,
                expected: state_nonce,
            });
        }
        let expected = self.next_nonce(sender, state_nonce);
        let ahead_max = match gaps {
            NonceGaps::Refuse => 0,
            NonceGaps::Hold => NONCE_AHEAD_MAX,
        };
        if nonce > expected.saturating_add(ahead_max) {
            return Err(SubmitError::NonceTooHigh { nonce, expected });
        }
        let replaced = self
            .senders
            .get(&sender)
            .and_then(|queue| queue.get(&nonce))
            .cloned();
        let freed = match &replaced {
            Some(old) => {
                replaces(&tx, old)?;
                tx.arrival = old.arrival;
                old.bytes
            }
            None => {
                tx.arrival = self.arrivals;
                0
            }
        };
        let (count, bytes) = (
            self.len() + usize::from(replaced.is_none()),
            self.bytes - freed + tx.bytes,
        );
        if count > POOL_TXS_MAX || bytes > POOL_BYTES_MAX {
            return Err(SubmitError::PoolFull {
                count: self.len(),
                bytes: self.bytes,
            });
        }
        if let Some(old) = replaced {
            self.hashes.remove(&old.hash());
        }
        self.arrivals += 1;
        self.bytes = bytes;
        self.hashes.insert(hash, (sender, nonce));
        let tx = Arc::new(tx);
        self.senders
            .entry(sender)
            .or_default()
            .insert(nonce, Arc::clone(&tx));
        Ok(tx)
    }

    /// Removes one transaction.
    pub fn remove(&mut self, hash: B256) -> Option<Arc<PoolTx>> {
        let (sender, nonce) = self.hashes.remove(&hash)?;
        let queue = self.senders.get_mut(&sender)?;
        let removed = queue.remove(&nonce);
        if queue.is_empty() {
            self.senders.remove(&sender);
        }
        self.bytes -= removed.as_ref().map_or(0, |tx| tx.bytes);
        removed
    }

    /// Removes all of one sender; answers how many.
    pub fn remove_sender(&mut self, sender: Address) -> usize {
        let queue = self.senders.remove(&sender).unwrap_or_default();
        for tx in queue.values() {
            self.hashes.remove(&tx.hash());
            self.bytes -= tx.bytes;
        }
        queue.len()
    }

    /// Removes everything; answers how many.
    pub fn clear(&mut self) -> usize {
        let count = self.len();
        self.senders.clear();
        self.hashes.clear();
        self.bytes = 0;
        count
    }

    /// Drops what a changed state has made impossible: nonces already used.
    pub fn drop_used(&mut self, sender: Address, state_nonce: u64) {
        let Some(queue) = self.senders.get_mut(&sender) else {
            return;
        };
        let keep = queue.split_off(&state_nonce);
        let used = std::mem::replace(queue, keep);
        if queue.is_empty() {
            self.senders.remove(&sender);
        }
        for tx in used.values() {
            self.hashes.remove(&tx.hash());
            self.bytes -= tx.bytes;
        }
    }

    /// Senders that have something waiting.
    pub fn senders(&self) -> impl Iterator<Item = Address> + '_ {
        self.senders.keys().copied()
    }

    /// Whatever waits, split by whether it could be mined now.
    pub fn content(&self, state_nonce: impl Fn(Address) -> u64) -> PoolContent {
        let mut content = PoolContent::default();
        for (&sender, queue) in &self.senders {
            let next = self.next_nonce(sender, state_nonce(sender));
            for (&nonce, tx) in queue {
                let part = if nonce < next {
                    &mut content.pending
                } else {
                    &mut content.queued
                };
                part.entry(sender)
                    .or_default()
                    .insert(nonce, Arc::clone(tx));
            }
        }
        content
    }

    /// Transactions that could be mined, best first, nonces of a sender in order.
    pub fn ready(
        &self,
        order: Order,
        base_fee: u64,
        state_nonce: impl Fn(Address) -> u64,
    ) -> Ready<'_> {
        let mut heads = BinaryHeap::with_capacity(self.senders.len());
        for (&sender, queue) in &self.senders {
            if let Some(tx) = queue.get(&state_nonce(sender)) {
                heads.push(Head::new(tx, order, base_fee));
            }
        }
        Ready {
            pool: self,
            heads,
            order,
            base_fee,
        }
    }
}

fn replaces(new: &PoolTx, old: &PoolTx) -> Result<(), SubmitError> {
    let ((max_fee, tip), (old_fee, old_tip)) = (new.fees(), old.fees());
    let bump =
        |fee: u128| fee.saturating_add((fee.saturating_mul(PRICE_BUMP_PERCENT) / 100).max(1));
    let least_fee = bump(old_fee);
    // A tip of nothing cannot rise by a tenth; on Arbitrum it is the usual one.
    let least_tip = if old_tip == 0 { 0 } else { bump(old_tip) };
    if max_fee < least_fee || tip < least_tip {
        return Err(SubmitError::ReplacementUnderpriced {
            max_fee,
            tip,
            least_fee,
            least_tip,
        });
    }
    Ok(())
}

/// Iterator of [`Pool::ready`].
#[derive(Debug)]
pub struct Ready<'a> {
    pool: &'a Pool,
    heads: BinaryHeap<Head<'a>>,
    order: Order,
    base_fee: u64,
}

impl<'a> Ready<'a> {
    /// The next transaction. Pass it to [`Ready::advance`] to make its sender's next one a candidate.
    pub fn pop(&mut self) -> Option<&'a Arc<PoolTx>> {
        self.heads.pop().map(|head| head.tx)
    }

    /// Lets the sender of `tx` go on with its next nonce.
    pub fn advance(&mut self, tx: &PoolTx) {
        let next = tx.tx.nonce().checked_add(1);
        if let Some(next) = next
            && let Some(tx) = self
                .pool
                .senders
                .get(&tx.tx.signer())
                .and_then(|queue| queue.get(&next))
        {
            self.heads.push(Head::new(tx, self.order, self.base_fee));
        }
    }
}

#[derive(Debug)]
struct Head<'a> {
    tip: u128,
    tx: &'a Arc<PoolTx>,
}

impl<'a> Head<'a> {
    fn new(tx: &'a Arc<PoolTx>, order: Order, base_fee: u64) -> Self {
        let tip = match order {
            Order::Arrival => 0,
            Order::Tip => tx.tx.effective_tip_per_gas(base_fee).unwrap_or(0),
        };
        Self { tip, tx }
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.tip
            .cmp(&other.tip)
            .then_with(|| other.tx.arrival.cmp(&self.tx.arrival))
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head<'_> {}

#[cfg(test)]
mod tests;
