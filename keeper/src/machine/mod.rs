//! Synchronous machines: they take events, return actions, and touch neither clock nor network.

use std::fmt;

use crate::{
    action::{Action, Level},
    event::Event,
};

pub mod program_life;

/// What decides. The same events in the same order give the same actions and the same state, whenever and however often.
pub trait Machine: fmt::Debug {
    /// Takes an event. One that is another part's changes nothing.
    fn step(&mut self, event: &Event) -> Vec<Action>;

    /// What it remembers, as text from which it can go on.
    fn state(&self) -> String;

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

    fn worst(&self) -> Option<Level> {
        (**self).worst()
    }
}
