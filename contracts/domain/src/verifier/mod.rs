//! Verifiers of Tier 1 that every city may approve (RULINGS R25): a proof shows that an output is right without doing the work again.
//!
//! A verifier is asked with the mission, the output's hash, what the statute expects and a proof; it answers whether the proof
//! holds. It keeps no state, asks nobody and answers the same for ever. Formats are in docs/verifiers.md; bytes are hashed by
//! the shell.
//!
//! Both read a proof a bounded number of times: [`csv`] once, [`permutation`] once for every halving of the output.

pub mod csv;
pub mod permutation;
