//! The constitution as a chain calls it: encoded calls in; return data, logs, slots, pages and refusals out.

mod city;
mod commands;
mod founding;
mod norms;
mod parameters;
mod roles;
mod sealing;
mod signatures;
mod wire;
