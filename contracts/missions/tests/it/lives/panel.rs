//! What adjudicators do: rulings, signed, handed in at once or queued, carried out, withdrawn and lapsed; amendments; the watchdog;
//! cases against one of them. Everything goes through *adjudication* and *roster*, as on a chain.

use agentcity_abi::{IAdjudication as wire, IConstitution as law, IRoster as roster};
use agentcity_domain::{act::Action, parameter::ParameterId as P, peer::Peer};
use agentcity_missions::{STRANGER, approval, member, number};
use agentcity_world::{Act, Key};
use alloy_primitives::{B256, keccak256};

use super::{
    Run,
    commands::{CARELESS_PCT, DAY, Outcome},
};

/// Adjudicators without whom nobody is accused: below the quorum the panel could not decide.
const SPARE: usize = 7;
/// Parameters that are amended: the watchdog's, so that it is stricter and laxer in turn, and how much work a monitor tolerates.
const AMENDED: [P; 3] = [
    P::MaxMessageVolume,
    P::WatchdogMaxRun,
    P::NumericTolerancePct,
];

/// A ruling that waits.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    act: Act,
    digest: B256,
    signers: Vec<Key>,
}

impl Queued {
    /// What was signed.
    pub(super) const fn digest(&self) -> B256 {
        self.digest
    }
}

impl Run {
    /// Those who judge now.
    fn active(&self) -> Vec<Key> {
        let judges = self.city.folk.judges.iter();
        judges
            .filter(|key| self.city.judge(key).standing == roster::Standing::Active)
            .cloned()
            .collect()
    }

    /// A ruling, by as many as it takes: in turns, so that nobody decides the same things again and again.
    pub(super) fn ruling(&mut self, action: Action, fields: &[(&str, B256)]) -> Outcome {
        self.rulings += 1;
        let act = self.city.act(action, fields, self.rulings);
        let demand = self.city.demand(&act)?;
        let mut judges = self.active();
        if action == Action::ReleaseWatchdog {
            judges.retain(|key| !self.city.judge(key).flagged);
        }
        if let Some(barred) = fields.iter().find(|(name, _)| *name == "adjudicator") {
            judges.retain(|key| key.address.into_word() != barred.1);
        }
        let turn = self.rulings as usize % judges.len().max(1);
        judges.rotate_left(turn);
        let careless = usize::from(self.rng.chance(CARELESS_PCT));
        judges.truncate(usize::from(demand.signers).saturating_sub(careless));
        let digest = self.city.submit(&act, &judges)?;
        if !demand.delaySecs.is_zero() {
            self.queue.push(Queued {
                act,
                digest,
                signers: judges,
            });
        }
        Ok(())
    }

    pub(super) fn amend(&mut self) -> Option<Outcome> {
        let id = self.rng.of(&AMENDED)?;
        let call = law::readCurrentCall {
            ids: vec![id as u8].into(),
        };
        let old = self.city.ask(call).values[0];
        let value = u64::from_be_bytes(*old.last_chunk().expect("a word"));
        let new = if self.rng.chance(50) {
            value + 1
        } else {
            value.saturating_sub(1)
        };
        let fields = [
            ("parameter", number(id as u8)),
            ("oldValue", old),
            ("newValue", number(new)),
        ];
        Some(self.ruling(Action::AmendParameter, &fields))
    }

    /// One that waits, and its state.
    fn a_queued(&mut self) -> Option<(usize, wire::actionStateReturn)> {
        let city = &self.city;
        let state = |queued: &Queued| {
            city.ask(wire::actionStateCall {
                digest: queued.digest,
            })
        };
        self.queue
            .retain(|queued| state(queued).state == wire::ActionState::Queued);
        let at = self.rng.below(self.queue.len());
        let queued = self.queue.get(at)?;
        let state = self.city.ask(wire::actionStateCall {
            digest: queued.digest,
        });
        Some((at, state))
    }

    pub(super) fn execute(&mut self) -> Option<Outcome> {
        let (at, state) = self.a_queued()?;
        let wait = state
            .dueAt
            .to::<u64>()
            .saturating_sub(self.city.world.now());
        if wait > 0 && self.rng.chance(20) {
            self.city.world.warp(wait);
        } else if wait > 0 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let act = self.queue[at].act.clone();
        Some(self.city.execute(&act))
    }

