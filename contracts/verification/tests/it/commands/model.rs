//! A naive model of verification: explicit instants for every window, lists that are searched, and no stages.

use agentcity_abi::ICollaboration::Reason;

use crate::city::{BOND, DISPUTE, GRACE, REVEAL, REVIEW, WORK};

/// Seats of a node under consensus.
pub(super) const SEATS: u8 = 3;
/// How many of them must agree.
const NEEDED: usize = 2;
/// What each executor's credit begins with.
pub(super) const PURSE: u128 = 1_000 * BOND;

/// Nodes: three modes of consensus, a proof, a review.
pub(super) const EXACT: usize = 0;
pub(super) const SETS: usize = 2;
pub(super) const PROOF: usize = 3;
pub(super) const REVIEWED: usize = 4;
pub(super) const NODES: usize = 5;

pub(super) const STATES: [&str; 11] = [
    "untouched",
    "committing",
    "short of commitments",
    "revealing",
    "open to disputes",
    "over",
    "reviewed",
    "reviewed by the backup",
    "ruled",
    "completed",
    "failed",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Executing,
    Verifying,
    Reviewing,
    Completed,
    Failed,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seat {
    /// Which of three values it sealed.
    pub(super) committed: Option<u8>,
    pub(super) revealed: bool,
    pub(super) excluded: bool,
}

impl Seat {
    pub(super) fn counts(&self) -> bool {
        self.revealed && !self.excluded
    }
}

/// Per seat: paid, score if scored, fault.
pub(super) type Part = (bool, Option<u16>, Reason);

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) number: usize,
    pub(super) attempt: u8,
    pub(super) state: State,
    pub(super) announced: bool,
    pub(super) seats: [Seat; SEATS as usize],
    /// Who committed, in the order in which they did.
    pub(super) order: Vec<u8>,
    /// The deadline that collaboration should hold.
    pub(super) expires: u64,
    commits: u64,
    reveals: Option<u64>,
    disputes: Option<u64>,
    pub(super) backup: bool,
    pub(super) disputant: Option<u8>,
    pub(super) ruling: Option<(bool, u16, u8)>,
    /// What the last end meant for its seats.
    pub(super) parts: Vec<Part>,
}

impl Node {
    pub(super) fn routed(number: usize, attempt: u8, now: u64) -> Self {
        Self {
            number,
            attempt,
            state: State::Executing,
            announced: false,
            seats: Default::default(),
            order: Vec::new(),
            expires: now + WORK,
            commits: now + WORK,
            reveals: None,
            disputes: None,
            backup: false,
            disputant: None,
            ruling: None,
            parts: Vec::new(),
        }
    }

    pub(super) fn is_consensus(&self) -> bool {
        self.number < PROOF
    }

    /// Whether two of the three values agree at this node.
    pub(super) fn near(&self, left: u8, right: u8) -> bool {
        left == right || self.number != EXACT && left < 2 && right < 2
    }

    fn committed(&self) -> usize {
        self.seats.iter().filter(|s| s.committed.is_some()).count()
    }

    fn reveals_end(&self) -> u64 {
        self.reveals.unwrap_or(self.commits + REVEAL)
    }

    fn disputes_end(&self) -> u64 {
        self.disputes.unwrap_or(self.reveals_end() + DISPUTE)
    }

    fn is_awaited(seat: &Seat) -> bool {
        seat.committed.is_some() && !seat.revealed && !seat.excluded
    }

    pub(super) fn in_commits(&self, now: u64) -> bool {
        self.reveals.is_none() && self.disputes.is_none() && now <= self.commits
    }

    pub(super) fn is_short(&self, now: u64) -> bool {
        let sealed = self.reveals.is_some() || self.disputes.is_some();
        !sealed && now > self.commits && self.committed() < NEEDED
    }

    pub(super) fn in_reveals(&self, now: u64) -> bool {
        let opens = !self.in_commits(now) && !self.is_short(now);
        opens && self.disputes.is_none() && now <= self.reveals_end()
    }

    pub(super) fn in_disputes(&self, now: u64) -> bool {
        let before = self.in_commits(now) || self.is_short(now) || self.in_reveals(now);
        !before && now <= self.disputes_end()
    }

    /// Values that count, by seat.
    pub(super) fn counting(&self) -> Vec<(u8, u8)> {
        let seats = (0..).zip(&self.seats);
        let counting = seats.filter(|(_, seat)| seat.counts());
        counting
            .map(|(place, seat)| (place, seat.committed.unwrap()))
            .collect()
    }

    /// The largest star: whose value, and who agrees.
    pub(super) fn star(&self) -> (u8, Vec<u8>) {
        let counting = self.counting();
        let mut best = (0, Vec::new());
        for (seat, value) in &counting {
            let agree = counting
                .iter()
                .filter(|(_, other)| self.near(*value, *other));
            let agree: Vec<u8> = agree.map(|(other, _)| *other).collect();
            if agree.len() > best.1.len() {
                best = (*seat, agree);
            }
        }
        best
    }

    pub(super) fn all_agree(&self) -> bool {
        self.star().1.len() == self.counting().len()
    }

    pub(super) fn all_alike(&self) -> bool {
        self.counting().windows(2).all(|two| two[0].1 == two[1].1)
    }

    /// What the contract can know without the elements of sets.
    pub(super) fn is_plain(&self) -> bool {
        self.number != SETS || self.all_alike()
    }

    pub(super) fn stands(&self) -> bool {
        self.star().1.len() >= NEEDED
    }

    pub(super) fn shift(&mut self, by: u64) {
        self.expires += by;
        self.commits += by;
        self.reveals = self.reveals.map(|at| at + by);
        self.disputes = self.disputes.map(|at| at + by);
    }

