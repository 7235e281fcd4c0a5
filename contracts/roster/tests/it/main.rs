//! Claims about the roster as a chain calls it.

mod anchors;
mod attacks;
mod cases;
mod city;
mod commands;
mod decisions;
mod layout;
mod monitors;
mod programs;
mod roles;
mod seats;
mod wire;
