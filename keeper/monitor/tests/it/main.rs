//! What a monitor's numbers mean: vectors that are the same everywhere, windows that do what a naive model does, rates that were
//! promised, and models behind HTTP that lie.

mod corpus;
mod guardian;
mod hosted;
mod labelled;
mod rates;
mod scorers;
mod windows;
