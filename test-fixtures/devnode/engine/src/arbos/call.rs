//! One call of a precompile: its gas, its rights, and how it fails.

use alloy_primitives::{Address, B256, Bytes, Log, U256};
use alloy_sol_types::{Revert, SolError, SolEvent, SolInterface};
use revm::{
    context::JournalTr,
    interpreter::{CallInputs, CallScheme, Gas, InstructionResult, InterpreterResult},
};

use crate::{context::Ctx, refused::StateError, vm::price};

/// Gas of each word of arguments and results.
const WORD_GAS: u64 = 3;
/// Gas of opening and reading the state of ArbOS.
const READ_GAS: u64 = 800;
/// Gas of writing the state of ArbOS.
const WRITE_GAS: u64 = 20_000;

/// How a call ends without a result.
#[derive(Debug)]
pub(crate) enum Fail {
    /// Reverts with data.
    Revert(Vec<u8>),
    OutOfGas,
    State(StateError),
}

impl From<StateError> for Fail {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// ABI-encoded results, or why there are none.
pub(crate) type Answer = Result<Vec<u8>, Fail>;

/// Reverts with one of the declared errors.
pub(crate) fn error<T>(error: impl SolError) -> Result<T, Fail> {
    Err(Fail::Revert(error.abi_encode()))
}

/// Reverts with a sentence, as `Error(string)`.
pub(crate) fn sentence<T>(reason: impl Into<String>) -> Result<T, Fail> {
    error(Revert::from(reason.into()))
}

/// A call of a precompile.
pub(crate) struct Call<'c, 'a> {
    pub(crate) ctx: &'c mut Ctx<'a>,
    pub(crate) caller: Address,
    pub(crate) value: U256,
    address: Address,
    data: Bytes,
    /// The call may change the state: not static, and in the precompile's own name.
    may_write: bool,
    gas: Gas,
}

impl<'c, 'a> Call<'c, 'a> {
    pub(crate) fn new(ctx: &'c mut Ctx<'a>, inputs: &CallInputs) -> Self {
        let data = inputs.input.bytes(ctx);
        let own = matches!(inputs.scheme, CallScheme::Call | CallScheme::StaticCall);
        Self {
            ctx,
            caller: inputs.caller,
            value: inputs.value.transfer().unwrap_or_default(),
            address: inputs.bytecode_address,
            data,
            may_write: own && !inputs.is_static,
            gas: Gas::new(inputs.gas_limit),
        }
    }

    /// Charges for arguments and results and turns the outcome into that of a frame.
    pub(crate) fn answer(
        mut self,
        body: impl FnOnce(&mut Self) -> Answer,
    ) -> Result<InterpreterResult, StateError> {
        let arguments = self.data.len().saturating_sub(4) as u64;
        let outcome = self
            .burn(READ_GAS + WORD_GAS * arguments.div_ceil(32))
            .and_then(|()| body(&mut self))
            .and_then(|output| {
                self.burn(WORD_GAS * (output.len() as u64).div_ceil(32))?;
                Ok(output)
            });
        let (result, output) = match outcome {
            Ok(output) => (InstructionResult::Return, output),
            Err(Fail::Revert(data)) => (InstructionResult::Revert, data),
            Err(Fail::OutOfGas) => {
                self.gas.spend_all();
                (InstructionResult::PrecompileOOG, Vec::new())
            }
            Err(Fail::State(error)) => return Err(error),
        };
        Ok(InterpreterResult::new(result, output.into(), self.gas))
    }

    /// Decodes the call. Errors: reverts without data if the method does not exist.
    pub(crate) fn decode<T: SolInterface>(&self) -> Result<T, Fail> {
        T::abi_decode(&self.data).map_err(|_| Fail::Revert(Vec::new()))
    }

    pub(crate) fn now(&self) -> u64 {
        self.ctx.chain.block.timestamp
    }

    pub(crate) fn burn(&mut self, gas: u64) -> Result<(), Fail> {
        if self.gas.record_regular_cost(gas) {
            Ok(())
        } else {
            Err(Fail::OutOfGas)
        }
    }

    /// Refuses value, for methods that are not payable.
    pub(crate) fn unpaid(&self) -> Result<(), Fail> {
        if self.value.is_zero() {
            Ok(())
        } else {
            Err(Fail::Revert(Vec::new()))
        }
    }

    /// Checks that the call may write, and pays for it.
    pub(crate) fn begin_write(&mut self) -> Result<(), Fail> {
        if !self.may_write {
            return sentence(
                "this method changes the state: call it directly, not by static or delegate call",
            );
        }
        self.burn(WRITE_GAS)
    }

    pub(crate) fn codehash(&mut self, of: Address) -> Result<B256, Fail> {
        self.burn(price::COLD_ACCOUNT)?;
        let load = self.ctx.journaled_state.load_account(of)?;
        let info = &load.data.info;
        Ok(if info.is_empty() {
            B256::ZERO
        } else {
            info.code_hash
        })
    }

    pub(crate) fn code(&mut self, of: Address) -> Result<Bytes, Fail> {
        self.burn(price::COLD_ACCOUNT)?;
        let load = self.ctx.journaled_state.load_account_with_code(of)?;
        let code = load.data.info.code.as_ref();
        Ok(code.map(|code| code.original_bytes()).unwrap_or_default())
    }

    /// Moves value that came with the call on to another account.
    pub(crate) fn pay(&mut self, to: Address, amount: U256) -> Result<(), Fail> {
        match self
            .ctx
            .journaled_state
            .transfer(self.address, to, amount)?
        {
            None => Ok(()),
            Some(_) => sentence("the value of the call cannot be passed on"),
        }
    }

    pub(crate) fn emit(&mut self, event: &impl SolEvent) -> Result<(), Fail> {
        let data = event.encode_log_data();
        self.burn(price::log(
            data.topics().len() as u64,
            data.data.len() as u64,
        ))?;
        let address = self.address;
        self.ctx.journaled_state.log(Log { address, data });
        Ok(())
    }
}
