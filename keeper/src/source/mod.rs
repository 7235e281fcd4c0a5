//! Where events come from.

pub mod missions;
pub mod programs;
