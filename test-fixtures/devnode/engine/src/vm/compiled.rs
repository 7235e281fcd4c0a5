//! Compiled programs and the cache of them.
//!
//! wasmi never frees the code of a module before its engine is dropped, so each program has an engine of its own: what
//! the cache evicts is freed.

use std::{collections::HashMap, sync::Arc};

use agentcity_devnode_program::{Facts, Invalid, Program, ProgramRules};
use alloy_primitives::B256;
use parking_lot::Mutex;
use wasmi::{CompilationMode, Config, Engine, Linker, Module};

use super::{hooks, host::HostState};

/// Most compiled programs kept. A compiled program takes a few hundred kilobytes; a test suite uses some dozens.
pub const PROGRAMS_MAX: usize = 256;

/// Deepest WASM recursion the interpreter allows. The instrumentation stops a program at 262,144 words of stack, and no
/// call takes fewer than 4 of them, so this limit never strikes first.
const RECURSION_MAX: usize = 70_000;
/// Most bytes of the interpreter's value stack: 262,144 words, twice as wide for the interpreter's own temporaries.
const VALUE_STACK_MAX: usize = 2 * 8 * 262_144;
/// Stacks that an engine keeps for the next call: the depth at which one program commonly calls itself.
const STACKS_KEPT: usize = 4;

/// A program ready to be instantiated.
pub(crate) struct Compiled {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<HostState>,
    pub(crate) module: Module,
    pub(crate) facts: Facts,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").finish_non_exhaustive()
    }
}

/// Why WASM cannot be run.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CompileError {
    /// It breaks a rule of activation.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The interpreter does not take what passed the rules.
    #[error("the interpreter refuses the module: {0}")]
    Interpreter(String),
}

impl Compiled {
    /// Instruments and compiles a checked program.
    pub(crate) fn new(program: &Program, rules: &ProgramRules) -> Result<Self, CompileError> {
        let mut config = Config::default();
        config
            .set_max_recursion_depth(RECURSION_MAX)
            .set_max_stack_height(VALUE_STACK_MAX)
            .set_max_cached_stacks(STACKS_KEPT)
            .floats(false)
            .allow_start_fn(false)
            .wasm_multi_memory(false)
            .wasm_reference_types(false)
            .wasm_tail_call(false)
            .compilation_mode(CompilationMode::LazyTranslation);
        let engine = Engine::new(&config);
        let mut linker = Linker::new(&engine);
        let refused = |error: &dyn std::fmt::Display| CompileError::Interpreter(error.to_string());
        hooks::define(&mut linker, rules.debug).map_err(|error| refused(&error))?;
        let module = Module::new(&engine, program.instrument()).map_err(|error| refused(&error))?;
        Ok(Self {
            engine,
            linker,
            module,
            facts: *program.facts(),
        })
    }
}

/// Compiled programs by the hash of their WASM, the least recently used evicted first.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    clock: u64,
    programs: HashMap<B256, (u64, Arc<Compiled>)>,
}

impl Programs {
    pub(crate) fn get(&self, module: &B256) -> Option<Arc<Compiled>> {
        let mut kept = self.kept.lock();
        kept.clock += 1;
        let now = kept.clock;
        let (used, compiled) = kept.programs.get_mut(module)?;
        *used = now;
        Some(compiled.clone())
    }

    pub(crate) fn put(&self, module: B256, compiled: Arc<Compiled>) {
        let mut kept = self.kept.lock();
        if kept.programs.len() >= PROGRAMS_MAX && !kept.programs.contains_key(&module) {
            // Linear, but once per compilation, which takes a thousand times longer.
            let oldest = kept.programs.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(module, _)| *module) {
                kept.programs.remove(&oldest);
            }
        }
        kept.clock += 1;
        let now = kept.clock;
        kept.programs.insert(module, (now, compiled));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Arc<Compiled> {
        let wasm = wat::parse_str(
            r#"(module (memory (export "memory") 0 0)
                (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#,
        )
        .unwrap();
        let rules = ProgramRules::default();
        let program = Program::check(&wasm, &rules).unwrap();
        Arc::new(Compiled::new(&program, &rules).unwrap())
    }

    #[test]
    fn the_program_used_longest_ago_is_evicted() {
        let programs = Programs::default();
        let compiled = empty();
        let key = |n: usize| B256::left_padding_from(&n.to_be_bytes());
        for n in 0..PROGRAMS_MAX {
            programs.put(key(n), compiled.clone());
        }
        assert!(programs.get(&key(0)).is_some());
        programs.put(key(PROGRAMS_MAX), compiled);
        assert!(programs.get(&key(1)).is_none(), "1 was used longest ago");
        assert!(programs.get(&key(0)).is_some());
        assert_eq!(programs.kept.lock().programs.len(), PROGRAMS_MAX);
    }
}
