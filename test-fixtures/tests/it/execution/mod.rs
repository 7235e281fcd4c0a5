//! Missions on a strict devnode, by transactions alone.

mod deployment;
mod story;
