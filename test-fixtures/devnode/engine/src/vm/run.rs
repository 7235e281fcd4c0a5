//! One Stylus frame: entered, run, suspended at calls, resumed, ended.
//!
//! A program runs until a host function needs the state. It is then suspended, the request served, and the program
//! resumed. A call of another account leaves it suspended while revm's own loop runs the other frame; nothing recurses on
//! the native stack.

use agentcity_devnode_program::{
    ENTRYPOINT, INK_LEFT, INK_STATUS, MEMORY, STACK_EXHAUSTED, STACK_LEFT, price::INK_PER_GAS,
};
use alloy_primitives::Bytes;
use revm::{
    handler::FrameResult,
    interpreter::{FrameInput, Gas, InstructionResult, InterpreterResult},
};
use wasmi::{Global, Instance, ResumableCall, ResumableCallHostTrap, Store, TrapCode, Val};

use super::{
    compiled::Compiled,
    host::{Host, HostState, Stop},
    price,
    serve::{Answer, Awaited, Fatal, returned, serve},
};
use crate::context::Ctx;

/// A Stylus frame that has been entered.
pub(crate) struct Running {
    store: Store<HostState>,
    state: State,
    status: Option<Global>,
    stack: Option<Global>,
    /// Gas when the program began.
    gas_limit: u64,
    /// Pages open in the transaction before the frame.
    pages_before: u16,
    /// Result of the frame that this one called.
    pub(crate) outcome: Option<FrameResult>,
}

enum State {
    /// Not yet run.
    Entered(Instance),
    /// Suspended at a call.
    Calling(ResumableCallHostTrap, Awaited),
    Ended,
}

/// What a frame does next.
pub(crate) enum Step {
    /// It calls another frame.
    Call(FrameInput),
    /// It is done.
    Done(InterpreterResult),
}

/// How a program ended.
enum End {
    /// By itself, with this status.
    Status(u32),
    OutOfInk,
    TooDeep,
    /// By a trap or by refusal of the host.
    Failed,
}

impl Running {
    /// Instantiates a program; `gas` is what it has after it paid for being entered.
    pub(crate) fn enter(
        compiled: &Compiled,
        state: HostState,
        gas: u64,
        pages_before: u16,
    ) -> Self {
        let mut store = Store::new(&compiled.engine, state);
        let instance = compiled
            .linker
            .instantiate_and_start(&mut store, &compiled.module);
        let mut running = Self {
            store,
            state: State::Ended,
            status: None,
            stack: None,
            gas_limit: gas,
            pages_before,
            outcome: None,
        };
        // Data or elements outside of their memory or table fail here, as any trap.
        if let Ok(instance) = instance {
            let memory = instance.get_memory(&running.store, MEMORY);
            let ink = instance.get_global(&running.store, INK_LEFT);
            if let (Some(memory), Some(ink)) = (memory, ink) {
                running.store.data_mut().attach(memory, ink);
                running.status = instance.get_global(&running.store, INK_STATUS);
                running.stack = instance.get_global(&running.store, STACK_LEFT);
                running.state = State::Entered(instance);
                running.host().set_ink(gas.saturating_mul(INK_PER_GAS));
            }
        }
        running
    }

