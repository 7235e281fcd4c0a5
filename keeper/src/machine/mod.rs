//! Synchronous machines: they take events, return actions, and touch neither clock nor network.

pub mod program_life;
