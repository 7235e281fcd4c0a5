//! An agent at work: one pass after another, each of which looks, thinks, writes down, and sends.
//!
//! Acts are intents of the keeper's journal, so everything that holds for a keeper's transactions holds here: they are recorded before
//! they leave, an act has one nonce until that is lost, and of two processes that share the files one works at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use agentcity_abi::document::{ContentAddress, Document};
use agentcity_keeper::{
    clock::Clock,
    daemon::{ANSWER_WITHIN, LEASE_TERM, Standing},
    event::Head,
    executor::{
        endpoint::Rpc,
        keepalive::Need,
        submit::{End, Policy as Sending, SubmitError, Submitter, Wanted},
    },
    journal::{
        ActionKey, Claim, Identity, Intent, Journal, JournalError, Lease, Seen as Recorded,
        account_lease,
    },
    library::{Library, LibraryError},
    source::city::City,
};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use serde::{Deserialize, Serialize};

use crate::{
    call::{CallError, Myself},
    look::Watch,
    mind::{self, Act, Sender, Wish},
    policy::Policy,
    vault::{Vault, VaultError},
};

/// How often an act is tried that the chain refuses; then its owner must look.
const TRIES_MAX: u32 = 3;
/// How long one look may take.
const LOOK_WITHIN: Duration = Duration::from_secs(30);

/// Why an agent stops. What it was about to do is recorded, and the next process goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The journal cannot go on.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Secrets cannot be kept, so nothing leaves.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A document of the agenda cannot be used.
    #[error("agenda: {path}: {cause}")]
    Agenda {
        /// Which file.
        path: String,
        /// Why.
        cause: String,
    },
    /// The folder of documents cannot be used.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// What is recorded is not what this release writes.
    #[error("an act of the journal cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl DeskError {
    /// Whether another process has the work now: nothing is wrong, and this one stands by.
    pub const fn is_fenced(&self) -> bool {
        matches!(self, Self::Journal(JournalError::Fenced { .. }))
    }
}

/// An act and which try it is, as the journal holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Try {
    act: Act,
    attempt: u32,
}

impl Try {
    fn key(agent: Address, act: &Act, attempt: u32) -> ActionKey {
        let name = act.name();
        ActionKey(keccak256(format!("agent/{agent:#x}/{name}/{attempt}")))
    }
}

/// The keys of an agent.
#[derive(Debug)]
pub struct Keys {
    /// Its own.
    pub agent: PrivateKeySigner,
    /// Its principal's, if it acts for it.
    pub principal: Option<PrivateKeySigner>,
}

/// One agent.
#[derive(Debug)]
pub struct Desk<J, Q> {
    journal: J,
    vault: Vault,
    provider: Q,
    city: City,
    policy: Policy,
    library: Library,
    wishes: Vec<Wish>,
    keys: Keys,
    watch: Watch<Q>,
    accounts: BTreeMap<Sender, Submitter<Rpc<Q>>>,
    held: Option<Leases>,
}

#[derive(Debug)]
struct Leases {
    acts: Lease,
    accounts: BTreeMap<Sender, Lease>,
    taken: u64,
    renewed: agentcity_keeper::clock::Moment,
}

