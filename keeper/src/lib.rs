//! What a machine does beside the executors.
//!
//! Source → machine → action: events come from [`source`], synchronous machines in [`machine`] decide, and the closed
//! sets [`event::Event`] and [`action::Action`] are all that passes between them. There is no privileged keeper:
//! whatever it does, anyone may do (RULINGS R10).

pub mod action;
pub mod config;
pub mod event;
pub mod machine;
pub mod source;
