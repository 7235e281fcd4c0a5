//! The four clerks: from what is known of a session to what is to be done next (RULINGS K2, R21; seed B.10).
//!
//! ```text
//!            debate      decided      identity       proposal      bidding    review      codification       approval
//! registrar              MSG_TYPE_1   attest ·confirm                                                  
//! speaker    ·draw ·step ·tally       attest         MSG_TYPE_3                                              MSG_TYPE_7
//! regulator  evidence                 attest                       ·close     ·award MSG_TYPE_5              MSG_TYPE_7
//! codifier                            attest                                              template MSG_TYPE_6 ·validate          ·reassign
//! ```
//!
//! A dot marks an errand: a step that needs nobody's signature, so that any keeper may do it (RULINGS R10). The office whose turn it
//! is does it at once, everybody else when it has lain for [`GRACE_SECS`]: as long as all are there nothing is tried twice, and a clerk
//! that is silent holds up what only it can sign and nothing else.
//!
//! A clerk has no will: what is due follows from the docket, what is signed from facts of the chain (`statement`). What it asks for is
//! known by session, act and try; a try that the chain refused is told and repeated `REFUSED_MAX` times.

use std::collections::BTreeMap;

use agentcity_domain::{
    clerk::ClerkRole,
    machine::{ElectionState as Step, SessionState as State},
};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::Machine;
use crate::{
    action::{self, Outcome},
    docket::{Docket, Procedure},
    event,
};

/// How long an errand is left to the office whose turn it is, in seconds of the chain: a third of the shortest window that the
/// constitution's defaults give (the expedited review of 3 min).
pub const GRACE_SECS: u64 = 60;
/// How often an act is tried that the chain refuses: what was refused three times wants a human, who was told each time.
const REFUSED_MAX: u32 = 3;
/// How often an act is repeated that succeeded and is due still: a tally of the most ballots, or an award of the most nodes, takes fewer.
const REPEATS_MAX: u32 = 1_024;
/// Sessions that a machine remembers: the constitution lets no more be open in a day than a petition each of all principals.
const SESSIONS_MAX: usize = 4_096;

/// Something a clerk does in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Act {
    /// The regulator's evidence.
    RecordEvidence,
    /// MSG_TYPE_1.
    RequestIdentity,
    /// MSG_TYPE_2, of the clerk itself.
    Attest,
    /// MSG_TYPE_3.
    PublishProposal {
        /// How often the session was sent back.
        round: u8,
    },
    /// MSG_TYPE_5.
    Decide {
        /// How often the session was sent back.
        round: u8,
    },
    /// The template that MSG_TYPE_6 names.
    PublishTemplate,
    /// MSG_TYPE_6.
    Codify {
        /// How often validation failed.
        failures: u8,
    },
    /// MSG_TYPE_7.
    Approve,
    /// Errand: a step of the deliberation is over.
    EndStep {
        /// Which.
        step: u8,
        /// Its last second.
        expires_at: u64,
    },
    /// Errand: who speaks when.
    DrawOrder,
    /// Errand: ballots are counted.
    Tally,
    /// Errand: every office is there.
    ConfirmRoster,
    /// Errand: the time of bids is over.
    CloseBidding {
        /// How often the session was sent back.
        round: u8,
    },
    /// Errand: the best bids win.
    Award {
        /// How often the session was sent back.
        round: u8,
    },
    /// Errand: pages of the statute are held to constitution and template.
    Validate {
        /// How often validation failed.
        failures: u8,
    },
    /// Errand: a failed node gets the seats that a session for it made law.
    Reassign,
    /// Errand: a state is over, and with it the session.
    EndSession {
        /// Which state.
        state: u8,
        /// Its last second.
        expires_at: u64,
    },
}

impl Act {
    /// Whose errand it is; none for what a clerk signs.
    pub const fn errand(self) -> Option<ClerkRole> {
        match self {
            Self::RecordEvidence
            | Self::RequestIdentity
            | Self::Attest
            | Self::PublishProposal { .. }
            | Self::Decide { .. }
            | Self::PublishTemplate
            | Self::Codify { .. }
            | Self::Approve => None,
            Self::ConfirmRoster | Self::EndSession { .. } => Some(ClerkRole::Registrar),
            Self::EndStep { .. } | Self::DrawOrder | Self::Tally => Some(ClerkRole::Speaker),
            Self::CloseBidding { .. } | Self::Award { .. } => Some(ClerkRole::Regulator),
            Self::Validate { .. } | Self::Reassign => Some(ClerkRole::Codifier),
        }
    }

