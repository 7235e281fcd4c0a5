//! Missions in process.

mod halts;
mod lives;
mod story;
