//! What a monitor thinks of an output: how far it lies from what its agent usually hands in.
//!
//! ```text
//!  text ─ scorer ─► vector ─ window of the agent's last outputs ─► centred z ─ calibration ─► thousandths of σ, as reported
//! ```
//!
//! A monitor runs one [`scorer`]; that two of different kinds and principals agree is asked on chain (RULINGS R13), by
//! `domain::guardian::report`. What is compared is an agent with itself: its last [completed outputs](window::Lengths::most), or all agents'
//! of the calibration where it has fewer than [so many](window::Lengths::least) (RESOLUTIONS G-12). A threshold in σ means a rate of false
//! alarms only where distances are normal; [`calibration`] tests that, and replaces σ by percentiles where it is refused.
//!
//! Everything that the built-in scorers compute is the same on every machine: vectors are whole numbers, sums of them exact, and what is
//! left are additions, products, quotients and square roots, which IEEE 754 rounds in one way. Nothing here knows the keeper, a
//! chain, or a clock.
#![forbid(unsafe_code)]

pub mod calibration;
pub mod normal;
pub mod qq;
pub mod scorer;
pub mod trace;
pub mod vector;
pub mod window;
