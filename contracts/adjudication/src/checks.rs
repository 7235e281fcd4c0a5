//! Checks on the panel: rotation, and the audit of the senior power.

use alloc::vec::Vec;

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::{
    act::{Action, quorum},
    literal,
    parameter::ParameterId,
};
use agentcity_shell::{
    Answer,
    member::{Kind, Member},
    output::{self, number},
    refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{opened::Opened, panel::Limits, storage::Adjudication};

/// Rotation of a mission and class: 0..16 the last set of signers, 16..21 when, 31 how often running.
const ROTATION: Kind = 2;
/// Audits: 0..8 the open one, 8..16 the last one. And of each, the senior who acted.
const AUDIT: Kind = 4;

impl Adjudication {
    /// Nobody alone decides a class in a mission more than so many times running, no set of several either; both limits lift
    /// after a wait without another decision (RESOLUTIONS D-11, RULINGS R12).
    ///
    /// Errors: `RotationRequired`.
    /// Events: `RotationLifted`.
    #[inline(never)]
    pub(crate) fn rotate(
        &mut self,
        class: u8,
        mission: B256,
        signers: &[B256],
        limits: &Limits,
    ) -> Result<(), Vec<u8>> {
        if class == 0 || mission == B256::ZERO {
            return Ok(());
        }
        let class = number(class.into());
        let set = self.vm().native_keccak256(&output::words(signers));
        let key = self.key(ROTATION, mission, class);
        let last = self.read(key);
        let run = if part(last, 0, 16) == part(set, 0, 16) {
            part(last, 31, 1).saturating_add(1)
        } else {
            1
        };
        let [alone, together, lift, ..] = *limits;
        let limit = if signers.len() == 1 { alone } else { together };
        let now = self.now();
        if run > u128::from(limit) {
            if now <= (part(last, 16, 5) as u64).saturating_add(lift) {
                let first = signers.first().copied().unwrap_or_default();
                return refuse(wire::RotationRequired::SELECTOR, &[first, mission, class]);
            }
            self.emit(
                &[
                    literal!(wire::RotationLifted::SIGNATURE_HASH),
                    mission,
                    class,
                ],
                &[],
            );
        }
        let mut word = with(B256::ZERO, 0, 16, part(set, 0, 16));
        word = with(word, 16, 5, now.into());
        self.write(key, with(word, 31, 1, run));
        Ok(())
    }

    /// The senior's address and the parameter that says how many adjudicators a city needs.
    #[inline(never)]
    fn senior_word(&self) -> Result<[B256; 2], Vec<u8>> {
        let mut words = [B256::ZERO; 2];
        let ids = [
            ParameterId::SeniorAdjudicatorAddr as u8,
            ParameterId::AdjudicatorQuorum as u8,
        ];
        self.read_live(&ids, &mut words)?;
        Ok(words)
    }

    /// Opens an audit of what the senior is about to do: only a brake, only when too few others are there, and only if
    /// no audit is open.
    ///
    /// Errors: `SeniorRefused`.
    #[inline(never)]
    pub(crate) fn open_audit(
        &mut self,
        opened: &Opened,
        available: u8,
    ) -> Result<(B256, u64), Vec<u8>> {
        let [senior, quorum_word] = self.senior_word()?;
        let key = self.key(AUDIT, B256::ZERO, B256::ZERO);
        let word = self.read(key);
        let open = part(word, 0, 8) as u64;
        let brakes = matches!(opened.action, Action::FreezeNode | Action::TriggerStop);
        let enough = available >= quorum::half(part(quorum_word, 31, 1) as u8);
        if open != 0 || enough || !brakes {
            return refuse(
                wire::SeniorRefused::SELECTOR,
                &[number(open), number(available.into())],
            );
        }
        let id = part(word, 8, 8).saturating_add(1);
        self.write(key, with(with(word, 0, 8, id), 8, 8, id));
        self.write(self.key(AUDIT, output::amount(id), B256::ZERO), senior);
        Ok((senior, id as u64))
    }

    /// Refuses the audited among those who would close the audit.
    ///
    /// Errors: `NotAdjudicator`.
    #[inline(never)]
    pub(crate) fn not_the_senior(&self, audit: B256, signers: &[B256]) -> Result<(), Vec<u8>> {
        let senior = self.read(self.key(AUDIT, audit, B256::ZERO));
        if signers.contains(&senior) {
            return refuse(wire::NotAdjudicator::SELECTOR, &[senior]);
        }
        Ok(())
    }

    /// Closes an audit.
    ///
    /// Errors: `NoAudit`.
    /// Events: `AuditClosed`.
    #[inline(never)]
    pub(crate) fn close_audit(&mut self, audit: B256) -> Result<(), Vec<u8>> {
        let key = self.key(AUDIT, B256::ZERO, B256::ZERO);
        let word = self.read(key);
        if part(word, 0, 8) == 0 || part(word, 0, 8) != part(audit, 24, 8) {
            return refuse(wire::NoAudit::SELECTOR, &[audit]);
        }
        self.write(key, with(word, 0, 8, 0));
        self.emit(&[literal!(wire::AuditClosed::SIGNATURE_HASH), audit], &[]);
        Ok(())
    }

    pub(crate) fn senior(&mut self) -> Answer {
        let [senior, _] = self.senior_word()?;
        let word = self.read(self.key(AUDIT, B256::ZERO, B256::ZERO));
        Ok(output::words(&[senior, output::amount(part(word, 0, 8))]))
    }
}
