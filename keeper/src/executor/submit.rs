//! The transaction manager: one account's transactions, from intent to a block that counts as final.
//!
//! Guards INV-KEEPER-01.
//!
//! ```text
//!  wanted ─ sign (recorded) ─► signed ─ send ─► sent ─ receipt, depth ─► ended ─ settled ─► closed
//!                                 ▲               │ silence, doubling pauses
//!                                 └── dearer ◄────┘ when the price of gas rose above what it offers
//!                                                 │ nonce used by another, proved by its signature
//!                                                 └──► closed, lost ─► the action may have another nonce
//! ```
//!
//! It is a pass, not a loop: [`Submitter::pass`] looks at everything once, does what is due, and never waits. Whatever it
//! learns it learns from the chain or the journal, so a pass after a restart is like any other.
//!
//! **What makes an effect single.** An action has one nonce until that is lost, by the journal's rule, and the chain takes one
//! transaction for a nonce. So all depends on when a nonce counts as lost. A count of transactions is an endpoint's word; the manager
//! believes it only with a transaction that this account signed, which has this nonce and is none of ours: no endpoint can make
//! one. Without it nothing is signed anew, and the operator is told.
//!
//! Arbitrum's sequencer ignores tips and refuses a nonce that is ahead within seconds (there is no pool that would hold it): so
//! nothing is tipped, transactions leave in the order of their nonces, and an earlier one that was not taken keeps later ones back.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::time::Millis;
use alloy::{
    consensus::{SignableTransaction, Transaction as _, TxEip1559, TxEnvelope},
    eips::{Decodable2718, Encodable2718},
    primitives::{Address, B256, TxKind, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};

use super::endpoint::{Call, Endpoint, EndpointError};
use crate::{
    clock::Clock,
    journal::{ActionKey, Journal, JournalError, Lease, Posted, Signed},
    operations::observe,
};

/// How often a price is offered for one nonce at most: at twice the price each, the tenth is a thousand times the first.
const ATTEMPTS_MAX: u64 = 10;
/// How often the pause before sending again doubles: 64 times the first, so that an endpoint that refuses is not stormed.
const DOUBLINGS_MAX: u64 = 6;
/// After how many sends that changed nothing the operator is told.
const SENDS_TELL: u64 = 8;
/// Nonces that are filled up in one pass at most. More are missing only when an endpoint lied, and then it goes on in the next.
const FILLS_MAX: usize = 16;
/// Gas of a transfer that carries nothing.
const TRANSFER_GAS: u64 = 21_000;

/// How an account sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many blocks must lie on a transaction's before it counts as final.
    pub depth_blocks: u64,
    /// Pause before a transaction that is in no block is sent again; doubles from then on.
    pub resend_after: Millis,
    /// How many times the price of gas is offered at most. The chain takes the price, not the offer.
    pub price_headroom: u128,
    /// What is added to estimated gas, in percent. Who cannot pay as much sends nothing.
    pub gas_margin_percent: u64,
    /// What is offered beyond that, as far as the account can pay: what others do between the estimate and the block can make it dearer. The
    /// last of three results of one block completes their node, which none of the three estimates saw.
    pub gas_margin: u64,
    /// Transactions of the account that may wait for a block at once: as many are lost at most to a stranger who uses the key.
    pub unmined_max: usize,
    /// Transactions of the account that may be open at once, those in blocks that are not final included: beyond, a chain that is taken
    /// back would have more to send again than a pass can.
    pub open_max: usize,
    /// Below which balance the operator is told, in wei.
    pub balance_low: U256,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            depth_blocks: 12,
            resend_after: Millis::new(20_000),
            price_headroom: 2,
            gas_margin_percent: 20,
            // A node of seven seats that is paid, and sixteen nodes behind it that become eligible, are less.
            gas_margin: 1_000_000,
            unmined_max: 16,
            // Some ten a second where blocks of two seconds are final after twelve.
            open_max: 256,
            // About a thousand plain transactions at the usual price: 21,000 gas at 0.1 gwei each.
            balance_low: U256::from(2_000_000_000_000_000_u64),
        }
    }
}

