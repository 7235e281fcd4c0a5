//! What signers saw and whether it is still so, and what an action demands of the panel.

use alloc::vec::Vec;

use agentcity_abi::{
    IAdjudication as wire, IAgent as agents, ICollaboration as work, IConstitution as law,
    IEnactment as laws, IGuardian as guard,
};
use agentcity_domain::{
    act::{self, Action, Delay, RotationClass, Saw, Signers},
    literal,
    panel::{
        demand::{self, Demand, Terms},
        rotation::{self, Rotation, Turn},
    },
    parameter::{ParameterId, Tier},
    peer::Peer,
};
use agentcity_shell::{
    Input, malformed,
    member::Member,
    output::{self, number},
    peer, refuse,
    word::part,
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    opened::Opened,
    storage::{Adjudication, ROTATION},
};

/// What the panel acts by, read in one call.
const LIMITS: [u8; 7] = [
    ParameterId::MaxConsecutiveActions as u8,
    ParameterId::MaxIdenticalSignerSets as u8,
    ParameterId::RotationLiftSecs as u8,
    ParameterId::ClearStopSigners as u8,
    ParameterId::DisburseDelaySecs as u8,
    ParameterId::OverrideExpirySecs as u8,
    ParameterId::RepAdjustLimit as u8,
];

/// Values of [`LIMITS`], in that order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits([u64; LIMITS.len()]);

impl Limits {
    pub(crate) fn expiry(&self) -> u64 {
        self.0[5]
    }
}

/// Places in `IGuardian.Watch`.
const WATCH_STOPPED_UNTIL: usize = 1;
const WATCH_PAUSED_UNTIL: usize = 2;
/// Places in `IEnactment.Law`.
const LAW_ASSIGNMENTS: usize = 4;
const LAW_FAIRNESS: usize = 7;
/// Place in `ICollaboration.Assignment`.
const ASSIGNMENT_BACKUP: usize = 9;

impl Adjudication {
    /// What the panel acts by, if it matters to this action on these terms.
    #[inline(never)]
    pub(crate) fn limits(&self, action: Action, terms: &Terms) -> Result<Limits, Vec<u8>> {
        let (signers, delay, class) = action.demands().ok_or_else(malformed)?;
        let waits = match delay {
            Delay::None => false,
            Delay::ByTier | Delay::Senior => terms.delay_secs > 0,
            Delay::Disburse => true,
        };
        let plain = class == RotationClass::None && !waits;
        if plain && signers != Signers::ClearStop {
            return Ok(Limits::default());
        }
        Ok(Limits(self.live(LIMITS)?))
    }

    /// What the constitution says of the change that an action wants; the value that its signers saw must be the one in force.
    ///
    /// Errors: `ValueChanged`; whatever the constitution refuses.
    #[inline(never)]
    pub(crate) fn terms(&self, opened: &Opened) -> Result<Terms, Vec<u8>> {
        // The senior's parameter is the first.
        let (id, at) = match opened.action {
            Action::AmendParameter => (opened.word(0), 1),
            Action::AppointSenior => (B256::ZERO, 0),
            _ => return Ok(Terms::NONE),
        };
        let (expected, new) = (opened.word(at), opened.word(at.saturating_add(1)));
        let data = peer::call_data(law::amendmentTermsCall::SELECTOR, &[id, new]);
        let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
        let mut answer = Input::new(&answer);
        same(expected, answer.word()?)?;
        Ok(Terms {
            tier: match answer.u8()? {
                0 => Tier::Low,
                1 => Tier::Medium,
                _ => Tier::High,
            },
            weakens: answer.bool()?,
            delay_secs: answer.u32()?.into(),
        })
    }

    /// That what the signers saw is still so (INV-PANEL-07).
    ///
    /// Errors: `ValueChanged`.
    #[inline(never)]
    pub(crate) fn unchanged(&self, opened: &Opened) -> Result<(), Vec<u8>> {
        let matter = opened.matter();
        match opened.action.saw() {
            Saw::Nothing | Saw::Parameter => Ok(()),
            Saw::Stop => same(opened.word(1), self.watch(matter, WATCH_STOPPED_UNTIL)?),
            Saw::Pause => same(opened.word(1), self.watch(matter, WATCH_PAUSED_UNTIL)?),
            Saw::CityStop => same(matter, self.watch(B256::ZERO, WATCH_STOPPED_UNTIL)?),
            Saw::Output(place) => {
                let selector = work::completionDigestCall::SELECTOR;
                let found = self.ask_peer(Peer::Collaboration, selector, &[matter])?;
                same(opened.word(place.into()), nth(&found, 0)?)
            }
            Saw::Score => {
                let selector = agents::getReputationScoreCall::SELECTOR;
                let found = self.ask_peer(Peer::Agent, selector, &[matter])?;
                same(opened.word(1), nth(&found, 0)?)
            }
            Saw::Fairness => {
                let selector = laws::lawOfCall::SELECTOR;
                let found = self.ask_peer(Peer::Enactment, selector, &[matter])?;
                same(opened.word(1), nth(&found, LAW_ASSIGNMENTS)?)?;
                same(opened.word(2), nth(&found, LAW_FAIRNESS)?)
            }
            Saw::Best => {
                let selector = laws::awardOfCall::SELECTOR;
                let words = [matter, opened.word(1)];
                let found = self.ask_peer(Peer::Enactment, selector, &words)?;
                let (count, mut winners) = Input::new(&found).list(SEATS_MAX)?;
                let best = if count == 0 {
                    B256::repeat_byte(0xff)
                } else {
                    winners.word()?
                };
                same(opened.word(2), best)
            }
        }
    }

