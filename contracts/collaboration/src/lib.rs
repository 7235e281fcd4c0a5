//! Execution: orchestration, guardian, verification, gate.
#![cfg_attr(not(test), no_std)]
