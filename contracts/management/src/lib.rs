//! Authority envelopes and delegations of the clerks.
#![cfg_attr(not(test), no_std)]
