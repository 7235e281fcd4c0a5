//! Money of missions: escrow, stakes, settlement, pools, credits.
#![cfg_attr(not(test), no_std)]