/// An action that wants a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its key.
    pub key: ActionKey,
    /// What does it.
    pub call: Call,
}

/// How an action's transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It did what it should, and is final.
    Done {
        /// The transaction.
        hash: B256,
        /// Its block.
        block: u64,
    },
    /// It failed in a block that is final.
    Failed {
        /// The transaction.
        hash: B256,
        /// Its block.
        block: u64,
    },
    /// The chain refuses the call, so nothing was signed.
    Refused {
        /// What it says.
        cause: String,
    },
}

/// Why something does not go on. It is tried again in the next pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// The account cannot pay.
    #[error("{account} holds {balance} wei and needs up to {needed} wei: fund it")]
    Poor {
        /// The account.
        account: Address,
        /// What it holds.
        balance: U256,
        /// What the transaction may cost, its value included.
        needed: U256,
    },
    /// As many are open as may be, or an earlier one does not go on.
    #[error("it waits for one of {open} earlier transactions")]
    Waits {
        /// How many are open.
        open: usize,
    },
    /// An endpoint does not take it.
    #[error("nonce {nonce} was sent {sends} times and is in no block: {cause}")]
    Unsent {
        /// Which.
        nonce: u64,
        /// How often it was sent.
        sends: u64,
        /// What the endpoint said last, if it refused in this pass.
        cause: String,
    },
    /// The endpoint counts more transactions than it can show.
    #[error(
        "the endpoint counts nonce {nonce} as used, and shows neither ours nor another that this key signed: ask another endpoint; nothing is signed in its place"
    )]
    Unexplained {
        /// Which nonce.
        nonce: u64,
    },
    /// Another account's transaction for it may still take effect.
    #[error(
        "it has nonce {nonce} of {account}, which may still take effect: the keeper of that account ends it"
    )]
    Elsewhere {
        /// The other account.
        account: Address,
        /// Its nonce.
        nonce: u64,
    },
    /// The price rose beyond what may be offered.
    #[error("nonce {nonce} offers {offered} wei for gas, which costs {price} wei")]
    Cheap {
        /// Which nonce.
        nonce: u64,
        /// What is offered.
        offered: u128,
        /// What is wanted.
        price: u128,
    },
}

/// What a pass found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Actions that ended: to be settled, and told again until they are.
    pub ended: Vec<(ActionKey, End)>,
    /// Actions that do not go on.
    pub held: Vec<(ActionKey, Held)>,
    /// Transactions whose nonces are not closed.
    pub open: usize,
    /// The balance, when it is low.
    pub low: Option<U256>,
}

/// Why a pass ended early. Nothing more was signed or sent.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Nothing could be recorded.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The endpoint gave no answer that can be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The endpoint knows less than was final before.
    #[error(
        "the endpoint counts {count} transactions of {account}, of which {closed} were final: it lags, or the chain went back beyond the depth that counts as final; ask another endpoint"
    )]
    Behind {
        /// The account.
        account: Address,
        /// What the endpoint counts.
        count: u64,
        /// What was final.
        closed: u64,
    },
    /// A key that does not sign.
    #[error("the key does not sign: {0}")]
    Key(#[from] alloy::signers::Error),
    /// Recorded bytes that are no transaction.
    #[error("the journal holds bytes of nonce {nonce} that are no transaction")]
    Bytes {
        /// Which.
        nonce: u64,
    },
}

/// Sends in the name of one key.
#[derive(Debug)]
pub struct Submitter<E> {
    endpoint: E,
    signer: PrivateKeySigner,
    chain_id: u64,
    policy: Policy,
}

/// What one pass knows of the chain.
#[derive(Clone, Copy, Debug)]
struct View {
    head: u64,
    /// Last block that counts as final.
    last_final: u64,
    /// Transactions of the account by the newest block, and by the last final one.
    count: u64,
    count_final: u64,
    price: u128,
}

