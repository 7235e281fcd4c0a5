//! Several endpoints as one for the transaction manager: what moves money is believed only when enough of them say it.
//!
//! | question | what is believed |
//! |---|---|
//! | receipt, count up to a block, refusal of a call | what enough say alike, block hash included |
//! | newest block, newest count, price, gas, balance | the highest that enough reach: one that exaggerates is not followed |
//! | whether a transaction is known, who used a nonce | whoever shows it: the first only delays, the second is proved by a signature |
//! | sending | everybody is told; one that takes it is enough |
//!
//! Otherwise there is no answer, and nothing leaves.

use alloy::primitives::{Address, B256, Bytes, U256};
use futures_util::future::join_all;

use super::endpoint::{Call, Endpoint, EndpointError, Mined};
use crate::source::pool::{BadQuorum, quorum};

/// Endpoints of which `needed` must agree.
#[derive(Clone, Debug)]
pub struct Quorum<E> {
    endpoints: Vec<E>,
    needed: usize,
}

impl<E: Endpoint> Quorum<E> {
    /// Errors: [`BadQuorum`].
    pub fn new(endpoints: Vec<E>, needed: usize) -> Result<Self, BadQuorum> {
        quorum(endpoints.len(), needed)?;
        Ok(Self { endpoints, needed })
    }

    /// One that is believed alone.
    pub fn of_one(endpoint: E) -> Self {
        Self {
            endpoints: vec![endpoint],
            needed: 1,
        }
    }

    /// What enough say alike.
    fn agreed<T: PartialEq>(
        &self,
        question: &'static str,
        answers: Vec<Result<T, EndpointError>>,
    ) -> Result<T, EndpointError> {
        let mut tally: Vec<(Result<T, Bytes>, EndpointError, usize)> = Vec::new();
        let mut silent = Vec::new();
        for answer in answers {
            let split = EndpointError::Split {
                question,
                needed: self.needed,
            };
            let (said, error) = match answer {
                Ok(answer) => (Ok(answer), split),
                // What a contract refuses is an answer too.
                Err(EndpointError::Refused {
                    question,
                    cause,
                    revert: Some(revert),
                }) => {
                    let again = EndpointError::Refused {
                        question,
                        cause,
                        revert: Some(revert.clone()),
                    };
                    (Err(revert), again)
                }
                Err(error) => {
                    silent.push(error);
                    continue;
                }
            };
            match tally.iter_mut().find(|(known, _, _)| *known == said) {
                Some((_, _, votes)) => *votes = votes.saturating_add(1),
                None => tally.push((said, error, 1)),
            }
        }
        let answered: usize = tally.iter().map(|(_, _, votes)| votes).sum();
        let enough = tally
            .into_iter()
            .find(|(_, _, votes)| *votes >= self.needed);
        match enough {
            Some((Ok(answer), _, _)) => Ok(answer),
            Some((Err(_), refused, _)) => Err(refused),
            None if answered >= self.needed => Err(EndpointError::Split {
                question,
                needed: self.needed,
            }),
            None => Err(self.too_few(question, silent)),
        }
    }

    /// The highest value that enough reach.
    fn reached<T: Ord>(
        &self,
        question: &'static str,
        answers: Vec<Result<T, EndpointError>>,
    ) -> Result<T, EndpointError> {
        let mut values = Vec::new();
        let mut silent = Vec::new();
        for answer in answers {
            match answer {
                Ok(value) => values.push(value),
                Err(error) => silent.push(error),
            }
        }
        values.sort_unstable_by(|a, b| b.cmp(a));
        let place = self.needed.saturating_sub(1);
        match values.into_iter().nth(place) {
            Some(value) => Ok(value),
            None => Err(self.too_few(question, silent)),
        }
    }

    /// With one endpoint its own word says most.
    fn too_few(&self, question: &'static str, mut silent: Vec<EndpointError>) -> EndpointError {
        if self.endpoints.len() == 1
            && let Some(error) = silent.pop()
        {
            return error;
        }
        let causes: Vec<String> = silent.iter().map(ToString::to_string).collect();
        EndpointError::Silent {
            question,
            cause: format!(
                "fewer than {} of {} endpoints: {}",
                self.needed,
                self.endpoints.len(),
                causes.join("; ")
            ),
        }
    }
}

impl<E: Endpoint> Endpoint for Quorum<E> {
    async fn head(&self) -> Result<u64, EndpointError> {
        let answers = join_all(self.endpoints.iter().map(Endpoint::head)).await;
        self.reached("the newest block", answers)
    }

