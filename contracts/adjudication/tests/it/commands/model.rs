//! The panel as one would write it down: lists of what was decided, by whom, and when.

use std::collections::{BTreeMap, BTreeSet};

use crate::city::{DAY, PANEL};

pub(crate) const MISSIONS: u8 = 3;
pub(crate) const LIFT: u64 = DAY;
pub(crate) const EXPIRY: u64 = 7 * DAY;

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Executed,
    Withdrawn,
    Expired,
}

/// A kind of action, as the model knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Confirm,
    Release,
    Review,
    Stop,
    Clear,
    Disburse,
    Weaken,
    Tighten,
    Appoint,
    Close,
}

impl Kind {
    /// Whether it acts in a mission.
    pub(crate) fn in_mission(self) -> bool {
        matches!(
            self,
            Self::Confirm | Self::Release | Self::Review | Self::Stop | Self::Clear
        )
    }

    /// Its class, if it rotates.
    pub(crate) fn class(self) -> Option<u8> {
        match self {
            Self::Review => Some(1),
            Self::Confirm => Some(2),
            Self::Release | Self::Clear => Some(3),
            _ => None,
        }
    }

    pub(crate) fn delay(self) -> u64 {
        match self {
            Self::Disburse => 2 * DAY,
            Self::Weaken => 21_600,
            Self::Appoint => 7 * DAY,
            _ => 0,
        }
    }
}

/// An action that was handed in.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) kind: Kind,
    pub(crate) mission: u8,
    /// What its signers saw: an output, the end of a stop, a parameter's value, the senior's place plus one.
    pub(crate) saw: u64,
    pub(crate) state: State,
    pub(crate) signers: Vec<usize>,
    pub(crate) needed: usize,
    pub(crate) due: u64,
    pub(crate) lapses: u64,
    /// What tells it from others alike.
    pub(crate) tag: u64,
}

/// Who decided, and when.
pub(crate) type Decision = (Vec<usize>, u64);

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) active: [bool; PANEL],
    pub(crate) interested: BTreeSet<(u8, usize)>,
    /// Decisions by class and mission: who, and when.
    pub(crate) decided: BTreeMap<(u8, u8), Vec<Decision>>,
    pub(crate) stopped: BTreeSet<(u8, usize)>,
    pub(crate) handed: Vec<Handed>,
    pub(crate) backup: bool,
    /// What signers see.
    pub(crate) output: u64,
    pub(crate) ends: [u64; MISSIONS as usize],
    pub(crate) parameter: u64,
    /// The senior's place plus one.
    pub(crate) senior: u64,
    /// Audits that were opened, and whose act the open one is about.
    pub(crate) audits: u64,
    pub(crate) audited: Option<usize>,
}

impl Model {
    pub(crate) fn count(&self) -> usize {
        self.active.iter().filter(|active| **active).count()
    }

    /// How many an action needs of these signers.
    pub(crate) fn needed(&self, kind: Kind, mission: u8, signers: &[usize]) -> usize {
        let q = self.count();
        let again = signers
            .iter()
            .any(|place| self.stopped.contains(&(mission, *place)));
        match kind {
            Kind::Confirm | Kind::Review => 1,
            Kind::Stop if again => 2,
            Kind::Stop => 1,
            Kind::Release | Kind::Clear | Kind::Close | Kind::Weaken | Kind::Tighten => 2,
            Kind::Disburse | Kind::Appoint => (2 * q).div_ceil(3).max(1),
        }
    }

    /// What signers would see now.
    pub(crate) fn sees(&self, kind: Kind, mission: u8) -> u64 {
        match kind {
            Kind::Release => self.output,
            Kind::Clear => self.ends[usize::from(mission) - 1],
            Kind::Weaken | Kind::Tighten => self.parameter,
            Kind::Appoint => self.senior,
            _ => 0,
        }
    }

    /// How many times running these would decide, and whether it is their turn.
    pub(crate) fn turn(&self, kind: Kind, mission: u8, signers: &[usize]) -> (bool, bool) {
        let Some(class) = kind.class() else {
            return (true, false);
        };
        let empty = Vec::new();
        let list = self.decided.get(&(class, mission)).unwrap_or(&empty);
        let run = list
            .iter()
            .rev()
            .take_while(|(who, _)| who == signers)
            .count()
            + 1;
        let since = list.last().map_or(0, |(_, at)| self.now - at);
        let over = run > 2;
        let lifts = since > LIFT || kind == Kind::Review && self.backup;
        (!over || lifts, over && lifts)
    }

    pub(crate) fn is_free(&self, kind: Kind, mission: u8, place: usize) -> bool {
        self.active[place] && !(kind.in_mission() && self.interested.contains(&(mission, place)))
    }

    /// Whether an action may be handed in by these.
    pub(crate) fn may(&self, kind: Kind, mission: u8, saw: u64, signers: &[usize]) -> bool {
        let fit = signers
            .iter()
            .all(|place| self.is_free(kind, mission, *place));
        let enough = signers.len() >= self.needed(kind, mission, signers);
        let audit = match kind {
            Kind::Close => self
                .audited
                .is_some_and(|senior| !signers.contains(&senior)),
            _ => true,
        };
        let fresh = saw == self.sees(kind, mission);
        fit && enough && audit && fresh && self.turn(kind, mission, signers).0
    }

    /// It is carried out.
    pub(crate) fn carry_out(&mut self, kind: Kind, mission: u8, signers: &[usize], tag: u64) {
        if let Some(class) = kind.class() {
            let list = self.decided.entry((class, mission)).or_default();
            list.push((signers.to_vec(), self.now));
        }
        match kind {
            Kind::Stop => self
                .stopped
                .extend(signers.iter().map(|place| (mission, *place))),
            Kind::Close => self.audited = None,
            Kind::Weaken => self.parameter += 1,
            Kind::Tighten => self.parameter -= 1,
            Kind::Appoint => self.senior = tag % PANEL as u64 + 1,
            _ => {}
        }
    }
}
