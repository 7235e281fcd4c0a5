//! Tests of the crate as its users see it.

mod fuzz;
mod hostile;
mod ink;
mod packing;
mod refusals;
mod rig;
mod shapes;
mod stack;
