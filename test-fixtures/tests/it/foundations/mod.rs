//! The foundations of a city, as compiled and deployed: who may do what, what it costs, and what outlives a year.

pub mod amendments;
mod founding;
mod release;
mod replay;
mod roles;
mod story;
mod year;
