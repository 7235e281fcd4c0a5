//! Submitting, queueing, carrying out; rotation, conflicts, watchdog.

use alloc::vec::Vec;

use agentcity_abi::{IAdjudication as wire, ICollaboration as collaboration};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input, malformed,
    member::{Kind, Member},
    output, peer, refuse, sign,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    actions::{BY_TIER, HALF, Row, TWO_THIRDS, row_of, told},
    storage::Adjudication,
};

/// Action: 0 state, 1 signers, 2..7 due, 7..12 lapses | hash of the signers.
const ACTION: Kind = 1;
const ROTATION: Kind = 2;
pub(crate) const PERSON: Kind = 3;
pub(crate) const COUNT: Kind = 4;
const ASSOCIATION: Kind = 5;
pub(crate) const WATCHDOG: Kind = 6;
pub(crate) const SENIOR: Kind = 7;
/// Justification, content address, deadline.
const TAIL: usize = 3;
const SIGNERS_MAX: usize = 64;

impl Adjudication {
    /// The row, the payload's words, the digest: every word within its type's range.
    #[inline(never)]
    fn open(&self, action: u8, payload: &[u8]) -> Result<(Row, Vec<B256>, B256), Vec<u8>> {
        let Some(row) = row_of(action) else {
            return refuse(
                wire::UnknownAction::SELECTOR,
                &[output::number(action.into())],
            );
        };
        let count = usize::from(row.fields) + TAIL;
        if payload.len() != 32 * count {
            return refuse(
                wire::MalformedPayload::SELECTOR,
                &[output::number(action.into()), output::number(count as u64)],
            );
        }
        let mut words = Vec::with_capacity(count + 1);
        words.push(row.type_hash);
        for (place, bytes) in payload.chunks_exact(32).enumerate() {
            let word = B256::from_slice(bytes);
            let zeros = match place {
                place if place < usize::from(row.fields) => {
                    (row.zeros >> (8 * place) & 31) as usize
                }
                place if place == count - 1 => 24,
                _ => 0,
            };
            if part(word, 0, zeros.min(16)) != 0 || part(word, 16, zeros.saturating_sub(16)) != 0 {
                return refuse(
                    wire::MalformedPayload::SELECTOR,
                    &[output::number(action.into()), output::number(place as u64)],
                );
            }
            words.push(word);
        }
        let digest = sign::digest(self.vm(), &words);
        Ok((row, words, digest))
    }

    #[inline(never)]
    fn required(&self, row: &Row, words: &[B256]) -> Result<(u64, u64), Vec<u8>> {
        let active = self.active();
        Ok(match row.signers {
            HALF => (active.div_ceil(2), row.delay_hours.into()),
            TWO_THIRDS => ((2 * active).div_ceil(3), row.delay_hours.into()),
            BY_TIER => {
                let id = words.get(1).copied().unwrap_or_default();
                let data =
                    peer::call_data(agentcity_abi::IConstitution::parameterCall::SELECTOR, &[id]);
                let answer = peer::ask(self.vm(), self.constitution_address(), &data)?;
                let mut answer = Input::new(&answer);
                let (_, _, least, greatest) = (
                    answer.word()?,
                    answer.word()?,
                    answer.word()?,
                    answer.word()?,
                );
                let (tier, weaker) = (answer.u8()?, answer.u8()?);
                let (old, new) = (
                    words.get(2).copied().unwrap_or_default(),
                    words.get(3).copied().unwrap_or_default(),
                );
                if new < least || new > greatest {
                    return refuse(wire::ValueChanged::SELECTOR, &[least, new]);
                }
                let tightens = weaker == 1 && new < old || weaker == 2 && new > old;
                let delay = if tightens {
                    0
                } else {
                    [0, 6, 24].get(usize::from(tier)).copied().unwrap_or(24)
                };
                let signers = match tier {
                    0 => 1,
                    1 => 2,
                    _ => (2 * active).div_ceil(3),
                };
                (signers, delay)
            }
            fixed => (fixed.into(), row.delay_hours.into()),
        })
    }

    #[inline(never)]
    pub(crate) fn active(&self) -> u64 {
        part(self.read(self.key(COUNT, B256::ZERO, B256::ZERO)), 31, 1) as u64
    }

