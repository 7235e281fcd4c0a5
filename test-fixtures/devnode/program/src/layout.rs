//! What instrumentation needs to know about a checked module.

use std::ops::Range;

use wasmparser::{FuncType, MemoryType};

/// Section ids 0 (custom) to 11 (data).
const SECTIONS: usize = 12;

/// Shape of a module. Ranges are byte ranges of the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) types: Vec<FuncType>,
    /// Contents of each section that is present, by its id.
    pub(crate) sections: [Option<Range<usize>>; SECTIONS],
    pub(crate) imported_functions: u32,
    /// Index of the import `pay_for_memory_grow`.
    pub(crate) pay_for_growth: Option<u32>,
    /// Type index of each defined function.
    pub(crate) function_types: Vec<u32>,
    pub(crate) memory: Option<MemoryType>,
    pub(crate) globals: u32,
    pub(crate) bodies: Vec<Body>,
    pub(crate) data_bytes: u32,
    pub(crate) memory_pages: u16,
}

/// One function body.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) range: Range<usize>,
    /// Words of stack one call takes: parameters, locals, the highest operand stack, and the frame itself.
    pub(crate) frame_words: u32,
}
