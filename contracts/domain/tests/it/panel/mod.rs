//! The rules of the Override Panel.

mod audit;
mod demand;
mod interest;
mod queue;
mod rotation;
