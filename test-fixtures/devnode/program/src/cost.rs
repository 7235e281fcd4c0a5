//! What activation charges for later calls: initialisation gas, and the estimate of native code.
//!
//! A call of a program costs `pages + MIN_CACHED_INIT + cached_init_gas`, and, unless the program is cached,
//! `MIN_INIT + init_gas` more. The minima are published ("Gas metering"); the dynamic terms are linear in the size of
//! the program, with the published coefficients **rounded to the digits below**. Each term sums thousandths or ten
//! thousandths of gas exactly and rounds up once, then saturates at `u16::MAX`, the width in which a chain keeps it.

/// Gas of entering a program that is not cached, beside its dynamic part.
pub const MIN_INIT: u64 = 8_832;
/// Gas of entering any program, beside its dynamic part.
pub const MIN_CACHED_INIT: u64 = 352;

/// Denominator of the coefficients: ten thousandths of gas.
const UNIT: u64 = 10_000;
/// Cached: 0.134 gas for each function.
const CACHED_FUNCTION: u64 = 1_340;
/// Cached: 0.0012 gas for each byte of WASM.
const CACHED_BYTE: u64 = 12;
/// Cached: 0.75 gas for each byte of data segments.
const CACHED_DATA_BYTE: u64 = 7_500;
/// Uncached, in addition: 8.25 gas for each function.
const INIT_FUNCTION: u64 = 82_500;
/// Uncached, in addition: 0.13 gas for each byte of WASM.
const INIT_BYTE: u64 = 1_300;

/// Native code of the smallest program, in bytes.
const ASM_BASE: u64 = 524_288;
/// Native code of each function, in bytes.
const ASM_FUNCTION: u64 = 128;
/// Native code of each byte of WASM, with its share of metering, in bytes.
const ASM_BYTE: u64 = 8;

/// Dynamic part of the gas of entering a cached program.
pub fn cached_init_gas(functions: u32, wasm_bytes: u32, data_bytes: u32) -> u16 {
    gas(CACHED_FUNCTION * u64::from(functions)
        + CACHED_BYTE * u64::from(wasm_bytes)
        + CACHED_DATA_BYTE * u64::from(data_bytes))
}

/// Dynamic part of the gas that an uncached program pays beside [`cached_init_gas`].
pub fn init_gas(functions: u32, wasm_bytes: u32) -> u16 {
    gas(INIT_FUNCTION * u64::from(functions) + INIT_BYTE * u64::from(wasm_bytes))
}

/// Estimate of the native code a chain would keep, the base of the activation data fee.
///
/// A chain measures the work of its own compiler; this is a linear stand-in over functions and WASM bytes. Its
/// coefficients fit data fees that developers published for Arbitrum Sepolia, at 82,928,201 wei a byte: 0.000101 ETH
/// for 81,536 bytes of WASM, 0.00008 to 0.00009 ETH for some 48,000, 0.00006 ETH for some 22,000. Expect the order of
/// a chain's number and its growth, not its digits.
pub fn asm_bytes(functions: u32, wasm_bytes: u32) -> u32 {
    let bytes = ASM_BASE + ASM_FUNCTION * u64::from(functions) + ASM_BYTE * u64::from(wasm_bytes);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn gas(units: u64) -> u16 {
    u16::try_from(units.div_ceil(UNIT)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_middling_program_pays_what_the_public_coefficients_say() {
        // 400 · 0.134 + 80,000 · 0.0012 + 3,000 · 0.75 = 53.6 + 96 + 2,250
        assert_eq!(cached_init_gas(400, 80_000, 3_000), 2_400);
        // 400 · 8.25 + 80,000 · 0.13
        assert_eq!(init_gas(400, 80_000), 13_700);
    }

    #[test]
    fn each_coefficient_counts_and_a_fraction_rounds_up() {
        assert_eq!(cached_init_gas(0, 0, 0), 0);
        assert_eq!(cached_init_gas(1_000, 0, 0), 134);
        assert_eq!(cached_init_gas(0, 10_000, 0), 12);
        assert_eq!(cached_init_gas(0, 0, 100), 75);
        assert_eq!(cached_init_gas(0, 1, 0), 1);
        assert_eq!(init_gas(4, 0), 33);
        assert_eq!(init_gas(0, 100), 13);
        assert_eq!(init_gas(0, 1), 1);
    }

    #[test]
    fn the_native_estimate_is_near_what_a_chain_charged() {
        // 0.000101 ETH at 82,928,201 wei a byte.
        let charged = 101_000_000_000_000_u64 / 82_928_201;
        let estimated = u64::from(asm_bytes(400, 81_536));
        assert!(
            estimated.abs_diff(charged) * 20 < charged,
            "{estimated} against {charged}"
        );
    }

    #[test]
    fn costs_saturate_at_the_width_in_which_they_are_kept() {
        assert_eq!(cached_init_gas(0, 0, u32::MAX), u16::MAX);
        assert_eq!(init_gas(u32::MAX, u32::MAX), u16::MAX);
        assert_eq!(asm_bytes(u32::MAX, u32::MAX), u32::MAX);
    }
}