    pub(super) fn withdraw_signature(&mut self) -> Option<Outcome> {
        let (at, _) = self.a_queued()?;
        let queued = self.queue[at].clone();
        let signer = queued.signers.get(self.rng.below(queued.signers.len()))?;
        let call = wire::withdrawSignatureCall {
            digest: queued.digest,
        };
        let outcome = self.tell(signer.address, call);
        if outcome.is_ok() {
            self.queue[at]
                .signers
                .retain(|key| key.address != signer.address);
        }
        Some(outcome)
    }

    pub(super) fn expire_action(&mut self) -> Option<Outcome> {
        let (at, state) = self.a_queued()?;
        let wait = (state.expiresAt.to::<u64>() + 1).saturating_sub(self.city.world.now());
        if wait > 0 && self.rng.chance(25) {
            self.city.world.warp(wait);
        } else if wait > 0 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let call = wire::expireActionCall {
            digest: self.queue[at].digest,
        };
        Some(self.tell(STRANGER, call))
    }

    /// What was decided already is handed in again: it is refused, always.
    pub(super) fn replay(&mut self) -> Option<Outcome> {
        let (at, _) = self.a_queued()?;
        let queued = self.queue[at].clone();
        let again = self.city.submit(&queued.act, &queued.signers);
        assert!(again.is_err(), "{:?} was taken twice", queued.act.action);
        self.replays += 1;
        None
    }

    pub(super) fn freezes_city(&self) -> u64 {
        self.city.ask(roster::haltedUntilCall {}).to()
    }

    pub(super) fn confirm_alert(&mut self) -> Option<Outcome> {
        let flagged: Vec<Key> = self
            .active()
            .into_iter()
            .filter(|key| self.city.judge(key).flagged)
            .collect();
        let key = flagged.get(self.rng.below(flagged.len()))?.clone();
        let fields = [
            ("adjudicator", key.address.into_word()),
            ("actions", number(self.city.judge(&key).actions)),
        ];
        Some(self.ruling(Action::ConfirmAlert, &fields))
    }

    pub(super) fn release_watchdog(&mut self) -> Option<Outcome> {
        let until = self.freezes_city();
        if until == 0 {
            return None;
        }
        let panel = self.city.ask(roster::examineCall {
            signers: Vec::new(),
        });
        if panel.unflagged == 0 {
            return self.expire_watchdog();
        }
        Some(self.ruling(Action::ReleaseWatchdog, &[("haltedUntil", number(until))]))
    }

    /// Nobody of the panel may release: time does.
    fn expire_watchdog(&mut self) -> Option<Outcome> {
        let wait = (self.freezes_city() + 1).saturating_sub(self.city.world.now());
        self.city.world.warp(wait);
        Some(self.tell(STRANGER, roster::expireWatchdogCall {}))
    }

    pub(super) fn accuse(&mut self) -> Option<Outcome> {
        let judges = self.active();
        if judges.len() <= SPARE {
            return None;
        }
        let by = judges[self.rng.below(judges.len())].clone();
        let target = judges[self.rng.below(judges.len())].address;
        self.purse(&by);
        let call = roster::initiateImpeachmentCall {
            target,
            evidenceHash: keccak256("evidence"),
        };
        let case = self.city.try_to(by.address, call);
        Some(case.map(|case| self.cases.push(case)))
    }

    /// A case that runs.
    fn a_case(&mut self) -> Option<u64> {
        let city = &self.city;
        let runs = |case: &u64| !city.ask(roster::impeachmentCall { caseId: *case }).closed;
        self.cases.retain(runs);
        self.rng.of(&self.cases.clone())
    }

    pub(super) fn vote(&mut self) -> Option<Outcome> {
        let case = self.a_case()?;
        let judges = self.active();
        let by = judges.get(self.rng.below(judges.len()))?.address;
        Some(self.tell(by, roster::voteImpeachmentCall { caseId: case }))
    }

    pub(super) fn expire_case(&mut self) -> Option<Outcome> {
        let case = self.a_case()?;
        let found = self.city.ask(roster::impeachmentCall { caseId: case });
        let wait = (found.expiresAt.to::<u64>() + 1).saturating_sub(self.city.world.now());
        if wait > 0 && self.rng.chance(10) {
            self.city.world.warp(wait.min(40 * DAY));
        } else if wait > 0 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        Some(self.tell(STRANGER, roster::expireImpeachmentCall { caseId: case }))
    }

    /// Who put up a stake and waits, or else somebody new who does, is taken in by the panel.
    pub(super) fn seat_judge(&mut self) -> Option<Outcome> {
        if self.active().len() > SPARE + 1 {
            return None;
        }
        let waits = |key: &&Key| self.city.judge(key).standing == roster::Standing::Candidate;
        let waiting = self.city.folk.judges.iter().find(waits).cloned();
        let key = waiting.unwrap_or_else(|| self.candidate());
        let fields = [
            ("adjudicator", key.address.into_word()),
            ("principal", key.address.into_word()),
        ];
        Some(self.ruling(Action::AddAdjudicator, &fields))
    }

