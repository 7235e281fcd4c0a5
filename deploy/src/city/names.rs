//! Names in a genesis file and their numbers on the wire.

use agentcity_domain::clerk::ClerkRole;

/// Offices of clerks, in the order of their numbers, as a genesis file spells them: in lower case.
pub fn clerks() -> impl Iterator<Item = String> {
    ClerkRole::ALL.iter().map(|role| role.name().to_lowercase())
}

/// The number of an office.
pub(super) fn clerk(name: &str) -> Option<u8> {
    ClerkRole::ALL
        .iter()
        .find(|role| role.name().to_lowercase() == name)
        .map(|role| role.number())
}
