//! The command line as a person meets it: whole outputs.

// A test binary exports nothing: `pub` says what a module offers to its siblings.
#![allow(unreachable_pub)]

mod actions;
mod awards;
mod bad_input;
mod demo;
mod deploy;
mod derived;
mod foundations;
mod founding;
mod lapse;
mod law;
mod log;
mod manual;
mod missions;
mod money;
mod panel;
mod program;
mod support;
mod three_tasks;
