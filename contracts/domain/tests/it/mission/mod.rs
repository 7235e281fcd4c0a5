//! Missions and nodes: every pair of states, every packed part, every refusal beside its allowed neighbour.

mod exits;
mod records;
mod rules;