    /// Whether a signer may decide this: active, without interest.
    #[inline(never)]
    fn eligible(&self, signer: Address, row: &Row, mission: B256) -> Result<(), Vec<u8>> {
        let person = self.read(self.key(PERSON, signer.into_word(), B256::ZERO));
        if part(person, 0, 1) != 2 {
            return refuse(wire::NotAdjudicator::SELECTOR, &[signer.into_word()]);
        }
        if !row.of_mission {
            return Ok(());
        }
        let principal = self.read(self.key(PERSON, signer.into_word(), output::number(1)));
        let declared = self.read(self.key(ASSOCIATION, signer.into_word(), mission));
        let data = peer::call_data(
            collaboration::isInterestedCall::SELECTOR,
            &[mission, principal],
        );
        let interested = peer::ask_word(self.vm(), self.member(Peer::Collaboration)?, &data)?;
        if interested != B256::ZERO || part(declared, 24, 8) as u64 > self.now() {
            return refuse(
                wire::ConflictOfInterest::SELECTOR,
                &[signer.into_word(), mission],
            );
        }
        Ok(())
    }

    /// Rotation: nobody alone more than twice running, no identical set three times running.
    #[inline(never)]
    fn rotate(&mut self, row: &Row, mission: B256, signers: &[B256]) -> Result<(), Vec<u8>> {
        if row.class == 0 || !row.of_mission {
            return Ok(());
        }
        let set = self.vm().native_keccak256(&output::words(signers));
        let key = self.key(ROTATION, mission, output::number(row.class.into()));
        let last = self.read(key);
        let run = if part(last, 0, 16) == part(set, 0, 16) {
            part(last, 31, 1) + 1
        } else {
            1
        };
        let [limit] = self.parameters(0, [50])?;
        if run > u128::from(limit) {
            if part(last, 30, 1) == 0 {
                return refuse(
                    wire::RotationRequired::SELECTOR,
                    &[
                        signers.first().copied().unwrap_or_default(),
                        mission,
                        output::number(row.class.into()),
                    ],
                );
            }
            self.emit(
                &[
                    wire::RotationLifted::SIGNATURE_HASH,
                    mission,
                    output::number(row.class.into()),
                ],
                &[],
            );
        }
        self.write(
            key,
            with(with(B256::ZERO, 0, 16, part(set, 0, 16)), 31, 1, run),
        );
        Ok(())
    }

    /// Counts a decision and looks for patterns.
    /// Person: 0 standing, 1..5 actions, 5..9 approvals, 9..11 run, 11 weakenings, 12 flagged, 13..17 unpaid,
    /// 17..22 since, 22..30 history.
    #[inline(never)]
    fn watch(
        &mut self,
        signer: B256,
        approves: bool,
        weakens: bool,
        reviewed: bool,
    ) -> Result<(), Vec<u8>> {
        let [rate, longest, weakest, sample, maximum] = self.parameters(0, [51, 52, 53, 54, 55])?;
        let key = self.key(PERSON, signer, B256::ZERO);
        let word = self.read(key);
        let (actions, approvals) = (
            part(word, 1, 4) + 1,
            part(word, 5, 4) + u128::from(approves),
        );
        let run = if approves { part(word, 9, 2) + 1 } else { 0 };
        let weakenings = part(word, 11, 1) + u128::from(weakens);
        let rubber = actions >= u128::from(sample) && 100 * approvals > u128::from(rate) * actions
            || run > u128::from(longest);
        let weak = weakenings > u128::from(weakest);
        let history = (part(word, 22, 8) << 1 | u128::from(approves)) & u128::from(u64::MAX);
        let mut next = with(with(word, 1, 4, actions), 5, 4, approvals);
        next = with(with(next, 9, 2, run), 11, 1, weakenings);
        next = with(
            with(next, 13, 4, part(word, 13, 4) + u128::from(reviewed)),
            22,
            8,
            history,
        );
        if rubber || weak {
            next = with(next, 12, 1, 1);
            let kind = if rubber { 1 } else { 2 };
            self.emit(
                &[wire::WatchdogAlert::SIGNATURE_HASH, signer],
                &[
                    output::number(kind),
                    output::amount(actions),
                    output::amount(approvals),
                    output::amount(run),
                ],
            );
        }
        if rubber && weak {
            let until = self.now() + maximum * 3_600;
            self.write(
                self.key(WATCHDOG, B256::ZERO, B256::ZERO),
                output::number(until),
            );
            self.emit(
                &[wire::WatchdogFreeze::SIGNATURE_HASH, signer],
                &[output::number(until)],
            );
        }
        self.write(key, next);
        Ok(())
    }

