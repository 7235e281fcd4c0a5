//! Where the contracts of a city are, and what its constitution says.

use std::{collections::BTreeMap, fmt};

use agentcity_abi::IConstitution;
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
};
use agentcity_executor::protocol::Venue;
use alloy::{
    contract,
    eips::BlockId,
    primitives::{Address, B256},
    providers::Provider,
};

use super::log::{self, Contract};

/// A city on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct City {
    /// The chain.
    pub chain_id: u64,
    /// The constitution, by which the city is known.
    pub constitution: Address,
    members: [Address; Peer::COUNT],
}

/// Why there is no city to work in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CityError {
    /// The chain could not be asked.
    #[error("{0}")]
    Silent(String),
    /// Nothing is there.
    #[error(
        "there is no contract at {constitution} on chain {chain_id}: name the constitution of a city of this chain, as its address book has it"
    )]
    Nothing {
        /// Where a constitution was looked for.
        constitution: Address,
        /// On which chain.
        chain_id: u64,
    },
    /// Something else is there.
    #[error(
        "the contract at {constitution} is no constitution: {cause}; name that of the city, as its address book has it"
    )]
    Another {
        /// Where a constitution was looked for.
        constitution: Address,
        /// What it answered.
        cause: String,
    },
    /// The city is not finished.
    #[error("the city of {constitution} is not sealed yet: seal it first")]
    Unsealed {
        /// Its constitution.
        constitution: Address,
    },
}

/// Parameters, as far as they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<u8, u32>);

impl City {
    /// A city of which the members are known, in the order of [`Peer::ALL`].
    pub const fn of(chain_id: u64, members: [Address; Peer::COUNT]) -> Self {
        Self {
            chain_id,
            constitution: members[Peer::Constitution as usize],
            members,
        }
    }

    /// Asks a constitution for its members, which never change once the city is sealed (RULINGS R16).
    ///
    /// Errors: [`CityError`].
    pub async fn find<P: Provider>(
        provider: &P,
        chain_id: u64,
        constitution: Address,
    ) -> Result<Self, CityError> {
        let code = provider.get_code_at(constitution).await;
        let code = code.map_err(|error| CityError::Silent(error.to_string()))?;
        if code.is_empty() {
            return Err(CityError::Nothing {
                constitution,
                chain_id,
            });
        }
        let contract = IConstitution::new(constitution, provider);
        let no_answer = |error| unanswered(constitution, &error);
        if !contract.isSealed().call().await.map_err(no_answer)? {
            return Err(CityError::Unsealed { constitution });
        }
        let members = contract.members().call().await.map_err(no_answer)?;
        let city = Self::of(chain_id, members);
        if city.constitution != constitution {
            let cause = format!("its city has the constitution {}", city.constitution);
            return Err(CityError::Another {
                constitution,
                cause,
            });
        }
        Ok(city)
    }

    /// The contract in a place of the city.
    pub const fn at(&self, peer: Peer) -> Address {
        self.members[peer as usize]
    }

    /// Its contracts by address, to read their logs.
    pub fn contracts(&self) -> log::City {
        log::City::new(Peer::ALL.map(|peer| (Contract::of(peer), self.at(peer))))
    }

    /// Where signatures of executors count.
    pub const fn venue(&self) -> Venue {
        Venue {
            chain_id: self.chain_id,
            statute: self.at(Peer::Statute),
            verification: self.at(Peer::Verification),
        }
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
        Values::answered(numbers, words)
    }

    /// Parameters in force, as of a block: what counts of those that are the whole city's.
    ///
    /// Errors: why they could not be had.
    pub async fn in_force<P: Provider>(
        &self,
        provider: &P,
        at: BlockId,
        ids: &[ParameterId],
    ) -> Result<Values, String> {
        let numbers: Vec<u8> = ids.iter().map(|id| *id as u8).collect();
        let contract = IConstitution::new(self.constitution, provider);
        let read = contract.readCurrent(numbers.clone().into()).block(at);
        let words = read.call().await.map_err(cause)?.values;
        Values::answered(numbers, words)
    }
}

impl Values {
    fn answered(numbers: Vec<u8>, words: Vec<B256>) -> Result<Self, String> {
        if words.len() != numbers.len() {
            return Err(format!(
                "the constitution answered {} values of {} that were asked for",
                words.len(),
                numbers.len()
            ));
        }
        let numbered = numbers.into_iter().zip(words);
        let values = numbered.map(|(number, word)| {
            // No constitution holds another: an endpoint that says so is not believed.
            let checked = ParameterId::at(number).and_then(|id| parameter::check(id, word));
            let value = checked.ok().and_then(|()| parameter::number(word));
            let value = value.ok_or_else(|| format!("{word} is no value of parameter {number}"))?;
            Ok((number, value))
        });
        values.collect::<Result<_, String>>().map(Self)
    }

    /// The value of a parameter; nought for one that was not asked for.
    pub fn of(&self, id: ParameterId) -> u32 {
        self.0.get(&(id as u8)).copied().unwrap_or_default()
    }
}

/// An error as the text of a cause.
pub(crate) fn cause(error: impl fmt::Display) -> String {
    error.to_string()
}

/// A contract that refuses, or answers with what a constitution does not, is none; whoever does not answer is silent.
fn unanswered(constitution: Address, error: &contract::Error) -> CityError {
    let is_answer = match error {
        contract::Error::TransportError(error) => error
            .as_error_resp()
            .is_some_and(|payload| payload.as_revert_data().is_some()),
        _ => true,
    };
    let cause = error.to_string();
    if is_answer {
        CityError::Another {
            constitution,
            cause,
        }
    } else {
        CityError::Silent(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_no_constitution_gives_is_not_believed() {
        let id = ParameterId::AnchorIntervalMs;
        let answered = |words: &[B256]| Values::answered(vec![id as u8], words.to_vec());
        let values = answered(&[parameter::word(1_000)]).expect("the least");
        assert_eq!(values.of(id), 1_000);
        for (words, says) in [
            (vec![parameter::word(999)], "no value of parameter 149"),
            (vec![parameter::word(0)], "no value of parameter 149"),
            (vec![B256::repeat_byte(0xff)], "no value of parameter 149"),
            (Vec::new(), "0 values of 1"),
            (vec![parameter::word(1_000); 2], "2 values of 1"),
        ] {
            let told = answered(&words).expect_err(says);
            assert!(told.contains(says), "{told}");
        }
    }
}