impl<E: Endpoint> Submitter<E> {
    /// Sends with `signer` on chain `chain_id`.
    pub const fn new(endpoint: E, signer: PrivateKeySigner, chain_id: u64, policy: Policy) -> Self {
        Self {
            endpoint,
            signer,
            chain_id,
            policy,
        }
    }

    /// The account that sends.
    pub const fn account(&self) -> Address {
        self.signer.address()
    }

    /// The chain it sends to.
    pub const fn endpoint(&self) -> &E {
        &self.endpoint
    }

    /// Looks at every open transaction, then signs and sends what is wanted and has none yet. For a drain, nothing is wanted.
    ///
    /// Errors: [`SubmitError`]; what was recorded before it stands.
    pub async fn pass(
        &self,
        journal: &mut impl Journal,
        lease: &Lease,
        clock: &dyn Clock,
        wanted: &[Wanted],
    ) -> Result<Pass, SubmitError> {
        let account = self.account();
        let mut open: BTreeMap<u64, Vec<Posted>> = BTreeMap::new();
        for posted in journal.posted(account)? {
            open.entry(posted.signed.nonce).or_default().push(posted);
        }
        let mut pass = Pass::default();
        if open.is_empty() && wanted.is_empty() {
            return Ok(pass);
        }
        let view = self.view(journal).await?;
        let balance = self.endpoint.balance(account).await?;
        pass.low = (balance < self.policy.balance_low).then_some(balance);

        let mut at = At {
            journal,
            lease,
            clock,
        };
        let mut undecided = Vec::new();
        for (&nonce, attempts) in &open {
            if !self
                .judge(&mut at, &view, nonce, attempts, &mut pass)
                .await?
            {
                undecided.push(attempts);
            }
        }
        // Where an endpoint contradicts itself, its count is no ground to sign on.
        let doubted = |(_, held): &(ActionKey, Held)| matches!(held, Held::Unexplained { .. });
        let mut stopped = pass.held.iter().any(doubted);
        let mut nonces: BTreeSet<u64> = open.keys().copied().collect();
        // Holes first: whatever lies above one is refused until it is filled.
        stopped = stopped || !self.fill(&mut at, &view, &open, &mut nonces).await?;
        let waiting = undecided.len();
        for attempts in undecided {
            // One that was not taken keeps later ones back: the sequencer would refuse them.
            stopped = stopped || !self.push(&mut at, &view, attempts, &mut pass).await?;
        }

        let mut unmined = waiting + nonces.len() - open.len();
        let busy: BTreeSet<ActionKey> = open.values().flatten().map(|p| p.signed.action).collect();
        for wanted in wanted.iter().filter(|wanted| !busy.contains(&wanted.key)) {
            if at.journal.outcome(wanted.key)?.is_some() {
                continue;
            }
            let is_full =
                unmined >= self.policy.unmined_max || nonces.len() >= self.policy.open_max;
            if is_full || stopped {
                let open = nonces.len();
                pass.held.push((wanted.key, Held::Waits { open }));
                continue;
            }
            let nonce = first_free(&nonces, view.count);
            match self.begin(&mut at, &view, balance, nonce, wanted).await {
                Err(SubmitError::Journal(JournalError::HasNonce { account, nonce, .. })) => {
                    pass.held
                        .push((wanted.key, Held::Elsewhere { account, nonce }));
                }
                Err(error) => return Err(error),
                Ok(Ok(signed)) => {
                    nonces.insert(nonce);
                    unmined += 1;
                    stopped = self.hand_over(&mut at, &signed).await?.is_some();
                }
                Ok(Err(Stop::Ended(end))) => pass.ended.push((wanted.key, end)),
                Ok(Err(Stop::Held(held))) => pass.held.push((wanted.key, held)),
            }
        }
        pass.open = nonces.len();
        Ok(pass)
    }

