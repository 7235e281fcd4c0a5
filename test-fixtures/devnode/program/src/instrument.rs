//! Adds what a chain adds before it runs a program: ink, payment for memory growth, the depth of the stack.
//!
//! Functions, globals, types and locals are appended, so every index of the program keeps its meaning. Each body
//! becomes
//!
//! ```text
//! if STACK_LEFT < frame: call too_deep
//! STACK_LEFT -= frame
//! block (results)                   ;; stands where the function's own label stood
//!     if INK_LEFT < price: call out_of_ink
//!     INK_LEFT -= price
//!     …first basic block…           ;; `return` has become `br` to the block
//!     …
//! end
//! STACK_LEFT = what it was
//! ```
//!
//! A basic block ends with `end`, `else`, `return`, `loop`, `br`, `br_if`, `br_table`, `if`, `call` or
//! `call_indirect`, and pays for all its instructions before its first one runs. `memory.copy` and `memory.fill` pay
//! for their bytes, and `memory.grow` calls `pay_for_memory_grow`, immediately before they run. What is added here
//! costs the program nothing beyond the base price of a block.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, InstructionSink, MemorySection, MemoryType, Module, RawSection,
    SectionId, TypeSection, ValType,
};
use wasmparser::{BinaryReader, ExportSectionReader, FunctionBody, GlobalSectionReader, Operator};

use crate::layout::{Body, Layout};
use crate::limits::{MAX_MEMORY_PAGES, MAX_STACK_WORDS};
use crate::price;

/// Export of the ink a program has left: a mutable `i64`, unsigned, 0 until the host sets it.
pub const INK_LEFT: &str = "stylus_ink_left";
/// Export of the reason for a trap: a mutable `i32`, 1 when ink ran out, else 0.
pub const INK_STATUS: &str = "stylus_ink_status";
/// Export of the stack a program has left: a mutable `i32`, in words; [`STACK_EXHAUSTED`] after a call too deep.
pub const STACK_LEFT: &str = "stylus_stack_left";
/// Value of [`STACK_LEFT`] after a trap because of a call too deep.
pub const STACK_EXHAUSTED: i32 = -1;

/// Largest number of pages the 16-bit parameter of `pay_for_memory_grow` can name. More fails to grow anyway.
const MAX_GROWTH: i32 = 0xFFFF;

const BROKEN: &str = "a checked module can be read again";

/// Indices of what is appended.
struct Added {
    ink_left: u32,
    ink_status: u32,
    stack_left: u32,
    out_of_ink: u32,
    too_deep: u32,
    /// Type `() -> ()`.
    nothing: u32,
    /// For each type of the program, a type `() -> results`, where there are several results.
    results: Vec<Option<u32>>,
}

pub(crate) fn instrument(wasm: &[u8], layout: &Layout) -> Vec<u8> {
    let mut module = Module::new();
    let (types, added) = append_types(layout);
    module.section(&types);
    raw(&mut module, wasm, layout, SectionId::Import);

    let mut functions = FunctionSection::new();
    for ty in &layout.function_types {
        functions.function(*ty);
    }
    functions.function(added.nothing).function(added.nothing);
    module.section(&functions);

    raw(&mut module, wasm, layout, SectionId::Table);
    if let Some(memory) = layout.memory {
        let maximum = memory
            .maximum
            .map_or(MAX_MEMORY_PAGES, |pages| pages.min(MAX_MEMORY_PAGES));
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: memory.initial,
            maximum: Some(maximum),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        module.section(&memories);
    }
    module.section(&globals(wasm, layout));
    module.section(&exports(wasm, layout, &added));
    raw(&mut module, wasm, layout, SectionId::Element);

    let mut code = CodeSection::new();
    for (body, ty) in layout.bodies.iter().zip(&layout.function_types) {
        code.function(&Meter::new(layout, &added, *ty).body(wasm, body));
    }
    code.function(&out_of_ink(&added))
        .function(&too_deep(&added));
    module.section(&code);
    raw(&mut module, wasm, layout, SectionId::Data);
    module.finish()
}

fn section<'a>(wasm: &'a [u8], layout: &Layout, id: SectionId) -> Option<&'a [u8]> {
    layout.sections[id as usize]
        .clone()
        .map(|range| &wasm[range])
}

fn raw(module: &mut Module, wasm: &[u8], layout: &Layout, id: SectionId) {
    if let Some(data) = section(wasm, layout, id) {
        module.section(&RawSection { id: id as u8, data });
    }
}

