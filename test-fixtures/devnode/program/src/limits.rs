//! Sizes beyond which activation refuses a module, and what the public documents say about them.

/// Largest WASM module, in bytes after decompression (`MaxWasmSize`, 128 KiB).
pub const MAX_WASM: usize = 131_072;
/// Largest code of one account, in bytes (EIP-170).
pub const MAX_CODE: usize = 24_576;
/// Most pages of linear memory a program may start with or grow to (`PageLimit`, 8 MiB).
pub const MAX_MEMORY_PAGES: u64 = 128;
/// Most functions a module may define.
pub const MAX_FUNCTIONS: usize = 4_096;
/// Most imports a module may name.
pub const MAX_IMPORTS: usize = 513;
/// Most exports a module may name.
pub const MAX_EXPORTS: usize = 1_024;
/// Most data segments.
pub const MAX_DATA_SEGMENTS: usize = 128;
/// Most element segments.
pub const MAX_ELEMENT_SEGMENTS: usize = 128;
/// Most locals of a function. Parameters count: the strict reading of the rule, so that nothing passes here which
/// a chain refuses.
pub const MAX_LOCALS: u64 = 348;
/// Most operators in a function body, the final `end` included.
pub const MAX_OPS: usize = 65_536;
/// Most entries of a table, initially.
pub const MAX_TABLE_ENTRIES: u64 = 4_096;
/// Longest name of an import, an export, or of an entry in the name section, in bytes.
pub const MAX_NAME: usize = 512;
/// Depth of the WASM stack in words (`MaxStackDepth`), checked while a program runs.
pub const MAX_STACK_WORDS: u32 = 262_144;
/// Words each call takes beside its parameters, locals and operands: return address, saved frame, instance and
/// callee. Without them a function that uses no stack of its own could recurse without end.
pub const FRAME_WORDS: u32 = 4;
/// Exports whose names start so are kept for the instrumentation.
pub const RESERVED_PREFIX: &str = "stylus_";
