//! A module that passed every rule of activation.

use crate::layout::Layout;
use crate::limits::MAX_WASM;
use crate::{Invalid, cost, instrument, rules as activation, validate};

/// Name under which a program exports its memory.
pub const MEMORY: &str = "memory";
/// Name under which a program exports its entry function, `(i32) -> i32`.
pub const ENTRYPOINT: &str = "user_entrypoint";

/// What depends on the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgramRules {
    /// Console and debug functions may be imported.
    pub debug: bool,
    /// Functions may return several values and blocks take parameters (refused since ArbOS 60).
    pub multi_value: bool,
}

/// A WASM module that passed every rule of activation.
#[derive(Clone, Debug)]
pub struct Program {
    wasm: Vec<u8>,
    layout: Layout,
    facts: Facts,
}

/// What activation learns about a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Size of the WASM module, decompressed.
    pub wasm_bytes: u32,
    /// Functions the module defines, imports apart.
    pub functions: u32,
    /// Bytes of its data segments.
    pub data_bytes: u32,
    /// Globals it defines.
    pub globals: u32,
    /// Pages of memory it starts with.
    pub memory_pages: u16,
    /// Words of stack that the largest of its functions takes for one call.
    pub max_stack_words: u32,
    /// Dynamic part of the gas of entering it uncached, beside `cached_init_gas`.
    pub init_gas: u16,
    /// Dynamic part of the gas of entering it.
    pub cached_init_gas: u16,
    /// Estimate of its native code, see [`cost::asm_bytes`].
    pub asm_bytes: u32,
}

impl Program {
    /// Checks every rule of activation.
    ///
    /// Errors: the first rule broken. Limits on size come first, then structure in the order of the sections.
    pub fn check(wasm: &[u8], rules: &ProgramRules) -> Result<Self, Invalid> {
        if wasm.len() > MAX_WASM {
            return Err(Invalid::TooLarge { bytes: wasm.len() });
        }
        let mut layout = activation::apply(wasm, rules)?;
        validate::validate(wasm, rules, &mut layout)?;
        let wasm_bytes = wasm.len() as u32;
        let functions = layout.bodies.len() as u32;
        let facts = Facts {
            wasm_bytes,
            functions,
            data_bytes: layout.data_bytes,
            globals: layout.globals,
            memory_pages: layout.memory_pages,
            max_stack_words: layout
                .bodies
                .iter()
                .map(|body| body.frame_words)
                .max()
                .unwrap_or(0),
            init_gas: cost::init_gas(functions, wasm_bytes),
            cached_init_gas: cost::cached_init_gas(functions, wasm_bytes, layout.data_bytes),
            asm_bytes: cost::asm_bytes(functions, wasm_bytes),
        };
        Ok(Self {
            wasm: wasm.to_vec(),
            layout,
            facts,
        })
    }

    /// The module with ink metering, payment for memory growth and the stack-depth check.
    ///
    /// It imports and exports what the program does, and exports the mutable globals [`INK_LEFT`](crate::INK_LEFT)
    /// (`i64`, unsigned), [`INK_STATUS`](crate::INK_STATUS) (`i32`, 1 once ink ran out) and
    /// [`STACK_LEFT`](crate::STACK_LEFT) (`i32`, words).
    pub fn instrument(&self) -> Vec<u8> {
        instrument::instrument(&self.wasm, &self.layout)
    }

    /// What activation learns about the program.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The module as it was checked.
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }
}