    pub(super) fn announce(&mut self) {
        self.announced = true;
        self.commits += GRACE;
        self.expires = self.commits;
    }

    pub(super) fn commit(&mut self, seat: u8, value: u8, now: u64) {
        self.state = State::Verifying;
        self.seats[usize::from(seat)].committed = Some(value);
        self.order.push(seat);
        self.expires = self.commits;
        if self.committed() == usize::from(SEATS) {
            self.reveals = Some(now + REVEAL);
            self.expires = now + REVEAL;
        }
    }

    pub(super) fn reveal(&mut self, seat: u8, now: u64) {
        self.seats[usize::from(seat)].revealed = true;
        self.reveals = Some(self.reveals_end());
        self.expires = self.reveals_end();
        if !self.seats.iter().any(Self::is_awaited) {
            if self.is_plain() && self.all_agree() {
                self.end_by_consensus();
            } else {
                self.disputes = Some(now + DISPUTE);
                self.expires = now + DISPUTE;
            }
        }
    }

    pub(super) fn exclude(&mut self, seat: u8, now: u64) {
        let revealing = self.state == State::Verifying && self.in_reveals(now);
        self.seats[usize::from(seat)].excluded = true;
        if revealing && !self.seats.iter().any(Self::is_awaited) {
            self.disputes = Some(now + DISPUTE);
            self.expires = now + DISPUTE;
        } else if revealing && self.reveals.is_none() {
            self.reveals = Some(self.reveals_end());
            self.expires = self.reveals_end();
        }
    }

    pub(super) fn review(&mut self, now: u64) {
        self.state = State::Reviewing;
        self.expires = now + REVIEW;
    }

    /// Ends it: `None` if it came to no value, otherwise who is paid how much; `judged` says that people did.
    fn end(&mut self, paid: Option<(Vec<u8>, u16)>, judged: bool, short: bool) {
        let part = |(place, seat): (u8, &Seat)| -> Part {
            if seat.committed.is_none() {
                return (false, Some(0), Reason::TimeoutExceeded);
            }
            if seat.excluded || short {
                return (false, None, Reason::None);
            }
            if !seat.revealed {
                return (false, Some(0), Reason::ConsensusFailed);
            }
            match &paid {
                Some((seats, score)) if seats.contains(&place) => {
                    (true, Some(*score), Reason::None)
                }
                Some(_) => (false, Some(0), Reason::None),
                None => (false, judged.then_some(0), Reason::None),
            }
        };
        self.parts = (0..).zip(&self.seats).map(part).collect();
        self.state = if paid.is_some() {
            State::Completed
        } else {
            State::Failed
        };
        self.expires = 0;
        self.ruling = None;
    }

    pub(super) fn end_short(&mut self) {
        self.end(None, false, true);
    }

    pub(super) fn end_by_consensus(&mut self) {
        let paid = self.stands().then(|| (self.star().1, 1_000));
        self.end(paid, false, false);
    }

    /// Whether the ruling differs from what the machine would have found.
    pub(super) fn end_by_ruling(&mut self, (approved, score, seat): (bool, u16, u8)) -> bool {
        let machine = if self.stands() {
            self.star().1
        } else {
            Vec::new()
        };
        let differs = if approved {
            !machine.contains(&seat)
        } else {
            self.stands()
        };
        let value = self.seats[usize::from(seat)].committed;
        let agree: Vec<u8> = self
            .counting()
            .into_iter()
            .filter(|(_, other)| value.is_some_and(|value| self.near(value, *other)))
            .map(|(other, _)| other)
            .collect();
        let paid = approved.then_some((agree, score));
        self.end(paid, true, false);
        differs
    }

    /// Ends a proof or a review.
    pub(super) fn end_alone(&mut self, good: bool, score: u16, fault: Reason) {
        self.state = if good {
            State::Completed
        } else {
            State::Failed
        };
        self.expires = 0;
        let score = if good { score } else { 0 };
        self.parts = vec![(good, Some(score), if good { Reason::None } else { fault })];
    }

    /// Names of the states that it is in.
    pub(super) fn standing(&self, now: u64) -> usize {
        match self.state {
            State::Executing => 0,
            State::Verifying if self.in_commits(now) => 1,
            State::Verifying if self.is_short(now) => 2,
            State::Verifying if self.in_reveals(now) => 3,
            State::Verifying if self.in_disputes(now) => 4,
            State::Verifying => 5,
            State::Reviewing if self.ruling.is_some() => 8,
            State::Reviewing if self.backup => 7,
            State::Reviewing => 6,
            State::Completed => 9,
            State::Failed => 10,
        }
    }
}

pub(super) struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) stopped: Option<u64>,
    pub(super) ended: bool,
    pub(super) credits: [u128; SEATS as usize],
    /// Node, attempt and seat of every bond that is held.
    pub(super) bonds: Vec<(usize, u8, u8)>,
}

impl Model {
    pub(super) fn new(now: u64) -> Self {
        Self {
            nodes: (0..NODES).map(|n| Node::routed(n, 1, now)).collect(),
            stopped: None,
            ended: false,
            credits: [PURSE; SEATS as usize],
            bonds: Vec::new(),
        }
    }

    pub(super) fn works(&self) -> bool {
        self.stopped.is_none() && !self.ended
    }

    pub(super) fn settle_bond(&mut self, node: usize, attempt: u8, returned: bool) {
        let held = self
            .bonds
            .iter()
            .position(|bond| (bond.0, bond.1) == (node, attempt));
        if let Some(place) = held {
            let (_, _, seat) = self.bonds.swap_remove(place);
            if returned {
                self.credits[usize::from(seat)] += BOND;
            }
        }
    }
}
