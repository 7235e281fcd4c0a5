//! Which proposal an instruction belongs to, and which rule refuses it.

use crate::Invalid;
use wasmparser::{Operator, for_each_operator};

/// Name of an instruction and of the proposal that brought it, as the parser spells them.
fn describe(op: &Operator<'_>) -> (&'static str, &'static str) {
    macro_rules! names {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match op {
                $(Operator::$op { .. } => (stringify!($op), stringify!($proposal)),)*
                _ => ("unknown instruction", "unknown"),
            }
        };
    }
    for_each_operator!(names)
}

/// Refuses an instruction of a proposal the chain does not take, or a float one.
pub(crate) fn refuse(op: &Operator<'_>, function: u32, offset: u64) -> Result<(), Invalid> {
    let (name, proposal) = describe(op);
    let what = || format!("{name} in function {function} at offset {offset:#x}");
    // Float instructions of the first specification carry their type in their name; those of later proposals are
    // named by the proposal.
    let float = name.contains("F32") || name.contains("F64");
    Err(match proposal {
        "mvp" if !float => return Ok(()),
        "sign_extension" => return Ok(()),
        "bulk_memory"
            if matches!(
                op,
                Operator::MemoryCopy { .. } | Operator::MemoryFill { .. }
            ) =>
        {
            return Ok(());
        }
        "mvp" | "saturating_float_to_int" => Invalid::Float { what: what() },
        "bulk_memory" => Invalid::BulkMemory { what: what() },
        "reference_types" => Invalid::ReferenceTypes { what: what() },
        "tail_call" => Invalid::TailCall { what: what() },
        "simd" | "relaxed_simd" => Invalid::Simd { what: what() },
        "threads" | "shared_everything_threads" | "acquire_release_atomics" => {
            Invalid::Threads { what: what() }
        }
        "exceptions" | "legacy_exceptions" => Invalid::Exceptions { what: what() },
        "gc" | "function_references" | "custom_descriptors" => Invalid::Gc { what: what() },
        _ => Invalid::Unsupported { what: what() },
    })
}
