//! Questions whose answers suspend missions: every endpoint is asked the whole question, and only what enough of them say alike is
//! believed, as soon as they do. One that lies, lags, hangs or loses logs is outvoted; without enough there is no answer, and nothing
//! follows.

use std::{future::Future, time::Duration};

use agentcity_domain::time::Timestamp;
use alloy::{eips::BlockNumberOrTag, providers::Provider};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};

use super::pool::{BadQuorum, quorum};
use crate::event::Head;

/// How long an endpoint may take to say how far it is: who hangs is not waited for, and what is asked next has its own time.
const HEAD_WITHIN: Duration = Duration::from_secs(3);

/// Endpoints of which `needed` must say the same.
#[derive(Clone, Debug)]
pub struct Agreed<P> {
    providers: Vec<P>,
    needed: usize,
}

/// There is no answer that can be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAgreed {
    /// Too few answered.
    #[error("{question}: {answered} endpoints answer, {needed} must: {causes}")]
    Silent {
        /// What was asked.
        question: &'static str,
        /// How many answered.
        answered: usize,
        /// How many must.
        needed: usize,
        /// What the others said.
        causes: String,
    },
    /// Enough answered, and contradict each other.
    #[error("{question}: endpoints contradict each other, fewer than {needed} say the same")]
    Split {
        /// What was asked.
        question: &'static str,
        /// How many must say the same.
        needed: usize,
    },
}

impl<P: Provider> Agreed<P> {
    /// Errors: [`BadQuorum`].
    pub fn new(providers: Vec<P>, needed: usize) -> Result<Self, BadQuorum> {
        quorum(providers.len(), needed)?;
        Ok(Self { providers, needed })
    }

    /// What enough endpoints answer alike.
    ///
    /// Errors: [`NotAgreed`].
    pub async fn vote<'a, T: PartialEq, F>(
        &'a self,
        question: &'static str,
        ask: impl Fn(&'a P) -> F,
    ) -> Result<T, NotAgreed>
    where
        F: Future<Output = Result<T, String>>,
    {
        let mut tally: Vec<(T, usize)> = Vec::new();
        let mut causes = Vec::new();
        let needed = self.needed;
        let mut asked: FuturesUnordered<F> = self.providers.iter().map(ask).collect();
        while let Some(answer) = asked.next().await {
            let answer = match answer {
                Ok(answer) => answer,
                Err(cause) => {
                    causes.push(cause);
                    continue;
                }
            };
            let votes = match tally.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, votes)) => {
                    *votes = votes.saturating_add(1);
                    *votes
                }
                None => {
                    tally.push((answer, 1));
                    1
                }
            };
            // More than half must agree, so no other answer can have as many.
            if votes >= needed
                && let Some(place) = tally.iter().position(|(_, votes)| *votes >= needed)
            {
                return Ok(tally.swap_remove(place).0);
            }
        }
        let answered = tally.iter().map(|(_, votes)| votes).sum();
        if answered >= needed {
            return Err(NotAgreed::Split { question, needed });
        }
        Err(NotAgreed::Silent {
            question,
            answered,
            needed,
            causes: causes.join("; "),
        })
    }

    /// The block below the newest one that enough endpoints reach, by `depth`. One that runs ahead is not followed.
    ///
    /// Errors: [`NotAgreed`].
    pub async fn settled(&self, depth: u64) -> Result<Head, NotAgreed> {
        let question = "the newest block";
        let asked = self.providers.iter().map(|provider| async move {
            match tokio::time::timeout(HEAD_WITHIN, provider.get_block_number()).await {
                Ok(number) => number.map_err(|error| error.to_string()),
                Err(_) => Err(format!("no answer within {HEAD_WITHIN:?}")),
            }
        });
        let (mut heads, mut causes) = (Vec::new(), Vec::new());
        for answer in join_all(asked).await {
            match answer {
                Ok(number) => heads.push(number),
                Err(cause) => causes.push(cause),
            }
        }
        heads.sort_unstable_by(|a, b| b.cmp(a));
        let Some(reached) = heads.get(self.needed.saturating_sub(1)) else {
            return Err(NotAgreed::Silent {
                question,
                answered: heads.len(),
                needed: self.needed,
                causes: causes.join("; "),
            });
        };
        self.block(reached.saturating_sub(depth)).await
    }

    /// The block of a number.
    ///
    /// Errors: [`NotAgreed`].
    pub async fn block(&self, number: u64) -> Result<Head, NotAgreed> {
        self.vote("a block", |provider| head(provider, number))
            .await
    }
}

/// The block of this number, as one endpoint has it.
///
/// Errors: why there is none, for the operator.
pub async fn head<P: Provider>(provider: &P, number: u64) -> Result<Head, String> {
    let at = BlockNumberOrTag::Number(number);
    let block = provider.get_block_by_number(at).await;
    let block = block.map_err(|error| error.to_string())?;
    let header = block
        .ok_or_else(|| format!("it does not know block {number}"))?
        .header;
    Ok(Head {
        number: header.number,
        hash: header.hash,
        time: Timestamp::new(header.timestamp),
    })
}
