//! Registry of services that executors run.
#![cfg_attr(not(test), no_std)]
