//! revm's EVM with frames that may be Stylus programs.

use agentcity_devnode_program::{
    cost::{MIN_CACHED_INIT, MIN_INIT},
    pack::{self, CodeKind},
};
use alloy_primitives::{Address, Bytes, keccak256};
use alloy_sol_types::{Revert, SolError};
use revm::{
    context::{CfgEnv, ContextTr, Evm, FrameStack, JournalTr},
    context_interface::{Cfg, context::take_error},
    handler::{
        EthFrame, EvmTr, FrameData, FrameInitOrResult, FrameResult, ItemOrResult,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    inspector::{Inspector, InspectorEvmTr, handler::frame_end, inspect_instructions},
    interpreter::{
        CallScheme, FrameInput, Gas, InstructionResult, InterpreterAction, InterpreterResult,
        interpreter::EthInterpreter, interpreter_action::FrameInit,
    },
    primitives::hardfork::SpecId,
};

use crate::{
    arbos::{self, Record},
    context::Ctx,
    precompiles::Precompiles,
    trace::HostCall,
    types::EngineConfig,
    vm::{
        host::{FrameFacts, HostState},
        run::{Running, Step},
    },
};

type Instructions<'a> = EthInstructions<EthInterpreter, Ctx<'a>>;
type Frame = EthFrame<EthInterpreter>;
type CtxError<'a> = ContextDbError<Ctx<'a>>;

/// revm's EVM whose frames may be Stylus programs.
///
/// A call frame whose code is a program runs WASM instead of bytecode, whoever called it and however: by transaction, by
/// CALL, CALLCODE, DELEGATECALL or STATICCALL, or through the delegation of an account (EIP-7702). All else is revm's.
pub(crate) struct StylusEvm<'a, INSP> {
    inner: Evm<Ctx<'a>, INSP, Instructions<'a>, Precompiles, Frame>,
    stylus: bool,
    /// Stylus frames on the stack, by their place in it.
    running: Vec<(usize, Running)>,
    /// Address in whose name each frame on the stack acts, but for delegate calls.
    acting: Vec<Option<Address>>,
}

impl<'a, INSP> StylusEvm<'a, INSP> {
    pub(crate) fn new(ctx: Ctx<'a>, inspector: INSP, config: &EngineConfig) -> Self {
        let instructions = EthInstructions::new_mainnet_with_spec(config.spec);
        let precompiles = Precompiles::new(config.spec, config.stylus);
        Self {
            inner: Evm::new_with_inspector(ctx, inspector, instructions, precompiles),
            stylus: config.stylus,
            running: Vec::new(),
            acting: Vec::new(),
        }
    }

    pub(crate) fn into_trace(self) -> (INSP, Vec<HostCall>) {
        let calls = self.inner.ctx.chain.host_calls.as_ref();
        let calls = calls.map(|calls| calls.borrow_mut().take());
        (self.inner.inspector, calls.unwrap_or_default())
    }

    /// Runs the top frame if it is a Stylus program, until it calls or ends; `None` if it is not.
    fn run_program(&mut self) -> Option<Result<InterpreterAction, CtxError<'a>>> {
        if !self.stylus {
            return None;
        }
        let index = self.inner.frame_stack.index()?;
        let frame = self.inner.frame_stack.get();
        let ctx = &mut self.inner.ctx;
        if self.running.last().is_none_or(|(at, _)| *at != index) {
            if !is_program(frame) {
                return None;
            }
            match enter(ctx, frame, &self.acting) {
                Ok(Ok(running)) => self.running.push((index, running)),
                Ok(Err(result)) => return Some(Ok(InterpreterAction::Return(result))),
                Err(error) => return Some(Err(error)),
            }
        }
        let (_, running) = self.running.last_mut()?;
        Some(match running.step(ctx, &mut frame.interpreter.gas) {
            Ok(Step::Call(input)) => Ok(InterpreterAction::NewFrame(input)),
            Ok(Step::Done(result)) => {
                self.running.pop();
                Ok(InterpreterAction::Return(result))
            }
            Err(error) => Err(error),
        })
    }
}

impl<'a, INSP> EvmTr for StylusEvm<'a, INSP> {
    type Context = Ctx<'a>;
    type Instructions = Instructions<'a>;
    type Precompiles = Precompiles;
    type Frame = Frame;

    fn all(
        &self,
    ) -> (
        &Self::Context,
        &Self::Instructions,
        &Self::Precompiles,
        &FrameStack<Frame>,
    ) {
        self.inner.all()
    }

