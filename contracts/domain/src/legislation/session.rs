//! A session from the registrar's message to its end: what is stored of it, and how it moves.
//!
//! ```text
//! session  0 state    1 kind    2..7 expires   7 round    8..12 bids    12..14 nodes   14..16 node
//!         16..20 legislative epoch    20..24 epoch    24 offices    25 regulators    26..28 least reputation
//!         28..30 nodes with a bid    30..32 sealed bids of the round
//! terms    0..16 budget    16..21 deadline of the mission    21..25 LLM tokens
//! ```
//!
//! INV-SESSION-01: a session moves along the machine of [`SessionState`](crate::machine::SessionState) only, and the clock alone ends what nobody carries on.
//!
//! Source: seed B.10; RESOLUTIONS L-01, L-09, L-10, L-18; RULINGS K12, R21.

// structural file: offsets and widths of the layout drawn above.

use crate::{
    clerk::ClerkRole, machine::SessionState as State, mission::word::packed,
    parameter::ParameterId as P, time::Millis,
};

/// What a session legislates. The number is the interface's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A mission of its own.
    Mission = 1,
    /// The mission that a node of another is.
    Child,
    /// New seats for one failed node.
    Partial,
    /// The mission that replaces a failed one.
    Full,
}

packed! {
    /// A session. All zero means that there is none.
    Session {
        /// Number of its state.
        state, set_state: 0, 1, u8;
        /// The number of a [`Kind`].
        kind, set_kind: 1, 1, u8;
        /// The last second of its state, in unix seconds; zero where time does not end it.
        expires, set_expires: 2, 5, u64;
        /// How often the regulator sent it back: bids of other rounds count no more.
        round, set_round: 7, 1, u8;
        /// Bids so far, of all rounds.
        bids, set_bids: 8, 4, u32;
        /// Nodes of the statute.
        nodes, set_nodes: 12, 2, u16;
        /// The node of the mission that it is about, if it is about one.
        node, set_node: 14, 2, u16;
        /// Which session of the city it is.
        legislative_epoch, set_legislative_epoch: 16, 4, u32;
        /// The epoch whose parameters rule it.
        epoch, set_epoch: 20, 4, u32;
        /// Offices that attested, a bit each.
        offices, set_offices: 24, 1, u8;
        /// Regulators that attested.
        regulators, set_regulators: 25, 1, u8;
        /// The least reputation of whoever attests, 0 to 1000.
        floor, set_floor: 26, 2, u16;
        /// Nodes with a bid in this round.
        covered, set_covered: 28, 2, u16;
        /// Sealed bids of this round.
        sealed, set_sealed: 30, 2, u16;
    }
}

packed! {
    /// What the speaker's message says of the mission.
    Terms {
        /// High half of its budget, in base units.
        budget_high, set_budget_high: 0, 8, u64;
        /// Low half of that.
        budget_low, set_budget_low: 8, 8, u64;
        /// Its last second, in unix seconds.
        deadline, set_deadline: 16, 5, u64;
        /// LLM tokens.
        tokens, set_tokens: 21, 4, u32;
    }
}

/// Why a session stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is none.
    Unknown,
    /// It is in another state.
    State(u8),
    /// Its state ended with this second.
    TooLate(u64),
    /// Its state ends with the second before this one.
    TooEarly(u64),
    /// No such edge, or not for whoever asks.
    Transition {
        /// From which state.
        from: u8,
        /// Into which.
        to: u8,
    },
}

/// Every office, a bit each.
pub const OFFICES: u8 = {
    let (mut offices, mut i) = (0, 0);
    while i < ClerkRole::ALL.len() {
        offices |= 1 << ClerkRole::ALL[i].number();
        i += 1;
    }
    offices
};

/// A set of states, a bit each.
pub const fn states(states: &[State]) -> u16 {
    let (mut set, mut i) = (0, 0);
    while i < states.len() {
        set |= 1 << states[i] as u16;
        i += 1;
    }
    set
}

/// States whose end anybody may say, once their time is over. That of bidding decides by the bids.
pub const SILENT: u16 = states(&[
    State::IdentityVerification,
    State::ProposalOpen,
    State::RegulatoryReview,
    State::Codification,
    State::AwaitingApproval,
]);

/// The parameter that says how long a session stays in a state; none where time does not end it.
///
/// Units: milliseconds.
pub const fn window(state: State, kind: u8) -> Option<P> {
    let partial = kind == Kind::Partial as u8;
    Some(match state {
        State::SessionInit | State::Deployed | State::Failed => return None,
        State::IdentityVerification => P::IdentityTimeoutMs,
        State::ProposalOpen => P::LegislativeProposalTimeoutMs,
        State::BiddingOpen if partial => P::PartialRelegBiddingTimeoutMs,
        State::BiddingOpen => P::BiddingWindowMs,
        State::RegulatoryReview if partial => P::ExpeditedRegulatoryWindowMs,
        State::RegulatoryReview => P::RegulatoryApprovalTimeoutMs,
        State::Codification => P::CodificationTimeoutMs,
        State::AwaitingApproval => P::ApprovalTimeoutMs,
    })
}

impl Session {
    /// Refuses another state than these, a bit each.
    ///
    /// Errors: `Unknown`, `State`.
    pub fn must_be(&self, states: u16) -> Result<(), Refused> {
        let state = self.state();
        if state == 0 {
            return Err(Refused::Unknown);
        }
        if !is_in(state, states) {
            return Err(Refused::State(state));
        }
        Ok(())
    }

