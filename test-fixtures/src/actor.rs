//! Named funded accounts.
//!
//! Stories read better with names than with indices. The accounts are the well-known ones of the development mnemonic,
//! which every local node funds; [`NAMES`] gives the order.

use alloy::{
    primitives::Address,
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use std::sync::OnceLock;

/// The mnemonic that local nodes fund.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Names of the accounts, in order of derivation.
pub const NAMES: [&str; 16] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "kim",
    "leo", "mallory", "niaj", "olivia", "peggy",
];

/// One funded account.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Name, as in [`NAMES`].
    pub name: &'static str,
    /// Key of the account.
    pub signer: PrivateKeySigner,
}

impl Actor {
    /// Every account, derived once per process.
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Actor>> = OnceLock::new();
        ALL.get_or_init(|| {
            NAMES
                .iter()
                .enumerate()
                .map(|(index, name)| Self {
                    name,
                    signer: derive(index as u32),
                })
                .collect()
        })
    }

    /// The account with this name.
    ///
    /// Panics when the name is not in [`NAMES`]: a misspelt name is a defect of the test.
    pub fn named(name: &str) -> &'static Self {
        Self::all()
            .iter()
            .find(|actor| actor.name == name)
            .unwrap_or_else(|| panic!("no actor {name}: names are {NAMES:?}"))
    }

    /// Address of the account.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }
}

fn derive(index: u32) -> PrivateKeySigner {
    MnemonicBuilder::<English>::default()
        .phrase(MNEMONIC)
        .index(index)
        .and_then(|builder| builder.build())
        .expect("the constant mnemonic derives")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::address;

    #[test]
    fn the_accounts_are_the_well_known_ones() {
        assert_eq!(
            Actor::named("alice").address(),
            address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
        );
        assert_eq!(
            Actor::named("judy").address(),
            address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720")
        );
    }
}
