//! Handing in, queueing, carrying out, withdrawing, ending.

use alloc::vec::Vec;

use agentcity_abi::{IAdjudication as wire, IRoster as roster};
use agentcity_domain::{
    act::Action,
    literal,
    panel::{
        demand::{self, Demand, Terms},
        interest,
        queue::{Entry, Refused},
    },
    peer::Peer,
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, Output, number},
    peer, refusal, refuse, unauthorized,
};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    cases::{Limits, delta},
    opened::Opened,
    signers::{Examined, first_of, impartial, missing},
    storage::Adjudication,
};

/// What is carried out: by whom, on which terms, and since when it was queued.
pub(crate) struct Ruling<'a> {
    pub(crate) opened: &'a Opened,
    pub(crate) signers: &'a [B256],
    pub(crate) terms: Terms,
    pub(crate) queued_at: u64,
    /// Whether it is the senior adjudicator's alone.
    pub(crate) unilateral: bool,
}

impl Adjudication {
    /// Carries an action out, or queues it.
    ///
    /// Errors: `UnknownAction`, `MalformedPayload`, `WrongActionState`, `DeadlinePassed`, `InvalidSignature`,
    /// `SignersNotAscending`, `NotAdjudicator`, `ConflictOfInterest`, `ValueChanged`, `DeltaTooLarge`, `SignersMissing`,
    /// `NoAudit`, `RotationRequired`; whatever the constitution, the roster or whom it concerns refuses.
    /// Events: `ActionQueued`, or `OverrideAction`; `RotationLifted`, `AuditClosed`.
    /// Source: RULINGS R23, R12, A7; RESOLUTIONS T5.
    pub(crate) fn submit(&mut self, input: &mut Input<'_>) -> Answer {
        let opened = &Opened::read(self.vm(), input)?;
        self.require_fresh(opened)?;
        let signers = &self.signers(opened.digest, input)?;
        let terms = self.terms(opened)?;
        let limits = &self.limits(opened.action, &terms)?;
        let demand = self.entitled(opened, signers, &terms, limits)?;
        self.unchanged(opened)?;
        self.rotate(opened, demand.class, signers, limits)?;
        if demand.delay_secs > 0 {
            self.enqueue(opened, signers, &demand, limits);
        } else {
            self.set_entry(opened.digest, &Entry::done(signers.len() as u8));
            self.carry_out(&Ruling {
                opened,
                signers,
                terms,
                queued_at: self.now(),
                unilateral: false,
            })?;
        }
        Ok(output::words(&[opened.digest]))
    }

