//! Claims about the rules: tables at every boundary, and random values against naive models.

mod act;
mod agent;
mod amendment;
mod amount;
mod clerk;
mod constitution;
mod derived;
mod exits;
mod id;
mod keccak;
mod literal;
mod machine;
mod mission;
mod model;
mod norm;
mod parameter;
mod peer;
mod reputation;
mod service;
mod signed;
mod statute;
mod time;
mod token;
mod words;