    #[inline(never)]
    fn act_log(
        &self,
        topic: B256,
        heads: [B256; 2],
        payload: &[u8],
        signers: &[B256],
        tail: &[B256],
    ) {
        let mut data = output::Output::of(2 + tail.len())
            .bytes(payload)
            .list(signers, 1);
        for word in tail {
            data = data.word(*word);
        }
        output::log(
            self.vm(),
            &[topic, heads[0], heads[1], B256::ZERO],
            &data.finish(),
        );
    }

    /// Carries an action out: told to a peer, or done here.
    #[inline(never)]
    fn carry_out(&mut self, action: u8, row: &Row, words: &[B256]) -> Result<(), Vec<u8>> {
        let fields = words
            .get(1..1 + usize::from(row.fields))
            .ok_or_else(malformed)?;
        if let Some((to, selector)) = told(action) {
            let data = peer::call_data(selector, fields);
            peer::tell(self.vm(), self.member(to)?, &data, U256::ZERO)?;
            return Ok(());
        }
        self.carry_out_here(action, fields)
    }

    #[inline(never)]
    fn decided(
        &mut self,
        action: u8,
        row: &Row,
        words: &[B256],
        signers: &[B256],
    ) -> Result<(), Vec<u8>> {
        let approves = !matches!(action, 3 | 6 | 8 | 14 | 15);
        for signer in signers {
            self.watch(*signer, approves, action == 26, row.class == 1)?;
        }
        self.carry_out(action, row, words)
    }

