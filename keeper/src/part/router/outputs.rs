//! Outputs that are no secret any more, from whoever has them: executors, and of sets the chain's own calls.
//!
//! An output is known by its hash on chain, so nobody needs to be believed: all executors are asked, many at once and each for a short
//! time, and the first right answer ends the asking. One that hangs, lies or floods takes a place for some seconds and delays nobody.

use std::time::Duration;

use agentcity_abi::IVerification::{self, ResultKind, ResultSubmitted};
use agentcity_executor::{client::Client, protocol::Check};
use alloy::{
    consensus::Transaction as _,
    primitives::{Address, B256, Bytes, keccak256},
    providers::Provider,
    rpc::types::Filter,
    sol_types::{SolCall, SolEvent},
};
use futures_util::{StreamExt, stream};

use super::{OUTPUTS_MAX, Routing, chain::Chain};

/// Executors that are asked for one output at a time: half of those that a keeper knows at most, and some tens of megabytes of answers.
const ASKED_AT_ONCE: usize = 32;
/// How long one of them may take: an output of a megabyte takes a second on a poor line, and all are asked within a look.
const OUTPUT_WITHIN: Duration = Duration::from_secs(3);
/// Bytes of a salt behind a value.
const SALT_BYTES: usize = 32;

impl<P: Provider> Routing<P> {
    /// An output that is open, from whichever executor has it.
    ///
    /// Errors: that nobody hands it out, for the operator.
    pub(super) async fn output(&self, check: Check, hash: B256) -> Result<Bytes, String> {
        if let Some(output) = self.outputs.lock().await.get(&hash) {
            return Ok(output.clone());
        }
        let clients: Vec<Client> = self.setup.executors.values().cloned().collect();
        let asked = stream::iter(clients).map(|client| async move {
            tokio::time::timeout(OUTPUT_WITHIN, client.output(check, hash)).await
        });
        let mut answers = asked.buffer_unordered(ASKED_AT_ONCE);
        while let Some(answer) = answers.next().await {
            if let Ok(Ok(output)) = answer {
                self.keep_output(hash, output.clone()).await;
                return Ok(output);
            }
        }
        Err(format!("no executor hands out {hash}"))
    }

    pub(super) async fn keep_output(&self, hash: B256, output: Bytes) {
        let mut outputs = self.outputs.lock().await;
        while outputs.len() >= OUTPUTS_MAX {
            outputs.pop_first();
        }
        outputs.insert(hash, output);
    }

    /// A value that an executor opened on chain, out of the call that opened it. Nothing where that call went through another contract,
    /// so that the value is not its own data.
    ///
    /// Errors: the chain does not answer.
    pub(super) async fn opened(
        &self,
        chain: &Chain<'_, P>,
        (mission, node, attempt): (B256, u16, u8),
        executor: Address,
        hash: B256,
    ) -> Result<Option<Bytes>, String> {
        let verification = chain.verification();
        let filter = Filter::new()
            .address(verification)
            .event_signature(ResultSubmitted::SIGNATURE_HASH)
            .topic1(mission)
            .topic2(B256::left_padding_from(&node.to_be_bytes()))
            .topic3(executor.into_word())
            .from_block(0);
        let logs = chain.provider.get_logs(&filter).await;
        for log in logs.map_err(|error| error.to_string())?.iter().rev() {
            let Ok(said) = ResultSubmitted::decode_log(&log.inner) else {
                continue;
            };
            let opens = said.attempt == attempt
                && said.kind as u8 == ResultKind::Reveal as u8
                && said.outputHash == hash;
            let (true, Some(transaction)) = (opens, log.transaction_hash) else {
                continue;
            };
            let sent = chain.provider.get_transaction_by_hash(transaction).await;
            let sent = sent.map_err(|error| error.to_string())?;
            let sent = sent.filter(|sent| sent.to() == Some(verification));
            if let Some(value) = sent.and_then(|sent| value_in(sent.input(), hash)) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// The value of this hash that a call to verification opens.
fn value_in(input: &[u8], hash: B256) -> Option<Bytes> {
    if let Ok(call) = IVerification::revealResultCall::abi_decode(input) {
        return Some(call.value).filter(|value| keccak256(value) == hash);
    }
    let batch = IVerification::submitBatchCall::abi_decode(input).ok()?;
    let mut values = batch.results.iter().filter_map(|result| {
        let (value, _) = result.proof.split_last_chunk::<SALT_BYTES>()?;
        Some(Bytes::copy_from_slice(value))
    });
    values.find(|value| keccak256(value) == hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_the_call_that_opened_it_and_in_no_other() {
        let (value, other) = (Bytes::from(vec![7; 64]), Bytes::from(vec![8; 32]));
        let hash = keccak256(&value);
        let alone = IVerification::revealResultCall {
            missionId: B256::ZERO,
            node: 1,
            executor: Address::ZERO,
            value: value.clone(),
            salt: B256::ZERO,
        };
        let result = |value: &Bytes| IVerification::NodeResult {
            missionId: B256::ZERO,
            node: 1,
            attempt: 0,
            kind: ResultKind::Reveal,
            executor: Address::ZERO,
            outputHash: keccak256(value),
            trailRoot: B256::ZERO,
            proof: [value.as_ref(), &[9; SALT_BYTES]].concat().into(),
            deadline: 1,
        };
        let together = IVerification::submitBatchCall {
            results: vec![result(&other), result(&value)],
            terms: Vec::new(),
            signatures: Vec::new(),
        };
        for input in [alone.abi_encode(), together.abi_encode()] {
            assert_eq!(value_in(&input, hash), Some(value.clone()));
            assert_eq!(value_in(&input, keccak256("else")), None);
            assert_eq!(value_in(&input[..input.len() / 2], hash), None);
        }
        let unrelated = IVerification::commitmentOfCall {
            missionId: B256::ZERO,
            node: 1,
            attempt: 0,
            seat: 0,
        };
        assert_eq!(value_in(&unrelated.abi_encode(), hash), None);
    }
}
