//! Identity, principals, reputation and registration stakes.
#![cfg_attr(not(test), no_std)]
