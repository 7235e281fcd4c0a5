//! Who must approve a codified statute before it is law: the speaker and enough regulators, of principals that are all distinct.
//!
//! INV-LAW-01: no principal approves twice, in whatever office; so nobody makes a law alone (L-12, L-13, NP-6).
//!
//! Source: RESOLUTIONS L-12, L-13; RULINGS K2; vectors `multisig_reg`.

// structural file: offsets and widths of the layout that the record names.

use crate::{clerk::ClerkRole, mission::word::packed, parameter::derived::regulators_needed};

packed! {
    /// How far a session is on its way from bids to law.
    Approvals {
        /// Whether the speaker approved.
        speaker, set_speaker: 0, 1, u8;
        /// Regulators that approved.
        regulators, set_regulators: 1, 1, u8;
        /// Whether the panel waived the least fairness.
        waived, set_waived: 2, 1, u8;
        /// Whether the panel audited the codification.
        audited, set_audited: 3, 1, u8;
        /// How often codification failed.
        retries, set_retries: 4, 1, u8;
        /// How often the panel's countersignature began the award anew.
        rewinds, set_rewinds: 5, 2, u16;
    }
}

/// Why an approval does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The signer holds an office that does not approve, or another than it speaks for.
    Office,
    /// The office approved already.
    Done,
}

impl Approvals {
    /// Counts an approval of a clerk in `role` whose principal did not approve before, of `present` regulators of the session;
    /// whether it is law now. `quorum` is `multisigRegQuorum`.
    ///
    /// Errors: `Office`, `Done`; then nothing has changed.
    pub fn count(&mut self, role: u8, present: u8, quorum: u32) -> Result<bool, Refused> {
        if role == ClerkRole::Speaker.number() {
            if self.speaker() != 0 {
                return Err(Refused::Done);
            }
            self.set_speaker(1);
        } else if role == ClerkRole::Regulator.number() {
            self.set_regulators(self.regulators().saturating_add(1));
        } else {
            return Err(Refused::Office);
        }
        let needed = needed(present, quorum);
        Ok(self.speaker() != 0 && self.regulators() >= needed)
    }
}

/// Regulators who must agree, of those present; never none.
pub fn needed(present: u8, quorum: u32) -> u8 {
    let present = present.max(1);
    regulators_needed(present.into(), quorum) as u8
}
