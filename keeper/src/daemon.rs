//! A keeper at work: it holds leases, asks the chain, takes what it learns, and has done what is to be done.

use std::{collections::BTreeSet, time::Duration};

use agentcity_domain::time::Millis;
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};

use crate::{
    action::{Action, Outcome},
    clock::{Clock, Moment},
    config::Config,
    event::{Event, Head},
    executor::{
        endpoint::Rpc,
        keepalive::{self, Need},
        submit::{End, Policy, SubmitError, Submitter, Wanted},
    },
    journal::{ActionKey, Claim, Journal, JournalError, Lease, account_lease},
    machine::program_life::ProgramLife,
    runtime::{Stream, StreamError},
    source::programs,
};

/// How long one question may take: a round of the most programs still ends within the shortest sensible poll of an hour.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long a lease lasts: so long nobody works after a keeper died. One question and what is written after it fit thrice.
pub const LEASE_TERM: Millis = Millis::new(30_000);
/// The stream of the lives of programs.
pub const PROGRAM_LIFE: &str = "program-life";

/// Why a keeper stops. What it was about to do is recorded, and the next one goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The stream cannot go on.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The journal cannot go on.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl KeeperError {
    /// Whether another keeper has the work now, or may have it: nothing is wrong, and this one stands by.
    pub const fn is_fenced(&self) -> bool {
        matches!(
            self,
            Self::Journal(JournalError::Fenced { .. })
                | Self::Stream(StreamError::Journal(JournalError::Fenced { .. }))
        )
    }
}

/// What a keeper is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds the leases and works.
    Working,
    /// Another keeper does.
    Waiting {
        /// Who.
        holder: String,
        /// Until when, if it does not renew.
        until: Moment,
    },
}

/// One keeper.
#[derive(Debug)]
pub struct Keeper<J, P> {
    journal: J,
    provider: P,
    config: Config,
    submitter: Option<Submitter<Rpc<P>>>,
    held: Option<Leases>,
    head: Option<Head>,
}

#[derive(Debug)]
struct Leases {
    stream: Stream<ProgramLife>,
    account: Option<Lease>,
    renewed: Moment,
}

impl<J: Journal, P: Provider + Clone> Keeper<J, P> {
    /// Ties the journal to the chain. Errors: [`JournalError::OtherChain`].
    pub fn new(
        mut journal: J,
        provider: P,
        config: Config,
        key: Option<PrivateKeySigner>,
        chain_id: u64,
        genesis: B256,
    ) -> Result<Self, KeeperError> {
        journal.bind(chain_id, genesis)?;
        let policy = Policy {
            depth_blocks: config.depth_blocks,
            ..Policy::default()
        };
        let submitter = key.map(|key| {
            let endpoint = Rpc::new(provider.clone(), ANSWER_WITHIN);
            Submitter::new(endpoint, key, chain_id, policy)
        });
        Ok(Self {
            journal,
            provider,
            config,
            submitter,
            held: None,
            head: None,
        })
    }

    /// The machine, while this keeper works.
    pub fn machine(&self) -> Option<&ProgramLife> {
        self.held.as_ref().map(|held| held.stream.machine())
    }

    /// Holds the leases, or takes them when they are free. To be called a few times within [`LEASE_TERM`].
    pub fn stand(&mut self, clock: &dyn Clock) -> Result<Standing, KeeperError> {
        let now = clock.now();
        if let Some(held) = &mut self.held {
            // A third of the term: two renewals may fail before the lease is over.
            if now.since(held.renewed).get() < LEASE_TERM.get() / 3 {
                return Ok(Standing::Working);
            }
            match held.renew(&mut self.journal, now) {
                Ok(()) => return Ok(Standing::Working),
                Err(error) if error.is_fenced() => {
                    tracing::warn!("{error}");
                    self.held = None;
                }
                Err(error) => return Err(error),
            }
        }
        let lease = match self.claim(PROGRAM_LIFE, now)? {
            Claim::Granted(lease) => lease,
            Claim::Held { holder, until } => return Ok(Standing::Waiting { holder, until }),
        };
        let account = match self.submitter.as_ref().map(Submitter::account) {
            None => None,
            Some(account) => match self.claim(&account_lease(account), now)? {
                Claim::Granted(lease) => Some(lease),
                Claim::Held { holder, until } => {
                    self.journal.release(&lease, now)?;
                    return Ok(Standing::Waiting { holder, until });
                }
            },
        };
        let (notice, keeps) = (self.config.notice, account.is_some());
        let stream = Stream::resume(&mut self.journal, lease, now, |state| match state {
            Some(state) => ProgramLife::resume(notice, keeps, state),
            None => Ok(ProgramLife::new(notice, keeps)),
        })?;
        self.held = Some(Leases {
            stream,
            account,
            renewed: now,
        });
        Ok(Standing::Working)
    }

    /// Asks about every program once. Stops early when the leases are lost.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the keeper standing by.
    pub async fn observe(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let asked = self.ask(clock).await;
        self.stood_down(asked)
    }

    /// Does what is to be done as far as it goes now. `draining`: nothing new is begun. Returns how many transactions are open.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the keeper standing by.
    pub async fn act(&mut self, clock: &dyn Clock, draining: bool) -> Result<usize, KeeperError> {
        let done = self.carry_out(clock, draining).await;
        self.stood_down(done)
    }

