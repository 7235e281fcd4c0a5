//! From bids to law: awards, decisions, codification, validation, approvals, nodes given anew; roles, statements, silence, and
//! random runs against a naive model.

mod anew;
mod approval;
mod award;
mod codification;
mod commands;

mod law;
mod regulation;
mod roles;
mod statements;
mod wire;
