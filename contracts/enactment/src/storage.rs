//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). The layout of these words is drawn with the real bodies.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_shell::member::Member;
use stylus_sdk::prelude::*;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Enactment {}

impl Member for Enactment {}
