//! Claims about the rules: tables at every boundary, and random values against naive models.

mod act;
mod agent;
mod amendment;
mod amount;
mod clerk;
mod constitution;
mod derived;
mod exits;
mod machine;
mod model;
mod norm;
mod parameter;
mod reputation;
mod service;
mod signed;
mod statute;
mod token;
