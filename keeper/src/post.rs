//! A clerk at its post: it holds its leases, looks at every open session, takes what it sees, and has done what is due.
//!
//! The clerk's key only signs. What leaves is paid by the account that submits, through the transaction manager (RULINGS R21), so that
//! one funded account may serve all four offices, and nobody who steals it can speak for a clerk.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::clerk::ClerkRole;
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};

use crate::{
    action::{self, Outcome},
    clock::{Clock, Moment},
    daemon::{ANSWER_WITHIN, KeeperError, LEASE_TERM, Standing},
    event::{self, Head},
    executor::{
        clerk::{Hand, Template},
        endpoint::Rpc,
        keepalive::Need,
        submit::{End, Policy, SubmitError, Submitter, Wanted},
    },
    journal::{ActionKey, Claim, Journal, Lease, account_lease},
    library::Library,
    machine::clerk::{Action, Clerk, Event},
    runtime::Stream,
    source::{
        city::City,
        programs,
        sessions::{self, Eye, Opened},
    },
};

/// Blocks that are looked at again for sessions that were opened: deeper than a sequencer ever takes back.
const LOOK_BACK_BLOCKS: u64 = 64;

/// Who sits here, and with what.
#[derive(Debug)]
pub struct Office {
    /// The office.
    pub role: ClerkRole,
    /// The key of the agent that holds it.
    pub key: PrivateKeySigner,
    /// The template that a codifier names.
    pub template: Template,
    /// The block from which sessions are looked for: that of the city's seal, or any later one before the oldest open session.
    pub from_block: u64,
    /// What this process is called among those that share a journal.
    pub name: String,
}

/// One clerk.
#[derive(Debug)]
pub struct Post<J, P> {
    journal: J,
    provider: P,
    city: City,
    library: Library,
    office: Office,
    submitter: Submitter<Rpc<P>>,
    depth_blocks: u64,
    held: Option<Held>,
    sessions: BTreeMap<B256, Opened>,
    over: BTreeSet<B256>,
    looked_until: Option<u64>,
    head: Option<Head>,
}

#[derive(Debug)]
struct Held {
    stream: Stream<Clerk>,
    account: Lease,
    renewed: Moment,
}

impl<J: Journal, P: Provider + Clone> Post<J, P> {
    /// Ties the journal to the chain. `payer` submits, and pays.
    ///
    /// Errors: the journal is another chain's.
    pub fn new(
        mut journal: J,
        provider: P,
        (city, genesis): (City, B256),
        library: Library,
        office: Office,
        payer: PrivateKeySigner,
        policy: Policy,
    ) -> Result<Self, KeeperError> {
        journal.bind(city.chain_id, genesis)?;
        let endpoint = Rpc::new(provider.clone(), ANSWER_WITHIN);
        let submitter = Submitter::new(endpoint, payer, city.chain_id, policy);
        Ok(Self {
            journal,
            provider,
            city,
            library,
            office,
            submitter,
            depth_blocks: policy.depth_blocks,
            held: None,
            sessions: BTreeMap::new(),
            over: BTreeSet::new(),
            looked_until: None,
            head: None,
        })
    }

    /// The agent that holds the office.
    pub fn clerk(&self) -> Address {
        self.office.key.address()
    }

    /// Holds the leases, or takes them when they are free. To be called a few times within [`LEASE_TERM`].
    ///
    /// Errors: the journal's.
    pub fn stand(&mut self, clock: &dyn Clock) -> Result<Standing, KeeperError> {
        let now = clock.now();
        if let Some(held) = &mut self.held {
            if now.since(held.renewed).get() < LEASE_TERM.get() / 3 {
                return Ok(Standing::Working);
            }
            match renew(held, &mut self.journal, now) {
                Ok(()) => return Ok(Standing::Working),
                Err(error) if error.is_fenced() => {
                    tracing::warn!("{error}");
                    self.held = None;
                }
                Err(error) => return Err(error),
            }
        }
        let stream = format!("clerk/{:#x}", self.clerk());
        let (name, payer) = (self.office.name.clone(), self.submitter.account());
        let lease = match self.journal.acquire(&stream, &name, now, LEASE_TERM)? {
            Claim::Granted(lease) => lease,
            Claim::Held { holder, until } => return Ok(Standing::Waiting { holder, until }),
        };
        let account = account_lease(payer);
        let account = match self.journal.acquire(&account, &name, now, LEASE_TERM)? {
            Claim::Granted(lease) => lease,
            Claim::Held { holder, until } => {
                self.journal.release(&lease, now)?;
                return Ok(Standing::Waiting { holder, until });
            }
        };
        let (role, clerk) = (self.office.role, self.clerk());
        let stream = Stream::resume(&mut self.journal, lease, now, |state| match state {
            Some(state) => Clerk::resume(role, clerk, state),
            None => Ok(Clerk::new(role, clerk)),
        })?;
        self.held = Some(Held {
            stream,
            account,
            renewed: now,
        });
        Ok(Standing::Working)
    }

