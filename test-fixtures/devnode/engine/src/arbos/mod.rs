//! The ArbOS precompiles.

use alloy_primitives::{Address, Bytes, address};
use revm::interpreter::{CallInputs, Gas, InstructionResult, InterpreterResult};

use crate::context::Ctx;

/// ArbSys.
pub const ARB_SYS: Address = address!("0000000000000000000000000000000000000064");
/// ArbOwnerPublic.
pub const ARB_OWNER_PUBLIC: Address = address!("000000000000000000000000000000000000006b");
/// ArbGasInfo.
pub const ARB_GAS_INFO: Address = address!("000000000000000000000000000000000000006c");
/// ArbWasm.
pub const ARB_WASM: Address = address!("0000000000000000000000000000000000000071");
/// ArbWasmCache.
pub const ARB_WASM_CACHE: Address = address!("0000000000000000000000000000000000000072");
/// NodeInterface, which exists for `eth_call` alone.
pub const NODE_INTERFACE: Address = address!("00000000000000000000000000000000000000c8");

/// Every ArbOS precompile.
pub const ADDRESSES: [Address; 6] = [
    ARB_SYS,
    ARB_OWNER_PUBLIC,
    ARB_GAS_INFO,
    ARB_WASM,
    ARB_WASM_CACHE,
    NODE_INTERFACE,
];

/// Account that holds the state of ArbOS.
pub const ARBOS_STATE: Address = address!("A4B05FffffFffFFFFfFFfffFfffFFfffFfFfFFFf");

/// Runs a call of an ArbOS precompile.
pub(crate) fn run(_ctx: &mut Ctx<'_>, inputs: &CallInputs) -> Result<InterpreterResult, String> {
    Ok(InterpreterResult::new(
        InstructionResult::Revert,
        Bytes::new(),
        Gas::new(inputs.gas_limit),
    ))
}