fn append_types(layout: &Layout) -> (TypeSection, Added) {
    let mut types = TypeSection::new();
    for ty in &layout.types {
        types
            .ty()
            .func_type(&RoundtripReencoder.func_type(ty.clone()).expect(BROKEN));
    }
    let nothing = types.len();
    types.ty().function([], []);
    let results = layout
        .types
        .iter()
        .map(|ty| {
            (ty.results().len() > 1).then(|| {
                let results = ty
                    .results()
                    .iter()
                    .map(|ty| RoundtripReencoder.val_type(*ty).expect(BROKEN));
                types.ty().function([], results);
                types.len() - 1
            })
        })
        .collect();
    let functions = layout.imported_functions + layout.function_types.len() as u32;
    let added = Added {
        ink_left: layout.globals,
        ink_status: layout.globals + 1,
        stack_left: layout.globals + 2,
        out_of_ink: functions,
        too_deep: functions + 1,
        nothing,
        results,
    };
    (types, added)
}

fn globals(wasm: &[u8], layout: &Layout) -> GlobalSection {
    let mut globals = GlobalSection::new();
    if let Some(data) = section(wasm, layout, SectionId::Global) {
        let reader = GlobalSectionReader::new(BinaryReader::new(data, 0)).expect(BROKEN);
        RoundtripReencoder
            .parse_global_section(&mut globals, reader)
            .expect(BROKEN);
    }
    let mutable = |val_type| GlobalType {
        val_type,
        mutable: true,
        shared: false,
    };
    globals.global(mutable(ValType::I64), &ConstExpr::i64_const(0));
    globals.global(mutable(ValType::I32), &ConstExpr::i32_const(0));
    globals.global(
        mutable(ValType::I32),
        &ConstExpr::i32_const(MAX_STACK_WORDS as i32),
    );
    globals
}

fn exports(wasm: &[u8], layout: &Layout, added: &Added) -> ExportSection {
    let mut exports = ExportSection::new();
    if let Some(data) = section(wasm, layout, SectionId::Export) {
        let reader = ExportSectionReader::new(BinaryReader::new(data, 0)).expect(BROKEN);
        RoundtripReencoder
            .parse_export_section(&mut exports, reader)
            .expect(BROKEN);
    }
    exports.export(INK_LEFT, ExportKind::Global, added.ink_left);
    exports.export(INK_STATUS, ExportKind::Global, added.ink_status);
    exports.export(STACK_LEFT, ExportKind::Global, added.stack_left);
    exports
}

fn out_of_ink(added: &Added) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.i64_const(0).global_set(added.ink_left);
    code.i32_const(1).global_set(added.ink_status);
    code.unreachable().end();
    function
}

fn too_deep(added: &Added) -> Function {
    let mut function = Function::new([]);
    function
        .instructions()
        .i32_const(STACK_EXHAUSTED)
        .global_set(added.stack_left)
        .unreachable()
        .end();
    function
}

/// Rewrites one body.
struct Meter<'a> {
    layout: &'a Layout,
    added: &'a Added,
    ty: u32,
    /// Appended locals, by index: stack on entry, ink, length of a bulk operation or growth, its price.
    stack: u32,
    ink: u32,
    length: u32,
    cost: u32,
    /// How many of them are used.
    added_locals: usize,
    /// Finished code.
    out: Vec<u8>,
    /// Code of the basic block being read, and its price.
    block: Vec<u8>,
    price: u64,
    /// Open blocks of the program.
    depth: u32,
}

impl<'a> Meter<'a> {
    fn new(layout: &'a Layout, added: &'a Added, ty: u32) -> Self {
        Self {
            layout,
            added,
            ty,
            stack: 0,
            ink: 0,
            length: 0,
            cost: 0,
            added_locals: 2,
            out: Vec::new(),
            block: Vec::new(),
            price: price::BLOCK_BASE,
            depth: 0,
        }
    }

