//! No slots: the program's entry point alone.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use stylus_sdk::prelude::*;

/// The contract. It keeps nothing.
#[entrypoint]
#[storage]
pub struct SortedPermutation {}
