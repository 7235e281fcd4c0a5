//! Missions on a strict devnode, by transactions alone: what honest people do, what nobody does, and what enemies do.

mod costs;
mod deployment;
mod farming;
mod gate;
mod money;
mod pages;
mod proofs;
mod replay;
mod scale;
mod seats;
mod silence;
mod story;
mod tokens;
mod vectors;
