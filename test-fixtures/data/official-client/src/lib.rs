//! One number, fixed by the constructor.
#![cfg_attr(not(any(test, feature = "export-abi")), no_main)]

extern crate alloc;

use alloy_primitives::U256;
use stylus_sdk::{prelude::*, storage::StorageU256};

/// The number.
#[entrypoint]
#[storage]
pub struct Cell {
    value: StorageU256,
}

#[public]
impl Cell {
    /// Fixes the number.
    #[constructor]
    pub fn constructor(&mut self, value: U256) {
        self.value.set(value);
    }

    /// The number.
    pub fn value(&self) -> U256 {
        self.value.get()
    }
}