    fn all_mut(
        &mut self,
    ) -> (
        &mut Self::Context,
        &mut Self::Instructions,
        &mut Self::Precompiles,
        &mut FrameStack<Frame>,
    ) {
        self.inner.all_mut()
    }

    fn frame_init(
        &mut self,
        frame_input: FrameInit,
    ) -> Result<FrameInitResult<'_, Frame>, CtxError<'a>> {
        if let ItemOrResult::Result(result) = self.inner.frame_init(frame_input)? {
            return Ok(ItemOrResult::Result(result));
        }
        let frame = self.inner.frame_stack.get();
        self.acting.push(acting(frame));
        Ok(ItemOrResult::Item(frame))
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, CtxError<'a>> {
        let program = self.run_program().transpose()?;
        let frame = self.inner.frame_stack.get();
        let ctx = &mut self.inner.ctx;
        let mut action = match program {
            Some(action) => action,
            None => frame.interpreter.run_plain(
                self.inner.instruction.instruction_table(),
                self.inner.instruction.gas_table(),
                ctx,
            ),
        };
        if self.stylus {
            refuse_reserved_code(&frame.data, &mut action, &ctx.cfg);
        }
        frame.process_next_action(ctx, action).inspect(|next| {
            if next.is_result() {
                frame.set_finished(true);
            }
        })
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, CtxError<'a>> {
        let e = &mut self.inner;
        if e.frame_stack.get().is_finished() {
            e.frame_stack.pop();
            self.acting.pop();
        }
        let Some(index) = e.frame_stack.index() else {
            return Ok(Some(result));
        };
        let frame = e.frame_stack.get();
        match self.running.last_mut() {
            Some((at, running)) if *at == index => {
                frame.interpreter.memory.free_child_context();
                take_error::<CtxError<'a>, _>(e.ctx.error())?;
                running.outcome = Some(result);
            }
            _ => frame.return_result::<_, CtxError<'a>>(&mut e.ctx, result)?,
        }
        Ok(None)
    }
}

impl<'a, INSP> InspectorEvmTr for StylusEvm<'a, INSP>
where
    INSP: Inspector<Ctx<'a>, EthInterpreter, FrameInput, FrameResult>,
{
    type Inspector = INSP;

    fn all_inspector(
        &self,
    ) -> (
        &Self::Context,
        &Self::Instructions,
        &Self::Precompiles,
        &FrameStack<Frame>,
        &INSP,
    ) {
        self.inner.all_inspector()
    }

    fn all_mut_inspector(
        &mut self,
    ) -> (
        &mut Self::Context,
        &mut Self::Instructions,
        &mut Self::Precompiles,
        &mut FrameStack<Frame>,
        &mut INSP,
    ) {
        self.inner.all_mut_inspector()
    }

    fn inspect_frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, CtxError<'a>> {
        let logs_before = self.inner.ctx.journaled_state.logs().len();
        let program = self.run_program().transpose()?;
        let e = &mut self.inner;
        let frame = e.frame_stack.get();
        let mut action = match program {
            Some(action) => {
                // A program that is suspended at a call has its logs reported before those of the call.
                let logs = e.ctx.journaled_state.logs()[logs_before..].to_vec();
                for log in logs {
                    e.inspector.log(&mut e.ctx, log);
                }
                action
            }
            None => inspect_instructions(
                &mut e.ctx,
                &mut frame.interpreter,
                &mut e.inspector,
                e.instruction.instruction_table(),
                e.instruction.gas_table(),
            ),
        };
        if self.stylus {
            refuse_reserved_code(&frame.data, &mut action, &e.ctx.cfg);
        }
        let mut next = frame.process_next_action(&mut e.ctx, action);
        if let Ok(ItemOrResult::Result(result)) = &mut next {
            frame_end(&mut e.ctx, &mut e.inspector, &frame.input, result);
            frame.set_finished(true);
        }
        next
    }
}

/// In whose name a frame acts; `None` for one that borrows its caller's.
fn acting(frame: &Frame) -> Option<Address> {
    match (&frame.data, &frame.input) {
        (FrameData::Create(create), _) => Some(create.created_address),
        (_, FrameInput::Call(inputs)) => match inputs.scheme {
            CallScheme::Call | CallScheme::StaticCall => Some(inputs.target_address),
            CallScheme::CallCode | CallScheme::DelegateCall => None,
        },
        _ => None,
    }
}

