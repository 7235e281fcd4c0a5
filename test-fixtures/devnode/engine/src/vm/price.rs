//! What the host charges: ink of each host function, gas of entering a program.
//!
//! Sources: Arbitrum's public pages "Gas and ink costs" and "Gas metering"; where the pages give no number, the table in
//! `docs/devnode.md` says what was taken.

use agentcity_devnode_program::price::INK_PER_GAS;

/// Ink of leaving WASM for any host function.
pub const HOSTIO: u64 = 8_400;
/// Ink of each pointer the host follows.
pub const PTR: u64 = 5_040;
/// Ink of reaching into the state of the chain.
pub const API: u64 = 59_673;

/// Ink of copying out of a program: up to a word.
const READ_BASE: u64 = 16_381;
/// Ink of copying out of a program: each further byte.
const READ_BYTE: u64 = 55;
/// Ink of copying into a program: up to a word.
const WRITE_BASE: u64 = 5_040;
/// Ink of copying into a program: each further byte.
const WRITE_BYTE: u64 = 30;
/// Bytes of a word.
const WORD: u64 = 32;

/// Ink of `native_keccak256`, up to two words.
const KECCAK_BASE: u64 = 121_800;
/// Ink of each word beyond the second.
const KECCAK_WORD: u64 = 21_000;

/// Ink of `math_div` and `math_mod` beside their pointers.
pub const DIV: u64 = 20_000;
/// Ink of `math_add_mod` beside its pointers.
pub const ADD_MOD: u64 = 21_000;
/// Ink of `math_mul_mod` beside its pointers.
pub const MUL_MOD: u64 = 24_100;
/// Ink of `math_pow` beside its pointers.
const POW_BASE: u64 = 3_000;
/// Ink of each byte of the exponent, counting one more than its significant bytes.
const POW_BYTE: u64 = 17_500;

/// Gas a cold slot costs (EIP-2929).
pub const COLD_SLOAD: u64 = 2_100;
/// Gas a cold account costs (EIP-2929).
pub const COLD_ACCOUNT: u64 = 2_600;
/// Gas a warm account or slot costs (EIP-2929).
pub const WARM: u64 = 100;
/// Gas a transient load or store costs (EIP-1153).
pub const TRANSIENT: u64 = 100;
/// Gas that must be left before a slot is written (EIP-2200).
pub const SSTORE_SENTRY: u64 = 2_300;
/// Gas of reading code beside the access.
pub const CODE_READ: u64 = 700;
/// Gas of each word that CREATE2 hashes.
pub const CREATE2_WORD: u64 = 6;
/// Gas of any creation.
pub const CREATE: u64 = 32_000;

/// [`API`] in whole gas, rounded down: what a storage miss pays for reaching the state.
pub const API_GAS: u64 = API / INK_PER_GAS;
/// Most that one use of the storage cache itself costs.
pub const CACHE_MAX: u64 = 10;

/// Ink of copying `bytes` out of a program.
pub fn read(bytes: u64) -> u64 {
    READ_BASE + READ_BYTE * bytes.saturating_sub(WORD)
}

/// Ink of copying `bytes` into a program.
pub fn write(bytes: u64) -> u64 {
    WRITE_BASE + WRITE_BYTE * bytes.saturating_sub(WORD)
}

/// Ink of hashing `bytes`.
pub fn keccak(bytes: u64) -> u64 {
    KECCAK_BASE + KECCAK_WORD * bytes.div_ceil(WORD).saturating_sub(2)
}

/// Ink of raising to this exponent, beside the pointers.
pub fn pow(exponent: &[u8; 32]) -> u64 {
    let zeros = exponent.iter().take_while(|byte| **byte == 0).count() as u64;
    POW_BASE + POW_BYTE * (33 - zeros)
}

/// Gas of emitting a log.
pub fn log(topics: u64, data: u64) -> u64 {
    375 * (1 + topics) + 8 * data
}

/// Gas of reading the storage cache for the `nth` time, from 1.
pub fn cache_read(nth: u32) -> u64 {
    match nth {
        0..=32 => 0,
        33..=128 => 2,
        _ => 10,
    }
}

/// Gas of writing the storage cache for the `nth` time, from 1.
pub fn cache_write(nth: u32) -> u64 {
    match nth {
        0..=8 => 0,
        9..=64 => 7,
        _ => 10,
    }
}

/// Gas the EVM takes for `bytes` of memory; return data costs at least as much.
pub fn evm_memory(bytes: u64) -> u64 {
    let words = bytes.div_ceil(WORD);
    3 * words + words * words / 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_cost_a_base_up_to_a_word() {
        assert_eq!((read(0), read(32), read(33)), (16_381, 16_381, 16_436));
        assert_eq!((write(0), write(32), write(34)), (5_040, 5_040, 5_100));
    }

    #[test]
    fn hashing_costs_a_base_up_to_two_words() {
        assert_eq!(
            (keccak(0), keccak(64), keccak(65)),
            (121_800, 121_800, 142_800)
        );
    }

    #[test]
    fn an_exponent_costs_by_its_significant_bytes() {
        let mut exponent = [0; 32];
        assert_eq!(pow(&exponent), 3_000 + 17_500);
        exponent[31] = 1;
        assert_eq!(pow(&exponent), 3_000 + 2 * 17_500);
        assert_eq!(pow(&[0xff; 32]), 3_000 + 33 * 17_500);
    }

    #[test]
    fn using_the_storage_cache_grows_dearer() {
        assert_eq!([32, 33, 128, 129].map(cache_read), [0, 2, 2, 10]);
        assert_eq!([8, 9, 64, 65].map(cache_write), [0, 7, 7, 10]);
    }

    #[test]
    fn return_data_costs_what_memory_costs_the_evm() {
        assert_eq!(
            (evm_memory(0), evm_memory(1), evm_memory(32 * 1024)),
            (0, 3, 5_120)
        );
    }
}