    /// Looks at every open session once. A chain that does not answer is told and asked again the next time: a clerk that does not know
    /// does nothing.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the clerk standing by.
    pub async fn observe(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        if let Err(error) = self.library.refresh() {
            tracing::warn!("{error}");
        }
        let dockets = match within(self.look()).await {
            Ok(dockets) => dockets,
            Err(cause) => {
                tracing::warn!("sessions are not known now: {cause}");
                return Ok(());
            }
        };
        let taken = self.take(clock, dockets);
        self.stood_down(taken)
    }

    async fn look(&mut self) -> Result<Vec<Event>, String> {
        let head = programs::head(&self.provider).await?;
        let from = self.looked_until.map_or(self.office.from_block, |last| {
            last.saturating_sub(LOOK_BACK_BLOCKS)
                .max(self.office.from_block)
        });
        let opened = sessions::opened(&self.provider, &self.city, from, head.number).await?;
        for one in opened {
            if !self.over.contains(&one.session) {
                self.sessions.insert(one.session, one);
            }
        }
        self.looked_until = Some(head.number);
        self.head = Some(head);
        let eye = Eye {
            clerk: self.clerk(),
            template: (self.office.template.id, self.office.template.version),
        };
        let mut seen = Vec::with_capacity(self.sessions.len());
        for opened in self.sessions.values() {
            let docket = sessions::observe(
                &self.provider,
                &self.city,
                &self.library,
                &eye,
                *opened,
                head,
            );
            seen.push(Event::Seen(Box::new(docket.await?)));
        }
        Ok(seen)
    }

    fn take(&mut self, clock: &dyn Clock, seen: Vec<Event>) -> Result<(), KeeperError> {
        if self.stand(clock)? != Standing::Working {
            return Ok(());
        }
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        for event in seen {
            let Event::Seen(docket) = &event;
            let (session, is_over) = (docket.session, docket.is_over());
            let event = event::Event::Clerk(event);
            held.stream.take(&mut self.journal, clock.now(), &event)?;
            if is_over {
                self.sessions.remove(&session);
                self.over.insert(session);
            }
        }
        if let Some(head) = self.head {
            let settled = head.number.saturating_sub(self.depth_blocks);
            held.stream
                .checkpoint_if_due(&mut self.journal, clock.now(), settled)?;
        }
        Ok(())
    }

    /// Does what is to be done as far as it goes now. `draining`: nothing new is begun. Returns how many transactions are open.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the clerk standing by.
    pub async fn act(&mut self, clock: &dyn Clock, draining: bool) -> Result<usize, KeeperError> {
        let done = self.carry_out(clock, draining).await;
        self.stood_down(done)
    }

