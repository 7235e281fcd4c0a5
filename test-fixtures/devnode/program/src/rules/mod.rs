//! Every rule of activation, in one walk over the module.
//!
//! The walk reads with every proposal switched on, so that a module of a refused proposal meets the rule that names
//! it rather than a parse error. It promises nothing about types, indices and control flow: [`crate::validate`] comes
//! after it and knows only the accepted proposals.

mod values;

use wasmparser::{
    BinaryReaderError, BlockType, CompositeInnerType, Encoding, ExternalKind, FunctionBody, Import,
    MemoryType, NameSectionReader, Operator, Parser, Payload, SubType, TableType, TypeRef, ValType,
    WasmFeatures,
};

use crate::host::{self, HostType};
use crate::layout::{Body, Layout};
use crate::limits::*;
use crate::module::{ENTRYPOINT, MEMORY, ProgramRules};
use crate::{Invalid, ops, price};
use values::{const_expr, data_segment, element_segment, name, names, signature, value_type};

/// Byte that opens a function type.
const FUNCTION_TYPE: u8 = 0x60;

/// Applies every rule, or tells the first one broken.
pub(crate) fn apply(wasm: &[u8], rules: &ProgramRules) -> Result<Layout, Invalid> {
    let mut walk = Walk {
        wasm,
        rules,
        layout: Layout::default(),
        memories: 0,
        grows: None,
        entrypoint: None,
        exports_memory: false,
    };
    let mut parser = Parser::new(0);
    parser.set_features(WasmFeatures::all());
    for payload in parser.parse_all(wasm) {
        walk.payload(&payload?)?;
    }
    walk.finish()
}

struct Walk<'a> {
    wasm: &'a [u8],
    rules: &'a ProgramRules,
    layout: Layout,
    memories: u64,
    /// First function that uses `memory.grow`.
    grows: Option<u32>,
    /// Function exported as entry point.
    entrypoint: Option<u32>,
    exports_memory: bool,
}

impl From<BinaryReaderError> for Invalid {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed {
            offset: error.offset(),
            reason: error.message().to_owned(),
        }
    }
}

