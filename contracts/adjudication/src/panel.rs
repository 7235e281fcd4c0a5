//! Submitting, queueing, carrying out.

use alloc::vec::Vec;

use agentcity_abi::{IAdjudication as wire, IConstitution as founding, IRoster as roster};
use agentcity_domain::{
    act::{self, Action, Delay, Signers},
    literal,
    parameter::{ParameterId, Tier, Weakens},
    peer::Peer,
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output::{self, Output, number},
    peer, refuse, sign,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{opened::Opened, storage::Adjudication};

/// Action: 0 state, 1 signers, 2..7 due, 7..12 lapses, 12 withdrawn, 13..18 queued,
/// 18 needed | each signer.
const ACTION: Kind = 1;
/// Who stopped which mission before.
const STOPPED: Kind = 3;
/// As many adjudicators as there can be.
const SIGNERS_MAX: usize = ParameterId::MaxAdjudicators.constant() as usize;
/// Bytes of the longest payload.
const PAYLOAD_MAX: usize = 32 * 16;

const QUEUED: u8 = 1;
const EXECUTED: u8 = 2;
const WITHDRAWN: u8 = 3;
const EXPIRED: u8 = 4;

/// What the panel acts by, read in one call.
pub(crate) const LIMITS: [u8; 11] = [
    ParameterId::MaxConsecutiveActions as u8,
    ParameterId::MaxIdenticalSignerSets as u8,
    ParameterId::RotationLiftSecs as u8,
    ParameterId::ClearStopSigners as u8,
    ParameterId::OverrideDelayLowSecs as u8,
    ParameterId::OverrideDelayMediumSecs as u8,
    ParameterId::OverrideDelayHighSecs as u8,
    ParameterId::SeniorDelaySecs as u8,
    ParameterId::DisburseDelaySecs as u8,
    ParameterId::OverrideExpirySecs as u8,
    ParameterId::RepAdjustLimit as u8,
];

/// Values of [`LIMITS`], in that order.
pub(crate) type Limits = [u64; LIMITS.len()];

/// What an action demands.
#[derive(Clone, Copy)]
struct Demands {
    signers: u8,
    delay: u64,
    class: u8,
    weakens: bool,
}

/// The roster's answer about the signers of an action.
struct Examined {
    panel: act::Panel,
    flagged: u64,
    /// Places of signers, and principals whose missions they may not judge.
    interests: Vec<(usize, B256)>,
}

impl Adjudication {
    /// Asks the roster about all signers in one call.
    ///
    /// Errors: `NotAdjudicator`.
    #[inline(never)]
    fn examine(&self, signers: &[B256]) -> Result<Examined, Vec<u8>> {
        let arguments = Output::of(1).list(signers, 1).finish();
        let data = peer::call_laid_out(roster::examineCall::SELECTOR, &arguments);
        let answer = peer::ask(self.vm(), self.member(Peer::Roster)?, &data)?;
        let mut answer = Input::new(&answer).tail()?;
        let (active, unflagged, overdue) = (answer.u8()?, answer.u8()?, answer.bool()?);
        let flagged = answer.u64()?;
        let (count, mut list) = answer.list(SIGNERS_MAX.saturating_mul(8))?;
        let mut interests = Vec::with_capacity(count);
        for _ in 0..count {
            interests.push((list.u8()?.into(), list.word()?));
        }
        Ok(Examined {
            panel: act::Panel {
                active,
                unflagged,
                clear_stop: 0,
                repeated: false,
                overdue,
            },
            flagged,
            interests,
        })
    }

    /// Refuses signers who have an interest in the mission (D-13).
    ///
    /// Errors: `ConflictOfInterest`.
    #[inline(never)]
    fn impartial(
        &self,
        mission: B256,
        signers: &[B256],
        examined: &Examined,
    ) -> Result<(), Vec<u8>> {
        const IS_INTERESTED: [u8; 4] =
            agentcity_domain::signed::selector("isInterested(bytes32,address)");
        for (place, principal) in &examined.interests {
            let words = [mission, *principal];
            let data = self.ask_peer(Peer::Collaboration, IS_INTERESTED, &words)?;
            if Input::new(&data).bool()? {
                let signer = signers.get(*place).copied().unwrap_or_default();
                return refuse(wire::ConflictOfInterest::SELECTOR, &[signer, mission]);
            }
        }
        Ok(())
    }

    /// The tier of a parameter, and whether a change tightens or weakens it.
    #[inline(never)]
    fn amendment(&self, opened: &Opened) -> Result<(Tier, bool, bool), Vec<u8>> {
        let (id, old, new) = (opened.word(0), opened.word(1), opened.word(2));
        let data = peer::call_data(founding::parameterCall::SELECTOR, &[id]);
        let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
        let mut answer = Input::new(&answer);
        let (value, _, _, _) = (
            answer.word()?,
            answer.word()?,
            answer.word()?,
            answer.word()?,
        );
        let (_, tier, weakens) = (answer.u8()?, answer.u8()?, answer.u8()?);
        if value != old {
            return refuse(wire::ValueChanged::SELECTOR, &[old, value]);
        }
        let tier = match tier {
            0 => Tier::Low,
            1 => Tier::Medium,
            _ => Tier::High,
        };
        const UP: u8 = Weakens::Up as u8;
        const DOWN: u8 = Weakens::Down as u8;
        const ANY: u8 = Weakens::Any as u8;
        let (tightens, weakening) = match weakens {
            UP => (new < old, new > old),
            DOWN => (new > old, new < old),
            ANY => (false, true),
            _ => (false, false),
        };
        Ok((tier, tightens, weakening))
    }

    /// What an action demands of this panel.
    #[inline(never)]
    fn demands(
        &self,
        opened: &Opened,
        panel: &act::Panel,
        limits: &Limits,
    ) -> Result<Demands, Vec<u8>> {
        let (signers, delay, class) = opened.action.demands().ok_or_else(malformed)?;
        let (tier, tightens, weakens) = match signers {
            Signers::ByTier => self.amendment(opened)?,
            _ => (Tier::High, false, false),
        };
        let [_, _, _, clear_stop, low, medium, high, senior, disburse, ..] = *limits;
        let panel = act::Panel {
            clear_stop: clear_stop as u8,
            ..*panel
        };
        Ok(Demands {
            signers: signers.count(&panel, tier),
            delay: match (delay, tier) {
                (Delay::None, _) => 0,
                (Delay::ByTier, _) if tightens => 0,
                (Delay::ByTier, Tier::Low) => low,
                (Delay::ByTier, Tier::Medium) => medium,
                (Delay::ByTier, Tier::High) => high,
                (Delay::Senior, _) => senior,
                (Delay::Disburse, _) => disburse,
            },
            class: class as u8,
            weakens,
        })
    }

    /// Whether one of them stopped this mission before (RULINGS A7).
    #[inline(never)]
    fn stopped_before(&self, mission: B256, signers: &[B256]) -> bool {
        signers
            .iter()
            .any(|signer| self.read(self.key(STOPPED, mission, *signer)) != B256::ZERO)
    }

    /// That these may decide this: eligible, impartial, enough of them.
    ///
    /// Errors: `NotAdjudicator`, `ConflictOfInterest`, `SignersMissing`, `ValueChanged`.
    #[inline(never)]
    fn entitled(
        &self,
        opened: &Opened,
        signers: &[B256],
        limits: &Limits,
    ) -> Result<Demands, Vec<u8>> {
        let mut examined = self.examine(signers)?;
        let mission = opened.mission();
        match opened.action {
            Action::TriggerStop => examined.panel.repeated = self.stopped_before(mission, signers),
            Action::ReleaseWatchdog if examined.flagged != 0 => {
                let place = examined.flagged.trailing_zeros() as usize;
                let signer = signers.get(place).copied().unwrap_or_default();
                return refuse(wire::NotAdjudicator::SELECTOR, &[signer]);
            }
            Action::CloseAudit => self.not_the_senior(opened.word(0), signers)?,
            _ => {}
        }
        if opened.shape.of_mission {
            self.impartial(mission, signers, &examined)?;
        }
        let demands = self.demands(opened, &examined.panel, limits)?;
        if signers.len() < usize::from(demands.signers) {
            return refuse(
                wire::SignersMissing::SELECTOR,
                &[number(signers.len() as u64), number(demands.signers.into())],
            );
        }
        Ok(demands)
    }

    /// That a reputation is still what the signers saw, and moves by no more than a ruling may.
    ///
    /// Errors: `ValueChanged`, `DeltaTooLarge`.
    #[inline(never)]
    fn adjustable(&self, opened: &Opened, limit: u64) -> Result<(), Vec<u8>> {
        const SCORE: [u8; 4] = agentcity_domain::signed::selector("getReputationScore(address)");
        let answer = self.ask_peer(Peer::Agent, SCORE, &[opened.word(0)])?;
        let (found, expected) = (Input::new(&answer).word()?, opened.word(1));
        if found != expected {
            return refuse(wire::ValueChanged::SELECTOR, &[expected, found]);
        }
        let delta = opened.word(2);
        let points = part(delta, 30, 2) as u16 as i16;
        if u64::from(points.unsigned_abs()) > limit {
            return refuse(wire::DeltaTooLarge::SELECTOR, &[delta, number(limit)]);
        }
        Ok(())
    }

    #[inline(never)]
    fn act_log(
        &self,
        topic: B256,
        opened: &Opened,
        payload: &[u8],
        signers: &[B256],
        tail: &[B256],
    ) {
        let mut data = Output::of(tail.len().saturating_add(2))
            .bytes(payload)
            .list(signers, 1);
        for word in tail {
            data = data.word(*word);
        }
        output::log(
            self.vm(),
            &[
                topic,
                opened.digest,
                number(opened.action as u64),
                opened.mission(),
            ],
            &data.finish(),
        );
    }

    /// Carries an action out: says so, lets the roster count it, and tells whom it concerns. Called last.
    #[inline(never)]
    fn carry_out(
        &mut self,
        opened: &Opened,
        payload: &[u8],
        signers: &[B256],
        weakens: bool,
        queued_at: Option<u64>,
    ) -> Result<(), Vec<u8>> {
        self.act_log(
            literal!(wire::OverrideAction::SIGNATURE_HASH),
            opened,
            payload,
            signers,
            &[output::truth(false)],
        );
        let (approves, reviews) = match opened.action {
            Action::DecideReview => (opened.word(3) != B256::ZERO, true),
            Action::FreezeNode
            | Action::ConfirmFreeze
            | Action::Disqualify
            | Action::VetoOutput
            | Action::TriggerStop
            | Action::HaltCity
            | Action::AbortMission
            | Action::AbortForFault
            | Action::BanAgent
            | Action::BanPrincipal
            | Action::FreezePrincipal
            | Action::StrikeNorm => (false, false),
            _ => (true, false),
        };
        let arguments = Output::of(4)
            .list(signers, 1)
            .word(output::truth(approves))
            .word(output::truth(weakens))
            .word(output::truth(reviews))
            .finish();
        let data = peer::call_laid_out(roster::recordDecisionCall::SELECTOR, &arguments);
        peer::tell(self.vm(), self.member(Peer::Roster)?, &data, U256::ZERO)?;
        self.tell_of(opened, queued_at)
    }

    /// Tells whom an action concerns.
    #[inline(never)]
    pub(crate) fn tell_of(
        &mut self,
        opened: &Opened,
        queued_at: Option<u64>,
    ) -> Result<(), Vec<u8>> {
        let queued_at = queued_at.unwrap_or_else(|| self.now());
        let Some((to, data)) = opened.call(queued_at)? else {
            return self.close_audit(opened.word(0));
        };
        peer::tell(self.vm(), self.member(to)?, &data, U256::ZERO)?;
        Ok(())
    }

    /// Who signed, in ascending order.
    ///
    /// Errors: `InvalidSignature`, `SignersNotAscending`, `MalformedCall`.
    #[inline(never)]
    fn signers(&self, digest: B256, input: &mut Input<'_>) -> Result<Vec<B256>, Vec<u8>> {
        let (count, mut signatures) = input.list(SIGNERS_MAX)?;
        let mut signers: Vec<B256> = Vec::with_capacity(count);
        for _ in 0..count {
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX.saturating_add(20))?;
            let signer = if signature.len() == 65 {
                sign::recover(self.vm(), digest, signature).ok_or_else(malformed)?
            } else {
                let (signer, rest) = signature.split_first_chunk().ok_or_else(malformed)?;
                let signer = Address::new(*signer);
                sign::require(self.vm(), signer, digest, rest)?;
                signer
            };
            let signer = signer.into_word();
            if let Some(previous) = signers.last()
                && *previous >= signer
            {
                return refuse(wire::SignersNotAscending::SELECTOR, &[*previous, signer]);
            }
            signers.push(signer);
        }
        Ok(signers)
    }

    /// Refuses a digest that is in another state, and what is past its deadline.
    ///
    /// Errors: `WrongActionState`, `DeadlinePassed`.
    #[inline(never)]
    pub(crate) fn fresh(&self, opened: &Opened) -> Result<B256, Vec<u8>> {
        let (key, _) = self.stored(opened.digest, 0)?;
        let deadline = opened.deadline();
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[number(deadline)]);
        }
        Ok(key)
    }

    #[inline(never)]
    fn stored(&self, digest: B256, state: u8) -> Result<(B256, B256), Vec<u8>> {
        let key = self.key(ACTION, digest, B256::ZERO);
        let stored = self.read(key);
        let found = part(stored, 0, 1);
        if found != u128::from(state) {
            return refuse(
                wire::WrongActionState::SELECTOR,
                &[digest, output::amount(found)],
            );
        }
        Ok((key, stored))
    }

    #[inline(never)]
    fn signer_key(&self, digest: B256, place: usize) -> B256 {
        self.key(ACTION, digest, number((place as u64).saturating_add(1)))
    }

    pub(crate) fn submit(&mut self, input: &mut Input<'_>) -> Answer {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let opened = Opened::read(self.vm(), action, payload)?;
        let key = self.fresh(&opened)?;
        let signers = self.signers(opened.digest, input)?;
        let limits = self.live(LIMITS)?;
        let demands = self.entitled(&opened, &signers, &limits)?;
        self.rotate(demands.class, opened.mission(), &signers, &limits)?;
        let (now, count) = (self.now(), signers.len() as u128);
        let stored = with(B256::ZERO, 1, 1, count);
        if demands.delay > 0 {
            let due = now.saturating_add(demands.delay);
            let lapses = due.saturating_add(limits[9]);
            let mut stored = with(stored, 0, 1, QUEUED.into());
            stored = with(stored, 2, 5, due.into());
            stored = with(stored, 7, 5, lapses.into());
            stored = with(stored, 13, 5, now.into());
            self.write(key, with(stored, 18, 1, demands.signers.into()));
            for (place, signer) in signers.iter().enumerate() {
                self.write(self.signer_key(opened.digest, place), *signer);
            }
            let data = Output::of(4)
                .bytes(payload)
                .list(&signers, 1)
                .word(number(due))
                .word(number(lapses))
                .finish();
            let topic = literal!(wire::ActionQueued::SIGNATURE_HASH);
            let topics = [topic, opened.digest, number(action.into())];
            output::log(self.vm(), &topics, &data);
        } else {
            if opened.action == Action::AdjustReputation {
                self.adjustable(&opened, limits[10])?;
            }
            if opened.action == Action::TriggerStop {
                for signer in &signers {
                    self.write(self.key(STOPPED, opened.mission(), *signer), number(1));
                }
            }
            self.write(key, with(stored, 0, 1, EXECUTED.into()));
            self.carry_out(&opened, payload, &signers, demands.weakens, None)?;
        }
        Ok(output::words(&[opened.digest]))
    }

    pub(crate) fn submit_unilateral(&mut self, input: &mut Input<'_>) -> Answer {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let signature = input.bytes(sign::SIGNATURE_BYTES_MAX)?;
        let opened = Opened::read(self.vm(), action, payload)?;
        let key = self.fresh(&opened)?;
        let available = self.examine(&[])?.panel.active;
        let (senior, audit) = self.open_audit(&opened, available)?;
        sign::require(
            self.vm(),
            Address::from_word(senior),
            opened.digest,
            signature,
        )?;
        self.write(key, with(with(B256::ZERO, 0, 1, EXECUTED.into()), 1, 1, 1));
        self.emit(
            &[
                literal!(wire::UnilateralOverride::SIGNATURE_HASH),
                senior,
                opened.digest,
            ],
            &[number(audit)],
        );
        self.act_log(
            literal!(wire::OverrideAction::SIGNATURE_HASH),
            &opened,
            payload,
            &[senior],
            &[output::truth(true)],
        );
        self.tell_of(&opened, None)?;
        Ok(output::words(&[opened.digest]))
    }

    /// The signers of a queued action who did not withdraw.
    #[inline(never)]
    fn remaining(&self, digest: B256, stored: B256) -> Vec<B256> {
        let count = part(stored, 1, 1) as usize;
        let signers = (0..count).map(|place| self.read(self.signer_key(digest, place)));
        signers.filter(|signer| *signer != B256::ZERO).collect()
    }

    pub(crate) fn execute(&mut self, input: &mut Input<'_>) -> Answer {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let opened = Opened::read(self.vm(), action, payload)?;
        let (key, stored) = self.stored(opened.digest, QUEUED)?;
        let (due, lapses) = (part(stored, 2, 5) as u64, part(stored, 7, 5) as u64);
        if self.now() < due || self.now() > lapses {
            return refuse(wire::NotDue::SELECTOR, &[number(due)]);
        }
        let signers = self.remaining(opened.digest, stored);
        let limits = self.live(LIMITS)?;
        let demands = self.entitled(&opened, &signers, &limits)?;
        self.write(key, with(stored, 0, 1, EXECUTED.into()));
        let queued_at = part(stored, 13, 5) as u64;
        self.carry_out(&opened, payload, &signers, demands.weakens, Some(queued_at))?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn end_action(&mut self, digest: B256, key: B256, stored: B256, state: u8) {
        self.write(key, with(stored, 0, 1, state.into()));
        self.emit(
            &[literal!(wire::ActionEnded::SIGNATURE_HASH), digest],
            &[number(state.into())],
        );
    }

    pub(crate) fn withdraw_signature(&mut self, input: &mut Input<'_>) -> Answer {
        let digest = input.word()?;
        let (key, stored) = self.stored(digest, QUEUED)?;
        let caller = self.caller().into_word();
        for place in 0..part(stored, 1, 1) as usize {
            let at = self.signer_key(digest, place);
            if self.read(at) == caller {
                self.write(at, B256::ZERO);
                let withdrawn = part(stored, 12, 1).saturating_add(1);
                let left = part(stored, 1, 1).saturating_sub(withdrawn);
                let stored = with(stored, 12, 1, withdrawn);
                self.write(key, stored);
                self.emit(
                    &[
                        literal!(wire::SignatureWithdrawn::SIGNATURE_HASH),
                        digest,
                        caller,
                    ],
                    &[output::amount(left)],
                );
                if left < part(stored, 18, 1) {
                    self.end_action(digest, key, stored, WITHDRAWN);
                }
                return Ok(Vec::new());
            }
        }
        refuse(wire::NotAdjudicator::SELECTOR, &[caller])
    }

    pub(crate) fn expire_action(&mut self, input: &mut Input<'_>) -> Answer {
        let digest = input.word()?;
        let (key, stored) = self.stored(digest, QUEUED)?;
        let lapses = part(stored, 7, 5) as u64;
        if self.now() <= lapses {
            return refuse(wire::NotDue::SELECTOR, &[number(lapses)]);
        }
        self.end_action(digest, key, stored, EXPIRED);
        Ok(Vec::new())
    }

    pub(crate) fn digest_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let opened = Opened::read(self.vm(), action, payload)?;
        Ok(output::words(&[opened.digest]))
    }

    /// Mission, node and attempt where the action has them, then its other fields in order, and what all have.
    pub(crate) fn decode_action(&mut self, input: &mut Input<'_>) -> Answer {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let opened = Opened::read(self.vm(), action, payload)?;
        let fields = usize::from(opened.shape.fields);
        let mut decoded = [B256::ZERO; 9];
        let mut next = 3;
        for place in 0..fields {
            let zeros = opened.shape.leading_zeros(place as u8);
            let at = match (place, zeros) {
                (0, _) if opened.shape.of_mission => 0,
                (1, 30) if opened.shape.of_mission => 1,
                (2, 31) if opened.shape.of_mission => 2,
                _ => {
                    next += 1;
                    next - 1
                }
            };
            // Three fields have no name of their own; further ones are read in the payload.
            if at < 6
                && let Some(slot) = decoded.get_mut(at)
            {
                *slot = opened.word(place);
            }
        }
        for (slot, place) in decoded.iter_mut().skip(6).zip(fields..) {
            *slot = opened.word(place);
        }
        Ok(output::words(&decoded))
    }

    pub(crate) fn requirement_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let opened = Opened::read(self.vm(), action, payload)?;
        let panel = self.examine(&[])?.panel;
        let limits = self.live(LIMITS)?;
        let demands = self.demands(&opened, &panel, &limits)?;
        let alternative = match opened.action.demands().map(|(signers, ..)| signers) {
            None | Some(Signers::One | Signers::Two) => 0,
            Some(Signers::Half) => 1,
            Some(Signers::TwoThirds) => 2,
            Some(Signers::ByTier) => 3,
            Some(Signers::ClearStop) => 4,
            Some(Signers::OneThenTwo) => 5,
            Some(Signers::Unflagged) => 6,
        };
        Ok(output::words(&[
            number(demands.signers.into()),
            number(demands.delay),
            number(demands.class.into()),
            number(alternative),
        ]))
    }

    pub(crate) fn action_state(&mut self, input: &mut Input<'_>) -> Answer {
        let stored = self.read(self.key(ACTION, input.word()?, B256::ZERO));
        Ok(output::words(&[(0, 1), (1, 1), (2, 5), (7, 5)].map(
            |(at, bytes)| output::amount(part(stored, at, bytes)),
        )))
    }
}
