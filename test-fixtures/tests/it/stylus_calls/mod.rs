//! Stylus programs on a running chain: calls across the two machines, limits, and modules that activation refuses.

mod activation;
mod bounds;
mod crossing;
pub mod programs;