    /// What makes it the same act within its session.
    pub fn name(self) -> String {
        match self {
            Self::RecordEvidence => "evidence".to_owned(),
            Self::RequestIdentity => "message-1".to_owned(),
            Self::Attest => "message-2".to_owned(),
            Self::PublishProposal { round } => format!("message-3/{round}"),
            Self::Decide { round } => format!("message-5/{round}"),
            Self::PublishTemplate => "template".to_owned(),
            Self::Codify { failures } => format!("message-6/{failures}"),
            Self::Approve => "message-7".to_owned(),
            Self::EndStep { step, expires_at } => format!("end-step/{step}/{expires_at}"),
            Self::DrawOrder => "draw-order".to_owned(),
            Self::Tally => "tally".to_owned(),
            Self::ConfirmRoster => "confirm-roster".to_owned(),
            Self::CloseBidding { round } => format!("close-bidding/{round}"),
            Self::Award { round } => format!("award/{round}"),
            Self::Validate { failures } => format!("validate/{failures}"),
            Self::Reassign => "reassign".to_owned(),
            Self::EndSession { state, expires_at } => format!("end-session/{state}/{expires_at}"),
        }
    }
}

/// What a clerk learns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// A session as of a block.
    Seen(Box<Docket>),
}

impl Event {
    /// What makes it the same event.
    pub fn identity(&self) -> String {
        match self {
            Self::Seen(docket) => format!("session/{}/{:#x}", docket.session, docket.at.hash),
        }
    }
}

/// What a clerk wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// An act in a session, in the name of `clerk` where it is signed.
    Do {
        /// The clerk.
        clerk: Address,
        /// The session.
        session: B256,
        /// What.
        act: Act,
        /// Which try, counted from nought.
        attempt: u32,
    },
    /// Tell a human.
    Tell {
        /// The clerk.
        clerk: Address,
        /// What about.
        session: B256,
        /// What is wrong, and what to do.
        text: String,
        /// The message's place among those of its machine.
        number: u64,
    },
}

impl Action {
    /// What makes it the same action.
    pub fn key(&self) -> String {
        match self {
            Self::Do {
                clerk,
                session,
                act,
                attempt,
            } => format!("clerk/{clerk:#x}/{session}/{}/{attempt}", act.name()),
            Self::Tell { clerk, number, .. } => format!("clerk-tells/{clerk:#x}/{number}"),
        }
    }
}

/// A clerk's machine.
#[derive(Debug)]
pub struct Clerk {
    role: ClerkRole,
    account: Address,
    memory: Memory,
}

/// What a machine remembers, as its checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    sessions: BTreeMap<B256, Runs>,
    told: u64,
}

/// Acts of one session by their names, and whether its document was missed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    acts: BTreeMap<String, Run>,
    missed: bool,
}

/// How an act goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    due_since: u64,
    open: bool,
    done: u32,
    refused: u32,
    after_block: u64,
}

impl Clerk {
    /// A clerk that knows nothing yet. `account` is the agent that holds the office.
    pub fn new(role: ClerkRole, account: Address) -> Self {
        Self {
            role,
            account,
            memory: Memory::default(),
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// Errors: it is not one of this machine.
    pub fn resume(
        role: ClerkRole,
        account: Address,
        state: &str,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            memory: serde_json::from_str(state)?,
            ..Self::new(role, account)
        })
    }

