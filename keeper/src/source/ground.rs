//! What a keeper stands on: one chain, and one city on it, as enough of its endpoints say alike.

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256},
    providers::Provider,
};
use futures_util::future::join_all;

use super::{
    city::{City, CityError, cause},
    pool::{self, BadQuorum},
};
use crate::part::ANSWER_WITHIN;

/// A chain, and the city on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The chain's number.
    pub chain_id: u64,
    /// The hash of its first block: a devnode that was begun anew is another chain.
    pub genesis: B256,
    /// The city, if one is named.
    pub city: Option<City>,
}

/// Why there is nothing to stand on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroundError {
    /// It cannot be a quorum.
    #[error(transparent)]
    Quorum(#[from] BadQuorum),
    /// Too few answered.
    #[error(
        "{answered} of {needed} endpoints that must agree on chain and city answered: {causes}"
    )]
    Silent {
        /// How many answered.
        answered: usize,
        /// How many must.
        needed: usize,
        /// What the others said.
        causes: String,
    },
    /// Enough answered, and not the same: one of them is of another chain, or lies.
    #[error("endpoints contradict each other about chain and city: {answers}")]
    Split {
        /// What each said.
        answers: String,
    },
    /// They agree that there is no such city.
    #[error("city.constitution: {0}")]
    City(CityError),
}

impl Ground {
    /// Asks every endpoint, and believes what `needed` of them say alike.
    ///
    /// Errors: [`GroundError`].
    pub async fn find<P: Provider>(
        providers: &[P],
        needed: usize,
        constitution: Option<Address>,
    ) -> Result<Self, GroundError> {
        pool::quorum(providers.len(), needed)?;
        let asked = providers.iter().map(|provider| async move {
            match tokio::time::timeout(ANSWER_WITHIN, ask(provider, constitution)).await {
                Ok(answer) => answer,
                Err(_) => Err(CityError::Silent(format!(
                    "no answer within {ANSWER_WITHIN:?}"
                ))),
            }
        });
        agreed(join_all(asked).await, needed)
    }
}

async fn ask<P: Provider>(
    provider: &P,
    constitution: Option<Address>,
) -> Result<Ground, CityError> {
    let silent = |error| CityError::Silent(cause(error));
    let chain_id = provider.get_chain_id().await.map_err(silent)?;
    let first = provider.get_block(BlockNumberOrTag::Earliest.into()).await;
    let first = first
        .map_err(silent)?
        .ok_or_else(|| CityError::Silent("it does not know its first block".to_owned()))?;
    let city = match constitution {
        Some(constitution) => Some(City::find(provider, chain_id, constitution).await?),
        None => None,
    };
    Ok(Ground {
        chain_id,
        genesis: first.header.hash,
        city,
    })
}

/// What enough say alike; that there is no city is an answer too.
fn agreed(answers: Vec<Result<Ground, CityError>>, needed: usize) -> Result<Ground, GroundError> {
    let (mut tally, mut silent) = (Vec::<(_, usize)>::new(), Vec::new());
    for (place, answer) in answers.into_iter().enumerate() {
        if let Err(CityError::Silent(cause)) = &answer {
            tracing::warn!(
                endpoint = place + 1,
                "no answer about chain and city: {cause}"
            );
            silent.push(format!("endpoint {}: {cause}", place + 1));
            continue;
        }
        match tally.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, votes)) => *votes += 1,
            None => tally.push((answer, 1)),
        }
    }
    let answered: usize = tally.iter().map(|(_, votes)| votes).sum();
    let told: Vec<String> = tally
        .iter()
        .map(|(answer, votes)| tell(answer, *votes))
        .collect();
    match tally.into_iter().find(|(_, votes)| *votes >= needed) {
        Some((answer, votes)) => {
            if votes < answered {
                tracing::warn!("endpoints contradict each other: {}", told.join("; "));
            }
            answer.map_err(GroundError::City)
        }
        None if answered >= needed => Err(GroundError::Split {
            answers: told.join("; "),
        }),
        None => Err(GroundError::Silent {
            answered,
            needed,
            causes: silent.join("; "),
        }),
    }
}

fn tell(answer: &Result<Ground, CityError>, votes: usize) -> String {
    match answer {
        Ok(ground) => format!("{votes} say {ground:?}"),
        Err(error) => format!("{votes} say that {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(chain_id: u64) -> Result<Ground, CityError> {
        Ok(Ground {
            chain_id,
            genesis: B256::with_last_byte(1),
            city: None,
        })
    }

    fn silent() -> Result<Ground, CityError> {
        Err(CityError::Silent("gone".to_owned()))
    }

    fn nothing() -> Result<Ground, CityError> {
        Err(CityError::Nothing {
            constitution: Address::repeat_byte(1),
            chain_id: 1,
        })
    }

    #[test]
    fn a_ground_is_what_enough_endpoints_say_alike() {
        for answers in [
            vec![chain(1), chain(1), chain(2)],
            vec![chain(1), silent(), chain(1)],
            vec![nothing(), chain(1), chain(1)],
        ] {
            assert_eq!(agreed(answers, 2).expect("agreed").chain_id, 1);
        }
        for (answers, says) in [
            (vec![chain(1), chain(2), silent()], "contradict each other"),
            (vec![chain(1), nothing(), silent()], "contradict each other"),
            (vec![chain(1), silent(), silent()], "1 of 2 endpoints"),
            (
                vec![nothing(), nothing(), chain(1)],
                "there is no contract at",
            ),
        ] {
            let told = agreed(answers, 2).expect_err(says).to_string();
            assert!(told.contains(says), "{told}");
        }
    }
}
