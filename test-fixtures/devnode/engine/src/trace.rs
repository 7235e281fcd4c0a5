//! What a traced execution leaves behind.

use alloy_primitives::{Address, Bytes};
use revm_inspectors::tracing::TracingInspector;
use serde::Serialize;

/// Inspector of the frames and the host calls of the Stylus frames among them.
#[derive(Debug)]
pub struct TraceOutput {
    /// Call tree; Stylus frames are calls without steps.
    pub inspector: TracingInspector,
    /// Host calls in the order in which they ended.
    pub host_calls: Vec<HostCall>,
}

/// Most host calls that one trace keeps; later ones are dropped. A program can make millions in a block.
pub const HOST_CALLS_MAX: usize = 100_000;
/// Most bytes of arguments and results that one trace keeps; later calls are dropped. They cost a program little to copy.
pub const HOST_CALL_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Host calls of one transaction, up to the limits.
#[derive(Debug, Default)]
pub(crate) struct HostCallLog {
    calls: Vec<HostCall>,
    bytes: usize,
}

impl HostCallLog {
    pub(crate) fn push(&mut self, call: HostCall) {
        let bytes = self.bytes.saturating_add(call.args.len() + call.outs.len());
        if self.calls.len() < HOST_CALLS_MAX && bytes <= HOST_CALL_BYTES_MAX {
            self.bytes = bytes;
            self.calls.push(call);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<HostCall> {
        self.bytes = 0;
        std::mem::take(&mut self.calls)
    }
}

/// One call of a Stylus program into its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostCall {
    /// Index of the Stylus frame: 0 for the first one the transaction entered.
    pub frame: usize,
    /// Depth of the frame: 0 for the transaction's own.
    pub depth: usize,
    /// Acting address (of the storage) of the frame.
    pub address: Address,
    /// Name of the host function.
    pub name: &'static str,
    /// What the function read: its arguments, pointers followed, big-endian.
    pub args: Bytes,
    /// What the function wrote or returned, likewise.
    pub outs: Bytes,
    /// Ink before the call.
    pub start_ink: u64,
    /// Ink after the call.
    pub end_ink: u64,
}
