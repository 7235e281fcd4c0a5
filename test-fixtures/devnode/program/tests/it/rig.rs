//! Modules from text, and an instrumented module running in an engine.

use agentcity_devnode_program::host::{self, HostType};
use agentcity_devnode_program::{
    ENTRYPOINT, INK_LEFT, INK_STATUS, Program, ProgramRules, STACK_LEFT,
};
use wasmi::{Config, Engine, Error, FuncType, Instance, Linker, Module, Store, Val, ValType};

/// Import of the function that pays for growth.
pub(crate) const PAY: &str = r#"(import "vm_hooks" "pay_for_memory_grow" (func (param i32)))"#;

/// A module from text.
pub(crate) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Text of a valid module with `imports` first and `rest` last.
pub(crate) fn module(imports: &str, rest: &str) -> String {
    format!(
        r#"(module {imports}
            (memory (export "memory") 1 1)
            (func (export "user_entrypoint") (param i32) (result i32) i32.const 0)
            {rest})"#
    )
}

/// Text of a module whose entry point has `body`, with growable memory.
pub(crate) fn entry(declarations: &str, body: &str) -> String {
    format!(
        r#"(module {PAY} (import "vm_hooks" "msg_reentrant" (func $msg_reentrant (result i32)))
            (memory (export "memory") 1)
            {declarations}
            (func $entry (export "user_entrypoint") (param i32) (result i32) {body}))"#
    )
}

/// Checks under the rules of a public chain.
pub(crate) fn check(wasm: &[u8]) -> Program {
    Program::check(wasm, &ProgramRules::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// What the host saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// Name, arguments, and stack left at each call of a host function.
    pub(crate) calls: Vec<(String, Vec<i64>, i32)>,
}

/// A running module.
pub(crate) struct Rig {
    store: Store<Seen>,
    instance: Instance,
}

impl Rig {
    /// Checks, instruments and instantiates a module given as text.
    pub(crate) fn new(text: &str) -> Self {
        Self::start(&check(&wasm(text)).instrument())
    }

    /// Instantiates a module; every host function records its call and returns 0.
    pub(crate) fn start(wasm: &[u8]) -> Self {
        let mut config = Config::default();
        config
            .set_max_recursion_depth(100_000)
            .set_max_stack_height(64 << 20);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).expect("an instrumented module compiles");
        let mut linker = Linker::<Seen>::new(&engine);
        for function in host::HOOKS.iter().chain(&host::DEBUG_HOOKS) {
            let value = |ty: &HostType| match ty {
                HostType::I32 => ValType::I32,
                HostType::I64 => ValType::I64,
            };
            let ty = FuncType::new(
                function.params.iter().map(value),
                function.result.iter().map(value),
            );
            let zero = function.result.map(|ty| match ty {
                HostType::I32 => Val::I32(0),
                HostType::I64 => Val::I64(0),
            });
            let name = function.name;
            linker
                .func_new(
                    function.module,
                    name,
                    ty,
                    move |mut caller, args, results| {
                        let args = args.iter().map(number).collect();
                        let stack = caller
                            .get_export(STACK_LEFT)
                            .and_then(|export| export.into_global());
                        let stack = stack.map_or(0, |global| number(&global.get(&caller)) as i32);
                        caller.data_mut().calls.push((name.to_owned(), args, stack));
                        if let (Some(result), Some(zero)) = (results.first_mut(), &zero) {
                            *result = zero.clone();
                        }
                        Ok(())
                    },
                )
                .expect("each host function is defined once");
        }
        let mut store = Store::new(&engine, Seen::default());
        let instance = linker
            .instantiate_and_start(&mut store, &module)
            .expect("the module links");
        Self { store, instance }
    }

    /// Calls the entry point with `ink`.
    pub(crate) fn call(&mut self, argument: i32, ink: u64) -> Result<i32, Error> {
        self.global(INK_LEFT)
            .set(&mut self.store, Val::I64(ink as i64))
            .expect("ink is a mutable i64");
        self.call_unmetered(argument)
    }

    /// Calls the entry point as it is.
    pub(crate) fn call_unmetered(&mut self, argument: i32) -> Result<i32, Error> {
        let entry = self
            .instance
            .get_typed_func::<i32, i32>(&self.store, ENTRYPOINT)
            .expect("entry point");
        entry.call(&mut self.store, argument)
    }

    /// Ink left.
    pub(crate) fn ink(&self) -> u64 {
        number(&self.global(INK_LEFT).get(&self.store)) as u64
    }

    /// Reason of a trap.
    pub(crate) fn status(&self) -> i32 {
        number(&self.global(INK_STATUS).get(&self.store)) as i32
    }

    /// Words of stack left.
    pub(crate) fn stack(&self) -> i32 {
        number(&self.global(STACK_LEFT).get(&self.store)) as i32
    }

    /// What the host saw.
    pub(crate) fn seen(&self) -> &Seen {
        self.store.data()
    }

    fn global(&self, name: &str) -> wasmi::Global {
        self.instance
            .get_global(&self.store, name)
            .expect("the instrumentation exports it")
    }
}

fn number(value: &Val) -> i64 {
    match value {
        Val::I32(value) => i64::from(*value),
        Val::I64(value) => *value,
        other => panic!("programs hold integers only, not {other:?}"),
    }
}
