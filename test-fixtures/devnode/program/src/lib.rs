//! Stylus programs as bytes.
//!
//! From the bytes of a WASM module to something a chain can activate, price and run: [`module`] checks every
//! validity rule of activation and adds ink metering and the stack-depth check, [`price`] holds the published ink
//! of each opcode, [`host`] the functions a program may import, [`cost`] what activation charges for later calls,
//! and [`pack`] the Brotli container, code prefixes and fragments under which a program lives in an account.
//!
//! The crate is pure: no chain state, no engine, no clock. Every input is untrusted; each refusal is a typed error.
//!
//! Sources: Arbitrum's public documentation ("Gas and ink costs", "Gas metering", "Activation",
//! "VM differences", "WebAssembly") and the WebAssembly core specification.

pub mod cost;
pub mod host;
mod instrument;
mod invalid;
mod layout;
pub mod limits;
pub mod module;
mod ops;
pub mod pack;
pub mod price;
mod rules;
mod validate;

pub use instrument::{INK_LEFT, INK_STATUS, STACK_EXHAUSTED, STACK_LEFT};
pub use invalid::Invalid;
pub use module::{ENTRYPOINT, Facts, MEMORY, Program, ProgramRules};