    async fn count(&self, account: Address, block: Option<u64>) -> Result<u64, EndpointError> {
        let question = "the count of transactions";
        let asked = self.endpoints.iter().map(|e| e.count(account, block));
        let answers = join_all(asked).await;
        match block {
            Some(_) => self.agreed(question, answers),
            None => self.reached(question, answers),
        }
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Mined>, EndpointError> {
        let answers = join_all(self.endpoints.iter().map(|e| e.receipt(hash))).await;
        self.agreed("a receipt", answers)
    }

    async fn knows(&self, hash: B256) -> Result<bool, EndpointError> {
        let answers = join_all(self.endpoints.iter().map(|e| e.knows(hash))).await;
        first(answers, |known| *known).map(|known| known.unwrap_or(false))
    }

    async fn signed_in(
        &self,
        block: u64,
        account: Address,
        nonce: u64,
    ) -> Result<Option<B256>, EndpointError> {
        let asked = self
            .endpoints
            .iter()
            .map(|e| e.signed_in(block, account, nonce));
        first(join_all(asked).await, Option::is_some).map(Option::flatten)
    }

    async fn gas_price(&self) -> Result<u128, EndpointError> {
        let answers = join_all(self.endpoints.iter().map(Endpoint::gas_price)).await;
        self.reached("the price of gas", answers)
    }

    async fn estimate(&self, from: Address, call: &Call) -> Result<u64, EndpointError> {
        let question = "gas of a call";
        let answers = join_all(self.endpoints.iter().map(|e| e.estimate(from, call))).await;
        let estimated = answers.iter().filter(|answer| answer.is_ok()).count();
        if estimated < self.needed {
            // That a contract refuses ends the action: enough must say so, in the same words.
            return self.agreed(question, answers);
        }
        self.reached(question, answers)
    }

    async fn balance(&self, account: Address) -> Result<U256, EndpointError> {
        let answers = join_all(self.endpoints.iter().map(|e| e.balance(account))).await;
        self.reached("a balance", answers)
    }

    async fn send(&self, raw: &Bytes) -> Result<(), EndpointError> {
        let answers = join_all(self.endpoints.iter().map(|e| e.send(raw))).await;
        first(answers, |()| true).map(drop)
    }
}

/// The first answer that will do, else that there was none; the last error when nobody answered.
fn first<T>(
    answers: Vec<Result<T, EndpointError>>,
    will_do: impl Fn(&T) -> bool,
) -> Result<Option<T>, EndpointError> {
    let (mut answered, mut failed) = (false, None);
    for answer in answers {
        match answer {
            Ok(answer) if will_do(&answer) => return Ok(Some(answer)),
            Ok(_) => answered = true,
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if !answered => Err(error),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &str = "a question";

    /// Says the same to everything.
    #[derive(Clone, Debug)]
    struct Says(Result<u64, EndpointError>);

    impl Endpoint for Says {
        async fn head(&self) -> Result<u64, EndpointError> {
            self.0.clone()
        }
        async fn count(&self, _: Address, _: Option<u64>) -> Result<u64, EndpointError> {
            self.0.clone()
        }
        async fn receipt(&self, _: B256) -> Result<Option<Mined>, EndpointError> {
            let block = self.0.clone()?;
            let hash = B256::with_last_byte(block as u8);
            Ok((block > 0).then_some(Mined {
                block: 7,
                block_hash: hash,
                succeeded: true,
            }))
        }
        async fn knows(&self, _: B256) -> Result<bool, EndpointError> {
            Ok(self.0.clone()? > 0)
        }
        async fn signed_in(
            &self,
            _: u64,
            _: Address,
            _: u64,
        ) -> Result<Option<B256>, EndpointError> {
            let block = self.0.clone()?;
            Ok((block > 0).then_some(B256::with_last_byte(block as u8)))
        }
        async fn gas_price(&self) -> Result<u128, EndpointError> {
            self.0.clone().map(u128::from)
        }
        async fn estimate(&self, _: Address, _: &Call) -> Result<u64, EndpointError> {
            self.0.clone()
        }
        async fn balance(&self, _: Address) -> Result<U256, EndpointError> {
            self.0.clone().map(U256::from)
        }
        async fn send(&self, _: &Bytes) -> Result<(), EndpointError> {
            self.0.clone().map(drop)
        }
    }

    fn silent() -> Result<u64, EndpointError> {
        Err(EndpointError::Silent {
            question: QUESTION,
            cause: "gone".into(),
        })
    }

    fn reverts(byte: u8) -> Result<u64, EndpointError> {
        Err(EndpointError::Refused {
            question: QUESTION,
            cause: "execution reverted".into(),
            revert: Some(Bytes::from(vec![byte])),
        })
    }

    fn two_of_three(answers: [Result<u64, EndpointError>; 3]) -> Quorum<Says> {
        Quorum::new(answers.map(Says).to_vec(), 2).expect("more than half")
    }

    const CALL: Call = Call {
        to: Address::ZERO,
        value: U256::ZERO,
        input: Bytes::new(),
    };

    #[tokio::test]
    async fn a_receipt_is_believed_when_enough_show_it_in_the_same_block() {
        for (answers, hash) in [
            ([Ok(1), Ok(1), Ok(2)], Some(1)),
            ([Ok(0), Ok(0), Ok(9)], None),
            ([Ok(1), Ok(1), silent()], Some(1)),
        ] {
            let mined = two_of_three(answers)
                .receipt(B256::ZERO)
                .await
                .expect("agreed");
            assert_eq!(mined.map(|m| m.block_hash), hash.map(B256::with_last_byte));
        }
        let split = two_of_three([Ok(1), Ok(2), Ok(0)])
            .receipt(B256::ZERO)
            .await;
        assert!(
            matches!(split, Err(EndpointError::Split { needed: 2, .. })),
            "{split:?}"
        );
        let few = two_of_three([Ok(1), silent(), silent()])
            .receipt(B256::ZERO)
            .await;
        assert!(matches!(few, Err(EndpointError::Silent { .. })), "{few:?}");
    }

    #[tokio::test]
    async fn one_that_exaggerates_is_not_followed_and_one_that_lags_holds_nobody_back() {
        for (answers, reached) in [
            ([Ok(10), Ok(10), Ok(900)], 10),
            ([Ok(10), Ok(11), Ok(2)], 10),
            ([Ok(10), Ok(11), silent()], 10),
        ] {
            let all = two_of_three(answers);
            assert_eq!(all.head().await, Ok(reached));
            assert_eq!(all.count(Address::ZERO, None).await, Ok(reached));
            assert_eq!(all.gas_price().await, Ok(u128::from(reached)));
        }
    }

    #[tokio::test]
    async fn an_action_is_refused_only_when_enough_hear_the_same_refusal() {
        let refused = two_of_three([reverts(1), reverts(1), Ok(5)])
            .estimate(Address::ZERO, &CALL)
            .await;
        assert!(
            matches!(
                refused,
                Err(EndpointError::Refused {
                    revert: Some(_),
                    ..
                })
            ),
            "{refused:?}"
        );
        let split = two_of_three([reverts(1), reverts(2), Ok(5)])
            .estimate(Address::ZERO, &CALL)
            .await;
        assert!(
            matches!(split, Err(EndpointError::Split { .. })),
            "{split:?}"
        );
        let outvoted = two_of_three([reverts(1), Ok(5), Ok(6)])
            .estimate(Address::ZERO, &CALL)
            .await;
        assert_eq!(outvoted, Ok(5));
    }

    #[tokio::test]
    async fn one_endpoint_that_takes_a_transaction_is_enough() {
        assert_eq!(
            two_of_three([silent(), Ok(1), silent()])
                .send(&Bytes::new())
                .await,
            Ok(())
        );
        assert!(
            two_of_three([silent(), silent(), silent()])
                .send(&Bytes::new())
                .await
                .is_err()
        );
        assert_eq!(
            two_of_three([Ok(0), Ok(0), Ok(1)]).knows(B256::ZERO).await,
            Ok(true)
        );
        assert_eq!(
            two_of_three([Ok(0), Ok(0), silent()])
                .knows(B256::ZERO)
                .await,
            Ok(false)
        );
    }

    #[test]
    fn a_quorum_is_more_than_half() {
        for (endpoints, needed, good) in [
            (0, 0, false),
            (1, 1, true),
            (1, 0, false),
            (2, 1, false),
            (2, 2, true),
            (3, 1, false),
            (3, 2, true),
            (3, 4, false),
            (4, 2, false),
            (8, 5, true),
            (9, 5, false),
        ] {
            assert_eq!(
                quorum(endpoints, needed).is_ok(),
                good,
                "{needed} of {endpoints}"
            );
        }
    }
}
