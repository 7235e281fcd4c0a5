//! A human action as adjudicators sign it: the words of its payload, and the digest, by EIP-712 and not by the contracts' code.

use agentcity_domain::act::Action;
use alloy_primitives::{Address, B256, Bytes};

use crate::digest_at;

/// An action with its words, in the order of its struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Which.
    pub action: Action,
    /// One word for each field.
    pub words: Vec<B256>,
}

impl Act {
    /// An action whose fields have these values, by type and name.
    ///
    /// Panics: if nobody signs such an action.
    pub fn with_fields(
        action: Action,
        value: impl FnMut((&'static str, &'static str)) -> B256,
    ) -> Self {
        let fields = action.signed().expect("a signed action").entry().fields();
        Self {
            action,
            words: fields.map(value).collect(),
        }
    }

    /// The same with another value of a field.
    ///
    /// Panics: if it has no such field.
    #[must_use]
    pub fn with(mut self, name: &str, value: B256) -> Self {
        let place = self.place(name);
        self.words[place] = value;
        self
    }

    /// The same in another mission or of another matter.
    #[must_use]
    pub fn about(mut self, matter: B256) -> Self {
        self.words[0] = matter;
        self
    }

    /// Where a field stands.
    ///
    /// Panics: if it has no such field.
    pub fn place(&self, name: &str) -> usize {
        let mut fields = self.action.signed().expect("signed").entry().fields();
        let place = fields.position(|(_, field)| field == name);
        place.unwrap_or_else(|| panic!("{:?} has no {name}", self.action))
    }

    /// A field's value.
    ///
    /// Panics: if it has no such field.
    pub fn get(&self, name: &str) -> B256 {
        self.words[self.place(name)]
    }

    /// What is handed in.
    pub fn payload(&self) -> Bytes {
        self.words.concat().into()
    }

    /// What is signed, for *adjudication* at `contract` on a chain.
    pub fn digest(&self, chain_id: u64, contract: Address) -> B256 {
        let type_hash = self.action.signed().expect("signed").type_hash();
        digest_at(
            chain_id,
            contract,
            &[&[type_hash], &self.words[..]].concat(),
        )
    }
}