impl Walk<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), Invalid> {
        if let Some((id, range)) = payload.as_section()
            && let Some(section) = self.layout.sections.get_mut(usize::from(id))
        {
            *section = Some(range.start as usize..range.end as usize);
        }
        match payload {
            Payload::Version {
                encoding: Encoding::Component,
                range,
                ..
            } => Err(Invalid::Malformed {
                offset: range.start,
                reason: "a component, not a core module".to_owned(),
            }),
            Payload::TypeSection(section) => {
                for group in section.clone().into_iter_with_offsets() {
                    let (offset, group) = group?;
                    // The one form of the first specification; others abbreviate to the same type.
                    if self.wasm.get(offset as usize) != Some(&FUNCTION_TYPE) {
                        return Err(Invalid::Gc {
                            what: format!("type at offset {offset:#x} is no plain function type"),
                        });
                    }
                    for ty in group.types() {
                        self.sub_type(ty)?;
                    }
                }
                Ok(())
            }
            Payload::ImportSection(section) => {
                let mut imports = 0;
                for import in section.clone().into_imports() {
                    let import = import?;
                    imports += 1;
                    if imports > MAX_IMPORTS {
                        return Err(Invalid::Imports {
                            imports: section.count() as usize,
                        });
                    }
                    self.import(&import)?;
                }
                Ok(())
            }
            Payload::FunctionSection(section) => {
                let functions = section.count() as usize;
                if functions > MAX_FUNCTIONS {
                    return Err(Invalid::Functions { functions });
                }
                self.layout.function_types =
                    section.clone().into_iter().collect::<Result<_, _>>()?;
                Ok(())
            }
            Payload::TableSection(section) => {
                for (index, table) in section.clone().into_iter().enumerate() {
                    self.table(index, &table?.ty)?;
                }
                Ok(())
            }
            Payload::MemorySection(section) => {
                self.memories = u64::from(section.count());
                for memory in section.clone() {
                    self.memory(&memory?)?;
                }
                Ok(())
            }
            Payload::TagSection(_) => Err(Invalid::Exceptions {
                what: "tag section".to_owned(),
            }),
            Payload::GlobalSection(section) => {
                self.layout.globals = section.count();
                for (index, global) in section.clone().into_iter().enumerate() {
                    let global = global?;
                    let place = || format!("global {index}");
                    if global.ty.shared {
                        return Err(Invalid::Threads {
                            what: format!("shared {}", place()),
                        });
                    }
                    value_type(global.ty.content_type, place)?;
                    const_expr(&global.init_expr, place)?;
                }
                Ok(())
            }
            Payload::ExportSection(section) => {
                let exports = section.count() as usize;
                if exports > MAX_EXPORTS {
                    return Err(Invalid::Exports { exports });
                }
                for export in section.clone() {
                    let export = export?;
                    name("export", export.name)?;
                    if export.name.starts_with(RESERVED_PREFIX) {
                        return Err(Invalid::ReservedName {
                            name: export.name.to_owned(),
                        });
                    }
                    match (export.name, export.kind) {
                        (MEMORY, ExternalKind::Memory) => self.exports_memory = true,
                        (ENTRYPOINT, ExternalKind::Func) => self.entrypoint = Some(export.index),
                        _ => {}
                    }
                }
                Ok(())
            }
            Payload::StartSection { func, .. } => Err(Invalid::Start { function: *func }),
            Payload::ElementSection(section) => {
                let segments = section.count() as usize;
                if segments > MAX_ELEMENT_SEGMENTS {
                    return Err(Invalid::ElementSegments { segments });
                }
                for (index, element) in section.clone().into_iter().enumerate() {
                    element_segment(index, &element?)?;
                }
                Ok(())
            }
            Payload::DataCountSection { range, .. } => Err(Invalid::DataCount {
                offset: range.start,
            }),
            Payload::DataSection(section) => {
                let segments = section.count() as usize;
                if segments > MAX_DATA_SEGMENTS {
                    return Err(Invalid::DataSegments { segments });
                }
                for (index, data) in section.clone().into_iter().enumerate() {
                    let data = data?;
                    data_segment(index, &data, self.wasm)?;
                    self.layout.data_bytes += data.data.len() as u32;
                }
                Ok(())
            }
            Payload::CustomSection(section) if section.name() == "name" => {
                names(NameSectionReader::new(section.data_reader()))
            }
            Payload::CodeSectionEntry(body) => self.body(body),
            _ => Ok(()),
        }
    }

    fn sub_type(&mut self, ty: &SubType) -> Result<(), Invalid> {
        let index = self.layout.types.len();
        let function = match &ty.composite_type.inner {
            CompositeInnerType::Func(function) => function,
            other => {
                return Err(Invalid::Gc {
                    what: format!("type {index} is {other}"),
                });
            }
        };
        for ty in function.params().iter().chain(function.results()) {
            value_type(*ty, || format!("type {index}"))?;
        }
        if function.results().len() > 1 && !self.rules.multi_value {
            return Err(Invalid::MultiValue {
                what: format!("type {index} has {} results", function.results().len()),
            });
        }
        self.layout.types.push(function.clone());
        Ok(())
    }

    fn import(&mut self, import: &Import<'_>) -> Result<(), Invalid> {
        name("import module", import.module)?;
        name("import", import.name)?;
        let (module, field) = (import.module.to_owned(), import.name.to_owned());
        let kind = match import.ty {
            TypeRef::Func(ty) => return self.imported_function(import, ty),
            TypeRef::FuncExact(_) => "function of an exact type",
            TypeRef::Table(_) => "table",
            TypeRef::Memory(_) => "memory",
            TypeRef::Global(_) => "global",
            TypeRef::Tag(_) => "tag",
        };
        Err(Invalid::ImportKind {
            module,
            name: field,
            kind,
        })
    }

    fn imported_function(&mut self, import: &Import<'_>, ty: u32) -> Result<(), Invalid> {
        let (module, name) = (import.module.to_owned(), import.name.to_owned());
        let Some(host) = host::find(import.module, import.name) else {
            return Err(Invalid::UnknownImport { module, name });
        };
        if host.is_debug() && !self.rules.debug {
            return Err(Invalid::DebugImport { module, name });
        }
        // An index beyond the type section is the validator's to refuse.
        if let Some(found) = self.layout.types.get(ty as usize) {
            let same = |types: &[ValType], host: &[HostType]| {
                types.iter().copied().eq(host.iter().map(|ty| (*ty).into()))
            };
            if !same(found.params(), host.params) || !same(found.results(), host.result.as_slice())
            {
                return Err(Invalid::ImportType {
                    module,
                    name,
                    found: signature(found),
                    expected: host.to_string(),
                });
            }
        }
        if (import.module, import.name) == (host::VM_HOOKS, host::PAY_FOR_MEMORY_GROW) {
            self.layout.pay_for_growth = Some(self.layout.imported_functions);
        }
        self.layout.imported_functions += 1;
        Ok(())
    }

    fn table(&mut self, index: usize, table: &TableType) -> Result<(), Invalid> {
        if table.table64 {
            return Err(Invalid::Memory64 { what: "table" });
        }
        if table.shared {
            return Err(Invalid::Threads {
                what: "shared table".to_owned(),
            });
        }
        // Plain function references are what call_indirect needs; nothing else may lie in a table.
        if !table.element_type.is_func_ref() {
            value_type(ValType::Ref(table.element_type), || {
                format!("table {index}")
            })?;
        }
        if index > 0 {
            return Err(Invalid::ReferenceTypes {
                what: "a second table".to_owned(),
            });
        }
        if table.initial > MAX_TABLE_ENTRIES {
            return Err(Invalid::TableEntries {
                entries: table.initial,
            });
        }
        Ok(())
    }

    fn memory(&mut self, memory: &MemoryType) -> Result<(), Invalid> {
        if self.memories > 1 {
            return Err(Invalid::Memories {
                memories: self.memories,
            });
        }
        if memory.memory64 {
            return Err(Invalid::Memory64 { what: "memory" });
        }
        if memory.shared {
            return Err(Invalid::Threads {
                what: "shared memory".to_owned(),
            });
        }
        if memory.page_size_log2.is_some() {
            return Err(Invalid::PageSize);
        }
        if memory.initial > MAX_MEMORY_PAGES {
            return Err(Invalid::MemoryPages {
                pages: memory.initial,
            });
        }
        self.layout.memory_pages = memory.initial as u16;
        self.layout.memory = Some(*memory);
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Invalid> {
        let index = self.layout.imported_functions + self.layout.bodies.len() as u32;
        let mut locals = u64::from(self.params_of(index));
        let mut declarations = body.get_locals_reader()?.into_iter();
        loop {
            if locals > MAX_LOCALS {
                return Err(Invalid::Locals {
                    function: index,
                    locals,
                });
            }
            let Some(local) = declarations.next() else {
                break;
            };
            let (count, ty) = local?;
            value_type(ty, || format!("local of function {index}"))?;
            locals += u64::from(count);
        }
        let mut operators = body.get_operators_reader()?;
        let mut count = 0;
        while !operators.eof() {
            let (op, offset) = operators.read_with_offset()?;
            count += 1;
            if count > MAX_OPS {
                return Err(Invalid::Ops { function: index });
            }
            self.operator(&op, index, offset, operators.original_position())?;
        }
        let range = body.range();
        self.layout.bodies.push(Body {
            range: range.start as usize..range.end as usize,
            frame_words: locals as u32 + FRAME_WORDS,
        });
        Ok(())
    }

    fn operator(
        &mut self,
        op: &Operator<'_>,
        function: u32,
        offset: u64,
        end: u64,
    ) -> Result<(), Invalid> {
        ops::refuse(op, function, offset)?;
        match op {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                self.block_type(*blockty, function, offset)?;
            }
            Operator::MemoryGrow { .. } => {
                self.grows.get_or_insert(function);
            }
            Operator::CallIndirect { .. } => {
                // 0x11, the type index in LEB128, and then one byte, which is zero.
                let bytes = self
                    .wasm
                    .get(offset as usize + 1..end as usize)
                    .unwrap_or_default();
                let type_index = bytes.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
                if bytes.get(type_index..) != Some(&[0]) {
                    return Err(Invalid::CallIndirectIndex { offset });
                }
            }
            _ => {}
        }
        if price::of(op, |_| 0).is_none() {
            return Err(Invalid::Unsupported {
                what: format!("{op:?} in function {function} has no price"),
            });
        }
        Ok(())
    }

    fn block_type(&self, ty: BlockType, function: u32, offset: u64) -> Result<(), Invalid> {
        let what = || format!("block in function {function} at offset {offset:#x}");
        match ty {
            BlockType::Empty => Ok(()),
            BlockType::Type(ty) => value_type(ty, what),
            BlockType::FuncType(_) if self.rules.multi_value => Ok(()),
            BlockType::FuncType(index) => Err(Invalid::MultiValue {
                what: format!("{} is of function type {index}", what()),
            }),
        }
    }

    fn params_of(&self, function: u32) -> u32 {
        let defined = function.checked_sub(self.layout.imported_functions);
        let ty = defined.and_then(|index| self.layout.function_types.get(index as usize));
        ty.and_then(|ty| self.layout.types.get(*ty as usize))
            .map_or(0, |ty| ty.params().len() as u32)
    }

    /// Rules about the module as a whole.
    fn finish(self) -> Result<Layout, Invalid> {
        let layout = self.layout;
        let Some(memory) = layout.memory.filter(|_| self.exports_memory) else {
            return Err(Invalid::MissingMemory);
        };
        let Some(entrypoint) = self.entrypoint else {
            return Err(Invalid::MissingEntrypoint);
        };
        let Some(defined) = entrypoint.checked_sub(layout.imported_functions) else {
            return Err(Invalid::EntrypointType {
                found: "that of an import".to_owned(),
            });
        };
        let ty = layout
            .function_types
            .get(defined as usize)
            .and_then(|ty| layout.types.get(*ty as usize));
        if ty.is_none_or(|ty| ty.params() != [ValType::I32] || ty.results() != [ValType::I32]) {
            return Err(Invalid::EntrypointType {
                found: ty.map_or_else(String::new, signature),
            });
        }
        if layout.pay_for_growth.is_none() {
            if memory.maximum != Some(memory.initial) {
                return Err(Invalid::UnpaidGrowth {
                    initial: memory.initial,
                    maximum: memory.maximum,
                });
            }
            if let Some(function) = self.grows {
                return Err(Invalid::UnpaidGrowOpcode { function });
            }
        }
        Ok(layout)
    }
}
