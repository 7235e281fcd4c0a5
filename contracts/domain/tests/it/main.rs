//! Claims about the rules: tables at every boundary, and random values against naive models.

mod act;
mod agent;
mod amendment;
mod amount;
#[cfg(feature = "analysis")]
mod analysis;
mod clerk;
mod constitution;
mod derived;
#[cfg(feature = "analysis")]
mod economy;
mod exits;
mod gate;
mod guardian;
mod id;
mod keccak;
mod legislation;
mod literal;
mod machine;
mod mission;
mod model;
mod norm;
mod panel;
mod parameter;
mod peer;
mod reputation;
mod roster;
mod service;
mod signed;
mod statute;
mod time;
mod token;
mod treasury;
mod verification;
mod verifier;
mod words;
