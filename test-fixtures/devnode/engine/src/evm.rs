//! revm's EVM with frames that may be Stylus programs.

use revm::{
    context::{CfgEnv, Evm, FrameStack},
    context_interface::Cfg,
    handler::{
        EthFrame, EvmTr, FrameData, FrameInitOrResult, FrameResult, ItemOrResult,
        evm::{ContextDbError, FrameInitResult},
        instructions::EthInstructions,
    },
    inspector::{Inspector, InspectorEvmTr, handler::frame_end, inspect_instructions},
    interpreter::{
        FrameInput, InstructionResult, InterpreterAction, interpreter::EthInterpreter,
        interpreter_action::FrameInit,
    },
    primitives::hardfork::SpecId,
};

use crate::{context::Ctx, precompiles::Precompiles, trace::HostCall, types::EngineConfig};

type Instructions<'a> = EthInstructions<EthInterpreter, Ctx<'a>>;
type Frame = EthFrame<EthInterpreter>;
type CtxError<'a> = ContextDbError<Ctx<'a>>;

/// revm's EVM whose frames may be Stylus programs.
pub(crate) struct StylusEvm<'a, INSP> {
    inner: Evm<Ctx<'a>, INSP, Instructions<'a>, Precompiles, Frame>,
    stylus: bool,
}

impl<'a, INSP> StylusEvm<'a, INSP> {
    pub(crate) fn new(ctx: Ctx<'a>, inspector: INSP, config: &EngineConfig) -> Self {
        let instructions = EthInstructions::new_mainnet_with_spec(config.spec);
        let precompiles = Precompiles::new(config.spec, config.stylus);
        Self {
            inner: Evm::new_with_inspector(ctx, inspector, instructions, precompiles),
            stylus: config.stylus,
        }
    }

    pub(crate) fn into_trace(self) -> (INSP, Vec<HostCall>) {
        (self.inner.inspector, Vec::new())
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
        self.inner.frame_init(frame_input)
    }

    fn frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, CtxError<'a>> {
        let frame = self.inner.frame_stack.get();
        let ctx = &mut self.inner.ctx;
        let instructions = &self.inner.instruction;
        let mut action = frame.interpreter.run_plain(
            instructions.instruction_table(),
            instructions.gas_table(),
            ctx,
        );
        if self.stylus {
            refuse_reserved_code(&frame.data, &mut action, &ctx.cfg);
        }
        frame.process_next_action(ctx, action).inspect(|i| {
            if i.is_result() {
                frame.set_finished(true);
            }
        })
    }

    fn frame_return_result(
        &mut self,
        result: FrameResult,
    ) -> Result<Option<FrameResult>, CtxError<'a>> {
        self.inner.frame_return_result(result)
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
        let e = &self.inner;
        (
            &e.ctx,
            &e.instruction,
            &e.precompiles,
            &e.frame_stack,
            &e.inspector,
        )
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
        let e = &mut self.inner;
        (
            &mut e.ctx,
            &mut e.instruction,
            &mut e.precompiles,
            &mut e.frame_stack,
            &mut e.inspector,
        )
    }

    fn inspect_frame_run(&mut self) -> Result<FrameInitOrResult<Frame>, CtxError<'a>> {
        let e = &mut self.inner;
        let frame = e.frame_stack.get();
        let mut action = inspect_instructions(
            &mut e.ctx,
            &mut frame.interpreter,
            &mut e.inspector,
            e.instruction.instruction_table(),
            e.instruction.gas_table(),
        );
        if self.stylus {
            refuse_reserved_code(&frame.data, &mut action, &e.ctx.cfg);
        }
        let mut result = frame.process_next_action(&mut e.ctx, action);
        if let Ok(ItemOrResult::Result(frame_result)) = &mut result {
            frame_end(&mut e.ctx, &mut e.inspector, &frame.input, frame_result);
            frame.set_finished(true);
        }
        result
    }
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
    matches!(code, [0xEF, 0xF0, 0x00 | 0x01 | 0x02, _, ..])
}
