//! The chain through its public handle.

mod calls;
mod estimate;
mod history;
mod logs;
mod mining;
mod persistence;
mod reorg;
mod snapshot;
mod strict;
mod submission;
mod support;
mod time;
