//! The inspector of a traced execution, with a bound on what it may keep.
//!
//! A step of a loop costs a few gas and may be kept with a kilobyte of stack: without a bound, one request for a trace
//! could ask for gigabytes.

use alloy_primitives::{Address, Log, U256};
use revm::{
    Inspector,
    context::ContextTr,
    context_interface::context::ContextError,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter::EthInterpreter, interpreter_types::LoopControl,
    },
};
use revm_inspectors::tracing::{
    TraceLimitBehavior, TraceLimits, TracingInspector, TracingInspectorConfig,
};

use crate::context::Ctx;

/// Most bytes that the steps of one trace keep, and most bytes of its buffers: several times the largest trace a person
/// reads, and a small part of a machine's memory.
pub const TRACE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What a step is kept with, beside its stack and memory.
const STEP_BYTES: usize = 256;
/// A word of the stack.
const WORD_BYTES: usize = 32;

/// Records frames and steps until its bytes are used up; then the execution ends with an error that says so.
pub(crate) struct Recorder {
    inner: TracingInspector,
    left: Option<usize>,
}

impl Recorder {
    pub(crate) fn new(config: TracingInspectorConfig) -> Self {
        Self::bounded(config, TRACE_BYTES_MAX)
    }

    fn bounded(config: TracingInspectorConfig, bytes: usize) -> Self {
        let limits = TraceLimits::default()
            .set_max_recorded_bytes(Some(bytes))
            .set_behavior(TraceLimitBehavior::Halt);
        Self {
            left: config.record_steps.then_some(bytes),
            inner: TracingInspector::new(config).with_limits(limits),
        }
    }

    pub(crate) fn into_inner(self) -> TracingInspector {
        self.inner
    }

    /// Takes the bytes of a step, or ends the execution.
    fn pays_for_step(&mut self, interp: &mut Interpreter, context: &mut Ctx<'_>) -> bool {
        let Some(left) = self.left else { return true };
        let step = STEP_BYTES + WORD_BYTES * interp.stack.len();
        self.left = left.checked_sub(step);
        if self.left.is_some() {
            return true;
        }
        self.left = Some(0);
        if context.error().is_ok() {
            *context.error() = Err(ContextError::Custom(format!(
                "the trace would keep more than {TRACE_BYTES_MAX} bytes of steps: trace the calls only, or give the call less gas"
            )));
        }
        interp.bytecode.reset_action();
        interp.halt_fatal();
        false
    }
}

impl<'a> Inspector<Ctx<'a>, EthInterpreter> for Recorder {
    fn initialize_interp(&mut self, interp: &mut Interpreter, context: &mut Ctx<'a>) {
        self.inner.initialize_interp(interp, context);
    }

    fn step(&mut self, interp: &mut Interpreter, context: &mut Ctx<'a>) {
        if self.pays_for_step(interp, context) {
            self.inner.step(interp, context);
        }
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut Ctx<'a>) {
        self.inner.step_end(interp, context);
    }

    fn log(&mut self, context: &mut Ctx<'a>, log: Log) {
        Inspector::<Ctx<'a>, EthInterpreter>::log(&mut self.inner, context, log);
    }

    fn log_full(&mut self, interp: &mut Interpreter, context: &mut Ctx<'a>, log: Log) {
        self.inner.log_full(interp, context, log);
    }

    fn call(&mut self, context: &mut Ctx<'a>, inputs: &mut CallInputs) -> Option<CallOutcome> {
        Inspector::<Ctx<'a>, EthInterpreter>::call(&mut self.inner, context, inputs)
    }

    fn call_end(&mut self, context: &mut Ctx<'a>, inputs: &CallInputs, outcome: &mut CallOutcome) {
        Inspector::<Ctx<'a>, EthInterpreter>::call_end(&mut self.inner, context, inputs, outcome);
    }

    fn create(
        &mut self,
        context: &mut Ctx<'a>,
        inputs: &mut CreateInputs,
    ) -> Option<CreateOutcome> {
        Inspector::<Ctx<'a>, EthInterpreter>::create(&mut self.inner, context, inputs)
    }

    fn create_end(
        &mut self,
        context: &mut Ctx<'a>,
        inputs: &CreateInputs,
        outcome: &mut CreateOutcome,
    ) {
        Inspector::<Ctx<'a>, EthInterpreter>::create_end(&mut self.inner, context, inputs, outcome);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        Inspector::<Ctx<'a>, EthInterpreter>::selfdestruct(
            &mut self.inner,
            contract,
            target,
            value,
        );
    }
}
