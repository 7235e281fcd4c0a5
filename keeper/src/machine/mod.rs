//! Synchronous machines: they take events, return actions, and touch neither clock nor network.

use std::fmt;

use crate::{action::Action, event::Event};

pub mod escrow_buffer;
pub mod freeze_mirror;
mod pairs;
pub mod program_life;

/// What decides. The same events in the same order give the same actions and the same state, whenever and however often.
pub trait Machine: fmt::Debug {
    /// Takes an event.
    fn step(&mut self, event: &Event) -> Vec<Action>;

    /// What it remembers, as text from which it can go on.
    fn state(&self) -> String;
}
