//! The naive model: lists of what everybody did, counted anew each time.

use std::collections::BTreeSet;

use crate::city::{APPEAL, CASE_BOND, DAY, FREEZE, LIFE, MONITOR_BOND, STAKE};

pub(crate) const PEOPLE: usize = 12;
pub(crate) const MONITORS: usize = 3;
const GENESIS: usize = 7;

/// As on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Standing {
    None,
    Candidate,
    Active,
    Leaving,
    Removed,
    Released,
}

/// What a decision changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    Flagged,
    Unflagged,
    Froze,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) standing: Standing,
    is_genesis: bool,
    since: u64,
    pub(crate) stake: u128,
    pub(crate) owed: u128,
    released_from: u64,
    /// The number of the case that is not closed.
    case: Option<usize>,
    /// What, and on which day.
    pub(crate) decisions: Vec<(char, u64)>,
    rubber: bool,
    weaken: bool,
    pub(crate) confirmed: bool,
    pub(crate) unpaid: u32,
    pub(crate) paid: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    target: usize,
    pub(crate) voters: BTreeSet<usize>,
    needed: usize,
    opened: u64,
    pub(crate) closed: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) standing: Standing,
    pub(crate) left: u128,
    pub(crate) alarms: u16,
    released_from: u64,
    charged: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) people: Vec<Person>,
    pub(crate) monitors: Vec<Monitor>,
    pub(crate) cases: Vec<Case>,
    pub(crate) frozen_until: u64,
    /// Treasury and insurance.
    pub(crate) funds: [u128; 2],
    due: [u128; 2],
    pub(crate) surplus: u128,
    pub(crate) held: u128,
    pub(crate) freezes: u64,
}

impl Person {
    pub(crate) fn sits(&self) -> bool {
        matches!(self.standing, Standing::Candidate | Standing::Active)
    }

    pub(crate) fn is_flagged(&self) -> bool {
        self.rubber || self.weaken
    }

    /// The latest 64 decisions of at most thirty days ago.
    fn window(&self, now: u64) -> Vec<char> {
        let today = now / DAY;
        let recent = |(_, day): &&(char, u64)| today - day <= 30;
        let latest = self.decisions.iter().rev().take(64);
        latest.take_while(recent).map(|(one, _)| *one).collect()
    }

    /// Approvals, run, weakenings, history.
    pub(crate) fn counts(&self, now: u64) -> (u32, u32, u32, u64) {
        let window = self.window(now);
        let yes = window.iter().filter(|one| **one != 'N').count() as u32;
        let run = window.iter().take_while(|one| **one != 'N').count() as u32;
        let weak = window.iter().filter(|one| **one == 'W').count() as u32;
        let bits = window.iter().enumerate();
        let bits = bits
            .filter(|(_, one)| **one != 'N')
            .map(|(at, _)| 1u64 << at)
            .sum();
        (yes, run, weak, bits)
    }
}

impl Case {
    pub(crate) fn runs(&self, now: u64) -> bool {
        !self.closed && now <= self.opened + LIFE
    }

    pub(crate) fn is_over(&self, now: u64) -> bool {
        !self.closed && now > self.opened + LIFE
    }
}

impl Monitor {
    pub(crate) fn may_bond(&self) -> bool {
        matches!(
            self.standing,
            Standing::None | Standing::Removed | Standing::Released
        )
    }

    pub(crate) fn stands(&self) -> bool {
        matches!(self.standing, Standing::Candidate | Standing::Active)
    }

    pub(crate) fn is_bonded(&self) -> bool {
        self.stands() || self.standing == Standing::Leaving
    }

    pub(crate) fn may_charge(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::Leaving)
    }

    pub(crate) fn may_release(&self, now: u64) -> bool {
        self.standing == Standing::Leaving && now >= self.released_from
    }

    pub(crate) fn bond(&mut self) -> bool {
        let may = self.may_bond();
        if may {
            (self.standing, self.left) = (Standing::Candidate, MONITOR_BOND);
        }
        may
    }

    pub(crate) fn approve(&mut self) -> bool {
        let may = self.standing == Standing::Candidate;
        if may {
            self.standing = Standing::Active;
        }
        may
    }

    pub(crate) fn retire(&mut self, now: u64) -> bool {
        let may = self.stands();
        if may {
            (self.standing, self.released_from) = (Standing::Leaving, now + APPEAL);
        }
        may
    }
}

