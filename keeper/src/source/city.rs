//! Where the contracts of a city are, and what its constitution says.

use std::{collections::BTreeMap, fmt};

use agentcity_abi::IConstitution;
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
};
use alloy::{eips::BlockId, primitives::Address, providers::Provider};

/// A city on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct City {
    /// The chain.
    pub chain_id: u64,
    /// The constitution, by which the city is known.
    pub constitution: Address,
    members: [Address; Peer::COUNT],
}

/// Parameters of one epoch, as far as they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<u8, u32>);

impl City {
    /// Asks a constitution for its members, which never change once the city is sealed (RULINGS R16).
    ///
    /// Errors: why it could not be asked, or that the city is not sealed.
    pub async fn find<P: Provider>(
        provider: &P,
        chain_id: u64,
        constitution: Address,
    ) -> Result<Self, String> {
        let contract = IConstitution::new(constitution, provider);
        if !contract.isSealed().call().await.map_err(cause)? {
            return Err(format!("the city of {constitution} is not sealed yet"));
        }
        let members = contract.members().call().await.map_err(cause)?;
        Ok(Self {
            chain_id,
            constitution,
            members,
        })
    }

    /// The contract in a place of the city.
    pub const fn at(&self, peer: Peer) -> Address {
        self.members[peer as usize]
    }

    /// Parameters of an epoch, as of a block.
    ///
    /// Errors: why they could not be had.
    pub async fn values<P: Provider>(
        &self,
        provider: &P,
        at: BlockId,
        epoch: u64,
        ids: &[ParameterId],
    ) -> Result<Values, String> {
        let numbers: Vec<u8> = ids.iter().map(|id| *id as u8).collect();
        let contract = IConstitution::new(self.constitution, provider);
        let read = contract.read(epoch, numbers.clone().into()).block(at);
        let words = read.call().await.map_err(cause)?;
        if words.len() != numbers.len() {
            return Err(format!(
                "the constitution answered {} values of {} that were asked for",
                words.len(),
                numbers.len()
            ));
        }
        let numbered = numbers.into_iter().zip(words);
        let values = numbered.filter_map(|(id, word)| Some((id, parameter::number(word)?)));
        Ok(Values(values.collect()))
    }
}

impl Values {
    /// The value of a parameter; nought for one that was not asked for or is no number.
    pub fn of(&self, id: ParameterId) -> u32 {
        self.0.get(&(id as u8)).copied().unwrap_or_default()
    }
}

/// An error as the text of a cause.
pub(crate) fn cause(error: impl fmt::Display) -> String {
    error.to_string()
}
