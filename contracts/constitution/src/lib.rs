//! Constitution: parameters in epochs, wiring, genesis seal, norms.
#![cfg_attr(not(test), no_std)]
