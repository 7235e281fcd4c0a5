//! Each rule refuses a module that breaks just it, beside a twin without the fault that is accepted.

use agentcity_devnode_program::{Invalid, Program, ProgramRules};
use wasm_encoder::{
    CodeSection, CustomSection, Encode, ExportKind, ExportSection, Function, FunctionSection,
    MemorySection, MemoryType, Module, RawSection, SectionId, TypeSection, ValType,
};

use crate::rig::{PAY, entry, module, wasm};

const CHAIN: ProgramRules = ProgramRules {
    debug: false,
    multi_value: false,
};

fn verdict(wasm: &[u8], rules: &ProgramRules) -> Result<(), Invalid> {
    Program::check(wasm, rules).map(|_| ())
}

/// Asserts that the first module is refused by the rule and the second is accepted.
macro_rules! refuses {
    ($bad:expr, $good:expr, $rule:pat $(if $guard:expr)?) => {
        refuses!(bytes wasm(&$bad), wasm(&$good), $rule $(if $guard)?)
    };
    (bytes $bad:expr, $good:expr, $rule:pat $(if $guard:expr)?) => {{
        let refusal = verdict(&$bad, &CHAIN).expect_err("the faulty module is refused");
        assert!(matches!(&refusal, $rule $(if $guard)?), "refused by another rule: {refusal:?}");
        if let Err(error) = verdict(&$good, &CHAIN) {
            panic!("the twin is refused: {error}");
        }
        refusal.to_string()
    }};
}

/// Asserts that an instruction is refused by the rule. `needs` are declarations around it, valid by themselves.
macro_rules! refuses_op {
    ($needs:expr, $bad:expr, $rule:pat) => {
        refuses!(
            entry($needs, &format!("{} i32.const 0", $bad)),
            entry($needs, "i32.const 0"),
            $rule
        )
    };
}

/// A module made by hand: `user_entrypoint` runs `body` and returns 0; `extra` sees each section before it is added.
fn by_hand(body: &[u8], before_code: Option<RawSection<'_>>, data: &[u8]) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    module.section(&types);
    let mut functions = FunctionSection::new();
    functions.function(0);
    module.section(&functions);
    // One table of one function reference, 0x70, without maximum.
    module.section(&RawSection {
        id: SectionId::Table as u8,
        data: &[1, 0x70, 0, 1],
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut exports = ExportSection::new();
    exports
        .export("memory", ExportKind::Memory, 0)
        .export("user_entrypoint", ExportKind::Func, 0);
    module.section(&exports);
    if let Some(section) = before_code {
        module.section(&section);
    }
    let mut function = Function::new([]);
    function.raw(body.iter().copied());
    function.instructions().i32_const(0).end();
    let mut code = CodeSection::new();
    code.function(&function);
    module.section(&code);
    module.section(&RawSection {
        id: SectionId::Data as u8,
        data,
    });
    module.finish()
}

/// One active segment: flag 0, at 0, two bytes.
const DATA: &[u8] = &[1, 0, 0x41, 0, 0x0b, 2, b'h', b'i'];

mod interface;
mod proposals;
mod sizes;
