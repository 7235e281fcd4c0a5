//! Missions in process.

mod lives;
mod story;
