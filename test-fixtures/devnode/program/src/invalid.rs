//! Why activation refuses a module: one variant for each rule.

use crate::limits::{
    MAX_DATA_SEGMENTS, MAX_ELEMENT_SEGMENTS, MAX_EXPORTS, MAX_FUNCTIONS, MAX_IMPORTS, MAX_LOCALS,
    MAX_MEMORY_PAGES, MAX_NAME, MAX_OPS, MAX_TABLE_ENTRIES, MAX_WASM, RESERVED_PREFIX,
};

/// The rule a module breaks, with the values that break it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The bytes are no valid WASM module, for a reason that no rule of its own names.
    #[error("not a valid WASM module at offset {offset:#x}: {reason}")]
    Malformed {
        /// Byte offset in the module.
        offset: u64,
        /// What the WebAssembly specification objects to.
        reason: String,
    },
    /// More than 128 KiB.
    #[error(
        "module has {bytes} bytes, the limit is {MAX_WASM}: make the program smaller or split it"
    )]
    TooLarge {
        /// Raw size.
        bytes: usize,
    },
    /// A DataCount section, as the full bulk-memory proposal adds.
    #[error("DataCount section at offset {offset:#x}: build without full bulk memory")]
    DataCount {
        /// Byte offset of the section.
        offset: u64,
    },
    /// A start function.
    #[error("start function {function}: move its work into user_entrypoint")]
    Start {
        /// Function index.
        function: u32,
    },
    /// An imported memory, table, global or tag.
    #[error("import {module}.{name} is a {kind}: only functions may be imported")]
    ImportKind {
        /// Import module.
        module: String,
        /// Import name.
        name: String,
        /// What is imported.
        kind: &'static str,
    },
    /// A function that the chain does not offer.
    #[error("unknown import {module}.{name}: only the functions of vm_hooks exist")]
    UnknownImport {
        /// Import module.
        module: String,
        /// Import name.
        name: String,
    },
    /// A console or debug function on a chain without debug mode.
    #[error("import {module}.{name} exists on debug chains only")]
    DebugImport {
        /// Import module.
        module: String,
        /// Import name.
        name: String,
    },
    /// A host function imported under another type than it has.
    #[error("import {module}.{name} has type {found}, must be {expected}")]
    ImportType {
        /// Import module.
        module: String,
        /// Import name.
        name: String,
        /// The type in the module.
        found: String,
        /// The type of the host function.
        expected: String,
    },
    /// No memory is exported as `memory`.
    #[error("no memory is exported under the name \"memory\"")]
    MissingMemory,
    /// No `user_entrypoint`.
    #[error("no function is exported under the name \"user_entrypoint\"")]
    MissingEntrypoint,
    /// `user_entrypoint` has another type.
    #[error("user_entrypoint has type {found}, must be (i32) -> i32")]
    EntrypointType {
        /// The type in the module.
        found: String,
    },
    /// Memory that may grow, while the function that pays for growth is not imported.
    #[error("memory may grow from {initial} pages ({}), but vm_hooks.pay_for_memory_grow is not imported: reference it from the entry point", maximum.map_or("no maximum".to_owned(), |pages| format!("maximum {pages}")))]
    UnpaidGrowth {
        /// Initial pages.
        initial: u64,
        /// Declared maximum, if any.
        maximum: Option<u64>,
    },
    /// `memory.grow`, while the function that pays for growth is not imported.
    #[error(
        "function {function} uses memory.grow, but vm_hooks.pay_for_memory_grow is not imported: reference it from the entry point"
    )]
    UnpaidGrowOpcode {
        /// Function index.
        function: u32,
    },
    /// More than one memory, or an instruction that names one beside the first.
    #[error("module has {memories} memories, the limit is 1")]
    Memories {
        /// Number of memories.
        memories: u64,
    },
    /// Memory that starts above the page limit.
    #[error("memory starts with {pages} pages, the limit is {MAX_MEMORY_PAGES}")]
    MemoryPages {
        /// Initial pages.
        pages: u64,
    },
    /// 64-bit memory or table.
    #[error("64-bit {what}: only 32-bit addresses exist")]
    Memory64 {
        /// "memory" or "table".
        what: &'static str,
    },
    /// Memory with pages of another size than 64 KiB.
    #[error("memory with custom page size: pages have 65536 bytes")]
    PageSize,
    /// Shared memory, atomics.
    #[error("threads: {what}")]
    Threads {
        /// Shared memory or the opcode.
        what: String,
    },
    /// Reference types: `externref`, typed `select`, several tables, `ref.*`, `table.get`…
    #[error("reference types: {what}")]
    ReferenceTypes {
        /// Where they appear.
        what: String,
    },
    /// Bulk-memory instructions other than `memory.copy` and `memory.fill`, passive or declared segments.
    #[error("bulk memory: {what}; only memory.copy and memory.fill exist")]
    BulkMemory {
        /// Where it appears.
        what: String,
    },
    /// Vector instructions or the type `v128`.
    #[error("SIMD: {what}")]
    Simd {
        /// Where it appears.
        what: String,
    },
    /// Tail calls.
    #[error("tail calls: {what}")]
    TailCall {
        /// Where it appears.
        what: String,
    },
    /// Float instructions or types.
    #[error("floating point: {what}")]
    Float {
        /// Where it appears.
        what: String,
    },
    /// Several results, or blocks with parameters.
    #[error("multi-value: {what}")]
    MultiValue {
        /// Where it appears.
        what: String,
    },
    /// Garbage-collected types, typed function references.
    #[error("garbage collection: {what}")]
    Gc {
        /// Where it appears.
        what: String,
    },
    /// Exceptions and tags.
    #[error("exceptions: {what}")]
    Exceptions {
        /// Where it appears.
        what: String,
    },
    /// Instructions of any other proposal.
    #[error("unsupported instruction: {what}")]
    Unsupported {
        /// Which one.
        what: String,
    },
    /// Arithmetic in a constant expression.
    #[error("extended constant expression: {what}")]
    ConstExpr {
        /// Where it appears.
        what: String,
    },
    /// `call_indirect` whose table index is not the single byte 0.
    #[error(
        "zero byte expected as table index of call_indirect at offset {offset:#x}: link with --compress-relocations"
    )]
    CallIndirectIndex {
        /// Byte offset of the instruction.
        offset: u64,
    },
    /// Too many functions.
    #[error("module defines {functions} functions, the limit is {MAX_FUNCTIONS}")]
    Functions {
        /// Number of functions.
        functions: usize,
    },
    /// Too many imports.
    #[error("module has {imports} imports, the limit is {MAX_IMPORTS}")]
    Imports {
        /// Number of imports.
        imports: usize,
    },
    /// Too many exports.
    #[error("module has {exports} exports, the limit is {MAX_EXPORTS}")]
    Exports {
        /// Number of exports.
        exports: usize,
    },
    /// Too many data segments.
    #[error("module has {segments} data segments, the limit is {MAX_DATA_SEGMENTS}")]
    DataSegments {
        /// Number of segments.
        segments: usize,
    },
    /// Too many element segments.
    #[error("module has {segments} element segments, the limit is {MAX_ELEMENT_SEGMENTS}")]
    ElementSegments {
        /// Number of segments.
        segments: usize,
    },
    /// Too many locals.
    #[error("function {function} has {locals} parameters and locals, the limit is {MAX_LOCALS}")]
    Locals {
        /// Function index.
        function: u32,
        /// Parameters and locals.
        locals: u64,
    },
    /// Too long a body.
    #[error("function {function} has more than {MAX_OPS} operators: split it")]
    Ops {
        /// Function index.
        function: u32,
    },
    /// Too large a table.
    #[error("table starts with {entries} entries, the limit is {MAX_TABLE_ENTRIES}")]
    TableEntries {
        /// Initial entries.
        entries: u64,
    },
    /// Too long a name.
    #[error("{kind} name of {bytes} bytes, the limit is {MAX_NAME}: \"{start}…\"")]
    Name {
        /// Import, export, function, module.
        kind: &'static str,
        /// Length in bytes.
        bytes: usize,
        /// Its first characters.
        start: String,
    },
    /// An export whose name is kept for the instrumentation.
    #[error("export \"{name}\": names starting with \"{RESERVED_PREFIX}\" are reserved")]
    ReservedName {
        /// The export.
        name: String,
    },
}