    async fn view(&self, journal: &mut impl Journal) -> Result<View, SubmitError> {
        let account = self.account();
        let head = self.endpoint.head().await?;
        let last_final = head.saturating_sub(self.policy.depth_blocks);
        let count = self.endpoint.count(account, None).await?;
        let closed = journal.closed_below(account)?;
        if count < closed {
            return Err(SubmitError::Behind {
                account,
                count,
                closed,
            });
        }
        Ok(View {
            head,
            last_final,
            count,
            count_final: self.endpoint.count(account, Some(last_final)).await?,
            price: self.endpoint.gas_price().await?,
        })
    }

    /// Whether the chain has decided about a nonce, or is about to.
    async fn judge<J: Journal>(
        &self,
        at: &mut At<'_, J>,
        view: &View,
        nonce: u64,
        attempts: &[Posted],
        pass: &mut Pass,
    ) -> Result<bool, SubmitError> {
        if (view.count_final..view.count).contains(&nonce) {
            // Whose it was shows when it is final: until then no receipt would decide anything.
            return Ok(true);
        }
        for Posted { signed, .. } in attempts.iter().rev() {
            let Some(mined) = self.endpoint.receipt(signed.hash).await? else {
                continue;
            };
            if mined.block > view.last_final {
                return Ok(true);
            }
            // First its action is settled, then its nonce is closed: between the two, it is found here again.
            if !signed.fill && at.journal.outcome(signed.action)?.is_none() {
                let (hash, block) = (signed.hash, mined.block);
                let end = if mined.succeeded {
                    End::Done { hash, block }
                } else {
                    End::Failed { hash, block }
                };
                pass.ended.push((signed.action, end));
            } else {
                at.close(signed.account, nonce, Some(signed.hash))?;
            }
            return Ok(true);
        }
        if view.count <= nonce {
            return Ok(false);
        }
        // Used, in a block that is final, and by none of ours as far as this endpoint shows.
        let after = attempts.iter().map(|p| p.signed.after_block).min();
        let used_by = self.user_of(nonce, after.unwrap_or(0), view).await?;
        match used_by {
            Some(hash) if attempts.iter().all(|p| p.signed.hash != hash) => {
                at.close(self.account(), nonce, None)?;
            }
            _ => {
                let action = attempts[0].signed.action;
                pass.held.push((action, Held::Unexplained { nonce }));
            }
        }
        Ok(true)
    }

