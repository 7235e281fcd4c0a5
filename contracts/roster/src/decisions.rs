//! What adjudication asks before a decision and tells after it; the watchdog.

use alloc::vec::Vec;

use agentcity_abi::IRoster as wire;
use agentcity_domain::{literal, parameter::ParameterId, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, Output, amount, number},
    refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};

use crate::{
    HOUR, SIGNERS_MAX,
    seats::{ACTIVE, ASSOCIATIONS_MAX},
    storage::{COUNT, PERSON, Roster, WATCHDOG},
};

/// Rubber stamping, on the wire; the other kind follows it.
const RUBBER: u64 = 1;

/// What the watchdog measures by.
const MEASURES: [u8; 5] = [
    ParameterId::WatchdogMaxApprovalPct as u8,
    ParameterId::WatchdogMinActions as u8,
    ParameterId::WatchdogMaxRun as u8,
    ParameterId::WatchdogWeakeningLimit as u8,
    ParameterId::WatchdogMaxFreezeDuration as u8,
];

impl Roster {
    /// Since when and until when the watchdog freezes the city.
    #[inline(never)]
    fn freeze(&self) -> (B256, u64) {
        let key = self.key(WATCHDOG, B256::ZERO, B256::ZERO);
        (key, part(self.read(key), 5, 5) as u64)
    }

    pub(crate) fn examine(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut list) = input.list(SIGNERS_MAX)?;
        let now = self.now();
        let mut flagged = 0u64;
        let mut interests = Vec::with_capacity(count.saturating_mul(2));
        for place in 0..count as u64 {
            let signer = list.address()?.into_word();
            let (_, word) = self.person(signer);
            if part(word, 0, 1) != u128::from(ACTIVE) {
                return refuse(wire::NotAdjudicator::SELECTOR, &[signer]);
            }
            if part(word, 12, 1) != 0 {
                flagged |= 1u64.wrapping_shl(place as u32);
            }
            interests.push(number(place));
            interests.push(self.read(self.key(PERSON, signer, number(1))));
            for association in 0..ASSOCIATIONS_MAX {
                let word = self.read(self.association_key(signer, association));
                if part(word, 0, 5) as u64 > now {
                    interests.push(number(place));
                    interests.push(with(word, 0, 12, 0));
                }
            }
        }
        let counts = self.read(self.key(COUNT, B256::ZERO, B256::ZERO));
        let (_, until) = self.freeze();
        let panel = Output::of(5)
            .word(amount(part(counts, 31, 1)))
            .word(amount(part(counts, 30, 1)))
            .word(output::truth(until != 0 && now > until))
            .word(number(flagged))
            .list(&interests, 2)
            .finish();
        Ok(Output::of(1).structure(&panel).finish())
    }

    /// Freezes the city, or goes on freezing it.
    #[inline(never)]
    fn freeze_city(&mut self, cause: B256, hours: u64) {
        let now = self.now();
        let until = now.saturating_add(hours.saturating_mul(HOUR));
        let (key, _) = self.freeze();
        let word = with(B256::ZERO, 0, 5, now.into());
        self.write(key, with(word, 5, 5, until.into()));
        self.emit(
            &[literal!(wire::WatchdogFreeze::SIGNATURE_HASH), cause],
            &[number(until)],
        );
    }

    /// Counts a decision of one signer, and looks for patterns (D-21).
    #[inline(never)]
    fn watch(&mut self, signer: B256, did: [bool; 3], measures: &[u64; MEASURES.len()]) {
        let [approves, weakens, reviews] = did;
        let [rate, least, longest, weakest, hours] = *measures;
        let (key, word) = self.person(signer);
        let actions = part(word, 1, 4).saturating_add(1);
        let approvals = part(word, 5, 4).saturating_add(approves.into());
        let run = if approves {
            part(word, 9, 2).saturating_add(1)
        } else {
            0
        };
        let weakenings = part(word, 11, 1).saturating_add(weakens.into());
        let often = approvals.saturating_mul(100) > actions.saturating_mul(rate.into());
        let rubber = actions >= u128::from(least) && often || run > u128::from(longest);
        let weak = weakenings > u128::from(weakest);
        let history = part(word, 22, 8) << 1 | u128::from(approves);
        let unpaid = part(word, 13, 4).saturating_add(reviews.into());
        let mut next = with(with(word, 1, 4, actions), 5, 4, approvals);
        next = with(with(next, 9, 2, run), 11, 1, weakenings);
        next = with(with(next, 13, 4, unpaid), 22, 8, history);
        if rubber || weak {
            if part(word, 12, 1) == 0 {
                self.count(30, false);
            }
            next = with(next, 12, 1, 1);
            self.emit(
                &[literal!(wire::WatchdogAlert::SIGNATURE_HASH), signer],
                &[
                    number(RUBBER.saturating_add(u64::from(!rubber))),
                    amount(actions),
                    amount(approvals),
                    amount(run),
                ],
            );
        }
        self.write(key, next);
        if rubber && weak {
            self.freeze_city(signer, hours);
        }
    }

    pub(crate) fn record_decision(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut list) = input.list(SIGNERS_MAX)?;
        let did = [input.bool()?, input.bool()?, input.bool()?];
        self.only(&[Peer::Adjudication])?;
        let measures = self.live(MEASURES)?;
        for _ in 0..count {
            let signer = list.address()?.into_word();
            self.watch(signer, did, &measures);
        }
        Ok(Vec::new())
    }

    pub(crate) fn confirm_alert(&mut self, input: &mut Input<'_>) -> Answer {
        let (person, actions) = (input.address()?.into_word(), input.u32()?);
        self.only(&[Peer::Adjudication])?;
        let word = self.standing_of(person, ACTIVE)?;
        let found = part(word, 1, 4);
        if found != u128::from(actions) || part(word, 12, 1) == 0 {
            return refuse(
                wire::ValueChanged::SELECTOR,
                &[number(actions.into()), amount(found)],
            );
        }
        let [.., hours] = self.live(MEASURES)?;
        self.freeze_city(person, hours);
        Ok(Vec::new())
    }

    #[inline(never)]
    fn release(&mut self, key: B256, by_panel: bool) -> Answer {
        self.write(key, B256::ZERO);
        self.emit(
            &[literal!(wire::WatchdogReleased::SIGNATURE_HASH)],
            &[output::truth(by_panel)],
        );
        Ok(Vec::new())
    }

    pub(crate) fn release_watchdog(&mut self, input: &mut Input<'_>) -> Answer {
        let expected = input.u64()?;
        self.only(&[Peer::Adjudication])?;
        let (key, until) = self.freeze();
        if until == 0 || until != expected {
            return refuse(wire::ValueChanged::SELECTOR, &[expected, until].map(number));
        }
        self.release(key, true)
    }

    pub(crate) fn expire_watchdog(&mut self) -> Answer {
        let (key, until) = self.freeze();
        self.due_from(if until == 0 { u64::MAX } else { until })?;
        self.release(key, false)
    }

    pub(crate) fn halted_until(&mut self) -> Answer {
        let (_, until) = self.freeze();
        Ok(output::words(&[number(until)]))
    }
}
