//! Claims about collaboration: what the rules say of whole missions, through encoded calls, with doubles for its peers.

mod city;
mod driver;
mod exits;
mod flow;
mod histories;
mod peers;
mod recursion;
mod revival;
mod roles;
mod seats;
mod traces;
mod wire;
