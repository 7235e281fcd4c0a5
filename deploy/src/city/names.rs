//! Names in a genesis file and their numbers on the wire.

use agentcity_domain::{clerk::ClerkRole, parameter::ParameterId};

/// Offices of clerks, in the order of their numbers, as a genesis file spells them: in lower case.
pub(super) fn clerks() -> impl Iterator<Item = String> {
    ClerkRole::ALL.iter().map(|role| role.name().to_lowercase())
}

/// The number of an office.
pub(super) fn clerk(name: &str) -> Option<u8> {
    ClerkRole::ALL
        .iter()
        .find(|role| role.name().to_lowercase() == name)
        .map(|role| role.number())
}

/// The id of a parameter.
pub(super) fn parameter(name: &str) -> Option<u8> {
    u8::try_from(ParameterId::named(name)?.place()).ok()
}
