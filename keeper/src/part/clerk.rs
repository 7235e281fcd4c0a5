//! A clerk in its office: it looks at every open session, and has done what is due.
//!
//! The clerk's key only signs. What leaves is paid by the keeper's account, through the transaction manager (RULINGS R21), so that one
//! funded account may serve all four offices, and nobody who steals it can speak for a clerk.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use agentcity_domain::clerk::ClerkRole;
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use tokio::sync::{Mutex, RwLock};

use super::{Asking, Feed, Part, Step, Task, within};
use crate::{
    action::{self, Outcome},
    clock::Moment,
    event::{self, Head},
    executor::{
        clerk::{Hand, Template, admission::Admissions},
        keepalive::Need,
    },
    library::Library,
    machine::{
        Machine,
        clerk::{Action, Clerk, Event},
    },
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
    /// Pause between two looks.
    pub pause: Duration,
    /// Enrolments that a registrar attests; none without.
    pub admissions: Option<Admissions>,
}

/// A clerk.
pub struct ClerkDesk<P> {
    provider: P,
    city: City,
    office: Office,
    stream: String,
    library: RwLock<Library>,
    // What is remembered of where to look; all of it can be found again.
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    sessions: BTreeMap<B256, Opened>,
    over: BTreeSet<B256>,
    looked_until: Option<u64>,
}

// A provider's address may carry a key.
impl<P> fmt::Debug for ClerkDesk<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClerkDesk")
            .field("city", &self.city.constitution)
            .field("office", &self.office)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> ClerkDesk<P> {
    /// A clerk of a city that finds statutes in `library`.
    pub fn new(provider: P, city: City, library: Library, office: Office) -> Self {
        Self {
            stream: format!("clerk/{:#x}", office.key.address()),
            provider,
            city,
            office,
            library: RwLock::new(library),
            watched: Mutex::default(),
        }
    }

    /// The agent that holds the office.
    pub fn clerk(&self) -> Address {
        self.office.key.address()
    }

    /// The sessions that may be open, as of the newest block.
    async fn open_sessions(&self) -> Result<(Head, Vec<Opened>), String> {
        let head = programs::head(&self.provider).await?;
        let mut watched = self.watched.lock().await;
        let first = self.office.from_block;
        let from = watched.looked_until.map_or(first, |last| {
            last.saturating_sub(LOOK_BACK_BLOCKS).max(first)
        });
        let opened = sessions::opened(&self.provider, &self.city, from, head.number).await?;
        for one in opened {
            if !watched.over.contains(&one.session) {
                watched.sessions.insert(one.session, one);
            }
        }
        watched.looked_until = Some(head.number);
        Ok((head, watched.sessions.values().copied().collect()))
    }

    async fn look_at(&self, opened: Opened, head: Head) -> Result<Event, String> {
        let eye = Eye {
            clerk: self.clerk(),
            template: (self.office.template.id, self.office.template.version),
        };
        let library = self.library.read().await;
        let docket = sessions::observe(&self.provider, &self.city, &library, &eye, opened, head);
        let docket = docket.await?;
        if docket.is_over() {
            let mut watched = self.watched.lock().await;
            watched.sessions.remove(&docket.session);
            watched.over.insert(docket.session);
        }
        Ok(Event::Seen(Box::new(docket)))
    }

    async fn round(&self, feed: &Feed) -> Result<(), String> {
        if let Err(error) = self.library.write().await.refresh() {
            tracing::warn!("{error}");
        }
        let (head, open) = within(self.open_sessions()).await?;
        // Who may enrol does not wait for a session, nor a session for who may enrol.
        if let Err(cause) = within(self.admit(head)).await {
            tracing::warn!("enrolments are not attested now: {cause}");
        }
        for opened in open {
            let seen = within(self.look_at(opened, head)).await?;
            if !feed.tell(event::Event::Clerk(seen)).await {
                return Ok(());
            }
        }
        feed.reached(head.number).await;
        Ok(())
    }

    /// Attests enrolments, where this is a registrar's work.
    async fn admit(&self, head: Head) -> Result<(), String> {
        let Some(admissions) = &self.office.admissions else {
            return Ok(());
        };
        let library = self.library.read().await;
        let hand = Hand {
            provider: &self.provider,
            city: &self.city,
            library: &library,
            key: &self.office.key,
            role: self.office.role,
            template: &self.office.template,
            // Nothing is submitted.
            payer: Address::ZERO,
        };
        hand.attest_enrolments(admissions, head).await.map(drop)
    }

    async fn need(&self, action: &action::Action, payer: Address) -> Result<Step, String> {
        let action::Action::Clerk(Action::Do { session, act, .. }) = action else {
            return Ok(Step::Later);
        };
        let opened = {
            let watched = self.watched.lock().await;
            match watched.sessions.get(session) {
                Some(opened) => *opened,
                None if watched.over.contains(session) => {
                    return Ok(Step::Ended(Outcome::Satisfied));
                }
                // After a restart sessions are not known before the first look.
                None => return Ok(Step::Later),
            }
        };
        let library = self.library.read().await;
        let hand = Hand {
            provider: &self.provider,
            city: &self.city,
            library: &library,
            key: &self.office.key,
            role: self.office.role,
            template: &self.office.template,
            payer,
        };
        let head = programs::head(&self.provider).await?;
        Ok(match hand.need(opened, *act, head).await? {
            Need::Call(call) => Step::Call(call),
            Need::Satisfied => Step::Ended(Outcome::Satisfied),
            Need::Refused(cause) => Step::Ended(Outcome::Refused { cause }),
        })
    }
}

impl<P: Provider + 'static> Part for ClerkDesk<P> {
    fn stream(&self) -> &str {
        &self.stream
    }

    fn machine(
        &self,
        state: Option<&str>,
        _pays: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        let (role, clerk) = (self.office.role, self.clerk());
        Ok(Box::new(match state {
            Some(state) => Clerk::resume(role, clerk, state)?,
            None => Clerk::new(role, clerk),
        }))
    }

    fn pause(&self) -> Duration {
        self.office.pause
    }

    /// A chain that does not answer is told and asked again the next time: a clerk that does not know does nothing.
    fn observe(self: Arc<Self>, _asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            if let Err(cause) = self.round(&feed).await {
                tracing::warn!(
                    role = self.office.role.name(),
                    "sessions are not known now: {cause}"
                );
            }
        })
    }

    fn at_once(&self, action: &action::Action) -> Option<Outcome> {
        let action::Action::Clerk(Action::Tell { session, text, .. }) = action else {
            return None;
        };
        tracing::warn!(role = self.office.role.name(), %session, "{text}");
        Some(Outcome::Told)
    }

    fn carry_out(
        self: Arc<Self>,
        action: action::Action,
        asking: Asking,
    ) -> Task<Result<Step, String>> {
        Box::pin(async move {
            match asking.payer {
                Some(payer) => self.need(&action, payer).await,
                None => Ok(Step::Later),
            }
        })
    }
}