    /// The same, while the state's time runs.
    ///
    /// Errors: those of `must_be`; `TooLate`.
    pub fn in_time(&self, states: u16, now: u64) -> Result<(), Refused> {
        self.must_be(states)?;
        if now > self.expires() {
            return Err(Refused::TooLate(self.expires()));
        }
        Ok(())
    }

    /// The same, once that time is over.
    ///
    /// Errors: those of `must_be`; `TooEarly`.
    pub fn over(&self, states: u16, now: u64) -> Result<(), Refused> {
        self.must_be(states)?;
        if now <= self.expires() {
            return Err(Refused::TooEarly(self.expires().saturating_add(1)));
        }
        Ok(())
    }

    /// Takes it to another state, for `millis` from now on, or for good: the only way there is (INV-SESSION-01). Sent back to its
    /// proposal, it begins another round, in which nobody has bid.
    ///
    /// Errors: `Transition`; then nothing has changed.
    pub fn step(&mut self, to: State, now: u64, millis: Option<u64>) -> Result<(), Refused> {
        let from = self.state();
        let legal = State::from_u8(from).is_some_and(|from| State::transition(from, to).is_ok());
        if !legal {
            return refused(from, to as u8);
        }
        if to as u8 == State::ProposalOpen as u8 && from == State::RegulatoryReview as u8 {
            self.set_round(self.round().saturating_add(1));
            self.set_covered(0);
            self.set_sealed(0);
        }
        self.set_state(to.number());
        let expires = millis.map_or(0, |millis| after(now, millis));
        self.set_expires(expires);
        Ok(())
    }

    /// The state that the enactment moves it to, if it may: out of review, codification and approval. What time ends, anybody says.
    ///
    /// Errors: `Transition`.
    pub fn enacts(&self, to: u8) -> Result<State, Refused> {
        const REVIEW: u8 = State::RegulatoryReview as u8;
        const CODING: u8 = State::Codification as u8;
        const APPROVAL: u8 = State::AwaitingApproval as u8;
        let from = self.state();
        let Some(target) = State::from_u8(to) else {
            return refused(from, to);
        };
        let may = match target {
            State::ProposalOpen | State::Codification => from == REVIEW,
            State::AwaitingApproval => from == CODING,
            State::Deployed => from == APPROVAL,
            State::Failed => from == REVIEW || from == CODING,
            State::SessionInit
            | State::IdentityVerification
            | State::BiddingOpen
            | State::RegulatoryReview => false,
        };
        if may { Ok(target) } else { refused(from, to) }
    }

    /// Fills a clerk's office.
    pub fn fill(&mut self, role: u8) {
        let office = 1u8.checked_shl(role.into()).unwrap_or_default();
        self.set_offices(self.offices() | office & OFFICES);
        if role == ClerkRole::Regulator.number() {
            self.set_regulators(self.regulators().saturating_add(1));
        }
    }

    /// Offices that attested, and offices there are.
    pub fn offices_filled(&self) -> (u32, u32) {
        (self.offices().count_ones(), OFFICES.count_ones())
    }

    /// How many nodes need a bid: all, but of a session about one node that one, and of one that replaces a mission whichever are
    /// not done already, which their award finds.
    pub fn nodes_to_bid_on(&self) -> u16 {
        match self.kind() {
            kind if kind == Kind::Partial as u8 => 1,
            kind if kind == Kind::Full as u8 => 0,
            _ => self.nodes(),
        }
    }

    /// Whether somebody may bid on a node.
    pub fn is_bid_on(&self, node: u16) -> bool {
        if self.kind() == Kind::Partial as u8 {
            node == self.node()
        } else {
            node < self.nodes()
        }
    }

    /// Where a session goes whose bidding is over.
    pub fn after_bidding(&self) -> State {
        if self.covered() < self.nodes_to_bid_on() {
            State::Failed
        } else {
            State::RegulatoryReview
        }
    }

    /// The first second of the award, where bids were sealed: until then they are opened, for `opening` milliseconds of the `review`
    /// that the review lasts (L-18). Zero where none is sealed.
    pub fn awards_from(&self, review: u64, opening: u64) -> u64 {
        if self.sealed() == 0 {
            return 0;
        }
        let lasts = Millis::new(review).to_seconds_ceil().get();
        let began = self.expires().saturating_sub(lasts);
        after(began, opening).saturating_add(1)
    }
}

impl Terms {
    /// What the mission may cost, in base units.
    pub fn budget(&self) -> u128 {
        u128::from(self.budget_high()) << 64 | u128::from(self.budget_low())
    }

    /// Writes [`budget`](Self::budget).
    pub fn set_budget(&mut self, amount: u128) {
        self.set_budget_high((amount >> 64) as u64);
        self.set_budget_low(amount as u64);
    }
}

/// The last second of a window of `millis` milliseconds that begins at `now`.
fn after(now: u64, millis: u64) -> u64 {
    now.saturating_add(Millis::new(millis).to_seconds_ceil().get())
}

const fn is_in(state: u8, states: u16) -> bool {
    state < 16 && states >> state & 1 == 1
}

const fn refused<T>(from: u8, to: u8) -> Result<T, Refused> {
    Err(Refused::Transition { from, to })
}
