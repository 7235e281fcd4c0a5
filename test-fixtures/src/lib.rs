//! A running devnode, funded actors, rivals and scenarios to test on.
//!
//! Reading order: [`tool`] finds executables, [`node`] runs the devnode or its rival anvil with the same settings,
//! [`http`] is the client that hides nothing, [`sender`] signs over it, [`actor`] names the funded accounts, [`evm`] assembles
//! small contracts, [`contracts`] holds those that several tests use, [`program`]
//! deploys compiled ones, `city` raises a whole city, `legislation` makes laws in one, and `mission` is what runs there, `machines` are those that do it all,
//! `town` is all of it for whoever wants to see it, `demo` tells stories of it.
//! [`openapi`] holds documents of servers to what these answer. [`mod@chance`] and [`fuzz`] make numbers and bytes of a seed. The scenarios are in `tests/it`, the comparison with the rival in [`mod@bench`], gas in `gas`.

pub mod actor;
pub mod bench;
pub mod chance;
pub mod city;
pub mod contracts;
pub mod demo;
pub mod evm;
pub mod fuzz;
pub mod gas;
pub mod http;
pub mod legislation;
pub mod machines;
pub mod mission;
pub mod node;
pub mod openapi;
pub mod postgres;
pub mod program;
pub mod rival;
pub mod sender;
pub mod tool;
pub mod town;

pub use actor::Actor;
pub use http::{Rpc, RpcError};
pub use node::{Kind, Node, Settings};
pub use sender::Sender;
