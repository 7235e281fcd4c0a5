//! A naive model of the assembly: lists that are searched, instants that are compared, counts taken anew.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::B256;

use crate::city::*;

/// Principals of the runs, each with one producer.
pub(super) const PEOPLE: usize = 12;
/// Parameters of the runs: small, so that random lives come to the end.
pub(super) const QUORUM: usize = 3;
pub(super) const RANKED: usize = 3;
pub(super) const LEAST: usize = 2;

pub(super) const STEPS: [&str; 10] = [
    "proposing",
    "debating",
    "committing",
    "revealing",
    "tallying",
    "delayed",
    "decided",
    "skipped",
    "failed",
    "taken up",
];

#[derive(Clone, Debug)]
pub(super) struct Petition {
    pub(super) id: B256,
    pub(super) names: BTreeSet<usize>,
    pub(super) needed: usize,
    pub(super) expires: u64,
    pub(super) is_over: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) id: B256,
    pub(super) session: usize,
    pub(super) proposer: usize,
    pub(super) sponsors: BTreeSet<usize>,
    pub(super) dissent: BTreeSet<usize>,
    pub(super) came_back: bool,
    pub(super) times: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: B256,
    /// As the interface numbers kinds and steps.
    pub(super) kind: u8,
    pub(super) step: Step,
    pub(super) failed: bool,
    pub(super) expires: u64,
    pub(super) enrolled: usize,
    pub(super) proposals: Vec<usize>,
    /// By place.
    pub(super) placed: Vec<usize>,
    pub(super) evidence: bool,
    pub(super) polled: Vec<usize>,
    pub(super) drawn: Option<(u64, Vec<usize>)>,
    pub(super) spoken: BTreeSet<(usize, u8)>,
    pub(super) sealed: BTreeMap<usize, Vec<u8>>,
    pub(super) opened: Vec<(usize, Vec<u8>)>,
    pub(super) counted: usize,
    pub(super) delays: usize,
    pub(super) winner: Option<usize>,
    /// The state that the legislature has it in.
    pub(super) taken: u8,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) petitions: Vec<Petition>,
    pub(super) sessions: Vec<Session>,
    pub(super) proposals: Vec<Proposal>,
    /// The last session for an occasion.
    pub(super) derived: BTreeMap<u8, usize>,
    /// Who has no voice just now.
    pub(super) mute: BTreeSet<usize>,
    pub(super) laws: usize,
}

impl Model {
    pub(super) fn speaks(&self, who: usize) -> bool {
        !self.mute.contains(&who)
    }

    /// A session's step, if its time runs.
    pub(super) fn is_at(&self, session: usize, step: Step, now: u64) -> bool {
        self.sessions
            .get(session)
            .is_some_and(|s| !s.failed && s.step == step && now <= s.expires)
    }

    /// How many proposals of a session are a principal's.
    pub(super) fn made(&self, session: usize, who: usize) -> usize {
        let own = |at: &&usize| self.proposals[**at].proposer == who;
        let proposals = self.sessions.get(session).map(|s| &s.proposals);
        proposals.map_or(0, |all| all.iter().filter(own).count())
    }

    pub(super) fn lost(&self, proposal: usize) -> bool {
        let session = &self.sessions[self.proposals[proposal].session];
        let is_over = session.failed || session.step == Step::Decided;
        let is_placed = session.placed.contains(&proposal);
        match session.step {
            Step::Proposing => session.failed,
            _ if !is_placed => true,
            _ => is_over && session.winner != Some(proposal),
        }
    }

    /// One more sponsor: the sixteen with most, of whom each has enough.
    pub(super) fn sponsor(&mut self, proposal: usize, who: usize) {
        self.proposals[proposal].sponsors.insert(who);
        let sponsors = |model: &Self, of: usize| model.proposals[of].sponsors.len();
        let own = sponsors(self, proposal);
        let session = self.proposals[proposal].session;
        let placed = &self.sessions[session].placed;
        if own < QUORUM || placed.contains(&proposal) {
            return;
        }
        if placed.len() < 16 {
            self.sessions[session].placed.push(proposal);
            return;
        }
        let least = placed.iter().map(|of| sponsors(self, *of)).min().unwrap();
        if least < own {
            let at = placed
                .iter()
                .rposition(|of| sponsors(self, *of) == least)
                .unwrap();
            self.sessions[session].placed[at] = proposal;
        }
    }

