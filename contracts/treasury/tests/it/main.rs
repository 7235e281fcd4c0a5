//! The treasury as its city calls it: encoded calls in, return data, refusals, logs and slots out.

// Variables that become arguments have the names of the interface.
#![allow(non_snake_case)]

mod attacks;
mod bonds;
mod city;
mod commands;
mod credits;
mod escrow;
mod funds;
mod pools;
mod roles;
mod stakes;
mod wire;
