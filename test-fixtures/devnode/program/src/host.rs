//! The functions a program may import.
//!
//! `vm_hooks` is what every chain offers; `console` and `debug` exist on debug chains only. Names and types follow
//! the public declarations of the Stylus SDK, where a pointer, a length, a `bool`, `u8`, `u16` or `u32` is an `i32`
//! and a `u64` is an `i64`. The float variants of `console` are absent: a program may not name a float type at all.

use HostType::{I32, I64};

/// Module name of the functions every chain offers.
pub const VM_HOOKS: &str = "vm_hooks";
/// Module name of the logging functions of debug chains.
pub const CONSOLE: &str = "console";
/// Module name of the test functions of debug chains.
pub const DEBUG: &str = "debug";
/// The `vm_hooks` function that a program must import before its memory may grow.
pub const PAY_FOR_MEMORY_GROW: &str = "pay_for_memory_grow";

/// A WASM value type that can cross the boundary to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostType {
    /// 32-bit integer: pointers, lengths, small integers.
    I32,
    /// 64-bit integer: gas, ink, block quantities.
    I64,
}

/// One importable function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// WASM import module.
    pub module: &'static str,
    /// WASM import name.
    pub name: &'static str,
    /// Parameters, in order.
    pub params: &'static [HostType],
    /// The single result, if any.
    pub result: Option<HostType>,
}

const fn hook(
    name: &'static str,
    params: &'static [HostType],
    result: Option<HostType>,
) -> HostFunction {
    HostFunction {
        module: VM_HOOKS,
        name,
        params,
        result,
    }
}

const fn console(
    name: &'static str,
    params: &'static [HostType],
    result: Option<HostType>,
) -> HostFunction {
    HostFunction {
        module: CONSOLE,
        name,
        params,
        result,
    }
}

/// The 42 functions of `vm_hooks`.
pub const HOOKS: [HostFunction; 42] = [
    hook("read_args", &[I32], None),
    hook("write_result", &[I32, I32], None),
    hook("exit_early", &[I32], None),
    hook("storage_load_bytes32", &[I32, I32], None),
    hook("storage_cache_bytes32", &[I32, I32], None),
    hook("storage_flush_cache", &[I32], None),
    hook("transient_load_bytes32", &[I32, I32], None),
    hook("transient_store_bytes32", &[I32, I32], None),
    hook("call_contract", &[I32, I32, I32, I32, I64, I32], Some(I32)),
    hook(
        "delegate_call_contract",
        &[I32, I32, I32, I64, I32],
        Some(I32),
    ),
    hook(
        "static_call_contract",
        &[I32, I32, I32, I64, I32],
        Some(I32),
    ),
    hook("create1", &[I32, I32, I32, I32, I32], None),
    hook("create2", &[I32, I32, I32, I32, I32, I32], None),
    hook("read_return_data", &[I32, I32, I32], Some(I32)),
    hook("return_data_size", &[], Some(I32)),
    hook("emit_log", &[I32, I32, I32], None),
    hook("account_balance", &[I32, I32], None),
    hook("account_code", &[I32, I32, I32, I32], Some(I32)),
    hook("account_code_size", &[I32], Some(I32)),
    hook("account_codehash", &[I32, I32], None),
    hook("evm_gas_left", &[], Some(I64)),
    hook("evm_ink_left", &[], Some(I64)),
    hook("block_basefee", &[I32], None),
    hook("chainid", &[], Some(I64)),
    hook("block_coinbase", &[I32], None),
    hook("block_gas_limit", &[], Some(I64)),
    hook("block_number", &[], Some(I64)),
    hook("block_timestamp", &[], Some(I64)),
    hook("contract_address", &[I32], None),
    hook("math_div", &[I32, I32], None),
    hook("math_mod", &[I32, I32], None),
    hook("math_pow", &[I32, I32], None),
    hook("math_add_mod", &[I32, I32, I32], None),
    hook("math_mul_mod", &[I32, I32, I32], None),
    hook("msg_reentrant", &[], Some(I32)),
    hook("msg_sender", &[I32], None),
    hook("msg_value", &[I32], None),
    hook("native_keccak256", &[I32, I32, I32], None),
    hook("tx_gas_price", &[I32], None),
    hook("tx_ink_price", &[], Some(I32)),
    hook("tx_origin", &[I32], None),
    hook(PAY_FOR_MEMORY_GROW, &[I32], None),
];

/// Functions of debug chains, importable only under [`ProgramRules::debug`](crate::ProgramRules::debug).
pub const DEBUG_HOOKS: [HostFunction; 6] = [
    console("log_txt", &[I32, I32], None),
    console("log_i32", &[I32], None),
    console("log_i64", &[I64], None),
    console("tee_i32", &[I32], Some(I32)),
    console("tee_i64", &[I64], Some(I64)),
    HostFunction {
        module: DEBUG,
        name: "null_host",
        params: &[],
        result: None,
    },
];

/// Looks a function up by module and name, debug functions included.
pub fn find(module: &str, name: &str) -> Option<&'static HostFunction> {
    let table: &'static [HostFunction] = match module {
        VM_HOOKS => &HOOKS,
        CONSOLE | DEBUG => &DEBUG_HOOKS,
        _ => return None,
    };
    table
        .iter()
        .find(|function| function.module == module && function.name == name)
}

impl HostFunction {
    /// Whether only debug chains offer it.
    pub fn is_debug(&self) -> bool {
        self.module != VM_HOOKS
    }
}

impl std::fmt::Display for HostFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let params: Vec<_> = self.params.iter().map(HostType::to_string).collect();
        write!(f, "({})", params.join(", "))?;
        self.result
            .map_or(Ok(()), |result| write!(f, " -> {result}"))
    }
}

impl std::fmt::Display for HostType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_function_is_listed_once_and_found() {
        let all: Vec<_> = HOOKS.iter().chain(&DEBUG_HOOKS).collect();
        let names: BTreeSet<_> = all.iter().map(|f| (f.module, f.name)).collect();
        assert_eq!(names.len(), all.len());
        for function in all {
            assert_eq!(find(function.module, function.name), Some(function));
        }
    }

    #[test]
    fn a_name_is_found_only_in_its_own_module() {
        assert_eq!(find(CONSOLE, "null_host"), None);
        assert_eq!(find(VM_HOOKS, "log_txt"), None);
        assert_eq!(find("env", "read_args"), None);
    }

    #[test]
    fn a_signature_prints_as_it_is_declared() {
        let function = find(VM_HOOKS, "delegate_call_contract").unwrap();
        assert_eq!(function.to_string(), "(i32, i32, i32, i64, i32) -> i32");
        assert_eq!(find(VM_HOOKS, "read_args").unwrap().to_string(), "(i32)");
    }
}
