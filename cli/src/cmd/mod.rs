//! One file per noun.

pub(crate) mod agent;
pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod clerk;
pub(crate) mod credits;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod devnode;
pub(crate) mod genesis;
pub(crate) mod law;
pub(crate) mod log;
pub(crate) mod manual;
pub(crate) mod mission;
pub(crate) mod node;
pub(crate) mod panel;
pub(crate) mod pool;
pub(crate) mod principal;
pub(crate) mod program;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod treasury;