    fn see(&mut self, docket: &Docket) -> Vec<Action> {
        let session = docket.session;
        if docket.is_over() {
            self.memory.sessions.remove(&session);
            return Vec::new();
        }
        let known = self.memory.sessions.contains_key(&session);
        if !known && self.memory.sessions.len() >= SESSIONS_MAX {
            let text = format!(
                "session {session} is not attended: {SESSIONS_MAX} others are; end those whose time is over"
            );
            return vec![self.tell(session, text)];
        }
        let mut actions = Vec::new();
        let runs = self.memory.sessions.entry(session).or_default();
        for act in due(self.role, docket) {
            let run = runs.acts.entry(act.name()).or_insert(Run {
                due_since: docket.now(),
                ..Run::default()
            });
            let others = act.errand().is_some_and(|office| office != self.role);
            let waits = others && docket.now() < run.due_since.saturating_add(GRACE_SECS);
            let spent = run.refused >= REFUSED_MAX || run.done >= REPEATS_MAX;
            if run.open || waits || spent || docket.at.number < run.after_block {
                continue;
            }
            run.open = true;
            actions.push(Action::Do {
                clerk: self.account,
                session,
                act,
                attempt: run.done.saturating_add(run.refused),
            });
        }
        if misses_document(docket) && !runs.missed {
            runs.missed = true;
            let text = format!(
                "the document of statute {} is not in the folder of documents: session {session} waits for it",
                docket.statute_hash
            );
            actions.push(self.tell(session, text));
        }
        actions
    }

    fn ended(&mut self, action: &Action, outcome: &Outcome) -> Vec<Action> {
        let Action::Do { session, act, .. } = action else {
            return Vec::new();
        };
        let run = self
            .memory
            .sessions
            .get_mut(session)
            .and_then(|runs| runs.acts.get_mut(&act.name()));
        if let Some(run) = run {
            run.open = false;
            match outcome {
                Outcome::Done { block, .. } => {
                    run.done = run.done.saturating_add(1);
                    run.after_block = *block;
                }
                Outcome::Satisfied | Outcome::Told | Outcome::Reported { .. } => {
                    run.done = run.done.saturating_add(1)
                }
                Outcome::Refused { .. } => run.refused = run.refused.saturating_add(1),
            }
        }
        match outcome {
            Outcome::Refused { cause } => {
                let text = format!("{} in session {session} was refused: {cause}", act.name());
                vec![self.tell(*session, text)]
            }
            Outcome::Done { .. }
            | Outcome::Satisfied
            | Outcome::Told
            | Outcome::Reported { .. } => Vec::new(),
        }
    }

    fn tell(&mut self, session: B256, text: String) -> Action {
        let number = self.memory.told;
        self.memory.told = number.saturating_add(1);
        Action::Tell {
            clerk: self.account,
            session,
            text,
            number,
        }
    }
}

impl Machine for Clerk {
    fn step(&mut self, event: &event::Event) -> Vec<action::Action> {
        let actions = match event {
            event::Event::Clerk(Event::Seen(docket)) => self.see(docket),
            event::Event::Ended {
                action: action::Action::Clerk(action),
                outcome,
            } => self.ended(action, outcome),
            // Another part's.
            _ => Vec::new(),
        };
        actions.into_iter().map(action::Action::Clerk).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.memory).expect("maps of numbers are JSON")
    }
}

/// Everything that is due of an office as of a block, and every errand.
pub fn due(role: ClerkRole, docket: &Docket) -> Vec<Act> {
    let mut acts = Vec::new();
    match &docket.procedure {
        None => deliberation(role, docket, &mut acts),
        Some(procedure) => messages(role, docket, procedure, &mut acts),
    }
    acts
}

/// Before the registrar's message.
fn deliberation(role: ClerkRole, docket: &Docket, acts: &mut Vec<Act>) {
    let (election, now) = (&docket.election, docket.now());
    let Some(step) = election.state() else {
        return;
    };
    let is_over = now > election.expires_at;
    let end = Act::EndStep {
        step: election.step,
        expires_at: election.expires_at,
    };
    match step {
        Step::Debating if !is_over => {
            if role == ClerkRole::Regulator && !election.evidence {
                acts.push(Act::RecordEvidence);
            }
            let polled = now > election.debate().poll_ends(election.expires_at);
            if polled && election.straw_voters > 0 && election.speakers == 0 {
                acts.push(Act::DrawOrder);
            }
        }
        Step::Proposing | Step::Debating | Step::Committing | Step::Revealing | Step::Delayed
            if is_over =>
        {
            acts.push(end);
        }
        // Once all is counted, claims of collusion have their time before the result stands.
        Step::Tallying if election.counted < election.reveals || is_over => acts.push(Act::Tally),
        Step::Decided | Step::Skipped if is_over => acts.push(end),
        Step::Decided | Step::Skipped if role == ClerkRole::Registrar && election.decided => {
            acts.push(Act::RequestIdentity);
        }
        Step::Proposing
        | Step::Debating
        | Step::Committing
        | Step::Revealing
        | Step::Tallying
        | Step::Delayed
        | Step::Decided
        | Step::Skipped => {}
    }
}