    fn host(&mut self) -> Host<'_> {
        use wasmi::AsContextMut;
        Host::new(self.store.as_context_mut())
    }

    /// Runs until the program calls another frame or ends. `gas` collects refunds.
    pub(crate) fn step(&mut self, ctx: &mut Ctx<'_>, gas: &mut Gas) -> Result<Step, Fatal> {
        let mut output = [Val::I32(0)];
        let mut call = match std::mem::replace(&mut self.state, State::Ended) {
            State::Entered(instance) => {
                let len = self.store.data().frame.args.len() as i32;
                match instance.get_func(&self.store, ENTRYPOINT) {
                    Some(entry) => {
                        entry.call_resumable(&mut self.store, &[Val::I32(len)], &mut output)
                    }
                    None => return Ok(self.end(ctx, gas, End::Failed)),
                }
            }
            State::Calling(suspended, awaited) => {
                let Some(result) = self.outcome.take() else {
                    return Ok(self.end(ctx, gas, End::Failed));
                };
                match returned(gas, &mut self.store, awaited, result) {
                    Ok(value) => suspended.resume(&mut self.store, value.as_slice(), &mut output),
                    Err(stop) => return Ok(self.end(ctx, gas, stop.into())),
                }
            }
            State::Ended => return Ok(self.end(ctx, gas, End::Failed)),
        };
        loop {
            let suspended = match call {
                Ok(ResumableCall::Finished) => {
                    let status = output[0].i32().unwrap_or(1) as u32;
                    return Ok(self.end(ctx, gas, End::Status(status)));
                }
                Ok(ResumableCall::HostTrap(suspended)) => suspended,
                // Fuel is off.
                Ok(ResumableCall::OutOfFuel(_)) => return Ok(self.end(ctx, gas, End::Failed)),
                Err(error) => {
                    let end = self.trapped(&error);
                    return Ok(self.end(ctx, gas, end));
                }
            };
            let stop = suspended.host_error().downcast_ref::<Stop>().copied();
            let request = match (stop, self.store.data_mut().request.take()) {
                (Some(Stop::Await), Some(request)) => request,
                (stop, _) => {
                    let end = stop.map_or(End::Failed, End::from);
                    return Ok(self.end(ctx, gas, end));
                }
            };
            match serve(ctx, gas, &mut self.store, request)? {
                Answer::Resume(value) => {
                    call = suspended.resume(&mut self.store, value.as_slice(), &mut output);
                }
                Answer::Frame(input, awaited) => {
                    self.state = State::Calling(suspended, awaited);
                    return Ok(Step::Call(input));
                }
                Answer::Stop(stop) => return Ok(self.end(ctx, gas, stop.into())),
            }
        }
    }

    fn trapped(&self, error: &wasmi::Error) -> End {
        let value = |global: Option<Global>| match global.map(|global| global.get(&self.store)) {
            Some(Val::I32(value)) => value,
            _ => 0,
        };
        if value(self.status) != 0 {
            End::OutOfInk
        } else if value(self.stack) == STACK_EXHAUSTED
            || error.as_trap_code() == Some(TrapCode::StackOverflow)
        {
            End::TooDeep
        } else {
            End::Failed
        }
    }

    /// Gives pages back and turns the end of the program into the end of a frame.
    fn end(&mut self, ctx: &mut Ctx<'_>, gas: &mut Gas, end: End) -> Step {
        ctx.chain.pages.restore(self.pages_before);
        let remaining = self.host().ink_left() / INK_PER_GAS;
        let output = std::mem::take(&mut self.store.data_mut().output);
        let (result, output, remaining) = match end {
            End::Status(status) => {
                let result = if status == 0 {
                    InstructionResult::Return
                } else {
                    InstructionResult::Revert
                };
                match self
                    .gas_limit
                    .checked_sub(price::evm_memory(output.len() as u64))
                {
                    Some(most) => (result, output, remaining.min(most)),
                    None => (InstructionResult::OutOfGas, Bytes::new(), 0),
                }
            }
            End::OutOfInk => (InstructionResult::OutOfGas, Bytes::new(), 0),
            End::TooDeep => (InstructionResult::StackOverflow, Bytes::new(), 0),
            End::Failed => (InstructionResult::Revert, Bytes::new(), remaining),
        };
        gas.set_remaining(remaining);
        Step::Done(InterpreterResult::new(result, output, *gas))
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::OutOfInk => Self::OutOfInk,
            Stop::Exit(status) => Self::Status(status),
            Stop::OutOfBounds | Stop::Refused(_) | Stop::Await => Self::Failed,
        }
    }
}