    /// A word of what the guardian keeps of a mission, or of the city for number zero.
    #[inline(never)]
    fn watch(&self, mission: B256, place: usize) -> Result<B256, Vec<u8>> {
        let selector = guard::watchOfCall::SELECTOR;
        let watch = self.ask_peer(Peer::Guardian, selector, &[mission])?;
        nth(&watch, place)
    }

    /// What an action demands of this panel.
    ///
    /// Errors: `DeltaTooLarge`.
    #[inline(never)]
    pub(crate) fn demand(
        &self,
        opened: &Opened,
        panel: &act::Panel,
        terms: &Terms,
        limits: &Limits,
    ) -> Result<Demand, Vec<u8>> {
        let [_, _, _, clear_stop, disburse_delay, _, adjust_limit] = limits.0;
        if opened.action == Action::AdjustReputation
            && demand::moves_too_far(delta(opened), adjust_limit)
        {
            return refuse(
                wire::DeltaTooLarge::SELECTOR,
                &[opened.word(2), number(adjust_limit)],
            );
        }
        let panel = act::Panel {
            clear_stop: clear_stop as u8,
            ..*panel
        };
        demand::of(opened.action, &panel, terms, disburse_delay).ok_or_else(malformed)
    }

    /// Takes the signers' turn in this class of this matter (INV-PANEL-03).
    ///
    /// Errors: `RotationRequired`.
    /// Events: `RotationLifted`.
    #[inline(never)]
    pub(crate) fn rotate(
        &mut self,
        opened: &Opened,
        class: RotationClass,
        signers: &[B256],
        limits: &Limits,
    ) -> Result<(), Vec<u8>> {
        if class == RotationClass::None {
            return Ok(());
        }
        let (matter, class) = (opened.matter(), number(class as u64));
        let set = self.vm().native_keccak256(&output::words(signers));
        let key = self.key(ROTATION, matter, class);
        let [alone, together, lift_secs, ..] = limits.0;
        let limits = rotation::Limits {
            alone,
            together,
            lift_secs,
        };
        let set = part(set, 0, 8) as u64;
        let (next, turn) = Rotation(self.read(key)).next(set, signers.len(), self.now(), &limits);
        let lifted = match turn {
            Turn::Theirs => false,
            Turn::Waited => true,
            Turn::Others if self.has_backup(opened)? => true,
            Turn::Others => {
                let first = signers.first().copied().unwrap_or_default();
                return refuse(wire::RotationRequired::SELECTOR, &[first, matter, class]);
            }
        };
        if lifted {
            let topic = literal!(wire::RotationLifted::SIGNATURE_HASH);
            self.emit(&[topic, matter, class], &[]);
        }
        self.write(key, next.0);
        Ok(())
    }

    /// Whether an action decides a review whose backup period is open.
    #[inline(never)]
    fn has_backup(&self, opened: &Opened) -> Result<bool, Vec<u8>> {
        if opened.action != Action::DecideReview {
            return Ok(false);
        }
        let words = [opened.matter(), opened.word(1), B256::ZERO, B256::ZERO];
        let selector = work::assignmentCall::SELECTOR;
        let assignment = self.ask_peer(Peer::Collaboration, selector, &words)?;
        Ok(nth(&assignment, ASSIGNMENT_BACKUP)? != B256::ZERO)
    }
}

/// Seats of a node at most.
const SEATS_MAX: usize = 7;

/// By how many points an action adjusts a reputation.
pub(crate) fn delta(opened: &Opened) -> i16 {
    part(opened.word(2), 30, 2) as u16 as i16
}

/// A word of an answer.
///
/// Errors: `MalformedCall` if the answer is shorter.
#[inline(never)]
pub(crate) fn nth(answer: &[u8], place: usize) -> Result<B256, Vec<u8>> {
    let word = answer.chunks_exact(32).nth(place).ok_or_else(malformed)?;
    Ok(B256::try_from(word).unwrap_or_default())
}

/// That a value is what signers saw.
///
/// Errors: `ValueChanged`.
#[inline(never)]
fn same(expected: B256, found: B256) -> Result<(), Vec<u8>> {
    if expected == found {
        Ok(())
    } else {
        refuse(wire::ValueChanged::SELECTOR, &[expected, found])
    }
}
