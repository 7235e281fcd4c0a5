//! What is known of one legislative session, as of one block: everything that a clerk's next step follows from, and nothing that it
//! signs. Contents are read anew when something is signed (`executor::clerk`).

use agentcity_domain::{
    legislation::{
        debate::Rounds,
        session::{Kind, OFFICES},
    },
    machine::{ElectionState, SessionState},
};
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use crate::event::Head;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docket {
    /// Its number.
    pub session: B256,
    /// As of which block.
    pub at: Head,
    /// Its deliberation.
    pub election: Election,
    /// From the registrar's message on.
    pub procedure: Option<Procedure>,
    /// What the statute that was adopted is called, once one is.
    pub statute_hash: B256,
    /// Whether this machine has that statute's document.
    pub document: bool,
    /// What the clerk that looks did in this session.
    pub own: Own,
}

/// A deliberation, as the assembly tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Election {
    /// The number of an `ElectionState`.
    pub step: u8,
    /// Whether it ended there without a decision.
    pub failed: bool,
    /// The number of a kind of session.
    pub kind: u8,
    /// Last second of the step, unix seconds.
    pub expires_at: u64,
    /// Places taken on the ballot.
    pub candidates: u8,
    /// Sealed ballots.
    pub commits: u32,
    /// Opened ballots.
    pub reveals: u32,
    /// Opened ballots that are counted.
    pub counted: u32,
    /// Whether evidence is on record.
    pub evidence: bool,
    /// Straw votes.
    pub straw_voters: u32,
    /// Speakers of a round; zero before the order is drawn.
    pub speakers: u16,
    /// Rounds of the debate.
    pub rounds: u64,
    /// Seconds of each, and of the poll before them.
    pub round_secs: u64,
    /// Whether the legislature may take it up.
    pub decided: bool,
}

/// The seven messages, as legislature and enactment tell them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// The number of a `SessionState`.
    pub state: u8,
    /// The number of a kind of session.
    pub kind: u8,
    /// Last second of the state, unix seconds; zero where time does not end it.
    pub expires_at: u64,
    /// How often the regulators sent it back.
    pub round: u8,
    /// Offices that attested, a bit each.
    pub offices: u8,
    /// First second of the award where bids were sealed, otherwise zero.
    pub awards_from: u64,
    /// How long its review lasts, seconds.
    pub review_secs: u64,
    /// Whether every node is awarded.
    pub awarded: bool,
    /// How fair the award is.
    pub fairness: u16,
    /// The least that it may be.
    pub fairness_min: u16,
    /// Whether the panel waived that.
    pub waived: bool,
    /// Whether MSG_TYPE_6 stands: no failed validation came after it.
    pub codified: bool,
    /// How often validation failed.
    pub failures: u8,
    /// Of a session for one node: whether the node has its new seats.
    pub applied: bool,
    /// Whether the template that the codifier names is published.
    pub template: bool,
    /// What MSG_TYPE_1 asks to answer.
    pub challenge: B256,
}

/// What a clerk did in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Whether it attested.
    pub attested: bool,
    /// Whether it decided in this round.
    pub decided: bool,
    /// Whether it approved.
    pub approved: bool,
}

impl Docket {
    /// Whether nothing can follow any more.
    pub fn is_over(&self) -> bool {
        let ended = |procedure: &Procedure| {
            let state = procedure.state();
            // A law about one node is carried out by a step of its own.
            let is_carried_out = !procedure.is_partial() || procedure.applied;
            state == Some(SessionState::Failed)
                || state == Some(SessionState::Deployed) && is_carried_out
        };
        self.election.failed || self.procedure.as_ref().is_some_and(ended)
    }

    /// Time of the block.
    pub const fn now(&self) -> u64 {
        self.at.time.get()
    }
}

impl Election {
    /// Its step.
    pub const fn state(&self) -> Option<ElectionState> {
        ElectionState::from_u8(self.step)
    }

    /// Its rounds, as the domain computes with them.
    pub const fn debate(&self) -> Rounds {
        Rounds {
            count: self.rounds,
            secs: self.round_secs,
        }
    }
}

impl Procedure {
    /// Its state.
    pub const fn state(&self) -> Option<SessionState> {
        SessionState::from_u8(self.state)
    }

    /// Whether every office attested.
    pub const fn is_complete(&self) -> bool {
        self.offices & OFFICES == OFFICES
    }

    /// Whether it gives one node new seats under the law that there is.
    pub const fn is_partial(&self) -> bool {
        self.kind == Kind::Partial as u8
    }

    /// Whether the regulator may decide for the award as it stands.
    pub const fn holds(&self) -> bool {
        self.awarded && (self.waived || self.fairness >= self.fairness_min)
    }
}