impl<J: Journal, Q: Provider + Clone> Desk<J, Q> {
    /// Ties journal and vault to the city and the agent, and reads the agenda.
    ///
    /// Errors: [`DeskError`].
    pub fn new(
        mut journal: J,
        mut vault: Vault,
        provider: Q,
        (city, genesis): (City, B256),
        policy: Policy,
        keys: Keys,
    ) -> Result<Self, DeskError> {
        journal.bind(city.chain_id, genesis)?;
        let agent = keys.agent.address();
        vault.bind(city.chain_id, city.constitution, agent)?;
        let mut library = Library::open(&policy.documents)?;
        let wishes = agenda(&policy, &library)?;
        library.refresh()?;
        let sending = Sending {
            depth_blocks: policy.depth_blocks,
            ..Sending::default()
        };
        let submitter = |key: &PrivateKeySigner| {
            let endpoint = Rpc::new(provider.clone(), ANSWER_WITHIN);
            Submitter::new(endpoint, key.clone(), city.chain_id, sending)
        };
        let mut accounts = BTreeMap::from([(Sender::Agent, submitter(&keys.agent))]);
        if let Some(key) = &keys.principal {
            accounts.insert(Sender::Principal, submitter(key));
        }
        Ok(Self {
            watch: Watch::new(
                provider.clone(),
                city,
                (
                    agent,
                    keys.principal.as_ref().map(PrivateKeySigner::address),
                ),
                policy.from_block,
            ),
            journal,
            vault,
            provider,
            city,
            policy,
            library,
            wishes,
            keys,
            accounts,
            held: None,
        })
    }

    /// Holds the leases, or takes them when they are free. To be called a few times within [`LEASE_TERM`].
    ///
    /// Errors: [`DeskError::Journal`].
    pub fn stand(&mut self, clock: &dyn Clock) -> Result<Standing, DeskError> {
        let now = clock.now();
        if let Some(held) = &mut self.held {
            if now.since(held.renewed).get() < LEASE_TERM.get() / 3 {
                return Ok(Standing::Working);
            }
            match held.renew(&mut self.journal, now) {
                Ok(()) => return Ok(Standing::Working),
                Err(JournalError::Fenced { .. }) => self.held = None,
                Err(error) => return Err(error.into()),
            }
        }
        let mut taken: Vec<Lease> = Vec::new();
        let names = std::iter::once(self.stream()).chain(
            self.accounts
                .values()
                .map(|submitter| account_lease(submitter.account())),
        );
        for name in names {
            match self
                .journal
                .acquire(&name, &self.policy.name, now, LEASE_TERM)?
            {
                Claim::Granted(lease) => taken.push(lease),
                Claim::Held { holder, until } => {
                    for lease in &taken {
                        self.journal.release(lease, now)?;
                    }
                    return Ok(Standing::Waiting { holder, until });
                }
            }
        }
        let acts = taken.remove(0);
        let replay = self.journal.replay(&acts.name)?;
        // What was seen and not thought about is thought about anew: nothing of it is remembered.
        let mut cursor = replay.cursor;
        for recorded in replay.events {
            if recorded.seq > cursor {
                self.journal.intend(&acts, now, recorded.seq, &[])?;
                cursor = recorded.seq;
            }
        }
        self.held = Some(Leases {
            acts,
            accounts: self.accounts.keys().copied().zip(taken).collect(),
            taken: cursor,
            renewed: now,
        });
        Ok(Standing::Working)
    }

    /// One pass. `draining`: nothing new is begun. `draw` makes salts. Returns how many transactions are open.
    ///
    /// Errors: [`DeskError`]; one that [is fenced](DeskError::is_fenced) leaves the agent standing by.
    pub async fn pass(
        &mut self,
        clock: &dyn Clock,
        draw: &mut (dyn FnMut() -> B256 + Send),
        draining: bool,
    ) -> Result<usize, DeskError> {
        let done = self.work(clock, draw, draining).await;
        if done.as_ref().is_err_and(DeskError::is_fenced) {
            self.held = None;
        }
        done
    }

    async fn work(
        &mut self,
        clock: &dyn Clock,
        draw: &mut (dyn FnMut() -> B256 + Send),
        draining: bool,
    ) -> Result<usize, DeskError> {
        self.library.refresh()?;
        if !draining {
            let look = tokio::time::timeout(LOOK_WITHIN, self.watch.look(&self.library));
            match look.await {
                Ok(Ok(seen)) => {
                    if seen.principal.is_zero() && self.policy.register.is_none() {
                        tracing::warn!(agent = %seen.agent, "the agent is not registered: agentcity agent register");
                    }
                    let acts = mind::plan(&self.policy, &self.wishes, &seen);
                    self.intend(clock, seen.at, acts)?;
                }
                Ok(Err(cause)) => tracing::warn!("the city is not known now: {cause}"),
                Err(_) => tracing::warn!("the city is not known within {LOOK_WITHIN:?}"),
            }
        }
        self.send(clock, draw, draining).await
    }

