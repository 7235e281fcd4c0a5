//! The ArbOS precompiles.
//!
//! Each module answers one precompile. `Call` holds what they share: gas, the context, and the ways to fail.

pub mod abi;
mod cache;
mod call;
mod gas_info;
mod public;
mod state;
mod sys;
mod wasm;

use alloy_primitives::{Address, address};
use alloy_sol_types::SolError;
use revm::interpreter::{CallInputs, InterpreterResult};

use crate::{context::Ctx, refused::StateError};
pub(crate) use call::Call;
pub use state::{EXPIRY_DAYS, KEEPALIVE_DAYS, STYLUS_VERSION};
pub(crate) use state::{Inactive, Record};
pub use wasm::{ACTIVATION_FIXED_GAS, ACTIVATION_GAS_PER_BYTE, DATA_FEE_PER_BYTE};
pub(crate) use wasm::{compile, wasm_of};

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
/// NodeInterface, which on a live chain exists for `eth_call` alone.
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
/// Account that activation fees are paid to.
pub const NETWORK_FEE_ACCOUNT: Address = address!("00000000000000000000000000000000A4B05Fee");
/// ArbOS version the chain claims.
pub const ARBOS_VERSION: u64 = 60;

/// Runs a call of an ArbOS precompile. Errors: the state could not be read.
pub(crate) fn run(ctx: &mut Ctx<'_>, inputs: &CallInputs) -> Result<InterpreterResult, String> {
    let call = Call::new(ctx, inputs);
    match inputs.bytecode_address {
        ARB_SYS => call.answer(sys::sys),
        ARB_OWNER_PUBLIC => call.answer(public::public),
        ARB_GAS_INFO => call.answer(gas_info::gas_info),
        ARB_WASM => call.answer(wasm::wasm),
        ARB_WASM_CACHE => call.answer(cache::cache),
        _ => call.answer(gas_info::node_interface),
    }
    .map_err(|error: StateError| error.to_string())
}

/// Revert data of a call to a program that cannot run.
pub(crate) fn inactive(why: Inactive) -> Vec<u8> {
    use abi::ArbWasm as W;
    match why {
        Inactive::NotActivated => W::ProgramNotActivated {}.abi_encode(),
        Inactive::NeedsUpgrade { version } => W::ProgramNeedsUpgrade {
            version,
            stylusVersion: STYLUS_VERSION,
        }
        .abi_encode(),
        Inactive::Expired { age } => W::ProgramExpired { ageInSeconds: age }.abi_encode(),
    }
}
