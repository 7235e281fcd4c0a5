//! One journal that a pass of the transaction manager and the host use in turns: each call is one transaction of the store, and none is
//! held open while anybody waits for an answer.

use std::sync::Arc;

use agentcity_domain::time::Millis;
use alloy::primitives::{Address, B256};
use parking_lot::Mutex;

use crate::{
    clock::Moment,
    journal::{
        ActionKey, Claim, Finality, Identity, Intent, Journal, JournalError, Lease, Posted, Replay,
        Seen, Signed, Standing,
    },
};

/// A journal by copies that mean the same one.
#[derive(Debug)]
pub(super) struct Common<J>(Arc<Mutex<J>>);

impl<J> Common<J> {
    pub(super) fn new(journal: J) -> Self {
        Self(Arc::new(Mutex::new(journal)))
    }
}

impl<J> Clone for Common<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J: Journal> Journal for Common<J> {
    fn bind(&mut self, chain_id: u64, genesis: B256) -> Result<(), JournalError> {
        self.0.lock().bind(chain_id, genesis)
    }

    fn probe(&mut self, holder: &str, now: Moment) -> Result<(), JournalError> {
        self.0.lock().probe(holder, now)
    }

    fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Moment,
        term: Millis,
    ) -> Result<Claim, JournalError> {
        self.0.lock().acquire(name, holder, now, term)
    }

    fn renew(&mut self, lease: &Lease, now: Moment, term: Millis) -> Result<Lease, JournalError> {
        self.0.lock().renew(lease, now, term)
    }

    fn release(&mut self, lease: &Lease, now: Moment) -> Result<(), JournalError> {
        self.0.lock().release(lease, now)
    }

    fn see(
        &mut self,
        stream: &Lease,
        now: Moment,
        identity: &Identity,
        body: &str,
    ) -> Result<Seen, JournalError> {
        self.0.lock().see(stream, now, identity, body)
    }

    fn replay(&mut self, stream: &str) -> Result<Replay, JournalError> {
        self.0.lock().replay(stream)
    }

    fn standing(&mut self, stream: &str) -> Result<Standing, JournalError> {
        self.0.lock().standing(stream)
    }

    fn intend(
        &mut self,
        stream: &Lease,
        now: Moment,
        seq: u64,
        intents: &[Intent],
    ) -> Result<Vec<ActionKey>, JournalError> {
        self.0.lock().intend(stream, now, seq, intents)
    }

    fn open(&mut self, stream: &str) -> Result<Vec<Intent>, JournalError> {
        self.0.lock().open(stream)
    }

    fn settle(
        &mut self,
        stream: &Lease,
        now: Moment,
        key: ActionKey,
        outcome: &str,
        event: &str,
    ) -> Result<Seen, JournalError> {
        self.0.lock().settle(stream, now, key, outcome, event)
    }

    fn outcome(&mut self, key: ActionKey) -> Result<Option<String>, JournalError> {
        self.0.lock().outcome(key)
    }

    fn sign(&mut self, account: &Lease, now: Moment, signed: &Signed) -> Result<(), JournalError> {
        self.0.lock().sign(account, now, signed)
    }

    fn sent(&mut self, account: &Lease, now: Moment, hash: B256) -> Result<(), JournalError> {
        self.0.lock().sent(account, now, hash)
    }

    fn close(
        &mut self,
        lease: &Lease,
        now: Moment,
        account: Address,
        nonce: u64,
        winner: Option<B256>,
    ) -> Result<(), JournalError> {
        self.0.lock().close(lease, now, account, nonce, winner)
    }

    fn posted(&mut self, account: Address) -> Result<Vec<Posted>, JournalError> {
        self.0.lock().posted(account)
    }

    fn next_nonce(&mut self, account: Address) -> Result<u64, JournalError> {
        self.0.lock().next_nonce(account)
    }

    fn closed_below(&mut self, account: Address) -> Result<u64, JournalError> {
        self.0.lock().closed_below(account)
    }

    fn checkpoint(
        &mut self,
        stream: &Lease,
        now: Moment,
        seq: u64,
        state: &str,
        finality: Finality,
    ) -> Result<(), JournalError> {
        self.0.lock().checkpoint(stream, now, seq, state, finality)
    }
}
