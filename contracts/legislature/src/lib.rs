//! Legislation: proposals, ballots, sessions, approvals.
#![cfg_attr(not(test), no_std)]
