//! The senior adjudicator's acts, and their audits.

use alloc::vec::Vec;

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::{
    act::Action,
    literal,
    panel::{audit::Refused, demand::Terms, queue::Entry},
    parameter::ParameterId,
};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, number},
    refusal, sign,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    opened::Opened,
    panel::Ruling,
    signers::{SIGNERS_MAX, missing, push_ascending},
    storage::Adjudication,
};

impl Adjudication {
    /// Carries out a brake of the senior adjudicator alone (INV-PANEL-05).
    ///
    /// Errors: `UnknownAction`, `MalformedPayload`, `WrongActionState`, `DeadlinePassed`, `SignersNotAscending`,
    /// `InvalidSignature`, `NotAdjudicator`, `SeniorRefused`; `SignersMissing` for a second stop of a mission (RULINGS A7); whatever
    /// the roster or the guardian refuses.
    /// Events: `UnilateralOverride`, `OverrideAction`.
    /// Source: RULINGS K9; RESOLUTIONS D-08.
    pub(crate) fn submit_unilateral(&mut self, input: &mut Input<'_>) -> Answer {
        let opened = &Opened::read(self.vm(), input)?;
        let signature = input.bytes(sign::SIGNATURE_BYTES_MAX)?;
        let (count, mut list) = input.list(SIGNERS_MAX)?;
        self.require_fresh(opened)?;
        let mut asked = Vec::with_capacity(count.saturating_add(1));
        for _ in 0..count {
            push_ascending(&mut asked, list.address()?.into_word())?;
        }
        let senior = self.senior_of_city()?;
        let signer = Address::from_word(senior);
        sign::require(self.vm(), signer, opened.digest, signature)?;
        if !asked.contains(&senior) {
            asked.push(senior);
        }
        let examined = self.examine(&asked)?;
        let barred = self.barred(opened, &asked, &examined.interests)?;
        let audits = self
            .audits()
            .open(
                opened.action,
                signer,
                examined.panel.active,
                barred.count_ones() as u8,
            )
            .map_err(revert)?;
        if opened.action == Action::TriggerStop && self.has_stopped(opened.mission(), senior) {
            return missing(1, 2);
        }

        self.set_audits(&audits);
        self.set_entry(opened.digest, &Entry::done(1));

        let topic = literal!(wire::UnilateralOverride::SIGNATURE_HASH);
        let topics = [topic, senior, opened.digest];
        self.emit(&topics, &[number(audits.open_one())]);
        self.carry_out(&Ruling {
            opened,
            signers: &[senior],
            terms: Terms::NONE,
            queued_at: self.now(),
            unilateral: true,
        })?;
        Ok(output::words(&[opened.digest]))
    }

    /// The senior adjudicator in force, as a word; zero if there is none.
    #[inline(never)]
    fn senior_of_city(&self) -> Result<B256, Vec<u8>> {
        let mut words = [B256::ZERO];
        self.read_live(&[ParameterId::SeniorAdjudicatorAddr as u8], &mut words)?;
        let [senior] = words;
        Ok(senior)
    }

    /// Closes an audit.
    ///
    /// Errors: `NoAudit`.
    /// Events: `AuditClosed`.
    #[inline(never)]
    pub(crate) fn close_audit(&mut self, audit: u64) -> Result<(), Vec<u8>> {
        let audits = self.audits().close(audit).map_err(revert)?;
        self.set_audits(&audits);
        let topic = literal!(wire::AuditClosed::SIGNATURE_HASH);
        self.emit(&[topic, number(audit)], &[]);
        Ok(())
    }

    /// The senior adjudicator, and the open audit.
    pub(crate) fn senior(&self) -> Answer {
        let audit = self.audits().open_one();
        Ok(output::words(&[self.senior_of_city()?, number(audit)]))
    }
}

/// The revert data of what the senior may not.
#[inline(never)]
fn revert(refused: Refused) -> Vec<u8> {
    match refused {
        Refused::Senior { audit, available } => refusal(
            wire::SeniorRefused::SELECTOR,
            &[number(audit), number(available.into())],
        ),
        Refused::NoAudit(audit) => refusal(wire::NoAudit::SELECTOR, &[number(audit)]),
    }
}
