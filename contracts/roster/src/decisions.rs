//! What adjudication asks before a decision and tells after it; the watchdog.

use alloc::vec::Vec;

use agentcity_abi::IRoster as wire;
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    roster::{
        Refused,
        city::City,
        history::Decision,
        watchdog::{self, Rules, Watched},
    },
};
use agentcity_shell::{
    Answer,
    member::Member,
    output::number,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolEvent;

use crate::{
    SIGNERS_MAX,
    error::{Decided, NOBODY},
    storage::Roster,
};

/// Parts of the answer before its list.
const HEADS: u64 = 5;
/// Bytes of a word.
const WORD: u64 = 32;

impl Roster {
    /// Errors: `NotAdjudicator`.
    pub(crate) fn examine(&mut self, input: &mut Reader<'_>) -> Answer {
        let (count, mut list) = input.list(SIGNERS_MAX);
        let (now, city) = (self.now(), self.city());
        let (mut flagged, mut interests) = (0u64, Vec::with_capacity(count.saturating_mul(2)));
        for place in 0..count as u64 {
            let signer = &list.address().into_word();
            let seat = self.seat(signer);
            if !seat.is_active() {
                return Err(Refused::NotAdjudicator).of(signer);
            }
            flagged |= u64::from(seat.is_flagged()).wrapping_shl(place as u32);
            let mut note = |principal: Address| {
                interests.push(number(place));
                interests.push(principal.into_word());
            };
            note(seat.principal);
            if seat.is_agent {
                let (present, previous) = self.principals(signer)?;
                for principal in [present, previous] {
                    if principal != Address::ZERO && principal != seat.principal {
                        note(principal);
                    }
                }
            }
            for one in self.associations(signer, seat.associations) {
                if one.counts(now) {
                    note(one.principal);
                }
            }
        }
        list.end()?;
        Words::new()
            .number(WORD)
            .number(city.active.into())
            .number(city.unflagged.into())
            .truth(city.is_overdue(now))
            .number(flagged)
            .number(HEADS.saturating_mul(WORD))
            .number(interests.len() as u64 / 2)
            .all(&interests)
            .answer()
    }

    /// What the watchdog measures by.
    #[inline(never)]
    fn rules(&self) -> Result<Rules, Vec<u8>> {
        let [approval_pct, least, run, weakenings, days, hours] = self.live([
            P::WatchdogMaxApprovalPct as u8,
            P::WatchdogMinActions as u8,
            P::WatchdogMaxRun as u8,
            P::WatchdogWeakeningLimit as u8,
            P::WatchdogWindowDays as u8,
            P::WatchdogMaxFreezeDuration as u8,
        ])?;
        Ok(Rules {
            approval_pct: approval_pct as u32,
            least: least as u32,
            run: run as u32,
            weakenings: weakenings as u32,
            days: days as u32,
            hours: hours as u32,
        })
    }

    /// Errors: `Unauthorized`, `NotAdjudicator`.
    /// Events: `WatchdogAlert`, `WatchdogFreeze`.
    pub(crate) fn record_decision(&mut self, input: &mut Reader<'_>) -> Answer {
        let (count, mut list) = input.list(SIGNERS_MAX);
        let decision = Decision::of(input.bool(), input.bool());
        let is_review = input.bool();
        self.only(&[Peer::Adjudication])?;
        let rules = self.rules()?;
        let (now, before) = (self.now(), self.city());
        let mut city = before;
        for _ in 0..count {
            let signer = &list.address().into_word();
            let (seat, record) = (self.seat(signer), self.record(signer));
            let watched =
                watchdog::watch(seat, record, city, decision, is_review, &rules, now).of(signer)?;
            city = watched.city;
            self.set_record(signer, &watched.record);
            if watched.seat != seat {
                self.set_seat(signer, &watched.seat);
            }
            self.say_watched(signer, &watched);
        }
        list.end()?;
        if city != before {
            self.set_city(&city);
        }
        Ok(Vec::new())
    }

    /// Events: `WatchdogAlert` of each kind that is new; `WatchdogFreeze`.
    #[inline(never)]
    fn say_watched(&self, signer: &B256, watched: &Watched) {
        for (is_new, kind) in [
            (watched.news.rubber, wire::AlertKind::Rubber),
            (watched.news.weaken, wire::AlertKind::Weaken),
        ] {
            if is_new {
                self.log(
                    topic!(wire::WatchdogAlert::SIGNATURE_HASH)
                        .word(signer)
                        .number(kind as u64)
                        .number(watched.record.actions.into())
                        .number(watched.counts.approvals.into())
                        .number(watched.counts.run.into()),
                    2,
                );
            }
        }
        if watched.freezes {
            self.say_frozen(signer, &watched.city);
        }
    }

    #[inline(never)]
    fn say_frozen(&self, cause: &B256, city: &City) {
        self.log(
            topic!(wire::WatchdogFreeze::SIGNATURE_HASH)
                .word(cause)
                .number(city.frozen_until),
            2,
        );
    }

    /// Errors: `Unauthorized`, `WrongStanding`, `ValueChanged`, `AlreadyDone`.
    /// Events: `WatchdogFreeze`.
    pub(crate) fn confirm_alert(&mut self, input: &mut Reader<'_>) -> Answer {
        let (person, actions) = (&input.address().into_word(), input.u32());
        self.only(&[Peer::Adjudication])?;
        let hours = self.parameter(P::WatchdogMaxFreezeDuration)?;
        let (seat, record) = (self.seat(person), self.record(person));
        let (seat, city) =
            watchdog::confirm(seat, &record, self.city(), actions, hours, self.now()).of(person)?;
        self.set_seat(person, &seat);
        self.set_city(&city);
        self.say_frozen(person, &city);
        Ok(Vec::new())
    }

    /// Events: `WatchdogReleased`.
    #[inline(never)]
    fn release(&mut self, city: &City, by_panel: bool) -> Answer {
        self.set_city(city);
        self.log(
            topic!(wire::WatchdogReleased::SIGNATURE_HASH).truth(by_panel),
            1,
        );
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, `ValueChanged`.
    /// Events: `WatchdogReleased`.
    pub(crate) fn release_watchdog(&mut self, input: &mut Reader<'_>) -> Answer {
        let until = input.seconds();
        self.only(&[Peer::Adjudication])?;
        let city = self.city().released(until).about(NOBODY)?;
        self.release(&city, true)
    }

    /// Errors: `NoCase`, `NotDue`, `NotAdjudicator`.
    /// Events: `WatchdogReleased`.
    pub(crate) fn expire_watchdog(&mut self) -> Answer {
        let city = self.city().thawed(self.now()).about(NOBODY)?;
        self.release(&city, false)
    }

    pub(crate) fn halted_until(&mut self) -> Answer {
        Words::new().number(self.city().frozen_until).answer()
    }
}