    pub(super) fn begin(&mut self, id: B256, kind: u8, now: u64) -> usize {
        let step = if kind == 3 {
            Step::Skipped
        } else {
            Step::Proposing
        };
        self.sessions.push(Session {
            id,
            kind,
            step,
            failed: false,
            expires: now + if kind == 3 { OPENING } else { SPONSORING },
            enrolled: PEOPLE,
            proposals: Vec::new(),
            placed: Vec::new(),
            evidence: false,
            polled: Vec::new(),
            drawn: None,
            spoken: BTreeSet::new(),
            sealed: BTreeMap::new(),
            opened: Vec::new(),
            counted: 0,
            delays: 0,
            winner: None,
            taken: 0,
        });
        self.sessions.len() - 1
    }
}

impl Session {
    pub(super) fn claimable(&self) -> bool {
        self.delays == 0 && self.placed.len() >= RANKED
    }

    /// What waiting makes of it.
    pub(super) fn expire(&mut self, now: u64) {
        let (step, window) = match self.step {
            Step::Proposing if !self.placed.is_empty() => (Step::Debating, DEBATE),
            Step::Debating => (Step::Committing, COMMIT),
            Step::Committing if self.sealed.len() * 100 >= self.enrolled * 60 => {
                (Step::Revealing, REVEAL)
            }
            Step::Revealing if self.opened.is_empty() => return self.failed = true,
            Step::Revealing if self.delays > 0 => (Step::Delayed, DELAY),
            Step::Revealing => (Step::Tallying, REVEAL),
            Step::Delayed if self.counted < self.opened.len() => (Step::Tallying, 0),
            Step::Delayed => return self.decide(now),
            _ => return self.failed = true,
        };
        self.step = step;
        self.expires = now + window;
        if step == Step::Tallying && !self.claimable() {
            self.expires = 0;
        }
    }

    pub(super) fn decide(&mut self, now: u64) {
        let all = self.placed.len() as u8;
        let prefer = |a: u8, b: u8| {
            let place = |order: &[u8], one| order.iter().position(|other| *other == one);
            let ballots = self.opened.iter();
            ballots
                .filter(|(_, order)| place(order, a) < place(order, b))
                .count()
        };
        let others = |a: u8| (0..all).filter(move |b| *b != a);
        let points = |a: u8| -> usize {
            let one = |b| match prefer(a, b).cmp(&prefer(b, a)) {
                std::cmp::Ordering::Greater => 2,
                std::cmp::Ordering::Equal => 1,
                std::cmp::Ordering::Less => 0,
            };
            others(a).map(one).sum()
        };
        let against = |a: u8| others(a).map(|b| prefer(b, a)).max().unwrap_or(0);
        let best = (0..all)
            .min_by_key(|a| {
                let proposal = self.placed[usize::from(*a)];
                (std::cmp::Reverse(points(*a)), against(*a), proposal)
            })
            .expect("a candidate");
        self.winner = Some(self.placed[usize::from(best)]);
        self.step = Step::Decided;
        self.expires = now + OPENING;
    }

    /// Whose turn it is, and in which round.
    pub(super) fn turn(&self, now: u64) -> Option<(usize, u8)> {
        let (drawn, order) = self.drawn.as_ref()?;
        let round = (now - drawn) / ROUND;
        let within = (now - drawn) % ROUND;
        let place = (within / (ROUND / order.len() as u64)).min(order.len() as u64 - 1);
        (round < 3).then(|| (order[place as usize], round as u8 + 1))
    }

    /// How many ballots a clique needs.
    pub(super) fn clique(&self) -> usize {
        let of = if self.step == Step::Revealing {
            self.sealed.len()
        } else {
            self.opened.len()
        };
        (of * 15).div_ceil(100).max(LEAST)
    }

    pub(super) fn standing(&self) -> usize {
        match self.step {
            _ if self.failed => 8,
            _ if self.taken != 0 => 9,
            step => step as usize - 1,
        }
    }
}

/// By the words of the ruling.
pub(super) fn are_alike(a: &[u8], b: &[u8]) -> bool {
    let place = |order: &[u8], one: u8| order.iter().position(|other| *other == one);
    let (mut tau, mut pairs) = (0i64, 0i64);
    for x in 0..a.len() as u8 {
        for y in 0..x {
            pairs += 1;
            let same = (place(a, x) < place(a, y)) == (place(b, x) < place(b, y));
            tau += if same { 1 } else { -1 };
        }
    }
    let head = |order: &[u8]| {
        order[..order.len().min(3)]
            .iter()
            .copied()
            .collect::<BTreeSet<u8>>()
    };
    tau * 10 >= pairs * 9 && head(a) == head(b)
}
