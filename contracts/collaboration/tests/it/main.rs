//! Claims about collaboration: what the rules say of whole missions, through encoded calls, with doubles for its peers.

mod city;
mod flow;
mod wire;