impl Model {
    pub(crate) fn new(now: u64) -> Self {
        let person = |who| Person {
            standing: if who < GENESIS {
                Standing::Candidate
            } else {
                Standing::None
            },
            is_genesis: who < GENESIS,
            since: now,
            stake: 0,
            owed: 0,
            released_from: 0,
            case: None,
            decisions: Vec::new(),
            rubber: false,
            weaken: false,
            confirmed: false,
            unpaid: 0,
            paid: 0,
        };
        let monitor = Monitor {
            standing: Standing::None,
            left: 0,
            alarms: 0,
            released_from: 0,
            charged: BTreeSet::new(),
        };
        Self {
            people: (0..PEOPLE).map(person).collect(),
            monitors: vec![monitor; MONITORS],
            cases: Vec::new(),
            frozen_until: 0,
            funds: [0; 2],
            due: [0; 2],
            surplus: 0,
            held: 0,
            freezes: 5,
        }
    }

    fn actives(&self) -> impl Iterator<Item = &Person> {
        self.people
            .iter()
            .filter(|person| person.standing == Standing::Active)
    }

    pub(crate) fn active(&self) -> usize {
        self.actives().count()
    }

    pub(crate) fn unflagged(&self) -> usize {
        self.actives().filter(|person| !person.is_flagged()).count()
    }

    pub(crate) fn stakes(&self) -> u128 {
        self.people.iter().map(|person| person.stake).sum()
    }

    pub(crate) fn owed(&self) -> u128 {
        self.people.iter().map(|person| person.owed).sum::<u128>() + self.due[0] + self.due[1]
    }

    pub(crate) fn bonds(&self) -> u128 {
        let open = self.cases.iter().filter(|case| !case.closed).count() as u128;
        open * CASE_BOND + self.monitors.iter().map(|one| one.left).sum::<u128>()
    }

    pub(crate) fn may_stake(&self, who: usize) -> bool {
        let person = &self.people[who];
        matches!(person.standing, Standing::None | Standing::Released) || person.is_genesis
    }

    pub(crate) fn stake(&mut self, who: usize, now: u64) -> bool {
        if !self.may_stake(who) {
            return false;
        }
        let person = &mut self.people[who];
        person.standing = if person.is_genesis {
            Standing::Active
        } else {
            Standing::Candidate
        };
        person.is_genesis = false;
        (person.rubber, person.weaken, person.confirmed) = (false, false, false);
        (person.since, person.stake) = (now, STAKE);
        self.held += STAKE;
        true
    }

    pub(crate) fn may_add(&self, who: usize) -> bool {
        let person = &self.people[who];
        person.standing == Standing::Candidate && !person.is_genesis
    }

    pub(crate) fn add(&mut self, who: usize, now: u64) -> bool {
        let may = self.may_add(who);
        if may {
            (self.people[who].standing, self.people[who].since) = (Standing::Active, now);
        }
        may
    }

    pub(crate) fn resign(&mut self, who: usize, now: u64) -> bool {
        let person = &mut self.people[who];
        let may = person.sits();
        if may {
            (person.standing, person.is_genesis) = (Standing::Leaving, false);
            person.released_from = now + APPEAL;
        }
        may
    }

    pub(crate) fn remove(&mut self, who: usize, now: u64) -> bool {
        if self.people[who].standing == Standing::Active && self.active() <= 5 {
            return false;
        }
        self.resign(who, now)
    }

    pub(crate) fn may_release(&self, who: usize, now: u64) -> bool {
        let person = &self.people[who];
        let held = person
            .case
            .is_some_and(|case| now <= self.cases[case].opened + LIFE);
        person.standing == Standing::Leaving && now >= person.released_from && !held
    }

    pub(crate) fn release(&mut self, who: usize, now: u64) -> bool {
        let may = self.may_release(who, now);
        if may {
            let person = &mut self.people[who];
            person.standing = Standing::Released;
            person.owed += std::mem::take(&mut person.stake);
        }
        may
    }

    pub(crate) fn may_confirm(&self, who: usize) -> bool {
        let person = &self.people[who];
        let stands = person.standing == Standing::Active && person.is_flagged();
        stands && !person.confirmed && self.frozen_until == 0
    }

