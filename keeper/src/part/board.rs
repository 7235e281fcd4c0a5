//! A machine that other parts may look at while the host owns it.
//!
//! Who looks decides nothing of it and sees no half of a step. When the host lets go of the machine, because it ends or another keeper took the
//! stream, there is nothing to be seen, which to whoever asks for leave is a no.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::{
    action::Action,
    event::Event,
    machine::{Machine, missions::Watched},
};

/// Where a machine can be seen. Copies show the same.
#[derive(Debug)]
pub struct Board<M>(Arc<Mutex<Weak<Mutex<M>>>>);

impl<M> Clone for Board<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Default for Board<M> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<M> Board<M> {
    /// Looks at the machine that is at work; `None` when none is.
    pub fn look<T>(&self, at: impl FnOnce(&M) -> T) -> Option<T> {
        let shown = self.0.lock().upgrade()?;
        let machine = shown.lock();
        Some(at(&machine))
    }
}

impl<M: Machine + Send + 'static> Board<M> {
    /// Shows this one from now on, for as long as its owner keeps what is returned.
    pub fn show(&self, machine: M) -> Box<dyn Machine + Send> {
        let shown = Arc::new(Mutex::new(machine));
        *self.0.lock() = Arc::downgrade(&shown);
        Box::new(Shown(shown))
    }
}

#[derive(Debug)]
struct Shown<M>(Arc<Mutex<M>>);

impl<M: Machine> Machine for Shown<M> {
    fn step(&mut self, event: &Event) -> Vec<Action> {
        self.0.lock().step(event)
    }

    fn state(&self) -> String {
        self.0.lock().state()
    }

    fn held_under(&mut self, fence: u64) {
        self.0.lock().held_under(fence);
    }

    fn worst(&self) -> Option<crate::action::Level> {
        self.0.lock().worst()
    }

    fn watched(&self) -> Vec<Watched> {
        self.0.lock().watched()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::freeze_mirror::FreezeMirror;

    #[test]
    fn what_its_owner_let_go_of_is_not_seen_any_more() {
        let board = Board::<FreezeMirror>::default();
        let known = |board: &Board<FreezeMirror>| board.look(|mirror| mirror.running().count());
        assert_eq!(known(&board), None);
        let first = board.show(FreezeMirror::default());
        let second = board.show(FreezeMirror::default());
        drop(first);
        assert_eq!(
            known(&board.clone()),
            Some(0),
            "the earlier one's end is not the later one's"
        );
        drop(second);
        assert_eq!(known(&board), None);
    }
}
