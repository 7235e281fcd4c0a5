//! Where events come from.

pub mod city;
pub mod programs;
pub mod sessions;
