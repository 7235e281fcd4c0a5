//! Where events come from.

pub mod programs;