    async fn carry_out(&mut self, clock: &dyn Clock, draining: bool) -> Result<usize, KeeperError> {
        let Some(held) = &mut self.held else {
            return Ok(0);
        };
        let mut acts = Vec::new();
        for action in held.stream.open(&mut self.journal)? {
            match &action {
                action::Action::Clerk(Action::Tell { text, session, .. }) => {
                    tracing::warn!(role = self.office.role.name(), %session, "{text}");
                    held.stream
                        .settle(&mut self.journal, clock.now(), &action, Outcome::Told)?;
                }
                action::Action::Clerk(Action::Do { .. }) => acts.push(action),
                action::Action::Alert { .. } | action::Action::Keepalive { .. } => {}
            }
        }
        let posted = self.journal.posted(self.submitter.account())?;
        let busy: BTreeSet<ActionKey> = posted.iter().map(|posted| posted.signed.action).collect();
        let fresh = acts.iter().filter(|act| !busy.contains(&act.key()));
        let hand = Hand {
            provider: &self.provider,
            city: &self.city,
            library: &self.library,
            key: &self.office.key,
            role: self.office.role,
            template: &self.office.template,
            payer: self.submitter.account(),
        };
        let mut wanted = Vec::new();
        // What was intended before a restart waits until the sessions are known again.
        let known = !draining && self.looked_until.is_some();
        for act in fresh.filter(|_| known) {
            let outcome = match within(need(&hand, &self.sessions, act)).await {
                Ok(Need::Call(call)) => {
                    wanted.push(Wanted {
                        key: act.key(),
                        call,
                    });
                    continue;
                }
                Ok(Need::Satisfied) => Outcome::Satisfied,
                Ok(Need::Refused(cause)) => Outcome::Refused { cause },
                Err(cause) => {
                    tracing::warn!(?act, "it waits for an answer of the chain: {cause}");
                    continue;
                }
            };
            held.stream
                .settle(&mut self.journal, clock.now(), act, outcome)?;
        }
        let passed = self
            .submitter
            .pass(&mut self.journal, &held.account, clock, &wanted);
        let pass = match passed.await {
            Ok(pass) => pass,
            Err(SubmitError::Journal(error)) => return Err(error.into()),
            Err(error) => {
                tracing::warn!("no transaction goes on: {error}");
                return Ok(busy.len());
            }
        };
        for (key, reason) in &pass.held {
            tracing::debug!(action = %key, "{reason}");
        }
        if let Some(balance) = pass.low {
            tracing::warn!(account = %self.submitter.account(), %balance, "the balance is low: fund the account");
        }
        for (key, end) in pass.ended {
            let Some(act) = acts.iter().find(|act| act.key() == key) else {
                continue;
            };
            let outcome = match end {
                End::Done { hash, block } => Outcome::Done { hash, block },
                End::Failed { hash, block } => Outcome::Refused {
                    cause: format!("transaction {hash} failed in block {block}"),
                },
                End::Refused { cause } => Outcome::Refused { cause },
            };
            held.stream
                .settle(&mut self.journal, clock.now(), act, outcome)?;
        }
        Ok(pass.open)
    }

    /// Records a checkpoint and gives the leases back, so that another process need not wait for their end.
    ///
    /// Errors: the journal's.
    pub fn leave(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let Some(mut held) = self.held.take() else {
            return Ok(());
        };
        let now = clock.now();
        if let Some(head) = self.head {
            let settled = head.number.saturating_sub(self.depth_blocks);
            held.stream.checkpoint(&mut self.journal, now, settled)?;
        }
        self.journal.release(held.stream.lease(), now)?;
        self.journal.release(&held.account, now)?;
        Ok(())
    }

    /// Who was refused for his fence forgets what he knew: the journal knows better now.
    fn stood_down<T>(&mut self, result: Result<T, KeeperError>) -> Result<T, KeeperError> {
        if result.as_ref().is_err_and(KeeperError::is_fenced) {
            self.held = None;
        }
        result
    }
}

fn renew(held: &mut Held, journal: &mut impl Journal, now: Moment) -> Result<(), KeeperError> {
    held.stream.renew(journal, now, LEASE_TERM)?;
    held.account = journal.renew(&held.account, now, LEASE_TERM)?;
    held.renewed = now;
    Ok(())
}

/// What an act needs, as of the newest block. Of a session that is over nothing is needed.
async fn need<P: Provider>(
    hand: &Hand<'_, P>,
    sessions: &BTreeMap<B256, Opened>,
    action: &action::Action,
) -> Result<Need, String> {
    let action::Action::Clerk(Action::Do { session, act, .. }) = action else {
        return Err("an action of another machine".to_owned());
    };
    let Some(opened) = sessions.get(session) else {
        return Ok(Need::Satisfied);
    };
    let head = programs::head(hand.provider).await?;
    hand.need(*opened, *act, head).await
}

async fn within<T>(answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}
