//! Who may not decide here: whoever has an interest in it, by principal (RESOLUTIONS D-13; INV-PANEL-04).

use alloy_primitives::Address;

/// An adjudicator's interest: its place among the signers, and a principal in whose matters it may not judge, its own or one it
/// declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Its place.
    pub signer: u8,
    /// The principal.
    pub principal: Address,
}

/// The signers among `interests` who have one in a matter between `parties`, a bit each, the first the lowest. Nobody's address
/// is nobody's interest.
pub fn barred(interests: &[Interest], parties: &[Address]) -> u64 {
    let mut barred = 0;
    for interest in interests {
        if !interest.principal.is_zero() && parties.contains(&interest.principal) {
            barred |= bit(interest.signer);
        }
    }
    barred
}

/// The bit of a signer; none for a place beyond the last.
pub const fn bit(signer: u8) -> u64 {
    match 1u64.checked_shl(signer as u32) {
        Some(bit) => bit,
        None => 0,
    }
}
