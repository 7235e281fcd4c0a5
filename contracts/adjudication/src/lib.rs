//! Adjudication: roster, override panel, watchdog, anchors.
#![cfg_attr(not(test), no_std)]
