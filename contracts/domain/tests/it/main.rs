//! Claims about the rules: tables at every boundary, and random values against naive models.

mod amount;
mod constitution;
mod reputation;
mod service;
mod signed;
mod token;
