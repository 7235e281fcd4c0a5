//! Rules about values, names and segments, wherever they appear.

use wasmparser::{
    ConstExpr, Data, DataKind, Element, ElementItems, ElementKind, FuncType, Name,
    NameSectionReader, Operator, ValType,
};

use crate::Invalid;
use crate::host::HostType;
use crate::limits::MAX_NAME;

impl From<HostType> for ValType {
    fn from(ty: HostType) -> Self {
        match ty {
            HostType::I32 => Self::I32,
            HostType::I64 => Self::I64,
        }
    }
}

pub(super) fn value_type(ty: ValType, place: impl Fn() -> String) -> Result<(), Invalid> {
    match ty {
        ValType::I32 | ValType::I64 => Ok(()),
        ValType::F32 | ValType::F64 => Err(Invalid::Float {
            what: format!("{ty} in {}", place()),
        }),
        ValType::V128 => Err(Invalid::Simd {
            what: format!("{ty} in {}", place()),
        }),
        ValType::Ref(ty) if ty.is_func_ref() || ty.is_extern_ref() => {
            Err(Invalid::ReferenceTypes {
                what: format!("{ty} in {}", place()),
            })
        }
        ValType::Ref(ty) => Err(Invalid::Gc {
            what: format!("{ty} in {}", place()),
        }),
    }
}

pub(super) fn name(kind: &'static str, name: &str) -> Result<(), Invalid> {
    if name.len() > MAX_NAME {
        return Err(Invalid::Name {
            kind,
            bytes: name.len(),
            start: name.chars().take(32).collect(),
        });
    }
    Ok(())
}

/// Names of the name section that a chain keeps. A section that cannot be read is ignored, as the specification asks.
pub(super) fn names(section: NameSectionReader<'_>) -> Result<(), Invalid> {
    for subsection in section {
        match subsection {
            Ok(Name::Module { name: module, .. }) => name("module", module)?,
            Ok(Name::Function(functions)) => {
                for function in functions.into_iter().map_while(Result::ok) {
                    name("function", function.name)?;
                }
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Ok(())
}

pub(super) fn const_expr(expr: &ConstExpr<'_>, place: impl Fn() -> String) -> Result<(), Invalid> {
    let what = |op: &Operator<'_>| format!("{op:?} in {}", place());
    for op in expr.get_operators_reader() {
        match op? {
            Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::GlobalGet { .. }
            | Operator::End => {}
            op @ (Operator::F32Const { .. } | Operator::F64Const { .. }) => {
                return Err(Invalid::Float { what: what(&op) });
            }
            op @ Operator::V128Const { .. } => return Err(Invalid::Simd { what: what(&op) }),
            op @ (Operator::RefNull { .. } | Operator::RefFunc { .. }) => {
                return Err(Invalid::ReferenceTypes { what: what(&op) });
            }
            op => return Err(Invalid::ConstExpr { what: what(&op) }),
        }
    }
    Ok(())
}

pub(super) fn element_segment(index: usize, element: &Element<'_>) -> Result<(), Invalid> {
    let place = || format!("element segment {index}");
    match &element.kind {
        ElementKind::Active {
            table_index: None,
            offset_expr,
        } => const_expr(offset_expr, place)?,
        ElementKind::Active {
            table_index: Some(table),
            ..
        } => {
            return Err(Invalid::ReferenceTypes {
                what: format!("{} names table {table}", place()),
            });
        }
        ElementKind::Passive => {
            return Err(Invalid::BulkMemory {
                what: format!("passive {}", place()),
            });
        }
        ElementKind::Declared => {
            return Err(Invalid::ReferenceTypes {
                what: format!("declared {}", place()),
            });
        }
    }
    match &element.items {
        ElementItems::Functions(_) => Ok(()),
        ElementItems::Expressions(..) => Err(Invalid::ReferenceTypes {
            what: format!("{} holds expressions", place()),
        }),
    }
}

pub(super) fn data_segment(index: usize, data: &Data<'_>, wasm: &[u8]) -> Result<(), Invalid> {
    let place = || format!("data segment {index}");
    // Flag 2 spells the memory out, as no module of one memory needs to.
    if wasm.get(data.range.start as usize) == Some(&2) {
        return Err(Invalid::BulkMemory {
            what: format!("{} names its memory", place()),
        });
    }
    match &data.kind {
        DataKind::Active { offset_expr, .. } => const_expr(offset_expr, place),
        DataKind::Passive => Err(Invalid::BulkMemory {
            what: format!("passive {}", place()),
        }),
    }
}

pub(super) fn signature(ty: &FuncType) -> String {
    let list = |types: &[ValType]| {
        types
            .iter()
            .map(ValType::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match ty.results() {
        [] => format!("({})", list(ty.params())),
        [result] => format!("({}) -> {result}", list(ty.params())),
        results => format!("({}) -> ({})", list(ty.params()), list(results)),
    }
}