    pub(crate) fn submit(&mut self, input: &mut Input<'_>) -> Answer {
        let action = input.u8()?;
        let payload = input.bytes(32 * 16)?;
        let (count, mut signatures) = input.list(SIGNERS_MAX)?;
        let (row, words, digest) = self.open(action, payload)?;
        let key = self.key(ACTION, digest, B256::ZERO);
        let stored = self.read(key);
        if part(stored, 0, 1) != 0 {
            return refuse(
                wire::WrongActionState::SELECTOR,
                &[digest, output::number(part(stored, 0, 1) as u64)],
            );
        }
        let deadline = part(words.last().copied().unwrap_or_default(), 24, 8) as u64;
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[output::number(deadline)]);
        }
        let mission = if row.of_mission { words[1] } else { B256::ZERO };
        let mut signers: Vec<B256> = Vec::with_capacity(count);
        for _ in 0..count {
            let signature = signatures.bytes(sign::SIGNATURE_BYTES_MAX + 20)?;
            let signer = if signature.len() == 65 {
                sign::recover(self.vm(), digest, signature).ok_or_else(malformed)?
            } else {
                let (signer, rest) = signature.split_at_checked(20).ok_or_else(malformed)?;
                let signer = Address::from_slice(signer);
                sign::require(self.vm(), signer, digest, rest)?;
                signer
            };
            if let Some(previous) = signers.last()
                && *previous >= signer.into_word()
            {
                return refuse(
                    wire::SignersNotAscending::SELECTOR,
                    &[*previous, signer.into_word()],
                );
            }
            self.eligible(signer, &row, mission)?;
            signers.push(signer.into_word());
        }
        let (needed, delay) = self.required(&row, &words)?;
        if (signers.len() as u64) < needed {
            return refuse(
                wire::SignersMissing::SELECTOR,
                &[output::number(signers.len() as u64), output::number(needed)],
            );
        }
        self.rotate(&row, mission, &signers)?;
        let mut stored = with(B256::ZERO, 1, 1, signers.len() as u128);
        if delay > 0 {
            let due = self.now() + delay * 3_600;
            let lapses = due + 7 * 86_400;
            stored = with(
                with(with(stored, 0, 1, 1), 2, 5, due.into()),
                7,
                5,
                lapses.into(),
            );
            self.write(key, stored);
            for (place, signer) in signers.iter().enumerate() {
                self.write(
                    self.key(ACTION, digest, output::number(place as u64 + 1)),
                    *signer,
                );
            }
            self.act_log(
                wire::ActionQueued::SIGNATURE_HASH,
                [digest, output::number(action.into())],
                payload,
                &signers,
                &[output::number(due), output::number(lapses)],
            );
            return Ok(output::words(&[digest]));
        }
        self.write(key, with(stored, 0, 1, 2));
        self.act_log(
            wire::OverrideAction::SIGNATURE_HASH,
            [digest, output::number(action.into())],
            payload,
            &signers,
            &[B256::ZERO],
        );
        self.decided(action, &row, &words, &signers)?;
        Ok(output::words(&[digest]))
    }

    pub(crate) fn submit_unilateral(&mut self, input: &mut Input<'_>) -> Answer {
        let action = input.u8()?;
        let payload = input.bytes(32 * 16)?;
        let signature = input.bytes(sign::SIGNATURE_BYTES_MAX)?;
        let (row, words, digest) = self.open(action, payload)?;
        let senior_word = self.read(self.key(SENIOR, B256::ZERO, B256::ZERO));
        let audit = part(senior_word, 0, 8) as u64;
        let senior = Address::from_word(with(senior_word, 0, 12, 0));
        let available = self.active();
        let [quorum] = self.parameters(0, [9])?;
        if audit != 0 || available >= quorum.div_ceil(2) || !matches!(action, 1 | 10) {
            return refuse(
                wire::SeniorRefused::SELECTOR,
                &[output::number(audit), output::number(available)],
            );
        }
        sign::require(self.vm(), senior, digest, signature)?;
        let key = self.key(ACTION, digest, B256::ZERO);
        if self.read(key) != B256::ZERO {
            return refuse(
                wire::WrongActionState::SELECTOR,
                &[digest, output::number(2)],
            );
        }
        self.write(key, with(B256::ZERO, 0, 1, 2));
        self.write(
            self.key(SENIOR, B256::ZERO, B256::ZERO),
            with(senior_word, 0, 8, 1),
        );
        self.emit(
            &[
                wire::UnilateralOverride::SIGNATURE_HASH,
                senior.into_word(),
                digest,
            ],
            &[output::number(1)],
        );
        self.act_log(
            wire::OverrideAction::SIGNATURE_HASH,
            [digest, output::number(action.into())],
            payload,
            &[senior.into_word()],
            &[output::number(1)],
        );
        self.carry_out(action, &row, &words)?;
        Ok(output::words(&[digest]))
    }

    #[inline(never)]
    fn queued(&self, digest: B256) -> Result<(B256, B256), Vec<u8>> {
        let key = self.key(ACTION, digest, B256::ZERO);
        let stored = self.read(key);
        if part(stored, 0, 1) != 1 {
            return refuse(
                wire::WrongActionState::SELECTOR,
                &[digest, output::number(part(stored, 0, 1) as u64)],
            );
        }
        Ok((key, stored))
    }

    pub(crate) fn execute(&mut self, input: &mut Input<'_>) -> Answer {
        let action = input.u8()?;
        let payload = input.bytes(32 * 16)?;
        let (row, words, digest) = self.open(action, payload)?;
        let (key, stored) = self.queued(digest)?;
        let (due, lapses) = (part(stored, 2, 5) as u64, part(stored, 7, 5) as u64);
        if self.now() < due || self.now() > lapses {
            return refuse(wire::NotDue::SELECTOR, &[output::number(due)]);
        }
        let mission = if row.of_mission { words[1] } else { B256::ZERO };
        let mut signers = Vec::with_capacity(SIGNERS_MAX);
        for place in 0..part(stored, 1, 1) as u64 {
            let signer = self.read(self.key(ACTION, digest, output::number(place + 1)));
            if signer != B256::ZERO {
                self.eligible(Address::from_word(signer), &row, mission)?;
                signers.push(signer);
            }
        }
        let (needed, _) = self.required(&row, &words)?;
        if (signers.len() as u64) < needed {
            return refuse(
                wire::SignersMissing::SELECTOR,
                &[output::number(signers.len() as u64), output::number(needed)],
            );
        }
        self.write(key, with(stored, 0, 1, 2));
        self.act_log(
            wire::OverrideAction::SIGNATURE_HASH,
            [digest, output::number(action.into())],
            payload,
            &signers,
            &[B256::ZERO],
        );
        self.decided(action, &row, &words, &signers)?;
        Ok(Vec::new())
    }

    #[inline(never)]
    fn end_action(&mut self, digest: B256, key: B256, stored: B256, state: u8) {
        self.write(key, with(stored, 0, 1, state.into()));
        self.emit(
            &[wire::ActionEnded::SIGNATURE_HASH, digest],
            &[output::number(state.into())],
        );
    }

    pub(crate) fn withdraw_signature(&mut self, input: &mut Input<'_>) -> Answer {
        let digest = input.word()?;
        let (key, stored) = self.queued(digest)?;
        let caller = self.caller().into_word();
        for place in 0..part(stored, 1, 1) as u64 {
            let at = self.key(ACTION, digest, output::number(place + 1));
            if self.read(at) == caller {
                self.write(at, B256::ZERO);
                let left = part(stored, 12, 1) + 1;
                self.write(key, with(stored, 12, 1, left));
                self.emit(
                    &[wire::SignatureWithdrawn::SIGNATURE_HASH, digest, caller],
                    &[output::amount(left)],
                );
                if left > part(stored, 1, 1) / 3 {
                    self.end_action(digest, key, stored, 3);
                }
                return Ok(Vec::new());
            }
        }
        refuse(wire::NotAdjudicator::SELECTOR, &[caller])
    }

    pub(crate) fn expire_action(&mut self, input: &mut Input<'_>) -> Answer {
        let digest = input.word()?;
        let (key, stored) = self.queued(digest)?;
        let lapses = part(stored, 7, 5) as u64;
        if self.now() <= lapses {
            return refuse(wire::NotDue::SELECTOR, &[output::number(lapses)]);
        }
        self.end_action(digest, key, stored, 4);
        Ok(Vec::new())
    }

    pub(crate) fn digest_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (_, _, digest) = self.open(input.u8()?, input.bytes(32 * 16)?)?;
        Ok(output::words(&[digest]))
    }

    pub(crate) fn decode_action(&mut self, input: &mut Input<'_>) -> Answer {
        let (row, words, _) = self.open(input.u8()?, input.bytes(32 * 16)?)?;
        let mut decoded = [B256::ZERO; 9];
        let mut next = 3;
        for (place, word) in words
            .iter()
            .skip(1)
            .take(usize::from(row.fields))
            .enumerate()
        {
            let at = match (row.zeros >> (8 * place)) & 31 {
                _ if place == 0 && row.of_mission => 0,
                30 => 1,
                31 => 2,
                _ => {
                    next += 1;
                    next - 1
                }
            };
            if let Some(slot) = decoded.get_mut(at) {
                *slot = *word;
            }
        }
        for (place, word) in words.iter().rev().take(TAIL).enumerate() {
            decoded[8 - place] = *word;
        }
        Ok(output::words(&decoded))
    }

    pub(crate) fn requirement_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (row, words, _) = self.open(input.u8()?, input.bytes(32 * 16)?)?;
        let (signers, delay) = self.required(&row, &words)?;
        Ok(output::words(&[
            output::number(signers),
            output::number(delay * 3_600),
            output::number(row.class.into()),
            output::number(row.signers.into()),
        ]))
    }

    pub(crate) fn action_state(&mut self, input: &mut Input<'_>) -> Answer {
        let stored = self.read(self.key(ACTION, input.word()?, B256::ZERO));
        Ok(output::words(&[(0, 1), (1, 1), (2, 5), (7, 5)].map(
            |(at, bytes)| output::amount(part(stored, at, bytes)),
        )))
    }

    pub(crate) fn declare_association(&mut self, input: &mut Input<'_>) -> Answer {
        let principal = input.address()?;
        let caller = self.caller();
        let until = self.now() + 30 * 86_400;
        let key = self.key(ASSOCIATION, caller.into_word(), principal.into_word());
        self.write(key, output::number(until));
        self.emit(
            &[
                wire::AssociationDeclared::SIGNATURE_HASH,
                caller.into_word(),
                principal.into_word(),
            ],
            &[output::number(until)],
        );
        Ok(Vec::new())
    }
}