    /// Who was refused for his fence forgets what he knew: the journal knows better now.
    fn stood_down<T>(&mut self, result: Result<T, KeeperError>) -> Result<T, KeeperError> {
        if result.as_ref().is_err_and(KeeperError::is_fenced) {
            self.held = None;
        }
        result
    }

    async fn ask(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let head = within(programs::head(&self.provider)).await;
        for program in self.config.programs.clone() {
            let asked = clock.now();
            let silent = |cause| Event::Unreachable {
                program,
                cause,
                asked,
            };
            let event = match &head {
                Err(cause) => silent(cause.clone()),
                Ok(at) => within(async {
                    Ok(programs::observe(&self.provider, program, *at, asked).await)
                })
                .await
                .unwrap_or_else(silent),
            };
            if self.stand(clock)? != Standing::Working {
                return Ok(());
            }
            let Some(held) = &mut self.held else {
                return Ok(());
            };
            held.stream.take(&mut self.journal, clock.now(), &event)?;
        }
        if let (Ok(head), Some(held)) = (head, &mut self.held) {
            self.head = Some(head);
            let settled = head.number.saturating_sub(self.config.depth_blocks);
            held.stream
                .checkpoint_if_due(&mut self.journal, clock.now(), settled)?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, clock: &dyn Clock, draining: bool) -> Result<usize, KeeperError> {
        let Some(held) = &mut self.held else {
            return Ok(0);
        };
        let mut keepalives = Vec::new();
        for action in held.stream.open(&mut self.journal)? {
            match &action {
                Action::Alert { .. } => {
                    tell(&action);
                    let told = Outcome::Told;
                    held.stream
                        .settle(&mut self.journal, clock.now(), &action, told)?;
                }
                Action::Keepalive { .. } => keepalives.push(action),
                // Of other streams.
                Action::Mirror(_) | Action::Escrow(_) => {}
            }
        }
        let (Some(submitter), Some(lease)) = (&self.submitter, held.account.clone()) else {
            return Ok(0);
        };
        let posted = self.journal.posted(submitter.account())?;
        let busy: BTreeSet<ActionKey> = posted.iter().map(|posted| posted.signed.action).collect();
        let mut wanted = Vec::new();
        for action in keepalives
            .iter()
            .filter(|action| !busy.contains(&action.key()))
        {
            let Action::Keepalive {
                program, expires, ..
            } = action
            else {
                continue;
            };
            if draining {
                continue;
            }
            let payer = submitter.account();
            let need = keepalive::need(&self.provider, *program, *expires, payer, clock.now());
            let outcome = match within(need).await {
                Ok(Need::Call(call)) => {
                    let key = action.key();
                    wanted.push(Wanted { key, call });
                    continue;
                }
                Ok(Need::Satisfied) => Outcome::Satisfied,
                Ok(Need::Refused(cause)) => Outcome::Refused { cause },
                Err(cause) => {
                    tracing::warn!(%program, "a keepalive waits for an answer of the chain: {cause}");
                    continue;
                }
            };
            held.stream
                .settle(&mut self.journal, clock.now(), action, outcome)?;
        }
        let pass = match submitter
            .pass(&mut self.journal, &lease, clock, &wanted)
            .await
        {
            Ok(pass) => pass,
            Err(SubmitError::Journal(error)) => return Err(error.into()),
            Err(error) => {
                tracing::warn!("no transaction goes on: {error}");
                return Ok(busy.len());
            }
        };
        for (key, reason) in &pass.held {
            tracing::warn!(action = %key, "{reason}");
        }
        if let Some(balance) = pass.low {
            tracing::warn!(account = %submitter.account(), %balance, "the balance is low: fund the account");
        }
        for (key, end) in pass.ended {
            let Some(action) = keepalives.iter().find(|action| action.key() == key) else {
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
                .settle(&mut self.journal, clock.now(), action, outcome)?;
        }
        Ok(pass.open)
    }

    /// Records a checkpoint and gives the leases back, so that another keeper need not wait for their end.
    pub fn leave(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let Some(mut held) = self.held.take() else {
            return Ok(());
        };
        let now = clock.now();
        if let Some(head) = self.head {
            let settled = head.number.saturating_sub(self.config.depth_blocks);
            held.stream.checkpoint(&mut self.journal, now, settled)?;
        }
        self.journal.release(held.stream.lease(), now)?;
        if let Some(account) = &held.account {
            self.journal.release(account, now)?;
        }
        Ok(())
    }

    /// The account that pays, if the keeper acts.
    pub fn account(&self) -> Option<Address> {
        self.submitter.as_ref().map(Submitter::account)
    }

    fn claim(&mut self, name: &str, now: Moment) -> Result<Claim, KeeperError> {
        Ok(self
            .journal
            .acquire(name, &self.config.name, now, LEASE_TERM)?)
    }
}

impl Leases {
    fn renew(&mut self, journal: &mut impl Journal, now: Moment) -> Result<(), KeeperError> {
        self.stream.renew(journal, now, LEASE_TERM)?;
        if let Some(account) = &mut self.account {
            *account = journal.renew(account, now, LEASE_TERM)?;
        }
        self.renewed = now;
        Ok(())
    }
}

async fn within<T>(answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

fn tell(action: &Action) {
    if let Action::Alert {
        program,
        level,
        before,
        text,
        ..
    } = action
    {
        if level.is_fine() {
            tracing::info!(%program, ?level, ?before, "{text}");
        } else {
            tracing::warn!(%program, ?level, ?before, "{text}");
        }
    }
}
