//! Synchronous machines: they take events, return actions, and touch neither clock nor network.

use std::fmt;

use self::missions::Watched;
use crate::{
    action::{Action, Level},
    event::Event,
};

pub mod anchor;
pub mod clerk;
pub mod escrow_buffer;
pub mod freeze_mirror;
pub mod missions;
mod pairs;
pub mod program_life;
pub mod reconciliation;
pub mod router;
pub mod scribe;

/// What decides. The same events in the same order give the same actions and the same state, whenever and however often.
pub trait Machine: fmt::Debug {
    /// Takes an event. One that is another part's changes nothing.
    fn step(&mut self, event: &Event) -> Vec<Action>;

    /// What it remembers, as text from which it can go on.
    fn state(&self) -> String;

    /// Under which fence its stream is held from now on: said once, before any event. A machine that trusts no earlier holder's
    /// answers remembers it.
    fn held_under(&mut self, fence: u64) {
        let _ = fence;
    }

    /// The missions that its part is to look at, for one that finds them in the logs.
    fn watched(&self) -> Vec<Watched> {
        Vec::new()
    }

    /// The worst of what it watches; `None` when it knows nothing yet, or watches nothing that fares well or badly.
    fn worst(&self) -> Option<Level> {
        None
    }
}

impl<M: Machine + ?Sized> Machine for Box<M> {
    fn step(&mut self, event: &Event) -> Vec<Action> {
        (**self).step(event)
    }

    fn state(&self) -> String {
        (**self).state()
    }

    fn held_under(&mut self, fence: u64) {
        (**self).held_under(fence);
    }

    fn watched(&self) -> Vec<Watched> {
        (**self).watched()
    }

    fn worst(&self) -> Option<Level> {
        (**self).worst()
    }
}
