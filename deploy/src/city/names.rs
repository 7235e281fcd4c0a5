//! Names in a genesis file and their numbers on the wire.

use agentcity_domain::parameter::ParameterId;

/// Offices of clerks, in the order of their numbers.
pub(super) const CLERKS: [&str; 4] = ["registrar", "speaker", "regulator", "codifier"];

/// The number of an office.
pub(super) fn clerk(name: &str) -> Option<u8> {
    let place = CLERKS.iter().position(|known| *known == name)?;
    u8::try_from(place).ok()
}

/// The id of a parameter.
pub(super) fn parameter(name: &str) -> Option<u8> {
    u8::try_from(ParameterId::named(name)?.place()).ok()
}