    /// The transaction that used a nonce, proved by its signature; `None` if the endpoint shows none.
    async fn user_of(
        &self,
        nonce: u64,
        after: u64,
        view: &View,
    ) -> Result<Option<B256>, EndpointError> {
        let account = self.account();
        // In (low, high]: the first block by which it was used.
        let (mut low, mut high) = (after.min(view.last_final), view.last_final);
        if self.endpoint.count(account, Some(low)).await? > nonce {
            // The endpoint that was asked when it was signed lagged.
            low = 0;
        }
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if self.endpoint.count(account, Some(middle)).await? > nonce {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.endpoint.signed_in(high, account, nonce).await
    }

    /// Sends an open transaction again when that is due, dearer when its offer is too low. False when later ones must wait.
    async fn push<J: Journal>(
        &self,
        at: &mut At<'_, J>,
        view: &View,
        attempts: &[Posted],
        pass: &mut Pass,
    ) -> Result<bool, SubmitError> {
        let Some(newest) = attempts.last() else {
            return Ok(true);
        };
        let sends: u64 = attempts.iter().map(|posted| posted.sends).sum();
        let nonce = newest.signed.nonce;
        if sends >= SENDS_TELL {
            let cause = "no answer that decides".to_owned();
            let held = Held::Unsent {
                nonce,
                sends,
                cause,
            };
            pass.held.push((newest.signed.action, held));
        }
        let doublings = newest.sends.saturating_sub(1).min(DOUBLINGS_MAX);
        let pause = self.policy.resend_after.get() << doublings;
        if let Some(sent) = newest.sent
            && at.clock.now().since(sent).get() < pause
        {
            // One that the endpoint does not have keeps later ones back until it is due.
            return Ok(self.endpoint.knows(newest.signed.hash).await?);
        }
        let mut next = newest.signed.clone();
        if next.fee_max < view.price {
            if next.attempt.saturating_add(1) >= ATTEMPTS_MAX {
                let held = Held::Cheap {
                    nonce,
                    offered: next.fee_max,
                    price: view.price,
                };
                pass.held.push((next.action, held));
                return Ok(false);
            }
            next = self.dearer(view, &next)?;
            at.sign(&next)?;
        }
        observe::resent();
        let refused = self.hand_over(at, &next).await?;
        if let Some(cause) = &refused {
            let sends = sends.saturating_add(1);
            let cause = cause.clone();
            let held = Held::Unsent {
                nonce,
                sends,
                cause,
            };
            pass.held.push((next.action, held));
        }
        Ok(refused.is_none())
    }

    /// The same transaction for a higher price.
    fn dearer(&self, view: &View, old: &Signed) -> Result<Signed, SubmitError> {
        let envelope = TxEnvelope::decode_2718(&mut &old.raw[..])
            .map_err(|_| SubmitError::Bytes { nonce: old.nonce })?;
        let call = Call {
            to: envelope
                .to()
                .ok_or(SubmitError::Bytes { nonce: old.nonce })?,
            value: envelope.value(),
            input: envelope.input().clone(),
        };
        // Nodes with a pool take a replacement only for a tenth more; twice is always enough.
        let fee_max = self.offer(view.price).max(old.fee_max.saturating_mul(2));
        let signed = self.signed(&call, old.nonce, envelope.gas_limit(), fee_max)?;
        Ok(Signed {
            attempt: old.attempt.saturating_add(1),
            action: old.action,
            fill: old.fill,
            after_block: view.head,
            ..signed
        })
    }

    /// Signs what is wanted and records it.
    async fn begin<J: Journal>(
        &self,
        at: &mut At<'_, J>,
        view: &View,
        balance: U256,
        nonce: u64,
        wanted: &Wanted,
    ) -> Result<Result<Signed, Stop>, SubmitError> {
        let poor = |needed| {
            Stop::Held(Held::Poor {
                account: self.account(),
                balance,
                needed,
            })
        };
        // An endpoint does not estimate what cannot be paid, and says so in its own words.
        let least = U256::from(TRANSFER_GAS).saturating_mul(U256::from(view.price));
        let least = least.saturating_add(wanted.call.value);
        if balance < least {
            return Ok(Err(poor(least)));
        }
        let gas = match self.endpoint.estimate(self.account(), &wanted.call).await {
            Ok(gas) => gas,
            // What a contract refuses it refuses by name; anything else may be the endpoint's own trouble.
            Err(EndpointError::Refused {
                cause,
                revert: Some(revert),
                ..
            }) => {
                let cause = format!("{cause} ({revert})");
                return Ok(Err(Stop::Ended(End::Refused { cause })));
            }
            Err(error) => return Err(error.into()),
        };
        let gas = gas.saturating_add(gas / 100 * self.policy.gas_margin_percent);
        let fee_max = self.offer(view.price);
        let cost = U256::from(gas).saturating_mul(U256::from(fee_max));
        let needed = cost.saturating_add(wanted.call.value);
        if balance < needed {
            return Ok(Err(poor(needed)));
        }
        let payable = (balance - wanted.call.value) / U256::from(fee_max.max(1));
        let offered = gas.saturating_add(self.policy.gas_margin);
        let offered = offered.min(payable.saturating_to()).max(gas);
        let signed = Signed {
            action: wanted.key,
            after_block: view.head,
            ..self.signed(&wanted.call, nonce, offered, fee_max)?
        };
        at.sign(&signed)?;
        Ok(Ok(signed))
    }

    /// Uses up nonces that nothing has and that later ones wait for. False when it does not go on.
    async fn fill<J: Journal>(
        &self,
        at: &mut At<'_, J>,
        view: &View,
        open: &BTreeMap<u64, Vec<Posted>>,
        nonces: &mut BTreeSet<u64>,
    ) -> Result<bool, SubmitError> {
        for _ in 0..FILLS_MAX {
            let nonce = first_free(nonces, view.count);
            let Some(waiting) = open.range(nonce..).find_map(|(_, posted)| posted.first()) else {
                return Ok(true);
            };
            let nothing = Call {
                to: self.account(),
                value: U256::ZERO,
                input: Default::default(),
            };
            let fee_max = self.offer(view.price);
            let signed = Signed {
                action: waiting.signed.action,
                fill: true,
                after_block: view.head,
                ..self.signed(&nothing, nonce, self.transfer_gas(&nothing).await?, fee_max)?
            };
            at.sign(&signed)?;
            nonces.insert(nonce);
            if self.hand_over(at, &signed).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Arbitrum adds what the parent chain costs to the gas of a transfer, so that is asked for.
    async fn transfer_gas(&self, transfer: &Call) -> Result<u64, EndpointError> {
        let gas = self.endpoint.estimate(self.account(), transfer).await?;
        let gas = gas.saturating_add(gas / 100 * self.policy.gas_margin_percent);
        Ok(gas.max(TRANSFER_GAS))
    }

    /// Hands recorded bytes over. `None` when the endpoint has them, else what it said.
    async fn hand_over<J: Journal>(
        &self,
        at: &mut At<'_, J>,
        signed: &Signed,
    ) -> Result<Option<String>, SubmitError> {
        let sent = self.endpoint.send(&signed.raw).await;
        at.journal.sent(at.lease, at.clock.now(), signed.hash)?;
        observe::sent(signed, sent.as_ref().err());
        let Err(error) = sent else {
            return Ok(None);
        };
        // Nodes word it differently when they have it already, and one that was silent may have it.
        match self.endpoint.knows(signed.hash).await {
            Ok(true) => Ok(None),
            Ok(false) | Err(_) => Ok(Some(error.to_string())),
        }
    }

    const fn offer(&self, price: u128) -> u128 {
        price.saturating_mul(self.policy.price_headroom)
    }

    fn signed(
        &self,
        call: &Call,
        nonce: u64,
        gas: u64,
        fee_max: u128,
    ) -> Result<Signed, SubmitError> {
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit: gas,
            max_fee_per_gas: fee_max,
            max_priority_fee_per_gas: 0,
            to: TxKind::Call(call.to),
            value: call.value,
            access_list: Default::default(),
            input: call.input.clone(),
        };
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Ok(Signed {
            account: self.account(),
            nonce,
            attempt: 0,
            action: ActionKey(B256::ZERO),
            fill: false,
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718().into(),
            fee_max,
            after_block: 0,
        })
    }
}

/// Why nothing was signed for what is wanted.
enum Stop {
    Ended(End),
    Held(Held),
}

/// The journal under the account's lease.
struct At<'a, J> {
    journal: &'a mut J,
    lease: &'a Lease,
    clock: &'a dyn Clock,
}

impl<J: Journal> At<'_, J> {
    fn sign(&mut self, signed: &Signed) -> Result<(), JournalError> {
        self.journal.sign(self.lease, self.clock.now(), signed)?;
        observe::signed(signed);
        Ok(())
    }

    fn close(
        &mut self,
        account: Address,
        nonce: u64,
        winner: Option<B256>,
    ) -> Result<(), JournalError> {
        let now = self.clock.now();
        self.journal.close(self.lease, now, account, nonce, winner)
    }
}

/// The first nonce from `from` on that is not in `taken`.
fn first_free(taken: &BTreeSet<u64>, from: u64) -> u64 {
    let mut free = from;
    while taken.contains(&free) {
        free = free.saturating_add(1);
    }
    free
}
