//! The guardian as a chain calls it: encoded calls in; return data, logs, slots, orders and refusals out.

mod attacks;
mod city;
mod commands;
mod freezes;
mod gate;
mod halts;
mod layout;
mod reports;
mod roles;
mod wire;