    fn body(mut self, wasm: &[u8], body: &Body) -> Function {
        let bytes = &wasm[body.range.clone()];
        // Positions below are relative to the body.
        let reader = FunctionBody::new(BinaryReader::new(bytes, 0));
        let mut locals = Vec::new();
        let mut first = self.layout.types[self.ty as usize].params().len() as u32;
        for local in reader.get_locals_reader().expect(BROKEN) {
            let (count, ty) = local.expect(BROKEN);
            locals.push((count, RoundtripReencoder.val_type(ty).expect(BROKEN)));
            first += count;
        }
        (self.stack, self.ink, self.length, self.cost) = (first, first + 1, first + 2, first + 3);

        self.enter(body.frame_words);
        let mut operators = reader.get_operators_reader().expect(BROKEN);
        while !operators.eof() {
            let (op, start) = operators.read_with_offset().expect(BROKEN);
            let end = operators.original_position();
            self.operator(&op, &bytes[start as usize..end as usize]);
        }
        self.leave();

        // An engine clears locals at each call, so the rarer ones are added only where they are used.
        let added = [ValType::I32, ValType::I64, ValType::I32, ValType::I64];
        locals.extend(added.iter().take(self.added_locals).map(|ty| (1, *ty)));
        let mut function = Function::new(locals);
        function.raw(self.out);
        function
    }

    fn enter(&mut self, frame_words: u32) {
        let frame = frame_words as i32;
        let results = self.layout.types[self.ty as usize].results();
        let block = match results {
            [] => BlockType::Empty,
            [result] => BlockType::Result(RoundtripReencoder.val_type(*result).expect(BROKEN)),
            _ => BlockType::FunctionType(self.added.results[self.ty as usize].expect(BROKEN)),
        };
        let mut code = InstructionSink::new(&mut self.out);
        code.global_get(self.added.stack_left)
            .local_tee(self.stack)
            .i32_const(frame)
            .i32_lt_u();
        code.if_(BlockType::Empty).call(self.added.too_deep).end();
        code.local_get(self.stack)
            .i32_const(frame)
            .i32_sub()
            .global_set(self.added.stack_left);
        code.block(block);
    }

    fn leave(&mut self) {
        let mut code = InstructionSink::new(&mut self.out);
        code.local_get(self.stack)
            .global_set(self.added.stack_left)
            .end();
    }

    fn operator(&mut self, op: &Operator<'_>, bytes: &[u8]) {
        let args_of = |ty: u32| self.layout.types[ty as usize].params().len() as u64;
        self.price +=
            price::of(op, args_of).expect("a checked module has priced instructions only");
        match op {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => self.depth += 1,
            // The last `end` closes the block that stands for the function.
            Operator::End => self.depth = self.depth.saturating_sub(1),
            Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => self.pay_for_bytes(),
            Operator::MemoryGrow { .. } => self.pay_for_pages(),
            _ => {}
        }
        match op {
            Operator::Return => {
                InstructionSink::new(&mut self.block).br(self.depth);
            }
            _ => self.block.extend(bytes),
        }
        if price::ends_block(op) {
            self.flush();
        }
    }

    /// Ends a basic block: its price, then its code.
    fn flush(&mut self) {
        let price = i64::try_from(self.price).expect("a block has at most 65,536 instructions");
        let mut code = InstructionSink::new(&mut self.out);
        code.global_get(self.added.ink_left)
            .local_tee(self.ink)
            .i64_const(price)
            .i64_lt_u();
        code.if_(BlockType::Empty).call(self.added.out_of_ink).end();
        code.local_get(self.ink)
            .i64_const(price)
            .i64_sub()
            .global_set(self.added.ink_left);
        self.out.append(&mut self.block);
        self.price = price::BLOCK_BASE;
    }

    /// Charges for the bytes on top of the stack. They are a 32-bit number, so their price fits 64 bits.
    fn pay_for_bytes(&mut self) {
        self.added_locals = 4;
        let mut code = InstructionSink::new(&mut self.block);
        code.local_tee(self.length)
            .i64_extend_i32_u()
            .i64_const(price::BULK_BYTE as i64)
            .i64_mul();
        code.local_set(self.cost);
        code.global_get(self.added.ink_left)
            .local_tee(self.ink)
            .local_get(self.cost)
            .i64_lt_u();
        code.if_(BlockType::Empty).call(self.added.out_of_ink).end();
        code.local_get(self.ink)
            .local_get(self.cost)
            .i64_sub()
            .global_set(self.added.ink_left);
        code.local_get(self.length);
    }

    /// Lets the host charge for the pages on top of the stack. Without the import, memory cannot grow: nothing to pay.
    fn pay_for_pages(&mut self) {
        let Some(pay) = self.layout.pay_for_growth else {
            return;
        };
        self.added_locals = self.added_locals.max(3);
        let mut code = InstructionSink::new(&mut self.block);
        code.local_tee(self.length).i32_const(MAX_GROWTH);
        code.local_get(self.length)
            .i32_const(MAX_GROWTH)
            .i32_lt_u()
            .select();
        code.call(pay).local_get(self.length);
    }
}