    /// That nothing of an action happened yet, and that its deadline has not passed.
    ///
    /// Errors: `WrongActionState`, `DeadlinePassed`.
    #[inline(never)]
    pub(crate) fn require_fresh(&self, opened: &Opened) -> Result<(), Vec<u8>> {
        let entry = self.entry(opened.digest);
        entry
            .require_new()
            .map_err(|no| revert(opened.digest, no))?;
        let deadline = opened.deadline();
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[number(deadline)]);
        }
        Ok(())
    }

    /// That these may decide this: active, without an interest, enough of them.
    ///
    /// Errors: `NotAdjudicator`, `ConflictOfInterest`, `DeltaTooLarge`, `SignersMissing`.
    #[inline(never)]
    fn entitled(
        &self,
        opened: &Opened,
        signers: &[B256],
        terms: &Terms,
        limits: &Limits,
    ) -> Result<Demand, Vec<u8>> {
        let mut examined = self.examine(signers)?;
        self.require_apt(opened, signers, &mut examined)?;
        let barred = self.barred(opened, signers, &examined.interests)?;
        impartial(opened, signers, barred)?;
        let demand = self.demand(opened, &examined.panel, terms, limits)?;
        if signers.len() < usize::from(demand.signers) {
            return missing(signers.len(), demand.signers);
        }
        Ok(demand)
    }

    /// What an action asks of its signers besides: none flagged, none the audited, none who stopped this mission before.
    ///
    /// Errors: `NotAdjudicator`.
    #[inline(never)]
    fn require_apt(
        &self,
        opened: &Opened,
        signers: &[B256],
        examined: &mut Examined,
    ) -> Result<(), Vec<u8>> {
        let unfit = match opened.action {
            Action::TriggerStop => {
                let stopped = |signer: &B256| self.has_stopped(opened.mission(), *signer);
                examined.panel.repeated = signers.iter().any(stopped);
                None
            }
            Action::ReleaseWatchdog => first_of(signers, examined.flagged),
            Action::CloseAudit => {
                let audited = self.audits().audited().into_word();
                signers.contains(&audited).then_some(audited)
            }
            _ => None,
        };
        match unfit {
            Some(signer) => refuse(wire::NotAdjudicator::SELECTOR, &[signer]),
            None => Ok(()),
        }
    }

    #[inline(never)]
    fn enqueue(&mut self, opened: &Opened, signers: &[B256], demand: &Demand, limits: &Limits) {
        let (count, now) = (signers.len() as u8, self.now());
        let entry = Entry::queued(
            count,
            demand.signers,
            now,
            demand.delay_secs,
            limits.expiry(),
        );
        self.set_entry(opened.digest, &entry);
        for (signer, place) in signers.iter().zip(0u8..) {
            self.set_signer(opened.digest, place, signer);
        }
        let tail = [number(entry.due_at()), number(entry.lapses_at())];
        let topic = literal!(wire::ActionQueued::SIGNATURE_HASH);
        let topics = [topic, opened.digest, number(opened.action as u64)];
        self.log_action(&topics, opened, signers, &tail);
    }

    /// A log with an action's payload and signers.
    #[inline(never)]
    fn log_action(&self, topics: &[B256], opened: &Opened, signers: &[B256], tail: &[B256]) {
        let mut data = Output::of(tail.len().saturating_add(2))
            .bytes(&output::words(opened.payload()))
            .list(signers, 1);
        for word in tail {
            data = data.word(*word);
        }
        output::log(self.vm(), topics, &data.finish());
    }

    /// Carries an action out: notes what it changes here, says so, lets the roster count it, and tells whom it concerns what was
    /// signed (INV-PANEL-02). Called last.
    ///
    /// Errors: `NoAudit`; whatever the roster or whom it concerns refuses.
    /// Events: `OverrideAction`, `AuditClosed`.
    #[inline(never)]
    pub(crate) fn carry_out(&mut self, ruling: &Ruling<'_>) -> Result<(), Vec<u8>> {
        let (opened, signers) = (ruling.opened, ruling.signers);
        match opened.action {
            Action::TriggerStop => {
                for signer in signers {
                    self.note_stop(opened.mission(), *signer);
                }
            }
            Action::CloseAudit => self.close_audit(opened.number(0))?,
            _ => {}
        }
        let topics = [
            literal!(wire::OverrideAction::SIGNATURE_HASH),
            opened.digest,
            number(opened.action as u64),
            opened.mission(),
        ];
        let unilateral = output::truth(ruling.unilateral);
        self.log_action(&topics, opened, signers, &[unilateral]);

        let verdict = opened.word(3) != B256::ZERO;
        let approves = demand::approves(opened.action, &ruling.terms, verdict, delta(opened));
        let arguments = Output::of(4)
            .list(signers, 1)
            .word(output::truth(approves))
            .word(output::truth(ruling.terms.weakens))
            .word(output::truth(opened.action == Action::DecideReview))
            .finish();
        let data = peer::call_laid_out(roster::recordDecisionCall::SELECTOR, &arguments);
        peer::tell(self.vm(), self.member(Peer::Roster)?, &data, U256::ZERO)?;
        if let Some((to, data)) = opened.call(ruling.queued_at)? {
            peer::tell(self.vm(), self.member(to)?, &data, U256::ZERO)?;
        }
        Ok(())
    }

    /// Carries a queued action out. Whoever is no adjudicator any more, or has come to have an interest, does not count.
    ///
    /// Errors: `UnknownAction`, `MalformedPayload`, `WrongActionState`, `NotDue`, `SignersMissing`, `ValueChanged`; whatever
    /// the constitution, the roster or whom it concerns refuses.
    /// Events: `OverrideAction`.
    pub(crate) fn execute(&mut self, input: &mut Input<'_>) -> Answer {
        let opened = &Opened::read(self.vm(), input)?;
        let digest = opened.digest;
        let entry = self.entry(digest);
        let after = entry.execute(self.now()).map_err(|no| revert(digest, no))?;
        let mut signers = Vec::with_capacity(entry.left().into());
        for place in 0..entry.signers() {
            let signer = self.signer(digest, place);
            if signer != B256::ZERO {
                signers.push(signer);
            }
        }
        let examined = self.still_active(&mut signers)?;
        let barred = self.barred(opened, &signers, &examined.interests)?;
        let mut place = 0u8;
        signers.retain(|_| {
            let stays = barred & interest::bit(place) == 0;
            place = place.saturating_add(1);
            stays
        });
        if signers.len() < usize::from(entry.needed()) {
            return missing(signers.len(), entry.needed());
        }
        let terms = self.terms(opened)?;
        self.unchanged(opened)?;

        self.set_entry(digest, &after);

        self.carry_out(&Ruling {
            opened,
            signers: &signers,
            terms,
            queued_at: entry.queued_at(),
            unilateral: false,
        })?;
        Ok(Vec::new())
    }

    /// Withdraws the caller's signature.
    ///
    /// Errors: `WrongActionState`; `Unauthorized` for who is no signer, or withdrew.
    /// Events: `SignatureWithdrawn`; `ActionEnded` when too few are left.
    pub(crate) fn withdraw_signature(&mut self, input: &mut Input<'_>) -> Answer {
        let digest = input.word()?;
        let entry = self.entry(digest);
        let after = entry.withdraw().map_err(|no| revert(digest, no))?;
        let caller = self.caller();
        let word = caller.into_word();
        let Some(place) = (0..entry.signers()).find(|place| self.signer(digest, *place) == word)
        else {
            return Err(unauthorized(caller));
        };

        self.set_signer(digest, place, &B256::ZERO);
        self.set_entry(digest, &after);

        let topic = literal!(wire::SignatureWithdrawn::SIGNATURE_HASH);
        self.emit(&[topic, digest, word], &[number(after.left().into())]);
        if after.require_queued().is_err() {
            self.say_ended(digest, &after);
        }
        Ok(Vec::new())
    }

    /// Ends an action that lapsed.
    ///
    /// Errors: `WrongActionState`, `NotDue`.
    /// Events: `ActionEnded`.
    pub(crate) fn expire_action(&mut self, input: &mut Input<'_>) -> Answer {
        let digest = input.word()?;
        let after = self
            .entry(digest)
            .expire(self.now())
            .map_err(|no| revert(digest, no))?;
        self.set_entry(digest, &after);
        self.say_ended(digest, &after);
        Ok(Vec::new())
    }

    #[inline(never)]
    fn say_ended(&self, digest: B256, entry: &Entry) {
        let topic = literal!(wire::ActionEnded::SIGNATURE_HASH);
        self.emit(&[topic, digest], &[number(entry.state().into())]);
    }
}

/// The revert data of a step that is not taken.
#[inline(never)]
fn revert(digest: B256, refused: Refused) -> Vec<u8> {
    match refused {
        Refused::State(state) => refusal(
            wire::WrongActionState::SELECTOR,
            &[digest, number(state.into())],
        ),
        Refused::NotDue(from) => refusal(wire::NotDue::SELECTOR, &[number(from)]),
    }
}