/// From the registrar's message on.
fn messages(role: ClerkRole, docket: &Docket, of: &Procedure, acts: &mut Vec<Act>) {
    let (now, round, own) = (docket.now(), of.round, docket.own);
    let Some(state) = of.state() else {
        return;
    };
    let is_over = of.expires_at != 0 && now > of.expires_at;
    let attesting = matches!(
        state,
        State::IdentityVerification | State::ProposalOpen | State::BiddingOpen
    );
    if attesting && !is_over && !own.attested {
        acts.push(Act::Attest);
    }
    match state {
        State::BiddingOpen if is_over => acts.push(Act::CloseBidding { round }),
        State::IdentityVerification
        | State::ProposalOpen
        | State::RegulatoryReview
        | State::Codification
        | State::AwaitingApproval
            if is_over =>
        {
            acts.push(Act::EndSession {
                state: of.state,
                expires_at: of.expires_at,
            });
        }
        State::IdentityVerification if of.is_complete() => acts.push(Act::ConfirmRoster),
        State::ProposalOpen if role == ClerkRole::Speaker && docket.document => {
            acts.push(Act::PublishProposal { round });
        }
        State::RegulatoryReview => review(role, docket, of, acts),
        State::Codification => codification(role, docket, of, acts),
        State::AwaitingApproval
            if matches!(role, ClerkRole::Speaker | ClerkRole::Regulator)
                && own.attested
                && !own.approved =>
        {
            acts.push(Act::Approve);
        }
        State::Deployed if of.is_partial() && !of.applied => acts.push(Act::Reassign),
        State::SessionInit
        | State::IdentityVerification
        | State::ProposalOpen
        | State::BiddingOpen
        | State::AwaitingApproval
        | State::Deployed
        | State::Failed => {}
    }
}

fn review(role: ClerkRole, docket: &Docket, of: &Procedure, acts: &mut Vec<Act>) {
    let (now, round) = (docket.now(), of.round);
    let has_pages = docket.document || of.is_partial();
    if !of.awarded && now >= of.awards_from && has_pages {
        acts.push(Act::Award { round });
    }
    // What cannot be approved yet may become so: bids are opened, nodes awarded, the panel waives. In the last third of the review the
    // regulator waits no more, since a session that is sent back goes on and one that expires does not.
    let last_third = now.saturating_add(of.review_secs / 3) > of.expires_at;
    let may_decide = docket.own.attested && !docket.own.decided && has_pages;
    if role == ClerkRole::Regulator && may_decide && (of.holds() || last_third) {
        acts.push(Act::Decide { round });
    }
}

fn codification(role: ClerkRole, docket: &Docket, of: &Procedure, acts: &mut Vec<Act>) {
    let failures = of.failures;
    let has_pages = docket.document || of.is_partial();
    if of.codified {
        if docket.document && !of.is_partial() {
            acts.push(Act::Validate { failures });
        }
    } else if role == ClerkRole::Codifier && has_pages {
        acts.push(if of.template {
            Act::Codify { failures }
        } else {
            Act::PublishTemplate
        });
    }
}

/// Whether a session waits for a statute's text that this machine does not have.
fn misses_document(docket: &Docket) -> bool {
    let waits = |procedure: &Procedure| {
        !procedure.is_partial()
            && matches!(
                procedure.state(),
                Some(State::ProposalOpen | State::RegulatoryReview | State::Codification)
            )
    };
    !docket.document && docket.procedure.as_ref().is_some_and(waits)
}

#[cfg(test)]
mod tests;
