//! The command line as a person meets it: whole outputs.

mod program;