    /// What changed, or nothing for a refusal, which changes nothing.
    pub(crate) fn decide(
        &mut self,
        signers: &[usize],
        one: char,
        now: u64,
    ) -> Option<Vec<Decided>> {
        if signers
            .iter()
            .any(|who| self.people[*who].standing != Standing::Active)
        {
            return None;
        }
        let mut outcome = Vec::new();
        for who in signers {
            let frozen = self.frozen_until != 0;
            let person = &mut self.people[*who];
            let was = (person.rubber, person.weaken);
            person.decisions.push((one, now / DAY));
            person.unpaid += u32::from(one == 'R');
            let n = person.window(now).len() as u32;
            let (yes, run, weak, _) = person.counts(now);
            let rubber = (n >= 20 && 100 * yes > 95 * n) || run > 20;
            let weaken = weak > 3;
            person.rubber = rubber || (frozen && was.0);
            person.weaken = weaken || (frozen && was.1);
            let news = (person.rubber && !was.0) || (person.weaken && !was.1);
            person.confirmed &= person.is_flagged() && !news;
            match (was.0 || was.1, person.is_flagged()) {
                (false, true) => outcome.push(Decided::Flagged),
                (true, false) => outcome.push(Decided::Unflagged),
                _ => {}
            }
            if !frozen && rubber && weaken && (news || one == 'W') {
                self.frozen_until = now + FREEZE;
                outcome.push(Decided::Froze);
            }
        }
        Some(outcome)
    }

    pub(crate) fn may_accuse(&self, by: usize, target: usize, now: u64) -> bool {
        let accused = &self.people[target];
        let stands = match accused.standing {
            Standing::Active => true,
            Standing::Leaving => now < accused.released_from,
            _ => false,
        };
        let may = self.people[by].standing == Standing::Active;
        may && by != target && accused.case.is_none() && stands
    }

    pub(crate) fn accuse(&mut self, by: usize, target: usize, now: u64) -> bool {
        if !self.may_accuse(by, target, now) {
            return false;
        }
        self.people[target].case = Some(self.cases.len());
        self.cases.push(Case {
            target,
            voters: BTreeSet::from([by]),
            needed: (2 * self.active()).div_ceil(3),
            opened: now,
            closed: false,
        });
        true
    }

    pub(crate) fn may_vote(&self, case: usize, who: usize, now: u64) -> bool {
        let Some(case) = self.cases.get(case) else {
            return false;
        };
        let person = &self.people[who];
        let may = person.standing == Standing::Active && person.since <= case.opened;
        may && case.runs(now) && who != case.target && !case.voters.contains(&who)
    }

    /// Nothing for a refusal; for the vote that carries it, the standing that the target had.
    pub(crate) fn vote(&mut self, case: usize, who: usize, now: u64) -> Option<Option<Standing>> {
        if !self.may_vote(case, who, now) {
            return None;
        }
        let case = &mut self.cases[case];
        case.voters.insert(who);
        if case.voters.len() < case.needed {
            return Some(None);
        }
        case.closed = true;
        let target = &mut self.people[case.target];
        let was = target.standing;
        (target.standing, target.case) = (Standing::Removed, None);
        let lost = std::mem::take(&mut target.stake);
        self.due[0] += lost - lost / 2;
        self.due[1] += lost / 2;
        Some(Some(was))
    }

    pub(crate) fn lapse(&mut self, case: usize, now: u64) -> bool {
        let may = self.cases.get(case).is_some_and(|case| case.is_over(now));
        if may {
            self.cases[case].closed = true;
            let target = self.cases[case].target;
            self.people[target].case = None;
        }
        may
    }

    pub(crate) fn release_monitor(&mut self, who: usize, now: u64) -> bool {
        let one = &mut self.monitors[who];
        let may = one.may_release(now);
        if may {
            (one.standing, one.left) = (Standing::Released, 0);
        }
        may
    }

    pub(crate) fn revoke_monitor(&mut self, who: usize) -> bool {
        let one = &mut self.monitors[who];
        let may = one.is_bonded();
        if may {
            (one.standing, one.left) = (Standing::Removed, 0);
        }
        may
    }

    pub(crate) fn charge(&mut self, who: usize, freeze: u64, _now: u64) -> bool {
        let one = &mut self.monitors[who];
        if !one.may_charge() || one.charged.contains(&freeze) {
            return false;
        }
        one.charged.insert(freeze);
        one.left -= (MONITOR_BOND / 10).min(one.left);
        one.alarms += 1;
        if one.left == 0 {
            one.standing = Standing::Removed;
        }
        self.freezes = self.freezes.max(freeze);
        true
    }

    pub(crate) fn skim(&mut self) {
        self.funds[0] += self.due[0] + self.surplus;
        self.funds[1] += self.due[1];
        self.held -= self.due[0] + self.due[1] + self.surplus;
        (self.due, self.surplus) = ([0; 2], 0);
    }
}
