//! Ink of each opcode, as published.
//!
//! Source of every number here: Arbitrum's public page "Gas and ink costs" (opcode costs), beside the base cost of a
//! basic block, which is charged once for each block before it runs. An opcode without a price is refused by
//! [`Program::check`](crate::Program::check), so there is no default price.

use wasmparser::Operator;

/// Ink that one gas buys, by default and on every public chain.
pub const INK_PER_GAS: u64 = 10_000;
/// Ink of entering a basic block: the charge itself.
pub const BLOCK_BASE: u64 = 2_450;

/// `br_table`, whatever its size.
pub const BR_TABLE_BASE: u64 = 2_400;
/// `br_table`, each target beside the default.
pub const BR_TABLE_TARGET: u64 = 325;
/// `call_indirect`, whatever its type.
pub const CALL_INDIRECT_BASE: u64 = 13_610;
/// `call_indirect`, each argument.
pub const CALL_INDIRECT_ARG: u64 = 650;
/// `memory.fill` and `memory.copy`, whatever their length.
pub const BULK_BASE: u64 = 950;
/// `memory.fill` and `memory.copy`, each byte, charged just before the instruction runs.
pub const BULK_BYTE: u64 = 100;

/// Ink of `op` that is known before it runs, or `None` if the chain has no price for it.
///
/// `args_of` gives the number of parameters of a type by its index, for `call_indirect`.
pub fn of(op: &Operator<'_>, args_of: impl FnOnce(u32) -> u64) -> Option<u64> {
    use Operator::*;
    Some(match op {
        Unreachable
        | Nop
        | Block { .. }
        | Loop { .. }
        | Else
        | End
        | Return
        | I32Const { .. }
        | I64Const { .. } => 1,
        If { .. } | Br { .. } | BrIf { .. } => 765,
        BrTable { targets } => BR_TABLE_BASE + BR_TABLE_TARGET * u64::from(targets.len()),
        Call { .. } => 3_800,
        CallIndirect { type_index, .. } => {
            CALL_INDIRECT_BASE + CALL_INDIRECT_ARG * args_of(*type_index)
        }

        Drop => 9,
        Select => 1_250,
        LocalGet { .. } | LocalTee { .. } => 75,
        LocalSet { .. } => 210,
        GlobalGet { .. } => 225,
        GlobalSet { .. } => 575,

        I32Load { .. }
        | I32Load8S { .. }
        | I32Load8U { .. }
        | I32Load16S { .. }
        | I32Load16U { .. } => 670,
        I64Load { .. }
        | I64Load8S { .. }
        | I64Load8U { .. }
        | I64Load16S { .. }
        | I64Load16U { .. }
        | I64Load32S { .. }
        | I64Load32U { .. } => 680,
        I32Store { .. } | I32Store8 { .. } | I32Store16 { .. } => 825,
        I64Store { .. } | I64Store8 { .. } | I64Store16 { .. } | I64Store32 { .. } => 950,
        MemorySize { .. } => 3_000,
        MemoryGrow { .. } => 8_050,
        MemoryCopy { .. } | MemoryFill { .. } => BULK_BASE,

        I32Eqz | I32Eq | I32Ne | I32LtS | I32LtU | I32GtS | I32GtU | I32LeS | I32LeU | I32GeS
        | I32GeU => 170,
        I64Eqz | I64Eq | I64Ne | I64LtS | I64LtU | I64GtS | I64GtU | I64LeS | I64LeU | I64GeS
        | I64GeU => 225,

        I32Clz | I32Ctz | I64Clz | I64Ctz => 210,
        I32Add | I32Sub | I32And | I32Or | I32Xor | I32Shl | I32ShrS | I32ShrU | I32Rotl
        | I32Rotr => 70,
        I64Add | I64Sub | I64And | I64Or | I64Xor | I64Shl | I64ShrS | I64ShrU | I64Rotl
        | I64Rotr => 100,
        I32Mul | I64Mul => 160,
        I32DivS | I32DivU | I32RemS | I32RemU => 1_120,
        I64DivS | I64DivU | I64RemS | I64RemU => 1_270,
        I32Popcnt => 2_650,
        I64Popcnt => 6_000,
        I32WrapI64 | I64ExtendI32S | I64ExtendI32U => 100,
        I32Extend8S | I32Extend16S | I64Extend8S | I64Extend16S | I64Extend32S => 100,
        _ => return None,
    })
}

/// Whether a basic block ends with `op`: control may go elsewhere after it, or arrive from elsewhere.
pub fn ends_block(op: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        op,
        End | Else
            | Return
            | Loop { .. }
            | Br { .. }
            | BrIf { .. }
            | BrTable { .. }
            | If { .. }
            | Call { .. }
            | CallIndirect { .. }
    )
}