    /// Writes down what is to be done and not written down yet.
    fn intend(&mut self, clock: &dyn Clock, at: Head, acts: Vec<Act>) -> Result<(), DeskError> {
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        let agent = self.keys.agent.address();
        let mut intents = Vec::new();
        for act in acts {
            let Some(attempt) = next_try(&mut self.journal, agent, &act)? else {
                continue;
            };
            let key = Try::key(agent, &act, attempt);
            let body = serde_json::to_string(&Try { act, attempt })?;
            intents.push(Intent { key, body });
        }
        let identity = Identity::Once(format!("seen/{:#x}", at.hash));
        match self.journal.see(&held.acts, clock.now(), &identity, "{}")? {
            Recorded::Recorded(seq) => {
                self.journal
                    .intend(&held.acts, clock.now(), seq, &intents)?;
                held.taken = seq;
                let settled = at.number.saturating_sub(self.policy.depth_blocks);
                self.journal
                    .checkpoint(&held.acts, clock.now(), seq, "{}", settled.into())?;
            }
            // The same block again shows the same things.
            Recorded::Known => {}
        }
        Ok(())
    }

    async fn send(
        &mut self,
        clock: &dyn Clock,
        draw: &mut (dyn FnMut() -> B256 + Send),
        draining: bool,
    ) -> Result<usize, DeskError> {
        let Some(held) = &self.held else {
            return Ok(0);
        };
        let mut wanted: BTreeMap<Sender, Vec<Wanted>> = BTreeMap::new();
        let (mut busy, mut open) = (BTreeSet::new(), 0);
        for submitter in self.accounts.values() {
            let posted = self.journal.posted(submitter.account())?;
            busy.extend(posted.iter().map(|posted| posted.signed.action));
        }
        let myself = Myself {
            provider: &self.provider,
            city: &self.city,
            agent: &self.keys.agent,
            principal: self.keys.principal.as_ref(),
            register: self.policy.register.as_ref(),
            library: &self.library,
            wishes: &self.wishes,
        };
        for intent in self.journal.open(&held.acts.name)? {
            if draining || busy.contains(&intent.key) {
                continue;
            }
            let Try { act, .. } = serde_json::from_str(&intent.body)?;
            let key = intent.key;
            let outcome = match myself.need(&act, &mut self.vault, draw).await {
                Ok(Need::Call(call)) => {
                    let list = wanted.entry(act.sender()).or_default();
                    list.push(Wanted { key, call });
                    continue;
                }
                Ok(Need::Satisfied) => Ending::Satisfied,
                Ok(Need::Refused(cause)) => Ending::Refused(cause),
                Err(CallError::Silent(cause) | CallError::Refused(cause)) => {
                    tracing::warn!(act = act.name(), "it waits: {cause}");
                    continue;
                }
                Err(CallError::Vault(error)) => return Err(error.into()),
            };
            settle(&mut self.journal, &held.acts, clock, key, &outcome)?;
        }
        for (sender, submitter) in &self.accounts {
            let Some(lease) = held.accounts.get(sender) else {
                continue;
            };
            let wanted = wanted.remove(sender).unwrap_or_default();
            let passed = submitter.pass(&mut self.journal, lease, clock, &wanted);
            let pass = match passed.await {
                Ok(pass) => pass,
                Err(SubmitError::Journal(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!("no transaction goes on: {error}");
                    continue;
                }
            };
            if let Some(balance) = pass.low {
                tracing::warn!(account = %submitter.account(), %balance, "the balance is low: fund the account");
            }
            for (key, end) in pass.ended {
                let outcome = match end {
                    End::Done { hash, .. } => Ending::Done(hash),
                    End::Failed { hash, block } => {
                        Ending::Refused(format!("transaction {hash} failed in block {block}"))
                    }
                    End::Refused { cause } => Ending::Refused(cause),
                };
                settle(&mut self.journal, &held.acts, clock, key, &outcome)?;
            }
            open += pass.open;
        }
        Ok(open)
    }

    /// Gives the leases back, so that another process need not wait for their end.
    ///
    /// Errors: [`DeskError::Journal`].
    pub fn leave(&mut self, clock: &dyn Clock) -> Result<(), DeskError> {
        let Some(held) = self.held.take() else {
            return Ok(());
        };
        let now = clock.now();
        self.journal.release(&held.acts, now)?;
        for lease in held.accounts.values() {
            self.journal.release(lease, now)?;
        }
        Ok(())
    }

    fn stream(&self) -> String {
        format!("agent/{:#x}", self.keys.agent.address())
    }
}

impl Leases {
    fn renew(
        &mut self,
        journal: &mut impl Journal,
        now: agentcity_keeper::clock::Moment,
    ) -> Result<(), JournalError> {
        self.acts = journal.renew(&self.acts, now, LEASE_TERM)?;
        for lease in self.accounts.values_mut() {
            *lease = journal.renew(lease, now, LEASE_TERM)?;
        }
        self.renewed = now;
        Ok(())
    }
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Ending {
    /// A transaction did it.
    Done(B256),
    /// The chain says that it is done.
    Satisfied,
    /// The chain refuses it.
    Refused(String),
}

/// Records how an act ended; the event that this leaves is nobody's to think about.
fn settle(
    journal: &mut impl Journal,
    lease: &Lease,
    clock: &dyn Clock,
    key: ActionKey,
    ending: &Ending,
) -> Result<(), DeskError> {
    if let Ending::Refused(cause) = ending {
        tracing::warn!(act = %key, "refused: {cause}");
    }
    let outcome = serde_json::to_string(ending)?;
    let now = clock.now();
    if let Recorded::Recorded(seq) = journal.settle(lease, now, key, &outcome, "{}")? {
        journal.intend(lease, now, seq, &[])?;
    }
    Ok(())
}

/// Which try of an act is next; none while one is open, when one succeeded, or when enough were refused.
fn next_try(
    journal: &mut impl Journal,
    agent: Address,
    act: &Act,
) -> Result<Option<u32>, DeskError> {
    for attempt in 0..TRIES_MAX {
        match journal.outcome(Try::key(agent, act, attempt)) {
            Err(JournalError::UnknownAction { .. }) => return Ok(Some(attempt)),
            Err(error) => return Err(error.into()),
            Ok(None) => return Ok(None),
            Ok(Some(outcome)) => match serde_json::from_str(&outcome)? {
                Ending::Done(_) | Ending::Satisfied => return Ok(None),
                Ending::Refused(_) => {}
            },
        }
    }
    Ok(None)
}

/// The agenda's documents, kept among all others.
fn agenda(policy: &Policy, library: &Library) -> Result<Vec<Wish>, DeskError> {
    let each = policy.agenda.iter().map(|item| {
        let path = item.document.display().to_string();
        let bytes = match std::fs::read(&item.document) {
            Ok(bytes) => bytes,
            Err(error) => {
                let cause = error.to_string();
                return Err(DeskError::Agenda { path, cause });
            }
        };
        let document = Document::parse(&bytes).map_err(|problems| DeskError::Agenda {
            path,
            cause: problems.to_string(),
        })?;
        let text = document.canonical();
        debug_assert_eq!(ContentAddress::of(&text), document.content_address());
        library.keep(&text)?;
        Ok(Wish {
            statute_hash: document.statute_hash(),
            domain: item.domain,
        })
    });
    each.collect()
}