    /// Where a monitor lost its bond or retired, another takes its place, as soon as the panel approves it.
    pub(super) fn seat_monitor(&mut self) -> Option<Outcome> {
        use roster::Standing as S;
        let standings = self.city.folk.monitors.iter();
        let standings: Vec<S> = standings
            .map(|key| self.city.monitor(key).standing)
            .collect();
        let place = standings.iter().position(|found| *found != S::Active)?;
        if standings[place] != S::Candidate {
            self.candidates += 1;
            let key = Key::of(&format!("watchman {}", self.candidates));
            self.city.seat_monitor(&key);
            self.books.accounts.insert(key.address);
            self.books.bonds.insert(key.address.into_word());
            let before = std::mem::replace(&mut self.city.folk.monitors[place], key);
            if standings[place] == S::Leaving {
                self.retired.push(before);
            }
        }
        let fields = approval(&self.city.folk.monitors[place]);
        Some(self.ruling(Action::ApproveMonitor, &fields))
    }

    /// Where all watch, one may retire.
    pub(super) fn retire_monitor(&mut self) -> Option<Outcome> {
        let monitors = self.city.folk.monitors.clone();
        let watches = |key: &Key| self.city.monitor(key).standing == roster::Standing::Active;
        if !monitors.iter().all(watches) {
            return None;
        }
        let by = monitors[self.rng.below(monitors.len())].address;
        Some(self.tell(by, roster::retireMonitorCall {}))
    }

    /// Who retired gets the bond back, some time.
    pub(super) fn release_monitor(&mut self) -> Option<Outcome> {
        if self.retired.is_empty() {
            return None;
        }
        let at = self.rng.below(self.retired.len());
        let monitor = self.retired[at].address;
        let outcome = self.tell(STRANGER, roster::releaseMonitorCall { monitor });
        if outcome.is_ok() {
            self.retired.remove(at);
        }
        Some(outcome)
    }

    fn candidate(&mut self) -> Key {
        self.candidates += 1;
        let key = Key::of(&format!("candidate {}", self.candidates));
        self.city.seat_judge(&key);
        self.city.folk.judges.push(key.clone());
        self.books.accounts.insert(key.address);
        key
    }

    pub(super) fn compensate(&mut self) -> Option<Outcome> {
        let judges = self.city.folk.judges.clone();
        let owed: Vec<&Key> = judges
            .iter()
            .filter(|key| self.city.judge(key).unpaidReviews > 0)
            .collect();
        let key = owed.get(self.rng.below(owed.len()))?;
        Some(self.tell(key.address, roster::claimCompensationCall {}))
    }

    /// What was taken from the revoked goes where it belongs.
    pub(super) fn skim_roster(&mut self) -> Option<Outcome> {
        if self.city.ask(roster::partsCall {}).owed.is_zero() {
            return None;
        }
        Some(self.tell(STRANGER, roster::skimCall {}))
    }

    /// Claims that what the roster booked is its stakes and what it owes, and that it holds as much. Who lost their stake and is owed
    /// nothing is then no longer counted: were they given anything again, the sum would not be right.
    ///
    /// Panics: if not.
    pub(super) fn check_roster(&mut self) {
        let parts = self.city.ask(roster::partsCall {});
        let booked = self.city.ask(roster::bookedCall {});
        assert_eq!(parts.stakes + parts.owed, booked, "the roster's books");
        let judges = std::mem::take(&mut self.city.folk.judges);
        let found: Vec<_> = judges
            .into_iter()
            .map(|key| (self.city.judge(&key), key))
            .collect();
        let stakes: u128 = found.iter().map(|(judge, _)| judge.stake).sum();
        let is_gone = |judge: &roster::Adjudicator| {
            judge.standing == roster::Standing::Removed
                && judge.stake == 0
                && judge.unpaidReviews == 0
        };
        let stay = found.into_iter().filter(|(judge, _)| !is_gone(judge));
        self.city.folk.judges = stay.map(|(_, key)| key).collect();
        assert_eq!(parts.stakes.to::<u128>(), stakes, "stakes of adjudicators");
        let held = self.city.balance(member(Peer::Roster));
        assert_eq!(held, booked.to::<u128>(), "what the roster holds");
    }
}
