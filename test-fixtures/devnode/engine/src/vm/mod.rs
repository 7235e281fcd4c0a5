//! Execution of Stylus programs.
