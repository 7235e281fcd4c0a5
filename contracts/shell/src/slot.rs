//! Words of storage by their slots, without the SDK's accessors: those carry an offset within the word, whose checks bring
//! their messages into the program's data segment.
//!
//! A contract draws its slots in Solidity's terms and reads and writes whole words.

use alloy_primitives::{B256, U256};
use stylus_sdk::prelude::*;

use crate::output::number;

/// The word in `slot`.
pub fn load(vm: &impl Host, slot: U256) -> B256 {
    vm.storage_load_bytes32(slot)
}

/// Writes the word in `slot`. Whoever calls others afterwards flushes it, as [`peer`](crate::peer) and
/// [`sign`](crate::sign) do.
pub fn store(vm: &impl Host, slot: U256, word: B256) {
    // SAFETY: no accessor of the SDK caches a word here, so none can tell another story.
    unsafe { vm.storage_cache_bytes32(slot, word) }
}

/// Where a mapping in slot `mapping` keeps the value of `key`: keccak256 of both.
#[inline(never)]
pub fn of(vm: &impl Host, mapping: u64, key: B256) -> U256 {
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(key.as_slice());
    preimage[32..].copy_from_slice(number(mapping).as_slice());
    vm.native_keccak256(&preimage).into()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;
    use stylus_sdk::testing::TestVM;

    use super::*;

    #[test]
    fn a_word_is_read_where_it_was_written() {
        let vm = TestVM::new();
        let slot = U256::from(7);
        store(&vm, slot, B256::repeat_byte(3));
        assert_eq!(load(&vm, slot), B256::repeat_byte(3));
        assert_eq!(load(&vm, U256::from(8)), B256::ZERO);
    }

    #[test]
    fn a_mapping_keeps_its_values_where_solidity_does() {
        let key = B256::repeat_byte(5);
        let slot = keccak256([key, B256::with_last_byte(2)].concat());
        assert_eq!(of(&TestVM::new(), 2, key), U256::from_be_bytes(slot.0));
    }
}
