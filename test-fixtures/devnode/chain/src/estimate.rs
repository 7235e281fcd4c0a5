//! The least gas limit with which a call succeeds, found by running it.

use agentcity_devnode_engine::{Executed, Refused, Trace};
use alloy::{
    eips::BlockId,
    primitives::{Bytes, U256},
    rpc::types::TransactionRequest,
};
use revm::context::{TxEnv, result::ExecutionResult};

use crate::{
    call::{CallOverrides, Stage},
    error::{CallError, EstimateError},
    node::Node,
};

/// Gas of the emptiest transaction.
const INTRINSIC_GAS: u64 = 21_000;

impl Node {
    /// The exact least gas limit of a call: it succeeds with the answer and fails with one gas less, as long as more
    /// gas never makes it fail.
    ///
    /// The first run with all the gas there is tells success and gas spent. Most calls need exactly that; when a
    /// sub-call keeps a 64th back, or a refund hides what was needed, a binary search finds the limit.
    pub fn estimate_gas(
        &self,
        request: &TransactionRequest,
        at: BlockId,
        overrides: &CallOverrides,
    ) -> Result<u64, EstimateError> {
        let chain = self.read();
        let stage = Stage::new(&chain, at, overrides)?;
        let cap = allowance(&stage, request)?;
        let env = stage.env(request, cap)?;
        let trial = Trial { stage: &stage, env };
        let most = trial
            .run(cap)?
            .map_err(|refused| EstimateError::Call(CallError::from_refused(refused)))?;
        let spent = match most.result {
            ExecutionResult::Success { gas, .. } => gas.total_gas_spent().max(gas.floor_gas()),
            ExecutionResult::Revert { output, .. } => {
                return Err(EstimateError::Reverted { output });
            }
            ExecutionResult::Halt { reason, .. } => {
                return Err(EstimateError::Halted {
                    cap,
                    reason: reason.to_string(),
                });
            }
        };
        trial.search(spent, cap)
    }
}

/// The most gas the call may have: the block's, the request's, and what the sender can pay for.
fn allowance(stage: &Stage<'_>, request: &TransactionRequest) -> Result<u64, EstimateError> {
    let block = stage.context().gas_limit;
    let cap = request.gas.map_or(block, |gas| gas.min(block));
    let price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
    let Some(from) = request.from else {
        return Ok(cap);
    };
    let value = request.value.unwrap_or_default();
    let balance = stage.balance(from);
    // Said here: with so little gas, the run would only complain about the gas.
    let least = U256::from(INTRINSIC_GAS) * U256::from(price);
    let needed = value.saturating_add(least);
    if balance < needed {
        let refused = Refused::InsufficientFunds {
            sender: from,
            balance,
            needed,
        };
        return Err(CallError::from_refused(refused).into());
    }
    if price == 0 {
        return Ok(cap);
    }
    let affordable = u64::try_from((balance - value) / U256::from(price)).unwrap_or(u64::MAX);
    Ok(cap.min(affordable))
}

struct Trial<'a> {
    stage: &'a Stage<'a>,
    env: TxEnv,
}

impl Trial<'_> {
    fn run(&self, gas_limit: u64) -> Result<Result<Executed, Refused>, EstimateError> {
        let env = TxEnv {
            gas_limit,
            ..self.env.clone()
        };
        Ok(self.stage.run(env, Trace::Off))
    }

    fn succeeds(&self, gas_limit: u64) -> Result<bool, EstimateError> {
        match self.run(gas_limit)? {
            Ok(executed) => Ok(executed.result.is_success()),
            Err(Refused::IntrinsicGas { .. } | Refused::FloorGas { .. }) => Ok(false),
            Err(refused) => Err(CallError::from_refused(refused).into()),
        }
    }

    /// `high` is known to succeed; `spent` is what it spent.
    fn search(&self, spent: u64, mut high: u64) -> Result<u64, EstimateError> {
        let mut low = spent.min(high).saturating_sub(1);
        if self.succeeds(spent.min(high))? {
            high = spent.min(high);
            // The usual case: one less is one too few.
            if !self.succeeds(low)? {
                return Ok(high);
            }
            // Its own behaviour depends on the gas it has; look all the way down.
            low = 0;
            high = spent.min(high) - 1;
        } else {
            low += 1;
            // One frame keeps a 64th back; try what that needs before halving the whole range.
            let guess = (spent + 2_300).saturating_mul(64) / 63;
            if guess < high {
                if self.succeeds(guess)? {
                    high = guess
                } else {
                    low = guess
                }
            }
        }
        // At most 64 rounds: the range halves.
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if self.succeeds(middle)? {
                high = middle
            } else {
                low = middle
            }
        }
        Ok(high)
    }
}

impl EstimateError {
    /// Revert data, when that is what happened.
    pub const fn output(&self) -> Option<&Bytes> {
        match self {
            Self::Reverted { output } => Some(output),
            Self::Halted { .. } | Self::Call(_) => None,
        }
    }
}