fn is_program(frame: &Frame) -> bool {
    if !matches!(frame.data, FrameData::Call(_)) {
        return false;
    }
    let code = frame.interpreter.bytecode.original_byte_slice();
    matches!(
        pack::classify(code),
        Some(CodeKind::Program | CodeKind::Root)
    )
}

/// Charges for entering a program and instantiates it; or the result of a frame that cannot begin.
fn enter<'a>(
    ctx: &mut Ctx<'a>,
    frame: &mut Frame,
    stack: &[Option<Address>],
) -> Result<Result<Running, InterpreterResult>, CtxError<'a>> {
    let FrameInput::Call(inputs) = &frame.input else {
        return Ok(Err(failed(frame.interpreter.gas, String::new())));
    };
    let gas = &mut frame.interpreter.gas;
    let codehash = inputs.known_bytecode.0;
    let record = Record::read(ctx, codehash).map_err(CtxError::Db)?;
    let record = match record.active(ctx.chain.block.timestamp) {
        Ok(record) => record,
        Err(why) => return Ok(Err(reverted(*gas, arbos::inactive(why)))),
    };

    let pages_before = ctx.chain.pages.open();
    let mut cost = MIN_CACHED_INIT + u64::from(record.cached_init_gas);
    if !record.cached {
        cost += MIN_INIT + u64::from(record.init_gas);
    }
    let pages = ctx.chain.pages.add(record.footprint);
    if !gas.record_regular_cost(cost.saturating_add(pages)) {
        ctx.chain.pages.restore(pages_before);
        gas.spend_all();
        let result = InterpreterResult::new(InstructionResult::OutOfGas, Bytes::new(), *gas);
        return Ok(Err(result));
    }

    let compiled = match ctx.chain.programs.get(&record.module) {
        Some(compiled) => compiled,
        None => {
            // Activated by an earlier process, or evicted.
            let code = frame.interpreter.bytecode.original_byte_slice();
            let wasm = arbos::wasm_of(ctx, code).map_err(CtxError::Db)?;
            let compiled = match wasm {
                Ok(wasm) if keccak256(&wasm) == record.module => {
                    arbos::compile(ctx, record.module, &wasm).map_err(|error| error.to_string())
                }
                Ok(_) => Err("its fragments changed after activation".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            match compiled {
                Ok(compiled) => compiled,
                Err(why) => {
                    ctx.chain.pages.restore(pages_before);
                    return Ok(Err(failed(
                        *gas,
                        format!("program cannot be loaded: {why}"),
                    )));
                }
            }
        }
    };

    let input = &frame.interpreter.input;
    let address = input.target_address;
    let open = stack.iter().flatten().filter(|at| **at == address);
    let facts = FrameFacts {
        address,
        sender: input.caller_address,
        value: input.call_value,
        args: inputs.input.bytes(ctx),
        is_static: inputs.is_static,
        reentrant: open.count() > 1,
        depth: frame.depth,
        index: ctx.chain.frames,
    };
    ctx.chain.frames += 1;
    let state = HostState::new(ctx.chain.env.clone(), facts, ctx.chain.host_calls.clone());
    Ok(Ok(Running::enter(
        &compiled,
        state,
        gas.remaining(),
        pages_before,
    )))
}

fn reverted(gas: Gas, data: Vec<u8>) -> InterpreterResult {
    InterpreterResult::new(InstructionResult::Revert, data.into(), gas)
}

fn failed(gas: Gas, why: String) -> InterpreterResult {
    reverted(gas, Revert::from(why).abi_encode())
}

/// EIP-3541, which the configuration switches off: code that starts with 0xEF is refused unless it is Stylus code.
fn refuse_reserved_code(data: &FrameData, action: &mut InterpreterAction, cfg: &CfgEnv) {
    let (FrameData::Create(_), InterpreterAction::Return(result)) = (data, action) else {
        return;
    };
    let code = &result.output;
    if cfg.spec.is_enabled_in(SpecId::LONDON)
        && result.result.is_ok()
        && code.first() == Some(&0xEF)
        && code.len() <= cfg.max_code_size()
        && !is_stylus_code(code)
    {
        result.result = InstructionResult::CreateContractStartingWithEF;
    }
}

fn is_stylus_code(code: &[u8]) -> bool {
    code.len() > 3 && pack::classify(code).is_some()
}
